package infer

import "math"

// TwoRates is a control with X successes in N trials and a treatment with Y in M, N and
// M above 0.
type TwoRates struct{ X, N, Y, M float64 }

// Comparison says how the rate q of the treatment is compared with the rate p of the
// control.
type Comparison uint8

// Comparisons.
const (
	Difference Comparison = iota // q − p
	RiskRatio                    // q/p; X must be above 0 for an upper end
	OddsRatio                    // q(1−p)/(p(1−q)); X < N and Y > 0 for a lower, X > 0 and Y < M for an upper end
)

// Pooled returns the z of the two-proportion test with pooled variance: 0 where all
// trials have one outcome.
func (t TwoRates) Pooled() float64 {
	s := t.N + t.M
	pool, rest := (t.X+t.Y)/s, (t.N-t.X+t.M-t.Y)/s
	if pool == 0 || rest == 0 {
		return 0
	}
	return (t.Y/t.M - t.X/t.N) / math.Sqrt(pool*rest*(1/t.N+1/t.M))
}

// Score returns the interval of all values that the score test does not reject: of
// Mee (1984) for the difference, of Koopman (1984) for the ratio, and that of
// Miettinen and Nurminen (1985) without its factor N/(N−1) for the odds. The
// test of no effect is Pooled, so that test and interval agree.
func (t TwoRates) Score(c Comparison, level float64) (low, high float64) {
	z := NormalQuantile((1 + level) / 2)
	return t.bounds(c, func(v float64) bool { return t.score(c, v) > z }, func(v float64) bool { return t.score(c, v) < -z })
}

// bounds returns the interval of the values of a comparison that are neither too low nor
// too high; ratios are searched in the logarithm. An end that no table can bound is
// that of the range.
func (t TwoRates) bounds(c Comparison, tooLow, tooHigh func(v float64) bool) (low, high float64) {
	at, lo, hi := func(v float64) float64 { return v }, -1.0, 1.0
	if c != Difference {
		at, lo, hi = math.Exp, -90, 90
	}
	mid := t.estimate(c)
	if c != Difference {
		mid = min(max(math.Log(mid), lo), hi)
	}
	low = bisect(lo, mid, func(v float64) bool { return !tooLow(at(v)) })
	high = -bisect(-hi, -mid, func(v float64) bool { return !tooHigh(at(-v)) })
	if c == Difference {
		return low, high
	}
	low, high = math.Exp(low), math.Exp(high)
	if t.Y == 0 || c == OddsRatio && t.X == t.N {
		low = 0
	}
	if t.X == 0 || c == OddsRatio && t.Y == t.M {
		high = math.Inf(1)
	}
	return low, high
}

// bisect returns the smallest x in [lo, hi] for which ok holds, ok(hi) taken for granted and
// ok monotone.
func bisect(lo, hi float64, ok func(float64) bool) float64 {
	if ok(lo) {
		return lo
	}
	for range 120 {
		mid := lo + (hi-lo)/2
		if mid <= lo || mid >= hi {
			break
		}
		if ok(mid) {
			hi = mid
		} else {
			lo = mid
		}
	}
	return hi
}

// estimate is the comparison of the rates seen, 0 or +Inf where only that can be said.
func (t TwoRates) estimate(c Comparison) float64 {
	switch c {
	case Difference:
		return t.Y/t.M - t.X/t.N
	case RiskRatio:
		if t.Y == 0 {
			return 0
		}
		return t.Y / t.M / (t.X / t.N)
	}
	if t.Y == 0 || t.X == t.N {
		return 0
	}
	return t.Y / (t.M - t.Y) * ((t.N - t.X) / t.X)
}

// score returns the z of the score test of the value v of a comparison: the distance
// of what was seen from what is likeliest under v, in standard errors under v.
func (t TwoRates) score(c Comparison, v float64) float64 {
	p, q := t.constrained(c, v)
	vp, vq := p*(1-p)/t.N, q*(1-q)/t.M
	var d, se float64
	switch c {
	case Difference:
		d, se = t.Y/t.M-t.X/t.N-v, math.Sqrt(vp+vq)
	case RiskRatio:
		d, se = t.Y/t.M-v*(t.X/t.N), math.Sqrt(v*v*vp+vq)
	default:
		// The variance of Y for a given X + Y, over M.
		d, se = t.Y/t.M-q, 1/math.Hypot(1/math.Sqrt(vq), t.M/t.N/math.Sqrt(vp))
	}
	switch {
	case d == 0:
		return 0
	case se == 0:
		return math.Copysign(math.Inf(1), d)
	}
	return d / se
}

// constrained returns the likeliest rates of both arms under the value v.
func (t TwoRates) constrained(c Comparison, v float64) (p, q float64) {
	s := t.X + t.Y
	switch c {
	case Difference:
		// The likelihood has one peak: find where its slope changes sign.
		lo, hi := max(0, -v), min(1, 1-v)
		p = bisect(lo, hi, func(p float64) bool {
			q := p + v
			return slope(t.X, t.N, p)+slope(t.Y, t.M, q) <= 0
		})
		return p, min(max(p+v, 0), 1)
	case RiskRatio:
		b := t.N + t.Y + v*(t.M+t.X)
		p = 2 * s / (b + math.Sqrt(max(b*b-4*v*(t.N+t.M)*s, 0)))
		return min(p, 1), min(v*p, 1)
	}
	if v < 1 { // from the other side, or q drowns in the rounding of p
		q, p = TwoRates{t.Y, t.M, t.X, t.N}.constrained(c, 1/v)
		return p, q
	}
	b := t.N + t.M*v - s*(v-1)
	if root := math.Sqrt(b*b + 4*t.N*(v-1)*s); b > 0 {
		p = 2 * s / (b + root)
	} else {
		p = (root - b) / (2 * t.N * (v - 1))
	}
	return min(p, 1), min(v*p/(1+p*(v-1)), 1)
}

// slope is the derivative of the logarithm of the likelihood of x of n at the rate p.
func slope(x, n, p float64) float64 {
	s := 0.0
	if x > 0 {
		s += x / p
	}
	if x < n {
		s -= (n - x) / (1 - p)
	}
	return s
}

// Small returns the interval for few successes or failures in an arm, which does not
// rely on the normal law. part is how much of the probability of the table seen counts as
// beyond it: 1 gives an exact interval, ½ a mid-p one, which is shorter.
//
//   - The odds ratio is bounded by the conditional law of Y for a given X + Y (Cornfield
//     1956), exact whatever the rates.
//   - The ratio is bounded by the same law for rates far below 1, where Y is binomial of
//     X + Y; for larger ones that is on the safe side.
//   - The difference is put together from the intervals of Clopper and Pearson (1934) of
//     both rates (Zou and Donner 2008), each with part.
func (t TwoRates) Small(c Comparison, level, part float64) (low, high float64) {
	tail := (1 - level) / 2
	if c == Difference {
		pl, ph := binomialInterval(t.X, t.N, tail, part)
		ql, qh := binomialInterval(t.Y, t.M, tail, part)
		p, q := t.X/t.N, t.Y/t.M
		return q - p - math.Hypot(q-ql, ph-p), q - p + math.Hypot(qh-q, p-pl)
	}
	return t.bounds(c, func(v float64) bool {
		_, up := t.conditional(c, v, part)
		return up < tail
	}, func(v float64) bool {
		down, _ := t.conditional(c, v, part)
		return down < tail
	})
}

// conditional returns the probabilities of at most and of at least Y successes of the
// treatment, given those of both arms, of which part counts Y itself. The sums run from Y
// until terms no longer matter, or outweigh Y so much that one of the two is 0.
func (t TwoRates) conditional(c Comparison, v, part float64) (down, up float64) {
	k := t.X + t.Y
	// grow is the probability of i successes over that of i − 1.
	grow := func(i float64) float64 { return v * (t.M / t.N) * (k - i + 1) / i }
	lo, hi := 0.0, k
	if c == OddsRatio {
		grow = func(i float64) float64 { return v * ((t.M - i + 1) / i) * ((k - i + 1) / (t.N - k + i)) }
		lo, hi = max(0, k-t.N), min(k, t.M)
	}
	const much = 1e20
	for i, w := t.Y, 1.0; i > lo && w < much && w > (1+down)/much; i-- {
		w /= grow(i)
		down += w
	}
	for i, w := t.Y, 1.0; i < hi && w < much && w > (1+up)/much; i++ {
		w *= grow(i + 1)
		up += w
	}
	all := 1 + down + up
	return (down + part) / all, (up + part) / all
}

// binomialInterval is ClopperPearson with the share part of the probability of what
// was seen in each tail.
func binomialInterval(x, n, tail, part float64) (low, high float64) {
	// P(X >= x) is BetaCDF(x, n−x+1, p).
	atLeast := func(x, p float64) float64 {
		switch {
		case x <= 0:
			return 1
		case x > n:
			return 0
		}
		return BetaCDF(x, n-x+1, p)
	}
	// The rate at which P(X > x) and part of P(X = x) are prob.
	end := func(x, part, prob float64) float64 {
		return math.Exp(bisect(-745, 0, func(l float64) bool {
			p := math.Exp(l)
			return part*atLeast(x, p)+(1-part)*atLeast(x+1, p) >= prob
		}))
	}
	low, high = 0, 1
	if x > 0 {
		low = end(x, part, tail)
	}
	if x < n {
		high = end(x, 1-part, 1-tail)
	}
	return low, high
}
