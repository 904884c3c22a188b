package forecast

import (
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/infer"
)

var (
	_ Appender   = (*Conformal)(nil)
	_ Persistent = (*Conformal)(nil)
)

// conformalQuantile is the ⌈(n+1)p⌉-th of n sorted values, infinite beyond them.
func conformalQuantile(sorted []float64, p float64) float64 {
	k := infer.ConformalRank(len(sorted), p)
	if k > len(sorted) {
		return math.Inf(1)
	}
	return sorted[max(k, 1)-1]
}

// ConformalOptions configures NewConformal. The zero value is .95 without adaptation.
type ConformalOptions struct {
	// Level is that at which intervals adapt, in (0, 1); 0 means .95.
	Level float64
	// Rate is how fast they do, at least 0: a value outside the interval of its period widens
	// all by e^(Rate·Level), one inside narrows them by e^(−Rate·(1−Level)); .05 follows a
	// change within weeks. Default 0: intervals do not adapt.
	Rate float64
	// NonNegative cuts means and quantiles at 0, for demand.
	NonNegative bool
}

func (o ConformalOptions) validate(where string) error {
	var c check.Options
	c.Require(o.Level >= 0 && o.Level < 1, "Level", o.Level, "in (0, 1)")
	c.Require(o.Rate >= 0 && o.Rate <= 1, "Rate", o.Rate, "in [0, 1]")
	return c.Err(where)
}

// Conformal is a forecaster whose quantiles are its means and what it was off by in the past. See
// NewConformal.
type Conformal struct {
	model       Forecaster
	residuals   [][]float64 // by step ahead, ascending
	level, rate float64
	widen       float64 // factor of the residuals
	nonNegative bool
}

// NewConformal puts quantiles around the means of a model: residuals[j] are errors, value less
// forecast, of forecasts j+1 periods ahead on data that the model had not seen, as
// BacktestResult.Residuals has them; periods further ahead take those of the last step. A quantile
// of probability p >= .5 is the mean plus the ⌈(n+1)p⌉-th smallest of n residuals, or where n is
// too small for p the largest widened in the ratio of normal quantiles (p against n/(n+1)), and the
// other tail alike. An interval so holds a value with at least its level if residuals come in
// random order and are enough for both its tails (39 a step at .95); one that is widened holds about
// that of errors that are about normal. Under drift Append adapts them with Rate, and then in the
// long run the share outside is 1−Level whatever happens.
//
// Errors: ErrEmpty for a nil model or a step without residuals, ErrNotFinite, ErrRange, ErrOption.
// Source: Vovk et al. 2005; Gibbs and Candès, Adaptive Conformal Inference, 2021, with a
// multiplicative step.
func NewConformal(model Forecaster, residuals [][]float64, opt ConformalOptions) (*Conformal, error) {
	const where = "forecast: NewConformal"
	if err := opt.validate(where); err != nil {
		return nil, err
	}
	if check.Missing(model) {
		return nil, fmt.Errorf("%s: model is nil: %w", where, ErrEmpty)
	}
	if len(residuals) == 0 || len(residuals) > MaxHorizon {
		return nil, fmt.Errorf("%s: residuals of %d steps, want 1 to %d: %w", where, len(residuals), MaxHorizon, emptyOr(len(residuals), ErrRange))
	}
	level, err := infer.Level(opt.Level)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	m := &Conformal{model: model, level: level, rate: opt.Rate + 0, widen: 1, nonNegative: opt.NonNegative}
	for j, x := range residuals {
		if len(x) == 0 {
			return nil, fmt.Errorf("%s: residuals[%d]: no values: %w", where, j, ErrEmpty)
		}
		if err := checkColumn(where, fmt.Sprintf("residuals[%d]", j), x); err != nil {
			return nil, err
		}
		if err := check.Slice(fmt.Sprintf("residuals[%d]", j), x); err != nil {
			return nil, fmt.Errorf("%s: %w", where, err)
		}
		x = canonical(x)
		slices.Sort(x)
		m.residuals = append(m.residuals, x)
	}
	return m, nil
}

// tail is the p-quantile of what a forecast j+1 periods ahead is off by.
func (m *Conformal) tail(j int, p float64) float64 {
	x := m.residuals[min(j, len(m.residuals)-1)]
	n := float64(len(x))
	at := func(p float64) float64 { // p >= .5, of x read upwards
		if q := conformalQuantile(x, p); !math.IsInf(q, 1) {
			return q
		}
		q := x[len(x)-1]
		if z := infer.NormalQuantile(n / (n + 1)); z > 0 && q > 0 {
			q *= max(infer.NormalQuantile(p)/z, 1)
		} else if n == 1 {
			q = math.Abs(q) * max(infer.NormalQuantile(p)/.6745, 1) // one error tells its size alone
		}
		return q
	}
	if p >= .5 {
		return m.widen * at(p)
	}
	down := make([]float64, len(x))
	for i, v := range x {
		down[len(x)-1-i] = -v
	}
	x = down
	return -m.widen * at(1-p)
}

// Forecast appends the means of the model. See Forecaster. Also ErrEmpty for one that was not
// made.
func (m *Conformal) Forecast(dst []float64, h int) ([]float64, error) {
	if m == nil || m.model == nil {
		return dst, errUnfitted("forecast: Conformal.Forecast")
	}
	n := len(dst)
	dst, err := m.model.Forecast(dst, h)
	if err == nil && m.nonNegative {
		for i := range dst[n:] {
			dst[n+i] = max(dst[n+i], 0)
		}
	}
	return dst, err
}

// Quantiles appends quantiles from past errors. See Forecaster. Also ErrEmpty for one that was not
// made.
func (m *Conformal) Quantiles(dst []float64, h int, probs []float64) ([]float64, error) {
	const where = "forecast: Conformal.Quantiles"
	if m == nil || m.model == nil {
		return dst, errUnfitted(where)
	}
	if err := checkQuantiles(where, h, probs); err != nil {
		return dst, err
	}
	mean, err := m.model.Forecast(nil, h)
	if err != nil {
		return dst, err
	}
	if len(mean) != h {
		return dst, fmt.Errorf("%s: the model returns %d means for %d periods: %w", where, len(mean), h, ErrShape)
	}
	tails := make([]float64, 0, len(probs))
	for j, f := range mean {
		if j < len(m.residuals) {
			tails = tails[:0]
			for _, p := range probs {
				tails = append(tails, m.tail(j, p))
			}
		}
		for _, t := range tails {
			q := f + t
			if m.nonNegative {
				q = max(q, 0)
			}
			dst = append(dst, q)
		}
	}
	return dst, nil
}

// Append returns the model moved on by y, and its intervals adapted where there is a Rate. See
// Appender. Errors: ErrEmpty for one that was not made, ErrMismatch where the model within is no
// Appender, and its own.
func (m *Conformal) Append(y []float64) (Forecaster, error) {
	const where = "forecast: Conformal.Append"
	if m == nil || m.model == nil {
		return nil, errUnfitted(where)
	}
	if err := checkAppended(where, 0, y); err != nil {
		return nil, err
	}
	next := *m
	for i, v := range y {
		model, ok := next.model.(Appender)
		if !ok {
			return nil, fmt.Errorf("%s: %T takes no new periods: %w", where, next.model, ErrMismatch)
		}
		if v == v && m.rate > 0 {
			f, err := model.Forecast(nil, 1)
			if err != nil {
				return nil, err
			}
			low, high := f[0]+next.tail(0, (1-m.level)/2), f[0]+next.tail(0, (1+m.level)/2)
			step := -m.rate * (1 - m.level)
			if v < low || v > high {
				step = m.rate * m.level
			}
			next.widen = min(max(next.widen*math.Exp(step), 1e-9), 1e9)
		}
		moved, err := model.Append(y[i : i+1])
		if err != nil {
			return nil, err
		}
		next.model = moved
	}
	return &next, nil
}

// AppendBinary appends the model as one frame. ErrEmpty for one that was not made, ErrMismatch
// where the model within has no binary form, or models within models are deeper than four.
func (m *Conformal) AppendBinary(dst []byte) ([]byte, error) {
	const where = "forecast: Conformal.AppendBinary"
	if m == nil || m.model == nil {
		return dst, errUnfitted(where)
	}
	var w codec.Writer
	if err := putModel(&w, where, m.model); err != nil {
		return dst, err
	}
	w.Int(len(m.residuals))
	for _, x := range m.residuals {
		w.Float64s(x)
	}
	w.Float64(m.level)
	w.Float64(m.rate)
	w.Float64(m.widen)
	w.Bool(m.nonNegative)
	return w.AppendFrame(dst, codec.KindConformal, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (m *Conformal) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary replaces m. Payload of version 1, little-endian:
//
//	[]byte  frame of a model of this package, in which models are three deep at most
//	int     steps, 1 to MaxHorizon; of each
//	[]f64   residuals, at least one, ascending, |value| <= 1e100
//	f64     level in (0, 1)
//	f64     rate in [0, 1]
//	f64     factor in [1e-9, 1e9]
//	bool    whether means and quantiles are cut at 0
//
// Anything else is ErrCorrupt, a newer version ErrVersion, another kind ErrMismatch; m is then
// unchanged.
func (m *Conformal) UnmarshalBinary(data []byte) error {
	const where = "forecast: Conformal.UnmarshalBinary"
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	return m.read(where, data, maxDepth)
}

// read is UnmarshalBinary of one in which models are so deep at most.
func (m *Conformal) read(where string, data []byte, depth int) error {
	r, err := codec.Open(data, codec.KindConformal, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	d := Conformal{model: getModel(r, depth)}
	steps := r.Int()
	if r.Err() == nil && (steps < 1 || steps > MaxHorizon) {
		r.Fail("steps")
	}
	for j := 0; j < steps && r.Err() == nil; j++ {
		x := r.Float64s()
		if r.Err() == nil && (len(x) == 0 || check.Slice("", x) != nil || checkColumn("", "", x) != nil || !slices.IsSorted(x) || !isCanonical(x)) {
			r.Fail("residuals")
		}
		d.residuals = append(d.residuals, x)
	}
	d.level, d.rate, d.widen, d.nonNegative = r.Float64(), r.Float64(), r.Float64(), r.Bool()
	if r.Err() == nil && !(d.level > 0 && d.level < 1 && d.rate >= 0 && d.rate <= 1 && !math.Signbit(d.rate) && d.widen >= 1e-9 && d.widen <= 1e9) {
		r.Fail("level, rate or factor")
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*m = d
	return nil
}
