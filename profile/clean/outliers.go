package clean

import (
	"encoding"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/moments"
)

var (
	_ encoding.BinaryAppender    = (*Outliers)(nil)
	_ encoding.BinaryMarshaler   = (*Outliers)(nil)
	_ encoding.BinaryUnmarshaler = (*Outliers)(nil)
)

// OutlierMethod says how the bounds of credible values are found.
type OutlierMethod uint8

// The methods of FitOutliers; K and Tail are fields of OutlierOptions.
const (
	IQR      OutlierMethod = iota // [Q1 - K·(Q3-Q1), Q3 + K·(Q3-Q1)], K 1.5 (Tukey's fences)
	ZScore                        // mean ± K standard deviations (divisor n-1), K 3
	MAD                           // median ± K·1.4826·median|x - median|, K 3.5 (Iglewicz and Hoaglin)
	Quantile                      // [quantile Tail, quantile 1-Tail], Tail 0.01
)

// OutlierOptions configures FitOutliers.
type OutlierOptions struct {
	Method OutlierMethod // default IQR
	K      float64       // how many spreads are credible, > 0. Default: see the method
	Tail   float64       // share cut off at each end by Quantile, in (0, 0.5). Default 0.01
}

func (o OutlierOptions) withDefaults() OutlierOptions {
	o.K = check.Default(o.K, [...]float64{IQR: 1.5, ZScore: 3, MAD: 3.5, Quantile: 1}[min(o.Method, Quantile)])
	o.Tail = check.Default(o.Tail, 0.01)
	return o
}

func (o OutlierOptions) validate() error {
	var c check.Options
	c.Require(o.Method <= Quantile, "Method", o.Method, "IQR, ZScore, MAD or Quantile")
	check.Positive(&c, "K", o.K)
	c.Require(o.Tail > 0 && o.Tail < 0.5, "Tail", o.Tail, "in (0, 0.5)")
	return c.Err("clean: FitOutliers")
}

// Outliers is an interval of credible values. What to do with the others is a
// separate step: Is flags, Clip pulls in (winsorises), Drop removes. It is
// immutable. Nil and the zero value know no bounds: for them nothing is an outlier, Flag
// and Drop append nothing, and AppendBinary is ErrEmpty.
type Outliers struct {
	lo, hi     float64
	degenerate bool
	known      bool // made by FitOutliers or NewBounds
}

// interval reports whether finite numbers lie in [lo, hi].
func interval(lo, hi float64) bool { return lo <= hi && !math.IsInf(lo, 1) && !math.IsInf(hi, -1) }

// NewBounds returns an Outliers from domain knowledge: values in [lo, hi] are
// credible. Infinite bounds are open; NaN, lo > hi and an interval without finite values
// are ErrOption.
func NewBounds(lo, hi float64) (*Outliers, error) {
	if !interval(lo, hi) {
		return nil, fmt.Errorf("clean: NewBounds: [%v, %v] is no interval: %w", lo, hi, ErrOption)
	}
	return &Outliers{lo: lo, hi: hi, known: true}, nil
}

// FitOutliers finds the bounds from a sample. NaN is missing and left out, ±Inf
// is ErrNotFinite, fewer than two values are ErrEmpty. Quantiles are of type 7
// (linear interpolation, the default of R and NumPy). ZScore divides by n-1, where
// scipy.stats.zscore divides by n; MAD is scaled to the deviation of normal data, as in R and
// unlike scipy.stats.median_abs_deviation.
//
// A sample without spread (IQR, deviation or MAD of 0) gives no scale to judge
// by: then nothing is an outlier, and Degenerate says so. A variance, spread or bound that
// float64 cannot hold is ErrOverflow.
func FitOutliers(values []float64, opt OutlierOptions) (*Outliers, error) {
	opt = opt.withDefaults()
	if err := opt.validate(); err != nil {
		return nil, err
	}
	xs, err := sortedValues(values)
	if err != nil {
		return nil, fmt.Errorf("clean: FitOutliers: %w", err)
	}
	if len(xs) < 2 {
		return nil, fmt.Errorf("clean: FitOutliers: %d values, want at least 2: %w", len(xs), ErrEmpty)
	}
	var centre, low, high, spread float64
	switch opt.Method {
	case IQR:
		low, high = infer.Quantile(xs, 0.25), infer.Quantile(xs, 0.75)
		spread = opt.K * (high - low)
	case ZScore:
		m, err := moments.Of(xs)
		if err != nil {
			return nil, fmt.Errorf("clean: FitOutliers: %w", err)
		}
		variance, err := m.Variance()
		if err != nil {
			return nil, fmt.Errorf("clean: FitOutliers: %w", err)
		}
		low, high = m.Mean(), m.Mean()
		spread = opt.K * math.Sqrt(variance)
	case MAD:
		centre = infer.Quantile(xs, 0.5)
		low, high = centre, centre
		away := make([]float64, len(xs))
		for i, x := range xs {
			away[i] = math.Abs(x - centre)
		}
		slices.Sort(away)
		spread = opt.K * madScale * infer.Quantile(away, 0.5)
	default:
		return &Outliers{lo: infer.Quantile(xs, opt.Tail), hi: infer.Quantile(xs, 1-opt.Tail), known: true}, nil
	}
	if !(spread > 0) {
		return &Outliers{math.Inf(-1), math.Inf(1), true, true}, nil
	}
	if low, high = low-spread, high+spread; !check.Finite(low) || !check.Finite(high) {
		return nil, fmt.Errorf("clean: FitOutliers: bounds: %w", ErrOverflow)
	}
	return &Outliers{lo: low, hi: high, known: true}, nil
}

// madScale makes the MAD of normal data estimate its standard deviation:
// 1/Φ⁻¹(3/4).
const madScale = 1.4826022185056018

// Bounds returns the smallest and the largest credible value.
func (o *Outliers) Bounds() (lo, hi float64) {
	if o == nil {
		return lo, hi
	}
	return o.lo, o.hi
}

// Degenerate reports that the sample had no spread, so that nothing is flagged.
func (o *Outliers) Degenerate() bool {
	if o == nil {
		return false
	}
	return o.degenerate
}

// Is reports whether x lies outside the bounds. NaN is missing, not an outlier.
func (o *Outliers) Is(x float64) bool {
	if o == nil || !o.known {
		return false
	}
	return x < o.lo || x > o.hi
}

// Flag appends to dst one bool for each value.
func (o *Outliers) Flag(dst []bool, xs []float64) []bool {
	if o == nil || !o.known {
		return dst
	}
	for _, x := range xs {
		dst = append(dst, o.Is(x))
	}
	return dst
}

// Clip replaces every outlier in xs by the bound it passes, in place, and
// returns how many there were. NaN stays.
func (o *Outliers) Clip(xs []float64) int {
	if o == nil {
		return 0
	}
	n := 0
	for i, x := range xs {
		if o.Is(x) {
			xs[i] = max(o.lo, min(o.hi, x))
			n++
		}
	}
	return n
}

// Drop appends to dst the values that are no outliers, in order. NaN stays.
func (o *Outliers) Drop(dst, xs []float64) []float64 {
	if o == nil || !o.known {
		return dst
	}
	for _, x := range xs {
		if !o.Is(x) {
			dst = append(dst, x)
		}
	}
	return dst
}

// sortedValues returns the values without NaN, ascending.
func sortedValues(values []float64) ([]float64, error) {
	xs := make([]float64, 0, len(values))
	for i, x := range values {
		if math.IsInf(x, 0) {
			return nil, check.Private("values", int64(i), nil, x, ErrNotFinite)
		}
		if !math.IsNaN(x) {
			xs = append(xs, x+0) // -0 becomes 0
		}
	}
	slices.Sort(xs)
	return xs, nil
}

// AppendBinary appends the binary form of o to dst. The error is nil, but for nil and the
// zero value, which are ErrEmpty.
func (o *Outliers) AppendBinary(dst []byte) ([]byte, error) {
	if o == nil || !o.known {
		return dst, fmt.Errorf("clean: Outliers.AppendBinary: no bounds: %w", ErrEmpty)
	}
	var w codec.Writer
	w.Float64(o.lo)
	w.Float64(o.hi)
	w.Bool(o.degenerate)
	return w.AppendFrame(dst, codec.KindOutliers, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (o *Outliers) MarshalBinary() ([]byte, error) { return o.AppendBinary(nil) }

// UnmarshalBinary replaces o. Payload of version 1, little-endian:
//
//	2×f64  smallest and largest credible value, in that order, infinite where open, with
//	       finite numbers between
//	bool   whether the sample had no spread; then both are infinite
//
// Any other length or value is ErrCorrupt, a frame of another type ErrMismatch, a
// newer version ErrVersion; o is then unchanged.
func (o *Outliers) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("clean: Outliers.UnmarshalBinary", o); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindOutliers, 1)
	if err == nil {
		x := Outliers{r.Float64(), r.Float64(), r.Bool(), true}
		if !interval(x.lo, x.hi) || x.degenerate && !(math.IsInf(x.lo, -1) && math.IsInf(x.hi, 1)) {
			r.Fail("is no interval")
		}
		if err = r.Done(); err == nil {
			*o = x
			return nil
		}
	}
	return fmt.Errorf("clean: Outliers.UnmarshalBinary: %w", err)
}
