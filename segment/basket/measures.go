package basket

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/infer"
)

// Measures are what is said of a rule A → C. With s(X) the share of baskets that hold all of
// X, and s(AC) that of both:
type Measures struct {
	Support    float64 // s(AC)
	Confidence float64 // s(AC)/s(A): the share of A's baskets that hold C
	Lift       float64 // confidence/s(C): 1 where A tells nothing of C
	Leverage   float64 // s(AC) − s(A)·s(C), in [−1/4, 1/4]
	Conviction float64 // (1 − s(C))/(1 − confidence), +Inf at a confidence of 1
	Zhang      float64 // leverage/max(s(AC)(1 − s(A)), s(A)(s(C) − s(AC))), in [−1, 1]; 0/0 is 0
	Jaccard    float64 // s(AC)/(s(A) + s(C) − s(AC))
	Certainty  float64 // (confidence − s(C))/(1 − s(C)); 0/0 is 0
	Kulczynski float64 // the mean of the confidences of A → C and C → A
	// P is the one-sided p-value of Fisher's exact test: how likely C is in so many of A's
	// baskets, or more, if A and C had nothing to do with each other.
	P float64
}

// MeasureRule returns the measures of a rule from counts: of all baskets, of those that hold the
// antecedent, the consequent, and both. ErrRange for counts that no baskets have and for an
// antecedent or consequent in no basket.
func MeasureRule(baskets, antecedent, consequent, both int64) (Measures, error) {
	if antecedent < 1 || consequent < 1 || antecedent > baskets || consequent > baskets || baskets > maxBaskets ||
		both < 0 || both > min(antecedent, consequent) || both < antecedent-(baskets-consequent) {
		return Measures{}, fmt.Errorf("basket: MeasureRule: %d baskets, %d and %d, both %d, cannot be: %w", baskets, antecedent, consequent, both, ErrRange)
	}
	return measure(baskets, antecedent, consequent, both), nil
}

// measure computes from whole numbers what can be, so that what is 0 or 1 is exactly so.
func measure(baskets, antecedent, consequent, both int64) Measures {
	n, a, c, k := float64(baskets), float64(antecedent), float64(consequent), float64(both)
	m := Measures{Support: k / n, Confidence: k / a, Jaccard: k / (a + c - k), Kulczynski: (k/a + k/c) / 2}
	m.Lift = k / a / (c / n)
	excess := math.FMA(k, n, -a*c) - math.FMA(a, c, -a*c) // k·n − a·c with one rounding
	m.Leverage = excess / n / n
	m.Conviction = math.Inf(1)
	if both < antecedent {
		m.Conviction = (n - c) / n / ((a - k) / a)
	}
	if most := max(k*(n-a), a*(c-k)); most > 0 {
		m.Zhang = excess / most
	}
	if consequent < baskets {
		m.Certainty = excess / (a * (n - c))
	}
	m.P = infer.FisherUpper(baskets, antecedent, consequent, both)
	return m
}
