package causal

import (
	"math"

	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/solve"
	"github.com/aislekit/aisle/metrics"
)

// arErrors is a regression on the four columns of an interrupted series with
// AR(1) errors: what is known of the autocorrelation ρ, on a grid, and for each
// ρ the fit by generalised least squares.
//
// Given ρ, an effect is Student's t about that fit with n−4 degrees of freedom.
// ρ itself is known badly, and taking an estimate for the truth is what makes
// intervals of short series too short: so it is integrated out, weighted by the
// restricted likelihood and a prior that keeps the coverage of the intervals to
// second order (Tibshirani 1989; Nicolaou 1993). For an effect of precision
// b(ρ)² that prior is 1/((1−ρ²)·|d ln b/dρ|), which is 1/(1+ρ) for effects as
// slow as slope and average, where b is like 1−ρ.
type arErrors struct {
	n            int
	a0, a1, a2   [5][5]float64 // ZᵀZ, with the row before, without the ends; Z = columns and residuals
	at           []arPoint
	mean, likely float64 // of ρ: mean under the weights, and the maximum of the restricted likelihood
}

type arPoint struct {
	rho, weight float64
	chol        [16]float64
	slope       [4][4]float64 // derivative of XᵀV⁻¹X
	b           [4]float64    // what generalised adds to ordinary least squares
	s2          float64
}

// fitAR1 takes residuals of ordinary least squares, which keeps sums of squares
// from cancelling.
func fitAR1(x [][4]float64, resid []float64) *arErrors {
	f := &arErrors{n: len(x)}
	row := func(t int) [5]float64 { return [5]float64{x[t][0], x[t][1], x[t][2], x[t][3], resid[t]} }
	for t := range x {
		z := row(t)
		var last [5]float64
		if t > 0 {
			last = row(t - 1)
		}
		for i := range z {
			for j := range z {
				f.a0[i][j] += z[i] * z[j]
				f.a1[i][j] += z[i]*last[j] + last[i]*z[j]
				if t > 0 && t < len(x)-1 {
					f.a2[i][j] += z[i] * z[j]
				}
			}
		}
	}
	// Narrow the grid, even in artanh ρ, to where the weight is.
	const points = 96
	lo, hi := -3.0, 3.0
	for range 12 {
		f.at = f.at[:0]
		top := math.Inf(-1)
		h := (hi - lo) / points
		for i := range points {
			p, ok := f.point(math.Tanh(lo + (float64(i)+.5)*h))
			if !ok {
				p.weight = math.Inf(-1)
			}
			top = math.Max(top, p.weight)
			f.at = append(f.at, p)
		}
		first, last := points, 0
		for i, p := range f.at {
			if p.weight > top-22 {
				first, last = min(first, i), i
			}
		}
		if last-first >= points/2 || first > last {
			break
		}
		lo, hi = lo+float64(first-1)*h, math.Min(lo+float64(last+2)*h, 3)
		lo = math.Max(lo, -3)
	}
	// Restricted likelihood: the weight without prior and Jacobian, (1−ρ²)/(1+ρ).
	best := 0
	for i, p := range f.at {
		if p.weight-math.Log1p(-p.rho) > f.at[best].weight-math.Log1p(-f.at[best].rho) {
			best = i
		}
	}
	a, c := f.at[max(best-1, 0)].rho, f.at[min(best+1, points-1)].rho
	for range 60 {
		u, v := a+(c-a)*0.382, a+(c-a)*0.618
		p, _ := f.point(u)
		q, _ := f.point(v)
		if p.weight-math.Log1p(-u) < q.weight-math.Log1p(-v) {
			a = u
		} else {
			c = v
		}
	}
	f.likely = (a + c) / 2

	top := math.Inf(-1)
	for _, p := range f.at {
		top = math.Max(top, p.weight)
	}
	keep := f.at[:0]
	sum := 0.0
	for _, p := range f.at {
		if p.weight = math.Exp(p.weight - top); p.weight > 1e-11 {
			keep = append(keep, p)
			sum += p.weight
		}
	}
	f.at = keep
	for i := range f.at {
		f.at[i].weight /= sum
		f.mean += f.at[i].weight * f.at[i].rho
	}
	return f
}

// point fits at ρ; weight is the logarithm of the weight on the grid.
func (f *arErrors) point(rho float64) (p arPoint, ok bool) {
	p.rho = rho
	var c [4]float64
	q := func(i, j int) float64 { return f.a0[i][j] - rho*f.a1[i][j] + rho*rho*f.a2[i][j] }
	for i := range 4 {
		for j := range 4 {
			p.chol[4*i+j] = q(i, j)
			p.slope[i][j] = 2*rho*f.a2[i][j] - f.a1[i][j]
		}
		c[i] = q(i, 4)
	}
	if !solve.Cholesky64(p.chol[:], 4) {
		return p, false
	}
	p.b = c
	solve.SolveCholesky64(p.chol[:], 4, p.b[:])
	rss := q(4, 4)
	p.weight = math.Log1p(-rho*rho)/2 + math.Log1p(-rho)
	for i := range 4 {
		rss -= c[i] * p.b[i]
		p.weight -= math.Log(p.chol[5*i])
	}
	df := float64(f.n - 4)
	rss = math.Max(rss, 1e-300)
	p.s2 = rss / df
	p.weight -= df / 2 * math.Log(rss)
	return p, true
}

// effect fills e for the contrast g of the coefficients, ols + what is fitted
// here, times scale. A sudden effect (the jump) takes the prior of its own
// precision.
func (f *arErrors) effect(e *metrics.Effect, g, ols [4]float64, scale, level float64, sudden bool) {
	df := float64(f.n - 4)
	type point struct{ weight, mean, sd float64 }
	ps := make([]point, len(f.at))
	base, common, sum := 0.0, 0.0, 0.0
	for i := range g { // in order: the four sums of vec.Dot64 round otherwise
		base += g[i] * ols[i]
	}
	for i, p := range f.at {
		h := g
		solve.SolveCholesky64(p.chol[:], 4, h[:])
		var m, v, dv float64
		for j := range g {
			m += g[j] * p.b[j]
			v += g[j] * h[j]
			for k := range g {
				dv += h[j] * p.slope[j][k] * h[k]
			}
		}
		common += p.weight * m
		w := p.weight
		if sudden {
			// −(1−ρ)·d ln b/dρ is 1 for slow effects; the bound keeps a point where
			// b does not depend on ρ from taking all the weight.
			w /= math.Max(-dv/(2*v)*(1-p.rho), .1)
		}
		sum += w
		ps[i] = point{w, m, math.Sqrt(p.s2 * v)}
	}
	var vr float64
	for i := range ps {
		ps[i].weight /= sum
		d := ps[i].mean - common
		vr += ps[i].weight * (ps[i].sd*ps[i].sd + d*d)
	}
	// upper is P(effect − base > x).
	upper := func(x float64) float64 {
		s := 0.0
		for _, p := range ps {
			t := (x - p.mean) / p.sd
			tail := infer.StudentTwoSided(t, df) / 2
			if t < 0 {
				tail = 1 - tail
			}
			s += p.weight * tail
		}
		return s
	}
	q := infer.StudentQuantile((1+level)/2, df)
	quantile := func(above float64) float64 {
		lo, hi := math.Inf(1), math.Inf(-1)
		for _, p := range ps {
			lo, hi = math.Min(lo, p.mean-(q+.01)*p.sd), math.Max(hi, p.mean+(q+.01)*p.sd)
		}
		return falsePosition(lo, hi, func(x float64) float64 { return upper(x) - above })
	}
	e.Estimate, e.SE = (base+common)*scale, math.Sqrt(vr)*math.Abs(scale)
	e.Level, e.DF, e.Statistic = level, df, e.Estimate/e.SE
	e.Low, e.High = (base+quantile((1+level)/2))*scale, (base+quantile((1-level)/2))*scale
	u := upper(-base)
	e.PValue = math.Min(2*math.Min(u, 1-u), 1)
}

// falsePosition returns the root of a falling function between lo and hi by the
// Illinois method.
func falsePosition(lo, hi float64, f func(float64) float64) float64 {
	flo, fhi := f(lo), f(hi)
	tol := 1e-12 * math.Max(hi-lo, math.Max(math.Abs(lo), math.Abs(hi))*1e-3)
	last := 0
	x := lo
	for range 100 {
		if hi-lo <= tol || flo <= 0 {
			break
		}
		x = (lo*fhi - hi*flo) / (fhi - flo)
		y := f(x)
		switch {
		case math.Abs(y) < 1e-13:
			return x
		case y > 0:
			lo, flo = x, y
			if last > 0 {
				fhi /= 2
			}
			last = 1
		default:
			hi, fhi = x, y
			if last < 0 {
				flo /= 2
			}
			last = -1
		}
	}
	return x
}
