package segment

import (
	"cmp"
	"context"
	"encoding"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/rng"
)

var (
	_ encoding.BinaryAppender    = (*Prototypes)(nil)
	_ encoding.BinaryMarshaler   = (*Prototypes)(nil)
	_ encoding.BinaryUnmarshaler = (*Prototypes)(nil)
)

// PrototypesOptions configures FitPrototypes. K is required.
type PrototypesOptions struct {
	K        int     // number of clusters, 1 … number of distinct rows
	Gamma    float64 // what a category that differs costs, in squared units of the columns; default half the mean standard deviation of the numbers, or 1 if that is 0; negative: 0
	Restarts int     // independent starts, > 0, the lowest cost wins; default 5
	MaxIter  int     // bound on the iterations of a start, > 0; default 100
	Seed     uint64  // of the starts, 0 included
}

func (o PrototypesOptions) withDefaults() PrototypesOptions {
	o.Restarts = check.Default(o.Restarts, 5)
	o.MaxIter = check.Default(o.MaxIter, 100)
	return o
}

func (o *PrototypesOptions) validate() error {
	var c check.Options
	check.Positive(&c, "K", o.K)
	c.Require(check.Finite(o.Gamma) && o.Gamma <= maxAbs, "Gamma", o.Gamma, "finite")
	check.Positive(&c, "Restarts", o.Restarts)
	check.Positive(&c, "MaxIter", o.MaxIter)
	return c.Err("segment: FitPrototypes")
}

// Prototypes is a fitted partition of rows of numbers and categories. It is immutable and
// safe for concurrent use.
type Prototypes struct {
	k, d, c    int
	gamma      float64
	center     []float64 // k×d
	mode       []string  // k×c
	weight     []float64 // k: rows in each
	cost       float64
	iterations int
	converged  bool
}

// mixed holds rows in canonical order: by their numbers, categories, then index.
type mixed struct {
	points
	c     int
	code  []int32    // n×c: categories, numbered in their order
	names [][]string // of each categorical column
}

// FitPrototypes is k-means for numbers and categories together (Huang 1997, k-prototypes):
// the cost of a row is its squared distance to the mean of its cluster, and Gamma for each category
// that is not the most frequent one of the cluster. rows (n×d) and categories (n×c) are
// two halves of one table; without rows it is k-modes.
//
// The start is drawn as k-means++ has it. Ties go to the cluster of lowest index and to the
// first category in order of its bytes. A cluster that runs empty is moved to the row that costs most.
// The same seed gives the same model for permuted rows.
//
// No rows and no categories are ErrEmpty, halves of unequal length or ragged ones ErrShape, K beyond
// the number of distinct rows is ErrRange; errors of numbers are those of FitKMeans. Cost
// n·K·(d+c) an iteration, memory some n·(8d+4c+24) + K·(24d+36c) bytes, and 16 for each distinct
// category of a column.
func FitPrototypes(ctx context.Context, rows [][]float64, categories [][]string, opt PrototypesOptions) (*Prototypes, error) {
	opt = opt.withDefaults()
	if err := opt.validate(); err != nil {
		return nil, err
	}
	p, err := newMixed(rows, categories)
	if err != nil {
		return nil, fmt.Errorf("segment: FitPrototypes: %w", err)
	}
	distinct := 1
	for i := 1; i < p.n; i++ {
		if !p.equal(i-1, i) {
			distinct++
		}
	}
	if distinct < opt.K {
		return nil, fmt.Errorf("segment: FitPrototypes: K is %d, but there are only %d distinct rows: %w", opt.K, distinct, ErrRange)
	}
	switch {
	case opt.Gamma < 0:
		opt.Gamma = 0
	case opt.Gamma == 0:
		opt.Gamma = p.gamma()
	}
	var best *Prototypes
	for r := range opt.Restarts {
		f := newProtoFit(p, &opt, rng.New(opt.Seed, stagePrototypes, uint64(r)))
		m, err := f.run(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			return nil, fmt.Errorf("segment: FitPrototypes: %w", err)
		}
		if best == nil || m.cost < best.cost {
			best = m
		}
	}
	return best, nil
}

const stagePrototypes = 0x70726f74

// newMixed checks both halves and puts them in canonical order.
func newMixed(rows [][]float64, categories [][]string) (*mixed, error) {
	n, p := max(len(rows), len(categories)), &mixed{}
	if n == 0 {
		return nil, fmt.Errorf("no rows: %w", ErrEmpty)
	}
	if rows != nil {
		if err := check.Len("rows", len(rows), n); err != nil {
			return nil, err
		}
		var err error
		if _, p.d, err = checkRows(rows); err != nil {
			return nil, err
		}
	}
	if categories != nil {
		if err := check.Len("categories", len(categories), n); err != nil {
			return nil, err
		}
		p.c = len(categories[0])
		for i, row := range categories {
			if len(row) != p.c {
				return nil, fmt.Errorf("categories[%d] has %d columns, want %d: %w", i, len(row), p.c, ErrShape)
			}
		}
	}
	if p.d+p.c == 0 {
		return nil, fmt.Errorf("no columns: %w", ErrEmpty)
	}
	if n > math.MaxInt32 {
		return nil, fmt.Errorf("rows: %d, want at most %d: %w", n, math.MaxInt32, check.ErrTooLarge)
	}
	p.n = n
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		if p.d > 0 {
			if c := slices.Compare(rows[a], rows[b]); c != 0 {
				return c
			}
		}
		if p.c > 0 {
			return cmp.Or(slices.Compare(categories[a], categories[b]), cmp.Compare(a, b))
		}
		return cmp.Compare(a, b)
	})
	p.names, p.code = make([][]string, p.c), make([]int32, n*p.c)
	p.x = make([]float64, 0, n*p.d)
	if p.c > 0 {
		column := make([]string, n)
		for q := range p.c {
			for i, row := range categories {
				column[i] = row[q]
			}
			slices.Sort(column)
			p.names[q] = slices.Clone(slices.Compact(column)) // clears the rest of column
		}
	}
	for i, from := range order {
		if p.d > 0 {
			for _, v := range rows[from] {
				p.x = append(p.x, v+0)
			}
		}
		for q := range p.c {
			at, _ := slices.BinarySearch(p.names[q], categories[from][q])
			p.code[i*p.c+q] = int32(at)
		}
	}
	return p, nil
}

func (p *mixed) codes(i int) []int32 { return p.code[i*p.c : (i+1)*p.c] }

func (p *mixed) equal(i, j int) bool {
	return slices.Equal(p.row(i), p.row(j)) && slices.Equal(p.codes(i), p.codes(j))
}

// gamma is half the mean standard deviation of the columns, 1 if that is 0.
func (p *mixed) gamma() float64 {
	sum, column := 0.0, points{n: p.n, d: 1, x: make([]float64, p.n)}
	for j := range p.d {
		for i := range p.n {
			column.x[i] = p.row(i)[j]
		}
		sum += math.Sqrt(column.meanVariance())
	}
	if sum > 0 {
		return sum / float64(2*p.d)
	}
	return 1
}

// protoFit is the working memory of one start.
type protoFit struct {
	p      *mixed
	opt    *PrototypesOptions
	random *rng.Stream
	center []float64
	mode   []int32
	label  []int32
	cost   []float64 // of each row

	// Of update, which counts the categories of one column in one cluster at a time.
	sum, size []float64 // k×d and k
	order     []int32   // rows, by cluster and then ascending
	end       []int32   // k: where the rows of each cluster end in order
	counts    []int64   // of the categories of the column that has the most; all 0 in between
}

func newProtoFit(p *mixed, opt *PrototypesOptions, random *rng.Stream) *protoFit {
	most := 0
	for _, names := range p.names {
		most = max(most, len(names))
	}
	return &protoFit{
		p: p, opt: opt, random: random, center: make([]float64, opt.K*p.d), mode: make([]int32, opt.K*p.c),
		label: make([]int32, p.n), cost: make([]float64, p.n), sum: make([]float64, opt.K*p.d), size: make([]float64, opt.K),
		order: make([]int32, p.n), end: make([]int32, opt.K), counts: make([]int64, most),
	}
}

// apart is the cost of row i in cluster j.
func (f *protoFit) apart(i, j int) float64 {
	d, c := f.p.d, f.p.c
	cost := squared(f.p.row(i), f.center[j*d:(j+1)*d])
	for q, v := range f.p.codes(i) {
		if v != f.mode[j*c+q] {
			cost += f.opt.Gamma
		}
	}
	return cost
}

// put makes row i the prototype of cluster j.
func (f *protoFit) put(j, i int) {
	copy(f.center[j*f.p.d:], f.p.row(i))
	copy(f.mode[j*f.p.c:], f.p.codes(i))
}

// start draws K rows, each by what it costs with those so far, and a row unlike them where
// nothing costs anything.
func (f *protoFit) start(ctx context.Context) error {
	f.put(0, f.random.Intn(f.p.n))
	for i := range f.cost {
		f.cost[i] = f.apart(i, 0)
	}
	for j := 1; j < f.opt.K; j++ {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		total := 0.0
		for _, v := range f.cost {
			total += v
		}
		if !check.Finite(total) {
			return fmt.Errorf("the costs add up to %v: %w", total, ErrOverflow)
		}
		pick, r := -1, f.random.Float64()*total
		for i, v := range f.cost {
			if v > 0 {
				pick = i
				if r < v {
					break
				}
			}
			r -= v
		}
		if pick < 0 {
			pick = f.random.Intn(f.p.n)
		}
		f.put(j, pick)
		for i := range f.cost {
			f.cost[i] = min(f.cost[i], f.apart(i, j))
		}
	}
	return nil
}

// run iterates from a new start.
func (f *protoFit) run(ctx context.Context) (*Prototypes, error) {
	if err := f.start(ctx); err != nil {
		return nil, err
	}
	p, k := f.p, f.opt.K
	for i := range f.label {
		f.label[i] = -1
	}
	m := &Prototypes{k: k, d: p.d, c: p.c, gamma: f.opt.Gamma}
	for {
		moved, err := f.assign(ctx)
		if err != nil {
			return nil, err
		}
		if m.converged = moved == 0; m.converged || m.iterations == f.opt.MaxIter {
			break
		}
		m.iterations++
		f.update()
	}
	m.weight, m.center = make([]float64, k), f.center
	for i, l := range f.label {
		m.weight[l]++
		m.cost += f.cost[i]
	}
	if !check.Finite(m.cost) {
		return nil, fmt.Errorf("the costs add up to %v: %w", m.cost, ErrOverflow)
	}
	for q := range m.center {
		m.center[q] += 0
	}
	m.mode = slices.Grow(m.mode, k*p.c)
	for j := range k {
		for q := range p.c {
			m.mode = append(m.mode, p.names[q][f.mode[j*p.c+q]])
		}
	}
	return m, nil
}

// assign labels every row by its cheapest cluster and counts the changes.
func (f *protoFit) assign(ctx context.Context) (moved int, err error) {
	size := blockSize(f.p.n)
	changed := make([]int, parallel.Blocks(f.p.n, size))
	err = parallel.For(ctx, f.p.n, size, 0, func(_, lo, hi int) error {
		for i := lo; i < hi; i++ {
			best, cost := 0, math.Inf(1)
			for j := range f.opt.K {
				if v := f.apart(i, j); v < cost {
					best, cost = j, v
				}
			}
			if f.cost[i] = cost; f.label[i] != int32(best) {
				f.label[i] = int32(best)
				changed[lo/size]++
			}
		}
		return nil
	})
	for _, n := range changed {
		moved += n
	}
	return moved, err
}

// update moves the prototypes to the means and modes of their rows, those without rows to the
// rows that cost most.
func (f *protoFit) update() {
	p := f.p
	clear(f.sum)
	clear(f.size)
	for i, l := range f.label {
		j := int(l)
		f.size[j]++
		for q, v := range p.row(i) {
			f.sum[j*p.d+q] += v - f.center[j*p.d+q]
		}
	}
	f.bucket()
	from := int32(0)
	for j, size := range f.size {
		rows := f.order[from:f.end[j]]
		from = f.end[j]
		if size == 0 {
			far := 0
			for i, v := range f.cost {
				if v > f.cost[far] {
					far = i
				}
			}
			f.put(j, far)
			f.cost[far] = 0
			continue
		}
		for q := range p.d {
			f.center[j*p.d+q] += f.sum[j*p.d+q] / size
		}
		for q := range p.c {
			f.mode[j*p.c+q] = f.frequent(rows, q)
		}
	}
}

// bucket orders the rows by their clusters.
func (f *protoFit) bucket() {
	at := int32(0)
	for j, n := range f.size { // first where each begins; filling moves that to its end
		f.end[j] = at
		at += int32(n)
	}
	for i, l := range f.label {
		f.order[f.end[l]] = int32(i)
		f.end[l]++
	}
}

// frequent returns the most frequent category of rows in column q, the first among equals.
func (f *protoFit) frequent(rows []int32, q int) int32 {
	p, best := f.p, int32(0)
	for _, i := range rows {
		f.counts[p.code[int(i)*p.c+q]]++
	}
	for _, i := range rows {
		if v := p.code[int(i)*p.c+q]; f.counts[v] > f.counts[best] || f.counts[v] == f.counts[best] && v < best {
			best = v
		}
	}
	for _, i := range rows {
		f.counts[p.code[int(i)*p.c+q]] = 0
	}
	return best
}
