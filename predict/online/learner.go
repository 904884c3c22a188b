package online

import (
	"fmt"

	"github.com/aislekit/aisle/internal/check"
)

// Learner is what FTRL, FM and FieldFM have in common. It cannot be implemented elsewhere.
type Learner interface {
	// Learn predicts the label of a row, then learns it, and returns the prediction made before.
	Learn(r *Row, y, weight float64) (float64, error)
	// Predict returns the prediction of a row.
	Predict(r *Row) (float64, error)
	// Snapshot returns the weights of now, for any number of readers.
	Snapshot() *Snapshot
	// Progressive returns how good the predictions of Learn were so far.
	Progressive() Progressive
	// Space returns the space of its rows.
	Space() *Space
	// MarshalBinary returns the frame of the learner, which goes on learning where it is decoded.
	MarshalBinary() ([]byte, error)

	made() bool
	over() *Space
	loss() Loss
	count() *Progressive
	scratch() int           // numbers that score needs room for
	steps(features int) int // of some nanoseconds that learning a row takes, for Fit to look at its context in time
	score(x example, room []float32) float64
	learn(x example, y, weight float64) (score, mean float64, ok bool)
	clone() Learner
	become(other Learner)
}

var (
	_ Learner = (*FTRL)(nil)
	_ Learner = (*FM)(nil)
	_ Learner = (*FieldFM)(nil)
)

// learn is the Learn of every learner.
func learn(where string, m Learner, r *Row, y, weight float64) (float64, error) {
	x, err := open(where, m, r)
	if err != nil {
		return 0, err
	}
	if err := m.loss().checkLabel(y, weight); err != nil {
		return 0, fmt.Errorf("online: %s: %w", where, err)
	}
	if weight == 0 {
		return m.loss().mean(m.score(x, r.room(m.scratch()))), nil
	}
	score, mean, ok := m.learn(x, y, weight)
	if !ok {
		return 0, diverged(where, score)
	}
	m.count().add(m.loss().of(y, score, mean), mean, y, weight)
	return mean, nil
}

// predicted is the Predict of every learner.
func predicted(where string, m Learner, r *Row) (float64, error) {
	x, err := open(where, m, r)
	if err != nil {
		return 0, err
	}
	score := m.score(x, r.room(m.scratch()))
	if !check.Finite(score) {
		return 0, diverged(where, score)
	}
	return m.loss().mean(score), nil
}

// diverged says at which score no step was taken. One that is finite was too far from the label for the values and the weight of the
// row: the step would leave float32.
func diverged(where string, score float64) error {
	if check.Finite(score) {
		return fmt.Errorf("online: %s: the step from score %v is too long, values or weight are too large: %w", where, score, ErrDiverged)
	}
	return fmt.Errorf("online: %s: score is %v: %w", where, score, ErrDiverged)
}

// open checks learner and row.
func open(where string, m Learner, r *Row) (example, error) {
	if !m.made() {
		return example{}, fmt.Errorf("online: %s: %w", where, ErrEmpty)
	}
	x, err := r.read(m.over())
	if err != nil {
		err = fmt.Errorf("online: %s: %w", where, err)
	}
	return x, err
}

// room returns n numbers of the row's own memory.
func (r *Row) room(n int) []float32 {
	if cap(r.sums) < n {
		r.sums = make([]float32, n)
	}
	return r.sums[:n]
}
