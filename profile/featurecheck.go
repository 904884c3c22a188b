package profile

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/calendar"
	"github.com/aislekit/aisle/internal/rng"
)

// CheckFeature tests a Feature of the caller's on a Log, for a test of his own, and returns
// the first law that it breaks, as an error that names it (ErrMismatch), or nil:
//
//   - records in another order give the same state,
//   - so do 1, 4 and 16 shards that are merged, with bytes written and read between,
//   - and a state rolled forward, over the days of the Log, against one built at the end,
//   - merging with a Builder without records changes nothing, and Merge leaves other alone,
//   - Result gives as many values as Columns, no infinite one, and leaves the states alone,
//   - Valid holds for every state,
//   - records at or after the cut-off change nothing,
//   - forgotten, a customer leaves the bytes of a Builder that never knew him.
//
// opt.AsOf is the last cut-off and should lie within the Log, with records of several days
// before it; opt.Features and opt.Rolling are not read. A Log without records before
// it is ErrEmpty. Cost: about 30 passes over the Log.
func CheckFeature[U, I ID](f Feature, log *Log[U, I], opt BuilderOptions) error {
	const where = "profile: CheckFeature"
	if f == nil || log == nil {
		return fmt.Errorf("%s: no feature or no log: %w", where, ErrEmpty)
	}
	opt.Features = []Feature{f}
	c := &featureChecker[U, I]{opt: opt, records: log.list()}
	for _, rolling := range []bool{false, true} {
		c.opt.Rolling = rolling
		if err := c.check(); err != nil {
			return fmt.Errorf("%s: feature %q: %w", where, f.Name(), err)
		}
	}
	return nil
}

// A logged is one record of a Log: a function that gives it to a Builder. A User may speak of
// two moments, when he registered and since when his facts are known: at is the earlier, later the
// other one, or zero.
type logged[U, I ID] struct {
	at, later time.Time
	user      U
	to        func(b *Builder[U, I]) error
}

// within reports whether a moment of which r speaks lies from from on and before to.
func (r *logged[U, I]) within(from, to time.Time) bool {
	return r.at.Before(to) && !r.at.Before(from) || !r.later.IsZero() && r.later.Before(to) && !r.later.Before(from)
}

// list returns the records of a log.
func (l *Log[U, I]) list() []logged[U, I] {
	var out []logged[U, I]
	for i := range l.Users {
		x := &l.Users[i]
		r := logged[U, I]{x.Registered, x.At, x.ID, func(b *Builder[U, I]) error { return b.AddUser(x) }}
		if r.at.IsZero() || !r.later.IsZero() && r.later.Before(r.at) {
			r.at, r.later = r.later, r.at
		}
		out = append(out, r)
	}
	for i := range l.Events {
		x := &l.Events[i]
		out = append(out, logged[U, I]{at: x.At, user: x.User, to: func(b *Builder[U, I]) error { return b.Add(x) }})
	}
	for i := range l.Orders {
		x := &l.Orders[i]
		out = append(out, logged[U, I]{at: x.At, user: x.User, to: func(b *Builder[U, I]) error { return b.AddOrder(x) }})
	}
	for i := range l.Refunds {
		x := &l.Refunds[i]
		out = append(out, logged[U, I]{at: x.At, user: x.User, to: func(b *Builder[U, I]) error { return b.AddRefund(x) }})
	}
	return out
}

type featureChecker[U, I ID] struct {
	opt     BuilderOptions
	records []logged[U, I]
}

// build makes a Builder of records.
func (c *featureChecker[U, I]) build(records []logged[U, I]) (*Builder[U, I], error) {
	b, err := NewBuilder[U, I](c.opt)
	if err != nil {
		return nil, err
	}
	for _, r := range records {
		if err := r.to(b); err != nil {
			return nil, err
		}
	}
	b.late = 0
	return b, nil
}

// same compares the bytes of two Builders.
func (c *featureChecker[U, I]) same(law string, got, want *Builder[U, I]) error {
	x, err1 := got.AppendBinary(nil)
	y, err2 := want.AppendBinary(nil)
	if err := cmp.Or(err1, err2); err != nil {
		return err
	}
	if !bytes.Equal(x, y) {
		return fmt.Errorf("%s: %w", law, ErrMismatch)
	}
	return nil
}

// again writes a Builder and reads it.
func (c *featureChecker[U, I]) again(b *Builder[U, I]) (*Builder[U, I], error) {
	data, err := b.AppendBinary(nil)
	if err != nil {
		return nil, err
	}
	out, err := NewBuilder[U, I](c.opt)
	if err == nil {
		err = out.UnmarshalBinary(data)
	}
	if err != nil {
		return nil, fmt.Errorf("its bytes are not read again (see Feature.Valid): %w", err)
	}
	return out, nil
}

// check goes through the laws one after the other.
func (c *featureChecker[U, I]) check() error {
	var before []logged[U, I]
	for _, r := range c.records {
		if r.at.Before(c.opt.AsOf) {
			before = append(before, r)
		}
	}
	if len(before) == 0 {
		return fmt.Errorf("no records before %v: %w", c.opt.AsOf, ErrEmpty)
	}
	want, err := c.build(before)
	if err != nil {
		return err
	}
	for _, law := range []func(want *Builder[U, I], before []logged[U, I]) error{c.pointInTime, c.merges, c.result, c.forgets} {
		if err := law(want, before); err != nil {
			return err
		}
	}
	if c.opt.Rolling {
		return c.rolls(want, before)
	}
	return nil
}

func (c *featureChecker[U, I]) pointInTime(want *Builder[U, I], _ []logged[U, I]) error {
	got, err := c.build(c.records)
	if err != nil {
		return err
	}
	return c.same("records at or after the cut-off change the state", got, want)
}

// merges permutes and splits.
func (c *featureChecker[U, I]) merges(want *Builder[U, I], before []logged[U, I]) error {
	for _, shards := range []int{1, 4, 16} {
		r := rng.New(uint64(shards), 0, 0)
		parts := make([][]logged[U, I], shards)
		for _, i := range r.Perm(len(before)) {
			k := r.Intn(shards)
			parts[k] = append(parts[k], before[i])
		}
		sum, err := c.build(nil)
		if err != nil {
			return err
		}
		for _, p := range parts {
			part, err := c.build(p)
			if err != nil {
				return err
			}
			read, err := c.again(part)
			if err != nil {
				return err
			}
			if err := sum.Merge(read); err != nil {
				return err
			}
			if err := c.same("Merge changes the state that is added", read, part); err != nil {
				return err
			}
			if sum, err = c.again(sum); err != nil {
				return err
			}
		}
		if err := c.same(fmt.Sprintf("%d shards of permuted records, merged, give another state", shards), sum, want); err != nil {
			return err
		}
	}
	return nil
}

// result looks at the values.
func (c *featureChecker[U, I]) result(want *Builder[U, I], _ []logged[U, I]) error {
	x, set := c.opt.Features[0], &want.extra
	data, _ := want.AppendBinary(nil)
	for u := range want.state {
		states := set.states(int32(u), 0, c.opt.Rolling)
		kept := make([][]int64, len(states))
		for i := range states {
			kept[i] = slices.Clone(states[i])
		}
		values := x.Result(nil, states, want.now())
		if len(values) != len(x.Columns()) {
			return fmt.Errorf("Result gives %d values for %d Columns: %w", len(values), len(x.Columns()), ErrMismatch)
		}
		if slices.ContainsFunc(values, func(x float64) bool { return math.IsInf(x, 0) }) {
			return fmt.Errorf("Result gives an infinite value, want NaN: %w", ErrMismatch)
		}
		for i := range states {
			if !slices.Equal(states[i], kept[i]) {
				return fmt.Errorf("Result changes a state: %w", ErrMismatch)
			}
		}
	}
	if after, _ := want.AppendBinary(nil); !bytes.Equal(data, after) {
		return fmt.Errorf("Result changes a state: %w", ErrMismatch)
	}
	return nil
}

// forgets compares with a Builder that never knew the first customer.
func (c *featureChecker[U, I]) forgets(_ *Builder[U, I], before []logged[U, I]) error {
	who := before[0].user
	var rest []logged[U, I]
	for _, r := range before {
		if r.user != who {
			rest = append(rest, r)
		}
	}
	all, err := c.build(before)
	if err != nil {
		return err
	}
	without, err := c.build(rest)
	if err != nil {
		return err
	}
	all.Forget(who)
	without.currency = all.currency // which names nobody and stays
	return c.same("forgotten, a customer leaves something", all, without)
}

// rolls goes through the last days of the records one by one, but for those on which the
// clock skipped the time of the cut-off or showed it twice: they begin elsewhere.
func (c *featureChecker[U, I]) rolls(want *Builder[U, I], before []logged[U, I]) error {
	last, zone := want.opt.AsOf, want.opt.Zone
	once := func(k int) bool {
		_, _, shown := calendar.Resolve(calendar.Wall(last, zone)-int64(k)*86400, zone)
		return k == 0 || shown == calendar.Once
	}
	days := 12
	for !once(days) {
		days++
	}
	step := *c
	step.opt.AsOf = last.In(zone).AddDate(0, 0, -days)
	b, err := step.build(nil)
	if err != nil {
		return err
	}
	from := time.Time{}
	for k := days; ; k-- {
		if !once(k) {
			continue
		}
		at := last.In(zone).AddDate(0, 0, -k)
		if k == 0 {
			at = last // of two times that the clock shows twice, this one
		}
		if k < days {
			if err := b.Advance(at); err != nil {
				return err
			}
		}
		for _, r := range before {
			if r.within(from, at) {
				if err := r.to(b); err != nil {
					return err
				}
			}
		}
		if k == 0 {
			break
		}
		from, step.opt.AsOf = at, at
		if b, err = step.again(b); err != nil {
			return err
		}
	}
	b.late = 0 // a User came twice
	return c.same("rolled forward day by day, the state is another than built at the end", b, want)
}
