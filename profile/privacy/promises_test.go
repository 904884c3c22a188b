package privacy_test

import (
	"bytes"
	"context"
	"slices"
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
		func() any { return &keys(1)[0] },
		func() any { return decades(t) },
		func() any { return redactor(t, true) },
	)
	noise := func() *privacy.Noise { n, _ := privacy.NewGaussian(4, .25); return n }
	old := func() []any { s, _ := pseudonyms(t, 1).Of("anna"); return []any{s, "anna"} }
	testkit.Promises{
		Funcs: map[string]any{
			"NewLaplace": privacy.NewLaplace, "NewGaussian": privacy.NewGaussian, "EpsilonOf": privacy.EpsilonOf, "NewBudget": privacy.NewBudget,
			"NewSums": privacy.NewSums[string], "NewKey": privacy.NewKey, "NewPseudonyms": privacy.NewPseudonyms,
			"NewRanges": privacy.NewRanges, "NewTree": privacy.NewTree, "NewDates": privacy.NewDates, "NewPrefixes": privacy.NewPrefixes,
			"Anonymize": privacy.Anonymize, "Assess": privacy.Assess, "NewRedactor": privacy.NewRedactor, "Geohash": privacy.Geohash, "Places": privacy.Places[string],
		},
		Types: types,
		Zero:  []string{"Key"},
		Args: map[string]func() []any{
			"NewLaplace":        func() []any { return []any{3, .5} },
			"NewGaussian":       func() []any { return []any{9, .5} },
			"EpsilonOf":         func() []any { return []any{.5, 1e-6} },
			"NewBudget":         func() []any { return []any{privacy.BudgetOptions{Epsilon: 1, Delta: 1e-6}} },
			"NewSums":           func() []any { return []any{privacy.SumsOptions{Keys: []string{"a", "b"}, MaxKeys: 2, Min: -1, Max: 5}} },
			"NewKey":            func() []any { return []any{"key-1", bytes.Repeat([]byte{7}, 32)} },
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
			"NewRanges":         func() []any { return []any{2.0, []float64{5, 10}} },
			"NewTree":           func() []any { return []any{map[string]string{"shoes": "fashion", "hats": "fashion"}} },
			"NewPrefixes":       func() []any { return []any{true, []int{3, 1}} },
			"Anonymize": func() []any {
				return []any{context.Background(), ageOnly(), privacy.AnonymizeOptions{K: 3, MaxSuppressed: 1, MaxNodes: 50, Loss: privacy.ByGeneralLoss, Hierarchies: []*privacy.Hierarchy{decades(t)}, Sensitive: slices.Clone(ages), MinDistinct: 2, MinEntropy: 1.5, MaxCloseness: .9, Ordered: true}}
			},
			"Assess":  func() []any { return []any{ageZip(), ages} },
			"Geohash": func() []any { return []any{52.5, 13.4, 5} },
			"Places": func() []any {
				return []any{[]privacy.Place[string]{{User: "a", Lat: 52.5, Lon: 13.4}, {User: "b", Lat: 52.5, Lon: 13.4}}, privacy.PlacesOptions{Precision: 4, Coarsest: 2, MinAudience: 2}}
			},
			"Hierarchy.Generalize": func() []any { return []any{"47", 1} },
			"NewRedactor": func() []any {
				return []any{privacy.RedactorOptions{Pseudonyms: pseudonyms(t, 1), Hierarchies: map[string]*privacy.Hierarchy{"age": decades(t)}, Strict: true}}
			},
			"Redactor.JSON": func() []any { return []any{base{7}} },
		},
		NaN: map[string]string{"Anonymize": "Entropy and Closeness are NaN without values or classes", "Assess": "Ordered is NaN where values are no numbers"},
	}.Check(t)
}

func decades(t testing.TB) *privacy.Hierarchy {
	return hierarchy(t)(privacy.NewRanges(0, 10, 20))
}

func ageOnly() (rows [][]string) {
	for _, x := range ages {
		rows = append(rows, []string{x})
	}
	return rows
}

func TestNilReceivers(t *testing.T) {
	testkit.NilReceivers(t, nil, (*privacy.Noise)(nil), (*privacy.Budget)(nil), (*privacy.Sums[string])(nil), (*privacy.Pseudonyms)(nil), (*privacy.Hierarchy)(nil), (*privacy.Redactor)(nil))
}
