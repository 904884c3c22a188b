package tree

import (
	"encoding"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ encoding.BinaryAppender    = (*Ensemble)(nil)
	_ encoding.BinaryMarshaler   = (*Ensemble)(nil)
	_ encoding.BinaryUnmarshaler = (*Ensemble)(nil)
)

// Bits of a node in the payload.
const (
	bitMissingLeft = 1 << iota
	bitZeroMissing
	bitNoMissing
	bitCategories
	nodeBits
)

// AppendBinary appends the model as one frame. Errors: ErrEmpty for a model that was
// not fitted.
func (e *Ensemble) AppendBinary(dst []byte) ([]byte, error) {
	if err := e.fitted("tree: Ensemble.AppendBinary"); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Reserve(50 * len(e.nodes))
	w.Int(e.columns)
	var schema []byte
	if e.schema != nil {
		schema, _ = e.schema.MarshalBinary() // it has columns
	}
	w.Bytes(schema)
	w.Int(e.best)
	w.Float64s(e.base)
	w.Int(int(e.link))
	w.Float64(e.slope)
	w.Bool(e.average)
	w.Bool(e.single)
	w.Int(e.width)
	w.Int32s(e.target)
	var columns, lengths []int32
	var flags []byte
	var thresholds []float64
	var words []int32
	for t := range e.target {
		for i := range e.roots[t+1] - 1 - e.roots[t] {
			n := e.at(t, i)
			columns = append(columns, int32(n.Column))
			if n.Column < 0 {
				continue
			}
			flag := byte(0)
			for k, on := range [...]bool{n.MissingLeft, n.ZeroMissing, n.NoMissing, n.Categories != nil} {
				if on {
					flag |= 1 << k
				}
			}
			flags = append(flags, flag)
			if n.Categories == nil {
				thresholds = append(thresholds, n.Threshold)
				continue
			}
			lengths = append(lengths, int32(len(n.Categories)))
			for _, word := range n.Categories {
				words = append(words, int32(word))
			}
		}
	}
	w.Int32s(columns)
	w.Bytes(flags)
	w.Float64s(thresholds)
	w.Int32s(lengths)
	w.Int32s(words)
	for _, xs := range [...]struct {
		v     []float64
		width int
	}{{e.value, e.width}, {e.cover, 1}, {e.count, 1}, {e.gain, 1}} {
		w.Float64s(e.unpadded(xs.v, xs.width))
	}
	return w.AppendFrame(dst, codec.KindEnsemble, 2), nil
}

// unpadded leaves out the places before the trees, where width values stand for a node.
func (e *Ensemble) unpadded(v []float64, width int) []float64 {
	out := make([]float64, 0, len(v))
	for t := range e.target {
		out = append(out, v[int(e.roots[t])*width:int(e.roots[t+1]-1)*width]...)
	}
	return out
}

// MarshalBinary is AppendBinary to a new slice.
func (e *Ensemble) MarshalBinary() ([]byte, error) { return e.AppendBinary(nil) }

// UnmarshalBinary replaces e. Payload of version 2, little-endian:
//
//	int       columns, 1 … 2²⁴
//	[]byte    the frame of the Schema, in which those that are split by category are categorical; none where it says no more than
//	          that. In version 1 []string, distinct names, or none
//	int       trees that the tool predicts with, 0: all. Not in version 1
//	[]f64     base, one an output, 1 … 2¹⁶, finite
//	int       link
//	f64       slope of the logit, finite, > 0
//	bool      mean of the leaves instead of their sum
//	bool      sums in float32
//	int       values of a leaf, 1 or one an output
//	[]int32   output of each tree, 0 where leaves hold one value an output
//	[]int32   column of each node, tree after tree in order of breadth, −1: a leaf
//	[]byte    of each inner node: 1 missing left, 2 zero is missing, 4 missing is zero, 8 categories
//	[]f64     of each inner node without categories: threshold, finite, not −0
//	[]int32   of each with: words of its set, the last of which is not 0
//	[]int32   those words, bits of the codes that go left
//	[]f64     values of each node, finite
//	[]f64 ×3  cover, count, gain of each node, finite, >= 0; gain 0 at leaves
//
// Any other length or value is ErrCorrupt, a newer version ErrVersion, a frame of
// another kind ErrMismatch; e is then unchanged.
func (e *Ensemble) UnmarshalBinary(data []byte) error {
	const where = "tree: Ensemble.UnmarshalBinary"
	if err := check.Receiver(where, e); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindEnsemble, 2)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	next, what := decodeEnsemble(r)
	if what != "" {
		r.Fail(what)
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*e = *next
	return nil
}

// decodeEnsemble reads a payload and says what is wrong with it.
func decodeEnsemble(r *codec.Reader) (*Ensemble, string) {
	opt := AssembleOptions{Columns: r.Int()}
	var schema []byte
	best := 0
	if r.Version == 1 {
		opt.Names = named(r.Strings())
	} else {
		schema, best = r.Bytes(), r.Int()
	}
	opt.Base, opt.Link = r.Float64s(), LinkKind(min(r.Int(), int(links)))
	opt.Slope, opt.Average, opt.Single, opt.Outputs = r.Float64(), r.Bool(), r.Bool(), len(opt.Base)
	width, targets := r.Int(), r.Int32s()
	p := payload{columns: r.Int32s(), flags: r.Bytes(), thresholds: r.Float64s(), lengths: r.Int32s(), words: r.Int32s()}
	p.values, p.cover, p.count, p.gain = r.Float64s(), r.Float64s(), r.Float64s(), r.Float64s()
	nodes := len(p.columns)
	switch {
	case r.Err() != nil:
		return nil, ""
	case opt.Columns == 0 || opt.validate("") != nil:
		return nil, "options"
	case width != 1 && width != opt.Outputs || len(targets) == 0:
		return nil, "outputs"
	case nodes > maxNodes || len(p.cover) != nodes || len(p.count) != nodes || len(p.gain) != nodes:
		return nil, "nodes"
	case len(p.values)%width != 0 || len(p.values)/width != nodes:
		return nil, "values"
	case checkNames(opt.Names, opt.Columns) != nil:
		return nil, "names"
	}
	a := newModel(opt, width)
	for _, target := range targets {
		tree, ok := p.tree(width, opt.Columns)
		if !ok || target < 0 || int(target) >= opt.Outputs || width > 1 && target != 0 {
			return nil, "trees"
		}
		if a.add(tree, int(target)) != nil {
			return nil, "trees"
		}
	}
	if len(p.columns)+len(p.flags)+len(p.thresholds)+len(p.lengths)+len(p.words) > 0 {
		return nil, "nodes"
	}
	if best < 0 || best >= len(targets) && best > 0 {
		return nil, "trees that predict"
	}
	e, err := a.finish()
	if err != nil || !e.readSchema(schema) {
		return nil, "schema"
	}
	e.best = best
	return e, ""
}

// payload is what is left of the slices of a frame while its trees are read.
type payload struct {
	columns                    []int32
	flags                      []byte
	thresholds                 []float64
	lengths, words             []int32
	values, cover, count, gain []float64
}

// tree takes the next tree off the slices. It ends where as many nodes were read as inner
// ones have children.
func (p *payload) tree(width, columns int) (out []Node, ok bool) {
	for due, inner := 1, 0; due > 0; due-- {
		if len(p.columns) == 0 {
			return nil, false
		}
		n := Node{Column: int(p.columns[0]), Values: p.values[:width:width], Cover: p.cover[0], Count: p.count[0], Gain: p.gain[0]}
		p.columns, p.values, p.cover, p.count, p.gain = p.columns[1:], p.values[width:], p.cover[1:], p.count[1:], p.gain[1:]
		if n.Column < -1 || n.Column >= columns || math.Signbit(n.Cover) || math.Signbit(n.Count) || math.Signbit(n.Gain) {
			return nil, false
		}
		if n.Column >= 0 {
			if !p.split(&n) {
				return nil, false
			}
			n.Left, n.Right = 2*inner+1, 2*inner+2
			inner, due = inner+1, due+2
		}
		out = append(out, n)
	}
	return out, true
}

// split takes what an inner node has beside its numbers.
func (p *payload) split(n *Node) bool {
	if len(p.flags) == 0 || p.flags[0] >= nodeBits {
		return false
	}
	flag := p.flags[0]
	p.flags = p.flags[1:]
	n.MissingLeft, n.ZeroMissing, n.NoMissing = flag&bitMissingLeft != 0, flag&bitZeroMissing != 0, flag&bitNoMissing != 0
	if flag&bitCategories == 0 {
		if len(p.thresholds) == 0 || p.thresholds[0] == 0 && math.Signbit(p.thresholds[0]) {
			return false
		}
		n.Threshold, p.thresholds = p.thresholds[0], p.thresholds[1:]
		return true
	}
	if len(p.lengths) == 0 || p.lengths[0] < 0 || int(p.lengths[0]) > len(p.words) {
		return false
	}
	k := int(p.lengths[0])
	if k > 0 && p.words[k-1] == 0 {
		return false
	}
	n.Categories = make([]uint32, k)
	for i, word := range p.words[:k] {
		n.Categories[i] = uint32(word)
	}
	p.lengths, p.words = p.lengths[1:], p.words[k:]
	return true
}
