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
	"github.com/aislekit/aisle/metrics"
)

var (
	_ encoding.BinaryAppender    = (*Activity[string])(nil)
	_ encoding.BinaryUnmarshaler = (*Activity[string])(nil)
)

// Activity remembers in which periods each user was active: visited, or bought,
// whatever is fed to it. Cohorts and their retention, active users, stickiness,
// the flow of users between periods and churn follow from it, all exact and
// indifferent to the order of events. Make one with NewActivity; the zero value
// counts days in UTC. Merge is exact, also for users seen by both. Memory: one
// map entry a user, 24 bytes, and 8 for each user and period. It is not safe for
// concurrent use, reading included.
type Activity[U comparable] struct {
	clock clock
	ids   dict.Dict[U]
	of    []userLife
	pairs []int64 // user<<32 | period, biased; the first sorted ones ascend without repeats
	known int     // number of sorted pairs
}

type userLife struct {
	start  int32  // stated start, if any
	last   int32  // latest period seen
	recent uint64 // bit k: seen in period last − k; 0 for a user never seen
	has    bool
}

// see notes period p and reports whether it is known already. It forgets what is
// 64 periods before the latest.
func (u *userLife) see(p int32) bool {
	d := int64(u.last) - int64(p)
	switch {
	case u.recent == 0:
		u.last, u.recent = p, 1
	case d < 0:
		u.last, u.recent = p, u.recent<<uint64(-d)|1
	case d < 64:
		if u.recent>>uint(d)&1 == 1 {
			return true
		}
		u.recent |= 1 << uint(d)
	}
	return false
}

func userPeriod(user, period int32) int64 { return int64(user)<<32 | int64(uint32(period)^1<<31) }

func splitUserPeriod(p int64) (user, period int32) { return int32(p >> 32), int32(uint32(p) ^ 1<<31) }

// NewActivity returns an empty Activity over the periods of cal. ErrOption for a
// period that is none.
func NewActivity[U comparable](cal Calendar) (*Activity[U], error) {
	var c check.Options
	cal.validate(&c)
	if err := c.Err("kpi: NewActivity"); err != nil {
		return nil, err
	}
	return &Activity[U]{clock: clock{Calendar: cal.withDefaults()}}, nil
}

// Calendar returns the calendar in use.
func (a *Activity[U]) Calendar() Calendar {
	if a == nil {
		return Calendar{}
	}
	return a.clock.Calendar.withDefaults()
}

// Add records that user was active at the given time. ErrRange for the zero
// time. An event of a user in a period he was seen in allocates nothing, out of
// order as well within his latest 64 periods; a new user or period takes memory,
// by doubling now and then.
func (a *Activity[U]) Add(user U, at time.Time) error {
	if err := check.Receiver("kpi: Activity.Add", a); err != nil {
		return err
	}
	p, err := a.clock.index(at)
	if err != nil {
		return fmt.Errorf("kpi: Activity.Add: %w", err)
	}
	i := a.ids.Index(user)
	if i < 0 {
		if i, err = a.join(user); err != nil {
			return err
		}
	}
	if a.of[i].see(p) {
		return nil
	}
	a.pairs = append(a.pairs, userPeriod(i, p))
	if len(a.pairs) >= 2*a.known+1<<16 {
		a.compact()
	}
	return nil
}

// Start states when user began (registered, first saw the offer): his cohort is
// then that period instead of his first active one, and activity before it does
// not count for retention. Of several starts the earliest holds.
func (a *Activity[U]) Start(user U, at time.Time) error {
	if err := check.Receiver("kpi: Activity.Start", a); err != nil {
		return err
	}
	p, err := a.clock.index(at)
	if err != nil {
		return fmt.Errorf("kpi: Activity.Start: %w", err)
	}
	i := a.ids.Index(user)
	if i < 0 {
		if i, err = a.join(user); err != nil {
			return err
		}
	}
	a.of[i].begin(p)
	return nil
}

func (u *userLife) begin(p int32) {
	if !u.has || p < u.start {
		u.start, u.has = p, true
	}
}

func (a *Activity[U]) join(user U) (int32, error) {
	i, err := a.ids.Add(user)
	if err != nil {
		return 0, fmt.Errorf("kpi: Activity: %w", err)
	}
	a.of = append(a.of, userLife{})
	return i, nil
}

// compact sorts the pairs and drops repeats.
func (a *Activity[U]) compact() {
	if a.known == len(a.pairs) {
		return
	}
	slices.Sort(a.pairs)
	a.pairs = slices.Compact(a.pairs)
	a.known = len(a.pairs)
}

// Forget removes a user with start and activity, as if he had never been seen, and reports
// whether there was one; a state stored before has him still. It costs a pass over the
// users and periods that are kept, and a sort of them: forget many users by building anew.
func (a *Activity[U]) Forget(user U) bool {
	if a == nil {
		return false
	}
	at, last := a.ids.Remove(user)
	if at < 0 {
		return false
	}
	a.of[at] = a.of[last]
	a.of = a.of[:last]
	kept := a.pairs[:0]
	for _, q := range a.pairs {
		switch u, p := splitUserPeriod(q); u {
		case at:
		case last:
			kept = append(kept, userPeriod(at, p))
		default:
			kept = append(kept, q)
		}
	}
	a.pairs, a.known = kept, 0
	a.compact()
	return true
}

// Users returns the number of users seen or started.
func (a *Activity[U]) Users() int64 {
	if a == nil {
		return 0
	}
	return int64(len(a.of))
}

// Merge adds the users and activity of other, which must have the same calendar
// (else ErrMismatch).
func (a *Activity[U]) Merge(other *Activity[U]) error {
	if err := check.Merge("kpi: Activity.Merge", a, other); err != nil {
		return err
	}
	if !a.clock.equal(other.clock.Calendar) {
		return fmt.Errorf("kpi: Activity.Merge: merge of calendar %v into %v: %w", other.Calendar(), a.Calendar(), ErrMismatch)
	}
	if len(a.of) > math.MaxInt32-len(other.of) {
		return fmt.Errorf("kpi: Activity.Merge: more than %d users: %w", math.MaxInt32, ErrTooLarge)
	}
	to := make([]int32, len(other.of))
	for j, u := range other.ids.Keys() {
		i := a.ids.Index(u)
		if i < 0 {
			var err error
			if i, err = a.join(u); err != nil {
				return err
			}
		}
		to[j] = i
		if o := other.of[j]; o.has {
			a.of[i].begin(o.start)
		}
	}
	for _, q := range other.pairs {
		u, p := splitUserPeriod(q)
		if i := to[u]; !a.of[i].see(p) {
			a.pairs = append(a.pairs, userPeriod(i, p))
		}
	}
	a.known = 0
	a.compact()
	return nil
}

// lives calls fn for every user with his cohort and active periods, ascending.
// Users without a start or activity do not exist.
func (a *Activity[U]) lives(fn func(user int32, cohort int32, periods []int32)) {
	a.compact()
	var periods []int32
	i := 0
	for u := range a.of {
		periods = periods[:0]
		for i < len(a.pairs) {
			v, p := splitUserPeriod(a.pairs[i])
			if int(v) != u {
				break
			}
			periods = append(periods, p)
			i++
		}
		cohort := a.of[u].start
		if !a.of[u].has {
			cohort = periods[0]
		}
		fn(int32(u), cohort, periods)
	}
}

// span returns the periods of [from, asOf) that are over by then.
func (a *Activity[U]) span(what string, from, asOf time.Time) (lo, hi int32, err error) {
	if lo, err = a.clock.index(from); err == nil {
		hi, err = a.clock.index(asOf)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("kpi: Activity: %s: %w", what, err)
	}
	if hi <= lo {
		return 0, 0, fmt.Errorf("kpi: Activity: %s: no %v is over between %v and %v: %w", what, a.clock.Period, from, asOf, ErrEmpty)
	}
	if int64(hi)-int64(lo) > maxPeriods {
		return 0, 0, fmt.Errorf("kpi: Activity: %s: %d periods: %w", what, int64(hi)-int64(lo), ErrTooLarge)
	}
	return lo, hi, nil
}

const maxPeriods = 1 << 20

// ActiveUsers is the number of active users at the end of a period.
type ActiveUsers struct {
	Period int   // index in the calendar
	Users  int64 // distinct users active
}

// Active returns, for every period of [from, asOf), the number of distinct
// users active in it or the width−1 periods before: over days, width 1 is DAU, 7
// WAU and 28 or 30 MAU. The period that holds asOf is not over and is left
// out. ErrOption unless width > 0, ErrEmpty if no period is over.
func (a *Activity[U]) Active(width int, from, asOf time.Time) ([]ActiveUsers, error) {
	if err := check.Receiver("kpi: Activity.Active", a); err != nil {
		return nil, err
	}
	if width < 1 || width > maxPeriods {
		return nil, fmt.Errorf("kpi: Activity.Active: width is %d, want in [1, %d]: %w", width, maxPeriods, ErrOption)
	}
	lo, hi, err := a.span("Active", from, asOf)
	if err != nil {
		return nil, err
	}
	delta := make([]int64, hi-lo+1)
	a.lives(func(_, _ int32, periods []int32) {
		end := int64(lo) // the user is counted up to here, end excluded
		for _, p := range periods {
			s, e := max(int64(p), end), min(int64(p)+int64(width), int64(hi))
			if s < e {
				delta[s-int64(lo)]++
				delta[e-int64(lo)]--
				end = e
			}
		}
	})
	out := make([]ActiveUsers, hi-lo)
	var n int64
	for i := range out {
		n += delta[i]
		out[i] = ActiveUsers{int(lo) + i, n}
	}
	return out, nil
}

// Stickiness returns the mean number of active users a period over the number
// active at all, in the last width periods before asOf: DAU/MAU for width 28
// or 30 over days. The numerator is the sum over the periods, the denominator
// width times the users.
func (a *Activity[U]) Stickiness(width int, asOf time.Time) (metrics.Ratio, error) {
	if err := check.Receiver("kpi: Activity.Stickiness", a); err != nil {
		return metrics.Ratio{}, err
	}
	if width < 1 || width > maxPeriods {
		return metrics.Ratio{}, fmt.Errorf("kpi: Activity.Stickiness: width is %d, want in [1, %d]: %w", width, maxPeriods, ErrOption)
	}
	hi, err := a.clock.index(asOf)
	if err != nil {
		return metrics.Ratio{}, fmt.Errorf("kpi: Activity.Stickiness: %w", err)
	}
	lo := int64(hi) - int64(width)
	var r metrics.Ratio
	a.lives(func(_, _ int32, periods []int32) {
		n := int64(0)
		for _, p := range periods {
			if int64(p) >= lo && p < hi {
				n++
			}
		}
		if n > 0 {
			_ = r.Add(n, int64(width)) // at most 2^20 for each of 2^31 users
		}
	})
	return r, nil
}

// UserFlow says where the users of a period come from and where those of the
// period before have gone: Active = New + Kept + Returned, and the active users
// of the period before = Kept + Lost.
type UserFlow struct {
	Period                            int   // index in the calendar
	Active, New, Kept, Returned, Lost int64 // users, as above
}

// Flows returns the flow of users for every period of [from, asOf). New is a
// user's first active period of all.
func (a *Activity[U]) Flows(from, asOf time.Time) ([]UserFlow, error) {
	if err := check.Receiver("kpi: Activity.Flows", a); err != nil {
		return nil, err
	}
	lo, hi, err := a.span("Flows", from, asOf)
	if err != nil {
		return nil, err
	}
	out := make([]UserFlow, hi-lo)
	for i := range out {
		out[i].Period = int(lo) + i
	}
	a.lives(func(_, _ int32, periods []int32) {
		for i, p := range periods {
			if next := p + 1; next >= lo && next < hi && (i+1 == len(periods) || periods[i+1] != next) {
				out[next-lo].Lost++
			}
			if p < lo || p >= hi {
				continue
			}
			f := &out[p-lo]
			f.Active++
			switch {
			case i == 0:
				f.New++
			case periods[i-1] == p-1:
				f.Kept++
			default:
				f.Returned++
			}
		}
	})
	return out, nil
}

// AppendBinary appends the binary form: the calendar with the name of its
// location, users by ascending id. ErrOption for ids that are not strings,
// integers, booleans or structs and arrays of them.
func (a *Activity[U]) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("kpi: Activity.AppendBinary", a); err != nil {
		return nil, err
	}
	a.compact()
	var w codec.Writer
	c := a.Calendar()
	w.Int(int(c.Period))
	w.String(c.Location.String())
	w.Bool(c.SundayWeeks)
	perm, err := ids.PutSorted(&w, a.ids.Keys())
	if err != nil {
		return nil, fmt.Errorf("kpi: Activity.AppendBinary: %w", err)
	}
	var buf []int32
	for _, i := range perm {
		w.Bool(a.of[i].has)
		w.Int64(int64(a.of[i].start))
		buf = buf[:0]
		from, _ := slices.BinarySearch(a.pairs, int64(i)<<32)
		for ; from < len(a.pairs); from++ {
			u, p := splitUserPeriod(a.pairs[from])
			if u != i {
				break
			}
			buf = append(buf, p)
		}
		w.Int32s(buf)
	}
	return w.AppendFrame(dst, codec.KindActivity, 1), nil
}

// MarshalBinary returns the binary form.
func (a *Activity[U]) MarshalBinary() ([]byte, error) { return a.AppendBinary(nil) }

// UnmarshalBinary replaces the users and their activity. Payload of version 1,
// little-endian:
//
//	int, string, bool    Period, name of the Location, SundayWeeks
//	ids                  users, ascending: a number, then each as a string, 8 bytes of
//	                     an integer, one of a boolean, or these one after the other
//	bool, i64, []i32     of each: whether a start was stated, its period, else 0, and
//	                     the periods of activity, ascending
//
// A user without start and activity, periods beyond the years −2300 to 6300, and any
// other length or value are ErrCorrupt, a newer version ErrVersion, ids that have no
// binary form ErrOption. The receiver must have the calendar that was written (else
// ErrMismatch), because a location is more than its name; a is unchanged after an error.
func (a *Activity[U]) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("kpi: Activity.UnmarshalBinary", a); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindActivity, 1)
	if err != nil {
		return fmt.Errorf("kpi: Activity.UnmarshalBinary: %w", err)
	}
	period, location, sunday := r.Int(), r.String(), r.Bool()
	if r.Err() != nil {
		return fmt.Errorf("kpi: Activity.UnmarshalBinary: %w", r.Err())
	}
	c := a.Calendar()
	if period != int(c.Period) || location != c.Location.String() || sunday != c.SundayWeeks {
		return fmt.Errorf("kpi: Activity.UnmarshalBinary: written by %v of %q, read by %v of %q: %w", Period(min(period, 255)), location, c.Period, c.Location, ErrMismatch)
	}
	got := Activity[U]{clock: clock{Calendar: c}}
	if got.ids, err = ids.GetSorted[U](r); err != nil {
		return fmt.Errorf("kpi: Activity.UnmarshalBinary: %w", err)
	}
	for i := range got.ids.Keys() {
		u := userLife{has: r.Bool()}
		start := r.Int64()
		periods := r.Int32s()
		if r.Err() != nil {
			break
		}
		if start < -1<<31 || start >= 1<<31 || !u.has && (start != 0 || len(periods) == 0) {
			r.Fail("has a user without start or activity")
			break
		}
		u.start = int32(start)
		for j, p := range periods {
			if j > 0 && p <= periods[j-1] || p < -maxUnix/86400-1 || p > maxUnix/86400+1 {
				r.Fail("has periods out of order or range")
				break
			}
			got.pairs = append(got.pairs, userPeriod(int32(i), p))
			u.see(p)
		}
		got.of = append(got.of, u)
	}
	got.known = len(got.pairs)
	if err := r.Done(); err != nil {
		return fmt.Errorf("kpi: Activity.UnmarshalBinary: %w", err)
	}
	*a = got
	return nil
}
