package predict_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict"
)

// TestSVMSparseGolden: coefficients and objective are those of liblinear, in the primal and in the dual.
func TestSVMSparseGolden(t *testing.T) {
	var g struct {
		Columns int
		Index   [][]int32
		Value   [][]float64
		Label   []int
		Weights []float64
		Fits    []struct {
			C, Bias, Intercept, Primal, Dual float64
			Weighted                         bool
			Classes                          []float64
			Coef                             map[string]float64
		}
	}
	testkit.Golden(t, "svm.json", &g)
	rows := &predict.SparseRows{Cols: g.Columns}
	for i, idx := range g.Index {
		if err := rows.AddRow(idx, g.Value[i]); err != nil {
			t.Fatal(err)
		}
	}
	for k, c := range g.Fits {
		opt := predict.SVMOptions{C: c.C, Bias: c.Bias, NoIntercept: c.Bias == 0}
		if c.Weighted {
			opt.Weights = g.Weights
		}
		if c.Classes != nil {
			opt.ClassWeights = [2]float64{c.Classes[0], c.Classes[1]}
		}
		m, err := predict.FitSVMSparse(context.Background(), rows, bools(g.Label), opt)
		if err != nil || !m.Converged() {
			t.Fatal(k, err)
		}
		want := make([]float64, g.Columns)
		for j, v := range c.Coef {
			want[promised(strconv.Atoi(j))] = v
		}
		near(t, fmt.Sprintf("fit %d", k), append(valuesOf(m.Coefficients()), m.Intercept().Value), append(want, c.Intercept), 1e-5)
		if least := min(c.Primal, c.Dual); m.Objective() > least*(1+1e-10) || m.Objective() < least*(1-1e-6) {
			t.Errorf("fit %d: objective %v, liblinear %v and %v", k, m.Objective(), c.Primal, c.Dual)
		}
	}
}

// hashedRows are rows of a few entries, some columns met often, as words are.
func hashedRows(r *rand.Rand, n, columns, each int) (*predict.SparseRows, []bool) {
	s, y := &predict.SparseRows{Cols: columns}, make([]bool, n)
	for i := range y {
		index, value, score := make([]int32, each), make([]float64, each), r.NormFloat64()
		for k := range index {
			u := r.Float64()
			index[k], value[k] = int32(float64(columns)*u*u*u), math.Round(4*r.Float64())
			score += math.Sin(float64(index[k])) * value[k]
		}
		if err := s.AddRow(index, value); err != nil {
			panic(err)
		}
		y[i] = score > 0
	}
	return s, y
}

// Sparse and dense rows have the same minimum, weights, offsets and balance included, and a row of no entries is one.
func TestSVMSparseDense(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 5))
	for round := range 8 {
		s, y := hashedRows(r, 120, 30, 4)
		rows, opt := make([][]float64, s.Len()), predict.SVMOptions{C: math.Exp(2 * r.NormFloat64()), Balanced: round%2 == 1, NoIntercept: round == 5, Bias: float64(1 + round%3)}
		for i := range rows {
			rows[i] = make([]float64, s.Cols)
			for k := s.Ptr[i]; k < s.Ptr[i+1]; k++ {
				rows[i][s.Index[k]] = s.Value[k]
			}
			opt.Weights = append(opt.Weights, float64(r.IntN(3)))
			opt.Offset = append(opt.Offset, r.NormFloat64()/2)
		}
		if round == 3 {
			opt.Weights = nil
		}
		m := promised(predict.FitSVMSparse(context.Background(), s, y, opt))
		want := promised(predict.FitSVM(context.Background(), rows, y, opt))
		if !m.Converged() || math.Abs(m.Objective()-want.Objective()) > 1e-10*want.Objective() {
			t.Errorf("round %d: objective %v, dense %v", round, m.Objective(), want.Objective())
		}
		near(t, "coefficients", valuesOf(m.Coefficients()), valuesOf(want.Coefficients()), 1e-5)
		near(t, "scores", promised(m.ScoreSparse(nil, s)), promised(m.Score(nil, rows)), 1e-12)
	}
}

// Rows in another order, and any number of workers, make the same bytes.
func TestSVMSparsePermuted(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 7))
	s, y := hashedRows(r, 4000, 3000, 5)
	opt := predict.SVMOptions{C: .5, Workers: 1}
	for range y {
		opt.Weights = append(opt.Weights, 1+r.Float64())
	}
	want := promised(promised(predict.FitSVMSparse(context.Background(), s, y, opt)).MarshalBinary())
	other, perm := &predict.SparseRows{Cols: s.Cols}, r.Perm(len(y))
	for _, i := range perm {
		if err := other.AddRow(s.Index[s.Ptr[i]:s.Ptr[i+1]], s.Value[s.Ptr[i]:s.Ptr[i+1]]); err != nil {
			t.Fatal(err)
		}
	}
	moved := opt
	moved.Workers, moved.Weights = 3, predict.Pick(opt.Weights, perm)
	if !slices.Equal(promised(promised(predict.FitSVMSparse(context.Background(), other, predict.Pick(y, perm), moved)).MarshalBinary()), want) {
		t.Error("permuted rows give another model")
	}
}

func TestSVMSparseErrors(t *testing.T) {
	ctx := context.Background()
	s := &predict.SparseRows{Cols: 3, Ptr: []int64{0, 1, 2, 2}, Index: []int32{0, 2}}
	y := []bool{true, false, true}
	large := &predict.SparseRows{Cols: 3, Ptr: []int64{0, 1, 2, 2}, Index: []int32{0, 2}, Value: []float64{1e150, 1}}
	m := promised(predict.FitSVMSparse(ctx, s, y, predict.SVMOptions{}))
	for name, c := range map[string]struct {
		err, want error
	}{
		"no rows":    {errorOf(predict.FitSVMSparse(ctx, nil, nil, predict.SVMOptions{})), predict.ErrEmpty},
		"labels":     {errorOf(predict.FitSVMSparse(ctx, s, y[:2], predict.SVMOptions{})), predict.ErrShape},
		"one class":  {errorOf(predict.FitSVMSparse(ctx, s, []bool{true, true, true}, predict.SVMOptions{})), predict.ErrUndefined},
		"C":          {errorOf(predict.FitSVMSparse(ctx, s, y, predict.SVMOptions{C: math.NaN()})), predict.ErrOption},
		"weights":    {errorOf(predict.FitSVMSparse(ctx, s, y, predict.SVMOptions{Weights: []float64{1, -1, 1}})), predict.ErrRange},
		"overflow":   {errorOf(predict.FitSVMSparse(ctx, large, y, predict.SVMOptions{Weights: []float64{1e100, 1, 1}})), predict.ErrOverflow},
		"columns":    {errorOf(m.ScoreSparse(nil, &predict.SparseRows{Cols: 2, Ptr: []int64{0, 0}})), predict.ErrShape},
		"not fitted": {errorOf((*predict.SVM)(nil).ScoreSparse(nil, s)), predict.ErrEmpty},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v, want %v", name, c.err, c.want)
		}
	}
	if out := promised(m.ScoreSparse([]float64{9}, s)); len(out) != 4 || out[0] != 9 {
		t.Errorf("scores %v", out)
	}
	if m := promised(predict.FitSVMSparse(ctx, s, y, predict.SVMOptions{Offset: []float64{2, -2, 2}})); !m.Converged() || m.Objective() != 0 || m.Intercept().Value != 0 {
		t.Errorf("rows that offsets put on their sides: objective %v, intercept %v", m.Objective(), m.Intercept().Value)
	}
}

func errorOf[T any](_ T, err error) error { return err }

func ExampleFitSVMSparse() {
	rows := &predict.SparseRows{Cols: 1 << 20} // places of hashed words
	for _, places := range [][]int32{{17, 4711}, {99, 1 << 19}, {17, 99}, {4711, 1 << 19}} {
		if err := rows.AddRow(places, nil); err != nil {
			fmt.Println(err)
			return
		}
	}
	m, err := predict.FitSVMSparse(context.Background(), rows, []bool{true, false, true, false}, predict.SVMOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	scores, err := m.ScoreSparse(nil, rows)
	fmt.Printf("%.2f %v\n", scores, err)
	// Output: [0.80 -0.80 0.80 -0.80] <nil>
}
