package predict_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict"
)

// overlapping are rows of which no plane separates the classes.
func overlapping() (rows [][]float64, y []bool) {
	for i := range 60 {
		rows = append(rows, []float64{float64(i % 7), float64(i*i%11) - 5})
		y = append(y, (i*37+i%7*5)%13 > 6)
	}
	return rows, y
}

// The minimiser of s·F is that of F: weights and penalties of any size give the same
// coefficients and the same verdict, by every method of the fit.
func TestLogisticWeightScale(t *testing.T) {
	ctx := context.Background()
	rows, y := overlapping()
	sparse := &predict.SparseRows{Cols: 300}
	wide := make([][]float64, len(rows))
	for i, r := range rows {
		if err := sparse.AddRow([]int32{0, int32(100 + i%150), 299}, []float64{r[0], 1, r[1]}); err != nil {
			t.Fatal(err)
		}
		wide[i] = make([]float64, 520) // above 511 columns the Hessian is diagonal
		copy(wide[i][510:], r)
	}
	for name, fit := range map[string]func(opt predict.LogisticOptions) (*predict.Logistic, error){
		"dense": func(o predict.LogisticOptions) (*predict.Logistic, error) {
			return predict.FitLogistic(ctx, rows, y, o)
		},
		"wide": func(o predict.LogisticOptions) (*predict.Logistic, error) {
			return predict.FitLogistic(ctx, wide, y, o)
		},
		"sparse": func(o predict.LogisticOptions) (*predict.Logistic, error) {
			return predict.FitLogisticSparse(ctx, sparse, y, o)
		},
	} {
		for _, c := range []struct {
			l1, l2 float64
			errs   bool
		}{{0, -1, name == "dense"}, {0, 2, name == "dense"}, {1.5, -1, false}, {.5, .25, false}} {
			if c.l1 == 0 && c.l2 < 0 && name == "sparse" {
				continue // more columns than rows
			}
			at := func(s float64) *predict.Logistic {
				t.Helper()
				w := make([]float64, len(rows))
				for i := range w {
					w[i] = s * float64(1+i%3)
				}
				m, err := fit(predict.LogisticOptions{L1: c.l1 * s, L2: c.l2 * s, Weights: w, StdErrors: c.errs, Tol: 1e-9, MaxIter: 1000})
				if err != nil {
					t.Fatalf("%s %+v, weights %g: %v", name, c, s, err)
				}
				return m
			}
			want := at(1)
			if !want.Converged() {
				t.Fatalf("%s %+v: %q", name, c, want.Warnings())
			}
			for _, s := range []float64{1e-300, 1e-100, 1e-16, 1e-12, 1e-9, 1e-3, 7, 1e6, 1e20, 1e100} {
				got := at(s)
				if !got.Converged() || !slices.Equal(got.Warnings(), want.Warnings()) {
					t.Errorf("%s %+v, weights %g: converged %v, %q", name, c, s, got.Converged(), got.Warnings())
				}
				if !testkit.Close(got.Objective()/s, want.Objective(), 0, 1e-9) {
					t.Errorf("%s %+v, weights %g: F is %v, want %v", name, c, s, got.Objective()/s, want.Objective())
				}
				a, b := append(got.Coefficients(), got.Intercept()), append(want.Coefficients(), want.Intercept())
				for j := range a {
					if !testkit.Close(a[j].Value, b[j].Value, 1e-6, 1e-6) || !testkit.Close(a[j].StdErr*math.Sqrt(s), b[j].StdErr, 0, 1e-6) {
						t.Errorf("%s %+v, weights %g: %+v, want %+v", name, c, s, a[j], b[j])
						break
					}
				}
			}
		}
	}
}

// A penalty far above all weights leaves nothing, and weights far apart no row out.
func TestLogisticWeightExtremes(t *testing.T) {
	ctx := context.Background()
	rows, y := overlapping()
	w := make([]float64, len(rows))
	for i := range w {
		w[i] = 1e-300
	}
	m, err := predict.FitLogistic(ctx, rows, y, predict.LogisticOptions{Weights: w})
	if err != nil || math.Abs(m.Coefficients()[0].Value) > 1e-200 {
		t.Errorf("%+v, %v", m.Coefficients(), err)
	}
	m, err = predict.FitLogistic(ctx, [][]float64{{1}, {2}, {3}, {4}}, []bool{false, true, false, true}, predict.LogisticOptions{
		Weights: []float64{1e150, 1e-200, 1, 1},
	})
	if err != nil || !(m.Objective() > 0) {
		t.Errorf("%v, objective %v", err, m.Objective())
	}
	for _, o := range []predict.LogisticOptions{{L2: math.Inf(-1)}, {L2: math.NaN()}, {L1: math.Inf(-1)}, {L2: math.Inf(1)}} {
		if _, err := predict.FitLogistic(ctx, rows, y, o); !errors.Is(err, predict.ErrOption) {
			t.Errorf("L1 %v, L2 %v: %v", o.L1, o.L2, err)
		}
	}
}

// Progress speaks of the objective in the caller's units.
func TestLogisticProgressScale(t *testing.T) {
	rows, y := overlapping()
	for _, s := range []float64{1e-12, 1, 1e12} {
		w := make([]float64, len(rows))
		for i := range w {
			w[i] = s
		}
		last := 0.0
		m, err := predict.FitLogistic(context.Background(), rows, y, predict.LogisticOptions{Weights: w, L2: s, Progress: func(p predict.Progress) { last = p.Objective }})
		if err != nil || !testkit.Close(last, m.Objective(), 0, 1e-3) {
			t.Errorf("weights %g: told %v, ended at %v, %v", s, last, m.Objective(), err)
		}
	}
}

// What a wrong number of rows would cost is seen before it is paid.
func TestCrossPredictBounds(t *testing.T) {
	folds := []predict.Fold{{Train: []int{0, 1, 2}, Test: []int{3}}, {Train: []int{3, 2}, Test: []int{0, 1}}}
	fit := func(context.Context, []int) (int, error) { t.Error("fitted"); return 0, nil }
	score := func(dst []float64, _ int, test []int) ([]float64, error) {
		return append(dst, make([]float64, len(test))...), nil
	}
	for name, c := range map[string]struct {
		n     int
		folds []predict.Fold
		want  error
	}{
		"far too many rows":        {math.MaxInt >> 8, folds, predict.ErrTooLarge},
		"no folds, too many rows":  {math.MaxInt >> 8, nil, predict.ErrEmpty},
		"negative":                 {-1, folds, predict.ErrShape},
		"tests a row that is none": {3, folds, predict.ErrShape},
		"trains on one":            {4, []predict.Fold{{Train: []int{9}, Test: []int{1}}}, predict.ErrShape},
		"trains below 0":           {4, []predict.Fold{{Train: []int{-1}, Test: []int{1}}}, predict.ErrShape},
		"twice":                    {4, []predict.Fold{folds[0], folds[0]}, predict.ErrDuplicate},
	} {
		if out, err := predict.CrossPredict(context.Background(), c.n, c.folds, fit, score); !errors.Is(err, c.want) || out != nil {
			t.Errorf("%s: %d predictions, %v", name, len(out), err)
		}
	}
	if _, err := predict.CrossPredict[int](context.Background(), 4, folds, nil, score); !errors.Is(err, predict.ErrOption) {
		t.Error(err)
	}
	if _, err := predict.CrossValidate[int](context.Background(), folds, fit, nil); !errors.Is(err, predict.ErrOption) {
		t.Error(err)
	}
	for _, k := range []int{2, math.MaxInt32 - 1} {
		if _, err := predict.TimeFolds([]time.Time{at(1), at(2)}, k, 0); !errors.Is(err, predict.ErrUndefined) {
			t.Errorf("%d folds of 2 rows: %v", k, err)
		}
	}
}

// A state without purchases is empty, whatever is asked of it.
func TestLabelerWithoutPurchases(t *testing.T) {
	only := new(predict.Labeler[string])
	if err := only.Until("ann", at(3)); err != nil {
		t.Fatal(err)
	}
	for name, l := range map[string]*predict.Labeler[string]{"nil": nil, "zero": new(predict.Labeler[string]), "only ends": only} {
		w := predict.Windows{AsOf: at(5), Horizon: day, End: at(50)}
		_, purchase := l.Purchase(w)
		_, churn := l.Churn(predict.Windows{AsOf: at(5)})
		_, features := l.Features(w)
		_, silence := l.InactivityPeriod(at(5))
		for k, err := range []error{purchase, churn, features, silence} {
			if !errors.Is(err, predict.ErrEmpty) {
				t.Errorf("%s, call %d: %v", name, k, err)
			}
		}
	}
}

// Who is forgotten leaves the state of somebody who was never there.
func TestLabelerForget(t *testing.T) {
	type record struct {
		user  int
		day   float64
		until bool
	}
	add := func(t interface{ Fatal(...any) }, rs []record, but int) *predict.Labeler[int] {
		l := new(predict.Labeler[int])
		for _, r := range rs {
			if r.user == but {
				continue
			}
			err := l.Add(r.user, at(r.day))
			if r.until {
				err = l.Until(r.user, at(r.day+100))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		return l
	}
	rapid.Check(t, func(t *rapid.T) {
		var rs []record
		for range rapid.IntRange(0, 30).Draw(t, "records") {
			rs = append(rs, record{rapid.IntRange(0, 6).Draw(t, "user"), float64(rapid.IntRange(0, 40).Draw(t, "day")), rapid.Bool().Draw(t, "until")})
		}
		gone := rapid.IntRange(0, 6).Draw(t, "gone")
		l, want := add(t, rs, -1), add(t, rs, gone)
		if had := slices.ContainsFunc(rs, func(r record) bool { return r.user == gone }); l.Forget(gone) != had || l.Forget(gone) {
			t.Fatal("Forget does not say whether there was somebody")
		}
		a, _ := l.MarshalBinary()
		b, _ := want.MarshalBinary()
		if !bytes.Equal(a, b) || l.Len() != want.Len() {
			t.Fatal("something is left")
		}
		w := predict.Windows{AsOf: at(20), Horizon: 10 * day}
		x, errX := l.Purchase(w)
		y, errY := want.Purchase(w)
		if fmt.Sprint(errX) != fmt.Sprint(errY) || errX == nil && fmt.Sprint(*x) != fmt.Sprint(*y) {
			t.Fatalf("labels differ: %v, %v", errX, errY)
		}
	})
	if (*predict.Labeler[int])(nil).Forget(1) || new(predict.Labeler[int]).Forget(1) {
		t.Error("forgot nobody")
	}
}

// Threshold and the weights of all four outcomes, counted by hand.
func TestBestThresholdOutcomes(t *testing.T) {
	c, err := predict.BestThreshold([]float64{.9, .8, .7, .6, .2, .1}, []bool{true, true, false, true, false, false}, []float64{1, 2, 3, 4, 5, 6},
		predict.Costs{TruePositive: -1, FalsePositive: 2, TrueNegative: .5, FalseNegative: 3})
	if err != nil {
		t.Fatal(err)
	}
	// From .6 on: true 1+2+4, false 3 are acted on; 5+6 are not.
	want := predict.ThresholdChoice{
		Threshold: .6, TruePositive: 7, FalsePositive: 3, TrueNegative: 11, FalseNegative: 0,
		Cost: -7 + 6 + 5.5, ActNone: 3*7 + .5*14, ActAll: -7 + 28,
	}
	if c != want {
		t.Errorf("%+v, want %+v", c, want)
	}
	// With dearer mistakes only the two surest: 4 of the true and all false are left.
	c, err = predict.BestThreshold([]float64{.9, .8, .7, .6, .2, .1}, []bool{true, true, false, true, false, false}, []float64{1, 2, 3, 4, 5, 6},
		predict.Costs{TruePositive: -1, FalsePositive: 20, FalseNegative: 3})
	want = predict.ThresholdChoice{
		Threshold: .8, TruePositive: 3, FalsePositive: 0, TrueNegative: 14, FalseNegative: 4, Cost: -3 + 12, ActNone: 21, ActAll: -7 + 280,
	}
	if err != nil || c != want {
		t.Errorf("%+v, want %+v (%v)", c, want, err)
	}
	if _, err := predict.BestThreshold([]float64{1, 2}, []bool{true, false}, []float64{1e300, 1}, predict.Costs{FalsePositive: 1e100, FalseNegative: 1e100}); !errors.Is(err, predict.ErrOverflow) {
		t.Error(err)
	}
	if p, err := (predict.Costs{FalsePositive: 1e308, TrueNegative: -1e308, FalseNegative: 1e308, TruePositive: -1e308}).Threshold(); p != .5 || err != nil {
		t.Error(p, err)
	}
}

// Sums of squares that leave float64 are refused, not kept as infinities.
func TestGramOverflow(t *testing.T) {
	g := new(predict.Gram)
	if err := g.Add([]float64{1e150}, 1, 1e150); err != nil {
		t.Fatal(err)
	}
	before, _ := g.MarshalBinary()
	other := new(predict.Gram)
	if err := other.Add([]float64{-1e150}, 1, 1e150); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{"Add": g.Add([]float64{-1e150}, 1, 1e150), "Merge": g.Merge(other)} {
		if !errors.Is(err, predict.ErrOverflow) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if after, _ := g.MarshalBinary(); !bytes.Equal(after, before) {
		t.Error("a failed call changed the state")
	}
	_, err := predict.FitLinear(context.Background(), [][]float64{{1e150}, {-1e150}}, []float64{1, 2}, predict.LinearOptions{Weights: []float64{1e150, 1e150}})
	if !errors.Is(err, predict.ErrOverflow) {
		t.Error(err)
	}
}

// Weights times a constant and penalties times the same leave the coefficients, also at the ends
// of float64; FitLogistic's objective is in the caller's units.
func TestLogisticWeightsOfAnyScale(t *testing.T) {
	ctx := context.Background()
	rows, y := overlapping()
	sparse := &predict.SparseRows{Cols: 2}
	for _, r := range rows {
		if err := sparse.AddRow([]int32{0, 1}, r); err != nil {
			t.Fatal(err)
		}
	}
	for _, o := range []predict.LogisticOptions{{L2: -1}, {L2: 1}, {L2: 1, L1: .5}, {L2: -1, Balanced: true}} {
		want, err := predict.FitLogistic(ctx, rows, y, o)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []float64{1e-300, 1e-150, 1e-12, 1e20, 1e150, 1e200, 1e300} {
			q := o
			q.Weights = make([]float64, len(rows))
			for i := range q.Weights {
				q.Weights[i] = s
			}
			if q.L2 > 0 {
				q.L2 *= s
			}
			q.L1 *= s
			for name, fit := range map[string]func() (*predict.Logistic, error){
				"dense":  func() (*predict.Logistic, error) { return predict.FitLogistic(ctx, rows, y, q) },
				"sparse": func() (*predict.Logistic, error) { return predict.FitLogisticSparse(ctx, sparse, y, q) },
			} {
				m, err := fit()
				if err != nil {
					t.Errorf("%s, %+v times %g: %v", name, o, s, err)
					continue
				}
				for j, c := range m.Coefficients() {
					if w := want.Coefficients()[j].Value; math.Abs(c.Value-w) > 1e-6*(1+math.Abs(w)) || !m.Converged() {
						t.Errorf("%s, L1 %v, L2 %v, times %g: coefficient %d is %v, want %v; converged %t", name, o.L1, o.L2, s, j, c.Value, w, m.Converged())
					}
				}
				if f := m.Objective() / s; math.Abs(f-want.Objective()) > 1e-6*want.Objective() {
					t.Errorf("%s, times %g: objective %v, want %v", name, s, f, want.Objective())
				}
			}
		}
	}
}
