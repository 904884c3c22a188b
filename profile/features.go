package profile

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
	"sync"
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
func (f *sums) Days() []int  { return f.days }

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

// A sets is a Feature whose state is sorted sets of numbers, one behind the other, each
// after its size; its values are their sizes.
type sets struct {
	name    string
	days    []int
	columns []string // one for each set
	add     func(put func(set int, x int64), r *Record)
}

func (f *sets) Name() string      { return f.name }
func (f *sets) Days() []int       { return f.days }
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

// Merge unites set by set.
func (f *sets) Merge(state, other []int64) []int64 {
	if len(other) == 0 {
		return state
	}
	state = blank(state, len(f.columns))
	at := 0
	for set := range f.columns {
		n := int(other[at])
		for _, x := range other[at+1:][:n] {
			state = insert(state, set, x)
		}
		at += 1 + n
	}
	return state
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

// ratio is a/b of two sums, NaN for b = 0.
func ratio(a, b int64) float64 { return over(a, b) }

// share is a/(a+b).
func share(a, b int64) float64 { return over(a, saturate(a, b)) }

// FeatureNames returns the names that Features takes, ascending.
func FeatureNames() []string {
	var names []string
	for name := range builtIn() {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Features returns the built-in features of the given names, all where none is given, in that
// order; days are the lengths of the windows of those that have them, nil means none. Each
// is made of the interface Feature alone, and CheckFeature holds for it. Money is in minor
// units, days are calendar days of the business time zone unless said otherwise; columns with
// * come for each window too, as name_<w>d, and what has nothing to divide by is NaN:
//
//	activity    active_days*: days with a record; last_active_day: whole days since
//	basket      basket_lines*, basket_units*: of an order; item_price*: mean, item_price_most*
//	clicks      click_position*: mean of clicks that have one; click_top3*: share at 1 to 3; click_rate*: clicks / views
//	clock       weekday=mon … weekday=sun, hour=0 … hour=23: share of records
//	discount    discount_share*: discount / (discount + paid); discount_orders*: share of orders with one
//	distinct    distinct_items*, distinct_categories*, distinct_brands*: of events and order lines
//	dwell       dwell_mean*, dwell_sd*, dwell_most*: seconds, of events that have a dwell, to the millisecond
//	funnel      search_cart*: carts / searches; view_cart*: carts / views; cart_order*: orders / carts; view_order*: orders / views
//	gaps        gap_mean, gap_sd, gap_cv, gap_most: days of 24 hours between one order and the next
//	opinion     rating_mean*, rating_least*, rating_sd*, sentiment_mean*, sentiment_negative*: share below 0
//	pages       pages_mean*: of events that have any; pages_most*
//	recency     event_days, order_days, refund_days: days of 24 hours since the last one
//	refunds     refund_count*, refund_share*: refunded / paid; refund_orders*: refunds / orders
//	totals      order_count*, order_units*, order_money*, order_mean*
//	trend       trend_events_<w>d, trend_orders_<w>d, trend_money_<w>d: (a-b)/(a+b) of the window and the one before it
//
// An unknown name is ErrUnknownID, days that are not ascending in 1 to 18250 ErrOption.
func Features(days []int, names ...string) ([]Feature, error) {
	for i, d := range days {
		if d < 1 || d > maxWindowDays/2 || i > 0 && d <= days[i-1] || len(days) > maxFeatureDays/2 {
			return nil, fmt.Errorf("profile: Features: days[%d] is %d, want 1 to 18250, ascending, at most 32: %w", i, d, ErrOption)
		}
	}
	if len(names) == 0 {
		names = FeatureNames()
	}
	var out []Feature
	for _, name := range names {
		f := builtIn()[name]
		if f == nil {
			return nil, fmt.Errorf("profile: Features: feature %q: %w", name, ErrUnknownID)
		}
		out = append(out, f(slices.Clone(days)))
	}
	return out, nil
}

// builtIn is the registry: what makes a feature of its windows, by name.
var builtIn = sync.OnceValue(func() map[string]func(days []int) Feature {
	return map[string]func(days []int) Feature{
		"activity": activity, "basket": basketFeature, "clicks": clickFeature, "clock": clockFeature, "discount": discountFeature,
		"distinct": distinctFeature, "dwell": dwellFeature, "funnel": funnelFeature, "gaps": gapFeature, "opinion": opinionFeature,
		"pages": pageFeature, "recency": recencyFeature, "refunds": refundFeature, "totals": totalsFeature, "trend": trendFeature,
	}
})

// one is 1 where something is so.
func one(is bool) int64 {
	if is {
		return 1
	}
	return 0
}

// whole reports whether a record is one act: order lines are parts of one.
func (r *Record) whole() bool { return r.Source != FromLine }

func totalsFeature(days []int) Feature {
	return &sums{
		name: "totals", days: days, width: 3, columns: []string{"order_count", "order_units", "order_money", "order_mean"},
		add: func(s []int64, r *Record) {
			if r.Source == FromOrder {
				s[0], s[1], s[2] = saturate(s[0], 1), saturate(s[1], r.Quantity), saturate(s[2], r.Money)
			}
		},
		value: func(s []int64, _ Clock) []float64 {
			return []float64{float64(s[0]), float64(s[1]), float64(s[2]), ratio(s[2], s[0])}
		},
	}
}

// basketFeature counts orders and lines apart: prices are means over lines.
func basketFeature(days []int) Feature {
	return &sums{
		name: "basket", days: days, width: 6, most: []int{5}, columns: []string{"basket_lines", "basket_units", "item_price", "item_price_most"},
		add: func(s []int64, r *Record) {
			switch r.Source {
			case FromOrder:
				s[0], s[1], s[2] = saturate(s[0], 1), saturate(s[1], r.Lines), saturate(s[2], r.Quantity)
			case FromLine:
				s[3], s[4], s[5] = saturate(s[3], 1), saturate(s[4], r.Price), max(s[5], min(r.Price, math.MaxInt64-1)+1)
			}
		},
		value: func(s []int64, _ Clock) []float64 {
			return []float64{ratio(s[1], s[0]), ratio(s[2], s[0]), ratio(s[4], s[3]), extreme(s[5])}
		},
	}
}

// extreme is a value kept as x+1.
func extreme(x int64) float64 {
	if x == 0 {
		return math.NaN()
	}
	return float64(x - 1)
}

func discountFeature(days []int) Feature {
	return &sums{
		name: "discount", days: days, width: 4, columns: []string{"discount_share", "discount_orders"},
		add: func(s []int64, r *Record) {
			if r.Source == FromOrder {
				s[0], s[1] = saturate(s[0], 1), saturate(s[1], one(r.Discount > 0))
				s[2], s[3] = saturate(s[2], r.Discount), saturate(s[3], r.Money)
			}
		},
		value: func(s []int64, _ Clock) []float64 { return []float64{share(s[2], s[3]), ratio(s[1], s[0])} },
	}
}

// refundFeature keeps what was paid too, to which what came back is compared.
func refundFeature(days []int) Feature {
	return &sums{
		name: "refunds", days: days, width: 4, columns: []string{"refund_count", "refund_share", "refund_orders"},
		add: func(s []int64, r *Record) {
			switch r.Source {
			case FromRefund:
				s[0], s[1] = saturate(s[0], 1), saturate(s[1], r.Money)
			case FromOrder:
				s[2], s[3] = saturate(s[2], 1), saturate(s[3], r.Money)
			}
		},
		value: func(s []int64, _ Clock) []float64 {
			return []float64{float64(s[0]), ratio(s[1], s[3]), ratio(s[0], s[2])}
		},
	}
}

// funnelFeature counts the steps; ratios of them may be above 1, for steps are left out.
func funnelFeature(days []int) Feature {
	return &sums{
		name: "funnel", days: days, width: 4, columns: []string{"search_cart", "view_cart", "cart_order", "view_order"},
		add: func(s []int64, r *Record) {
			s[3] = saturate(s[3], one(r.Source == FromOrder))
			if r.Source == FromEvent {
				s[0] = saturate(s[0], one(r.Kind == View))
				s[1] = saturate(s[1], one(r.Kind == Search))
				s[2] = saturate(s[2], one(r.Kind == Cart))
			}
		},
		value: func(s []int64, _ Clock) []float64 {
			return []float64{ratio(s[2], s[1]), ratio(s[2], s[0]), ratio(s[3], s[2]), ratio(s[3], s[0])}
		},
	}
}

// clickFeature takes positions of clicks only: those of views say what was shown.
func clickFeature(days []int) Feature {
	return &sums{
		name: "clicks", days: days, width: 5, columns: []string{"click_position", "click_top3", "click_rate"},
		add: func(s []int64, r *Record) {
			if r.Source == FromEvent && r.Kind == View {
				s[0] = saturate(s[0], 1)
			}
			if r.Source == FromEvent && r.Kind == Click {
				s[1] = saturate(s[1], 1)
				if r.Position > 0 {
					s[2], s[3], s[4] = saturate(s[2], 1), saturate(s[3], int64(r.Position)), saturate(s[4], one(r.Position <= 3))
				}
			}
		},
		value: func(s []int64, _ Clock) []float64 {
			return []float64{ratio(s[3], s[2]), ratio(s[4], s[2]), ratio(s[1], s[0])}
		},
	}
}

func pageFeature(days []int) Feature {
	return &sums{
		name: "pages", days: days, width: 3, most: []int{2}, columns: []string{"pages_mean", "pages_most"},
		add: func(s []int64, r *Record) {
			if r.Pages > 0 {
				s[0], s[1], s[2] = saturate(s[0], 1), saturate(s[1], int64(r.Pages)), max(s[2], int64(r.Pages)+1)
			}
		},
		value: func(s []int64, _ Clock) []float64 { return []float64{ratio(s[1], s[0]), extreme(s[2])} },
	}
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

func dwellFeature(days []int) Feature {
	return &squares{sums{
		name: "dwell", days: days, width: 5, most: []int{4}, columns: []string{"dwell_mean", "dwell_sd", "dwell_most"},
		add: func(s []int64, r *Record) {
			if ms := r.Dwell.Milliseconds(); r.Dwell > 0 {
				s[0], s[1], s[4] = saturate(s[0], 1), saturate(s[1], ms), max(s[4], ms+1)
				addSquare(s[2:], ms)
			}
		},
		value: func(s []int64, _ Clock) []float64 {
			return []float64{ratio(s[1], s[0]) / 1e3, deviation(s[0], s[1], s[2], s[3]) / 1e3, extreme(s[4]) / 1e3}
		},
	}, []int{2}}
}

// opinionFeature keeps ratings and sentiments in millionths above the least, so that no sum
// is below 0.
func opinionFeature(days []int) Feature {
	up := func(x float64) int64 { return int64(math.Round(x*micro)) + maxScore*micro }
	mean := func(sum, n int64) float64 { return ratio(sum, n)/micro - maxScore }
	return &squares{sums{
		name: "opinion", days: days, width: 8, least: []int{4},
		columns: []string{"rating_mean", "rating_least", "rating_sd", "sentiment_mean", "sentiment_negative"},
		add: func(s []int64, r *Record) {
			if !math.IsNaN(r.Rating) {
				x := up(r.Rating)
				s[0], s[1], s[4] = saturate(s[0], 1), saturate(s[1], x), least(s[4], x+1)
				addSquare(s[2:], x)
			}
			if !math.IsNaN(r.Sentiment) {
				s[5], s[6], s[7] = saturate(s[5], 1), saturate(s[6], up(r.Sentiment)), saturate(s[7], one(r.Sentiment < 0))
			}
		},
		value: func(s []int64, _ Clock) []float64 {
			return []float64{mean(s[1], s[0]), extreme(s[4])/micro - maxScore, deviation(s[0], s[1], s[2], s[3]) / micro, mean(s[6], s[5]), ratio(s[7], s[5])}
		},
	}, []int{2}}
}

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

func (lasts) Name() string      { return "recency" }
func (lasts) Days() []int       { return nil }
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

func (*gaps) Name() string      { return "gaps" }
func (*gaps) Days() []int       { return nil }
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
