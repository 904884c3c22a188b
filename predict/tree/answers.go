package tree

import "slices"

// answers says for each category which of the splits by category it passes, so that walks compare numbers alone: the answers
// of a row, 0 or 1 for each split, are laid out before its views. A split by category costs a look at
// a set otherwise, behind a branch that nothing predicts.
type answers struct {
	columns []codeColumn
	bits    []uint8 // four splits each; for each column the rows of missing values, of codes never seen, of 0, 1, …
}

// codeColumn is one column of codes.
type codeColumn struct {
	column int32
	first  int32 // of its splits, which lie next to each other
	wide   int32 // bytes of a row
	known  int32 // codes that some set holds, and all below
	begin  int32 // in bits
}

// mostAnswers bounds the bytes of answers, answersPerTree the splits by category of a tree, on the mean, and answersPerRow those of
// a model: a row is asked them all, of which a walk meets few, and those of eight rows shall stay in the cache. Models beyond walk
// by sets, which is quicker for them.
const (
	mostAnswers    = 1 << 20
	answersPerTree = 256
	answersPerRow  = 1 << 14
)

// quad holds the four answers of a byte, the last first.
var quad = func() (q [16][4]float64) {
	for b := range q {
		for k := range 4 {
			q[b][3-k] = float64(b >> k & 1)
		}
	}
	return q
}()

// layAnswers brings the splits by category into the order of their columns and lays out their codes.
func (e *Ensemble) layAnswers() {
	if len(e.tests) == 0 {
		return
	}
	order := make([]int32, len(e.tests))
	for k := range order {
		order[k] = int32(k)
	}
	slices.SortStableFunc(order, func(a, b int32) int { return int(e.tests[a].column - e.tests[b].column) })
	to, tests := make([]int32, len(order)), make([]category, len(order))
	for k, from := range order {
		to[from], tests[k] = int32(k), e.tests[from]
	}
	nodes := slices.Clone(e.nodes)
	for p := range nodes {
		if v := nodes[p].view; v < 0 {
			nodes[p].view = ^to[^v]
		}
	}
	e.tests, e.nodes = tests, nodes
	e.fillAnswers()
}

// fillAnswers asks every split for every code of its column, unless they are too many.
func (e *Ensemble) fillAnswers() {
	if len(e.tests) > min(answersPerTree*len(e.target), answersPerRow) {
		return
	}
	var c answers
	total := int64(0) // of as many bytes as no int of 32 bits holds
	for lo := 0; lo < len(e.tests); {
		hi, words := lo, int32(0)
		for hi < len(e.tests) && e.tests[hi].column == e.tests[lo].column {
			words = max(words, e.tests[hi].end-e.tests[hi].begin)
			hi++
		}
		col := codeColumn{column: e.tests[lo].column, first: int32(lo), wide: int32(hi-lo+3) / 4, known: 32 * words, begin: int32(total)}
		if total += int64(col.wide) * (2 + int64(col.known)); total > mostAnswers {
			return
		}
		c.columns = append(c.columns, col)
		lo = hi
	}
	c.bits = make([]uint8, total)
	for i, col := range c.columns {
		end := len(e.tests)
		if i+1 < len(c.columns) {
			end = int(c.columns[i+1].first)
		}
		for k, t := range e.tests[col.first:end] {
			put := func(row, right int32) { c.bits[col.begin+row*col.wide+int32(k/4)] |= uint8(right << (k % 4)) }
			put(0, t.missing)
			put(1, 1)
			for code := range col.known {
				put(2+code, e.passes(&t, code))
			}
		}
	}
	e.answers = &c
}

// passes is 1 where a code goes right.
func (e *Ensemble) passes(c *category, code int32) int32 {
	word := c.begin + code>>5
	if word >= c.end {
		return 1
	}
	return int32(^e.bits[word] >> (code & 31) & 1)
}

// answer lays the answers of a row out before work[off], those of split k at off-1-k.
func (c *answers) answer(work []float64, off int, row []float64, single bool) {
	for i := range c.columns {
		col := &c.columns[i]
		x := row[col.column]
		if single {
			x = float64(float32(x))
		}
		at := int32(1)
		switch {
		case x != x:
			at = 0
		case x >= 0 && x < float64(col.known):
			at = 2 + int32(x)
		}
		to := off - int(col.first)
		for _, b := range c.bits[col.begin+at*col.wide:][:col.wide] {
			*(*[4]float64)(work[to-4 : to]) = quad[b&15]
			to -= 4
		}
	}
}

// before is how much room the answers of a row take before its views: three more than there are splits, as they come in fours.
func (e *Ensemble) before() int {
	if e.answers == nil {
		return 0
	}
	return len(e.tests) + 3
}
