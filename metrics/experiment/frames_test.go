package experiment_test

import (
	"encoding"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/experiment"
)

func TestFrames(t *testing.T) { testkit.Frames(t, "metrics/experiment", frames()) }

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

// hour is i hours after a Monday.
func hour(i int) time.Time { return time.Date(2026, 6, 1, i, 0, 0, 0, time.UTC) }

// frames lists a filled state of every kind of this package.
func frames() []testkit.Frame {
	return []testkit.Frame{{
		Kind: codec.KindRatioMoments,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			r := &experiment.RatioMoments{}
			done(t, r.Add(1, 2), r.Add(3, 5), r.Add(2, 3))
			return r
		},
		Values: func(t testing.TB, state any) any {
			r := state.(*experiment.RatioMoments)
			return []float64{float64(r.N()), got(r.Value()), got(r.Variance())}
		},
	}, {
		Kind: codec.KindCUPED,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			c := &experiment.CUPED{}
			done(t, c.Add(1, 2), c.Add(3, 5), c.Add(2, 1), c.AddMissing(4), c.AddMissing(6))
			return c
		},
		Values: func(t testing.TB, state any) any {
			c := state.(*experiment.CUPED)
			var other experiment.CUPED
			done(t, other.Add(2, 2), other.Add(5, 4), other.Add(6, 1), other.AddMissing(3), other.AddMissing(1))
			return []any{c.N(), c.Missing(), testkit.Plain(got(experiment.CompareCUPED(*c, other, metrics.CompareOptions{})))}
		},
	}, {
		Kind: codec.KindCUPEDRatio,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			c := &experiment.CUPEDRatio{}
			done(t, c.Add(1, 2, 3, 4), c.Add(2, 2, 5, 3), c.Add(4, 5, 1, 7), c.Add(3, 1, 2, 2), c.AddMissing(1, 1))
			return c
		},
		Values: func(t testing.TB, state any) any {
			c := state.(*experiment.CUPEDRatio)
			var other experiment.CUPEDRatio
			done(t, other.Add(2, 2, 3, 3), other.Add(5, 2, 1, 3), other.Add(1, 4, 1, 2), other.Add(3, 3, 4, 2))
			return []any{c.N(), c.Missing(), testkit.Plain(got(experiment.CompareCUPEDRatios(*c, other, metrics.CompareOptions{})))}
		},
	}, {
		Kind: codec.KindClusters,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			c := &experiment.Clusters[string]{}
			done(t, c.Add("east", 3), c.Add("east", 1), c.Add("west", 2), c.Add("west", 7), c.Add("west", 4))
			return c
		},
		Values: func(t testing.TB, state any) any {
			c := state.(*experiment.Clusters[string])
			r := got(c.Ratio())
			return []float64{float64(c.N()), float64(c.Clusters()), float64(r.N()), got(r.Value()), got(r.Variance())}
		},
	}, {
		Kind: codec.KindExperiment,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			x := got(experiment.New[string](experiment.Options{
				Arms: []string{"none", "mail"}, Weights: []float64{1, 2}, Outcomes: 2, Level: .9, Correction: experiment.BenjaminiHochberg, Timed: true,
				Metrics: []experiment.Metric{
					{Name: "capped", Outcome: 1, Cap: .9, Scale: metrics.ScaleRelative, Floor: .2, Positive: true, Window: 3 * time.Hour},
					{Name: "adjusted", Kind: experiment.Ratio, Outcome: 0, Per: 1, CUPED: true},
				},
			}))
			for i := range 24 {
				u := string(rune('a' + i))
				done(t, x.AssignAt(u, min(i%3, 1), hour(i)), x.AddAt(u, 0, float64(i*7%5), hour(i+i%3-1)), x.AddAt(u, 1, float64(i%4+1), hour(i+i%2)))
				if i%4 != 0 {
					done(t, x.AddPre(u, 0, float64(i%5+1)), x.AddPre(u, 1, float64(i*i%7+1)))
				}
			}
			done(t, x.AssignAt("b", 0, hour(3)), x.AddAt("nobody", 0, 2, hour(3)), x.AsOf(hour(25))) // one in both arms, one in none
			return x
		},
		Values: func(t testing.TB, state any) any {
			r := got(state.(*experiment.Run[string]).Result())
			plain := testkit.Plain(r).(map[string]any)
			if r.AsOf.IsZero() { // versions 1 and 2, which know none of these
				delete(plain, "AsOf")
				delete(plain, "Before")
				for _, row := range plain["Rows"].([]any) {
					delete(row.(map[string]any), "Immature")
				}
			}
			return plain
		},
		Zero: []string{
			".opt.Timed: versions 1 and 2", ".opt.Metrics[].Window: versions 1 and 2", ".first: versions 1 and 2", ".log: versions 1 and 2", ".sums[]: version 3",
			".opt.Metrics[].Floor: version 1 has none", ".opt.Metrics[].Positive: version 1 has none",
		},
	}}
}
