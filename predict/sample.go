package predict

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/solve"
)

// rowBlock is the number of rows of one unit of parallel work. Results depend
// on it, so it is fixed.
const rowBlock = 1024

// limit is the largest magnitude of an input: squares and sums of it stay
// finite.
const limit = 1e150

func solveFactor(u []float64, n int, b []float64) { solve.SolveCholesky64(u, n, b) }

// canonical returns the rows 0 … n-1 that keep reports, in an order that
// depends on their content only: by hash, equal hashes by compare. Rows that
// compare equal are interchangeable. The order looks random, so that a prefix
// of it is a random sample.
//
// It costs one pass over the data and O(n) on top.
func canonical(ctx context.Context, n int, keep func(i int) bool, hash func(i int) uint64, compare func(i, j int) int) ([]int32, error) {
	keys := make([]uint64, n)
	err := parallel.For(ctx, n, rowBlock, 0, func(_, lo, hi int) error {
		for i := lo; i < hi; i++ {
			keys[i] = hash(i)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	// Counting sort by the leading bits leaves buckets of a few rows each.
	shift := 64 - bits.Len(uint(n))
	start := make([]int32, (1<<(64-shift))+1)
	kept := 0
	for i, k := range keys {
		if keep(i) {
			start[k>>shift+1]++
			kept++
		}
	}
	for b := 1; b < len(start); b++ {
		start[b] += start[b-1]
	}
	order := make([]int32, kept)
	fill := slices.Clone(start)
	for i, k := range keys {
		if keep(i) {
			order[fill[k>>shift]] = int32(i)
			fill[k>>shift]++
		}
	}
	err = parallel.For(ctx, len(start)-1, 4096, 0, func(_, lo, hi int) error {
		for b := lo; b < hi; b++ {
			if bucket := order[start[b]:start[b+1]]; len(bucket) > 1 {
				slices.SortFunc(bucket, func(i, j int32) int {
					if c := cmp.Compare(keys[i], keys[j]); c != 0 {
						return c
					}
					return compare(int(i), int(j))
				})
			}
		}
		return nil
	})
	return order, err
}

// hashFloat folds x into h; 0 and -0 are the same.
func hashFloat(h uint64, x float64) uint64 {
	h = (h ^ math.Float64bits(x+0)) * 0x9e3779b97f4a7c15
	return h ^ h>>32
}

// sample is the part of training rows that is not features.
type sample struct {
	y      []bool
	weight []float64 // nil means 1 each
	offset []float64 // nil means 0 each
}

func (s sample) weightOf(i int) float64 {
	if s.weight == nil {
		return 1
	}
	return s.weight[i]
}

func (s sample) offsetOf(i int) float64 {
	if s.offset == nil {
		return 0
	}
	return s.offset[i] + 0
}

func (s sample) hash(i int) uint64 {
	h := uint64(1)
	if s.y[i] {
		h = 2
	}
	if s.weight != nil {
		h = hashFloat(h, s.weight[i])
	}
	if s.offset != nil {
		h = hashFloat(h, s.offset[i])
	}
	return h
}

func (s sample) compare(i, j int) int {
	if s.y[i] != s.y[j] {
		if s.y[j] {
			return -1
		}
		return 1
	}
	if c := cmp.Compare(s.weightOf(i), s.weightOf(j)); c != 0 {
		return c
	}
	return cmp.Compare(s.offsetOf(i), s.offsetOf(j))
}

// checkMatrix checks rows like check.Matrix, in parallel, and bounds them.
func checkMatrix(ctx context.Context, name string, rows [][]float64) (n, d int, err error) {
	n, d, _, err = scanRows(ctx, name, rows, false)
	return n, d, err
}

// scanMatrix is checkMatrix and, in the same pass, a hash of each row.
func scanMatrix(ctx context.Context, name string, rows [][]float64) (n, d int, keys []uint64, err error) {
	return scanRows(ctx, name, rows, true)
}

func scanRows(ctx context.Context, name string, rows [][]float64, hashes bool) (n, d int, keys []uint64, err error) {
	if len(rows) == 0 {
		return 0, 0, nil, fmt.Errorf("%s: %w", name, ErrEmpty)
	}
	d = len(rows[0])
	if d == 0 {
		return 0, 0, nil, fmt.Errorf("%s has no columns: %w", name, ErrEmpty)
	}
	if len(rows) > math.MaxInt32 {
		return 0, 0, nil, fmt.Errorf("%s has %d rows, want at most %d: %w", name, len(rows), math.MaxInt32, check.ErrTooLarge)
	}
	if hashes {
		keys = make([]uint64, len(rows))
	}
	err = parallel.For(ctx, len(rows), rowBlock, 0, func(_, lo, hi int) error {
		for i := lo; i < hi; i++ {
			row := rows[i]
			if len(row) != d {
				return fmt.Errorf("%s[%d] has %d columns, want %d: %w", name, i, len(row), d, ErrShape)
			}
			for j, v := range row {
				if !(math.Abs(v) <= limit) {
					return fmt.Errorf("%s[%d][%d] is %v: %w", name, i, j, v, checkValue(v))
				}
			}
			if hashes {
				keys[i] = hashRow(0, row)
			}
		}
		return nil
	})
	return len(rows), d, keys, err
}

func checkValue(v float64) error {
	if math.Abs(v) <= limit {
		return nil
	}
	if !check.Finite(v) {
		return ErrNotFinite
	}
	return fmt.Errorf("magnitude above %g: %w", limit, ErrRange)
}

// hashRow hashes a dense row: four independent chains, because each step waits
// for the one before.
func hashRow(h uint64, row []float64) uint64 {
	a, b, c, d := h, h^1, h^2, h^3
	for ; len(row) >= 4; row = row[4:] {
		a, b, c, d = hashFloat(a, row[0]), hashFloat(b, row[1]), hashFloat(c, row[2]), hashFloat(d, row[3])
	}
	for _, v := range row {
		a = hashFloat(a, v)
	}
	return rng.Mix(rng.Mix(rng.Mix(rng.Mix(a)^b)^c) ^ d)
}

func compareRows(a, b []float64) int {
	for j, v := range a {
		if c := cmp.Compare(v+0, b[j]+0); c != 0 {
			return c
		}
	}
	return 0
}
