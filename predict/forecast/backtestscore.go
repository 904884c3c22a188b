package forecast

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
)

// BacktestScore is how far a method was off. Measures of nothing are NaN.
type BacktestScore struct {
	Method   string // its name
	N        int    // periods that were foreseen and came
	Failures int    // fits that failed
	Err      error  // the first of them

	MAE   float64 // mean absolute error
	Bias  float64 // mean of what came less what was foreseen
	WAPE  float64 // sum of absolute errors by the sum of absolute values
	WMAE  float64 // mean absolute error by the weights of periods
	SMAPE float64 // in [0, 200], 0 where both are 0 (M4)
	MASE  float64 // mean over series and cuts of the mean absolute error by that of the naive forecast of the history
	RMSSE float64 // the same of root mean squares

	Quantiled int     // periods with an interval
	Pinball   float64 // mean pinball loss of its two ends
	Coverage  float64 // share of values within
}

// Methods returns the number of methods, 0 for nil.
func (r *BacktestResult) Methods() int {
	if r == nil {
		return 0
	}
	return r.methods
}

// Score returns how far a method was off over all series.
func (r *BacktestResult) Score(method int) (BacktestScore, error) {
	return r.score("forecast: BacktestResult.Score", method, 0, -1)
}

// SeriesScore returns how far a method was off in one series.
func (r *BacktestResult) SeriesScore(method, series int) (BacktestScore, error) {
	if r.Methods() > 0 && (series < 0 || series >= r.series) {
		return BacktestScore{}, fmt.Errorf("forecast: BacktestResult.SeriesScore: series %d of %d: %w", series, r.series, ErrRange)
	}
	return r.score("forecast: BacktestResult.SeriesScore", method, series, series+1)
}

// score sums up the series [from, to); all for to below 0.
func (r *BacktestResult) score(where string, method, from, to int) (BacktestScore, error) {
	if r == nil || r.methods == 0 {
		return BacktestScore{}, fmt.Errorf("%s: no backtest: %w", where, ErrEmpty)
	}
	if method < 0 || method >= r.methods {
		return BacktestScore{}, fmt.Errorf("%s: method %d of %d: %w", where, method, r.methods, ErrRange)
	}
	if to < 0 {
		to = r.series
	}
	var t tally
	for k := from * r.cuts; k < to*r.cuts; k++ {
		t.cut(r, method, k)
	}
	out := t.score()
	out.Method = r.names[method]
	for k := method*r.series + from; k < method*r.series+to; k++ {
		out.Failures += r.failures[k]
		if out.Err == nil {
			out.Err = r.failed[k]
		}
	}
	return out, nil
}

// tally are the sums behind a score.
type tally struct {
	n, quantiled, inside, scaledAbs, scaledSquare int
	abs, bias, values, weighted, weight, smape    float64
	mase, rmsse, pinball                          float64
}

// cut adds one cut of one series.
func (t *tally) cut(r *BacktestResult, method, k int) {
	var abs, square float64
	n := 0
	for j := range r.horizon {
		i := k*r.horizon + j
		y, f := r.actual[i], r.mean[method*len(r.actual)+i]
		e := y - f
		if e != e {
			continue
		}
		n++
		abs += math.Abs(e)
		square += e * e
		t.bias += e
		t.values += math.Abs(y)
		w := 1.0
		if r.weight != nil {
			w = r.weight[i]
		}
		t.weighted += w * math.Abs(e)
		t.weight += w
		if d := math.Abs(y) + math.Abs(f); d > 0 {
			t.smape += 200 * (math.Abs(e) / d)
		}
		if len(r.probs) == 0 {
			continue
		}
		low, high := r.low[method*len(r.actual)+i], r.high[method*len(r.actual)+i]
		if low != low || high != high {
			continue
		}
		t.quantiled++
		if y >= low && y <= high {
			t.inside++
		}
		t.pinball += (pinball(y-low, r.probs[0]) + pinball(y-high, r.probs[1])) / 2
	}
	if n == 0 {
		return
	}
	t.n += n
	t.abs += abs
	if s := r.scale[k]; s[0] > 0 {
		t.scaledAbs++
		t.mase += abs / float64(n) / s[0]
		t.scaledSquare++
		t.rmsse += math.Sqrt(square/float64(n)) / s[1]
	}
}

// pinball is the loss of a quantile that was e below the value.
func pinball(e, q float64) float64 { return max(q*e, (q-1)*e) }

func (t *tally) score() BacktestScore {
	n, q := float64(t.n), float64(t.quantiled)
	return BacktestScore{
		N: t.n, MAE: t.abs / n, Bias: t.bias / n, WAPE: over(t.abs, t.values), WMAE: over(t.weighted, t.weight),
		SMAPE: t.smape / n, MASE: t.mase / float64(t.scaledAbs), RMSSE: t.rmsse / float64(t.scaledSquare),
		Quantiled: t.quantiled, Pinball: t.pinball / q, Coverage: float64(t.inside) / q,
	}
}

// over is a/b, NaN by zero.
func over(a, b float64) float64 {
	if b == 0 {
		return math.NaN()
	}
	return a / b
}

// Forecast appends what a method foresaw of a series at a cut, 0 the oldest: Horizon means, NaN where
// the method failed or the series has no such cut. ErrRange for what is none, ErrEmpty for nil.
func (r *BacktestResult) Forecast(dst []float64, method, series, cut int) ([]float64, error) {
	const where = "forecast: BacktestResult.Forecast"
	if r == nil || r.methods == 0 {
		return dst, fmt.Errorf("%s: no backtest: %w", where, ErrEmpty)
	}
	if method < 0 || method >= r.methods || series < 0 || series >= r.series || cut < 0 || cut >= r.cuts {
		return dst, fmt.Errorf("%s: method %d of %d, series %d of %d, cut %d of %d: %w", where, method, r.methods, series, r.series, cut, r.cuts, ErrRange)
	}
	at := ((method*r.series+series)*r.cuts + cut) * r.horizon
	return append(dst, r.mean[at:at+r.horizon]...), nil
}

// Actual appends what came of a series behind a cut, as Forecast appends what was foreseen; NaN
// where it is missing or censored.
func (r *BacktestResult) Actual(dst []float64, series, cut int) ([]float64, error) {
	const where = "forecast: BacktestResult.Actual"
	if r == nil || r.methods == 0 {
		return dst, fmt.Errorf("%s: no backtest: %w", where, ErrEmpty)
	}
	if series < 0 || series >= r.series || cut < 0 || cut >= r.cuts {
		return dst, fmt.Errorf("%s: series %d of %d, cut %d of %d: %w", where, series, r.series, cut, r.cuts, ErrRange)
	}
	at := (series*r.cuts + cut) * r.horizon
	return append(dst, r.actual[at:at+r.horizon]...), nil
}

// Residuals returns what came less what a method foresaw of a series, one slice for each step
// ahead, cuts in order of time, those without a value left out: what NewConformal takes. ErrRange
// for what is none, ErrEmpty for nil.
func (r *BacktestResult) Residuals(method, series int) ([][]float64, error) {
	const where = "forecast: BacktestResult.Residuals"
	if r == nil || r.methods == 0 {
		return nil, fmt.Errorf("%s: no backtest: %w", where, ErrEmpty)
	}
	if method < 0 || method >= r.methods || series < 0 || series >= r.series {
		return nil, fmt.Errorf("%s: method %d of %d, series %d of %d: %w", where, method, r.methods, series, r.series, ErrRange)
	}
	out := make([][]float64, r.horizon)
	for j := range out {
		for c := range r.cuts {
			i := (series*r.cuts+c)*r.horizon + j
			if e := r.actual[i] - r.mean[method*len(r.actual)+i]; check.Finite(e) {
				out[j] = append(out[j], e)
			}
		}
	}
	return out, nil
}
