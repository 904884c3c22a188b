package decision

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/metrics"
)

// Elasticity is the price elasticity of demand.
type Elasticity struct {
	Estimate  float64          // d ln quantity / d ln price, usually below 0; below −1 demand is elastic
	SE        float64          // standard error of Estimate
	Range     metrics.Interval // at Level, by Student's t with N−2 degrees of freedom
	Level     float64          // of Range
	Intercept float64          // ln quantity at price 1
	R2        float64          // share of the variance of ln quantity that price explains; NaN without variance
	N         int              // observations
}

// PriceElasticity fits ln quantity = a + e·ln price by least squares. It reads
// the past: prices that followed demand (discounts in the off-season) bias it.
// ErrEmpty, ErrShape, ErrNotFinite; ErrRange for a price or quantity that is not
// above 0 (periods without sales need a count model), ErrUndefined below three
// rows or if the price never changed.
func PriceElasticity(price, quantity []float64) (Elasticity, error) {
	if len(price) == 0 {
		return Elasticity{}, fmt.Errorf("decision: PriceElasticity: no rows: %w", ErrEmpty)
	}
	if err := check.Len("quantity", len(quantity), len(price)); err != nil {
		return Elasticity{}, fmt.Errorf("decision: PriceElasticity: %w", err)
	}
	n := len(price)
	x, y := make([]float64, n), make([]float64, n)
	var mx, my float64
	for i := range price {
		p, q := price[i], quantity[i]
		if !check.Finite(p) || !check.Finite(q) {
			return Elasticity{}, fmt.Errorf("decision: PriceElasticity: row %d: price %v, quantity %v: %w", i, p, q, ErrNotFinite)
		}
		if p <= 0 || q <= 0 {
			return Elasticity{}, fmt.Errorf("decision: PriceElasticity: row %d: price %v, quantity %v, want > 0: %w", i, p, q, ErrRange)
		}
		x[i], y[i] = math.Log(p), math.Log(q)
		mx += (x[i] - mx) / float64(i+1)
		my += (y[i] - my) / float64(i+1)
	}
	var sxx, sxy, syy float64
	for i := range x {
		sxx += (x[i] - mx) * (x[i] - mx)
		sxy += (x[i] - mx) * (y[i] - my)
		syy += (y[i] - my) * (y[i] - my)
	}
	if n < 3 || sxx <= 1e-24*(1+mx*mx)*float64(n) {
		return Elasticity{}, undefined("PriceElasticity: %d rows, spread of log price %v", n, math.Sqrt(sxx/float64(n)))
	}
	out := Elasticity{Estimate: sxy / sxx, Level: 0.95, R2: math.NaN(), N: n}
	out.Intercept = my - out.Estimate*mx
	var rss float64
	for i := range x {
		r := (y[i] - my) - out.Estimate*(x[i]-mx)
		rss += r * r
	}
	df := float64(n - 2)
	out.SE = math.Sqrt(rss / df / sxx)
	q := infer.StudentQuantile((1+out.Level)/2, df) * out.SE
	out.Range = metrics.Interval{Low: out.Estimate - q, High: out.Estimate + q}
	if syy > 0 {
		out.R2 = 1 - rss/syy
	}
	return out, nil
}
