package supply_test

import (
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply"
)

func TestFulfilment(t *testing.T) {
	f := must(supply.NewFulfilment(supply.FulfilmentOptions{AsOf: at(30), Grace: time.Hour, Targets: map[string]float64{"north": 3, "south": 1}}))
	whole := supply.Delivery{
		Placed: at(0), Shipped: at(1), Delivered: at(3), Promised: at(3), Region: "north",
		Ordered: 10, Received: 10, Lines: 2, LinesInFull: 2, RightAddress: supply.Pass, Undamaged: supply.Pass,
	}
	with := func(change func(*supply.Delivery)) supply.Delivery { d := whole; change(&d); return d }
	for _, d := range []supply.Delivery{
		whole,
		with(func(d *supply.Delivery) { d.Delivered = at(3).Add(time.Hour) }),                   // within grace
		with(func(d *supply.Delivery) { d.Delivered = at(4) }),                                  // late
		with(func(d *supply.Delivery) { d.Received, d.LinesInFull = 9, 1 }),                     // short
		with(func(d *supply.Delivery) { d.Received = 12 }),                                      // too much
		with(func(d *supply.Delivery) { d.Undamaged = supply.Unknown }),                         // nobody looked
		with(func(d *supply.Delivery) { d.Undamaged = supply.Fail }),                            // broken
		with(func(d *supply.Delivery) { d.Promised = time.Time{} }),                             // no promise
		with(func(d *supply.Delivery) { d.Shipped, d.Delivered = time.Time{}, time.Time{} }),    // overdue
		{Placed: at(29), Promised: at(33)},                                                      // has time
		with(func(d *supply.Delivery) { d.Cancelled = true }),                                   // does not count
		with(func(d *supply.Delivery) { d.Shipped, d.Ordered, d.Received = time.Time{}, 0, 0 }), // little known
	} {
		ok(t, f.Add(d))
	}
	r := must(f.Result())
	if r.Orders != 11 || r.Cancelled != 1 || r.Open != 2 || r.Overdue != 1 || r.NoPromise != 1 || r.OverDelivered != 1 {
		t.Errorf("counts: %+v", r)
	}
	for _, c := range []struct {
		name string
		got  supply.Ratio
		want supply.Ratio
	}{
		{"on time", r.OnTime, supply.Ratio{Num: 7, Den: 9}}, // late, overdue
		{"in full", r.InFull, supply.Ratio{Num: 7, Den: 8}},
		{"units", r.UnitFill, supply.Ratio{Num: 79, Den: 80}},
		{"lines", r.LineFill, supply.Ratio{Num: 17, Den: 18}},
		{"OTIF", r.OTIF, supply.Ratio{Num: 5, Den: 8}},       // not judged: no promise, unknown quantity
		{"perfect", r.Perfect, supply.Ratio{Num: 3, Den: 7}}, // fails: late, short, broken, overdue
		{"coverage", r.Coverage, supply.Ratio{Num: 3, Den: 4}},
	} {
		if c.got != c.want {
			t.Errorf("%s is %v, want %v", c.name, c.got, c.want)
		}
	}
	if r.OTIFUnknown != 2 || r.PerfectUnknown != 3 || !slices.Equal(r.Unserved, []string{"south"}) {
		t.Errorf("unknown %d, %d, unserved %v", r.OTIFUnknown, r.PerfectUnknown, r.Unserved)
	}
	if d := r.OrderToShip; d.Done != 8 || d.Open != 2 || d.Mean != day {
		t.Errorf("order to ship: %+v", d)
	}
	if d := r.OrderToDelivery; d.Done != 9 || d.Open != 2 || d.Max != 4*day {
		t.Errorf("order to delivery: %+v", d)
	}
	// Four independent criteria of 95 %: the estimate is .8145, the joint share
	// here .80, because every order fails at most one.
	g := must(supply.NewFulfilment(supply.FulfilmentOptions{AsOf: at(30)}))
	for i := range 100 {
		ok(t, g.Add(with(func(d *supply.Delivery) {
			switch {
			case i < 5:
				d.Delivered = at(9)
			case i < 10:
				d.Received = 1
			case i < 15:
				d.RightAddress = supply.Fail
			case i < 20:
				d.Undamaged = supply.Fail
			}
		})))
	}
	r = must(g.Result())
	testkit.Near(t, "joint", r.Perfect.OrNaN(), .8, 1e-12)
	testkit.Near(t, "estimate", r.PerfectEstimate, .81450625, 1e-12)
	if _, err := r.Coverage.Value(); !errors.Is(err, supply.ErrUndefined) {
		t.Error("coverage without targets is defined")
	}
}

// Each order alone: what it adds to on time, in full and perfect.
func TestFulfilmentOneOrder(t *testing.T) {
	good := supply.Delivery{
		Placed: at(0), Shipped: at(1), Delivered: at(3), Promised: at(3), Ordered: 2, Received: 2,
		RightAddress: supply.Pass, Undamaged: supply.Pass, Documented: supply.Pass,
	}
	pass, fail, none := supply.Ratio{Num: 1, Den: 1}, supply.Ratio{Den: 1}, supply.Ratio{}
	for _, c := range []struct {
		name                         string
		change                       func(*supply.Delivery)
		onTime, inFull, otif, joined supply.Ratio
		unknown                      int64 // perfect, unknown
	}{
		{"good", func(*supply.Delivery) {}, pass, pass, pass, pass, 0},
		{"at the end of grace", func(d *supply.Delivery) { d.Delivered = at(3).Add(time.Hour) }, pass, pass, pass, pass, 0},
		{"a moment later", func(d *supply.Delivery) { d.Delivered = at(3).Add(time.Hour + 1) }, fail, pass, fail, fail, 0},
		{"not promised", func(d *supply.Delivery) { d.Promised = time.Time{} }, none, pass, none, none, 1},
		{"not promised and short", func(d *supply.Delivery) { d.Promised, d.Received = time.Time{}, 1 }, none, fail, fail, fail, 0},
		{"quantity unknown", func(d *supply.Delivery) { d.Ordered, d.Received = 0, 0 }, pass, none, none, none, 1},
		{"papers not looked at", func(d *supply.Delivery) { d.Documented = supply.Unknown }, pass, pass, pass, none, 1},
		{"papers wrong", func(d *supply.Delivery) { d.Documented = supply.Fail }, pass, pass, pass, fail, 0},
		{"papers wrong, address unknown", func(d *supply.Delivery) { d.Documented, d.RightAddress = supply.Fail, supply.Unknown }, pass, pass, pass, fail, 0},
		{"overdue", func(d *supply.Delivery) { d.Delivered = time.Time{} }, fail, none, fail, fail, 0},
		{"due at the end of observation", func(d *supply.Delivery) { d.Delivered, d.Promised = time.Time{}, at(30).Add(-time.Hour) }, none, none, none, none, 0},
		{"neither promised nor there", func(d *supply.Delivery) { d.Delivered, d.Promised = time.Time{}, time.Time{} }, none, none, none, none, 0},
	} {
		f := must(supply.NewFulfilment(supply.FulfilmentOptions{
			AsOf: at(30), Grace: time.Hour, Perfect: supply.OnTime | supply.InFull | supply.RightAddress | supply.Undamaged | supply.Documented,
		}))
		d := good
		c.change(&d)
		ok(t, f.Add(d))
		r := must(f.Result())
		if r.OnTime != c.onTime || r.InFull != c.inFull || r.OTIF != c.otif || r.Perfect != c.joined || r.PerfectUnknown != c.unknown {
			t.Errorf("%s: on time %v, in full %v, both %v, perfect %v, unknown %d", c.name, r.OnTime, r.InFull, r.OTIF, r.Perfect, r.PerfectUnknown)
		}
	}
}

// What a perfect order must pass is chosen; what is not chosen does not count.
func TestFulfilmentCriteria(t *testing.T) {
	d := supply.Delivery{
		Placed: at(0), Delivered: at(3), Promised: at(2), Ordered: 2, Received: 1,
		RightAddress: supply.Fail, Undamaged: supply.Pass, Documented: supply.Unknown,
	}
	for _, c := range []struct {
		perfect       supply.Criteria
		want          supply.Ratio
		unknown       int64
		estimate      float64
		estimateKnown bool
	}{
		{supply.OnTime, supply.Ratio{Den: 1}, 0, 0, true},
		{supply.InFull, supply.Ratio{Den: 1}, 0, 0, true},
		{supply.RightAddress, supply.Ratio{Den: 1}, 0, 0, true},
		{supply.Undamaged, supply.Ratio{Num: 1, Den: 1}, 0, 1, true},
		{supply.Documented, supply.Ratio{}, 1, 0, false},
		{supply.Undamaged | supply.Documented, supply.Ratio{}, 1, 0, false},
		{supply.RightAddress | supply.Documented, supply.Ratio{Den: 1}, 0, 0, false},
		{0, supply.Ratio{Den: 1}, 0, 0, true}, // the default
	} {
		f := must(supply.NewFulfilment(supply.FulfilmentOptions{AsOf: at(9), Perfect: c.perfect}))
		ok(t, f.Add(d))
		r := must(f.Result())
		if r.Perfect != c.want || r.PerfectUnknown != c.unknown || math.IsNaN(r.PerfectEstimate) == c.estimateKnown ||
			c.estimateKnown && r.PerfectEstimate != c.estimate {
			t.Errorf("criteria %b: %v, %d unknown, estimate %v", c.perfect, r.Perfect, r.PerfectUnknown, r.PerfectEstimate)
		}
	}
}

// Stages that are open are watched until the end; one that ended unseen is not open.
func TestFulfilmentStages(t *testing.T) {
	f := must(supply.NewFulfilment(supply.FulfilmentOptions{AsOf: at(30)}))
	ok(t,
		f.Add(supply.Delivery{Placed: at(0), Shipped: at(2), Delivered: at(5)}),
		f.Add(supply.Delivery{Placed: at(0), Delivered: at(4)}), // nobody saw it leave
		f.Add(supply.Delivery{Placed: at(10), Shipped: at(14)}),
		f.Add(supply.Delivery{Placed: at(20)}),
		f.Add(supply.Delivery{Placed: at(0), Delivered: at(9), Cancelled: true}),
	)
	r := must(f.Result())
	for _, c := range []struct {
		name       string
		got        supply.Durations
		done, open int64
		mean, max  time.Duration
	}{
		{"to ship", r.OrderToShip, 2, 1, 3 * day, 4 * day},
		{"in transit", r.ShipToDeliver, 1, 1, 3 * day, 3 * day},
		{"cycle", r.OrderToDelivery, 2, 2, 108 * time.Hour, 5 * day},
	} {
		if c.got.Done != c.done || c.got.Open != c.open || c.got.Mean != c.mean || c.got.Max != c.max {
			t.Errorf("%s: %+v", c.name, c.got)
		}
	}
	// Half of four are there after five days, and nobody knows of nine in ten.
	if p := r.OrderToDelivery; math.Abs(float64(p.P50-5*day)) > .005*float64(5*day) || p.P90 != supply.Beyond {
		t.Errorf("quantiles %v, %v", p.P50, p.P90)
	}
	if r.Cancelled != 1 || r.Orders != 4 || len(r.Unserved) != 0 {
		t.Errorf("%+v", r)
	}
}
