package lifetime

import (
	"context"
	"math"

	"github.com/aislekit/aisle/internal/parallel"
)

// pareto is the law of Schmittlein, Morrison and Colombo (1987): purchases as a Poisson process
// whose rate is a gamma variable (shape r, rate α), and a life that ends, whatever was bought,
// after an exponential time whose rate is a gamma variable, too (shape s, rate β).
type pareto struct{ r, alpha, s, beta float64 }

var _ process = (*pareto)(nil)

// The nodes and weights of the Gauss–Legendre rule of 16 nodes on [−1, 1], the positive half.
var (
	legendre16 = [8]float64{
		0.09501250983763744019, 0.28160355077925891323, 0.45801677765722738634, 0.61787624440264374845,
		0.75540440835500303390, 0.86563120238783174388, 0.94457502307323257608, 0.98940093499164993260,
	}
	weights16 = [8]float64{
		0.18945061045506849629, 0.18260341504492358887, 0.16915651939500253819, 0.14959598881657673208,
		0.12462897125553387205, 0.09515851168249278481, 0.06225352393864789286, 0.02715245941175409485,
	}
)

// A death at age τ, t_x ≤ τ ≤ T, has the density s·(α+τ)^−(r+x)·(β+τ)^−(s+1), up to factors
// that all histories share. The papers integrate it to a difference of two ₂F₁, which cancels,
// and whose terms underflow for customers with many orders. Here it is integrated as it is, over
// v = ln((c+τ)/(c+t_x)), c the smaller of α and β: all terms are positive, relative to the
// first, the singularities lie at −∞ and on the lines of imaginary part ±π, and the density
// falls no faster than e^(−(r+x+s)v). Panels are as long as lets it fall by e^8.
func (p *pareto) deaths(h history, each func(d death)) {
	n, c := p.r+float64(h.x), min(p.alpha, p.beta)
	if h.t <= h.tx {
		return
	}
	start := c + h.tx
	end := math.Log1p((h.t - h.tx) / start)
	top := -n*math.Log(p.alpha+h.tx) - p.s*math.Log(p.beta+h.tx)
	at := func(v float64) (d death, fallen float64) { // fallen: by how much the density has, in logarithms
		later := start * math.Expm1(v)
		d.a, d.b = p.alpha+(h.tx+later), p.beta+(h.tx+later)
		d.lnA, d.lnB = math.Log(d.a), math.Log(d.b)
		d.weight = (start + later) / d.b * p.s // dτ = (c + τ) dv
		return d, top + n*d.lnA + p.s*d.lnB
	}
	for from := 0.; from < end; {
		d, fallen := at(from)
		if fallen > 45 {
			return
		}
		slope := d.b / p.s * d.weight * (n/d.a + p.s/d.b)
		length := min(1.5, 8/slope, end-from)
		if end-from-length < 1e-3*length {
			length = end - from
		}
		for i, x := range legendre16 {
			for _, side := range [2]float64{-x, x} {
				d, fallen := at(from + length/2*(1+side))
				d.weight *= weights16[i] * length / 2 * math.Exp(-fallen)
				each(d)
			}
		}
		from += length
	}
}

// death is a node of the integral over deaths: α and β plus the age τ, their logarithms, and
// the weight.
type death struct{ a, b, lnA, lnB, weight float64 }

// likelihood fills t with the log-likelihood of a history, and returns the posterior probability
// of being dead. With bare the derivatives are left alone. c holds what depends on x alone.
func (p *pareto) likelihood(h history, c *term, t *term, bare bool) (dead float64) {
	n := p.r + float64(h.x)
	lA, lB := math.Log(p.alpha+h.t), math.Log(p.beta+h.t)
	alive := -n*lA - p.s*lB
	top := -n*math.Log(p.alpha+h.tx) - p.s*math.Log(p.beta+h.tx)
	kept := math.Exp(alive - top) // both relative to the density at t_x
	sum := 0.0
	var g [maxParams]float64
	var hess [maxParams * (maxParams + 1) / 2]float64
	// Gradient and Hessian of the logarithm of one term of the sum: weighted means, and the spread of
	// the gradients.
	add := func(d death, died float64) {
		w, qA, qB := d.weight, 1/d.a, 1/d.b
		u := [maxParams]float64{-d.lnA, -n * qA, died/p.s - d.lnB, -(p.s + died) * qB}
		k := 0
		for i := range maxParams {
			g[i] += w * u[i]
			for j := i; j < maxParams; j++ {
				hess[k] += w * u[i] * u[j]
				k++
			}
		}
		hess[1] -= w * qA
		hess[4] += w * n * qA * qA
		hess[7] -= w * died / (p.s * p.s)
		hess[8] -= w * qB
		hess[9] += w * (p.s + died) * qB * qB
	}
	p.deaths(h, func(d death) {
		sum += d.weight
		if !bare {
			add(d, 1)
		}
	})
	all := sum + kept
	if bare {
		t.value = c.value + top + math.Log(all)
		return sum / all
	}
	add(death{p.alpha + h.t, p.beta + h.t, lA, lB, kept}, 0)
	*t = *c
	t.value += top + math.Log(all)
	k := 0
	for i := range maxParams {
		t.grad[i] += g[i] / all
		for j := i; j < maxParams; j++ {
			t.hess[k] += hess[k]/all - g[i]*g[j]/(all*all)
			k++
		}
	}
	return sum / all
}

// table evaluates what depends on the number of purchases alone.
func (p *pareto) table(xs []int) []term {
	out := make([]term, len(xs))
	r := rising{z: p.r}
	for _, i := range ascending(xs) {
		t := &out[i]
		t.value, t.grad[0], t.hess[0] = r.to(xs[i])
		t.value += p.r*math.Log(p.alpha) + p.s*math.Log(p.beta)
		t.grad[0] += math.Log(p.alpha)
		t.grad[1] += p.r / p.alpha
		t.grad[2] += math.Log(p.beta)
		t.grad[3] += p.s / p.beta
		t.hess[1] += 1 / p.alpha
		t.hess[4] -= p.r / (p.alpha * p.alpha)
		t.hess[8] += 1 / p.beta
		t.hess[9] -= p.s / (p.beta * p.beta)
	}
	return out
}

func (p *pareto) round(ctx context.Context, into Round, s *counts, bare bool, workers int) (*Round, error) {
	table := p.table(s.xs)
	return parallel.Reduce(ctx, len(s.groups), 1<<8, workers, func(lo, hi int) (*Round, error) {
		r := into
		var t term
		for i := lo; i < hi; i++ {
			c := &s.groups[i]
			p.likelihood(c.history, &table[c.place], &t, bare)
			r.add(&t, c.n, bare)
		}
		return &r, nil
	}, addSums)
}

func (p *pareto) read(h history) (value, lost float64) {
	table := p.table([]int{h.x})
	var t term
	lost = p.likelihood(h, &table[0], &t, true)
	return t.value, lost
}

func (p *pareto) after(h history) process {
	return &pareto{p.r + float64(h.x), p.alpha + h.t, p.s, p.beta + h.t}
}

func (p *pareto) wait(q float64) float64 { return lomax(p.r, p.alpha, q) }

func (p *pareto) unusual(silence float64) float64 { return silent(p.r, p.alpha, silence) }

// expect is r/α·β/(s−1)·(1 − (β/(β+t))^(s−1)), written so that it does not cancel at s = 1.
func (p *pareto) expect(t float64) float64 {
	l := math.Log1p(t / p.beta)
	y := (p.s - 1) * l
	share := l
	if y != 0 {
		share = -math.Expm1(-y) / (p.s - 1)
	}
	return p.r / p.alpha * p.beta * share
}

// prob adds the customers who are alive at t to those who died at τ before, an integral over
// positive terms: the density of deaths times the negative binomial law of what was bought by
// then, which is a bump of width 1/√n in ln τ. The panels follow it.
func (p *pareto) prob(n int, t float64) float64 {
	ways := lnRising(p.r, n) - lnRising(1, n)
	bought := func(tau float64) float64 {
		v := ways - p.r*math.Log1p(tau/p.alpha)
		if n > 0 {
			v -= float64(n) * math.Log1p(p.alpha/tau)
		}
		return math.Exp(v - p.s*math.Log1p(tau/p.beta)) // by who has lived so long
	}
	sum := bought(t)
	length := min(.25, .5/math.Sqrt(float64(n)+1))
	for hi := math.Log(t); ; hi -= length { // downwards, until what is left cannot matter
		part := 0.0
		for i, x := range legendre16 {
			for _, side := range [2]float64{-x, x} {
				tau := math.Exp(hi - length/2*(1+side))
				part += weights16[i] * length / 2 * (tau / (p.beta + tau)) * p.s * bought(tau) // no product leaves float64
			}
		}
		sum += part
		// Below the mean of the law and the mean life, β/s, the integrand only falls.
		tau := math.Exp(hi)
		if part <= 1e-17*sum && tau < p.alpha && tau*(2*p.s+2) <= p.beta && tau*p.r <= (float64(n)+.25)*p.alpha {
			return min(1, sum)
		}
	}
}
