package scorecard_test

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply/scorecard"
)

type supplier = scorecard.Supplier[string]

// brute calls visit with every split of units that respects the bounds.
func bruteSplit(by []supplier, units int64, visit func(u []int64)) {
	u := make([]int64, len(by))
	var try func(i int, rest int64)
	try = func(i int, rest int64) {
		if i == len(by) {
			if rest == 0 {
				visit(u)
			}
			return
		}
		for n := range rest + 1 {
			high := by[i].MaxShare
			if high == 0 {
				high = 1
			}
			share := float64(n) / float64(units)
			if share < by[i].MinShare-1e-9 || share > high+1e-9 || by[i].Capacity >= 0 && n > by[i].Capacity || n > 0 && n < by[i].MinUnits {
				continue
			}
			u[i] = n
			try(i+1, rest-n)
		}
		u[i] = 0
	}
	try(0, units)
}

func drawSuppliers(t *rapid.T) ([]supplier, int64) {
	units := rapid.Int64Range(1, 9).Draw(t, "units")
	by := make([]supplier, rapid.IntRange(1, 4).Draw(t, "suppliers"))
	for i := range by {
		by[i] = supplier{ID: string(rune('a' + i)), Score: float64(rapid.IntRange(0, 8).Draw(t, "score")) / 8, Price: rapid.Int64Range(0, 9).Draw(t, "price"), Capacity: rapid.Int64Range(-1, 9).Draw(t, "capacity")}
		if rapid.IntRange(0, 3).Draw(t, "a share") == 0 {
			by[i].MinShare = float64(rapid.IntRange(0, 3).Draw(t, "least")) / 10
			by[i].MaxShare = max(float64(rapid.IntRange(0, 10).Draw(t, "greatest"))/10, by[i].MinShare)
		}
		if rapid.IntRange(0, 2).Draw(t, "a lot") == 0 {
			by[i].MinUnits = rapid.Int64Range(0, 5).Draw(t, "lot")
		}
	}
	return by, units
}

// R73: the split by value and every point of the trade-off equal brute force; the order of
// suppliers does not matter.
func TestSplitProp(t *testing.T) {
	splits := 0
	testkit.Until(t, "a trade-off of three splits", func() bool { return splits > 0 }, func(r *rapid.T) {
		by, units := drawSuppliers(r)
		worths := []float64{0, rapid.Float64Range(0, 30).Draw(r, "worth"), rapid.Float64Range(0, 30).Draw(r, "worth")}
		best := []float64{math.Inf(-1), math.Inf(-1), math.Inf(-1)}
		value := func(u []int64, worth float64) (v float64) {
			for i, n := range u {
				v += float64(n) * (worth*by[i].Score - float64(by[i].Price))
			}
			return v
		}
		bruteSplit(by, units, func(u []int64) {
			for k, worth := range worths {
				best[k] = max(best[k], value(u, worth))
			}
		})
		turned := slices.Clone(by)
		slices.Reverse(turned)
		frontier, err := scorecard.TradeOff(by, scorecard.SplitOptions{Units: units})
		if (err != nil) != math.IsInf(best[0], -1) || err != nil && !errors.Is(err, scorecard.ErrUndefined) {
			r.Fatalf("trade-off: %v, best %v", err, best)
		}
		if len(frontier) > 2 {
			splits++
		}
		for k, worth := range worths {
			s, err := scorecard.SplitOrder(by, scorecard.SplitOptions{Units: units, Worth: worth})
			again, err2 := scorecard.SplitOrder(turned, scorecard.SplitOptions{Units: units, Worth: worth})
			if (err != nil) != math.IsInf(best[k], -1) || (err2 != nil) != (err != nil) {
				r.Fatalf("%v, best %v", err, best[k])
			}
			if err != nil {
				continue
			}
			if !reflect.DeepEqual(s, again) {
				r.Fatalf("%+v, in another order %+v", s, again)
			}
			if got := worth*s.Score*float64(units) - float64(s.Cost); !testkit.Close(got, best[k], 1e-9, 1e-9) {
				r.Fatalf("worth %v: value %v of %+v, brute force %v", worth, got, s, best[k])
			}
			bestOfAll := math.Inf(-1)
			for i, f := range frontier {
				bestOfAll = max(bestOfAll, worth*f.Score*float64(units)-float64(f.Cost))
				if i > 0 && (f.From < frontier[i-1].From || f.Cost <= frontier[i-1].Cost || f.Score <= frontier[i-1].Score) {
					r.Fatalf("trade-off out of order: %+v", frontier)
				}
			}
			if !testkit.Close(bestOfAll, best[k], 1e-9, 1e-9) {
				r.Fatalf("worth %v: best of the trade-off %v, brute force %v: %+v", worth, bestOfAll, best[k], frontier)
			}
		}
	})
}

// Shares by score keep to the bounds, sum to the order, and are in proportion to within a
// unit wherever no bound stops them.
func TestSplitByScoreProp(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		by, units := drawSuppliers(r)
		units *= 1000
		for i := range by {
			by[i].MinUnits = 0
			by[i].Capacity *= 1000
		}
		s, err := scorecard.SplitOrder(by, scorecard.SplitOptions{Units: units, Rule: scorecard.ByScore})
		if err != nil {
			if !errors.Is(err, scorecard.ErrUndefined) {
				r.Fatal(err)
			}
			return
		}
		got := map[string]int64{}
		var sum int64
		for _, x := range s.Shares {
			got[x.ID] = x.Units
			sum += x.Units
		}
		lambda := -1.0
		for _, x := range by {
			n, high := got[x.ID], x.MaxShare
			if high == 0 {
				high = 1
			}
			top := int64(math.Floor(high*float64(units) + 1e-6))
			if x.Capacity >= 0 {
				top = min(top, x.Capacity)
			}
			low := int64(math.Ceil(x.MinShare*float64(units) - 1e-6))
			if n < low || n > top {
				r.Fatalf("%d units of %+v", n, x)
			}
			if n > low && n < top && x.Score > 0 {
				if l := float64(n) / x.Score; lambda >= 0 && math.Abs(l-lambda) > 2*8*1.01 { // a unit each, over the least score
					r.Fatalf("%+v: %v and %v units a point", s, l, lambda)
				} else if lambda < 0 {
					lambda = l
				}
			}
		}
		if sum != units {
			r.Fatalf("%d units of %d", sum, units)
		}
	})
	// Ten units by .5, .3, .2; a lot of 3 leaves the last out.
	by := []supplier{{ID: "a", Score: .5, Capacity: -1}, {ID: "b", Score: .3, Capacity: -1}, {ID: "c", Score: .2, Capacity: -1}}
	s := must(scorecard.SplitOrder(by, scorecard.SplitOptions{Units: 10, Rule: scorecard.ByScore}))
	if s.Shares[0].Units != 5 || s.Shares[1].Units != 3 || s.Shares[2].Units != 2 {
		t.Errorf("%+v", s)
	}
	by[2].MinUnits = 3
	s = must(scorecard.SplitOrder(by, scorecard.SplitOptions{Units: 10, Rule: scorecard.ByScore}))
	if len(s.Shares) != 2 || s.Shares[0].Units != 6 || s.Shares[1].Units != 4 {
		t.Errorf("%+v", s)
	}
}

// By score there is a split wherever brute force finds one, lots and all, and it keeps to the bounds.
func TestSplitByScoreLotsProp(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		by, units := drawSuppliers(r)
		allowed := map[string]bool{}
		bruteSplit(by, units, func(u []int64) { allowed[fmt.Sprint(u)] = true })
		opt := scorecard.SplitOptions{Units: units, Rule: scorecard.ByScore}
		s, err := scorecard.SplitOrder(by, opt)
		turned := slices.Clone(by)
		slices.Reverse(turned)
		if again, err2 := scorecard.SplitOrder(turned, opt); (err2 != nil) != (err != nil) || !reflect.DeepEqual(s, again) {
			r.Fatalf("%+v, in another order %+v", s, again)
		}
		if err != nil {
			if len(allowed) > 0 || !errors.Is(err, scorecard.ErrUndefined) {
				r.Fatalf("%v, and %d splits fit", err, len(allowed))
			}
			return
		}
		u := make([]int64, len(by))
		for _, x := range s.Shares {
			u[x.ID[0]-'a'] = x.Units
		}
		if !allowed[fmt.Sprint(u)] {
			r.Fatalf("%v breaks a bound", u)
		}
	})
	// Half and half would leave out a, whose lot is 60, and b has 50.
	by := []supplier{{ID: "a", Score: .5, MinUnits: 60, Capacity: 90}, {ID: "b", Score: .5, Capacity: 50}}
	s := must(scorecard.SplitOrder(by, scorecard.SplitOptions{Units: 100, Rule: scorecard.ByScore}))
	if len(s.Shares) != 2 || s.Shares[0].Units != 60 || s.Shares[1].Units != 40 {
		t.Errorf("%+v", s)
	}
}

// Orders of 10¹² units are divided to the unit, and shares become units by the bounds they are.
func TestSplitLarge(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		units := rapid.Int64Range(1e11, 1e12).Draw(r, "units")
		by := make([]supplier, rapid.IntRange(2, 9).Draw(r, "suppliers"))
		for i := range by {
			by[i] = supplier{ID: string(rune('a' + i)), Score: rapid.Float64Range(.01, 1).Draw(r, "score"), Capacity: -1, MaxShare: rapid.Float64Range(.6, 1).Draw(r, "most")}
		}
		for _, rule := range []scorecard.SplitRule{scorecard.ByValue, scorecard.ByScore} {
			s, err := scorecard.SplitOrder(by, scorecard.SplitOptions{Units: units, Rule: rule})
			if err != nil {
				r.Fatal(err)
			}
			sum := int64(0)
			for _, x := range s.Shares {
				sum += x.Units
			}
			if sum != units {
				r.Fatalf("rule %v: %d units of %d", rule, sum, units)
			}
		}
	})
	// 7 % of 100 is 7 though floats make 7.000000000000001 of it; a third of 10 is 4 at least and 3 at most.
	for _, c := range []struct {
		share float64
		units int64
		want  [2]int64
	}{{.07, 100, [2]int64{7, 7}}, {1. / 3, 10, [2]int64{4, 3}}, {1. / 3, 1e12, [2]int64{333_333_333_334, 333_333_333_333}}} {
		least := must(scorecard.SplitOrder([]supplier{{ID: "a", MinShare: c.share, Price: 9, Capacity: -1}, {ID: "b", Capacity: -1}}, scorecard.SplitOptions{Units: c.units}))
		most := must(scorecard.SplitOrder([]supplier{{ID: "a", MaxShare: c.share, Capacity: -1}, {ID: "b", Price: 9, Capacity: -1}}, scorecard.SplitOptions{Units: c.units}))
		if least.Shares[0].Units != c.want[0] || most.Shares[0].Units != c.want[1] {
			t.Errorf("%v of %d: %d and %d, want %v", c.share, c.units, least.Shares[0].Units, most.Shares[0].Units, c.want)
		}
	}
}

func TestSplitRefuses(t *testing.T) {
	good := supplier{ID: "a", Score: .5, Price: 3, Capacity: 10}
	with := func(change func(s *supplier)) []supplier {
		s := good
		change(&s)
		return []supplier{s}
	}
	for _, c := range []struct {
		name string
		by   []supplier
		opt  scorecard.SplitOptions
		want error
		text string
	}{
		{"nobody", nil, scorecard.SplitOptions{Units: 1}, scorecard.ErrEmpty, ""},
		{"no units", []supplier{good}, scorecard.SplitOptions{}, scorecard.ErrOption, "Units"},
		{"worth", []supplier{good}, scorecard.SplitOptions{Units: 1, Worth: -1}, scorecard.ErrOption, "Worth"},
		{"rule", []supplier{good}, scorecard.SplitOptions{Units: 1, Rule: 7}, scorecard.ErrOption, "Rule"},
		{"twice", []supplier{good, good}, scorecard.SplitOptions{Units: 1}, scorecard.ErrDuplicate, "supplier a"},
		{"score", with(func(s *supplier) { s.Score = 1.5 }), scorecard.SplitOptions{Units: 1}, scorecard.ErrRange, "supplier a"},
		{"score NaN", with(func(s *supplier) { s.Score = math.NaN() }), scorecard.SplitOptions{Units: 1}, scorecard.ErrNotFinite, "supplier a"},
		{"shares out of order", with(func(s *supplier) { s.MinShare, s.MaxShare = .5, .4 }), scorecard.SplitOptions{Units: 1}, scorecard.ErrRange, "supplier a"},
		{"too little", []supplier{good}, scorecard.SplitOptions{Units: 13}, scorecard.ErrUndefined, "3 units short"},
		{"too little, by score", []supplier{good}, scorecard.SplitOptions{Units: 13, Rule: scorecard.ByScore}, scorecard.ErrUndefined, "3 units short"},
		{"contracts beyond the order", []supplier{{ID: "a", MinShare: .6, Capacity: -1}, {ID: "b", MinShare: .6, Capacity: -1}}, scorecard.SplitOptions{Units: 10}, scorecard.ErrUndefined, "2 units more"},
		{"a contract beyond the capacity", with(func(s *supplier) { s.MinShare = 1 }), scorecard.SplitOptions{Units: 12}, scorecard.ErrUndefined, "must get 12 units and can get 10"},
		{"cost", with(func(s *supplier) { s.Price = math.MaxInt64 / 2 }), scorecard.SplitOptions{Units: 3}, scorecard.ErrOverflow, "supplier a"},
	} {
		if _, err := scorecard.SplitOrder(c.by, c.opt); !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v, want %v with %s", c.name, err, c.want, c.text)
		}
	}
	many := make([]supplier, 21)
	for i := range many {
		many[i] = supplier{ID: string(rune('a' + i)), MinUnits: 2, Capacity: 5}
	}
	if _, err := scorecard.SplitOrder(many, scorecard.SplitOptions{Units: 9}); !errors.Is(err, scorecard.ErrTooLarge) {
		t.Errorf("21 lots: %v", err)
	}
}

func BenchmarkSplitOrder(b *testing.B) {
	by := make([]supplier, 100)
	for i := range by {
		by[i] = supplier{ID: string(rune('a' + i)), Score: float64(i*37%100) / 100, Price: int64(100 + i*53%97), Capacity: 500}
		if i < 10 {
			by[i].MinUnits = 100
		}
	}
	b.Run("suppliers=100/lots=10", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			must(scorecard.SplitOrder(by, scorecard.SplitOptions{Units: 20_000, Worth: 50}))
		}
	})
}
