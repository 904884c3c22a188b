package predict

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
)

// Labeler collects the instants of users' purchases and cuts labelled training
// rows out of them, strictly without look-ahead: what lies at or after the moment of
// prediction never reaches a feature, what lies before never counts as outcome. The zero
// value is ready for use. It is not safe for concurrent use; Merge joins shards.
//
// Purchases of one user at the same instant count once. The order in which they
// are added does not matter.
type Labeler[K ID] struct {
	index  map[K]int
	users  []K
	times  [][]time.Time // by user, any order
	until  []time.Time   // by user, end of observation; zero: none known
	latest time.Time
}

// Add records a purchase. Errors: ErrRange for the zero time.
func (l *Labeler[K]) Add(user K, at time.Time) error {
	const where = "predict: Labeler.Add"
	if err := check.Receiver(where, l); err != nil {
		return err
	}
	if at.IsZero() {
		return fmt.Errorf("%s: %w", where, check.Private("at", -1, user, nil, fmt.Errorf("a purchase at the zero time: %w", ErrRange)))
	}
	u := l.user(user)
	l.times[u] = append(l.times[u], at)
	if at.After(l.latest) {
		l.latest = at
	}
	return nil
}

// Until records that user can be observed only before the instant at, for
// example because the account was closed or the consent withdrawn. The earliest
// such instant counts. Errors: ErrRange for the zero time.
func (l *Labeler[K]) Until(user K, at time.Time) error {
	const where = "predict: Labeler.Until"
	if err := check.Receiver(where, l); err != nil {
		return err
	}
	if at.IsZero() {
		return fmt.Errorf("%s: %w", where, check.Private("at", -1, user, nil, fmt.Errorf("observed until the zero time: %w", ErrRange)))
	}
	u := l.user(user)
	if l.until[u].IsZero() || at.Before(l.until[u]) {
		l.until[u] = at
	}
	return nil
}

// user returns the place of an id, a new one if need be.
func (l *Labeler[K]) user(id K) int {
	u, ok := l.index[id]
	if !ok {
		if l.index == nil {
			l.index = make(map[K]int)
		}
		u = len(l.users)
		l.index[id] = u
		l.users = append(l.users, id)
		l.times = append(l.times, nil)
		l.until = append(l.until, time.Time{})
	}
	return u
}

// Len returns the number of users seen.
func (l *Labeler[K]) Len() int {
	if l == nil {
		return 0
	}
	return len(l.users)
}

// Forget removes a user with everything that Add and Until said of it, and reports
// whether there was one. Cost O(1), or that of one look at all purchases where the
// latest was the user's.
//
// What was made of the state before keeps what it took: make it anew, which is Labels
// (ids and rows), models fitted on them, and a Gram or IsotonicBuckets, whose sums give
// nothing back. Frames and other shards hold the user as well: a Merge or UnmarshalBinary
// brings it back unless it is forgotten there too.
func (l *Labeler[K]) Forget(user K) bool {
	if l == nil {
		return false
	}
	u, ok := l.index[user]
	if !ok {
		return false
	}
	gone := l.times[u]
	last := len(l.users) - 1
	l.users[u], l.times[u], l.until[u] = l.users[last], l.times[last], l.until[last]
	l.index[l.users[u]] = u
	delete(l.index, user)
	clear(l.users[last:]) // nothing of the user stays in memory
	clear(l.times[last:])
	clear(l.until[last:])
	l.users, l.times, l.until = l.users[:last], l.times[:last], l.until[:last]
	if slices.ContainsFunc(gone, l.latest.Equal) {
		l.latest = time.Time{}
		for _, times := range l.times {
			for _, t := range times {
				if t.After(l.latest) {
					l.latest = t
				}
			}
		}
	}
	return true
}

// filled refuses a state without a purchase: nothing can be said of any moment.
func (l *Labeler[K]) filled(where string) error {
	if l == nil || l.latest.IsZero() {
		return fmt.Errorf("%s: no purchases: %w", where, ErrEmpty)
	}
	return nil
}

// Merge adds everything other holds; other stays as it is. Errors: ErrMismatch for
// nil and for l itself.
func (l *Labeler[K]) Merge(other *Labeler[K]) error {
	if err := check.Merge("predict: Labeler.Merge", l, other); err != nil {
		return err
	}
	for v, id := range other.users {
		u := l.user(id)
		l.times[u] = append(l.times[u], other.times[v]...)
		if at := other.until[v]; !at.IsZero() && (l.until[u].IsZero() || at.Before(l.until[u])) {
			l.until[u] = at
		}
	}
	if other.latest.After(l.latest) {
		l.latest = other.latest
	}
	return nil
}

// sorted returns the distinct instants of user u in ascending order.
func (l *Labeler[K]) sorted(u int) []time.Time {
	ts := slices.Clone(l.times[u])
	slices.SortFunc(ts, time.Time.Compare)
	return slices.CompactFunc(ts, time.Time.Equal)
}

// occasion is how near to the first of them purchases count as one visit to the
// shop when gaps between purchases are measured.
const occasion = 24 * time.Hour

// InactivityPeriod returns the silence after which a customer counts as lost:
// twice the 90th percentile (linear interpolation) of all gaps between
// successive purchases before asOf, over all users. Purchases less than 24
// hours after the first of a run are one occasion, so that split orders do not
// shorten it. Errors: ErrRange for a zero asOf, ErrEmpty without purchases, ErrUndefined
// if no user bought on two occasions.
//
// It is the horizon that Churn takes on its own: what this shop's buying rhythm
// says. A churn rate for a report, by calendar periods that are given, is that of
// package metrics/kpi (Activity.Churn): take it to compare months or cohorts, and
// this to label and to find the customers to write to.
func (l *Labeler[K]) InactivityPeriod(asOf time.Time) (time.Duration, error) {
	const where = "predict: Labeler.InactivityPeriod"
	if asOf.IsZero() {
		return 0, fmt.Errorf("%s: asOf is the zero time: %w", where, ErrRange)
	}
	if err := l.filled(where); err != nil {
		return 0, err
	}
	var gaps []float64
	for u := range l.users {
		var last time.Time
		for _, t := range l.sorted(u) {
			if !t.Before(asOf) {
				break
			}
			if !last.IsZero() && t.Sub(last) < occasion {
				continue
			}
			if !last.IsZero() {
				gaps = append(gaps, float64(t.Sub(last)))
			}
			last = t
		}
	}
	if len(gaps) == 0 {
		return 0, fmt.Errorf("%s: no user bought on two occasions before %v: %w", where, asOf, ErrUndefined)
	}
	slices.Sort(gaps)
	q := infer.Quantile(gaps, 0.9)
	if 2*q >= math.MaxInt64 {
		return math.MaxInt64, nil
	}
	return time.Duration(2 * q), nil
}
