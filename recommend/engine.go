package recommend

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/topk"
)

// SourcePopular names the popularity of an Engine: its own last resort, whose
// Score is the number of users of the item.
const SourcePopular = "popular"

// Source is a model with the name it has in answers.
type Source struct {
	Name  string
	Model Model
	// Calibrate, when set, turns a score into a probability, for
	// Recommendation.Probability: a calibrator of package predict, or a table. It
	// must be safe for concurrent use; what it returns outside [0, 1] does not
	// count.
	Calibrate func(score float64) float64
	// Meaning, when set, is what Engine.Meaning says about the scores.
	Meaning string
}

// EngineOptions configures an Engine. With the zero value every answer is by
// popularity.
type EngineOptions struct {
	// Sources is the fallback chain, best first. A request goes to the first
	// model that knows something about it; what that model cannot fill is filled
	// by the ones after it, and in the end by popularity. Names must be distinct.
	Sources []Source

	// Catalogue is what rules and caps know about the items of the dataset; nil
	// when there is nothing to know.
	Catalogue *Catalogue
	// Watermark, when set, says that the dataset contains every event up to then:
	// live events that are not later are dropped, and refused. Pairs of user and
	// item that the dataset knows with a time need none.
	Watermark time.Time
	// Rerank, when set, makes answers good as whole lists: see there. Request.Rerank
	// goes before it.
	Rerank *Rerank
	// Live bounds live events. Swap does not read it.
	Live LiveOptions
}

func (o *EngineOptions) validate(where string, users, items int) error {
	var c check.Options
	names := make(map[string]bool, len(o.Sources))
	for k, s := range o.Sources {
		field := func(f string) string { return fmt.Sprintf("Sources[%d].%s", k, f) }
		c.Require(s.Name != "", field("Name"), "empty", "a name")
		c.Require(s.Name == "" || !names[s.Name], field("Name"), s.Name, "a name of its own")
		c.Require(!missing(s.Model), field("Model"), "nil", "a model")
		names[s.Name] = true
	}
	o.Live.validate(&c)
	c.Require(o.Watermark.IsZero() || o.Watermark.After(time.Unix(0, math.MinInt64)) && o.Watermark.Before(time.Unix(0, math.MaxInt64)), "Watermark", o.Watermark, "between the years 1678 and 2262")
	if err := c.Err(where); err != nil {
		return err
	}
	if o.Catalogue != nil && o.Catalogue.n != items {
		return fmt.Errorf("%s: the catalogue knows %d items, the dataset has %d: %w", where, o.Catalogue.n, items, ErrMismatch)
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
	if o.Rerank != nil {
		if err := o.Rerank.validate(items, where, "Rerank"); err != nil {
			return err
		}
		return o.Rerank.validateGroups(where, "Rerank")
	}
	return nil
}

// Engine answers requests in ids: dataset, models, filters, fallback and
// explanation behind one call, made to live inside a backend. Events are observed
// as they happen, items join, users are forgotten, models are swapped, all while
// it answers; see Observe, AddItems, Forget and Swap. Snapshot saves what it
// learned since the dataset.
//
// Every answer has exactly min(K, eligible) distinct items (fewer only under
// caps, see Cap). A request with a buffer of sufficient capacity allocates
// nothing in steady state, as long as its models do not. An Engine is safe for
// concurrent use: each request sees one dataset with the models fitted on it, and
// every event whose Observe returned before the request began. It starts no
// goroutine of its own.
//
// Memory: for each request that runs at the same time 4 bytes and 2 bits an item,
// and what LiveOptions allows.
type Engine[U, I ID] struct {
	state atomic.Pointer[state[U, I]]
	pool  sync.Pool // of *scratch[I]
	live  live[U, I]
}

// state is all that a request reads besides live events. It is never changed,
// only replaced.
type state[U, I ID] struct {
	data      *Dataset[U, I]
	items     int // of the dataset
	sources   []Source
	sparse    []bool    // parallel to sources
	popular   []float32 // users of each item
	watermark int64     // Unix nanoseconds
	rerank    *Rerank   // nil: by score

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

// NewEngine returns an engine over the dataset and the models fitted on it.
// Errors: ErrEmpty (no dataset), ErrOption (a source without name or model, a
// name twice, a field out of range), ErrMismatch (a model or attributes of
// another catalogue).
func NewEngine[U, I ID](d *Dataset[U, I], opt EngineOptions) (*Engine[U, I], error) {
	opt.Live = opt.Live.withDefaults()
	s, err := newState(d, opt, "recommend: NewEngine")
	if err != nil {
		return nil, err
	}
	e := &Engine[U, I]{}
	e.live.init(opt.Live)
	e.state.Store(s)
	return e, nil
}

// Swap replaces the dataset and the models in one step: requests under way end
// on the old ones, later requests see the new ones, nobody waits. Live events
// stay, except those that the new dataset contains (see Observe); so do joined
// items that it does not know, masks and stock. The same checks and errors as
// NewEngine; after an error the engine goes on as it was. Cost beyond that of
// NewEngine: a look at every live event, during which Observe waits.
func (e *Engine[U, I]) Swap(d *Dataset[U, I], opt EngineOptions) error {
	const where = "recommend: Engine.Swap"
	if err := e.made(where); err != nil {
		return err
	}
	opt.Live = LiveOptions{}.withDefaults() // not read
	s, err := newState(d, opt, where)
	if err != nil {
		return err
	}
	e.live.write.Lock()
	defer e.live.write.Unlock()
	return e.settle(s, where)
}

// Dataset returns the dataset in use, for making item sets that fit it.
func (e *Engine[U, I]) Dataset() *Dataset[U, I] {
	if s := e.state.Load(); s != nil {
		return s.data
	}
	return nil
}

// made returns ErrEmpty for an Engine that NewEngine did not make.
func (e *Engine[U, I]) made(where string) error {
	if e.state.Load() == nil {
		return fmt.Errorf("%s: the Engine was not made by NewEngine: %w", where, ErrEmpty)
	}
	return nil
}

// Meaning says what a score of that source stands for: Source.Meaning where the
// host set it, else what is known about the model; "" for a source that is none.
func (e *Engine[U, I]) Meaning(source string) string {
	if e.made("") != nil {
		return ""
	}
	for _, s := range e.state.Load().sources {
		if s.Name == source {
			if s.Meaning != "" {
				return s.Meaning
			}
			return meaningOf(s.Model)
		}
	}
	switch source {
	case SourcePopular:
		return "number of users who took the item"
	case SourceLive:
		return "number of users with live events on the item"
	case SourcePinned:
		return "none: the request put the item there"
	}
	return ""
}

func newState[U, I ID](d *Dataset[U, I], opt EngineOptions, where string) (*state[U, I], error) {
	if d == nil || d.Interactions == nil || d.Items.Len() == 0 {
		return nil, fmt.Errorf("%s: dataset: %w", where, ErrEmpty)
	}
	users, items := d.Interactions.Users(), d.Interactions.Items()
	if err := opt.validate(where, users, items); err != nil {
		return nil, err
	}
	s := &state[U, I]{data: d, items: items, sources: append([]Source(nil), opt.Sources...), popular: make([]float32, items), watermark: math.MinInt64}
	if !opt.Watermark.IsZero() {
		s.watermark = opt.Watermark.UnixNano()
	}
	if opt.Rerank != nil {
		r := *opt.Rerank
		s.rerank = &r
	}
	for _, src := range s.sources {
		s.sparse = append(s.sparse, sparseScores(src.Model))
	}
	s.scored = make([]bool, len(s.sources))
	for i, n := range d.Interactions.ItemCounts() {
		s.popular[i] = float32(n)
	}
	if s.view.base = opt.Catalogue; s.view.base == nil {
		s.view.base = &Catalogue{n: items}
	}
	return s, nil
}

// scratch is what one request needs besides the caller's buffer.
type scratch[I ID] struct {
	scores   []float32
	boosted  []float32
	free     indexSet // items that may still be recommended
	eligible indexSet // the same when the source was asked
	mark     indexSet // a second set
	rule     ruleScratch
	scan     scan
	scored   bool // scan holds the first source, which was asked asked
	asked    Query
	heap     topk.Heap
	top      []topk.Item
	batch    []topk.Item
	caps     []capState
	pins     []pinned
	past     past
	events   []liveEvent[I]
	reasons  []Reason
	similar  []Scored
	picks    []topk.Item
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
// is negative), ErrMismatch (an item set of another catalogue), ErrUnknownID (an
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
	var info Info
	// Live events first, then the state: an event that a swap drops from the live
	// ones is in the state that it published before.
	var forgotten int64
	var masked bool
	w.events = w.events[:0]
	if !req.Anonymous {
		w.events, forgotten, masked = e.live.read(w.events, req.User)
	}
	s := e.state.Load()
	if err := req.validate(s); err != nil {
		return dst, err
	}
	w.fit(s.words())
	out, err := s.recommend(w, dst, &req, &info, forgotten, masked)
	if err != nil {
		return dst, err
	}
	if req.Info != nil {
		*req.Info = info
	}
	return out, nil
}

func (s *state[U, I]) recommend(w *scratch[I], dst []Recommendation[I], req *Request[U, I], info *Info, forgotten int64, masked bool) ([]Recommendation[I], error) {
	q, err := s.prepare(w, req, info, forgotten, masked)
	if err != nil {
		return nil, err
	}
	return s.answer(w, dst, req, info, q)
}

// prepare does what comes before the scores: it says who asks and what is free.
func (s *state[U, I]) prepare(w *scratch[I], req *Request[U, I], info *Info, forgotten int64, masked bool) (Query, error) {
	w.scored, w.scan.ready.k = false, 0
	q, err := s.query(w, req, info, forgotten, masked)
	if err != nil {
		return q, err
	}
	s.filter(w, req, &q, info)
	s.startCaps(w, req.Caps)
	s.pin(w, req, info)
	return q, nil
}

// answer fills the list. The first source is not asked where w.scored is set.
func (s *state[U, I]) answer(w *scratch[I], dst []Recommendation[I], req *Request[U, I], info *Info, q Query) ([]Recommendation[I], error) {
	left := min(req.K, info.Eligible) - len(w.pins)
	start := len(dst)
	var slab []Because[I]
	if req.Reasons > 0 {
		slab = make([]Because[I], 0, min(left, 64)*min(req.Reasons, len(q.Items)))
	}
	for k := 0; k < len(s.sources) && left > 0; k++ {
		src := &s.sources[k]
		if q.eligible = nil; vectorsOf(src.Model) == nil { // those have no use for it
			w.eligible = append(w.eligible[:0], w.free...)
			q.eligible = w.eligible
		}
		asked, err := w.asked, error(nil)
		if k > 0 || !w.scored {
			asked, err = s.score(w, k, q, info.fresh, len(req.Boosts) > 0)
		}
		if silent(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("recommend: Engine.Recommend: source %s: %w", src.Name, err)
		}
		from := fromFinite
		if s.sparse[k] {
			from = fromSparse
		}
		raw := w.scan.scores
		if len(req.Boosts) > 0 {
			s.boost(w, req.Boosts, from)
		}
		at := len(dst)
		if err := s.list(w, req, &q, k, left, from); err != nil {
			return nil, err
		}
		for n, it := range w.top {
			r := Recommendation[I]{Item: s.id(it.ID), Rank: len(dst) - start + 1, Score: it.Score, Source: src.Name}
			if src.Calibrate != nil {
				score := it.Score
				if len(req.Boosts) > 0 {
					score = raw[it.ID]
				}
				if p := src.Calibrate(float64(score)); p >= 0 && p <= 1 {
					r.Probability, r.Calibrated = p, true
				}
			}
			w.log(&r, n)
			dst = append(dst, r)
		}
		left -= len(dst) - at
		if ex, ok := src.Model.(Explainer); ok && req.Reasons > 0 {
			if slab, err = s.explain(w, dst[at:], slab, ex, asked, req.Reasons); err != nil {
				return nil, fmt.Errorf("recommend: Engine.Recommend: source %s: reasons: %w", src.Name, err)
			}
		}
	}
	if left > 0 {
		s.count(w)
		if len(req.Boosts) > 0 {
			s.boost(w, req.Boosts, fromFinite)
		}
		if err := s.list(w, req, &q, len(s.sources), left, fromFinite); err != nil {
			return nil, err
		}
		for n, it := range w.top {
			source := SourcePopular
			if int(it.ID) >= s.items {
				source = SourceLive
			}
			dst = append(dst, Recommendation[I]{Item: s.id(it.ID), Rank: len(dst) - start + 1, Score: it.Score, Source: source})
			w.log(&dst[len(dst)-1], n)
		}
	}
	dst = s.placePins(w, dst, start)
	info.Returned = len(dst) - start
	if info.Returned < min(req.K, info.Eligible) {
		info.Why = "every item that is left would break a cap"
	}
	return dst, nil
}

// query says for whom the request is. Histories without new events alias the
// dataset.
func (s *state[U, I]) query(w *scratch[I], req *Request[U, I], info *Info, forgotten int64, masked bool) (Query, error) {
	q := Query{User: Stranger}
	x := s.data.Interactions
	var times []int64
	u, row := int32(-1), false
	if !req.Anonymous {
		u = s.data.Users.Of(req.User)
		if row = u >= 0 && (!masked || !s.hidden(u, forgotten)); row {
			q = x.Query(int(u))
			times = x.Times(int(u))
			info.Known = true
		}
	}
	if req.Seen == Repurchase && len(q.Items) > 0 && times == nil {
		return q, fmt.Errorf("recommend: Engine.Recommend: Seen is Repurchase but the dataset has no times: %w", ErrOption)
	}
	w.past.times = append(w.past.times[:0], times...)
	if len(w.events) > 0 || len(req.History) > 0 {
		w.past.start(q.Items, q.Weights, times)
		for k := range w.events {
			ev := &w.events[k]
			if i := s.of(ev.item); i >= 0 && !s.contained(u, i, ev.at, row) {
				w.past.add(i, ev.weight, floorSeconds(ev.at))
				info.Live++
			}
		}
		now := int64(noTime)
		if req.Seen == Repurchase {
			now = req.AsOf.Unix()
		}
		for k := range req.History {
			ev := &req.History[k]
			i := s.of(ev.Item)
			if i < 0 {
				info.UnknownHistory++
				continue
			}
			at := now
			if !ev.At.IsZero() {
				at = ev.At.Unix()
			}
			w.past.add(i, check.Default(ev.Weight, 1), at)
		}
		if info.Live > 0 || info.UnknownHistory < len(req.History) {
			if i := w.past.fold(s.data.opt.Duplicates); i >= 0 {
				return q, fmt.Errorf("recommend: Engine.Recommend: weights of item %v add up to too much: %w", s.id(i), ErrNotFinite)
			}
			q.Items, q.Weights = w.past.items, w.past.weights
			info.fresh = true
		}
	}
	info.History = len(q.Items)
	return q, nil
}

// filter leaves in w.free what may be recommended.
func (s *state[U, I]) filter(w *scratch[I], req *Request[U, I], q *Query, info *Info) {
	free := w.free
	free.fill(s.items + len(s.arrivals))
	if req.Allow != nil {
		free.and(req.Allow.set.Words()) // no arrival is a member
	}
	if req.AllowItems != nil {
		clear(w.mark)
		info.UnknownAllow = s.marked(w.mark, req.AllowItems)
		free.and(w.mark)
	}
	if req.Where != nil {
		s.view.eval(w.mark, req.Where, &w.rule, 0)
		free.and(w.mark)
	}
	allowed := free.count()
	if req.Deny != nil {
		free.andNot(req.Deny.set.Words())
	}
	if len(req.DenyItems) > 0 {
		clear(w.mark)
		info.UnknownDeny = s.marked(w.mark, req.DenyItems)
		free.andNot(w.mark)
	}
	left := free.count()
	inStock := left
	if s.stock != nil {
		free.and(s.stock)
		inStock = free.count()
	}
	if req.Seen != KeepSeen {
		last := int64(noTime)
		if req.Seen == Repurchase {
			last = req.AsOf.Add(-req.Interval).Unix()
		}
		for k, i := range q.Items {
			if req.SeenWeight > 0 && q.Weight(k) < req.SeenWeight {
				continue
			}
			if req.Seen == DropSeen || w.past.times[k] > last {
				free.drop(i)
			}
		}
	}
	info.Eligible = free.count()
	switch {
	case allowed == 0:
		info.Why = "no item is allowed"
	case left == 0:
		info.Why = "every allowed item is denied"
	case inStock == 0:
		info.Why = "no item that is left is in stock"
	case info.Eligible == 0:
		info.Why = "every item that is left was seen already"
	}
}

// marked adds ids to set and returns how many are unknown.
func (s *state[U, I]) marked(set indexSet, ids []I) (unknown int) {
	for _, id := range ids {
		if i := s.of(id); i >= 0 {
			set.add(i)
		} else {
			unknown++
		}
	}
	return unknown
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
	if q.User >= 0 && fresh {
		folded := q
		folded.User = Stranger
		err := s.ask(w, k, folded, inMemory)
		if !silent(err) {
			return folded, err
		}
	}
	return q, s.ask(w, k, q, inMemory)
}

// silent reports whether a model that returned err has nothing to say about a
// query: it does not know it, or cannot compute with its weights.
func silent(err error) bool { return errors.Is(err, ErrEmpty) || errors.Is(err, ErrDiverged) }

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
	w.scan.tail, err = s.scoreArrivals(w.scan.tail[:0], w, k, q)
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
	w.scores = append(w.scores[:0], s.popular...)
	for _, a := range s.arrivals {
		w.scores = append(w.scores, float32(a.users.Load()))
	}
	w.scan.scores = w.scores
}

// explain fills the reasons of recs, whose dense indices are in w.top.
func (s *state[U, I]) explain(w *scratch[I], recs []Recommendation[I], slab []Because[I], ex Explainer, q Query, n int) ([]Because[I], error) {
	for k := range recs {
		if int(w.top[k].ID) >= s.items {
			continue
		}
		var err error
		w.reasons, err = ex.AppendReasons(w.reasons[:0], q, w.top[k].ID, n)
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

// Similar appends the k items most like item, never item itself: those of the
// first source that can name any, filled up from the ones after it. Fewer are
// appended when the sources know fewer. For filters, ask Recommend with
// Anonymous and a History of that one item.
//
// Errors: ErrUnknownID (item), ErrOption (k < 1). After an error dst is returned
// as it came.
func (e *Engine[U, I]) Similar(dst []Recommendation[I], item I, k int) ([]Recommendation[I], error) {
	if err := e.made("recommend: Engine.Similar"); err != nil {
		return dst, err
	}
	s := e.state.Load()
	i := s.data.Items.Of(item)
	if i < 0 {
		return dst, fmt.Errorf("recommend: Engine.Similar: item %v: %w", item, ErrUnknownID)
	}
	if k < 1 {
		return dst, fmt.Errorf("recommend: Engine.Similar: k is %d, want at least 1: %w", k, ErrOption)
	}
	w := e.getScratch()
	defer e.pool.Put(w)
	w.fit(s.words())
	clear(w.mark)
	w.mark.add(i)
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
		if silent(err) {
			continue
		}
		if err != nil {
			return dst, fmt.Errorf("recommend: Engine.Similar: source %s: %w", src.Name, err)
		}
		for _, x := range w.similar {
			if !w.mark.has(x.Item) && left > 0 {
				w.mark.add(x.Item)
				left--
				out = append(out, Recommendation[I]{Item: s.data.Items.ID(x.Item), Rank: len(out) - len(dst) + 1, Score: x.Score, Source: src.Name})
			}
		}
	}
	return out, nil
}
