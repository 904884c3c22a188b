package trigger_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aislekit/aisle/segment/trigger"
)

type (
	planner = trigger.Planner[string, string]
	options = trigger.Options[string, string]
	event   = trigger.Event[string, string]
	message = trigger.Message[string, string]
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func promised[T any](x T, err error) T {
	must(err)
	return x
}

func at(text string) time.Time {
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t
		}
	}
	panic(text)
}

// mail is the only channel of small tests.
var mail = []trigger.Channel{{Name: "mail"}}

// everybody agrees to every channel of opt.
func fresh(opt options, users ...string) *planner {
	if opt.Channels == nil {
		opt.Channels = mail
	}
	opt.Zones = time.LoadLocation
	p := promised(trigger.New(opt))
	for _, u := range users {
		must(p.Set(u, reachable(opt)))
	}
	return p
}

func reachable(opt options) (c trigger.Customer) {
	for _, ch := range opt.Channels {
		c.Channels = append(c.Channels, ch.Name)
	}
	return c
}

// text writes messages as "user trigger channel time items".
func text(ms []message) string {
	var out []string
	for _, m := range ms {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s %s %s", m.User, m.Trigger, m.Channel, m.At.UTC().Format("01-02T15:04"), strings.Join(m.Items, ","))))
	}
	return strings.Join(out, "; ")
}

func view(user, item, when string) event {
	return event{Kind: trigger.Viewed, User: user, Item: item, At: at(when)}
}

func of(kind trigger.Kind, user, item, when string) event {
	e := view(user, item, when)
	e.Kind = kind
	return e
}

func priced(item string, amount int64, when string) event {
	return event{Kind: trigger.Priced, Item: item, Amount: amount, At: at(when)}
}

func stocked(item string, amount int64, when string) event {
	return event{Kind: trigger.Stocked, Item: item, Amount: amount, At: at(when)}
}

func staged(user, stage, when string) event {
	return event{Kind: trigger.Staged, User: user, Name: stage, At: at(when)}
}

// The table: what each trigger does with a few events, in one step and in steps of ten
// minutes.
func TestTriggers(t *testing.T) {
	browse := trigger.Trigger{Name: "browse", When: trigger.BrowseAbandoned, Delay: time.Hour}
	cart := trigger.Trigger{Name: "cart", When: trigger.CartAbandoned, Delay: time.Hour, Priority: 5}
	day := func(d ...string) (out []trigger.Date) {
		for _, x := range d {
			y, m, n := at(x).Date()
			out = append(out, trigger.Date{Year: y, Month: m, Day: n})
		}
		return out
	}
	for _, c := range []struct {
		name   string
		opt    options
		zone   string
		dates  map[string]trigger.Date
		events []event
		until  string
		want   string
	}{
		{"browse", options{Triggers: []trigger.Trigger{browse}}, "", nil, []event{view("u", "tea", "2024-03-01 10:00"), view("u", "cup", "2024-03-01 10:20")}, "2024-03-02", "u browse mail 03-01T11:20 cup,tea"},
		{"twice the same", options{Triggers: []trigger.Trigger{browse}}, "", nil, []event{view("u", "tea", "2024-03-01 10:00"), view("u", "tea", "2024-03-01 10:00")}, "2024-03-02", "u browse mail 03-01T11:00 tea"},
		{"the cart cancels browsing", options{Triggers: []trigger.Trigger{browse, cart}}, "", nil, []event{view("u", "tea", "2024-03-01 10:00"), of(trigger.Carted, "u", "tea", "2024-03-01 10:30")}, "2024-03-02", "u cart mail 03-01T11:30 tea"},
		{"an order cancels the cart", options{Triggers: []trigger.Trigger{cart}}, "", nil, []event{of(trigger.Carted, "u", "tea", "2024-03-01 10:00"), of(trigger.Ordered, "u", "tea", "2024-03-01 11:00")}, "2024-03-02", ""},
		{"an order too late", options{Triggers: []trigger.Trigger{cart}}, "", nil, []event{of(trigger.Carted, "u", "tea", "2024-03-01 10:00"), of(trigger.Ordered, "u", "tea", "2024-03-01 11:01")}, "2024-03-02", "u cart mail 03-01T11:00 tea"},
		{"out of the cart", options{Triggers: []trigger.Trigger{cart}}, "", nil, []event{of(trigger.Carted, "u", "tea", "2024-03-01 10:00"), of(trigger.Carted, "u", "cup", "2024-03-01 10:00"), of(trigger.Uncarted, "u", "tea", "2024-03-01 10:10")}, "2024-03-02", "u cart mail 03-01T11:00 cup"},
		{"empty cart", options{Triggers: []trigger.Trigger{cart}}, "", nil, []event{of(trigger.Carted, "u", "tea", "2024-03-01 10:00"), of(trigger.Uncarted, "u", "tea", "2024-03-01 10:10")}, "2024-03-02", ""},
		{"no delay", options{Triggers: []trigger.Trigger{{Name: "now", When: trigger.BrowseAbandoned}}}, "", nil, []event{view("u", "tea", "2024-03-01 10:00")}, "2024-03-01 10:00", "u now mail 03-01T10:00 tea"},
		{"cool-down", options{Triggers: []trigger.Trigger{{Name: "b", When: trigger.BrowseAbandoned, CoolDown: 48 * time.Hour}}}, "", nil, []event{view("u", "a", "2024-03-01 10:00"), view("u", "b", "2024-03-03 09:00"), view("u", "c", "2024-03-03 10:00")}, "2024-03-09", "u b mail 03-01T10:00 a; u b mail 03-03T10:00 c"},
		{"a price falls", options{Triggers: []trigger.Trigger{{Name: "sale", When: trigger.PriceDropped}}}, "", nil, []event{
			priced("tea", 1000, "2024-03-01"), view("u", "tea", "2024-03-01 10:00"), priced("tea", 960, "2024-03-02"), priced("tea", 950, "2024-03-03"), priced("tea", 940, "2024-03-04"), priced("cup", 1, "2024-03-04"),
		}, "2024-03-09", "u sale mail 03-03T00:00 tea"},
		{"and rises before the message", options{Triggers: []trigger.Trigger{{Name: "sale", When: trigger.PriceDropped, Delay: time.Hour}}}, "", nil, []event{
			priced("tea", 1000, "2024-03-01"), view("u", "tea", "2024-03-01 10:00"), priced("tea", 500, "2024-03-02"), priced("tea", 1000, "2024-03-02 00:30"),
		}, "2024-03-09", ""},
		{"bought before the price falls", options{Triggers: []trigger.Trigger{{Name: "sale", When: trigger.PriceDropped}}}, "", nil, []event{
			priced("tea", 1000, "2024-03-01"), view("u", "tea", "2024-03-01 10:00"), of(trigger.Ordered, "u", "tea", "2024-03-01 11:00"), priced("tea", 500, "2024-03-02"),
		}, "2024-03-09", ""},
		{"looked too long ago", options{Triggers: []trigger.Trigger{{Name: "sale", When: trigger.PriceDropped, Within: time.Hour}}}, "", nil, []event{
			priced("tea", 1000, "2024-03-01"), view("u", "tea", "2024-03-01 10:00"), priced("tea", 500, "2024-03-01 11:01"),
		}, "2024-03-09", ""},
		{"back in stock", options{Triggers: []trigger.Trigger{{Name: "back", When: trigger.BackInStock}}}, "", nil, []event{
			view("u", "cup", "2024-03-01"), stocked("cup", 0, "2024-03-01 09:00"), stocked("tea", 0, "2024-03-01 09:00"), view("u", "tea", "2024-03-01 10:00"), stocked("tea", 5, "2024-03-02"), stocked("cup", 5, "2024-03-02"),
			stocked("tea", 0, "2024-03-03"), stocked("tea", 5, "2024-03-04"),
		}, "2024-03-09", "u back mail 03-02T00:00 tea"},
		{"first order", options{Triggers: []trigger.Trigger{{Name: "first", When: trigger.FirstOrder, Delay: time.Hour}}}, "", nil, []event{
			of(trigger.Ordered, "u", "cup", "2024-03-01"), of(trigger.Ordered, "u", "tea", "2024-03-01"), of(trigger.Ordered, "u", "pot", "2024-03-02"), of(trigger.Ordered, "u", "pot", "2024-03-02"),
		}, "2024-03-09", "u first mail 03-01T01:00 cup,tea"},
		{"stage", options{Triggers: []trigger.Trigger{{Name: "risk", When: trigger.StageChanged, From: "active", To: "at risk"}}}, "", nil, []event{
			staged("u", "at risk", "2024-03-01"), staged("u", "active", "2024-03-02"), staged("u", "active", "2024-03-03"), staged("u", "at risk", "2024-03-04"), staged("u", "at risk", "2024-03-05"),
		}, "2024-03-09", "u risk mail 03-04T00:00"},
		{"event", options{Triggers: []trigger.Trigger{{Name: "ask", When: trigger.OnEvent, Event: "delivered", Delay: 24 * time.Hour, Cancel: []trigger.Kind{trigger.Responded}}}}, "", nil, []event{
			{Kind: trigger.Happened, User: "u", Name: "delivered", At: at("2024-03-01")}, {Kind: trigger.Happened, User: "u", Name: "shipped", At: at("2024-03-02 10:00")},
		}, "2024-03-09", "u ask mail 03-02T00:00"},
		{"born on 29 February", options{Triggers: []trigger.Trigger{{Name: "bday", When: trigger.Anniversary, Date: "birthday"}}}, "Europe/Berlin", map[string]trigger.Date{"birthday": {Year: 2000, Month: 2, Day: 29}}, []event{view("u", "a", "2023-01-01")}, "2025-01-01", "u bday mail 02-28T09:00; u bday mail 02-29T09:00"},
		{"not on the day itself", options{Triggers: []trigger.Trigger{{Name: "year", When: trigger.Anniversary, Date: "registered", Clock: -1}}}, "", map[string]trigger.Date{"registered": {Year: 2024, Month: 3, Day: 5}}, []event{view("u", "a", "2024-01-01")}, "2025-04-01", "u year mail 03-05T00:00"},
		{"dates, in the zone, days before", options{Triggers: []trigger.Trigger{{Name: "fest", When: trigger.OnDates, Dates: day("2024-03-31"), Lead: 7, Clock: 150 * time.Minute}}}, "Europe/Berlin", nil, []event{view("u", "a", "2024-01-01")}, "2025-01-01", "u fest mail 03-24T01:30"},
		{"in the gap of the clock", options{Triggers: []trigger.Trigger{{Name: "fest", When: trigger.OnDates, Dates: day("2024-03-31"), Clock: 150 * time.Minute}}}, "Europe/Berlin", nil, []event{view("u", "a", "2024-01-01")}, "2025-01-01", "u fest mail 03-31T01:00"},
		{"holiday of several days", options{Business: promised(trigger.NewBusiness(trigger.BusinessOptions{Holidays: map[string][]trigger.Date{"spring": day("2024-02-10", "2024-02-11", "2025-01-29", "2025-01-30")}})), Triggers: []trigger.Trigger{{Name: "fest", When: trigger.OnDates, Holiday: "spring"}}}, "", nil, []event{view("u", "a", "2024-01-01")}, "2025-03-01", "u fest mail 02-10T10:00; u fest mail 01-29T10:00"},
		{"pay day", options{Triggers: []trigger.Trigger{{Name: "pay", When: trigger.OnPayDay, PayDay: trigger.PayDay{LastBusiness: true}}}}, "", nil, []event{view("u", "a", "2024-03-01")}, "2024-06-01", "u pay mail 03-29T10:00; u pay mail 04-30T10:00; u pay mail 05-31T10:00"},
		{"season", options{Triggers: []trigger.Trigger{{Name: "gifts", When: trigger.OnSeason, Season: trigger.Season{Unit: trigger.Months, First: day("2024-01-01")[0], Values: []float64{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1.3, 2}}}}}, "", nil, []event{view("u", "a", "2024-03-01")}, "2026-01-01", "u gifts mail 11-01T10:00; u gifts mail 11-01T10:00"},
		{"quiet over midnight", options{Quiet: trigger.Quiet{From: 21 * time.Hour, To: 8 * time.Hour}, Triggers: []trigger.Trigger{browse}}, "Europe/Berlin", nil, []event{view("u", "a", "2024-03-30 20:30")}, "2024-04-01", "u browse mail 03-31T06:00 a"},
		{"quiet ends in a gap", options{Quiet: trigger.Quiet{From: 21 * time.Hour, To: 150 * time.Minute}, Triggers: []trigger.Trigger{browse}}, "Europe/Berlin", nil, []event{view("u", "a", "2024-03-30 20:30")}, "2024-04-01", "u browse mail 03-31T01:00 a"},
		{"quiet ends twice", options{Quiet: trigger.Quiet{From: 0, To: 150 * time.Minute}, Triggers: []trigger.Trigger{browse}}, "Europe/Berlin", nil, []event{view("u", "a", "2024-10-26 23:10"), view("u", "b", "2024-10-27 00:10")}, "2024-11-01", "u browse mail 10-27T01:30 b,a"},
		{"cap of a day", options{Caps: []trigger.Cap{{N: 1, Days: 1}}, Triggers: []trigger.Trigger{{Name: "b", When: trigger.BrowseAbandoned}}}, "Asia/Tokyo", nil, []event{view("u", "a", "2024-03-01 10:00"), view("u", "b", "2024-03-01 11:00")}, "2024-03-09", "u b mail 03-01T10:00 a; u b mail 03-01T15:00 b"},
		{"cap of a window", options{Caps: []trigger.Cap{{N: 1, Window: 5 * time.Hour}}, Triggers: []trigger.Trigger{{Name: "b", When: trigger.BrowseAbandoned}}}, "", nil, []event{view("u", "a", "2024-03-01 10:00"), view("u", "b", "2024-03-01 11:00")}, "2024-03-09", "u b mail 03-01T10:00 a; u b mail 03-01T15:00 b"},
		{"cap of 0", options{Caps: []trigger.Cap{{Days: 1}}, Triggers: []trigger.Trigger{{Name: "b", When: trigger.BrowseAbandoned}}}, "", nil, []event{view("u", "a", "2024-03-01 10:00")}, "2024-03-09", ""},
		{"a channel capped to 0", options{Channels: []trigger.Channel{{Name: "sms", Caps: []trigger.Cap{{Days: 7}}}, {Name: "mail"}}, Triggers: []trigger.Trigger{{Name: "b", When: trigger.BrowseAbandoned}}}, "", nil, []event{view("u", "a", "2024-03-01 10:00")}, "2024-03-09", "u b mail 03-01T10:00 a"},
		{"waits too long", options{Caps: []trigger.Cap{{N: 1, Days: 7}}, Triggers: []trigger.Trigger{{Name: "b", When: trigger.BrowseAbandoned}}}, "", nil, []event{view("u", "a", "2024-03-01 10:00"), view("u", "b", "2024-03-01 11:00")}, "2024-04-09", "u b mail 03-01T10:00 a"},
		{"the higher priority first", options{Caps: []trigger.Cap{{N: 1, Days: 1}}, Triggers: []trigger.Trigger{{Name: "low", When: trigger.BrowseAbandoned, Cancel: []trigger.Kind{}, Delay: time.Hour}, cart}}, "", nil, []event{view("u", "a", "2024-03-01 10:00"), of(trigger.Carted, "u", "a", "2024-03-01 10:00")}, "2024-03-09", "u cart mail 03-01T11:00 a; u low mail 03-02T00:00 a"},
		{"excluded", options{Triggers: []trigger.Trigger{{Name: "low", When: trigger.BrowseAbandoned, Cancel: []trigger.Kind{}, Delay: time.Hour, Excludes: []string{"cart"}}, cart}}, "", nil, []event{view("u", "a", "2024-03-01 10:00"), of(trigger.Carted, "u", "a", "2024-03-01 10:00"), view("u", "b", "2024-03-02 10:00")}, "2024-03-09", "u cart mail 03-01T11:00 a; u low mail 03-02T11:00 b"},
		{"a stranger has no channel", options{Triggers: []trigger.Trigger{browse}}, "", nil, []event{view("stranger", "a", "2024-03-01 10:00")}, "2024-03-09", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, step := range []time.Duration{100_000 * time.Hour, 10 * time.Minute} {
				for _, order := range []int{1, -1} {
					p := fresh(c.opt)
					who := reachable(c.opt)
					if c.opt.Channels == nil {
						who.Channels = []string{"mail"}
					}
					who.Zone, who.Dates = c.zone, c.dates
					must(p.Set("u", who))
					events := slices.Clone(c.events)
					if order < 0 {
						slices.Reverse(events)
					}
					for _, e := range events {
						must(p.Add(e))
					}
					var got []message
					now, until := slices.MinFunc(events, func(a, b event) int { return a.At.Compare(b.At) }).At, at(c.until)
					for {
						got = promised(p.Advance(got, now))
						if !now.Before(until) {
							break
						}
						if now = now.Add(step); now.After(until) {
							now = until
						}
					}
					if text(got) != c.want {
						t.Errorf("steps of %v, order %d:\n got %s\nwant %s\n%+v", step, order, text(got), c.want, p.Stats())
					}
				}
			}
		})
	}
}

// Late events, events in the future, and a clock that goes back.
func TestTime(t *testing.T) {
	p := fresh(options{Triggers: []trigger.Trigger{{Name: "cart", When: trigger.CartAbandoned, Delay: time.Hour}}}, "u", "v")
	must(p.Add(of(trigger.Carted, "u", "a", "2024-03-01 10:00")))
	must(p.Add(of(trigger.Carted, "v", "a", "2024-03-01 10:00")))
	if got := promised(p.Advance(nil, at("2024-03-01 10:50"))); len(got) != 0 {
		t.Error("before its time:", text(got))
	}
	before := promised(p.MarshalBinary())
	if dst, err := p.Advance(make([]message, 1), at("2024-03-01 10:40")); !errors.Is(err, trigger.ErrRange) || len(dst) != 1 {
		t.Errorf("a clock that goes back: %v", err)
	}
	if !bytes.Equal(before, promised(p.MarshalBinary())) {
		t.Error("a clock that goes back changed something")
	}
	must(p.Add(of(trigger.Ordered, "u", "a", "2024-03-01 10:20"))) // late, and cancels
	must(p.Add(of(trigger.Carted, "u", "b", "2024-03-01 10:10")))  // later still, and overtaken by the order
	must(p.Add(of(trigger.Carted, "v", "b", "2024-03-01 09:59")))  // late, of the same cart
	must(p.Add(of(trigger.Carted, "v", "c", "2024-03-02 10:00")))  // to come
	if got, want := text(promised(p.Advance(nil, at("2024-03-01 12:00")))), "v cart mail 03-01T11:00 a,b"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	must(p.Add(of(trigger.Carted, "v", "a", "2024-03-01 10:00"))) // once more, after the message
	must(p.Add(of(trigger.Carted, "u", "d", "2024-03-01 10:30"))) // so late that its hour is over
	if got, want := text(promised(p.Advance(nil, at("2024-03-03")))), "u cart mail 03-01T12:00 d; v cart mail 03-02T11:00 c"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// After an outage nothing goes out at what is night by then.
func TestGrace(t *testing.T) {
	opt := options{Triggers: []trigger.Trigger{{Name: "b", When: trigger.BrowseAbandoned}}, Quiet: trigger.Quiet{From: 21 * time.Hour, To: 8 * time.Hour}, Grace: 5 * time.Minute}
	p := fresh(opt, "u")
	must(p.Add(view("u", "a", "2024-03-01 20:00")))
	got := promised(p.Advance(nil, at("2024-03-01 19:00")))
	got = promised(p.Advance(got, at("2024-03-02 02:00")))
	if len(got) != 0 {
		t.Error(text(got))
	}
	got = promised(p.Advance(got, at("2024-03-02 08:00")))
	if want := "u b mail 03-02T08:00 a"; text(got) != want {
		t.Errorf("got %s, want %s", text(got), want)
	}
}

func TestConsent(t *testing.T) {
	opt := options{
		Channels: []trigger.Channel{{Name: "mail"}, {Name: "push"}},
		Triggers: []trigger.Trigger{{Name: "b", When: trigger.BrowseAbandoned, Delay: time.Hour}, {Name: "pay", When: trigger.OnPayDay, PayDay: trigger.PayDay{Day: 1}}},
	}
	p := fresh(opt, "u", "v")
	must(p.Add(view("u", "a", "2024-03-01 11:00")))
	must(p.Add(view("v", "a", "2024-03-01 11:00")))
	got := promised(p.Advance(nil, at("2024-03-01 11:30")))
	must(p.Set("u", trigger.Customer{Channels: []string{"push"}}))
	must(p.Set("v", trigger.Customer{}))
	got = promised(p.Advance(got, at("2024-04-03")))
	if want := "u b push 03-01T12:00 a; u pay push 04-01T10:00"; text(got) != want {
		t.Errorf("got %s, want %s", text(got), want)
	}
	for name, c := range map[string]trigger.Customer{"channel": {Channels: []string{"fax"}}, "zone": {Zone: "Mars/Olympus"}} {
		before := promised(p.MarshalBinary())
		if err := p.Set("new", c); !errors.Is(err, trigger.ErrUnknownID) {
			t.Errorf("%s: %v", name, err)
		}
		if !bytes.Equal(before, promised(p.MarshalBinary())) {
			t.Errorf("%s: changed something", name)
		}
	}
	if err := p.Set("new", trigger.Customer{Dates: map[string]trigger.Date{"b": {Year: 2023, Month: 2, Day: 29}}}); !errors.Is(err, trigger.ErrRange) {
		t.Errorf("29 February 2023: %v", err)
	}
}

// What is forgotten leaves no trace, and comes back as a stranger.
func TestForget(t *testing.T) {
	opt := options{Caps: []trigger.Cap{{N: 5, Days: 1}}, Triggers: []trigger.Trigger{{Name: "b", When: trigger.BrowseAbandoned}, {Name: "sale", When: trigger.PriceDropped}}}
	with, without := fresh(opt, "u", "v"), fresh(opt, "v")
	for _, p := range []*planner{with, without} {
		for _, e := range []event{priced("a", 10, "2024-03-01"), view("v", "a", "2024-03-01 10:00"), view("v", "a", "2024-03-05 10:00"), priced("a", 5, "2024-03-04")} {
			must(p.Add(e))
		}
	}
	for _, e := range []event{view("u", "a", "2024-03-01 09:00"), view("u", "a", "2024-03-05 10:00"), {Kind: trigger.Responded, User: "u", Name: "mail", Sent: at("2024-03-01 09:00"), At: at("2024-03-01 12:00")}} {
		must(with.Add(e))
	}
	if got := text(promised(with.Advance(nil, at("2024-03-02")))); got != "u b mail 03-01T09:00 a; v b mail 03-01T10:00 a" {
		t.Error(got)
	}
	must(with.Forget("u"))
	if err := with.Forget("u"); !errors.Is(err, trigger.ErrUnknownID) || strings.Contains(err.Error(), "u:") {
		t.Errorf("twice: %v", err)
	}
	promised(without.Advance(nil, at("2024-03-02")))
	a, b := text(promised(with.Advance(nil, at("2024-03-09")))), text(promised(without.Advance(nil, at("2024-03-09"))))
	if want := "v sale mail 03-04T00:00 a; v b mail 03-05T10:00 a"; a != want || b != want {
		t.Errorf("%s and %s, want %s", a, b, want)
	}
	must(with.Add(view("u", "a", "2024-03-10")))
	if got := promised(with.Advance(nil, at("2024-03-11"))); len(got) != 0 {
		t.Error("a stranger got", text(got))
	}
	if _, err := with.Waiting(nil, "w"); !errors.Is(err, trigger.ErrUnknownID) {
		t.Error(err)
	}
}

// The content is the caller's: items, offer and reason, or nothing to say.
func TestFill(t *testing.T) {
	p := fresh(options{Triggers: []trigger.Trigger{{Name: "b", When: trigger.BrowseAbandoned, CoolDown: time.Hour}}, Fill: func(m *message) bool {
		m.Offer, m.Reason = "ten", "for "+m.User
		m.Items = append(m.Items, "more")
		return m.User != "v"
	}}, "u", "v")
	must(p.Add(view("u", "a", "2024-03-01 09:00")))
	must(p.Add(view("v", "a", "2024-03-01 09:00")))
	got := promised(p.Advance(nil, at("2024-03-02")))
	if len(got) != 1 || got[0].Offer != "ten" || got[0].Reason != "for u" || text(got) != "u b mail 03-01T09:00 a,more" {
		t.Errorf("%+v", got)
	}
	if s := p.Stats(); s.Empty != 1 || s.Messages != 1 {
		t.Errorf("%+v", s)
	}
}

// A share of customers is held out, always the same, and those who read the log see what
// they would have got.
func TestHoldOut(t *testing.T) {
	run := func(held bool, order int) (sent, log map[string]bool) {
		opt := options{HoldOut: .2, Held: held, Seed: 4, Triggers: []trigger.Trigger{{Name: "b", When: trigger.BrowseAbandoned}, {Name: "pay", When: trigger.OnPayDay, PayDay: trigger.PayDay{Day: 2}, HoldOut: .5}}}
		if order > 0 {
			slices.Reverse(opt.Triggers)
		}
		p := fresh(opt)
		sent, log = map[string]bool{}, map[string]bool{}
		for i := range 2000 {
			u := fmt.Sprint("u", i)
			must(p.Set(u, trigger.Customer{Channels: []string{"mail"}}))
			must(p.Add(view(u, "a", "2024-03-01")))
		}
		for _, m := range promised(p.Advance(nil, at("2024-03-03"))) {
			if m.Held != (m.Channel == "") {
				t.Fatalf("%+v", m)
			}
			if m.Held {
				log[m.Trigger+" "+m.User] = true
			} else {
				sent[m.Trigger+" "+m.User] = true
			}
		}
		return sent, log
	}
	sent, log := run(true, 0)
	again, none := run(false, 1)
	if len(none) != 0 || len(sent)+len(log) != 4000 || len(again) != len(sent) {
		t.Fatalf("%d and %d sent, %d and %d held", len(sent), len(again), len(log), len(none))
	}
	browse, pay := 0, 0
	for key := range log {
		user, b := strings.CutPrefix(key, "b ")
		if again[key] {
			t.Fatal("held out, and not:", key)
		}
		if b {
			browse++
			if !log["pay "+user] {
				t.Fatal("held out of everything, but not of pay days:", user)
			}
		} else {
			pay++
		}
	}
	if browse < 330 || browse > 470 || pay < 1100 || pay > 1300 { // 400 ± 4σ, 1200 ± 4.5σ
		t.Errorf("%d of 2000 held out of everything, %d of pay days; want about 400 and 1200", browse, pay)
	}
}

// Memory is bounded, with an error before the bound is passed and nothing changed.
func TestBounds(t *testing.T) {
	p := fresh(options{MaxCustomers: 2, MaxItems: 2, MaxEvents: 3, Triggers: []trigger.Trigger{{Name: "b", When: trigger.BrowseAbandoned}}}, "u", "v")
	must(p.Add(view("u", "a", "2024-03-01")))
	must(p.Add(view("u", "b", "2024-03-01")))
	for name, f := range map[string]func() error{
		"customer by Set": func() error { return p.Set("w", trigger.Customer{}) },
		"customer by Add": func() error { return p.Add(view("w", "a", "2024-03-01")) },
		"item":            func() error { return p.Add(view("u", "c", "2024-03-01")) },
	} {
		before := promised(p.MarshalBinary())
		if err := f(); !errors.Is(err, trigger.ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
		if !bytes.Equal(before, promised(p.MarshalBinary())) {
			t.Errorf("%s: changed something", name)
		}
	}
	must(p.Add(view("v", "a", "2024-03-01")))
	if err := p.Add(view("v", "b", "2024-03-01")); !errors.Is(err, trigger.ErrTooLarge) {
		t.Errorf("event: %v", err)
	}
	promised(p.Advance(nil, at("2024-03-02")))
	must(p.Add(view("v", "b", "2024-03-03")))
	must(p.Forget("u"))
	must(p.Set("w", trigger.Customer{}))
}

// At the ends of time nothing wraps round: what waits beyond them is kept and never comes.
func TestEndsOfTime(t *testing.T) {
	opt := options{
		Caps: []trigger.Cap{{N: 1, Days: 366}}, Quiet: trigger.Quiet{From: 21 * time.Hour, To: 8 * time.Hour},
		Triggers: []trigger.Trigger{
			{Name: "long", When: trigger.BrowseAbandoned, Delay: 366 * 24 * time.Hour, CoolDown: 3660 * 24 * time.Hour, Expire: 366 * 24 * time.Hour, BestHour: true},
			{Name: "now", When: trigger.BrowseAbandoned, Expire: 366 * 24 * time.Hour},
			{Name: "day", When: trigger.Anniversary, Date: "d"},
			{Name: "pay", When: trigger.OnPayDay, PayDay: trigger.PayDay{Day: 1}},
		},
	}
	p := fresh(opt)
	who := trigger.Customer{Channels: []string{"mail"}, Dates: map[string]trigger.Date{"d": {Year: 2250, Month: 2, Day: 28}}}
	must(p.Set("u", who))
	must(p.Add(view("u", "a", "1680-01-01 22:00")))
	must(p.Add(view("u", "b", "2260-12-30 22:00")))
	must(p.Add(view("u", "c", "2260-12-31 22:00")))
	got := promised(p.Advance(nil, at("1681-06-01")))
	if want := "u now mail 01-02T08:00 a; u pay mail 01-02T08:00"; len(got) == 0 || !strings.HasPrefix(want, text(got[:1])) {
		t.Errorf("got %s", text(got))
	}
	got = promised(p.Advance(nil, at("2260-12-31 23:59")))
	if n := len(got); n < 500 || n > 580 { // one in 366 days
		t.Errorf("%d messages", n)
	}
	data := promised(p.MarshalBinary())
	must(p.UnmarshalBinary(data))
	if !bytes.Equal(data, promised(p.MarshalBinary())) {
		t.Error("another form after a round trip")
	}
	for _, when := range []string{"1678-06-01", "2261-01-01"} {
		if err := p.Add(view("u", "a", when)); !errors.Is(err, trigger.ErrRange) {
			t.Errorf("%s: %v", when, err)
		}
	}
	if _, err := p.Advance(nil, at("2261-01-01")); !errors.Is(err, trigger.ErrRange) {
		t.Error(err)
	}
}

// Other options take over what is known: the same ones change nothing, another order of
// triggers and channels changes no message, a new trigger begins, one that is gone is gone.
func TestRetune(t *testing.T) {
	end := at("2025-01-01")
	rest := func(p *planner) string { return text(promised(p.Advance(nil, end))) }
	want := rest(busy())
	same := busy()
	before := promised(same.MarshalBinary())
	must(same.Retune(busyOptions()))
	if !bytes.Equal(before, promised(same.MarshalBinary())) {
		t.Error("the same options change the state")
	}
	if got := rest(same); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	turned, opt := busy(), busyOptions()
	slices.Reverse(opt.Triggers)
	opt.Channels = append([]trigger.Channel{{Name: "fax"}}, opt.Channels[1], opt.Channels[0])
	must(turned.Retune(opt))
	must(turned.UnmarshalBinary(promised(turned.MarshalBinary())))
	if got := promised(turned.Rate("z", "push")); got != promised(busy().Rate("z", "push")) {
		t.Error("another rate")
	}
	must(turned.Retune(busyOptionsWith(opt.Channels)))
	if got := rest(turned); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	other := busy()
	opt = busyOptions()
	opt.Triggers = []trigger.Trigger{opt.Triggers[len(opt.Triggers)-1], {Name: "pay", When: trigger.OnPayDay, PayDay: trigger.PayDay{Day: 3}}}
	must(other.Retune(opt))
	if got := text(promised(other.Advance(nil, at("2024-03-04")))); !strings.Contains(got, "z back") || !strings.Contains(got, "z pay") || strings.Contains(got, "ask") {
		t.Errorf("got %s", got)
	}
	opt.Channels = opt.Channels[:1]
	before = promised(other.MarshalBinary())
	if err := other.Retune(opt); !errors.Is(err, trigger.ErrMismatch) {
		t.Errorf("a channel less: %v", err)
	}
	if err := other.Retune(options{}); !errors.Is(err, trigger.ErrOption) {
		t.Errorf("no options: %v", err)
	}
	opt = busyOptions()
	opt.MaxCustomers = 1
	if err := other.Retune(opt); !errors.Is(err, trigger.ErrTooLarge) {
		t.Errorf("too many customers: %v", err)
	}
	if !bytes.Equal(before, promised(other.MarshalBinary())) {
		t.Error("an error changed something")
	}
}

// busyOptionsWith are those of busy with a channel before them, which nobody has.
func busyOptionsWith(channels []trigger.Channel) options {
	opt := busyOptions()
	opt.Channels = append(opt.Channels, channels[0])
	return opt
}
