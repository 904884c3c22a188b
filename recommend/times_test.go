package recommend_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/recommend"
)

type letters = recommend.Builder[string, string]

// clicks builds the events of user u: item, offset in nanoseconds, sequence number.
type click struct {
	item    string
	at, seq int64
}

func addClicks(t testing.TB, b *letters, user string, cs ...click) {
	t.Helper()
	for _, c := range cs {
		if err := b.AddSeq(user, c.item, 1, time.Unix(1_700_000_000, c.at), c.seq); err != nil {
			t.Fatal(err)
		}
	}
}

// spelled is the sequence of a user in item ids.
func spelled(t testing.TB, d *recommend.Dataset[string, string], user string) string {
	t.Helper()
	s := must(d.Interactions.Sequences())(t)
	out := ""
	for _, i := range s.Sequence(int(d.Users.Of(user))) {
		out += d.Items.ID(i)
	}
	return out
}

func TestSequencesOfEvents(t *testing.T) {
	for _, c := range []struct {
		name   string
		clicks []click
		want   string
	}{
		{"nanoseconds apart", []click{{"a", 3, 0}, {"c", 1, 0}, {"b", 2, 0}}, "cba"},
		{"one instant, by sequence number", []click{{"a", 5, 3}, {"c", 5, -1}, {"b", 5, 2}}, "cba"},
		{"one instant, as they arrived", []click{{"c", 5, 0}, {"a", 5, 0}, {"b", 5, 0}}, "cab"},
		{"repeats are kept", []click{{"a", 1, 0}, {"b", 2, 0}, {"a", 3, 0}, {"a", 4, 0}}, "abaa"},
		{"time goes before the number", []click{{"a", 9, 1}, {"b", 1, 9}}, "ba"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := must(recommend.NewBuilder[string, string](recommend.BuilderOptions{}))(t)
			addClicks(t, b, "u", c.clicks...)
			d := must(b.Build())(t)
			if got := spelled(t, d, "u"); got != c.want {
				t.Errorf("sequence %q, want %q", got, c.want)
			}
			s := must(b.Sequences(d))(t)
			if !slices.Equal(s.Sequence(0), must(d.Interactions.Sequences())(t).Sequence(0)) {
				t.Error("Builder.Sequences has another order")
			}
			times := s.Times(0)
			if len(times) != len(c.clicks) || !slices.IsSorted(times) || times[0]/1e9 != 1_700_000_000 {
				t.Errorf("times %v", times)
			}
			if last, ok := s.Time(0); !ok || last != times[len(times)-1] {
				t.Errorf("time of the sequence %d", last)
			}
			// The frame of the builder keeps it all.
			var back letters
			if err := back.UnmarshalBinary(must(b.MarshalBinary())(t)); err != nil {
				t.Fatal(err)
			}
			if got := spelled(t, must(back.Build())(t), "u"); got != c.want {
				t.Errorf("sequence %q after the binary form, want %q", got, c.want)
			}
			// So does growing.
			more := must(d.Grow())(t)
			addClicks(t, more, "u", click{"z", 1 << 40, 0})
			if got := spelled(t, must(more.Build())(t), "u"); got != c.want+"z" {
				t.Errorf("sequence %q after Grow, want %q", got, c.want+"z")
			}
		})
	}
	t.Run("merged, the receiver's first", func(t *testing.T) {
		a := must(recommend.NewBuilder[string, string](recommend.BuilderOptions{}))(t)
		b := must(recommend.NewBuilder[string, string](recommend.BuilderOptions{}))(t)
		addClicks(t, a, "u", click{"b", 1, 0})
		addClicks(t, b, "u", click{"a", 1, 0}, click{"c", 0, 7})
		if err := a.Merge(b); err != nil {
			t.Fatal(err)
		}
		if got := spelled(t, must(a.Build())(t), "u"); got != "cba" {
			t.Errorf("sequence %q, want cba", got)
		}
	})
}

// The order of events is that of a sort by time, number and arrival, however they came
// and were merged; entries and weights do not even depend on the arrival.
func TestSequencesProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type ev struct {
			user, item string
			at, seq    int64
		}
		es := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) ev {
			return ev{
				rapid.SampledFrom([]string{"u", "v", "w"}).Draw(t, "user"), rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "item"),
				rapid.Int64Range(0, 3).Draw(t, "at"), rapid.Int64Range(-1, 1).Draw(t, "seq"),
			}
		}), 1, 40).Draw(t, "events")
		cut := rapid.IntRange(0, len(es)).Draw(t, "cut")
		fill := func(es []ev) *letters {
			b, _ := recommend.NewBuilder[string, string](recommend.BuilderOptions{})
			for _, e := range es {
				if err := b.AddSeq(e.user, e.item, 1, time.Unix(0, e.at), e.seq); err != nil {
					t.Fatal(err)
				}
			}
			return b
		}
		b := fill(es[:cut])
		if err := b.Merge(fill(es[cut:])); err != nil {
			t.Fatal(err)
		}
		d, err := b.Build()
		if err != nil {
			t.Fatal(err)
		}
		s, err := d.Interactions.Sequences()
		if err != nil {
			t.Fatal(err)
		}
		slices.SortStableFunc(es, func(a, b ev) int { return int(4*(a.at-b.at) + a.seq - b.seq) })
		for u, user := range d.Users.IDs() {
			var want []int32
			for _, e := range es {
				if e.user == user {
					want = append(want, d.Items.Of(e.item))
				}
			}
			if !slices.Equal(s.Sequence(u), want) {
				t.Fatalf("user %s: %v, want %v", user, s.Sequence(u), want)
			}
		}
	})
}

func TestSequencesOfInteractions(t *testing.T) {
	x := must(recommend.InteractionsFromRows(4, [][]int32{{0, 1, 3}, {}, {2}}))(t)
	if _, err := x.Sequences(); !errors.Is(err, recommend.ErrEmpty) {
		t.Errorf("no times: %v", err)
	}
	if _, err := (*recommend.Interactions)(nil).Sequences(); !errors.Is(err, recommend.ErrEmpty) {
		t.Errorf("nil: %v", err)
	}
	timed := must(x.WithTimes([]int64{9, 5, 5, 7}))(t)
	s := must(timed.Sequences())(t)
	if got := s.Sequence(0); !slices.Equal(got, []int32{1, 3, 0}) || len(s.Sequence(1)) != 0 {
		t.Errorf("by time, equal ones by item: %v", got)
	}
	if q := s.Query(7); q.User != recommend.Stranger || s.Times(-1) != nil {
		t.Errorf("out of range: %+v", q)
	}
}

func TestPartsKeepTheirEvents(t *testing.T) {
	b := must(recommend.NewBuilder[string, string](recommend.BuilderOptions{}))(t)
	addClicks(t, b, "u", click{"a", 1, 0}, click{"b", 2, 0}, click{"a", 3, 0}, click{"c", 4, 4})
	addClicks(t, b, "v", click{"c", 1, 0})
	d := must(b.Build())(t)
	c := d.Items.Of("c")
	part := d.Interactions.Select(func(u, k int) bool {
		items, _ := d.Interactions.Row(u)
		return items[k] != c
	})
	s := must(part.Sequences())(t)
	if got := s.Sequence(0); !slices.Equal(got, []int32{0, 1, 0}) || len(s.Sequence(1)) != 0 {
		t.Errorf("sequence of the part: %v", got)
	}
	if at, _ := s.Time(0); at%1e9 != 3 {
		t.Errorf("time of the part: %d", at)
	}
}

// What is taken back counts against what was taken, whatever the order, and a pair that
// nets to nothing is in no row and no sequence.
func TestReturns(t *testing.T) {
	type ev struct {
		item string
		w    float32
		day  int
	}
	for _, c := range []struct {
		name      string
		opt       recommend.BuilderOptions
		events    []ev
		want      string
		weight    float32
		cancelled int
	}{
		{"part", recommend.BuilderOptions{}, []ev{{"a", 3, 0}, {"a", -1, 1}}, "a", 2, 0},
		{"all", recommend.BuilderOptions{}, []ev{{"b", 1, 0}, {"a", 3, 0}, {"a", -3, 1}}, "b", 1, 1},
		{"in tenths", recommend.BuilderOptions{}, []ev{{"b", 1, 0}, {"a", .1, 0}, {"a", .2, 0}, {"a", -.3, 1}}, "b", 1, 1},
		{"without a purchase", recommend.BuilderOptions{}, []ev{{"b", 1, 0}, {"a", -3, 1}}, "b", 1, 1},
		{"before the purchase", recommend.BuilderOptions{}, []ev{{"b", 1, 0}, {"a", -1, 0}, {"a", 1, 1}}, "b", 1, 1},
		{"nothing taken", recommend.BuilderOptions{}, []ev{{"b", 1, 0}, {"a", 0, 0}}, "b", 1, 1},
		{"what is left decays", recommend.BuilderOptions{HalfLife: 24 * time.Hour}, []ev{{"a", 4, 0}, {"a", -3, 1}}, "a", .5, 0},
		{"unit weights", recommend.BuilderOptions{UnitWeights: true}, []ev{{"a", 4, 0}, {"a", 7, 0}, {"a", -9, 1}}, "aa", 1, 0},
		{"logarithms", recommend.BuilderOptions{LogWeights: true}, []ev{{"a", 4, 0}, {"b", 1, 0}, {"a", -4, 1}}, "b", 0.6931472, 1},
		{"cap", recommend.BuilderOptions{Cap: 2.5}, []ev{{"a", 2, 0}, {"a", 7, 1}}, "aa", 2.5, 0},
		{"largest", recommend.BuilderOptions{Duplicates: recommend.Max}, []ev{{"a", 2, 0}, {"a", -1, 1}}, "a", 2, 0},
		{"latest", recommend.BuilderOptions{Duplicates: recommend.Last}, []ev{{"b", 1, 0}, {"a", 2, 0}, {"a", -1, 1}}, "b", 1, 1},
		{"ratings", recommend.BuilderOptions{Ratings: true}, []ev{{"a", -5, 0}, {"a", 2, 1}}, "aa", -3, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, backward := range []bool{false, true} {
				b := must(recommend.NewBuilder[string, string](c.opt))(t)
				es := slices.Clone(c.events)
				if backward {
					slices.Reverse(es)
				}
				for _, e := range es {
					if err := b.AddAt("u", e.item, e.w, time.Date(2026, 1, 1+e.day, 0, 0, 0, 0, time.UTC)); err != nil {
						t.Fatal(err)
					}
				}
				d := must(b.Build())(t)
				items, weights := d.Interactions.Row(0)
				if len(items) != 1 || d.Items.ID(items[0]) != c.want[:1] || weights[0] != c.weight || d.Report.Cancelled != c.cancelled {
					t.Errorf("row %v %v, report %+v", items, weights, d.Report)
				}
				if got := spelled(t, d, "u"); got != c.want {
					t.Errorf("sequence %q, want %q", got, c.want)
				}
			}
		})
	}
}

func TestBuilderReports(t *testing.T) {
	b := must(recommend.NewBuilder[string, string](recommend.BuilderOptions{}))(t)
	at := time.Unix(1_700_000_000, 0)
	for k, err := range []error{
		b.AddAt("jane@example.com", "", 1, at), b.Add("", "tea", 1), b.AddSeq("", "", 1, at, 3),
		b.AddAt("jane@example.com", "tea", 1, time.Date(1600, 1, 1, 0, 0, 0, 0, time.UTC)),
	} {
		if !errors.Is(err, recommend.ErrRange) || strings.Contains(err.Error(), "jane") {
			t.Errorf("refused event %d: %v", k, err)
		}
	}
	if b.Len() != 0 {
		t.Fatal("a refused event left traces")
	}
	for k, err := range []error{b.AddAt("a", "tea", 1, at), b.Add("a", "jam", 1), b.AddAt("b", "tea", -2, at)} {
		if err != nil {
			t.Fatal(k, err)
		}
	}
	d := must(b.Build())(t)
	want := recommend.BuildReport{Events: 3, Untimed: 1, Returns: 1, Cancelled: 1}
	if d.Report != want || d.Interactions.HasTimes() {
		t.Errorf("report %+v, want %+v", d.Report, want)
	}
}
