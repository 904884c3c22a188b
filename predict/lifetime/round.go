package lifetime

import (
	"encoding"
	"fmt"
	"math"
	"math/bits"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ encoding.BinaryAppender    = (*Round)(nil)
	_ encoding.BinaryMarshaler   = (*Round)(nil)
	_ encoding.BinaryUnmarshaler = (*Round)(nil)
)

// maxParams bounds the parameters of a law, and so the sums of a Round.
const (
	maxParams = 4
	maxSums   = 1 + maxParams + maxParams*(maxParams+1)/2
)

// Round is what one shard of customers says about one set of parameters: the log-likelihood
// with its gradient and its Hessian in the logarithms of the parameters. A fit over many
// machines asks each for its Round, merges them and moves on; that is what [FitOptions.Rounds]
// is for. The sums are kept in fixed point, 128 bits wide, so that merging is exact: any split
// and any order of the customers gives the same bytes, and so the same fit.
//
// The zero value is empty and ready for Merge. It is not safe for concurrent use while Merge or
// UnmarshalBinary runs.
type Round struct {
	law    lawKind
	unit   int
	at     [maxParams]float64 // the parameters
	n      int64              // customers
	again  int64              // those with a repeat purchase
	scale  float64            // greatest age, or greatest mean value
	broken bool               // a term was not finite
	sums   [maxSums]fixed
}

// lawKind says which law a Round is of.
type lawKind uint8

const (
	lawNone lawKind = iota
	lawBGNBD
	lawMBGNBD
	lawParetoNBD
	lawGammaGamma
	lawSBG
	lawBGBB
)

// timed reports a law of customers over time, which a Model holds.
func (k lawKind) timed() bool {
	return k == lawBGNBD || k == lawMBGNBD || k == lawParetoNBD || k == lawBGBB
}

// dims returns the number of parameters of a law.
func (k lawKind) dims() int {
	switch k {
	case lawGammaGamma:
		return 3
	case lawSBG:
		return 2
	}
	return 4
}

// fixed is a sum in two's complement of 128 bits, in units of 2⁻⁴⁸.
type fixed struct{ high, low uint64 }

const fixedScale = 1 << 48

// add adds n times v, n > 0. It reports false for what cannot be held: where v is not finite or
// the sum may pass 2⁷⁸.
func (f *fixed) add(v float64, n int64) bool {
	v = math.RoundToEven(v * fixedScale)
	size := math.Abs(v)
	if !(size*float64(n) < 0x1p126) {
		return false
	}
	var term fixed
	if size < 0x1p62 {
		term.high, term.low = bits.Mul64(uint64(size), uint64(n))
	} else { // the mantissa first, then what it is shifted by
		frac, exp := math.Frexp(size)
		high, low := bits.Mul64(uint64(frac*0x1p53), uint64(n))
		if shift := uint(exp - 53); shift < 64 {
			high = high<<shift | low>>(64-shift)
			low <<= shift
		} else {
			high, low = low<<(shift-64), 0
		}
		term = fixed{high, low}
	}
	if v < 0 {
		term = term.negated()
	}
	return f.plus(term)
}

func (f fixed) negated() fixed {
	low, borrow := bits.Sub64(0, f.low, 0)
	high, _ := bits.Sub64(0, f.high, borrow)
	return fixed{high, low}
}

// plus adds g, and reports false where the sum has no place.
func (f *fixed) plus(g fixed) bool {
	low, carry := bits.Add64(f.low, g.low, 0)
	high, _ := bits.Add64(f.high, g.high, carry)
	if int64(f.high) >= 0 == (int64(g.high) >= 0) && (int64(f.high) >= 0) != (int64(high) >= 0) {
		return false
	}
	f.high, f.low = high, low
	return true
}

// float returns the sum, to rounding.
func (f fixed) float() float64 {
	if int64(f.high) < 0 {
		return -f.negated().float()
	}
	return (float64(f.high)*0x1p64 + float64(f.low)) / fixedScale
}

// term is the log-likelihood of one group with its derivatives in the parameters themselves,
// the Hessian by rows of its upper triangle.
type term struct {
	value float64
	grad  [maxParams]float64
	hess  [maxParams * (maxParams + 1) / 2]float64
}

// add adds n customers of a group, changing from the parameters to their logarithms: ∂/∂ln φ =
// φ·∂/∂φ. With bare only the value is added.
func (r *Round) add(t *term, n int64, bare bool) {
	ok := r.sums[0].add(t.value, n)
	if !bare {
		d := r.law.dims()
		k := 0
		for i := range d {
			g := r.at[i] * t.grad[i]
			ok = r.sums[1+i].add(g, n) && ok
			for j := i; j < d; j++ {
				h := r.at[i] * r.at[j] * t.hess[k]
				if i == j {
					h += g
				}
				ok = r.sums[1+d+k].add(h, n) && ok
				k++
			}
		}
	}
	if !ok {
		r.broken = true
	}
}

// Merge adds what other says. Nil, r itself and a Round of another law, unit or set of
// parameters are ErrMismatch, sums beyond their type ErrOverflow; an error changes nothing.
func (r *Round) Merge(other *Round) error {
	const where = "lifetime: Round.Merge"
	if err := check.Merge(where, r, other); err != nil {
		return err
	}
	if other.law == lawNone {
		return nil
	}
	if r.law == lawNone {
		*r = *other
		return nil
	}
	if r.law != other.law || r.unit != other.unit || r.at != other.at {
		return fmt.Errorf("%s: of another law or other parameters: %w", where, ErrMismatch)
	}
	next := *r
	if err := next.join(other); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*r = next
	return nil
}

// join adds the sums of another round of the same parameters.
func (r *Round) join(other *Round) error {
	var err error
	if r.n, err = check.AddInt64(r.n, other.n); err != nil {
		return fmt.Errorf("customers: %w", err)
	}
	r.again += other.again
	r.scale = max(r.scale, other.scale)
	r.broken = r.broken || other.broken
	for k := range r.sums {
		if !r.sums[k].plus(other.sums[k]) {
			return fmt.Errorf("sums: %w", ErrOverflow)
		}
	}
	return nil
}

// Customers returns the number of customers behind the round.
func (r *Round) Customers() int64 {
	if r == nil {
		return 0
	}
	return r.n
}

// LogLikelihood returns the log-likelihood of those customers, and −∞ where it cannot be
// computed; 0 without any.
func (r *Round) LogLikelihood() float64 {
	switch {
	case r == nil:
		return 0
	case r.broken:
		return math.Inf(-1)
	}
	return r.sums[0].float()
}

// AppendBinary appends the binary form to dst. ErrEmpty for a nil receiver.
func (r *Round) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("lifetime: Round.AppendBinary", r); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Int(int(r.law))
	if r.law != lawNone {
		w.Int(r.unit)
		for _, x := range r.at {
			w.Float64(x)
		}
		w.Int64(r.n)
		w.Int64(r.again)
		w.Float64(r.scale)
		w.Bool(r.broken)
		for _, s := range r.sums {
			w.Uint64(s.high)
			w.Uint64(s.low)
		}
	}
	return w.AppendFrame(dst, codec.KindRound, 1), nil
}

// MarshalBinary returns the binary form.
func (r *Round) MarshalBinary() ([]byte, error) { return r.AppendBinary(nil) }

// UnmarshalBinary replaces r by what MarshalBinary wrote. Payload of version 1, little-endian:
//
//	int     law: 0 none, and then no more, 1 BG/NBD, 2 MBG/NBD, 3 Pareto/NBD, 4 Gamma-Gamma, 5 sBG,
//	        6 BG/BB
//	int     unit of time, as of Summary; 0 where the law has none
//	4 f64   the parameters, > 0, those there are; the rest 0
//	i64     customers, > 0
//	i64     those with a repeat purchase
//	f64     greatest age, or greatest mean value
//	bool    whether a term was not finite
//	15 ×    sums in two's complement of 128 bits, in units of 2⁻⁴⁸: value, gradient, Hessian
//	  u64     upper half
//	  u64     lower half
//
// Another kind of frame is ErrMismatch, what no Round holds ErrCorrupt, a newer version
// ErrVersion; r is then unchanged.
func (r *Round) UnmarshalBinary(data []byte) error {
	const where = "lifetime: Round.UnmarshalBinary"
	if err := check.Receiver(where, r); err != nil {
		return err
	}
	in, err := codec.Open(data, codec.KindRound, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	var d Round
	law := in.Int()
	if law > int(lawBGBB) {
		in.Fail("is of no law")
	} else if law > 0 {
		d.law = lawKind(law)
		d.unit = in.Int()
		for i := range d.at {
			d.at[i] = in.Float64()
		}
		d.n, d.again, d.scale, d.broken = in.Int64(), in.Int64(), in.Float64(), in.Bool()
		for k := range d.sums {
			d.sums[k] = fixed{in.Uint64(), in.Uint64()}
		}
		if in.Err() == nil {
			d.validate(in)
		}
	}
	if err := in.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*r = d
	return nil
}

// validate fails in for a state that nothing can have made.
func (r *Round) validate(in *codec.Reader) {
	timed := r.law.timed()
	if timed != (r.unit >= 1 && r.unit <= 6) || !timed && r.unit != 0 {
		in.Fail("has no unit of time, or one too many")
	}
	dims := r.law.dims()
	for i, x := range r.at {
		if i < dims && !(x > 0 && check.Finite(x)) || i >= dims && math.Float64bits(x) != 0 {
			in.Fail("has parameters out of range")
		}
	}
	if r.n <= 0 || r.again < 0 || r.again > r.n || !(r.scale >= 0) || !check.Finite(r.scale) || negativeZero(r.scale) {
		in.Fail("has counts or an age out of range")
	}
	for k := 1 + dims + dims*(dims+1)/2; k < maxSums; k++ {
		if r.sums[k] != (fixed{}) {
			in.Fail("has sums of no parameter")
		}
	}
}
