package lifetime_test

import (
	"context"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/lifetime"
)

// peer are the numbers of lifetimes 0.11.3 on cdnow: testdata/golden_lifetime.py.
type peer struct {
	Points [][]float64 `json:"points"`
	Full   map[string]struct {
		Params, StdErrs        []float64
		LL                     *float64 // null: the peer's own is -Inf
		Alive, Expected, Fresh []float64
		Prob                   []float64
		Given                  [][]float64
	} `json:"full"`
	Samples []struct {
		Seed        uint64
		BG, MBG, GG *float64
		Pareto      []float64 // parameters: the peer's likelihood of them is -Inf
	} `json:"samples"`
}

var peers = []struct {
	name string
	fit  func(context.Context, *lifetime.Summary[weeks], lifetime.FitOptions) (*lifetime.Model[weeks], error)
}{
	{"BetaGeoFitter", lifetime.FitBGNBD[weeks]},
	{"ModifiedBetaGeoFitter", lifetime.FitMBGNBD[weeks]},
	{"ParetoNBDFitter", lifetime.FitParetoNBD[weeks]},
}

// TestLifetimes: parameters as near as the peer's optimiser comes, a likelihood not below its,
// standard errors to a percent, and the same answers.
func TestLifetimes(t *testing.T) {
	var want peer
	testkit.Golden(t, "lifetime.json", &want)
	s := summary(cdnow(t))
	for _, p := range peers {
		w := want.Full[p.name]
		m := get(p.fit(bg, s, lifetime.FitOptions{}))
		r := m.Report()
		if w.LL != nil && r.LogLikelihood < *w.LL-1e-6*math.Abs(*w.LL) {
			t.Errorf("%s: likelihood %v, the peer has %v", p.name, r.LogLikelihood, *w.LL)
		}
		for i, q := range r.Params {
			if math.Abs(q.Value-w.Params[i]) > .01*q.StdErr {
				t.Errorf("%s: %s is %v ± %v, the peer has %v", p.name, q.Name, q.Value, q.StdErr, w.Params[i])
			}
			if len(w.StdErrs) > 0 && math.Abs(q.StdErr/w.StdErrs[i]-1) > .01 {
				t.Errorf("%s: %s has the standard error %v, the peer %v", p.name, q.Name, q.StdErr, w.StdErrs[i])
			}
		}
		for i, x := range want.Points {
			c := customer{Repeats: int(x[0]), AgeAtLast: weeks(x[1]), Age: weeks(x[2])}
			testkit.Near(t, p.name+", alive", get(m.Alive(c)), w.Alive[i], 2e-4)
			testkit.Near(t, p.name+", expected", get(m.Expected(c, 39)), w.Expected[i], 2e-4*(1+w.Expected[i]))
			for n := range w.Given {
				if i < len(w.Given) && n < len(w.Given[i]) {
					testkit.Near(t, p.name+", given", get(m.ProbGiven(c, n, 39)), w.Given[i][n], 2e-4)
				}
			}
		}
		for i, x := range []weeks{1, 10, 52} {
			testkit.Near(t, p.name+", fresh", get(m.ExpectedNew(x)), w.Fresh[i], 2e-4)
		}
		for n, x := range w.Prob {
			testkit.Near(t, p.name+", P(N=n)", get(m.Prob(n, 30)), x, 2e-4)
		}
	}
	w := want.Full["GammaGammaFitter"]
	r := get(lifetime.FitGammaGamma(bg, spent(cdnow(t)), lifetime.FitOptions{})).Report()
	for i, q := range r.Params {
		if math.Abs(q.Value-w.Params[i]) > .01*q.StdErr || math.Abs(q.StdErr/w.StdErrs[i]-1) > .01 {
			t.Errorf("Gamma-Gamma: %s is %v ± %v, the peer has %v ± %v", q.Name, q.Value, q.StdErr, w.Params[i], w.StdErrs[i])
		}
	}
}

// TestLifetimesSamples: on a hundred bootstrap samples of cdnow no likelihood is below the peer's
// by more than 1e-6 of its size. Run it with
//
//	AISLE_LONG=1 go test -v -run LifetimesSamples ./predict/lifetime
func TestLifetimesSamples(t *testing.T) {
	testkit.Long(t)
	var want peer
	testkit.Golden(t, "lifetime.json", &want)
	cs := cdnow(t)
	worst := 0.
	for _, w := range want.Samples {
		state, drawn := w.Seed, make([]customer, len(cs))
		for i := range drawn {
			state = state*6364136223846793005 + 1442695040888963407
			drawn[i] = cs[(state>>33)%uint64(len(cs))]
		}
		s := summary(drawn)
		var pareto *float64
		if p := w.Pareto; p != nil {
			v := get(get(lifetime.NewParetoNBD[weeks](p[0], p[1], p[2], p[3])).Round(bg, s)).LogLikelihood()
			pareto = &v
		}
		for i, ll := range []*float64{w.BG, w.MBG, pareto} {
			if ll == nil {
				continue
			}
			r := get(peers[i].fit(bg, s, lifetime.FitOptions{})).Report()
			worst = max(worst, (*ll-r.LogLikelihood)/math.Abs(*ll))
			if !r.Converged {
				t.Errorf("sample %d: %s: %+v", w.Seed, peers[i].name, r)
			}
		}
		if w.GG != nil {
			r := get(lifetime.FitGammaGamma(bg, spent(drawn), lifetime.FitOptions{})).Report()
			worst = max(worst, (*w.GG-r.LogLikelihood)/math.Abs(*w.GG))
			if !r.Converged {
				t.Errorf("sample %d: Gamma-Gamma: %+v", w.Seed, r)
			}
		}
	}
	t.Logf("at worst %.2g of its size below the peer", worst)
	if worst > 1e-6 {
		t.Errorf("a likelihood is %v of its size below the peer's", worst)
	}
}
