package forecast

import (
	"math"
)

// etsForm is one form of exponential smoothing: which error, which trend, which season.
type etsForm struct {
	multError bool
	trend     bool
	damped    bool // only with trend
	season    byte // 'N', 'A' or 'M'
}

// String returns the form as Hyndman writes it: "ANN", "MAdM".
func (f etsForm) String() string {
	b := make([]byte, 0, 4)
	b = append(b, "AM"[index(f.multError)], "NA"[index(f.trend)])
	if f.damped {
		b = append(b, 'd')
	}
	return string(append(b, f.season))
}

func index(b bool) int {
	if b {
		return 1
	}
	return 0
}

// etsParams are the parameters and a state of the recursions
//
//	q = l + φb,  f = q (no season), q + s (additive), q·s (multiplicative),  ε = y − f
//	l ← q + αε,  b ← φb + βε,  s ← s + γε          (no season, additive)
//	l ← q + αε/s,  b ← φb + βε/s,  s ← s + γε/q    (multiplicative)
//
// which are the same for additive errors ε and for multiplicative ones ε/f (Hyndman, Koehler,
// Ord and Snyder 2008, tables 2.2 and 2.3). A missing period has ε = 0.
type etsParams struct {
	alpha, beta, gamma, phi float64
	level, slope            float64
	seasonal                []float64 // of the next period first
}

// etsKernel holds a series, one form and the scratch memory of its likelihood. The free
// parameters x are α, β, γ/(1−α), φ as far as the form has them, then level, slope and all but
// the last of the seasonal states, which add up to 0 (additive) or m (multiplicative).
//
// What is minimised is F = Σ r², r = ε with additive errors and r = G·ε/f with multiplicative
// ones, where G is the geometric mean of all f: n·log F is −2 log-likelihood with σ² profiled out,
// up to a constant, so that every form is a problem of least squares.
type etsKernel struct {
	y        []float64 // NaN where missing
	observed int
	m        int // of the season, 1 for none
	form     etsForm

	p                        int // free parameters
	trendAt, share, damp     int // slots of β, γ/(1−α) and φ in x; −1 for none
	levelAt, slopeAt, seasAt int
	lo, hi                   []float64 // bounds of x

	s    []float64 // seasonal states
	d    []float64 // derivatives of level, slope and seasonal states: (2+m) × p
	jac  []float64 // n × p: of the residuals
	rel  []float64 // p: mean derivative of log f
	res  []float64 // n residuals
	a    []float64 // p × p: JᵀJ
	g    []float64 // p: Jᵀr
	step []float64
	next []float64
	work []float64 // p × p: the damped equations
	exp  int       // the series was divided by 2^exp
	free []int
}

// Bounds of the smoothing parameters, those of statsforecast but for β, which is not kept below
// 1e-4 away from a trend that never changes, and γ, which is below 1 − α.
const (
	etsLow, etsHigh = 1e-4, .9999
	betaLow         = 1e-8
	phiLow, phiHigh = .8, .98
	leastSeason     = 1e-6 // of a multiplicative seasonal state
)

// use takes up a form: the layout of x and its bounds.
func (k *etsKernel) use(form etsForm, m int) {
	k.form, k.m = form, m
	if form.season == 'N' {
		k.m = 1
	}
	k.p = 1
	slot := func(has bool) int {
		if !has {
			return -1
		}
		k.p++
		return k.p - 1
	}
	k.trendAt, k.share, k.damp = slot(form.trend), slot(form.season != 'N'), slot(form.damped)
	k.levelAt, k.slopeAt = slot(true), slot(form.trend)
	k.seasAt = k.p
	k.p += k.m - 1
	k.lo, k.hi = resize(k.lo, k.p), resize(k.hi, k.p)
	for i := range k.p {
		k.lo[i], k.hi[i] = math.Inf(-1), math.Inf(1)
		if i < k.levelAt {
			k.lo[i], k.hi[i] = etsLow, etsHigh
		}
	}
	if k.trendAt >= 0 {
		k.lo[k.trendAt] = betaLow
	}
	if k.damp >= 0 {
		k.lo[k.damp], k.hi[k.damp] = phiLow, phiHigh
	}
	k.s = resize(k.s, k.m)
	k.res = resize(k.res, len(k.y))
	k.jac = resize(k.jac, len(k.y)*k.p)
	k.d = resize(k.d, (2+k.m)*k.p)
	k.a, k.work = resize(k.a, k.p*k.p), resize(k.work, k.p*k.p)
	for _, v := range []*[]float64{&k.rel, &k.g, &k.step, &k.next} {
		*v = resize(*v, k.p)
	}
}

// resize returns a slice of length n, of xs where it has the room.
func resize(xs []float64, n int) []float64 {
	if cap(xs) < n {
		return make([]float64, n)
	}
	return xs[:n]
}

// params reads x; the seasonal states are written to seasonal, of length m.
func (k *etsKernel) params(x, seasonal []float64) etsParams {
	p := etsParams{alpha: x[0], phi: 1, level: x[k.levelAt], seasonal: seasonal}
	if k.trendAt >= 0 {
		p.beta, p.slope = x[k.trendAt], x[k.slopeAt]
	}
	if k.damp >= 0 {
		p.phi = x[k.damp]
	}
	if k.share < 0 {
		return p
	}
	p.gamma = (1 - p.alpha) * x[k.share]
	last := 0.0
	if k.form.season == 'M' {
		last = float64(k.m)
	}
	for i := range k.m - 1 {
		seasonal[i] = x[k.seasAt+i]
		last -= seasonal[i]
	}
	seasonal[k.m-1] = last
	return p
}

// objective returns F of x, +Inf where the form does not allow its states.
func (k *etsKernel) objective(x []float64) float64 {
	p := k.params(x, k.s)
	sum, logs, ok := runETS(k.form, &p, k.y, nil)
	return k.scaled(sum, logs, ok)
}

// scaled turns Σε² or Σ(ε/f)² and Σ log f into F.
func (k *etsKernel) scaled(sum, logs float64, ok bool) float64 {
	if !ok || math.IsNaN(sum) {
		return math.Inf(1)
	}
	if k.form.multError {
		sum *= math.Exp(2 * logs / float64(k.observed))
	}
	return sum
}

// runETS runs the recursions over y from the state of p, which is moved on: seasonal is turned so
// that it begins with the period after the last. It returns the sum of squared errors, for
// multiplicative ones relative to f, with Σ log f over the observed periods; not ok where a
// multiplicative form met a forecast or a seasonal state that is not positive. fitted takes f of
// every period unless it is nil.
func runETS(form etsForm, p *etsParams, y, fitted []float64) (sum, logs float64, ok bool) {
	l, b, s := p.level, p.slope, p.seasonal
	alpha, beta, gamma, phi := p.alpha, p.beta, p.gamma, p.phi
	product := 1.0 // of all f since logs was last taken
	at := 0
	for t, v := range y {
		q := l + phi*b
		f, over, cross := q, 1.0, 1.0 // 1/s and 1/q where the season is multiplicative
		switch form.season {
		case 'A':
			f += s[at]
		case 'M':
			if !(s[at] > leastSeason) || !(q > 0) {
				return 0, 0, false
			}
			f *= s[at]
			over, cross = 1/s[at], 1/q
		}
		if fitted != nil {
			fitted[t] = f
		}
		b *= phi
		if e := v - f; e == e {
			if form.multError {
				if !(f > 0) {
					return 0, 0, false
				}
				r := e / f
				sum += r * r
				if product *= f; product > 1e100 || product < 1e-100 {
					logs += math.Log(product)
					product = 1
				}
			} else {
				sum += e * e
			}
			l = q + alpha*e*over
			b += beta * e * over
			if form.season != 'N' {
				s[at] += gamma * e * cross
			}
		} else {
			l = q
		}
		if at++; at >= len(s) {
			at = 0
		}
	}
	p.level, p.slope = l, b
	rotate(s, at)
	return sum, logs + math.Log(product), true
}

// rotate turns s so that what stood at its place at stands first.
func rotate(s []float64, at int) {
	if at == 0 {
		return
	}
	reverse(s[:at])
	reverse(s[at:])
	reverse(s)
}

func reverse(s []float64) {
	for i, j := 0, len(s)-1; i < j; i, j = i+1, j-1 {
		s[i], s[j] = s[j], s[i]
	}
}

// jacobian fills the residuals of x and their derivatives, and from them JᵀJ and Jᵀr. It returns
// F; +Inf as objective does.
func (k *etsKernel) jacobian(x []float64) float64 {
	par := k.params(x, k.s)
	np := k.p
	clear(k.d)
	dl, db, ds := k.d[:np], k.d[np:2*np], k.d[2*np:]
	dl[k.levelAt] = 1
	if k.slopeAt >= 0 {
		db[k.slopeAt] = 1
	}
	for i := range k.m - 1 {
		ds[i*np+k.seasAt+i] = 1
		ds[(k.m-1)*np+k.seasAt+i] = -1
	}
	w := walk{k: k, p: par, x: x, dl: dl, db: db}
	clear(k.rel)
	var sum, logs float64
	for t, v := range k.y {
		row := k.jac[t*np : t*np+np]
		place := ds[:np]
		if k.m > 1 {
			place = ds[w.at*np : w.at*np+np]
		}
		var f, e float64
		switch k.form.season {
		case 'N':
			f, e = w.plain(v, row)
		case 'A':
			f, e = w.additive(v, row, place)
		default:
			if !(k.s[w.at] > leastSeason) || !(w.p.level+w.p.phi*w.p.slope > 0) {
				return math.Inf(1)
			}
			f, e = w.multiplied(v, row, place)
		}
		if w.at++; w.at >= k.m {
			w.at = 0
		}
		if v != v {
			k.res[t] = 0
			clear(row)
			continue
		}
		k.res[t] = e
		if k.form.multError {
			if !(f > 0) {
				return math.Inf(1)
			}
			logs += math.Log(f)
			r, inv := e/f, 1/f
			k.res[t] = r
			sum += r * r
			scale := -(1 + r)
			for j, df := range row {
				df *= inv
				k.rel[j] += df
				row[j] = scale * df
			}
		} else {
			sum += e * e
			for j, df := range row {
				row[j] = -df
			}
		}
	}
	if k.form.multError {
		k.geometric(math.Exp(logs / float64(k.observed)))
	}
	k.normal()
	return k.scaled(sum, logs, true)
}

// geometric multiplies the relative errors and their derivatives by the geometric mean of all f.
func (k *etsKernel) geometric(mean float64) {
	for j := range k.rel {
		k.rel[j] /= float64(k.observed)
	}
	for t, r := range k.res {
		if k.y[t] != k.y[t] {
			continue
		}
		row := k.jac[t*k.p : t*k.p+k.p]
		for j, u := range k.rel[:len(row)] {
			row[j] = mean * (row[j] + r*u)
		}
		k.res[t] = mean * r
	}
}

// walk is a run over the series with the derivatives of the state.
type walk struct {
	k      *etsKernel
	p      etsParams
	x      []float64
	at     int // place of the season
	dl, db []float64
}

// plain is a step without season: row takes the derivatives of f.
func (w *walk) plain(v float64, row []float64) (f, e float64) {
	p := &w.p
	f = p.level + p.phi*p.slope
	e = v - f
	alpha, beta := p.alpha, p.beta
	if e != e {
		alpha, beta = 0, 0
	}
	dl, db := w.dl[:len(row)], w.db[:len(row)]
	phi := p.phi
	for j := range row {
		dq := dl[j] + phi*db[j]
		row[j] = dq
		dl[j] = dq - alpha*dq
		db[j] = phi*db[j] - beta*dq
	}
	w.inject(e, alpha, beta, 0, row, nil)
	if e != e {
		e = 0
	}
	p.slope *= phi
	p.level = f + alpha*e
	p.slope += beta * e
	return f, e
}

// additive is a step with an additive season; ds are the derivatives of its seasonal state.
func (w *walk) additive(v float64, row, ds []float64) (f, e float64) {
	p := &w.p
	s := &w.k.s[w.at]
	q := p.level + p.phi*p.slope
	f = q + *s
	e = v - f
	alpha, beta, gamma, phi := p.alpha, p.beta, p.gamma, p.phi
	if e != e {
		alpha, beta, gamma = 0, 0, 0
	}
	dl, db := w.dl[:len(row)], w.db[:len(row)]
	ds = ds[:len(row)]
	for j := range row {
		dq := dl[j] + phi*db[j]
		df := dq + ds[j]
		row[j] = df
		dl[j] = dq - alpha*df
		db[j] = phi*db[j] - beta*df
		ds[j] -= gamma * df
	}
	w.inject(e, alpha, beta, gamma, row, ds)
	if e != e {
		e = 0
	}
	p.slope *= phi
	p.level = q + alpha*e
	p.slope += beta * e
	*s += gamma * e
	return f, e
}

// inject adds what the smoothing parameters change themselves, not by the state: ε by the
// parameter that multiplies it, b by φ.
func (w *walk) inject(e, alpha, beta, gamma float64, row, ds []float64) {
	k := w.k
	if i := k.damp; i >= 0 {
		b := w.p.slope
		row[i] += b
		w.dl[i] += b - alpha*b
		w.db[i] += b - beta*b
		if ds != nil {
			ds[i] -= gamma * b
		}
	}
	if e != e { // missing
		return
	}
	w.dl[0] += e
	if i := k.trendAt; i >= 0 {
		w.db[i] += e
	}
	if i := k.share; i >= 0 {
		ds[0] -= e * w.x[i]
		ds[i] += e * (1 - w.p.alpha)
	}
}

// multiplied is a step with a multiplicative season.
func (w *walk) multiplied(v float64, row, ds []float64) (f, e float64) {
	p := &w.p
	s := w.k.s[w.at]
	q := p.level + p.phi*p.slope
	f = q * s
	e = v - f
	alpha, beta, gamma, phi := p.alpha, p.beta, p.gamma, p.phi
	over, cross := 1/s, 1/q
	u, c := e*over, e*cross // what moves level and season
	us, cq := u*over, c*cross
	if e != e {
		alpha, beta, gamma, us, cq = 0, 0, 0, 0, 0
	}
	dl, db := w.dl[:len(row)], w.db[:len(row)]
	ds = ds[:len(row)]
	if i := w.k.damp; i >= 0 { // φ moves q as a slope would, and the slope itself
		db[i] += p.slope / phi
	}
	for j := range row {
		dq := dl[j] + phi*db[j]
		df := dq*s + q*ds[j]
		row[j] = df
		du := df*over + us*ds[j]
		dl[j] = dq - alpha*du
		db[j] = phi*db[j] - beta*du
		ds[j] -= gamma * (df*cross + cq*dq)
	}
	if e == e {
		dl[0] += u
		if i := w.k.trendAt; i >= 0 {
			db[i] += u
		}
		i := w.k.share
		ds[0] -= c * w.x[i]
		ds[i] += c * (1 - p.alpha)
	} else {
		e, u, c = 0, 0, 0
	}
	p.slope *= phi
	p.level = q + alpha*u
	p.slope += beta * u
	w.k.s[w.at] = s + gamma*c
	return f, e
}

// normal computes JᵀJ (upper triangle) and Jᵀr, four rows at a time.
func (k *etsKernel) normal() {
	np := k.p
	clear(k.a)
	clear(k.g)
	t := 0
	for ; t+4 <= len(k.y); t += 4 {
		r0, r1 := k.jac[t*np:(t+1)*np], k.jac[(t+1)*np:(t+2)*np]
		r2, r3 := k.jac[(t+2)*np:(t+3)*np], k.jac[(t+3)*np:(t+4)*np]
		e0, e1, e2, e3 := k.res[t], k.res[t+1], k.res[t+2], k.res[t+3]
		for i := range np {
			c0, c1, c2, c3 := r0[i], r1[i], r2[i], r3[i]
			k.g[i] += c0*e0 + c1*e1 + c2*e2 + c3*e3
			dst := k.a[i*np+i : i*np+np]
			s0, s1, s2, s3 := r0[i:][:len(dst)], r1[i:][:len(dst)], r2[i:][:len(dst)], r3[i:][:len(dst)]
			for j := range dst {
				dst[j] += c0*s0[j] + c1*s1[j] + c2*s2[j] + c3*s3[j]
			}
		}
	}
	for ; t < len(k.y); t++ {
		row := k.jac[t*np : (t+1)*np]
		for i, c := range row {
			k.g[i] += c * k.res[t]
			dst := k.a[i*np+i : i*np+np]
			for j, x := range row[i:] {
				dst[j] += c * x
			}
		}
	}
}
