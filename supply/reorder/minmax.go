package reorder

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
)

// maxUnits bounds how far a level may lie above its point, in units.
const maxUnits = 1 << 13

// minMax evaluates (s, S) policies in units: position j units below S is visited renewal(j) times a cycle (of reviews), and costs
// rate there (Zheng and Federgruen 1991).
type minMax struct {
	*review
	demand *grid     // of a review interval, in units
	visits []float64 // m(0) = 1/(1-p₀), m(j) = m(0)·Σ p(l)·m(j-l)
	total  []float64 // total[n] = Σ visits[:n]
	rates  []float64 // cache of rate, from position lowest on
	lowest int
	scale  float64 // of a unit of the policy's, where Unit is 1 because demand is counted in them
}

// newMinMax puts demand of a review interval on units. ErrRange where it can be negative or has too many units.
func newMinMax(opt ReviewOptions) (*minMax, error) {
	scale := 1.0
	if opt.Unit != 1 && inUnits(opt.Demand, opt.Unit) { // which makes the laws of sums exact, as those of whole units are
		g, err := gridOf(opt.Demand, opt.Unit, maxUnits)
		if err != nil {
			return nil, fmt.Errorf("%w; a larger Unit has fewer", err)
		}
		opt.Demand = newGrid(g.first, 1, g.p, false)
		opt.HoldingCost *= opt.Unit
		opt.BackorderCost *= opt.Unit
		scale, opt.Unit = opt.Unit, 1
	}
	r, err := newReview(opt)
	if err != nil {
		return nil, err
	}
	if negative(opt.Demand) {
		return nil, fmt.Errorf("%s is below 0 with chance %v, want a law from 0 up: %w", "Demand", opt.Demand.CDF(0), ErrRange)
	}
	g, err := gridOf(r.cycle, opt.Unit, maxUnits)
	if err != nil {
		return nil, fmt.Errorf("%w; a larger Unit has fewer", err)
	}
	if g.first < 0 { // what a normal law leaves there
		p := append([]float64(nil), g.p[-g.first:]...)
		for _, x := range g.p[:-g.first] {
			p[0] += x
		}
		g = newGrid(0, g.step, p, false)
	}
	if g.first == 0 && g.p[0] > 1-tiny {
		return nil, fmt.Errorf("%s of %v units of %v is none: %w", "Demand", g.mean/opt.Unit, opt.Unit, ErrRange)
	}
	return &minMax{review: r, demand: g, total: []float64{0}, scale: scale}, nil
}

// inUnits reports whether the quantiles of a law are multiples of a unit, but for rounding.
func inUnits(d Distribution, unit float64) bool {
	at := func(p float64) bool {
		n := d.Quantile(p) / unit
		return math.Abs(n-math.Round(n)) <= 1e-9*max(1, math.Abs(n))
	}
	for k := 1; k < 64; k++ {
		if !at(float64(k) / 64) {
			return false
		}
	}
	for p := 1e-2; p > tailMass; p /= 10 { // rare amounts too
		if !at(p) || !at(1-p) {
			return false
		}
	}
	return true
}

// mass is the chance of a demand of n units between two reviews.
func (m *minMax) mass(n int) float64 {
	if i := n - m.demand.first; i >= 0 && i < len(m.demand.p) {
		return m.demand.p[i]
	}
	return 0
}

// extend makes visits known up to n-1 and total up to n.
func (m *minMax) extend(n int) {
	for j := len(m.visits); j < n; j++ {
		x := 1.0
		if j > 0 {
			x = 0
			for l := max(m.demand.first, 1); l <= min(j, m.demand.first+len(m.demand.p)-1); l++ {
				x += m.mass(l) * m.visits[j-l]
			}
		}
		x /= 1 - m.mass(0)
		m.visits = append(m.visits, x)
		m.total = append(m.total, m.total[j]+x)
	}
}

// at is rate of y units, computed once for each in a range that grows in either direction.
func (m *minMax) at(y int) float64 {
	if m.rates == nil {
		m.lowest = y
	}
	for y < m.lowest { // by blocks: a search goes down unit by unit
		block := make([]float64, 256, 256+len(m.rates))
		for i := range block {
			block[i] = math.NaN()
		}
		m.rates, m.lowest = append(block, m.rates...), m.lowest-256
	}
	for y >= m.lowest+len(m.rates) {
		m.rates = append(m.rates, math.NaN())
	}
	x := &m.rates[y-m.lowest]
	if math.IsNaN(*x) {
		*x = m.rate(float64(y) * m.Unit)
	}
	return *x
}

// cost of a review interval under (s, S): ordering and what the positions cost, by how often each is visited.
func (m *minMax) cost(s, level int) float64 {
	n := level - s
	m.extend(n)
	sum := m.OrderCost
	for j, v := range m.visits[:n] {
		sum += v * m.at(level-j)
	}
	return sum / m.total[n]
}

// policy fills in what (s, S) costs and does.
func (m *minMax) policy(s, level int) ReviewPolicy {
	n := level - s
	p := ReviewPolicy{Review: m.Review, Point: float64(s) * m.Unit * m.scale, Level: float64(level) * m.Unit * m.scale, Cost: m.cost(s, level) / float64(m.Review)}
	short := 0.0
	for j, v := range m.visits[:n] {
		y := float64(level-j) * m.Unit
		w := v / m.total[n]
		short += w * m.short(y)
		p.ReadyRate += w * m.ready(y)
		// An order goes out where demand leaves x <= s of y; it finds nothing owed where the lead time takes no more than x.
		for d := level - j - s; d <= min(level-j, m.demand.first+len(m.demand.p)-1); d++ {
			if q := m.mass(d); q > 0 {
				p.CycleService += v * q * m.over[0].CDF(y-float64(d)*m.Unit)
			}
		}
	}
	p.FillRate = max(1-short/m.cycle.Mean(), 0)
	p.Interval = m.total[n] * float64(m.Review)
	p.CycleService, p.ReadyRate = min(p.CycleService, 1), min(p.ReadyRate, 1)
	return p
}

// best is the search of Zheng and Federgruen: down from the cheapest position until (s, y*) costs no more than s, then levels
// above as long as they cost less than the best so far, s moving up with them.
func (m *minMax) best(top int) (s, level int, err error) {
	for range maxUnits { // from the quantile in units of the law to that on its multiples
		if m.at(top+1) < m.at(top) {
			top++
		} else if m.at(top-1) < m.at(top) {
			top--
		} else {
			break
		}
	}
	// Down: each position adds its visits to the sums of the one above.
	level, sum := top, m.OrderCost
	for s = top; ; s-- {
		n := level - s
		if n > maxUnits {
			return 0, 0, fmt.Errorf("orders of more than %d units of %v, choose a larger Unit: %w", maxUnits, m.Unit*m.scale, ErrRange)
		}
		if n > 0 && sum <= m.at(s)*m.total[n] {
			break
		}
		m.extend(n + 1)
		if sum += m.visits[n] * m.at(s); !check.Finite(sum) {
			return 0, 0, fmt.Errorf("cost is %v at %v units: %w", sum, s, ErrOverflow)
		}
	}
	least := m.cost(s, level)
	for up := level + 1; m.at(up) <= least; up++ {
		if up-s > maxUnits {
			return 0, 0, fmt.Errorf("orders of more than %d units of %v, choose a larger Unit: %w", maxUnits, m.Unit*m.scale, ErrRange)
		}
		if c := m.cost(s, up); c < least {
			level, least = up, c
			for m.cost(s, level) <= m.at(s+1) {
				s++
			}
			least = m.cost(s, level)
		}
	}
	return s, level, nil
}

// prepare checks options and makes the evaluation of their policies.
func prepareMinMax(where string, opt ReviewOptions, order bool) (*minMax, error) {
	opt = opt.withDefaults()
	if err := opt.validate(where, false, order); err != nil {
		return nil, err
	}
	m, err := newMinMax(opt)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	return m, nil
}

// checked refuses a policy whose cost left float64.
func checked(where string, p ReviewPolicy) (ReviewPolicy, error) {
	if !check.Finite(p.Cost) {
		return ReviewPolicy{}, fmt.Errorf("%s: cost is %v at (%v, %v): %w", where, p.Cost, p.Point, p.Level, ErrOverflow)
	}
	return p, nil
}

// MinMax returns the cheapest (s, S) policy, of Review 1, or (R, s, S): at a review with a position of Point or
// below, order up to Level. It is exact where demand comes in multiples of Unit (Zheng and Federgruen, Operations Research 39,
// 1991); other laws are put on multiples of Unit, their mean kept, and must hardly be negative (1e-6). With demand in hundredths of a kilogram
// choose a Unit of 1, not .01: the search is quadratic in Level-Point over Unit, which is at most 8,192. Errors: ErrOption naming every bad
// field, ErrRange for a demand or lead time out of range, ErrOverflow for a cost beyond float64.
func MinMax(opt ReviewOptions) (ReviewPolicy, error) {
	const where = "reorder: MinMax"
	m, err := prepareMinMax(where, opt, true)
	if err != nil {
		return ReviewPolicy{}, err
	}
	_, ratio := shares(m.HoldingCost, m.BackorderCost)
	start := m.over[m.Review].Quantile(ratio) / m.Unit
	if !(math.Abs(start) < math.MaxInt32/2) || !check.Finite(m.rate(start*m.Unit)) {
		return ReviewPolicy{}, fmt.Errorf("%s: the cheapest position is %v units: %w", where, start, ErrOverflow)
	}
	s, level, err := m.best(int(math.Ceil(start)))
	if err != nil {
		return ReviewPolicy{}, fmt.Errorf("%s: %w", where, err)
	}
	return checked(where, m.policy(s, level))
}

// ReviewCost returns a policy of the caller's choice with what it costs and does: Point and Level are read, multiples of Unit
// where they differ, Level at least Point; the other fields are filled in, Review by opt. Point equal to Level is a base stock of any
// law. Errors: as MinMax, ErrOption naming Point and Level.
func ReviewCost(opt ReviewOptions, p ReviewPolicy) (ReviewPolicy, error) {
	const where = "reorder: ReviewCost"
	opt = opt.withDefaults()
	if err := opt.validate(where, false, false); err != nil {
		return ReviewPolicy{}, err
	}
	var c check.Options
	s, level := math.Round(p.Point/opt.Unit), math.Round(p.Level/opt.Unit)
	c.Require(math.Abs(p.Point) <= check.MaxAmount, "Point", p.Point, "finite and at most 1e15")
	c.Require(p.Level >= p.Point && p.Level <= check.MaxAmount, "Level", p.Level, "at least Point, at most 1e15")
	if p.Point != p.Level {
		c.Require(math.Abs(p.Point-s*opt.Unit) <= 1e-9*opt.Unit, "Point", p.Point, "a multiple of Unit")
		c.Require(math.Abs(p.Level-level*opt.Unit) <= 1e-9*opt.Unit, "Level", p.Level, "a multiple of Unit")
		c.Require(level-s <= maxUnits && math.Abs(level) < math.MaxInt32/2, "Level", p.Level, "at most 8192 units above Point, and 1e9 in all")
	}
	if err := c.Err(where); err != nil {
		return ReviewPolicy{}, err
	}
	if p.Point == p.Level {
		r, err := newReview(opt)
		if err != nil {
			return ReviewPolicy{}, fmt.Errorf("%s: %w", where, err)
		}
		return checked(where, r.base(p.Level))
	}
	m, err := newMinMax(opt)
	if err != nil {
		return ReviewPolicy{}, fmt.Errorf("%s: %w", where, err)
	}
	return checked(where, m.policy(int(s), int(level)))
}

// PowerMinMax returns an (s, S) policy by the revised power approximation of Ehrhardt and Mosier (Management Science 30, 1984), which needs
// no more than mean and deviation of demand over a review interval (μ, σ) and over lead time and review (μ_L, σ_L):
//
//	Q = 1.3·μ^.494·(K/hR)^.506·(1+σ_L²/μ²)^.116,  z = √(Q·h/(σ_L·p)),
//	s = .973·μ_L + σ_L·(.183/z + 1.063 - 2.192·z),  S = s + Q
//
// for a Q above 1.5·μ; below, where the authors cut S, it is printed here without the cut, as in textbooks. Point and
// Level are not rounded; the other fields are those of the policy rounded to Unit. Errors: as MinMax, and ErrUndefined
// for demand that does not vary.
func PowerMinMax(opt ReviewOptions) (ReviewPolicy, error) {
	return approximate("reorder: PowerMinMax", opt, func(m *minMax) (s, level float64) {
		mean, all := m.cycle.Mean(), m.over[m.Review]
		spread := all.SD()
		q := 1.3 * math.Pow(mean, .494) * math.Pow(m.OrderCost/m.HoldingCost/float64(m.Review), .506) * math.Pow(1+spread/mean*(spread/mean), .116)
		z := root(q, m.HoldingCost, spread*m.BackorderCost)
		s = .973*all.Mean() + spread*(.183/z+1.063-2.192*z)
		return s, s + q
	})
}

// NormalMinMax returns an (s, S) policy by the normal heuristic: point and quantity of the best (r, Q) policy for normal
// demand over lead time and review, Level = r + Q. Point and Level are not rounded; the other fields are those of the policy rounded to
// Unit. It ignores that a review finds the position below the point. Errors: as PowerMinMax.
func NormalMinMax(opt ReviewOptions) (ReviewPolicy, error) {
	return approximate("reorder: NormalMinMax", opt, func(m *minMax) (s, level float64) {
		o := PolicyOptions{Demand: m.Demand.Mean(), OrderCost: m.OrderCost, HoldingCost: m.HoldingCost, BackorderCost: m.BackorderCost}
		all := m.over[m.Review]
		p := o.normalPolicy(normal{all.Mean(), all.SD()})
		return p.Point, p.Point + p.Quantity
	})
}

// approximate evaluates what a rule of moments gives, rounded to units.
func approximate(where string, opt ReviewOptions, rule func(m *minMax) (s, level float64)) (ReviewPolicy, error) {
	m, err := prepareMinMax(where, opt, true)
	if err != nil {
		return ReviewPolicy{}, err
	}
	if m.over[m.Review].SD() == 0 {
		return ReviewPolicy{}, fmt.Errorf("%s: demand does not vary: %w", where, ErrUndefined)
	}
	s, level := rule(m)
	low, high := math.Round(s/m.Unit), math.Round(level/m.Unit)
	high = max(high, low+1)
	if !(high-low <= maxUnits && math.Abs(high) < math.MaxInt32/2) {
		return ReviewPolicy{}, fmt.Errorf("%s: (%v, %v) in units of %v: %w", where, s*m.scale, level*m.scale, m.Unit*m.scale, ErrOverflow)
	}
	p, err := checked(where, m.policy(int(low), int(high)))
	if err == nil {
		p.Point, p.Level = s*m.scale, level*m.scale
	}
	return p, err
}
