package lifetime

import (
	"context"
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"

	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/parallel"
)

// geometric is the law behind BG/NBD and MBG/NBD: purchases come as a Poisson process whose
// rate is a gamma variable (shape r, rate α); after each purchase the customer is lost for good
// with a probability that is a beta variable (a, b). In the modified law he may be lost after
// the first purchase, too.
type geometric struct {
	r, alpha, a, b float64
	first          int // 1: lost after the first purchase, too
}

// rising is Σ ln(z+i) over 0 ≤ i < n and its first two derivatives in z, for n that only grow.
// Terms are added one by one, which keeps the digits that differences of lnΓ lose; sums that are
// long are those differences. What it holds for an n does not depend on the n before.
type rising struct {
	z         float64
	n         int
	v, d1, d2 float64
}

const longSum = 1 << 14

// to returns the sum up to n and its derivatives.
func (s *rising) to(n int) (v, d1, d2 float64) {
	if n > longSum && s.z > farShape { // both of lnΓ are huge, and their difference has no digits
		m := float64(n)
		q := m / s.z / (s.z + m)
		return lnRisingFar(s.z, n), math.Log1p(m/s.z) + q/2, -q
	}
	if n > longSum {
		a, _ := math.Lgamma(s.z)
		b, _ := math.Lgamma(s.z + float64(n))
		return b - a, mathext.Digamma(s.z+float64(n)) - mathext.Digamma(s.z), mathext.Zeta(2, s.z+float64(n)) - mathext.Zeta(2, s.z)
	}
	for ; s.n < n; s.n++ {
		q := 1 / (s.z + float64(s.n))
		s.v -= math.Log(q)
		s.d1 += q
		s.d2 -= q * q
	}
	return s.v, s.d1, s.d2
}

// farShape is where lnRisingFar takes over.
const farShape = 1e6

// lnRisingFar is lnRising by the beta function, for large z: lnΓ(n) − ln B(z, n).
func lnRisingFar(z float64, n int) float64 {
	v, _ := math.Lgamma(float64(n))
	return v - infer.LogBeta(z, float64(n))
}

// lnRising returns ln of z(z+1)…(z+n−1).
func lnRising(z float64, n int) float64 {
	if n > 64 && z < 1e3 { // where nothing cancels
		a, _ := math.Lgamma(z)
		b, _ := math.Lgamma(z + float64(n))
		return b - a
	}
	v, _, _ := (&rising{z: z}).to(n)
	return v
}

// counted is what of the likelihood depends on the number of purchases alone.
type counted struct {
	term
	lnLost     float64 // ln a − ln(b + m): being lost after the last purchase beside surviving it
	perA, perB float64 // its derivatives in a and b
}

// ascending lists the places of xs by their values.
func ascending(xs []int) []int {
	order := make([]int, len(xs))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return xs[i] - xs[j] })
	return order
}

// table evaluates counted for each of the counts xs.
func (g *geometric) table(xs []int) []counted {
	out := make([]counted, len(xs))
	r, b, ab := rising{z: g.r}, rising{z: g.b}, rising{z: g.a + g.b}
	for _, i := range ascending(xs) {
		x := xs[i]
		var c counted
		c.value, c.grad[0], c.hess[0] = r.to(x)
		stay, dStay, ddStay := b.to(x + g.first)
		all, dAll, ddAll := ab.to(x + g.first)
		c.value += stay - all
		c.grad[2], c.grad[3] = -dAll, dStay-dAll
		c.hess[7], c.hess[8], c.hess[9] = -ddAll, -ddAll, ddStay-ddAll // aa, ab, bb
		// r ln α is the same for all.
		c.value += g.r * math.Log(g.alpha)
		c.grad[0] += math.Log(g.alpha)
		c.grad[1] += g.r / g.alpha
		c.hess[1] += 1 / g.alpha
		c.hess[4] -= g.r / (g.alpha * g.alpha)
		m := g.b + float64(x+g.first-1)
		c.lnLost, c.perA, c.perB = math.Log(g.a)-math.Log(m), 1/g.a, -1/m
		out[i] = c
	}
	return out
}

// aged is what of the likelihood depends on an age alone: 1/(α+t) and its logarithm. A shop
// has far fewer days than customers.
type aged struct{ q, ln float64 }

func (g *geometric) aged(t float64) aged {
	q := 1 / (g.alpha + t)
	return aged{q, math.Log(q)}
}

// likelihood fills t with the log-likelihood of a history, and returns the posterior
// probability of being lost. With bare the derivatives are left alone.
func (g *geometric) likelihood(h history, c *counted, last, now aged, t *term, bare bool) (lost float64) {
	n := g.r + float64(h.x)
	qT := now.q
	alive := n * now.ln
	if h.x == 0 && g.first == 0 { // nobody is lost before a purchase
		if !bare {
			*t = c.term
			t.grad[0] += now.ln
			t.grad[1] -= n * qT
			t.hess[1] -= qT
			t.hess[4] += n * qT * qT
		}
		t.value = c.value + alive
		return 0
	}
	qL := last.q
	gone := n*last.ln + c.lnLost
	diff := gone - alive
	var sum float64
	if diff > 0 {
		e := math.Exp(-diff)
		sum, lost = gone+math.Log1p(e), 1/(1+e)
	} else {
		e := math.Exp(diff)
		sum, lost = alive+math.Log1p(e), e/(1+e)
	}
	if bare {
		t.value = c.value + sum
		return lost
	}
	*t = c.term
	t.value += sum
	kept := 1 - lost
	lT, lL := -now.ln, -last.ln
	// The logarithm of a sum: the mean of both gradients, weighted by their shares, and beside the
	// mean of both Hessians the spread of the gradients.
	u := [maxParams]float64{lT - lL, n * (qT - qL), c.perA, c.perB}
	t.grad[0] -= kept*lT + lost*lL
	t.grad[1] -= n * (kept*qT + lost*qL)
	t.grad[2] += lost * u[2]
	t.grad[3] += lost * u[3]
	t.hess[1] -= kept*qT + lost*qL
	t.hess[4] += n * (kept*qT*qT + lost*qL*qL)
	t.hess[7] -= lost * u[2] * u[2]
	t.hess[9] += lost * u[3] * u[3]
	spread := kept * lost
	k := 0
	for i := range maxParams {
		for j := i; j < maxParams; j++ {
			t.hess[k] += spread * u[i] * u[j]
			k++
		}
	}
	return lost
}

// round evaluates the law over groups, block by block.
func (g *geometric) round(ctx context.Context, into Round, s *counts, bare bool, workers int) (*Round, error) {
	table := g.table(s.xs)
	ages := make([]aged, len(s.ts))
	for i, t := range s.ts {
		ages[i] = g.aged(t)
	}
	out, err := parallel.Reduce(ctx, len(s.groups), 1<<12, workers, func(lo, hi int) (*Round, error) {
		r := into
		var t term
		for i := lo; i < hi; i++ {
			c := &s.groups[i]
			g.likelihood(c.history, &table[c.place], ages[c.last], ages[c.now], &t, bare)
			r.add(&t, c.n, bare)
		}
		return &r, nil
	}, addSums)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// addSums adds the sums of a block; counts are those of the whole.
func addSums(acc, next *Round) *Round {
	acc.broken = acc.broken || next.broken
	for k := range acc.sums {
		if !acc.sums[k].plus(next.sums[k]) {
			acc.broken = true
		}
	}
	return acc
}

// lost returns the probability that a customer with this history is gone.
func (g *geometric) lost(h history) (value, lost float64) {
	table := g.table([]int{h.x})
	var t term
	lost = g.likelihood(h, &table[0], g.aged(h.tx), g.aged(h.t), &t, true)
	return t.value, lost
}

// posterior returns the law of what a customer will do who is alive after this history: the
// same with other parameters, since gamma and beta variables are conjugate.
func (g *geometric) posterior(h history) geometric {
	return geometric{g.r + float64(h.x), g.alpha + h.t, g.a, g.b + float64(h.x+g.first), 0}
}

// expect returns the expected number of purchases of a new customer in t > 0.
//
// E = Σ_{n≥1} q_n·C_n, q_n the negative binomial law of what a customer who is never lost buys,
// C_n = Σ_{1≤j≤n} c_j, c_j the probability to be still there for purchase j. All terms are
// positive: nothing cancels at a = 1, where the form with ₂F₁ of the papers is 0/0. Where the
// series is long, the integral over the probability of being lost takes its place.
func (g *geometric) expect(t float64) float64 {
	if t == 0 {
		return 0
	}
	z := t / (g.alpha + t)
	first := -g.r * math.Log1p(t/g.alpha)
	if z > .99 || first < -600 {
		return g.integral(t)
	}
	q := math.Exp(first)
	c, many, sum := 1.0, 0.0, 0.0
	if g.first == 1 {
		c = g.b / (g.a + g.b)
	}
	for n := 1.; ; n++ {
		q *= z * (g.r + n - 1) / n
		many += c
		sum += q * many
		// Beyond here each term is at most half-way between ratio and 1 of the one before.
		if ratio := z * (g.r + n) / (n + 1); ratio < 1 && q*many <= 1e-17*sum*(1-ratio) {
			return sum
		}
		k := g.b + n - 1 + float64(g.first)
		c *= k / (g.a + k)
	}
}

// integral is expect as E[(1 − (1 + pt/α)^−r)/p] over the beta variable p. On the scale of the
// logit the integrand is analytic in a strip and falls exponentially, so that the plain sum over
// an even grid is exact to rounding, whatever the parameters. Numerator and density are summed
// over the same nodes: no beta function is asked for.
func (g *geometric) integral(t float64) float64 {
	f := func(y float64) (density, value float64) {
		lnP, lnQ := -softplus(-y), -softplus(y)
		p := math.Exp(lnP)
		density = g.a*lnP + g.b*lnQ
		value = -math.Expm1(-g.r*math.Log1p(p*t/g.alpha)) / p
		if p*(1+g.r)*t/g.alpha < 1e-9 {
			value = g.r * t / g.alpha
		}
		if g.first == 1 {
			value *= math.Exp(lnQ)
		}
		return density, value
	}
	return logitMean(g.a, g.b, (1+g.r)*t/g.alpha, f)
}

// softplus returns ln(1 + e^y).
func softplus(y float64) float64 {
	if y > 0 {
		return y + math.Log1p(math.Exp(-y))
	}
	return math.Log1p(math.Exp(y))
}

// logitMean returns Σ e^density·value / Σ e^density over an even grid of the logit of a
// Beta(a, b) variable, f(y) being both at y = ln(p/(1−p)). value must go to a constant as soon
// as p·knee is far below 1, and as p goes to 1 to a constant or as 1−p does; beyond there the sums are
// geometric, so that no a or b is so small that they are long.
func logitMean(a, b, knee float64, f func(y float64) (density, value float64)) float64 {
	mode := math.Log(a / b)
	if min(a, b) > 1e10 { // as good as one point
		_, v := f(mode)
		return v
	}
	h := min(.25, math.Sqrt(1/a+1/b)/1.5)
	top := -a*softplus(-mode) - b*softplus(mode)
	var num, den float64
	level := math.Log(1e17 * (1 + a)) // right of here density and value are geometric on the grid
	for k := 0; ; k++ {               // to the right, where the density falls by e^−b at least
		y := mode + float64(k)*h
		d, v := f(y)
		w := math.Exp(d - top)
		if y > level {
			fall := b
			if _, ahead := f(y + h); ahead < .9*v { // the value falls as 1−p does
				fall++
			}
			num, den = num+w*v/-math.Expm1(-fall*h), den+w/-math.Expm1(-b*h)
			break
		}
		num, den = num+w*v, den+w
		if w < 1e-18*den && w*v <= 1e-18*num || k > 1<<20 {
			break
		}
	}
	flat := -math.Log(1e17 * (1 + knee))
	for k := 1; ; k++ {
		y := mode - float64(k)*h
		d, v := f(y)
		w := math.Exp(d - top)
		if y < flat { // all that follows is e^{a·y} times a constant
			tail := 1 / -math.Expm1(-a*h)
			return (num + w*v*tail) / (den + w*tail)
		}
		num, den = num+w*v, den+w
		if w < 1e-18*den && w*v <= 1e-18*num || k > 1<<20 {
			return num / den
		}
	}
}

// prob returns the probability that a new customer buys n times in t > 0.
func (g *geometric) prob(n int, t float64) float64 {
	p := math.Exp(lnRising(g.b, n+g.first)-lnRising(g.a+g.b, n+g.first)) * negBinomial(g.r, g.alpha, n, t)
	m := n + g.first - 1 // survived, then lost
	if m < 0 {
		return p
	}
	lost := math.Exp(lnRising(g.b, m)-lnRising(g.a+g.b, m)) * g.a / (g.a + g.b + float64(m))
	least := 1.0
	if n > 0 {
		least = infer.BetaCDF(float64(n), g.r, t/(g.alpha+t))
	}
	return min(1, p+lost*least)
}

// negBinomial returns the probability that a customer who is never lost buys n times in t > 0.
func negBinomial(r, alpha float64, n int, t float64) float64 {
	p := lnRising(r, n) - lnRising(1, n) - r*math.Log1p(t/alpha)
	if n > 0 {
		p -= float64(n) * math.Log1p(alpha/t)
	}
	return math.Exp(p)
}

// lomax returns the time within which an order comes with probability q, as long as the customer
// is there: the quantile of a Lomax variable.
func lomax(r, alpha, q float64) float64 { return alpha * math.Expm1(-math.Log1p(-q)/r) }

// silent returns the chance that a customer of a posterior law was silent for the last while of it:
// alpha has grown by his age, r by his orders.
func silent(r, alpha, silence float64) float64 { return math.Exp(r * math.Log1p(-silence/alpha)) }
