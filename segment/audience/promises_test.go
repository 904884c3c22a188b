package audience_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment/audience"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// promised is a value that needs no error handled: what it makes is fixed.
func promised[T any](x T, err error) T {
	must(err)
	return x
}

// promisedError is the place that an error has.
func promisedError(err error) *audience.TextError {
	var at *audience.TextError
	if !errors.As(err, &at) {
		panic(err)
	}
	return at
}

func TestPromises(t *testing.T) {
	empty := func() *audience.Attributes { return promised(audience.NewAttributes(3)) }
	clause := func() audience.Rule { return audience.Compare("age", ">=", 30) }
	options := audience.Options{AsOf: at(0), MinSize: -1}
	program := func() *audience.Program { return promised(audience.Compile(clause(), table(), options)) }
	some := func() *audience.Set { return promised(audience.New(4, []int32{0, 1, 3})) }
	open := func() *audience.Set { return promised(some().WithMinSize(-1)) }
	dates := []time.Time{at(1), at(2), at(3)}
	ids := []string{"a", "b", "c", "d"}
	key := []byte("0123456789abcdef")
	const none = "nil is the empty audience over no users"
	testkit.Promises{
		Funcs: map[string]any{
			"And": audience.And, "Between": audience.Between, "Compare": audience.Compare, "Compile": audience.Compile, "Frequency": audience.Frequency,
			"Has": audience.Has, "HoldOut": audience.HoldOut[string], "HoldOutKeyed": audience.HoldOutKeyed[string], "In": audience.In,
			"Missing": audience.Missing, "Near": audience.Near, "New": audience.New, "NewAttributes": audience.NewAttributes, "Not": audience.Not,
			"Or": audience.Or, "Parity": audience.Parity, "ParseRule": audience.ParseRule, "Recency": audience.Recency,
			"AddIDs": audience.AddIDs[string], "ParseText": audience.ParseText, "Sample": audience.Sample, "Then": audience.Then,
		},
		Types: []func() any{
			func() any { return empty() },
			func() any { return program() },
			func() any { return open() },
			func() any {
				p := promised(audience.Compile(audience.Frequency("purchases", 4*day, 1, -1), table(), options))
				return promised(p.Live(bg))
			},
			func() any {
				var p audience.Published
				promised(p.Count(open()))
				return &p
			},
			func() any { r := clause(); return &r },
			func() any { e := promised(program().Explain(1)); return &e },
			func() any { x := audience.True; return &x },
			func() any { _, err := audience.ParseText("age >"); return promisedError(err) },
		},
		Zero: []string{"Set", "Published", "Truth", "Explanation", "TextError"},
		Args: map[string]func() []any{
			"And":           func() []any { return []any{[]audience.Rule{clause(), clause()}} },
			"Between":       func() []any { return []any{"age", 18., 30.} },
			"Compare":       func() []any { return []any{"age", ">=", 18.} },
			"Compile":       func() []any { return []any{clause(), table(), options} },
			"Frequency":     func() []any { return []any{"buys", day, 1, 3} },
			"HoldOut":       func() []any { return []any{open(), ids, .5, uint64(1)} },
			"HoldOutKeyed":  func() []any { return []any{open(), ids, .5, key} },
			"Near":          func() []any { return []any{"lat", "lon", 48.1, 11.6, 25.} },
			"New":           func() []any { return []any{4, []int32{0, 1, 3}} },
			"NewAttributes": func() []any { return []any{3} },
			"Not":           func() []any { return []any{clause()} },
			"Or":            func() []any { return []any{[]audience.Rule{clause(), clause()}} },
			"Parity":        func() []any { return []any{open(), table(), "region", -1} },
			"ParseRule":     func() []any { return []any{[]byte(`{"op":"has","attr":"age"}`)} },

			"AddIDs":    func() []any { return []any{empty(), "id", []string{"a", "b", "c"}} },
			"ParseText": func() []any { return []any{"age >= 30"} },
			"Sample":    func() []any { return []any{"id", .1, "spring"} },
			"Then": func() []any {
				return []any{[]audience.Rule{audience.Frequency("views", day, 2, -1), audience.Frequency("buys", 0, 0, 0)}}
			},
			"Program.Live": func() []any { return []any{bg} },
			"Live.Add": func() []any {
				return []any{[]audience.Change{{User: 1, At: at(0), In: true}}, "purchases", audience.Events{Users: []int32{0, 2, 1}, At: dates}}
			},
			"Live.Advance": func() []any { return []any{bg, []audience.Change{{User: 1, At: at(0), In: true}}, at(2)} },
			"Live.Explain": func() []any { return []any{int32(1)} },
			"Live.Has":     func() []any { return []any{int32(1)} },
			"Rule.Equal":   func() []any { return []any{clause()} },
			"Rule.Where":   func() []any { return []any{[]audience.Rule{clause(), clause()}} },
			"Attributes.AddEventRows": func() []any {
				return []any{"l", audience.Events{
					Users: []int32{0, 2, 0}, At: dates, Texts: map[string][]string{"category": {"tea", "", "cup"}},
					Numbers: map[string][]float64{"amount": {1, 2, math.NaN()}}, Missing: []int32{1},
				}}
			},

			"Attributes.AddEvents":    func() []any { return []any{"e", [][]time.Time{dates, nil, {}}} },
			"Attributes.AddNumbers":   func() []any { return []any{"n", []float64{1, 2, 3}} },
			"Attributes.AddTextLists": func() []any { return []any{"l", [][]string{{"a", "b"}, nil, {"c"}}} },
			"Attributes.AddTexts":     func() []any { return []any{"t", []string{"a", "b", "c"}} },
			"Attributes.AddTimes":     func() []any { return []any{"i", dates} },
			"Program.Estimate":        func() []any { return []any{bg, 2, uint64(1)} },
			"Program.Explain":         func() []any { return []any{int32(1)} },
			"Published.Count":         func() []any { return []any{open()} },
			"Rule.UnmarshalJSON":      func() []any { return []any{[]byte(`{"op":"has","attr":"age"}`)} },
			"Set.All":                 func() []any { return []any{func(int32) bool { return true }} },
			"Set.WithMinSize":         func() []any { return []any{2} },
		},
		NaN: map[string]string{
			"Parity": "ratios where no rate can be compared with",
		},
		Settles: map[string]string{
			"Set.And":           none,
			"Set.AndNot":        none,
			"Set.AppendBinary":  none,
			"Set.Count":         none,
			"Set.IDs":           none,
			"Set.MarshalBinary": none,
			"Set.MinSize":       none,
			"Set.Or":            none,
			"Set.Small":         none,
			"Set.WithMinSize":   none,
			"Rule.String":       "the zero Rule is written as no rule",
			"TextError.Error":   "an error has a text, nil too",
			"TextError.Unwrap":  "what it returns is what it is about",
		},
	}.Check(t)
}
