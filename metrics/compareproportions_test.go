package metrics_test

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
)

// The score intervals of statsmodels 0.15.0, confint_proportions_2indep(y, m, x, n,
// compare=…, method="score", correction=False). Those of the difference are of scipy 1.17.1:
// z with the likelihood maximised by minimize_scalar, its roots by brentq.
func TestScoreIntervalGolden(t *testing.T) {
	for _, c := range []struct {
		x, n, y, m int64
		scale      metrics.Scale
		low, high  float64
	}{
		{400, 10000, 470, 10000, metrics.ScaleAbsolute, 0.0013487008237153362, 0.012675421062922515},
		{400, 10000, 470, 10000, metrics.ScaleRatio, 1.0314429064658341, 1.3385805255161587},
		{400, 10000, 470, 10000, metrics.ScaleOdds, 1.0328991350329417, 1.3563581364205435},
		{30, 1000, 350, 9000, metrics.ScaleRatio, 0.9016234217766922, 1.8702031675615498},
		{30, 1000, 350, 9000, metrics.ScaleOdds, 0.8977602724940104, 1.9064676533544143},
		{12, 120, 61, 80, metrics.ScaleAbsolute, 0.5433999079065438, 0.7569857630884687},
		{12, 120, 61, 80, metrics.ScaleRatio, 4.498971155353579, 13.275435094572398},
		{12, 120, 61, 80, metrics.ScaleOdds, 13.217561318529368, 63.11949551820918},
		{38, 50, 15, 45, metrics.ScaleRatio, 0.27497699372742673, 0.6598507973359027},
		{38, 50, 15, 45, metrics.ScaleOdds, 0.06486679340985281, 0.3844169082210605},
		{10, 1000, 0, 1000, metrics.ScaleRatio, 0, 0.3830805674998708},
	} {
		e := ok[metrics.Effect](t)(metrics.CompareProportions(proportion(c.x, c.n), proportion(c.y, c.m), metrics.CompareOptions{Scale: c.scale, Inference: metrics.InferScore}))
		testkit.Near(t, c.scale.String()+" low", e.Low, c.low, 1e-8*math.Max(1, c.low))
		testkit.Near(t, c.scale.String()+" high", e.High, c.high, 1e-8*math.Max(1, c.high))
	}
}

// Nobody converts in treatment. Fisher's p by scipy 1.17.1, fisher_exact([[10, 990],
// [0, 1000]]); the intervals are closed forms: of ten conversions none is the treatment's.
func TestNobodyConverts(t *testing.T) {
	a, b := proportion(10, 1000), proportion(0, 1000)
	share := 1 - math.Pow(.05, .1) // mid-p: ½(1−θ)^10 = .025
	for scale, want := range map[metrics.Scale][2]float64{
		metrics.ScaleRatio:    {0, share / (1 - share)},
		metrics.ScaleRelative: {-1, share/(1-share) - 1},
	} {
		e := ok[metrics.Effect](t)(metrics.CompareProportions(a, b, metrics.CompareOptions{Scale: scale}))
		testkit.Near(t, "p", e.PValue, 0.0019094651653416143, 1e-12)
		testkit.Near(t, "low", e.Low, want[0], 1e-12)
		testkit.Near(t, "high", e.High, want[1], 1e-9)
		if !(e.SE > 0) || e.Estimate != want[0] {
			t.Errorf("%v", e)
		}
	}
	e := ok[metrics.Effect](t)(metrics.CompareProportions(a, b, metrics.CompareOptions{Scale: metrics.ScaleRelative, Inference: metrics.InferScore}))
	testkit.Near(t, "pooled z", e.PValue, 0.0015232716, 1e-9)
	few := ok[metrics.Effect](t)(metrics.CompareProportions(proportion(3, 10), proportion(0, 10), metrics.CompareOptions{Scale: metrics.ScaleRelative}))
	testkit.Near(t, "3 of 10 against none", few.PValue, 4.0/19, 1e-12)
	if few.Significant() || few.High < 0 {
		t.Errorf("%v", few)
	}
	one := ok[metrics.Effect](t)(metrics.CompareProportions(proportion(1, 1), proportion(0, 1), metrics.CompareOptions{}))
	if one.PValue != 1 || one.Low != -1 || one.High < 0 {
		t.Errorf("%v", one)
	}
	none := ok[metrics.Effect](t)(metrics.CompareProportions(proportion(0, 1000), proportion(0, 1000), metrics.CompareOptions{}))
	testkit.Near(t, "nobody at all", none.High, 1-math.Pow(.025, 1e-3), 1e-12)
	if none.PValue != 1 || none.Estimate != 0 {
		t.Errorf("%v", none)
	}
}

// The interval contains the estimate, lies in the range of its scale, and that of the
// score test leaves no effect out exactly where the test rejects it; to exchange arms turns
// difference and odds round.
func TestCompareProportionsProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, m := rapid.Int64Range(1, 3000).Draw(t, "n"), rapid.Int64Range(1, 3000).Draw(t, "m")
		x, y := rapid.Int64Range(0, n).Draw(t, "x"), rapid.Int64Range(0, m).Draw(t, "y")
		opt := metrics.CompareOptions{
			Scale: metrics.Scale(rapid.IntRange(0, 3).Draw(t, "scale")), Level: rapid.SampledFrom([]float64{.8, .95, .99}).Draw(t, "level"),
			Inference: metrics.Inference(rapid.IntRange(0, 3).Draw(t, "inference")),
		}
		e, err := metrics.CompareProportions(proportion(x, n), proportion(y, m), opt)
		if err != nil {
			if opt.Scale == metrics.ScaleAbsolute || x > 0 && (y < m || opt.Scale != metrics.ScaleOdds) {
				t.Fatal(err)
			}
			return
		}
		lowest := map[metrics.Scale]float64{metrics.ScaleAbsolute: -1, metrics.ScaleRelative: -1}[opt.Scale]
		eps := 1e-9 * math.Max(1, math.Abs(e.Estimate))
		if !(e.Low >= lowest && e.Low <= e.Estimate+eps && e.Estimate <= e.High+eps && e.High > e.Low) || !(e.SE > 0) || !(e.PValue >= 0 && e.PValue <= 1) {
			t.Fatalf("%d of %d, %d of %d: %v", x, n, y, m, e)
		}
		if null := opt.Scale.Null(); opt.Inference == metrics.InferScore && len(e.Warnings) == 0 &&
			math.Abs(e.PValue-(1-e.Level)) > 1e-9 && e.Significant() != (null < e.Low || null > e.High) {
			t.Fatalf("p %v beside %v to %v", e.PValue, e.Low, e.High)
		}
		back, err := metrics.CompareProportions(proportion(y, m), proportion(x, n), opt)
		if err == nil && opt.Scale == metrics.ScaleAbsolute && math.Abs(back.Low+e.High) > 1e-9 {
			t.Fatalf("%v and %v", e, back)
		}
		if err == nil && opt.Scale == metrics.ScaleOdds && math.Abs(back.Low*e.High-1) > 1e-9 {
			t.Fatalf("%v and %v", e, back)
		}
	})
}

// Beyond 1e9 trials: values of scipy 1.17.1, beta.ppf(.025, x, n-x+1) and beta.ppf(.975,
// x+1, n-x), and, where scipy fails, mpmath or a closed form.
func TestManyTrials(t *testing.T) {
	for _, c := range []struct {
		x, n      int64
		low, high float64
	}{
		{5e9, 1e10, 0.4999902001300785, 0.5000097998699216},
		{123456, 1e6, 0.12281184162962973, 0.12410234027680268},
	} {
		p := proportion(c.x, c.n)
		iv := ok[metrics.Interval](t)(p.ClopperPearson(.95))
		testkit.Near(t, "low", iv.Low, c.low, 1e-10)
		testkit.Near(t, "high", iv.High, c.high, 1e-10)
	}
	// Few of many: the law of Poisson, whose quantiles are half those of χ².
	p := proportion(3, 1e15)
	iv := ok[metrics.Interval](t)(p.ClopperPearson(.95))
	testkit.Near(t, "low of 3", iv.Low*1e15, infer.ChiSquaredQuantile(.025, 6)/2, 1e-8)
	testkit.Near(t, "high of 3", iv.High*1e15, infer.ChiSquaredQuantile(.975, 8)/2, 1e-8)
	// Elsewhere that of Wilson, to the order of 1/n.
	for _, n := range []int64{1e11, 1e13, 1e15, 1e17} {
		for _, rate := range []float64{.01, .5, .93} {
			p := proportion(int64(rate*float64(n)), n)
			for _, level := range []float64{.5, .95, .999} {
				exact, wilson := ok[metrics.Interval](t)(p.ClopperPearson(level)), ok[metrics.Interval](t)(p.Wilson(level))
				width := wilson.High - wilson.Low
				if !(exact.Low < exact.High) || math.Abs((exact.High-exact.Low)/width-1) > 1e-4 {
					t.Errorf("%v of %d at %v: %v, Wilson %v", rate, n, level, exact, wilson)
				}
			}
		}
	}
	for _, n := range []int64{1e8, 1e12, 1e15} {
		// C(n,4)/C(2n,4) and its mirror: 1/8 in the limit.
		e := infer.FisherExact(0, n, 4, n)
		testkit.Near(t, "Fisher", e, .125, 1e-7)
	}
	a, b := ok[metrics.Moments](t)(metrics.NewMoments(1e15, 0, 1)), ok[metrics.Moments](t)(metrics.NewMoments(1e15, 1.96*math.Sqrt(2e-15), 1))
	testkit.Near(t, "Welch", ok[metrics.Effect](t)(metrics.CompareMeans(a, b, metrics.CompareOptions{})).PValue, infer.NormalTwoSided(1.96), 1e-10)
}

// Who asks for the score test gets its p-value for small counts too, beside the interval that
// inverts it: p < 1−Level exactly where the interval leaves no effect out. By hand: pooled z² of
// 0 of 37 and 4 of 37 is 74·16/(4·70) = 4.22857…, p 0.0397 (scipy 1.17.1, norm.sf).
func TestScoreIsScore(t *testing.T) {
	of := func(x, n int64) metrics.Proportion {
		p, err := metrics.NewProportion(x, n)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	for _, how := range []metrics.Inference{metrics.InferScore, metrics.InferWald} {
		e, err := metrics.CompareProportions(of(0, 37), of(4, 37), metrics.CompareOptions{Inference: how})
		if err != nil || math.Abs(e.PValue-0.03974888325503699) > 1e-12 {
			t.Errorf("%v: %+v, %v", how, e, err)
		}
	}
	for x := range int64(13) {
		for y := range int64(13) {
			for _, scale := range []metrics.Scale{metrics.ScaleAbsolute, metrics.ScaleRelative, metrics.ScaleRatio, metrics.ScaleOdds} {
				e, err := metrics.CompareProportions(of(x, 37), of(y, 111), metrics.CompareOptions{Scale: scale, Inference: metrics.InferScore})
				if err != nil {
					continue // no conversion below the line
				}
				null := map[bool]float64{false: 0, true: 1}[scale == metrics.ScaleRatio || scale == metrics.ScaleOdds]
				if out := e.Low > null || e.High < null; out != (e.PValue < .05) && math.Abs(e.PValue-.05) > .002 {
					t.Errorf("%d/37, %d/111, %v: p %v beside %v to %v", x, y, scale, e.PValue, e.Low, e.High)
				}
			}
		}
	}
}

// Equal rates are one question whatever the scale of the interval. Golden values of scipy
// 1.17.1, fisher_exact, and of the pooled z: norm.sf(|z|)·2.
func TestRatesShareOneP(t *testing.T) {
	for _, c := range []struct {
		x, n, y, m int64
		p          float64
	}{
		{16, 225, 25, 801, 0.0069363263373459},  // the ratio's interval is still mid-p
		{13, 348, 58, 1460, 0.8379490844072908}, // likewise
		{4, 100, 11, 101, 0.10473387496005565},  // Fisher
		{30, 33, 40, 40, 0.08772268313074795},   // Fisher: three did not convert
	} {
		a, b := rate(t, c.x, c.n), rate(t, c.y, c.m)
		for s := metrics.ScaleAbsolute; s <= metrics.ScaleOdds; s++ {
			e, err := metrics.CompareProportions(a, b, metrics.CompareOptions{Scale: s})
			if s == metrics.ScaleOdds && c.y == c.m {
				continue // ErrUndefined
			}
			if err != nil || math.Abs(e.PValue-c.p) > 1e-12 {
				t.Errorf("%d/%d, %d/%d, %v: p %v %v, want %v", c.x, c.n, c.y, c.m, s, e.PValue, err, c.p)
			}
		}
	}
}

// The delta method knows no standard error of odds that are 0 or infinite: that is
// ErrUndefined, not an interval of NaN.
func TestWaldOddsWithoutError(t *testing.T) {
	for _, c := range [][4]int64{{9, 5000, 0, 5000}, {9, 9, 8, 9}, {1, 1, 0, 1}, {100_000, 100_000, 99_995, 100_000}} {
		opt := metrics.CompareOptions{Scale: metrics.ScaleOdds, Inference: metrics.InferWald}
		if e, err := metrics.CompareProportions(rate(t, c[0], c[1]), rate(t, c[2], c[3]), opt); !errors.Is(err, metrics.ErrUndefined) {
			t.Errorf("%v: %v %v", c, e, err)
		}
	}
}

func rate(t *testing.T, successes, n int64) metrics.Proportion {
	t.Helper()
	p, err := metrics.NewProportion(successes, n)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
