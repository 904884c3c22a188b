package forecast

import (
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
)

var (
	_ Appender   = (*Combination)(nil)
	_ Persistent = (*Combination)(nil)
)

// Combination forecasts by several models: the weighted mean of theirs, or the median. Quantiles
// are combined as means are (Vincent's average), which keeps them in order. See Combine, FitAuto and
// FitPanel.
type Combination struct {
	models      []Forecaster
	weights     []float64
	names       []string   // of the methods of FitAuto
	narrow      [2]float64 // factors of the spread at the 80 % and the 95 % interval, at most 1 and mostWiden; 0 for 1
	nonNegative bool       // means and quantiles are cut at 0
	warnings    []string
}

// Combine combines models of one series by weights, at least 0 and not all 0, which are scaled to
// a sum of 1; nil weights: the median of the forecasts. Errors: ErrEmpty for no or a nil model,
// ErrShape, ErrNotFinite, ErrRange.
func Combine(models []Forecaster, weights []float64) (*Combination, error) {
	const where = "forecast: Combine"
	if len(models) == 0 {
		return nil, fmt.Errorf("%s: no models: %w", where, ErrEmpty)
	}
	for i, m := range models {
		if check.Missing(m) {
			return nil, fmt.Errorf("%s: models[%d] is nil: %w", where, i, ErrEmpty)
		}
	}
	m := &Combination{models: slices.Clone(models)}
	if weights != nil {
		if err := check.Weights("weights", weights, len(models)); err != nil {
			return nil, fmt.Errorf("%s: %w", where, err)
		}
		sum := 0.0
		for _, w := range weights {
			sum += w
		}
		if !(sum > 0) || math.IsInf(sum, 1) {
			return nil, fmt.Errorf("%s: weights add up to %v: %w", where, sum, ErrRange)
		}
		for _, w := range weights {
			m.weights = append(m.weights, w/sum+0) // no zero is negative
		}
	}
	return m, nil
}

// Weights appends the weights of the models; nothing where their median is taken, and for nil.
func (m *Combination) Weights(dst []float64) []float64 {
	if m == nil {
		return dst
	}
	return append(dst, m.weights...)
}

// Names returns the names of the methods behind the weights, such as "seasonal theta"; nil for what
// FitAuto has not made.
func (m *Combination) Names() []string {
	if m == nil {
		return nil
	}
	return slices.Clone(m.names)
}

// Warnings returns what FitAuto found odd about the series, such as a level that broke; nil for
// nothing.
func (m *Combination) Warnings() []string {
	if m == nil {
		return nil
	}
	return slices.Clone(m.warnings)
}

// combine appends the weighted mean or the median of rows that each model has appended.
func (m *Combination) combine(where string, dst []float64, n int, row func(f Forecaster, dst []float64) ([]float64, error)) ([]float64, error) {
	rows := make([]float64, 0, n*len(m.models))
	for i, f := range m.models {
		var err error
		if m.weights != nil && m.weights[i] == 0 {
			rows = append(rows, make([]float64, n)...)
			continue
		}
		if rows, err = row(f, rows); err != nil {
			return dst, err
		}
		if len(rows) != (i+1)*n {
			return dst, fmt.Errorf("%s: %T returns %d values, want %d: %w", where, f, len(rows)-i*n, n, ErrShape)
		}
	}
	values := make([]float64, len(m.models))
	for j := range n {
		sum := 0.0
		for i := range m.models {
			values[i] = rows[i*n+j]
			if m.weights != nil && m.weights[i] > 0 {
				sum += m.weights[i] * values[i]
			}
		}
		if m.weights == nil {
			sum = medianOf(values)
		}
		dst = append(dst, sum)
	}
	return dst, nil
}

// medianOf sorts x and returns its median.
func medianOf(x []float64) float64 {
	slices.Sort(x)
	n := len(x)
	return x[(n-1)/2]/2 + x[n/2]/2
}

// Forecast appends the combined means. See Forecaster. Also ErrEmpty for a combination of
// nothing, and the errors of its models.
func (m *Combination) Forecast(dst []float64, h int) ([]float64, error) {
	const where = "forecast: Combination.Forecast"
	if m == nil || len(m.models) == 0 {
		return dst, errUnfitted(where)
	}
	if err := checkHorizon(where, h); err != nil {
		return dst, err
	}
	from := len(dst)
	dst, err := m.combine(where, dst, h, func(f Forecaster, dst []float64) ([]float64, error) { return f.Forecast(dst, h) })
	if err != nil {
		return dst, err
	}
	m.raise(dst[from:])
	return dst, nil
}

// raise lifts what is below 0 where nothing may be.
func (m *Combination) raise(xs []float64) {
	for i, x := range xs {
		if m.nonNegative && !(x > 0) {
			xs[i] = 0
		}
	}
}

// Quantiles appends the combined quantiles. See Forecaster. Also ErrEmpty for a combination of
// nothing, and the errors of its models.
func (m *Combination) Quantiles(dst []float64, h int, probs []float64) ([]float64, error) {
	const where = "forecast: Combination.Quantiles"
	if m == nil || len(m.models) == 0 {
		return dst, errUnfitted(where)
	}
	if err := checkQuantiles(where, h, probs); err != nil {
		return dst, err
	}
	from := len(dst)
	dst, err := m.combine(where, dst, h*len(probs), func(f Forecaster, dst []float64) ([]float64, error) { return f.Quantiles(dst, h, probs) })
	if err != nil {
		return dst, err
	}
	if m.narrow != [2]float64{} {
		mean, err := m.combine(where, nil, h, func(f Forecaster, dst []float64) ([]float64, error) { return f.Forecast(dst, h) })
		if err != nil {
			return dst[:from], err
		}
		for k, p := range probs {
			z := math.Abs(infer.NormalQuantile(p))
			factor := m.narrow[0] + (m.narrow[1]-m.narrow[0])*min(max((z-z80)/(z95-z80), 0), 1)
			for i, f := range mean {
				q := &dst[from+i*len(probs)+k]
				if (p > .5) == (*q > f) {
					*q = f + factor*(*q-f)
				} else { // between mean and median: one factor, so that quantiles stay in order
					*q = f + m.narrow[0]*(*q-f)
				}
			}
		}
	}
	m.raise(dst[from:])
	return dst, nil
}

// Append returns the combination of its models moved on by y; weights and spread stay. See Appender. Errors: ErrEmpty for a
// combination of nothing, ErrMismatch where a model is no Appender, and its own.
func (m *Combination) Append(y []float64) (Forecaster, error) {
	const where = "forecast: Combination.Append"
	if m == nil || len(m.models) == 0 {
		return nil, errUnfitted(where)
	}
	next := *m
	next.models = nil
	for _, f := range m.models {
		a, ok := f.(Appender)
		if !ok {
			return nil, fmt.Errorf("%s: %T takes no new periods: %w", where, f, ErrMismatch)
		}
		moved, err := a.Append(y)
		if err != nil {
			return nil, err
		}
		next.models = append(next.models, moved)
	}
	return &next, nil
}
