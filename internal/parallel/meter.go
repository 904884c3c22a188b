package parallel

import (
	"context"
	"slices"
)

// meterWork is how many steps pass between two looks of a Meter: at some nanoseconds each,
// a few milliseconds.
const meterWork = 1 << 20

// A Meter looks at a context once in so many steps of work, for loops that For does not
// cut into blocks, or whose blocks differ in size with the data. Not for many goroutines.
type Meter struct {
	ctx  context.Context
	left int
}

// NewMeter returns a meter that looks at ctx.
func NewMeter(ctx context.Context) *Meter { return &Meter{ctx, meterWork} }

// Did counts n steps. It returns context.Cause(ctx) where ctx has ended by then.
func (m *Meter) Did(n int) error {
	if m.left -= n; m.left > 0 {
		return nil
	}
	m.left = meterWork
	if m.ctx.Err() != nil {
		return context.Cause(m.ctx)
	}
	return nil
}

// sortRun is how many elements are sorted between two looks at the context.
const sortRun = 1 << 13

// SortFunc sorts s stably by compare on workers goroutines, as slices.SortStableFunc
// does, and stops when ctx ends: s is then a permutation of itself. Memory: s once more.
func SortFunc[T any](ctx context.Context, s []T, workers int, compare func(a, b T) int) error {
	n := len(s)
	err := For(ctx, n, sortRun, workers, func(_, lo, hi int) error {
		slices.SortStableFunc(s[lo:hi], compare)
		return nil
	})
	if err != nil || n <= sortRun {
		return err
	}
	other := make([]T, n)
	from, to := s, other
	for width := sortRun; width < n; width *= 2 {
		err := For(ctx, n, 2*width, workers, func(_, lo, hi int) error {
			return mergeRuns(ctx, to[lo:hi], from[lo:min(lo+width, hi)], from[min(lo+width, hi):hi], compare)
		})
		if err != nil {
			copy(s, from) // what was merged so far is in both, or whole in from
			return err
		}
		from, to = to, from
	}
	if n > 0 && &from[0] != &s[0] {
		copy(s, from)
	}
	return nil
}

// mergeRuns merges a and b, both sorted, into dst; of equal ones those of a come first.
func mergeRuns[T any](ctx context.Context, dst, a, b []T, compare func(a, b T) int) error {
	m := NewMeter(ctx)
	for k := range dst {
		switch {
		case len(b) == 0 || len(a) > 0 && compare(a[0], b[0]) <= 0:
			dst[k], a = a[0], a[1:]
		default:
			dst[k], b = b[0], b[1:]
		}
		if err := m.Did(8); err != nil {
			return err
		}
	}
	return nil
}
