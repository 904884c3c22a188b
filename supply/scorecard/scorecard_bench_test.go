package scorecard_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/supply/scorecard"
)

// wide is a tree of five branches of four KPIs with n alternatives.
func wide(n int) (scorecard.KPI, [][]float64) {
	root := scorecard.KPI{Name: "root"}
	for b := range 5 {
		branch := scorecard.KPI{Name: fmt.Sprint("branch", b)}
		for l := range 4 {
			branch.Children = append(branch.Children, scorecard.KPI{Name: fmt.Sprint(b, l), Target: 1, Ceiling: 1, Weight: .25})
		}
		root.Children = append(root.Children, branch)
	}
	r := rng.New(1, 0, 0)
	x := make([][]float64, n)
	for i := range x {
		for range 20 {
			x[i] = append(x[i], r.Float64())
		}
	}
	return root, x
}

func BenchmarkEvaluate(b *testing.B) {
	root, x := wide(1000)
	for m, name := range []string{"sum", "topsis", "grey", "fuzzy"} {
		c := must(scorecard.New(root, scorecard.Options{Method: scorecard.Method(m)}))
		b.Run("method="+name+"/alternatives=1k/leaves=20", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				must(c.Evaluate(x))
			}
		})
	}
}

func BenchmarkAcceptability(b *testing.B) {
	root, x := wide(20)
	for m, name := range []string{"sum", "topsis", "grey", "fuzzy"} {
		e := must(must(scorecard.New(root, scorecard.Options{Method: scorecard.Method(m)})).Evaluate(x))
		b.Run("method="+name+"/alternatives=20/leaves=20/draws=10k", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				must(e.Acceptability(context.Background(), scorecard.AcceptabilityOptions{Workers: 1}))
			}
		})
	}
}
