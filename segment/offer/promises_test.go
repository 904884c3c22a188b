package offer_test

import (
	"context"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment/offer"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// shelf is a book of every kind of offer.
func shelf() *book {
	return bookOf(
		offer.Options{Zone: time.UTC, Budget: 1 << 40, PerOrder: 9, Nodes: 1_000, Seed: 1, Points: offer.PointsOptions{Per: 10, Lot: 10, Worth: 5, MaxShare: 50, Days: 30}},
		anOffer{ID: "code", Off: 70, Codes: codeTable{"ONE": 5}}, anOffer{ID: "full", Every: 300, Off: 40, MinSpend: 100}, anOffer{ID: "percent", Percent: 5, Group: "g", HoldOut: .1},
		anOffer{ID: "tiers", Steps: []offer.Step{{From: 10_000, Off: 500}}}, anOffer{ID: "points", Times: 2},
	)
}

func basketOf() *order {
	o := cart(400, 900)
	o.Points, o.Codes, o.Segments, o.Tier, o.Channel = 20, []string{"ONE"}, []string{"new"}, "gold", "web"
	for i := range o.Lines {
		o.Lines[i].Categories, o.Lines[i].Brand, o.Lines[i].Cost = []string{"tea"}, "acme", 100
	}
	return o
}

func TestPromises(t *testing.T) {
	reserved := func() *till {
		x := promised(offer.NewTill(shelf(), booked()))
		promised(x.Reserve(basketOf()))
		return x
	}
	id := promised(promised(offer.NewTill(shelf(), booked())).Reserve(basketOf())).ID // the same in any till
	full := anOffer{
		ID: "x", Off: 10, Every: 100, Most: 50, Items: []string{"a"}, Categories: []string{"tea"}, Brands: []string{"acme"}, MinSpend: 5, First: true, Segments: []string{"new"},
		Tiers: []string{"gold"}, Channels: []string{"web"}, From: noon, Until: noon.Add(time.Hour), Weekdays: []time.Weekday{1}, MonthDays: []int{1, -1}, Dates: []time.Time{noon},
		Codes: codeTable{"ONE": 1}, PerCustomer: 1, Uses: 9, Budget: 1_000, HoldOut: .2, Campaign: "c", Group: "g", Excludes: []string{"c"}, Priority: 1, Contact: 3,
	}
	testkit.Promises{
		Funcs: map[string]any{"New": offer.New[string, string], "NewTill": offer.NewTill[string, string]},
		Types: []func() any{
			func() any { return shelf() },
			func() any { return promised(shelf().Price(basketOf(), booked())) },
			func() any { return booked() },
			func() any { return reserved() },
			func() any { return &offer.Response{Base: .1, With: .2, Margin: 300, Discount: 50, Contact: 2} },
			func() any { return &promised(bookOf(offer.Options{}, full).Price(cart(10), nil)).Verdicts[0] },
			func() any {
				return &promised(bookOf(offer.Options{}, anOffer{ID: "full", Every: 300, Off: 40}).Hints(cart(290), nil))[0]
			},
		},
		Zero: []string{"Ledger", "Response", "Verdict", "Hint"},
		Args: map[string]func() []any{
			"New": func() []any {
				return []any{[]anOffer{full, {ID: "y", Percent: 5}, {ID: "z", Steps: []offer.Step{{From: 10, Off: 5}}}, {ID: "t", Times: 2}, {ID: "e", Off: 1, Each: true}}, offer.Options{
					Currency: "EUR", Zone: time.UTC, Budget: 100, PerOrder: 2, Nodes: 50, Seed: 1, Points: offer.PointsOptions{Per: 10, Lot: 10, Worth: 5, MaxShare: 50, Days: 30},
				}}
			},
			"NewTill":      func() []any { return []any{shelf(), booked()} },
			"Book.HeldOut": func() []any { return []any{"ann", "percent"} },
			"Book.Hints":   func() []any { return []any{basketOf(), booked()} },
			"Book.Price":   func() []any { return []any{basketOf(), booked()} },
			"Book.Propose": func() []any {
				return []any{context.Background(), []prospect{{Order: *basketOf(), Base: .1, With: []float64{.2, .2, .2, .2, .2}}}, booked()}
			},
			"Book.Settle": func() []any {
				c := &offer.Candidates{User: []int32{0, 0}, Offer: []int32{0, 1}, Value: []float64{1, 2}, Cost: []int64{1, 1}, Expected: []float64{1, 1}}
				return []any{c, []int{0, 1}}
			},
			"Quote.Return": func() []any { return []any{0, int64(0), int64(1)} },
			"Ledger.Add": func() []any {
				return []any{redeemed{User: "ann", Offer: "x", Code: "A", At: noon, Discount: 5, Used: 1, Earned: 1, Expires: noon.Add(time.Hour)}}
			},
			"Ledger.Balance": func() []any { return []any{"ann", noon} },
			"Ledger.Forget":  func() []any { return []any{"ann"} },
			"Ledger.Merge":   func() []any { return []any{booked()} },
			"Till.Add": func() []any {
				return []any{redeemed{User: "ann", Offer: "full", At: noon, Discount: 5, Used: 1, Earned: 1, Expires: noon.Add(time.Hour), Refund: true}}
			},
			"Till.Commit":  func() []any { return []any{id} },
			"Till.Release": func() []any { return []any{id} },
			"Till.Expire":  func() []any { return []any{noon.Add(time.Hour)} },
			"Till.Forget":  func() []any { return []any{"ann"} },
			"Till.Price":   func() []any { return []any{basketOf()} },
			"Till.Reserve": func() []any { return []any{basketOf()} },
		},
		NaN: map[string]string{
			"Response.Expect": "BreakEven is NaN where no chance is enough",
		},
	}.Check(t)
}
