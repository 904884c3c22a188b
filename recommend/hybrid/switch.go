package hybrid

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/recommend"
)

var (
	_ recommend.Model        = (*Switch)(nil)
	_ recommend.Meaner       = (*Switch)(nil)
	_ recommend.SparseScorer = (*Switch)(nil)
	_ recommend.OrderReader  = (*Switch)(nil)
	_ recommend.Explainer    = (*Switch)(nil)
)

// Switch asks one of several models, chosen for each query by a rule: the content
// model for short histories, one model for an experiment's arm and another for
// the rest. Immutable; safe for concurrent use when the rule is. The rule is a
// function, so a Switch has no binary form: write its models, and make it again.
type Switch struct {
	known  // of a model that has marks of its items, for errors
	models []recommend.Model
	users  int
	order  bool // a model reads order
	rule   func(q recommend.Query) int
	// Fingerprints of the ids behind the models; 0 where none knows them.
	userIDs, itemIDs uint64
}

// NewSwitch returns the switch. The rule returns the position of the model to
// ask; one that is out of range means that no model knows the query (ErrEmpty).
// Errors: ErrOption (no model, a nil one, no rule), ErrMismatch (models of
// different catalogues).
func NewSwitch(rule func(q recommend.Query) int, models ...recommend.Model) (*Switch, error) {
	const where = "hybrid: NewSwitch"
	var c check.Options
	c.Require(rule != nil, "rule", "nil", "a function")
	f, err := newFused(unweighted(models), where)
	if err != nil {
		return nil, err
	}
	if err := c.Err(where); err != nil {
		return nil, err
	}
	return &Switch{
		known: f.known, models: append([]recommend.Model(nil), models...), users: f.users, order: f.order, rule: rule,
		userIDs: f.userIDs, itemIDs: f.itemIDs,
	}, nil
}

// Fingerprints returns those of the models: see recommend.Interactions.Fingerprints.
func (m *Switch) Fingerprints() (users, items uint64) {
	if m == nil {
		return 0, 0
	}
	return m.userIDs, m.itemIDs
}

// Users returns the largest number of users of a model.
func (m *Switch) Users() int {
	if m == nil {
		return 0
	}
	return m.users
}

// Items returns the number of items.
func (m *Switch) Items() int {
	if m.made("") != nil {
		return 0
	}
	return m.models[0].Items()
}

// made refuses a switch that is nil or zero.
func (m *Switch) made(where string) error {
	if m == nil || len(m.models) == 0 {
		return fmt.Errorf("hybrid: %s: no models: %w", where, ErrEmpty)
	}
	return nil
}

func (m *Switch) pick(q recommend.Query) recommend.Model {
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
func (m *Switch) ReadsOrder() bool { return m != nil && m.order }

// Score writes the scores of the chosen model. Where that is a SparseScorer,
// items it knows nothing about score minus infinity, which an Engine leaves to
// its next source.
func (m *Switch) Score(dst []float32, q recommend.Query) error {
	if err := m.made("Switch.Score"); err != nil {
		return err
	}
	if err := checkQuery(dst, &q, m.Items()); err != nil {
		return err
	}
	p := m.pick(q)
	if p == nil {
		return ErrEmpty
	}
	if m.order {
		q = q.For(p, nil)
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
func (m *Switch) AppendReasons(dst []recommend.Reason, q recommend.Query, item int32, k int) ([]recommend.Reason, error) {
	if err := m.made("Switch.AppendReasons"); err != nil {
		return dst, err
	}
	p := m.pick(q)
	if ex, ok := p.(recommend.Explainer); ok {
		if m.order {
			q = q.For(p, nil)
		}
		return ex.AppendReasons(dst, q, item, k)
	}
	return dst, errSilent
}
