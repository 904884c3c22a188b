package audience

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"
)

// A sketch is a column of bytes beside one of numbers or instants: of each value the number
// of the class it lies in. A clause is true of all values of most classes or of none, so
// that a byte decides it, eight of them in a few instructions; only in the two classes at
// the ends of a range are the values looked at. (Hentschel, Kester, Idreos, Column sketches,
// SIGMOD 2018; here of 7 bits, so that one addition compares a byte.)
type sketch[T cmp.Ordered] struct {
	codes     []uint8 // of each row, then zeros to the end of its word
	low, high [sketchClasses]T
	filled    [sketchClasses]bool // classes that have values
}

const (
	sketchClasses = 128
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
		if s.codes[i] = uint8(c); !s.filled[c] {
			s.low[c], s.high[c], s.filled[c] = x, x, true
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

// byteRange is a range of classes, as two additions compare it with eight of them.
type byteRange struct{ ge, le uint64 }

const (
	ones     = 0x0101010101010101
	topBits  = 0x80 * ones
	gatherer = 0x0102040810204080 // brings the lowest bits of eight bytes into the highest byte
)

// noClass is the range that holds no class.
var noClass = byteRange{0, topBits}

func rangeOf(from, to int) byteRange {
	return byteRange{uint64(0x80-from) * ones, uint64(0x80+to) * ones}
}

// eight returns which of eight classes lie in the range, in the highest byte, the first of
// them in its lowest bit.
func (r byteRange) eight(x uint64) uint64 {
	return ((x + r.ge) & (r.le - x) & topBits >> 7) * gatherer &^ (1<<56 - 1)
}

// plan is how a clause reads a sketch: in these classes all values are in the span, in the
// others of may some can be.
type plan struct {
	codes    []uint8
	all, may byteRange
}

// plan returns which classes lie within a span and which may reach into it: as in tells
// of the lowest and of the highest value of each.
func (s *sketch[T]) plan(within func(x T) bool, reaches func(low, high T) bool) *plan {
	if s == nil {
		return nil
	}
	p := &plan{codes: s.codes, all: noClass, may: noClass}
	span := func(ok func(k int) bool) byteRange {
		from, to := -1, -1
		for k := range sketchClasses {
			if s.filled[k] && ok(k) {
				if to = k; from < 0 {
					from = k
				}
			}
		}
		if from < 0 {
			return noClass
		}
		return rangeOf(from, to)
	}
	p.all = span(func(k int) bool { return within(s.low[k]) && within(s.high[k]) })
	p.may = span(func(k int) bool { return reaches(s.low[k], s.high[k]) })
	return p
}

// decide tells of the users of mask, from row on, who are surely in the span, and of whom the
// value has to be looked at. Without a plan those are all.
func (p *plan) decide(row int, mask []uint64, in, open *[blockWords]uint64) {
	if p == nil {
		copy(open[:], mask)
		return
	}
	for k, w := range mask {
		codes := p.codes[row+k*64:][:64]
		if bits.OnesCount64(w) < dense {
			for rest := w; rest != 0; rest &= rest - 1 {
				i := bits.TrailingZeros64(rest)
				x := uint64(codes[i&63])
				a, m := (x+p.all.ge)&(p.all.le-x)>>7&1, (x+p.may.ge)&(p.may.le-x)>>7&1
				in[k] |= a << (i & 63)
				open[k] |= (m &^ a) << (i & 63)
			}
			continue
		}
		all, may := uint64(0), uint64(0)
		for i := 0; i < 64; i += 8 {
			x := binary.LittleEndian.Uint64(codes[i:])
			all = all>>8 | p.all.eight(x)
			may = may>>8 | p.may.eight(x)
		}
		in[k], open[k] = all&w, may&^all&w
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

// dense is from how many users of a word on all 64 are looked at by their classes.
const dense = 8

// numbers is keep for a clause about numbers; all of mask are known. Values are looked at when
// the classes of the whole block are done, so that the memory is asked for many at once.
func (b *bound) numbers(row int, mask []uint64, want Truth) {
	var in, open [blockWords]uint64
	b.plan.decide(row, mask, &in, &open)
	if b.op == opUnequal && b.plan != nil { // planned as ==
		for i, w := range mask {
			in[i] = w &^ (in[i] | open[i])
		}
	}
	for k := range mask {
		numbers := b.col.numbers[row+k*64:]
		for rest := open[k]; rest != 0; rest &= rest - 1 {
			i := bits.TrailingZeros64(rest)
			in[k] |= bit(compare(b.op, numbers[i], b.a, b.b)) << i
		}
		mask[k] = keepIf(mask[k], in[k], want)
	}
}

// times is keep for a Recency about one instant each; all of mask are known.
func (b *bound) times(row int, mask []uint64, want Truth, asOf int64) {
	var in, open [blockWords]uint64
	b.plan.decide(row, mask, &in, &open)
	low, high := b.instants(asOf)
	for k := range mask {
		times := b.col.times[row+k*64:]
		for rest := open[k]; rest != 0; rest &= rest - 1 {
			i := bits.TrailingZeros64(rest)
			in[k] |= bit(times[i] >= low) & bit(times[i] <= high) << i
		}
		mask[k] = keepIf(mask[k], in[k], want)
	}
}

// bit is 1 for what is true.
func bit(ok bool) uint64 {
	if ok {
		return 1
	}
	return 0
}
