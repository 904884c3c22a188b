package lifetime

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/rng"
)

// CLVOptions configures CLV and CLVIntervals. The zero value is twelve months without discount,
// in revenue.
type CLVOptions[T Time] struct {
	// Steps is the number of steps to look ahead, in [1, 10000]; 0: 12.
	Steps int
	// Step is the length of one, > 0, in the unit of the model; 0: a month, which is 4.348 weeks.
	Step T
	// Discount is what a step costs: money at the end of step i counts 1/(1+Discount)^i. >= 0.
	Discount float64
	// Margin is the share of an amount that is earned, in (0, 1]; 0: 1.
	Margin float64
	// Replicates is the number of samples that CLVIntervals draws, in [20, 100000]; 0: 200.
	Replicates int
	// Level is the confidence of CLVIntervals, in (0, 1); 0: .95.
	Level float64
	// Seed names the samples of CLVIntervals.
	Seed uint64
	// Workers is the number of goroutines of CLVIntervals, >= 0; 0: GOMAXPROCS. The result does not
	// depend on it.
	Workers int
}

// withDefaults returns o with its defaults.
func (o CLVOptions[T]) withDefaults() CLVOptions[T] {
	o.Steps = check.Default(o.Steps, 12)
	if o.Step == 0 {
		o.Step = Convert[T](Months(1))
	}
	o.Margin = check.Default(o.Margin, 1)
	o.Replicates = check.Default(o.Replicates, 200)
	o.Level = check.Default(o.Level, .95)
	return o
}

// validate reports every bad field.
func (o CLVOptions[T]) validate(where string) error {
	var c check.Options
	c.Require(o.Steps >= 1 && o.Steps <= 10_000, "Steps", o.Steps, "from 1 to 10000")
	c.Require(o.Step > 0 && check.Finite(float64(o.Step)), "Step", o.Step, "> 0")
	c.Require(o.Discount >= 0 && check.Finite(o.Discount), "Discount", o.Discount, ">= 0")
	c.Require(o.Margin > 0 && o.Margin <= 1, "Margin", o.Margin, "in (0, 1]")
	c.Require(o.Replicates >= 20 && o.Replicates <= 100_000, "Replicates", o.Replicates, "from 20 to 100000")
	c.Require(o.Level > 0 && o.Level < 1, "Level", o.Level, "in (0, 1)")
	c.Require(o.Workers >= 0, "Workers", o.Workers, ">= 0")
	return c.Err(where)
}

// CLV returns the discounted money that a customer is expected to bring from now on: for each
// step the purchases to be expected in it, times the amount to be expected of each, times the
// margin, as of the end of the step. Nothing of what was spent so far is in it.
//
// The steps are measured in the unit of the model: those of a model of weeks given in days do
// not compile. ErrEmpty for a model or a law that no fit made, ErrUndefined where amounts have no
// mean, ErrOption, ErrRange and ErrNotFinite for a customer that cannot be. Where the Value of one with
// repeat purchases is not known, 0, the amount is that of all. Cost: some µs a step.
func CLV[T Time](m *Model[T], amounts *GammaGamma, c Customer[T], opt CLVOptions[T]) (float64, error) {
	const where = "lifetime: CLV"
	opt = opt.withDefaults()
	if err := opt.validate(where); err != nil {
		return 0, err
	}
	return clv(where, m, amounts, c, opt)
}

// clv is CLV with options that were checked.
func clv[T Time](where string, m *Model[T], amounts *GammaGamma, c Customer[T], opt CLVOptions[T]) (float64, error) {
	if err := m.asked(where, c); err != nil {
		return 0, err
	}
	each, err := amounts.of(c.Repeats, c.Value)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", where, err)
	}
	alive, ahead := m.ahead(c)
	sum, before := 0.0, 0.0
	for i := 1; i <= opt.Steps; i++ {
		orders := ahead.expect(float64(opt.Step) * float64(i))
		sum += max(0, orders-before) * math.Exp(-float64(i)*math.Log1p(opt.Discount))
		before = orders
	}
	return finite(where, sum*alive*each*opt.Margin)
}

// CLVBase is what a shop knows of its customers, for CLVIntervals.
type CLVBase[T Time] struct {
	Model   *Model[T]   // fitted on Orders
	Amounts *GammaGamma // fitted on Spend
	Orders  *Summary[T] // the customers that Model was fitted on
	Spend   *Spend      // the amounts that Amounts was fitted on
}

// CLVBounds is a number with the bounds that hold it at a level of confidence.
type CLVBounds struct {
	Value, Low, High float64 // the number itself lies between the bounds but for rare, bent cases
}

// CLVIntervals returns for each customer the CLV, and between which bounds it lies, given that
// both laws were learnt from finitely many customers: both are fitted again on samples of the
// customers (the bootstrap with Poisson weights), and the bounds are quantiles of what comes
// out. They are bounds of the expectation: what one customer will bring varies by far more.
//
// The same seed gives the same bytes for any number of workers and any order of the customers
// that were counted. Samples that have no answer are left out; ErrUndefined where those are more
// than a tenth. Other errors as of CLV, which name the customer by his row, ErrEmpty without
// customers or states, context.Cause(ctx) when ctx ends. Cost: two fits a replicate, and a CLV a
// customer and replicate.
func CLVIntervals[T Time](ctx context.Context, base CLVBase[T], customers []Customer[T], opt CLVOptions[T]) ([]CLVBounds, error) {
	const where = "lifetime: CLVIntervals"
	opt = opt.withDefaults()
	if err := opt.validate(where); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if base.Orders.Customers() == 0 || base.Spend.Customers() == 0 || len(customers) == 0 {
		return nil, fmt.Errorf("%s: no customers: %w", where, ErrEmpty)
	}
	out := make([]CLVBounds, len(customers))
	for i, c := range customers {
		v, err := clv(where, base.Model, base.Amounts, c, opt)
		if err != nil {
			return nil, fmt.Errorf("%s: customer %d: %w", where, i, err)
		}
		out[i].Value = v
	}
	samples, err := base.samples(ctx, where, opt)
	if err != nil {
		return nil, err
	}
	err = parallel.For(ctx, len(customers), 16, opt.Workers, func(_, lo, hi int) error {
		column := make([]float64, 0, len(samples))
		for i := lo; i < hi; i++ {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			column = column[:0]
			for _, s := range samples {
				if v, err := clv(where, s.model, s.amounts, customers[i], opt); err == nil {
					column = append(column, v)
				}
			}
			if err := answered(fmt.Sprintf("%s: customer %d", where, i), len(column), opt.Replicates); err != nil {
				return err
			}
			slices.Sort(column)
			out[i].Low = infer.Quantile(column, (1-opt.Level)/2)
			out[i].High = infer.Quantile(column, (1+opt.Level)/2)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// answered refuses samples of which more than a tenth have no answer.
func answered(where string, n, of int) error {
	if 10*n < 9*of {
		return fmt.Errorf("%s: of %d samples only %d have an answer: %w", where, of, n, ErrUndefined)
	}
	return nil
}

// sample is what a sample of the customers says of both laws.
type sample[T Time] struct {
	model   *Model[T]
	amounts *GammaGamma
}

// samples fits both laws to samples of the customers, those without an answer left out. What they
// have learnt is kept, and not what they say of each customer, of whom there may be millions.
func (b CLVBase[T]) samples(ctx context.Context, where string, opt CLVOptions[T]) ([]sample[T], error) {
	groups, amounts := b.Orders.sorted(), b.Spend.sorted()
	out := make([]sample[T], opt.Replicates)
	err := parallel.For(ctx, opt.Replicates, 1, opt.Workers, func(_, k, _ int) error {
		r := rng.New(opt.Seed, 1, uint64(k))
		var s Summary[T]
		for _, g := range groups {
			if n := r.Poisson(float64(g.n)); n > 0 {
				_ = s.add(g.history, int64(n))
			}
		}
		var spend Spend
		for _, a := range amounts {
			if n := r.Poisson(float64(b.Spend.counts[a])); n > 0 {
				_ = spend.add(a, int64(n))
			}
		}
		m, err := fitRepeats(ctx, where, b.Model.law, &s, FitOptions{Workers: 1})
		if err != nil {
			return ctxError(ctx)
		}
		g, err := FitGammaGamma(ctx, &spend, FitOptions{Workers: 1})
		if err != nil {
			return ctxError(ctx)
		}
		if _, err := g.Mean(); err == nil {
			out[k] = sample[T]{m, g}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out = slices.DeleteFunc(out, func(s sample[T]) bool { return s.model == nil })
	return out, answered(where, len(out), opt.Replicates)
}

// ctxError is the cause of a context that has ended, nil before.
func ctxError(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}
