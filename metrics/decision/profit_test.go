package decision_test

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/decision"
	"pgregory.net/rapid"
)

func TestProfitGolden(t *testing.T) {
	var g struct {
		Curves                 [][3]float64 // kind, parameters
		Budget                 float64
		Spend                  []float64
		Response               float64
		Alpha, Beta, Mu, Sigma []float64
		Best, Regret           []float64
	}
	testkit.Golden(t, "money.json", &g)
	channels := []decision.ChannelBudget{
		{Curve: decision.HillCurve{900, 300, 1}}, {Curve: decision.ExponentialCurve{500, 200}}, {Curve: decision.PowerCurve{20, .5}}, {Curve: decision.HillCurve{400, 50, .8}, Max: 120},
	}
	p, err := decision.AllocateBudget(context.Background(), g.Budget, channels, 0)
	must(t, err)
	near(t, "spend", p.Spend, g.Spend, 1e-3) // scipy's own tolerance
	testkit.Near(t, "response", p.Response, g.Response, 1e-6)
	if p.Response < g.Response-1e-9*g.Response {
		t.Errorf("response %v is below scipy's %v", p.Response, g.Response)
	}
	for i, c := range channels {
		if i != 3 {
			testkit.Near(t, "price", c.Curve.Marginal(p.Spend[i])/p.Price, 1, 1e-9)
		}
	}

	// Probabilities by quadrature against draws.
	var bs []decision.Belief
	for i := range g.Alpha {
		x, err := metrics.NewProportion(int64(g.Alpha[i])-1, int64(g.Alpha[i]+g.Beta[i])-2)
		must(t, err)
		bs = append(bs, decision.BeliefInRate(x).Worth(100, 2))
	}
	for i := range g.Mu {
		b, err := decision.BeliefInMean(g.Mu[i], g.Sigma[i])
		must(t, err)
		bs = append(bs, b)
	}
	c, err := decision.Choose(context.Background(), bs, decision.ChooseOptions{Draws: 400_000})
	must(t, err)
	for i, s := range c.Strategies {
		testkit.Near(t, "best", s.Best, g.Best[i], 4*.5/math.Sqrt(400_000))
		testkit.Near(t, "regret", s.Regret, g.Regret[i], .02)
	}
}

func TestProfit(t *testing.T) {
	x, err := decision.BreakEvenRate(50, 2000)
	must(t, err)
	testkit.Near(t, "break-even", x, .025, 1e-15)
	y, err := decision.IncrementalProfit(.03, 2000, 50)
	must(t, err)
	testkit.Near(t, "profit", y, 10, 1e-12)
	y, err = decision.IncrementalProfit(x, 2000, 50)
	must(t, err)
	testkit.Near(t, "profit at break-even", y, 0, 1e-12)
	inc, err := decision.IncrementalOf(metrics.Effect{Scale: metrics.ScaleAbsolute, Estimate: .5, Low: .1, High: .9, NB: 1000}, 250)
	must(t, err)
	if inc.Value != 500 || inc.PerCost != 2 || inc.CostPer != .5 || math.Abs(inc.CostPerRange.High-2.5) > 1e-12 || len(inc.Warnings) != 0 {
		t.Errorf("%+v", inc)
	}
	inc, err = decision.IncrementalOf(metrics.Effect{Scale: metrics.ScaleAbsolute, Estimate: .5, Low: -.1, High: 1.1, NB: 1000}, 0)
	must(t, err)
	if !math.IsNaN(inc.PerCost) || inc.CostPer != 0 || !math.IsNaN(inc.CostPerRange.Low) || len(inc.Warnings) != 1 {
		t.Errorf("%+v", inc)
	}
	// Costs and gains chain.
	b, err := decision.BeliefInMean(2, 0)
	must(t, err)
	if m := b.Worth(10, 3).Worth(2, 1).Mean(); m != 33 {
		t.Errorf("worth %v", m)
	}
}

func TestMoneyBadInput(t *testing.T) {
	ctx := context.Background()
	one := []decision.ChannelBudget{{Curve: decision.PowerCurve{1, .5}}}
	in := func(c decision.ChannelBudget) []decision.ChannelBudget { return []decision.ChannelBudget{c} }
	inf := math.Inf(1)
	b, _ := decision.BeliefInMean(1, 1)
	for name, x := range map[string]struct{ got, want error }{
		"margin 0":          {second(decision.BreakEvenRate(1, 0)), decision.ErrRange},
		"cost NaN":          {second(decision.BreakEvenRate(math.NaN(), 1)), decision.ErrRange},
		"uplift 2":          {second(decision.IncrementalProfit(2, 1, 1)), decision.ErrRange},
		"uplift NaN":        {second(decision.IncrementalProfit(math.NaN(), 1, 1)), decision.ErrNotFinite},
		"relative effect":   {second(decision.IncrementalOf(metrics.Effect{Scale: metrics.ScaleRelative, NB: 3}, 1)), decision.ErrOption},
		"effect of nobody":  {second(decision.IncrementalOf(metrics.Effect{}, 1)), decision.ErrOption},
		"effect NaN":        {second(decision.IncrementalOf(metrics.Effect{Estimate: math.NaN(), NB: 3}, 1)), decision.ErrNotFinite},
		"negative cost":     {second(decision.IncrementalOf(metrics.Effect{NB: 3}, -1)), decision.ErrRange},
		"no channels":       {second(decision.AllocateBudget(ctx, 1, nil, 0)), decision.ErrEmpty},
		"budget -1":         {second(decision.AllocateBudget(ctx, -1, one, 0)), decision.ErrRange},
		"budget Inf":        {second(decision.AllocateBudget(ctx, inf, one, 0)), decision.ErrRange},
		"floor NaN":         {second(decision.AllocateBudget(ctx, 1, one, math.NaN())), decision.ErrRange},
		"no curve":          {second(decision.AllocateBudget(ctx, 1, in(decision.ChannelBudget{}), 0)), decision.ErrRange},
		"min above max":     {second(decision.AllocateBudget(ctx, 9, in(decision.ChannelBudget{one[0].Curve, 3, 2}), 0)), decision.ErrRange},
		"min above budget":  {second(decision.AllocateBudget(ctx, 1, in(decision.ChannelBudget{one[0].Curve, 3, 0}), 0)), decision.ErrRange},
		"S-shaped":          {second(decision.AllocateBudget(ctx, 9, in(decision.ChannelBudget{decision.HillCurve{1, 2, 3}, 0, 0}), 0)), decision.ErrOption},
		"curve of NaN":      {second(decision.AllocateBudget(ctx, 9, in(decision.ChannelBudget{decision.HillCurve{math.NaN(), 2, 1}, 0, 0}), 0)), decision.ErrNotFinite},
		"no units":          {second(decision.AllocateUnits(ctx, 1, nil)), decision.ErrEmpty},
		"units -1":          {second(decision.AllocateUnits(ctx, -1, [][]float64{{1}})), decision.ErrRange},
		"empty response":    {second(decision.AllocateUnits(ctx, 1, [][]float64{{}})), decision.ErrEmpty},
		"response NaN":      {second(decision.AllocateUnits(ctx, 1, [][]float64{{0, math.NaN()}})), decision.ErrNotFinite},
		"too many units":    {second(decision.AllocateUnits(ctx, 1<<20, [][]float64{make([]float64, 1<<20), append(make([]float64, 1<<20), 1)})), decision.ErrTooLarge},
		"belief NaN":        {second(decision.BeliefInMean(math.NaN(), 1)), decision.ErrNotFinite},
		"belief SE":         {second(decision.BeliefInMean(1, -1)), decision.ErrRange},
		"nothing to choose": {second(decision.Choose(ctx, nil, decision.ChooseOptions{})), decision.ErrEmpty},
		"the zero belief":   {second(decision.Choose(ctx, []decision.Belief{{}}, decision.ChooseOptions{})), decision.ErrOption},
		"draws":             {second(decision.Choose(ctx, []decision.Belief{b}, decision.ChooseOptions{Draws: -1})), decision.ErrOption},
		"worth Inf":         {second(decision.Choose(ctx, []decision.Belief{b.Worth(inf, 0)}, decision.ChooseOptions{})), decision.ErrOption},
	} {
		if !errors.Is(x.got, x.want) {
			t.Errorf("%s: %v, want %v", name, x.got, x.want)
		}
	}
	cancelled, cancel := context.WithCancelCause(ctx)
	cause := errors.New("stop")
	cancel(cause)
	for name, err := range map[string]error{
		"choose": second(decision.Choose(cancelled, []decision.Belief{b}, decision.ChooseOptions{})),
		"budget": second(decision.AllocateBudget(cancelled, 5, []decision.ChannelBudget{{Curve: decision.PowerCurve{1, .5}}, {Curve: decision.PowerCurve{1, .5}}}, 0)),
		"units":  second(decision.AllocateUnits(cancelled, 5, [][]float64{{0, 1, 2}})),
		"convex": second(decision.AllocateUnits(cancelled, 5, [][]float64{{0, 1, 3}})),
	} {
		if !errors.Is(err, cause) {
			t.Errorf("%s, cancelled: %v", name, err)
		}
	}
}

func TestAllocateBudgetEdges(t *testing.T) {
	ctx := context.Background()
	// Not worth more than the floor: the rest stays.
	p, err := decision.AllocateBudget(ctx, 1000, []decision.ChannelBudget{{Curve: decision.ExponentialCurve{400, 100}}, {Curve: decision.HillCurve{10, 100, 1}, Min: 5}}, 1)
	must(t, err)
	near(t, "floor", p.Spend, []float64{100 * math.Log(4), 5}, 1e-9)
	testkit.Near(t, "unspent", p.Unspent, 1000-5-100*math.Log(4), 1e-9)
	// Straight lines: demand jumps, the budget still is spent.
	p, err = decision.AllocateBudget(ctx, 10, []decision.ChannelBudget{{Curve: decision.PowerCurve{2, 1}, Max: 6}, {Curve: decision.PowerCurve{2, 1}, Max: 8}, {Curve: decision.PowerCurve{1, 1}}}, 0)
	must(t, err)
	testkit.Near(t, "lines", p.Response, 20, 1e-9)
	testkit.Near(t, "lines", p.Spend[0]+p.Spend[1], 10, 1e-9)
	// No budget.
	p, err = decision.AllocateBudget(ctx, 0, []decision.ChannelBudget{{Curve: decision.PowerCurve{2, .5}}}, 0)
	must(t, err)
	if p.Response != 0 || p.Spend[0] > 1e-12 {
		t.Errorf("%+v", p)
	}
}

// The continuous plan is never worse than any other plan that is allowed.
func TestAllocateBudgetProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 4).Draw(t, "n")
		budget := rapid.Float64Range(.1, 1000).Draw(t, "budget")
		var cs []decision.ChannelBudget
		other, left := make([]float64, n), budget
		for i := range n {
			a, b := rapid.Float64Range(.1, 100).Draw(t, "a"), rapid.Float64Range(1, 100).Draw(t, "b")
			switch rapid.IntRange(0, 2).Draw(t, "kind") {
			case 0:
				cs = append(cs, decision.ChannelBudget{Curve: decision.HillCurve{a, b, rapid.Float64Range(.3, 1).Draw(t, "shape")}})
			case 1:
				cs = append(cs, decision.ChannelBudget{Curve: decision.ExponentialCurve{a, b}})
			default:
				cs = append(cs, decision.ChannelBudget{Curve: decision.PowerCurve{a, rapid.Float64Range(.2, 1).Draw(t, "exponent")}})
			}
			other[i] = left * rapid.Float64Range(0, 1).Draw(t, "part")
			left -= other[i]
		}
		p, err := decision.AllocateBudget(context.Background(), budget, cs, 0)
		if err != nil {
			t.Fatal(err)
		}
		var sum, value float64
		for i, x := range p.Spend {
			sum += x
			value += cs[i].Curve.Response(other[i])
		}
		if sum > budget*(1+1e-9) || p.Response < value*(1-1e-7) {
			t.Fatalf("plan %+v of %v, another brings %v", p, budget, value)
		}
	})
}

func bestUnits(units int, response [][]float64) float64 {
	if len(response) == 0 {
		return 0
	}
	best := math.Inf(-1)
	for u := 0; u <= units && u < len(response[0]); u++ {
		best = max(best, response[0][u]+bestUnits(units-u, response[1:]))
	}
	return best
}

func TestAllocateUnitsProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		units := rapid.IntRange(0, 7).Draw(t, "units")
		concave := rapid.Bool().Draw(t, "concave")
		var rs [][]float64
		for range rapid.IntRange(1, 4).Draw(t, "channels") {
			steps := rapid.SliceOfN(rapid.Float64Range(-3, 9), 0, 5).Draw(t, "steps")
			if concave {
				slices.Sort(steps)
				slices.Reverse(steps)
			}
			r := []float64{rapid.Float64Range(-1, 1).Draw(t, "base")}
			for _, s := range steps {
				r = append(r, r[len(r)-1]+s)
			}
			rs = append(rs, r)
		}
		p, err := decision.AllocateUnits(context.Background(), units, rs)
		if err != nil {
			t.Fatal(err)
		}
		used := 0
		for _, u := range p.Units {
			used += u
		}
		if used > units || math.Abs(p.Response-bestUnits(units, rs)) > 1e-9 {
			t.Fatalf("%+v, best is %v", p, bestUnits(units, rs))
		}
	})
}

func TestChooseDeterministic(t *testing.T) {
	a, _ := decision.BeliefInMean(1, 2)
	b, _ := decision.BeliefInMean(1.1, .1)
	testkit.AtGOMAXPROCS(t, func() []byte {
		c, err := decision.Choose(context.Background(), []decision.Belief{a, b}, decision.ChooseOptions{Draws: 20_000, Seed: 3})
		must(t, err)
		var out []byte
		for _, s := range c.Strategies {
			for _, x := range []float64{s.Best, s.Regret, s.Range.Low, s.Range.High, s.Negative} {
				out = binary.LittleEndian.AppendUint64(out, math.Float64bits(x))
			}
		}
		return out
	})
	c, err := decision.Choose(context.Background(), []decision.Belief{a}, decision.ChooseOptions{Draws: 10})
	must(t, err)
	if c.Strategies[0].Best != 1 || c.Regret != 0 || !math.IsNaN(c.Strategies[0].BeatsFirst) {
		t.Errorf("%+v", c)
	}
}

func BenchmarkChoose(b *testing.B) {
	x, _ := decision.BeliefInMean(1, 2)
	p, _ := metrics.NewProportion(30, 100)
	for b.Loop() {
		if _, err := decision.Choose(context.Background(), []decision.Belief{x, decision.BeliefInRate(p), x}, decision.ChooseOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}
