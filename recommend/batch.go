package recommend

import (
	"context"
	"iter"
	"slices"

	"github.com/aislekit/aisle/internal/parallel"
)

// batchUsers is how many users are answered before they are handed out.
const batchUsers = 8 * tileUsers

// All answers a request for every user: those of the dataset in its order, then
// those that are known by live events alone, ascending; forgotten users are left
// out, also those forgotten while the loop runs. What differs between users is set by the engine, so r.User, r.Anonymous,
// r.Info and r.Cursor do not count.
//
// Lists are computed on workers goroutines (0: GOMAXPROCS) while the loop stands
// still, some hundred users at a time, and handed out in order, each in memory of
// its own. Events and swaps meanwhile take effect for the users that follow; the
// users are those at the start of the loop.
//
// Where the first source is a model of vectors (ALS, BPR, WARP, LMF, MF) and the
// request neither boosts, re-ranks nor explores, users are answered together, the
// items read once for a hundred of them: several times the speed of Recommend, and
// the same lists. Memory: 4·f bytes an item while the loop runs, and a hundred
// times 2 bits an item for each worker.
//
// The loop ends early when an answer fails or ctx ends; ask err after it: it
// returns what Recommend returned, context.Cause(ctx), or nil.
//
//	lists, err := engine.All(ctx, recommend.Request[int64, string]{K: 10}, 0)
//	for user, list := range lists {
//		…
//	}
//	if err() != nil { … }
func (e *Engine[U, I]) All(ctx context.Context, r Request[U, I], workers int) (lists iter.Seq2[U, []Recommendation[I]], err func() error) {
	var failed error
	lists = func(yield func(U, []Recommendation[I]) bool) {
		if failed = e.made("recommend: Engine.All"); failed != nil {
			return
		}
		users := e.everybody()
		tiles := make([]*engineTile[U, I], min(parallel.Workers(workers), batchUsers))
		var pack enginePack[U, I]
		out := make([][]Recommendation[I], min(batchUsers, len(users)))
		for lo := 0; lo < len(users); lo += batchUsers {
			block := users[lo:min(lo+batchUsers, len(users))]
			deletions := e.live.deletions.Load()
			s, items := pack.follow(e, &r)
			size := 8
			if items != nil {
				size = tileUsers
			}
			failed = parallel.For(ctx, len(block), size, workers, func(w, from, to int) error {
				if tiles[w] == nil {
					tiles[w] = &engineTile[U, I]{}
				}
				return tiles[w].answer(e, &r, s, items, block[from:to], out[from:to])
			})
			if failed != nil {
				return
			}
			for k, user := range block {
				// What was answered before a deletion is not handed out after it.
				if e.live.deletions.Load() != deletions && e.masked(user) {
					if !e.answers(e.state.Load(), user) {
						continue
					}
					one := r
					one.User, one.Anonymous, one.Info, one.Cursor = user, false, nil, nil
					if out[k], failed = e.Recommend(nil, one); failed != nil {
						return
					}
				}
				if !yield(user, out[k]) {
					return
				}
			}
		}
	}
	return lists, func() error { return failed }
}

// enginePack is the first source of an engine, packed, while it stays the same.
type enginePack[U, I ID] struct {
	of     *state[U, I]
	source vectorScorer // nil: none
	items  *itemPack
}

// follow makes p fit the engine of now. It returns what r can use: nil, nothing.
func (p *enginePack[U, I]) follow(e *Engine[U, I], r *Request[U, I]) (*state[U, I], *itemPack) {
	s := e.state.Load()
	if p.of != s {
		p.of = s
		var source vectorScorer
		if len(s.sources) > 0 {
			source = vectorsOf(s.sources[0].Model)
		}
		if source != p.source {
			p.source, p.items = source, packItems(source)
		}
	}
	if len(r.Boosts) > 0 || r.Rerank != nil || s.rerank != nil || r.Explore != nil {
		return s, nil
	}
	return s, p.items
}

// engineTile is what a worker needs to answer users together.
type engineTile[U, I ID] struct {
	tile
	waiting []waiting[I]
}

// waiting is a request that is prepared but not answered.
type waiting[I ID] struct {
	at   int // of the users of the tile
	w    *scratch[I]
	info Info
	q    Query
}

// answer leaves the list of every user in out. A nil pack means one by one.
func (t *engineTile[U, I]) answer(e *Engine[U, I], r *Request[U, I], s *state[U, I], pack *itemPack, users []U, out [][]Recommendation[I]) (err error) {
	one := *r
	one.Anonymous, one.Info, one.Cursor = false, nil, nil
	buffer := func() []Recommendation[I] { return make([]Recommendation[I], 0, max(min(r.K, 64), 0)) }
	t.reset()
	t.waiting = t.waiting[:0]
	defer func() {
		for k := range t.waiting {
			e.pool.Put(t.waiting[k].w)
			t.waiting[k] = waiting[I]{}
		}
	}()
	for k, user := range users {
		one.User = user
		var ok bool
		if pack != nil {
			if ok, err = t.prepare(e, &one, s, pack, k); err != nil {
				return err
			}
		}
		if !ok {
			if out[k], err = e.Recommend(buffer(), one); err != nil {
				return err
			}
		}
	}
	t.top(pack)
	for k := range t.waiting {
		x := &t.waiting[k]
		if x.w.scored {
			ready := &x.w.scan.ready
			ready.items = x.w.heap.AppendSorted(ready.items[:0])
		}
		if out[x.at], err = s.answer(x.w, buffer(), &x.info, x.q); err != nil {
			return err
		}
	}
	return nil
}

// prepare makes the k-th user wait in t. It returns false when the engine has
// changed, and the user is to be answered alone.
func (t *engineTile[U, I]) prepare(e *Engine[U, I], r *Request[U, I], s *state[U, I], pack *itemPack, k int) (ok bool, err error) {
	w := e.getScratch()
	e.live.read(w, r.User) // before the state: see Recommend
	if e.state.Load() != s {
		e.pool.Put(w)
		return false, nil
	}
	t.waiting = append(t.waiting, waiting[I]{at: k, w: w})
	x := &t.waiting[len(t.waiting)-1]
	if err := r.validate(s); err != nil {
		return false, err
	}
	s.translate(w, r, &x.info)
	if x.q, err = s.prepare(w, &x.info); err != nil {
		return false, err
	}
	left := min(r.K, x.info.Eligible) - len(w.pins)
	if left <= 0 {
		return true, nil
	}
	// What fails fails again in answer, which knows what to do about it.
	if w.asked, err = s.score(w, 0, x.q, x.info.fresh, false); err != nil || !pack.of(&w.scan) {
		return true, nil
	}
	w.scored = true
	size, want, from := s.items+len(s.arrivals), left, s.from(0)
	if len(w.caps) > 0 {
		want = firstAsk(left, size)
	}
	w.scan.ready.k, w.scan.ready.from = want, from
	w.heap.Reset(want)
	t.add(pack, tileUser{s: &w.scan, h: &w.heap, free: w.free, n: size, from: from})
	return true, nil
}

// everybody returns the users of All.
func (e *Engine[U, I]) everybody() []U {
	l := &e.live
	l.write.Lock()
	s := e.state.Load()
	newcomers := make([]U, 0, 16)
	for id := range l.users {
		if s.data.Users.Of(id) < 0 {
			newcomers = append(newcomers, id)
		}
	}
	l.write.Unlock()
	users := make([]U, 0, s.data.Users.Len()+len(newcomers))
	for _, id := range s.data.Users.IDs() {
		if e.answers(s, id) {
			users = append(users, id)
		}
	}
	slices.Sort(newcomers)
	return append(users, newcomers...)
}

// masked reports whether a user was forgotten.
func (e *Engine[U, I]) masked(user U) bool {
	e.live.mu.RLock()
	defer e.live.mu.RUnlock()
	_, masked := e.live.forgotten(user)
	return masked
}

// answers reports whether All has a list for a user: there are live events, or a row
// of the dataset that no deletion hides.
func (e *Engine[U, I]) answers(s *state[U, I], user U) bool {
	l := &e.live
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.users[user] != nil {
		return true
	}
	u := s.data.Users.Of(user)
	if u < 0 {
		return false
	}
	at, masked := l.forgotten(user)
	return !masked || !s.hidden(u, at)
}
