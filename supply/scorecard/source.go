package scorecard

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"golang.org/x/exp/constraints"

	"github.com/aislekit/aisle/internal/check"
)

// ID is what may identify an order, a product or a supplier: any integer or string type,
// named or not.
type ID interface{ ~string | constraints.Integer }

// Line is one product of an order.
type Line[I ID] struct {
	Item  I     // the product
	Units int64 // 1 to 10⁹
}

// Order is what a customer has bought and was promised.
type Order[K, I ID] struct {
	ID      K         // none twice
	Region  string    // where it goes
	Promise int       // the last day on which it may arrive, from today, day 0, on
	Lines   []Line[I] // a product at most once
	// Loss is what it costs not to ship a parcel of it, in the unit of Lane.Cost: of the order, or of
	// each line with SourceOptions.Split. 0 means that as many parcels as possible are shipped,
	// whatever they cost.
	Loss int64
}

// Store is a place that ships: a shop, a warehouse.
type Store[I ID] struct {
	Name  string      // none twice
	Stock map[I]int64 // units that may be shipped; other products are not there
}

// Lane is a carrier's way from a store to a region.
type Lane struct {
	Store, Carrier, Region string // a combination at most once

	Days     int     // from departure to arrival, >= 0
	Cost     int64   // of a parcel, >= 0, in minor units
	UnitCost int64   // and of each unit in it, >= 0
	Capacity []int64 // parcels that may leave on day 0, 1, …, none later; nil means any number today
}

// SourceOptions configures Source.
type SourceOptions struct {
	// Split lets the lines of an order leave from different stores, each a parcel of its own. Without it
	// an order leaves whole, in one parcel, or not at all. A line is never cut.
	Split bool
	// MaxNodes bounds the search for a proof where stock and departures compete in ways that one
	// flow cannot express; 0 means 1,000, negative none. Source makes no more of them than 10⁶ pairs
	// of parcels and ways allow, so that large problems stay fast.
	MaxNodes int
}

// Shipment is a parcel: what leaves which store by which carrier on which day.
type Shipment[K, I ID] struct {
	Order                  K         // whose parcel it is
	Lines                  []Line[I] // all of the order, or one with SourceOptions.Split
	Store, Carrier, Region string    // its lane
	Day, Arrives           int       // from today on
	Cost                   int64     // of the parcel
}

// Obstacle says why a line stays.
type Obstacle uint8

const (
	NoStock      Obstacle = iota + 1 // no store has the units; without Split none has the whole order
	NoLane                           // no carrier goes there from a store that has it
	TooLate                          // every carrier that goes there arrives after the promise
	StockTaken                       // other orders take the stock
	CapacityFull                     // other orders take the departures that would be in time
	NotWorth                         // shipping it costs more than its Loss
)

// String names the obstacle; "" for 0, which is none.
func (o Obstacle) String() string {
	names := [...]string{"", "no stock", "no lane", "too late", "stock taken", "capacity full", "not worth it"}
	if int(o) >= len(names) {
		return fmt.Sprintf("Obstacle(%d)", uint8(o))
	}
	return names[o]
}

// Unserved is a line that no shipment serves.
type Unserved[K, I ID] struct {
	Order K        // whose line it is
	Line  Line[I]  // what stays
	Why   Obstacle // what keeps it
}

// Sourcing is a plan of shipments.
type Sourcing[K, I ID] struct {
	Shipments []Shipment[K, I] // by order, then as its lines were given
	Unserved  []Unserved[K, I] // the same
	Cost      int64            // of the shipments
	Lost      int64            // the Loss of what stays
	// Optimal says that no plan is better: none ships more of the parcels whose Loss is 0, and none that ships as
	// many has a lower Cost + Lost.
	Optimal bool
	// LeastLeft is how many parcels with Loss 0 every plan must leave, as far as was proven, and LeastCost what Cost +
	// Lost of a plan that leaves just as many must be. Where the plan is Optimal these are its own.
	LeastLeft int
	LeastCost int64
}

// Source decides which store and carrier ships which order, at least total cost, within
// promises, stock and departures. It is the plan of one moment: what is in the stores and on
// the lanes now.
//
// Where the scarce things are the departures of lanes, or stock of products of which every
// parcel takes the same number, it is a minimum-cost flow in integers and exact. Where
// both are scarce at one store, or parcels take several scarce products, it is a general
// assignment, which no fast method solves: what does not fit into the flow is searched by
// branch and bound, exact on small problems; beyond MaxNodes the plan is good, and LeastLeft and
// LeastCost say how good.
//
// The result does not depend on the order of orders, stores and lanes. Among plans of one cost it prefers
// none in particular, but on its lane every parcel leaves as early as there is room. Vehicle routes are not its matter.
//
// Errors: ErrEmpty without orders, or for an order without lines; ErrDuplicate for an order,
// a product in it, a store or a lane given twice; ErrUnknownID for a lane of a store that is
// not there; ErrRange for units, stock, costs or days out of range; ErrOption; ErrOverflow;
// ErrTooLarge above 2³¹ pairs of parcels and ways; on cancel the cause.
//
// Cost: 5,000 orders over 30 stores with 60 lanes a region take half a second of one processor
// where a flow says it all, and about one where it does not (BenchmarkSource).
func Source[K, I ID](ctx context.Context, orders []Order[K, I], stores []Store[I], lanes []Lane, opt SourceOptions) (*Sourcing[K, I], error) {
	const where = "scorecard: Source"
	if opt.MaxNodes < -1<<30 || opt.MaxNodes > 1<<30 {
		return nil, fmt.Errorf("%s: MaxNodes is %d, want at most 2^30: %w", where, opt.MaxNodes, ErrOption)
	}
	opt.MaxNodes = check.OrOff(opt.MaxNodes, 1000)
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	s := &sourcing[K, I]{split: opt.Split}
	if err := s.read(orders, stores, lanes); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	var best answer
	err := s.ways(ctx)
	if err == nil {
		best, err = s.problem.solve(ctx, opt.MaxNodes)
	}
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	s.hasten(best.cells)
	return s.result(best), nil
}

// sourcing is the problem in numbers: parcels, stores and lanes in a sorted order.
type sourcing[K, I ID] struct {
	split   bool
	orders  []Order[K, I]
	stores  []Store[I]
	lanes   []Lane
	of      map[string]int   // store by name
	serving map[string][]int // lanes by region
	parcels []parcel[I]
	items   []I         // of the orders
	number  map[I]int32 // of an item
	problem problem
	cell    []cellOf // what each cell of the problem is
}

// parcel is what leaves together.
type parcel[I ID] struct {
	order int
	lines []Line[I]
	units int64
}

// cellOf names a way of a parcel: a lane and a day of departure.
type cellOf struct{ lane, day int32 }

// maxUnits bounds units of a line, stock and days, so that no sum overflows.
const maxUnits = 1_000_000_000

// read checks and sorts the input.
func (s *sourcing[K, I]) read(orders []Order[K, I], stores []Store[I], lanes []Lane) error {
	if len(orders) == 0 {
		return fmt.Errorf("no orders: %w", ErrEmpty)
	}
	s.stores = slices.Clone(stores)
	slices.SortFunc(s.stores, func(a, b Store[I]) int { return strings.Compare(a.Name, b.Name) })
	s.of = map[string]int{}
	for i, st := range s.stores {
		if _, twice := s.of[st.Name]; twice {
			return fmt.Errorf("store %q: %w", st.Name, ErrDuplicate)
		}
		s.of[st.Name] = i
		for item, units := range st.Stock {
			if units < 0 || units > math.MaxInt64/2 {
				return fmt.Errorf("store %q has %d units of %v, want >= 0: %w", st.Name, units, item, ErrRange)
			}
		}
	}
	if err := s.readLanes(lanes); err != nil {
		return err
	}
	s.orders = slices.Clone(orders)
	slices.SortFunc(s.orders, func(a, b Order[K, I]) int { return cmp.Compare(a.ID, b.ID) })
	s.number = map[I]int32{}
	for i, o := range s.orders {
		switch {
		case i > 0 && o.ID == s.orders[i-1].ID:
			return fmt.Errorf("order %v: %w", o.ID, ErrDuplicate)
		case len(o.Lines) == 0:
			return fmt.Errorf("order %v has no lines: %w", o.ID, ErrEmpty)
		case o.Promise < 0 || o.Promise > maxUnits:
			return fmt.Errorf("order %v is promised for day %d, want 0 to %d: %w", o.ID, o.Promise, maxUnits, ErrRange)
		case o.Loss < 0:
			return fmt.Errorf("order %v has a loss of %d, want >= 0: %w", o.ID, o.Loss, ErrRange)
		}
		if err := s.readLines(i, o); err != nil {
			return err
		}
	}
	return nil
}

// readLines makes parcels of the lines of order i.
func (s *sourcing[K, I]) readLines(i int, o Order[K, I]) error {
	whole := parcel[I]{order: i, lines: slices.Clone(o.Lines)}
	seen := make(map[I]bool, len(o.Lines))
	for _, l := range o.Lines {
		if l.Units < 1 || l.Units > maxUnits {
			return fmt.Errorf("order %v asks for %d units of %v, want 1 to %d: %w", o.ID, l.Units, l.Item, maxUnits, ErrRange)
		}
		if seen[l.Item] {
			return fmt.Errorf("order %v has item %v twice: %w", o.ID, l.Item, ErrDuplicate)
		}
		seen[l.Item] = true
		if _, known := s.number[l.Item]; !known {
			s.number[l.Item] = int32(len(s.items))
			s.items = append(s.items, l.Item)
		}
		whole.units += l.Units
		if s.split {
			s.parcels = append(s.parcels, parcel[I]{i, []Line[I]{l}, l.Units})
		}
	}
	if !s.split {
		s.parcels = append(s.parcels, whole)
	}
	return nil
}

// readLanes checks and sorts the lanes.
func (s *sourcing[K, I]) readLanes(lanes []Lane) error {
	s.lanes = slices.Clone(lanes)
	slices.SortFunc(s.lanes, func(a, b Lane) int {
		return cmp.Or(strings.Compare(a.Region, b.Region), strings.Compare(a.Store, b.Store), strings.Compare(a.Carrier, b.Carrier))
	})
	s.serving = map[string][]int{}
	for i, l := range s.lanes {
		name := fmt.Sprintf("lane of %q from %q to %q", l.Carrier, l.Store, l.Region)
		if _, known := s.of[l.Store]; !known {
			return fmt.Errorf("%s: no such store: %w", name, ErrUnknownID)
		}
		if i > 0 && l.Region == s.lanes[i-1].Region && l.Store == s.lanes[i-1].Store && l.Carrier == s.lanes[i-1].Carrier {
			return fmt.Errorf("%s: %w", name, ErrDuplicate)
		}
		if l.Days < 0 || l.Days > maxUnits || l.Cost < 0 || l.UnitCost < 0 {
			return fmt.Errorf("%s takes %d days at %d and %d a unit, want >= 0: %w", name, l.Days, l.Cost, l.UnitCost, ErrRange)
		}
		for day, n := range l.Capacity {
			if n < 0 {
				return fmt.Errorf("%s: capacity %d on day %d: %w", name, n, day, ErrRange)
			}
		}
		s.serving[l.Region] = append(s.serving[l.Region], i)
	}
	return nil
}

// holds reports whether a store has all lines of a parcel when nobody else asks.
func (s *sourcing[K, I]) holds(store int, p *parcel[I]) bool {
	for _, l := range p.lines {
		if s.stores[store].Stock[l.Item] < l.Units {
			return false
		}
	}
	return true
}

// ways lists the cells of every parcel: each lane and day on which it could leave if it were
// alone. Of lanes without limits only a store's cheapest is one, and dearer ones with limits
// than that are none.
func (s *sourcing[K, I]) ways(ctx context.Context) error {
	q := &s.problem
	departures, stocks := map[[2]int32]int32{}, map[[2]int32]int32{}
	for k := range s.parcels {
		if k%16 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		p := &s.parcels[k]
		o := &s.orders[p.order]
		first := len(q.cells)
		free := map[int]int{} // by store the cell of its cheapest lane without limits
		for _, l := range s.serving[o.Region] {
			lane := &s.lanes[l]
			store := s.of[lane.Store]
			if lane.Days > o.Promise || !s.holds(store, p) {
				continue
			}
			cost, err := lane.price(p.units)
			if err != nil {
				return fmt.Errorf("order %v: %w", o.ID, err)
			}
			days := min(len(lane.Capacity), o.Promise-lane.Days+1)
			if lane.Capacity == nil {
				days = 1
			}
			for day := range days {
				c := cell{parcel: int32(k), cost: cost, lane: none, store: int32(store)}
				if lane.Capacity == nil {
					if at, known := free[store]; known {
						if cost < q.cells[at].cost {
							q.cells[at].cost, s.cell[at].lane = cost, int32(l)
						}
						continue
					}
					free[store] = len(q.cells)
				} else if c.lane = q.resource(departures, [2]int32{int32(l), int32(day)}, lane.Capacity[day]); lane.Capacity[day] == 0 {
					continue
				}
				q.cells, s.cell = append(q.cells, c), append(s.cell, cellOf{int32(l), int32(day)})
			}
		}
		s.prune(first, free)
		if len(q.cells) > math.MaxInt32 {
			return fmt.Errorf("%d ways for %d parcels: %w", len(q.cells), len(s.parcels), ErrTooLarge)
		}
		for at := first; at < len(q.cells); at++ {
			c := &q.cells[at]
			c.takes = int32(len(q.takes))
			for _, l := range p.lines {
				item := s.number[l.Item]
				r := q.resource(stocks, [2]int32{c.store, item}, s.stores[c.store].Stock[l.Item])
				q.takes = append(q.takes, take{r, l.Units})
			}
			c.taken = int32(len(q.takes)) - c.takes
		}
		q.loss = append(q.loss, o.Loss)
		q.start = append(q.start, int32(first))
	}
	q.start = append(q.start, int32(len(q.cells)))
	return nil
}

// prune drops the cells from first on that cost at least as much as a lane without limits
// from the same store.
func (s *sourcing[K, I]) prune(first int, free map[int]int) {
	q := &s.problem
	kept := first
	limits := map[int]int64{}
	for store, at := range free {
		limits[store] = q.cells[at].cost
	}
	for at := first; at < len(q.cells); at++ {
		if c := q.cells[at]; c.lane != none {
			if limit, known := limits[int(c.store)]; known && c.cost >= limit {
				continue
			}
		}
		q.cells[kept], s.cell[kept] = q.cells[at], s.cell[at]
		kept++
	}
	q.cells, s.cell = q.cells[:kept], s.cell[:kept]
}

// price is what a parcel of some units costs.
func (l *Lane) price(units int64) (int64, error) {
	cost, err := check.MulInt64(l.UnitCost, units)
	if err == nil {
		cost, err = check.AddInt64(cost, l.Cost)
	}
	return cost, err
}

// hasten lets parcels leave as early as their lanes have room, at the same cost: those that
// leave first move up first, so that nobody is overtaken without need.
func (s *sourcing[K, I]) hasten(plan []int32) {
	q := &s.problem
	use := q.loads(plan)
	var order []int32
	for k, at := range plan {
		if at >= 0 && q.cells[at].lane != none {
			order = append(order, int32(k))
		}
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(s.cell[plan[a]].day, s.cell[plan[b]].day) })
	for _, k := range order {
		at := plan[k]
		for c := q.start[k]; c < at; c++ { // a lane's days ascend
			if s.cell[c].lane == s.cell[at].lane && use[q.cells[c].lane] < q.capacity[q.cells[c].lane] {
				use[q.cells[at].lane]--
				use[q.cells[c].lane]++
				plan[k] = c
				break
			}
		}
	}
}

// result turns the cell of each parcel, −1 for none, into shipments.
func (s *sourcing[K, I]) result(best answer) *Sourcing[K, I] {
	out := &Sourcing[K, I]{Optimal: best.optimal, LeastLeft: int(best.leastLeft), LeastCost: best.leastCost}
	use := s.problem.loads(best.cells)
	for k := range s.parcels {
		p := &s.parcels[k]
		o := &s.orders[p.order]
		if at := best.cells[k]; at >= 0 {
			lane, day := &s.lanes[s.cell[at].lane], int(s.cell[at].day)
			out.Shipments = append(out.Shipments, Shipment[K, I]{
				Order: o.ID, Lines: slices.Clone(p.lines), Store: lane.Store, Carrier: lane.Carrier, Region: o.Region,
				Day: day, Arrives: day + lane.Days, Cost: s.problem.cells[at].cost,
			})
			out.Cost += s.problem.cells[at].cost
			continue
		}
		out.Lost += o.Loss
		why := s.why(k, use)
		for _, l := range p.lines {
			out.Unserved = append(out.Unserved, Unserved[K, I]{o.ID, l, why})
		}
	}
	return out
}

// why tells what keeps parcel k: of the reasons that stand in its way, the first that nothing
// in the plan could remove.
func (s *sourcing[K, I]) why(k int, use []int64) Obstacle {
	p, q := &s.parcels[k], &s.problem
	o := &s.orders[p.order]
	stock, lane, intime := false, false, false
	for i := range s.stores {
		stock = stock || s.holds(i, p)
	}
	for _, l := range s.serving[o.Region] {
		if !s.holds(s.of[s.lanes[l].Store], p) {
			continue
		}
		lane = true
		if s.lanes[l].Days <= o.Promise {
			intime = true
		}
	}
	switch {
	case !stock:
		return NoStock
	case !lane:
		return NoLane
	case !intime:
		return TooLate
	}
	full := true // each way fails at its departure though the stock is there
	for at := q.start[k]; at < q.start[k+1]; at++ {
		c := &q.cells[at]
		departs := c.lane == none || use[c.lane] < q.capacity[c.lane]
		there := true
		for _, t := range q.takes[c.takes : c.takes+c.taken] {
			there = there && use[t.resource]+t.units <= q.capacity[t.resource]
		}
		if departs && there {
			return NotWorth
		}
		full = full && !departs
	}
	if full {
		return CapacityFull
	}
	return StockTaken
}
