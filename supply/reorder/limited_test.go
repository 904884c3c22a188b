package reorder_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply/reorder"
)

// Whole seasons against every choice within the limits; the bound never above it.
func TestLimitSeasonsWholeProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limits := []float64{rapid.Float64Range(2, 25).Draw(t, "limit")}
		if rapid.Bool().Draw(t, "two") {
			limits = append(limits, rapid.Float64Range(2, 25).Draw(t, "second"))
		}
		var items []reorder.SeasonItem[int]
		for i := range rapid.IntRange(1, 3).Draw(t, "n") {
			d, err := reorder.PoissonDemand(rapid.Float64Range(.5, 6).Draw(t, "mean"))
			if err != nil {
				t.Fatal(err)
			}
			it := reorder.SeasonItem[int]{ID: 7 - i, Demand: d, Over: rapid.Float64Range(.5, 3).Draw(t, "over"), Under: rapid.Float64Range(.5, 20).Draw(t, "under")}
			for range limits {
				it.Uses = append(it.Uses, float64(rapid.IntRange(0, 4).Draw(t, "use")))
			}
			items = append(items, it)
		}
		s, err := reorder.LimitSeasons(items, limits)
		if err != nil {
			t.Fatal(err)
		}
		best := math.Inf(1)
		var try func(i int, cost float64, left []float64)
		try = func(i int, cost float64, left []float64) {
			if i == len(items) {
				best = min(best, cost)
				return
			}
			for q := 0.0; q <= 22; q++ {
				now := slices.Clone(left)
				for r, u := range items[i].Uses {
					if now[r] -= u * q; now[r] < -1e-9 {
						return
					}
				}
				short := items[i].Demand.Loss(q)
				try(i+1, cost+items[i].Over*(q-items[i].Demand.Mean()+short)+items[i].Under*short, now)
			}
		}
		try(0, 0, limits)
		if !s.Exact || !testkit.Close(s.Cost, best, 1e-9, 1e-9) || s.Bound > best+1e-9 {
			t.Fatalf("%+v, best %v", s, best)
		}
		for r, u := range s.Used {
			if u > limits[r]*(1+1e-9) || s.Prices[r] < 0 {
				t.Fatalf("limit %v of %v is broken: %+v", r, limits, s)
			}
		}
		// Products in another order are the same problem.
		slices.Reverse(items)
		if again, err := reorder.LimitSeasons(items, limits); err != nil || !slices.Equal(again.Lines, s.Lines) {
			t.Fatalf("%+v, reversed %+v (%v)", s, again, err)
		}
	})
}

// Divisible goods: at the optimum the dual has no gap, and prices are what one unit more of a limit saves.
func TestLimitPricesProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 5).Draw(t, "n")
		two := rapid.Bool().Draw(t, "two")
		var seasons []reorder.SeasonItem[int]
		var lots []reorder.LotItem[int]
		var limits []float64
		for i := range n {
			mean := rapid.Float64Range(20, 100).Draw(t, "mean")
			d, err := reorder.NormalDemand(mean, mean/5)
			if err != nil {
				t.Fatal(err)
			}
			uses := []float64{rapid.Float64Range(.5, 4).Draw(t, "use")}
			if two {
				uses = append(uses, rapid.Float64Range(.5, 4).Draw(t, "second use"))
			}
			seasons = append(seasons, reorder.SeasonItem[int]{ID: i, Demand: d, Over: 1, Under: rapid.Float64Range(2, 9).Draw(t, "under"), Uses: uses})
			lots = append(lots, reorder.LotItem[int]{ID: i, Demand: mean * 10, OrderCost: rapid.Float64Range(5, 50).Draw(t, "order"), HoldingCost: 1, Uses: uses})
		}
		tight := rapid.Float64Range(.4, 1.2).Draw(t, "tight")
		for name, f := range map[string]func(limits []float64) (reorder.Shares[int], error){
			"seasons": func(limits []float64) (reorder.Shares[int], error) { return reorder.LimitSeasons(seasons, limits) },
			"lots":    func(limits []float64) (reorder.Shares[int], error) { return reorder.LimitLots(lots, limits) },
		} {
			limits = []float64{1e9, 1e9}[:len(seasons[0].Uses)]
			free, err := f(limits)
			if err != nil {
				t.Fatal(err)
			}
			for r := range limits {
				limits[r] = free.Used[r] * tight * (1 + float64(r)/10)
			}
			s, err := f(limits)
			if err != nil {
				t.Fatal(err)
			}
			if s.Cost < free.Cost*(1-1e-9) || !testkit.Close(s.Bound, s.Cost, 1e-6, 1e-6) {
				t.Fatalf("%s: cost %v, bound %v, without limits %v", name, s.Cost, s.Bound, free.Cost)
			}
			for r := range limits {
				if s.Used[r] > limits[r]*(1+1e-7) {
					t.Fatalf("%s: limit %d of %v: %+v", name, r, limits, s)
				}
				step := limits[r] * 1e-4
				up, down := slices.Clone(limits), slices.Clone(limits)
				up[r], down[r] = up[r]+step, down[r]-step
				a, err1 := f(up)
				b, err2 := f(down)
				if err1 != nil || err2 != nil {
					t.Fatal(err1, err2)
				}
				saved, lost := (s.Cost-a.Cost)/step, (b.Cost-s.Cost)/step
				if p := s.Prices[r]; p < saved-.02*(p+.01) || p > lost+.02*(p+.01) {
					t.Fatalf("%s: price %d is %v, a unit more saves %v, one less costs %v", name, r, p, saved, lost)
				}
			}
		}
	})
}

func TestLimitBadInput(t *testing.T) {
	d := law(t)(reorder.PoissonDemand(3))
	type season = reorder.SeasonItem[string]
	type lot = reorder.LotItem[string]
	s := season{ID: "a", Demand: d, Over: 1, Under: 2, Uses: []float64{1}}
	l := lot{ID: "a", Demand: 1, OrderCost: 1, HoldingCost: 1, Uses: []float64{1}}
	for name, c := range map[string]struct {
		change func(*season, *lot)
		limits []float64
		want   error
	}{
		"no limits":      {func(*season, *lot) {}, nil, reorder.ErrShape},
		"three limits":   {func(*season, *lot) {}, []float64{1, 2, 3}, reorder.ErrShape},
		"limit 0":        {func(*season, *lot) {}, []float64{0}, reorder.ErrRange},
		"limit NaN":      {func(*season, *lot) {}, []float64{math.NaN()}, reorder.ErrNotFinite},
		"uses":           {func(s *season, l *lot) { s.Uses, l.Uses = nil, nil }, []float64{1}, reorder.ErrShape},
		"uses below 0":   {func(s *season, l *lot) { s.Uses, l.Uses = []float64{-1}, []float64{-1} }, []float64{1}, reorder.ErrRange},
		"twice":          {func(s *season, l *lot) { s.ID, l.ID = "a", "a" }, []float64{1}, reorder.ErrDuplicate},
		"a cost of 0":    {func(s *season, l *lot) { s.Over, l.HoldingCost = 0, 0 }, []float64{1}, reorder.ErrRange},
		"a cost below 0": {func(s *season, l *lot) { s.Under, l.OrderCost = -1, -1 }, []float64{1}, reorder.ErrRange},
	} {
		other, otherLot := s, l
		other.ID, otherLot.ID = "b", "b"
		c.change(&other, &otherLot)
		if got, err := reorder.LimitSeasons([]season{s, other}, c.limits); !errors.Is(err, c.want) || got.Lines != nil {
			t.Errorf("%s, seasons: %+v, %v", name, got, err)
		}
		if got, err := reorder.LimitLots([]lot{l, otherLot}, c.limits); !errors.Is(err, c.want) || got.Lines != nil {
			t.Errorf("%s, lots: %+v, %v", name, got, err)
		}
	}
	s.Demand = nil
	if _, err := reorder.LimitSeasons([]season{s}, []float64{1}); !errors.Is(err, reorder.ErrOption) {
		t.Error(err)
	}
	if _, err := reorder.LimitSeasons[string](nil, []float64{1}); !errors.Is(err, reorder.ErrEmpty) {
		t.Error(err)
	}
	if _, err := reorder.LimitLots[string](nil, []float64{1}); !errors.Is(err, reorder.ErrEmpty) {
		t.Error(err)
	}
}
