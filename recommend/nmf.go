package recommend

import (
	"context"
	"fmt"
	"math"
	"sync"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/sparse"
	"github.com/aislekit/aisle/internal/vec"
)

var (
	_ Persistent   = (*NMF)(nil)
	_ Meaner       = (*NMF)(nil)
	_ SparseScorer = (*NMF)(nil)
	_ OrderReader  = (*NMF)(nil)
	_ Similar      = (*NMF)(nil)
	_ SimilarUsers = (*NMF)(nil)
	_ Folder       = (*NMF)(nil)
	_ ItemVectors  = (*NMF)(nil)
)

// NMFOptions configures FitNMF.
type NMFOptions struct {
	// Factors is how many parts the matrix is made of; default 32, or, where popularity is all
	// (see Interactions.BeyondPopularity) and L1 and L2 are left out too, 1, with an L2 of 0.
	Factors    int
	Iterations int     // passes over both sides; default 50
	L1         float64 // λ₁ >= 0, makes coordinates exactly 0; default 0
	UseWeights bool    // use the weights of the entries; default: each entry counts 1
	Seed       uint64  // of the start vectors
	Workers    int     // goroutines; default GOMAXPROCS. No influence on the result

	// L2 is λ₂ >= 0; negative means 0. Structure with a singular value below λ₂ is
	// lost, so the default is half of where noise ends, (√R + √C)/2, R the number of
	// entries in the row of an entry on average over the entries, C that in its
	// column; at least 10, or less for a small matrix, √entries/16. All that times
	// the root mean square of the weights where they count.
	L2 float64

	// Loss asks for the training objective in Progress, at the cost of one more
	// pass over the entries an iteration.
	Loss bool
	// Progress is called after each iteration, on the caller's goroutine.
	Progress func(Progress)
}

func (o NMFOptions) withDefaults(x *Interactions) NMFOptions {
	if o.Factors == 0 && o.L1 == 0 && o.L2 == 0 && x.onlyPopular() {
		o.Factors, o.L2 = 1, -1
	}
	o.Factors = check.Default(o.Factors, 32)
	o.Iterations = check.Default(o.Iterations, 50)
	l2 := max(min(math.Sqrt(float64(x.Len()))/16, 10), noiseEdge(unitWeights(x.users, false))/2)
	if o.UseWeights {
		l2 *= math.Sqrt(vec.Norm2(x.users.Val) / float64(x.Len()))
	}
	o.L2 = check.OrOff(o.L2, l2)
	return o
}

func (o NMFOptions) validate() error {
	var c check.Options
	c.Require(o.Factors > 0 && o.Factors <= 1<<12, "Factors", o.Factors, "in [1, 4096]")
	check.Positive(&c, "Iterations", o.Iterations)
	check.NonNegative(&c, "L1", o.L1)
	check.NonNegative(&c, "L2", o.L2)
	return c.Err("recommend: FitNMF")
}

// NMF is non-negative matrix factorisation, missing entries counted as zero (Lee
// and Seung 1999), by coordinate descent (HALS, Cichocki and Phan 2009; Hsieh and
// Dhillon 2011). It minimises
//
//	½‖X - W·Hᵀ‖² + λ₁(‖W‖₁ + ‖H‖₁) + λ₂/2·(‖W‖² + ‖H‖²),  W, H >= 0
//
// No coordinate is negative, so factors read as interests that add up. A score
// is w_u·h_i. After the last iteration the users are solved to the end, so that
// the vector of a known user is the fold-in of its training history. Immutable,
// safe for concurrent use.
type NMF struct {
	origin
	factors int
	l1, l2  float64
	w, h    []float32 // users×factors, items×factors
	gram    []float32 // HᵀH

	itemLengths lazyLengths // of h
	userLengths lazyLengths // of w
	scratch     sync.Pool   // *nmfScratch
}

const (
	nmfBlock  = 64  // rows handed to a worker at a time
	nmfSweeps = 500 // of a fold-in at the most
)

// FitNMF fits the model. Every iteration moves each coordinate of W, then each of
// H, once, in order, to its best value given all others.
//
// Cost an iteration: O(entries·f + (users+items)·f²), f the number of factors,
// spread over Workers. Memory: 4·f bytes a user and an item, and x with its
// transpose.
//
// Errors: ErrEmpty, ErrOption, ErrRange (a negative weight), ErrDiverged
// (vectors that are not finite: weights too large for float32).
func FitNMF(ctx context.Context, x *Interactions, opt NMFOptions) (*NMF, error) {
	if err := x.checkImplicit("FitNMF"); err != nil {
		return nil, err
	}
	opt = opt.withDefaults(x)
	if err := opt.validate(); err != nil {
		return nil, err
	}
	users := x.users
	if !opt.UseWeights {
		users = unitWeights(users, false)
	}
	sum := 0.0
	for _, v := range users.Val {
		sum += float64(v)
	}
	// Products of start vectors average the mean of the matrix, rows without entries left out.
	knownUsers, knownItems := x.occupied()
	size := math.Sqrt(sum / float64(knownUsers) / float64(knownItems) / float64(opt.Factors))
	m := &NMF{
		origin:  x.origin,
		factors: opt.Factors, l1: opt.L1, l2: opt.L2,
	}
	var err error
	if m.w, err = positiveVectors(ctx, opt.Seed, 1, x.Users(), opt.Factors, size); err != nil {
		return nil, err
	}
	if m.h, err = positiveVectors(ctx, opt.Seed, 2, x.Items(), opt.Factors, size); err != nil {
		return nil, err
	}
	clearEmpty(m.w, opt.Factors, x.users)
	clearEmpty(m.h, opt.Factors, x.byItem())
	if err := m.fit(ctx, users, opt); err != nil {
		return nil, err
	}
	return m, nil
}

// positiveVectors draws absolute values of normals, one stream a row.
func positiveVectors(ctx context.Context, seed, side uint64, rows, f int, size float64) ([]float32, error) {
	meter := parallel.NewMeter(ctx)
	v := make([]float32, rows*f)
	var r rng.Stream
	for i := range rows {
		r.Reset(seed, 0x6e6d66+side, uint64(i))
		for k := range f {
			v[i*f+k] = float32(size * math.Abs(r.Normal()))
		}
		if err := meter.Did(normalWork * f); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// errNMF is what a fit says whose numbers float32 does not hold.
var errNMF = fmt.Errorf("recommend: FitNMF: UseWeights: weights too large or too far apart for float32, scale them or take their logarithm: %w", ErrDiverged)

// fit iterates from the present vectors.
func (m *NMF) fit(ctx context.Context, users *sparse.CSR, opt NMFOptions) error {
	items, err := users.TransposeUntil(ctx, opt.Workers)
	if err != nil {
		return err
	}
	f := m.factors
	for it := 1; it <= opt.Iterations; it++ {
		if m.gram, err = gram(ctx, m.h, f, opt.Workers); err != nil {
			return err
		}
		if err := m.half(ctx, users, m.w, m.h, opt.Workers); err != nil {
			return err
		}
		gramW, err := gram(ctx, m.w, f, opt.Workers)
		if err != nil {
			return err
		}
		hGram := m.gram
		m.gram = gramW
		err = m.half(ctx, items, m.h, m.w, opt.Workers)
		m.gram = hGram
		if err != nil {
			return err
		}
		if opt.Progress != nil {
			p := Progress{Iteration: it, Iterations: opt.Iterations, Loss: math.NaN()}
			if opt.Loss {
				if p.Loss, err = m.loss(ctx, users, gramW, opt.Workers); err != nil {
					return err
				}
			}
			opt.Progress(p)
		}
	}
	if m.gram, err = gram(ctx, m.h, f, opt.Workers); err != nil {
		return err
	}
	for _, v := range [][]float32{m.gram, m.w, m.h} {
		if check.Slice32("vector", v) != nil {
			return errNMF
		}
	}
	return parallel.For(ctx, users.Rows, nmfBlock, opt.Workers, func(_, lo, hi int) error {
		b := make([]float32, f)
		for u := lo; u < hi; u++ {
			cols, vals := users.Row(u)
			if !m.fold(m.w[u*f:u*f+f], b, cols, vals) {
				return errNMF
			}
		}
		return nil
	})
}

// half sweeps once over the coordinates of each row of dst, given the vectors
// src of the columns of a, whose Gram matrix is m.gram.
func (m *NMF) half(ctx context.Context, a *sparse.CSR, dst, src []float32, workers int) error {
	f := m.factors
	return parallel.For(ctx, a.Rows, nmfBlock, workers, func(_, lo, hi int) error {
		b := make([]float32, f)
		for r := lo; r < hi; r++ {
			cols, vals := a.Row(r)
			m.rightSide(b, src, cols, vals)
			m.sweep(dst[r*f:r*f+f], b)
		}
		return nil
	})
}

// rightSide writes Σ value·vector - λ₁ over the entries into b.
func (m *NMF) rightSide(b, src []float32, cols []int32, vals []float32) {
	for k := range b {
		b[k] = -float32(m.l1)
	}
	vec.GatherAxpy(b, src, cols, vals)
}

// sweep moves each coordinate of v to its best value, given the others, and
// returns the largest move and the largest coordinate.
func (m *NMF) sweep(v, b []float32) (moved, largest float32) {
	f := len(v)
	l2 := float32(m.l2)
	for k, old := range v {
		row := m.gram[k*f : k*f+f]
		next := float32(0)
		if d := row[k] + l2; !(d <= 0) { // what is not finite stays so, to be found
			next = max(0, old+(b[k]-vec.Dot(row, v)-l2*old)/d)
		}
		v[k] = next
		moved = max(moved, next-old, old-next)
		largest = max(largest, next)
	}
	return moved, largest
}

// fold writes into v the vector of a row with those entries, swept from zero
// until it rests, and reports whether it is finite. b is scratch.
func (m *NMF) fold(v, b []float32, items []int32, weights []float32) bool {
	m.rightSide(b, m.h, items, weights)
	clear(v)
	for range nmfSweeps {
		if moved, largest := m.sweep(v, b); moved <= 1e-5*largest {
			break
		}
	}
	return check.Slice32("", v) == nil
}

// loss returns the objective, with ‖W·Hᵀ‖² = Σ (WᵀW)∘(HᵀH) for the h of now.
func (m *NMF) loss(ctx context.Context, users *sparse.CSR, gramW []float32, workers int) (float64, error) {
	f := m.factors
	gramH, err := gram(ctx, m.h, f, workers)
	if err != nil {
		return 0, err
	}
	sum, err := parallel.Reduce(ctx, users.Rows, gramBlock, workers, func(lo, hi int) (float64, error) {
		s := 0.0
		for u := lo; u < hi; u++ {
			cols, vals := users.Row(u)
			for k, i := range cols {
				x := float64(vals[k])
				s += 0.5*x*x - x*float64(vec.Dot(m.w[u*f:u*f+f], m.h[int(i)*f:int(i)*f+f]))
			}
		}
		return s, nil
	}, func(a, b float64) float64 { return a + b })
	if err != nil {
		return 0, err
	}
	for k, g := range gramW {
		sum += 0.5 * float64(g) * float64(gramH[k])
	}
	for _, v := range [][]float32{m.w, m.h} {
		sum += 0.5 * m.l2 * vec.Norm2(v)
		if m.l1 > 0 {
			for _, x := range v {
				sum += m.l1 * float64(x)
			}
		}
	}
	return sum, nil
}

// Users returns the number of users of the fit.
func (m *NMF) Users() int {
	m = orZero(m)
	return len(m.w) / max(m.factors, 1)
}

// Items returns the number of items.
func (m *NMF) Items() int {
	m = orZero(m)
	return len(m.h) / max(m.factors, 1)
}

// Factors returns the length of the vectors.
func (m *NMF) Factors() int {
	m = orZero(m)
	return m.factors
}

// UserVector returns the vector of user u, all zeros for a user without
// entries, nil for one out of range. It aliases m and must not be changed.
func (m *NMF) UserVector(u int) []float32 {
	m = orZero(m)
	return vectorAt(m.w, u, m.factors)
}

// ItemVector returns the vector of item i, nil for one out of range; it aliases m and
// must not be changed.
func (m *NMF) ItemVector(i int) []float32 {
	m = orZero(m)
	return vectorAt(m.h, i, m.factors)
}

// Meaning says what a score stands for.
func (*NMF) Meaning() string {
	return "weight that the parts of the matrix add up to for the pair; no probability"
}

// SparseScores is false: 0 is a score like any other.
func (*NMF) SparseScores() bool { return false }

// ReadsOrder is false: the history is a set.
func (*NMF) ReadsOrder() bool { return false }

// Score writes w_u·h_i for every item. The vector is that of q.User where the
// fit knew the user, and the fold-in of the history otherwise; ErrEmpty when
// there is neither, ErrRange for a negative weight, ErrDiverged for weights too large for
// float32.
func (m *NMF) Score(dst []float32, q Query) error {
	m = orZero(m)
	if err := checkQuery(dst, &q, m.Items()); err != nil {
		return err
	}
	if u := int(q.User); u >= 0 && u < m.Users() {
		if v := m.UserVector(u); !isZero(v) {
			vec.DotRows(dst, m.h, v)
			return nil
		}
	}
	if len(q.Items) == 0 {
		return ErrEmpty
	}
	t, ok := m.scratch.Get().(*nmfScratch)
	if !ok {
		t = &nmfScratch{v: make([]float32, m.factors), b: make([]float32, m.factors)}
	}
	defer m.scratch.Put(t)
	weights, err := t.weigh(q.Items, q.Weights)
	if err != nil {
		return err
	}
	if !m.fold(t.v, t.b, q.Items, weights) {
		return ErrDiverged
	}
	vec.DotRows(dst, m.h, t.v)
	return nil
}

// nmfScratch is the memory of a fold-in.
type nmfScratch struct{ v, b, ones []float32 }

// weigh returns the weights of a history, ones for nil.
func (t *nmfScratch) weigh(items []int32, weights []float32) ([]float32, error) {
	for k, w := range weights {
		if !(w >= 0) {
			return nil, badWeight(k, w)
		}
	}
	if weights != nil {
		return weights, nil
	}
	for len(t.ones) < len(items) {
		t.ones = append(t.ones, 1)
	}
	return t.ones[:len(items)], nil
}

// FoldIn writes into dst the vector of a user with that history: the best
// non-negative one against the item vectors. nil weights mean 1 each. ErrEmpty
// for an empty history, ErrShape, ErrRange (an item, or a negative weight), ErrDiverged
// (weights too large for float32).
func (m *NMF) FoldIn(dst []float32, items []int32, weights []float32) (err error) {
	m = orZero(m)
	defer about(&err, "NMF.FoldIn")
	if err := checkVector(len(dst), m.factors); err != nil {
		return err
	}
	if err := checkHistory(&Query{Items: items, Weights: weights}, m.Items()); err != nil {
		return err
	}
	if len(items) == 0 {
		return errNoHistory
	}
	var t nmfScratch
	weights, err = t.weigh(items, weights)
	if err != nil {
		return err
	}
	if !m.fold(dst, make([]float32, m.factors), items, weights) {
		return ErrDiverged
	}
	return nil
}

// AppendSimilar appends the items whose vectors have the largest cosine with
// that of item.
func (m *NMF) AppendSimilar(dst []Scored, item int32, k int) ([]Scored, error) {
	m = orZero(m)
	return appendVectorTop(dst, m.h, &m.itemLengths, m.factors, item, k)
}

// AppendSimilarUsers appends the users whose vectors have the largest cosine with
// that of user.
func (m *NMF) AppendSimilarUsers(dst []UserScore, user int32, k int) ([]UserScore, error) {
	m = orZero(m)
	return appendUserTop(dst, m.w, &m.userLengths, m.factors, user, k)
}

// AppendBinary appends the frame of m to dst.
func (m *NMF) AppendBinary(dst []byte) ([]byte, error) {
	if m == nil || m.Items() == 0 {
		return dst, errUnfitted("NMF")
	}
	var w codec.Writer
	w.Int(m.factors)
	w.Float64(m.l1)
	w.Float64(m.l2)
	for _, v := range [][]float32{m.w, m.h, m.gram} {
		w.Float32s(v)
	}
	m.origin.put(&w)
	return w.AppendFrame(dst, codec.KindNMF, 1), nil
}

// MarshalBinary returns the frame of m.
func (m *NMF) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary decodes a frame; m is unchanged when it fails. It must not run
// beside other uses of m. Payload of
// version 1, in the words of Persistent:
//
//	int      f, the factors, 1 … 4096
//	2 f64    λ₁ and λ₂, finite and >= 0
//	[]f32    W, users×f, finite and >= 0; so are the others
//	[]f32    H, items×f
//	[]f32    Gram matrix of H, f×f
//
// Anything else and bytes left over are ErrCorrupt, a newer version is ErrVersion, a
// frame of something else ErrMismatch.
func (m *NMF) UnmarshalBinary(data []byte) error {
	r, err := open(m, data, codec.KindNMF, 1)
	if err != nil {
		return fmt.Errorf("recommend: NMF.UnmarshalBinary: %w", err)
	}
	f, l1, l2 := r.Int(), r.Float64(), r.Float64()
	w, h, g := r.Float32s(), r.Float32s(), r.Float32s()
	if f < 1 || f > 1<<12 || len(w)%max(f, 1) != 0 || len(h) == 0 || len(h)%max(f, 1) != 0 || len(g) != f*f {
		r.Fail("has vectors of the wrong length")
	}
	if !(l1 >= 0 && l2 >= 0) || !check.Finite(l1+l2) {
		r.Fail("has a setting out of range")
	}
	for _, v := range [][]float32{w, h, g} {
		for _, x := range v {
			if !(x >= 0) || math.IsInf(float64(x), 0) {
				r.Fail("has a value that is negative or not finite")
				break
			}
		}
	}
	of := getOrigin(r)
	if err := r.Done(); err != nil {
		return fmt.Errorf("recommend: NMF.UnmarshalBinary: %w", err)
	}
	m.factors, m.l1, m.l2, m.w, m.h, m.gram = f, l1, l2, w, h, g
	m.itemLengths, m.userLengths, m.scratch = lazyLengths{}, lazyLengths{}, sync.Pool{}
	m.origin = of
	return nil
}
