package hybrid_test

import (
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/hybrid"
)

// TestFusionGolden: the fused scores of ranx, which sums where Aisle takes means
// and whose hybrid.MinMax of lists that leave items out is its "max".
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
	parts := func(rows [][][]float32, weights []float32, sparse bool) []hybrid.Weighted {
		var out []hybrid.Weighted
		for k, r := range rows {
			p := hybrid.Weighted{Model: tableOf(sparse, r...)}
			if weights != nil {
				p.Weight = weights[k]
			}
			out = append(out, p)
		}
		return out
	}
	n := float64(len(g.Whole[0][0]))
	blend := func(rows [][][]float32, w []float32, sparse bool, o hybrid.BlendOptions) recommend.Model {
		return mustBlend(t, parts(rows, w, sparse), o)
	}
	rrf := func(rows [][][]float32, sparse bool, k float64) recommend.Model {
		return mustRRF(t, parts(rows, nil, sparse), hybrid.RRFOptions{K: k})
	}
	borda, err := hybrid.NewBorda(parts(g.Whole, nil, false), hybrid.BordaOptions{})
	if err != nil {
		t.Fatal(err)
	}
	same := func(x float64) float64 { return x }
	for name, x := range map[string]struct {
		model recommend.Model
		want  [][]float64
		of    func(x float64) float64 // of ranx's score
	}{
		"weighted, min-max":      {blend(g.Whole, g.Weights, false, hybrid.BlendOptions{}), g.WsumMinmax, same},
		"weighted, zmuv":         {blend(g.Whole, g.Weights, false, hybrid.BlendOptions{Normalize: hybrid.ZScore}), g.WsumZmuv, same},
		"weighted, rank":         {blend(g.Whole, g.Weights, false, hybrid.BlendOptions{Normalize: hybrid.RankShare}), g.WsumRank, func(x float64) float64 { return (n*x - 1) / (n - 1) }},
		"weighted, cut, max":     {blend(g.Cut, g.Weights, true, hybrid.BlendOptions{}), g.WsumMax, same},
		"CombMNZ, cut, max":      {blend(g.Cut, nil, true, hybrid.BlendOptions{MNZ: true}), g.MnzMax, func(x float64) float64 { return x / 3 }},
		"CombSUM, min-max":       {blend(g.Whole, nil, false, hybrid.BlendOptions{}), g.SumMinmax, func(x float64) float64 { return x / 3 }},
		"RRF":                    {rrf(g.Whole, false, 60), g.RrfWhole, same},
		"RRF, cut, damped by 17": {rrf(g.Cut, true, 17), g.RrfCut, same},
		"Borda":                  {borda, g.Borda, func(x float64) float64 { return x / n / 3 }},
	} {
		for u, want := range x.want {
			got := make([]float32, len(want))
			if err := x.model.Score(got, recommend.Query{User: int32(u)}); err != nil {
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
