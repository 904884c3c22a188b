package reorder

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/supply"
)

// Rationing says who is served when the central stock is not enough for all stores.
type Rationing int

const (
	// FirstCome serves the oldest requests first; those of one period in ascending order of
	// id, beginning with another store every period.
	FirstCome Rationing = iota
	// Proportional gives every store the same share of all that it waits for; shares need not
	// be whole.
	Proportional
)

// Network is one product on two levels: a central stock and the stores that it supplies.
//
// A period passes in this order: deliveries arrive; the stores are reviewed and ask the
// centre for what their policies order; the centre sends what it has, the rest waits there;
// the centre is reviewed, and what comes with lead 0 is sent on at once; demand comes to the
// stores; costs are charged.
type Network[K supply.ID] struct {
	// Central is supplied from outside. Its demand is what the stores order, so that Demand,
	// Law, Laws and Backorder, all of which waits, must be left out.
	Central Simulated[K]
	// Stores are supplied by the centre in Lead periods, or by LeadLaw. Fill, FillLaw and Rest
	// must be left out: what a store gets is for Rationing to say. Minimum and Multiple are
	// those of a request, not of what is sent.
	Stores    []Simulated[K]
	Rationing Rationing
}

// SimulateNetwork simulates a central stock and its stores together. The result has a product
// for each of them, by their ids: those of Stores say how customers are served, those of
// Central how the stores are, so that costs and stocks of the total add up, while its
// demand and rates count both levels. Draws, options, intervals and errors are those of
// Simulate, in parallel over replications; stock does not age here: a ShelfLife is ErrRange.
// An id that is given twice is ErrDuplicate, an unknown Rationing ErrOption. With base stock at
// both levels this is the model of Clark and Scarf (1960) for one store and of Sherbrooke's METRIC (1968) for many.
func SimulateNetwork[K supply.ID](ctx context.Context, net Network[K], opt SimulateOptions) (*Simulation[K], error) {
	const where = "reorder: SimulateNetwork"
	sites, opt, err := net.prepare(where, opt)
	if err != nil {
		return nil, err
	}
	out, err := newSimulation(where, sites, opt)
	if err != nil {
		return nil, err
	}
	central := slices.Index(out.ids, net.Central.ID)
	walkers := make([]networkWalker, parallel.Scratch(opt.Replications, 1, opt.Workers))
	err = parallel.For(ctx, opt.Replications, 1, opt.Workers, func(worker, lo, _ int) error {
		w := &walkers[worker]
		if w.sites == nil {
			w.make(len(sites), central, net.Rationing)
		}
		for i := range sites {
			p := setting(&sites[i])
			if err := w.sites[i].begin(p, opt.Periods, runSeed(opt.Seed, p.hash, opt.First+lo)); err != nil {
				return fmt.Errorf("%s: product %v: %w", where, sites[i].ID, err)
			}
		}
		i, err := w.run(ctx, out.plan, func(i int) []float64 { return out.of(i*opt.Replications + lo) })
		if err != nil {
			return fmt.Errorf("%s: product %v: %w", where, sites[i].ID, err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// prepare checks the network and returns all its sites in ascending order of id. The centre
// has all unmet demand wait.
func (n *Network[K]) prepare(where string, opt SimulateOptions) ([]Simulated[K], SimulateOptions, error) {
	if len(n.Stores) == 0 {
		return nil, opt, fmt.Errorf("%s: no stores: %w", where, ErrEmpty)
	}
	if n.Rationing != FirstCome && n.Rationing != Proportional {
		return nil, opt, fmt.Errorf("%s: Rationing is %d, want FirstCome or Proportional: %w", where, n.Rationing, ErrOption)
	}
	c := n.Central
	if c.Demand != nil || c.Law != nil || c.Laws != nil || c.Backorder != 0 {
		return nil, opt, fmt.Errorf("%s: Central has Demand, Law, Laws or Backorder, want none: %w", where, ErrRange)
	}
	if err := c.validateSupply(where); err != nil {
		return nil, opt, err
	}
	stores, opt, err := prepare(where, n.Stores, opt)
	if err != nil {
		return nil, opt, err
	}
	c.Backorder = 1
	sites := append(stores, c) // stores is a copy
	for i := range sites {
		s := &sites[i]
		if s.ShelfLife != 0 {
			return nil, opt, fmt.Errorf("%s: ShelfLife is %d, want none in a network: %w", s.at(where), s.ShelfLife, ErrRange)
		}
		if i < len(stores) && (s.FillLaw != nil || s.Fill != 0 || s.Rest != 0) {
			return nil, opt, fmt.Errorf("%s: Fill, FillLaw or Rest of a store, want none: %w", s.at(where), ErrRange)
		}
	}
	slices.SortStableFunc(sites, func(a, b Simulated[K]) int { return cmp.Compare(a.ID, b.ID) })
	for i := range sites[1:] {
		if sites[i].ID == sites[i+1].ID {
			return nil, opt, fmt.Errorf("%s: product %v is given twice: %w", where, sites[i].ID, ErrDuplicate)
		}
	}
	return sites, opt, nil
}

// request is what a store has asked for and not been sent.
type request struct {
	store int
	units float64
}

// networkWalker runs one replication after the other in the same memory.
type networkWalker struct {
	sites     []site
	central   int
	rationing Rationing
	demand    [][demandBlock]float64

	queue   []request // from head on, oldest first; FirstCome
	head    int
	claims  []float64 // of each store, not yet sent
	pending []int     // orders of each store that are not sent in full
}

// make makes room for n sites.
func (w *networkWalker) make(n, central int, rationing Rationing) {
	w.sites, w.central, w.rationing = make([]site, n), central, rationing
	w.demand = make([][demandBlock]float64, n)
	w.claims, w.pending = make([]float64, n), make([]int, n)
}

// run simulates one replication; dst gives the sums of each site. With an error comes the
// index of its site.
func (w *networkWalker) run(ctx context.Context, c schedule, dst func(i int) []float64) (int, error) {
	w.queue, w.head = w.queue[:0], 0
	clear(w.claims)
	clear(w.pending)
	batch, end := -1, c.end(-1)
	for t := range c.periods {
		if t%demandBlock == 0 {
			if ctx.Err() != nil {
				return w.central, context.Cause(ctx)
			}
			if i, err := w.draw(c, t); err != nil {
				return i, err
			}
		}
		if t == end {
			for i := range w.sites {
				if batch >= 0 {
					w.sites[i].flush(dst(i)[batch*sums:])
				}
				w.sites[i].sum = [sums]float64{}
			}
			batch++
			end = c.end(batch)
		}
		if i, err := w.replenish(t); err != nil {
			return i, err
		}
		for i := range w.sites {
			s := &w.sites[i]
			if i != w.central {
				s.sell(w.demand[i][t%demandBlock])
			}
			s.close()
		}
	}
	for i := range w.sites {
		w.sites[i].flush(dst(i)[batch*sums:])
	}
	return 0, nil
}

// draw fills a block of demand of all stores.
func (w *networkWalker) draw(c schedule, t int) (int, error) {
	for i := range w.sites {
		if i == w.central {
			continue
		}
		if err := w.sites[i].draws.demand(w.demand[i][:min(demandBlock, c.periods-t)], t); err != nil {
			return i, err
		}
	}
	return 0, nil
}

// replenish receives, has the stores ask, sends what there is and has the centre ask.
func (w *networkWalker) replenish(t int) (int, error) {
	c := &w.sites[w.central]
	waiting := c.owed
	c.receive()
	asked := 0.0
	for k := range w.sites {
		i := (k + t) % len(w.sites) // who is first takes turns
		s := &w.sites[i]
		if i == w.central {
			continue
		}
		s.receive()
		if t%s.Review != 0 {
			continue
		}
		q, err := s.ask()
		if err != nil {
			return i, err
		}
		if q > 0 {
			asked += q
			w.claims[i] += q
			w.pending[i]++
			if w.rationing == FirstCome {
				w.queue = append(w.queue, request{i, q})
			}
		}
	}
	c.sell(asked)
	if t%c.Review == 0 {
		if err := c.review(); err != nil {
			return w.central, err
		}
	}
	if ship := waiting + asked - c.owed; ship > 0 {
		if w.rationing == FirstCome {
			w.first(ship, c.owed == 0)
		} else {
			w.share(ship, c.owed == 0)
		}
	}
	return 0, nil
}

// first sends units by the age of the requests; all of them where nothing remains owed.
func (w *networkWalker) first(units float64, all bool) {
	for w.head < len(w.queue) && (units > 0 || all) {
		r := &w.queue[w.head]
		x := r.units
		if !all {
			x = min(x, units)
		}
		units -= x
		r.units -= x
		w.send(r.store, x)
		if r.units == 0 {
			w.head++
		}
	}
	// Move what is left to the front once it is the smaller part.
	if w.head > len(w.queue)/2 {
		n := copy(w.queue, w.queue[w.head:])
		w.queue, w.head = w.queue[:n], 0
	}
}

// share sends units in proportion to what each store waits for.
func (w *networkWalker) share(units float64, all bool) {
	total := 0.0
	for _, x := range w.claims {
		total += x
	}
	part := min(units/total, 1)
	for i, x := range w.claims {
		if all {
			w.send(i, x)
		} else {
			w.send(i, part*x)
		}
	}
}

// send puts units on their way to store i. The last part of all it waits for ends its orders.
func (w *networkWalker) send(i int, units float64) {
	if units == 0 {
		return
	}
	s := &w.sites[i]
	// Rounding may leave a claim that no unit stands for: it goes with this shipment.
	if w.claims[i] -= units; w.claims[i] < 1e-9*units {
		w.claims[i] = 0
	}
	s.open++ // the shipment takes the place of the orders that it ends
	if w.claims[i] == 0 {
		s.open -= w.pending[i]
		w.pending[i] = 0
	}
	s.send(units, 1, s.draws.lead(s.t))
}
