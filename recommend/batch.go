package recommend

import (
	"context"
	"iter"
	"slices"

	"github.com/aislekit/aisle/internal/parallel"
)

// batchUsers is how many users are answered before they are handed out.
const batchUsers = 256

// All answers a request for every user: those of the dataset in its order, then
// those that are known by live events alone, ascending; forgotten users are left
// out. What differs between users is set by the engine, so r.User, r.Anonymous
// and r.Info do not count.
//
// Lists are computed on workers goroutines (0: GOMAXPROCS) while the loop stands
// still, some hundred users at a time, and handed out in order, each in memory of
// its own. Events and swaps meanwhile take effect for the users that follow; the
// users are those at the start of the loop.
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
		failed = nil
		users := e.everybody()
		out := make([][]Recommendation[I], min(batchUsers, len(users)))
		for lo := 0; lo < len(users); lo += batchUsers {
			block := users[lo:min(lo+batchUsers, len(users))]
			failed = parallel.For(ctx, len(block), 8, workers, func(_, from, to int) error {
				for k := from; k < to; k++ {
					one := r
					one.User, one.Anonymous, one.Info = block[k], false, nil
					var err error
					if out[k], err = e.Recommend(make([]Recommendation[I], 0, max(min(r.K, 64), 0)), one); err != nil {
						return err
					}
				}
				return nil
			})
			if failed != nil {
				return
			}
			for k, user := range block {
				if !yield(user, out[k]) {
					return
				}
			}
		}
	}
	return lists, func() error { return failed }
}

// everybody returns the users of All.
func (e *Engine[U, I]) everybody() []U {
	l := &e.live
	l.write.Lock()
	defer l.write.Unlock()
	d := e.state.Load().data
	users := make([]U, 0, d.Users.Len())
	for _, id := range d.Users.IDs() {
		if _, masked := l.masked[id]; !masked || l.users[id] != nil {
			users = append(users, id)
		}
	}
	known := len(users)
	for id := range l.users {
		if d.Users.Of(id) < 0 {
			users = append(users, id)
		}
	}
	slices.Sort(users[known:])
	return users
}
