package reorder

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/ids"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/supply"
)

// Simulated is one product of a simulation: its policy, its demand, its supplier and what
// things cost. Amounts are in units and time in whole periods.
//
// A period passes in this order: deliveries that are due arrive and backorders are served
// from them; the stock is reviewed and an order goes out; demand comes; what has reached the
// end of its shelf life is thrown away; costs are charged on what is left. An order with
// lead 0 serves the demand of its own period, so that a position covers the demand of
// Lead + Review periods.
type Simulated[K supply.ID] struct {
	ID     K       // names the product and its draws
	Policy Orderer // what to order at a review

	// Demand of every period, as it was; where it is nil, demand is drawn. Law is that of a
	// period and Laws, where it is given, one for each period in turn, from the first again
	// after the last (seven for the days of a week). Draws below 0 count as 0.
	Demand []float64
	Law    Distribution
	Laws   []Distribution

	OnHand    float64 // stock at the start, fresh
	Backorder float64 // share of unmet demand that waits for stock, in [0, 1]; the rest is lost
	ShelfLife int     // periods in which a unit can be sold, that of its arrival included; 0 is no limit
	LIFO      bool    // customers take the freshest first; otherwise the oldest

	Review            int          // periods between reviews, the first at period 0; default 1
	Lead              int          // periods from an order to its delivery, >= 0
	LeadLaw           Distribution // instead of Lead, drawn for each order and rounded up to whole periods; below 0 counts as 0
	Crossing          bool         // deliveries may overtake each other; otherwise none comes before those ordered earlier
	Minimum, Multiple float64      // least order, and pack size that orders are rounded up to; 0 means none
	Fill              float64      // share of an order that the delivery brings, in (0, 1]; default 1
	FillLaw           Distribution // instead of Fill, drawn for each order and cut to [0, 1]
	Rest              int          // periods from a partial delivery to the rest of it; 0 means that the rest never comes

	OrderCost     float64 // of placing one order
	UnitCost      float64 // of one unit delivered
	HoldingCost   float64 // of one unit on hand at the end of a period
	BackorderCost float64 // of one unit owed at the end of a period
	LostCost      float64 // of one unit of demand that is lost
	WasteCost     float64 // of one unit thrown away, on top of its UnitCost
}

// SimulateOptions configures Simulate.
type SimulateOptions struct {
	Periods      int    // length of a run, at most 10⁷; default that of the longest Demand, which must be as long for all
	Warmup       int    // periods at the start that are left out of all results
	Replications int    // runs with draws of their own; default 1
	First        int    // number of the first replication: runs of other numbers can be merged
	Batches      int    // parts of a run that count as one observation each; default 1, and 20 where there is one replication
	Seed         uint64 // of all draws

	Level   float64 // of the intervals; default 0.95
	Workers int     // goroutines; default GOMAXPROCS; the result does not depend on it
}

// longestRun and maxObservations bound what a wrong number can cost: 2²⁵ observations of a product
// are 4 GiB.
const (
	longestRun      = 10_000_000
	maxObservations = 1 << 25
)

// withDefaults fills in what does not depend on the products.
func (o SimulateOptions) withDefaults(longest int) SimulateOptions {
	o.Periods = check.Default(o.Periods, longest)
	o.Replications = check.Default(o.Replications, 1)
	if o.Batches == 0 {
		o.Batches = 1
		if o.Replications == 1 {
			o.Batches = max(min(20, o.Periods-o.Warmup), 1)
		}
	}
	o.Level = check.Default(o.Level, .95)
	return o
}

func (o SimulateOptions) validate(where string) error {
	var c check.Options
	c.Require(o.Periods > 0 && o.Periods <= longestRun, "Periods", o.Periods, "in [1, 1e7]")
	c.Require(o.Warmup >= 0 && o.Warmup < max(o.Periods, 1), "Warmup", o.Warmup, "in [0, Periods)")
	c.Require(o.Replications > 0 && o.Replications <= maxObservations, "Replications", o.Replications, "in [1, 2^25]")
	c.Require(o.First >= 0 && o.First <= math.MaxInt32-maxObservations, "First", o.First, "in [0, 2^31 - 2^25)")
	c.Require(o.Batches > 0 && o.Batches <= max(o.Periods-o.Warmup, 1), "Batches", o.Batches, "in [1, Periods-Warmup]")
	c.Require(o.Level > 0 && o.Level < 1, "Level", o.Level, "in (0, 1)")
	return c.Err(where)
}

// validate checks every field. The errors name product and field.
func (s *Simulated[K]) validate(where string, periods int) error {
	if err := s.validateDemand(where, periods); err != nil {
		return err
	}
	return s.validateSupply(where)
}

// at is where the product is named in errors: made only for them.
func (s *Simulated[K]) at(where string) string { return fmt.Sprintf("%s: product %v", where, s.ID) }

// validateSupply checks all but the demand.
func (s *Simulated[K]) validateSupply(where string) error {
	if s.Policy == nil {
		return fmt.Errorf("%s: Policy is nil: %w", s.at(where), ErrEmpty)
	}
	for _, f := range []struct {
		name string
		x    float64
	}{
		{"OnHand", s.OnHand},
		{"Minimum", s.Minimum},
		{"Multiple", s.Multiple},
		{"OrderCost", s.OrderCost},
		{"UnitCost", s.UnitCost},
		{"HoldingCost", s.HoldingCost},
		{"BackorderCost", s.BackorderCost},
		{"LostCost", s.LostCost},
		{"WasteCost", s.WasteCost},
	} {
		if !(f.x >= 0 && f.x <= check.MaxAmount) {
			return check.Amount(s.at(where), f.name, f.x)
		}
	}
	for _, f := range []struct {
		name string
		x    int
	}{{"ShelfLife", s.ShelfLife}, {"Review", s.Review}, {"Lead", s.Lead}, {"Rest", s.Rest}} {
		if f.x < 0 || f.x > longestRun {
			return fmt.Errorf("%s: %s is %d, want in [0, 1e7]: %w", s.at(where), f.name, f.x, ErrRange)
		}
	}
	for _, f := range []struct {
		name string
		x    float64
	}{{"Backorder", s.Backorder}, {"Fill", s.Fill}} {
		if !check.Finite(f.x) {
			return fmt.Errorf("%s: %s is %v: %w", s.at(where), f.name, f.x, ErrNotFinite)
		}
		if !(f.x >= 0 && f.x <= 1) {
			return fmt.Errorf("%s: %s is %v, want in [0, 1]: %w", s.at(where), f.name, f.x, ErrRange)
		}
	}
	if s.FillLaw != nil && !(s.FillLaw.Mean() > 0) {
		return fmt.Errorf("%s: FillLaw has the mean %v: the supplier never delivers: %w", s.at(where), s.FillLaw.Mean(), ErrRange)
	}
	return nil
}

// validateDemand checks that there is demand for all periods.
func (s *Simulated[K]) validateDemand(where string, periods int) error {
	if s.Demand != nil {
		if len(s.Demand) < periods {
			return fmt.Errorf("%s: Demand has %d periods, want %d: %w", s.at(where), len(s.Demand), periods, ErrShape)
		}
		for i, x := range s.Demand {
			if !(x >= 0 && x <= check.MaxAmount) { // the name is made only for an error
				return check.Amount(s.at(where), fmt.Sprintf("Demand[%d]", i), x)
			}
		}
		return nil
	}
	if len(s.Laws) == 0 && s.Law == nil {
		return fmt.Errorf("%s: neither Demand nor Law nor Laws: %w", s.at(where), ErrEmpty)
	}
	for i, d := range s.Laws {
		if d == nil {
			return fmt.Errorf("%s: Laws[%d] is nil: %w", s.at(where), i, ErrEmpty)
		}
	}
	return nil
}

// Simulate runs the policy of every product against demand that was seen or is drawn. It
// answers what a policy costs and how it serves where no formula holds: lost sales, any
// lead times, packs, partial deliveries, ageing stock, seasons.
//
// The draws of a product depend on Seed, its ID and the number of the replication alone, in
// streams by block of 256 periods: other products, their order, the policy and Workers change none, so that
// two policies that are run with the same options meet the same demand, lead times and
// fills ([Simulation.Against]). Equal input gives equal bytes at any GOMAXPROCS.
//
// Errors: ErrEmpty without products, policy or demand, ErrDuplicate for an ID given twice,
// ErrShape for a Demand shorter than Periods, ErrRange and ErrNotFinite for other fields and
// for an order that is negative, above 1e15 or no number, which name the product and the
// period, ErrUndefined for a law that gives no number, ErrTooLarge for more than 2²⁵
// observations (products × replications × batches), ErrOption. When ctx ends it returns its
// cause. The cost is about 20 ns a product and period beyond its draws; memory is 136 bytes
// an observation.
func Simulate[K supply.ID](ctx context.Context, products []Simulated[K], opt SimulateOptions) (*Simulation[K], error) {
	const where = "reorder: Simulate"
	sorted, opt, err := prepare(where, products, opt)
	if err != nil {
		return nil, err
	}
	out, err := newSimulation(where, sorted, opt)
	if err != nil {
		return nil, err
	}
	const block = 8
	runs := len(sorted) * opt.Replications
	walkers := make([]walker, parallel.Scratch(runs, block, opt.Workers))
	err = parallel.For(ctx, runs, block, opt.Workers, func(worker, lo, hi int) error {
		w := &walkers[worker]
		for k := lo; k < hi; k++ {
			s := &sorted[k/opt.Replications]
			if err := w.run(ctx, setting(s), out.plan, k%opt.Replications, out.of(k)); err != nil {
				return fmt.Errorf("%s: product %v: %w", where, s.ID, err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// prepare checks products and options and returns the products in ascending order of id.
func prepare[K supply.ID](where string, products []Simulated[K], opt SimulateOptions) ([]Simulated[K], SimulateOptions, error) {
	if len(products) == 0 {
		return nil, opt, fmt.Errorf("%s: no products: %w", where, ErrEmpty)
	}
	longest := 0
	for i := range products {
		longest = max(longest, len(products[i].Demand))
	}
	opt = opt.withDefaults(longest)
	if err := opt.validate(where); err != nil {
		return nil, opt, err
	}
	sorted := slices.Clone(products)
	slices.SortStableFunc(sorted, func(a, b Simulated[K]) int { return cmp.Compare(a.ID, b.ID) })
	for i := range sorted {
		if i > 0 && sorted[i].ID == sorted[i-1].ID {
			return nil, opt, fmt.Errorf("%s: product %v is given twice: %w", where, sorted[i].ID, ErrDuplicate)
		}
		if err := sorted[i].validate(where, opt.Periods); err != nil {
			return nil, opt, err
		}
	}
	return sorted, opt, nil
}

// setting is what the run of a product reads, without the type of its id.
func setting[K supply.ID](s *Simulated[K]) product {
	return product{hash: ids.Hash(s.ID), Simulated: Simulated[int]{
		Policy: s.Policy, Demand: s.Demand, Law: s.Law, Laws: s.Laws, OnHand: s.OnHand, Backorder: s.Backorder,
		ShelfLife: s.ShelfLife, LIFO: s.LIFO, Review: max(s.Review, 1), Lead: s.Lead, LeadLaw: s.LeadLaw, Crossing: s.Crossing,
		Minimum: s.Minimum, Multiple: s.Multiple, Fill: check.Default(s.Fill, 1), FillLaw: s.FillLaw, Rest: s.Rest,
		OrderCost: s.OrderCost, UnitCost: s.UnitCost, HoldingCost: s.HoldingCost, BackorderCost: s.BackorderCost,
		LostCost: s.LostCost, WasteCost: s.WasteCost,
	}}
}

// product is a checked product with its defaults filled in.
type product struct {
	Simulated[int]
	hash uint64 // of its id
}
