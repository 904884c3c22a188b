package supply_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply"
)

func TestDemandSeries(t *testing.T) {
	d := must(supply.NewDemand[string](supply.DemandOptions{Start: t0, Period: day}))
	for p, u := range []float64{10, 12, 4, 0, 8, 3} {
		ok(t, d.Add("a", at(float64(p)+.5), u))
	}
	ok(t, d.AddStockOut("a", at(2.5), at(4)), d.AddStockOut("a", at(5), at(5.9)), d.AddProduct("b", at(3.5)), d.Add("b", at(3.6), 2), d.Add("b", at(5), 4))
	s := must(d.Series("a", supply.Scale))
	// Day 2 was half in stock; day 3 not at all and day 5 for a tenth: both get
	// the mean 34/3.5 of the days in stock.
	for i, want := range []float64{10, 12, 8, 34 / 3.5, 8, 34 / 3.5} {
		testkit.Near(t, fmt.Sprintf("day %d", i), s.Units[i], want, 1e-9)
	}
	if !slices.Equal(s.Censored, []bool{false, false, false, true, false, true}) {
		t.Errorf("flags %v", s.Censored)
	}
	mean, sd, n, err := s.Moments()
	if err != nil || n != 4 {
		t.Fatalf("%d periods, %v", n, err)
	}
	testkit.Near(t, "mean", mean, 9.5, 1e-12)
	testkit.Near(t, "sd", sd, math.Sqrt(11./3), 1e-12)

	s = must(d.Series("a", supply.Exclude))
	if !slices.Equal(s.Units, []float64{10, 12, 4, 0, 8, 3}) || !slices.Equal(s.Censored, []bool{false, false, true, true, false, true}) {
		t.Errorf("Exclude: %+v", s)
	}
	if mean, _, n, _ := s.Moments(); mean != 10 || n != 3 {
		t.Errorf("Exclude: mean %v of %d", mean, n)
	}
	s = must(d.Series("a", supply.Keep))
	if mean, _, n, _ := s.Moments(); n != 6 || math.Abs(mean-37./6) > 1e-12 {
		t.Errorf("Keep: mean %v of %d", mean, n)
	}
	// b was listed at noon of day 3: that half day sold 2.
	s = must(d.Series("b", supply.Scale))
	if s.First != 3 || !slices.Equal(s.Units, []float64{4, 0, 4}) || !slices.Equal(s.Sold, []float64{2, 0, 4}) {
		t.Errorf("b: %+v", s)
	}
	// Sold before it was listed: the listing is wrong.
	ok(t, d.AddProduct("c", at(4)), d.Add("c", at(1), 1))
	if s = must(d.Series("c", supply.Scale)); s.First != 1 || len(s.Units) != 5 {
		t.Errorf("c: %+v", s)
	}
	// Never in stock and never sold: nothing to learn, and no invention.
	ok(t, d.AddStockOut("none", at(0), at(6)))
	s = must(d.Series("none", supply.Scale))
	if mean, _, n, err := s.Moments(); !math.IsNaN(mean) || n != 0 || !errors.Is(err, supply.ErrUndefined) || slices.Contains(s.Censored, false) {
		t.Errorf("none: %+v, %v", s, err)
	}
	ok(t, d.Extend(9))
	if s = must(d.Series("a", supply.Keep)); len(s.Units) != 9 || d.Periods() != 9 {
		t.Errorf("Extend: %d", len(s.Units))
	}
	if _, err := d.Series("a", 7); !errors.Is(err, supply.ErrOption) {
		t.Error(err)
	}
}

// A stock-out is spread over the periods it touches.
func TestDemandStockOut(t *testing.T) {
	for _, c := range []struct {
		name     string
		from, to float64
		share    []float64 // in stock, of the first four days
	}{
		{"within a day", 1.25, 1.5, []float64{1, .75, 1, 1}},
		{"over three", .5, 2.25, []float64{.5, 0, .75, 1}},
		{"to the very end of a day", 1, 2, []float64{1, 0, 1, 1}},
		{"from before the start", -3, .75, []float64{.25, 1, 1, 1}},
		{"before the start", -3, -1, []float64{1, 1, 1, 1}},
		{"no time", 2, 2, []float64{1, 1, 1, 1}},
	} {
		d := must(supply.NewDemand[string](supply.DemandOptions{Start: t0, Period: day}))
		ok(t, d.Add("a", at(3.5), 1), d.AddStockOut("a", at(c.from), at(c.to)))
		s := must(d.Series("a", supply.Keep))
		for i, want := range c.share {
			testkit.Near(t, c.name, s.Available[i], want, 1e-12)
		}
	}
}

// Scale divides from a quarter of a period on, and never takes away what was sold.
func TestDemandScale(t *testing.T) {
	series := func(out float64, sold float64) supply.Series {
		d := must(supply.NewDemand[string](supply.DemandOptions{Start: t0, Period: day}))
		ok(t, d.Add("a", at(0), 10), d.Add("a", at(1), sold), d.AddStockOut("a", at(1), at(1+out)))
		return must(d.Series("a", supply.Scale))
	}
	for _, c := range []struct {
		name      string
		out, sold float64
		want      float64
		censored  bool
	}{
		{"in stock", 0, 3, 3, false},
		{"half", .5, 3, 6, false},
		{"just a quarter", .75, 2, 8, false},
		{"less than that", .8, 2, 10, true}, // the mean of the day in stock
		{"but more was sold", .8, 13, 13, true},
	} {
		s := series(c.out, c.sold)
		if math.Abs(s.Units[1]-c.want) > 1e-9 || s.Censored[1] != c.censored || s.Sold[1] != c.sold {
			t.Errorf("%s: %+v", c.name, s)
		}
	}
}

func TestSeriesMoments(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	no := func(n int) []bool { return make([]bool, n) }
	for _, c := range []struct {
		name     string
		s        supply.Series
		mean, sd float64
		n        int
		want     error
	}{
		{"two", supply.Series{Units: []float64{1, 3}, Censored: no(2)}, 2, math.Sqrt2, 2, nil},
		{"one", supply.Series{Units: []float64{4}, Censored: no(1)}, 4, nan, 1, nil},
		{"censored left out", supply.Series{Units: []float64{1, 9, 3}, Censored: []bool{false, true, false}}, 2, math.Sqrt2, 2, nil},
		{"all censored", supply.Series{Units: []float64{1, 3}, Censored: []bool{true, true}}, nan, nan, 0, supply.ErrUndefined},
		{"flags of another length", supply.Series{Units: []float64{1, 3}, Censored: no(1)}, nan, nan, 0, supply.ErrShape},
		{"flags of none", supply.Series{Units: []float64{1, 3}, Censored: []bool{}}, nan, nan, 0, supply.ErrShape},
		{"no flags", supply.Series{Units: []float64{1, 3}}, 2, math.Sqrt2, 2, nil},
		{"far from 0", supply.Series{Units: []float64{1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16}, Censored: no(4)}, 1e9 + 10, math.Sqrt(30), 4, nil},
		{"nothing", supply.Series{}, nan, nan, 0, supply.ErrEmpty},
		{"NaN", supply.Series{Units: []float64{1, nan}, Censored: no(2)}, nan, nan, 0, supply.ErrNotFinite},
		{"infinite", supply.Series{Units: []float64{1, inf}, Censored: no(2)}, nan, nan, 0, supply.ErrNotFinite},
		{"squares overflow", supply.Series{Units: []float64{1e200, -1e200}, Censored: no(2)}, nan, nan, 0, supply.ErrOverflow},
		{"squares underflow", supply.Series{Units: []float64{1e-200, 3e-200}, Censored: no(2)}, nan, nan, 0, supply.ErrOverflow},
	} {
		mean, sd, n, err := c.s.Moments()
		if !errors.Is(err, c.want) || n != c.n || !testkit.Close(mean, c.mean, 1e-12, 0) || !testkit.Close(sd, c.sd, 1e-9, 0) {
			t.Errorf("%s: %v ± %v of %d, %v", c.name, mean, sd, n, err)
		}
	}
}

func TestDemandEdges(t *testing.T) {
	d := must(supply.NewDemand[string](supply.DemandOptions{Start: t0}))
	ok(t, d.Add("b", at(7).Add(-1), 2), d.Add("a", at(7), 1), d.AddProduct("a", at(1)), d.AddProduct("a", at(20)))
	if !slices.Equal(d.IDs(), []string{"a", "b"}) || d.Periods() != 2 {
		t.Errorf("%v over %d periods", d.IDs(), d.Periods())
	}
	s := must(d.Series("a", supply.Scale))
	if s.First != 0 || math.Abs(s.Available[0]-6./7) > 1e-12 { // listed on the second day, whatever was said later
		t.Errorf("%+v", s)
	}
	s.Units[1], s.Sold[1] = 99, 99
	if again := must(d.Series("a", supply.Scale)); again.Units[1] != 1 || again.Sold[1] != 1 {
		t.Error("Series gives away its state")
	}
	if _, err := d.Series("c", supply.Scale); !errors.Is(err, supply.ErrUnknownID) {
		t.Errorf("a product never seen: %v", err)
	}
	for _, n := range []int{-1, 1<<20 + 1} {
		if err := d.Extend(n); !errors.Is(err, supply.ErrRange) {
			t.Errorf("Extend(%d): %v", n, err)
		}
	}
	ok(t, d.Extend(1))
	if d.Periods() != 2 {
		t.Error("Extend shortened the series")
	}
	// A listing far after everything leaves a series without periods.
	ok(t, d.AddProduct("late", time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)))
	if s := must(d.Series("late", supply.Keep)); s.First != 2 || len(s.Units) != 0 {
		t.Errorf("late: %+v", s)
	}
}

func TestSeriesTail(t *testing.T) {
	d := must(supply.NewDemand[string](supply.DemandOptions{Start: t0, Period: day}))
	ok(t, d.Add("a", at(3), 4), d.Add("a", at(5), 6), d.AddProduct("a", at(2)), d.AddStockOut("a", at(4), at(5)))
	s := must(d.Series("a", supply.Exclude))
	for n, want := range map[int]int{-1: 0, 0: 0, 1: 1, 3: 3, 4: 4, 9: 4} {
		last := s.Tail(n)
		if len(last.Units) != want || last.First != 6-want || !slices.Equal(last.Units, s.Units[4-want:]) || !slices.Equal(last.Sold, s.Sold[4-want:]) ||
			!slices.Equal(last.Available, s.Available[4-want:]) || !slices.Equal(last.Censored, s.Censored[4-want:]) {
			t.Errorf("Tail(%d): %+v of %+v", n, last, s)
		}
		if cap(last.Units) != want {
			t.Errorf("Tail(%d) has room to write into", n)
		}
	}
	if mean, _, n, err := s.Tail(2).Moments(); mean != 6 || n != 1 || err != nil { // day 4 is censored
		t.Errorf("%v of %d, %v", mean, n, err)
	}
	hand := supply.Series{First: 7, Units: []float64{1, 2, 3}}.Tail(2)
	if hand.First != 8 || !slices.Equal(hand.Units, []float64{2, 3}) || hand.Censored != nil || hand.Sold != nil {
		t.Errorf("%+v", hand)
	}
}
