package segment

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/separation"
	"github.com/aislekit/aisle/internal/vec"
)

// maxAbs bounds coordinates, so that no squared distance overflows.
const maxAbs = 1e140

// points is a set of rows in one flat array. Rows of weight zero are left out,
// and the rest stand in canonical order (lexicographic by coordinates, then by
// weight), which is what makes a fit independent of the order of its input.
type points struct {
	n, d int
	x    []float64 // n×d
	w    []float64 // nil means 1 each
}

func (p *points) row(i int) []float64 { return p.x[i*p.d : (i+1)*p.d : (i+1)*p.d] }

func (p *points) weight(i int) float64 {
	if p.w == nil {
		return 1
	}
	return p.w[i]
}

// minRange is the least extent of rows in any column: below it the squares of their
// distances are no longer exact, and below 1e-162 all of them are 0.
const minRange = 1e-152

// checkRows is checkMatrix of rows that are to be told apart.
func checkRows(rows [][]float64) (n, d int, err error) {
	if n, d, err = checkMatrix("rows", rows); err != nil {
		return 0, 0, err
	}
	widest := 0.0
	for j := range d {
		lo, hi := rows[0][j], rows[0][j]
		for _, r := range rows {
			lo, hi = min(lo, r[j]), max(hi, r[j])
		}
		if widest = max(widest, hi-lo); widest >= minRange {
			return n, d, nil
		}
	}
	if widest > 0 {
		return 0, 0, fmt.Errorf("rows differ by less than %g in every column, whose squares float64 cannot hold: scale them first: %w", minRange, ErrRange)
	}
	return n, d, nil
}

// checkMatrix is check.Matrix plus the bound on magnitudes.
func checkMatrix(name string, rows [][]float64) (n, d int, err error) {
	n, d, err = check.Matrix(name, rows)
	if err != nil {
		return 0, 0, err
	}
	for i, r := range rows {
		if j, ok := within(r); !ok {
			return 0, 0, check.Private(fmt.Sprintf("%s column %d", name, j), int64(i), nil, r[j], fmt.Errorf("want at most %g in size: %w", maxAbs, ErrRange))
		}
	}
	return n, d, nil
}

// checkRow checks a single row against the number of columns.
func checkRow(row []float64, d int) error {
	if len(row) != d || d == 0 {
		return fmt.Errorf("row has %d columns, want %d: %w", len(row), d, ErrShape)
	}
	if j, ok := within(row); !ok {
		err := ErrRange
		if !check.Finite(row[j]) {
			err = ErrNotFinite
		}
		return check.Private(fmt.Sprintf("column %d", j), -1, nil, row[j], err)
	}
	return nil
}

// within returns the first coordinate that is NaN or beyond maxAbs.
func within(r []float64) (int, bool) {
	for j, x := range r {
		if !(math.Abs(x) <= maxAbs) {
			return j, false
		}
	}
	return 0, true
}

// newPoints validates rows and weights and copies them into canonical order.
func newPoints(rows [][]float64, weights []float64) (*points, error) {
	p, _, err := orderedPoints(rows, weights)
	return p, err
}

// orderedPoints is newPoints that also tells which row each point was; equal rows follow
// each other by index.
func orderedPoints(rows [][]float64, weights []float64) (*points, []lead, error) {
	n, d, err := checkRows(rows)
	if err != nil {
		return nil, nil, err
	}
	if err := check.Weights("Weights", weights, n); err != nil {
		return nil, nil, err
	}
	if n > math.MaxInt32 {
		return nil, nil, fmt.Errorf("rows: %d, want at most %d: %w", n, math.MaxInt32, check.ErrTooLarge)
	}
	keys := make([]lead, 0, n)
	for i, r := range rows {
		if weights == nil || weights[i] > 0 {
			keys = append(keys, leadOf(r[0], i))
		}
	}
	sortLeads(keys, func(i, j int32) int {
		if c := slices.Compare(rows[i], rows[j]); c != 0 || weights == nil {
			return cmp.Or(c, cmp.Compare(i, j))
		}
		return cmp.Or(cmp.Compare(weights[i], weights[j]), cmp.Compare(i, j))
	})
	p := &points{n: len(keys), d: d, x: make([]float64, len(keys)*d)}
	if weights != nil {
		p.w = make([]float64, len(keys))
	}
	for i, k := range keys {
		to := p.row(i)
		for j, x := range rows[k.row] {
			to[j] = x + 0 // -0 becomes +0: equal rows must be equal bytes
		}
		if weights != nil {
			p.w[i] = weights[k.row]
		}
	}
	return p, keys, nil
}

// lead is the leading coordinate of a row, as bits that sort like the number.
type lead struct {
	bits uint64
	row  int32
}

func leadOf(x float64, row int) lead {
	b := math.Float64bits(x + 0) // -0 becomes +0
	if b>>63 == 1 {
		b = ^b
	} else {
		b |= 1 << 63
	}
	return lead{b, int32(row)}
}

// sortLeads sorts by the leading coordinate, then by compare: three passes of
// counting over the high bits, and comparisons where these agree.
func sortLeads(keys []lead, compare func(i, j int32) int) {
	const width, low = 11, 31
	from, to := keys, make([]lead, len(keys))
	for shift := low; shift < 64; shift += width {
		var count [1 << width]int32
		for _, k := range from {
			count[k.bits>>shift&(1<<width-1)]++
		}
		at := int32(0)
		for d, c := range count {
			count[d] = at
			at += c
		}
		for _, k := range from {
			d := k.bits >> shift & (1<<width - 1)
			to[count[d]] = k
			count[d]++
		}
		from, to = to, from
	}
	copy(keys, from) // three passes end in the other array
	for i := 0; i < len(keys); {
		j := i + 1
		for j < len(keys) && keys[j].bits>>low == keys[i].bits>>low {
			j++
		}
		if j > i+1 {
			slices.SortFunc(keys[i:j], func(a, b lead) int {
				return cmp.Or(cmp.Compare(a.bits, b.bits), compare(a.row, b.row))
			})
		}
		i = j
	}
}

// distinct counts different rows, stopping at limit.
func (p *points) distinct(limit int) int {
	count := 0
	for i := 0; i < p.n && count < limit; i++ {
		if i == 0 || !slices.Equal(p.row(i-1), p.row(i)) {
			count++
		}
	}
	return count
}

// blockSize is the number of rows handed out at a time. It depends on n only:
// at most 64 blocks, so that per-block sums stay small beside the data.
func blockSize(n int) int { return max(2048, (n+63)/64) }

// squared is the squared Euclidean distance.
func squared(x, c []float64) float64 { return separation.Squared(x, c) }

// tiles holds centres as the kernels want them.
type tiles struct {
	k, d int
	c    []float64
}

func (t *tiles) set(centres []float64, k, d int) {
	t.k, t.d = k, d
	t.c = vec.SetTiles(t.c[:0], centres[:k*d], d)
}

// nearest2 returns the nearest centre, lowest index first among equals, with
// the squared distances to it and to the runner-up (+Inf when k is 1). It gives
// the bits of squared.
func (t *tiles) nearest2(x []float64) (best int, d1, d2 float64) {
	var out [3]float64
	var only [1]int32
	vec.Nearest64(out[:], x, t.d, only[:], t.c)
	return int(out[0]), out[1], out[2]
}
