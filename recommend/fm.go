package recommend

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/fm"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/sparse"
	"github.com/aislekit/aisle/internal/vec"
)

var (
	_ Persistent   = (*FM)(nil)
	_ Meaner       = (*FM)(nil)
	_ SparseScorer = (*FM)(nil)
	_ OrderReader  = (*FM)(nil)
	_ Similar      = (*FM)(nil)
	_ SimilarUsers = (*FM)(nil)
	_ Folder       = (*FM)(nil)
	_ ItemVectors  = (*FM)(nil)
)

// FMTask is what a factorisation machine learns.
type FMTask int

const (
	FMRanking FMTask = iota // items with an entry before others, the pairwise loss of BPR; default
	FMClicks                // entries against sampled items without, the logistic loss of LMF
	FMRatings               // the values of the entries, the squared error of MF; for Predict, its lists are as bad as those of MF
)

// FMOptions configures FitFM.
type FMOptions struct {
	Task FMTask // default FMRanking

	// UserFeatures has a row for each user, ItemFeatures one for each item and
	// ContextFeatures one for each entry, in the order of the entries (row after
	// row); columns are features, weights their values, 1 for a category. nil:
	// none. Scale numbers to about 1.
	UserFeatures, ItemFeatures, ContextFeatures *Interactions

	Factors        int     // length of the vectors; default 64
	Epochs         int     // passes over the entries; default 100, FMClicks 50, FMRatings 60
	Rate           float64 // learning rate η; default 0.05, FMClicks 0.02, FMRatings 0.01; less for samples of many features (see FitFM)
	Decay          float64 // in [0, 1]: the rate falls evenly to (1-Decay)·Rate; default 0.9, negative means 0
	Regularization float64 // λ of vectors and weights; default 0.02, FMClicks 0.01, FMRatings 0.05; negative means 0
	Negatives      int     // of FMClicks: items without entry for each entry; default 5

	// Min and Max bound what Predict returns for FMRatings; both 0 means the range
	// of the ratings.
	Min, Max float64

	Seed    uint64 // of start vectors and draws
	Workers int    // goroutines; default GOMAXPROCS. No influence on the result

	Loss     bool           // report the mean loss of an epoch's samples in Progress
	Progress func(Progress) // called after each epoch, on the caller's goroutine
}

// withDefaults fills in what is left out; the descent starts as that of the model
// with the same loss does.
func (o FMOptions) withDefaults() FMOptions {
	epochs, rate, lambda := 100, 0.05, 0.02 // those of BPR, LMF and MF
	switch o.Task {
	case FMClicks:
		epochs, rate, lambda = 50, 0.02, 0.01
	case FMRatings:
		epochs, rate, lambda = 60, 0.01, 0.05
	}
	o.Factors = check.Default(o.Factors, 64)
	o.Epochs = check.Default(o.Epochs, epochs)
	o.Rate = check.Default(o.Rate, rate)
	o.Decay = check.OrOff(o.Decay, 0.9)
	o.Regularization = check.OrOff(o.Regularization, lambda)
	o.Negatives = check.Default(o.Negatives, 5)
	return o
}

// validate wants defaults filled in, and features with as many rows as x has users,
// items and entries.
func (o FMOptions) validate(x *Interactions) error {
	var c check.Options
	c.Require(o.Task >= FMRanking && o.Task <= FMRatings, "Task", int(o.Task), "FMRanking, FMClicks or FMRatings")
	requireSGD(&c, o.Factors, o.Epochs, o.Rate, o.Decay, o.Regularization)
	c.Require(o.Negatives > 0 && o.Negatives <= maxFoldWork, "Negatives", o.Negatives, fmt.Sprintf("in [1, %d]", maxFoldWork))
	requireBounds(&c, o.Min, o.Max)
	for _, t := range []struct {
		name string
		x    *Interactions
		rows int
	}{{"UserFeatures", o.UserFeatures, x.Users()}, {"ItemFeatures", o.ItemFeatures, x.Items()}, {"ContextFeatures", o.ContextFeatures, x.Len()}} {
		if t.x != nil {
			c.Require(t.x.Users() == t.rows, t.name, fmt.Sprintf("%d rows", t.x.Users()), fmt.Sprintf("%d rows", t.rows))
		}
	}
	return c.Err("recommend: FitFM")
}

// FM is a factorisation machine of second order (Rendle 2010) over the user, the
// item and their features. Each of these, g, has a weight w and a vector v; of
// those present with values z, the score is
//
//	w₀ + Σ_g w_g z_g + Σ_{g<h} v_g·v_h z_g z_h
//
// Task says what the score is for: ratings, the logit of a click, or order alone.
// Without features it is MF, LMF or BPR. Features serve where entries are few: an
// item without any entry is scored by its own alone, as w and v of its id are 0; so are those of a
// feature that nothing with an entry has, a new brand: it says nothing.
// A fit never draws such an item as one that a user does not take: nobody could. The fold-in
// of a stranger draws it too, if it has features: of the fit it knows the vectors alone. One
// without entries and without such a feature has the zero vector and the lowest weight of the
// others, as in BPR. Immutable, safe for concurrent use.
//
// w₀ is the mean of the ratings (FMRatings) or, where there are features, learned
// (FMClicks): else the features would have to say how rare a click is, and an item
// of many features would look worse than one of few. Order alone needs none.
//
// A user of the fit is scored by id and features; a stranger by a vector folded in
// from the history, as in the model of the same loss. Features outlast the fit: an item that comes
// later is ranked by ItemByFeatures, a user by ScoreByFeatures, and who had nothing but
// features takes a history that comes later, in an Engine too: it moves the vector that
// the features give, and what it does not reach stays as they say.
//
// Lists of FMRatings are not for showing: on ml-100k (ua, test ratings of 4 and 5) they
// find .102 of the test items among 20, Popular .213, FMRanking .434; see MF.
type FM struct {
	latent // x_u, y_i: sums of vectors; biases: what user and item give alone

	task       FMTask
	rule       sgdRule
	ridge      ratingRidge
	lo, hi     float32
	context    []float32 // contexts×factors
	contextLin []float32 // their weights
	ofUsers    fmTable   // features of users
	ofItems    fmTable   // those of items
	cold       []int32   // users known by features alone, ascending
	fallback   folder
}

// FitFM fits the model by stochastic gradient descent.
//
// Vectors of users and items are trained as in FitBPR. Features belong to many
// users and items at once: each block of entries that runs beside others moves a
// copy of their vectors, and the copies are averaged by the number of their steps
// whenever a round of blocks ends. The result does not depend on Workers. A sample is
// learned at a rate, times the weight where that is above 1, of at most 1/Σ z² over the values z
// of its features, those of both items of a pair counted: dozens of features add up to steps
// that go too far.
//
// Cost an epoch: O(entries·f·(features of a sample)·(samples of an entry)), f the
// number of factors, spread over Workers. Memory: 4·f bytes a user and an item, 68·f a
// feature, of which the model keeps 4·f, 16 bytes an entry.
//
// Errors: ErrEmpty, ErrOption (also for features of another number of rows),
// ErrRange (a negative weight, except for FMRatings, or one beyond ±1e30),
// ErrDiverged (vectors that are not finite: lower Rate), and context.Cause(ctx).
func FitFM(ctx context.Context, x *Interactions, opt FMOptions) (*FM, error) {
	opt = opt.withDefaults()
	scale := ratingScale{deviation: 1}
	var err error
	if opt.Task == FMRatings {
		scale, err = scaleRatings(x, "FitFM")
	} else {
		err = x.checkImplicit("FitFM")
	}
	if err != nil {
		return nil, err
	}
	if err := opt.validate(x); err != nil {
		return nil, err
	}
	f := opt.Factors
	m := &FM{task: opt.Task, rule: sgdRule{opt.Epochs, opt.Rate, opt.Decay, opt.Regularization, 1, opt.Seed}}
	if opt.Task == FMRatings {
		if err := m.startRatings(ctx, x, f, opt.Seed); err != nil {
			return nil, err
		}
		m.mean = float32(scale.mean)
		m.lo, m.hi = scale.bounds(opt.Min, opt.Max)
		m.ridge = ratingRidge{opt.Regularization * scale.deviation, opt.Regularization}
	} else {
		seen := x.positives()
		if err := m.start(ctx, seen, f, startSpread, opt.Seed); err != nil {
			return nil, err
		}
		m.userBias = make([]float32, x.Users())
		if opt.Task == FMClicks {
			m.rule.samples = opt.Negatives
		}
	}
	fit := newFMFit(m, x, &opt, scale)
	g := newGrid(x.users, opt.Seed, opt.Workers)
	g.afterRound = fit.average
	fit.copies = make([]fmShared, g.side)
	s := sgdSchedule{"FitFM", opt.Epochs, opt.Rate, opt.Decay, opt.Loss, opt.Progress}
	if err := g.descend(ctx, s, fit.cell, m.x, m.y, m.bias, m.userBias, fit.shared.v, fit.shared.w); err != nil {
		return nil, err
	}
	fit.finish()
	return m, nil
}

// fmShared are the vectors and weights of all features: of users, then items,
// then contexts; and w₀.
type fmShared struct {
	v, w  []float32
	steps []int32 // taken since the last average

	base   float32 // w₀ of FMClicks
	points int     // its steps
}

// fmFit is a fit under way.
type fmFit struct {
	m        *FM
	x        *Interactions
	scale    ratingScale
	features [3]*sparse.CSR // of users, items, contexts; nil: none
	from     [3]int         // their first index in shared
	mass     [3][]float32   // Σ z² of the features of each row
	shared   fmShared
	copies   []fmShared // one for each block of users
	workers  []fmWorker
	unseen   []bool // items without an entry that counts; nil: none
	carried  []bool // features that a sample may have
	learned  bool   // w₀ is
	lambda   float32
	loss     bool
}

const (
	fmUser = iota
	fmItem
	fmContext
)

// fmWorker is the memory of a worker.
type fmWorker struct {
	pairScratch
	user, context, positive, negative, total, diff []float32

	pool []int32 // of a cell: what negatives are drawn from
}

// newFMFit numbers the features of users, items and contexts one after the other
// and draws their first vectors, one stream a feature.
func newFMFit(m *FM, x *Interactions, opt *FMOptions, scale ratingScale) *fmFit {
	t := &fmFit{m: m, x: x, scale: scale, lambda: float32(opt.Regularization), loss: opt.Loss}
	n := 0
	for k, y := range []*Interactions{opt.UserFeatures, opt.ItemFeatures, opt.ContextFeatures} {
		t.from[k] = n
		if y != nil {
			t.features[k] = y.users
			n += y.Items()
			t.mass[k] = make([]float32, y.Users())
			for r := range t.mass[k] {
				_, vals := t.row(k, r)
				t.mass[k][r] = vec.Dot(vals, vals)
			}
		}
	}
	f := m.factors
	t.shared = fmShared{v: make([]float32, n*f), w: make([]float32, n)}
	spread := startSpread
	if m.task == FMRatings {
		spread = ratingSpread
	}
	var r rng.Stream
	for g := range n {
		r.Reset(opt.Seed, 3, uint64(g))
		for k := range f {
			t.shared.v[g*f+k] = float32(spread / math.Sqrt(float64(f)) * r.Normal())
		}
	}
	t.workers = make([]fmWorker, parallel.Workers(opt.Workers))
	for w := range t.workers {
		v := make([]float32, 6*f)
		t.workers[w] = fmWorker{
			pairScratch{newIndexSet(x.Items())},
			v[:f], v[f : 2*f], v[2*f : 3*f], v[3*f : 4*f], v[4*f : 5*f], v[5*f:], nil,
		}
	}
	t.learned = m.task == FMClicks && n > 0
	t.findUnseen()
	t.findCarried()
	return t
}

// row returns the features of a row of one kind.
func (t *fmFit) row(kind, r int) (cols []int32, vals []float32) {
	if t.features[kind] == nil {
		return nil, nil
	}
	return t.features[kind].Row(r)
}

// fmPart is one part of a sample: a user or an item, or the situation, which has
// no id, with its row of features.
type fmPart struct {
	id   []float32 // its vector; nil: none
	bias *float32  // its weight, nil where id is
	kind int       // fmUser, fmItem or fmContext
	row  int
}

// sum writes into dst the sum of the vectors of an id and its features, and returns
// their weights plus half of minus the products of each with itself.
func (t *fmFit) sum(dst []float32, part fmPart, s *fmShared) float32 {
	f, sum := len(dst), fm.Sum{V: dst}
	if part.id != nil {
		sum.Start(part.id, *part.bias)
	} else {
		sum.Reset()
	}
	cols, vals := t.row(part.kind, part.row)
	for k, c := range cols {
		g := t.from[part.kind] + int(c)
		sum.Add(s.v[g*f:g*f+f], s.w[g], vals[k])
	}
	return sum.Alone()
}

// fmRun is the descent over one cell: its worker's memory, the copy of the shared
// vectors that it moves, and the user it is at.
type fmRun struct {
	*fmFit
	k          *fmWorker
	s          *fmShared
	full       float32 // rate of the cell
	rate, keep float32 // of the sample at hand, see pace; what regularisation leaves of a vector
	user       fmPart
	total      float64 // of losses
}

// step moves id and features of a part by a along d, the derivative without the
// part of the vector itself; own says whether there is one.
func (r *fmRun) step(d []float32, part fmPart, a float32, own bool) {
	f, by := len(d), fm.Step{Along: d, Rate: a, Keep: r.keep, Own: own}
	if part.id != nil {
		by.Take(part.id, part.bias, 1)
	}
	cols, vals := r.row(part.kind, part.row)
	for k, c := range cols {
		g := r.from[part.kind] + int(c)
		by.Take(r.s.v[g*f:g*f+f], &r.s.w[g], vals[k])
		r.s.steps[g]++
	}
}

// item is the part of item i, situation that of entry p.
func (r *fmRun) item(i int32) fmPart {
	return fmPart{r.m.latent.ItemVector(int(i)), &r.m.bias[i], fmItem, int(i)}
}

func situation(p int64) fmPart { return fmPart{kind: fmContext, row: int(p)} }

// cell takes the steps of a cell.
func (t *fmFit) cell(worker int, c *sgdCell, rate float32) float64 {
	m := t.m
	r := fmRun{fmFit: t, k: &t.workers[worker], s: &t.copies[c.block], full: rate}
	if r.s.v == nil {
		*r.s = fmShared{v: make([]float32, len(t.shared.v)), w: make([]float32, len(t.shared.w)), steps: make([]int32, len(t.shared.w))}
	}
	r.s.base, r.s.points = t.shared.base, 0
	copy(r.s.v, t.shared.v)
	copy(r.s.w, t.shared.w)
	clear(r.s.steps)
	entries, pool := t.x.users, t.poolOf(c.items, r.k)
	for n := range c.users {
		u, pos := c.run(n)
		r.user = fmPart{m.latent.UserVector(int(u)), &m.userBias[u], fmUser, int(u)}
		if m.task == FMRatings {
			for _, p := range pos {
				r.point(entries.Col[p], p, 0, 1)
			}
			continue
		}
		taken := 0
		for _, p := range pos {
			if i := entries.Col[p]; entries.Val[p] != 0 {
				r.k.has.add(i)
				taken++
			}
		}
		for _, p := range pos {
			i := entries.Col[p]
			switch {
			case entries.Val[p] == 0:
			case m.task == FMClicks:
				r.point(i, p, 1, min(entries.Val[p], 1/rate))
				for n := 0; n < m.rule.samples && taken < len(pool); n++ {
					r.point(draw(pool, r.k.has, c.rand), p, -1, 1)
				}
			case taken < len(pool):
				r.pair(p, i, draw(pool, r.k.has, c.rand))
			}
		}
		for _, p := range pos {
			r.k.has.drop(entries.Col[p])
		}
	}
	return r.total
}

// point takes a pointwise step for item i in the situation of entry p: towards a
// rating (sign 0), a click (1) or none (-1).
func (r *fmRun) point(i int32, p int64, sign, weight float32) {
	k, item, around := r.k, r.item(i), situation(p)
	weight = min(weight, r.pace(r.massOf(r.user)+r.massOf(around)+r.massOf(item)))
	score := r.s.base + r.sum(k.user, r.user, r.s) + r.sum(k.context, around, r.s) + r.sum(k.positive, item, r.s)
	copy(k.total, k.user)
	vec.Axpy(1, k.context, k.total)
	vec.Axpy(1, k.positive, k.total)
	score += vec.Dot(k.total, k.total) / 2
	var slope float32 // minus the derivative of the loss
	if sign == 0 {
		slope = r.scale.of(r.x.users.Val[p]) - score
		r.total += float64(slope*slope) * r.scale.deviation * r.scale.deviation
	} else {
		slope = float32(sign * sigmoid(-float32(sign*score)))
		if r.loss {
			r.total += softplus(float64(-sign * score))
		}
	}
	a := float32(float32(r.rate*weight) * slope)
	if r.learned {
		r.s.base += a
		r.s.points++
	}
	r.step(k.total, r.user, a, true)
	r.step(k.total, around, a, true)
	r.step(k.total, item, a, true)
}

// pair takes a step that raises the score of i over that of j. What user and
// context give alone is no part of the difference.
func (r *fmRun) pair(p int64, i, j int32) {
	k, around, better, worse := r.k, situation(p), r.item(i), r.item(j)
	r.pace(r.massOf(r.user) + r.massOf(around) + r.massOf(better) + r.massOf(worse))
	r.sum(k.user, r.user, r.s)
	r.sum(k.context, around, r.s)
	vec.Axpy(1, k.context, k.user)
	margin := r.sum(k.positive, better, r.s) - r.sum(k.negative, worse, r.s)
	copy(k.diff, k.positive)
	vec.Axpy(-1, k.negative, k.diff)
	margin += vec.Dot(k.user, k.diff) + (vec.Dot(k.positive, k.positive)-vec.Dot(k.negative, k.negative))/2
	a := float32(r.rate * sigmoid(-margin))
	r.step(k.diff, r.user, a, false)
	r.step(k.diff, around, a, false)
	vec.Axpy(1, k.user, k.positive)
	vec.Axpy(1, k.user, k.negative)
	r.step(k.positive, better, a, true)
	r.step(k.negative, worse, -a, true)
	if r.loss {
		r.total += softplus(float64(-margin))
	}
}

// average moves the shared vectors to the mean of their copies, weighted by the
// number of steps.
func (t *fmFit) average() {
	f := t.m.factors
	points, base := 0.0, 0.0
	for b := range t.copies {
		points += float64(t.copies[b].points)
		base += float64(t.copies[b].points) * float64(t.copies[b].base)
	}
	if points > 0 {
		t.shared.base = float32(base / points)
	}
	for g := range t.shared.w {
		total := 0.0
		for b := range t.copies {
			if c := &t.copies[b]; c.steps != nil {
				total += float64(c.steps[g])
			}
		}
		if total == 0 {
			continue
		}
		v, w := t.shared.v[g*f:g*f+f], &t.shared.w[g]
		clear(v)
		*w = 0
		for b := range t.copies {
			if c := &t.copies[b]; c.steps != nil && c.steps[g] > 0 {
				share := float32(float64(c.steps[g]) / total)
				vec.Axpy(share, c.v[g*f:g*f+f], v)
				*w += float32(share * c.w[g])
			}
		}
	}
}

// finish adds features up, so that a score is one product again.
func (t *fmFit) finish() {
	m, f := t.m, t.m.factors
	sum := make([]float32, f)
	for u := range t.x.Users() {
		v := m.latent.UserVector(u)
		m.userBias[u] = t.sum(sum, fmPart{v, &m.userBias[u], fmUser, u}, &t.shared) + vec.Dot(sum, sum)/2
		copy(v, sum)
	}
	for i := range t.x.Items() {
		v := m.latent.ItemVector(i)
		m.bias[i] = t.sum(sum, fmPart{v, &m.bias[i], fmItem, i}, &t.shared) + vec.Dot(sum, sum)/2
		copy(v, sum)
	}
	if m.task != FMRatings { // there an item without ratings is one of the mean
		var known []int32
		for i := range m.bias {
			if t.unseen == nil || !t.unseen[i] || t.speaks(fmItem, i) {
				known = append(known, int32(i))
			}
		}
		m.settle(known)
	}
	from := t.from[fmContext]
	items := t.from[fmItem]
	m.context, m.contextLin = t.shared.v[from*f:], t.shared.w[from:]
	m.ofUsers = fmTable{t.shared.v[:items*f], t.shared.w[:items]}
	m.ofItems = fmTable{t.shared.v[items*f : from*f], t.shared.w[items:from]}
	m.cold = t.coldUsers()
	if m.task == FMRatings {
		t.scale.restore(&m.latent)
		vec.Scale(float32(math.Sqrt(t.scale.deviation)), t.shared.v)
		vec.Scale(float32(t.scale.deviation), t.shared.w)
	}
	if t.learned {
		m.mean = t.shared.base
	}
	m.setFallback()
}

// setFallback chooses the fold-in of the loss. It shares the vectors of m.
func (m *FM) setFallback() {
	l := func(to *latent) {
		to.factors, to.mean, to.y, to.bias, to.drawn = m.factors, m.mean, m.y, m.bias, m.drawn
	}
	switch m.task {
	case FMRatings:
		f := &MF{ridge: m.ridge}
		l(&f.latent)
		m.fallback = f
	case FMClicks:
		f := &LMF{rule: m.rule, alpha: 1}
		l(&f.latent)
		m.fallback = f
	default:
		f := &BPR{rule: m.rule}
		l(&f.latent)
		m.fallback = f
	}
}

// Contexts returns the number of context features.
func (m *FM) Contexts() int {
	m = orZero(m)
	return len(m.contextLin)
}

// Meaning says what a score stands for: that depends on the task.
func (m *FM) Meaning() string {
	m = orZero(m)
	switch m.task {
	case FMRatings:
		return "expected rating before it is cut to the scale"
	case FMClicks:
		return "log-odds of a click, comparable within one user only"
	}
	return "log-odds-like preference, comparable within one user only"
}

// SparseScores is false: 0 is a score like any other.
func (*FM) SparseScores() bool { return false }

// ReadsOrder is false: the history is a set.
func (*FM) ReadsOrder() bool { return false }

// Score writes the score of every item without context. Vector and bias are those
// of q.User where the fit knew the user by entries; where it did by features alone, what the
// history makes of these; and the fold-in of the history otherwise. ErrEmpty when there is
// nothing of these, ErrRange for a weight that the loss cannot use.
func (m *FM) Score(dst []float32, q Query) error {
	m = orZero(m)
	if err := checkQuery(dst, &q, m.Items()); err != nil {
		return err
	}
	t := m.getScratch()
	defer m.scratch.Put(t)
	v, base, err := m.queryVector(t.v, q)
	if err != nil {
		return err
	}
	m.scoreAll(dst, v, base)
	return nil
}

// ScoreIn is Score in a context: features of value 1. ErrRange for one that is out
// of range.
func (m *FM) ScoreIn(dst []float32, q Query, context ...int32) (err error) {
	m = orZero(m)
	defer about(&err, "FM.ScoreIn")
	if err := m.checkAsked(dst, &q, context); err != nil {
		return err
	}
	t := m.getScratch()
	defer m.scratch.Put(t)
	v, base, err := m.queryVector(t.v, q)
	if err == ErrEmpty {
		return errNoHistory
	}
	if err != nil {
		return err
	}
	copy(t.v, v)
	m.scoreIn(dst, t.v, base, context)
	return nil
}

// checkAsked validates what is asked of scores in a context.
func (m *FM) checkAsked(dst []float32, q *Query, context []int32) error {
	if err := checkVector(len(dst), m.Items()); err != nil {
		return err
	}
	for k, c := range context {
		if uint32(c) >= uint32(m.Contexts()) {
			return fmt.Errorf("context %d is %d, want in [0, %d): %w", k, c, m.Contexts(), ErrRange)
		}
	}
	return checkQuery(dst, q, m.Items())
}

// scoreIn writes the scores for the vector v of a user in a context, which is added to it.
func (m *FM) scoreIn(dst, v []float32, base float32, context []int32) {
	for _, c := range context {
		w := m.context[int(c)*m.factors : (int(c)+1)*m.factors]
		base += m.contextLin[c] + vec.Dot(w, v) // with the user and contexts before
		vec.Axpy(1, w, v)
	}
	m.scoreAll(dst, v, base)
}

// Predict returns, for a user of the fit, an item and maybe context features, the
// rating within its bounds (FMRatings), the probability of a click among the
// pairs shown to the fit (FMClicks), or the score. A user the fit did not know
// counts as having neither entries nor features. ErrUnknownID for an item out of
// range, ErrRange for a context.
func (m *FM) Predict(user, item int32, context ...int32) (_ float32, err error) {
	m = orZero(m)
	defer about(&err, "FM.Predict")
	if uint32(item) >= uint32(m.Items()) {
		return 0, noItem(item, m.Items())
	}
	y := m.latent.ItemVector(int(item))
	s := m.mean + m.bias[item]
	known := user >= 0 && int(user) < m.Users()
	if known {
		s += m.userBias[user] + vec.Dot(m.latent.UserVector(int(user)), y)
	}
	for k, c := range context {
		if uint32(c) >= uint32(m.Contexts()) {
			return 0, fmt.Errorf("context %d is %d, want in [0, %d): %w", k, c, m.Contexts(), ErrRange)
		}
		v := m.context[int(c)*m.factors : (int(c)+1)*m.factors]
		s += m.contextLin[c] + vec.Dot(v, y)
		if known {
			s += vec.Dot(v, m.latent.UserVector(int(user)))
		}
		for _, d := range context[:k] {
			s += vec.Dot(v, m.context[int(d)*m.factors:(int(d)+1)*m.factors])
		}
	}
	switch m.task {
	case FMRatings:
		return min(max(s, m.lo), m.hi), nil
	case FMClicks:
		return sigmoid(s), nil
	}
	return s, nil
}

// FoldIn writes into dst the vector of a user with that history and no features,
// as the model of the same loss does. ErrEmpty, ErrShape, ErrRange.
func (m *FM) FoldIn(dst []float32, items []int32, weights []float32) error {
	m = orZero(m)
	return m.foldIn("FM.FoldIn", dst, items, weights, m.fallback)
}

// AppendBinary appends the frame of m to dst.
func (m *FM) AppendBinary(dst []byte) ([]byte, error) {
	if m == nil || m.Items() == 0 {
		return dst, errUnfitted("FM")
	}
	var w codec.Writer
	w.Int(int(m.task))
	m.put(&w)
	m.rule.put(&w)
	putRatings(&w, m.ridge, m.lo, m.hi)
	w.Float32s(m.context)
	w.Float32s(m.contextLin)
	for _, t := range []fmTable{m.ofUsers, m.ofItems} {
		w.Float32s(t.v)
		w.Float32s(t.w)
	}
	w.Int32s(m.cold)
	m.origin.put(&w)
	return w.AppendFrame(dst, codec.KindFM, 2), nil
}

// MarshalBinary returns the frame of m.
func (m *FM) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary decodes a frame; m is unchanged when it fails. It must not run
// beside other uses of m. Payload of
// version 2, in the words of Persistent:
//
//	int      task, FMRanking … FMRatings
//	vectors  with biases of users
//	rule
//	f64      penalty of vectors, finite and >= 0
//	f64      penalty of biases, the same
//	f32      lower bound of ratings, finite
//	f32      upper bound, not below it
//	[]f32    vectors of the contexts, contexts×factors, finite
//	[]f32    their weights, one each, finite
//	[]f32    vectors of the features of users, features×factors, finite
//	[]f32    their weights, one each, finite
//	[]f32 []f32  the same of the features of items
//	[]i32    users known by features alone, strictly ascending
//
// Version 1 ends with the contexts: a model of it knows no features of later items and users.
// Anything else and bytes left over are ErrCorrupt, a newer version is ErrVersion, a
// frame of something else ErrMismatch.
func (m *FM) UnmarshalBinary(data []byte) error {
	r, err := open(m, data, codec.KindFM, 2)
	if err != nil {
		return fmt.Errorf("recommend: FM.UnmarshalBinary: %w", err)
	}
	task := FMTask(r.Int())
	d, rule := getLatent(r), getRule(r)
	ridge, lo, hi := getRatings(r, d)
	if task > FMRatings {
		r.Fail("has an unknown task")
	}
	contexts := getFMTable(r, d.factors)
	var users, items fmTable
	var cold []int32
	if r.Version > 1 {
		users, items, cold = getFMTable(r, d.factors), getFMTable(r, d.factors), r.Int32s()
		for k, u := range cold {
			if uint32(u) >= uint32(d.Users()) || k > 0 && u <= cold[k-1] {
				r.Fail("has users out of range or of order")
				break
			}
		}
	}
	d.origin = getOrigin(r)
	if err := r.Done(); err != nil {
		return fmt.Errorf("recommend: FM.UnmarshalBinary: %w", err)
	}
	m.set(d)
	m.task, m.rule, m.ridge, m.lo, m.hi, m.context, m.contextLin = task, rule, ridge, lo, hi, contexts.v, contexts.w
	m.ofUsers, m.ofItems, m.cold = users, items, cold
	m.setFallback()
	return nil
}
