package basket

import (
	"context"
	"encoding"
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/ids"
	"github.com/aislekit/aisle/internal/parallel"
)

var (
	_ encoding.BinaryAppender    = (*TwoPass[string])(nil)
	_ encoding.BinaryMarshaler   = (*TwoPass[string])(nil)
	_ encoding.BinaryUnmarshaler = (*TwoPass[string])(nil)
)

// TwoPass mines baskets that lie on several shards and never come together, in two passes
// (Savasere, Omiecinski, Navathe 1995), and finds exactly the sets that Mine of them all finds.
//
// First each shard is mined by itself at the share asked for, and Propose or Merge unites
// what is frequent on any of them: a set in that share of all baskets is in that share of
// those of one shard at least, so none is missing. Then Count looks, on each shard, in how
// many of its baskets each candidate is; Merge adds these, and Result keeps those that are
// frequent in all. Only candidates and counts travel, in the binary form. Result refuses a
// second pass that has not seen as many baskets as the first.
//
// The zero value is empty and ready for the first pass. Not safe for concurrent use.
type TwoPass[I ID] struct {
	share    Fraction
	maxLen   int
	proposed int64 // baskets of the first pass
	counting bool  // the second pass has begun
	counted  int64 // its baskets
	items    []I   // of the candidates, ascending
	ptr      []int64
	ids      []int32 // candidates, ascending as lists of numbers
	count    []int64
}

// Propose adds the frequent sets of one shard as candidates. They must be all the frequent
// sets of a MinSupport (no MinCount, Keep, Top, MinLen or MineTaxonomy), and the share and
// MaxLen those of the other shards, else ErrMismatch, as after the first Count; ErrEmpty for nil.
func (p *TwoPass[I]) Propose(s *Sets[I]) error {
	const where = "basket: TwoPass.Propose"
	if err := check.Receiver(where, p); err != nil {
		return err
	}
	switch {
	case s == nil || s.index == nil:
		return fmt.Errorf("%s: no sets: %w", where, ErrEmpty)
	case !s.whole || s.levels || s.share == (Fraction{}):
		return fmt.Errorf("%s: not all frequent sets of a MinSupport: %w", where, ErrMismatch)
	}
	q := TwoPass[I]{share: s.share, maxLen: s.maxLen, proposed: s.baskets, items: s.items}
	order := make([]int, len(s.count))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return slices.Compare(s.set(a), s.set(b)) })
	for _, i := range order {
		q.add(s.set(i), 0)
	}
	return p.unite(where, &q)
}

// add appends a candidate.
func (p *TwoPass[I]) add(set []int32, n int64) {
	p.ids = append(p.ids, set...)
	p.ptr = append(p.ptr, int64(len(p.ids)))
	p.count = append(p.count, n)
}

func (p *TwoPass[I]) set(i int) []int32 { return between(p.ptr, p.ids, i) }

// unite adds the candidates of q, which counts nothing unless p is empty.
func (p *TwoPass[I]) unite(where string, q *TwoPass[I]) error {
	if p.proposed == 0 {
		*p = *q
		p.items, p.ptr, p.ids, p.count = slices.Clone(q.items), slices.Clone(q.ptr), slices.Clone(q.ids), slices.Clone(q.count)
		return nil
	}
	switch {
	case p.share != q.share || p.maxLen != q.maxLen:
		return fmt.Errorf("%s: shards mined at another share or length: %w", where, ErrMismatch)
	case p.counting:
		return fmt.Errorf("%s: counting has begun: %w", where, ErrMismatch)
	case p.proposed > maxBaskets-q.proposed:
		return fmt.Errorf("%s: baskets: %w", where, ErrOverflow)
	}
	sum := TwoPass[I]{share: p.share, maxLen: p.maxLen, proposed: p.proposed + q.proposed}
	sum.items = slices.Compact(sorted(slices.Concat(p.items, q.items)))
	a, b := sum.renumber(p), sum.renumber(q)
	for i, j := 0, 0; i < len(p.count) || j < len(q.count); {
		c := -1
		if i == len(p.count) {
			c = 1
		} else if j < len(q.count) {
			c = slices.Compare(between(p.ptr, a, i), between(q.ptr, b, j))
		}
		if c <= 0 {
			sum.add(between(p.ptr, a, i), 0)
			i++
		}
		if c > 0 {
			sum.add(between(q.ptr, b, j), 0)
		}
		if c >= 0 {
			j++
		}
	}
	*p = sum
	return nil
}

func sorted[I ID](xs []I) []I {
	slices.Sort(xs)
	return xs
}

// renumber returns the ids of q by the items of p, which has them all; their order stays.
func (p *TwoPass[I]) renumber(q *TwoPass[I]) []int32 {
	to := make([]int32, len(q.items))
	for k, x := range q.items {
		at, _ := slices.BinarySearch(p.items, x)
		to[k] = int32(at)
	}
	out := make([]int32, len(q.ids))
	for k, x := range q.ids {
		out[k] = to[x]
	}
	return out
}

// Len returns the number of candidates.
func (p *TwoPass[I]) Len() int {
	if p == nil {
		return 0
	}
	return len(p.count)
}

// Count adds, for every candidate, the baskets of one shard that hold it; those of no basket
// add nothing. ErrEmpty before the first Propose and for nil, ErrOverflow beyond 2⁶² baskets,
// and context.Cause(ctx) when ctx ends: p is then unchanged. Cost: a pass over the shard, and
// over the baskets of each candidate less its last item.
func (p *TwoPass[I]) Count(ctx context.Context, b *Baskets[I]) error {
	const where = "basket: TwoPass.Count"
	if err := check.Receiver(where, p); err != nil {
		return err
	}
	switch {
	case b == nil || p.proposed == 0:
		return fmt.Errorf("%s: no baskets, or none proposed: %w", where, ErrEmpty)
	case p.counted > maxBaskets-int64(b.Len()):
		return fmt.Errorf("%s: baskets: %w", where, ErrOverflow)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	meter := parallel.NewMeter(ctx)
	to := make([]int32, b.items.Len()) // item of the shard → of the candidates, −1: none
	for x, item := range b.items.Keys() {
		if err := meter.Did(64); err != nil {
			return err
		}
		to[x] = -1
		if at, ok := slices.BinarySearch(p.items, item); ok {
			to[x] = int32(at)
		}
	}
	rows := make([][]int32, len(p.items)) // baskets of each item
	for i := range b.ptr {
		set := b.basket(i)
		if err := meter.Did(4*len(set) + 4); err != nil {
			return err
		}
		for _, x := range set {
			if at := to[x]; at >= 0 {
				rows[at] = append(rows[at], int32(i))
			}
		}
	}
	count := slices.Clone(p.count)
	var last []int32
	var stack [][]int32 // baskets of the first 1, 2, … items of the last candidate
	for i := range count {
		set, k := p.set(i), 0
		for k < len(last) && k < len(set)-1 && last[k] == set[k] {
			k++
		}
		stack = stack[:k]
		for ; k < len(set); k++ {
			own := rows[set[k]]
			if k > 0 {
				own = meet(stack[k-1], own)
			}
			stack = append(stack, own)
			if err := meter.Did(8*len(own) + 64); err != nil {
				return err
			}
		}
		count[i] += int64(len(stack[len(set)-1]))
		last = set
	}
	p.count, p.counting, p.counted = count, true, p.counted+int64(b.Len())
	return nil
}

// meet returns what is in both of two ascending lists.
func meet(a, b []int32) []int32 {
	if len(a) > len(b) {
		a, b = b, a
	}
	out := make([]int32, 0, len(a))
	far := len(b) > 16*len(a)
	for _, x := range a {
		if far {
			b = b[sort.Search(len(b), func(i int) bool { return b[i] >= x }):]
		} else {
			for len(b) > 0 && b[0] < x {
				b = b[1:]
			}
		}
		if len(b) == 0 {
			break
		}
		if b[0] == x {
			out = append(out, x)
		}
	}
	return out
}

// Merge adds other, which it leaves alone: its candidates before the first Count, its
// counts where both have the same candidates. Nil, the receiver itself, another share or
// MaxLen, and counts of other candidates are ErrMismatch; more than 2⁶² baskets are
// ErrOverflow. Nothing is changed then.
func (p *TwoPass[I]) Merge(other *TwoPass[I]) error {
	const where = "basket: TwoPass.Merge"
	if err := check.Merge(where, p, other); err != nil {
		return err
	}
	switch {
	case other.proposed == 0:
		return nil
	case p.proposed == 0 || !p.counting && !other.counting:
		return p.unite(where, other)
	case p.share != other.share || p.maxLen != other.maxLen || p.proposed != other.proposed ||
		!slices.Equal(p.items, other.items) || !slices.Equal(p.ptr, other.ptr) || !slices.Equal(p.ids, other.ids):
		return fmt.Errorf("%s: counts of other candidates: %w", where, ErrMismatch)
	case p.counted > maxBaskets-other.counted:
		return fmt.Errorf("%s: baskets: %w", where, ErrOverflow)
	}
	p.counting = true
	p.counted += other.counted
	for i, n := range other.count {
		p.count[i] += n // at most the baskets counted
	}
	return nil
}

// Result returns the sets that are frequent in all shards together, as Mine of all baskets
// does. ErrEmpty where nothing was proposed, ErrMismatch where the second pass has counted
// another number of baskets than the first: a shard was left out, or counted twice.
func (p *TwoPass[I]) Result() (*Sets[I], error) {
	const where = "basket: TwoPass.Result"
	if err := check.Receiver(where, p); err != nil {
		return nil, err
	}
	if p.proposed == 0 {
		return nil, fmt.Errorf("%s: nothing proposed: %w", where, ErrEmpty)
	}
	if p.proposed != p.counted {
		return nil, fmt.Errorf("%s: %d baskets counted of %d: %w", where, p.counted, p.proposed, ErrMismatch)
	}
	s := &Sets[I]{baskets: p.counted, minCount: max(p.share.of(p.counted), 1), share: p.share, maxLen: p.maxLen, whole: true}
	order := []int{}
	for i, n := range p.count {
		if n >= s.minCount {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(a, b int) int {
		if p.count[a] != p.count[b] {
			return int(min(max(p.count[b]-p.count[a], -1), 1))
		}
		return compareSets(p.set(a), p.set(b))
	})
	to := make([]int32, len(p.items))
	for _, i := range order {
		for _, x := range p.set(i) {
			to[x] = 1
		}
	}
	for x, used := range to {
		if used == 1 {
			to[x] = int32(len(s.items))
			s.items = append(s.items, p.items[x])
		}
	}
	for _, i := range order {
		for _, x := range p.set(i) {
			s.ids = append(s.ids, to[x])
		}
		s.ptr = append(s.ptr, int64(len(s.ids)))
		s.count = append(s.count, p.count[i])
	}
	s.index = indexOf(s.ptr, s.ids)
	return s, nil
}

// AppendBinary appends the binary form of p to dst, canonical. The error is nil, but for a
// nil receiver.
func (p *TwoPass[I]) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("basket: TwoPass.AppendBinary", p); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Int(int(ids.ClassOf[I]()))
	ids.PutAscending(&w, p.items)
	w.Int64(p.share.Num)
	w.Int64(p.share.Den)
	w.Int(p.maxLen)
	w.Int64(p.proposed)
	w.Bool(p.counting)
	w.Int64(p.counted)
	w.Int(len(p.count))
	for i, n := range p.count {
		w.Int64(n)
		w.Int32s(p.set(i))
	}
	return w.AppendFrame(dst, codec.KindTwoPass, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (p *TwoPass[I]) MarshalBinary() ([]byte, error) { return p.AppendBinary(nil) }

// UnmarshalBinary replaces p. Payload of version 1, little-endian:
//
//	int    class of the items: 0 strings, 1 signed, 2 unsigned integers
//	int    number of items, then each, ascending strictly; every one is in a candidate
//	i64    numerator and
//	i64    denominator of the share; 0 and 0 before the first Propose
//	int    largest length asked for, 1 … 2³¹−1; 0 before
//	i64    baskets of the first pass, 1 … 2⁶²; 0 before
//	bool   whether the second pass has begun
//	i64    its baskets, 0 … 2⁶²; 0 before
//	int    number of candidates, then for each, ascending strictly:
//	  i64    baskets counted that hold it, no more than those of the second pass
//	  []i32  its items by number, ascending strictly, at least one
//
// Before the first Propose all is 0. With each candidate go its subsets of one item less,
// in no fewer baskets. Items of another class or another type of frame are ErrMismatch, a
// newer version is ErrVersion, all else ErrCorrupt; p is then unchanged. Memory grows with
// the bytes given.
func (p *TwoPass[I]) UnmarshalBinary(data []byte) error {
	const where = "basket: TwoPass.UnmarshalBinary"
	if err := check.Receiver(where, p); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindTwoPass, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	d := TwoPass[I]{}
	if d.items, err = getItems[I](r); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	d.share = Fraction{r.Int64(), r.Int64()}
	d.maxLen = r.Int()
	d.proposed, d.counting, d.counted = r.Int64(), r.Bool(), r.Int64()
	n := r.Int()
	if d.proposed == 0 {
		if d.share != (Fraction{}) || d.maxLen != 0 || d.counting || d.counted != 0 || n != 0 {
			r.Fail("has candidates that nobody proposed")
		}
	} else if !d.share.valid() || d.share.Num == 0 || d.maxLen < 1 || d.maxLen > math.MaxInt32 || d.proposed < 1 || d.proposed > maxBaskets ||
		d.counted < 0 || d.counted > maxBaskets || !d.counting && d.counted != 0 {
		r.Fail("has a share, a length or baskets that are none")
	}
	d.getCandidates(r, n)
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	if !closedDown(indexOf(d.ptr, d.ids), d.count) {
		r.Fail("lacks a part of a candidate, or has one in fewer baskets")
		return fmt.Errorf("%s: %w", where, r.Err())
	}
	*p = d
	return nil
}

// getCandidates reads n of them.
func (p *TwoPass[I]) getCandidates(r *codec.Reader, n int) {
	used := make([]bool, len(p.items))
	for i := 0; i < n && r.Err() == nil; i++ {
		count, set := r.Int64(), r.Int32s()
		ok := count >= 0 && count <= p.counted && len(set) > 0 && len(set) <= p.maxLen && ascending(set, len(p.items))
		ok = ok && (i == 0 || slices.Compare(p.set(i-1), set) < 0)
		if !ok {
			r.Fail("has candidates out of order, or one that is none")
			return
		}
		for _, x := range set {
			used[x] = true
		}
		p.add(set, count)
	}
	if slices.Contains(used, false) {
		r.Fail("has an item in no candidate")
	}
}
