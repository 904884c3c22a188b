package ranking_test

import (
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics/ranking"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestPromises(t *testing.T) {
	list := func() []any { return []any{[]int{1, 2, 3}, map[int]float64{2: 2, 3: 1, 9: .5}, 2} }
	with := func(more ...any) func() []any { return func() []any { return append(list(), more...) } }
	var types []func() any
	for _, f := range frames() {
		types = append(types, func() any { return f.Fill(t) })
	}
	result := func() ranking.Result { return got(frames()[1].Fill(t).(*ranking.Dense).Result()) }
	testkit.Promises{
		Funcs: map[string]any{
			"AUCAt": ranking.AUCAt[int], "AveragePrecisionAt": ranking.AveragePrecisionAt[int], "CalibrationKL": ranking.CalibrationKL, "EPCAt": ranking.EPCAt[int],
			"HitAt": ranking.HitAt[int], "IntraListDiversity": ranking.IntraListDiversity[int], "LensKit": ranking.LensKit, "Liang2018": ranking.Liang2018,
			"LightGCN": ranking.LightGCN, "ListOverlap": ranking.ListOverlap[int], "NCF": ranking.NCF, "NDCGAt": ranking.NDCGAt[int], "NDCGOfScores": ranking.NDCGOfScores,
			"NewBeyond": ranking.NewBeyond[string], "NewDense": ranking.NewDense, "NewExposure": ranking.NewExposure, "New": ranking.New[int], "PrecisionAt": ranking.PrecisionAt[int],
			"RBPAt": ranking.RBPAt[int], "RPrecisionOf": ranking.RPrecisionOf[int], "RecallAt": ranking.RecallAt[int], "ReciprocalRankAt": ranking.ReciprocalRankAt[int], "TREC": ranking.TREC,
		},
		Types: append(types, func() any { r := result(); return &r }, func() any { m := ranking.NDCG; return &m }),
		Zero:  []string{"Result", "Measure", "Tally", "Beyond", "Dense"},
		Args: map[string]func() []any{
			"AUCAt":              with(20),
			"AveragePrecisionAt": with(ranking.APByLength),
			"CalibrationKL":      func() []any { return []any{[]float64{.5, .5}, []float64{.2, .8}, .01} },
			"EPCAt": func() []any {
				return []any{[]int{1, 2, 3}, map[int]float64{2: 2}, map[int]int64{1: 3, 2: 1, 3: 2}, int64(5), 2}
			},
			"HitAt":              with(),
			"IntraListDiversity": func() []any { return []any{[]int{1, 2, 3}, func(a, b int) float64 { return .5 }} },
			"ListOverlap":        func() []any { return []any{[]int{1, 2, 3}, []int{3, 2, 7}, 2} },
			"NCF":                func() []any { return []any{99, []int{5, 10}} },
			"NDCGAt":             with(ranking.GainExponential),
			"NDCGOfScores":       func() []any { return []any{[]float64{.1, .9, .4}, []float64{0, 2, 1}, 2, ranking.GainExponential} },
			"NewBeyond": func() []any {
				return []any{ranking.BeyondOptions[string]{K: 3, Items: 9, Users: 5, Tail: .85, Popularity: map[string]int64{"x": 4, "y": 1}}}
			},
			"NewDense": func() []any {
				return []any{10, ranking.Options{K: []int{1, 3}, Persistence: .7, Candidates: 9, SampledNegatives: 6}}
			},
			"NewExposure": func() []any { return []any{[]int32{0, 1, 1, 0, 2}} },
			"New": func() []any {
				return []any{ranking.Options{K: []int{1, 3}, Persistence: .7, Candidates: 9, SampledNegatives: 6}}
			},
			"PrecisionAt":        with(),
			"RBPAt":              with(.8),
			"RPrecisionOf":       func() []any { return list()[:2] },
			"RecallAt":           with(ranking.RecallByMinK),
			"ReciprocalRankAt":   with(),
			"Beyond.Add":         func() []any { return []any{[]string{"x", "y"}} },
			"Beyond.AddRelevant": func() []any { return []any{[]string{"x", "y"}, map[string]float64{"x": 1}} },
			"Dense.Add":          func() []any { return []any{[]int32{4, 1}, []int32{4}} },
			"Dense.AddGraded":    func() []any { return []any{[]int32{1, 2, 3}, []int32{2, 3, 9}, []float64{2, 1, .5}} },
			"Dense.Moments":      func() []any { return []any{ranking.NDCG, 3} },
			"Dense.PerUser":      func() []any { return []any{ranking.NDCG, 3} },
			"Exposure.Add":       func() []any { return []any{[]int32{2, 3}, []int32{1, 2}, []int32{0}} },
			"Tally.Add":          func() []any { return list()[:2] },
			"Tally.AddSet":       func() []any { return []any{[]int{5, 6, 7}, []int{6}} },
			"Tally.Moments":      func() []any { return []any{ranking.NDCG, 3} },
			"Tally.PerUser":      func() []any { return []any{ranking.NDCG, 3} },
		},
		NaN: map[string]string{},
	}.Check(t)
}
