package audience_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment/audience"
)

// leaves notes the clauses of a stored rule by their text, and said evaluates it when they
// come out as given.
func leaves(rule map[string]any, note func(text string)) {
	switch rule["op"] {
	case "and", "or":
		for _, k := range rule["rules"].([]any) {
			leaves(k.(map[string]any), note)
		}
	case "not":
		leaves(rule["rule"].(map[string]any), note)
	default:
		note(textOf(rule))
	}
}

func textOf(rule map[string]any) string {
	raw, err := json.Marshal(rule)
	must(err)
	r, err := audience.ParseRule(raw)
	must(err)
	return r.String()
}

func said(rule map[string]any, truths map[string]audience.Truth) audience.Truth {
	switch op := rule["op"]; op {
	case "and", "or":
		t := said(rule["rules"].([]any)[0].(map[string]any), truths)
		for _, k := range rule["rules"].([]any) {
			if v := said(k.(map[string]any), truths); (v < t) == (op == "and") {
				t = v
			}
		}
		return t
	case "not":
		return audience.True - said(rule["rule"].(map[string]any), truths)
	}
	return truths[textOf(rule)]
}

// fewest is how many clauses have to come out otherwise to turn the verdict, by trying all;
// 99 where nothing does.
func fewest(rule map[string]any, texts []string, truths map[string]audience.Truth, in bool) int {
	if len(texts) == 0 {
		if (said(rule, truths) == audience.True) != in {
			return 0
		}
		return 99
	}
	best := fewest(rule, texts[1:], truths, in)
	was := truths[texts[0]]
	for _, v := range []audience.Truth{audience.True, audience.False} {
		if v != was {
			truths[texts[0]] = v
			best = min(best, 1+fewest(rule, texts[1:], truths, in))
		}
	}
	truths[texts[0]] = was
	return best
}

// TestNearestProp: what is said to be nearest turns the verdict, and nothing smaller does.
func TestNearestProp(t *testing.T) {
	tried := 0
	testkit.Until(t, "enough users", func() bool { return tried >= 50 }, func(t *rapid.T) {
		w, r := worlds().Draw(t, "world"), rules(2).Draw(t, "rule")
		p := compile(t, r, w.table())
		rule := stored(t, r)
		var texts []string
		leaves(rule, func(text string) {
			for _, x := range texts {
				if x == text {
					return
				}
			}
			texts = append(texts, text)
		})
		if len(texts) > 6 {
			return
		}
		for u := range int32(len(w.people)) {
			e, err := p.Explain(u)
			must(err)
			truths := map[string]audience.Truth{}
			var note func(e audience.Explanation)
			note = func(e audience.Explanation) {
				if len(e.Parts) == 0 {
					truths[e.Rule] = e.Result
				}
				for _, k := range e.Parts {
					note(k)
				}
			}
			note(e)
			in := e.Result == audience.True
			want := fewest(rule, texts, truths, in)
			numbers := 0 // clauses about x, of which one that changes may change the others: see TestNearestApplied
			for _, text := range texts {
				if strings.HasPrefix(text, "x ") {
					numbers++
				}
			}
			if numbers > 1 && (len(e.Nearest) == 0 || len(e.Nearest) > want) {
				continue
			}
			if len(e.Nearest) == 0 && (want == 99 || !in && audience.Contradiction(p) != "") {
				continue
			}
			for _, turn := range e.Nearest {
				if truths[turn.Rule] != turn.Result || turn.Want == turn.Result || turn.Text == "" {
					t.Fatalf("%+v of a clause that is %v", turn, truths[turn.Rule])
				}
				truths[turn.Rule] = turn.Want
			}
			if got := said(rule, truths) == audience.True; got == in || len(e.Nearest) != want {
				t.Fatalf("%v: turned by %+v to %v from %v, and %d are enough", r, e.Nearest, got, in, want)
			}
			tried++
		}
	})
}

// numbersRule is a rule about x, y and z, and the same as a function.
func numbersRule(r *rand.Rand, levels int) (audience.Rule, func(at []float64) bool) {
	if levels > 0 && r.IntN(3) > 0 {
		a, f := numbersRule(r, levels-1)
		b, g := numbersRule(r, levels-1)
		switch r.IntN(3) {
		case 0:
			return audience.Not(a), func(at []float64) bool { return !f(at) }
		case 1:
			return audience.And(a, b), func(at []float64) bool { return f(at) && g(at) }
		}
		return audience.Or(a, b), func(at []float64) bool { return f(at) || g(at) }
	}
	i, v := r.IntN(3), float64(r.IntN(6))
	name, high := "xyz"[i:i+1], v+float64(r.IntN(3))
	switch r.IntN(7) {
	case 0:
		return audience.Compare(name, "<", v), func(at []float64) bool { return at[i] < v }
	case 1:
		return audience.Compare(name, ">=", v), func(at []float64) bool { return at[i] >= v }
	case 2:
		return audience.Compare(name, "==", v), func(at []float64) bool { return at[i] == v }
	case 3:
		return audience.Compare(name, "!=", v), func(at []float64) bool { return at[i] != v }
	case 4:
		return audience.In(name, fmt.Sprint(v), fmt.Sprint(high)), func(at []float64) bool { return at[i] == v || at[i] == high }
	case 5:
		return audience.Compare(name, ">", v), func(at []float64) bool { return at[i] > v }
	}
	return audience.Between(name, v, high), func(at []float64) bool { return at[i] >= v && at[i] <= high }
}

// What is said to be nearest is applied to the numbers, and the rule asked again: the verdict
// turns, whatever other clauses are about the same number; and where nothing is said, no
// numbers turn it.
func TestNearestApplied(t *testing.T) {
	told, silent := 0, 0
	for seed := range uint64(1500) {
		r := rand.New(rand.NewPCG(seed, 16))
		rule, is := numbersRule(r, 3)
		a, err := audience.NewAttributes(1)
		must(err)
		at := []float64{float64(r.IntN(6)), float64(r.IntN(6)), float64(r.IntN(6))}
		for i := range at {
			must(a.AddNumbers("xyz"[i:i+1], at[i:i+1]))
		}
		e, err := compile(t, rule, a).Explain(0)
		must(err)
		now := append([]float64(nil), at...)
		for _, n := range e.Nearest {
			i := strings.Index("xyz", n.Rule[:1])
			now[i] = at[i] + n.By
			if strings.Contains(n.Text, "above") || strings.Contains(n.Text, "another") {
				now[i] += 0.25
			} else if strings.Contains(n.Text, "below") {
				now[i] -= 0.25
			}
		}
		if e.Nearest != nil {
			if told++; is(now) == is(at) {
				t.Errorf("seed %d: %v at %v stays %v at %v, as said by %+v", seed, rule, at, is(at), now, e.Nearest)
			}
			continue
		}
		silent++
		for i := range 17 * 17 * 17 { // halves from -0.5 to 7.5, past all borders
			now[0], now[1], now[2] = float64(i%17)/2-.5, float64(i/17%17)/2-.5, float64(i/289)/2-.5
			if is(now) != is(at) {
				t.Errorf("seed %d: %v at %v is turned by %v, and nothing is said", seed, rule, at, now)
				break
			}
		}
	}
	if told < 1000 || silent < 20 {
		t.Errorf("%d told, %d not", told, silent)
	}
}

// By how much, and when.
func TestTurnAmounts(t *testing.T) {
	for _, c := range []struct {
		text string
		user int32 // ages 31, 67, –, 24; visits 3, 40, 1 days ago, –; purchases at -80, -20, -3; -200; none; -5
		by   float64
		says string
	}{
		{"age >= 40", 0, 9, "age +9"},
		{"age > 40", 0, 9, "age above 40 (+9)"},
		{"age < 31", 0, 0, "age below 31 (+0)"},
		{"age <= 30", 0, -1, "age -1"},
		{"age <= 31", 0, 0, "age above 31 (+0)"},
		{"age == 30", 0, -1, "age -1"},
		{"age != 31", 0, 0, "another age"},
		{"age between 40 and 50", 0, 9, "age +9"},
		{"age between 10 and 20", 0, -11, "age -11"},
		{"age between 30 and 50", 0, -1, "age below 30 (-1)"},
		{"age between 0 and 32", 0, 1, "age above 32 (+1)"},
		{"age >= 31 and age < 90 and not age == 31", 0, 0, "age above 31 (+0)"},
		{"age != 31 and age < 32", 0, 0, "age below 31 (+0)"},
		{"age > 3", 2, 0, "becomes known: age > 3"},
		{"age is missing", 0, 0, "age becomes unknown"},
		{"age is known", 2, 0, "age becomes known"},
		{`region = "east"`, 0, 0, `region = "east"`},
		{`region = "north"`, 0, 0, `not region = "north"`},
		{"last(visit) < 2d", 0, 0, "now: visit"},
		{"last(visit) < 5d", 0, 0, "in 2d"},
		{"last(visit) >= 5d", 0, 0, "in 2d"},
		{"last(visit) >= 3d", 0, 0, "now: visit"},
		{"2d <= last(visit) < 5d", 2, 0, "in 1d"},
		{"purchases(within=90d) >= 5", 0, 2, "2 more"},
		{"purchases(within=90d) >= 2", 0, -2, "2 fewer, or in 70d"},
		{"purchases(within=90d) <= 2", 0, -1, "1 fewer, or in 10d"},
		{"purchases(within=90d) <= 3", 0, 1, "1 more"},
		{"purchases(within=7d) between 1 and 3", 3, -1, "1 fewer, or in 2d"},
		{"purchases(within=7d) >= 1", 2, 1, "1 more"},
		{"purchases() >= 0", 2, 0, "not purchases() >= 0"},
		{"purchases(within=30d) >= 2 then not purchases()", 0, 0, "in 10d"},
	} {
		r, err := audience.ParseText(c.text)
		must(err)
		e, err := compile(t, r, table()).Explain(c.user)
		must(err)
		if len(e.Nearest) != 1 || e.Nearest[0].By != c.by || e.Nearest[0].Text != c.says {
			t.Errorf("%s, user %d: %+v, want %v, %q", c.text, c.user, e.Nearest, c.by, c.says)
		}
	}
	r, err := audience.ParseText("last(visit) < 6d and age >= 30")
	must(err)
	e, err := compile(t, r, table()).Explain(0)
	must(err)
	if !e.Turns.Equal(at(3)) || !strings.Contains(e.String(), "leaves in 3d if nothing happens\nleaves with [") {
		t.Errorf("%v\n%v", e.Turns, e)
	}
	r, err = audience.ParseText("age >= 40 and age < 30")
	must(err)
	if e, err = compile(t, r, table()).Explain(0); err != nil || e.Nearest != nil || !e.Turns.IsZero() {
		t.Errorf("%+v, %v", e, err)
	}
}

// A clause that occurs often, in a rule too large to try all sets, costs bounded time.
func TestNearestLarge(t *testing.T) {
	n := 200
	parts := make([]audience.Rule, 0, 2*n)
	for i := range n {
		parts = append(parts, audience.Or(audience.Compare("x", ">", float64(i)), audience.Compare("x", "<", float64(-i))), audience.Has("x"))
	}
	a, err := audience.NewAttributes(1)
	must(err)
	must(a.AddNumbers("x", []float64{math.NaN()}))
	e, err := compile(t, audience.And(parts...), a).Explain(0)
	if err != nil || e.Result == audience.True || len(e.Nearest) == 0 {
		t.Errorf("%v, %d, %v", e.Result, len(e.Nearest), err)
	}
}
