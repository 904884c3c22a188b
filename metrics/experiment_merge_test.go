package metrics

import (
	"testing"

	"github.com/aislekit/aisle/internal/moments"
	"pgregory.net/rapid"
)

func TestRatioMomentsMerge(t *testing.T) {
	accumulator[*RatioMoments]{
		empty: func() *RatioMoments { return &RatioMoments{} },
		add: func(t *rapid.T) func(*RatioMoments) {
			x, y := value().Draw(t, "num"), rapid.Float64Range(0, 100).Draw(t, "den")
			return func(m *RatioMoments) {
				if err := m.Add(x, y); err != nil {
					t.Fatal(err)
				}
			}
		},
		merge: func(a, b *RatioMoments) error { return a.Merge(b) },
		result: func(m *RatioMoments) []float64 {
			// Ratios of sums near 0 lose digits; compare what they are made of.
			return append(numbers(m.N()), joint(&m.m)...)
		},
		tol: 1e-7,
	}.check(t)
}

func TestCUPEDMerge(t *testing.T) {
	accumulator[*CUPED]{
		empty: func() *CUPED { return &CUPED{} },
		add: func(t *rapid.T) func(*CUPED) {
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
		merge: func(a, b *CUPED) error { return a.Merge(b) },
		result: func(c *CUPED) []float64 {
			return append(numbers(c.N(), c.Missing(), c.missing.Mean(), nan(c.missing.Variance())), joint(&c.seen)...)
		},
		tol: 1e-6,
	}.check(t)
}

func TestCUPEDRatioMerge(t *testing.T) {
	accumulator[*CUPEDRatio]{
		empty: func() *CUPEDRatio { return &CUPEDRatio{} },
		add: func(t *rapid.T) func(*CUPEDRatio) {
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
		merge: func(a, b *CUPEDRatio) error { return a.Merge(b) },
		result: func(c *CUPEDRatio) []float64 {
			return append(numbers(c.N(), c.Missing()), joint(&c.m)...)
		},
		tol: 1e-8,
	}.check(t)
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
