package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// trial is one setting that was tried. Score is higher for better.
type trial struct {
	settings settings
	score    float64
	took     time.Duration
}

// proposer names settings to try: first the starting points, then a random
// sample of the ranges, then neighbours of the best ones, closer and closer. The
// sequence depends on the seed and on the scores alone.
type proposer struct {
	params []param // those to search
	base   settings
	starts []settings
	seed   uint64
}

// newProposer leaves settings in pinned as they are. more are starting points
// to try before those of the algorithm.
func newProposer(a algorithm, t task, pinned settings, seed uint64, more ...settings) (*proposer, error) {
	base, err := complete(a.settingsOf(t), pinned)
	if err != nil {
		return nil, err
	}
	p := &proposer{base: base}
	for _, q := range a.settingsOf(t) {
		if _, ok := pinned[q.name]; !ok && q.tuned() {
			p.params = append(p.params, q)
		}
	}
	for _, b := range []byte(a.name) {
		seed = seed*1099511628211 ^ uint64(b)
	}
	p.seed = seed
	seen := []string{}
	for _, s := range slices.Concat([]settings{{}}, more, a.starts) {
		one := p.with(s)
		if key := one.String(); !slices.Contains(seen, key) {
			seen = append(seen, key)
			p.starts = append(p.starts, one)
		}
	}
	return p, nil
}

// with returns the base with the searched settings of s on top.
func (p *proposer) with(s settings) settings {
	out := settings{}
	for k, v := range p.base {
		out[k] = v
	}
	for _, q := range p.params {
		if v, ok := s[q.name]; ok {
			out[q.name] = v
		}
	}
	return out
}

// next returns the settings after the given trials, or nil when there is
// nothing new to try.
func (p *proposer) next(done []trial) settings {
	n := len(done)
	if n < len(p.starts) {
		return p.starts[n]
	}
	if len(p.params) == 0 {
		return nil
	}
	tried := map[string]bool{}
	for _, t := range done {
		tried[t.settings.String()] = true
	}
	best := slices.Clone(done)
	slices.SortStableFunc(best, func(a, b trial) int {
		switch {
		case a.score > b.score:
			return -1
		case a.score < b.score:
			return 1
		}
		return 0
	})
	r := rand.New(rand.NewPCG(p.seed, uint64(n)))
	narrow := n - len(p.starts) - len(p.params) // trials since the sample of the ranges ended
	for range 50 {
		var s settings
		if narrow < 0 || r.Float64() < 0.1 {
			s = p.anywhere(r, best[0].settings, narrow >= 0)
		} else if s = p.doubled(best[0].settings); narrow%3 != 2 || s == nil || tried[s.String()] {
			parent := best[min(int(r.ExpFloat64()*0.8), len(best)-1)].settings
			s = p.near(r, parent, max(0.15*math.Pow(0.94, float64(narrow)), 0.03))
		}
		if !tried[s.String()] {
			return s
		}
	}
	return nil
}

// anywhere draws from the ranges. What is searched late stays at its default, or once the
// search has narrowed at its best.
func (p *proposer) anywhere(r *rand.Rand, best settings, narrowed bool) settings {
	s := p.with(nil)
	for _, q := range p.params {
		if q.late {
			if narrowed {
				s[q.name] = best[q.name]
			}
			continue
		}
		s[q.name] = q.at(r.Float64())
	}
	return s
}

// near draws around a parent: some of its settings, by steps of about width of their
// range.
func (p *proposer) near(r *rand.Rand, parent settings, width float64) settings {
	s := p.with(nil)
	rate := max(0.4, 1.5/float64(len(p.params)))
	for _, q := range p.params {
		s[q.name] = parent[q.name]
		switch {
		case q.doubles || r.Float64() >= rate:
		case q.kind == choice || q.kind == boolean:
			if r.Float64() < 0.4 {
				s[q.name] = q.at(r.Float64())
			}
		case q.log && parent[q.name] == 0.0: // left to the library, so nothing in the range is near
			s[q.name] = q.at(r.Float64())
		default:
			u := q.position(parent[q.name]) + r.NormFloat64()*width
			if u = math.Abs(u); u > 1 { // reflect at the ends
				u = max(2-u, 0)
			}
			s[q.name] = q.at(min(u, 1))
		}
	}
	return s
}

// doubled returns the settings with the parameters that double doubled, or nil
// when all are at the end of their range.
func (p *proposer) doubled(from settings) settings {
	s := p.with(from)
	changed := false
	for _, q := range p.params {
		if q.doubles && from.float(q.name) < q.hi {
			s[q.name] = min(2*from.float(q.name), q.hi)
			changed = true
		}
	}
	if !changed {
		return nil
	}
	return s
}

// tuning is a finished search.
type tuning struct {
	Settings settings `json:"settings"`
	Score    float64  `json:"score"`
	Measure  string   `json:"measure"`
	Trials   int      `json:"trials"`
	Seconds  float64  `json:"seconds"`
}

var errBudget = errors.New("time of -tune is over")

// tune searches settings on a validation part of the training data, for the
// given time or number of trials.
func tune(ctx context.Context, p *problem, a algorithm, pinned settings, c *config, log io.Writer) (*tuning, error) {
	start := time.Now()
	pinned, err := tuneParts(ctx, p, a, pinned, c, log)
	if err != nil {
		return nil, err
	}
	cuts, err := p.validations(c.seed)
	if err != nil {
		return nil, err
	}
	v := cuts[0]
	prop, err := newProposer(a, p.task, pinned, c.seed, v.starts(a)...)
	if err != nil {
		return nil, err
	}
	k, measure := p.tuneMeasure(c)
	fmt.Fprintf(log, "tune %s: %d settings to search, measure %s on %d validation part(s) of the training data\n", a.name, len(prop.params), measure, len(cuts))
	var done []trial
	best := -1
	for c.trials == 0 || len(done) < c.trials {
		left := c.tune - time.Since(start)
		if c.trials == 0 && len(done) > 0 && left <= 0 {
			break
		}
		s := prop.next(done)
		if s == nil {
			break
		}
		began := time.Now()
		score, err := mean(ctx, cuts, left, c.trials == 0 && len(done) > 0, func(ctx context.Context, v *problem) (float64, error) { return v.try(ctx, a, s, k, c) })
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if errors.Is(err, errBudget) {
			fmt.Fprintf(log, "tune %s: trial %d was cut off by the end of the time\n", a.name, len(done)+1)
			break
		}
		t := trial{s, score, time.Since(began)}
		note := ""
		if err != nil {
			t.score = math.Inf(-1)
			note = " failed: " + err.Error()
			if best < 0 && len(done) >= 2 { // not the settings, then
				return nil, err
			}
		}
		done = append(done, t)
		if err == nil && (best < 0 || t.score > done[best].score) {
			best = len(done) - 1
			note = " best so far"
		}
		fmt.Fprintf(log, "tune %s: trial %d, %s %.5f in %.1fs%s, %s\n", a.name, len(done), measure, math.Abs(t.score), t.took.Seconds(), note, prop.brief(s))
	}
	if best < 0 {
		return nil, fmt.Errorf("-tune: none of %d trials of %s worked", len(done), a.name)
	}
	out := &tuning{Settings: done[best].settings, Score: math.Abs(done[best].score), Measure: measure, Trials: len(done), Seconds: time.Since(start).Seconds()}
	fmt.Fprintf(log, "tune %s: chose trial %d of %d, %s %.5f, %s\n", a.name, best+1, len(done), measure, out.Score, out.Settings)
	return out, nil
}

// tuneMeasure returns the length of list and the name of the measure that is tuned for.
func (p *problem) tuneMeasure(c *config) (k int, measure string) {
	switch {
	case p.task == rating:
		return 20, "rmse"
	case p.task == session:
		return 20, "mrr@20"
	case p.cases != nil:
		return c.ks[0], fmt.Sprintf("ndcg@%d among sampled negatives", c.ks[0])
	}
	return 20, "ndcg@20"
}

// starts returns the starting points of an algorithm that depend on the size of the
// data.
func (p *problem) starts(a algorithm) []settings {
	switch {
	case a.startsFor == nil:
		return nil
	case p.task == session:
		return a.startsFor(p.sessions.Len(), p.items, len(p.sessions.Items))
	}
	return a.startsFor(p.train.Users(), p.items, p.train.Len())
}

// mean returns the mean score over the validation parts, cut off after left if that is
// asked for.
func mean(ctx context.Context, cuts []*problem, left time.Duration, cut bool, try func(context.Context, *problem) (float64, error)) (score float64, err error) {
	if cut { // the first trial always ends, so that there is an answer
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, left, errBudget)
		defer cancel()
	}
	for _, v := range cuts {
		one, err := try(ctx, v)
		if err != nil {
			return 0, err
		}
		score += one / float64(len(cuts))
	}
	return score, nil
}

// try fits on the training part of v and returns the score on its test part.
func (v *problem) try(ctx context.Context, a algorithm, s settings, k int, c *config) (float64, error) {
	f, err := v.fit(ctx, a, s, Env{Seed: c.seed, Workers: c.threads})
	if err != nil {
		return 0, err
	}
	q, err := v.evaluate(ctx, f, []int{k}, c.threads, 8000, c.seed)
	if err != nil {
		return 0, err
	}
	switch v.task {
	case rating:
		return -q.rmse, nil
	case session:
		return q.at[0].mrr, nil
	}
	return q.at[0].ndcg, nil
}

// brief names the searched settings.
func (p *proposer) brief(s settings) string {
	var b strings.Builder
	for i, q := range p.params {
		if i > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%s=%v", q.name, s[q.name])
	}
	return b.String()
}

// fit runs the algorithm on the training part.
func (p *problem) fit(ctx context.Context, a algorithm, s settings, e Env) (fitted, error) {
	if p.task == session {
		m, err := a.session(ctx, p.sessions, p.items, s, e)
		return fitted{session: m}, err
	}
	fit := a.rank
	if p.task == rating {
		fit = a.rate
	}
	m, err := fit(ctx, p.train, s, e)
	return fitted{model: m}, err
}
