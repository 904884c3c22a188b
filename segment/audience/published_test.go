package audience_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment/audience"
)

// span returns the audience of the users from … to-1 of 400.
func span(t testing.TB, from, to int32) *audience.Set {
	t.Helper()
	var users []int32
	for u := from; u < to; u++ {
		users = append(users, u)
	}
	a, err := audience.New(400, users)
	must(err)
	return a
}

// TestFloor: what is published below 50 people is refused by default; addressing stays,
// and -1 switches the floor off.
func TestFloor(t *testing.T) {
	for _, c := range []struct {
		to   int32
		want error
	}{{0, nil}, {1, audience.ErrPrivacy}, {49, audience.ErrPrivacy}, {50, nil}, {400, nil}} {
		a := span(t, 0, c.to)
		n, err := a.Count()
		if !errors.Is(err, c.want) || err == nil && n != int(c.to) || err != nil && n != 0 {
			t.Errorf("%d members: %d, %v", c.to, n, err)
		}
		if len(a.IDs(nil)) != int(c.to) || a.Has(0) != (c.to > 0) || a.Small() != (c.to < 50) {
			t.Errorf("%d members cannot be addressed", c.to)
		}
		open, err := a.WithMinSize(-1)
		must(err)
		if n, err := open.Count(); err != nil || n != int(c.to) {
			t.Errorf("without a floor: %d, %v", n, err)
		}
		if ten, err := a.WithMinSize(10); err != nil || ten.MinSize() != 10 {
			t.Errorf("%v, %v", ten, err)
		}
	}
	if _, err := span(t, 0, 9).WithMinSize(-2); !errors.Is(err, audience.ErrOption) {
		t.Errorf("-2: %v", err)
	}
	// Estimates, of all users and of a sample.
	ages := make([]float64, 1000)
	for i := range ages {
		ages[i] = float64(i)
	}
	tab, err := audience.NewAttributes(len(ages))
	must(err)
	must(tab.AddNumbers("age", ages))
	for _, c := range []struct {
		below   float64
		minSize int
		want    error
	}{{30, 0, audience.ErrPrivacy}, {30, 20, nil}, {30, -1, nil}, {500, 0, nil}, {0, 0, nil}} {
		p, err := audience.Compile(audience.Compare("age", "<", c.below), tab, audience.Options{MinSize: c.minSize})
		must(err)
		for _, sample := range []int{999, 1000} {
			if e, err := p.Estimate(bg, sample, 1); !errors.Is(err, c.want) || err != nil && e != (audience.Estimate{}) {
				t.Errorf("below %v, at least %d, of %d: %+v, %v", c.below, c.minSize, sample, e, err)
			}
		}
		a, err := p.Select(bg)
		must(err)
		if n, err := a.Count(); !errors.Is(err, c.want) || err == nil && n != int(c.below) {
			t.Errorf("below %v, at least %d: %d, %v", c.below, c.minSize, n, err)
		}
	}
	if _, err := audience.Compile(audience.Has("age"), tab, audience.Options{MinSize: -2}); !errors.Is(err, audience.ErrOption) {
		t.Errorf("-2: %v", err)
	}
}

// TestParityFloor: rows with a group, a chosen part or a part left out below the floor are
// withheld.
func TestParityFloor(t *testing.T) {
	region := make([]string, 400)
	for u := range region {
		switch {
		case u < 100:
			region[u] = "north" // 60 chosen, 40 not
		case u < 220:
			region[u] = "south" // 60 chosen, 60 not
		case u < 390:
			region[u] = "west" // none
		default:
			region[u] = "islands" // ten people
		}
	}
	tab, err := audience.NewAttributes(400)
	must(err)
	must(tab.AddTexts("region", region))
	var users []int32
	for u := range int32(60) {
		users = append(users, u, 100+u)
	}
	a, err := audience.New(400, users)
	must(err)
	rows, err := audience.Parity(a, tab, "region", 0)
	must(err)
	for _, g := range rows {
		if withheld := g.Group == "north" || g.Group == "islands"; withheld != errors.Is(g.Err, audience.ErrPrivacy) ||
			withheld && (g.Size != 0 || g.Selected != 0 || !math.IsNaN(g.Rate) || !math.IsNaN(g.Ratio)) || !withheld && g.Size == 0 {
			t.Errorf("%+v", g)
		}
	}
	if rows[2].Group != "south" || rows[2].Rate != .5 || rows[2].Ratio != 1 || rows[0].Group != "islands" || !rows[0].Small {
		t.Errorf("%+v", rows)
	}
	if rows, err = audience.Parity(a, tab, "region", -1); err != nil || rows[1].Err != nil || rows[1].Rate != .6 || rows[0].Size != 10 {
		t.Errorf("without a floor: %+v, %v", rows, err)
	}
}

// TestPublished: two counts that differ by fewer people than the floor are not both told,
// whatever their order.
func TestPublished(t *testing.T) {
	all, fewer, half, other := span(t, 0, 200), span(t, 1, 200), span(t, 0, 100), span(t, 60, 260)
	var p audience.Published
	for _, c := range []struct {
		a    *audience.Set
		n    int
		want error
	}{{all, 200, nil}, {fewer, 0, audience.ErrPrivacy}, {half, 100, nil}, {all, 200, nil}, {span(t, 0, 20), 0, audience.ErrPrivacy}, {span(t, 0, 230), 0, audience.ErrPrivacy}, {other, 200, nil}, {span(t, 0, 0), 0, nil}} {
		if n, err := p.Count(c.a); n != c.n || !errors.Is(err, c.want) {
			t.Errorf("%d members from %v: %d, %v", len(c.a.IDs(nil)), c.a.IDs(nil)[:min(1, len(c.a.IDs(nil)))], n, err)
		}
	}
	if p.Len() != 4 {
		t.Errorf("%d audiences entered", p.Len())
	}
	open, err := fewer.WithMinSize(-1)
	must(err)
	if n, err := p.Count(open); n != 199 || err != nil {
		t.Errorf("without a floor: %d, %v", n, err)
	}
	small, err := audience.New(7, nil)
	must(err)
	if _, err := p.Count(small); !errors.Is(err, audience.ErrMismatch) {
		t.Errorf("another universe: %v", err)
	}
	var elsewhere audience.Published
	if _, err := elsewhere.Count(small); err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]*audience.Published{"universe": &elsewhere, "self": &p, "nil": nil} {
		if err := p.Merge(o); !errors.Is(err, audience.ErrMismatch) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var none *audience.Published
	if _, err := none.Count(all); !errors.Is(err, audience.ErrEmpty) || none.Len() != 0 {
		t.Errorf("nil: %v", err)
	}
}

// A ledger in parts, merged in any order and sent, has the bytes of one.
func TestPublishedProp(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		draw := rapid.Custom(func(r *rapid.T) *audience.Set {
			from := rapid.Int32Range(0, 3).Draw(r, "from") * 60
			a, err := span(t, from, from+60*rapid.Int32Range(1, 3).Draw(r, "parts")).WithMinSize(rapid.SampledFrom([]int{-1, 50, 60}).Draw(r, "floor"))
			must(err)
			return a
		})
		sets := rapid.SliceOfN(draw, 0, 8).Draw(r, "sets")
		var whole audience.Published
		parts := make([]audience.Published, 2)
		for i, a := range sets {
			_, err := whole.Count(a)
			must(err)
			_, err = parts[i%2].Count(a)
			must(err)
		}
		slices.Reverse(parts)
		data, err := parts[1].MarshalBinary()
		must(err)
		var sent audience.Published
		must(sent.UnmarshalBinary(data))
		must(parts[0].Merge(&sent))
		one, _ := whole.MarshalBinary()
		two, _ := parts[0].MarshalBinary()
		if !bytes.Equal(one, two) {
			r.Fatalf("%x\n%x", one, two)
		}
	})
}

func TestPublishedRefuses(t *testing.T) {
	i64 := func(x int64) func(*codec.Writer) { return func(w *codec.Writer) { w.Int64(x) } }
	words := func(xs ...uint64) func(*codec.Writer) { return func(w *codec.Writer) { w.Uint64s(xs) } }
	decode := func(data []byte) error { return new(audience.Published).UnmarshalBinary(data) }
	testkit.Payload{Kind: codec.KindPublished, Decode: decode, Fields: []testkit.Field{
		{Name: "universe", Put: i64(70)},
		{Name: "audiences", Put: i64(2)},
		{Name: "floor", Put: i64(50)},
		{Name: "words", Put: words(1, 5)},
		{Name: "floor 2", Put: i64(1)},
		{Name: "words 2", Put: words(2, 0)},
	}}.Refuse(t, audience.ErrCorrupt, map[string][]func(*codec.Writer){
		"universe":  {i64(-1), i64(1 << 31), i64(64), i64(129)},
		"audiences": {i64(1), i64(3), i64(1 << 40), i64(0), i64(-1)},
		"floor":     {i64(0), i64(-1)},
		"words":     {words(2, 0), words(3, 0), words(1), words(1, 64)},
		"words 2":   {words(1, 5), words()},
	})
}

// A key makes a hold-out that nobody can foresee without it; one key is one split.
func TestHoldOutKeyed(t *testing.T) {
	ids := make([]int64, 400)
	for i := range ids {
		ids[i] = int64(i)
	}
	a := span(t, 0, 400)
	key := []byte("0123456789abcdef")
	split := func(key []byte, share float64) []int32 {
		target, control, err := audience.HoldOutKeyed(a, ids, share, key)
		must(err)
		if both, err := target.And(control); err != nil || len(both.IDs(nil)) != 0 || len(target.IDs(control.IDs(nil))) != 400 {
			t.Fatal("the sides are no split")
		}
		return control.IDs(nil)
	}
	c := split(key, .3)
	if len(c) < 80 || len(c) > 160 || !slices.Equal(c, split(slices.Clone(key), .3)) {
		t.Errorf("%d in control", len(c))
	}
	wider := split(key, .5)
	for _, u := range c {
		if !slices.Contains(wider, u) {
			t.Errorf("user %d leaves control as it grows", u)
		}
	}
	if slices.Equal(c, split([]byte("another key of 24 bytes!"), .3)) {
		t.Error("another key, the same split")
	}
	for name, call := range map[string]func() error{
		"short key": func() error { _, _, err := audience.HoldOutKeyed(a, ids, .3, key[:15]); return err },
		"share":     func() error { _, _, err := audience.HoldOutKeyed(a, ids, 1, key); return err },
	} {
		if err := call(); !errors.Is(err, audience.ErrOption) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := audience.HoldOutKeyed(a, ids[:9], .3, key); !errors.Is(err, audience.ErrShape) {
		t.Error(err)
	}
}

func ExamplePublished() {
	users := make([]int32, 200)
	for i := range users {
		users[i] = int32(i)
	}
	adults, err := audience.New(500, users)
	must(err)
	younger, err := audience.New(500, users[:199]) // all but one
	must(err)
	var told audience.Published // kept, and stored, by whoever publishes
	fmt.Println(told.Count(adults))
	fmt.Println(told.Count(younger))
	// Output:
	// 200 <nil>
	// 0 audience: Published.Count: differs by fewer than 50 members from what was published: too few people to publish
}

func ExampleHoldOutKeyed() {
	a, err := audience.New(6, []int32{0, 1, 2, 3, 5})
	must(err)
	ids := []string{"ann", "bob", "cai", "dan", "eve", "fay"}
	target, control, err := audience.HoldOutKeyed(a, ids, 0.3, []byte("a secret of the shop, 16 bytes or more"))
	must(err)
	fmt.Println(len(target.IDs(nil)) + len(control.IDs(nil)))
	// Output: 5
}
