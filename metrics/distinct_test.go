package metrics_test

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
	"pgregory.net/rapid"
)

func TestDistinctMerge(t *testing.T) {
	testkit.Laws[*metrics.Distinct]{
		Empty: func() *metrics.Distinct { return &metrics.Distinct{} },
		Add: func(t *rapid.T) func(*metrics.Distinct) {
			n := rapid.Uint64Range(0, 50).Draw(t, "user")
			return func(d *metrics.Distinct) { d.AddUint64(n); d.AddString(fmt.Sprint(n / 2)) }
		},
		Merge:  func(a, b *metrics.Distinct) error { return a.Merge(b) },
		Result: func(d *metrics.Distinct) []float64 { return testkit.Numbers(d.Count()) },
	}.Check(t)
}

func TestQuantilesMerge(t *testing.T) {
	testkit.Laws[*metrics.Quantiles]{
		Empty: func() *metrics.Quantiles { return &metrics.Quantiles{} },
		Add: func(t *rapid.T) func(*metrics.Quantiles) {
			x := value().Draw(t, "x")
			return func(q *metrics.Quantiles) {
				if err := q.Add(x); err != nil {
					t.Fatal(err)
				}
			}
		},
		Merge: func(a, b *metrics.Quantiles) error { return a.Merge(b) },
		Result: func(q *metrics.Quantiles) []float64 {
			return testkit.Numbers(q.N(), nan(q.Quantile(0)), nan(q.Quantile(.5)), nan(q.Quantile(.9)), nan(q.Quantile(1)))
		},
	}.Check(t)
}

func TestSketchBadInput(t *testing.T) {
	var q metrics.Quantiles
	for name, x := range map[string]struct{ got, want error }{
		"NaN":   {q.Add(math.NaN()), metrics.ErrNotFinite},
		"Inf":   {q.Add(math.Inf(-1)), metrics.ErrNotFinite},
		"empty": {second(q.Quantile(.5)), metrics.ErrUndefined},
		"p 2":   {second(q.Quantile(2)), metrics.ErrRange},
		"p NaN": {second(q.Quantile(math.NaN())), metrics.ErrRange},
	} {
		if !errors.Is(x.got, x.want) {
			t.Errorf("%s: %v", name, x.got)
		}
	}
	var d metrics.Distinct
	if d.Count() != 0 {
		t.Error("empty")
	}
	for i := range 100_000 {
		d.AddUint64(uint64(i))
		d.AddUint64(uint64(i))
	}
	if e := d.Count()/1e5 - 1; math.Abs(e) > 4*metrics.DistinctStandardError {
		t.Errorf("error %v", e)
	}
}
