package predict

import (
	"context"
	"math"

	"github.com/aislekit/aisle/internal/infer"
)

// ownPrice is what the rows of one product say of its elasticity.
type ownPrice struct {
	from, to int // its rows
	slope    float64
	variance float64 // of slope; +Inf where it says nothing
	df       float64
}

// shrunk is a slope drawn towards the others of its category.
type shrunk struct{ slope, variance, share, df float64 }

// alone estimates the elasticity of each product: by turns those of the products, given the effects of
// the periods, and the effects, given the products, which is least squares on all at once; at each turn
// drawn towards those of the category.
func (p *pricePanel[K]) alone(ctx context.Context, f *priceFit, pooled []priceAnswer, level float64) ([]priceAnswer, error) {
	own := make([]ownPrice, p.nP)
	for i := range own {
		own[i].from, own[i].to = p.n, p.n
	}
	for i := p.n - 1; i >= 0; i-- {
		o := &own[p.product[i]]
		if o.from = i; i == p.n-1 || p.product[i+1] != p.product[i] {
			o.to = i + 1
		}
	}
	offset := make([]float64, p.n) // what is known of a row but its own effects and its own price
	for c := len(p.categories); c < f.k; c++ {
		if f.why[c] == "" {
			x := p.crossX[c-len(p.categories)]
			for i := range offset {
				offset[i] += f.beta[c] * x[i]
			}
		}
	}
	effects := newPriceEffects(p.product, p.period, p.nP, p.nT, nil)
	periods := f.periods
	var drawn []shrunk
	for turn := range 40 {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		p.slopes(f, own, offset, periods)
		last := drawn
		drawn = p.draw(f, own, pooled)
		moved := 0.
		for i := range drawn {
			if last != nil {
				moved = max(moved, math.Abs(drawn[i].slope-last[i].slope))
			}
		}
		if !p.periods || turn > 0 && moved < 1e-10 {
			break
		}
		var err error
		if periods, err = p.season(ctx, effects, own, drawn, offset, periods); err != nil {
			return nil, err
		}
	}
	out := make([]priceAnswer, p.nP)
	for i := range out {
		d, o := drawn[i], own[i]
		switch c := p.category[i]; {
		case o.to == o.from:
			out[i].why = "no row of it is left"
		case !p.moved[i]:
			out[i].why = "its price never moved"
		case f.why[c] != "":
			out[i].why = f.why[c]
		case !(d.variance >= 0) || math.IsInf(d.variance, 0):
			out[i].why = "there are no more rows than coefficients"
		default:
			e := PriceEstimate{Value: d.slope, StdErr: math.Sqrt(d.variance), DF: d.df, Rows: o.to - o.from, Products: 1, FirstStage: math.NaN(), Own: d.share}
			e.Low, e.High, _, _ = infer.Estimate(e.Value, e.StdErr, 0, level, e.DF, 1)
			out[i].PriceEstimate = e
		}
	}
	return out, nil
}

// season returns the effects of the periods, given the slopes.
func (p *pricePanel[K]) season(ctx context.Context, e *priceEffects, own []ownPrice, drawn []shrunk, offset, before []float64) ([]float64, error) {
	v := make([]float64, p.n)
	for i, who := range p.product {
		v[i] = offset[i] + drawn[who].slope*p.price[i]
	}
	if !p.opt.Counts {
		for i := range v {
			v[i] = p.y[i] - v[i]
		}
		return e.absorb(ctx, v)
	}
	// Counts: the level of each product given the periods, then the periods given the levels.
	sold, mean := make([]float64, p.nT), make([]float64, p.nT)
	for _, o := range own {
		y, m := 0., 0.
		for i := o.from; i < o.to; i++ {
			y += p.y[i]
			m += math.Exp(v[i] + before[p.period[i]])
		}
		for i := o.from; i < o.to; i++ {
			sold[p.period[i]] += p.y[i]
			mean[p.period[i]] += math.Exp(v[i]) * y / m
		}
	}
	out := make([]float64, p.nT)
	for t := range out {
		out[t] = math.Log(sold[t] / mean[t])
	}
	return out, nil
}

// slopes fills what each product says by itself, given the effects of the periods.
func (p *pricePanel[K]) slopes(f *priceFit, own []ownPrice, offset, periods []float64) {
	type sums struct{ zx, zz, ss, long float64 }
	by := make([]sums, len(own))
	squares, freedom, totalZX, totalZZ := 0., 0., 0., 0.
	for who := range own {
		o, s := &own[who], &by[who]
		o.slope, o.variance, o.df = f.beta[p.category[who]], math.Inf(1), 0
		if !p.moved[who] || o.to-o.from < 3 {
			continue
		}
		known, x := make([]float64, o.to-o.from), append([]float64(nil), p.price[o.from:o.to]...)
		for k := range known {
			if known[k] = offset[o.from+k]; p.periods {
				known[k] += periods[p.period[o.from+k]]
			}
		}
		slope, left, z, w := p.slope(o, known, x)
		if math.IsNaN(slope) || math.Abs(slope) > 1e6 {
			continue
		}
		o.slope, o.df = slope, float64(o.to-o.from-2)
		scores := make([]float64, len(x))
		for k, r := range left {
			scores[k] = w[k] * z[k] * r
			s.zx += w[k] * z[k] * x[k]
			s.zz += w[k] * z[k] * z[k]
			s.ss += w[k] * r * r
		}
		s.long = neweyWest(scores)
		squares, freedom = squares+s.ss, freedom+o.df
		totalZX, totalZZ = totalZX+s.zx, totalZZ+s.zz
	}
	// What the periods have eaten of the residuals, where there are few products.
	eaten := 1.
	if p.periods {
		eaten = float64(p.nP) / float64(max(p.nP-1, 1))
	}
	for who := range own {
		o, s := &own[who], by[who]
		if o.df == 0 {
			continue
		}
		// The variance of few residuals is drawn towards that of all, as if four more had been seen.
		each := (s.ss + 4*squares/freedom) / (o.df + 4)
		zx := s.zx
		if p.instrument { // by what costs do to prices in all: its own would depend on its error, and weigh by it
			zx = s.zz * totalZX / totalZZ
		}
		o.variance = eaten * max(s.long*(o.df+2)/o.df, each*s.zz) / (zx * zx)
		o.df += 4
	}
}

// slope returns the slope of one product, what is left of its rows, its instrument without mean, and the
// weights; x loses its mean, too.
func (p *pricePanel[K]) slope(o *ownPrice, known, x []float64) (slope float64, left, z, w []float64) {
	y := p.y[o.from:o.to]
	left, w = make([]float64, len(y)), make([]float64, len(y))
	if p.opt.Counts {
		slope = poissonSlope(y, known, x, w)
		for k := range y {
			left[k] = (y[k] - w[k]) / w[k] // on the scale of the logarithm
		}
		center(x, w)
		return slope, left, x, w
	}
	z = x
	if p.instrument {
		z = append([]float64(nil), p.cost[o.from:o.to]...)
	}
	for k := range y {
		left[k], w[k] = y[k]-known[k], 1
	}
	center(left, w)
	center(x, w)
	if p.instrument {
		center(z, w)
	}
	zx, zy := 0., 0.
	for k := range x {
		zx += z[k] * x[k]
		zy += z[k] * left[k]
	}
	slope = zy / zx
	for k := range left {
		left[k] -= slope * x[k]
	}
	return slope, left, z, w
}

// poissonSlope fits counts with a level and a slope by Newton's method, and fills w with their means;
// NaN where there is no finite slope.
func poissonSlope(y, known, x, w []float64) float64 {
	top := math.Inf(-1)
	for k, v := range known {
		top = max(top, v+x[k])
	}
	sum, mean, at := 0., 0., 0.
	for k := range y {
		sum += y[k]
		mean += math.Exp(known[k] - top)
		at += x[k] / float64(len(x))
	}
	level, slope := math.Log(sum/mean)-top, 0.
	for range 50 {
		var g0, g1, h0, h1, h2 float64
		for k := range y {
			d := x[k] - at
			w[k] = math.Exp(known[k] + level + slope*d)
			g0 += y[k] - w[k]
			g1 += (y[k] - w[k]) * d
			h0 += w[k]
			h1 += w[k] * d
			h2 += w[k] * d * d
		}
		det := h0*h2 - h1*h1
		a, b := (h2*g0-h1*g1)/det, (h0*g1-h1*g0)/det
		switch step := max(math.Abs(a), math.Abs(b)/8); {
		case !(det > 0) || math.IsNaN(step):
			return math.NaN()
		case step > 2:
			a, b = a*2/step, b*2/step
		case step < 1e-11:
			return slope
		}
		level, slope = level+a, slope+b
	}
	return math.NaN()
}

// center takes the mean out of v.
func center(v, w []float64) {
	sum, all := 0., 0.
	for k, x := range v {
		sum, all = sum+w[k]*x, all+w[k]
	}
	for k := range v {
		v[k] -= sum / all
	}
}

// draw shrinks the slopes of each category towards its elasticity by empirical Bayes: the spread between
// the products is that which leaves as much scatter as there is (Paule and Mandel 1982). The mean is
// the pooled one, since weights by the precision of each product depend on its error where there is an
// instrument.
func (p *pricePanel[K]) draw(f *priceFit, own []ownPrice, pooled []priceAnswer) []shrunk {
	out := make([]shrunk, len(own))
	members := make([][]int, len(p.categories))
	for who, o := range own {
		if !math.IsInf(o.variance, 1) && o.variance > 0 {
			members[p.category[who]] = append(members[p.category[who]], who)
		}
	}
	spread := make([]float64, len(p.categories))
	for c := range spread {
		spread[c] = pauleMandel(own, members[c], f.beta[c])
	}
	for who, o := range own {
		c := p.category[who]
		all, s := pooled[c], spread[c]
		if len(members[c]) < 2 { // it is its category
			out[who] = shrunk{all.Value, all.StdErr * all.StdErr, 1, all.DF}
			continue
		}
		d := shrunk{slope: f.beta[c], variance: s}
		if !math.IsInf(o.variance, 1) && s > 0 {
			d.share = s / (s + o.variance)
			d.slope += d.share * (o.slope - d.slope)
			// The spread is an estimate, too (Morris 1983).
			away := (1 - d.share) * (o.slope - f.beta[c])
			d.variance = d.share*o.variance + 2*away*away/float64(max(len(members[c])-3, 1))
		}
		others := (1 - d.share) * all.StdErr * (1 - d.share) * all.StdErr
		mine := d.variance
		d.variance += others
		d.df = max(d.variance*d.variance/(mine*mine/max(o.df, 1)+others*others/max(all.DF, 1)), 1)
		out[who] = d
	}
	return out
}

// pauleMandel returns the variance between slopes around their mean.
func pauleMandel(own []ownPrice, members []int, mean float64) float64 {
	less := func(spread float64) bool { // than there is
		q := 0.
		for _, who := range members {
			d := own[who].slope - mean
			q += d * d / (spread + own[who].variance)
		}
		return q > float64(len(members)-1)
	}
	if len(members) < 2 || !less(0) {
		return 0
	}
	lo, hi := 0., 1.
	for less(hi) && hi < 1e12 {
		lo, hi = hi, 4*hi
	}
	for range 100 {
		if mid := (lo + hi) / 2; less(mid) {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi
}
