package reorder

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/survive"
)

// PurchaseOrder is an order to a supplier and what came of it. Times are in periods on the caller's clock, days since some day.
type PurchaseOrder struct {
	Ordered  float64       // when it was placed
	Quantity float64       // units, > 0
	Arrivals []Consignment // so far, in any order; none where it is open
}

// Consignment is a delivery, or part of one.
type Consignment struct {
	At       float64 // when it arrived, not before Ordered
	Quantity float64 // units, > 0
}

// LeadOptions configures FitLead.
type LeadOptions struct {
	AsOf float64 // the moment up to which arrivals are known; orders placed later are refused

	// Share of its quantity with which an order has arrived, in (0, 1]; default 1, the last of a split delivery. A share of
	// .01 takes the first.
	Share float64
}

// LeadResult is the law of lead times of a supplier.
type LeadResult struct {
	Law Distribution // of the lead time, in periods: for DemandOver, ReviewOptions and others

	Orders  int // seen
	Open    int // not arrived by AsOf: known to take longer than they have
	Split   int // that came in more than one delivery
	Crossed int // that arrived before an order placed earlier: laws of stock that need orders in turn then promise too little service

	// Beyond is the chance of a lead time above the longest that was seen, which open orders leave; the law has it at the
	// longest. Where it is large the law is too short.
	Beyond float64
}

// FitLead returns the law of lead times from orders and arrivals, those still open included: by the estimate of Kaplan and
// Meier (1958), as they are known to last longer than until now, and to leave them out, or to take them as
// arrived, would make a supplier faster than he is. The result is the same for orders in any order. Errors: ErrEmpty without
// orders, ErrOption, ErrNotFinite and ErrRange naming order and field (an arrival before its order, or after AsOf), ErrUndefined where nothing has arrived: a
// supplier who never delivered has no lead time.
func FitLead(orders []PurchaseOrder, opt LeadOptions) (LeadResult, error) {
	const where = "reorder: FitLead"
	opt.Share = check.Default(opt.Share, 1)
	var c check.Options
	c.Require(check.Finite(opt.AsOf), "AsOf", opt.AsOf, "finite")
	c.Require(opt.Share > 0 && opt.Share <= 1, "Share", opt.Share, "in (0, 1]")
	if err := c.Err(where); err != nil {
		return LeadResult{}, err
	}
	if len(orders) == 0 {
		return LeadResult{}, fmt.Errorf("%s: no orders: %w", where, ErrEmpty)
	}
	cases := make([]leadCase, len(orders))
	r := LeadResult{Orders: len(orders)}
	for i, o := range orders {
		var err error
		if cases[i], err = o.lead(opt); err != nil {
			return LeadResult{}, fmt.Errorf("%s: orders[%d].%w", where, i, err)
		}
		if len(o.Arrivals) > 1 {
			r.Split++
		}
		if !cases[i].arrived {
			r.Open++
		}
	}
	if r.Open == len(orders) {
		return LeadResult{}, fmt.Errorf("%s: none of %d orders has arrived: %w", where, r.Open, ErrUndefined)
	}
	r.Crossed = crossed(cases)
	slices.SortFunc(cases, func(a, b leadCase) int { return cmp.Compare(a.took, b.took) })
	limit := survive.NewProductLimit(int64(len(cases)))
	var laws []Distribution
	var w []float64
	for i := 0; i < len(cases); {
		ended, open, took := int64(0), int64(0), cases[i].took
		for ; i < len(cases) && cases[i].took == took; i++ {
			if cases[i].arrived {
				ended++
			} else {
				open++
			}
		}
		before := limit.Alive
		limit.Step(ended, open)
		if ended > 0 {
			laws, w = append(laws, normal{mean: took}), append(w, before-limit.Alive)
		}
	}
	r.Beyond = limit.Alive
	if r.Open == 0 {
		r.Beyond = 0 // but for rounding
	}
	w[len(w)-1] += limit.Alive
	r.Law = mix(laws, w)
	return r, nil
}

// leadCase is how long an order took, or has been open.
type leadCase struct {
	ordered, took float64
	arrived       bool
}

// lead checks an order and returns when the wanted share of it had come.
func (o PurchaseOrder) lead(opt LeadOptions) (leadCase, error) {
	switch {
	case !check.Finite(o.Ordered):
		return leadCase{}, fmt.Errorf("%s is %v: %w", "Ordered", o.Ordered, ErrNotFinite)
	case !check.Finite(o.Quantity):
		return leadCase{}, fmt.Errorf("%s is %v: %w", "Quantity", o.Quantity, ErrNotFinite)
	case !(o.Quantity > 0 && o.Quantity <= check.MaxAmount):
		return leadCase{}, fmt.Errorf("%s is %v, want in (0, 1e15]: %w", "Quantity", o.Quantity, ErrRange)
	case !(o.Ordered <= opt.AsOf):
		return leadCase{}, fmt.Errorf("%s is %v, after AsOf %v: %w", "Ordered", o.Ordered, opt.AsOf, ErrRange)
	}
	arrivals := slices.Clone(o.Arrivals)
	slices.SortFunc(arrivals, func(a, b Consignment) int { return cmp.Compare(a.At, b.At) })
	for i, x := range o.Arrivals {
		switch {
		case !check.Finite(x.At) || !check.Finite(x.Quantity):
			return leadCase{}, fmt.Errorf("%s[%d] is of %v at %v: %w", "Arrivals", i, x.Quantity, x.At, ErrNotFinite)
		case !(x.Quantity > 0 && x.Quantity <= check.MaxAmount):
			return leadCase{}, fmt.Errorf("%s[%d].Quantity is %v, want in (0, 1e15]: %w", "Arrivals", i, x.Quantity, ErrRange)
		case !(x.At >= o.Ordered && x.At <= opt.AsOf):
			return leadCase{}, fmt.Errorf("%s[%d].At is %v, want from Ordered %v to AsOf %v: %w", "Arrivals", i, x.At, o.Ordered, opt.AsOf, ErrRange)
		}
	}
	sum := 0.0
	for _, x := range arrivals {
		if sum += x.Quantity; sum >= opt.Share*o.Quantity*(1-1e-9) {
			return leadCase{o.Ordered, x.At - o.Ordered, true}, nil
		}
	}
	return leadCase{o.Ordered, opt.AsOf - o.Ordered, false}, nil
}

// crossed counts the orders that arrived before one that was placed earlier, or that is open still.
func crossed(cases []leadCase) (n int) {
	by := slices.Clone(cases)
	slices.SortFunc(by, func(a, b leadCase) int { return cmp.Compare(a.ordered, b.ordered) })
	latest := math.Inf(-1) // arrival of the orders placed strictly earlier
	for i := 0; i < len(by); {
		end := i
		now := latest
		for ; end < len(by) && by[end].ordered == by[i].ordered; end++ {
			at := by[end].ordered + by[end].took
			if !by[end].arrived {
				at = math.Inf(1)
			} else if at < latest {
				n++
			}
			now = max(now, at)
		}
		latest, i = now, end
	}
	return n
}
