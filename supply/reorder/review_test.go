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

// chain is a long run of a policy as an exact Markov chain over stock and what is on its way: the slow oracle, which knows
// nothing but Order.
type chain struct {
	demand []float64 // of a period, by units
	lead   int
	review int
	h, p   float64
	k      float64
}

// stock is a state before the review of a period: on hand less owed, and what arrives in the periods to come.
type stock struct {
	net   int
	pipe  [4]int
	phase int
}

// run returns what ReviewPolicy claims of a policy, by distributions of states until they no longer change.
func (c chain) run(o reorder.Orderer) (p reorder.ReviewPolicy) {
	now := map[stock]float64{{}: 1}
	var sums [8]float64
	periods := 0
	const rounds = 240
	for round := 0; round < rounds; round++ {
		measure := round >= rounds-12*c.review // the chain has settled; whole review intervals
		next := make(map[stock]float64, len(now))
		for s, w := range now {
			if w < 1e-15 {
				continue
			}
			state := reorder.State{Period: s.phase, OnHand: float64(max(s.net, 0)), Owed: float64(max(-s.net, 0))}
			for _, x := range s.pipe {
				state.OnOrder += float64(x)
			}
			q := int(o.Order(state))
			// An order of c.lead periods ago arrives before demand; of lead 0 it is today's.
			s.pipe[c.lead] += q
			arrived, before := s.pipe[0], s.net
			net := s.net + arrived
			var pipe [4]int
			copy(pipe[:], s.pipe[1:])
			for d, q2 := range c.demand {
				if q2 == 0 {
					continue
				}
				end := net - d
				v := w * q2
				if measure {
					if q > 0 {
						sums[0] += v // orders
					}
					sums[1] += v * (c.h*float64(max(end, 0)) + c.p*float64(max(-end, 0)))
					sums[2] += v * float64(d)
					sums[3] += v * float64(max(-end, 0)-max(-net, 0)) // newly owed
					if end >= 0 {
						sums[4] += v
					}
				}
				next[stock{net: end, pipe: pipe, phase: (s.phase + 1) % c.review}] += v
			}
			if measure && arrived > 0 {
				sums[5] += w
				if before >= 0 {
					sums[6] += w
				}
			}
			if measure && (s.phase-c.lead%c.review+c.review)%c.review == 0 { // the end of a review interval, at arrival
				sums[7] += w
				if before >= 0 {
					p.Point += w // borrowed: intervals of a base stock that end with nothing owed
				}
			}
		}
		if measure {
			periods++
		}
		now = next
	}
	n := float64(periods)
	p.Cost = (c.k*sums[0] + sums[1]) / n
	p.FillRate = 1 - sums[3]/sums[2]
	p.ReadyRate = sums[4] / n
	p.CycleService = sums[6] / sums[5]
	p.Interval = n / sums[0]
	p.Level = p.Point / sums[7]
	return p
}

// Costs and services of every policy equal those of the long run, and MinMax is the cheapest of all in reach.
func TestReviewChainProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Float64Range(.15, .9).Draw(t, "none"), rapid.Float64Range(.2, .8).Draw(t, "one")
		c := chain{
			demand: []float64{a, (1 - a) * b, 0, (1 - a) * (1 - b)},
			lead:   rapid.IntRange(0, 2).Draw(t, "lead"), review: rapid.IntRange(1, 2).Draw(t, "review"),
			h: rapid.Float64Range(.5, 2).Draw(t, "h"), p: rapid.Float64Range(1, 20).Draw(t, "p"), k: rapid.Float64Range(.1, 12).Draw(t, "k"),
		}
		d, err := reorder.DiscreteDemand(c.demand)
		if err != nil {
			t.Fatal(err)
		}
		opt := reorder.ReviewOptions{Demand: d, Lead: c.lead, Review: c.review, OrderCost: c.k, HoldingCost: c.h, BackorderCost: c.p}
		best, err := reorder.MinMax(opt)
		if err != nil {
			t.Fatal(err)
		}
		base, err := reorder.BaseStock(opt)
		if err != nil {
			t.Fatal(err)
		}
		which := rapid.SampledFrom([]string{"best", "base", "other"}).Draw(t, "which")
		s := float64(rapid.IntRange(-2, 5).Draw(t, "s"))
		other, err := reorder.ReviewCost(opt, reorder.ReviewPolicy{Point: s, Level: s + float64(rapid.IntRange(1, 6).Draw(t, "more"))})
		if err != nil {
			t.Fatal(err)
		}
		for name, p := range map[string]reorder.ReviewPolicy{"best": best, "base": base, "other": other} {
			if name != which {
				continue
			}
			want := c.run(p)
			if p.Point == p.Level { // whose cycle is a review interval
				want.CycleService = want.Level
			}
			for _, x := range []struct {
				what      string
				got, want float64
			}{
				{"cost", p.Cost, want.Cost},
				{"fill rate", p.FillRate, want.FillRate},
				{"ready rate", p.ReadyRate, want.ReadyRate},
				{"cycle service", p.CycleService, want.CycleService},
				{"interval", p.Interval, want.Interval},
			} {
				if !testkit.Close(x.got, x.want, 1e-8, 1e-8) {
					t.Fatalf("%s %+v of %+v: %s is %v in the long run", name, p, c, x.what, x.want)
				}
			}
		}
		if other.Cost < best.Cost-1e-9 || base.Cost < best.Cost-1e-9 {
			t.Fatalf("best %+v, other %+v, base %+v", best, other, base)
		}
		for s := best.Point - 2; s <= best.Point+2; s++ {
			for level := max(s+1, best.Level-2); level <= best.Level+2; level++ {
				p, err := reorder.ReviewCost(opt, reorder.ReviewPolicy{Point: s, Level: level})
				if err != nil || p.Cost < best.Cost-1e-9 {
					t.Fatalf("(%v, %v) costs %v, best (%v, %v) %v: %v", s, level, p.Cost, best.Point, best.Level, best.Cost, err)
				}
			}
		}
	})
}

// Levels are the least that reach a service, and the cheapest: by counting and by neighbours.
func TestBaseStockProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, kind := drawLaw(t, -1)
		opt := reorder.ReviewOptions{
			Demand: d, Lead: rapid.IntRange(0, 3).Draw(t, "lead"), Review: rapid.IntRange(1, 4).Draw(t, "review"),
			HoldingCost: 1, BackorderCost: rapid.Float64Range(.5, 30).Draw(t, "p"), OrderCost: 2,
		}
		at := func(level float64) reorder.ReviewPolicy {
			o := opt
			o.CycleService, o.FillRate, o.ReadyRate = 0, 0, 0
			p, err := reorder.ReviewCost(o, reorder.ReviewPolicy{Point: level, Level: level})
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		best, err := reorder.BaseStock(opt)
		if err != nil {
			t.Fatal(err)
		}
		for _, by := range []float64{-1, -.1, .1, 1} {
			if p := at(best.Level + by); p.Cost < best.Cost*(1-1e-9) {
				t.Fatalf("law %s: level %v costs %v, best %v %v", kind, p.Level, p.Cost, best.Level, best.Cost)
			}
		}
		which := rapid.SampledFrom([]string{"cycle", "fill", "ready"}).Draw(t, "which")
		want := rapid.Float64Range(.3, .999).Draw(t, "service")
		for name, set := range map[string]func(){
			"cycle": func() { opt.CycleService, opt.FillRate, opt.ReadyRate = want, 0, 0 },
			"fill":  func() { opt.CycleService, opt.FillRate, opt.ReadyRate = 0, want, 0 },
			"ready": func() { opt.CycleService, opt.FillRate, opt.ReadyRate = 0, 0, want },
		} {
			if name != which {
				continue
			}
			set()
			p, err := reorder.BaseStock(opt)
			if err != nil {
				t.Fatal(err)
			}
			of := func(p reorder.ReviewPolicy) float64 {
				return map[string]float64{"cycle": p.CycleService, "fill": p.FillRate, "ready": p.ReadyRate}[name]
			}
			below := at(p.Level - 1e-4*(1+math.Abs(p.Level)))
			if p.Level == math.Floor(p.Level) { // of whole units
				below = at(p.Level - 1)
			}
			if of(p) < want-1e-6 || of(below) > want+1e-4 {
				t.Fatalf("law %s: %s service %v at %v, %v below, wanted %v", kind, name, of(p), p.Level, of(below), want)
			}
		}
	})
}

// A policy as a function: never below 0, never more with more in stock, nothing once it is at its level, nothing
// between reviews.
func TestReviewPolicyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := float64(rapid.IntRange(-5, 20).Draw(t, "s"))
		p := reorder.ReviewPolicy{Review: rapid.IntRange(0, 3).Draw(t, "review"), Point: s, Level: s + float64(rapid.IntRange(0, 9).Draw(t, "more"))}
		state := reorder.State{Period: 6, OnHand: float64(rapid.IntRange(0, 30).Draw(t, "hand")), OnOrder: float64(rapid.IntRange(0, 9).Draw(t, "order")), Owed: float64(rapid.IntRange(0, 9).Draw(t, "owed"))}
		q := p.Order(state)
		more := state
		more.OnHand++
		if q < 0 || p.Order(more) > q || state.Position()+q < min(p.Point, p.Level) {
			t.Fatalf("%+v orders %v in %+v, %v in %+v", p, q, state, p.Order(more), more)
		}
		state.OnOrder += q
		if again := p.Order(state); again > 1e-12 && p.Point < p.Level || q > 0 && again != 0 {
			t.Fatalf("%+v orders %v again in %+v", p, again, state)
		}
		if state.Period = 7; p.Review > 1 && p.Order(state) != 0 {
			t.Fatal("an order between reviews")
		}
	})
}

// Units: the same shop counted in pairs has half the levels and the same cost.
func TestReviewUnits(t *testing.T) {
	must := law(t)
	opt := reorder.ReviewOptions{Demand: must(reorder.DiscreteDemand([]float64{.3, 0, .4, 0, .3})), Lead: 2, OrderCost: 9, HoldingCost: 1, BackorderCost: 6, Unit: 2}
	a, err := reorder.MinMax(opt)
	if err != nil {
		t.Fatal(err)
	}
	opt.Demand, opt.Unit, opt.HoldingCost, opt.BackorderCost = must(reorder.DiscreteDemand([]float64{.3, .4, .3})), 1, 2, 12
	b, err := reorder.MinMax(opt)
	if err != nil {
		t.Fatal(err)
	}
	if a.Point != 2*b.Point || a.Level != 2*b.Level || !testkit.Close(a.Cost, b.Cost, 0, 1e-12) || !testkit.Close(a.FillRate, b.FillRate, 0, 1e-12) || !testkit.Close(a.CycleService, b.CycleService, 0, 1e-12) {
		t.Errorf("in units of 2 %+v, in pairs %+v", a, b)
	}
	// Normal demand a thousand times larger.
	opt = reorder.ReviewOptions{Demand: must(reorder.NormalDemand(50, 8)), OrderCost: 2.5, HoldingCost: .18, BackorderCost: .7}
	if a, err = reorder.MinMax(opt); err != nil {
		t.Fatal(err)
	}
	opt.Demand, opt.HoldingCost, opt.BackorderCost, opt.Unit = must(reorder.NormalDemand(50000, 8000)), .18e-3, .7e-3, 1000
	if b, err = reorder.MinMax(opt); err != nil {
		t.Fatal(err)
	}
	if b.Point != 1000*a.Point || b.Level != 1000*a.Level || !testkit.Close(a.Cost, b.Cost, 0, 1e-6) {
		t.Errorf("normal %+v, a thousand times %+v", a, b)
	}
}

// The approximations beside the optimum where they were made for: lots above a period and a half of demand.
func TestMinMaxApproximations(t *testing.T) {
	must := law(t)
	var power, normal []float64
	for _, mean := range []float64{4, 20} {
		for _, p := range []float64{4, 24} {
			for _, k := range []float64{32, 64} {
				for _, lead := range []int{0, 2} {
					opt := reorder.ReviewOptions{Demand: must(reorder.NegativeBinomialDemand(mean, math.Sqrt(3*mean))), Lead: lead, OrderCost: k, HoldingCost: 1, BackorderCost: p}
					best, err := reorder.MinMax(opt)
					if err != nil {
						t.Fatal(err)
					}
					a, err := reorder.PowerMinMax(opt)
					if err != nil {
						t.Fatal(err)
					}
					b, err := reorder.NormalMinMax(opt)
					if err != nil {
						t.Fatal(err)
					}
					power, normal = append(power, a.Cost/best.Cost-1), append(normal, b.Cost/best.Cost-1)
				}
			}
		}
	}
	slices.Sort(power)
	slices.Sort(normal)
	t.Logf("cost above the optimum, median and worst: power %.4f %.4f, normal %.4f %.4f",
		power[len(power)/2], power[len(power)-1], normal[len(normal)/2], normal[len(normal)-1])
	if power[0] < -1e-12 || normal[0] < -1e-12 || power[len(power)/2] > .01 {
		t.Error("the power approximation is further from the optimum than published, or below it")
	}
}

func TestReviewBadInput(t *testing.T) {
	must := law(t)
	poisson, below := must(reorder.PoissonDemand(6)), must(reorder.NormalDemand(5, 5))
	for _, c := range []struct {
		name   string
		change func(*reorder.ReviewOptions)
		want   error
		base   bool // bad for BaseStock too
	}{
		{"no demand", func(o *reorder.ReviewOptions) { o.Demand = nil }, reorder.ErrOption, true},
		{"demand mean 0", func(o *reorder.ReviewOptions) { o.Demand = must(reorder.NormalDemand(0, 1)) }, reorder.ErrOption, true},
		{"lead negative", func(o *reorder.ReviewOptions) { o.Lead = -1 }, reorder.ErrOption, true},
		{"lead for ever", func(o *reorder.ReviewOptions) { o.Lead = 5000 }, reorder.ErrOption, true},
		{"two leads", func(o *reorder.ReviewOptions) { o.Lead, o.LeadLaw = 1, poisson }, reorder.ErrOption, true},
		{"lead law below 0", func(o *reorder.ReviewOptions) { o.LeadLaw = below }, reorder.ErrRange, true},
		{"review", func(o *reorder.ReviewOptions) { o.Review = -1 }, reorder.ErrOption, true},
		{"order cost", func(o *reorder.ReviewOptions) { o.OrderCost = -1 }, reorder.ErrOption, true},
		{"free orders", func(o *reorder.ReviewOptions) { o.OrderCost = 0 }, reorder.ErrOption, false},
		{"holding", func(o *reorder.ReviewOptions) { o.HoldingCost = 0 }, reorder.ErrOption, true},
		{"backorder", func(o *reorder.ReviewOptions) { o.BackorderCost = -1 }, reorder.ErrOption, true},
		{"backorder NaN", func(o *reorder.ReviewOptions) { o.BackorderCost = math.NaN() }, reorder.ErrOption, true},
		{"unit", func(o *reorder.ReviewOptions) { o.Unit = -1 }, reorder.ErrOption, true},
		{"service 1", func(o *reorder.ReviewOptions) { o.CycleService = 1 }, reorder.ErrOption, true},
		{"service negative", func(o *reorder.ReviewOptions) { o.FillRate = -.5 }, reorder.ErrOption, true},
		{"two services", func(o *reorder.ReviewOptions) { o.FillRate, o.ReadyRate = .9, .9 }, reorder.ErrOption, true},
		{"a service for MinMax", func(o *reorder.ReviewOptions) { o.FillRate = .9 }, reorder.ErrOption, false},
		{"negative demand", func(o *reorder.ReviewOptions) { o.Demand = below }, reorder.ErrRange, false},
		{"units too small", func(o *reorder.ReviewOptions) { o.Unit = 1e-6 }, reorder.ErrRange, false},
		{"units too large", func(o *reorder.ReviewOptions) { o.Unit = 1e15 }, reorder.ErrRange, false},
	} {
		opt := reorder.ReviewOptions{Demand: poisson, OrderCost: 5, HoldingCost: 1, BackorderCost: 4}
		c.change(&opt)
		for name, f := range map[string]func(reorder.ReviewOptions) (reorder.ReviewPolicy, error){
			"MinMax": reorder.MinMax, "PowerMinMax": reorder.PowerMinMax, "NormalMinMax": reorder.NormalMinMax, "BaseStock": reorder.BaseStock,
		} {
			if name == "BaseStock" && !c.base {
				continue
			}
			if p, err := f(opt); !errors.Is(err, c.want) || p != (reorder.ReviewPolicy{}) {
				t.Errorf("%s: %s: %+v, %v", c.name, name, p, err)
			}
		}
	}
	opt := reorder.ReviewOptions{Demand: poisson, OrderCost: 5, HoldingCost: 1, BackorderCost: 4}
	for _, p := range []reorder.ReviewPolicy{{Point: 5, Level: 4}, {Point: math.NaN(), Level: 4}, {Point: 1, Level: math.Inf(1)}, {Point: .5, Level: 4}, {Point: 1, Level: 1e6}} {
		if got, err := reorder.ReviewCost(opt, p); !errors.Is(err, reorder.ErrOption) || got != (reorder.ReviewPolicy{}) {
			t.Errorf("%+v: %+v, %v", p, got, err)
		}
	}
	certain := opt
	certain.Demand = must(reorder.NormalDemand(6, 0))
	if _, err := reorder.PowerMinMax(certain); !errors.Is(err, reorder.ErrUndefined) {
		t.Error(err)
	}
	if p, err := reorder.MinMax(certain); err != nil || p.Level != 6 || p.Cost != 5 { // six a period, ordered each morning
		t.Errorf("certain demand: %+v (%v)", p, err)
	}
}

// A lead time by its law: a certain one is the plain one, and of two the services are the mean of those of each.
func TestReviewLeadLaw(t *testing.T) {
	must := law(t)
	opt := reorder.ReviewOptions{Demand: must(reorder.PoissonDemand(3)), Review: 2, OrderCost: 5, HoldingCost: 1, BackorderCost: 7}
	at := func(lead int, by reorder.Distribution, p reorder.ReviewPolicy) reorder.ReviewPolicy {
		o := opt
		o.Lead, o.LeadLaw = lead, by
		got, err := reorder.ReviewCost(o, p)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	for _, p := range []reorder.ReviewPolicy{{Point: 14, Level: 14}, {Point: 9, Level: 17}} {
		two, four := at(2, nil, p), at(4, nil, p)
		if got := at(0, must(reorder.NormalDemand(2, 0)), p); got != two {
			t.Errorf("%+v by its law, %+v", got, two)
		}
		mixed := at(0, must(reorder.DiscreteDemand([]float64{0, 0, .25, 0, .75})), p)
		for what, x := range map[string][3]float64{
			"cost":          {mixed.Cost, two.Cost, four.Cost},
			"fill rate":     {mixed.FillRate, two.FillRate, four.FillRate},
			"ready rate":    {mixed.ReadyRate, two.ReadyRate, four.ReadyRate},
			"cycle service": {mixed.CycleService, two.CycleService, four.CycleService},
		} {
			if !testkit.Close(x[0], .25*x[1]+.75*x[2], 1e-10, 1e-10) {
				t.Errorf("%+v: %s is %v, of each lead time %v and %v", p, what, x[0], x[1], x[2])
			}
		}
	}
}

// What is exact for whole units is so for tenths of them: the policies are the same, with costs by the tenth.
func TestMinMaxUnits(t *testing.T) {
	samples := []float64{0, 1, 1, 2, 3, 7}
	for _, unit := range []float64{.1, .001, 12} {
		scaled := make([]float64, len(samples))
		for i, x := range samples {
			scaled[i] = x * unit
		}
		for lead := range 3 {
			whole := reorder.ReviewOptions{Demand: must(reorder.EmpiricalDemand(samples)), Lead: lead, Review: 2, OrderCost: 5, HoldingCost: unit, BackorderCost: 9 * unit}
			parts := whole
			parts.Demand, parts.Unit, parts.HoldingCost, parts.BackorderCost = must(reorder.EmpiricalDemand(scaled)), unit, 1, 9
			a, b := must(reorder.MinMax(whole)), must(reorder.MinMax(parts))
			for name, x := range map[string][2]float64{
				"Point": {b.Point, a.Point * unit}, "Level": {b.Level, a.Level * unit}, "Cost": {b.Cost, a.Cost}, "CycleService": {b.CycleService, a.CycleService},
				"FillRate": {b.FillRate, a.FillRate}, "ReadyRate": {b.ReadyRate, a.ReadyRate}, "Interval": {b.Interval, a.Interval},
			} {
				close(t, name, x[0], x[1], 1e-9)
			}
			c := must(reorder.ReviewCost(parts, b))
			close(t, "ReviewCost", c.Cost, a.Cost, 1e-9)
		}
	}
}

// A unit so dear that no position has a cost: refused at once, not after all of them.
func TestMinMaxOverflow(t *testing.T) {
	p, err := reorder.MinMax(reorder.ReviewOptions{Demand: must(reorder.PoissonDemand(1e8)), OrderCost: 25, HoldingCost: 1e300, BackorderCost: 60, Unit: 1e15})
	if !errors.Is(err, reorder.ErrOverflow) || p != (reorder.ReviewPolicy{}) {
		t.Errorf("%+v, %v", p, err)
	}
}
