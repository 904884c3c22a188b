package recommend

import (
	"context"
	"fmt"
	"sync"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/sparse"
)

var (
	_ Persistent   = (*GFCF)(nil)
	_ Meaner       = (*GFCF)(nil)
	_ SparseScorer = (*GFCF)(nil)
	_ OrderReader  = (*GFCF)(nil)
	_ Similar      = (*GFCF)(nil)
	_ Explainer    = (*GFCF)(nil)
)

// GFCFOptions configures FitGFCF. The zero value is a good start.
type GFCFOptions struct {
	// Factors is the number of singular vectors of the ideal low-pass filter, 256
	// in the paper. One is popularity. The default is √entries/(7·density^⅙), at least 16, times
	// (4·share-2)² of Interactions.BeyondPopularity where its share is below ¾, in [8, 512]. Where
	// Alpha is left out too, and 200 users have five entries, that stays only where it is as good as
	// 7/4, 7/8, … of it, down to an eighth, by NDCG@20 of a fifth of the entries of up to 512 users, which
	// the filters do not see. Where popularity is all and Alpha is left out too, Factors is 1 and Alpha 5.
	Factors int
	// Alpha is α, the weight of the ideal filter; negative means 0: the linear filter
	// alone. Default 5·√(users·items)/entries, of users and items with entries, in
	// [0.3, 0.6]: what few did is better told by the ideal filter; or half, two or three times as
	// much, where Factors is left out too and the same entries say so.
	Alpha      float64
	Neighbors  int    // weights of the linear filter kept an item; default 1000, negative means all
	Iterations int    // passes of the randomised SVD; default 8, and 4 for more than 128 Factors
	UseWeights bool   // use the weights of the entries; default: each entry counts 1
	Seed       uint64 // of the random start of the SVD
	Workers    int    // goroutines; default GOMAXPROCS. No influence on the result

	Progress func(Progress) // called after each pass of the SVD, on the caller's goroutine
}

func (o GFCFOptions) withDefaults(x *Interactions) GFCFOptions {
	if o.Factors == 0 && o.Alpha == 0 && x.onlyPopular() {
		o.Factors, o.Alpha = 1, popularTimes
	}
	if o.Factors == 0 {
		o.Factors = spectralFactors(x)
	}
	o.Alpha = check.OrOff(o.Alpha, min(max(5/max(x.support(), 1), 0.3), 0.6))
	o.Neighbors = check.Default(o.Neighbors, 1000)
	return o
}

func (o GFCFOptions) validate() error {
	var c check.Options
	c.Require(o.Factors > 0 && o.Factors <= 1<<13, "Factors", o.Factors, "in [1, 8192]")
	c.Require(o.Alpha >= 0 && o.Alpha <= 1e6, "Alpha", o.Alpha, "at most 1e6")
	c.Require(o.Iterations >= 0, "Iterations", o.Iterations, "> 0")
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
	lowPass // B = R̃ᵀR̃, share = α·D_I^-1, left = right = D_I^½·V
	alpha   float32
	inverse []float32 // D_I^-1
}

// FitGFCF computes both filters.
//
// Cost: that of FitItemKNN plus that of FitPureSVD with as many Factors, about twice that where
// Factors and Alpha are chosen. Memory:
// 8 bytes a weight kept and 4·Factors bytes an item stay in the model. A query
// costs the kept weights of its items and Factors multiply-adds for each item of
// the catalogue.
//
// Errors: ErrEmpty, ErrOption, ErrRange (a negative weight), ErrDiverged (UseWeights
// and more than one factor, where the weights of some items add up to 1e8 times those of others).
func FitGFCF(ctx context.Context, x *Interactions, opt GFCFOptions) (*GFCF, error) {
	if err := x.checkImplicit("FitGFCF"); err != nil {
		return nil, err
	}
	free := opt.Factors == 0 && opt.Alpha == 0 && !x.onlyPopular()
	opt = opt.withDefaults(x)
	if err := opt.validate(); err != nil {
		return nil, err
	}
	if free {
		var err error
		if opt, err = opt.chosen(ctx, x); err != nil {
			return nil, err
		}
	}
	if opt.Iterations == 0 {
		if opt.Iterations = 8; opt.Factors > 128 { // passes are dear then, and four as good
			opt.Iterations = 4
		}
	}
	g, err := newItemGraph(ctx, x, opt.UseWeights, opt.Workers)
	if err != nil {
		return nil, err
	}
	keep := opt.Neighbors
	if keep < 0 {
		keep = x.Items()
	}
	b, err := sparse.Pairs{W: g.rt, Diagonal: true}.Top(ctx, keep, opt.Workers)
	if err != nil {
		return nil, err
	}
	m := &GFCF{alpha: float32(opt.Alpha)}
	m.itemWeights = itemWeights{origin: x.origin.ofItems(), users: x.Users(), reaches: b, near: b}
	m.inverse = make([]float32, x.Items())
	for i, d := range g.sums {
		if d > 0 {
			m.inverse[i] = 1 / d
		}
	}
	if opt.Alpha == 0 {
		return m, nil
	}
	if err := g.checkSums("FitGFCF", opt.Factors); err != nil {
		return nil, err
	}
	factors, v, err := g.vectors(ctx, PureSVDOptions{
		Factors: opt.Factors, Iterations: opt.Iterations, Seed: opt.Seed, Workers: opt.Workers, Progress: opt.Progress,
	})
	if err != nil {
		return nil, err
	}
	g.scaleUp(v, factors)
	m.setSpectral(factors, v)
	return m, nil
}

func (m *GFCF) setSpectral(factors int, v []float32) {
	share := make([]float32, len(m.inverse))
	for i, d := range m.inverse {
		share[i] = m.alpha * d
	}
	m.factors, m.share, m.left, m.right = factors, share, v, v
	m.scratch = sync.Pool{}
}

// SparseScores is false: 0 is a score like any other.
func (*GFCF) SparseScores() bool { return false }

// ReadsOrder is false: the history is a set.
func (*GFCF) ReadsOrder() bool { return false }

// AppendBinary appends the frame of m to dst.
func (m *GFCF) AppendBinary(dst []byte) ([]byte, error) {
	if m == nil || m.Items() == 0 {
		return dst, errUnfitted("GFCF")
	}
	var w codec.Writer
	w.Int(m.users)
	w.Float32(m.alpha)
	putCSR(&w, m.reaches)
	w.Float32s(m.inverse)
	w.Int(m.factors)
	w.Float32s(m.right)
	m.origin.put(&w)
	return w.AppendFrame(dst, codec.KindGFCF, 1), nil
}

// MarshalBinary returns the frame of m.
func (m *GFCF) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary decodes a frame; m is unchanged when it fails. It must not run
// beside other uses of m. Payload of
// version 1, in the words of Persistent:
//
//	int      users
//	f32      α, finite
//	matrix   B, items×items
//	[]f32    scale of each item, finite
//	int      factors, at most 8192
//	[]f32    spectral part, items×factors, finite
//
// Anything else and bytes left over are ErrCorrupt, a newer version is ErrVersion, a
// frame of something else ErrMismatch.
func (m *GFCF) UnmarshalBinary(data []byte) error {
	r, err := open(m, data, codec.KindGFCF, 1)
	if err != nil {
		return fmt.Errorf("recommend: GFCF.UnmarshalBinary: %w", err)
	}
	users, alpha, b, inverse, factors, v := r.Int(), r.Float32(), getCSR(r), r.Float32s(), r.Int(), r.Float32s()
	if b.Rows == 0 || b.Rows != b.Cols || len(inverse) != b.Rows || factors > 1<<13 || int64(len(v)) != int64(b.Rows)*int64(factors) {
		r.Fail("has parts of different sizes")
	}
	for _, s := range [][]float32{{alpha}, inverse, v} {
		if check.Slice32("value", s) != nil {
			r.Fail("has a value that is not finite")
		}
	}
	of := getOrigin(r)
	if err := r.Done(); err != nil {
		return fmt.Errorf("recommend: GFCF.UnmarshalBinary: %w", err)
	}
	m.itemWeights = itemWeights{users: users, reaches: b, near: b}
	m.alpha, m.inverse = alpha, inverse
	m.setSpectral(factors, v)
	m.origin = of
	return nil
}
