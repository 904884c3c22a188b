package experiment_test

import (
	"errors"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/experiment"
	"pgregory.net/rapid"
)

func TestLehr(t *testing.T) {
	s := ok[experiment.SampleSize](t)(experiment.SampleSizeLehr(.11*.89, .02))
	relNear(t, "of the definitions", s.N, 3916, 1e-12)
	if s.Control != s.Treatment || s.Total != 2*s.Control || math.Abs(float64(s.Control)-3916) > 1 {
		t.Errorf("%+v", s)
	}
	// The rule stands for a two-sided test at 5 % and power 80 %.
	z := ok[experiment.SampleSize](t)(experiment.SampleSizeMeans(-.3, 2, experiment.PowerOptions{Normal: true}))
	l := ok[experiment.SampleSize](t)(experiment.SampleSizeLehr(4, -.3))
	relNear(t, "against the normal formula", l.N/z.N, 16/15.6977, 1e-5)
	for name, x := range map[string]struct{ got, want error }{
		"variance 0":   {second(experiment.SampleSizeLehr(0, 1)), metrics.ErrRange},
		"variance -1":  {second(experiment.SampleSizeLehr(-1, 1)), metrics.ErrRange},
		"variance NaN": {second(experiment.SampleSizeLehr(math.NaN(), 1)), metrics.ErrNotFinite},
		"delta Inf":    {second(experiment.SampleSizeLehr(1, math.Inf(1))), metrics.ErrNotFinite},
		"delta 0":      {second(experiment.SampleSizeLehr(1, 0)), metrics.ErrUndefined},
		"tiny":         {second(experiment.SampleSizeLehr(1, 1e-200)), metrics.ErrUndefined},
	} {
		if !errors.Is(x.got, x.want) {
			t.Errorf("%s: %v, want %v", name, x.got, x.want)
		}
	}
}

// The numbers of the project's definitions.
func TestPlanReference(t *testing.T) {
	f := ok[float64](t)
	n := ok[experiment.SampleSize](t)
	s := n(experiment.SampleSizeProportions(.10, .12, experiment.PowerOptions{}))
	testkit.Near(t, "pooled", s.N, 3840.85, 5e-3)
	if s.Control != 3841 || s.Treatment != 3841 || s.Total != 7682 {
		t.Errorf("%+v", s)
	}
	testkit.Near(t, "unpooled", n(experiment.SampleSizeProportions(.10, .12, experiment.PowerOptions{Method: experiment.PowerUnpooled})).N, 3838.10, 5e-3)
	testkit.Near(t, "arcsine", n(experiment.SampleSizeProportions(.10, .12, experiment.PowerOptions{Method: experiment.PowerArcsine})).N, 3834.6, 5e-2)
	testkit.Near(t, "h", experiment.CohenH(.10, .12), .0639821, 5e-8)
	testkit.Near(t, "h", experiment.CohenH(.4, .5), .2013579, 5e-8)
	testkit.Near(t, "R power.prop.test", n(experiment.SampleSizeProportions(.5, .75, experiment.PowerOptions{Power: .9})).N, 76.70692, 2e-5)
	// The definitions print 39,906. Their formula, with z, gives 39,904; the
	// noncentral t gives 39,906.
	if s := n(experiment.SampleSizeMeans(.3, 10, experiment.PowerOptions{Power: .85})); s.Total != 39906 {
		t.Errorf("%+v", s)
	}
	testkit.Near(t, "z", n(experiment.SampleSizeMeans(.3, 10, experiment.PowerOptions{Power: .85, Normal: true})).N, 19951.9938, 5e-5)
	testkit.Near(t, "power", f(experiment.PowerMeans(1, 1, 30, 30, experiment.PowerOptions{})), .967708, 5e-7)
	testkit.Near(t, "power", f(experiment.PowerMeans(-.1, 1, 20, 20, experiment.PowerOptions{})), .060959, 5e-7)

	p := []float64{.01, .04, .03, .005}
	for c, want := range map[experiment.Correction][]float64{experiment.BenjaminiHochberg: {.02, .04, .04, .02}, experiment.Holm: {.03, .06, .06, .02}} {
		got := ok[[]float64](t)(experiment.AdjustPValues(p, c))
		for i := range want {
			testkit.Near(t, c.String(), got[i], want[i], 1e-15)
		}
	}

	e := ok[metrics.Effect](t)(metrics.CompareProportions(proportion(1396, 3000), proportion(2422, 3461), metrics.CompareOptions{Scale: metrics.ScaleRelative}))
	e = ok[metrics.Effect](t)(experiment.AlwaysValid(e, experiment.SequentialOptions{}))
	testkit.Near(t, "lift", e.Estimate, .503863, 5e-7)
	testkit.Near(t, "low", e.Low, .400978, 1e-6)
	testkit.Near(t, "high", e.High, .606748, 1e-6)
	l := -2 * math.Log(.05)
	testkit.Near(t, "ρ", math.Sqrt((l+math.Log(l+1))/5000), .0398401, 5e-8)

	post := ok[experiment.Posterior](t)(experiment.BayesProportions(proportion(40, 100), proportion(50, 100), experiment.BetaPrior{}, 0))
	testkit.Near(t, "P(B>A)", post.BetterB, .921426, 5e-7)

	var c experiment.CUPED
	for i, x := range []float64{1, 2, 2, 4, 4, 6} {
		if err := c.Add(float64(i+1), x); err != nil {
			t.Fatal(err)
		}
	}
	r := ok[experiment.CUPEDEffect](t)(experiment.CompareCUPED(c, c, metrics.CompareOptions{}))
	testkit.Near(t, "θ", r.Theta, .980198, 5e-7)
	testkit.Near(t, "variance", r.SE*r.SE/2*6, .265347, 5e-7)
	testkit.Near(t, "variance before", r.Unadjusted.SE*r.Unadjusted.SE/2*6, 3.5, 1e-12)
	testkit.Near(t, "ρ", math.Sqrt(r.Reduction), .961346, 5e-7)
}

// nearTail returns the options of the test on the near side only, whose power the sizes by
// the normal law are made for.
func nearTail(o experiment.PowerOptions) experiment.PowerOptions {
	if !o.OneSided {
		o.OneSided, o.Alpha = true, o.Alpha/2
	}
	return o
}

// Both tails count: for no difference the power is the level. Values of statsmodels
// 0.15.0, NormalIndPower().power(.001/1, 70, .1, ratio=36/70) and
// NormalIndPower().power(proportion_effectsize(.11, .1), 200, .05, ratio=1.5).
func TestBothTailsOfPower(t *testing.T) {
	f := ok[float64](t)
	for _, n := range []bool{true, false} {
		testkit.Near(t, "no difference", f(experiment.PowerMeans(0, 1, 70, 36, experiment.PowerOptions{Alpha: .1, Normal: n})), .1, 1e-12)
	}
	testkit.Near(t, "tiny difference", f(experiment.PowerMeans(.001, 1, 70, 36, experiment.PowerOptions{Alpha: .1, Normal: true})), .10000403302067544, 1e-12)
	testkit.Near(t, "arcsine", f(experiment.PowerProportions(.1, .11, 200, 300, experiment.PowerOptions{Method: experiment.PowerArcsine})), .06476052674309102, 1e-12)
	for m := range experiment.PowerArcsine + 1 {
		p := f(experiment.PowerProportions(.1, .1+1e-12, 200, 300, experiment.PowerOptions{Method: m}))
		testkit.Near(t, "no rise", p, .05, 1e-9)
	}
}

func TestPlanConsistent(t *testing.T) {
	f := ok[float64](t)
	rapid.Check(t, func(t *rapid.T) {
		o := experiment.PowerOptions{
			Alpha: rapid.Float64Range(.001, .2).Draw(t, "alpha"), Power: rapid.Float64Range(.5, .99).Draw(t, "power"),
			Ratio: rapid.Float64Range(.2, 5).Draw(t, "ratio"), OneSided: rapid.Bool().Draw(t, "one"), Normal: rapid.Bool().Draw(t, "normal"),
			Method: experiment.PowerMethod(rapid.IntRange(0, 2).Draw(t, "method")),
		}
		pa := rapid.Float64Range(.01, .5).Draw(t, "pa")
		pb := pa + rapid.Float64Range(.01, .4).Draw(t, "rise")
		s, err := experiment.SampleSizeProportions(pa, pb, o)
		if err != nil {
			t.Fatal(err)
		}
		if s.N >= 2 && s.N*o.Ratio >= 1 {
			near := nearTail(o)
			if p := f(experiment.PowerProportions(pa, pb, s.N, s.N*o.Ratio, near)); math.Abs(p-o.Power) > 1e-6 {
				t.Fatalf("size %v has power %v, want %v", s.N, p, o.Power)
			}
			if p := f(experiment.PowerProportions(pa, pb, s.N, s.N*o.Ratio, o)); p < o.Power-1e-6 || p > o.Power+.1 {
				t.Fatalf("size %v has power %v in both tails, want at least %v", s.N, p, o.Power)
			}
			if d := f(experiment.DetectableProportion(pa, s.N, o)); math.Abs(d-(pb-pa)) > 1e-6 {
				t.Fatalf("size %v detects %v, want %v", s.N, d, pb-pa)
			}
		}
		delta := rapid.Float64Range(.05, 2).Draw(t, "delta")
		m, err := experiment.SampleSizeMeans(-delta, 1.5, o)
		if err != nil {
			t.Fatal(err)
		}
		if m.N > 3 && m.N*o.Ratio > 3 {
			tails := o
			if o.Normal {
				tails = nearTail(o)
			}
			if p := f(experiment.PowerMeans(delta, 1.5, m.N, m.N*o.Ratio, tails)); math.Abs(p-o.Power) > 1e-6 {
				t.Fatalf("size %v has power %v, want %v", m.N, p, o.Power)
			}
			if d := f(experiment.DetectableMean(1.5, m.N, o)); math.Abs(d-delta) > 1e-5 {
				t.Fatalf("size %v detects %v, want %v", m.N, d, delta)
			}
		}
	})
	s := experiment.SampleSize{Total: 7001}
	if d, err := s.Days(1000, .5); d != 15 || err != nil {
		t.Errorf("%v days, %v", d, err)
	}
}
