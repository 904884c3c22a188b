package supply

import (
	"math"
	"time"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/survive"
)

// maxWindow bounds ServiceOptions.ReturnWindow, in days.
const maxWindow = 1000

// returnCounts are orders, units and value.
type returnCounts [3]int64

func (c *returnCounts) add(o returnCounts, sign int64) {
	for i := range c {
		c[i] += sign * o[i]
	}
}

// take takes o out of c where no figure falls below 0, and reports whether it did.
func (c *returnCounts) take(o returnCounts) bool {
	for i := range c {
		if o[i] > c[i] {
			return false
		}
	}
	c.add(o, -1)
	return true
}

// exposure knows of everything sold for how many days it was watched, and after how many
// what came back did. Sales and returns are told apart and may be in different shards:
// a return takes what it is of from the sales of its day, which may not have been told yet,
// so that single counts of open can be negative until they have.
type exposure struct {
	open []returnCounts // still with the customer, by whole days watched, the last for the window and more
	done []returnCounts // come back, by whole days since the sale
}

// size makes room for a window of so many days.
func (x *exposure) size(window int) {
	if x.open == nil {
		x.open, x.done = make([]returnCounts, window+1), make([]returnCounts, window)
	}
}

// days returns how many whole days lie between, at most limit.
func days(from, to time.Time, limit int) int { return int(min(to.Sub(from)/day, time.Duration(limit))) }

// sold adds what has been watched for the given days.
func (x *exposure) sold(watched int, n returnCounts) { x.open[watched].add(n, 1) }

// back adds what came back after the given days. The day on which watching ended was not
// watched to its end: a return on it would count without those still to come on it, so it is
// left out.
func (x *exposure) back(watched, after int, n returnCounts) {
	if after < watched {
		x.done[after].add(n, 1)
		x.open[watched].add(n, -1)
	}
}

func (x *exposure) merge(o *exposure) {
	if o.open == nil {
		return
	}
	x.size(len(o.done))
	for i := range o.open {
		x.open[i].add(o.open[i], 1)
	}
	for i := range o.done {
		x.done[i].add(o.done[i], 1)
	}
}

// within returns the share that comes back within the window by the estimate of Kaplan and
// Meier, for figure i of returnCounts, and how many were watched for less. NaN where none
// was watched to the end of the window, and where more came back of a day than was sold on it.
func (x *exposure) within(i int) (share float64, short int64) {
	if x.open == nil {
		return math.NaN(), 0
	}
	all := int64(0)
	for d := range x.open {
		n := x.open[d][i]
		if d < len(x.done) {
			short += n
			n += x.done[d][i]
		}
		if x.open[d][i] < 0 || all+n < all {
			return math.NaN(), 0
		}
		all += n
	}
	limit := survive.NewProductLimit(all - x.open[0][i])
	for d := range x.done {
		if limit.AtRisk <= 0 && limit.Alive > 0 {
			return math.NaN(), short
		}
		limit.Step(x.done[d][i], x.open[d+1][i])
	}
	return 1 - limit.Alive, short
}

// partOf reports whether sales by day are within all that were sold, and returns, also those that
// have no sale yet, within all that came back: sums over days then fit where those do.
func (x *exposure) partOf(sold, back returnCounts) bool {
	missing := back
	for _, n := range x.open {
		var more, less returnCounts
		for i, v := range n {
			if v == math.MinInt64 {
				return false
			}
			more[i], less[i] = max(v, 0), max(-v, 0)
		}
		if !sold.take(more) || !missing.take(less) {
			return false
		}
	}
	for _, n := range x.done {
		if !back.take(n) {
			return false
		}
	}
	return true
}

// encode appends the days that are not 0: []i64 days of open, 3 i64 each; the same of done.
func (x *exposure) encode(w *codec.Writer) {
	for _, list := range [][]returnCounts{x.open, x.done} {
		var at []int64
		for d, n := range list {
			if n != (returnCounts{}) {
				at = append(at, int64(d))
			}
		}
		w.Int64s(at)
		for _, d := range at {
			for _, n := range list[d] {
				w.Int64(n)
			}
		}
	}
}

// decode reads what encode wrote, for a window of so many days.
func (x *exposure) decode(r *codec.Reader, window int) {
	x.size(window)
	some := false
	for k, list := range [][]returnCounts{x.open, x.done} {
		days := r.Int64s()
		for i, d := range days {
			if d < 0 || d >= int64(len(list)) || i > 0 && d <= days[i-1] {
				r.Fail("has days of sales out of order")
				return
			}
			for j := range list[d] {
				n := r.Int64()
				if k == 1 && n < 0 {
					r.Fail("has a count of returns that cannot be")
					return
				}
				list[d][j] = n
			}
			if list[d] == (returnCounts{}) {
				r.Fail("has a day of sales without any")
				return
			}
			some = true
		}
	}
	if !some {
		*x = exposure{}
	}
}
