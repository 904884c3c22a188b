package tree

import (
	"bytes"
	"context"
	"encoding"
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/fixed"
)

var (
	_ encoding.BinaryAppender    = (*BoostRound)(nil)
	_ encoding.BinaryMarshaler   = (*BoostRound)(nil)
	_ encoding.BinaryUnmarshaler = (*BoostRound)(nil)
)

// BoostRound is one exchange of FitBoostParties: the question that it asks, and the sums that answer it. A party that was sent one takes an Empty
// one of it, adds its BoostParty and sends that back; answers merge. All sums are of integers: they are the same for any split of rows into
// parties and any order of merging. A question holds all trees so far, so that a party that has missed exchanges can answer it.
// It is not safe for concurrent use while Add, Merge, SetWords or UnmarshalBinary runs. The zero value asks nothing.
type BoostRound struct {
	of   *question
	head [heads]fixed.Sum
	sums []int64 // nil: no rows yet
}

// The numbers that begin an answer: counts of values come with the first five, histograms with the second.
const (
	headRows    = iota // of positive weight
	headWeight         // Σ w
	headLoss           // Σ of the loss, weights included; Σ w² beside counts
	headSquares        // Σ g²/w; Σ w·y beside counts
	headLabels         // Σ w·y² beside counts
	heads
)

// maxSums bounds the numbers of an answer.
const maxSums = 1 << 27

// Empty returns a round of the same question without rows. Nil for one that asks nothing.
func (r *BoostRound) Empty() *BoostRound {
	if r == nil || r.of == nil {
		return nil
	}
	return &BoostRound{of: r.of}
}

// Add adds what the rows of p answer, and remembers in p what the next answers need. It costs a step for each row and column, and for each row of
// the leaves that are asked, of one column. Errors: ErrEmpty for a round that asks nothing and a nil or zero party, ErrShape for another
// number of columns, ErrRange for labels or categories that the question does not know and for losses above 2⁷⁰, ErrOverflow, or context.Cause(ctx); r is unchanged then.
func (r *BoostRound) Add(ctx context.Context, p *BoostParty) error {
	const where = "tree: BoostRound.Add"
	if err := check.Receiver(where, r); err != nil {
		return err
	}
	if r.of == nil || p == nil || len(p.rows) == 0 {
		return fmt.Errorf("%s: no question or no rows: %w", where, ErrEmpty)
	}
	answer := &BoostRound{of: r.of, sums: make([]int64, r.of.size())}
	if err := p.answer(ctx, answer); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("%s: %w", where, err)
	}
	return r.take(where, answer)
}

// Merge adds the rows of other, which stays as it is. Errors: ErrMismatch for nil, r itself and a round of another question, ErrOverflow, ErrEmpty for
// a round that asks nothing; r is unchanged then.
func (r *BoostRound) Merge(other *BoostRound) error {
	const where = "tree: BoostRound.Merge"
	if err := check.Merge(where, r, other); err != nil {
		return err
	}
	if r.of == nil {
		return fmt.Errorf("%s: no question: %w", where, ErrEmpty)
	}
	if !r.of.same(other.of) {
		return fmt.Errorf("%s: of another question: %w", where, ErrMismatch)
	}
	return r.take(where, other)
}

// take adds the sums of other, or none of them.
func (r *BoostRound) take(where string, other *BoostRound) error {
	if other.sums == nil {
		return nil
	}
	head := r.head
	if !fixed.Sums(head[:]).Merge(other.head[:]) {
		return fmt.Errorf("%s: sums: %w", where, ErrOverflow)
	}
	sums := make([]int64, len(other.sums))
	copy(sums, r.sums)
	for i, v := range other.sums {
		var err error
		if sums[i], err = check.AddInt64(sums[i], v); err != nil {
			return fmt.Errorf("%s: sums: %w", where, ErrOverflow)
		}
	}
	r.head, r.sums = head, sums
	return nil
}

// Rows returns how many rows of positive weight have answered.
func (r *BoostRound) Rows() int64 {
	if r == nil {
		return 0
	}
	n, _ := r.head[headRows].Whole()
	return n
}

// Words appends the sums to dst as numbers of 128 bits, two words each, which add up modulo 2¹²⁸: what predict/federated.Masks.Hide
// takes. How many depends on the question alone.
func (r *BoostRound) Words(dst []uint64) []uint64 {
	if r == nil || r.of == nil {
		return dst
	}
	dst = fixed.Sums(r.head[:]).Words(dst)
	sums := r.sums
	if sums == nil {
		sums = make([]int64, r.of.size())
	}
	return fixed.Pack(dst, sums)
}

// SetWords replaces the sums by those that predict/federated.SumWords has of the words of all parties. Errors: ErrShape for another number
// of words, ErrCorrupt where they are no sums, as of words with a mask left in them, ErrEmpty for a round that asks nothing; r is unchanged then.
func (r *BoostRound) SetWords(words []uint64) error {
	const where = "tree: BoostRound.SetWords"
	if err := check.Receiver(where, r); err != nil {
		return err
	}
	if r.of == nil {
		return fmt.Errorf("%s: no question: %w", where, ErrEmpty)
	}
	n := r.of.size()
	if want := 2*heads + fixed.Packed(n); len(words) != want {
		return fmt.Errorf("%s: %d words, want %d: %w", where, len(words), want, ErrShape)
	}
	next := &BoostRound{of: r.of, sums: make([]int64, n)}
	fixed.Sums(next.head[:]).SetWords(words)
	whole := fixed.Unpack(next.sums, words[2*heads:])
	if next.head == [heads]fixed.Sum{} && !slices.ContainsFunc(next.sums, func(v int64) bool { return v != 0 }) && whole {
		*r = BoostRound{of: r.of}
		return nil
	}
	if !whole || !next.sound() {
		return fmt.Errorf("%s: no sums: %w", where, ErrCorrupt)
	}
	*r = *next
	return nil
}

// sound reports whether the sums can be those of rows: nothing is negative but gradients and labels, and each column has every row once.
func (r *BoostRound) sound() bool {
	rows, ok := r.head[headRows].Whole()
	if !ok || rows == 0 || !(r.head[headWeight].Float() > 0) || int64(r.head[headLoss].High) < 0 {
		return false
	}
	if r.of.grow && (int64(r.head[headSquares].High) < 0 || r.head[headLabels] != fixed.Sum{}) || int64(r.head[headLabels].High) < 0 {
		return false
	}
	each, leaves, most := 1, 1, rows
	if r.of.grow {
		each, leaves = 3, len(r.of.ask)
	}
	for leaf := range leaves {
		part := r.sums[leaf*each*r.of.bins:][:each*r.of.bins]
		at := 0
		first := int64(-1)
		for j := range r.of.columns {
			var n int64
			for range r.of.columns[j].Bins() {
				count := part[at+each-1]
				if count < 0 || count > most || each == 3 && (part[at+1] < 0 || count == 0 && (part[at] != 0 || part[at+1] != 0)) {
					return false
				}
				n += count
				at += each
			}
			if first < 0 {
				first = n
			}
			if n != first || n > most || !r.of.grow && n != rows {
				return false
			}
		}
		if r.of.grow {
			most -= first // leaves share no row
		}
	}
	return true
}

// AppendBinary appends the question and the sums as one frame. Errors: ErrEmpty for a nil receiver and a round that asks nothing.
func (r *BoostRound) AppendBinary(dst []byte) ([]byte, error) {
	const where = "tree: BoostRound.AppendBinary"
	if err := check.Receiver(where, r); err != nil {
		return dst, err
	}
	if r.of == nil {
		return dst, fmt.Errorf("%s: no question: %w", where, ErrEmpty)
	}
	var w codec.Writer
	w.Bytes(r.of.bytes)
	var packed []byte
	if r.sums != nil {
		packed = make([]byte, 0, 4*len(r.sums))
		for _, v := range fixed.Sums(r.head[:]).Words(nil) {
			packed = binary.LittleEndian.AppendUint64(packed, v)
		}
		for _, v := range r.sums {
			packed = binary.AppendVarint(packed, v)
		}
	}
	w.Bytes(packed)
	return w.AppendFrame(dst, codec.KindBoostRound, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (r *BoostRound) MarshalBinary() ([]byte, error) { return r.AppendBinary(nil) }

// UnmarshalBinary replaces the round by a decoded frame. The payload is
//
//	bytes   the question, a frame of its own:
//	        int      loss: 0 logistic, 1 squared
//	        bool     histograms are asked, otherwise counts of values
//	        int      d >= 1 columns; of each
//	                 bool     it holds categories
//	                 []f64    ascending edges; none where histograms of categories are asked
//	                 []int32  the categories with a bin of their own, distinct, from 0 to 65535; none otherwise
//	        where histograms are asked:
//	        2 f64    units of gradients and of Hessians, powers of two
//	        f64      base
//	        int      trees before, and then those: each, and one more, the tree that grows, as
//	                 []int32  the column of each node, −1 for a leaf, the root first
//	                 []int32  the left child, the right one follows; 0 for a leaf
//	                 []int32  the last bin that goes left, of numbers; otherwise 0
//	                 bytes    1 where missing values go left
//	                 []int32  how many bins go left, of categories; then []int32, those bins
//	                 []f64    values; 0 but for leaves
//	        []int32  leaves of the tree that grows whose histograms are asked, ascending, at least one
//	bytes   the sums: empty for no rows; otherwise five numbers of 16 bytes in units of 2⁻⁴⁸ (rows, Σ w, Σ w², Σ w·y, Σ w·y² beside counts;
//	        rows, Σ w, Σ loss, Σ g²/w, 0 beside histograms), then zigzag varints: the counts of all columns' bins, or
//	        of each leaf asked and each bin gradients, Hessians, rows
//
// Any other length or value is ErrCorrupt, a newer version ErrVersion, a frame of
// another kind ErrMismatch; r is then unchanged.
func (r *BoostRound) UnmarshalBinary(data []byte) error {
	const where = "tree: BoostRound.UnmarshalBinary"
	if err := check.Receiver(where, r); err != nil {
		return err
	}
	in, err := codec.Open(data, codec.KindBoostRound, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	frame, packed := in.Bytes(), in.Bytes()
	next := new(BoostRound)
	if in.Err() == nil {
		if next.of, err = readQuestion(bytes.Clone(frame)); err != nil {
			return fmt.Errorf("%s: question: %w", where, err)
		}
		if len(packed) > 0 && !next.unpack(packed) {
			in.Fail("sums")
		}
	}
	if err := in.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*r = *next
	return nil
}

// unpack reads the sums, and reports false where these bytes are none.
func (r *BoostRound) unpack(packed []byte) bool {
	n := r.of.size()
	if len(packed) < 16*heads+n { // a byte a number at least: memory follows what was received
		return false
	}
	words := make([]uint64, 2*heads)
	for i := range words {
		words[i] = binary.LittleEndian.Uint64(packed[8*i:])
	}
	fixed.Sums(r.head[:]).SetWords(words)
	packed = packed[16*heads:]
	r.sums = make([]int64, n)
	for i := range r.sums {
		v, size := binary.Varint(packed)
		if size <= 0 || size > 1 && packed[size-1] == 0 { // canonical: no idle byte
			return false
		}
		r.sums[i], packed = v, packed[size:]
	}
	return len(packed) == 0 && r.sound()
}

// quantum returns the power of two for numbers up to top in magnitude such that n of them add up to less than 2⁵³ units, and none is above 2³¹.
func quantum(top float64, n int64) float64 {
	if !(top > 0) {
		return 1
	}
	_, exp := math.Frexp(top)
	_, count := math.Frexp(float64(n))
	return math.Ldexp(1, max(exp-min(31, 53-count), -1000))
}
