package experiment

import (
	"cmp"
	"encoding"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/ids"
	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/metrics"
)

var (
	_ encoding.BinaryAppender    = (*Clusters[string])(nil)
	_ encoding.BinaryUnmarshaler = (*Clusters[string])(nil)
)

// Clusters accumulates one arm of an experiment whose arms were drawn for
// groups of units: shops, regions, days, or users with many sessions. Units of
// a cluster resemble one another, and counting them as independent makes
// intervals too short. The zero value is empty and ready. It is not safe for
// concurrent writers; memory is one map entry per cluster.
type Clusters[K cmp.Ordered] struct {
	m map[K]clusterSum
	n int64
}

type clusterSum struct {
	n   int64
	sum float64
}

// Add adds a unit of a cluster. ErrNotFinite for a bad value.
func (c *Clusters[K]) Add(cluster K, y float64) error {
	if err := check.Receiver("experiment: Clusters.Add", c); err != nil {
		return err
	}
	old := c.m[cluster]
	sum := old.sum + y
	if cluster != cluster {
		return fmt.Errorf("experiment: Clusters.Add: a cluster that does not equal itself: %w", ErrNotFinite)
	}
	if !check.Finite(y) || !check.Finite(sum) {
		return fmt.Errorf("experiment: Clusters.Add: value or sum of %w", check.Private("cluster", -1, cluster, y, ErrNotFinite))
	}
	if c.m == nil {
		c.m = map[K]clusterSum{}
	}
	c.m[cluster] = clusterSum{old.n + 1, sum}
	c.n++
	return nil
}

// Merge adds the units of other; clusters seen by both are joined. ErrMismatch
// for a merge with itself.
func (c *Clusters[K]) Merge(other *Clusters[K]) error {
	if err := check.Merge("experiment: Clusters.Merge", c, other); err != nil {
		return err
	}
	next := make(map[K]clusterSum, len(c.m)+len(other.m))
	maps.Copy(next, c.m)
	for k, s := range other.m {
		old := next[k]
		sum := old.sum + s.sum
		if !check.Finite(sum) {
			return fmt.Errorf("experiment: Clusters.Merge: sums of %w", check.Private("cluster", -1, k, nil, ErrOverflow))
		}
		next[k] = clusterSum{old.n + s.n, sum}
	}
	c.m = next
	c.n += other.n
	return nil
}

// Forget removes a cluster, or a user that is one, with all units, and reports whether there was
// one; a state stored before has it still.
func (c *Clusters[K]) Forget(cluster K) bool {
	if c == nil {
		return false
	}
	if c == nil {
		return false
	}
	s, ok := c.m[cluster]
	delete(c.m, cluster)
	c.n -= s.n
	return ok
}

// AppendBinary appends the binary form. ErrOption for clusters that are neither
// strings nor integers.
func (c *Clusters[K]) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("experiment: Clusters.AppendBinary", c); err != nil {
		return nil, err
	}
	var w codec.Writer
	keys := slices.SortedFunc(maps.Keys(c.m), cmp.Compare[K])
	if _, err := ids.PutSorted(&w, keys); err != nil {
		return nil, fmt.Errorf("experiment: Clusters.AppendBinary: %w", err)
	}
	for _, k := range keys {
		w.Int64(c.m[k].n)
		w.Float64(c.m[k].sum)
	}
	return w.AppendFrame(dst, codec.KindClusters, 1), nil
}

// MarshalBinary returns the binary form.
func (c *Clusters[K]) MarshalBinary() ([]byte, error) { return c.AppendBinary(nil) }

// UnmarshalBinary replaces the state. Payload of version 1, little-endian:
//
//	i64    number of clusters
//	…      their names, ascending: strings with their length, integers in 8 bytes
//	…      for each i64 units, >= 1, and f64 the sum of their values, finite
//
// Any other length or value is ErrCorrupt, a newer version ErrVersion; the state is
// then unchanged.
func (c *Clusters[K]) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("experiment: Clusters.UnmarshalBinary", c); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindClusters, 1)
	if err != nil {
		return fmt.Errorf("experiment: Clusters.UnmarshalBinary: %w", err)
	}
	list, err := ids.GetSorted[K](r)
	if err != nil {
		return fmt.Errorf("experiment: Clusters.UnmarshalBinary: %w", err)
	}
	got := Clusters[K]{m: make(map[K]clusterSum, len(list.Keys()))}
	for _, k := range list.Keys() {
		s := clusterSum{r.Int64(), r.Float64()}
		if s.n < 1 || !check.Finite(s.sum) || got.n > math.MaxInt64-s.n {
			r.Fail("a cluster has no units or no finite sum")
			break
		}
		got.m[k] = s
		got.n += s.n
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("experiment: Clusters.UnmarshalBinary: %w", err)
	}
	*c = got
	return nil
}

// N returns the number of units.
func (c *Clusters[K]) N() int64 {
	if c == nil {
		return 0
	}
	return c.n
}

// Clusters returns the number of clusters.
func (c *Clusters[K]) Clusters() int {
	if c == nil {
		return 0
	}
	return len(c.m)
}

// Ratio returns the arm as a ratio metric over clusters: the sum of values by
// the number of units of each.
func (c *Clusters[K]) Ratio() (RatioMoments, error) {
	if err := check.Receiver("experiment: Clusters.Ratio", c); err != nil {
		return RatioMoments{}, err
	}
	var r RatioMoments
	for _, k := range slices.SortedFunc(maps.Keys(c.m), cmp.Compare[K]) {
		s := c.m[k]
		if err := r.Add(s.sum, float64(s.n)); err != nil {
			return RatioMoments{}, fmt.Errorf("experiment: Clusters.Ratio: %w", check.Private("cluster", -1, k, nil, err))
		}
	}
	return r, nil
}

// shares returns the share of the units in each cluster.
func (c *Clusters[K]) shares() []float64 {
	w := make([]float64, 0, len(c.m))
	for _, k := range slices.Sorted(maps.Keys(c.m)) {
		w = append(w, float64(c.m[k].n)/float64(c.n))
	}
	return w
}

// CompareClusters compares the means per unit of treatment b and control a with
// the cluster-robust variance: that of Liang and Zeger with the factor G/(G−1)
// in each arm of G clusters. Interval and p-value take critical values and Welch's
// degrees of freedom corrected for clusters of unequal size (Bell and McCaffrey
// 2002), without which six uneven clusters cover in 93 % instead of 95 %. Errors are
// those of CompareRatios. NA and NB count units.
func CompareClusters[K cmp.Ordered](a, b *Clusters[K], opt metrics.CompareOptions) (metrics.Effect, error) {
	ra, err := a.Ratio()
	if err != nil {
		return metrics.Effect{}, err
	}
	rb, err := b.Ratio()
	if err != nil {
		return metrics.Effect{}, err
	}
	e, err := CompareRatios(ra, rb, opt)
	if err != nil {
		return metrics.Effect{}, fmt.Errorf("experiment: CompareClusters: %w", err)
	}
	fa, dfa := infer.ClusterLaw(a.shares())
	fb, dfb := infer.ClusterLaw(b.shares())
	qa, _ := ra.Variance()
	qb, _ := rb.Variance()
	pa, pb := qa, qb // parts of the variance on the scale
	if e.Scale != metrics.ScaleAbsolute {
		r := e.MeanB / e.MeanA
		pa *= r * r
	}
	if pa+pb > 0 {
		root := math.Sqrt((fa*pa + fb*pb) / (pa + pb))
		e.DF = infer.WelchDF(fa*qa, dfa+1, fb*qb, dfb+1)
		e.Low, e.High, e.Statistic, e.PValue = infer.Estimate(e.Estimate, e.SE, e.Scale.Null(), e.Level, e.DF, root)
	}
	e.NA, e.NB, e.N = a.n, b.n, a.n+b.n
	e.Method = fmt.Sprintf("cluster-robust, Welch t over %d and %d clusters", len(a.m), len(b.m))
	if min(len(a.m), len(b.m)) < 20 {
		e.Warnings = append(e.Warnings, metrics.WarnFewClusters)
	}
	return e, nil
}
