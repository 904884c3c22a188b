package recommend_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aislekit/aisle/recommend"
)

// An event that a log delivers twice counts once, evicted in between or not, with an ID or
// without one, whatever its kind, before a snapshot or after.
func TestEvictedTwice(t *testing.T) {
	b := must(recommend.NewBuilder[int, string](recommend.BuilderOptions{}))(t)
	for _, item := range []string{"tea", "milk", "rice", "salt"} {
		if err := b.Add(1, item, 1); err != nil {
			t.Fatal(err)
		}
	}
	d := must(b.Build())(t)
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	engine := func(live recommend.LiveOptions) *recommend.Engine[int, string] {
		live.Clock = func() time.Time { return start.Add(time.Hour) }
		return must(recommend.NewEngine(d, recommend.EngineOptions{Live: live}))(t)
	}
	at := func(minute int, item string, weight float32) recommend.Observation[int, string] {
		return recommend.Observation[int, string]{User: 7, Item: item, Weight: weight, At: start.Add(time.Duration(minute) * time.Minute)}
	}
	dislike := at(3, "rice", 1)
	dislike.Dislike = true
	log := []recommend.Observation[int, string]{
		at(1, "tea", 1), at(2, "tea", 2), dislike, at(4, "milk", 3), at(5, "milk", -1), at(6, "tea", 1), at(7, "tea", -4), at(8, "salt", 1), at(9, "salt", 1),
	}
	// state is what requests can tell: which items of weight 2 and more are seen, and which of any.
	state := func(e *recommend.Engine[int, string]) string {
		t.Helper()
		out := ""
		for _, least := range []float32{0, 2} {
			for _, r := range must(e.Recommend(nil, recommend.Request[int, string]{User: 7, K: 9, SeenWeight: least}))(t) {
				out += r.Item + " "
			}
			out += "; "
		}
		return out
	}
	for name, live := range map[string]recommend.LiveOptions{"per user": {PerUser: 1}, "in all": {Total: 1}, "two": {PerUser: 2}, "kept": {}} {
		for _, named := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, IDs %v", name, named), func(t *testing.T) {
				e := engine(live)
				for k, o := range log {
					if named {
						o.ID = fmt.Sprint(k)
					}
					if err := e.Observe(o); err != nil {
						t.Fatalf("event %d: %v", k, err)
					}
				}
				want, stats := state(e), e.Live()
				again := engine(live)
				if err := again.Restore(must(e.Snapshot())(t)); err != nil {
					t.Fatal(err)
				}
				for _, e := range []*recommend.Engine[int, string]{e, again} {
					for k, o := range log {
						if named {
							o.ID = fmt.Sprint(k)
						}
						if err := e.Observe(o); !errors.Is(err, recommend.ErrDuplicate) {
							t.Errorf("event %d a second time: %v", k, err)
						}
					}
					if got := state(e); got != want || e.Live() != stats {
						t.Errorf("answers %q and %+v, want %q and %+v", got, e.Live(), want, stats)
					}
				}
			})
		}
	}
	// tea and milk: 4 less 4, and 3 less 1; rice is disliked.
	if got, want := state(engine(recommend.LiveOptions{})), "milk rice salt tea ; milk rice salt tea ; "; got != want {
		t.Errorf("a stranger gets %q, want %q", got, want)
	}
	e := engine(recommend.LiveOptions{PerUser: 1})
	for _, o := range append(log, log...) {
		_ = e.Observe(o)
	}
	if got, want := state(e), "tea ; tea ; "; got != want {
		t.Errorf("after the log twice: %q, want %q", got, want)
	}
}

// What is later than the evicted events of its pair is new, however old; a late dislike is
// taken, and lifted where something later lifts it, as often as it comes.
func TestEvictedLate(t *testing.T) {
	d := shop(t, oldItems...)
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	e := must(recommend.NewEngine(d, recommend.EngineOptions{Live: recommend.LiveOptions{PerUser: 1, Clock: func() time.Time { return start.Add(time.Hour) }}}))(t)
	observe := func(minute int, item string, dislike bool) error {
		return e.Observe(recommend.Observation[int, string]{User: 1000, Item: item, At: start.Add(time.Duration(minute) * time.Minute), Dislike: dislike})
	}
	seen := func(item string, keep recommend.Seen) bool {
		for _, r := range must(e.Recommend(nil, recommend.Request[int, string]{User: 1000, K: 9, Seen: keep}))(t) {
			if r.Item == item {
				return false
			}
		}
		return true
	}
	for _, c := range []struct {
		minute  int
		item    string
		dislike bool
		want    error
	}{
		{20, "pen", false, nil},
		{30, "ink", false, nil}, // pen is evicted
		{10, "jam", false, nil},
		{25, "pen", false, nil}, // late, and new
		{25, "pen", false, recommend.ErrDuplicate},
		{20, "pen", false, recommend.ErrDuplicate},
		{10, "jam", false, recommend.ErrDuplicate},
		{15, "pen", true, nil},
		{15, "pen", true, nil}, // the click of minute 25 lifts it
		{26, "jam", true, nil},
		{26, "jam", true, recommend.ErrDuplicate},
		{11, "jam", true, recommend.ErrDuplicate},
		{12, "jam", false, recommend.ErrDuplicate},
	} {
		if err := observe(c.minute, c.item, c.dislike); !errors.Is(err, c.want) {
			t.Errorf("minute %d, %s: %v, want %v", c.minute, c.item, err, c.want)
		}
	}
	if !seen("pen", recommend.DropSeen) || seen("pen", recommend.KeepSeen) {
		t.Error("a dislike before the last click counts")
	}
	if !seen("jam", recommend.KeepSeen) {
		t.Error("a late dislike is lost")
	}
}
