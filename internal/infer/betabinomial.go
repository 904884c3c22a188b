package infer

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"gonum.org/v1/gonum/mathext"
)

// Trials is what is known of one rate: S successes in N trials, 0 <= S <= N, both finite. They
// need not be whole: trials that count in part, as impressions that some look at, are such.
type Trials struct{ S, N float64 }

// BetaMoments returns the Beta(a, b) law of the true rates behind units by moments: the variance
// of rates beyond what chance explains, units weighing by their trials (Kleinman, JASA 68,
// 1973). All units need trials. ErrUndefined below two units and where the rates vary no more
// than chance has it.
func BetaMoments(units []Trials) (a, b float64, err error) {
	k := float64(len(units))
	var n, s, n2 float64
	for _, u := range units {
		n, s, n2 = n+u.N, s+u.S, n2+u.N*u.N
	}
	if len(units) < 2 || s == 0 || s == n {
		return 0, 0, fmt.Errorf("%d units with %v successes in %v trials: %w", len(units), s, n, check.ErrUndefined)
	}
	p := s / n
	var spread float64
	for _, u := range units {
		d := u.S/u.N - p
		spread += u.N * d * d
	}
	free := n - n2/n - (k - 1) // below 0 where trials count in part and most units have less than one
	variance := (spread - (k-1)*p*(1-p)) / free
	if !(free > 0 && variance > 0) {
		return 0, 0, fmt.Errorf("rates vary no more than chance has it (variance %v): %w", variance, check.ErrUndefined)
	}
	m := p*(1-p)/variance - 1
	if !(m > 0) || math.IsInf(m, 1) {
		return 0, 0, fmt.Errorf("no Beta distribution varies as much (variance %v at rate %v): %w", variance, p, check.ErrUndefined)
	}
	return p * m, (1 - p) * m, nil
}

// BetaBinomial returns the Beta(a, b) law of the true rates behind units by maximum likelihood,
// Newton's method in ln a and ln b from the moments, and the number of steps. All units need
// trials. ErrUndefined as for BetaMoments, ErrDiverged if 200 steps do not suffice.
func BetaBinomial(units []Trials) (a, b float64, steps int, err error) {
	if a, b, err = BetaMoments(units); err != nil {
		var n, s float64
		for _, u := range units {
			n, s = n+u.N, s+u.S
		}
		if len(units) < 2 || s == 0 || s == n {
			return 0, 0, 0, err
		}
		a, b = 10*s/n, 10*(1-s/n)
	}
	x, y := math.Log(a), math.Log(b)
	at := func(x, y float64) float64 { return BetaBinomialLogLik(units, math.Exp(x), math.Exp(y)) }
	best := at(x, y)
	for iter := 1; iter <= 200; iter++ {
		a, b := math.Exp(x), math.Exp(y)
		if a+b > 1e8 {
			return 0, 0, 0, fmt.Errorf("rates vary no more than chance has it: %w", check.ErrUndefined)
		}
		ga, gb, haa, hab, hbb := betaBinomialSlope(units, a, b)
		// In ln a and ln b.
		gx, gy := a*ga, b*gb
		hxx, hxy, hyy := a*a*haa+gx, a*b*hab, b*b*hbb+gy
		dx, dy := gx, gy // uphill, should the surface not be concave here
		if det := hxx*hyy - hxy*hxy; hxx < 0 && det > 0 {
			dx, dy = -(hyy*gx-hxy*gy)/det, -(hxx*gy-hxy*gx)/det
		} else {
			l := math.Hypot(gx, gy)
			dx, dy = gx/l, gy/l
		}
		if l := math.Hypot(dx, dy); l > 2 {
			dx, dy = 2*dx/l, 2*dy/l
		}
		if math.Hypot(dx, dy) < 1e-10 {
			return a, b, iter, nil
		}
		step := 1.0
		next := at(x+dx, y+dy)
		for !(next >= best-1e-12*math.Abs(best)) && step > 1e-8 {
			step /= 2
			next = at(x+step*dx, y+step*dy)
		}
		x, y, best = x+step*dx, y+step*dy, next
	}
	return 0, 0, 0, fmt.Errorf("no maximum in 200 steps: %w", check.ErrDiverged)
}

// BetaBinomialLogLik is Σ ln B(s+a, n−s+b) − ln B(a, b).
func BetaBinomialLogLik(units []Trials, a, b float64) float64 {
	base := LogBeta(a, b)
	var sum float64
	for _, u := range units {
		sum += LogBeta(u.S+a, u.N-u.S+b) - base
	}
	return sum
}

// betaBinomialSlope returns the first and second derivatives of BetaBinomialLogLik in a and b.
func betaBinomialSlope(units []Trials, a, b float64) (ga, gb, haa, hab, hbb float64) {
	trigamma := func(x float64) float64 { return mathext.Zeta(2, x) }
	pa, pb, pab := mathext.Digamma(a), mathext.Digamma(b), mathext.Digamma(a+b)
	ta, tb, tab := trigamma(a), trigamma(b), trigamma(a+b)
	for _, u := range units {
		s, f, n := u.S, u.N-u.S, u.N
		all, curve := pab-mathext.Digamma(n+a+b), tab-trigamma(n+a+b)
		ga += mathext.Digamma(s+a) - pa + all
		gb += mathext.Digamma(f+b) - pb + all
		haa += trigamma(s+a) - ta + curve
		hbb += trigamma(f+b) - tb + curve
		hab += curve
	}
	return ga, gb, haa, hab, hbb
}

// BetaWithin returns how many trials the mean rate of a group is worth for its members, rates
// being Beta(m·mean, m·(1−mean)) with one m for all groups and a mean of each group that nobody knows, by the moments of BetaMoments
// within groups: units[ends[g-1]:ends[g]] are group g, all with trials. +Inf where members vary no
// more than chance has it, NaN where no group has two members and rates other than 0 and 1.
func BetaWithin(units []Trials, ends []int) float64 {
	var over, most float64
	from := 0
	for _, end := range ends {
		group := units[from:end]
		from = end
		var n, s, n2 float64
		for _, u := range group {
			n, s, n2 = n+u.N, s+u.S, n2+u.N*u.N
		}
		p, free := s/n, float64(len(group)-1)
		for _, u := range group {
			d := u.S/u.N - p
			over += u.N * d * d
		}
		over -= free * p * (1 - p)
		most += p * (1 - p) * (n - n2/n - free)
	}
	switch {
	case !(most > 0):
		return math.NaN()
	case !(over > 0):
		return math.Inf(1)
	}
	return max(most/over-1, 0)
}
