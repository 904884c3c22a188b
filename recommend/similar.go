package recommend

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/topk"
	"github.com/aislekit/aisle/internal/vec"
)

// Similar appends the req.K items most like item that pass the filters, never item
// itself: those of the first source that can name any, filled up from the ones after
// it. A source whose similarities are below its Source.MinSimilar names none. Fewer
// are appended when the sources know fewer. Score is the source's similarity, and the
// reason, where req.Reasons asks for any, is item with all of it.
//
// Of req count K, Allow, Deny, AllowItems, DenyItems, Where, Caps, Reasons, Cursor and
// Info; what is out of stock (SetStock) is left out too. User, Anonymous, AsOf and
// Interval do not count; what else is set is ErrOption.
//
// Items that joined by AddItems are named, and may be asked for, where they have a
// vector of the source or the source reads texts.
//
// Errors: ErrUnknownID (item, an attribute nobody has), ErrOption (K outside of
// [1, EngineOptions.MaxK], a field that does not count), ErrCorrupt (a cursor), ErrMismatch (an item set or a
// cursor of another catalogue), or what a model returns. After an error dst is
// returned as it came. Cost: one pass over the vectors of a source that has some, else
// its AppendSimilar, asked for more until K are left.
func (e *Engine[U, I]) Similar(dst []Recommendation[I], item I, req Request[U, I]) ([]Recommendation[I], error) {
	const where = "recommend: Engine.Similar"
	if err := e.made(where); err != nil {
		return dst, err
	}
	s := e.state.Load()
	i := s.of(item)
	if i < 0 {
		return dst, fmt.Errorf("%s: item %v: %w", where, item, ErrUnknownID)
	}
	if err := req.validateSimilar(s); err != nil {
		return dst, err
	}
	w := e.getScratch()
	defer e.pool.Put(w)
	info := &w.info
	*info = Info{}
	s.translate(w, &req, info)
	w.want.seen = KeepSeen
	var out []Recommendation[I]
	var err error
	if req.Cursor == nil {
		out, err = s.similar(w, dst, i, info)
	} else {
		out, err = s.page(w, dst, req.Cursor, info, where, func(w *scratch[I], dst []Recommendation[I], info *Info) ([]Recommendation[I], error) {
			return s.similar(w, dst, i, info)
		})
	}
	if err != nil {
		return dst, err
	}
	if req.Info != nil {
		*req.Info = *info
	}
	return out, nil
}

// validateSimilar is validate for Similar.
func (r *Request[U, I]) validateSimilar(s *state[U, I]) error {
	if r.K < 1 || r.K > s.maxK || r.Reasons < 0 || len(r.History) > 0 || r.Seen != DropSeen || r.SeenWeight != 0 ||
		len(r.Pins) > 0 || len(r.Boosts) > 0 || r.Rerank != nil || r.Explore != nil || !r.SessionStart.IsZero() {
		var c check.Options
		c.Require(r.K >= 1 && r.K <= s.maxK, "K", r.K, fmt.Sprintf("in [1, %d], see EngineOptions.MaxK", s.maxK))
		c.Require(r.Reasons >= 0, "Reasons", r.Reasons, "at least 0")
		c.Require(len(r.History) == 0, "History", len(r.History), "none")
		c.Require(r.Seen == DropSeen, "Seen", r.Seen, "its default")
		c.Require(r.SeenWeight == 0, "SeenWeight", r.SeenWeight, "0")
		c.Require(len(r.Pins) == 0, "Pins", len(r.Pins), "none")
		c.Require(len(r.Boosts) == 0, "Boosts", len(r.Boosts), "none")
		c.Require(r.Rerank == nil, "Rerank", "set", "nil")
		c.Require(r.Explore == nil, "Explore", "set", "nil")
		c.Require(r.SessionStart.IsZero(), "SessionStart", "set", "the zero time")
		return c.Err("recommend: Engine.Similar")
	}
	return r.validatePolicy(s, "Engine.Similar")
}

// similar appends what is similar to the item of index i, as w.want says.
func (s *state[U, I]) similar(w *scratch[I], dst []Recommendation[I], i int32, info *Info) ([]Recommendation[I], error) {
	w.past.begin()
	s.filter(w, info)
	s.startCaps(w)
	if w.free.has(i) {
		w.free.drop(i)
		if info.Eligible--; info.Eligible == 0 {
			info.Why = "no item but the one that was asked for is left"
		}
	}
	d := draft[I]{list: dst, start: len(dst), left: min(w.want.k, info.Eligible)}
	if w.want.reasons > 0 {
		d.slab = make([]Because[I], 0, d.left)
	}
	for k := 0; k < len(s.sources) && d.left > 0; k++ {
		if err := s.likeBySource(w, &d, i, k, w.want.reasons > 0); err != nil && !silent(err) {
			return nil, fmt.Errorf("recommend: Engine.Similar: source %s: %w", s.sources[k].Name, err)
		}
	}
	info.Returned = len(d.list) - d.start
	return d.list, nil
}

// likeBySource appends what source k finds similar to item i: by its vectors, by its
// texts where items joined with some, else as it says itself.
func (s *state[U, I]) likeBySource(w *scratch[I], d *draft[I], i int32, k int, reasons bool) error {
	src := &s.sources[k]
	from := fromFinite
	if src.MinSimilar != 0 {
		from = src.MinSimilar
	}
	w.scan.ready.k = 0
	if m := vectorsOf(src.Model); m != nil {
		if s.likeByVectors(w, m, i, src.Name) {
			s.choose(w, d.left, from)
			s.nameSimilar(w, d, i, src.Name, reasons)
		}
		return nil
	}
	if content, ok := itself[textScorer](src.Model); ok && (s.scored[k] || int(i) >= s.items) {
		if err := s.likeByTexts(w, content, i); err != nil {
			return err
		}
		s.choose(w, d.left, max(from, fromSparse))
		s.nameSimilar(w, d, i, src.Name, reasons)
		return nil
	}
	m, ok := src.Model.(Similar)
	if !ok || int(i) >= s.items {
		return nil
	}
	return s.likeByModel(w, d, m, i, from, src.Name, reasons)
}

// likeByModel asks a model for more and more, until enough of it is free.
func (s *state[U, I]) likeByModel(w *scratch[I], d *draft[I], m Similar, i int32, from float32, source string, reasons bool) error {
	for ask := min(d.left, s.items); ; ask = min(4*ask, s.items) {
		var err error
		if w.similar, err = m.AppendSimilar(w.similar[:0], i, ask); err != nil {
			return err
		}
		all, free := len(w.similar) < ask || ask == s.items, 0
		for n, x := range w.similar {
			if !(x.Score >= from) {
				w.similar, all = w.similar[:n], true
				break
			}
			if w.free.has(x.Item) {
				free++
			}
		}
		if free < d.left && !all {
			continue
		}
		w.top = w.top[:0]
		for _, x := range w.similar {
			if len(w.top) < d.left && w.free.has(x.Item) {
				s.keep(w, x.Item)
				w.top = append(w.top, topk.Item{ID: x.Item, Score: x.Score})
			}
		}
		s.nameSimilar(w, d, i, source, reasons)
		if d.left == 0 || all {
			return nil
		}
	}
}

// nameSimilar appends what is in w.top to the answer.
func (s *state[U, I]) nameSimilar(w *scratch[I], d *draft[I], i int32, source string, reasons bool) {
	for _, it := range w.top {
		r := Recommendation[I]{Item: s.id(it.ID), Rank: len(d.list) - d.start + 1, Score: it.Score, Source: source}
		if reasons {
			at := len(d.slab)
			d.slab = append(d.slab, Because[I]{s.id(i), it.Score})
			r.Reasons = d.slab[at : at+1 : at+1]
		}
		d.list = append(d.list, r)
	}
	d.left -= len(w.top)
}

// blank makes w.scan rank scores in memory, of which none is known yet.
func (s *state[U, I]) blank(w *scratch[I]) {
	n := s.items + len(s.arrivals)
	w.scores = slices.Grow(w.scores[:0], n)[:n]
	for k := range w.scores {
		w.scores[k] = float32(math.NaN())
	}
	w.scan.scores = w.scores
}

// likeByVectors leaves in w.scan the cosines of item i with what is free, as the
// model's AppendSimilar computes them. It reports whether the item has a vector.
func (s *state[U, I]) likeByVectors(w *scratch[I], m vectorScorer, i int32, source string) bool {
	y, _, f := m.itemVectors()
	lengths := m.lengths()
	vector := func(j int32) []float32 {
		switch {
		case int(j) < len(y)/f:
			return y[int(j)*f : int(j)*f+f]
		case int(j) < s.items: // later than the model
			return nil
		}
		v := s.arrivals[int(j)-s.items].Vectors[source]
		return v[:min(len(v), f)] // without the bias
	}
	self := vector(i)
	if len(self) == 0 {
		return false
	}
	length := func(j int32, v []float32) float64 {
		if int(j) < len(lengths) {
			return lengths[j]
		}
		return math.Sqrt(vec.Norm2(v))
	}
	norm := length(i, self)
	if norm == 0 {
		return false
	}
	s.blank(w)
	for at, word := range w.free {
		for ; word != 0; word &= word - 1 {
			j := int32(at<<6 + trailing(word))
			v := vector(j)
			if len(v) == 0 {
				continue
			}
			if d := norm * length(j, v); d > 0 {
				w.scores[j] = float32(float64(vec.Dot(self, v)) / d)
			}
		}
	}
	return true
}

// likeByTexts leaves in w.scan the likeness of the words of item i with those of the
// others, arrivals among them.
func (s *state[U, I]) likeByTexts(w *scratch[I], m textScorer, i int32) error {
	var text string
	var tokens []string
	var err error
	if w.similar = w.similar[:0]; int(i) < s.items {
		w.similar, err = m.AppendSimilar(w.similar, i, s.items)
	} else {
		a := s.arrivals[int(i)-s.items]
		if text, tokens = a.Text, a.Tokens; text == "" && len(tokens) == 0 {
			return ErrEmpty
		}
		w.similar, err = m.appendLikeText(w.similar, s.items, text, tokens)
	}
	if err != nil {
		return err
	}
	s.blank(w)
	for _, x := range w.similar {
		w.scores[x.Item] = x.Score
	}
	own := [1]int32{i}
	for k, a := range s.arrivals {
		if j := s.items + k; j != int(i) && (a.Text != "" || len(a.Tokens) > 0) {
			var score float32
			if int(i) < s.items {
				score, err = m.ScoreText(Query{User: Stranger, Items: own[:]}, a.Text, a.Tokens...)
			} else {
				score, err = m.likeTexts(text, tokens, a.Text, a.Tokens)
			}
			if err == nil {
				w.scores[j] = score
			} else if !errors.Is(err, ErrEmpty) {
				return err
			}
		}
	}
	return nil
}

// SimilarUsers appends the k users most like user of whom keep is true (nil: all):
// those of the first source that can name any, filled up from the ones after it, as
// Similar does for items. Recommendation.Item is the user. Somebody who was forgotten
// is never named, and neither is user itself. Only users of the dataset are named, and
// may be asked for.
//
// Errors: ErrUnknownID (a user who is not in the dataset, or was forgotten), ErrOption
// (k outside of [1, EngineOptions.MaxK]), or what a model returns. After an error dst
// is returned as it came. Cost: AppendSimilarUsers of each source needed, asked for
// more until k are left.
func (e *Engine[U, I]) SimilarUsers(dst []Recommendation[U], user U, k int, keep func(user U) bool) ([]Recommendation[U], error) {
	const where = "recommend: Engine.SimilarUsers"
	if err := e.made(where); err != nil {
		return dst, err
	}
	s := e.state.Load()
	if k < 1 || k > s.maxK {
		return dst, fmt.Errorf("%s: k is %d, want in [1, %d], see EngineOptions.MaxK: %w", where, k, s.maxK, ErrOption)
	}
	u := s.data.Users.Of(user)
	if u < 0 || !e.shows(s, u) {
		return dst, fmt.Errorf("%s: the user: %w", where, ErrUnknownID)
	}
	named := map[int32]bool{u: true}
	out := dst
	for _, src := range s.sources {
		m, ok := src.Model.(SimilarUsers)
		if !ok {
			continue
		}
		most := src.Model.Users()
		for ask := min(k, most); k > len(out)-len(dst); ask = min(4*ask, most) {
			near, err := m.AppendSimilarUsers(nil, u, ask)
			if silent(err) || errors.Is(err, ErrUnknownID) { // a user later than the fit
				break
			}
			if err != nil {
				return dst, fmt.Errorf("%s: source %s: %w", where, src.Name, err)
			}
			for _, x := range near {
				if len(out)-len(dst) == k || src.MinSimilar != 0 && !(x.Score >= src.MinSimilar) {
					break
				}
				id := s.data.Users.ID(x.User)
				if !named[x.User] && e.shows(s, x.User) && (keep == nil || keep(id)) {
					out = append(out, Recommendation[U]{Item: id, Rank: len(out) - len(dst) + 1, Score: x.Score, Source: src.Name})
				}
				named[x.User] = true
			}
			if len(near) < ask || ask == most {
				break
			}
		}
	}
	return out, nil
}

// shows reports whether the row of user u is to be seen: no deletion hides it.
func (e *Engine[U, I]) shows(s *state[U, I], u int32) bool {
	e.live.mu.RLock()
	defer e.live.mu.RUnlock()
	at, masked := e.live.forgotten(s.data.Users.ID(u))
	return !masked || !s.hidden(u, at)
}
