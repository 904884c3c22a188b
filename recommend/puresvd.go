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
	"github.com/aislekit/aisle/internal/topk"
	"github.com/aislekit/aisle/internal/vec"
)

var (
	_ Persistent   = (*PureSVD)(nil)
	_ Meaner       = (*PureSVD)(nil)
	_ SparseScorer = (*PureSVD)(nil)
	_ OrderReader  = (*PureSVD)(nil)
	_ Similar      = (*PureSVD)(nil)
	_ Explainer    = (*PureSVD)(nil)
	_ Folder       = (*PureSVD)(nil)
)

// PureSVDOptions configures FitPureSVD. The zero value is a good start.
type PureSVDOptions struct {
	// Factors is the number of singular vectors. Default: those, of the first 64,
	// whose singular values stand out from what a random matrix with such rows and
	// columns has, and one at the least; one where popularity is all (see
	// Interactions.BeyondPopularity). Vectors of noise cost more than they give, as
	// the projection counts them like the others. Search it.
	Factors int
	// Scale is γ >= 0: before the decomposition, the column of item i is divided by
	// ‖xᵢ‖^γ, so that popular items do not fill the first vectors (EigenRec,
	// Nikolakopoulos et al. 2019). Default 0, plain PureSVD; on sparse data 0.3 to
	// 0.6 is often much better.
	Scale      float64
	Iterations int    // passes of the randomised SVD; default 8
	UseWeights bool   // use the weights of the entries; default: each entry counts 1
	Seed       uint64 // of the random start
	Workers    int    // goroutines; default GOMAXPROCS. No influence on the result

	Progress func(Progress) // called after each pass, on the caller's goroutine
}

// mostFactors is how many singular vectors FitPureSVD looks at by itself.
const mostFactors = 64

func (o PureSVDOptions) withDefaults() PureSVDOptions {
	o.Factors = check.Default(o.Factors, mostFactors)
	o.Iterations = check.Default(o.Iterations, 8)
	return o
}

func (o PureSVDOptions) validate() error {
	var c check.Options
	c.Require(o.Factors > 0 && o.Factors <= 1<<13, "Factors", o.Factors, "in [1, 8192]")
	c.Require(o.Scale >= 0 && o.Scale <= 4, "Scale", o.Scale, "at most 4")
	check.Positive(&c, "Iterations", o.Iterations)
	return c.Err("recommend: FitPureSVD")
}

// PureSVD recommends by projecting the history onto the leading right singular
// vectors of the matrix, missing entries counted as zero (Cremonesi, Koren and
// Turrin 2010). With X·D ≈ UΣVᵀ, D = diag(1/‖xᵢ‖^γ), the score is the history
// times D·V·Vᵀ. Reasons are exact. Items are similar when their columns of the
// approximated matrix are. Immutable, safe for concurrent use.
type PureSVD struct {
	origin
	users, items int
	factors      int
	v            []float32 // items×factors
	scale        []float32 // D
	sigma        []float32 // singular values, descending

	scratch sync.Pool // *[]float32 of length factors
}

// FitPureSVD computes the decomposition.
//
// Cost: with l = Factors + max(16, Factors/8), Iterations·(4·entries·l +
// 4·users·l² + 8·items·l²) operations, and about 30·l³ an iteration on one
// goroutine. Memory: 4·l·(users + items) bytes; the model keeps 4·Factors bytes
// an item.
//
// Fewer vectors than Factors are kept where the matrix has fewer singular values
// of weight. Errors: ErrEmpty, ErrOption, ErrRange (a negative weight).
func FitPureSVD(ctx context.Context, x *Interactions, opt PureSVDOptions) (*PureSVD, error) {
	choose := opt.Factors == 0
	opt = opt.withDefaults()
	if err := opt.validate(); err != nil {
		return nil, err
	}
	if err := x.checkImplicit("FitPureSVD"); err != nil {
		return nil, err
	}
	scale := make([]float64, x.Items())
	byItem := unitWeights(x.byItem(), opt.UseWeights)
	for i := range scale {
		_, vals := byItem.Row(i)
		if n := vec.Norm2(vals); n > 0 {
			scale[i] = math.Pow(n, -opt.Scale/2)
		}
	}
	a := unitWeights(x.users, opt.UseWeights)
	for p, i := range a.Col {
		a.Val[p] *= float32(scale[i])
	}
	m := &PureSVD{origin: x.origin.ofItems(), users: x.Users(), items: x.Items(), scale: make([]float32, x.Items())}
	for i, s := range scale {
		m.scale[i] = float32(s)
	}
	at, err := a.TransposeUntil(ctx, opt.Workers)
	if err != nil {
		return nil, err
	}
	s, v, err := solve.TruncatedSVD(ctx, a, at, svdOptions(opt))
	if err != nil {
		return nil, err
	}
	if choose && len(s) > 1 {
		edge, n := noiseEdge(a), 1
		for n < len(s) && s[n] > edge && !x.onlyPopular() {
			n++
		}
		s, v = s[:n], firstColumns(v, len(s), n)
	}
	m.factors, m.v = len(s), v
	m.sigma = make([]float32, len(s))
	for k, x := range s {
		m.sigma[k] = float32(x)
	}
	return m, nil
}

// noiseEdge is about the largest singular value, but for the first, of a random
// matrix with the sums of squares of a's rows and columns: √R + √C, where R is the
// sum of squares of the row of an entry, on average over the mass of the matrix,
// and C that of its column. With equal rows and columns this is the edge of
// Marchenko and Pastur (1967).
func noiseEdge(a *sparse.CSR) float64 {
	rows, cols := make([]float64, a.Rows), make([]float64, a.Cols)
	for r := range a.Rows {
		c, vals := a.Row(r)
		for k, v := range vals {
			w := float64(v) * float64(v)
			rows[r] += w
			cols[c[k]] += w
		}
	}
	edge := 0.0
	for _, sums := range [][]float64{rows, cols} {
		total, squares := 0.0, 0.0
		for _, s := range sums {
			total += s
			squares += float64(s * s)
		}
		if total > 0 {
			edge += math.Sqrt(squares / total)
		}
	}
	return edge
}

// firstColumns returns the first n columns of v, which has width.
func firstColumns(v []float32, width, n int) []float32 {
	out := make([]float32, 0, len(v)/width*n)
	for ; len(v) > 0; v = v[width:] {
		out = append(out, v[:n]...)
	}
	return out
}

func svdOptions(opt PureSVDOptions) solve.SVDOptions {
	o := solve.SVDOptions{
		Rank: opt.Factors, Oversample: max(16, opt.Factors/8), Iterations: opt.Iterations,
		Seed: opt.Seed, Workers: opt.Workers,
	}
	if opt.Progress != nil {
		o.Step = func(done int) {
			opt.Progress(Progress{Iteration: done, Iterations: opt.Iterations, Loss: math.NaN()})
		}
	}
	return o
}

// unitWeights returns a copy of m with values 0 and 1, or scaled to a maximum of
// 1 so that their squares cannot overflow.
func unitWeights(m *sparse.CSR, weights bool) *sparse.CSR {
	out := &sparse.CSR{Rows: m.Rows, Cols: m.Cols, Ptr: m.Ptr, Col: m.Col, Val: make([]float32, len(m.Val))}
	largest := float32(0)
	for _, v := range m.Val {
		largest = max(largest, v)
	}
	for p, v := range m.Val {
		switch {
		case v == 0:
		case weights:
			out.Val[p] = v / largest
		default:
			out.Val[p] = 1
		}
	}
	return out
}

// Users returns the number of users of the fit.
func (m *PureSVD) Users() int {
	m = orZero(m)
	return m.users
}

// Items returns the number of items.
func (m *PureSVD) Items() int {
	m = orZero(m)
	return m.items
}

// Factors returns the number of singular vectors kept.
func (m *PureSVD) Factors() int {
	m = orZero(m)
	return m.factors
}

// SingularValues returns the singular values of the scaled matrix, descending
// (weights are scaled to a maximum of 1 first). The slice aliases m and must not
// be changed.
func (m *PureSVD) SingularValues() []float32 {
	m = orZero(m)
	return m.sigma
}

// Meaning says what a score stands for.
func (*PureSVD) Meaning() string {
	return "sum over the history of weight times learned similarity to the item"
}

// SparseScores is false: 0 is a score like any other.
func (*PureSVD) SparseScores() bool { return false }

// ReadsOrder is false: the history is a set.
func (*PureSVD) ReadsOrder() bool { return false }

// Score writes the history times D·V·Vᵀ; ErrEmpty for an empty history. Cost:
// Factors multiply-adds for each item of the history and of the catalogue.
func (m *PureSVD) Score(dst []float32, q Query) error {
	m = orZero(m)
	if err := checkQuery(dst, &q, m.items); err != nil {
		return err
	}
	if len(q.Items) == 0 {
		return ErrEmpty
	}
	z, ok := m.scratch.Get().(*[]float32)
	if !ok {
		z = new([]float32)
		*z = make([]float32, m.factors)
	}
	defer m.scratch.Put(z)
	m.project(*z, &q)
	if m.factors == 0 {
		clear(dst)
		return nil
	}
	vec.DotRows(dst, m.v, *z)
	return nil
}

// project writes the history times D·V into z.
func (m *PureSVD) project(z []float32, q *Query) {
	clear(z)
	for k, j := range q.Items {
		vec.Axpy(float32(q.Weight(k)*m.scale[j]), m.row(j), z)
	}
}

func (m *PureSVD) row(i int32) []float32 { return m.v[int(i)*m.factors : (int(i)+1)*m.factors] }

// FoldIn writes into dst the history times D·V, the coordinates of a user; dst
// must have length Factors. ErrEmpty for an empty history, ErrShape, ErrRange.
func (m *PureSVD) FoldIn(dst []float32, items []int32, weights []float32) (err error) {
	m = orZero(m)
	defer about(&err, "PureSVD.FoldIn")
	q := Query{User: Stranger, Items: items, Weights: weights}
	if err := checkVector(len(dst), m.factors); err != nil {
		return err
	}
	if err := checkHistory(&q, m.items); err != nil {
		return err
	}
	if len(items) == 0 {
		return errNoHistory
	}
	m.project(dst, &q)
	return nil
}

// AppendSimilar appends the items whose columns of the approximated matrix have
// the largest cosine, where it is positive.
func (m *PureSVD) AppendSimilar(dst []Scored, item int32, k int) ([]Scored, error) {
	m = orZero(m)
	if uint32(item) >= uint32(m.items) {
		return dst, unknownItem(m.items)
	}
	self := make([]float32, m.factors)
	own := m.weighted(self, m.row(item))
	if own == 0 {
		return dst, nil
	}
	var h topk.Heap
	h.Reset(min(k, m.items-1))
	other := make([]float32, m.factors)
	for i := range int32(m.items) {
		if n := m.weighted(other, m.row(i)); i != item && n > 0 {
			if c := float32(float64(vec.Dot(self, other)) / own / n); c > 0 {
				h.Push(i, c)
			}
		}
	}
	for _, it := range h.AppendSorted(nil) {
		dst = append(dst, Scored{it.ID, it.Score})
	}
	return dst, nil
}

// weighted writes v·Σ into dst and returns its norm.
func (m *PureSVD) weighted(dst, v []float32) float64 {
	for k, x := range v {
		dst[k] = x * m.sigma[k]
	}
	return math.Sqrt(vec.Norm2(dst))
}

// AppendReasons appends the history items with the largest share in the score of
// item. The decomposition is exact.
func (m *PureSVD) AppendReasons(dst []Reason, q Query, item int32, k int) (_ []Reason, err error) {
	m = orZero(m)
	defer about(&err, "PureSVD.AppendReasons")
	if uint32(item) >= uint32(m.items) {
		return dst, noItem(item, m.items)
	}
	return topReasons(dst, &q, k, m.items, func(n int, j int32) float32 {
		return float32(q.Weight(n)*m.scale[j]) * vec.Dot(m.row(j), m.row(item))
	})
}

// AppendBinary appends the frame of m to dst.
func (m *PureSVD) AppendBinary(dst []byte) ([]byte, error) {
	if m == nil || m.Items() == 0 {
		return dst, errUnfitted("PureSVD")
	}
	var w codec.Writer
	w.Int(m.users)
	w.Float32s(m.scale)
	w.Float32s(m.sigma)
	w.Float32s(m.v)
	m.origin.put(&w)
	return w.AppendFrame(dst, codec.KindPureSVD, 1), nil
}

// MarshalBinary returns the frame of m.
func (m *PureSVD) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary decodes a frame; m is unchanged when it fails. It must not run
// beside other uses of m. Payload of
// version 1, in the words of Persistent:
//
//	int      users
//	[]f32    scale of each item; this and the rest finite
//	[]f32    singular values, one a factor
//	[]f32    V, items×factors
//
// Anything else and bytes left over are ErrCorrupt, a newer version is ErrVersion, a
// frame of something else ErrMismatch.
func (m *PureSVD) UnmarshalBinary(data []byte) error {
	r, err := open(m, data, codec.KindPureSVD, 1)
	if err != nil {
		return fmt.Errorf("recommend: PureSVD.UnmarshalBinary: %w", err)
	}
	users, scale, sigma, v := r.Int(), r.Float32s(), r.Float32s(), r.Float32s()
	if int64(len(v)) != int64(len(scale))*int64(len(sigma)) || len(scale) == 0 || len(scale) > math.MaxInt32 || users < 0 {
		r.Fail("has vectors of the wrong length")
	}
	for _, s := range [][]float32{scale, sigma, v} {
		if check.Slice32("vector", s) != nil {
			r.Fail("has a value that is not finite")
		}
	}
	of := getOrigin(r)
	if err := r.Done(); err != nil {
		return fmt.Errorf("recommend: PureSVD.UnmarshalBinary: %w", err)
	}
	m.users, m.items, m.factors = users, len(scale), len(sigma)
	m.scale, m.sigma, m.v = scale, sigma, v
	m.scratch = sync.Pool{}
	m.origin = of
	return nil
}
