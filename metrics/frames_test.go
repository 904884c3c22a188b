package metrics_test

import (
	"encoding"
	"slices"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
)

// frames lists a filled state of every kind of this package.
func frames() []testkit.Frame {
	return slices.Concat(rootFrames(), kpiFrames(), rankingFrames(), attributionFrames(), driftFrames())
}

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

func day(n int) time.Time { return time.Date(2026, 3, n, 12, 0, 0, 0, time.UTC) }

func rootFrames() []testkit.Frame {
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

func kpiFrames() []testkit.Frame {
	funnel := metrics.FunnelOptions{Steps: []string{"view", "cart", "buy"}, Window: 48 * time.Hour, Entry: metrics.FunnelRestart}
	sunday := metrics.Calendar{Period: metrics.PeriodWeek, Location: time.FixedZone("shop", 3600), SundayWeeks: true}
	type cell struct {
		Channel string
		Week    int8
	}
	newCube := func() *metrics.Cube[cell, metrics.Counts] {
		return got(metrics.NewCube(metrics.CubeOptions[cell, metrics.Counts]{Merge: (*metrics.Counts).Merge, MaxCells: 9}))
	}
	return []testkit.Frame{{
		Kind: codec.KindCounts,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			return &metrics.Counts{
				Impressions: 1, Reach: 2, Clicks: 3, Sessions: 4, Bounces: 5, Visitors: 6, Registrations: 7, Carts: 8, CartOrders: 9,
				Orders: 10, Buyers: 11, NewCustomers: 12, Units: 13, Revenue: 14, Refunds: 15, Discounts: 16, GrossMargin: -17, Cost: 18,
				CouponsIssued: 19, CouponsUsed: 20, Engagements: 21, Followers: 22,
			}
		},
		Values: func(t testing.TB, state any) any { return testkit.Plain(*state.(*metrics.Counts)) },
	}, {
		Kind: codec.KindEngagement,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			return &metrics.Engagement{
				Impressions: 1, Reach: 2, Followers: 3, Gained: 4, Lost: 5, Likes: 6, Comments: 7, Shares: 8, Saves: 9,
				Clicks: 10, Reads: 11, Plays: 12, Completions: 13, Seconds: 14,
			}
		},
		Values: func(t testing.TB, state any) any { return testkit.Plain(*state.(*metrics.Engagement)) },
	}, {
		Kind: codec.KindFunnel,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			f := got(metrics.NewFunnel(funnel))
			done(
				t,
				f.AddUser([]metrics.FunnelEvent{{0, day(1)}, {1, day(1).Add(time.Minute)}, {2, day(2)}}),
				f.AddUser([]metrics.FunnelEvent{{0, day(1)}, {1, day(2)}}),
				f.AddUser([]metrics.FunnelEvent{{1, day(1)}}),
			)
			return f
		},
		Values: func(t testing.TB, state any) any {
			f := state.(*metrics.Funnel)
			return []any{f.Outside(), testkit.Plain(f.Result())}
		},
		Zero: []string{
			".rows: scratch", ".chain: scratch", ".times[].hi: a sum beyond 2^64 ns", ".times[].dist.alpha: 0 stands for the default accuracy",
			".times[].dist.neg: times are not negative", ".times[].dist.zero: not of these times",
		},
	}, {
		Kind: codec.KindFunnelBuilder,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			b := got(metrics.NewFunnelBuilder[string](funnel))
			done(t, b.Add("bert", 0, day(1)), b.Add("anna", 0, day(2)), b.Add("bert", 1, day(2)), b.Add("anna", 2, day(3)), b.Add("", 1, day(4)))
			return b
		},
		Values: func(t testing.TB, state any) any {
			b := state.(*metrics.FunnelBuilder[string])
			return []any{b.Len(), testkit.Plain(got(b.Funnel()).Result())}
		},
	}, {
		Kind: codec.KindCustomers,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			c := &metrics.Customers[int16]{}
			done(t, c.Add(-7, 100), c.Add(9, 50), c.Add(9, -20))
			return c
		},
		Values: func(t testing.TB, state any) any {
			c := state.(*metrics.Customers[int16])
			return []any{c.Buyers(), c.Orders(), c.Revenue(), c.RepeatPurchaseRate().String(), c.ARPPU().String()}
		},
	}, {
		Kind: codec.KindActivity,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			a := got(metrics.NewActivity[string](sunday))
			done(t, a.Add("anna", day(1)), a.Add("anna", day(16)), a.Add("anna", day(23)), a.Start("bert", day(2)), a.Add("bert", day(9)), a.Start("carl", day(8)))
			return a
		},
		Read: func(frame []byte) (any, error) {
			a := got(metrics.NewActivity[string](sunday))
			return a, a.UnmarshalBinary(frame)
		},
		Values: func(t testing.TB, state any) any {
			a := state.(*metrics.Activity[string])
			return testkit.Plain([]any{
				a.Users(), got(a.Active(2, day(1), day(29))), got(a.Flows(day(1), day(29))),
				got(a.Retention(metrics.RetentionOptions{Periods: 2, Through: day(29)})),
			})
		},
		Zero: []string{".clock: the caller's calendar, compared and not read, and what it remembers"},
	}, {
		Kind: codec.KindCube,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			c := newCube()
			got(c.Cell(cell{"mail", 3})).Clicks = 2
			got(c.Cell(cell{"app", -1})).Clicks = 5
			return c
		},
		Read: func(frame []byte) (any, error) {
			c := newCube()
			return c, c.UnmarshalBinary(frame)
		},
		Values: func(t testing.TB, state any) any {
			return testkit.Plain(state.(*metrics.Cube[cell, metrics.Counts]).Cells())
		},
		Zero: []string{".states[]: a state's own frame shows its fields"},
	}}
}

func rankingFrames() []testkit.Frame {
	options := metrics.RankingOptions{
		K: []int{1, 3}, Precision: metrics.PrecisionByLength, Recall: metrics.RecallByMinK, AP: metrics.APByLength, Gain: metrics.GainExponential, Discount: metrics.DiscountLog2Clipped,
		Persistence: .7, Candidates: 9, SampledNegatives: 6, KeepUsers: true,
	}
	zero := []string{
		".core.discount: a table by position, grown when needed", ".core.ideal: the same", ".core.row: scratch", ".core.gains: scratch", ".core.best: scratch",
		".seen: scratch", ".set: scratch", ".mark: the receiver's items", ".value: scratch", ".stamp: scratch",
	}
	values := func(r interface {
		Result() (metrics.RankingResult, error)
		Moments(metrics.RankingMetric, int) (metrics.Moments, error)
		PerUser(metrics.RankingMetric, int) ([]float64, error)
	},
	) any {
		m := got(r.Moments(metrics.RankNDCG, 3))
		return testkit.Plain([]any{got(r.Result()), got(m.Variance()), got(r.PerUser(metrics.RankNDCG, 3)), got(r.PerUser(metrics.RankAUC, 1))})
	}
	dense := func() *metrics.DenseRanking { return got(metrics.NewDenseRanking(10, options)) }
	return []testkit.Frame{{
		Kind: codec.KindRanking,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			r := got(metrics.NewRanking[int](options))
			done(
				t,
				r.Add([]int{1, 2, 3}, map[int]float64{2: 2, 3: 1, 9: .5}), r.Add([]int{4, 1}, map[int]float64{4: 1}),
				r.AddSet([]int{5, 6, 7, 8}, []int{8, 6}), r.AddSet(nil, []int{1}), r.AddSet([]int{1}, nil),
			)
			return r
		},
		Values: func(t testing.TB, state any) any { return values(state.(*metrics.Ranking[int])) },
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
		Values: func(t testing.TB, state any) any { return values(state.(*metrics.DenseRanking)) },
		Zero:   zero,
	}, {
		Kind: codec.KindExposure,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			e := got(metrics.NewExposure([]int32{0, 1, 1, 0, 2}))
			done(t, e.Add([]int32{2, 3}, []int32{1, 2}, []int32{0}), e.Add([]int32{4}, []int32{4, 3}, nil), e.Add(nil, []int32{0}, nil))
			return e
		},
		Values: func(t testing.TB, state any) any { return got(state.(*metrics.Exposure).Result()) },
		Zero:   []string{".mark: scratch", ".rel: scratch", ".stamp: scratch"},
	}, {
		Kind: codec.KindBeyond,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			b := got(metrics.NewBeyond(metrics.BeyondOptions[string]{K: 3, Items: 9, Users: 5, Tail: .85, Popularity: map[string]int64{"x": 4, "y": 1, "": 2}}))
			done(
				t,
				b.AddRelevant([]string{"y", "new"}, map[string]float64{"y": 1}), b.AddRelevant([]string{"", "y", "cold"}, map[string]float64{"cold": 1}),
				b.Add([]string{"x", "y"}), b.Add(nil),
			)
			return b
		},
		Values: func(t testing.TB, state any) any { return testkit.Plain(got(state.(*metrics.Beyond[string]).Result())) },
		Zero:   []string{".opt.Popularity: kept as info", ".cold.pop: 0 is what it says"},
	}}
}

func attributionFrames() []testkit.Frame {
	return []testkit.Frame{{
		Kind: codec.KindAttribution,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			a := got(metrics.NewAttribution(metrics.AttributionOptions{Direct: "typed", HalfLife: 24 * time.Hour, First: .5, Last: .3, MaxPaths: 9}))
			done(
				t,
				a.Add([]metrics.Touch{{"search", day(1)}, {"mail", day(3)}, {"typed", day(4)}}, true, 900),
				a.Add([]metrics.Touch{{"mail", day(2)}, {"search", day(3)}, {"mail", day(5)}}, true, 100),
				a.AddPath([]string{"mail"}, 0, 2, 0),
			)
			return a
		},
		Values: func(t testing.TB, state any) any {
			a := state.(*metrics.Attribution)
			out := []any{a.Conversions(), a.Nulls(), a.Revenue()}
			for rule := metrics.AttributeFirst; rule <= metrics.AttributeTimeDecay; rule++ {
				out = append(out, testkit.Plain(got(a.Credit(rule))))
			}
			return out
		},
		Zero: []string{".buf: scratch"},
	}}
}

func driftFrames() []testkit.Frame {
	// feed gives a detector a few values, so that all sums move.
	feed := func(t testing.TB, d metrics.Detector) {
		for _, x := range []float64{1.5, -.5, 2, .25, -3} {
			got(d.Add(x))
		}
	}
	return []testkit.Frame{{
		Kind: codec.KindBins,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			b := got(metrics.NewBinned([]float64{1, 2, 3, 4, 5, 6}, 3))
			done(t, b.Add(9), b.Add(-2), b.Add(3))
			return b
		},
		Values: func(t testing.TB, state any) any {
			b := state.(*metrics.Binned)
			ref := b.Empty()
			done(t, ref.Add(0), ref.Add(3), ref.Add(3), ref.Add(20))
			return testkit.Plain([]any{b.N(), b.Edges(), b.Counts(), got(ref.DriftFrom(b))})
		},
	}, {
		Kind: codec.KindCUSUM,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			c := &metrics.CUSUM{Target: -.5, Slack: .25, Limit: 4}
			feed(t, c)
			return c
		},
		Values: func(t testing.TB, state any) any {
			c := state.(*metrics.CUSUM)
			up, down := c.Sums()
			return []float64{c.Target, c.Slack, c.Limit, up, down}
		},
	}, {
		Kind: codec.KindEWMA,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			e := &metrics.EWMA{Target: .5, Sigma: 2, Lambda: .2, Width: 3}
			feed(t, e)
			return e
		},
		Values: func(t testing.TB, state any) any {
			e := state.(*metrics.EWMA)
			return []float64{e.Target, e.Sigma, e.Lambda, e.Width, e.Mean()}
		},
	}, {
		Kind: codec.KindPageHinkley,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			p := &metrics.PageHinkley{Tolerance: .5, Limit: 7, Warmup: 3}
			feed(t, p)
			return p
		},
		Values: func(t testing.TB, state any) any {
			p := state.(*metrics.PageHinkley)
			out := []float64{p.Tolerance, p.Limit, float64(p.Warmup), p.Mean()}
			for x := 1.; x < 1e6; x *= 2 { // the value it takes to alarm tells the sums
				q := *p
				if got(q.Add(x)) {
					out = append(out, x)
				}
				q = *p
				if got(q.Add(-x)) {
					out = append(out, -x)
				}
			}
			return out
		},
	}}
}
