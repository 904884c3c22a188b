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
	_ Historian  = (*Naive)(nil)
	_ Appender   = (*Naive)(nil)
	_ Persistent = (*Naive)(nil)
)

// NaiveOptions configures FitNaive. The zero value is the last value, carried on.
type NaiveOptions struct {
	// Season is the number of periods after which the series repeats, such as 7 for days; 0
	// and 1: none, every period is as the last.
	Season int
	// Drift adds the mean change: of a period, or with a Season of a season.
	Drift bool
}

func (o NaiveOptions) withDefaults() NaiveOptions {
	o.Season = check.Default(o.Season, 1)
	return o
}

func (o NaiveOptions) validate(where string) error {
	var c check.Options
	c.Require(o.Season >= 1 && o.Season <= maxSeason, "Season", o.Season, fmt.Sprintf("1 to %d", maxSeason))
	return c.Err(where)
}

// Naive says that a period will be as the last one, or as the same one of the last season, which
// every other method has to beat. See FitNaive.
type Naive struct {
	history
	season int
	drift  float64   // of a season
	pairs  int       // seasons that the drift is the mean of; 0 without drift
	sigma2 float64   // variance of the change from season to season; NaN where none was seen
	last   []float64 // of each place of the season, that of the next period first: the last observed value
	age    []int64   // seasons from it to the end of the series, 0 where it is of the last one
}

// FitNaive fits the naive forecast of y, one value a period, NaN where a period is missing: ŷ(t+k)
// is the last observed value of the same place in the season, plus drift times the seasons in
// between. A change over s seasons has s times the variance σ², so that gaps widen the
// intervals: the k-th season after the last observed one has kσ², with drift kσ²(1 + k/N) where N
// seasons passed between the first and the last values. σ² is the mean of squared changes, each
// over the seasons it took (statsforecast's convention); quantiles are normal. O(n).
//
// Errors: ErrOption; ErrEmpty without an observed value; ErrNotFinite, ErrRange for infinite
// values and those beyond 1e100; ErrUndefined where a place of the season was never observed or,
// with Drift, no place twice. Source: Hyndman and Athanasopoulos, Forecasting, 3rd ed., 5.2 and
// 5.5.
func FitNaive(ctx context.Context, y []float64, opt NaiveOptions) (*Naive, error) {
	const where = "forecast: FitNaive"
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
	m := &Naive{season: o.Season}
	if err := m.start(where, y); err != nil {
		return nil, err
	}
	if o.Drift {
		if err := m.findDrift(where, y); err != nil {
			return nil, err
		}
	}
	m.replay(y, true)
	return m, nil
}

// start makes room for a season, and refuses one of which some place was never observed.
func (m *Naive) start(where string, y []float64) error {
	m.last, m.age = make([]float64, m.season), make([]int64, m.season)
	for p := range m.season {
		m.age[p] = -1 // nothing seen yet
		seen := false
		for t := p; t < len(y) && !seen; t += m.season {
			seen = !math.IsNaN(y[t])
		}
		if !seen {
			return fmt.Errorf("%s: period %d of the season of %d was never observed: %w", where, p, m.season, ErrUndefined)
		}
	}
	return nil
}

// findDrift takes the mean change of a season over all places: the sum of what each changed from
// its first to its last observed value, over the seasons in between.
func (m *Naive) findDrift(where string, y []float64) error {
	var change, seasons float64
	for p := range m.season {
		first, last := -1, -1
		for t := p; t < len(y); t += m.season {
			if math.IsNaN(y[t]) {
				continue
			}
			if first < 0 {
				first = t
			}
			last = t
		}
		change += y[last] - y[first]
		seasons += float64((last - first) / m.season)
	}
	if seasons == 0 {
		return fmt.Errorf("%s: Drift of a series that was never observed a season later: %w", where, ErrUndefined)
	}
	m.drift, m.pairs = change/seasons, int(seasons)/m.season
	m.pairs = max(m.pairs, 1)
	return nil
}

// replay runs over y after the periods that the model has seen, keeps what it said beforehand,
// and with spread also the variance of the changes. last and age begin with the next period's
// place before and after.
func (m *Naive) replay(y []float64, spread bool) {
	y = canonical(y)
	m.y = append(slices.Clip(m.y), y...)
	m.fitted = slices.Grow(slices.Clip(m.fitted), len(y))
	at, sum, n := 0, 0.0, 0
	for _, v := range y {
		fitted := math.NaN()
		if seasons := float64(m.age[at] + 1); seasons > 0 {
			fitted = m.last[at] + seasons*m.drift
			if e := v - fitted; !math.IsNaN(e) {
				sum += e * e / seasons
				n++
			}
		}
		m.fitted = append(m.fitted, fitted)
		switch {
		case !math.IsNaN(v):
			m.last[at], m.age[at] = v, 0
		case m.age[at] >= 0:
			m.age[at]++
		}
		at = (at + 1) % m.season
	}
	m.last = append(slices.Clone(m.last[at:]), m.last[:at]...)
	m.age = append(slices.Clone(m.age[at:]), m.age[:at]...)
	if spread {
		m.sigma2 = math.NaN()
		if n > 0 {
			m.sigma2 = sum / float64(n)
		}
	}
}

// Season returns the length of the season, 1 for none; 0 for nil.
func (m *Naive) Season() int {
	if m == nil {
		return 0
	}
	return m.season
}

// steps returns how many seasons the i-th period to come lies after the last observed value of
// its place, and that value.
func (m *Naive) steps(i int) (seasons, last float64) {
	p := i % m.season
	return float64(int64(i/m.season) + 1 + m.age[p]), m.last[p]
}

// Forecast appends the means of the next h periods. See Forecaster. Also ErrEmpty for a model
// that was not fitted.
func (m *Naive) Forecast(dst []float64, h int) ([]float64, error) {
	const where = "forecast: Naive.Forecast"
	if m == nil || m.season == 0 {
		return dst, errUnfitted(where)
	}
	if err := checkHorizon(where, h); err != nil {
		return dst, err
	}
	for i := range h {
		k, last := m.steps(i)
		dst = append(dst, last+k*m.drift)
	}
	return dst, nil
}

// Quantiles appends quantiles of the next h periods. See Forecaster. ErrUndefined where no place
// of the season was observed twice, ErrEmpty for a model that was not fitted.
func (m *Naive) Quantiles(dst []float64, h int, probs []float64) ([]float64, error) {
	const where = "forecast: Naive.Quantiles"
	if m == nil || m.season == 0 {
		return dst, errUnfitted(where)
	}
	if err := checkQuantiles(where, h, probs); err != nil {
		return dst, err
	}
	if math.IsNaN(m.sigma2) {
		return dst, fmt.Errorf("%s: no value was observed a season later: %w", where, ErrUndefined)
	}
	mean, sd := make([]float64, h), make([]float64, h)
	for i := range h {
		k, last := m.steps(i)
		mean[i] = last + k*m.drift
		variance := k
		if m.pairs > 0 {
			variance *= 1 + k/float64(m.pairs)
		}
		sd[i] = math.Sqrt(m.sigma2 * variance)
	}
	return appendNormal(dst, mean, sd, probs), nil
}

// Fitted appends the one-step forecasts of the series. See Historian. ErrEmpty for a model that was not fitted.
func (m *Naive) Fitted(dst []float64) ([]float64, error) {
	if m == nil || len(m.y) == 0 {
		return dst, errUnfitted("forecast: Naive.Fitted")
	}
	return m.appendFitted(dst), nil
}

// Residuals appends the one-step errors. See Historian. ErrEmpty for a model that was not fitted.
func (m *Naive) Residuals(dst []float64) ([]float64, error) {
	if m == nil || len(m.y) == 0 {
		return dst, errUnfitted("forecast: Naive.Residuals")
	}
	return m.appendResiduals(dst), nil
}

// Append returns the model moved on by y. See Appender; drift and σ² stay. Errors: ErrEmpty for
// a model that was not fitted or without any period, ErrNotFinite, ErrRange.
func (m *Naive) Append(y []float64) (Forecaster, error) {
	const where = "forecast: Naive.Append"
	if m == nil || m.season == 0 {
		return nil, errUnfitted(where)
	}
	if err := checkAppended(where, len(m.y), y); err != nil {
		return nil, err
	}
	next := *m
	next.last, next.age = slices.Clone(m.last), slices.Clone(m.age)
	next.replay(y, false)
	return &next, nil
}

// AppendBinary appends the model as one frame. ErrEmpty for one that was not fitted.
func (m *Naive) AppendBinary(dst []byte) ([]byte, error) {
	if m == nil || m.season == 0 {
		return dst, errUnfitted("forecast: Naive.AppendBinary")
	}
	var w codec.Writer
	m.put(&w)
	w.Int(m.season)
	w.Float64(m.drift)
	w.Int(m.pairs)
	w.Float64(m.sigma2)
	w.Float64s(m.last)
	w.Int64s(m.age)
	return w.AppendFrame(dst, codec.KindNaive, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (m *Naive) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary replaces m. Payload of version 1, little-endian:
//
//	[]f64   n values of the series, n > 0, |value| <= 1e100, NaN where missing
//	[]f64   n fitted values, NaN where none
//	int     s, the season, 1 to 65536, at most n
//	f64     drift, finite
//	int     seasons it is the mean of, 0 to n; the drift of 0 is 0
//	f64     variance, >= 0 and finite, or NaN
//	[]f64   s last values, finite
//	[]int64 s ages, 0 to n
//
// A NaN has the bits of math.NaN. Anything else is ErrCorrupt, a newer version ErrVersion, another
// kind ErrMismatch; m is then unchanged.
func (m *Naive) UnmarshalBinary(data []byte) error {
	const where = "forecast: Naive.UnmarshalBinary"
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindNaive, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	var d Naive
	d.get(r)
	d.season, d.drift, d.pairs, d.sigma2 = r.Int(), r.Float64(), r.Int(), r.Float64()
	d.last, d.age = r.Float64s(), r.Int64s()
	n := len(d.y)
	switch {
	case r.Err() != nil:
	case d.season < 1 || d.season > min(n, maxSeason):
		r.Fail("season")
	case !check.Finite(d.drift) || d.pairs < 0 || d.pairs > n || d.pairs == 0 && d.drift != 0:
		r.Fail("drift")
	case !variance(d.sigma2):
		r.Fail("variance")
	case len(d.last) != d.season || len(d.age) != d.season || check.Slice("", d.last) != nil:
		r.Fail("last season")
	case slices.ContainsFunc(d.age, func(a int64) bool { return a < 0 || a > int64(n) }):
		r.Fail("ages")
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*m = d
	return nil
}
