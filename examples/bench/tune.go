package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/aislekit/aisle/recommend/tune"
)

// tuning is a finished search.
type tuning struct {
	Settings settings `json:"settings"`
	Score    float64  `json:"score"`
	Measure  string   `json:"measure"`
	Trials   int      `json:"trials"`  // settings tried
	Default  float64  `json:"default"` // score of the defaults, NaN kept as 0
	Best     float64  `json:"best"`    // of all, chosen or not
	Work     float64  `json:"work"`    // in judgements of the defaults in full
	Stopped  bool     `json:"stopped"` // by the time of -tune
	Seconds  float64  `json:"seconds"`
}

var errBudget = errors.New("time of -tune is over")

// search chooses settings on a validation part of the training data, in at most so many
// trials and within the time of -tune. Which settings are tried and chosen depends on data,
// seed and number of trials alone; the time ends a search early and changes nothing else.
func search(ctx context.Context, p *problem, a algorithm, pinned settings, c *config, log io.Writer) (*tuning, error) {
	start := time.Now()
	def, err := complete(a.settingsOf(p.task), pinned)
	if err != nil {
		return nil, err
	}
	j, err := newJudge(p, a, c, log)
	if err != nil {
		return nil, err
	}
	base := def
	if len(a.parts) > 0 {
		if _, err := j.judge(ctx, def, 1); err != nil { // parts of tuned settings have to be better than this
			return nil, err
		}
		if pinned, err = tuneParts(ctx, p, a, pinned, c, log); err != nil {
			return nil, err
		}
		if base, err = complete(a.settingsOf(p.task), pinned); err != nil {
			return nil, err
		}
	}
	params := searched(a.settingsOf(p.task), pinned)
	fmt.Fprintf(log, "tune %s: %d settings to search, measure %s on %d validation part(s) of the training data%s\n", a.name, len(params), j.measure.name, len(j.cuts), j.says())
	if j.stopped, err = j.run(ctx, base, params, start); err != nil {
		return nil, err
	}
	return j.choose(def, time.Since(start))
}

// searched returns the parameters that are neither pinned nor fixed.
func searched(params []param, pinned settings) (out []param) {
	for _, q := range params {
		if _, ok := pinned[q.name]; !ok && q.tuned() {
			out = append(out, q)
		}
	}
	return out
}

// run searches from base and reports whether the time ended it.
func (j *judge) run(ctx context.Context, base settings, params []param, start time.Time) (stopped bool, err error) {
	opt := tune.Options{Method: tune.Halving, Trials: j.c.trials, Lowest: math.Pow(3, -float64(len(j.steps))), Seed: j.c.seed}
	if opt.Trials == 0 {
		opt.Trials = 1 << 20 // until the time is over
	}
	for _, b := range []byte(j.a.name) {
		opt.Seed = opt.Seed*1099511628211 ^ uint64(b)
	}
	if j.c.tune > 0 {
		opt.Budget = max(j.c.tune-time.Since(start), 1)
		j.deadline = time.Now().Add(opt.Budget)
	}
	var knobs []tune.Knob[settings]
	for _, q := range params {
		knobs = append(knobs, q.knob())
	}
	for _, s := range slices.Concat(j.cuts[0].starts(j.a), j.a.starts) {
		values := make([]float64, len(params))
		for i, q := range params {
			values[i] = math.NaN()
			if v, ok := s[q.name]; ok {
				values[i] = q.value(v)
			}
		}
		opt.Starts = append(opt.Starts, values)
	}
	if len(knobs) == 0 {
		_, err := j.judge(ctx, base, 1)
		return false, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	failed := 0
	found, err := tune.Search(ctx, base, knobs, func(ctx context.Context, s settings, fidelity float64) (float64, error) {
		score, err := j.judge(ctx, s, fidelity)
		if failed++; err == nil {
			failed = math.MinInt32
		} else if failed == 3 { // not the settings, then
			cancel(err)
		}
		return score, err
	}, opt)
	switch {
	case errors.Is(err, tune.ErrEmpty) && j.first.users != nil: // parts took all the time: their defaults were judged
		return true, nil
	case err != nil:
		return false, err
	}
	return found.Stopped, nil
}

// judge fits and judges settings on validation parts, in full or on a share of the work.
type judge struct {
	a        algorithm
	c        *config
	log      io.Writer
	cuts     []*problem
	steps    []step // each a third of the work, the most faithful first
	epochs   string // the setting that says how often a fit goes over the data, or ""
	parts    map[float64][]*problem
	k        int
	measure  quantity
	deadline time.Time // of -tune, zero for none

	numbers map[string]int // of settings, in the order of their first judgement
	first   judged         // in full and without an error: that of the defaults, unless they failed
	best    judged         // of all in full; both without users: none yet
	reach   settings       // effective settings of the first full judgement, which is that of the defaults
	work    float64
	stopped bool
}

// judged is one setting with what each user got.
type judged struct {
	settings settings
	score    float64
	users    []float64 // what each question got
	who      []int32   // whose it is: of several cuts a user has one in each
}

// step is a way to judge with a third of the work.
type step int

const (
	fewerEpochs step = iota
	fewerCuts
	fewerUsers
)

var stepNames = []string{"epochs", "validation parts", "users"}

// leastUsers and leastSupport, the entries of an item, have to be left by the users that a step
// leaves out. On ml-1m-lcfn 669 users, 29 entries an item, order thirty settings of item-KNN as
// all 6,022 do, with a rank correlation of .97. On gowalla, 20 entries an item, a third of the
// users is other data: the best twelfth of the settings of RP3beta is but the middle there.
const (
	leastUsers   = 600
	leastSupport = 25
)

// newJudge cuts the validation parts and decides how to judge with less work, two thirds
// less at each of at most two steps: with fewer epochs where the fit has some, on fewer parts
// where there are several, on fewer users where there are many and the data are dense. All else,
// and a blend, whose parts are fitted once, is judged in full.
func newJudge(p *problem, a algorithm, c *config, log io.Writer) (*judge, error) {
	cuts, err := p.validations(c.seed)
	if err != nil {
		return nil, err
	}
	j := &judge{a: a, c: c, log: log, cuts: cuts, parts: map[float64][]*problem{1: cuts}, epochs: epochsOf(a.settingsOf(p.task)), numbers: map[string]int{}}
	if j.measure, j.k, err = p.tuneMeasure(c); err != nil {
		return nil, err
	}
	for _, v := range cuts {
		v.perUser = &j.measure
	}
	if len(a.parts) > 0 {
		return j, nil
	}
	if j.epochs != "" {
		j.steps = append(j.steps, fewerEpochs)
	}
	if len(cuts) >= 3 {
		j.steps = append(j.steps, fewerCuts)
	} else {
		for part := 3; cuts[0].judgedUsers()/part >= leastUsers && cuts[0].support()/part >= leastSupport; part *= 3 {
			j.steps = append(j.steps, fewerUsers)
		}
	}
	j.steps = j.steps[:min(len(j.steps), 2)]
	return j, nil
}

// epochsOf returns the name of the setting that says how often a fit goes over the data.
func epochsOf(params []param) string {
	for _, q := range params {
		if q.name == "epochs" || q.name == "iterations" {
			return q.name
		}
	}
	return ""
}

// says names the steps.
func (j *judge) says() string {
	switch len(j.steps) {
	case 1:
		return ", first on a third of the " + stepNames[j.steps[0]]
	case 2:
		if j.steps[0] == j.steps[1] {
			return fmt.Sprintf(", first on a ninth, then on a third of the %s", stepNames[j.steps[0]])
		}
		return fmt.Sprintf(", first on a third of the %s and of the %s, then on all %s", stepNames[j.steps[0]], stepNames[j.steps[1]], stepNames[j.steps[1]])
	}
	return ""
}

// lessened returns settings and problems for a fidelity of 3^-n: the first n steps taken.
func (j *judge) lessened(s settings, fidelity float64) (settings, []*problem, error) {
	n := min(int(math.Round(-math.Log(fidelity)/math.Log(3))), len(j.steps))
	parts, made := j.parts[fidelity]
	users := 1.0
	for _, what := range j.steps[:n] {
		switch what {
		case fewerEpochs:
			epochs := s.float(j.epochs)
			if said, ok := j.reach[j.epochs].(float64); epochs == 0 && ok {
				epochs = said
			}
			s = maps.Clone(s)
			s[j.epochs] = max(math.Round(epochs/3), 1)
		case fewerCuts:
			if !made {
				parts = j.cuts[:(len(j.cuts)+2)/3]
			}
		case fewerUsers:
			users /= 3
		}
	}
	if made {
		return s, parts, nil
	}
	if parts == nil {
		parts = j.cuts
	}
	if users < 1 {
		for i, v := range parts {
			part, err := v.share(users, j.c.seed)
			if err != nil {
				return nil, nil, err
			}
			parts = slices.Clone(parts)
			parts[i] = part
		}
	}
	j.parts[fidelity] = parts
	return s, parts, nil
}

// judge returns the score of settings, higher is better.
func (j *judge) judge(ctx context.Context, s settings, fidelity float64) (float64, error) {
	name := s.String()
	n, again := j.numbers[name]
	if !again {
		n = len(j.numbers) + 1
		j.numbers[name] = n
	}
	began := time.Now()
	if !j.deadline.IsZero() && j.first.users != nil { // the first judgement always ends, so that there is an answer
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadlineCause(ctx, j.deadline, errBudget)
		defer cancel()
	}
	less, parts, err := j.lessened(s, fidelity)
	if err != nil {
		return 0, err
	}
	all := judged{settings: s}
	work := 0.0
	for _, v := range parts {
		score, q, reached, err := v.try(ctx, j.a, less, j.k, j.c)
		if err != nil {
			if !errors.Is(err, errBudget) {
				fmt.Fprintf(j.log, "tune %s: trial %d failed: %v, %s\n", j.a.name, n, err, j.brief(s))
			}
			return 0, err
		}
		if j.reach == nil {
			j.reach = reached
		}
		all.score += score / float64(len(parts))
		all.users, all.who = append(all.users, q.perUser...), append(all.who, q.who...)
		work += fidelity / float64(len(parts)) * j.size(s, reached)
	}
	j.work += work
	note := ""
	if again {
		note = " again"
	}
	best := ""
	if fidelity == 1 {
		if j.keep(all) {
			best = " best so far"
		}
	} else {
		note += fmt.Sprintf(" on 1/%.0f", 1/fidelity)
	}
	fmt.Fprintf(j.log, "tune %s: trial %d%s, %s %.5f, work %.2f in %.1fs%s, %s\n", j.a.name, n, note, j.measure.name, math.Abs(all.score), work, time.Since(began).Seconds(), best, j.brief(s))
	return all.score, nil
}

// keep takes what was judged in full and reports whether it is the best so far; of equals
// the first stays.
func (j *judge) keep(all judged) bool {
	if j.first.users == nil {
		j.first = all
	}
	if j.best.users != nil && !(all.score > j.best.score) {
		return false
	}
	j.best = all
	return true
}

// size returns the size of a fit beside that of the defaults: its epochs times the length of
// its vectors, where it has them. Epochs that a step leaves out are in the fidelity.
func (j *judge) size(s, reached settings) float64 {
	times := func(now, then any) float64 {
		a, ok1 := now.(float64)
		b, ok2 := then.(float64)
		if ok1 && ok2 && a > 0 && b > 0 {
			return a / b
		}
		return 1
	}
	return times(reached["factors"], j.reach["factors"]) * times(s[j.epochs], j.reach[j.epochs])
}

// choose returns the best of those judged in full. The defaults stay unless that is better
// than they are by more than twice the standard error of the difference, user by user: the best
// of thirty equals is better by that much by luck alone.
func (j *judge) choose(def settings, took time.Duration) (*tuning, error) {
	best, base := j.best, j.first
	if base.users == nil {
		return nil, fmt.Errorf("-tune: none of %d trials of %s was judged in full", len(j.numbers), j.a.name)
	}
	out := &tuning{Measure: j.measure.name, Best: math.Abs(best.score), Trials: len(j.numbers), Work: round(j.work), Stopped: j.stopped, Seconds: took.Seconds()}
	why := ""
	if base.settings.String() == def.String() {
		out.Default = math.Abs(base.score)
		if gain, se := paired(best.users, base.users, best.who); best.score > base.score && !(gain > 2*se) {
			why = fmt.Sprintf(": the defaults, trial %d is better by %.2g on average over the users with a standard error of %.2g", j.numbers[best.settings.String()], gain, se)
			best = base
		}
	}
	out.Settings, out.Score = best.settings, math.Abs(best.score)
	if j.stopped {
		fmt.Fprintf(j.log, "tune %s: stopped by the time of -tune in trial %d: the trials so far are those of every longer search\n", j.a.name, len(j.numbers))
	}
	fmt.Fprintf(j.log, "tune %s: chose trial %d of %d%s, %s %.5f (defaults %.5f, best %.5f), work %.1f judgements of the defaults in full, %s\n",
		j.a.name, j.numbers[best.settings.String()], len(j.numbers), why, j.measure.name, out.Score, out.Default, out.Best, j.work, out.Settings)
	return out, nil
}

// paired returns the mean difference of two lists over the same questions, and its standard
// error, for which the questions of one user (or session) count as one: what suits a user on one
// cut suits that user on the others, so five cuts are not five times as many users.
func paired(a, b []float64, who []int32) (mean, se float64) {
	n := float64(len(a))
	if len(a) != len(b) || len(a) != len(who) || len(a) < 2 {
		return 0, 0
	}
	for i := range a {
		mean += (a[i] - b[i]) / n
	}
	sums := map[int32]float64{}
	var order []int32 // so that rounding does not depend on the map
	for i, u := range who {
		if _, ok := sums[u]; !ok {
			order = append(order, u)
		}
		sums[u] += a[i] - b[i] - mean
	}
	for _, u := range order {
		se += sums[u] * sums[u]
	}
	users := float64(len(order))
	if users < 2 {
		return mean, math.Inf(1) // of one user nothing follows for others
	}
	return mean, math.Sqrt(se*users/(users-1)) / n
}

// tuneMeasure returns the measure that settings are searched for and its length of list:
// that of -measure, else the usual one of the task.
func (p *problem) tuneMeasure(c *config) (m quantity, k int, err error) {
	name := c.measure
	switch {
	case name != "":
	case p.task == rating:
		name = "rmse"
	case p.task == session:
		name = "mrr@20"
	case p.cases != nil:
		name = fmt.Sprintf("ndcg@%d", c.ks[0])
	default:
		name = "ndcg@20"
	}
	if m, k, err = wanted(p.task, name); err == nil && p.cases != nil {
		m.name += " among sampled negatives"
	}
	return m, k, err
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

// try fits on the training part of v and returns the score on its test part, in all and of
// each user, and the settings as they took effect. Higher is better.
func (v *problem) try(ctx context.Context, a algorithm, s settings, k int, c *config) (score float64, q *quality, reached settings, err error) {
	f, err := v.fit(ctx, a, s, Env{Seed: c.seed, Workers: c.threads})
	if err != nil {
		return 0, nil, nil, err
	}
	q, err = v.evaluate(ctx, f, []int{k}, c.threads, 8000, c.seed)
	if err != nil {
		return 0, nil, nil, err
	}
	reached = effective(a.settingsOf(v.task), s, f.inner())
	if score = v.perUser.of(q); v.perUser.lower {
		score = -score
	}
	return score, q, reached, nil
}

// brief names the searched settings.
func (j *judge) brief(s settings) string {
	var b strings.Builder
	for _, q := range j.a.settingsOf(j.cuts[0].task) {
		if q.tuned() && (q.when == nil || q.when(s)) {
			fmt.Fprintf(&b, " %s=%v", q.name, s[q.name])
		}
	}
	return strings.TrimPrefix(b.String(), " ")
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
