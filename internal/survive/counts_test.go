package survive_test

import (
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/survive"
	"github.com/aislekit/aisle/internal/testkit"
)

// Tails, expectations and sums against the law added up term by term.
func TestCounts(t *testing.T) {
	for k, shape := range []float64{.4, .9, 3, 40, math.Inf(1), .9, math.Inf(1)} {
		idle := 0.
		if k > 4 {
			idle = .6
		}
		for _, mean := range []float64{.05, .8, 6, 30} {
			c := survive.Counts{Shape: shape, Idle: idle}
			var p [6000]float64
			sum, first, second := 0.0, 0.0, 0.0
			for n := range p {
				p[n] = math.Exp(c.Log(float64(n), mean))
				sum += p[n]
				first += float64(n) * p[n]
				second += float64(n*n) * p[n]
			}
			testkit.Near(t, "sum", sum, 1, 1e-9)
			testkit.Near(t, "mean", first, mean, 1e-7*mean)
			busy := mean / (1 - idle)
			want := (1-idle)*(busy+busy*busy/shape+busy*busy) - mean*mean
			testkit.Near(t, "variance", second-first*first, want, 1e-5*want)
			for _, n := range []int{0, 1, 2, 7, 20} {
				least, beyond := 0.0, 0.0
				for i := n; i < len(p); i++ {
					least += p[i]
					beyond += float64(i) * p[i]
				}
				if least < 1e-12 {
					continue
				}
				testkit.Near(t, "least", c.Least(float64(n), mean), least, 1e-10+1e-7*least)
				testkit.Near(t, "beyond", c.Beyond(float64(n), mean), beyond/least, 1e-5*beyond/least)
			}
		}
	}
	if got := (survive.Counts{Shape: 2}).Beyond(5000, .001); got != 5000 {
		t.Errorf("far out: %v", got)
	}
}

// What one share of a period says of the other: the law of the rest given the first, added up over
// all rates of the gamma law behind them.
func TestCountsUnseen(t *testing.T) {
	whole, half := 8.0, 3.0
	for _, n := range []float64{0, 2, 9} {
		// P(n, m) of two shares is that of n in one, times that of m with the shape and rate that n leaves.
		got := survive.Counts{Shape: 1.5}.Unseen(n, half, whole-half)
		top, bottom := 0.0, 0.0
		for g := .0005; g < 30; g += .001 { // rate relative to its mean, gamma of shape 1.5
			density := math.Pow(g, .5) * math.Exp(-1.5*g)
			seen := math.Exp(n*math.Log(half*g) - half*g)
			bottom += density * seen
			top += density * seen * g * (whole - half)
		}
		testkit.Near(t, "unseen", got, top/bottom, 1e-3*got)
	}
	// Of 3 in the first share, twice that in a period that is not idle; e^-6 of those show none.
	idle := survive.Counts{Shape: math.Inf(1), Idle: .5}
	testkit.Near(t, "idle", idle.Unseen(0, 3, 5), 10*math.Exp(-6)/(1+math.Exp(-6)), 1e-12)
	testkit.Near(t, "not idle", idle.Unseen(2, 3, 5), 10, 1e-12)
	if got := (survive.Counts{Shape: math.Inf(1)}).Unseen(9, 3, 5); got != 5 {
		t.Errorf("Poisson: %v", got)
	}
}
