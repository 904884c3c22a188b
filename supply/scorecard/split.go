package scorecard

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// Supplier is one that may get a part of an order.
type Supplier[K ID] struct {
	ID    K       // none twice
	Score float64 // in [0, 1], such as one of Evaluation.Scores
	Price int64   // of a unit, in minor units of one currency, >= 0

	Capacity int64   // units that it can deliver; negative means any number
	MinShare float64 // of the order, that it gets in any case, as a contract says
	MaxShare float64 // of the order, at most; 0 means 1
	MinUnits int64   // it takes at least so many or none
}

// SplitRule says how an order is divided.
type SplitRule uint8

const (
	// ByValue gives units where Worth·Score − Price is highest: the best split there is.
	ByValue SplitRule = iota
	// ByScore gives shares in proportion to scores, as far as bounds allow: less to gain and less to
	// lose. Prices are not looked at. A supplier whose share is below its MinUnits is left out, the worst
	// score first, and the rest divided anew. Where that leaves too few, lots are taken or not in every
	// way, and the split is that nearest to the shares without lots, by the sum of squares.
	ByScore
)

// SplitOptions configures SplitOrder and TradeOff.
type SplitOptions struct {
	Units int64     // of the order, 1 to 10¹², so that sums of shares are exact to the unit
	Rule  SplitRule // default ByValue
	// Worth is what the whole scale of the score is worth on one unit, in the unit of Price: what one would pay
	// more for a unit from a supplier of score 1 than from one of score 0. 0 asks for the least cost,
	// and the better score at equal cost; at most 1e15. TradeOff tries every Worth.
	Worth float64
}

// Share is what one supplier gets.
type Share[K ID] struct {
	ID    K       // of the supplier
	Units int64   // > 0
	Share float64 // of the order
	Cost  int64   // Units·Price
}

// Split is an order divided among suppliers.
type Split[K ID] struct {
	Shares []Share[K] // of those that get something, by id
	Cost   int64      // of all units
	Score  float64    // mean by unit
	// From is the Worth from which on this split is best, up to that of the next of TradeOff.
	From float64
}

// bounds are those of a supplier in units.
type bounds struct{ low, high, lot int64 }

// SplitOrder divides an order in whole units, under capacities, least and greatest shares and
// least lots. Shares become units so that no bound is broken: least ones rounded up, greatest
// ones down.
//
// ByValue is exact: with the least lots taken or not, in every way, filling up by value is the
// optimum of a linear programme with one sum and bounds. Equal values go to the better score,
// then to the lower id.
//
// Errors: ErrEmpty without suppliers; ErrDuplicate for an id given twice; ErrRange for a score,
// price, share or lot out of range, ErrNotFinite; ErrOption naming every bad field; ErrUndefined where no
// split fits, with how many units are wanting; ErrOverflow for a cost beyond int64; ErrTooLarge for
// more than 16 suppliers with a MinUnits. Cost: n log n, times 2 for each MinUnits.
func SplitOrder[K ID](suppliers []Supplier[K], opt SplitOptions) (Split[K], error) {
	const where = "scorecard: SplitOrder"
	s, err := newSplitter(where, suppliers, opt)
	if err != nil {
		return Split[K]{}, err
	}
	var units []int64
	if opt.Rule == ByScore {
		units, err = s.byScore()
	} else {
		units, err = s.best(opt.Worth, 1)
	}
	if err != nil {
		return Split[K]{}, fmt.Errorf("%s: %w", where, err)
	}
	out, err := s.split(units)
	if err != nil {
		return Split[K]{}, fmt.Errorf("%s: %w", where, err)
	}
	out.From = opt.Worth
	return out, nil
}

// TradeOff returns the splits that are best for some Worth from 0 on, from the cheapest to the
// one with the best score, each with the Worth from which on it is: what one more point of
// service costs. opt.Worth is not read; the rule is ByValue. Splits that are better than a
// mixture of two others are among them, those that are best for no Worth are not.
//
// Errors are those of SplitOrder.
func TradeOff[K ID](suppliers []Supplier[K], opt SplitOptions) ([]Split[K], error) {
	const where = "scorecard: TradeOff"
	opt.Worth = 0
	s, err := newSplitter(where, suppliers, opt)
	if err != nil {
		return nil, err
	}
	solve := func(worth, price float64) (Split[K], error) {
		units, err := s.best(worth, price)
		if err != nil {
			return Split[K]{}, err
		}
		return s.split(units)
	}
	cheapest, err := solve(0, 1)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	finest, err := solve(1, 0)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	out := []Split[K]{cheapest}
	// between appends what lies after a up to b, which are both best for some Worth: if nothing beats them
	// where they are equal, they are neighbours (Eisner and Severance 1976).
	var between func(a, b Split[K], depth int) error
	between = func(a, b Split[K], depth int) error {
		gain := (b.Score - a.Score) * float64(opt.Units)
		if !(gain > 1e-9) || b.Cost <= a.Cost {
			return nil
		}
		worth := float64(b.Cost-a.Cost) / gain
		mid, err := solve(worth, 1)
		if err != nil {
			return err
		}
		value := func(x Split[K]) float64 { return worth*x.Score*float64(opt.Units) - float64(x.Cost) }
		if better := value(mid) - value(a); depth > 200 || better <= 1e-9*(1+math.Abs(value(a))) {
			b.From = worth
			out = append(out, b)
			return nil
		}
		if err := between(a, mid, depth+1); err != nil {
			return err
		}
		return between(mid, b, depth+1)
	}
	if err := between(cheapest, finest, 0); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	return out, nil
}

// splitter is the problem in a sorted order.
type splitter[K ID] struct {
	by    []Supplier[K]
	at    []bounds
	units int64
	lots  []int // suppliers that take a lot or nothing
}

// newSplitter checks suppliers and options.
func newSplitter[K ID](where string, suppliers []Supplier[K], opt SplitOptions) (*splitter[K], error) {
	var c check.Options
	c.Require(opt.Units >= 1 && opt.Units <= 1e12, "Units", opt.Units, "1 to 1e12")
	c.Require(opt.Rule <= ByScore, "Rule", opt.Rule, "ByValue or ByScore")
	c.Require(opt.Worth >= 0 && opt.Worth <= 1e15, "Worth", opt.Worth, "0 to 1e15")
	if err := c.Err(where); err != nil {
		return nil, err
	}
	if len(suppliers) == 0 {
		return nil, fmt.Errorf("%s: no suppliers: %w", where, ErrEmpty)
	}
	s := &splitter[K]{by: slices.Clone(suppliers), units: opt.Units, at: make([]bounds, len(suppliers))}
	slices.SortFunc(s.by, func(a, b Supplier[K]) int { return cmp.Compare(a.ID, b.ID) })
	for i := range s.by {
		x := &s.by[i]
		if i > 0 && x.ID == s.by[i-1].ID {
			return nil, fmt.Errorf("%s: supplier %v: %w", where, x.ID, ErrDuplicate)
		}
		if err := check.Slice(fmt.Sprintf("supplier %v: score and shares", x.ID), []float64{x.Score, x.MinShare, x.MaxShare}); err != nil {
			return nil, fmt.Errorf("%s: %w", where, err)
		}
		high := check.Default(x.MaxShare, 1)
		if x.Score < 0 || x.Score > 1 || x.Price < 0 || x.MinUnits < 0 || x.MinShare < 0 || high < x.MinShare || high > 1 {
			return nil, fmt.Errorf("%s: supplier %v: score %v, price %d, shares %v to %v, lot %d; want a score in [0, 1], shares within it and in order, nothing negative: %w",
				where, x.ID, x.Score, x.Price, x.MinShare, high, x.MinUnits, ErrRange)
		}
		b := &s.at[i]
		*b = bounds{low: portion(x.MinShare, s.units, math.Ceil), high: portion(high, s.units, math.Floor), lot: x.MinUnits}
		if x.Capacity >= 0 {
			b.high = min(b.high, x.Capacity)
		}
		if b.low > 0 {
			b.low = max(b.low, b.lot)
		}
		if b.low > b.high {
			return nil, fmt.Errorf("%s: supplier %v must get %d units and can get %d: %w", where, x.ID, b.low, b.high, ErrUndefined)
		}
		if b.lot > max(b.low, 1) {
			s.lots = append(s.lots, i)
		}
	}
	if len(s.lots) > 16 {
		return nil, fmt.Errorf("%s: %d suppliers with MinUnits, want at most 16: %w", where, len(s.lots), ErrTooLarge)
	}
	return s, nil
}

// portion is a share in whole units. A product that rounding has put a hair beside a whole number
// is that number.
func portion(share float64, units int64, round func(float64) float64) int64 {
	x := share * float64(units)
	if w := math.Round(x); math.Abs(x-w) <= 4e-16*x {
		return int64(w)
	}
	return int64(round(x))
}

// best returns the units that maximise worth·score − price over every choice of lots.
func (s *splitter[K]) best(worth, price float64) ([]int64, error) {
	order := make([]int, len(s.by))
	value := make([]float64, len(s.by))
	for i := range order {
		order[i], value[i] = i, worth*s.by[i].Score-price*float64(s.by[i].Price)
	}
	slices.SortFunc(order, func(a, b int) int {
		x, y := &s.by[a], &s.by[b]
		return cmp.Or(cmp.Compare(value[b], value[a]), cmp.Compare(y.Score, x.Score), cmp.Compare(x.Price, y.Price), a-b)
	})
	var best, units []int64
	short := s.units
	top, second := math.Inf(-1), 0.0
	at := make([]bounds, len(s.at))
	for chosen := range 1 << len(s.lots) {
		s.choose(at, chosen)
		var rest int64
		if units, rest = fill(units, at, order, s.units); rest != 0 {
			if abs(rest) < abs(short) {
				short = rest
			}
			continue
		}
		var sum, tie float64 // at equal value the better score, or with the score alone the lower price
		for i, u := range units {
			sum += float64(u) * value[i]
			if price == 0 {
				tie -= float64(u) * float64(s.by[i].Price)
			} else {
				tie += float64(u) * s.by[i].Score
			}
		}
		if sum > top || sum == top && tie > second {
			top, second, best = sum, tie, slices.Clone(units)
		}
	}
	if best == nil {
		if short < 0 {
			return nil, fmt.Errorf("suppliers must get %d units more than the order has: %w", -short, ErrUndefined)
		}
		return nil, fmt.Errorf("capacities and shares fall %d units short of the order: %w", short, ErrUndefined)
	}
	return best, nil
}

func abs(x int64) int64 { return max(x, -x) }

// fill gives everyone the least, and the rest in the given order; rest is what is left over,
// below 0 what is given too much.
func fill(dst []int64, at []bounds, order []int, units int64) (out []int64, rest int64) {
	dst, rest = dst[:0], units
	for _, b := range at {
		if b.low > b.high {
			return dst, units // a lot beyond its bounds
		}
		dst = append(dst, b.low)
		rest -= b.low
	}
	for _, i := range order {
		if rest <= 0 {
			break
		}
		more := min(at[i].high-at[i].low, rest)
		dst[i] += more
		rest -= more
	}
	return dst, rest
}

// byScore returns units in proportion to scores within the bounds.
func (s *splitter[K]) byScore() ([]int64, error) {
	at := slices.Clone(s.at)
	var free []int64 // without lots
	for {
		units, err := s.proportional(at)
		switch {
		case err != nil && free == nil:
			return nil, err
		case err != nil:
			return s.nearest(free)
		case free == nil:
			free = units
		}
		worst := -1
		for i, u := range units {
			if u > 0 && u < s.at[i].lot && (worst < 0 || s.by[i].Score <= s.by[worst].Score) {
				worst = i
			}
		}
		if worst < 0 {
			return units, nil
		}
		at[worst].high = 0
	}
}

// nearest returns, of the splits by score with the lots taken or not in every way, the one that
// is nearest to the given units.
func (s *splitter[K]) nearest(free []int64) (best []int64, err error) {
	top := math.Inf(1)
	at := make([]bounds, len(s.at))
	for chosen := range 1 << len(s.lots) {
		s.choose(at, chosen)
		units, err := s.proportional(at)
		if err != nil {
			continue
		}
		var far float64
		for i, u := range units {
			far += float64(u-free[i]) * float64(u-free[i])
		}
		if far < top {
			top, best = far, units
		}
	}
	if best == nil {
		return s.best(0, 1) // which says how many units are wanting
	}
	return best, nil
}

// choose sets the bounds under which those lots are taken whose bit is set, and no others.
func (s *splitter[K]) choose(at []bounds, chosen int) {
	copy(at, s.at)
	for k, i := range s.lots {
		if chosen>>k&1 == 1 {
			at[i].low = at[i].lot
		} else {
			at[i].high = 0
		}
	}
}

// proportional returns the whole numbers nearest to λ·score within the bounds, where λ makes them
// sum to the order: largest remainders get the units that rounding leaves.
func (s *splitter[K]) proportional(at []bounds) ([]int64, error) {
	order := make([]int, len(s.by))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(s.by[b].Score, s.by[a].Score) })
	if _, rest := fill(nil, at, order, s.units); rest > 0 {
		return nil, fmt.Errorf("capacities and shares fall %d units short of the order: %w", rest, ErrUndefined)
	} else if rest < 0 {
		return nil, fmt.Errorf("suppliers must get %d units more than the order has: %w", -rest, ErrUndefined)
	}
	exact := make([]float64, len(at))
	sum := func(lambda float64) (total float64) {
		for i, b := range at {
			exact[i] = min(max(lambda*s.by[i].Score, float64(b.low)), float64(b.high))
			total += exact[i]
		}
		return total
	}
	lo, hi := 0.0, float64(s.units)
	for range 200 { // scores may be small
		if sum(hi) >= float64(s.units) {
			break
		}
		hi *= 2
	}
	for range 200 {
		mid := lo + (hi-lo)/2
		if mid <= lo || mid >= hi {
			break
		}
		if sum(mid) < float64(s.units) {
			lo = mid
		} else {
			hi = mid
		}
	}
	sum(lo)
	units, rest := make([]int64, len(at)), s.units
	for i, b := range at {
		units[i] = min(max(int64(exact[i]), b.low), b.high)
		rest -= units[i]
	}
	remainder := slices.Clone(order)
	slices.SortStableFunc(remainder, func(a, b int) int {
		return cmp.Compare(exact[b]-float64(units[b]), exact[a]-float64(units[a]))
	})
	for _, i := range remainder { // one each, then all that there is room for, the best score first
		if rest > 0 && units[i] < at[i].high && s.by[i].Score > 0 {
			units[i]++
			rest--
		}
	}
	for _, i := range order {
		more := min(at[i].high-units[i], max(rest, 0))
		units[i] += more
		rest -= more
	}
	return units, nil
}

// split adds up what the units cost and are worth.
func (s *splitter[K]) split(units []int64) (Split[K], error) {
	var out Split[K]
	for i, u := range units {
		if u == 0 {
			continue
		}
		cost, err := check.MulInt64(u, s.by[i].Price)
		if err == nil {
			out.Cost, err = check.AddInt64(out.Cost, cost)
		}
		if err != nil {
			return Split[K]{}, fmt.Errorf("supplier %v: %w", s.by[i].ID, err)
		}
		share := float64(u) / float64(s.units)
		out.Score += share * s.by[i].Score
		out.Shares = append(out.Shares, Share[K]{s.by[i].ID, u, share, cost})
	}
	return out, nil
}
