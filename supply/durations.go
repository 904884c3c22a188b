package supply

import (
	"fmt"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/survive"
)

// Beyond stands for a duration that cannot be known from what was observed: a
// quantile that fewer than that share of cases reached before observation ended,
// or any figure of no cases at all. It is the longest time.Duration, so that
// "P90 <= target" is false for it.
const Beyond = survive.Beyond

// Durations summarises how long something took.
//
// Quantiles are those of the Kaplan-Meier estimate, so cases still open when
// observation ended count for as long as they were watched and do not make the
// process look faster than it is. Without open cases they are the plain
// empirical quantiles (smallest value that at least that share does not exceed).
// They come from logarithmic buckets and are within 0.5 % of the exact value;
// Mean and Max are exact (to the millisecond) and cover finished cases only.
type Durations struct {
	Done int64 // finished cases
	Open int64 // cases watched but not finished ("censored")

	Mean, P50, P90, P95, Max time.Duration // Beyond where unknown
}

// summary is what a result says of a state.
func summary(s *survive.Durations) Durations {
	var q [3]time.Duration
	s.Quantiles(q[:], .5, .9, .95)
	return Durations{Done: s.Done(), Open: s.Open(), Mean: s.Mean(), P50: q[0], P90: q[1], P95: q[2], Max: s.Max()}
}

// span refuses a stage that ends, at to, before it began; zero times are not known.
func span(where, a string, from time.Time, b string, to time.Time) error {
	if !from.IsZero() && !to.IsZero() && to.Before(from) {
		return fmt.Errorf("%s: %w", where, check.Private(b, -1, nil, to.UTC().Format(time.RFC3339), fmt.Errorf("before %s: %w", a, ErrRange)))
	}
	return nil
}

// known checks a time stamp that may be zero (has not happened): not after asOf.
func known(where, field string, t, asOf time.Time) error {
	if !t.IsZero() && t.After(asOf) {
		return fmt.Errorf("%s: %w", where, check.Private(field, -1, nil, t.UTC().Format(time.RFC3339), fmt.Errorf("after AsOf (%s): %w", asOf.UTC().Format(time.RFC3339), ErrRange)))
	}
	return nil
}
