package segment_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/segment"
)

func compile(t rapid.TB, r segment.Rule, a *segment.Attributes) *segment.Program {
	t.Helper()
	p, err := segment.Compile(r, a, segment.CompileOptions{At: at(0)})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func selected(t rapid.TB, r segment.Rule, a *segment.Attributes) *segment.Audience {
	t.Helper()
	x, err := compile(t, r, a).Select(bg)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// Users of table: ages 31, 67, –, 24; regions north, south, north, –.
func TestSelectClauses(t *testing.T) {
	const none = -1
	for _, c := range []struct {
		rule segment.Rule
		want []int32
	}{
		{segment.Compare("age", "<", 31), []int32{3}},
		{segment.Compare("age", "<=", 31), []int32{0, 3}},
		{segment.Compare("age", ">", 31), []int32{1}},
		{segment.Compare("age", ">=", 31), []int32{0, 1}},
		{segment.Compare("age", "==", 67), []int32{1}},
		{segment.Compare("age", "!=", 67), []int32{0, 3}},
		{segment.Between("age", 24, 31), []int32{0, 3}},
		{segment.In("region", "north"), []int32{0, 2}},
		{segment.In("region", "north", "nowhere"), []int32{0, 2}},
		{segment.Not(segment.In("region", "north")), []int32{1}},
		{segment.In("interests", "garden", "books"), []int32{0, 1}},
		{segment.Not(segment.In("interests", "books")), []int32{2}}, // known to have none
		{segment.Not(segment.In("interests", "nothing")), []int32{0, 1, 2}},
		{segment.Recency("visit", 0, 3*day), []int32{2}}, // exactly 3 days ago is not below
		{segment.Recency("visit", 3*day, 0), []int32{0, 1}},
		{segment.Recency("visit", day, 40*day), []int32{0, 2}},
		{segment.Recency("purchases", 0, 10*day), []int32{0, 3}},
		{segment.Not(segment.Recency("purchases", 0, 10*day)), []int32{1, 2}}, // 2 never bought, which is known
		{segment.Frequency("purchases", 0, 1, none), []int32{0, 1, 3}},
		{segment.Frequency("purchases", 90*day, 2, 3), []int32{0}},
		{segment.Frequency("purchases", 90*day, 0, 0), []int32{1, 2}},
		{segment.Frequency("purchases", 80*day, 3, none), nil}, // the oldest is exactly 80 days ago
		{segment.Has("age"), []int32{0, 1, 3}},
		{segment.Missing("age"), []int32{2}},
		{segment.Not(segment.Missing("interests")), []int32{0, 1, 2}},
		{segment.And(segment.Compare("age", ">", 0), segment.In("region", "north")), []int32{0}},
		{segment.Or(segment.Compare("age", ">", 60), segment.In("region", "north")), []int32{0, 1, 2}},
		{segment.Not(segment.And(segment.Compare("age", ">", 60), segment.In("region", "south"))), []int32{0, 2, 3}},
	} {
		t.Run(c.rule.String(), func(t *testing.T) {
			a := selected(t, c.rule, table())
			if got := a.IDs(nil); !slices.Equal(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
			if (a.Reason() == "") != (len(c.want) > 0) {
				t.Errorf("reason %q", a.Reason())
			}
			for u := range int32(4) {
				e, err := compile(t, c.rule, table()).Explain(u)
				if err != nil || (e.Result == segment.True) != a.Has(u) {
					t.Errorf("user %d: explained as %v, %v", u, e.Result, err)
				}
			}
		})
	}
}

func TestNear(t *testing.T) {
	a, err := segment.NewAttributes(4)
	if err != nil {
		t.Fatal(err)
	}
	// Munich, Augsburg, unknown, the antimeridian.
	must(a.AddNumbers("lat", []float64{48.137, 48.371, 48, 0}))
	must(a.AddNumbers("lon", []float64{11.575, 10.898, math.NaN(), 179.9}))
	near := func(lat, lon, km float64) []int32 {
		return selected(t, segment.Near("lat", "lon", lat, lon, km), a).IDs(nil)
	}
	// Munich to Augsburg is 56 km.
	if got := near(48.137, 11.575, 55); !slices.Equal(got, []int32{0}) {
		t.Error(got)
	}
	if got := near(48.137, 11.575, 58); !slices.Equal(got, []int32{0, 1}) {
		t.Error(got)
	}
	if got := near(0, -179.9, 23); !slices.Equal(got, []int32{3}) {
		t.Error(got)
	}
	if got := selected(t, segment.Not(segment.Near("lat", "lon", 0, 0, 1)), a).IDs(nil); !slices.Equal(got, []int32{0, 1, 3}) {
		t.Error(got)
	}
}

// rules draws a rule over the attributes of randomTable.
func rules(depth int) *rapid.Generator[segment.Rule] {
	return rapid.Custom(func(t *rapid.T) segment.Rule {
		kind := rapid.IntRange(0, 11).Draw(t, "kind")
		if depth == 0 {
			kind %= 9
		}
		sub := func() segment.Rule { return rules(depth-1).Draw(t, "part") }
		number := func() float64 { return float64(rapid.IntRange(0, 4).Draw(t, "number")) }
		days := func() time.Duration { return time.Duration(rapid.IntRange(0, 4).Draw(t, "days")) * day }
		text := func() string { return rapid.SampledFrom([]string{"a", "b", "c", "z"}).Draw(t, "text") }
		switch kind {
		case 0, 1:
			return segment.Compare("x", rapid.SampledFrom([]string{"<", "<=", ">", ">=", "==", "!="}).Draw(t, "operator"), number())
		case 2:
			lo := number()
			return segment.Between("x", lo, lo+number())
		case 3:
			return segment.In("one", text(), text())
		case 4:
			return segment.In("many", text())
		case 5:
			from := days()
			below := time.Duration(0)
			if rapid.Bool().Draw(t, "bounded") {
				below = from + day + days()
			}
			return segment.Recency(rapid.SampledFrom([]string{"seen", "buys"}).Draw(t, "attr"), from, below)
		case 6:
			least := rapid.IntRange(0, 3).Draw(t, "least")
			most := -1
			if rapid.Bool().Draw(t, "bounded") {
				most = least + rapid.IntRange(0, 2).Draw(t, "more")
			}
			return segment.Frequency("buys", days(), least, most)
		case 7:
			return segment.Has(rapid.SampledFrom([]string{"x", "one", "many", "seen", "buys"}).Draw(t, "attr"))
		case 8:
			return segment.Missing(rapid.SampledFrom([]string{"x", "one", "many", "seen", "buys"}).Draw(t, "attr"))
		case 9:
			return segment.Not(sub())
		case 10:
			return segment.And(sub(), sub(), sub())
		default:
			return segment.Or(sub(), sub())
		}
	})
}

// randomTable has every combination of small values, so that whatever can be
// satisfied by one user is satisfied by some user.
func randomTable() *segment.Attributes {
	var (
		x    []float64
		one  []string
		many [][]string
		seen []time.Time
		buys [][]time.Time
	)
	h := -12 * time.Hour // between whole days
	times := [][]time.Time{nil, {}, {at(0), at(0).Add(h)}, {at(-1).Add(h), at(-3)}, {at(-2)}, {at(-2).Add(h), at(-2), at(1), at(0)}, {at(-7)}, {at(5)}}
	for _, v := range []float64{math.NaN(), -1, 0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 9} {
		for _, o := range []string{"", "a", "b", "c", "d"} {
			for _, m := range [][]string{nil, {}, {"a"}, {"b", "a"}, {"c", "b", "a", "z"}} {
				for i, b := range times {
					x, one, many, buys = append(x, v), append(one, o), append(many, m), append(buys, b)
					s := time.Time{}
					if k := (i*3 + len(x)) % 8; len(times[k]) > 0 {
						s = times[k][0]
					}
					seen = append(seen, s)
				}
			}
		}
	}
	a, err := segment.NewAttributes(len(x))
	must(err)
	must(a.AddNumbers("x", x))
	must(a.AddTexts("one", one))
	must(a.AddTextLists("many", many))
	must(a.AddTimes("seen", seen))
	must(a.AddEvents("buys", buys))
	return a
}

// Bitmaps, the one-user evaluation of Explain, and storage as JSON all agree; an
// exact Estimate is the count; and no contradiction is claimed of a rule that
// some user satisfies.
func TestRuleProp(t *testing.T) {
	a := randomTable()
	contradictions := 0
	rapid.Check(t, func(t *rapid.T) {
		r := rules(3).Draw(t, "rule")
		if rapid.IntRange(0, 3).Draw(t, "contradict") == 0 { // chance alone rarely makes a contradiction
			r = segment.And(segment.Has("x"), r, segment.Missing("x"))
		}
		p := compile(t, r, a)
		x, err := p.Select(bg)
		if err != nil {
			t.Fatal(err)
		}
		for u := range int32(a.Users()) {
			if u%3 != 0 && u%7 != 0 {
				continue
			}
			e, err := p.Explain(u)
			if err != nil {
				t.Fatal(err)
			}
			if (e.Result == segment.True) != x.Has(u) {
				t.Fatalf("user %d: %v by bitmap, explained as\n%v", u, x.Has(u), e)
			}
			if len(e.Deciding()) == 0 {
				t.Fatalf("nothing decided\n%v", e)
			}
		}
		text, err := r.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		back, err := segment.ParseRule(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if back.String() != r.String() {
			t.Fatalf("%v came back as %v", r, back)
		}
		y := selected(t, back, a)
		if !slices.Equal(x.IDs(nil), y.IDs(nil)) {
			t.Fatal("the stored rule selects others")
		}
		est, err := p.Estimate(bg, a.Users(), 1)
		if err != nil || est.Count != float64(x.Count()) || est.Low != est.High {
			t.Fatalf("estimate %+v, count %d, %v", est, x.Count(), err)
		}
		// De Morgan, and the third value: rule, negation and neither cover all users.
		not := selected(t, segment.Not(r), a)
		if both, err := x.And(not); err != nil || both.Count() != 0 {
			t.Fatalf("a user satisfies a rule and its negation, %v", err)
		}
		if !slices.Equal(selected(t, segment.Not(segment.Not(r)), a).IDs(nil), x.IDs(nil)) {
			t.Fatal("double negation")
		}
		if (x.Count() == 0) != (x.Reason() != "") {
			t.Fatalf("%d members, reason %q", x.Count(), x.Reason())
		}
		if why := segment.Contradiction(p); why != "" {
			if x.Count() > 0 || !strings.Contains(why, "contradicts") {
				t.Fatalf("%d members, but it is said that %s", x.Count(), why)
			}
			contradictions++
		}
	})
	if contradictions == 0 {
		t.Fatal("no contradiction was drawn")
	}
}

// What is recognised as a contradiction, and what must not be.
func TestContradictions(t *testing.T) {
	const none = -1
	c := segment.Compare
	for _, x := range []struct {
		rule segment.Rule
		text string // "" means: empty or not, but no contradiction
	}{
		{segment.And(c("x", "<", 2), c("x", ">=", 2)), "x >= 2 contradicts x < 2"},
		{segment.And(c("x", "<=", 2), c("x", ">=", 2)), ""},
		{segment.And(c("x", "==", 2), c("x", "==", 3)), "contradicts"},
		{segment.And(c("x", "==", 2), c("x", "!=", 2)), "contradicts"},
		{segment.And(segment.Between("x", 1, 2), segment.Not(c("x", "<", 3))), "not x < 3 contradicts x between 1 and 2"},
		{segment.And(segment.In("one", "a"), segment.In("one", "b", "c")), "contradicts"},
		{segment.And(segment.In("one", "a", "b"), segment.In("one", "b", "c"), segment.In("one", "c", "a")), "contradicts"},
		{segment.And(segment.In("many", "a"), segment.In("many", "b")), ""},
		{segment.And(segment.In("many", "a"), segment.Not(segment.In("many", "a", "b"))), "contradicts"},
		{segment.And(segment.In("one", "a", "b"), segment.Not(segment.In("one", "a"))), ""},
		{segment.And(segment.Has("x"), segment.Missing("x")), "contradicts"},
		{segment.And(c("x", "<", 2), segment.Missing("x")), "contradicts"},
		{segment.And(segment.Not(c("x", "<", 2)), segment.Not(segment.Has("x"))), "contradicts"},
		{segment.And(c("x", "<", 2), segment.Missing("one")), ""},
		{segment.And(segment.Recency("buys", 0, 2*day), segment.Recency("buys", 3*day, 0)), "contradicts"},
		{segment.And(segment.Recency("buys", 0, 2*day), segment.Not(segment.Recency("buys", 0, 3*day))), "contradicts"},
		{segment.And(segment.Not(segment.Recency("buys", 0, 3*day)), segment.Not(segment.Recency("buys", 2*day, 0))), ""},
		{segment.And(segment.Frequency("buys", day, 2, none), segment.Frequency("buys", day, 0, 1)), "contradicts"},
		{segment.And(segment.Frequency("buys", day, 2, none), segment.Frequency("buys", 2*day, 0, 3)), ""},
		{segment.And(segment.Frequency("buys", day, 2, none), segment.Not(segment.Frequency("buys", day, 1, none))), "contradicts"},
		{segment.Or(segment.And(c("x", "<", 1), c("x", ">", 1)), segment.And(segment.Has("x"), segment.Missing("x"))), "; and "},
		{segment.Or(segment.And(c("x", "<", 1), c("x", ">", 1)), segment.Has("x")), ""},
		{segment.Not(segment.Or(c("x", "<", 2), c("x", ">=", 2))), "contradicts"},
		{segment.And(segment.Or(segment.In("one", "a"), segment.In("many", "b")), segment.Not(segment.Or(segment.In("one", "a"), segment.In("many", "b")))), "contradicts"},
	} {
		t.Run(x.rule.String(), func(t *testing.T) {
			a := selected(t, x.rule, randomTable())
			stated := strings.Contains(a.Reason(), "contradicts")
			if stated != (x.text != "") || !strings.Contains(a.Reason(), x.text) {
				t.Errorf("%d members, reason %q, want %q", a.Count(), a.Reason(), x.text)
			}
			if x.text == "" && a.Count() == 0 {
				t.Errorf("empty: %s", a.Reason())
			}
		})
	}
	for _, x := range []struct {
		rule segment.Rule
		text string
	}{
		{segment.In("region", "west"), `no user satisfies region in {"west"} (unknown for 1 of 4)`},
		{segment.And(segment.In("region", "south"), segment.Compare("age", "<", 60)), "age < 60 holds for none of the 1 users"},
		{segment.And(segment.Or(segment.In("region", "west"), segment.Compare("age", "<", 0)), segment.Has("age")), "no user satisfies ("},
	} {
		if a := selected(t, x.rule, table()); !strings.Contains(a.Reason(), x.text) {
			t.Errorf("reason %q, want %q", a.Reason(), x.text)
		}
	}
	empty, err := segment.NewAttributes(0)
	if err != nil {
		t.Fatal(err)
	}
	must(empty.AddNumbers("x", nil))
	if a := selected(t, segment.Has("x"), empty); a.Reason() != "the table has no users" {
		t.Error(a.Reason())
	}
}

func TestCompileBadInput(t *testing.T) {
	nan := math.NaN()
	deep := segment.Has("age")
	for range 100 {
		deep = segment.Not(deep)
	}
	wide := make([]segment.Rule, 10001)
	for i := range wide {
		wide[i] = segment.Has("age")
	}
	for _, c := range []struct {
		name string
		rule segment.Rule
		want error
		text string
	}{
		{"zero rule", segment.Rule{}, segment.ErrEmpty, "zero Rule"},
		{"zero part", segment.And(segment.Has("age"), segment.Rule{}), segment.ErrEmpty, "zero Rule"},
		{"not of nothing", segment.Not(segment.Rule{}), segment.ErrEmpty, "zero Rule"},
		{"empty and", segment.And(), segment.ErrEmpty, `"and" without rules`},
		{"empty or", segment.Or(), segment.ErrEmpty, `"or" without rules`},
		{"operator", segment.Compare("age", "=", 1), segment.ErrRange, "operator"},
		{"and as operator", segment.Compare("age", "and", 1), segment.ErrRange, "operator"},
		{"NaN", segment.Compare("age", "<", nan), segment.ErrNotFinite, `"age"`},
		{"infinity", segment.Between("age", 1, math.Inf(1)), segment.ErrNotFinite, `"age"`},
		{"reversed", segment.Between("age", 2, 1), segment.ErrRange, "low <= high"},
		{"no values", segment.In("region"), segment.ErrEmpty, "no values"},
		{"empty value", segment.In("region", ""), segment.ErrRange, "want text"},
		{"recency", segment.Recency("visit", 5, 5), segment.ErrRange, "recency"},
		{"recency below 0", segment.Recency("visit", -1, 5), segment.ErrRange, "recency"},
		{"frequency", segment.Frequency("purchases", 0, 3, 2), segment.ErrRange, "frequency"},
		{"place", segment.Near("age", "age", 91, 0, 1), segment.ErrRange, "degrees"},
		{"no name", segment.Has(""), segment.ErrRange, "name"},
		{"unknown attribute", segment.Has("shoe size"), segment.ErrUnknownID, `"shoe size"`},
		{"numbers wanted", segment.Compare("region", "<", 1), segment.ErrMismatch, `"region" holds texts, want numbers`},
		{"texts wanted", segment.In("age", "a"), segment.ErrMismatch, `"age" holds numbers, want texts`},
		{"times wanted", segment.Recency("age", 0, 5), segment.ErrMismatch, "want times"},
		{"events wanted", segment.Frequency("visit", 0, 1, 2), segment.ErrMismatch, "want events"},
		{"longitude", segment.Near("age", "region", 1, 0, 1), segment.ErrMismatch, `"region"`},
		{"too deep", deep, segment.ErrTooLarge, "64"},
		{"too wide", segment.Or(wide...), segment.ErrTooLarge, "10000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := segment.Compile(c.rule, table(), segment.CompileOptions{At: at(0)})
			wantErr(t, err, c.want, c.text)
			if p != nil {
				t.Error("a program beside the error")
			}
			if c.want == segment.ErrUnknownID || c.want == segment.ErrMismatch {
				return
			}
			if _, err := c.rule.MarshalJSON(); !errors.Is(err, c.want) {
				t.Errorf("MarshalJSON: %v", err)
			}
		})
	}
	_, err := segment.Compile(segment.Recency("visit", 0, day), table(), segment.CompileOptions{})
	wantErr(t, err, segment.ErrOption, "At is the zero time")
	_, err = segment.Compile(segment.Has("age"), table(), segment.CompileOptions{MinAudience: -1})
	wantErr(t, err, segment.ErrOption, "MinAudience")
	_, err = segment.Compile(segment.Has("age"), nil, segment.CompileOptions{})
	wantErr(t, err, segment.ErrEmpty, "table")
	_, err = compile(t, segment.Has("age"), table()).Explain(4)
	wantErr(t, err, segment.ErrUnknownID, "user 4")
	_, err = compile(t, segment.Has("age"), table()).Estimate(bg, 0, 1)
	wantErr(t, err, segment.ErrOption, "sample")
	ctx, cancel := context.WithCancelCause(bg)
	cause := errors.New("enough")
	cancel(cause)
	if _, err := compile(t, segment.Has("age"), table()).Select(ctx); err != cause {
		t.Error(err)
	}
}

func TestAttributesBadInput(t *testing.T) {
	a, err := segment.NewAttributes(2)
	if err != nil {
		t.Fatal(err)
	}
	must(a.AddNumbers("x", []float64{1, 2}))
	wantErr(t, a.AddNumbers("x", []float64{1, 2}), segment.ErrDuplicate, `"x"`)
	wantErr(t, a.AddNumbers("y", []float64{1}), segment.ErrShape, "2 users")
	wantErr(t, a.AddNumbers("y", []float64{1, math.Inf(-1)}), segment.ErrNotFinite, "user 1")
	wantErr(t, a.AddTexts("", []string{"a", "b"}), segment.ErrRange, "name")
	wantErr(t, a.AddTexts("y", []string{"a", "\xff"}), segment.ErrRange, "user 1")
	wantErr(t, a.AddTextLists("y", [][]string{nil, {"a", ""}}), segment.ErrRange, "user 1")
	wantErr(t, a.AddTimes("y", []time.Time{at(0), time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC)}), segment.ErrRange, "user 1")
	wantErr(t, a.AddEvents("y", [][]time.Time{{{}}, nil}), segment.ErrRange, "user 0")
	wantErr(t, new(segment.Attributes).AddNumbers("x", nil), segment.ErrEmpty, "NewAttributes")
	_, err = segment.NewAttributes(-1)
	wantErr(t, err, segment.ErrRange, "-1 users")
	if got := a.Names(); !slices.Equal(got, []string{"x"}) {
		t.Errorf("half-changed: %v", got)
	}
}

// The 95 % interval holds the truth about 95 times in 100.
func TestEstimateCoverage(t *testing.T) {
	const n = 3000
	x := make([]float64, n)
	for i := range x {
		x[i] = float64(i * 7919 % n)
	}
	a, err := segment.NewAttributes(n)
	if err != nil {
		t.Fatal(err)
	}
	must(a.AddNumbers("x", x))
	for _, size := range []float64{30, 400, 1500, 2990} {
		p := compile(t, segment.Compare("x", "<", size), a)
		hits := 0
		for seed := range uint64(400) {
			e, err := p.Estimate(bg, 300, seed)
			if err != nil || e.Low > e.Count || e.High < e.Count || e.Sampled != 300 {
				t.Fatalf("%+v, %v", e, err)
			}
			if e.Low <= size && size <= e.High {
				hits++
			}
		}
		if hits < 364 { // 0.91; five standard errors below 0.95 is 0.896
			t.Errorf("size %v lies in %d of 400 intervals", size, hits)
		}
	}
}

func TestAudienceSets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 200).Draw(t, "n")
		draw := func(name string) ([]int32, map[int32]bool) {
			ids := rapid.SliceOfN(rapid.Int32Range(0, int32(n-1)), 0, 80).Draw(t, name)
			m := map[int32]bool{}
			for _, i := range ids {
				m[i] = true
			}
			return ids, m
		}
		ia, ma := draw("a")
		ib, mb := draw("b")
		a, err := segment.NewAudience(n, ia)
		if err != nil {
			t.Fatal(err)
		}
		b, err := segment.NewAudience(n, ib)
		if err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]struct {
			op   func(*segment.Audience) (*segment.Audience, error)
			want func(x, y bool) bool
		}{
			"And":    {a.And, func(x, y bool) bool { return x && y }},
			"Or":     {a.Or, func(x, y bool) bool { return x || y }},
			"AndNot": {a.AndNot, func(x, y bool) bool { return x && !y }},
		} {
			got, err := c.op(b)
			if err != nil {
				t.Fatal(err)
			}
			var want []int32
			for u := range int32(n) {
				if c.want(ma[u], mb[u]) {
					want = append(want, u)
				}
			}
			if !slices.Equal(got.IDs(nil), want) || got.Count() != len(want) || (got.Reason() == "") != (len(want) > 0) {
				t.Fatalf("%s: %v, want %v, reason %q", name, got.IDs(nil), want, got.Reason())
			}
		}
		if a.Count() != len(ma) {
			t.Fatal("an operand changed")
		}
	})
}

func TestAudienceBadInput(t *testing.T) {
	_, err := segment.NewAudience(3, []int32{0, 3})
	wantErr(t, err, segment.ErrUnknownID, "users[1] is 3")
	_, err = segment.NewAudience(3, []int32{-1})
	wantErr(t, err, segment.ErrUnknownID, "users[0]")
	_, err = segment.NewAudience(-3, nil)
	wantErr(t, err, segment.ErrRange, "universe")
	a, err := segment.NewAudience(3, []int32{0, 1})
	if err != nil {
		t.Fatal(err)
	}
	b, err := segment.NewAudience(4, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = a.And(b)
	wantErr(t, err, segment.ErrMismatch, "3 and 4")
	var zero segment.Audience
	if zero.Count() != 0 || zero.Has(0) || zero.Universe() != 0 || !zero.Small() {
		t.Error("zero value")
	}
	if !a.Small() || a.MinSize() != 50 {
		t.Error("two members must be flagged below 50")
	}
	ids := []int{7, 8, 9}
	for _, share := range []float64{0, 1, -0.1, 1.5, math.NaN()} {
		_, _, err := segment.HoldOut(a, ids, share, 1)
		wantErr(t, err, segment.ErrOption, "share")
	}
	_, _, err = segment.HoldOut(a, ids[:2], 0.5, 1)
	wantErr(t, err, segment.ErrShape, "ids")
	big, err := segment.NewAudience(100, nil)
	if err != nil {
		t.Fatal(err)
	}
	for u := range int32(50) {
		one, err := segment.NewAudience(100, []int32{u})
		if err != nil {
			t.Fatal(err)
		}
		if !big.Small() {
			t.Errorf("%d members are not flagged", big.Count())
		}
		if big, err = big.Or(one); err != nil {
			t.Fatal(err)
		}
	}
	if big.Small() {
		t.Error("50 members are flagged")
	}
	// A hostile universe: no members beyond it, no memory for a promise.
	var w codec.Writer
	w.Int(3)
	w.Int(50)
	w.String("")
	w.Uint64s([]uint64{8})
	if err := a.UnmarshalBinary(w.AppendFrame(nil, codec.KindAudience, 1)); !errors.Is(err, segment.ErrCorrupt) {
		t.Error(err)
	}
	w = codec.Writer{}
	w.Int(math.MaxInt32)
	w.Int(50)
	w.String("")
	w.Uint64s(nil)
	if err := a.UnmarshalBinary(w.AppendFrame(nil, codec.KindAudience, 1)); !errors.Is(err, segment.ErrCorrupt) {
		t.Error(err)
	}
	if a.Count() != 2 {
		t.Error("a failed decode changed the receiver")
	}
}

type sku string

func TestHoldOut(t *testing.T) {
	const n = 20000
	names, numbers, back := make([]sku, n), make([]uint16, n), make([]sku, n)
	all := make([]int32, n)
	for i := range n {
		names[i], numbers[i], all[i] = sku(fmt.Sprint("user-", i)), uint16(i), int32(i)
		back[n-1-i] = names[i]
	}
	a, err := segment.NewAudience(n, all)
	if err != nil {
		t.Fatal(err)
	}
	for _, share := range []float64{0.05, 0.5, 0.9} {
		target, control, err := segment.HoldOut(a, names, share, 3)
		if err != nil {
			t.Fatal(err)
		}
		if both, err := target.And(control); err != nil || both.Count() != 0 || target.Count()+control.Count() != n {
			t.Errorf("not a split, %v", err)
		}
		sd := math.Sqrt(n * share * (1 - share))
		if math.Abs(float64(control.Count())-share*n) > 4*sd {
			t.Errorf("share %v gives %d controls", share, control.Count())
		}
		// By id alone: the same people in another order, and in a smaller audience.
		_, turned, err := segment.HoldOut(a, back, share, 3)
		if err != nil {
			t.Fatal(err)
		}
		some, err := segment.NewAudience(n, all[:100])
		if err != nil {
			t.Fatal(err)
		}
		_, few, err := segment.HoldOut(some, names, share, 3)
		if err != nil {
			t.Fatal(err)
		}
		for u := range int32(n) {
			if control.Has(u) != turned.Has(n-1-u) {
				t.Fatalf("user %d changes sides with the order", u)
			}
			if u < 100 && few.Has(u) != control.Has(u) {
				t.Fatalf("user %d changes sides with the audience", u)
			}
		}
		_, other, err := segment.HoldOut(a, names, share, 4)
		if err != nil {
			t.Fatal(err)
		}
		both, err := other.And(control)
		if err != nil {
			t.Fatal(err)
		}
		if want := share * share * n; math.Abs(float64(both.Count())-want) > 5*math.Sqrt(want) {
			t.Errorf("controls of two seeds share %d users, want about %v", both.Count(), want)
		}
		_, wider, err := segment.HoldOut(a, names, share+0.05, 3)
		if err != nil {
			t.Fatal(err)
		}
		if left, err := control.AndNot(wider); err != nil || left.Count() != 0 {
			t.Errorf("a larger share drops controls, %v", err)
		}
	}
	// Integers hash by value, whatever their type.
	wide := make([]int64, n)
	for i := range wide {
		wide[i] = int64(i)
	}
	_, x, err := segment.HoldOut(a, numbers, 0.3, 1)
	if err != nil {
		t.Fatal(err)
	}
	_, y, err := segment.HoldOut(a, wide, 0.3, 1)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(x.IDs(nil), y.IDs(nil)) {
		t.Error("the type of the id matters")
	}
}
