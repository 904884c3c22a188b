package metrics

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/rng"
)

// Detector watches a series for a lasting change, one value per window in order
// of time. Values are usually standardised: StandardizeRatios for KPIs. Add
// reports an alarm; after it, Reset starts afresh. Detectors depend on order and
// do not merge; they are not safe for concurrent use.
type Detector interface {
	Add(x float64) (alarm bool, err error) // ErrNotFinite leaves the state unchanged
	Reset()
}

// CUSUM adds up deviations from the target beyond a slack in either direction
// (Page 1954), quick at small lasting shifts. The zero value watches a
// standardised series with the usual Slack 0.5 and Limit 5, which is best against
// shifts of one standard deviation and gives a false alarm every 465 windows.
type CUSUM struct {
	Target float64 // expected value
	Slack  float64 // k, half the shift to detect; default 0.5
	Limit  float64 // h; default 5
	up     float64
	down   float64
}

// Add adds the next value.
func (c *CUSUM) Add(x float64) (bool, error) {
	if !check.Finite(x) || !check.Finite(x-c.Target) {
		return false, fmt.Errorf("metrics: CUSUM: value is %v: %w", x, ErrNotFinite)
	}
	k := check.Default(c.Slack, 0.5)
	c.up = min(max(0, c.up+(x-c.Target-k)), math.MaxFloat64)
	c.down = min(max(0, c.down+(c.Target-x-k)), math.MaxFloat64)
	return max(c.up, c.down) > check.Default(c.Limit, 5), nil
}

// Sums returns the sums of deviations upwards and downwards.
func (c *CUSUM) Sums() (up, down float64) { return c.up, c.down }

// Reset forgets the series.
func (c *CUSUM) Reset() { c.up, c.down = 0, 0 }

// EWMA compares an exponentially weighted mean with its own control limits
// (Roberts 1959), exact from the first value on. The zero value watches a
// standardised series with Lambda 0.1 and Width 2.814: a false alarm every 500
// windows (Lucas and Saccucci 1990).
type EWMA struct {
	Target float64 // expected value
	Sigma  float64 // standard deviation of a value; default 1
	Lambda float64 // weight of the newest value, in (0, 1]; default 0.1
	Width  float64 // limits in standard errors; default 2.814
	z      float64 // weighted mean less Target
	left   float64 // (1−Lambda)^(2n), 0 before the first value means 1
	n      int64
}

// Add adds the next value. ErrOption for a Lambda outside (0, 1] or a negative
// Sigma.
func (e *EWMA) Add(x float64) (bool, error) {
	sigma, lambda := check.Default(e.Sigma, 1), check.Default(e.Lambda, 0.1)
	if !(lambda > 0 && lambda <= 1) || !(sigma > 0) {
		return false, fmt.Errorf("metrics: EWMA: Lambda %v, Sigma %v, want in (0, 1] and > 0: %w", lambda, sigma, ErrOption)
	}
	if !check.Finite(x) || !check.Finite(x-e.Target) {
		return false, fmt.Errorf("metrics: EWMA: value is %v: %w", x, ErrNotFinite)
	}
	if e.n == 0 {
		e.left = 1
	}
	e.n++
	e.z = (1-lambda)*e.z + lambda*(x-e.Target)
	e.left *= (1 - lambda) * (1 - lambda)
	se := sigma * math.Sqrt(lambda/(2-lambda)*(1-e.left))
	return math.Abs(e.z) > check.Default(e.Width, 2.814)*se, nil
}

// Mean returns the weighted mean, Target before the first value.
func (e *EWMA) Mean() float64 { return e.Target + e.z }

// Reset forgets the series.
func (e *EWMA) Reset() { e.z, e.left, e.n = 0, 0, 0 }

// PageHinkley watches for a change of the mean without a target: values are
// compared with the mean of the series so far (Page 1954; Hinkley 1971), in both
// directions. The zero value watches a series of standard deviation 1.
type PageHinkley struct {
	Tolerance float64 // deviation that does not matter; default 0.25
	Limit     float64 // default 20
	Warmup    int32   // values before the first alarm; default 30
	n         int64
	mean      float64
	up, upMin float64
	down      float64
	downMin   float64
}

// Add adds the next value.
func (p *PageHinkley) Add(x float64) (bool, error) {
	d := x - p.mean
	if !check.Finite(x) || !check.Finite(d) {
		return false, fmt.Errorf("metrics: PageHinkley: value is %v: %w", x, ErrNotFinite)
	}
	tol := check.Default(p.Tolerance, 0.25)
	p.n++
	p.mean += d / float64(p.n)
	up, down := p.up+(x-p.mean-tol), p.down+(p.mean-x-tol)
	p.up, p.down = clampFinite(up), clampFinite(down)
	p.upMin, p.downMin = min(p.upMin, p.up), min(p.downMin, p.down)
	return p.n > int64(check.Default(p.Warmup, 30)) && max(p.up-p.upMin, p.down-p.downMin) > check.Default(p.Limit, 20), nil
}

func clampFinite(x float64) float64 { return min(max(x, -math.MaxFloat64/4), math.MaxFloat64/4) }

// Mean returns the mean of the series, 0 before the first value.
func (p *PageHinkley) Mean() float64 { return p.mean }

// Reset forgets the series.
func (p *PageHinkley) Reset() {
	*p = PageHinkley{Tolerance: p.Tolerance, Limit: p.Limit, Warmup: p.Warmup}
}

// StandardizeRatios returns how many standard errors the rate of each window is
// above that of the baseline, counting the baseline's own error: what a Detector
// takes. Small windows so weigh less than large ones. ErrRange unless 0 <= Num
// <= Den (successes of trials; for money use Moments), ErrUndefined for a baseline
// that is empty or has a rate of 0 or 1, and for an empty window.
func StandardizeRatios(baseline Ratio, windows []Ratio) ([]float64, error) {
	for i, r := range append([]Ratio{baseline}, windows...) {
		if r.num < 0 || r.den < r.num {
			return nil, fmt.Errorf("metrics: StandardizeRatios: window %d: %v, want successes of trials: %w", i-1, r, ErrRange)
		}
		if r.den == 0 {
			return nil, undefined("StandardizeRatios: window %d (-1: baseline) is empty", i-1)
		}
	}
	p := baseline.Float()
	if p == 0 || p == 1 {
		return nil, undefined("StandardizeRatios: the baseline is %v", baseline)
	}
	out := make([]float64, len(windows))
	for i, r := range windows {
		out[i] = (r.Float() - p) / math.Sqrt(p*(1-p)*(1/float64(r.den)+1/float64(baseline.den)))
	}
	return out, nil
}

// Alarms runs a detector over a series and returns the windows at which it
// alarmed; after each alarm it starts afresh.
func Alarms(d Detector, series []float64) ([]int, error) {
	var out []int
	for i, x := range series {
		alarm, err := d.Add(x)
		if err != nil {
			return nil, fmt.Errorf("metrics: Alarms: window %d: %w", i, err)
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
	Share   Proportion // series with an alarm within the length
	RunMean float64    // mean number of windows to the first alarm, series without one counted at full length
	RunSE   float64    // its standard error
}

// SimulateAlarms says how often a detector alarms: it runs a new one from make
// over runs series of independent standard normal values plus shift, each up to
// length values. With shift 0 that is the false-alarm rate and, for a large
// length, the mean time between false alarms; otherwise the delay until a shift
// of that size is found. The result depends on seed alone. ErrOption for bad
// sizes, ErrNotFinite.
func SimulateAlarms(ctx context.Context, make func() Detector, shift float64, runs, length int, seed uint64) (AlarmRate, error) {
	if runs < 1 || length < 1 || make == nil {
		return AlarmRate{}, fmt.Errorf("metrics: SimulateAlarms: %d runs of %d values, want both > 0 and a detector: %w", runs, length, ErrOption)
	}
	if !check.Finite(shift) {
		return AlarmRate{}, fmt.Errorf("metrics: SimulateAlarms: shift is %v: %w", shift, ErrNotFinite)
	}
	type tally struct {
		share Proportion
		run   Moments
	}
	const block = 64
	sum, err := parallel.Reduce(ctx, runs, block, 0, func(lo, hi int) (*tally, error) {
		t := &tally{}
		for i := lo; i < hi; i++ {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			r := rng.New(seed, 0xa1a, uint64(i))
			d := make()
			at, found := length, false
			for k := range length {
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

// The binary forms of detectors hold their settings and the state of the series.

func encodeFloats(dst []byte, kind uint16, n int64, xs ...float64) []byte {
	var w codec.Writer
	w.Int64(n)
	for _, x := range xs {
		w.Float64(x)
	}
	return w.AppendFrame(dst, kind, 1)
}

func decodeFloats(data []byte, what string, kind uint16, n *int64, xs ...*float64) error {
	r, err := codec.Open(data, kind, 1)
	if err != nil {
		return fmt.Errorf("metrics: %s: %w", what, err)
	}
	*n = r.Int64()
	for _, x := range xs {
		if *x = r.Float64(); !check.Finite(*x) {
			r.Fail("holds a number that is not finite")
		}
	}
	if *n < 0 {
		r.Fail("holds a negative count")
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("metrics: %s: %w", what, err)
	}
	return nil
}

// AppendBinary appends the binary form.
func (c *CUSUM) AppendBinary(dst []byte) ([]byte, error) {
	return encodeFloats(dst, codec.KindCUSUM, 0, c.Target, c.Slack, c.Limit, c.up, c.down), nil
}

// MarshalBinary returns the binary form.
func (c *CUSUM) MarshalBinary() ([]byte, error) { return c.AppendBinary(nil) }

// UnmarshalBinary replaces the state; after an error it is unchanged.
func (c *CUSUM) UnmarshalBinary(data []byte) error {
	var got CUSUM
	var n int64
	if err := decodeFloats(data, "CUSUM", codec.KindCUSUM, &n, &got.Target, &got.Slack, &got.Limit, &got.up, &got.down); err != nil {
		return err
	}
	if n != 0 || got.up < 0 || got.down < 0 {
		return fmt.Errorf("metrics: CUSUM: negative sums: %w", ErrCorrupt)
	}
	*c = got
	return nil
}

// AppendBinary appends the binary form.
func (e *EWMA) AppendBinary(dst []byte) ([]byte, error) {
	return encodeFloats(dst, codec.KindEWMA, e.n, e.Target, e.Sigma, e.Lambda, e.Width, e.z, e.left), nil
}

// MarshalBinary returns the binary form.
func (e *EWMA) MarshalBinary() ([]byte, error) { return e.AppendBinary(nil) }

// UnmarshalBinary replaces the state; after an error it is unchanged.
func (e *EWMA) UnmarshalBinary(data []byte) error {
	var got EWMA
	if err := decodeFloats(data, "EWMA", codec.KindEWMA, &got.n, &got.Target, &got.Sigma, &got.Lambda, &got.Width, &got.z, &got.left); err != nil {
		return err
	}
	if got.left < 0 || got.left > 1 {
		return fmt.Errorf("metrics: EWMA: a weight outside [0, 1]: %w", ErrCorrupt)
	}
	*e = got
	return nil
}

// AppendBinary appends the binary form.
func (p *PageHinkley) AppendBinary(dst []byte) ([]byte, error) {
	return encodeFloats(dst, codec.KindPageHinkley, p.n, float64(p.Warmup), p.Tolerance, p.Limit, p.mean, p.up, p.upMin, p.down, p.downMin), nil
}

// MarshalBinary returns the binary form.
func (p *PageHinkley) MarshalBinary() ([]byte, error) { return p.AppendBinary(nil) }

// UnmarshalBinary replaces the state; after an error it is unchanged.
func (p *PageHinkley) UnmarshalBinary(data []byte) error {
	var got PageHinkley
	var warmup float64
	if err := decodeFloats(data, "PageHinkley", codec.KindPageHinkley, &got.n, &warmup, &got.Tolerance, &got.Limit, &got.mean, &got.up, &got.upMin, &got.down, &got.downMin); err != nil {
		return err
	}
	if got.Warmup = int32(warmup); float64(got.Warmup) != warmup || got.upMin > got.up || got.downMin > got.down {
		return fmt.Errorf("metrics: PageHinkley: sums below their minimum: %w", ErrCorrupt)
	}
	*p = got
	return nil
}
