package supply_test

import (
	"errors"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply"
)

func TestRatioGolden(t *testing.T) {
	var g struct {
		Wilson []struct{ Num, Den, Level, Lo, Hi float64 }
	}
	testkit.Golden(t, "wilson.json", &g)
	if len(g.Wilson) != 5 {
		t.Fatalf("%d cases", len(g.Wilson))
	}
	for _, c := range g.Wilson {
		r := supply.Ratio{Num: c.Num, Den: c.Den}
		lo, hi, err := r.Interval(c.Level)
		if err != nil {
			t.Fatal(err)
		}
		testkit.Near(t, "low", lo, c.Lo, 1e-9)
		testkit.Near(t, "high", hi, c.Hi, 1e-9)
		if v, err := r.Value(); err != nil || v != c.Num/c.Den || r.OrNaN() != v {
			t.Errorf("%v = %v, %v (%v)", r, v, r.OrNaN(), err)
		}
		if c.Level != .95 {
			continue
		}
		if lo0, hi0, err := r.Interval(0); err != nil || lo0 != lo || hi0 != hi {
			t.Errorf("level 0 of %v: %v to %v, want those of .95, %v to %v (%v)", r, lo0, hi0, lo, hi, err)
		}
	}
}

func TestRatioBadInput(t *testing.T) {
	inf := math.Inf(1)
	if _, err := (supply.Ratio{}).Value(); !errors.Is(err, supply.ErrUndefined) || !math.IsNaN(supply.Ratio{Num: 1}.OrNaN()) {
		t.Error("ratio over nothing")
	}
	if _, _, err := (supply.Ratio{}).Interval(.95); !errors.Is(err, supply.ErrUndefined) {
		t.Errorf("interval over nothing: %v", err)
	}
	for _, r := range []supply.Ratio{{Num: 2, Den: 1}, {Num: -1, Den: 1}, {Num: math.NaN(), Den: 1}, {Num: 1, Den: inf}} {
		if _, _, err := r.Interval(.95); !errors.Is(err, supply.ErrRange) {
			t.Errorf("interval of %v: %v", r, err)
		}
	}
	for _, level := range []float64{-.1, 1, 95, math.NaN(), inf} {
		if _, _, err := (supply.Ratio{Num: 1, Den: 2}).Interval(level); !errors.Is(err, supply.ErrOption) {
			t.Errorf("level %v: %v", level, err)
		}
	}
}
