package forecast

import (
	"context"
	"math"

	"github.com/aislekit/aisle/internal/solve"
)

// etsTrial is a form and the best parameters found for it so far.
type etsTrial struct {
	form      etsForm
	x         []float64
	f         float64 // F
	damping   float64 // of the next step
	converged bool
	held      bool // the first steps are those of the states alone
	c         Information
}

// least is the F below which a fit counts as perfect: the values are scaled to about 1, and what
// is left is rounding.
const least = 1e-26

// rate fills the criteria of a trial.
func (k *etsKernel) rate(t *etsTrial, shift float64) {
	n := float64(k.observed)
	t.c = criteria(-.5*n*math.Log(max(t.f, least*n))-n*shift, k.p+1, k.observed)
}

// descend improves a trial by at most most damped Gauss-Newton steps (Levenberg, Marquardt;
// damping after Nielsen 1999), each within the bounds: a parameter at a bound that would cross it
// is kept there. It has converged when the next step promises less than 1e-7 of −2 log-likelihood.
func (k *etsKernel) descend(ctx context.Context, t *etsTrial, most int) error {
	f := k.jacobian(t.x)
	t.f = f
	grow := 2.0
	for range most {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if !(f > least*float64(k.observed)) || math.IsInf(f, 1) {
			t.converged = true
			break
		}
		promised := k.direction(t.x, t.damping, t.held)
		if !(promised*float64(k.observed) > 1e-7*f) {
			t.converged = true
			break
		}
		for j, x := range t.x {
			k.next[j] = min(max(x+k.step[j], k.lo[j]), k.hi[j])
		}
		got := k.objective(k.next)
		if !(got < f) {
			t.damping *= grow
			if grow *= 2; t.damping > 1e12 {
				t.converged = true
				break
			}
			continue
		}
		gain := (f - got) / promised
		t.damping *= max(1./9, 1-math.Pow(2*min(gain, 1)-1, 3))
		t.damping = max(t.damping, 1e-12)
		grow = 2
		copy(t.x, k.next)
		f = k.jacobian(t.x)
	}
	t.f = f
	return nil
}

// direction solves the damped equations for the parameters that are free to move, and returns
// the reduction of F that the linearised residuals promise.
func (k *etsKernel) direction(x []float64, damping float64, held bool) (promised float64) {
	k.free = k.free[:0]
	for j, v := range x {
		k.step[j] = 0
		if held && j < k.levelAt || v <= k.lo[j] && k.g[j] > 0 || v >= k.hi[j] && k.g[j] < 0 {
			continue
		}
		k.free = append(k.free, j)
	}
	n := len(k.free)
	top := 0.0
	for _, j := range k.free {
		top = max(top, k.a[j*k.p+j])
	}
	rhs := k.rel[:n] // of no use until the next jacobian
	for a, i := range k.free {
		for b := a; b < n; b++ {
			k.work[a*n+b] = k.a[i*k.p+k.free[b]]
		}
		k.work[a*n+a] += damping*k.a[i*k.p+i] + 1e-13*top
		rhs[a] = -k.g[i]
	}
	if n == 0 || !solve.Cholesky64(k.work[:n*n], n) {
		return 0
	}
	solve.SolveCholesky64(k.work[:n*n], n, rhs)
	for a, i := range k.free {
		k.step[i] = rhs[a]
		promised -= rhs[a] * k.g[i]
	}
	for _, i := range k.free { // −2gᵀd − dᵀAd with (A + D)d = −g
		d := k.step[i]
		promised += d * d * damping * k.a[i*k.p+i]
	}
	return promised
}

// etsStart are heuristic initial states for a kind of season.
type etsStart struct {
	level, slope, mean float64 // with a trend; mean without
	seasonal           []float64
}

// start finds initial states: a line through the first periods and the mean distance from it of
// each place of the season, over the first seasons; not ok where a multiplicative season is not
// positive.
func (k *etsKernel) start(season byte, m int) (etsStart, bool) {
	n := len(k.y)
	var st etsStart
	if season == 'N' {
		st.level, st.slope, st.mean = line(k.y[:min(n, 10)])
		return st, true
	}
	span := min(n, max(10, 4*m))
	level, slope, mean := line(k.y[:span])
	st.seasonal = make([]float64, m)
	total := 0.0
	for p := range m {
		sum, count := 0.0, 0
		for t := p; t < span; t += m {
			if k.y[t] != k.y[t] {
				continue
			}
			at := level + slope*float64(t+1)
			if season == 'A' {
				sum += k.y[t] - at
			} else {
				if !(at > mean/4) {
					at = mean
				}
				sum += k.y[t] / at
			}
			count++
		}
		st.seasonal[p] = sum / float64(max(count, 1))
		if count == 0 && season == 'M' {
			st.seasonal[p] = 1
		}
		total += st.seasonal[p]
	}
	for p := range m {
		if season == 'A' {
			st.seasonal[p] -= total / float64(m)
		} else if st.seasonal[p] *= float64(m) / total; !(st.seasonal[p] > .01) {
			st.seasonal[p] = .01
		}
	}
	adjusted := make([]float64, min(n, max(10, 2*m)))
	for t := range adjusted {
		if season == 'A' {
			adjusted[t] = k.y[t] - st.seasonal[t%m]
		} else {
			adjusted[t] = k.y[t] / st.seasonal[t%m]
		}
	}
	st.level, st.slope, st.mean = line(adjusted)
	return st, season == 'A' || total > 0
}

// line fits level + slope·t, t = 1 …, to the observed values of y by least squares.
func line(y []float64) (level, slope, mean float64) {
	var n, st, sy float64
	for t, v := range y {
		if v == v {
			n++
			st += float64(t + 1)
			sy += v
		}
	}
	if n == 0 {
		return 0, 0, 0
	}
	var stt, sty float64
	for t, v := range y {
		if v == v {
			d := float64(t+1) - st/n
			stt += d * d
			sty += d * v
		}
	}
	if stt > 0 {
		slope = sty / stt
	}
	mean = sy / n
	return mean - slope*st/n, slope, mean
}

// begin makes two trials of the form in use, since the likelihood of a series that a walk and a
// trend explain about as well has two hills: the heuristic states, and of a small grid the
// smoothing parameters with the least F; and the states that are best where nothing moves them.
func (k *etsKernel) begin(st etsStart) [2]etsTrial {
	x := make([]float64, 3*k.p)
	trials := [2]etsTrial{
		{form: k.form, x: x[:k.p:k.p], damping: 1e-3, held: true},
		{form: k.form, x: x[k.p : 2*k.p : 2*k.p], damping: 1e-3, f: math.Inf(1)},
	}
	x = x[2*k.p:]
	x[k.levelAt] = st.mean
	if k.slopeAt >= 0 {
		x[k.levelAt], x[k.slopeAt] = st.level, st.slope
		x[k.trendAt] = .01
	}
	if k.damp >= 0 {
		x[k.damp] = .95
	}
	shares := []float64{.02, .3}
	if k.share >= 0 {
		copy(x[k.seasAt:], st.seasonal[:k.m-1])
	} else {
		shares = shares[:1]
	}
	copy(trials[0].x, x)
	for j := range k.levelAt {
		trials[0].x[j] = k.lo[j]
	}
	if k.damp >= 0 {
		trials[0].x[k.damp] = k.hi[k.damp]
	}
	trials[0].f = k.objective(trials[0].x)
	t := &trials[1]
	for _, alpha := range []float64{.04, .12, .45, .85} {
		for _, share := range shares {
			x[0] = alpha
			if k.share >= 0 {
				x[k.share] = share
			}
			if f := k.objective(x); f < t.f {
				t.f = f
				copy(t.x, x)
			}
		}
	}
	return trials
}

// damped makes a trial of the damped form in use from one of the same form without damping, with
// φ near 1: where a trend lasts it is the better hill.
func (k *etsKernel) damped(from etsTrial) etsTrial {
	t := etsTrial{form: k.form, x: make([]float64, 0, k.p), damping: 1e-3}
	t.x = append(t.x, from.x[:k.damp]...)
	t.x = append(t.x, phiHigh-.005)
	t.x = append(t.x, from.x[k.damp:]...)
	t.f = k.objective(t.x)
	return t
}
