package predict_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict"
)

// market is a shop whose demand is known: each product has an elasticity around its category's, prices
// follow costs, promotions and, where it says so, demand.
type market struct {
	products, weeks int
	elasticity      float64 // of the first category; of the others one less each
	categories      int
	spread          float64 // standard deviation of the products' own
	follows         float64 // how strongly prices follow the shocks of demand
	lasting         float64 // autocorrelation of those shocks
	noise           float64
	cross           float64 // of each even product with the next one
	counts          float64 // if not 0, quantities are counts around this level
}

// rows draws the sales of a shop and the elasticities of its products.
func (m market) rows(seed uint64) (rows []predict.PriceRow[int], own []float64) {
	r := rng.New(seed, 18, 0)
	season := make([]float64, m.weeks)
	for t := range season {
		season[t] = .4 * r.Normal()
	}
	for i := range m.products {
		c := i % max(m.categories, 1)
		e := m.elasticity - float64(c) + m.spread*r.Normal()
		own = append(own, e)
		level, base, shock := 3+r.Normal(), 2+r.Normal(), 0.
		if m.counts > 0 {
			level = math.Log(m.counts) + .5*r.Normal()
		}
		for t := range m.weeks {
			innovation := m.noise * r.Normal()
			if shock = m.lasting*shock + math.Sqrt(1-m.lasting*m.lasting)*innovation; t == 0 {
				shock = innovation
			}
			cost := .2 * r.Normal()
			price := cost + .1*r.Normal() + m.follows*shock
			q := math.Exp(level + season[t] + e*price + shock)
			if m.counts > 0 {
				q = float64(r.Poisson(q))
			}
			rows = append(rows, predict.PriceRow[int]{
				Product: i, Period: t, Category: fmt.Sprint(c), Price: math.Exp(base + price), Cost: math.Exp(base - .4 + cost), Quantity: q,
			})
		}
	}
	for i := 0; i+1 < m.products && m.cross != 0; i += 2 {
		for t := range m.weeks {
			rows[i*m.weeks+t].Quantity *= math.Pow(rows[(i+1)*m.weeks+t].Price, m.cross)
		}
	}
	return rows, own
}

// prices is a small model with an instrument and a pair.
func prices() *predict.PriceModel[int] {
	rows, _ := market{products: 6, weeks: 12, elasticity: -2, noise: .3, spread: .5, follows: .3}.rows(3)
	rows[5].StockOut = true
	return promised(predict.PriceElasticity(context.Background(), rows, predict.PriceOptions[int]{Cross: [][2]int{{0, 1}}}))
}

// TestPriceSets: sets of 200 shops scatter about the level as draws do: of fifty, the counts have the variance of a binomial law, and their mean is
// .95 to within its error, of shops of eight products and more; of four products it is .94.
//
//	AISLE_LONG=1 go test -v -run PriceSets ./predict
func TestPriceSets(t *testing.T) {
	testkit.Long(t)
	type options = predict.PriceOptions[int]
	plain := market{products: 20, weeks: 26, elasticity: -1.8, noise: .4, lasting: .5}
	follows, eight, four := plain, plain, plain
	follows.follows, eight.products, four.products = .4, 8, 4
	for _, c := range []struct {
		name  string
		m     market
		opt   options
		least float64
	}{{"exogenous", plain, options{NoInstrument: true}, .943}, {"instrument", follows, options{}, .943}, {"eight products", eight, options{NoInstrument: true}, .943}, {"four products", four, options{NoInstrument: true}, .93}} {
		const sets, shops = 50, 200
		covers, sum, out := make([]float64, sets), 0., 0
		for k := range sets {
			for s := range shops {
				rows, _ := c.m.rows(uint64(1_000_000 + k*1000 + s))
				e := promised(promised(predict.PriceElasticity(context.Background(), rows, c.opt)).Elasticity("0"))
				if e.Low <= c.m.elasticity && c.m.elasticity <= e.High {
					covers[k]++
				}
			}
			sum += covers[k]
			if covers[k] < .93*shops || covers[k] > .97*shops {
				out++
			}
		}
		p, chi := sum/sets/shops, 0.
		for _, n := range covers {
			chi += (n - p*shops) * (n - p*shops) / (shops * p * (1 - p))
		}
		t.Logf("%s: %.4f ± %.4f cover, %d of %d sets outside .93 to .97, χ² %.1f on %d", c.name, p, math.Sqrt(p*(1-p)/sets/shops), out, sets, chi, sets-1)
		if p < c.least || p > .957 || chi > 85.4 { // of χ² on 49, .1 %
			t.Errorf("%s: %.4f cover, χ² %.1f", c.name, p, chi)
		}
	}
}

// TestPriceElasticityCovers: intervals at 95 % cover the planted elasticity in 93 to 97 % of 200 shops,
// where prices follow costs; where they follow demand least squares miss it and the instrument holds. Of
// sixteen such sets of 200, 95.1 % of the intervals cover on the mean, and 95.3 % with the instrument.
// More shops:
//
//	AISLE_LONG=1 go test -v -run PriceElasticityCovers ./predict
func TestPriceElasticityCovers(t *testing.T) {
	type options = predict.PriceOptions[int]
	plain := market{products: 20, weeks: 26, elasticity: -1.8, noise: .4, lasting: .5}
	follows, forty, eight, varied, mixed, counts, one, long := plain, plain, plain, plain, plain, plain, plain, plain
	follows.follows, forty.products, eight.products = .4, 40, 8
	varied.spread, varied.products = .4, 40
	mixed.categories, mixed.follows, mixed.products = 2, .4, 40
	counts.counts = 2
	one.products, one.weeks, one.lasting, long.products, long.weeks = 1, 12, 0, 1, 104
	for _, c := range []struct {
		name  string
		m     market
		opt   options
		holds bool
		long  bool
	}{
		{"exogenous", plain, options{NoInstrument: true}, true, false},
		{"endogenous, instrument", follows, options{}, true, false},
		{"endogenous, least squares", follows, options{NoInstrument: true}, false, false},
		{"forty products", forty, options{NoInstrument: true}, true, true},
		{"eight products", eight, options{NoInstrument: true}, true, true},
		{"elasticities of their own", varied, options{NoInstrument: true}, true, true},
		{"two categories, instrument", mixed, options{}, true, true},
		{"counts with zeros", counts, options{Counts: true, NoInstrument: true}, true, true},
		{"one product", one, options{NoInstrument: true}, true, true},
		{"one product, two years", long, options{NoInstrument: true}, true, true},
	} {
		if c.long && os.Getenv("AISLE_LONG") == "" {
			continue
		}
		const shops = 200
		covers, mean, products, covered := 0, 0., 0, 0
		for s := range shops {
			rows, own := c.m.rows(uint64(200 + s))
			m := promised(predict.PriceElasticity(context.Background(), rows, c.opt))
			e := promised(m.Elasticity("0"))
			mean += e.Value / shops
			if e.Low <= c.m.elasticity && c.m.elasticity <= e.High {
				covers++
			}
			for i, want := range own {
				if e, err := m.Product(i); err == nil {
					products++
					if e.Low <= want && want <= e.High {
						covered++
					}
				}
			}
		}
		share := float64(covers) / shops
		t.Logf("%s: %.3f of the intervals cover, mean %.3f; of products %.3f", c.name, share, mean, float64(covered)/float64(products))
		if c.holds != (share >= .93 && share <= .97) || !c.holds && share > .2 {
			t.Errorf("%s: %v of the intervals cover", c.name, share)
		}
	}
}

// TestPriceProducts: what products have in common is lent to those that have little: their
// elasticities err less than by their own rows, and a product with one price only has none.
func TestPriceProducts(t *testing.T) {
	var drawn, alone float64
	for s := range uint64(10) {
		rows, own := market{products: 30, weeks: 40, elasticity: -2, noise: .5, spread: .3}.rows(s)
		rows = slices.DeleteFunc(rows, func(r predict.PriceRow[int]) bool { return r.Product%3 == 0 && r.Period%5 > 0 })
		for i := range rows {
			if rows[i].Product == 7 {
				rows[i].Price = 9.99
			}
		}
		opt := predict.PriceOptions[int]{NoInstrument: true}
		m := promised(predict.PriceElasticity(context.Background(), rows, opt))
		for i, want := range own {
			e, err := m.Product(i)
			if i == 7 {
				if !errors.Is(err, predict.ErrUndefined) || !strings.Contains(err.Error(), "product 7") || !strings.Contains(err.Error(), "never moved") {
					t.Errorf("a price that never moved: %v", err)
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			only := slices.DeleteFunc(slices.Clone(rows), func(r predict.PriceRow[int]) bool { return r.Product != i })
			single := promised(promised(predict.PriceElasticity(context.Background(), only, opt)).Elasticity("0"))
			drawn += (e.Value - want) * (e.Value - want)
			alone += (single.Value - want) * (single.Value - want)
			if i%3 > 0 != (e.Rows > 8) || e.Own < 0 || e.Own > 1 {
				t.Errorf("%+v", e)
			}
		}
	}
	t.Logf("squared error %.4f of what each product says alone", drawn/alone)
	if drawn > .5*alone {
		t.Errorf("squared error %v, of each product alone %v", drawn, alone)
	}
}

// TestPriceCross: the planted cross effect lies within its interval in nine of ten shops at least, and
// nobody else has one.
func TestPriceCross(t *testing.T) {
	covers, null := 0, 0
	for s := range uint64(60) {
		rows, _ := market{products: 12, weeks: 40, elasticity: -2, noise: .3, lasting: .3, cross: .8}.rows(s)
		m := promised(predict.PriceElasticity(context.Background(), rows, predict.PriceOptions[int]{NoInstrument: true, Cross: [][2]int{{0, 1}, {1, 0}, {2, 3}, {4, 5}}}))
		if e := promised(m.Cross(0, 1)); e.Low <= .8 && .8 <= e.High {
			covers++
		}
		if e := promised(m.Cross(1, 0)); e.Low <= 0 && 0 <= e.High {
			null++
		}
		if _, err := m.Cross(3, 2); !errors.Is(err, predict.ErrRange) {
			t.Errorf("no pair: %v", err)
		}
	}
	if covers < 53 || null < 53 {
		t.Errorf("of 60 shops %d cover the cross effect, %d that there is none", covers, null)
	}
}

// TestPriceMergedRows: rows in any order, and of shards put together, give the same bytes; scales of
// money and of quantities do not matter.
func TestPriceMergedRows(t *testing.T) {
	rows, _ := market{products: 12, weeks: 20, elasticity: -2, noise: .3, categories: 2, spread: .4, follows: .2}.rows(5)
	opt := predict.PriceOptions[int]{Cross: [][2]int{{0, 1}}}
	m := promised(predict.PriceElasticity(context.Background(), rows, opt))
	want := promised(m.MarshalBinary())
	mixed := slices.Clone(rows)
	rng.New(1, 0, 0).Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
	if got := promised(promised(predict.PriceElasticity(context.Background(), mixed, opt)).MarshalBinary()); !bytes.Equal(got, want) {
		t.Error("permuted rows give another model")
	}
	for _, scale := range []float64{1e-200, 1e6, 1e200} {
		scaled := slices.Clone(rows)
		for i := range scaled {
			scaled[i].Price *= scale
			scaled[i].Cost *= scale
			scaled[i].Quantity *= scale
		}
		got := promised(predict.PriceElasticity(context.Background(), scaled, opt))
		for _, c := range m.Categories() {
			a, b := promised(m.Elasticity(c)), promised(got.Elasticity(c))
			testkit.Near(t, fmt.Sprintf("by %g", scale), b.Value, a.Value, 1e-9)
			testkit.Near(t, fmt.Sprintf("error by %g", scale), b.StdErr, a.StdErr, 1e-9)
		}
	}
	back := new(predict.PriceModel[int])
	if err := back.UnmarshalBinary(want); err != nil || !bytes.Equal(promised(back.MarshalBinary()), want) {
		t.Errorf("a model read is written otherwise: %v", err)
	}
	var other predict.PriceModel[string]
	if err := other.UnmarshalBinary(want); !errors.Is(err, predict.ErrMismatch) {
		t.Errorf("other ids: %v", err)
	}
}

// TestPriceStockOuts: a shop that is sold out when it is cheap looks as if demand did not answer; without
// those rows it does.
func TestPriceStockOuts(t *testing.T) {
	rows, _ := market{products: 20, weeks: 40, elasticity: -2, noise: .2}.rows(9)
	opt := predict.PriceOptions[int]{NoInstrument: true}
	full := promised(promised(predict.PriceElasticity(context.Background(), rows, opt)).Elasticity("0"))
	cut := slices.Clone(rows)
	out := 0
	for i := range cut {
		if r := &cut[i]; r.Cost*1.35 > r.Price { // cheap
			r.Quantity /= 4
			r.StockOut = true
			out++
		}
	}
	m := promised(predict.PriceElasticity(context.Background(), cut, opt))
	e := promised(m.Elasticity("0"))
	if m.LeftOut() != out || e.Rows != len(rows)-out || math.Abs(e.Value-full.Value) > .2 {
		t.Errorf("%+v, %d left out of %d; of all rows %+v", e, m.LeftOut(), out, full)
	}
	for i := range cut {
		cut[i].StockOut = false
	}
	if e := promised(promised(predict.PriceElasticity(context.Background(), cut, opt)).Elasticity("0")); e.Value < -1.5 {
		t.Errorf("with the stock-outs %v", e.Value)
	}
}

// TestPriceRefused: what cannot be estimated is said, with the row or the product.
func TestPriceRefused(t *testing.T) {
	type row = predict.PriceRow[int]
	type options = predict.PriceOptions[int]
	base := func() []row {
		rows, _ := market{products: 4, weeks: 6, elasticity: -2, noise: .3}.rows(1)
		return rows
	}
	with := func(change func(rows []row)) []row {
		rows := base()
		change(rows)
		return rows
	}
	all := func(change func(r *row)) []row {
		return with(func(rows []row) {
			for i := range rows {
				change(&rows[i])
			}
		})
	}
	off := options{NoInstrument: true}
	for _, c := range []struct {
		name string
		rows []row
		opt  options
		want error
		says string
	}{
		{"no rows", nil, off, predict.ErrEmpty, ""},
		{"level", base(), options{Level: 1}, predict.ErrOption, ""},
		{"price 0", with(func(r []row) { r[7].Price = 0 }), off, predict.ErrRange, "row 7: Price"},
		{"price NaN", with(func(r []row) { r[7].Price = math.NaN() }), off, predict.ErrNotFinite, "row 7: Price"},
		{"price Inf", with(func(r []row) { r[7].Price = math.Inf(1) }), off, predict.ErrNotFinite, "row 7: Price"},
		{"quantity 0", with(func(r []row) { r[3].Quantity = 0 }), off, predict.ErrRange, "Counts"},
		{"quantity -1", with(func(r []row) { r[3].Quantity = -1 }), options{NoInstrument: true, Counts: true}, predict.ErrRange, "row 3: Quantity"},
		{"a cost missing", with(func(r []row) { r[5].Cost = 0 }), options{}, predict.ErrRange, "row 5: Cost"},
		{"counts with costs", base(), options{Counts: true}, predict.ErrOption, "NoInstrument"},
		{"twice in a period", with(func(r []row) { r[5].Period = r[4].Period }), off, predict.ErrDuplicate, "row 5"},
		{"two categories", with(func(r []row) { r[5].Category = "x" }), off, predict.ErrMismatch, "row 5"},
		{"pair with itself", base(), options{Cross: [][2]int{{1, 1}}}, predict.ErrOption, "Cross[0]"},
		{"pair twice", base(), options{Cross: [][2]int{{1, 2}, {1, 2}}}, predict.ErrOption, "Cross[1]"},
		{"pair of no product", base(), options{Cross: [][2]int{{1, 99}}}, predict.ErrOption, "99"},
		{"no price moves", all(func(r *row) { r.Price = float64(1 + r.Product) }), off, predict.ErrUndefined, "product 0"},
		{"prices move alike", all(func(r *row) { r.Price = float64(1+r.Product) * math.Exp(.1*float64(r.Period%3)) }), off, predict.ErrUndefined, "moved alike"},
		{"costs that never move", all(func(r *row) { r.Cost = 3 }), options{}, predict.ErrUndefined, "costs"},
		{"all out of stock", all(func(r *row) { r.StockOut = true }), off, predict.ErrUndefined, "0 rows"},
		{"two rows", base()[:2], off, predict.ErrUndefined, "2 rows"},
		{"three rows, three effects", base()[:3], off, nil, ""},
		{"nothing was sold", all(func(r *row) { r.Quantity = 0 }), options{NoInstrument: true, Counts: true}, predict.ErrUndefined, "0 rows"},
	} {
		m, err := predict.PriceElasticity(context.Background(), c.rows, c.opt)
		if !errors.Is(err, c.want) || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
		if (m == nil) != (err != nil) {
			t.Errorf("%s: %v with %v", c.name, m, err)
		}
	}
	m := promised(predict.PriceElasticity(context.Background(), base(), off))
	_, a := m.Product(99)
	_, b := m.Elasticity("none")
	if !errors.Is(a, predict.ErrRange) || !errors.Is(b, predict.ErrRange) {
		t.Errorf("%v, %v", a, b)
	}
	weak := promised(predict.PriceElasticity(context.Background(), all(func(r *row) { r.Cost = 3 + float64(r.Period*r.Product*7%5) }), options{}))
	if e := promised(weak.Elasticity("0")); !(e.FirstStage < 10) || len(weak.Warnings()) == 0 {
		t.Errorf("a weak instrument: F %v, %v", e.FirstStage, weak.Warnings())
	}
}

// TestPriceRule: no price of a fine grid earns more than the one of the rule, within its bounds.
func TestPriceRule(t *testing.T) {
	for _, e := range []float64{-1.01, -1.5, -3, -40} {
		for _, c := range [][4]float64{{5, 0, 0, 0}, {5, .4, 0, 0}, {5, 0, 9, 12}, {5, 0, 0, 5.5}, {1e-9, .1, 0, 0}} {
			got := promised(predict.PriceEstimate{Value: e, StdErr: .1, Low: e - .2, High: e + .2}.Price(c[0], c[1], c[2], c[3]))
			least, most := max(c[2], c[0]/(1-c[1])), c[3]
			if most == 0 {
				most = 1000 * c[0]
			}
			profit := func(p float64) float64 { return (p - c[0]) * math.Pow(p/c[0], e) }
			for k := range 4001 {
				if p := least + (most-least)*math.Pow(float64(k)/4000, 3); profit(p) > profit(got.Value)*(1+1e-9)+1e-12*c[0] {
					t.Fatalf("elasticity %v, %v: %v earns %v, %v earns %v", e, c, got.Value, profit(got.Value), p, profit(p))
				}
			}
			if !(got.Low <= got.Value && got.Value <= got.High && got.Value >= least) {
				t.Errorf("%+v", got)
			}
		}
	}
	flat := predict.PriceEstimate{Value: -.8, Low: -1.2, High: -.4}
	if _, err := flat.Price(5, 0, 0, 0); !errors.Is(err, predict.ErrUndefined) {
		t.Errorf("inelastic demand: %v", err)
	}
	if p := promised(flat.Price(5, 0, 0, 20)); p.Value != 20 || p.High != 20 || p.StdErr != 0 {
		t.Errorf("inelastic demand with a highest price: %+v", p)
	}
	for name, args := range map[string][4]float64{"cost 0": {0, 0, 0, 0}, "margin 1": {5, 1, 0, 0}, "crossed": {5, 0, 9, 8}, "margin above the bound": {5, .5, 0, 8}} {
		if _, err := flat.Price(args[0], args[1], args[2], args[3]); !errors.Is(err, predict.ErrRange) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func BenchmarkPriceElasticity(b *testing.B) {
	rows, _ := market{products: 200, weeks: 104, elasticity: -2, noise: .3, spread: .3, follows: .2}.rows(1)
	b.ReportMetric(float64(len(rows)), "rows")
	for b.Loop() {
		promised(predict.PriceElasticity(context.Background(), rows, predict.PriceOptions[int]{}))
	}
}
