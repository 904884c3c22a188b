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
	stream := allocate.StreamOptions{PerUser: 2, Limits: []int64{10}, Requests: 20, StockPrice: []float64{1, 2}, LimitPrice: []float64{.5}, Memory: 3, Lessons: 2, Seed: 7}
	newStream := func() *allocate.Stream {
		s, err := allocate.NewStream(offers, stream)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Assign(nil, proposals[:2]); err != nil {
			t.Fatal(err)
		}
		return s
	}
	frame, err := newStream().MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	testkit.Promises{
		Funcs: map[string]any{"Solve": allocate.Solve, "NewStream": allocate.NewStream},
		Types: []func() any{func() any {
			plan, err := allocate.Solve(context.Background(), proposals, offers, opt)
			if err != nil {
				t.Fatal(err)
			}
			return plan
		}, func() any { return newStream() }},
		Zero: []string{"Plan", "Stream"},
		Args: map[string]func() []any{
			"Solve":                  func() []any { return []any{context.Background(), proposals, offers, opt} },
			"NewStream":              func() []any { return []any{offers, stream} },
			"Stream.Assign":          func() []any { return []any{[]allocate.Proposal(nil), proposals[:2]} },
			"Stream.Restock":         func() []any { return []any{1, int64(3)} },
			"Stream.RaiseLimit":      func() []any { return []any{0, int64(3)} },
			"Stream.UnmarshalBinary": func() []any { return []any{frame} },
		},
		NaN: map[string]string{"Plan.Gap": "of a Bound or a Value that the caller has set"},
	}.Check(t)
}
