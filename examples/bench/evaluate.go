package bench

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/aislekit/aisle/internal/parallel"
	rank "github.com/aislekit/aisle/metrics/ranking"
	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/evaluate"
)

// quality is the outcome of an evaluation. Measures that the task does not have
// stay NaN.
type quality struct {
	users, skipped int64
	at             []qualityAt
	rmse, mae      float64
	perUser        []float64 // what a search compares of each question, higher is better; nil unless asked for
	who            []int32   // the user or session of each of these
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

// inner returns the model that knows its options: what a session model is made of.
func (f fitted) inner() recommend.Model {
	if u, ok := f.session.(interface{ unwrap() any }); ok {
		m, _ := u.unwrap().(recommend.Model)
		return m
	}
	return f.model
}

// ranked returns the model as something that scores queries.
func (f fitted) ranked() recommend.Model {
	if f.session != nil {
		return sequence{f.session}
	}
	return f.model
}

// questions returns the questions of a problem, in order, the user or session that each
// is of, and how many users have none. limit > 0 takes that many at random.
func (p *problem) questions(limit int, seed uint64) (ask func(n int) evaluate.Question, who []int32, skipped int64) {
	var order []int32
	switch {
	case p.sessionsTest != nil:
		s := p.sessionsTest
		for k := range s.Len() {
			order = append(order, int32(k))
		}
		ask = func(n int) evaluate.Question {
			k := int(order[n])
			ask := evaluate.Question{Query: recommend.Query{User: recommend.Stranger, Items: s.Session(k)}, Relevant: s.Target[k : k+1]}
			if p.last {
				ask.Filter.Items = s.Session(k)
			}
			return ask
		}
	case p.cases != nil:
		for k := range p.cases.Len() {
			order = append(order, int32(k))
		}
		skipped = int64(p.lone)
		ask = func(n int) evaluate.Question {
			k := int(order[n])
			among := p.cases.Negative(k)
			return evaluate.Question{Query: p.train.Query(int(p.cases.User[k])), Relevant: p.cases.Item[k : k+1], Among: among[:len(among):len(among)]}
		}
	default:
		for u := range p.test.Users() {
			if items, _ := p.test.Row(u); len(items) > 0 {
				order = append(order, int32(u))
			} else {
				skipped++
			}
		}
		ask = func(n int) evaluate.Question {
			u := int(order[n])
			q := p.train.Query(u)
			relevant, _ := p.test.Row(u)
			return evaluate.Question{Query: q, Filter: recommend.Filter{Items: q.Items}, Relevant: relevant}
		}
	}
	if limit > 0 && len(order) > limit {
		r := rand.New(rand.NewPCG(seed, 0xe7a1))
		r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		order = order[:limit]
		slices.Sort(order)
	}
	who = slices.Clone(order)
	for n, k := range order {
		switch {
		case p.sessionsTest != nil && p.sessionOf != nil:
			who[n] = p.sessionOf[k]
		case p.sessionsTest == nil && p.cases != nil:
			who[n] = p.cases.User[k]
		}
	}
	return ask, who, skipped
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
	ask, who, skipped := p.questions(limit, seed)
	opt, longest := rank.LightGCN(ks...), slices.Max(ks)
	if p.cases != nil {
		opt = rank.NCF(99, ks...)
		for k := range p.cases.Len() {
			longest = max(longest, len(p.cases.Negative(k))+1) // all candidates
		}
	}
	opt.KeepUsers = p.perUser != nil
	acc, err := rank.NewDense(p.items, opt)
	if err != nil {
		return nil, err
	}
	shown := make([][]uint64, len(ks))
	for i := range shown {
		shown[i] = make([]uint64, (p.items+63)/64)
	}
	_, err = evaluate.Questions(ctx, model, len(who), ask, func(list, relevant []int32) error {
		for i, cut := range ks {
			for _, item := range list[:min(cut, len(list))] {
				shown[i][item/64] |= 1 << (item % 64)
			}
		}
		return acc.Add(list, relevant)
	}, evaluate.Options{K: longest, Workers: workers})
	if err != nil {
		return nil, err
	}
	res, err := acc.Result()
	if err != nil {
		return nil, err
	}
	q := &quality{users: res.Users, skipped: skipped, rmse: math.NaN(), mae: math.NaN()}
	if p.perUser != nil {
		if q.perUser, err = acc.PerUser(p.perUser.each, ks[0]); err != nil {
			return nil, err
		}
		q.who = who
	}
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

// ignoreEmpty lets a model abstain: a question it knows nothing about scores 0.
func ignoreEmpty(err error) error {
	if errors.Is(err, recommend.ErrEmpty) {
		return nil
	}
	return err
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
	err := parallel.For(ctx, p.test.Users(), 64, workers, func(w, from, to int) error {
		for u := from; u < to; u++ {
			items, truth := p.test.Row(u)
			if len(items) == 0 {
				continue
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
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	q := &quality{}
	var all part
	for u, s := range parts {
		if s.n == 0 {
			q.skipped++
			continue
		}
		q.users++
		if p.perUser != nil {
			loss := s.sqr
			if p.perUser.name == "mae" {
				loss = s.abs
			}
			q.perUser, q.who = append(q.perUser, -loss), append(q.who, int32(u))
		}
		all.n += s.n
		all.abs += s.abs
		all.sqr += s.sqr
	}
	q.rmse, q.mae = math.Sqrt(all.sqr/float64(all.n)), all.abs/float64(all.n)
	return q, nil
}
