package predict_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/predict"
)

// A fit that starts from a sixteenth of the rows ends where the sparse one does, which starts from 0; rows in another order and any
// number of workers make the same bytes.
func TestSVMStart(t *testing.T) {
	ctx := context.Background()
	rows, y, weights, _ := drawn(rng.New(5, 1, 0), 5000, 4)
	sparse := &predict.SparseRows{Cols: 4}
	for _, row := range rows {
		if err := sparse.AddRow([]int32{0, 1, 2, 3}, row); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []float64{1e-4, 1, 1e4} {
		m := promised(predict.FitSVM(ctx, rows, y, predict.SVMOptions{C: c, Weights: weights}))
		want := promised(predict.FitSVMSparse(ctx, sparse, y, predict.SVMOptions{C: c, Weights: weights}))
		if !m.Converged() || !want.Converged() || math.Abs(m.Objective()-want.Objective()) > 1e-11*want.Objective() {
			t.Errorf("C %v: objective %v, from 0 %v; converged %t and %t", c, m.Objective(), want.Objective(), m.Converged(), want.Converged())
		}
		perm := rng.New(6, 1, 0).Perm(len(rows))
		again := promised(predict.FitSVM(ctx, predict.Pick(rows, asInts(perm)), predict.Pick(y, asInts(perm)), predict.SVMOptions{C: c, Weights: predict.Pick(weights, asInts(perm)), Workers: 3}))
		if !slices.Equal(promised(m.MarshalBinary()), promised(again.MarshalBinary())) {
			t.Errorf("C %v: permuted rows give other bytes", c)
		}
	}
}

func asInts(of []int32) (out []int) {
	for _, v := range of {
		out = append(out, int(v))
	}
	return out
}

// What says that it has converged is the minimum: fits of rows that span 10^40 by both solvers agree, or one of them says that it is none.
func TestSVMSpan(t *testing.T) {
	ctx, doubted := context.Background(), 0
	for seed := range 20 {
		s := rng.New(uint64(seed), 1, 0)
		sparse := &predict.SparseRows{Cols: 2}
		var rows [][]float64
		var y []bool
		for i := range 12 {
			row := []float64{s.Normal() * math.Pow(10, 40*s.Float64()), s.Normal()}
			rows, y = append(rows, row), append(y, i == 0 || i > 1 && s.Normal()+row[1] > 0)
			if err := sparse.AddRow([]int32{0, 1}, row); err != nil {
				t.Fatal(err)
			}
		}
		a := promised(predict.FitSVM(ctx, rows, y, predict.SVMOptions{}))
		b := promised(predict.FitSVMSparse(ctx, sparse, y, predict.SVMOptions{}))
		if !a.Converged() || !b.Converged() {
			doubted++
			if !a.Converged() && len(a.Warnings()) == 0 || !b.Converged() && len(b.Warnings()) == 0 {
				t.Errorf("seed %d: no warning of a fit that has not converged", seed)
			}
			continue
		}
		if math.Abs(a.Objective()-b.Objective()) > 1e-3*b.Objective() {
			t.Errorf("seed %d: both converged, objectives %v and %v", seed, a.Objective(), b.Objective())
		}
	}
	t.Logf("%d of 20 doubted", doubted)
}
