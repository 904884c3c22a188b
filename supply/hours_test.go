package supply_test

import (
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply"
)

// Tickets and orders by the clock of an office: nights, the weekend and a holiday do not count.
func TestOfficeHours(t *testing.T) {
	monday := time.Date(2025, 3, 3, 0, 0, 0, 0, time.UTC) // carnival is the Tuesday, the Saturday is worked
	on := func(day, hour int) time.Time { return monday.Add(time.Duration(24*day+hour) * time.Hour) }
	s := must(supply.NewService(supply.ServiceOptions{AsOf: on(7, 12), Hours: office(t), Ages: []time.Duration{3 * time.Hour, 20 * time.Hour}}))
	ok(t,
		s.AddTicket(supply.Ticket{Opened: on(0, 16), Replied: on(2, 10), Resolved: on(2, 10)}), // an hour on either day
		s.AddTicket(supply.Ticket{Opened: on(5, 0), Replied: on(6, 23)}),                       // all of the worked Saturday, open since
		s.AddTicket(supply.Ticket{Opened: on(6, 8)}),                                           // a Sunday: three hours of Monday
		s.AddTicket(supply.Ticket{Opened: on(3, 9)}),                                           // 8 + 3 + 8 + 3 hours
	)
	r := must(s.Result())
	if r.FirstResponse.Max != 8*time.Hour || r.Resolution.Max != 2*time.Hour || !slices.Equal(r.AgedBacklog, []int64{1, 1, 1}) || r.BacklogAge.Max != 22*time.Hour {
		t.Errorf("%+v", r)
	}
	f := must(supply.NewFulfilment(supply.FulfilmentOptions{AsOf: on(9, 0), Hours: office(t)}))
	ok(t, f.Add(supply.Delivery{Placed: on(0, 20), Shipped: on(2, 11), Delivered: on(4, 20), Promised: on(4, 10)}))
	o := must(f.Result())
	if o.OrderToShip.Max != 2*time.Hour || o.ShipToDeliver.Max != 17*time.Hour || o.OrderToDelivery.Max != 19*time.Hour || o.OnTime != (supply.Ratio{Num: 0, Den: 1}) {
		t.Errorf("%+v", o)
	}
}

// The estimate of what comes back, against one return after the other: hazards by day over
// the sales that were watched for all of that day.
func TestExpectedReturnsProp(t *testing.T) {
	type sale struct{ watched, after int } // hours; after < 0 for what is kept
	rapid.Check(t, func(t *rapid.T) {
		const window = 4
		sales := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) sale {
			s := sale{watched: rapid.IntRange(0, 24*8).Draw(t, "watched"), after: -1}
			if rapid.Bool().Draw(t, "back") {
				s.after = rapid.IntRange(0, s.watched).Draw(t, "after")
			}
			return s
		}), 1, 30).Draw(t, "sales")
		asOf := at(100)
		fresh := func() *supply.Service {
			return must(supply.NewService(supply.ServiceOptions{AsOf: asOf, ReturnWindow: window * day}))
		}
		sold, back := fresh(), fresh() // sales and returns in shards of their own
		for _, s := range sales {
			at := asOf.Add(-time.Duration(s.watched) * time.Hour)
			if err := sold.AddSoldAt(at, 1, 2, 300); err != nil {
				t.Fatal(err)
			}
			if s.after >= 0 {
				if err := back.AddReturn(supply.Return{Sold: at, At: at.Add(time.Duration(s.after) * time.Hour), Orders: 1, Units: 2, Value: 300}); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := back.Merge(sold); err != nil {
			t.Fatal(err)
		}
		alive, open := 1.0, int64(0)
		for d := range window {
			risk, ended := 0, 0
			for _, s := range sales {
				if s.watched/24 <= d || s.after >= 0 && s.after/24 < d {
					continue
				}
				risk++
				if s.after >= 0 && s.after/24 == d {
					ended++
				}
			}
			if risk == 0 && alive > 0 {
				alive = math.NaN()
			}
			if risk > 0 {
				alive *= 1 - float64(ended)/float64(risk)
			}
		}
		for _, s := range sales {
			if s.watched < 24*window && (s.after < 0 || s.after/24 == s.watched/24) {
				open++
			}
		}
		r := must(back.Result())
		for _, got := range []float64{r.ExpectedByOrder, r.ExpectedByUnit, r.ExpectedByValue} {
			if math.IsNaN(got) != math.IsNaN(alive) || math.Abs(got-(1-alive)) > 1e-12 {
				t.Fatalf("%v, want %v", got, 1-alive)
			}
		}
		if r.WindowOpen != open && !math.IsNaN(alive) {
			t.Fatalf("%d may still come back, want %d", r.WindowOpen, open)
		}
	})
}

// Half of what is sold comes back after five days. Where sales grow, the plain share is far
// too low, and the estimate is not.
func TestReturnsCensored(t *testing.T) {
	s := must(supply.NewService(supply.ServiceOptions{AsOf: at(100), ReturnWindow: 10 * day}))
	for d := range 100 {
		n := int64(10 << (d / 10))
		ok(t, s.AddSoldAt(at(float64(d)), 2*n, 2*n, 2*n))
		if d+5 <= 100 {
			ok(t, s.AddReturn(supply.Return{Sold: at(float64(d)), At: at(float64(d) + 5), Orders: n, Units: n, Value: n}))
		}
	}
	r := must(s.Result())
	testkit.Near(t, "expected", r.ExpectedByOrder, .5, 1e-12)
	if plain := r.ReturnsByOrder.OrNaN(); plain > .4 {
		t.Errorf("the plain share is %v: the case shows nothing", plain)
	}
	// A return of what was never sold is told, not averaged away.
	ok(t, s.AddReturn(supply.Return{Sold: at(59.5), At: at(61), Orders: 1 << 40, Units: 1}))
	if r := must(s.Result()); !math.IsNaN(r.ExpectedByOrder) {
		t.Errorf("more came back than was sold: %v", r.ExpectedByOrder)
	}
	for name, x := range map[string]supply.Return{"before the sale": {Sold: at(5), At: at(4)}, "after AsOf": {Sold: at(5), At: at(101)}, "sold after AsOf": {Sold: at(101)}} {
		if err := s.AddReturn(x); !errors.Is(err, supply.ErrRange) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestServiceOptions(t *testing.T) {
	for name, o := range map[string]supply.ServiceOptions{
		"ages down":      {Ages: []time.Duration{2 * day, day}},
		"age 0":          {Ages: []time.Duration{0}},
		"half a day":     {ReturnWindow: 12 * time.Hour},
		"part of a day":  {ReturnWindow: day + 1},
		"window too far": {ReturnWindow: 1001 * day},
		"negative":       {ReturnWindow: -day},
	} {
		o.AsOf = at(1)
		if _, err := supply.NewService(o); !errors.Is(err, supply.ErrOption) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A clock of a zone is read by one of that zone only.
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip(err)
	}
	h := must(supply.NewHours(supply.HoursOptions{Location: berlin}))
	data := must(must(supply.NewService(supply.ServiceOptions{AsOf: at(1), Hours: h})).MarshalBinary())
	orders := must(must(supply.NewFulfilment(supply.FulfilmentOptions{AsOf: at(1), Hours: h})).MarshalBinary())
	if err := new(supply.Service).UnmarshalBinary(data); !errors.Is(err, supply.ErrMismatch) {
		t.Errorf("no clock: %v", err)
	}
	if err := new(supply.Fulfilment).UnmarshalBinary(orders); !errors.Is(err, supply.ErrMismatch) {
		t.Errorf("no clock: %v", err)
	}
	ok(t, must(supply.NewService(supply.ServiceOptions{AsOf: at(2), Hours: h})).UnmarshalBinary(data), must(supply.NewFulfilment(supply.FulfilmentOptions{AsOf: at(2), Hours: h})).UnmarshalBinary(orders))
}
