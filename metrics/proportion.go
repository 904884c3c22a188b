package metrics

import (
	"encoding"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/infer"
)

var (
	_ encoding.BinaryAppender    = (*Proportion)(nil)
	_ encoding.BinaryUnmarshaler = (*Proportion)(nil)
)

// Proportion accumulates successes among trials: converted users among the
// users of an arm. The zero value is empty and ready. Merge is exact. It is a
// plain value and not safe for concurrent writers.
type Proportion struct {
	successes, n int64
}

// NewProportion returns the state of n trials with the given successes.
// ErrRange unless 0 <= successes <= n.
func NewProportion(successes, n int64) (Proportion, error) {
	if n < 0 || successes < 0 || successes > n {
		return Proportion{}, fmt.Errorf("metrics: NewProportion: %d successes of %d, want 0 <= successes <= n: %w", successes, n, ErrRange)
	}
	return Proportion{successes, n}, nil
}

// Add adds one trial; 2^63−1 of them stay as they are.
func (p *Proportion) Add(success bool) {
	if p == nil {
		return
	}
	if p.n == math.MaxInt64 {
		return
	}
	p.n++
	if success {
		p.successes++
	}
}

// Merge adds the trials of other. ErrMismatch for a merge with itself,
// ErrOverflow beyond int64.
func (p *Proportion) Merge(other *Proportion) error {
	if err := check.Merge("metrics: Proportion.Merge", p, other); err != nil {
		return err
	}
	n, err := check.AddInt64(p.n, other.n)
	if err != nil {
		return fmt.Errorf("metrics: Proportion.Merge: %w", err)
	}
	p.n, p.successes = n, p.successes+other.successes
	return nil
}

// N returns the number of trials.
func (p *Proportion) N() int64 {
	if p == nil {
		return 0
	}
	return p.n
}

// Successes returns the number of successes.
func (p *Proportion) Successes() int64 {
	if p == nil {
		return 0
	}
	return p.successes
}

// Rate returns successes/n, ErrUndefined when empty.
func (p *Proportion) Rate() (float64, error) {
	if err := check.Receiver("metrics: Proportion.Rate", p); err != nil {
		return math.NaN(), err
	}
	if p.n == 0 {
		return math.NaN(), undefined("Proportion.Rate: rate of no trials")
	}
	return float64(p.successes) / float64(p.n), nil
}

// Wilson returns the score interval of Wilson (1927) for the rate, clipped to
// [0, 1]; level 0 means 0.95. ErrUndefined when empty, ErrOption for a level
// outside (0, 1).
func (p *Proportion) Wilson(level float64) (Interval, error) {
	if err := check.Receiver("metrics: Proportion.Wilson", p); err != nil {
		return Interval{}, err
	}
	level, err := infer.Level(level)
	if err != nil {
		return Interval{}, fmt.Errorf("metrics: Proportion.Wilson: %w", err)
	}
	r, err := p.Rate()
	if err != nil {
		return Interval{}, err
	}
	low, high := infer.Wilson(r, float64(p.n), level)
	return Interval{low, high}, nil
}

// ClopperPearson returns the exact interval of Clopper and Pearson (1934) for the
// rate, from quantiles of the beta distribution; level 0 means 0.95. It covers
// at least as often as it says, mostly more: prefer Wilson unless a guarantee
// is needed. Errors are those of Wilson.
func (p *Proportion) ClopperPearson(level float64) (Interval, error) {
	if err := check.Receiver("metrics: Proportion.ClopperPearson", p); err != nil {
		return Interval{}, err
	}
	level, err := infer.Level(level)
	if err != nil {
		return Interval{}, fmt.Errorf("metrics: Proportion.ClopperPearson: %w", err)
	}
	if p.n == 0 {
		return Interval{}, undefined("ClopperPearson: rate of no trials")
	}
	low, high := infer.ClopperPearson(float64(p.successes), float64(p.n), level)
	return Interval{low, high}, nil
}

// AppendBinary appends the binary form.
func (p *Proportion) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("metrics: Proportion.AppendBinary", p); err != nil {
		return nil, err
	}
	var w codec.Writer
	w.Int64(p.successes)
	w.Int64(p.n)
	return w.AppendFrame(dst, codec.KindProportion, 1), nil
}

// MarshalBinary returns the binary form.
func (p *Proportion) MarshalBinary() ([]byte, error) { return p.AppendBinary(nil) }

// UnmarshalBinary replaces the state. Payload of version 1, little-endian:
//
//	i64    successes, in [0, n]
//	i64    n, the number of trials
//
// Any other length or value is ErrCorrupt, a newer version ErrVersion; the state is
// then unchanged.
func (p *Proportion) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("metrics: Proportion.UnmarshalBinary", p); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindProportion, 1)
	if err != nil {
		return fmt.Errorf("metrics: Proportion.UnmarshalBinary: %w", err)
	}
	got := Proportion{r.Int64(), r.Int64()}
	if got.successes < 0 || got.successes > got.n {
		r.Fail("successes are not in [0, n]")
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("metrics: Proportion.UnmarshalBinary: %w", err)
	}
	*p = got
	return nil
}
