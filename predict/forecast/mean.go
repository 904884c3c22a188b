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
	_ Appender   = (*Mean)(nil)
	_ Persistent = (*Mean)(nil)
)

// MeanOptions configures FitMean. The zero value is the mean of all periods.
type MeanOptions struct {
	// Season is the number of periods after which the series repeats: each place of it has a
	// mean of its own; 0 and 1: one mean.
	Season int
	// Window is the number of last periods that are averaged, at least a Season; 0: all.
	Window int
	// HalfLife is the number of periods after which a period weighs half; default 0: all of the
	// Window weigh the same.
	HalfLife float64
	// Median takes the median, which single large values do not move, and no HalfLife.
	Median bool
	// Root averages square roots, and squares: the level of counts, little moved by single large
	// ones, about their median. Values must not be negative.
	Root bool
}

func (o MeanOptions) withDefaults() MeanOptions {
	o.Season = check.Default(o.Season, 1)
	return o
}

func (o MeanOptions) validate(where string) error {
	var c check.Options
	c.Require(o.Season >= 1 && o.Season <= maxSeason, "Season", o.Season, fmt.Sprintf("1 to %d", maxSeason))
	c.Require(o.Window == 0 || o.Window >= o.Season, "Window", o.Window, "0 or at least a Season")
	c.Require(o.HalfLife == 0 || o.HalfLife >= 1e-3 && check.Finite(o.HalfLife), "HalfLife", o.HalfLife, "0 or at least .001")
	c.Require(!o.Median || o.HalfLife == 0, "HalfLife", o.HalfLife, "0 with Median")
	return c.Err(where)
}

// Mean says that periods to come are as those of the past on average. See FitMean.
type Mean struct {
	history
	opt    MeanOptions
	mean   []float64 // of each place of the season, that of the next period first; of roots under Root
	unsure []float64 // variance of each in units of that of a value
	sigma2 float64   // NaN where there are no more values than means
}

// FitMean fits the mean of y, one value a period, NaN where a period is missing: ŷ is the mean of
// the observed values of the same place in the season within the Window, with variance σ²(1 + 1/k)
// where they are k; σ² is the variance around the means, less one degree of freedom each. With a
// HalfLife sums are weighted and 1/k is Σw²/(Σw)². Under Median they are medians, with π/2 for the 1 of 1/k; under Root
// all of this is of square roots, and means and quantiles are the squares. Fitted
// values are the means themselves, in-sample. Quantiles are normal. O(n), Median O(n log n).
//
// Errors: ErrOption; ErrEmpty without an observed value; ErrNotFinite, ErrRange for infinite
// values and those beyond 1e100, under Root for negative ones; ErrUndefined where a place of the season was not observed. Source:
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
	if o.Root {
		if err := nonNegative(where, y); err != nil {
			return nil, err
		}
	}
	m := &Mean{history: history{y: canonical(y)}, opt: o}
	sigma2, unseen := m.settle()
	if unseen > 0 {
		return nil, fmt.Errorf("%s: a period of the season of %d, that of %d from now, was not observed: %w", where, o.Season, unseen, ErrUndefined)
	}
	m.sigma2 = sigma2
	return m, nil
}

// working is a value on the scale that is averaged, and back is one as the series has it.
func (m *Mean) working(v float64) float64 {
	if m.opt.Root {
		return math.Sqrt(v)
	}
	return v
}

func (m *Mean) back(x float64) float64 {
	if m.opt.Root {
		x = max(x, 0)
		return x * x
	}
	return x
}

// place is that of period t in the season, counted back from the end: the next period is place 0.
func (m *Mean) place(t int) int {
	s := m.opt.Season
	return ((t-len(m.y))%s + s) % s
}

// settle finds the means, after a fit, an Append and a decoding, and the variance around them;
// unseen is a place without a value, counted from 1, or 0.
func (m *Mean) settle() (sigma2 float64, unseen int) {
	s, n := m.opt.Season, len(m.y)
	from := 0
	if m.opt.Window > 0 {
		from = max(0, n-m.opt.Window)
	}
	weight := func(t int) float64 {
		if m.opt.HalfLife == 0 {
			return 1
		}
		return max(math.Exp2(-float64(n-1-t)/m.opt.HalfLife), 1e-200)
	}
	m.mean, m.unsure = make([]float64, s), make([]float64, s)
	sum, values := make([]float64, s), make([][]float64, s)
	for t := from; t < n; t++ {
		v := m.y[t]
		if v != v {
			continue
		}
		p, w := m.place(t), weight(t)
		v = m.working(v)
		sum[p] += w
		part := w / sum[p] // w² may be 0
		m.unsure[p] = (1-part)*(1-part)*m.unsure[p] + part*part
		m.mean[p] += part * (v - m.mean[p])
		if m.opt.Median {
			values[p] = append(values[p], v)
		}
	}
	for p := range s {
		if sum[p] == 0 {
			return 0, p + 1
		}
		if m.opt.Median {
			m.mean[p] = medianOf(values[p])
			m.unsure[p] *= math.Pi / 2
		}
	}
	m.fitted = make([]float64, n)
	squares, weights, k := 0.0, 0.0, -float64(s)
	for t := range m.y {
		p := m.place(t)
		m.fitted[t] = m.back(m.mean[p])
		if e := m.working(m.y[t]) - m.mean[p]; t >= from && e == e {
			squares += weight(t) * e * e
			weights += weight(t)
			k++
		}
	}
	if k < 1 {
		return math.NaN(), 0
	}
	return squares / weights * (k + float64(s)) / k, 0
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
		dst = append(dst, m.back(m.mean[i%len(m.mean)]))
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
		mean[i], sd[i] = m.mean[p], math.Sqrt(m.sigma2*(1+m.unsure[p]))
	}
	at := len(dst)
	dst = appendNormal(dst, mean, sd, probs)
	for i := range dst[at:] {
		dst[at+i] = m.back(dst[at+i])
	}
	return dst, nil
}

// Append returns the model moved on by y: the means are those of the last periods, σ² is that of the
// fit. See Appender. Errors: ErrEmpty for a model that was not fitted or without any period, ErrNotFinite,
// ErrRange, also for negative values under Root; ErrUndefined where a place of the season is not observed
// within the Window any more.
func (m *Mean) Append(y []float64) (Forecaster, error) {
	const where = "forecast: Mean.Append"
	if m == nil || len(m.mean) == 0 {
		return nil, errUnfitted(where)
	}
	if err := checkAppended(where, len(m.y), y); err != nil {
		return nil, err
	}
	if m.opt.Root {
		if err := nonNegative(where, y); err != nil {
			return nil, err
		}
	}
	next := &Mean{history: history{y: append(slices.Clip(m.y), canonical(y)...)}, opt: m.opt, sigma2: m.sigma2}
	if _, unseen := next.settle(); unseen > 0 {
		return nil, fmt.Errorf("%s: a period of the season of %d, that of %d from now, is not observed: %w", where, m.opt.Season, unseen, ErrUndefined)
	}
	return next, nil
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
	w.Float64s(m.y)
	w.Int(m.opt.Season)
	w.Int(m.opt.Window)
	w.Float64(m.opt.HalfLife)
	w.Bool(m.opt.Median)
	w.Bool(m.opt.Root)
	w.Float64(m.sigma2)
	return w.AppendFrame(dst, codec.KindMean, 2), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (m *Mean) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary replaces m. Payload of version 2, little-endian:
//
//	[]f64 n values of the series, n > 0, |value| <= 1e100, NaN where missing
//	int   s, the season, 1 to 65536, at most n
//	int   window, 0 or at least s
//	f64   half-life, 0 or at least .001 and finite
//	bool  whether medians are taken, without a half-life
//	bool  whether roots are, of values that are not negative
//	f64   variance, >= 0 and finite, or NaN
//
// A NaN has the bits of math.NaN, no zero is negative, and each place of the season is observed in the
// window. Version 1 has n fitted values, s means and s counts instead of the options, by which the window
// is found. Anything else is ErrCorrupt, a newer version ErrVersion, another kind ErrMismatch; m is then unchanged.
func (m *Mean) UnmarshalBinary(data []byte) error {
	const where = "forecast: Mean.UnmarshalBinary"
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindMean, 2)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	var d Mean
	if r.Version == 1 {
		d.readFirst(r)
	} else {
		d.y = r.Float64s()
		d.opt = MeanOptions{Season: r.Int(), Window: r.Int(), HalfLife: r.Float64(), Median: r.Bool(), Root: r.Bool()}
	}
	d.sigma2 = r.Float64()
	if r.Err() == nil {
		_, err := checkSeries("", d.y)
		switch {
		case err != nil || r.Version > 1 && !isCanonical(d.y) || d.opt.Root && nonNegative("", d.y) != nil:
			r.Fail("series")
		case d.opt.validate("") != nil || d.opt.Season > len(d.y) || math.Signbit(d.opt.HalfLife):
			r.Fail("options")
		case !variance(d.sigma2):
			r.Fail("variance")
		default:
			d.y = canonical(d.y)
			if _, unseen := d.settle(); unseen > 0 {
				r.Fail("season")
			}
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*m = d
	return nil
}

// readFirst reads the first fields of version 1. The window is the shortest that holds what was counted,
// or none where that is all of the series.
func (m *Mean) readFirst(r *codec.Reader) {
	m.get(r)
	means, counts := r.Float64s(), r.Int64s()
	if r.Err() != nil {
		return
	}
	m.opt.Season = len(means)
	if len(means) < 1 || len(means) > min(len(m.y), maxSeason) || len(counts) != len(means) {
		r.Fail("means")
		return
	}
	seen := make([]int64, len(means))
	wrong := len(counts)
	for t := len(m.y) - 1; t >= 0; t-- {
		if p := m.place(t); m.y[t] == m.y[t] {
			seen[p]++
			switch seen[p] {
			case counts[p]:
				wrong--
			case counts[p] + 1:
				wrong++
			}
		}
		if wrong == 0 {
			if slices.ContainsFunc(m.y[:t], func(v float64) bool { return v == v }) {
				m.opt.Window = max(len(m.y)-t, len(means))
			}
			return
		}
	}
	r.Fail("counts")
}
