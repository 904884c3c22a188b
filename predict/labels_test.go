package predict_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aislekit/aisle/predict"
	"pgregory.net/rapid"
)

var epoch = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

func at(days float64) time.Time { return epoch.Add(time.Duration(days * float64(day))) }

func fill(t testing.TB, events map[string][]float64) *predict.Labeler[string] {
	t.Helper()
	l := new(predict.Labeler[string])
	for u, ds := range events {
		for _, d := range ds {
			if err := l.Add(u, at(d)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return l
}

func TestLabelerWindows(t *testing.T) {
	l := fill(t, map[string][]float64{
		"at cut":       {5, 10},     // 10 is the gap's start: ignored
		"before cut":   {9.999},     //
		"in gap":       {5, 11.9},   // ignored
		"outcome open": {5, 12},     // first instant of the outcome window
		"outcome last": {5, 19.99},  //
		"too late":     {5, 20},     // first instant after it
		"old":          {1, 15},     // before the observation window
		"new":          {15},        // unknown at the cut
		"closed":       {5, 6, 13},  // censored at 14
		"closed late":  {5, 13, 19}, // observed for the whole window
		"end":          {25},        //
	})
	if err := l.Until("closed", at(14)); err != nil {
		t.Fatal(err)
	}
	if err := l.Until("closed late", at(20)); err != nil {
		t.Fatal(err)
	}
	w := predict.Windows{AsOf: at(10), Observation: 8 * day, Gap: 2 * day, Horizon: 8 * day}
	p, err := l.Purchase(w)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{"at cut": false, "before cut": false, "in gap": false, "outcome open": true, "outcome last": true, "too late": false, "closed late": true}
	if len(p.Users) != len(want) || !slices.IsSorted(p.Users) || p.Absent != 3 || p.Censored != 1 {
		t.Fatalf("%v, absent %d, censored %d", p.Users, p.Absent, p.Censored)
	}
	c, err := l.Churn(w)
	if err != nil {
		t.Fatal(err)
	}
	for i, u := range p.Users {
		if v, ok := want[u]; !ok || p.Y[i] != v || c.Y[i] == v || c.Users[i] != u {
			t.Errorf("%s: purchase %v, churn %v, want %v", u, p.Y[i], c.Y[i], v)
		}
		if len(p.Rows[i]) != len(p.Names) {
			t.Errorf("%d features, %d names", len(p.Rows[i]), len(p.Names))
		}
	}
	if !p.OutcomeFrom.Equal(at(12)) || !p.OutcomeTo.Equal(at(20)) {
		t.Errorf("outcome %v – %v", p.OutcomeFrom, p.OutcomeTo)
	}
	f, err := l.Features(predict.Windows{AsOf: at(10), Observation: 8 * day})
	if err != nil || f.Y != nil || len(f.Users) != len(want)+1 { // "closed" is still there at the cut
		t.Errorf("features of %v, %v", f.Users, err)
	}
}

func TestLabelerFeatures(t *testing.T) {
	l := fill(t, map[string][]float64{"a": {0, 10, 10, 40}, "b": {49}, "z": {200}})
	f, err := l.Features(predict.Windows{AsOf: at(50)})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]float64{
		"a": {10, 50, math.Log(4), 20, 0.5, 1, 3, 3, 0}, // the purchase at 10 counts once
		"b": {1, 1, math.Log(2), 1, 1, 1, 1, 1, 1},
	}
	if len(f.Users) != 2 {
		t.Fatal(f.Users)
	}
	for i, u := range f.Users {
		near(t, u, f.Rows[i], want[u], 1e-12)
	}
}

func TestInactivityPeriod(t *testing.T) {
	// Gaps 1 … 11 days: the 90th percentile by linear interpolation is 10. A
	// second order half a day later is the same occasion.
	l := new(predict.Labeler[int])
	for g := 1; g <= 11; g++ {
		for _, d := range []float64{0, 0.5, float64(g), 300} {
			if err := l.Add(g, at(d)); err != nil {
				t.Fatal(err)
			}
		}
	}
	got, err := l.InactivityPeriod(at(100))
	if err != nil || got != 20*day {
		t.Errorf("%v, %v", got, err)
	}
	c, err := l.Churn(predict.Windows{AsOf: at(100)})
	if err != nil || !c.OutcomeTo.Equal(at(120)) || slices.Contains(c.Y, false) {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := l.InactivityPeriod(at(1)); !errors.Is(err, predict.ErrUndefined) {
		t.Error(err)
	}
}

func TestLabelerBad(t *testing.T) {
	l := fill(t, map[string][]float64{"a": {0, 10, 30}})
	ok := predict.Windows{AsOf: at(10), Horizon: 20 * day}
	if _, err := l.Purchase(ok); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(w *predict.Windows)
		want   error
		text   string
	}{
		"no cut":       {func(w *predict.Windows) { w.AsOf = time.Time{} }, predict.ErrOption, "AsOf"},
		"no horizon":   {func(w *predict.Windows) { w.Horizon = 0 }, predict.ErrOption, "Horizon"},
		"negative":     {func(w *predict.Windows) { w.Gap, w.Observation = -1, -1 }, predict.ErrOption, "Gap"},
		"beyond data":  {func(w *predict.Windows) { w.Horizon = 21 * day }, predict.ErrRange, "known until"},
		"beyond End":   {func(w *predict.Windows) { w.End = at(29) }, predict.ErrRange, "known until"},
		"nobody there": {func(w *predict.Windows) { w.AsOf, w.Horizon = at(-1), day }, predict.ErrEmpty, "1 have no purchase"},
	} {
		w := ok
		c.change(&w)
		if _, err := l.Purchase(w); !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := l.Add("a", time.Time{}); !errors.Is(err, predict.ErrRange) {
		t.Error(err)
	}
	if err := l.Until("b", time.Time{}); !errors.Is(err, predict.ErrRange) || l.Len() != 1 {
		t.Error(err, l.Len())
	}
	if err := l.Merge(l); !errors.Is(err, predict.ErrMismatch) {
		t.Error(err)
	}
	var none predict.Labeler[int]
	if _, err := none.Purchase(ok); err == nil {
		t.Error("no purchases: no error")
	}
}

// TestLabelerProp: no look-ahead, no look-back, and shards in any order.
func TestLabelerProp(t *testing.T) {
	type event struct {
		user int
		day  float64
	}
	events := rapid.Custom(func(t *rapid.T) event {
		return event{rapid.IntRange(0, 5).Draw(t, "user"), float64(rapid.IntRange(0, 400).Draw(t, "tenth")) / 10}
	})
	build := func(es []event) *predict.Labeler[int] {
		l := new(predict.Labeler[int])
		for _, e := range es {
			if err := l.Add(e.user, at(e.day)); err != nil {
				panic(err)
			}
		}
		return l
	}
	rapid.Check(t, func(t *rapid.T) {
		base := rapid.SliceOfN(events, 1, 30).Draw(t, "events")
		w := predict.Windows{
			AsOf: at(20), Gap: 2 * day, Horizon: 10 * day, End: at(50),
			Observation: time.Duration(rapid.IntRange(0, 20).Draw(t, "observation")) * day,
		}
		ref, err := build(base).Purchase(w)
		if errors.Is(err, predict.ErrEmpty) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		show := func(l *predict.Labels[int]) string { return fmt.Sprint(l.Users, l.Rows) }
		// More events at or after the cut: same users, same features.
		var later, earlier, outside []event
		for _, e := range rapid.SliceOfN(events, 0, 30).Draw(t, "more") {
			switch {
			case e.day >= 20:
				later = append(later, e)
				if e.day < 22 || e.day >= 32 {
					outside = append(outside, e)
				}
			default:
				earlier = append(earlier, e)
			}
		}
		got, err := build(append(slices.Clone(base), later...)).Purchase(w)
		if err != nil || show(got) != show(ref) {
			t.Fatalf("events after the cut changed the features: %v\n%v\n%v", err, ref, got)
		}
		// Events outside the outcome window: same labels for the same users.
		label := make(map[int]bool)
		for i, u := range ref.Users {
			label[u] = ref.Y[i]
		}
		got, err = build(append(append(slices.Clone(base), earlier...), outside...)).Purchase(w)
		if err != nil {
			t.Fatal(err)
		}
		for i, u := range got.Users {
			if v, ok := label[u]; ok && v != got.Y[i] {
				t.Fatalf("user %d: events outside the outcome window changed the label", u)
			}
		}
		// The inactivity period sees nothing after the cut either.
		a, err1 := build(base).InactivityPeriod(w.AsOf)
		b, err2 := build(append(slices.Clone(base), later...)).InactivityPeriod(w.AsOf)
		if a != b || (err1 == nil) != (err2 == nil) {
			t.Fatalf("inactivity %v, with later events %v", a, b)
		}
		// Shards, merged in any order, give the same rows and labels.
		shards := make([][]event, 3)
		for _, e := range base {
			s := rapid.IntRange(0, 2).Draw(t, "shard")
			shards[s] = append(shards[s], e)
		}
		sum := new(predict.Labeler[int])
		for _, s := range rapid.Permutation([]int{0, 1, 2}).Draw(t, "order") {
			if err := sum.Merge(build(shards[s])); err != nil {
				t.Fatal(err)
			}
		}
		got, err = sum.Purchase(w)
		if err != nil || fmt.Sprint(*got) != fmt.Sprint(*ref) {
			t.Fatalf("merged shards differ: %v", err)
		}
	})
}

// TestLabelerCodecProp: what two shards were told, in any order and any zone of time,
// has the bytes of one that was told all, and decodes to the same labels.
func TestLabelerCodecProp(t *testing.T) {
	zone := time.FixedZone("somewhere", 5*3600)
	rapid.Check(t, func(t *rapid.T) {
		type event struct {
			user  int8
			at    time.Time
			until bool
		}
		events := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) event {
			return event{
				user:  int8(rapid.IntRange(-3, 3).Draw(t, "user")),
				at:    at(float64(rapid.IntRange(-200, 400).Draw(t, "tenth")) / 10).Add(time.Duration(rapid.IntRange(0, 1).Draw(t, "ns"))),
				until: rapid.IntRange(0, 9).Draw(t, "until") == 0,
			}
		}), 0, 30).Draw(t, "events")
		tell := func(l *predict.Labeler[int8], e event) {
			add := l.Add
			if e.until {
				add = l.Until
			}
			if err := add(e.user, e.at); err != nil {
				t.Fatal(err)
			}
		}
		var whole, left, right predict.Labeler[int8]
		for _, e := range events {
			tell(&whole, e)
		}
		for i := range events {
			e := events[len(events)-1-i]
			e.at = e.at.In(zone)
			tell([]*predict.Labeler[int8]{&left, &right}[i%2], e)
		}
		shipped, err := right.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		var arrived predict.Labeler[int8]
		if err := arrived.UnmarshalBinary(shipped); err != nil {
			t.Fatal(err)
		}
		if err := left.Merge(&arrived); err != nil {
			t.Fatal(err)
		}
		want, _ := whole.MarshalBinary()
		if got, _ := left.MarshalBinary(); !bytes.Equal(got, want) {
			t.Fatalf("shards give other bytes")
		}
		w := predict.Windows{AsOf: at(20), Horizon: 5 * day, End: at(60)}
		a, errA := whole.Purchase(w)
		b, errB := left.Purchase(w)
		if !reflect.DeepEqual(a, b) || (errA == nil) != (errB == nil) {
			t.Fatalf("%+v, %v; shards %+v, %v", a, errA, b, errB)
		}
		// Ids of another class, or of a type that cannot hold them, are refused.
		var words predict.Labeler[string]
		var unsigned predict.Labeler[uint8]
		if err := words.UnmarshalBinary(want); !errors.Is(err, predict.ErrMismatch) {
			t.Fatal(err)
		}
		if err := unsigned.UnmarshalBinary(want); !errors.Is(err, predict.ErrMismatch) {
			t.Fatal(err)
		}
	})
	var big predict.Labeler[int]
	if err := big.Add(1000, at(1)); err != nil {
		t.Fatal(err)
	}
	frame, _ := big.MarshalBinary()
	var small predict.Labeler[int8]
	if err := small.UnmarshalBinary(frame); !errors.Is(err, predict.ErrCorrupt) || small.Len() != 0 {
		t.Errorf("an id beyond its type: %v", err)
	}
}
