package uplift

import (
	"encoding"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ encoding.BinaryMarshaler   = (*Forest)(nil)
	_ encoding.BinaryUnmarshaler = (*Forest)(nil)
	_ encoding.BinaryAppender    = (*Forest)(nil)
)

// maxColumns bounds the columns of a forest that is read.
const maxColumns = 1 << 24

// writeHead writes what forests and policy trees begin with.
func writeHead(w *codec.Writer, arms, columns int, names []string) {
	w.Int(arms)
	w.Int(columns)
	w.Strings(names)
}

// readHead reads it, and fails r for what cannot be.
func readHead(r *codec.Reader) (arms, columns int, names []string) {
	arms, columns, names = r.Int(), r.Int(), r.Strings()
	switch {
	case r.Err() != nil:
	case arms < 2 || arms > maxArms:
		r.Fail("arms out of range")
	case columns < 1 || columns > maxColumns:
		r.Fail("columns out of range")
	case len(names) == 0:
		names = nil
	case len(names) != columns:
		r.Fail("names of other columns")
	}
	return arms, columns, names
}

// MarshalBinary returns the binary form; see UnmarshalBinary.
func (m *Forest) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// AppendBinary appends the binary form to dst. ErrEmpty for nil and for what was not fitted.
func (m *Forest) AppendBinary(dst []byte) ([]byte, error) {
	if err := m.ready("uplift: Forest.AppendBinary"); err != nil {
		return dst, err
	}
	var w codec.Writer
	writeHead(&w, m.arms, m.columns, m.names)
	w.Int(len(m.trees))
	for t := range m.trees {
		tree := &m.trees[t]
		w.Int(len(tree.knots))
		for i := range tree.knots {
			k := &tree.knots[i]
			w.Int(int(k.column) + 1)
			w.Float64(k.distance)
			if k.column >= 0 {
				w.Int(int(k.left))
				w.Float64(k.gain)
				w.Bool(k.missingLeft)
				w.Bool(k.codes != nil)
				if k.codes != nil {
					w.Int32s(k.codes)
				} else {
					w.Float64(k.threshold)
				}
			}
		}
		w.Int64s(tree.rows)
		w.Float64s(tree.means)
	}
	return w.AppendFrame(dst, codec.KindUpliftForest, 1), nil
}

// UnmarshalBinary reads a forest. The payload holds the number of arms, 2 … 256, the number of columns, 1 … 2²⁴, their
// names, none or as many, and the number of trees, at least 1. A tree is the number of its nodes and the nodes: 1 + column, 0 for a
// leaf, finite distance, and for others the left child, the right one being the next, a finite gain above 0, whether missing values go
// left, whether the column holds categories, and the ascending codes that go left or the threshold; then the rows of all nodes
// by arm, not negative, and the finite means. Each node but the root is the child of one before it, and no leaf is below more than 64 splits.
//
// Errors: ErrCorrupt, ErrVersion, ErrMismatch for a frame of another type. Nothing is changed then.
func (m *Forest) UnmarshalBinary(data []byte) error {
	const where = "uplift: Forest.UnmarshalBinary"
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindUpliftForest, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	var d Forest
	d.arms, d.columns, d.names = readHead(r)
	trees := r.Int()
	if r.Err() == nil && (trees < 1 || trees > r.Left()) {
		r.Fail("trees out of range")
	}
	for t := 0; t < trees && r.Err() == nil; t++ {
		d.trees = append(d.trees, readTree(r, &d))
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*m = d
	return nil
}

// readTree reads one tree; a node takes 16 bytes at least.
func readTree(r *codec.Reader, d *Forest) grown {
	n := r.Int()
	if n < 1 || n > r.Left()/16 {
		r.Fail("nodes out of range")
		return grown{}
	}
	t := grown{knots: make([]knot, n)}
	child, depth := make([]bool, n), make([]uint8, n)
	for i := 0; i < n && r.Err() == nil; i++ {
		k := &t.knots[i]
		column := r.Int() - 1
		if column < -1 || column >= d.columns || i > 0 && !child[i] {
			r.Fail("a column out of range, or a node without a parent")
			break
		}
		k.column = int32(column)
		if k.distance = r.Float64(); !check.Finite(k.distance) {
			r.Fail("distance is not finite")
		}
		if column < 0 || r.Err() != nil {
			continue
		}
		left := r.Int()
		if left <= i || left >= n-1 || child[left] || child[left+1] {
			r.Fail("children out of order")
			break
		}
		if depth[i] == mostDepth {
			r.Fail("a tree too deep")
			break
		}
		child[left], child[left+1] = true, true
		depth[left], depth[left+1] = depth[i]+1, depth[i]+1
		k.left, k.right = int32(left), int32(left+1)
		if k.gain = r.Float64(); !check.Finite(k.gain) || k.gain <= 0 {
			r.Fail("gain out of range")
		}
		k.missingLeft = r.Bool()
		if r.Bool() {
			if k.codes = r.Int32s(); k.codes == nil {
				k.codes = []int32{}
			}
			for c, code := range k.codes {
				if code < 0 || code == math.MaxInt32 || c > 0 && code <= k.codes[c-1] {
					r.Fail("categories out of order")
					break
				}
			}
		} else if k.threshold = r.Float64(); !check.Finite(k.threshold) || k.threshold == 0 && math.Signbit(k.threshold) {
			r.Fail("threshold is not finite")
		}
	}
	t.rows, t.means = r.Int64s(), r.Float64s()
	if r.Err() == nil && (len(t.rows) != n*d.arms || len(t.means) != n*d.arms) {
		r.Fail("rows or means of other nodes")
	}
	for i := range t.rows {
		if r.Err() == nil && (t.rows[i] < 0 || !check.Finite(t.means[i])) {
			r.Fail("rows or means out of range")
		}
	}
	return t
}
