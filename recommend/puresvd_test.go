package recommend

import (
	"context"
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
)

// svdGolden is written by testdata/golden_svd.py.
type svdGolden struct {
	Users, Items, Factors int
	Ptr                   []int64
	Col                   []int32
	Val                   []float32
	Sigma                 []float64 // exact
	Scores                []float64 // X·VVᵀ, users×items
	Scaled                []float64 // the same of X·D with γ = 0.7
	GFCF                  []float64 `json:"gfcf"`
}

func loadSVD(t *testing.T) (svdGolden, *Interactions) {
	t.Helper()
	var g svdGolden
	testkit.Golden(t, "svd.json", &g)
	x, err := NewInteractions(g.Users, g.Items, g.Ptr, g.Col, g.Val)
	if err != nil {
		t.Fatal(err)
	}
	return g, x
}

// checkScores compares the scores of all users with a golden users×items matrix.
func checkScores(t *testing.T, m Model, x *Interactions, want []float64, tol float64) {
	t.Helper()
	dst := make([]float32, x.Items())
	for u := range x.Users() {
		if err := m.Score(dst, x.Query(u)); err != nil {
			t.Fatal(err)
		}
		for i, s := range dst {
			if w := want[u*x.Items()+i]; math.Abs(float64(s)-w) > tol {
				t.Errorf("user %d item %d: score %v, want %v", u, i, s, w)
			}
		}
	}
}

func TestPureSVDGolden(t *testing.T) {
	g, x := loadSVD(t)
	m, err := FitPureSVD(context.Background(), x, PureSVDOptions{Factors: g.Factors, UseWeights: true})
	if err != nil {
		t.Fatal(err)
	}
	largest := 0.0
	for _, v := range g.Val {
		largest = max(largest, float64(v))
	}
	if len(m.SingularValues()) != len(g.Sigma) {
		t.Fatalf("%d singular values, want %d", len(m.SingularValues()), len(g.Sigma))
	}
	for k, s := range m.SingularValues() {
		testkit.Near(t, "singular value", float64(s)*largest, g.Sigma[k], 1e-4*g.Sigma[0])
	}
	checkScores(t, m, x, g.Scores, 2e-3)

	if m, err = FitPureSVD(context.Background(), x, PureSVDOptions{Factors: g.Factors, Scale: 0.7, UseWeights: true}); err != nil {
		t.Fatal(err)
	}
	for i := range g.Scaled { // the fit scales weights to a maximum of 1 before it takes norms
		g.Scaled[i] *= math.Pow(largest, 0.7)
	}
	checkScores(t, m, x, g.Scaled, 2e-3)
}

// With as many factors as the rank, the projection is the identity on the rows
// of the matrix: a user's scores are the scaled history itself.
func TestPureSVDFullRank(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := drawWeighted(t)
		for p := range x.users.Val {
			x.users.Val[p]++
		}
		m, err := FitPureSVD(context.Background(), x, PureSVDOptions{
			Factors: 30, Scale: rapid.SampledFrom([]float64{0, 0.5, 1}).Draw(t, "scale"), UseWeights: rapid.Bool().Draw(t, "weights"),
		})
		if err != nil {
			t.Fatal(err)
		}
		dst := make([]float32, x.Items())
		z := make([]float32, m.Factors())
		for u := range x.Users() - 1 {
			q := x.Query(u)
			if err := m.Score(dst, q); err != nil {
				t.Fatal(err)
			}
			norm := 0.0
			want := make([]float64, x.Items())
			for k, i := range q.Items {
				want[i] = float64(q.Weight(k) * m.scale[i])
				norm += want[i] * want[i]
			}
			// Weights that the fit did not see as given leave the row space.
			ones := true
			for k := range q.Items {
				ones = ones && q.Weight(k) == q.Weight(0)
			}
			if ones {
				for i := range dst {
					if math.Abs(float64(dst[i])-want[i]) > 2e-2*math.Sqrt(norm) {
						t.Fatalf("user %d: scores %v, want %v", u, dst, want)
					}
				}
			}
			if err := m.FoldIn(z, q.Items, q.Weights); err != nil {
				t.Fatal(err)
			}
			zz := 0.0
			for _, v := range z {
				zz += float64(v) * float64(v)
			}
			if zz > norm*(1+1e-2) {
				t.Fatalf("a projection made the history longer: %v from %v", zz, norm)
			}
		}
	})
}

func TestPureSVDFoldInErrors(t *testing.T) {
	m, err := FitPureSVD(context.Background(), groups(60, 48, 8, 3), PureSVDOptions{Factors: 4})
	if err != nil {
		t.Fatal(err)
	}
	dst := make([]float32, m.Factors())
	for name, c := range map[string]struct{ got, want error }{
		"no history":   {m.FoldIn(dst, nil, nil), ErrEmpty},
		"short vector": {m.FoldIn(dst[:1], []int32{1}, nil), ErrShape},
		"unknown item": {m.FoldIn(dst, []int32{48}, nil), ErrRange},
		"weights":      {m.FoldIn(dst, []int32{1}, []float32{1, 1}), ErrShape},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v", name, c.got)
		}
	}
}

func TestPureSVDOptions(t *testing.T) {
	_, err := FitPureSVD(context.Background(), groups(10, 9, 2, 1), PureSVDOptions{Factors: -1, Scale: math.NaN(), Iterations: -2})
	if !errors.Is(err, ErrOption) {
		t.Fatal(err)
	}
	for _, field := range []string{"Factors", "Scale", "Iterations"} {
		if !contains(err.Error(), field) {
			t.Errorf("error does not name %s: %v", field, err)
		}
	}
}

// Without Factors the fit keeps the groups and leaves the noise: as many vectors as
// there are groups, more or less, and one where users take anything.
func TestPureSVDChoosesFactors(t *testing.T) {
	noise := make([][]int32, 400)
	r := rng.New(5, 1, 0)
	for u := range noise {
		noise[u] = r.Perm(100)[:6]
	}
	random, err := InteractionsFromRows(100, noise)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		x        *Interactions
		min, max int
	}{
		"groups": {groups(400, 96, 8, 3), 4, 5},
		"noise":  {random, 1, 2},
	} {
		m, err := FitPureSVD(context.Background(), c.x, PureSVDOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if f := m.Factors(); f < c.min || f > c.max || len(m.SingularValues()) != f {
			t.Errorf("%s: %d factors, want %d to %d", name, f, c.min, c.max)
		}
	}
}

func BenchmarkFitPureSVD(b *testing.B) {
	x := groups(10_000, 3_000, 40, 1)
	b.Run("users=10k/items=3k/entries=400k/factors=64", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := FitPureSVD(context.Background(), x, PureSVDOptions{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
