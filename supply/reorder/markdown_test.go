package reorder_test

import (
	"context"
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply/reorder"
)

// markdownValue is the best expected value by trying every price, reach and outcome.
func markdownValue(o reorder.MarkdownOptions, t, left int, last int64) float64 {
	if t == len(o.Demand) {
		return float64(left) * float64(o.Salvage)
	}
	best := math.Inf(-1)
	for _, p := range append([]int64{o.Price}, o.Prices...) {
		if p > last && !o.MayRise {
			continue
		}
		for _, a := range o.Reaches {
			r := a * math.Pow(float64(p)/float64(o.Price), o.Elasticity)
			mean := o.Demand[t] * (1 - a + r)
			each := ((1-a)*float64(o.Price) + r*float64(p)) / (1 - a + r)
			sum, seen, mass := 0., 0., math.Exp(-mean)
			for d := 0; d <= left; d++ {
				q := mass
				if d == left {
					q = 1 - seen
				}
				kept := 0.
				if t+1 < len(o.Demand) {
					kept = float64(o.HoldingCost) * float64(left-d)
				}
				sum += q * (each*float64(d) - kept + markdownValue(o, t+1, left-d, p))
				seen += mass
				mass *= mean / float64(d+1)
			}
			best = max(best, sum)
		}
	}
	return best
}

// The plan is the best of all, found here by trying everything, and its policy earns it.
func TestMarkdownProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := reorder.MarkdownOptions{
			Units: rapid.IntRange(1, 5).Draw(t, "units"), Demand: rapid.SliceOfN(rapid.Float64Range(0, 4), 1, 3).Draw(t, "demand"),
			Price: 1000, Prices: rapid.SliceOfN(rapid.Int64Range(1, 1000), 0, 2).Draw(t, "prices"), MayRise: rapid.Bool().Draw(t, "may rise"),
			Elasticity: rapid.Float64Range(-5, -.1).Draw(t, "elasticity"), Reaches: []float64{1},
			Salvage: rapid.Int64Range(-200, 400).Draw(t, "salvage"), HoldingCost: rapid.Int64Range(0, 50).Draw(t, "holding"),
		}
		if rapid.Bool().Draw(t, "audience") {
			o.Reaches = []float64{.3, 1}
		}
		m, err := reorder.PlanMarkdown(context.Background(), o)
		if err != nil {
			t.Fatal(err)
		}
		near := func(what string, got, want float64) {
			if math.Abs(got-want) > 1e-8*(1+math.Abs(want)) {
				t.Fatalf("%s: %v, want %v", what, got, want)
			}
		}
		near("value", m.Value, markdownValue(o, 0, o.Units, o.Price))
		uncut := o
		uncut.Prices, uncut.Reaches = nil, []float64{1}
		near("uncut", m.Uncut, markdownValue(uncut, 0, o.Units, o.Price))
		more := o
		more.Units++
		near("worth", m.Worth, markdownValue(more, 0, more.Units, o.Price)-m.Value)
		sold := m.Left
		for _, x := range m.Sold {
			sold += x
		}
		near("units", sold, float64(o.Units))
		if !o.MayRise {
			for i := 1; i < len(m.Prices); i++ {
				if m.Prices[i] > m.Prices[i-1] {
					t.Fatalf("prices rise: %v", m.Prices)
				}
			}
		}
	})
}

// A mark-down carried out on drawn demand earns what it says, and more than none.
func TestMarkdownAgainstDraws(t *testing.T) {
	o := reorder.MarkdownOptions{
		Units: 120, Demand: []float64{10, 9, 8, 7, 6, 5}, Price: 2000, Prices: []int64{1800, 1600, 1400, 1200, 1000, 800},
		Elasticity: -2.2, Reaches: []float64{.25, .5, 1}, Salvage: 100, HoldingCost: 10,
	}
	m := must(reorder.PlanMarkdown(context.Background(), o))
	r := rng.New(4, 0, 0)
	draws := 20_000
	if testkit.Race {
		draws = 2000
	}
	value, sold := 0., make([]float64, 6)
	for range draws {
		left, last := o.Units, o.Price
		for period, d := range o.Demand {
			price, reach, err := m.At(period, left, last)
			if err != nil {
				panic(err)
			}
			dear := r.Poisson(d * (1 - reach))
			cheap := r.Poisson(d * reach * math.Pow(float64(price)/2000, o.Elasticity))
			if dear+cheap > left { // who comes first is a lottery
				kept := 0
				for range left {
					if r.Float64()*float64(dear+cheap) < float64(dear) {
						dear--
						kept++
					} else {
						cheap--
					}
				}
				dear, cheap = kept, left-kept
			}
			value += 2000*float64(dear) + float64(price)*float64(cheap)
			sold[period] += float64(dear+cheap) / float64(draws)
			left, last = left-dear-cheap, price
			if period < 5 {
				value -= 10 * float64(left)
			}
		}
		value += 100 * float64(left)
	}
	if value /= float64(draws); math.Abs(value-m.Value) > .005*m.Value || m.Value < 1.05*m.Uncut {
		t.Errorf("value %.0f, drawn %.0f, without mark-down %.0f", m.Value, value, m.Uncut)
	}
	for period, x := range sold {
		if math.Abs(x-m.Sold[period]) > .02*x+.1 {
			t.Errorf("period %d: sold %.2f, drawn %.2f", period, m.Sold[period], x)
		}
	}
}

// Plenty of time needs no mark-down, and little of it a deep one; laws of large means are no
// different.
func TestMarkdownExtremes(t *testing.T) {
	ctx := context.Background()
	o := reorder.MarkdownOptions{Units: 50, Demand: []float64{40, 40, 40}, Price: 1000, Prices: []int64{500}, Elasticity: -2}
	if m := must(reorder.PlanMarkdown(ctx, o)); m.Prices[0] != 1000 || m.Prices[2] != 1000 || m.Reaches[2] != 1 || m.Value-m.Uncut > 1 {
		t.Errorf("%+v", m)
	}
	o.Demand = []float64{5, 5, 5}
	m := must(reorder.PlanMarkdown(ctx, o))
	if m.Prices[0] != 500 || m.Value < 1.6*m.Uncut {
		t.Errorf("%v %v %v", m.Prices, m.Value, m.Uncut)
	}
	testkit.Near(t, "sold at half the price", m.Sold[0], 20, 1e-6)
	// 4,000 at 1,000 a period: the law is all but certain.
	o = reorder.MarkdownOptions{Units: 4000, Demand: []float64{1000, 1000}, Price: 1000, Prices: []int64{750, 500}, Elasticity: -1.5, Salvage: 0}
	m = must(reorder.PlanMarkdown(ctx, o))
	testkit.Near(t, "uncut", m.Uncut, 2e6, 2e3)
	// 1,000 of them at the full price, and then 2,828 at half of it; 750 twice is 2.31 million.
	testkit.Near(t, "value", m.Value, 1e6+500*1000*math.Pow(.5, -1.5), 2e3)
	if m.Prices[0] != 1000 || m.Prices[1] != 500 {
		t.Errorf("%v", m.Prices)
	}
}

func TestMarkdownBadInput(t *testing.T) {
	nan := math.NaN()
	ctx := context.Background()
	good := func() reorder.MarkdownOptions {
		return reorder.MarkdownOptions{Units: 5, Demand: []float64{1, 2}, Price: 100, Prices: []int64{50}, Elasticity: -2}
	}
	for name, change := range map[string]func(o *reorder.MarkdownOptions){
		"no units":       func(o *reorder.MarkdownOptions) { o.Units = 0 },
		"too many":       func(o *reorder.MarkdownOptions) { o.Units = 20_001 },
		"no periods":     func(o *reorder.MarkdownOptions) { o.Demand = nil },
		"demand":         func(o *reorder.MarkdownOptions) { o.Demand[1] = -1 },
		"demand NaN":     func(o *reorder.MarkdownOptions) { o.Demand[1] = nan },
		"price":          func(o *reorder.MarkdownOptions) { o.Price = 0 },
		"prices":         func(o *reorder.MarkdownOptions) { o.Prices[0] = 0 },
		"a higher price": func(o *reorder.MarkdownOptions) { o.Prices[0] = 101 },
		"elasticity":     func(o *reorder.MarkdownOptions) { o.Elasticity = 0 },
		"elasticity NaN": func(o *reorder.MarkdownOptions) { o.Elasticity = nan },
		"reach":          func(o *reorder.MarkdownOptions) { o.Reaches = []float64{0} },
		"holding":        func(o *reorder.MarkdownOptions) { o.HoldingCost = -1 },
		"salvage":        func(o *reorder.MarkdownOptions) { o.Salvage = math.MaxInt64 },
	} {
		o := good()
		change(&o)
		if m, err := reorder.PlanMarkdown(ctx, o); !errors.Is(err, reorder.ErrOption) || m != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	o := good()
	o.Units = 20_000
	o.Demand = make([]float64, 1000)
	for i := range o.Demand {
		o.Demand[i] = 1e4
	}
	if _, err := reorder.PlanMarkdown(ctx, o); !errors.Is(err, reorder.ErrRange) {
		t.Error(err)
	}
	done, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := reorder.PlanMarkdown(done, good()); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	m := must(reorder.PlanMarkdown(ctx, good()))
	for _, c := range []struct {
		period, left int
		last         int64
	}{{2, 1, 100}, {-1, 1, 100}, {0, 6, 100}, {0, -1, 100}, {0, 1, 99}} {
		if _, _, err := m.At(c.period, c.left, c.last); !errors.Is(err, reorder.ErrRange) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if _, _, err := new(reorder.Markdown).At(0, 0, 0); !errors.Is(err, reorder.ErrEmpty) {
		t.Error(err)
	}
}

// A cut so deep that demand is beyond float64: all is sold at once, in no time.
func TestMarkdownSteep(t *testing.T) {
	m, err := reorder.PlanMarkdown(context.Background(), reorder.MarkdownOptions{
		Units: 10, Demand: []float64{1e-3}, Price: 1 << 40, Prices: []int64{1 << 39, 1}, Elasticity: -100, Salvage: 0,
	})
	if err != nil || !testkit.Close(m.Value, 10<<39, 0, 1e-9) || !testkit.Close(m.Sold[0], 10, 0, 1e-9) || m.Prices[0] != 1<<39 {
		t.Errorf("%+v, %v", m, err)
	}
}
