package audience

import (
	"context"
	"math"
	"math/bits"

	"github.com/aislekit/aisle/internal/bitset"
	"github.com/aislekit/aisle/internal/parallel"
)

// Select returns the users for whom the rule is true. An empty audience says
// why: because clauses contradict each other, or which clause leaves nobody.
// Cost is at most one pass over a column per clause, on all processors; clauses that are
// cheap to ask are asked first, and the others only about users for whom it matters still.
func (p *Program) Select(ctx context.Context) (*Set, error) {
	if err := p.made("audience: Program.Select"); err != nil {
		return nil, err
	}
	t, err := p.where(ctx, p.root, True)
	if err != nil {
		return nil, err
	}
	a := &Set{set: t, min: p.minSize}
	if a.size() == 0 {
		if a.reason, err = p.whyEmpty(ctx); err != nil {
			return nil, err
		}
	}
	return a, nil
}

const (
	blockWords = 64              // users that are judged together, in words
	blockUsers = 64 * blockWords // and in users
	workBlocks = 2               // blocks of a piece of work for one goroutine
)

// where returns the users for whom b is want, True or False.
func (p *Program) where(ctx context.Context, b *bound, want Truth) (*bitset.Set, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	n := p.table.n
	words := make([]uint64, (n+63)/64)
	const size = workBlocks * blockUsers
	scratch := make([]sieve, parallel.Scratch(n, size, 0))
	for i := range scratch {
		scratch[i].moment = p.moment
	}
	err := parallel.For(ctx, n, size, 0, func(worker, lo, hi int) error {
		for from := lo; from < hi; from += blockUsers {
			to := min(from+blockUsers, hi)
			mask := words[from/64 : (to+63)/64]
			for i := range mask {
				mask[i] = math.MaxUint64
			}
			if to%64 != 0 {
				mask[len(mask)-1] = 1<<(to%64) - 1
			}
			scratch[worker].keep(b, int32(from), mask, want, 0)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return bitset.Of(words, n), nil
}

// sieve narrows blocks of users; its memory is for one goroutine.
type sieve struct {
	moment
	users  [blockUsers]uint16
	levels []*[2][blockWords]uint64 // of unions within unions
}

// keep leaves in mask, the users from base on, those for whom b is want. Only what want asks
// for is looked at: an And that shall be true leaves fewer users for each of its parts.
func (s *sieve) keep(b *bound, base int32, mask []uint64, want Truth, level int) {
	switch b.op {
	case opNot:
		s.keep(b.kids[0], base, mask, True-want, level)
		return
	case opAnd, opOr:
	default:
		s.clauses(b, base, mask, want)
		return
	}
	if (b.op == opAnd) == (want == True) {
		for _, k := range b.order {
			s.keep(k, base, mask, want, level)
			if zero(mask) {
				return
			}
		}
		return
	}
	// One part is enough: those whom it does not settle go on to the next.
	for len(s.levels) <= level {
		s.levels = append(s.levels, new([2][blockWords]uint64))
	}
	part, rest := s.levels[level][0][:len(mask)], s.levels[level][1][:len(mask)]
	copy(rest, mask)
	clear(mask)
	for _, k := range b.order {
		copy(part, rest)
		s.keep(k, base, part, want, level+1)
		for j, w := range part {
			mask[j] |= w
			rest[j] &^= w
		}
		if zero(rest) {
			return
		}
	}
}

func zero(mask []uint64) bool {
	any := uint64(0)
	for _, w := range mask {
		any |= w
	}
	return any == 0
}

// clauses is keep for a clause.
func (s *sieve) clauses(b *bound, base int32, mask []uint64, want Truth) {
	word := int(base / 64)
	known := b.col.known.Words()[word:][:len(mask)]
	switch b.op {
	case opHas, opMissing:
		for i := range mask {
			if (b.op == opHas) == (want == True) {
				mask[i] &= known[i]
			} else {
				mask[i] &^= known[i]
			}
		}
		return
	case opIn:
		if b.col.kind == textColumn && s.texts(b, word, mask, known, want) {
			return
		}
	case opThen:
		s.each(b, base, mask, want) // asks for other columns too
		return
	}
	for i := range mask {
		mask[i] &= known[i]
	}
	switch {
	case b.op == opRecency && b.col.kind == timeColumn:
		s.times(b, word*64, mask, want)
	case b.op >= opLess && b.op <= opBetween:
		s.numbers(b, word*64, mask, want)
	default:
		s.each(b, base, mask, want)
	}
}

// keepIf leaves those of w that are in t, or, where want is False, that are not.
func keepIf(w, t uint64, want Truth) uint64 {
	if want == True {
		return w & t
	}
	return w &^ t
}

// each asks for one user after the other.
func (s *sieve) each(b *bound, base int32, mask []uint64, want Truth) {
	for i, w := range mask {
		for rest := w; rest != 0; rest &= rest - 1 {
			j := bits.TrailingZeros64(rest)
			if s.clause(b, base+int32(i*64+j)) != want {
				mask[i] &^= 1 << j
			}
		}
	}
}

// texts is keep for a list of texts that have bitmaps, and reports whether all have.
func (s *sieve) texts(b *bound, word int, mask, known []uint64, want Truth) bool {
	for _, id := range b.ids {
		if b.col.members[id] == nil {
			return false
		}
	}
	var any [blockWords]uint64
	for _, id := range b.ids {
		for i, w := range b.col.members[id].Words()[word:][:len(mask)] {
			any[i] |= w
		}
	}
	for i := range mask {
		mask[i] &= keepIf(known[i], any[i], want)
	}
	return true
}

// instants are the first and the last instant of which the age lies in the span.
func (b *bound) instants(asOf int64) (low, high int64) {
	low, high = math.MinInt64, asOf-int64(b.from)
	if high > asOf { // beyond the first instant there is
		return 1, 0
	}
	if low = asOf - int64(b.to) + 1; b.to == 0 || low > asOf {
		low = math.MinInt64
	}
	return low, high
}
