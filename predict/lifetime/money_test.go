package lifetime_test

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/lifetime"
)

// TestGammaGammaRecovered: amounts drawn by the story of the law give its parameters back, and in
// another unit of money the same law.
func TestGammaGammaRecovered(t *testing.T) {
	const p, q, v = 5, 4, 12
	r := rng.New(11, 0, 0)
	s, cents := new(lifetime.Spend), new(lifetime.Spend)
	for range 4000 {
		x := 1 + r.Poisson(2)
		rate := r.Gamma(q) / v
		sum := 0.
		for range x {
			sum += r.Gamma(p) / rate
		}
		must(s.Add(x, sum/float64(x)))
		must(cents.Add(x, 100*sum/float64(x)))
	}
	a := get(lifetime.FitGammaGamma(bg, s, lifetime.FitOptions{})).Report()
	b := get(lifetime.FitGammaGamma(bg, cents, lifetime.FitOptions{})).Report()
	for i, want := range []float64{p, q, v} {
		got, scale := a.Params[i], 1.
		if i == 2 {
			scale = 100
		}
		if !a.Converged || math.Abs(got.Value-want) > 4*got.StdErr {
			t.Errorf("%+v %s is %v ± %v, drawn from %v", a, got.Name, got.Value, got.StdErr, want)
		}
		if off := b.Params[i].Value/scale/got.Value - 1; math.Abs(off) > 1e-6 {
			t.Errorf("%s in hundredths is off by %v", got.Name, off)
		}
	}
}

// TestSBGRecovered: contracts that begin at different times.
func TestSBGRecovered(t *testing.T) {
	r := rng.New(12, 0, 0)
	s := new(lifetime.Tenures)
	for range 20_000 {
		chance, watched, t := r.Beta(.8, 2.5), 1+r.Intn(10), 0
		for t < watched && !r.Bool(chance) {
			t++
		}
		if t < watched {
			must(s.AddTenure(t+1, true))
		} else {
			must(s.AddTenure(t, false))
		}
	}
	for i, p := range get(lifetime.FitSBG(bg, s, lifetime.FitOptions{})).Report().Params {
		if want := []float64{.8, 2.5}[i]; math.Abs(p.Value-want) > 4*p.StdErr {
			t.Errorf("%s is %v ± %v, drawn from %v", p.Name, p.Value, p.StdErr, want)
		}
	}
}

// TestDERLSums: the integral is the sum of discounted survival.
func TestDERLSums(t *testing.T) {
	for _, p := range [][2]float64{{.7, 1.2}, {1, 1}, {5, .3}, {.05, 3}, {300, 900}} {
		m := get(lifetime.NewSBG(p[0], p[1]))
		for _, n := range []int{1, 4, 30} {
			sum, share := 0., 1.
			for k := n; share > 1e-18; k++ {
				share *= get(m.Retention(k))
				sum += share
				share /= 1.2
			}
			if got := get(m.DERL(n, .2)); math.Abs(got/sum-1) > 1e-12 {
				t.Errorf("alpha %v, beta %v, n %d: %v, summed %v", p[0], p[1], n, got, sum)
			}
		}
	}
	if got := get(get(lifetime.NewSBG(3, 2)).DERL(1, 0)); math.Abs(got-1) > 1e-15 {
		t.Errorf("without discount %v", got)
	}
	if got := get(get(lifetime.NewSBG(3, 2)).DERL(1, 1e-9)); math.Abs(got-1) > 1e-8 {
		t.Errorf("with next to none %v", got)
	}
}

func TestMoneyRefused(t *testing.T) {
	heavy := get(lifetime.NewGammaGamma(2, 1, 10))
	if _, err := heavy.Mean(); !errors.Is(err, lifetime.ErrUndefined) {
		t.Errorf("q = 1: %v", err)
	}
	if v, err := heavy.Expected(5, 20); !errors.Is(err, lifetime.ErrUndefined) || v != 0 {
		t.Errorf("q = 1, expected: %v %v", v, err)
	}
	s := new(lifetime.Spend)
	for name, c := range map[string]struct {
		x    int
		mean float64
		want error
	}{
		"no amount": {2, 0, lifetime.ErrRange}, "negative": {2, -3, lifetime.ErrRange}, "NaN": {2, math.NaN(), lifetime.ErrNotFinite},
		"no orders": {0, 5, lifetime.ErrRange}, "tiny": {1, 1e-300, lifetime.ErrRange},
	} {
		if err := s.Add(c.x, c.mean); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := lifetime.FitGammaGamma(bg, s, lifetime.FitOptions{}); !errors.Is(err, lifetime.ErrEmpty) {
		t.Errorf("no amounts: %v", err)
	}
	for range 5 {
		must(s.Add(2, 30))
	}
	if r := get(lifetime.FitGammaGamma(bg, s, lifetime.FitOptions{})).Report(); len(r.Warnings) == 0 {
		t.Errorf("all alike, and no warning: %+v", r)
	}
	if _, err := s.Correlation(); !errors.Is(err, lifetime.ErrUndefined) {
		t.Errorf("all alike: %v", err)
	}
	c := new(lifetime.Tenures)
	for name, bad := range map[string][]int64{"none": {}, "growing": {5, 6}, "negative": {5, -1}} {
		if err := c.AddCohort(bad...); err == nil || c.Contracts() != 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	must(c.AddTenure(0, false))
	if _, err := lifetime.FitSBG(bg, c, lifetime.FitOptions{}); !errors.Is(err, lifetime.ErrUndefined) {
		t.Errorf("never up for renewal: %v", err)
	}
	if _, err := get(lifetime.NewSBG(1, 1)).DERL(1, 0); !errors.Is(err, lifetime.ErrUndefined) {
		t.Errorf("lifetimes without a mean: %v", err)
	}
}

func TestMoneyLaws(t *testing.T) {
	testkit.Laws[*lifetime.Spend]{
		Empty: func() *lifetime.Spend { return new(lifetime.Spend) },
		Add: func(t *rapid.T) func(*lifetime.Spend) {
			x, mean := rapid.IntRange(1, 3).Draw(t, "x"), float64(rapid.IntRange(1, 3).Draw(t, "mean"))
			return func(s *lifetime.Spend) { must(s.Add(x, mean)) }
		},
		Merge: func(a, b *lifetime.Spend) error { return a.Merge(b) },
		Result: func(s *lifetime.Spend) []float64 {
			c, _ := s.Correlation()
			return []float64{c, float64(s.Customers())}
		},
	}.Check(t)
	testkit.Laws[*lifetime.Tenures]{
		Empty: func() *lifetime.Tenures { return new(lifetime.Tenures) },
		Add: func(t *rapid.T) func(*lifetime.Tenures) {
			n, ended := rapid.IntRange(1, 4).Draw(t, "periods"), rapid.Bool().Draw(t, "ended")
			return func(s *lifetime.Tenures) { must(s.AddTenure(n, ended)) }
		},
		Merge:  func(a, b *lifetime.Tenures) error { return a.Merge(b) },
		Result: func(s *lifetime.Tenures) []float64 { return []float64{float64(s.Contracts())} },
	}.Check(t)
}
