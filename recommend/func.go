package recommend

import (
	"math"

	"github.com/aislekit/aisle/internal/check"
)

var (
	_ Model        = (*Func)(nil)
	_ Meaner       = (*Func)(nil)
	_ SparseScorer = (*Func)(nil)
	_ OrderReader  = (*Func)(nil)
)

// Func is a model of the caller's own: a function that scores. It makes anything
// a source of an Engine or a part of a hybrid.Blend: rules mined from baskets, a service
// of another team with its answers cached, a formula. A function has no binary form,
// and so neither has a Func. Over which ids it is, it
// knows where Over says so.
type Func struct {
	origin
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
	return &Func{origin{}, users, items, score}, nil
}

// Users returns the number of users.
func (m *Func) Users() int {
	m = orZero(m)
	return m.users
}

// Items returns the number of items.
func (m *Func) Items() int {
	m = orZero(m)
	return m.items
}

// Meaning says what a score stands for.
func (*Func) Meaning() string { return "what the function of the host makes of it; higher is better" }

// SparseScores is false: 0 is a score like any other. Items without a score get
// minus infinity from the function.
func (*Func) SparseScores() bool { return false }

// ReadsOrder is true: the function may read the history as a sequence.
func (*Func) ReadsOrder() bool { return true }

// Score calls the function.
func (m *Func) Score(dst []float32, q Query) error {
	m = orZero(m)
	if err := checkQuery(dst, &q, m.items); err != nil {
		return err
	}
	return m.score(dst, q)
}
