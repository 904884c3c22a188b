package reorder_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply/reorder"
)

// By hand: 30 there and 20 in period 2; 5 a day are wanted anyway, 8 are reserved for period 1.
// Cumulative 30 30 50 50, needs 5 18 23 28: free 25 12 27 22, and no more than the
// least of those to come.
func TestPromiseByHand(t *testing.T) {
	p := must(reorder.Promise([]reorder.Pool[string]{{
		ID: "a", OnHand: 30, Due: []reorder.Receipt{{At: 1.2, Units: 20}},
		Regions: []reorder.Region{{Demand: []float64{5}, Reserved: []float64{0, 8}}},
	}}, reorder.PromiseOptions{Periods: 4}))
	for period, want := range []int64{12, 12, 22, 22} {
		if got := must(p.Units("a", 0, period)); got != want {
			t.Errorf("period %d: %d, want %d", period, got, want)
		}
	}
	if got := must(p.Stocks([]int64{7}, []string{"a", "a"}, 0, 1)); !slices.Equal(got, []int64{7, 12, 12}) {
		t.Errorf("%v", got)
	}
	if got := p.Available(0, 1, 12); !slices.Equal(got, []string{"a"}) {
		t.Errorf("%v", got)
	}
	if got := p.Available(0, 1, 13); got != nil {
		t.Errorf("%v", got)
	}
}

// kept says whether promises can be kept: every region's needs and promises from its own stock,
// and the rest from the common one, a period's delay ahead.
func kept(p reorder.Pool[int], periods int, units func(region, period int) float64) bool {
	by := func(onHand float64, due []reorder.Receipt, t int) float64 {
		for _, r := range due {
			if r.At <= float64(t) {
				onHand += r.Units
			}
		}
		return onHand
	}
	taken := make([]float64, periods)
	for i, r := range p.Regions {
		worst := 0.
		for t := range periods {
			need := units(i, t)
			for u := range t + 1 {
				need += r.Demand[min(u, len(r.Demand)-1)]
			}
			if short := need - by(r.OnHand, r.Due, t); short > worst {
				for u := max(t-r.Delay, 0); u < periods; u++ {
					taken[u] += short - worst
				}
				worst = short
			}
		}
	}
	for t, x := range taken {
		if x > by(p.OnHand, p.Due, t)+1e-9 {
			return false
		}
	}
	return true
}

// Where everyday demand is certain, all promises can be kept together, more stock takes nothing
// away, and without delay not one unit more could be promised.
func TestPromiseProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const periods = 5
		n := rapid.IntRange(1, 3).Draw(t, "regions")
		units := func(name string, most int) float64 { return float64(rapid.IntRange(0, most).Draw(t, name)) }
		due := func(name string) (out []reorder.Receipt) {
			for range rapid.IntRange(0, 2).Draw(t, name) {
				out = append(out, reorder.Receipt{At: units("at", 5), Units: units("units", 9)})
			}
			return out
		}
		pool := reorder.Pool[int]{ID: 1, OnHand: units("common", 30), Due: due("due")}
		delay := rapid.Bool().Draw(t, "delays")
		for range n {
			r := reorder.Region{OnHand: units("own", 8), Due: due("own due"), Share: units("share", 3)}
			for range rapid.IntRange(1, periods).Draw(t, "demand") {
				r.Demand = append(r.Demand, units("wanted", 3))
			}
			if delay {
				r.Delay = rapid.IntRange(0, 2).Draw(t, "delay")
			}
			pool.Regions = append(pool.Regions, r)
		}
		promise := func(p reorder.Pool[int]) *reorder.Promises[int] {
			got, err := reorder.Promise([]reorder.Pool[int]{p}, reorder.PromiseOptions{Periods: periods})
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		got := promise(pool)
		at := func(i, period int) float64 { return float64(must(got.Units(1, i, period))) }
		for i := range n {
			for period := range periods {
				if at(i, period) < 0 || period > 0 && at(i, period) < at(i, period-1) {
					t.Fatalf("region %d, period %d: %v", i, period, at(i, period))
				}
			}
		}
		none := func(int, int) float64 { return 0 }
		if kept(pool, periods, none) {
			if !kept(pool, periods, at) {
				t.Fatal("promises that cannot be kept")
			}
			for i := range n {
				for from := range periods {
					more := func(region, period int) float64 {
						if region == i && period >= from {
							return at(region, period) + 1
						}
						return at(region, period)
					}
					if !delay && kept(pool, periods, more) {
						t.Fatalf("region %d: one unit more could be promised from period %d on", i, from)
					}
				}
			}
		}
		pool.OnHand++
		richer := promise(pool)
		for i := range n {
			for period := range periods {
				if float64(must(richer.Units(1, i, period))) < at(i, period) {
					t.Fatalf("region %d, period %d: less for one unit more", i, period)
				}
			}
		}
	})
}

// With everyday demand drawn, promises that are all taken leave no more than the accepted
// risk of a shortage in any period, and nearly that in the one that binds.
func TestPromiseRisk(t *testing.T) {
	for _, law := range []reorder.Law{reorder.Normal, reorder.Poisson} {
		region := reorder.Region{Demand: []float64{20, 30, 25, 25}}
		if law == reorder.Normal {
			region.SD = []float64{6, 9}
		}
		pool := reorder.Pool[int]{ID: 1, OnHand: 90, Due: []reorder.Receipt{{At: 2, Units: 60}}, Regions: []reorder.Region{region}}
		p := must(reorder.Promise([]reorder.Pool[int]{pool}, reorder.PromiseOptions{Periods: 4, Risk: .1, Law: law}))
		r := rng.New(8, 0, 0)
		draws := 40_000
		if testkit.Race {
			draws = 5000
		}
		var short [4]float64
		for range draws {
			wanted, there := 0., 90.
			for period := range 4 {
				if period == 2 {
					there += 60
				}
				if law == reorder.Normal {
					wanted += region.Demand[period] + region.SD[min(period, 1)]*r.Normal()
				} else {
					wanted += float64(r.Poisson(region.Demand[period]))
				}
				if wanted+float64(must(p.Units(1, 0, period))) > there {
					short[period] += 1 / float64(draws)
				}
			}
		}
		worst := slices.Max(short[:])
		if tol := 4 * math.Sqrt(.09/float64(draws)); worst > .1+tol || worst < .06 {
			t.Errorf("law %v: short in %v of all runs, want .1 at most", law, short)
		}
	}
}

func TestPromiseBadInput(t *testing.T) {
	type pool = reorder.Pool[int]
	nan := math.NaN()
	good := pool{ID: 1, Regions: []reorder.Region{{}}}
	for _, c := range []struct {
		name  string
		pools []pool
		opt   reorder.PromiseOptions
		want  error
	}{
		{"no products", nil, reorder.PromiseOptions{Periods: 1}, reorder.ErrEmpty},
		{"no regions", []pool{{ID: 1}}, reorder.PromiseOptions{Periods: 1}, reorder.ErrEmpty},
		{"other regions", []pool{good, {ID: 2, Regions: make([]reorder.Region, 2)}}, reorder.PromiseOptions{Periods: 1}, reorder.ErrShape},
		{"twice", []pool{good, good}, reorder.PromiseOptions{Periods: 1}, reorder.ErrDuplicate},
		{"no periods", []pool{good}, reorder.PromiseOptions{}, reorder.ErrOption},
		{"risk", []pool{good}, reorder.PromiseOptions{Periods: 1, Risk: 1}, reorder.ErrOption},
		{"law", []pool{good}, reorder.PromiseOptions{Periods: 1, Law: 9}, reorder.ErrOption},
		{"negative stock", []pool{{OnHand: -1, Regions: []reorder.Region{{}}}}, reorder.PromiseOptions{Periods: 1}, reorder.ErrRange},
		{"due", []pool{{Due: []reorder.Receipt{{At: nan}}, Regions: []reorder.Region{{}}}}, reorder.PromiseOptions{Periods: 1}, reorder.ErrNotFinite},
		{"demand", []pool{{Regions: []reorder.Region{{Demand: []float64{nan}}}}}, reorder.PromiseOptions{Periods: 1}, reorder.ErrNotFinite},
		{"SD", []pool{{Regions: []reorder.Region{{SD: []float64{-1}}}}}, reorder.PromiseOptions{Periods: 1}, reorder.ErrRange},
		{"reserved", []pool{{Regions: []reorder.Region{{Reserved: []float64{-1}}}}}, reorder.PromiseOptions{Periods: 1}, reorder.ErrRange},
		{"share", []pool{{Regions: []reorder.Region{{Share: -1}}}}, reorder.PromiseOptions{Periods: 1}, reorder.ErrRange},
		{"delay", []pool{{Regions: []reorder.Region{{Delay: -1}}}}, reorder.PromiseOptions{Periods: 1}, reorder.ErrRange},
	} {
		if p, err := reorder.Promise(c.pools, c.opt); !errors.Is(err, c.want) || p != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	p := must(reorder.Promise([]pool{good}, reorder.PromiseOptions{Periods: 2}))
	if _, err := p.Units(9, 0, 0); !errors.Is(err, reorder.ErrUnknownID) {
		t.Error(err)
	}
	if _, err := p.Units(1, 1, 0); !errors.Is(err, reorder.ErrRange) {
		t.Error(err)
	}
	if _, err := p.Units(1, 0, 2); !errors.Is(err, reorder.ErrRange) {
		t.Error(err)
	}
	dst := []int64{5}
	if got, err := p.Stocks(dst, []int{1, 9}, 0, 0); !errors.Is(err, reorder.ErrUnknownID) || !slices.Equal(got, dst) {
		t.Error(got, err)
	}
	if _, err := new(reorder.Promises[int]).Units(1, 0, 0); !errors.Is(err, reorder.ErrEmpty) {
		t.Error(err)
	}
}

// Forty regions with a customer a month each: none of them needs a unit at 5 % for itself, all together need 4 of 10.
func TestPromiseManySlow(t *testing.T) {
	pool := reorder.Pool[int]{ID: 1, OnHand: 10}
	for range 40 {
		pool.Regions = append(pool.Regions, reorder.Region{Demand: []float64{.04}})
	}
	p := must(reorder.Promise([]reorder.Pool[int]{pool}, reorder.PromiseOptions{Periods: 1, Law: reorder.Poisson}))
	sum := int64(0)
	for i := range pool.Regions {
		sum += must(p.Units(1, i, 0))
	}
	if need := must(reorder.PoissonDemand(1.6)).Quantile(.95); float64(sum) != 10-need {
		t.Errorf("%d of 10 are promised, where %v are needed", sum, need)
	}
}
