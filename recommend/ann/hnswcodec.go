package ann

import (
	"fmt"
	"sync"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/ids"
	"github.com/aislekit/aisle/internal/vec"
)

const hnswVersion = 2 // 1 kept vectors minus their mean, or of length 1

// AppendBinary appends the frame of x to dst; ErrEmpty for an index that is nil or zero.
func (x *HNSW) AppendBinary(dst []byte) ([]byte, error) {
	if err := x.unmade("HNSW.AppendBinary"); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Int(x.f)
	w.Int(x.dim - x.f)
	w.Int(int(x.metric))
	w.Int(x.m)
	w.Int(x.build)
	w.Uint64(x.seed)
	w.Float64(x.norm2)
	w.Float32s(x.vectors)
	w.Int32s(x.node)
	w.Int32s(x.free)
	w.Int32s(x.links)
	w.Int32s(x.upper)
	w.Int(int(x.entry + 1))
	if l := ids.ListsOf(x); l != nil {
		w.Stamp(l.Users, l.Items, l.Marks)
	}
	return w.AppendFrame(dst, codec.KindHNSW, hnswVersion), nil
}

// MarshalBinary returns the frame of x.
func (x *HNSW) MarshalBinary() ([]byte, error) { return x.AppendBinary(nil) }

// UnmarshalBinary replaces x. It must not run beside other uses of x. Payload of
// version 2, little-endian:
//
//	int     f, the length of a query, 1 … 16384
//	int     1 where a bias follows each vector (InnerProduct only), else 0
//	int     metric: 0 InnerProduct, 1 Cosine, 2 Euclidean
//	int     m, links a vector joins with, 2 … 256
//	int     width of the search for links, m … 65536
//	uint64  seed, which gives the layers of each node
//	f64     R², >= 0
//	[]f32   vectors of n nodes, f or f+1 each, finite, of squared length <= 8.5e37; for
//	        Cosine the largest number of each in [1, 2), or all 0
//	[]i32   by item its node, -1 for none, each node at most once
//	[]i32   nodes nobody links to, descending, of no item
//	[]i32   n rows of 2m+1: how many links, the links, zeros
//	[]i32   rows of m+1, one for each layer of each node above the ground
//	int     the node where searches start, plus 1; 0 while there is none
//
// In version 1, before the vectors, are f numbers of a center for Euclidean, which the
// vectors lack, and none for the others; vectors of Cosine have length 1. It is read; its
// links stay as they are, so an index of wild or tightly clustered vectors is better built
// again.
//
// A stamp of the items may follow, of no more than there are. Any other length or value, and a link to nowhere, is ErrCorrupt, a newer version
// ErrVersion, a frame of another kind ErrMismatch; x is then unchanged.
func (x *HNSW) UnmarshalBinary(data []byte) error {
	const where = "ann: HNSW.UnmarshalBinary"
	if err := check.Receiver(where, x); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindHNSW, hnswVersion)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	d := &HNSW{f: r.Int()}
	bias := r.Int()
	d.dim = d.f + min(bias, 2)
	d.metric = Metric(r.Int())
	d.m, d.build, d.seed, d.norm2 = r.Int(), r.Int(), r.Uint64(), r.Float64()
	var center []float32
	if r.Version == 1 {
		center = r.Float32s()
	}
	d.vectors, d.node, d.free = r.Float32s(), r.Int32s(), r.Int32s()
	d.links, d.upper = r.Int32s(), r.Int32s()
	entry := r.Int()
	if r.Err() == nil {
		what := ""
		if r.Version == 1 {
			what = d.upgrade(bias, center)
		}
		if what == "" {
			what = d.restore(bias, entry)
		}
		if what != "" {
			r.Fail(what)
		}
	}
	if users, items, marks, ok := r.Stamp(); ok {
		if users != 0 || len(marks) > len(d.node) {
			r.Fail("has a stamp of users, or of more items than there are")
		}
		d.known = ids.From(&ids.Lists{Items: items, Marks: marks})
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*x = *d
	return nil
}

// upgrade makes of the vectors of version 1 those of version 2.
func (x *HNSW) upgrade(bias int, center []float32) string {
	if what := x.checkShape(bias); what != "" {
		return what
	}
	if x.metric == Euclidean && len(center) != x.f || x.metric != Euclidean && center != nil {
		return "has a center of the wrong length"
	}
	if check.Slice32("", center) != nil {
		return "has a value that is not finite"
	}
	if x.metric == InnerProduct {
		return ""
	}
	for a := range len(x.vectors) / x.dim {
		row := x.row(int32(a))
		for k, c := range center {
			row[k] += c
		}
		if x.metric == Cosine {
			rescale(row)
		}
	}
	return ""
}

// restore checks what was decoded, computes the rest, and says what is wrong. Each
// step relies on those before it.
func (x *HNSW) restore(bias, entry int) string {
	if what := x.checkShape(bias); what != "" {
		return what
	}
	n := len(x.links) / (2*x.m + 1)
	if entry > n {
		return "starts nowhere"
	}
	x.entry = int32(entry - 1)
	for _, step := range []func() string{x.restoreItems, x.restoreLayers, x.checkLinks, x.restoreExtra} {
		if what := step(); what != "" {
			return what
		}
	}
	x.scratch = &sync.Pool{}
	return ""
}

// checkShape looks at settings, lengths and values.
func (x *HNSW) checkShape(bias int) string {
	opt := HNSWOptions{Metric: x.metric, Links: x.m, Build: x.build}
	switch {
	case x.f < 1 || x.f > check.MaxVector || bias > 1 || bias == 1 && x.metric != InnerProduct || opt.validate() != nil:
		return "has a setting out of range"
	case !(x.norm2 >= 0) || x.norm2 > hnswMaxNorm:
		return "has a bound out of range"
	case len(x.vectors)%x.dim != 0 || len(x.links) != len(x.vectors)/x.dim*(2*x.m+1):
		return "has vectors or links of the wrong length"
	case check.Slice32("", x.vectors) != nil:
		return "has a value that is not finite"
	}
	return ""
}

// restoreItems turns node around and counts the removed ones.
func (x *HNSW) restoreItems() string {
	n := len(x.links) / (2*x.m + 1)
	x.item = make([]int32, n)
	for a := range x.item {
		x.item[a] = -1
	}
	x.live = make([]uint64, (len(x.node)+63)/64)
	there := 0
	for i, a := range x.node {
		if a == -1 {
			continue
		}
		if uint32(a) >= uint32(n) || x.item[a] >= 0 {
			return "has an item without a place of its own"
		}
		x.item[a] = int32(i)
		x.live[i>>6] |= 1 << (i & 63)
		there++
	}
	for k, a := range x.free {
		if uint32(a) >= uint32(n) || x.item[a] >= 0 || k > 0 && a >= x.free[k-1] {
			return "has a free place that is none"
		}
	}
	x.dead = n - there - len(x.free)
	if x.entry < 0 != (there+x.dead == 0) || x.entry >= 0 && n == 0 {
		return "starts nowhere"
	}
	return ""
}

// restoreLayers draws the layers again, which the seed decides.
func (x *HNSW) restoreLayers() string {
	n := len(x.item)
	x.level, x.upperAt = make([]uint8, n), make([]int32, n)
	rows := 0
	for a := range n {
		l := hnswLevel(x.seed, a, x.m)
		x.level[a], x.upperAt[a] = l, -1
		if l > 0 {
			x.upperAt[a] = int32(rows)
			rows += int(l)
		}
	}
	if len(x.upper) != rows*(x.m+1) {
		return "has upper layers of the wrong length"
	}
	return ""
}

// checkLinks follows every link.
func (x *HNSW) checkLinks() string {
	n := len(x.item)
	for a := range int32(n) {
		for layer := 0; layer <= int(x.level[a]); layer++ {
			raw := x.rawList(a, layer)
			if uint32(raw[0]) > uint32(len(raw)-1) {
				return "has a node with too many links"
			}
			for _, t := range raw[1 : 1+raw[0]] {
				if uint32(t) >= uint32(n) || t == a || int(x.level[t]) < layer {
					return "has a link to nowhere"
				}
			}
			for _, t := range raw[1+raw[0]:] {
				if t != 0 {
					return "has links behind the last"
				}
			}
		}
	}
	return ""
}

// restoreExtra bounds the vectors and computes what distances need beside them.
func (x *HNSW) restoreExtra() string {
	n := len(x.item)
	x.extra = make([]float32, n)
	for a := range int32(n) {
		row := x.row(a)
		if m := largest(row); x.metric == Cosine && m != 0 && (m < 1 || m >= 2) || !(vec.Norm2(row) <= hnswMaxNorm) {
			return "has a vector out of range"
		}
		x.setExtra(a)
	}
	return ""
}
