package recommend_test

import (
	"context"
	"fmt"
	"log"

	"github.com/aislekit/aisle/recommend"
)

func ExampleEngine_SetItemStock() {
	e := teaEngine()
	e.SetItemStock("cups", false) // the last one was sold
	recs, err := e.Similar(nil, "espresso", recommend.Request[string, string]{K: 2, Reasons: 1})
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range recs {
		fmt.Printf("%d %s, because of %s\n", r.Rank, r.Item, r.Reasons[0].Item)
	}
	// Output:
	// 1 grinder, because of espresso
}

func ExampleEngine_SimilarUsers() {
	d := teaShop()
	knn, err := recommend.FitUserKNN(context.Background(), d.Interactions, recommend.UserKNNOptions{})
	if err != nil {
		log.Fatal(err)
	}
	e, err := recommend.NewEngine(d, recommend.EngineOptions{Sources: []recommend.Source{{Name: "people", Model: knn}}})
	if err != nil {
		log.Fatal(err)
	}
	near, err := e.SimilarUsers(nil, "ann", 1, func(user string) bool { return user != "admin" })
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range near {
		fmt.Println(r.Item)
	}
	// Output:
	// bob
}

func ExampleCursor() {
	e := teaEngine()
	var cursor recommend.Cursor // goes to the browser and comes back
	for page := 1; page <= 2; page++ {
		recs, err := e.Recommend(nil, recommend.Request[string, string]{User: "ann", K: 2, Cursor: &cursor})
		if err != nil {
			log.Fatal(err)
		}
		for _, r := range recs {
			fmt.Printf("page %d: %d %s\n", page, r.Rank, r.Item)
		}
	}
	// Output:
	// page 1: 1 cups
	// page 1: 2 espresso
	// page 2: 3 grinder
}
