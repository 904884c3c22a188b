package experiment

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/rng"
)

// Assigner puts users into the arms of an experiment by a hash of salt and id:
// the same user always sees the same arm, on every machine, without a table,
// and experiments of different salts are independent of one another. It is
// immutable and safe for concurrent use. The hash is part of the format and
// will not change.
//
// Whoever can choose an id can choose an arm, because the hash is known: where that matters
// (self-made accounts, prices) take NewKeyedAssigner.
type Assigner struct {
	salt  uint64
	key   []byte    // of HMAC, nil without
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

// NewKeyedAssigner is NewAssigner with a secret of the caller's, 16 bytes or more: the arm
// follows from the first 8 bytes of HMAC-SHA-256 of salt and id, so that nobody without the key
// can tell or choose it. Keep the key as long as the experiment runs; a key may serve many
// salts. The cost is a microsecond a user. ErrOption for a shorter key.
func NewKeyedAssigner(key []byte, salt string, weights []float64) (*Assigner, error) {
	if len(key) < 16 {
		return nil, fmt.Errorf("experiment: NewKeyedAssigner: a key of %d bytes, want at least 16: %w", len(key), ErrOption)
	}
	a, err := NewAssigner(salt, weights)
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, key) // a key of its own for each salt
	mac.Write([]byte(salt))
	a.key = mac.Sum(nil)
	return a, nil
}

// Arm returns the arm of a user, from 0.
func (a *Assigner) Arm(id string) int {
	if a == nil {
		return 0
	}
	if a.key != nil {
		return a.keyed('s', []byte(id))
	}
	return a.arm(rng.HashString(id))
}

// keyed is arm by HMAC of an id and of what kind it is.
func (a *Assigner) keyed(kind byte, id []byte) int {
	mac := hmac.New(sha256.New, a.key)
	mac.Write([]byte{kind})
	mac.Write(id)
	return a.share(rng.Unit(binary.LittleEndian.Uint64(mac.Sum(nil))))
}

// ArmID is Arm for numbered users. It does not agree with Arm of the number in
// decimal digits.
func (a *Assigner) ArmID(id uint64) int {
	if a == nil {
		return 0
	}
	if a.key != nil {
		return a.keyed('n', binary.LittleEndian.AppendUint64(nil, id))
	}
	return a.arm(id)
}

func (a *Assigner) arm(h uint64) int { return a.share(rng.Unit(rng.Hash(a.salt, h))) }

// share returns the arm that u of [0, 1) falls into.
func (a *Assigner) share(u float64) int {
	for i, x := range a.upper {
		if u < x {
			return i
		}
	}
	return a.last // rounding left the upper end of the last arm below 1
}
