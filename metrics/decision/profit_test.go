package decision

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
	"pgregory.net/rapid"
)

func TestProfitGolden(t *testing.T) {
	var g struct {
		Price, Quantity          []float64
		Slope, Intercept, SE, R2 float64
		Low, High                float64
		Curves                   [][3]float64 // kind, parameters
		Budget                   float64
		Spend                    []float64
		Response                 float64
		Alpha, Beta, Mu, Sigma   []float64
		Best, Regret             []float64
	}
	testkit.Golden(t, "money.json", &g)
	e, err := PriceElasticity(g.Price, g.Quantity)
	must(t, err)
	near(t, "elasticity", []float64{e.Estimate, e.Intercept, e.SE, e.R2, e.Range.Low, e.Range.High}, []float64{g.Slope, g.Intercept, g.SE, g.R2, g.Low, g.High}, 1e-12)

	channels := []ChannelBudget{
		{Curve: HillCurve{900, 300, 1}}, {Curve: ExponentialCurve{500, 200}}, {Curve: PowerCurve{20, .5}}, {Curve: HillCurve{400, 50, .8}, Max: 120},
	}
	p, err := AllocateBudget(context.Background(), g.Budget, channels, 0)
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
	var bs []Belief
	for i := range g.Alpha {
		x, err := metrics.NewProportion(int64(g.Alpha[i])-1, int64(g.Alpha[i]+g.Beta[i])-2)
		must(t, err)
		bs = append(bs, BeliefInRate(x).Worth(100, 2))
	}
	for i := range g.Mu {
		b, err := BeliefInMean(g.Mu[i], g.Sigma[i])
		must(t, err)
		bs = append(bs, b)
	}
	c, err := Choose(context.Background(), bs, ChooseOptions{Draws: 400_000})
	must(t, err)
	for i, s := range c.Strategies {
		testkit.Near(t, "best", s.Best, g.Best[i], 4*.5/math.Sqrt(400_000))
		testkit.Near(t, "regret", s.Regret, g.Regret[i], .02)
	}
}

func TestProfit(t *testing.T) {
	x, err := BreakEvenRate(50, 2000)
	must(t, err)
	testkit.Near(t, "break-even", x, .025, 1e-15)
	y, err := IncrementalProfit(.03, 2000, 50)
	must(t, err)
	testkit.Near(t, "profit", y, 10, 1e-12)
	y, err = IncrementalProfit(x, 2000, 50)
	must(t, err)
	testkit.Near(t, "profit at break-even", y, 0, 1e-12)
	inc, err := IncrementalOf(metrics.Effect{Scale: metrics.ScaleAbsolute, Estimate: .5, Low: .1, High: .9, NB: 1000}, 250)
	must(t, err)
	if inc.Value != 500 || inc.PerCost != 2 || inc.CostPer != .5 || math.Abs(inc.CostPerRange.High-2.5) > 1e-12 || len(inc.Warnings) != 0 {
		t.Errorf("%+v", inc)
	}
	inc, err = IncrementalOf(metrics.Effect{Scale: metrics.ScaleAbsolute, Estimate: .5, Low: -.1, High: 1.1, NB: 1000}, 0)
	must(t, err)
	if !math.IsNaN(inc.PerCost) || inc.CostPer != 0 || !math.IsNaN(inc.CostPerRange.Low) || len(inc.Warnings) != 1 {
		t.Errorf("%+v", inc)
	}
	// Costs and gains chain.
	b, err := BeliefInMean(2, 0)
	must(t, err)
	if m := b.Worth(10, 3).Worth(2, 1).Mean(); m != 33 {
		t.Errorf("worth %v", m)
	}
}

func TestMoneyBadInput(t *testing.T) {
	ctx := context.Background()
	one := []ChannelBudget{{Curve: PowerCurve{1, .5}}}
	in := func(c ChannelBudget) []ChannelBudget { return []ChannelBudget{c} }
	inf := math.Inf(1)
	b, _ := BeliefInMean(1, 1)
	for name, x := range map[string]struct{ got, want error }{
		"margin 0":          {second(BreakEvenRate(1, 0)), ErrRange},
		"cost NaN":          {second(BreakEvenRate(math.NaN(), 1)), ErrRange},
		"uplift 2":          {second(IncrementalProfit(2, 1, 1)), ErrRange},
		"uplift NaN":        {second(IncrementalProfit(math.NaN(), 1, 1)), ErrNotFinite},
		"relative effect":   {second(IncrementalOf(metrics.Effect{Scale: metrics.ScaleRelative, NB: 3}, 1)), ErrOption},
		"effect of nobody":  {second(IncrementalOf(metrics.Effect{}, 1)), ErrOption},
		"effect NaN":        {second(IncrementalOf(metrics.Effect{Estimate: math.NaN(), NB: 3}, 1)), ErrNotFinite},
		"negative cost":     {second(IncrementalOf(metrics.Effect{NB: 3}, -1)), ErrRange},
		"no prices":         {second(PriceElasticity(nil, nil)), ErrEmpty},
		"lengths":           {second(PriceElasticity([]float64{1}, nil)), ErrShape},
		"price 0":           {second(PriceElasticity([]float64{1, 0, 2}, []float64{1, 1, 1})), ErrRange},
		"quantity 0":        {second(PriceElasticity([]float64{1, 2, 3}, []float64{1, 0, 1})), ErrRange},
		"price Inf":         {second(PriceElasticity([]float64{1, 2, inf}, []float64{1, 1, 1})), ErrNotFinite},
		"price constant":    {second(PriceElasticity([]float64{7, 7, 7, 7}, []float64{1, 2, 1, 2})), ErrUndefined},
		"two rows":          {second(PriceElasticity([]float64{1, 2}, []float64{1, 2})), ErrUndefined},
		"no channels":       {second(AllocateBudget(ctx, 1, nil, 0)), ErrEmpty},
		"budget -1":         {second(AllocateBudget(ctx, -1, one, 0)), ErrRange},
		"budget Inf":        {second(AllocateBudget(ctx, inf, one, 0)), ErrRange},
		"floor NaN":         {second(AllocateBudget(ctx, 1, one, math.NaN())), ErrRange},
		"no curve":          {second(AllocateBudget(ctx, 1, in(ChannelBudget{}), 0)), ErrRange},
		"min above max":     {second(AllocateBudget(ctx, 9, in(ChannelBudget{one[0].Curve, 3, 2}), 0)), ErrRange},
		"min above budget":  {second(AllocateBudget(ctx, 1, in(ChannelBudget{one[0].Curve, 3, 0}), 0)), ErrRange},
		"S-shaped":          {second(AllocateBudget(ctx, 9, in(ChannelBudget{HillCurve{1, 2, 3}, 0, 0}), 0)), ErrOption},
		"curve of NaN":      {second(AllocateBudget(ctx, 9, in(ChannelBudget{HillCurve{math.NaN(), 2, 1}, 0, 0}), 0)), ErrNotFinite},
		"no units":          {second(AllocateUnits(ctx, 1, nil)), ErrEmpty},
		"units -1":          {second(AllocateUnits(ctx, -1, [][]float64{{1}})), ErrRange},
		"empty response":    {second(AllocateUnits(ctx, 1, [][]float64{{}})), ErrEmpty},
		"response NaN":      {second(AllocateUnits(ctx, 1, [][]float64{{0, math.NaN()}})), ErrNotFinite},
		"too many units":    {second(AllocateUnits(ctx, 1<<20, [][]float64{make([]float64, 1<<20), append(make([]float64, 1<<20), 1)})), ErrTooLarge},
		"belief NaN":        {second(BeliefInMean(math.NaN(), 1)), ErrNotFinite},
		"belief SE":         {second(BeliefInMean(1, -1)), ErrRange},
		"nothing to choose": {second(Choose(ctx, nil, ChooseOptions{})), ErrEmpty},
		"the zero belief":   {second(Choose(ctx, []Belief{{}}, ChooseOptions{})), ErrOption},
		"draws":             {second(Choose(ctx, []Belief{b}, ChooseOptions{Draws: -1})), ErrOption},
		"worth Inf":         {second(Choose(ctx, []Belief{b.Worth(inf, 0)}, ChooseOptions{})), ErrOption},
	} {
		if !errors.Is(x.got, x.want) {
			t.Errorf("%s: %v, want %v", name, x.got, x.want)
		}
	}
	cancelled, cancel := context.WithCancelCause(ctx)
	cause := errors.New("stop")
	cancel(cause)
	for name, err := range map[string]error{
		"choose": second(Choose(cancelled, []Belief{b}, ChooseOptions{})),
		"budget": second(AllocateBudget(cancelled, 5, []ChannelBudget{{Curve: PowerCurve{1, .5}}, {Curve: PowerCurve{1, .5}}}, 0)),
		"units":  second(AllocateUnits(cancelled, 5, [][]float64{{0, 1, 2}})),
		"convex": second(AllocateUnits(cancelled, 5, [][]float64{{0, 1, 3}})),
	} {
		if !errors.Is(err, cause) {
			t.Errorf("%s, cancelled: %v", name, err)
		}
	}
}

func TestAllocateBudgetEdges(t *testing.T) {
	ctx := context.Background()
	// Not worth more than the floor: the rest stays.
	p, err := AllocateBudget(ctx, 1000, []ChannelBudget{{Curve: ExponentialCurve{400, 100}}, {Curve: HillCurve{10, 100, 1}, Min: 5}}, 1)
	must(t, err)
	near(t, "floor", p.Spend, []float64{100 * math.Log(4), 5}, 1e-9)
	testkit.Near(t, "unspent", p.Unspent, 1000-5-100*math.Log(4), 1e-9)
	// Straight lines: demand jumps, the budget still is spent.
	p, err = AllocateBudget(ctx, 10, []ChannelBudget{{Curve: PowerCurve{2, 1}, Max: 6}, {Curve: PowerCurve{2, 1}, Max: 8}, {Curve: PowerCurve{1, 1}}}, 0)
	must(t, err)
	testkit.Near(t, "lines", p.Response, 20, 1e-9)
	testkit.Near(t, "lines", p.Spend[0]+p.Spend[1], 10, 1e-9)
	// No budget.
	p, err = AllocateBudget(ctx, 0, []ChannelBudget{{Curve: PowerCurve{2, .5}}}, 0)
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
		var cs []ChannelBudget
		other, left := make([]float64, n), budget
		for i := range n {
			a, b := rapid.Float64Range(.1, 100).Draw(t, "a"), rapid.Float64Range(1, 100).Draw(t, "b")
			switch rapid.IntRange(0, 2).Draw(t, "kind") {
			case 0:
				cs = append(cs, ChannelBudget{Curve: HillCurve{a, b, rapid.Float64Range(.3, 1).Draw(t, "shape")}})
			case 1:
				cs = append(cs, ChannelBudget{Curve: ExponentialCurve{a, b}})
			default:
				cs = append(cs, ChannelBudget{Curve: PowerCurve{a, rapid.Float64Range(.2, 1).Draw(t, "exponent")}})
			}
			other[i] = left * rapid.Float64Range(0, 1).Draw(t, "part")
			left -= other[i]
		}
		p, err := AllocateBudget(context.Background(), budget, cs, 0)
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
		p, err := AllocateUnits(context.Background(), units, rs)
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
	a, _ := BeliefInMean(1, 2)
	b, _ := BeliefInMean(1.1, .1)
	testkit.AtGOMAXPROCS(t, func() []byte {
		c, err := Choose(context.Background(), []Belief{a, b}, ChooseOptions{Draws: 20_000, Seed: 3})
		must(t, err)
		var out []byte
		for _, s := range c.Strategies {
			for _, x := range []float64{s.Best, s.Regret, s.Range.Low, s.Range.High, s.Negative} {
				out = binary.LittleEndian.AppendUint64(out, math.Float64bits(x))
			}
		}
		return out
	})
	c, err := Choose(context.Background(), []Belief{a}, ChooseOptions{Draws: 10})
	must(t, err)
	if c.Strategies[0].Best != 1 || c.Regret != 0 || !math.IsNaN(c.Strategies[0].BeatsFirst) {
		t.Errorf("%+v", c)
	}
}

func BenchmarkChoose(b *testing.B) {
	x, _ := BeliefInMean(1, 2)
	p, _ := metrics.NewProportion(30, 100)
	for b.Loop() {
		if _, err := Choose(context.Background(), []Belief{x, BeliefInRate(p), x}, ChooseOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}
