package experiment

import (
	"testing"

	"github.com/aislekit/aisle/internal/moments"
	"github.com/aislekit/aisle/internal/testkit"
	"pgregory.net/rapid"
)

func TestClustersMerge(t *testing.T) {
	testkit.Laws[*Clusters[int]]{
		Empty: func() *Clusters[int] { return &Clusters[int]{} },
		Add: func(t *rapid.T) func(*Clusters[int]) {
			k, y := rapid.IntRange(0, 5).Draw(t, "cluster"), value().Draw(t, "y")
			return func(c *Clusters[int]) {
				if err := c.Add(k, y); err != nil {
					t.Fatal(err)
				}
			}
		},
		Merge: func(a, b *Clusters[int]) error { return a.Merge(b) },
		Result: func(c *Clusters[int]) []float64 {
			out := testkit.Numbers(c.N(), c.Clusters())
			for k := range 6 {
				out = append(out, float64(c.m[k].n), c.m[k].sum)
			}
			return out
		},
		Tol: 1e-9,
	}.Check(t)
}

func TestRatioMomentsMerge(t *testing.T) {
	testkit.Laws[*RatioMoments]{
		Empty: func() *RatioMoments { return &RatioMoments{} },
		Add: func(t *rapid.T) func(*RatioMoments) {
			x, y := value().Draw(t, "num"), rapid.Float64Range(0, 100).Draw(t, "den")
			return func(m *RatioMoments) {
				if err := m.Add(x, y); err != nil {
					t.Fatal(err)
				}
			}
		},
		Merge: func(a, b *RatioMoments) error { return a.Merge(b) },
		Result: func(m *RatioMoments) []float64 {
			// Ratios of sums near 0 lose digits; compare what they are made of.
			return append(testkit.Numbers(m.N()), joint(&m.m)...)
		},
		Tol: 1e-7,
	}.Check(t)
}

func TestCUPEDMerge(t *testing.T) {
	testkit.Laws[*CUPED]{
		Empty: func() *CUPED { return &CUPED{} },
		Add: func(t *rapid.T) func(*CUPED) {
			x, y, miss := value().Draw(t, "x"), value().Draw(t, "y"), rapid.Bool().Draw(t, "missing")
			return func(c *CUPED) {
				err := c.Add(y, x)
				if miss {
					err = c.AddMissing(y)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		},
		Merge: func(a, b *CUPED) error { return a.Merge(b) },
		Result: func(c *CUPED) []float64 {
			return append(testkit.Numbers(c.N(), c.Missing(), c.missing.Mean(), nan(c.missing.Variance())), joint(&c.seen)...)
		},
		Tol: 1e-6,
	}.Check(t)
}

func TestCUPEDRatioMerge(t *testing.T) {
	testkit.Laws[*CUPEDRatio]{
		Empty: func() *CUPEDRatio { return &CUPEDRatio{} },
		Add: func(t *rapid.T) func(*CUPEDRatio) {
			g := rapid.Float64Range(0, 100)
			x := [4]float64{g.Draw(t, "a"), g.Draw(t, "b"), g.Draw(t, "c"), g.Draw(t, "d")}
			miss := rapid.Bool().Draw(t, "missing")
			return func(c *CUPEDRatio) {
				var err error
				if miss {
					err = c.AddMissing(x[0], x[1])
				} else {
					err = c.Add(x[0], x[1], x[2], x[3])
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		},
		Merge: func(a, b *CUPEDRatio) error { return a.Merge(b) },
		Result: func(c *CUPEDRatio) []float64 {
			return append(testkit.Numbers(c.N(), c.Missing()), joint(&c.m)...)
		},
		Tol: 1e-8,
	}.Check(t)
}

// joint lists all that a state of joint moments knows.
func joint(m *moments.Joint) []float64 {
	var out []float64
	for i := range moments.MaxVars {
		out = append(out, m.Mean(i))
		for j := range i + 1 {
			out = append(out, m.Products(i, j))
		}
	}
	return out
}
