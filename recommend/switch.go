package recommend

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/topk"
)

// Func is a model of the caller's own: a function that scores. It makes anything
// a source of an Engine or a part of a Blend: rules mined from baskets, a service
// of another team with its answers cached, a formula.
type Func struct {
	users, items int
	score        func(dst []float32, q Query) error
}

// NewFunc returns the model of that many users and items whose Score is score,
// which gets a query that has been checked and a dst of length items, must set
// every element, must keep to the rules of Model.Score and must be safe for
// concurrent use. ErrOption for a nil function or a negative count.
func NewFunc(users, items int, score func(dst []float32, q Query) error) (*Func, error) {
	var c check.Options
	check.NonNegative(&c, "users", users)
	c.Require(items >= 0 && items <= math.MaxInt32, "items", items, "in [0, 2³¹)")
	c.Require(score != nil, "score", "nil", "a function")
	if err := c.Err("recommend: NewFunc"); err != nil {
		return nil, err
	}
	return &Func{users, items, score}, nil
}

// Users returns the number of users.
func (m *Func) Users() int { return m.users }

// Items returns the number of items.
func (m *Func) Items() int { return m.items }

// Meaning says what a score stands for.
func (*Func) Meaning() string { return "what the function of the host makes of it; higher is better" }

// SparseScores is false: 0 is a score like any other. Items without a score get
// minus infinity from the function.
func (*Func) SparseScores() bool { return false }

// ReadsOrder is true: the function may read the history as a sequence.
func (*Func) ReadsOrder() bool { return true }

// Score calls the function.
func (m *Func) Score(dst []float32, q Query) error {
	if err := checkQuery(dst, &q, m.items); err != nil {
		return err
	}
	return m.score(dst, q)
}

// Switch asks one of several models, chosen for each query by a rule: the content
// model for short histories, one model for an experiment's arm and another for
// the rest. Immutable; safe for concurrent use when the rule is.
type Switch struct {
	models []Model
	users  int
	rule   func(q Query) int
}

// NewSwitch returns the switch. The rule returns the position of the model to
// ask; one that is out of range means that no model knows the query (ErrEmpty).
// Errors: ErrOption (no model, a nil one, no rule), ErrMismatch (models of
// different catalogues).
func NewSwitch(rule func(q Query) int, models ...Model) (*Switch, error) {
	const where = "recommend: NewSwitch"
	var c check.Options
	c.Require(rule != nil, "rule", "nil", "a function")
	f, err := newFused(unweighted(models), where)
	if err != nil {
		return nil, err
	}
	if err := c.Err(where); err != nil {
		return nil, err
	}
	return &Switch{models: append([]Model(nil), models...), users: f.users, rule: rule}, nil
}

func unweighted(models []Model) []Weighted {
	parts := make([]Weighted, len(models))
	for k, m := range models {
		parts[k].Model = m
	}
	return parts
}

// Users returns the largest number of users of a model.
func (m *Switch) Users() int { return m.users }

// Items returns the number of items.
func (m *Switch) Items() int { return m.models[0].Items() }

func (m *Switch) pick(q Query) Model {
	if k := m.rule(q); k >= 0 && k < len(m.models) {
		return m.models[k]
	}
	return nil
}

// Meaning says what a score stands for.
func (*Switch) Meaning() string {
	return "what a score of the model that the rule chose stands for; comparable within one answer only"
}

// SparseScores is false: what a sparse model knows nothing about scores minus
// infinity here, so that 0 is a score like any other.
func (*Switch) SparseScores() bool { return false }

// ReadsOrder reports whether a model reads the history as a sequence; a rule that
// does so is not known of.
func (m *Switch) ReadsOrder() bool { return slices.ContainsFunc(m.models, readsOrder) }

// Score writes the scores of the chosen model. Where that is a SparseScorer,
// items it knows nothing about score minus infinity, which an Engine leaves to
// its next source.
func (m *Switch) Score(dst []float32, q Query) error {
	if err := checkQuery(dst, &q, m.Items()); err != nil {
		return err
	}
	p := m.pick(q)
	if p == nil {
		return ErrEmpty
	}
	if err := p.Score(dst, q); err != nil {
		return err
	}
	if sparseScores(p) {
		for i, v := range dst {
			if !(v > 0) {
				dst[i] = float32(math.Inf(-1))
			}
		}
	}
	return nil
}

// AppendReasons asks the chosen model; ErrEmpty where it cannot explain.
func (m *Switch) AppendReasons(dst []Reason, q Query, item int32, k int) ([]Reason, error) {
	if ex, ok := m.pick(q).(Explainer); ok {
		return ex.AppendReasons(dst, q, item, k)
	}
	return dst, ErrEmpty
}

// CascadeOptions configures NewCascade.
type CascadeOptions struct {
	Depth int // how many candidates are re-scored; default 200
}

// Cascade lets a cheap model choose candidates and a good one rank them (Burke
// 2002): the best Depth items of the first score what the second says, all other
// items minus infinity. An Engine leaves those to its next source, a Ranker puts
// them last, and a Blend takes them for the lowest candidate. Where the second
// knows nothing about a query the first one's scores of the candidates stand.
//
// Candidates are the best among the items that are eligible for the request
// (Query.Eligible): no filter, cap or earlier source starves the second stage.
// Immutable, safe for concurrent use.
type Cascade struct {
	fused
	depth int
}

// NewCascade returns the cascade. Errors: ErrOption (a nil model, Depth),
// ErrMismatch (models of different catalogues).
func NewCascade(candidates, ranker Model, opt CascadeOptions) (*Cascade, error) {
	const where = "recommend: NewCascade"
	opt.Depth = check.Default(opt.Depth, 200)
	f, err := newFused(unweighted([]Model{candidates, ranker}), where)
	if err != nil {
		return nil, err
	}
	var c check.Options
	check.Positive(&c, "Depth", opt.Depth)
	if err := c.Err(where); err != nil {
		return nil, err
	}
	return &Cascade{fused: f, depth: min(opt.Depth, f.items)}, nil
}

// Meaning says what a score stands for.
func (m *Cascade) Meaning() string {
	return "of the candidates: " + meaningOf(m.parts[1].Model)
}

// SparseScores is false: items that are no candidates score minus infinity, so
// that 0 is a score like any other.
func (*Cascade) SparseScores() bool { return false }

// Score writes the second model's scores of the first one's candidates. ErrEmpty
// when the first knows nothing about the query.
func (m *Cascade) Score(dst []float32, q Query) error {
	if err := checkQuery(dst, &q, m.items); err != nil {
		return err
	}
	w := m.pool.Get().(*fuseScratch)
	defer m.pool.Put(w)
	if err := m.parts[0].Model.Score(w.scores, q); err != nil {
		return err
	}
	w.items = bestOf(&w.heap, w.items[:0], w.scores, m.depth, m.sparse[0], q.eligible)
	err := m.parts[1].Model.Score(w.scores, q)
	if err != nil && !errors.Is(err, ErrEmpty) {
		return fmt.Errorf("recommend: Cascade.Score: %w", err)
	}
	for i := range dst {
		dst[i] = float32(math.Inf(-1))
	}
	for _, it := range w.items {
		if dst[it.ID] = it.Score; err == nil {
			dst[it.ID] = w.scores[it.ID]
		}
	}
	return nil
}

// bestOf appends the depth best scores, of a sparse source only positive ones; of
// the eligible items only, where that is not nil.
func bestOf(h *topk.Heap, dst []topk.Item, scores []float32, depth int, sparse bool, eligible indexSet) []topk.Item {
	h.Reset(depth)
	worst, bounded := float32(0), sparse
	for i, s := range scores {
		if (!bounded || s > worst) && (eligible == nil || eligible.has(int32(i))) {
			h.Push(int32(i), s)
			if h.Full() {
				worst, bounded = h.Worst().Score, true
			}
		}
	}
	return h.AppendSorted(dst)
}

// AppendReasons asks the second model, and the first where the second cannot say
// anything.
func (m *Cascade) AppendReasons(dst []Reason, q Query, item int32, k int) ([]Reason, error) {
	for _, part := range []Model{m.parts[1].Model, m.parts[0].Model} {
		ex, ok := part.(Explainer)
		if !ok {
			continue
		}
		out, err := ex.AppendReasons(dst, q, item, k)
		if !errors.Is(err, ErrEmpty) {
			return out, err
		}
	}
	return dst, ErrEmpty
}
