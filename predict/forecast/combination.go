package forecast

import (
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ Appender   = (*Combination)(nil)
	_ Persistent = (*Combination)(nil)
)

// Combination forecasts by several models: the weighted mean of theirs, or the median. Quantiles
// are combined as means are (Vincent's average), which keeps them in order. See Combine and
// FitPanel.
type Combination struct {
	models  []Forecaster
	weights []float64
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

// combine appends the weighted mean or the median of rows that each model has appended.
func (m *Combination) combine(where string, dst []float64, n int, row func(f Forecaster, dst []float64) ([]float64, error)) ([]float64, error) {
	rows := make([]float64, 0, n*len(m.models))
	for i, f := range m.models {
		var err error
		if m.weights != nil && m.weights[i] == 0 {
			rows = rows[:len(rows)+n]
			clear(rows[len(rows)-n:])
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
	return m.combine(where, dst, h, func(f Forecaster, dst []float64) ([]float64, error) { return f.Forecast(dst, h) })
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
	return m.combine(where, dst, h*len(probs), func(f Forecaster, dst []float64) ([]float64, error) { return f.Quantiles(dst, h, probs) })
}

// Append returns the combination of its models moved on by y. See Appender. Errors: ErrEmpty for a
// combination of nothing, ErrMismatch where a model is no Appender, and its own.
func (m *Combination) Append(y []float64) (Forecaster, error) {
	const where = "forecast: Combination.Append"
	if m == nil || len(m.models) == 0 {
		return nil, errUnfitted(where)
	}
	next := &Combination{weights: m.weights}
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
	return next, nil
}

// AppendBinary appends the combination as one frame. ErrEmpty for one of nothing, ErrMismatch
// where a model has no binary form or is a Combination or a Conformal itself.
func (m *Combination) AppendBinary(dst []byte) ([]byte, error) {
	const where = "forecast: Combination.AppendBinary"
	if m == nil || len(m.models) == 0 {
		return dst, errUnfitted(where)
	}
	var w codec.Writer
	w.Int(len(m.models))
	for _, f := range m.models {
		if err := putModel(&w, where, f, rank(codec.KindCombination)); err != nil {
			return dst, err
		}
	}
	w.Float64s(m.weights)
	return w.AppendFrame(dst, codec.KindCombination, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (m *Combination) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary replaces m. Payload of version 1, little-endian:
//
//	int    models, at least 1; of each
//	[]byte frame of a model of this package that is neither a Combination nor a Conformal
//	[]f64  weights in [0, 1] that sum up to 1 but for rounding, as many; none for the median
//
// Anything else is ErrCorrupt, a newer version ErrVersion, another kind ErrMismatch; m is then
// unchanged.
func (m *Combination) UnmarshalBinary(data []byte) error {
	const where = "forecast: Combination.UnmarshalBinary"
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	return m.read(where, data, rank(codec.KindCombination))
}

// read is UnmarshalBinary of a combination of models that rank below.
func (m *Combination) read(where string, data []byte, below int) error {
	r, err := codec.Open(data, codec.KindCombination, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	var d Combination
	n := r.Int()
	if r.Err() == nil && n < 1 {
		r.Fail("models")
	}
	for i := 0; i < n && r.Err() == nil; i++ {
		d.models = append(d.models, getModel(r, below))
	}
	d.weights = r.Float64s()
	if r.Err() == nil && len(d.weights) == 0 {
		d.weights = nil
	}
	if r.Err() == nil && d.weights != nil {
		sum := 0.0
		for _, w := range d.weights {
			if !(w >= 0 && w <= 1) || math.Signbit(w) {
				r.Fail("weights")
			}
			sum += w
		}
		if len(d.weights) != n || !(math.Abs(sum-1) <= 1e-6) {
			r.Fail("weights")
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*m = d
	return nil
}
