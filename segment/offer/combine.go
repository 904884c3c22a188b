package offer

import "slices"

// candidate is an offer that an order may get, as far as that does not depend on others.
type candidate struct {
	*benefit
	k     int32   // in the book
	lines []int32 // of the order that it is for
	left  int64   // of its budget; negative: no limit
	group int32   // of candidates of which one is taken at most; -1: none
	alone bool
}

// problem asks for the best of all combinations of candidates, which stand in order of
// application.
type problem struct {
	amounts, quantity []int64 // by line
	candidates        []candidate
	groups            int
	clash             [][]bool // by offer of the book
	left              int64    // of the budget of all; negative: no limit
	perOrder          int      // 0: no limit
	nodes             int
}

// solution is the combination found: indices of candidates, ascending.
type solution struct {
	taken         []int32
	money, points int64
	bound         int64 // no combination takes more off
	exact         bool
}

// solver searches depth first, at each candidate first with it and then without: the first
// end it reaches takes all that can be had in order of application. A branch is left where
// the sum of what each remaining candidate could give now, of a group the most, does not lead
// above the best; for amounts only shrink, and no offer gives more on less. So of equal ends
// the first one stays, which takes the earliest offers.
type solver struct {
	problem
	merged bool    // see problem.merged
	rest   []int64 // see bound
	nodes  int
	open   int64 // the most that a branch left for want of nodes could take off
	found  bool
	best   solution
	taken  []int32
	layers [][]int64 // amounts left by number of offers taken
	part   []int64
	most   []int64 // by group, see bound
}

// maxLooks bounds the amounts that a search looks at.
const maxLooks = 20_000_000

// solve returns the best combination, or the best met when the nodes are used up.
func (p problem) solve() solution {
	p, merged := p.merged()
	s := solver{problem: p, merged: merged, rest: make([]int64, len(p.amounts)), nodes: p.nodes, part: make([]int64, len(p.amounts)), most: make([]int64, p.groups)}
	looks := 1
	for i := range p.candidates {
		looks += len(p.candidates[i].lines)
	}
	s.nodes = min(s.nodes, maxLooks/looks)
	s.visit(0, p.amounts, 0, 0)
	s.best.bound = max(s.open, s.best.money)
	s.best.exact = s.best.bound == s.best.money
	return s.best
}

// merged returns the same problem with one line in place of all those that the same candidates
// are for, if any two candidates are for the same lines or have none in common: then what each
// gives depends on sums only, but for offers on each unit. Else it reports false.
func (p problem) merged() (problem, bool) {
	var amounts []int64
	var sizes []int
	of := make([]int, len(p.amounts)) // by line: number of its merged one, from 1
	candidates := slices.Clone(p.candidates)
	for i := range candidates {
		c := &candidates[i]
		k := of[c.lines[0]]
		fresh := k == 0
		if fresh {
			amounts, sizes = append(amounts, sumOf(p.amounts, c.lines)), append(sizes, len(c.lines))
			k = len(sizes)
		}
		if c.each || len(c.lines) != sizes[k-1] {
			return p, false
		}
		for _, l := range c.lines {
			if fresh && of[l] != 0 || !fresh && of[l] != k {
				return p, false
			}
			of[l] = k
		}
		c.lines = []int32{int32(k - 1)}
	}
	p.amounts, p.quantity, p.candidates = amounts, make([]int64, len(amounts)), candidates
	return p, true
}

// visit tries candidate i and those after it on what is left of the lines.
func (s *solver) visit(i int, amounts []int64, money, points int64) {
	if i == len(s.candidates) {
		if b := &s.best; !s.found || money > b.money || money == b.money && points > b.points {
			s.found = true
			b.taken, b.money, b.points = append(b.taken[:0], s.taken...), money, points
		}
		return
	}
	if s.found {
		m, p := s.bound(i, amounts)
		if m < s.best.money-money || m == s.best.money-money && plus(points, p) <= s.best.points {
			return
		}
		if s.nodes <= 0 {
			s.open = max(s.open, money+m)
			return
		}
	}
	s.nodes--
	c := &s.candidates[i]
	if s.allowed(c) {
		m, p := c.gain(amounts, s.quantity, c.lines)
		if (m > 0 || p > 0) && (c.left < 0 || m <= c.left) && (s.left < 0 || m <= s.left-money) {
			rest := amounts
			if m > 0 {
				rest = s.layer(amounts)
				c.take(m, rest, s.quantity, c.lines, s.part)
			}
			s.taken = append(s.taken, int32(i))
			s.visit(i+1, rest, money+m, plus(points, p))
			s.taken = s.taken[:len(s.taken)-1]
		}
	}
	s.visit(i+1, amounts, money, points)
}

// layer returns a copy of amounts that stays until the same number of offers is taken again.
func (s *solver) layer(amounts []int64) []int64 {
	n := len(s.taken)
	for len(s.layers) <= n {
		s.layers = append(s.layers, make([]int64, len(amounts)))
	}
	copy(s.layers[n], amounts)
	return s.layers[n]
}

// allowed reports whether a candidate goes with those taken.
func (s *solver) allowed(c *candidate) bool {
	if s.perOrder > 0 && len(s.taken) >= s.perOrder {
		return false
	}
	for _, j := range s.taken {
		if s.clash[c.k][s.candidates[j].k] {
			return false
		}
	}
	return true
}

// bound returns at least what candidates from i on can add. One that goes alone counts by
// itself, and only where nothing is taken. Of merged lines more is known: what each candidate
// takes off what those before it leave has a ceiling, by which less is left where they leave
// less. So if all are taken, the least is left; and a group leaves the least if its best is
// taken off at the end.
func (s *solver) bound(i int, amounts []int64) (money, points int64) {
	clear(s.most)
	copy(s.rest, amounts)
	var single, singlePoints int64
	for ; i < len(s.candidates); i++ {
		c := &s.candidates[i]
		if !s.allowed(c) {
			continue
		}
		m, p := c.gain(amounts, s.quantity, c.lines)
		switch {
		case c.alone:
			single, singlePoints = max(single, m), max(singlePoints, p)
		case c.group >= 0:
			// Of a group one is taken; its points are added, which is more than any has.
			if m > s.most[c.group] {
				money = plus(money, m-s.most[c.group])
				s.most[c.group] = m
			}
			points = plus(points, p)
		default:
			if s.merged {
				rest := &s.rest[c.lines[0]]
				m = min(m, c.ceiling(*rest))
				*rest -= m
			}
			money, points = plus(money, m), plus(points, p)
		}
	}
	left := int64(0)
	for _, a := range amounts {
		left += a
	}
	return min(max(money, single), left), max(points, singlePoints)
}

// plus is a+b, or the largest int64; neither is negative.
func plus(a, b int64) int64 {
	if s := a + b; s >= 0 {
		return s
	}
	return 1<<63 - 1
}
