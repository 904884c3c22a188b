package recommend

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/sparse"
	"github.com/aislekit/aisle/internal/topk"
	"github.com/aislekit/aisle/internal/vec"
)

var (
	_ Persistent   = (*BSPM)(nil)
	_ Meaner       = (*BSPM)(nil)
	_ SparseScorer = (*BSPM)(nil)
	_ OrderReader  = (*BSPM)(nil)
	_ Similar      = (*BSPM)(nil)
	_ Explainer    = (*BSPM)(nil)
)

// BSPMOptions configures FitBSPM. The zero value is a good start.
type BSPMOptions struct {
	// Factors is the number of singular vectors of the ideal low-pass filter. The
	// default is √entries/(7·density^⅙), at least 16, times (4·share-2)² of
	// Interactions.BeyondPopularity where its share is below ¾, in [8, 512]: about √entries/2 on sparse
	// matrices, √entries/4 on dense ones, and fewer where there is little beyond popularity. The paper takes 384 and 448 where that
	// gives 500 and 435. Where popularity is all (see Interactions.BeyondPopularity) and Beta
	// is left out too, Factors is 1, which is popularity, and Beta 5.
	Factors    int
	Beta       float64 // β, weight of the ideal filter; default 0.3, negative means 0: blurring by the linear filter alone
	Sharpening float64 // T, the time of the sharpening process, at most 2.785; default 2, negative means 0: no sharpening, which is GFCF
	Neighbors  int     // weights of the filter kept an item, the largest of either sign; default 1000, negative means all
	Iterations int     // passes of the randomised SVD; default 8
	UseWeights bool    // use the weights of the entries; default: each entry counts 1
	Seed       uint64  // of the random start of the SVD
	Workers    int     // goroutines; default GOMAXPROCS. No influence on the result

	Progress func(Progress) // called after each pass of the SVD, on the caller's goroutine
}

func (o BSPMOptions) withDefaults(x *Interactions) BSPMOptions {
	if o.Factors == 0 && o.Beta == 0 && x.onlyPopular() {
		o.Factors, o.Beta = 1, popularTimes
	}
	if o.Factors == 0 {
		o.Factors = spectralFactors(x)
	}
	o.Beta = check.OrOff(o.Beta, 0.3)
	o.Sharpening = check.OrOff(o.Sharpening, 2)
	o.Neighbors = check.Default(o.Neighbors, 1000)
	o.Iterations = check.Default(o.Iterations, 8)
	return o
}

func (o BSPMOptions) validate() error {
	var c check.Options
	c.Require(o.Factors > 0 && o.Factors <= 1<<13, "Factors", o.Factors, "in [1, 8192]")
	c.Require(o.Beta >= 0 && o.Beta <= 1e6, "Beta", o.Beta, "at most 1e6")
	c.Require(o.Sharpening >= 0 && o.Sharpening <= maxSharpening, "Sharpening", o.Sharpening, "in [0, 2.785]: a longer step grows where it should decay")
	check.Positive(&c, "Iterations", o.Iterations)
	err := c.Err("recommend: FitBSPM")
	if o.Sharpening > maxSharpening {
		err = fmt.Errorf("%w (%w)", err, ErrDiverged)
	}
	return err
}

// maxSharpening bounds T: the largest eigenvalue of P is 1, and one Runge-Kutta step of
// y' = -λy grows, where it should decay, from λT = 2.7853 on. At T = 4 it would raise what
// everybody has in common to five times its size.
const maxSharpening = 2.785

// BSPM recommends by a blurring-sharpening process, without training (Choi et
// al. 2023, "Blurring-Sharpening Process Models for Collaborative Filtering").
// With R̃ = D_U^-½ · R · D_I^-½ ≈ UΣVᵀ and P = R̃ᵀR̃, the history is blurred as in
// GFCF and then sharpened, following dy/dt = -y·P for a time T in one Runge-Kutta
// step of order 4:
//
//	B = (P + β·D_I^-½ V Vᵀ D_I^½) · q(P),  q(P) = I - TP + (TP)²/2 - (TP)³/6 + (TP)⁴/24
//
// Sharpening takes weight from what everybody has in common and leaves what is
// particular to the history. Each row of P·q(P) keeps its Neighbors largest
// elements. The score is Σ wⱼ·B[j, i] over the history. Reasons are exact.
// Immutable, safe for concurrent use.
type BSPM struct {
	lowPass // B = P·q(P), left = β·D_I^-½·V, right = q(P)·D_I^½·V
}

// FitBSPM computes both filters.
//
// Cost: 8·entries multiply-adds an item of the catalogue, and that of FitPureSVD
// with as many Factors: 82 seconds of processor time for the 41,000 items and
// 810,000 entries of gowalla. Memory: 64 bytes a user and 132 an item for each
// worker; the weights kept, 8 bytes each, twice or three times while they are put
// together. They and 8·Factors bytes an item stay in the model. A query costs the
// kept weights of its items and Factors multiply-adds for each item of the
// catalogue.
//
// Errors: ErrEmpty, ErrOption (beside ErrDiverged for a Sharpening beyond 2.785), ErrRange
// (a negative weight), ErrDiverged (UseWeights and more than one factor, where the weights of some items add up to 1e8 times those of others).
func FitBSPM(ctx context.Context, x *Interactions, opt BSPMOptions) (*BSPM, error) {
	if err := x.checkImplicit("FitBSPM"); err != nil {
		return nil, err
	}
	opt = opt.withDefaults(x)
	if err := opt.validate(); err != nil {
		return nil, err
	}
	g, err := newItemGraph(ctx, x, opt.UseWeights, opt.Workers)
	if err != nil {
		return nil, err
	}
	q := sharpener{g, opt.Sharpening}
	keep := opt.Neighbors
	if keep < 0 {
		keep = x.Items()
	}
	b, err := q.weights(ctx, keep, opt.Workers)
	if err != nil {
		return nil, err
	}
	m := &BSPM{lowPass{itemWeights: itemWeights{origin: x.origin.ofItems(), users: x.Users(), reaches: b, near: b}}}
	if opt.Beta == 0 {
		return m, nil
	}
	if err := g.checkSums("FitBSPM", opt.Factors); err != nil {
		return nil, err
	}
	factors, v, err := g.vectors(ctx, PureSVDOptions{
		Factors: opt.Factors, Iterations: opt.Iterations, Seed: opt.Seed, Workers: opt.Workers, Progress: opt.Progress,
	})
	if err != nil {
		return nil, err
	}
	m.factors, m.left, m.right = factors, slices.Clone(v), v
	g.scaleUp(m.right, m.factors)
	for i, d := range g.sums {
		if d > 0 {
			vec.Scale(float32(opt.Beta/math.Sqrt(float64(d))), row(m.left, i, m.factors))
		}
	}
	if err := q.columns(ctx, m.right, m.factors, opt.Workers); err != nil {
		return nil, err
	}
	return m, nil
}

// panel is the number of vectors that are filtered together: with 16 of them an
// entry of R̃ costs one cache line.
const panel = 16

// sharpener applies q(P) to panels of vectors, items×panel row-major.
type sharpener struct {
	itemGraph
	time float64
}

// apply writes q(P)·y = y - T·P(y - T/2·P(y - T/3·P(y - T/4·P·y))) into z. users is
// scratch, users×panel. It looks at ctx after every power.
func (s *sharpener) apply(ctx context.Context, z, y, users []float32) error {
	copy(z, y)
	if s.time == 0 {
		return nil
	}
	for k := 4.0; k > 0; k-- {
		clear(users)
		addProduct(users, s.r, z)
		vec.Scale(float32(-s.time/k), users)
		copy(z, y)
		addProduct(z, s.rt, users)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	return nil
}

// addProduct adds m·src to dst, both of panel columns.
func addProduct(dst []float32, m *sparse.CSR, src []float32) {
	for r := range m.Rows {
		cols, vals := m.Row(r)
		vec.GatherAxpy(row(dst, r, panel), src, cols, vals)
	}
}

// weights returns the keep elements of largest size of each row of P·q(P).
func (s *sharpener) weights(ctx context.Context, keep, workers int) (*sparse.CSR, error) {
	type rows struct {
		ptr [panel + 1]int
		col []int32
		val []float32
	}
	type scratch struct {
		y, z, users, sizes []float32
		heap               topk.Heap
	}
	items := s.rt.Rows
	panels := make([]rows, parallel.Blocks(items, panel))
	memory := make([]*scratch, parallel.Scratch(items, panel, workers))
	err := parallel.For(ctx, items, panel, workers, func(worker, lo, hi int) error {
		t := memory[worker]
		if t == nil {
			t = &scratch{
				y: make([]float32, panel*items), z: make([]float32, panel*items),
				users: make([]float32, panel*s.r.Rows), sizes: make([]float32, items),
			}
			memory[worker] = t
		}
		clear(t.y)
		for j := lo; j < hi; j++ { // y = the rows lo to hi of P
			us, a := s.rt.Row(j)
			for k, u := range us {
				is, b := s.r.Row(int(u))
				for l, i := range is {
					t.y[int(i)*panel+j-lo] += float32(a[k] * b[l])
				}
			}
		}
		if err := s.apply(ctx, t.z, t.y, t.users); err != nil {
			return err
		}
		out := &panels[lo/panel]
		for j := range hi - lo {
			t.heap.Reset(keep)
			for i := range items {
				t.sizes[i] = float32(math.Abs(float64(t.z[i*panel+j])))
				if v := t.sizes[i]; v > 0 && (!t.heap.Full() || v > t.heap.Worst().Score) {
					t.heap.Push(int32(i), v)
				}
			}
			if t.heap.Len() > 0 {
				worst := t.heap.Worst()
				for i, v := range t.sizes {
					if v > worst.Score || v == worst.Score && int32(i) <= worst.ID {
						out.col = append(out.col, int32(i))
						out.val = append(out.val, t.z[i*panel+j])
					}
				}
			}
			out.ptr[j+1] = len(out.col)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return sparse.FromSortedRows(ctx, items, items, func(j int) ([]int32, []float32) {
		p, k := &panels[j/panel], j%panel
		return p.col[p.ptr[k]:p.ptr[k+1]], p.val[p.ptr[k]:p.ptr[k+1]]
	})
}

// columns replaces each column of m, items×cols, by q(P) times it.
func (s *sharpener) columns(ctx context.Context, m []float32, cols, workers int) error {
	items := s.rt.Rows
	return parallel.For(ctx, cols, panel, workers, func(_, lo, hi int) error {
		y, z, users := make([]float32, panel*items), make([]float32, panel*items), make([]float32, panel*s.r.Rows)
		for i := range items {
			copy(row(y, i, panel), row(m, i, cols)[lo:hi])
		}
		if err := s.apply(ctx, z, y, users); err != nil {
			return err
		}
		for i := range items {
			copy(row(m, i, cols)[lo:hi], row(z, i, panel))
		}
		return nil
	})
}

// SparseScores is false: 0 is a score like any other.
func (*BSPM) SparseScores() bool { return false }

// ReadsOrder is false: the history is a set.
func (*BSPM) ReadsOrder() bool { return false }

// AppendBinary appends the frame of m to dst.
func (m *BSPM) AppendBinary(dst []byte) ([]byte, error) {
	if m == nil || m.Items() == 0 {
		return dst, errUnfitted("BSPM")
	}
	var w codec.Writer
	w.Int(m.users)
	putCSR(&w, m.reaches)
	w.Int(m.factors)
	w.Float32s(m.left)
	w.Float32s(m.right)
	m.origin.put(&w)
	return w.AppendFrame(dst, codec.KindBSPM, 1), nil
}

// MarshalBinary returns the frame of m.
func (m *BSPM) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary decodes a frame; m is unchanged when it fails. It must not run
// beside other uses of m. Payload of
// version 1, in the words of Persistent:
//
//	int      users
//	matrix   B, items×items
//	int      factors, at most 8192
//	[]f32    left part, items×factors, finite
//	[]f32    right part, the same
//
// Anything else and bytes left over are ErrCorrupt, a newer version is ErrVersion, a
// frame of something else ErrMismatch.
func (m *BSPM) UnmarshalBinary(data []byte) error {
	r, err := open(m, data, codec.KindBSPM, 1)
	if err != nil {
		return fmt.Errorf("recommend: BSPM.UnmarshalBinary: %w", err)
	}
	users, b, factors, left, right := r.Int(), getCSR(r), r.Int(), r.Float32s(), r.Float32s()
	if b.Rows == 0 || b.Rows != b.Cols || factors > 1<<13 || int64(len(left)) != int64(b.Rows)*int64(factors) || len(right) != len(left) {
		r.Fail("has parts of different sizes")
	}
	for _, s := range [][]float32{left, right} {
		if check.Slice32("value", s) != nil {
			r.Fail("has a value that is not finite")
		}
	}
	of := getOrigin(r)
	if err := r.Done(); err != nil {
		return fmt.Errorf("recommend: BSPM.UnmarshalBinary: %w", err)
	}
	m.itemWeights = itemWeights{users: users, reaches: b, near: b}
	m.factors, m.left, m.right = factors, left, right
	m.scratch = sync.Pool{}
	m.origin = of
	return nil
}
