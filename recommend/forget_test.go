package recommend_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend"
)

var forgetTime = time.Date(2026, 11, 1, 12, 0, 0, 500, time.UTC)

// forgetShop is an engine over users u0 … u7, each with three items of ten, and a
// clock that the test sets.
func forgetShop(t testing.TB, live recommend.LiveOptions) (*recommend.Engine[string, string], *recommend.Dataset[string, string], *time.Time) {
	t.Helper()
	d := forgetData(t, 8)
	now := forgetTime
	live.Clock = func() time.Time { return now }
	e, err := recommend.NewEngine(d, recommend.EngineOptions{Live: live})
	if err != nil {
		t.Fatal(err)
	}
	return e, d, &now
}

func forgetData(t testing.TB, users int) *recommend.Dataset[string, string] {
	t.Helper()
	b, err := recommend.NewBuilder[string, string](recommend.BuilderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for u := range users {
		for k := range 3 {
			if err := b.AddAt(fmt.Sprint("u", u), fmt.Sprint("i", (u+k)%10), 1, forgetTime.Add(-time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for k := range 10 {
		if err := b.AddAt("somebody", fmt.Sprint("i", k), 1, forgetTime.Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	d, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func mustForget(t testing.TB, e *recommend.Engine[string, string], user string, want bool) {
	t.Helper()
	if known, err := e.Forget(user); known != want || err != nil {
		t.Fatalf("Forget: %v, %v", known, err)
	}
}

// isStranger fails where anything is known about a user.
func isStranger(t testing.TB, e *recommend.Engine[string, string], user string) {
	t.Helper()
	var info recommend.Info
	if _, err := e.Recommend(nil, recommend.Request[string, string]{User: user, K: 3, Info: &info}); err != nil || info.Known || info.History != 0 || info.Live != 0 {
		t.Errorf("%s is known: %+v, %v", user, info, err)
	}
	lists, fail := e.All(context.Background(), recommend.Request[string, string]{K: 1}, 1)
	for u := range lists {
		if u == user {
			t.Errorf("All names %s", user)
		}
	}
	if fail() != nil {
		t.Error(fail())
	}
}

// Events dated up to the deletion never bring the customer back, to the nanosecond,
// delivered again, late, or for the first time.
func TestForgetHolds(t *testing.T) {
	for _, user := range []string{"u1", "ann"} {
		e, _, now := forgetShop(t, recommend.LiveOptions{})
		event := recommend.Observation[string, string]{User: user, Item: "honey", At: forgetTime.Add(-time.Hour + 1), ID: "evt-7"}
		if err := e.Observe(event); err != nil {
			t.Fatal(err)
		}
		mustForget(t, e, user, true)
		mustForget(t, e, user, false)
		for _, at := range []time.Time{event.At, event.At.Add(-time.Hour), forgetTime.Add(-1), forgetTime} {
			event.At = at
			if err := e.Observe(event); !errors.Is(err, recommend.ErrDuplicate) || bytes.Contains([]byte(err.Error()), []byte(user)) {
				t.Errorf("%s: an event of %v: %v", user, at, err)
			}
		}
		isStranger(t, e, user)
		frame, err := e.Snapshot()
		if err != nil || bytes.Contains(frame, []byte(user)) || bytes.Contains(frame, []byte("evt-7")) || bytes.Contains(frame, []byte("honey")) {
			t.Errorf("the snapshot names what was forgotten: %v", err)
		}
		// The next nanosecond is a new customer, and so is an event without a time.
		for k, at := range []time.Time{forgetTime.Add(1), {}} {
			if err := e.Observe(recommend.Observation[string, string]{User: user, Item: fmt.Sprint("new", k), At: at}); err != nil {
				t.Fatal(err)
			}
		}
		var info recommend.Info
		if _, err := e.Recommend(nil, recommend.Request[string, string]{User: user, K: 1, Info: &info}); err != nil || info.Known || info.History != 2 {
			t.Errorf("a new customer: %+v, %v", info, err)
		}
		*now = forgetTime.Add(time.Hour)
		mustForget(t, e, user, true)
		isStranger(t, e, user)
	}
}

// An event dated ahead of the clock goes with the deletion, and stays away.
func TestForgetAhead(t *testing.T) {
	e, _, _ := forgetShop(t, recommend.LiveOptions{})
	event := recommend.Observation[string, string]{User: "ann", Item: "honey", At: forgetTime.Add(30 * time.Second)}
	if err := e.Observe(event); err != nil {
		t.Fatal(err)
	}
	before, err := e.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	mustForget(t, e, "ann", true)
	if err := e.Observe(event); !errors.Is(err, recommend.ErrDuplicate) {
		t.Errorf("observed again: %v", err)
	}
	if err := e.Restore(before); err != nil {
		t.Fatal(err)
	}
	isStranger(t, e, "ann")
}

// Deletions survive an older snapshot, whichever engine takes it up, a swap to a
// dataset without the user and the rollback after it.
func TestForgetSurvives(t *testing.T) {
	e, d, now := forgetShop(t, recommend.LiveOptions{})
	live := recommend.Observation[string, string]{User: "ann", Item: "i1", At: forgetTime.Add(-time.Minute)}
	if err := e.Observe(live); err != nil {
		t.Fatal(err)
	}
	old, err := e.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	mustForget(t, e, "u5", true)
	mustForget(t, e, "ann", true)
	check := func(step string) {
		t.Helper()
		isStranger(t, e, "u5")
		isStranger(t, e, "ann")
		if got := e.Live(); got.Forgotten != 2 || got.Events != 0 {
			t.Errorf("%s: %+v", step, got)
		}
	}
	check("forgotten")
	if err := e.Restore(old); err != nil {
		t.Fatal(err)
	}
	check("older snapshot")
	for k, data := range []*recommend.Dataset[string, string]{forgetData(t, 3), d} {
		if err := e.Swap(data, recommend.EngineOptions{}); err != nil {
			t.Fatal(err)
		}
		check([]string{"swap", "rollback"}[k])
	}
	// The later of two times counts, and the other's masks are taken over.
	early, err := e.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	*now = forgetTime.Add(time.Hour)
	mustForget(t, e, "ann", false)
	if err := e.Restore(early); err != nil {
		t.Fatal(err)
	}
	live.At = forgetTime.Add(time.Minute)
	if err := e.Observe(live); !errors.Is(err, recommend.ErrDuplicate) {
		t.Errorf("between the deletions: %v", err)
	}
	other, _, _ := forgetShop(t, recommend.LiveOptions{})
	mustForget(t, other, "u2", true)
	if err := other.Restore(early); err != nil {
		t.Fatal(err)
	}
	for _, user := range []string{"u2", "u5", "ann"} {
		isStranger(t, other, user)
	}
}

// A mask lives for ForgetFor, 30 days by default.
func TestForgetFor(t *testing.T) {
	for _, x := range []struct {
		option, holds time.Duration
	}{{0, 30 * 24 * time.Hour}, {time.Hour, time.Hour}, {-1, 100 * 365 * 24 * time.Hour}} {
		e, _, now := forgetShop(t, recommend.LiveOptions{ForgetFor: x.option})
		mustForget(t, e, "u5", true)
		*now = forgetTime.Add(x.holds)
		isStranger(t, e, "u5")
		if got := e.Live().Forgotten; got != 1 {
			t.Errorf("%v: %d masks at its end", x.option, got)
		}
		if x.option < 0 {
			continue
		}
		*now = forgetTime.Add(x.holds + 1)
		var info recommend.Info
		if _, err := e.Recommend(nil, recommend.Request[string, string]{User: "u5", K: 1, Info: &info}); err != nil || !info.Known {
			t.Errorf("%v: masked for ever: %+v, %v", x.option, info, err)
		}
		if got := e.Live().Forgotten; got != 0 {
			t.Errorf("%v: %d masks after it", x.option, got)
		}
	}
}

// With MaxMasks reached Forget refuses, and drops no mask.
func TestForgetMost(t *testing.T) {
	e, _, now := forgetShop(t, recommend.LiveOptions{MaxMasks: 2, ForgetFor: time.Hour})
	mustForget(t, e, "u1", true)
	mustForget(t, e, "nobody", false)
	if known, err := e.Forget("u2"); known || !errors.Is(err, recommend.ErrTooLarge) {
		t.Fatalf("a third: %v, %v", known, err)
	}
	mustForget(t, e, "nobody", false) // masked already
	isStranger(t, e, "u1")
	var info recommend.Info
	if _, err := e.Recommend(nil, recommend.Request[string, string]{User: "u2", K: 1, Info: &info}); err != nil || !info.Known {
		t.Errorf("half forgotten: %+v, %v", info, err)
	}
	other, _, _ := forgetShop(t, recommend.LiveOptions{})
	mustForget(t, other, "u7", true)
	frame, err := other.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Restore(frame); !errors.Is(err, recommend.ErrTooLarge) || e.Live().Forgotten != 2 {
		t.Errorf("a snapshot with a third: %v", err)
	}
	*now = forgetTime.Add(time.Hour + 1) // the first two are out
	mustForget(t, e, "u2", true)
	if _, err := recommend.NewEngine(forgetData(t, 1), recommend.EngineOptions{Live: recommend.LiveOptions{MaxMasks: -1}}); !errors.Is(err, recommend.ErrOption) {
		t.Errorf("MaxMasks -1: %v", err)
	}
}

// All never yields somebody forgotten before the yield, nor a list from before a
// deletion to somebody who came back.
func TestForgetDuringAll(t *testing.T) {
	e, _, now := forgetShop(t, recommend.LiveOptions{})
	r := recommend.Request[string, string]{K: 10, Seen: recommend.DropSeen}
	var got []string
	lists, fail := e.All(context.Background(), r, 1)
	for user, list := range lists {
		got = append(got, user)
		switch user {
		case "u0":
			mustForget(t, e, "u3", true)
			mustForget(t, e, "u4", true)
			*now = forgetTime.Add(time.Second)
			if err := e.Observe(recommend.Observation[string, string]{User: "u4", Item: "i0"}); err != nil {
				t.Fatal(err)
			}
		case "u4":
			want, err := e.Recommend(nil, recommend.Request[string, string]{User: "u4", K: 10})
			if err != nil || fmt.Sprint(list) != fmt.Sprint(want) || len(list) != 9 {
				t.Errorf("a list from before the deletion: %v, want %v, %v", list, want, err)
			}
		}
	}
	if fail() != nil || fmt.Sprint(got) != "[somebody u0 u1 u2 u4 u5 u6 u7]" {
		t.Errorf("%v, %v", got, fail())
	}
}

// A mask costs at most 32 bytes, in memory and in the snapshot, however many there
// are, and asking whether there is one no allocation.
func TestForgetBytes(t *testing.T) {
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	e, _, _ := forgetShop(t, recommend.LiveOptions{})
	e.Snapshot()
	before := heap()
	n := 100_000
	if testkit.Race {
		n = 10_000
	}
	for k := range n {
		mustForget(t, e, fmt.Sprint("somebody with a long name ", k, "@example.com"), false)
	}
	after := heap()
	if got := float64(after-before) / float64(n); after > before && got > 32 {
		t.Errorf("%.1f bytes a mask", got)
	}
	frame, err := e.Snapshot()
	if err != nil || len(frame)/n > 32 {
		t.Errorf("%d bytes of snapshot, %v", len(frame), err)
	}
	if err := e.Restore(frame); err != nil || e.Live().Forgotten != n {
		t.Errorf("restored: %+v, %v", e.Live(), err)
	}
	again, err := e.Snapshot()
	if err != nil || !bytes.Equal(frame, again) {
		t.Errorf("the snapshot of a restored engine differs: %v", err)
	}
	if testkit.Race {
		return // it empties pools at random
	}
	dst := make([]recommend.Recommendation[string], 0, 8)
	r := recommend.Request[string, string]{User: "somebody with a long name 77777@example.com", K: 3}
	if k := testing.AllocsPerRun(100, func() {
		if dst, err = e.Recommend(dst[:0], r); err != nil {
			t.Fatal(err)
		}
	}); k >= 1 {
		t.Errorf("%v allocations a request", k)
	}
}

// A host that starts a new engine tells it of its deletions: dated, they leave alone what
// somebody who came back has done since, in the dataset and live.
func TestForgetAt(t *testing.T) {
	b, err := recommend.NewBuilder[string, string](recommend.BuilderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	gone := forgetTime.Add(-time.Hour)
	for _, x := range []struct {
		user, item string
		at         time.Duration
	}{{"back", "a", time.Minute}, {"both", "a", -time.Minute}, {"both", "b", time.Minute}, {"left", "b", 0}, {"else", "a", 0}, {"else", "c", 0}} {
		if err := b.AddAt(x.user, x.item, 1, gone.Add(x.at)); err != nil {
			t.Fatal(err)
		}
	}
	d, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	e, err := recommend.NewEngine(d, recommend.EngineOptions{Live: recommend.LiveOptions{Clock: func() time.Time { return forgetTime }}})
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []time.Duration{-time.Second, time.Second} {
		if err := e.Observe(recommend.Observation[string, string]{User: "live", Item: fmt.Sprint("live", at), At: gone.Add(at)}); err != nil {
			t.Fatal(err)
		}
	}
	for _, x := range []struct {
		user    string
		known   bool
		history int
	}{{"back", false, 1}, {"both", true, 0}, {"left", true, 0}, {"live", true, 1}, {"nobody", false, 0}} {
		if known, err := e.ForgetAt(x.user, gone); err != nil || known != x.known {
			t.Errorf("ForgetAt %s: %v, %v", x.user, known, err)
		}
		var info recommend.Info
		if _, err := e.Recommend(nil, recommend.Request[string, string]{User: x.user, K: 3, Info: &info}); err != nil || info.History != x.history {
			t.Errorf("%s has a history of %d, want %d, %v", x.user, info.History, x.history, err)
		}
	}
	// What comes after the deletion stays, as it was in the log.
	if err := e.Observe(recommend.Observation[string, string]{User: "both", Item: "b", At: gone.Add(time.Minute)}); err != nil {
		t.Error(err)
	}
	if err := e.Observe(recommend.Observation[string, string]{User: "back", Item: "a", At: gone.Add(time.Minute)}); !errors.Is(err, recommend.ErrDuplicate) {
		t.Errorf("an event that the dataset holds: %v", err)
	}
	for _, at := range []time.Time{{}, forgetTime.Add(1000 * time.Hour), forgetTime.AddDate(0, 0, -31)} {
		if _, err := e.ForgetAt("else", at); !errors.Is(err, recommend.ErrRange) {
			t.Errorf("deleted at %v: %v", at, err)
		}
	}
	if known, err := e.Forget("back"); !known || err != nil {
		t.Errorf("Forget: %v, %v", known, err)
	}
	isStranger(t, e, "back")
}
