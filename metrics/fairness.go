package metrics

import (
	"cmp"
	"encoding"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/ids"
)

var (
	_ encoding.BinaryAppender    = (*Fairness[string])(nil)
	_ encoding.BinaryUnmarshaler = (*Fairness[string])(nil)
)

// Fairness accumulates yes/no decisions per group of people: who gets the
// coupon, the credit, the call. The zero value is empty and ready; Merge is
// exact. It is not safe for concurrent writers.
//
// It needs to know how things turned out. To look at a selection before that, as an
// audience before it is addressed, take Parity of package segment/audience: each group's
// rate against the highest of the groups that are large enough. How items fare is
// Exposure of package ranking.
type Fairness[G cmp.Ordered] struct {
	m map[G]Confusion
}

// Add adds one decision about a member of group: what turned out, and what was
// decided.
func (f *Fairness[G]) Add(group G, actual, predicted bool) {
	if f == nil {
		return
	}
	if f.m == nil {
		f.m = map[G]Confusion{}
	}
	c := f.m[group]
	c.Add(actual, predicted)
	f.m[group] = c
}

// Merge adds the decisions of other. ErrMismatch for a merge with itself.
func (f *Fairness[G]) Merge(other *Fairness[G]) error {
	if err := check.Merge("metrics: Fairness.Merge", f, other); err != nil {
		return err
	}
	next := make(map[G]Confusion, len(f.m)+len(other.m))
	maps.Copy(next, f.m)
	for g, c := range other.m {
		d := next[g]
		if err := d.Merge(&c); err != nil {
			return fmt.Errorf("metrics: Fairness.Merge: group %v: %w", g, err)
		}
		next[g] = d
	}
	f.m = next
	return nil
}

// AppendBinary appends the binary form. ErrOption for groups that are neither
// strings nor integers.
func (f *Fairness[G]) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("metrics: Fairness.AppendBinary", f); err != nil {
		return nil, err
	}
	var w codec.Writer
	keys := slices.SortedFunc(maps.Keys(f.m), cmp.Compare[G])
	if _, err := ids.PutSorted(&w, keys); err != nil {
		return nil, fmt.Errorf("metrics: Fairness.AppendBinary: %w", err)
	}
	for _, k := range keys {
		c := f.m[k]
		for _, n := range [4]int64{c.TP, c.FP, c.FN, c.TN} {
			w.Int64(n)
		}
	}
	return w.AppendFrame(dst, codec.KindFairness, 1), nil
}

// MarshalBinary returns the binary form.
func (f *Fairness[G]) MarshalBinary() ([]byte, error) { return f.AppendBinary(nil) }

// UnmarshalBinary replaces the state. Payload of version 1, little-endian:
//
//	i64    number of groups
//	…      their names, ascending: strings with their length, integers in 8 bytes
//	…      for each 4×i64 TP, FP, FN, TN, >= 0, not all 0
//
// Any other length or value is ErrCorrupt, a newer version ErrVersion; the state is
// then unchanged.
func (f *Fairness[G]) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("metrics: Fairness.UnmarshalBinary", f); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindFairness, 1)
	if err != nil {
		return fmt.Errorf("metrics: Fairness.UnmarshalBinary: %w", err)
	}
	list, err := ids.GetSorted[G](r)
	if err != nil {
		return fmt.Errorf("metrics: Fairness.UnmarshalBinary: %w", err)
	}
	got := Fairness[G]{m: make(map[G]Confusion, list.Len())}
	for _, k := range list.Keys() {
		c := Confusion{r.Int64(), r.Int64(), r.Int64(), r.Int64()}
		if c.TP < 0 || c.FP < 0 || c.FN < 0 || c.TN < 0 || c == (Confusion{}) {
			r.Fail("a group has negative counts or none")
			break
		}
		got.m[k] = c
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("metrics: Fairness.UnmarshalBinary: %w", err)
	}
	*f = got
	return nil
}

// GroupRates are the rates of one group; NaN where Unknown says why.
type GroupRates[G cmp.Ordered] struct {
	Group         G       // as the caller named it
	N             int64   // members
	SelectionRate float64 // chosen per member
	TPR           float64 // chosen per member with a positive outcome
	FPR           float64 // chosen per member with a negative outcome
	Unknown       string  // "" or why a rate is missing
}

// FairnessResult compares the groups. Differences are largest minus smallest
// rate, ratios smallest by largest; groups whose rate is unknown take no part
// but are listed. A measure over fewer than two groups is NaN, as is a ratio
// with a largest rate of 0.
type FairnessResult[G cmp.Ordered] struct {
	Groups                   []GroupRates[G] // by group
	Unknown                  []G             // groups with a rate missing: say so when you report
	ParityDifference         float64         // of selection rates; 0 is parity
	ParityRatio              float64         // below 0.8 breaks the "four fifths" rule
	EqualOpportunity         float64         // difference of TPR
	EqualizedOddsDifference  float64         // larger of the differences of TPR and of FPR
	EqualizedOddsRatio       float64         // smaller of the ratios of TPR and of FPR
	ComparedForSelection     int             // groups whose selection rate is known
	ComparedForEqualizedOdds int             // groups whose TPR and FPR are known
}

// Result returns the rates of all groups and their gaps. Groups of fewer than
// minGroup members (0 means 30) are unknown, as are rates without a positive or
// a negative outcome to divide by. ErrEmpty without data, ErrOption for a
// negative minGroup, ErrOverflow for a group of more than 2^63−1 members.
func (f *Fairness[G]) Result(minGroup int64) (FairnessResult[G], error) {
	if err := check.Receiver("metrics: Fairness.Result", f); err != nil {
		return FairnessResult[G]{}, err
	}
	minGroup = check.Default(minGroup, 30)
	if minGroup < 0 {
		return FairnessResult[G]{}, fmt.Errorf("metrics: Fairness.Result: minGroup is %d: %w", minGroup, ErrOption)
	}
	if len(f.m) == 0 {
		return FairnessResult[G]{}, fmt.Errorf("metrics: Fairness.Result: no decisions: %w", ErrEmpty)
	}
	var r FairnessResult[G]
	var sel, tpr, fpr rateRange
	for _, g := range slices.SortedFunc(maps.Keys(f.m), cmp.Compare[G]) {
		c := f.m[g]
		pos, err1 := check.AddInt64(c.TP, c.FN)
		neg, err2 := check.AddInt64(c.FP, c.TN)
		if _, err := check.AddInt64(pos, neg); err != nil || err1 != nil || err2 != nil {
			return FairnessResult[G]{}, fmt.Errorf("metrics: Fairness.Result: group %v: members: %w", g, ErrOverflow)
		}
		row := GroupRates[G]{Group: g, N: pos + neg, SelectionRate: math.NaN(), TPR: math.NaN(), FPR: math.NaN()}
		if row.N < minGroup {
			row.Unknown = fmt.Sprintf("%d members, fewer than %d", row.N, minGroup)
		} else {
			row.SelectionRate = float64(c.TP+c.FP) / float64(row.N)
			sel.add(row.SelectionRate)
			switch {
			case pos == 0:
				row.Unknown = "no positive outcome"
			case neg == 0:
				row.Unknown = "no negative outcome"
			}
			if pos > 0 {
				row.TPR = float64(c.TP) / float64(pos)
			}
			if neg > 0 {
				row.FPR = float64(c.FP) / float64(neg)
			}
			if row.Unknown == "" {
				tpr.add(row.TPR)
				fpr.add(row.FPR)
			}
		}
		if row.Unknown != "" {
			r.Unknown = append(r.Unknown, g)
		}
		r.Groups = append(r.Groups, row)
	}
	r.ParityDifference, r.ParityRatio = sel.gaps()
	td, tr := tpr.gaps()
	fd, fr := fpr.gaps()
	r.EqualOpportunity, r.EqualizedOddsDifference, r.EqualizedOddsRatio = td, math.Max(td, fd), math.Min(tr, fr)
	r.ComparedForSelection, r.ComparedForEqualizedOdds = sel.n, tpr.n
	return r, nil
}

type rateRange struct {
	n      int
	lo, hi float64
}

func (r *rateRange) add(x float64) {
	if r.n == 0 {
		r.lo, r.hi = x, x
	}
	r.n++
	r.lo, r.hi = math.Min(r.lo, x), math.Max(r.hi, x)
}

func (r *rateRange) gaps() (difference, ratio float64) {
	if r.n < 2 {
		return math.NaN(), math.NaN()
	}
	if r.hi == 0 {
		return 0, math.NaN()
	}
	return r.hi - r.lo, r.lo / r.hi
}
