package recommend_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/recommend"
)

// A random history of an engine, beside a reference that knows no index: ids, lists and
// maps alone.

type (
	historyEvent = recommend.Observation[string, string]
	historyData  = recommend.Dataset[string, string]
)

// affinity is what history item a says for b: whole numbers, so that sums are exact.
func affinity(a, b string) float32 {
	h := uint32(2166136261)
	for _, c := range []byte(a + ">" + b) {
		h = (h ^ uint32(c)) * 16777619
	}
	if h%3 == 0 {
		return 0
	}
	return float32(h>>8%997 + 1)
}

// affinities is a model by the affinity of ids: whatever the order of the catalogue, it
// says the same.
type affinities struct {
	users int
	ids   []string
}

func (m *affinities) Users() int         { return m.users }
func (m *affinities) Items() int         { return len(m.ids) }
func (m *affinities) Meaning() string    { return "sum of affinities" }
func (m *affinities) SparseScores() bool { return true }
func (m *affinities) ReadsOrder() bool   { return false }

func (m *affinities) Score(dst []float32, q recommend.Query) error {
	if len(q.Items) == 0 {
		return recommend.ErrEmpty
	}
	clear(dst)
	for k, i := range q.Items {
		for j := range dst {
			dst[j] += q.Weight(k) * affinity(m.ids[i], m.ids[j])
		}
	}
	return nil
}

// told is what an engine was told, by ids; it can be copied.
type told struct {
	live      []historyEvent
	deleted   map[string]time.Time
	closed    bool            // nothing is in stock but
	exception map[string]bool // these; else everything but these
}

func (x told) clone() told {
	x.live, x.deleted, x.exception = slices.Clone(x.live), maps.Clone(x.deleted), maps.Clone(x.exception)
	return x
}

// history is the reference.
type history struct {
	told
	events []historyEvent // of the dataset
	items  map[string]bool
	now    time.Time
	data   *historyData
	saved  []saved
}

type saved struct {
	frame []byte
	told  told
	items map[string]bool
	since []any // what was observed and forgotten after it: historyEvent, deletion
}

type deletion struct {
	user string
	at   time.Time
}

const historyForgetFor = 40 * time.Minute

// forgotten returns when a user was, as far as that still counts.
func (h *history) forgotten(user string) (time.Time, bool) {
	at, ok := h.deleted[user]
	return at, ok && !at.Before(h.now.Add(-historyForgetFor))
}

// row returns the events of the dataset of a user whom no deletion hides.
func (h *history) row(user string) []historyEvent {
	at, masked := h.forgotten(user)
	var row []historyEvent
	for _, e := range h.events {
		if e.User == user {
			if masked && !e.At.After(at) {
				return nil
			}
			row = append(row, e)
		}
	}
	return row
}

func (h *history) contained(o historyEvent) bool {
	for _, e := range h.row(o.User) {
		if e.Item == o.Item && !e.At.Before(o.At) {
			return true
		}
	}
	return false
}

// keepLive drops the live events that are in the dataset or of the forgotten.
func (h *history) keepLive() {
	h.live = slices.DeleteFunc(h.live, func(o historyEvent) bool {
		at, masked := h.forgotten(o.User)
		return masked && !o.At.After(at) || h.contained(o)
	})
}

func (h *history) observe(o historyEvent) error {
	at, masked := h.forgotten(o.User)
	if o.At.IsZero() {
		if o.At = h.now; masked && !o.At.After(at) {
			o.At = at.Add(1)
		}
	} else if o.At.After(h.now.Add(time.Minute)) {
		return recommend.ErrRange
	}
	if masked && !o.At.After(at) || h.contained(o) {
		return recommend.ErrDuplicate
	}
	for _, e := range h.live {
		if o.ID != "" && e.ID == o.ID || e.ID == o.ID && e.User == o.User && e.Item == o.Item && e.At.Equal(o.At) {
			return recommend.ErrDuplicate
		}
	}
	h.live = append(h.live, o)
	return nil
}

// forgetAt takes what a user did up to at, known or not.
func (h *history) forgetAt(user string, at time.Time) (known bool) {
	gone := func(e historyEvent) bool { return e.User == user && !e.At.After(at) }
	known = slices.ContainsFunc(h.row(user), gone) || slices.ContainsFunc(h.live, gone)
	h.live = slices.DeleteFunc(h.live, gone)
	if old, masked := h.forgotten(user); !masked || at.After(old) {
		h.deleted[user] = at
	}
	return known
}

// forget is forgetAt of now, or of the user's last event.
func (h *history) forget(user string) (known bool) {
	at := h.now
	for _, e := range slices.Concat(h.row(user), h.live) {
		if e.User == user && e.At.After(at) {
			at = e.At
		}
	}
	return h.forgetAt(user, at)
}

func (h *history) inStock(item string) bool { return h.exception[item] == h.closed }

// restore takes up a snapshot: no deletion is undone.
func (h *history) restore(s told) {
	deleted := h.deleted
	h.told = s.clone()
	for user, at := range deleted {
		if at.After(h.deleted[user]) {
			h.deleted[user] = at
		}
	}
	h.keepLive()
}

// answer returns the whole list of a user, best first, with what scores it.
func (h *history) answer(user string, seen recommend.Seen) (list []shopItem, known bool) {
	row := h.row(user)
	weights := map[string]float32{}
	takers := map[string]map[string]bool{}
	add := func(e historyEvent) {
		if e.User == user {
			weights[e.Item] += e.Weight
		}
	}
	for _, e := range row {
		add(e)
	}
	for item := range h.items {
		takers[item] = map[string]bool{}
	}
	for _, e := range h.events {
		takers[e.Item][e.User] = true
	}
	for _, e := range h.live {
		if h.contained(e) { // in a row that a deletion hides no more
			continue
		}
		add(e)
		if !h.items[e.Item] {
			if takers[e.Item] == nil {
				takers[e.Item] = map[string]bool{}
			}
			takers[e.Item][e.User] = true
		}
	}
	for item, by := range takers {
		if _, had := weights[item]; had && seen == recommend.DropSeen || !h.inStock(item) {
			continue
		}
		r := shopItem{Item: item, Score: float32(len(by)), Source: recommend.SourcePopular}
		if !h.items[item] {
			r.Source = recommend.SourceLive
		} else {
			score := float32(0)
			for old, w := range weights {
				if h.items[old] {
					score += w * affinity(old, item)
				}
			}
			if score > 0 {
				r.Score, r.Source = score, "affinity"
			}
		}
		list = append(list, r)
	}
	slices.SortFunc(list, compareHistory)
	return list, len(row) > 0
}

// compareHistory orders an answer by what is said about it; ties are by index, which is
// nobody's business, so by id.
func compareHistory(a, b shopItem) int {
	last := func(x shopItem) int {
		if x.Source == "affinity" {
			return 0
		}
		return 1
	}
	return cmp.Or(last(a)-last(b), cmp.Compare(b.Score, a.Score), cmp.Compare(a.Item, b.Item))
}

// compare asks the engine for a user's list and the reference too.
func (h *history) compare(t *rapid.T, e *recommend.Engine[string, string], user string) {
	seen := rapid.SampledFrom([]recommend.Seen{recommend.DropSeen, recommend.KeepSeen}).Draw(t, "seen")
	want, known := h.answer(user, seen)
	var info recommend.Info
	got, err := e.Recommend(nil, shopRequest{User: user, K: 100, Seen: seen, Info: &info})
	if err != nil || len(got) != len(want) || info.Known != known {
		t.Fatalf("%s: %v, want %v; known %v, %+v, %v", user, got, want, known, info, err)
	}
	if !slices.IsSortedFunc(got, func(a, b shopItem) int { a.Item, b.Item = "", ""; return compareHistory(a, b) }) {
		t.Fatalf("%s: out of order: %v", user, got)
	}
	slices.SortFunc(got, compareHistory)
	for k := range got {
		if got[k].Item != want[k].Item || got[k].Score != want[k].Score || got[k].Source != want[k].Source {
			t.Fatalf("%s: %d is %+v, want %+v", user, k, got[k], want[k])
		}
	}
}

// build makes a dataset over some of all that ever happened, its catalogue grown,
// shrunk or in another order than before.
func (h *history) build(t *rapid.T, log []historyEvent) recommend.EngineOptions {
	chosen := func(name string, from []historyEvent) (out []historyEvent) {
		without := rapid.SampledFrom([]string{"", "", "u0", "u1", "i1"}).Draw(t, name+" without")
		share := rapid.IntRange(1, 4).Draw(t, name+" share")
		for k, e := range from {
			if k%4 < share && e.User != without && e.Item != without {
				out = append(out, e)
			}
		}
		return out
	}
	first := append(chosen("first", log), historyEvent{User: "admin", Item: "i9", Weight: 1, At: log[0].At})
	b, err := recommend.NewBuilder[string, string](recommend.BuilderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	h.events, h.items = nil, map[string]bool{}
	have := map[string]bool{}
	put := func(events []historyEvent) {
		for _, e := range events {
			if id := fmt.Sprint(e.User, e.Item, e.At.UnixNano(), e.ID); !have[id] {
				have[id] = true
				if err := b.AddAt(e.User, e.Item, e.Weight, e.At); err != nil {
					t.Fatal(err)
				}
				h.events, h.items[e.Item] = append(h.events, e), true
			}
		}
	}
	put(first)
	d, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	if rapid.Bool().Draw(t, "grow") { // what is new comes behind, whatever its id
		if b, err = d.Grow(); err != nil {
			t.Fatal(err)
		}
		put(chosen("second", log))
		if d, err = b.Build(); err != nil {
			t.Fatal(err)
		}
	}
	h.data = d
	return recommend.EngineOptions{
		Sources: []recommend.Source{{Name: "affinity", Model: &affinities{d.Users.Len(), d.Items.IDs()}}},
		Live:    recommend.LiveOptions{Clock: func() time.Time { return h.now }, ForgetFor: historyForgetFor},
	}
}

// TestHistoryProp: after any operations, in any order, the engine says what the
// reference says.
func TestHistoryProp(t *testing.T) {
	for range 4 { // a hundred histories each
		rapid.Check(t, checkHistory)
	}
}

func checkHistory(t *rapid.T) {
	h := &history{now: forgetTime, told: told{deleted: map[string]time.Time{}, exception: map[string]bool{}}}
	user := func() string { return fmt.Sprint("u", rapid.IntRange(0, 5).Draw(t, "user")) }
	item := func() string { return fmt.Sprint("i", rapid.IntRange(0, 12).Draw(t, "item")) }
	var log []historyEvent
	for k := range rapid.IntRange(1, 20).Draw(t, "events") {
		log = append(log, historyEvent{User: user(), Item: item(), Weight: 1, At: h.now.Add(time.Duration(k-30) * time.Minute)})
	}
	opt := h.build(t, log)
	e, err := recommend.NewEngine(h.data, opt)
	if err != nil {
		t.Fatal(err)
	}
	observe := func(o historyEvent) {
		want := h.observe(o)
		if err := e.Observe(o); !errors.Is(err, want) || want == nil && err != nil {
			t.Fatalf("Observe %+v: %v, want %v", o, err, want)
		} else if err == nil && !o.At.IsZero() && o.At.Before(h.now) {
			log = append(log, o)
		}
	}
	forget := func(user string, at time.Time) { // the zero time is now
		want, say := false, e.Forget
		switch old := at.Before(h.now.Add(-historyForgetFor)); {
		case at.IsZero():
			want = h.forget(user)
		case old:
			if _, err := e.ForgetAt(user, at); !errors.Is(err, recommend.ErrRange) {
				t.Fatalf("ForgetAt of %v: %v", at, err)
			}
			return
		default:
			want, say = h.forgetAt(user, at), func(user string) (bool, error) { return e.ForgetAt(user, at) }
		}
		if known, err := say(user); known != want || err != nil {
			t.Fatalf("Forget %s at %v: %v, want %v, %v", user, at, known, want, err)
		}
	}
	note := func(op any) {
		for k := range h.saved {
			h.saved[k].since = append(h.saved[k].since, op)
		}
	}
	for range rapid.IntRange(1, 40).Draw(t, "steps") {
		h.now = h.now.Add(time.Duration(rapid.IntRange(0, 400).Draw(t, "seconds"))*time.Second + 1)
		switch rapid.IntRange(0, 9).Draw(t, "step") {
		case 0, 1, 2:
			o := historyEvent{User: user(), Item: item(), Weight: float32(rapid.IntRange(1, 3).Draw(t, "weight")), ID: rapid.SampledFrom([]string{"", "", "a", "b", "c"}).Draw(t, "id")}
			if ago := rapid.IntRange(-90, 900).Draw(t, "ago"); ago != 0 {
				o.At = h.now.Add(-time.Duration(ago) * time.Second)
			}
			if rapid.IntRange(0, 3).Draw(t, "again") == 0 { // delivered twice, or late
				o = rapid.SampledFrom(log).Draw(t, "old")
			}
			observe(o)
			note(o)
		case 3:
			who, at := user(), time.Time{}
			if ago := rapid.IntRange(-30, 90).Draw(t, "deleted"); ago > 0 {
				at = h.now.Add(-time.Duration(ago) * time.Minute)
			}
			forget(who, at)
			if at.IsZero() {
				at = h.deleted[who]
			}
			note(deletion{who, at})
		case 4:
			opt = h.build(t, log)
			if err := e.Swap(h.data, opt); err != nil {
				t.Fatal(err)
			}
			h.keepLive()
		case 5:
			frame, err := e.Snapshot()
			if err != nil {
				t.Fatal(err)
			}
			h.saved = append(h.saved, saved{frame: frame, told: h.told.clone(), items: h.items})
		case 6:
			if len(h.saved) == 0 {
				continue
			}
			s := h.saved[rapid.IntRange(0, len(h.saved)-1).Draw(t, "snapshot")]
			restart := rapid.Bool().Draw(t, "restart")
			if restart { // the host replays what came after the snapshot
				if e, err = recommend.NewEngine(h.data, opt); err != nil {
					t.Fatal(err)
				}
				h.told = told{deleted: map[string]time.Time{}, exception: map[string]bool{}}
			}
			err := e.Restore(s.frame)
			for item := range s.items {
				if !h.items[item] { // by ids it is right all the same
					if !errors.Is(err, recommend.ErrMismatch) {
						t.Fatalf("Restore onto a catalogue without %s: %v", item, err)
					}
					err = e.RestoreByID(s.frame)
					break
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			h.restore(s.told)
			if restart {
				for _, op := range s.since {
					if gone, ok := op.(deletion); ok {
						forget(gone.user, gone.at)
					} else {
						observe(op.(historyEvent))
					}
				}
			}
		case 7:
			h.closed, h.exception = true, map[string]bool{}
			for range rapid.IntRange(0, 9).Draw(t, "in stock") {
				h.exception[item()] = true
			}
			if h.closed = rapid.Bool().Draw(t, "closed"); h.closed {
				e.SetStock(maps.Keys(h.exception))
			} else {
				h.exception = map[string]bool{}
				e.SetStock(nil)
			}
		case 8:
			id, in := item(), rapid.Bool().Draw(t, "in")
			h.exception[id] = in == h.closed
			e.SetItemStock(id, in)
		default:
			h.all(t, e)
		}
		h.compare(t, e, user())
		if got := e.Live(); got.Events != len(h.live) {
			t.Fatalf("%+v, want %d events", got, len(h.live))
		}
	}
	h.all(t, e)
	for k := range 6 {
		h.compare(t, e, fmt.Sprint("u", k))
	}
}

// all compares the users that All names.
func (h *history) all(t *rapid.T, e *recommend.Engine[string, string]) {
	want := map[string]bool{}
	for _, x := range slices.Concat(h.events, h.live) {
		if len(h.row(x.User)) > 0 || slices.ContainsFunc(h.live, func(o historyEvent) bool { return o.User == x.User }) {
			want[x.User] = true
		}
	}
	lists, fail := e.All(context.Background(), shopRequest{K: 1}, 1)
	n := 0
	for user := range lists {
		if n++; !want[user] {
			t.Fatalf("All names %s", user)
		}
	}
	if fail() != nil || n != len(want) {
		t.Fatalf("All names %d users, want %v, %v", n, want, fail())
	}
}

// The reference is one: a model of ids does not depend on the order of the catalogue.
func TestHistoryAffinity(t *testing.T) {
	if affinity("i1", "i2") == affinity("i2", "i1") && affinity("i3", "i4") == affinity("i4", "i3") {
		t.Error("affinities are symmetric: mistakes of direction would not show")
	}
	if s := affinity("a", "b"); s < 0 || s > 1<<24 || math.Trunc(float64(s)) != float64(s) {
		t.Error(s)
	}
}
