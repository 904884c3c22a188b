package hist_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/aislekit/aisle/internal/hist"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
)

// BenchmarkAdd adds up and parts one in share of 400,000 rows of 20 columns, in ascending order, as nodes of a tree hold them.
func BenchmarkAdd(b *testing.B) {
	const n, d = 400_000, 20
	r := rng.New(1, 0, 0)
	columns := make([]hist.Column, d)
	for j := range columns {
		edges := make([]float64, 253)
		for k := range edges {
			edges[k] = float64(k+1) / 254
		}
		columns[j] = hist.Numbers(edges, true)
	}
	flat, rows := make([]float64, n*d), make([][]float64, n)
	for i := range rows {
		rows[i] = flat[i*d : (i+1)*d]
		for j := range rows[i] {
			rows[i][j] = r.Float64()
		}
	}
	m, err := hist.NewMatrix(context.Background(), rows, columns, 1)
	if err != nil {
		b.Fatal(err)
	}
	h, scratch := make(hist.Hist, 2*m.Total()), m.NewScratch(1)
	for _, share := range []int{1, 2, 8, 64} {
		var list []int32
		var sums []int64
		for i := range n {
			if share == 1 || r.Intn(share) == 0 {
				list, sums = append(list, int32(i)), append(sums, int64(r.Intn(1000))<<32+250)
			}
		}
		b.Run(fmt.Sprintf("do=add/share=%d", share), func(b *testing.B) {
			start := testkit.ProcessorTime()
			for b.Loop() {
				if err := m.Add(context.Background(), h, list, sums, scratch); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(testkit.ProcessorTime()-start)/float64(b.N*len(list)), "cpu-ns/row")
		})
	}
	b.Run("do=bin", func(b *testing.B) {
		start := testkit.ProcessorTime()
		for b.Loop() {
			if _, err := hist.NewMatrix(context.Background(), rows[:n/10], columns, 1); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(testkit.ProcessorTime()-start)/float64(b.N*n/10*d), "cpu-ns/value")
	})
}
