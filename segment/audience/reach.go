package audience

import (
	"fmt"
	"math"
	"slices"
)

// measured is a number of the user's, about which several clauses may be: what changes one of
// them may change the others.
type measured struct {
	col     *column
	x       float64 // NaN where it is missing
	clauses []int   // about it, by number
	spots   []spot  // where it could be instead, nearest first
	is      spot    // where it is to be, once the clauses to change are found
}

// spot is a border of some clause, or what lies next to it on one side: between two borders all
// clauses come out the same.
type spot struct {
	at   float64
	side int // -1 below, 1 above
}

func (c spot) value() float64 {
	if c.side == 0 {
		return c.at
	}
	return math.Nextafter(c.at, math.Inf(c.side))
}

// measure notes what clause i says about a number, if it does.
func (s *said) measure(byColumn map[*column]int, i int, u int32) {
	c := s.clauses[i]
	if c.col == nil || c.col.kind != numberColumn || c.op == opNear {
		return
	}
	k, ok := byColumn[c.col]
	if !ok {
		k = len(s.numbers)
		byColumn[c.col] = k
		x := math.NaN()
		if c.col.known.Has(u) {
			x = c.col.numbers[u]
		}
		s.numbers = append(s.numbers, measured{col: c.col, x: x})
	}
	s.numbers[k].clauses = append(s.numbers[k].clauses, i)
}

// list fills in the spots.
func (q *measured) list(clauses []*bound) {
	borders := []float64{0} // for a number that is to become known, whatever it is
	if q.x == q.x {
		borders[0] = q.x
	}
	for _, i := range q.clauses {
		switch c := clauses[i]; {
		case c.op == opIn:
			borders = append(borders, c.nums...)
		case c.op == opBetween:
			borders = append(borders, c.a, c.b)
		case c.op < opBetween:
			borders = append(borders, c.a)
		}
	}
	x := borders[0]
	for _, v := range borders {
		q.spots = append(q.spots, spot{v, 0}, spot{v, -1}, spot{v, 1})
	}
	q.spots = slices.DeleteFunc(q.spots, func(c spot) bool { return math.IsInf(c.value(), 0) })
	slices.SortStableFunc(q.spots, func(c, d spot) int {
		v, w := c.value(), d.value()
		switch {
		case v == w:
			return 0
		case v >= x && w >= x, v < x && w < x: // exact, where a difference would be rounded
			if (v < w) == (v >= x) {
				return -1
			}
			return 1
		case math.Abs(v-x) < math.Abs(w-x) || math.Abs(v-x) == math.Abs(w-x) && v < w:
			return -1
		}
		return 1
	})
	q.spots = append(q.spots, spot{math.NaN(), 0}) // becomes unknown
}

// of is how a clause about a number comes out for another.
func (b *bound) of(x float64) Truth {
	switch known := x == x; {
	case b.op == opHas:
		return truth(known)
	case b.op == opMissing:
		return truth(!known)
	case !known:
		return Unknown
	case b.op == opIn:
		_, ok := slices.BinarySearch(b.nums, x)
		return truth(ok)
	}
	return truth(compare(b.op, x, b.a, b.b))
}

// turned reports whether the rule comes out as wanted with these clauses changed, and whether
// there are numbers for which they do change, and it does so too.
func (s *said) turned(root *bound, g goal, ws []want) bool {
	s.tried++
	was := slices.Clone(s.truths)
	for _, w := range ws {
		s.truths[s.at[w.clause]] = w.truth
	}
	ok := g.reached(s.truth(root)) && s.possible(root, g, ws, 0)
	s.truths = was
	return ok
}

// possible looks for numbers of the numbers from k on: the nearest for which all that is
// wanted holds.
func (s *said) possible(root *bound, g goal, ws []want, k int) bool {
	if k == len(s.numbers) {
		s.tried++
		return g.reached(s.truth(root))
	}
	q := &s.numbers[k]
	if !slices.ContainsFunc(ws, func(w want) bool { return w.clause.col == q.col && w.clause.op != opNear }) {
		return s.possible(root, g, ws, k+1)
	}
	if q.spots == nil {
		q.list(s.clauses)
	}
	was := slices.Clone(s.truths)
	for _, c := range q.spots {
		x := c.value()
		if slices.ContainsFunc(ws, func(w want) bool {
			return w.clause.col == q.col && w.clause.op != opNear && w.clause.of(x) != w.truth
		}) {
			continue
		}
		for _, i := range q.clauses {
			s.truths[i] = s.clauses[i].of(x)
		}
		if s.possible(root, g, ws, k+1) {
			q.is = c
			return true
		}
		if s.tried > s.most {
			break
		}
	}
	copy(s.truths, was)
	return false
}

// away is how far a number is from where it is to be, for a clause about it.
func (s *said) away(b *bound) (float64, []string) {
	q := &s.numbers[slices.IndexFunc(s.numbers, func(q measured) bool { return q.col == b.col })]
	by := q.is.at - q.x
	switch {
	case q.is.side == 0:
		return by, []string{fmt.Sprintf("%s %+g", b.attr, by)}
	case by == 0 && len(q.clauses) == 1 && (b.op == opEqual || b.op == opUnequal):
		return by, []string{"another " + b.attr}
	case q.is.side < 0:
		return by, []string{fmt.Sprintf("%s below %s (%+g)", b.attr, number(q.is.at), by)}
	}
	return by, []string{fmt.Sprintf("%s above %s (%+g)", b.attr, number(q.is.at), by)}
}
