package basket_test

import (
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment/basket"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// promised is a value that needs no error handled: what it makes is fixed.
func promised[T any](x T, err error) T {
	must(err)
	return x
}

func TestPromises(t *testing.T) {
	share := basket.Fraction{Num: 1, Den: 5}
	sets := func() *basket.Sets[string] {
		return promised(basket.Mine(bg, shelf(), basket.MineOptions{MinSupport: share}))
	}
	rules := func() *basket.Rules[string] { return promised(sets().Rules(bg, basket.RuleOptions{})) }
	proposed := func() *basket.TwoPass[string] {
		var p basket.TwoPass[string]
		must(p.Propose(sets()))
		return &p
	}
	mine := basket.MineOptions{MinSupport: share, MinLen: 1, MaxLen: 3, Top: 50, MaxSets: 1000, MaxMemory: 1 << 20}
	steps := []basket.Visit[string]{{Items: []string{"tea"}}, {Items: []string{"honey", "milk"}}}
	testkit.Promises{
		Funcs: map[string]any{
			"Mine": basket.Mine[string], "MineTaxonomy": basket.MineTaxonomy[string], "MineSequences": basket.MineSequences[string],
			"MeasureRule": basket.MeasureRule, "FractionOf": basket.FractionOf,
		},
		Types: []func() any{
			func() any { return shelf() },
			func() any { return sets() },
			func() any { return rules() },
			func() any { return proposed() },
			func() any {
				s := clicks("ab", "ba")
				must(s.Add(steps))
				return s
			},
			func() any { x := basket.Eclat; return &x },
		},
		Zero: []string{"Baskets", "TwoPass", "Journeys", "Algorithm"},
		Args: map[string]func() []any{
			"Mine":         func() []any { return []any{bg, shelf(), mine} },
			"MineTaxonomy": func() []any { return []any{bg, shelf(), map[string][]string{"a": {"vowel"}}, mine} },
			"MineSequences": func() []any {
				return []any{bg, visits(), basket.SequenceOptions{
					MinSupport: share, MaxLen: 3, MaxGap: 2, MinWait: 1, MaxWait: time.Hour, MaxSpan: time.Hour, MaxPatterns: 100, MaxMemory: 1 << 20,
				}}
			},
			"MeasureRule": func() []any { return []any{int64(10), int64(7), int64(7), int64(5)} },
			"FractionOf":  func() []any { return []any{.001} },

			"Baskets.Add":     func() []any { return []any{[]string{"a", "b"}} },
			"Baskets.Forget":  func() []any { return []any{[]string{"a", "b"}} },
			"Baskets.Merge":   func() []any { return []any{of("xy")} },
			"TwoPass.Count":   func() []any { return []any{bg, shelf()} },
			"TwoPass.Merge":   func() []any { return []any{proposed()} },
			"TwoPass.Propose": func() []any { return []any{sets()} },
			"Rules.All":       func() []any { return nil },
			"Rules.Suggest": func() []any {
				return []any{[]basket.Suggestion[string]{{Item: "x", Score: 1, Lift: 1}}, []string{"a", "b"}, 3}
			},
			"Journeys.Add":    func() []any { return []any{steps} },
			"Journeys.Forget": func() []any { return []any{steps} },
			"Journeys.Merge":  func() []any { return []any{clicks("xy")} },
			"Sets.Count":      func() []any { return []any{[]string{"a", "b"}} },
			"Sets.Rules": func() []any {
				return []any{bg, basket.RuleOptions{MinConfidence: share, MinLift: .5, MinImprovement: .01, MaxConsequent: 2, FDR: .99, MaxRules: 1000, MaxMemory: 1 << 20}}
			},
		},
		NaN: map[string]string{
			"MeasureRule": "the conviction of a rule without exception is +Inf",
		},
		Settles: map[string]string{
			"Rules.Suggest":  "nil and the zero value add nothing to dst",
			"TwoPass.Result": "a pass that counted no baskets is ErrMismatch",
		},
	}.Check(t)
}
