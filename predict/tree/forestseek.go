package tree

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
)

// search looks for a split of the node by column j that is better than best, and tells
// whether the column has more than one bin there.
func (b *bagger) search(k task, j int, best *choice) bool {
	if b.counted {
		b.count(k, j)
	} else {
		b.tally(k, j)
	}
	varies := b.seek(k, j, best)
	b.wipe()
	return varies
}

// seek is search in what was added up.
func (b *bagger) seek(k task, j int, best *choice) bool {
	known := len(b.used)
	missing := b.used[known-1] == missingBin
	if known == 1 {
		return false
	}
	names := b.f.bins.names[j]
	c := choice{column: j, missing: missing, categorical: names != nil, score: best.score}
	total := b.g.sums[int(k.node)*b.stride : (int(k.node)+1)*b.stride]
	rows := k.hi - k.lo
	if names != nil {
		if b.category(&c, len(names), total, rows) {
			*best = c
		}
		return true
	}
	if missing {
		known--
	}
	var at int
	if b.f.opt.Extremely {
		at, c.missingLeft = b.draw(&c, known, total, rows)
	} else {
		at, c.missingLeft = b.scan(&c, known, total, rows)
	}
	if at < 0 {
		return true
	}
	c.bin, c.next = b.used[at], missingBin
	if at+1 < known {
		c.next = b.used[at+1]
	}
	*best = c
	return true
}

// fewRows is how many rows a node has at most for which the bins with rows are marked: of
// more, most bins have some.
const fewRows = 160

// tally adds up the rows of a node by their bins and lists those that have any.
func (b *bagger) tally(k task, j int) {
	code, list := b.code(j), b.bag[k.lo:k.hi]
	few := len(list) <= fewRows && b.stride == 2
	switch {
	case b.stride > 2:
		for i := range list {
			d := &list[i]
			c := code[d.row]
			b.held[c]++
			b.hist[int(c)*b.stride+int(d.class)] += d.w
		}
	case few:
		hist := (*[512]float64)(b.hist)
		for i := range list {
			d := &list[i]
			c := code[d.row]
			b.held[c]++
			b.seen[c>>6] |= 1 << (c & 63)
			hist[2*int(c)] += d.w
			hist[2*int(c)+1] += d.s
		}
	default:
		hist := (*[512]float64)(b.hist)
		for i := range list {
			d := &list[i]
			c := code[d.row]
			b.held[c]++
			hist[2*int(c)] += d.w
			hist[2*int(c)+1] += d.s
		}
	}
	b.used = b.used[:0]
	if few {
		for w, set := range b.seen {
			for ; set != 0; set &= set - 1 {
				b.used = append(b.used, uint8(w<<6+bits.TrailingZeros64(set)))
			}
		}
		clear(b.seen[:])
		return
	}
	for c, n := range b.held {
		if n > 0 {
			b.used = append(b.used, uint8(c))
		}
	}
}

// wipe clears what tally has added up.
func (b *bagger) wipe() {
	if b.counted {
		for _, c := range b.used {
			b.counts[c] = 0
		}
		if !b.told {
			return
		}
	}
	for _, c := range b.used {
		b.held[c] = 0
		clear(b.sums(c))
	}
}

// sums is what the rows of a bin add up to.
func (b *bagger) sums(bin uint8) []float64 { return b.hist[int(bin)*b.stride : (int(bin)+1)*b.stride] }

// scan tries the places between the first known of the used bins, with the others on the
// right and then on the left. It raises c.score and returns the last bin on the left by
// its place in used, and the side of the others; −1 where nothing is better than c.
func (b *bagger) scan(c *choice, known int, total []float64, rows int) (at int, restLeft bool) {
	if b.counted && b.plain && !c.categorical && known == len(b.used) {
		return b.countSquares(c, total, rows), false
	}
	at = -1
	passes := 1
	if known < len(b.used) {
		passes = 2
	}
	for pass := range passes {
		last, count := known-1, 0
		clear(b.left)
		if pass == 1 {
			count = b.toLeft(b.used[known:])
		} else if passes == 2 {
			last = known
		}
		var found int
		if b.plain {
			found = b.squares(c, last, count, total, rows)
		} else {
			found = b.general(c, last, count, total, rows)
		}
		if found >= 0 {
			at, restLeft = found, pass == 1
		}
	}
	return at, restLeft
}

// toLeft adds bins to what is on the left, and returns their rows.
func (b *bagger) toLeft(bins []uint8) (rows int) {
	for _, bin := range bins {
		rows += int(b.held[bin])
		for i, v := range b.sums(bin) {
			b.left[i] += v
		}
	}
	return rows
}

// squares is scan by S²/W, the squared error and the Gini impurity of two classes, from
// what is on the left already, as far as the first last bins.
func (b *bagger) squares(c *choice, last, count int, total []float64, rows int) int {
	hist := (*[512]float64)(b.hist)
	lw, ls, w, s := b.left[0], b.left[1], total[0], total[1]
	at, best, least := -1, c.score, b.f.opt.MinLeaf
	for i, bin := range b.used[:last] {
		lw += hist[2*int(bin)]
		ls += hist[2*int(bin)+1]
		count += int(b.held[bin])
		if least > 1 && (count < least || rows-count < least) {
			continue
		}
		rw, rs := w-lw, s-ls
		if v := (ls*ls*rw + rs*rs*lw) / (lw * rw); v > best && rw > 0 {
			at, best = i, v
		}
	}
	c.score = best
	return at
}

// general is scan by any criterion.
func (b *bagger) general(c *choice, last, count int, total []float64, rows int) int {
	at, least := -1, b.f.opt.MinLeaf
	for i := range last {
		count += b.toLeft(b.used[i : i+1])
		if count < least || rows-count < least {
			continue
		}
		if v := b.worth(total); v > c.score {
			at, c.score = i, v
		}
	}
	return at
}

// worth is the score of what is on the left and of the rest of total.
func (b *bagger) worth(total []float64) float64 {
	for k, v := range total {
		b.rest[k] = v - b.left[k]
	}
	return b.side(b.left) + b.side(b.rest)
}

// side is what one side of a split is worth, more being better.
func (b *bagger) side(v []float64) float64 {
	criterion := b.f.opt.Criterion
	if b.stride > 2 {
		w, q := 0.0, 0.0
		for _, c := range v {
			w += c
			if criterion == GiniImpurity {
				q += c * c
			} else if c > 0 {
				q += c * math.Log2(c)
			}
		}
		if criterion == GiniImpurity {
			return q / w
		}
		return q - w*math.Log2(w)
	}
	w, s := v[0], v[1]
	if w <= 0 { // rows so light beside others that their weight is lost
		return math.Inf(-1)
	}
	switch criterion {
	case Entropy:
		q := -w * math.Log2(w)
		if s > 0 {
			q += s * math.Log2(s)
		}
		if w-s > 0 {
			q += (w - s) * math.Log2(w-s)
		}
		return q
	case PoissonDeviance:
		if s <= 0 {
			return math.Inf(-1)
		}
		return s * math.Log(s/w)
	}
	return s * s / w
}

// draw is scan for one threshold that is drawn evenly between the values of the first and the
// last known bin; missing values go to a side that is drawn.
func (b *bagger) draw(c *choice, known int, total []float64, rows int) (at int, restLeft bool) {
	at = known - 1 // all that is known against what is missing, where there is one bin of it
	if known > 1 {
		restLeft = known < len(b.used) && b.rnd.Uint64()>>63 == 1
		edges := b.f.bins.edges[c.column]
		middle := func(bin uint8) float64 {
			high := edges[min(int(bin), len(edges)-1)]
			return high/2 + edges[max(int(bin)-1, 0)]/2
		}
		low, high := middle(b.used[0]), middle(b.used[known-1])
		u := b.rnd.Float64()
		u = low*(1-u) + high*u
		for at = 0; at+2 < known && edges[b.used[at]] < u; at++ {
		}
	}
	clear(b.left)
	count := 0
	if restLeft {
		count = b.toLeft(b.used[known:])
	}
	return b.drawn(c, at, count, total, rows), restLeft
}

// drawn moves the first used bins up to at to the left; at is −1 if that is not better than c.
func (b *bagger) drawn(c *choice, at, count int, total []float64, rows int) int {
	count += b.toLeft(b.used[:at+1])
	if count < b.f.opt.MinLeaf || rows-count < b.f.opt.MinLeaf {
		return -1
	}
	v := b.worth(total)
	if !(v > c.score) {
		return -1
	}
	c.score = v
	return at
}

// category looks for a better split by categories, of which bin rare is those that have no bin
// of their own. It tells whether it found one.
func (b *bagger) category(c *choice, rare int, total []float64, rows int) bool {
	few := uint32(b.f.opt.MinCategory)
	usual := func(bin uint8) bool { return b.held[bin] >= few && int(bin) != rare }
	b.order = b.order[:0]
	for _, bin := range b.used {
		if usual(bin) {
			b.order = append(b.order, ranked{bin: bin})
		}
	}
	known := len(b.order)
	if known == 0 {
		return false
	}
	b.rank()
	slices.SortFunc(b.order, func(x, y ranked) int { return cmp.Or(cmp.Compare(x.key, y.key), cmp.Compare(x.bin, y.bin)) })
	for _, bin := range b.used {
		if !usual(bin) {
			b.order = append(b.order, ranked{bin: bin})
		}
	}
	for i, r := range b.order {
		b.used[i] = r.bin
	}
	at, restLeft := -1, false
	if b.f.opt.Extremely {
		at = b.drawSet(c, known, total, rows)
	} else {
		at, restLeft = b.scan(c, known, total, rows)
	}
	if at < 0 {
		return false
	}
	// What is in no set goes right: the rare ones, or where there are none, more rows.
	low := !restLeft
	if known == len(b.used) {
		left := 0
		for _, bin := range b.used[:at+1] {
			left += int(b.held[bin])
		}
		low = 2*left <= rows
	}
	side := b.used[at+1 : known]
	if low {
		side = b.used[:at+1]
	}
	c.set = [4]uint64{}
	for _, bin := range side {
		c.set[bin>>6] |= 1 << (bin & 63)
	}
	c.missingLeft = c.set[missingBin>>6]>>(missingBin&63)&1 != 0
	return true
}

// drawSet puts each of the known bins on a side that is drawn, the left ones first, and the
// others right.
func (b *bagger) drawSet(c *choice, known int, total []float64, rows int) int {
	at := -1
	for i := range known {
		if b.rnd.Uint64()>>63 == 1 {
			at++
			b.used[at], b.used[i] = b.used[i], b.used[at]
		}
	}
	if at < 0 || at+1 == len(b.used) {
		return -1
	}
	clear(b.left)
	return b.drawn(c, at, 0, total, rows)
}

// rank settles what the categories of b.order are ordered by.
func (b *bagger) rank() {
	if b.stride == 2 {
		for i := range b.order {
			v := b.sums(b.order[i].bin)
			b.order[i].key = v[1] / v[0]
		}
		return
	}
	held := func(i int) []float64 { return b.sums(b.order[i].bin) }
	b.axis = principal(b.axis, len(b.order), b.stride, held)
	for i := range b.order {
		for c, h := range held(i) {
			b.order[i].key += h * b.axis[c]
		}
		b.order[i].key /= b.weight(held(i))
	}
}
