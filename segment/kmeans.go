package segment

import (
	"context"
	"encoding"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/parallel"
)

var (
	_ encoding.BinaryAppender    = (*KMeans)(nil)
	_ encoding.BinaryMarshaler   = (*KMeans)(nil)
	_ encoding.BinaryUnmarshaler = (*KMeans)(nil)
)

// KMeansOptions configures FitKMeans. K is required (it may be left 0 when
// Centers is given).
type KMeansOptions struct {
	K int // number of clusters, 1 … number of distinct rows

	// Centers, if given, is the start: K rows. Otherwise greedy k-means++ draws
	// it. Cluster j of the result grew from Centers[j].
	Centers [][]float64

	Restarts int     // independent k-means++ starts, > 0, the lowest inertia wins; default 1; must be 0 or 1 with Centers
	MaxIter  int     // bound on the iterations of a start, > 0; default 300
	Tol      float64 // stop when Σ‖centre shift‖² <= Tol · mean column variance; default 1e-4; negative: only when no row changes cluster
	Seed     uint64  // of the k-means++ draws, 0 included

	Weights []float64 // one per row, finite and >= 0; nil means 1 each; rows of weight 0 count as absent

	Workers int // goroutines; default (and below 1) GOMAXPROCS. The result does not depend on it.

	// Progress, if set, is called on the caller's goroutine after each iteration.
	Progress func(Progress)
}

// Progress is what FitKMeans and ChooseK report after each iteration.
type Progress struct {
	Restart   int     // 0, 1, …
	Iteration int     // 1, 2, …
	Moved     int     // rows that changed cluster
	Shift     float64 // Σ‖centre shift‖²
}

func (o KMeansOptions) withDefaults() KMeansOptions {
	if o.K == 0 {
		o.K = len(o.Centers)
	}
	o.Restarts = check.Default(o.Restarts, 1)
	o.MaxIter = check.Default(o.MaxIter, 300)
	o.Tol = check.OrOff(o.Tol, 1e-4)
	return o
}

func (o *KMeansOptions) validate() error {
	var c check.Options
	check.Positive(&c, "K", o.K)
	check.Positive(&c, "Restarts", o.Restarts)
	check.Positive(&c, "MaxIter", o.MaxIter)
	check.NonNegative(&c, "Tol", o.Tol)
	if o.Centers != nil {
		c.Require(len(o.Centers) == o.K, "Centers", fmt.Sprintf("%d rows", len(o.Centers)), fmt.Sprintf("K = %d rows", o.K))
		c.Require(o.Restarts == 1, "Restarts", o.Restarts, "1 with given Centers")
	}
	return c.Err("segment: FitKMeans")
}

// KMeans is a fitted partition into K clusters. It is immutable and safe for
// concurrent use.
type KMeans struct {
	k, d       int
	centers    []float64 // k×d
	weights    []float64 // k, total weight per cluster
	spread     []float64 // k, Σ w·d² per cluster
	inertia    float64
	iterations int
	converged  bool
	tiles      tiles
}

// FitKMeans partitions rows (n×d) into K clusters that minimise the inertia
// Σ w·‖x−centre‖² (Lloyd's iteration from greedy k-means++ or given centres).
//
// Ties go to the cluster of lowest index. A cluster that runs empty is moved to
// the row farthest from its centre, and all rows are labelled anew. Running out
// of iterations is no error: Converged is then false.
//
// Rows with a distance bound that proves their label are not measured again
// (Hamerly 2010); labels, centres and inertia are bit for bit those of the plain
// iteration. The same seed gives the same model at any GOMAXPROCS and for
// permuted rows: rows are put in canonical order first.
//
// K beyond the number of distinct rows of positive weight is ErrRange; ragged
// rows are ErrShape, NaN and infinity ErrNotFinite, coordinates beyond 1e140 in
// size, and rows that differ by less than 1e-152 in every column, ErrRange. Memory is about n·(8d+64) bytes, and 8·n·(2+ln K) more while
// k-means++ draws; rows is not kept.
//
// Columns should be on comparable scales: a column in cents outweighs one in
// years. See Arthur and Vassilvitskii 2007 for k-means++.
func FitKMeans(ctx context.Context, rows [][]float64, opt KMeansOptions) (*KMeans, error) {
	opt = opt.withDefaults()
	if err := opt.validate(); err != nil {
		return nil, err
	}
	p, err := newPoints(rows, opt.Weights)
	if err != nil {
		return nil, fmt.Errorf("segment: FitKMeans: %w", err)
	}
	if opt.Centers != nil {
		_, d, err := checkMatrix("Centers", opt.Centers)
		if err == nil && d != p.d {
			err = fmt.Errorf("Centers have %d columns, rows have %d: %w", d, p.d, ErrShape)
		}
		if err != nil {
			return nil, fmt.Errorf("segment: FitKMeans: %w", err)
		}
	}
	m, err := fitPoints(ctx, p, &opt)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, fmt.Errorf("segment: FitKMeans: %w", err)
	}
	return m, nil
}

// fitPoints runs the restarts on validated points; o has its defaults.
func fitPoints(ctx context.Context, p *points, opt *KMeansOptions) (*KMeans, error) {
	if got := p.distinct(opt.K); got < opt.K {
		return nil, fmt.Errorf("K is %d, but the rows hold only %d distinct points: %w", opt.K, got, ErrRange)
	}
	var best *KMeans
	l := newLloyd(p, opt)
	for r := range opt.Restarts {
		if opt.Centers != nil {
			for j, c := range opt.Centers {
				copy(l.centre[j*p.d:], c)
			}
		} else if err := seedPlusPlus(ctx, p, l.centre, opt, uint64(r)); err != nil {
			return nil, err
		}
		m, err := l.run(ctx, r)
		if err != nil {
			return nil, err
		}
		if best == nil || m.inertia < best.inertia {
			best = m
		}
	}
	return best, nil
}

// NewKMeans returns a partition by given centres (K rows of equal length), such
// as the last round of KMeansStep gives. It knows no training rows: Weights and
// Inertia are 0 and Converged is false.
func NewKMeans(centers [][]float64) (*KMeans, error) {
	flat, k, d, err := flatCentres(centers)
	if err != nil {
		return nil, fmt.Errorf("segment: NewKMeans: %w", err)
	}
	m := &KMeans{k: k, d: d, centers: flat, weights: make([]float64, k), spread: make([]float64, k)}
	m.tiles.set(flat, k, d)
	return m, nil
}

// K returns the number of clusters.
func (m *KMeans) K() int {
	if m == nil {
		return 0
	}
	return m.k
}

// Dim returns the number of columns.
func (m *KMeans) Dim() int {
	if m == nil {
		return 0
	}
	return m.d
}

// Centers returns a copy of the centres, K rows.
func (m *KMeans) Centers() [][]float64 {
	if m == nil {
		return nil
	}
	return unflatten(m.centers, m.k, m.d)
}

func unflatten(x []float64, n, d int) [][]float64 {
	flat := append([]float64(nil), x...)
	rows := make([][]float64, n)
	for i := range rows {
		rows[i] = flat[i*d : (i+1)*d : (i+1)*d]
	}
	return rows
}

// Weights returns the total weight of the training rows in each cluster: the
// number of rows where no weights were given.
func (m *KMeans) Weights() []float64 {
	if m == nil {
		return nil
	}
	return append([]float64(nil), m.weights...)
}

// Inertia returns Σ w·‖x−centre‖² over the training rows.
func (m *KMeans) Inertia() float64 {
	if m == nil {
		return 0
	}
	return m.inertia
}

// ClusterInertia returns the part of Inertia that each cluster holds.
func (m *KMeans) ClusterInertia() []float64 {
	if m == nil {
		return nil
	}
	return append([]float64(nil), m.spread...)
}

// Iterations returns the number of iterations of the chosen start.
func (m *KMeans) Iterations() int {
	if m == nil {
		return 0
	}
	return m.iterations
}

// Converged reports whether the chosen start ended by itself rather than by
// MaxIter.
func (m *KMeans) Converged() bool {
	if m == nil {
		return false
	}
	return m.converged
}

// made refuses what nothing was fitted into and no constructor has made: nil, or a zero
// value.
func made(where string, ok bool) error {
	if !ok {
		return fmt.Errorf("%s: neither fitted nor made by its constructor: %w", where, ErrEmpty)
	}
	return nil
}

// Nearest returns the cluster of one row and the squared distance to its
// centre. It does not allocate.
func (m *KMeans) Nearest(row []float64) (cluster int, squaredDistance float64, err error) {
	if err := made("segment: KMeans.Nearest", m != nil && m.k > 0); err != nil {
		return 0, 0, err
	}
	if err := checkRow(row, m.d); err != nil {
		return 0, 0, fmt.Errorf("segment: KMeans.Nearest: %w", err)
	}
	j, d, _ := m.tiles.nearest2(row)
	return j, d, nil
}

// Assign appends the cluster of every row to dst, ties to the lowest index. On
// an error, which names the row, dst is returned as it was. Large inputs use all
// processors. Cost n·K·d.
func (m *KMeans) Assign(dst []int32, rows [][]float64) ([]int32, error) {
	if err := made("segment: KMeans.Assign", m != nil && m.k > 0); err != nil {
		return dst, err
	}
	for i, r := range rows {
		if err := checkRow(r, m.d); err != nil {
			return dst, fmt.Errorf("segment: KMeans.Assign: row %d: %w", i, err)
		}
	}
	from := len(dst)
	out := append(dst, make([]int32, len(rows))...)
	label := func(_, lo, hi int) error {
		for i := lo; i < hi; i++ {
			j, _, _ := m.tiles.nearest2(rows[i])
			out[from+i] = int32(j)
		}
		return nil
	}
	const block = 4096
	if len(rows) <= block {
		return out, label(0, 0, len(rows))
	}
	return out, parallel.For(context.Background(), len(rows), block, 0, label)
}

// AppendBinary appends the model's binary form to dst.
func (m *KMeans) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("segment: KMeans.AppendBinary", m); err != nil {
		return dst, err
	}
	if m.k == 0 {
		return dst, fmt.Errorf("segment: KMeans.AppendBinary: the model is not fitted: %w", ErrEmpty)
	}
	var w codec.Writer
	w.Int(m.k)
	w.Int(m.d)
	w.Float64s(m.centers)
	w.Float64s(m.weights)
	w.Float64s(m.spread)
	w.Float64(m.inertia)
	w.Int(m.iterations)
	w.Bool(m.converged)
	return w.AppendFrame(dst, codec.KindKMeans, 1), nil
}

// MarshalBinary returns the model's binary form.
func (m *KMeans) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary replaces m by what MarshalBinary wrote. Payload of version 1,
// little-endian:
//
//	int      K >= 1
//	int      d >= 1 columns
//	[]f64    K×d centres, none beyond 1e140 in size
//	[]f64    K weights, finite and >= 0
//	[]f64    K inertias of the clusters, finite and >= 0
//	f64      inertia, finite and >= 0
//	int      iterations
//	bool     converged
//
// Any other length or value is ErrCorrupt, another kind of frame ErrMismatch, a newer
// version ErrVersion; m is then unchanged.
func (m *KMeans) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("segment: KMeans.UnmarshalBinary", m); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindKMeans, 1)
	if err != nil {
		return fmt.Errorf("segment: KMeans.UnmarshalBinary: %w", err)
	}
	n := KMeans{
		k: r.Int(), d: r.Int(), centers: r.Float64s(), weights: r.Float64s(), spread: r.Float64s(),
		inertia: r.Float64(), iterations: r.Int(), converged: r.Bool(),
	}
	if r.Err() == nil && (n.k < 1 || n.d < 1 || len(n.centers)/n.d != n.k || len(n.centers)%n.d != 0 ||
		len(n.weights) != n.k || len(n.spread) != n.k) {
		r.Fail("shapes of centres and clusters do not agree")
	}
	if _, ok := within(n.centers); !ok {
		r.Fail("a centre is not finite")
	}
	for _, x := range append([]float64{n.inertia}, append(n.weights[:len(n.weights):len(n.weights)], n.spread...)...) {
		if !(x >= 0) || math.IsInf(x, 0) {
			r.Fail("a weight or inertia is negative or not finite")
			break
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("segment: KMeans.UnmarshalBinary: %w", err)
	}
	n.tiles.set(n.centers, n.k, n.d)
	*m = n
	return nil
}
