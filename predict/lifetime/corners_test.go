package lifetime_test

import (
	"errors"
	"math"
	"testing"

	"github.com/aislekit/aisle/predict/lifetime"
)

// TestProbFar: a time near the largest number has a probability, too, and in finite time.
func TestProbFar(t *testing.T) {
	for _, m := range []*lifetime.Model[weeks]{
		get(lifetime.NewParetoNBD[weeks](.5, 10, 20, 10)), get(lifetime.NewParetoNBD[weeks](.5, 10, .5, 10)), get(lifetime.NewParetoNBD[weeks](.5, 10, 1e5, 1e-3)),
	} {
		near, far := get(m.Prob(1, 1e12)), get(m.Prob(1, 1e308))
		if math.Abs(near-far) > 1e-6 || far > 1 || !(far >= 0) {
			t.Errorf("%+v: %v in 1e12 weeks, %v in 1e308", m.Report().Params, near, far)
		}
	}
	// Where lives are far shorter than the scale they are drawn from, one order is nearly all there is.
	m := get(lifetime.NewParetoNBD[weeks](.5, 10, 1e5, 1e-3))
	if one, all := get(m.Prob(1, 1)), get(m.ExpectedNew(1)); math.Abs(one/all-1) > 1e-6 {
		t.Errorf("short lives: %v, want %v", one, all)
	}
}

// TestCoxParted: one row of a kind that ended first pushes its coefficient to where the others
// underflow; the fit says that there is no maximum, and what it says can be stored.
func TestCoxParted(t *testing.T) {
	for _, n := range []int{20, 1000} {
		var rows [][]float64
		var lasted []weeks
		var ended []bool
		for i := range n {
			rows, lasted, ended = append(rows, []float64{0}), append(lasted, weeks(1+i)), append(ended, true)
		}
		rows[0][0] = 1
		m := get(lifetime.FitCox(bg, rows, lasted, ended, lifetime.CoxOptions{}))
		r := m.Report()
		if r.Converged || len(r.Warnings) == 0 || !(r.LogLikelihood < 0) || math.IsInf(r.LogLikelihood, 0) {
			t.Errorf("%d rows: %+v", n, r)
		}
		var again lifetime.Cox[weeks]
		if err := again.UnmarshalBinary(get(m.MarshalBinary())); err != nil {
			t.Errorf("%d rows: %v", n, err)
		}
	}
}

// TestValueNotKnown: a customer whose amounts are not known, or were free, is worth the mean of all,
// and does not spoil the list of the others.
func TestValueNotKnown(t *testing.T) {
	m, g := get(lifetime.NewBGNBD[weeks](.5, 4.4, .8, 2.4)), get(lifetime.NewGammaGamma(6.25, 3.74, 15.44))
	free, known := customer{Repeats: 3, AgeAtLast: 20, Age: 30}, customer{Repeats: 3, AgeAtLast: 20, Age: 30, Value: 20}
	opt := lifetime.CLVOptions[weeks]{}
	want := get(lifetime.CLV(m, g, known, opt)) / get(g.Expected(3, 20)) * get(g.Mean())
	if got := get(lifetime.CLV(m, g, free, opt)); math.Abs(got/want-1) > 1e-12 {
		t.Errorf("%v, want %v", got, want)
	}
	list := get(lifetime.WinBack(bg, m, g, []customer{known, free}, lifetime.WinBackOptions[weeks]{Response: .1}))
	for _, r := range list {
		if r.Row == 1 && r.Amount != get(g.Mean()) {
			t.Errorf("%+v", r)
		}
	}
	if _, err := lifetime.CLV(m, g, customer{Repeats: 3, AgeAtLast: 20, Age: 30, Value: -1}, opt); !errors.Is(err, lifetime.ErrRange) {
		t.Errorf("a negative amount: %v", err)
	}
}

// TestSmallShapes: laws whose chance to leave is nearly sure add up as they do elsewhere, however
// long the tail of its logit is.
func TestSmallShapes(t *testing.T) {
	for _, beta := range []float64{1e-3, 1e-6, 1e-12} {
		m := get(lifetime.NewSBG(.7, beta))
		sum, share := 0., 1.
		for k := 1; share > 1e-18*sum; k++ {
			share *= get(m.Retention(k))
			sum += share
			share /= 1.2
		}
		if got := get(m.DERL(1, .2)); math.Abs(got/sum-1) > 1e-12 {
			t.Errorf("beta %v: %v, summed %v", beta, got, sum)
		}
		// Lost after the first repeat purchase: one is to be expected, if time is long.
		want, got := 1-1/math.Sqrt(1+1e4), get(get(lifetime.NewBGNBD[weeks](.5, 1, .7, beta)).ExpectedNew(1e4))
		if got < want*(1-1e-12) || got > want+1e3*beta {
			t.Errorf("beta %v: %v, want %v", beta, got, want)
		}
		// Who has survived the first purchase of the modified law is one of the other.
		want = beta / (.7 + beta) * get(get(lifetime.NewBGNBD[weeks](.5, 1, .7, beta+1)).ExpectedNew(1e4))
		if got := get(get(lifetime.NewMBGNBD[weeks](.5, 1, .7, beta)).ExpectedNew(1e4)); math.Abs(got/want-1) > 1e-10 {
			t.Errorf("modified, beta %v: %v, want %v", beta, got, want)
		}
	}
}
