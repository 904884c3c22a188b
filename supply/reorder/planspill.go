package reorder

import (
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/supply"
)

// inflow is demand by period that comes from a product without stock.
type inflow struct {
	units []float64
	sd    float64 // of their sum
}

// spill moves demand that is expected to find no stock to substitutes: what is missed
// of a product before its next arrival, by period, times the share. It is demand of the
// substitute in the same periods, which may miss some of it in turn and passes none
// on. Its error, that of what is missed, is one for all periods.
func spill[K supply.ID](jobs []planJob[K], opt PlanOptions) error {
	var index map[K]int
	for i := range jobs {
		if len(jobs[i].stock.Substitutes) > 0 {
			index = make(map[K]int, len(jobs))
			break
		}
	}
	if index == nil {
		return nil
	}
	for i := range jobs {
		index[jobs[i].stock.ID] = i
	}
	for i := range jobs {
		j := &jobs[i]
		if len(j.stock.Substitutes) == 0 {
			continue
		}
		missed, sd, err := j.missed()
		if err != nil {
			return err
		}
		for n, sub := range j.stock.Substitutes {
			to, ok := index[sub.ID]
			if !ok {
				return fmt.Errorf("%s: Substitutes[%d]: product %v: %w", j.stock.where(), n, sub.ID, ErrUnknownID)
			}
			part := slices.Clone(missed)
			for k := range part {
				part[k] *= sub.Share
				j.spilled += part[k]
				jobs[to].received += part[k]
			}
			if len(part) > 0 && sub.Share > 0 {
				jobs[to].inflow = append(jobs[to].inflow, inflow{part, sd * sub.Share})
			}
		}
	}
	for i := range jobs { // after all was read: no spill of a spill
		if len(jobs[i].inflow) == 0 {
			continue
		}
		j := &jobs[i]
		var err error
		if j.alone, err = j.out.misses(0, j.net, j.given, j.nearest); err != nil {
			return fmt.Errorf("%s: %w", j.stock.where(), err)
		}
		for _, r := range jobs[i].inflow {
			jobs[i].out.receive(r.units, r.sd)
		}
	}
	return nil
}

// missed is the expected demand that finds no stock before the next arrival, by period,
// nil where there is none, and the standard deviation of its sum.
func (j *planJob[K]) missed() (by []float64, sd float64, err error) {
	total, err := j.out.misses(0, j.net, j.given, j.nearest)
	if err != nil || !(total > 1e-9) {
		return nil, 0, err
	}
	periods := int(min(math.Ceil(j.nearest), maxAhead))
	by = make([]float64, periods)
	before := 0.0
	for i := range by {
		until := total
		if i < periods-1 {
			if until, err = j.out.misses(0, j.net, j.given, float64(i+1)); err != nil {
				return nil, 0, err
			}
			until = min(max(until, before), total)
		}
		by[i], before = until-before, until
	}
	// The variance of (D-S)⁺ by that of a normal law with the same expectation left of
	// it: between none where nearly all is missed for certain, and what few misses have.
	there := j.net
	for _, r := range j.given {
		if r.At < j.nearest {
			there += r.Units
		}
	}
	mean, variance, _ := j.out.spread(0, j.nearest)
	if variance > 0 {
		z := (there - mean) / math.Sqrt(variance)
		first, second := UnitNormalLoss(z)
		sd = math.Sqrt(max(2*second-first*first, 0) * variance)
	}
	return by, sd, nil
}

// receive adds demand by period whose sum has a standard deviation.
func (o *outlook) receive(units []float64, sd float64) {
	n, total := max(len(o.mean), len(units)), 0.0
	mean, sds := make([]float64, n), make([]float64, n)
	load := make([]float64, n)
	for _, u := range units {
		total += u
	}
	for i := range n {
		mean[i], sds[i] = o.average, o.beyond
		if i < len(o.mean) {
			mean[i] = o.mean[i]
		}
		if i < len(o.sd) {
			sds[i] = o.sd[i]
		}
		if i < len(units) {
			mean[i] += units[i]
			load[i] = sd * units[i] / total
		}
	}
	o.mean, o.sd = mean, sds
	for k, f := range o.factors {
		o.factors[k] = append(f[:len(f):len(f)], make([]float64, n-len(f))...)
	}
	if sd > 0 {
		o.factors = append(o.factors, load)
	}
}
