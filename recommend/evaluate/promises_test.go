package evaluate_test

import (
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/evaluate"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestPromises(t *testing.T) {
	train := matrix(t, 5, []int32{0, 1}, []int32{2, 3}, []int32{1, 4})
	test := matrix(t, 5, []int32{3}, []int32{0, 4}, nil)
	known := matrix(t, 5, []int32{1}, []int32{2}, []int32{3})
	some := func(n, r int32) *recommend.ItemSet {
		return recommend.ItemSetFunc(5, func(i int32) bool { return i%n != r })
	}
	judge := func(_, _ []int32) error { return nil }
	progress := func(evaluate.Progress) {}
	data := orders()
	knn, err := recommend.FitItemKNN(ctx, data.Interactions, recommend.ItemKNNOptions{})
	if err != nil {
		t.Fatal(err)
	}
	engine, err := recommend.NewEngine(data, recommend.EngineOptions{Sources: []recommend.Source{{Name: "knn", Model: knn}}})
	if err != nil {
		t.Fatal(err)
	}
	testkit.Promises{
		Funcs: map[string]any{"Lists": evaluate.Lists, "Questions": evaluate.Questions, "Served": evaluate.Served[string, string]},
		Args: map[string]func() []any{
			"Lists": func() []any {
				return []any{ctx, taste(t, 3, 5), train, test, judge, evaluate.Options{
					K: 2, Known: known, Allow: some(4, 3), Deny: some(1, 1), Sampled: 2, Progress: progress,
				}}
			},
			"Questions": func() []any {
				question := func(q int) evaluate.Question {
					return evaluate.Question{Query: recommend.Query{User: int32(q), Items: []int32{0}}, Relevant: []int32{2}, Among: []int32{1, 3}}
				}
				return []any{ctx, taste(t, 3, 5), 2, question, judge, evaluate.Options{K: 2, Progress: progress}}
			},
			"Served": func() []any {
				req := recommend.Request[string, string]{K: 2, Seen: recommend.Repurchase, AsOf: time.Date(2024, 4, 1, 0, 0, 0, 0, time.UTC)}
				return []any{ctx, engine, data, func(_, _ []string) error { return nil }, req, 1}
			},
		},
		Settles: map[string]string{"Questions": "returns what was judged until its context ended"},
	}.Check(t)
}
