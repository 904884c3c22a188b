package recommend

import (
	"cmp"
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
)

var (
	_ Persistent   = (*NextBasket)(nil)
	_ Meaner       = (*NextBasket)(nil)
	_ SparseScorer = (*NextBasket)(nil)
	_ OrderReader  = (*NextBasket)(nil)
	_ Similar      = (*NextBasket)(nil)

	_ HistoryReader = (*NextBasket)(nil)
)

// NextBasketOptions configures FitNextBasket.
type NextBasketOptions struct {
	Neighbors   int     // users whose baskets count beside the own; default 300
	Group       int     // baskets in a group, m; default 7
	BasketDecay float64 // r_b in (0, 1], from a basket to the one before it in its group; default 0.9
	GroupDecay  float64 // r_g in (0, 1], from a group to the one before it; default 0.7
	Own         float64 // α in [0, 1], the share of the own history; default 0.3, negative means 0
}

func (o NextBasketOptions) withDefaults() NextBasketOptions {
	o.Neighbors = check.Default(o.Neighbors, 300)
	o.Group = check.Default(o.Group, 7)
	o.BasketDecay = check.Default(o.BasketDecay, 0.9)
	o.GroupDecay = check.Default(o.GroupDecay, 0.7)
	o.Own = check.OrOff(o.Own, 0.3)
	return o
}

func (o NextBasketOptions) validate(where string) error {
	var c check.Options
	check.Positive(&c, "Neighbors", o.Neighbors)
	c.Require(o.Group > 0 && o.Group <= math.MaxInt32/2, "Group", o.Group, "in [1, 2³⁰)")
	c.Require(o.BasketDecay > 0 && o.BasketDecay <= 1, "BasketDecay", o.BasketDecay, "in (0, 1]")
	c.Require(o.GroupDecay > 0 && o.GroupDecay <= 1, "GroupDecay", o.GroupDecay, "in (0, 1]")
	c.Require(o.Own >= 0 && o.Own <= 1, "Own", o.Own, "in [0, 1]")
	return c.Err(where)
}

// NextBasket recommends what to put into the next basket, things bought again and
// again first: TIFU-KNN (Hu, He, Gao and Zhang 2020). A user is the vector of
// personalised item frequencies
//
//	u = 1/G · Σ_g r_g^(G-g) · 1/n_g · Σ_j r_b^(n_g-j) · b_gj
//
// over groups of Group baskets b, oldest first, the first group the smaller one;
// b holds 1 for each item of the basket. The score is
//
//	α·u + (1-α)·(mean of the vectors of the Neighbors nearest users)
//
// by Euclidean distance, the user not among them. Do not filter out what the user
// has: repeats are most of the next basket.
//
// Strangers are answered by their history, oldest first, each event a basket of
// its own with its weight. Immutable, safe for concurrent use.
type NextBasket struct {
	origin
	opt    NextBasketOptions
	users  *sparse.CSR // vectors u
	byItem *sparse.CSR
	square []float64 // |u|²
	small  []int32   // users with a vector by ascending |u|²

	scratch sync.Pool // *basketScratch
}

type basketScratch struct {
	dot   []float64 // by user, zero between queries
	met   indexSet  // users with a dot product, none between queries
	v     []float64 // by item, zero between queries
	items []int32
	vals  []float32
	heap  topk.Heap
	near  []topk.Item
}

// FitNextBasket computes the vectors of all users. users[k] owns basket k, and
// the number of users is the largest plus 1; baskets of a user are in the order of
// their times, or of their indices without times. Items repeated within a basket
// count once, empty baskets not at all. nil users means that each sequence is the
// history of one user, with an event a basket.
//
// Cost: O(events·log events). Memory: 16 bytes an item a user has. A query costs
// the users of the user's items and the vectors of the neighbours. Errors:
// ErrEmpty, ErrOption, ErrShape (users of another length), ErrRange (a negative
// user).
func FitNextBasket(ctx context.Context, baskets *Sequences, users []int32, opt NextBasketOptions) (*NextBasket, error) {
	opt = opt.withDefaults()
	if err := opt.validate("recommend: FitNextBasket"); err != nil {
		return nil, err
	}
	if err := baskets.check("FitNextBasket"); err != nil {
		return nil, err
	}
	own, err := basketsOf(ctx, baskets, users)
	if err != nil {
		return nil, err
	}
	m := &NextBasket{origin: baskets.origin.ofItems(), opt: opt}
	t := &basketScratch{v: make([]float64, baskets.items)}
	b := &sparse.CSR{Rows: len(own), Cols: baskets.items, Ptr: make([]int64, len(own)+1)}
	for u, list := range own {
		if u%1024 == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		t.items = t.items[:0]
		for k, basket := range list {
			for _, i := range basket {
				t.add(i, m.weight(k, len(list)))
			}
		}
		t.take()
		b.Col, b.Val = append(b.Col, t.items...), append(b.Val, t.vals...)
		b.Ptr[u+1] = int64(len(b.Col))
	}
	m.users = b
	if err := m.prepare(ctx); err != nil {
		return nil, err
	}
	return m, nil
}

// basketsOf lists the baskets of each user, oldest first, without repeats.
func basketsOf(ctx context.Context, s *Sequences, users []int32) ([][][]int32, error) {
	meter := parallel.NewMeter(ctx)
	if users == nil {
		own := make([][][]int32, s.Len())
		for u := range own {
			seq := s.Sequence(u)
			if err := meter.Did(32 * len(seq)); err != nil {
				return nil, err
			}
			for k := range seq {
				own[u] = append(own[u], seq[k:k+1])
			}
		}
		return own, nil
	}
	if len(users) != s.Len() {
		return nil, fmt.Errorf("recommend: FitNextBasket: %d users for %d baskets: %w", len(users), s.Len(), ErrShape)
	}
	n := int32(-1)
	for k, u := range users {
		if u < 0 || u == math.MaxInt32 {
			return nil, fmt.Errorf("recommend: FitNextBasket: user of basket %d is %d: %w", k, u, ErrRange)
		}
		n = max(n, u)
	}
	own := make([][][]int32, n+1)
	order, err := s.newestFirst(ctx)
	if err != nil {
		return nil, err
	}
	slices.Reverse(order)
	for _, k := range order {
		if items := slices.Clone(s.Sequence(int(k))); len(items) > 0 {
			slices.Sort(items)
			own[users[k]] = append(own[users[k]], slices.Compact(items))
		}
	}
	return own, nil
}

// weight returns what the k-th of n baskets counts, oldest first.
func (m *NextBasket) weight(k, n int) float64 {
	groups := (n + m.opt.Group - 1) / m.opt.Group
	first := n - (groups-1)*m.opt.Group // baskets of the first group
	g, start, size := 0, 0, first
	if k >= first {
		g = 1 + (k-first)/m.opt.Group
		start, size = first+(g-1)*m.opt.Group, m.opt.Group
	}
	return math.Pow(m.opt.GroupDecay, float64(groups-1-g)) / float64(groups) *
		math.Pow(m.opt.BasketDecay, float64(size-1-(k-start))) / float64(size)
}

// add adds w to item i of the vector in the making.
func (t *basketScratch) add(i int32, w float64) {
	if t.v[i] == 0 {
		t.items = append(t.items, i)
	}
	t.v[i] += w
}

// take moves the vector in the making to t.items and t.vals, items ascending.
func (t *basketScratch) take() {
	slices.Sort(t.items)
	t.items, t.vals = slices.Compact(t.items), t.vals[:0]
	kept := t.items[:0]
	for _, i := range t.items {
		if v := float32(t.v[i]); v > 0 {
			kept, t.vals = append(kept, i), append(t.vals, v)
		}
		t.v[i] = 0
	}
	t.items = kept
}

// prepare derives from the vectors what a query needs.
func (m *NextBasket) prepare(ctx context.Context) (err error) {
	if m.byItem, err = m.users.TransposeUntil(ctx, 1); err != nil {
		return err
	}
	m.square = make([]float64, m.users.Rows)
	m.small = m.small[:0]
	for u := range m.square {
		_, vals := m.users.Row(u)
		for _, v := range vals {
			m.square[u] += float64(v) * float64(v)
		}
		if len(vals) > 0 {
			m.small = append(m.small, int32(u))
		}
	}
	return parallel.SortFunc(ctx, m.small, 1, func(a, b int32) int { return cmp.Compare(m.square[a], m.square[b]) })
}

// Users returns the number of users.
func (m *NextBasket) Users() int {
	m = orZero(m)
	if m.users == nil {
		return 0
	}
	return m.users.Rows
}

// Items returns the number of items.
func (m *NextBasket) Items() int {
	m = orZero(m)
	if m.users == nil {
		return 0
	}
	return m.users.Cols
}

// Meaning says what a score stands for.
func (*NextBasket) Meaning() string {
	return "decayed share of the baskets, own and of similar users, that hold the item"
}

// SparseScores is true: items neither the user nor a neighbour has score 0.
func (*NextBasket) SparseScores() bool { return true }

// ReadsOrder is true: the history is a sequence, oldest first.
func (*NextBasket) ReadsOrder() bool { return true }

func (*NextBasket) readsEvenly() {}

// ReadsHistory is true: a session is a part of what the user buys again and again.
func (*NextBasket) ReadsHistory() bool { return true }

// neighbors leaves the users nearest to a vector in t.near, with minus the
// squared distance.
func (m *NextBasket) neighbors(t *basketScratch, self int32, items []int32, vals []float32) {
	square := 0.0
	for k, i := range items {
		square += float64(vals[k]) * float64(vals[k])
		users, w := m.byItem.Row(int(i))
		for n, u := range users {
			t.dot[u] += float64(vals[k]) * float64(w[n])
			t.met.add(u)
		}
	}
	t.heap.Reset(m.opt.Neighbors)
	offer := func(u int32, dot float64) {
		if u != self {
			t.heap.Push(u, float32(-max(square+m.square[u]-2*dot, 0)))
		}
	}
	// Users who share no item lie the farther the longer their vectors: once one is
	// too far, all that follow are.
	for _, u := range m.small {
		if t.met.has(u) {
			continue
		}
		offer(u, 0)
		if t.heap.Full() && float32(-(square+m.square[u])) < t.heap.Worst().Score {
			break
		}
	}
	for _, i := range items {
		users, _ := m.byItem.Row(int(i))
		for _, u := range users {
			if t.met.has(u) {
				t.met.drop(u)
				offer(u, t.dot[u])
				t.dot[u] = 0
			}
		}
	}
	t.near = t.heap.AppendSorted(t.near[:0])
}

// AppendSimilar appends the items that a stranger with one basket of item alone
// would be recommended.
func (m *NextBasket) AppendSimilar(dst []Scored, item int32, k int) ([]Scored, error) {
	m = orZero(m)
	return appendAlone(dst, m, item, k)
}

// Score writes the score of every item; ErrEmpty for a user without baskets and
// without history, ErrRange for a weight that is negative or not finite.
func (m *NextBasket) Score(dst []float32, q Query) error {
	m = orZero(m)
	n := m.Items()
	if err := checkQuery(dst, &q, n); err != nil {
		return err
	}
	t, ok := m.scratch.Get().(*basketScratch)
	if !ok {
		t = &basketScratch{dot: make([]float64, m.Users()), met: newIndexSet(m.Users()), v: make([]float64, n)}
	}
	defer m.scratch.Put(t)
	self := q.User
	var items []int32
	var vals []float32
	if u := int(q.User); u >= 0 && u < m.Users() {
		items, vals = m.users.Row(u)
	}
	if len(items) == 0 {
		self = Stranger
		if err := orderQuery(dst, &q, n); err != nil {
			return err
		}
		most := float32(0)
		for k := range q.Items {
			most = max(most, q.Weight(k))
		}
		if most == 0 {
			return ErrEmpty
		}
		t.items = t.items[:0]
		for k, i := range q.Items {
			t.add(i, float64(q.Weight(k)/most)*m.weight(k, len(q.Items)))
		}
		t.take()
		items, vals = t.items, t.vals
		if len(items) == 0 {
			return ErrEmpty
		}
	}
	clear(dst)
	for k, i := range items {
		dst[i] = float32(m.opt.Own) * vals[k]
	}
	if m.opt.Own == 1 {
		return nil
	}
	m.neighbors(t, self, items, vals)
	share := float32((1 - m.opt.Own) / float64(max(len(t.near), 1)))
	for _, nb := range t.near {
		cols, w := m.users.Row(int(nb.ID))
		for k, i := range cols {
			dst[i] += float32(share * w[k])
		}
	}
	return nil
}

// AppendBinary appends the frame of m to dst.
func (m *NextBasket) AppendBinary(dst []byte) ([]byte, error) {
	if m == nil || m.Items() == 0 {
		return dst, errUnfitted("NextBasket")
	}
	var w codec.Writer
	w.Int(m.opt.Neighbors)
	w.Int(m.opt.Group)
	w.Float64(m.opt.BasketDecay)
	w.Float64(m.opt.GroupDecay)
	w.Float64(m.opt.Own)
	putCSR(&w, m.users)
	m.origin.put(&w)
	return w.AppendFrame(dst, codec.KindNextBasket, 1), nil
}

// MarshalBinary returns the frame of m.
func (m *NextBasket) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary decodes a frame; m is unchanged when it fails. It must not run
// beside other uses of m. Payload of
// version 1, in the words of Persistent:
//
//	int      Neighbors, > 0
//	int      Group, > 0
//	3 f64    BasketDecay, GroupDecay and Own, in the ranges of NextBasketOptions
//	matrix   item frequencies, users×items, >= 0; items at most 64 for each row and entry,
//	         and 1024
//
// Anything else and bytes left over are ErrCorrupt, a newer version is ErrVersion, a
// frame of something else ErrMismatch.
func (m *NextBasket) UnmarshalBinary(data []byte) error {
	r, err := open(m, data, codec.KindNextBasket, 1)
	if err != nil {
		return fmt.Errorf("recommend: NextBasket.UnmarshalBinary: %w", err)
	}
	opt := NextBasketOptions{Neighbors: r.Int(), Group: r.Int(), BasketDecay: r.Float64(), GroupDecay: r.Float64(), Own: r.Float64()}
	users := getCSR(r)
	if opt.validate("decode") != nil {
		r.Fail("has a setting out of range")
	}
	if users.Cols == 0 || users.Cols > maxColumns(users) {
		r.Fail("has no items, or claims more than its entries can back")
	}
	for _, v := range users.Val {
		if v < 0 {
			r.Fail("has a negative frequency")
			break
		}
	}
	of := getOrigin(r)
	if err := r.Done(); err != nil {
		return fmt.Errorf("recommend: NextBasket.UnmarshalBinary: %w", err)
	}
	m.opt, m.users, m.small = opt, users, nil
	m.scratch = sync.Pool{}
	if err := m.prepare(context.Background()); err != nil {
		return err
	}
	m.origin = of
	return nil
}
