package online

import (
	"fmt"

	"github.com/aislekit/aisle/internal/rng"
)

// cell is a feature of a row.
type cell struct {
	index uint32 // of its weight
	field uint32 // its namespace
	value float64
}

// example is what learners read.
type example struct {
	cells  []cell
	offset float64
}

// Row is one example under construction: what was known when an ad was shown. Make one by
// Space.Row and use it again and again; it belongs to one goroutine.
//
//	row.Reset()
//	row.Add("user", "u17", 1)
//	row.Add("ad", "price", 3.5)
type Row struct {
	space   *Space
	cells   []cell // features, and crosses behind them once expanded
	hashes  []uint64
	crossed bool
	offset  float64
	fault   error
	sums    []float32 // of a factorisation machine
}

// Reset makes the row empty.
func (r *Row) Reset() {
	if r == nil {
		return
	}
	r.cells, r.hashes, r.crossed, r.offset, r.fault = r.cells[:0], r.hashes[:0], false, 0, nil
}

// Add adds a feature: value 1 for a category (namespace "site", name "news"), its value for a
// number (namespace "ad", name "price"), scaled to about 1. A value of 0, or within ±1e-12, adds nothing. A
// name that is added twice counts as two features that share a weight. What is wrong (ErrRange for a namespace that
// the space has not or a value beyond ±1e9, ErrNotFinite) is kept, and told by whatever reads the row.
func (r *Row) Add(namespace, name string, value float64) {
	if r == nil || r.space == nil || r.fault != nil || -minValue < value && value < minValue {
		return
	}
	n := r.space.number(namespace)
	if n < 0 {
		r.fault = fmt.Errorf("online: Row.Add: namespace %q: %w", namespace, ErrRange)
		return
	}
	if !(value >= -maxValue && value <= maxValue) {
		r.fault = checkNumber("Row.Add", "value", value)
		return
	}
	if r.crossed { // a row that was read goes on
		r.cells, r.crossed = r.cells[:len(r.hashes)], false
	}
	h := r.space.hash(n, name)
	if r.space.pairs != nil {
		r.hashes = append(r.hashes, h)
	}
	r.cells = append(r.cells, cell{r.space.place(h), uint32(n), value})
}

// Offset adds to the score of the row, before the link: log-odds that are known from elsewhere. The
// same rules as of values.
func (r *Row) Offset(score float64) {
	if r == nil || r.space == nil || r.fault != nil {
		return
	}
	if r.fault = checkNumber("Row.Offset", "score", score); r.fault == nil {
		r.offset = score
	}
}

// Len returns the number of features, crosses included once the row was read.
func (r *Row) Len() int {
	if r == nil {
		return 0
	}
	return len(r.cells)
}

// read returns the row for a learner over s, crosses made.
func (r *Row) read(s *Space) (example, error) {
	switch {
	case r == nil || r.space == nil:
		return example{}, fmt.Errorf("row: %w", ErrEmpty)
	case r.fault != nil:
		return example{}, r.fault
	case r.space != s && r.space.stamp != s.stamp:
		return example{}, fmt.Errorf("row of another space: %w", ErrMismatch)
	}
	if r.space.pairs != nil && !r.crossed && !r.cross() {
		return example{}, fmt.Errorf("row of %d features: more than %d crosses: %w", len(r.cells), maxCrosses, ErrRange)
	}
	return example{r.cells, r.offset}, nil
}

// maxCrosses bounds what a row of many features, whose crosses are their product, takes of memory and time.
const maxCrosses = 1 << 20

// cross makes the crosses of the row, pair after pair, features in the order they came in. False, and none made, where they are
// too many.
func (r *Row) cross() bool {
	n := len(r.cells)
	for _, p := range r.space.pairs {
		for i := range n {
			if int(r.cells[i].field) != p[0] {
				continue
			}
			from := 0
			if p[0] == p[1] {
				from = i + 1
			}
			for j := from; j < n; j++ {
				if int(r.cells[j].field) != p[1] {
					continue
				}
				if len(r.cells) == n+maxCrosses {
					r.cells = r.cells[:n]
					return false
				}
				a, b := r.hashes[i], r.hashes[j]
				if p[0] == p[1] { // the pair is the same in either order
					a, b = min(a, b), max(a, b)
				}
				at := r.space.place(rng.Mix(a + 3*rng.Mix(b)))
				r.cells = append(r.cells, cell{at, maxNamespaces, r.cells[i].value * r.cells[j].value})
			}
		}
	}
	r.crossed = true
	return true
}
