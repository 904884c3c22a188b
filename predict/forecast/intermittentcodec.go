package forecast

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

// AppendBinary appends the model as one frame. ErrEmpty for one that was not fitted.
func (m *Intermittent) AppendBinary(dst []byte) ([]byte, error) {
	if m == nil || len(m.y) == 0 {
		return dst, errUnfitted("forecast: Intermittent.AppendBinary")
	}
	var w codec.Writer
	w.Float64s(m.y)
	w.Int(int(m.model))
	w.Float64(m.alpha)
	w.Float64(m.beta)
	return w.AppendFrame(dst, codec.KindIntermittent, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (m *Intermittent) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary replaces m. Payload of version 1, little-endian:
//
//	[]f64 n values of the series, n > 0, 0 <= value <= 1e100, NaN where missing
//	int   model: 1 Croston, 2 SBA, 3 CrostonOptimized, 4 TSB, 5 ADIDA, 6 IMAPA
//	f64   α of sizes, in (0, 1]
//	f64   α of intervals or β of the probability, in (0, 1]
//
// A NaN has the bits of math.NaN, no zero is negative, and a period is observed. Anything else is
// ErrCorrupt, a newer version ErrVersion, another kind ErrMismatch; m is then unchanged.
func (m *Intermittent) UnmarshalBinary(data []byte) error {
	const where = "forecast: Intermittent.UnmarshalBinary"
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindIntermittent, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	var d Intermittent
	d.y = r.Float64s()
	model := r.Int()
	d.alpha, d.beta = r.Float64(), r.Float64()
	if r.Err() == nil {
		_, err := checkSeries("", d.y)
		switch {
		case err != nil || nonNegative("", d.y) != nil || !isCanonical(d.y):
			r.Fail("series")
		case model < int(croston) || model > int(imapa):
			r.Fail("model")
		case !(d.alpha > 0 && d.alpha <= 1 && d.beta > 0 && d.beta <= 1):
			r.Fail("parameters")
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	d.model = pulseModel(model)
	d.settle()
	*m = d
	return nil
}

// isCanonical reports whether every NaN has the bits of math.NaN and no zero is negative.
func isCanonical(y []float64) bool {
	for _, v := range y {
		if v != v && math.Float64bits(v) != missing || v == 0 && math.Signbit(v) {
			return false
		}
	}
	return true
}
