package forecast

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
)

// checkPeriods is how long the series of CheckFit are.
const checkPeriods = 60

// CheckFit asks of a method, yours or one of this package, what functions that compare and combine
// methods rely on, by fits to series of demand with a season of 12, and returns all that is broken,
// joined; nil if nothing is:
//
//   - the same series gives the same forecasts and, of a Persistent, the same bytes, which it reads back
//   - the series is not written to, and a series of another unit (100 times the values) has the forecasts in
//     it, within 1 %
//   - means are finite, as many as asked for, behind what dst holds; quantiles ascend with their
//     probabilities or are ErrUndefined
//   - a horizon and probabilities out of range are ErrRange
//   - a missing period, and every short length, is answered in that way or refused by ErrEmpty or ErrUndefined
//   - an Appender moved on by a period answers, and stays as it was itself
//   - a context that has ended is its error
//
// It takes about forty fits. Errors: what is broken, and ErrEmpty for a nil fit; context.Cause(ctx).
func CheckFit(ctx context.Context, fit Fit) error {
	const where = "forecast: CheckFit"
	if fit == nil {
		return fmt.Errorf("%s: fit is nil: %w", where, ErrEmpty)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	c := fitCheck{ctx: ctx, fit: fit}
	y := make([]float64, checkPeriods)
	for t := range y {
		y[t] = math.Round(100 + .5*float64(t) + 30*math.Sin(math.Pi/6*float64(t)) + float64(t*t%17))
	}
	m := c.of("a whole series", y)
	if m == nil {
		return c.result(where)
	}
	mean := c.means("a whole series", m)
	again := c.of("the same series again", y)
	if again != nil && !equal(mean, c.means("the same series again", again)) {
		c.broken("the same series has other forecasts")
	}
	cents := make([]float64, len(y))
	for t, v := range y {
		cents[t] = 100 * v
	}
	if f := c.of("another unit", cents); f != nil {
		for i, v := range c.means("another unit", f) {
			if i < len(mean) && !(math.Abs(v-100*mean[i]) <= math.Abs(mean[i])) {
				c.broken("100 times the series has %v for 100 × %v in period %d", v, mean[i], i)
				break
			}
		}
	}
	c.refusals(m)
	c.quantiles("a whole series", m)
	c.moves(m, mean, c.persists(m, again))
	c.short(y)
	ended, stop := context.WithCancel(ctx)
	stop()
	if f, err := fit(ended, Series{Y: y}); err == nil || !check.Missing(f) {
		c.broken("a context that has ended is no error")
	}
	return c.result(where)
}

// fitCheck gathers what is broken.
type fitCheck struct {
	ctx  context.Context
	fit  Fit
	errs []error
}

func (c *fitCheck) broken(format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf(format, args...))
}

func (c *fitCheck) result(where string) error {
	if c.ctx.Err() != nil {
		return context.Cause(c.ctx)
	}
	if len(c.errs) == 0 {
		return nil
	}
	return fmt.Errorf("%s: %w", where, errors.Join(c.errs...))
}

// of fits y, and looks whether it was written to; nil where there is no model.
func (c *fitCheck) of(what string, y []float64) Forecaster {
	given := append([]float64(nil), y...)
	f, err := c.fit(c.ctx, Series{Y: given})
	if !equal(given, y) {
		c.broken("%s: the series was written to", what)
	}
	switch {
	case err != nil:
		c.broken("%s: %w", what, err)
		return nil
	case check.Missing(f):
		c.broken("%s: neither a model nor an error", what)
		return nil
	}
	return f
}

// equal reports whether a and b are the same, NaN being itself.
func equal(a, b []float64) bool {
	if len(a) != len(b) {
		return false
	}
	for i, v := range a {
		if v != b[i] && (v == v || b[i] == b[i]) {
			return false
		}
	}
	return true
}

// means are three forecasts of a model, behind what dst holds.
func (c *fitCheck) means(what string, f Forecaster) []float64 {
	x, err := f.Forecast([]float64{7}, 3)
	if err != nil {
		c.broken("%s: Forecast: %w", what, err)
		return nil
	}
	if len(x) != 4 || x[0] != 7 || check.Slice("", x) != nil {
		c.broken("%s: three means behind 7 are %v", what, x)
		return nil
	}
	return x[1:]
}

// refusals asks for what is out of range.
func (c *fitCheck) refusals(f Forecaster) {
	for _, h := range []int{0, -1, MaxHorizon + 1} {
		if x, err := f.Forecast([]float64{7}, h); !errors.Is(err, ErrRange) || len(x) != 1 {
			c.broken("Forecast of %d periods: %v", h, err)
		}
		if x, err := f.Quantiles([]float64{7}, h, []float64{.5}); !errors.Is(err, ErrRange) || len(x) != 1 {
			c.broken("Quantiles of %d periods: %v", h, err)
		}
	}
	for _, probs := range [][]float64{nil, {0}, {1}, {.5, math.NaN()}} {
		if x, err := f.Quantiles([]float64{7}, 1, probs); !errors.Is(err, ErrRange) || len(x) != 1 {
			c.broken("Quantiles of %v: %v", probs, err)
		}
	}
}

// quantiles asks whether they ascend.
func (c *fitCheck) quantiles(what string, f Forecaster) {
	q, err := f.Quantiles([]float64{7}, 3, []float64{.1, .5, .9})
	if errors.Is(err, ErrUndefined) {
		return
	}
	if err != nil || len(q) != 10 || q[0] != 7 {
		c.broken("%s: Quantiles: nine behind 7 are %v, %w", what, q, errors.Join(err, ErrShape))
		return
	}
	for i := 1; i < len(q); i += 3 {
		if !(q[i] <= q[i+1] && q[i+1] <= q[i+2]) {
			c.broken("%s: Quantiles of .1, .5 and .9 are %v", what, q[i:i+3])
		}
	}
}

// persists asks for the same bytes of the same fit, and returns them; nil for a model without.
func (c *fitCheck) persists(f, again Forecaster) []byte {
	p, ok := f.(Persistent)
	if !ok {
		return nil
	}
	data, err := p.MarshalBinary()
	if err != nil {
		if !errors.Is(err, ErrMismatch) { // holds what has no binary form
			c.broken("MarshalBinary: %w", err)
		}
		return nil
	}
	if q, ok := again.(Persistent); ok {
		if other, err := q.MarshalBinary(); err != nil || !bytes.Equal(data, other) {
			c.broken("the same series has another binary form, %w", errors.Join(err, ErrMismatch))
		}
		if err := q.UnmarshalBinary(data); err != nil {
			c.broken("UnmarshalBinary: %w", err)
		} else if !equal(c.means("what was read", q), c.means("what was written", f)) {
			c.broken("what was read has other forecasts")
		}
	}
	return data
}

// moves appends a period, and asks whether the model stayed as it was.
func (c *fitCheck) moves(f Forecaster, mean []float64, data []byte) {
	a, ok := f.(Appender)
	if !ok {
		return
	}
	next, err := a.Append([]float64{120})
	switch {
	case errors.Is(err, ErrMismatch): // holds what cannot
	case err != nil:
		c.broken("Append: %w", err)
	case check.Missing(next):
		c.broken("Append: neither a model nor an error")
	default:
		c.means("after Append", next)
	}
	if !equal(c.means("before Append", f), mean) {
		c.broken("Append changed its receiver")
	}
	if p, ok := f.(Persistent); ok && data != nil {
		if now, err := p.MarshalBinary(); err != nil || !bytes.Equal(now, data) {
			c.broken("Append changed the binary form of its receiver")
		}
	}
}

// short fits series of every length up to 26, with a missing period in the middle.
func (c *fitCheck) short(y []float64) {
	for n := range 27 {
		if c.ctx.Err() != nil {
			return
		}
		z := append([]float64(nil), y[:n]...)
		if n > 1 {
			z[n/2] = math.NaN()
		}
		f, err := c.fit(c.ctx, Series{Y: z})
		switch {
		case err != nil && !errors.Is(err, ErrEmpty) && !errors.Is(err, ErrUndefined):
			c.broken("%d periods: %w", n, err)
		case err != nil:
		case check.Missing(f):
			c.broken("%d periods: neither a model nor an error", n)
		default:
			what := fmt.Sprintf("%d periods", n)
			c.means(what, f)
			c.quantiles(what, f)
		}
	}
}
