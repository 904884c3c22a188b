package metrics

import (
	"encoding"
	"errors"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/infer"
)

var (
	_ encoding.BinaryAppender    = (*Forecasts)(nil)
	_ encoding.BinaryUnmarshaler = (*Forecasts)(nil)
)

// PinballLoss returns the mean quantile loss of forecasts of the q-quantile, q in
// (0, 1): q·(y−ŷ) where the actual value is above, (1−q)·(ŷ−y) where below. It is
// least for the true quantile; q 0.5 is half the MAE.
func PinballLoss(actual, forecast []float64, q float64) (float64, error) {
	if !(q > 0 && q < 1) {
		return math.NaN(), fmt.Errorf("metrics: PinballLoss: q is %v, want in (0, 1): %w", q, ErrOption)
	}
	return meanOf("PinballLoss", actual, forecast, nil, func(y, f float64) float64 { return max(q*(y-f), (q-1)*(y-f)) })
}

// WMAE returns Σw|e|/Σw, the mean absolute error with weights by row: a holiday
// may weigh five times a usual week.
func WMAE(actual, forecast, weights []float64) (float64, error) {
	return meanOf("WMAE", actual, forecast, weights, func(y, f float64) float64 { return math.Abs(y - f) })
}

// SMAPE returns the symmetric percentage error of the M4 competition, 200 %
// divided by h times Σ|e|/(|y|+|ŷ|), in [0, 200]; a row where both are 0 adds 0.
// RegressionResult.SMAPE is the same over 100.
func SMAPE(actual, forecast []float64) (float64, error) {
	return meanOf("SMAPE", actual, forecast, nil, func(y, f float64) float64 {
		if d := math.Abs(y)/2 + math.Abs(f)/2; d > 0 {
			return 100 * (math.Abs(y-f) / d)
		}
		return 0
	})
}

// meanOf returns the weighted mean of the loss of each row; weights may be nil. It
// checks its input and names the row at fault.
func meanOf(what string, actual, forecast, weights []float64, loss func(y, f float64) float64) (float64, error) {
	if len(actual) == 0 {
		return math.NaN(), fmt.Errorf("metrics: %s: no rows: %w", what, ErrEmpty)
	}
	err := check.Len("forecast", len(forecast), len(actual))
	if err == nil {
		err = check.Slice("actual", actual)
	}
	if err == nil {
		err = check.Slice("forecast", forecast)
	}
	if err == nil {
		err = check.Weights("weights", weights, len(actual))
	}
	if err != nil {
		return math.NaN(), fmt.Errorf("metrics: %s: %w", what, err)
	}
	var sum, total float64
	for i, y := range actual {
		w := 1.0
		if weights != nil {
			w = weights[i]
		}
		if w == 0 {
			continue
		}
		sum += w * loss(y, forecast[i])
		total += w
	}
	if !check.Finite(sum) {
		return math.NaN(), fmt.Errorf("metrics: %s: sum of losses: %w", what, ErrOverflow)
	}
	return sum / total, nil
}

// IntervalScore says how good prediction intervals were.
type IntervalScore struct {
	Coverage Ratio   // actual values within [low, high]; should be the level
	Width    float64 // mean high − low
	Winkler  float64 // mean interval score (Winkler 1972): width plus 2/α for every unit outside; less is better
}

// ScoreIntervals returns coverage, width and score of intervals of the given
// level in (0, 1); 0 means 0.95. ErrRange if a low is above its high; ErrEmpty, ErrShape,
// ErrNotFinite, ErrOption for the level.
func ScoreIntervals(actual, low, high []float64, level float64) (IntervalScore, error) {
	level, err := infer.Level(level)
	if err != nil {
		return IntervalScore{}, fmt.Errorf("metrics: ScoreIntervals: %w", err)
	}
	if err := check.Len("high", len(high), len(actual)); err != nil {
		return IntervalScore{}, fmt.Errorf("metrics: ScoreIntervals: %w", err)
	}
	if err := check.Slice("high", high); err != nil {
		return IntervalScore{}, fmt.Errorf("metrics: ScoreIntervals: %w", err)
	}
	var s IntervalScore
	width, err := meanOf("ScoreIntervals", actual, low, nil, func(float64, float64) float64 { return 0 })
	if err != nil {
		return IntervalScore{}, err
	}
	for i, y := range actual {
		if low[i] > high[i] {
			return IntervalScore{}, fmt.Errorf("metrics: ScoreIntervals: row %d: from %v to %v: %w", i, low[i], high[i], ErrRange)
		}
		width += high[i] - low[i]
		s.Winkler += high[i] - low[i] + 2/(1-level)*max(low[i]-y, y-high[i], 0)
		s.Coverage.den++
		s.Coverage.n++
		if y >= low[i] && y <= high[i] {
			s.Coverage.num++
		}
	}
	n := float64(len(actual))
	s.Width, s.Winkler = width/n, s.Winkler/n
	if !check.Finite(s.Winkler) {
		return IntervalScore{}, fmt.Errorf("metrics: ScoreIntervals: sum of widths: %w", ErrOverflow)
	}
	return s, nil
}

// ForecastScore holds the measures of one series.
type ForecastScore struct {
	RegressionResult
	MASE, RMSSE float64 // scaled by the seasonal naive forecast of the history; NaN where that makes no error or history is too short
	SMAPE       float64 // of M4, in [0, 200]
	abs, absY   float64 // Σ|e| and Σ|y|
}

// ScoreForecast returns the measures of one series: actual values and forecasts
// of the test periods, and the history before them, by which MASE and RMSSE are
// scaled (season 1: plain naive). ErrEmpty, ErrShape, ErrNotFinite, ErrOption for
// a season below 1, ErrOverflow where squares or scaled errors are beyond float64.
func ScoreForecast(actual, forecast, history []float64, season int) (ForecastScore, error) {
	if len(actual) == 0 {
		return ForecastScore{}, fmt.Errorf("metrics: ScoreForecast: no rows: %w", ErrEmpty)
	}
	if season < 1 {
		return ForecastScore{}, fmt.Errorf("metrics: ScoreForecast: season is %d, want >= 1: %w", season, ErrOption)
	}
	if err := check.Len("forecast", len(forecast), len(actual)); err != nil {
		return ForecastScore{}, fmt.Errorf("metrics: ScoreForecast: %w", err)
	}
	if err := check.Slice("history", history); err != nil {
		return ForecastScore{}, fmt.Errorf("metrics: ScoreForecast: %w", err)
	}
	var r Regression
	for i, y := range actual {
		if err := r.Add(y, forecast[i]); err != nil {
			return ForecastScore{}, fmt.Errorf("metrics: ScoreForecast: row %d: %w", i, err)
		}
	}
	res, err := r.Result()
	if err != nil {
		return ForecastScore{}, err
	}
	out := ForecastScore{RegressionResult: res, MASE: math.NaN(), RMSSE: math.NaN(), SMAPE: 100 * res.SMAPE, abs: r.abs, absY: r.absY}
	switch mae, rmse, err := NaiveScale(history, season); {
	case errors.Is(err, ErrUndefined): // NaN, as stated
	case err != nil:
		return ForecastScore{}, fmt.Errorf("metrics: ScoreForecast: %w", err)
	default:
		out.MASE, out.RMSSE = res.MAE/mae, res.RMSE/rmse
		if !check.Finite(out.MASE) || !check.Finite(out.RMSSE) {
			return ForecastScore{}, fmt.Errorf("metrics: ScoreForecast: errors of %v by a scale of %v: %w", res.MAE, mae, ErrOverflow)
		}
	}
	return out, nil
}

// Forecasts accumulates the scores of many series, each series counting once, or
// by weight as in the M5 competition. The zero value is empty and ready. Merge is
// exact up to rounding. It is not safe for concurrent use.
type Forecasts struct {
	n, unscaled int64   // series; those without MASE
	weight      float64 // of all series
	scaled      float64 // weight of series with MASE
	mase, rmsse float64 // weighted sums
	smape       float64
	abs, absY   float64 // of all rows
	rows        int64
}

// Add adds a series as ScoreForecast takes it and returns its score. weight >= 0
// is its share in the means (revenue; 1 for plain means). ErrRange for another
// weight, ErrOverflow, and the errors of ScoreForecast, leave f unchanged.
func (f *Forecasts) Add(actual, forecast, history []float64, season int, weight float64) (ForecastScore, error) {
	if err := check.Receiver("metrics: Forecasts.Add", f); err != nil {
		return ForecastScore{}, err
	}
	if !(weight >= 0) || math.IsInf(weight, 1) {
		return ForecastScore{}, fmt.Errorf("metrics: Forecasts.Add: weight is %v, want finite and >= 0: %w", weight, ErrRange)
	}
	s, err := ScoreForecast(actual, forecast, history, season)
	if err != nil {
		return ForecastScore{}, err
	}
	d := Forecasts{n: 1, weight: weight, smape: weight * s.SMAPE, abs: s.abs, absY: s.absY, rows: s.N}
	if math.IsNaN(s.MASE) {
		d.unscaled = 1
	} else {
		d.scaled, d.mase, d.rmsse = weight, weight*s.MASE, weight*s.RMSSE
	}
	if err := f.add(d); err != nil {
		return ForecastScore{}, err
	}
	return s, nil
}

// add adds the sums of d, which are one series or a shard; nothing changes after an
// error.
func (f *Forecasts) add(d Forecasts) error {
	n, err1 := check.AddInt64(f.n, d.n)
	rows, err2 := check.AddInt64(f.rows, d.rows)
	for _, err := range []error{err1, err2} {
		if err != nil {
			return fmt.Errorf("metrics: Forecasts.Add: %w", err)
		}
	}
	next := Forecasts{
		n, f.unscaled + d.unscaled, f.weight + d.weight, f.scaled + d.scaled, f.mase + d.mase, f.rmsse + d.rmsse, f.smape + d.smape,
		f.abs + d.abs, f.absY + d.absY, rows,
	}
	if !next.valid() {
		return fmt.Errorf("metrics: Forecasts.Add: sums: %w", ErrOverflow)
	}
	*f = next
	return nil
}

func (f *Forecasts) floats() [7]*float64 {
	return [...]*float64{&f.weight, &f.scaled, &f.mase, &f.rmsse, &f.smape, &f.abs, &f.absY}
}

func (f *Forecasts) valid() bool {
	for _, x := range f.floats() {
		if !(*x >= 0) || math.IsInf(*x, 1) {
			return false
		}
	}
	return f.n >= 0 && f.unscaled >= 0 && f.unscaled <= f.n && f.rows >= f.n
}

// Merge adds the series of other. ErrMismatch for a merge with itself.
func (f *Forecasts) Merge(other *Forecasts) error {
	if err := check.Merge("metrics: Forecasts.Merge", f, other); err != nil {
		return err
	}
	return f.add(*other)
}

// ForecastsResult holds the measures over series.
type ForecastsResult struct {
	Series      int64   // how many
	Unscaled    int64   // series whose history gives no scale; they are left out of MASE and RMSSE
	MASE, RMSSE float64 // weighted means over series; NaN without a series that has them
	SMAPE       float64 // weighted mean, in [0, 200]
	WAPE        float64 // Σ|e|/Σ|y| over all rows, weights aside; NaN if every value is 0
	MAE         float64 // over all rows
}

// Result returns the measures; ErrUndefined without series or weight.
func (f *Forecasts) Result() (ForecastsResult, error) {
	if err := check.Receiver("metrics: Forecasts.Result", f); err != nil {
		return ForecastsResult{}, err
	}
	if f.n == 0 || f.weight == 0 {
		return ForecastsResult{}, undefined("Forecasts.Result: %d series of weight %v", f.n, f.weight)
	}
	out := ForecastsResult{Series: f.n, Unscaled: f.unscaled, MASE: math.NaN(), RMSSE: math.NaN(), SMAPE: f.smape / f.weight, WAPE: math.NaN(), MAE: f.abs / float64(f.rows)}
	if f.scaled > 0 {
		out.MASE, out.RMSSE = f.mase/f.scaled, f.rmsse/f.scaled
	}
	if f.absY > 0 {
		out.WAPE = f.abs / f.absY
	}
	return out, nil
}

// ForecastTable returns a table with one row per score; names[i] labels
// scores[i] and may be short.
func ForecastTable(names []string, scores []ForecastScore) *Table {
	t := NewTable("series", "n", "MAE", "RMSE", "bias", "WAPE", "sMAPE", "MASE", "RMSSE")
	for i, s := range scores {
		name := ""
		if i < len(names) {
			name = names[i]
		}
		t.AddRow(name, s.N, s.MAE, s.RMSE, s.Bias, s.WAPE, s.SMAPE, s.MASE, s.RMSSE)
	}
	return t
}

// AppendBinary appends the binary form.
func (f *Forecasts) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("metrics: Forecasts.AppendBinary", f); err != nil {
		return nil, err
	}
	var w codec.Writer
	for _, n := range []int64{f.n, f.unscaled, f.rows} {
		w.Int64(n)
	}
	for _, x := range f.floats() {
		w.Float64(*x)
	}
	return w.AppendFrame(dst, codec.KindForecasts, 1), nil
}

// MarshalBinary returns the binary form.
func (f *Forecasts) MarshalBinary() ([]byte, error) { return f.AppendBinary(nil) }

// UnmarshalBinary replaces the state. Payload of version 1, little-endian:
//
//	i64    number of series
//	i64    series without a scale
//	i64    rows
//	f64    weight of all series
//	f64    weight of those with a scale
//	5×f64  weighted MASE, RMSSE and sMAPE, Σ|e| and Σ|y|
//
// Counts and sums are >= 0 and finite, no part is above its whole, and all is 0 without
// series. Any other length or value is ErrCorrupt, a newer version ErrVersion; the state is
// then unchanged.
func (f *Forecasts) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("metrics: Forecasts.UnmarshalBinary", f); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindForecasts, 1)
	if err != nil {
		return fmt.Errorf("metrics: Forecasts.UnmarshalBinary: %w", err)
	}
	got := Forecasts{n: r.Int64(), unscaled: r.Int64(), rows: r.Int64()}
	for _, x := range got.floats() {
		*x = r.Float64()
	}
	if r.Err() == nil && (!got.valid() || got.n == 0 && got != Forecasts{} || got.scaled > got.weight) {
		r.Fail("has sums or counts out of range")
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("metrics: Forecasts.UnmarshalBinary: %w", err)
	}
	*f = got
	return nil
}
