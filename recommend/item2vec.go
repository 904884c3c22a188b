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
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/sparse"
	"github.com/aislekit/aisle/internal/vec"
)

var (
	_ Persistent   = (*Item2Vec)(nil)
	_ Meaner       = (*Item2Vec)(nil)
	_ SparseScorer = (*Item2Vec)(nil)
	_ OrderReader  = (*Item2Vec)(nil)
	_ Similar      = (*Item2Vec)(nil)
	_ Explainer    = (*Item2Vec)(nil)
	_ Folder       = (*Item2Vec)(nil)
	_ ItemVectors  = (*Item2Vec)(nil)
)

// Item2VecOptions configures FitItem2Vec.
type Item2VecOptions struct {
	Factors   int     // length of the vectors; default 64
	Window    int     // farthest event that is context, in events; nearer ones count more; default 5
	Epochs    int     // passes over the pairs; default 20
	Rate      float64 // learning rate; default 0.1, falls evenly to a hundredth of it
	Negatives int     // items drawn against each pair; default 5
	Power     float64 // negatives are drawn in proportion to count^Power; default 0.75, negative means 0
	Subsample float64 // share of all events above which an item is thinned out, t of word2vec; default 0.001, negative: no thinning

	Seed    uint64 // of start vectors and draws
	Workers int    // goroutines; default GOMAXPROCS. No influence on the result

	Loss     bool           // report the mean loss of an epoch's samples in Progress
	Progress func(Progress) // called after each epoch, on the caller's goroutine
}

func (o Item2VecOptions) withDefaults() Item2VecOptions {
	o.Factors = check.Default(o.Factors, 64)
	o.Window = check.Default(o.Window, 5)
	o.Epochs = check.Default(o.Epochs, 20)
	o.Rate = check.Default(o.Rate, 0.1)
	o.Negatives = check.Default(o.Negatives, 5)
	o.Power = check.OrOff(o.Power, 0.75)
	o.Subsample = check.OrOff(o.Subsample, 0.001)
	return o
}

func (o Item2VecOptions) validate() error {
	var c check.Options
	requireSGD(&c, o.Factors, o.Epochs, o.Rate, 0, 0)
	c.Require(o.Window > 0 && o.Window <= 1000, "Window", o.Window, "in [1, 1000]")
	c.Require(o.Negatives > 0 && o.Negatives <= maxFoldWork, "Negatives", o.Negatives, fmt.Sprintf("in [1, %d]", maxFoldWork))
	c.Require(o.Power >= 0 && o.Power <= 10, "Power", o.Power, "in [0, 10]")
	c.Require(o.Subsample >= 0 && o.Subsample <= 1, "Subsample", o.Subsample, "in [0, 1]")
	return c.Err("recommend: FitItem2Vec")
}

// Item2Vec holds a vector for each item, learned by skip-gram with negative
// sampling (Mikolov et al. 2013) over sequences of items (Barkan and Koenigstein
// 2016): items with like neighbours get like vectors. Over texts given as
// sequences of tokens it is word2vec. The fit minimises
//
//	-Σ_(i,j) n_ij·( ln σ(v_i·c_j) + Σ_k ln σ(-v_i·c_k) )
//
// with v the vectors kept, c context vectors, k the Negatives items drawn, and
// n_ij the expected number of times the pair is seen in an epoch: an event at
// distance d ≤ Window counts (Window-d+1)/Window, and an item that makes up the
// share f > Subsample of the events is seen √(Subsample/f) of the times. Pairs of
// an item with itself are left out.
//
// A score is the cosine of the item's vector with the weighted mean of the
// directions of the history. Reasons are exact. Immutable, safe for concurrent
// use.
type Item2Vec struct {
	origin
	users   int
	items   int
	factors int
	v       []float32 // items×factors, of length 1 or 0

	lengths lazyLengths
	scratch sync.Pool // *[]float32
}

// FitItem2Vec learns the vectors. Pairs are visited block by block, so that
// goroutines never share a vector and the result does not depend on their number;
// negatives come from the block of the pair, which is drawn anew each epoch.
//
// Cost an epoch: O(pairs·(1+Negatives)·Factors). Memory: 8·Factors bytes an item
// and 24 bytes a distinct pair. Items without a pair keep a zero vector. Errors:
// ErrEmpty, ErrOption, ErrDiverged, and context.Cause(ctx).
func FitItem2Vec(ctx context.Context, s *Sequences, opt Item2VecOptions) (*Item2Vec, error) {
	opt = opt.withDefaults()
	if err := opt.validate(); err != nil {
		return nil, err
	}
	if err := s.check("FitItem2Vec"); err != nil {
		return nil, err
	}
	counts := make([]float64, s.items)
	for _, i := range s.events {
		counts[i]++
	}
	pairs, err := windowPairs(ctx, s, counts, opt)
	if err != nil {
		return nil, err
	}
	f := opt.Factors
	m := &Item2Vec{origin: s.origin.ofItems(), users: s.Len(), items: s.items, factors: f, v: make([]float32, s.items*f)}
	var r rng.Stream
	for i := range s.items {
		if pairs.RowLen(i) == 0 {
			continue
		}
		r.Reset(opt.Seed, 0x69327600, uint64(i))
		for k := i * f; k < (i+1)*f; k++ {
			m.v[k] = float32((r.Float64() - 0.5) / float64(f))
		}
	}
	noise := make([]float64, s.items)
	for i, n := range counts {
		if pairs.RowLen(i) > 0 {
			noise[i] = math.Pow(n, opt.Power)
		}
	}
	sg := &skipGram{v: m.v, c: make([]float32, s.items*f), f: f, pairs: pairs, noise: noise, negatives: opt.Negatives, loss: opt.Loss}
	sg.scratch = make([]skipGramScratch, parallel.Workers(opt.Workers))
	plan := sgdSchedule{name: "FitItem2Vec", epochs: opt.Epochs, rate: opt.Rate, decay: 0.99, loss: opt.Loss, progress: opt.Progress}
	if err := newGrid(pairs, opt.Seed, opt.Workers).descend(ctx, plan, sg.cell, sg.v, sg.c); err != nil {
		return nil, err
	}
	for i := range s.items {
		row := m.v[i*f : i*f+f]
		if n := math.Sqrt(vec.Norm2(row)); n > 0 {
			vec.Scale(float32(1/n), row)
		}
	}
	return m, nil
}

// windowPairs returns the expected number of times each pair of center (row) and
// context is seen in an epoch.
func windowPairs(ctx context.Context, s *Sequences, counts []float64, opt Item2VecOptions) (*sparse.CSR, error) {
	keep := make([]float64, s.items)
	for i, n := range counts {
		keep[i] = 1
		if f := n / float64(len(s.events)); opt.Subsample > 0 && f > opt.Subsample {
			keep[i] = math.Sqrt(opt.Subsample / f)
		}
	}
	ptr, at, owner := s.occurrences()
	type row struct {
		cols []int32
		vals []float32
	}
	rows := make([]row, s.items)
	sums := make([][]float64, parallel.Scratch(s.items, occurrenceBlock, opt.Workers))
	w := int64(opt.Window)
	err := parallel.For(ctx, s.items, occurrenceBlock, opt.Workers, func(worker, lo, hi int) error {
		if sums[worker] == nil {
			sums[worker] = make([]float64, s.items)
		}
		sum := sums[worker]
		var touched []int32
		meter := parallel.NewMeter(ctx)
		for i := lo; i < hi; i++ {
			touched = touched[:0]
			for _, p := range at[ptr[i]:ptr[i+1]] {
				first, end := s.ptr[owner[p]], s.ptr[owner[p]+1]
				if err := meter.Did(int(4 * (min(end, p+w+1) - max(first, p-w)))); err != nil {
					return err
				}
				for o := max(first, p-w); o < min(end, p+w+1); o++ {
					j := s.events[o]
					if int(j) == i {
						continue
					}
					if sum[j] == 0 {
						touched = append(touched, j)
					}
					sum[j] += float64(w-max(o-p, p-o)+1) / float64(w)
				}
			}
			slices.Sort(touched)
			rows[i] = row{slices.Clone(touched), make([]float32, len(touched))}
			for k, j := range touched {
				rows[i].vals[k] = float32(sum[j] * keep[i] * keep[j])
				sum[j] = 0
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return sparse.FromSortedRows(ctx, s.items, s.items, func(r int) ([]int32, []float32) { return rows[r].cols, rows[r].vals })
}

// skipGram takes the steps of a fit.
type skipGram struct {
	v, c      []float32
	f         int
	pairs     *sparse.CSR
	noise     []float64
	negatives int
	loss      bool
	scratch   []skipGramScratch
}

type skipGramScratch struct {
	cum   []float64 // running sum of the noise of a block
	turns []int32   // contexts of a center, each as often as it is its turn
}

// cell takes the steps of a cell, center by center: each context as often as it is
// its turn, in random order, and with each some negatives drawn from the contexts
// of the block by their noise.
func (g *skipGram) cell(worker int, c *sgdCell, rate float32) float64 {
	t := &g.scratch[worker]
	t.cum = t.cum[:0]
	sum := 0.0
	for _, i := range c.items {
		sum += g.noise[i]
		t.cum = append(t.cum, sum)
	}
	loss := 0.0
	for k := range c.users {
		center, pos := c.run(k)
		v := g.v[int(center)*g.f : (int(center)+1)*g.f]
		t.turns = t.turns[:0]
		for _, p := range pos {
			n := float64(g.pairs.Val[p])
			whole := math.Floor(n)
			if c.rand.Float64() < n-whole {
				whole++
			}
			for range int(whole) {
				t.turns = append(t.turns, g.pairs.Col[p])
			}
		}
		c.rand.Shuffle(len(t.turns), func(a, b int) { t.turns[a], t.turns[b] = t.turns[b], t.turns[a] })
		for _, j := range t.turns {
			loss += g.step(v, j, 1, rate)
			for range g.negatives {
				at, _ := slices.BinarySearch(t.cum, c.rand.Float64()*sum)
				if o := c.items[min(at, len(c.items)-1)]; o != j && o != center {
					loss += g.step(v, o, -1, rate)
				}
			}
		}
	}
	return loss
}

// step moves v·c_j towards +∞ (sign 1) or -∞ (sign -1).
func (g *skipGram) step(v []float32, j int32, sign, rate float32) (loss float64) {
	c := g.c[int(j)*g.f : (int(j)+1)*g.f]
	s := sign * vec.Dot(v, c)
	if g.loss {
		loss = softplus(float64(-s))
	}
	vec.RowStep(v, c, sign*float32(rate*sigmoid(-s)), 1)
	return loss
}

// Users returns the number of sequences of the fit.
func (m *Item2Vec) Users() int {
	m = orZero(m)
	return m.users
}

// Items returns the number of items.
func (m *Item2Vec) Items() int {
	m = orZero(m)
	return m.items
}

// Factors returns the length of the vectors.
func (m *Item2Vec) Factors() int {
	m = orZero(m)
	return m.factors
}

// ItemVector returns the vector of item i, of length 1, or all zeros for an item
// without neighbours, nil for one out of range. It aliases m and must not be changed.
func (m *Item2Vec) ItemVector(i int) []float32 {
	m = orZero(m)
	return vectorAt(m.v, i, m.factors)
}

// FoldIn writes the direction of a history into dst; see Score for the errors.
func (m *Item2Vec) FoldIn(dst []float32, items []int32, weights []float32) (err error) {
	m = orZero(m)
	defer about(&err, "Item2Vec.FoldIn")
	return m.foldIn(dst, items, weights)
}

// foldIn is FoldIn with bare errors, for Score.
func (m *Item2Vec) foldIn(dst []float32, items []int32, weights []float32) error {
	if err := checkVector(len(dst), m.factors); err != nil {
		return err
	}
	if err := checkHistory(&Query{Items: items, Weights: weights}, m.items); err != nil {
		return err
	}
	if len(items) == 0 {
		return errNoHistory
	}
	for k, w := range weights {
		if w < 0 {
			return badWeight(k, w)
		}
	}
	_, err := meanVector(dst, m.v, items, weights, true)
	return err
}

func (m *Item2Vec) get() *[]float32 {
	if v, ok := m.scratch.Get().(*[]float32); ok {
		return v
	}
	v := make([]float32, m.factors)
	return &v
}

// Meaning says what a score stands for.
func (*Item2Vec) Meaning() string {
	return "cosine of the item's vector with the mean vector of the history"
}

// SparseScores is false: 0 is a score like any other.
func (*Item2Vec) SparseScores() bool { return false }

// ReadsOrder is false: the history is a set.
func (*Item2Vec) ReadsOrder() bool { return false }

// Score writes the cosine of every item with the history. ErrEmpty: the history
// has no item with a vector, or its vectors cancel out. ErrRange: an item out of
// range, or a weight that is negative or not finite.
func (m *Item2Vec) Score(dst []float32, q Query) error {
	m = orZero(m)
	if err := checkQuery(dst, &q, m.items); err != nil {
		return err
	}
	v := m.get()
	defer m.scratch.Put(v)
	if err := m.foldIn(*v, q.Items, q.Weights); err != nil {
		return err
	}
	vec.DotRows(dst, m.v, *v)
	return nil
}

// AppendSimilar appends the items whose vectors have the largest cosine with
// that of item.
func (m *Item2Vec) AppendSimilar(dst []Scored, item int32, k int) ([]Scored, error) {
	m = orZero(m)
	return appendVectorTop(dst, m.v, &m.lengths, m.factors, item, k)
}

// AppendReasons appends the history items nearest to item, with their parts of
// its score. The decomposition is exact.
func (m *Item2Vec) AppendReasons(dst []Reason, q Query, item int32, k int) (_ []Reason, err error) {
	m = orZero(m)
	defer about(&err, "Item2Vec.AppendReasons")
	if uint32(item) >= uint32(m.items) {
		return dst, noItem(item, m.Items())
	}
	v := m.get()
	defer m.scratch.Put(v)
	if err := m.foldIn(*v, q.Items, q.Weights); err != nil {
		return dst, err
	}
	// The history adds up to a vector of length n, its projection on its direction.
	n := 0.0
	for k, i := range q.Items {
		n += float64(q.Weight(k)) * float64(vec.Dot(m.ItemVector(int(i)), *v))
	}
	return topReasons(dst, &q, k, m.items, func(k int, i int32) float32 {
		return float32(float64(q.Weight(k)) * float64(vec.Dot(m.ItemVector(int(i)), m.ItemVector(int(item)))) / n)
	})
}

// AppendBinary appends the frame of m to dst.
func (m *Item2Vec) AppendBinary(dst []byte) ([]byte, error) {
	if m == nil || m.Items() == 0 {
		return dst, errUnfitted("Item2Vec")
	}
	var w codec.Writer
	w.Int(m.users)
	w.Int(m.factors)
	w.Float32s(m.v)
	m.origin.put(&w)
	return w.AppendFrame(dst, codec.KindItem2Vec, 1), nil
}

// MarshalBinary returns the frame of m.
func (m *Item2Vec) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary decodes a frame; m is unchanged when it fails. It must not run
// beside other uses of m. Payload of
// version 1, in the words of Persistent:
//
//	int      users
//	int      f, the factors, 1 … 16384
//	[]f32    vectors, items×f, each of length 1 or all 0
//
// Anything else and bytes left over are ErrCorrupt, a newer version is ErrVersion, a
// frame of something else ErrMismatch.
func (m *Item2Vec) UnmarshalBinary(data []byte) error {
	r, err := open(m, data, codec.KindItem2Vec, 1)
	if err != nil {
		return fmt.Errorf("recommend: Item2Vec.UnmarshalBinary: %w", err)
	}
	users, f, v := r.Int(), r.Int(), r.Float32s()
	if f < 1 || f > maxFactors || len(v) == 0 || len(v)%max(f, 1) != 0 {
		r.Fail("has vectors of the wrong length")
		f = 1
	}
	for i := 0; r.Err() == nil && i < len(v); i += f {
		if n := vec.Norm2(v[i : i+f]); n != 0 && !(math.Abs(n-1) < 1e-3) {
			r.Fail("has a vector that is not of length 1")
		}
	}
	of := getOrigin(r)
	if err := r.Done(); err != nil {
		return fmt.Errorf("recommend: Item2Vec.UnmarshalBinary: %w", err)
	}
	m.users, m.items, m.factors, m.v = users, len(v)/f, f, v
	m.lengths, m.scratch = lazyLengths{}, sync.Pool{}
	m.origin = of
	return nil
}
