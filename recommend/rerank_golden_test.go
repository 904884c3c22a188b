package recommend

import (
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
)

// TestRerankGolden: lists of pyversity (MMR, DPP), of FairDiverse (xQuAD), and of
// Steck's formula.
func TestRerankGolden(t *testing.T) {
	var g struct {
		N, Factors, Categories int

		Cases []struct {
			Vectors    []float32
			Relevance  []float64
			Categories [][]int32
			Taste      []float64
			K          int
			Lambda     float64
			Cover      float64

			MMR, DPP, XQuAD, Calibrate []int32
		}
	}
	testkit.Golden(t, "rerank.json", &g)
	for n, c := range g.Cases {
		like, err := NewVectorLikeness(RowVectors{c.Vectors, g.Factors})
		if err != nil {
			t.Fatal(err)
		}
		cats, err := NewCategories(g.Categories, c.Categories)
		if err != nil {
			t.Fatal(err)
		}
		var from []Scored
		for i, s := range c.Relevance {
			from = append(from, Scored{int32(i), float32(s)})
		}
		equal := slices.Repeat([]float64{1}, g.Categories)
		var r Reranker
		for name, x := range map[string]struct {
			list func() ([]Scored, error)
			want []int32
		}{
			"MMR":       {func() ([]Scored, error) { return r.MMR(nil, from, c.K, c.Lambda, like) }, c.MMR},
			"DPP":       {func() ([]Scored, error) { return r.DPP(nil, from, c.K, c.Lambda, like) }, c.DPP},
			"XQuAD":     {func() ([]Scored, error) { return r.XQuAD(nil, from, c.K, c.Lambda, cats, equal, c.Cover) }, c.XQuAD},
			"Calibrate": {func() ([]Scored, error) { return r.Calibrate(nil, from, c.K, c.Lambda, cats, c.Taste) }, c.Calibrate},
		} {
			got, err := x.list()
			if err != nil {
				t.Fatal(err)
			}
			if name == "DPP" { // further vectors add no volume, and there pyversity follows rounding
				got, x.want = got[:min(c.K, g.Factors)], x.want[:min(c.K, g.Factors)]
			}
			if !slices.EqualFunc(got, x.want, func(a Scored, b int32) bool { return a.Item == b }) {
				t.Errorf("case %d: %s gives %v, want %v", n, name, got, x.want)
			}
		}
	}
}
