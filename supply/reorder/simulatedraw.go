package reorder

import (
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/rng"
)

// demandBlock is the number of periods of one stream of demand.
const demandBlock = 256

// Stages of the draws of one run.
const (
	stageDemand = iota
	stageLead
	stageFill
)

// runSeed names the streams of one replication of one product.
func runSeed(seed, id uint64, replication int) uint64 {
	return rng.Hash(seed, id, uint64(replication))
}

// drawer is a law that draws faster than by its quantile.
type drawer interface {
	draw(r *rng.Stream) float64
}

var (
	_ drawer = normal{}
	_ drawer = poisson{}
	_ drawer = empirical{}
	_ drawer = gamma{}
	_ drawer = negativeBinomial{}
)

func (n normal) draw(r *rng.Stream) float64    { return n.mean + n.sd*r.Normal() }
func (p poisson) draw(r *rng.Stream) float64   { return float64(r.Poisson(p.mean)) }
func (e empirical) draw(r *rng.Stream) float64 { return e.x[r.Intn(len(e.x))] }

func (g gamma) draw(r *rng.Stream) float64 { return g.scale * r.Gamma(g.shape) }

// draw mixes Poisson laws by a gamma law.
func (n negativeBinomial) draw(r *rng.Stream) float64 {
	mean := r.Gamma(n.r) * (1 - n.p) / n.p
	if mean > 1e9 { // beyond what Stream.Poisson draws, whose spread is nothing there
		return math.Floor(mean)
	}
	return float64(r.Poisson(mean))
}

// inside keeps a uniform number out of 0, where no quantile is promised.
func inside(u float64) float64 { return max(u, 0x1p-54) }

// draw returns one draw of any law.
func draw(d Distribution, r *rng.Stream) float64 {
	if f, ok := d.(drawer); ok {
		return f.draw(r)
	}
	return d.Quantile(inside(r.Float64()))
}

// draws gives a run its demand, lead times and fills.
type draws struct {
	of     *product
	seed   uint64
	stream rng.Stream
	leads  []float64 // P(lead <= k) for k = 0, 1, …, up to the end of the run
}

// begin tabulates the law of lead times: its quantile is asked once an order, and bisects for
// most laws.
func (d *draws) begin(p *product, periods int, seed uint64) error {
	d.of, d.seed, d.leads = p, seed, d.leads[:0]
	if p.LeadLaw == nil {
		return nil
	}
	last := 0.0
	for k := 0; k < periods && last < 1-1e-15; k++ {
		f := p.LeadLaw.CDF(float64(k))
		if !(f >= last && f <= 1) {
			return fmt.Errorf("LeadLaw has CDF(%d) = %v after %v: %w", k, f, last, ErrUndefined)
		}
		d.leads = append(d.leads, f)
		last = f
	}
	return nil
}

// lead is the lead time of an order of period t. It hangs on the period and not on the orders
// before, so that policies that order at different times meet the same supplier.
func (d *draws) lead(t int) int {
	if d.of.LeadLaw == nil {
		return d.of.Lead
	}
	u := rng.Unit(rng.Hash(d.seed, stageLead, uint64(t)))
	k, _ := slices.BinarySearchFunc(d.leads, u, func(f, u float64) int {
		if f <= u {
			return -1
		}
		return 1
	})
	return k
}

// fill is the share that is delivered of an order of period t.
func (d *draws) fill(law Distribution, t int) (float64, error) {
	x := law.Quantile(inside(rng.Unit(rng.Hash(d.seed, stageFill, uint64(t)))))
	if x != x {
		return 0, fmt.Errorf("period %d: FillLaw gives no number: %w", t, ErrUndefined)
	}
	return min(max(x, 0), 1), nil
}

// demand fills dst with the demand of the periods of a block that begins at from.
func (d *draws) demand(dst []float64, from int) error {
	if d.of.Demand != nil {
		copy(dst, d.of.Demand[from:])
		return nil
	}
	d.stream.Reset(d.seed, stageDemand, uint64(from/demandBlock))
	law := d.of.Law
	for i := range dst {
		if n := len(d.of.Laws); n > 0 {
			law = d.of.Laws[(from+i)%n]
		}
		x := draw(law, &d.stream)
		if !(x <= check.MaxAmount) {
			if x != x {
				return fmt.Errorf("period %d: law of demand gives no number: %w", from+i, ErrUndefined)
			}
			return check.Amount(fmt.Sprintf("period %d", from+i), "demand", x)
		}
		dst[i] = max(x, 0)
	}
	return nil
}
