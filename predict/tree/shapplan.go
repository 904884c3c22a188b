package tree

import (
	"fmt"
	"math"
)

// deepest is how many columns a path may have: what is kept of a tree grows with its square.
const deepest = 1 << 12

// plan is what the explanation of a tree needs beside its nodes, by their places from the
// root on. The edge of a node is the one that leads to it.
type plan struct {
	parent []int32
	column []int32   // of the edge
	prev   []int32   // the node above whose edge asks for the same column, −1 if none
	z      []float64 // share of the training rows that pass all edges of the column down to here
	reach  []float64 // share that comes here
	leaf   []bool
	places []int32 // of the leaves, by number

	deep   int     // columns of the path with the most
	bit    []uint8 // place of the edge's column among those of the path, at most 255
	path   []int32 // columns of the paths to the leaves
	begin  []int32 // of a leaf in path
	length []int32 // how many columns the path to a node has
	t, w   []float64
}

// newPlan lays out tree t of e; weighed, with shares of the training rows.
func newPlan(e *Ensemble, t int, weighed bool) (plan, error) {
	root := e.roots[t]
	n := int(e.roots[t+1] - 1 - root)
	p := plan{
		parent: make([]int32, n), column: make([]int32, n), prev: make([]int32, n), z: make([]float64, n), reach: make([]float64, n),
		leaf: make([]bool, n), bit: make([]uint8, n), begin: make([]int32, n), length: make([]int32, n),
	}
	weight := e.count[root : root+int32(n)]
	if weight[0] <= 0 {
		weight = e.cover[root : root+int32(n)]
	}
	if weighed && n > 1 && weight[0] <= 0 {
		return p, fmt.Errorf("tree %d knows neither Count nor Cover: %w", t, ErrUndefined)
	}
	p.parent[0], p.column[0], p.prev[0], p.reach[0] = -1, -1, -1, 1
	for i := range n {
		node := &e.nodes[root+int32(i)]
		if node.child == root+int32(i) {
			p.leaf[i] = true
			p.places = append(p.places, int32(i))
			p.trace(int32(i))
			continue
		}
		var column int32
		if node.view < 0 {
			column = e.tests[^node.view].column
		} else {
			column = e.views[node.view].column
		}
		left := node.child&^1 - root
		for child := left; child <= left+1; child++ {
			p.edge(int32(i), child, column)
			if weighed {
				p.share(weight, left, child)
			}
		}
		if p.deep > deepest {
			return p, fmt.Errorf("tree %d has a path of more than %d columns: %w", t, deepest, ErrTooLarge)
		}
	}
	p.t, p.w = quadrature(max((p.deep+1)/2, 1))
	return p, nil
}

// edge adds the edge from node i to a child.
func (p *plan) edge(i, child, column int32) {
	p.parent[child], p.column[child] = i, column
	at := i
	for at >= 0 && p.column[at] != column {
		at = p.parent[at]
	}
	p.prev[child] = at
	if at >= 0 {
		p.bit[child], p.length[child] = p.bit[at], p.length[i]
		return
	}
	p.bit[child] = uint8(min(p.length[i], math.MaxUint8))
	p.length[child] = p.length[i] + 1
	p.deep = max(p.deep, int(p.length[child]))
}

// share settles z and reach of a child.
func (p *plan) share(weight []float64, left, child int32) {
	i := p.parent[child]
	whole := weight[i]
	if whole <= 0 {
		whole = weight[left] + weight[left+1]
	}
	part := .5
	if whole > 0 {
		part = weight[child] / whole
	}
	p.reach[child] = p.reach[i] * part
	p.z[child] = part
	if at := p.prev[child]; at >= 0 {
		p.z[child] *= p.z[at]
	}
}

// trace lists the columns of the path to a leaf, from the root down.
func (p *plan) trace(leaf int32) {
	p.begin[leaf] = int32(len(p.path))
	at := int(p.begin[leaf] + p.length[leaf])
	for range p.length[leaf] {
		p.path = append(p.path, -1)
	}
	for i := leaf; i > 0; i = p.parent[i] {
		if p.prev[i] < 0 {
			at--
			p.path[at] = p.column[i]
		}
	}
}

// columnsOf returns the columns of the path to a leaf, from the root down.
func (p *plan) columnsOf(leaf int32) []int32 {
	return p.path[p.begin[leaf] : p.begin[leaf]+p.length[leaf]]
}

// shaper explains one row after the other. Not for several goroutines.
type shaper struct {
	x    *SHAP
	row  []float64
	work []float64
	next []int32 // child that the row goes to, by place
	hot  []bool  // the row passes all edges of the column down to here
	p, g []float64
	pat  []uint32

	other     []float64 // a row of the background
	otherWork []float64
	side      []int8    // of a column on the path: 0 both, 1 the row, −1 the other
	parts     []int32   // columns with a side
	rate      []float64 // of interactions, columns of a path × points
	sums      []float64
	fair      []float64 // (a−1)!·b!/(a+b)! at a·wide+b
	wide      int
}

// newShaper returns scratch memory for one goroutine.
func (x *SHAP) newShaper() *shaper {
	e := x.e
	s := &shaper{x: x, work: make([]float64, len(e.views)), otherWork: make([]float64, len(e.views)), side: make([]int8, e.columns)}
	if x.rows == nil {
		return s
	}
	for t := range x.plans {
		s.wide = max(s.wide, x.plans[t].deep+1)
	}
	s.fair = make([]float64, s.wide*s.wide)
	for a := 1; a < s.wide; a++ {
		s.fair[a*s.wide] = 1 / float64(a)
		for b := 1; a+b < s.wide; b++ {
			s.fair[a*s.wide+b] = s.fair[a*s.wide+b-1] * float64(b) / float64(a+b)
		}
	}
	return s
}

// load takes the row to be explained.
func (s *shaper) load(row []float64) {
	s.row = row
	s.x.e.look(s.work, row)
}

// step returns the child of inner node p that a row goes to.
func (e *Ensemble) step(p int32, work, row []float64) int32 {
	n := &e.nodes[p]
	if n.view >= 0 {
		return n.child ^ above(work[n.view], n.threshold)
	}
	return n.child ^ e.right(&e.tests[^n.view], row)
}

// values adds what each column adds, by the trees that tables are for.
func (s *shaper) values(out []float64, tables []table) {
	for i := range tables {
		switch t := &tables[i]; {
		case t.at != nil:
			s.byTable(out, t)
		case s.x.rows != nil:
			s.byPairs(out, t.tree)
		default:
			s.byPoints(out, t.tree)
		}
	}
}

// interactions fills the matrices of a row.
func (s *shaper) interactions(out []float64, tables []table) {
	e, d := s.x.e, s.x.e.columns+1
	k := len(e.base)
	s.sums = grow(s.sums, k*d)
	clear(s.sums)
	s.values(s.sums, tables)
	for i := range tables {
		if s.x.rows != nil {
			s.crossPairs(out, tables[i].tree)
		} else {
			s.crossPoints(out, tables[i].tree)
		}
	}
	for c := range k {
		m := out[c*d*d : (c+1)*d*d]
		for i := range d - 1 {
			alone := s.sums[c*d+i]
			for j := range d - 1 {
				if j != i {
					alone -= m[i*d+j]
				}
			}
			m[i*d+i] = alone
		}
	}
}

// cross adds a leaf's values times w at two places of the matrices.
func (s *shaper) cross(out []float64, t int, leaf int32, a, b int, w float64) {
	e := s.x.e
	d := e.columns + 1
	p := (int(e.roots[t]) + int(leaf)) * e.width
	for c, v := range e.value[p : p+e.width] {
		target := int(e.target[t])
		if e.width > 1 {
			target = c
		}
		v *= w * s.x.factor[target]
		out[target*d*d+a] += v
		out[target*d*d+b] += v
	}
}
