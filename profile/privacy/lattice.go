package privacy

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// column is one quasi-identifier with its values as numbers at every level.
type column struct {
	names  [][]string // by level
	code   [][]int32  // by level, of each value of level 0
	share  [][]int32  // by level, how many values of level 0 each value stands for
	values int        // of level 0
	index  []map[string]int32
}

// lattice is what Anonymize searches: combinations of levels, ordered by "no column higher".
type lattice struct {
	columns  []column
	distinct [][]int32 // the distinct rows by codes of level 0
	weight   []int     // how often each occurs
	of       []int32   // the distinct row of each row
	rows     int
	k, spare int
	loss     Loss
	limit    int
	nodes    int // at most limit+1
	looked   int

	class []int32 // of each distinct row, as look left it
	size  []int   // of each class
	bad   []bool  // whether its rows are suppressed
	pairs []int32 // scratch of divide
	next  map[uint64]int32
	diverse
}

// score is what a combination of levels comes to.
type score struct {
	suppressed, classes, smallest      int
	stuck                              int // rows that are suppressed in every combination below too
	distinct                           int // this and the next two: see Anonymized
	entropy, closeness                 float64
	discernibility, general, precision float64
	least                              float64 // no combination above has a smaller loss
}

// newLattice reads rows into numbers.
func newLattice(ctx context.Context, rows [][]string, opt AnonymizeOptions) (*lattice, error) {
	if len(rows) == 0 {
		return nil, fmt.Errorf("rows: %w", ErrEmpty)
	}
	d := len(opt.Hierarchies)
	l := &lattice{columns: make([]column, d), of: make([]int32, len(rows)), rows: len(rows), k: opt.K, spare: opt.MaxSuppressed, loss: opt.Loss, limit: check.Default(opt.MaxNodes, 100_000), nodes: 1}
	seen := make([]map[string]int32, d)
	for j := range seen {
		seen[j] = map[string]int32{}
	}
	known := map[string]int32{}
	row, key := make([]int32, d), []byte(nil)
	for i, cells := range rows {
		if i%1024 == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err := check.Len(fmt.Sprintf("row %d", i), len(cells), d); err != nil {
			return nil, err
		}
		key = key[:0]
		for j, x := range cells {
			v, ok := seen[j][x]
			if !ok {
				v = int32(len(seen[j]))
				seen[j][x] = v
				if err := l.columns[j].add(opt.Hierarchies[j], x); err != nil {
					return nil, check.Private(fmt.Sprintf("column %d", j), int64(i), nil, x, err)
				}
			}
			row[j] = l.columns[j].code[0][v]
			key = append(key, byte(row[j]), byte(row[j]>>8), byte(row[j]>>16), byte(row[j]>>24))
		}
		u, ok := known[string(key)]
		if !ok {
			u = int32(len(l.distinct))
			known[string(key)] = u
			l.distinct, l.weight = append(l.distinct, slices.Clone(row)), append(l.weight, 0)
		}
		l.of[i] = u
		l.weight[u]++
	}
	for j := range l.columns {
		if err := l.columns[j].finish(); err != nil {
			return nil, fmt.Errorf("hierarchy %d: %w", j, err)
		}
		if n := len(l.columns[j].names); l.nodes <= l.limit {
			l.nodes = min(l.nodes*n, l.limit+1)
		}
	}
	l.class, l.next = make([]int32, len(l.distinct)), map[uint64]int32{}
	if err := l.sensitive(l.of, opt); err != nil {
		return nil, err
	}
	return l, nil
}

// add numbers a value at every level.
func (c *column) add(h *Hierarchy, value string) error {
	if c.code == nil {
		c.code, c.names, c.index = make([][]int32, h.height+1), make([][]string, h.height+1), make([]map[string]int32, h.height+1)
	}
	for level := range c.code {
		x, err := h.Generalize(value, level)
		if err != nil {
			return err
		}
		v, ok := c.index[level][x]
		if !ok {
			if v = int32(len(c.names[level])); v == 0 {
				c.index[level] = map[string]int32{}
			}
			c.index[level][x] = v
			c.names[level] = append(c.names[level], x)
		}
		c.code[level] = append(c.code[level], v)
	}
	return nil
}

// finish indexes the codes by values of level 0 (two spellings of a number are one value),
// counts for how many each stands, and refuses levels that do not nest.
func (c *column) finish() error {
	c.index = nil
	first := make([]int, len(c.names[0]))
	for i := len(c.code[0]) - 1; i >= 0; i-- {
		first[c.code[0][i]] = i
	}
	c.values = len(first)
	for level := range c.code {
		code, share := make([]int32, c.values), make([]int32, len(c.names[level]))
		for v, i := range first {
			code[v] = c.code[level][i]
			share[code[v]]++
		}
		c.share = append(c.share, share)
		if level > 0 {
			up := map[int32]int32{}
			for v := range first {
				if p, ok := up[c.code[level-1][v]]; ok && p != code[v] {
					return fmt.Errorf("level %d tells apart what level %d does not: %w", level, level-1, ErrOption)
				}
				up[c.code[level-1][v]] = code[v]
			}
		}
		c.code[level] = code
	}
	return nil
}

// look counts the classes of a combination of levels.
func (l *lattice) look(levels []int) score {
	l.looked++
	clear(l.class)
	l.size = append(l.size[:0], 0)
	for j := range l.columns {
		code := l.columns[j].code[levels[j]]
		if len(l.columns[j].names[levels[j]]) == 1 {
			continue // tells nothing apart
		}
		classes := l.divide(j, code, len(l.size), len(l.columns[j].names[levels[j]]))
		l.size = slices.Grow(l.size[:0], classes)[:classes]
	}
	clear(l.size)
	for u, w := range l.weight {
		l.size[l.class[u]] += w
	}
	l.bad = append(l.bad[:0], make([]bool, len(l.size))...)
	for c, size := range l.size {
		l.bad[c] = size < l.k
	}
	s := score{entropy: math.NaN(), closeness: math.NaN()}
	s.stuck = l.judge(&s, l.class, l.size, l.bad)
	l.score(levels, &s)
	if l.spare == 0 {
		s.stuck = s.suppressed // classes that are all good stay so when they are joined
	}
	return s
}

// divide cuts each of the given number of classes by the code of column j and returns how many
// there are then: by a table of all pairs where that is not much longer than the rows, else by a map.
func (l *lattice) divide(j int, code []int32, classes, codes int) int {
	n := int32(0)
	if size := classes * codes; size <= 16*len(l.distinct) {
		l.pairs = slices.Grow(l.pairs[:0], size)[:size]
		clear(l.pairs)
		for u, row := range l.distinct {
			at := &l.pairs[int(l.class[u])*codes+int(code[row[j]])]
			if *at == 0 {
				n++
				*at = n
			}
			l.class[u] = *at - 1
		}
		return int(n)
	}
	clear(l.next)
	for u, row := range l.distinct {
		key := uint64(l.class[u])<<32 | uint64(code[row[j]])
		v, ok := l.next[key]
		if !ok {
			v = n
			l.next[key] = v
			n++
		}
		l.class[u] = v
	}
	return int(n)
}

// score sums the losses of the classes that look has counted.
func (l *lattice) score(levels []int, s *score) {
	n, d := float64(l.rows), float64(len(l.columns))
	squares := 0.0
	for c, size := range l.size {
		x := float64(size)
		squares += x * x
		if l.bad[c] {
			s.suppressed += size
			s.discernibility += x * n
			continue
		}
		if s.classes++; s.smallest == 0 || size < s.smallest {
			s.smallest = size
		}
		s.discernibility += x * x
	}
	// Sums of whole numbers a column; see compareLoss for what the order of columns leaves.
	bare := 0.0
	for j := range l.columns {
		c := &l.columns[j]
		s.precision += float64(levels[j]) / float64(len(c.names)-1) / d
		if c.values == 1 {
			s.general += float64(s.suppressed) / n / d
			continue
		}
		lost, all := 0, 0
		for u, w := range l.weight {
			x := int(c.share[levels[j]][c.code[levels[j]][l.distinct[u][j]]]) - 1
			all += x * w
			if l.bad[l.class[u]] {
				x = c.values - 1
			}
			lost += x * w
		}
		s.general += float64(lost) / float64(c.values-1) / n / d
		bare += float64(all) / float64(c.values-1) / n / d
	}
	switch l.loss {
	case ByDiscernibility:
		s.least = squares
	case ByGeneralLoss:
		s.least = bare
	default:
		s.least = s.precision
	}
}

func (l *lattice) lossOf(s score) float64 {
	switch l.loss {
	case ByDiscernibility:
		return s.discernibility
	case ByGeneralLoss:
		return s.general
	}
	return s.precision
}

// slack is what sums of floats may be off by: a bound prunes only beyond it.
const slack = 1e-9

// compareLoss takes losses for equal that differ by rounding alone, as sums over columns in
// another order do, so that ties go by what is suppressed and by the levels.
func compareLoss(a, b float64) int {
	if math.Abs(a-b) <= 1e-12*max(math.Abs(a), math.Abs(b)) {
		return 0
	}
	return cmp.Compare(a, b)
}

// optimum visits the combinations by ascending sum of levels. Two marks save looks: what lies
// below an infeasible one is infeasible, as its classes are parts; what lies above one
// whose bound exceeds the best loss is no better. Infeasible ones are found first, by
// halving chains up to the top (Flash: Kohlmayer and others 2012).
func (l *lattice) optimum(ctx context.Context) ([]int, error) {
	g := newGrid(l)
	known := make(map[int]score)
	at := func(node int) score {
		s, ok := known[node]
		if !ok {
			s = l.look(g.levels(node))
			known[node] = s
		}
		return s
	}
	for _, node := range g.order {
		if g.infeasible[node] {
			continue
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if _, ok := known[node]; ok {
			continue
		}
		chain := g.chain(node, known)
		for lo, hi := 0, len(chain); lo < hi; {
			mid := (lo + hi) / 2
			if at(chain[mid]).stuck > l.spare {
				g.below(chain[mid])
				lo = mid + 1
			} else {
				hi = mid
			}
		}
		if len(known) > g.probes {
			break // enough is known; the bound does the rest
		}
	}
	best, bestScore := -1, score{}
	for _, node := range g.order {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if g.worse[node] = g.worse[node] || g.aboveWorse(node); g.worse[node] || g.infeasible[node] {
			continue
		}
		s := at(node)
		loss := l.lossOf(s)
		if s.suppressed <= l.spare && (best < 0 || cmp.Or(compareLoss(loss, l.lossOf(bestScore)), cmp.Compare(s.suppressed, bestScore.suppressed), cmp.Compare(node, best)) < 0) {
			best, bestScore = node, s
		}
		if best >= 0 && s.least > l.lossOf(bestScore)*(1+slack) {
			g.worse[node] = true
		}
	}
	if best < 0 {
		return nil, nil // not even the top, whose one class has K rows but perhaps one sensitive value
	}
	return g.levels(best), nil
}

// walk climbs by the column that leaves the fewest rows to suppress, then the least loss,
// and goes down again where that loses less.
func (l *lattice) walk(ctx context.Context) ([]int, error) {
	levels := make([]int, len(l.columns))
	now := l.look(levels)
	step := func(by int, better func(a, b score) bool, from score) (score, bool) {
		at := -1
		for j := range levels {
			if to := levels[j] + by; to < 0 || to >= len(l.columns[j].names) {
				continue
			}
			levels[j] += by
			if s := l.look(levels); better(s, from) {
				from, at = s, j
			}
			levels[j] -= by
		}
		if at >= 0 {
			levels[at] += by
		}
		return from, at >= 0
	}
	for now.suppressed > l.spare {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		var ok bool
		if now, ok = step(1, func(a, b score) bool {
			return cmp.Or(cmp.Compare(a.suppressed, b.suppressed), compareLoss(l.lossOf(a), l.lossOf(b))) < 0
		}, score{suppressed: math.MaxInt}); !ok {
			return nil, nil // at the top
		}
	}
	for ok := true; ok; {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		now, ok = step(-1, func(a, b score) bool { return a.suppressed <= l.spare && compareLoss(l.lossOf(a), l.lossOf(b)) < 0 }, now)
	}
	return levels, nil
}

// grid numbers the combinations in mixed radix, the first column most significant, so that
// the order of numbers is that of levels from the first column on.
type grid struct {
	radix, stride     []int
	order             []int // by ascending sum of levels
	infeasible, worse []bool
	probes            int
}

// newGrid numbers the combinations of l and sorts them.
func newGrid(l *lattice) *grid {
	d := len(l.columns)
	g := &grid{radix: make([]int, d), stride: make([]int, d), infeasible: make([]bool, l.nodes), worse: make([]bool, l.nodes), probes: l.nodes / 4}
	for j, stride := d-1, 1; j >= 0; j-- {
		g.radix[j], g.stride[j] = len(l.columns[j].names), stride
		stride *= g.radix[j]
	}
	sum := make([]int, l.nodes)
	for node := range sum {
		g.order = append(g.order, node)
		for _, x := range g.levels(node) {
			sum[node] += x
		}
	}
	slices.SortFunc(g.order, func(a, b int) int { return cmp.Or(cmp.Compare(sum[a], sum[b]), cmp.Compare(a, b)) })
	return g
}

func (g *grid) levels(node int) []int {
	out := make([]int, len(g.radix))
	for j, s := range g.stride {
		out[j] = node / s % g.radix[j]
	}
	return out
}

// chain climbs from node by the first column that leads where nothing is known.
func (g *grid) chain(node int, known map[int]score) []int {
	out := []int{node}
	for {
		next := -1
		for j, s := range g.stride {
			if node/s%g.radix[j]+1 == g.radix[j] || g.infeasible[node+s] {
				continue
			}
			if _, ok := known[node+s]; !ok {
				next = node + s
				break
			}
		}
		if next < 0 {
			return out
		}
		node = next
		out = append(out, node)
	}
}

// below marks node and all below it as infeasible.
func (g *grid) below(node int) {
	stack := []int{node}
	for len(stack) > 0 {
		node, stack = stack[len(stack)-1], stack[:len(stack)-1]
		if g.infeasible[node] {
			continue
		}
		g.infeasible[node] = true
		for j, s := range g.stride {
			if node/s%g.radix[j] > 0 {
				stack = append(stack, node-s)
			}
		}
	}
}

func (g *grid) aboveWorse(node int) bool {
	for j, s := range g.stride {
		if node/s%g.radix[j] > 0 && g.worse[node-s] {
			return true
		}
	}
	return false
}
