package experiment

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/check"
)

// timedOutcome is an outcome that waits for its user's first exposure: an earlier one may
// still arrive, and each question has a window of its own.
type timedOutcome struct {
	at      int64 // nanoseconds since 1970
	outcome int32
	x       float64
}

// compareTimed orders outcomes so that sums do not depend on the order of rows.
func compareTimed(a, b timedOutcome) int {
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.outcome, b.outcome), cmp.Compare(a.x, b.x))
}

// never stands for a time there is none of: no exposure, no moment as of which.
const never = int64(-1)

// latest is the first second whose nanoseconds are not taken; times from 1970 to 2261 have
// differences that an int64 holds.
var latest = time.Date(2262, 1, 1, 0, 0, 0, 0, time.UTC)

// instant returns at in nanoseconds since 1970.
func instant(where, field string, at time.Time) (int64, error) {
	if at.Unix() < 0 || !at.Before(latest) {
		return 0, fmt.Errorf("experiment: %s: %w", where, check.Private(field, -1, nil, at, fmt.Errorf("want one in the years 1970 to 2261: %w", ErrRange)))
	}
	return at.UnixNano(), nil
}

// timed refuses the calls of the other way of feeding a Run.
func (e *Run[U]) timed(where string, want bool) error {
	if err := e.made(where); err != nil {
		return err
	}
	if e.opt.Timed != want {
		return fmt.Errorf("experiment: %s: Timed is %t; AssignAt and AddAt are for timed experiments, Assign and Add for others: %w", where, e.opt.Timed, ErrOption)
	}
	return nil
}

// AssignAt records that user was exposed to an arm at a time, in any order and as often as
// it happens: the first time counts, also when it arrives last. It is for a Timed Run, else
// ErrOption. ErrRange for an unknown arm or a time outside the years 1970 to 2261.
func (e *Run[U]) AssignAt(user U, arm int, at time.Time) error {
	const where = "Run.AssignAt"
	if err := e.timed(where, true); err != nil {
		return err
	}
	t, err := instant(where, "time of exposure", at)
	if err != nil {
		return err
	}
	i, err := e.assign(where, user, arm)
	if err != nil {
		return err
	}
	e.first[i] = earlier(e.first[i], t)
	return nil
}

// earlier returns the earlier of two times, either of which may be never.
func earlier(a, b int64) int64 {
	if a == never || b != never && b < a {
		return b
	}
	return a
}

// AddAt adds x to an outcome of user at a time, before or after the exposure is known. A
// question counts it if it happened at or after the user's first exposure, less than
// Metric.Window after it, and before the moment of AsOf. Outcomes before the first exposure
// are counted in Result.Before. It is for a Timed Run, else ErrOption. ErrRange for an unknown
// outcome or a time outside the years 1970 to 2261, ErrNotFinite for a bad value.
func (e *Run[U]) AddAt(user U, outcome int, x float64, at time.Time) error {
	const where = "Run.AddAt"
	if err := e.timed(where, true); err != nil {
		return err
	}
	t, err := instant(where, "time of outcome", at)
	if err != nil {
		return err
	}
	place, err := e.place(where, user, outcome, x)
	if err != nil {
		return err
	}
	i := place / e.opt.Outcomes
	e.log[i] = append(e.log[i], timedOutcome{t, int32(outcome), x + 0}) // + 0: no −0
	return nil
}

// AsOf sets the moment as of which a Timed Run answers, exclusive: what happened from then on
// is not counted, and a window that is not over by then makes its user immature. Without it
// that is the time of the last exposure or outcome, inclusive; say it where a feed may hold
// times in the future, or where nothing may have happened for a while. It may be set again, to
// see what was known earlier. Merge keeps the later of two. ErrOption where Timed is not set,
// ErrRange for a time outside the years 1970 to 2261.
func (e *Run[U]) AsOf(at time.Time) error {
	const where = "Run.AsOf"
	if err := e.timed(where, true); err != nil {
		return err
	}
	t, err := instant(where, "moment", at)
	if err != nil {
		return err
	}
	e.asOf = t
	return nil
}

// horizon returns the moment up to which windows are over, and the first nanosecond that is
// not counted.
func (e *Run[U]) horizon() (over, end int64) {
	if e.asOf != never {
		return e.asOf, e.asOf
	}
	for i, t := range e.first {
		over = max(over, t)
		for _, x := range e.log[i] {
			over = max(over, x.at)
		}
	}
	return over, math.MaxInt64
}

// later says whether user i of a Timed Run was first exposed at end or after it.
func (e *Run[U]) later(i int, end int64) bool { return e.opt.Timed && e.first[i] >= end }

// open says whether the window of a user first exposed at first is not over.
func (m *Metric) open(over, first int64) bool { return m.Window > 0 && over-first < int64(m.Window) }

// counted returns the Run with the sums that question m counts, the users of each arm whose
// window is over, and how many of each arm are left out because theirs is not. ErrOverflow for
// a sum beyond float64.
func (e *Run[U]) counted(m Metric, byArm [][]int32) (*Run[U], [][]int32, []int64, error) {
	immature := make([]int64, len(byArm))
	if !e.opt.Timed {
		return e, byArm, immature, nil
	}
	over, end := e.horizon()
	v := *e
	v.sums = make([]float64, len(e.sums))
	mature := make([][]int32, len(byArm))
	for a, users := range byArm {
		for _, i := range users {
			first := e.first[i]
			if m.open(over, first) {
				immature[a]++
				continue
			}
			mature[a] = append(mature[a], i)
			for _, x := range slices.SortedFunc(slices.Values(e.log[i]), compareTimed) {
				if x.at < first || x.at >= end || m.Window > 0 && x.at-first >= int64(m.Window) {
					continue
				}
				v.sums[e.at(i, int(x.outcome))] += x.x
			}
			if !check.Finite(v.sums[e.at(i, m.Outcome)]) || m.Kind == Ratio && !check.Finite(v.sums[e.at(i, m.Per)]) {
				return nil, nil, immature, fmt.Errorf("experiment: Run.Result: sum of an outcome: %w", ErrOverflow)
			}
		}
	}
	return &v, mature, immature, nil
}

// before returns how many outcomes of the users lie before their first exposure.
func (e *Run[U]) before(byArm [][]int32) int64 {
	n := int64(0)
	if !e.opt.Timed {
		return 0
	}
	for _, users := range byArm {
		for _, i := range users {
			for _, x := range e.log[i] {
				if x.at < e.first[i] {
					n++
				}
			}
		}
	}
	return n
}
