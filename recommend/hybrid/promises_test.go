package hybrid_test

import (
	"context"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/hybrid"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestPromises(t *testing.T) {
	var types []func() any
	for _, f := range hybridFrames() {
		types = append(types, func() any { return f.Fill(t) })
	}
	parts := func() []hybrid.Weighted { return frameParts(t) }
	models := func() []recommend.Model { return []recommend.Model{parts()[0].Model, parts()[1].Model} }
	sources := func() []recommend.Source {
		return []recommend.Source{{Name: "knn", Model: parts()[0].Model}, {Name: "markov", Model: parts()[1].Model}}
	}
	rule := func(recommend.Query) int { return 0 }
	query := recommend.Query{User: 1, Items: []int32{1, 4}, Weights: []float32{3, 1}}
	args := map[string]func() []any{
		"NewBlend":   func() []any { return []any{parts(), hybrid.BlendOptions{}} },
		"NewBorda":   func() []any { return []any{parts(), hybrid.BordaOptions{}} },
		"NewCascade": func() []any { return []any{models()[0], models()[1], hybrid.CascadeOptions{}} },
		"NewRRF":     func() []any { return []any{parts(), hybrid.RRFOptions{}} },
		"NewStack":   func() []any { return []any{sources(), hybrid.StackOptions{}} },
		"NewSwitch":  func() []any { return []any{rule, models()} },
		"StackFeatures": func() []any {
			fit := func(ctx context.Context, train *recommend.Interactions) ([]recommend.Source, error) {
				m, err := recommend.FitItemKNN(ctx, train, recommend.ItemKNNOptions{})
				return []recommend.Source{{Name: "knn", Model: m}}, err
			}
			return []any{context.Background(), frameData(t), 2, uint64(1), fit, hybrid.StackOptions{}}
		},
		"Stack.Candidates": func() []any {
			some := recommend.ItemSetFunc(5, func(i int32) bool { return i < 4 })
			return []any{query, recommend.Filter{Items: []int32{1}, Allow: some, Deny: some.Not()}}
		},
		"Stack.Model": func() []any { return []any{func(x []float64) float64 { return x[0] }} },
	}
	for _, name := range []string{"Blend", "Borda", "Cascade", "RRF", "Switch"} {
		args[name+".Score"] = func() []any { return []any{make([]float32, 5), query} }
		args[name+".AppendReasons"] = func() []any { return []any{[]recommend.Reason{{Item: 7, Contribution: 1}}, query, int32(3), 2} }
		args[name+".AppendSimilar"] = func() []any { return []any{[]recommend.Scored{{Item: 7, Score: 1}}, int32(2), 2} }
	}
	delete(args, "Cascade.AppendSimilar")
	delete(args, "Switch.AppendSimilar")
	const constant = "a constant of its type"
	testkit.Promises{
		Funcs: map[string]any{
			"NewBlend": hybrid.NewBlend, "NewBorda": hybrid.NewBorda, "NewCascade": hybrid.NewCascade, "NewRRF": hybrid.NewRRF,
			"NewStack": hybrid.NewStack, "NewSwitch": hybrid.NewSwitch, "StackFeatures": hybrid.StackFeatures,
		},
		Types: append(types,
			func() any { return must(hybrid.NewStack(sources(), hybrid.StackOptions{}))(t) },
			func() any { return must(hybrid.NewSwitch(rule, models()...))(t) },
		),
		Args: args,
		Settles: map[string]string{
			"Blend.Meaning": constant, "Borda.Meaning": constant, "RRF.Meaning": constant, "Switch.Meaning": constant,
			"Borda.SparseScores": constant, "RRF.SparseScores": constant,
		},
	}.Check(t)
}
