package recommend

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/rng"
)

// The pieces of ALS for an engine of your own: StartVector, Gramian and
// SolveALS. One iteration is: every part adds its vectors to a Gramian; the
// Gramians are merged; every part solves its rows with SolveALS. Any partition
// of the rows gives the same bytes. Where users' vectors may not leave those who own
// them, ALSItems has the sums that solve the items.

// Partition returns the part, in [0, parts), that an id belongs to: the same on
// every machine, and when parts grows to parts+1 only one id in parts+1 moves
// (jump consistent hashing, Lamping and Veach 2014). It returns 0 for parts < 2.
func Partition[K ID](id K, parts int) int {
	h := rng.HashString(fmt.Sprint(id))
	parts = min(parts, math.MaxInt32) // what the arithmetic below holds
	b, j := int64(-1), int64(0)
	for j < int64(parts) {
		b = j
		h = h*2862933555777941757 + 1
		j = int64(float64(b+1) * (float64(int64(1)<<31) / float64((h>>33)+1)))
	}
	return int(max(b, 0))
}

// gramScale is the unit of a Gramian's sums: products are rounded to multiples of
// 2⁻³², far below the rounding of float32 factors, and then add up exactly.
const gramScale = 1 << 32

// Gramian accumulates G = Σ v·vᵀ over vectors of one length. The sums are
// integers, so Merge is exact, associative and commutative: the result does not
// depend on how vectors were split or ordered. It is not safe for concurrent
// use; use NewGramian.
type Gramian struct {
	factors int
	n       int64
	sum     []int64 // upper triangle, row by row, in units of 1/gramScale
}

// NewGramian returns an empty Gramian for vectors of the given length, 1 to
// 16384. ErrOption otherwise.
func NewGramian(factors int) (*Gramian, error) {
	if factors < 1 || factors > 1<<14 {
		return nil, fmt.Errorf("recommend: NewGramian: factors is %d, want 1 to 16384: %w", factors, ErrOption)
	}
	return &Gramian{factors: factors, sum: make([]int64, factors*(factors+1)/2)}, nil
}

// Add adds one vector. ErrShape for another length, ErrNotFinite, ErrOverflow
// when a sum leaves ±2³⁰; the state is then unchanged.
func (g *Gramian) Add(v []float32) error {
	if g == nil || g.factors == 0 {
		return fmt.Errorf("recommend: Gramian.Add: not made by NewGramian: %w", ErrEmpty)
	}
	if len(v) != g.factors {
		return fmt.Errorf("recommend: Gramian.Add: vector of length %d, want %d: %w", len(v), g.factors, ErrShape)
	}
	for _, x := range v {
		if !check.Finite(float64(x)) {
			return fmt.Errorf("recommend: Gramian.Add: vector %d: %w", g.n, ErrNotFinite)
		}
	}
	// The diagonal bounds every element of a Gram matrix, so checking it suffices.
	at := 0
	for i, x := range v {
		if float64(g.sum[at])/gramScale+float64(x)*float64(x) > 1<<30 {
			return fmt.Errorf("recommend: Gramian.Add: factor %d of vector %d: %w", i, g.n, ErrOverflow)
		}
		at += g.factors - i
	}
	at = 0
	for i, x := range v {
		for _, y := range v[i:] {
			g.sum[at] += int64(math.RoundToEven(float64(x) * float64(y) * gramScale))
			at++
		}
	}
	g.n++
	return nil
}

// Merge adds the vectors of other. ErrMismatch for nil, g itself or another
// length, ErrOverflow; g is then unchanged.
func (g *Gramian) Merge(other *Gramian) error {
	if err := check.Merge("recommend: Gramian.Merge", g, other); err != nil {
		return err
	}
	if g.factors == 0 {
		return fmt.Errorf("recommend: Gramian.Merge: not made by NewGramian: %w", ErrEmpty)
	}
	if other.factors != g.factors {
		return fmt.Errorf("recommend: Gramian.Merge: vectors of length %d, want %d: %w", other.factors, g.factors, ErrMismatch)
	}
	at := 0
	for i := range g.factors {
		if float64(g.sum[at])+float64(other.sum[at]) > gramScale*float64(1<<30) {
			return fmt.Errorf("recommend: Gramian.Merge: factor %d: %w", i, ErrOverflow)
		}
		at += g.factors - i
	}
	for i, s := range other.sum {
		g.sum[i] += s
	}
	g.n += other.n
	return nil
}

// Len returns the number of vectors.
func (g *Gramian) Len() int64 {
	g = orZero(g)
	return g.n
}

// Result returns G, factors×factors, row by row.
func (g *Gramian) Result() []float32 {
	g = orZero(g)
	f := g.factors
	out := make([]float32, f*f)
	at := 0
	for i := range f {
		for j := i; j < f; j++ {
			out[i*f+j] = float32(float64(g.sum[at]) / gramScale)
			out[j*f+i] = out[i*f+j]
			at++
		}
	}
	return out
}

// AppendBinary appends the frame of g to dst.
func (g *Gramian) AppendBinary(dst []byte) ([]byte, error) {
	if g == nil || g.factors == 0 {
		return dst, errUnfitted("Gramian")
	}
	var w codec.Writer
	w.Int(g.factors)
	w.Int64(g.n)
	w.Int64s(g.sum)
	return w.AppendFrame(dst, codec.KindGramian, 1), nil
}

// MarshalBinary returns the frame of g.
func (g *Gramian) MarshalBinary() ([]byte, error) { return g.AppendBinary(nil) }

// UnmarshalBinary decodes a frame; g is unchanged when it fails. Payload of
// version 1, in the words of Persistent:
//
//	int      f, the length of vectors, 1 … 16384
//	i64      number of vectors, >= 0
//	[]i64    upper triangle of the sums row by row, f·(f+1)/2 numbers in units of 2⁻³²,
//	         within ±2⁶², those of the diagonal >= 0
//
// Anything else and bytes left over are ErrCorrupt, a newer version is ErrVersion, a
// frame of something else ErrMismatch.
func (g *Gramian) UnmarshalBinary(data []byte) error {
	r, err := open(g, data, codec.KindGramian, 1)
	if err != nil {
		return fmt.Errorf("recommend: Gramian.UnmarshalBinary: %w", err)
	}
	d := Gramian{factors: r.Int(), n: r.Int64(), sum: r.Int64s()}
	if d.factors < 1 || d.factors > 1<<14 || len(d.sum) != d.factors*(d.factors+1)/2 || d.n < 0 {
		r.Fail("has sums of the wrong number")
	}
	at := 0
	for i := 0; r.Err() == nil && i < d.factors; i++ {
		if d.sum[at] < 0 || d.sum[at] > gramScale<<30 {
			r.Fail("has a diagonal out of range")
		}
		at += d.factors - i
	}
	for _, s := range d.sum {
		if s > gramScale<<30 || s < -gramScale<<30 {
			r.Fail("has a sum out of range")
			break
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("recommend: Gramian.UnmarshalBinary: %w", err)
	}
	*g = d
	return nil
}

// SolveALS solves a block of rows of an ALS half-step: the rows of x against the
// vectors other of its columns (x.Items()×f) and their Gram matrix (f×f, from a
// Gramian). dst (x.Users()×f) holds the vectors of the rows before, from which
// CG starts, and receives the new ones. For the item side pass the rows of the
// transpose, one row an item. FitALS starts rows without entries from zero vectors.
//
// It uses Factors (f), Alpha, Unobserved, Regularization, FrequencyExponent,
// Solver, CGSteps, BlockSize and Workers of opt; Unobserved and Regularization must
// be set, since their defaults depend on data no block has. Each row is a pure function of its entries, other
// and gram. Errors: ErrOption, ErrShape, ErrRange (a negative weight),
// ErrNotFinite (other or gram), ErrDiverged; dst is unspecified after an error.
func SolveALS(ctx context.Context, dst []float32, x *Interactions, other, gram []float32, opt ALSOptions) error {
	if opt.Unobserved == 0 {
		return fmt.Errorf("recommend: SolveALS: Unobserved is 0, want > 0: %w", ErrOption)
	}
	if opt.Regularization == 0 {
		return fmt.Errorf("recommend: SolveALS: Regularization is 0, want > 0, or below 0 for none: %w", ErrOption)
	}
	if x == nil || x.Items() == 0 {
		return fmt.Errorf("recommend: SolveALS: rows: %w", ErrEmpty)
	}
	if x.Len() > 0 {
		if err := x.checkImplicit("SolveALS"); err != nil {
			return err
		}
	}
	opt.Start = nil
	opt, err := opt.resolve(x)
	if err != nil {
		return err
	}
	f := opt.Factors
	if len(dst) != x.Users()*f || len(other) != x.Items()*f || len(gram) != f*f {
		return fmt.Errorf("recommend: SolveALS: dst, other and gram have %d, %d and %d numbers, want %d, %d and %d: %w",
			len(dst), len(other), len(gram), x.Users()*f, x.Items()*f, f*f, ErrShape)
	}
	for _, v := range []struct {
		name string
		v    []float32
	}{{"dst", dst}, {"other", other}, {"gram", gram}} {
		if err := check.Slice32(v.name, v.v); err != nil {
			return fmt.Errorf("recommend: SolveALS: %w", err)
		}
	}
	return opt.solver().half(ctx, x.users, dst, other, gram, f)
}

// Gram returns the Gramian of all vectors in v (rows of the given length),
// computed on several goroutines.
func Gram(ctx context.Context, v []float32, factors, workers int) (*Gramian, error) {
	if _, err := NewGramian(factors); err != nil {
		return nil, err
	}
	if len(v)%factors != 0 {
		return nil, fmt.Errorf("recommend: Gram: %d numbers are no rows of %d: %w", len(v), factors, ErrShape)
	}
	n := len(v) / factors
	part := func(lo, hi int) (*Gramian, error) {
		g, err := NewGramian(factors)
		for r := lo; r < hi && err == nil; r++ {
			err = g.Add(v[r*factors : (r+1)*factors])
		}
		return g, err
	}
	var failed error
	g, err := parallel.Reduce(ctx, n, gramBlock, workers, part, func(acc, next *Gramian) *Gramian {
		if err := acc.Merge(next); err != nil && failed == nil {
			failed = err
		}
		return acc
	})
	if err == nil {
		err = failed
	}
	if err != nil {
		return nil, err
	}
	if g == nil {
		return NewGramian(factors)
	}
	return g, nil
}
