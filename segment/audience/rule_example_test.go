package audience_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/aislekit/aisle/segment/audience"
)

func at(days int) time.Time {
	return time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, days)
}

// table describes four users.
func table() *audience.Attributes {
	a, err := audience.NewAttributes(4)
	must(err)
	must(a.AddNumbers("age", []float64{31, 67, math.NaN(), 24}))
	must(a.AddTexts("region", []string{"north", "south", "north", ""}))
	must(a.AddTextLists("interests", [][]string{{"garden", "books"}, {"books"}, {}, nil}))
	must(a.AddTimes("visit", []time.Time{at(-3), at(-40), at(-1), {}}))
	must(a.AddEvents("purchases", [][]time.Time{{at(-80), at(-20), at(-3)}, {at(-200)}, {}, {at(-5)}}))
	return a
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func ExampleCompile() {
	rule := audience.And(
		audience.Or(audience.Between("age", 25, 40), audience.Missing("age")),
		audience.In("region", "north", "east"),
		audience.Recency("visit", 0, 30*24*time.Hour),
	)
	p, err := audience.Compile(rule, table(), audience.Options{AsOf: at(0), MinSize: 2})
	must(err)
	a, err := p.Select(context.Background())
	must(err)
	fmt.Println(rule)
	fmt.Println(a.IDs(nil), "small:", a.Small())
	// Output:
	// (age between 25 and 40 or age is missing) and region in {"east", "north"} and last(visit) < 30d
	// [0 2] small: false
}

func ExampleProgram_Explain() {
	rule := audience.And(audience.Compare("age", ">=", 25), audience.Frequency("purchases", 90*24*time.Hour, 2, -1))
	p, err := audience.Compile(rule, table(), audience.Options{AsOf: at(0)})
	must(err)
	e, err := p.Explain(1)
	must(err)
	fmt.Print(e)
	for _, c := range e.Deciding() {
		fmt.Println("because", c.Rule, "is", c.Result)
	}
	// Output:
	// false: and
	//   true: age >= 25 (67)
	//   false: purchases(within=90d) >= 2 (0)
	// enters with [purchases(within=90d) >= 2: 2 more]
	// because purchases(within=90d) >= 2 is false
}

// What would change the verdict, and when it changes by itself.
func ExampleTurn() {
	rule, err := audience.ParseText("age >= 30 and last(visit) < 6d")
	must(err)
	p, err := audience.Compile(rule, table(), audience.Options{AsOf: at(0)})
	must(err)
	for _, user := range []int32{0, 3} {
		e, err := p.Explain(user)
		must(err)
		for _, turn := range e.Nearest {
			fmt.Println(user, e.Result, turn.Rule, "→", turn.Want, "|", turn.Text, "|", turn.By, turn.After)
		}
		fmt.Println(e.Turns.Format(time.DateOnly))
	}
	// Output:
	// 0 true age >= 30 → false | age below 30 (-1) | -1 0s
	// 2026-06-04
	// 3 false age >= 30 → true | age +6 | 6 0s
	// 3 false last(visit) < 6d → true | becomes known: last(visit) < 6d | 0 0s
	// 0001-01-01
}

func ExampleParseRule() {
	rule, err := audience.ParseRule([]byte(`{"op":"and","rules":[
		{"op":">=","attr":"age","value":30},
		{"op":"not","rule":{"op":"in","attr":"interests","values":["garden"]}}]}`))
	must(err)
	fmt.Println(rule)
	text, err := rule.MarshalJSON()
	must(err)
	fmt.Println(string(text))
	// Output:
	// age >= 30 and not interests = "garden"
	// {"op":"and","rules":[{"op":">=","attr":"age","value":30},{"op":"not","rule":{"op":"in","attr":"interests","values":["garden"]}}]}
}

// A rule as people write it, about events with properties, and what an error says.
func ExampleParseText() {
	table, err := audience.NewAttributes(3)
	must(err)
	must(table.AddEventRows("bought", audience.Events{
		Users:   []int32{0, 0, 1, 1},
		At:      []time.Time{at(-60), at(-3), at(-20), at(-5)},
		Texts:   map[string][]string{"category": {"tea", "tea", "tea", "cups"}},
		Numbers: map[string][]float64{"amount": {12, 7.5, 9, 30}},
		Missing: []int32{2}, // joined without leave to keep what was bought
	}))
	must(table.AddEvents("visited", [][]time.Time{{at(-9)}, {at(-2)}, {}}))
	must(audience.AddIDs(table, "customer", []string{"ann", "bob", "cai"}))

	rule, err := audience.ParseText(`bought(category="tea", within=90d) >= 2 and not visited(within=7d) or customer in {"cai"}`)
	must(err)
	p, err := audience.Compile(rule, table, audience.Options{AsOf: at(0)})
	must(err)
	a, err := p.Select(context.Background())
	must(err)
	fmt.Println(a.IDs(nil))
	fmt.Println(rule)

	_, err = audience.ParseText("bought(within=90d) >= 2 adn not visited()")
	fmt.Println(err)
	rule, err = audience.ParseText(`bought(categry="tea")`)
	must(err)
	_, err = audience.Compile(rule, table, audience.Options{AsOf: at(0)})
	var text *audience.TextError
	if errors.As(err, &text) {
		fmt.Println(text.Line, text.Column, text.Found, text.Suggestion)
	}
	// Output:
	// [0 2]
	// (bought(category="tea", within=90d) >= 2 and not visited(within=7d)) or customer = "cai"
	// audience: ParseText: 1:25 (byte 24): found "adn", want and, or, then, or the end of the text, did you mean "and"?: corrupt encoding
	// 1 8 categry category
}

// Twice looked at within a week, and not bought since.
func ExampleThen() {
	table, err := audience.NewAttributes(3)
	must(err)
	must(table.AddEvents("viewed", [][]time.Time{{at(-6), at(-2)}, {at(-6), at(-2)}, {at(-9), at(-1)}}))
	must(table.AddEvents("bought", [][]time.Time{{at(-4)}, {at(-1)}, {}}))
	rule := audience.Then(audience.Frequency("viewed", 7*24*time.Hour, 2, -1), audience.Frequency("bought", 0, 0, 0))
	p, err := audience.Compile(rule, table, audience.Options{AsOf: at(0)})
	must(err)
	a, err := p.Select(context.Background())
	must(err)
	fmt.Println(rule, a.IDs(nil))
	// Output:
	// viewed(within=7d) >= 2 then not bought() [0]
}

// A tenth of the customers, always the same, whatever the table.
func ExampleSample() {
	table, err := audience.NewAttributes(1000)
	must(err)
	ids := make([]int, 1000)
	for i := range ids {
		ids[i] = 7000 + i
	}
	must(audience.AddIDs(table, "customer", ids))
	rule := audience.Sample("customer", 0.1, "spring")
	p, err := audience.Compile(rule, table, audience.Options{})
	must(err)
	a, err := p.Select(context.Background())
	must(err)
	n, err := a.Count()
	must(err)
	fmt.Println(rule, n > 70 && n < 130)
	// Output:
	// sample(customer, 0.1, "spring") true
}

// The properties of events narrow what a clause counts.
func ExampleRule_Where() {
	tea := audience.Frequency("bought", 90*24*time.Hour, 2, -1).Where(audience.In("category", "tea"), audience.Compare("amount", ">=", 5))
	text, err := audience.ParseText(`bought(category="tea", amount >= 5, within=90d) >= 2`)
	must(err)
	fmt.Println(tea, tea.Equal(text))
	// Output:
	// bought(category="tea", amount >= 5, within=90d) >= 2 true
}

func ExampleSet_Reason() {
	rule := audience.And(audience.Compare("age", ">=", 40), audience.Compare("age", "<", 30))
	p, err := audience.Compile(rule, table(), audience.Options{})
	must(err)
	a, err := p.Select(context.Background())
	must(err)
	fmt.Println(len(a.IDs(nil)), a.Reason())
	// Output:
	// 0 age >= 40 contradicts age < 30
}

func ExampleHoldOut() {
	a, err := audience.New(6, []int32{0, 1, 2, 3, 5})
	must(err)
	ids := []string{"ann", "bob", "cai", "dan", "eve", "fay"}
	target, control, err := audience.HoldOut(a, ids, 0.3, 1)
	must(err)
	fmt.Println(target.IDs(nil), control.IDs(nil))
	// Output:
	// [0 2 5] [1 3]
}

func ExampleSet_And() {
	buyers, err := audience.New(5, []int32{0, 2, 4})
	must(err)
	readers, err := audience.New(5, []int32{2, 3, 4})
	must(err)
	both, err := buyers.And(readers)
	must(err)
	fmt.Println(both.IDs(nil))
	// Output:
	// [2 4]
}

func ExampleProgram_Estimate() {
	p, err := audience.Compile(audience.Has("age"), table(), audience.Options{MinSize: -1}) // a handful of people, for once
	must(err)
	e, err := p.Estimate(context.Background(), 1000, 1)
	must(err)
	fmt.Println(e.Count, e.Low, e.High, e.Sampled)
	// Output:
	// 3 3 3 4
}

// Everybody who lives too far from the shop to be invited, known to.
func ExampleNear() {
	a, err := audience.NewAttributes(3)
	must(err)
	must(a.AddNumbers("lat", []float64{48.137, 48.371, math.NaN()})) // Munich, Augsburg, unknown
	must(a.AddNumbers("lon", []float64{11.575, 10.898, math.NaN()}))
	rule := audience.Not(audience.Near("lat", "lon", 48.137, 11.575, 30))
	p, err := audience.Compile(rule, a, audience.Options{})
	must(err)
	far, err := p.Select(context.Background())
	must(err)
	e, err := p.Explain(1)
	must(err)
	fmt.Println(rule, far.IDs(nil), e.Parts[0].Value)
	// Output:
	// not (lat, lon) within 30 km of (48.137, 11.575) [1] 56.5 km away
}

// Rules stay as they were written in storage and in a program's own structures.
func ExampleRule() {
	type campaign struct {
		Name string
		Whom audience.Rule
	}
	var c campaign
	must(json.Unmarshal([]byte(`{"Name":"spring","Whom":{"op":"or","rules":[{"op":"has","attr":"email"},{"op":"<","attr":"age","value":30}]}}`), &c))
	fmt.Println(c.Name+":", c.Whom)
	// Output:
	// spring: email is known or age < 30
}
