package predict

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/check"
)

// Windows places the windows around the moment of prediction. All are half-open:
//
//	observation [AsOf-Observation, AsOf)   features, and who takes part
//	gap         [AsOf, AsOf+Gap)           ignored: the time it takes to act
//	outcome     [AsOf+Gap, AsOf+Gap+Horizon)
type Windows struct {
	// AsOf is the moment at which the prediction would have been made; purchases at
	// AsOf itself are not known yet. Required.
	AsOf time.Time
	// Observation limits how far features look back, >= 0; 0 means without limit.
	Observation time.Duration
	// Gap delays the outcome window, >= 0; 0 means none.
	Gap time.Duration
	// Horizon is the length of the outcome window, > 0. For Churn 0 means
	// InactivityPeriod as of AsOf; Purchase needs it.
	Horizon time.Duration
	// End is the instant before which purchases are known completely; zero means
	// just after the latest purchase added. The outcome window must end by then.
	End time.Time
}

// Labels are the rows of one moment of prediction, by ascending user.
type Labels[K ID] struct {
	// Users are those of the rows.
	Users []K
	// Y is the label: bought in the outcome window (Purchase), or did not
	// (Churn).
	Y []bool
	// Rows are timing features of each user, columns named by Names.
	Rows  [][]float64
	Names []string
	// OutcomeFrom and OutcomeTo are the ends of the window the labels speak of.
	OutcomeFrom, OutcomeTo time.Time
	// Absent counts known users without a purchase in the observation window,
	// Censored those whose observation ended before the outcome window did.
	// Neither kind has a row: unknown is not the same as "did not buy".
	Absent, Censored int
}

// Purchase labels every user who bought in the observation window true if the
// user bought in the outcome window. Errors: ErrOption for bad windows,
// ErrRange if the outcome window ends after End, ErrEmpty without purchases or if no
// user is left.
func (l *Labeler[K]) Purchase(w Windows) (*Labels[K], error) {
	return l.label("predict: Labeler.Purchase", w, false)
}

// Churn labels every user who bought in the observation window true if the user
// did not buy in the outcome window. With the default horizon that is: silent
// for InactivityPeriod, counted from the end of the gap. A purchase in the gap
// is ignored. Errors: as Purchase, ErrUndefined as InactivityPeriod.
func (l *Labeler[K]) Churn(w Windows) (*Labels[K], error) {
	const where = "predict: Labeler.Churn"
	if w.Horizon == 0 {
		h, err := l.InactivityPeriod(w.AsOf)
		if err != nil {
			return nil, fmt.Errorf("%s: Horizon: %w", where, err)
		}
		w.Horizon = h
	}
	return l.label(where, w, true)
}

// Features returns the rows of all users who bought in the observation window,
// without labels: to score customers whose outcome is still unknown, AsOf being now.
// Horizon, Gap and End are not used, and no user is censored but by Until before
// AsOf. Errors: ErrOption, ErrEmpty.
//
// The columns are of the times of purchases only, the same that Purchase and Churn
// train on. Money, baskets, returns and behaviour are columns of
// profile.Builder.Table of the same moment: join them by user, and take recency from
// one of the two.
func (l *Labeler[K]) Features(w Windows) (*Labels[K], error) {
	w.Gap, w.Horizon, w.End = 0, 1, w.AsOf.Add(1)
	out, err := l.label("predict: Labeler.Features", w, false)
	if err != nil {
		return nil, err
	}
	out.Y, out.OutcomeFrom, out.OutcomeTo = nil, time.Time{}, time.Time{}
	return out, nil
}

// validate reports every window that makes no sense.
func (w Windows) validate(where string) error {
	var c check.Options
	c.Require(!w.AsOf.IsZero(), "AsOf", w.AsOf, "a time")
	c.Require(w.Observation >= 0, "Observation", w.Observation, ">= 0")
	c.Require(w.Gap >= 0, "Gap", w.Gap, ">= 0")
	c.Require(w.Horizon > 0, "Horizon", w.Horizon, "> 0")
	return c.Err(where)
}

// label makes the rows of one moment, true where the user bought in the outcome
// window or, for churn, where not.
func (l *Labeler[K]) label(where string, w Windows, churn bool) (*Labels[K], error) {
	if err := w.validate(where); err != nil {
		return nil, err
	}
	if err := l.filled(where); err != nil {
		return nil, err
	}
	from := w.AsOf.Add(w.Gap)
	to := from.Add(w.Horizon)
	end := w.End
	if end.IsZero() {
		end = l.latest.Add(1)
	}
	if to.After(end) {
		return nil, fmt.Errorf("%s: the outcome window ends %v, purchases are known until %v: %w", where, to, end, ErrRange)
	}
	out := &Labels[K]{Names: timingNames(), OutcomeFrom: from, OutcomeTo: to}
	for _, u := range l.byID() {
		times := l.sorted(u)
		past := before(times, w.AsOf)
		if w.Observation > 0 {
			past = past[len(before(past, w.AsOf.Add(-w.Observation))):]
		}
		if len(past) == 0 {
			out.Absent++
			continue
		}
		if t := l.until[u]; !t.IsZero() && t.Before(to) {
			out.Censored++
			continue
		}
		bought := len(before(times, to)) > len(before(times, from))
		out.Users = append(out.Users, l.users[u])
		out.Y = append(out.Y, bought != churn)
		out.Rows = append(out.Rows, timingRow(past, w.AsOf))
	}
	if len(out.Users) == 0 {
		return nil, fmt.Errorf("%s: of %d users %d have no purchase in the observation window and %d are censored: %w",
			where, len(l.users), out.Absent, out.Censored, ErrEmpty)
	}
	return out, nil
}

// byID returns the places of the users by ascending id.
func (l *Labeler[K]) byID() []int {
	order := make([]int, len(l.users))
	for u := range order {
		order[u] = u
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(l.users[a], l.users[b]) })
	return order
}

// before returns the part of ascending times that lies before an instant.
func before(times []time.Time, at time.Time) []time.Time {
	n, _ := slices.BinarySearchFunc(times, at, time.Time.Compare)
	return times[:n]
}

// timingNames are the columns of timingRow.
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

// timingRow computes the features of purchases before asOf: ascending, not empty.
func timingRow(past []time.Time, asOf time.Time) []float64 {
	days := func(d time.Duration) float64 { return d.Hours() / 24 }
	n := len(past)
	recency, tenure := days(asOf.Sub(past[n-1])), days(asOf.Sub(past[0]))
	gap, single := tenure, 1.0
	if n > 1 {
		gap, single = days(past[n-1].Sub(past[0]))/float64(n-1), 0
	}
	overdue := 10.0
	if recency < 10*gap {
		overdue = recency / gap
	}
	within := func(days int) float64 {
		return float64(n - len(before(past, asOf.Add(-time.Duration(days)*24*time.Hour))))
	}
	return []float64{recency, tenure, math.Log1p(float64(n)), gap, overdue, within(30), within(90), within(365), single}
}
