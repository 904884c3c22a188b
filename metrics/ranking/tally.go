package ranking

import (
	"encoding"
	"fmt"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/metrics"
)

var (
	_ encoding.BinaryAppender    = (*Tally[string])(nil)
	_ encoding.BinaryUnmarshaler = (*Tally[string])(nil)
)

// Tally averages ranking measures over users for any comparable item ids.
// Several cut-offs are computed in one pass. For dense int32 indices
// Dense does the same faster.
//
// Make one with New; the zero value has the default options. It is not
// safe for concurrent use: give each goroutine its own and Merge them in a fixed
// order.
type Tally[I comparable] struct {
	core *rankCore
	seen map[I]struct{}
	set  map[I]float64
}

// New returns an empty accumulator. Bad options are ErrOption.
func New[I comparable](opt Options) (*Tally[I], error) {
	c, err := newRankCore("ranking: New", opt)
	if err != nil {
		return nil, err
	}
	return &Tally[I]{core: c}, nil
}

func (r *Tally[I]) state() *rankCore {
	if r.core == nil {
		r.core = defaultRankCore()
	}
	if r.set == nil {
		r.seen, r.set = map[I]struct{}{}, map[I]float64{}
	}
	return r.core
}

// Add adds one user: the recommended items, best first, and the relevance of
// items held out, of which those above 0 are relevant. A user without a
// relevant item is skipped and counted. An empty list scores 0.
//
// An item twice in the list is ErrDuplicate, a relevance that is NaN or
// infinite ErrNotFinite. After an error the state is unchanged.
// Neither argument is kept.
func (r *Tally[I]) Add(recommended []I, relevance map[I]float64) error {
	if err := check.Receiver("ranking: Tally.Add", r); err != nil {
		return err
	}
	if err := r.add(recommended, relevance); err != nil {
		return fmt.Errorf("ranking: Tally.Add: %w", err)
	}
	return nil
}

// AddSet is Add for relevant items of relevance 1. An item twice among them is
// ErrDuplicate.
func (r *Tally[I]) AddSet(recommended, relevant []I) error {
	if err := check.Receiver("ranking: Tally.AddSet", r); err != nil {
		return err
	}
	r.state()
	clear(r.set)
	for _, i := range relevant {
		r.set[i] = 1
	}
	if len(r.set) != len(relevant) {
		return fmt.Errorf("ranking: Tally.AddSet: an item is twice among the relevant: %w", ErrDuplicate)
	}
	return r.Add(recommended, r.set)
}

// add counts one user.
func (r *Tally[I]) add(recommended []I, relevance map[I]float64) error {
	c := r.state()
	if i, j, dup := r.duplicate(recommended); dup {
		return fmt.Errorf("item %v is at ranks %d and %d of the list: %w", recommended[i], i+1, j+1, ErrDuplicate)
	}
	c.best = c.best[:0]
	for i, g := range relevance {
		if err := c.checkRelevance(g); err != nil {
			return fmt.Errorf("item %v: %w", i, err)
		}
		if g > 0 {
			c.best = append(c.best, g)
		}
	}
	if len(c.best) == 0 {
		c.skipped++
		return nil
	}
	c.gains = c.gains[:0]
	for _, i := range recommended[:min(len(recommended), max(c.kmax, len(c.best)))] {
		c.gains = append(c.gains, relevance[i])
	}
	return c.commit(len(recommended), len(c.best))
}

// duplicate returns the places of an item that is twice in the list, short lists
// without a map.
func (r *Tally[I]) duplicate(list []I) (int, int, bool) {
	if len(list) <= 24 {
		for j := range list {
			for i := range list[:j] {
				if list[i] == list[j] {
					return i, j, true
				}
			}
		}
		return 0, 0, false
	}
	clear(r.seen)
	for j, x := range list {
		if _, ok := r.seen[x]; ok {
			for i := range list[:j] {
				if list[i] == x {
					return i, j, true
				}
			}
		}
		r.seen[x] = struct{}{}
	}
	return 0, 0, false
}

// Merge adds the users of other, which must have equal options (else
// ErrMismatch). Per-user values of other are appended after those of r.
func (r *Tally[I]) Merge(other *Tally[I]) error {
	if err := check.Merge("ranking: Tally.Merge", r, other); err != nil {
		return err
	}
	return r.state().merge("Tally.Merge", other.core)
}

// Result returns the means over users so far; ErrUndefined without any user
// that has a relevant item (the counts are filled in even then).
func (r *Tally[I]) Result() (Result, error) {
	if err := check.Receiver("ranking: Tally.Result", r); err != nil {
		return Result{}, err
	}
	return r.state().result("Tally.Result")
}

// Moments returns count, mean and variance over users of measure m at cut-off
// k, for intervals and for CompareMeans. ErrOption if k was not asked for.
func (r *Tally[I]) Moments(m Measure, k int) (metrics.Moments, error) {
	if err := check.Receiver("ranking: Tally.Moments", r); err != nil {
		return metrics.Moments{}, err
	}
	return r.state().moments("Tally.Moments", m, k)
}

// PerUser returns measure m at cut-off k of each counted user in the order of
// Add, skipped users left out. It needs Options.KeepUsers.
func (r *Tally[I]) PerUser(m Measure, k int) ([]float64, error) {
	if err := check.Receiver("ranking: Tally.PerUser", r); err != nil {
		return nil, err
	}
	return r.state().valuesOf("Tally.PerUser", m, k)
}

// AppendBinary appends the binary form: options and sums, no item ids.
func (r *Tally[I]) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("ranking: Tally.AppendBinary", r); err != nil {
		return dst, err
	}
	return r.state().appendBinary(dst), nil
}

// MarshalBinary returns the binary form.
func (r *Tally[I]) MarshalBinary() ([]byte, error) {
	if err := check.Receiver("ranking: Tally.MarshalBinary", r); err != nil {
		return nil, err
	}
	return r.state().appendBinary(nil), nil
}

// UnmarshalBinary replaces r; a Tally and a Dense read each other's form. Payload of
// version 1, little-endian:
//
//	int, int each        cut-offs, ascending, at least one
//	5×int                Precision, Recall, AP, Gain, Discount
//	f64, 2×int, bool     Persistence, Candidates, SampledNegatives, KeepUsers
//	3×i64                users, skipped, missing
//	9×moments a cut-off  of each Measure; as many values as users, AUC at most as many
//	[]f64                every measure of every user, with KeepUsers
//
// Options that New would refuse, more missing than users, and any other length or
// value are ErrCorrupt, a newer version ErrVersion, another kind ErrMismatch; r is
// then unchanged.
func (r *Tally[I]) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("ranking: Tally.UnmarshalBinary", r); err != nil {
		return err
	}
	c, err := decodeRankCore("Tally.UnmarshalBinary", data)
	if err != nil {
		return err
	}
	r.core = c
	return nil
}

// list evaluates a single list.
func list[I comparable](where string, recommended []I, relevance map[I]float64, m Measure, opt Options) (float64, error) {
	r, err := New[I](opt)
	if err != nil {
		return 0, err
	}
	if err := r.add(recommended, relevance); err != nil {
		return 0, fmt.Errorf("ranking: %s: %w", where, err)
	}
	if r.core.users == 0 {
		return 0, undefined("%s: no relevant item", where)
	}
	return r.core.row[m], nil
}

// The functions below measure one user's list at one cut-off, with relevance as
// in Tally.Add, and return ErrUndefined without a relevant item. To average
// over users, or for other conventions, use Tally.

// PrecisionAt returns hits among the first k over k.
func PrecisionAt[I comparable](recommended []I, relevance map[I]float64, k int) (float64, error) {
	return list("PrecisionAt", recommended, relevance, Precision, Options{K: []int{k}})
}

// RecallAt returns hits among the first k over the denominator d.
func RecallAt[I comparable](recommended []I, relevance map[I]float64, k int, d RecallDenominator) (float64, error) {
	return list("RecallAt", recommended, relevance, Recall, Options{K: []int{k}, Recall: d})
}

// HitAt returns 1 if a relevant item is among the first k, else 0.
func HitAt[I comparable](recommended []I, relevance map[I]float64, k int) (float64, error) {
	return list("HitAt", recommended, relevance, HitRate, Options{K: []int{k}})
}

// AveragePrecisionAt returns the sum over hits among the first k of the
// precision at their rank, over the denominator d.
func AveragePrecisionAt[I comparable](recommended []I, relevance map[I]float64, k int, d APDenominator) (float64, error) {
	return list("AveragePrecisionAt", recommended, relevance, MAP, Options{K: []int{k}, AP: d})
}

// ReciprocalRankAt returns 1/rank of the first hit among the first k, or 0.
func ReciprocalRankAt[I comparable](recommended []I, relevance map[I]float64, k int) (float64, error) {
	return list("ReciprocalRankAt", recommended, relevance, MRR, Options{K: []int{k}})
}

// NDCGAt returns the normalised discounted cumulative gain of the first k
// (Järvelin and Kekäläinen 2002), discount log2(rank+1).
func NDCGAt[I comparable](recommended []I, relevance map[I]float64, k int, g Gain) (float64, error) {
	return list("NDCGAt", recommended, relevance, NDCG, Options{K: []int{k}, Gain: g})
}

// RBPAt returns rank-biased precision of the first k with the given
// persistence in (0, 1) (Moffat and Zobel 2008).
func RBPAt[I comparable](recommended []I, relevance map[I]float64, k int, persistence float64) (float64, error) {
	if persistence == 0 {
		return 0, fmt.Errorf("ranking: RBPAt: persistence is 0, want in (0, 1): %w", ErrOption)
	}
	return list("RBPAt", recommended, relevance, RBP, Options{K: []int{k}, Persistence: persistence})
}

// RPrecisionOf returns the share of relevant items among the first T, T being
// the number of relevant items.
func RPrecisionOf[I comparable](recommended []I, relevance map[I]float64) (float64, error) {
	return list("RPrecision", recommended, relevance, RPrecision, Options{K: []int{1}})
}

// AUCAt returns the share of pairs of a relevant and another candidate that
// the first k put in the right order; items outside the first k tie last and
// count ½. candidates is the number of items the list was chosen from.
// ErrUndefined when every candidate is relevant.
func AUCAt[I comparable](recommended []I, relevance map[I]float64, k, candidates int) (float64, error) {
	if candidates <= 0 {
		return 0, fmt.Errorf("ranking: AUCAt: candidates is %d, want > 0: %w", candidates, ErrOption)
	}
	x, err := list("RankAUCAt", recommended, relevance, AUC, Options{K: []int{k}, Candidates: candidates})
	if err == nil && x != x {
		return 0, undefined("AUCAt: every candidate is relevant")
	}
	return x, err
}
