package recommend

import (
	"errors"
	"fmt"
	"math/bits"
	"sync"
	"sync/atomic"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/topk"
)

// SourcePopular names the popularity of an Engine: its own last resort, whose
// Score is the number of users of the item.
const SourcePopular = "popular"

// SparseScorer is the ability of models that know only some items for a query.
// Where SparseScores is true, a score of 0 or below means that nothing speaks
// for the item, and an Engine leaves such items to the next model of its chain.
type SparseScorer interface {
	SparseScores() bool
}

// SparseScores is true: items that are no neighbours of the history score 0.
func (m *ItemKNN) SparseScores() bool { return true }

// SparseScores is true: items no walk reaches score 0.
func (m *RP3Beta) SparseScores() bool { return true }

// SparseScores is true: items that no similar user took score 0.
func (m *UserKNN) SparseScores() bool { return true }

// Source is a model with the name it has in answers.
type Source struct {
	Name  string
	Model Model
}

// EngineOptions configures an Engine. With the zero value every answer is by
// popularity.
type EngineOptions struct {
	// Sources is the fallback chain, best first. A request goes to the first
	// model that knows something about it; what that model cannot fill is filled
	// by the ones after it, and in the end by popularity. Names must be distinct.
	Sources []Source
}

func (o *EngineOptions) validate(where string, users, items int) error {
	var c check.Options
	names := make(map[string]bool, len(o.Sources))
	for k, s := range o.Sources {
		field := func(f string) string { return fmt.Sprintf("Sources[%d].%s", k, f) }
		c.Require(s.Name != "", field("Name"), "empty", "a name")
		c.Require(s.Name == "" || !names[s.Name], field("Name"), s.Name, "a name of its own")
		c.Require(s.Model != nil, field("Model"), "nil", "a model")
		names[s.Name] = true
	}
	if err := c.Err(where); err != nil {
		return err
	}
	for _, s := range o.Sources {
		if n := s.Model.Items(); n != items {
			return fmt.Errorf("%s: source %s knows %d items, the dataset has %d: %w", where, s.Name, n, items, ErrMismatch)
		}
		// Fewer users are fine: the rest came later and is folded in.
		if n := s.Model.Users(); n > users {
			return fmt.Errorf("%s: source %s knows %d users, the dataset has %d: %w", where, s.Name, n, users, ErrMismatch)
		}
	}
	return nil
}

// Engine answers requests in ids: dataset, models, filters, fallback and
// explanation behind one call, made to live inside a backend.
//
// Every answer has exactly min(K, eligible) distinct items. A request with a
// buffer of sufficient capacity allocates nothing in steady state, as long as
// its models do not. An Engine is safe for concurrent use, Swap included: each
// request sees one dataset with the models fitted on it.
//
// Memory: for each request that runs at the same time 4 bytes and 1 bit an item.
type Engine[U, I ID] struct {
	state atomic.Pointer[state[U, I]]
}

// state is all that a request reads. It is never changed, only replaced.
type state[U, I ID] struct {
	data    *Dataset[U, I]
	sources []Source
	sparse  []bool    // parallel to sources
	popular []float32 // users of each item
	pool    sync.Pool // of *scratch, sized for this catalogue
}

// NewEngine returns an engine over the dataset and the models fitted on it.
// Errors: ErrEmpty (no dataset), ErrOption (a source without name or model, a
// name twice), ErrMismatch (a model of another catalogue).
func NewEngine[U, I ID](d *Dataset[U, I], opt EngineOptions) (*Engine[U, I], error) {
	s, err := newState(d, opt, "recommend: NewEngine")
	if err != nil {
		return nil, err
	}
	e := &Engine[U, I]{}
	e.state.Store(s)
	return e, nil
}

// Swap replaces the dataset and the models in one step: requests under way end
// on the old ones, later requests see the new ones, nobody waits. The same
// checks and errors as NewEngine; after an error the engine goes on as it was.
func (e *Engine[U, I]) Swap(d *Dataset[U, I], opt EngineOptions) error {
	s, err := newState(d, opt, "recommend: Swap")
	if err != nil {
		return err
	}
	e.state.Store(s)
	return nil
}

// Dataset returns the dataset in use, for making item sets that fit it.
func (e *Engine[U, I]) Dataset() *Dataset[U, I] { return e.state.Load().data }

func newState[U, I ID](d *Dataset[U, I], opt EngineOptions, where string) (*state[U, I], error) {
	if d == nil || d.Interactions == nil || d.Items.Len() == 0 {
		return nil, fmt.Errorf("%s: dataset: %w", where, ErrEmpty)
	}
	users, items := d.Interactions.Users(), d.Interactions.Items()
	if err := opt.validate(where, users, items); err != nil {
		return nil, err
	}
	s := &state[U, I]{data: d, sources: append([]Source(nil), opt.Sources...), popular: make([]float32, items)}
	for _, src := range s.sources {
		sp, ok := src.Model.(SparseScorer)
		s.sparse = append(s.sparse, ok && sp.SparseScores())
	}
	for i, n := range d.Interactions.ItemCounts() {
		s.popular[i] = float32(n)
	}
	s.pool.New = func() any {
		return &scratch{scores: make([]float32, items), free: make([]uint64, (items+63)/64), mark: make([]uint64, (items+63)/64)}
	}
	return s, nil
}

// scratch is what one request needs besides the caller's buffer.
type scratch struct {
	scores  []float32
	free    []uint64 // items that may still be recommended
	mark    []uint64 // a second set
	heap    topk.Heap
	top     []topk.Item
	past    past
	reasons []Reason
	similar []Scored
}

// Recommend appends the answer to dst: min(K, eligible) distinct items, best
// first; items of one source by descending score, equal scores by index, and
// sources in the order of the chain.
//
// Errors: ErrOption (K < 1, an unknown policy, Repurchase without Now or on a
// dataset without times), ErrMismatch (an item set of another catalogue),
// ErrNotFinite (a weight), or what a model returns, except ErrEmpty, which
// hands over to the next source. After an error dst is returned as it came.
//
// Cost: the Score of each source needed and one pass over its scores.
func (e *Engine[U, I]) Recommend(dst []Recommendation[I], req Request[U, I]) ([]Recommendation[I], error) {
	s := e.state.Load()
	var info Info
	if err := req.validate(len(s.popular)); err != nil {
		return dst, err
	}
	w := s.pool.Get().(*scratch)
	out, err := s.recommend(w, dst, &req, &info)
	s.pool.Put(w)
	if err != nil {
		return dst, err
	}
	if req.Info != nil {
		*req.Info = info
	}
	return out, nil
}

func (s *state[U, I]) recommend(w *scratch, dst []Recommendation[I], req *Request[U, I], info *Info) ([]Recommendation[I], error) {
	q, err := s.query(w, req, info)
	if err != nil {
		return nil, err
	}
	s.filter(w, req, &q, info)
	left := min(req.K, info.Eligible)
	info.Returned = left
	start := len(dst)
	var slab []Because[I]
	if req.Reasons > 0 {
		slab = make([]Because[I], 0, min(left, 64)*min(req.Reasons, len(q.Items)))
	}
	for k := 0; k < len(s.sources) && left > 0; k++ {
		src := &s.sources[k]
		asked, err := s.score(w, src, q, info.fresh)
		if errors.Is(err, ErrEmpty) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("recommend: Recommend: source %s: %w", src.Name, err)
		}
		at := len(dst)
		dst = s.take(w, dst, w.scores, left, s.sparse[k], src.Name, start)
		left -= len(dst) - at
		if ex, ok := src.Model.(Explainer); ok && req.Reasons > 0 {
			if slab, err = s.explain(w, dst[at:], slab, ex, asked, req.Reasons); err != nil {
				return nil, fmt.Errorf("recommend: Recommend: source %s: reasons: %w", src.Name, err)
			}
		}
	}
	if left > 0 {
		dst = s.take(w, dst, s.popular, left, false, SourcePopular, start)
	}
	return dst, nil
}

// query says for whom the request is. Histories without new events alias the
// dataset.
func (s *state[U, I]) query(w *scratch, req *Request[U, I], info *Info) (Query, error) {
	q := Query{User: Stranger}
	x := s.data.Interactions
	var times []int64
	if !req.Anonymous {
		if u := s.data.Users.Of(req.User); u >= 0 {
			q = x.Query(int(u))
			times = x.Times(int(u))
			info.Known = true
		}
	}
	if req.Seen == Repurchase && len(q.Items) > 0 && times == nil {
		return q, fmt.Errorf("recommend: Recommend: Seen is Repurchase but the dataset has no times: %w", ErrOption)
	}
	w.past.times = append(w.past.times[:0], times...)
	if len(req.History) > 0 {
		now := int64(noTime)
		if req.Seen == Repurchase {
			now = req.Now.Unix()
		}
		unknown, err := mergePast(&w.past, s.data.Items, q.Items, q.Weights, times, req.History, now, s.data.opt.Duplicates)
		if err != nil {
			return q, err
		}
		info.UnknownHistory = unknown
		if unknown < len(req.History) {
			q.Items, q.Weights = w.past.items, w.past.weights
			info.fresh = true
		}
	}
	info.History = len(q.Items)
	return q, nil
}

// filter leaves in w.free what may be recommended.
func (s *state[U, I]) filter(w *scratch, req *Request[U, I], q *Query, info *Info) {
	free, n := w.free, len(s.popular)
	for k := range free {
		free[k] = ^uint64(0)
	}
	if r := n % 64; r != 0 {
		free[len(free)-1] = 1<<r - 1
	}
	if req.Allow != nil {
		for k, word := range req.Allow.set.Words() {
			free[k] &= word
		}
	}
	if req.AllowItems != nil {
		clear(w.mark)
		info.UnknownAllow = mark(w.mark, s.data.Items, req.AllowItems)
		for k, word := range w.mark {
			free[k] &= word
		}
	}
	allowed := count(free)
	if req.Deny != nil {
		for k, word := range req.Deny.set.Words() {
			free[k] &^= word
		}
	}
	if len(req.DenyItems) > 0 {
		clear(w.mark)
		info.UnknownDeny = mark(w.mark, s.data.Items, req.DenyItems)
		for k, word := range w.mark {
			free[k] &^= word
		}
	}
	left := count(free)
	if req.Seen != KeepSeen {
		last := int64(noTime)
		if req.Seen == Repurchase {
			last = req.Now.Add(-req.Interval).Unix()
		}
		for k, i := range q.Items {
			if req.Seen == DropSeen || w.past.times[k] > last {
				free[i>>6] &^= 1 << (uint(i) & 63)
			}
		}
	}
	info.Eligible = count(free)
	switch {
	case allowed == 0:
		info.Why = "no item is allowed"
	case left == 0:
		info.Why = "every allowed item is denied"
	case info.Eligible == 0:
		info.Why = "every item that is left was seen already"
	}
}

func count(set []uint64) int {
	n := 0
	for _, word := range set {
		n += bits.OnesCount64(word)
	}
	return n
}

// mark adds ids to set and returns how many are unknown.
func mark[I ID](set []uint64, index *Index[I], ids []I) (unknown int) {
	for _, id := range ids {
		if i := index.Of(id); i >= 0 {
			set[i>>6] |= 1 << (uint(i) & 63)
		} else {
			unknown++
		}
	}
	return unknown
}

// score asks a source. Events newer than the fit are folded in where the model
// can: it is asked for a stranger with the merged history first, and for the
// user as fitted only when it has no answer to that. The query that was
// answered is returned, for reasons.
func (s *state[U, I]) score(w *scratch, src *Source, q Query, fresh bool) (Query, error) {
	if q.User >= 0 && fresh {
		folded := q
		folded.User = Stranger
		err := src.Model.Score(w.scores, folded)
		if !errors.Is(err, ErrEmpty) {
			return folded, err
		}
	}
	return q, src.Model.Score(w.scores, q)
}

// take appends the best n free items by score and frees them no more. start is
// where the answer begins in dst.
func (s *state[U, I]) take(w *scratch, dst []Recommendation[I], scores []float32, n int, sparse bool, source string, start int) []Recommendation[I] {
	h := &w.heap
	h.Reset(n)
	// worst is what a score must exceed: indices ascend, so an equal one never
	// displaces a kept item. A source of sparse scores has it from the start.
	worst, bounded := float32(0), sparse
	for k, word := range w.free {
		if word == 0 {
			continue
		}
		base := k << 6
		block := scores[base:min(base+64, len(scores))]
		if !bounded {
			for b, score := range block {
				if word>>uint(b)&1 == 1 {
					h.Push(int32(base+b), score)
				}
			}
			if bounded = h.Full(); bounded {
				worst = h.Worst().Score
			}
			continue
		}
		for b, score := range block {
			if score > worst && word>>uint(b)&1 == 1 {
				h.Push(int32(base+b), score)
				if h.Full() {
					worst = h.Worst().Score
				}
			}
		}
	}
	w.top = h.AppendSorted(w.top[:0])
	for _, it := range w.top {
		w.free[it.ID>>6] &^= 1 << (uint(it.ID) & 63)
		dst = append(dst, Recommendation[I]{Item: s.data.Items.ID(it.ID), Rank: len(dst) - start + 1, Score: it.Score, Source: source})
	}
	return dst
}

// explain fills the reasons of recs, whose dense indices are in w.top.
func (s *state[U, I]) explain(w *scratch, recs []Recommendation[I], slab []Because[I], ex Explainer, q Query, n int) ([]Because[I], error) {
	for k := range recs {
		var err error
		w.reasons, err = ex.AppendReasons(w.reasons[:0], q, w.top[k].ID, n)
		if errors.Is(err, ErrEmpty) {
			continue
		}
		if err != nil {
			return slab, err
		}
		at := len(slab)
		for _, r := range w.reasons {
			slab = append(slab, Because[I]{s.data.Items.ID(r.Item), r.Contribution})
		}
		recs[k].Reasons = slab[at:len(slab):len(slab)]
	}
	return slab, nil
}

// Similar appends the k items most like item, never item itself: those of the
// first source that can name any, filled up from the ones after it. Fewer are
// appended when the sources know fewer. For filters, ask Recommend with
// Anonymous and a History of that one item.
//
// Errors: ErrUnknownID (item), ErrOption (k < 1). After an error dst is returned
// as it came.
func (e *Engine[U, I]) Similar(dst []Recommendation[I], item I, k int) ([]Recommendation[I], error) {
	s := e.state.Load()
	i := s.data.Items.Of(item)
	if i < 0 {
		return dst, fmt.Errorf("recommend: Similar: item %v: %w", item, ErrUnknownID)
	}
	if k < 1 {
		return dst, fmt.Errorf("recommend: Similar: k is %d, want at least 1: %w", k, ErrOption)
	}
	w := s.pool.Get().(*scratch)
	defer s.pool.Put(w)
	clear(w.mark)
	w.mark[i>>6] |= 1 << (uint(i) & 63)
	out := dst
	for _, src := range s.sources {
		left := k - (len(out) - len(dst))
		if left == 0 {
			break
		}
		m, ok := src.Model.(Similar)
		if !ok {
			continue
		}
		var err error
		// k, not left: the first ones may be taken.
		w.similar, err = m.AppendSimilar(w.similar[:0], i, k)
		if errors.Is(err, ErrEmpty) {
			continue
		}
		if err != nil {
			return dst, fmt.Errorf("recommend: Similar: source %s: %w", src.Name, err)
		}
		for _, x := range w.similar {
			if bit := uint64(1) << (uint(x.Item) & 63); w.mark[x.Item>>6]&bit == 0 && left > 0 {
				w.mark[x.Item>>6] |= bit
				left--
				out = append(out, Recommendation[I]{Item: s.data.Items.ID(x.Item), Rank: len(out) - len(dst) + 1, Score: x.Score, Source: src.Name})
			}
		}
	}
	return out, nil
}
