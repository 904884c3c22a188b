package tree

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
)

// quickScorer finds the leaves of one row in many trees at once without walking: each tree has a word with a bit for each of its leaves, from left to
// right, and a node that sends the row right takes away the leaves on its left, whatever stands above it. The lowest that is left is the leaf. Nodes
// lie sorted by column and threshold, so that those which send a number right come first and one search finds how many they are.
// Lucchese et al., QuickScorer, SIGIR 2015.
type quickScorer struct {
	parts      []quickPart
	thresholds []float64
	numbers    quickMasks // one a threshold
	coded      quickMasks // of missing values and codes of columns, one after the other
	begins     []int32    // of each of these in coded, and one end
	first      []int32    // of each tree in leaves
	leaves     []int32    // places of the leaves, the lowest bit first
}

// quickMasks say which leaves are left of which tree of the part.
type quickMasks struct {
	masks []uint64
	trees []uint8
}

// quickPart is up to quickTrees trees.
type quickPart struct {
	first, trees int
	runs         []quickRun
	codes        []quickCodes
}

// quickRun are the thresholds of one column, read in one way, and where in begins those stand that send missing values right.
type quickRun struct {
	view            view
	lo, hi, missing int32
}

// quickCodes are the answers of one column of codes: of missing values, of codes never seen, of 0, 1, ….
type quickCodes struct{ column, known, begin int32 }

const (
	quickTrees  = 256     // of a part: their words stay in the nearest cache, and a byte names a tree
	quickLeaves = 64      // bits of a word
	quickCoded  = 1 << 17 // masks of codes in all, which else could fill the memory
)

// quickSplit is a split of a part before all are sorted.
type quickSplit struct {
	view      view
	test      int32 // of a split by category, −1: by number
	tree      uint8
	missing   bool // goes right
	threshold float64
	mask      uint64
}

// layQuick makes the scorer where it is quicker than walking: of trees of few leaves that are not all of the same depth.
func (e *Ensemble) layQuick() {
	n := len(e.target)
	q := &quickScorer{first: make([]int32, n+1)}
	cost, walks := 0, 0 // in steps of a processor, about
	for lo := 0; lo < n; lo += quickTrees {
		p := quickPart{first: lo, trees: min(quickTrees, n-lo)}
		var splits []quickSplit
		for t := lo; t < lo+p.trees; t++ {
			found, depth := q.lay(e, t, uint8(t-lo))
			if depth < 0 {
				return
			}
			splits = append(splits, found...)
			cost, walks = cost+6+2*len(found), walks+12*depth
		}
		if !q.layPart(e, &p, splits) {
			return
		}
		cost += 40 * (len(p.runs) + len(p.codes))
		q.parts = append(q.parts, p)
	}
	if cost < walks {
		q.begins = append(q.begins, int32(len(q.coded.masks)))
		e.quick = q
	}
}

// lay numbers the leaves of tree t and returns its splits and how deep it is, −1 where it has too many leaves.
func (q *quickScorer) lay(e *Ensemble, t int, tree uint8) (splits []quickSplit, depth int) {
	root, end := e.roots[t], e.roots[t+1]-1
	nodes := e.nodes[root:end]
	under, first, level := make([]int32, len(nodes)), make([]int32, len(nodes)), make([]int, len(nodes))
	for i := len(nodes) - 1; i >= 0; i-- { // children stand behind their parents
		if n := nodes[i]; n.child == root+int32(i) {
			under[i] = 1
		} else {
			under[i] = under[n.child-root] + under[n.child^1-root]
		}
	}
	if under[0] > quickLeaves {
		return nil, -1
	}
	at := len(q.leaves)
	q.first[t] = int32(at)
	q.leaves = append(q.leaves, make([]int32, under[0])...)
	for i, n := range nodes {
		p := root + int32(i)
		if n.child == p {
			q.leaves[at+int(first[i])] = p
			depth = max(depth, level[i])
			continue
		}
		left := n.child&^1 - root
		first[left], first[left+1] = first[i], first[i]+under[left]
		level[left], level[left+1] = level[i]+1, level[i]+1
		s := quickSplit{test: -1, tree: tree, mask: ^((1<<under[left] - 1) << first[left])}
		if n.view < 0 {
			s.test, s.view.column = ^n.view, e.tests[^n.view].column
		} else {
			s.view, s.threshold = e.views[n.view], n.threshold
			if s.missing = s.view.kind&negated != 0; s.missing {
				s.threshold = -math.Nextafter(n.threshold, math.Inf(1))
				s.view.kind &^= negated
			}
		}
		splits = append(splits, s)
	}
	return splits, depth
}

// layPart sorts the splits of a part and lays them out; false: there are too many codes.
func (q *quickScorer) layPart(e *Ensemble, p *quickPart, splits []quickSplit) bool {
	kind := func(a, b quickSplit) int {
		return cmp.Or(cmp.Compare(a.view.column, b.view.column), cmp.Compare(a.view.kind, b.view.kind), cmp.Compare(min(a.test, 0), min(b.test, 0)))
	}
	slices.SortStableFunc(splits, func(a, b quickSplit) int { return cmp.Or(kind(a, b), cmp.Compare(a.threshold, b.threshold)) })
	for lo := 0; lo < len(splits); {
		hi := lo + 1
		for hi < len(splits) && kind(splits[hi], splits[lo]) == 0 {
			hi++
		}
		if splits[lo].test >= 0 {
			if !q.layCodes(e, p, splits[lo:hi]) {
				return false
			}
			lo = hi
			continue
		}
		r := quickRun{splits[lo].view, int32(len(q.thresholds)), int32(len(q.thresholds) + hi - lo), int32(len(q.begins))}
		q.begins = append(q.begins, int32(len(q.coded.masks)))
		for _, s := range splits[lo:hi] {
			q.thresholds = append(q.thresholds, s.threshold)
			q.numbers.add(s)
			if s.missing {
				q.coded.add(s)
			}
		}
		p.runs = append(p.runs, r)
		lo = hi
	}
	return true
}

// layCodes asks the splits of one column of codes for every code.
func (q *quickScorer) layCodes(e *Ensemble, p *quickPart, splits []quickSplit) bool {
	words := int32(0)
	for _, s := range splits {
		t := &e.tests[s.test]
		words = max(words, t.end-t.begin)
	}
	if int64(len(q.begins))+32*int64(words) > quickCoded {
		return false
	}
	c := quickCodes{splits[0].view.column, 32 * words, int32(len(q.begins))}
	for code := int32(-2); code < c.known; code++ {
		q.begins = append(q.begins, int32(len(q.coded.masks)))
		for _, s := range splits {
			right := int32(1)
			switch t := &e.tests[s.test]; {
			case code == -2:
				right = t.missing
			case code >= 0:
				right = e.passes(t, code)
			}
			if right == 0 {
				continue
			}
			if k := len(q.coded.trees) - 1; k >= int(q.begins[len(q.begins)-1]) && q.coded.trees[k] == s.tree {
				q.coded.masks[k] &= s.mask
			} else {
				q.coded.add(s)
			}
		}
		if len(q.coded.masks) > quickCoded {
			return false
		}
	}
	p.codes = append(p.codes, c)
	return true
}

func (q *quickMasks) add(s quickSplit) {
	q.masks, q.trees = append(q.masks, s.mask), append(q.trees, s.tree)
}

// all has every bit of every word set.
var all = func() (s [quickTrees]uint64) {
	for k := range s {
		s[k] = ^uint64(0)
	}
	return s
}()

// find sets s.hits to the leaf of each tree.
func (q *quickScorer) find(s *scratch, row []float64, single bool) {
	var left [quickTrees]uint64
	for i := range q.parts {
		p := &q.parts[i]
		copy(left[:p.trees], all[:])
		// All searches come first: how much a search takes away no processor foresees, and the next search would wait for it.
		for k := range p.runs {
			r := &p.runs[k]
			x := r.view.of(row, single)
			s.ends[k] = r.lo + below(q.thresholds[r.lo:r.hi], x)
			if x != x {
				s.ends[k] = -1
			}
		}
		for k := range p.runs {
			if r := &p.runs[k]; s.ends[k] < 0 {
				q.coded.take(&left, q.begins[r.missing], q.begins[r.missing+1])
			} else {
				q.numbers.take(&left, r.lo, s.ends[k])
			}
		}
		for _, c := range p.codes {
			x, code := view{column: c.column}.of(row, single), int32(1)
			switch {
			case x != x:
				code = 0
			case x >= 0 && x < float64(c.known):
				code = 2 + int32(x)
			}
			q.coded.take(&left, q.begins[c.begin+code], q.begins[c.begin+code+1])
		}
		first, at := q.first[p.first:][:p.trees], s.hits[p.first:][:p.trees]
		for t, f := range first {
			at[t] = q.leaves[int(f)+bits.TrailingZeros64(left[t])]
		}
	}
}

// take applies the masks from lo up to hi.
func (q *quickMasks) take(left *[quickTrees]uint64, lo, hi int32) {
	masks, trees := q.masks[lo:hi], q.trees[lo:hi]
	k := 0
	for ; k+8 <= len(masks); k += 8 {
		m, t := (*[8]uint64)(masks[k:]), (*[8]uint8)(trees[k:])
		left[t[0]] &= m[0]
		left[t[1]] &= m[1]
		left[t[2]] &= m[2]
		left[t[3]] &= m[3]
		left[t[4]] &= m[4]
		left[t[5]] &= m[5]
		left[t[6]] &= m[6]
		left[t[7]] &= m[7]
	}
	for ; k < len(masks); k++ {
		left[trees[k]] &= masks[k]
	}
}

// below counts the thresholds below x, by halves without a branch; none is below NaN.
func below(thresholds []float64, x float64) int32 {
	lo, n := int32(0), int32(len(thresholds))
	for n > 0 {
		half := (n + 1) / 2
		lo += half & -above(x, thresholds[lo+half-1])
		n -= half
	}
	return lo
}
