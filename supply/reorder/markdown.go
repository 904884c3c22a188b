package reorder

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// MarkdownOptions configures PlanMarkdown for dead stock: units that have to go by a deadline.
type MarkdownOptions struct {
	Units int // in stock, 1 to 20,000: what is more is counted in packs

	// Demand is the expected demand of each period until the deadline, at Price, of everybody;
	// at least one period, at most 1,000, each from 0 to 10⁶. It is Poisson.
	Demand []float64

	// Price is today's, and Prices are those that it may be cut to, minor units, each > 0, at
	// most 100; Price itself is always allowed. Prices only fall, unless MayRise.
	Price   int64
	Prices  []int64
	MayRise bool

	// Elasticity is that of demand by price: demand × (p/Price)^Elasticity; in [-100, 0).
	Elasticity float64

	// Reaches are the shares of demand, each in (0, 1], at most 20, that may be offered the lower
	// price while the rest pays Price: an audience by lot, or of customers who are as
	// sensitive to the price as all. Default 1, everybody.
	Reaches []float64

	Salvage     int64 // worth of a unit that is left at the deadline; negative where it costs
	HoldingCost int64 // of keeping a unit to the next period, >= 0
}

// Markdown is a plan to sell dead stock, the best there is. It is immutable.
type Markdown struct {
	// Prices and Reaches are those of each period, where demand comes as expected. What to do
	// when it does not, At says.
	Prices  []int64
	Reaches []float64

	Sold []float64 // expected sales by period, of the plan that follows demand
	Left float64   // expected units at the deadline

	// Value is the expected revenue with Salvage, less HoldingCost, in minor units, Uncut
	// that without any mark-down, and Worth what one more unit in stock would add to Value.
	Value, Uncut, Worth float64

	opt    MarkdownOptions
	prices []int64 // Price first, then descending, or in order of MayRise
	next   []choice
}

// choice is what to do in a state: indices of a price and of a reach.
type choice struct{ price, reach uint8 }

// PlanMarkdown finds how to sell stock by a deadline: prices and audiences by period and by what
// is left then. Demand of a period is Poisson, of mean Demand·(1-a+a·r) where the
// share a sees the price p and r = (p/Price)^Elasticity; a sale of it brings p with the chance
// that it is of those. The plan is exact, by dynamic programming over periods, units left and the lowest
// price so far (Gallego and van Ryzin, Management Science 40, 1994, in discrete
// time). Of equal plans it takes the dearer, narrower one.
//
// Errors: ErrOption naming every bad field, ErrRange where the work, units × demand × prices ×
// reaches × periods, is beyond 2·10⁹ (count in packs then), context.Cause(ctx). Memory:
// 2 bytes × units × periods × prices.
func PlanMarkdown(ctx context.Context, opt MarkdownOptions) (*Markdown, error) {
	const where = "reorder: PlanMarkdown"
	if len(opt.Reaches) == 0 {
		opt.Reaches = []float64{1}
	}
	opt.Demand, opt.Prices, opt.Reaches = slices.Clone(opt.Demand), slices.Clone(opt.Prices), slices.Clone(opt.Reaches)
	slices.Sort(opt.Reaches)
	opt.Reaches = slices.Compact(opt.Reaches)
	if err := opt.validate(where); err != nil {
		return nil, err
	}
	m := &Markdown{opt: opt, prices: opt.ladder()}
	if work := m.work(); work > 2e9 {
		return nil, fmt.Errorf("%s: %.3g steps for %d units, want at most 2e9: count in packs: %w", where, work, opt.Units, ErrRange)
	}
	if err := m.solve(ctx); err != nil {
		return nil, err
	}
	uncut := opt
	uncut.Prices, uncut.Reaches = nil, []float64{1}
	u := Markdown{opt: uncut, prices: []int64{opt.Price}}
	if err := u.solve(ctx); err != nil {
		return nil, err
	}
	m.Uncut = u.Value
	if err := m.follow(ctx); err != nil {
		return nil, err
	}
	return m, nil
}

// validate checks every field, Reaches having its default.
func (o MarkdownOptions) validate(where string) error {
	var c check.Options
	c.Require(o.Units >= 1 && o.Units <= 20_000, "Units", o.Units, "1 to 20,000")
	c.Require(len(o.Demand) >= 1 && len(o.Demand) <= 1000, "len(Demand)", len(o.Demand), "1 to 1,000 periods")
	for i, d := range o.Demand {
		c.Require(d >= 0 && d <= 1e6, fmt.Sprintf("Demand[%d]", i), d, "0 to 1e6")
	}
	const most = 1 << 40 // times units and periods it stays an exact float64
	c.Require(o.Price > 0 && o.Price <= most, "Price", o.Price, "1 to 2^40")
	c.Require(len(o.Prices) <= 100, "len(Prices)", len(o.Prices), "at most 100")
	for i, p := range o.Prices {
		c.Require(p > 0 && p <= most && (o.MayRise || p <= o.Price), fmt.Sprintf("Prices[%d]", i), p, "1 to Price, or with MayRise to 2^40")
	}
	c.Require(o.Elasticity >= -100 && o.Elasticity < 0, "Elasticity", o.Elasticity, "in [-100, 0)")
	c.Require(len(o.Reaches) <= 20, "len(Reaches)", len(o.Reaches), "at most 20")
	for i, a := range o.Reaches {
		c.Require(a > 0 && a <= 1, fmt.Sprintf("Reaches[%d]", i), a, "in (0, 1]")
	}
	c.Require(o.Salvage >= -most && o.Salvage <= most, "Salvage", o.Salvage, "-2^40 to 2^40")
	c.Require(o.HoldingCost >= 0 && o.HoldingCost <= most, "HoldingCost", o.HoldingCost, "0 to 2^40")
	return c.Err(where)
}

// ladder is the prices to choose from, the dearest first.
func (o MarkdownOptions) ladder() []int64 {
	prices := append([]int64{o.Price}, o.Prices...)
	slices.SortFunc(prices, func(a, b int64) int { return int(b>>1 - a>>1 + b&1 - a&1) })
	return slices.Compact(prices)
}

// start is the place of today's price on the ladder.
func (m *Markdown) start() int { return slices.Index(m.prices, m.opt.Price) }

// offer is the mean demand of a period for a choice, and what a unit of it brings.
func (m *Markdown) offer(t, price, reach int) (mean, each float64) {
	p, full := float64(m.prices[price]), float64(m.opt.Price)
	a := m.opt.Reaches[reach]
	low := a * min(math.Pow(p/full, m.opt.Elasticity), 1e250) // all is sold long before
	return m.opt.Demand[t] * (1 - a + low), ((1-a)*full + low*p) / (1 - a + low)
}

// reaches is how many reaches differ at a price: at today's all are one.
func (m *Markdown) reaches(price int) int {
	if m.prices[price] == m.opt.Price {
		return 1
	}
	return len(m.opt.Reaches)
}

// work counts the steps of solve, from the width of each law.
func (m *Markdown) work() float64 {
	sum := 0.0
	for t := range m.opt.Demand {
		for k := range m.prices {
			for a := range m.reaches(k) {
				mean, _ := m.offer(t, k, a)
				sum += float64(m.opt.Units) * min(20*math.Sqrt(mean)+20, float64(m.opt.Units))
			}
		}
	}
	return sum
}

// poissonMasses writes the law of a Poisson demand below most to p, from the first value on that
// has a mass, and says where that is. It walks from the mode outwards, so that no mean is too
// large, and ends where a mass is below 1e-18.
func poissonMasses(p []float64, mean float64, most int) (masses []float64, first int) {
	p = p[:0]
	if mean == 0 {
		return append(p, 1), 0
	}
	if mean > 2*float64(most)+1000 { // a demand below most has a chance of less than e^(-mean/8)
		return p, most
	}
	mode := math.Floor(mean)
	lg, _ := math.Lgamma(mode + 1)
	top := math.Exp(mode*math.Log(mean) - mean - lg)
	first = int(mode)
	for x, d := top, mode; d > 0 && x > 1e-18; d-- {
		x *= d / mean
		first--
	}
	if first >= most {
		return p, most
	}
	x := top
	for d := mode; d > float64(first); d-- {
		x *= d / mean
	}
	for d := first; d < most && (float64(d) < mode || x > 1e-18); d++ {
		p = append(p, x)
		x *= mean / float64(d+1)
	}
	return p, first
}

// solve fills the policy and the values: backwards in time, for each number of units left n and
// each price k the value of the best reach at it, then for each lowest price so far the best
// of those that are still allowed.
func (m *Markdown) solve(ctx context.Context) error {
	n, prices := m.opt.Units+1, len(m.prices) // one more, for Worth
	width := (n + 1) * prices
	m.next = make([]choice, width*len(m.opt.Demand))
	after, value := make([]float64, width), make([]float64, width)
	for left := range n + 1 {
		for k := range prices {
			after[left*prices+k] = float64(left) * float64(m.opt.Salvage)
		}
	}
	var masses []float64
	for t := len(m.opt.Demand) - 1; t >= 0; t-- {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		policy := m.next[t*width : (t+1)*width]
		for i := range value {
			value[i] = math.Inf(-1)
		}
		for k := range prices {
			for a := range m.reaches(k) {
				mean, each := m.offer(t, k, a)
				var first int
				masses, first = poissonMasses(masses, mean, n)
				m.choose(value, after, policy, masses, state{price: k, reach: a, first: first, each: each, hold: t+1 < len(m.opt.Demand)})
			}
		}
		for left := range n + 1 { // the best of the prices that may follow
			row, act := value[left*prices:(left+1)*prices], policy[left*prices:(left+1)*prices]
			if m.opt.MayRise {
				best := 0
				for k := range prices {
					if row[k] > row[best]+slack(row[best]) {
						best = k
					}
				}
				for k := range prices {
					row[k], act[k] = row[best], act[best]
				}
				continue
			}
			for k := prices - 2; k >= 0; k-- {
				if row[k+1] > row[k]+slack(row[k]) {
					row[k], act[k] = row[k+1], act[k+1]
				}
			}
		}
		after, value = value, after
	}
	at := m.start()
	m.Value = after[m.opt.Units*prices+at]
	m.Worth = after[(m.opt.Units+1)*prices+at] - m.Value
	return nil
}

// slack is by how much a plan has to be better to be taken for better.
func slack(value float64) float64 { return 1e-12 * max(math.Abs(value), 1) }

// state is a choice with what it brings.
type state struct {
	price, reach, first int
	each                float64
	hold                bool // what is left is kept for another period
}

// choose enters a choice where it is the best of its price so far, for each number of units left.
func (m *Markdown) choose(value, after []float64, policy []choice, masses []float64, s state) {
	prices := len(m.prices)
	keep := 0.0
	if s.hold {
		keep = float64(m.opt.HoldingCost)
	}
	for left := range len(value) / prices {
		sum, seen := 0.0, 0.0
		for i, p := range masses[:min(max(left-s.first, 0), len(masses))] {
			d := s.first + i
			rest := left - d
			sum += p * (s.each*float64(d) - keep*float64(rest) + after[rest*prices+s.price])
			seen += p
		}
		sum += max(1-seen, 0) * (s.each*float64(left) + after[s.price]) // all is sold
		if at := left*prices + s.price; sum > value[at]+slack(value[at]) || math.IsInf(value[at], -1) {
			value[at], policy[at] = sum, choice{uint8(s.price), uint8(s.reach)}
		}
	}
}

// follow fills in what the plan leads to: sales as the law of the units left moves on, and prices
// where demand is as expected.
func (m *Markdown) follow(ctx context.Context) error {
	n, prices, periods := m.opt.Units, len(m.prices), len(m.opt.Demand)
	m.Sold = make([]float64, periods)
	law, then := make([]float64, (n+1)*prices), make([]float64, (n+1)*prices)
	law[n*prices+m.start()] = 1
	states := map[choice][]int{}
	last, likely := m.start(), float64(n)
	for t := range periods {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		c := m.act(t, int(math.Round(likely)), last)
		mean, _ := m.offer(t, int(c.price), int(c.reach))
		m.Prices = append(m.Prices, m.prices[c.price])
		m.Reaches = append(m.Reaches, m.opt.Reaches[c.reach])
		if c.price == uint8(m.start()) {
			m.Reaches[t] = 1 // nobody is offered another price
		}
		likely, last = max(likely-mean, 0), int(c.price)
		clear(then)
		clear(states)
		for i, p := range law {
			if p > 0 {
				c := m.act(t, i/prices, i%prices)
				states[c] = append(states[c], i)
			}
		}
		for k := range prices {
			for a := range m.reaches(k) { // one law for all states of one choice, in a fixed order
				c := choice{uint8(k), uint8(a)}
				if len(states[c]) > 0 {
					m.sell(then, law, states[c], c, t)
				}
			}
		}
		law, then = then, law
	}
	for i, p := range law {
		m.Left += p * float64(i/prices)
	}
	return nil
}

// sell moves the law of the states that share a choice over a period.
func (m *Markdown) sell(then, law []float64, states []int, c choice, t int) {
	mean, _ := m.offer(t, int(c.price), int(c.reach))
	masses, first := poissonMasses(nil, mean, m.opt.Units+1)
	prices := len(m.prices)
	for _, i := range states {
		p, left, seen := law[i], i/prices, 0.0
		for d, q := range masses[:min(max(left-first, 0), len(masses))] {
			sold := first + d
			then[(left-sold)*prices+int(c.price)] += p * q
			m.Sold[t] += p * q * float64(sold)
			seen += q
		}
		rest := p * max(1-seen, 0) // all is sold
		then[c.price] += rest
		m.Sold[t] += rest * float64(left)
	}
}

// act is the choice of a period with so many units left and a lowest price so far.
func (m *Markdown) act(t, left, last int) choice {
	prices := len(m.prices)
	return m.next[t*(m.opt.Units+2)*prices+left*prices+last]
}

// At returns the price of a period and the share of demand that is to be offered it, when so
// many units are left before it and last was the price of the period before (Price before the
// first). Errors: ErrRange for a period or number of units that the plan does not have, or a
// price that is not one of its own; ErrEmpty for one that PlanMarkdown has not made.
func (m *Markdown) At(period, left int, last int64) (price int64, reach float64, err error) {
	const where = "reorder: Markdown.At"
	if m == nil || m.next == nil {
		return 0, 0, fmt.Errorf("%s: not made by PlanMarkdown: %w", where, ErrEmpty)
	}
	k := slices.Index(m.prices, last)
	switch {
	case period < 0 || period >= len(m.opt.Demand):
		return 0, 0, fmt.Errorf("%s: period is %d, want 0 to %d: %w", where, period, len(m.opt.Demand)-1, ErrRange)
	case left < 0 || left > m.opt.Units:
		return 0, 0, fmt.Errorf("%s: left is %d, want 0 to %d: %w", where, left, m.opt.Units, ErrRange)
	case k < 0:
		return 0, 0, fmt.Errorf("%s: last is %d, want one of the prices: %w", where, last, ErrRange)
	}
	c := m.act(period, left, k)
	if reach = m.opt.Reaches[c.reach]; m.prices[c.price] == m.opt.Price {
		reach = 1
	}
	return m.prices[c.price], reach, nil
}
