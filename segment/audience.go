package segment

import (
	"fmt"
	"math"
	"math/bits"
	"reflect"
	"slices"

	"golang.org/x/exp/constraints"

	"github.com/aislekit/aisle/internal/bitset"
	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/rng"
)

// DefaultMinAudience is the size below which an audience counts as small, if
// nothing else is asked for: too few people to address without singling them
// out, and too few to measure.
const DefaultMinAudience = 50

// Audience is a set of users out of 0 … Universe()-1. It is immutable and safe
// for concurrent use; the zero value is the empty audience over no users.
type Audience struct {
	set    *bitset.Set
	min    int    // below this it is Small; 0 means the default
	reason string // why it is empty
}

// NewAudience returns the audience of the given users. An index outside
// [0, universe) is ErrUnknownID, a negative universe ErrRange. Repeated indices
// count once.
func NewAudience(universe int, users []int32) (*Audience, error) {
	if universe < 0 || universe > math.MaxInt32 {
		return nil, fmt.Errorf("segment: NewAudience: universe is %d, want 0 to %d: %w", universe, math.MaxInt32, ErrRange)
	}
	s := bitset.New(universe)
	for i, u := range users {
		if !s.Add(u) {
			return nil, fmt.Errorf("segment: NewAudience: users[%d] is %d, want 0 to %d: %w", i, u, universe-1, ErrUnknownID)
		}
	}
	return &Audience{set: s}, nil
}

// members returns the set, never nil.
func (a *Audience) members() *bitset.Set {
	if a == nil || a.set == nil {
		return bitset.New(0)
	}
	return a.set
}

// Universe returns the number of users the audience was drawn from.
func (a *Audience) Universe() int { return a.members().Size() }

// Count returns the number of members.
func (a *Audience) Count() int { return a.members().Count() }

// Has reports whether user is a member; false for a user that does not exist.
func (a *Audience) Has(user int32) bool { return a.members().Has(user) }

// IDs appends the members to dst in ascending order.
func (a *Audience) IDs(dst []int32) []int32 { return a.members().Append(dst) }

// All calls yield for every member in ascending order; use it with range.
func (a *Audience) All(yield func(user int32) bool) { a.members().Range(yield) }

// MinSize returns the size below which the audience is Small.
func (a *Audience) MinSize() int {
	if a == nil {
		return DefaultMinAudience
	}
	return check.Default(a.min, DefaultMinAudience)
}

// Small reports that the audience has fewer than MinSize members. Nothing is
// suppressed: the caller decides.
func (a *Audience) Small() bool { return a.Count() < a.MinSize() }

// Reason says why the audience is empty, if a rule or set operation made it so;
// "" for an audience with members.
func (a *Audience) Reason() string {
	if a == nil {
		return ""
	}
	return a.reason
}

// And returns the members of both.
func (a *Audience) And(b *Audience) (*Audience, error) { return a.combine(b, "And", (*bitset.Set).And) }

// Or returns the members of either.
func (a *Audience) Or(b *Audience) (*Audience, error) { return a.combine(b, "Or", (*bitset.Set).Or) }

// AndNot returns the members of a that are not in b.
func (a *Audience) AndNot(b *Audience) (*Audience, error) {
	return a.combine(b, "AndNot", (*bitset.Set).AndNot)
}

func (a *Audience) combine(b *Audience, name string, op func(x, y *bitset.Set)) (*Audience, error) {
	if a.Universe() != b.Universe() {
		return nil, fmt.Errorf("segment: Audience: %s of universes of %d and %d users: %w", name, a.Universe(), b.Universe(), ErrMismatch)
	}
	out := &Audience{set: a.members().Clone(), min: max(a.MinSize(), b.MinSize())}
	op(out.set, b.members())
	if out.Count() == 0 {
		out.reason = fmt.Sprintf("%s of %d and %d members leaves nobody", name, a.Count(), b.Count())
	}
	return out, nil
}

// HoldOut splits an audience in two: target, to be addressed, and control, to be
// left alone so that the effect can be measured. A user is in control if a hash
// of seed and the user's id falls below share, which must lie strictly between 0
// and 1. ids holds the id of every user of the universe.
//
// The split depends on the id alone: a user stays on the same side whatever the
// audience, the order of users, or the day; a larger share with the same seed
// keeps all controls of a smaller one. Use another seed for a campaign whose
// control group must not be the same people. The size of control is binomial
// around share·Count.
func HoldOut[U ID](a *Audience, ids []U, share float64, seed uint64) (target, control *Audience, err error) {
	var c check.Options
	c.Require(share > 0 && share < 1, "share", share, "strictly between 0 and 1")
	if err := c.Err("segment: HoldOut"); err != nil {
		return nil, nil, err
	}
	if err := check.Len("ids", len(ids), a.Universe()); err != nil {
		return nil, nil, fmt.Errorf("segment: HoldOut: %w", err)
	}
	target = &Audience{set: a.members().Clone(), min: a.MinSize()}
	control = &Audience{set: bitset.New(a.Universe()), min: a.MinSize()}
	hash := hasher(ids)
	for u := range a.All {
		if rng.Unit(rng.Hash(seed, stageHoldOut, hash(u))) < share {
			control.set.Add(u)
			target.set.Remove(u)
		}
	}
	for _, x := range []*Audience{target, control} {
		if x.Count() == 0 {
			x.reason = fmt.Sprintf("hold-out of %v of %d members leaves nobody on this side", share, a.Count())
		}
	}
	return target, control, nil
}

const stageHoldOut = 0x686f6c64

// ID is what a user's identifier may be: any integer or string type.
type ID interface{ ~string | constraints.Integer }

// hasher returns the hash of ids[u]. Integers of any type and equal value hash
// alike.
func hasher[U ID](ids []U) func(u int32) uint64 {
	v := reflect.ValueOf(ids)
	switch kind := reflect.TypeFor[U]().Kind(); {
	case kind == reflect.String:
		return func(u int32) uint64 { return rng.HashString(v.Index(int(u)).String()) }
	case kind >= reflect.Uint && kind <= reflect.Uintptr:
		return func(u int32) uint64 { return rng.Mix(v.Index(int(u)).Uint()) }
	default:
		return func(u int32) uint64 { return rng.Mix(uint64(v.Index(int(u)).Int())) }
	}
}

// AppendBinary appends the audience's binary form to dst.
func (a *Audience) AppendBinary(dst []byte) ([]byte, error) {
	var w codec.Writer
	w.Int(a.Universe())
	w.Int(a.MinSize())
	w.String(a.Reason())
	w.Uint64s(a.members().Words())
	return w.AppendFrame(dst, codec.KindAudience, 1), nil
}

// MarshalBinary returns the audience's binary form.
func (a *Audience) MarshalBinary() ([]byte, error) { return a.AppendBinary(nil) }

// UnmarshalBinary reads what MarshalBinary wrote. Broken bytes are ErrCorrupt or
// ErrVersion and leave a unchanged.
func (a *Audience) UnmarshalBinary(data []byte) error {
	r, err := codec.Open(data, codec.KindAudience, 1)
	if err != nil {
		return fmt.Errorf("segment: Audience: %w", err)
	}
	n, least, reason, words := r.Int(), r.Int(), r.String(), r.Uint64s()
	if r.Err() == nil {
		rest := n % 64
		switch {
		case n > math.MaxInt32 || len(words) != (n+63)/64:
			r.Fail("members do not fit the universe")
		case rest != 0 && words[len(words)-1]>>rest != 0:
			r.Fail("a member is outside the universe")
		case least < 1:
			r.Fail("minimum size is below 1")
		case reason != "" && slices.ContainsFunc(words, func(w uint64) bool { return w != 0 }):
			r.Fail("a reason for being empty, but members")
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("segment: Audience: %w", err)
	}
	s := bitset.New(n)
	for i, w := range words {
		for ; w != 0; w &= w - 1 {
			s.Add(int32(i<<6 + bits.TrailingZeros64(w)))
		}
	}
	*a = Audience{set: s, min: least, reason: reason}
	return nil
}
