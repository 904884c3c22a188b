package segment

import (
	"cmp"
	"context"
	"encoding"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ encoding.BinaryAppender    = (*Dendrogram)(nil)
	_ encoding.BinaryMarshaler   = (*Dendrogram)(nil)
	_ encoding.BinaryUnmarshaler = (*Dendrogram)(nil)
)

// Linkage says how far two clusters are from each other.
type Linkage uint8

// Linkages. The names and heights are those of scipy.cluster.hierarchy.
const (
	LinkWard     Linkage = iota // √(2ab/(a+b))·‖centroid − centroid‖, sizes a and b: the least growth of inertia
	LinkSingle                  // the nearest pair of rows: chains, and what stands alone
	LinkComplete                // the farthest pair of rows: clusters of small diameter
	LinkAverage                 // the mean over all pairs of rows
)

// String returns "ward", "single", "complete" or "average".
func (l Linkage) String() string {
	if names := [...]string{"ward", "single", "complete", "average"}; int(l) < len(names) {
		return names[l]
	}
	return fmt.Sprintf("Linkage(%d)", uint8(l))
}

// DendrogramOptions configures FitDendrogram and FitDendrogramDistances.
type DendrogramOptions struct {
	Linkage Linkage // default LinkWard

	// MaxBytes bounds the working memory, > 0; default 4 GiB. What would need more is
	// ErrTooLarge before anything is reserved: 4n² bytes where all distances of n rows are
	// held at once, some 24·n·(columns+6) for the rows of LinkWard and LinkSingle.
	MaxBytes int64
}

// maxLinkBytes is the default of MaxBytes.
const maxLinkBytes = 4 << 30

func (o DendrogramOptions) withDefaults() DendrogramOptions {
	o.MaxBytes = check.Default(o.MaxBytes, maxLinkBytes)
	return o
}

func (o *DendrogramOptions) validate(where string) error {
	var c check.Options
	c.Require(o.Linkage <= LinkAverage, "Linkage", o.Linkage, "one of the four")
	check.Positive(&c, "MaxBytes", o.MaxBytes)
	return c.Err(where)
}

// Merge is one step of a Dendrogram: clusters A and B become one. Clusters 0 … n−1 are
// the rows, cluster n+i is what step i made.
type Merge struct {
	A, B   int     // A < B
	Height float64 // their distance by the linkage
	Size   int     // rows in the new cluster
}

// Dendrogram is a tree of clusters: n rows, and the n−1 merges that make one of them, by
// ascending height. It is immutable and safe for concurrent use.
type Dendrogram struct {
	n      int
	merges []Merge
}

// FitDendrogram merges rows (n×d), the nearest two clusters at a time by Euclidean
// distance and the linkage, until all are one (agglomerative clustering). The result is
// that of scipy's linkage.
//
// LinkWard and LinkSingle work on the rows themselves in memory of O(n·d), the former by
// a chain of nearest neighbours over centroids, the latter by a minimum spanning tree
// (Müllner, fastcluster, 2013); LinkComplete and LinkAverage hold the n(n−1)/2 distances.
// All cost O(n²·d).
//
// Rows are put in canonical order first (by coordinates), and of equally near clusters
// the one before it in the chain, else the one whose first row in that order is lowest, is taken;
// heights that tie keep the order in which they were found. So permuted rows give the
// same partitions, whatever ties, and Cut never parts rows that are equal.
//
// No rows is ErrEmpty, ragged ones are ErrShape, NaN and infinity ErrNotFinite,
// coordinates beyond 1e140 in size, and rows that differ by less than 1e-152 in every
// column, ErrRange. Columns should be on comparable scales.
func FitDendrogram(ctx context.Context, rows [][]float64, opt DendrogramOptions) (*Dendrogram, error) {
	const where = "segment: FitDendrogram"
	opt = opt.withDefaults()
	if err := opt.validate(where); err != nil {
		return nil, err
	}
	if len(rows) > 0 {
		need := 24 * float64(len(rows)) * (float64(len(rows[0])) + 6)
		if opt.Linkage >= LinkComplete {
			need += 4 * float64(len(rows)) * float64(len(rows)-1)
		}
		if err := opt.fits(where, need); err != nil {
			return nil, err
		}
	}
	p, order, err := orderedPoints(rows, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	var tree []joint
	switch opt.Linkage {
	case LinkWard:
		tree, err = wardChain(ctx, p)
	case LinkSingle:
		tree, err = spanningTree(ctx, p)
	default:
		var c *condensed
		if c, err = p.distances(ctx); err == nil {
			tree, err = c.chain(ctx, opt.Linkage)
		}
	}
	if err != nil {
		return nil, err
	}
	for i, j := range tree {
		tree[i].a, tree[i].b = order[j.a].row, order[j.b].row
	}
	return newDendrogram(p.n, tree), nil
}

// FitDendrogramDistances is FitDendrogram for distances of any kind: those of rows 0 and
// 1, 0 and 2, …, 0 and n−1, 1 and 2, … as scipy's pdist gives them, n(n−1)/2 of them. It
// works on a copy. LinkWard takes them for Euclidean.
//
// Of equally near clusters the one before it in the chain, else the one of the lowest row,
// is taken. Distances do not tell rows apart, so that where they tie, rows in another order
// may give another partition, except of LinkSingle cut by height.
//
// None is ErrEmpty, a number of them that no n has is ErrShape, NaN and infinity are
// ErrNotFinite, negative ones and those beyond 1e140 ErrRange.
func FitDendrogramDistances(ctx context.Context, distances []float64, opt DendrogramOptions) (*Dendrogram, error) {
	const where = "segment: FitDendrogramDistances"
	opt = opt.withDefaults()
	if err := opt.validate(where); err != nil {
		return nil, err
	}
	if len(distances) == 0 {
		return nil, fmt.Errorf("%s: no distances: %w", where, ErrEmpty)
	}
	n := int((1 + math.Sqrt(1+8*float64(len(distances)))) / 2)
	if n > math.MaxInt32 || n*(n-1)/2 != len(distances) {
		return nil, fmt.Errorf("%s: %d distances are n(n-1)/2 for no n: %w", where, len(distances), ErrShape)
	}
	for i, x := range distances {
		if !check.Finite(x) {
			return nil, fmt.Errorf("%s: distance %d is %v: %w", where, i, x, ErrNotFinite)
		}
		if !(x >= 0 && x <= maxAbs) {
			return nil, fmt.Errorf("%s: distance %d is %v, want 0 to %g: %w", where, i, x, maxAbs, ErrRange)
		}
	}
	if err := opt.fits(where, 8*float64(len(distances))+96*float64(n)); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	c := &condensed{n: n, d: slices.Clone(distances)}
	tree, err := c.link(ctx, opt.Linkage)
	if err != nil {
		return nil, err
	}
	return newDendrogram(n, tree), nil
}

// fits refuses work that needs more bytes than allowed.
func (o *DendrogramOptions) fits(where string, need float64) error {
	if need > float64(o.MaxBytes) {
		return fmt.Errorf("%s: linkage %v needs some %.3g bytes, MaxBytes is %d: %w", where, o.Linkage, need, o.MaxBytes, ErrTooLarge)
	}
	return nil
}

// joint is a merge as it was found: the clusters that hold rows a and b.
type joint struct {
	height float64
	a, b   int32
}

// newDendrogram orders merges by height, those that tie as they were found, and numbers
// the clusters. A merge found later is never inside of one found earlier, so that order
// holds children before their parents; where rounding puts a parent below its child, the
// tree joins what holds the two rows, as fastcluster's does.
func newDendrogram(n int, tree []joint) *Dendrogram {
	slices.SortStableFunc(tree, func(a, b joint) int { return cmp.Compare(a.height, b.height) })
	root, id, size := make([]int32, n), make([]int, n), make([]int, n)
	for i := range root {
		root[i], id[i], size[i] = int32(i), i, 1
	}
	d := &Dendrogram{n: n, merges: make([]Merge, len(tree))}
	for i, j := range tree {
		a, b := find(root, j.a), find(root, j.b)
		if size[a] < size[b] {
			a, b = b, a
		}
		d.merges[i] = Merge{A: min(id[a], id[b]), B: max(id[a], id[b]), Height: j.height + 0, Size: size[a] + size[b]}
		root[b], id[a], size[a] = a, n+i, size[a]+size[b]
	}
	return d
}

// find returns the root of i, halving the path.
func find(root []int32, i int32) int32 {
	for root[i] != i {
		root[i] = root[root[i]]
		i = root[i]
	}
	return i
}

// Rows returns the number of rows.
func (d *Dendrogram) Rows() int {
	if d == nil {
		return 0
	}
	return d.n
}

// Merges returns a copy of the merges by ascending height: scipy's linkage matrix.
func (d *Dendrogram) Merges() []Merge {
	if d == nil {
		return nil
	}
	return slices.Clone(d.merges)
}

// CutCount appends the cluster of every row to dst, 0 … k−1, by undoing the last k−1
// merges. Clusters are numbered by their lowest row: row 0 is always in cluster 0.
//
// k below 1, or beyond the number of rows that are told apart (a merge at height 0 is
// never undone), is ErrRange; dst is then returned as it was.
func (d *Dendrogram) CutCount(dst []int32, k int) ([]int32, error) {
	const where = "segment: Dendrogram.CutCount"
	if err := made(where, d != nil && d.n > 0); err != nil {
		return dst, err
	}
	most := d.n - d.below(0)
	if k < 1 || k > most {
		return dst, fmt.Errorf("%s: k is %d, want 1 to %d, the number of distinct rows: %w", where, k, most, ErrRange)
	}
	return d.cut(dst, d.n-k), nil
}

// CutHeight appends the cluster of every row to dst: rows are together that merges of at
// most this height join. Clusters are numbered by their lowest row. NaN and negative
// heights are ErrRange; dst is then returned as it was.
func (d *Dendrogram) CutHeight(dst []int32, height float64) ([]int32, error) {
	const where = "segment: Dendrogram.CutHeight"
	if err := made(where, d != nil && d.n > 0); err != nil {
		return dst, err
	}
	if !(height >= 0) {
		return dst, fmt.Errorf("%s: height is %v, want >= 0: %w", where, height, ErrRange)
	}
	return d.cut(dst, d.below(height)), nil
}

// below counts the merges of at most this height.
func (d *Dendrogram) below(height float64) int {
	n, _ := slices.BinarySearchFunc(d.merges, height, func(m Merge, h float64) int {
		if m.Height <= h {
			return -1
		}
		return 1
	})
	return n
}

// cut labels the rows by the first merges.
func (d *Dendrogram) cut(dst []int32, merges int) []int32 {
	parent := make([]int32, d.n+merges) // of a cluster, itself for those that are left
	for i := range parent {
		parent[i] = int32(i)
	}
	for i, m := range d.merges[:merges] {
		parent[m.A], parent[m.B] = int32(d.n+i), int32(d.n+i)
	}
	label := make([]int32, len(parent))
	for i := range label {
		label[i] = -1
	}
	next := int32(0)
	for i := range d.n {
		c := find(parent, int32(i))
		if label[c] < 0 {
			label[c] = next
			next++
		}
		dst = append(dst, label[c])
	}
	return dst
}

// AppendBinary appends the dendrogram's binary form to dst.
func (d *Dendrogram) AppendBinary(dst []byte) ([]byte, error) {
	const where = "segment: Dendrogram.AppendBinary"
	if err := made(where, d != nil && d.n > 0); err != nil {
		return dst, err
	}
	pairs, heights := make([]int64, 0, 2*len(d.merges)), make([]float64, len(d.merges))
	for i, m := range d.merges {
		pairs, heights[i] = append(pairs, int64(m.A), int64(m.B)), m.Height
	}
	var w codec.Writer
	w.Int(d.n)
	w.Int64s(pairs)
	w.Float64s(heights)
	return w.AppendFrame(dst, codec.KindDendrogram, 1), nil
}

// MarshalBinary returns the dendrogram's binary form.
func (d *Dendrogram) MarshalBinary() ([]byte, error) { return d.AppendBinary(nil) }

// UnmarshalBinary replaces d by what MarshalBinary wrote. Payload of version 1,
// little-endian:
//
//	int      n >= 1 rows
//	[]i64    2(n−1): A and B of each merge, 0 <= A < B < n+i at merge i, each cluster once
//	[]f64    n−1 heights, finite, >= 0, not −0 and ascending
//
// Any other length or value is ErrCorrupt, another kind of frame ErrMismatch, a newer
// version ErrVersion; d is then unchanged.
func (d *Dendrogram) UnmarshalBinary(data []byte) error {
	const where = "segment: Dendrogram.UnmarshalBinary"
	if err := check.Receiver(where, d); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindDendrogram, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	n, pairs, heights := r.Int(), r.Int64s(), r.Float64s()
	if r.Err() == nil && (n < 1 || n > math.MaxInt32/2 || len(heights) != n-1 || len(pairs) != 2*(n-1)) {
		r.Fail("the number of merges is not that of the rows")
	}
	if r.Err() != nil {
		return fmt.Errorf("%s: %w", where, r.Done())
	}
	size := make([]int, n, 2*n) // 0 once merged
	for i := range size {
		size[i] = 1
	}
	merges := make([]Merge, n-1)
	before := 0.0
	for i, h := range heights {
		a, b := pairs[2*i], pairs[2*i+1]
		if a < 0 || a >= b || b >= int64(n+i) || size[a] == 0 || size[b] == 0 || !(h >= before) || math.IsInf(h, 0) || math.Signbit(h) {
			r.Fail("a merge is of clusters that are none, or heights do not ascend")
			break
		}
		before = h
		merges[i] = Merge{A: int(a), B: int(b), Height: h, Size: size[a] + size[b]}
		size[a], size[b] = 0, 0
		size = append(size, merges[i].Size)
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*d = Dendrogram{n: n, merges: merges}
	return nil
}
