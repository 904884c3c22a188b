package reorder_test

import (
	"context"
	"errors"
	"math"
	"runtime"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply/reorder"
)

// poissonLaw is the Poisson law, as far as it matters.
func poissonLaw(m float64) []float64 {
	p := make([]float64, int(m+12*math.Sqrt(m)+20))
	p[0] = math.Exp(-m)
	for k := 1; k < len(p); k++ {
		p[k] = p[k-1] * m / float64(k)
	}
	return p
}

// storeOwed is the exact mean backorder of a store with a share of the demand of a centre
// that serves the oldest first (Graves 1985): each unit that the centre owes is the store's
// with the chance of its share, beside the demand of the store's own lead.
func storeOwed(meanC, stockC, share, meanS, level float64) float64 {
	owed := 0.0
	for d, p := range poissonLaw(meanC) {
		lack := max(d-int(stockC), 0)
		b := math.Pow(1-share, float64(lack)) // P(store's part = k)
		for k := 0; k <= lack; k++ {
			owed += p * b * must(reorder.PoissonDemand(meanS)).Loss(level-float64(k))
			b *= float64(lack-k) / float64(k+1) * share / (1 - share)
		}
	}
	return owed
}

// serialCost is the cost per period of a centre and one store under base stock, by convolution:
// what the centre lacks is (demand of its lead - its stock)⁺, and the store then ends a period with its level less
// that and less the demand of its lead and one period.
func serialCost(mean float64, leadC, leadS int, stockC, stockS, holdC, holdS, owe float64) (cost, owedC float64) {
	for d, p := range poissonLaw(mean * float64(leadC)) {
		lack := max(float64(d)-stockC, 0)
		owedC += p * lack
		cost += p * holdC * max(stockC-float64(d), 0)
		for e, q := range poissonLaw(mean * float64(leadS+1)) {
			x := stockS - lack - float64(e)
			cost += p * q * (holdS*max(x, 0) + owe*max(-x, 0))
		}
	}
	return cost, owedC
}

// base is a base-stock policy.
func base(level float64) reorder.Orderer { return upTo{level, level} }

// The serial system against its exact cost.
func TestNetworkSerial(t *testing.T) {
	periods := 100_000
	if testkit.Race {
		periods = 60_000
	}
	for _, c := range []struct {
		mean             float64
		leadC, leadS     int
		stockC, stockS   float64
		holdC, holdS, bo float64
	}{
		{5, 2, 1, 8, 14, 1, 2, 20},
		{5, 2, 1, 0, 22, 1, 2, 20},
		{2, 0, 3, 1, 9, .5, 1, 5},
		{8, 4, 0, 40, 12, 1, 1.5, 30},
	} {
		net := reorder.Network[string]{
			Central: reorder.Simulated[string]{ID: "dc", Policy: base(c.stockC), OnHand: c.stockC, Lead: c.leadC, HoldingCost: c.holdC},
			Stores: []reorder.Simulated[string]{{
				ID: "shop", Policy: base(c.stockS), OnHand: c.stockS, Lead: c.leadS, Backorder: 1, HoldingCost: c.holdS, BackorderCost: c.bo,
				Law: must(reorder.PoissonDemand(c.mean)),
			}},
		}
		r := must(reorder.SimulateNetwork(context.Background(), net, reorder.SimulateOptions{Periods: periods, Warmup: 50, Seed: 8, Level: .999}))
		total, dc := must(r.Total()), must(r.Product("dc"))
		cost, owed := serialCost(c.mean, c.leadC, c.leadS, c.stockC, c.stockS, c.holdC, c.holdS, c.bo)
		if !(total.Cost.Low <= cost && cost <= total.Cost.High) || total.Cost.High-total.Cost.Low > .1*cost {
			t.Errorf("%+v: cost %+v, exact %v", c, total.Cost, cost)
		}
		if !(dc.Owed.Low <= owed && owed <= dc.Owed.High) {
			t.Errorf("%+v: centre owes %+v, exact %v", c, dc.Owed, owed)
		}
	}
}

// Many stores of rare demand against the exact law of continuous review, which METRIC
// approximates: METRIC gives every store the mean delay at the centre (Sherbrooke 1968), and so too few
// backorders.
func TestNetworkMetric(t *testing.T) {
	means := []float64{.02, .02, .04, .08}
	leadC, leadS, stockC := 50, 20, 9.0
	levels := []float64{2, 3, 3, 5}
	net := reorder.Network[int]{Central: reorder.Simulated[int]{ID: 0, Policy: base(stockC), OnHand: stockC, Lead: leadC}}
	sum := 0.0
	for i, m := range means {
		sum += m
		net.Stores = append(net.Stores, reorder.Simulated[int]{
			ID: i + 1, Policy: base(levels[i]), OnHand: levels[i], Lead: leadS - 1, Backorder: 1, Law: must(reorder.PoissonDemand(m)),
		})
	}
	periods := 400_000
	if testkit.Race {
		periods = 100_000
	}
	r := must(reorder.SimulateNetwork(context.Background(), net, reorder.SimulateOptions{Periods: periods, Warmup: 500, Seed: 2, Level: .999}))
	owed := must(reorder.PoissonDemand(sum * float64(leadC))).Loss(stockC)
	if dc := must(r.Product(0)); !(dc.Owed.Low <= owed && owed <= dc.Owed.High) {
		t.Errorf("centre owes %+v, exact %v", dc.Owed, owed)
	}
	delay, metric, exact, seen := owed/sum, 0.0, 0.0, 0.0 // delay by Little's law
	for i, m := range means {
		want := storeOwed(sum*float64(leadC), stockC, m/sum, m*float64(leadS), levels[i])
		got := must(r.Product(i + 1)).Owed
		if slack := .05 * want; got.Low-slack > want || got.High+slack < want {
			t.Errorf("store %d owes %+v, exact %v", i+1, got, want)
		}
		metric += must(reorder.PoissonDemand(m * (float64(leadS) + delay))).Loss(levels[i])
		exact += want
		seen += got.Value
	}
	if math.Abs(seen-exact) > .08*exact || metric > .8*exact || metric < .5*exact {
		t.Errorf("stores owe %v, exact %v, METRIC %v", seen, exact, metric)
	}
}

// randomNetwork draws a network of whole units.
func randomNetwork(t *rapid.T) (reorder.Network[int], reorder.SimulateOptions) {
	site := func(id int, demand bool) reorder.Simulated[int] {
		point := float64(rapid.IntRange(0, 25).Draw(t, "point"))
		s := reorder.Simulated[int]{
			ID: id, Policy: upTo{point, point + float64(rapid.IntRange(0, 20).Draw(t, "range"))}, OnHand: float64(rapid.IntRange(0, 30).Draw(t, "hand")),
			Lead: rapid.IntRange(0, 6).Draw(t, "lead"), Review: rapid.IntRange(0, 3).Draw(t, "review"), Crossing: rapid.Bool().Draw(t, "crossing"),
			Multiple: float64(rapid.IntRange(0, 4).Draw(t, "multiple")), OrderCost: 5, HoldingCost: 1, BackorderCost: 3, LostCost: 7, UnitCost: 1,
		}
		if rapid.Bool().Draw(t, "lead law") {
			s.LeadLaw = must(reorder.PoissonDemand(2))
		}
		if demand {
			s.Law, s.Backorder = must(reorder.PoissonDemand(rapid.SampledFrom([]float64{.5, 3}).Draw(t, "mean"))), rapid.SampledFrom([]float64{0, .5, 1}).Draw(t, "backorder")
		}
		return s
	}
	net := reorder.Network[int]{Central: site(rapid.IntRange(-1, 9).Draw(t, "id")*10+5, false), Rationing: reorder.Rationing(rapid.IntRange(0, 1).Draw(t, "rationing"))}
	for i := range rapid.IntRange(1, 5).Draw(t, "stores") {
		net.Stores = append(net.Stores, site(i*20, true))
	}
	return net, reorder.SimulateOptions{Periods: rapid.IntRange(1, 300).Draw(t, "periods"), Batches: 1, Replications: 2, Seed: rapid.Uint64().Draw(t, "seed")}
}

// Units are neither made nor lost between the levels, nobody sells what it has not got, and the same input in
// another order gives the same bytes at any number of processors.
func TestNetworkProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		net, o := randomNetwork(t)
		r, err := reorder.SimulateNetwork(context.Background(), net, o)
		if err != nil {
			t.Fatal(err)
		}
		n := float64(o.Periods)
		dc := must(r.Product(net.Central.ID))
		asked, got := 0.0, 0.0
		for _, s := range net.Stores {
			p := must(r.Product(s.ID))
			got += p.Bought.Value * n
			sold := (p.Demand.Value - p.Lost.Value) * n // of which those who wait have not got theirs yet
			if have := s.OnHand + p.Bought.Value*n; p.FillRate.Value*p.Demand.Value*n > have+1e-6 || sold < -1e-6 {
				t.Fatalf("store %d sold %v of %v", s.ID, sold, have)
			}
		}
		asked = dc.Demand.Value * n
		if most := net.Central.OnHand + dc.Bought.Value*n; got > min(asked, most)+1e-6 {
			t.Fatalf("stores got %v, asked for %v, the centre had %v", got, asked, most)
		}
		whole := string(must(r.MarshalBinary()))
		slices.Reverse(net.Stores)
		before := runtime.GOMAXPROCS(rapid.SampledFrom([]int{1, 2, 8}).Draw(t, "processors"))
		again := string(must(must(reorder.SimulateNetwork(context.Background(), net, o)).MarshalBinary()))
		runtime.GOMAXPROCS(before)
		if again != whole {
			t.Fatal("other bytes")
		}
	})
}

// A centre that never lacks anything makes each store the product that Simulate runs alone.
func TestNetworkPlentiful(t *testing.T) {
	for _, rationing := range []reorder.Rationing{reorder.FirstCome, reorder.Proportional} {
		net := reorder.Network[int]{Central: reorder.Simulated[int]{ID: -1, Policy: base(1e6), OnHand: 1e6}, Rationing: rationing}
		for _, s := range shop(9) {
			s.ShelfLife = 0
			net.Stores = append(net.Stores, s)
		}
		o := reorder.SimulateOptions{Periods: 300, Warmup: 10, Seed: 6, Replications: 3}
		both := must(reorder.SimulateNetwork(context.Background(), net, o))
		alone := must(reorder.Simulate(context.Background(), net.Stores, o))
		for _, id := range alone.IDs() {
			if a, b := must(both.Product(id)), must(alone.Product(id)); a != b {
				t.Errorf("store %d: %+v, alone %+v", id, a, b)
			}
		}
	}
}

// Two stores and one unit too few, by hand: who gets it.
func TestNetworkRationing(t *testing.T) {
	asks := func(at map[int]float64) reorder.Orderer {
		return reorder.OrderFunc(func(s reorder.State) float64 { return at[s.Period] })
	}
	for _, c := range []struct {
		name       string
		rationing  reorder.Rationing
		a, b       map[int]float64
		central    map[int]float64
		wantA      float64
		wantB      float64
		stock      float64
		leftOnHand float64
	}{
		{"older first", reorder.FirstCome, map[int]float64{1: 4}, map[int]float64{0: 6}, map[int]float64{2: 1}, 1, 6, 6, 0},
		{"part of the older", reorder.FirstCome, map[int]float64{1: 4}, map[int]float64{0: 9}, map[int]float64{2: 2}, 0, 8, 6, 0},
		{"in proportion", reorder.Proportional, map[int]float64{0: 4}, map[int]float64{0: 12}, nil, 2, 6, 8, 0},
		{"in proportion, and the rest later", reorder.Proportional, map[int]float64{0: 4}, map[int]float64{0: 12}, map[int]float64{2: 9}, 4, 12, 8, 1},
	} {
		net := reorder.Network[string]{
			Central: reorder.Simulated[string]{ID: "dc", Policy: asks(c.central), OnHand: c.stock},
			Stores: []reorder.Simulated[string]{
				{ID: "a", Policy: asks(c.a), Demand: make([]float64, 5)}, {ID: "b", Policy: asks(c.b), Demand: make([]float64, 5)},
			},
			Rationing: c.rationing,
		}
		r := must(reorder.SimulateNetwork(context.Background(), net, reorder.SimulateOptions{Periods: 5, Warmup: 4, Batches: 1}))
		for id, want := range map[string]float64{"a": c.wantA, "b": c.wantB, "dc": c.leftOnHand} {
			if got := must(r.Product(id)).Stock.Value; got != want {
				t.Errorf("%s: %s has %v, want %v", c.name, id, got, want)
			}
		}
	}
}

func TestNetworkBadInput(t *testing.T) {
	law := must(reorder.PoissonDemand(3))
	good := func() reorder.Network[int] {
		return reorder.Network[int]{Central: reorder.Simulated[int]{ID: 1, Policy: base(9)}, Stores: []reorder.Simulated[int]{{ID: 2, Policy: base(4), Law: law}}}
	}
	for _, c := range []struct {
		name   string
		change func(*reorder.Network[int])
		want   error
	}{
		{"no stores", func(n *reorder.Network[int]) { n.Stores = nil }, reorder.ErrEmpty},
		{"no policy", func(n *reorder.Network[int]) { n.Central.Policy = nil }, reorder.ErrEmpty},
		{"no demand", func(n *reorder.Network[int]) { n.Stores[0].Law = nil }, reorder.ErrEmpty},
		{"central demand", func(n *reorder.Network[int]) { n.Central.Law = law }, reorder.ErrRange},
		{"the same id", func(n *reorder.Network[int]) { n.Central.ID = 2 }, reorder.ErrDuplicate},
		{"rationing", func(n *reorder.Network[int]) { n.Rationing = 2 }, reorder.ErrOption},
		{"ageing", func(n *reorder.Network[int]) { n.Stores[0].ShelfLife = 3 }, reorder.ErrRange},
		{"fill of a store", func(n *reorder.Network[int]) { n.Stores[0].Fill = .5 }, reorder.ErrRange},
		{"lead", func(n *reorder.Network[int]) { n.Stores[0].Lead = -1 }, reorder.ErrRange},
		{"central lead", func(n *reorder.Network[int]) { n.Central.Lead = -1 }, reorder.ErrRange},
		{"order of a store", func(n *reorder.Network[int]) {
			n.Stores[0].Policy = reorder.OrderFunc(func(reorder.State) float64 { return -1 })
		}, reorder.ErrRange},
		{"order of the centre", func(n *reorder.Network[int]) {
			n.Central.Policy = reorder.OrderFunc(func(reorder.State) float64 { return math.NaN() })
		}, reorder.ErrNotFinite},
		{"law of leads", func(n *reorder.Network[int]) { n.Stores[0].LeadLaw = broken{law, 2} }, reorder.ErrUndefined},
		{"law of demand", func(n *reorder.Network[int]) { n.Stores[0].Law = broken{law, math.NaN()} }, reorder.ErrUndefined},
	} {
		n := good()
		c.change(&n)
		if r, err := reorder.SimulateNetwork(context.Background(), n, reorder.SimulateOptions{Periods: 9}); r != nil || !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := reorder.SimulateNetwork(context.Background(), good(), reorder.SimulateOptions{}); !errors.Is(err, reorder.ErrOption) {
		t.Error(err)
	}
}
