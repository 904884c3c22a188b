package drift

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/metrics"
)

// StandardizeRatios returns how many standard errors the rate of each window is
// above that of the baseline, counting the baseline's own error: what a Detector
// takes. Small windows so weigh less than large ones. ErrRange unless 0 <= Num
// <= Den (successes of trials; for money use Moments), ErrUndefined for a baseline
// that is empty or has a rate of 0 or 1, and for an empty window.
func StandardizeRatios(baseline metrics.Ratio, windows []metrics.Ratio) ([]float64, error) {
	for i, r := range append([]metrics.Ratio{baseline}, windows...) {
		if r.Num() < 0 || r.Den() < r.Num() {
			return nil, fmt.Errorf("drift: StandardizeRatios: window %d: %v, want successes of trials: %w", i-1, r, ErrRange)
		}
		if r.Den() == 0 {
			return nil, undefined("StandardizeRatios: window %d (-1: baseline) is empty", i-1)
		}
	}
	p := baseline.Float()
	if p == 0 || p == 1 {
		return nil, undefined("StandardizeRatios: the baseline is %v", baseline)
	}
	out := make([]float64, len(windows))
	for i, r := range windows {
		out[i] = (r.Float() - p) / math.Sqrt(p*(1-p)*(1/float64(r.Den())+1/float64(baseline.Den())))
	}
	return out, nil
}

// Alarms runs a detector over a series and returns the windows at which it
// alarmed; after each alarm it starts afresh.
func Alarms(d Detector, series []float64) ([]int, error) {
	if d == nil {
		return nil, fmt.Errorf("drift: Alarms: d is nil: %w", ErrOption)
	}
	var out []int
	for i, x := range series {
		alarm, err := d.Add(x)
		if err != nil {
			return nil, fmt.Errorf("drift: Alarms: window %d: %w", i, err)
		}
		if alarm {
			out = append(out, i)
			d.Reset()
		}
	}
	return out, nil
}

// AlarmRate is what a detector does on a simulated series.
type AlarmRate struct {
	Share   metrics.Proportion // series with an alarm within the length
	RunMean float64            // mean number of windows to the first alarm, series without one counted at full length
	RunSE   float64            // its standard error
}

// SimulateAlarms says how often a detector alarms: it runs a new one from make
// over runs series of independent standard normal values plus shift, each up to
// length values. With shift 0 that is the false-alarm rate and, for a large
// length, the mean time between false alarms; otherwise the delay until a shift
// of that size is found. The result depends on seed alone. ErrOption for bad
// sizes, ErrNotFinite.
func SimulateAlarms(ctx context.Context, make func() Detector, shift float64, runs, length int, seed uint64) (AlarmRate, error) {
	if runs < 1 || runs > math.MaxInt32 || length < 1 || make == nil {
		return AlarmRate{}, fmt.Errorf("drift: SimulateAlarms: %d runs of %d values, want both > 0, at most 2^31 runs and a detector: %w", runs, length, ErrOption)
	}
	if !check.Finite(shift) {
		return AlarmRate{}, fmt.Errorf("drift: SimulateAlarms: shift is %v: %w", shift, ErrNotFinite)
	}
	type tally struct {
		share metrics.Proportion
		run   metrics.Moments
	}
	const block = 64
	sum, err := parallel.Reduce(ctx, runs, block, 0, func(lo, hi int) (*tally, error) {
		t, m := &tally{}, parallel.NewMeter(ctx)
		for i := lo; i < hi; i++ {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			r := rng.New(seed, 0xa1a, uint64(i))
			d := make()
			at, found := length, false
			for k := range length {
				if err := m.Did(32); err != nil { // a normal deviate and whatever the detector does
					return nil, err
				}
				alarm, err := d.Add(r.Normal() + shift)
				if err != nil {
					return nil, err
				}
				if alarm {
					at, found = k+1, true
					break
				}
			}
			t.share.Add(found)
			if err := t.run.Add(float64(at)); err != nil {
				return nil, err
			}
		}
		return t, nil
	}, func(a, b *tally) *tally {
		_ = a.share.Merge(&b.share)
		_ = a.run.Merge(&b.run)
		return a
	})
	if err != nil {
		return AlarmRate{}, err
	}
	mean, err := sum.run.Mean()
	if err != nil {
		return AlarmRate{}, err
	}
	out := AlarmRate{Share: sum.share, RunMean: mean, RunSE: math.NaN()}
	if v, err := sum.run.Variance(); err == nil {
		out.RunSE = math.Sqrt(v / float64(runs))
	}
	return out, nil
}
