package drift

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

// The binary forms of detectors hold their settings and the state of the series.

func encodeFloats(dst []byte, kind uint16, n int64, xs ...float64) []byte {
	var w codec.Writer
	w.Int64(n)
	for _, x := range xs {
		w.Float64(x)
	}
	return w.AppendFrame(dst, kind, 1)
}

// decodeFloats reads what encodeFloats wrote: a count n >= 0 and finite numbers into
// xs. what names the method in errors.
func decodeFloats(data []byte, what string, kind uint16, n *int64, xs ...*float64) error {
	r, err := codec.Open(data, kind, 1)
	if err != nil {
		return fmt.Errorf("drift: %s: %w", what, err)
	}
	*n = r.Int64()
	for _, x := range xs {
		if *x = r.Float64(); !check.Finite(*x) {
			r.Fail("holds a number that is not finite")
		}
	}
	if *n < 0 {
		r.Fail("holds a negative count")
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("drift: %s: %w", what, err)
	}
	return nil
}

// AppendBinary appends the binary form.
func (c *CUSUM) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("drift: CUSUM.AppendBinary", c); err != nil {
		return dst, err
	}
	return encodeFloats(dst, codec.KindCUSUM, 0, c.Target, c.Slack, c.Limit, c.up, c.down), nil
}

// MarshalBinary returns the binary form.
func (c *CUSUM) MarshalBinary() ([]byte, error) { return c.AppendBinary(nil) }

// UnmarshalBinary replaces c. Payload of version 1, little-endian, all finite:
//
//	i64        0
//	5×f64      Target, Slack, Limit, sums upwards and downwards, these >= 0
//
// Any other length or value is ErrCorrupt, a newer version ErrVersion, another kind
// ErrMismatch; c is then unchanged.
func (c *CUSUM) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("drift: CUSUM.UnmarshalBinary", c); err != nil {
		return err
	}
	var got CUSUM
	var n int64
	if err := decodeFloats(data, "CUSUM.UnmarshalBinary", codec.KindCUSUM, &n, &got.Target, &got.Slack, &got.Limit, &got.up, &got.down); err != nil {
		return err
	}
	if n != 0 || got.up < 0 || got.down < 0 {
		return fmt.Errorf("drift: CUSUM.UnmarshalBinary: negative sums: %w", ErrCorrupt)
	}
	*c = got
	return nil
}

// AppendBinary appends the binary form.
func (e *EWMA) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("drift: EWMA.AppendBinary", e); err != nil {
		return dst, err
	}
	return encodeFloats(dst, codec.KindEWMA, e.n, e.Target, e.Sigma, e.Lambda, e.Width, e.z, e.left), nil
}

// MarshalBinary returns the binary form.
func (e *EWMA) MarshalBinary() ([]byte, error) { return e.AppendBinary(nil) }

// UnmarshalBinary replaces e. Payload of version 1, little-endian, all finite:
//
//	i64        values seen, >= 0
//	6×f64      Target, Sigma, Lambda, Width, weighted mean less Target, weight left in [0, 1]
//
// Any other length or value is ErrCorrupt, a newer version ErrVersion, another kind
// ErrMismatch; e is then unchanged.
func (e *EWMA) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("drift: EWMA.UnmarshalBinary", e); err != nil {
		return err
	}
	var got EWMA
	if err := decodeFloats(data, "EWMA.UnmarshalBinary", codec.KindEWMA, &got.n, &got.Target, &got.Sigma, &got.Lambda, &got.Width, &got.z, &got.left); err != nil {
		return err
	}
	if got.left < 0 || got.left > 1 {
		return fmt.Errorf("drift: EWMA.UnmarshalBinary: a weight outside [0, 1]: %w", ErrCorrupt)
	}
	*e = got
	return nil
}

// AppendBinary appends the binary form.
func (p *PageHinkley) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("drift: PageHinkley.AppendBinary", p); err != nil {
		return dst, err
	}
	return encodeFloats(dst, codec.KindPageHinkley, p.n, float64(p.Warmup), p.Slack, p.Limit, p.mean, p.up, p.upMin, p.down, p.downMin), nil
}

// MarshalBinary returns the binary form.
func (p *PageHinkley) MarshalBinary() ([]byte, error) { return p.AppendBinary(nil) }

// UnmarshalBinary replaces p. Payload of version 1, little-endian, all finite:
//
//	i64        values seen, >= 0
//	8×f64      Warmup, a whole number, Slack, Limit, mean, sum upwards and its minimum,
//	           sum downwards and its minimum; no sum below its minimum
//
// Any other length or value is ErrCorrupt, a newer version ErrVersion, another kind
// ErrMismatch; p is then unchanged.
func (p *PageHinkley) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("drift: PageHinkley.UnmarshalBinary", p); err != nil {
		return err
	}
	var got PageHinkley
	var warmup float64
	if err := decodeFloats(data, "PageHinkley.UnmarshalBinary", codec.KindPageHinkley, &got.n, &warmup, &got.Slack, &got.Limit, &got.mean, &got.up, &got.upMin, &got.down, &got.downMin); err != nil {
		return err
	}
	if got.Warmup = int32(warmup); math.Float64bits(float64(got.Warmup)) != math.Float64bits(warmup) || got.upMin > got.up || got.downMin > got.down {
		return fmt.Errorf("drift: PageHinkley.UnmarshalBinary: sums below their minimum: %w", ErrCorrupt)
	}
	*p = got
	return nil
}
