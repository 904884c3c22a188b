package recommend

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/sparse"
	"github.com/aislekit/aisle/internal/topk"
)

var (
	_ Persistent   = (*TFIDFModel)(nil)
	_ Meaner       = (*TFIDFModel)(nil)
	_ SparseScorer = (*TFIDFModel)(nil)
	_ OrderReader  = (*TFIDFModel)(nil)
	_ Similar      = (*TFIDFModel)(nil)
	_ Explainer    = (*TFIDFModel)(nil)
)

// TFIDFOptions configures FitTFIDF. The zero value is what scikit-learn's
// TfidfVectorizer does, with Words as tokenizer.
type TFIDFOptions struct {
	Tokenizer Tokenizer // default Words
	NGrams    int       // also count runs of 2 … NGrams neighbouring tokens, joined by a space; default 1
	MinDF     int       // drop terms of fewer items; default 1
	MaxDF     float64   // drop terms of more than this share of the items, in (0, 1]; default 1
	Sublinear bool      // count a term of tf occurrences as 1 + ln tf

	// Attributes are values beside the text, one list an item: "brand=Acme",
	// "price=50-100". They are taken whole, as terms with a "=" in front, so that
	// they never meet a word of the text.
	Attributes      [][]string
	AttributeWeight float32 // factor on the weights of attributes, > 0; default 1

	Workers int // goroutines; default GOMAXPROCS. No influence on the result
}

func (o TFIDFOptions) withDefaults() TFIDFOptions {
	o.NGrams = check.Default(o.NGrams, 1)
	o.MinDF = check.Default(o.MinDF, 1)
	o.MaxDF = check.Default(o.MaxDF, 1)
	o.AttributeWeight = check.Default(o.AttributeWeight, 1)
	return o
}

func (o *TFIDFOptions) validate(where string) error {
	var c check.Options
	c.Require(o.NGrams >= 1 && o.NGrams <= maxGrams, "NGrams", o.NGrams, fmt.Sprintf("in [1, %d]", maxGrams))
	check.Positive(&c, "MinDF", o.MinDF)
	c.Require(o.MaxDF > 0 && o.MaxDF <= 1, "MaxDF", o.MaxDF, "in (0, 1]")
	check.Positive(&c, "AttributeWeight", o.AttributeWeight)
	return c.Err(where)
}

const (
	maxGrams        = 8
	tfidfBlock      = 1024
	attributePrefix = '='
)

// TFIDFModel recommends items by their texts and attributes. It needs no
// interactions, so it knows a new item at once.
//
// Items are vectors of tf·idf, idf = ln((1+n)/(1+df)) + 1 for a term of df among
// n items, those without a text included, scaled to length 1 (Salton and Buckley 1988, smoothed as in
// scikit-learn). A history is the vector Σ wⱼxⱼ scaled to length 1. Score is the
// cosine of that profile with the item, in [-1, 1], and in [0, 1] when no weight
// is negative; 0 says that they share no term. Reasons are exact: history item j
// contributes wⱼ·xᵢᵀxⱼ/‖Σ wx‖.
//
// Items without a known term score 0 everywhere; histories of nothing else are
// ErrEmpty. Immutable, safe for concurrent use.
type TFIDFModel struct {
	origin
	opt   TFIDFOptions // as fitted, without Attributes
	terms []string     // ascending
	idf   []float64
	items *sparse.CSR // items×terms, rows of length 1 or 0
	posts *sparse.CSR // its transpose: the inverted index
	index map[string]int32
	pool  *sync.Pool // of *tfidfScratch
	// foreign: the tokenizer of the fit was the caller's and did not survive
	// encoding.
	foreign bool
}

// FitTFIDF learns the vocabulary and the vectors of the items, one text each,
// in item order. It knows no ids: see TFIDFModel.Over.
//
// Cost: one pass over the texts and a sort of the vocabulary. Memory: 16 bytes
// an entry (an item and one of its terms) and the vocabulary.
//
// Errors: ErrEmpty (no texts, or no term left), ErrOption, ErrShape (Attributes
// of another length), ErrOverflow (more than 2³¹-1 items or terms).
func FitTFIDF(ctx context.Context, texts []string, opt TFIDFOptions) (*TFIDFModel, error) {
	opt = opt.withDefaults()
	if err := opt.validate("recommend: FitTFIDF"); err != nil {
		return nil, err
	}
	n := len(texts)
	if n == 0 {
		return nil, fmt.Errorf("recommend: FitTFIDF: texts: %w", ErrEmpty)
	}
	if n > math.MaxInt32 {
		return nil, fmt.Errorf("recommend: FitTFIDF: %d texts: %w", n, ErrOverflow)
	}
	if opt.Attributes != nil && len(opt.Attributes) != n {
		return nil, fmt.Errorf("recommend: FitTFIDF: %d lists of Attributes for %d texts: %w", len(opt.Attributes), n, ErrShape)
	}
	docs := make([]tfidfDoc, parallel.Blocks(n, tfidfBlock))
	counters := make([]tfidfCounter, parallel.Scratch(n, tfidfBlock, opt.Workers))
	err := parallel.For(ctx, n, tfidfBlock, opt.Workers, func(worker, lo, hi int) error {
		d, err := counters[worker].block(ctx, texts, &opt, lo, hi)
		docs[lo/tfidfBlock] = d
		return err
	})
	if err != nil {
		return nil, err
	}
	m := &TFIDFModel{opt: opt, foreign: opt.Tokenizer != nil}
	m.opt.Attributes = nil
	local, err := m.vocabulary(ctx, docs, n, &opt)
	if err != nil {
		return nil, err
	}
	if err := m.weigh(ctx, docs, local, n); err != nil {
		return nil, err
	}
	if err := m.finish(ctx); err != nil {
		return nil, err
	}
	m.foreign = false
	return m, nil
}

// tfidfEntry is a term of one text, on its way to a vector.
type tfidfEntry struct {
	term  int32
	count int32
}

// vector appends the scaled vector of entries, which it sorts.
func (m *TFIDFModel) vector(cols []int32, vals []float32, entries []tfidfEntry) ([]int32, []float32) {
	slices.SortFunc(entries, func(a, b tfidfEntry) int { return int(a.term) - int(b.term) })
	weight := func(e tfidfEntry) float64 {
		tf := float64(e.count)
		if m.opt.Sublinear {
			tf = 1 + math.Log(tf)
		}
		if t := m.terms[e.term]; t != "" && t[0] == attributePrefix {
			tf *= float64(m.opt.AttributeWeight)
		}
		return tf * m.idf[e.term]
	}
	sum := 0.0
	for _, e := range entries {
		w := weight(e)
		sum += float64(w * w)
	}
	norm := math.Sqrt(sum)
	for _, e := range entries {
		cols = append(cols, e.term)
		vals = append(vals, float32(weight(e)/norm))
	}
	return cols, vals
}

// weigh turns counts into the matrix.
func (m *TFIDFModel) weigh(ctx context.Context, docs []tfidfDoc, local [][]int32, n int) error {
	type part struct {
		cols []int32
		vals []float32
		ends []int32
	}
	parts := make([]part, len(docs))
	err := parallel.For(ctx, len(docs), 1, m.opt.Workers, func(_, b, _ int) error {
		d, p := &docs[b], &parts[b]
		p.cols, p.vals = make([]int32, 0, len(d.col)), make([]float32, 0, len(d.col))
		var entries []tfidfEntry
		meter := parallel.NewMeter(ctx)
		for r := range len(d.ptr) - 1 {
			entries = entries[:0]
			for k := d.ptr[r]; k < d.ptr[r+1]; k++ {
				if t := local[b][d.col[k]]; t >= 0 {
					entries = append(entries, tfidfEntry{t, d.count[k]})
				}
			}
			p.cols, p.vals = m.vector(p.cols, p.vals, entries)
			p.ends = append(p.ends, int32(len(p.cols)))
			if err := meter.Did(32 * len(entries)); err != nil {
				return err
			}
		}
		docs[b] = tfidfDoc{} // no longer needed
		return nil
	})
	if err != nil {
		return err
	}
	total := 0
	for b := range parts {
		total += len(parts[b].cols)
	}
	m.items = &sparse.CSR{Rows: n, Cols: len(m.terms), Ptr: make([]int64, 1, n+1), Col: make([]int32, 0, total), Val: make([]float32, 0, total)}
	for b := range parts {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		p := &parts[b]
		at := int64(len(m.items.Col))
		m.items.Col = append(m.items.Col, p.cols...)
		m.items.Val = append(m.items.Val, p.vals...)
		for _, e := range p.ends {
			m.items.Ptr = append(m.items.Ptr, at+int64(e))
		}
		*p = part{}
	}
	return nil
}

// finish derives what is not encoded.
func (m *TFIDFModel) finish(ctx context.Context) error {
	var err error
	if m.posts, err = m.items.TransposeUntil(ctx, m.opt.Workers); err != nil {
		return err
	}
	m.index = make(map[string]int32, len(m.terms))
	meter := parallel.NewMeter(ctx)
	for t, s := range m.terms {
		m.index[s] = int32(t)
		if err := meter.Did(termWork); err != nil {
			return err
		}
	}
	items, terms := m.items.Rows, m.items.Cols
	m.pool = &sync.Pool{New: func() any {
		return &tfidfScratch{sums: make([]float32, items), profile: make([]float32, terms)}
	}}
	return nil
}

// tfidfScratch is the memory of one query. Between queries sums and profile are
// all zero.
type tfidfScratch struct {
	counter tfidfCounter
	entries []tfidfEntry
	sums    []float32 // an item each
	touched []int32
	profile []float32 // a term each
	terms   []int32   // the query vector
	weights []float32
	heap    topk.Heap
	top     []topk.Item
}

// Users returns 0: the model knows items only.
func (m *TFIDFModel) Users() int { return 0 }

// Items returns the number of items.
func (m *TFIDFModel) Items() int {
	m = orZero(m)
	if m.items == nil {
		return 0
	}
	return m.items.Rows
}

// Meaning says what a score stands for.
func (*TFIDFModel) Meaning() string {
	return "cosine of the item's text and attributes with those of the history"
}

// SparseScores is true: items that share no term with the history score 0.
func (*TFIDFModel) SparseScores() bool { return true }

// ReadsOrder is false: the history is a set.
func (*TFIDFModel) ReadsOrder() bool { return false }

// Terms returns the vocabulary in ascending order. Do not change it.
func (m *TFIDFModel) Terms() []string {
	m = orZero(m)
	return m.terms
}

// ItemVector returns the vector of an item: indices into Terms, ascending, and
// weights. The slices must not be changed. ErrUnknownID when item is out of
// range.
func (m *TFIDFModel) ItemVector(item int32) (terms []int32, weights []float32, err error) {
	m = orZero(m)
	defer about(&err, "TFIDFModel.ItemVector")
	if uint32(item) >= uint32(m.Items()) {
		return nil, nil, noItem(item, m.Items())
	}
	terms, weights = m.items.Row(int(item))
	return terms, weights, nil
}

// AppendVector appends the vector of any text, that of a new item or of a
// search: indices into Terms, ascending, and weights, as if it had been there at
// the fit, except that its own terms do not count in idf. ErrEmpty when it has
// no known term, ErrMismatch when the model was fitted with a Tokenizer of the
// caller and decoded: see WithTokenizer.
func (m *TFIDFModel) AppendVector(terms []int32, weights []float32, text string, attributes ...string) (_ []int32, _ []float32, err error) {
	m = orZero(m)
	defer about(&err, "TFIDFModel.AppendVector")
	if m.Items() == 0 {
		return terms, weights, ErrEmpty
	}
	w := m.pool.Get().(*tfidfScratch)
	defer m.pool.Put(w)
	if err := m.textVector(w, text, attributes); err != nil {
		return terms, weights, err
	}
	return append(terms, w.terms...), append(weights, w.weights...), nil
}

// WithTokenizer returns the model with the Tokenizer it was fitted with, which
// no encoding can hold. The rest is shared. Nil of one that is nil or zero.
func (m *TFIDFModel) WithTokenizer(t Tokenizer) *TFIDFModel {
	if m == nil || m.Items() == 0 {
		return nil
	}
	c := *m
	c.opt.Tokenizer, c.foreign = t, false
	return &c
}

// textVector leaves the vector of a text in w.terms and w.weights.
func (m *TFIDFModel) textVector(w *tfidfScratch, text string, attributes []string) error {
	if m.foreign {
		return ErrMismatch
	}
	c := &w.counter
	c.ids = c.ids[:0]
	c.tokenize(m.opt.Tokenizer, text)
	for n := 1; n <= m.opt.NGrams; n++ {
		for k := 0; k+n <= c.tok.Len(); k++ {
			if t, ok := m.index[string(c.tok.Gram(k, n))]; ok {
				c.ids = append(c.ids, t)
			}
		}
	}
	for _, a := range attributes {
		c.attr = append(append(c.attr[:0], attributePrefix), a...)
		if t, ok := m.index[string(c.attr)]; ok {
			c.ids = append(c.ids, t)
		}
	}
	if len(c.ids) == 0 {
		return ErrEmpty
	}
	slices.Sort(c.ids)
	w.entries = w.entries[:0]
	for k := 0; k < len(c.ids); {
		e := k + 1
		for e < len(c.ids) && c.ids[e] == c.ids[k] {
			e++
		}
		w.entries = append(w.entries, tfidfEntry{c.ids[k], int32(e - k)})
		k = e
	}
	w.terms, w.weights = m.vector(w.terms[:0], w.weights[:0], w.entries)
	return nil
}

// profileOf leaves the unit vector of a history in w.terms and w.weights and
// returns the length it had.
func (m *TFIDFModel) profileOf(w *tfidfScratch, q *Query) (float64, error) {
	w.touched = w.touched[:0]
	for k, i := range q.Items {
		weight := q.Weight(k)
		terms, vals := m.items.Row(int(i))
		for n, t := range terms {
			if w.profile[t] == 0 {
				w.touched = append(w.touched, t)
			}
			w.profile[t] += float32(weight * vals[n])
		}
	}
	w.terms, w.weights = w.terms[:0], w.weights[:0]
	sum := 0.0
	for _, t := range w.touched {
		v := w.profile[t]
		w.profile[t] = 0
		if v != 0 { // 0 when weights cancel, or when t was touched twice
			w.terms = append(w.terms, t)
			w.weights = append(w.weights, v)
			sum += float64(v) * float64(v)
		}
	}
	if !check.Finite(sum) {
		return 0, ErrNotFinite
	}
	if sum == 0 {
		return 0, ErrEmpty
	}
	norm := math.Sqrt(sum)
	for k, v := range w.weights {
		w.weights[k] = float32(float64(v) / norm)
	}
	return norm, nil
}

func (m *TFIDFModel) self() Model { return m }

// Score writes the cosine of the history with every item. ErrEmpty for a
// history without any known term. Cost: the items of each term of the history.
func (m *TFIDFModel) Score(dst []float32, q Query) error {
	m = orZero(m)
	if err := checkQuery(dst, &q, m.Items()); err != nil {
		return err
	}
	if len(q.Items) == 0 {
		return ErrEmpty
	}
	w := m.pool.Get().(*tfidfScratch)
	defer m.pool.Put(w)
	if _, err := m.profileOf(w, &q); err != nil {
		return err
	}
	clear(dst)
	m.accumulate(dst, w)
	return nil
}

// accumulate adds the products of the query vector with all items to sums.
func (m *TFIDFModel) accumulate(sums []float32, w *tfidfScratch) {
	for k, t := range w.terms {
		p := w.weights[k]
		items, vals := m.posts.Row(int(t))
		vals = vals[:len(items)]
		for n, i := range items {
			sums[i] += float32(p * vals[n])
		}
	}
}

// ScoreText returns the score an item with that text and those attributes would
// have, one the model was not fitted on: the cold start of items. ErrEmpty when
// the text or the history has no known term.
func (m *TFIDFModel) ScoreText(q Query, text string, attributes ...string) (_ float32, err error) {
	m = orZero(m)
	defer about(&err, "TFIDFModel.ScoreText")
	if m.Items() == 0 {
		return 0, errUnfit
	}
	if err := checkHistory(&q, m.Items()); err != nil {
		return 0, err
	}
	if len(q.Items) == 0 {
		return 0, errNoHistory
	}
	w := m.pool.Get().(*tfidfScratch)
	defer m.pool.Put(w)
	if err := m.textVector(w, text, attributes); err != nil {
		return 0, err
	}
	v := m.pool.Get().(*tfidfScratch)
	defer m.pool.Put(v)
	if _, err := m.profileOf(v, &q); err != nil {
		return 0, err
	}
	for k, t := range v.terms {
		v.profile[t] = v.weights[k]
	}
	sum := float32(0)
	for k, t := range w.terms {
		sum += float32(w.weights[k] * v.profile[t])
	}
	for _, t := range v.terms {
		v.profile[t] = 0
	}
	return sum, nil
}

// AppendSearch appends the k items that pass f whose texts are most like the
// query, by cosine, best first, ties by index; fewer when fewer share a term
// with it. Cost: the items of each term of the query, no allocation in steady
// state. Errors: those of AppendVector, and ErrMismatch for an item set of
// another catalogue.
func (m *TFIDFModel) AppendSearch(dst []Scored, text string, k int, f Filter) ([]Scored, error) {
	m = orZero(m)
	n := m.Items()
	if err := f.Allow.fits(m, "recommend: TFIDFModel.AppendSearch: Filter.Allow"); err != nil {
		return dst, err
	}
	if err := f.Deny.fits(m, "recommend: TFIDFModel.AppendSearch: Filter.Deny"); err != nil {
		return dst, err
	}
	if n == 0 {
		return dst, ErrEmpty
	}
	w := m.pool.Get().(*tfidfScratch)
	defer m.pool.Put(w)
	if err := m.textVector(w, text, nil); err != nil {
		return dst, err
	}
	return m.search(dst, w, k, &f), nil
}

// AppendSimilar appends the k items whose texts are most like that of item, by
// cosine.
func (m *TFIDFModel) AppendSimilar(dst []Scored, item int32, k int) ([]Scored, error) {
	m = orZero(m)
	if uint32(item) >= uint32(m.Items()) {
		return dst, unknownItem(m.Items())
	}
	w := m.pool.Get().(*tfidfScratch)
	defer m.pool.Put(w)
	terms, weights := m.items.Row(int(item))
	w.terms, w.weights = append(w.terms[:0], terms...), append(w.weights[:0], weights...)
	own := [1]int32{item}
	return m.search(dst, w, k, &Filter{Items: own[:]}), nil
}

// appendLikeText is AppendSimilar for an item that the model was not fitted on.
func (m *TFIDFModel) appendLikeText(dst []Scored, k int, text string, tokens []string) ([]Scored, error) {
	if m.Items() == 0 {
		return dst, ErrEmpty
	}
	w := m.pool.Get().(*tfidfScratch)
	defer m.pool.Put(w)
	if err := m.textVector(w, text, tokens); err != nil {
		return dst, err
	}
	return m.search(dst, w, k, &Filter{}), nil
}

// likeTexts returns the cosine of two items that the model was not fitted on.
func (m *TFIDFModel) likeTexts(text string, tokens []string, other string, others []string) (float32, error) {
	terms, weights, err := m.AppendVector(nil, nil, text, tokens...)
	if err != nil {
		return 0, err
	}
	terms2, weights2, err := m.AppendVector(nil, nil, other, others...)
	if err != nil {
		return 0, err
	}
	sum, k := float32(0), 0
	for n, t := range terms2 {
		for k < len(terms) && terms[k] < t {
			k++
		}
		if k < len(terms) && terms[k] == t {
			sum += float32(weights[k] * weights2[n])
		}
	}
	return sum, nil
}

// search appends the best items for the vector in w. Query weights and item
// weights are positive here.
func (m *TFIDFModel) search(dst []Scored, w *tfidfScratch, k int, f *Filter) []Scored {
	if k <= 0 {
		return dst
	}
	posts := 0
	for _, t := range w.terms {
		posts += m.posts.RowLen(int(t))
	}
	n := len(w.sums)
	w.heap.Reset(min(k, n))
	pass := func(i int32) bool { return (f.Allow == nil || f.Allow.Has(i)) && (f.Deny == nil || !f.Deny.Has(i)) }
	// A scan of all sums is cheaper than a list of the touched ones unless these
	// are few.
	if posts > n/8 {
		m.accumulate(w.sums, w)
		for _, i := range f.Items {
			if uint32(i) < uint32(n) {
				w.sums[i] = 0
			}
		}
		worst := float32(0)
		for i, s := range w.sums {
			if s > worst && pass(int32(i)) {
				w.heap.Push(int32(i), s)
				if w.heap.Full() {
					worst = w.heap.Worst().Score
				}
			}
		}
		clear(w.sums)
	} else {
		w.touched = w.touched[:0]
		for k, t := range w.terms {
			p := w.weights[k]
			items, vals := m.posts.Row(int(t))
			for n, i := range items {
				if w.sums[i] == 0 {
					w.touched = append(w.touched, i)
				}
				w.sums[i] += float32(p * vals[n])
			}
		}
		for _, i := range f.Items {
			if uint32(i) < uint32(n) {
				w.sums[i] = 0
			}
		}
		for _, i := range w.touched {
			s := w.sums[i]
			w.sums[i] = 0 // an item touched twice, by products that underflow, counts once
			if s > 0 && (!w.heap.Full() || s >= w.heap.Worst().Score) && pass(i) {
				w.heap.Push(i, s)
			}
		}
	}
	w.top = w.heap.AppendSorted(w.top[:0])
	for _, it := range w.top {
		dst = append(dst, Scored{it.ID, it.Score})
	}
	return dst
}

// AppendReasons appends the history items with the largest wⱼ·xᵢᵀxⱼ/‖Σ wx‖. The
// decomposition is exact.
func (m *TFIDFModel) AppendReasons(dst []Reason, q Query, item int32, k int) (_ []Reason, err error) {
	m = orZero(m)
	defer about(&err, "TFIDFModel.AppendReasons")
	n := m.Items()
	if uint32(item) >= uint32(n) {
		return dst, noItem(item, n)
	}
	if err := checkHistory(&q, n); err != nil {
		return dst, err
	}
	if len(q.Items) == 0 {
		return dst, errNoHistory
	}
	w := m.pool.Get().(*tfidfScratch)
	defer m.pool.Put(w)
	norm, err := m.profileOf(w, &q)
	if err != nil {
		return dst, err
	}
	terms, vals := m.items.Row(int(item))
	for n, t := range terms {
		w.profile[t] = vals[n]
	}
	dst, err = topReasons(dst, &q, k, n, func(n int, j int32) float32 {
		sum := 0.0
		ts, vs := m.items.Row(int(j))
		for k, t := range ts {
			sum += float64(vs[k] * w.profile[t])
		}
		return float32(float64(q.Weight(n)) * sum / norm)
	})
	for _, t := range terms {
		w.profile[t] = 0
	}
	return dst, err
}
