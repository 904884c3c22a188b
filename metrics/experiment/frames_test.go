package experiment_test

import (
	"encoding"
	"testing"

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
				Arms: []string{"none", "mail"}, Weights: []float64{1, 2}, Outcomes: 2, Level: .9, Correction: experiment.BenjaminiHochberg,
				Metrics: []experiment.Metric{
					{Name: "capped", Outcome: 1, Cap: .9, Scale: metrics.ScaleRelative, Floor: .2, Positive: true},
					{Name: "adjusted", Kind: experiment.Ratio, Outcome: 0, Per: 1, CUPED: true},
				},
			}))
			for i := range 24 {
				u := string(rune('a' + i))
				done(t, x.Assign(u, min(i%3, 1)), x.Add(u, 0, float64(i*7%5)), x.Add(u, 1, float64(i%4+1)))
				if i%4 != 0 {
					done(t, x.AddPre(u, 0, float64(i%5+1)), x.AddPre(u, 1, float64(i*i%7+1)))
				}
			}
			done(t, x.Assign("b", 0), x.Add("nobody", 0, 2)) // one in both arms, one in none
			return x
		},
		Values: func(t testing.TB, state any) any {
			return testkit.Plain(got(state.(*experiment.Run[string]).Result()))
		},
		Zero: []string{".opt.Metrics[].Floor: version 1 has none", ".opt.Metrics[].Positive: version 1 has none"},
	}}
}
