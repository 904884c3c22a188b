package audience

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"slices"

	"golang.org/x/exp/constraints"

	"github.com/aislekit/aisle/internal/bitset"
	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/ids"
	"github.com/aislekit/aisle/internal/rng"
)

var (
	_ encoding.BinaryAppender    = (*Set)(nil)
	_ encoding.BinaryMarshaler   = (*Set)(nil)
	_ encoding.BinaryUnmarshaler = (*Set)(nil)
)

// DefaultMinSize is the size below which an audience counts as small, if
// nothing else is asked for: too few people to publish anything about without singling
// them out, and too few to measure.
const DefaultMinSize = 50

// Set is an audience: a set of users out of 0 … Universe()-1. It is immutable and safe
// for concurrent use; the zero value and nil are the empty audience over no users.
//
// IDs, All and Has address its members, however few. What is published about it, Count
// and the counts of Published, Program.Estimate and Parity, is refused (ErrPrivacy) below
// MinSize.
type Set struct {
	set    *bitset.Set
	min    int    // below this it is Small; 0 means the default, 1 no floor
	reason string // why it is empty
}

// New returns the audience of the given users. An index outside
// [0, universe) is ErrUnknownID, a negative universe ErrRange. Repeated indices
// count once.
func New(universe int, users []int32) (*Set, error) {
	if universe < 0 || universe > math.MaxInt32 {
		return nil, fmt.Errorf("audience: New: universe is %d, want 0 to %d: %w", universe, math.MaxInt32, ErrRange)
	}
	s := bitset.New(universe)
	for i, u := range users {
		if !s.Add(u) {
			return nil, fmt.Errorf("audience: New: users[%d] is %d, want 0 to %d: %w", i, u, universe-1, ErrUnknownID)
		}
	}
	return &Set{set: s}, nil
}

// members returns the set, never nil.
func (a *Set) members() *bitset.Set {
	if a == nil || a.set == nil {
		return bitset.New(0)
	}
	return a.set
}

// Universe returns the number of users the audience was drawn from.
func (a *Set) Universe() int { return a.members().Size() }

// Count returns the number of members, to be published: ErrPrivacy where there are some,
// but fewer than MinSize. Two counts of audiences that hardly differ tell what the few
// between them are: Published notices. Who addresses the members sees them by IDs.
func (a *Set) Count() (int, error) {
	n := a.size()
	if check.Few(n, a.MinSize()) {
		return 0, fmt.Errorf("audience: Set.Count: fewer than %d members: %w", a.MinSize(), ErrPrivacy)
	}
	return n, nil
}

func (a *Set) size() int { return a.members().Count() }

// Has reports whether user is a member; false for a user that does not exist.
func (a *Set) Has(user int32) bool { return a.members().Has(user) }

// IDs appends the members to dst in ascending order.
func (a *Set) IDs(dst []int32) []int32 { return a.members().Append(dst) }

// All calls yield for every member in ascending order; use it with range. Nil is not
// called.
func (a *Set) All(yield func(user int32) bool) {
	if yield != nil {
		a.members().Range(yield)
	}
}

// WithMinSize returns the same audience with another floor: minSize > 0, or -1 for none.
// Anything else is ErrOption.
func (a *Set) WithMinSize(minSize int) (*Set, error) {
	var c check.Options
	c.Require(minSize > 0 || minSize == -1, "minSize", minSize, "> 0, or -1 for none")
	if err := c.Err("audience: Set.WithMinSize"); err != nil {
		return nil, err
	}
	return &Set{set: a.members(), min: floor(minSize), reason: a.Reason()}, nil
}

// floor is a MinSize as sets hold it: without one, everything from 1 is published.
func floor(minSize int) int {
	if minSize < 0 {
		return 1
	}
	return minSize
}

// MinSize returns the size below which the audience is Small; 1 where it has no floor.
func (a *Set) MinSize() int {
	if a == nil {
		return DefaultMinSize
	}
	return check.Default(a.min, DefaultMinSize)
}

// Small reports that the audience has fewer than MinSize members: too few to publish
// anything about. Addressing them is the caller's decision.
func (a *Set) Small() bool { return a.size() < a.MinSize() }

// Reason says why the audience is empty, if a rule or set operation made it so;
// "" for an audience with members.
func (a *Set) Reason() string {
	if a == nil {
		return ""
	}
	return a.reason
}

// And returns the members of both. The result is Small below the larger of the two
// MinSizes; sets of different universes are ErrMismatch.
func (a *Set) And(other *Set) (*Set, error) { return a.combine(other, "And", (*bitset.Set).And) }

// Or returns the members of either, with the same rules.
func (a *Set) Or(other *Set) (*Set, error) { return a.combine(other, "Or", (*bitset.Set).Or) }

// AndNot returns the members of a that are not in other, with the same rules.
func (a *Set) AndNot(other *Set) (*Set, error) {
	return a.combine(other, "AndNot", (*bitset.Set).AndNot)
}

// combine applies op to a copy of a's members. name is the method, for errors and
// for the reason of an empty result.
func (a *Set) combine(b *Set, name string, op func(x, y *bitset.Set)) (*Set, error) {
	if a.Universe() != b.Universe() {
		return nil, fmt.Errorf("audience: Set.%s: universes of %d and %d users: %w", name, a.Universe(), b.Universe(), ErrMismatch)
	}
	out := &Set{set: a.members().Clone(), min: max(a.MinSize(), b.MinSize())}
	op(out.set, b.members())
	if out.size() == 0 {
		out.reason = name + " leaves nobody"
	}
	return out, nil
}

// HoldOut splits an audience in two: target, to be addressed, and control, to be
// left alone so that the effect can be measured. A user is in control if a hash
// of seed and the user's id falls below share, which must lie strictly between 0
// and 1. userIDs holds the id of every user of the
// universe.
//
// The split depends on the id alone: a user stays on the same side whatever the
// audience, the order of users, or the day; a larger share with the same seed
// keeps all controls of a smaller one. Use another seed for a campaign whose
// control group must not be the same people. The size of control is binomial
// around share times the number of members.
//
// Seed and hash are no secret: who can choose an id can choose the side. Where that
// matters take HoldOutKeyed.
func HoldOut[U ID](a *Set, userIDs []U, share float64, seed uint64) (target, control *Set, err error) {
	return holdOut("audience: HoldOut", a, userIDs, share, nil, func(id U) float64 {
		return rng.Unit(rng.Hash(seed, stageHoldOut, hash(id)))
	})
}

// HoldOutKeyed is HoldOut by HMAC-SHA-256 of the user's id under a key of the caller's, of
// 16 bytes or more, instead of a seed: without the key nobody can foresee a side, nor
// choose an id for it. The same key gives the same split, in every process and version;
// use another key for another campaign. A shorter key is ErrOption.
func HoldOutKeyed[U ID](a *Set, userIDs []U, share float64, key []byte) (target, control *Set, err error) {
	mac := hmac.New(sha256.New, key)
	var sum []byte
	return holdOut("audience: HoldOutKeyed", a, userIDs, share, &key, func(id U) float64 {
		mac.Reset()
		if ids.ClassOf[U]() == ids.String {
			mac.Write([]byte{'s'})
			mac.Write([]byte(reflect.ValueOf(id).String()))
		} else {
			mac.Write(binary.LittleEndian.AppendUint64([]byte{'n'}, ids.Hash(id)))
		}
		sum = mac.Sum(sum[:0])
		return rng.Unit(binary.LittleEndian.Uint64(sum))
	})
}

// minKey is the shortest key of a hold-out.
const minKey = 16

// holdOut splits a by a number in [0, 1) for each id; key is nil where there is none.
func holdOut[U ID](where string, a *Set, userIDs []U, share float64, key *[]byte, unit func(id U) float64) (target, control *Set, err error) {
	var c check.Options
	c.Require(share > 0 && share < 1, "share", share, "strictly between 0 and 1")
	if key != nil {
		c.Require(len(*key) >= minKey, "len(key)", len(*key), "16 or more")
	}
	if err := c.Err(where); err != nil {
		return nil, nil, err
	}
	if err := check.Len("ids", len(userIDs), a.Universe()); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", where, err)
	}
	target = &Set{set: a.members().Clone(), min: a.MinSize()}
	control = &Set{set: bitset.New(a.Universe()), min: a.MinSize()}
	for u := range a.All {
		if unit(userIDs[u]) < share {
			control.set.Add(u)
			target.set.Remove(u)
		}
	}
	for _, x := range []*Set{target, control} {
		if x.size() == 0 {
			x.reason = fmt.Sprintf("hold-out of %v leaves nobody on this side", share)
		}
	}
	return target, control, nil
}

const stageHoldOut = 0x686f6c64

// ID is what a user's identifier may be: any integer or string type.
type ID interface{ ~string | constraints.Integer }

// hash scatters one id, the same in every process. Integers of any type and equal
// value hash alike.
func hash[U ID](id U) uint64 {
	if ids.ClassOf[U]() == ids.String {
		return ids.Hash(id)
	}
	return rng.Mix(ids.Hash(id))
}

// AppendBinary appends the audience's binary form to dst.
func (a *Set) AppendBinary(dst []byte) ([]byte, error) {
	var w codec.Writer
	w.Int(a.Universe())
	w.Int(a.MinSize())
	w.String(a.Reason())
	w.Uint64s(a.members().Words())
	return w.AppendFrame(dst, codec.KindAudience, 1), nil
}

// MarshalBinary returns the audience's binary form.
func (a *Set) MarshalBinary() ([]byte, error) { return a.AppendBinary(nil) }

// UnmarshalBinary replaces a by what MarshalBinary wrote. Payload of version 1,
// little-endian:
//
//	int      n, the universe, 0 … 2³¹−1
//	int      the size below which the set is Small, >= 1
//	string   why it is empty, "" where there are members
//	[]u64    ⌈n/64⌉ words, bit u%64 of word u/64 set for a member u < n
//
// Any other length or value is ErrCorrupt, another kind of frame ErrMismatch, a newer
// version ErrVersion; a is then unchanged.
func (a *Set) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("audience: Set.UnmarshalBinary", a); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindAudience, 1)
	if err != nil {
		return fmt.Errorf("audience: Set.UnmarshalBinary: %w", err)
	}
	n, least, reason, words := r.Int(), r.Int(), r.String(), r.Uint64s()
	if r.Err() == nil {
		switch {
		case n > math.MaxInt32 || !fits(words, n):
			r.Fail("members do not fit the universe, or one is outside the universe")
		case least < 1:
			r.Fail("minimum size is below 1")
		case reason != "" && slices.ContainsFunc(words, func(w uint64) bool { return w != 0 }):
			r.Fail("a reason for being empty, but members")
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("audience: Set.UnmarshalBinary: %w", err)
	}
	*a = Set{set: setOf(words, n), min: least, reason: reason}
	return nil
}

// fits reports whether words hold users below n only, one bit for each.
func fits(words []uint64, n int) bool {
	return len(words) == (n+63)/64 && (n%64 == 0 || words[len(words)-1]>>(n%64) == 0)
}

// setOf returns the set of n users that words hold.
func setOf(words []uint64, n int) *bitset.Set {
	return bitset.Of(slices.Clone(words), n)
}
