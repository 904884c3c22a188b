package allocate_test

import (
	"encoding"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend/allocate"
)

func TestFrames(t *testing.T) {
	testkit.Frames(t, "recommend/allocate", frames())
}

func FuzzFrames(f *testing.F) { testkit.FuzzFrames(f, frames()) }

func frames() []testkit.Frame {
	return []testkit.Frame{{
		Kind: codec.KindStream,
		Zero: []string{
			".mu: a lock", ".random: reset for each request", ".mark: scratch", ".top: scratch",
			".drift: a stream that has seen a change keeps nothing that it learned from",
		},
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			s, err := allocate.NewStream(
				[]allocate.Offer{{Stock: 9, Uses: []allocate.Use{{Limit: 1, Amount: 3}}}, {Stock: 7, Uses: []allocate.Use{{Limit: 1, Amount: 2}}}},
				allocate.StreamOptions{PerUser: 2, Limits: []int64{20, 50}, Requests: 64, StockPrice: []float64{1, .5}, LimitPrice: []float64{.125, .25}, Memory: 5, Lessons: 3, Seed: 11},
			)
			if err != nil {
				t.Fatal(err)
			}
			for i := range 12 {
				if _, err := s.Assign(nil, []allocate.Proposal{{User: int32(i), Offer: 0, Value: 1 + float64(i%5)}, {User: int32(i), Offer: 1, Value: 2}}); err != nil {
					t.Fatal(err)
				}
			}
			return s
		},
		Values: func(_ testing.TB, state any) any {
			s := state.(*allocate.Stream)
			return map[string]any{
				"left": s.AppendLeft(nil), "limits": s.AppendLimitsLeft(nil), "requests": s.Requests(),
				"stock": s.AppendStockPrices(nil), "limit": s.AppendLimitPrices(nil),
			}
		},
	}}
}
