package allocate_test

import (
	"context"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend/allocate"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestPromises(t *testing.T) {
	proposals := []allocate.Proposal{{User: 0, Offer: 0, Value: 2}, {User: 0, Offer: 1, Value: 3}, {User: 1, Offer: 1, Value: 4}, {User: 1, Offer: 0, Value: 1}}
	offers := []allocate.Offer{{Stock: -1}, {Stock: 1, Uses: []allocate.Use{{Limit: 0, Amount: 5}}}}
	opt := allocate.Options{UserMost: []int32{1, 2}, Limits: []int64{10}}
	testkit.Promises{
		Funcs: map[string]any{"Solve": allocate.Solve},
		Types: []func() any{func() any {
			plan, err := allocate.Solve(context.Background(), proposals, offers, opt)
			if err != nil {
				t.Fatal(err)
			}
			return plan
		}},
		Zero: []string{"Plan"},
		Args: map[string]func() []any{
			"Solve": func() []any { return []any{context.Background(), proposals, offers, opt} },
		},
		NaN: map[string]string{"Plan.Gap": "of a Bound or a Value that the caller has set"},
	}.Check(t)
}
