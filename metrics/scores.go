package metrics

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/topk"
)

// The measures of this file compare scores (any scale, higher means more likely
// positive) with what happened. Equal scores are one threshold, so the order of
// the rows never matters. weights may be nil; a row of weight 0 counts as
// absent, and weights may have any scale. Errors: ErrShape for different lengths, ErrNotFinite for a score that
// is NaN or infinite, ErrRange for a negative weight, ErrUndefined where stated.

// AUC returns the area under the ROC curve: the probability that a positive
// scores above a negative, ties counting ½ (Mann and Whitney 1947). It is exact.
// ErrUndefined unless both classes are present. Cost: a radix sort, O(n).
func AUC(actual []bool, scores, weights []float64) (float64, error) {
	var area infer.Area
	if err := sweep("AUC", actual, scores, weights, func(_, p, n float64) { area.Add(p, n) }); err != nil {
		return math.NaN(), err
	}
	if pos, neg := area.Classes(); pos == 0 || neg == 0 {
		return math.NaN(), oneClass("AUC", pos, neg)
	}
	return area.Value(), nil
}

// Gini returns 2·AUC − 1, the Gini coefficient of a score (accuracy ratio,
// Somers' D): 1 is a perfect order, 0 a random one. Errors are those of AUC. How
// unequally a catalogue is shown is another Gini: that of Beyond in package ranking.
func Gini(actual []bool, scores, weights []float64) (float64, error) {
	a, err := AUC(actual, scores, weights)
	if err != nil {
		return math.NaN(), fmt.Errorf("metrics: Gini: %w", err)
	}
	return 2*a - 1, nil
}

// AveragePrecision returns Σ (Rₙ−Rₙ₋₁)·Pₙ over distinct thresholds, without
// interpolation. ErrUndefined without a positive.
func AveragePrecision(actual []bool, scores, weights []float64) (float64, error) {
	var pos, neg, sum float64
	if err := sweep("AveragePrecision", actual, scores, weights, func(_, p, n float64) {
		pos += p
		neg += n
		if p > 0 {
			sum += p * (pos / (pos + neg))
		}
	}); err != nil {
		return math.NaN(), err
	}
	if pos == 0 {
		return math.NaN(), oneClass("AveragePrecision", pos, neg)
	}
	return sum / pos, nil
}

// KS returns the largest distance between the cumulative shares of positives
// and negatives over all thresholds (Kolmogorov and Smirnov), in [0, 1].
// ErrUndefined unless both classes are present.
func KS(actual []bool, scores, weights []float64) (float64, error) {
	roc, err := rocCurve("KS", actual, scores, weights)
	if err != nil {
		return math.NaN(), err
	}
	best := 0.0
	for _, p := range roc {
		best = max(best, math.Abs(p.TPR-p.FPR))
	}
	return best, nil
}

// ROCPoint is a point of the ROC curve: the rates when every score at or above
// Threshold is taken for positive.
type ROCPoint struct {
	Threshold float64 // the lowest score taken for positive
	FPR, TPR  float64 // false and true positive rate
}

// ROC returns the ROC curve from (0, 0), with threshold +Inf, to (1, 1), one
// point per distinct score. ErrUndefined unless both classes are present.
func ROC(actual []bool, scores, weights []float64) ([]ROCPoint, error) {
	return rocCurve("ROC", actual, scores, weights)
}

// rocCurve is ROC for callers of other names; what begins the error.
func rocCurve(what string, actual []bool, scores, weights []float64) ([]ROCPoint, error) {
	out := []ROCPoint{{Threshold: math.Inf(1)}}
	var pos, neg float64
	if err := sweep(what, actual, scores, weights, func(s, p, n float64) {
		pos += p
		neg += n
		out = append(out, ROCPoint{s, neg, pos})
	}); err != nil {
		return nil, err
	}
	if pos == 0 || neg == 0 {
		return nil, oneClass(what, pos, neg)
	}
	for i := range out {
		out[i].FPR /= neg
		out[i].TPR /= pos
	}
	return out, nil
}

// GainPoint is a point of the gains curve.
type GainPoint struct {
	Share    float64 // share of all rows taken, best scores first
	Captured float64 // share of all positives among them
	Lift     float64 // response rate among them over the overall rate
}

// Gains returns the gains curve at the shares 1/parts, 2/parts, … 1. Rows of
// equal score that straddle a share are taken pro rata, so that the curve does
// not depend on the order of ties. ErrUndefined without a positive, ErrOption
// unless parts is in [1, 1e6].
func Gains(actual []bool, scores, weights []float64, parts int) ([]GainPoint, error) {
	if parts < 1 || parts > 1_000_000 {
		return nil, fmt.Errorf("metrics: Gains: parts is %d, want in [1, 1e6]: %w", parts, ErrOption)
	}
	shares := make([]float64, parts)
	for i := range shares {
		shares[i] = float64(i+1) / float64(parts)
	}
	return gains("Gains", actual, scores, weights, shares)
}

// LiftAt returns the response rate among the share q in (0, 1] of rows with the
// best scores over the overall rate; ties pro rata. ErrUndefined without a
// positive.
func LiftAt(actual []bool, scores, weights []float64, q float64) (float64, error) {
	if !(q > 0 && q <= 1) {
		return math.NaN(), fmt.Errorf("metrics: LiftAt: q is %v, want in (0, 1]: %w", q, ErrOption)
	}
	g, err := gains("LiftAt", actual, scores, weights, []float64{q})
	if err != nil {
		return math.NaN(), err
	}
	return g[0].Lift, nil
}

// gains returns the points of Gains at the shares asked for, each of which may cut
// through a group of equal scores in proportion.
func gains(what string, actual []bool, scores, weights, shares []float64) ([]GainPoint, error) {
	type group struct{ pos, all float64 }
	var groups []group
	var pos, all float64
	if err := sweep(what, actual, scores, weights, func(_, p, n float64) {
		pos += p
		all += p + n
		groups = append(groups, group{p, p + n})
	}); err != nil {
		return nil, err
	}
	if pos == 0 {
		return nil, oneClass(what, pos, all)
	}
	out := make([]GainPoint, 0, len(shares))
	var g int
	var cumPos, cumAll float64
	for _, q := range shares {
		want := q * all
		for g < len(groups) && cumAll+groups[g].all <= want {
			cumPos += groups[g].pos
			cumAll += groups[g].all
			g++
		}
		got := cumPos
		if g < len(groups) && want > cumAll {
			got += groups[g].pos * (want - cumAll) / groups[g].all
		}
		if q == 1 {
			got = pos
		}
		out = append(out, GainPoint{Share: q, Captured: got / pos, Lift: got / pos / q})
	}
	return out, nil
}

func oneClass(what string, pos, neg float64) error {
	return undefined("%s: one class only (weight of positives %v, of negatives %v)", what, pos, neg)
}

// sweep calls fn once per distinct score, best first, with the weight of the
// positives and of the negatives that have it.
func sweep(what string, actual []bool, scores, weights []float64, fn func(score, pos, neg float64)) error {
	if len(actual) == 0 {
		return fmt.Errorf("metrics: %s: no rows: %w", what, ErrEmpty)
	}
	if err := check.Len("scores", len(scores), len(actual)); err != nil {
		return fmt.Errorf("metrics: %s: %w", what, err)
	}
	if err := check.Weights("weights", weights, len(actual)); err != nil {
		return fmt.Errorf("metrics: %s: %w", what, err)
	}
	if weights != nil {
		return sweepWeighted(what, actual, scores, weights, fn)
	}
	// Sorting the two classes apart needs no payload: 8 bytes move per row.
	n := len(actual)
	keys := make([]uint64, n)
	p, q := 0, n
	for i, s := range scores {
		k, ok := topk.Key64(s)
		if !ok {
			return notFiniteScore(what, i, s)
		}
		if actual[i] {
			keys[p] = k
			p++
		} else {
			q--
			keys[q] = k
		}
	}
	tmp := make([]uint64, n)
	pos, neg := radixSort(keys[:p], tmp[:p]), radixSort(keys[p:], tmp[p:])
	for len(pos) > 0 || len(neg) > 0 {
		var k uint64
		if len(neg) == 0 || len(pos) > 0 && pos[0] <= neg[0] {
			k = pos[0]
		} else {
			k = neg[0]
		}
		i := 0
		for i < len(pos) && pos[i] == k {
			i++
		}
		j := 0
		for j < len(neg) && neg[j] == k {
			j++
		}
		fn(scoreOf(k), float64(i), float64(j))
		pos, neg = pos[i:], neg[j:]
	}
	return nil
}

func notFiniteScore(what string, i int, s float64) error {
	return fmt.Errorf("metrics: %s: scores[%d] is %v: %w", what, i, s, ErrNotFinite)
}

// sweepWeighted calls fn for every distinct score, falling, with the weights of its
// positives and negatives as shares of all. Rows of weight 0 take no part.
func sweepWeighted(what string, actual []bool, scores, weights []float64, fn func(score, pos, neg float64)) error {
	rows := make([]keyed, 0, len(scores))
	for i, s := range scores {
		k, ok := topk.Key64(s)
		if !ok {
			return notFiniteScore(what, i, s)
		}
		if weights[i] == 0 {
			continue
		}
		rows = append(rows, keyed{k, weights[i], actual[i]})
	}
	rescale(rows)
	rows = radixSortKeyed(rows)
	for i := 0; i < len(rows); {
		var p, n float64
		k := rows[i].key
		for ; i < len(rows) && rows[i].key == k; i++ {
			if rows[i].positive {
				p += rows[i].weight
			} else {
				n += rows[i].weight
			}
		}
		fn(scoreOf(k), p, n)
	}
	return nil
}

// rescale divides weights by a power of two where products of their sums would leave
// float64; the measures are quotients, in which it cancels.
func rescale(rows []keyed) {
	most := 0.0
	for _, r := range rows {
		most = max(most, r.weight)
	}
	if most > 1e-100 && most < 1e100 || most == 0 {
		return
	}
	_, e := math.Frexp(most)
	for i := range rows {
		rows[i].weight = math.Ldexp(rows[i].weight, -e)
	}
}

func scoreOf(k uint64) float64 {
	if k>>63 == 0 {
		return math.Float64frombits(^k &^ (1 << 63))
	}
	return math.Float64frombits(k)
}
