package tree

import (
	"bytes"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/hist"
)

// question is what a BoostRound asks. It is immutable.
type question struct {
	loss        Loss
	categorical []bool
	columns     []hist.Column // the cells that values are counted in, or the bins of histograms
	bins        int           // of all columns
	grow        bool          // histograms are asked
	unitG       float64
	unitH       float64
	base        float64
	trees       [][]binNode
	tree        []binNode // that grows
	ask         []int32   // leaves of it
	bytes       []byte
}

// binNode is a node in terms of bins. The right child stands behind the left one.
type binNode struct {
	column, left, bin int32
	missingLeft       bool
	set               []int32
	value             float64
}

// partyCategories bounds the codes of categories over parties.
const partyCategories = 1 << 16

func (q *question) same(other *question) bool {
	return q == other || q != nil && other != nil && bytes.Equal(q.bytes, other.bytes)
}

// size is the number of sums of an answer.
func (q *question) size() int {
	if !q.grow {
		return q.bins
	}
	return 3 * q.bins * len(q.ask)
}

// sealed encodes the question and counts its bins.
func (q *question) sealed() *question {
	q.bins = 0
	for j := range q.columns {
		q.bins += q.columns[j].Bins()
	}
	q.bytes = q.encode()
	return q
}

// encode writes what BoostRound.UnmarshalBinary describes.
func (q *question) encode() []byte {
	var w codec.Writer
	w.Int(int(q.loss))
	w.Bool(q.grow)
	w.Int(len(q.columns))
	for j := range q.columns {
		w.Bool(q.categorical[j])
		w.Float64s(q.columns[j].Edges)
		w.Int32s(q.columns[j].Codes)
	}
	if q.grow {
		w.Float64(q.unitG)
		w.Float64(q.unitH)
		w.Float64(q.base)
		w.Int(len(q.trees))
		for _, t := range q.trees {
			putBinTree(&w, t)
		}
		putBinTree(&w, q.tree)
		w.Int32s(q.ask)
	}
	return w.AppendFrame(nil, codec.KindBoostRound, 1)
}

// putBinTree writes a tree, array by array.
func putBinTree(w *codec.Writer, nodes []binNode) {
	n := len(nodes)
	columns, left, bin, missing, sizes, values := make([]int32, n), make([]int32, n), make([]int32, n), make([]byte, n), make([]int32, n), make([]float64, n)
	var sets []int32
	for i, x := range nodes {
		columns[i], left[i], bin[i], sizes[i], values[i] = x.column, x.left, x.bin, int32(len(x.set)), x.value
		if x.missingLeft {
			missing[i] = 1
		}
		sets = append(sets, x.set...)
	}
	w.Int32s(columns)
	w.Int32s(left)
	w.Int32s(bin)
	w.Bytes(missing)
	w.Int32s(sizes)
	w.Int32s(sets)
	w.Float64s(values)
}

// readQuestion decodes a question, which keeps the frame.
func readQuestion(frame []byte) (*question, error) {
	in, err := codec.Open(frame, codec.KindBoostRound, 1)
	if err != nil {
		return nil, err
	}
	q := &question{loss: Loss(in.Int()), grow: in.Bool()}
	if in.Err() == nil && q.loss > LossSquared {
		in.Fail("loss")
	}
	d := in.Int()
	if in.Err() == nil && (d < 1 || d > in.Left()) {
		in.Fail("columns")
	}
	for range d {
		if in.Err() != nil {
			break
		}
		q.readColumn(in)
	}
	if q.grow && in.Err() == nil {
		q.unitG, q.unitH, q.base = in.Float64(), in.Float64(), in.Float64()
		for _, u := range [2]float64{q.unitG, q.unitH} {
			if m, _ := math.Frexp(u); m != .5 || !check.Finite(u) {
				in.Fail("unit")
			}
		}
		if !check.Finite(q.base) {
			in.Fail("base")
		}
		n := in.Int()
		if in.Err() == nil && (n < 0 || n > in.Left()) {
			in.Fail("trees")
		}
		for range n {
			if in.Err() != nil {
				break
			}
			q.trees = append(q.trees, q.readTree(in))
		}
		q.tree = q.readTree(in)
		if q.ask = in.Int32s(); in.Err() == nil && !q.asksLeaves() {
			in.Fail("leaves asked")
		}
	}
	if err := in.Done(); err != nil {
		return nil, err
	}
	if q.sealed(); !bytes.Equal(q.bytes, frame) {
		return nil, fmt.Errorf("another form of it: %w", ErrCorrupt)
	}
	if q.bins > maxSums || q.grow && q.bins > maxSums/3/len(q.ask) {
		return nil, fmt.Errorf("%d bins: %w", q.bins, ErrCorrupt)
	}
	return q, nil
}

// asksLeaves reports whether the list is one of leaves, ascending.
func (q *question) asksLeaves() bool {
	for k, at := range q.ask {
		if at < 0 || int(at) >= len(q.tree) || q.tree[at].column >= 0 || k > 0 && at <= q.ask[k-1] {
			return false
		}
	}
	return len(q.ask) > 0
}

// readColumn reads one column.
func (q *question) readColumn(in *codec.Reader) {
	categorical, edges, codes := in.Bool(), in.Float64s(), in.Int32s()
	if in.Err() != nil {
		return
	}
	coded := q.grow && categorical
	seen := map[int32]bool{}
	for k, c := range codes {
		if c < 0 || c >= partyCategories || seen[c] || k >= hist.MaxBins-2 {
			in.Fail("category")
			return
		}
		seen[c] = true
	}
	for k, e := range edges {
		if !check.Finite(e) || k > 0 && !(e > edges[k-1]) || e == 0 && math.Signbit(e) {
			in.Fail("edge")
			return
		}
	}
	if coded && len(edges) > 0 || !coded && len(codes) > 0 || q.grow && len(edges) > hist.MaxBins-2 {
		in.Fail("edges or categories")
		return
	}
	c := hist.Numbers(edges, true)
	if coded {
		c = hist.Categories(codes, true)
	}
	q.columns, q.categorical = append(q.columns, c), append(q.categorical, categorical)
}

// readTree reads one tree and checks that it is one of the columns.
func (q *question) readTree(in *codec.Reader) []binNode {
	columns, left, bin, missing, sizes, sets, values := in.Int32s(), in.Int32s(), in.Int32s(), in.Bytes(), in.Int32s(), in.Int32s(), in.Float64s()
	n := len(columns)
	if in.Err() != nil {
		return nil
	}
	if n == 0 || len(left) != n || len(bin) != n || len(missing) != n || len(sizes) != n || len(values) != n {
		in.Fail("tree")
		return nil
	}
	nodes, child := make([]binNode, n), make([]bool, n)
	for i := range nodes {
		size := int(sizes[i])
		if size < 0 || size > len(sets) || missing[i] > 1 || !check.Finite(values[i]) {
			in.Fail("node")
			return nil
		}
		x := binNode{column: columns[i], left: left[i], bin: bin[i], missingLeft: missing[i] == 1, set: sets[:size:size], value: values[i]}
		sets = sets[size:]
		if i > 0 && !child[i] || !q.fits(&x, i, n) {
			in.Fail("node")
			return nil
		}
		if x.column >= 0 {
			if child[x.left] || child[x.left+1] {
				in.Fail("child")
				return nil
			}
			child[x.left], child[x.left+1] = true, true
		}
		nodes[i] = x
	}
	if len(sets) > 0 {
		in.Fail("sets")
	}
	return nodes
}

// fits reports whether a node, number i of n, can be one: its children come later.
func (q *question) fits(x *binNode, i, n int) bool {
	if x.column < 0 {
		return x.column == -1 && x.left == 0 && x.bin == 0 && !x.missingLeft && len(x.set) == 0
	}
	if int(x.column) >= len(q.columns) || int(x.left) <= i || int(x.left) >= n-1 || x.value != 0 {
		return false
	}
	c := &q.columns[x.column]
	if !c.Categorical {
		return x.bin >= 1 && int(x.bin) < c.Bins() && len(x.set) == 0
	}
	for k, b := range x.set {
		if b < 2 || int(b) >= c.Bins() || k > 0 && b <= x.set[k-1] {
			return false
		}
	}
	return x.bin == 0
}

// left marks the bins of a column of so many that go left.
func (x *binNode) marks(to []bool) {
	clear(to)
	to[0] = x.missingLeft
	for bin := int32(1); bin <= x.bin; bin++ {
		to[bin] = true
	}
	for _, bin := range x.set {
		to[bin] = true
	}
}

func sameNode(a, b binNode) bool {
	return a.column == b.column && a.left == b.left && a.bin == b.bin && a.missingLeft == b.missingLeft && a.value == b.value && slices.Equal(a.set, b.set)
}
