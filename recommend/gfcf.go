package recommend

import (
	"context"
	"fmt"
	"math"
	"sync"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/solve"
	"github.com/aislekit/aisle/internal/sparse"
	"github.com/aislekit/aisle/internal/vec"
)

// GFCFOptions configures FitGFCF. The zero value is a good start.
type GFCFOptions struct {
	// Factors is the number of singular vectors of the ideal low-pass filter, 256
	// in the paper. The default is √entries/(7·density^⅙), in [16, 512].
	Factors    int
	Alpha      float64 // α, weight of the ideal filter; default 0.3, negative means 0: the linear filter alone
	Neighbors  int     // weights of the linear filter kept an item; default 1000, negative means all
	Iterations int     // passes of the randomised SVD; default 8
	Weights    bool    // use the weights of the entries; default: each entry counts 1
	Seed       uint64  // of the random start of the SVD
	Workers    int     // goroutines; default GOMAXPROCS. No influence on the result

	Progress func(Progress) // called after each pass of the SVD, on the caller's goroutine
}

func (o GFCFOptions) withDefaults(x *Interactions) GFCFOptions {
	if o.Factors == 0 {
		o.Factors = spectralFactors(x)
	}
	o.Alpha = check.OrOff(o.Alpha, 0.3)
	o.Neighbors = check.Default(o.Neighbors, 1000)
	o.Iterations = check.Default(o.Iterations, 8)
	return o
}

func (o GFCFOptions) validate() error {
	var c check.Options
	c.Require(o.Factors > 0 && o.Factors <= 1<<13, "Factors", o.Factors, "in [1, 8192]")
	check.NonNegative(&c, "Alpha", o.Alpha)
	check.Positive(&c, "Iterations", o.Iterations)
	return c.Err("recommend: FitGFCF")
}

// GFCF recommends by graph filtering with a closed form, no training (Shen et
// al. 2021, GF-CF). With d the sums of rows and columns,
//
//	R̃ = D_U^-½ · R · D_I^-½ ≈ UΣVᵀ,  B = R̃ᵀR̃ + α·D_I^-½ V Vᵀ D_I^½
//
// the first part being a linear low-pass filter, the second an ideal one. Each
// row of R̃ᵀR̃ keeps its Neighbors largest elements. The score is Σ wⱼ·B[j, i] over
// the history. Reasons are exact. Immutable, safe for concurrent use.
type GFCF struct {
	itemWeights // R̃ᵀR̃
	alpha       float32
	factors     int
	v           []float32 // D_I^½·V, items×factors
	inverse     []float32 // D_I^-1

	scratch sync.Pool // *[]float32 of length factors
}

// FitGFCF computes both filters.
//
// Cost: that of FitItemKNN plus that of FitPureSVD with as many Factors. Memory:
// 8 bytes a weight kept and 4·Factors bytes an item stay in the model. A query
// costs the kept weights of its items and Factors multiply-adds for each item of
// the catalogue.
//
// Errors: ErrEmpty, ErrOption, ErrRange (a negative weight).
func FitGFCF(ctx context.Context, x *Interactions, opt GFCFOptions) (*GFCF, error) {
	if err := x.checkImplicit("FitGFCF"); err != nil {
		return nil, err
	}
	opt = opt.withDefaults(x)
	if err := opt.validate(); err != nil {
		return nil, err
	}
	g := newItemGraph(x, opt.Weights)
	keep := opt.Neighbors
	if keep < 0 {
		keep = x.Items()
	}
	b, err := sparse.Pairs{W: g.rt, Diagonal: true}.Top(ctx, keep, opt.Workers)
	if err != nil {
		return nil, err
	}
	m := &GFCF{itemWeights: itemWeights{users: x.Users(), reaches: b, near: b}, alpha: float32(opt.Alpha)}
	m.inverse = make([]float32, x.Items())
	for i, d := range g.sums {
		if d > 0 {
			m.inverse[i] = 1 / d
		}
	}
	if opt.Alpha == 0 {
		return m, nil
	}
	s, v, err := solve.TruncatedSVD(ctx, g.r, g.rt, svdOptions(PureSVDOptions{
		Factors: opt.Factors, Iterations: opt.Iterations, Seed: opt.Seed, Workers: opt.Workers, Progress: opt.Progress,
	}))
	if err != nil {
		return nil, err
	}
	m.factors, m.v = len(s), v
	for i, d := range g.sums {
		vec.Scale(float32(math.Sqrt(float64(d))), m.row(int32(i)))
	}
	return m, nil
}

func (m *GFCF) row(i int32) []float32 { return m.v[int(i)*m.factors : (int(i)+1)*m.factors] }

// Score writes the history times B; ErrEmpty for an empty history.
func (m *GFCF) Score(dst []float32, q Query) error {
	if err := checkQuery(dst, &q, m.Items()); err != nil {
		return err
	}
	if len(q.Items) == 0 {
		return ErrEmpty
	}
	if m.factors == 0 {
		clear(dst)
	} else {
		z, ok := m.scratch.Get().(*[]float32)
		if !ok {
			z = new([]float32)
			*z = make([]float32, m.factors)
		}
		clear(*z)
		for k, j := range q.Items {
			vec.Axpy(m.share(j)*q.Weight(k), m.row(j), *z)
		}
		vec.DotRows(dst, m.v, *z)
		m.scratch.Put(z)
	}
	addLinear(dst, &q, m.reaches)
	return nil
}

// share is the factor of row j of v on the side of the history: α·D_I^-½ · V is
// α·D_I^-1 times what v holds.
func (m *GFCF) share(j int32) float32 { return float32(m.alpha * m.inverse[j]) }

// AppendSimilar appends the items that a history of item alone scores highest.
func (m *GFCF) AppendSimilar(dst []Scored, item int32, k int) ([]Scored, error) {
	return appendAlone(dst, m, item, k)
}

// AppendReasons appends the history items with the largest share in the score of
// item. The decomposition is exact.
func (m *GFCF) AppendReasons(dst []Reason, q Query, item int32, k int) ([]Reason, error) {
	if uint32(item) >= uint32(m.Items()) {
		return dst, ErrUnknownID
	}
	return topReasons(dst, &q, k, m.Items(), func(n int, j int32) float32 {
		c := float32(0)
		if m.factors > 0 {
			c = m.share(j) * vec.Dot(m.row(j), m.row(item))
		}
		if p := m.reaches.Find(int(j), item); p >= 0 {
			c += m.reaches.Val[p]
		}
		return q.Weight(n) * c
	})
}

// AppendBinary appends the frame of m to dst.
func (m *GFCF) AppendBinary(dst []byte) ([]byte, error) {
	var w codec.Writer
	w.Int(m.users)
	w.Float32(m.alpha)
	putCSR(&w, m.reaches)
	w.Float32s(m.inverse)
	w.Int(m.factors)
	w.Float32s(m.v)
	return w.AppendFrame(dst, kindGFCF, 1), nil
}

// MarshalBinary returns the frame of m.
func (m *GFCF) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary decodes a frame; m is unchanged when it fails. It must not run
// beside other uses of m.
func (m *GFCF) UnmarshalBinary(data []byte) error {
	r, err := codec.Open(data, kindGFCF, 1)
	if err != nil {
		return fmt.Errorf("recommend: GFCF: %w", err)
	}
	users, alpha, b, inverse, factors, v := r.Int(), r.Float32(), getCSR(r), r.Float32s(), r.Int(), r.Float32s()
	if b.Rows != b.Cols || len(inverse) != b.Rows || factors > 1<<13 || int64(len(v)) != int64(b.Rows)*int64(factors) {
		r.Fail("has parts of different sizes")
	}
	for _, s := range [][]float32{{alpha}, inverse, v} {
		if check.Slice32("value", s) != nil {
			r.Fail("has a value that is not finite")
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("recommend: GFCF: %w", err)
	}
	m.itemWeights = itemWeights{users: users, reaches: b, near: b}
	m.alpha, m.inverse, m.factors, m.v = alpha, inverse, factors, v
	m.scratch = sync.Pool{}
	return nil
}
