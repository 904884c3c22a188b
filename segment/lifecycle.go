package segment

import (
	"fmt"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/check"
)

// State is a stage of a customer's life cycle.
type State uint8

// The states, in the order a customer first meets them.
const (
	Prospect    State = iota // known, but has not bought
	New                      // first purchase not long ago
	Active                   // buys
	Sleeping                 // has not bought for a while
	Churned                  // has not bought for long
	Reactivated              // bought again after sleeping or churning, not long ago

	NumStates = 6
)

var stateNames = [NumStates]string{"prospect", "new", "active", "sleeping", "churned", "reactivated"}

// String returns the state's name in lower case.
func (s State) String() string {
	if int(s) < NumStates {
		return stateNames[s]
	}
	return fmt.Sprintf("State(%d)", uint8(s))
}

// LifecycleOptions configures NewLifecycle: thresholds, all of them lengths of
// time > 0.
type LifecycleOptions struct {
	New         time.Duration // a customer is New until this long after the first purchase; default 30 days
	Sleep       time.Duration // Sleeping from this long after the last purchase; default 90 days
	Churn       time.Duration // Churned from this long after the last purchase; default 180 days; more than Sleep
	Gap         time.Duration // a pause of at least this before the last purchase makes it a return; default Sleep; at least Sleep
	Reactivated time.Duration // a returned customer is Reactivated until this long after the return; default 30 days
}

const day = 24 * time.Hour

func (o LifecycleOptions) withDefaults() LifecycleOptions {
	o.New = check.Default(o.New, 30*day)
	o.Sleep = check.Default(o.Sleep, 90*day)
	o.Churn = check.Default(o.Churn, 180*day)
	o.Gap = check.Default(o.Gap, o.Sleep)
	o.Reactivated = check.Default(o.Reactivated, 30*day)
	return o
}

func (o *LifecycleOptions) validate() error {
	var c check.Options
	check.Positive(&c, "New", o.New)
	check.Positive(&c, "Sleep", o.Sleep)
	check.Positive(&c, "Reactivated", o.Reactivated)
	c.Require(o.Churn > o.Sleep, "Churn", o.Churn, fmt.Sprintf("more than Sleep = %v", o.Sleep))
	c.Require(o.Gap >= o.Sleep, "Gap", o.Gap, fmt.Sprintf("at least Sleep = %v", o.Sleep))
	return c.Err("segment: NewLifecycle")
}

// Purchases are the times that decide a customer's state. The zero time means
// never. Previous is the purchase before Last, zero if First is the only one.
type Purchases struct {
	First, Previous, Last time.Time // ascending
}

// Transition is a change of state. The state From ends and To begins at At.
type Transition struct {
	From, To State     // different ones
	At       time.Time // the instant of the change
}

// Lifecycle is the state machine
//
//	Prospect → New → Active ⇄ Sleeping → Churned
//	                 Active ← Reactivated ← Sleeping, Churned
//
// Purchases move a customer to New, Active or Reactivated, the passing of time
// moves it on. Thresholds belong to the later state: exactly Sleep after the
// last purchase a customer is Sleeping. Sleeping and Churned win over New and
// Reactivated where thresholds cross; a return counts as Reactivated even while
// the customer is New. It is immutable and safe for concurrent use.
type Lifecycle struct{ opt LifecycleOptions }

// NewLifecycle checks the thresholds.
func NewLifecycle(opt LifecycleOptions) (*Lifecycle, error) {
	opt = opt.withDefaults()
	if err := opt.validate(); err != nil {
		return nil, err
	}
	return &Lifecycle{opt}, nil
}

// Options returns the thresholds in force.
func (l *Lifecycle) Options() LifecycleOptions {
	if l == nil {
		return LifecycleOptions{}
	}
	return l.opt
}

// check refuses times that contradict each other or lie after asOf.
func (p Purchases) check(asOf time.Time) error {
	var bad string
	switch {
	case asOf.IsZero():
		bad = "the instant is the zero time"
	case p.First.IsZero() != p.Last.IsZero():
		bad = "First and Last must be given both or neither"
	case p.Last.IsZero() && !p.Previous.IsZero():
		bad = "Previous is given without Last"
	case p.Last.Before(p.First):
		bad = "Last is before First"
	case !p.Previous.IsZero() && (p.Previous.Before(p.First) || p.Previous.After(p.Last)):
		bad = "Previous is not between First and Last"
	case p.Previous.IsZero() && p.Last.After(p.First):
		bad = "Last is after First, but Previous is missing"
	case p.Last.After(asOf):
		bad = "Last is after the instant"
	default:
		return nil
	}
	return fmt.Errorf("%s: %w", bad, ErrRange)
}

// State returns the state, as of an instant, of a customer whose purchases up to
// and including that instant are p. Times that contradict each other, or purchases
// after the instant, are ErrRange.
func (l *Lifecycle) State(p Purchases, asOf time.Time) (State, error) {
	if err := made("segment: Lifecycle.State", l != nil && l.opt.Churn > 0); err != nil {
		return 0, err
	}
	if err := p.check(asOf); err != nil {
		return 0, fmt.Errorf("segment: Lifecycle.State: %w", err)
	}
	s, _ := l.state(p, asOf)
	return s, nil
}

// Next returns the change of state that is due if the customer buys nothing
// more: ok is false when none is (a prospect, or one who has churned).
func (l *Lifecycle) Next(p Purchases, asOf time.Time) (t Transition, ok bool, err error) {
	if err := made("segment: Lifecycle.Next", l != nil && l.opt.Churn > 0); err != nil {
		return Transition{}, false, err
	}
	if err := p.check(asOf); err != nil {
		return Transition{}, false, fmt.Errorf("segment: Lifecycle.Next: %w", err)
	}
	t, ok = l.next(p, asOf)
	return t, ok, nil
}

func (l *Lifecycle) next(p Purchases, at time.Time) (Transition, bool) {
	from, end := l.state(p, at)
	if end.IsZero() {
		return Transition{}, false
	}
	to, _ := l.state(p, end)
	return Transition{from, to, end}, true
}

// state returns the state and when it ends by itself (zero: never).
func (l *Lifecycle) state(p Purchases, at time.Time) (State, time.Time) {
	if p.Last.IsZero() {
		return Prospect, time.Time{}
	}
	churn, sleep := p.Last.Add(l.opt.Churn), p.Last.Add(l.opt.Sleep)
	switch {
	case !at.Before(churn):
		return Churned, time.Time{}
	case !at.Before(sleep):
		return Sleeping, churn
	}
	if !p.Previous.IsZero() && p.Last.Sub(p.Previous) >= l.opt.Gap {
		if end := p.Last.Add(l.opt.Reactivated); at.Before(end) {
			return Reactivated, earlier(end, sleep)
		}
	}
	if end := p.First.Add(l.opt.New); at.Before(end) {
		return New, earlier(end, sleep)
	}
	return Active, sleep
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// Timeline appends to dst every change of state of one customer in [from, to),
// in order of time, given all purchase times up to to in ascending order. Later
// purchases are ignored. These are the entry and exit events of the states.
func (l *Lifecycle) Timeline(dst []Transition, purchases []time.Time, from, to time.Time) ([]Transition, error) {
	if err := made("segment: Lifecycle.Timeline", l != nil && l.opt.Churn > 0); err != nil {
		return dst, err
	}
	switch {
	case from.IsZero() || to.IsZero():
		return dst, fmt.Errorf("segment: Lifecycle.Timeline: from or to is the zero time: %w", ErrRange)
	case to.Before(from):
		return dst, fmt.Errorf("segment: Lifecycle.Timeline: to %v is before from %v: %w", to, from, ErrRange)
	}
	for i, t := range purchases {
		if t.IsZero() || i > 0 && t.Before(purchases[i-1]) {
			return dst, fmt.Errorf("segment: Lifecycle.Timeline: %w", check.Private("purchase", int64(i), nil, t, fmt.Errorf("the zero time or out of order: %w", ErrRange)))
		}
	}
	emit := func(t Transition) {
		if t.From != t.To && !t.At.Before(from) && t.At.Before(to) {
			dst = append(dst, t)
		}
	}
	var p Purchases
	drift := func(until time.Time) State { // lets time pass up to, not including, until
		at := p.Last
		for {
			t, ok := l.next(p, at)
			if !ok || !t.At.Before(until) {
				s, _ := l.state(p, at)
				return s
			}
			emit(t)
			at = t.At
		}
	}
	for _, t := range purchases {
		if !t.Before(to) {
			break
		}
		before := drift(t)
		if p.Last.IsZero() {
			p = Purchases{First: t, Last: t}
		} else {
			p.Previous, p.Last = p.Last, t
		}
		after, _ := l.state(p, t)
		emit(Transition{before, after, t})
	}
	drift(to)
	return dst, nil
}

// Playbook says what to do as customers change state: names of actions, chosen
// by the caller, in slots per state. The zero value is empty and ready. Adding
// to a state that does not exist panics like an index out of range.
type Playbook struct{ enter, stay, leave [NumStates][]string }

// OnEnter adds actions for customers who come into a state.
func (b *Playbook) OnEnter(s State, actions ...string) {
	if b == nil {
		return
	}
	b.enter[s] = append(b.enter[s], actions...)
}

// WhileIn adds actions for customers who are and remain in a state.
func (b *Playbook) WhileIn(s State, actions ...string) {
	if b == nil {
		return
	}
	b.stay[s] = append(b.stay[s], actions...)
}

// OnLeave adds actions for customers who go out of a state.
func (b *Playbook) OnLeave(s State, actions ...string) {
	if b == nil {
		return
	}
	b.leave[s] = append(b.leave[s], actions...)
}

// Actions appends to dst what is due for a customer whose state was from and is
// to: the leave actions of from and then the enter actions of to, or, if they
// are the same, its stay actions. States that do not exist have none.
func (b *Playbook) Actions(dst []string, from, to State) []string {
	if b == nil {
		return dst
	}
	if from >= NumStates || to >= NumStates {
		return dst
	}
	if from == to {
		return append(dst, b.stay[to]...)
	}
	return append(append(dst, b.leave[from]...), b.enter[to]...)
}

// DefaultPlaybook returns the customary actions: a welcome offer for prospects
// and new customers, points for active ones, a reminder for sleeping ones, a
// win-back offer for churned ones and thanks for those who return.
func DefaultPlaybook() *Playbook {
	b := &Playbook{}
	b.OnEnter(New, "welcome")
	b.WhileIn(Prospect, "first-order offer")
	b.WhileIn(Active, "loyalty points")
	b.OnEnter(Sleeping, "wake-up reminder")
	b.OnEnter(Churned, "win-back offer")
	b.OnEnter(Reactivated, "thanks for returning")
	b.OnLeave(Sleeping, "stop reminders")
	b.OnLeave(Churned, "stop win-back")
	for i := range b.enter {
		b.enter[i], b.stay[i], b.leave[i] = slices.Clip(b.enter[i]), slices.Clip(b.stay[i]), slices.Clip(b.leave[i])
	}
	return b
}
