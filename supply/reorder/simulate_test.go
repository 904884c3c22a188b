package reorder_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/ids"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply/reorder"
)

// upTo orders up to a level whenever the position is at or below a point: (s, S). Positions
// are rounded, so that the order in which shares were added up does not matter.
type upTo struct{ point, level float64 }

func (p upTo) Order(s reorder.State) float64 {
	if x := math.Round(s.Position()*(1<<20)) / (1 << 20); x <= p.point {
		return max(p.level-x, 0)
	}
	return 0
}

// batch is stock of one arrival.
type batch struct {
	at    int
	units float64
}

// oracle walks one run day by day, with lists of orders and of units instead of rings and
// sums, and returns the totals of the periods from warmup on. Its draws are those that
// Simulate promises.
func oracle(s reorder.Simulated[int], o reorder.SimulateOptions, rep int) map[string]float64 {
	type order struct {
		units float64
		off   float64
		at    int
		done  bool // the order ends with this part
	}
	base := rng.Hash(o.Seed, ids.Hash(s.ID), uint64(rep))
	review, fill := max(s.Review, 1), s.Fill
	if fill == 0 {
		fill = 1
	}
	stock := []batch{{0, s.OnHand}}
	var under []order
	owed, latest, short, lastIn := 0.0, 0, false, -1
	out := map[string]float64{}
	count := func(t int, name string, x float64) {
		if t >= o.Warmup {
			out[name] += x
		}
	}
	hand := func() float64 {
		sum := 0.0
		for _, b := range stock {
			sum += b.units
		}
		return sum
	}
	arrive := func(t int) {
		var left []order
		for _, u := range under {
			if u.at != t {
				left = append(left, u)
				continue
			}
			if u.units == 0 {
				continue
			}
			if lastIn != t {
				count(t, "cycles", 1)
				if !short {
					count(t, "good", 1)
				}
				lastIn, short = t, false
			}
			count(t, "bought", u.units)
			x := min(owed, u.units)
			owed -= x
			stock = append(stock, batch{t, u.units - x})
		}
		under = left
	}
	var stream *rng.Stream
	for t := range o.Periods {
		if t%256 == 0 {
			stream = rng.New(base, 0, uint64(t/256))
		}
		arrive(t)
		if t%review == 0 {
			onOrder := 0.0
			for _, u := range under {
				onOrder += u.off
			}
			q := s.Policy.Order(reorder.State{Period: t, OnHand: hand(), OnOrder: onOrder, Owed: owed})
			if q > 0 {
				q = max(q, s.Minimum)
				if s.Multiple > 0 {
					q = math.Ceil(q/s.Multiple) * s.Multiple
				}
				count(t, "orders", 1)
				lead := s.Lead
				if s.LeadLaw != nil {
					u := rng.Unit(rng.Hash(base, 1, uint64(t)))
					for lead = 0; s.LeadLaw.CDF(float64(lead)) <= u && lead < o.Periods; lead++ {
					}
				}
				due := t + lead
				if !s.Crossing {
					due = max(due, latest)
					latest = due
				}
				f := fill
				if s.FillLaw != nil {
					f = min(max(s.FillLaw.Quantile(rng.Unit(rng.Hash(base, 2, uint64(t)))), 0), 1)
				}
				if f == 1 || s.Rest == 0 {
					under = append(under, order{q * f, q, due, true})
				} else {
					under = append(under, order{q * f, q * f, due, false}, order{q - q*f, q - q*f, due + s.Rest, true})
				}
				if due == t {
					arrive(t)
				}
			}
		}
		var d float64
		switch {
		case s.Demand != nil:
			d = s.Demand[t]
		default:
			d = float64(stream.Poisson(s.Law.Mean()))
		}
		slices.SortStableFunc(stock, func(a, b batch) int {
			if s.LIFO {
				return b.at - a.at
			}
			return a.at - b.at
		})
		served := 0.0
		for i := range stock {
			x := min(stock[i].units, d-served)
			stock[i].units -= x
			served += x
		}
		count(t, "demand", d)
		count(t, "served", served)
		if miss := d - served; miss > 0 {
			short = true
			owed += miss * s.Backorder
			count(t, "lost", miss-miss*s.Backorder)
		} else if owed == 0 {
			count(t, "ready", 1)
		}
		if s.ShelfLife > 0 {
			for i := range stock {
				if stock[i].at+s.ShelfLife-1 <= t {
					count(t, "waste", stock[i].units)
					stock[i].units = 0
				}
			}
		}
		if owed > 0 {
			short = true
		}
		stock = slices.DeleteFunc(stock, func(b batch) bool { return b.units == 0 })
		count(t, "stock", hand())
		count(t, "owed", owed)
	}
	return out
}

// compare holds a performance against the sums of an oracle over n periods.
func compare(t *rapid.T, s reorder.Simulated[int], p reorder.Performance, sums map[string]float64, n float64) {
	t.Helper()
	cost := s.OrderCost*sums["orders"] + s.UnitCost*sums["bought"] + s.HoldingCost*sums["stock"] +
		s.BackorderCost*sums["owed"] + s.LostCost*sums["lost"] + s.WasteCost*sums["waste"]
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"cost", p.Cost.Value, cost / n},
		{"shortage cost", p.ShortageCost.Value, (s.BackorderCost*sums["owed"] + s.LostCost*sums["lost"]) / n},
		{"demand", p.Demand.Value, sums["demand"] / n},
		{"lost", p.Lost.Value, sums["lost"] / n},
		{"bought", p.Bought.Value, sums["bought"] / n},
		{"waste", p.Waste.Value, sums["waste"] / n},
		{"stock", p.Stock.Value, sums["stock"] / n},
		{"owed", p.Owed.Value, sums["owed"] / n},
		{"orders", p.Orders.Value, sums["orders"] / n},
		{"ready rate", p.ReadyRate.Value, sums["ready"] / n},
		{"fill rate", p.FillRate.Value, sums["served"] / sums["demand"]},
		{"cycle service", p.CycleService.Value, sums["good"] / sums["cycles"]},
	} {
		if math.IsNaN(c.want) {
			if !math.IsNaN(c.got) {
				t.Fatalf("%s: %v, want NaN", c.name, c.got)
			}
			continue
		}
		if math.Abs(c.got-c.want) > 1e-9*(1+math.Abs(c.want)) {
			t.Fatalf("%s: %v, want %v", c.name, c.got, c.want)
		}
	}
}

// Simulate agrees with the oracle over everything that can be set.
func TestSimulateProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zeroOr := func(name string, hi float64) float64 {
			return rapid.OneOf(rapid.Just(0.0), rapid.Custom(func(t *rapid.T) float64 { return float64(rapid.IntRange(1, int(hi)).Draw(t, name)) })).Draw(t, name)
		}
		pick := func(name string, xs ...float64) float64 { return rapid.SampledFrom(xs).Draw(t, name) }
		point := zeroOr("point", 40)
		o := reorder.SimulateOptions{Periods: rapid.IntRange(1, 600).Draw(t, "periods"), Seed: rapid.Uint64().Draw(t, "seed"), First: rapid.IntRange(0, 3).Draw(t, "first")}
		o.Warmup = rapid.IntRange(0, o.Periods-1).Draw(t, "warmup")
		s := reorder.Simulated[int]{
			ID: rapid.IntRange(-5, 5).Draw(t, "id"), Policy: upTo{point, point + zeroOr("range", 30)},
			OnHand: zeroOr("hand", 50), Backorder: pick("backorder", 0, .25, .5, 1), Review: rapid.IntRange(0, 4).Draw(t, "review"),
			Lead: rapid.IntRange(0, 40).Draw(t, "lead"), Crossing: rapid.Bool().Draw(t, "crossing"), Minimum: zeroOr("minimum", 20), Multiple: zeroOr("multiple", 8),
			Fill: pick("fill", 0, 1, .5, .75), Rest: rapid.IntRange(0, 5).Draw(t, "rest"), ShelfLife: rapid.IntRange(0, 9).Draw(t, "life"), LIFO: rapid.Bool().Draw(t, "lifo"),
			OrderCost: zeroOr("order cost", 30), UnitCost: 2, HoldingCost: .25, BackorderCost: 3, LostCost: 5, WasteCost: 1,
		}
		if rapid.Bool().Draw(t, "lead law") {
			s.LeadLaw = must(reorder.PoissonDemand(pick("mean lead", .5, 3, 12)))
		}
		if rapid.Bool().Draw(t, "fill law") {
			s.FillLaw = must(reorder.EmpiricalDemand([]float64{1, 0, .5, 1, 2}))
		}
		if rapid.Bool().Draw(t, "real") {
			s.Demand = make([]float64, o.Periods)
			for i := range s.Demand {
				s.Demand[i] = float64((i*7 + i*i%5) % 11)
			}
		} else {
			s.Law = must(reorder.PoissonDemand(pick("mean", .3, 4, 50)))
		}
		r, err := reorder.Simulate(context.Background(), []reorder.Simulated[int]{s}, o)
		if err != nil {
			t.Fatal(err)
		}
		p := must(r.Product(s.ID))
		compare(t, s, p, oracle(s, o, o.First), float64(o.Periods-o.Warmup))
		if total := must(r.Total()); fmt.Sprint(total) != fmt.Sprint(p) {
			t.Fatalf("total %v of one product %v", total, p)
		}
		// What came in is there still, was sold, or was thrown away.
		if all := must(reorder.Simulate(context.Background(), []reorder.Simulated[int]{s}, reorder.SimulateOptions{Periods: o.Periods, Seed: o.Seed, First: o.First, Batches: 1})); s.Backorder == 0 {
			q := must(all.Product(s.ID))
			n := float64(o.Periods)
			if left := s.OnHand + n*(q.Bought.Value-q.Waste.Value-q.Demand.Value+q.Lost.Value); left < -1e-6 {
				t.Fatalf("%v units too many have left", -left)
			}
		}
	})
}

// shop is a set of products of many kinds.
func shop(n int) []reorder.Simulated[int] {
	out := make([]reorder.Simulated[int], n)
	for i := range out {
		mean := .5 + float64(i%9)
		lead := float64(1 + i%4)
		out[i] = reorder.Simulated[int]{
			ID: i * 31, Law: must(reorder.PoissonDemand(mean)), LeadLaw: must(reorder.PoissonDemand(lead)), Crossing: i%2 == 0, OnHand: 5 * mean, Review: 1 + i%3,
			Policy: upTo{math.Ceil(mean * (lead + 2)), math.Ceil(mean * (lead + 9))}, Backorder: float64(i%3) / 2,
			OrderCost: 15, UnitCost: 1, HoldingCost: .05, BackorderCost: .5, LostCost: 2, WasteCost: .1, ShelfLife: i % 5 * 10,
		}
	}
	return out
}

// The same bytes at any number of processors and workers and for permuted products; parts
// that are merged, in any order, are the whole.
func TestSimulateConformance(t *testing.T) {
	products := shop(30)
	o := reorder.SimulateOptions{Periods: 200, Warmup: 20, Replications: 7, Seed: 4}
	run := func(ps []reorder.Simulated[int], o reorder.SimulateOptions) *reorder.Simulation[int] {
		return must(reorder.Simulate(context.Background(), ps, o))
	}
	bytes := func(s *reorder.Simulation[int]) string { return string(must(s.MarshalBinary())) }
	whole := bytes(run(products, o))
	for _, procs := range []int{1, 2, 8} {
		before := runtime.GOMAXPROCS(procs)
		if bytes(run(products, o)) != whole {
			t.Errorf("other bytes at %d processors", procs)
		}
		runtime.GOMAXPROCS(before)
	}
	permuted := slices.Clone(products)
	slices.Reverse(permuted)
	if bytes(run(permuted, o)) != whole {
		t.Error("other bytes for permuted products")
	}
	// A product alone is what it is among others.
	alone := must(run(products[4:5], o).Product(products[4].ID))
	if among := must(run(products, o).Product(products[4].ID)); among != alone {
		t.Errorf("among others %+v, alone %+v", among, alone)
	}
	part := func(first, n int) *reorder.Simulation[int] {
		o := o
		o.First, o.Replications, o.Batches = first, n, 1
		return run(products, o)
	}
	for _, order := range [][3]int{{0, 1, 2}, {2, 0, 1}, {1, 2, 0}} {
		parts := []*reorder.Simulation[int]{part(0, 3), part(3, 1), part(4, 3)}
		m := parts[order[0]]
		for _, k := range order[1:] {
			if err := m.Merge(parts[k]); err != nil {
				t.Fatal(err)
			}
		}
		if bytes(m) != whole {
			t.Errorf("merged in the order %v: other bytes", order)
		}
	}
	a := part(0, 2)
	before := bytes(a)
	other := o
	other.Seed++
	for _, c := range []struct {
		name  string
		other *reorder.Simulation[int]
		want  error
	}{
		{"nil", nil, reorder.ErrMismatch},
		{"itself", a, reorder.ErrMismatch},
		{"a replication again", part(1, 1), reorder.ErrDuplicate},
		{"another seed", run(products, other), reorder.ErrMismatch},
		{"other products", run(products[1:], o), reorder.ErrMismatch},
		{"nothing", &reorder.Simulation[int]{}, reorder.ErrEmpty},
	} {
		if err := a.Merge(c.other); !errors.Is(err, c.want) || bytes(a) != before {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if err := new(reorder.Simulation[int]).Merge(a); !errors.Is(err, reorder.ErrEmpty) {
		t.Error(err)
	}
}

// Intervals hold what they should, of means and of rates, from replications and from batches.
func TestSimulateCoverage(t *testing.T) {
	rounds, periods := 150, 1_000_000
	if testkit.Race {
		rounds, periods = 40, 200_000
	}
	s := reorder.Simulated[int]{
		ID: 1, Law: must(reorder.PoissonDemand(4)), Lead: 2, OnHand: 16, Policy: upTo{12, 16},
		OrderCost: 10, HoldingCost: 1, LostCost: 9,
	}
	long := must(must(reorder.Simulate(context.Background(), []reorder.Simulated[int]{s}, reorder.SimulateOptions{Periods: periods, Warmup: 100, Seed: 99})).Total())
	for _, o := range []reorder.SimulateOptions{
		{Periods: 500, Warmup: 50, Replications: 8},
		{Periods: 4000, Warmup: 50},
	} {
		hits := map[string]int{}
		for k := range rounds {
			o.Seed = uint64(k)
			p := must(must(reorder.Simulate(context.Background(), []reorder.Simulated[int]{s}, o)).Total())
			for name, m := range map[string][2]reorder.Measured{
				"cost": {p.Cost, long.Cost}, "fill": {p.FillRate, long.FillRate}, "cycle": {p.CycleService, long.CycleService}, "stock": {p.Stock, long.Stock},
			} {
				if m[0].Low <= m[1].Value && m[1].Value <= m[0].High {
					hits[name]++
				}
			}
		}
		for name, n := range hits {
			// 95 % less four standard errors.
			if want := .95 - 4*math.Sqrt(.95*.05/float64(rounds)); float64(n)/float64(rounds) < want {
				t.Errorf("%d replications: %s is inside %d times of %d", o.Replications, name, n, rounds)
			}
		}
	}
}

// Common random numbers: the difference of two policies, of which one is known to be better
// by little, is seen where two simulations apart do not see it.
func TestSimulationAgainst(t *testing.T) {
	a := shop(20)
	b := slices.Clone(a)
	for i := range b {
		p := a[i].Policy.(upTo)
		b[i].Policy = upTo{p.point + 1, p.level + 1}
	}
	o := reorder.SimulateOptions{Periods: 400, Warmup: 40, Replications: 10, Seed: 3}
	x, y := must(reorder.Simulate(context.Background(), a, o)), must(reorder.Simulate(context.Background(), b, o))
	d := must(x.Against(y))
	px, py := must(x.Total()), must(y.Total())
	if math.Abs(d.Cost.Value-(px.Cost.Value-py.Cost.Value)) > 1e-9 || d.Demand != (reorder.Measured{}) {
		t.Errorf("difference %+v of %+v and %+v", d.Cost, px.Cost, py.Cost)
	}
	if paired, apart := d.Cost.High-d.Cost.Low, px.Cost.High-px.Cost.Low; paired > apart/2 {
		t.Errorf("interval of the difference %v, of one cost %v", paired, apart)
	}
	sum := 0.0
	for _, id := range x.IDs() {
		sum += must(x.ProductAgainst(y, id)).Cost.Value
	}
	testkit.Near(t, "sum of the products", sum, d.Cost.Value, 1e-9)
	o.Seed++
	if _, err := x.Against(must(reorder.Simulate(context.Background(), b, o))); !errors.Is(err, reorder.ErrMismatch) {
		t.Error(err)
	}
	if _, err := x.Against(nil); !errors.Is(err, reorder.ErrEmpty) {
		t.Error(err)
	}
	if _, err := x.ProductAgainst(y, -1); !errors.Is(err, reorder.ErrUnknownID) {
		t.Error(err)
	}
}

func TestSimulateBadInput(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	law := must(reorder.PoissonDemand(3))
	good := reorder.Simulated[int]{ID: 7, Law: law, Policy: upTo{5, 10}, Lead: 1}
	orders := func(q float64) reorder.Orderer {
		return reorder.OrderFunc(func(s reorder.State) float64 {
			if s.Period == 3 {
				return q
			}
			return 0
		})
	}
	for _, c := range []struct {
		name   string
		change func(*reorder.Simulated[int])
		want   error
		text   string
	}{
		{"no policy", func(s *reorder.Simulated[int]) { s.Policy = nil }, reorder.ErrEmpty, "product 7: Policy"},
		{"no demand", func(s *reorder.Simulated[int]) { s.Law = nil }, reorder.ErrEmpty, "product 7"},
		{"no law", func(s *reorder.Simulated[int]) { s.Laws = []reorder.Distribution{law, nil} }, reorder.ErrEmpty, "Laws[1]"},
		{"short demand", func(s *reorder.Simulated[int]) { s.Demand = []float64{1} }, reorder.ErrShape, "Demand has 1"},
		{"negative demand", func(s *reorder.Simulated[int]) { s.Demand = []float64{1, 2, 3, 4, -1} }, reorder.ErrRange, "Demand[4]"},
		{"NaN demand", func(s *reorder.Simulated[int]) { s.Demand = []float64{1, 2, nan, 4, 1} }, reorder.ErrNotFinite, "Demand[2]"},
		{"negative order", func(s *reorder.Simulated[int]) { s.Policy = orders(-1) }, reorder.ErrRange, "product 7: period 3: order"},
		{"NaN order", func(s *reorder.Simulated[int]) { s.Policy = orders(nan) }, reorder.ErrNotFinite, "period 3"},
		{"infinite order", func(s *reorder.Simulated[int]) { s.Policy = orders(inf) }, reorder.ErrNotFinite, "period 3"},
		{"unbounded order", func(s *reorder.Simulated[int]) { s.Policy = orders(1e300) }, reorder.ErrRange, "period 3"},
		{"negative lead", func(s *reorder.Simulated[int]) { s.Lead = -1 }, reorder.ErrRange, "Lead"},
		{"negative review", func(s *reorder.Simulated[int]) { s.Review = -1 }, reorder.ErrRange, "Review"},
		{"never delivers", func(s *reorder.Simulated[int]) { s.Fill = -1 }, reorder.ErrRange, "Fill"},
		{"never delivers by law", func(s *reorder.Simulated[int]) { s.FillLaw = must(reorder.EmpiricalDemand([]float64{0})) }, reorder.ErrRange, "never delivers"},
		{"fill NaN", func(s *reorder.Simulated[int]) { s.Fill = nan }, reorder.ErrNotFinite, "Fill"},
		{"backorder", func(s *reorder.Simulated[int]) { s.Backorder = 1.5 }, reorder.ErrRange, "Backorder"},
		{"stock", func(s *reorder.Simulated[int]) { s.OnHand = -2 }, reorder.ErrRange, "OnHand"},
		{"cost", func(s *reorder.Simulated[int]) { s.HoldingCost = nan }, reorder.ErrNotFinite, "HoldingCost"},
		{"life", func(s *reorder.Simulated[int]) { s.ShelfLife = -2 }, reorder.ErrRange, "ShelfLife"},
		{"law of demand", func(s *reorder.Simulated[int]) { s.Law = broken{law, nan} }, reorder.ErrUndefined, "period 0"},
		{"endless demand", func(s *reorder.Simulated[int]) { s.Law = broken{law, inf} }, reorder.ErrNotFinite, "demand"},
		{"law of leads", func(s *reorder.Simulated[int]) { s.LeadLaw = broken{law, nan} }, reorder.ErrUndefined, "LeadLaw"},
		{"law of fills", func(s *reorder.Simulated[int]) { s.FillLaw = broken{law, nan} }, reorder.ErrUndefined, "FillLaw"},
	} {
		s := good
		c.change(&s)
		r, err := reorder.Simulate(context.Background(), []reorder.Simulated[int]{{ID: 1, Law: law, Policy: upTo{1, 2}}, s}, reorder.SimulateOptions{Periods: 5})
		if r != nil || !errors.Is(err, c.want) || !contains(err, c.text) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	for _, o := range []reorder.SimulateOptions{
		{},
		{Periods: -1},
		{Periods: 1e8},
		{Periods: 5, Warmup: 5},
		{Periods: 5, Warmup: -1},
		{Periods: 5, Batches: 6},
		{Periods: 5, Replications: -1},
		{Periods: 5, First: -1},
		{Periods: 5, Level: 1},
		{Periods: 5, Level: nan},
	} {
		if _, err := reorder.Simulate(context.Background(), []reorder.Simulated[int]{good}, o); !errors.Is(err, reorder.ErrOption) {
			t.Errorf("%+v: %v", o, err)
		}
	}
	o := reorder.SimulateOptions{Periods: 5}
	if _, err := reorder.Simulate(context.Background(), []reorder.Simulated[int]{good, good}, o); !errors.Is(err, reorder.ErrDuplicate) {
		t.Error(err)
	}
	if _, err := reorder.Simulate[int](context.Background(), nil, o); !errors.Is(err, reorder.ErrEmpty) {
		t.Error(err)
	}
	o.Replications = 1 << 25
	if _, err := reorder.Simulate(context.Background(), []reorder.Simulated[int]{good, {ID: 2, Law: law, Policy: upTo{1, 2}}}, o); !errors.Is(err, reorder.ErrTooLarge) {
		t.Error(err)
	}
}

// contains reports whether an error says a text.
func contains(err error, text string) bool { return err != nil && strings.Contains(err.Error(), text) }

// broken is a law whose quantile and CDF are x.
type broken struct {
	reorder.Distribution
	x float64
}

func (b broken) Quantile(float64) float64 { return b.x }
func (b broken) CDF(float64) float64      { return b.x }
