package recommend

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/internal/vec"
)

// irspackGolden is written by testdata/golden_irspack.py.
type irspackGolden struct {
	Users, Items int
	Ptr          []int64
	Col          []int32
	Val          []float32
	Walks        []struct {
		Tool        string
		Alpha, Beta float64
		Weights     bool
		B           []float64
	}
	Autoencoders []struct {
		Lambda, Dropout float64
		Weights         bool
		B               []float64
	}
	KNN []struct {
		Name   string
		Scores []float64
	}
	Similar []struct {
		Name string
		B    []float64
	}
}

func loadIrspack(t testing.TB) (irspackGolden, *Interactions) {
	t.Helper()
	var g irspackGolden
	testkit.Golden(t, "irspack.json", &g)
	x, err := NewInteractions(g.Users, g.Items, g.Ptr, g.Col, g.Val)
	if err != nil {
		t.Fatal(err)
	}
	return g, x
}

// sameOffDiagonal compares B with a golden matrix. An item says nothing for
// itself here, while the peer keeps what its formula gives.
func sameOffDiagonal(t *testing.T, m *itemWeights, want []float64, tol float64) {
	t.Helper()
	n := m.Items()
	some := 0
	for j := range n {
		for i := range n {
			if i == j {
				continue
			}
			got := 0.0
			if p := m.reaches.Find(j, int32(i)); p >= 0 {
				got = float64(m.reaches.Val[p])
				some++
			}
			if w := want[j*n+i]; math.Abs(got-w) > tol*max(1, math.Abs(w)) {
				t.Errorf("B[%d, %d] = %v, want %v", j, i, got, w)
			}
		}
	}
	if some < n {
		t.Errorf("%d weights are no test", some)
	}
}

func TestRP3BetaGoldenIrspack(t *testing.T) {
	g, x := loadIrspack(t)
	for _, c := range g.Walks {
		t.Run(fmt.Sprintf("%s/alpha=%v/beta=%v/weights=%v", c.Tool, c.Alpha, c.Beta, c.Weights), func(t *testing.T) {
			opt := RP3BetaOptions{Neighbors: g.Items, Alpha: c.Alpha, Beta: c.Beta, UseWeights: c.Weights}
			if c.Beta == 0 {
				opt.Beta = -1
			}
			m, err := FitRP3Beta(context.Background(), x, opt)
			if err != nil {
				t.Fatal(err)
			}
			sameOffDiagonal(t, &m.itemWeights, c.B, 1e-6)
		})
	}
}

func TestEASEGoldenIrspack(t *testing.T) {
	g, x := loadIrspack(t)
	for _, c := range g.Autoencoders {
		t.Run(fmt.Sprintf("lambda=%v/dropout=%v", c.Lambda, c.Dropout), func(t *testing.T) {
			m, err := FitEASE(context.Background(), x, EASEOptions{L2: c.Lambda, Dropout: c.Dropout, UseWeights: c.Weights})
			if err != nil {
				t.Fatal(err)
			}
			for k, w := range c.B {
				if math.Abs(float64(m.b[k])-w) > 2e-5 {
					t.Errorf("B[%d, %d] = %v, want %v", k/g.Items, k%g.Items, m.b[k], w)
				}
			}
		})
	}
}

func TestUserKNNGoldenIrspack(t *testing.T) {
	g, x := loadIrspack(t)
	opts := map[string]UserKNNOptions{
		"cosine":        {Neighbors: g.Users},
		"cosine shrunk": {Neighbors: 7, Shrinkage: 4},
		"dot":           {Neighbors: g.Users, Similarity: Dot},
		"asymmetric":    {Neighbors: g.Users, Similarity: AsymmetricCosine, Alpha: 0.3},
	}
	if len(g.KNN) != len(opts) {
		t.Fatalf("%d cases, want %d", len(g.KNN), len(opts))
	}
	for _, c := range g.KNN {
		t.Run(c.Name, func(t *testing.T) {
			m, err := FitUserKNN(context.Background(), x, opts[c.Name])
			if err != nil {
				t.Fatal(err)
			}
			got := make([]float32, g.Items)
			for u := range g.Users {
				if err := m.Score(got, x.Query(u)); err != nil {
					t.Fatal(err)
				}
				for i, s := range got {
					if w := c.Scores[u*g.Items+i]; math.Abs(float64(s)-w) > 2e-6*max(1, math.Abs(w)) {
						t.Errorf("user %d item %d: %v, want %v", u, i, s, w)
					}
				}
			}
		})
	}
}

func TestItemKNNGoldenIrspack(t *testing.T) {
	g, x := loadIrspack(t)
	opts := map[string]ItemKNNOptions{
		"asymmetric": {Similarity: AsymmetricCosine, Alpha: 0.3, Shrinkage: 2},
		"jaccard":    {Similarity: Jaccard, Shrinkage: 1.5},
		"tversky":    {Similarity: Tversky, Alpha: 0.4, Beta: 0.7},
	}
	if len(g.Similar) != len(opts) {
		t.Fatalf("%d cases, want %d", len(g.Similar), len(opts))
	}
	for _, c := range g.Similar {
		t.Run(c.Name, func(t *testing.T) {
			opt := opts[c.Name]
			opt.Neighbors = g.Items
			m, err := FitItemKNN(context.Background(), x, opt)
			if err != nil {
				t.Fatal(err)
			}
			want := slices.Clone(c.B)
			if c.Name == "asymmetric" { // irspack adds h to ‖i‖^2α‖j‖^2(1-α), here the cosine is shrunk
				norm := func(i int) float64 {
					_, vals := x.byItem().Row(i)
					return math.Sqrt(vec.Norm2(vals))
				}
				for k, v := range want {
					a, b := norm(k/g.Items), norm(k%g.Items)
					dot := v * (math.Pow(a, 2*opt.Alpha)*math.Pow(b, 2-2*opt.Alpha) + opt.Shrinkage)
					want[k] = dot / (a*b + opt.Shrinkage) * math.Pow(a/b, 1-2*opt.Alpha)
				}
			}
			sameOffDiagonal(t, &itemWeights{reaches: m.near}, want, 2e-6)
		})
	}
}
