package recommend_test

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/aislekit/aisle/recommend"
)

// A restart: what was written is read, and the events since are observed again.
func ExampleReadEngine() {
	b, err := recommend.NewBuilder[string, string](recommend.BuilderOptions{})
	if err != nil {
		panic(err)
	}
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	for k, user := range []string{"ann", "bob", "cid"} {
		_ = b.AddAt(user, "tea", 1, at.Add(time.Duration(k)*time.Minute))
		_ = b.AddAt(user, "milk", 1, at.Add(time.Duration(k)*time.Minute))
	}
	d, err := b.Build()
	if err != nil {
		panic(err)
	}
	m, err := recommend.FitItemKNN(context.Background(), d.Interactions, recommend.ItemKNNOptions{})
	if err != nil {
		panic(err)
	}
	engine, err := recommend.NewEngine(d, recommend.EngineOptions{Sources: []recommend.Source{{Name: "knn", Model: m}}})
	if err != nil {
		panic(err)
	}
	var file bytes.Buffer
	if _, err := engine.WriteTo(&file); err != nil {
		panic(err)
	}

	again, err := recommend.ReadEngine[string, string](&file, recommend.EngineOptions{})
	if err != nil {
		panic(err)
	}
	_ = again.Observe(recommend.Observation[string, string]{User: "dan", Item: "tea", At: at.AddDate(0, 0, 1)})
	top, err := again.Recommend(nil, recommend.Request[string, string]{User: "dan", K: 1})
	if err != nil {
		panic(err)
	}
	fmt.Println(top[0].Item, top[0].Source)
	// Output: milk knn
}

// Events of one instant are told apart by a sequence number; repeats are kept.
func ExampleInteractions_Sequences() {
	b, err := recommend.NewBuilder[string, string](recommend.BuilderOptions{})
	if err != nil {
		panic(err)
	}
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	for seq, item := range []string{"tea", "milk", "tea"} {
		_ = b.AddSeq("ann", item, 1, at, int64(seq))
	}
	d, err := b.Build()
	if err != nil {
		panic(err)
	}
	s, err := d.Interactions.Sequences()
	if err != nil {
		panic(err)
	}
	for _, i := range s.Sequence(0) {
		fmt.Print(d.Items.ID(i), " ")
	}
	fmt.Println(d.Interactions.Len())
	// Output: tea milk tea 2
}
