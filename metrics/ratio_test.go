package metrics

import (
	"errors"
	"math"
	"testing"
)

func TestRatioBadInput(t *testing.T) {
	var r Ratio
	must(t, r.Add(math.MaxInt64, 1))
	for name, x := range map[string]struct{ got, want error }{
		"overflows":           {r.Add(1, 1), ErrOverflow},
		"smoothed by -1":      {second(r.Smoothed(-1, 2)), ErrRange},
		"smoothed by NaN":     {second(r.Smoothed(math.NaN(), 2)), ErrRange},
		"smoothed by nothing": {second(Ratio{}.Smoothed(0, 0)), ErrUndefined},
	} {
		if !errors.Is(x.got, x.want) {
			t.Errorf("%s: %v, want %v", name, x.got, x.want)
		}
	}
	if r != NewRatio(math.MaxInt64, 1) || RatioOf(1, 2, -3).N() != 0 {
		t.Errorf("%v", r)
	}
	if !math.IsNaN((Ratio{}).Float()) || (Ratio{}).String() != "n/a (0/0)" {
		t.Error("an undefined ratio must say so")
	}
}

func BenchmarkRatioAdd(b *testing.B) {
	var r Ratio
	b.ReportAllocs()
	for b.Loop() {
		if err := r.Add(1, 20); err != nil {
			b.Fatal(err)
		}
	}
}
