package lifetime_test

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/lifetime"
)

// leukaemia holds the weeks of remission of Freireich et al. (1963), a minus for those still
// watched: 6-MP, then placebo.
var leukaemia = [2][]float64{
	{6, 6, 6, -6, 7, -9, 10, -10, -11, 13, 16, -17, -19, -20, 22, 23, -25, -32, -32, -34, -35},
	{1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23},
}

// remissions counts them, and lays them out as rows.
func remissions() (s *lifetime.Survival[weeks], rows [][]float64, lasted []weeks, ended []bool) {
	s = new(lifetime.Survival[weeks])
	for arm, xs := range leukaemia {
		for _, x := range xs {
			if arm == 0 {
				must(s.Add(weeks(math.Abs(x)), x > 0))
			}
			rows, lasted, ended = append(rows, []float64{float64(1 - arm)}), append(lasted, weeks(math.Abs(x))), append(ended, x > 0)
		}
	}
	return s, rows, lasted, ended
}

// TestSurvivalPublished: lifelines 0.30.3 for the arm with 6-MP, and for Cox's model of both.
func TestSurvivalPublished(t *testing.T) {
	s, rows, lasted, ended := remissions()
	curve := get(s.Result(0))
	for at, want := range map[weeks]float64{6: .857143, 7: .806723, 10: .752941, 13: .690196, 16: .627451, 22: .537815, 23: .448179} {
		printed(t, "alive", curve.Alive(at), want, 6)
	}
	// KaplanMeierFitter().fit(t, e).confidence_interval_ at 6 and 23, NelsonAalenFitter(nelson_aalen_smoothing=False).
	first, last := curve[0], curve[len(curve)-1]
	printed(t, "hazard at 6", first.Hazard, .142857, 6)
	printed(t, "hazard at 35", last.Hazard, .752114, 6)
	testkit.Near(t, "low", first.Low, .619718, 1e-6)
	testkit.Near(t, "high", first.High, .951552, 1e-6)
	if m := get(curve.Quantile(.5)); m != 23 {
		t.Errorf("median %v", m)
	}
	if _, err := curve.Quantile(.9); !errors.Is(err, lifetime.ErrUndefined) {
		t.Errorf("nine of ten: %v", err)
	}
	m := get(lifetime.FitCox(bg, rows, lasted, ended, lifetime.CoxOptions{Names: []string{"6-MP"}}))
	r := m.Report()
	printed(t, "beta", r.Params[0].Value, -1.572125, 6)
	printed(t, "SE", r.Params[0].StdErr, .412397, 6)
	printed(t, "LL", r.LogLikelihood, -85.008425, 6)
	if !r.Converged || len(r.Warnings) > 0 {
		t.Errorf("%+v", r)
	}
	testkit.Near(t, "hazard's error at 6", first.StdErr, .076360, 1e-6)
	testkit.Near(t, "hazard's error at 23", curve[len(curve)-5].StdErr, .260299, 1e-6)
	testkit.Near(t, "concordance", m.Concordance(), .6900420757363254, 1e-12)
	testkit.Near(t, "alive with", get(m.Alive([]float64{1}, 20)), .641395, 1e-6)
	testkit.Near(t, "alive without", get(m.Alive([]float64{0}, 20)), .117746, 1e-6)
	testkit.Near(t, "baseline at 23", get(m.Baseline(23)), 1.644394, 1e-6)
}

// slowCox is the partial likelihood and the concordance by their definitions.
func slowCox(rows [][]float64, lasted []weeks, ended []bool, beta []float64, breslow bool) (value, concordance float64) {
	eta := make([]float64, len(rows))
	for i, row := range rows {
		for j, b := range beta {
			eta[i] += b * row[j]
		}
	}
	done := map[weeks]bool{}
	for i, t := range lasted {
		if !ended[i] || done[t] {
			continue
		}
		done[t] = true
		risk, dying, deaths := 0., 0., 0.
		for k := range rows {
			if lasted[k] >= t {
				risk += math.Exp(eta[k])
			}
			if lasted[k] == t && ended[k] {
				dying += math.Exp(eta[k])
				deaths++
				value += eta[k]
			}
		}
		for l := 0.; l < deaths; l++ {
			if breslow {
				value -= math.Log(risk)
			} else {
				value -= math.Log(risk - l/deaths*dying)
			}
		}
	}
	pairs, right := 0., 0.
	for i := range rows {
		for k := range rows {
			if ended[i] && (lasted[i] < lasted[k] || lasted[i] == lasted[k] && !ended[k]) {
				pairs++
				if eta[i] > eta[k] {
					right++
				} else if eta[i] == eta[k] {
					right += .5
				}
			}
		}
	}
	return value, right / pairs
}

// TestCoxSlow: value, gradient zero and concordance beside their definitions, ties of both kinds,
// and the coefficients that the rows were drawn with.
func TestCoxSlow(t *testing.T) {
	r := rng.New(21, 0, 0)
	truth := []float64{.8, -.5, 0}
	var rows [][]float64
	var lasted []weeks
	var ended []bool
	for range 600 {
		row := []float64{r.Normal(), 5 + 2*r.Normal(), float64(r.Intn(2))}
		life := r.Exp() / math.Exp(truth[0]*row[0]+truth[1]*(row[1]-5)) * 10
		watched := 5 + 20*r.Float64()
		rows, lasted, ended = append(rows, row), append(lasted, weeks(math.Ceil(min(life, watched)))), append(ended, life <= watched)
	}
	for _, breslow := range []bool{false, true} {
		m := get(lifetime.FitCox(bg, rows, lasted, ended, lifetime.CoxOptions{Breslow: breslow}))
		rep := m.Report()
		beta := make([]float64, 3)
		for j, p := range rep.Params {
			beta[j] = p.Value
			if math.Abs(p.Value-truth[j]) > 4*p.StdErr+.1 { // rounding up to weeks draws Breslow's towards 0
				t.Errorf("breslow %v: %s is %v ± %v, drawn with %v", breslow, p.Name, p.Value, p.StdErr, truth[j])
			}
		}
		value, concordance := slowCox(rows, lasted, ended, beta, breslow)
		testkit.Near(t, "LL", rep.LogLikelihood, value, 1e-8)
		testkit.Near(t, "concordance", m.Concordance(), concordance, 1e-12)
		for j := range beta {
			const e = 1e-4
			up, down := append([]float64{}, beta...), append([]float64{}, beta...)
			up[j] += e
			down[j] -= e
			a, _ := slowCox(rows, lasted, ended, up, breslow)
			b, _ := slowCox(rows, lasted, ended, down, breslow)
			if g := (a - b) / (2 * e); math.Abs(g) > 1e-3 {
				t.Errorf("breslow %v: the gradient is %v", breslow, g)
			}
			// Of the others being free, the curvature says less than the standard error: it bounds it.
			if c := (2*value - a - b) / (e * e); rep.Params[j].StdErr < .999/math.Sqrt(c) {
				t.Errorf("breslow %v: standard error %v, curvature %v", breslow, rep.Params[j].StdErr, c)
			}
		}
		if !breslow {
			// Martingale residuals add up to none: as many ended as the cumulative hazards say.
			sum, n := 0., 0.
			for i, row := range rows {
				sum += get(m.HazardRatio(row)) * get(m.Baseline(lasted[i]))
				if ended[i] {
					n++
				}
			}
			testkit.Near(t, "ended", sum, n, 1e-8*n)
			row := rows[7]
			testkit.Near(t, "alive", get(m.Alive(row, 4)), math.Exp(-get(m.HazardRatio(row))*get(m.Baseline(4))), 1e-14)
		}
	}
}

// TestCoxPermuted: rows in another order are the same bytes, with ties of times and of rows.
func TestCoxPermuted(t *testing.T) {
	r := rng.New(22, 0, 0)
	var rows [][]float64
	var lasted []weeks
	var ended []bool
	for range 200 {
		rows = append(rows, []float64{math.Round(3 * r.Normal()), r.Normal()})
		lasted, ended = append(lasted, weeks(1+r.Intn(12))), append(ended, r.Bool(.7))
	}
	rows, lasted, ended = append(rows, rows[:50]...), append(lasted, lasted[:50]...), append(ended, ended[:50]...)
	want := get(get(lifetime.FitCox(bg, rows, lasted, ended, lifetime.CoxOptions{})).MarshalBinary())
	for range 5 {
		var x [][]float64
		var l []weeks
		var e []bool
		for _, i := range r.Perm(len(rows)) {
			x, l, e = append(x, rows[i]), append(l, lasted[i]), append(e, ended[i])
		}
		if !bytes.Equal(get(get(lifetime.FitCox(bg, x, l, e, lifetime.CoxOptions{})).MarshalBinary()), want) {
			t.Fatal("rows in another order are other bytes")
		}
	}
}

func TestCoxRefused(t *testing.T) {
	_, rows, lasted, ended := remissions()
	for name, c := range map[string]struct {
		do   func() error
		want error
	}{
		"constant column": {func() error {
			same := make([][]float64, len(rows))
			for i := range same {
				same[i] = []float64{3}
			}
			_, err := lifetime.FitCox(bg, same, lasted, ended, lifetime.CoxOptions{})
			return err
		}, lifetime.ErrUndefined},
		"twice the column": {func() error {
			twice := make([][]float64, len(rows))
			for i := range twice {
				twice[i] = []float64{rows[i][0], 2 * rows[i][0]}
			}
			_, err := lifetime.FitCox(bg, twice, lasted, ended, lifetime.CoxOptions{})
			return err
		}, lifetime.ErrUndefined},
		"none ended": {func() error {
			_, err := lifetime.FitCox(bg, rows, lasted, make([]bool, len(rows)), lifetime.CoxOptions{})
			return err
		}, lifetime.ErrUndefined},
		"lengths": {func() error {
			_, err := lifetime.FitCox(bg, rows, lasted[1:], ended, lifetime.CoxOptions{})
			return err
		}, lifetime.ErrShape},
		"negative": {func() error {
			bad := append([]weeks{-1}, lasted[1:]...)
			_, err := lifetime.FitCox(bg, rows, bad, ended, lifetime.CoxOptions{})
			return err
		}, lifetime.ErrRange},
	} {
		if err := c.do(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A column that parts them has no finite coefficient.
	apart := make([][]float64, 8)
	for i := range apart {
		apart[i] = []float64{float64(i)}
	}
	m := get(lifetime.FitCox(bg, apart, []weeks{8, 7, 6, 5, 4, 3, 2, 1}, []bool{true, true, true, true, true, true, true, true}, lifetime.CoxOptions{}))
	if r := m.Report(); r.Converged || len(r.Warnings) == 0 {
		t.Errorf("parted: %+v", r)
	}
}

func TestSurvivalLaws(t *testing.T) {
	testkit.Laws[*lifetime.Survival[weeks]]{
		Empty: func() *lifetime.Survival[weeks] { return new(lifetime.Survival[weeks]) },
		Add: func(t *rapid.T) func(*lifetime.Survival[weeks]) {
			at, ended := weeks(rapid.IntRange(0, 5).Draw(t, "at")), rapid.Bool().Draw(t, "ended")
			return func(s *lifetime.Survival[weeks]) { must(s.Add(at, ended)) }
		},
		Merge: func(a, b *lifetime.Survival[weeks]) error { return a.Merge(b) },
		Result: func(s *lifetime.Survival[weeks]) (out []float64) {
			curve, _ := s.Result(0)
			for _, p := range curve {
				if p.Alive > 0 {
					out = append(out, float64(p.At), p.Alive, p.Low, p.High, p.Hazard, p.StdErr)
				}
			}
			return out
		},
	}.Check(t)
}
