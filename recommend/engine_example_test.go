package recommend_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/aislekit/aisle/recommend"
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

func teaEngine() *recommend.Engine[string, string] {
	d := teaShop()
	knn, err := recommend.FitItemKNN(context.Background(), d.Interactions, recommend.ItemKNNOptions{})
	if err != nil {
		log.Fatal(err)
	}
	e, err := recommend.NewEngine(d, recommend.EngineOptions{Sources: []recommend.Source{{Name: "neighbours", Model: knn}}})
	if err != nil {
		log.Fatal(err)
	}
	return e
}

func ExampleEngine() {
	e := teaEngine()
	recs, err := e.Recommend(nil, recommend.Request[string, string]{User: "ann", K: 3, Reasons: 1})
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range recs {
		fmt.Printf("%d %s by %s", r.Rank, r.Item, r.Source)
		for _, b := range r.Reasons {
			fmt.Printf(", because of %s", b.Item)
		}
		fmt.Println()
	}
	// Output:
	// 1 cups by neighbours, because of teapot
	// 2 espresso by popular
	// 3 grinder by popular
}

func ExampleEngine_Similar() {
	e := teaEngine()
	recs, err := e.Similar(nil, "espresso", recommend.Request[string, string]{K: 2})
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range recs {
		fmt.Printf("%s %.2f\n", r.Item, r.Score)
	}
	// Output:
	// grinder 0.03
	// cups 0.02
}

func ExampleRequest() {
	e := teaEngine()
	inStock, _ := e.Dataset().ItemSet("green tea", "cups", "grinder")
	var info recommend.Info
	ask := func(what string, r recommend.Request[string, string]) {
		r.Info = &info
		recs, err := e.Recommend(nil, r)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Print(what, ":")
		for _, x := range recs {
			fmt.Print(" ", x.Item)
		}
		fmt.Println(info.Why)
	}
	ask("visitor with a basket", recommend.Request[string, string]{
		Anonymous: true, K: 2, History: []recommend.Event[string]{{Item: "espresso"}},
	})
	ask("only what is in stock", recommend.Request[string, string]{User: "ann", K: 5, Allow: inStock})
	ask("tea again after a month", recommend.Request[string, string]{
		User: "ann", K: 5, Allow: inStock,
		Seen: recommend.Repurchase, Interval: 30 * 24 * time.Hour, AsOf: time.Date(2026, 4, 15, 0, 0, 0, 0, time.UTC),
	})
	ask("contradiction", recommend.Request[string, string]{User: "ann", K: 5, Allow: inStock, Deny: inStock})
	// Output:
	// visitor with a basket: grinder cups
	// only what is in stock: cups grinder
	// tea again after a month: green tea cups grinder
	// contradiction:every allowed item is denied
}

func ExampleFitTFIDF() {
	titles := []string{
		"Green tea from Hangzhou, 250 g",
		"Black tea from Assam, 250 g",
		"Cast iron teapot for green tea",
		"不锈钢保温杯",
		"保温杯 500ml",
	}
	m, err := recommend.FitTFIDF(context.Background(), titles, recommend.TFIDFOptions{})
	if err != nil {
		log.Fatal(err)
	}
	similar, err := m.AppendSimilar(nil, 3, 1)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("like", titles[3]+":", titles[similar[0].Item])
	found, err := m.AppendSearch(nil, "iron TEAPOT", 1, recommend.Filter{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("found:", titles[found[0].Item])
	// A product that came after the fit, for somebody who bought the first title.
	s, err := m.ScoreText(recommend.Query{User: recommend.Stranger, Items: []int32{0}}, "Green tea from Uji")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("new tea: %.2f\n", s)
	// Output:
	// like 不锈钢保温杯: 保温杯 500ml
	// found: Cast iron teapot for green tea
	// new tea: 0.66
}

func ExampleWords() {
	fmt.Printf("%q\n", recommend.Words(nil, "ＵＳＢ-C 数据线 2m"))
	// Output: ["usb" "c" "数据" "据线" "2m"]
}
