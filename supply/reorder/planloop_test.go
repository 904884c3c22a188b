package reorder_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply/reorder"
)

// paths draws demand by period as a plan says it comes: forecast errors that correlate from
// period to period, and one draw of lift, reach and elasticity for all periods.
func paths(s reorder.Stock[string], periods, n int, seed uint64) [][]float64 {
	r := rng.New(seed, 0, 0)
	out := make([][]float64, n)
	for k := range out {
		d := make([]float64, periods)
		e, rho := 0.0, s.Correlation
		elastic := s.Elasticity + s.ElasticitySD*r.Normal()
		factor := make([]float64, periods)
		for i := range factor {
			factor[i] = 1
			if i < len(s.Prices) {
				factor[i] = math.Pow(float64(s.Prices[i])/float64(s.Price), elastic)
			}
		}
		for _, p := range s.Promotions {
			reach := p.Reach
			if reach == 0 {
				reach = 1
			}
			lift := p.Lift + (p.High-p.Low)/2/1.959963984540054*r.Normal()
			effect := 1 + (reach+p.ReachSD*r.Normal())*lift
			for i := p.From; i < min(p.Until, periods); i++ {
				factor[i] *= effect
			}
		}
		for i := range d {
			if i == 0 {
				e = r.Normal()
			} else {
				e = rho*e + math.Sqrt(1-rho*rho)*r.Normal()
			}
			sd := s.SD
			if len(s.SDs) > 0 {
				sd = s.SDs[min(i, len(s.SDs)-1)]
			}
			mean := 0.0
			if i < len(s.Forecast) {
				mean = s.Forecast[i]
			} else {
				for _, x := range s.Forecast {
					mean += x / float64(len(s.Forecast))
				}
			}
			d[i] = (mean + sd*e) * factor[i]
		}
		out[k] = d
	}
	return out
}

// What a plan says of risk, shortage and sales at risk is what drawn paths of demand show:
// correlated errors, prices, uncertain promotions, receipts under way.
func TestPlanAgainstPaths(t *testing.T) {
	base := reorder.Stock[string]{ID: "a", Forecast: []float64{100, 120, 90, 110, 100, 95}, OnHand: 320, Lead: 4, Price: 500}
	cases := map[string]func(s *reorder.Stock[string]){
		"independent": func(s *reorder.Stock[string]) { s.SD = 25 },
		"correlated":  func(s *reorder.Stock[string]) { s.SD, s.Correlation = 25, .7 },
		"together":    func(s *reorder.Stock[string]) { s.SDs, s.Correlation = []float64{10, 15, 20, 25, 30}, 1 },
		"promoted": func(s *reorder.Stock[string]) {
			s.SD = 20
			s.Promotions = []reorder.Promotion{{From: 1, Until: 3, Lift: .8, Low: .4, High: 1.2, Reach: .5, ReachSD: .1}}
			s.OnHand = 420
		},
		"cut in price": func(s *reorder.Stock[string]) {
			s.SD = 20
			s.Prices = []int64{500, 450, 450}
			s.Elasticity, s.ElasticitySD = -2.5, .4
			s.OnHand = 420
		},
		"under way": func(s *reorder.Stock[string]) {
			s.SD = 30
			s.OnHand = 180
			s.Due = []reorder.Receipt{{At: 3, Units: 120}, {At: 2, Units: 60}}
		},
		"two, tight": func(s *reorder.Stock[string]) {
			s.SD = 30
			s.OnHand = 100
			s.Due = []reorder.Receipt{{At: 1, Units: 110}, {At: 2, Units: 95}, {At: 3, Units: 110}}
		},
	}
	draws := 40_000
	if testkit.Race {
		draws = 8000
	}
	for name, change := range cases {
		s := base
		change(&s)
		plan := must(reorder.Plan([]reorder.Stock[string]{s}, reorder.PlanOptions{Review: 1}))
		l := must(plan.Line("a"))
		risk, short, missed := 0.0, 0.0, 0.0
		for _, d := range paths(s, 5, draws, 7) {
			sum, there, worst, all := 0.0, s.OnHand, 0.0, s.OnHand
			for _, r := range s.Due {
				all += r.Units
			}
			for i := range 4 {
				for _, r := range s.Due {
					if r.At == float64(i) {
						there += r.Units
					}
				}
				sum += d[i]
				worst = max(worst, sum-there)
			}
			missed += worst
			if sum += d[4]; sum > all {
				risk++
				short += sum - all
			}
		}
		n := float64(draws)
		tol := 4 * .5 / math.Sqrt(n)
		if got := risk / n; math.Abs(got-l.Risk) > tol {
			t.Errorf("%s: risk %.4f, drawn %.4f", name, l.Risk, got)
		}
		if got := short / n; math.Abs(got-l.Short) > .03*got+.5 {
			t.Errorf("%s: short %.3f, drawn %.3f", name, l.Short, got)
		}
		// The law of a sum is normal but for products of errors; that of the largest of several is Clark's.
		if got := missed / n; math.Abs(got-l.AtRisk) > .03*got+.5 {
			t.Errorf("%s: at risk %.3f, drawn %.3f", name, l.AtRisk, got)
		}
		if want := int64(math.Round(l.AtRisk * 500)); len(s.Prices) == 0 && l.AtRiskValue != want {
			t.Errorf("%s: sales at risk %d, want %d", name, l.AtRiskValue, want)
		}
	}
}

// The numbers of one promotion by hand: 100 a period, lead 2, review 1, certain but for the
// lift .5 ± .1 of half the demand in periods 1 and 2: mean 300+50, SD of the factor
// 200·.5·.1.
func TestPlanPromotionByHand(t *testing.T) {
	s := reorder.Stock[string]{ID: "a", Forecast: []float64{100}, OnHand: 40, Lead: 2, Promotions: []reorder.Promotion{
		{From: 1, Until: 3, Lift: .5, Low: .5 - 1.959963984540054*.1, High: .5 + 1.959963984540054*.1, Reach: .5},
	}}
	l := must(must(reorder.Plan([]reorder.Stock[string]{s}, reorder.PlanOptions{Review: 1})).Line("a"))
	testkit.Near(t, "demand", l.Demand, 350, 1e-9)
	testkit.Near(t, "safety stock", l.SafetyStock, 1.6448536269514722*10, 1e-9)
	testkit.Near(t, "quantity", l.Quantity, 350+16.448536269514722-40, 1e-9)
	testkit.Near(t, "at risk", l.AtRisk, 225-40, .1)
}

// Counts that share the error of a lift: risk and shortage are those of drawn demand.
func TestPlanCountsAgainstDraws(t *testing.T) {
	s := reorder.Stock[string]{ID: "a", Forecast: []float64{8}, OnHand: 34, Lead: 2, Promotions: []reorder.Promotion{{From: 0, Until: 2, Lift: .5, Low: .1, High: .9}}}
	l := must(must(reorder.Plan([]reorder.Stock[string]{s}, reorder.PlanOptions{Review: 1, Law: reorder.Poisson})).Line("a"))
	r := rng.New(6, 0, 0)
	draws := 60_000
	if testkit.Race {
		draws = 6000
	}
	risk, short := 0., 0.
	for range draws {
		lift := .5 + .4/1.959963984540054*r.Normal()
		if d := float64(r.Poisson(8 + 16*(1+lift))); d > 34 {
			risk += 1 / float64(draws)
			short += (d - 34) / float64(draws)
		}
	}
	if tol := 4 * .5 / math.Sqrt(float64(draws)); math.Abs(risk-l.Risk) > tol || math.Abs(short-l.Short) > .04*short+2*tol {
		t.Errorf("risk %.4f and short %.3f, drawn %.4f and %.3f", l.Risk, l.Short, risk, short)
	}
}

// Units that a hold-back leaves to promise, all taken on the first day, keep the accepted
// risk on every day until the delivery, and not by far.
func TestPlanHoldBackAgainstPaths(t *testing.T) {
	s := reorder.Stock[string]{
		ID: "a", Forecast: []float64{20, 25, 20, 20}, SD: 6, Correlation: .4, OnHand: 120, Lead: 3,
		Due: []reorder.Receipt{{At: 2, Units: 10}}, Promotions: []reorder.Promotion{{From: 0, Until: 2, Lift: 2, Low: 1, High: 3}},
	}
	h := must(reorder.Plan([]reorder.Stock[string]{s}, reorder.PlanOptions{Review: 1, MaxRisk: .1})).HoldBacks()[0]
	everyday := s
	everyday.Promotions = nil
	draws := 20_000
	if testkit.Race {
		draws = 3000
	}
	var out [3]float64
	for _, d := range paths(everyday, 3, draws, 4) {
		there := 120 - float64(h.Units)
		for u := range 3 {
			if u == 2 {
				there += 10
			}
			if there -= d[u]; there < 0 {
				out[u] += 1 / float64(draws)
			}
		}
	}
	worst, tol := slices.Max(out[:]), 4*.3/math.Sqrt(float64(draws))
	if worst > .1+tol || worst < .08-tol {
		t.Errorf("%d units promised: out of stock in %v of all runs, want .1", h.Units, out)
	}
}

// Quantiles as a forecaster gives them, and standard deviations by period, are the same law.
func TestPlanQuantiles(t *testing.T) {
	s := reorder.Stock[string]{ID: "a", Forecast: []float64{100, 80, 120, 90}, OnHand: 100, Lead: 2, SDs: []float64{10, 12, 15, 20}}
	probs := []float64{.1, .9, .5, .975}
	q := s
	q.SDs = nil
	for i, m := range s.Forecast {
		d := must(reorder.NormalDemand(m, s.SDs[i]))
		for _, p := range probs {
			q.Quantiles = append(q.Quantiles, d.Quantile(p))
		}
	}
	o := reorder.PlanOptions{Review: 1, Probs: probs}
	a, b := must(must(reorder.Plan([]reorder.Stock[string]{s}, o)).Line("a")), must(must(reorder.Plan([]reorder.Stock[string]{q}, o)).Line("a"))
	testkit.Near(t, "point", b.Point, a.Point, 1e-6)
	testkit.Near(t, "point", a.Point, 300+1.6448536269514722*math.Sqrt(100+144+225), 1e-6)
	// The lower half says nothing of what to order.
	q.Quantiles[0] = 0
	if c := must(must(reorder.Plan([]reorder.Stock[string]{q}, o)).Line("a")); c.Point != b.Point {
		t.Errorf("point %v, want %v", c.Point, b.Point)
	}
}

// Where demand is certain, the schedule is that of time-phased requirements: every order
// comes at the last moment, no demand is missed, and nothing is ordered twice.
func TestPlanScheduleProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		periods := rapid.IntRange(1, 12).Draw(t, "periods")
		lead := rapid.IntRange(1, 4).Draw(t, "lead")
		s := reorder.Stock[string]{ID: "a", Lead: float64(lead), CycleService: .5}
		for range periods + lead + 1 {
			s.Forecast = append(s.Forecast, float64(rapid.IntRange(0, 40).Draw(t, "demand")))
		}
		for range rapid.IntRange(0, 3).Draw(t, "due") {
			s.Due = append(s.Due, reorder.Receipt{At: float64(rapid.IntRange(0, 8).Draw(t, "at")), Units: float64(rapid.IntRange(0, 60).Draw(t, "units"))})
		}
		for _, x := range s.Forecast[:lead] { // what no order can help is there
			s.OnHand += x
		}
		s.OnHand += float64(rapid.IntRange(1, 50).Draw(t, "more"))
		p, err := reorder.Plan([]reorder.Stock[string]{s}, reorder.PlanOptions{Review: 1, Periods: periods})
		if err != nil {
			t.Fatal(err)
		}
		there := s.OnHand
		for u := range periods + lead {
			for _, r := range s.Due {
				if r.At == float64(u) {
					there += r.Units
				}
			}
			came := 0.0
			for _, o := range p.Schedule() {
				if o.Arrival != o.At+float64(lead) || o.At >= float64(periods) || o.At != math.Floor(o.At) {
					t.Fatalf("%+v", o)
				}
				if o.Arrival == float64(u) {
					came += o.Quantity
				}
			}
			there += came
			if there < s.Forecast[u]-1e-6 {
				t.Fatalf("period %d: %v there, %v wanted", u, there, s.Forecast[u])
			}
			there -= s.Forecast[u]
			if came > 1 && there > 1+1e-6 { // 1: an order exactly at the point
				t.Fatalf("period %d: %v came, %v is left", u, came, there)
			}
		}
	})
}

// A plan simulated period by period, with demand as it says, keeps the service it was asked
// for through a promotion that its orders can serve, and the stock on hand that it expects.
func TestPlanKeepsService(t *testing.T) {
	s := reorder.Stock[string]{ID: "a", Forecast: []float64{100}, SD: 20, OnHand: 335, Lead: 2, Promotions: []reorder.Promotion{{From: 5, Until: 7, Lift: .6, Low: .4, High: .8}}}
	draws, horizon := 4000, 10
	if testkit.Race {
		draws = 500
	}
	out := make([]float64, horizon)
	for _, d := range paths(s, horizon, draws, 3) {
		there, due := s.OnHand, map[int]float64{}
		for u := range horizon {
			there += due[u]
			now := s
			now.OnHand, now.Owed = max(there, 0), max(-there, 0)
			now.Due = nil
			for at, units := range due {
				if at > u {
					now.Due = append(now.Due, reorder.Receipt{At: float64(at - u), Units: units})
				}
			}
			now.Promotions = nil
			for _, p := range s.Promotions {
				if p.Until > u {
					p.From, p.Until = max(p.From-u, 0), p.Until-u
					now.Promotions = append(now.Promotions, p)
				}
			}
			plan := must(reorder.Plan([]reorder.Stock[string]{now}, reorder.PlanOptions{Review: 1}))
			if len(plan.HoldBacks()) > 0 && u == 0 {
				t.Fatalf("held: %+v", plan.HoldBacks())
			}
			due[u+2] += must(plan.Line("a")).Quantity
			if there -= d[u]; there < 0 {
				out[u]++
			}
		}
	}
	for u, n := range out {
		// The error of a lift that lasts two periods is not independent from one order to the next.
		if got := n / float64(draws); got > .05+3*math.Sqrt(.05*.95/float64(draws))+.01 {
			t.Errorf("period %d: out of stock in %.3f of all runs, want .05", u, got)
		}
	}
}

// Hold-back by hand: 10 a day, 50 there, lead 3. A promotion of +20 a day in days 0 and 1
// takes 40 of what 3 days need 30 of.
func TestPlanHoldBack(t *testing.T) {
	s := reorder.Stock[string]{ID: "a", Forecast: []float64{10}, OnHand: 50, Lead: 3, Promotions: []reorder.Promotion{{From: 0, Until: 2, Lift: 2}}}
	o := reorder.PlanOptions{Review: 1, Periods: 6}
	plan := must(reorder.Plan([]reorder.Stock[string]{s}, o))
	held := plan.HoldBacks()
	if len(held) != 1 {
		t.Fatalf("%+v", held)
	}
	h := held[0]
	if h.ID != "a" || h.Promotion != 0 || h.Risk != 1 || h.Units != 20 || h.Wait != 2 {
		t.Errorf("%+v", h)
	}
	// Of 40 extra units 20 are there: half of the reach. Begun in period 2, they are 20
	// until the delivery.
	testkit.Near(t, "reach", h.Reach, .5, 1e-4)
	s.OnHand = 30
	if h := must(reorder.Plan([]reorder.Stock[string]{s}, o)).HoldBacks()[0]; h.Wait != 3 || h.Units != 0 || h.Reach > 1e-3 {
		t.Errorf("%+v", h)
	}
	s.OnHand = 70
	if held := must(reorder.Plan([]reorder.Stock[string]{s}, o)).HoldBacks(); len(held) != 0 {
		t.Errorf("%+v", held)
	}
	// From the first delivery on, orders serve it.
	s.OnHand, s.Promotions[0].From, s.Promotions[0].Until = 31, 3, 5
	plan = must(reorder.Plan([]reorder.Stock[string]{s}, o))
	if len(plan.HoldBacks()) != 0 || math.Abs(must(plan.Line("a")).Quantity-(30+30-31)) > 1e-9 {
		t.Errorf("%+v %+v", plan.HoldBacks(), plan.Schedule())
	}
}

// The loop costs nothing where it is not needed: promotions without effect, and those for
// which there is plenty, change no order, and nothing is held back.
func TestPlanLoopCostsNothingProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 4).Draw(t, "n")
		var without, idle, plenty []reorder.Stock[int]
		for i := range n {
			s := reorder.Stock[int]{
				ID: i, Forecast: rapid.SliceOfN(rapid.Float64Range(0, 50), 1, 8).Draw(t, "forecast"), SD: rapid.Float64Range(0, 10).Draw(t, "sd"),
				OnHand: rapid.Float64Range(0, 300).Draw(t, "hand"), Lead: rapid.Float64Range(.5, 4).Draw(t, "lead"), Multiple: 1, Price: 900, UnitCost: 500,
			}
			without = append(without, s)
			from := rapid.IntRange(0, 6).Draw(t, "from")
			p := reorder.Promotion{From: from, Until: from + rapid.IntRange(1, 3).Draw(t, "length")}
			s.Promotions = []reorder.Promotion{p}
			idle = append(idle, s)
			p.Lift, p.Low, p.High = 1, .5, 1.5
			s.Promotions, s.OnHand = []reorder.Promotion{p}, 1e6
			plenty = append(plenty, s)
		}
		o := reorder.PlanOptions{Review: 1, Periods: rapid.IntRange(0, 8).Draw(t, "periods"), LostSales: rapid.Bool().Draw(t, "lost")}
		a, err := reorder.Plan(without, o)
		if err != nil {
			t.Fatal(err)
		}
		b, err := reorder.Plan(idle, o)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(a.Schedule(), b.Schedule()) || !slices.Equal(a.Lines(), b.Lines()) || len(b.HoldBacks()) > 0 {
			t.Fatalf("without effect:\n%+v\n%+v\n%+v", a.Schedule(), b.Schedule(), b.HoldBacks())
		}
		c, err := reorder.Plan(plenty, o)
		if err != nil {
			t.Fatal(err)
		}
		if len(c.Schedule()) > 0 || len(c.HoldBacks()) > 0 {
			t.Fatalf("plenty: %+v %+v", c.Schedule(), c.HoldBacks())
		}
	})
}

// Two suppliers: the units of the near one are those that earn the most, found by trying all.
func TestPlanBridge(t *testing.T) {
	for _, premium := range []int64{5, 40, 150, 390, 400} {
		s := reorder.Stock[string]{ID: "a", Forecast: []float64{30}, SD: 8, OnHand: 70, Price: 1000, Suppliers: []reorder.Supplier{
			{Price: 600, Lead: 4, Multiple: 1}, {Price: 600 + premium, Lead: 1, Multiple: 1},
		}}
		plan := must(reorder.Plan([]reorder.Stock[string]{s}, reorder.PlanOptions{Review: 1}))
		d := must(reorder.NormalDemand(120, 16))
		best, most := 0.0, 0.0
		for q := range 120 {
			earned := 400*(d.Loss(70)-d.Loss(70+float64(q))) - float64(premium)*float64(q)
			if earned > most {
				best, most = float64(q), earned
			}
		}
		near, far := 0.0, 0.0
		for _, o := range plan.Schedule() {
			if o.Supplier == 1 {
				near += o.Quantity
			} else {
				far += o.Quantity
			}
			if o.Value != int64(o.Quantity)*s.Suppliers[o.Supplier].Price || o.Arrival != s.Suppliers[o.Supplier].Lead {
				t.Errorf("%+v", o)
			}
		}
		if math.Abs(near-best) > 1 || premium >= 400 && near != 0 { // whole packs are rounded up
			t.Errorf("premium %d: %v from the near supplier, want %v", premium, near, best)
		}
		if l := must(plan.Line("a")); near+far != l.Quantity || l.Position+near+far < l.Point-1e-9 {
			t.Errorf("premium %d: %v and %v, line %+v", premium, near, far, l)
		}
	}
}

// What is beyond a capacity goes to the next supplier, in its packs.
func TestPlanCapacity(t *testing.T) {
	s := reorder.Stock[string]{ID: "a", Forecast: []float64{30}, Suppliers: []reorder.Supplier{
		{Price: 90, Lead: 2}, {Price: 60, Lead: 2, Capacity: 40, Multiple: 12}, {Price: 80, Lead: 2, Multiple: 25, Capacity: 25},
	}}
	got := must(reorder.Plan([]reorder.Stock[string]{s}, reorder.PlanOptions{Review: 1})).Schedule()
	want := []reorder.PlannedOrder[string]{
		{ID: "a", Arrival: 2, Quantity: 36, Value: 36 * 60, Supplier: 1},
		{ID: "a", Arrival: 2, Quantity: 25, Value: 25 * 80, Supplier: 2},
		{ID: "a", Arrival: 2, Quantity: 29, Value: 29 * 90, Supplier: 0},
	}
	if !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
}

// A budget buys what all other ways of spending it do not beat, and its price is what a
// little more of it would earn.
func TestPlanBudget(t *testing.T) {
	r := rng.New(5, 0, 0)
	rounds := 20
	if testkit.Race {
		rounds = 5
	}
	for round := range rounds {
		n := 3
		stocks := make([]reorder.Stock[string], n)
		for i := range stocks {
			stocks[i] = reorder.Stock[string]{
				ID: string(rune('a' + i)), Forecast: []float64{1 + float64(r.Intn(4))}, OnHand: float64(r.Intn(3)),
				Lead: 1, Multiple: 1, UnitCost: 100, Price: 150 + int64(r.Intn(300)),
			}
		}
		opt := reorder.PlanOptions{Review: 1, Law: reorder.Poisson}
		free := must(reorder.Plan(stocks, opt))
		earned := func(q []float64) float64 {
			sum := 0.0
			for i, l := range free.Lines() {
				d := must(reorder.PoissonDemand(l.Demand))
				sum += float64(stocks[i].Price-100) * (d.Loss(l.Position) - d.Loss(l.Position+q[i]))
			}
			return sum
		}
		best := func(units int) float64 {
			most := 0.0
			for a := 0.0; a <= min(float64(units), free.Lines()[0].Quantity); a++ {
				for b := 0.0; a+b <= float64(units) && b <= free.Lines()[1].Quantity; b++ {
					most = max(most, earned([]float64{a, b, min(float64(units)-a-b, free.Lines()[2].Quantity)}))
				}
			}
			return most
		}
		all := 0.0
		for _, l := range free.Lines() {
			all += l.Quantity
		}
		for units := 1; units < int(all); units += 2 {
			opt.Budget = int64(units) * 100
			plan := must(reorder.Plan(stocks, opt))
			var q []float64
			value := int64(0)
			for _, l := range plan.Lines() {
				q = append(q, l.Quantity)
			}
			for _, o := range plan.Schedule() {
				value += o.Value
			}
			if got, want := earned(q), best(units); value > opt.Budget || math.Abs(got-want) > 1e-9*want {
				t.Fatalf("round %d, %d units: %v worth %d earns %v, want %v", round, units, q, value, got, want)
			}
			testkit.Near(t, fmt.Sprintf("round %d, %d units: price of the budget", round, units), 100*plan.BudgetPrice(), best(units+1)-best(units), 1e-9)
		}
		opt.Budget = int64(all) * 100
		if plan := must(reorder.Plan(stocks, opt)); plan.BudgetPrice() != 0 || !slices.Equal(plan.Lines(), free.Lines()) {
			t.Errorf("round %d: enough money, price %v", round, plan.BudgetPrice())
		}
	}
}

// One more unit on hand is worth what it changes in sales at risk, times the margin.
func TestPlanWorth(t *testing.T) {
	s := reorder.Stock[string]{ID: "a", Forecast: []float64{12}, OnHand: 20, Lead: 2, Price: 700, UnitCost: 300}
	line := func(hand float64) reorder.PlanLine[string] {
		s.OnHand = hand
		return must(must(reorder.Plan([]reorder.Stock[string]{s}, reorder.PlanOptions{Law: reorder.Poisson})).Line("a"))
	}
	for hand := 0.; hand < 40; hand += 3 {
		testkit.Near(t, "worth", line(hand).Worth, 400*(line(hand).AtRisk-line(hand+1).AtRisk), 1e-9)
	}
}

// Demand goes from product to product, and none is made or lost on the way.
func TestPlanSubstitutesProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 5).Draw(t, "n")
		alone := make([]reorder.Stock[int], n)
		for i := range alone {
			alone[i] = reorder.Stock[int]{
				ID: i, Forecast: rapid.SliceOfN(rapid.Float64Range(0, 50), 1, 5).Draw(t, "forecast"), SD: rapid.Float64Range(0, 10).Draw(t, "sd"),
				OnHand: rapid.Float64Range(0, 120).Draw(t, "hand"), Lead: rapid.Float64Range(.5, 4).Draw(t, "lead"),
			}
		}
		linked := slices.Clone(alone)
		for i := range linked {
			for k := range n {
				if k != i && rapid.Bool().Draw(t, "is substitute") {
					linked[i].Substitutes = append(linked[i].Substitutes, reorder.Substitute[int]{ID: k, Share: rapid.Float64Range(0, 1/float64(n-1)).Draw(t, "share")})
				}
			}
		}
		opt := reorder.PlanOptions{Review: 1, LostSales: true}
		a, err := reorder.Plan(alone, opt)
		if err != nil {
			t.Fatal(err)
		}
		b, err := reorder.Plan(rapid.Permutation(linked).Draw(t, "order"), opt)
		if err != nil {
			t.Fatal(err)
		}
		spilled, received := 0.0, 0.0
		for i, l := range b.Lines() {
			spilled, received = spilled+l.Spilled, received+l.Received
			own, share := a.Lines()[i], 0.0
			for _, s := range linked[i].Substitutes {
				share += s.Share
			}
			if math.Abs(l.Spilled-share*own.AtRisk) > 1e-6*(1+own.AtRisk) {
				t.Fatalf("product %d: %v of %v goes over, want %v of it", i, l.Spilled, own.AtRisk, share)
			}
			if l.AtRisk < own.AtRisk-1e-6*(1+own.AtRisk) || l.AtRisk > own.AtRisk+l.Received+1e-9 {
				t.Fatalf("product %d: at risk %v, alone %v, received %v", i, l.AtRisk, own.AtRisk, l.Received)
			}
			if span := linked[i].Lead + 1; l.Received > 0 && span > 4.99 && math.Abs(l.Demand-own.Demand-l.Received) > 1e-6*(1+l.Demand) {
				t.Fatalf("product %d: demand %v, alone %v, received %v", i, l.Demand, own.Demand, l.Received)
			}
		}
		if math.Abs(spilled-received) > 1e-9*(1+spilled) {
			t.Fatalf("%v went, %v came", spilled, received)
		}
	})
}

// Sales at risk with a substitute are those of drawn demand that goes over when there is
// nothing left.
func TestPlanSubstitutesAgainstPaths(t *testing.T) {
	a := reorder.Stock[string]{ID: "a", Forecast: []float64{50}, SD: 12, OnHand: 80, Lead: 2, Substitutes: []reorder.Substitute[string]{{ID: "b", Share: .6}}}
	b := reorder.Stock[string]{ID: "b", Forecast: []float64{40}, SD: 10, OnHand: 90, Lead: 2}
	plan := must(reorder.Plan([]reorder.Stock[string]{a, b}, reorder.PlanOptions{Review: 1}))
	draws := 40_000
	if testkit.Race {
		draws = 8000
	}
	pa, pb := paths(a, 2, draws, 1), paths(b, 2, draws, 2)
	over, missed := 0.0, 0.0
	for k := range pa {
		spill := .6 * max(pa[k][0]+pa[k][1]-80, 0)
		over += spill / float64(draws)
		missed += max(pb[k][0]+pb[k][1]+spill-90, 0) / float64(draws)
	}
	la, lb := must(plan.Line("a")), must(plan.Line("b"))
	if math.Abs(la.Spilled-over) > .02*over || math.Abs(lb.Received-over) > .02*over || math.Abs(lb.AtRisk-missed) > .03*missed {
		t.Errorf("%v over, drawn %v; missed %v, drawn %v", la.Spilled, over, lb.AtRisk, missed)
	}
}

// Lost demand is not ordered again: of 30 wanted before the delivery and 10 there, owed
// demand asks for 20 more than lost demand does.
func TestPlanLostSales(t *testing.T) {
	s := []reorder.Stock[string]{{ID: "a", Forecast: []float64{10}, OnHand: 10, Lead: 3}}
	owed := must(must(reorder.Plan(s, reorder.PlanOptions{Review: 1})).Line("a"))
	lost := must(must(reorder.Plan(s, reorder.PlanOptions{Review: 1, LostSales: true})).Line("a"))
	if owed.Quantity != 30 || math.Abs(lost.Quantity-10) > 1e-9 {
		t.Errorf("owed %v, lost %v", owed.Quantity, lost.Quantity)
	}
}

// A delivery late in the span of an order does not serve its beginning.
func TestPlanLateDelivery(t *testing.T) {
	s := []reorder.Stock[string]{{ID: "a", Forecast: []float64{10}, OnHand: 22, Lead: 2, Due: []reorder.Receipt{{At: 5, Units: 100}}}}
	l := must(must(reorder.Plan(s, reorder.PlanOptions{Review: 4})).Line("a"))
	if math.Abs(l.Quantity-28) > 1e-9 || l.Position != 122 || l.Point != 60 { // 50 until period 5
		t.Errorf("%+v", l)
	}
}

func TestPlanLoopBadInput(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	type stock = reorder.Stock[int]
	for _, c := range []struct {
		name   string
		change func(*stock)
		want   error
	}{
		{"reserved", func(s *stock) { s.Reserved = -1 }, reorder.ErrRange},
		{"due", func(s *stock) { s.Due = []reorder.Receipt{{At: -1, Units: 2}} }, reorder.ErrRange},
		{"due NaN", func(s *stock) { s.Due = []reorder.Receipt{{At: 1, Units: nan}} }, reorder.ErrNotFinite},
		{"two laws", func(s *stock) { s.SDs = []float64{1} }, reorder.ErrRange},
		{"SDs", func(s *stock) { s.SD = 0; s.SDs = []float64{1, inf} }, reorder.ErrNotFinite},
		{"quantiles", func(s *stock) { s.SD = 0; s.Quantiles = []float64{1} }, reorder.ErrShape},
		{"quantiles NaN", func(s *stock) { s.SD = 0; s.Quantiles = []float64{1, nan} }, reorder.ErrNotFinite},
		{"correlation", func(s *stock) { s.Correlation = 1.1 }, reorder.ErrRange},
		{"correlation NaN", func(s *stock) { s.Correlation = nan }, reorder.ErrNotFinite},
		{"price", func(s *stock) { s.Price = -1 }, reorder.ErrRange},
		{"prices without price", func(s *stock) { s.Prices = []int64{1} }, reorder.ErrRange},
		{"prices", func(s *stock) { s.Price = 2; s.Prices = []int64{0} }, reorder.ErrRange},
		{"elasticity", func(s *stock) { s.Elasticity = nan }, reorder.ErrNotFinite},
		{"elasticity SD", func(s *stock) { s.ElasticitySD = -1 }, reorder.ErrRange},
		{"unit cost", func(s *stock) { s.UnitCost = -1 }, reorder.ErrRange},
		{"no such period", func(s *stock) { s.Promotions = []reorder.Promotion{{From: 2, Until: 2, Lift: 1}} }, reorder.ErrRange},
		{"lift", func(s *stock) { s.Promotions = []reorder.Promotion{{Until: 1, Lift: -1.5}} }, reorder.ErrRange},
		{"lift NaN", func(s *stock) { s.Promotions = []reorder.Promotion{{Until: 1, Lift: nan}} }, reorder.ErrNotFinite},
		{"interval", func(s *stock) { s.Promotions = []reorder.Promotion{{Until: 1, Lift: 1, Low: 1.1, High: 2}} }, reorder.ErrRange},
		{"reach", func(s *stock) { s.Promotions = []reorder.Promotion{{Until: 1, Lift: 1, Reach: 1.1}} }, reorder.ErrRange},
		{"two leads", func(s *stock) { s.Suppliers = []reorder.Supplier{{Lead: 1}} }, reorder.ErrRange},
		{"no lead", func(s *stock) { s.Lead = 0; s.Suppliers = []reorder.Supplier{{Price: 1}} }, reorder.ErrRange},
		{"capacity", func(s *stock) { s.Lead = 0; s.Suppliers = []reorder.Supplier{{Lead: 1, Capacity: 1, Minimum: 2}} }, reorder.ErrRange},
		{"substitute unknown", func(s *stock) { s.Substitutes = []reorder.Substitute[int]{{ID: 99, Share: .1}} }, reorder.ErrUnknownID},
		{"its own substitute", func(s *stock) { s.Substitutes = []reorder.Substitute[int]{{ID: 3, Share: .1}} }, reorder.ErrRange},
		{"substitute twice", func(s *stock) { s.Substitutes = []reorder.Substitute[int]{{ID: 4, Share: .1}, {ID: 4, Share: .1}} }, reorder.ErrDuplicate},
		{"share", func(s *stock) { s.Substitutes = []reorder.Substitute[int]{{ID: 4, Share: nan}} }, reorder.ErrNotFinite},
		{"shares", func(s *stock) { s.Substitutes = []reorder.Substitute[int]{{ID: 4, Share: .6}, {ID: 5, Share: .6}} }, reorder.ErrRange},
		{"worth too much", func(s *stock) { s.Forecast, s.UnitCost, s.OnHand = []float64{1e12}, 1e12, 0 }, reorder.ErrOverflow},
	} {
		s := stock{ID: 3, Forecast: []float64{1}, SD: 1, OnHand: 1, Lead: 1}
		c.change(&s)
		if p, err := reorder.Plan([]stock{{ID: 4, Forecast: []float64{1}, Lead: 1}, s, {ID: 5, Forecast: []float64{1}, Lead: 1}}, reorder.PlanOptions{Probs: []float64{.1, .9}}); !errors.Is(err, c.want) || p != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	good := []stock{{ID: 3, Forecast: []float64{1}, SD: 1, OnHand: 1, Lead: 1}}
	for _, o := range []reorder.PlanOptions{{Periods: -1}, {Periods: 3}, {Periods: 20_000, Review: 1}, {Probs: []float64{1}}, {Level: 1}, {HoldingRate: -1}, {Budget: -1}, {MaxRisk: 1}, {MaxRisk: nan}} {
		if _, err := reorder.Plan(good, o); !errors.Is(err, reorder.ErrOption) {
			t.Errorf("%+v: %v", o, err)
		}
	}
	if _, err := reorder.Plan(good, reorder.PlanOptions{Budget: 5}); !errors.Is(err, reorder.ErrRange) {
		t.Error(err)
	}
}

// A lead time of years, counts that vary with a lift: the dates that a promotion could wait for are tried in no time, and the
// reach that is left is one that holds.
func TestPlanHoldBackLongLead(t *testing.T) {
	stock := reorder.Stock[int]{
		ID: 1, Forecast: []float64{3}, OnHand: 950, Lead: 300,
		Promotions: []reorder.Promotion{{From: 2, Until: 30, Lift: 4, Low: 2, High: 6}},
	}
	opt := reorder.PlanOptions{Law: reorder.Poisson}
	h := must(reorder.Plan([]reorder.Stock[int]{stock}, opt)).HoldBacks()
	if len(h) != 1 || h[0].Wait != -1 || !(h[0].Reach > 0 && h[0].Reach < 1) {
		t.Fatalf("%+v", h)
	}
	for _, c := range []struct {
		reach float64
		held  int
	}{{h[0].Reach, 0}, {h[0].Reach + 1e-4, 1}} {
		stock.Promotions[0].Reach = c.reach
		if got := must(reorder.Plan([]reorder.Stock[int]{stock}, opt)).HoldBacks(); len(got) != c.held {
			t.Errorf("reach %v: %+v", c.reach, got)
		}
	}
}
