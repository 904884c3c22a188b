package audience

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/aislekit/aisle/internal/geo"
)

// Turn is the change of one clause that would help to turn the verdict about a user.
type Turn struct {
	Rule   string // the clause
	Result Truth  // as it is
	Want   Truth  // as it would have to be
	// By is the least change that does it: of the number that the clause is about, the same in
	// all clauses about it, of kilometres, or of how many events there are; 0 where it is another
	// change, or the number stands at the border and has to cross it, and in a Live audience that
	// does not know how many events there are.
	By float64
	// After is how long it takes until the clause comes out so though nothing happens; 0 for
	// never, and for clauses that time does not change.
	After time.Duration
	Text  string // the change in words: "age +6", "2 more, or in 3d"
}

// want is a clause with the truth that it would have to have.
type want struct {
	clause *bound
	truth  Truth
}

// goal is what a rule shall become; those of a negation stand across.
type goal uint8

const (
	becomeTrue goal = iota
	becomeFalse
	notTrue
	notFalse
)

// opposite is the goal for a rule under a not.
func (g goal) opposite() goal { return [...]goal{becomeFalse, becomeTrue, notFalse, notTrue}[g] }

// reached reports whether a truth is as wanted.
func (g goal) reached(t Truth) bool {
	switch g {
	case becomeTrue:
		return t == True
	case becomeFalse:
		return t == False
	case notTrue:
		return t != True
	}
	return t != False
}

// clauses appends the clauses of a rule.
func (b *bound) clauses(dst []*bound) []*bound {
	if b.op > opNot {
		return append(dst, b)
	}
	for _, k := range b.kids {
		dst = k.clauses(dst)
	}
	return dst
}

// need returns the fewest clauses to change, where none occurs twice: of a rule of which all
// parts must change what each needs, of one of which a part is enough that of the cheapest.
func (m moment) need(b *bound, u int32, g goal) []want {
	if b.op == opNot {
		return m.need(b.kids[0], u, g.opposite())
	}
	if b.op > opNot {
		if g.reached(m.clause(b, u)) {
			return nil
		}
		if g == becomeTrue || g == notFalse {
			return []want{{b, True}}
		}
		return []want{{b, False}}
	}
	up := g == becomeTrue || g == notFalse
	all := (b.op == opAnd) == up
	var best []want
	for i, k := range b.kids {
		w := m.need(k, u, g)
		switch {
		case all:
			best = append(best, w...)
		case i == 0 || len(w) < len(best):
			best = w
		}
	}
	return best
}

// said is how the clauses of a rule come out, those of the same text together.
type said struct {
	at      map[*bound]int // of each clause, its number
	clauses []*bound       // of each number, the first of its text
	truths  []Truth
	numbers []measured
	tried   int
	most    int // sets that may be tried
}

// hear notes how all clauses of a rule come out for a user.
func (m moment) hear(root *bound, u int32) *said {
	s, byText, byColumn := &said{at: map[*bound]int{}}, map[string]int{}, map[*column]int{}
	for _, c := range root.clauses(nil) {
		text := Rule{c.node}.String()
		i, ok := byText[text]
		if !ok {
			i = len(s.clauses)
			byText[text] = i
			s.clauses, s.truths = append(s.clauses, c), append(s.truths, m.clause(c, u))
			s.measure(byColumn, i, u)
		}
		s.at[c] = i
	}
	s.most = min(maxNearest, maxNearestClauses/len(s.at))
	return s
}

// truth is the truth of a rule whose clauses come out so.
func (s *said) truth(b *bound) Truth {
	switch b.op {
	case opNot:
		return True - s.truth(b.kids[0])
	case opAnd, opOr:
		t := s.truth(b.kids[0])
		for _, k := range b.kids[1:] {
			if b.op == opAnd {
				t = min(t, s.truth(k))
			} else {
				t = max(t, s.truth(k))
			}
		}
		return t
	}
	return s.truths[s.at[b]]
}

// maxNearest bounds how many sets of clauses are tried where the first will not do, and
// maxNearestClauses how many clauses of them all.
const (
	maxNearest        = 5000
	maxNearestClauses = 1 << 21
)

// nearest returns the smallest set of clauses whose change turns the verdict about a user,
// of several the first in the order of the rule; nil where there is none.
func (m moment) nearest(root *bound, u int32) []Turn {
	g := becomeTrue
	if m.truth(root, u) == True {
		g = notTrue
	} else if contradiction(root, false) != "" {
		return nil
	}
	s := m.hear(root, u)
	wants := s.search(root, m.need(root, u, g), g)
	var turns []Turn
	for _, w := range wants {
		turns = append(turns, m.turn(s, w, u))
	}
	return turns
}

// search returns the guess, if no clause occurs twice and all its changes are possible at once;
// else it tries sets of different clauses, small ones first, and where that are too many stays
// with the guess, if that is one.
func (s *said) search(root *bound, guess []want, g goal) []want {
	least := len(guess)
	if len(s.clauses) < len(s.at) {
		least = 1
		slices.SortStableFunc(guess, func(x, y want) int { return s.at[x.clause] - s.at[y.clause] })
		guess = slices.CompactFunc(guess, func(x, y want) bool { return s.at[x.clause] == s.at[y.clause] })
	} else if s.turned(root, g, guess) {
		return guess
	}
	var try func(ws []want, from, more int) []want
	try = func(ws []want, from, more int) []want {
		if more == 0 {
			if s.turned(root, g, ws) {
				return slices.Clone(ws)
			}
			return nil
		}
		for i := from; i < len(s.clauses) && s.tried < s.most; i++ {
			for _, t := range []Truth{True, False} {
				if t == s.truths[i] {
					continue
				}
				if found := try(append(ws, want{s.clauses[i], t}), i+1, more-1); found != nil {
					return found
				}
			}
		}
		return nil
	}
	for size := least; size <= len(s.clauses) && s.tried < s.most; size++ {
		if found := try(nil, 0, size); found != nil {
			return found
		}
	}
	if s.tried = 0; s.turned(root, g, guess) {
		return guess
	}
	return nil
}

// turn says what would change a clause as wanted.
func (m moment) turn(s *said, w want, u int32) Turn {
	b := w.clause
	t := Turn{Rule: Rule{b.node}.String(), Result: m.clause(b, u), Want: w.truth}
	var ways []string
	if b.op == opRecency || b.op == opFrequency || b.op == opThen {
		at := m.turns(b, u, func(x Truth) bool { return x == w.truth })
		if at != never && since(m.asOf, at) <= math.MaxInt64 {
			t.After = time.Duration(at - m.asOf)
		}
	}
	switch {
	case b.op == opHas || b.op == opMissing:
		if ways = []string{b.attr + " becomes known"}; (b.op == opHas) != (w.truth == True) {
			ways[0] = b.attr + " becomes unknown"
		}
	case t.Result == Unknown:
		ways = []string{"becomes known: " + wanted(w)}
	case b.op >= opLess && b.op <= opBetween, b.op == opIn && b.col.kind == numberColumn:
		t.By, ways = s.away(b)
	case b.op == opNear:
		t.By = b.km - geo.Kilometers(b.col.numbers[u], b.col2.numbers[u], b.a, b.b)
		if ways = []string{fmt.Sprintf("%.1f km nearer", -t.By)}; w.truth == False {
			ways[0] = fmt.Sprintf("more than %.1f km farther", t.By)
		}
	case b.op == opFrequency && !m.less(b, u):
		sure, maybe := m.count(b, u)
		t.By, ways = b.short(w, sure, maybe)
	case b.op == opSample || b.op == opIn && b.col.kind == idColumn:
		ways = []string{"another user"}
	case b.op == opRecency && (w.truth == True) == (b.from == 0):
		ways = []string{"now: " + b.attr}
	}
	switch {
	case t.After > 0:
		ways = append(ways, "in "+spanText(t.After))
	case ways == nil:
		ways = []string{wanted(w)}
	}
	t.Text = strings.Join(ways, ", or ")
	return t
}

// wanted is the clause as it would have to be.
func wanted(w want) string {
	if w.truth == False {
		return "not " + Rule{w.clause.node}.String()
	}
	return Rule{w.clause.node}.String()
}

// short is how many events more or less a clause wants than there are surely, or may be.
func (b *bound) short(w want, sure, maybe int) (float64, []string) {
	most := b.max
	if most < 0 {
		most = math.MaxInt
	}
	by := 0
	switch {
	case w.truth == True && sure < b.min:
		by = b.min - sure
	case w.truth == True:
		by = most - maybe
	case b.max >= 0 && (b.min == 0 || most+1-sure <= maybe-b.min+1):
		by = most + 1 - sure
	case b.min > 0:
		by = b.min - 1 - maybe
	default:
		return 0, nil // any number will do
	}
	if by < 0 {
		return float64(by), []string{fmt.Sprintf("%d fewer", -by)}
	}
	return float64(by), []string{fmt.Sprintf("%d more", by)}
}
