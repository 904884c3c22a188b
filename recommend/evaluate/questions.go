package evaluate

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/recommend"
)

// Question is one question to a model and what would be right.
type Question struct {
	Query    recommend.Query  // for whom
	Filter   recommend.Filter // what the list may hold; it does not count with Among
	Relevant []int32          // the right answers, distinct

	// Among, when not nil, lists the candidates: they and the relevant items are
	// ranked, no others. Of equal scores those of Among come first, in their order; a
	// relevant item that is among them keeps its place there.
	Among []int32
}

// Questions puts questions 0 to n-1 of your own to m, judges each list as Lists does, and counts
// Users, Unanswered and Short: for models of order, sessions, sampled candidates from a file.
// question is called on the caller's goroutine in ascending order, some thousand ahead
// of the judge; what it returns must stay as it is until judged.
//
// It uses K, Workers and Progress of opt; anything else set is ErrOption. Errors
// beside those of Lists: ErrRange for a candidate outside of the catalogue.
func Questions(ctx context.Context, m recommend.Model, n int, question func(q int) Question, judge func(recommended, relevant []int32) error, opt Options) (Result, error) {
	const where = "evaluate: Questions"
	opt = opt.withDefaults()
	if err := opt.validate(where); err != nil {
		return Result{}, err
	}
	switch {
	case missing(m):
		return Result{}, fmt.Errorf("%s: model: %w", where, ErrEmpty)
	case n < 1 || question == nil:
		return Result{}, fmt.Errorf("%s: questions: %w", where, ErrEmpty)
	case judge == nil:
		return Result{}, fmt.Errorf("%s: judge: %w", where, ErrEmpty)
	case opt.Seen != recommend.DropSeen || opt.Known != nil || opt.Allow != nil || opt.Deny != nil || opt.Sampled != 0:
		return Result{}, fmt.Errorf("%s: Seen, Known, Allow, Deny and Sampled are the question's to say: %w", where, ErrOption)
	}
	a := asker{where: where, model: m, opt: opt, judge: judge, name: func(q int) string { return fmt.Sprintf("question %d", q) }}
	err := a.all(ctx, n, func(q int) (Question, *drawn) { return question(q), nil })
	return a.result, err
}

// asker puts questions to a model, a chunk at a time: lists are made in parallel and
// judged in order.
type asker struct {
	where  string
	model  recommend.Model
	opt    Options
	judge  func(recommended, relevant []int32) error
	name   func(q int) string // of a question, in errors
	result Result

	questions []Question
	draws     []*drawn
	whole     []int     // of the chunk, those over the whole catalogue
	few       []int     // the others
	lists     [][]int32 // of few, by place in the chunk
	scratch   []*scratch
	list      []int32
}

// scratch is a worker's memory for ranking a few candidates.
type scratch struct {
	scores     []float32
	mark       []bool
	candidates []int32
}

// chunkOf bounds the lists that wait for their judge: 2²² items together, 64 to 4096 of
// them.
func chunkOf(k int) int { return min(max(1<<22/k, 64), 4096) }

// all asks and judges n questions.
func (a *asker) all(ctx context.Context, n int, question func(q int) (Question, *drawn)) error {
	chunk := chunkOf(a.opt.K)
	a.opt.Workers = min(parallel.Workers(a.opt.Workers), chunk, n)
	a.scratch = make([]*scratch, a.opt.Workers)
	a.lists = make([][]int32, min(chunk, n))
	for lo := 0; lo < n; lo += chunk {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		a.questions, a.draws, a.whole, a.few = a.questions[:0], a.draws[:0], a.whole[:0], a.few[:0]
		for k := range min(chunk, n-lo) {
			q, draw := question(lo + k)
			a.questions, a.draws = append(a.questions, q), append(a.draws, draw)
			if draw == nil && q.Among == nil {
				a.whole = append(a.whole, k)
			} else {
				a.few = append(a.few, k)
			}
		}
		if err := a.rankFew(ctx, lo); err != nil {
			return err
		}
		if err := a.judgeAll(ctx, lo); err != nil {
			return err
		}
		if a.opt.Progress != nil {
			a.opt.Progress(Progress{Users: min(lo+chunk, n), Of: n})
		}
	}
	return nil
}

// rankFew leaves the lists of the questions with candidates in a.lists.
func (a *asker) rankFew(ctx context.Context, first int) error {
	items := a.model.Items()
	return parallel.For(ctx, len(a.few), 1, a.opt.Workers, func(w, lo, hi int) error {
		if a.scratch[w] == nil {
			a.scratch[w] = &scratch{scores: make([]float32, items), mark: make([]bool, items)}
		}
		s := a.scratch[w]
		for _, k := range a.few[lo:hi] {
			q := &a.questions[k]
			a.lists[k] = a.lists[k][:0]
			err := a.model.Score(s.scores, q.Query)
			if errors.Is(err, recommend.ErrEmpty) {
				continue
			}
			if err != nil {
				return fmt.Errorf("%s: %s: %w", a.where, a.name(first+k), err)
			}
			among := q.Among
			if d := a.draws[k]; d != nil {
				s.candidates = d.candidates(s.candidates[:0], s.mark, q)
				among = s.candidates
			}
			if a.lists[k], err = rankAmong(a.lists[k], s.scores, among, q, a.opt.K); err != nil {
				return fmt.Errorf("%s: %s: %w", a.where, a.name(first+k), err)
			}
		}
		return nil
	})
}

// rankAmong appends the k best of the candidates and the relevant items. The sort is
// stable, candidates first: equal scores give no credit. Relevant items that the model
// does not know, and those that a filter takes away, are in no list.
func rankAmong(dst []int32, scores []float32, among []int32, q *Question, k int) ([]int32, error) {
	start := len(dst)
	for _, i := range among {
		if uint32(i) >= uint32(len(scores)) {
			return dst, fmt.Errorf("candidate %d of %d items: %w", i, len(scores), ErrRange)
		}
		dst = append(dst, i)
	}
	for _, i := range q.Relevant {
		if uint32(i) >= uint32(len(scores)) || slices.Contains(among, i) || q.Among == nil && !passes(&q.Filter, i) {
			continue
		}
		dst = append(dst, i)
	}
	slices.SortStableFunc(dst[start:], func(a, b int32) int {
		x, y := scores[a], scores[b]
		switch {
		case x > y || x == x && y != y:
			return -1
		case x < y || x != x && y == y:
			return 1
		}
		return 0
	})
	return dst[:start+min(len(dst)-start, k)], nil
}

// passes reports whether the filter lets the item into a list.
func passes(f *recommend.Filter, i int32) bool {
	return (f.Allow == nil || f.Allow.Has(i)) && (f.Deny == nil || !f.Deny.Has(i)) && !slices.Contains(f.Items, i)
}

// judgeAll makes the lists over the whole catalogue, and judges those of the chunk in
// order.
func (a *asker) judgeAll(ctx context.Context, first int) error {
	next := 0 // the question to be judged
	until := func(k int) error {
		for ; next < k; next++ { // ranked already
			if err := a.hand(first, next, a.lists[next]); err != nil {
				return err
			}
		}
		return nil
	}
	lists, failed := recommend.TopLists(ctx, a.model, len(a.whole), a.opt.K, func(n int) (recommend.Query, recommend.Filter) {
		q := &a.questions[a.whole[n]]
		return q.Query, q.Filter
	}, a.opt.Workers)
	for n, list := range lists {
		k := a.whole[n]
		if err := until(k); err != nil {
			return err
		}
		a.list = a.list[:0]
		for _, s := range list {
			a.list = append(a.list, s.Item)
		}
		if err := a.hand(first, k, a.list); err != nil {
			return err
		}
		next = k + 1
	}
	if err := failed(); err != nil {
		if ctx.Err() != nil {
			return err
		}
		return a.failure(first, err)
	}
	return until(len(a.questions))
}

// hand judges one list.
func (a *asker) hand(first, k int, list []int32) error {
	a.result.add(len(list), a.opt.K)
	if err := a.judge(list, a.questions[k].Relevant); err != nil {
		return fmt.Errorf("%s: judge of %s: %w", a.where, a.name(first+k), err)
	}
	return nil
}

// add counts a list of that length.
func (r *Result) add(length, k int) {
	r.Users++
	switch {
	case length == 0:
		r.Unanswered++
	case length < k:
		r.Short++
	}
}

// failure names the first question of the chunk that has no answer: TopLists counts from
// the start of the chunk.
func (a *asker) failure(first int, err error) error {
	ranker := recommend.NewRanker(a.model)
	for _, k := range a.whole {
		q := &a.questions[k]
		if _, e := ranker.AppendTop(nil, q.Query, a.opt.K, q.Filter); e != nil && !errors.Is(e, recommend.ErrEmpty) {
			return fmt.Errorf("%s: %s: %w", a.where, a.name(first+k), e)
		}
	}
	return fmt.Errorf("%s: %w", a.where, err)
}
