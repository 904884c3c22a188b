package lifetime_test

import (
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/lifetime"
)

func TestMain(m *testing.M) { testkit.Main(m) }

type weeks = lifetime.Weeks

func TestPromises(t *testing.T) {
	one := customer{Repeats: 2, AgeAtLast: 30, Age: 39, Value: 20}
	options := lifetime.FitOptions{MaxIter: 100, Workers: 1, Progress: func(lifetime.Progress) {}}
	fit := func() []any { return []any{bg, few(), options} }
	stored := get(get(lifetime.FitBGNBD(bg, few(), lifetime.FitOptions{})).MarshalBinary())
	model := func() *lifetime.Model[weeks] {
		m := new(lifetime.Model[weeks])
		must(m.UnmarshalBinary(stored))
		return m
	}
	testkit.Promises{
		Funcs: map[string]any{
			"Convert":   lifetime.Convert[lifetime.Days, weeks],
			"FitBGNBD":  lifetime.FitBGNBD[weeks],
			"FitMBGNBD": lifetime.FitMBGNBD[weeks],
			"NewBGNBD":  lifetime.NewBGNBD[weeks],
			"NewMBGNBD": lifetime.NewMBGNBD[weeks],
		},
		Types: []func() any{
			func() any { return few() },
			func() any { return model() },
			func() any { return get(model().Round(bg, few())) },
		},
		Zero: []string{"Summary", "Round"},
		Args: map[string]func() []any{
			"Convert":             func() []any { return []any{2.} },
			"FitBGNBD":            fit,
			"FitMBGNBD":           fit,
			"NewBGNBD":            func() []any { return []any{.25, 4., .8, 2.5} },
			"NewMBGNBD":           func() []any { return []any{.5, 6., .9, 1.6} },
			"Summary.Add":         func() []any { return []any{one} },
			"Model.Round":         func() []any { return []any{bg, few()} },
			"Model.LogLikelihood": func() []any { return []any{one} },
			"Model.Alive":         func() []any { return []any{one} },
			"Model.Expected":      func() []any { return []any{one, 39.} },
			"Model.ExpectedNew":   func() []any { return []any{39.} },
			"Model.Prob":          func() []any { return []any{2, 39.} },
			"Model.ProbGiven":     func() []any { return []any{one, 2, 39.} },
			"Model.NextOrder":     func() []any { return []any{one, .5} },
		},
		NaN: map[string]string{
			"Convert":      "what is not finite stays so",
			"Model.Report": "standard errors of parameters that run off, and of laws that were given",
		},
	}.Check(t)
}
