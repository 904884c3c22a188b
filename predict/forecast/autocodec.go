package forecast

import (
	"fmt"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

// AppendBinary appends the model as one frame. ErrEmpty for one that was not fitted.
func (m *Auto) AppendBinary(dst []byte) ([]byte, error) {
	if m == nil || m.combined == nil {
		return dst, errUnfitted("forecast: Auto.AppendBinary")
	}
	frame, err := m.combined.MarshalBinary()
	if err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Strings(m.names)
	w.Bytes(frame)
	w.Float64(m.narrow[0])
	w.Float64(m.narrow[1])
	w.Bool(m.floor)
	return w.AppendFrame(dst, codec.KindAuto, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (m *Auto) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary replaces m. Payload of version 1, little-endian:
//
//	[]string names of the methods, at least one
//	[]byte   frame of a Combination of as many, with weights, none of which is an Auto
//	2 f64    factors of the spread at the 80 % and the 95 % interval, in (0, 1]
//	bool     nothing falls below 0
//
// Anything else is ErrCorrupt, a newer version ErrVersion, another kind ErrMismatch; m is then
// unchanged.
func (m *Auto) UnmarshalBinary(data []byte) error {
	const where = "forecast: Auto.UnmarshalBinary"
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindAuto, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	d := Auto{combined: new(Combination)}
	d.names = r.Strings()
	frame := r.Bytes()
	d.narrow = [2]float64{r.Float64(), r.Float64()}
	d.floor = r.Bool()
	if r.Err() == nil {
		switch err := d.combined.read(where, frame, rank(codec.KindAuto)); {
		case err != nil || d.combined.weights == nil || len(d.combined.models) != len(d.names):
			r.Fail("methods")
		case !(d.narrow[0] > 0 && d.narrow[0] <= 1) || !(d.narrow[1] > 0 && d.narrow[1] <= 1):
			r.Fail("spread")
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*m = d
	return nil
}
