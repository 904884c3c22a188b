package forecast

import (
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/infer"
)

var _ Persistent = (*Path)(nil)

// Path is a forecast that was made once, period by period, as FitLags and FitAnalogues make it: it
// reaches as far as it was asked to.
type Path struct {
	mean   []float64
	errors [][]float64 // of each period, ascending: what may be added to its mean
	least  float64     // quantiles are not below
}

// Forecast appends the means of the next h periods. See Forecaster. Also ErrUndefined for h
// beyond the horizon that it was made for, ErrEmpty for one that was not made.
func (m *Path) Forecast(dst []float64, h int) ([]float64, error) {
	const where = "forecast: Path.Forecast"
	if m == nil || len(m.mean) == 0 {
		return dst, errUnfitted(where)
	}
	if err := checkHorizon(where, h); err != nil {
		return dst, err
	}
	if h > len(m.mean) {
		return dst, fmt.Errorf("%s: h is %d, made for %d: %w", where, h, len(m.mean), ErrUndefined)
	}
	return append(dst, m.mean[:h]...), nil
}

// Quantiles appends quantiles of the next h periods, from errors of the past. See Forecaster.
// Also ErrUndefined for h beyond the horizon that it was made for and where no error was seen,
// ErrEmpty for one that was not made.
func (m *Path) Quantiles(dst []float64, h int, probs []float64) ([]float64, error) {
	const where = "forecast: Path.Quantiles"
	if m == nil || len(m.mean) == 0 {
		return dst, errUnfitted(where)
	}
	if err := checkQuantiles(where, h, probs); err != nil {
		return dst, err
	}
	if h > len(m.mean) {
		return dst, fmt.Errorf("%s: h is %d, made for %d: %w", where, h, len(m.mean), ErrUndefined)
	}
	out := dst
	for i := range h {
		if len(m.errors[i]) == 0 {
			return dst, fmt.Errorf("%s: no errors of period %d were seen: %w", where, i, ErrUndefined)
		}
		for _, p := range probs {
			out = append(out, max(m.mean[i]+infer.Quantile(m.errors[i], p), m.least))
		}
	}
	return out, nil
}

// AppendBinary appends the forecast as one frame. ErrEmpty for one that was not made.
func (m *Path) AppendBinary(dst []byte) ([]byte, error) {
	if m == nil || len(m.mean) == 0 {
		return dst, errUnfitted("forecast: Path.AppendBinary")
	}
	var w codec.Writer
	w.Float64s(m.mean)
	for _, x := range m.errors {
		w.Float64s(x)
	}
	w.Float64(m.least)
	return w.AppendFrame(dst, codec.KindPath, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (m *Path) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary replaces m. Payload of version 1, little-endian:
//
//	[]f64 means of h periods, 1 to MaxHorizon, finite; of each
//	[]f64 errors, finite, ascending
//	f64   what quantiles are not below: 0 or −∞
//
// No zero is negative. Anything else is ErrCorrupt, a newer version ErrVersion, another kind
// ErrMismatch; m is then unchanged.
func (m *Path) UnmarshalBinary(data []byte) error {
	const where = "forecast: Path.UnmarshalBinary"
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindPath, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	d := Path{mean: r.Float64s()}
	if r.Err() == nil && (len(d.mean) < 1 || len(d.mean) > MaxHorizon || check.Slice("", d.mean) != nil || !isCanonical(d.mean)) {
		r.Fail("means")
	}
	for i := 0; i < len(d.mean) && r.Err() == nil; i++ {
		x := r.Float64s()
		if check.Slice("", x) != nil || !slices.IsSorted(x) || !isCanonical(x) {
			r.Fail("errors")
		}
		d.errors = append(d.errors, x)
	}
	d.least = r.Float64()
	if r.Err() == nil && !math.IsInf(d.least, -1) && (d.least != 0 || math.Signbit(d.least)) {
		r.Fail("least")
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*m = d
	return nil
}
