package forecast

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/rng"
)

var (
	_ Historian  = (*Intermittent)(nil)
	_ Appender   = (*Intermittent)(nil)
	_ Persistent = (*Intermittent)(nil)
)

// pulseModel is how demand that does not come in every period is forecast; the numbers are those of
// frames.
type pulseModel int

const (
	byClass pulseModel = iota
	croston
	sba
	crostonOptimized
	tsb
	adida
	imapa
)

// pulseModels are their names.
var pulseModels = []string{"", "Croston", "SBA", "CrostonOptimized", "TSB", "ADIDA", "IMAPA"}

// IntermittentOptions configures FitIntermittent. The zero value chooses by demand class.
type IntermittentOptions struct {
	// Model is how; "" chooses by class: Croston for smooth demand, TSB where demand has been
	// silent so long that it may have ended, SBA otherwise (Syntetos, Boylan and Croston 2005).
	//
	//	"Croston"           smooths the sizes of demands and the intervals between them, and divides
	//	                    (Croston 1972); its mean is biased upwards
	//	"SBA"               Croston times 1−α/2, which takes the bias away (Syntetos and Boylan 2005)
	//	"CrostonOptimized"  Croston whose two smoothing parameters, in [.1, .3], have the least
	//	                    squared one-step error
	//	"TSB"               smooths the sizes and, in every period, the probability of a demand, so
	//	                    that what is no longer asked for fades (Teunter, Syntetos and Babai 2011)
	//	"ADIDA"             adds up periods to blocks as long as the mean interval, smooths the blocks
	//	                    with the best α in [.1, .3] and divides (Nikolopoulos et al. 2011)
	//	"IMAPA"             the mean of ADIDA over all blocks up to the mean interval (Petropoulos and
	//	                    Kourentzes 2015)
	Model string
	// Alpha smooths sizes, and intervals of Croston and SBA, in (0, 1]; default .1.
	// CrostonOptimized, ADIDA and IMAPA find theirs.
	Alpha float64
	// Beta smooths the probability of a demand in TSB, in (0, 1]; default Alpha.
	Beta float64
}

func (o IntermittentOptions) withDefaults() IntermittentOptions {
	o.Alpha = check.Default(o.Alpha, .1)
	o.Beta = check.Default(o.Beta, o.Alpha)
	return o
}

func (o IntermittentOptions) validate(where string) error {
	var c check.Options
	c.Require(slices.Contains(pulseModels, o.Model), "Model", fmt.Sprintf("%q", o.Model), `"" or one such as "SBA"`)
	c.Require(o.Alpha > 0 && o.Alpha <= 1, "Alpha", o.Alpha, "in (0, 1]")
	c.Require(o.Beta > 0 && o.Beta <= 1, "Beta", o.Beta, "in (0, 1]")
	return c.Err(where)
}

// Intermittent is a forecast of demand that does not come in every period. See FitIntermittent.
type Intermittent struct {
	y     []float64 // NaN where missing
	model pulseModel
	alpha float64 // of sizes
	beta  float64 // of intervals, or of the probability
	mean  float64
	p     float64   // probability of a demand in a period
	sizes []float64 // of demands, ascending
	upTo  []float64 // probability of a size up to each of them
}

// FitIntermittent fits demand y, one value a period, 0 where nothing was asked for and NaN where
// a period is missing and so counts as none. All its means are the same, however far ahead.
//
// Its law is compound: in each period a demand comes with probability p, independently, and its
// size is one of the past, the k-th last with weight α(1−α)^k, so that the law has the mean that
// is forecast and only sizes that were seen (those of ADIDA and IMAPA with equal weights, scaled
// where the mean is above a demand in every period). Quantiles are of one period,
// Total's of the sum of several. All zeros are forecast as 0. O(n), IMAPA O(n log n).
//
// Errors: ErrOption; ErrEmpty without an observed period; ErrNotFinite; ErrRange for negative
// demand and values beyond 1e100.
func FitIntermittent(ctx context.Context, y []float64, opt IntermittentOptions) (*Intermittent, error) {
	const where = "forecast: FitIntermittent"
	o := opt.withDefaults()
	if err := o.validate(where); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if _, err := checkSeries(where, y); err != nil {
		return nil, err
	}
	if err := nonNegative(where, y); err != nil {
		return nil, err
	}
	m := &Intermittent{y: canonical(y), model: pulseModel(slices.Index(pulseModels, o.Model)), alpha: o.Alpha, beta: o.Alpha}
	if m.model == byClass {
		m.model = modelFor(y)
	}
	switch m.model {
	case tsb:
		m.beta = o.Beta
	case crostonOptimized:
		sizes, gaps := pulses(y)
		m.alpha, m.beta = bestAlpha(sizes), bestAlpha(gaps)
	}
	m.settle()
	return m, nil
}

// modelFor is the model that suits the class of y.
func modelFor(y []float64) pulseModel {
	d := classify(y)
	silent := 0
	for _, v := range y {
		switch {
		case v == 0:
			silent++
		case v > 0:
			silent = 0
		}
	}
	switch {
	case d.Demands > 0 && float64(silent)*math.Log1p(-1/max(d.ADI, 1.01)) < math.Log(.01):
		return tsb // once in a hundred does it stay away so long
	case d.Class == SmoothDemand:
		return croston
	}
	return sba
}

// pulses are the demands of y and the observed periods from each to the one before.
func pulses(y []float64) (sizes, gaps []float64) {
	gap := 0.0
	for _, v := range y {
		if v != v {
			continue
		}
		gap++
		if v > 0 {
			sizes, gaps, gap = append(sizes, v), append(gaps, gap), 0
		}
	}
	return sizes, gaps
}

// pulse is what Croston and TSB know after some periods.
type pulse struct {
	size, interval, prob float64
	gap                  float64 // observed periods since the last demand
	periods, demands     int
}

// see takes an observed period.
func (s *pulse) see(v, alpha, beta float64) {
	s.gap++
	came := 0.0
	if v > 0 {
		came = 1
		if s.demands == 0 {
			s.size, s.interval = v, s.gap
		} else {
			s.size += alpha * (v - s.size)
			s.interval += beta * (s.gap - s.interval)
		}
		s.demands++
		s.gap = 0
	}
	if s.periods == 0 {
		s.prob = came
	} else {
		s.prob += beta * (came - s.prob)
	}
	s.periods++
}

// probability is that of a demand in a period, by the model.
func (s *pulse) probability(model pulseModel, beta float64) float64 {
	switch {
	case s.demands == 0:
		return 0
	case model == tsb:
		return s.prob
	case model == sba:
		return (1 - beta/2) / s.interval
	}
	return 1 / s.interval
}

// settle finds mean and law from the series and the parameters, after a fit, an Append and a
// decoding.
func (m *Intermittent) settle() {
	var sizes []float64
	var s pulse
	for _, v := range m.y {
		if v != v {
			continue
		}
		s.see(v, m.alpha, m.beta)
		if v > 0 {
			sizes = append(sizes, v)
		}
	}
	if len(sizes) == 0 {
		m.mean, m.p, m.sizes, m.upTo = 0, 0, nil, nil
		return
	}
	// What one smoothing of the sizes, begun with the first, gives each of them.
	weights := make([]float64, len(sizes))
	left := 1.0
	for k := len(sizes) - 1; k > 0; k-- {
		weights[k] = m.alpha * left
		left *= 1 - m.alpha
	}
	weights[0] = left
	if m.model == adida || m.model == imapa {
		m.mean = blocks(m.y, m.model)
		average := 0.0
		for k, v := range sizes {
			weights[k] = 1 / float64(len(sizes))
			average += (v - average) / float64(k+1)
		}
		m.p = m.mean / average
		if m.p > 1 {
			for k := range sizes {
				sizes[k] *= m.p
			}
			m.p = 1
		}
	} else {
		m.p = s.probability(m.model, m.beta)
		m.mean = s.size * m.p
		if m.model == croston || m.model == crostonOptimized {
			m.mean = s.size / s.interval
		}
	}
	m.law(sizes, weights)
}

// law sorts the sizes and adds up their weights; equal sizes become one.
func (m *Intermittent) law(sizes, weights []float64) {
	order := make([]int, len(sizes))
	for k := range order {
		order[k] = k
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(sizes[a], sizes[b]) })
	m.sizes, m.upTo = nil, nil
	sum := 0.0
	for _, k := range order {
		sum += weights[k]
		if n := len(m.sizes); n > 0 && m.sizes[n-1] == sizes[k] {
			m.upTo[n-1] = sum
			continue
		}
		m.sizes, m.upTo = append(m.sizes, sizes[k]), append(m.upTo, sum)
	}
}

// size is the quantile of the size of a demand.
func (m *Intermittent) size(q float64) float64 {
	k, _ := slices.BinarySearch(m.upTo, q*m.upTo[len(m.upTo)-1])
	return m.sizes[min(k, len(m.sizes)-1)]
}

// blocks is the forecast of ADIDA, or the mean of those of all lengths of blocks, IMAPA.
func blocks(y []float64, model pulseModel) float64 {
	sums, periods, demands := []float64{0}, 0, 0
	last := 0
	for _, v := range y {
		if v != v {
			continue
		}
		periods++
		sums = append(sums, sums[periods-1]+v)
		if v > 0 {
			demands, last = demands+1, periods
		}
	}
	longest := int(math.RoundToEven(float64(last) / float64(demands))) // the mean interval
	if model == adida {
		return blockForecast(sums, longest)
	}
	mean := 0.0
	for k := 1; k <= longest; k++ {
		mean += (blockForecast(sums, k) - mean) / float64(k)
	}
	return mean
}

// blockForecast smooths the sums of blocks of k periods, the last of which ends the series, and
// returns the forecast of a period. sums[i] is that of the first i periods.
func blockForecast(sums []float64, k int) float64 {
	n := (len(sums) - 1) / k
	x := make([]float64, n)
	for i := range x {
		end := len(sums) - 1 - (n-1-i)*k
		x[i] = sums[end] - sums[end-k]
	}
	return smoothed(x, bestAlpha(x)) / float64(k)
}

// smoothed is the level after x, begun with its first value.
func smoothed(x []float64, alpha float64) float64 {
	level := x[0]
	for _, v := range x[1:] {
		level += alpha * (v - level)
	}
	return level
}

// bestAlpha is the α in [.1, .3] of the least squared one-step errors by golden section; where
// all are as good, the middle.
func bestAlpha(x []float64) float64 {
	if len(x) < 3 {
		return .2
	}
	const ratio = 0.6180339887498949
	loss := func(alpha float64) float64 {
		level, sum := x[0], 0.0
		for _, v := range x[1:] {
			e := v - level
			sum += e * e
			level += alpha * e
		}
		return sum
	}
	lo, hi := .1, .3
	a, b := hi-ratio*(hi-lo), lo+ratio*(hi-lo)
	fa, fb := loss(a), loss(b)
	for hi-lo > 1e-9 {
		switch {
		case fa < fb:
			hi, b, fb = b, a, fa
			a = hi - ratio*(hi-lo)
			fa = loss(a)
		case fa > fb:
			lo, a, fa = a, b, fb
			b = lo + ratio*(hi-lo)
			fb = loss(b)
		default:
			lo, hi = a, b
			a, b = hi-ratio*(hi-lo), lo+ratio*(hi-lo)
			fa, fb = loss(a), loss(b)
		}
	}
	return (lo + hi) / 2
}

// Model returns the model that was used, such as "SBA"; "" for nil.
func (m *Intermittent) Model() string {
	if m == nil {
		return ""
	}
	return pulseModels[m.model]
}

// Forecast appends the means of the next h periods, all the same. See Forecaster. Also ErrEmpty
// for a model that was not fitted.
func (m *Intermittent) Forecast(dst []float64, h int) ([]float64, error) {
	const where = "forecast: Intermittent.Forecast"
	if m == nil || len(m.y) == 0 {
		return dst, errUnfitted(where)
	}
	if err := checkHorizon(where, h); err != nil {
		return dst, err
	}
	for range h {
		dst = append(dst, m.mean)
	}
	return dst, nil
}

// Quantiles appends quantiles of the demand of one period, for each of the next h: 0 up to the
// probability of no demand, then sizes of the past. See Forecaster. Also ErrEmpty for a model
// that was not fitted.
func (m *Intermittent) Quantiles(dst []float64, h int, probs []float64) ([]float64, error) {
	const where = "forecast: Intermittent.Quantiles"
	if m == nil || len(m.y) == 0 {
		return dst, errUnfitted(where)
	}
	if err := checkQuantiles(where, h, probs); err != nil {
		return dst, err
	}
	for range h {
		for _, q := range probs {
			v := 0.0
			if over := q - (1 - m.p); over > 0 {
				v = m.size(over / m.p)
			}
			dst = append(dst, v)
		}
	}
	return dst, nil
}

// totalDraws is how many sums Total draws: the standard error of a probability is half a
// percent at the median and a tenth of one at .99.
const totalDraws = 10_000

// Total appends quantiles of the demand of the next h periods together, which is what stock has
// to last for while an order is under way. They are those of 10,000 sums drawn from the law with
// seed: same seed, same quantiles. probs lie in (0, 1). O(10,000·(h + log n)). Errors: ErrRange
// as of Quantiles, ErrEmpty for a model that was not fitted.
func (m *Intermittent) Total(dst []float64, h int, probs []float64, seed uint64) ([]float64, error) {
	const where = "forecast: Intermittent.Total"
	if m == nil || len(m.y) == 0 {
		return dst, errUnfitted(where)
	}
	if err := checkQuantiles(where, h, probs); err != nil {
		return dst, err
	}
	draws := make([]float64, totalDraws)
	if m.p > 0 {
		r := rng.New(seed, 0x44, 0)
		for i := range draws {
			for range r.Binomial(h, m.p) {
				draws[i] += m.size(r.Float64())
			}
		}
		slices.Sort(draws)
	}
	for _, q := range probs {
		dst = append(dst, draws[min(int(math.Ceil(q*totalDraws))-1, totalDraws-1)])
	}
	return dst, nil
}

// Fitted appends what the method says of each period with the parameters of the fit, knowing
// those before it; NaN of the first. See Historian. O(n), ADIDA and IMAPA O(n²). ErrEmpty for a
// model that was not fitted.
func (m *Intermittent) Fitted(dst []float64) ([]float64, error) {
	if m == nil || len(m.y) == 0 {
		return dst, errUnfitted("forecast: Intermittent.Fitted")
	}
	var s pulse
	for t, v := range m.y {
		switch {
		case s.periods == 0:
			dst = append(dst, math.NaN())
		case s.demands == 0:
			dst = append(dst, 0)
		case m.model == adida || m.model == imapa:
			dst = append(dst, blocks(m.y[:t], m.model))
		default:
			dst = append(dst, s.size*s.probability(m.model, m.beta))
		}
		if v == v {
			s.see(v, m.alpha, m.beta)
		}
	}
	return dst, nil
}

// Residuals appends the observed less the fitted values. See Historian. ErrEmpty for a model that
// was not fitted.
func (m *Intermittent) Residuals(dst []float64) ([]float64, error) {
	if m == nil || len(m.y) == 0 {
		return dst, errUnfitted("forecast: Intermittent.Residuals")
	}
	n := len(dst)
	dst, err := m.Fitted(dst)
	for t, v := range m.y {
		dst[n+t] = v - dst[n+t]
	}
	return dst, err
}

// Append returns the model moved on by y. See Appender; model and parameters stay. Errors:
// ErrEmpty for a model that was not fitted or without any period, ErrNotFinite, ErrRange.
func (m *Intermittent) Append(y []float64) (Forecaster, error) {
	const where = "forecast: Intermittent.Append"
	if m == nil || len(m.y) == 0 {
		return nil, errUnfitted(where)
	}
	if err := checkAppended(where, len(m.y), y); err != nil {
		return nil, err
	}
	if err := nonNegative(where, y); err != nil {
		return nil, err
	}
	next := &Intermittent{y: append(slices.Clip(m.y), canonical(y)...), model: m.model, alpha: m.alpha, beta: m.beta}
	next.settle()
	return next, nil
}
