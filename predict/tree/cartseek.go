package tree

import (
	"cmp"
	"math"
	"slices"
)

// seeker looks for the best split of a node in one column after the other. Not for several
// goroutines.
type seeker struct {
	g     *planter
	score scorer
	seq   []int32   // rows in the order of the search
	key   []float64 // their values
	spare []int32

	groups []group // categories of the node
	of     []int32 // group of a category of the column under way, by number, +1
	begin  []int32
	axis   []float64
}

// group is the rows of one category in a node.
type group struct {
	code int32 // its number in the column
	rows int
	w    float64
	sum  float64   // Σ w·y, or the weight of class 1
	held []float64 // of more than two classes
	key  float64   // what categories are ordered by
}

func newSeeker(g *planter) *seeker { return &seeker{g: g, score: newScorer(g.l, g.opt.Criterion)} }

// column returns the best split of node n by column j.
func (s *seeker) column(n *sprout, j int) cut {
	if s.g.order[j] == nil {
		return s.category(n, j)
	}
	seq := s.g.order[j][n.lo:n.hi]
	x := s.g.columns[j]
	s.key = grow(s.key, len(seq))
	for p, r := range seq {
		s.key[p] = x[r]
	}
	known := len(seq)
	for known > 0 && s.key[known-1] != s.key[known-1] {
		known--
	}
	c := cut{column: -1, gain: math.Inf(-1)}
	if known == 0 || known == len(seq) && s.key[0] == s.key[known-1] {
		return c
	}
	at, restLeft, score := s.scan(n, seq, known)
	if at < 0 {
		return c
	}
	c = cut{column: j, missingLeft: restLeft, gain: max(score-n.stat.score, 0)}
	switch {
	case at == known:
		c.threshold = math.MaxFloat64
	default:
		a, b := s.key[at-1], s.key[at]
		if c.threshold = a/2 + b/2; !(c.threshold >= a && c.threshold < b) {
			c.threshold = a
		}
	}
	if known == len(seq) {
		c.missingLeft = at > len(seq)-at
	}
	return c
}

// scan tries the places between the first known rows of seq where s.key changes, the other
// rows once on the right and once on the left, and at last these apart from all others. It returns
// how many of the known ones go left at the best place, −1 where there is none, and the side of
// the others.
func (s *seeker) scan(n *sprout, seq []int32, known int) (at int, restLeft bool, score float64) {
	at, score = -1, math.Inf(-1)
	o := &s.g.opt
	heavy := o.MinLeafWeight * s.g.l.total
	rest := len(seq) - known
	passes := 1
	if rest > 0 {
		passes = 2
	}
	for pass := range passes {
		q := seq
		count, weight := 0, 0.0
		last := known - 1
		if pass == 1 { // the others begin
			s.seq = append(append(s.seq[:0], seq[known:]...), seq[:known]...)
			q = s.seq
		} else if rest > 0 {
			last = known
		}
		s.score.begin(&n.stat, q)
		if pass == 1 {
			for _, r := range q[:rest] {
				s.score.move(r)
				weight += s.g.l.w[r]
			}
			q, count = q[rest:], rest
		}
		for p := range last {
			r := q[p]
			s.score.move(r)
			count++
			if heavy > 0 {
				weight += s.g.l.w[r]
			}
			if p+1 < known && s.key[p] == s.key[p+1] || count < o.MinLeaf || len(seq)-count < o.MinLeaf {
				continue
			}
			if heavy > 0 && (weight < heavy || n.stat.w-weight < heavy) {
				continue
			}
			if v := s.score.score(); v > score+n.stat.tie() {
				at, restLeft, score = p+1, pass == 1, v
			}
		}
	}
	return at, restLeft, score
}

// category returns the best split of node n by the categories of column j. Categories of few
// rows follow the side where they gain more, together; so will unseen ones.
func (s *seeker) category(n *sprout, j int) cut {
	c := cut{column: -1, gain: math.Inf(-1)}
	k := &s.g.codes[j]
	s.gather(n, k)
	few := slices.IndexFunc(s.groups, func(a group) bool { return a.rows < s.g.opt.MinCategory })
	if few < 0 {
		few = len(s.groups)
	}
	usual := s.groups[:few]
	if len(usual) == 0 || len(s.groups) == 1 {
		return c
	}
	s.keys()
	slices.SortFunc(usual, func(a, b group) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.code, b.code)) })
	known := s.lay(n, k, few)
	at, restLeft, score := s.scan(n, s.spare, known)
	if at < 0 {
		return c
	}
	c = cut{column: j, gain: max(score-n.stat.score, 0), set: []uint32{}}
	// The set holds categories that go left, and what is in no set goes right: the rest, or
	// where all are known, the smaller side is on the left.
	low := !restLeft
	if known == n.hi-n.lo {
		low = at <= known-at
	}
	rows := 0
	for i := range usual {
		if isLow := rows < at; isLow == low {
			code := usual[i].code
			if int(code) == len(k.names) {
				c.missingLeft = true
			} else {
				name := k.names[code]
				for int(name>>5) >= len(c.set) {
					c.set = append(c.set, 0)
				}
				c.set[name>>5] |= 1 << (name & 31)
			}
		}
		rows += usual[i].rows
	}
	return c
}

// gather makes the groups of a node, those of MinCategory rows and more first.
func (s *seeker) gather(n *sprout, k *codes) {
	s.of = slices.Grow(s.of[:0], len(k.names)+1)[:len(k.names)+1]
	l := s.g.l
	s.groups = s.groups[:0]
	for _, r := range s.g.members[n.lo:n.hi] {
		code := k.of[r]
		if s.of[code] == 0 {
			s.groups = append(s.groups, group{code: code})
			s.of[code] = int32(len(s.groups))
			if l.classes > 2 {
				s.groups[len(s.groups)-1].held = make([]float64, l.classes)
			}
		}
		a := &s.groups[s.of[code]-1]
		a.rows++
		a.w += l.w[r]
		switch {
		case l.classes == 0:
			a.sum += l.w[r] * l.y[r]
		case l.classes == 2 && l.class[r] == 1:
			a.sum += l.w[r]
		case l.classes > 2:
			a.held[l.class[r]] += l.w[r]
		}
	}
	for i := range s.groups {
		s.of[s.groups[i].code] = 0
	}
	few := s.g.opt.MinCategory
	slices.SortFunc(s.groups, func(a, b group) int {
		if (a.rows < few) != (b.rows < few) {
			if b.rows < few {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.code, b.code)
	})
}

// lay puts the rows of the groups behind each other into s.spare, their keys into s.key,
// and returns how many are of the first few groups.
func (s *seeker) lay(n *sprout, k *codes, few int) (known int) {
	rows := s.g.members[n.lo:n.hi]
	s.spare = slices.Grow(s.spare[:0], len(rows))[:len(rows)]
	s.key = grow(s.key, len(rows))
	s.begin = s.begin[:0]
	p := 0
	for i := range s.groups {
		s.of[s.groups[i].code] = int32(i)
		s.begin = append(s.begin, int32(p))
		for q := range s.groups[i].rows {
			s.key[p+q] = float64(i)
		}
		p += s.groups[i].rows
		if i < few {
			known = p
		}
	}
	for _, r := range rows {
		i := s.of[k.of[r]]
		s.spare[s.begin[i]] = r
		s.begin[i]++
	}
	for i := range s.groups {
		s.of[s.groups[i].code] = 0
	}
	return known
}

// keys settles what the categories are ordered by.
func (s *seeker) keys() {
	if s.g.l.classes <= 2 {
		for i := range s.groups {
			s.groups[i].key = s.groups[i].sum / s.groups[i].w
		}
		return
	}
	s.axis = principal(s.axis, len(s.groups), s.g.l.classes, func(i int) []float64 { return s.groups[i].held })
	for i := range s.groups {
		a := &s.groups[i]
		a.key = 0
		for c, h := range a.held {
			a.key += h / a.w * s.axis[c]
		}
	}
}

// principal returns the first principal component of the shares that k classes have in n
// groups, of which held returns their weights, in axis: by power iteration from the class whose
// shares vary most.
func principal(axis []float64, n, k int, held func(int) []float64) []float64 {
	mean, weight, total := make([]float64, k), make([]float64, n), 0.0
	for i := range n {
		for c, h := range held(i) {
			weight[i] += h
			mean[c] += h
		}
		total += weight[i]
	}
	variance := make([]float64, k)
	for c := range mean {
		mean[c] /= total
		for i := range n {
			d := held(i)[c]/weight[i] - mean[c]
			variance[c] += weight[i] * d * d
		}
	}
	start := 0
	for c, v := range variance {
		if v > variance[start] {
			start = c
		}
	}
	axis = grow(axis, k)
	clear(axis)
	axis[start] = 1
	next := make([]float64, k)
	for range 32 {
		clear(next)
		for i := range n {
			along := 0.0
			for c, h := range held(i) {
				along += (h/weight[i] - mean[c]) * axis[c]
			}
			for c, h := range held(i) {
				next[c] += weight[i] * along * (h/weight[i] - mean[c])
			}
		}
		norm := 0.0
		for _, v := range next {
			norm += v * v
		}
		if norm == 0 {
			return axis
		}
		for c, v := range next {
			axis[c] = v / math.Sqrt(norm)
		}
	}
	return axis
}
