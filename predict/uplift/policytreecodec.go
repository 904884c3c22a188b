package uplift

import (
	"encoding"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ encoding.BinaryMarshaler   = (*PolicyTree)(nil)
	_ encoding.BinaryUnmarshaler = (*PolicyTree)(nil)
	_ encoding.BinaryAppender    = (*PolicyTree)(nil)
)

// MarshalBinary returns the binary form; see UnmarshalBinary.
func (m *PolicyTree) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// AppendBinary appends the binary form to dst. ErrEmpty for nil and for what was not fitted.
func (m *PolicyTree) AppendBinary(dst []byte) ([]byte, error) {
	if err := m.ready("uplift: PolicyTree.AppendBinary"); err != nil {
		return dst, err
	}
	var w codec.Writer
	writeHead(&w, m.arms, m.columns, m.names)
	w.Int(len(m.nodes))
	for i := range m.nodes {
		n := &m.nodes[i]
		w.Int(n.Column + 1)
		w.Int(n.Arm)
		w.Int(n.Rows)
		w.Float64(n.Gain)
		if n.Column >= 0 {
			w.Bool(n.Categorical)
			w.Float64(n.Threshold)
			w.Int(n.Left)
		}
	}
	return w.AppendFrame(dst, codec.KindPolicyTree, 1), nil
}

// UnmarshalBinary reads a policy tree. The payload holds the number of arms, 2 … 256, the number of columns, 1 … 2²⁴, their names, none
// or as many, and the number of nodes, 1 … 15; of each node 1 + its column, 0 for a leaf, its arm, its rows and its finite gain, and of
// others whether the column holds categories, the finite threshold, a category where it does, and the left child, the right one being
// the next. Each node but the root is the child of one before it.
//
// Errors: ErrCorrupt, ErrVersion, ErrMismatch for a frame of another type. Nothing is changed then.
func (m *PolicyTree) UnmarshalBinary(data []byte) error {
	const where = "uplift: PolicyTree.UnmarshalBinary"
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindPolicyTree, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	var d PolicyTree
	d.arms, d.columns, d.names = readHead(r)
	nodes := r.Int()
	if r.Err() == nil && (nodes < 1 || nodes > 15) {
		r.Fail("nodes out of range")
	}
	var child [16]bool
	for i := 0; i < nodes && r.Err() == nil; i++ {
		n := PolicyNode{Column: r.Int() - 1, Arm: r.Int(), Rows: r.Int(), Gain: r.Float64()}
		if n.Column >= d.columns || n.Arm >= d.arms || !check.Finite(n.Gain) || i > 0 && !child[i] {
			r.Fail("a column, an arm or a gain out of range, or a node without a parent")
		}
		if n.Column >= 0 && r.Err() == nil {
			n.Categorical, n.Threshold, n.Left = r.Bool(), r.Float64(), r.Int()
			x := n.Threshold
			switch {
			case r.Err() != nil:
			case !check.Finite(x) || x == 0 && math.Signbit(x) || n.Categorical && !(x >= 0 && x < math.MaxInt32 && x == math.Trunc(x)):
				r.Fail("threshold out of range")
			case n.Left <= i || n.Left >= nodes-1 || child[n.Left] || child[n.Left+1]:
				r.Fail("children out of order")
			default:
				n.Right = n.Left + 1
				child[n.Left], child[n.Right] = true, true
			}
		}
		d.nodes = append(d.nodes, n)
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*m = d
	return nil
}
