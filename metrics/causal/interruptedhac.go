package causal

import "math"

// hacLaw returns what the squared Newey-West error of a contrast is short of on
// average, as a factor, and the degrees of freedom it is worth, if the errors of
// the series were AR(1) with coefficient rho: the correction of Bell and
// McCaffrey (2002) with a working covariance, in the manner of Imbens and Kolesár
// (2016). The error itself assumes no such form, only the critical value.
//
// The squared error is eᵀAe of the residuals e = M·errors, A_ts = k(t−s)·w_t·w_s
// with Bartlett's k and w the weights of the contrast. With V the covariance of
// the errors and S = MVM it has mean tr(AS) and variance 2·tr(ASAS) (Satterthwaite).
// M = I − XGXᵀ makes S = V − XBᵀ − BXᵀ, and powers of rho make V cheap: the cost
// is O(n·lags), and the memory too.
func hacLaw(x cols, inv [4][4]float64, g [4]float64, lags int, rho float64) (factor, df float64) {
	h := hac{w: make([]float64, len(x)), lags: lags, rho: rho}
	for t := range x {
		for i := range g {
			for j := range g {
				h.w[t] += x[t][i] * inv[i][j] * g[j]
			}
		}
	}
	vx := h.applyV(x)
	half := product(product(inv, inner(x, vx)), inv)
	b := make(cols, len(x))
	for t := range b {
		for i := range b[t] {
			for j := range b[t] {
				b[t][i] += vx[t][j]*inv[j][i] - x[t][j]*half[j][i]/2
			}
		}
	}
	ax, ab := h.applyA(x), h.applyA(b)
	bax := inner(b, ax)
	trAV, trAVAV, wVw := h.traces()
	mean := trAV - 2*trace(bax)
	spread := trAVAV - 4*trace(inner(ab, h.applyV(ax))) + 2*trace(product(bax, bax)) + 2*trace(product(inner(b, ab), inner(x, ax)))
	if !(mean > 0) || !(spread > 0) || !(wVw > 0) {
		return math.Inf(1), 1 // the error says nothing here
	}
	return wVw / mean, math.Max(mean*mean/spread, 1)
}

// cols is a matrix of n×4.
type cols = [][4]float64

// hac is the pair of n×n matrices A and V of hacLaw, which are never written out.
type hac struct {
	w    []float64 // weights of the contrast
	lags int
	rho  float64
}

// kernel is Bartlett's weight of a lag of d periods, at most lags.
func (h hac) kernel(d int) float64 { return 1 - float64(d)/float64(h.lags+1) }

// applyV returns V·z, V_ts = rho^|t−s|, by one run forwards and one back.
func (h hac) applyV(z cols) cols {
	out := make(cols, len(z))
	var f [4]float64
	for t := range z {
		for i := range f {
			f[i] = z[t][i] + h.rho*f[i]
			out[t][i] = f[i]
		}
	}
	f = [4]float64{}
	for t := len(z) - 1; t >= 0; t-- {
		for i := range f {
			out[t][i] += h.rho * f[i]
			f[i] = z[t][i] + h.rho*f[i]
		}
	}
	return out
}

// applyA returns A·z.
func (h hac) applyA(z cols) cols {
	out := make(cols, len(z))
	for t := range z {
		for s := max(t-h.lags, 0); s <= min(t+h.lags, len(z)-1); s++ {
			a := h.kernel(max(t-s, s-t)) * h.w[t] * h.w[s]
			for i := range out[t] {
				out[t][i] += a * z[s][i]
			}
		}
	}
	return out
}

// traces returns tr(AV), tr(AVAV) and wᵀVw. It keeps the rows of AV within the
// band of 2·lags+1; beyond it they fall by rho a step.
func (h hac) traces() (av, avav, vw float64) {
	n, width := len(h.w), 2*h.lags+1
	band := make([]float64, n*width)
	first, last := make([]float64, n), make([]float64, n) // at the edges of the band
	run := 0.0
	for t := range n {
		run = h.w[t] + h.rho*run
		vw += h.w[t] * (2*run - h.w[t]) // V is symmetric
		lo, hi := max(t-h.lags, 0), min(t+h.lags, n-1)
		r := band[t*width:]
		f := 0.0
		for s := lo; s <= hi; s++ {
			f = h.rho*f + h.kernel(max(t-s, s-t))*h.w[t]*h.w[s]
			r[s-t+h.lags] = f
		}
		f = 0
		for s := hi; s >= lo; s-- {
			r[s-t+h.lags] += h.rho * f
			f = h.rho*f + h.kernel(max(t-s, s-t))*h.w[t]*h.w[s]
		}
		av += r[h.lags]
		first[t], last[t] = r[lo-t+h.lags], r[hi-t+h.lags]
	}
	tail := 0.0
	for t := range n {
		for u := max(t-h.lags, 0); u <= min(t+h.lags, n-1); u++ {
			avav += band[t*width+u-t+h.lags] * band[u*width+t-u+h.lags]
		}
		if t > h.lags {
			tail = h.rho * h.rho * (tail + last[t-1-h.lags])
			avav += 2 * first[t] * tail
		}
	}
	return av, avav, vw
}

// inner returns yᵀz.
func inner(y, z cols) (m [4][4]float64) {
	for t := range y {
		for i := range m {
			for j := range m {
				m[i][j] += y[t][i] * z[t][j]
			}
		}
	}
	return m
}

func product(a, b [4][4]float64) (m [4][4]float64) {
	for i := range m {
		for j := range m {
			for l := range m {
				m[i][j] += a[i][l] * b[l][j]
			}
		}
	}
	return m
}

func trace(m [4][4]float64) float64 { return m[0][0] + m[1][1] + m[2][2] + m[3][3] }
