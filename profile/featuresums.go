package profile

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
)

// A sums is a Feature whose state is a fixed number of counts, sums and extremes: most of
// the built-in ones.
type sums struct {
	name    string
	days    []int
	width   int
	least   []int // words that are a least value, kept as x+1
	most    []int // words that are a largest value, kept as x+1
	add     func(s []int64, r *Record)
	columns []string
	value   func(s []int64, at Clock) []float64
}

func (f *sums) Name() string { return f.name }

func (f *sums) Days() []int { return f.days }

// Columns names the values of all time, then those of each window with its days behind.
func (f *sums) Columns() []string { return windowed(f.columns, f.days) }

// windowed returns names and, for each window, names that end with its days.
func windowed(names []string, days []int) []string {
	out := slices.Clone(names)
	for _, d := range days {
		for _, n := range names {
			out = append(out, fmt.Sprintf("%s_%dd", n, d))
		}
	}
	return out
}

// blank makes the state of a customer of whom nothing is known that of width words.
func blank(state []int64, width int) []int64 {
	for len(state) < width {
		state = append(state, 0)
	}
	return state
}

func (f *sums) Add(state []int64, r *Record) []int64 {
	state = blank(state, f.width)
	f.add(state, r)
	return state
}

// Merge adds words, or takes the extreme of those that are one.
func (f *sums) Merge(state, other []int64) []int64 {
	if len(other) == 0 {
		return state
	}
	state = blank(state, f.width)
	for i, x := range other {
		switch {
		case slices.Contains(f.least, i):
			state[i] = least(state[i], x)
		case slices.Contains(f.most, i):
			state[i] = max(state[i], x)
		default:
			state[i] = saturate(state[i], x)
		}
	}
	return state
}

// least is the smaller of two values kept as x+1, where 0 is none.
func least(a, b int64) int64 {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// saturate adds counts; the largest int64 stands for all beyond it, so that the order does
// not matter.
func saturate(a, b int64) int64 {
	if b > math.MaxInt64-a {
		return math.MaxInt64
	}
	return a + b
}

func (f *sums) Valid(state []int64) bool {
	return len(state) == f.width && !slices.ContainsFunc(state, func(x int64) bool { return x < 0 })
}

func (f *sums) Result(dst []float64, states [][]int64, at Clock) []float64 {
	last := len(states) - 1
	dst = append(dst, f.value(blank(slices.Clone(states[last]), f.width), at)...)
	for _, s := range states[:last] {
		dst = append(dst, f.value(blank(slices.Clone(s), f.width), at)...)
	}
	return dst
}

// extreme is a value kept as x+1.
func extreme(x int64) float64 {
	if x == 0 {
		return math.NaN()
	}
	return float64(x - 1)
}

// addSquare adds x² to a sum of squares of two words, high and low 62 bits.
func addSquare(s []int64, x int64) {
	hi, lo := bits.Mul64(uint64(x), uint64(x))
	s[1] += int64(lo & (1<<62 - 1))
	s[0] = saturate(s[0], int64(hi<<2|lo>>62)+s[1]>>62)
	s[1] &= 1<<62 - 1
}

// deviation is the standard deviation, dividing by n-1, of n values with a sum and sum
// of squares of integers, which is exact until the last step. NaN below two.
func deviation(n, sum, hi, lo int64) float64 {
	if n < 2 {
		return math.NaN()
	}
	// n·Σx² - (Σx)² in 192 bits, of which the difference is what float64 has to hold.
	w := func(a, b uint64) [3]uint64 { h, l := bits.Mul64(a, b); return [3]uint64{l, h, 0} }
	squares := [2]uint64{uint64(lo) | uint64(hi)<<62, uint64(hi) >> 2}
	left, upper := w(uint64(n), squares[0]), w(uint64(n), squares[1])
	var c uint64
	left[1], c = bits.Add64(left[1], upper[0], 0)
	left[2] = upper[1] + c
	right := w(uint64(sum), uint64(sum))
	left[0], c = bits.Sub64(left[0], right[0], 0)
	left[1], c = bits.Sub64(left[1], right[1], c)
	left[2] -= c
	d := math.Ldexp(float64(left[2]), 128) + math.Ldexp(float64(left[1]), 64) + float64(left[0])
	return math.Sqrt(d / float64(n) / float64(n-1))
}

// mergeSquares carries what a sum word by word left in the low word.
func (f *squares) Merge(state, other []int64) []int64 {
	state = f.sums.Merge(state, other)
	for _, at := range f.at {
		if len(state) > 0 {
			state[at] = saturate(state[at], state[at+1]>>62)
			state[at+1] &= 1<<62 - 1
		}
	}
	return state
}

// Valid looks at the low words too.
func (f *squares) Valid(state []int64) bool {
	return f.sums.Valid(state) && !slices.ContainsFunc(f.at, func(at int) bool { return state[at+1] >= 1<<62 })
}

// squares is sums with sums of squares, of two words each, at places.
type squares struct {
	sums
	at []int
}
