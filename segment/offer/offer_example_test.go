package offer_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/aislekit/aisle/segment/offer"
)

// A checkout: the best combination of offers, what each line costs, why, and what to say to a
// customer who is just short of the next step.
func Example() {
	book, err := offer.New[string]([]offer.Offer[string]{
		{ID: "full", Every: 30000, Off: 4000, Priority: 1},
		{ID: "welcome", Percent: 10, Most: 2000, First: true, Group: "code"},
		{ID: "tea", Off: 500, Categories: []string{"tea"}, Codes: map[string]int64{"TEA5": 1}, Group: "code"},
		{ID: "member day", Times: 2, Tiers: []string{"gold"}, MonthDays: []int{18}},
	}, offer.Options{Currency: "CNY", Points: offer.PointsOptions{Per: 100}})
	if err != nil {
		log.Fatal(err)
	}
	order := offer.Order[string, string]{
		User: "ann", At: time.Date(2026, 11, 18, 20, 0, 0, 0, time.UTC), Currency: "CNY", First: true, Tier: "gold",
		Lines: []offer.Line[string]{
			{Item: "oolong", Categories: []string{"tea"}, Quantity: 2, Price: 8900},
			{Item: "pot", Quantity: 1, Price: 39900},
		},
	}
	var ledger offer.Ledger[string]
	quote, err := book.Price(&order, &ledger)
	if err != nil {
		log.Fatal(err)
	}
	for _, v := range quote.Verdicts {
		fmt.Println(v)
	}
	for i, l := range quote.Lines {
		fmt.Println(order.Lines[i].Item, l.List, "less", l.Discount, "is", l.Net)
	}
	fmt.Println("to pay", quote.Net, "points", quote.PointsEarned, "best", quote.Exact)
	back, err := quote.Return(0, 0, 1) // one of the two packets comes back
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("back", back.Money)
	hints, err := book.Hints(&order, &ledger)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(hints[0])
	// Output:
	// "full" takes 40.00 CNY off.
	// "tea" needs a code that works.
	// "welcome" takes 20.00 CNY off.
	// "member day" gives 517 points more.
	// oolong 17800 less 1851 is 15949
	// pot 39900 less 4149 is 35751
	// to pay 51700 points 1034 best true
	// back 7974
	// 23.00 CNY more to save 40.00 CNY
}

// A till holds the money of a budget while the customer pays.
func ExampleTill() {
	book, err := offer.New[string]([]offer.Offer[string]{
		{ID: "tiers", Steps: []offer.Step{{From: 3000, Off: 400}, {From: 6000, Off: 1000}}, Budget: 1500},
	}, offer.Options{Currency: "EUR"})
	if err != nil {
		log.Fatal(err)
	}
	till, err := offer.NewTill[string](book, nil)
	if err != nil {
		log.Fatal(err)
	}
	order := offer.Order[string, string]{User: "ann", At: time.Unix(1e9, 0), Currency: "EUR", Lines: []offer.Line[string]{{Item: "pot", Quantity: 1, Price: 6500}}}
	var first, second offer.Reservation
	if first, err = till.Reserve(&order); err == nil {
		second, err = till.Reserve(&order)
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(first.Quote.Discount, second.Quote.Discount, second.Quote.Verdicts[0])
	var entries []offer.Redemption[string]
	if entries, err = till.Commit(first.ID); err == nil {
		err = till.Release(second.ID)
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(entries[0].Offer, entries[0].Discount, till.Open())
	var sums offer.LedgerResult = till.Ledger().Result()
	for _, total := range sums.Offers {
		var t offer.OfferTotal = total
		fmt.Println(t.Offer, t.Redemptions, t.Discount)
	}
	// Output:
	// 1000 0 "tiers" has not enough of its budget left.
	// tiers 1000 0
	// tiers 1 1000
}

// Who should get which offer: rows of expected value and cost, for any solver.
func ExampleBook_Propose() {
	book, err := offer.New[string]([]offer.Offer[string]{
		{ID: "ten off", Off: 1000, Group: "november"},
		{ID: "a fifth off", Percent: 20, Group: "november", Priority: 1},
	}, offer.Options{Currency: "EUR"})
	if err != nil {
		log.Fatal(err)
	}
	usual := offer.Order[string, string]{User: "ann", At: time.Unix(1e9, 0), Currency: "EUR", Lines: []offer.Line[string]{{Item: "pot", Quantity: 1, Price: 8000, Cost: 3000}}}
	rows, err := book.Propose(context.Background(), []offer.Prospect[string, string]{{Order: usual, Base: .10, With: []float64{.16, .18}}}, nil)
	if err != nil {
		log.Fatal(err)
	}
	for r := range rows.User {
		fmt.Printf("user %d offer %d value %.0f cost %d\n", rows.User[r], rows.Offer[r], rows.Value[r], rows.Cost[r])
	}
	kept, err := book.Settle(rows, []int{0, 1}) // both chosen by two campaigns
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("kept", kept)
	e, err := offer.Response{Base: .10, With: .16, Margin: 5000, Discount: 1000}.Expect()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("cost %.0f gain %.0f break-even %.3f\n", e.Cost, e.Gain, e.BreakEven)
	// Output:
	// user 0 offer 0 value 140 cost 1000
	// user 0 offer 1 value 112 cost 1600
	// kept [1]
	// cost 160 gain 140 break-even 0.125
}

// The customer of a bad record is a field of the error, not a part of its text.
func ExampleFieldError() {
	var ledger offer.Ledger[string]
	err := ledger.Add(offer.Redemption[string]{User: "ann", Offer: "full", At: time.Unix(1e9, 0), Discount: -5})
	fmt.Println(err)
	var at *offer.FieldError
	if errors.As(err, &at) {
		fmt.Println(at.Field, at.ID, at.Value)
	}
	// Output:
	// offer: Ledger.Add: Discount: below 0: value out of range
	// Discount ann -5
}
