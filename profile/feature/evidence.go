package feature

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/infer"
)

// Evidence returns the weight of evidence of each bin, ln((good_b/Σgood) / (bad_b/Σbad)),
// and the information value Σ (good_b/Σgood − bad_b/Σbad)·WOE_b. A bin that lacks one of
// the two counts half a row more of both; one that lacks both has 0. Below .02 an
// information value is useless, to .1 weak, to .3 medium, to .5 strong, beyond it too good
// to be believed. Lists of different lengths are ErrShape, none ErrEmpty, a negative count
// ErrRange, no good or no bad at all ErrUndefined. Siddiqi (2006), Credit Risk Scorecards.
func Evidence(good, bad []int64) (woe []float64, value float64, err error) {
	const where = "feature: Evidence"
	if len(good) == 0 && len(bad) == 0 {
		return nil, 0, fmt.Errorf("%s: no bins: %w", where, ErrEmpty)
	}
	if len(good) != len(bad) {
		return nil, 0, fmt.Errorf("%s: %d counts of good and %d of bad: %w", where, len(good), len(bad), ErrShape)
	}
	var goods, bads float64
	for b := range good {
		if good[b] < 0 || bad[b] < 0 {
			return nil, 0, fmt.Errorf("%s: bin %d has a negative count: %w", where, b, ErrRange)
		}
		goods += float64(good[b])
		bads += float64(bad[b])
	}
	if goods == 0 || bads == 0 {
		return nil, 0, fmt.Errorf("%s: rows of one class only: %w", where, ErrUndefined)
	}
	woe = make([]float64, len(good))
	for b := range good {
		w, v := evidence(float64(good[b]), float64(bad[b]), goods, bads)
		woe[b], value = w, value+v
	}
	return woe, value, nil
}

// evidence returns weight of evidence and information value of one bin.
func evidence(good, bad, goods, bads float64) (woe, value float64) {
	if good == 0 && bad == 0 {
		return 0, 0
	}
	if good == 0 || bad == 0 {
		good, bad = good+.5, bad+.5
	}
	woe = math.Log((good / goods) / (bad / bads))
	return woe, (good/goods - bad/bads) * woe
}

// AssociationResult says how much a category tells about a class.
type AssociationResult struct {
	Rows      int64   // of the table, counted
	Entropy   float64 // of the class, bits
	Gain      float64 // bits of it that the category saves: the mutual information
	GainRatio float64 // Gain over the entropy of the category, NaN where that is 0
	Gini      float64 // impurity of the class, 1 − Σp²
	GiniGain  float64 // what of it the category saves
	ChiSquare float64 // of independence
	Freedom   int     // its degrees
	P         float64 // its probability under independence; 1 without degrees of freedom
	Sparse    int     // cells that would be expected below 5: P is rough where there are many
}

// Association compares a category and a class by their table of counts: table[x][y] is
// how many rows have level x and class y. Levels and classes without rows are left out.
// An empty table is ErrEmpty, a ragged one ErrShape, a negative count ErrRange, one
// without rows ErrUndefined. Quinlan (1993), C4.5; Pearson (1900).
func Association(table [][]int64) (AssociationResult, error) {
	const where = "feature: Association"
	nan := AssociationResult{}
	if len(table) == 0 || len(table[0]) == 0 {
		return nan, fmt.Errorf("%s: no cells: %w", where, ErrEmpty)
	}
	levels, classes, n := make([]float64, len(table)), make([]float64, len(table[0])), 0.
	for x, row := range table {
		if len(row) != len(classes) {
			return nan, fmt.Errorf("%s: row %d has %d classes, want %d: %w", where, x, len(row), len(classes), ErrShape)
		}
		for y, k := range row {
			if k < 0 {
				return nan, fmt.Errorf("%s: level %d, class %d has a negative count: %w", where, x, y, ErrRange)
			}
			levels[x] += float64(k)
			classes[y] += float64(k)
			n += float64(k)
		}
	}
	if n == 0 {
		return nan, fmt.Errorf("%s: no rows: %w", where, ErrUndefined)
	}
	if n > 1<<53 {
		return nan, fmt.Errorf("%s: more than 2^53 rows: %w", where, ErrOverflow)
	}
	out := AssociationResult{Rows: int64(n), Entropy: entropy(classes, n), Gini: impurity(classes, n)}
	inside, giniInside := 0., 0.
	for x, row := range table {
		if levels[x] == 0 {
			continue
		}
		cells := make([]float64, len(row))
		for y, k := range row {
			cells[y] = float64(k)
			if expected := levels[x] / n * classes[y]; expected > 0 {
				out.ChiSquare += (cells[y] - expected) * ((cells[y] - expected) / expected)
				if expected < 5 {
					out.Sparse++
				}
			}
		}
		inside += levels[x] / n * entropy(cells, levels[x])
		giniInside += levels[x] / n * impurity(cells, levels[x])
	}
	out.Gain, out.GiniGain = max(0, out.Entropy-inside), max(0, out.Gini-giniInside)
	out.GainRatio = math.NaN()
	if split := entropy(levels, n); split > 0 {
		out.GainRatio = out.Gain / split
	}
	if out.Freedom, out.P = (filled(levels)-1)*(filled(classes)-1), 1; out.Freedom > 0 {
		out.P = infer.ChiSquaredUpper(out.ChiSquare, float64(out.Freedom))
	}
	return out, nil
}

// entropy is that of counts that sum to n, in bits.
func entropy(counts []float64, n float64) float64 {
	h := 0.
	for _, k := range counts {
		if k > 0 && k < n {
			h -= k / n * math.Log2(k/n)
		}
	}
	return h
}

// impurity is that of Gini of counts that sum to n.
func impurity(counts []float64, n float64) float64 {
	g := 1.
	for _, k := range counts {
		g -= k / n * (k / n)
	}
	return max(0, g)
}

// filled counts those that are not 0.
func filled(counts []float64) int {
	n := 0
	for _, k := range counts {
		if k > 0 {
			n++
		}
	}
	return n
}
