package infer_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/testkit"
	"pgregory.net/rapid"
)

func near(t testing.TB, name string, got, want, rel float64) {
	t.Helper()
	if !testkit.Close(got, want, 0, rel) {
		t.Errorf("%s = %.17g, want %.17g", name, got, want)
	}
}

func TestLevel(t *testing.T) {
	if l, err := infer.Level(0); l != .95 || err != nil {
		t.Errorf("level 0 is %v, %v", l, err)
	}
	if l, err := infer.Level(.9); l != .9 || err != nil {
		t.Errorf("level .9 is %v, %v", l, err)
	}
	for _, bad := range []float64{-.1, 1, 1.5, math.NaN(), math.Inf(1)} {
		if _, err := infer.Level(bad); !errors.Is(err, check.ErrOption) {
			t.Errorf("level %v: %v", bad, err)
		}
	}
}

// Closed forms: the normal tail, Student's with 1 and 2 degrees of freedom, χ²
// with 2, beta with a parameter of 1.
func TestLaws(t *testing.T) {
	near(t, "normal quantile", infer.NormalQuantile(.975), 1.959963984540054, 1e-15)
	for _, z := range []float64{-9, -1.5, 0, .3, 2, 8} {
		near(t, "two normal tails", infer.NormalTwoSided(z), 2*infer.NormalCDF(-math.Abs(z)), 1e-15)
		h := 1e-5
		if math.Abs(z) < 3 {
			near(t, "density", infer.NormalPDF(z), (infer.NormalCDF(z+h)-infer.NormalCDF(z-h))/(2*h), 1e-6)
		}
	}
	for _, x := range []float64{.1, 1, 5, 40} {
		near(t, "Cauchy tail", infer.StudentTwoSided(x, 1), 2/math.Pi*math.Atan2(1, x), 1e-13)
		near(t, "t of 2", infer.StudentTwoSided(x, 2), 2/(2+x*x+x*math.Sqrt(2+x*x)), 1e-12)
		near(t, "t of infinity", infer.StudentTwoSided(x, math.Inf(1)), infer.NormalTwoSided(x), 0)
		near(t, "χ² of 2", infer.ChiSquaredUpper(x, 2), math.Exp(-x/2), 1e-13)
		near(t, "χ² quantile", infer.ChiSquaredQuantile(-math.Expm1(-x/2), 2), x, 1e-8)
	}
	for _, p := range []float64{.01, .3, .5, .975} {
		near(t, "Cauchy quantile", infer.StudentQuantile(p, 1), math.Tan(math.Pi*(p-.5)), 1e-9)
		near(t, "quantile of infinity", infer.StudentQuantile(p, math.Inf(1)), infer.NormalQuantile(p), 0)
		near(t, "quantile of many", infer.StudentQuantile(p, 2e8), infer.NormalQuantile(p), 1e-8)
		near(t, "and back", infer.StudentTwoSided(infer.StudentQuantile(p, 2e8), 2e8), 2*min(p, 1-p), 1e-12)
	}
}

// binomialUpper returns P(X >= x) of n trials at the rate p.
func binomialUpper(x, n int, p float64) float64 {
	sum, term := 0.0, math.Pow(1-p, float64(n))
	for i := range n + 1 {
		if i >= x {
			sum += term
		}
		term *= float64(n-i) / float64(i+1) * p / (1 - p)
	}
	return sum
}

func TestProportion(t *testing.T) {
	// By definition: at its ends, what was seen and beyond is as likely as a tail.
	low, high := infer.ClopperPearson(5, 20, .9)
	near(t, "Clopper–Pearson low", binomialUpper(5, 20, low), .05, 1e-10)
	near(t, "Clopper–Pearson high", 1-binomialUpper(6, 20, high), .05, 1e-10)
	for _, n := range []float64{1, 7, 1e9} {
		if low, high := infer.Wilson(0, n, .9); low != 0 || !(high > 0 && high < 1) {
			t.Errorf("0 of %v: %v to %v", n, low, high)
		}
		if low, high := infer.Wilson(1, n, .9); high != 1 || !(low > 0 && low < 1) {
			t.Errorf("%v of %v: %v to %v", n, n, low, high)
		}
		if low, high := infer.ClopperPearson(0, n, .9); low != 0 || !(high > 0 && high < 1) {
			t.Errorf("exact: 0 of %v: %v to %v", n, low, high)
		}
		if low, high := infer.ClopperPearson(n, n, .9); high != 1 || !(low > 0 && low < 1) {
			t.Errorf("exact: %v of %v: %v to %v", n, n, low, high)
		}
	}
	if infer.WilsonLow(0, 10, .95) != 0 {
		t.Error("lower end of nothing")
	}
	// 1e-9 of an event in 10: (mid−half) has no digit left.
	near(t, "tiny", infer.WilsonLow(1e-10, 10, .95), 1e-20/(2e-10+3.841458820694124/10), 1e-9)
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 1_000_000).Draw(t, "n")
		x := rapid.IntRange(0, n).Draw(t, "x")
		level := rapid.Float64Range(.5, .999).Draw(t, "level")
		rate := float64(x) / float64(n)
		low, high := infer.Wilson(rate, float64(n), level)
		if !(low <= rate && rate <= high && low >= 0 && high <= 1) {
			t.Fatalf("%v outside %v to %v", rate, low, high)
		}
		if got := infer.WilsonLow(rate, float64(n), level); !testkit.Close(got, low, 1e-15, 1e-9) {
			t.Fatalf("lower end %v and %v", got, low)
		}
		// Each bound is the rate whose score test just rejects the one seen.
		z := infer.NormalQuantile((1 + level) / 2)
		for _, b := range []float64{low, high} {
			if b > 0 && b < 1 {
				if got := math.Abs(rate-b) / math.Sqrt(b*(1-b)/float64(n)); !testkit.Close(got, z, 0, 1e-6) {
					t.Fatalf("bound %v is %v standard errors away, want %v", b, got, z)
				}
			}
		}
	})
}

// The beta law against closed forms and against itself on both sides of where the method
// changes; far more trials than gonum can do.
func TestBeta(t *testing.T) {
	for _, x := range []float64{1e-9, .01, .3, .9} {
		near(t, "beta(1, 7)", infer.BetaCDF(1, 7, x), -math.Expm1(7*math.Log1p(-x)), 1e-13)
		near(t, "beta(2e5, 1)", infer.BetaCDF(2e5, 1, math.Exp(-x*1e-4)), math.Exp(-20*x), 1e-11)
		near(t, "beta(1, 1e15)", infer.BetaCDF(1, 1e15, x*1e-15), -math.Expm1(-x), 1e-11)
	}
	for _, a := range []float64{.5, 3, 40, 700, 49_000} {
		b := 99_999.5 - a
		x := a / (a + b) * 1.01
		near(t, "just below", infer.BetaCDF(a, b, x), infer.Beta{A: a, B: b}.Mean(x, func(p float64) float64 {
			if p <= x {
				return 1
			}
			return 0
		}), 1e-8)
		near(t, "just above", infer.BetaCDF(a, b+1, x), infer.BetaCDF(a, b, x), 1e-2)
	}
	// Far out both tails keep their digits.
	near(t, "mirror", infer.BetaCDF(5e9, 5e9, .50001)+infer.BetaCDF(5e9, 5e9, .49999), 1, 1e-11)
	near(t, "two sd", infer.BetaCDF(5e13, 5e13, .5-1e-7), infer.NormalCDF(-2), 1e-9)
	for _, b := range []float64{.5, 2, 30} {
		l, _ := math.Lgamma(b)
		near(t, "ln B", infer.LogBeta(1e12, b), l-b*math.Log(1e12+(b-1)/2), 1e-12)
	}
}

func TestEstimate(t *testing.T) {
	low, high, stat, p := infer.Estimate(3, 2, 1, .95, math.Inf(1), 1)
	near(t, "low", low, 3-2*1.959963984540054, 1e-15)
	near(t, "high", high, 3+2*1.959963984540054, 1e-15)
	near(t, "statistic", stat, 1, 0)
	near(t, "p", p, .31731050786291415, 1e-14)
	wlow, whigh, wstat, wp := infer.Estimate(3, 2, 1, .95, 5, 1.5)
	slow, shigh, sstat, sp := infer.Estimate(3, 3, 1, .95, 5, 1)
	near(t, "widened low", wlow, slow, 1e-15)
	near(t, "widened high", whigh, shigh, 1e-15)
	near(t, "widened p", wp, sp, 1e-14)
	if wstat != stat || sstat == stat {
		t.Errorf("statistics %v and %v", wstat, sstat)
	}
	for _, c := range []struct {
		a, b, seA, seB float64
		ratio          bool
		want, se       float64
	}{
		{10, 12, .5, .6, false, .2, math.Sqrt(.36/100 + .25*144/1e4)},
		{10, 12, .5, .6, true, 1.2, math.Sqrt(.36/100 + .25*144/1e4)},
		{-10, -12, 0, .6, false, -.2, .06},
	} {
		got, se := infer.Relative(c.a, c.b, c.seA, c.seB, c.ratio)
		near(t, "relative", got, c.want, 1e-14)
		near(t, "its standard error", se, c.se, 1e-14)
	}
}

func TestWelchDF(t *testing.T) {
	near(t, "equal", infer.WelchDF(2, 10, 2, 10), 18, 1e-14)
	near(t, "one arm", infer.WelchDF(0, 3, 5, 8), 7, 1e-14)
	near(t, "huge", infer.WelchDF(1e308, 10, 1e308, 10), 18, 1e-14)
	near(t, "tiny", infer.WelchDF(1e-300, 10, 1e-300, 10), 18, 1e-14)
}

// ClusterLaw against the traces of dense matrices; equal shares are the textbook
// case.
func TestClusterLawProp(t *testing.T) {
	for _, g := range []int{2, 5, 40} {
		w := slices.Repeat([]float64{1 / float64(g)}, g)
		f, df := infer.ClusterLaw(w)
		near(t, "factor", f, 1, 1e-12)
		near(t, "df", df, float64(g-1), 1e-10)
	}
	rapid.Check(t, func(t *rapid.T) {
		w := rapid.SliceOfN(rapid.Float64Range(.01, 1), 2, 9).Draw(t, "shares")
		sum := 0.0
		for _, x := range w {
			sum += x
		}
		n := len(w)
		truth := 0.0
		for i := range w {
			w[i] /= sum
			truth += w[i] * w[i]
		}
		m := make([][]float64, n) // of the quadratic form in the cluster means
		for i := range m {
			m[i] = make([]float64, n)
			for j := range n {
				for k := range n { // mean k less the overall mean
					a, b := -w[i], -w[j]
					if i == k {
						a++
					}
					if j == k {
						b++
					}
					m[i][j] += a * w[k] * w[k] * b
				}
			}
		}
		trace, square := 0.0, 0.0
		for i := range m {
			trace += m[i][i]
			for j := range m {
				square += m[i][j] * m[j][i]
			}
		}
		f, df := infer.ClusterLaw(w)
		wantF, wantDF := truth/trace*float64(n-1)/float64(n), math.Max(trace*trace/square, 1)
		if math.Abs(f/wantF-1) > 1e-9 || math.Abs(df/wantDF-1) > 1e-8 {
			t.Fatalf("factor %v, df %v, want %v, %v", f, df, wantF, wantDF)
		}
	})
}

func TestQuantile(t *testing.T) {
	xs := []float64{1, 2, 4, 8}
	for _, c := range []struct{ p, want float64 }{{0, 1}, {.25, 1.75}, {.5, 3}, {.9, 6.8}, {1, 8}} {
		near(t, "quantile", infer.Quantile(xs, c.p), c.want, 1e-15)
	}
	if got := infer.Quantile([]float64{7}, .3); got != 7 {
		t.Errorf("of one value %v", got)
	}
	big := math.MaxFloat64
	if got := infer.Quantile([]float64{-big, big}, .5); got != 0 {
		t.Errorf("across the whole range %v", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		xs := rapid.SliceOfN(rapid.OneOf(rapid.Float64Range(-1e3, 1e3), rapid.SampledFrom([]float64{0, .1, .3})), 1, 20).Draw(t, "values")
		slices.Sort(xs)
		p, q := rapid.Float64Range(0, 1).Draw(t, "p"), rapid.Float64Range(0, 1).Draw(t, "q")
		p, q = min(p, q), max(p, q)
		x, y := infer.Quantile(xs, p), infer.Quantile(xs, q)
		if !(xs[0] <= x && x <= y && y <= xs[len(xs)-1]) {
			t.Fatalf("quantiles %v and %v of %v", x, y, xs)
		}
		i := int(p * float64(len(xs)-1))
		if i+1 < len(xs) && xs[i] == xs[i+1] && x != xs[i] {
			t.Fatalf("between two values of %v it is %v", xs[i], x)
		}
	})
}

// Quantiles of Snedecor's law by scipy.stats.f.ppf 1.17.1, and its symmetry.
func TestFQuantile(t *testing.T) {
	testkit.Near(t, "F", infer.FQuantile(0.975, 4, 8), 5.052632217363513, 1e-10*5.052632217363513)
	testkit.Near(t, "F", infer.FQuantile(0.025, 4, 8), 0.11136377801442858, 1e-10*0.11136377801442858)
	testkit.Near(t, "F", infer.FQuantile(0.5, 199, 1791), 0.9970231064478291, 1e-10*0.9970231064478291)
	testkit.Near(t, "F", infer.FQuantile(0.95, 29, 29), 1.8608114354760754, 1e-10*1.8608114354760754)
	testkit.Near(t, "F", infer.FQuantile(0.001, 3, 100), 0.008060042111631855, 1e-10*0.008060042111631855)
	testkit.Near(t, "F", infer.FQuantile(0.999999, 2, 5), 625.4716078701722, 1e-10*625.4716078701722)
	testkit.Near(t, "the other side", infer.FQuantile(.9, 7, 3)*infer.FQuantile(.1, 3, 7), 1, 1e-13)
}
