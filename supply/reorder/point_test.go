package reorder_test

import (
	"errors"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply/reorder"
)

func TestPoint(t *testing.T) {
	base := reorder.PointOptions{Mean: 10, SD: 3, Lead: 4}
	r, err := reorder.Point(base)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "default service", r.CycleService, 0.95, 1e-12)
	testkit.Near(t, "Point", r.Point, 40+1.6448536269514722*6, 1e-9)

	// Review left out means the same here and in Plan: the stock is watched all the
	// time. A point that covers a period of review as well is higher.
	if p, err := reorder.Plan([]reorder.Stock[int]{{ID: 1, Forecast: []float64{10}, SD: 3, Lead: 4}}, reorder.PlanOptions{}); err != nil ||
		p.Lines()[0].Point != r.Point {
		t.Errorf("without a review Point gives %v, Plan %+v (%v)", r.Point, p, err)
	}
	testkit.Near(t, "watched all the time", r.Point, 49.87, 5e-3)
	weekly := base
	weekly.Review = 1
	w, err := reorder.Point(weekly)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "reviewed once a period", w.Point, 61.03, 5e-3)
	if p, err := reorder.Plan([]reorder.Stock[int]{{ID: 1, Forecast: []float64{10}, SD: 3, Lead: 4}}, reorder.PlanOptions{Review: 1}); err != nil ||
		p.Lines()[0].Point != w.Point {
		t.Errorf("with a review of 1 Point gives %v, Plan %+v (%v)", w.Point, p, err)
	}

	half := base
	half.CycleService = 0.5
	if r, err = reorder.Point(half); err != nil || math.Abs(r.SafetyStock) > 1e-9 {
		t.Errorf("safety stock at service ½ is %v (%v)", r.SafetyStock, err)
	}
	reviewed := base
	reviewed.Review = 5
	if r, err = reorder.Point(reviewed); err != nil || r.LeadDemand != 90 || r.LeadSD != 9 {
		t.Errorf("with review: %+v (%v)", r, err)
	}
	certain, err := reorder.Point(reorder.PointOptions{Mean: 10, Lead: 4})
	if err != nil || certain.Point != 40 || certain.SafetyStock != 0 {
		t.Errorf("certain demand: %+v (%v)", certain, err)
	}
	none, err := reorder.Point(reorder.PointOptions{Lead: 4, Law: reorder.Poisson})
	if err != nil || none.Point != 0 {
		t.Errorf("no demand: %+v (%v)", none, err)
	}
	counted, err := reorder.Point(reorder.PointOptions{Mean: 1.5, Lead: 4, Law: reorder.Poisson, CycleService: 0.9})
	if err != nil || counted.Point != 9 { // F(8) = .847, F(9) = .916 at mean 6
		t.Errorf("Poisson: %+v (%v)", counted, err)
	}
	seen, err := reorder.EmpiricalDemand([]float64{4, 0, 9, 5, 5, 2, 7, 3, 6, 20})
	if err != nil {
		t.Fatal(err)
	}
	e, err := reorder.Point(reorder.PointOptions{LeadDemand: seen, CycleService: 0.9})
	if err != nil || e.Point != 9 || e.CycleService != 0.9 {
		t.Errorf("empirical: %+v (%v)", e, err)
	}

	// A fill rate is met exactly, and is not the cycle service level.
	f, err := reorder.Point(reorder.PointOptions{Mean: 100, SD: 30, Lead: 4, FillRate: 0.98, Quantity: 300})
	if err != nil {
		t.Fatal(err)
	}
	lead, err := reorder.NormalDemand(400, 60)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "fill rate", reorder.FillRate(lead, f.Point, 300), 0.98, 1e-9)
	testkit.Near(t, "cycle service", reorder.CycleService(lead, f.Point), f.CycleService, 1e-12)
	if f.CycleService > 0.93 || f.CycleService < 0.5 {
		t.Errorf("cycle service is %v at fill rate .98", f.CycleService)
	}
	testkit.Near(t, "risk", reorder.StockOutRisk(lead, f.Point), 1-f.CycleService, 1e-12)
	if !math.IsNaN(reorder.FillRate(lead, 1, 0)) || reorder.FillRate(lead, 0, 1) != 0 {
		t.Error("fill rate at the ends")
	}
}

func TestBadInput(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	good := reorder.PointOptions{Mean: 10, SD: 3, Lead: 4}
	point := func(change func(*reorder.PointOptions)) error {
		o := good
		change(&o)
		r, err := reorder.Point(o)
		if err != nil && r != (reorder.PointResult{}) {
			t.Error("a result beside an error")
		}
		return err
	}
	lot := func(change func(*reorder.LotOptions)) error {
		o := reorder.LotOptions{Demand: 10, OrderCost: 3, HoldingCost: 4}
		change(&o)
		_, err := reorder.EOQ(o)
		return err
	}
	discount := func(bs ...reorder.Break) error {
		_, err := reorder.EOQDiscount(reorder.DiscountOptions{Demand: 10, OrderCost: 3, HoldingRate: 4, Breaks: bs})
		return err
	}
	policy := func(change func(*reorder.PolicyOptions)) error {
		o := reorder.PolicyOptions{Demand: 10, SD: 2, Lead: 1, OrderCost: 3, HoldingCost: 4, BackorderCost: 5}
		change(&o)
		_, err := reorder.BestPolicy(o)
		return err
	}
	dist := func(_ reorder.Distribution, err error) error { return err }
	for _, c := range []struct {
		name string
		err  error
		want error
	}{
		{"mean", point(func(o *reorder.PointOptions) { o.Mean = -1 }), reorder.ErrOption},
		{"mean NaN", point(func(o *reorder.PointOptions) { o.Mean = nan }), reorder.ErrOption},
		{"sd", point(func(o *reorder.PointOptions) { o.SD = inf }), reorder.ErrOption},
		{"lead 0", point(func(o *reorder.PointOptions) { o.Lead = 0 }), reorder.ErrOption},
		{"lead negative", point(func(o *reorder.PointOptions) { o.Lead = -2 }), reorder.ErrOption},
		{"lead sd", point(func(o *reorder.PointOptions) { o.LeadSD = -1 }), reorder.ErrOption},
		{"review", point(func(o *reorder.PointOptions) { o.Review = -1 }), reorder.ErrOption},
		{"service 1", point(func(o *reorder.PointOptions) { o.CycleService = 1 }), reorder.ErrOption},
		{"service below 0", point(func(o *reorder.PointOptions) { o.CycleService = -.1 }), reorder.ErrOption},
		{"fill rate alone", point(func(o *reorder.PointOptions) { o.FillRate = .9 }), reorder.ErrOption},
		{"both", point(func(o *reorder.PointOptions) { o.FillRate, o.Quantity, o.CycleService = .9, 5, .9 }), reorder.ErrOption},
		{"model", point(func(o *reorder.PointOptions) { o.Law = 9 }), reorder.ErrOption},
		{"Poisson with SD", point(func(o *reorder.PointOptions) { o.Law = reorder.Poisson }), reorder.ErrOption},
		{"too much", point(func(o *reorder.PointOptions) { o.Mean, o.Lead = 1e300, 1e300 }), reorder.ErrNotFinite},
		{"demand", lot(func(o *reorder.LotOptions) { o.Demand = 0 }), reorder.ErrOption},
		{"order", lot(func(o *reorder.LotOptions) { o.OrderCost = -1 }), reorder.ErrOption},
		{"holding", lot(func(o *reorder.LotOptions) { o.HoldingCost = nan }), reorder.ErrOption},
		{"backorder", lot(func(o *reorder.LotOptions) { o.BackorderCost = -1 }), reorder.ErrOption},
		{"production", lot(func(o *reorder.LotOptions) { o.Production = 10 }), reorder.ErrOption},
		{"no breaks", discount(), reorder.ErrOption},
		{"breaks gapped", discount(reorder.Break{From: 5, Price: 3}), reorder.ErrOption},
		{"breaks unsorted", discount(reorder.Break{From: 0, Price: 3}, reorder.Break{From: 9, Price: 2}, reorder.Break{From: 5, Price: 1}), reorder.ErrOption},
		{"price rises", discount(reorder.Break{From: 0, Price: 3}, reorder.Break{From: 9, Price: 4}), reorder.ErrOption},
		{"price 0", discount(reorder.Break{From: 0, Price: 0}), reorder.ErrOption},
		{"policy demand", policy(func(o *reorder.PolicyOptions) { o.Demand = 0 }), reorder.ErrOption},
		{"policy sd", policy(func(o *reorder.PolicyOptions) { o.SD = 0 }), reorder.ErrOption},
		{"policy model", policy(func(o *reorder.PolicyOptions) { o.Law = 7 }), reorder.ErrOption},
		{"policy backorder", policy(func(o *reorder.PolicyOptions) { o.BackorderCost = 0 }), reorder.ErrOption},
		{"normal mean", dist(reorder.NormalDemand(-1, 1)), reorder.ErrRange},
		{"normal sd", dist(reorder.NormalDemand(1, nan)), reorder.ErrNotFinite},
		{"Poisson 0", dist(reorder.PoissonDemand(0)), reorder.ErrRange},
		{"Poisson Inf", dist(reorder.PoissonDemand(inf)), reorder.ErrNotFinite},
		{"no samples", dist(reorder.EmpiricalDemand(nil)), reorder.ErrEmpty},
		{"sample", dist(reorder.EmpiricalDemand([]float64{1, -1})), reorder.ErrRange},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, c.err, c.want)
		}
	}
	if _, err := reorder.Newsvendor(nil, 1, 1); !errors.Is(err, reorder.ErrOption) {
		t.Error(err)
	}
	d, _ := reorder.PoissonDemand(3)
	for _, cost := range []float64{0, -1, nan, inf} {
		if _, err := reorder.Newsvendor(d, cost, 1); !errors.Is(err, reorder.ErrOption) {
			t.Errorf("over %v: %v", cost, err)
		}
		if _, err := reorder.Newsvendor(d, 1, cost); !errors.Is(err, reorder.ErrOption) {
			t.Errorf("under %v: %v", cost, err)
		}
	}
}
