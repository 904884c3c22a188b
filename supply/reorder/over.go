package reorder

import (
	"fmt"

	"github.com/aislekit/aisle/internal/check"
)

// maxPeriods bounds the periods that demand is summed over.
const maxPeriods = 4096

// DemandOver is demand over a number of periods that is itself uncertain, a lead time: periods[i] is the law of
// period i, the last goes on, and lead that of their number; a certain lead time of n periods is NormalDemand(n, 0). Periods are
// independent of each other and of the lead time. A lead time that is not whole, 4.3, stands for 4 periods
// with chance .7 and 5 with .3, which keeps its mean; what a law has below 0 counts as 0.
//
// The law is exact: sums of normal, of Poisson, and of negative binomial or gamma laws of one shape stay in their family,
// others of whole units are convolved, and a random lead time mixes these. Other laws are
// convolved on a grid of at least 1/512 of a standard deviation, their mean kept. Errors: ErrEmpty without periods, ErrOption for a nil
// law, ErrRange for a lead time below 0 (more than 1e-6 of it), of nothing, or of more than 4,096 periods, and for demand of more than
// 2¹⁵ steps; ErrUndefined for a law whose Loss is none. Cost: periods · steps², at most 1e8 or so.
func DemandOver(periods []Distribution, lead Distribution) (Distribution, error) {
	const where = "reorder: DemandOver"
	if len(periods) == 0 {
		return nil, fmt.Errorf("%s: no periods: %w", where, ErrEmpty)
	}
	var c check.Options
	for i, d := range periods {
		c.Require(d != nil, fmt.Sprintf("periods[%d]", i), d, "a Distribution")
	}
	c.Require(lead != nil, "lead", lead, "a Distribution")
	if err := c.Err(where); err != nil {
		return nil, err
	}
	n, err := leadPeriods(lead)
	if err != nil {
		return nil, fmt.Errorf("%s: lead: %w", where, err)
	}
	d, err := demandOver(periods, n)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	return d, nil
}

// negative reports whether a law reaches below 0, but for a millionth or what smoothing a grid leaves there.
func negative(d Distribution) bool { return !(d.Quantile(1e-6) >= -.01*d.SD()) }

// leadPeriods returns how likely each number of periods is, from 0 on.
func leadPeriods(lead Distribution) ([]float64, error) {
	if negative(lead) {
		return nil, fmt.Errorf("below 0 with chance %v: %w", lead.CDF(0), ErrRange)
	}
	if !(lead.Mean() > 0) || !(lead.Mean() <= maxPeriods) {
		return nil, fmt.Errorf("a mean of %v, want above 0 and at most %d periods: %w", lead.Mean(), maxPeriods, ErrRange)
	}
	g, err := gridOf(lead, 1, maxPeriods+2)
	if err != nil {
		return nil, err
	}
	top := g.first + len(g.p) - 1
	if top > maxPeriods {
		return nil, fmt.Errorf("up to %d periods, want at most %d: %w", top, maxPeriods, ErrRange)
	}
	p := make([]float64, top+1)
	for i, x := range g.p {
		p[max(g.first+i, 0)] += x
	}
	return p, nil
}

// demandOver mixes the sums of the first k periods by the chances of k.
func demandOver(periods []Distribution, chances []float64) (Distribution, error) {
	ds, err := demandsOver(periods, [][]float64{chances})
	if err != nil {
		return nil, err
	}
	return ds[0], nil
}

// demandsOver is demandOver for several laws of k, which share the sums.
func demandsOver(periods []Distribution, chances [][]float64) ([]Distribution, error) {
	out := make([]Distribution, len(chances))
	longest := 0
	for i, c := range chances {
		if out[i] = closedOver(periods, c); out[i] == nil {
			longest = max(longest, len(c)-1)
		}
	}
	if longest == 0 {
		return out, nil
	}
	all := make([]Distribution, longest)
	for i := range all {
		all[i] = periods[min(i, len(periods)-1)]
	}
	step := stepFor(all)
	smooth := step != 1 || !allWhole(all)
	sum := newGrid(0, step, []float64{1}, false)
	masses, first := make([][]float64, len(chances)), make([]int, len(chances))
	var last *grid
	for k := range longest + 1 {
		if k > 0 {
			if k <= len(periods) {
				var err error
				if last, err = gridOf(periods[k-1], step, gridLimit); err != nil {
					return nil, fmt.Errorf("periods[%d]: %w", k-1, err)
				}
			}
			sum = convolve(sum, last)
			if len(sum.p) > 4*gridLimit {
				return nil, fmt.Errorf("more than %d steps of %v: %w", 4*gridLimit, step, ErrRange)
			}
		}
		for i, c := range chances {
			if out[i] == nil && k < len(c) && c[k] > 0 {
				masses[i], first[i] = addMass(masses[i], first[i], sum, c[k])
			}
		}
	}
	for i := range out {
		if out[i] == nil {
			out[i] = newGrid(first[i], step, masses[i], smooth)
		}
	}
	return out, nil
}

// summed is a law whose sum with one of its kind has a formula; ok says whether other is one.
type summed interface {
	plus(other Distribution) (sum Distribution, ok bool)
}

// closedOver is demandOver where every sum has a formula, nil otherwise.
func closedOver(periods []Distribution, chances []float64) Distribution {
	var laws []Distribution
	var w []float64
	var sum Distribution = normal{} // of no period
	for k, p := range chances {
		if k > 0 {
			next := periods[min(k-1, len(periods)-1)]
			if k == 1 {
				sum = next
			} else {
				s, ok := sum.(summed)
				if !ok {
					return nil
				}
				if sum, ok = s.plus(next); !ok {
					return nil
				}
			}
		}
		if p > 0 {
			laws, w = append(laws, sum), append(w, p)
		}
	}
	return mix(laws, w)
}

// allWhole reports whether all laws are of whole units.
func allWhole(laws []Distribution) bool {
	for _, d := range laws {
		if !whole(d) {
			return false
		}
	}
	return true
}

// addMass adds weight times g to masses that begin at first, which both may have to grow.
func addMass(p []float64, first int, g *grid, weight float64) ([]float64, int) {
	if p == nil {
		first = g.first
	}
	if g.first < first {
		p, first = append(make([]float64, first-g.first), p...), g.first
	}
	if need := g.first - first + len(g.p); need > len(p) {
		p = append(p, make([]float64, need-len(p))...)
	}
	for i, x := range g.p {
		p[g.first-first+i] += weight * x
	}
	return p, first
}
