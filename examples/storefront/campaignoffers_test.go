package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/segment/offer"
)

// madeUpOffers is customers with baskets and chances to buy, and three offers of one group.
func madeUpOffers(t *testing.T, n int, budget int64, seed uint64) *granted {
	t.Helper()
	at := time.Date(2026, 11, 11, 0, 0, 0, 0, time.UTC)
	g := &granted{Currency: "CNY", Budget: budget, Offers: []offer.Offer[string]{
		{ID: "coupon", Off: 1_000, Group: "g", Campaign: "c", HoldOut: .2, Contact: 60},
		{ID: "percent", Percent: 15, Group: "g", Campaign: "c", HoldOut: .2, Contact: 60},
		{ID: "full", Every: 6_000, Off: 900, Group: "g", Campaign: "c", HoldOut: .2, Contact: 60},
	}}
	var err error
	if g.Book, err = offer.New[string](g.Offers, offer.Options{Currency: "CNY", Budget: budget}); err != nil {
		t.Fatal(err)
	}
	r := rng.New(seed, 0, 0)
	for i := range n {
		price := int64(3_000 + r.Intn(12_000))
		p := offer.Prospect[string, string]{Base: .2 * r.Float64()}
		p.Order = offer.Order[string, string]{User: fmt.Sprint("u", i), At: at, Currency: "CNY", Lines: []offer.Line[string]{{Item: "i", Quantity: 1, Price: price, Cost: price * 6 / 10}}}
		for range g.Offers {
			p.With = append(p.With, p.Base+.3*r.Float64())
		}
		g.Prospects = append(g.Prospects, p)
	}
	if err := g.assign(context.Background()); err != nil {
		t.Fatal(err)
	}
	return g
}

// Offers are assigned by uplift times margin as no other plan within the budget can, one a
// customer, and none to who is held out.
func TestAssignedOffers(t *testing.T) {
	short := 0
	for seed := range uint64(20) {
		g := madeUpOffers(t, 7, 2_500, seed)
		// All plans: for each customer one of the rows, or none.
		best := 0.0
		var try func(user int32, left int64, value float64)
		try = func(user int32, left int64, value float64) {
			if best = max(best, value); user == 7 {
				return
			}
			try(user+1, left, value)
			for r := range g.Rows.User {
				if g.Rows.User[r] == user && g.Rows.Cost[r] <= left {
					try(user+1, left-g.Rows.Cost[r], value+g.Rows.Value[r])
				}
			}
		}
		try(0, g.Budget, 0)
		if math.Abs(g.Value-best) > 1e-6 || g.Used > g.Budget {
			t.Errorf("seed %d: value %v, best %v, %d of a budget of %d", seed, g.Value, best, g.Used, g.Budget)
		}
		if best > 0 && g.Used > 1_500 {
			short++
		}
	}
	if short < 10 {
		t.Errorf("the budget was short in %d of 20 cases only", short)
	}
	g := madeUpOffers(t, 2_000, 300_000, 99)
	users := make(map[int32]bool)
	for _, r := range g.Kept {
		u := g.Rows.User[r]
		out, err := g.Book.HeldOut(g.Prospects[u].Order.User, "coupon")
		if err != nil || out || users[u] || g.Rows.Value[r] <= 0 {
			t.Fatalf("user %d: held out %v, twice %v, value %v, %v", u, out, users[u], g.Rows.Value[r], err)
		}
		users[u] = true
	}
	if g.Used > g.Budget || g.Used < g.Budget*9/10 || g.Gap > .01 || len(g.Kept) == 0 {
		t.Errorf("%d of a budget of %d, gap %v", g.Used, g.Budget, g.Gap)
	}
	// Two campaigns that both chose: the one of higher priority keeps the customer.
	second, err := offer.New[string]([]offer.Offer[string]{{ID: "vip", Off: 500, Priority: 1, Excludes: []string{"mass"}}, {ID: "mass", Off: 300}}, offer.Options{Currency: "CNY"})
	if err != nil {
		t.Fatal(err)
	}
	kept, err := second.Settle(&offer.Candidates{User: []int32{0, 0, 1}, Offer: []int32{1, 0, 1}, Value: []float64{9, 5, 7}}, []int{0, 1, 2})
	if err != nil || !slices.Equal(kept, []int{1, 2}) {
		t.Errorf("%v, %v", kept, err)
	}
}

// checkGranted asks of the offers of the simulated shop that they keep to their budget and
// hold-out, and are worth more than the best single offer for everybody.
func checkGranted(t *testing.T, r *results) {
	t.Helper()
	g := r.granted
	if g == nil || len(g.Kept) == 0 {
		t.Fatal("nobody gets an offer")
	}
	if g.Used > g.Budget || g.Value <= 0 || g.HeldOut == 0 || len(g.Kept)+g.HeldOut > len(g.Prospects) || g.Gap > .02 {
		t.Errorf("%d given, %d held out of %d; %d of a budget of %d, value %v, gap %v", len(g.Kept), g.HeldOut, len(g.Prospects), g.Used, g.Budget, g.Value, g.Gap)
	}
	if g.Value < g.Everybody {
		t.Errorf("the plan is worth %v, one offer for everybody %v", g.Value, g.Everybody)
	}
	for _, row := range g.Kept {
		if p := &g.Prospects[g.Rows.User[row]]; p.With[g.Rows.Offer[row]] <= p.Base {
			t.Errorf("%s gets an offer that does nothing", p.Order.User)
		}
	}
}
