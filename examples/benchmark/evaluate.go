package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"

	rank "github.com/aislekit/aisle/metrics/ranking"
	"github.com/aislekit/aisle/recommend"
)

// quality is the outcome of an evaluation. Measures that the task does not have
// stay NaN.
type quality struct {
	users, skipped int64
	at             []qualityAt
	rmse, mae      float64
}

type qualityAt struct {
	k                                                 int
	recall, ndcg, hitrate, precision, ap, mrr, covers float64
}

// fitted is what a fit returned: one of the two is set.
type fitted struct {
	model   recommend.Model
	session sessionModel
}

// sequence lets a Ranker serve a session model: the history of a query is the
// session, in order, repeats included.
type sequence struct{ sessionModel }

func (s sequence) Users() int { return 0 }
func (s sequence) Score(dst []float32, q recommend.Query) error {
	return s.sessionModel.Score(dst, q.Items)
}

// ranked returns the model as something that scores queries.
func (f fitted) ranked() recommend.Model {
	if f.session != nil {
		return sequence{f.session}
	}
	return f.model
}

// each calls fn(worker, n) for n in [0, count) on several goroutines.
func each(ctx context.Context, count, workers int, fn func(worker, n int) error) error {
	const block = 64
	var next atomic.Int64
	var failed atomic.Bool
	errs := make([]error, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for !failed.Load() && ctx.Err() == nil {
				lo := int(next.Add(1)-1) * block
				if lo >= count {
					return
				}
				for n := lo; n < min(lo+block, count); n++ {
					if errs[w] = fn(w, n); errs[w] != nil {
						failed.Store(true)
						return
					}
				}
			}
		}()
	}
	wg.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return errors.Join(errs...)
}

// query is one question of an evaluation.
type query struct {
	q       recommend.Query
	exclude []int32 // never recommended
	truth   []int32
	among   []int32 // when set, rank these and truth only
}

// questions returns the questions of a problem, in order, and how many users
// have none. limit > 0 takes that many at random.
func (p *problem) questions(limit int, seed uint64) (ask func(n int) query, count int, skipped int64) {
	var order []int32
	switch {
	case p.sessionsTest != nil:
		s := p.sessionsTest
		for k := range s.Len() {
			order = append(order, int32(k))
		}
		ask = func(n int) query {
			k := int(order[n])
			ask := query{q: recommend.Query{User: recommend.Stranger, Items: s.Session(k)}, truth: s.Target[k : k+1]}
			if p.last {
				ask.exclude = s.Session(k)
			}
			return ask
		}
	case p.cases != nil:
		for k := range p.cases.Len() {
			order = append(order, int32(k))
		}
		skipped = int64(p.lone)
		ask = func(n int) query {
			k := int(order[n])
			return query{q: p.train.Query(int(p.cases.User[k])), truth: p.cases.Item[k : k+1], among: p.cases.Negative(k)}
		}
	default:
		for u := range p.test.Users() {
			if items, _ := p.test.Row(u); len(items) > 0 {
				order = append(order, int32(u))
			} else {
				skipped++
			}
		}
		ask = func(n int) query {
			u := int(order[n])
			seen, _ := p.train.Row(u)
			truth, _ := p.test.Row(u)
			return query{q: p.train.Query(u), exclude: seen, truth: truth}
		}
	}
	if limit > 0 && len(order) > limit {
		r := rand.New(rand.NewPCG(seed, 0xe7a1))
		r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		order = order[:limit]
		slices.Sort(order)
	}
	return ask, len(order), skipped
}

// evaluate measures a fitted model on the test part, over at most limit users
// (0: all).
func (p *problem) evaluate(ctx context.Context, f fitted, ks []int, workers, limit int, seed uint64) (*quality, error) {
	if p.task == rating {
		return p.evaluateRating(ctx, f.model, workers)
	}
	model := f.ranked()
	if model.Items() != p.items {
		return nil, fmt.Errorf("model knows %d items, data has %d", model.Items(), p.items)
	}
	ask, count, skipped := p.questions(limit, seed)
	opt := rank.LightGCN(ks...)
	if p.cases != nil {
		opt = rank.NCF(99, ks...)
	}
	acc, err := rank.NewDense(p.items, opt)
	if err != nil {
		return nil, err
	}
	shown := make([][]uint64, len(ks))
	for i := range shown {
		shown[i] = make([]uint64, (p.items+63)/64)
	}
	m := &lister{model: model, items: p.items, workers: workers, k: slices.Max(ks)}
	err = m.all(ctx, ask, count, func(list []int32, truth []int32) error {
		for i, cut := range ks {
			for _, item := range list[:min(cut, len(list))] {
				shown[i][item/64] |= 1 << (item % 64)
			}
		}
		return acc.Add(list, truth)
	})
	if err != nil {
		return nil, err
	}
	res, err := acc.Result()
	if err != nil {
		return nil, err
	}
	q := &quality{users: res.Users, skipped: skipped, rmse: math.NaN(), mae: math.NaN()}
	for i, k := range ks {
		a, _ := res.At(k)
		n := 0
		for _, word := range shown[i] {
			for ; word != 0; word &= word - 1 {
				n++
			}
		}
		q.at = append(q.at, qualityAt{k, a.Recall, a.NDCG, a.HitRate, a.Precision, a.MAP, a.MRR, float64(n) / float64(p.items)})
	}
	return q, nil
}

// lister makes the list of k that a model gives to each question.
type lister struct {
	model             recommend.Model
	items, workers, k int
}

// all hands the lists to add in the order of the questions. They are made in parallel and
// counted in order, a chunk at a time, so that means do not depend on the number of
// workers.
func (m *lister) all(ctx context.Context, ask func(n int) query, count int, add func(list, truth []int32) error) error {
	rankers := make([]*recommend.Ranker, m.workers)
	scores := make([][]float32, m.workers)
	for w := range m.workers {
		rankers[w] = recommend.NewRanker(m.model)
		scores[w] = make([]float32, m.items)
	}
	const chunk = 4096
	lists := make([][]int32, min(chunk, count))
	tops := make([][]recommend.Scored, m.workers)
	for lo := 0; lo < count; lo += chunk {
		n := min(chunk, count-lo)
		err := each(ctx, n, m.workers, func(w, k int) error {
			ask := ask(lo + k)
			lists[k] = lists[k][:0]
			if ask.among != nil {
				err := m.model.Score(scores[w], ask.q)
				if err == nil {
					lists[k] = rankAmong(lists[k], scores[w], ask.among, ask.truth[0])
				}
				return ignoreEmpty(err)
			}
			var err error
			tops[w], err = rankers[w].AppendTop(tops[w][:0], ask.q, m.k, recommend.Filter{Items: ask.exclude})
			if err == nil {
				for _, s := range tops[w] {
					lists[k] = append(lists[k], s.Item)
				}
			}
			return ignoreEmpty(err)
		})
		if err != nil {
			return err
		}
		for k := range n {
			if err := add(lists[k], ask(lo+k).truth); err != nil {
				return err
			}
		}
	}
	return nil
}

// ignoreEmpty lets a model abstain: a question it knows nothing about scores 0.
func ignoreEmpty(err error) error {
	if errors.Is(err, recommend.ErrEmpty) {
		return nil
	}
	return err
}

// rankAmong appends negatives and target, best first. Equal scores keep the
// order negatives, then target, as in the evaluation of He et al. (2017): a
// model that cannot tell them apart gets no credit. A target that the file lists
// among its own negatives keeps that place, as it does there.
func rankAmong(dst []int32, scores []float32, negatives []int32, target int32) []int32 {
	dst = append(dst, negatives...)
	if !slices.Contains(negatives, target) {
		dst = append(dst, target)
	}
	slices.SortStableFunc(dst, func(a, b int32) int {
		x, y := scores[a], scores[b]
		switch {
		case x > y || x == x && y != y:
			return -1
		case x < y || x != x && y == y:
			return 1
		}
		return 0
	})
	return dst
}

// evaluateRating compares scores with the test ratings. Predictions are cut to
// the range of the training ratings; a user the model abstains on gets their
// mean.
func (p *problem) evaluateRating(ctx context.Context, model recommend.Model, workers int) (*quality, error) {
	lo, hi, sum := math.Inf(1), math.Inf(-1), 0.0
	for u := range p.train.Users() {
		_, weights := p.train.Row(u)
		for _, w := range weights {
			lo, hi, sum = min(lo, float64(w)), max(hi, float64(w)), sum+float64(w)
		}
	}
	mean := sum / float64(p.train.Len())
	scores := make([][]float32, workers)
	for w := range workers {
		scores[w] = make([]float32, p.items)
	}
	type part struct {
		n        int
		abs, sqr float64
	}
	parts := make([]part, p.test.Users())
	err := each(ctx, p.test.Users(), workers, func(w, u int) error {
		items, truth := p.test.Row(u)
		if len(items) == 0 {
			return nil
		}
		err := model.Score(scores[w], p.train.Query(u))
		if ignoreEmpty(err) != nil {
			return err
		}
		for k, i := range items {
			x := mean
			if v := float64(scores[w][i]); err == nil && v == v {
				x = min(max(v, lo), hi)
			}
			d := x - float64(truth[k])
			parts[u].n++
			parts[u].abs += math.Abs(d)
			parts[u].sqr += d * d
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	q := &quality{}
	var all part
	for _, s := range parts {
		if s.n == 0 {
			q.skipped++
			continue
		}
		q.users++
		all.n += s.n
		all.abs += s.abs
		all.sqr += s.sqr
	}
	q.rmse, q.mae = math.Sqrt(all.sqr/float64(all.n)), all.abs/float64(all.n)
	return q, nil
}
