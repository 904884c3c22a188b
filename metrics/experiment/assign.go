package experiment

import (
	"fmt"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/rng"
)

// Assigner puts users into the arms of an experiment by a hash of salt and id:
// the same user always sees the same arm, on every machine, without a table,
// and experiments of different salts are independent of one another. It is
// immutable and safe for concurrent use. The hash is part of the format and
// will not change.
type Assigner struct {
	salt  uint64
	upper []float64 // upper end of each arm's share of [0, 1)
	last  int       // last arm of positive weight
}

// NewAssigner returns an assigner for arms of the given weights, on any scale.
// A salt names the experiment; reusing one ties two experiments together.
// Arms of weight 0 get nobody. To let only part of the users take part, make
// "not in" an arm. To move weights while an experiment runs moves users
// between arms: start a new one.
//
// ErrEmpty for no arms or no salt, ErrRange or ErrNotFinite for bad weights.
func NewAssigner(salt string, weights []float64) (*Assigner, error) {
	if salt == "" {
		return nil, fmt.Errorf("experiment: NewAssigner: no salt: %w", ErrEmpty)
	}
	if len(weights) == 0 {
		return nil, fmt.Errorf("experiment: NewAssigner: no arms: %w", ErrEmpty)
	}
	if err := check.Weights("weights", weights, len(weights)); err != nil {
		return nil, fmt.Errorf("experiment: NewAssigner: %w", err)
	}
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	a := &Assigner{salt: rng.HashString(salt), upper: make([]float64, len(weights))}
	at := 0.0
	for i, w := range weights {
		at += w / sum
		a.upper[i] = at
		if w > 0 {
			a.last = i
		}
	}
	return a, nil
}

// Arm returns the arm of a user, from 0.
func (a *Assigner) Arm(id string) int { return a.arm(rng.HashString(id)) }

// ArmID is Arm for numbered users. It does not agree with Arm of the number in
// decimal digits.
func (a *Assigner) ArmID(id uint64) int { return a.arm(id) }

func (a *Assigner) arm(h uint64) int {
	u := rng.Unit(rng.Hash(a.salt, h))
	for i, x := range a.upper {
		if u < x {
			return i
		}
	}
	return a.last // rounding left the upper end of the last arm below 1
}
