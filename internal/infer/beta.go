package infer

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// Beta is a beta law with both parameters above 0. Its functions keep their digits
// for parameters up to the largest counts: the density is written as a deviance from
// its mode on the scale of the logit, where nothing large is subtracted from
// something large.
type Beta struct{ A, B float64 }

// manyTrials is the sum of parameters from which gonum's incomplete beta function
// loses digits: it takes differences of logarithms of the gamma function, about
// 1e-16·a·ln(a) off, and its continued fraction stops after 300 steps.
const manyTrials = 1e5

// LogBeta returns ln B(a, b).
func LogBeta(a, b float64) float64 {
	if a > b {
		a, b = b, a
	}
	s := a + b
	return a*math.Log(a/s) + b*math.Log1p(-a/s) - (Beta{a, b}).logPeak()
}

// stirling returns ln Γ(z) less Stirling's (z−½)·ln z − z + ½·ln 2π.
func stirling(z float64) float64 {
	if z < 20 {
		lg, _ := math.Lgamma(z)
		return lg - ((z-0.5)*math.Log(z) - z + 0.5*math.Log(2*math.Pi))
	}
	w := 1 / (z * z)
	return (1.0/12 - w*(1.0/360-w*(1.0/1260-w*(1.0/1680-w*(1.0/1188-w*691.0/360360))))) / z
}

// logPeak is the logarithm of the density of the logit at its mode, a/(a+b) of the
// probability.
func (d Beta) logPeak() float64 {
	s := d.A + d.B
	return 0.5*(math.Log(d.A/(2*math.Pi))+math.Log(d.B/s)) - (stirling(d.A) + stirling(d.B) - stirling(s))
}

// lessLog returns t − ln(1+t), t > −1, without cancellation near 0.
func lessLog(t float64) float64 { return lessOwnLog(t, math.Log1p(t)) }

// lessOwnLog is lessLog where the logarithm l of 1+t is known better than t near −1 says.
func lessOwnLog(t, l float64) float64 {
	if math.Abs(t) > 0.1 {
		return t - l
	}
	// ln(1+t) = 2·artanh(r), r = t/(2+t), and t = 2r + r·t.
	r := t / (2 + t)
	r2 := r * r
	tail := r2 * (1.0/3 + r2*(1.0/5+r2*(1.0/7+r2*(1.0/9+r2*(1.0/11+r2*(1.0/13+r2/15))))))
	return r*t - 2*r*tail
}

// deviance returns by how much the logarithm of the density lies below its peak at v,
// the logit less that of the mode p₀ = a/(a+b): a·(t − ln(1+t)) + b·(w − ln(1+w)) for
// p = p₀(1+t) and q = q₀(1+w); the linear terms cancel.
func (d Beta) deviance(v float64) float64 {
	s := d.A + d.B
	p, q := d.A/s, d.B/s
	if v < 0 {
		return deviance(d.A, d.B, p, q, -v)
	}
	return deviance(d.B, d.A, q, p, v)
}

// deviance is that of a law at v below its mode.
func deviance(a, b, p, q, v float64) float64 {
	x := math.Exp(-v)
	e, d := math.Expm1(-v), q+p*x
	l := math.Log(d)
	return a*lessOwnLog(q*e/d, -v-l) + b*lessOwnLog(-p*e/d, -l)
}

// reach returns how far from v, in the direction of sign, the density has fallen by
// the factor e⁻⁴⁰.
func (d Beta) reach(v, sign float64) float64 {
	end := d.deviance(v) + 40
	step := math.Sqrt((d.A + d.B) / d.A / d.B)
	for d.deviance(v+sign*step) < end {
		step *= 1.3
	}
	return v + sign*step
}

// tail returns the probability beyond v on the side of sign, away from the mode.
func (d Beta) tail(v, sign float64) float64 {
	peak := d.logPeak()
	end := d.reach(v, sign)
	pieces := 16 // of half a standard deviation
	if min(d.A, d.B) < 100 {
		pieces = 48 // a long exponential tail on one side
	}
	return Integrate(min(v, end), max(v, end), pieces, func(v float64) float64 { return math.Exp(peak - d.deviance(v)) })
}

// CDF returns P(X <= x) for x in [0, 1].
func (d Beta) CDF(x float64) float64 {
	s := d.A + d.B
	if s < manyTrials || x <= 0 || x >= 1 {
		return mathext.RegIncBeta(d.A, d.B, x)
	}
	p, q := d.A/s, d.B/s
	v := logRatio(x, p, x-p) - logRatio(1-x, q, p-x)
	if v < 0 {
		return d.tail(v, -1)
	}
	return 1 - d.tail(v, 1)
}

// logRatio returns ln(x/y), given x − y.
func logRatio(x, y, less float64) float64 {
	if math.Abs(less) < y/2 {
		return math.Log1p(less / y)
	}
	return math.Log(x / y)
}

// Mean returns E[f(X)], f smooth but at one point of (0, 1), at. On the scale of the
// logit the density is smooth and bell-shaped whatever the parameters.
func (d Beta) Mean(at float64, f func(float64) float64) float64 {
	peak, mode := d.logPeak(), math.Log(d.A/d.B)
	g := func(v float64) float64 {
		return math.Exp(peak-d.deviance(v)) * f(1/(1+math.Exp(-mode-v)))
	}
	lo, hi := d.reach(0, -1), d.reach(0, 1)
	if mid := math.Log(at/(1-at)) - mode; mid > lo && mid < hi {
		return Integrate(lo, mid, 48, g) + Integrate(mid, hi, 48, g)
	}
	return Integrate(lo, hi, 64, g)
}

// Integrate is the composite Gauss–Legendre rule of 8 nodes on pieces of equal
// length.
func Integrate(lo, hi float64, pieces int, f func(float64) float64) float64 {
	h := (hi - lo) / float64(pieces)
	sum := 0.0
	for p := range pieces {
		mid := lo + (float64(p)+0.5)*h
		for i, x := range LegendreNodes {
			d := h / 2 * x
			sum += LegendreWeights[i] * (f(mid-d) + f(mid+d))
		}
	}
	return sum * h / 2
}

// LegendreNodes and LegendreWeights are the positive nodes of the 8-point Gauss–Legendre rule on
// [-1, 1] and their weights.
var (
	LegendreNodes   = [4]float64{0.18343464249564980494, 0.52553240991632898582, 0.79666647741362673959, 0.96028985649753623168}
	LegendreWeights = [4]float64{0.36268378337836198297, 0.31370664587788728734, 0.22238103445337447054, 0.10122853629037625915}
)
