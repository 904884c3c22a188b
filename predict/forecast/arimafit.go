package forecast

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/solve"
)

// split returns φ, θ, Φ and Θ.
func (f arimaForm) split(coef []float64) (phi, theta, sphi, stheta []float64) {
	return coef[:f.p], coef[f.p : f.p+f.q], coef[f.p+f.q : f.p+f.q+f.sp], coef[f.p+f.q+f.sp:]
}

// expand multiplies 1 + sign·(Σ a Bⁱ) with 1 + sign·(Σ b Bᵐⁱ) and returns the terms behind the 1, times sign.
func expand(a, b []float64, m int, sign float64) []float64 {
	out := make([]float64, len(a)+m*len(b))
	copy(out, a)
	for j, v := range b {
		out[m*(j+1)-1] += v
		for i, u := range a {
			out[m*(j+1)+i] += sign * u * v
		}
	}
	return out
}

// arimaState is an ARMA model in state space (Harvey): the first entry is the next value, a is what is
// expected and p how unsure that is, in units of σ²; p and tmp are nil where only what is expected matters.
type arimaState struct {
	n      int
	phi, r []float64
	a, p   []float64
	steady bool // the past is known: p is r·rᵀ
	tmp    []float64
}

// order is the size of the state.
func (f arimaForm) order(m int) int { return max(f.p+m*f.sp, f.q+m*f.sq+1) }

// newARIMAState is the state before the first value, without p.
func newARIMAState(f arimaForm, m int, coef []float64) arimaState {
	phi, theta, sphi, stheta := f.split(coef)
	n := f.order(m)
	s := arimaState{n: n, phi: make([]float64, n), r: make([]float64, n), a: make([]float64, n)}
	copy(s.phi, expand(phi, sphi, m, -1))
	s.r[0] = 1
	copy(s.r[1:], expand(theta, stheta, m, 1))
	return s
}

// stationary sets p to that of the stationary law, P = TPTᵀ + rrᵀ. Its first row are covariances of the next
// value with the state, which follow from the autocovariances of the series; the other rows follow from it, the last
// one first.
func (s *arimaState) stationary() {
	n := s.n
	gamma, cross := s.autocovariances()
	lags := len(gamma) - 1
	s.p, s.tmp = make([]float64, n*n), make([]float64, n*n)
	first := make([]float64, n+1) // and a 0
	for j := range n {
		first[j] = cross[j]
		for k := j; k < lags; k++ {
			first[j] += s.phi[k] * gamma[k+1-j]
		}
		s.p[j], s.p[j*n] = first[j], first[j]
	}
	for i := n - 1; i > 0; i-- {
		for j := i; j < n; j++ {
			v := s.phi[i]*s.phi[j]*first[0] + s.phi[i]*first[j+1] + s.phi[j]*first[i+1] + s.r[i]*s.r[j]
			if j+1 < n {
				v += s.p[(i+1)*n+j+1]
			}
			s.p[i*n+j], s.p[j*n+i] = v, v
		}
	}
}

// autocovariances are those of the series at lags 0 to that of the AR part, by as many linear equations
// (Brockwell and Davis 1991, 3.3), and of each value with the past errors as they go on to be seen: Σ r ψ.
func (s *arimaState) autocovariances() (gamma, cross []float64) {
	n, lags := s.n, s.n
	for lags > 0 && s.phi[lags-1] == 0 {
		lags--
	}
	psi := make([]float64, n)
	for k := range psi {
		psi[k] = s.r[k]
		for j, c := range s.phi[:min(k, lags)] {
			psi[k] += c * psi[k-1-j]
		}
	}
	cross = make([]float64, n)
	for k := range cross {
		for j, c := range s.r[k:] {
			cross[k] += c * psi[j]
		}
	}
	a := make([]float64, (lags+1)*(lags+1))
	gamma = make([]float64, lags+1)
	copy(gamma, cross)
	for k := range gamma {
		row := a[k*(lags+1) : (k+1)*(lags+1)]
		row[k]++
		for j, c := range s.phi[:lags] {
			lag := k - 1 - j
			row[max(lag, -lag)] -= c
		}
	}
	eliminate(a, gamma)
	return gamma, cross
}

// eliminate solves a·x = b by Gauss with exchanges of rows; x is left in b, nothing of a.
func eliminate(a, b []float64) {
	n := len(b)
	row := func(i int) []float64 { return a[i*n : (i+1)*n] }
	for k := range n {
		top := k
		for i := k + 1; i < n; i++ {
			if math.Abs(row(i)[k]) > math.Abs(row(top)[k]) {
				top = i
			}
		}
		if top != k {
			for j := range n {
				a[k*n+j], a[top*n+j] = a[top*n+j], a[k*n+j]
			}
			b[k], b[top] = b[top], b[k]
		}
		pivot := row(k)
		for i := k + 1; i < n; i++ {
			below := row(i)
			if below[k] == 0 {
				continue
			}
			f := below[k] / pivot[k]
			for j := k + 1; j < n; j++ {
				below[j] -= f * pivot[j]
			}
			b[i] -= f * b[k]
		}
	}
	for k := n - 1; k >= 0; k-- {
		for j := k + 1; j < n; j++ {
			b[k] -= a[k*n+j] * b[j]
		}
		b[k] /= a[k*n+k]
	}
}

// move takes what is expected one period on.
func (s *arimaState) move() {
	first := s.a[0]
	for i := range s.n {
		next := s.phi[i] * first
		if i+1 < s.n {
			next += s.a[i+1]
		}
		s.a[i] = next
	}
}

// pass moves on by a period without a value.
func (s *arimaState) pass() {
	s.move()
	s.steady = false
	s.widen()
}

// widen is P ← TPTᵀ + rrᵀ.
func (s *arimaState) widen() {
	n, p, next := s.n, s.p, s.tmp
	at := func(i, j int) float64 {
		if i >= n || j >= n {
			return 0
		}
		return p[i*n+j]
	}
	corner := p[0]
	for i := range n {
		left := at(i+1, 0)
		for j := i; j < n; j++ {
			v := s.phi[i]*s.phi[j]*corner + s.phi[i]*at(0, j+1) + s.phi[j]*left + at(i+1, j+1) + s.r[i]*s.r[j]
			next[i*n+j], next[j*n+i] = v, v
		}
	}
	s.p, s.tmp = next, p
}

// variance is that of the next value, at least 1: that of its own error.
func (s *arimaState) variance() float64 {
	if s.steady || !(s.p[0] > 1) {
		return 1
	}
	return s.p[0]
}

// see takes the value of the period and moves on; it returns the error and its variance.
func (s *arimaState) see(v float64) (e, f float64) {
	e = v - s.a[0]
	if s.steady {
		for i, r := range s.r {
			s.a[i] += r * e
		}
		s.move()
		return e, 1
	}
	n := s.n
	f = s.variance()
	gain := s.tmp[:n]
	for i := range n {
		gain[i] = s.p[i*n] / f
		s.a[i] += gain[i] * e
	}
	left := 0.0
	for i := range n {
		for j := range n {
			s.p[i*n+j] -= gain[i] * gain[j] * f
			left = max(left, math.Abs(s.p[i*n+j]))
		}
	}
	s.move()
	s.widen()
	s.steady = left < 1e-11
	return e, f
}

// arimaTrial is a model that was fitted.
type arimaTrial struct {
	form         arimaForm
	coef         []float64
	mean, sigma2 float64
	info         Information
}

// arimaFit is the fit of one model to the differenced series w, NaN where missing.
type arimaFit struct {
	form   arimaForm
	season int
	w      []float64
	n      int // observed values
	scale  float64
	centre float64   // what was taken off w, where there is a constant
	coef   []float64 // scratch
}

// coefficients turns numbers without bounds into stationary and invertible coefficients, by partial
// autocorrelations (Monahan 1984).
func (f *arimaFit) coefficients(dst, u []float64) {
	phi, theta, sphi, stheta := f.form.split(dst)
	a, b, c, d := f.form.split(u)
	bounded(phi, a)
	bounded(theta, b)
	bounded(sphi, c)
	bounded(stheta, d)
	for _, x := range [][]float64{theta, stheta} {
		for i := range x {
			x[i] = -x[i]
		}
	}
}

// edge is the largest partial autocorrelation: at 1 the series has no stationary law.
const edge = 1 - 1e-8

// bounded writes the stationary coefficients of partial autocorrelations tanh(u).
func bounded(dst, u []float64) {
	last := make([]float64, len(u))
	for k, v := range u {
		r := min(max(math.Tanh(v), -edge), edge)
		copy(last, dst[:k])
		for i := range k {
			dst[i] = last[i] - r*last[k-1-i]
		}
		dst[k] = r
	}
}

// within reports whether the roots of 1 − Σ φBⁱ lie beyond ratio, by the partial autocorrelations of
// the polynomial stretched by it.
func within(phi []float64, ratio float64) bool {
	x := make([]float64, len(phi))
	s := 1.0
	for i, v := range phi {
		s *= ratio
		x[i] = v * s
	}
	for k := len(x); k > 0; k-- {
		r := x[k-1]
		if !(math.Abs(r) < 1) {
			return false
		}
		next := make([]float64, k-1)
		for i := range next {
			next[i] = (x[i] + r*x[k-2-i]) / (1 - r*r)
		}
		x = next
	}
	return true
}

// beyond reports whether the roots of the four polynomials lie beyond ratio, those of a season beyond seasonal.
func (f arimaForm) beyond(coef []float64, ratio, seasonal float64) bool {
	phi, theta, sphi, stheta := f.split(coef)
	return within(phi, ratio) && within(negated(theta), ratio) && within(sphi, seasonal) && within(negated(stheta), seasonal)
}

// likelihood runs the filter with coefficients coef over w and, where there is a constant, over ones, of which
// the best mean follows. It returns the log-likelihood with the best mean and variance.
func (f *arimaFit) likelihood(coef []float64) (loglik, mean, sigma2 float64) {
	s := newARIMAState(f.form, f.season, coef)
	s.stationary()
	ones := make([]float64, s.n) // what is expected of a series of ones, by the same gains
	var logs, ww, w1, oo float64
	for _, v := range f.w {
		if v != v {
			s.pass()
			one := arimaState{n: s.n, phi: s.phi, a: ones}
			one.move()
			continue
		}
		var e1 float64
		if f.form.constant {
			e1 = 1 - ones[0]
			first, steady := s.variance(), s.steady
			for i := range ones {
				gain := s.r[i]
				if !steady {
					gain = s.p[i*s.n] / first
				}
				ones[i] += gain * e1
			}
			one := arimaState{n: s.n, phi: s.phi, a: ones}
			one.move()
		}
		e, v := s.see(v)
		logs += math.Log(v)
		ww += e * e / v
		w1 += e * e1 / v
		oo += e1 * e1 / v
	}
	n := float64(f.n)
	if f.form.constant && oo > 0 {
		mean = w1 / oo
		ww = max(ww-mean*w1, 0)
	}
	sigma2 = ww / n
	return -.5*n*(math.Log(2*math.Pi*max(sigma2, 1e-300))+1) - .5*logs, mean, sigma2
}

// conditional is half the logarithm of the mean conditional square: a start.
func (f *arimaFit) conditional(coef []float64) float64 {
	phi, theta, sphi, stheta := f.form.split(coef)
	ar, ma := expand(phi, sphi, f.season, -1), expand(theta, stheta, f.season, 1)
	mean := 0.0
	if f.form.constant {
		k := 0.0
		for _, v := range f.w {
			if v == v {
				k++
				mean += (v - mean) / k
			}
		}
	}
	x, e := make([]float64, len(f.w)), make([]float64, len(f.w))
	sum, n := 0.0, 0.0
	for t, v := range f.w {
		said := 0.0
		for i, c := range ar {
			if c != 0 && t-1-i >= 0 {
				said += c * x[t-1-i]
			}
		}
		for i, c := range ma {
			if c != 0 && t-1-i >= 0 {
				said += c * e[t-1-i]
			}
		}
		if v != v {
			x[t] = said
			continue
		}
		x[t] = v - mean
		if t >= len(ar) {
			e[t] = x[t] - said
			sum += e[t] * e[t]
			n++
		}
	}
	return .5 * math.Log(max(sum/max(n, 1), 1e-300))
}

// minimise searches u for the least value of f of its coefficients, with differences for derivatives.
func (f *arimaFit) minimise(ctx context.Context, u []float64, value func(coef []float64) float64, iterations int) ([]float64, error) {
	if len(u) == 0 {
		return u, nil
	}
	at := func(u []float64) float64 {
		f.coefficients(f.coef, u)
		v := value(f.coef)
		for _, x := range u { // far out the partial autocorrelations are 1 and nothing changes
			v += 1e-6 * max(math.Abs(x)-4, 0) * max(math.Abs(x)-4, 0)
		}
		return v
	}
	x := make([]float64, len(u))
	r, err := solve.LBFGS(ctx, u, func(grad, u []float64) (float64, error) {
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		copy(x, u)
		for i := range x {
			const h = 1e-5
			x[i] = u[i] + h
			up := at(x)
			x[i] = u[i] - h
			grad[i] = (up - at(x)) / (2 * h)
			x[i] = u[i]
		}
		return at(u), nil
	}, solve.LBFGSOptions{MaxIter: iterations, Tol: 1e-7})
	if err != nil {
		return nil, err
	}
	return r.X, nil
}

// fit finds the coefficients.
func (f *arimaFit) fit(ctx context.Context, where string) (*arimaTrial, error) {
	k := f.form.parameters() - 1 - index(f.form.constant)
	f.coef = make([]float64, k)
	u, err := f.minimise(ctx, make([]float64, k), f.conditional, 50)
	if err != nil {
		return nil, err
	}
	for i := range u {
		u[i] = min(max(u[i], -2), 2)
	}
	u, err = f.minimise(ctx, u, func(coef []float64) float64 {
		l, _, _ := f.likelihood(coef)
		return -l / float64(f.n)
	}, 200)
	if err != nil {
		return nil, err
	}
	t := &arimaTrial{form: f.form, coef: make([]float64, k)}
	f.coefficients(t.coef, u)
	for range 50 { // on the edge by rounding: a step back
		if f.form.beyond(t.coef, 1, 1) {
			break
		}
		for i := range u {
			u[i] *= .9
		}
		f.coefficients(t.coef, u)
	}
	l, mean, sigma2 := f.likelihood(t.coef)
	l -= float64(f.n) * math.Log(f.scale)
	t.mean, t.sigma2 = (mean+f.centre)*f.scale, sigma2*f.scale*f.scale
	t.info = criteria(l, f.form.parameters(), f.n)
	if !f.form.beyond(t.coef, 1, 1) || !check.Finite(l) || !check.Finite(t.mean) || !check.Finite(t.sigma2) {
		return nil, fmt.Errorf("%s: %s has no likelihood: %w", where, f.form, ErrUndefined)
	}
	return t, nil
}
