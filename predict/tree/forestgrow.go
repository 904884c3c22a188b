package tree

import (
	"context"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/rng"
)

// stageForest names the streams of random numbers of forests.
const stageForest = 0x666f72657374

// bagger grows trees of a forest, one after the other. A node is a stretch of the rows drawn
// and one of those out of bag. What rows weigh is kept beside their numbers and moves with
// them, so that a node reads it in one go; only the bins of its columns are looked up.
//
// Of a target, and of the second of two classes, a bin holds Σ w and Σ w·y; of more classes
// the weight of each.
type bagger struct {
	f         *forest
	meter     *parallel.Meter
	rnd       rng.Stream
	chance    []float64 // of being drawn at most so many times
	stride    int       // numbers a bin
	bag       []draw    // empty where the tree is counted
	bagSpare  []draw
	counted   bool // ticks take the place of bag
	told      bool // hist and held hold the counts of the column, too
	plain     bool // the best cut by S²/W
	ticks     []tick
	tickSpare []tick
	counts    [256]uint64
	near      near
	out       []int32
	outSpare  []int32
	at        []int32 // leaf of each row of out

	hist    []float64
	held    [256]uint32 // rows of the bins
	seen    [4]uint64   // bins with rows
	used    []uint8     // their list
	left    []float64
	rest    []float64
	columns []int32
	order   []ranked
	axis    []float64
	tasks   []task
	g       *grown
}

// draw is a row that was drawn.
type draw struct {
	row   int32
	class int32
	w, s  float64 // weight, weight times y
}

// task is a node that is not split yet.
type task struct {
	node                 int32
	lo, hi, outLo, outHi int
	depth                int
	pure                 bool
}

// ranked is a category of a node by what it is ordered by.
type ranked struct {
	bin uint8
	key float64
}

// choice is a split that was found.
type choice struct {
	column      int
	bin         uint8     // of numbers: the last one with rows on the left
	next        uint8     // the first one with rows on the right
	set         [4]uint64 // bins that go left
	categorical bool
	missing     bool // the node has missing values
	missingLeft bool
	score       float64
}

// grown is a tree and what it says of rows out of bag.
type grown struct {
	nodes   []Node
	sums    []float64 // stride a node
	choices []choice
	inner   []int32 // choice of each node, −1 for leaves
	values  []float64
	out, at []int32 // rows, their leaves
	drop    []float64
}

// newBagger makes the scratch memory of a worker, and the chances of being drawn at most 0, 1, 2 …
// times.
func newBagger(ctx context.Context, f *forest) *bagger {
	b := &bagger{f: f, stride: max(2, f.l.width()), meter: parallel.NewMeter(ctx)}
	b.hist = make([]float64, 256*b.stride)
	b.left, b.rest = make([]float64, b.stride), make([]float64, b.stride)
	b.columns = make([]int32, f.l.d)
	p := math.Exp(-f.opt.Sample)
	sum := 0.0
	for k := 1; sum < 1-1e-12 && k < 200; k++ {
		sum += p
		b.chance = append(b.chance, sum)
		p *= f.opt.Sample / float64(k)
	}
	if f.opt.Distinct {
		b.chance = []float64{1 - f.opt.Sample}
	}
	b.counted, b.near.may = b.countable(), f.l.d <= min(8*f.opt.Try, nearColumns)
	b.plain = b.stride == 2 && !f.opt.Extremely && f.opt.Criterion != Entropy && f.opt.Criterion != PoissonDeviance
	return b
}

// tree grows tree t in the memory of g.
func (b *bagger) tree(t int, g *grown) error {
	b.rnd.Reset(b.f.opt.Seed, stageForest, uint64(t))
	for j := range b.columns {
		b.columns[j] = int32(j)
	}
	b.sample(uint64(t))
	b.g = g
	g.nodes, g.sums, g.choices, g.inner = g.nodes[:0], g.sums[:0], g.choices[:0], g.inner[:0]
	b.at = slices.Grow(b.at[:0], len(b.out))[:len(b.out)]
	b.tasks = append(b.tasks[:0], b.node(0, max(len(b.bag), len(b.ticks)), 0, len(b.out), 0))
	for len(b.tasks) > 0 {
		k := b.tasks[len(b.tasks)-1]
		b.tasks = b.tasks[:len(b.tasks)-1]
		b.approach(k)
		if err := b.meter.Did(b.f.opt.Try * (k.hi - k.lo) * 4); err != nil {
			return err
		}
		if b.split(k) {
			continue
		}
		for i := k.outLo; i < k.outHi; i++ {
			b.at[i] = k.node
		}
	}
	if b.near.on {
		b.leave()
	}
	return b.finish(uint64(t))
}

// sample draws the rows of a tree: as often as there are chances not above a number of the
// row's own. Of a handful of rows, none of which is drawn, the first is.
func (b *bagger) sample(t uint64) {
	l := b.f.l
	b.bag, b.ticks, b.out = b.bag[:0], b.ticks[:0], b.out[:0]
	seed := rng.Hash(b.f.opt.Seed, stageForest, t, 1)
	for k := range l.n {
		times := 1
		if b.f.opt.Sample > 0 {
			u := rng.Unit(rng.Mix(seed ^ l.key[k]))
			for times = 0; times < len(b.chance) && u >= b.chance[times]; times++ {
			}
		}
		if times == 0 {
			b.out = append(b.out, int32(k))
		} else {
			b.take(k, times)
		}
	}
	if len(b.bag)+len(b.ticks) == 0 {
		b.take(0, 1)
		b.out = b.out[1:]
	}
	b.bagSpare = slices.Grow(b.bagSpare[:0], len(b.bag))[:len(b.bag)]
	b.tickSpare = slices.Grow(b.tickSpare[:0], len(b.ticks))[:len(b.ticks)]
	b.outSpare = slices.Grow(b.outSpare[:0], len(b.out))[:len(b.out)]
}

// take puts row k into the bag.
func (b *bagger) take(k, times int) {
	l := b.f.l
	if b.counted {
		b.ticks = append(b.ticks, tick{int32(k), uint32(2*times) + uint32(l.class[k])})
		return
	}
	d := draw{row: int32(k), w: l.w[k] * float64(times)}
	if l.classes > 0 {
		d.class = l.class[k]
		d.s = d.w * float64(d.class)
	} else {
		d.s = d.w * l.y[k]
	}
	b.bag = append(b.bag, d)
}

// node adds a node, sums up its rows, and returns the task to split it.
func (b *bagger) node(lo, hi, outLo, outHi, depth int) task {
	g := b.g
	k := task{node: int32(len(g.nodes)), lo: lo, hi: hi, outLo: outLo, outHi: outHi, depth: depth}
	g.nodes = append(g.nodes, Node{Column: -1})
	g.inner = append(g.inner, -1)
	for range b.stride {
		g.sums = append(g.sums, 0)
	}
	sums := g.sums[int(k.node)*b.stride:]
	if b.stride > 2 {
		seen := 0
		for _, d := range b.bag[lo:hi] {
			sums[d.class] += d.w
		}
		for _, c := range sums {
			if c > 0 {
				seen++
			}
		}
		k.pure = seen < 2
		return k
	}
	w, s := 0.0, 0.0
	if b.counted {
		sum := uint64(0)
		for _, d := range b.ticks[lo:hi] {
			sum += kinds[d.kind&511]
		}
		w, s = spread(sum)
	}
	for _, d := range b.bag[min(lo, len(b.bag)):min(hi, len(b.bag))] {
		w += d.w
		s += d.s
	}
	sums[0], sums[1] = w, s
	if b.f.l.classes > 0 {
		k.pure = s == 0 || s == w
		return k
	}
	y := b.f.l.y
	first := y[b.origin(b.bag[lo].row)]
	k.pure = !slices.ContainsFunc(b.bag[lo:hi], func(d draw) bool { return y[b.origin(d.row)] != first })
	return k
}

// split searches a split for the node and makes its children; false: it is a leaf.
func (b *bagger) split(k task) bool {
	o := &b.f.opt
	rows := k.hi - k.lo
	if k.pure || o.MaxDepth > 0 && k.depth >= o.MaxDepth || rows < o.MinSplit || rows/2 < o.MinLeaf {
		return false
	}
	best := choice{column: -1, score: math.Inf(-1)}
	looked := 0
	for at := range b.columns {
		if looked >= o.Try {
			break
		}
		with := at + b.rnd.Intn(len(b.columns)-at)
		b.columns[at], b.columns[with] = b.columns[with], b.columns[at]
		if b.search(k, int(b.columns[at]), &best) {
			looked++
		}
	}
	if best.column < 0 {
		return false
	}
	sums := b.g.sums[int(k.node)*b.stride : (int(k.node)+1)*b.stride]
	gain := max(best.score-b.side(sums), 0)
	if b.stride == 2 && o.Criterion == GiniImpurity {
		gain *= 2 // both classes, of which side counts one
	}
	if o.MinGain > 0 && gain/b.weight(b.g.sums[:b.stride])+0x1p-52 < o.MinGain {
		return false
	}
	b.part(k, &best, gain)
	return true
}

// weight is that of the rows of such sums.
func (b *bagger) weight(sums []float64) float64 {
	if b.stride == 2 {
		return sums[0]
	}
	w := 0.0
	for _, c := range sums {
		w += c
	}
	return w
}

// part gives the rows of a node to two children.
func (b *bagger) part(k task, c *choice, gain float64) {
	code := b.code(c.column)
	n := &b.g.nodes[k.node]
	n.Column, n.Gain = c.column, gain
	if c.categorical {
		n.Categories = b.f.bins.words(c.column, &c.set)
	} else {
		c.bin, n.Threshold = b.f.bins.threshold(c.column, c.bin, c.next)
		c.set = upTo(c.bin)
	}
	if c.missingLeft {
		c.set[missingBin>>6] |= 1 << (missingBin & 63)
	}
	var left int
	if b.counted {
		left = b.countParts(b.ticks[k.lo:k.hi], code, &c.set)
	} else {
		left = b.parts(b.bag[k.lo:k.hi], code, &c.set)
	}
	if !c.categorical && !c.missing && 2*left > k.hi-k.lo {
		c.missingLeft = true
		c.set[missingBin>>6] |= 1 << (missingBin & 63)
	}
	n.MissingLeft = c.missingLeft
	out := b.out[k.outLo:k.outHi]
	outLeft := 0
	for i, r := range out {
		bin := code[r]
		out[outLeft], b.outSpare[i-outLeft] = r, r
		outLeft += int(c.set[bin>>6] >> (bin & 63) & 1)
	}
	copy(out[outLeft:], b.outSpare[:len(out)-outLeft])
	b.g.inner[k.node] = int32(len(b.g.choices))
	b.g.choices = append(b.g.choices, *c)
	mid, outMid := k.lo+left, k.outLo+outLeft
	l := b.node(k.lo, mid, k.outLo, outMid, k.depth+1)
	r := b.node(mid, k.hi, outMid, k.outHi, k.depth+1)
	n = &b.g.nodes[k.node]
	n.Left, n.Right = int(l.node), int(r.node)
	b.tasks = append(b.tasks, r, l)
}

// parts puts the rows whose bins are in set first, and returns how many they are.
func (b *bagger) parts(list []draw, code []uint8, set *[4]uint64) (left int) {
	for i, d := range list {
		bin := code[d.row]
		if set[bin>>6]>>(bin&63)&1 != 0 {
			list[left] = d
			left++
		} else {
			b.bagSpare[i-left] = d
		}
	}
	copy(list[left:], b.bagSpare[:len(list)-left])
	return left
}
