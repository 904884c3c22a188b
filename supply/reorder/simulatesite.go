package reorder

import (
	"context"
	"fmt"

	"github.com/aislekit/aisle/internal/check"
)

// What is summed over the periods of an observation, one float64 each, in this order.
const (
	sumOrder    = iota // costs
	sumPurchase        //
	sumHolding         //
	sumShortage        //
	sumWaste           //
	sumDemand          // units
	sumServed          // from stock, at once
	sumLost
	sumBought
	sumWasted
	sumStock // at the ends of periods
	sumOwed
	sumOrders  // times
	sumCycles  // deliveries, each the end of a cycle
	sumGood    // cycles without shortage
	sumReady   // periods that end with nothing missing
	sumPeriods // all of them
	sums
)

// delivery is what comes to a site in one period.
type delivery struct {
	in   float64 // units
	off  float64 // what is no longer on order with it: more than in where a rest is cancelled
	last int     // orders that end with it
}

// site is a stock, its policy and what is under way to it. Its memory is kept from one run to
// the next.
type site struct {
	product
	draws  draws
	t, end int // period, and that after the last

	onHand, owed, onOrder float64
	open                  int        // orders under way
	due                   int        // when the latest of them comes
	ring                  []delivery // by period modulo its length, a power of two
	ages                  []float64  // stock by period of arrival modulo ShelfLife
	received              int        // period of the last delivery
	short                 bool       // something was missing in this cycle
	sum                   [sums]float64
}

// begin puts the site at the start of a run.
func (s *site) begin(p product, periods int, seed uint64) error {
	s.product, s.t, s.end = p, 0, periods
	s.onHand, s.owed, s.onOrder, s.open, s.due, s.received, s.short = p.OnHand, 0, 0, 0, 0, -1, false
	s.sum = [sums]float64{}
	if len(s.ring) == 0 {
		s.ring = make([]delivery, 16)
	}
	clear(s.ring)
	if p.ShelfLife > 0 {
		if cap(s.ages) < p.ShelfLife {
			s.ages = make([]float64, p.ShelfLife)
		}
		s.ages = s.ages[:p.ShelfLife]
		clear(s.ages)
		s.ages[0] = p.OnHand
	}
	return s.draws.begin(&s.product, periods, seed)
}

// slot is the delivery of period at > t, or t itself; ahead of what the ring holds it grows.
func (s *site) slot(at int) *delivery {
	if n := len(s.ring); at-s.t >= n {
		grown := n
		for at-s.t >= grown {
			grown *= 2
		}
		ring := make([]delivery, grown)
		for u := s.t; u < s.t+n; u++ {
			ring[u&(grown-1)] = s.ring[u&(n-1)]
		}
		s.ring = ring
	}
	return &s.ring[at&(len(s.ring)-1)]
}

// receive takes in what comes in this period and serves backorders from it.
func (s *site) receive() {
	d := &s.ring[s.t&(len(s.ring)-1)]
	if d.last == 0 && d.off == 0 {
		return
	}
	s.open -= d.last
	if s.onOrder -= d.off; s.open == 0 || s.onOrder < 0 { // what rounding has left
		s.onOrder = 0
	}
	in := d.in
	*d = delivery{}
	if !(in > 0) {
		return
	}
	if s.received != s.t {
		s.sum[sumCycles]++
		if !s.short {
			s.sum[sumGood]++
		}
		s.short, s.received = false, s.t
	}
	s.sum[sumBought] += in
	paid := min(s.owed, in)
	s.owed -= paid
	s.onHand += in - paid
	if s.ShelfLife > 0 {
		s.ages[s.t%s.ShelfLife] += in - paid
	}
}

// ask asks the policy for an order, in packs and no less than the least, and refuses what is none.
func (s *site) ask() (float64, error) {
	q := s.Policy.Order(State{Period: s.t, OnHand: s.onHand, OnOrder: s.onOrder, Owed: s.owed})
	if !(q >= 0 && q <= check.MaxAmount) {
		return 0, check.Amount(fmt.Sprintf("period %d", s.t), "order", q)
	}
	// A level less a position that has been summed leaves a rest now and then.
	if q <= 1e-12*(s.onHand+s.onOrder+s.owed) {
		return 0, nil
	}
	q = max(q, s.Minimum)
	if s.Multiple > 0 {
		q = packs(q, s.Multiple)
	}
	s.sum[sumOrders]++
	s.onOrder += q
	s.open++
	return q, nil
}

// review places an order where the policy wants one.
func (s *site) review() error {
	q, err := s.ask()
	if q == 0 || err != nil {
		return err
	}
	fill := s.Fill
	if s.FillLaw != nil {
		if fill, err = s.draws.fill(s.FillLaw, s.t); err != nil {
			return err
		}
	}
	s.send(q, fill, s.draws.lead(s.t))
	return nil
}

// send puts q units on their way: a share fill comes after lead periods, the rest later or
// never. What comes after the end of the run stays on order.
func (s *site) send(q, fill float64, lead int) {
	due := s.t + lead
	if !s.Crossing {
		due = max(due, s.due)
		s.due = due
	}
	if due >= s.end {
		return
	}
	first := q * fill
	d := s.slot(due)
	d.in += first
	if fill == 1 || s.Rest == 0 {
		d.off += q
		d.last++
	} else {
		d.off += first
		if due+s.Rest < s.end {
			r := s.slot(due + s.Rest)
			r.in += q - first
			r.off += q - first
			r.last++
		}
	}
	if due == s.t {
		s.receive()
	}
}

// sell meets the demand of the period as far as stock reaches.
func (s *site) sell(demand float64) {
	s.sum[sumDemand] += demand
	take := min(demand, s.onHand)
	s.sum[sumServed] += take
	s.onHand -= take
	if s.ShelfLife > 0 {
		s.onHand = s.take(take)
	}
	if miss := demand - take; miss > 0 {
		wait := miss * s.Backorder
		s.owed += wait
		s.sum[sumLost] += miss - wait
		s.short = true
	} else if s.owed == 0 {
		s.sum[sumReady]++
	}
}

// take takes units out of the stock by age, oldest or freshest first, and returns what is left.
func (s *site) take(units float64) float64 {
	n := s.ShelfLife
	at, step := (s.t+1)%n, 1
	if s.LIFO {
		at, step = s.t%n, n-1
	}
	left := 0.0
	for range n {
		x := min(s.ages[at], units)
		s.ages[at] -= x
		units -= x
		left += s.ages[at]
		if at += step; at >= n {
			at -= n
		}
	}
	return left
}

// close throws away what has come to its end and counts the stock.
func (s *site) close() {
	if s.ShelfLife > 0 {
		if old := &s.ages[(s.t+1)%s.ShelfLife]; *old > 0 {
			s.sum[sumWasted] += *old
			s.onHand = max(s.onHand-*old, 0)
			*old = 0
		}
	}
	if s.owed > 0 {
		s.short = true // also of a cycle whose delivery was too small for those who wait
		s.sum[sumOwed] += s.owed
	}
	s.sum[sumStock] += s.onHand
	s.sum[sumPeriods]++
	s.t++
}

// flush writes the sums of an observation with their costs, and begins the next.
func (s *site) flush(dst []float64) {
	s.sum[sumOrder] = s.OrderCost * s.sum[sumOrders]
	s.sum[sumPurchase] = s.UnitCost * s.sum[sumBought]
	s.sum[sumHolding] = s.HoldingCost * s.sum[sumStock]
	s.sum[sumShortage] = s.BackorderCost*s.sum[sumOwed] + s.LostCost*s.sum[sumLost]
	s.sum[sumWaste] = s.WasteCost * s.sum[sumWasted]
	copy(dst, s.sum[:])
	s.sum = [sums]float64{}
}

// schedule is how a run is cut: periods that only warm up, then batches.
type schedule struct {
	periods, warmup, batches, first int
	seed                            uint64
}

// end is the period after batch b, or after the warm-up for b = -1.
func (c schedule) end(b int) int {
	return c.warmup + int(int64(c.periods-c.warmup)*int64(b+1)/int64(c.batches))
}

// walker runs one product after the other in the same memory.
type walker struct {
	site   site
	demand [demandBlock]float64
}

// run simulates replication rep of p and writes the sums of each batch to dst.
func (w *walker) run(ctx context.Context, p product, c schedule, rep int, dst []float64) error {
	s := &w.site
	if err := s.begin(p, c.periods, runSeed(c.seed, p.hash, c.first+rep)); err != nil {
		return err
	}
	batch, end := -1, c.end(-1)
	next := 0 // review
	for from := 0; from < c.periods; from += demandBlock {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		block := w.demand[:min(demandBlock, c.periods-from)]
		if err := s.draws.demand(block, from); err != nil {
			return err
		}
		for _, d := range block {
			if s.t == end { // never for the last batch
				if batch >= 0 {
					s.flush(dst[batch*sums:])
				}
				s.sum = [sums]float64{}
				batch++
				end = c.end(batch)
			}
			s.receive()
			if s.t == next {
				next += s.Review
				if err := s.review(); err != nil {
					return err
				}
			}
			s.sell(d)
			s.close()
		}
	}
	s.flush(dst[batch*sums:])
	return nil
}
