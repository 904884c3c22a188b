package audience_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/aislekit/aisle/segment/audience"
)

// What people write, the same as Go values, and as it is written back.
func TestParseText(t *testing.T) {
	const none = -1
	f, has := audience.Frequency, audience.Has
	bought := f("bought", 90*day, 2, none).Where(audience.In("category", "tea"))
	visited := f("visited", 7*day, 1, none)
	for _, c := range []struct {
		text string
		rule audience.Rule
		back string // "" for text itself
	}{
		{`bought(category="tea", within=90d) >= 2 and not visited(within=7d)`, audience.And(bought, audience.Not(visited)), ""},
		{"BOUGHT2(within=1w) > 1\n AND\tNot a IS known", audience.And(f("BOUGHT2", 7*day, 2, none), audience.Not(has("a"))), "BOUGHT2(within=7d) >= 2 and not a is known"},
		{`bought(within=90d, 'tea' = 1)`, audience.Rule{}, "error"},
		{`score > .7 and segment = "loyal"`, audience.And(audience.Compare("score", ">", .7), audience.In("segment", "loyal")), `score > 0.7 and segment = "loyal"`},
		{`propensity >= 0.7 and segment = "loyal"`, audience.And(audience.Compare("propensity", ">=", .7), audience.In("segment", "loyal")), ""},
		{`segment != 'at risk'`, audience.Not(audience.In("segment", "at risk")), `not segment = "at risk"`},
		{`segment not in ["b", "a", "b"]`, audience.Not(audience.In("segment", "a", "b")), `not segment in {"a", "b"}`},
		{`customer in (17, 23)`, audience.In("customer", "17", "23"), `customer in {"17", "23"}`},
		{`a is known or b is missing and has(c) or missing d`, audience.Or(has("a"), audience.And(audience.Missing("b"), has("c")), audience.Missing("d")), `a is known or (b is missing and c is known) or d is missing`},
		{`(a is known or b is known) and c is known`, audience.And(audience.Or(has("a"), has("b")), has("c")), ""},
		{`not (a is known and not b is known)`, audience.Not(audience.And(has("a"), audience.Not(has("b")))), ""},
		{`not not ((a is known))`, audience.Not(audience.Not(has("a"))), `not not a is known`},
		{`all(a is known, any(b is known))`, audience.And(has("a"), audience.Or(has("b"))), `a is known and any(b is known)`},
		{`x == 1 and y = -2.5e3 and z != 0 and w <= +4`, audience.And(audience.Compare("x", "==", 1), audience.Compare("y", "==", -2500), audience.Compare("z", "!=", 0), audience.Compare("w", "<=", 4)), `x == 1 and y == -2500 and z != 0 and w <= 4`},
		{`age between 18 and 25 and b between 1 and 2`, audience.And(audience.Between("age", 18, 25), audience.Between("b", 1, 2)), ""},
		{`last(visit) < 30d`, audience.Recency("visit", 0, 30*day), ""},
		{`last(visit) >= 36h`, audience.Recency("visit", 36*time.Hour, 0), ""},
		{`1d12h <= last(visit, channel="app") < 2w`, audience.Recency("visit", 36*time.Hour, 14*day).Where(audience.In("channel", "app")), `36h <= last(visit, channel="app") < 14d`},
		{`viewed(within=7d) >= 2 then not bought`, audience.Then(f("viewed", 7*day, 2, none), f("bought", 0, 0, 0)), `viewed(within=7d) >= 2 then not bought()`},
		{`viewed then added(within=30m) then bought(within=2d, amount > 5) <= 3`, audience.Rule{}, "error"}, // viewed: an event has parentheses
		{`viewed() then added(within=30m) then bought(within=2d, amount > 5) <= 3`, audience.Then(f("viewed", 0, 1, none), f("added", 30*time.Minute, 1, none), f("bought", 2*day, 0, 3).Where(audience.Compare("amount", ">", 5))), `viewed() then added(within=30m) then bought(amount > 5, within=2d) <= 3`},
		{`not viewed() then bought() and a is known`, audience.And(audience.Not(audience.Then(f("viewed", 0, 1, none), f("bought", 0, 1, none))), has("a")), `not (viewed() then bought()) and a is known`},
		{`b() < 3 or b() <= 3 or b() = 0 or b() != 1 or b() between 1 and 2`, audience.Or(f("b", 0, 0, 2), f("b", 0, 0, 3), f("b", 0, 0, 0), audience.Not(f("b", 0, 1, 1)), f("b", 0, 1, 2)), `b() <= 2 or b() <= 3 or b() == 0 or not b() == 1 or b() between 1 and 2`},
		{`b(c="x" or d > 1, not e is known, within=1d)`, f("b", day, 1, none).Where(audience.Or(audience.In("c", "x"), audience.Compare("d", ">", 1)), audience.Not(has("e"))), `b((c="x" or d > 1), not e is known, within=1d)`},
		{`b(c="x" and d > 1)`, f("b", 0, 1, none).Where(audience.In("c", "x"), audience.Compare("d", ">", 1)), `b(c="x", d > 1)`},
		{`(lat, lon) within 25km of (48.1, -11.6)`, audience.Near("lat", "lon", 48.1, -11.6, 25), `(lat, lon) within 25 km of (48.1, -11.6)`},
		{`near(lat, lon, 48.1, -11.6, 25 km)`, audience.Near("lat", "lon", 48.1, -11.6, 25), `(lat, lon) within 25 km of (48.1, -11.6)`},
		{`sample(customer, 10%, "spring")`, audience.Sample("customer", .1, "spring"), `sample(customer, 0.1, "spring")`},
		{`sample(customer, .25)`, audience.Sample("customer", .25, ""), `sample(customer, 0.25)`},
		{"`shoe size` > 40 and `and` is known and `a\\x60\"\\n` is known", audience.And(audience.Compare("shoe size", ">", 40), has("and"), has("a`\"\n")), ""},
		{`größe_2.b = "é\u00e9\n\"“"`, audience.In("größe_2.b", "éé\n\"“"), `größe_2.b = "éé\n\"“"`},
		{`  a is known  `, has("a"), "a is known"},
	} {
		t.Run(c.text, func(t *testing.T) {
			r, err := audience.ParseText(c.text)
			if c.back == "error" {
				if err == nil {
					t.Fatalf("read as %v", r)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want := c.back
			if want == "" {
				want = c.text
			}
			if !r.Equal(c.rule) || r.String() != want {
				t.Errorf("read as %v, want %v, written %v", r, want, c.rule)
			}
			again, err := audience.ParseText(want)
			if err != nil || !again.Equal(r) {
				t.Errorf("read again as %v, %v", again, err)
			}
			raw, err := c.rule.MarshalJSON()
			must(err)
			if stored, err := audience.ParseRule(raw); err != nil || !stored.Equal(r) || stored.String() != want {
				t.Errorf("%s is %v, %v", raw, stored, err)
			}
		})
	}
}

// Each error has a place, what was found, and what may have been meant.
func TestParseTextBadInput(t *testing.T) {
	for _, c := range []struct {
		text       string
		want       error
		line, col  int
		found      string
		suggestion string
		says       string
	}{
		{"", audience.ErrCorrupt, 1, 1, "", "", "the end of the text"},
		{"age >= 18 an region = \"n\"", audience.ErrCorrupt, 1, 11, "an", "and", `did you mean "and"?`},
		{"age >= 18\n  and region betwen 1 and 2", audience.ErrCorrupt, 2, 14, "betwen", "between", "an operator"},
		{"nto age > 1", audience.ErrCorrupt, 1, 1, "nto", "not", "an operator"},
		{"ünü > \"x\"", audience.ErrMismatch, 1, 7, `"x"`, "", "want a number, not a text"},
		{"age > 30d", audience.ErrMismatch, 1, 7, "30d", "last(age) >= 30d", "last(age)"},
		{"age between \"a\" and 2", audience.ErrMismatch, 1, 13, `"a"`, "", "not a text"},
		{"b() >= \"2\"", audience.ErrMismatch, 1, 8, `"2"`, "", "a number of events"},
		{"b() >= 2.5", audience.ErrCorrupt, 1, 8, "2.5", "", "whole number"},
		{"b() < 0", audience.ErrRange, 1, 7, "0", "", "at least 1"},
		{"b(within=7)", audience.ErrMismatch, 1, 10, "7", "7d", "duration such as 90d, not a number"},
		{"b(within=0d)", audience.ErrRange, 1, 10, "0d", "", "above 0"},
		{"b(within=1d, within=2d)", audience.ErrCorrupt, 1, 14, "within", "", "one within"},
		{"last(v) <= 3d", audience.ErrCorrupt, 1, 9, "<=", "<", "<"},
		{"last(v) < 3", audience.ErrMismatch, 1, 11, "3", "3d", "not a number"},
		{"2d <= last(v) < 1d", audience.ErrRange, 1, 12, "", "", "recency"},
		{"region = north", audience.ErrCorrupt, 1, 10, "north", `"north"`, "between quotes"},
		{"region in \"a\"", audience.ErrCorrupt, 1, 11, `"a"`, "", "a list"},
		{"region in {}", audience.ErrCorrupt, 1, 12, "}", "", "a text between quotes"},
		{"region in {\"\"}", audience.ErrRange, 1, 1, "", "", "want text"},
		{"a is knwon", audience.ErrCorrupt, 1, 6, "knwon", "known", "known or missing"},
		{"and > 3", audience.ErrCorrupt, 1, 1, "and", "`and`", "backquotes"},
		{"a > 1 && b > 2", audience.ErrCorrupt, 1, 7, "&&", "and", `did you mean "and"?`},
		{"a ≥ 1", audience.ErrCorrupt, 1, 3, "≥", ">=", `">="`},
		{"a = \"x", audience.ErrCorrupt, 1, 5, `"x`, "", "end of the text"},
		{"a = \"x\\q\"", audience.ErrCorrupt, 1, 5, `"x\q"`, "", "escapes"},
		{"a > 1e999", audience.ErrCorrupt, 1, 5, "1e999", "", "duration"},
		{"a > 9999999999999d", audience.ErrCorrupt, 1, 5, "9999999999999d", "", "292 years"},
		{"(a > 1", audience.ErrCorrupt, 1, 7, "", "", ")"},
		{"a > 1)", audience.ErrCorrupt, 1, 6, ")", "", "the end of the text"},
		{"a > \xff", audience.ErrCorrupt, 1, 5, "\xff", "", "UTF-8"},
		{"a between 3 and 2", audience.ErrRange, 1, 1, "", "", "low <= high"},
		{"x > 1 and near(lat, lon, 95, 0, 5)", audience.ErrRange, 1, 11, "", "", "degrees"},
		{"near(lat, lon, 9)", audience.ErrCorrupt, 1, 17, ")", "", "rest of near"},
		{"sample(id, 0)", audience.ErrRange, 1, 8, "", "", "strictly between 0 and 1"},
		{"sample(id, 100%)", audience.ErrRange, 1, 8, "", "", "strictly between 0 and 1"},
		{"sample(id, 10%, 3)", audience.ErrCorrupt, 1, 17, "3", "", "salt"},
		{"a > 1 then b()", audience.ErrRange, 1, 1, "", "", "a step of a sequence"},
		{"b() == 2 then c()", audience.ErrRange, 1, 1, "", "", "without an upper bound"},
		{"b() then c > 1", audience.ErrCorrupt, 1, 14, "1", "", ""},
		{"b(last(c) < 3d)", audience.ErrRange, 1, 8, "", "", "property of an event"},
		{"a = \"\ufffd\" and b = \"\xff\"", audience.ErrCorrupt, 1, 18, "\xff", "", "UTF-8"},
		{strings.Repeat("\n", 1<<20) + " ", audience.ErrTooLarge, 1<<20 + 1, 1, "", "", "1048576"},
		{strings.Repeat("é", 1<<19) + "é", audience.ErrTooLarge, 1, 1<<19 + 1, "", "", "1048576"},
		{strings.Repeat("x", 1<<20-1) + "é", audience.ErrTooLarge, 1, 1 << 20, "", "", "1048576"},
		{strings.Repeat("a>1 or ", 9999) + "a>1", audience.ErrTooLarge, 1, 7*9999 + 1, "", "", "10000"},
		{strings.Repeat("(", 100000), audience.ErrTooLarge, 1, 257, "", "", "nested"},
		{strings.Repeat("not ", 100000), audience.ErrTooLarge, 1, 1025, "", "", "nested"},
	} {
		_, err := audience.ParseText(c.text)
		if c.text == "b() then c > 1" { // a number of events
			if err != nil {
				t.Errorf("%q: %v", c.text, err)
			}
			continue
		}
		wantErr(t, err, c.want, c.says)
		var at *audience.TextError
		if !errors.As(err, &at) {
			t.Errorf("%q: %v has no place", c.text, err)
			continue
		}
		if at.Line != c.line || at.Column != c.col || at.Found != c.found || at.Suggestion != c.suggestion || at.Offset > len(c.text) {
			t.Errorf("%q: %+v, %v", c.text[:min(len(c.text), 40)], at, err)
		}
	}
	for text, want := range map[string]string{
		strings.Repeat(" ", 1<<20+1):                                         "1048577 bytes",
		strings.Repeat("not (", 70) + "a is known" + strings.Repeat(")", 70): "deeper than 64",
		"any(" + strings.Repeat("a is known,", 10001) + "a is known)":        "more than 10000",
	} {
		_, err := audience.ParseText(text)
		wantErr(t, err, audience.ErrTooLarge, want)
	}
}

// A rule that was read from text is refused with the place at fault.
func TestCompileTextBadInput(t *testing.T) {
	a, moment := randomTable(), at(0)
	customers := make([]int, a.Users())
	for i := range customers {
		customers[i] = i
	}
	must(audience.AddIDs(a, "customer", customers))
	for _, c := range []struct {
		text       string
		want       error
		line, col  int
		suggestion string
		says       string
	}{
		{"x > 1 and\n  sene is known", audience.ErrUnknownID, 2, 3, "seen", `did you mean "seen"?`},
		{"x > 1 and one > 2", audience.ErrMismatch, 1, 11, "", `"one" holds texts, want numbers`},
		{`x = "a"`, audience.ErrMismatch, 1, 1, "", "holds numbers, want texts"},
		{"log(categry=\"tea\")", audience.ErrUnknownID, 1, 5, "category", `did you mean "category"?`},
		{"log(category > 3)", audience.ErrMismatch, 1, 5, "", "holds texts, want numbers"},
		{"buys(category=\"tea\")", audience.ErrUnknownID, 1, 6, "", "has no properties"},
		{"x is known and log() then not x()", audience.ErrMismatch, 1, 27, "", "want events"},
		{"last(one) < 3d", audience.ErrMismatch, 1, 6, "", "want times"},
		{"seen() >= 2", audience.ErrMismatch, 1, 1, "", "holds times, want events"},
		{"sample(many, 5%)", audience.ErrMismatch, 1, 8, "", "lists of texts"},
		{"sample(x, 5%)", audience.ErrMismatch, 1, 8, "", "want identifiers"},
		{"(x, one) within 3 km of (1, 2)", audience.ErrMismatch, 1, 5, "", "want numbers"},
		{"x > 1 and near(x, one, 1, 2, 3km)", audience.ErrMismatch, 1, 19, "", "want numbers"},
		{"one = 3", audience.ErrMismatch, 1, 1, `one == "3"`, "did you mean"},
		{"one != 2.50", audience.ErrMismatch, 1, 1, `one != "2.5"`, "did you mean"},
		{"customer = 17000000", audience.ErrMismatch, 1, 1, `customer == "17000000"`, "holds identifiers"},
		{"log >= 3", audience.ErrMismatch, 1, 1, "log() >= 3", "holds events"},
		{"log > 0.5", audience.ErrMismatch, 1, 1, "", "holds events"},
		{"seen <= 30", audience.ErrMismatch, 1, 1, "last(seen) < 30d", "holds times"},
		{"seen > 30", audience.ErrMismatch, 1, 1, "last(seen) >= 30d", "holds times"},
	} {
		r, err := audience.ParseText(c.text)
		must(err)
		_, err = audience.Compile(r, a, audience.Options{AsOf: at(0)})
		wantErr(t, err, c.want, c.says)
		var at *audience.TextError
		if !errors.As(err, &at) || at.Line != c.line || at.Column != c.col || at.Suggestion != c.suggestion {
			t.Errorf("%q: %+v, %v", c.text, at, err)
		}
		if at.Column > 1 || at.Suggestion == "" {
			continue
		}
		meant, err := audience.ParseText(at.Suggestion)
		must(err)
		if _, err := audience.Compile(meant, a, audience.Options{AsOf: moment}); err != nil {
			t.Errorf("%q: suggested is %q: %v", c.text, at.Suggestion, err)
		}
	}
	_, err := audience.Compile(audience.Has("sene"), a, audience.Options{})
	wantErr(t, err, audience.ErrUnknownID, `did you mean "seen"?`)
}

// What Where, Then and Sample refuse.
func TestRuleBadInput(t *testing.T) {
	b, has := audience.Frequency("log", 0, 1, -1), audience.Has("x")
	many := make([]audience.Rule, 17)
	for i := range many {
		many[i] = b
	}
	for _, c := range []struct {
		rule audience.Rule
		want error
		says string
	}{
		{has.Where(has), audience.ErrRange, "Where is for"},
		{audience.And(has).Where(has), audience.ErrRange, "Where is for"},
		{b.Where(), audience.ErrEmpty, "without rules"},
		{b.Where(audience.Rule{}), audience.ErrEmpty, "zero Rule"},
		{b.Where(b), audience.ErrRange, "property of an event"},
		{b.Where(audience.Sample("id", .5, "")), audience.ErrRange, "property of an event"},
		{audience.Then(b), audience.ErrRange, "2 to 16"},
		{audience.Then(many...), audience.ErrRange, "2 to 16"},
		{audience.Then(b, has), audience.ErrRange, "a step"},
		{audience.Then(b, audience.Rule{}), audience.ErrEmpty, "zero Rule"},
		{audience.Then(audience.Frequency("log", 0, 0, -1), b), audience.ErrRange, "at least 1"},
		{audience.Then(audience.Frequency("log", 0, 1, 1), b), audience.ErrRange, "upper bound"},
		{audience.Sample("id", 0, ""), audience.ErrRange, "strictly"},
		{audience.Sample("id", 1, ""), audience.ErrRange, "strictly"},
		{audience.Sample("id", math.NaN(), ""), audience.ErrNotFinite, ""},
		{audience.Sample("id", .5, "\xff"), audience.ErrRange, "salt"},
	} {
		_, err := audience.Compile(c.rule, randomTable(), audience.Options{AsOf: at(0)})
		wantErr(t, err, c.want, c.says)
		_, err = c.rule.MarshalJSON()
		wantErr(t, err, c.want, c.says)
		if c.rule.Equal(c.rule) {
			t.Errorf("%v equals itself", c.rule)
		}
	}
	if r := b.Where(audience.Has("category")).Where(audience.Has("amount")); r.String() != "log(category is known, amount is known)" {
		t.Errorf("twice: %v", r)
	}
}

func FuzzParseText(f *testing.F) {
	f.Fuzz(func(t *testing.T, text string) {
		r, err := audience.ParseText(text)
		if err != nil {
			var at *audience.TextError
			if errors.As(err, &at) && (at.Offset > len(text) || at.Line < 1 || at.Column < 1) {
				t.Fatalf("%+v", at)
			}
			return
		}
		again, err := audience.ParseText(r.String())
		if err != nil || !again.Equal(r) || again.String() != r.String() {
			t.Fatalf("%q is written %q, which is %q (%v)", text, r, again, err)
		}
		raw, err := r.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		if stored, err := audience.ParseRule(raw); err != nil || !stored.Equal(r) {
			t.Fatalf("%q is stored as %s, which is %v (%v)", text, raw, stored, err)
		}
	})
}
