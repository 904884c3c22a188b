package federated

import (
	"encoding"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/fixed"
)

var (
	_ encoding.BinaryAppender    = (*Round)(nil)
	_ encoding.BinaryMarshaler   = (*Round)(nil)
	_ encoding.BinaryUnmarshaler = (*Round)(nil)
)

// Law says what a regression is of.
type Law uint8

const (
	// Logistic is of labels 0 and 1.
	Logistic Law = iota + 1
	// Poisson is of counts >= 0.
	Poisson
	// Linear is of amounts, by least squares.
	Linear
)

// maxColumns bounds the columns of a regression, whose sums are (columns+1)²/2 numbers.
const maxColumns = 4096

// limit is the largest magnitude of an input.
const limit = 1e150

// Round is what the rows of one party say of one set of coefficients: number, objective, gradient and Hessian, in fixed point.
// A fit asks the parties for a Round a step, merges them and moves on; merging is exact. It is not safe for concurrent use
// while Add, Merge, SetWords or UnmarshalBinary runs. The zero value is of no law; NewRound and Empty make others.
type Round struct {
	law  Law
	at   []float64  // intercept, then the coefficients
	sums fixed.Sums // rows, rows whose terms have no place, objective, gradient, Hessian by rows of its upper triangle
	term []float64  // scratch
}

// The places of a Round's sums.
const (
	placeRows = iota
	placeBroken
	placeObjective
	placeGradient
)

// NewRound returns an empty Round of the coefficients, one a column, and the intercept. Errors: ErrOption for a law that is none, ErrEmpty for no
// columns, ErrTooLarge for more than 4096, ErrNotFinite.
func NewRound(law Law, coef []float64, intercept float64) (*Round, error) {
	const where = "federated: NewRound"
	switch {
	case law < Logistic || law > Linear:
		return nil, fmt.Errorf("%s: law is %d: %w", where, law, ErrOption)
	case len(coef) == 0:
		return nil, fmt.Errorf("%s: no columns: %w", where, ErrEmpty)
	case len(coef) > maxColumns:
		return nil, fmt.Errorf("%s: %d columns, want at most %d: %w", where, len(coef), maxColumns, ErrTooLarge)
	}
	at := append([]float64{intercept + 0}, coef...)
	for i := range at {
		at[i] += 0
	}
	if err := check.Slice("coefficient", at); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	return newRound(law, at), nil
}

// newRound is NewRound of checked coefficients, the intercept first.
func newRound(law Law, at []float64) *Round {
	n := len(at)
	return &Round{law: law, at: at, sums: make(fixed.Sums, placeGradient+n+n*(n+1)/2)}
}

// Empty returns a Round of the same law and coefficients without rows, which a party that was sent r fills by Add. Nil for
// a Round of no law.
func (r *Round) Empty() *Round {
	if r == nil || r.law == 0 {
		return nil
	}
	return newRound(r.law, slices.Clone(r.at))
}

// Coefficients returns the law, the coefficients and the intercept that r is about.
func (r *Round) Coefficients() (law Law, coef []float64, intercept float64) {
	if r == nil || r.law == 0 {
		return 0, nil, 0
	}
	return r.law, slices.Clone(r.at[1:]), r.at[0]
}

// Add adds a row with outcome y, weight w >= 0 and offset, which is added to the linear predictor: 0 but for exposures and the like. A
// row of weight 0 counts as absent. A row whose terms are beyond 2⁷⁰, as e^70 of a Poisson regression is, makes the
// objective infinite, and the fit takes a shorter step. It costs d² operations for d columns, and allocates nothing after the first row.
//
// Errors: ErrShape, ErrNotFinite, ErrRange for an outcome that the law does not have, ErrEmpty for a Round of no law, ErrOverflow; r is
// unchanged then.
func (r *Round) Add(row []float64, y, w, offset float64) error {
	const where = "federated: Round.Add"
	if err := check.Receiver(where, r); err != nil {
		return err
	}
	if r.law == 0 {
		return fmt.Errorf("%s: of no law: %w", where, ErrEmpty)
	}
	if len(row) != len(r.at)-1 {
		return fmt.Errorf("%s: row has %d columns, want %d: %w", where, len(row), len(r.at)-1, ErrShape)
	}
	for j, v := range row {
		if err := checkValue(v); err != nil {
			return fmt.Errorf("%s: %w", where, check.Private(fmt.Sprintf("column %d", j), -1, nil, v, err))
		}
	}
	for k, v := range [3]float64{y, w, offset} {
		if err := checkValue(v); err != nil {
			return fmt.Errorf("%s: %w", where, check.Private([3]string{"y", "weight", "offset"}[k], -1, nil, v, err))
		}
	}
	if r.law == Logistic && y != 0 && y != 1 || r.law == Poisson && y < 0 || w < 0 {
		return fmt.Errorf("%s: %w", where, check.Private("y", -1, nil, y, fmt.Errorf("y of another law, or weight below 0: %w", ErrRange)))
	}
	if w == 0 {
		return nil
	}
	if r.term == nil {
		r.term = make([]float64, len(r.sums))
	}
	r.terms(row, y, w, offset)
	for i, v := range r.term {
		f, ok := fixed.Of(v)
		if !ok { // of this row count that it was there alone
			clear(r.term)
			r.term[placeRows], r.term[placeBroken] = 1, 1
			break
		}
		if _, ok = r.sums[i].Plus(f); !ok {
			return fmt.Errorf("%s: sums: %w", where, ErrOverflow)
		}
	}
	for i, v := range r.term {
		f, _ := fixed.Of(v)
		r.sums[i], _ = r.sums[i].Plus(f)
	}
	return nil
}

// terms fills r.term with what a row adds.
func (r *Round) terms(row []float64, y, w, offset float64) {
	eta := r.at[0] + offset
	for j, v := range row {
		eta += r.at[1+j] * v
	}
	var loss, slope, curve float64
	switch r.law {
	case Logistic:
		p := 1 / (1 + math.Exp(-eta))
		loss = math.Max(eta, 0) + math.Log1p(math.Exp(-math.Abs(eta))) - y*eta
		slope, curve = p-y, p*(1-p)
	case Poisson:
		mean := math.Exp(eta)
		loss, slope, curve = mean-y*eta, mean-y, mean
	case Linear:
		slope, curve = eta-y, 1
		loss = slope * slope / 2
	}
	t := r.term
	t[placeRows], t[placeBroken], t[placeObjective] = 1, 0, w*loss
	value := func(i int) float64 {
		if i == 0 {
			return 1
		}
		return row[i-1]
	}
	at := placeGradient + len(r.at)
	for i := range r.at {
		x := value(i)
		t[placeGradient+i] = w * slope * x
		for j := i; j < len(r.at); j++ {
			t[at] = w * curve * x * value(j)
			at++
		}
	}
}

// checkValue reports a number that is none, or too large to be squared and added up.
func checkValue(v float64) error {
	switch {
	case math.Abs(v) <= limit:
		return nil
	case !check.Finite(v):
		return ErrNotFinite
	}
	return fmt.Errorf("magnitude above %g: %w", limit, ErrRange)
}

// Merge adds the rows of other, which stays as it is. Errors: ErrMismatch for nil, r itself and a Round of another law or
// other coefficients, ErrOverflow, ErrEmpty for a Round of no law; r is unchanged then.
func (r *Round) Merge(other *Round) error {
	const where = "federated: Round.Merge"
	if err := check.Merge(where, r, other); err != nil {
		return err
	}
	if r.law == 0 {
		return fmt.Errorf("%s: of no law: %w", where, ErrEmpty)
	}
	if r.law != other.law || !slices.Equal(r.at, other.at) {
		return fmt.Errorf("%s: of another law or other coefficients: %w", where, ErrMismatch)
	}
	if !r.sums.Merge(other.sums) {
		return fmt.Errorf("%s: sums: %w", where, ErrOverflow)
	}
	return nil
}

// Rows returns the number of rows of positive weight.
func (r *Round) Rows() int64 {
	if r == nil || r.law == 0 {
		return 0
	}
	return int64(r.sums[placeRows].Float())
}

// Objective returns what a fit minimises, without penalty: the negative log-likelihood of labels and counts but for what does not depend on
// coefficients, half the squared errors of amounts. +Inf where a row has none within the range.
func (r *Round) Objective() float64 {
	switch {
	case r == nil || r.law == 0:
		return 0
	case r.sums[placeBroken] != fixed.Sum{}:
		return math.Inf(1)
	}
	return r.sums[placeObjective].Float()
}

// Words appends the sums to dst, two words of 64 bits each, for Masks.Hide. How many depends on the number of columns alone.
func (r *Round) Words(dst []uint64) []uint64 {
	if r == nil {
		return dst
	}
	return r.sums.Words(dst)
}

// SetWords replaces the sums by those that SumWords has of the words of all parties. Errors: ErrShape for another number of
// words, ErrCorrupt where they are no sums, as of words with a mask left in them, ErrEmpty for a Round of no law; r is unchanged then.
func (r *Round) SetWords(words []uint64) error {
	const where = "federated: Round.SetWords"
	if err := check.Receiver(where, r); err != nil {
		return err
	}
	if r.law == 0 {
		return fmt.Errorf("%s: of no law: %w", where, ErrEmpty)
	}
	if len(words) != 2*len(r.sums) {
		return fmt.Errorf("%s: %d words, want %d: %w", where, len(words), 2*len(r.sums), ErrShape)
	}
	next := newRound(r.law, r.at)
	next.sums.SetWords(words)
	if !next.sound() {
		return fmt.Errorf("%s: no sums: %w", where, ErrCorrupt)
	}
	r.sums = next.sums
	return nil
}

// sound reports whether the sums can be those of rows.
func (r *Round) sound() bool {
	n, ok := r.sums[placeRows].Whole()
	broken, also := r.sums[placeBroken].Whole()
	if !ok || !also || broken > n {
		return false
	}
	at := placeGradient + len(r.at)
	for i := range r.at {
		if int64(r.sums[at].High) < 0 { // the diagonal
			return false
		}
		at += len(r.at) - i
	}
	return true
}

// AppendBinary appends the round as one frame. Errors: ErrEmpty for a nil receiver and a Round of no law.
func (r *Round) AppendBinary(dst []byte) ([]byte, error) {
	const where = "federated: Round.AppendBinary"
	if err := check.Receiver(where, r); err != nil {
		return dst, err
	}
	if r.law == 0 {
		return dst, fmt.Errorf("%s: of no law: %w", where, ErrEmpty)
	}
	var w codec.Writer
	w.Int(int(r.law))
	w.Float64s(r.at)
	for _, v := range r.sums.Words(nil) {
		w.Uint64(v)
	}
	return w.AppendFrame(dst, codec.KindFederatedRound, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (r *Round) MarshalBinary() ([]byte, error) { return r.AppendBinary(nil) }

// UnmarshalBinary replaces r. Payload of version 1, little-endian:
//
//	int     law: 1 logistic, 2 Poisson, 3 linear
//	[]f64   n = d+1 numbers, the intercept and d coefficients, finite, 1 <= d <= 4096
//	uint64  the sums of rows, broken rows, objective, gradient (n) and Hessian (n(n+1)/2), two words each, the lower first
//
// Any other length or value is ErrCorrupt, a newer version ErrVersion, a frame of
// another kind ErrMismatch; r is then unchanged.
func (r *Round) UnmarshalBinary(data []byte) error {
	const where = "federated: Round.UnmarshalBinary"
	if err := check.Receiver(where, r); err != nil {
		return err
	}
	in, err := codec.Open(data, codec.KindFederatedRound, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	law, at := in.Int(), in.Float64s()
	var next *Round
	switch {
	case in.Err() != nil:
	case law < int(Logistic) || law > int(Linear) || len(at) < 2 || len(at) > maxColumns+1 || check.Slice("", at) != nil:
		in.Fail("law or coefficients")
	case len(at)*(len(at)+1) > len(data)/8: // so that memory follows the bytes received
		in.Fail("sums missing")
	default:
		for _, v := range at {
			if v == 0 && math.Signbit(v) {
				in.Fail("coefficient")
			}
		}
		next = newRound(Law(law), at)
		words := make([]uint64, 2*len(next.sums))
		for i := range words {
			words[i] = in.Uint64()
		}
		next.sums.SetWords(words)
		if in.Err() == nil && !next.sound() {
			in.Fail("sums")
		}
	}
	if err := in.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*r = *next
	return nil
}
