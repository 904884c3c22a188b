package forecast

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ Historian  = (*Mean)(nil)
	_ Persistent = (*Mean)(nil)
)

// MeanOptions configures FitMean. The zero value is the mean of all periods.
type MeanOptions struct {
	// Season is the number of periods after which the series repeats: each place of it has a
	// mean of its own; 0 and 1: one mean.
	Season int
	// Window is the number of last periods that are averaged, at least a Season; 0: all.
	Window int
}

func (o MeanOptions) withDefaults() MeanOptions {
	o.Season = check.Default(o.Season, 1)
	return o
}

func (o MeanOptions) validate(where string) error {
	var c check.Options
	c.Require(o.Season >= 1 && o.Season <= maxSeason, "Season", o.Season, fmt.Sprintf("1 to %d", maxSeason))
	c.Require(o.Window == 0 || o.Window >= o.Season, "Window", o.Window, "0 or at least a Season")
	return c.Err(where)
}

// Mean says that periods to come are as those of the past on average. See FitMean.
type Mean struct {
	history
	mean   []float64 // of each place of the season, that of the next period first
	count  []int64   // observed periods of each
	sigma2 float64   // NaN where there are no more values than means
}

// FitMean fits the mean of y, one value a period, NaN where a period is missing: ŷ is the mean of
// the observed values of the same place in the season within the Window, with variance σ²(1 + 1/k)
// where they are k; σ² is the variance around the means, less one degree of freedom each. Fitted
// values are the means themselves, in-sample. Quantiles are normal. O(n).
//
// Errors: ErrOption; ErrEmpty without an observed value; ErrNotFinite, ErrRange for infinite
// values and those beyond 1e100; ErrUndefined where a place of the season was not observed. Source:
// Hyndman and Athanasopoulos, Forecasting, 3rd ed., 5.2.
func FitMean(ctx context.Context, y []float64, opt MeanOptions) (*Mean, error) {
	const where = "forecast: FitMean"
	o := opt.withDefaults()
	if err := o.validate(where); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if _, err := checkSeries(where, y); err != nil {
		return nil, err
	}
	m := &Mean{history: history{y: canonical(y), fitted: make([]float64, len(y))}}
	m.mean, m.count = make([]float64, o.Season), make([]int64, o.Season)
	from := 0
	if o.Window > 0 {
		from = max(0, len(y)-o.Window)
	}
	// Places are counted back from the end: the next period is place 0.
	place := func(t int) int { return ((t-len(y))%o.Season + o.Season) % o.Season }
	for t := from; t < len(y); t++ {
		if p := place(t); !math.IsNaN(y[t]) {
			m.count[p]++
			m.mean[p] += (y[t] - m.mean[p]) / float64(m.count[p])
		}
	}
	if p := slices.Index(m.count, 0); p >= 0 {
		return nil, fmt.Errorf("%s: a period of the season of %d, that of %d from now, was not observed: %w", where, o.Season, p+1, ErrUndefined)
	}
	sum, n := 0.0, -o.Season
	for t := range y {
		m.fitted[t] = m.mean[place(t)]
		if e := y[t] - m.fitted[t]; t >= from && !math.IsNaN(e) {
			sum += e * e
			n++
		}
	}
	m.sigma2 = math.NaN()
	if n > 0 {
		m.sigma2 = sum / float64(n)
	}
	return m, nil
}

// Forecast appends the means of the next h periods. See Forecaster. Also ErrEmpty for a model
// that was not fitted.
func (m *Mean) Forecast(dst []float64, h int) ([]float64, error) {
	const where = "forecast: Mean.Forecast"
	if m == nil || len(m.mean) == 0 {
		return dst, errUnfitted(where)
	}
	if err := checkHorizon(where, h); err != nil {
		return dst, err
	}
	for i := range h {
		dst = append(dst, m.mean[i%len(m.mean)])
	}
	return dst, nil
}

// Quantiles appends quantiles of the next h periods. See Forecaster. ErrUndefined where there
// were no more values than means, ErrEmpty for a model that was not fitted.
func (m *Mean) Quantiles(dst []float64, h int, probs []float64) ([]float64, error) {
	const where = "forecast: Mean.Quantiles"
	if m == nil || len(m.mean) == 0 {
		return dst, errUnfitted(where)
	}
	if err := checkQuantiles(where, h, probs); err != nil {
		return dst, err
	}
	if math.IsNaN(m.sigma2) {
		return dst, fmt.Errorf("%s: no more values than means: %w", where, ErrUndefined)
	}
	mean, sd := make([]float64, h), make([]float64, h)
	for i := range h {
		p := i % len(m.mean)
		mean[i], sd[i] = m.mean[p], math.Sqrt(m.sigma2*(1+1/float64(m.count[p])))
	}
	return appendNormal(dst, mean, sd, probs), nil
}

// Fitted appends the mean of each period's place, in-sample. See Historian. ErrEmpty for a model that was not fitted.
func (m *Mean) Fitted(dst []float64) ([]float64, error) {
	if m == nil || len(m.y) == 0 {
		return dst, errUnfitted("forecast: Mean.Fitted")
	}
	return m.appendFitted(dst), nil
}

// Residuals appends the observed values less the means. See Historian. ErrEmpty for a model that was not fitted.
func (m *Mean) Residuals(dst []float64) ([]float64, error) {
	if m == nil || len(m.y) == 0 {
		return dst, errUnfitted("forecast: Mean.Residuals")
	}
	return m.appendResiduals(dst), nil
}

// AppendBinary appends the model as one frame. ErrEmpty for one that was not fitted.
func (m *Mean) AppendBinary(dst []byte) ([]byte, error) {
	if m == nil || len(m.mean) == 0 {
		return dst, errUnfitted("forecast: Mean.AppendBinary")
	}
	var w codec.Writer
	m.put(&w)
	w.Float64s(m.mean)
	w.Int64s(m.count)
	w.Float64(m.sigma2)
	return w.AppendFrame(dst, codec.KindMean, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (m *Mean) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary replaces m. Payload of version 1, little-endian:
//
//	[]f64   n values of the series, n > 0, |value| <= 1e100, NaN where missing
//	[]f64   n fitted values, finite
//	[]f64   s means, 1 to 65536, at most n, finite
//	[]int64 s counts, 1 to n
//	f64     variance, >= 0 and finite, or NaN
//
// A NaN has the bits of math.NaN. Anything else is ErrCorrupt, a newer version ErrVersion, another
// kind ErrMismatch; m is then unchanged.
func (m *Mean) UnmarshalBinary(data []byte) error {
	const where = "forecast: Mean.UnmarshalBinary"
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindMean, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	var d Mean
	d.get(r)
	d.mean, d.count, d.sigma2 = r.Float64s(), r.Int64s(), r.Float64()
	n := len(d.y)
	switch {
	case r.Err() != nil:
	case len(d.mean) < 1 || len(d.mean) > min(n, maxSeason) || check.Slice("", d.mean) != nil || check.Slice("", d.fitted) != nil:
		r.Fail("means")
	case len(d.count) != len(d.mean) || slices.ContainsFunc(d.count, func(k int64) bool { return k < 1 || k > int64(n) }):
		r.Fail("counts")
	case !variance(d.sigma2):
		r.Fail("variance")
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*m = d
	return nil
}
