package causal_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/causal"
)

func TestCausalBadInput(t *testing.T) {
	e := func(_ metrics.Effect, err error) error { return err }
	i := func(_ causal.Interrupted, err error) error { return err }
	c := func(_ causal.CounterfactualEffect, err error) error { return err }
	nan := math.NaN()
	var did, half causal.DiffInDiff[int]
	if err := errors.Join(half.Add(1, true, false, 1), half.Add(2, false, true, 3)); err != nil {
		t.Fatal(err)
	}
	long := []float64{1, 2, 3, 5, 4, 6, 8, 7}
	for name, x := range map[string]struct{ got, want error }{
		"did NaN":           {did.Add(1, true, true, nan), metrics.ErrNotFinite},
		"did empty":         {e(did.Result(metrics.CompareOptions{})), metrics.ErrUndefined},
		"did half":          {e(half.Result(metrics.CompareOptions{})), metrics.ErrUndefined},
		"did level":         {e(half.Result(metrics.CompareOptions{Level: -1})), metrics.ErrOption},
		"series short":      {i(causal.InterruptedSeries(long[:4], 2, causal.InterruptedOptions{})), metrics.ErrRange},
		"series event":      {i(causal.InterruptedSeries(long, 7, causal.InterruptedOptions{})), metrics.ErrRange},
		"series NaN":        {i(causal.InterruptedSeries([]float64{1, 2, 3, nan, 5, 6}, 3, causal.InterruptedOptions{})), metrics.ErrNotFinite},
		"series lags":       {i(causal.InterruptedSeries(long, 4, causal.InterruptedOptions{Errors: causal.ErrorsNeweyWest, Lags: 8})), metrics.ErrOption},
		"series straight":   {i(causal.InterruptedSeries([]float64{1, 2, 3, 4, 5, 6}, 3, causal.InterruptedOptions{})), metrics.ErrUndefined},
		"series zero":       {i(causal.InterruptedSeries(make([]float64, 9), 3, causal.InterruptedOptions{})), metrics.ErrUndefined},
		"forecast empty":    {c(causal.Counterfactual(nil, nil, nil, causal.CounterfactualOptions{})), metrics.ErrEmpty},
		"forecast lengths":  {c(causal.Counterfactual(long, long[:2], long, causal.CounterfactualOptions{})), metrics.ErrShape},
		"forecast se":       {c(causal.Counterfactual(long, long, make([]float64, 8), causal.CounterfactualOptions{})), metrics.ErrRange},
		"forecast rho":      {c(causal.Counterfactual(long, long, long, causal.CounterfactualOptions{Correlation: 2})), metrics.ErrOption},
		"forecast baseline": {c(causal.Counterfactual([]float64{1}, []float64{0}, []float64{1}, causal.CounterfactualOptions{Scale: metrics.ScaleRelative})), metrics.ErrUndefined},
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
	before := ok[metrics.Effect](t)(did.Result(metrics.CompareOptions{}))
	if err := errors.Join(did.Add(99, true, false, 1e6), did.Add(99, false, true, -1e6)); err != nil {
		t.Fatal(err)
	}
	after := ok[metrics.Effect](t)(did.Result(metrics.CompareOptions{}))
	if did.Excluded() != 1 || before.Estimate != after.Estimate {
		t.Errorf("excluded %d, %v and %v", did.Excluded(), before.Estimate, after.Estimate)
	}
}

func TestOffPolicyBadInput(t *testing.T) {
	nan := math.NaN()
	r := func(_ causal.OffPolicyResult, err error) error { return err }
	p := ok[*causal.OffPolicy](t)(causal.NewOffPolicy(causal.OffPolicyOptions{}))
	never := ok[*causal.OffPolicy](t)(causal.NewOffPolicy(causal.OffPolicyOptions{}))
	if err := errors.Join(never.Add(1, .5, 0), never.Add(1, .5, 0)); err != nil {
		t.Fatal(err)
	}
	_, optErr := causal.NewOffPolicy(causal.OffPolicyOptions{Clip: -1})
	for name, x := range map[string]struct{ got, want error }{
		"clip":           {optErr, metrics.ErrOption},
		"propensity 0":   {p.Add(1, 0, .5), metrics.ErrRange},
		"propensity 2":   {p.Add(1, 2, .5), metrics.ErrRange},
		"propensity NaN": {p.Add(1, nan, .5), metrics.ErrRange},
		"target -1":      {p.Add(1, .5, -1), metrics.ErrRange},
		"reward NaN":     {p.Add(nan, .5, .5), metrics.ErrNotFinite},
		"model NaN":      {p.AddModel(1, .5, .5, nan, 0), metrics.ErrNotFinite},
		"zero value":     {(&causal.OffPolicy{}).Add(1, .5, .5), metrics.ErrOption},
		"no records":     {r(p.Result(0)), metrics.ErrUndefined},
		"level":          {r(p.Result(1)), metrics.ErrOption},
		"never taken":    {r(never.Result(0)), metrics.ErrUndefined},
	} {
		if !errors.Is(x.got, x.want) {
			t.Errorf("%s: %v, want %v", name, x.got, x.want)
		}
	}
	// Wrong propensities and a small effective sample are told.
	bad := ok[*causal.OffPolicy](t)(causal.NewOffPolicy(causal.OffPolicyOptions{}))
	for range 50 {
		if err := bad.Add(1, .5, .2); err != nil {
			t.Fatal(err)
		}
	}
	got := ok[causal.OffPolicyResult](t)(bad.Result(0))
	if !slices.Contains(got.Warnings, causal.WarnWeights) || !slices.Contains(got.Warnings, causal.WarnFewUnits) || got.DM != nil {
		t.Errorf("%+v", got)
	}
}
