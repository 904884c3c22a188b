package survive

import "math"

// ProductLimit is the estimate of Kaplan and Meier: the share of cases that last
// longer than the times seen so far, with that of Nelson and Aalen of the cumulative hazard. Begin
// with all cases at risk and a share of 1, then call Step for each time, ascending.
type ProductLimit struct {
	AtRisk int64   // cases that have neither ended nor been lost so far
	Alive  float64 // estimated share that lasts longer
	// Greenwood is Σ d/(n(n−d)), the variance of ln Alive by Greenwood's formula; +Inf where all ended.
	Greenwood float64
	Hazard    float64 // Σ d/n, the cumulative hazard of Nelson and Aalen
	HazardVar float64 // its variance, Σ d(n−d)/n³
}

// NewProductLimit returns the estimate before the first time, of n cases.
func NewProductLimit(n int64) ProductLimit { return ProductLimit{AtRisk: n, Alive: 1} }

// Step goes past a time at which so many cases ended and so many were seen for the
// last time, still open: of the two, those that ended come first.
func (p *ProductLimit) Step(ended, open int64) {
	if ended > 0 {
		n, d := float64(p.AtRisk), float64(ended)
		p.Alive *= 1 - d/n
		p.Greenwood += d / n / (n - d)
		p.Hazard += d / n
		p.HazardVar += d / n * ((n - d) / n) / n
	}
	p.AtRisk -= ended + open
}

// Band returns the interval of Alive with z normal standard errors on the scale of ln(−ln Alive),
// which stays within [0, 1]: the "exponential Greenwood" one. NaN where Alive is 0, the point
// itself where it is 1.
func (p *ProductLimit) Band(z float64) (low, high float64) {
	if p.Alive == 1 {
		return 1, 1
	}
	l := math.Log(p.Alive)
	w := z * math.Sqrt(p.Greenwood) / l // negative
	return math.Exp(l * math.Exp(-w)), math.Exp(l * math.Exp(w))
}
