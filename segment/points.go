package segment

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
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

func checkRows(rows [][]float64) (n, d int, err error) { return checkMatrix("rows", rows) }

// checkMatrix is check.Matrix plus the bound on magnitudes.
func checkMatrix(name string, rows [][]float64) (n, d int, err error) {
	n, d, err = check.Matrix(name, rows)
	if err != nil {
		return 0, 0, err
	}
	for i, r := range rows {
		if j, ok := within(r); !ok {
			return 0, 0, fmt.Errorf("%s row %d column %d is %v, want at most %g in size: %w", name, i, j, r[j], maxAbs, ErrRange)
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
		return fmt.Errorf("column %d is %v: %w", j, row[j], err)
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
	n, d, err := checkRows(rows)
	if err != nil {
		return nil, err
	}
	if err := check.Weights("Weights", weights, n); err != nil {
		return nil, err
	}
	// Sorting pairs of the leading coordinate and an index keeps nearly every
	// comparison inside one array.
	type key struct {
		x float64
		i int
	}
	keys := make([]key, 0, n)
	for i, r := range rows {
		if weights == nil || weights[i] > 0 {
			keys = append(keys, key{r[0], i})
		}
	}
	slices.SortFunc(keys, func(a, b key) int {
		switch {
		case a.x < b.x:
			return -1
		case a.x > b.x:
			return 1
		}
		ra, rb := rows[a.i], rows[b.i]
		for j := 1; j < d; j++ {
			if ra[j] != rb[j] {
				return cmp.Compare(ra[j], rb[j])
			}
		}
		if weights != nil {
			return cmp.Compare(weights[a.i], weights[b.i])
		}
		return 0
	})
	p := &points{n: len(keys), d: d, x: make([]float64, len(keys)*d)}
	if weights != nil {
		p.w = make([]float64, len(keys))
	}
	for i, k := range keys {
		to := p.row(i)
		for j, x := range rows[k.i] {
			to[j] = x + 0 // -0 becomes +0: equal rows must be equal bytes
		}
		if weights != nil {
			p.w[i] = weights[k.i]
		}
	}
	return p, nil
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

// squared returns Σ (x[j]-c[j])², summed in index order. The differences are
// taken before squaring, so that a large common offset costs no precision.
func squared(x, c []float64) float64 {
	s := 0.0
	c = c[:len(x)]
	for j, v := range x {
		t := v - c[j]
		s += float64(t * t)
	}
	return s
}

// tiles holds centres four at a time, coordinate by coordinate, so that one
// pass over a row feeds four independent sums. Missing lanes are +Inf and never
// win. Each lane adds up in the order of squared: both give the same bits.
type tiles struct {
	k, d int
	c    []float64
}

func (t *tiles) set(centres []float64, k, d int) {
	groups := (k + 3) / 4
	if len(t.c) != groups*d*4 {
		t.c = make([]float64, groups*d*4)
	}
	t.k, t.d = k, d
	for j := range groups * 4 {
		for q := range d {
			v := math.Inf(1)
			if j < k {
				v = centres[j*d+q]
			}
			t.c[(j/4*d+q)*4+j%4] = v
		}
	}
}

// nearest2 returns the nearest centre, lowest index first among equals, with
// the squared distances to it and to the runner-up (+Inf when k is 1).
func (t *tiles) nearest2(x []float64) (best int, d1, d2 float64) {
	d1, d2 = math.Inf(1), math.Inf(1)
	c := t.c
	for j := 0; j < t.k; j += 4 {
		var s0, s1, s2, s3 float64
		g := c[:4*len(x)]
		c = c[4*len(x):]
		for _, v := range x {
			q := g[:4:4]
			g = g[4:]
			a, b, e, f := v-q[0], v-q[1], v-q[2], v-q[3]
			s0 += float64(a * a)
			s1 += float64(b * b)
			s2 += float64(e * e)
			s3 += float64(f * f)
		}
		if s0 < d1 {
			best, d1, d2 = j, s0, d1
		} else if s0 < d2 {
			d2 = s0
		}
		if s1 < d1 {
			best, d1, d2 = j+1, s1, d1
		} else if s1 < d2 {
			d2 = s1
		}
		if s2 < d1 {
			best, d1, d2 = j+2, s2, d1
		} else if s2 < d2 {
			d2 = s2
		}
		if s3 < d1 {
			best, d1, d2 = j+3, s3, d1
		} else if s3 < d2 {
			d2 = s3
		}
	}
	return best, d1, d2
}
