package privacy_test

import (
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile/privacy"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestPromises(t *testing.T) {
	var types []func() any
	for _, f := range frames() {
		types = append(types, func() any { return f.Fill(t) })
	}
	types = append(
		types,
		func() any { n, _ := privacy.NewLaplace(3, .5); return n },
		func() any { return pseudonyms(t, 2) },
		func() any { return new(privacy.Key) },
	)
	noise := func() *privacy.Noise { n, _ := privacy.NewGaussian(4, .25); return n }
	old := func() []any { s, _ := pseudonyms(t, 1).Of("anna"); return []any{s, "anna"} }
	testkit.Promises{
		Funcs: map[string]any{
			"NewLaplace": privacy.NewLaplace, "NewGaussian": privacy.NewGaussian, "EpsilonOf": privacy.EpsilonOf, "NewBudget": privacy.NewBudget,
			"NewSums": privacy.NewSums[string], "NewPseudonyms": privacy.NewPseudonyms,
		},
		Types: types,
		Zero:  []string{"Key"},
		Args: map[string]func() []any{
			"NewLaplace":        func() []any { return []any{3, .5} },
			"NewGaussian":       func() []any { return []any{9, .5} },
			"EpsilonOf":         func() []any { return []any{.5, 1e-6} },
			"NewBudget":         func() []any { return []any{privacy.BudgetOptions{Epsilon: 1, Delta: 1e-6}} },
			"NewSums":           func() []any { return []any{privacy.SumsOptions{Keys: []string{"a", "b"}, MaxKeys: 2, Min: -1, Max: 5}} },
			"NewPseudonyms":     func() []any { return []any{"agency", keys(2)} },
			"Budget.Release":    func() []any { return []any{"q", noise(), nil, []int64{4, 5}} },
			"Budget.Spent":      func() []any { return []any{1e-6} },
			"Sums.Add":          func() []any { return []any{"anna", "north", int64(2)} },
			"Sums.Forget":       func() []any { return []any{"anna"} },
			"Sums.Release":      func() []any { return []any{budget(t), "q", privacy.Cost{Rho: .1}, nil} },
			"Noise.Draw":        func() []any { return []any{nil} },
			"Noise.Probability": func() []any { return []any{int64(1)} },
			"Pseudonyms.Of":     func() []any { return []any{"anna"} },
			"Pseudonyms.Rotate": func() []any { return old()[:1] },
			"Pseudonyms.Match":  old,
		},
	}.Check(t)
}

func TestNilReceivers(t *testing.T) {
	testkit.NilReceivers(t, nil, (*privacy.Noise)(nil), (*privacy.Budget)(nil), (*privacy.Sums[string])(nil), (*privacy.Pseudonyms)(nil))
}
