// Package drift holds the arithmetic by which counts are compared with those of a reference: the population stability
// index, the Jensen–Shannon distance and the statistic of Kolmogorov and Smirnov. Packages metrics/drift and profile/clean share
// it, so that a dashboard and a quality report never disagree.
//
// Dependencies: check for errors, infer for the quantile of chi-squared.
package drift

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
)

const (
	Floor = 1e-4 // stands in for the share of an empty bin in PSI
	Watch = 0.1  // rule of thumb: a PSI below is too small to matter
)

// Comparison says how far the counts of a window lie from those of the reference.
type Comparison struct {
	PSI           float64 // Σ(a−e)·ln(a/e), shares of 0 floored
	Threshold     float64 // PSI that chance alone exceeds with probability level (Yurdakul 2018)
	JS            float64 // distance, in [0, 1]
	KS            float64 // largest distance of the cumulative shares
	PKS           float64 // its p-value
	NReference, N int64   // counts
	EmptyBin      bool    // a bin of the reference is empty and one of the window is not
	Alarm         bool    // PSI is above Watch and above Threshold, and the counts differ by more than chance at level
}

// Compare compares counts over the same bins. ErrShape, ErrRange for negative counts, ErrOverflow, ErrUndefined without
// counts or with one bin; texts say no more than what is wrong, callers say where.
func Compare(reference, window []int64, level float64) (Comparison, error) {
	var d Comparison
	if err := check.Len("window", len(window), len(reference)); err != nil {
		return d, err
	}
	var err error
	for i := range window {
		if reference[i] < 0 || window[i] < 0 {
			return Comparison{}, fmt.Errorf("bin %d: counts %d and %d, want >= 0: %w", i, reference[i], window[i], check.ErrRange)
		}
		if d.NReference, err = check.AddInt64(d.NReference, reference[i]); err == nil {
			d.N, err = check.AddInt64(d.N, window[i])
		}
		if err != nil {
			return Comparison{}, err
		}
	}
	if d.NReference == 0 || d.N == 0 || len(window) < 2 {
		return Comparison{}, fmt.Errorf("%d reference values and %d of the window in %d bins: %w", d.NReference, d.N, len(window), check.ErrUndefined)
	}
	m, n := float64(d.NReference), float64(d.N)
	var cum, js, x2 float64
	bins := 0
	for i := range window {
		e, a := float64(reference[i])/m, float64(window[i])/n
		cum += a - e
		d.KS = max(d.KS, math.Abs(cum))
		mid := (a + e) / 2
		if a > 0 {
			js += a / 2 * math.Log2(a/mid)
		}
		if e > 0 {
			js += e / 2 * math.Log2(e/mid)
		}
		if a == 0 && e == 0 {
			continue
		}
		bins++
		// Pearson's statistic of the two rows of counts (Press et al., Numerical Recipes, eq. 14.3.3).
		x := math.Sqrt(m/n)*float64(window[i]) - math.Sqrt(n/m)*float64(reference[i])
		x2 += x * x / (float64(reference[i]) + float64(window[i]))
		d.EmptyBin = d.EmptyBin || e == 0
		a, e = max(a, Floor), max(e, Floor)
		d.PSI += (a - e) * math.Log(a/e)
	}
	d.JS = math.Sqrt(min(max(js, 0), 1))
	d.PKS = KolmogorovUpper(d.KS * math.Sqrt(m*n/(m+n)))
	d.Threshold = infer.ChiSquaredQuantile(1-level, float64(len(window)-1)) * (1/m + 1/n)
	// An empty bin of a small window counts as Floor, which its PSI exceeds Threshold by more
	// often than level says; the statistic of the counts knows no floor.
	chance := x2 <= infer.ChiSquaredQuantile(1-level, float64(max(bins-1, 1)))
	d.Alarm = d.PSI > Watch && d.PSI > d.Threshold && !chance
	return d, nil
}

// Edges returns the inner edges of at most bins bins that hold equally many of the sorted values: bin i holds what is above edge i−1 up to
// edge i. None where the values are all one.
func Edges(sorted []float64, bins int) []float64 {
	var edges []float64
	n := len(sorted)
	if n == 0 {
		return nil
	}
	high := sorted[n-1]
	for i := 1; i < bins; i++ {
		// The smallest value with at least i/bins of the sample at or below it.
		e := sorted[(i*n+bins-1)/bins-1]
		if e < high && (len(edges) == 0 || e > edges[len(edges)-1]) {
			edges = append(edges, e)
		}
	}
	if len(edges) == 0 && sorted[0] < high {
		// Nearly all values are the largest: set it apart.
		for i := n - 1; ; i-- {
			if sorted[i] < high {
				return []float64{sorted[i]}
			}
		}
	}
	return edges
}

// KS returns the largest distance of the distribution functions of two sorted samples that are not empty, ties included.
func KS(x, y []float64) (distance, pValue float64) {
	m, n := float64(len(x)), float64(len(y))
	i, j := 0, 0
	for i < len(x) && j < len(y) {
		v := min(x[i], y[j])
		for i < len(x) && x[i] == v {
			i++
		}
		for j < len(y) && y[j] == v {
			j++
		}
		distance = max(distance, math.Abs(float64(i)/m-float64(j)/n))
	}
	return distance, KolmogorovUpper(distance * math.Sqrt(m*n/(m+n)))
}

// KolmogorovUpper returns P(K > x) of the Kolmogorov distribution, by the series
// that converges fast on either side.
func KolmogorovUpper(x float64) float64 {
	if x < 1e-3 {
		return 1
	}
	if x < 1 {
		var s float64
		for k := 1.0; k < 200; k += 2 {
			s += math.Exp(-k * k * math.Pi * math.Pi / (8 * x * x))
		}
		return min(max(1-math.Sqrt(2*math.Pi)/x*s, 0), 1)
	}
	var s float64
	for k := 1.0; k < 200; k++ {
		t := math.Exp(-2 * k * k * x * x)
		if t == 0 {
			break
		}
		if int(k)%2 == 1 {
			s += t
		} else {
			s -= t
		}
	}
	return min(max(2*s, 0), 1)
}
