package metrics_test

import (
	"encoding"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
)

func TestFrames(t *testing.T) { testkit.Frames(t, "metrics", frames()) }

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
		Kind: codec.KindMetricsMoments,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			m := got(metrics.MomentsOf([]float64{2, 4, 9}))
			return &m
		},
		Values: func(t testing.TB, state any) any {
			m := state.(*metrics.Moments)
			return map[string]any{"n": m.N(), "mean": got(m.Mean()), "variance": got(m.Variance()), "sum": got(m.Sum())}
		},
	}, {
		Kind: codec.KindProportion,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			p := got(metrics.NewProportion(3, 10))
			return &p
		},
		Values: func(t testing.TB, state any) any {
			p := state.(*metrics.Proportion)
			return []int64{p.Successes(), p.N()}
		},
	}, {
		Kind: codec.KindRatio,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			r := metrics.NewRatio(5, 7)
			done(t, r.Add(-1, 4))
			return &r
		},
		Values: func(t testing.TB, state any) any {
			r := state.(*metrics.Ratio)
			return []int64{r.Num(), r.Den(), r.N()}
		},
	}, {
		Kind:   codec.KindConfusion,
		Fill:   func(t testing.TB) encoding.BinaryMarshaler { return &metrics.Confusion{TP: 1, FP: 2, FN: 3, TN: 4} },
		Values: func(t testing.TB, state any) any { return state },
	}, {
		Kind: codec.KindScoreHistogram,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			h := got(metrics.NewScoreHistogram(-1, 2, 3))
			for i := range 20 {
				done(t, h.Add(i%3 == 0, float64(i*i%30)/10-1))
			}
			return h
		},
		Values: func(t testing.TB, state any) any {
			h := state.(*metrics.ScoreHistogram)
			auc, bound, err := h.AUC()
			done(t, err)
			return []float64{auc, bound, got(h.KS())}
		},
	}, {
		Kind: codec.KindBinaryLoss,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			b := got(metrics.NewBinaryLoss(metrics.BinaryLossOptions{Bins: 3, Epsilon: 1e-9}))
			done(t, b.AddWeighted(true, .7, 2), b.Add(false, .1), b.Add(true, .4), b.Add(false, 1))
			return b
		},
		Values: func(t testing.TB, state any) any { return got(state.(*metrics.BinaryLoss).Result()) },
	}, {
		Kind: codec.KindRegression,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			r := &metrics.Regression{}
			done(t, r.Add(3, 4), r.Add(0, 1.5), r.Add(-2, -1))
			return r
		},
		Values: func(t testing.TB, state any) any { return testkit.Plain(got(state.(*metrics.Regression).Result())) },
	}, {
		Kind: codec.KindFairness,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			f := &metrics.Fairness[string]{}
			for i := range 60 {
				f.Add([]string{"north", "south"}[i%2], i%3 == 0, i%5 == 0 || i%7 == 0)
			}
			return f
		},
		Values: func(t testing.TB, state any) any { return got(state.(*metrics.Fairness[string]).Result(10)) },
	}, {
		Kind: codec.KindDistinct,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			d := &metrics.Distinct{}
			for i := range uint64(50) {
				d.AddUint64(i)
			}
			d.AddString("anna")
			return d
		},
		Values: func(t testing.TB, state any) any { return state.(*metrics.Distinct).Count() },
	}, {
		Kind: codec.KindQuantiles,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			q := &metrics.Quantiles{}
			for i := range 9 {
				done(t, q.Add(float64(i*i-20)), q.Add(0))
			}
			return q
		},
		Values: func(t testing.TB, state any) any {
			q := state.(*metrics.Quantiles)
			return []float64{float64(q.N()), got(q.Quantile(0)), got(q.Quantile(.3)), got(q.Quantile(.8)), got(q.Quantile(1))}
		},
		Zero: []string{".d.alpha: 0 stands for the default accuracy"},
	}, {
		Kind: codec.KindAgreement,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			a := &metrics.Agreement{}
			for i := range 12 {
				a.Add(i%3-1, i/4+5)
			}
			a.Add(-1, 5)
			return a
		},
		Values: func(t testing.TB, state any) any { return got(state.(*metrics.Agreement).Result()) },
	}, {
		Kind: codec.KindForecasts,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			f := &metrics.Forecasts{}
			got(f.Add([]float64{1, 2}, []float64{2, 2}, []float64{1, 3, 2}, 1, 2))
			got(f.Add([]float64{5, 7}, []float64{4, 9}, []float64{3, 3, 3}, 1, 1)) // no scale
			return f
		},
		Values: func(t testing.TB, state any) any { return got(state.(*metrics.Forecasts).Result()) },
	}}
}
