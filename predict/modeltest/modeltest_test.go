package modeltest_test

import (
	"context"
	"math"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/aislekit/aisle/predict/modeltest"
)

// recorder is a testing.TB that keeps whether it was told of a failure.
type recorder struct {
	testing.TB
	failed atomic.Bool
}

func (r *recorder) Helper()               {}
func (r *recorder) Error(...any)          { r.failed.Store(true) }
func (r *recorder) Errorf(string, ...any) { r.failed.Store(true) }
func (r *recorder) Fatal(...any)          { r.failed.Store(true); runtime.Goexit() }
func (r *recorder) Fatalf(string, ...any) { r.failed.Store(true); runtime.Goexit() }

// reports runs a check and returns whether it reports something.
func reports(k modeltest.Check, c modeltest.Case) bool {
	var r recorder
	done := make(chan struct{})
	go func() { // Fatal ends the goroutine
		defer close(done)
		k.Run(&r, c)
	}()
	<-done
	return r.failed.Load()
}

func failing(c modeltest.Case) (names []string) {
	for _, k := range modeltest.Checks() {
		if reports(k, c) {
			names = append(names, k.Name)
		}
	}
	return names
}

// TestSound: a learner without faults passes, of every kind.
func TestSound(t *testing.T) {
	for name, x := range map[string]exact{
		"amounts": {}, "probabilities": {of: marginal{Classes: 2}}, "classes": {of: marginal{Classes: 3}}, "counts": {of: marginal{Counts: true}},
		"missing": {missing: true}, "monotone": {monotone: true}, "ordered": {ordered: true},
	} {
		c := x.caseOf()
		if x.ordered {
			c.Weighted = 0
		}
		t.Run(name, func(t *testing.T) { modeltest.Run(t, c) })
	}
	queries := exact{}.caseOf()
	queries.Groups, queries.Categorical = true, true
	t.Run("queries", func(t *testing.T) { modeltest.Run(t, queries) })
	own := exact{}.caseOf()
	own.Decode, own.Permuted, own.Weighted = nil, 1e-9, 0
	own.Data = func(n int, seed uint64) (d modeltest.Data) {
		for i := range n {
			d.Rows, d.Y = append(d.Rows, []float64{float64(i)}), append(d.Y, float64(i)+float64(seed))
		}
		return d
	}
	own.Skip = map[string]string{"bad rows": "shown to skip"}
	t.Run("rows of its own", func(t *testing.T) { modeltest.Run(t, own) })
}

// answers is a case whose predictions are changed.
func answers(x exact, change func(p []float64, rows [][]float64) []float64) modeltest.Case {
	c := x.caseOf()
	fit := c.Fit
	c.Fit = func(ctx context.Context, d modeltest.Data) (modeltest.Fitted, error) {
		m, err := fit(ctx, d)
		of := m.Predict
		m.Predict = func(dst []float64, rows [][]float64) ([]float64, error) {
			p, err := of(nil, rows)
			if err != nil {
				return dst, err
			}
			return append(dst, change(p, rows)...), nil
		}
		return m, err
	}
	return c
}

// TestFaults: each check finds the learner with just its fault.
func TestFaults(t *testing.T) {
	var fits, reads atomic.Int64
	strict := answers(exact{}, func(p []float64, rows [][]float64) []float64 {
		for i, row := range rows {
			if row[4] != math.Trunc(row[4]) || row[4] < 0 || row[4] > 3 {
				p[i] = math.NaN()
			}
		}
		return p
	})
	strict.Categorical = true
	accepts := func(x exact, when func(d modeltest.Data) bool) modeltest.Case {
		x.accepts = when
		return x.caseOf()
	}
	sloppy := exact{}.caseOf()
	sloppy.Decode = func(data []byte) (modeltest.Fitted, error) {
		if m, err := decode(data); err == nil {
			return fitted(m, nil)
		}
		return fitted(&marginal{Slopes: make([]float64, 5), Codes: make([]map[string]float64, 5)}, nil)
	}
	deaf := exact{}.caseOf()
	fit := deaf.Fit
	deaf.Fit = func(_ context.Context, d modeltest.Data) (modeltest.Fitted, error) {
		return fit(context.Background(), d)
	}
	ordered := exact{ordered: true}.caseOf()
	ordered.Ordered, ordered.Weighted = false, 0
	kept := exact{}.caseOf()
	kept.Fit = func(ctx context.Context, d modeltest.Data) (modeltest.Fitted, error) {
		m, err := fit(ctx, d)
		of := m.Predict
		m.Predict = func(dst []float64, rows [][]float64) ([]float64, error) {
			p, err := of(dst, rows)
			if len(p) > len(dst) {
				p[len(p)-1] += d.Rows[0][0] * 1e-6
			}
			return p, err
		}
		return m, err
	}
	for _, c := range []struct {
		fault string
		c     modeltest.Case
		want  []string // the checks that must find it
	}{
		{"NaN", answers(exact{}, func(p []float64, _ [][]float64) []float64 {
			if len(p) > 9 {
				p[9] = math.NaN()
			}
			return p
		}), []string{"finite"}},
		{"knows nothing", answers(exact{}, func(p []float64, _ [][]float64) []float64 { clear(p); return p }), []string{"learns"}},
		{"upside down", answers(exact{monotone: true}, func(p []float64, _ [][]float64) []float64 {
			for i := range p {
				p[i] = -p[i]
			}
			return p
		}), []string{"learns", "monotone"}},
		{"takes missing values for numbers", accepts(exact{}, func(d modeltest.Data) bool { return d.Rows != nil && d.Rows[3][0] != d.Rows[3][0] }), []string{"missing"}},
		{"knows its categories alone", strict, []string{"unseen"}},
		{"none", answers(exact{}, func(p []float64, _ [][]float64) []float64 { return p }), nil},
		{"depends on the order", ordered, []string{"permuted"}},
		{"weights are lost", exact{forgets: true}.caseOf(), []string{"weights", "absent"}},
		{"damage is accepted", sloppy, []string{"round trip"}},
		{"readers disturb each other", answers(exact{}, func(p []float64, rows [][]float64) []float64 {
			if len(rows) > 100 && reads.Add(1)%3 == 0 {
				p[0]++
			}
			return p
		}), []string{"readers"}},
		{"infinities are accepted", accepts(exact{}, func(d modeltest.Data) bool { return len(d.Rows) > 5 && math.IsInf(d.Rows[5][0], 1) }), []string{"bad input"}},
		{"half a class is accepted", accepts(exact{of: marginal{Classes: 3}}, func(d modeltest.Data) bool { return len(d.Y) > 5 && d.Y[5] == .5 }), []string{"bad input"}},
		{"counts below 0 are accepted", accepts(exact{of: marginal{Counts: true}}, func(d modeltest.Data) bool { return len(d.Y) > 5 && d.Y[5] == -1 }), []string{"bad input"}},
		{"wide rows are accepted", func() modeltest.Case {
			c := exact{}.caseOf()
			c.Fit = func(ctx context.Context, d modeltest.Data) (modeltest.Fitted, error) {
				m, err := fit(ctx, d)
				of := m.Predict
				m.Predict = func(dst []float64, rows [][]float64) ([]float64, error) {
					var cut [][]float64
					for _, row := range rows {
						cut = append(cut, row[:min(5, len(row))])
					}
					return of(dst, cut)
				}
				return m, err
			}
			return c
		}(), []string{"bad rows"}},
		{"does not hear", deaf, []string{"cancel"}},
		{"changes its data", exact{changes: func(d modeltest.Data) {
			if len(d.Rows) > 0 && len(d.Rows[0]) > 0 {
				d.Rows[0][0] += 1e-9
			}
		}}.caseOf(), []string{"data kept"}},
		{"keeps its data", kept, []string{"data kept"}},
	} {
		found := failing(c.c)
		for _, k := range c.want {
			if !slices.Contains(found, k) {
				t.Errorf("%s: %s does not report it, %v do", c.fault, k, found)
			}
		}
		if c.want == nil && len(found) > 0 {
			t.Errorf("%s: %v report it", c.fault, found)
		}
	}
	random := exact{}.caseOf()
	random.Fit = func(ctx context.Context, d modeltest.Data) (modeltest.Fitted, error) {
		m, err := exact{}.fit(ctx, d)
		if err == nil {
			m.Mean += float64(fits.Add(1)) * 1e-12
		}
		return fitted(m, err)
	}
	if found := failing(random); !slices.Contains(found, "same bytes") {
		t.Errorf("another model each time: %v report it", found)
	}
}

// A Fit that panics fails its checks, one after the other.
func TestPanics(t *testing.T) {
	c := modeltest.Case{Fit: func(context.Context, modeltest.Data) (modeltest.Fitted, error) { panic("no") }}
	if found := failing(c); len(found) < len(modeltest.Checks())-4 {
		t.Errorf("only %v report a panic", found)
	}
	for _, k := range modeltest.Checks() {
		if k.Says == "" {
			t.Errorf("%s does not say what it wants", k.Name)
		}
	}
	if !reports(modeltest.Check{}, c) || !reports(modeltest.Checks()[0], modeltest.Case{}) {
		t.Error("a Check that is none, or a Case without a fit, reports nothing")
	}
}
