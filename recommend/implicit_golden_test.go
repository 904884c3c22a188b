package recommend

import (
	"context"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/sparse"
	"github.com/aislekit/aisle/internal/testkit"
)

// implicitGolden is written by testdata/golden_implicit.py.
type implicitGolden struct {
	Users, Items, Factors int
	Ptr                   []int64
	Col                   []int32
	Val                   []float32
	X0, Y0                []float32
	Alpha, Regularization float64
	LossCG                []float64 `json:"loss_cg"`
	LossCholesky          []float64 `json:"loss_cholesky"`
	Cosine, TFIDF, BM25   struct {
		Ptr []int64
		Col []int32
		Val []float32
	}
}

func loadImplicit(t testing.TB) (implicitGolden, *Interactions) {
	t.Helper()
	var g implicitGolden
	testkit.Golden(t, "implicit.json", &g)
	x, err := NewInteractions(g.Users, g.Items, g.Ptr, g.Col, g.Val)
	if err != nil {
		t.Fatal(err)
	}
	return g, x
}

// The peer reports the objective divided by the sum of confidences over all
// pairs: Σ alpha·w over entries, 1 over the rest.
func TestALSGoldenImplicit(t *testing.T) {
	g, x := loadImplicit(t)
	norm := float64(g.Users*g.Items - x.Len())
	for _, v := range g.Val {
		norm += g.Alpha * float64(v)
	}
	for _, c := range []struct {
		name   string
		solver Solver
		want   []float64
	}{{"cg", CG, g.LossCG}, {"cholesky", Cholesky, g.LossCholesky}} {
		t.Run(c.name, func(t *testing.T) {
			var got []float64
			_, err := FitALS(context.Background(), x, ALSOptions{
				Factors: g.Factors, Iterations: len(c.want), Alpha: g.Alpha, Unobserved: 1,
				Regularization: g.Regularization, FrequencyExponent: -1, Solver: c.solver,
				Start:    &ALS{factors: g.Factors, x: g.X0, y: g.Y0},
				Loss:     true,
				Progress: func(p Progress) { got = append(got, p.Loss/norm) },
			})
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != len(c.want) {
				t.Fatalf("%d losses, want %d", len(got), len(c.want))
			}
			for i := range got {
				testkit.Near(t, "loss", got[i], c.want[i], 1e-5)
			}
		})
	}
}

func TestItemKNNGoldenImplicit(t *testing.T) {
	g, x := loadImplicit(t)
	for _, c := range []struct {
		name string
		opt  ItemKNNOptions
		ptr  []int64
		col  []int32
		val  []float32
	}{
		{"cosine", ItemKNNOptions{Similarity: Cosine, Shrinkage: -1}, g.Cosine.Ptr, g.Cosine.Col, g.Cosine.Val},
		{"tfidf", ItemKNNOptions{Similarity: Cosine, Weighting: TFIDF, Shrinkage: -1}, g.TFIDF.Ptr, g.TFIDF.Col, g.TFIDF.Val},
		{"bm25", ItemKNNOptions{Weighting: BM25, Similarity: Dot, K1: 100, B: 0.8}, g.BM25.Ptr, g.BM25.Col, g.BM25.Val},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.opt.Neighbors = g.Items
			m, err := FitItemKNN(context.Background(), x, c.opt)
			if err != nil {
				t.Fatal(err)
			}
			want := sparse.CSR{Rows: g.Items, Cols: g.Items, Ptr: c.ptr, Col: c.col, Val: c.val}
			positive := 0
			for i := range g.Items {
				cols, vals := want.Row(i)
				for k, j := range cols {
					got := float32(0)
					if p := m.near.Find(i, j); p >= 0 {
						got = m.near.Val[p]
					}
					// Neighbours of no or negative similarity are not kept.
					if w := max(vals[k], 0); math.Abs(float64(got-w)) > 2e-5*max(1, float64(w)) {
						t.Errorf("sim(%d, %d) = %v, want %v", i, j, got, w)
					}
					if vals[k] > 0 {
						positive++
					}
				}
			}
			if positive < g.Items || positive != m.near.Len() {
				t.Errorf("%d positive similarities in the golden file, %d in the model", positive, m.near.Len())
			}
		})
	}
}
