package hybrid_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/hybrid"
)

func teaShop() *recommend.Dataset[string, string] {
	b, err := recommend.NewBuilder[string, string](recommend.BuilderOptions{})
	if err != nil {
		log.Fatal(err)
	}
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for k, e := range [][2]string{
		{"ann", "green tea"},
		{"ann", "teapot"},
		{"bob", "green tea"},
		{"bob", "teapot"},
		{"bob", "cups"},
		{"cid", "espresso"},
		{"cid", "grinder"},
		{"dan", "espresso"},
		{"dan", "grinder"},
		{"dan", "cups"},
		{"eve", "green tea"},
	} {
		if err := b.AddAt(e[0], e[1], 1, day.AddDate(0, 0, k)); err != nil {
			log.Fatal(err)
		}
	}
	d, err := b.Build()
	if err != nil {
		log.Fatal(err)
	}
	return d
}

func hybridParts() (*recommend.Dataset[string, string], recommend.Model, recommend.Model) {
	d := teaShop()
	knn, err := recommend.FitItemKNN(context.Background(), d.Interactions, recommend.ItemKNNOptions{Similarity: recommend.Cosine})
	if err != nil {
		log.Fatal(err)
	}
	popular, err := recommend.FitPopular(context.Background(), d.Interactions, recommend.PopularOptions{})
	if err != nil {
		log.Fatal(err)
	}
	return d, knn, popular
}

func first(d *recommend.Dataset[string, string], m recommend.Model, err error) {
	if err != nil {
		log.Fatal(err)
	}
	q := d.Interactions.Query(int(d.Users.Of("ann")))
	top, err := recommend.NewRanker(m).AppendTop(nil, q, 1, recommend.Filter{Items: q.Items})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s %.2f\n", d.Items.ID(top[0].Item), top[0].Score)
}

func ExampleBlend() {
	d := teaShop()
	ctx := context.Background()
	knn, err := recommend.FitItemKNN(ctx, d.Interactions, recommend.ItemKNNOptions{Similarity: recommend.Cosine})
	if err != nil {
		log.Fatal(err)
	}
	popular, err := recommend.FitPopular(ctx, d.Interactions, recommend.PopularOptions{})
	if err != nil {
		log.Fatal(err)
	}
	blend, err := hybrid.NewBlend([]hybrid.Weighted{{Model: knn, Weight: 3}, {Model: popular, Weight: 1}}, hybrid.BlendOptions{})
	if err != nil {
		log.Fatal(err)
	}
	q := d.Interactions.Query(int(d.Users.Of("ann")))
	top, err := recommend.NewRanker(blend).AppendTop(nil, q, 2, recommend.Filter{Items: q.Items})
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range top {
		fmt.Printf("%s %.3f\n", d.Items.ID(s.Item), s.Score)
	}
	// Output:
	// cups 0.750
	// espresso 0.000
}

func ExampleRRF() {
	d := teaShop()
	ctx := context.Background()
	knn, err := recommend.FitItemKNN(ctx, d.Interactions, recommend.ItemKNNOptions{Similarity: recommend.Cosine})
	if err != nil {
		log.Fatal(err)
	}
	text, err := recommend.FitTFIDF(ctx, d.Items.IDs(), recommend.TFIDFOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fused, err := hybrid.NewRRF([]hybrid.Weighted{{Model: knn}, {Model: text}}, hybrid.RRFOptions{})
	if err != nil {
		log.Fatal(err)
	}
	similar, err := fused.AppendSimilar(nil, d.Items.Of("teapot"), 2)
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range similar {
		fmt.Printf("%s %.4f\n", d.Items.ID(s.Item), s.Score)
	}
	// Output:
	// green tea 0.0164
	// cups 0.0161
}

func ExampleBorda() {
	d, knn, popular := hybridParts()
	m, err := hybrid.NewBorda([]hybrid.Weighted{{Model: knn}, {Model: popular}}, hybrid.BordaOptions{})
	first(d, m, err)
	// Output: cups 0.90
}

// How two models are made comparable before their scores are added.
func ExampleNormalization() {
	d, a, b := hybridParts()
	for _, how := range []hybrid.Normalization{hybrid.MinMax, hybrid.ZScore, hybrid.RankShare} {
		m, err := hybrid.NewBlend([]hybrid.Weighted{{Model: a, Weight: 1}, {Model: b, Weight: 1}}, hybrid.BlendOptions{Normalize: how})
		first(d, m, err)
	}
	// Output:
	// cups 0.50
	// cups 0.17
	// cups 0.69
}

func ExampleCascade() {
	d, knn, popular := hybridParts()
	m, err := hybrid.NewCascade(popular, knn, hybrid.CascadeOptions{Depth: 4})
	first(d, m, err)
	// Output: cups 0.09
}

func ExampleSwitch() {
	d, knn, popular := hybridParts()
	m, err := hybrid.NewSwitch(func(q recommend.Query) int {
		if len(q.Items) < 2 {
			return 1 // too little to go by
		}
		return 0
	}, knn, popular)
	first(d, m, err)
	// Output: cups 0.09
}

func ExampleStack() {
	d, knn, popular := hybridParts()
	s, err := hybrid.NewStack([]recommend.Source{{Name: "knn", Model: knn}, {Name: "popular", Model: popular}}, hybrid.StackOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(s.Names())
	// A model trained on StackFeatures would say how much each feature counts.
	m, err := s.Model(func(f []float64) float64 { return 2*f[1] + f[4] })
	first(d, m, err)
	// Output:
	// [knn.score knn.rank knn.knows popular.score popular.rank popular.knows]
	// cups 3.00
}

// Rows to learn a ranking from: candidates of two models, labelled by what was held
// out from both. Any learner of package predict takes them.
func ExampleStackFeatures() {
	fit := func(ctx context.Context, train *recommend.Interactions) ([]recommend.Source, error) {
		knn, err := recommend.FitItemKNN(ctx, train, recommend.ItemKNNOptions{Similarity: recommend.Cosine})
		if err != nil {
			return nil, err
		}
		popular, err := recommend.FitPopular(ctx, train, recommend.PopularOptions{})
		return []recommend.Source{{Name: "knn", Model: knn}, {Name: "popular", Model: popular}}, err
	}
	x, ctx := teaShop().Interactions, context.Background()
	var rows *hybrid.StackRows
	rows, err := hybrid.StackFeatures(ctx, x, 3, 1, fit, hybrid.StackOptions{Depth: 3})
	if err != nil {
		panic(err)
	}
	taken := 0
	for _, label := range rows.Labels {
		if label {
			taken++
		}
	}
	fmt.Println(rows.Names)
	fmt.Println(len(rows.Features), "rows,", taken, "taken")

	// The same features for somebody to serve.
	sources, err := fit(ctx, x)
	if err != nil {
		panic(err)
	}
	s, err := hybrid.NewStack(sources, hybrid.StackOptions{Depth: 3})
	if err != nil {
		panic(err)
	}
	var candidates []hybrid.Candidate
	candidates, err = s.Candidates(x.Query(0), recommend.Filter{Items: x.Query(0).Items})
	fmt.Println(len(candidates), len(candidates[0].Features), err)
	// Output:
	// [knn.score knn.rank knn.knows popular.score popular.rank popular.knows]
	// 35 rows, 9 taken
	// 3 6 <nil>
}
