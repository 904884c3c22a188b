package feature

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/vec"
)

// ScaleMethod says what a Scaler makes of a value x of a column.
type ScaleMethod uint8

// The methods of a Scaler.
const (
	ZScale         ScaleMethod = iota // (x - mean) / standard deviation; divisor n as in scikit-learn, see SampleDeviation
	MinMax                            // Lo + (x - min) / (max - min) · (Hi - Lo)
	Robust                            // (x - median) / (Q3 - Q1); where the middle half is one value, x - median
	MaxAbs                            // x / max|x|
	Log1p                             // sign(x) · ln(1 + |x|), then nothing else; not fitted
	YeoJohnson                        // the power that makes the column most like a normal one, then ZScale; any sign
	BoxCox                            // the same of values > 0
	QuantileRank                      // the share of the fit's values below x, 0 … 1, from at most 1,000 quantiles
	QuantileNormal                    // the normal quantile of that share, within ±5.2
	methods        = int(QuantileNormal) + 1
)

// ScalerOptions configures FitScaler.
type ScalerOptions struct {
	Method ScaleMethod // default ZScale
	// Methods overrides Method for single columns, by name. Default none.
	Methods map[string]ScaleMethod
	// Names of the columns, for messages and Methods. Default "column 0", ….
	Names []string
	// Lo and Hi are the range of MinMax. Default 0 and 1, where both are 0.
	Lo, Hi float64
	// SampleDeviation makes ZScale divide by n-1 instead of n.
	SampleDeviation bool
	// ClipToRange makes MinMax keep values beyond those of the fit in [Lo, Hi].
	ClipToRange bool
}

func (o ScalerOptions) withDefaults() ScalerOptions {
	if o.Lo == 0 && o.Hi == 0 {
		o.Hi = 1
	}
	return o
}

func (o ScalerOptions) validate(where string) error {
	var c check.Options
	c.Require(int(o.Method) < methods, "Method", o.Method, "a ScaleMethod")
	c.Require(check.Finite(o.Lo) && check.Finite(o.Hi) && o.Lo < o.Hi, "Lo", o.Lo, "finite and below Hi")
	for n := range o.Methods {
		c.Require(int(o.Methods[n]) < methods, "Methods["+n+"]", o.Methods[n], "a ScaleMethod")
		c.Require(o.Names == nil || slices.Contains(o.Names, n), "Methods["+n+"]", n, "one of Names")
	}
	return c.Err(where)
}

// Scaler brings columns to comparable scales. It is immutable and safe for
// concurrent use.
//
// A column without spread in the fit (or without any value) has nothing to be
// scaled by: it becomes 0 (MinMax: Lo), Constant reports it, and Inverse returns
// the value it had. NaN stays NaN.
type Scaler struct {
	names    []string
	method   []ScaleMethod
	shift    []float64   // subtracted first
	scale    []float64   // divided by then; 0: constant column
	power    []float64   // of YeoJohnson and BoxCox, else 0
	knots    [][]float64 // of QuantileRank and QuantileNormal, else none
	lo, hi   float64
	clip     bool
	constant []int
}

// FitScaler fits a scaler to rows, n×d; NaN is missing and left out. The same
// rows in any order give the same scaler to the last bit. No rows is ErrEmpty,
// ragged ones ErrShape, ±Inf ErrNotFinite, a spread that float64 cannot hold
// ErrOverflow. Fit it on training rows only.
func FitScaler(ctx context.Context, rows [][]float64, opt ScalerOptions) (*Scaler, error) {
	opt = opt.withDefaults()
	if err := opt.validate("feature: FitScaler"); err != nil {
		return nil, err
	}
	c, err := columnsOf(ctx, rows, opt.Names)
	if err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		return nil, fmt.Errorf("feature: FitScaler: %w", err)
	}
	s, err := c.scaler(ctx, opt)
	if err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		return nil, fmt.Errorf("feature: FitScaler: %w", err)
	}
	return s, nil
}

// Scaler is FitScaler from an accumulator; opt.Names is ignored.
func (c *Columns) Scaler(opt ScalerOptions) (*Scaler, error) {
	if err := made("feature: Columns.Scaler", c != nil && len(c.names) > 0); err != nil {
		return nil, err
	}
	opt = opt.withDefaults()
	opt.Names = c.names
	if err := opt.validate("feature: Columns.Scaler"); err != nil {
		return nil, err
	}
	s, err := c.scaler(context.Background(), opt)
	if err != nil {
		return nil, fmt.Errorf("feature: Columns.Scaler: %w", err)
	}
	return s, nil
}

// scaler fits every column by its method.
func (c *Columns) scaler(ctx context.Context, opt ScalerOptions) (*Scaler, error) {
	if c.rows == 0 {
		return nil, fmt.Errorf("no rows: %w", ErrEmpty)
	}
	d := len(c.names)
	s := &Scaler{names: slices.Clone(c.names), method: make([]ScaleMethod, d), shift: make([]float64, d), scale: make([]float64, d), power: make([]float64, d), knots: make([][]float64, d), lo: opt.Lo, hi: opt.Hi, clip: opt.ClipToRange}
	for j, name := range c.names {
		m := opt.Method
		if own, ok := opt.Methods[name]; ok {
			m = own
		}
		q, err := c.describe(ctx, j)
		if err != nil {
			return nil, err
		}
		shift, scale := m.fit(q, opt.SampleDeviation)
		if m >= YeoJohnson && q.Count > 0 && q.Min < q.Max {
			if shift, scale, err = s.shape(j, m, c.values[j]); err != nil {
				return nil, fmt.Errorf("column %q: %w", name, err)
			}
		} else if m >= YeoJohnson {
			scale = 0
		}
		if !check.Finite(shift) || !check.Finite(scale) {
			return nil, fmt.Errorf("column %q: float64 cannot hold its spread: %w", name, ErrOverflow)
		}
		if scale == 0 {
			if q.Count > 0 {
				shift = q.Median
			}
			s.constant = append(s.constant, j)
		}
		s.method[j], s.shift[j], s.scale[j] = m, shift, scale
	}
	return s, nil
}

// fit returns what the method subtracts from the values of a column and what it
// divides by then, 0 for a column without spread or without values.
func (m ScaleMethod) fit(q ColumnResult, sample bool) (shift, scale float64) {
	switch {
	case q.Count == 0:
		return 0, 0
	case m == ZScale && sample && q.Count > 1:
		return q.Mean, q.StdDev
	case m == ZScale:
		return q.Mean, q.deviation
	case m == MinMax:
		return q.Min, q.Max - q.Min
	case m == Robust && q.Q3 == q.Q1 && q.Min < q.Max:
		return q.Median, 1 // mostly one value, as money spent often is, but not constant
	case m == Robust:
		return q.Median, q.Q3 - q.Q1
	case m == MaxAbs:
		return 0, max(math.Abs(q.Min), math.Abs(q.Max))
	}
	return 0, 1
}

// shape fits the methods that bend a column, from its values in any order.
func (s *Scaler) shape(j int, m ScaleMethod, values []float64) (shift, scale float64, err error) {
	xs := slices.Sorted(slices.Values(values))
	if m >= QuantileRank {
		s.knots[j] = knotsOf(xs)
		return 0, 1, nil
	}
	if m == BoxCox && xs[0] <= 0 {
		return 0, 0, fmt.Errorf("BoxCox of values that are not above 0: %w", ErrRange)
	}
	s.power[j], shift, scale, err = powerFit(xs, m == BoxCox)
	return shift, scale, err
}

// bend is what the bending methods make of x before shift and scale.
func (s *Scaler) bend(j int, x float64) float64 {
	switch s.method[j] {
	case YeoJohnson:
		return yeoJohnson(x, s.power[j])
	case BoxCox:
		return boxCox(max(x, math.SmallestNonzeroFloat64), s.power[j])
	case QuantileRank:
		return rankOf(s.knots[j], x)
	}
	return normalOf(rankOf(s.knots[j], x))
}

// unbend undoes bend.
func (s *Scaler) unbend(j int, y float64) float64 {
	switch s.method[j] {
	case YeoJohnson:
		return yeoJohnsonInverse(y, s.power[j])
	case BoxCox:
		return boxCoxInverse(y, s.power[j])
	case QuantileRank:
		return quantileOf(s.knots[j], y)
	}
	return quantileOf(s.knots[j], infer.NormalCDF(y))
}

// Constant returns the columns without spread, ascending.
func (s *Scaler) Constant() []int {
	if s == nil {
		return nil
	}
	return slices.Clone(s.constant)
}

// Transform appends to dst the scaled copy of rows; the new rows share one array.
// A row of another length is ErrShape, ±Inf ErrNotFinite; dst is then returned as
// it was.
func (s *Scaler) Transform(dst, rows [][]float64) ([][]float64, error) {
	if err := made("feature: Scaler.Transform", s != nil && len(s.names) > 0); err != nil {
		return dst, err
	}
	return s.each(dst, rows, "Transform", s.forward)
}

// Inverse is Transform backwards, ErrOverflow for what leaves float64. Values that MinMax clipped
// do not come back, nor do those of QuantileRank and QuantileNormal beyond the fit; what no value is made into by
// YeoJohnson and BoxCox comes back missing. BoxCox takes values of 0 and less as the smallest number above 0.
func (s *Scaler) Inverse(dst, rows [][]float64) ([][]float64, error) {
	if err := made("feature: Scaler.Inverse", s != nil && len(s.names) > 0); err != nil {
		return dst, err
	}
	return s.each(dst, rows, "Inverse", s.backward)
}

// each appends what f makes of every value, or leaves dst as it is: a row of another
// length, and a value beyond float64, are seen before anything is returned.
func (s *Scaler) each(dst, rows [][]float64, what string, f func(j int, x float64) float64) ([][]float64, error) {
	if err := width(rows, len(s.names)); err != nil {
		return dst, fmt.Errorf("feature: Scaler.%s: %w", what, err)
	}
	out := vec.Rows(len(rows), len(s.names))
	for i, r := range rows {
		for j, x := range r {
			out[i][j] = f(j, x)
			if math.IsInf(out[i][j], 0) && !math.IsInf(x, 0) {
				return dst, fmt.Errorf("feature: Scaler.%s: %w", what, check.Private(s.names[j], int64(i), nil, x, ErrOverflow))
			}
		}
	}
	return append(dst, out...), nil
}

// forward scales value x of column j.
func (s *Scaler) forward(j int, x float64) float64 {
	switch {
	case math.IsNaN(x):
		return x
	case s.method[j] == Log1p:
		return math.Copysign(math.Log1p(math.Abs(x)), x)
	case s.scale[j] == 0:
		if s.method[j] == MinMax {
			return s.lo
		}
		return 0
	}
	if s.method[j] >= YeoJohnson {
		x = s.bend(j, x)
	}
	y := (x - s.shift[j]) / s.scale[j]
	if s.method[j] == MinMax {
		y = s.lo + y*(s.hi-s.lo)
		if s.clip {
			y = max(s.lo, min(s.hi, y))
		}
	}
	return y
}

// backward is the inverse of forward.
func (s *Scaler) backward(j int, y float64) float64 {
	switch {
	case math.IsNaN(y):
		return y
	case s.method[j] == Log1p:
		return math.Copysign(math.Expm1(math.Abs(y)), y)
	case s.scale[j] == 0:
		return s.shift[j]
	case s.method[j] == MinMax:
		y = (y - s.lo) / (s.hi - s.lo)
	}
	if s.method[j] >= YeoJohnson {
		return s.unbend(j, y*s.scale[j]+s.shift[j])
	}
	return y*s.scale[j] + s.shift[j]
}
