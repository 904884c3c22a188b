package drift

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
)

var (
	_ Detector = (*CUSUM)(nil)
	_ Detector = (*EWMA)(nil)
	_ Detector = (*PageHinkley)(nil)
)

// Detector watches a series for a lasting change, one value per window in order
// of time. Values are usually standardised: StandardizeRatios for KPIs. Add
// reports an alarm; after it, Reset starts afresh. Detectors depend on order and
// do not merge; they are not safe for concurrent use.
type Detector interface {
	Add(x float64) (alarm bool, err error) // ErrNotFinite leaves the state unchanged
	Reset()                                // starts afresh
}

// CUSUM adds up deviations from the target beyond a slack in either direction
// (Page 1954), quick at small lasting shifts. The zero value watches a
// standardised series with the usual Slack 0.5 and Limit 5, which is best against
// shifts of one standard deviation and gives a false alarm every 465 windows.
type CUSUM struct {
	Target float64 // expected value
	Slack  float64 // k, half the shift to detect; default 0.5
	Limit  float64 // h; default 5
	up     float64
	down   float64
}

// Add adds the next value.
func (c *CUSUM) Add(x float64) (bool, error) {
	if err := check.Receiver("drift: CUSUM.Add", c); err != nil {
		return false, err
	}
	if !check.Finite(x) || !check.Finite(x-c.Target) {
		return false, fmt.Errorf("drift: CUSUM.Add: value is %v: %w", x, ErrNotFinite)
	}
	k := check.Default(c.Slack, 0.5)
	c.up = min(max(0, c.up+(x-c.Target-k)), math.MaxFloat64)
	c.down = min(max(0, c.down+(c.Target-x-k)), math.MaxFloat64)
	return max(c.up, c.down) > check.Default(c.Limit, 5), nil
}

// Sums returns the sums of deviations upwards and downwards.
func (c *CUSUM) Sums() (up, down float64) {
	if c == nil {
		return 0, 0
	}
	return c.up, c.down
}

// Reset forgets the series.
func (c *CUSUM) Reset() {
	if c == nil {
		return
	}
	c.up, c.down = 0, 0
}

// EWMA compares an exponentially weighted mean with its own control limits
// (Roberts 1959), exact from the first value on. The zero value watches a
// standardised series with Lambda 0.1 and Width 2.814: a false alarm every 500
// windows (Lucas and Saccucci 1990).
type EWMA struct {
	Target float64 // expected value
	Sigma  float64 // standard deviation of a value; default 1
	Lambda float64 // weight of the newest value, in (0, 1]; default 0.1
	Width  float64 // limits in standard errors; default 2.814
	z      float64 // weighted mean less Target
	left   float64 // (1−Lambda)^(2n), 0 before the first value means 1
	n      int64
}

// Add adds the next value. ErrOption for a Lambda outside (0, 1] or a negative
// Sigma.
func (e *EWMA) Add(x float64) (bool, error) {
	if err := check.Receiver("drift: EWMA.Add", e); err != nil {
		return false, err
	}
	sigma, lambda := check.Default(e.Sigma, 1), check.Default(e.Lambda, 0.1)
	if !(lambda > 0 && lambda <= 1) || !(sigma > 0) {
		return false, fmt.Errorf("drift: EWMA.Add: Lambda %v, Sigma %v, want in (0, 1] and > 0: %w", lambda, sigma, ErrOption)
	}
	if !check.Finite(x) || !check.Finite(x-e.Target) {
		return false, fmt.Errorf("drift: EWMA.Add: value is %v: %w", x, ErrNotFinite)
	}
	if e.n == 0 {
		e.left = 1
	}
	e.n++
	e.z = (1-lambda)*e.z + lambda*(x-e.Target)
	e.left *= (1 - lambda) * (1 - lambda)
	se := sigma * math.Sqrt(lambda/(2-lambda)*(1-e.left))
	return math.Abs(e.z) > check.Default(e.Width, 2.814)*se, nil
}

// Mean returns the weighted mean, Target before the first value.
func (e *EWMA) Mean() float64 {
	if e == nil {
		return 0
	}
	return e.Target + e.z
}

// Reset forgets the series.
func (e *EWMA) Reset() {
	if e == nil {
		return
	}
	e.z, e.left, e.n = 0, 0, 0
}

// PageHinkley watches for a change of the mean without a target: values are
// compared with the mean of the series so far (Page 1954; Hinkley 1971), in both
// directions. The zero value watches a series of standard deviation 1.
type PageHinkley struct {
	Slack     float64 // deviation that does not matter; default 0.25
	Limit     float64 // default 20
	Warmup    int32   // values before the first alarm; default 30
	n         int64
	mean      float64
	up, upMin float64
	down      float64
	downMin   float64
}

// Add adds the next value.
func (p *PageHinkley) Add(x float64) (bool, error) {
	if err := check.Receiver("drift: PageHinkley.Add", p); err != nil {
		return false, err
	}
	d := x - p.mean
	if !check.Finite(x) || !check.Finite(d) {
		return false, fmt.Errorf("drift: PageHinkley.Add: value is %v: %w", x, ErrNotFinite)
	}
	tol := check.Default(p.Slack, 0.25)
	p.n++
	p.mean += d / float64(p.n) // no moments.Welford, whose squares overflow before the mean does
	up, down := p.up+(x-p.mean-tol), p.down+(p.mean-x-tol)
	p.up, p.down = clampFinite(up), clampFinite(down)
	p.upMin, p.downMin = min(p.upMin, p.up), min(p.downMin, p.down)
	return p.n > int64(check.Default(p.Warmup, 30)) && max(p.up-p.upMin, p.down-p.downMin) > check.Default(p.Limit, 20), nil
}

func clampFinite(x float64) float64 { return min(max(x, -math.MaxFloat64/4), math.MaxFloat64/4) }

// Mean returns the mean of the series, 0 before the first value.
func (p *PageHinkley) Mean() float64 {
	if p == nil {
		return 0
	}
	return p.mean
}

// Reset forgets the series.
func (p *PageHinkley) Reset() {
	if p == nil {
		return
	}
	*p = PageHinkley{Slack: p.Slack, Limit: p.Limit, Warmup: p.Warmup}
}
