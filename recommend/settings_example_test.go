package recommend_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/aislekit/aisle/recommend"
)

// A choice between named settings is a loop like any other.
func ExampleSimilarity() {
	d, ctx := purchases(), context.Background()
	for _, similarity := range []recommend.Similarity{recommend.Cosine, recommend.Jaccard, recommend.LogLikelihood} {
		for _, weighting := range []recommend.Weighting{recommend.Unweighted, recommend.BM25} {
			m, err := recommend.FitItemKNN(ctx, d.Interactions, recommend.ItemKNNOptions{Similarity: similarity, Weighting: weighting})
			if err != nil {
				panic(err)
			}
			near, err := m.AppendSimilar(nil, d.Items.Of("saw"), 1)
			if err != nil {
				panic(err)
			}
			fmt.Print(d.Items.ID(near[0].Item), " ")
		}
	}
	fmt.Println()
	// Output: hammer hammer hammer hammer hammer hammer
}

// The same objective by three solvers: exact, by conjugate gradients, and by blocks
// of factors for long vectors.
func ExampleSolver() {
	d := purchases()
	x := d.Interactions
	for _, solver := range []recommend.Solver{recommend.CG, recommend.Cholesky, recommend.Subspace} {
		m, err := recommend.FitALS(context.Background(), x, recommend.ALSOptions{Factors: 2, Iterations: 30, Solver: solver})
		if err != nil {
			panic(err)
		}
		top, err := recommend.NewRanker(m).AppendTop(nil, x.Query(0), 1, recommend.Filter{Items: x.Query(0).Items})
		fmt.Println(d.Items.ID(top[0].Item), err)
	}
	// Output:
	// hammer <nil>
	// hammer <nil>
	// hammer <nil>
}

// Clicks, lists or stars: what a factorisation machine is to learn.
func ExampleFMTask() {
	x := stars().Interactions
	for _, task := range []recommend.FMTask{recommend.FMRanking, recommend.FMClicks, recommend.FMRatings} {
		m, err := recommend.FitFM(context.Background(), x, recommend.FMOptions{Task: task, Factors: 2, Epochs: 5, Seed: 1})
		if err != nil {
			panic(err)
		}
		fmt.Println(m.Meaning())
	}
	// Output:
	// log-odds-like preference, comparable within one user only
	// log-odds of a click, comparable within one user only
	// expected rating before it is cut to the scale
}

// S-KNN as published counts every event of the running session alike.
func ExamplePositionWeighting() {
	d, s := visits()
	for _, position := range []recommend.PositionWeighting{recommend.ExponentialPositions, recommend.EvenPositions} {
		m, err := recommend.FitSessionKNN(context.Background(), s, recommend.SessionKNNOptions{Position: position})
		if err != nil {
			panic(err)
		}
		q := recommend.Query{User: recommend.Stranger, Items: []int32{d.Items.Of("tent"), d.Items.Of("lamp")}}
		top, err := recommend.NewRanker(m).AppendTop(nil, q, 1, recommend.Filter{Items: q.Items})
		if err != nil {
			panic(err)
		}
		fmt.Println(d.Items.ID(top[0].Item))
	}
	// Output:
	// mat
	// mat
}

// Codes are no words: a tokenizer of one's own keeps them whole.
func ExampleTokenizer() {
	var codes recommend.Tokenizer = func(dst []string, text string) []string {
		return append(dst, strings.Fields(strings.ToLower(text))...)
	}
	m, err := recommend.FitTFIDF(context.Background(), []string{"AB-12/x screw", "AB-13/x screw", "CD-1 nut"}, recommend.TFIDFOptions{Tokenizer: codes})
	if err != nil {
		panic(err)
	}
	top, err := m.AppendSearch(nil, "ab-13/X", 1, recommend.Filter{})
	fmt.Println(top[0].Item, m.Terms(), err)
	// Output: 1 [ab-12/x ab-13/x cd-1 nut screw] <nil>
}

// Ware, or what nobody has described yet, for gifts. Of live events 20 of each user are
// kept, and 2000 in all.
func ExampleAnyOf() {
	d, catalogue := potShop()
	e, err := recommend.NewEngine(d, recommend.EngineOptions{
		Catalogue: catalogue,
		Live:      recommend.LiveOptions{PerUser: 20, Total: 2000},
	})
	if err != nil {
		panic(err)
	}
	gifts := recommend.AnyOf(recommend.Is("kind", "ware"), recommend.Not(recommend.Is("kind")))
	got, err := e.Recommend(nil, recommend.Request[int, string]{User: 1, K: 2, Where: &gifts, Seen: recommend.KeepSeen})
	for _, r := range got {
		fmt.Println(r.Item)
	}
	fmt.Println(err)
	// Output:
	// pot
	// cup
	// <nil>
}
