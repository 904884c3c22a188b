package tree

import (
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/rng"
)

// finish takes the tree that is grown out of the scratch memory.
func (b *bagger) finish(t uint64) error {
	g, l := b.g, b.f.l
	width := l.width()
	g.values = slices.Grow(g.values[:0], len(g.nodes)*width)[:len(g.nodes)*width]
	for i := range g.nodes {
		n := &g.nodes[i]
		sums := g.sums[i*b.stride : (i+1)*b.stride]
		n.Values = g.values[i*width : (i+1)*width]
		w := b.weight(sums)
		if b.stride > 2 {
			for k, c := range sums {
				n.Values[k] = c / w
			}
		} else {
			n.Values[0] = sums[1]/w + l.centre
		}
		n.Cover, n.Count = w, w
	}
	g.out, g.at = append(g.out[:0], b.out...), append(g.at[:0], b.at...)
	if b.f.opt.Importance {
		var err error
		if g.drop, err = b.importance(t); err != nil {
			return err
		}
	}
	return nil
}

// importance returns, for each column, how much the error of the tree on its rows out of
// bag grows, a row, when the column is shuffled among them.
func (b *bagger) importance(t uint64) ([]float64, error) {
	g, l := b.g, b.f.l
	drop := make([]float64, l.d)
	n := len(g.out)
	if n == 0 {
		return drop, nil
	}
	before, total := make([]float64, n), 0.0
	for i, r := range g.out {
		before[i] = b.loss(g.at[i], r)
		total += l.w[r]
	}
	uses := make([]bool, l.d)
	for _, c := range g.choices {
		uses[c.column] = true
	}
	from := make([]int32, n)
	for j := range drop {
		if !uses[j] {
			continue
		}
		if err := b.meter.Did(32 * n); err != nil {
			return nil, err
		}
		copy(from, g.out)
		r := rng.New(b.f.opt.Seed^stageForest, t, uint64(j))
		for i := n - 1; i > 0; i-- {
			with := r.Intn(i + 1)
			from[i], from[with] = from[with], from[i]
		}
		code := b.f.bins.code[j]
		for i, row := range g.out {
			if code[from[i]] != code[row] {
				drop[j] += l.w[row] * (b.loss(b.walk(row, j, from[i]), row) - before[i])
			}
		}
		drop[j] /= total
	}
	return drop, nil
}

// walk returns the leaf of a row whose column j is that of another row.
func (b *bagger) walk(row int32, j int, other int32) int32 {
	g := b.g
	at := int32(0)
	for g.inner[at] >= 0 {
		c := &g.choices[g.inner[at]]
		from := row
		if c.column == j {
			from = other
		}
		bin := b.f.bins.code[c.column][from]
		if c.set[bin>>6]>>(bin&63)&1 != 0 {
			at = int32(g.nodes[at].Left)
		} else {
			at = int32(g.nodes[at].Right)
		}
	}
	return at
}

// loss is the error of a row in a leaf: 1 for another class, or the squared error.
func (b *bagger) loss(leaf, row int32) float64 {
	l := b.f.l
	width := l.width()
	v := b.g.values[int(leaf)*width : (int(leaf)+1)*width]
	if l.classes == 0 {
		e := v[0] - l.centre - l.y[row]
		return e * e
	}
	if likeliest(v) == l.class[row] {
		return 0
	}
	return 1
}

// likeliest is the class of the highest probability, the first of equals; one number is
// that of class 1.
func likeliest(p []float64) int32 {
	if len(p) == 1 {
		if p[0] > .5 {
			return 1
		}
		return 0
	}
	best := 0
	for c, v := range p {
		if v > p[best] {
			best = c
		}
	}
	return int32(best)
}

// outOfBag adds up what trees say of rows that they have not drawn.
type outOfBag struct {
	f             *forest
	sum           []float64
	trees         []int32
	drop, squares []float64 // Σ over the trees, of each column
}

func newOutOfBag(f *forest) *outOfBag {
	o := &outOfBag{f: f}
	if f.opt.Sample > 0 {
		o.sum, o.trees = make([]float64, f.l.n*f.l.width()), make([]int32, f.l.n)
	}
	if f.opt.Importance {
		o.drop, o.squares = make([]float64, f.l.d), make([]float64, f.l.d)
	}
	return o
}

// add adds a tree. It must be called in the order of the trees.
func (o *outOfBag) add(g *grown) {
	width := o.f.l.width()
	for i, r := range g.out {
		o.trees[r]++
		at := int(g.at[i]) * width
		for k := range width {
			o.sum[int(r)*width+k] += g.values[at+k]
		}
	}
	for j, v := range g.drop {
		o.drop[j] += v
		o.squares[j] += v * v
	}
}

// result fills r, in the order of the rows given, whose labels are y.
func (o *outOfBag) result(r *ForestResult, y []float64) {
	l := o.f.l
	if o.drop != nil {
		t := float64(o.f.opt.Trees)
		r.Importance, r.ImportanceError = make([]float64, l.d), make([]float64, l.d)
		for j, sum := range o.drop {
			r.Importance[j] = sum / t
			r.ImportanceError[j] = math.Sqrt(max(o.squares[j]-sum*sum/t, 0) / max(t-1, 1) / t)
		}
	}
	r.Score = math.NaN()
	if o.sum == nil {
		return
	}
	width := l.width()
	r.OutOfBag, r.OutOfBagTrees = slices.Repeat([]float64{math.NaN()}, len(y)*width), make([]int, len(y))
	for k, i := range l.from {
		r.OutOfBagTrees[i] = int(o.trees[k])
		if o.trees[k] > 0 {
			for c := range width {
				r.OutOfBag[int(i)*width+c] = o.sum[k*width+c] / float64(o.trees[k])
			}
		}
	}
	r.Score = o.score(r.OutOfBag, y)
}

// score is the accuracy of classes, R² of targets, in the order of the lesson.
func (o *outOfBag) score(p, y []float64) float64 {
	l := o.f.l
	width := l.width()
	var right, total, mean float64
	for k, i := range l.from {
		if o.trees[k] == 0 {
			continue
		}
		w := o.weight(i)
		total += w
		mean += w * (y[i] - l.centre)
		if l.classes > 0 && likeliest(p[int(i)*width:(int(i)+1)*width]) == int32(y[i]) {
			right += w
		}
	}
	if total == 0 || l.classes > 0 {
		return right / total
	}
	mean = mean/total + l.centre
	var errors, spread float64
	for k, i := range l.from {
		if o.trees[k] > 0 {
			w := o.weight(i)
			errors += w * (y[i] - p[i]) * (y[i] - p[i])
			spread += w * (y[i] - mean) * (y[i] - mean)
		}
	}
	if spread == 0 {
		return math.NaN()
	}
	return 1 - errors/spread
}

// weight is that of a row as it was given.
func (o *outOfBag) weight(i int32) float64 {
	if o.f.opt.Weights == nil {
		return 1
	}
	return o.f.opt.Weights[i]
}
