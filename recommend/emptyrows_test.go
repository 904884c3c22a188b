package recommend_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/modeltest"
)

// Users or items without entries change nothing of what the others get, but where the comment of a model
// says so or its draws are others.
func TestEmptyRowsChangeNothing(t *testing.T) {
	but := map[string]string{
		"als":   "α₀ and ν count all pairs: see ALSOptions.Regularization and TestDefaultsIgnoreEmptyRows",
		"bpr":   "draws by user",
		"warp":  "draws by user",
		"lmf":   "draws by user",
		"fm":    "draws by user",
		"tfidf": "a text more, as scikit-learn counts them",
		"blend": "of those above", "rrf": "of those above", "borda": "of those above", "cascade": "of those above", "switch": "of those above",
		"item2vec": "draws by item",
	}
	base := modeltest.Groups(60, 48, 8, 3)
	rows := make([][]int32, 59)
	for u := range rows {
		rows[u] = base.Query(u).Items
	}
	bare := must(recommend.InteractionsFromRows(48, rows))(t)
	wider := map[string]*recommend.Interactions{
		"users": must(recommend.InteractionsFromRows(48, append(rows, make([][]int32, 200)...)))(t),
		"items": must(recommend.InteractionsFromRows(148, rows))(t),
	}
	type fit = func(context.Context, *recommend.Interactions) (recommend.Model, error)
	fits := map[string]fit{
		"userknn, log-likelihood": on(recommend.FitUserKNN, recommend.UserKNNOptions{Similarity: recommend.LogLikelihood}),
		"userknn, lift":           on(recommend.FitUserKNN, recommend.UserKNNOptions{Similarity: recommend.Lift}),
		"userknn, tfidf":          on(recommend.FitUserKNN, recommend.UserKNNOptions{Weighting: recommend.TFIDF}),
		"itemknn, lift":           on(recommend.FitItemKNN, recommend.ItemKNNOptions{Similarity: recommend.Lift}),
	}
	for _, m := range models {
		if name, _, _ := strings.Cut(m.name, "/"); but[name] == "" {
			fits[m.name] = m.Fit
		}
	}
	for name, fit := range fits {
		a := must(fit(context.Background(), bare))(t)
		for what, x := range wider {
			b := must(fit(context.Background(), x))(t)
			p, q := make([]float32, 48), make([]float32, x.Items())
			worst, size := 0.0, 0.0
			for u := range 59 {
				err1, err2 := a.Score(p, bare.Query(u)), b.Score(q, x.Query(u))
				if (err1 == nil) != (err2 == nil) {
					t.Fatalf("%s beside empty %s: user %d: %v, %v", name, what, u, err1, err2)
				}
				if err1 != nil {
					continue
				}
				for i, v := range p {
					worst = max(worst, math.Abs(float64(v-q[i])))
					size = max(size, math.Abs(float64(v)))
				}
			}
			if !(worst <= 1e-5*size) {
				t.Errorf("%s: scores are up to %v off beside empty %s, the largest is %v", name, worst, what, size)
			}
		}
	}
}
