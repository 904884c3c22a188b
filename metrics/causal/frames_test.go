package causal_test

import (
	"encoding"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/causal"
)

func TestFrames(t *testing.T) { testkit.Frames(t, "metrics/causal", frames()) }

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
	return []testkit.Frame{{
		Kind: codec.KindUpliftHistogram,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			h := got(causal.NewUpliftHistogram(causal.UpliftHistogramOptions{Min: -2, Max: 2, Bins: 4, Replicates: 20, Seed: 9}))
			for i := range 40 {
				done(t, h.Add(uint64(i), i%2 == 0, float64(i*i%3%2), float64(i%9)/2-2))
			}
			return h
		},
		Values: func(t testing.TB, state any) any {
			h := state.(*causal.UpliftHistogram)
			qini, uplift, err := h.Intervals(0)
			done(t, err)
			return testkit.Plain([]any{got(h.Result()), qini, uplift})
		},
		Zero: []string{".cells[].score: of a curve, not of a bin"},
	}, {
		Kind: codec.KindOffPolicy,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			p := got(causal.NewOffPolicy(causal.OffPolicyOptions{Clip: 2, Switch: 3}))
			done(t, p.AddModel(1, .5, .2, .7, .3), p.AddModel(0, .1, .9, .4, .6), p.AddModel(2, .25, .5, 1.5, .8), p.Add(3, .5, .5))
			return p
		},
		Values: func(t testing.TB, state any) any { return testkit.Plain(got(state.(*causal.OffPolicy).Result(.9))) },
	}, {
		Kind: codec.KindDiffInDiff,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			d := &causal.DiffInDiff[int32]{}
			for u := range int32(8) {
				for week := range 4 {
					done(t, d.Add(u-4, u%2 == 0, week > 1, float64(u*u%5*int32(week+1))))
				}
			}
			done(t, d.Add(9, true, false, 3), d.Add(9, false, true, 4)) // in both groups
			return d
		},
		Values: func(t testing.TB, state any) any {
			d := state.(*causal.DiffInDiff[int32])
			return []any{d.Excluded(), testkit.Plain(got(d.Result(metrics.CompareOptions{})))}
		},
	}}
}
