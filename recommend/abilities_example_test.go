package recommend_test

import (
	"context"
	"fmt"

	"github.com/aislekit/aisle/recommend"
)

// What a model can do beside scoring shows by the interfaces that it has. A host asks
// for the ability, never for the type.
func ExampleMeaner() {
	d, ctx := purchases(), context.Background()
	als, err := recommend.FitALS(ctx, d.Interactions, recommend.ALSOptions{Factors: 2})
	if err != nil {
		panic(err)
	}
	knn, err := recommend.FitItemKNN(ctx, d.Interactions, recommend.ItemKNNOptions{})
	if err != nil {
		panic(err)
	}
	for name, m := range []recommend.Model{als, knn} {
		_, explains := m.(recommend.Explainer)
		_, likens := m.(recommend.SimilarUsers)
		_, folds := m.(recommend.Folder)
		_, vectors := m.(recommend.ItemVectors)
		fmt.Println(name, "means:", m.(recommend.Meaner).Meaning())
		fmt.Println("  sparse:", m.(recommend.SparseScorer).SparseScores(), "order:", m.(recommend.OrderReader).ReadsOrder())
		fmt.Println("  reasons:", explains, "like users:", likens, "folds in:", folds, "vectors:", vectors)
	}
	// Output:
	// 0 means: expected preference, near 1 for likely items and near 0 for the rest; no probability
	//   sparse: false order: false
	//   reasons: true like users: true folds in: true vectors: true
	// 1 means: sum over the history of weight times learned similarity to the item
	//   sparse: true order: false
	//   reasons: true like users: false folds in: false vectors: false
}

// Who bought nails? The same call for every model that knows items like another.
func ExampleSimilar() {
	d := purchases()
	m, err := recommend.FitItemKNN(context.Background(), d.Interactions, recommend.ItemKNNOptions{})
	if err != nil {
		panic(err)
	}
	var model recommend.Model = m
	if s, ok := model.(recommend.Similar); ok {
		near, err := s.AppendSimilar(nil, d.Items.Of("nails"), 1)
		if err != nil {
			panic(err)
		}
		fmt.Println(d.Items.ID(near[0].Item))
	}
	// Output: hammer
}

// Vectors from elsewhere say which items are alike; a Reranker then keeps lists from
// being more of the same.
func ExampleLikeness() {
	var vectors recommend.ItemVectors = recommend.RowVectors{Rows: []float32{1, 0, 0.9, 0.1, 0, 1}, N: 2}
	var alike recommend.Likeness
	alike, err := recommend.NewVectorLikeness(vectors)
	if err != nil {
		panic(err)
	}
	to := make([]float32, 2)
	if err := alike.Likeness(to, 0, []int32{1, 2}); err != nil {
		panic(err)
	}
	fmt.Printf("%.2f\n", to)
	// Output: [0.99 0.00]
}
