package privacy_test

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/aislekit/aisle/profile/privacy"
)

func ExampleSums() {
	buyers, err := privacy.NewSums[string](privacy.SumsOptions{Keys: []string{"north", "south"}, Max: 1})
	if err != nil {
		panic(err)
	}
	for _, u := range []string{"anna", "bert", "anna", "anna"} {
		if err := buyers.Add(u, "north", 1); err != nil {
			panic(err)
		}
	}
	var budget *privacy.Budget
	if budget, err = privacy.NewBudget(privacy.BudgetOptions{Epsilon: 1}); err != nil {
		panic(err)
	}
	told, err := buyers.Release(budget, "buyers by region", privacy.Cost{Epsilon: .75}, nil)
	if err != nil {
		panic(err)
	}
	var entries []privacy.Expense = budget.Entries()
	fmt.Println(buyers.Keys(), len(told), budget.Remaining().Epsilon, entries[0].Query)
	_, err = buyers.Release(budget, "again", privacy.Cost{Epsilon: .75}, nil)
	fmt.Println(err)
	// Output:
	// [north south] 2 0.25 buyers by region
	// privacy: Budget.Release: costs 0.75 of 0.25 left: privacy budget exceeded
}

func ExampleNewLaplace() {
	var n *privacy.Noise
	n, err := privacy.NewLaplace(1, .5)
	if err != nil {
		panic(err)
	}
	g, err := privacy.NewGaussian(1, .125)
	if err != nil {
		panic(err)
	}
	e, err := privacy.EpsilonOf(.125, 1e-6)
	fmt.Printf("%.4f %.4f %.4f %v\n", n.Variance(), g.Variance(), e, err)
	// Output: 7.8354 4.0000 2.4191 <nil>
}

func ExamplePseudonyms() {
	old := privacy.Key{ID: "2025", Secret: bytes.Repeat([]byte{1}, 32)} // take random ones
	young := privacy.Key{ID: "2026", Secret: bytes.Repeat([]byte{2}, 32)}
	before, err := privacy.NewPseudonyms("agency", old)
	if err != nil {
		panic(err)
	}
	var p *privacy.Pseudonyms
	if p, err = privacy.NewPseudonyms("agency", old, young); err != nil {
		panic(err)
	}
	stored, _ := before.Of("anna")
	moved, err := p.Rotate(stored)
	fresh, _ := p.Of("anna")
	fmt.Println(moved[:5], moved == fresh, err)
	// Output: 2026. true <nil>
}

func ExampleFieldError() {
	s, err := privacy.NewSums[string](privacy.SumsOptions{Keys: []string{"north"}, Max: 1})
	if err != nil {
		panic(err)
	}
	err = s.Add("anna", "east", 1)
	var f *privacy.FieldError
	fmt.Println(err, errors.As(err, &f), f.ID, f.Value)
	// Output: privacy: Sums.Add: key: unknown id true anna east
}
