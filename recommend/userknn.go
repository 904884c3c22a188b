package recommend

import (
	"context"
	"fmt"
	"math"
	"sync"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/sparse"
	"github.com/aislekit/aisle/internal/topk"
	"github.com/aislekit/aisle/internal/vec"
)

var (
	_ Persistent   = (*UserKNN)(nil)
	_ Meaner       = (*UserKNN)(nil)
	_ SparseScorer = (*UserKNN)(nil)
	_ OrderReader  = (*UserKNN)(nil)
	_ Similar      = (*UserKNN)(nil)
	_ SimilarUsers = (*UserKNN)(nil)
)

// UserKNNOptions configures FitUserKNN. Similarities and weightings are those of
// ItemKNNOptions, with users as the rows that are compared. Where Neighbors, Similarity, Weighting
// and Power are all left out and popularity is all (see Interactions.BeyondPopularity), Neighbors is
// the number of users and Power 0.01: whoever has anything in common counts much the same, and
// the others 0.9 each in a score, as few have anything in common where data are sparse.
type UserKNNOptions struct {
	Neighbors  int        // neighbours asked a query; default 200
	Similarity Similarity // default Cosine
	Weighting  Weighting  // default Unweighted
	Shrinkage  float64    // h >= 0; default 0
	Power      float64    // the similarity of a neighbour counts to this power, > 0; default 1
	Alpha      float64    // of AsymmetricCosine (default 0.5) and Tversky (default 1)
	Beta       float64    // of Tversky; default 1
	K1         float64    // of BM25; default 1.2
	B          float64    // of BM25; default 0.75, negative means 0
}

func (o UserKNNOptions) rows() ItemKNNOptions {
	return ItemKNNOptions{
		Neighbors: check.Default(o.Neighbors, 200), Similarity: o.Similarity, Weighting: o.Weighting, Shrinkage: o.Shrinkage,
		Alpha: o.Alpha, Beta: o.Beta, K1: o.K1, B: o.B,
	}.withDefaults()
}

// UserKNN recommends what similar users took (Resnick et al. 1994; Herlocker et
// al. 1999). The score of item i is Σ_v sim(u, v)^Power·w_vi over the Neighbors
// users v most similar to the history asked about; the asked user itself does
// not count. Neighbours are looked up at the time of the query, so a new user is
// answered like any other. Immutable, safe for concurrent use.
type UserKNN struct {
	origin
	opt     ItemKNNOptions
	power   float64
	users   *sparse.CSR // what the neighbours took
	byItem  *sparse.CSR // weighted for similarity, one row an item
	size    []float64   // norm or number of non-zeros of each user's weighted row
	idf     []float32   // weight of each item in a query, see weighQuery
	mean    float64     // mean row sum, for BM25
	columns float64     // items with entries
	means   []float64   // of the weights of each item, for AdjustedCosine
	scale   float64     // of byItem and size, see even

	others  float32   // what users count who are no neighbours
	popular []float32 // sum of the weights of each item, where others is not 0

	scratch sync.Pool // *userScratch
}

type userScratch struct {
	sum     []float32
	query   []float32 // weights of the history
	touched []int32
	heap    topk.Heap
	near    []topk.Item
}

// FitUserKNN stores the matrix and its weighted transpose: 16 bytes an entry.
// A query costs the number of users of each history item, and the entries of
// the neighbours: where popularity is all (see UserKNNOptions) those of every user with an item
// of the history, up to all entries. Errors: ErrEmpty, ErrOption, ErrRange.
func FitUserKNN(ctx context.Context, x *Interactions, opt UserKNNOptions) (*UserKNN, error) {
	if err := x.checkImplicit("FitUserKNN"); err != nil {
		return nil, err
	}
	others := float32(0)
	if opt.Neighbors == 0 && opt.Power == 0 && opt.Similarity == 0 && opt.Weighting == 0 && x.onlyPopular() {
		opt.Neighbors, opt.Power, others = x.Users(), 0.01, 0.9
	}
	rows, power := opt.rows(), check.Default(opt.Power, 1)
	var c check.Options
	check.Positive(&c, "Power", power)
	if err := c.Err("recommend: FitUserKNN"); err != nil {
		return nil, err
	}
	if err := rows.validate("recommend: FitUserKNN"); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	m := &UserKNN{origin: x.origin, opt: rows, power: power, others: others, users: x.users}
	if err := m.prepare(ctx); err != nil {
		return nil, err
	}
	return m, nil
}

// prepare derives from users and options what a query needs.
func (m *UserKNN) prepare(ctx context.Context) error {
	w := weigh(m.users, m.opt)
	m.means = nil
	if m.opt.Similarity == AdjustedCosine {
		plain := m.opt
		plain.Similarity = Cosine
		m.means = columnMeans(weigh(m.users, plain))
	}
	m.size = make([]float64, w.Rows)
	meter := parallel.NewMeter(ctx)
	for u := range m.size {
		_, vals := w.Row(u)
		m.size[u] = m.opt.size(vals)
		if err := meter.Did(len(vals)); err != nil {
			return err
		}
	}
	w, m.scale = m.opt.even(w, m.size)
	var err error
	if m.byItem, err = w.TransposeUntil(ctx, 1); err != nil {
		return err
	}
	rows := float64(max(rowsOf(w), 1))
	m.columns = float64(len(columnsOf(w)))
	m.idf = make([]float32, w.Cols)
	for i := range m.idf {
		m.idf[i] = float32(math.Log(rows) - math.Log1p(float64(m.byItem.RowLen(i))))
	}
	for _, v := range m.users.Val {
		m.mean += float64(v)
	}
	m.mean /= rows
	m.popular = nil
	if m.others > 0 {
		m.popular = make([]float32, m.users.Cols)
		for k, i := range m.users.Col {
			m.popular[i] += m.users.Val[k]
		}
	}
	return nil
}

// Users returns the number of users of the fit.
func (m *UserKNN) Users() int {
	m = orZero(m)
	if m.users == nil {
		return 0
	}
	return m.users.Rows
}

// Items returns the number of items.
func (m *UserKNN) Items() int {
	m = orZero(m)
	if m.users == nil {
		return 0
	}
	return m.users.Cols
}

func (m *UserKNN) get() *userScratch {
	if t, ok := m.scratch.Get().(*userScratch); ok {
		return t
	}
	return &userScratch{sum: make([]float32, m.users.Rows)}
}

// weighQuery returns the weight of the k-th history item, as weigh gives it to
// the rows of the fit.
func (m *UserKNN) weighQuery(q *Query, k int, sum float64) float32 {
	w := float64(q.Weight(k))
	switch {
	case m.opt.Weighting == Binary || m.opt.Similarity.counts():
		if w != 0 {
			return 1
		}
		return 0
	case m.opt.Weighting == TFIDF:
		return float32(math.Sqrt(max(w, 0)) * float64(m.idf[q.Items[k]]))
	case m.opt.Weighting == BM25:
		length := 1 - m.opt.B
		if m.mean > 0 {
			length += m.opt.B * sum / m.mean
		}
		if d := m.opt.K1*length + w; d > 0 {
			return float32(w * (m.opt.K1 + 1) / d * float64(m.idf[q.Items[k]]))
		}
		return 0
	}
	return float32(w)
}

// neighbors leaves in t.near the users most similar to the history, best first,
// with similarity^Power as their score.
func (m *UserKNN) neighbors(t *userScratch, q *Query) {
	total := 0.0
	for k := range q.Items {
		total += float64(q.Weight(k))
	}
	t.touched, t.query = t.touched[:0], t.query[:0]
	mean := 0.0
	if m.opt.Similarity == Pearson {
		n := 0
		for k := range q.Items {
			if w := m.weighQuery(q, k, total); w != 0 {
				mean += float64(w)
				n++
			}
		}
		mean /= float64(max(n, 1))
	}
	for k, i := range q.Items {
		w := m.weighQuery(q, k, total)
		switch m.opt.Similarity {
		case Pearson:
			w = deviation(w, mean)
		case AdjustedCosine:
			w = deviation(w, m.means[i])
		}
		t.query = append(t.query, w)
	}
	norm, scale, opt := m.opt.size(t.query), m.scale, m.opt
	if opt.ownScale() && norm > 0 && (norm > evenMost || norm < 1.0/evenMost) {
		scale = toOne(norm)
	}
	norm *= scale
	opt.Shrinkage *= m.scale * m.scale
	for k, i := range q.Items {
		w := t.query[k]
		if scale != 1 {
			w = float32(float64(w) * scale)
		}
		users, vals := m.byItem.Row(int(i))
		for n, v := range users {
			if t.sum[v] == 0 {
				t.touched = append(t.touched, v)
			}
			t.sum[v] += float32(w * vals[n])
		}
	}
	t.heap.Reset(m.opt.Neighbors)
	for _, v := range t.touched {
		s := float64(t.sum[v])
		t.sum[v] = 0 // a user touched twice, after a sum of exactly 0, is pushed once
		if v == q.User || s == 0 {
			continue
		}
		if s = opt.value(s, norm, m.size[v], m.columns); s > 0 {
			if m.power != 1 {
				s = math.Pow(s, m.power)
			}
			t.heap.Push(v, float32(s))
		}
	}
	t.near = t.heap.AppendSorted(t.near[:0])
}

// Meaning says what a score stands for.
func (*UserKNN) Meaning() string {
	return "sum over similar users who took the item of their similarity"
}

// SparseScores is true: items that no similar user took score 0; where popularity is all, those that no
// other user took.
func (*UserKNN) SparseScores() bool { return true }

// ReadsOrder is false: the history is a set.
func (*UserKNN) ReadsOrder() bool { return false }

// Score writes Σ sim·weight over the neighbours of the history, and 0.9·weight over the other users where
// popularity is all (see UserKNNOptions); ErrEmpty for an empty history.
func (m *UserKNN) Score(dst []float32, q Query) error {
	m = orZero(m)
	if err := checkQuery(dst, &q, m.Items()); err != nil {
		return err
	}
	if len(q.Items) == 0 {
		return ErrEmpty
	}
	m.score(dst, &q, m.others)
	return nil
}

// score adds up what the neighbours took, and what the others took, but for the user who asks, others times.
func (m *UserKNN) score(dst []float32, q *Query, others float32) {
	t := m.get()
	defer m.scratch.Put(t)
	m.neighbors(t, q)
	clear(dst)
	add := func(u int32, times float32) {
		items, weights := m.users.Row(int(u))
		for k, i := range items {
			dst[i] += float32(times * weights[k])
		}
	}
	if others > 0 {
		copy(dst, m.popular)
		vec.Scale(others, dst)
		if u := q.User; u >= 0 && int(u) < m.users.Rows {
			add(u, -others)
			items, _ := m.users.Row(int(u))
			for _, i := range items {
				dst[i] = max(dst[i], 0) // what nobody else took, but for rounding
			}
		}
	}
	for _, n := range t.near {
		add(n.ID, n.Score-others)
	}
}

// AppendNeighbors appends the k users most similar to the history of q, best
// first, with their similarity to the power Power: the evidence behind a
// recommendation. ErrEmpty for an empty history, ErrRange for an unknown item
// or a weight that is not finite, ErrShape for weights of another length.
func (m *UserKNN) AppendNeighbors(dst []UserScore, q Query, k int) (_ []UserScore, err error) {
	m = orZero(m)
	defer about(&err, "UserKNN.AppendNeighbors")
	if m.users == nil {
		return dst, errUnfit
	}
	if err := checkHistory(&q, m.Items()); err != nil {
		return dst, err
	}
	if len(q.Items) == 0 {
		return dst, errNoHistory
	}
	t := m.get()
	defer m.scratch.Put(t)
	m.neighbors(t, &q)
	for _, n := range t.near[:min(max(k, 0), len(t.near))] {
		dst = append(dst, UserScore{User: n.ID, Score: n.Score})
	}
	return dst, nil
}

// AppendSimilar appends the items that users with a history of item alone would be
// recommended: what those who have it took besides. Pearson names none, because
// one item has no deviation.
func (m *UserKNN) AppendSimilar(dst []Scored, item int32, k int) ([]Scored, error) {
	m = orZero(m)
	return appendAlone(dst, together{m}, item, k)
}

// together is m without what users count who have nothing in common: they say nothing of what goes together.
type together struct{ *UserKNN }

func (m together) Score(dst []float32, q Query) error {
	m.score(dst, &q, 0)
	return nil
}

// AppendSimilarUsers appends the users most similar to user, as AppendNeighbors
// finds them for the history of the fit; at most Neighbors of them.
func (m *UserKNN) AppendSimilarUsers(dst []UserScore, user int32, k int) ([]UserScore, error) {
	m = orZero(m)
	if uint32(user) >= uint32(m.Users()) {
		return dst, unknownItem(m.Users())
	}
	items, weights := m.users.Row(int(user))
	if len(items) == 0 {
		return dst, nil
	}
	return m.AppendNeighbors(dst, Query{User: user, Items: items, Weights: weights}, k)
}

// AppendBinary appends the frame of m to dst.
func (m *UserKNN) AppendBinary(dst []byte) ([]byte, error) {
	if m == nil || m.Items() == 0 {
		return dst, errUnfitted("UserKNN")
	}
	var w codec.Writer
	w.Int(m.opt.Neighbors)
	w.Int(int(m.opt.Similarity - Cosine))
	w.Int(int(m.opt.Weighting - Unweighted))
	for _, v := range []float64{m.opt.Shrinkage, m.opt.Alpha, m.opt.Beta, m.opt.K1, m.opt.B, m.power} {
		w.Float64(v)
	}
	w.Float32(m.others)
	putCSR(&w, m.users)
	m.origin.put(&w)
	return w.AppendFrame(dst, codec.KindUserKNN, 3), nil
}

// MarshalBinary returns the frame of m.
func (m *UserKNN) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary decodes a frame; m is unchanged when it fails. It must not run
// beside other uses of m. Payload of
// version 3, in the words of Persistent:
//
//	int      Neighbors, > 0
//	int      Similarity, 0 for Cosine … 8 for AdjustedCosine, 9 for the AsymmetricCosine of version 1
//	int      Weighting, 0 for Unweighted … 3 for BM25
//	5 f64    Shrinkage, Alpha, Beta, K1 and B, in the ranges of ItemKNNOptions
//	f64      Power, finite and > 0
//	f32      what users count who are no neighbours, in [0, 1]
//	matrix   the entries, users×items, >= 0; items at most 64 for each row and entry, and 1024
//
// Version 2 ends its numbers with Power: others count 0. Version 1 has no Similarity 9 either: its AsymmetricCosine with a Shrinkage h is the
// s / (‖i‖^2α ‖j‖^2(1-α) + h) that it was when such frames were written. The model keeps
// that formula, in the frames that it writes too; 9 without a Shrinkage is no frame.
//
// Anything else and bytes left over are ErrCorrupt, a newer version is ErrVersion, a
// frame of something else ErrMismatch.
func (m *UserKNN) UnmarshalBinary(data []byte) error {
	r, err := open(m, data, codec.KindUserKNN, 3)
	if err != nil {
		return fmt.Errorf("recommend: UserKNN.UnmarshalBinary: %w", err)
	}
	opt := ItemKNNOptions{Neighbors: r.Int(), Similarity: Cosine + Similarity(r.Int()), Weighting: Unweighted + Weighting(r.Int())}
	opt.Shrinkage, opt.Alpha, opt.Beta, opt.K1, opt.B = r.Float64(), r.Float64(), r.Float64(), r.Float64(), r.Float64()
	power, others := r.Float64(), float32(0)
	if r.Version >= 3 {
		others = r.Float32()
	}
	users := getCSR(r)
	opt.Similarity = storedSimilarity(r, opt)
	checked := opt
	if opt.Similarity == formerAsymmetric {
		checked.Similarity = AsymmetricCosine
	}
	if checked.validate("decode") != nil || !(power > 0) || math.IsInf(power, 0) || !(others >= 0 && others <= 1) {
		r.Fail("has a setting out of range")
	}
	if users.Cols == 0 || users.Cols > maxColumns(users) {
		r.Fail("has no items, or claims more than its entries can back")
	}
	for _, v := range users.Val {
		if v < 0 {
			r.Fail("has a negative weight")
			break
		}
	}
	of := getOrigin(r)
	if err := r.Done(); err != nil {
		return fmt.Errorf("recommend: UserKNN.UnmarshalBinary: %w", err)
	}
	m.opt, m.power, m.others, m.users, m.mean = opt, power, others, users, 0
	m.scratch = sync.Pool{}
	if err := m.prepare(context.Background()); err != nil {
		return err
	}
	m.origin = of
	return nil
}

// storedSimilarity is the Similarity that a frame means: the formula of AsymmetricCosine
// with a Shrinkage is another since version 2.
func storedSimilarity(r *codec.Reader, opt ItemKNNOptions) Similarity {
	switch s := opt.Similarity; {
	case r.Version == 1 && s == AsymmetricCosine && opt.Shrinkage > 0:
		return formerAsymmetric
	case s == formerAsymmetric && (r.Version == 1 || !(opt.Shrinkage > 0)):
		r.Fail("has a similarity that it cannot have")
		return AsymmetricCosine
	default:
		return s
	}
}

// maxColumns bounds the columns a decoded matrix may claim by what was received,
// since memory for a column index grows with the claim: 64 columns for each
// entry and row, far more than any catalogue with data has.
func maxColumns(m *sparse.CSR) int { return 1024 + 64*(m.Len()+m.Rows) }
