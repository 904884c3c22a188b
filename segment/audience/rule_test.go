package audience_test

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
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment/audience"
)

var bg = context.Background()

const day = 24 * time.Hour

func wantErr(t *testing.T, err, want error, text string) {
	t.Helper()
	if !errors.Is(err, want) || !strings.Contains(err.Error(), text) {
		t.Errorf("error %v, want %v with %q", err, want, text)
	}
}

func compile(t rapid.TB, r audience.Rule, a *audience.Attributes) *audience.Program {
	t.Helper()
	p, err := audience.Compile(r, a, audience.Options{AsOf: at(0), MinSize: -1})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func selected(t rapid.TB, r audience.Rule, a *audience.Attributes) *audience.Set {
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
		rule audience.Rule
		want []int32
	}{
		{audience.Compare("age", "<", 31), []int32{3}},
		{audience.Compare("age", "<=", 31), []int32{0, 3}},
		{audience.Compare("age", ">", 31), []int32{1}},
		{audience.Compare("age", ">=", 31), []int32{0, 1}},
		{audience.Compare("age", "==", 67), []int32{1}},
		{audience.Compare("age", "!=", 67), []int32{0, 3}},
		{audience.Between("age", 24, 31), []int32{0, 3}},
		{audience.In("region", "north"), []int32{0, 2}},
		{audience.In("region", "north", "nowhere"), []int32{0, 2}},
		{audience.Not(audience.In("region", "north")), []int32{1}},
		{audience.In("interests", "garden", "books"), []int32{0, 1}},
		{audience.Not(audience.In("interests", "books")), []int32{2}}, // known to have none
		{audience.Not(audience.In("interests", "nothing")), []int32{0, 1, 2}},
		{audience.Recency("visit", 0, 3*day), []int32{2}}, // exactly 3 days ago is not below
		{audience.Recency("visit", 3*day, 0), []int32{0, 1}},
		{audience.Recency("visit", day, 40*day), []int32{0, 2}},
		{audience.Recency("purchases", 0, 10*day), []int32{0, 3}},
		{audience.Not(audience.Recency("purchases", 0, 10*day)), []int32{1, 2}}, // 2 never bought, which is known
		{audience.Frequency("purchases", 0, 1, none), []int32{0, 1, 3}},
		{audience.Frequency("purchases", 90*day, 2, 3), []int32{0}},
		{audience.Frequency("purchases", 90*day, 0, 0), []int32{1, 2}},
		{audience.Frequency("purchases", 80*day, 3, none), nil}, // the oldest is exactly 80 days ago
		{audience.Has("age"), []int32{0, 1, 3}},
		{audience.Missing("age"), []int32{2}},
		{audience.Not(audience.Missing("interests")), []int32{0, 1, 2}},
		{audience.And(audience.Compare("age", ">", 0), audience.In("region", "north")), []int32{0}},
		{audience.Or(audience.Compare("age", ">", 60), audience.In("region", "north")), []int32{0, 1, 2}},
		{audience.Not(audience.And(audience.Compare("age", ">", 60), audience.In("region", "south"))), []int32{0, 2, 3}},
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
				if err != nil || (e.Result == audience.True) != a.Has(u) {
					t.Errorf("user %d: explained as %v, %v", u, e.Result, err)
				}
			}
		})
	}
}

func TestNear(t *testing.T) {
	a, err := audience.NewAttributes(4)
	if err != nil {
		t.Fatal(err)
	}
	// Munich, Augsburg, unknown, the antimeridian.
	must(a.AddNumbers("lat", []float64{48.137, 48.371, 48, 0}))
	must(a.AddNumbers("lon", []float64{11.575, 10.898, math.NaN(), 179.9}))
	near := func(lat, lon, km float64) []int32 {
		return selected(t, audience.Near("lat", "lon", lat, lon, km), a).IDs(nil)
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
	if got := selected(t, audience.Not(audience.Near("lat", "lon", 0, 0, 1)), a).IDs(nil); !slices.Equal(got, []int32{0, 1, 3}) {
		t.Error(got)
	}
}

// rules draws a rule over the attributes of randomTable.
func rules(depth int) *rapid.Generator[audience.Rule] {
	return rapid.Custom(func(t *rapid.T) audience.Rule {
		kind := rapid.IntRange(0, 17).Draw(t, "kind")
		if depth == 0 {
			kind %= 14
		}
		sub := func() audience.Rule { return rules(depth-1).Draw(t, "part") }
		number := func() float64 { return float64(rapid.IntRange(0, 4).Draw(t, "number")) }
		days := func() time.Duration { return time.Duration(rapid.IntRange(0, 4).Draw(t, "days")) * day }
		text := func() string { return rapid.SampledFrom([]string{"a", "b", "c", "z"}).Draw(t, "text") }
		switch kind {
		case 0, 1:
			return audience.Compare("x", rapid.SampledFrom([]string{"<", "<=", ">", ">=", "==", "!="}).Draw(t, "operator"), number())
		case 2:
			lo := number()
			return audience.Between("x", lo, lo+number())
		case 3:
			return audience.In("one", text(), text())
		case 4:
			return audience.In("many", text())
		case 5:
			from := days()
			below := time.Duration(0)
			if rapid.Bool().Draw(t, "bounded") {
				below = from + day + days()
			}
			return audience.Recency(rapid.SampledFrom([]string{"seen", "buys"}).Draw(t, "attr"), from, below)
		case 6:
			least := rapid.IntRange(0, 3).Draw(t, "least")
			most := -1
			if rapid.Bool().Draw(t, "bounded") {
				most = least + rapid.IntRange(0, 2).Draw(t, "more")
			}
			return audience.Frequency("buys", days(), least, most)
		case 7:
			return audience.Has(rapid.SampledFrom([]string{"x", "one", "many", "seen", "buys"}).Draw(t, "attr"))
		case 8:
			return audience.Missing(rapid.SampledFrom([]string{"x", "one", "many", "seen", "buys"}).Draw(t, "attr"))
		case 9:
			return audience.In("id", fmt.Sprint(rapid.IntRange(0, 3000).Draw(t, "id")), "7")
		case 10:
			return audience.Sample("id", rapid.Float64Range(.1, .9).Draw(t, "share"), text())
		case 11, 12, 13:
			return logRules().Draw(t, "of events")
		case 14:
			return audience.Not(sub())
		case 15, 16:
			return audience.And(sub(), sub(), sub())
		default:
			return audience.Or(sub(), sub())
		}
	})
}

// logRules draws a clause about events with properties.
func logRules() *rapid.Generator[audience.Rule] {
	return rapid.Custom(func(t *rapid.T) audience.Rule {
		days := func() time.Duration { return time.Duration(rapid.IntRange(0, 4).Draw(t, "days")) * day }
		switch rapid.IntRange(0, 2).Draw(t, "of events") {
		case 0:
			return audience.Recency("log", 0, day+days()).Where(conditions(1).Draw(t, "where"))
		case 1:
			return logged(0, 3).Draw(t, "events")
		}
		steps := []audience.Rule{audience.Frequency("log", days(), rapid.IntRange(1, 2).Draw(t, "first"), -1).Where(conditions(0).Draw(t, "where"))}
		if rapid.Bool().Draw(t, "more") {
			steps = append(steps, audience.Frequency("buys", days(), 1, -1))
		}
		return audience.Then(append(steps, logged(0, 1).Draw(t, "last"))...)
	})
}

// logged draws a Frequency of events with properties.
func logged(from, to int) *rapid.Generator[audience.Rule] {
	return rapid.Custom(func(t *rapid.T) audience.Rule {
		least := rapid.IntRange(from, to).Draw(t, "least")
		most := rapid.SampledFrom([]int{-1, least, least + 1}).Draw(t, "most")
		r := audience.Frequency("log", time.Duration(rapid.IntRange(0, 5).Draw(t, "days"))*day, least, most)
		if rapid.IntRange(0, 3).Draw(t, "bare") == 0 {
			return r
		}
		return r.Where(conditions(1).Draw(t, "where"))
	})
}

// conditions draws a rule over the properties of events.
func conditions(depth int) *rapid.Generator[audience.Rule] {
	return rapid.Custom(func(t *rapid.T) audience.Rule {
		kind := rapid.IntRange(0, 8).Draw(t, "condition")
		if depth == 0 {
			kind %= 5
		}
		sub := func() audience.Rule { return conditions(depth-1).Draw(t, "part") }
		switch kind {
		case 0:
			return audience.In("category", rapid.SampledFrom([]string{"tea", "cup", "\"pot\""}).Draw(t, "category"))
		case 1:
			return audience.Compare("amount", rapid.SampledFrom([]string{"<", ">=", "!="}).Draw(t, "operator"), float64(rapid.IntRange(0, 3).Draw(t, "amount")))
		case 2:
			return audience.In("category", "tea", "pot")
		case 3:
			return audience.Has("category")
		case 4:
			return audience.Missing("amount")
		case 5:
			return audience.Not(sub())
		case 6, 7:
			return audience.And(sub(), sub())
		}
		return audience.Or(sub(), sub())
	})
}

// randomTable has every combination of small values, so that whatever can be
// satisfied by one user is satisfied by some user.
func randomTable() *audience.Attributes {
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
	a, err := audience.NewAttributes(len(x))
	must(err)
	must(a.AddNumbers("x", x))
	must(a.AddTexts("one", one))
	must(a.AddTextLists("many", many))
	must(a.AddTimes("seen", seen))
	must(a.AddEvents("buys", buys))
	ids := make([]int, len(x))
	log := audience.Events{Texts: map[string][]string{}, Numbers: map[string][]float64{}}
	for u := range ids {
		ids[u] = u
		if u%5 == 1 {
			log.Missing = append(log.Missing, int32(u))
			continue
		}
		for k := range u * 7 % 6 {
			h := uint64(u*31+k) * 0x9e3779b97f4a7c15 >> 40
			log.Users = append(log.Users, int32(u))
			log.At = append(log.At, at(1).Add(-time.Duration(h%14)*12*time.Hour))
			log.Texts["category"] = append(log.Texts["category"], []string{"tea", "", "cup", "pot"}[h/16%4])
			log.Numbers["amount"] = append(log.Numbers["amount"], []float64{0, 1, math.NaN(), 2, 3}[h/64%5])
		}
	}
	must(a.AddEventRows("log", log))
	must(audience.AddIDs(a, "id", ids))
	return a
}

// Bitmaps, the one-user evaluation of Explain, and storage as JSON all agree; an
// exact Estimate is the count; and no contradiction is claimed of a rule that
// some user satisfies.
func TestRuleProp(t *testing.T) {
	a := randomTable()
	contradictions := 0
	testkit.Until(t, "a contradiction", func() bool { return contradictions > 0 }, func(t *rapid.T) {
		r := rules(3).Draw(t, "rule")
		if rapid.IntRange(0, 3).Draw(t, "contradict") == 0 { // chance alone rarely makes a contradiction
			r = audience.And(audience.Has("x"), r, audience.Missing("x"))
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
			if (e.Result == audience.True) != x.Has(u) {
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
		back, err := audience.ParseRule(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if back.String() != r.String() || !back.Equal(r) {
			t.Fatalf("%v came back as %v", r, back)
		}
		if back, err = audience.ParseText(r.String()); err != nil || !back.Equal(r) || back.String() != r.String() {
			t.Fatalf("%v came back as %v, %v", r, back, err)
		}
		y := selected(t, back, a)
		if !slices.Equal(x.IDs(nil), y.IDs(nil)) {
			t.Fatal("the stored rule selects others")
		}
		est, err := p.Estimate(bg, a.Users(), 1)
		if err != nil || est.Count != float64(len(x.IDs(nil))) || est.Low != est.High {
			t.Fatalf("estimate %+v, count %d, %v", est, len(x.IDs(nil)), err)
		}
		// De Morgan, and the third value: rule, negation and neither cover all users.
		not := selected(t, audience.Not(r), a)
		if both, err := x.And(not); err != nil || len(both.IDs(nil)) != 0 {
			t.Fatalf("a user satisfies a rule and its negation, %v", err)
		}
		if !slices.Equal(selected(t, audience.Not(audience.Not(r)), a).IDs(nil), x.IDs(nil)) {
			t.Fatal("double negation")
		}
		if (len(x.IDs(nil)) == 0) != (x.Reason() != "") {
			t.Fatalf("%d members, reason %q", len(x.IDs(nil)), x.Reason())
		}
		if why := audience.Contradiction(p); why != "" {
			if len(x.IDs(nil)) > 0 || !strings.Contains(why, "contradicts") {
				t.Fatalf("%d members, but it is said that %s", len(x.IDs(nil)), why)
			}
			contradictions++
		}
	})
}

// What is recognised as a contradiction, and what must not be.
func TestContradictions(t *testing.T) {
	const none = -1
	c := audience.Compare
	for _, x := range []struct {
		rule audience.Rule
		text string // "" means: empty or not, but no contradiction
	}{
		{audience.And(c("x", "<", 2), c("x", ">=", 2)), "x >= 2 contradicts x < 2"},
		{audience.And(c("x", "<=", 2), c("x", ">=", 2)), ""},
		{audience.And(c("x", "==", 2), c("x", "==", 3)), "contradicts"},
		{audience.And(c("x", "==", 2), c("x", "!=", 2)), "contradicts"},
		{audience.And(audience.Between("x", 1, 2), audience.Not(c("x", "<", 3))), "not x < 3 contradicts x between 1 and 2"},
		{audience.And(audience.In("one", "a"), audience.In("one", "b", "c")), "contradicts"},
		{audience.And(audience.In("one", "a", "b"), audience.In("one", "b", "c"), audience.In("one", "c", "a")), "contradicts"},
		{audience.And(audience.In("many", "a"), audience.In("many", "b")), ""},
		{audience.And(audience.In("many", "a"), audience.Not(audience.In("many", "a", "b"))), "contradicts"},
		{audience.And(audience.In("one", "a", "b"), audience.Not(audience.In("one", "a"))), ""},
		{audience.And(audience.Has("x"), audience.Missing("x")), "contradicts"},
		{audience.And(c("x", "<", 2), audience.Missing("x")), "contradicts"},
		{audience.And(audience.Not(c("x", "<", 2)), audience.Not(audience.Has("x"))), "contradicts"},
		{audience.And(c("x", "<", 2), audience.Missing("one")), ""},
		{audience.And(audience.Recency("buys", 0, 2*day), audience.Recency("buys", 3*day, 0)), "contradicts"},
		{audience.And(audience.Recency("buys", 0, 2*day), audience.Not(audience.Recency("buys", 0, 3*day))), "contradicts"},
		{audience.And(audience.Not(audience.Recency("buys", 0, 3*day)), audience.Not(audience.Recency("buys", 2*day, 0))), ""},
		{audience.And(audience.Frequency("buys", day, 2, none), audience.Frequency("buys", day, 0, 1)), "contradicts"},
		{audience.And(audience.Frequency("buys", day, 2, none), audience.Frequency("buys", 2*day, 0, 3)), ""},
		{audience.And(audience.Frequency("buys", day, 2, none), audience.Not(audience.Frequency("buys", day, 1, none))), "contradicts"},
		{audience.Or(audience.And(c("x", "<", 1), c("x", ">", 1)), audience.And(audience.Has("x"), audience.Missing("x"))), "; and "},
		{audience.Or(audience.And(c("x", "<", 1), c("x", ">", 1)), audience.Has("x")), ""},
		{audience.Not(audience.Or(c("x", "<", 2), c("x", ">=", 2))), "contradicts"},
		{audience.And(audience.Or(audience.In("one", "a"), audience.In("many", "b")), audience.Not(audience.Or(audience.In("one", "a"), audience.In("many", "b")))), "contradicts"},
	} {
		t.Run(x.rule.String(), func(t *testing.T) {
			a := selected(t, x.rule, randomTable())
			stated := strings.Contains(a.Reason(), "contradicts")
			if stated != (x.text != "") || !strings.Contains(a.Reason(), x.text) {
				t.Errorf("%d members, reason %q, want %q", len(a.IDs(nil)), a.Reason(), x.text)
			}
			if x.text == "" && len(a.IDs(nil)) == 0 {
				t.Errorf("empty: %s", a.Reason())
			}
		})
	}
	for _, x := range []struct {
		rule audience.Rule
		text string
	}{
		{audience.In("region", "west"), `no user satisfies region = "west" (unknown for some)`},
		{audience.And(audience.In("region", "south"), audience.Compare("age", "<", 60)), "age < 60 holds for none of the users"},
		{audience.And(audience.Or(audience.In("region", "west"), audience.Compare("age", "<", 0)), audience.Has("age")), "no user satisfies region = \"west\" or age < 0 ("},
	} {
		if a := selected(t, x.rule, table()); !strings.Contains(a.Reason(), x.text) {
			t.Errorf("reason %q, want %q", a.Reason(), x.text)
		}
	}
	empty, err := audience.NewAttributes(0)
	if err != nil {
		t.Fatal(err)
	}
	must(empty.AddNumbers("x", nil))
	if a := selected(t, audience.Has("x"), empty); a.Reason() != "the table has no users" {
		t.Error(a.Reason())
	}
}

func TestCompileBadInput(t *testing.T) {
	nan := math.NaN()
	deep := audience.Has("age")
	for range 100 {
		deep = audience.Not(deep)
	}
	wide := make([]audience.Rule, 10001)
	for i := range wide {
		wide[i] = audience.Has("age")
	}
	for _, c := range []struct {
		name string
		rule audience.Rule
		want error
		text string
	}{
		{"zero rule", audience.Rule{}, audience.ErrEmpty, "zero Rule"},
		{"zero part", audience.And(audience.Has("age"), audience.Rule{}), audience.ErrEmpty, "zero Rule"},
		{"not of nothing", audience.Not(audience.Rule{}), audience.ErrEmpty, "zero Rule"},
		{"empty and", audience.And(), audience.ErrEmpty, `"and" without rules`},
		{"empty or", audience.Or(), audience.ErrEmpty, `"or" without rules`},
		{"operator", audience.Compare("age", "=", 1), audience.ErrRange, "operator"},
		{"and as operator", audience.Compare("age", "and", 1), audience.ErrRange, "operator"},
		{"NaN", audience.Compare("age", "<", nan), audience.ErrNotFinite, `"age"`},
		{"infinity", audience.Between("age", 1, math.Inf(1)), audience.ErrNotFinite, `"age"`},
		{"reversed", audience.Between("age", 2, 1), audience.ErrRange, "low <= high"},
		{"no values", audience.In("region"), audience.ErrEmpty, "no values"},
		{"empty value", audience.In("region", ""), audience.ErrRange, "want text"},
		{"recency", audience.Recency("visit", 5, 5), audience.ErrRange, "recency"},
		{"recency below 0", audience.Recency("visit", -1, 5), audience.ErrRange, "recency"},
		{"frequency", audience.Frequency("purchases", 0, 3, 2), audience.ErrRange, "frequency"},
		{"place", audience.Near("age", "age", 91, 0, 1), audience.ErrRange, "degrees"},
		{"no name", audience.Has(""), audience.ErrRange, "name"},
		{"unknown attribute", audience.Has("shoe size"), audience.ErrUnknownID, `"shoe size"`},
		{"numbers wanted", audience.Compare("region", "<", 1), audience.ErrMismatch, `"region" holds texts, want numbers`},
		{"texts wanted", audience.In("age", "a"), audience.ErrMismatch, `"age" holds numbers, want texts`},
		{"times wanted", audience.Recency("age", 0, 5), audience.ErrMismatch, "want times"},
		{"events wanted", audience.Frequency("visit", 0, 1, 2), audience.ErrMismatch, "want events"},
		{"longitude", audience.Near("age", "region", 1, 0, 1), audience.ErrMismatch, `"region"`},
		{"too deep", deep, audience.ErrTooLarge, "64"},
		{"too wide", audience.Or(wide...), audience.ErrTooLarge, "10000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := audience.Compile(c.rule, table(), audience.Options{AsOf: at(0)})
			wantErr(t, err, c.want, c.text)
			if p != nil {
				t.Error("a program beside the error")
			}
			if c.want == audience.ErrUnknownID || c.want == audience.ErrMismatch {
				return
			}
			if _, err := c.rule.MarshalJSON(); !errors.Is(err, c.want) {
				t.Errorf("MarshalJSON: %v", err)
			}
		})
	}
	_, err := audience.Compile(audience.Recency("visit", 0, day), table(), audience.Options{})
	wantErr(t, err, audience.ErrOption, "AsOf is the zero time")
	_, err = audience.Compile(audience.Has("age"), table(), audience.Options{MinSize: -2})
	wantErr(t, err, audience.ErrOption, "MinSize")
	_, err = audience.Compile(audience.Has("age"), nil, audience.Options{})
	wantErr(t, err, audience.ErrEmpty, "table")
	_, err = compile(t, audience.Has("age"), table()).Explain(4)
	wantErr(t, err, audience.ErrUnknownID, "user 4")
	_, err = compile(t, audience.Has("age"), table()).Estimate(bg, 0, 1)
	wantErr(t, err, audience.ErrOption, "sample")
	ctx, cancel := context.WithCancelCause(bg)
	cause := errors.New("enough")
	cancel(cause)
	if _, err := compile(t, audience.Has("age"), table()).Select(ctx); err != cause {
		t.Error(err)
	}
}

func TestAttributesBadInput(t *testing.T) {
	a, err := audience.NewAttributes(2)
	if err != nil {
		t.Fatal(err)
	}
	must(a.AddNumbers("x", []float64{1, 2}))
	wantErr(t, a.AddNumbers("x", []float64{1, 2}), audience.ErrDuplicate, `"x"`)
	wantErr(t, a.AddNumbers("y", []float64{1}), audience.ErrShape, "2 users")
	wantErr(t, a.AddNumbers("y", []float64{1, math.Inf(-1)}), audience.ErrNotFinite, "row 1")
	wantErr(t, a.AddTexts("", []string{"a", "b"}), audience.ErrRange, "name")
	wantErr(t, a.AddTexts("y", []string{"a", "\xff"}), audience.ErrRange, "row 1")
	wantErr(t, a.AddTextLists("y", [][]string{nil, {"a", ""}}), audience.ErrRange, "row 1")
	wantErr(t, a.AddTimes("y", []time.Time{at(0), time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC)}), audience.ErrRange, "row 1")
	wantErr(t, a.AddEvents("y", [][]time.Time{{{}}, nil}), audience.ErrRange, "row 0")
	wantErr(t, new(audience.Attributes).AddNumbers("x", nil), audience.ErrEmpty, "NewAttributes")
	_, err = audience.NewAttributes(-1)
	wantErr(t, err, audience.ErrRange, "-1 users")
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
	a, err := audience.NewAttributes(n)
	if err != nil {
		t.Fatal(err)
	}
	must(a.AddNumbers("x", x))
	for _, size := range []float64{30, 400, 1500, 2990} {
		p := compile(t, audience.Compare("x", "<", size), a)
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
		a, err := audience.New(n, ia)
		if err != nil {
			t.Fatal(err)
		}
		b, err := audience.New(n, ib)
		if err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]struct {
			op   func(*audience.Set) (*audience.Set, error)
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
			if !slices.Equal(got.IDs(nil), want) || len(got.IDs(nil)) != len(want) || (got.Reason() == "") != (len(want) > 0) {
				t.Fatalf("%s: %v, want %v, reason %q", name, got.IDs(nil), want, got.Reason())
			}
		}
		if len(a.IDs(nil)) != len(ma) {
			t.Fatal("an operand changed")
		}
	})
}

func TestAudienceBadInput(t *testing.T) {
	_, err := audience.New(3, []int32{0, 3})
	wantErr(t, err, audience.ErrUnknownID, "users[1] is 3")
	_, err = audience.New(3, []int32{-1})
	wantErr(t, err, audience.ErrUnknownID, "users[0]")
	_, err = audience.New(-3, nil)
	wantErr(t, err, audience.ErrRange, "universe")
	a, err := audience.New(3, []int32{0, 1})
	if err != nil {
		t.Fatal(err)
	}
	b, err := audience.New(4, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = a.And(b)
	wantErr(t, err, audience.ErrMismatch, "3 and 4")
	var zero audience.Set
	if len(zero.IDs(nil)) != 0 || zero.Has(0) || zero.Universe() != 0 || !zero.Small() {
		t.Error("zero value")
	}
	if !a.Small() || a.MinSize() != 50 {
		t.Error("two members must be flagged below 50")
	}
	ids := []int{7, 8, 9}
	for _, share := range []float64{0, 1, -0.1, 1.5, math.NaN()} {
		_, _, err := audience.HoldOut(a, ids, share, 1)
		wantErr(t, err, audience.ErrOption, "share")
	}
	_, _, err = audience.HoldOut(a, ids[:2], 0.5, 1)
	wantErr(t, err, audience.ErrShape, "ids")
	big, err := audience.New(100, nil)
	if err != nil {
		t.Fatal(err)
	}
	for u := range int32(50) {
		one, err := audience.New(100, []int32{u})
		if err != nil {
			t.Fatal(err)
		}
		if !big.Small() {
			t.Errorf("%d members are not flagged", len(big.IDs(nil)))
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
	if err := a.UnmarshalBinary(w.AppendFrame(nil, codec.KindAudience, 1)); !errors.Is(err, audience.ErrCorrupt) {
		t.Error(err)
	}
	w = codec.Writer{}
	w.Int(math.MaxInt32)
	w.Int(50)
	w.String("")
	w.Uint64s(nil)
	if err := a.UnmarshalBinary(w.AppendFrame(nil, codec.KindAudience, 1)); !errors.Is(err, audience.ErrCorrupt) {
		t.Error(err)
	}
	if len(a.IDs(nil)) != 2 {
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
	a, err := audience.New(n, all)
	if err != nil {
		t.Fatal(err)
	}
	for _, share := range []float64{0.05, 0.5, 0.9} {
		target, control, err := audience.HoldOut(a, names, share, 3)
		if err != nil {
			t.Fatal(err)
		}
		if both, err := target.And(control); err != nil || len(both.IDs(nil)) != 0 || len(target.IDs(nil))+len(control.IDs(nil)) != n {
			t.Errorf("not a split, %v", err)
		}
		sd := math.Sqrt(n * share * (1 - share))
		if math.Abs(float64(len(control.IDs(nil)))-share*n) > 4*sd {
			t.Errorf("share %v gives %d controls", share, len(control.IDs(nil)))
		}
		// By id alone: the same people in another order, and in a smaller audience.
		_, turned, err := audience.HoldOut(a, back, share, 3)
		if err != nil {
			t.Fatal(err)
		}
		some, err := audience.New(n, all[:100])
		if err != nil {
			t.Fatal(err)
		}
		_, few, err := audience.HoldOut(some, names, share, 3)
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
		_, other, err := audience.HoldOut(a, names, share, 4)
		if err != nil {
			t.Fatal(err)
		}
		both, err := other.And(control)
		if err != nil {
			t.Fatal(err)
		}
		if want := share * share * n; math.Abs(float64(len(both.IDs(nil)))-want) > 5*math.Sqrt(want) {
			t.Errorf("controls of two seeds share %d users, want about %v", len(both.IDs(nil)), want)
		}
		_, wider, err := audience.HoldOut(a, names, share+0.05, 3)
		if err != nil {
			t.Fatal(err)
		}
		if left, err := control.AndNot(wider); err != nil || len(left.IDs(nil)) != 0 {
			t.Errorf("a larger share drops controls, %v", err)
		}
	}
	// Integers hash by value, whatever their type.
	wide := make([]int64, n)
	for i := range wide {
		wide[i] = int64(i)
	}
	_, x, err := audience.HoldOut(a, numbers, 0.3, 1)
	if err != nil {
		t.Fatal(err)
	}
	_, y, err := audience.HoldOut(a, wide, 0.3, 1)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(x.IDs(nil), y.IDs(nil)) {
		t.Error("the type of the id matters")
	}
}
