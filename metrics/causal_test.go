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

type causalGolden struct {
	Cluster struct {
		G, T     []int
		Y        []float64
		Diff, SE float64
	}
	Did struct {
		Unit, Post, Treated []int
		Y                   []float64
		Diff, SE            float64
	}
	Its []struct {
		Y             []float64
		At, Lags      int
		Params, SE, P []float64
		CI            [4][2]float64
	}
	AR1 []struct {
		Y       []float64
		At      int
		Rho     float64
		Params  []float64
		Effects [2][5]float64 // estimate, SE, low, high, p
	}
	Q struct {
		Est, SE    []float64
		Mean, Q, P float64
	}
	Winsor struct {
		A, B      []float64
		Cap, T, P float64
	}
}

func TestCausalGolden(t *testing.T) {
	var g causalGolden
	testkit.Golden(t, "causal.json", &g)
	var arms [2]Clusters[int]
	for i, y := range g.Cluster.Y {
		if err := arms[g.Cluster.T[i]].Add(g.Cluster.G[i], y); err != nil {
			t.Fatal(err)
		}
	}
	e := ok[Effect](t)(CompareClusters(&arms[0], &arms[1], CompareOptions{}))
	relNear(t, "cluster difference", e.Estimate, g.Cluster.Diff, 1e-10)
	relNear(t, "cluster SE", e.SE, g.Cluster.SE, 1e-10)
	if !slices.Contains(e.Warnings, WarnFewClusters) || e.N != int64(len(g.Cluster.Y)) {
		t.Errorf("%+v", e)
	}

	var d DiffInDiff[int]
	for i, y := range g.Did.Y {
		if err := d.Add(g.Did.Unit[i], g.Did.Treated[i] == 1, g.Did.Post[i] == 1, y); err != nil {
			t.Fatal(err)
		}
	}
	e = ok[Effect](t)(d.Result(CompareOptions{}))
	relNear(t, "DiD", e.Estimate, g.Did.Diff, 1e-9)
	relNear(t, "DiD SE", e.SE, g.Did.SE, 1e-9)

	for _, c := range g.AR1 {
		r := ok[Interrupted](t)(InterruptedSeries(c.Y, c.At, InterruptedOptions{}))
		relNear(t, "ρ", r.Rho, c.Rho, 1e-6)
		relNear(t, "intercept", r.Intercept, c.Params[0], 1e-6)
		relNear(t, "trend", r.Trend, c.Params[1], 1e-6)
		for i, x := range []Effect{r.Level, r.Slope} {
			for j, y := range [5]float64{x.Estimate, x.SE, x.Low, x.High, x.PValue} {
				relNear(t, x.Method+[5]string{": estimate", ": SE", ": low", ": high", ": p"}[j], y, c.Effects[i][j], [5]float64{1e-4, 1e-3, 1e-3, 1e-3, 1e-2}[j]) // a grid of 96 points against 4000
			}
		}
	}
	for _, c := range g.Its {
		lags := c.Lags
		if lags == 0 {
			lags = -1
		}
		r := ok[Interrupted](t)(InterruptedSeries(c.Y, c.At, InterruptedOptions{Errors: ErrorsNeweyWest, Lags: lags}))
		relNear(t, "intercept", r.Intercept, c.Params[0], 1e-9)
		relNear(t, "trend", r.Trend, c.Params[1], 1e-9)
		for i, x := range []Effect{r.Level, r.Slope} {
			relNear(t, "estimate", x.Estimate, c.Params[2+i], 1e-8)
			relNear(t, "SE", x.SE, c.SE[2+i], 1e-8)
			// The peer's p-value and interval take n−4 degrees of freedom; ours are wider.
			df := float64(len(c.Y) - 4)
			relNear(t, "p", infer.StudentTwoSided(x.Statistic, df), c.P[2+i], 1e-6)
			relNear(t, "low", x.Estimate-infer.StudentQuantile(.975, df)*x.SE, c.CI[2+i][0], 1e-7)
			if !(x.Low < c.CI[2+i][0] && x.High > c.CI[2+i][1] && x.PValue > c.P[2+i] && x.DF < df) {
				t.Errorf("corrected interval %v to %v, p %v", x.Low, x.High, x.PValue)
			}
		}
		m := 0.0
		for i := c.At; i < len(c.Y); i++ {
			m += (c.Y[i] - r.Counterfactual[i-c.At]) / float64(len(c.Y)-c.At)
		}
		relNear(t, "average effect", r.Average.Estimate, m, 1e-9)
		relNear(t, "average by means", r.Average.MeanB-r.Average.MeanA, m, 1e-9)
	}

	var effects []Effect
	for i, x := range g.Q.Est {
		e := Effect{Estimate: x, SE: g.Q.SE[i]}
		e.Infer(.95, math.Inf(1))
		effects = append(effects, e)
	}
	h := ok[Heterogeneity](t)(CompareSegments(effects, Holm))
	relNear(t, "pooled", h.Pooled.Estimate, g.Q.Mean, 1e-12)
	relNear(t, "Q", h.Q, g.Q.Q, 1e-12)
	relNear(t, "p", h.PValue, g.Q.P, 1e-9)
	if h.I2 != 1-3/h.Q || h.Adjusted[2] != 4*effects[2].PValue {
		t.Errorf("%+v", h)
	}

	w := ok[WinsorEffect](t)(CompareWinsorized(g.Winsor.A, g.Winsor.B, WinsorOptions{Quantile: .95}))
	relNear(t, "cap", w.Cap, g.Winsor.Cap, 1e-12)
	relNear(t, "t", w.Statistic, g.Winsor.T, 1e-10)
	relNear(t, "p", w.PValue, g.Winsor.P, 1e-8)
	removed := 0.0
	for _, x := range g.Winsor.A {
		removed += math.Max(x-w.Cap, 0)
	}
	relNear(t, "removed", w.RemovedA, removed, 1e-12)
	if w.CappedA+w.CappedB != 9 {
		t.Errorf("%d and %d values capped", w.CappedA, w.CappedB)
	}
}

// With one value before and one after, differences in differences are Welch's
// test on the changes.
func TestDiffInDiffIsWelch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var d DiffInDiff[int]
		var m [2]Moments
		for u := range rapid.IntRange(6, 30).Draw(t, "units") {
			a, b := rapid.Float64Range(-9, 9).Draw(t, "before"), rapid.Float64Range(-9, 9).Draw(t, "after")
			if err := errors.Join(d.Add(u, u%2 == 1, false, a), d.Add(u, u%2 == 1, true, b), m[u%2].Add(b-a)); err != nil {
				t.Fatal(err)
			}
		}
		want, err := CompareMeans(m[0], m[1], CompareOptions{})
		if err != nil || want.SE < 1e-6 {
			return
		}
		got, err := d.Result(CompareOptions{})
		if err != nil || !testkit.Close(got.Estimate, want.Estimate, 1e-9, 1e-9) || !testkit.Close(got.SE, want.SE, 0, 1e-7) || !testkit.Close(got.DF, want.DF, 0, 1e-6) {
			t.Fatalf("%+v, want %+v, %v", got, want, err)
		}
	})
}

// The gradient of the relative effect, checked by leaving units out one by one
// (jackknife), which needs no formula.
func TestDiffInDiffRelative(t *testing.T) {
	for _, shift := range []float64{40, -40} {
		type obs struct {
			u       int
			t, post bool
			y       float64
		}
		var all []obs
		for u := range 60 {
			for p := range 4 {
				y := shift + float64((u*u*7+p*5)%11) + float64((u*13)%17)/3
				if u%2 == 1 && p >= 2 {
					y += 6
				}
				all = append(all, obs{u, u%2 == 1, p >= 2, y})
			}
		}
		run := func(skip int) float64 {
			var d DiffInDiff[int]
			for _, o := range all {
				if o.u != skip {
					if err := d.Add(o.u, o.t, o.post, o.y); err != nil {
						t.Fatal(err)
					}
				}
			}
			e := ok[Effect](t)(d.Result(CompareOptions{Scale: ScaleRelative}))
			if skip < 0 {
				return e.SE
			}
			return e.Estimate
		}
		var m Moments
		for u := range 60 {
			if err := m.Add(run(u)); err != nil {
				t.Fatal(err)
			}
		}
		v, _ := m.Variance()
		relNear(t, "jackknife SE", run(-1), math.Sqrt(v*59*59/60), .03)
	}
}

func TestClustersMerge(t *testing.T) {
	testkit.Laws[*Clusters[int]]{
		Empty: func() *Clusters[int] { return &Clusters[int]{} },
		Add: func(t *rapid.T) func(*Clusters[int]) {
			k, y := rapid.IntRange(0, 5).Draw(t, "cluster"), value().Draw(t, "y")
			return func(c *Clusters[int]) {
				if err := c.Add(k, y); err != nil {
					t.Fatal(err)
				}
			}
		},
		Merge: func(a, b *Clusters[int]) error { return a.Merge(b) },
		Result: func(c *Clusters[int]) []float64 {
			out := testkit.Numbers(c.N(), c.Clusters())
			for k := range 6 {
				out = append(out, float64(c.m[k].n), c.m[k].sum)
			}
			return out
		},
		Tol: 1e-9,
	}.Check(t)
}

func TestDiffInDiffMerge(t *testing.T) {
	testkit.Laws[*DiffInDiff[int]]{
		Empty: func() *DiffInDiff[int] { return &DiffInDiff[int]{} },
		Add: func(t *rapid.T) func(*DiffInDiff[int]) {
			u, tr, post, y := rapid.IntRange(0, 4).Draw(t, "unit"), rapid.Bool().Draw(t, "treated"), rapid.Bool().Draw(t, "post"), value().Draw(t, "y")
			return func(d *DiffInDiff[int]) {
				if err := d.Add(u, tr, post, y); err != nil {
					t.Fatal(err)
				}
			}
		},
		Merge: func(a, b *DiffInDiff[int]) error { return a.Merge(b) },
		Result: func(d *DiffInDiff[int]) []float64 {
			out := testkit.Numbers(d.Excluded())
			for u := range 5 {
				x := d.m[u]
				out = append(out, float64(x.n[0]), float64(x.n[1]), x.sum[0], x.sum[1])
			}
			return out
		},
		Tol: 1e-9,
	}.Check(t)
}

func TestCounterfactual(t *testing.T) {
	actual, forecast, se := []float64{12, 15, 9}, []float64{10, 10, 10}, []float64{1, 2, 3}
	for rho, want := range map[float64]float64{0: 14, .5: 14 + 2*(1*2*.5+2*3*.5+1*3*.25), 1: 36} {
		r := ok[CounterfactualEffect](t)(Counterfactual(actual, forecast, se, CounterfactualOptions{Correlation: rho}))
		relNear(t, "variance", r.Total.SE*r.Total.SE, want, 1e-12)
		testkit.Near(t, "effect", r.Total.Estimate, 6, 1e-12)
	}
	r := ok[CounterfactualEffect](t)(Counterfactual(actual, forecast, se, CounterfactualOptions{Scale: ScaleRelative}))
	testkit.Near(t, "lift", r.Total.Estimate, .2, 1e-12)
	relNear(t, "SE of the lift", r.Total.SE, 36.0/900*math.Sqrt(14), 1e-12)
	testkit.Near(t, "z of a period", r.PerPeriod[1].Statistic, 2.5, 1e-12)
}

func TestDecompose(t *testing.T) {
	d := ok[[]float64](t)(Decompose([]float64{100, 20}, []float64{120, 25}, DecomposeShapley))
	testkit.Near(t, "orders", d[0], 20*22.5, 1e-12)
	testkit.Near(t, "order value", d[1], 5*110, 1e-12)
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.IntRange(1, 6).Draw(t, "factors")
		a, b := make([]float64, k), make([]float64, k)
		pa, pb := 1.0, 1.0
		for i := range a {
			a[i], b[i] = rapid.Float64Range(.1, 10).Draw(t, "a"), rapid.Float64Range(.1, 10).Draw(t, "b")
			pa *= a[i]
			pb *= b[i]
		}
		// Shapley over all orders, the slow way.
		want := make([]float64, k)
		perms := 0
		var walk func(now []float64, used int)
		walk = func(now []float64, used int) {
			if used == 1<<k-1 {
				perms++
				return
			}
			for i := range k {
				if used>>i&1 == 0 {
					next := slices.Clone(now)
					next[i] = b[i]
					p := 1.0
					for j := range next {
						if j != i {
							p *= next[j]
						}
					}
					// Every order below this prefix counts once.
					n := 1.0
					for left := k - popcount(used) - 1; left > 1; left-- {
						n *= float64(left)
					}
					want[i] += n * (b[i] - a[i]) * p
					walk(next, used|1<<i)
				}
			}
		}
		walk(slices.Clone(a), 0)
		for _, m := range []DecomposeMethod{DecomposeShapley, DecomposeLogMean} {
			got, err := Decompose(a, b, m)
			if err != nil {
				t.Fatal(err)
			}
			sum := 0.0
			for i, x := range got {
				sum += x
				if m == DecomposeShapley && !testkit.Close(x, want[i]/float64(perms), 1e-9*math.Max(pa, pb), 1e-9) {
					t.Fatalf("factor %d: %v, want %v", i, x, want[i]/float64(perms))
				}
			}
			if !testkit.Close(sum, pb-pa, 1e-12*math.Max(pa, pb), 1e-9) {
				t.Fatalf("method %d: parts sum to %v, change %v", m, sum, pb-pa)
			}
		}
	})
}

func popcount(x int) int {
	n := 0
	for ; x > 0; x &= x - 1 {
		n++
	}
	return n
}

func TestCausalBadInput(t *testing.T) {
	e := func(_ Effect, err error) error { return err }
	w := func(_ WinsorEffect, err error) error { return err }
	h := func(_ Heterogeneity, err error) error { return err }
	i := func(_ Interrupted, err error) error { return err }
	c := func(_ CounterfactualEffect, err error) error { return err }
	d := func(_ []float64, err error) error { return err }
	nan := math.NaN()
	var cl, one Clusters[string]
	var did, half DiffInDiff[int]
	if err := errors.Join(cl.Add("a", 1), cl.Add("b", 2), one.Add("a", 1), half.Add(1, true, false, 1), half.Add(2, false, true, 3)); err != nil {
		t.Fatal(err)
	}
	long := []float64{1, 2, 3, 5, 4, 6, 8, 7}
	for name, x := range map[string]struct{ got, want error }{
		"cluster NaN":       {cl.Add("a", nan), ErrNotFinite},
		"one cluster":       {e(CompareClusters(&cl, &one, CompareOptions{})), ErrUndefined},
		"no clusters":       {e(CompareClusters(&cl, &Clusters[string]{}, CompareOptions{})), ErrUndefined},
		"winsor empty":      {w(CompareWinsorized(nil, nil, WinsorOptions{})), ErrUndefined},
		"winsor NaN":        {w(CompareWinsorized([]float64{nan}, nil, WinsorOptions{})), ErrNotFinite},
		"winsor quantile":   {w(CompareWinsorized(nil, nil, WinsorOptions{Quantile: 2})), ErrOption},
		"winsor none":       {w(CompareWinsorized([]float64{0, 0}, []float64{0, 0}, WinsorOptions{Positive: true})), ErrUndefined},
		"segments":          {h(CompareSegments([]Effect{{SE: 1}}, Holm)), ErrEmpty},
		"segment scales":    {h(CompareSegments([]Effect{{SE: 1}, {SE: 1, Scale: ScaleRatio}}, Holm)), ErrMismatch},
		"segment SE":        {h(CompareSegments([]Effect{{SE: 1}, {}}, Holm)), ErrRange},
		"did NaN":           {did.Add(1, true, true, nan), ErrNotFinite},
		"did empty":         {e(did.Result(CompareOptions{})), ErrUndefined},
		"did half":          {e(half.Result(CompareOptions{})), ErrUndefined},
		"did level":         {e(half.Result(CompareOptions{Level: -1})), ErrOption},
		"series short":      {i(InterruptedSeries(long[:4], 2, InterruptedOptions{})), ErrRange},
		"series event":      {i(InterruptedSeries(long, 7, InterruptedOptions{})), ErrRange},
		"series NaN":        {i(InterruptedSeries([]float64{1, 2, 3, nan, 5, 6}, 3, InterruptedOptions{})), ErrNotFinite},
		"series lags":       {i(InterruptedSeries(long, 4, InterruptedOptions{Errors: ErrorsNeweyWest, Lags: 8})), ErrOption},
		"series straight":   {i(InterruptedSeries([]float64{1, 2, 3, 4, 5, 6}, 3, InterruptedOptions{})), ErrUndefined},
		"series zero":       {i(InterruptedSeries(make([]float64, 9), 3, InterruptedOptions{})), ErrUndefined},
		"forecast empty":    {c(Counterfactual(nil, nil, nil, CounterfactualOptions{})), ErrEmpty},
		"forecast lengths":  {c(Counterfactual(long, long[:2], long, CounterfactualOptions{})), ErrShape},
		"forecast se":       {c(Counterfactual(long, long, make([]float64, 8), CounterfactualOptions{})), ErrRange},
		"forecast rho":      {c(Counterfactual(long, long, long, CounterfactualOptions{Correlation: 2})), ErrOption},
		"forecast baseline": {c(Counterfactual([]float64{1}, []float64{0}, []float64{1}, CounterfactualOptions{Scale: ScaleRelative})), ErrUndefined},
		"no factors":        {d(Decompose(nil, nil, DecomposeShapley)), ErrEmpty},
		"factor lengths":    {d(Decompose(long, long[:1], DecomposeShapley)), ErrShape},
		"factor 0":          {d(Decompose([]float64{0}, []float64{1}, DecomposeLogMean)), ErrRange},
		"factor NaN":        {d(Decompose([]float64{nan}, []float64{1}, DecomposeShapley)), ErrNotFinite},
		"factors 17":        {d(Decompose(make([]float64, 17), make([]float64, 17), DecomposeShapley)), ErrRange},
		"factor overflow":   {d(Decompose([]float64{1e300, 1}, []float64{1e300, 1e300}, DecomposeShapley)), ErrOverflow},
		"method":            {d(Decompose([]float64{1}, []float64{1}, 9)), ErrOption},
	} {
		if !errors.Is(x.got, x.want) {
			t.Errorf("%s: %v, want %v", name, x.got, x.want)
		}
	}
	// A unit in both groups is excluded and counted.
	for u := range 6 {
		if err := errors.Join(did.Add(u, u%2 == 0, false, float64(u)), did.Add(u, u%2 == 0, true, float64(u*u))); err != nil {
			t.Fatal(err)
		}
	}
	before := ok[Effect](t)(did.Result(CompareOptions{}))
	if err := errors.Join(did.Add(99, true, false, 1e6), did.Add(99, false, true, -1e6)); err != nil {
		t.Fatal(err)
	}
	after := ok[Effect](t)(did.Result(CompareOptions{}))
	if did.Excluded() != 1 || before.Estimate != after.Estimate {
		t.Errorf("excluded %d, %v and %v", did.Excluded(), before.Estimate, after.Estimate)
	}
}
