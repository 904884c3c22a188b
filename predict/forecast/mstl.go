package forecast

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/parallel"
)

// DecomposeOptions configures Decompose.
type DecomposeOptions struct {
	// Seasons are the numbers of periods after which the series repeats, such as 7 and 365 for
	// days; at least one, each at least 2 and below half of the series.
	Seasons []int
	// Windows are how many cycles of each season its shape is smoothed over, odd and at least
	// 3; nil: 7 for a single season, else 11, 15, 19 … in ascending order of seasons, as
	// statsmodels has it.
	Windows []int
	// Robust keeps outliers out of trend and season.
	Robust bool
}

// validate names every bad field.
func (o DecomposeOptions) validate(where string, n int) error {
	var c check.Options
	c.Require(len(o.Seasons) > 0, "Seasons", len(o.Seasons), "at least one")
	for i, s := range o.Seasons {
		c.Require(s >= 2 && s <= maxSeason && !slices.Contains(o.Seasons[:i], s), fmt.Sprintf("Seasons[%d]", i), s, fmt.Sprintf("2 to %d, each once", maxSeason))
	}
	c.Require(o.Windows == nil || len(o.Windows) == len(o.Seasons), "Windows", len(o.Windows), "none or as many as Seasons")
	for i, w := range o.Windows {
		c.Require(w >= 3 && w%2 == 1 && w <= maxPeriods, fmt.Sprintf("Windows[%d]", i), w, "odd and at least 3")
	}
	if err := c.Err(where); err != nil {
		return err
	}
	if longest := slices.Max(o.Seasons); n <= 2*longest {
		return fmt.Errorf("%s: %d periods, want more than two seasons of %d: %w", where, n, longest, ErrUndefined)
	}
	return nil
}

// Decomposition is a series as the sum of its parts, one value a period each: trend, seasons and
// remainder. See Decompose. It is immutable and safe for concurrent readers.
type Decomposition struct {
	seasons   []int       // ascending
	seasonal  [][]float64 // of each season
	trend     []float64   // what changes slowly
	remainder []float64   // what is left of the observed periods, NaN where missing
}

// Decompose takes y apart into trend, seasons and remainder by STL, with several seasons by MSTL:
// STL for each in turn, two rounds. Missing periods are filled on a line for that. Cost per round
// and season: about n × (trend window + cycles) × 10, robust × 30. Errors: ErrOption; ErrEmpty,
// ErrNotFinite, ErrRange for the series; ErrUndefined below two seasons; context.Cause(ctx).
// Sources: Cleveland et al., STL, 1990; Bandara, Hyndman and Bergmeir, MSTL, 2021.
func Decompose(ctx context.Context, y []float64, opt DecomposeOptions) (*Decomposition, error) {
	const where = "forecast: Decompose"
	return decompose(ctx, where, y, opt)
}

// decompose is Decompose under the name of its caller.
func decompose(ctx context.Context, where string, y []float64, opt DecomposeOptions) (*Decomposition, error) {
	if err := opt.validate(where, len(y)); err != nil {
		return nil, err
	}
	if _, err := checkSeries(where, y); err != nil {
		return nil, err
	}
	order := make([]int, len(opt.Seasons))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return opt.Seasons[a] - opt.Seasons[b] })
	d := &Decomposition{}
	var parts []*stl
	for k, i := range order {
		window := 7
		switch {
		case opt.Windows != nil:
			window = opt.Windows[i]
		case len(order) > 1:
			window = 11 + 4*k
		}
		d.seasons = append(d.seasons, opt.Seasons[i])
		parts = append(parts, newSTL(len(y), opt.Seasons[i], window, opt.Robust))
	}
	rest, meter := bridged(y), parallel.NewMeter(ctx)
	rounds := min(len(parts), 2)
	for range rounds {
		for _, p := range parts {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			for t, s := range p.season { // 0 in the first round
				rest[t] += s
			}
			if err := p.run(rest, meter); err != nil {
				return nil, err
			}
			for t, s := range p.season {
				rest[t] -= s
			}
		}
	}
	d.trend = slices.Clone(parts[len(parts)-1].level)
	d.remainder = make([]float64, len(y))
	for _, p := range parts {
		d.seasonal = append(d.seasonal, slices.Clone(p.season))
	}
	for t, v := range rest {
		d.remainder[t] = v - d.trend[t]
		if y[t] != y[t] {
			d.remainder[t] = math.NaN()
		}
	}
	return d, nil
}

// Seasons appends the lengths of the seasons, ascending; nothing for nil.
func (d *Decomposition) Seasons(dst []int) []int {
	if d == nil {
		return dst
	}
	return append(dst, d.seasons...)
}

// Season appends the k-th season, in the order of Seasons, one value a period; nothing for one
// that is none and for nil.
func (d *Decomposition) Season(dst []float64, k int) []float64 {
	if d == nil || k < 0 || k >= len(d.seasonal) {
		return dst
	}
	return append(dst, d.seasonal[k]...)
}

// Trend appends what changes slowly; nothing for nil.
func (d *Decomposition) Trend(dst []float64) []float64 {
	if d == nil {
		return dst
	}
	return append(dst, d.trend...)
}

// Remainder appends what is left of the observed periods, NaN where missing; nothing for nil.
func (d *Decomposition) Remainder(dst []float64) []float64 {
	if d == nil {
		return dst
	}
	return append(dst, d.remainder...)
}

// Adjusted appends the series without its seasons, NaN where missing; nothing for nil.
func (d *Decomposition) Adjusted(dst []float64) []float64 {
	if d == nil {
		return dst
	}
	for t, v := range d.trend {
		dst = append(dst, v+d.remainder[t])
	}
	return dst
}

// Next appends the sum of the seasons for the next h periods, each as in its last cycle; nothing
// for nil or h below 1.
func (d *Decomposition) Next(dst []float64, h int) []float64 {
	if d == nil || len(d.seasons) == 0 {
		return dst
	}
	for i := range min(h, MaxHorizon) {
		sum := 0.0
		for k, s := range d.seasonal {
			m := d.seasons[k]
			sum += s[len(s)-m+i%m]
		}
		dst = append(dst, sum)
	}
	return dst
}

// AppendFourier appends the columns of harmonics of a season at a period: sin and cos of
// 2πk·period/season for k = 1 to harmonics, as a column of regressors known beforehand. A season
// need not be whole: 365.25 days. The last sine of a whole season whose half is its highest
// harmonic is 0 everywhere. Errors: ErrRange for a season below 2 or harmonics that are none or
// more than half of it.
func AppendFourier(dst []float64, period int, season float64, harmonics int) ([]float64, error) {
	if !(season >= 2 && season <= maxPeriods) || harmonics < 1 || float64(harmonics) > season/2 {
		return dst, fmt.Errorf("forecast: AppendFourier: %d harmonics of a season of %v, want 1 to half of it: %w", harmonics, season, ErrRange)
	}
	for k := 1; k <= harmonics; k++ {
		turn := math.Mod(float64(period)*float64(k), season) / season
		sin, cos := math.Sincos(2 * math.Pi * turn)
		dst = append(dst, sin, cos)
	}
	return dst, nil
}

var (
	_ Appender   = (*STL)(nil)
	_ Persistent = (*STL)(nil)
)

// STL forecasts the parts of a series by themselves: the seasons as in their last cycle, the rest by
// another model. See FitSTL.
type STL struct {
	parts *Decomposition
	rest  Forecaster
}

// STLOptions configures FitSTL.
type STLOptions struct {
	// Decompose is how the series is taken apart.
	Decompose DecomposeOptions
	// Rest is fitted to the series without its seasons, such as ETS or Theta; nil: FitNaive.
	Rest Fit
}

// FitSTL decomposes y and fits opt.Rest to what is left without the seasons. Means and quantiles
// are its plus the seasons; how sure those are is not in the quantiles. Errors: those of Decompose
// and of Rest,
// ErrEmpty where that returns no model.
func FitSTL(ctx context.Context, y []float64, opt STLOptions) (*STL, error) {
	const where = "forecast: FitSTL"
	rest := opt.Rest
	if rest == nil {
		rest = With(FitNaive, NaiveOptions{})
	}
	d, err := decompose(ctx, where, y, opt.Decompose)
	if err != nil {
		return nil, err
	}
	m, err := rest(ctx, Series{Y: d.Adjusted(nil)})
	if err == nil && check.Missing(m) {
		err = fmt.Errorf("%s: rest returns no model: %w", where, ErrEmpty)
	}
	if err != nil {
		return nil, err
	}
	return &STL{parts: d, rest: m}, nil
}

// Decomposition returns the parts; nil for a model that was not fitted.
func (m *STL) Decomposition() *Decomposition {
	if m == nil {
		return nil
	}
	return m.parts
}

// Forecast appends the means of the next h periods. See Forecaster. Also ErrEmpty for a model
// that was not fitted.
func (m *STL) Forecast(dst []float64, h int) ([]float64, error) {
	const where = "forecast: STL.Forecast"
	if m == nil || m.rest == nil {
		return dst, errUnfitted(where)
	}
	if err := checkHorizon(where, h); err != nil {
		return dst, err
	}
	out, err := m.rest.Forecast(nil, h)
	if err != nil {
		return dst, err
	}
	if len(out) != h {
		return dst, fmt.Errorf("%s: the rest returns %d means for %d periods: %w", where, len(out), h, ErrShape)
	}
	for i, s := range m.parts.Next(nil, h) {
		dst = append(dst, out[i]+s)
	}
	return dst, nil
}

// Quantiles appends quantiles of the next h periods. See Forecaster. Also ErrEmpty for a model
// that was not fitted.
func (m *STL) Quantiles(dst []float64, h int, probs []float64) ([]float64, error) {
	const where = "forecast: STL.Quantiles"
	if m == nil || m.rest == nil {
		return dst, errUnfitted(where)
	}
	if err := checkQuantiles(where, h, probs); err != nil {
		return dst, err
	}
	out, err := m.rest.Quantiles(nil, h, probs)
	if err != nil {
		return dst, err
	}
	if len(out) != h*len(probs) {
		return dst, fmt.Errorf("%s: the rest returns %d quantiles for %d periods: %w", where, len(out), h, ErrShape)
	}
	for i, s := range m.parts.Next(nil, h) {
		for k := range probs {
			dst = append(dst, out[i*len(probs)+k]+s)
		}
	}
	return dst, nil
}

// Append returns the model moved on by y: the seasons go on as in their last cycle, the trend as it
// was last, and the rest follows what y is without the seasons. See Appender. Errors: ErrEmpty for a
// model that was not fitted or without any period, ErrNotFinite, ErrRange, ErrMismatch where the rest is no Appender, and its own.
func (m *STL) Append(y []float64) (Forecaster, error) {
	const where = "forecast: STL.Append"
	if m == nil || m.rest == nil {
		return nil, errUnfitted(where)
	}
	n := len(m.parts.trend)
	if err := checkAppended(where, n, y); err != nil {
		return nil, err
	}
	a, ok := m.rest.(Appender)
	if !ok {
		return nil, fmt.Errorf("%s: %T takes no new periods: %w", where, m.rest, ErrMismatch)
	}
	d := &Decomposition{seasons: m.parts.seasons, trend: slices.Clip(m.parts.trend), remainder: slices.Clip(m.parts.remainder)}
	adjusted := canonical(y)
	for k, s := range m.parts.seasons {
		x := slices.Clip(m.parts.seasonal[k])
		for t := range y {
			v := x[len(x)-s]
			x = append(x, v)
			adjusted[t] -= v
		}
		d.seasonal = append(d.seasonal, x)
	}
	level := d.trend[n-1]
	for _, v := range adjusted {
		left := math.NaN() // of a missing period, with the bits that frames have
		if v == v {
			left = v - level
		}
		d.trend, d.remainder = append(d.trend, level), append(d.remainder, left)
	}
	rest, err := a.Append(adjusted)
	if err == nil && check.Missing(rest) {
		err = fmt.Errorf("%s: the rest returns no model: %w", where, ErrEmpty)
	}
	if err != nil {
		return nil, err
	}
	return &STL{parts: d, rest: rest}, nil
}
