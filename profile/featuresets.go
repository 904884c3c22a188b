package profile

import (
	"math"
	"slices"
)

// A sets is a Feature whose state is sorted sets of numbers, one behind the other, each
// after its size; its values are their sizes.
type sets struct {
	name    string
	days    []int
	columns []string // one for each set
	add     func(put func(set int, x int64), r *Record)
}

func (f *sets) Name() string { return f.name }

func (f *sets) Days() []int { return f.days }

func (f *sets) Columns() []string { return windowed(f.columns, f.days) }

func (f *sets) Add(state []int64, r *Record) []int64 {
	f.add(func(set int, x int64) { state = insert(blank(state, len(f.columns)), set, x) }, r)
	return state
}

// insert puts x into a set of a state.
func insert(state []int64, set int, x int64) []int64 {
	at := 0
	for range set {
		at += 1 + int(state[at])
	}
	i, found := slices.BinarySearch(state[at+1:at+1+int(state[at])], x)
	if found {
		return state
	}
	state[at]++
	return slices.Insert(state, at+1+i, x)
}

// Merge unites set by set, in one pass: a robot's sets are long.
func (f *sets) Merge(state, other []int64) []int64 {
	if len(state) == 0 || len(other) == 0 {
		return append(state, other...)
	}
	out := make([]int64, 0, len(state)+len(other))
	for range f.columns {
		a, b := state[1:][:state[0]], other[1:][:other[0]]
		state, other = state[1+len(a):], other[1+len(b):]
		size := len(out)
		out = append(out, 0)
		for len(a) > 0 && len(b) > 0 {
			x := min(a[0], b[0])
			if out = append(out, x); a[0] == x {
				a = a[1:]
			}
			if b[0] == x {
				b = b[1:]
			}
		}
		out = append(append(out, a...), b...)
		out[size] = int64(len(out) - size - 1)
	}
	return out
}

// Valid looks at sizes, which are hostile numbers, and at the order.
func (f *sets) Valid(state []int64) bool {
	for range f.columns {
		if len(state) == 0 || state[0] < 0 || state[0] > int64(len(state)-1) {
			return false
		}
		n := int(state[0])
		for i := 1; i < n; i++ {
			if state[i] >= state[i+1] {
				return false
			}
		}
		state = state[1+n:]
	}
	return len(state) == 0
}

// Result is the sizes, of all time first.
func (f *sets) Result(dst []float64, states [][]int64, _ Clock) []float64 {
	last := len(states) - 1
	for w := range states {
		s := states[(w+last)%len(states)] // all time first
		for range f.columns {
			n := int64(0)
			if len(s) > 0 {
				n = s[0]
				s = s[1+n:]
			}
			dst = append(dst, float64(n))
		}
	}
	return dst
}

func activity(days []int) Feature {
	return &activeDays{sets{
		name: "activity", days: days, columns: []string{"active_days"},
		add: func(put func(int, int64), r *Record) { put(0, r.Clock.Day()) },
	}}
}

// activeDays is a set of days that knows the last of them too.
type activeDays struct{ sets }

func (f *activeDays) Columns() []string { return append(f.sets.Columns(), "last_active_day") }

func (f *activeDays) Result(dst []float64, states [][]int64, at Clock) []float64 {
	dst = f.sets.Result(dst, states, at)
	if all := states[len(states)-1]; len(all) > 1 {
		return append(dst, float64(at.Day()-all[len(all)-1]))
	}
	return append(dst, math.NaN())
}

// distinctFeature keeps the keys themselves: sketches would not be exact.
func distinctFeature(days []int) Feature {
	return &sets{
		name: "distinct", days: days, columns: []string{"distinct_items", "distinct_categories", "distinct_brands"},
		add: func(put func(int, int64), r *Record) {
			if r.Source != FromEvent && r.Source != FromLine {
				return
			}
			for set, key := range []uint64{r.Item, textKey(r.Category), textKey(r.Brand)} {
				if key != 0 {
					put(set, int64(key))
				}
			}
		},
	}
}
