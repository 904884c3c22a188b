package attribution_test

import (
	"context"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics/attribution"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestPromises(t *testing.T) {
	fill := frames()[0].Fill
	credit := func() []attribution.ChannelCredit {
		return got(fill(t).(*attribution.Paths).Credit(attribution.Linear))
	}
	mix := func() []attribution.ChannelMix {
		return got(attribution.Mix(credit(), map[string]int64{"search": 100, "mail": 50}))
	}
	testkit.Promises{
		Funcs: map[string]any{"Mix": attribution.Mix, "MixTable": attribution.MixTable, "New": attribution.New},
		Types: []func() any{func() any { return fill(t) }, func() any { r := attribution.Linear; return &r }},
		Zero:  []string{"Rule", "Paths"},
		Args: map[string]func() []any{
			"Mix":      func() []any { return []any{credit(), map[string]int64{"search": 100, "mail": 50}} },
			"MixTable": func() []any { return []any{mix()} },
			"New": func() []any {
				return []any{attribution.Options{Direct: "typed", HalfLife: 24 * time.Hour, First: .5, Last: .3, MaxPaths: 9}}
			},
			"Paths.Add": func() []any {
				return []any{[]attribution.Touch{{Channel: "search", At: day(1)}, {Channel: "mail", At: day(3)}}, true, int64(900)}
			},
			"Paths.AddPath": func() []any { return []any{[]string{"mail"}, int64(1), int64(2), int64(900)} },
			"Paths.Markov":  func() []any { return []any{context.Background(), 1} },
			"Paths.Shapley": func() []any { return []any{context.Background(), attribution.ShapleyOptions{Samples: 10}} },
		},
		NaN: map[string]string{
			"Mix": "rates over nothing, such as ROAS without a cost",
		},
	}.Check(t)
}
