package forecast_test

import (
	"errors"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/forecast"
)

// The reference numbers: a total of 100 above parts of 60 and 30.
func TestReconcileDefinitions(t *testing.T) {
	base := []float64{100, 60, 30}
	for name, c := range map[string]struct {
		opt  forecast.ReconcileOptions
		want []float64
	}{
		"OLS":       {forecast.ReconcileOptions{Method: forecast.MinTOLS}, []float64{290. / 3, 190. / 3, 100. / 3}},
		"variances": {forecast.ReconcileOptions{Method: forecast.MinTVariance, Variances: []float64{4, 1, 1}}, []float64{280. / 3, 185. / 3, 95. / 3}},
		"struct":    {forecast.ReconcileOptions{Method: forecast.MinTStruct}, []float64{95, 62.5, 32.5}},
		"bottom up": {forecast.ReconcileOptions{Method: forecast.BottomUp}, []float64{90, 60, 30}},
		"top down":  {forecast.ReconcileOptions{Method: forecast.TopDown}, []float64{100, 200. / 3, 100. / 3}},
		"shares":    {forecast.ReconcileOptions{Method: forecast.TopDown, Shares: []float64{3, 1}}, []float64{100, 75, 25}},
		"middle 0":  {forecast.ReconcileOptions{Method: forecast.MiddleOut}, []float64{100, 200. / 3, 100. / 3}},
		"middle 1":  {forecast.ReconcileOptions{Method: forecast.MiddleOut, Depth: 1}, []float64{90, 60, 30}},
	} {
		r := fitted(forecast.NewReconciler(bg, tree(), c.opt))
		got := fitted(r.Apply(nil, base))
		for i := range got {
			testkit.Near(t, name, got[i], c.want[i], 1e-9)
		}
	}
}

// hierarchicalforecast on a tree of eight series.
func TestReconcileGolden(t *testing.T) {
	var g struct {
		Residuals, History [][]float64
		Base               []float64
		Cases              []struct {
			Method string
			Mean   []float64
		}
	}
	testkit.Golden(t, "reconcile.json", &g)
	h := fitted(forecast.NewTree([]int{-1, 0, 0, 1, 1, 1, 2, 2}))
	shares := make([]float64, 5)
	for b := range shares {
		for _, v := range g.History[3+b] {
			shares[b] += v
		}
	}
	options := map[string]forecast.ReconcileOptions{
		"ols": {Method: forecast.MinTOLS}, "wls_struct": {Method: forecast.MinTStruct},
		"wls_var": {Method: forecast.MinTVariance, Residuals: g.Residuals}, "mint_shrink": {Residuals: g.Residuals},
		"bottom_up": {Method: forecast.BottomUp}, "proportion_averages": {Method: forecast.TopDown, Shares: shares},
	}
	if len(g.Cases) != len(options) {
		t.Fatalf("%d cases", len(g.Cases))
	}
	for _, c := range g.Cases {
		got := fitted(fitted(forecast.NewReconciler(bg, h, options[c.Method])).Apply(nil, g.Base))
		for i, want := range c.Mean {
			testkit.Near(t, c.Method, got[i], want, 1e-6*math.Abs(want))
		}
	}
}

// Laws on random groupings: sums add up, what is coherent stays, means of MinT have no larger
// error than their base on average.
func TestReconcileLaws(t *testing.T) {
	r := rng.New(11, 0, 0)
	better, all := 0.0, 0.0
	for range 40 {
		n := 3 + r.Intn(8)
		group := func(k int) []string {
			out := make([]string, n)
			for i := range out {
				out[i] = string(rune('a' + r.Intn(k)))
			}
			return out
		}
		h := fitted(forecast.NewGroups(group(2), group(3)))
		nodes := h.Nodes()
		residuals := errorsOf(nodes, 40)
		for _, opt := range []forecast.ReconcileOptions{
			{Residuals: residuals}, {Method: forecast.MinTVariance, Residuals: residuals}, {Method: forecast.MinTStruct}, {Method: forecast.MinTOLS}, {Method: forecast.BottomUp}, {Method: forecast.TopDown},
		} {
			rec := fitted(forecast.NewReconciler(bg, h, opt))
			bottom := make([]float64, n)
			for i := range bottom {
				bottom[i] = 1 + 10*r.Float64()
			}
			truth := fitted(h.Sum(nil, bottom))
			base := make([]float64, nodes)
			for i := range base {
				base[i] = truth[i] + .3*r.Normal()
			}
			got := fitted(rec.Apply(nil, base))
			var parts []float64
			for _, i := range h.Bottom(nil) {
				parts = append(parts, got[i])
			}
			for i, v := range fitted(h.Sum(nil, parts)) {
				testkit.Near(t, "sum", v, got[i], 1e-9)
			}
			for i, v := range fitted(rec.Apply(nil, truth)) {
				testkit.Near(t, "coherent", v, truth[i], 1e-6)
			}
			if opt.Method == forecast.MinTOLS {
				for i := range got {
					better += (got[i] - truth[i]) * (got[i] - truth[i])
					all += (base[i] - truth[i]) * (base[i] - truth[i])
				}
			}
		}
	}
	if better > all {
		t.Errorf("squared error %v after, %v before", better, all)
	}
}

// Draws add up, one by one; quantiles of a sum know that its parts go wrong together.
func TestReconcileSamples(t *testing.T) {
	r := rng.New(4, 0, 0)
	together := make([][]float64, 3)
	for range 200 {
		z := r.Normal()
		for i, s := range []float64{20, 10, 10} {
			together[i] = append(together[i], s*z+.1*r.Normal())
		}
	}
	rec := fitted(forecast.NewReconciler(bg, tree(), forecast.ReconcileOptions{Method: forecast.BottomUp, NonNegative: true}))
	base := []float64{100, 60, 30}
	s := fitted(rec.Samples(nil, base, together, 50, 7))
	for k := 0; k < len(s); k += 3 {
		testkit.Near(t, "draw", s[k], s[k+1]+s[k+2], 1e-9)
	}
	q := fitted(rec.Quantiles(nil, base, together, []float64{.05, .95}, 7))
	if width := q[1] - q[0]; width < 55 || width > 75 { // 2 × 1.645 × 20; were they independent 46
		t.Errorf("interval of the total is %v wide", width)
	}
	low := fitted(fitted(forecast.NewReconciler(bg, tree(), forecast.ReconcileOptions{Method: forecast.MinTOLS, NonNegative: true})).Apply(nil, []float64{0, 10, -9}))
	if low[2] != 0 || low[0] != low[1] {
		t.Errorf("non-negative %v", low)
	}
}

func TestReconcileRefuses(t *testing.T) {
	for name, parents := range map[string][]int{"loop": {1, 2, 0}, "itself": {0}, "no node": {5}, "below -1": {-2}} {
		if h, err := forecast.NewTree(parents); !errors.Is(err, forecast.ErrRange) || h != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	flat := [][]float64{{1, 1, 1}, {2, 2, 2}, {0, 0, 0}}
	for name, c := range map[string]struct {
		opt  forecast.ReconcileOptions
		want error
	}{
		"no residuals":  {forecast.ReconcileOptions{}, forecast.ErrShape},
		"few periods":   {forecast.ReconcileOptions{Residuals: errorsOf(3, 2)}, forecast.ErrUndefined},
		"no spread":     {forecast.ReconcileOptions{Residuals: flat}, forecast.ErrUndefined},
		"zero variance": {forecast.ReconcileOptions{Method: forecast.MinTVariance, Variances: []float64{1, 0, 1}}, forecast.ErrRange},
		"zero shares":   {forecast.ReconcileOptions{Method: forecast.TopDown, Shares: []float64{0, 0}}, forecast.ErrRange},
		"method":        {forecast.ReconcileOptions{Method: 99}, forecast.ErrOption},
	} {
		if r, err := forecast.NewReconciler(bg, tree(), c.opt); !errors.Is(err, c.want) || r != nil {
			t.Errorf("%s: %v, %v", name, r, err)
		}
	}
	r := fitted(forecast.NewReconciler(bg, tree(), forecast.ReconcileOptions{Method: forecast.TopDown}))
	if _, err := r.Apply(nil, []float64{10, 0, 0}); !errors.Is(err, forecast.ErrUndefined) {
		t.Errorf("split by zeros: %v", err)
	}
}

// On random trees middle-out keeps what it should at every depth and adds up; a chain as long as may
// be is split in no time.
func TestReconcileMiddleOut(t *testing.T) {
	r := rng.New(6, 0, 0)
	for range 50 {
		n := 2 + r.Intn(20)
		parents, depth := make([]int, n), make([]int, n)
		for i := range parents {
			parents[i] = -1
			if i > 0 && !r.Bool(.1) {
				parents[i] = r.Intn(i)
				depth[i] = depth[parents[i]] + 1
			}
		}
		h, base := fitted(forecast.NewTree(parents)), make([]float64, n)
		for i := range base {
			base[i] = 1 + r.Float64()
		}
		bottom := map[int]bool{}
		for _, i := range h.Bottom(nil) {
			bottom[i] = true
		}
		for d := range 4 {
			got := fitted(fitted(forecast.NewReconciler(bg, h, forecast.ReconcileOptions{Method: forecast.MiddleOut, Depth: d})).Apply(nil, base))
			sums := make([]float64, n)
			for i, v := range got {
				if depth[i] == d || depth[i] < d && bottom[i] {
					testkit.Near(t, "kept", v, base[i], 1e-9)
				}
				if parents[i] >= 0 {
					sums[parents[i]] += v
				}
			}
			for i, v := range got {
				if !bottom[i] {
					testkit.Near(t, "sum", sums[i], v, 1e-9)
				}
			}
		}
	}
	chain := make([]int, 1<<20)
	for i := range chain {
		chain[i] = i - 1
	}
	base := make([]float64, len(chain))
	for i := range base {
		base[i] = 1
	}
	base[0] = 5
	got := fitted(fitted(forecast.NewReconciler(bg, fitted(forecast.NewTree(chain)), forecast.ReconcileOptions{Method: forecast.TopDown})).Apply(nil, base))
	if got[len(got)-1] != 5 {
		t.Errorf("%v at the end of the chain", got[len(got)-1])
	}
}
