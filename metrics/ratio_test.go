package metrics_test

import (
	"errors"
	"math"
	"testing"

	"github.com/aislekit/aisle/metrics"
)

func TestRatioBadInput(t *testing.T) {
	var r metrics.Ratio
	must(t, r.Add(math.MaxInt64, 1))
	for name, x := range map[string]struct{ got, want error }{
		"overflows":           {r.Add(1, 1), metrics.ErrOverflow},
		"smoothed by -1":      {second(r.Smoothed(-1, 2)), metrics.ErrRange},
		"smoothed by NaN":     {second(r.Smoothed(math.NaN(), 2)), metrics.ErrRange},
		"smoothed by nothing": {second(metrics.Ratio{}.Smoothed(0, 0)), metrics.ErrUndefined},
	} {
		if !errors.Is(x.got, x.want) {
			t.Errorf("%s: %v, want %v", name, x.got, x.want)
		}
	}
	if r != metrics.NewRatio(math.MaxInt64, 1) || metrics.RatioOf(1, 2, -3).N() != 0 {
		t.Errorf("%v", r)
	}
	if !math.IsNaN((metrics.Ratio{}).Float()) || (metrics.Ratio{}).String() != "n/a (0/0)" {
		t.Error("an undefined ratio must say so")
	}
}

func BenchmarkRatioAdd(b *testing.B) {
	var r metrics.Ratio
	b.ReportAllocs()
	for b.Loop() {
		if err := r.Add(1, 20); err != nil {
			b.Fatal(err)
		}
	}
}
