package recommend

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/codec"
)

// fingerprint is everything a dataset holds, as bytes.
func fingerprint[U, I ID](d *Dataset[U, I]) []byte {
	var w codec.Writer
	putCSR(&w, d.Interactions.users)
	w.Int64s(d.Interactions.times)
	w.String(fmt.Sprint(d.Users.IDs(), d.Items.IDs(), d.Report))
	return w.AppendFrame(nil, 1, 1)
}

type rawEvent struct {
	user string
	item int
	w    float32
	at   time.Time
}

func build(t testing.TB, opt BuilderOptions, es []rawEvent) *Dataset[string, int] {
	t.Helper()
	b, err := NewBuilder[string, int](opt)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range es {
		if e.at.IsZero() {
			err = b.Add(e.user, e.item, e.w)
		} else {
			err = b.AddAt(e.user, e.item, e.w, e.at)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	d, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func day(n int) time.Time { return time.Date(2026, 1, 1+n, 12, 0, 0, 0, time.UTC) }

func cell[U, I ID](d *Dataset[U, I], u U, i I) float64 {
	p := d.Interactions.users.Find(int(d.Users.Of(u)), d.Items.Of(i))
	if p < 0 {
		return math.NaN()
	}
	return float64(d.Interactions.users.Val[p])
}

func TestBuilderDuplicates(t *testing.T) {
	es := []rawEvent{{"b", 7, 5, day(0)}, {"a", 7, 1, day(2)}, {"a", 9, 2, day(1)}, {"a", 7, 3, day(0)}, {"a", 7, 2, day(2)}}
	for _, c := range []struct {
		name string
		opt  BuilderOptions
		want float64
	}{
		{"sum", BuilderOptions{}, 6},
		{"max", BuilderOptions{Duplicates: Max}, 3},
		{"last, larger of equal times", BuilderOptions{Duplicates: Last}, 2},
		{"decay", BuilderOptions{HalfLife: 24 * time.Hour}, 1 + 2 + 3.0/4},
		{"decay to reference", BuilderOptions{HalfLife: 24 * time.Hour, AsOf: day(3)}, (1 + 2 + 3.0/4) / 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := build(t, c.opt, es)
			if got := cell(d, "a", 7); got != c.want {
				t.Errorf("weight is %v, want %v", got, c.want)
			}
			if got := d.Users.IDs(); !slices.Equal(got, []string{"a", "b"}) {
				t.Errorf("users %v", got)
			}
			if d.Report.Events != 5 || d.Report.Merged != 2 {
				t.Errorf("report %+v", d.Report)
			}
			if got := d.Interactions.Times(0); len(got) != 2 || got[0] != day(2).UnixNano() {
				t.Errorf("times %v", got)
			}
		})
	}
}

func TestBuilderBadInput(t *testing.T) {
	if _, err := NewBuilder[string, int](BuilderOptions{Duplicates: 9, HalfLife: -1}); !errors.Is(err, ErrOption) {
		t.Errorf("options: %v", err)
	}
	b, err := NewBuilder[string, int](BuilderOptions{HalfLife: time.Hour, AsOf: day(1)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Build(); !errors.Is(err, ErrEmpty) {
		t.Errorf("empty: %v", err)
	}
	for _, w := range []float32{float32(math.NaN()), float32(math.Inf(1))} {
		if err := b.Add("u", 1, w); !errors.Is(err, ErrNotFinite) {
			t.Errorf("weight %v: %v", w, err)
		}
	}
	if err := b.AddAt("u", 1, 1, time.Time{}); !errors.Is(err, ErrRange) {
		t.Errorf("zero time: %v", err)
	}
	if b.Len() != 0 || b.users.Len() != 0 {
		t.Error("a refused event left traces")
	}
	if err := b.Merge(b); !errors.Is(err, ErrMismatch) {
		t.Errorf("merge with itself: %v", err)
	}
	o, _ := NewBuilder[string, int](BuilderOptions{})
	if err := b.Merge(o); !errors.Is(err, ErrMismatch) {
		t.Errorf("merge of other options: %v", err)
	}
	_ = b.AddAt("u", 1, 1, day(2))
	if _, err := b.Build(); !errors.Is(err, ErrRange) {
		t.Errorf("event after reference: %v", err)
	}
	_ = b.Add("u", 1, 1)
	if _, err := b.Build(); !errors.Is(err, ErrRange) {
		t.Errorf("event without time: %v", err)
	}
	_ = o.Add("u", 1, math.MaxFloat32)
	_ = o.Add("u", 1, math.MaxFloat32)
	if _, err := o.Build(); !errors.Is(err, ErrNotFinite) {
		t.Errorf("overflowing sum: %v", err)
	}
}

// Order, shards and merges do not matter.
func TestBuilderMergeProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		opt := BuilderOptions{
			Duplicates:   rapid.SampledFrom([]Duplicates{Sum, Max, Last}).Draw(t, "dup"),
			MinUserItems: rapid.IntRange(0, 2).Draw(t, "minUser"),
			MinItemUsers: rapid.IntRange(0, 2).Draw(t, "minItem"),
		}
		if rapid.Bool().Draw(t, "decay") {
			opt.HalfLife = 36 * time.Hour
		}
		type ev struct{ u, i, w, d int }
		es := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) ev {
			return ev{rapid.IntRange(0, 5).Draw(t, "u"), rapid.IntRange(0, 5).Draw(t, "i"), rapid.IntRange(0, 9).Draw(t, "w"), rapid.IntRange(0, 5).Draw(t, "d")}
		}), 1, 40).Draw(t, "events")
		shards := rapid.IntRange(1, 4).Draw(t, "shards")
		run := func(es []ev, shards int) ([]byte, error) {
			bs := make([]*Builder[string, int], shards)
			for s := range bs {
				bs[s], _ = NewBuilder[string, int](opt)
			}
			for k, e := range es {
				if err := bs[k%shards].AddAt(fmt.Sprint("u", e.u), e.i, 0.1*float32(e.w), day(e.d)); err != nil {
					return nil, err
				}
			}
			for _, b := range bs[1:] {
				if err := bs[0].Merge(b); err != nil {
					return nil, err
				}
			}
			d, err := bs[0].Build()
			if err != nil {
				return nil, err
			}
			return fingerprint(d), nil
		}
		want, errWant := run(es, 1)
		perm := rapid.Permutation(es).Draw(t, "order")
		got, errGot := run(perm, shards)
		if (errWant == nil) != (errGot == nil) || !bytes.Equal(want, got) {
			t.Fatalf("other order and %d shards give another dataset (%v, %v)", shards, errWant, errGot)
		}
		if errWant != nil && !errors.Is(errWant, ErrEmpty) {
			t.Fatal(errWant)
		}
	})
}

func TestBuilderCore(t *testing.T) {
	// d has one item, and dropping it leaves item 3 with one user, which leaves c
	// with one item, and so on: only the 2×2 block of a, b and 1, 2 remains.
	es := []rawEvent{
		{"a", 1, 1, time.Time{}},
		{"a", 2, 1, time.Time{}},
		{"b", 1, 1, time.Time{}},
		{"b", 2, 1, time.Time{}},
		{"c", 1, 1, time.Time{}},
		{"c", 3, 1, time.Time{}},
		{"d", 3, 1, time.Time{}},
	}
	d := build(t, BuilderOptions{MinUserItems: 2, MinItemUsers: 2}, es)
	if d.Interactions.Len() != 4 || !slices.Equal(d.Users.IDs(), []string{"a", "b"}) || !slices.Equal(d.Items.IDs(), []int{1, 2}) {
		t.Errorf("kept %v × %v, %d entries", d.Users.IDs(), d.Items.IDs(), d.Interactions.Len())
	}
	if r := d.Report; r.DroppedUsers != 2 || r.DroppedItems != 1 || r.DroppedPairs != 3 {
		t.Errorf("report %+v", r)
	}
}

func TestGrowKeepsIndices(t *testing.T) {
	d := build(t, BuilderOptions{}, []rawEvent{{"m", 50, 1, day(0)}, {"z", 40, 2, day(1)}})
	b, err := d.Grow()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []rawEvent{{"a", 10, 1, day(2)}, {"m", 50, 4, day(2)}, {"z", 60, 1, day(3)}} {
		if err := b.AddAt(e.user, e.item, e.w, e.at); err != nil {
			t.Fatal(err)
		}
	}
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(g.Users.IDs(), []string{"m", "z", "a"}) || !slices.Equal(g.Items.IDs(), []int{40, 50, 10, 60}) {
		t.Errorf("ids %v × %v", g.Users.IDs(), g.Items.IDs())
	}
	if got := cell(g, "m", 50); got != 5 {
		t.Errorf("weight %v, want 5", got)
	}
	if d.Users.Len() != 2 || cell(d, "m", 50) != 1 {
		t.Error("the grown dataset changed")
	}
	set, unknown := g.ItemSet(10, 99, 40)
	if set.Count() != 2 || !set.Has(2) || !slices.Equal(unknown, []int{99}) {
		t.Errorf("set of %d, unknown %v", set.Count(), unknown)
	}
}

func TestNewInteractionsBadInput(t *testing.T) {
	nan := float32(math.NaN())
	for _, c := range []struct {
		name         string
		users, items int
		ptr          []int64
		cols         []int32
		w            []float32
		want         error
	}{
		{"pointers missing", 2, 2, []int64{0, 1}, []int32{0}, nil, ErrShape},
		{"pointers descend", 2, 2, []int64{0, 2, 1}, []int32{0}, nil, ErrShape},
		{"columns descend", 1, 3, []int64{0, 2}, []int32{2, 1}, nil, ErrShape},
		{"column twice", 1, 3, []int64{0, 2}, []int32{1, 1}, nil, ErrShape},
		{"column out of range", 1, 2, []int64{0, 1}, []int32{2}, nil, ErrShape},
		{"negative column", 1, 2, []int64{0, 1}, []int32{-1}, nil, ErrShape},
		{"not a number", 1, 2, []int64{0, 1}, []int32{1}, []float32{nan}, ErrNotFinite},
		{"negative shape", -1, 2, nil, nil, nil, ErrShape},
	} {
		if _, err := NewInteractions(c.users, c.items, c.ptr, c.cols, c.w); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := InteractionsFromRows(3, [][]int32{{0}, {2, 2}}); !errors.Is(err, ErrDuplicate) {
		t.Errorf("duplicate: %v", err)
	}
	if _, err := InteractionsFromRows(3, [][]int32{{0}, {3}}); !errors.Is(err, ErrRange) {
		t.Errorf("range: %v", err)
	}
}
