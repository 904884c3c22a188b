package kpi_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/kpi"
	"pgregory.net/rapid"
)

// A state that forgot a user is, to the byte, the one that never saw him.
func TestForget(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		gone := rapid.IntRange(0, 5).Draw(t, "gone")
		var with, without kpi.Customers[int]
		var act, rest kpi.Activity[int]
		opt := kpi.FunnelOptions{Steps: []string{"a", "b", "c"}}
		fun, left := got(kpi.NewFunnelBuilder[int](opt)), got(kpi.NewFunnelBuilder[int](opt))
		known := false
		for range rapid.IntRange(0, 40).Draw(t, "events") {
			u, at := rapid.IntRange(0, 5).Draw(t, "user"), day(1).Add(time.Duration(rapid.IntRange(0, 900).Draw(t, "hours"))*time.Hour)
			money, step := rapid.Int64Range(-50, 500).Draw(t, "money"), rapid.IntRange(0, 2).Draw(t, "step")
			err := errors.Join(with.Add(u, money), act.Add(u, at), act.Start(u, at), fun.Add(u, step, at))
			if u != gone {
				err = errors.Join(err, without.Add(u, money), rest.Add(u, at), rest.Start(u, at), left.Add(u, step, at))
			}
			if err != nil {
				t.Fatal(err)
			}
			known = known || u == gone
		}
		if a, b, c := with.Forget(gone), act.Forget(gone), fun.Forget(gone); a != known || b != known || c != known {
			t.Fatalf("forgot %v %v %v, want %v", a, b, c, known)
		}
		if with.Forget(gone) || act.Forget(gone) || fun.Forget(gone) {
			t.Fatal("forgot twice")
		}
		for i, p := range [][2][]byte{
			{got(with.MarshalBinary()), got(without.MarshalBinary())},
			{got(act.MarshalBinary()), got(rest.MarshalBinary())},
			{got(fun.MarshalBinary()), got(left.MarshalBinary())},
		} {
			if !bytes.Equal(p[0], p[1]) {
				t.Fatalf("state %d still knows of %d", i, gone)
			}
		}
		// Whoever comes back is new, and the others are where they were.
		if err := errors.Join(with.Add(gone, 7), without.Add(gone, 7), act.Add(gone, day(3)), rest.Add(gone, day(3))); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got(with.MarshalBinary()), got(without.MarshalBinary())) || !bytes.Equal(got(act.MarshalBinary()), got(rest.MarshalBinary())) {
			t.Fatal("after a return")
		}
	})
}

// A KPI with a field that nobody filled is undefined; what was counted and is 0 is 0.
func TestUnfilledIsUndefined(t *testing.T) {
	c := kpi.Counts{Impressions: 1000, Orders: 10, Revenue: 10_000, Carts: 20}
	for name, r := range map[string]interface{ Value() (float64, error) }{
		"CTR": c.CTR(), "CPA": c.CPA(), "units": c.UnitsPerOrder(), "refunds": c.RefundRate(), "abandonment": c.CartAbandonment(), "ROI": c.ROI(),
	} {
		if x, err := r.Value(); !errors.Is(err, kpi.ErrUndefined) {
			t.Errorf("%s of nothing is %v, %v", name, x, err)
		}
	}
	if err := c.Fill("Clicks", "Cost", "CartOrders"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]float64{"CTR": 0, "CPA": 0, "abandonment": 1} {
		r := map[string]interface{ Float() float64 }{"CTR": c.CTR(), "CPA": c.CPA(), "abandonment": c.CartAbandonment()}[name]
		if r.Float() != want {
			t.Errorf("%s is %v, want %v", name, r.Float(), want)
		}
	}
	var total kpi.Counts
	if err := errors.Join(total.Add(kpi.Counts{Impressions: 5}), total.Merge(&c)); err != nil || total.CTR().Float() != 0 {
		t.Errorf("merged: %v, %v", total.CTR(), err)
	}
	var e kpi.Engagement
	var s kpi.Social
	for _, err := range []error{c.Fill("Klicks"), e.Fill("Likes", ""), s.Fill("GMV")} {
		if !errors.Is(err, kpi.ErrOption) {
			t.Errorf("a field that is none: %v", err)
		}
	}
	if e := (kpi.Engagement{Impressions: 9, Followers: 3, Gained: 2}); e.CTR().Den() != 0 || e.ByImpressions().Den() != 0 || e.FollowerGrowth().Den() != 0 {
		t.Errorf("%v %v %v", e.CTR(), e.ByImpressions(), e.FollowerGrowth())
	}
	if s := (kpi.Social{Views: 10}); s.Dwell().Den() != 0 || s.KFactor().Den() != 0 || s.GroupCompletion().Den() != 0 {
		t.Errorf("%+v", s)
	}
	a, b := kpi.Social{Peak: 7, Views: 2, Revenue: 30}, kpi.Social{Peak: 5, Views: 1}
	if err := a.Merge(&b); err != nil || a.Peak != 7 || a.Views != 3 || got(a.GPM()) != 10_000 {
		t.Errorf("%+v, %v", a, err)
	}
}

// One event fed as two steps passes both, unless the funnel is strict.
func TestStrictFunnel(t *testing.T) {
	for _, entry := range []kpi.FunnelEntry{kpi.FunnelFirstTouch, kpi.FunnelRestart} {
		for _, c := range []struct {
			strict bool
			at     []int // minutes of steps 0, 1, 2
			want   [3]int64
		}{
			{false, []int{0, 5, 5}, [3]int64{1, 1, 1}},
			{true, []int{0, 5, 5}, [3]int64{1, 1, 0}},
			{true, []int{0, 0, 5}, [3]int64{1, 0, 0}},
			{true, []int{0, 4, 5}, [3]int64{1, 1, 1}},
		} {
			f := got(kpi.NewFunnel(kpi.FunnelOptions{Steps: []string{"signup", "view", "again"}, Entry: entry, Strict: c.strict}))
			var events []kpi.FunnelEvent
			for step, m := range c.at {
				events = append(events, kpi.FunnelEvent{Step: step, At: day(1).Add(time.Duration(m) * time.Minute)})
			}
			if err := f.AddUser(events); err != nil {
				t.Fatal(err)
			}
			for i, s := range f.Result() {
				if s.Users != c.want[i] {
					t.Errorf("entry %v %+v: step %d has %d users", entry, c, i, s.Users)
				}
			}
		}
	}
	// A later entry at the instant of the next step does not hide the one before.
	f := got(kpi.NewFunnel(kpi.FunnelOptions{Steps: []string{"a", "b"}, Entry: kpi.FunnelRestart, Strict: true}))
	if err := f.AddUser([]kpi.FunnelEvent{{0, day(1)}, {0, day(2)}, {1, day(2)}}); err != nil || f.Result()[1].Users != 1 {
		t.Errorf("%+v, %v", f.Result(), err)
	}
}

// Groups that expired and that nobody counted are no groups that all were completed.
func TestGroupCompletionNeedsBoth(t *testing.T) {
	s := kpi.Social{GroupsFormed: 3}
	if r := s.GroupCompletion(); r.Den() != 0 {
		t.Errorf("%v without the expired", r)
	}
	if err := s.Fill("GroupsExpired"); err != nil {
		t.Fatal(err)
	}
	if r := s.GroupCompletion(); r != metrics.NewRatio(3, 3) {
		t.Errorf("%v, none expired", r)
	}
	if r := (kpi.Social{GroupsExpired: 3}).GroupCompletion(); r.Den() != 0 {
		t.Errorf("%v without the formed", r)
	}
}
