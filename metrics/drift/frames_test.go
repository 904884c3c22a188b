package drift_test

import (
	"encoding"
	"errors"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics/drift"
)

func TestFrames(t *testing.T) { testkit.Frames(t, "metrics/drift", frames()) }

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
	// feed gives a detector a few values, so that all sums move.
	feed := func(t testing.TB, d drift.Detector) {
		for _, x := range []float64{1.5, -.5, 2, .25, -3} {
			got(d.Add(x))
		}
	}
	return []testkit.Frame{{
		Kind: codec.KindBins,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			b := got(drift.NewBinned([]float64{1, 2, 3, 4, 5, 6}, 3))
			done(t, b.Add(9), b.Add(-2), b.Add(3))
			return b
		},
		Values: func(t testing.TB, state any) any {
			b := state.(*drift.Binned)
			ref := b.Empty()
			done(t, ref.Add(0), ref.Add(3), ref.Add(3), ref.Add(20))
			return testkit.Plain([]any{b.N(), b.Edges(), b.Counts(), got(ref.DriftFrom(b))})
		},
	}, {
		Kind: codec.KindCUSUM,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			c := &drift.CUSUM{Target: -.5, Slack: .25, Limit: 4}
			feed(t, c)
			return c
		},
		Values: func(t testing.TB, state any) any {
			c := state.(*drift.CUSUM)
			up, down := c.Sums()
			return []float64{c.Target, c.Slack, c.Limit, up, down}
		},
	}, {
		Kind: codec.KindEWMA,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			e := &drift.EWMA{Target: .5, Sigma: 2, Lambda: .2, Width: 3}
			feed(t, e)
			return e
		},
		Values: func(t testing.TB, state any) any {
			e := state.(*drift.EWMA)
			return []float64{e.Target, e.Sigma, e.Lambda, e.Width, e.Mean()}
		},
	}, {
		Kind: codec.KindPageHinkley,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			p := &drift.PageHinkley{Slack: .5, Limit: 7, Warmup: 3}
			feed(t, p)
			return p
		},
		Values: func(t testing.TB, state any) any {
			p := state.(*drift.PageHinkley)
			out := []float64{p.Slack, p.Limit, float64(p.Warmup), p.Mean()}
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

// A warm-up of −0 would be written back as 0.
func TestPageHinkleyCanonical(t *testing.T) {
	var w codec.Writer
	w.Int64(0)
	for _, x := range []float64{math.Copysign(0, -1), 1, 5, 0, 0, 0, 0, 0} {
		w.Float64(x)
	}
	var p drift.PageHinkley
	if err := p.UnmarshalBinary(w.AppendFrame(nil, codec.KindPageHinkley, 1)); !errors.Is(err, drift.ErrCorrupt) {
		t.Errorf("−0 was read: %v", err)
	}
}
