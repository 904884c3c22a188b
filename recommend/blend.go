package recommend

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/topk"
)

// Weighted is a part of a Blend or an RRF.
type Weighted struct {
	Model  Model
	Weight float32 // > 0; 0 means 1
}

// Normalization says how the scores of different models are made comparable,
// over all items and for each query anew. Scores that are not finite count as
// the lowest finite one; where all are equal they say nothing and become 0.
type Normalization int

const (
	MinMax    Normalization = iota // (s - min)/(max - min), in [0, 1]; for a SparseScorer min is 0 and lower scores count as 0
	ZScore                         // (s - mean)/σ, σ the population's
	RankShare                      // share of the other items that score lower, ties half, in [0, 1]
	Raw                            // s: for models whose scores are on one scale
)

// BlendOptions configures NewBlend.
type BlendOptions struct {
	Normalize Normalization // default MinMax
	// MNZ multiplies the mean by the number of models whose normalised score of
	// the item is above 0 (CombMNZ, Fox and Shaw 1994): items that several models
	// agree on go first. It needs scores that are never negative: MinMax or
	// RankShare.
	MNZ bool
}

// Blend is the weighted mean of the normalised scores of several models (Fox
// and Shaw 1994, CombSUM). A model that knows nothing about a query (ErrEmpty)
// is left out of the mean for that query, so that its silence is no vote against
// every item.
//
// Reasons: with Raw, MinMax and ZScore the contributions are the parts' own, on
// the scale of the blend. They add up to the score where the parts' add up to
// theirs, exactly with Raw and for parts whose minimum is 0 under MinMax, else
// up to a constant that is the same for every item. With RankShare each part's
// share of the score is divided among the history in proportion to the parts'
// positive contributions.
//
// Immutable, safe for concurrent use. Memory of a query: 16 bytes an item.
type Blend struct {
	fused
	norm Normalization
	mnz  bool
}

// fused is what the models over several models have in common.
type fused struct {
	parts  []Weighted
	sparse []bool
	order  bool // some part reads order
	users  int
	items  int
	pool   *sync.Pool // of *fuseScratch
}

type fuseScratch struct {
	scores  []float32
	acc     []float32 // all zero between queries
	votes   []int32
	keys    []uint64
	items   []topk.Item
	heap    topk.Heap
	reasons []Reason
	similar []Scored
	touched []int32
}

func newFused(parts []Weighted, where string) (fused, error) {
	f := fused{parts: slices.Clone(parts)}
	var c check.Options
	c.Require(len(parts) > 0, "parts", 0, "at least one model")
	for k := range f.parts {
		p := &f.parts[k]
		p.Weight = check.Default(p.Weight, 1)
		c.Require(!missing(p.Model), fmt.Sprintf("parts[%d].Model", k), "nil", "a model")
		check.Positive(&c, fmt.Sprintf("parts[%d].Weight", k), p.Weight)
	}
	if err := c.Err(where); err != nil {
		return fused{}, err
	}
	f.items = parts[0].Model.Items()
	for k, p := range f.parts {
		if n := p.Model.Items(); n != f.items {
			return fused{}, fmt.Errorf("%s: parts[%d] knows %d items, parts[0] %d: %w", where, k, n, f.items, ErrMismatch)
		}
		f.users = max(f.users, p.Model.Users())
		f.sparse = append(f.sparse, sparseScores(p.Model))
		f.order = f.order || readsOrder(p.Model)
	}
	n := f.items
	f.pool = &sync.Pool{New: func() any { return &fuseScratch{scores: make([]float32, n), acc: make([]float32, n)} }}
	return f, nil
}

// Users returns the largest number of users of a part.
func (f *fused) Users() int { return f.users }

// Items returns the number of items.
func (f *fused) Items() int { return f.items }

// ReadsOrder reports whether a part reads the history as a sequence.
func (f *fused) ReadsOrder() bool { return f.order }

// NewBlend returns the blend of parts. Errors: ErrOption (no part, a nil model,
// a weight that is not positive), ErrMismatch (parts of different catalogues).
func NewBlend(parts []Weighted, opt BlendOptions) (*Blend, error) {
	const where = "recommend: NewBlend"
	f, err := newFused(parts, where)
	if err != nil {
		return nil, err
	}
	var c check.Options
	c.Require(opt.Normalize >= MinMax && opt.Normalize <= Raw, "Normalize", int(opt.Normalize), "MinMax, ZScore, RankShare or Raw")
	c.Require(!opt.MNZ || opt.Normalize == MinMax || opt.Normalize == RankShare, "Normalize", int(opt.Normalize), "MinMax or RankShare with MNZ")
	if err := c.Err(where); err != nil {
		return nil, err
	}
	return &Blend{fused: f, norm: opt.Normalize, mnz: opt.MNZ}, nil
}

// Meaning says what a score stands for.
func (*Blend) Meaning() string { return "weighted mean of the parts' normalised scores" }

// SparseScores is true when it is for every part and the normalisation keeps 0
// at 0 (MinMax, Raw).
func (b *Blend) SparseScores() bool {
	return !slices.Contains(b.sparse, false) && (b.norm == MinMax || b.norm == Raw)
}

// Score writes the weighted mean of the parts that know the query; ErrEmpty
// when none does. Cost: the Score of every part, with RankShare a sort of each.
func (b *Blend) Score(dst []float32, q Query) error {
	if err := checkQuery(dst, &q, b.items); err != nil {
		return err
	}
	w := b.pool.Get().(*fuseScratch)
	defer b.pool.Put(w)
	clear(dst)
	if b.mnz {
		w.votes = slices.Grow(w.votes[:0], b.items)[:b.items]
		clear(w.votes)
	}
	total := float32(0)
	for k, p := range b.parts {
		err := p.Model.Score(w.scores, q)
		if errors.Is(err, ErrEmpty) {
			continue
		}
		if err != nil {
			return err
		}
		b.normalize(w, k)
		total += p.Weight
		for i, s := range w.scores {
			dst[i] += float32(p.Weight * s)
		}
		if b.mnz {
			for i, s := range w.scores {
				if s > 0 {
					w.votes[i]++
				}
			}
		}
	}
	if total == 0 {
		return ErrEmpty
	}
	for i := range dst {
		dst[i] /= total
	}
	if b.mnz {
		for i, n := range w.votes {
			dst[i] *= float32(n)
		}
	}
	return nil
}

// normalize replaces w.scores, scores of part k, and returns the factor they
// were scaled by (0 for RankShare).
func (b *Blend) normalize(w *fuseScratch, k int) (factor float64) {
	s := w.scores
	lo, hi := float32(math.Inf(1)), float32(math.Inf(-1))
	infinite := false
	for _, v := range s {
		if v-v != 0 {
			infinite = true
			continue
		}
		if v < lo {
			lo = v
		}
		if v > hi {
			hi = v
		}
	}
	if lo > hi { // nothing finite
		clear(s)
		return 0
	}
	if infinite {
		for i, v := range s {
			if v-v != 0 {
				s[i] = lo
			}
		}
	}
	switch b.norm {
	case Raw:
		return 1
	case MinMax:
		if b.sparse[k] {
			lo = 0
		}
		if hi <= lo {
			clear(s)
			return 0
		}
		from, factor := float64(lo), 1/(float64(hi)-float64(lo))
		for i, v := range s {
			if v < lo {
				v = lo
			}
			s[i] = float32((float64(v) - from) * factor)
		}
		return factor
	case ZScore:
		// Two passes, shifted by lo: no cancellation, and no overflow in float64.
		mean, square := 0.0, 0.0
		for _, v := range s {
			mean += float64(v) - float64(lo)
		}
		mean /= float64(len(s))
		for _, v := range s {
			d := float64(v) - float64(lo) - mean
			square += float64(d * d)
		}
		if hi == lo {
			clear(s)
			return 0
		}
		sigma := math.Sqrt(square / float64(len(s)))
		for i, v := range s {
			s[i] = float32((float64(v) - float64(lo) - mean) / sigma)
		}
		return 1 / sigma
	}
	if hi == lo {
		clear(s)
		return 0
	}
	w.keys = w.keys[:0]
	for i, v := range s {
		w.keys = append(w.keys, uint64(topk.Key(v))<<32|uint64(i))
	}
	slices.Sort(w.keys)
	n := len(s)
	for a := 0; a < n; {
		e := a + 1
		for e < n && w.keys[e]>>32 == w.keys[a]>>32 {
			e++
		}
		share := float32((float64(a) + float64(e-a-1)/2) / float64(n-1))
		for ; a < e; a++ {
			s[uint32(w.keys[a])] = share
		}
	}
	return 0
}

// AppendReasons appends the history items that speak for item; see the type for
// what the contributions add up to. Parts that cannot explain are silent. Cost:
// the Score of every part.
func (b *Blend) AppendReasons(dst []Reason, q Query, item int32, k int) ([]Reason, error) {
	votes := 0
	return b.explain(dst, &q, item, k, true, func() float32 {
		if b.mnz {
			return float32(votes)
		}
		return 1
	}, func(w *fuseScratch, part int) (float32, float64) {
		raw := w.scores[item]
		factor := b.normalize(w, part)
		if b.norm == MinMax && b.sparse[part] && !(raw > 0) {
			factor = 0 // cut off at 0: it says nothing
		}
		if w.scores[item] > 0 {
			votes++
		}
		return w.scores[item], factor
	})
}

// explain appends reasons. share is asked, with the part's scores in w.scores,
// for the part's score of the item on the scale of the fusion and for the factor
// from the part's contributions to that scale; without a factor the share is
// divided in proportion to the positive contributions. mean says that the fusion
// is a mean, not a sum; times, asked last, what it was multiplied by (nil: 1).
func (f *fused) explain(dst []Reason, q *Query, item int32, k int, mean bool, times func() float32, share func(w *fuseScratch, part int) (score float32, factor float64)) ([]Reason, error) {
	if uint32(item) >= uint32(f.items) {
		return dst, ErrUnknownID
	}
	w := f.pool.Get().(*fuseScratch)
	defer f.pool.Put(w)
	if err := checkQuery(w.scores, q, f.items); err != nil {
		return dst, err
	}
	defer clear(w.acc)
	total, answered := float32(0), false
	for n, p := range f.parts {
		err := p.Model.Score(w.scores, *q)
		if errors.Is(err, ErrEmpty) {
			continue
		}
		if err != nil {
			return dst, err
		}
		answered = true
		total += p.Weight
		score, factor := share(w, n)
		ex, ok := p.Model.(Explainer)
		if !ok || score == 0 && factor == 0 {
			continue
		}
		w.reasons, err = ex.AppendReasons(w.reasons[:0], *q, item, len(q.Items))
		if errors.Is(err, ErrEmpty) {
			continue
		}
		if err != nil {
			return dst, err
		}
		if factor == 0 {
			positive := 0.0
			for _, r := range w.reasons {
				positive += max(float64(r.Contribution), 0)
			}
			if positive == 0 {
				continue
			}
			factor = float64(score) / positive
			for _, r := range w.reasons {
				w.acc[r.Item] += float32(float64(p.Weight) * factor * max(float64(r.Contribution), 0))
			}
			continue
		}
		for _, r := range w.reasons {
			w.acc[r.Item] += float32(float64(p.Weight) * factor * float64(r.Contribution))
		}
	}
	if !answered {
		return dst, ErrEmpty
	}
	if !mean {
		total = 1
	}
	if times != nil {
		if t := times(); t > 0 {
			total /= t
		}
	}
	return topReasons(dst, q, k, f.items, func(_ int, j int32) float32 { return w.acc[j] / total })
}

// AppendSimilar appends the items with the highest weighted mean of the parts'
// similarities, each part's divided by its highest, over the parts that can name
// similar items and the max(k, 100) best of each. ErrEmpty when no part can.
func (b *Blend) AppendSimilar(dst []Scored, item int32, k int) ([]Scored, error) {
	return b.similar(dst, item, k, max(k, 100), true, func(rank int, s, best float32) float32 {
		if best > 0 {
			return max(s, 0) / best
		}
		return 0
	})
}

// similar fuses the parts' lists of depth items.
func (f *fused) similar(dst []Scored, item int32, k, depth int, mean bool, value func(rank int, s, best float32) float32) ([]Scored, error) {
	if uint32(item) >= uint32(f.items) {
		return dst, ErrUnknownID
	}
	w := f.pool.Get().(*fuseScratch)
	defer f.pool.Put(w)
	w.touched = w.touched[:0]
	defer func() {
		for _, i := range w.touched {
			w.acc[i] = 0
		}
	}()
	total, answered := float32(0), false
	for _, p := range f.parts {
		m, ok := p.Model.(Similar)
		if !ok {
			continue
		}
		var err error
		w.similar, err = m.AppendSimilar(w.similar[:0], item, min(depth, f.items))
		if errors.Is(err, ErrEmpty) {
			continue
		}
		if err != nil {
			return dst, err
		}
		answered = true
		total += p.Weight
		for r, s := range w.similar {
			if v := float32(p.Weight * value(r+1, s.Score, w.similar[0].Score)); v > 0 {
				if w.acc[s.Item] == 0 {
					w.touched = append(w.touched, s.Item)
				}
				w.acc[s.Item] += v
			}
		}
	}
	if !answered {
		return dst, ErrEmpty
	}
	if !mean {
		total = 1
	}
	w.heap.Reset(min(k, f.items))
	for _, i := range w.touched {
		w.heap.Push(i, w.acc[i]/total)
	}
	w.items = w.heap.AppendSorted(w.items[:0])
	for _, it := range w.items {
		dst = append(dst, Scored{it.ID, it.Score})
	}
	return dst, nil
}

// RRFOptions configures NewRRF.
type RRFOptions struct {
	K     float64 // damps the first ranks, > 0; default 60
	Depth int     // how many items of each model count; default 1000
}

func (o RRFOptions) withDefaults() RRFOptions {
	o.K = check.Default(o.K, 60)
	o.Depth = check.Default(o.Depth, 1000)
	return o
}

// RRF fuses the rankings of several models by reciprocal rank (Cormack, Clarke
// and Büttcher 2009): the score of an item is Σ weight/(K + rank) over the
// models that have it among their best Depth items, rank from 1, equal scores
// ranked by index. It needs no normalisation, which makes it hard to beat
// without tuning. All other items score 0; so do items of which a SparseScorer
// knows nothing. A model that knows nothing about a query (ErrEmpty) is left
// out.
//
// The ranks are those among all items: items that a filter removes later still
// hold their place.
//
// Reasons divide each model's share of the score among the history in
// proportion to the model's positive contributions: they add up to the score
// when every model can explain. Immutable, safe for concurrent use.
type RRF struct {
	fused
	opt RRFOptions
}

// NewRRF returns the fusion of parts. Errors are those of NewBlend.
func NewRRF(parts []Weighted, opt RRFOptions) (*RRF, error) {
	const where = "recommend: NewRRF"
	opt = opt.withDefaults()
	f, err := newFused(parts, where)
	if err != nil {
		return nil, err
	}
	var c check.Options
	check.Positive(&c, "K", opt.K)
	check.Positive(&c, "Depth", opt.Depth)
	if err := c.Err(where); err != nil {
		return nil, err
	}
	return &RRF{fused: f, opt: opt}, nil
}

// Meaning says what a score stands for.
func (*RRF) Meaning() string { return "weighted sum of reciprocal ranks" }

// SparseScores is true: items on no list score 0.
func (*RRF) SparseScores() bool { return true }

func (f *RRF) value(rank int) float32 { return float32(1 / (f.opt.K + float64(rank))) }

// Score writes Σ weight/(K + rank); ErrEmpty when no part knows the query. Cost:
// the Score of every part and a selection of Depth items.
func (f *RRF) Score(dst []float32, q Query) error {
	_, err := f.scoreRanks(dst, q, f.opt.Depth, f.value)
	return err
}

// scoreRanks writes Σ weight·value(rank) over the parts that have the item among
// their best depth items, and returns the weights of the parts that answered.
func (f *fused) scoreRanks(dst []float32, q Query, depth int, value func(rank int) float32) (total float32, err error) {
	if err := checkQuery(dst, &q, f.items); err != nil {
		return 0, err
	}
	w := f.pool.Get().(*fuseScratch)
	defer f.pool.Put(w)
	clear(dst)
	answered := false
	for k, p := range f.parts {
		err := p.Model.Score(w.scores, q)
		if errors.Is(err, ErrEmpty) {
			continue
		}
		if err != nil {
			return 0, err
		}
		answered = true
		total += p.Weight
		w.items = bestOf(&w.heap, w.items[:0], w.scores, min(depth, f.items), f.sparse[k], nil)
		for r, it := range w.items {
			dst[it.ID] += float32(p.Weight * value(r+1))
		}
	}
	if !answered {
		return 0, ErrEmpty
	}
	return total, nil
}

// AppendReasons appends the history items that speak for item; see the type.
// Cost: the Score of every part.
func (f *RRF) AppendReasons(dst []Reason, q Query, item int32, k int) ([]Reason, error) {
	return f.explainRanks(dst, &q, item, k, false, f.opt.Depth, f.value)
}

func (f *fused) explainRanks(dst []Reason, q *Query, item int32, k int, mean bool, depth int, value func(rank int) float32) ([]Reason, error) {
	return f.explain(dst, q, item, k, mean, nil, func(w *fuseScratch, part int) (float32, float64) {
		own := w.scores[item]
		if own != own || f.sparse[part] && !(own > 0) {
			return 0, 0
		}
		rank := 1
		for i, s := range w.scores {
			if s > own || s == own && int32(i) < item {
				rank++
			}
		}
		if rank > depth {
			return 0, 0
		}
		return value(rank), 0
	})
}

// AppendSimilar appends the items with the highest Σ weight/(K + rank) over the
// Depth most similar items of each part that can name them. ErrEmpty when no
// part can.
func (f *RRF) AppendSimilar(dst []Scored, item int32, k int) ([]Scored, error) {
	return f.similar(dst, item, k, f.opt.Depth, false, func(rank int, _, _ float32) float32 { return f.value(rank) })
}
