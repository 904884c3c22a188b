package recommend

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/topk"
)

// state is all that a request reads besides live events. It is never changed,
// only replaced.
type state[U, I ID] struct {
	data      *Dataset[U, I]
	items     int // of the dataset
	sources   []Source
	sparse    []bool    // parallel to sources
	ordered   bool      // a source reads order
	popular   []float32 // users of each item
	halfLife  int64     // of popularity, in nanoseconds; 0: none
	last      int64     // Unix nanoseconds of the dataset's last entry, where there is a half-life
	maxK      int
	catalogue uint64  // fingerprint of the ids of the items
	watermark int64   // Unix nanoseconds
	rerank    *Rerank // nil: by score

	// Arrivals have the indices from items on.
	arrivals []*arrival[I]
	byID     map[I]int32
	scored   []bool // parallel to sources: it can score an arrival
	view     ruleView
	join     map[string][]int32 // see joinCodes
	stock    indexSet           // nil: everything
}

// of returns the index of an id, or -1.
func (s *state[U, I]) of(id I) int32 {
	if i := s.data.Items.Of(id); i >= 0 {
		return i
	}
	if i, ok := s.byID[id]; ok {
		return i
	}
	return -1
}

// id returns the id of an index.
func (s *state[U, I]) id(i int32) I {
	if int(i) < s.items {
		return s.data.Items.ID(i)
	}
	return s.arrivals[int(i)-s.items].Item
}

// words returns the length of a set of all items.
func (s *state[U, I]) words() int { return (s.items + len(s.arrivals) + 63) / 64 }

// scratch is what one request needs besides the caller's buffer.
type scratch[I ID] struct {
	scores    []float32
	boosted   []float32
	free      indexSet // items that may still be recommended
	eligible  indexSet // the same when the source was asked
	mark      indexSet // a second set
	rule      ruleScratch
	scan      scan
	scored    bool // scan holds the first source, which was asked asked
	asked     Query
	heap      topk.Heap
	top       []topk.Item
	batch     []topk.Item
	caps      []capState
	pins      []pinned // those that are in the answer
	past      past
	want      wish
	info      Info
	events    []liveEvent[I] // of the user, with what else Live knows of them
	marks     []seenMark[I]
	forgotten int64
	masked    bool // the user was forgotten, at forgotten
	reasons   []Reason
	similar   []Scored
	picks     []topk.Item
	listScratch
}

func (e *Engine[U, I]) getScratch() *scratch[I] {
	if w, ok := e.pool.Get().(*scratch[I]); ok {
		return w
	}
	return &scratch[I]{}
}

// fit gives w the sizes of a state.
func (w *scratch[I]) fit(words int) {
	w.free = w.free.resized(words)
	w.mark = w.mark.resized(words)
}

// Recommend appends the answer to dst: min(K, eligible) distinct items, best
// first; items of one source by descending score, equal scores by index, and
// sources in the order of the chain. Items that joined come after those of the
// dataset in index, in the order in which they joined; SourceLive and
// SourcePopular share the last place of the chain.
//
// A score of minus infinity or NaN is none: such items go to the next source.
//
// Errors: ErrOption (K < 1, an unknown policy, Repurchase without AsOf or on a
// dataset without times, a cap below 1, a pin at no place or twice, a boost that
// is negative, Explore
// beside a Cursor), ErrCorrupt (a cursor), ErrMismatch (an item set or a cursor of another catalogue), ErrUnknownID (an
// attribute nobody has), ErrNotFinite (a weight), what Rerank and Explore say, or
// what a model returns, except ErrEmpty and ErrDiverged (weights it cannot compute
// with), which hand over to the next source. After an error dst is returned as it
// came.
//
// Cost: the Score of each source needed and one pass over its scores; sources of
// vectors are scored where the filters left items.
func (e *Engine[U, I]) Recommend(dst []Recommendation[I], req Request[U, I]) ([]Recommendation[I], error) {
	if err := e.made("recommend: Engine.Recommend"); err != nil {
		return dst, err
	}
	w := e.getScratch()
	defer e.pool.Put(w)
	info := &w.info
	*info = Info{}
	// Live events first, then the state: an event that a swap drops from the live
	// ones is in the state that it published before.
	w.events, w.marks, w.forgotten, w.masked = w.events[:0], w.marks[:0], 0, false
	if !req.Anonymous {
		e.live.read(w, req.User)
	}
	s := e.state.Load()
	if err := req.validate(s); err != nil {
		return dst, err
	}
	s.translate(w, &req, info)
	var out []Recommendation[I]
	var err error
	if req.Cursor == nil {
		out, err = s.recommend(w, dst, info)
	} else {
		out, err = s.page(w, dst, req.Cursor, info, "recommend: Engine.Recommend", s.recommend)
	}
	if err != nil {
		return dst, err
	}
	if req.Info != nil {
		*req.Info = *info
	}
	return out, nil
}

// recommend appends the answer to w.want.
func (s *state[U, I]) recommend(w *scratch[I], dst []Recommendation[I], info *Info) ([]Recommendation[I], error) {
	q, err := s.prepare(w, info)
	if err != nil {
		return nil, err
	}
	return s.answer(w, dst, info, q)
}

// draft is an answer under way.
type draft[I ID] struct {
	list  []Recommendation[I] // the caller's buffer
	start int                 // where the answer begins in it
	left  int                 // places to fill, pins aside
	slab  []Because[I]        // memory of all reasons
}

// answer fills the list, source by source, and in the end by popularity. The first
// source is not asked where w.scored is set.
func (s *state[U, I]) answer(w *scratch[I], dst []Recommendation[I], info *Info, q Query) ([]Recommendation[I], error) {
	most := min(w.want.k, info.Eligible)
	d := draft[I]{list: dst, start: len(dst), left: most - len(w.pins)}
	if n := w.want.reasons; n > 0 {
		d.slab = make([]Because[I], 0, min(d.left, 64)*min(n, len(q.Items)))
	}
	for k := 0; k < len(s.sources) && d.left > 0; k++ {
		if err := s.fillFromSource(w, &d, info, &q, k); err != nil {
			return nil, err
		}
	}
	if d.left > 0 {
		if err := s.fillByPopularity(w, &d, &q); err != nil {
			return nil, err
		}
	}
	d.list = s.placePins(w, d.list, d.start)
	info.Returned = len(d.list) - d.start
	if info.Returned < most {
		info.Why = "every item that is left would break a cap"
	}
	return d.list, nil
}

// fillFromSource appends what source k has for the places left, with reasons. A
// source that is silent appends nothing.
func (s *state[U, I]) fillFromSource(w *scratch[I], d *draft[I], info *Info, q *Query, k int) error {
	src, boosts := &s.sources[k], w.want.boosts
	if q.eligible = nil; vectorsOf(src.Model) == nil { // those have no use for it
		w.eligible = append(w.eligible[:0], w.free...)
		q.eligible = w.eligible
	}
	asked, err := w.asked, error(nil)
	if k > 0 || !w.scored {
		asked, err = s.score(w, k, *q, info.fresh, len(boosts) > 0)
	}
	if silent(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("recommend: Engine.Recommend: source %s: %w", src.Name, err)
	}
	from := s.from(k)
	raw := w.scan.scores // before boosts
	if len(boosts) > 0 {
		s.boost(w, from)
	}
	if err := s.list(w, q, k, d.left, from); err != nil {
		return err
	}
	at := len(d.list)
	for n, it := range w.top {
		r := Recommendation[I]{Item: s.id(it.ID), Rank: len(d.list) - d.start + 1, Score: it.Score, Source: src.Name}
		if src.Calibrate != nil {
			score := it.Score
			if len(boosts) > 0 {
				score = raw[it.ID]
			}
			if p := src.Calibrate(float64(score)); p >= 0 && p <= 1 {
				r.Probability, r.Calibrated = p, true
			}
		}
		w.log(&r, n)
		d.list = append(d.list, r)
	}
	d.left -= len(d.list) - at
	if ex, ok := src.Model.(Explainer); ok && w.want.reasons > 0 {
		if d.slab, err = s.explain(w, d.list[at:], d.slab, ex, asked); err != nil {
			return fmt.Errorf("recommend: Engine.Recommend: source %s: reasons: %w", src.Name, err)
		}
	}
	return nil
}

// fillByPopularity appends the most popular items for the places left: the last
// resort behind every source.
func (s *state[U, I]) fillByPopularity(w *scratch[I], d *draft[I], q *Query) error {
	s.count(w)
	if len(w.want.boosts) > 0 {
		s.boost(w, fromFinite)
	}
	if err := s.list(w, q, len(s.sources), d.left, fromFinite); err != nil {
		return err
	}
	for n, it := range w.top {
		source := SourcePopular
		if int(it.ID) >= s.items {
			source = SourceLive
		}
		d.list = append(d.list, Recommendation[I]{Item: s.id(it.ID), Rank: len(d.list) - d.start + 1, Score: it.Score, Source: source})
		w.log(&d.list[len(d.list)-1], n)
	}
	return nil
}

// score asks source k and leaves its scores in w.scan, in memory when they are to
// be changed. Events newer than the fit are folded in where the model can: it is
// asked for a stranger with the merged history first, and for the user as fitted
// only when it has no answer to that. The query that was answered is returned,
// for reasons.
func (s *state[U, I]) score(w *scratch[I], k int, q Query, fresh, inMemory bool) (Query, error) {
	// The model knows the items of the dataset.
	for n := len(q.Items); n > 0 && int(q.Items[n-1]) >= s.items; n = len(q.Items) {
		q.Items, q.Weights = q.Items[:n-1], q.Weights[:n-1]
	}
	if q.views != nil {
		q = q.For(s.sources[k].Model, nil)
	}
	if q.User >= 0 && fresh {
		folded := q
		folded.User, folded.fitted = Stranger, q.User+1
		err := s.ask(w, k, folded, inMemory)
		if !silent(err) {
			return folded, err
		}
	}
	return q, s.ask(w, k, q, inMemory)
}

// from returns the score below which source k has nothing to say about an item.
func (s *state[U, I]) from(k int) float32 {
	from := fromFinite
	if s.sparse[k] {
		from = fromSparse
	}
	if least := s.sources[k].MinScore; least != 0 {
		from = max(from, least)
	}
	return from
}

// silent reports whether a model that returned err has nothing to say about a
// query: it does not know it, or cannot compute with its weights.
func silent(err error) bool { return errors.Is(err, ErrEmpty) || errors.Is(err, ErrDiverged) }

// ask leaves the scores of source k for q in w.scan, those of arrivals behind the
// others. A model of vectors is scanned block by block and scores nothing yet,
// unless the scores are wanted in memory.
func (s *state[U, I]) ask(w *scratch[I], k int, q Query, inMemory bool) error {
	m := s.sources[k].Model
	fused, err := w.scan.use(m, q)
	if err != nil {
		return err
	}
	if !fused {
		w.scores = slices.Grow(w.scores[:0], s.items)[:s.items]
		if err := m.Score(w.scores, q); err != nil {
			return err
		}
		w.scores, err = s.scoreArrivals(w.scores, w, k, q)
		w.scan.scores = w.scores
		return err
	}
	w.scan.tail = w.scan.tail[:0]
	for range s.items - w.scan.rows() { // a model over a catalogue that grew
		w.scan.tail = append(w.scan.tail, float32(math.Inf(-1)))
	}
	w.scan.tail, err = s.scoreArrivals(w.scan.tail, w, k, q)
	if err != nil || !inMemory {
		return err
	}
	n := s.items + len(s.arrivals)
	w.scores = slices.Grow(w.scores[:0], n)[:n]
	w.scan.fill(w.scores, 0)
	w.scan.scores = w.scores
	return nil
}

// count makes w.scan rank by numbers of users.
func (s *state[U, I]) count(w *scratch[I]) {
	w.scan.scores = s.popular
	if len(s.arrivals) == 0 {
		return
	}
	w.scores = s.liked(append(w.scores[:0], s.popular...))
	w.scan.scores = w.scores
}

// boost leaves the boosted scores of w.scan in w.boosted, and makes them what is
// ranked. from is the score below which an item is unknown.
func (s *state[U, I]) boost(w *scratch[I], from float32) {
	n := s.items + len(s.arrivals)
	w.boosted = slices.Grow(w.boosted[:0], n)[:n]
	copy(w.boosted, w.scan.scores)
	for k := range w.want.boosts {
		b := &w.want.boosts[k]
		s.meant(w, b)
		factor := b.Multiply
		if factor == 0 {
			factor = 1
		}
		for at, word := range w.mark {
			for ; word != 0; word &= word - 1 {
				i := at<<6 + trailing(word)
				if i >= n {
					break
				}
				v := w.boosted[i]
				if !(v >= from) {
					continue
				}
				if v < 0 {
					v /= factor
				} else {
					v *= factor
				}
				w.boosted[i] = min(max(v+b.Add, from), math.MaxFloat32) // known it stays, and a number
			}
		}
	}
	w.scan.scores = w.boosted
}

// meant leaves the free items of a boost in w.mark.
func (s *state[U, I]) meant(w *scratch[I], b *Boost) {
	copy(w.mark, w.free)
	if b.Set != nil {
		w.mark.and(b.Set.set.Words()) // no arrival is a member
	}
	if b.Where != nil {
		part := w.rule.at(0, len(w.mark))
		s.view.eval(part, b.Where, &w.rule, 1)
		w.mark.and(part)
	}
}

// list leaves in w.top the n results of a source whose scores are in w.scan, and
// frees them no more: re-ranked and explored as the request wants it, else the
// best. source counts the sources.
func (s *state[U, I]) list(w *scratch[I], q *Query, source, n int, from float32) error {
	w.choices = w.choices[:0]
	re := w.want.rerank
	if re != nil && (re.Method == ByScore || !s.tasted(w, re, q)) {
		re = nil
	}
	if re == nil && w.want.explore == nil {
		s.choose(w, n, from)
		return nil
	}
	return s.arrange(w, re, source, n, from)
}

// firstAsk is how many items choose looks at first under caps.
func firstAsk(n, size int) int { return min(2*min(n, size)+16, size) }

// choose leaves in w.top the best n free items of w.scan that no cap forbids, and
// frees them no more.
func (s *state[U, I]) choose(w *scratch[I], n int, from float32) {
	size := s.items + len(s.arrivals)
	h := &w.heap
	if len(w.caps) == 0 {
		h.Reset(n)
		w.scan.top(h, w.free, size, from)
		w.top = h.AppendSorted(w.top[:0])
		for _, it := range w.top {
			w.free.drop(it.ID)
		}
		return
	}
	w.top = w.top[:0]
	for ask := firstAsk(n, size); n > 0; ask *= 2 {
		ask = min(ask, size)
		h.Reset(ask)
		w.scan.top(h, w.free, size, from)
		w.batch = h.AppendSorted(w.batch[:0])
		for _, it := range w.batch {
			if n > 0 && w.free.has(it.ID) {
				s.keep(w, it.ID)
				w.top = append(w.top, it)
				n--
			}
		}
		if len(w.batch) < ask || ask == size {
			return
		}
	}
}

// explain fills the reasons of recs, whose dense indices are in w.top.
func (s *state[U, I]) explain(w *scratch[I], recs []Recommendation[I], slab []Because[I], ex Explainer, q Query) ([]Because[I], error) {
	for k := range recs {
		if int(w.top[k].ID) >= s.items {
			continue
		}
		var err error
		w.reasons, err = ex.AppendReasons(w.reasons[:0], q, w.top[k].ID, w.want.reasons)
		if silent(err) {
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

// log gives r, the n-th result of w.top, its propensity.
func (w *scratch[I]) log(r *Recommendation[I], n int) {
	if n < len(w.choices) {
		r.Propensity, r.PropensityError = w.choices[n].Propensity, w.choices[n].Error
	}
}

// placePins moves the pins into the answer that begins at start.
func (s *state[U, I]) placePins(w *scratch[I], dst []Recommendation[I], start int) []Recommendation[I] {
	if len(w.pins) == 0 {
		return dst
	}
	from := len(dst) - 1 // last item without a pin
	others := len(dst) - start
	for range w.pins {
		dst = append(dst, Recommendation[I]{})
	}
	j := len(w.pins) - 1
	for p := len(dst) - start; p >= 1; p-- {
		if j >= 0 && min(w.pins[j].position, others+j+1) == p {
			dst[start+p-1] = Recommendation[I]{Item: s.id(w.pins[j].item), Source: SourcePinned}
			j--
		} else {
			dst[start+p-1] = dst[from]
			from--
		}
		dst[start+p-1].Rank = p
	}
	return dst
}
