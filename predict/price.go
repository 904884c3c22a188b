package predict

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
)

// PriceRow is what was sold of a product in one period, at one price.
type PriceRow[K ID] struct {
	Product  K       // what was sold
	Category string  // of the product, the same in all of its rows; may be empty
	Period   int     // a week, say; any numbers
	Price    float64 // in any unit of money, > 0; that which was paid, discounts off
	Quantity float64 // sold, > 0; >= 0 with PriceOptions.Counts
	// Cost is what moves the price and nothing else of the demand: the cost of the goods, an exchange
	// rate, > 0. Given in all rows it is the instrument; 0 in all: there is none.
	Cost float64
	// StockOut says that less could be bought than was asked for. The row is left out.
	StockOut bool
}

// PriceOptions configures PriceElasticity. The zero value is its defaults.
type PriceOptions[K ID] struct {
	// Cross are pairs of products: the demand of the first answers to the price of the second, too.
	// Periods in which the second was not on sale, or out of stock, do not count for the first.
	Cross [][2]K
	// NoPeriods leaves out the effects of the periods. Without them what all products share, a season
	// or a holiday, is taken for an answer to prices. Where there is one product there are none anyway.
	NoPeriods bool
	// NoInstrument leaves Cost alone.
	NoInstrument bool
	// Counts fits the quantities themselves by a Poisson law, of which only the mean has to be right
	// (Santos Silva and Tenreyro 2006), so that periods without a sale count, too. There is no
	// instrument then: ErrOption where Cost is given without NoInstrument.
	Counts bool
	// Level is that of the intervals, in (0, 1); 0: .95.
	Level float64
}

// PriceEstimate is an elasticity, or a price, with its uncertainty.
type PriceEstimate struct {
	Value     float64 // of an elasticity: percent of quantity by percent of price, mostly below 0
	StdErr    float64 // standard error of Value
	Low, High float64 // at PriceOptions.Level, by Student's law
	DF        float64 // degrees of freedom of that law
	Rows      int     // behind it
	Products  int     // behind it
	// FirstStage is the F of the instrument: how well the costs explain the prices. Below 10 the
	// interval does not hold. +Inf where they explain them to the last digit, NaN without an instrument.
	FirstStage float64
	// Own is the share of the value that is the product's own, the rest being that of its category: 1
	// where nothing is borrowed.
	Own float64
}

// PriceModel tells how demand answers to prices: see [PriceElasticity]. It is immutable and safe for
// concurrent readers.
type PriceModel[K ID] struct {
	products   []K // ascending
	of         []priceAnswer
	categories []string // ascending
	pooled     []priceAnswer
	pairs      [][2]K // as they were given
	cross      []priceAnswer
	left       int // rows
	warnings   []string
}

// priceAnswer is an estimate, or why there is none.
type priceAnswer struct {
	PriceEstimate
	why string // "" where there is one
}

// PriceElasticity estimates by how many percent demand changes where a price changes by one, from a
// panel of products and periods: ln quantity = product + period + elasticity · ln price, the effects of
// products and of periods absorbed, so that neither dear products that sell little nor seasons are
// taken for an answer to prices. The elasticity is one for each category, and one for each product
// that is drawn towards its category's as far as its own rows are few or noisy.
//
// Prices follow demand: a shop that discounts what does not sell, and takes more for what does, biases
// every comparison of prices with sales. Where each row has a Cost, which moves prices and not demand,
// two-stage least squares read only the part of the prices that costs explain.
//
// Standard errors are robust to errors that hang together within a product (CR1, with Student's law of
// one less than the products), from twenty products on; with a single product they are the classical
// ones. Those of cross effects, and of products alone, allow for errors that hang together over some
// periods. What is left out, stock-outs above all, tells [PriceModel.LeftOut].
//
// A price that never moved has no elasticity: ErrUndefined, here where that holds of all products, from
// [PriceModel.Product] for one. ErrUndefined also where all prices moved alike, so that the periods
// explain them, and below three rows. ErrEmpty without rows, ErrDuplicate for a product twice in a period, ErrMismatch for one of two categories,
// ErrRange and ErrNotFinite by row, ErrOption, ErrDiverged; context.Cause(ctx) when ctx ends. Permuted rows
// give the same model, byte for byte. Cost: n·log n to sort, then for k categories and pairs together some 20·k + 4·k² passes over the rows;
// memory 4·k numbers a row.
//
// References: Wooldridge, Econometric Analysis of Cross Section and Panel Data, 2010, chapters 10 and
// 11 (effects, instruments, clusters); Paule and Mandel 1982 (the spread between products).
func PriceElasticity[K ID](ctx context.Context, rows []PriceRow[K], opt PriceOptions[K]) (*PriceModel[K], error) {
	const where = "predict: PriceElasticity"
	level, err := infer.Level(opt.Level)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("%s: no rows: %w", where, ErrEmpty)
	}
	p, err := newPricePanel(rows, opt)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	m, err := p.fit(ctx, level)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	return m, nil
}

// check refuses a row that cannot be.
func (r *PriceRow[K]) check(counts bool) error {
	for _, f := range [...]struct {
		name string
		v    float64
		zero bool
		want string
	}{{"Price", r.Price, r.StockOut, "> 0"}, {"Quantity", r.Quantity, counts || r.StockOut, "> 0, and >= 0 with Counts"}, {"Cost", r.Cost, true, ">= 0"}} {
		switch {
		case !check.Finite(f.v):
			return fmt.Errorf("%s is %v: %w", f.name, f.v, ErrNotFinite)
		case f.v < 0 || f.v == 0 && !f.zero:
			return fmt.Errorf("%s is %v, want %s: %w", f.name, f.v, f.want, ErrRange)
		}
	}
	return nil
}

// Elasticity returns the elasticity of a category. ErrUndefined where no price of it moved, or they
// moved with all others; ErrRange for an unknown one, ErrEmpty.
func (m *PriceModel[K]) Elasticity(category string) (PriceEstimate, error) {
	const where = "predict: PriceModel.Elasticity"
	if err := m.ready(where); err != nil {
		return PriceEstimate{}, err
	}
	i, ok := slices.BinarySearch(m.categories, category)
	if !ok {
		return PriceEstimate{}, fmt.Errorf("%s: category %q is not known: %w", where, category, ErrRange)
	}
	return m.pooled[i].answer(where, fmt.Sprintf("category %q", category))
}

// Product returns the elasticity of a product: its own, drawn towards that of the products of its
// category by empirical Bayes. ErrUndefined where its price never moved; ErrRange for an unknown
// one, ErrEmpty.
func (m *PriceModel[K]) Product(id K) (PriceEstimate, error) {
	const where = "predict: PriceModel.Product"
	if err := m.ready(where); err != nil {
		return PriceEstimate{}, err
	}
	i, ok := slices.BinarySearch(m.products, id)
	if !ok {
		return PriceEstimate{}, fmt.Errorf("%s: product %v is not known: %w", where, id, ErrRange)
	}
	return m.of[i].answer(where, fmt.Sprintf("product %v", id))
}

// Cross returns by how many percent the demand of a product changes where the price of another one
// changes by one: above 0 for substitutes. ErrRange for a pair that was not in PriceOptions.Cross,
// ErrUndefined, ErrEmpty.
func (m *PriceModel[K]) Cross(of, by K) (PriceEstimate, error) {
	const where = "predict: PriceModel.Cross"
	if err := m.ready(where); err != nil {
		return PriceEstimate{}, err
	}
	i := slices.Index(m.pairs, [2]K{of, by})
	if i < 0 {
		return PriceEstimate{}, fmt.Errorf("%s: products %v and %v are no pair of Cross: %w", where, of, by, ErrRange)
	}
	return m.cross[i].answer(where, fmt.Sprintf("products %v and %v", of, by))
}

// Products returns the ids of the products, ascending; those without an answer included.
func (m *PriceModel[K]) Products() []K {
	if m == nil {
		return nil
	}
	return slices.Clone(m.products)
}

// Categories returns the names of the categories, ascending.
func (m *PriceModel[K]) Categories() []string {
	if m == nil {
		return nil
	}
	return slices.Clone(m.categories)
}

// LeftOut returns the number of rows that say nothing: of stock-outs, of pairs whose other product was
// not on sale, and those that are the only ones of their product or period.
func (m *PriceModel[K]) LeftOut() int {
	if m == nil {
		return 0
	}
	return m.left
}

// Warnings returns what is doubtful, empty for most.
func (m *PriceModel[K]) Warnings() []string {
	if m == nil {
		return nil
	}
	return slices.Clone(m.warnings)
}

// ready refuses a model that nothing made.
func (m *PriceModel[K]) ready(where string) error {
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	if len(m.products) == 0 {
		return fmt.Errorf("%s: no fit made it: %w", where, ErrEmpty)
	}
	return nil
}

func (a *priceAnswer) answer(where, who string) (PriceEstimate, error) {
	if a.why != "" {
		return PriceEstimate{}, fmt.Errorf("%s: %s: %s: %w", where, who, a.why, ErrUndefined)
	}
	return a.PriceEstimate, nil
}

// Price returns the price with the most profit for an article that costs so much, where e is its
// elasticity: cost·e/(1+e), within the bounds low and high, 0 for none, and not below the price that
// leaves the least margin, a share of the price in [0, 1). Low and High of the answer are the prices at
// the bounds of e, and +Inf where these know none; StdErr is by the delta method, 0 where a bound
// decides.
//
// Where e is not below −1 each higher price is better: the answer is high, and ErrUndefined without
// one. ErrRange for a cost that is not above 0 and for bounds and margins that cannot be met,
// ErrNotFinite.
func (e PriceEstimate) Price(cost, margin, low, high float64) (PriceEstimate, error) {
	const where = "predict: PriceEstimate.Price"
	for _, f := range [...]struct {
		name string
		v    float64
	}{{"elasticity", e.Value}, {"cost", cost}, {"margin", margin}, {"low", low}, {"high", high}} {
		if !check.Finite(f.v) {
			return PriceEstimate{}, fmt.Errorf("%s: %s is %v: %w", where, f.name, f.v, ErrNotFinite)
		}
	}
	if !(cost > 0) || !(margin >= 0 && margin < 1) || low < 0 || high < 0 {
		return PriceEstimate{}, fmt.Errorf("%s: cost is %v, margin %v, low %v, high %v, want cost > 0, margin in [0, 1), bounds >= 0: %w", where, cost, margin, low, high, ErrRange)
	}
	least, most := max(low, cost/(1-margin)), math.Inf(1)
	if high > 0 {
		most = high
	}
	if least > most {
		return PriceEstimate{}, fmt.Errorf("%s: least price %v is above the highest, %v: %w", where, least, most, ErrRange)
	}
	at := func(e float64) float64 {
		if !(e < -1) {
			return most
		}
		return min(max(cost/(1+1/e), least), most)
	}
	out := e
	if out.Value = at(e.Value); math.IsInf(out.Value, 1) {
		return PriceEstimate{}, fmt.Errorf("%s: demand falls by less than the price rises, elasticity %v, and there is no highest price: %w", where, e.Value, ErrUndefined)
	}
	out.Low, out.High, out.StdErr = at(e.Low), at(e.High), 0
	if out.Value > least && out.Value < most {
		out.StdErr = e.StdErr * cost / ((1 + e.Value) * (1 + e.Value))
	}
	return out, nil
}
