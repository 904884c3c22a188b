package recommend

import (
	"context"
	"math"
	"sync"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/vec"
)

// latent is what models with a vector for each user and item share. The score of
// item i for user u is mean + userBias[u] + bias[i] + x_u·y_i. A user without
// entries has the zero vector.
type latent struct {
	origin
	factors  int
	mean     float32
	x, y     []float32 // users×factors, items×factors
	bias     []float32 // of items
	userBias []float32 // nil: none
	drawn    []int32   // the items that a fold-in draws from; nil: all

	order       lazyOrder   // of y
	itemLengths lazyLengths // of y
	userLengths lazyLengths // of x
	scratch     sync.Pool   // *foldScratch
}

// folder gives the vector and the bias of a user with a history. The history is
// in range.
type folder interface {
	fold(t *foldScratch, dst []float32, q Query) (bias float32, err error)
}

// foldScratch is the memory of one fold-in.
type foldScratch struct {
	v    []float32 // the vector
	has  indexSet  // a set of items, empty between calls
	rand rng.Stream
	ls   *lsScratch // of models that solve exactly

	// What a fold-in begins at and is drawn to, in the place of zeros; nil: these. FM sets them
	// for who has features.
	from     []float32
	fromBias float32
	rated    []float32 // ratings less what these say
}

// shrink is the step of a penalty that leaves that share of the way from where the fold-in began.
func (t *foldScratch) shrink(dst []float32, keep float32) {
	vec.Scale(keep, dst)
	if t.from != nil {
		vec.Axpy(1-keep, t.from, dst)
	}
}

// Users returns the number of users of the fit.
func (m *latent) Users() int { return len(m.x) / max(m.factors, 1) }

// Items returns the number of items.
func (m *latent) Items() int { return len(m.bias) }

// Factors returns the length of the vectors.
func (m *latent) Factors() int { return m.factors }

// UserVector returns the vector of user u, all zeros for a user without
// entries, nil for one out of range. It aliases m and must not be changed.
func (m *latent) UserVector(u int) []float32 { return vectorAt(m.x, u, m.factors) }

// ItemVector returns the vector of item i, nil for one out of range; it aliases m and
// must not be changed.
func (m *latent) ItemVector(i int) []float32 { return vectorAt(m.y, i, m.factors) }

// ItemBias returns what item i adds to every score; 0 for one out of range.
func (m *latent) ItemBias(i int) float32 {
	if uint(i) >= uint(len(m.bias)) {
		return 0
	}
	return m.bias[i]
}

// AppendSimilar appends the items whose vectors have the largest cosine with
// that of item.
func (m *latent) AppendSimilar(dst []Scored, item int32, k int) ([]Scored, error) {
	return appendVectorTop(dst, m.y, &m.itemLengths, m.factors, item, k)
}

// AppendSimilarUsers appends the users whose vectors have the largest cosine with
// that of user.
func (m *latent) AppendSimilarUsers(dst []UserScore, user int32, k int) ([]UserScore, error) {
	return appendUserTop(dst, m.x, &m.userLengths, m.factors, user, k)
}

func (m *latent) getScratch() *foldScratch {
	if t, ok := m.scratch.Get().(*foldScratch); ok {
		return t
	}
	return &foldScratch{v: make([]float32, m.factors), has: newIndexSet(m.Items())}
}

// score writes the scores of a known user with entries, and those of the
// fold-in of the history otherwise.
func (m *latent) score(dst []float32, q Query, f folder) error {
	if err := checkQuery(dst, &q, m.Items()); err != nil {
		return err
	}
	if u := int(q.User); u >= 0 && u < m.Users() {
		if v := m.UserVector(u); !isZero(v) {
			base := m.mean
			if m.userBias != nil {
				base += m.userBias[u]
			}
			m.scoreAll(dst, v, base)
			return nil
		}
	}
	if len(q.Items) == 0 {
		return ErrEmpty
	}
	t := m.getScratch()
	defer m.scratch.Put(t)
	base, err := f.fold(t, t.v, q)
	if err != nil {
		return err
	}
	m.scoreAll(dst, t.v, m.mean+base)
	return nil
}

func (m *latent) scoreAll(dst, v []float32, base float32) {
	vec.DotRows(dst, m.y, v)
	for i, b := range m.bias {
		dst[i] += base + b
	}
}

// foldIn is the FoldIn of the models.
func (m *latent) foldIn(where string, dst []float32, items []int32, weights []float32, f folder) (err error) {
	defer about(&err, where)
	q := Query{User: Stranger, Items: items, Weights: weights}
	if err := checkVector(len(dst), m.factors); err != nil {
		return err
	}
	if err := checkHistory(&q, m.Items()); err != nil {
		return err
	}
	if len(items) == 0 {
		return errNoHistory
	}
	t := m.getScratch()
	defer m.scratch.Put(t)
	_, err = f.fold(t, dst, q)
	return err
}

// start draws the first vectors: independent normals of variance spread²/f, one
// stream a row, so that a row's start depends on seed, side and index only.
// Biases are zero, and so are users without entries.
func (m *latent) start(ctx context.Context, x *Interactions, f int, spread float64, seed uint64) error {
	m.origin, m.factors = x.origin, f
	m.x, m.y = make([]float32, x.Users()*f), make([]float32, x.Items()*f)
	m.bias = make([]float32, x.Items())
	var r rng.Stream
	meter := parallel.NewMeter(ctx)
	for side, v := range [][]float32{m.x, m.y} {
		sd := spread / math.Sqrt(float64(f))
		for i := 0; i < len(v); i += f {
			r.Reset(seed, uint64(side+1), uint64(i/f))
			for k := range f {
				v[i+k] = float32(sd * r.Normal())
			}
			if err := meter.Did(normalWork * f); err != nil {
				return err
			}
		}
	}
	m.clearUsers(x)
	return nil
}

// settle ends the fit of a model that draws items its users do not have: of items without
// entries, which it never drew, nothing is known. They get the zero vector and the lowest
// bias that another has. What fold-ins draw from is found by the vectors, as when a frame is read.
func (m *latent) settle(seen []int32) {
	lowest := float32(0)
	if len(seen) > 0 {
		lowest = m.bias[seen[0]]
		for _, i := range seen {
			lowest = min(lowest, m.bias[i])
		}
	}
	for i := range m.bias {
		if len(seen) > 0 && int(seen[0]) == i {
			seen = seen[1:]
			continue
		}
		clear(m.ItemVector(i))
		m.bias[i] = lowest
	}
	m.findDrawn()
}

// findDrawn lists what a fold-in draws from: the items that have a vector.
func (m *latent) findDrawn() {
	m.drawn = nil
	for i := range m.bias {
		switch zero := isZero(m.ItemVector(i)); {
		case zero && m.drawn == nil:
			m.drawn = make([]int32, i, m.Items())
			for k := range m.drawn {
				m.drawn[k] = int32(k)
			}
		case !zero && m.drawn != nil:
			m.drawn = append(m.drawn, int32(i))
		}
	}
}

// drawable returns the number of items that a fold-in draws from.
func (m *latent) drawable() int {
	if m.drawn != nil {
		return len(m.drawn)
	}
	return m.Items()
}

// drawAny returns a random item outside the history, which must have fewer items than
// there are to draw.
func (m *latent) drawAny(t *foldScratch) int32 {
	for {
		i := int32(t.rand.Intn(m.drawable()))
		if m.drawn != nil {
			i = m.drawn[i]
		}
		if !t.has.has(i) {
			return i
		}
	}
}

// normalWork is what a normal costs, in the steps of a parallel.Meter.
const normalWork = 16

// clearUsers sets the vectors of users without entries to zero.
func (m *latent) clearUsers(x *Interactions) {
	for u := range x.Users() {
		if x.users.RowLen(u) == 0 {
			clear(m.UserVector(u))
		}
	}
}

// positives returns x without the entries of weight 0, which say nothing.
func (x *Interactions) positives() *Interactions {
	for _, w := range x.users.Val {
		if w == 0 {
			return x.Select(func(u, k int) bool {
				_, weights := x.Row(u)
				return weights[k] != 0
			})
		}
	}
	return x
}

func (m *latent) put(w *codec.Writer) {
	w.Int(m.factors)
	w.Float32(m.mean)
	for _, v := range [][]float32{m.x, m.y, m.bias, m.userBias} {
		w.Float32s(v)
	}
}

// getLatent decodes what put wrote; failures stick to r.
func getLatent(r *codec.Reader) *latent {
	m := &latent{factors: r.Int(), mean: r.Float32(), x: r.Float32s(), y: r.Float32s(), bias: r.Float32s(), userBias: r.Float32s()}
	f := m.factors
	switch {
	case f < 1 || f > maxFactors:
		r.Fail("has an impossible number of factors")
	case len(m.y) == 0 || len(m.x)%f != 0 || len(m.y)%f != 0 || len(m.bias) != len(m.y)/f || m.userBias != nil && len(m.userBias) != len(m.x)/f:
		r.Fail("has vectors of the wrong length")
	case !check.Finite(float64(m.mean)):
		r.Fail("has a mean that is not finite")
	}
	for _, v := range [][]float32{m.x, m.y, m.bias, m.userBias} {
		if check.Slice32("", v) != nil {
			r.Fail("has a value that is not finite")
		}
	}
	return m
}

// set moves the decoded d into m.
func (m *latent) set(d *latent) {
	m.origin, m.factors, m.mean, m.x, m.y, m.bias, m.userBias = d.origin, d.factors, d.mean, d.x, d.y, d.bias, d.userBias
	m.order, m.itemLengths, m.userLengths = lazyOrder{}, lazyLengths{}, lazyLengths{}
	m.scratch = sync.Pool{}
	m.findDrawn()
}

// maxFactors bounds the length of vectors.
const maxFactors = check.MaxVector

func (m *latent) lengths() []float64 { return m.itemLengths.of(m.y, m.factors) }

func (m *latent) byNorm() *normOrder { return m.order.of(m.y, m.bias, m.factors) }

func (m *latent) itemVectors() (y, bias []float32, factors int) { return m.y, m.bias, m.factors }

// vectorOf is the queryVector of the models; f folds in who the fit did not know.
func (m *latent) vectorOf(buf []float32, q Query, f folder) ([]float32, float32, error) {
	if u := int(q.User); u >= 0 && u < m.Users() {
		if v := m.UserVector(u); !isZero(v) {
			base := m.mean
			if m.userBias != nil {
				base += m.userBias[u]
			}
			return v, base, nil
		}
	}
	if len(q.Items) == 0 {
		return nil, 0, ErrEmpty
	}
	t := m.getScratch()
	defer m.scratch.Put(t)
	base, err := f.fold(t, buf, q)
	return buf, m.mean + base, err
}
