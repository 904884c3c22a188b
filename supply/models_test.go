package supply_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply"
)

type golden struct {
	EOQ []struct {
		Order, Holding, Demand, Backorder, Production, Quantity, Cost, Owed float64
	}
	Discount []struct {
		Order, Holding, Demand float64
		Breaks, Prices         []float64
		Incremental            bool
		Quantity, Cost         float64
	}
	Newsvendor []struct{ Over, Under, Mean, SD, Quantity, Cost float64 }
	UnitLoss   []struct{ Z, First, Second float64 } `json:"unit_loss"`
	NormalLoss struct{ X, Mean, SD, Loss float64 }  `json:"normal_loss"`
	Poisson    []struct{ Mean, X, CDF, Loss float64 }
	Quantile   []struct{ Mean, P, X float64 } `json:"poisson_quantile"`
	Policy     []struct {
		Holding, Backorder, Order, Demand, Lead, Point, Quantity, Cost float64
	} `json:"policy_poisson"`
	PolicyCost []struct {
		Holding, Backorder, Order, Demand, SD, Lead, Point, Quantity, Cost float64
	} `json:"policy_cost"`
	PolicyNormal struct {
		Holding, Backorder, Order, Demand, SD, Lead, Point, Quantity float64
	} `json:"policy_normal"`
	PolicyEOQSS struct{ Point, Quantity float64 } `json:"policy_eoqss"`
	Wilson      []struct{ Num, Den, Level, Lo, Hi float64 }
}

func close(t *testing.T, name string, got, want, rel float64) {
	t.Helper()
	if !testkit.Close(got, want, 1e-12, rel) {
		t.Errorf("%s = %.12g, want %.12g", name, got, want)
	}
}

// Closed forms agree to rounding; searched optima to what the peer's own search
// leaves open.
func TestModelsGolden(t *testing.T) {
	var g golden
	testkit.Golden(t, "models.json", &g)
	for _, c := range g.EOQ {
		l, err := supply.EOQ(supply.LotOptions{Demand: c.Demand, Order: c.Order, Holding: c.Holding, Backorder: c.Backorder, Production: c.Production})
		if err != nil {
			t.Fatal(err)
		}
		close(t, "EOQ quantity", l.Quantity, c.Quantity, 1e-12)
		close(t, "EOQ cost", l.Cost, c.Cost, 1e-12)
		close(t, "EOQ owed", l.Owed, c.Owed, 1e-12)
		close(t, "EOQ interval", l.Interval*c.Demand, c.Quantity, 1e-12)
	}
	for _, c := range g.Discount {
		o := supply.DiscountOptions{Demand: c.Demand, Order: c.Order, Holding: c.Holding, Incremental: c.Incremental}
		for i := range c.Breaks {
			o.Breaks = append(o.Breaks, supply.Break{From: c.Breaks[i], Price: c.Prices[i]})
		}
		l, err := supply.EOQDiscount(o)
		if err != nil {
			t.Fatal(err)
		}
		close(t, "discount quantity", l.Quantity, c.Quantity, 1e-12)
		close(t, "discount cost", l.Cost, c.Cost, 1e-12)
	}
	for _, c := range g.Newsvendor {
		d, err := supply.PoissonDemand(c.Mean)
		if c.SD > 0 {
			d, err = supply.NormalDemand(c.Mean, c.SD)
		}
		if err != nil {
			t.Fatal(err)
		}
		s, err := supply.Newsvendor(d, c.Over, c.Under)
		if err != nil {
			t.Fatal(err)
		}
		close(t, "newsvendor quantity", s.Quantity, c.Quantity, 1e-10)
		close(t, "newsvendor cost", s.Cost, c.Cost, 1e-9)
		close(t, "newsvendor ratio", s.Ratio, c.Under/(c.Over+c.Under), 1e-15)
	}
	for _, c := range g.UnitLoss {
		a, b := supply.UnitNormalLoss(c.Z)
		close(t, "first loss", a, c.First, 1e-9)
		close(t, "second loss", b, c.Second, 1e-8)
	}
	n, err := supply.NormalDemand(g.NormalLoss.Mean, g.NormalLoss.SD)
	if err != nil {
		t.Fatal(err)
	}
	close(t, "normal loss", n.Loss(g.NormalLoss.X), g.NormalLoss.Loss, 1e-10)
	for _, c := range g.Poisson {
		d, err := supply.PoissonDemand(c.Mean)
		if err != nil {
			t.Fatal(err)
		}
		close(t, "Poisson CDF", d.CDF(c.X), c.CDF, 1e-10)
		close(t, "Poisson loss", d.Loss(c.X), c.Loss, 1e-6)
	}
	for _, c := range g.Quantile {
		d, err := supply.PoissonDemand(c.Mean)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Quantile(c.P); got != c.X {
			t.Errorf("Poisson(%v) quantile %v = %v, want %v", c.Mean, c.P, got, c.X)
		}
	}
	for _, c := range g.Policy {
		o := supply.PolicyOptions{Demand: c.Demand, Lead: c.Lead, Order: c.Order, Holding: c.Holding, Backorder: c.Backorder, Model: supply.Poisson}
		p, err := supply.OrderPolicy(o)
		if err != nil {
			t.Fatal(err)
		}
		if p.Point != c.Point || p.Quantity != c.Quantity {
			t.Errorf("Poisson policy (%v, %v), want (%v, %v)", p.Point, p.Quantity, c.Point, c.Quantity)
		}
		close(t, "Poisson policy cost", p.Cost, c.Cost, 1e-9)
		cost, err := supply.PolicyCost(o, p)
		if err != nil {
			t.Fatal(err)
		}
		close(t, "PolicyCost of it", cost, c.Cost, 1e-9)
	}
	for _, c := range g.PolicyCost {
		cost, err := supply.PolicyCost(supply.PolicyOptions{Demand: c.Demand, SD: c.SD, Lead: c.Lead, Order: c.Order, Holding: c.Holding, Backorder: c.Backorder},
			supply.Policy{Point: c.Point, Quantity: c.Quantity})
		if err != nil {
			t.Fatal(err)
		}
		close(t, "policy cost", cost, c.Cost, 1e-9)
	}
	c := g.PolicyNormal
	o := supply.PolicyOptions{Demand: c.Demand, SD: c.SD, Lead: c.Lead, Order: c.Order, Holding: c.Holding, Backorder: c.Backorder}
	p, err := supply.OrderPolicy(o)
	if err != nil {
		t.Fatal(err)
	}
	close(t, "normal policy point", p.Point, c.Point, 1e-6) // the peer leaves out a term of 1e-10
	close(t, "normal policy quantity", p.Quantity, c.Quantity, 1e-6)
	// The textbook short cut: EOQ, and a point from the newsvendor ratio.
	lot, err := supply.EOQ(supply.LotOptions{Demand: c.Demand, Order: c.Order, Holding: c.Holding})
	if err != nil {
		t.Fatal(err)
	}
	lead, err := supply.NormalDemand(c.Demand*c.Lead, c.SD*math.Sqrt(c.Lead))
	if err != nil {
		t.Fatal(err)
	}
	s, err := supply.Newsvendor(lead, c.Holding, c.Backorder)
	if err != nil {
		t.Fatal(err)
	}
	close(t, "EOQ+SS quantity", lot.Quantity, g.PolicyEOQSS.Quantity, 1e-12)
	close(t, "EOQ+SS point", s.Quantity, g.PolicyEOQSS.Point, 1e-9)
	short, err := supply.PolicyCost(o, supply.Policy{Point: s.Quantity, Quantity: lot.Quantity})
	if err != nil || short < p.Cost {
		t.Errorf("the short cut costs %v, the optimum %v (%v)", short, p.Cost, err)
	}
	for _, c := range g.Wilson {
		lo, hi, err := supply.Ratio{Num: c.Num, Den: c.Den}.Interval(c.Level)
		if err != nil {
			t.Fatal(err)
		}
		close(t, "Wilson low", lo, c.Lo, 1e-9)
		close(t, "Wilson high", hi, c.Hi, 1e-9)
	}
}

func phi(z float64) float64 { return 0.5 * math.Erfc(-z/math.Sqrt2) }

// Printed numbers of the definitions; see models.json for their recomputation.
func TestReferenceNumbers(t *testing.T) {
	ss, err := supply.SafetyStock(supply.ReorderOptions{Mean: 100, SD: 20, Lead: 4, LeadSD: 1, CycleService: phi(1.645)})
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "safety stock", ss, 177.172, 5e-4)

	// A year of monthly sales. A widely used package prints 4069 here, because
	// it multiplies mean demand by the root of the lead time.
	months := []float64{1509, 1855, 2665, 1841, 1231, 2598, 1988, 1988, 2927, 2707, 731, 2598}
	mean, m2 := 0.0, 0.0
	for _, x := range months {
		mean += x / 12
	}
	for _, x := range months {
		m2 += (x - mean) * (x - mean)
	}
	testkit.Near(t, "mean", mean, 2053.1667, 5e-5)
	sd := math.Sqrt(m2 / 12)
	testkit.Near(t, "population SD", sd, 643.693, 5e-3)
	r, err := supply.ReorderPoint(supply.ReorderOptions{Mean: mean, SD: 643.693, Lead: 2, CycleService: phi(1.28)})
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "SafetyStock", r.SafetyStock, 1165.21, 5e-3)
	testkit.Near(t, "Point", r.Point, 5271.54, 5e-3)
	if math.Abs(r.Point-4069) < 1000 {
		t.Error("mean demand grows with the root of the lead time")
	}
}

func TestReorderPoint(t *testing.T) {
	base := supply.ReorderOptions{Mean: 10, SD: 3, Lead: 4}
	r, err := supply.ReorderPoint(base)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "default service", r.CycleService, 0.95, 1e-12)
	testkit.Near(t, "Point", r.Point, 40+1.6448536269514722*6, 1e-9)

	half := base
	half.CycleService = 0.5
	if r, err = supply.ReorderPoint(half); err != nil || math.Abs(r.SafetyStock) > 1e-9 {
		t.Errorf("safety stock at service ½ is %v (%v)", r.SafetyStock, err)
	}
	reviewed := base
	reviewed.Review = 5
	if r, err = supply.ReorderPoint(reviewed); err != nil || r.LeadDemand != 90 || r.LeadSD != 9 {
		t.Errorf("with review: %+v (%v)", r, err)
	}
	certain, err := supply.ReorderPoint(supply.ReorderOptions{Mean: 10, Lead: 4})
	if err != nil || certain.Point != 40 || certain.SafetyStock != 0 {
		t.Errorf("certain demand: %+v (%v)", certain, err)
	}
	none, err := supply.ReorderPoint(supply.ReorderOptions{Lead: 4, Model: supply.Poisson})
	if err != nil || none.Point != 0 {
		t.Errorf("no demand: %+v (%v)", none, err)
	}
	counted, err := supply.ReorderPoint(supply.ReorderOptions{Mean: 1.5, Lead: 4, Model: supply.Poisson, CycleService: 0.9})
	if err != nil || counted.Point != 9 { // F(8) = .847, F(9) = .916 at mean 6
		t.Errorf("Poisson: %+v (%v)", counted, err)
	}
	seen, err := supply.EmpiricalDemand([]float64{4, 0, 9, 5, 5, 2, 7, 3, 6, 20})
	if err != nil {
		t.Fatal(err)
	}
	e, err := supply.ReorderPoint(supply.ReorderOptions{LeadDemand: seen, CycleService: 0.9})
	if err != nil || e.Point != 9 || e.CycleService != 0.9 {
		t.Errorf("empirical: %+v (%v)", e, err)
	}

	// A fill rate is met exactly, and is not the cycle service level.
	f, err := supply.ReorderPoint(supply.ReorderOptions{Mean: 100, SD: 30, Lead: 4, FillRate: 0.98, Quantity: 300})
	if err != nil {
		t.Fatal(err)
	}
	lead, err := supply.NormalDemand(400, 60)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "fill rate", supply.FillRate(lead, f.Point, 300), 0.98, 1e-9)
	testkit.Near(t, "cycle service", supply.CycleService(lead, f.Point), f.CycleService, 1e-12)
	if f.CycleService > 0.93 || f.CycleService < 0.5 {
		t.Errorf("cycle service is %v at fill rate .98", f.CycleService)
	}
	testkit.Near(t, "risk", supply.StockOutRisk(lead, f.Point), 1-f.CycleService, 1e-12)
	if !math.IsNaN(supply.FillRate(lead, 1, 0)) || supply.FillRate(lead, 0, 1) != 0 {
		t.Error("fill rate at the ends")
	}
}

func TestModelsBadInput(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	good := supply.ReorderOptions{Mean: 10, SD: 3, Lead: 4}
	reorder := func(change func(*supply.ReorderOptions)) error {
		o := good
		change(&o)
		r, err := supply.ReorderPoint(o)
		if err != nil && r != (supply.Reorder{}) {
			t.Error("a result beside an error")
		}
		return err
	}
	lot := func(change func(*supply.LotOptions)) error {
		o := supply.LotOptions{Demand: 10, Order: 3, Holding: 4}
		change(&o)
		_, err := supply.EOQ(o)
		return err
	}
	discount := func(bs ...supply.Break) error {
		_, err := supply.EOQDiscount(supply.DiscountOptions{Demand: 10, Order: 3, Holding: 4, Breaks: bs})
		return err
	}
	policy := func(change func(*supply.PolicyOptions)) error {
		o := supply.PolicyOptions{Demand: 10, SD: 2, Lead: 1, Order: 3, Holding: 4, Backorder: 5}
		change(&o)
		_, err := supply.OrderPolicy(o)
		return err
	}
	dist := func(_ supply.Distribution, err error) error { return err }
	classify := func(_ []supply.ABCItem[string], err error) error { return err }
	for _, c := range []struct {
		name string
		err  error
		want error
	}{
		{"mean", reorder(func(o *supply.ReorderOptions) { o.Mean = -1 }), supply.ErrOption},
		{"mean NaN", reorder(func(o *supply.ReorderOptions) { o.Mean = nan }), supply.ErrOption},
		{"sd", reorder(func(o *supply.ReorderOptions) { o.SD = inf }), supply.ErrOption},
		{"lead 0", reorder(func(o *supply.ReorderOptions) { o.Lead = 0 }), supply.ErrOption},
		{"lead negative", reorder(func(o *supply.ReorderOptions) { o.Lead = -2 }), supply.ErrOption},
		{"lead sd", reorder(func(o *supply.ReorderOptions) { o.LeadSD = -1 }), supply.ErrOption},
		{"review", reorder(func(o *supply.ReorderOptions) { o.Review = -1 }), supply.ErrOption},
		{"service 1", reorder(func(o *supply.ReorderOptions) { o.CycleService = 1 }), supply.ErrOption},
		{"service below 0", reorder(func(o *supply.ReorderOptions) { o.CycleService = -.1 }), supply.ErrOption},
		{"fill rate alone", reorder(func(o *supply.ReorderOptions) { o.FillRate = .9 }), supply.ErrOption},
		{"both", reorder(func(o *supply.ReorderOptions) { o.FillRate, o.Quantity, o.CycleService = .9, 5, .9 }), supply.ErrOption},
		{"model", reorder(func(o *supply.ReorderOptions) { o.Model = 9 }), supply.ErrOption},
		{"Poisson with SD", reorder(func(o *supply.ReorderOptions) { o.Model = supply.Poisson }), supply.ErrOption},
		{"too much", reorder(func(o *supply.ReorderOptions) { o.Mean, o.Lead = 1e300, 1e300 }), supply.ErrNotFinite},
		{"demand", lot(func(o *supply.LotOptions) { o.Demand = 0 }), supply.ErrOption},
		{"order", lot(func(o *supply.LotOptions) { o.Order = -1 }), supply.ErrOption},
		{"holding", lot(func(o *supply.LotOptions) { o.Holding = nan }), supply.ErrOption},
		{"backorder", lot(func(o *supply.LotOptions) { o.Backorder = -1 }), supply.ErrOption},
		{"production", lot(func(o *supply.LotOptions) { o.Production = 10 }), supply.ErrOption},
		{"no breaks", discount(), supply.ErrOption},
		{"breaks gapped", discount(supply.Break{From: 5, Price: 3}), supply.ErrOption},
		{"breaks unsorted", discount(supply.Break{From: 0, Price: 3}, supply.Break{From: 9, Price: 2}, supply.Break{From: 5, Price: 1}), supply.ErrOption},
		{"price rises", discount(supply.Break{From: 0, Price: 3}, supply.Break{From: 9, Price: 4}), supply.ErrOption},
		{"price 0", discount(supply.Break{From: 0, Price: 0}), supply.ErrOption},
		{"policy demand", policy(func(o *supply.PolicyOptions) { o.Demand = 0 }), supply.ErrOption},
		{"policy sd", policy(func(o *supply.PolicyOptions) { o.SD = 0 }), supply.ErrOption},
		{"policy model", policy(func(o *supply.PolicyOptions) { o.Model = 7 }), supply.ErrOption},
		{"policy backorder", policy(func(o *supply.PolicyOptions) { o.Backorder = 0 }), supply.ErrOption},
		{"normal mean", dist(supply.NormalDemand(-1, 1)), supply.ErrRange},
		{"normal sd", dist(supply.NormalDemand(1, nan)), supply.ErrNotFinite},
		{"Poisson 0", dist(supply.PoissonDemand(0)), supply.ErrRange},
		{"Poisson Inf", dist(supply.PoissonDemand(inf)), supply.ErrNotFinite},
		{"no samples", dist(supply.EmpiricalDemand(nil)), supply.ErrEmpty},
		{"sample", dist(supply.EmpiricalDemand([]float64{1, -1})), supply.ErrRange},
		{"ABC shape", classify(supply.ABC([]string{"a"}, nil, supply.ABCOptions{})), supply.ErrShape},
		{"ABC empty", classify(supply.ABC[string](nil, nil, supply.ABCOptions{})), supply.ErrEmpty},
		{"ABC NaN", classify(supply.ABC([]string{"a"}, []float64{nan}, supply.ABCOptions{})), supply.ErrNotFinite},
		{"ABC twice", classify(supply.ABC([]string{"a", "a"}, []float64{1, 2}, supply.ABCOptions{})), supply.ErrDuplicate},
		{"ABC worthless", classify(supply.ABC([]string{"a"}, []float64{-3}, supply.ABCOptions{})), supply.ErrUndefined},
		{"ABC cuts", classify(supply.ABC([]string{"a"}, []float64{3}, supply.ABCOptions{A: .9, B: .8})), supply.ErrOption},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, c.err, c.want)
		}
	}
	if _, err := supply.Newsvendor(nil, 1, 1); !errors.Is(err, supply.ErrOption) {
		t.Error(err)
	}
	d, _ := supply.PoissonDemand(3)
	for _, cost := range []float64{0, -1, nan, inf} {
		if _, err := supply.Newsvendor(d, cost, 1); !errors.Is(err, supply.ErrOption) {
			t.Errorf("over %v: %v", cost, err)
		}
		if _, err := supply.Newsvendor(d, 1, cost); !errors.Is(err, supply.ErrOption) {
			t.Errorf("under %v: %v", cost, err)
		}
	}
	for _, s := range [][]float64{nil, {1}, {1, -1}, {1, nan}} {
		if _, _, err := supply.XYZ(s, supply.XYZOptions{}); err == nil {
			t.Errorf("XYZ(%v) accepted", s)
		}
	}
	if _, err := (supply.Ratio{}).Value(); !errors.Is(err, supply.ErrUndefined) || !math.IsNaN(supply.Ratio{Num: 1}.OrNaN()) {
		t.Error("ratio over nothing")
	}
	for _, r := range []supply.Ratio{{Num: 2, Den: 1}, {Num: -1, Den: 1}, {Num: math.NaN(), Den: 1}, {Num: 1, Den: inf}} {
		if _, _, err := r.Interval(.95); !errors.Is(err, supply.ErrRange) {
			t.Errorf("interval of %v: %v", r, err)
		}
	}
	if _, _, err := (supply.Ratio{Num: 1, Den: 2}).Interval(95); !errors.Is(err, supply.ErrOption) {
		t.Error(err)
	}
}

// Every law agrees with itself: Quantile inverts CDF, Loss is the integral of
// 1-CDF, convex and never below max(mean-x, 0).
func TestDistributionProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		mean := rapid.Float64Range(.05, 300).Draw(t, "mean")
		var d supply.Distribution
		var err error
		switch rapid.IntRange(0, 2).Draw(t, "law") {
		case 0:
			d, err = supply.NormalDemand(mean, rapid.OneOf(rapid.Just(0.0), rapid.Float64Range(.01, 100)).Draw(t, "sd"))
		case 1:
			d, err = supply.PoissonDemand(mean)
		default:
			d, err = supply.EmpiricalDemand(rapid.SliceOfN(rapid.Float64Range(0, 100), 1, 30).Draw(t, "samples"))
		}
		if err != nil {
			t.Fatal(err)
		}
		p := rapid.Float64Range(.001, .999).Draw(t, "p")
		q := d.Quantile(p)
		if d.CDF(q) < p-1e-8 {
			t.Fatalf("CDF(Quantile(%v)) = %v", p, d.CDF(q))
		}
		if below := q - 1e-6*(1+math.Abs(q)); d.SD() > 0 && d.CDF(below) > p+1e-4 {
			t.Fatalf("CDF below the quantile of %v is %v", p, d.CDF(below))
		}
		x := rapid.Float64Range(-10, 400).Draw(t, "x")
		h := rapid.Float64Range(.01, 5).Draw(t, "h")
		a, b, c := d.Loss(x), d.Loss(x+h), d.Loss(x+2*h)
		tol := 1e-9 * (1 + d.Mean())
		if a < b-tol || b > (a+c)/2+tol || a < max(d.Mean()-x, 0)-tol {
			t.Fatalf("Loss(%v, +%v, +2h) = %v, %v, %v at mean %v", x, h, a, b, c, d.Mean())
		}
		// (Loss(x)-Loss(x+h))/h is the mean of 1-CDF over [x, x+h].
		s := (a - b) / h
		if s < 1-d.CDF(x+h)-1e-7 || s > 1-d.CDF(x-1e-9)+1e-7 {
			t.Fatalf("slope %v of Loss is not between 1-CDF %v and %v", s, 1-d.CDF(x+h), 1-d.CDF(x))
		}
		for _, bad := range []float64{-.1, 1.1, math.NaN()} {
			if !math.IsNaN(d.Quantile(bad)) && d.SD() > 0 {
				t.Fatalf("Quantile(%v) = %v", bad, d.Quantile(bad))
			}
		}
	})
}

// A newsvendor against brute force over whole quantities.
func TestNewsvendorProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		samples := rapid.SliceOfN(rapid.IntRange(0, 40), 1, 25).Draw(t, "samples")
		over, under := rapid.Float64Range(.1, 10).Draw(t, "over"), rapid.Float64Range(.1, 10).Draw(t, "under")
		xs := make([]float64, len(samples))
		for i, s := range samples {
			xs[i] = float64(s)
		}
		d, err := supply.EmpiricalDemand(xs)
		if err != nil {
			t.Fatal(err)
		}
		s, err := supply.Newsvendor(d, over, under)
		if err != nil {
			t.Fatal(err)
		}
		best := math.Inf(1)
		for q := range 42 {
			cost := 0.0
			for _, x := range xs {
				cost += over*max(float64(q)-x, 0) + under*max(x-float64(q), 0)
			}
			best = min(best, cost/float64(len(xs)))
		}
		if math.Abs(s.Cost-best) > 1e-6*(1+best) {
			t.Fatalf("cost %v at %v, brute force %v", s.Cost, s.Quantity, best)
		}
	})
}

// Lots and policies against a search over a grid of alternatives.
func TestOptimaProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := supply.DiscountOptions{
			Demand: rapid.Float64Range(1, 5000).Draw(t, "demand"), Order: rapid.Float64Range(.5, 200).Draw(t, "order"),
			Holding: rapid.Float64Range(.05, 1).Draw(t, "holding"), Incremental: rapid.Bool().Draw(t, "incremental"),
		}
		from, price := 0.0, rapid.Float64Range(1, 100).Draw(t, "price")
		for range rapid.IntRange(1, 4).Draw(t, "breaks") {
			o.Breaks = append(o.Breaks, supply.Break{From: from, Price: price})
			from += rapid.Float64Range(1, 500).Draw(t, "step")
			price *= rapid.Float64Range(.5, .999).Draw(t, "cut")
		}
		l, err := supply.EOQDiscount(o)
		if err != nil {
			t.Fatal(err)
		}
		cost := func(q float64) float64 { // of any lot, from the price list alone
			paid, unit := 0.0, 0.0
			for i, b := range o.Breaks {
				end := math.Inf(1)
				if i+1 < len(o.Breaks) {
					end = o.Breaks[i+1].From
				}
				if q >= b.From {
					paid += (min(q, end) - b.From) * b.Price
					unit = b.Price
				}
			}
			if o.Incremental {
				unit = paid / q
			}
			return unit*o.Demand + o.Order*o.Demand/q + o.Holding*unit*q/2
		}
		if got := cost(l.Quantity); math.Abs(got-l.Cost) > 1e-9*l.Cost {
			t.Fatalf("cost of the lot is %v, reported %v", got, l.Cost)
		}
		for q := l.Quantity / 50; q < 50*l.Quantity; q *= 1.01 {
			if c := cost(q); c < l.Cost*(1-1e-9) {
				t.Fatalf("lot %v costs %v, chosen %v costs %v", q, c, l.Quantity, l.Cost)
			}
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		o := supply.PolicyOptions{
			Demand: rapid.Float64Range(.1, 30).Draw(t, "demand"), Lead: rapid.Float64Range(.1, 3).Draw(t, "lead"),
			Order: rapid.Float64Range(.1, 100).Draw(t, "order"), Holding: rapid.Float64Range(.1, 10).Draw(t, "holding"),
			Backorder: rapid.Float64Range(.1, 50).Draw(t, "backorder"), Model: supply.Model(rapid.IntRange(0, 1).Draw(t, "model")),
		}
		step := 1.0
		if o.Model == supply.Normal {
			o.SD = rapid.Float64Range(.1, 10).Draw(t, "sd")
			step = .37
		}
		p, err := supply.OrderPolicy(o)
		if err != nil {
			t.Fatal(err)
		}
		for i := -6; i <= 6; i++ {
			for j := -6; j <= 6; j++ {
				q := supply.Policy{Point: p.Point + float64(i)*step, Quantity: p.Quantity + float64(j)*step}
				if q.Quantity < 1e-3 {
					continue
				}
				c, err := supply.PolicyCost(o, q)
				if err != nil {
					t.Fatal(err)
				}
				if c < p.Cost*(1-1e-9) {
					t.Fatalf("(%v, %v) costs %v, chosen (%v, %v) costs %v", q.Point, q.Quantity, c, p.Point, p.Quantity, p.Cost)
				}
			}
		}
	})
}

func TestABC(t *testing.T) {
	got, err := supply.ABC([]string{"d", "b", "a", "z", "c", "r"}, []float64{5, 30, 50, 0, 15, -4}, supply.ABCOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ids, classes := "", ""
	for _, it := range got {
		ids += it.ID
		classes += string(it.Class)
	}
	// 50 and 30 make up exactly .8; 15 crosses to .95; the refund is set aside.
	if ids != "abcdzr" || classes != "AABCC-" {
		t.Errorf("%s classed %s", ids, classes)
	}
	one, err := supply.ABC([]int{7}, []float64{1}, supply.ABCOptions{})
	if err != nil || one[0].Class != 'A' || one[0].Share != 1 {
		t.Errorf("a single product: %+v (%v)", one, err)
	}
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOfNDistinct(rapid.Int(), 1, 30, rapid.ID).Draw(t, "ids")
		values := make([]float64, len(ids))
		perm := make([]int, len(ids))
		for i := range ids {
			values[i], perm[i] = float64(rapid.IntRange(-2, 9).Draw(t, "value")), i
		}
		a, errA := supply.ABC(ids, values, supply.ABCOptions{})
		perm = rapid.Permutation(perm).Draw(t, "order")
		ids2, values2 := make([]int, len(ids)), make([]float64, len(ids))
		for i, p := range perm {
			ids2[i], values2[i] = ids[p], values[p]
		}
		b, errB := supply.ABC(ids2, values2, supply.ABCOptions{})
		if (errA == nil) != (errB == nil) || !slices.Equal(a, b) {
			t.Fatal("depends on the order of the input")
		}
		for i := 1; i < len(a); i++ {
			if a[i].Class != '-' && a[i].Class < a[i-1].Class || a[i].Cumulative < a[i-1].Cumulative {
				t.Fatalf("classes do not descend: %+v", a)
			}
		}
		if len(a) > 0 && (a[0].Class != 'A' || math.Abs(a[len(a)-1].Cumulative-1) > 1e-12) {
			t.Fatalf("first is %c, shares add up to %v", a[0].Class, a[len(a)-1].Cumulative)
		}
	})
}

func TestXYZ(t *testing.T) {
	for _, c := range []struct {
		series []float64
		class  byte
		cv     float64
	}{
		{[]float64{5, 5, 5}, 'X', 0},
		{[]float64{1, 3}, 'Y', math.Sqrt2 / 2},
		{[]float64{0, 0, 9}, 'Z', math.Sqrt(3)},
		{[]float64{0, 0}, 'Z', math.Inf(1)},
	} {
		class, cv, err := supply.XYZ(c.series, supply.XYZOptions{})
		if err != nil || class != c.class || !testkit.Close(cv, c.cv, 1e-12, 0) {
			t.Errorf("XYZ(%v) = %c, %v, %v", c.series, class, cv, err)
		}
	}
	if class, _, _ := supply.XYZ([]float64{1, 3}, supply.XYZOptions{X: .2, Y: .6}); class != 'Z' {
		t.Error("cuts are ignored")
	}
}

func BenchmarkOrderPolicy(b *testing.B) {
	o := supply.PolicyOptions{Demand: 1300, SD: 150, Lead: 1. / 12, Order: 8, Holding: .225, Backorder: 7.5}
	b.Run("model=normal", func(b *testing.B) {
		for b.Loop() {
			if _, err := supply.OrderPolicy(o); err != nil {
				b.Fatal(err)
			}
		}
	})
	o.Model, o.SD = supply.Poisson, 0
	b.Run("model=poisson", func(b *testing.B) {
		for b.Loop() {
			if _, err := supply.OrderPolicy(o); err != nil {
				b.Fatal(err)
			}
		}
	})
}
