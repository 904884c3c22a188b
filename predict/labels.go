package predict

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/check"
)

// Labeler collects the instants of users' purchases and cuts labelled training
// rows out of them, strictly without look-ahead: what lies at or after the cut
// never reaches a feature, what lies before never counts as outcome. The zero
// value is ready for use. It is not safe for concurrent use; Merge joins shards.
//
// Purchases of one user at the same instant count once. The order in which they
// are added does not matter.
type Labeler[K ID] struct {
	index  map[K]int
	users  []K
	times  [][]time.Time // by user, any order
	until  []time.Time   // end of observation; zero: none known
	latest time.Time
}

// Windows places the windows around a cut in time. All are half-open:
//
//	observation [Cut-Observation, Cut)   features, and who takes part
//	gap         [Cut, Cut+Gap)           ignored: the time it takes to act
//	outcome     [Cut+Gap, Cut+Gap+Horizon)
type Windows struct {
	// Cut is the instant at which the prediction would have been made.
	Cut time.Time
	// Observation limits how far features look back; 0 means without limit.
	Observation time.Duration
	// Gap delays the outcome window; 0 means none.
	Gap time.Duration
	// Horizon is the length of the outcome window. For Churn 0 means
	// InactivityPeriod at the cut; Purchase needs it.
	Horizon time.Duration
	// End is the instant before which purchases are known completely; zero means
	// just after the latest purchase added. The outcome window must end by then.
	End time.Time
}

// Labels are the rows of one cut, by ascending user.
type Labels[K ID] struct {
	Users []K
	// Y is the label: bought in the outcome window (Purchase), or did not
	// (Churn).
	Y []bool
	// Rows are timing features of each user, columns named by Names.
	Rows  [][]float64
	Names []string
	// Outcome window the labels speak of.
	OutcomeFrom, OutcomeTo time.Time
	// Absent counts known users without a purchase in the observation window,
	// Censored those whose observation ended before the outcome window did.
	// Neither kind has a row: unknown is not the same as "did not buy".
	Absent, Censored int
}

// Add records a purchase. Errors: ErrRange for the zero time.
func (l *Labeler[K]) Add(user K, at time.Time) error {
	if at.IsZero() {
		return fmt.Errorf("predict: Labeler: user %v: purchase at the zero time: %w", user, ErrRange)
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
	if at.IsZero() {
		return fmt.Errorf("predict: Labeler: user %v: observed until the zero time: %w", user, ErrRange)
	}
	u := l.user(user)
	if l.until[u].IsZero() || at.Before(l.until[u]) {
		l.until[u] = at
	}
	return nil
}

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
func (l *Labeler[K]) Len() int { return len(l.users) }

// Merge adds everything o holds; o stays as it is. Errors: ErrMismatch for
// o == l.
func (l *Labeler[K]) Merge(o *Labeler[K]) error {
	if o == nil {
		return nil
	}
	if l == o {
		return fmt.Errorf("predict: Labeler: merge with itself: %w", ErrMismatch)
	}
	for v, id := range o.users {
		u := l.user(id)
		l.times[u] = append(l.times[u], o.times[v]...)
		if t := o.until[v]; !t.IsZero() && (l.until[u].IsZero() || t.Before(l.until[u])) {
			l.until[u] = t
		}
	}
	if o.latest.After(l.latest) {
		l.latest = o.latest
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
// successive purchases before the cut, over all users. Purchases less than 24
// hours after the first of a run are one occasion, so that split orders do not
// shorten it. Errors: ErrRange for a zero cut, ErrUndefined if no user bought on
// two occasions.
func (l *Labeler[K]) InactivityPeriod(cut time.Time) (time.Duration, error) {
	if cut.IsZero() {
		return 0, fmt.Errorf("predict: Labeler: InactivityPeriod: zero cut: %w", ErrRange)
	}
	var gaps []float64
	for u := range l.users {
		var last time.Time
		for _, t := range l.sorted(u) {
			if !t.Before(cut) {
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
		return 0, fmt.Errorf("predict: Labeler: InactivityPeriod: no user bought on two occasions before %v: %w", cut, ErrUndefined)
	}
	slices.Sort(gaps)
	at := 0.9 * float64(len(gaps)-1)
	i := int(at)
	q := gaps[i]
	if i+1 < len(gaps) {
		q += (at - float64(i)) * (gaps[i+1] - gaps[i])
	}
	if 2*q >= math.MaxInt64 {
		return math.MaxInt64, nil
	}
	return time.Duration(2 * q), nil
}

// Purchase labels every user who bought in the observation window true if the
// user bought in the outcome window. Errors: ErrOption for bad windows,
// ErrRange if the outcome window ends after End, ErrEmpty if no user is left.
func (l *Labeler[K]) Purchase(w Windows) (*Labels[K], error) {
	return l.label("predict: Labeler: Purchase", w, false)
}

// Churn labels every user who bought in the observation window true if the user
// did not buy in the outcome window. With the default horizon that is: silent
// for InactivityPeriod, counted from the end of the gap. A purchase in the gap
// is ignored. Errors: as Purchase, ErrUndefined as InactivityPeriod.
func (l *Labeler[K]) Churn(w Windows) (*Labels[K], error) {
	const where = "predict: Labeler: Churn"
	if w.Horizon == 0 {
		h, err := l.InactivityPeriod(w.Cut)
		if err != nil {
			return nil, fmt.Errorf("%s: Horizon: %w", where, err)
		}
		w.Horizon = h
	}
	return l.label(where, w, true)
}

// Features returns the rows of all users who bought in the observation window,
// without labels: to score customers at a cut whose outcome is still unknown,
// Cut being now. Horizon, Gap and End are not used, and no user is censored but
// by Until before the cut.
func (l *Labeler[K]) Features(w Windows) (*Labels[K], error) {
	const where = "predict: Labeler: Features"
	w.Gap, w.Horizon, w.End = 0, 1, w.Cut.Add(1)
	out, err := l.label(where, w, false)
	if err != nil {
		return nil, err
	}
	out.Y, out.OutcomeFrom, out.OutcomeTo = nil, time.Time{}, time.Time{}
	return out, nil
}

func (l *Labeler[K]) label(where string, w Windows, churn bool) (*Labels[K], error) {
	var bad check.Options
	bad.Require(!w.Cut.IsZero(), "Cut", w.Cut, "a time")
	bad.Require(w.Observation >= 0, "Observation", w.Observation, ">= 0")
	bad.Require(w.Gap >= 0, "Gap", w.Gap, ">= 0")
	bad.Require(w.Horizon > 0, "Horizon", w.Horizon, "> 0")
	if err := bad.Err(where); err != nil {
		return nil, err
	}
	from := w.Cut.Add(w.Gap)
	to := from.Add(w.Horizon)
	end := w.End
	if end.IsZero() && !l.latest.IsZero() {
		end = l.latest.Add(1)
	}
	if to.After(end) {
		return nil, fmt.Errorf("%s: the outcome window ends %v, purchases are known until %v: %w", where, to, end, ErrRange)
	}
	out := &Labels[K]{Names: timingNames(), OutcomeFrom: from, OutcomeTo: to}
	order := make([]int, len(l.users))
	for u := range order {
		order[u] = u
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(l.users[a], l.users[b]) })
	for _, u := range order {
		ts := l.sorted(u)
		n, _ := slices.BinarySearchFunc(ts, w.Cut, time.Time.Compare)
		past := ts[:n]
		if w.Observation > 0 {
			k, _ := slices.BinarySearchFunc(past, w.Cut.Add(-w.Observation), time.Time.Compare)
			past = past[k:]
		}
		if len(past) == 0 {
			out.Absent++
			continue
		}
		if t := l.until[u]; !t.IsZero() && t.Before(to) {
			out.Censored++
			continue
		}
		k, _ := slices.BinarySearchFunc(ts, from, time.Time.Compare)
		bought := k < len(ts) && ts[k].Before(to)
		out.Users = append(out.Users, l.users[u])
		out.Y = append(out.Y, bought != churn)
		out.Rows = append(out.Rows, timingRow(past, w.Cut))
	}
	if len(out.Users) == 0 {
		return nil, fmt.Errorf("%s: of %d users %d have no purchase in the observation window and %d are censored: %w",
			where, len(l.users), out.Absent, out.Censored, ErrEmpty)
	}
	return out, nil
}

func timingNames() []string {
	return []string{
		"recency_days",   // since the last purchase
		"tenure_days",    // since the first one in the window
		"log_purchases",  // log(1 + number of purchases)
		"mean_gap_days",  // between purchases; tenure for a single one
		"overdue",        // recency over mean gap, at most 10
		"purchases_30d",  // in the last 30 days
		"purchases_90d",  // in the last 90 days
		"purchases_365d", // in the last 365 days
		"single",         // 1 for exactly one purchase
	}
}

// timingRow computes the features of purchases before cut: ascending, not empty.
func timingRow(past []time.Time, cut time.Time) []float64 {
	day := func(d time.Duration) float64 { return d.Hours() / 24 }
	n := len(past)
	recency, tenure := day(cut.Sub(past[n-1])), day(cut.Sub(past[0]))
	gap := tenure
	single := 1.0
	if n > 1 {
		gap = day(past[n-1].Sub(past[0])) / float64(n-1)
		single = 0
	}
	overdue := 10.0
	if recency < 10*gap {
		overdue = recency / gap
	}
	within := func(days int) float64 {
		k, _ := slices.BinarySearchFunc(past, cut.Add(-time.Duration(days)*24*time.Hour), time.Time.Compare)
		return float64(n - k)
	}
	return []float64{recency, tenure, math.Log1p(float64(n)), gap, overdue, within(30), within(90), within(365), single}
}
