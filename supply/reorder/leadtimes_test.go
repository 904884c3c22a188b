package reorder_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply/reorder"
)

func TestFitLead(t *testing.T) {
	at := func(at, quantity float64) reorder.Consignment { return reorder.Consignment{At: at, Quantity: quantity} }
	orders := []reorder.PurchaseOrder{
		{Ordered: 0, Quantity: 10, Arrivals: []reorder.Consignment{at(4, 10)}},
		{Ordered: 1, Quantity: 10, Arrivals: []reorder.Consignment{at(9, 4), at(3, 6)}}, // split, given backwards
		{Ordered: 2, Quantity: 10, Arrivals: []reorder.Consignment{at(5, 12)}},          // overtakes the rest of the second
		{Ordered: 6, Quantity: 10}, // open for 4
		{Ordered: 7, Quantity: 10, Arrivals: []reorder.Consignment{at(8, 9)}}, // the tenth is missing
	}
	r, err := reorder.FitLead(orders, reorder.LeadOptions{AsOf: 10})
	if err != nil {
		t.Fatal(err)
	}
	// By hand: 3 (one of 5, of which one is censored at 3 as well, after it), then 4 (one of 3, one more censored), then 8 alone.
	if r.Orders != 5 || r.Open != 2 || r.Split != 1 || r.Crossed != 1 || r.Beyond != 0 {
		t.Errorf("%+v", r)
	}
	testkit.Near(t, "3", r.Law.CDF(3), .2, 1e-12)
	testkit.Near(t, "4", r.Law.CDF(4), 1-.8*2/3, 1e-12)
	testkit.Near(t, "8", r.Law.CDF(8), 1, 1e-12)
	first, err := reorder.FitLead(orders, reorder.LeadOptions{AsOf: 10, Share: .5})
	if err != nil || first.Open != 1 || math.Abs(first.Law.CDF(3)-.6) > 1e-12 { // 4, 2, 3 and 1 periods, one open
		t.Errorf("%+v, %v (%v)", first, first.Law.CDF(3), err)
	}
	// Permuted orders are the same supplier.
	orders[0], orders[3] = orders[3], orders[0]
	if again, err := reorder.FitLead(orders, reorder.LeadOptions{AsOf: 10}); err != nil || again.Law.CDF(4) != r.Law.CDF(4) || again.Crossed != r.Crossed || again.Law.Mean() != r.Law.Mean() {
		t.Errorf("%+v, permuted %+v (%v)", r, again, err)
	}
}

// Planted lead times come back although a third of the orders is open; without these they would seem short.
func TestFitLeadCensored(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var orders, done []reorder.PurchaseOrder
	for i := range 6000 {
		o := reorder.PurchaseOrder{Ordered: float64(i%10) + 1, Quantity: 1}
		if at := o.Ordered + float64(2+rng.IntN(7)); at <= 12 { // 2 to 8 periods, all the same
			o.Arrivals = []reorder.Consignment{{At: at, Quantity: 1}}
			done = append(done, o)
		}
		orders = append(orders, o)
	}
	r, err := reorder.FitLead(orders, reorder.LeadOptions{AsOf: 12})
	if err != nil {
		t.Fatal(err)
	}
	naive, err := reorder.FitLead(done, reorder.LeadOptions{AsOf: 12})
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "mean", r.Law.Mean(), 5, .1)
	if naive.Law.Mean() > 4.7 || float64(r.Open) < .2*float64(r.Orders) {
		t.Errorf("without the open orders %v; %d of %d open", naive.Law.Mean(), r.Open, r.Orders)
	}
	// And is what demand over the lead time is summed by.
	d, err := reorder.DemandOver([]reorder.Distribution{law(t)(reorder.PoissonDemand(3))}, r.Law)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "demand", d.Mean(), 3*r.Law.Mean(), 1e-9)
}

func TestFitLeadBadInput(t *testing.T) {
	nan := math.NaN()
	good := reorder.PurchaseOrder{Ordered: 1, Quantity: 5, Arrivals: []reorder.Consignment{{At: 3, Quantity: 5}}}
	for name, c := range map[string]struct {
		change func(*reorder.PurchaseOrder)
		opt    reorder.LeadOptions
		want   error
	}{
		"never delivered":       {func(o *reorder.PurchaseOrder) { o.Arrivals = nil }, reorder.LeadOptions{AsOf: 9}, reorder.ErrUndefined},
		"as of NaN":             {func(*reorder.PurchaseOrder) {}, reorder.LeadOptions{AsOf: nan}, reorder.ErrOption},
		"share above 1":         {func(*reorder.PurchaseOrder) {}, reorder.LeadOptions{AsOf: 9, Share: 2}, reorder.ErrOption},
		"ordered NaN":           {func(o *reorder.PurchaseOrder) { o.Ordered = nan }, reorder.LeadOptions{AsOf: 9}, reorder.ErrNotFinite},
		"ordered tomorrow":      {func(o *reorder.PurchaseOrder) { o.Ordered = 10 }, reorder.LeadOptions{AsOf: 9}, reorder.ErrRange},
		"quantity 0":            {func(o *reorder.PurchaseOrder) { o.Quantity = 0 }, reorder.LeadOptions{AsOf: 9}, reorder.ErrRange},
		"quantity NaN":          {func(o *reorder.PurchaseOrder) { o.Quantity = nan }, reorder.LeadOptions{AsOf: 9}, reorder.ErrNotFinite},
		"before it was ordered": {func(o *reorder.PurchaseOrder) { o.Arrivals[0].At = 0 }, reorder.LeadOptions{AsOf: 9}, reorder.ErrRange},
		"arrives tomorrow":      {func(o *reorder.PurchaseOrder) { o.Arrivals[0].At = 10 }, reorder.LeadOptions{AsOf: 9}, reorder.ErrRange},
		"arrives at NaN":        {func(o *reorder.PurchaseOrder) { o.Arrivals[0].At = nan }, reorder.LeadOptions{AsOf: 9}, reorder.ErrNotFinite},
		"nothing arrives":       {func(o *reorder.PurchaseOrder) { o.Arrivals[0].Quantity = 0 }, reorder.LeadOptions{AsOf: 9}, reorder.ErrRange},
	} {
		o := good
		o.Arrivals = []reorder.Consignment{good.Arrivals[0]}
		c.change(&o)
		if r, err := reorder.FitLead([]reorder.PurchaseOrder{o}, c.opt); !errors.Is(err, c.want) || r != (reorder.LeadResult{}) {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
	if _, err := reorder.FitLead(nil, reorder.LeadOptions{}); !errors.Is(err, reorder.ErrEmpty) {
		t.Error(err)
	}
}
