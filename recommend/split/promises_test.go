package split_test

import (
	"maps"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend/split"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestPromises(t *testing.T) {
	train := built(t, []sale{{1, 1, 1, 1}, {1, 2, 2, 2}, {1, 4, 1, 3}, {2, 2, 1, 4}, {2, 3, 1, 5}, {3, 1, 1, 6}}, true)
	test := built(t, []sale{{1, 1, 1, 7}, {1, 5, 2, 8}, {4, 2, 1, 9}}, true)
	x := train.Interactions
	cut := func() split.Parts {
		p, err := split.Time(x, day(-19720)) // in 1970, as the days of the log
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	rows := maps.All(map[int][]string{1: {"p1", "p5"}, 4: {"p2"}})
	testkit.Promises{
		Funcs: map[string]any{
			"Aligned": split.Aligned[int, string], "AlignedRows": split.AlignedRows[int, string], "CheckDisjoint": split.CheckDisjoint,
			"Folds": split.Folds, "Items": split.Items, "Last": split.Last, "Random": split.Random, "Time": split.Time, "Users": split.Users,
		},
		Args: map[string]func() []any{
			"Aligned":       func() []any { return []any{train, test} },
			"AlignedRows":   func() []any { return []any{train, rows} },
			"CheckDisjoint": func() []any { return []any{cut().Train, cut().Test} },
			"Folds":         func() []any { return []any{x, 2, uint64(1)} },
			"Items":         func() []any { return []any{x, .5, uint64(1)} },
			"Last":          func() []any { return []any{x, 1} },
			"Random":        func() []any { return []any{x, .5, uint64(1)} },
			"Time":          func() []any { return []any{x, day(-19720)} },
			"Users":         func() []any { return []any{x, .5, .5, uint64(1)} },
		},
	}.Check(t)
}
