package kpi_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/kpi"
)

func TestRatePriorGolden(t *testing.T) {
	var g struct {
		Cases []struct {
			S, N        []int64
			ML, Moments []float64
			LogLik      float64
		}
	}
	testkit.Golden(t, "prior.json", &g)
	for _, c := range g.Cases {
		var us []metrics.Proportion
		for i := range c.S {
			p, err := metrics.NewProportion(c.S[i], c.N[i])
			must(t, err)
			us = append(us, p, metrics.Proportion{})
		}
		m, err := kpi.FitRatePriorMoments(us)
		must(t, err)
		near(t, "moments", []float64{m.Alpha / c.Moments[0], m.Beta / c.Moments[1]}, []float64{1, 1}, 1e-11)
		l, err := kpi.FitRatePrior(us)
		must(t, err)
		near(t, "maximum likelihood", []float64{l.Alpha / c.ML[0], l.Beta / c.ML[1]}, []float64{1, 1}, 1e-6) // the simplex search stops there
		if l.LogLik < m.LogLik {
			t.Errorf("likelihood %v is below that of the moments %v", l.LogLik, m.LogLik)
		}
		x, err := l.Smooth(metrics.NewRatio(0, 0))
		must(t, err)
		testkit.Near(t, "never shown", x, l.Mean(), 1e-15)
		slices.Reverse(us)
		r, err := kpi.FitRatePrior(us)
		must(t, err)
		near(t, "reversed", []float64{r.Alpha / l.Alpha, r.Beta / l.Beta}, []float64{1, 1}, 1e-9)
	}
}

func TestRatePriorBadInput(t *testing.T) {
	of := func(x, n int64) metrics.Proportion { return ok[metrics.Proportion](t)(metrics.NewProportion(x, n)) }
	same := []metrics.Proportion{of(10, 100), of(10, 100), of(10, 100)}
	for name, us := range map[string][]metrics.Proportion{
		"none":       nil,
		"one":        {of(1, 10)},
		"no success": {of(0, 10), of(0, 20)},
		"all":        {of(10, 10), of(20, 20)},
		"no trials":  {of(0, 0), of(0, 0)},
		"no spread":  same,
	} {
		if _, err := kpi.FitRatePriorMoments(us); !errors.Is(err, kpi.ErrUndefined) {
			t.Errorf("%s, moments: %v", name, err)
		}
		if _, err := kpi.FitRatePrior(us); !errors.Is(err, kpi.ErrUndefined) {
			t.Errorf("%s, likelihood: %v", name, err)
		}
	}
	for name, err := range map[string]error{"own above total": second(kpi.ShareOf(3, 2)), "negative": second(kpi.ShareOf(-1, 2))} {
		if !errors.Is(err, kpi.ErrRange) {
			t.Errorf("%s: %v", name, err)
		}
	}
	r, err := kpi.ShareOf(0, 0)
	must(t, err)
	if _, err := r.Value(); !errors.Is(err, kpi.ErrUndefined) {
		t.Error("share of nothing")
	}
}
