package online_test

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/aislekit/aisle/predict/online"
)

// A server learns from the stream of clicks on one goroutine, and answers on many.
func Example() {
	type click struct {
		user, ad string
		price    float64
		clicked  bool
	}
	space, err := online.NewSpace(online.SpaceOptions{
		Namespaces: []string{"user", "ad"},
		Crosses:    [][2]string{{"user", "ad"}},
	})
	if err != nil {
		panic(err)
	}
	m, err := online.NewFTRL(space, online.FTRLOptions{})
	if err != nil {
		panic(err)
	}
	fill := func(row *online.Row, c click) {
		row.Reset()
		row.Add("user", c.user, 1)
		row.Add("ad", c.ad, 1)
		row.Add("ad", "price", c.price)
	}

	// the learner
	var live atomic.Pointer[online.Snapshot]
	row := space.Row()
	for n := range 4000 {
		c := click{user: []string{"ann", "bob"}[n%2], ad: []string{"tea", "nails"}[n/2%2], price: 3}
		c.clicked = (c.user == "ann") == (c.ad == "tea") // Ann likes tea, Bob nails
		y := 0.0
		if c.clicked {
			y = 1
		}
		fill(row, c)
		if _, err := m.Learn(row, y, 1); err != nil {
			panic(err)
		}
		if n%1000 == 999 {
			live.Store(m.Snapshot())
		}
	}
	p := m.Progressive()
	fmt.Printf("%d examples, loss %.2f, of the mean rate %.2f, calibration %.2f\n", p.Examples, p.Mean(), p.Base(online.Logistic), p.Calibration())

	// a request, on any goroutine, with a row of its own
	asked := space.Row()
	for _, ad := range []string{"tea", "nails"} {
		fill(asked, click{user: "ann", ad: ad, price: 3})
		q, err := live.Load().Predict(asked)
		fmt.Printf("Ann, %s: %.2f %v\n", ad, q, err)
	}
	// Output:
	// 4000 examples, loss 0.15, of the mean rate 0.69, calibration 1.00
	// Ann, tea: 0.94 <nil>
	// Ann, nails: 0.06 <nil>
}

func ExampleNewSpace() {
	s, err := online.NewSpace(online.SpaceOptions{Bits: 20, Namespaces: []string{"user", "ad"}})
	if err != nil {
		panic(err)
	}
	at, err := s.Place("user", "u17")
	fmt.Println(at, err)
	_, err = s.Place("site", "news")
	fmt.Println(err)
	// Output:
	// 749405 <nil>
	// online: Space.Place: namespace "site": value out of range
}

func ExampleSpaceOptions() {
	_, err := online.NewSpace(online.SpaceOptions{Bits: 40, Crosses: [][2]string{{"user", "ad"}}})
	fmt.Println(err)
	// Output:
	// online: NewSpace: Bits is 40, want in [1, 28]: invalid option
	// Crosses[0] is ["user" "ad"], want two of Namespaces: invalid option
}

// What is wrong with a row is told by whatever reads it.
func ExampleRow() {
	var s *online.Space = get(online.NewSpace(online.SpaceOptions{Namespaces: []string{"user"}}))
	var row *online.Row = s.Row()
	row.Add("nobody", "u17", 1)
	_, err := get(online.NewFTRL(s, online.FTRLOptions{})).Predict(row)
	fmt.Println(err)
	// Output: online: FTRL.Predict: online: Row.Add: namespace "nobody": value out of range
}

// The state of a weight, after the steps that the paper's algorithm takes.
func ExampleNewFTRL() {
	s := get(online.NewSpace(online.SpaceOptions{Bits: 4}))
	var m *online.FTRL = get(online.NewFTRL(s, online.FTRLOptions{Alpha: .1, Beta: 1, L1: 1, L2: 1, NoIntercept: true}))
	row := s.Row()
	row.Add("", "x", 1)
	for range 4 {
		if _, err := m.Learn(row, 1, 1); err != nil {
			panic(err)
		}
	}
	w, z, n, err := m.Weight("", "x")
	fmt.Printf("%.6f %.6f %.6f %v\n", w, z, n, err)
	// Output: 0.048974 -2.026910 0.993683 <nil>
}

// Several passes over stored rows, until a part that is held out gets no better.
func ExampleFit() {
	s := get(online.NewSpace(online.SpaceOptions{Bits: 8, Namespaces: []string{"user", "ad"}}))
	var train, valid online.Rows
	row := s.Row()
	for n := range 400 {
		user, ad := n%5, n*n%7%5
		y := 0.0
		if (user+ad)%2 == 0 {
			y = 1
		}
		row.Reset()
		row.Add("user", fmt.Sprint(user), 1)
		row.Add("ad", fmt.Sprint(ad), 1)
		rows := &train
		if n%4 == 3 {
			rows = &valid
		}
		if err := rows.Add(row, y, 1); err != nil {
			panic(err)
		}
	}
	ctx := context.Background()
	var best online.Learner
	for _, m := range []online.Learner{
		get(online.NewFTRL(s, online.FTRLOptions{Loss: online.Logistic})),
		get(online.NewFM(s, online.FMOptions{Rate: .2})),
		get(online.NewFieldFM(s, online.FMOptions{Normalize: true})),
	} {
		told, err := online.Fit(ctx, m, &train, &valid, online.FitOptions{Epochs: 50, Progress: func(p online.Progress) {}})
		if err != nil {
			panic(err)
		}
		fmt.Printf("%T: below .3: %v\n", m, told[len(told)-1].Valid < .3)
		best = m
	}
	var told online.Progressive = best.Progressive()
	fmt.Println(told.Examples > 0)
	var fm *online.FM
	var field *online.FieldFM
	var loss online.Loss = online.Squared
	_, _, err := fm.Space(), field.Space(), loss
	fmt.Println(err == online.Squared)
	// Output:
	// *online.FTRL: below .3: false
	// *online.FM: below .3: true
	// *online.FieldFM: below .3: true
	// true
	// true
}
