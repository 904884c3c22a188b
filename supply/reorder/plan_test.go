package reorder_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply/reorder"
)

func TestPlan(t *testing.T) {
	p := must(reorder.Plan([]reorder.Stock[string]{
		{ID: "plenty", Forecast: []float64{10, 10}, SD: 3, OnHand: 500, Lead: 3},
		{ID: "low", Forecast: []float64{10, 20, 30}, SD: 3, OnHand: 30, OnOrder: 10, Owed: 5, Lead: 2.5},
		{ID: "gone", Forecast: []float64{4}, SD: 1, Lead: 1, Lot: 25},
		{ID: "dead", Forecast: []float64{0, 0}, OnHand: 7, Lead: 4},
		{ID: "never", Forecast: []float64{0}, Lead: 4},
		{ID: "owed", Forecast: []float64{0}, Owed: 3, Lead: 4, Multiple: 6},
	}, reorder.PlanOptions{Review: 1}))
	ids := []string{}
	for _, l := range p.Lines() {
		ids = append(ids, l.ID)
	}
	if !slices.Equal(ids, []string{"dead", "gone", "low", "never", "owed", "plenty"}) {
		t.Fatal(ids)
	}
	low := must(p.Line("low"))
	// 3.5 periods: 10 + 20 + 30 + half a period at the mean of 20.
	sd := 3 * math.Sqrt(3.5)
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"demand", low.Demand, 70},
		{"position", low.Position, 35},
		{"on hand", low.OnHand, 25},
		{"safety stock", low.SafetyStock, 1.6448536269514722 * sd},
		{"quantity", low.Quantity, low.Point - 35},
		{"risk", low.Risk, 1 - phi((35-70)/sd)},
		{"risk on hand", low.RiskOnHand, 1 - phi((25-10)/3.)},
		{"cover", low.Cover, 1.75},
	} {
		testkit.Near(t, c.name, c.got, c.want, 1e-9)
	}
	// The point agrees with ReorderPoint where demand is level.
	r := must(reorder.Point(reorder.PointOptions{Mean: 10, SD: 3, Lead: 3, Review: 1}))
	if l := must(p.Line("plenty")); math.Abs(l.Point-r.Point) > 1e-9 || l.Reorder || l.Quantity != 0 || l.Cover != 50 {
		t.Errorf("plenty: %+v", l)
	}
	if l := must(p.Line("gone")); !l.Reorder || l.Quantity != 25 || l.Risk < .99 || l.Cover != 0 {
		t.Errorf("gone: %+v", l)
	}
	if l := must(p.Line("dead")); l.Reorder || l.Risk != 0 || !math.IsInf(l.Cover, 1) {
		t.Errorf("dead: %+v", l)
	}
	if l := must(p.Line("never")); l.Reorder || l.Risk != 0 || l.RiskOnHand != 0 {
		t.Errorf("never: %+v", l)
	}
	if l := must(p.Line("owed")); !l.Reorder || l.Quantity != 6 || l.Risk != 1 {
		t.Errorf("owed: %+v", l)
	}
	if got := p.Deliverable(.05); !slices.Equal(got, []string{"dead", "low", "plenty"}) {
		t.Errorf("deliverable %v", got)
	}
	if got := p.AtRisk(.05); !slices.Equal(got, []string{"gone", "low", "owed"}) {
		t.Errorf("at risk %v", got)
	}
	urgent := []string{}
	for _, l := range p.Orders() {
		urgent = append(urgent, l.ID)
	}
	if !slices.Equal(urgent, []string{"owed", "low", "gone"}) {
		t.Errorf("orders %v", urgent)
	}
	if _, err := p.Line("unknown"); !errors.Is(err, reorder.ErrUnknownID) {
		t.Error(err)
	}
	lines := p.Lines()
	lines[0].ID = "changed"
	if p.Lines()[0].ID != "dead" {
		t.Error("Lines gives away its state")
	}
}

func TestPlanBadInput(t *testing.T) {
	good := reorder.Stock[int]{ID: 3, Forecast: []float64{1}, SD: 1, OnHand: 1, Lead: 1}
	nan := math.NaN()
	for _, c := range []struct {
		name   string
		change func(*reorder.Stock[int])
		want   error
	}{
		{"no forecast", func(s *reorder.Stock[int]) { s.Forecast = nil }, reorder.ErrEmpty},
		{"forecast", func(s *reorder.Stock[int]) { s.Forecast = []float64{1, -1} }, reorder.ErrRange},
		{"forecast NaN", func(s *reorder.Stock[int]) { s.Forecast = []float64{nan} }, reorder.ErrNotFinite},
		{"SD", func(s *reorder.Stock[int]) { s.SD = -1 }, reorder.ErrRange},
		{"negative stock", func(s *reorder.Stock[int]) { s.OnHand = -1 }, reorder.ErrRange},
		{"on order", func(s *reorder.Stock[int]) { s.OnOrder = nan }, reorder.ErrNotFinite},
		{"lead missing", func(s *reorder.Stock[int]) { s.Lead = 0 }, reorder.ErrRange},
		{"lead", func(s *reorder.Stock[int]) { s.Lead = -1 }, reorder.ErrRange},
		{"service", func(s *reorder.Stock[int]) { s.CycleService = 1 }, reorder.ErrRange},
		{"lot", func(s *reorder.Stock[int]) { s.Lot = math.Inf(1) }, reorder.ErrNotFinite},
		{"absurd", func(s *reorder.Stock[int]) { s.OnHand = 1e300 }, reorder.ErrRange},
	} {
		s := good
		c.change(&s)
		if p, err := reorder.Plan([]reorder.Stock[int]{good, s}, reorder.PlanOptions{}); !errors.Is(err, c.want) || p != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := reorder.Plan([]reorder.Stock[int]{good, good}, reorder.PlanOptions{}); !errors.Is(err, reorder.ErrDuplicate) {
		t.Error(err)
	}
	if _, err := reorder.Plan[int](nil, reorder.PlanOptions{}); !errors.Is(err, reorder.ErrEmpty) {
		t.Error(err)
	}
	for _, o := range []reorder.PlanOptions{{CycleService: 1}, {CycleService: -1}, {Horizon: -1}, {Review: -1}, {Review: nan}, {Law: 5}} {
		if _, err := reorder.Plan([]reorder.Stock[int]{good}, o); !errors.Is(err, reorder.ErrOption) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// Ordering what the plan says lifts the position to the point, in whole lots and
// packs; permuted input gives the same plan; a plan whose orders were placed asks
// for nothing more.
func TestPlanProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 8).Draw(t, "n")
		stocks := make([]reorder.Stock[int], n)
		f := func(name string, hi float64) float64 {
			return rapid.OneOf(rapid.Just(0.0), rapid.Float64Range(0, hi)).Draw(t, name)
		}
		for i := range stocks {
			stocks[i] = reorder.Stock[int]{
				ID: i * 7 % 11, Forecast: rapid.SliceOfN(rapid.Float64Range(0, 50), 1, 6).Draw(t, "forecast"), SD: f("sd", 10),
				OnHand: f("hand", 200), OnOrder: f("order", 100), Owed: f("owed", 20), Lead: rapid.Float64Range(.1, 8).Draw(t, "lead"),
				LeadSD: f("lead sd", 2), Lot: f("lot", 60), Multiple: rapid.OneOf(rapid.Just(0.0), rapid.Float64Range(.5, 10)).Draw(t, "multiple"), Minimum: f("minimum", 30),
			}
		}
		o := reorder.PlanOptions{Review: 1, Law: reorder.Law(rapid.IntRange(0, 1).Draw(t, "model"))}
		p, err := reorder.Plan(stocks, o)
		if err != nil {
			t.Fatal(err)
		}
		q, err := reorder.Plan(rapid.Permutation(stocks).Draw(t, "order"), o)
		if err != nil || !slices.Equal(p.Lines(), q.Lines()) {
			t.Fatalf("depends on the order of the input (%v)", err)
		}
		for i, s := range stocks {
			l, err := p.Line(s.ID)
			if err != nil {
				t.Fatal(err)
			}
			if l.Reorder != (l.Quantity > 0) || l.Quantity < 0 {
				t.Fatalf("reorder %v, quantity %v", l.Reorder, l.Quantity)
			}
			if l.Risk < 0 || l.Risk > 1 || l.RiskOnHand < 0 || l.RiskOnHand > 1 || l.Cover < 0 || l.Short < 0 {
				t.Fatalf("%+v", l)
			}
			if l.Reorder {
				if after := l.Position + l.Quantity; after < l.Point-1e-6 {
					t.Fatalf("position %v after ordering, point %v", after, l.Point)
				}
				if l.Quantity < s.Minimum-1e-9 || l.Quantity < s.Lot-1e-9 {
					t.Fatalf("quantity %v below minimum %v or lot %v", l.Quantity, s.Minimum, s.Lot)
				}
				if s.Multiple > 0 {
					if packs := l.Quantity / s.Multiple; math.Abs(packs-math.Round(packs)) > 1e-6 {
						t.Fatalf("%v packs", packs)
					}
				}
				stocks[i].OnOrder += l.Quantity + 1e-6
			}
		}
		again, err := reorder.Plan(stocks, o)
		if err != nil {
			t.Fatal(err)
		}
		if left := again.Orders(); len(left) != 0 {
			t.Fatalf("still wants %+v", left)
		}
		allowed := p.Deliverable(.1)
		for _, l := range p.Lines() {
			if want := l.OnHand > 0 && l.RiskOnHand <= .1; slices.Contains(allowed, l.ID) != want {
				t.Fatalf("deliverable %v of %+v", allowed, l)
			}
		}
	})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// How much to order: up to the point, in whole lots and packs, no less than the
// least. Demand is certain, so that the point is 50.
func TestPlanQuantity(t *testing.T) {
	for _, c := range []struct {
		name                   string
		onHand                 float64
		lot, multiple, minimum float64
		want                   float64
	}{
		{"above the point", 50.5, 0, 0, 0, 0},
		{"at the point", 50, 0, 0, 0, 1},
		{"at the point, in packs", 50, 0, 6, 0, 6},
		{"below it", 20, 0, 0, 0, 30},
		{"a lot", 20, 40, 0, 0, 40},
		{"two lots", 20, 20, 0, 0, 40},
		{"exactly three lots", 20, 10, 0, 0, 30},
		{"packs", 20, 0, 7, 0, 35},
		{"a minimum", 20, 0, 0, 36, 36},
		{"a minimum in packs", 20, 0, 10, 36, 40},
		{"lots and a minimum", 20, 20, 0, 50, 50},
		{"lots in packs", 20, 25, 12, 0, 60},
		{"packs too small to count", 20, 0, 1e-18, 0, 30},
	} {
		p := must(reorder.Plan([]reorder.Stock[int]{{
			ID: 1, Forecast: []float64{10}, OnHand: c.onHand, Lead: 5, Lot: c.lot, Multiple: c.multiple, Minimum: c.minimum,
		}}, reorder.PlanOptions{}))
		l := must(p.Line(1))
		if l.Point != 50 || math.Abs(l.Quantity-c.want) > 1e-9 || l.Reorder != (c.want > 0) {
			t.Errorf("%s: order %v (%v) at point %v, want %v", c.name, l.Quantity, l.Reorder, l.Point, c.want)
		}
	}
}

// Demand and cover over parts of periods, and beyond the end of the forecast.
func TestPlanSpan(t *testing.T) {
	for _, c := range []struct {
		name                  string
		forecast              []float64
		lead, review, onHand  float64
		demand, cover, onRisk float64
	}{
		{"half a period", []float64{10}, .5, 0, 4, 5, .4, 1},
		{"a period and a half", []float64{10, 20}, 1.5, 0, 20, 20, 1.5, 0},
		{"beyond the forecast its mean goes on", []float64{10, 20}, 4, 0, 60, 60, 4, 0},
		{"the review adds to the lead", []float64{10, 20}, 1, 1, 30, 30, 2, 0},
		{"nothing wanted at first", []float64{0, 20}, 2, 0, 10, 20, 1.5, 0},
		{"nothing ever", []float64{0, 0}, 2, 0, 10, 0, math.Inf(1), 0},
	} {
		p := must(reorder.Plan([]reorder.Stock[int]{{ID: 1, Forecast: c.forecast, OnHand: c.onHand, Lead: c.lead}}, reorder.PlanOptions{Review: c.review}))
		l := must(p.Line(1))
		if math.Abs(l.Demand-c.demand) > 1e-12 || !testkit.Close(l.Cover, c.cover, 1e-12, 0) || l.RiskOnHand != c.onRisk {
			t.Errorf("%s: demand %v, cover %v, risk on hand %v", c.name, l.Demand, l.Cover, l.RiskOnHand)
		}
	}
}
