package segment_test

import (
	"bytes"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment"
)

const day = 24 * time.Hour

func TestLifecycleState(t *testing.T) {
	l, err := segment.NewLifecycle(segment.LifecycleOptions{New: 30 * day, Sleep: 90 * day, Churn: 180 * day, Reactivated: 20 * day})
	if err != nil {
		t.Fatal(err)
	}
	never := segment.Purchases{}
	once := segment.Purchases{First: at(0), Last: at(0)}
	twice := segment.Purchases{First: at(-400), Previous: at(-400), Last: at(0)}
	for _, c := range []struct {
		name string
		p    segment.Purchases
		at   time.Time
		want segment.State
	}{
		{"never bought", never, at(0), segment.Prospect},
		{"the instant of the first purchase", once, at(0), segment.New},
		{"last moment of new", once, at(30).Add(-1), segment.New},
		{"no longer new", once, at(30), segment.Active},
		{"last moment awake", once, at(90).Add(-1), segment.Active},
		{"asleep", once, at(90), segment.Sleeping},
		{"last moment before churn", once, at(180).Add(-1), segment.Sleeping},
		{"churned", once, at(180), segment.Churned},
		{"long churned", once, at(9000), segment.Churned},
		{"back", twice, at(0), segment.Reactivated},
		{"last moment of being back", twice, at(20).Add(-1), segment.Reactivated},
		{"back for good", twice, at(20), segment.Active},
		{"back and asleep", twice, at(90), segment.Sleeping},
		{"a pause one moment short", segment.Purchases{First: at(-400), Previous: at(-90).Add(1), Last: at(0)}, at(1), segment.Active},
		{"a pause just long enough", segment.Purchases{First: at(-400), Previous: at(-90), Last: at(0)}, at(1), segment.Reactivated},
		{"two at once", segment.Purchases{First: at(0), Previous: at(0), Last: at(0)}, at(1), segment.New},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := l.State(c.p, c.at)
			if err != nil || got != c.want {
				t.Errorf("%v, want %v, %v", got, c.want, err)
			}
		})
	}
}

func TestLifecycleBadInput(t *testing.T) {
	for _, c := range []struct {
		o    segment.LifecycleOptions
		text string
	}{
		{segment.LifecycleOptions{New: -1}, "New is -1ns"},
		{segment.LifecycleOptions{Sleep: 200 * day}, "Churn is"},
		{segment.LifecycleOptions{Gap: day}, "Gap is"},
		{segment.LifecycleOptions{Reactivated: -1, Sleep: -4}, "Sleep is"},
	} {
		_, err := segment.NewLifecycle(c.o)
		wantErr(t, err, segment.ErrOption, c.text)
	}
	l, err := segment.NewLifecycle(segment.LifecycleOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		p    segment.Purchases
		at   time.Time
		text string
	}{
		{segment.Purchases{}, time.Time{}, "zero time"},
		{segment.Purchases{First: at(0)}, at(1), "both or neither"},
		{segment.Purchases{Last: at(0)}, at(1), "both or neither"},
		{segment.Purchases{Previous: at(0)}, at(1), "without Last"},
		{segment.Purchases{First: at(1), Last: at(0)}, at(1), "before First"},
		{segment.Purchases{First: at(0), Last: at(1)}, at(2), "Previous is missing"},
		{segment.Purchases{First: at(0), Previous: at(-1), Last: at(1)}, at(2), "not between"},
		{segment.Purchases{First: at(0), Last: at(0)}, at(-1), "after the instant"},
	} {
		_, err := l.State(c.p, c.at)
		wantErr(t, err, segment.ErrRange, c.text)
		_, _, err = l.Next(c.p, c.at)
		wantErr(t, err, segment.ErrRange, c.text)
	}
	_, err = l.Timeline(nil, []time.Time{at(1), at(0)}, at(0), at(9))
	wantErr(t, err, segment.ErrRange, "purchase of row 1")
	_, err = l.Timeline(nil, nil, at(1), at(0))
	wantErr(t, err, segment.ErrRange, "before from")
	_, err = l.Timeline(nil, nil, time.Time{}, at(0))
	wantErr(t, err, segment.ErrRange, "zero time")
}

// Timeline and Next must agree with State asked every hour.
func TestLifecycleTimelineProp(t *testing.T) {
	const step = time.Hour
	states := map[segment.State]bool{}
	testkit.Until(t, "every state", func() bool { return len(states) == segment.NumStates }, func(t *rapid.T) {
		hours := func(name string, lo, hi int) time.Duration {
			return time.Duration(rapid.IntRange(lo, hi).Draw(t, name)) * step
		}
		sleep := hours("sleep", 1, 30)
		l, err := segment.NewLifecycle(segment.LifecycleOptions{
			New: hours("new", 1, 40), Sleep: sleep, Churn: sleep + hours("churn", 1, 30),
			Gap: sleep + hours("gap", 0, 40), Reactivated: hours("reactivated", 1, 40),
		})
		if err != nil {
			t.Fatal(err)
		}
		var buys []time.Time
		now := at(0)
		for range rapid.IntRange(0, 5).Draw(t, "purchases") {
			now = now.Add(hours("pause", 0, 80))
			buys = append(buys, now)
		}
		state := func(at time.Time) segment.State {
			var p segment.Purchases
			for _, b := range buys {
				if b.After(at) {
					break
				}
				if p.First.IsZero() {
					p.First = b
				} else {
					p.Previous = p.Last
				}
				p.Last = b
			}
			s, err := l.State(p, at)
			if err != nil {
				t.Fatal(err)
			}
			states[s] = true
			return s
		}
		from := at(0).Add(hours("from", -5, 200))
		to := from.Add(hours("length", 0, 300))
		events, err := l.Timeline(nil, buys, from, to)
		if err != nil {
			t.Fatal(err)
		}
		cur := state(from.Add(-step))
		i := 0
		for x := from; x.Before(to); x = x.Add(step) {
			for i < len(events) && events[i].At.Equal(x) {
				if events[i].From != cur {
					t.Fatalf("event %v, but the state was %v", events[i], cur)
				}
				cur = events[i].To
				i++
			}
			if got := state(x); got != cur {
				t.Fatalf("at %v the state is %v, the timeline says %v", x, got, cur)
			}
		}
		if i != len(events) {
			t.Fatalf("event %v outside the window or between hours", events[i])
		}
	})
}

func TestTransitionsMergeProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all, a, b, c segment.Transitions
		part := []*segment.Transitions{&a, &b, &c}
		for range rapid.IntRange(0, 60).Draw(t, "n") {
			from, to := segment.State(rapid.IntRange(0, 5).Draw(t, "from")), segment.State(rapid.IntRange(0, 5).Draw(t, "to"))
			if err := all.Add(from, to); err != nil {
				t.Fatal(err)
			}
			if err := part[rapid.IntRange(0, 2).Draw(t, "part")].Add(from, to); err != nil {
				t.Fatal(err)
			}
		}
		var x, y segment.Transitions
		for _, i := range []int{0, 1, 2} {
			if err := x.Merge(part[i]); err != nil {
				t.Fatal(err)
			}
		}
		for _, i := range []int{2, 1} {
			if err := y.Merge(part[i]); err != nil {
				t.Fatal(err)
			}
		}
		if err := a.Merge(&y); err != nil {
			t.Fatal(err)
		}
		if x != all || a != all {
			t.Fatal("merged counts differ from one pass")
		}
	})
}

func TestTransitionsBadInput(t *testing.T) {
	var a segment.Transitions
	wantErr(t, a.Add(segment.New, 6), segment.ErrRange, "State(6)")
	wantErr(t, a.Merge(&a), segment.ErrMismatch, "itself")
	wantErr(t, a.Merge(nil), segment.ErrMismatch, "nil")
	_, err := a.Rate(segment.New, segment.Active)
	wantErr(t, err, segment.ErrUndefined, "nobody was new")
	_, err = a.Rate(9, segment.Active)
	wantErr(t, err, segment.ErrRange, "State(9)")
	_, err = a.Count(9, 9)
	wantErr(t, err, segment.ErrRange, "State(9)")
	_, err = (&segment.Transitions{MinAudience: -2}).Count(0, 0)
	wantErr(t, err, segment.ErrOption, "MinAudience")
	full := transitions(t, math.MaxInt64)
	wantErr(t, full.Add(segment.Prospect, segment.Prospect), segment.ErrOverflow, "")
	before := *full
	one := transitions(t, 1)
	wantErr(t, full.Merge(one), segment.ErrOverflow, "prospect")
	if *full != before {
		t.Error("half changed")
	}
	bad := new(segment.Transitions)
	if err := bad.UnmarshalBinary(frame(-1)); err == nil {
		t.Error("a negative count was accepted")
	}
}

func frame(n int64) []byte {
	var w codec.Writer
	counts := make([]int64, segment.NumStates*segment.NumStates)
	counts[0] = n
	w.Int64s(counts)
	return w.AppendFrame(nil, codec.KindTransitions, 1)
}

func transitions(t *testing.T, n int64) *segment.Transitions {
	x := new(segment.Transitions)
	if err := x.UnmarshalBinary(frame(n)); err != nil {
		t.Fatal(err)
	}
	return x
}

func TestPlaybook(t *testing.T) {
	var b segment.Playbook
	b.OnEnter(segment.Sleeping, "wake")
	b.OnLeave(segment.Active, "note")
	b.WhileIn(segment.Active, "points", "news")
	if got := b.Actions([]string{"x"}, segment.Active, segment.Sleeping); !slices.Equal(got, []string{"x", "note", "wake"}) {
		t.Error(got)
	}
	if got := b.Actions(nil, segment.Active, segment.Active); !slices.Equal(got, []string{"points", "news"}) {
		t.Error(got)
	}
	if got := b.Actions(nil, segment.Active, 77); got != nil {
		t.Error(got)
	}
	if bytes.Contains([]byte(segment.State(7).String()), []byte("new")) || segment.Reactivated.String() != "reactivated" {
		t.Error("names")
	}
}
