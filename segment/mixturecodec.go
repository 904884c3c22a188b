package segment

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

// AppendBinary appends the model's binary form to dst.
func (m *Mixture) AppendBinary(dst []byte) ([]byte, error) {
	if err := made("segment: Mixture.AppendBinary", m != nil && m.k > 0); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Int(m.k)
	w.Int(m.d)
	w.Bool(m.full)
	w.Float64s(m.weight)
	w.Float64s(m.mean)
	w.Float64s(m.covariance)
	w.Float64(m.likelihood)
	w.Int(m.rows)
	w.Int(m.iterations)
	w.Bool(m.converged)
	return w.AppendFrame(dst, codec.KindMixture, 1), nil
}

// MarshalBinary returns the model's binary form.
func (m *Mixture) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary replaces m by what MarshalBinary wrote. Payload of version 1,
// little-endian:
//
//	int      K >= 1
//	int      d >= 1 columns
//	bool     full covariances
//	[]f64    K weights, 0 < w <= 1+1e-9
//	[]f64    K×d means, none beyond 1e140 in size
//	[]f64    K×d variances, > 0 and finite, or K×d×d covariances, symmetric, finite and
//	         positive definite
//	f64      log likelihood, finite
//	int      training rows >= 1
//	int      iterations
//	bool     converged
//
// Any other length or value is ErrCorrupt, another kind of frame ErrMismatch, a newer
// version ErrVersion; m is then unchanged.
func (m *Mixture) UnmarshalBinary(data []byte) error {
	const where = "segment: Mixture.UnmarshalBinary"
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindMixture, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	n := &Mixture{
		k: r.Int(), d: r.Int(), full: r.Bool(), weight: r.Float64s(), mean: r.Float64s(), covariance: r.Float64s(),
		likelihood: r.Float64(), rows: r.Int(), iterations: r.Int(), converged: r.Bool(),
	}
	if r.Err() == nil {
		n.check(r)
	}
	if r.Err() == nil && n.prepare() != nil {
		r.Fail("a covariance is not positive definite")
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*m = *n
	return nil
}

// check tells r of shapes and values that no fit has.
func (m *Mixture) check(r *codec.Reader) {
	if m.k < 1 || m.d < 1 || m.k != len(m.weight) || len(m.mean)/m.d != m.k || len(m.mean)%m.d != 0 ||
		len(m.covariance)/m.k != m.width() || len(m.covariance)%m.k != 0 || m.rows < 1 {
		r.Fail("shapes of the components do not agree")
		return
	}
	for _, w := range m.weight {
		if !(w > 0 && w <= 1+1e-9) {
			r.Fail("a weight is not in (0, 1]")
			return
		}
	}
	if _, ok := within(m.mean); !ok || !check.Finite(m.likelihood) {
		r.Fail("a mean or the likelihood is not finite")
	}
	for i, v := range m.covariance {
		at := i % m.width()
		if !check.Finite(v) || m.full && math.Float64bits(v) != math.Float64bits(m.covariance[i-at+at%m.d*m.d+at/m.d]) {
			r.Fail("a covariance is not finite or not symmetric")
			return
		}
	}
}
