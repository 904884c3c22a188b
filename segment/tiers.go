package segment

import (
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// CutsByCustomers returns the thresholds of tiers that hold shares of the customers: by
// .05 and .2 the best twentieth is level 3, who is of the best fifth besides is level 2, and
// all others are level 1. The shares ascend strictly, 254 of them at most, each in (0, 1).
// Customers who are alike share a tier, the lower one, so that no tier and those above it
// together hold more than their share; where all are alike, all are in level 1.
//
// Cuts are to be used, not to be published: each is the amount of some customer. Tiers tells
// who is above them. ErrEmpty without customers, ErrRange for other shares.
func (p *Pareto) CutsByCustomers(shares ...float64) (Cuts, error) {
	return p.cuts("segment: Pareto.CutsByCustomers", shares, func(v *curve, share float64) float64 {
		room := int64(share * float64(v.n) * (1 + 1e-12))
		i := len(v.amounts) - 1
		for ; i > 0 && v.count[i] <= room; i-- {
			room -= v.count[i]
		}
		return float64(v.amounts[i])
	})
}

// CutsByMoney returns the thresholds of tiers that hold shares of the money: by .5 and .8
// level 3 is the fewest customers who bring half of it together, level 2 those beside them who
// make it 80 %, and all others are level 1. The shares ascend strictly, 254 of them at most, each in
// (0, 1). Customers who are alike share a tier, the upper one, so that each tier with those
// above it brings its share at least.
//
// Cuts are to be used, not to be published. ErrEmpty without customers, ErrUndefined where
// their money is not above 0, ErrRange for other shares.
func (p *Pareto) CutsByMoney(shares ...float64) (Cuts, error) {
	const where = "segment: Pareto.CutsByMoney"
	undefined := false
	c, err := p.cuts(where, shares, func(v *curve, share float64) float64 {
		undefined = undefined || v.total.float() <= 0
		n := v.needed(share)
		for i := len(v.amounts) - 1; i > 0; i-- {
			if n -= v.count[i]; n <= 0 {
				return float64(v.amounts[i-1])
			}
		}
		return math.Nextafter(float64(v.amounts[0]), math.Inf(-1)) // everybody is above it
	})
	if err == nil && undefined {
		return Cuts{}, fmt.Errorf("%s: the money of all customers is not above 0: %w", where, ErrUndefined)
	}
	return c, err
}

// cuts asks for the threshold of each share.
func (p *Pareto) cuts(where string, shares []float64, at func(v *curve, share float64) float64) (Cuts, error) {
	v, err := p.curve(where)
	if err != nil {
		return Cuts{}, err
	}
	if len(shares) < 1 || len(shares) > 254 {
		return Cuts{}, fmt.Errorf("%s: %d shares, want 1 to 254: %w", where, len(shares), ErrRange)
	}
	out := make([]float64, 0, len(shares))
	for i, s := range shares {
		if !(s > 0 && s < 1) || i > 0 && s <= shares[i-1] {
			return Cuts{}, fmt.Errorf("%s: shares[%d] is %v, want it in (0, 1) and above the one before: %w", where, i, s, ErrRange)
		}
		out = append(out, at(v, s))
	}
	slices.Reverse(out)
	return Cuts{out}, nil
}

// Tier is one level of customers by their money.
type Tier struct {
	Level      int     // as Cuts.Level has it: more is better
	Above      float64 // the cut below it, as given: all of its customers have more; NaN in level 1
	Customers  int64   // in it
	Money      int64   // of all of them, in minor units
	Share      float64 // of the customers
	MoneyShare float64 // of the money; NaN where that of all is not above 0

	// Err is ErrPrivacy where the tier is withheld, since it has few customers, or all withheld
	// ones together would have: then all but Level and Above is zero.
	Err error
}

// Tiers tells how many customers are in each tier and what they bring, the best tier first.
// It is there to be published: tiers below MinAudience customers are withheld, and so many
// more that the total does not tell them. Publish one set of tiers: two whose cuts differ by a few
// customers tell about these by subtraction. And leave out Above where the cuts are amounts of
// customers, as those of CutsByCustomers and CutsByMoney. ErrEmpty without customers, ErrPrivacy where they
// are too few altogether, ErrOverflow for money beyond int64, ErrOption for a MinAudience
// below −1.
func (p *Pareto) Tiers(cuts Cuts) ([]Tier, error) {
	const where = "segment: Pareto.Tiers"
	v, err := p.curve(where)
	switch {
	case err != nil:
		return nil, err
	case check.Few(v.n, v.floor):
		return nil, fmt.Errorf("%s: fewer than %d customers: %w", where, v.floor, ErrPrivacy)
	}
	levels := cuts.Levels()
	out, sums, sizes := make([]Tier, levels), make([]sum128, levels), make([]int64, levels)
	for i, a := range v.amounts {
		k := levels - cuts.Level(float64(a))
		sums[k].addTimes(a, v.count[i])
		sizes[k] += v.count[i]
	}
	for k := range out {
		t := &out[k]
		t.Level, t.Above, t.Customers = levels-k, math.NaN(), sizes[k]
		if t.Level > 1 {
			t.Above = cuts.at[t.Level-2]
		}
		var ok bool
		if t.Money, ok = sums[k].int64(); !ok {
			return nil, fmt.Errorf("%s: money of level %d: %w", where, t.Level, ErrOverflow)
		}
		t.Share, t.MoneyShare = float64(t.Customers)/float64(v.n), math.NaN()
		if total := v.total.float(); total > 0 {
			t.MoneyShare = sums[k].float() / total
		}
	}
	for k, withheld := range check.Withhold(v.floor, sizes) {
		if withheld {
			out[k] = Tier{Level: out[k].Level, Above: out[k].Above, Err: fmt.Errorf("%s: level %d: %w", where, out[k].Level, ErrPrivacy)}
		}
	}
	return out, nil
}
