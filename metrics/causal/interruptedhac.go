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
func hacLaw(x [][4]float64, inv [4][4]float64, g [4]float64, lags int, rho float64) (factor, df float64) {
	n := len(x)
	w := make([]float64, n)
	for t := range x {
		for i := range g {
			for j := range g {
				w[t] += x[t][i] * inv[i][j] * g[j]
			}
		}
	}
	k := func(d int) float64 { return 1 - float64(d)/float64(lags+1) }
	type cols = [][4]float64
	applyV := func(z cols) cols {
		out := make(cols, n)
		var f [4]float64
		for t := range z {
			for i := range f {
				f[i] = z[t][i] + rho*f[i]
				out[t][i] = f[i]
			}
		}
		f = [4]float64{}
		for t := n - 1; t >= 0; t-- {
			for i := range f {
				out[t][i] += rho * f[i]
				f[i] = z[t][i] + rho*f[i]
			}
		}
		return out
	}
	applyA := func(z cols) cols {
		out := make(cols, n)
		for t := range z {
			for s := max(t-lags, 0); s <= min(t+lags, n-1); s++ {
				a := k(max(t-s, s-t)) * w[t] * w[s]
				for i := range out[t] {
					out[t][i] += a * z[s][i]
				}
			}
		}
		return out
	}
	inner := func(y, z cols) (m [4][4]float64) {
		for t := range y {
			for i := range m {
				for j := range m {
					m[i][j] += y[t][i] * z[t][j]
				}
			}
		}
		return m
	}
	product := func(a, b [4][4]float64) (m [4][4]float64) {
		for i := range m {
			for j := range m {
				for l := range m {
					m[i][j] += a[i][l] * b[l][j]
				}
			}
		}
		return m
	}
	trace := func(m [4][4]float64) float64 { return m[0][0] + m[1][1] + m[2][2] + m[3][3] }

	vx := applyV(x)
	half := product(product(inv, inner(x, vx)), inv)
	b := make(cols, n)
	for t := range b {
		for i := range b[t] {
			for j := range b[t] {
				b[t][i] += vx[t][j]*inv[j][i] - x[t][j]*half[j][i]/2
			}
		}
	}
	ax, ab := applyA(x), applyA(b)
	bax := inner(b, ax)

	// Rows of AV within the band; beyond it they fall by rho a step.
	width := 2*lags + 1
	band := make([]float64, n*width)
	first, last := make([]float64, n), make([]float64, n) // at the edges of the band
	var trAV, wVw float64
	run := 0.0
	for t := range n {
		run = w[t] + rho*run
		wVw += w[t] * (2*run - w[t]) // V is symmetric
		lo, hi := max(t-lags, 0), min(t+lags, n-1)
		r := band[t*width:]
		f := 0.0
		for s := lo; s <= hi; s++ {
			f = rho*f + k(max(t-s, s-t))*w[t]*w[s]
			r[s-t+lags] = f
		}
		f = 0
		for s := hi; s >= lo; s-- {
			r[s-t+lags] += rho * f
			f = rho*f + k(max(t-s, s-t))*w[t]*w[s]
		}
		trAV += r[lags]
		first[t], last[t] = r[lo-t+lags], r[hi-t+lags]
	}
	trAVAV, tail := 0.0, 0.0
	for t := range n {
		for u := max(t-lags, 0); u <= min(t+lags, n-1); u++ {
			trAVAV += band[t*width+u-t+lags] * band[u*width+t-u+lags]
		}
		if t > lags {
			tail = rho * rho * (tail + last[t-1-lags])
			trAVAV += 2 * first[t] * tail
		}
	}
	e1 := trAV - 2*trace(bax)
	e2 := trAVAV - 4*trace(inner(ab, applyV(ax))) + 2*trace(product(bax, bax)) + 2*trace(product(inner(b, ab), inner(x, ax)))
	if !(e1 > 0) || !(e2 > 0) || !(wVw > 0) {
		return math.Inf(1), 1 // the error says nothing here
	}
	return wVw / e1, math.Max(e1*e1/e2, 1)
}
