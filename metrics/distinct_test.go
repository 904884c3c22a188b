package metrics

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"pgregory.net/rapid"
)

func TestDistinctMerge(t *testing.T) {
	testkit.Laws[*Distinct]{
		Empty: func() *Distinct { return &Distinct{} },
		Add: func(t *rapid.T) func(*Distinct) {
			n := rapid.Uint64Range(0, 50).Draw(t, "user")
			return func(d *Distinct) { d.AddUint64(n); d.AddString(fmt.Sprint(n / 2)) }
		},
		Merge:  func(a, b *Distinct) error { return a.Merge(b) },
		Result: func(d *Distinct) []float64 { return testkit.Numbers(d.Count()) },
	}.Check(t)
}

func TestQuantilesMerge(t *testing.T) {
	testkit.Laws[*Quantiles]{
		Empty: func() *Quantiles { return &Quantiles{} },
		Add: func(t *rapid.T) func(*Quantiles) {
			x := value().Draw(t, "x")
			return func(q *Quantiles) {
				if err := q.Add(x); err != nil {
					t.Fatal(err)
				}
			}
		},
		Merge: func(a, b *Quantiles) error { return a.Merge(b) },
		Result: func(q *Quantiles) []float64 {
			return testkit.Numbers(q.N(), nan(q.Quantile(0)), nan(q.Quantile(.5)), nan(q.Quantile(.9)), nan(q.Quantile(1)))
		},
	}.Check(t)
}

func TestSketchBadInput(t *testing.T) {
	var q Quantiles
	for name, x := range map[string]struct{ got, want error }{
		"NaN":   {q.Add(math.NaN()), ErrNotFinite},
		"Inf":   {q.Add(math.Inf(-1)), ErrNotFinite},
		"empty": {second(q.Quantile(.5)), ErrUndefined},
		"p 2":   {second(q.Quantile(2)), ErrRange},
		"p NaN": {second(q.Quantile(math.NaN())), ErrRange},
	} {
		if !errors.Is(x.got, x.want) {
			t.Errorf("%s: %v", name, x.got)
		}
	}
	var d Distinct
	if d.Count() != 0 {
		t.Error("empty")
	}
	for i := range 100_000 {
		d.AddUint64(uint64(i))
		d.AddUint64(uint64(i))
	}
	if e := d.Count()/1e5 - 1; math.Abs(e) > 4*DistinctStandardError {
		t.Errorf("error %v", e)
	}
}
