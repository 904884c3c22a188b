package forecast

import (
	"context"
	"errors"
	"fmt"
	"math"
)

// arimaSearch tries models of one series.
type arimaSearch struct {
	ctx    context.Context
	y      []float64
	season int
	tried  map[arimaForm]*arimaTrial // nil for those that are none
}

// differenced returns y after d differences and sd of a season, NaN where one is missing, in units of
// scale, a power of two at which values are about 1, and how many are observed.
func differenced(y []float64, f arimaForm, m int) (w []float64, scale float64, observed int) {
	past := f.differences(m)
	if len(y) <= len(past) {
		return nil, 1, 0
	}
	w = make([]float64, 0, len(y)-len(past))
	sum := 0.0
	for t := len(past); t < len(y); t++ {
		v := y[t]
		for j, c := range past {
			if c != 0 {
				v -= c * y[t-1-j]
			}
		}
		w = append(w, v)
		if v == v {
			observed++
			sum += (math.Abs(v) - sum) / float64(observed)
		}
	}
	_, exp := math.Frexp(sum)
	scale = math.Ldexp(1, max(exp, -1000))
	for t := range w {
		w[t] /= scale
	}
	return w, scale, observed
}

// try fits a model.
func (s *arimaSearch) try(where string, f arimaForm) (*arimaTrial, error) {
	w, scale, observed := differenced(s.y, f, s.season)
	if k := f.parameters(); observed <= k {
		return nil, fmt.Errorf("%s: %d observed values of the differenced series are too few for the %d parameters of %s: %w", where, observed, k, f, ErrUndefined)
	}
	if r := float64(f.order(s.season)); r > maxARIMAStates || float64(len(w))*r*r > maxARIMAWork {
		return nil, fmt.Errorf("%s: %s with a Season of %d is too large for %d periods: %w", where, f, s.season, len(s.y), ErrRange)
	}
	fit := &arimaFit{form: f, season: s.season, w: w, n: observed, scale: scale}
	if f.constant {
		fit.centre = centred(w)
	}
	return fit.fit(s.ctx, where)
}

// centred takes the mean off the observed values and returns it: the filter then sees what varies, not differences of
// large numbers.
func centred(w []float64) (mean float64) {
	n := 0.0
	for _, v := range w {
		if v == v {
			n++
			mean += (v - mean) / n
		}
	}
	for t := range w {
		w[t] -= mean
	}
	return mean
}

// rate is the AICc of a model, +Inf of one that is none or whose roots are within 1 % of the unit circle.
func (s *arimaSearch) rate(where string, f arimaForm) (float64, error) {
	t, ok := s.tried[f]
	if !ok {
		var err error
		t, err = s.try(where, f)
		if err != nil && !errors.Is(err, ErrUndefined) && !errors.Is(err, ErrRange) {
			return 0, err
		}
		if err == nil {
			if !f.beyond(t.coef, 1.01, math.Pow(1.01, float64(s.season))) {
				t = nil
			}
		}
		s.tried[f] = t
	}
	if t == nil {
		return math.Inf(1), nil
	}
	return t.info.AICc, nil
}

func negated(x []float64) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = -v
	}
	return out
}

// choose finds the differences and then, stepwise, the orders.
func (s *arimaSearch) choose(where string) (*arimaTrial, error) {
	var f arimaForm
	strong, err := strongSeason(s.ctx, s.y, s.season)
	if err != nil {
		return nil, err
	}
	f.sd = index(strong)
	for f.d < maxDifferences && f.d+f.sd < 2 {
		w, _, observed := differenced(s.y, f, s.season)
		if observed < 5 || kpss(w) <= .463 {
			break
		}
		f.d++
	}
	w, _, observed := differenced(s.y, f, s.season)
	if observed == 0 {
		return nil, fmt.Errorf("%s: no difference of the series is observed: %w", where, ErrUndefined)
	}
	f.constant = f.d+f.sd <= 1
	if same(w) { // nothing is left to explain
		f.constant = f.constant && w[len(w)-1] != 0
		return s.try(where, f)
	}
	if f.constant && f.d+f.sd == 0 {
		if a, err := s.rate(where, f); err != nil {
			return nil, err
		} else if math.IsInf(a, 1) { // too short to choose: not a series about 0
			return s.try(where, f)
		}
	}
	seasonal := 0
	if s.season > 1 {
		seasonal = 1
	}
	starts := []arimaForm{f, f, f, f, f}
	starts[0].p, starts[0].q, starts[0].sp, starts[0].sq = 2, 2, seasonal, seasonal
	starts[2].p, starts[2].sp = 1, seasonal
	starts[3].q, starts[3].sq = 1, seasonal
	starts[4].constant = false
	best, least := f, math.Inf(1)
	for _, g := range starts {
		if a, err := s.rate(where, g); err != nil {
			return nil, err
		} else if a < least {
			best, least = g, a
		}
	}
	for moved := true; moved && len(s.tried) < 94; {
		moved = false
		for _, g := range best.neighbours(seasonal > 0) {
			a, err := s.rate(where, g)
			if err != nil {
				return nil, err
			}
			if a < least {
				best, least, moved = g, a, true
				break
			}
		}
	}
	if t := s.tried[best]; t != nil && !math.IsInf(least, 1) {
		return t, nil
	}
	f.constant = false // too short for all that
	return s.try(where, f)
}

// neighbours are the models whose orders differ by one, in pairs too, and the one with or without the
// constant.
func (f arimaForm) neighbours(seasonal bool) []arimaForm {
	var out []arimaForm
	add := func(p, q, sp, sq int) {
		g := f
		g.p, g.q, g.sp, g.sq = f.p+p, f.q+q, f.sp+sp, f.sq+sq
		if g.p >= 0 && g.p <= 5 && g.q >= 0 && g.q <= 5 && g.sp >= 0 && g.sp <= 2 && g.sq >= 0 && g.sq <= 2 {
			out = append(out, g)
		}
	}
	if seasonal {
		for _, k := range []int{-1, 1} {
			add(0, 0, k, 0)
			add(0, 0, 0, k)
			add(0, 0, k, k)
			add(0, 0, k, -k)
		}
	}
	for _, k := range []int{-1, 1} {
		add(k, 0, 0, 0)
		add(0, k, 0, 0)
		add(k, k, 0, 0)
		add(k, -k, 0, 0)
	}
	if f.d+f.sd <= 1 {
		g := f
		g.constant = !f.constant
		out = append(out, g)
	}
	return out
}

// same reports whether all observed values are the same.
func same(w []float64) bool {
	first := math.NaN()
	for _, v := range w {
		if first != first {
			first = v
		}
		if v == v && math.Abs(v-first) > 1e-12 {
			return false
		}
	}
	return true
}

// strongSeason reports whether the season explains 64 % of what an STL's trend leaves (Wang, Smith and
// Hyndman 2006).
func strongSeason(ctx context.Context, y []float64, m int) (bool, error) {
	if m < 2 || len(y) <= 2*m {
		return false, nil
	}
	d, err := decompose(ctx, "", y, DecomposeOptions{Seasons: []int{m}})
	if err != nil {
		return false, err
	}
	var rest, both float64
	var restMean, bothMean, n float64
	for t, r := range d.remainder {
		if r == r {
			n++
			b := r + d.seasonal[0][t]
			dr, db := r-restMean, b-bothMean
			restMean += dr / n
			bothMean += db / n
			rest += dr * (r - restMean)
			both += db * (b - bothMean)
		}
	}
	return both > 0 && 1-rest/both > .64, nil
}

// kpss is the statistic of Kwiatkowski, Phillips, Schmidt and Shin for a level, with Bartlett's weights
// over ⌊3√n/13⌋ lags; missing values are left out. 5 % of series with a level are above .463.
func kpss(x []float64) float64 {
	var e []float64
	mean := 0.0
	for _, v := range x {
		if v == v {
			e = append(e, v)
			mean += (v - mean) / float64(len(e))
		}
	}
	n := float64(len(e))
	sum, squares, long := 0.0, 0.0, 0.0
	for i := range e {
		e[i] -= mean
		sum += e[i]
		squares += sum * sum
		long += e[i] * e[i]
	}
	lags := int(3 * math.Sqrt(n) / 13)
	for l := 1; l <= lags; l++ {
		s := 0.0
		for t := l; t < len(e); t++ {
			s += e[t] * e[t-l]
		}
		long += 2 * (1 - float64(l)/float64(lags+1)) * s
	}
	if !(long > 0) {
		return 0
	}
	return squares / (n * long)
}
