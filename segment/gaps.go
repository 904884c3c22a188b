package segment

import (
	"encoding"
	"fmt"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/survive"
)

var (
	_ encoding.BinaryAppender    = (*Gaps)(nil)
	_ encoding.BinaryMarshaler   = (*Gaps)(nil)
	_ encoding.BinaryUnmarshaler = (*Gaps)(nil)
)

// gapsEach bounds the gaps of one customer, so that a reseller with 100,000 orders does not
// set the thresholds of the shop. The first ones are taken, whatever came later: a choice by
// their length, as of the latest or the longest, would bend the estimate.
const gapsEach = 10

// Gaps learns from a shop's own customers how long a pause between two orders is usual, and
// from when on silence means something: the thresholds of its Lifecycle. A shop of groceries
// and one of furniture have no threshold in common.
//
// A pause that has not ended yet is known to be longer, no more. Leaving such pauses out would
// make all look short, since the long ones are those that are still open; counting them as
// ended would, too. They enter the estimate of Kaplan and Meier as long as they were seen.
// Of each customer the first ten pauses count.
//
// The zero value is empty and ready; states merge exactly and in any order. It is not safe for
// concurrent use while Add, Merge or UnmarshalBinary runs. Memory: some kilobytes, whatever
// the number of customers.
type Gaps struct {
	// Sleep and Churn say how usual a pause is until a customer sleeps or has churned: shares
	// in (0, 1) of the pauses that end, those that are shorter; 0 means .8 and .95. They are the
	// reader's, as MinAudience is: Merge and the binary form leave them alone.
	Sleep, Churn float64
	// MinAudience is the number of customers below which nothing is told: 0 means 50, −1 no
	// floor.
	MinAudience int

	gaps    survive.Durations
	n       int64         // customers
	longest time.Duration // pause that was watched, ended or not
}

// Add counts the pauses of one customer, given all purchase times in ascending order: those
// between one and the next, and the one from the last to asOf, which is open. Purchases at
// asOf and later are ignored, several at one instant are one, and a customer without any adds
// nothing. The zero time, or times that descend, are ErrRange and add nothing.
func (g *Gaps) Add(purchases []time.Time, asOf time.Time) error {
	const where = "segment: Gaps.Add"
	if err := check.Receiver(where, g); err != nil {
		return err
	}
	if asOf.IsZero() {
		return fmt.Errorf("%s: asOf is the zero time: %w", where, ErrRange)
	}
	for i, t := range purchases {
		if t.IsZero() || i > 0 && t.Before(purchases[i-1]) {
			return fmt.Errorf("%s: %w", where, check.Private("purchase", int64(i), nil, t, fmt.Errorf("the zero time or out of order: %w", ErrRange)))
		}
	}
	var last time.Time
	ended := 0
	for _, t := range purchases {
		if !t.Before(asOf) || ended == gapsEach {
			break
		}
		if last.IsZero() {
			g.n++
		} else if pause := t.Sub(last); pause > 0 {
			g.watch(pause, true)
			ended++
		}
		last = t
	}
	if !last.IsZero() && ended < gapsEach {
		g.watch(asOf.Sub(last), false)
	}
	return nil
}

// watch counts one pause.
func (g *Gaps) watch(pause time.Duration, ended bool) {
	g.gaps.Add(pause, ended)
	g.longest = max(g.longest, pause)
}

// Merge adds the pauses of other. Nil and the value itself are ErrMismatch, counts beyond
// 2⁶³−1 ErrOverflow; an error changes nothing.
func (g *Gaps) Merge(other *Gaps) error {
	const where = "segment: Gaps.Merge"
	if err := check.Merge(where, g, other); err != nil {
		return err
	}
	_, err := check.AddInt64(g.n, other.n)
	if err == nil {
		err = g.gaps.Fits(&other.gaps)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	g.gaps.Merge(&other.gaps)
	g.n += other.n
	g.longest = max(g.longest, other.longest)
	return nil
}

// GapsResult says how long the pauses of a shop's customers are.
type GapsResult struct {
	Customers  int64            // with an order
	Ended      int64            // pauses that a next order ended
	Open       int64            // pauses that had not ended
	Returning  float64          // share of all pauses that end, in (0, 1], as far as was watched
	Median     time.Duration    // half of those that end are no longer
	Longest    time.Duration    // pause that was watched, ended or not
	Thresholds LifecycleOptions // for NewLifecycle
}

// Result returns the usual pauses, within half a percent, and the thresholds of the life cycle
// that follow from them, for NewLifecycle: Sleep and Churn are the pauses that the shares
// Sleep and Churn of all pauses that end do not exceed, New and Reactivated are their median,
// Gap is Sleep. Where pauses are so alike that Churn would be no more than Sleep, it is twice
// as much.
//
// Whether a customer comes back at all cannot be told before he does: what the watch was too short
// for is not made up. ErrUndefined where no pause ended, and where the longest pause watched
// is less than twice Churn, since then nobody knows how many more would have ended. ErrEmpty
// without customers, ErrPrivacy below MinAudience of them, ErrOption for bad fields.
func (g *Gaps) Result() (GapsResult, error) {
	const where = "segment: Gaps.Result"
	if err := check.Receiver(where, g); err != nil {
		return GapsResult{}, err
	}
	sleep, churn := check.Default(g.Sleep, .8), check.Default(g.Churn, .95)
	var c check.Options
	c.Require(sleep > 0 && sleep < 1, "Sleep", g.Sleep, "in (0, 1)")
	c.Require(churn > sleep && churn < 1, "Churn", g.Churn, fmt.Sprintf("in (Sleep = %v, 1)", sleep))
	c.Require(g.MinAudience >= -1, "MinAudience", g.MinAudience, "> 0, or -1 for no floor")
	if err := c.Err(where); err != nil {
		return GapsResult{}, err
	}
	floor := check.Floor(g.MinAudience)
	switch {
	case g.n == 0:
		return GapsResult{}, fmt.Errorf("%s: no customers: %w", where, ErrEmpty)
	case check.Few(g.n, floor):
		return GapsResult{}, fmt.Errorf("%s: fewer than %d customers: %w", where, floor, ErrPrivacy)
	case g.gaps.Done() == 0:
		return GapsResult{}, fmt.Errorf("%s: nobody ordered twice: %w", where, ErrUndefined)
	}
	r := GapsResult{Customers: g.n, Ended: g.gaps.Done(), Open: g.gaps.Open(), Returning: g.gaps.Finishing(), Longest: g.longest}
	var q [3]time.Duration
	for i, share := range []float64{.5, sleep, churn} {
		g.gaps.Quantiles(q[i:i+1], share*r.Returning)
	}
	if q[0] <= 0 {
		return GapsResult{}, fmt.Errorf("%s: half of the pauses are below a millisecond: %w", where, ErrUndefined)
	}
	if q[2] <= q[1] {
		q[2] = q[1] + min(q[1], survive.Beyond-q[1])
	}
	if g.longest/2 < q[2] && g.gaps.Open() > 0 {
		return GapsResult{}, fmt.Errorf("%s: the longest pause watched is %v, less than twice the %v of Churn: %w", where, g.longest, q[2], ErrUndefined)
	}
	r.Median = q[0]
	r.Thresholds = LifecycleOptions{New: q[0], Sleep: q[1], Churn: q[2], Gap: q[1], Reactivated: q[0]}
	return r, nil
}

// AppendBinary appends the binary form to dst.
func (g *Gaps) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("segment: Gaps.AppendBinary", g); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Int64(g.n)
	w.Int64(int64(g.longest))
	g.gaps.Encode(&w)
	return w.AppendFrame(dst, codec.KindGaps, 1), nil
}

// MarshalBinary returns the binary form.
func (g *Gaps) MarshalBinary() ([]byte, error) { return g.AppendBinary(nil) }

// UnmarshalBinary replaces the counts of g by what MarshalBinary wrote. Payload of version 1,
// little-endian:
//
//	i64            customers, >= 0; none without a pause, no more than pauses
//	i64            the longest pause in nanoseconds, that of the longest ended one at least
//	[]i32, []i64   buckets of pauses that ended, ascending, and their counts
//	[]i32, []i64   the same of open ones
//	i64            milliseconds of those that ended
//	i64            the longest of them, in nanoseconds
//
// Bucket k holds the pauses in (γ^(k−1), γ^k] milliseconds with γ = 1.005/0.995, bucket −2³¹
// those below one.
//
// Any other length or value is ErrCorrupt, another kind of frame ErrMismatch, a newer
// version ErrVersion; g is then unchanged.
func (g *Gaps) UnmarshalBinary(data []byte) error {
	const where = "segment: Gaps.UnmarshalBinary"
	if err := check.Receiver(where, g); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindGaps, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	d := Gaps{n: r.Int64(), longest: time.Duration(r.Int64())}
	d.gaps.Decode(r)
	if r.Err() == nil {
		pauses, err := check.AddInt64(d.gaps.Done(), d.gaps.Open())
		switch {
		case err != nil:
			r.Fail("counts more pauses than fit")
		case d.n < 0 || d.n > pauses || (d.n == 0) != (pauses == 0):
			r.Fail("has customers without pauses, or pauses of nobody")
		case d.longest < 0 || pauses == 0 && d.longest > 0 || d.gaps.Done() > 0 && d.longest < d.gaps.Max():
			r.Fail("has a longest pause that is none")
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	g.n, g.longest, g.gaps = d.n, d.longest, d.gaps
	return nil
}
