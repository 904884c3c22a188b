package survive

// ProductLimit is the estimate of Kaplan and Meier: the share of cases that last
// longer than the times seen so far. Begin with all cases at risk and a share of 1,
// then call Step for each time, ascending.
type ProductLimit struct {
	AtRisk int64   // cases that have neither ended nor been lost so far
	Alive  float64 // estimated share that lasts longer
}

// NewProductLimit returns the estimate before the first time, of n cases.
func NewProductLimit(n int64) ProductLimit { return ProductLimit{n, 1} }

// Step goes past a time at which so many cases ended and so many were seen for the
// last time, still open: of the two, those that ended come first.
func (p *ProductLimit) Step(ended, open int64) {
	if ended > 0 {
		p.Alive *= 1 - float64(ended)/float64(p.AtRisk)
	}
	p.AtRisk -= ended + open
}
