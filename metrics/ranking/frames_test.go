package ranking_test

import (
	"encoding"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/ranking"
)

func TestFrames(t *testing.T) { testkit.Frames(t, "metrics/ranking", frames()) }

func FuzzUnmarshal(f *testing.F) { testkit.FuzzFrames(f, frames()) }

// got returns x of a call that must not fail.
func got[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

// done stops at the first error.
func done(t testing.TB, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// frames lists a filled state of every kind of this package.
func frames() []testkit.Frame {
	options := ranking.Options{
		K: []int{1, 3}, Precision: ranking.PrecisionByLength, Recall: ranking.RecallByMinK, AP: ranking.APByLength, Gain: ranking.GainExponential, Discount: ranking.DiscountLog2Clipped,
		Persistence: .7, Candidates: 9, SampledNegatives: 6, KeepUsers: true,
	}
	zero := []string{
		".core.discount: a table by position, grown when needed", ".core.ideal: the same", ".core.row: scratch", ".core.gains: scratch", ".core.best: scratch",
		".seen: scratch", ".set: scratch", ".mark: the receiver's items", ".value: scratch", ".stamp: scratch",
	}
	values := func(r interface {
		Result() (ranking.Result, error)
		Moments(ranking.Measure, int) (metrics.Moments, error)
		PerUser(ranking.Measure, int) ([]float64, error)
	},
	) any {
		m := got(r.Moments(ranking.NDCG, 3))
		return testkit.Plain([]any{got(r.Result()), got(m.Variance()), got(r.PerUser(ranking.NDCG, 3)), got(r.PerUser(ranking.AUC, 1))})
	}
	dense := func() *ranking.Dense { return got(ranking.NewDense(10, options)) }
	return []testkit.Frame{{
		Kind: codec.KindRanking,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			r := got(ranking.New[int](options))
			done(
				t,
				r.Add([]int{1, 2, 3}, map[int]float64{2: 2, 3: 1, 9: .5}), r.Add([]int{4, 1}, map[int]float64{4: 1}),
				r.AddSet([]int{5, 6, 7, 8}, []int{8, 6}), r.AddSet(nil, []int{1}), r.AddSet([]int{1}, nil),
			)
			return r
		},
		Values: func(t testing.TB, state any) any { return values(state.(*ranking.Tally[int])) },
		Zero:   zero,
	}, {
		Kind: codec.KindRanking, // the dense form is the same
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			r := dense()
			done(
				t,
				r.AddGraded([]int32{1, 2, 3}, []int32{2, 3, 9}, []float64{2, 1, .5}), r.Add([]int32{4, 1}, []int32{4}),
				r.Add([]int32{5, 6, 7, 8}, []int32{8, 6}), r.Add(nil, []int32{1}), r.Add([]int32{1}, nil),
			)
			return r
		},
		Read: func(frame []byte) (any, error) {
			r := dense()
			return r, r.UnmarshalBinary(frame)
		},
		Values: func(t testing.TB, state any) any { return values(state.(*ranking.Dense)) },
		Zero:   zero,
	}, {
		Kind: codec.KindExposure,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			e := got(ranking.NewExposure([]int32{0, 1, 1, 0, 2}))
			done(t, e.Add([]int32{2, 3}, []int32{1, 2}, []int32{0}), e.Add([]int32{4}, []int32{4, 3}, nil), e.Add(nil, []int32{0}, nil))
			return e
		},
		Values: func(t testing.TB, state any) any { return got(state.(*ranking.Exposure).Result()) },
		Zero:   []string{".mark: scratch", ".rel: scratch", ".stamp: scratch"},
	}, {
		Kind: codec.KindBeyond,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			b := got(ranking.NewBeyond(ranking.BeyondOptions[string]{K: 3, Items: 9, Users: 5, Tail: .85, Popularity: map[string]int64{"x": 4, "y": 1, "": 2}}))
			done(
				t,
				b.AddRelevant([]string{"y", "new"}, map[string]float64{"y": 1}), b.AddRelevant([]string{"", "y", "cold"}, map[string]float64{"cold": 1}),
				b.Add([]string{"x", "y"}), b.Add(nil),
			)
			return b
		},
		Values: func(t testing.TB, state any) any { return testkit.Plain(got(state.(*ranking.Beyond[string]).Result())) },
		Zero:   []string{".opt.Popularity: kept as info", ".cold.pop: 0 is what it says"},
	}}
}
