package recommend

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/ids"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/sparse"
	"github.com/aislekit/aisle/internal/vec"
)

// ColdStartOptions configures FitColdStart.
type ColdStartOptions struct {
	L2      float64 // λ of the ridge regression, > 0; default 1
	MaxIter int     // steps of conjugate gradients at the most; default 100
	Tol     float64 // stop when every residual has shrunk by this factor; default 1e-4
	Workers int     // goroutines; default GOMAXPROCS. No influence on the result
}

// ColdStart maps what an item is (its text and attributes, as a TFIDFModel sees
// them) to the vector that ALS would have learned for it, so that items nobody
// has bought yet can be ranked beside the others (Gantner et al. 2010,
// attribute-to-factor mapping). Immutable, safe for concurrent use.
type ColdStart struct {
	content *TFIDFModel
	factors int
	b       []float32 // terms×factors
}

// FitColdStart fits the map: the terms×factors matrix B that minimises
// Σᵢ‖aᵢB - yᵢ‖² + λ‖B‖² over the items with a vector, aᵢ the item's content
// vector and yᵢ its vector in als. Both models must be over the same items.
//
// Cost: Iterations passes over the content vectors times factors. Memory: 16
// bytes a term and factor. Errors: ErrMismatch (also for nil), ErrOption, ErrEmpty (no item has
// both), context.Cause(ctx).
func FitColdStart(ctx context.Context, content *TFIDFModel, als *ALS, opt ColdStartOptions) (*ColdStart, error) {
	opt.L2 = check.Default(opt.L2, 1)
	opt.MaxIter = check.Default(opt.MaxIter, 100)
	opt.Tol = check.Default(opt.Tol, 1e-4)
	var c check.Options
	check.Positive(&c, "L2", opt.L2)
	check.Positive(&c, "MaxIter", opt.MaxIter)
	check.Positive(&c, "Tol", opt.Tol)
	if err := c.Err("recommend: FitColdStart"); err != nil {
		return nil, err
	}
	if content == nil || als == nil {
		return nil, fmt.Errorf("recommend: FitColdStart: a model is nil: %w", ErrMismatch)
	}
	if content.Items() != als.Items() {
		return nil, fmt.Errorf("recommend: FitColdStart: models are over different items: %w", ErrMismatch)
	}
	if !content.same(als.origin) {
		return nil, fmt.Errorf("recommend: FitColdStart: models of two catalogues of %d items%s: %w", als.Items(), ids.FirstItem(content.known, als.known), ErrMismatch)
	}
	f, terms := als.Factors(), len(content.Terms())
	a := &sparse.CSR{Cols: terms, Ptr: []int64{0}}
	var y []float32
	meter := parallel.NewMeter(ctx)
	for i := range als.Items() {
		cols, vals := content.items.Row(i)
		if err := meter.Did(len(cols) + f); err != nil {
			return nil, err
		}
		if v := als.ItemVector(i); len(cols) > 0 && !isZero(v) {
			a.Col, a.Val = append(a.Col, cols...), append(a.Val, vals...)
			a.Ptr = append(a.Ptr, int64(len(a.Col)))
			y = append(y, v...)
			a.Rows++
		}
	}
	if a.Rows == 0 {
		return nil, fmt.Errorf("recommend: FitColdStart: no item has content and a vector: %w", ErrEmpty)
	}
	b, err := ridgeMap(ctx, a, y, f, opt)
	if err != nil {
		return nil, err
	}
	return &ColdStart{content: content, factors: f, b: b}, nil
}

// ridgeMap solves (AᵀA + λI)·B = AᵀY for all columns at once by conjugate gradients,
// each column with its own step lengths.
func ridgeMap(ctx context.Context, a *sparse.CSR, y []float32, f int, opt ColdStartOptions) ([]float32, error) {
	at, err := a.TransposeUntil(ctx, opt.Workers)
	if err != nil {
		return nil, err
	}
	n := a.Cols * f
	b, r, p, q := make([]float32, n), make([]float32, n), make([]float32, n), make([]float32, n)
	ap := make([]float32, a.Rows*f)
	if err := spmm(ctx, r, at, y, f, opt.Workers); err != nil {
		return nil, err
	}
	copy(p, r)
	rr, err := columnNorms(ctx, r, r, f)
	if err != nil {
		return nil, err
	}
	first := append([]float64(nil), rr...)
	for range opt.MaxIter {
		if err := spmm(ctx, ap, a, p, f, opt.Workers); err != nil {
			return nil, err
		}
		if err := spmm(ctx, q, at, ap, f, opt.Workers); err != nil {
			return nil, err
		}
		if err := addScaled(ctx, q, float32(opt.L2), p); err != nil {
			return nil, err
		}
		pq, err := columnNorms(ctx, p, q, f)
		if err != nil {
			return nil, err
		}
		step := make([]float32, f)
		for k := range step {
			if pq[k] > 0 {
				step[k] = float32(rr[k] / pq[k])
			}
		}
		err = eachRow(ctx, n, f, func(i int) {
			for k, s := range step {
				b[i+k] += float32(s * p[i+k])
				r[i+k] -= float32(s * q[i+k])
			}
		})
		if err != nil {
			return nil, err
		}
		next, err := columnNorms(ctx, r, r, f)
		if err != nil {
			return nil, err
		}
		done := true
		for k := range next {
			done = done && next[k] <= first[k]*opt.Tol*opt.Tol
		}
		if done {
			break
		}
		err = eachRow(ctx, n, f, func(i int) {
			for k := range f {
				beta := float32(0)
				if rr[k] > 0 {
					beta = float32(next[k] / rr[k])
				}
				p[i+k] = r[i+k] + float32(beta*p[i+k])
			}
		})
		if err != nil {
			return nil, err
		}
		rr = next
	}
	if err := check.Slice32("map", b); err != nil {
		return nil, fmt.Errorf("recommend: FitColdStart: %w: %w", ErrDiverged, err)
	}
	return b, nil
}

// spmm writes m·x into dst, rows of f numbers.
func spmm(ctx context.Context, dst []float32, m *sparse.CSR, x []float32, f, workers int) error {
	return parallel.For(ctx, m.Rows, 256, workers, func(_, lo, hi int) error {
		for r := lo; r < hi; r++ {
			out := dst[r*f : r*f+f]
			clear(out)
			cols, vals := m.Row(r)
			vec.GatherAxpy(out, x, cols, vals)
		}
		return nil
	})
}

// columnNorms returns Σᵢ x[i,k]·y[i,k] for each column k.
func columnNorms(ctx context.Context, x, y []float32, f int) ([]float64, error) {
	out := make([]float64, f)
	err := eachRow(ctx, len(x), f, func(i int) {
		for k := range f {
			out[k] += float64(float64(x[i+k]) * float64(y[i+k]))
		}
	})
	return out, err
}

// eachRow calls fn with where each row of f out of n numbers begins.
func eachRow(ctx context.Context, n, f int, fn func(i int)) error {
	meter := parallel.NewMeter(ctx)
	for i := 0; i < n; i += f {
		fn(i)
		if err := meter.Did(2 * f); err != nil {
			return err
		}
	}
	return nil
}

// addScaled adds a·x to y.
func addScaled(ctx context.Context, y []float32, a float32, x []float32) error {
	const most = 1 << 20 // numbers between two looks; a multiple of every kernel's width
	for lo := 0; lo < len(x); lo += most {
		hi := min(lo+most, len(x))
		vec.Axpy(a, x[lo:hi], y[lo:hi])
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	return nil
}

// Factors returns the length of the vectors.
func (m *ColdStart) Factors() int {
	m = orZero(m)
	return m.factors
}

// ItemVector writes into dst, of length Factors, the vector of an item with that
// text and those attribute tokens: put it beside those of ALS.ItemVector, and
// its dot product with a user's vector is the item's score. ErrEmpty when no
// term is known, ErrShape.
func (m *ColdStart) ItemVector(dst []float32, text string, attributes ...string) (err error) {
	m = orZero(m)
	defer about(&err, "ColdStart.ItemVector")
	if err := checkVector(len(dst), m.factors); err != nil {
		return err
	}
	terms, weights, err := m.content.AppendVector(nil, nil, text, attributes...)
	if err != nil {
		return err
	}
	if len(terms) == 0 {
		return ErrEmpty
	}
	clear(dst)
	vec.GatherAxpy(dst, m.b, terms, weights)
	return nil
}

// AppendBinary appends the frame of m, its content model included, to dst.
func (m *ColdStart) AppendBinary(dst []byte) ([]byte, error) {
	if m == nil || m.factors == 0 {
		return dst, errUnfitted("ColdStart")
	}
	content, err := m.content.MarshalBinary()
	if err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Int(m.factors)
	w.Float32s(m.b)
	w.Bytes(content)
	return w.AppendFrame(dst, codec.KindColdStart, 1), nil
}

// MarshalBinary returns the frame of m.
func (m *ColdStart) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary decodes a frame; m is unchanged when it fails. A tokenizer of
// the host's own must be set again: see TFIDFModel.WithTokenizer. Payload of
// version 1, in the words of Persistent:
//
//	int      f, the factors, > 0
//	[]f32    terms×f, finite
//	bytes    the frame of the TFIDFModel
//
// Anything else and bytes left over are ErrCorrupt, a newer version is ErrVersion, a
// frame of something else ErrMismatch.
func (m *ColdStart) UnmarshalBinary(data []byte) error {
	r, err := open(m, data, codec.KindColdStart, 1)
	if err != nil {
		return fmt.Errorf("recommend: ColdStart.UnmarshalBinary: %w", err)
	}
	d := ColdStart{factors: r.Int(), b: r.Float32s(), content: &TFIDFModel{}}
	content := r.Bytes()
	if err := r.Done(); err != nil {
		return fmt.Errorf("recommend: ColdStart.UnmarshalBinary: %w", err)
	}
	if err := d.content.UnmarshalBinary(content); err != nil {
		return err
	}
	if d.factors < 1 || d.factors > math.MaxInt32 || len(d.b)%d.factors != 0 || len(d.b)/d.factors != len(d.content.Terms()) || check.Slice32("map", d.b) != nil {
		return fmt.Errorf("recommend: ColdStart.UnmarshalBinary: map of the wrong size or not finite: %w", ErrCorrupt)
	}
	*m = d
	return nil
}
