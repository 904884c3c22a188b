package tree

import (
	"fmt"
	"math"
	"slices"
)

// LinkKind says how the margins of a row become its predictions.
type LinkKind uint8

// The links.
const (
	LinkIdentity LinkKind = iota // the margin itself
	LinkLogit                    // 1/(1+e^(−margin)), a probability
	LinkLog                      // e^margin, a positive mean
	LinkSoftmax                  // e^margin over their sum, a probability for each output
	LinkStep                     // 1 for a margin above 0, 0 otherwise
	LinkSquare                   // the margin squared, with its sign
	LinkSoftplus                 // log(1+e^margin)
	LinkSort                     // the margins in ascending order: quantiles that do not cross
	links                        // how many there are
)

// String returns the name of the link.
func (l LinkKind) String() string {
	if l < links {
		return [...]string{"identity", "logit", "log", "softmax", "step", "square", "softplus", "sort"}[l]
	}
	return fmt.Sprintf("LinkKind(%d)", uint8(l))
}

// through puts the margins of a row through the link.
func (e *Ensemble) through(m []float64) {
	switch e.link {
	case LinkSoftmax:
		e.softmax(m)
		return
	case LinkSort:
		slices.Sort(m)
		return
	}
	for k, x := range m {
		switch e.link {
		case LinkLogit:
			m[k] = e.logit(x)
		case LinkLog:
			m[k] = e.exp(x)
		case LinkStep:
			m[k] = 0
			if x > 0 {
				m[k] = 1
			}
		case LinkSquare:
			m[k] = x * math.Abs(x)
		case LinkSoftplus:
			m[k] = math.Log1p(exp(x))
		}
	}
}

// exp is e^x, rounded to float32 where margins are.
func (e *Ensemble) exp(x float64) float64 {
	if e.single {
		return float64(float32(exp(x)))
	}
	return exp(x)
}

// mostSingle is where XGBoost cuts −margin, so that e^x is a float32.
const mostSingle = float64(float32(88.7))

// logit rounds each step to float32 where margins are, as XGBoost does, so that the result is
// the same to the last place or the one beside it.
func (e *Ensemble) logit(x float64) float64 {
	if e.single {
		return float64(1 / (float32(exp(min(float64(float32(-e.slope*x)), mostSingle))) + 1))
	}
	return 1 / (1 + exp(-e.slope*x))
}

// softmax is e^margin over their sum. Of float32 margins the sum alone is a float64.
func (e *Ensemble) softmax(m []float64) {
	top, sum := slices.Max(m), 0.0
	for k, x := range m {
		d := x - top
		if e.single {
			d = float64(float32(d))
		}
		m[k] = e.exp(d)
		sum += m[k]
	}
	for k := range m {
		if e.single {
			m[k] = float64(float32(m[k]) / float32(sum))
			continue
		}
		m[k] /= sum
	}
}

// exp is e^x to .52 units in the last place, where math.Exp may be off by one: the
// probabilities of other tools, whose C library has the like, come out the same or beside
// them. x = k·ln 2 + r + c with |r| < .35; of the series 1 + r + r²/2 are summed with their
// rounding errors, and the rest is too small for its own to count.
func exp(x float64) float64 {
	const ln2High, ln2Low = 6.93147180369123816490e-01, 1.90821492927058770002e-10
	if !(math.Abs(x) < 700) {
		return math.Exp(x)
	}
	k := math.Floor(x*math.Log2E + .5)
	high, low := x-k*ln2High, k*ln2Low
	r := high - low
	c := high - r - low
	rest := 1.0 / (2 * 3 * 4 * 5 * 6 * 7 * 8 * 9 * 10 * 11 * 12 * 13 * 14 * 15)
	for _, t := range expTerms {
		rest = rest*r + t
	}
	square := r * r
	s := 1 + r
	lost := r - (s - 1)
	sum := s + square/2
	lost += square/2 - (sum - s)
	lost += square*r*rest + math.FMA(r, r, -square)/2 + c*s
	return (sum + lost) * math.Float64frombits(uint64(1023+int64(k))<<52)
}

// expTerms are 1/14! … 1/3!.
var expTerms = [...]float64{
	1.0 / 87178291200, 1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880,
	1.0 / 40320, 1.0 / 5040, 1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6,
}
