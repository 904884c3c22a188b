package trigger_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aislekit/aisle/segment/trigger"
)

// What is known at the moment of a message keeps it back, also where both are late.
func TestLate(t *testing.T) {
	day := time.Hour * 24
	cart := trigger.Trigger{Name: "cart", When: trigger.CartAbandoned, Delay: time.Minute}
	back := trigger.Trigger{Name: "back", When: trigger.BackInStock, Delay: 6 * time.Hour}
	for _, c := range []struct {
		name    string
		trigger trigger.Trigger
		grace   time.Duration
		batches [][]event // each is known half a day after the one before, the first at midnight
		want    string
	}{
		{
			"cart and order, both late", cart, 0,
			[][]event{{}, {of(trigger.Carted, "u", "a", "2024-02-29 10:00"), of(trigger.Ordered, "u", "a", "2024-02-29 10:30")}},
			"",
		},
		{
			"cart and order, both late, after an outage", cart, time.Hour,
			[][]event{{}, {of(trigger.Carted, "u", "a", "2024-02-29 10:00"), of(trigger.Ordered, "u", "a", "2024-02-29 10:30")}},
			"",
		},
		{
			"bought before it came back", back, 0,
			[][]event{
				{stocked("a", 0, "2024-02-28"), view("u", "a", "2024-02-28 10:00"), stocked("b", 0, "2024-02-28"), view("u", "b", "2024-02-28 10:00")},
				{stocked("a", 5, "2024-03-01 11:00"), stocked("b", 5, "2024-03-01 11:00")},
				{of(trigger.Ordered, "u", "a", "2024-02-29 10:00")},
			},
			"u back mail 03-01T17:00 b",
		},
		{
			"taken out before it is known to have been in", cart, 0,
			[][]event{{of(trigger.Uncarted, "u", "a", "2024-02-29 10:00")}, {of(trigger.Carted, "u", "a", "2024-02-29 09:00")}},
			"",
		},
		{
			"in, out, and in once more by a repeated event",
			trigger.Trigger{Name: "cart", When: trigger.CartAbandoned, Delay: day},
			0,
			[][]event{
				{of(trigger.Carted, "u", "a", "2024-02-29 09:00"), of(trigger.Carted, "u", "b", "2024-02-29 10:00"), of(trigger.Uncarted, "u", "a", "2024-02-29 11:00")},
				{of(trigger.Carted, "u", "a", "2024-02-29 09:00")},
			},
			"u cart mail 03-01T10:00 b",
		},
		{
			"stock of one instant, repeated",
			trigger.Trigger{Name: "back", When: trigger.BackInStock, Delay: day},
			0,
			[][]event{
				{stocked("a", 0, "2024-02-28"), view("u", "a", "2024-02-28 10:00"), stocked("a", 0, "2024-02-29 12:00"), stocked("a", 5, "2024-02-29 12:00")},
				{stocked("a", 0, "2024-02-29 12:00")},
			},
			"u back mail 03-01T12:00 a",
		},
		{
			"prices of one instant, repeated",
			trigger.Trigger{Name: "sale", When: trigger.PriceDropped},
			0,
			[][]event{
				{priced("a", 10, "2024-02-28"), view("u", "a", "2024-02-28 10:00"), priced("a", 5, "2024-02-29 12:00"), priced("a", 10, "2024-02-29 12:00")},
				{priced("a", 5, "2024-02-29 12:00"), priced("a", 8, "2024-03-01 10:00")},
			},
			"u sale mail 03-01T10:00 a",
		},
		{
			"taken out of a cart that has more since",
			trigger.Trigger{Name: "cart", When: trigger.CartAbandoned, Delay: day},
			0,
			[][]event{
				{of(trigger.Carted, "u", "a", "2024-02-29 15:00"), of(trigger.Carted, "u", "b", "2024-02-29 17:00")},
				{of(trigger.Uncarted, "u", "a", "2024-02-29 16:00"), of(trigger.Uncarted, "u", "b", "2024-02-29 16:00")},
			},
			"u cart mail 03-01T17:00 b",
		},
		{
			"stages of one instant, repeated",
			trigger.Trigger{Name: "risk", When: trigger.StageChanged, To: "active"},
			0,
			[][]event{{staged("u", "new", "2024-02-28"), staged("u", "active", "2024-02-29"), staged("u", "lost", "2024-02-29")}, {staged("u", "active", "2024-02-29")}},
			"",
		},
		{
			"a stage that is over",
			trigger.Trigger{Name: "risk", When: trigger.StageChanged, To: "lost", Delay: day},
			0,
			[][]event{{staged("u", "active", "2024-02-28"), staged("u", "lost", "2024-02-29 12:00")}, {staged("u", "active", "2024-03-01 10:00")}},
			"",
		},
		{
			"the same stage once more cancels what it says it does",
			trigger.Trigger{Name: "cart", When: trigger.CartAbandoned, Cancel: []trigger.Kind{trigger.Staged}},
			0,
			[][]event{{staged("u", "active", "2024-02-28"), staged("u", "active", "2024-02-29 12:00")}, {of(trigger.Carted, "u", "a", "2024-02-29 10:00")}},
			"",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := fresh(options{Triggers: []trigger.Trigger{c.trigger}, Grace: c.grace}, "u")
			now, got := at("2024-03-01"), []message(nil)
			for _, batch := range append(c.batches, nil, nil) {
				for _, e := range batch {
					must(p.Add(e))
				}
				got = promised(p.Advance(got, now))
				now = now.Add(day / 2)
			}
			if text(got) != c.want {
				t.Errorf("got %s, want %s", text(got), c.want)
			}
		})
	}
}

// A day that has begun is not lost when the customer's data are set again while its message
// waits for the best hour; one that is no longer the customer's is.
func TestSetMeanwhile(t *testing.T) {
	opt := options{Channels: mail, Quiet: trigger.Quiet{From: 0, To: 18 * time.Hour}, Triggers: []trigger.Trigger{
		{Name: "best", When: trigger.Anniversary, Date: "birthday", Clock: 17 * time.Hour, BestHour: true},
		{Name: "quiet", When: trigger.Anniversary, Date: "birthday", Clock: 17 * time.Hour},
	}}
	for want, birthday := range map[string]trigger.Date{
		"u quiet mail 03-04T18:00; u best mail 03-04T18:00": {Year: 1990, Month: 3, Day: 4},
		"u quiet mail 03-05T18:00; u best mail 03-05T18:00": {Year: 1990, Month: 3, Day: 5},
	} {
		c := reachable(opt)
		c.Dates = map[string]trigger.Date{"birthday": {Year: 1990, Month: 3, Day: 4}}
		p := fresh(opt)
		must(p.Set("u", c))
		got := promised(p.Advance(nil, at("2024-03-01")))
		got = promised(p.Advance(got, at("2024-03-04 17:30")))
		c.Dates["birthday"] = birthday
		must(p.Set("u", c))
		got = promised(p.Advance(got, at("2024-03-10")))
		slices.SortFunc(got, func(a, b message) int { return -bytes.Compare([]byte(a.Trigger), []byte(b.Trigger)) })
		if text(got) != want {
			t.Errorf("got %s, want %s", text(got), want)
		}
	}
}

// Smaller bounds hold for what is known already.
func TestSmallerBounds(t *testing.T) {
	opt := options{Channels: mail, Triggers: []trigger.Trigger{{Name: "b", When: trigger.BrowseAbandoned, Delay: time.Hour}, {Name: "sale", When: trigger.PriceDropped}}}
	p := fresh(opt, "u")
	for i := range 10 {
		item := fmt.Sprint(i)
		must(p.Add(priced(item, 10, "2024-03-01")))
		must(p.Add(view("u", item, fmt.Sprintf("2024-03-01 10:%02d", i))))
	}
	promised(p.Advance(nil, at("2024-03-01 10:30")))
	opt.MaxLooks, opt.Triggers[0].MaxItems, opt.Zones = 3, 2, time.LoadLocation
	must(p.Retune(opt))
	if got, want := text(promised(p.Advance(nil, at("2024-03-01 12:00")))), "u b mail 03-01T11:09 9,8"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	must(p.Add(view("u", "new", "2024-03-02")))
	for i := range 10 {
		must(p.Add(priced(fmt.Sprint(i), 5, "2024-03-02 02:00")))
	}
	if got, want := text(promised(p.Advance(nil, at("2024-03-02 03:00")))), "u b mail 03-02T01:00 new; u sale mail 03-02T02:00 8,9"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Items that left the shop make room and are in no message; a planner that never saw them
// writes the same.
func TestForgetItems(t *testing.T) {
	opt := options{MaxItems: 4, Triggers: []trigger.Trigger{
		{Name: "cart", When: trigger.CartAbandoned, Delay: time.Hour}, {Name: "sale", When: trigger.PriceDropped}, {Name: "thanks", When: trigger.FirstOrder, Delay: 2 * time.Hour},
	}}
	events := func(p *planner, items ...string) {
		for i, item := range items {
			must(p.Add(priced(item, int64(10+i), "2024-03-01")))
			must(p.Add(view("u", item, "2024-03-01 10:00")))
			must(p.Add(view("v", item, fmt.Sprintf("2024-03-01 10:%02d", i))))
			must(p.Add(of(trigger.Carted, "u", item, "2024-03-01 10:00")))
			must(p.Add(priced(item, 5, "2024-03-03")))
		}
	}
	p, without := fresh(opt, "u", "v", "w"), fresh(opt, "u", "v", "w")
	events(p, "b", "d")
	events(p, "a")
	must(p.Add(of(trigger.Carted, "v", "a", "2024-03-01 10:30")))
	must(p.Add(of(trigger.Ordered, "w", "a", "2024-03-01 10:30")))
	promised(p.Advance(nil, at("2024-03-01 10:45")))
	must(p.Add(priced("e", 5, "2024-03-04")))
	must(p.Add(of(trigger.Ordered, "u", "a", "2024-03-01 10:50"))) // waits, and is an order whatever becomes of the item
	if err := p.Add(priced("f", 5, "2024-03-04")); err == nil {
		t.Fatal("five items of four")
	}
	must(p.ForgetItems([]string{"a", "x", "a"}))
	if err := p.Add(priced("f", 5, "2024-03-04")); err == nil {
		t.Fatal("an item of which an order waits is gone")
	}
	got := promised(p.Advance(nil, at("2024-03-01 10:55")))
	must(p.ForgetItems([]string{"a", "x", "a"}))
	must(p.Add(priced("f", 5, "2024-03-04")))
	must(p.ForgetItems([]string{"e", "f"}))
	again := fresh(opt)
	must(again.UnmarshalBinary(promised(p.MarshalBinary())))
	got = promised(p.Advance(got, at("2024-03-05")))
	if want := "w thanks mail 03-01T12:30; u thanks mail 03-01T12:50; u sale mail 03-03T00:00 b,d; v sale mail 03-03T00:00 b,d"; text(got) != want {
		t.Errorf("got %s, want %s", text(got), want)
	}
	if other := text(promised(again.Advance(nil, at("2024-03-05")))); other != text(got) || !bytes.Equal(promised(again.MarshalBinary()), promised(p.MarshalBinary())) {
		t.Errorf("another planner goes on with %s", other)
	}
	// No trace: only what happened otherwise is left.
	p = fresh(opt, "u", "v", "w")
	for _, x := range []*planner{p, without} {
		must(x.Add(view("u", "b", "2024-03-01 10:00")))
		must(x.Add(priced("d", 5, "2024-03-03")))
		if x == p {
			must(x.Add(priced("a", 5, "2024-03-01")))
			must(x.Add(priced("a", 6, "2024-03-03")))
		}
	}
	for _, x := range []*planner{p, without} {
		must(x.ForgetItems([]string{"a"}))
	}
	if !bytes.Equal(promised(p.MarshalBinary()), promised(without.MarshalBinary())) {
		t.Error("an item left a trace")
	}
}

// A clock put back from quiet hours to a time before them is not quiet until they begin again.
func TestQuietAgain(t *testing.T) {
	p := fresh(options{
		Zone: "Europe/Berlin", Quiet: trigger.Quiet{From: 2*time.Hour + 5*time.Minute, To: 0},
		Triggers: []trigger.Trigger{{Name: "b", When: trigger.BrowseAbandoned, Expire: time.Hour}},
	}, "u")
	must(p.Add(view("u", "a", "2024-10-27 00:30"))) // 02:30 the first time
	if got, want := text(promised(p.Advance(nil, at("2024-10-30")))), "u b mail 10-27T01:00 a"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A trigger of the same name that waits for something else is another one.
func TestRetuneOther(t *testing.T) {
	opt := options{Channels: mail, Triggers: []trigger.Trigger{{Name: "x", When: trigger.BrowseAbandoned, Delay: time.Hour}}, Zones: time.LoadLocation}
	p := fresh(opt, "u")
	must(p.Add(view("u", "a", "2024-03-01 10:00")))
	promised(p.Advance(nil, at("2024-03-01 10:30")))
	opt.Triggers[0].When = trigger.CartAbandoned
	must(p.Retune(opt))
	if got := promised(p.Advance(nil, at("2024-03-02"))); len(got) != 0 {
		t.Errorf("a look became %s", text(got))
	}
}
