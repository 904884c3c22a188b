package tree

import "slices"

// The Shapley value of column j in a leaf of value v is v·(o_j − z_j)·∫ Π (t·o_i + (1−t)·z_i) dt
// over the other columns i of its path, o being 1 where the row passes the column's edges and
// z the share of training rows that do: |S|!·(m−|S|−1)!/m! is the integral of t^|S|·(1−t)^(m−|S|−1).
// It is a polynomial below degree m, which m/2 points integrate exactly, and no factor is 0
// within (0, 1) but those of z = 0, so that a column is taken out by a division.

// descend fills next, hot, and the products p at the points down to each node of a tree.
func (s *shaper) descend(t int) {
	p, e := &s.x.plans[t], s.x.e
	n, k, root := len(p.parent), len(p.t), e.roots[t]
	s.next, s.hot = slices.Grow(s.next[:0], n)[:n], slices.Grow(s.hot[:0], n)[:n]
	s.p = grow(s.p, n*k)
	for q := range k {
		s.p[q] = 1
	}
	s.hot[0] = true
	for i := range n {
		if !p.leaf[i] {
			s.next[i] = e.step(root+int32(i), s.work, s.row) - root
		}
		if i == 0 {
			continue
		}
		up, at := p.parent[i], p.prev[i]
		was, zWas := true, 1.0
		if at >= 0 {
			was, zWas = s.hot[at], p.z[at]
		}
		s.hot[i] = was && s.next[up] == int32(i)
		from, to, z := s.p[int(up)*k:int(up)*k+k], s.p[i*k:i*k+k], p.z[i]
		switch {
		case !was:
			ratio := 0.0
			if zWas > 0 {
				ratio = z / zWas
			}
			for q, v := range from {
				to[q] = v * ratio
			}
		case s.hot[i]:
			for q, v := range from {
				a := p.t[q]
				to[q] = v * (a + (1-a)*z) / (a + (1-a)*zWas)
			}
		default:
			for q, v := range from {
				a := p.t[q]
				to[q] = v * (1 - a) * z / (a + (1-a)*zWas)
			}
		}
	}
}

// byPoints adds the values of a tree by quadrature: products go down the tree, sums over the
// leaves come up, and each edge takes its column out of the products of the leaves below and
// puts in what it was above.
func (s *shaper) byPoints(out []float64, t int) {
	p, e := &s.x.plans[t], s.x.e
	n, k, d := len(p.parent), len(p.t), e.columns+1
	s.descend(t)
	for c := range e.width {
		target := int(e.target[t])
		if e.width > 1 {
			target = c
		}
		phi := out[target*d : (target+1)*d]
		s.g = grow(s.g, n*k)
		clear(s.g)
		for i := n - 1; i > 0; i-- {
			g := s.g[i*k : i*k+k]
			if p.leaf[i] {
				v := e.value[(int(e.roots[t])+i)*e.width+c] * s.x.factor[target]
				for q, x := range s.p[i*k : i*k+k] {
					g[q] = v * x * p.w[q]
				}
			}
			up := s.g[int(p.parent[i])*k:][:k]
			for q, x := range g {
				up[q] += x
			}
			at := p.prev[i]
			if at >= 0 && !s.hot[at] {
				continue // passed neither above nor here
			}
			z, sum := p.z[i], 0.0
			if s.hot[i] {
				for q, x := range g {
					sum += x * (1 - z) / (p.t[q] + (1-p.t[q])*z)
				}
			} else {
				for q, x := range g {
					sum -= x / (1 - p.t[q])
				}
			}
			if at >= 0 {
				z := p.z[at]
				for q, x := range g {
					sum -= x * (1 - z) / (p.t[q] + (1-p.t[q])*z)
				}
			}
			phi[p.column[i]] += sum
		}
	}
}

// crossPoints adds the interactions of a tree by quadrature, leaf by leaf: two columns are
// taken out of the product then.
func (s *shaper) crossPoints(out []float64, t int) {
	p, e := &s.x.plans[t], s.x.e
	k, d := len(p.t), e.columns+1
	s.descend(t)
	for _, leaf := range p.places {
		columns := p.columnsOf(leaf)
		m := len(columns)
		s.rate = grow(s.rate, m*k)
		s.parts = slices.Grow(s.parts[:0], m)[:m]
		clear(s.parts)
		for i := leaf; i > 0; i = p.parent[i] {
			pos := slices.Index(columns, p.column[i])
			if s.parts[pos] != 0 {
				continue // an edge below has the last word
			}
			s.parts[pos] = i
			z := p.z[i]
			for q, a := range p.t {
				if s.hot[i] {
					s.rate[pos*k+q] = (1 - z) / (a + (1-a)*z)
				} else {
					s.rate[pos*k+q] = -1 / (1 - a)
				}
			}
		}
		for a := range m {
			for b := range a {
				sum := 0.0
				for q, x := range s.p[int(leaf)*k : int(leaf)*k+k] {
					sum += x * p.w[q] * s.rate[a*k+q] * s.rate[b*k+q]
				}
				s.cross(out, t, leaf, int(columns[a])*d+int(columns[b]), int(columns[b])*d+int(columns[a]), sum/2)
			}
		}
	}
}
