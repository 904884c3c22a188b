package ranking

import (
	"encoding"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/metrics"
)

var (
	_ encoding.BinaryAppender    = (*Dense)(nil)
	_ encoding.BinaryUnmarshaler = (*Dense)(nil)
)

// Dense is Tally for items numbered 0 … items−1, without hashing and
// without allocation in steady state: one pass over the list and the relevant
// items of a user. It holds 4 bytes per item (12 once AddGraded is used).
//
// Make one with NewDense; the zero value knows no items. It is not safe for concurrent use: give each
// goroutine its own and Merge them in a fixed order.
type Dense struct {
	core  *rankCore
	mark  []uint32 // stamp+1 relevant, stamp+2 listed, stamp+3 both
	value []float64
	stamp uint32
}

const (
	markRelevant = 1
	markListed   = 2
	markStep     = 4
)

// NewDense returns an empty accumulator over the given number of items.
// Bad options are ErrOption.
func NewDense(items int, opt Options) (*Dense, error) {
	if items <= 0 || items > math.MaxInt32 {
		return nil, fmt.Errorf("ranking: NewDense: items is %d, want in [1, 2^31): %w", items, ErrOption)
	}
	c, err := newRankCore("ranking: NewDense", opt)
	if err != nil {
		return nil, err
	}
	return &Dense{core: c, mark: make([]uint32, items)}, nil
}

func (r *Dense) state() *rankCore {
	if r.core == nil {
		r.core = defaultRankCore()
	}
	return r.core
}

// Add adds one user: the recommended items, best first, and the relevant ones
// in any order. The rules are those of Tally.Add; an index outside
// [0, items) is ErrRange, an item twice in either slice ErrDuplicate.
func (r *Dense) Add(recommended, relevant []int32) error {
	if err := check.Receiver("ranking: Dense.Add", r); err != nil {
		return err
	}
	if err := r.add(recommended, relevant, nil); err != nil {
		return fmt.Errorf("ranking: Dense.Add: %w", err)
	}
	return nil
}

// AddGraded is Add with the relevance of each item of relevant; those of 0 and
// below are not relevant. Different lengths are ErrShape.
func (r *Dense) AddGraded(recommended, relevant []int32, relevance []float64) error {
	if err := check.Receiver("ranking: Dense.AddGraded", r); err != nil {
		return err
	}
	if len(relevant) != len(relevance) {
		return fmt.Errorf("ranking: Dense.AddGraded: %d relevant items, %d relevances: %w", len(relevant), len(relevance), ErrShape)
	}
	if relevance == nil {
		relevance = []float64{}
	}
	if r.value == nil {
		r.value = make([]float64, len(r.mark))
	}
	if err := r.add(recommended, relevant, relevance); err != nil {
		return fmt.Errorf("ranking: Dense.AddGraded: %w", err)
	}
	return nil
}

// add counts one user. relevance nil means 1 for each relevant item. Marks above the
// stamp of this call tell what an item is, so that nothing is cleared between users.
func (r *Dense) add(recommended, relevant []int32, relevance []float64) error {
	c := r.state()
	if r.stamp > math.MaxUint32-2*markStep {
		clear(r.mark)
		r.stamp = 0
	}
	r.stamp += markStep
	stamp, mark := r.stamp, r.mark
	c.best = c.best[:0]
	n := 0
	for j, i := range relevant {
		if uint(i) >= uint(len(mark)) {
			return fmt.Errorf("relevant item %d is not in [0, %d): %w", i, len(mark), ErrRange)
		}
		if mark[i] >= stamp {
			return fmt.Errorf("item %d is twice among the relevant: %w", i, ErrDuplicate)
		}
		mark[i] = stamp
		if relevance != nil {
			g := relevance[j]
			if err := c.checkRelevance(g); err != nil {
				return fmt.Errorf("item %d: %w", i, err)
			}
			if g <= 0 {
				continue
			}
			r.value[i] = g
			c.best = append(c.best, g)
		}
		mark[i] = stamp + markRelevant
		n++
	}
	if relevance == nil && c.opt.Gain != GainBinary {
		for range n {
			c.best = append(c.best, 1)
		}
	}
	need := max(c.kmax, n)
	c.gains = c.gains[:0]
	for p, i := range recommended {
		if uint(i) >= uint(len(mark)) {
			return fmt.Errorf("recommended item %d is not in [0, %d): %w", i, len(mark), ErrRange)
		}
		m := uint32(0)
		if mark[i] >= stamp {
			m = mark[i] - stamp
		}
		if m >= markListed {
			return fmt.Errorf("item %d is twice in the list: %w", i, ErrDuplicate)
		}
		mark[i] = stamp + m + markListed
		if p < need {
			g := 0.0
			if m == markRelevant {
				g = 1
				if relevance != nil {
					g = r.value[i]
				}
			}
			c.gains = append(c.gains, g)
		}
	}
	if n == 0 {
		c.skipped++
		return nil
	}
	return c.commit(len(recommended), n)
}

// Merge adds the users of other, which must have equal options (else
// ErrMismatch). Per-user values of other are appended after those of r.
func (r *Dense) Merge(other *Dense) error {
	if err := check.Merge("ranking: Dense.Merge", r, other); err != nil {
		return err
	}
	return r.state().merge("Dense.Merge", other.core)
}

// Result returns the means over users so far; ErrUndefined without any user
// that has a relevant item (the counts are filled in even then).
func (r *Dense) Result() (Result, error) {
	if err := check.Receiver("ranking: Dense.Result", r); err != nil {
		return Result{}, err
	}
	return r.state().result("Dense.Result")
}

// Moments returns count, mean and variance over users of measure m at cut-off
// k. ErrOption if k was not asked for.
func (r *Dense) Moments(m Measure, k int) (metrics.Moments, error) {
	if err := check.Receiver("ranking: Dense.Moments", r); err != nil {
		return metrics.Moments{}, err
	}
	return r.state().moments("Dense.Moments", m, k)
}

// PerUser returns measure m at cut-off k of each counted user in the order of
// Add, skipped users left out. It needs Options.KeepUsers.
func (r *Dense) PerUser(m Measure, k int) ([]float64, error) {
	if err := check.Receiver("ranking: Dense.PerUser", r); err != nil {
		return nil, err
	}
	return r.state().valuesOf("Dense.PerUser", m, k)
}

// AppendBinary appends the binary form: options and sums, no items.
func (r *Dense) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("ranking: Dense.AppendBinary", r); err != nil {
		return dst, err
	}
	return r.state().appendBinary(dst), nil
}

// MarshalBinary returns the binary form.
func (r *Dense) MarshalBinary() ([]byte, error) {
	if err := check.Receiver("ranking: Dense.MarshalBinary", r); err != nil {
		return nil, err
	}
	return r.state().appendBinary(nil), nil
}

// UnmarshalBinary replaces the state, options included; the payload is that of
// Tally.UnmarshalBinary. It keeps the number of items of r, so r must come from
// NewDense to take further users. After an error it is unchanged.
func (r *Dense) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("ranking: Dense.UnmarshalBinary", r); err != nil {
		return err
	}
	c, err := decodeRankCore("Dense.UnmarshalBinary", data)
	if err != nil {
		return err
	}
	r.core = c
	return nil
}
