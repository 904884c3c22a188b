package supply

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/check"
)

// Renewal is what changed in an assortment during one period [Start, End). Products without a
// known listing are left out.
type Renewal struct {
	Start, End time.Time // of the period, in UTC, the end exclusive

	New       int           // products first listed in the period
	Gone      int           // products taken off in it that had not come back by its end; of several delistings only the latest is known
	Products  int           // products listed at its end
	Share     Ratio         // New that are still listed at the end, over Products
	Refreshes int           // days, in UTC, on which something new was listed
	Interval  time.Duration // length of the period over Refreshes: the mean time from one refresh to the next; Beyond without any
	MeanAge   time.Duration // mean time since first listing of Products at the end; Beyond without any
}

// Renewal reports how fast the range is renewed, in the periods between ascending bounds, at
// least two: [bounds[0], bounds[1]), and so on. Weeks or months come from time.Time.AddDate in
// the zone of the shop or from Demand.PeriodStart. Errors: ErrEmpty for fewer bounds, ErrRange
// for bounds that do not ascend or lie outside of 1678 to 2261. Cost is products times periods.
func (a *Assortment[K]) Renewal(bounds []time.Time) ([]Renewal, error) {
	const where = "supply: Assortment.Renewal"
	if err := check.Receiver(where, a); err != nil {
		return nil, err
	}
	if len(bounds) < 2 {
		return nil, fmt.Errorf("%s: %d bounds, want at least 2: %w", where, len(bounds), ErrEmpty)
	}
	ns := make([]int64, len(bounds))
	for i, b := range bounds {
		var err error
		if ns[i], err = instant(where, fmt.Sprintf("bounds[%d]", i), b); err != nil {
			return nil, err
		}
		if i > 0 && ns[i] <= ns[i-1] {
			return nil, fmt.Errorf("%s: bounds[%d] is not after the one before: %w", where, i, ErrRange)
		}
	}
	out := make([]Renewal, len(bounds)-1)
	ids := sorted(a.skus)
	var days []int64
	for p := range out {
		r, from, last := &out[p], ns[p], ns[p+1]-1
		r.Start, r.End, r.Interval, r.MeanAge = bounds[p].UTC(), bounds[p+1].UTC(), Beyond, Beyond
		stay, age := 0, 0.0
		days = days[:0]
		for _, id := range ids {
			l := a.skus[id]
			if !l.hasList || l.listed > last {
				continue
			}
			fresh, off := l.listed >= from, l.delisted(last)
			if fresh {
				r.New++
				days = append(days, floorDiv(l.listed, int64(day)))
			}
			switch {
			case !off:
				r.Products++
				age += (float64(ns[p+1]) - float64(l.listed) - age) / float64(r.Products)
				if fresh {
					stay++
				}
			case l.until >= from:
				r.Gone++
			}
		}
		r.Share = Ratio{float64(stay), float64(r.Products)}
		slices.Sort(days)
		if r.Refreshes = len(slices.Compact(days)); r.Refreshes > 0 {
			r.Interval = time.Duration((float64(ns[p+1]) - float64(from)) / float64(r.Refreshes))
		}
		if r.Products > 0 {
			r.MeanAge = time.Duration(min(age, math.MaxInt64/2))
		}
	}
	return out, nil
}
