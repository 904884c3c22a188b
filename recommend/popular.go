package recommend

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ Persistent   = (*Popular)(nil)
	_ Meaner       = (*Popular)(nil)
	_ SparseScorer = (*Popular)(nil)
	_ OrderReader  = (*Popular)(nil)
)

// PopularOptions configures FitPopular. The zero value counts users.
type PopularOptions struct {
	// ByWeight adds up weights instead of counting users.
	ByWeight bool

	// HalfLife, when > 0, multiplies each entry by 2^(-age/HalfLife): what is
	// popular now. The interactions need times.
	HalfLife time.Duration
	// AsOf is the instant of age 0; the zero time means the latest entry. Entries
	// after AsOf are left out.
	AsOf time.Time
}

// Popular scores every item by how many users took it, for everybody alike. It
// is the yardstick of every personal model and the last resort for strangers.
// The score is the (decayed) number of users or sum of weights. Immutable, safe
// for concurrent use.
type Popular struct {
	origin
	users  int
	scores []float32
}

// FitPopular counts. Cost: one pass, 4 bytes an item. Errors: ErrEmpty,
// ErrOption, ErrRange (a negative weight), ErrEmpty (HalfLife without times).
func FitPopular(ctx context.Context, x *Interactions, opt PopularOptions) (*Popular, error) {
	return fitPopular(ctx, x, opt, "FitPopular")
}

// fitPopular is FitPopular for a caller that errors are to name.
func fitPopular(ctx context.Context, x *Interactions, opt PopularOptions, where string) (*Popular, error) {
	var c check.Options
	check.NonNegative(&c, "HalfLife", int64(opt.HalfLife))
	if err := c.Err("recommend: " + where); err != nil {
		return nil, err
	}
	if err := x.checkImplicit(where); err != nil {
		return nil, err
	}
	if opt.HalfLife > 0 && !x.HasTimes() {
		return nil, fmt.Errorf("recommend: %s: times of the interactions, for half-lives: %w", where, ErrEmpty)
	}
	now := int64(math.MinInt64)
	if opt.HalfLife > 0 {
		for _, t := range x.times {
			now = max(now, t)
		}
		if !opt.AsOf.IsZero() {
			now = nanoseconds(opt.AsOf)
		}
	}
	sums := make([]float64, x.Items())
	for u := range x.Users() {
		if u%4096 == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		items, weights := x.Row(u)
		times := x.Times(u)
		for k, i := range items {
			w := 1.0
			if opt.ByWeight {
				w = float64(weights[k])
			}
			if opt.HalfLife > 0 {
				if times[k] > now {
					continue
				}
				w *= math.Exp2(-float64(uint64(now)-uint64(times[k])) / float64(opt.HalfLife))
			}
			sums[i] += w
		}
	}
	m := &Popular{origin: x.origin.ofItems(), users: x.Users(), scores: make([]float32, x.Items())}
	for i, s := range sums {
		m.scores[i] = float32(s)
	}
	return m, nil
}

// Users returns the number of users of the fit.
func (m *Popular) Users() int {
	m = orZero(m)
	return m.users
}

// Items returns the number of items.
func (m *Popular) Items() int {
	m = orZero(m)
	return len(m.scores)
}

// Meaning says what a score stands for.
func (*Popular) Meaning() string {
	return "decayed number of users who took the item"
}

// SparseScores is false: 0 is a score like any other.
func (*Popular) SparseScores() bool { return false }

// ReadsOrder is false: the history is a set.
func (*Popular) ReadsOrder() bool { return false }

// Score writes the popularity of every item; it knows every query.
func (m *Popular) Score(dst []float32, q Query) error {
	m = orZero(m)
	if err := checkQuery(dst, &q, len(m.scores)); err != nil {
		return err
	}
	copy(dst, m.scores)
	return nil
}

// AppendBinary appends the frame of m to dst.
func (m *Popular) AppendBinary(dst []byte) ([]byte, error) {
	if m == nil || m.Items() == 0 {
		return dst, errUnfitted("Popular")
	}
	var w codec.Writer
	w.Int(m.users)
	w.Float32s(m.scores)
	m.origin.put(&w)
	return w.AppendFrame(dst, codec.KindPopular, 1), nil
}

// MarshalBinary returns the frame of m.
func (m *Popular) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary decodes a frame; m is unchanged when it fails. Payload of
// version 1, in the words of Persistent:
//
//	int      users
//	[]f32    popularity of each item, finite
//
// Anything else and bytes left over are ErrCorrupt, a newer version is ErrVersion, a
// frame of something else ErrMismatch.
func (m *Popular) UnmarshalBinary(data []byte) error {
	r, err := open(m, data, codec.KindPopular, 1)
	if err != nil {
		return fmt.Errorf("recommend: Popular.UnmarshalBinary: %w", err)
	}
	d := Popular{users: r.Int(), scores: r.Float32s()}
	if len(d.scores) == 0 {
		r.Fail("has no items")
	}
	if check.Slice32("scores", d.scores) != nil {
		r.Fail("has a score that is not finite")
	}
	of := getOrigin(r)
	if err := r.Done(); err != nil {
		return fmt.Errorf("recommend: Popular.UnmarshalBinary: %w", err)
	}
	*m = d
	m.origin = of
	return nil
}
