package reorder

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/supply"
)

// Region is one region's part in a product: what it needs anyway, and the stock that is its own.
type Region struct {
	Demand []float64 // everyday demand by period, >= 0; after its end the last goes on
	SD     []float64 // standard deviation of its error, likewise, independent; ignored by Poisson

	Reserved []float64 // units sold already, by the period in which they have to be there

	OnHand float64   // units that serve this region only, >= 0
	Due    []Receipt // and those that come

	Share float64 // of common stock that is free, relative to the other regions, >= 0; 0 everywhere is equal
	Delay int     // periods from the common stock to the region, >= 0
}

// Pool is a product with its common stock, and the regions that it serves.
type Pool[K supply.ID] struct {
	ID      K         // of the product; one entry for each
	OnHand  float64   // units in common stock, >= 0
	Due     []Receipt // and those that come: what is ordered, planned orders too if they are sure
	Regions []Region  // as many for every product, in the same order, at least one
}

// PromiseOptions configures Promise.
type PromiseOptions struct {
	// Periods is how far ahead, 1 to 10,000: as a rule until the first order that is not
	// among the receipts can come, since that one can make up for what is promised.
	Periods int

	Risk float64 // accepted chance that everyday demand and promises exceed stock at the end of a period, in (0, 1); default .05
	Law  Law     // of everyday demand; default Normal
}

func (o PromiseOptions) withDefaults() PromiseOptions {
	o.Risk = check.Default(o.Risk, 0.05)
	return o
}

// validate checks every field, withDefaults having filled in the rest.
func (o PromiseOptions) validate() error {
	var c check.Options
	c.Require(o.Periods >= 1 && o.Periods <= maxAhead, "Periods", o.Periods, "1 to 10,000")
	c.Require(o.Risk > 0 && o.Risk < 1, "Risk", o.Risk, "in (0, 1)")
	c.Require(o.Law <= Poisson, "Law", o.Law, "Normal or Poisson")
	return c.Err("reorder: Promise")
}

// Promises says what may be promised of each product, by region and period. It is
// immutable.
type Promises[K supply.ID] struct {
	ids              []K // ascending
	regions, periods int
	units            []int64 // by product, region and period: cumulative
}

// Promise returns how many units of each product a campaign may promise in each region for
// delivery by the end of each period, on top of everyday demand and of what is sold already
// (available to promise, with look-ahead: a unit that somebody else needs later is not
// free before). All promises can be kept together, each unit is promised once.
//
// Everyday demand until a period counts with its quantile at 1-Risk. A region is served from
// its own stock; what that lacks it takes from the common stock, Delay periods ahead, where the demand of all
// regions that live on it counts with the quantile of its sum if that is more. What is
// free of the common stock is split by Share, in whole units by D'Hondt's rule, so that more
// stock never takes a unit away from anyone. A receipt serves the periods that begin at its
// date or later.
//
// Errors: ErrOption; with product, region and field ErrEmpty, ErrShape (other
// regions than the other products), ErrDuplicate, ErrRange, ErrNotFinite. Cost is
// proportional to products × regions × periods.
func Promise[K supply.ID](pools []Pool[K], opt PromiseOptions) (*Promises[K], error) {
	const where = "reorder: Promise"
	opt = opt.withDefaults()
	if err := opt.validate(); err != nil {
		return nil, err
	}
	if len(pools) == 0 {
		return nil, fmt.Errorf("%s: no products: %w", where, ErrEmpty)
	}
	order := make([]int, len(pools))
	for i := range pools {
		order[i] = i
		if err := pools[i].validate(len(pools[0].Regions)); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(pools[a].ID, pools[b].ID) })
	p := &Promises[K]{regions: len(pools[0].Regions), periods: opt.Periods}
	p.ids = make([]K, len(pools))
	p.units = make([]int64, len(pools)*p.regions*p.periods)
	for k, i := range order {
		p.ids[k] = pools[i].ID
		if k > 0 && p.ids[k] == p.ids[k-1] {
			return nil, fmt.Errorf("%s: product %v is given twice: %w", where, p.ids[k], ErrDuplicate)
		}
		if err := pools[i].promise(p.units[k*p.regions*p.periods:(k+1)*p.regions*p.periods], opt); err != nil {
			return nil, fmt.Errorf("%s: product %v: %w", where, p.ids[k], err)
		}
	}
	return p, nil
}

// validate checks a product with so many regions.
func (p *Pool[K]) validate(regions int) error {
	where := fmt.Sprintf("reorder: Promise: product %v", p.ID)
	if len(p.Regions) == 0 {
		return fmt.Errorf("%s: no Regions: %w", where, ErrEmpty)
	}
	if len(p.Regions) != regions {
		return fmt.Errorf("%s: %d Regions, another product has %d: %w", where, len(p.Regions), regions, ErrShape)
	}
	if err := stockOf(where, "", p.OnHand, p.Due); err != nil {
		return err
	}
	for i, r := range p.Regions {
		at := fmt.Sprintf("Regions[%d].", i)
		if err := stockOf(where, at, r.OnHand, r.Due); err != nil {
			return err
		}
		if err := check.Amount(where, at+"Share", r.Share); err != nil {
			return err
		}
		if r.Delay < 0 || r.Delay > maxAhead {
			return fmt.Errorf("%s: %sDelay is %d, want 0 to %d: %w", where, at, r.Delay, maxAhead, ErrRange)
		}
		for _, f := range []struct {
			name string
			xs   []float64
		}{{"Demand", r.Demand}, {"SD", r.SD}, {"Reserved", r.Reserved}} {
			for k, x := range f.xs {
				if err := check.Amount(where, fmt.Sprintf("%s%s[%d]", at, f.name, k), x); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// stockOf checks stock and receipts.
func stockOf(where, at string, onHand float64, due []Receipt) error {
	if err := check.Amount(where, at+"OnHand", onHand); err != nil {
		return err
	}
	for i, r := range due {
		if err := r.validate(where, fmt.Sprintf("%sDue[%d]", at, i)); err != nil {
			return err
		}
	}
	return nil
}

// cumulative writes to out what is there by each period.
func cumulative(out []float64, onHand float64, due []Receipt) {
	clear(out)
	out[0] = onHand
	for _, r := range due {
		if t := math.Ceil(r.At); t < float64(len(out)) {
			out[int(t)] += r.Units
		}
	}
	for t := 1; t < len(out); t++ {
		out[t] += out[t-1]
	}
}

// wanted is everyday demand until the end of a period, by its moments, and what is sure beside it.
type wanted struct{ mean, variance, sure float64 }

// wants writes to out what a region wants by the end of each period; what is reserved is sure.
func (r *Region) wants(out []wanted) {
	var w wanted
	for t := range out {
		if n := len(r.Demand); n > 0 {
			w.mean += r.Demand[min(t, n-1)]
		}
		if n := len(r.SD); n > 0 {
			sd := r.SD[min(t, n-1)]
			w.variance += sd * sd
		}
		if t < len(r.Reserved) {
			w.sure += r.Reserved[t]
		}
		out[t] = w
	}
}

// need is what is sure and the quantile of the demand.
func (w wanted) need(opt PromiseOptions) (float64, error) {
	d, err := leadDemand(opt.Law, w.mean, w.variance)
	if err != nil {
		return 0, err
	}
	return w.sure + max(d.Quantile(1-opt.Risk), 0), nil
}

// promise writes the units of one product, region by region. With N what a region needs by a
// period, O its own and X(t) = max over u <= t of (N(u)-O(u))⁺ what it takes from the common
// stock, its own stock has O+X-N left, and the common one P - ΣX; the least of either from
// a period on is what is free in it. Of the common stock regions that live on it need together at least
// the quantile of their sum: that of many slow ones is far above the sum of theirs.
func (p *Pool[K]) promise(units []int64, opt PromiseOptions) error {
	periods := opt.Periods
	free, own, took := make([]float64, periods), make([]float64, periods), make([]float64, periods)
	claimed := make([]float64, periods) // of the common stock, by each region for itself
	wants, together := make([]wanted, periods), make([]wanted, periods)
	for i := range p.Regions {
		r := &p.Regions[i]
		r.wants(wants)
		cumulative(own, r.OnHand, r.Due)
		taken, need := 0.0, 0.0
		for t, w := range wants {
			now, err := w.need(opt)
			if err != nil {
				return fmt.Errorf("%s[%d]: %w", "Regions", i, err)
			}
			need = max(need, now)
			wants[t].sure -= own[t]
			if own[t] += taken - need; own[t] < 0 {
				taken -= own[t]
				own[t] = 0
			}
			took[t] = taken
		}
		for t := range periods {
			at := min(t+r.Delay, periods-1)
			claimed[t] += took[at]
			if w := wants[at]; took[at] > 0 || w.sure >= 0 {
				together[t].mean += w.mean
				together[t].variance += w.variance
				together[t].sure += w.sure
			}
		}
		least := math.Inf(1)
		for t := periods - 1; t >= 0; t-- {
			least = min(least, own[t])
			units[i*periods+t] = countable(least)
		}
	}
	cumulative(free, p.OnHand, p.Due)
	pooled := 0.0
	for t, w := range together {
		law := opt
		if w.mean > 1e9 { // more than a Poisson law has
			w.variance, law.Law = max(w.variance, w.mean), Normal
		}
		now, err := w.need(law)
		if err != nil {
			return fmt.Errorf("all Regions: %w", err)
		}
		pooled = max(pooled, now)
		free[t] -= max(claimed[t], pooled)
	}
	shares := p.shares()
	least, got := math.Inf(1), make([]int64, len(shares))
	for t := periods - 1; t >= 0; t-- {
		least = min(least, free[t])
		free[t] = max(least, 0)
	}
	for t, f := range free {
		apportion(got, shares, countable(f))
		for i := range p.Regions {
			if at := t + p.Regions[i].Delay; at < periods {
				units[i*periods+at] += got[i]
			}
		}
	}
	return nil
}

// countable is the number of units that can be promised of an amount.
func countable(x float64) int64 { return int64(math.Floor(min(x, 1<<53) + 1e-9)) }

// shares are those of the regions, with a sum of 1.
func (p *Pool[K]) shares() []float64 {
	out, sum := make([]float64, len(p.Regions)), 0.0
	for _, r := range p.Regions {
		sum += r.Share
	}
	for i, r := range p.Regions {
		if out[i] = 1 / float64(len(out)); sum > 0 {
			out[i] = r.Share / sum
		}
	}
	return out
}

// apportion splits n units by shares: first the whole part of each, then one by one to the
// least (units+1)/share, the first of equals. This is D'Hondt's rule, which gives everybody at
// least the whole part, and takes nothing away when n grows (Balinski and Young, Fair
// Representation, 1982).
func apportion(got []int64, shares []float64, n int64) {
	left := n
	for i, s := range shares {
		got[i] = int64(math.Floor(s*float64(n)*(1-1e-15) + 1e-12))
		left -= got[i]
	}
	for ; left > 0; left-- {
		best := -1
		for i, s := range shares {
			if s > 0 && (best < 0 || float64(got[i]+1)*shares[best] < float64(got[best]+1)*s) {
				best = i
			}
		}
		got[best]++
	}
}

// at returns the units of product k.
func (p *Promises[K]) at(k, region, period int) int64 {
	return p.units[(k*p.regions+region)*p.periods+period]
}

// validate refuses what no Promise has made, and places that it does not have.
func (p *Promises[K]) validate(where string, region, period int) error {
	if p == nil || p.ids == nil {
		return fmt.Errorf("%s: not made by Promise: %w", where, ErrEmpty)
	}
	if region < 0 || region >= p.regions {
		return fmt.Errorf("%s: region is %d, want 0 to %d: %w", where, region, p.regions-1, ErrRange)
	}
	if period < 0 || period >= p.periods {
		return fmt.Errorf("%s: period is %d, want 0 to %d: %w", where, period, p.periods-1, ErrRange)
	}
	return nil
}

// Units returns how many units of a product may be promised in a region for delivery by the
// end of a period, those promised for earlier periods included. Errors: ErrUnknownID,
// ErrRange for a region or period that there is not, ErrEmpty for Promises that Promise has
// not made.
func (p *Promises[K]) Units(id K, region, period int) (int64, error) {
	const where = "reorder: Promises.Units"
	if err := p.validate(where, region, period); err != nil {
		return 0, err
	}
	k, ok := slices.BinarySearch(p.ids, id)
	if !ok {
		return 0, fmt.Errorf("%s: product %v: %w", where, id, ErrUnknownID)
	}
	return p.at(k, region, period), nil
}

// Stocks appends the Units of products to dst: the stocks of the offers of an allocation. On
// an error, one of Units, it returns dst.
func (p *Promises[K]) Stocks(dst []int64, ids []K, region, period int) ([]int64, error) {
	const where = "reorder: Promises.Stocks"
	if err := p.validate(where, region, period); err != nil {
		return dst, err
	}
	out := dst
	for i, id := range ids {
		k, ok := slices.BinarySearch(p.ids, id)
		if !ok {
			return dst, fmt.Errorf("%s: ids[%d]: product %v: %w", where, i, id, ErrUnknownID)
		}
		out = append(out, p.at(k, region, period))
	}
	return out, nil
}

// Available returns, ascending, the ids of the products of which at least so many units may
// be promised in a region by the end of a period: what a recommender may show there.
// Nothing for a region or period that there is not.
func (p *Promises[K]) Available(region, period int, least int64) []K {
	if p.validate("", region, period) != nil {
		return nil
	}
	var out []K
	for k, id := range p.ids {
		if p.at(k, region, period) >= least {
			out = append(out, id)
		}
	}
	return out
}
