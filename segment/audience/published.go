package audience

import (
	"encoding"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/bitset"
	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ encoding.BinaryAppender    = (*Published)(nil)
	_ encoding.BinaryMarshaler   = (*Published)(nil)
	_ encoding.BinaryUnmarshaler = (*Published)(nil)
)

// Published is the ledger of the audiences whose sizes were made known, so that two
// counts cannot be subtracted to single somebody out: 200 customers, then 199 of the
// same, tell what the one is. It is kept by whoever publishes, one for all that the same
// reader may see, and stored between days. The zero value is empty and ready. Not safe
// for concurrent use.
//
// It refuses a count where an audience and one published before differ by few people, and
// where sums and differences of all published counts, however many, tell the size of a
// union of the cells that the audiences cut the users into: A and its parts B and C, of
// which few are in neither. What it does not see: bounds (two audiences of 90 % each
// share 80 % at least), answers over time of a table that changes, the number of all users
// and whatever else a reader knows already (count the audience of all first, if that is
// known), and what other ledgers hold. Publish few and stable audiences.
type Published struct {
	universe int
	sets     []shown // ascending by words, no two with the same members
}

// shown is an audience in the ledger: its words, and its floor.
type shown struct {
	set   *bitset.Set
	floor int
}

// Count returns the number of members of a and enters a into the ledger. It is
// ErrPrivacy, and nothing is entered, where a has fewer members than its MinSize, though
// some; where a and an audience entered before differ, on either side, by fewer members
// than the larger of their MinSizes, though some; and where the counts entered, with this
// one, but not without it, tell the size of a union of cells below the largest MinSize
// of them all. An audience without a floor is entered and never refused. Audiences of
// another universe are ErrMismatch; ErrTooLarge, nothing entered, where so many small and
// overlapping audiences are in the ledger that 2^20 sums do not settle it.
//
// Cost: one pass over the members of each audience entered, and some bytes for each user
// of the universe while it lasts; n/8 bytes of memory stay for each audience.
func (p *Published) Count(a *Set) (int, error) {
	const where = "audience: Published.Count"
	if err := check.Receiver(where, p); err != nil {
		return 0, err
	}
	if len(p.sets) > 0 && p.universe != a.Universe() {
		return 0, fmt.Errorf("%s: an audience over %d users, those before over %d: %w", where, a.Universe(), p.universe, ErrMismatch)
	}
	n, err := a.Count()
	if err != nil {
		return 0, fmt.Errorf("%s: %w", where, ErrPrivacy)
	}
	x := shown{a.members(), a.MinSize()}
	if x.floor > 1 {
		least, sets := x.floor, make([]*bitset.Set, 0, len(p.sets)+1)
		for _, b := range p.sets {
			floor := max(x.floor, b.floor)
			least, sets = max(least, floor), append(sets, b.set)
			if check.Few(difference(x.set, b.set), floor) || check.Few(difference(b.set, x.set), floor) {
				return 0, fmt.Errorf("%s: differs by fewer than %d members from what was published: %w", where, floor, ErrPrivacy)
			}
		}
		if found, settled := discloses(append(sets, x.set), a.Universe(), least); found {
			return 0, fmt.Errorf("%s: sums with what was published tell of fewer than %d people: %w", where, least, ErrPrivacy)
		} else if !settled {
			return 0, fmt.Errorf("%s: %d audiences were published, too many that overlap in few people: %w", where, len(p.sets), ErrTooLarge)
		}
	}
	p.universe = a.Universe()
	p.enter(shown{x.set.Clone(), x.floor})
	return n, nil
}

// difference returns the number of members of a that are not in b.
func difference(a, b *bitset.Set) int {
	x := a.Clone()
	x.AndNot(b)
	return x.Count()
}

// enter puts x in its place; of two with the same members the higher floor stays.
func (p *Published) enter(x shown) {
	at, found := slices.BinarySearchFunc(p.sets, x, func(a, b shown) int { return slices.Compare(a.set.Words(), b.set.Words()) })
	if found {
		p.sets[at].floor = max(p.sets[at].floor, x.floor)
		return
	}
	p.sets = slices.Insert(p.sets, at, x)
}

// Len returns the number of different audiences entered.
func (p *Published) Len() int {
	if p == nil {
		return 0
	}
	return len(p.sets)
}

// Merge enters what other holds, and leaves other alone: both were published, whatever
// their differences. Nil, the receiver itself and another universe are ErrMismatch.
func (p *Published) Merge(other *Published) error {
	if err := check.Merge("audience: Published.Merge", p, other); err != nil {
		return err
	}
	if len(p.sets) > 0 && len(other.sets) > 0 && p.universe != other.universe {
		return fmt.Errorf("audience: Published.Merge: universes of %d and %d users: %w", p.universe, other.universe, ErrMismatch)
	}
	p.universe = max(p.universe, other.universe)
	for _, x := range other.sets {
		p.enter(shown{x.set.Clone(), x.floor})
	}
	return nil
}

// AppendBinary appends the binary form of p to dst, canonical. The error is nil, but for a
// nil ledger. It holds who was in each audience, as indices: guard it as the table itself.
func (p *Published) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("audience: Published.AppendBinary", p); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Int(p.universe)
	w.Int(len(p.sets))
	for _, x := range p.sets {
		w.Int(x.floor)
		w.Uint64s(x.set.Words())
	}
	return w.AppendFrame(dst, codec.KindPublished, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (p *Published) MarshalBinary() ([]byte, error) { return p.AppendBinary(nil) }

// UnmarshalBinary replaces p. Payload of version 1, little-endian:
//
//	int    n, the universe, 0 … 2³¹−1; 0 without audiences
//	int    number of audiences, then for each, ascending by its words:
//	  int    the size below which it is Small, >= 1
//	  []u64  ⌈n/64⌉ words, bit u%64 of word u/64 set for a member u < n
//
// Any other length or value is ErrCorrupt, a frame of another type ErrMismatch, a newer
// version ErrVersion; p is then unchanged. Memory grows with the bytes given.
func (p *Published) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("audience: Published.UnmarshalBinary", p); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindPublished, 1)
	if err != nil {
		return fmt.Errorf("audience: Published.UnmarshalBinary: %w", err)
	}
	x := Published{universe: r.Int()}
	n := r.Int()
	if x.universe > math.MaxInt32 || n == 0 && x.universe != 0 {
		r.Fail("has a universe that is none")
	}
	var last []uint64
	for i := 0; i < n && r.Err() == nil; i++ {
		floor, words := r.Int(), r.Uint64s()
		if r.Err() == nil && (floor < 1 || !fits(words, x.universe) || i > 0 && slices.Compare(last, words) >= 0) {
			r.Fail("has audiences out of order, or one that is none")
		}
		if r.Err() == nil {
			x.sets = append(x.sets, shown{setOf(words, x.universe), floor})
			last = words
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("audience: Published.UnmarshalBinary: %w", err)
	}
	*p = x
	return nil
}
