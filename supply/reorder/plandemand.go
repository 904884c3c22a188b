package reorder

import (
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
)

// outlook is the demand that a plan expects of one product.
type outlook struct {
	mean []float64 // by period, may be the caller's Forecast
	sd   []float64 // of the forecast error by period; nil: beyond everywhere
	// factors are errors that all periods share, one standard deviation of each by
	// period: of a lift, a reach, an elasticity.
	factors [][]float64
	// average and beyond are mean and standard deviation of a period after the last.
	average, beyond float64
	rho             float64 // correlation of the errors of neighbouring periods
	law             Law
}

// look is the outlook of a product with the given promotions.
func (s *Stock[K]) look(promotions []Promotion, opt PlanOptions) outlook {
	o := outlook{mean: s.Forecast, average: average(s.Forecast), beyond: s.SD, rho: s.Correlation, law: opt.Law}
	sds := s.SDs
	if len(s.Quantiles) > 0 {
		sds = spreads(s.Forecast, s.Quantiles, opt.Probs)
	}
	if len(sds) > 0 {
		o.beyond = sds[len(sds)-1]
	}
	n := max(len(sds), len(s.Prices))
	for _, p := range promotions {
		if mean, sd := p.effect(opt.Level); mean != 0 || sd != 0 {
			n = max(n, p.Until)
		}
	}
	if n == 0 { // nothing but the forecast
		return o
	}
	n = max(n, len(s.Forecast))
	o.mean, o.sd = make([]float64, n), make([]float64, n)
	for i := range n {
		o.mean[i], o.sd[i] = o.average, o.beyond
		if i < len(s.Forecast) {
			o.mean[i] = s.Forecast[i]
		}
		if i < len(sds) {
			o.sd[i] = sds[i]
		}
	}
	s.reprice(&o)
	for _, p := range promotions {
		o.promote(p, opt.Level)
	}
	return o
}

// spreads turns quantiles by period into standard deviations: the slope of the quantiles
// over those of the normal law, through the mean. Orders depend on the upper half,
// which counts alone where it is given.
func spreads(mean, quantiles, probs []float64) []float64 {
	upper := slices.Max(probs) > .5
	sds := make([]float64, len(mean))
	for i := range sds {
		zz, zq := 0.0, 0.0
		for k, p := range probs {
			if upper && p <= .5 {
				continue
			}
			z := infer.NormalQuantile(p)
			zz += z * z
			zq += z * (quantiles[i*len(probs)+k] - mean[i])
		}
		if zz > 0 {
			sds[i] = max(zq/zz, 0)
		}
	}
	return sds
}

// scale multiplies demand of a period, with what was known of its error.
func (o *outlook) scale(i int, by float64) {
	o.mean[i] *= by
	o.sd[i] *= by
	for _, f := range o.factors {
		f[i] *= by
	}
}

// reprice applies the price plan: a relative error of the elasticity e is one of
// ln(price ratio)·e of demand.
func (s *Stock[K]) reprice(o *outlook) {
	if len(s.Prices) == 0 {
		return
	}
	load := make([]float64, len(o.mean))
	for i, p := range s.Prices {
		ratio := math.Log(float64(p) / float64(s.Price))
		o.scale(i, math.Exp(s.Elasticity*ratio))
		load[i] = o.mean[i] * ratio * s.ElasticitySD
	}
	if s.ElasticitySD > 0 {
		o.factors = append(o.factors, load)
	}
}

// effect is what a promotion makes of demand, relative to it, and the standard deviation
// of that: the product of a reach and a lift that are independent.
func (p Promotion) effect(level float64) (mean, sd float64) {
	reach := check.OrOff(p.Reach, 1)
	lift := 0.0
	if p.High > p.Low {
		lift = (p.High - p.Low) / (2 * infer.NormalQuantile((1+level)/2))
	}
	return reach * p.Lift, math.Sqrt(reach*reach*lift*lift + p.ReachSD*p.ReachSD*(p.Lift*p.Lift+lift*lift))
}

// promote applies a promotion.
func (o *outlook) promote(p Promotion, level float64) {
	mean, sd := p.effect(level)
	if mean == 0 && sd == 0 {
		return
	}
	var load []float64
	if sd > 0 {
		load = make([]float64, len(o.mean))
	}
	for i := p.From; i < p.Until; i++ {
		if sd > 0 {
			load[i] = o.mean[i] * sd
		}
		o.scale(i, 1+mean)
	}
	if sd > 0 {
		o.factors = append(o.factors, load)
	}
}

// window returns mean and variance of demand from a to b, in periods from now, and the part
// of the variance that comes of factors. Within a period time and variance are
// proportional. The errors of periods i < j have the covariance ρ^(j-i)·σ_i·σ_j, summed by
// the recursion of an autoregression.
func (o *outlook) window(a, b float64) (mean, variance, common float64) {
	before := 0.0 // Σ ρ^(i-j)·σ_j over the periods j before i
	add := func(w, sd float64) {
		variance += w*sd*sd + 2*w*sd*before
		before = o.rho * (before + w*sd)
	}
	n := len(o.mean)
	for i := int(min(a, float64(n))); i < n && float64(i) < b; i++ {
		w := min(b, float64(i+1)) - max(a, float64(i))
		mean += w * o.mean[i]
		if o.sd != nil {
			add(w, o.sd[i])
		} else {
			add(w, o.beyond)
		}
	}
	for _, f := range o.factors {
		sum := 0.0
		for i := int(min(a, float64(n))); i < n && float64(i) < b; i++ {
			sum += (min(b, float64(i+1)) - max(a, float64(i))) * f[i]
		}
		common += sum * sum
	}
	left := b - max(a, float64(n))
	if left <= 0 {
		return mean, variance + common, common
	}
	mean += left * o.average
	if o.rho == 0 {
		return mean, variance + left*o.beyond*o.beyond + common, common
	}
	for range maxAhead { // after so many periods errors at a distance do not matter, or ρ is all but 1
		if left <= 0 {
			break
		}
		w, was := min(left, 1), before
		add(w, o.beyond)
		if left -= w; before == was { // the rest is alike
			break
		}
	}
	return mean, variance + left*o.beyond*(o.beyond+2*before) + common, common
}

// demand is the law of demand from a to b, where the time between has a standard deviation
// of its own. Counts that share an error are negative binomial, no longer Poisson.
func (o *outlook) demand(a, b, leadSD float64) (Distribution, error) {
	mean, variance, common := o.window(a, b)
	rate := 0.0
	if b > a {
		rate = mean / (b - a)
	}
	if o.law == Poisson && common > 1e-8*mean {
		if common <= 1e8*mean*mean && mean <= 1e9 {
			return NegativeBinomialDemand(mean, math.Sqrt(mean+common))
		}
		return NormalDemand(mean, math.Sqrt(mean+common))
	}
	return leadDemand(o.law, mean, variance+rate*rate*leadSD*leadSD)
}

// misses returns the expected demand after from that finds no stock before until, where
// net is there at from, or owed, and receipts come later. Had demand run the whole
// time, with S(t) all that was there until t, what found none is max over t of
// (D(t)-S(t))⁺, reached just before a receipt or at the end. One such moment is exact
// for the law; the largest of several is that of normal variables by the recursion of
// Clark (The Greatest of a Finite Set of Random Variables, Operations Research 9, 1961).
func (o *outlook) misses(from, net float64, way []coming, until float64) (float64, error) {
	owed := max(-net, 0)
	var few [maxMoments]moment
	moments := few[:0]
	for _, r := range way { // by date
		if r.At <= from || r.At >= until || r.Units == 0 {
			continue
		}
		if k := len(moments); k == 0 || r.At > moments[k-1].at {
			moments = append(moments, moment{at: r.At, stock: net})
		}
		net += r.Units
	}
	moments = append(moments, moment{at: until, stock: net})
	if len(moments) > 1 {
		moments = o.pressing(from, moments)
	}
	if len(moments) == 1 {
		d, err := o.demand(from, moments[0].at, 0)
		if err != nil {
			return 0, err
		}
		return max(d.Loss(moments[0].stock)-owed, 0), nil
	}
	return max(o.greatest(moments)-owed, 0), nil
}

// moment is one at which a shortage may be largest: the stock until then, and the moments
// of demand less that stock.
type moment struct {
	at, stock      float64
	mean, variance float64
	short          float64 // expected shortage
	with           float64 // covariance with the greatest of those before
}

const maxMoments = 8

// pressing keeps, in order, the moments at which a shortage is largest, and always one.
func (o *outlook) pressing(from float64, moments []moment) []moment {
	worst := 0.0
	for i := range moments {
		m := &moments[i]
		m.mean, m.variance, _ = o.spread(from, m.at)
		m.mean -= m.stock
		if sd := math.Sqrt(m.variance); m.mean > -8*sd { // beyond, it is below 1e-16 of sd
			m.short = normal{m.mean, sd}.Loss(0)
		}
		worst = max(worst, m.short)
	}
	least := 1e-6 * worst
	if len(moments) > maxMoments {
		shorts := make([]float64, len(moments))
		for i, m := range moments {
			shorts[i] = m.short
		}
		slices.Sort(shorts)
		least = max(least, shorts[len(shorts)-maxMoments])
	}
	kept := moments[:0]
	for i, m := range moments {
		if m.short > least || m.short == least && len(kept) < maxMoments && worst > 0 || i == len(moments)-1 && len(kept) == 0 {
			kept = append(kept, m)
		}
	}
	return kept
}

// spread is window with the variance that the law has.
func (o *outlook) spread(a, b float64) (mean, variance, common float64) {
	mean, variance, common = o.window(a, b)
	if o.law == Poisson {
		variance = mean + common
	}
	return mean, variance, common
}

// greatest is E[max(0, X_1, …, X_n)] with X_k = D(from, t_k) - S_k.
func (o *outlook) greatest(moments []moment) float64 {
	for k := range moments[1:] {
		moments[k+1].with = o.covariance(moments[0], moments[k+1])
	}
	mean, variance := moments[0].mean, moments[0].variance
	for k, m := range moments[1:] {
		a := math.Sqrt(max(variance+m.variance-2*m.with, 0))
		if a == 0 { // the same but for a constant
			mean = max(mean, m.mean)
			continue
		}
		alpha := (mean - m.mean) / a
		up, phi := infer.NormalCDF(alpha), infer.NormalPDF(alpha)
		first := mean*up + m.mean*(1-up) + a*phi
		// The central moment, written so that large means do not cancel.
		d1, d2 := mean-first, m.mean-first
		second := (variance+d1*d1)*up + (m.variance+d2*d2)*(1-up) + (d1+d2)*a*phi
		for i := k + 2; i < len(moments); i++ {
			moments[i].with = moments[i].with*up + o.covariance(m, moments[i])*(1-up)
		}
		mean, variance = first, max(second, 0)
	}
	return normal{mean, math.Sqrt(variance)}.Loss(0)
}

// covariance is that of demand until moments a < b: (Var_a + Var_b - Var between)/2.
func (o *outlook) covariance(a, b moment) float64 {
	_, between, _ := o.spread(a.at, b.at)
	return (a.variance + b.variance - between) / 2
}
