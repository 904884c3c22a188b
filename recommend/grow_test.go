package recommend_test

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/recommend"
)

// growEvent is an event of a log; at is a day, -1 for none.
type growEvent struct {
	user, item string
	w          float32
	at         int64
}

func addGrown(t *rapid.T, b *letters, es []growEvent) {
	for _, e := range es {
		var err error
		if e.at < 0 {
			err = b.Add(e.user, e.item, e.w)
		} else {
			err = b.AddSeq(e.user, e.item, e.w, time.Unix(e.at*86400, 0), e.at%3)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// grownState is what a dataset says, by ids; what depends on indices that Grow keeps is left
// out.
func grownState(t *rapid.T, d *recommend.Dataset[string, string], err error) map[string]any {
	out := map[string]any{}
	if errors.Is(err, recommend.ErrEmpty) {
		return out
	}
	if err != nil {
		t.Fatal(err)
	}
	r := d.Report
	r.DroppedUsers, r.DroppedItems = 0, 0
	out["report"] = r
	for u, user := range d.Users.IDs() {
		items, weights := d.Interactions.Row(u)
		times := d.Interactions.Times(u)
		for k, i := range items {
			at := int64(0)
			if times != nil {
				at = times[k]
			}
			out[user+d.Items.ID(i)] = fmt.Sprint(weights[k], at)
		}
		if !d.Interactions.HasTimes() || len(items) == 0 {
			continue
		}
		s, err := d.Interactions.Sequences()
		if err != nil {
			t.Fatal(err)
		}
		type step struct {
			at   int64
			item string
		}
		var steps []step // what is equal in time goes by arrival, which Grow does not keep
		for k, i := range s.Sequence(u) {
			steps = append(steps, step{s.Times(u)[k], d.Items.ID(i)})
		}
		slices.SortFunc(steps, func(a, b step) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.item, b.item)) })
		out["sequence of "+user] = fmt.Sprint(steps)
	}
	return out
}

// Growing, as often as one likes and from a frame too, is building all events at once, but
// for the order of the ids: for every combination of options, with times, without and with
// some, with returns, and with users and items that qualify late or no more.
func TestGrowProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		timed := rapid.SampledFrom([]string{"timed", "untimed", "mixed"}).Draw(t, "times")
		es := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) growEvent {
			e := growEvent{
				rapid.SampledFrom([]string{"u", "v", "w", "x"}).Draw(t, "user"), rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "item"),
				rapid.SampledFrom([]float32{-3, -2, -1, -.1, 0, .1, .3, 1, 2, 7, 1 << 24}).Draw(t, "weight"), rapid.Int64Range(0, 30).Draw(t, "at"),
			}
			if timed == "untimed" || timed == "mixed" && rapid.Bool().Draw(t, "no time") {
				e.at = -1
			}
			return e
		}), 3, 40).Draw(t, "events")
		policy := rapid.SampledFrom([]string{"", "unit", "log", "ratings"}).Draw(t, "weights")
		opt := recommend.BuilderOptions{
			Duplicates:  rapid.SampledFrom([]recommend.Duplicates{recommend.Sum, recommend.Max, recommend.Last}).Draw(t, "duplicates"),
			UnitWeights: policy == "unit", LogWeights: policy == "log", Ratings: policy == "ratings",
			MinUserItems: rapid.IntRange(0, 3).Draw(t, "least items"), MinItemUsers: rapid.IntRange(0, 3).Draw(t, "least users"),
		}
		if policy != "ratings" {
			opt.Cap = rapid.SampledFrom([]float32{0, .2, 2}).Draw(t, "cap")
		}
		if timed == "timed" {
			opt.HalfLife = time.Duration(rapid.SampledFrom([]int{0, 240}).Draw(t, "half-life")) * time.Hour
			if rapid.Bool().Draw(t, "as of") {
				opt.AsOf = time.Unix(40*86400, 0)
			}
		}
		whole, err := recommend.NewBuilder[string, string](opt)
		if err != nil {
			t.Fatal(err)
		}
		addGrown(t, whole, es)
		b, _ := recommend.NewBuilder[string, string](opt)
		for len(es) > 0 {
			n := rapid.IntRange(1, len(es)).Draw(t, "part")
			addGrown(t, b, es[:n])
			es = es[n:]
			d, err := b.Build()
			if errors.Is(err, recommend.ErrEmpty) {
				continue // the builder goes on
			}
			if err != nil {
				t.Fatal(err)
			}
			if rapid.Bool().Draw(t, "restart") {
				frame, err := d.MarshalBinary()
				if err != nil {
					t.Fatal(err)
				}
				d = &recommend.Dataset[string, string]{}
				if err := d.UnmarshalBinary(frame); err != nil {
					t.Fatal(err)
				}
				if again, err := d.MarshalBinary(); err != nil || !slices.Equal(again, frame) {
					t.Fatalf("a read dataset has other bytes: %v", err)
				}
			}
			if b, err = d.Grow(); err != nil {
				t.Fatal(err)
			}
		}
		d, err := whole.Build()
		want := grownState(t, d, err)
		d, err = b.Build()
		if got := grownState(t, d, err); !maps.Equal(got, want) {
			t.Fatalf("grown:\n%v\nwant:\n%v", got, want)
		}
	})
}

// The right values: without times a cap hides what a return takes back, and a user who was
// dropped comes back with what was known.
func TestGrowExact(t *testing.T) {
	build := func(opt recommend.BuilderOptions, grow bool, es ...growEvent) *recommend.Dataset[string, string] {
		b := must(recommend.NewBuilder[string, string](opt))(t)
		for k, e := range es {
			if grow && k == len(es)-1 {
				b = must(must(b.Build())(t).Grow())(t)
			}
			if err := b.Add(e.user, e.item, e.w); err != nil {
				t.Fatal(err)
			}
		}
		return must(b.Build())(t)
	}
	capped := []growEvent{{"u", "tea", 5, -1}, {"u", "tea", 4, -1}, {"v", "tea", 1, -1}, {"u", "tea", -6, -1}}
	late := []growEvent{{"u", "tea", 1, -1}, {"u", "milk", 1, -1}, {"v", "tea", 1, -1}, {"v", "milk", 1, -1}, {"w", "tea", 2, -1}, {"w", "milk", 3, -1}}
	for _, grow := range []bool{false, true} {
		d := build(recommend.BuilderOptions{Cap: 4}, grow, capped...)
		if _, w := d.Interactions.Row(int(d.Users.Of("u"))); len(w) != 1 || w[0] != 3 {
			t.Errorf("grown %v: 9 less 6 under a cap of 4 is %v, want 3", grow, w)
		}
		d = build(recommend.BuilderOptions{MinUserItems: 2}, grow, late...)
		w := d.Users.Of("w")
		if w < 0 {
			t.Errorf("grown %v: a user who qualifies late is lost", grow)
			continue
		}
		if _, weights := d.Interactions.Row(int(w)); len(weights) != 2 || weights[0]+weights[1] != 5 {
			t.Errorf("grown %v: weights %v, want 2 and 3", grow, weights)
		}
	}
}
