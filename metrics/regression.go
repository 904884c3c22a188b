package metrics

import (
	"encoding"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/moments"
)

var (
	_ encoding.BinaryAppender    = (*Regression)(nil)
	_ encoding.BinaryUnmarshaler = (*Regression)(nil)
)

// Regression accumulates errors of predicted numbers or forecasts. The zero
// value is empty and ready. Merge is exact up to rounding. It is not safe for
// concurrent use.
type Regression struct {
	zeros  int64   // actual values of 0
	abs    float64 // Σ|e|
	square float64 // Σe²
	pct    float64 // Σ|e|/|y| over y ≠ 0
	sym    float64 // Σ 2|e|/(|y|+|ŷ|), 0 where both are 0
	absY   float64 // Σ|y|
	y      moments.Moments
	err    moments.Moments // of ŷ − y
}

// Add adds one prediction. ErrNotFinite for NaN or infinite values, ErrOverflow
// where the squared error exceeds float64; the state is then unchanged.
func (r *Regression) Add(actual, predicted float64) error {
	if err := check.Receiver("metrics: Regression.Add", r); err != nil {
		return err
	}
	if !check.Finite(actual) || !check.Finite(predicted) {
		return fmt.Errorf("metrics: Regression.Add: actual or predicted: %w", ErrNotFinite)
	}
	e := predicted - actual
	next := *r
	a := math.Abs(e)
	next.abs += a
	next.square += e * e
	if actual == 0 {
		next.zeros++
	} else {
		next.pct += a / math.Abs(actual)
	}
	if d := math.Abs(actual)/2 + math.Abs(predicted)/2; d > 0 {
		next.sym += a / d
	}
	next.absY += math.Abs(actual)
	if err := next.y.Add(actual); err != nil {
		return err
	}
	if !check.Finite(e) || !next.finite() {
		return fmt.Errorf("metrics: Regression.Add: error of the prediction: %w", ErrOverflow)
	}
	if err := next.err.Add(e); err != nil {
		return err
	}
	*r = next
	return nil
}

func (r *Regression) finite() bool {
	return check.Finite(r.abs + r.square + r.pct + r.sym + r.absY)
}

// Merge adds the predictions of other. ErrMismatch for a merge with itself.
func (r *Regression) Merge(other *Regression) error {
	if err := check.Merge("metrics: Regression.Merge", r, other); err != nil {
		return err
	}
	next := *r
	next.zeros += other.zeros
	next.abs += other.abs
	next.square += other.square
	next.pct += other.pct
	next.sym += other.sym
	next.absY += other.absY
	if err := next.y.Merge(other.y); err != nil {
		return err
	}
	if err := next.err.Merge(other.err); err != nil {
		return err
	}
	if !next.finite() {
		return fmt.Errorf("metrics: Regression.Merge: merged sums: %w", ErrOverflow)
	}
	*r = next
	return nil
}

// RegressionResult holds the measures; e = predicted − actual. Those without a
// value for the data are NaN, as stated.
type RegressionResult struct {
	N     int64   // predictions
	Zeros int64   // actual values of 0
	MAE   float64 // mean |e|
	RMSE  float64 // √ mean e²
	Bias  float64 // mean e: above 0 means predicted too high; residuals of statsmodels have the other sign
	R2    float64 // 1 − Σe²/Σ(y−ȳ)²; NaN when y is constant (scikit-learn: 1 or 0)
	MAPE  float64 // mean |e|/|y|, a share, not per cent; NaN as soon as an actual value is 0 (scikit-learn divides by 2e-16 there)
	SMAPE float64 // mean 2|e|/(|y|+|ŷ|), in [0, 2]; a row where both are 0 adds 0
	WAPE  float64 // Σ|e|/Σ|y|; NaN when all actual values are 0
}

// minNormal is the smallest float64 with all its digits.
const minNormal = 0x1p-1022

// Result returns the measures; ErrUndefined when empty, ErrOverflow where values or errors are so
// small that their squares underflow: measure in other units.
func (r *Regression) Result() (RegressionResult, error) {
	if err := check.Receiver("metrics: Regression.Result", r); err != nil {
		return RegressionResult{}, err
	}
	if r.y.N() == 0 {
		return RegressionResult{}, undefined("Regression.Result: no predictions")
	}
	n := float64(r.y.N())
	out := RegressionResult{
		N: r.y.N(), Zeros: r.zeros, MAE: r.abs / n, RMSE: math.Sqrt(r.square / n), Bias: r.err.Mean(),
		R2: math.NaN(), MAPE: math.NaN(), SMAPE: r.sym / n, WAPE: math.NaN(),
	}
	s, err := r.y.Squares()
	if err != nil || r.abs > 0 && r.square < minNormal {
		return RegressionResult{}, fmt.Errorf("metrics: Regression.Result: squares of values this small: %w", ErrOverflow)
	}
	if s > 0 {
		out.R2 = 1 - r.square/s
	}
	if r.zeros == 0 {
		out.MAPE = r.pct / n
	}
	if r.absY > 0 {
		out.WAPE = r.abs / r.absY
	}
	return out, nil
}

// NaiveScale returns the mean absolute and the root mean squared error of the
// seasonal naive forecast y[t] = y[t−season] within history, by which MAE and
// RMSE are divided to give MASE and RMSSE (Hyndman and Koehler 2006). season 1
// is the plain naive forecast. ErrUndefined when history has no more than
// season values or repeats itself exactly, so that the scale would be 0; ErrOverflow where
// the squared differences overflow or underflow: measure in other units.
func NaiveScale(history []float64, season int) (mae, rmse float64, err error) {
	if season < 1 {
		return math.NaN(), math.NaN(), fmt.Errorf("metrics: NaiveScale: season is %d, want >= 1: %w", season, ErrOption)
	}
	if err := check.Slice("history", history); err != nil {
		return math.NaN(), math.NaN(), fmt.Errorf("metrics: NaiveScale: %w", err)
	}
	if len(history) <= season {
		return math.NaN(), math.NaN(), undefined("NaiveScale: %d values of history, season %d", len(history), season)
	}
	for t := season; t < len(history); t++ {
		e := history[t] - history[t-season]
		mae += math.Abs(e)
		rmse += e * e
	}
	n := float64(len(history) - season)
	mae, rmse = mae/n, math.Sqrt(rmse/n)
	if mae == 0 {
		return math.NaN(), math.NaN(), undefined("NaiveScale: the naive forecast makes no error")
	}
	if math.IsInf(rmse, 1) || math.IsInf(mae, 1) || rmse*rmse < minNormal {
		return math.NaN(), math.NaN(), fmt.Errorf("metrics: NaiveScale: squared differences: %w", ErrOverflow)
	}
	return mae, rmse, nil
}

// MASE returns the mean absolute error of forecast over that of the seasonal
// naive forecast within history: below 1 is better than naive.
func MASE(actual, forecast, history []float64, season int) (float64, error) {
	return scaled("MASE", actual, forecast, history, season, false)
}

// RMSSE is MASE with root mean squared errors (M5 competition).
func RMSSE(actual, forecast, history []float64, season int) (float64, error) {
	return scaled("RMSSE", actual, forecast, history, season, true)
}

// scaled returns MAE or, where squared, RMSE of the forecast by that of the seasonal
// naive forecast within history.
func scaled(what string, actual, forecast, history []float64, season int, squared bool) (float64, error) {
	if err := check.Len("forecast", len(forecast), len(actual)); err != nil {
		return math.NaN(), fmt.Errorf("metrics: %s: %w", what, err)
	}
	var r Regression
	for i, y := range actual {
		if err := r.Add(y, forecast[i]); err != nil {
			return math.NaN(), fmt.Errorf("metrics: %s: row %d: %w", what, i, err)
		}
	}
	res, err := r.Result()
	if err != nil {
		return math.NaN(), err
	}
	mae, rmse, err := NaiveScale(history, season)
	if err != nil {
		return math.NaN(), err
	}
	x := res.MAE / mae
	if squared {
		x = res.RMSE / rmse
	}
	if math.IsInf(x, 1) {
		return math.NaN(), fmt.Errorf("metrics: %s: %v by a scale of %v: %w", what, res.MAE, mae, ErrOverflow)
	}
	return x, nil
}

// AppendBinary appends the binary form.
func (r *Regression) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("metrics: Regression.AppendBinary", r); err != nil {
		return nil, err
	}
	var w codec.Writer
	w.Int64(r.zeros)
	for _, x := range []float64{r.abs, r.square, r.pct, r.sym, r.absY} {
		w.Float64(x)
	}
	r.y.Write(&w)
	r.err.Write(&w)
	return w.AppendFrame(dst, codec.KindRegression, 1), nil
}

// MarshalBinary returns the binary form.
func (r *Regression) MarshalBinary() ([]byte, error) { return r.AppendBinary(nil) }

// UnmarshalBinary replaces the state. Payload of version 1, little-endian:
//
//	i64    actual values of 0
//	5×f64  Σ|e|, Σe², Σ|e|/|y|, Σ2|e|/(|y|+|ŷ|), Σ|y|, each finite and >= 0
//	…      actual values, as the payload of Moments
//	…      errors, as the payload of Moments, of the same number
//
// Any other length or value is ErrCorrupt, a newer version ErrVersion; the state is
// then unchanged.
func (r *Regression) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("metrics: Regression.UnmarshalBinary", r); err != nil {
		return err
	}
	d, err := codec.Open(data, codec.KindRegression, 1)
	if err != nil {
		return fmt.Errorf("metrics: Regression.UnmarshalBinary: %w", err)
	}
	got := Regression{zeros: d.Int64(), abs: d.Float64(), square: d.Float64(), pct: d.Float64(), sym: d.Float64(), absY: d.Float64()}
	got.y, got.err = moments.Read(d), moments.Read(d)
	if !got.finite() || min(got.abs, got.square, got.pct, got.sym, got.absY) < 0 || got.zeros < 0 || got.zeros > got.y.N() || got.err.N() != got.y.N() {
		d.Fail("sums or counts")
	}
	if err := d.Done(); err != nil {
		return fmt.Errorf("metrics: Regression.UnmarshalBinary: %w", err)
	}
	*r = got
	return nil
}
