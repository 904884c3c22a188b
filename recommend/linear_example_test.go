package recommend_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/aislekit/aisle/recommend"
)

// best prints what m would show to a newcomer who bought tea.
func best(d *recommend.Dataset[int, SKU], m recommend.Model, err error) {
	if err != nil {
		panic(err)
	}
	q := recommend.Query{User: recommend.Stranger, Items: []int32{d.Items.Of("tea")}}
	top, err := recommend.NewRanker(m).AppendTop(nil, q, 1, recommend.Filter{Items: q.Items})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%s %.2f\n", d.Items.ID(top[0].Item), top[0].Score)
}

func ExampleFitUserKNN() {
	d := purchases()
	m, err := recommend.FitUserKNN(context.Background(), d.Interactions, recommend.UserKNNOptions{Neighbors: 2})
	best(d, m, err)
	// The customers behind it:
	q := recommend.Query{User: recommend.Stranger, Items: []int32{d.Items.Of("tea")}}
	near, err := m.AppendNeighbors(nil, q, 2)
	if err != nil {
		panic(err)
	}
	for _, n := range near {
		fmt.Printf("customer %d %.2f\n", d.Users.ID(n.User), n.Score)
	}
	// Output:
	// honey 0.71
	// customer 2 0.71
	// customer 3 0.71
}

func ExampleFitRP3Beta() {
	d := purchases()
	m, err := recommend.FitRP3Beta(context.Background(), d.Interactions, recommend.RP3BetaOptions{Alpha: 1, Beta: -1})
	best(d, m, err)
	// Output: honey 0.28
}

func ExampleFitTurboCF() {
	d := purchases()
	m, err := recommend.FitTurboCF(context.Background(), d.Interactions, recommend.TurboCFOptions{})
	best(d, m, err)
	// Output: honey 0.42
}

func ExampleFitEASE() {
	d := purchases()
	m, err := recommend.FitEASE(context.Background(), d.Interactions, recommend.EASEOptions{L2: 1})
	best(d, m, err)
	// A large catalogue is refused before any memory is taken.
	_, err = recommend.FitEASE(context.Background(), d.Interactions, recommend.EASEOptions{MemoryLimit: 1000})
	fmt.Println(errors.Is(err, recommend.ErrTooLarge), recommend.EASEMemory(100_000)>>30, "GiB")
	// Output:
	// honey 0.50
	// true 37 GiB
}

func ExampleFitPureSVD() {
	d := purchases()
	m, err := recommend.FitPureSVD(context.Background(), d.Interactions, recommend.PureSVDOptions{Factors: 2})
	best(d, m, err)
	similar, err := m.AppendSimilar(nil, d.Items.Of("nails"), 1)
	if err != nil {
		panic(err)
	}
	fmt.Printf("who likes nails likes the %s\n", d.Items.ID(similar[0].Item))
	// Output:
	// honey 0.35
	// who likes nails likes the hammer
}

func ExampleFitGFCF() {
	d := purchases()
	m, err := recommend.FitGFCF(context.Background(), d.Interactions, recommend.GFCFOptions{Factors: 2})
	best(d, m, err)
	// Output: honey 0.51
}

func ExampleFitBSPM() {
	d := purchases()
	m, err := recommend.FitBSPM(context.Background(), d.Interactions, recommend.BSPMOptions{Factors: 2})
	best(d, m, err)
	// Output: honey 0.13
}

func ExampleFitSparseEASE() {
	d := purchases()
	m, err := recommend.FitSparseEASE(context.Background(), d.Interactions, recommend.SparseEASEOptions{L2: 1, Neighbors: 3})
	best(d, m, err)
	// Output: honey 0.50
}

func ExampleFitSLIM() {
	d := purchases()
	m, err := recommend.FitSLIM(context.Background(), d.Interactions, recommend.SLIMOptions{L1: 0.1, L2: 1})
	best(d, m, err)
	// Output: honey 0.47
}

func ExampleFitNMF() {
	d := purchases()
	m, err := recommend.FitNMF(context.Background(), d.Interactions, recommend.NMFOptions{Factors: 2, L2: 0.1})
	best(d, m, err)
	// Two interests: what is large in one is small in the other.
	for _, name := range []SKU{"tea", "hammer"} {
		v := m.ItemVector(int(d.Items.Of(name)))
		fmt.Printf("%s %.1f %.1f\n", name, v[0], v[1])
	}
	// Output:
	// honey 0.34
	// tea 1.1 0.0
	// hammer 0.0 1.1
}

func ExampleInteractions_BeyondPopularity() {
	rows := make([][]int32, 200) // two tastes
	for u := range rows {
		for k := range int32(6) {
			rows[u] = append(rows[u], int32(u%2)*10+(k+int32(u/2))%10)
		}
	}
	x, err := recommend.InteractionsFromRows(20, rows)
	if err != nil {
		panic(err)
	}
	share, margin, err := x.BeyondPopularity()
	fmt.Println(share-margin > 0.9, err)
	// Output: true <nil>
}
