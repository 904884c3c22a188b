package tree_test

import (
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/predict/tree"
)

// BenchmarkMargins: 100 trees of 31 leaves over 20 columns, one row and many.
func BenchmarkMargins(b *testing.B) {
	for _, kind := range []struct {
		name       string
		categories bool
	}{{"numbers", false}, {"mixed", true}} {
		r := rng.New(1, 0, 0)
		trees := make([][]tree.Node, 100)
		for t := range trees {
			trees[t] = grown(r, 30, 20, 1, kind.categories)
			for len(trees[t]) != 61 {
				trees[t] = grown(r, 45, 20, 1, kind.categories)
			}
		}
		m := must(tree.Assemble(trees, tree.AssembleOptions{Columns: 20}))
		rows := make([][]float64, 4096)
		for i := range rows {
			for range 20 {
				rows[i] = append(rows[i], 5*r.Normal())
			}
		}
		dst := make([]float64, 0, len(rows))
		b.Run("columns="+kind.name+"/rows=1", func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				dst = must(m.Margins(dst[:0], rows[i%len(rows):][:1]))
			}
		})
		b.Run("columns="+kind.name+"/rows=4096", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				dst = must(m.Margins(dst[:0], rows))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/4096, "ns/row")
		})
	}
}
