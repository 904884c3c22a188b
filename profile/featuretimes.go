package profile

import (
	"fmt"
	"math"
	"slices"
)

// clockFeature counts by the clock of the business time zone.
func clockFeature([]int) Feature {
	var columns []string
	for _, d := range []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"} {
		columns = append(columns, "weekday="+d)
	}
	for h := range 24 {
		columns = append(columns, fmt.Sprint("hour=", h))
	}
	return &sums{
		name: "clock", width: len(columns), columns: columns,
		add: func(s []int64, r *Record) {
			if r.whole() {
				t := r.Clock.Time()
				s[(t.Weekday()+6)%7] = saturate(s[(t.Weekday()+6)%7], 1)
				s[7+t.Hour()] = saturate(s[7+t.Hour()], 1)
			}
		},
		value: func(s []int64, _ Clock) []float64 {
			n := int64(0)
			for _, x := range s[:7] {
				n = saturate(n, x)
			}
			out := make([]float64, len(s))
			for i, x := range s {
				out[i] = ratio(x, n)
			}
			return out
		},
	}
}

func recencyFeature([]int) Feature { return lasts{} }

// lasts keeps the last event, order and refund; notYet where there was none.
type lasts struct{}

func (lasts) Name() string { return "recency" }

func (lasts) Days() []int { return nil }

func (lasts) Columns() []string { return []string{"event_days", "order_days", "refund_days"} }

func (lasts) Add(state []int64, r *Record) []int64 {
	for len(state) < 3 {
		state = append(state, notYet)
	}
	if i := slices.Index([]RecordSource{FromEvent, FromOrder, FromRefund}, r.Source); i >= 0 {
		state[i] = max(state[i], r.At.UnixNano())
	}
	return state
}

func (lasts) Merge(state, other []int64) []int64 {
	for i, x := range other {
		if i == len(state) {
			state = append(state, notYet)
		}
		state[i] = max(state[i], x)
	}
	return state
}

func (lasts) Valid(state []int64) bool { return len(state) == 3 }

func (lasts) Result(dst []float64, states [][]int64, at Clock) []float64 {
	for i := range 3 {
		x := math.NaN()
		if s := states[0]; len(s) > 0 && s[i] != notYet {
			x = at.DaysSince(s[i])
		}
		dst = append(dst, x)
	}
	return dst
}

// trendFeature asks for each window and for twice its length.
func trendFeature(days []int) Feature {
	var both []int
	for _, d := range days {
		both = append(both, d, 2*d)
	}
	slices.Sort(both)
	t := &trend{sums: *totalsFeature(slices.Compact(both)).(*sums), windows: days}
	t.name, t.columns = "trend", nil
	t.add = func(s []int64, r *Record) {
		switch r.Source {
		case FromEvent:
			s[0] = saturate(s[0], 1)
		case FromOrder:
			s[1], s[2] = saturate(s[1], 1), saturate(s[2], r.Money)
		}
	}
	return t
}

// trend compares each window with the one of the same length before it.
type trend struct {
	sums
	windows []int
}

func (f *trend) Columns() []string {
	var out []string
	for _, d := range f.windows {
		for _, n := range []string{"events", "orders", "money"} {
			out = append(out, fmt.Sprintf("trend_%s_%dd", n, d))
		}
	}
	return out
}

// Result compares what the longer window has more with the shorter one.
func (f *trend) Result(dst []float64, states [][]int64, _ Clock) []float64 {
	for _, d := range f.windows {
		short := blank(slices.Clone(states[slices.Index(f.days, d)]), f.width)
		long := blank(slices.Clone(states[slices.Index(f.days, 2*d)]), f.width)
		for i := range f.width {
			dst = append(dst, ratio(short[i]-(long[i]-short[i]), long[i]))
		}
	}
	return dst
}

// gapFeature keeps the time of every order, since a spread of gaps needs each.
func gapFeature([]int) Feature { return &gaps{} }

type gaps struct{}

func (*gaps) Name() string { return "gaps" }

func (*gaps) Days() []int { return nil }

func (*gaps) Columns() []string { return []string{"gap_mean", "gap_sd", "gap_cv", "gap_most"} }

func (*gaps) Add(state []int64, r *Record) []int64 {
	if r.Source != FromOrder {
		return state
	}
	at := r.At.UnixNano()
	i, _ := slices.BinarySearch(state, at)
	return slices.Insert(state, i, at)
}

func (*gaps) Merge(state, other []int64) []int64 {
	state = append(state, other...)
	slices.Sort(state)
	return state
}

func (*gaps) Valid(state []int64) bool { return slices.IsSorted(state) }

// Result needs two orders for a gap and three for a spread.
func (*gaps) Result(dst []float64, states [][]int64, _ Clock) []float64 {
	s, nan := states[0], math.NaN()
	if len(s) < 2 {
		return append(dst, nan, nan, nan, nan)
	}
	n, most, about := float64(len(s)-1), 0., 0.
	mean := float64(uint64(s[len(s)-1])-uint64(s[0])) / float64(day) / n
	for i := range s[1:] {
		gap := float64(uint64(s[i+1])-uint64(s[i])) / float64(day)
		most, about = max(most, gap), about+(gap-mean)*(gap-mean)
	}
	sd, cv := nan, nan
	if n > 1 {
		sd = math.Sqrt(about / (n - 1))
		if mean > 0 {
			cv = sd / mean
		}
	}
	return append(dst, mean, sd, cv, most)
}
