package segment_test

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment"
)

type moneyFile struct {
	Amounts   []int64
	Gini      float64
	Top       map[string]float64
	Needed    map[string]float64
	Gaps      []float64
	Ended     []bool
	Returning float64
	Quantiles []float64
	Naive     []float64
}

// paretoOf counts amounts, without a floor.
func paretoOf(amounts ...int64) *segment.Pareto {
	p := &segment.Pareto{MinAudience: -1}
	for _, a := range amounts {
		must(p.Add(a))
	}
	return p
}

// Gini over all pairs, the Lorenz curve and how many it takes, by numpy.
func TestParetoGolden(t *testing.T) {
	var g moneyFile
	testkit.Golden(t, "money.json", &g)
	p := paretoOf(g.Amounts...)
	r, err := p.Result()
	n := float64(len(g.Amounts))
	if err != nil || !testkit.Close(r.Gini, g.Gini, 0, 1e-12) || !testkit.Close(r.Top20, g.Top["0.2"], 0, 1e-12) || r.For80 != g.Needed["0.8"]/n || r.Customers != int64(n) {
		t.Errorf("%+v, %v; want Gini %v, %v", r, err, g.Gini, g.Top)
	}
	for q, want := range g.Top {
		share, _ := strconv.ParseFloat(q, 64)
		if got, err := p.TopShare(share); err != nil || !testkit.Close(got, want, 0, 1e-12) {
			t.Errorf("top %v: %v, want %v, %v", q, got, want, err)
		}
	}
	for q, want := range g.Needed {
		share, _ := strconv.ParseFloat(q, 64)
		if got, err := p.Needed(share); err != nil || got != want/n {
			t.Errorf("needed for %v: %v, want %v, %v", q, got, want/n, err)
		}
	}
}

// By hand: five customers, of whom one brings 80 of 100; all alike; one; refunds; one of
// millions of whom amounts overflow.
func TestParetoByHand(t *testing.T) {
	for _, c := range []struct {
		name               string
		amounts            []int64
		gini, top20, for80 float64
		err                error
	}{
		{"eighty to twenty", []int64{5, 5, 80, 5, 5}, .6, .8, .2, nil},
		{"all alike", []int64{7, 7, 7, 7, 7, 7, 7, 7, 7, 7}, 0, .2, .8, nil},
		{"one customer", []int64{3}, 0, .2, 1, nil},
		{"one brings all", []int64{0, 0, 0, 9}, .75, .8, .25, nil},
		{"more refunded than paid", []int64{-10, 20}, 1.5, .8, .5, nil},
		{"nobody", nil, 0, 0, 0, segment.ErrEmpty},
		{"no money", []int64{0, 0}, 0, 0, 0, segment.ErrUndefined},
		{"all refunded", []int64{-5, 3}, 0, 0, 0, segment.ErrUndefined},
	} {
		r, err := paretoOf(c.amounts...).Result()
		if !errors.Is(err, c.err) || !testkit.Close(r.Gini, c.gini, 1e-12, 0) || !testkit.Close(r.Top20, c.top20, 1e-12, 0) || r.For80 != c.for80 {
			t.Errorf("%s: %+v, %v", c.name, r, err)
		}
	}
	p := new(segment.Pareto)
	if err := p.Add(1<<53 + 1); !errors.Is(err, segment.ErrRange) {
		t.Error(err)
	}
	for range 1100 {
		must(p.Add(1 << 53))
	}
	if _, err := p.Result(); !errors.Is(err, segment.ErrOverflow) {
		t.Error(err)
	}
	if top, err := p.TopShare(.5); err != nil || top != .5 {
		t.Error(top, err)
	}
}

// Shards merge to what one state counts, and the bytes do not know the order.
func TestParetoMergeProp(t *testing.T) {
	testkit.Laws[*segment.Pareto]{
		Empty: func() *segment.Pareto { return &segment.Pareto{MinAudience: -1} },
		Add: func(t *rapid.T) func(*segment.Pareto) {
			amount := rapid.OneOf(rapid.Int64Range(-3, 9), rapid.Int64Range(-1<<53, 1<<53)).Draw(t, "amount")
			return func(p *segment.Pareto) { must(p.Add(amount)) }
		},
		Merge: func(a, b *segment.Pareto) error { return a.Merge(b) },
		Result: func(p *segment.Pareto) []float64 {
			b, err := p.MarshalBinary()
			must(err)
			out := make([]float64, len(b))
			for i, v := range b {
				out[i] = float64(v)
			}
			return out
		},
	}.Check(t)
}

// Tiers against a count over the customers: no tier and those above it hold more than their
// share of the customers; with one amount less in the top, no less than their share of money.
func TestParetoCutsProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amounts := rapid.SliceOfN(rapid.OneOf(rapid.Int64Range(0, 4), rapid.Int64Range(0, 1000)), 1, 60).Draw(t, "amounts")
		share := float64(rapid.IntRange(1, 99).Draw(t, "percent")) / 100
		p, sorted, total := paretoOf(amounts...), slices.Clone(amounts), int64(0)
		slices.Sort(sorted)
		for _, a := range sorted {
			total += a
		}
		c, err := p.CutsByCustomers(share)
		must(err)
		over := func(cut float64) (n int, money int64) {
			for _, a := range sorted {
				if float64(a) > cut {
					n, money = n+1, money+a
				}
			}
			return n, money
		}
		n, _ := over(c.Points()[0])
		with, _ := over(c.Points()[0] - 1) // those at the cut as well
		if room := share * float64(len(sorted)) * (1 + 1e-9); float64(n) > room || float64(with) <= room*(1-1e-8) {
			t.Fatalf("%v above %v, %v with those at it, of %v", n, c.Points(), with, room)
		}
		c, err = p.CutsByMoney(share)
		if total == 0 {
			if !errors.Is(err, segment.ErrUndefined) {
				t.Fatal(err)
			}
			return
		}
		must(err)
		cut := c.Points()[0]
		n, money := over(cut)
		least := sorted[len(sorted)-n] // of the tier: without all like it, it brings too little
		_, less := over(float64(least))
		if float64(money) < share*float64(total)*(1-1e-9) || float64(less) >= share*float64(total) {
			t.Fatalf("%v of %v above %v, %v without those of %v", money, total, cut, less, least)
		}
	})
}

// Tiers follow the shop: the same shares of another currency or another year are other
// thresholds and the same customers.
func TestParetoTiers(t *testing.T) {
	for _, scale := range []int64{1, 37, 100_000} {
		p := new(segment.Pareto)
		for i := range int64(1000) {
			must(p.Add((i*i/50 + 1) * scale))
		}
		cuts, err := p.CutsByCustomers(.05, .2)
		must(err)
		tiers, err := p.Tiers(cuts)
		must(err)
		if len(tiers) != 3 || tiers[0].Level != 3 || tiers[0].Customers != 50 || tiers[1].Customers != 150 || tiers[2].Customers != 800 || !math.IsNaN(tiers[2].Above) ||
			tiers[0].Above != float64((949*949/50+1)*scale) {
			t.Errorf("scale %d: %+v", scale, tiers)
		}
		r, err := p.Result()
		must(err)
		if got := tiers[0].MoneyShare + tiers[1].MoneyShare; !testkit.Close(got, r.Top20, 1e-12, 0) {
			t.Errorf("the best two tiers bring %v, the best fifth %v", got, r.Top20)
		}
	}
	alike := new(segment.Pareto)
	for range 200 {
		must(alike.Add(500))
	}
	cuts, err := alike.CutsByCustomers(.1, .3)
	must(err)
	tiers, err := alike.Tiers(cuts)
	if err != nil || tiers[0].Customers != 0 || tiers[1].Customers != 0 || tiers[2].Customers != 200 {
		t.Errorf("all alike: %+v, %v", tiers, err)
	}
	if cuts, err = alike.CutsByMoney(.5); err != nil || cuts.Level(500) != 2 {
		t.Errorf("all alike by money: %v, %v", cuts.Points(), err)
	}
	for _, shares := range [][]float64{nil, {0}, {1}, {.2, .2}, {.3, .1}, {math.NaN()}, make([]float64, 255)} {
		if _, err := alike.CutsByCustomers(shares...); !errors.Is(err, segment.ErrRange) {
			t.Errorf("%v: %v", shares, err)
		}
	}
	if _, err := new(segment.Pareto).CutsByMoney(.5); !errors.Is(err, segment.ErrEmpty) {
		t.Error(err)
	}
	if _, err := paretoOf(0, 0).CutsByMoney(.5); !errors.Is(err, segment.ErrUndefined) {
		t.Error(err)
	}
}

// What few customers bring is not told: not the few best, not the few others, not a tier of
// few nor the next one with it.
func TestParetoFloor(t *testing.T) {
	p := new(segment.Pareto)
	for i := range int64(400) {
		must(p.Add(i + 1))
	}
	for share, want := range map[float64]error{.12: segment.ErrPrivacy, .125: nil, .875: nil, .9: segment.ErrPrivacy, 1: nil, 0: segment.ErrRange, 1.1: segment.ErrRange} {
		if _, err := p.TopShare(share); !errors.Is(err, want) {
			t.Errorf("top %v: %v", share, err)
		}
	}
	for share, want := range map[float64]error{.2: segment.ErrPrivacy, .5: nil, .999: segment.ErrPrivacy, 1: nil} {
		if _, err := p.Needed(share); !errors.Is(err, want) {
			t.Errorf("needed %v: %v", share, err)
		}
	}
	cuts, err := segment.NewCuts(20, 100, 380)
	must(err)
	tiers, err := p.Tiers(cuts)
	must(err)
	for i, withheld := range []bool{true, false, true, true} { // 20 and 20 are few together, 80 go with them
		if errors.Is(tiers[i].Err, segment.ErrPrivacy) != withheld || withheld && (tiers[i].Customers != 0 || tiers[i].Money != 0 || tiers[i].MoneyShare != 0) {
			t.Errorf("tier %d: %+v", i, tiers[i])
		}
	}
	few := new(segment.Pareto)
	for range 49 {
		must(few.Add(3))
	}
	_, err = few.Result()
	_, top := few.TopShare(1)
	_, needed := few.Needed(1)
	_, inTiers := few.Tiers(cuts)
	for _, e := range []error{err, top, needed, inTiers} {
		if !errors.Is(e, segment.ErrPrivacy) {
			t.Error(e)
		}
	}
	must(few.Add(3))
	if r, err := few.Result(); err != nil || !math.IsNaN(r.Top20) || !math.IsNaN(r.For80) || r.Money != 150 {
		t.Errorf("%+v, %v", r, err)
	}
	few.MinAudience = -2
	if _, err := few.Result(); !errors.Is(err, segment.ErrOption) {
		t.Error(err)
	}
}

// Many questions, each about enough customers, do not tell by subtraction what one of them
// spent: from one to the next the answers rise by the mean of a part of the customers.
func TestParetoNoSubtraction(t *testing.T) {
	for _, c := range []struct{ n, part int64 }{{5, 5}, {9, 9}, {10, 5}, {24, 12}, {25, 5}, {100, 5}, {499, 0}, {500, 5}, {1200, 6}} {
		p, total := &segment.Pareto{MinAudience: 5}, 0.0
		exact := paretoOf()
		for i := range c.n {
			must(p.Add(i * i))
			must(exact.Add(i * i))
			total += float64(i * i)
		}
		var runs []int // customers from one to the next of whom the answers rise alike
		last, before := math.NaN(), math.NaN()
		for k := range c.n + 1 {
			share, err := p.TopShare(float64(k) / float64(c.n))
			if err != nil || k == 0 {
				share = math.NaN()
			}
			if d := (share - last) * total; !math.IsNaN(d) {
				if math.Abs(d-before) < .01 {
					runs[len(runs)-1]++
				} else {
					runs = append(runs, 1)
				}
				if d > before+.01 {
					t.Errorf("%d customers: the curve rises faster at %d", c.n, k)
				}
				before = d
			}
			if want, err := exact.TopShare(float64(k) / float64(c.n)); err == nil && share > want+1e-12 {
				t.Errorf("%d customers: the best %d bring %v, told %v", c.n, k, want, share)
			} else if c.part > 0 && k%c.part == 0 && !math.IsNaN(share) && !testkit.Close(share, want, 1e-12, 0) {
				t.Errorf("%d customers: the best %d bring %v, told %v", c.n, k, want, share)
			}
			last = share
		}
		few := 0
		for _, n := range runs {
			if n < 4 { // a part and the next one may share a customer
				few++
			}
		}
		if most := int(c.n / 5); len(runs) > 2*most || few > most || len(runs) == 0 && c.n >= 15 {
			t.Errorf("%d customers: %d runs, %d of them of few", c.n, len(runs), few)
		}
		for share := .01; share < 1; share += .01 {
			k, err := p.Needed(share)
			if err != nil {
				continue
			}
			least, err := exact.Needed(share)
			must(err)
			now, err := p.TopShare(k)
			must(err)
			one := 1 / float64(c.n)
			if k < least || now < share-1e-9 {
				t.Errorf("%d customers: needed for %v: %v, at least %v, bring %v", c.n, share, k, least, now)
			}
			if less, err := p.TopShare(k - one); err == nil && less >= share+1e-9 {
				t.Errorf("%d customers: needed for %v: %v, and one less brings %v", c.n, share, k, less)
			}
		}
	}
}

// Shares that no float64 holds are met as written: .29 of 100 customers are 29, and of customers
// who are alike a share of them brings that share.
func TestParetoShareRounding(t *testing.T) {
	p, alike := paretoOf(), &segment.Pareto{MinAudience: 5}
	for i := range int64(100) {
		must(p.Add(i))
		must(alike.Add(7))
	}
	for percent := 1; percent < 100; percent++ {
		cuts, err := p.CutsByCustomers(float64(percent) / 100)
		must(err)
		if got := cuts.Points()[0]; got != float64(99-percent) {
			t.Errorf("the best %d %% are above %v", percent, got)
		}
		if k, err := alike.Needed(float64(percent) / 100); err == nil && k != float64(percent)/100 {
			t.Errorf("%v of customers who are alike bring %d %%", k, percent)
		}
	}
}
