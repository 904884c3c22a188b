package profile_test

import (
	"context"
	"fmt"
	"time"

	"github.com/aislekit/aisle/profile"
)

// The page of a customer, with what other packages say of him.
func ExampleIndividual_Text() {
	log, asOf := night()
	log.Users[0].BirthYear, log.Users[0].Region, log.Users[0].Source = 1990, "north", "crm"
	b, err := profile.NewBuilder[string, string](profile.BuilderOptions{AsOf: asOf})
	if err != nil {
		panic(err)
	}
	if err := b.AddAll(log); err != nil {
		panic(err)
	}
	p, err := b.Individual("ann")
	if err != nil {
		panic(err)
	}
	p.Assessed = []profile.Trait{
		{Field: "stage", Value: "active", At: asOf, Source: "segment.Lifecycle"},
		{Field: "buys in 30 days", Value: "62 %", At: asOf, Source: "predict.Logistic"},
	}
	fmt.Print(p.Text())
	fmt.Println(b.Facts("ann")[1].Value)
	// Output:
	// Profile
	//   as of          2024-06-01
	// Basic
	//   registered     2024-03-03  [records]
	//   birth_year     1990  [crm, 2024-03-03]
	//   region         north  [crm, 2024-03-03]
	// Behaviour
	//   first seen     2024-04-12  [records]
	//   last seen      2024-05-31  [records]
	//   view           2  [events]
	//   cart           1  [events]
	// Consumption
	//   orders         2, 3 pieces  [orders]
	//   paid           120.00 EUR  [orders]
	//   refunded       15.00 EUR  [refunds]
	//   first order    2024-05-24  [records]
	//   last order     2024-05-30  [records]
	// Interests
	//   term           lamp, 50 %  [events and orders]
	//   term           red, 50 %  [events and orders]
	//   channel        app, 100 %  [events and orders]
	// Assessment
	//   stage          active  [segment.Lifecycle, 2024-06-01]
	//   buys in 30 days 62 %  [predict.Logistic, 2024-06-01]
	// north
}

// Features of each label's moment, and the same columns later.
func ExampleJoinLabels() {
	log, asOf := night()
	labels := []profile.Label[string]{
		{User: "ann", AsOf: asOf.AddDate(0, 0, -7), Value: 1},
		{User: "ann", AsOf: asOf, Value: 0},
	}
	training, err := profile.JoinLabels(context.Background(), log, labels, profile.JoinOptions{Table: profile.TableOptions{Columns: []string{"orders", "paid", "view_30d"}}})
	if err != nil {
		panic(err)
	}
	fmt.Println(training.Rows)

	b, err := profile.NewBuilder[string, string](profile.BuilderOptions{AsOf: asOf.AddDate(0, 0, 7)})
	if err != nil {
		panic(err)
	}
	if err := b.AddAll(log); err != nil {
		panic(err)
	}
	t, err := b.Table(profile.TableOptions{Schema: training.Schema})
	if err != nil {
		panic(err)
	}
	var schema *profile.Schema = t.Schema
	fmt.Println(schema.Names(), t.Rows[0])
	// Output:
	// [[1 3000 0] [2 12000 1]]
	// [orders paid view_30d] [2 12000 1]
}

func ExampleItem() {
	boot := profile.Item[string]{
		ID: "boot-7", Path: []string{"shoes", "boots"}, Brand: "acme", Price: 8900, Currency: "EUR",
		From: time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC),
	}
	fmt.Println(boot.Category(), boot.Band([]int64{5000, 10000}), boot.Listed(boot.From), boot.Validate())
	var _ profile.Training[string]
	// Output: boots 1 true <nil>
}
