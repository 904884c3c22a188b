package ann_test

import (
	"context"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/ann"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// promised is a value that needs no error handled: what it makes is fixed.
func promised[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

func TestPromises(t *testing.T) {
	rows := recommend.RowVectors{Rows: []float32{1, 2, 0, 1, -1, 3, 2, 2}, N: 2}
	even := recommend.ItemSetFunc(41, func(i int32) bool { return i%2 == 0 })
	odd := recommend.ItemSetFunc(41, func(i int32) bool { return i%3 == 1 })
	testkit.Promises{
		Funcs: map[string]any{"FitHNSW": ann.FitHNSW},
		Types: []func() any{func() any { return filledHNSW(t) }},
		Args: map[string]func() []any{
			"FitHNSW": func() []any {
				return []any{context.Background(), rows, ann.HNSWOptions{Links: 4, Progress: func(ann.Progress) {}}}
			},
			"HNSW.Add": func() []any { return []any{int32(41), []float32{.5, 2}} },
			"HNSW.AppendTop": func() []any {
				filter := recommend.Filter{Items: []int32{0, 4}, Allow: even, Deny: odd}
				return []any{[]recommend.Scored{{Item: 7, Score: 1}}, []float32{.5, 2}, 3, 5, filter}
			},
			"HNSW.Over": func() []any {
				return []any{promised(recommend.InteractionsFromRows(41, [][]int32{{1, 40}}))}
			},
			"HNSW.Remove": func() []any { return []any{int32(2)} },
		},
	}.Check(t)
}
