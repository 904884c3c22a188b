package profile_test

import (
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/aislekit/aisle/profile"
)

func TestIndividual(t *testing.T) {
	b := newBuilder(t, profile.BuilderOptions{})
	at := func(days int) time.Time { return cut.Add(-time.Duration(days) * day) }
	feed(t, b, []record{
		{order: &order{ID: "1", User: "ann", At: at(40), Currency: "EUR", Lines: []line{{Item: 1, Category: "x", Quantity: 2, Price: 100}}}},
		{order: &order{ID: "2", User: "ann", At: at(10), Currency: "EUR", Lines: []line{{Item: 2, Brand: "y", Quantity: 1, Price: 250}}}},
		{refund: &refund{ID: "r", OrderID: "2", User: "ann", At: at(9), Currency: "EUR", Amount: 70}},
		{event: &event{User: "ann", Kind: profile.Rate, At: at(8), Rating: 4, Dwell: 2 * time.Second}},
		{event: &event{User: "bob", Kind: profile.Rate, At: at(3), Rating: 1}},
		{user: &user{ID: "bob", Registered: at(90)}},
		{refund: &refund{ID: "s", OrderID: "9", User: "bob", At: at(1), Currency: "EUR", Amount: 5}},
	})
	ann, err := b.Individual("ann")
	if err != nil {
		t.Fatal(err)
	}
	if ann.Users != 1 || ann.Orders != 2 || ann.Units != 3 || ann.Paid != 450 || ann.Refunded != 70 || ann.Currency != "EUR" {
		t.Errorf("sums %+v", ann)
	}
	if !ann.Registered.IsZero() || !ann.FirstSeen.Equal(at(40)) || !ann.LastSeen.Equal(at(8)) || !ann.FirstOrder.Equal(at(40)) || !ann.LastOrder.Equal(at(10)) {
		t.Errorf("times %+v", ann)
	}
	if ann.DwellMean != 2 || ann.RatingMean != 4 || !math.IsNaN(ann.SentimentMean) || fmt.Sprint(ann.Events) != "map[rate:1]" {
		t.Errorf("means %+v", ann)
	}
	if len(ann.Affinities) != 2 || ann.Affinities[0].Label != "x" || ann.Affinities[1].Dimension != profile.Brand || ann.Affinities[1].Share != 1 {
		t.Errorf("affinities %+v", ann.Affinities)
	}
	all, err := b.Population()
	if err != nil {
		t.Fatal(err)
	}
	if all.Users != 2 || all.Orders != 2 || all.Paid != 450 || all.Refunded != 75 || all.RatingMean != 2.5 || !all.Registered.Equal(at(90)) || !all.LastSeen.Equal(at(1)) {
		t.Errorf("population %+v", all)
	}
	if _, err := newBuilder(t, profile.BuilderOptions{}).Population(); !errors.Is(err, profile.ErrEmpty) {
		t.Errorf("population of nobody: %v", err)
	}
}

func TestRFM(t *testing.T) {
	b := newBuilder(t, profile.BuilderOptions{})
	if _, err := b.RFM(); !errors.Is(err, profile.ErrEmpty) {
		t.Errorf("no orders: %v", err)
	}
	for i, days := range []int{40, 12} {
		feed(t, b, []record{{order: &order{ID: fmt.Sprint(i), User: "ann", At: cut.Add(-time.Duration(days) * day), Currency: "EUR", Lines: []line{{Item: 1, Quantity: 2, Price: 950}}}}})
	}
	feed(t, b, []record{
		{event: &event{User: "bob", Kind: profile.View, At: cut.Add(-day)}},
		{refund: &refund{ID: "r", OrderID: "0", User: "ann", At: cut.Add(-day), Currency: "EUR", Amount: 4000}},
	})
	rows, err := b.RFM()
	if err != nil || len(rows) != 1 {
		t.Fatalf("%+v, %v", rows, err)
	}
	if r := rows[0]; r.User != "ann" || r.Recency != 12 || r.Frequency != 2 || r.Monetary != -200 || !r.First.Equal(cut.Add(-40*day)) || !r.Last.Equal(cut.Add(-12*day)) {
		t.Errorf("%+v", r)
	}
}
