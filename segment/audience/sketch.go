package audience

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/aislekit/aisle/internal/vec"
)

// A sketch is a column of bytes beside one of numbers or instants: of each value the number
// of the class it lies in. A clause is true of all values of most classes or of none, so
// that a byte decides it, 32 of them in a few instructions; only in the two classes at
// the ends of a range are the values looked at. (Hentschel, Kester, Idreos, Column sketches,
// SIGMOD 2018.)
type sketch[T cmp.Ordered] struct {
	codes     []uint8 // of each row, then zeros to the end of its word
	low, high [sketchClasses]T
	count     [sketchClasses]int // of values
}

const (
	sketchClasses = 256
	sketchSample  = 1 << 14
	sketchRows    = 1024 // below, a column needs none
)

// sketchOf returns the sketch of the values whose bit is set in known.
func sketchOf[T cmp.Ordered](values []T, known []uint64) *sketch[T] {
	if len(values) < sketchRows {
		return nil
	}
	is := func(i int) bool { return known[i>>6]>>(i&63)&1 == 1 }
	var sample []T
	for i := 0; i < len(values); i += max(1, len(values)/sketchSample) {
		if is(i) {
			sample = append(sample, values[i])
		}
	}
	bounds := classBounds(sample)
	s := &sketch[T]{codes: make([]uint8, (len(values)+63)/64*64)}
	for i, x := range values {
		if !is(i) {
			continue
		}
		c := 0 // how many of the bounds are not above x
		for step := sketchClasses / 2; step > 0; step /= 2 {
			if bounds[c+step-1] <= x {
				c += step
			}
		}
		s.codes[i] = uint8(c)
		if s.count[c]++; s.count[c] == 1 {
			s.low[c], s.high[c] = x, x
			continue
		}
		s.low[c], s.high[c] = min(s.low[c], x), max(s.high[c], x)
	}
	return s
}

// classBounds returns where classes begin: all values, if they are few, else quantiles, and
// behind a value that is frequent the next, so that it has a class of its own. The last of
// them are the largest again, which makes classes that are empty.
func classBounds[T cmp.Ordered](sample []T) (bounds [sketchClasses - 1]T) {
	slices.Sort(sample)
	distinct := slices.Compact(slices.Clone(sample))
	var list []T
	if len(distinct) < sketchClasses {
		list = distinct
	} else {
		for k := 1; k < sketchClasses; k++ {
			q := sample[k*len(sample)/sketchClasses]
			if len(list) == 0 || list[len(list)-1] < q {
				list = append(list, q)
			} else if i, ok := slices.BinarySearch(distinct, q); ok && list[len(list)-1] == q && i+1 < len(distinct) {
				list = append(list, distinct[i+1])
			}
		}
	}
	if len(list) == 0 {
		return bounds // no values
	}
	for i := range bounds {
		bounds[i] = list[min(i, len(list)-1)]
	}
	return bounds
}

// classes is a range of classes, none where low is above high.
type classes struct{ low, high uint8 }

func (c classes) has(x uint8) uint64 { return bit(x >= c.low) & bit(x <= c.high) }

// plan is how a clause reads a sketch: in these classes all values are in the span, in the
// others of may some can be.
type plan struct {
	codes    []uint8
	all, may classes
	share    float64 // of the values that are known, about how many are in the span
}

// plan returns which classes lie within a span and which may reach into it: as in tells
// of the lowest and of the highest value of each.
func (s *sketch[T]) plan(within func(x T) bool, reaches func(low, high T) bool) *plan {
	if s == nil {
		return nil
	}
	p := &plan{codes: s.codes}
	span := func(ok func(k int) bool) classes {
		from, to := -1, -1
		for k := range sketchClasses {
			if s.count[k] > 0 && ok(k) {
				if to = k; from < 0 {
					from = k
				}
			}
		}
		if from < 0 {
			return classes{1, 0}
		}
		return classes{uint8(from), uint8(to)}
	}
	p.all = span(func(k int) bool { return within(s.low[k]) && within(s.high[k]) })
	p.may = span(func(k int) bool { return reaches(s.low[k], s.high[k]) })
	in, of := 0.0, 1e-9
	for k, n := range s.count {
		of += float64(n)
		in += float64(n) * float64(p.all.has(uint8(k))+p.may.has(uint8(k))) / 2
	}
	p.share = in / of
	return p
}

// decide tells of the users of mask, from row on, who are surely in the span, and of whom the
// value has to be looked at. Without a plan those are all.
func (p *plan) decide(row int, mask []uint64, in, open *[blockWords]uint64) {
	if p == nil {
		copy(open[:], mask)
		return
	}
	codes, users := p.codes[row:][:64*len(mask)], 0
	for _, w := range mask {
		users += bits.OnesCount64(w)
	}
	if users < dense*len(mask) {
		for k, w := range mask {
			for ; w != 0; w &= w - 1 {
				i := bits.TrailingZeros64(w)
				x := codes[64*k+i]
				all := p.all.has(x)
				in[k] |= all << i
				open[k] |= (p.may.has(x) &^ all) << i
			}
		}
		return
	}
	vec.BytesWithin(in[:len(mask)], codes, p.all.low, p.all.high)
	vec.BytesWithin(open[:len(mask)], codes, p.may.low, p.may.high)
	for k, w := range mask {
		in[k] &= w
		open[k] &= w &^ in[k]
	}
}

// numberPlan is the plan of a clause about numbers; of != it is that of ==.
func (b *bound) numberPlan() *plan {
	o := b.op
	if o == opUnequal {
		o = opEqual
	}
	return b.col.sketch.plan(func(x float64) bool { return compare(o, x, b.a, b.b) }, func(low, high float64) bool {
		switch o {
		case opLess, opAtMost:
			return compare(o, low, b.a, 0)
		case opMore, opAtLeast:
			return compare(o, high, b.a, 0)
		case opEqual:
			return low <= b.a && high >= b.a
		}
		return low <= b.b && high >= b.a
	})
}

// instantPlan is the plan of a Recency about one instant each.
func (b *bound) instantPlan(asOf int64) *plan {
	from, to := b.instants(asOf)
	return b.col.sketchTimes.plan(func(t int64) bool { return t >= from && t <= to }, func(low, high int64) bool { return low <= to && high >= from })
}

// dense is from how many users of a word on, in the mean of a block, the classes of all 64
// are compared.
const dense = 3

// numbers is keep for a clause about numbers; all of mask are known.
func (s *sieve) numbers(b *bound, row int, mask []uint64, want Truth) {
	var in, open [blockWords]uint64
	b.plan.decide(row, mask, &in, &open)
	if b.op == opUnequal && b.plan != nil { // planned as ==
		for i, w := range mask {
			in[i] = w &^ (in[i] | open[i])
		}
	}
	numbers := b.col.numbers[row:]
	for _, i := range s.list(open[:len(mask)]) {
		in[i/64] |= bit(compare(b.op, numbers[i], b.a, b.b)) << (i % 64)
	}
	for i, w := range mask {
		mask[i] = keepIf(w, in[i], want)
	}
}

// times is keep for a Recency about one instant each; all of mask are known.
func (s *sieve) times(b *bound, row int, mask []uint64, want Truth) {
	var in, open [blockWords]uint64
	b.plan.decide(row, mask, &in, &open)
	low, high := b.instants(s.asOf)
	times := b.col.times[row:]
	for _, i := range s.list(open[:len(mask)]) {
		in[i/64] |= bit(times[i] >= low) & bit(times[i] <= high) << (i % 64)
	}
	for i, w := range mask {
		mask[i] = keepIf(w, in[i], want)
	}
}

// list returns the users of a block, so that a loop over their values has nothing to guess, and
// asks the memory for many at once.
func (s *sieve) list(mask []uint64) []uint16 {
	n := 0
	for k, w := range mask {
		for ; w != 0; w &= w - 1 {
			s.users[n&(blockUsers-1)] = uint16(64*k + bits.TrailingZeros64(w))
			n++
		}
	}
	return s.users[:n]
}

// bit is 1 for what is true.
func bit(ok bool) uint64 {
	if ok {
		return 1
	}
	return 0
}
