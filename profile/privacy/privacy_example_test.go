package privacy_test

import (
	"bytes"
	"context"
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
	var old, young privacy.Key
	old, err := privacy.NewKey("2025", bytes.Repeat([]byte{1}, 32)) // take random ones
	if err != nil {
		panic(err)
	}
	if young, err = privacy.NewKey("2026", bytes.Repeat([]byte{2}, 32)); err != nil {
		panic(err)
	}
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
	fmt.Println(moved[:5], moved == fresh, young.ID(), err)
	// Output: 2026. true 2026 <nil>
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

func ExampleAnonymize() {
	var hierarchies []*privacy.Hierarchy
	for _, of := range []func() (*privacy.Hierarchy, error){
		func() (*privacy.Hierarchy, error) { return privacy.NewRanges(0, 10, 20) },
		func() (*privacy.Hierarchy, error) {
			return privacy.NewTree(map[string]string{"hats": "fashion", "shoes": "fashion", "pears": "food"})
		},
		func() (*privacy.Hierarchy, error) { return privacy.NewPrefixes(false, 2) },
	} {
		h, err := of()
		if err != nil {
			panic(err)
		}
		hierarchies = append(hierarchies, h)
	}
	hierarchies = append(hierarchies, privacy.NewDates())
	rows := [][]string{
		{"23", "hats", "1001", "2026-01-03"},
		{"27", "shoes", "1002", "2026-01-09"},
		{"31", "hats", "1002", "2026-01-20"},
		{"38", "shoes", "1001", "2026-01-31"},
		{"64", "pears", "7001", "2026-05-02"},
	}
	var table *privacy.Anonymized
	table, err := privacy.Anonymize(context.Background(), rows, privacy.AnonymizeOptions{K: 2, MaxSuppressed: 1, Hierarchies: hierarchies})
	if err != nil {
		panic(err)
	}
	fmt.Println(table.Rows[0], table.Suppressed, table.K, table.Discernibility)
	var a privacy.Assessment
	a, err = privacy.Assess(table.Rows[:4], []string{"yes", "no", "yes", "yes"})
	fmt.Println(a.Distinct, a.Closeness, privacy.ByDiscernibility == privacy.Loss(0), err)
	// Two values of what is sensitive in each class, in shares at most .2 from those of all.
	table, err = privacy.Anonymize(context.Background(), rows, privacy.AnonymizeOptions{
		K: 2, MaxSuppressed: 1, Hierarchies: hierarchies, Sensitive: []string{"yes", "no", "yes", "yes", "no"}, MinDistinct: 2, MinEntropy: 1.5, MaxCloseness: .2,
	})
	fmt.Printf("%s %d %d %.2f %.2f %v\n", table.Rows[0], table.Classes, table.Distinct, table.Entropy, table.Closeness, err)
	// Output:
	// [[20, 30) fashion 10** 2026-01] [4] 2 13
	// 1 0.25 true <nil>
	// [[20, 40) fashion 10** 2026-01] 1 2 1.75 0.15 <nil>
}

func ExampleRedactor() {
	type customer struct {
		Name   string `privacy:"drop"`
		Mail   string `privacy:"redact" json:"mail"`
		Born   string `privacy:"generalize=day,2" json:"born"`
		Points int    `json:"points"`
	}
	var r *privacy.Redactor
	r, err := privacy.NewRedactor(privacy.RedactorOptions{Hierarchies: map[string]*privacy.Hierarchy{"day": privacy.NewDates()}})
	if err != nil {
		panic(err)
	}
	out, err := r.JSON(customer{"Anna", "anna@shop.example", "1984-05-06", 7})
	fmt.Println(string(out), err)
	// Output: {"mail":"[redacted]","born":"1984","points":7} <nil>
}

func ExamplePlaces() {
	hash, err := privacy.Geohash(52.52, 13.405, 5)
	if err != nil {
		panic(err)
	}
	told, err := privacy.Places([]privacy.Place[string]{{User: "anna", Lat: 52.52, Lon: 13.405}, {User: "bert", Lat: 52.49, Lon: 13.39}, {User: "carla", Lat: 48, Lon: 11}},
		privacy.PlacesOptions{MinAudience: 2})
	fmt.Printf("%s %q %v\n", hash, told, err)
	// Output: u33dc ["u33d" "u33d" ""] <nil>
}
