package reorder_test

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply/reorder"
)

// drawLaw is any law that the package makes, of moderate size.
func drawLaw(t *rapid.T, depth int) (reorder.Distribution, string) {
	mean := rapid.Float64Range(.2, 40).Draw(t, "mean")
	more := rapid.Float64Range(1.05, 3).Draw(t, "more")
	kinds := 6 + min(depth, 0) // without a law that sums need a grid for
	if depth > 0 {
		kinds = 10
	}
	var d reorder.Distribution
	var err error
	kind := rapid.IntRange(0, kinds-1).Draw(t, "kind")
	switch kind {
	case 0:
		d, err = reorder.NormalDemand(mean, mean/5*more)
	case 1:
		d, err = reorder.PoissonDemand(mean)
	case 2:
		d, err = reorder.NegativeBinomialDemand(mean, math.Sqrt(mean)*more)
	case 3:
		d, err = reorder.GammaDemand(mean, mean*more/4)
	case 4:
		d, err = reorder.DiscreteDemand([]float64{.5 / more, .25, .75 - .5/more})
	case 6:
		d, err = reorder.EmpiricalDemand([]float64{0, 0, mean, 2 * mean, 7})
	case 5:
		d, err = reorder.QuantileDemand([]float64{.1, .5, .9, .99}, []float64{mean / 2, mean, mean, mean * (1 + more)})
	case 7:
		a, _ := drawLaw(t, depth-1)
		b, _ := drawLaw(t, depth-1)
		d, err = reorder.MixtureDemand([]reorder.Distribution{a, b}, []float64{.7, .3})
	case 8:
		size, _ := reorder.DiscreteDemand([]float64{0, .6, .3, 0, .1})
		d, err = reorder.CompoundPoissonDemand(mean/4, size)
	case 9:
		a, _ := drawLaw(t, depth-1)
		b, _ := drawLaw(t, depth-1)
		lead, _ := reorder.DiscreteDemand([]float64{0, .2, .5, .3})
		d, err = reorder.DemandOver([]reorder.Distribution{a, b}, lead)
	}
	if err != nil {
		t.Fatal(kind, err)
	}
	return d, fmt.Sprint(kind)
}

// Every law: the CDF ascends from 0 to 1, quantiles invert it, the loss is the integral of what the CDF leaves, and the moments
// are those of the loss.
func TestLawsProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, kind := drawLaw(t, 1)
		mean, sd := d.Mean(), d.SD()
		last := 0.0
		for _, p := range []float64{.001, .01, .1, .3, .5, .7, .9, .99, .999} {
			x := d.Quantile(p)
			if d.CDF(x) < p-1e-9 || d.CDF(x-1e-6*(1+math.Abs(x))) > p+1e-4 {
				t.Fatalf("law %s: quantile %v is %v, where the CDF is %v, just below it %v", kind, p, x, d.CDF(x), d.CDF(x-1e-6*(1+math.Abs(x))))
			}
			if p > .001 && x < last { // also where two levels have one quantile
				t.Fatalf("law %s: quantiles descend at %v", kind, p)
			}
			last = x
		}
		// ∫ over [x, x+w] of 1 - CDF is L(x) - L(x+w), by the mean of many points.
		for _, at := range []float64{-1, 0, .5, 2} {
			x, w := mean+at*sd, sd/3
			sum := 0.0
			const n = 400
			for i := range n {
				sum += (1 - d.CDF(x+w*(float64(i)+.5)/n)) * w / n
			}
			if diff := d.Loss(x) - d.Loss(x+w); math.Abs(diff-sum) > 4e-3*sd {
				t.Fatalf("law %s: loss falls by %v from %v to %v, want %v", kind, diff, x, x+w, sum)
			}
		}
		if low := mean - 60*sd - 100; !testkit.Close(d.Loss(low), mean-low, 1e-9, 1e-9) || !testkit.Close(d.Loss(mean+1e6*(sd+1)), 0, 1e-9, 0) {
			t.Fatalf("law %s: loss far out: %v, %v", kind, d.Loss(low)-(mean-low), d.Loss(mean+1e6*(sd+1)))
		}
		if kind != "6" { // whose sd is that of a sample
			// E[(D-m)²] = 2∫ L above the mean + 2∫ (L + x - mean) below.
			sum := 0.0
			step := sd / 20
			for x := mean - 15*sd + step/2; x < mean+40*sd; x += step {
				l := d.Loss(x)
				if x < mean {
					l += x - mean
				}
				sum += 2 * l * step
			}
			if !testkit.Close(math.Sqrt(sum), sd, 0, .02) {
				t.Fatalf("law %s: sd %v, by the loss %v", kind, sd, math.Sqrt(sum))
			}
		}
		if !math.IsNaN(d.Quantile(0)) && !math.IsNaN(d.Quantile(2)) || !math.IsNaN(d.CDF(math.NaN())) && kind != "6" {
			t.Fatalf("law %s: quantiles 0, 2: %v, %v; CDF of NaN %v", kind, d.Quantile(0), d.Quantile(2), d.CDF(math.NaN()))
		}
	})
}

// Sums: closed forms agree with the convolution that the same laws get when they are hidden.
func TestDemandOverClosed(t *testing.T) {
	must := law(t)
	lead := must(reorder.DiscreteDemand([]float64{0, .1, .3, .6}))
	for name, d := range map[string]reorder.Distribution{
		"normal":            must(reorder.NormalDemand(50, 8)),
		"Poisson":           must(reorder.PoissonDemand(6)),
		"gamma":             must(reorder.GammaDemand(9, 5)),
		"negative binomial": must(reorder.NegativeBinomialDemand(7, 4)),
	} {
		a := must(reorder.DemandOver([]reorder.Distribution{d}, lead))
		b := must(reorder.DemandOver([]reorder.Distribution{hidden{d}}, lead))
		close(t, name+" mean", b.Mean(), a.Mean(), 1e-9)
		close(t, name+" sd", b.SD(), a.SD(), 1e-5)
		close(t, name+" mean by hand", a.Mean(), 2.5*d.Mean(), 1e-9)
		close(t, name+" variance by hand", a.SD()*a.SD(), 2.5*d.SD()*d.SD()+.45*d.Mean()*d.Mean(), 1e-9)
		for _, p := range []float64{.05, .5, .9, .99} {
			x := a.Quantile(p)
			if !testkit.Close(b.Quantile(p), x, 1e-3*a.SD(), 0) || !testkit.Close(b.CDF(x), a.CDF(x), 1e-4, 0) || !testkit.Close(b.Loss(x), a.Loss(x), 1e-5*a.SD(), 0) {
				t.Errorf("%s at %v: quantile %v, CDF %v, loss %v, want %v, %v, %v", name, p, b.Quantile(p), b.CDF(x), b.Loss(x), x, a.CDF(x), a.Loss(x))
			}
		}
	}
	// A lead time of 4.3 periods keeps its mean.
	d := must(reorder.DemandOver([]reorder.Distribution{must(reorder.PoissonDemand(6))}, must(reorder.NormalDemand(4.3, 0))))
	close(t, "4.3 periods", d.Mean(), 25.8, 1e-12)
	// A path: the second period has a promotion that may be held.
	usual, promoted := must(reorder.PoissonDemand(10)), must(reorder.PoissonDemand(25))
	maybe := must(reorder.MixtureDemand([]reorder.Distribution{usual, promoted}, []float64{.6, .4}))
	path := must(reorder.DemandOver([]reorder.Distribution{usual, maybe, usual}, must(reorder.NormalDemand(3, 0))))
	p30, p45 := must(reorder.PoissonDemand(30)), must(reorder.PoissonDemand(45))
	for k := 0.0; k < 80; k += 7 {
		if want := .6*p30.CDF(k) + .4*p45.CDF(k); math.Abs(path.CDF(k)-want) > 1e-12 {
			t.Errorf("promotion: P(D <= %v) is %v, want %v", k, path.CDF(k), want)
		}
	}
}

// Lumpy demand of many totals, or of amounts in parts, keeps its moments: mean rate·m, variance rate·(m² + s²).
func TestCompoundMoments(t *testing.T) {
	must := law(t)
	for name, c := range map[string]struct {
		rate float64
		size reorder.Distribution
	}{
		"many totals":    {1e5, must(reorder.PoissonDemand(3))},
		"large amounts":  {60, must(reorder.NegativeBinomialDemand(60, 50))},
		"seldom":         {.01, must(reorder.NormalDemand(100, 10))},
		"parts":          {7, must(reorder.GammaDemand(.3, .2))},
		"skewed amounts": {2, must(reorder.GammaDemand(5, 15))},
	} {
		if testkit.Race {
			if name == "seldom" || name == "skewed amounts" { // long tails on fine grids
				continue
			}
			c.rate = min(c.rate, 600) // two of half of it still
		}
		d := must(reorder.CompoundPoissonDemand(c.rate, c.size))
		m, s := c.size.Mean(), c.size.SD()
		close(t, name+" mean", d.Mean(), c.rate*m, 1e-9)
		close(t, name+" sd", d.SD(), math.Sqrt(c.rate*(m*m+s*s)), 2e-3)
		if d.CDF(-.001) != 0 || d.CDF(0) < math.Exp(-c.rate)-1e-12 {
			t.Errorf("%s: %v below 0, %v up to it", name, d.CDF(-.001), d.CDF(0))
		}
	}
}

// hidden is a law of a caller: nothing but its methods is known.
type hidden struct{ d reorder.Distribution }

func (h hidden) Mean() float64              { return h.d.Mean() }
func (h hidden) SD() float64                { return h.d.SD() }
func (h hidden) CDF(x float64) float64      { return h.d.CDF(x) }
func (h hidden) Quantile(p float64) float64 { return h.d.Quantile(p) }
func (h hidden) Loss(x float64) float64     { return h.d.Loss(x) }

// A forecast path by its quantiles: those come back, and the mean is that of the quantile function.
func TestQuantileDemand(t *testing.T) {
	levels, values := []float64{.1, .5, .9, .99}, []float64{20, 40, 70, 100}
	d := law(t)(reorder.QuantileDemand(levels, values))
	mean := 0.0
	const n = 200000
	for i := range n {
		mean += d.Quantile((float64(i)+.5)/n) / n
	}
	testkit.Near(t, "mean", d.Mean(), mean, 1e-3)
	for i, l := range levels {
		testkit.Near(t, "quantile", d.Quantile(l), values[i], 1e-9)
		testkit.Near(t, "CDF", d.CDF(values[i]), l, 1e-12)
	}
	if d.CDF(14.9) != 0 || d.Quantile(.001) < 15 { // as steep below .1 as above: 5 a tenth
		t.Error(d.CDF(14.9), d.Quantile(.001))
	}
	// The density goes on at the last level: .09/30 there, so e^-1 of the last hundredth is left .01/.003 higher.
	testkit.Near(t, "tail", 1-d.CDF(100+.01/.003), .01/math.E, 1e-12)
}

func TestLawsBadInput(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	ok, err := reorder.PoissonDemand(3)
	if err != nil {
		t.Fatal(err)
	}
	ds := func(d ...reorder.Distribution) []reorder.Distribution { return d }
	below, _ := reorder.NormalDemand(2, 2)
	huge, _ := reorder.NormalDemand(1e15, 1)
	half, _ := reorder.EmpiricalDemand([]float64{0, 0})
	for _, c := range []struct {
		name string
		f    func() (reorder.Distribution, error)
		want error
	}{
		{"negative binomial of Poisson's variance", func() (reorder.Distribution, error) { return reorder.NegativeBinomialDemand(4, 2) }, reorder.ErrRange},
		{"negative binomial without demand", func() (reorder.Distribution, error) { return reorder.NegativeBinomialDemand(0, 2) }, reorder.ErrRange},
		{"negative binomial NaN", func() (reorder.Distribution, error) { return reorder.NegativeBinomialDemand(nan, 2) }, reorder.ErrNotFinite},
		{"gamma sd 0", func() (reorder.Distribution, error) { return reorder.GammaDemand(4, 0) }, reorder.ErrRange},
		{"gamma mean 0", func() (reorder.Distribution, error) { return reorder.GammaDemand(0, 1) }, reorder.ErrRange},
		{"gamma Inf", func() (reorder.Distribution, error) { return reorder.GammaDemand(inf, 1) }, reorder.ErrNotFinite},
		{"no probabilities", func() (reorder.Distribution, error) { return reorder.DiscreteDemand(nil) }, reorder.ErrEmpty},
		{"probabilities of .9", func() (reorder.Distribution, error) { return reorder.DiscreteDemand([]float64{.4, .5}) }, reorder.ErrRange},
		{"probability below 0", func() (reorder.Distribution, error) { return reorder.DiscreteDemand([]float64{1.5, -.5}) }, reorder.ErrRange},
		{"probability NaN", func() (reorder.Distribution, error) { return reorder.DiscreteDemand([]float64{nan}) }, reorder.ErrNotFinite},
		{"too many probabilities", func() (reorder.Distribution, error) { return reorder.DiscreteDemand(make([]float64, 1<<20+1)) }, reorder.ErrRange},
		{"mixture of nothing", func() (reorder.Distribution, error) { return reorder.MixtureDemand(nil, nil) }, reorder.ErrEmpty},
		{"mixture without a chance", func() (reorder.Distribution, error) { return reorder.MixtureDemand(ds(ok), nil) }, reorder.ErrShape},
		{"mixture of nil", func() (reorder.Distribution, error) { return reorder.MixtureDemand(ds(nil), []float64{1}) }, reorder.ErrOption},
		{"chances of 2", func() (reorder.Distribution, error) { return reorder.MixtureDemand(ds(ok, ok), []float64{1, 1}) }, reorder.ErrRange},
		{"one level", func() (reorder.Distribution, error) { return reorder.QuantileDemand([]float64{.5}, []float64{1}) }, reorder.ErrEmpty},
		{"levels unsorted", func() (reorder.Distribution, error) {
			return reorder.QuantileDemand([]float64{.5, .5}, []float64{1, 2})
		}, reorder.ErrRange},
		{"level 1", func() (reorder.Distribution, error) { return reorder.QuantileDemand([]float64{.5, 1}, []float64{1, 2}) }, reorder.ErrRange},
		{"values descend", func() (reorder.Distribution, error) {
			return reorder.QuantileDemand([]float64{.5, .6}, []float64{2, 1})
		}, reorder.ErrRange},
		{"value NaN", func() (reorder.Distribution, error) {
			return reorder.QuantileDemand([]float64{.5, .6}, []float64{1, nan})
		}, reorder.ErrNotFinite},
		{"another number of values", func() (reorder.Distribution, error) { return reorder.QuantileDemand([]float64{.5, .6}, []float64{1}) }, reorder.ErrShape},
		{"no size", func() (reorder.Distribution, error) { return reorder.CompoundPoissonDemand(1, nil) }, reorder.ErrOption},
		{"rate 0", func() (reorder.Distribution, error) { return reorder.CompoundPoissonDemand(0, ok) }, reorder.ErrRange},
		{"rate NaN", func() (reorder.Distribution, error) { return reorder.CompoundPoissonDemand(nan, ok) }, reorder.ErrNotFinite},
		{"amounts below 0", func() (reorder.Distribution, error) { return reorder.CompoundPoissonDemand(1, below) }, reorder.ErrRange},
		{"amounts of 0", func() (reorder.Distribution, error) { return reorder.CompoundPoissonDemand(1, half) }, reorder.ErrRange},
		{"no periods", func() (reorder.Distribution, error) { return reorder.DemandOver(nil, ok) }, reorder.ErrEmpty},
		{"period nil", func() (reorder.Distribution, error) { return reorder.DemandOver(ds(ok, nil), ok) }, reorder.ErrOption},
		{"lead missing", func() (reorder.Distribution, error) { return reorder.DemandOver(ds(ok), nil) }, reorder.ErrOption},
		{"lead below 0", func() (reorder.Distribution, error) { return reorder.DemandOver(ds(ok), below) }, reorder.ErrRange},
		{"lead 0", func() (reorder.Distribution, error) { return reorder.DemandOver(ds(ok), half) }, reorder.ErrRange},
		{"lead for ever", func() (reorder.Distribution, error) { return reorder.DemandOver(ds(ok), huge) }, reorder.ErrRange},
	} {
		if d, err := c.f(); !errors.Is(err, c.want) || d != nil {
			t.Errorf("%s: %v, %v, want %v", c.name, d, err, c.want)
		}
	}
}
