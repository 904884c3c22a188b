package segment

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/separation"
	"github.com/aislekit/aisle/internal/vec"
)

// labelled is a partition of rows: what the cluster scores look at. Labels are
// renumbered so that no cluster is empty.
type labelled struct{ separation.Partition }

// newLabelled validates rows and labels. Clusters without members do not count.
func newLabelled(rows [][]float64, labels []int32) (*labelled, error) {
	n, d, err := checkRows(rows)
	if err != nil {
		return nil, err
	}
	if err := check.Len("labels", len(labels), n); err != nil {
		return nil, err
	}
	flat := make([]float64, 0, n*d)
	high := int32(-1)
	for i, r := range rows {
		if labels[i] < 0 {
			return nil, fmt.Errorf("labels[%d] is %d, want >= 0: %w", i, labels[i], ErrRange)
		}
		high = max(high, labels[i])
		flat = append(flat, r...)
	}
	// Labels are renumbered in ascending order through a map, since a stray high
	// label must not cost memory.
	used := make(map[int32]int32)
	for _, l := range labels {
		used[l] = -1
	}
	if int(high) < 4*n {
		next := int32(0)
		for l := int32(0); l <= high; l++ {
			if _, ok := used[l]; ok {
				used[l] = next
				next++
			}
		}
	} else {
		next := int32(0)
		for _, l := range labels {
			if used[l] < 0 {
				used[l] = next
				next++
			}
		}
	}
	dense := make([]int32, n)
	for i, l := range labels {
		dense[i] = used[l]
	}
	return partition(flat, n, d, len(used), dense), nil
}

// partition computes sizes and centroids; every cluster must have a member.
func partition(x []float64, n, d, k int, label []int32) *labelled {
	return &labelled{separation.New(x, n, d, k, label)}
}

// comparable reports partitions that no score is defined for.
func (l *labelled) comparable() error {
	if !l.Comparable() {
		return fmt.Errorf("%d clusters of %d rows, want 2 to %d: %w", l.K, l.N, l.N-1, ErrUndefined)
	}
	return nil
}

// Silhouette returns, for each row, (b−a)/max(a, b), where a is its mean distance
// to the other rows of its cluster and b the lowest mean distance to the rows of
// another cluster, and the mean over all rows: −1 … 1, more is better (Rousseeuw
// 1987). A row alone in its cluster, or one for which both are zero, has 0. Fewer
// than two clusters, or as many as rows, is ErrUndefined. These are the conventions of
// scikit-learn.
//
// Distances are Euclidean. Cost n²·d/2 on all processors: sample first, or use
// SimplifiedSilhouette, for more than some ten thousand rows.
func Silhouette(ctx context.Context, rows [][]float64, labels []int32) (mean float64, each []float64, err error) {
	l, err := newLabelled(rows, labels)
	if err == nil {
		err = l.comparable()
	}
	if err != nil {
		return 0, nil, fmt.Errorf("segment: Silhouette: %w", err)
	}
	return l.silhouette(ctx, 0)
}

// silhouette is Silhouette of a partition that is comparable; each row is measured
// from every other one, in blocks of rows.
func (l *labelled) silhouette(ctx context.Context, workers int) (mean float64, each []float64, err error) {
	each = make([]float64, l.N)
	tiles := vec.SetTiles(nil, l.X, l.D)
	err = parallel.For(ctx, l.N, 32, workers, func(_, lo, hi int) error {
		sum := make([]float64, l.K)
		var out [chunk]float64
		row := [1]int32{}
		for i := lo; i < hi; i++ {
			clear(sum)
			row[0] = int32(i)
			for from := 0; from < l.N; from += chunk {
				to := min(from+chunk, l.N)
				vec.Distances64(out[:(to-from+3)&^3], l.X, l.D, row[:], tiles[from*l.D:(to+3)&^3*l.D])
				for q, j := range l.Label[from:to] {
					sum[j] += math.Sqrt(out[q])
				}
			}
			own := int(l.Label[i])
			if l.Size[own] < 2 {
				continue
			}
			a, b := sum[own]/float64(l.Size[own]-1), math.Inf(1)
			for c, s := range sum {
				if c != own {
					b = min(b, s/float64(l.Size[c]))
				}
			}
			if m := max(a, b); m > 0 {
				each[i] = (b - a) / m
			}
		}
		return nil
	})
	if err != nil {
		return 0, nil, err
	}
	for _, s := range each {
		mean += s
	}
	return mean / float64(l.N), each, nil
}

// SimplifiedSilhouette is Silhouette with the distance to a cluster replaced by
// the distance to its centroid: cost n·K·d, fit for any number of rows. It is
// higher than the exact silhouette as a rule, but ranks partitions alike.
func SimplifiedSilhouette(rows [][]float64, labels []int32) (float64, error) {
	l, err := newLabelled(rows, labels)
	if err == nil {
		err = l.comparable()
	}
	if err != nil {
		return 0, fmt.Errorf("segment: SimplifiedSilhouette: %w", err)
	}
	return l.simplified(), nil
}

// simplified is SimplifiedSilhouette of a partition that is comparable.
func (l *labelled) simplified() float64 {
	mean := 0.0
	for i := range l.N {
		own := int(l.Label[i])
		if l.Size[own] < 2 {
			continue
		}
		a, b := 0.0, math.Inf(1)
		for c := range l.K {
			s := math.Sqrt(squared(l.Row(i), l.Centre[c*l.D:(c+1)*l.D]))
			if c == own {
				a = s
			} else {
				b = min(b, s)
			}
		}
		if m := max(a, b); m > 0 {
			mean += (b - a) / m
		}
	}
	return mean / float64(l.N)
}

// CalinskiHarabasz returns (B/(K−1)) / (W/(n−K)), the ratio of the dispersion
// between centroids to that within clusters: more is better. It is ErrUndefined
// for fewer than two clusters, as many as rows, or no dispersion within any, where
// scikit-learn answers 1.
func CalinskiHarabasz(rows [][]float64, labels []int32) (float64, error) {
	l, err := newLabelled(rows, labels)
	if err == nil {
		err = l.comparable()
	}
	if err != nil {
		return 0, fmt.Errorf("segment: CalinskiHarabasz: %w", err)
	}
	v := l.CalinskiHarabasz()
	if math.IsNaN(v) {
		return 0, fmt.Errorf("segment: CalinskiHarabasz: all rows lie on their centroids: %w", ErrUndefined)
	}
	return v, nil
}

// DaviesBouldin returns the mean over clusters of max (sᵢ+sⱼ)/dᵢⱼ, where s is the
// mean distance of a cluster's rows to its centroid and d the distance between
// centroids: 0 or more, less is better. It is ErrUndefined for fewer than two
// clusters, as many as rows, or two clusters with one centroid, which scikit-learn leaves
// out of the maximum.
func DaviesBouldin(rows [][]float64, labels []int32) (float64, error) {
	l, err := newLabelled(rows, labels)
	if err == nil {
		err = l.comparable()
	}
	if err != nil {
		return 0, fmt.Errorf("segment: DaviesBouldin: %w", err)
	}
	v := l.DaviesBouldin()
	if math.IsNaN(v) {
		return 0, fmt.Errorf("segment: DaviesBouldin: two clusters have the same centroid: %w", ErrUndefined)
	}
	return v, nil
}
