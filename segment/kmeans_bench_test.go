package segment_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/segment"
)

// blobs draws n rows around k centres of standard deviation 3, with the given
// standard deviation around each.
func blobs(n, d, k int, spread float64, seed uint64) ([][]float64, []int) {
	s := rng.New(seed, 0, 0)
	centre := make([]float64, k*d)
	for i := range centre {
		centre[i] = 3 * s.Normal()
	}
	flat := make([]float64, n*d)
	rows, from := make([][]float64, n), make([]int, n)
	for i := range rows {
		rows[i] = flat[i*d : (i+1)*d]
		from[i] = s.Intn(k)
		for j := range rows[i] {
			rows[i][j] = centre[from[i]*d+j] + spread*s.Normal()
		}
	}
	return rows, from
}

// The cases of scikit-learn 1.9.1 on the same shapes (2 threads): from k-means++
// and, at most 20 iterations with tolerance 0, from the first 20 rows.
func BenchmarkFitKMeans(b *testing.B) {
	rows, _ := blobs(100_000, 16, 20, 2, 7)
	for _, c := range []struct {
		name string
		o    segment.KMeansOptions
	}{
		{"init=plusplus", segment.KMeansOptions{K: 20, Seed: 1}},
		{"init=first20rows/iter=20", segment.KMeansOptions{Centers: rows[:20], MaxIter: 20, Tol: -1}},
	} {
		b.Run(fmt.Sprintf("n=100000/d=16/k=20/%s", c.name), func(b *testing.B) {
			b.ReportAllocs()
			var m *segment.KMeans
			for b.Loop() {
				var err error
				if m, err = segment.FitKMeans(context.Background(), rows, c.o); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(m.Iterations()), "iterations")
			b.ReportMetric(m.Inertia(), "inertia")
		})
	}
}

func BenchmarkKMeansAssign(b *testing.B) {
	rows, _ := blobs(100_000, 16, 20, 2, 7)
	m, err := segment.FitKMeans(context.Background(), rows, segment.KMeansOptions{K: 20})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("n=100000/d=16/k=20", func(b *testing.B) {
		b.ReportAllocs()
		dst := make([]int32, 0, len(rows))
		for b.Loop() {
			if dst, err = m.Assign(dst[:0], rows); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(len(rows)*b.N)/b.Elapsed().Seconds(), "rows/s")
	})
}
