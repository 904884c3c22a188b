package sparse

import (
	"cmp"
	"context"
	"math"
	"math/bits"
	"slices"

	"github.com/aislekit/aisle/internal/parallel"
)

// TopRows keeps the k best of the scored columns offered to each row, in one flat
// piece of memory. What it keeps does not depend on the order of the offers:
// higher score first, equal scores by ascending column. Different rows may be
// offered to at the same time.
//
// A row has room for k/4 more than k, 16 at least. When the room is used up, a selection
// throws out all but the best k, in about a quarter of the time of a heap. Memory: 10 bytes an element of k >= 64, and 20 a row.
type TopRows struct {
	k     int
	start []int64  // row r has keys[start[r]:start[r+1]]
	keys  []uint64 // score<<32 | ^column: larger is better
	n     []int32  // keys in use
	floor []uint64 // what a key must exceed
}

// roomFor returns the keys a row needs to keep k of at most bound offers.
func roomFor(k, bound int) int {
	k = min(k, bound) // k may be as large as an int
	return min(bound, k+max(k/4, 16))
}

// NewTopRows returns empty rows for k columns each. No row r may be offered more
// than bound(r) columns.
func NewTopRows(rows, k int, bound func(r int) int) *TopRows {
	t := &TopRows{k: k, start: make([]int64, rows+1), n: make([]int32, rows), floor: make([]uint64, rows)}
	for r := range rows {
		t.start[r+1] = t.start[r] + int64(roomFor(k, bound(r)))
	}
	t.keys = make([]uint64, t.start[rows])
	return t
}

// key orders scores above 0 and columns.
func key(c int32, score float32) uint64 {
	return uint64(math.Float32bits(score))<<32 | uint64(^uint32(c))
}

// Offer offers column c to row r. Scores that are not above 0 are refused.
func (t *TopRows) Offer(r int, c int32, score float32) {
	if score > 0 {
		t.offer(r, key(c, score))
	}
}

func (t *TopRows) offer(r int, key uint64) {
	if key <= t.floor[r] {
		return
	}
	a, n := t.start[r], int64(t.n[r])
	t.keys[a+n] = key
	n++
	if a+n == t.start[r+1] && n > int64(t.k) {
		t.floor[r] = selectKeys(t.keys[a:a+n], t.k)
		n = int64(t.k)
	}
	t.n[r] = int32(n)
}

// least returns a bound that scores must reach to enter row r.
func (t *TopRows) least(r int) float32 { return leastOf(t.floor[r]) }

func leastOf(floor uint64) float32 {
	return math.Float32frombits(max(uint32(floor>>32), 1))
}

// CSR returns the rows with columns ascending. Row r is row order[r] of t, or r
// when order is nil; finish, when set, turns a score of row r into the value. t
// must not be used afterwards.
func (t *TopRows) CSR(ctx context.Context, cols, workers int, order []int32, finish func(r int, score float32) float32) (*CSR, error) {
	rows := len(t.n)
	m := &CSR{Rows: rows, Cols: cols, Ptr: make([]int64, rows+1)}
	for r := range rows {
		m.Ptr[r+1] = m.Ptr[r] + int64(min(int(t.n[at(order, r)]), t.k))
	}
	m.Col, m.Val = make([]int32, m.Ptr[rows]), make([]float32, m.Ptr[rows])
	sorts := make([]columnSort, min(parallel.Workers(workers), parallel.Blocks(rows, 256)))
	err := parallel.For(ctx, rows, 256, workers, func(w, lo, hi int) error {
		for r := lo; r < hi; r++ {
			from := at(order, r)
			keys := t.keys[t.start[from]:][:t.n[from]]
			if len(keys) > t.k {
				selectKeys(keys, t.k)
				keys = keys[:t.k]
			}
			for i, k := range keys {
				keys[i] = uint64(^uint32(k))<<32 | k>>32
			}
			keys = sorts[w].sort(keys, cols)
			col, val := m.Col[m.Ptr[r]:], m.Val[m.Ptr[r]:]
			for i, k := range keys {
				v := math.Float32frombits(uint32(k))
				if finish != nil {
					v = finish(r, v)
				}
				col[i], val[i] = int32(k>>32), v
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return m, nil
}

// columnSort is the scratch of sort.
type columnSort struct {
	next []int32
	keys []uint64
}

// sort returns keys in ascending order; it may change keys. Their high halves are
// distinct and below cols. Keys spread over all columns are dealt to as many
// ranges of columns as there are keys or twice that many, and what is out of order
// then is close to its place: four times as fast as a general sort.
func (s *columnSort) sort(keys []uint64, cols int) []uint64 {
	n := len(keys)
	if n < 16 {
		slices.Sort(keys)
		return keys
	}
	shift := uint(32)
	for (cols-1)>>(shift-32) >= 2*n {
		shift++
	}
	ranges := (cols-1)>>(shift-32) + 1
	s.next = append(s.next[:0], make([]int32, ranges+1)...)
	for _, k := range keys {
		s.next[k>>shift+1]++
	}
	most := int32(0)
	for b, have := range s.next[1:] {
		most = max(most, have)
		s.next[b+1] += s.next[b]
	}
	if most > 16 { // crowded
		slices.Sort(keys)
		return keys
	}
	s.keys = slices.Grow(s.keys[:0], n)[:n]
	for _, k := range keys {
		b := k >> shift
		s.keys[s.next[b]] = k
		s.next[b]++
	}
	for i, k := range s.keys {
		j := i
		for ; j > 0 && s.keys[j-1] > k; j-- {
			s.keys[j] = s.keys[j-1]
		}
		s.keys[j] = k
	}
	return s.keys
}

// selectKeys moves the n largest of the distinct keys to the front and returns
// the smallest of them; 0 for n <= 0. n < len(keys). The partition has no branch
// that depends on the keys: five times faster than one that has.
func selectKeys(keys []uint64, n int) uint64 {
	if n <= 0 {
		return 0
	}
	lo, hi := 0, len(keys) // the n-th largest lies in keys[lo:hi]
	for depth := 2 * bits.Len(uint(len(keys))); hi-lo > 8; depth-- {
		p := keys[lo:hi]
		if depth == 0 { // bad luck with the pivots
			slices.SortFunc(p, func(a, b uint64) int { return cmp.Compare(b, a) })
			return keys[n-1]
		}
		m := len(p) / 2
		a, b, c := p[0], p[m], p[len(p)-1]
		pivot := max(min(a, b), min(max(a, b), c))
		switch pivot {
		case b:
			p[m] = a
		case c:
			p[len(p)-1] = a
		}
		p[0] = pivot
		j := 1 // p[1:j] are larger than the pivot, p[j:i] smaller
		for i := 1; i < len(p); i++ {
			k := p[i]
			p[i] = p[j]
			p[j] = k
			_, larger := bits.Sub64(pivot, k, 0)
			j += int(larger)
		}
		p[0], p[j-1] = p[j-1], pivot
		switch at := lo + j - 1; {
		case n == at+1:
			return pivot
		case n == at:
			return slices.Min(keys[lo:at])
		case n < at:
			hi = at
		default:
			lo = at + 1
		}
	}
	p := keys[lo:hi]
	for i := 1; i < len(p); i++ {
		k, j := p[i], i
		for ; j > 0 && p[j-1] < k; j-- {
			p[j] = p[j-1]
		}
		p[j] = k
	}
	return keys[n-1]
}
