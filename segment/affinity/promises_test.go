package affinity_test

import (
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment/affinity"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestPromises(t *testing.T) {
	testkit.Promises{
		Funcs: map[string]any{},
		Types: []func() any{
			func() any { return filled() },
			func() any {
				r, err := filled().Result(bg, affinity.Options{MinAudience: -1})
				must(err)
				return &r
			},
		},
		Zero: []string{"Lifts", "Result"},
		Args: map[string]func() []any{
			"Lifts.Add": func() []any { return []any{"young", map[string]int64{"tea": 300}} },
			"Lifts.Result": func() []any {
				return []any{bg, affinity.Options{Level: .9, FDR: .1, MinExpected: 4, MaxLift: .9, MinAudience: -1}}
			},
		},
		NaN: map[string]string{"Lifts.Result": "intervals and p-values of cells that are not tested, and all of withheld ones"},
	}.Check(t)
}
