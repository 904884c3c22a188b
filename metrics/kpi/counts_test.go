package kpi

import (
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
	"pgregory.net/rapid"
)

func TestCountsMerge(t *testing.T) {
	testkit.Laws[*Counts]{
		Empty: func() *Counts { return &Counts{} },
		Add: func(t *rapid.T) func(*Counts) {
			var d Counts
			for _, f := range d.fields() {
				*f = rapid.Int64Range(0, 1e9).Draw(t, "field")
			}
			d.GrossMargin -= 5e8
			return func(c *Counts) {
				if err := c.Add(d); err != nil {
					t.Fatal(err)
				}
			}
		},
		Merge: func(a, b *Counts) error { return a.Merge(b) },
		Result: func(c *Counts) []float64 {
			var out []float64
			for _, f := range c.fields() {
				out = append(out, float64(*f))
			}
			return out
		},
	}.Check(t)
}

func TestCounts(t *testing.T) {
	var c Counts
	for range 2 {
		if err := c.Add(Counts{
			Impressions: 10_000, Reach: 4000, Clicks: 500, Sessions: 450, Bounces: 90, Visitors: 400, Registrations: 40, Carts: 100,
			CartOrders: 25, Orders: 25, Buyers: 20, NewCustomers: 8, Units: 60, Revenue: 250_000, Refunds: 20_000, Discounts: 5_000,
			GrossMargin: 90_000, Cost: 50_000, CouponsIssued: 1000, CouponsUsed: 30, Engagements: 700, Followers: 7000,
		}); err != nil {
			t.Fatal(err)
		}
	}
	for name, x := range map[string]struct {
		r    metrics.Ratio
		want float64
	}{
		"CTR": {c.CTR(), .05}, "CVR": {c.CVR(), .05}, "CTCVR": {c.CTCVR(), .0025}, "purchase": {c.PurchaseConversion(), .05},
		"registration": {c.RegistrationConversion(), .1}, "AOV": {c.AOV(), 10_000}, "net AOV": {c.NetAOV(), 9000}, "ARPU": {c.ARPU(), 625},
		"ARPPU": {c.ARPPU(), 12_500}, "orders per buyer": {c.OrdersPerBuyer(), 1.25}, "units": {c.UnitsPerOrder(), 2.4},
		"refunds": {c.RefundRate(), .08}, "CPC": {c.CPC(), 100}, "CPA": {c.CPA(), 2000}, "CPL": {c.CPL(), 1250}, "CAC": {c.CAC(), 6250},
		"ROAS": {c.ROAS(), 5}, "net ROAS": {c.NetROAS(), 4.5}, "ROI": {c.ROI(), .8}, "bounce": {c.BounceRate(), .2},
		"abandonment": {c.CartAbandonment(), .75}, "coupons": {c.CouponRedemption(), .03}, "frequency": {c.Frequency(), 2.5},
		"by reach": {c.EngagementByReach(), .175}, "by followers": {c.EngagementByFollowers(), .1},
	} {
		v, err := x.r.Value()
		if err != nil {
			t.Fatal(err)
		}
		testkit.Near(t, name, v, x.want, 1e-12)
	}
	cpm, err := c.CPM()
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "CPM", cpm, 5000, 1e-9)
	if r := c.CTR(); r.Num() != 1000 || r.Den() != 20_000 {
		t.Errorf("CTR is %v", r)
	}
	x, err := metrics.NewRatio(1, 3).Smoothed(2, 94)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "smoothed", x, 3.0/99, 1e-15)
	// CTCVR is the product of its steps.
	testkit.Near(t, "CTR·CVR", c.CTR().Float()*c.CVR().Float(), c.CTCVR().Float(), 1e-15)
	if len(c.Warnings()) != 0 {
		t.Error(c.Warnings())
	}
	bad := Counts{Impressions: 1, Clicks: 2, Orders: 3, Revenue: 5, Refunds: 4, Discounts: 2}
	if w := bad.Warnings(); !slices.Equal(w, []metrics.Warning{WarnClicksExceed, WarnOrdersExceed, WarnRefundsExceed}) {
		t.Error(w)
	}
}
