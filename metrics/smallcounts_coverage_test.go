package metrics_test

import (
	"fmt"
	"math"
	"os"
	"testing"

	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
)

// expected are the conversions that the arms are to have on average.
var expected = []float64{.25, .5, .75, 1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9, 10}

// between lies between these: the limits of the default were chosen on expected.
var between = []float64{.35, .6, .9, 1.2, 1.7, 2.6, 3.5, 4.4, 5.7, 6.6, 7.4, 8.3, 9.5, 9.9}

// rateDesign is an experiment of two arms; conversions in the treatment are more times those in
// expected.
type rateDesign struct {
	n, m, more int64
	grid       []float64 // expected, or another
}

// smallRow is what an inference does in a design on a scale.
type smallRow struct {
	least, mean float64 // coverage
	length      float64 // mean over the cells of the mean, in standard units of the cell
	at          [2]float64
}

// binomials returns the probabilities of 0, 1, … successes in n trials at the rate p,
// up to where what is left does not matter.
func binomials(n int64, p float64) []float64 {
	var out []float64
	sum := 0.0
	for x := int64(0); x <= n && (sum < 1-1e-12 || float64(x) < float64(n)*p); x++ {
		below := 0.0
		if x < n {
			below = 1 - infer.BetaCDF(float64(x)+1, float64(n-x), p) // P(X <= x)
		} else {
			below = 1
		}
		out = append(out, max(below-sum, 0))
		sum = below
	}
	return out
}

// coverSmall enumerates every outcome of a design that can be expected to occur, and adds up how
// often the interval contains the truth, over all pairs of expected conversions. An outcome
// without an effect (no conversion in control on a ratio) makes no statement and counts as
// covering.
func coverSmall(t testing.TB, d rateDesign, scale metrics.Scale, how metrics.Inference) smallRow {
	size := func(n, more int64) int {
		return len(binomials(n, d.grid[len(d.grid)-1]*float64(more)/float64(n)))
	}
	rows, cols := size(d.n, 1), size(d.m, d.more)
	table := make([]metrics.Interval, rows*cols)
	for x := range rows {
		for y := range cols {
			e, err := metrics.CompareProportions(proportion(int64(x), d.n), proportion(int64(y), d.m), metrics.CompareOptions{Scale: scale, Inference: how})
			table[x*cols+y] = metrics.Interval{Low: e.Low, High: e.High}
			if err != nil {
				table[x*cols+y] = metrics.Interval{Low: math.Inf(-1), High: math.Inf(1)}
			}
		}
	}
	r := smallRow{least: 1}
	cells := 0.0
	for _, a := range d.grid {
		p := a / float64(d.n)
		px := binomials(d.n, p)
		for _, b := range d.grid {
			q := b * float64(d.more) / float64(d.m)
			truth := map[metrics.Scale]float64{
				metrics.ScaleAbsolute: q - p, metrics.ScaleRelative: q/p - 1, metrics.ScaleRatio: q / p, metrics.ScaleOdds: q / (1 - q) * (1 - p) / p,
			}[scale]
			cover, length, known := 0.0, 0.0, 0.0
			for y, w := range binomials(d.m, q) {
				for x, v := range px {
					iv := table[x*cols+y]
					if iv.Low <= truth && truth <= iv.High {
						cover += v * w
					}
					l := iv.High - iv.Low
					if scale != metrics.ScaleAbsolute {
						one := 0.0
						if scale == metrics.ScaleRelative {
							one = 1
						}
						l = math.Log((iv.High + one) / (iv.Low + one))
					}
					if x > 0 && y > 0 {
						length += v * w * l
						known += v * w
					}
				}
			}
			if scale == metrics.ScaleAbsolute { // in expected conversions of the control
				length *= float64(d.n)
			}
			if cover < r.least {
				r.least, r.at = cover, [2]float64{a, b * float64(d.more)}
			}
			r.mean += cover
			r.length += length / known
			cells++
		}
	}
	r.mean, r.length = r.mean/cells, r.length/cells
	return r
}

// TestSmallCountsCover holds the default below ten conversions to 94.5 % in every cell, on
// every scale, by enumeration: there is no sampling error. The tables of docs/coverage.md are
//
//	AISLE_LONG=1 go test -run SmallCountsCover ./metrics -v
func TestSmallCountsCover(t *testing.T) {
	designs := []rateDesign{{100, 100, 1, expected}, {100, 900, 1, expected}, {10_000, 90_000, 9, expected}, {300, 900, 3, between}}
	hows := []metrics.Inference{metrics.InferByCount}
	if testkit.Race { // one goroutine
		designs = designs[:1]
	}
	if os.Getenv("AISLE_LONG") != "" {
		designs = []rateDesign{
			{100, 100, 1, expected},
			{100, 900, 1, expected},
			{100, 900, 9, expected},
			{900, 100, 1, expected},
			{10_000, 10_000, 1, expected},
			{10_000, 90_000, 1, expected},
			{10_000, 90_000, 9, expected},
			{90_000, 10_000, 1, expected},
			{150, 150, 1, between},
			{300, 900, 3, between},
			{5000, 45_000, 9, between},
			{2000, 3000, 1, between},
		}
		hows = append(hows, metrics.InferExact, metrics.InferMidP, metrics.InferScore, metrics.InferWald)
	}
	names := []string{"default", "score", "exact", "mid-p", "Wald"}
	for _, d := range designs {
		for scale := range metrics.ScaleOdds + 1 {
			if scale == metrics.ScaleRelative && len(hows) > 1 {
				continue // that of the ratio, less 1
			}
			line := ""
			for _, how := range hows {
				r := coverSmall(t, d, scale, how)
				line += fmt.Sprintf(" | %s %.2f (at %g and %g) %.2f %.3f", names[how], 100*r.least, r.at[0], r.at[1], 100*r.mean, r.length)
				if how == metrics.InferByCount && r.least < .945 || how == metrics.InferExact && r.least < .95-1e-9 {
					t.Errorf("%v %v %s: %.2f %% at %v", d, scale, names[how], 100*r.least, r.at)
				}
			}
			t.Logf("%d and %d, ×%d from %g, %v%s", d.n, d.m, d.more, d.grid[0], scale, line)
		}
	}
}
