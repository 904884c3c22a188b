package recommend

import (
	"context"
	"fmt"
	"math"
	"sync"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/ids"
	"github.com/aislekit/aisle/internal/vec"
)

var (
	_ Persistent   = (*Embeddings)(nil)
	_ Meaner       = (*Embeddings)(nil)
	_ SparseScorer = (*Embeddings)(nil)
	_ OrderReader  = (*Embeddings)(nil)
	_ Similar      = (*Embeddings)(nil)
	_ Explainer    = (*Embeddings)(nil)
	_ Folder       = (*Embeddings)(nil)
	_ ItemVectors  = (*Embeddings)(nil)
)

// EmbeddingsOptions configures FitEmbeddings.
type EmbeddingsOptions struct {
	// InnerProduct scores by the inner product of the vectors as they are, for
	// embeddings whose length means something, as it does where they were trained by
	// inner products. Default: by cosine, where each vector counts by its direction.
	InnerProduct bool
}

// Embeddings recommends items by vectors that come from elsewhere: of texts, images or
// clicks, made by any encoder or by another model. It needs no interactions, so it knows
// a new item at once; one that joins between two fits brings its vector along, as
// Arrival.Vectors.
//
// The vector of a person is the weighted mean of those of the history, u = Σ wⱼvⱼ/Σ|wⱼ|;
// a negative weight moves it away. With EmbeddingsOptions.InnerProduct v are the vectors
// as given and the score of an item is u·v. Else v are their directions, vectors of
// length 1, and the score is the cosine u·v/‖u‖, in [-1, 1]. For recent events to count
// more, give them larger weights, as BuilderOptions.HalfLife does. Reasons are exact: history item j contributes wⱼ·vⱼ·vᵢ, scaled as the score is.
//
// An item with a zero vector scores 0 and counts for nothing; histories of nothing else
// are ErrEmpty. Users are not known to it, whoever is asked for is their history. Immutable, safe for
// concurrent use. Exact lists by a Ranker; of very many items an ann.HNSW finds the best
// for the vector of FoldIn, with metric Cosine or InnerProduct as here.
type Embeddings struct {
	origin
	factors int
	inner   bool
	y       []float32 // items×factors; of length 1 or 0 unless inner

	order       lazyOrder // of y, where lengths differ
	itemLengths lazyLengths
	scratch     sync.Pool // *[]float32
}

// embeddingNorm bounds squared lengths, so that no product overflows, and embeddingLeast those of
// what is not zero, so that none is lost.
const (
	embeddingNorm  = math.MaxFloat32 / 4
	embeddingLeast = 1e-30
)

// embeddingBlock is how many vectors are taken between two looks at the context.
const embeddingBlock = 4096

// FitEmbeddings copies the vectors: RowVectors of the caller, or those of another model.
// Where v knows the ids of its items, as models do, so does the result; else see
// Embeddings.Over.
//
// Cost: one pass. Memory: 4 bytes a number. Errors: ErrEmpty (nil, or no items), and
// naming the vector ErrShape, ErrNotFinite and, with InnerProduct, ErrRange (a squared length
// above 8.5e37, a quarter of what float32 holds, or below 1e-30 and not 0, of which products
// would be lost); and context.Cause(ctx).
func FitEmbeddings(ctx context.Context, v ItemVectors, opt EmbeddingsOptions) (*Embeddings, error) {
	const where = "recommend: FitEmbeddings"
	if check.Missing(v) || v.Items() == 0 {
		return nil, fmt.Errorf("%s: no vectors: %w", where, ErrEmpty)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	n, f := v.Items(), v.Factors()
	if err := check.Vectors(n, f, v.ItemVector); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	m := &Embeddings{origin: originOf(ids.ListsOf(v)).ofItems(), factors: f, inner: opt.InnerProduct, y: make([]float32, n*f)}
	for i := range n {
		if i%embeddingBlock == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		row := m.y[i*f : i*f+f]
		copy(row, v.ItemVector(i))
		if n := vec.Norm2(row); m.inner && (n > embeddingNorm || n < embeddingLeast && !isZero(row)) {
			return nil, fmt.Errorf("%s: InnerProduct: vector %d has the squared length %v, want 0 or in [%v, %v]: %w", where, i, n, embeddingLeast, float64(embeddingNorm), ErrRange)
		}
		m.place(row)
	}
	return m, nil
}

// place gives the vector of an item the form that it has in y.
func (m *Embeddings) place(v []float32) {
	if !m.inner {
		vec.Normalize(v, v)
	}
}

// Over returns m over the items of x, so that it knows their ids: vector k was that of item
// k. Errors are those of TFIDFModel.Over.
func (m *Embeddings) Over(x *Interactions) (*Embeddings, error) {
	const where = "Embeddings.Over"
	if m == nil || m.factors == 0 {
		return nil, fmt.Errorf("recommend: %s: neither fitted nor decoded: %w", where, ErrEmpty)
	}
	of, err := m.ownItems(x, m.Items(), where)
	if err != nil {
		return nil, err
	}
	return &Embeddings{origin: of, factors: m.factors, inner: m.inner, y: m.y}, nil
}

// Users returns 0: the model knows items only.
func (m *Embeddings) Users() int { return 0 }

// Items returns the number of items.
func (m *Embeddings) Items() int {
	m = orZero(m)
	return len(m.y) / max(m.factors, 1)
}

// Factors returns the length of the vectors.
func (m *Embeddings) Factors() int { return orZero(m).factors }

// ItemVector returns the vector of item i, scaled to length 1 unless scores are inner
// products, nil for one out of range. It aliases m and must not be changed.
func (m *Embeddings) ItemVector(i int) []float32 {
	m = orZero(m)
	return vectorAt(m.y, i, m.factors)
}

// FoldIn writes the vector of a history into dst, of length 1 unless scores are inner
// products; see Score for the errors.
func (m *Embeddings) FoldIn(dst []float32, items []int32, weights []float32) (err error) {
	m = orZero(m)
	defer about(&err, "Embeddings.FoldIn")
	if err := checkVector(len(dst), m.factors); err != nil {
		return err
	}
	_, err = m.fold(dst, Query{Items: items, Weights: weights})
	return err
}

// fold is FoldIn with bare errors. It returns by what the sum of the weighted vectors was
// divided, for reasons.
func (m *Embeddings) fold(dst []float32, q Query) (by float64, err error) {
	if err := checkHistory(&q, m.Items()); err != nil {
		return 0, err
	}
	if len(q.Items) == 0 {
		return 0, errNoHistory
	}
	return meanVector(dst, m.y, q.Items, q.Weights, !m.inner)
}

// meanVector writes into dst the weighted mean of the rows items of y, scaled to length 1
// where unit is set; the rows have the length of dst. It returns what the sum of weights
// times rows was divided by. ErrEmpty where nothing is left of the sum.
func meanVector(dst, y []float32, items []int32, weights []float32, unit bool) (by float64, err error) {
	most, f := float32(1), len(dst)
	if weights != nil {
		most = 0
		for k, w := range weights {
			if !unit || !isZero(y[int(items[k])*f:int(items[k])*f+f]) { // what has no direction counts for none
				most = max(most, w, -w)
			}
		}
	}
	clear(dst)
	sum, any := 0.0, false
	for k, i := range items {
		row := y[int(i)*f : int(i)*f+f]
		zero := isZero(row)
		if unit && zero {
			continue
		}
		w := float32(1)
		if weights != nil {
			if w = weights[k] / most; !(w > 0 || w < 0) {
				continue
			}
		}
		any = any || !zero
		sum += math.Abs(float64(w))
		vec.Axpy(w, row, dst)
	}
	by = sum
	if unit {
		by = math.Sqrt(vec.Norm2(dst))
	}
	if !any || unit && by < 1e-12 {
		return 0, ErrEmpty
	}
	vec.Scale(float32(1/by), dst)
	return by * float64(most), nil
}

func (m *Embeddings) get() *[]float32 {
	if v, ok := m.scratch.Get().(*[]float32); ok {
		return v
	}
	v := make([]float32, m.factors)
	return &v
}

// Meaning says what a score stands for.
func (m *Embeddings) Meaning() string {
	if m != nil && m.inner {
		return "inner product of the item's embedding with the mean one of the history"
	}
	return "cosine of the item's embedding with the mean one of the history"
}

// SparseScores is false: 0 is a score like any other.
func (*Embeddings) SparseScores() bool { return false }

// ReadsOrder is false: the history is a set.
func (*Embeddings) ReadsOrder() bool { return false }

func (m *Embeddings) self() Model { return m }

// queryVector returns the vector of the history in buf.
func (m *Embeddings) queryVector(buf []float32, q Query) (v []float32, base float32, err error) {
	if _, err := m.fold(buf, q); err != nil {
		return nil, 0, err
	}
	return buf, 0, nil
}

func (m *Embeddings) itemVectors() (y, bias []float32, factors int) { return m.y, nil, m.factors }

func (m *Embeddings) lengths() []float64 { return m.itemLengths.of(m.y, m.factors) }

// byNorm is none for vectors of one length.
func (m *Embeddings) byNorm() *normOrder {
	if !m.inner {
		return nil
	}
	return m.order.of(m.y, nil, m.factors)
}

// Score writes the cosine of every item with the history, or the inner product. ErrEmpty: no
// item of the history has a vector and a weight other than 0, or their directions cancel out.
// ErrRange: an item out of range, or a weight that is not finite.
func (m *Embeddings) Score(dst []float32, q Query) error {
	m = orZero(m)
	if err := checkQuery(dst, &q, m.Items()); err != nil {
		return err
	}
	v := m.get()
	defer m.scratch.Put(v)
	if _, err := m.fold(*v, q); err != nil {
		return err
	}
	vec.DotRows(dst, m.y, *v)
	return nil
}

// AppendSimilar appends the items whose vectors have the largest cosine with
// that of item.
func (m *Embeddings) AppendSimilar(dst []Scored, item int32, k int) ([]Scored, error) {
	m = orZero(m)
	return appendVectorTop(dst, m.y, &m.itemLengths, m.factors, item, k)
}

// AppendReasons appends the history items with the largest parts of the score of item. The
// decomposition is exact.
func (m *Embeddings) AppendReasons(dst []Reason, q Query, item int32, k int) (_ []Reason, err error) {
	m = orZero(m)
	defer about(&err, "Embeddings.AppendReasons")
	if uint32(item) >= uint32(m.Items()) {
		return dst, noItem(item, m.Items())
	}
	v := m.get()
	defer m.scratch.Put(v)
	by, err := m.fold(*v, q)
	if err != nil {
		return dst, err
	}
	return topReasons(dst, &q, k, m.Items(), func(k int, i int32) float32 {
		return float32(float64(q.Weight(k)) / by * float64(vec.Dot(m.ItemVector(int(i)), m.ItemVector(int(item)))))
	})
}

// AppendBinary appends the frame of m to dst.
func (m *Embeddings) AppendBinary(dst []byte) ([]byte, error) {
	if m == nil || m.factors == 0 {
		return dst, errUnfitted("Embeddings")
	}
	var w codec.Writer
	w.Bool(m.inner)
	w.Int(m.factors)
	w.Float32s(m.y)
	m.origin.put(&w)
	return w.AppendFrame(dst, codec.KindEmbeddings, 1), nil
}

// MarshalBinary returns the frame of m.
func (m *Embeddings) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary decodes a frame; m is unchanged when it fails. It must not run
// beside other uses of m. Payload of version 1, in the words of Persistent:
//
//	byte     scores are inner products: 0 or 1
//	int      f, the length of a vector, 1 … 16384
//	[]f32    vectors, items×f, at least one; each of length 1 or all 0, for inner products of a
//	         squared length <= 8.5e37
//
// Anything else and bytes left over are ErrCorrupt, a newer version is ErrVersion, a
// frame of something else ErrMismatch.
func (m *Embeddings) UnmarshalBinary(data []byte) error {
	const where = "recommend: Embeddings.UnmarshalBinary"
	r, err := open(m, data, codec.KindEmbeddings, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	inner, f, y := r.Bool(), r.Int(), r.Float32s()
	if f < 1 || f > maxFactors || len(y) == 0 || len(y)%max(f, 1) != 0 {
		r.Fail("has vectors of the wrong length")
		f = 1
	}
	for i := 0; r.Err() == nil && i < len(y); i += f {
		n := vec.Norm2(y[i : i+f])
		if inner && !(n <= embeddingNorm) || !inner && n != 0 && !(math.Abs(n-1) < 1e-3) {
			r.Fail("has a vector of a length out of range")
		}
	}
	of := getOrigin(r)
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	m.origin, m.factors, m.inner, m.y = of, f, inner, y
	m.order, m.itemLengths, m.scratch = lazyOrder{}, lazyLengths{}, sync.Pool{}
	return nil
}
