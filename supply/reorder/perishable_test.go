package reorder_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply/reorder"
)

// outdates simulates a shelf day by day, unit by unit: what a base stock throws away and loses a period.
func outdates(demand []float64, level, life, periods int, seed uint64) (outdated, lost float64) {
	r := rand.New(rand.NewPCG(seed, 1))
	shelf := make([]int, life) // by periods left
	for range periods {
		sum := 0
		for _, x := range shelf {
			sum += x
		}
		shelf[life-1] += level - sum
		u, d := r.Float64(), 0
		for u > demand[d] && d < len(demand)-1 {
			u -= demand[d]
			d++
		}
		for i := range shelf {
			sold := min(shelf[i], d)
			shelf[i], d = shelf[i]-sold, d-sold
		}
		lost += float64(d) / float64(periods)
		outdated += float64(shelf[0]) / float64(periods)
		copy(shelf, shelf[1:])
		shelf[life-1] = 0
	}
	return outdated, lost
}

func TestPerishable(t *testing.T) {
	must := law(t)
	pmf := []float64{.1, .2, .3, .2, .1, .1}
	opt := reorder.PerishableOptions{Demand: must(reorder.DiscreteDemand(pmf)), HoldingCost: .1, ShortageCost: 4, OutdateCost: 3}
	for life := 1; life <= 4; life++ {
		opt.Life = life
		p, err := reorder.Perishable(opt)
		if err != nil || !p.Exact {
			t.Fatal(p, err)
		}
		n := testkit.Rounds(60000)
		best, at := math.Inf(1), 0
		for level := 1; level <= 10; level++ {
			out, lost := outdates(pmf, level, life, n, 7)
			short := opt.Demand.Loss(float64(level))
			left := float64(level) - opt.Demand.Mean() + short
			cost := opt.HoldingCost*(left-out) + opt.OutdateCost*out + opt.ShortageCost*lost
			if cost < best {
				best, at = cost, level
			}
			if float64(level) == p.Level && (!testkit.Close(p.Outdated, out, 6/math.Sqrt(float64(n)), .02) || !testkit.Close(p.Cost, cost, 25/math.Sqrt(float64(n)), .02)) {
				t.Errorf("life %d: %+v, simulated outdates %v, cost %v", life, p, out, cost)
			}
		}
		if best < p.Cost-25/math.Sqrt(float64(n)) {
			t.Errorf("life %d: %+v, but level %d costs %v", life, p, at, best)
		}
	}
	// A life of one period is the newsvendor's.
	opt.Life, opt.HoldingCost = 1, 0
	p, err := reorder.Perishable(opt)
	if err != nil {
		t.Fatal(err)
	}
	s, err := reorder.Newsvendor(opt.Demand, opt.OutdateCost, opt.ShortageCost)
	if err != nil || s.Quantity != p.Level {
		t.Errorf("%+v, newsvendor %+v (%v)", p, s, err)
	}
	testkit.Near(t, "newsvendor cost", p.Cost, s.Cost, 1e-12)
	// Large cases: the level of the bound is near the best of a simulation.
	mean := 20.0
	poisson := must(reorder.PoissonDemand(mean))
	big := reorder.PerishableOptions{Demand: poisson, Life: 4, HoldingCost: .05, ShortageCost: 5, OutdateCost: 3}
	if p, err = reorder.Perishable(big); err != nil || p.Exact {
		t.Fatal(p, err)
	}
	masses := make([]float64, 80)
	for k := range masses {
		masses[k] = poisson.CDF(float64(k)) - poisson.CDF(float64(k)-1)
	}
	cost := func(level int) float64 {
		out, lost := outdates(masses, level, big.Life, testkit.Rounds(20000), 3)
		short := poisson.Loss(float64(level))
		return big.HoldingCost*(float64(level)-mean+short-out) + big.OutdateCost*out + big.ShortageCost*lost
	}
	best := math.Inf(1)
	for level := int(p.Level) - 12; level <= int(p.Level)+12; level += 2 {
		best = min(best, cost(level))
	}
	if c := cost(int(p.Level)); c > 1.1*best || p.Cost > c*1.02 {
		t.Errorf("%+v costs %v by simulation, the best level %v", p, c, best)
	}
	for name, change := range map[string]func(*reorder.PerishableOptions){
		"no demand":       func(o *reorder.PerishableOptions) { o.Demand = nil },
		"demand in parts": func(o *reorder.PerishableOptions) { o.Demand = must(reorder.GammaDemand(3, 1)) },
		"life 0":          func(o *reorder.PerishableOptions) { o.Life = 0 },
		"holding":         func(o *reorder.PerishableOptions) { o.HoldingCost = -1 },
		"shortage":        func(o *reorder.PerishableOptions) { o.ShortageCost = 0 },
		"outdate":         func(o *reorder.PerishableOptions) { o.OutdateCost = math.NaN() },
	} {
		bad := opt
		change(&bad)
		if p, err := reorder.Perishable(bad); !errors.Is(err, reorder.ErrOption) || p != (reorder.PerishablePolicy{}) {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
	p = reorder.PerishablePolicy{Level: 9}
	if q := p.Order(reorder.State{OnHand: 4, OnOrder: 1}); q != 4 || p.Order(reorder.State{OnHand: 9}) != 0 || p.Order(reorder.State{OnHand: 12}) != 0 {
		t.Error(q)
	}
}

func TestSeasonProfit(t *testing.T) {
	d := law(t)(reorder.PoissonDemand(40))
	prices := reorder.SeasonPrices{Price: 30, Cost: 18, Salvage: 5, Goodwill: 2}
	s, profit, err := reorder.SeasonProfit(d, prices)
	if err != nil {
		t.Fatal(err)
	}
	of := func(q float64) (sum float64) {
		for k := range 200 {
			x := float64(k)
			sum += pmf(d, k) * (30*min(x, q) + 5*max(q-x, 0) - 2*max(x-q, 0) - 18*q)
		}
		return sum
	}
	testkit.Near(t, "profit", profit, of(s.Quantity), 1e-9)
	if of(s.Quantity-1) > profit || of(s.Quantity+1) > profit {
		t.Errorf("%v earns %v, its neighbours %v and %v", s.Quantity, profit, of(s.Quantity-1), of(s.Quantity+1))
	}
	for name, p := range map[string]reorder.SeasonPrices{
		"no cost": {Price: 3}, "below cost": {Price: 3, Cost: 4}, "salvage above cost": {Price: 5, Cost: 4, Salvage: 4.5}, "goodwill": {Price: 5, Cost: 4, Goodwill: -1}, "NaN": {Price: math.NaN(), Cost: 4},
	} {
		if s, _, err := reorder.SeasonProfit(d, p); !errors.Is(err, reorder.ErrOption) || s != (reorder.Season{}) {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
	if _, _, err := reorder.SeasonProfit(nil, prices); !errors.Is(err, reorder.ErrOption) {
		t.Error(err)
	}
}

func TestServiceTable(t *testing.T) {
	own := reorder.ServiceTable{{.995}}
	for _, c := range []struct {
		abc, xyz byte
		want     float64
	}{{'A', 'X', .995}, {'A', 'Z', .95}, {'B', 'Y', .95}, {'C', 'Z', .85}} {
		if s, err := own.Of(c.abc, c.xyz); err != nil || s != c.want {
			t.Errorf("%c%c: %v, %v", c.abc, c.xyz, s, err)
		}
	}
	for _, c := range [][2]byte{{'-', 'X'}, {'A', 'A'}, {0, 0}} {
		if s, err := own.Of(c[0], c[1]); !errors.Is(err, reorder.ErrUnknownID) || s != 0 {
			t.Errorf("%v: %v, %v", c, s, err)
		}
	}
	own[1][2] = 1
	if _, err := own.Of('B', 'Z'); !errors.Is(err, reorder.ErrOption) {
		t.Error(err)
	}
	r, err := reorder.CriticalRatio(.18, .7)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "ratio", r, .795455, 5e-7)
	for _, x := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		if _, err := reorder.CriticalRatio(x, 1); !errors.Is(err, reorder.ErrOption) {
			t.Error(x, err)
		}
		if _, err := reorder.CriticalRatio(1, x); !errors.Is(err, reorder.ErrOption) {
			t.Error(x, err)
		}
	}
}
