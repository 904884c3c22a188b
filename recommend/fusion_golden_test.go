package recommend

import (
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
)

// TestFusionGolden: the fused scores of ranx, which sums where Aisle takes means
// and whose MinMax of lists that leave items out is its "max".
func TestFusionGolden(t *testing.T) {
	var g struct {
		Weights    []float32
		Whole, Cut [][][]float32

		WsumMinmax [][]float64 `json:"wsum_minmax"`
		WsumZmuv   [][]float64 `json:"wsum_zmuv"`
		WsumRank   [][]float64 `json:"wsum_rank"`
		WsumMax    [][]float64 `json:"wsum_max"`
		MnzMax     [][]float64 `json:"mnz_max"`
		SumMinmax  [][]float64 `json:"sum_minmax"`
		RrfWhole   [][]float64 `json:"rrf_whole"`
		RrfCut     [][]float64 `json:"rrf_cut"`
		Borda      [][]float64
	}
	testkit.Golden(t, "fusion.json", &g)
	parts := func(rows [][][]float32, weights []float32, sparse bool) []Weighted {
		var out []Weighted
		for k, r := range rows {
			p := Weighted{Model: tableOf(sparse, r...)}
			if weights != nil {
				p.Weight = weights[k]
			}
			out = append(out, p)
		}
		return out
	}
	n := float64(len(g.Whole[0][0]))
	blend := func(rows [][][]float32, w []float32, sparse bool, o BlendOptions) Model {
		return mustBlend(t, parts(rows, w, sparse), o)
	}
	rrf := func(rows [][][]float32, sparse bool, k float64) Model {
		return mustRRF(t, parts(rows, nil, sparse), RRFOptions{K: k})
	}
	borda, err := NewBorda(parts(g.Whole, nil, false), BordaOptions{})
	if err != nil {
		t.Fatal(err)
	}
	same := func(x float64) float64 { return x }
	for name, x := range map[string]struct {
		model Model
		want  [][]float64
		of    func(x float64) float64 // of ranx's score
	}{
		"weighted, min-max":      {blend(g.Whole, g.Weights, false, BlendOptions{}), g.WsumMinmax, same},
		"weighted, zmuv":         {blend(g.Whole, g.Weights, false, BlendOptions{Normalize: ZScore}), g.WsumZmuv, same},
		"weighted, rank":         {blend(g.Whole, g.Weights, false, BlendOptions{Normalize: RankShare}), g.WsumRank, func(x float64) float64 { return (n*x - 1) / (n - 1) }},
		"weighted, cut, max":     {blend(g.Cut, g.Weights, true, BlendOptions{}), g.WsumMax, same},
		"CombMNZ, cut, max":      {blend(g.Cut, nil, true, BlendOptions{MNZ: true}), g.MnzMax, func(x float64) float64 { return x / 3 }},
		"CombSUM, min-max":       {blend(g.Whole, nil, false, BlendOptions{}), g.SumMinmax, func(x float64) float64 { return x / 3 }},
		"RRF":                    {rrf(g.Whole, false, 60), g.RrfWhole, same},
		"RRF, cut, damped by 17": {rrf(g.Cut, true, 17), g.RrfCut, same},
		"Borda":                  {borda, g.Borda, func(x float64) float64 { return x / n / 3 }},
	} {
		for u, want := range x.want {
			got := make([]float32, len(want))
			if err := x.model.Score(got, Query{User: int32(u)}); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for i, v := range want {
				if math.Abs(float64(got[i])-x.of(v)) > 2e-6*(1+math.Abs(x.of(v))) {
					t.Errorf("%s: user %d item %d scores %v, ranx says %v", name, u, i, got[i], x.of(v))
				}
			}
		}
	}
}

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
