package forecast

import (
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// Limits of a hierarchy: nodes, and entries of the sums.
const (
	maxNodes = 1 << 20
	maxSums  = 1 << 26
)

// Hierarchy says which series are sums of which: the nodes are series, some of them are bottom
// series and each other one is a sum of those. It is immutable and safe for concurrent readers.
type Hierarchy struct {
	names  []string
	parent []int   // of a tree; nil for groups
	sums   [][]int // of each node the places of its bottom series, ascending; a bottom series has its own
	bottom []int   // nodes of the bottom series, ascending
}

// NewTree makes the hierarchy of a tree, such as one of categories: parents[i] is the node of
// which node i is a part, -1 for a root. Nodes of which none is a part are the bottom series.
// O(nodes × depth). Errors: ErrEmpty for no nodes, ErrRange for a parent that is no node or for
// a node within itself, or more than 2²⁰ nodes.
func NewTree(parents []int) (*Hierarchy, error) {
	const where = "forecast: NewTree"
	n := len(parents)
	if n == 0 || n > maxNodes {
		return nil, fmt.Errorf("%s: %d nodes, want 1 to %d: %w", where, n, maxNodes, emptyOr(n, ErrRange))
	}
	h := &Hierarchy{parent: slices.Clone(parents), sums: make([][]int, n)}
	inner := make([]bool, n)
	for i, p := range parents {
		if p < -1 || p >= n || p == i {
			return nil, fmt.Errorf("%s: parents[%d] is %d of %d nodes: %w", where, i, p, n, ErrRange)
		}
		if p >= 0 {
			inner[p] = true
		}
	}
	// Every node must reach a root within n steps; what was walked once is not walked again.
	state := make([]uint8, n) // 0 unseen, 1 on this walk, 2 fine
	for i := range parents {
		for k := i; k >= 0 && state[k] < 2; k = parents[k] {
			if state[k] == 1 {
				return nil, fmt.Errorf("%s: node %d is a part of itself: %w", where, k, ErrRange)
			}
			state[k] = 1
		}
		for k := i; k >= 0 && state[k] == 1; k = parents[k] {
			state[k] = 2
		}
	}
	entries := 0
	for i := range parents {
		if inner[i] {
			continue
		}
		b := len(h.bottom)
		h.bottom = append(h.bottom, i)
		for k := i; k >= 0; k = parents[k] {
			h.sums[k] = append(h.sums[k], b)
			if entries++; entries > maxSums {
				return nil, fmt.Errorf("%s: sums of more than %d series: %w", where, maxSums, ErrRange)
			}
		}
	}
	return h, nil
}

func emptyOr(n int, err error) error {
	if n == 0 {
		return ErrEmpty
	}
	return err
}

// NewGroups makes a hierarchy of bottom series that are grouped in several ways at once, such as
// by category and by region: groups[g][b] is the label of bottom series b in grouping g, all of
// one length. Nodes are the total, then the labels of each grouping in order, then the bottom
// series; a label that holds all, and a grouping whose labels are all different, are nodes all
// the same. Labels of a path, such as "shoes" and "shoes/men", make a tree. Errors: ErrEmpty for
// no series, ErrShape, ErrRange for too many nodes.
func NewGroups(groups ...[]string) (*Hierarchy, error) {
	const where = "forecast: NewGroups"
	if len(groups) == 0 || len(groups[0]) == 0 {
		return nil, fmt.Errorf("%s: no series: %w", where, ErrEmpty)
	}
	n := len(groups[0])
	if float64(n)*float64(len(groups)+2) > maxSums {
		return nil, fmt.Errorf("%s: %d series in %d groupings: %w", where, n, len(groups), ErrRange)
	}
	all := make([]int, n)
	for b := range all {
		all[b] = b
	}
	h := &Hierarchy{names: []string{"total"}, sums: [][]int{all}}
	for g, labels := range groups {
		if err := check.Len(fmt.Sprintf("groups[%d]", g), len(labels), n); err != nil {
			return nil, fmt.Errorf("%s: %w", where, err)
		}
		members := map[string][]int{}
		var order []string
		for b, l := range labels {
			if _, ok := members[l]; !ok {
				order = append(order, l)
			}
			members[l] = append(members[l], b)
		}
		slices.Sort(order)
		for _, l := range order {
			h.names = append(h.names, l)
			h.sums = append(h.sums, members[l])
		}
	}
	for b := range n {
		h.bottom = append(h.bottom, len(h.sums))
		h.names = append(h.names, "")
		h.sums = append(h.sums, []int{b})
	}
	if len(h.sums) > maxNodes {
		return nil, fmt.Errorf("%s: %d nodes, want at most %d: %w", where, len(h.sums), maxNodes, ErrRange)
	}
	return h, nil
}

// Nodes returns the number of series, 0 for nil.
func (h *Hierarchy) Nodes() int {
	if h == nil {
		return 0
	}
	return len(h.sums)
}

// Bottom appends the nodes of the bottom series, ascending; nothing for nil.
func (h *Hierarchy) Bottom(dst []int) []int {
	if h == nil {
		return dst
	}
	return append(dst, h.bottom...)
}

// Label returns the label of a node of NewGroups: "total", a label, "" for a bottom series, a
// node of a tree or one that is none.
func (h *Hierarchy) Label(node int) string {
	if h == nil || node < 0 || node >= len(h.names) {
		return ""
	}
	return h.names[node]
}

// Sum appends the values of all nodes, given those of the bottom series in the order of Bottom.
// Missing values make sums missing. Errors: ErrEmpty for nil, ErrShape.
func (h *Hierarchy) Sum(dst, bottom []float64) ([]float64, error) {
	const where = "forecast: Hierarchy.Sum"
	if h.Nodes() == 0 {
		return dst, fmt.Errorf("%s: no hierarchy: %w", where, ErrEmpty)
	}
	if err := check.Len("bottom", len(bottom), len(h.bottom)); err != nil {
		return dst, fmt.Errorf("%s: %w", where, err)
	}
	return h.sum(dst, bottom), nil
}

func (h *Hierarchy) sum(dst, bottom []float64) []float64 {
	for _, parts := range h.sums {
		v := 0.0
		for _, b := range parts {
			v += bottom[b]
		}
		dst = append(dst, v)
	}
	return dst
}

// upper are the nodes that are sums, ascending: a bottom series is none, however many times
// it stands in the tree.
func (h *Hierarchy) upper() []int {
	var out []int
	for i, k := 0, 0; i < len(h.sums); i++ {
		if k < len(h.bottom) && h.bottom[k] == i {
			k++
			continue
		}
		out = append(out, i)
	}
	return out
}

// finiteNodes refuses values that are not one finite number a node.
func (h *Hierarchy) finiteNodes(where, name string, x []float64) error {
	if err := check.Len(name, len(x), len(h.sums)); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	if err := check.Slice(name, x); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	for i, v := range x {
		if math.Abs(v) > maxValue {
			return fmt.Errorf("%s: %s[%d] is beyond ±%g: %w", where, name, i, maxValue, ErrRange)
		}
	}
	return nil
}
