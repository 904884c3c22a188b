package bench

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aislekit/aisle/examples/dataio"
	"github.com/aislekit/aisle/recommend"
)

// registry lists the algorithms in the order in which "all" runs them: the one place
// that knows them all.
func registry() []algorithm {
	return []algorithm{
		popular(), itemKNN(), userKNN(), als(), mf(), bpr(), warp(), lmf(), ease(), edlae(), rdlae(), sparseEASE(), slim(),
		p3alpha(), rp3beta(), turboCF(), gfCF(), bspm(), pureSVD(), nmf(), fm(), tfidf(), blend(), stack(), vsknn(), stan(), markov(), svdpp(),
		sessionBlend(), item2vec(), nextBasket(),
	}
}

// names returns what the algorithms are called on the command line.
func names(models []algorithm) []string {
	var out []string
	for _, a := range models {
		out = append(out, a.name)
	}
	return out
}

// algorithm is an entry of the registry. To add one, write a function that
// returns it into the file of its family and list it in registry.
type algorithm struct {
	name   string
	params []param
	// starts are settings that did well on some public data set, tried first by
	// -tune; what they leave out has its default.
	starts []settings
	// startsFor, when set, gives starting points that depend on the size of the
	// training matrix; they come after the defaults and before starts.
	startsFor func(users, items, entries int) []settings

	// One fit for each task the algorithm can do; nil where it cannot.
	rank    func(ctx context.Context, x *recommend.Interactions, s settings, e Env) (recommend.Model, error)
	rate    func(ctx context.Context, x *recommend.Interactions, s settings, e Env) (recommend.Model, error)
	session func(ctx context.Context, x *dataio.Sessions, items int, s settings, e Env) (sessionModel, error)

	// parts are the algorithms that this one is made of; see tuneParts.
	parts []algorithm

	// sessionParams are further settings of the session task.
	sessionParams []param
}

// sessionModel scores what comes after a sequence of items, oldest first, which
// may repeat.
type sessionModel interface {
	Items() int
	Score(dst []float32, prefix []int32) error
}

func (a algorithm) does(t task) bool {
	switch t {
	case rating:
		return a.rate != nil
	case session:
		return a.session != nil
	}
	return a.rank != nil
}

func (a algorithm) settingsOf(t task) []param {
	if t == session {
		return append(slices.Clone(a.params), a.sessionParams...)
	}
	return a.params
}

// choose returns the algorithms of a comma-separated list, or all that do the
// task.
func choose(models []algorithm, list string, t task) ([]algorithm, error) {
	have := slices.Clone(models)
	var able []string
	for _, a := range have {
		if a.does(t) {
			able = append(able, a.name)
		}
	}
	if list == "all" {
		if len(able) == 0 {
			return nil, fmt.Errorf("-task %v: no algorithm does this task", t)
		}
		return slices.DeleteFunc(have, func(a algorithm) bool { return !a.does(t) }), nil
	}
	var out []algorithm
	for _, name := range strings.Split(list, ",") {
		name = strings.TrimSpace(name)
		i := slices.IndexFunc(have, func(a algorithm) bool { return a.name == name })
		switch {
		case i < 0:
			return nil, fmt.Errorf("-algorithms: %q is not known, want some of %s, or all", name, strings.Join(names(have), ", "))
		case !have[i].does(t):
			return nil, fmt.Errorf("-algorithms: %s is not built for -task %v; there are %s", name, t, strings.Join(able, ", "))
		case slices.ContainsFunc(out, func(a algorithm) bool { return a.name == name }):
			return nil, fmt.Errorf("-algorithms: %s is listed twice", name)
		}
		out = append(out, have[i])
	}
	return out, nil
}

// bySession makes a session task of a model that works on histories: each
// training session is a row, and a test session is a stranger whose history
// weighs recency^age, age 0 being the last item.
func bySession(fit func(ctx context.Context, x *recommend.Interactions, s settings, e Env) (recommend.Model, error)) func(context.Context, *dataio.Sessions, int, settings, Env) (sessionModel, error) {
	return func(ctx context.Context, d *dataio.Sessions, items int, s settings, e Env) (sessionModel, error) {
		m := d.Matrix(items, dataio.Ones)
		x, err := recommend.NewInteractions(m.Rows, m.Cols, m.Ptr, m.Col, m.Val)
		if err != nil {
			return nil, err
		}
		model, err := fit(ctx, x, s, e)
		if err != nil {
			return nil, err
		}
		return &historySession{model, s.float("recency")}, nil
	}
}

// recencyParam is the setting that bySession reads.
var recencyParam = uniform("recency", 0.8, 0.05, 1)

type historySession struct {
	recommend.Model
	recency float64
}

func (h *historySession) unwrap() any { return h.Model }

// Score keeps the latest visit of each item.
func (h *historySession) Score(dst []float32, prefix []int32) error {
	var items []int32
	var weights []float32
	w := 1.0
	for k := len(prefix) - 1; k >= 0; k-- {
		if !slices.Contains(items, prefix[k]) {
			items = append(items, prefix[k])
			weights = append(weights, float32(w))
		}
		if w *= h.recency; w < 1e-6 {
			break
		}
	}
	return h.Model.Score(dst, recommend.Query{User: recommend.Stranger, Items: items, Weights: weights})
}
