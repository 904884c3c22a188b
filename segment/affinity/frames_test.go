package affinity_test

import (
	"context"
	"encoding"
	"fmt"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment/affinity"
)

// The golden frame, with every field in use.
func TestFrames(t *testing.T) { testkit.Frames(t, "segment/affinity", frames()) }

// FuzzUnmarshal: what is refused changes nothing, what is read is canonical.
func FuzzUnmarshal(f *testing.F) { testkit.FuzzFrames(f, frames()) }

func TestNilReceivers(t *testing.T) { testkit.NilReceivers(t, nil, (*affinity.Lifts)(nil)) }

func filled() *affinity.Lifts {
	return table([]int{60, 90, 70}, [][]int{{30, 12, 0}, {20, 40, 9}, {22, 30, 60}})
}

func frames() []testkit.Frame {
	return []testkit.Frame{{
		Kind: codec.KindLifts,
		Fill: func(t testing.TB) encoding.BinaryMarshaler { return filled() },
		Values: func(t testing.TB, s any) any {
			r, err := s.(*affinity.Lifts).Result(bg, affinity.Options{MinAudience: -1})
			must(err)
			return r.Cells
		},
	}}
}

// TestCancels: a table of many cells looks at its context.
func TestCancels(t *testing.T) {
	testkit.Cancels(t, []testkit.Cancel{{Name: "affinity.Lifts.Result", Looks: 10, Do: func(ctx context.Context, size int) error {
		r, l := rng.New(1, 0, 3), new(affinity.Lifts)
		for i := range 3000 * size {
			spent := map[string]int64{}
			for range 10 {
				spent[fmt.Sprint("c", r.Intn(50))] = 1
			}
			must(l.Add(fmt.Sprint("s", i%(30*size)), spent))
		}
		testkit.Start(ctx)
		_, err := l.Result(ctx, affinity.Options{})
		return err
	}}})
}
