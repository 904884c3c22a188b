package forecast

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
)

// MaxHorizon is the largest number of periods that is forecast at once.
const MaxHorizon = 10_000

// Forecaster is a model that was fitted to one series. It is immutable and safe for concurrent
// readers. Whatever has these two methods can be compared, combined and wrapped by this
// package.
type Forecaster interface {
	// Forecast appends the means of the h periods after the last one to dst, h in
	// [1, MaxHorizon]; otherwise dst and ErrRange.
	Forecast(dst []float64, h int) ([]float64, error)
	// Quantiles appends h × len(probs) quantiles to dst, period by period: the k-th
	// probability of period i (0 is the next one) lies at i*len(probs)+k of what is
	// appended. probs lie in (0, 1), in any order, at least one; otherwise dst and ErrRange.
	// ErrUndefined where the series was too short to say how far it strays.
	Quantiles(dst []float64, h int, probs []float64) ([]float64, error)
}

// Historian is a Forecaster that knows what it was fitted to.
type Historian interface {
	Forecaster
	// Fitted appends what the model says of each period of its series knowing those before it
	// (in-sample where the model's comment says so); NaN where it says nothing.
	Fitted(dst []float64) ([]float64, error)
	// Residuals appends the observed less the fitted values; NaN where one is missing.
	Residuals(dst []float64) ([]float64, error)
}

// Appender is a Forecaster that takes new periods without a new fit.
type Appender interface {
	Forecaster
	// Append returns the model moved on by the periods y, NaN where missing: the parameters
	// and the spread are those of the fit, level, trend and season follow y. The receiver
	// stays as it is.
	Append(y []float64) (Forecaster, error)
}

// Information is what models of one series, of one kind of likelihood, are chosen by: lower criteria are
// better. Those of ETS and of ARIMA must not be compared with each other.
type Information struct {
	LogLikelihood  float64 // without the constant that all models of the series share
	AIC, AICc, BIC float64 // AICc is +Inf where the series has too few periods for it
	Parameters     int     // free ones, the initial states and the variance among them
}

// criteria fills the table from a log-likelihood of n observations and k parameters.
func criteria(loglik float64, k, n int) Information {
	c := Information{LogLikelihood: loglik, Parameters: k, AIC: 2*float64(k) - 2*loglik}
	c.BIC = float64(k)*math.Log(float64(n)) - 2*loglik
	c.AICc = math.Inf(1)
	if n-k-1 > 0 {
		c.AICc = c.AIC + 2*float64(k)*float64(k+1)/float64(n-k-1)
	}
	return c
}

// Fit fits some method to one series. It is how methods are handed to functions that compare and
// combine them; With makes one. The series must not be changed or kept.
type Fit func(ctx context.Context, s Series) (Forecaster, error)

// With returns a fitting function with its options as a Fit:
//
//	forecast.With(forecast.FitNaive, forecast.NaiveOptions{Season: 7})
//	forecast.With(forecast.FitRegression, forecast.RegressionOptions{Log: true})
//
// A function of values alone sees those of Series.Demand, censored ones missing. A nil fit gives a
// Fit that returns ErrEmpty.
func With[M Forecaster, S []float64 | Series, O any](fit func(ctx context.Context, s S, opt O) (M, error), opt O) Fit {
	return func(ctx context.Context, s Series) (Forecaster, error) {
		var m M
		var err error
		switch fit := any(fit).(type) {
		case func(context.Context, []float64, O) (M, error):
			if fit == nil {
				return nil, fmt.Errorf("forecast: With: fit is nil: %w", ErrEmpty)
			}
			m, err = fit(ctx, s.Demand(nil), opt)
		case func(context.Context, Series, O) (M, error):
			if fit == nil {
				return nil, fmt.Errorf("forecast: With: fit is nil: %w", ErrEmpty)
			}
			m, err = fit(ctx, s, opt)
		}
		if err != nil {
			return nil, err // never a nil pointer in an interface
		}
		return m, nil
	}
}

// Outlook is what is to be expected of one period.
type Outlook struct {
	Low  float64 // the lower end of the prediction interval
	Mean float64 // the forecast
	High float64 // the upper end
}

// Intervals appends the next h periods of f with central prediction intervals of the level, in
// (0, 1), 0 means .95: each holds the value of its period, not all together, with that
// probability if the model is right. Errors: those of f, ErrOption for a bad level, ErrEmpty for a
// nil f.
func Intervals(dst []Outlook, f Forecaster, h int, level float64) ([]Outlook, error) {
	if check.Missing(f) {
		return dst, fmt.Errorf("forecast: Intervals: f is nil: %w", ErrEmpty)
	}
	level, err := infer.Level(level)
	if err != nil {
		return dst, fmt.Errorf("forecast: Intervals: %w", err)
	}
	mean, err := f.Forecast(nil, h)
	if err != nil {
		return dst, err
	}
	q, err := f.Quantiles(nil, h, []float64{(1 - level) / 2, (1 + level) / 2})
	if err != nil {
		return dst, err
	}
	if len(mean) != h || len(q) != 2*h {
		return dst, fmt.Errorf("forecast: Intervals: f returns %d means and %d quantiles for %d periods: %w", len(mean), len(q), h, ErrShape)
	}
	for i, x := range mean {
		dst = append(dst, Outlook{Low: q[2*i], Mean: x, High: q[2*i+1]})
	}
	return dst, nil
}

// Fitted is one series of many: its model, or why there is none.
type Fitted struct {
	Model Forecaster // nil where Err is not
	Err   error      // with the number of the series
}

// checkHorizon refuses a horizon out of range.
func checkHorizon(where string, h int) error {
	if h < 1 || h > MaxHorizon {
		return fmt.Errorf("%s: h is %d, want 1 to %d: %w", where, h, MaxHorizon, ErrRange)
	}
	return nil
}

// maxQuantiles bounds what one call of Quantiles appends.
const maxQuantiles = 1 << 24

// checkQuantiles refuses a horizon or probabilities out of range.
func checkQuantiles(where string, h int, probs []float64) error {
	if err := checkHorizon(where, h); err != nil {
		return err
	}
	if len(probs) == 0 || len(probs) > maxQuantiles/h {
		return fmt.Errorf("%s: %d probs for %d periods, want 1 to %d: %w", where, len(probs), h, maxQuantiles/h, ErrRange)
	}
	for k, p := range probs {
		if !(p > 0 && p < 1) {
			return fmt.Errorf("%s: probs[%d] is %v, want in (0, 1): %w", where, k, p, ErrRange)
		}
	}
	return nil
}

// appendNormal appends the quantiles of normal laws, one a period, with the given means and
// standard deviations.
func appendNormal(dst, mean, sd, probs []float64) []float64 {
	z := make([]float64, len(probs))
	for k, p := range probs {
		z[k] = infer.NormalQuantile(p)
	}
	for i, m := range mean {
		for _, q := range z {
			dst = append(dst, m+q*sd[i])
		}
	}
	return dst
}
