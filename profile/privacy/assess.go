package privacy

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/aislekit/aisle/internal/check"
)

// Assessment says how private a table is that is to be given away.
type Assessment struct {
	Rows    int // that were looked at
	Classes int // groups of rows that are equal in all quasi-identifiers
	K       int // size of the smallest: k-anonymity
	// Distinct is the least number of sensitive values in a class: distinct l-diversity.
	Distinct int
	// Entropy is the least exp(entropy) of the sensitive values in a class: the table has
	// entropy l-diversity for every l up to it.
	Entropy float64
	// Closeness is the largest distance of a class from the whole table: half the sum of
	// absolute differences of shares (every two values are equally far).
	Closeness float64
	// Ordered is the same with values in order, far by the difference of their ranks over
	// the number of values less one; NaN unless all values are decimal numbers.
	Ordered float64
	// Discernibility is the sum of squares of the sizes, AverageClass their mean.
	Discernibility, AverageClass float64
}

// Assess looks at a table of quasi-identifiers, row by row, and one sensitive value a row.
// Leave out suppressed rows. No rows are ErrEmpty, ragged ones or another number of
// sensitive values ErrShape. t-closeness after Li, Li and Venkatasubramanian (2007), l-diversity
// after Machanavajjhala and others (2007). O(rows + classes·values).
func Assess(quasi [][]string, sensitive []string) (Assessment, error) {
	const where = "privacy: Assess"
	if len(quasi) == 0 {
		return Assessment{}, fmt.Errorf("%s: quasi: %w", where, ErrEmpty)
	}
	if err := check.Len("sensitive", len(sensitive), len(quasi)); err != nil {
		return Assessment{}, fmt.Errorf("%s: %w", where, err)
	}
	class, n := map[string]int{}, 0
	var counts []map[string]int
	all := map[string]int{}
	var key []byte
	for i, row := range quasi {
		if err := check.Len(fmt.Sprintf("row %d", i), len(row), len(quasi[0])); err != nil {
			return Assessment{}, fmt.Errorf("%s: %w", where, err)
		}
		key = key[:0]
		for _, x := range row {
			key = strconv.AppendInt(key, int64(len(x)), 10)
			key = append(append(key, ':'), x...)
		}
		c, ok := class[string(key)]
		if !ok {
			c, n = n, n+1
			class[string(key)] = c
			counts = append(counts, map[string]int{})
		}
		counts[c][sensitive[i]]++
		all[sensitive[i]]++
	}
	values, ordered := inOrder(all)
	a := Assessment{Rows: len(quasi), Classes: n, AverageClass: float64(len(quasi)) / float64(n), Entropy: math.Inf(1)}
	for c, have := range counts {
		size := 0
		for _, m := range have {
			size += m
		}
		a.Discernibility += float64(size) * float64(size)
		if c == 0 || size < a.K {
			a.K = size
		}
		if c == 0 || len(have) < a.Distinct {
			a.Distinct = len(have)
		}
		entropy, far, walk, move := 0.0, 0.0, 0.0, 0.0
		for _, v := range values {
			p := float64(have[v]) / float64(size)
			if p > 0 {
				entropy -= p * math.Log(p)
			}
			diff := p - float64(all[v])/float64(len(quasi))
			far += math.Abs(diff) / 2
			walk += diff
			move += math.Abs(walk)
		}
		a.Entropy = min(a.Entropy, math.Exp(entropy))
		a.Closeness = max(a.Closeness, far)
		a.Ordered = max(a.Ordered, move/float64(max(1, len(values)-1)))
	}
	if !ordered {
		a.Ordered = math.NaN()
	}
	return a, nil
}

// inOrder returns the values ascending, as numbers where all are.
func inOrder(all map[string]int) (values []string, ordered bool) {
	number := make(map[string]float64, len(all))
	ordered = true
	for v := range all {
		x, err := strconv.ParseFloat(v, 64)
		ordered = ordered && err == nil && check.Finite(x) && check.Decimal(v)
		number[v] = x
		values = append(values, v)
	}
	slices.Sort(values)
	if ordered {
		slices.SortStableFunc(values, func(a, b string) int {
			switch x, y := number[a], number[b]; {
			case x < y:
				return -1
			case x > y:
				return 1
			}
			return 0
		})
	}
	return values, ordered
}
