package clean

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/check"
)

// Policy says which of several records with one key survives.
type Policy uint8

// The policies of a Dedupe. Ties are broken by DedupeOptions.Compare, so the
// survivor never depends on the order of arrival.
const (
	KeepFirst Policy = iota // the earliest; at equal times the smallest by Compare
	KeepLast                // the latest; at equal times the largest by Compare
	KeepMax                 // the largest by Compare; among equals the earliest
)

// Verdict is what Dedupe.Add and Ledger say about a record.
type Verdict uint8

// The verdicts.
const (
	Fresh     Verdict = iota // no record with this key and time is held yet
	Duplicate                // the same content is held: drop it
	Conflict                 // other content is held: the policy decides, the report counts it
)

// DedupeOptions configures a Dedupe.
type DedupeOptions[V any] struct {
	// Window joins two records of one key that lie at most this far apart, and
	// so on along a chain of them, as session windows do. >= 0. Default 0: any
	// distance.
	Window time.Duration
	// Policy picks the survivor. Default KeepFirst.
	Policy Policy
	// Compare orders records by content; 0 means the same content. Required. It
	// should order the key too where All must not depend on arrival order.
	Compare func(a, b V) int
	// Append and Parse are the binary form of one record, for AppendBinary and
	// UnmarshalBinary of the Dedupe: Append writes all that Compare looks at, Parse
	// reads exactly what Append wrote and refuses other bytes. Default none: then
	// the Dedupe has no binary form.
	Append func(dst []byte, v V) ([]byte, error)
	Parse  func(data []byte) (V, error)
}

func (o DedupeOptions[V]) validate() error {
	var c check.Options
	c.Require(o.Window >= 0, "Window", o.Window, ">= 0")
	c.Require(o.Policy <= KeepMax, "Policy", o.Policy, "KeepFirst, KeepLast or KeepMax")
	c.Require(o.Compare != nil, "Compare", "nil", "a function")
	c.Require((o.Append == nil) == (o.Parse == nil), "Append", "without Parse, or the reverse", "both or none")
	return c.Err("clean: NewDedupe")
}

// Dedupe removes repeated records by key and time window. Records may come in
// any order. KeepFirst and KeepLast go by time, not by position as in pandas'
// drop_duplicates. Its result is independent of that order and of how the records were
// split over several Dedupes before Merge, because windows are chains: two groups
// that a late record connects become one. Not safe for concurrent use.
type Dedupe[K comparable, V any] struct {
	opt    DedupeOptions[V]
	groups map[K][]group[V] // ascending, disjoint, more than Window apart
	n      int64            // groups
	late   time.Time        // everything before is flushed
	done   DedupeResult     // of flushed groups
}

type group[V any] struct {
	from, to time.Time
	at       time.Time // of win
	win      V
	lo, hi   V // smallest and largest content; different: conflict
	n        int64
}

// DedupeResult counts what a Dedupe did.
type DedupeResult struct {
	Records    int64 // records added
	Kept       int64 // survivors, one a group
	Duplicates int64 // dropped from groups whose records all agree
	Conflicts  int64 // groups whose records differ
	Overruled  int64 // dropped from these
}

// NewDedupe returns an empty Dedupe. A negative Window, an unknown Policy or no
// Compare is ErrOption.
func NewDedupe[K comparable, V any](opt DedupeOptions[V]) (*Dedupe[K, V], error) {
	if err := opt.validate(); err != nil {
		return nil, err
	}
	return &Dedupe[K, V]{opt: opt, groups: make(map[K][]group[V])}, nil
}

// made refuses nil and what NewDedupe did not make, for the method where.
func (d *Dedupe[K, V]) made(where string) error {
	if d == nil || d.groups == nil {
		return fmt.Errorf("%s: not made by NewDedupe: %w", where, ErrEmpty)
	}
	return nil
}

// Add takes one record. Its verdict compares it with what is held at the moment:
// with records in order of time and Policy KeepFirst, the fresh ones are the
// survivors, so a stream can act on it at once. The error is ErrRange for a missing
// time or one before the last Flush, ErrEmpty for a Dedupe not made by NewDedupe.
func (d *Dedupe[K, V]) Add(key K, at time.Time, v V) (Verdict, error) {
	if err := d.made("clean: Dedupe.Add"); err != nil {
		return Fresh, err
	}
	if err := check.Time("time", at); err != nil {
		return Fresh, fmt.Errorf("clean: Dedupe.Add: %w", err)
	}
	if at.Before(d.late) {
		return Fresh, fmt.Errorf("clean: Dedupe.Add: %w", check.Private("time", -1, key, at, fmt.Errorf("before the last Flush: %w", ErrRange)))
	}
	return d.add(key, group[V]{at, at, at, v, v, v, 1}), nil
}

// add joins g with the groups it reaches, and compares it with the first of them.
func (d *Dedupe[K, V]) add(key K, g group[V]) Verdict {
	list := d.groups[key]
	// The groups that g touches are adjacent: [lo, hi).
	lo := len(list)
	for lo > 0 && d.reaches(g.from, list[lo-1].to) {
		lo--
	}
	hi := lo
	for hi < len(list) && d.reaches(list[hi].from, g.to) {
		hi++
	}
	if lo == hi {
		d.groups[key] = slices.Insert(list, lo, g)
		d.n++
		return Fresh
	}
	verdict := Conflict
	if d.opt.Compare(list[lo].win, g.win) == 0 {
		verdict = Duplicate
	}
	for _, h := range list[lo:hi] {
		g = d.join(g, h)
	}
	d.n -= int64(hi - lo - 1)
	list[lo] = g
	if hi > lo+1 {
		d.groups[key] = slices.Delete(list, lo+1, hi)
	}
	return verdict
}

// reaches reports whether a record at later joins a group that ends at end, or
// lies before that end anyway.
func (d *Dedupe[K, V]) reaches(later, end time.Time) bool {
	return d.opt.Window == 0 || later.Sub(end) <= d.opt.Window
}

// join returns one group of the records of a and b.
func (d *Dedupe[K, V]) join(a, b group[V]) group[V] {
	c := d.opt.Compare
	var wins bool // b does
	switch byTime, byValue := b.at.Compare(a.at), c(b.win, a.win); d.opt.Policy {
	case KeepFirst:
		wins = cmp.Or(byTime, byValue) < 0
	case KeepLast:
		wins = cmp.Or(byTime, byValue) > 0
	default:
		wins = cmp.Or(-byValue, byTime) < 0
	}
	if wins {
		a.at, a.win = b.at, b.win
	}
	if b.from.Before(a.from) {
		a.from = b.from
	}
	if b.to.After(a.to) {
		a.to = b.to
	}
	if c(b.lo, a.lo) < 0 {
		a.lo = b.lo
	}
	if c(b.hi, a.hi) > 0 {
		a.hi = b.hi
	}
	a.n += b.n
	return a
}

// Len returns the number of groups held.
func (d *Dedupe[K, V]) Len() int64 {
	if d == nil {
		return 0
	}
	return d.n
}

// Merge adds the records of other, which it leaves alone. Another Window or Policy, a
// state that was flushed, nil and the receiver itself are ErrMismatch; that both have
// the same Compare is the caller's promise.
func (d *Dedupe[K, V]) Merge(other *Dedupe[K, V]) error {
	if err := check.Merge("clean: Dedupe.Merge", d, other); err != nil {
		return err
	}
	if err := d.made("clean: Dedupe.Merge"); err != nil {
		return err
	}
	switch {
	case d.opt.Window != other.opt.Window || d.opt.Policy != other.opt.Policy:
		return fmt.Errorf("clean: Dedupe.Merge: Window or Policy differs: %w", ErrMismatch)
	case !d.late.IsZero() || !other.late.IsZero():
		return fmt.Errorf("clean: Dedupe.Merge: one of them was flushed: %w", ErrMismatch)
	}
	for key, list := range other.groups {
		for _, g := range list {
			d.add(key, g)
		}
	}
	return nil
}

// Survivor is a record that All and Flush return.
type Survivor[K comparable, V any] struct {
	Key   K         // as it was added, as Value is
	At    time.Time // of the survivor itself
	Value V         // as it was added
}

// All returns the survivors held, by time, then by Compare. It changes nothing.
func (d *Dedupe[K, V]) All() []Survivor[K, V] {
	if d == nil {
		return nil
	}
	return d.take(nil, func(group[V]) bool { return true }, false)
}

// Flush appends to dst the survivors of all groups that no record at or after
// before can still join, in the order of All, and forgets them: so a stream of
// any length runs in the memory of one window. Without a Window nothing is ever
// closed. Records before that time are refused from then on.
func (d *Dedupe[K, V]) Flush(dst []Survivor[K, V], before time.Time) []Survivor[K, V] {
	if d == nil {
		return dst
	}
	if d.opt.Window == 0 || !before.After(d.late) {
		return dst
	}
	d.late = before
	return d.take(dst, func(g group[V]) bool { return before.Sub(g.to) > d.opt.Window }, true)
}

// take appends the survivors of the groups that pick chooses, and forgets these
// groups if told to.
func (d *Dedupe[K, V]) take(dst []Survivor[K, V], pick func(group[V]) bool, forget bool) []Survivor[K, V] {
	start := len(dst)
	for key, list := range d.groups {
		keep := list[:0:0]
		for _, g := range list {
			if !pick(g) {
				keep = append(keep, g)
				continue
			}
			dst = append(dst, Survivor[K, V]{key, g.at, g.win})
			if forget {
				d.done.count(d.opt.Compare(g.lo, g.hi) != 0, g.n)
				d.n--
			}
		}
		if forget && len(keep) == 0 {
			delete(d.groups, key)
		} else if forget {
			d.groups[key] = keep
		}
	}
	slices.SortFunc(dst[start:], func(a, b Survivor[K, V]) int {
		return cmp.Or(a.At.Compare(b.At), d.opt.Compare(a.Value, b.Value))
	})
	return dst
}

// Forget drops everything held under a key, as a deletion under data protection asks
// for where keys are customers, and reports whether there was any. What was flushed is no
// longer held; its counts stay, those of what is dropped go.
func (d *Dedupe[K, V]) Forget(key K) bool {
	if d == nil || len(d.groups[key]) == 0 {
		return false
	}
	d.n -= int64(len(d.groups[key]))
	delete(d.groups, key)
	return true
}

// ForgetFunc is Forget for every key of which del is true: of one customer, where keys
// hold more than that; nil is true of none. Cost: one call for each key held.
func (d *Dedupe[K, V]) ForgetFunc(del func(key K) bool) bool {
	if d == nil || del == nil {
		return false
	}
	found := false
	for key := range d.groups {
		if del(key) {
			found = d.Forget(key) || found
		}
	}
	return found
}

// count adds one group of n records.
func (r *DedupeResult) count(conflict bool, n int64) {
	r.Records += n
	r.Kept++
	if conflict {
		r.Conflicts++
		r.Overruled += n - 1
	} else {
		r.Duplicates += n - 1
	}
}

// Result returns the counts over all records added, flushed or held.
func (d *Dedupe[K, V]) Result() DedupeResult {
	if d == nil {
		return DedupeResult{}
	}
	r := d.done
	for _, list := range d.groups {
		for _, g := range list {
			r.count(d.opt.Compare(g.lo, g.hi) != 0, g.n)
		}
	}
	return r
}
