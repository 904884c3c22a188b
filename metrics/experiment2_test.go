package metrics

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/testkit"
	"pgregory.net/rapid"
)

func relNear(t testing.TB, name string, got, want, tol float64) {
	t.Helper()
	if !testkit.Close(got, want, 1e-300, tol) {
		t.Errorf("%s = %.15g, want %.15g", name, got, want)
	}
}

func ok[T any](t testing.TB) func(T, error) T {
	return func(x T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
}

// The numbers of the project's definitions.
func TestPlanReference(t *testing.T) {
	f := ok[float64](t)
	n := ok[SampleSize](t)
	iv, err := (&Proportion{18, 20}).ClopperPearson(0)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "Clopper-Pearson low", iv.Low, .683017286, 5e-10) // the definitions print …287; statsmodels says .68301728598
	testkit.Near(t, "Clopper-Pearson high", iv.High, .987651473, 5e-10)
	s := n(SampleSizeProportions(.10, .12, PowerOptions{}))
	testkit.Near(t, "pooled", s.N, 3840.85, 5e-3)
	if s.Control != 3841 || s.Treatment != 3841 || s.Total != 7682 {
		t.Errorf("%+v", s)
	}
	testkit.Near(t, "unpooled", n(SampleSizeProportions(.10, .12, PowerOptions{Method: PowerUnpooled})).N, 3838.10, 5e-3)
	testkit.Near(t, "arcsine", n(SampleSizeProportions(.10, .12, PowerOptions{Method: PowerArcsine})).N, 3834.6, 5e-2)
	testkit.Near(t, "h", CohenH(.10, .12), .0639821, 5e-8)
	testkit.Near(t, "h", CohenH(.4, .5), .2013579, 5e-8)
	testkit.Near(t, "R power.prop.test", n(SampleSizeProportions(.5, .75, PowerOptions{Power: .9})).N, 76.70692, 2e-5)
	// The definitions print 39,906. Their formula, with z, gives 39,904; the
	// noncentral t gives 39,906.
	if s := n(SampleSizeMeans(.3, 10, PowerOptions{Power: .85})); s.Total != 39906 {
		t.Errorf("%+v", s)
	}
	testkit.Near(t, "z", n(SampleSizeMeans(.3, 10, PowerOptions{Power: .85, Normal: true})).N, 19951.9938, 5e-5)
	testkit.Near(t, "power", f(PowerMeans(1, 1, 30, 30, PowerOptions{})), .967708, 5e-7)
	testkit.Near(t, "power", f(PowerMeans(-.1, 1, 20, 20, PowerOptions{})), .060959, 5e-7)

	p := []float64{.01, .04, .03, .005}
	for c, want := range map[Correction][]float64{BenjaminiHochberg: {.02, .04, .04, .02}, Holm: {.03, .06, .06, .02}} {
		got := ok[[]float64](t)(AdjustPValues(p, c))
		for i := range want {
			testkit.Near(t, c.String(), got[i], want[i], 1e-15)
		}
	}

	e := ok[Effect](t)(CompareProportions(prop(t, 1396, 3000), prop(t, 2422, 3461), CompareOptions{Scale: ScaleRelative}))
	e = ok[Effect](t)(AlwaysValid(e, SequentialOptions{}))
	testkit.Near(t, "lift", e.Estimate, .503863, 5e-7)
	testkit.Near(t, "low", e.Low, .400978, 1e-6)
	testkit.Near(t, "high", e.High, .606748, 1e-6)
	l := -2 * math.Log(.05)
	testkit.Near(t, "ρ", math.Sqrt((l+math.Log(l+1))/5000), .0398401, 5e-8)

	post := ok[Posterior](t)(BayesProportions(prop(t, 40, 100), prop(t, 50, 100), BetaPrior{}, 0))
	testkit.Near(t, "P(B>A)", post.BetterB, .921426, 5e-7)

	var c CUPED
	for i, x := range []float64{1, 2, 2, 4, 4, 6} {
		if err := c.Add(float64(i+1), x); err != nil {
			t.Fatal(err)
		}
	}
	r := ok[CUPEDEffect](t)(CompareCUPED(c, c, CompareOptions{}))
	testkit.Near(t, "θ", r.Theta, .980198, 5e-7)
	testkit.Near(t, "variance", r.SE*r.SE/2*6, .265347, 5e-7)
	testkit.Near(t, "variance before", r.Unadjusted.SE*r.Unadjusted.SE/2*6, 3.5, 1e-12)
	testkit.Near(t, "ρ", math.Sqrt(r.Reduction), .961346, 5e-7)
}

type experiment2Golden struct {
	Clopper []struct {
		X, N  int64
		Level float64
		CI    [2]float64
	}
	PowerMeans []struct {
		D, NA, NB, Alpha, Power float64
		One                     bool
	} `json:"power_means"`
	SizeMeans    []struct{ D, Power, Ratio, N float64 } `json:"size_means"`
	SizeUnpooled []struct{ PA, PB, N float64 }          `json:"size_unpooled"`
	Adjust       []struct{ P, Bonferroni, Holm, Hochberg, BH, BY []float64 }
	Beta         []struct {
		Case                 [6]float64
		Better, LossA, LossB float64
		Interval             [2]float64
	}
	Cuped []struct {
		X, Y                                     [2][]float64
		Theta, Diff, T, P, Low, High, Rel, RelSE float64
	}
	Ratio []struct {
		Arms      [2][2][]float64
		Value, SE [2]float64
	}
	CupedRatio []struct {
		Arms             [2][4][]float64
		Theta, Diff, Rel float64
		SE               [2]float64
	} `json:"cuped_ratio"`
	Gauss []struct {
		In                             [4]float64
		Mean, SD, Better, LossA, LossB float64
	}
}

func TestExperiments2Golden(t *testing.T) {
	var g experiment2Golden
	testkit.Golden(t, "experiment2.json", &g)
	f := ok[float64](t)
	for _, c := range g.Clopper {
		p := prop(t, c.X, c.N)
		iv := ok[Interval](t)(p.ClopperPearson(c.Level))
		relNear(t, "Clopper-Pearson low", iv.Low, c.CI[0], 1e-8)
		relNear(t, "Clopper-Pearson high", iv.High, c.CI[1], 1e-8)
	}
	for _, c := range g.PowerMeans {
		relNear(t, "power", f(PowerMeans(c.D*3, 3, c.NA, c.NB, PowerOptions{Alpha: c.Alpha, OneSided: c.One})), c.Power, 1e-7)
	}
	for _, c := range g.SizeMeans {
		relNear(t, "size", ok[SampleSize](t)(SampleSizeMeans(c.D, 1, PowerOptions{Power: c.Power, Ratio: c.Ratio})).N, c.N, 1e-6)
	}
	for _, c := range g.SizeUnpooled {
		relNear(t, "arcsine", ok[SampleSize](t)(SampleSizeProportions(c.PA, c.PB, PowerOptions{Method: PowerArcsine})).N, c.N, 1e-5) // statsmodels counts the far tail
	}
	for _, c := range g.Adjust {
		for method, want := range map[Correction][]float64{Bonferroni: c.Bonferroni, Holm: c.Holm, Hochberg: c.Hochberg, BenjaminiHochberg: c.BH, BenjaminiYekutieli: c.BY} {
			got := ok[[]float64](t)(AdjustPValues(c.P, method))
			for i := range want {
				testkit.Near(t, method.String(), got[i], want[i], 1e-14)
			}
		}
	}
	for _, c := range g.Beta {
		a, b := prop(t, int64(c.Case[0]), int64(c.Case[1])), prop(t, int64(c.Case[2]), int64(c.Case[3]))
		p := ok[Posterior](t)(BayesProportions(a, b, BetaPrior{c.Case[4], c.Case[5]}, 0))
		testkit.Near(t, "P(B>A)", p.BetterB, c.Better, 1e-9)
		testkit.Near(t, "loss A", p.LossA, c.LossA, 1e-10)
		testkit.Near(t, "loss B", p.LossB, c.LossB, 1e-10)
		testkit.Near(t, "low", p.Low, c.Interval[0], 1e-9)
		testkit.Near(t, "high", p.High, c.Interval[1], 1e-9)
	}
	for _, c := range g.Cuped {
		var arms [2]CUPED
		for i := range arms {
			for j, y := range c.Y[i] {
				if err := arms[i].Add(y, c.X[i][j]); err != nil {
					t.Fatal(err)
				}
			}
		}
		e := ok[CUPEDEffect](t)(CompareCUPED(arms[0], arms[1], CompareOptions{}))
		for name, x := range map[string][2]float64{
			"θ": {e.Theta, c.Theta}, "difference": {e.Estimate, c.Diff}, "t": {e.Statistic, c.T},
			"p": {e.PValue, c.P}, "low": {e.Low, c.Low}, "high": {e.High, c.High},
		} {
			relNear(t, "CUPED "+name, x[0], x[1], 1e-9)
		}
		e = ok[CUPEDEffect](t)(CompareCUPED(arms[0], arms[1], CompareOptions{Scale: ScaleRelative}))
		relNear(t, "CUPED lift", e.Estimate, c.Rel, 1e-9)
		relNear(t, "CUPED lift SE", e.SE, c.RelSE, 1e-7)
	}
	for _, c := range g.Ratio {
		var arms [2]RatioMoments
		for i := range arms {
			for j, num := range c.Arms[i][0] {
				if err := arms[i].Add(num, c.Arms[i][1][j]); err != nil {
					t.Fatal(err)
				}
			}
			relNear(t, "ratio", f(arms[i].Value()), c.Value[i], 1e-12)
			relNear(t, "ratio SE", math.Sqrt(f(arms[i].Variance())), c.SE[i], 1e-7)
		}
		e := ok[Effect](t)(CompareRatios(arms[0], arms[1], CompareOptions{}))
		relNear(t, "SE of the difference", e.SE, math.Hypot(c.SE[0], c.SE[1]), 1e-7)
		e = ok[Effect](t)(CompareRatios(arms[0], arms[1], CompareOptions{Scale: ScaleRelative}))
		relNear(t, "lift", e.Estimate, c.Value[1]/c.Value[0]-1, 1e-10)
		relNear(t, "SE of the lift", e.SE, math.Hypot(c.SE[1]/c.Value[0], c.SE[0]*c.Value[1]/c.Value[0]/c.Value[0]), 1e-7)
	}
	for _, c := range g.CupedRatio {
		var arms [2]CUPEDRatio
		for i := range arms {
			for j := range c.Arms[i][0] {
				if err := arms[i].Add(c.Arms[i][0][j], c.Arms[i][1][j], c.Arms[i][2][j], c.Arms[i][3][j]); err != nil {
					t.Fatal(err)
				}
			}
		}
		e := ok[CUPEDEffect](t)(CompareCUPEDRatios(arms[0], arms[1], CompareOptions{}))
		relNear(t, "θ", e.Theta, c.Theta, 1e-9)
		relNear(t, "difference", e.Estimate, c.Diff, 1e-9)
		relNear(t, "SE", e.SE, c.SE[0], 1e-6)
		e = ok[CUPEDEffect](t)(CompareCUPEDRatios(arms[0], arms[1], CompareOptions{Scale: ScaleRelative}))
		relNear(t, "lift", e.Estimate, c.Rel, 1e-9)
		relNear(t, "SE of the lift", e.SE, c.SE[1], 1e-6)
	}
	for _, c := range g.Gauss {
		p := ok[Posterior](t)(BayesEffect(Effect{Estimate: c.In[0], SE: c.In[1], N: 9}, GaussianPrior{c.In[2], c.In[3]}))
		relNear(t, "mean", p.Estimate, c.Mean, 1e-12)
		relNear(t, "SD", p.SE, c.SD, 1e-12)
		testkit.Near(t, "P(B>A)", p.BetterB, c.Better, 1e-12)
		testkit.Near(t, "loss A", p.LossA, c.LossA, 1e-12)
		testkit.Near(t, "loss B", p.LossB, c.LossB, 1e-12)
	}
}

func TestGroupSequentialGolden(t *testing.T) {
	var g struct {
		Alpha float64
		Cases []struct {
			Spending     string
			Fractions, Z []float64
		}
		Published struct{ OBF, Pocock []float64 }
	}
	testkit.Golden(t, "groupseq.json", &g)
	for _, c := range g.Cases {
		o := GroupSequentialOptions{Alpha: g.Alpha}
		if c.Spending == "pocock" {
			o.Spending = SpendPocock
		}
		s := ok[*GroupSequential](t)(NewGroupSequential(c.Fractions, o))
		for i, l := range s.Looks() {
			testkit.Near(t, c.Spending, l.Z, c.Z[i], 1e-6)
		}
		// Over all looks the chance of a false alarm is alpha.
		p, _, err := s.Power(0)
		if err != nil {
			t.Fatal(err)
		}
		testkit.Near(t, "type I error", p, s.Looks()[len(c.Z)-1].Spent, 1e-9)
	}
	five := []float64{.2, .4, .6, .8, 1}
	for o, want := range map[GroupSequentialOptions][]float64{{}: g.Published.OBF, {Spending: SpendPocock}: g.Published.Pocock} {
		s := ok[*GroupSequential](t)(NewGroupSequential(five, o))
		for i, l := range s.Looks() {
			testkit.Near(t, "published bound", l.Z, want[i], 1.5e-4) // four digits from memory; the cases above are exact
			relNear(t, "nominal", l.Nominal, infer.NormalTwoSided(l.Z), 1e-12)
		}
		one := ok[*GroupSequential](t)(NewGroupSequential(five, GroupSequentialOptions{Alpha: .025, OneSided: true, Spending: o.Spending}))
		for i, l := range one.Looks() {
			testkit.Near(t, "published bound, one-sided", l.Z, want[i], 1.5e-4)
		}
		// The design with its inflated sample has the power it was made for.
		r := ok[float64](t)(s.Inflation(.9))
		p, fraction, err := s.Power((infer.NormalQuantile(.975) + infer.NormalQuantile(.9)) * math.Sqrt(r))
		if err != nil || r < 1 || r > 1.25 || fraction >= 1 {
			t.Errorf("inflation %v, expected fraction %v, %v", r, fraction, err)
		}
		testkit.Near(t, "power", p, .9, 1e-7)
	}
	// A single look is the usual test.
	s := ok[*GroupSequential](t)(NewGroupSequential([]float64{1}, GroupSequentialOptions{}))
	testkit.Near(t, "single look", s.Looks()[0].Z, 1.959963984540054, 1e-12)
	testkit.Near(t, "inflation", ok[float64](t)(s.Inflation(.8)), 1, 1e-4)
	for z, want := range map[float64]bool{1.95: false, 1.97: true, -2: true} {
		if got, err := s.Reject(0, Effect{Statistic: z}); got != want || err != nil {
			t.Errorf("z %v: %v, %v", z, got, err)
		}
	}
}

func TestPlanConsistent(t *testing.T) {
	f := ok[float64](t)
	rapid.Check(t, func(t *rapid.T) {
		o := PowerOptions{
			Alpha: rapid.Float64Range(.001, .2).Draw(t, "alpha"), Power: rapid.Float64Range(.5, .99).Draw(t, "power"),
			Ratio: rapid.Float64Range(.2, 5).Draw(t, "ratio"), OneSided: rapid.Bool().Draw(t, "one"), Normal: rapid.Bool().Draw(t, "normal"),
			Method: PowerMethod(rapid.IntRange(0, 2).Draw(t, "method")),
		}
		pa := rapid.Float64Range(.01, .5).Draw(t, "pa")
		pb := pa + rapid.Float64Range(.01, .4).Draw(t, "rise")
		s, err := SampleSizeProportions(pa, pb, o)
		if err != nil {
			t.Fatal(err)
		}
		if s.N >= 2 && s.N*o.Ratio >= 1 {
			if p := f(PowerProportions(pa, pb, s.N, s.N*o.Ratio, o)); math.Abs(p-o.Power) > 1e-6 {
				t.Fatalf("size %v has power %v, want %v", s.N, p, o.Power)
			}
			if d := f(DetectableProportion(pa, s.N, o)); math.Abs(d-(pb-pa)) > 1e-6 {
				t.Fatalf("size %v detects %v, want %v", s.N, d, pb-pa)
			}
		}
		delta := rapid.Float64Range(.05, 2).Draw(t, "delta")
		m, err := SampleSizeMeans(-delta, 1.5, o)
		if err != nil {
			t.Fatal(err)
		}
		if m.N > 3 && m.N*o.Ratio > 3 {
			if p := f(PowerMeans(delta, 1.5, m.N, m.N*o.Ratio, o)); math.Abs(p-o.Power) > 1e-6 {
				t.Fatalf("size %v has power %v, want %v", m.N, p, o.Power)
			}
			if d := f(DetectableMean(1.5, m.N, o)); math.Abs(d-delta) > 1e-5 {
				t.Fatalf("size %v detects %v, want %v", m.N, d, delta)
			}
		}
	})
	s := SampleSize{Total: 7001}
	if d, err := s.Days(1000, .5); d != 15 || err != nil {
		t.Errorf("%v days, %v", d, err)
	}
}

// With all denominators 1 a ratio metric is a mean.
func TestRatioIsMean(t *testing.T) {
	var m [2]Moments
	var r [2]RatioMoments
	for i := range 2 {
		for j := range 20 + 9*i {
			x := float64((j*j*7+i*5)%23) + 1
			if err := errors.Join(m[i].Add(x), r[i].Add(x, 1)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, s := range []Scale{ScaleAbsolute, ScaleRelative, ScaleRatio} {
		a := ok[Effect](t)(CompareMeans(m[0], m[1], CompareOptions{Scale: s}))
		b := ok[Effect](t)(CompareRatios(r[0], r[1], CompareOptions{Scale: s}))
		for _, x := range [][2]float64{{a.Estimate, b.Estimate}, {a.SE, b.SE}, {a.DF, b.DF}, {a.PValue, b.PValue}, {a.Low, b.Low}, {a.High, b.High}} {
			relNear(t, s.String(), x[1], x[0], 1e-10)
		}
	}
}

// Users without a pre-period stay in the test, unadjusted; a covariate without
// variance changes nothing.
func TestCUPEDMissing(t *testing.T) {
	var a, b CUPED
	var ma, mb Moments
	for i := range 30 {
		y := float64(i%7) + float64(i)/10
		for arm, c := range []*CUPED{&a, &b} {
			y := y + float64(arm*i%3)
			if err := errors.Join(c.Add(y, 5), []*Moments{&ma, &mb}[arm].Add(y)); err != nil {
				t.Fatal(err)
			}
		}
	}
	plain := ok[Effect](t)(CompareMeans(ma, mb, CompareOptions{Scale: ScaleRelative}))
	e := ok[CUPEDEffect](t)(CompareCUPED(a, b, CompareOptions{Scale: ScaleRelative}))
	if e.Theta != 0 || !testkit.Close(e.SE, plain.SE, 0, 1e-12) || !testkit.Close(e.PValue, plain.PValue, 0, 1e-9) || e.Reduction != 0 {
		t.Errorf("constant covariate: %+v, want %+v", e, plain)
	}
	// Imputing the pooled mean by hand.
	var c, d, ci, di CUPED
	pool := 0.0
	xs := [2][]float64{{1, 4, 2, 8, 5}, {3, 3, 9, 7}}
	for _, x := range xs {
		for _, v := range x {
			pool += v / 9
		}
	}
	for i, arm := range []*CUPED{&c, &d} {
		by := []*CUPED{&ci, &di}[i]
		for j, x := range xs[i] {
			y := 2*x + float64(j%2) + float64(i)
			if err := errors.Join(arm.Add(y, x), by.Add(y, x)); err != nil {
				t.Fatal(err)
			}
		}
		for j := range 3 + i {
			if err := errors.Join(arm.AddMissing(float64(4+j)), by.Add(float64(4+j), pool)); err != nil {
				t.Fatal(err)
			}
		}
	}
	got := ok[CUPEDEffect](t)(CompareCUPED(c, d, CompareOptions{}))
	if got.MissingA != 3 || got.MissingB != 4 || got.N != 16 {
		t.Errorf("%+v", got)
	}
	want := ok[CUPEDEffect](t)(CompareCUPED(ci, di, CompareOptions{}))
	if !testkit.Close(got.Theta, want.Theta, 1e-12, 1e-12) || !testkit.Close(got.SE, want.SE, 1e-12, 1e-12) || !testkit.Close(got.Estimate, want.Estimate, 1e-12, 1e-12) {
		t.Errorf("missing %+v, imputed %+v", got, want)
	}
}

func TestPlanBadInput(t *testing.T) {
	e := func(_ Effect, err error) error { return err }
	c := func(_ CUPEDEffect, err error) error { return err }
	f := func(_ float64, err error) error { return err }
	s := func(_ SampleSize, err error) error { return err }
	q := func(_ []float64, err error) error { return err }
	g := func(_ *GroupSequential, err error) error { return err }
	p := func(_ Posterior, err error) error { return err }
	iv := func(_ Interval, err error) error { return err }
	nan, inf := math.NaN(), math.Inf(1)
	var one, zeroDen, fine RatioMoments
	var flat CUPED
	var cr CUPEDRatio
	if err := errors.Join(one.Add(1, 1), zeroDen.Add(1, 0), zeroDen.Add(2, 0), fine.Add(1, 2), fine.Add(2, 2), flat.Add(1, 1), flat.Add(1, 2)); err != nil {
		t.Fatal(err)
	}
	gs := ok[*GroupSequential](t)(NewGroupSequential([]float64{1}, GroupSequentialOptions{}))
	_, rejectErr := gs.Reject(1, Effect{})
	_, rejectNaN := gs.Reject(0, Effect{Statistic: nan})
	_, daysErr := SampleSize{Total: 1}.Days(0, 1)
	_, daysShare := SampleSize{Total: 1}.Days(1, 2)
	_, _, driftErr := gs.Power(nan)
	for name, x := range map[string]struct{ got, want error }{
		"ratio NaN":              {fine.Add(nan, 1), ErrNotFinite},
		"ratio negative den":     {fine.Add(1, -1), ErrRange},
		"ratio one user":         {e(CompareRatios(one, fine, CompareOptions{})), ErrUndefined},
		"ratio no denominator":   {e(CompareRatios(zeroDen, fine, CompareOptions{})), ErrUndefined},
		"ratio level":            {e(CompareRatios(fine, fine, CompareOptions{Level: 2})), ErrOption},
		"cuped NaN":              {flat.Add(1, nan), ErrNotFinite},
		"cuped missing inf":      {flat.AddMissing(inf), ErrNotFinite},
		"cuped empty":            {c(CompareCUPED(CUPED{}, flat, CompareOptions{})), ErrUndefined},
		"cuped flat":             {c(CompareCUPED(flat, flat, CompareOptions{})), ErrUndefined},
		"cuped ratio den":        {cr.Add(1, 1, 1, -1), ErrRange},
		"cuped ratio empty":      {c(CompareCUPEDRatios(cr, cr, CompareOptions{})), ErrUndefined},
		"clopper level":          {iv((&Proportion{1, 2}).ClopperPearson(1)), ErrOption},
		"clopper empty":          {iv((&Proportion{}).ClopperPearson(0)), ErrUndefined},
		"size equal rates":       {s(SampleSizeProportions(.1, .1, PowerOptions{})), ErrUndefined},
		"size rate 0":            {s(SampleSizeProportions(0, .1, PowerOptions{})), ErrRange},
		"size alpha":             {s(SampleSizeProportions(.2, .1, PowerOptions{Alpha: 1})), ErrOption},
		"size power below alpha": {s(SampleSizeMeans(.2, 1, PowerOptions{Power: .01})), ErrOption},
		"size ratio":             {s(SampleSizeMeans(.2, 1, PowerOptions{Ratio: -1})), ErrOption},
		"size no delta":          {s(SampleSizeMeans(0, 1, PowerOptions{})), ErrUndefined},
		"size tiny delta":        {s(SampleSizeMeans(1e-200, 1, PowerOptions{})), ErrUndefined},
		"size sd":                {s(SampleSizeMeans(1, 0, PowerOptions{})), ErrRange},
		"size NaN":               {s(SampleSizeMeans(nan, 1, PowerOptions{})), ErrNotFinite},
		"power no users":         {f(PowerMeans(1, 1, 0, 5, PowerOptions{})), ErrRange},
		"power no df":            {f(PowerMeans(1, 1, 1, 1, PowerOptions{})), ErrUndefined},
		"power method":           {f(PowerProportions(.1, .2, 5, 5, PowerOptions{Method: 9})), ErrOption},
		"detectable too few":     {f(DetectableProportion(.9, 2, PowerOptions{})), ErrUndefined},
		"detectable mean no df":  {f(DetectableMean(1, 1, PowerOptions{})), ErrUndefined},
		"days rate":              {daysErr, ErrRange},
		"days share":             {daysShare, ErrRange},
		"adjust none":            {q(AdjustPValues(nil, Holm)), ErrEmpty},
		"adjust NaN":             {q(AdjustPValues([]float64{nan}, Holm)), ErrRange},
		"adjust unknown":         {q(AdjustPValues([]float64{1}, 9)), ErrOption},
		"always valid no SE":     {e(AlwaysValid(Effect{N: 3}, SequentialOptions{})), ErrRange},
		"always valid no users":  {e(AlwaysValid(Effect{SE: 3}, SequentialOptions{})), ErrRange},
		"always valid level":     {e(AlwaysValid(Effect{SE: 3, N: 3}, SequentialOptions{Level: -1})), ErrOption},
		"group no looks":         {g(NewGroupSequential(nil, GroupSequentialOptions{})), ErrEmpty},
		"group order":            {g(NewGroupSequential([]float64{.5, .5}, GroupSequentialOptions{})), ErrRange},
		"group beyond 1":         {g(NewGroupSequential([]float64{1.1}, GroupSequentialOptions{})), ErrRange},
		"group NaN":              {g(NewGroupSequential([]float64{nan}, GroupSequentialOptions{})), ErrRange},
		"group alpha":            {g(NewGroupSequential([]float64{1}, GroupSequentialOptions{Alpha: 2})), ErrOption},
		"group look":             {rejectErr, ErrRange},
		"group NaN statistic":    {rejectNaN, ErrRange},
		"group drift":            {driftErr, ErrNotFinite},
		"group power":            {f(gs.Inflation(1)), ErrRange},
		"beta prior":             {p(BayesProportions(Proportion{}, Proportion{}, BetaPrior{Alpha: -1}, 0)), ErrOption},
		"beta level":             {p(BayesProportions(Proportion{}, Proportion{}, BetaPrior{}, 3)), ErrOption},
		"gauss no SE":            {p(BayesEffect(Effect{}, GaussianPrior{})), ErrRange},
		"gauss prior":            {p(BayesEffect(Effect{SE: 1}, GaussianPrior{SD: -1})), ErrRange},
	} {
		if !errors.Is(x.got, x.want) {
			t.Errorf("%s: %v, want %v", name, x.got, x.want)
		}
	}
	// Far effects: no NaN, the whole effect is at stake.
	far := ok[Posterior](t)(BayesEffect(Effect{Estimate: -50, SE: 1}, GaussianPrior{}))
	if far.BetterB != 0 || far.LossA != 0 || far.LossB != 50 {
		t.Errorf("%+v", far)
	}
	// Two empty arms: only the prior speaks.
	none := ok[Posterior](t)(BayesProportions(Proportion{}, Proportion{}, BetaPrior{}, 0))
	testkit.Near(t, "prior alone", none.BetterB, .5, 1e-12)
	testkit.Near(t, "prior alone, loss", none.LossA, 1.0/6, 1e-12)
	adj := ok[[]Effect](t)(AdjustEffects([]Effect{{PValue: .01, Method: "z"}, {PValue: .5}}, Bonferroni))
	if adj[0].PValue != .02 || adj[0].Method != "z, p Bonferroni" {
		t.Errorf("%+v", adj)
	}
	if !slices.IsSorted([]float64{adj[0].PValue, adj[1].PValue}) {
		t.Error("order lost")
	}
}

// The closed sum and the integral agree whichever parameter is whole.
func TestBetaBelow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := betaDist{rapid.Float64Range(.5, 300).Draw(t, "a"), rapid.Float64Range(.5, 300).Draw(t, "b")}
		y := betaDist{rapid.Float64Range(.5, 300).Draw(t, "c"), rapid.Float64Range(.5, 300).Draw(t, "d")}
		q := [4]*float64{&x.a, &x.b, &y.a, &y.b}[rapid.IntRange(0, 3).Draw(t, "whole")]
		*q = math.Ceil(*q)
		if p, i := x.below(y), 1-x.differenceCDF(y, 0); math.Abs(p-i) > 1e-9 {
			t.Fatalf("sum %v, integral %v", p, i)
		}
	})
}

// The p-value of a confidence sequence is below 1−Level where its interval
// leaves out no effect, and nowhere else; without an effect it is 1.
func TestAlwaysValidDual(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := Effect{
			Scale: Scale(rapid.IntRange(0, 2).Draw(t, "scale")), Estimate: rapid.Float64Range(-4, 4).Draw(t, "estimate"),
			SE: rapid.Float64Range(.1, 2).Draw(t, "SE"), N: rapid.Int64Range(1, 1e9).Draw(t, "n"), Level: rapid.Float64Range(.5, .999).Draw(t, "level"),
		}
		got, err := AlwaysValid(e, SequentialOptions{Users: rapid.Float64Range(10, 1e8).Draw(t, "users")})
		if err != nil {
			t.Fatal(err)
		}
		null := e.Scale.Null()
		out := got.Low > null || got.High < null
		edge := math.Min(math.Abs(got.Low-null), math.Abs(got.High-null)) < 1e-9
		if out != (got.PValue < 1-got.Level) && !edge {
			t.Fatalf("%+v", got)
		}
		if q := infer.NormalQuantile((1 + e.Level) / 2); got.High-got.Low < 2*q*e.SE {
			t.Fatalf("shorter than the fixed interval: %+v", got)
		}
	})
	e := ok[Effect](t)(AlwaysValid(Effect{Estimate: .001, SE: 1, N: 4000}, SequentialOptions{}))
	testkit.Near(t, "p without effect", e.PValue, 1, 0)
}
