package kpi

import (
	"encoding"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/dict"
	"github.com/aislekit/aisle/internal/ids"
)

var (
	_ encoding.BinaryAppender    = (*FunnelBuilder[string])(nil)
	_ encoding.BinaryUnmarshaler = (*FunnelBuilder[string])(nil)
)

// FunnelBuilder collects the events of a log, users mixed and in any order, and
// counts them as a Funnel. Make one with NewFunnelBuilder. Events of one user
// may be in several builders; Merge joins them exactly. Memory is one map entry
// a user and 16 bytes an event. It is not safe for concurrent use.
type FunnelBuilder[U comparable] struct {
	opt  FunnelOptions
	ids  dict.Dict[U]
	rows []funnelRow
}

type funnelRow struct {
	at   int64
	user int32
	step int32
}

// NewFunnelBuilder returns an empty builder. Bad options are ErrOption.
func NewFunnelBuilder[U comparable](opt FunnelOptions) (*FunnelBuilder[U], error) {
	if err := opt.validate("kpi: NewFunnelBuilder"); err != nil {
		return nil, err
	}
	opt.Steps = slices.Clone(opt.Steps)
	return &FunnelBuilder[U]{opt: opt}, nil
}

// made refuses a builder that holds nothing because NewFunnelBuilder did not make it.
func (b *FunnelBuilder[U]) made(where string) error {
	if b == nil || len(b.opt.Steps) == 0 {
		return fmt.Errorf("%s: not made by NewFunnelBuilder: %w", where, ErrEmpty)
	}
	return nil
}

// Add adds one event. ErrRange for a step that is none and for a time that is
// zero or not within the years 1678 to 2261; the state is then unchanged. ErrEmpty for a
// builder that NewFunnelBuilder did not make.
func (b *FunnelBuilder[U]) Add(user U, step int, at time.Time) error {
	if err := b.made("kpi: FunnelBuilder.Add"); err != nil {
		return err
	}
	if step < 0 || step >= len(b.opt.Steps) {
		return fmt.Errorf("kpi: FunnelBuilder.Add: step %d of %d: %w", step, len(b.opt.Steps), ErrRange)
	}
	ns, err := nanos(at)
	if err != nil {
		return fmt.Errorf("kpi: FunnelBuilder.Add: %w", err)
	}
	u, err := b.ids.Add(user)
	if err != nil {
		return fmt.Errorf("kpi: FunnelBuilder.Add: %w", err)
	}
	b.rows = append(b.rows, funnelRow{ns, u, int32(step)})
	return nil
}

// Len returns the number of events.
func (b *FunnelBuilder[U]) Len() int {
	if b == nil {
		return 0
	}
	return len(b.rows)
}

// Merge adds the events of other, which must have equal options (else
// ErrMismatch). other is unchanged.
func (b *FunnelBuilder[U]) Merge(other *FunnelBuilder[U]) error {
	if err := check.Merge("kpi: FunnelBuilder.Merge", b, other); err != nil {
		return err
	}
	if err := b.made("kpi: FunnelBuilder.Merge"); err != nil {
		return err
	}
	if !b.opt.equal(other.opt) {
		return fmt.Errorf("kpi: FunnelBuilder.Merge: merge of %+v into %+v: %w", other.opt, b.opt, ErrMismatch)
	}
	if b.ids.Len() > math.MaxInt32-other.ids.Len() {
		return fmt.Errorf("kpi: FunnelBuilder.Merge: more than %d users: %w", math.MaxInt32, ErrTooLarge)
	}
	to := make([]int32, other.ids.Len())
	for i, u := range other.ids.Keys() {
		to[i], _ = b.ids.Add(u)
	}
	b.rows = slices.Grow(b.rows, len(other.rows))
	for _, r := range other.rows {
		b.rows = append(b.rows, funnelRow{r.at, to[r.user], r.step})
	}
	return nil
}

// Forget removes a user with all events, as if none had been added, and reports whether there
// was one; a state stored before has him still. It costs a pass over the events.
func (b *FunnelBuilder[U]) Forget(user U) bool {
	if b == nil {
		return false
	}
	at, last := b.ids.Remove(user)
	if at < 0 {
		return false
	}
	kept := b.rows[:0]
	for _, r := range b.rows {
		switch r.user {
		case at:
			continue
		case last:
			r.user = at
		}
		kept = append(kept, r)
	}
	b.rows = kept
	return true
}

// Reset forgets users and events but keeps their memory: a builder that is used
// for one day after the other allocates nothing once it has seen a large one.
func (b *FunnelBuilder[U]) Reset() {
	if b == nil {
		return
	}
	b.ids.Truncate(0)
	b.rows = b.rows[:0]
}

// Funnel counts the users collected so far; the builder is unchanged and may
// go on. The cost is one sort by user and one of each user's events.
func (b *FunnelBuilder[U]) Funnel() (*Funnel, error) {
	if err := b.made("kpi: FunnelBuilder.Funnel"); err != nil {
		return nil, err
	}
	f, err := NewFunnel(b.opt)
	if err != nil {
		return nil, err
	}
	end, rows := b.byUser()
	from := 0
	for _, to := range end {
		f.addRows(rows[from:to])
		from = to
	}
	return f, nil
}

// byUser returns the events grouped by user and the end of each group.
func (b *FunnelBuilder[U]) byUser() (end []int, rows []stepAt) {
	end = make([]int, b.ids.Len()+1)
	for _, r := range b.rows {
		end[r.user+1]++
	}
	for i := 1; i < len(end); i++ {
		end[i] += end[i-1]
	}
	rows = make([]stepAt, len(b.rows))
	for _, r := range b.rows {
		rows[end[r.user]] = stepAt{r.at, r.step}
		end[r.user]++
	}
	return end[:b.ids.Len()], rows
}

// AppendBinary appends the binary form: users by ascending id, events by time.
// ErrOption for ids that are not strings, integers, booleans or structs and
// arrays of them.
func (b *FunnelBuilder[U]) AppendBinary(dst []byte) ([]byte, error) {
	if err := b.made("kpi: FunnelBuilder.AppendBinary"); err != nil {
		return nil, err
	}
	var w codec.Writer
	b.opt.encode(&w)
	perm, err := ids.PutSorted(&w, b.ids.Keys())
	if err != nil {
		return nil, fmt.Errorf("kpi: FunnelBuilder.AppendBinary: %w", err)
	}
	end, rows := b.byUser()
	for _, u := range perm {
		from := 0
		if u > 0 {
			from = end[u-1]
		}
		own := rows[from:end[u]]
		slices.SortFunc(own, compareSteps)
		w.Int(len(own))
		for _, e := range own {
			w.Int64(e.at)
			w.Int(int(e.step))
		}
	}
	return w.AppendFrame(dst, codec.KindFunnelBuilder, b.opt.version()), nil
}

// MarshalBinary returns the binary form.
func (b *FunnelBuilder[U]) MarshalBinary() ([]byte, error) { return b.AppendBinary(nil) }

// UnmarshalBinary replaces b. Payload of version 2, little-endian; version 1 is written where
// Strict is not set, and is without it:
//
//	[]string, i64, int   Steps, Window in nanoseconds, Entry
//	bool                 Strict, set
//	ids                  users, ascending; see Activity.UnmarshalBinary
//	int                  of each: events, at least one, in order of time and step:
//	i64, int             Unix nanoseconds, step
//
// Options that NewFunnelBuilder would refuse and any other length or value are
// ErrCorrupt, a newer version ErrVersion, another kind ErrMismatch, ids that have no
// binary form ErrOption; b is then unchanged.
func (b *FunnelBuilder[U]) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("kpi: FunnelBuilder.UnmarshalBinary", b); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindFunnelBuilder, 2)
	if err != nil {
		return fmt.Errorf("kpi: FunnelBuilder.UnmarshalBinary: %w", err)
	}
	got := FunnelBuilder[U]{opt: readFunnelOptions(r)}
	if got.ids, err = ids.GetSorted[U](r); err != nil {
		return fmt.Errorf("kpi: FunnelBuilder.UnmarshalBinary: %w", err)
	}
	for u := range got.ids.Keys() {
		n := r.Int()
		if n == 0 {
			r.Fail("has a user without events")
		}
		var last stepAt
		for i := 0; i < n && r.Err() == nil; i++ {
			e := stepAt{at: r.Int64()}
			step := r.Int()
			if r.Err() != nil {
				break
			}
			if e.step = int32(min(step, maxSteps)); step >= len(got.opt.Steps) || i > 0 && compareSteps(last, e) > 0 {
				r.Fail("has events out of order or range")
				break
			}
			got.rows = append(got.rows, funnelRow{e.at, int32(u), e.step})
			last = e
		}
		if r.Err() != nil {
			break
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("kpi: FunnelBuilder.UnmarshalBinary: %w", err)
	}
	*b = got
	return nil
}
