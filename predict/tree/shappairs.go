package tree

// byPairs adds the interventional values of a tree, one row of the background after the other:
// where the row and the other part, both ways are followed, and a leaf reached by a columns of
// the row's and b of the other's is worth v·(a−1)!·b!/(a+b)! for each of the first and as much
// less, a and b exchanged, for each of the others (Lundberg et al. 2020, algorithm 3).
func (s *shaper) byPairs(out []float64, t int) {
	e := s.x.e
	d := e.columns + 1
	for _, row := range s.x.rows {
		s.other = row
		e.look(s.otherWork, row)
		for c := range e.width {
			target := int(e.target[t])
			if e.width > 1 {
				target = c
			}
			f := fork{s: s, t: t, c: c, root: e.roots[t], phi: out[target*d : (target+1)*d], scale: s.x.factor[target] / float64(len(s.x.rows))}
			f.follow(0, 0, 0)
		}
	}
}

// fork follows a row and another through a tree.
type fork struct {
	s     *shaper
	t, c  int
	root  int32
	phi   []float64
	scale float64
}

// follow returns what the leaves below node i add for each column of the row's on the path,
// and for each of the other's.
func (f *fork) follow(i int32, a, b int) (own, others float64) {
	s, e, p := f.s, f.s.x.e, &f.s.x.plans[f.t]
	for !p.leaf[i] {
		mine := e.step(f.root+i, s.work, s.row) - f.root
		column := p.column[mine]
		if s.side[column] > 0 {
			i = mine
			continue
		}
		its := e.step(f.root+i, s.otherWork, s.other) - f.root
		if s.side[column] < 0 || mine == its {
			i = its
			continue
		}
		s.side[column] = 1
		own1, others1 := f.follow(mine, a+1, b)
		s.side[column] = -1
		own2, others2 := f.follow(its, a, b+1)
		s.side[column] = 0
		f.phi[column] += own1 - others2
		return own1 + own2, others1 + others2
	}
	v := e.value[int(f.root+i)*e.width+f.c] * f.scale
	return v * s.share(a, b), v * s.share(b, a)
}

// share is (a−1)!·b!/(a+b)!, and 0 without a.
func (s *shaper) share(a, b int) float64 {
	if a <= 0 || b < 0 {
		return 0
	}
	return s.fair[a*s.wide+b]
}

// crossPairs adds the interventional interactions of a tree.
func (s *shaper) crossPairs(out []float64, t int) {
	for _, row := range s.x.rows {
		s.other = row
		s.x.e.look(s.otherWork, row)
		s.parts = s.parts[:0]
		s.crossFollow(out, t, 0, 0, 0)
	}
}

// crossFollow is follow for two columns at a time.
func (s *shaper) crossFollow(out []float64, t int, i int32, a, b int) {
	e, p := s.x.e, &s.x.plans[t]
	root := e.roots[t]
	for !p.leaf[i] {
		mine := e.step(root+i, s.work, s.row) - root
		column := p.column[mine]
		if s.side[column] > 0 {
			i = mine
			continue
		}
		its := e.step(root+i, s.otherWork, s.other) - root
		if s.side[column] < 0 || mine == its {
			i = its
			continue
		}
		s.parts = append(s.parts, column)
		s.side[column] = 1
		s.crossFollow(out, t, mine, a+1, b)
		s.side[column] = -1
		s.crossFollow(out, t, its, a, b+1)
		s.side[column] = 0
		s.parts = s.parts[:len(s.parts)-1]
		return
	}
	d := e.columns + 1
	each := .5 / float64(len(s.x.rows))
	both, neither, mixed := s.share(a-1, b), s.share(b-1, a), -s.share(a, b-1)
	for k, x := range s.parts {
		for _, y := range s.parts[:k] {
			w := mixed
			if s.side[x] == s.side[y] {
				w = both
				if s.side[x] < 0 {
					w = neither
				}
			}
			s.cross(out, t, i, int(x)*d+int(y), int(y)*d+int(x), w*each)
		}
	}
}
