package forecast

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/moments"
)

// DemandClass says how regular demand is in time and in size (Syntetos, Boylan and Croston
// 2005).
type DemandClass int

// The classes of demand.
const (
	NoDemand           DemandClass = iota // never asked for
	SmoothDemand                          // often, in like sizes
	ErraticDemand                         // often, in unlike sizes
	IntermittentDemand                    // seldom, in like sizes
	LumpyDemand                           // seldom, in unlike sizes
)

// String returns the class in a word.
func (c DemandClass) String() string {
	switch c {
	case NoDemand:
		return "none"
	case SmoothDemand:
		return "smooth"
	case ErraticDemand:
		return "erratic"
	case IntermittentDemand:
		return "intermittent"
	case LumpyDemand:
		return "lumpy"
	}
	return fmt.Sprintf("DemandClass(%d)", int(c))
}

// DemandPattern is what ClassifyDemand has counted.
type DemandPattern struct {
	Class   DemandClass // by ADI and CV2
	Demands int         // periods with demand
	Periods int         // observed ones
	ADI     float64     // observed periods by demand, 1 for demand in each; +Inf without demand
	CV2     float64     // squared coefficient of variation (ddof 1) of the sizes of demands; 0 for a single one
}

// Cuts between seldom and often, and between like and unlike sizes.
const (
	cutADI = 1.32
	cutCV2 = .49
)

// ClassifyDemand classes demand y, one value a period, 0 where nothing was asked for, NaN where
// missing. Below 1.32 periods a demand it comes often, with CV² below .49 in like sizes. O(n).
// Errors: ErrEmpty without an observed period, ErrNotFinite, ErrRange for negative demand.
func ClassifyDemand(y []float64) (DemandPattern, error) {
	const where = "forecast: ClassifyDemand"
	if _, err := checkSeries(where, y); err != nil {
		return DemandPattern{}, err
	}
	if err := nonNegative(where, y); err != nil {
		return DemandPattern{}, err
	}
	return classify(y), nil
}

// classify is ClassifyDemand of demand that was checked.
func classify(y []float64) DemandPattern {
	d := DemandPattern{ADI: math.Inf(1)}
	top := 0.0
	for _, v := range y {
		if v > 0 {
			top = max(top, v)
		}
	}
	_, exp := math.Frexp(top)
	var sizes moments.Welford
	for _, v := range y {
		if v != v {
			continue
		}
		d.Periods++
		if v > 0 {
			d.Demands++
			_ = sizes.Add(math.Ldexp(v, -exp)) // in (0, 1]
		}
	}
	if d.Demands == 0 {
		return d
	}
	d.ADI = float64(d.Periods) / float64(d.Demands)
	if v, err := sizes.Variance(); err == nil && d.Demands > 1 {
		d.CV2 = v / (sizes.Mean() * sizes.Mean())
	}
	seldom, unlike := d.ADI >= cutADI, d.CV2 >= cutCV2
	switch {
	case seldom && unlike:
		d.Class = LumpyDemand
	case seldom:
		d.Class = IntermittentDemand
	case unlike:
		d.Class = ErraticDemand
	default:
		d.Class = SmoothDemand
	}
	return d
}
