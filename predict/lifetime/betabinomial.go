package lifetime

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/parallel"
)

// betaBinomial is the BG/BB law of Fader, Hardie and Shang (2010): in each period a customer who is
// alive buys with a chance that is a beta variable (α, β); at the beginning of each he is lost for
// good with a chance that is another one (γ, δ).
type betaBinomial struct {
	alpha, beta, gamma, delta float64
	// first: the first period cannot lose him, since he is known to be alive in it.
	first int
}

var _ process = (*betaBinomial)(nil)

// maxWhole bounds the periods of an age and of what is asked of the BG/BB law.
const maxWhole = 1 << 16

// whole returns a length of time as a number of periods, one period a unit; what is beyond a
// period that is begun but not over does not count. False beyond maxWhole.
func whole(t float64) (int, bool) {
	n := math.Floor(t * (1 + 1e-12)) // so that sums of steps that come short by rounding are whole
	return int(min(n, maxWhole)), n <= maxWhole
}

// inPeriods refuses a customer whose history is none of whole periods with at most one purchase
// in each.
func (h history) inPeriods() error {
	switch {
	case h.t > maxWhole:
		return check.Private("Age", -1, nil, h.t, fmt.Errorf("the BG/BB law wants at most %d periods: %w", maxWhole, ErrRange))
	case h.t != math.Trunc(h.t):
		return check.Private("Age", -1, nil, h.t, fmt.Errorf("the BG/BB law wants whole periods, one a unit of time: %w", ErrRange))
	case h.tx != math.Trunc(h.tx):
		return check.Private("AgeAtLast", -1, nil, h.tx, fmt.Errorf("the BG/BB law wants whole periods, one a unit of time: %w", ErrRange))
	case float64(h.x) > h.tx:
		return check.Private("Repeats", -1, nil, h.x, fmt.Errorf("the BG/BB law knows one purchase a period, AgeAtLast at most: %w", ErrRange))
	}
	return nil
}

// risings holds the rising sums of a z for each n up to a bound.
type risings []struct{ v, d1, d2 float64 }

func newRisings(z float64, n int) risings {
	out := make(risings, n+1)
	for i := range n {
		q := 1 / (z + float64(i))
		p := out[i]
		out[i+1].v, out[i+1].d1, out[i+1].d2 = p.v-math.Log(q), p.d1+q, p.d2-q*q
	}
	return out
}

// binomialTable is what the likelihood of any history is made of.
type binomialTable struct{ a, b, ab, d, gd risings }

func (p *betaBinomial) table(most, oldest int) *binomialTable {
	return &binomialTable{
		newRisings(p.alpha, most), newRisings(p.beta, oldest), newRisings(p.alpha+p.beta, oldest),
		newRisings(p.delta, oldest), newRisings(p.gamma+p.delta, oldest+1),
	}
}

// likelihood fills t with the log-likelihood of a history: a sum over the periods that may have
// been the last alive, all terms positive. It returns the probability of being lost by the end of the
// period to come. With bare the derivatives are left alone.
func (p *betaBinomial) likelihood(h history, s *binomialTable, t *term, bare bool) (lost float64) {
	x, last, n := h.x, int(h.tx), int(h.t)
	lnGamma := math.Log(p.gamma)
	// at returns the logarithm of the joint density of the history and of having been alive for m
	// periods, and lost at the beginning of the next one where died is 1.
	at := func(m, died int) float64 {
		return s.b[m-x].v - s.ab[m].v + float64(died)*lnGamma + s.d[m].v - s.gd[m+died].v
	}
	top := at(n, 0)
	for m := last; m < n; m++ {
		top = max(top, at(m, 1))
	}
	var sum float64
	var g [maxParams]float64
	var hess [maxParams * (maxParams + 1) / 2]float64
	add := func(m, died int) float64 {
		w := math.Exp(at(m, died) - top)
		sum += w
		if bare {
			return w
		}
		dd, ab, gd := float64(died), s.ab[m], s.gd[m+died]
		u := [maxParams]float64{s.a[x].d1 - ab.d1, s.b[m-x].d1 - ab.d1, dd/p.gamma - gd.d1, s.d[m].d1 - gd.d1}
		k := 0
		for i := range maxParams {
			g[i] += w * u[i]
			for j := i; j < maxParams; j++ {
				hess[k] += w * u[i] * u[j]
				k++
			}
		}
		hess[0] += w * (s.a[x].d2 - ab.d2)
		hess[1] -= w * ab.d2
		hess[4] += w * (s.b[m-x].d2 - ab.d2)
		hess[7] -= w * (dd/(p.gamma*p.gamma) + gd.d2)
		hess[8] -= w * gd.d2
		hess[9] += w * (s.d[m].d2 - gd.d2)
		return w
	}
	for m := last; m < n; m++ {
		add(m, 1)
	}
	kept := add(n, 0)
	t.value = s.a[x].v + top + math.Log(sum)
	// Alive so far, he still has to get into the period to come.
	lost = 1 - kept/sum*(p.delta+float64(n))/(p.gamma+p.delta+float64(n))
	if bare {
		return lost
	}
	k := 0
	for i := range maxParams {
		t.grad[i] = g[i] / sum
		for j := i; j < maxParams; j++ {
			t.hess[k] = hess[k]/sum - g[i]*g[j]/(sum*sum)
			k++
		}
	}
	return lost
}

// round evaluates the law over groups, block by block, on one table of sums.
func (p *betaBinomial) round(ctx context.Context, into Round, s *counts, bare bool, workers int) (*Round, error) {
	most, oldest := 0, 0
	for i := range s.groups {
		h := s.groups[i].history
		if err := h.inPeriods(); err != nil {
			return nil, fmt.Errorf("lifetime: Summary: %w", err)
		}
		most, oldest = max(most, h.x), max(oldest, int(h.t))
	}
	table := p.table(most, oldest)
	block := max(min(1<<8, 1<<18/(oldest+1)), 1<<5) // looks at ctx often, whatever the ages; sums are exact
	return parallel.Reduce(ctx, len(s.groups), block, workers, func(lo, hi int) (*Round, error) {
		r := into
		var t term
		for i := lo; i < hi; i++ {
			g := &s.groups[i]
			p.likelihood(g.history, table, &t, bare)
			r.add(&t, g.n, bare)
		}
		return &r, nil
	}, addSums)
}

func (p *betaBinomial) read(h history) (value, lost float64) {
	var t term
	lost = p.likelihood(h, p.table(h.x, int(h.t)), &t, true)
	return t.value, lost
}

// after is the law of who is alive in the period that follows the history.
func (p *betaBinomial) after(h history) process {
	x := float64(h.x)
	return &betaBinomial{p.alpha + x, p.beta + h.t - x, p.gamma, p.delta + h.t + 1, 1}
}

// expect adds the chances of being alive in each period: Σ S(k) with S(k+1) = S(k)·(δ+k)/(γ+δ+k), of
// which, with W(k) = (δ+k)·S(k), W(k) − W(k−1) = (1−γ)·S(k). Short sums are added up.
func (p *betaBinomial) expect(t float64) float64 {
	buys := p.alpha / (p.alpha + p.beta)
	n := math.Floor(t * (1 + 1e-12))
	if n < 1 {
		return 0
	}
	sum := 0.
	if p.first == 1 {
		sum, n = 1, n-1
	}
	if n <= 1<<12 {
		s := 1.
		for k := 0.; k < n; k++ {
			s *= (p.delta + k) / (p.gamma + p.delta + k)
			sum += s
		}
		return buys * sum
	}
	e := p.gamma - 1
	if e == 0 {
		e = 1e-14 // the limit, to rounding
	}
	return buys * (sum - p.delta*math.Expm1(lnRatio(p.delta+1, e, n))/e)
}

// lnRatio returns ln of Γ(z+n)·Γ(z+e) / (Γ(z)·Γ(z+e+n)), the logarithm of the product of (z+i)/(z+e+i):
// its first terms one by one, the rest by Stirling's series, since differences of lnΓ lose their digits, or,
// where z is so large that this loses them, too, by the term in the middle.
func lnRatio(z, e, n float64) float64 {
	y, k := 0., 0.
	for ; k < n && k < 64; k++ {
		y -= math.Log1p(e / (z + k))
	}
	if k == n {
		return y
	}
	if m := n - k; m < 1e-3*z { // the terms bend so little that the middle one and its curvature tell the sum
		c := z + (n+k-1)/2
		return y - m*math.Log1p(e/c) - m*(m*m-1)/24*(e/c/c)*((2*c+e)/(c+e)/(c+e))
	}
	// stirling is lnΓ(a+e) − lnΓ(a) less e·ln a.
	stirling := func(a float64) float64 {
		b := a + e
		return (b-.5)*math.Log1p(e/a) - e - e/a/b/12 + e/a/b*(1/a/a+1/a/b+1/b/b)/360
	}
	return y + stirling(z+k) - stirling(z+n) - e*math.Log1p((n-k)/(z+k))
}

// prob adds up by the last period that the customer was alive in.
func (p *betaBinomial) prob(n int, t float64) float64 {
	periods, ok := whole(t)
	switch {
	case !ok:
		return math.NaN()
	case n > periods:
		return 0
	case periods == 0:
		return 1
	}
	ways := lnRising(p.alpha, n) - lnRising(1, n)
	b, ab, i, j := rising{z: p.beta}, rising{z: p.alpha + p.beta}, rising{z: 1}, rising{z: 1}
	d, gd := rising{z: p.delta}, rising{z: p.gamma + p.delta}
	sum := 0.
	for m := max(n, p.first); m <= periods; m++ { // alive for m periods and no longer
		vb, _, _ := b.to(m - n)
		vab, _, _ := ab.to(m)
		v1, _, _ := i.to(m)
		v2, _, _ := j.to(m - n)
		vd, _, _ := d.to(m - p.first)
		vgd, _, _ := gd.to(m - p.first)
		w := math.Exp(ways + vb - vab + v1 - v2 + vd - vgd)
		if m < periods {
			w *= p.gamma / (p.gamma + p.delta + float64(m-p.first))
		}
		sum += w
	}
	return min(1, sum)
}

// wait is the first period by whose end a customer who stays has bought with probability q.
func (p *betaBinomial) wait(q float64) float64 {
	goal := math.Log1p(-q) * (1 - 1e-12) // of ln P(none in k periods)
	hi := 1.
	for ; lnRatio(p.beta, p.alpha, hi) > goal; hi *= 2 {
		if hi > 1<<52 {
			return math.Inf(1)
		}
	}
	lo := math.Floor(hi / 2)
	for hi-lo > 1 {
		mid := math.Floor((lo + hi) / 2)
		if lnRatio(p.beta, p.alpha, mid) > goal {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi
}

// unusual is the chance of no purchase in the last periods by who was there: of the prior behind the
// posterior that p is.
func (p *betaBinomial) unusual(silence float64) float64 {
	return math.Exp(lnRatio(p.beta-silence, p.alpha, silence))
}

// FitBGBB fits the beta-geometric / beta-Bernoulli law of Fader, Hardie and Shang (2010): for what
// can be bought, or given, once a period, a year's donation, an issue, a weekly market. In each
// period a customer who is alive buys with a chance of his own (beta law alpha, beta), and before
// each he may be lost with another one (gamma, delta).
//
// A period is one unit of T: Age is the number of periods since the first purchase, AgeAtLast that of
// the last one with a purchase, Repeats those with one. Orders counts weeks by
// NewOrders[K, Weeks](7), days by NewOrders[K, Days](1). What is not whole is ErrRange, as are more
// than 65,536 periods and more purchases than periods. The other errors are those of [FitBGNBD].
//
// What [Model] answers is as of the period to come: Alive is the chance to be alive in it, and times
// ahead count the periods that are over by then. Cost: some 10 passes of 20 ns a group and period of
// silence.
func FitBGBB[T Time](ctx context.Context, s *Summary[T], opt FitOptions) (*Model[T], error) {
	return fitRepeats(ctx, "lifetime: FitBGBB", lawBGBB, s, opt)
}

// NewBGBB returns the BG/BB law with the given parameters, all > 0, a period being one unit of T.
// ErrNotFinite, ErrRange.
func NewBGBB[T Time](alpha, beta, gamma, delta float64) (*Model[T], error) {
	return newModel[T]("lifetime: NewBGBB", lawBGBB, alpha, beta, gamma, delta)
}

// binomialStarts are places that shops and charities are found at.
var binomialStarts = [][maxParams]float64{
	{1, 1, 1, 3},
	{.3, 2, .3, 3},
	{1, 9, .1, 1},
	{3, 1, .5, 1},
	{.1, 1, 1, 9},
}
