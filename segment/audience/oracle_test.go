package audience_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment/audience"
)

// happened is an event of the oracle.
type happened struct {
	user     int32
	kind     string // of randomTable: "buys", "log"
	at       time.Time
	category string
	amount   float64
}

// person is what the oracle knows of one user: a small world of its own, from which
// tables are made.
type person struct {
	x       float64
	one     string
	many    []string
	seen    time.Time
	missing [2]bool // no events known: buys, log
}

type world struct {
	people []person
	events []happened
}

// table builds the table of the world anew.
func (w *world) table() *audience.Attributes {
	n := len(w.people)
	a, err := audience.NewAttributes(n)
	must(err)
	x, one, many, seen, ids := make([]float64, n), make([]string, n), make([][]string, n), make([]time.Time, n), make([]int, n)
	buys := make([][]time.Time, n)
	log := audience.Events{Texts: map[string][]string{"category": {}}, Numbers: map[string][]float64{"amount": {}}}
	for u, p := range w.people {
		x[u], one[u], many[u], seen[u], ids[u] = p.x, p.one, p.many, p.seen, u
		has := [2]bool{}
		for _, e := range w.events {
			if int(e.user) != u {
				continue
			}
			if e.kind == "buys" {
				has[0] = true
				buys[u] = append(buys[u], e.at)
				continue
			}
			has[1] = true
			log.Users, log.At = append(log.Users, e.user), append(log.At, e.at)
			log.Texts["category"] = append(log.Texts["category"], e.category)
			log.Numbers["amount"] = append(log.Numbers["amount"], e.amount)
		}
		if !p.missing[0] && buys[u] == nil {
			buys[u] = []time.Time{}
		}
		if p.missing[1] && !has[1] {
			log.Missing = append(log.Missing, int32(u))
		}
	}
	must(a.AddNumbers("x", x))
	must(a.AddTexts("one", one))
	must(a.AddTextLists("many", many))
	must(a.AddTimes("seen", seen))
	must(a.AddEvents("buys", buys))
	must(a.AddEventRows("log", log))
	must(audience.AddIDs(a, "id", ids))
	return a
}

// worlds draws some people and what happened to them.
func worlds() *rapid.Generator[*world] {
	return rapid.Custom(func(t *rapid.T) *world {
		w := &world{}
		for range rapid.IntRange(3, 8).Draw(t, "people") {
			p := person{x: rapid.SampledFrom([]float64{math.NaN(), 0, 1, 2, 3.5}).Draw(t, "x"), one: rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "one")}
			p.many = rapid.SampledFrom([][]string{nil, {}, {"a"}, {"b", "c"}}).Draw(t, "many")
			if rapid.Bool().Draw(t, "was seen") {
				p.seen = at(0).Add(-time.Duration(rapid.IntRange(-2, 10).Draw(t, "seen")) * 12 * time.Hour)
			}
			p.missing = [2]bool{rapid.IntRange(0, 4).Draw(t, "no buys") == 0, rapid.IntRange(0, 4).Draw(t, "no log") == 0}
			w.people = append(w.people, p)
		}
		for range rapid.IntRange(0, 16).Draw(t, "events") {
			w.events = append(w.events, w.happen(t, at(0), true))
		}
		return w
	})
}

// happen draws one event around an instant.
func (w *world) happen(t *rapid.T, now time.Time, known bool) happened {
	e := happened{
		user: int32(rapid.IntRange(0, len(w.people)-1).Draw(t, "user")), kind: rapid.SampledFrom([]string{"buys", "log", "log"}).Draw(t, "kind"),
		at:       now.Add(-time.Duration(rapid.IntRange(-4, 10).Draw(t, "ago")) * 12 * time.Hour),
		category: rapid.SampledFrom([]string{"tea", "cup", "pot", "", "new"}).Draw(t, "category"),
		amount:   rapid.SampledFrom([]float64{0, 1, 2, 3, math.NaN()}).Draw(t, "amount"),
	}
	if k := map[string]int{"buys": 0, "log": 1}[e.kind]; known && w.people[e.user].missing[k] {
		w.people[e.user].missing[k] = false
	}
	return e
}

// slow evaluates the stored form of a rule for one user by its definition: what may count
// or not is tried both ways, in all combinations.
func (w *world) slow(rule map[string]any, u int32, now time.Time) audience.Truth {
	p := w.people[u]
	number := func(k string) float64 { return rule[k].(float64) }
	attr, _ := rule["attr"].(string)
	events, unknown := w.of(attr, u)
	known := map[string]bool{"x": !math.IsNaN(p.x), "one": p.one != "", "many": p.many != nil, "seen": !p.seen.IsZero(), "buys": !unknown, "log": !unknown, "id": true}[attr]
	switch op := rule["op"].(string); op {
	case "and", "or":
		t := w.slow(rule["rules"].([]any)[0].(map[string]any), u, now)
		for _, k := range rule["rules"].([]any) {
			if v := w.slow(k.(map[string]any), u, now); (v < t) == (op == "and") {
				t = v
			}
		}
		return t
	case "not":
		return audience.True - w.slow(rule["rule"].(map[string]any), u, now)
	case "has":
		return truthOf(known)
	case "missing":
		return truthOf(!known)
	case "then":
		return w.slowThen(rule, u, now)
	}
	if !known {
		return audience.Unknown
	}
	switch op := rule["op"].(string); op {
	case "in":
		mine := map[string][]string{"one": {p.one}, "many": p.many, "id": {strconv.Itoa(int(u))}}[attr]
		return truthOf(slices.ContainsFunc(rule["values"].([]any), func(v any) bool { return slices.Contains(mine, v.(string)) }))
	case "sample": // as drawn by another table, in which the user stands elsewhere
		a, err := audience.NewAttributes(2)
		must(err)
		must(audience.AddIDs(a, "id", []int16{-1, int16(u)}))
		c, err := audience.Compile(audience.Sample("id", number("share"), rule["salt"].(string)), a, audience.Options{})
		must(err)
		s, err := c.Select(bg)
		must(err)
		return truthOf(s.Has(1))
	case "recency":
		from, below := duration(rule["from"]), duration(rule["below"])
		if attr == "seen" {
			events = []happened{{at: p.seen}}
		}
		return unanimous(events, rule["where"], func(events []happened) bool {
			last := time.Time{}
			for _, e := range events {
				if !e.at.After(now) && (last.IsZero() || e.at.After(last)) {
					last = e.at
				}
			}
			age := now.Sub(last)
			return !last.IsZero() && age >= from && (below == 0 || age < below)
		})
	case "frequency":
		within := duration(rule["within"])
		return unanimous(events, rule["where"], func(events []happened) bool {
			n := 0
			for _, e := range events {
				if !e.at.After(now) && (within == 0 || now.Sub(e.at) < within) {
					n++
				}
			}
			return n >= int(number("least")) && (number("most") < 0 || n <= int(number("most")))
		})
	case "between":
		return truthOf(p.x >= number("low") && p.x <= number("high"))
	default:
		return truthOf(compared(op, p.x, number("value")))
	}
}

// of returns the events of a kind and whether nothing is known of them.
func (w *world) of(kind string, u int32) (out []happened, unknown bool) {
	for _, e := range w.events {
		if e.user == u && e.kind == kind {
			out = append(out, e)
		}
	}
	k, ok := map[string]int{"buys": 0, "log": 1}[kind]
	return out, ok && out == nil && w.people[u].missing[k]
}

func truthOf(ok bool) audience.Truth {
	if ok {
		return audience.True
	}
	return audience.False
}

func compared(op string, x, v float64) bool {
	return map[string]bool{"<": x < v, "<=": x <= v, ">": x > v, ">=": x >= v, "==": x == v, "!=": x != v}[op]
}

// duration reads a duration as JSON has it: whole days or hours.
func duration(v any) time.Duration {
	s := v.(string)
	if d, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.Atoi(d)
		must(err)
		return time.Duration(n) * day
	}
	d, err := time.ParseDuration(s)
	must(err)
	return d
}

// suits is whether an event satisfies conditions.
func suits(where any, e happened) audience.Truth {
	if where == nil {
		return audience.True
	}
	rule := where.(map[string]any)
	known := map[string]bool{"category": e.category != "", "amount": !math.IsNaN(e.amount)}[fmt.Sprint(rule["attr"])]
	switch op := rule["op"].(string); op {
	case "and", "or":
		var all []audience.Truth
		for _, k := range rule["rules"].([]any) {
			all = append(all, suits(k, e))
		}
		if op == "and" {
			return slices.Min(all)
		}
		return slices.Max(all)
	case "not":
		return audience.True - suits(rule["rule"], e)
	case "has":
		return truthOf(known)
	case "missing":
		return truthOf(!known)
	case "in":
		if !known {
			return audience.Unknown
		}
		return truthOf(slices.Contains(rule["values"].([]any), any(e.category)))
	default:
		if !known {
			return audience.Unknown
		}
		return truthOf(compared(op, e.amount, rule["value"].(float64)))
	}
}

// unanimous is the truth of ok over all ways in which the events may count.
func unanimous(events []happened, where any, ok func([]happened) bool) audience.Truth {
	yes, no := false, false
	ways(events, where, func(counted []happened) {
		if ok(counted) {
			yes = true
		} else {
			no = true
		}
	})
	return verdict(yes, no)
}

func verdict(yes, no bool) audience.Truth {
	if yes && no {
		return audience.Unknown
	}
	return truthOf(yes)
}

// ways calls f with each set of events that may be those that count.
func ways(events []happened, where any, f func([]happened)) {
	var walk func(i int, counted []happened)
	walk = func(i int, counted []happened) {
		if i == len(events) {
			f(counted)
			return
		}
		t := suits(where, events[i])
		if t != audience.True {
			walk(i+1, counted)
		}
		if t != audience.False {
			walk(i+1, append(slices.Clip(counted), events[i]))
		}
	}
	walk(0, nil)
}

// slowThen tries all ways in which the events of all steps may count.
func (w *world) slowThen(rule map[string]any, u int32, now time.Time) audience.Truth {
	steps := rule["rules"].([]any)
	for _, s := range steps {
		if _, unknown := w.of(s.(map[string]any)["attr"].(string), u); unknown {
			return audience.Unknown
		}
	}
	yes, no := false, false
	var follow func(i int, since time.Time)
	follow = func(i int, since time.Time) {
		step := steps[i].(map[string]any)
		events, _ := w.of(step["attr"].(string), u)
		within, least, most := duration(step["within"]), int(step["least"].(float64)), int(step["most"].(float64))
		ways(events, step["where"], func(counted []happened) {
			var times []time.Time
			for _, e := range counted {
				in := !e.at.After(now) && (i == 0 && (within == 0 || now.Sub(e.at) < within) || i > 0 && e.at.After(since) && (within == 0 || e.at.Sub(since) < within))
				if in {
					times = append(times, e.at)
				}
			}
			slices.SortFunc(times, time.Time.Compare)
			switch {
			case i == len(steps)-1:
				ok := len(times) >= least && (most < 0 || len(times) <= most)
				yes, no = yes || ok, no || !ok
			case len(times) < least:
				no = true
			default:
				follow(i+1, times[least-1])
			}
		})
	}
	follow(0, time.Time{})
	return verdict(yes, no)
}

func stored(t *rapid.T, r audience.Rule) map[string]any {
	raw, err := r.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	var rule map[string]any
	must(json.Unmarshal(raw, &rule))
	return rule
}

// TestRuleLiveProp: bitmaps, one user at a time, the live audience and the slow oracle
// say the same of random rules, at every instant, whatever events come in whatever order;
// the changes told add up to the audience, and do not depend on how the clock goes.
func TestRuleLiveProp(t *testing.T) {
	entered, flips := 0, 0
	enough := testkit.Rounds(20)
	testkit.Until(t, "enough changes and turns", func() bool { return entered >= enough && flips >= enough }, func(t *rapid.T) {
		w, r, now := worlds().Draw(t, "world"), rules(2).Draw(t, "rule"), at(0)
		if rapid.Bool().Draw(t, "of events") {
			r = logRules().Draw(t, "clause")
			if rapid.Bool().Draw(t, "and") {
				r = audience.And(audience.Or(r, rules(0).Draw(t, "second")), logRules().Draw(t, "third"))
			}
		}
		rule := stored(t, r)
		start := compile(t, r, w.table())
		one, err := start.Live(bg)
		must(err)
		two, err := start.Live(bg)
		must(err)
		in := map[int32]bool{}
		first, err := start.Select(bg)
		must(err)
		for u := range first.All {
			in[u] = true
		}
		for range rapid.IntRange(4, 8).Draw(t, "turns") {
			var a, b []audience.Change
			if rapid.Bool().Draw(t, "event") {
				e := w.happen(t, now, false)
				w.events = append(w.events, e)
				row := audience.Events{Users: []int32{e.user}, At: []time.Time{e.at}}
				if e.kind == "log" {
					row.Texts, row.Numbers = map[string][]string{"category": {e.category}}, map[string][]float64{"amount": {e.amount}}
				}
				a, err = one.Add(nil, e.kind, row)
				must(err)
				b, err = two.Add(nil, e.kind, row)
				must(err)
			} else {
				step := time.Duration(rapid.IntRange(0, 6).Draw(t, "step")) * 8 * time.Hour
				for range 4 {
					b, err = two.Advance(bg, b, now.Add(step/4))
					must(err)
					now = now.Add(step / 4)
				}
				a, err = one.Advance(bg, nil, now)
				must(err)
			}
			if !slices.Equal(a, b) {
				t.Fatalf("%v in one step, %v in four", a, b)
			}
			for _, c := range a {
				if in[c.User] == c.In || c.At.After(now) {
					t.Fatalf("%+v of a user whose membership is %v", c, in[c.User])
				}
				in[c.User] = c.In
				entered++
			}
			p, err := audience.Compile(r, w.table(), audience.Options{AsOf: now, MinSize: -1})
			must(err)
			batch, err := p.Select(bg)
			must(err)
			set, err := one.Set()
			must(err)
			for u := range int32(len(w.people)) {
				e, err := p.Explain(u)
				must(err)
				f, err := one.Explain(u)
				must(err)
				slow := w.slow(rule, u, now)
				if e.Result != slow || f.Result != slow || batch.Has(u) != (slow == audience.True) || set.Has(u) != batch.Has(u) || one.Has(u) != in[u] || in[u] != batch.Has(u) {
					t.Fatalf("%v at %v of %+v, %+v: slow %v, one user %v, live %v and %v, bitmap %v, told %v", r, now, w.people[u], w.events, slow, e.Result, f.Result, set.Has(u), batch.Has(u), in[u])
				}
				if why := explainedAlike(e, f, new(int)); why != "" {
					t.Fatalf("%v: %s:\n%v, live\n%v", r, why, e, f)
				}
				flips += w.turns(t, rule, u, now, e)
			}
		}
	})
}

// turns checks by the oracle that a user enters or leaves when it is said, and not before.
func (w *world) turns(t *rapid.T, rule map[string]any, u int32, now time.Time, e audience.Explanation) int {
	is := e.Result == audience.True
	for h := time.Duration(4); h < 24*12; h += 4 { // all events and spans are of hours that 4 divides
		then := now.Add(h * time.Hour)
		turned := !e.Turns.IsZero() && !then.Before(e.Turns)
		if (w.slow(rule, u, then) == audience.True) != (is != turned) {
			t.Fatalf("said to turn at %v, is %v at %v", e.Turns, !is, then)
		}
		if turned {
			return 1
		}
	}
	return 0
}
