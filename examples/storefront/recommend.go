package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aislekit/aisle/examples/internal/report"
	"github.com/aislekit/aisle/metrics/ranking"
	"github.com/aislekit/aisle/profile"
	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/hybrid"
)

// recommended is what to show to whom, and how good it is on purchases made
// after the cut.
type recommended struct {
	Cut, Until time.Time
	Data       *recommend.Dataset[string, string]
	Bought     map[string][]string // before the cut, distinct products by customer
	Later      map[string][]string // new products bought after the cut, the test
	Blend      recommend.Model
	Lists      []method
	Chosen     string // settings found on the time before the cut
	K          int
}

// method is one recommender with its marks.
type method struct {
	Name    string
	At      ranking.Cutoff
	Users   int64
	Covered float64 // share of the catalogue in anybody's list
	Novelty float64
	Fit     time.Duration
}

// How much an act says about taste, next to a purchase of 1.
var tasteOf = map[profile.Kind]float32{profile.View: .1, profile.Cart: .4, profile.Favorite: .4, profile.Click: .1}

// dataset gathers what customers did with products before a moment.
func dataset(rec *records, orders []settled, refunds []refund, before time.Time) (*recommend.Dataset[string, string], map[string][]string, error) {
	b, err := recommend.NewBuilder[string, string](recommend.BuilderOptions{HalfLife: 240 * day, AsOf: before})
	if err != nil {
		return nil, nil, err
	}
	bought := make(map[string][]string)
	held := kept(orders, refunds)
	for i := range orders {
		o := &orders[i].Order
		if o.User == "" || !o.At.Before(before) {
			continue
		}
		for _, l := range o.Lines {
			if share(held, o.ID, l.Item) == 0 {
				continue // sent back or cancelled: says nothing about taste
			}
			if err := b.AddAt(o.User, l.Item, 1, o.At); err != nil {
				return nil, nil, err
			}
			bought[o.User] = append(bought[o.User], l.Item)
		}
	}
	for i := range rec.Events {
		e := &rec.Events[i]
		if w := tasteOf[e.Kind]; w > 0 && e.Item != "" && e.At.Before(before) {
			if err := b.AddAt(e.User, e.Item, w, e.At); err != nil {
				return nil, nil, err
			}
		}
	}
	for u, items := range bought {
		slices.Sort(items)
		bought[u] = slices.Compact(items)
	}
	data, err := b.Build()
	return data, bought, err
}

// firsts returns the products that customers of the data bought in [from, to) for
// the first time.
func firsts(orders []settled, refunds []refund, data *recommend.Dataset[string, string], bought map[string][]string, from, to time.Time) map[string][]string {
	out := make(map[string][]string)
	held := kept(orders, refunds)
	for i := range orders {
		o := &orders[i].Order
		if o.At.Before(from) || !o.At.Before(to) || data.Users.Of(o.User) < 0 {
			continue
		}
		for _, l := range o.Lines {
			if data.Items.Of(l.Item) < 0 || share(held, o.ID, l.Item) == 0 {
				continue
			}
			if _, had := slices.BinarySearch(bought[o.User], l.Item); !had {
				out[o.User] = append(out[o.User], l.Item)
			}
		}
	}
	for u, items := range out {
		slices.Sort(items)
		out[u] = slices.Compact(items)
	}
	return out
}

// fitted are the models of one data set.
type fitted struct {
	popular, knn, als, content recommend.Model
	took                       map[string]time.Duration
}

// fitModels fits each recommender on its own and keeps how long that took.
func fitModels(ctx context.Context, rec *records, data *recommend.Dataset[string, string], s recSettings, opt options) (*fitted, error) {
	f := &fitted{took: make(map[string]time.Duration)}
	x := data.Interactions
	fit := func(name string, m *recommend.Model, do func() (recommend.Model, error)) error {
		start := time.Now()
		var err error
		if *m, err = do(); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		f.took[name] = time.Since(start)
		return nil
	}
	err := errors.Join(
		fit(namePopular, &f.popular, func() (recommend.Model, error) {
			return recommend.FitPopular(ctx, x, recommend.PopularOptions{ByWeight: true, HalfLife: 60 * day})
		}),
		fit(nameKNN, &f.knn, func() (recommend.Model, error) {
			return recommend.FitItemKNN(ctx, x, recommend.ItemKNNOptions{Neighbors: 200, Weighting: s.Weighting, Shrinkage: s.Shrinkage})
		}),
		fit(nameALS, &f.als, func() (recommend.Model, error) {
			return recommend.FitALS(ctx, x, recommend.ALSOptions{Factors: s.Factors, Unobserved: s.Unobserved, Regularization: s.Regularization, Iterations: 12, Seed: opt.Seed})
		}),
		fit(nameContent, &f.content, func() (recommend.Model, error) {
			ids := data.Items.IDs()
			texts, attributes := make([]string, len(ids)), make([][]string, len(ids))
			for i, id := range ids {
				if p := rec.product(id); p != nil {
					texts[i] = p.Text
					for _, a := range []string{p.Category, p.Brand} {
						if a != "" {
							attributes[i] = append(attributes[i], a)
						}
					}
				}
			}
			return recommend.FitTFIDF(ctx, texts, recommend.TFIDFOptions{Attributes: attributes, Sublinear: true})
		}))
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (f *fitted) blend(s recSettings) (recommend.Model, error) {
	return hybrid.NewBlend([]hybrid.Weighted{{Model: f.als, Weight: 1}, {Model: f.knn, Weight: s.KNN}, {Model: f.content, Weight: s.Content}, {Model: f.popular, Weight: s.Popular}}, hybrid.BlendOptions{Normalize: hybrid.ZScore})
}

const (
	namePopular = "popular now"
	nameKNN     = "item neighbours"
	nameALS     = "matrix factorisation (ALS)"
	nameContent = "content (text, brand, category)"
	nameBlend   = "blend of all"
	nameOracle  = "oracle: knows the planted tastes"
)

// recSettings are what the time before the cut is asked for.
type recSettings struct {
	Factors                    int
	Unobserved, Regularization float64
	Weighting                  recommend.Weighting
	Shrinkage                  float64
	KNN, Content, Popular      float32 // weights beside ALS's 1
}

// recommendations fits several recommenders on what lies before the cut, marks
// them on what was bought after it, and returns the blend for use. oracle, if
// given, makes a model that knows the truth.
func recommendations(ctx context.Context, rec *records, now *profiled, oracle func(*recommend.Dataset[string, string]) recommend.Model, opt options, p *progress) (*recommended, error) {
	all, err := rec.Ledger.Settle(time.Time{})
	if err != nil {
		return nil, err
	}
	out := &recommended{Cut: rec.Cut, Until: rec.End, K: opt.K}
	best, err := tuneRecommenders(ctx, rec, now, opt, p)
	if err != nil {
		return nil, err
	}
	out.Chosen = fmt.Sprintf("%d factors, %g unobserved, regularisation %g; weights beside ALS's 1: neighbours %g, content %g, popular %g",
		best.Factors, best.Unobserved, best.Regularization, best.KNN, best.Content, best.Popular)
	if out.Data, out.Bought, err = dataset(rec, now.Orders, now.Refunds, rec.Cut); err != nil {
		return nil, err
	}
	out.Later = firsts(all.Orders, all.Refunds, out.Data, out.Bought, rec.Cut, rec.End)
	f, err := fitModels(ctx, rec, out.Data, best, opt)
	if err != nil {
		return nil, err
	}
	if out.Blend, err = f.blend(best); err != nil {
		return nil, err
	}
	models := []struct {
		name string
		m    recommend.Model
	}{{namePopular, f.popular}, {nameKNN, f.knn}, {nameALS, f.als}, {nameContent, f.content}, {nameBlend, out.Blend}}
	if oracle != nil {
		models = append(models, struct {
			name string
			m    recommend.Model
		}{nameOracle, oracle(out.Data)})
	}
	for _, m := range models {
		p.update("marking recommenders: %s", m.name)
		mark, err := judge(m.m, out.Data, out.Bought, out.Later, nil, opt.K)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.name, err)
		}
		mark.Name, mark.Fit = m.name, f.took[m.name]
		out.Lists = append(out.Lists, mark)
	}
	return out, nil
}

// judge marks a model on the products that customers bought later.
func judge(m recommend.Model, data *recommend.Dataset[string, string], bought, later map[string][]string, allow *recommend.ItemSet, k int) (method, error) {
	x := data.Interactions
	rank, err := ranking.NewDense(x.Items(), ranking.LightGCN(k))
	if err != nil {
		return method{}, err
	}
	pop := make(map[int32]int64, x.Items())
	for i, n := range x.ItemCounts() {
		pop[int32(i)] = int64(n)
	}
	beyond, err := ranking.NewBeyond(ranking.BeyondOptions[int32]{K: k, Items: x.Items(), Popularity: pop, Users: int64(x.Users())})
	if err != nil {
		return method{}, err
	}
	users := make([]string, 0, len(later))
	for u := range later {
		users = append(users, u)
	}
	slices.Sort(users)
	r := recommend.NewRanker(m)
	var top []recommend.Scored
	var list, want, had []int32
	for _, id := range users {
		u := data.Users.Of(id)
		had, want, list = had[:0], want[:0], list[:0]
		for _, i := range bought[id] {
			had = append(had, data.Items.Of(i))
		}
		for _, i := range later[id] {
			want = append(want, data.Items.Of(i))
		}
		top, err = r.AppendTop(top[:0], x.Query(int(u)), k, recommend.Filter{Items: had, Allow: allow})
		if err != nil && !errors.Is(err, recommend.ErrEmpty) {
			return method{}, err
		}
		for _, s := range top {
			list = append(list, s.Item)
		}
		if err := rank.Add(list, want); err != nil {
			return method{}, err
		}
		if err := beyond.Add(list); err != nil {
			return method{}, err
		}
	}
	res, err := rank.Result()
	if err != nil {
		return method{}, err
	}
	wide, err := beyond.Result()
	if err != nil {
		return method{}, err
	}
	at, _ := res.At(k)
	return method{At: at, Users: res.Users, Covered: wide.Coverage, Novelty: wide.Novelty}, nil
}

// tuneRecommenders tries a few settings on a cut before the cut: nothing after
// rec.Cut takes part.
func tuneRecommenders(ctx context.Context, rec *records, now *profiled, opt options, p *progress) (recSettings, error) {
	inner := rec.Cut.Add(-rec.Horizon)
	s := recSettings{Factors: 32, Unobserved: .1, Regularization: .01, Weighting: recommend.TFIDF, KNN: 1, Content: .5, Popular: .5}
	data, bought, err := dataset(rec, now.Orders, now.Refunds, inner)
	if err != nil {
		return s, err
	}
	later := firsts(now.Orders, now.Refunds, data, bought, inner, rec.Cut)
	if len(later) == 0 {
		return s, nil
	}
	type als struct {
		factors   int
		unobs, la float64
	}
	best := -1.0
	for _, a := range []als{{32, .1, .01}, {32, .02, .01}, {32, .1, .002}, {32, .02, .002}, {64, .1, .01}, {64, .02, .002}} {
		p.update("tuning recommenders: %d factors, %g unobserved, %g regularisation", a.factors, a.unobs, a.la)
		m, err := recommend.FitALS(ctx, data.Interactions, recommend.ALSOptions{Factors: a.factors, Unobserved: a.unobs, Regularization: a.la, Iterations: 8, Seed: opt.Seed})
		if err != nil {
			return s, err
		}
		mark, err := judge(m, data, bought, later, nil, opt.K)
		if err != nil {
			return s, err
		}
		if mark.At.NDCG > best {
			best, s.Factors, s.Unobserved, s.Regularization = mark.At.NDCG, a.factors, a.unobs, a.la
		}
	}
	f, err := fitModels(ctx, rec, data, s, opt)
	if err != nil {
		return s, err
	}
	best = -1
	try := s
	for _, try.KNN = range []float32{.1, .5, 1} {
		for _, try.Content = range []float32{.1, .5, 1} {
			for _, try.Popular = range []float32{.1, .3, 1} {
				m, err := f.blend(try)
				if err != nil {
					return s, err
				}
				mark, err := judge(m, data, bought, later, nil, opt.K)
				if err != nil {
					return s, err
				}
				if mark.At.NDCG > best {
					best, s = mark.At.NDCG, try
				}
			}
		}
	}
	return s, nil
}

func (r *recommended) find(name string) (method, bool) {
	for _, m := range r.Lists {
		if m.Name == name {
			return m, true
		}
	}
	return method{}, false
}

// section reports on the recommenders, the lists they make and the one chosen.
func (r *recommended) section() report.Section {
	blend, _ := r.find(nameBlend)
	pop, _ := r.find(namePopular)
	t := report.Table{
		Caption: fmt.Sprintf("Recommenders, marked on what %s customers bought for the first time after %s", count(blend.Users), date(r.Cut)),
		Columns: []string{"method", fmt.Sprintf("hit in %d", r.K), fmt.Sprintf("recall@%d", r.K), fmt.Sprintf("NDCG@%d", r.K), "catalogue shown"},
	}
	plot := report.Plot{Kind: report.Bars, Title: fmt.Sprintf("NDCG@%d on held-out purchases", r.K), Desc: "A bar for each method; longer is better.", Series: []report.Series{{Name: "NDCG"}}}
	best := ""
	top := -1.0
	for _, m := range r.Lists {
		t.Rows = append(t.Rows, []string{m.Name, percent(m.At.HitRate), decimal(m.At.Recall, 4), decimal(m.At.NDCG, 4), percent(m.Covered)})
		plot.Labels = append(plot.Labels, m.Name)
		plot.Series[0].Y = append(plot.Series[0].Y, m.At.NDCG)
		if m.Name != nameOracle && m.At.NDCG > top {
			best, top = m.Name, m.At.NDCG
		}
	}
	s := report.Section{
		Title: "What to recommend",
		Meaning: fmt.Sprintf("With %d products shown to each, %s of the customers found one they then bought for the first time; the list of bestsellers manages %s.",
			r.K, percent(blend.At.HitRate), percent(pop.At.HitRate)),
		Action: fmt.Sprintf("Use “%s” in the shop and keep bestsellers for strangers.", best),
		Terms: []report.Term{
			{Word: "Hit", Meaning: "at least one product of the list was really bought later, for the first time, without anybody having shown the list."},
			{Word: "Recall", Meaning: "the share of all later first purchases that were on the list."},
			{Word: "NDCG", Meaning: "as recall, but a product high on the list counts more; 1 would be a perfect list."},
		},
		Figures: []report.Figure{{Label: "customers tested", Value: count(blend.Users)}, {Label: "products", Value: count(r.Data.Items.Len())}, {Label: "pairs of customer and product learnt from", Value: count(r.Data.Interactions.Len())}},
		Plots:   []report.Plot{plot}, Tables: []report.Table{t},
		Notes: []string{"Settings were chosen on the time before the cut only: " + r.Chosen + "."},
	}
	if o, ok := r.find(nameOracle); ok {
		s.Terms = append(s.Terms, report.Term{Word: "Oracle", Meaning: "a recommender that is told the planted tastes. Nobody can do better for long, because the rest is chance."})
		share := blend.At.NDCG / o.At.NDCG
		s.Checks = []report.Check{
			{What: fmt.Sprintf("NDCG@%d of the blend against the oracle", r.K), Planted: decimal(o.At.NDCG, 4), Found: fmt.Sprintf("%s (%s of it)", decimal(blend.At.NDCG, 4), percent(share)), Verdict: report.Mark(share > .5)},
			{What: "recall of the blend against the oracle", Planted: decimal(o.At.Recall, 4), Found: decimal(blend.At.Recall, 4)},
			{What: "recall of bestsellers", Planted: decimal(o.At.Recall, 4), Found: decimal(pop.At.Recall, 4)},
		}
	}
	return s
}

// oracleModel scores by a function of the truth.
type oracleModel struct {
	users, items int
	score        func(dst []float32, user int32)
}

func (o *oracleModel) Users() int { return o.users }
func (o *oracleModel) Items() int { return o.items }
func (o *oracleModel) Score(dst []float32, q recommend.Query) error {
	if len(dst) != o.items {
		return recommend.ErrShape
	}
	if q.User < 0 {
		return recommend.ErrEmpty
	}
	o.score(dst, q.User)
	return nil
}

// shortTitle keeps tables and plots narrow.
func shortTitle(s string) string {
	r := []rune(strings.TrimSpace(s))
	if len(r) > 40 {
		return string(r[:39]) + "…"
	}
	return string(r)
}
