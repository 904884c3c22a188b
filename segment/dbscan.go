package segment

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/parallel"
)

// DBSCANOptions configures DBSCAN. Radius is required.
type DBSCANOptions struct {
	Radius  float64 // rows at most this far apart are neighbours; > 0 and finite
	MinRows int     // neighbours, itself included, that make a row a core, > 0; default 5
	Workers int     // goroutines; default (and below 1) GOMAXPROCS. The result does not depend on it.
}

func (o DBSCANOptions) withDefaults() DBSCANOptions {
	o.MinRows = check.Default(o.MinRows, 5)
	return o
}

func (o *DBSCANOptions) validate() error {
	var c check.Options
	c.Require(o.Radius > 0 && check.Finite(o.Radius), "Radius", o.Radius, "> 0 and finite")
	check.Positive(&c, "MinRows", o.MinRows)
	return c.Err("segment: DBSCAN")
}

// DBSCANResult is the clustering by density.
type DBSCANResult struct {
	Clusters int     // how many there are, 0 if all rows are noise
	Labels   []int32 // cluster of each row, numbered by their lowest row; −1 is noise
	Core     []bool  // whether a row is one of the dense ones its cluster is made of
}

// DBSCAN finds clusters of any shape: rows with MinRows neighbours or more are cores, and
// cores that are neighbours are in one cluster (Ester, Kriegel, Sander and Xu 1996). Rows
// near nothing are noise. Distances are Euclidean; neighbours come from a k-d tree.
//
// A row that is no core but has some as neighbours is at a border. It goes to the cluster
// of the nearest of these cores, of equally near ones to that of the first by
// coordinates: in other implementations it depends on the order of rows. So permuted rows
// give the same partition.
//
// Cost is about n·log n where Radius is small, up to n²·d where it spans the data; memory some
// n·(12d+40) bytes, and 40 a cluster. Errors of rows are those of FitKMeans; there is no limit
// on the number of clusters.
func DBSCAN(ctx context.Context, rows [][]float64, opt DBSCANOptions) (DBSCANResult, error) {
	opt = opt.withDefaults()
	if err := opt.validate(); err != nil {
		return DBSCANResult{}, err
	}
	p, order, err := orderedPoints(rows, nil)
	if err != nil {
		return DBSCANResult{}, fmt.Errorf("segment: DBSCAN: %w", err)
	}
	t := newKDTree(p)
	core := make([]bool, p.n)
	err = parallel.For(ctx, p.n, 64, opt.Workers, func(_, lo, hi int) error {
		meter := parallel.NewMeter(ctx)
		for i := lo; i < hi; i++ {
			count, steps := 0, 0
			core[i] = t.within(p.row(i), opt.Radius, &steps, func(int32, float64) bool {
				count++
				return count == opt.MinRows
			})
			if err := meter.Did(steps); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return DBSCANResult{}, err
	}
	root, err := t.connect(ctx, core, opt.Radius)
	if err != nil {
		return DBSCANResult{}, err
	}
	out := DBSCANResult{Labels: make([]int32, p.n), Core: make([]bool, p.n)}
	for i, k := range order {
		out.Labels[k.row], out.Core[k.row] = root[i], core[i]
	}
	number := make(map[int32]int32)
	for i, r := range out.Labels {
		if r < 0 {
			continue
		}
		c, ok := number[r]
		if !ok {
			c = int32(len(number))
			number[r] = c
		}
		out.Labels[i] = c
	}
	out.Clusters = len(number)
	return out, nil
}

// connect returns one core of each point's cluster, the same for all of it, and −1 for
// noise. Cores that are neighbours are joined; then borders look for their nearest core.
func (t *kdTree) connect(ctx context.Context, core []bool, radius float64) ([]int32, error) {
	meter, p := parallel.NewMeter(ctx), t.p
	root := make([]int32, p.n)
	for i := range root {
		root[i] = int32(i)
	}
	near := make([]int32, p.n) // of borders
	for i := range p.n {
		steps, best, at := 0, math.Inf(1), int32(-1)
		t.within(p.row(i), radius, &steps, func(j int32, q float64) bool {
			steps += 8
			switch {
			case !core[j] || int(j) == i:
			case !core[i]:
				if q < best || q == best && j < at {
					best, at = q, j
				}
			case int(j) < i:
				a, b := find(root, int32(i)), find(root, j)
				root[max(a, b)] = min(a, b)
			}
			return false
		})
		near[i] = at
		if err := meter.Did(steps); err != nil {
			return nil, err
		}
	}
	out := make([]int32, p.n)
	for i := range out {
		switch {
		case core[i]:
			out[i] = find(root, int32(i))
		case near[i] >= 0:
			out[i] = find(root, near[i])
		default:
			out[i] = -1
		}
	}
	return out, nil
}

// kdLeaf is how many points a leaf of the tree holds at most.
const kdLeaf = 16

// kdTree splits points at the median of the column in which they are widest, again and
// again. Node 1 is the root, 2i and 2i+1 are below node i; a node holds a range of index.
type kdTree struct {
	p     *points
	index []int32
	boxes []float64 // node×2d: lowest and highest coordinates
	depth int
}

func newKDTree(p *points) *kdTree {
	t := &kdTree{p: p, index: make([]int32, p.n)}
	for i := range t.index {
		t.index[i] = int32(i)
	}
	for p.n>>t.depth > kdLeaf {
		t.depth++
	}
	t.boxes = make([]float64, 2*p.d<<(t.depth+1))
	t.split(1, 0, 0, p.n)
	return t
}

// box returns the lowest and highest coordinates of node i.
func (t *kdTree) box(i int) (low, high []float64) {
	b := t.boxes[2*t.p.d*i:][:2*t.p.d]
	return b[:t.p.d], b[t.p.d:]
}

// split measures node i, which holds index[lo:hi], and makes the nodes below it.
func (t *kdTree) split(i, level, lo, hi int) {
	low, high := t.box(i)
	copy(low, t.p.row(int(t.index[lo])))
	copy(high, low)
	for _, k := range t.index[lo:hi] {
		for j, v := range t.p.row(int(k)) {
			low[j], high[j] = min(low[j], v), max(high[j], v)
		}
	}
	if level == t.depth {
		return
	}
	wide := 0
	for j := range low {
		if high[j]-low[j] > high[wide]-low[wide] {
			wide = j
		}
	}
	x, d := t.p.x, t.p.d
	slices.SortFunc(t.index[lo:hi], func(a, b int32) int {
		if u, v := x[int(a)*d+wide], x[int(b)*d+wide]; u < v {
			return -1
		} else if u > v {
			return 1
		}
		return int(a) - int(b)
	})
	mid := (lo + hi) / 2
	t.split(2*i, level+1, lo, mid)
	t.split(2*i+1, level+1, mid, hi)
}

// ball is what within looks for.
type ball struct {
	x      []float64
	radius float64
	steps  *int
	visit  func(j int32, squared float64) bool
}

// within calls visit for each point at most radius from x, with the squared distance, until
// it returns true, and tells whether it did. It adds to steps what a Meter is to count.
func (t *kdTree) within(x []float64, radius float64, steps *int, visit func(j int32, squared float64) bool) bool {
	return t.search(1, 0, 0, t.p.n, &ball{x, radius, steps, visit})
}

// search is within of node i. A box is passed over when it is farther away than rounding
// could make up for.
func (t *kdTree) search(i, level, lo, hi int, b *ball) bool {
	*b.steps += 2 * (t.p.d + 4)
	low, high := t.box(i)
	away := 0.0
	for j, v := range b.x {
		if u := max(low[j]-v, v-high[j], 0); u > 0 {
			away += float64(u * u)
		}
	}
	if math.Sqrt(away)*(1-1e-12) > b.radius {
		return false
	}
	if level == t.depth {
		*b.steps += (hi - lo) * (t.p.d/4 + 2)
		for _, k := range t.index[lo:hi] {
			if q := squared(b.x, t.p.row(int(k))); math.Sqrt(q) <= b.radius && b.visit(k, q) {
				return true
			}
		}
		return false
	}
	mid := (lo + hi) / 2
	return t.search(2*i, level+1, lo, mid, b) || t.search(2*i+1, level+1, mid, hi, b)
}
