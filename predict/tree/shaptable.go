package tree

import (
	"context"
	"slices"

	"github.com/aislekit/aisle/internal/parallel"
)

// Bounds of tables: columns of a path, numbers of a tree, and numbers from which on a batch of trees is full.
const (
	mostBits    = 14
	mostTable   = 1 << 24
	tableMemory = 1 << 22
)

// table holds, for each leaf of a tree and each set of columns of its path whose edges a row may
// pass, what each of the columns adds. A row then costs a look at each node and a number for
// each column of each leaf's path.
type table struct {
	tree int
	at   []int32  // of a leaf in sum; nil: the tree is not tabulated
	bit  []uint32 // of the column of a node's edge
	on   []uint32 // the same where no edge above has the column
	sum  []float64
}

// tabulate calls fn with tables of a batch of trees after the other; where not useful, they
// hold nothing.
func (x *SHAP) tabulate(ctx context.Context, rows int, useful bool, fn func(tables []table) error) error {
	trees := len(x.plans)
	if !useful {
		all := make([]table, trees)
		for t := range all {
			all[t].tree = t
		}
		return fn(all)
	}
	for first := 0; first < trees; {
		var batch []table
		for size := 0; first < trees && size < tableMemory; first++ {
			batch = append(batch, table{tree: first})
			p := &x.plans[first]
			if !x.pays(p, rows) {
				continue
			}
			need := 0
			for _, leaf := range p.places {
				need += int(p.length[leaf]) << p.length[leaf]
			}
			if need <= mostTable {
				batch[len(batch)-1].at = make([]int32, len(p.parent))
				size += need
			}
		}
		err := parallel.For(ctx, len(batch), 1, x.workers, func(_, i, _ int) error {
			if batch[i].at != nil {
				x.fill(&batch[i])
			}
			return nil
		})
		if err == nil {
			err = fn(batch)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// pays tells whether the table of a tree costs less than it spares for so many rows.
func (x *SHAP) pays(p *plan, rows int) bool {
	if p.deep > mostBits || p.deep == 0 {
		return false
	}
	if x.rows != nil {
		return len(p.t)<<p.deep <= rows*len(x.rows)
	}
	return 2*len(p.t)<<p.deep <= rows
}

// fill computes the table of a tree. The weight that the background, or the shares of the
// training rows, give to each set of columns whose edges they pass is turned, column by column
// and for each point t, into the integrand: passed by row and other alike it counts 1, by
// the row alone t, by the other alone 1−t.
func (x *SHAP) fill(b *table) {
	p, e := &x.plans[b.tree], x.e
	n := len(p.parent)
	b.bit, b.on = make([]uint32, n), make([]uint32, n)
	total := 0
	for i := range n {
		if i > 0 {
			b.bit[i] = 1 << p.bit[i]
			if p.prev[i] < 0 {
				b.on[i] = b.bit[i]
			}
		}
		if p.leaf[i] {
			b.at[i] = int32(total)
			total += int(p.length[i]) << p.length[i]
		}
	}
	b.sum = make([]float64, total)
	var weight [][]float64
	if x.rows != nil {
		weight = x.passes(b)
	}
	var f, own []float64
	for _, leaf := range p.places {
		if weight != nil {
			own = weight[leaf]
		} else {
			own = p.shares(own, leaf)
		}
		v := 1.0
		if e.width == 1 {
			v = e.value[e.roots[b.tree]+leaf] * x.factor[e.target[b.tree]]
		}
		m := int(p.length[leaf])
		sum := b.sum[b.at[leaf]:][:m<<m]
		for q, t := range p.t {
			f = append(f[:0], own...)
			integrate(sum, f, m, t, p.w[q]*v)
		}
	}
}

// integrate adds to sum, m numbers a set, what one point t of weight w makes of the weights
// f of sets of m columns.
func integrate(sum, f []float64, m int, t, w float64) {
	for j := range m {
		bit := 1 << j
		for s := range f {
			if s&bit == 0 {
				without, with := f[s], f[s|bit]
				f[s], f[s|bit] = (1-t)*with, with+t*without
			}
		}
	}
	for j := range m {
		bit := 1 << j
		for s := range f {
			if s&bit == 0 {
				with := f[s] / (1 - t)
				sum[s*m+j] -= w * with
				sum[(s|bit)*m+j] += w * (f[s|bit] - with) / t
			}
		}
	}
}

// shares returns the weight of each set of columns of a leaf's path whose edges training rows
// pass, as if columns were independent.
func (p *plan) shares(dst []float64, leaf int32) []float64 {
	z := slices.Repeat([]float64{-1}, int(p.length[leaf]))
	for i := leaf; i > 0; i = p.parent[i] {
		if at := p.bit[i]; z[at] < 0 {
			z[at] = p.z[i] // the lowest edge holds the share of all
		}
	}
	dst = append(dst[:0], 1)
	for _, share := range z {
		for s, n := 0, len(dst); s < n; s++ {
			dst = append(dst, dst[s]*share)
			dst[s] *= 1 - share
		}
	}
	return dst
}

// passes counts, for each leaf, the rows of the background by the columns whose edges they
// pass, as shares.
func (x *SHAP) passes(b *table) [][]float64 {
	p, e := &x.plans[b.tree], x.e
	root := e.roots[b.tree]
	out := make([][]float64, len(p.parent))
	for _, leaf := range p.places {
		out[leaf] = make([]float64, 1<<p.length[leaf])
	}
	work, pat := make([]float64, len(e.views)), make([]uint32, len(p.parent))
	each := 1 / float64(len(x.rows))
	for _, row := range x.rows {
		e.look(work, row)
		for i, leaf := range p.leaf {
			if leaf {
				out[i][pat[i]] += each
				continue
			}
			b.split(pat, root, int32(i), e.step(root+int32(i), work, row)-root)
		}
	}
	return out
}

// split settles which columns' edges a row passes down to the children of inner node i,
// one of which it goes to.
func (b *table) split(pat []uint32, root, i, goes int32) {
	misses := (root + goes) ^ 1 - root // the other of the pair, of which the left one has an even place
	pat[goes] = pat[i] | b.on[goes]
	pat[misses] = pat[i] &^ b.bit[misses]
}

// byTable adds the values of a tree that is tabulated.
func (s *shaper) byTable(out []float64, b *table) {
	p, e := &s.x.plans[b.tree], s.x.e
	root, d := e.roots[b.tree], e.columns+1
	n := len(p.parent)
	s.pat = slices.Grow(s.pat[:0], n)[:n]
	s.pat[0] = 0
	phi := out[int(e.target[b.tree])*d:]
	for i := range n {
		if !p.leaf[i] {
			b.split(s.pat, root, int32(i), e.step(root+int32(i), s.work, s.row)-root)
			continue
		}
		columns := p.columnsOf(int32(i))
		m := len(columns)
		sum := b.sum[int(b.at[i])+int(s.pat[i])*m:][:m]
		if e.width == 1 {
			for j, c := range columns {
				phi[c] += sum[j]
			}
			continue
		}
		for k, v := range e.value[(int(root)+i)*e.width : (int(root)+i+1)*e.width] {
			v *= s.x.factor[k]
			for j, c := range columns {
				out[k*d+int(c)] += v * sum[j]
			}
		}
	}
}
