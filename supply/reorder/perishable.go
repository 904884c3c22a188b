package reorder

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
)

// PerishableOptions configures Perishable: stock that is filled up before demand of each period, delivered at once, sold oldest first, and
// thrown away once it has been there for Life periods. What is missing is lost.
type PerishableOptions struct {
	Demand Distribution // of one period, in whole units from 0 up, independent from period to period
	Life   int          // periods in which a unit can be sold, 1 to 60; 1 is the newsvendor's

	HoldingCost  float64 // of a unit kept from one period to the next, >= 0
	ShortageCost float64 // of a unit of demand lost, its margin, > 0
	OutdateCost  float64 // of a unit thrown away, what it cost less what it still brings, > 0
}

// validate checks every field; the chain and its bound need whole units.
func (o PerishableOptions) validate() error {
	var c check.Options
	c.Require(o.Demand != nil, "Demand", o.Demand, "a Distribution")
	if o.Demand != nil {
		check.Positive(&c, "Demand.Mean()", o.Demand.Mean())
		c.Require(whole(o.Demand) && !negative(o.Demand), "Demand", o.Demand.Mean(), "a law of whole units from 0 up")
	}
	c.Require(o.Life >= 1 && o.Life <= 60, "Life", o.Life, "1 to 60")
	for _, f := range []struct {
		name string
		x    float64
	}{{"ShortageCost", o.ShortageCost}, {"OutdateCost", o.OutdateCost}} {
		c.Require(f.x >= 1e-15 && f.x <= check.MaxAmount, f.name, f.x, "1e-15 to 1e15")
	}
	c.Require(o.HoldingCost >= 0 && o.HoldingCost <= check.MaxAmount, "HoldingCost", o.HoldingCost, "0 to 1e15")
	return c.Err("reorder: Perishable")
}

var _ Orderer = PerishablePolicy{}

// PerishablePolicy is a base stock of what perishes.
type PerishablePolicy struct {
	Level    float64 // fill up to this every period
	Cost     float64 // per period
	Outdated float64 // units thrown away per period
	FillRate float64 // share of demand served

	// Exact says that the numbers are those of the exact long run; otherwise Outdated and Cost are their lower bounds,
	// which Level makes least.
	Exact bool
}

// Order returns what is missing to Level.
func (p PerishablePolicy) Order(s State) float64 {
	if q := p.Level - s.Position(); q > 0 && check.Finite(q) {
		return q
	}
	return 0
}

// maxAges bounds the states of the exact chain, and with them its time.
const maxAges = 4000

// Perishable returns the cheapest base stock of a product with a fixed life. Small cases, where the ages of the stock have at
// most 4,000 states, are exact: the long run of the Markov chain of ages (Nahmias, Perishable Inventory Systems, 2011, chapter 2) for every level that
// can be best. Others make least the bound on which that search ends: S units now are sold or thrown away within m periods, so
// that at least E[(S-D(m))⁺]/m a period are thrown away. Errors: ErrOption naming every bad field, ErrRange for a law of
// more than 2¹⁵ units.
func Perishable(opt PerishableOptions) (PerishablePolicy, error) {
	const where = "reorder: Perishable"
	if err := opt.validate(); err != nil {
		return PerishablePolicy{}, err
	}
	g, err := gridOf(opt.Demand, 1, gridLimit)
	if err != nil {
		return PerishablePolicy{}, fmt.Errorf("%s: %w", where, err)
	}
	life, err := demandOver([]Distribution{g}, append(make([]float64, opt.Life), 1))
	if err != nil {
		return PerishablePolicy{}, fmt.Errorf("%s: %w", where, err)
	}
	bound := func(level float64) PerishablePolicy {
		short := g.Loss(level)
		left := level - g.mean + short
		out := min((level-life.Mean()+life.Loss(level))/float64(opt.Life), left)
		return PerishablePolicy{
			Level: level, Outdated: out, FillRate: 1 - short/g.mean,
			Cost: opt.HoldingCost*(left-out) + opt.OutdateCost*out + opt.ShortageCost*short,
		}
	}
	// With more thrown away and less kept a policy is dearer only where that costs more.
	if opt.OutdateCost < opt.HoldingCost {
		plain := bound
		bound = func(level float64) PerishablePolicy {
			p := plain(level)
			left := level - g.mean + g.Loss(level)
			p.Outdated, p.Cost = left, opt.OutdateCost*left+opt.ShortageCost*g.Loss(level)
			return p
		}
	}
	least := PerishablePolicy{Cost: math.Inf(1)}
	for level := 0.0; level <= 4*gridLimit; level++ { // the bound is convex
		b := bound(level)
		if b.Cost > least.Cost {
			break
		}
		least = b
	}
	if agesOf(int(least.Level)-1, opt.Life) > maxAges { // the search would come there
		return least, nil
	}
	best := PerishablePolicy{Cost: math.Inf(1)}
	for level := 0; ; level++ {
		if b := bound(float64(level)); b.Cost >= best.Cost && float64(level) >= least.Level {
			return best, nil
		}
		a := newAges(level, opt.Life)
		if a == nil {
			return least, nil
		}
		out := a.run(g)
		short := g.Loss(float64(level))
		left := float64(level) - g.mean + short
		p := PerishablePolicy{
			Level: float64(level), Outdated: out, FillRate: 1 - short/g.mean, Exact: true,
			Cost: opt.HoldingCost*(left-out) + opt.OutdateCost*out + opt.ShortageCost*short,
		}
		if p.Cost < best.Cost {
			best = p
		}
	}
}

// ages is the chain of the ages of a base stock: a state counts the units with 1, 2, … life-1 periods left before
// the order, at most level in all.
type ages struct {
	level, life int
	states      [][]int
	index       map[string]int
}

// agesOf is the number of states, level+life-1 over life-1.
func agesOf(level, life int) float64 {
	count := 1.0
	for k := 1; k < life; k++ {
		count *= float64(level+k) / float64(k)
	}
	return count
}

// newAges lists the states, nil where there are too many.
func newAges(level, life int) *ages {
	if agesOf(level, life) > maxAges {
		return nil
	}
	a := &ages{level: level, life: life, index: map[string]int{}}
	now := make([]int, life-1)
	var list func(i, left int)
	list = func(i, left int) {
		if i == len(now) {
			a.index[a.key(now)] = len(a.states)
			a.states = append(a.states, append([]int(nil), now...))
			return
		}
		for now[i] = 0; now[i] <= left; now[i]++ {
			list(i+1, left-now[i])
		}
		now[i] = 0
	}
	list(0, level)
	return a
}

// key is a state as text, two bytes a count.
func (a *ages) key(s []int) string {
	b := make([]byte, 0, 2*len(s))
	for _, x := range s {
		b = append(b, byte(x), byte(x>>8))
	}
	return string(b)
}

// after is the state a demand leaves, and what is thrown away: the order fills up with fresh units, the oldest go first, and all
// that is left has a period less.
func (a *ages) after(s []int, demand int, next []int) (outdated int) {
	fresh := a.level
	for _, x := range s {
		fresh -= x
	}
	for i := range a.life {
		x := fresh
		if i < len(s) {
			x = s[i]
		}
		sold := min(x, demand)
		demand -= sold
		if x -= sold; i == 0 {
			outdated = x
		} else {
			next[i-1] = x
		}
	}
	return outdated
}

// run returns the units thrown away per period in the long run. Demand above the level acts as the level does.
func (a *ages) run(g *grid) float64 {
	type move struct {
		to int
		p  float64
	}
	moves, thrown := make([][]move, len(a.states)), make([]float64, len(a.states))
	next := make([]int, a.life-1)
	for i, s := range a.states {
		for d := max(g.first, 0); d <= a.level; d++ {
			p := 0.0
			switch k := d - g.first; {
			case d == a.level:
				p = 1 - g.CDF(float64(d)-1)
			case k < len(g.p):
				p = g.p[k]
			}
			if p > 0 {
				thrown[i] += p * float64(a.after(s, d, next))
				moves[i] = append(moves[i], move{a.index[a.key(next)], p})
			}
		}
		if g.first > a.level { // sold out every period
			a.after(s, a.level, next)
			moves[i] = append(moves[i], move{a.index[a.key(next)], 1})
		}
	}
	now := make([]float64, len(a.states))
	now[0] = 1
	last, mean := math.Inf(1), 0.0
	for round := 1; round <= 20000; round++ {
		then := make([]float64, len(now))
		for i, w := range now {
			if w == 0 {
				continue
			}
			for _, m := range moves[i] {
				// Half stays, so that a chain that would go in circles settles too.
				then[m.to] += w * m.p / 2
			}
			then[i] += w / 2
		}
		now = then
		if round%16 == 0 {
			mean = 0
			for i, w := range now {
				mean += w * thrown[i]
			}
			if math.Abs(mean-last) <= 1e-13*float64(a.level+1) {
				break
			}
			last = mean
		}
	}
	return mean
}
