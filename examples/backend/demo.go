package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/aislekit/aisle/examples/backend/shop"
	"github.com/aislekit/aisle/examples/backend/store"
	simulated "github.com/aislekit/aisle/internal/shop"
)

// demo fills an empty shop with what a simulated one logged, moved so that it ends now,
// with a few entries of the FAQ, offers, ads and an experiment.
func demo(ctx context.Context, s *shop.Shop, users int, log *slog.Logger) error {
	if s.Status().Items > 0 {
		return nil
	}
	sim, err := simulated.Simulate(simulated.Config{Users: users, Items: 120, Days: 120, Categories: 8, Seed: 1, Tight: .1})
	if err != nil {
		return err
	}
	shift := time.Now().Truncate(time.Second).Sub(sim.End)
	left := map[string]simulated.StockDay{}
	for _, d := range sim.Stock {
		left[d.SKU] = d
	}

	items := make([]store.Item, len(sim.Items))
	for i, x := range sim.Items {

		d := left[x.SKU]
		items[i] = store.Item{ID: x.SKU, Title: x.Title, Category: x.Category, Price: x.Price, Cost: x.Cost, Stock: int64(d.OnHand), OnOrder: int64(d.OnOrder), LeadDays: 7}
	}
	events := demoEvents(sim, shift)
	// Orders take from the stock as they come: what is left in the end is put in after them.
	if err := s.PutItems(ctx, items); err != nil {
		return err
	}
	for part := range slices.Chunk(events, 500) {
		fates, err := s.Record(ctx, part)
		if err != nil {
			return err
		}
		for i, f := range fates {
			if f != store.Stored && f != store.Repeated {
				return fmt.Errorf("demo: event %s: %s", part[i].ID, f)
			}
		}
	}
	if err := s.PutItems(ctx, items); err != nil {
		return err
	}
	if err := demoRest(ctx, s, items); err != nil {
		return err
	}
	_, err = s.Refit(ctx)
	log.Info("demo", "customers", users, "items", len(items), "events", len(events))
	return err
}

// demoEvents are looks, carts, orders and returns, by time.
func demoEvents(sim *simulated.Shop, shift time.Duration) (events []shop.Event) {
	for _, e := range sim.Events {
		if kind := string(e.Kind); kind == "view" || kind == "cart" {
			events = append(events, shop.Event{ID: fmt.Sprint("event-", e.ID), Customer: e.User, Item: e.SKU, Kind: kind, At: e.Time.Add(shift), Quantity: 1, Session: fmt.Sprint(e.Session)})
		}
	}
	who := map[string]string{}
	for _, o := range sim.Orders {
		who[o.ID] = o.User
		for i, l := range o.Lines {
			events = append(events, shop.Event{ID: fmt.Sprint(o.ID, "-", i), Customer: o.User, Item: l.SKU, Kind: store.KindOrder, At: o.Time.Add(shift), Quantity: int64(l.Quantity), Amount: l.Total(), Purchase: o.ID})
		}
	}
	for _, r := range sim.Refunds {
		if at := r.Time.Add(shift); at.Before(sim.End.Add(shift)) {
			events = append(events, shop.Event{ID: r.ID, Customer: who[r.Order], Item: r.SKU, Kind: "return", At: at, Quantity: int64(max(1, r.Quantity)), Amount: r.Amount, Purchase: r.Order})
		}
	}
	slices.SortFunc(events, func(a, b shop.Event) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	return events
}

// demoRest puts in what the simulated shop does not log.
func demoRest(ctx context.Context, s *shop.Shop, items []store.Item) error {
	if err := s.PutQuestions(ctx, []store.Question{
		{ID: "where", Question: "Where is my order?", Answer: "Under Orders you find the parcel and when it will come."},
		{ID: "return", Question: "How do I send something back?", Answer: "Within 30 days, with the label in the parcel. The money comes back the day we have it."},
		{ID: "pay", Question: "How can I pay?", Answer: "By card, by bank transfer, or on delivery."},
		{ID: "size", Question: "Which size fits me?", Answer: "Every product page has a table of sizes."},
		{ID: "late", Question: "My parcel is late. What now?", Answer: "After three days we send another one, free of charge."},
	}); err != nil {
		return err
	}
	if err := s.PutOffers(ctx, []store.Offer{
		{ID: "try", Title: "10 % off your next order", Stock: 100, Cost: 300},
		{ID: "new", Title: "Half price: " + items[0].Title, Item: items[0].ID, Stock: 20, Cost: items[0].Price / 2},
	}); err != nil {
		return err
	}
	if err := s.PutAds(ctx, []shop.Ad{
		{ID: "ad-1", Advertiser: "first", Title: "New this spring", Bid: 40, Budget: 50_000, PerDay: 3}, {ID: "ad-2", Advertiser: "second", Title: "Back in stock", Bid: 25},
	}); err != nil {
		return err
	}
	return s.StartExperiment(ctx, "varied-home", []store.Arm{{Name: "usual", Weight: 1, Policy: "usual"}, {Name: "varied", Weight: 1, Policy: "varied"}})
}
