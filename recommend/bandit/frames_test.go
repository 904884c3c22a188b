package bandit_test

import (
	"encoding"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend/bandit"
)

func TestFrames(t *testing.T) { testkit.Frames(t, "recommend/bandit", frames()) }

func frames() []testkit.Frame {
	return []testkit.Frame{
		{
			Kind: codec.KindClickArms,
			Zero: []string{".known: of datasets"},
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				arms, err := bandit.NewClickArms(3)
				if err != nil {
					t.Fatal(err)
				}
				for arm, counts := range [][2]int64{{10, 3}, {1 << 40, 1 << 33}, {5, 5}} {
					if err := arms.AddCounts(int32(arm), counts[0], counts[1]); err != nil {
						t.Fatal(err)
					}
				}
				return arms
			},
			Values: func(_ testing.TB, state any) any {
				arms := state.(*bandit.ClickArms)
				out := map[string]any{"arms": arms.Len()}
				for arm, name := range []string{"first", "second", "third"} {
					shown, success := arms.Counts(int32(arm))
					out[name] = []int64{shown, success}
				}
				return out
			},
		},
		{
			Kind: codec.KindLinearArms,
			Zero: []string{".known: of datasets"},
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				arms, err := bandit.NewLinearArms(2, 2, bandit.LinearArmsOptions{})
				if err != nil {
					t.Fatal(err)
				}
				for arm, x := range [][]float64{{1, 0.3}, {1, -2}, {0.25, 7}} {
					if err := arms.Add(int32(arm%2), x, 0.1+float64(arm)); err != nil {
						t.Fatal(err)
					}
				}
				return arms
			},
			Values: func(t testing.TB, state any) any {
				arms := state.(*bandit.LinearArms)
				// The bounds are made of all sums.
				policy, err := bandit.NewLinUCB(arms, bandit.LinUCBOptions{})
				if err != nil {
					t.Fatal(err)
				}
				var bounds []float64
				for arm := range int32(2) {
					for _, x := range [][]float64{{1, 0}, {0, 1}, {1, 1}} {
						b, err := policy.Bound(arm, x)
						if err != nil {
							t.Fatal(err)
						}
						bounds = append(bounds, b)
					}
				}
				return map[string]any{"arms": arms.Len(), "features": arms.Features(), "counts": []int64{arms.Count(0), arms.Count(1)}, "bounds": bounds}
			},
		},
	}
}
