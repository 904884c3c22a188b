package trigger_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/shop"
	"github.com/aislekit/aisle/segment/trigger"
)

// year is a year of the simulated shop as events, with a checker of what must never be.
type year struct {
	opt    options
	begin  time.Time
	days   int
	events [][]event // by day
	users  map[string]trigger.Customer
	gone   map[string]int // the day on which a customer unsubscribes from everything but mail
}

var zones = []string{"Europe/Berlin", "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe", "America/Asuncion", "UTC"}

func newYear(t testing.TB) *year {
	s, err := shop.Simulate(shop.Config{Users: 120, Items: 60, Days: 366, Seed: 5, Start: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	y := &year{begin: s.Start, days: 366, events: make([][]event, 366), users: map[string]trigger.Customer{}, gone: map[string]int{}}
	add := func(e event) {
		if d := int(e.At.Sub(y.begin) / (24 * time.Hour)); d >= 0 && d < y.days {
			y.events[d] = append(y.events[d], e)
		}
	}
	for _, e := range s.Events {
		switch e.Kind {
		case shop.View:
			add(event{Kind: trigger.Viewed, User: e.User, Item: e.SKU, At: e.Time})
		case shop.Cart:
			add(event{Kind: trigger.Carted, User: e.User, Item: e.SKU, At: e.Time})
		}
	}
	for _, o := range s.Orders {
		for _, l := range o.Lines {
			add(event{Kind: trigger.Ordered, User: o.User, Item: l.SKU, At: o.Time})
		}
	}
	for _, p := range s.Prices {
		add(event{Kind: trigger.Priced, Item: p.SKU, Amount: p.Price, At: p.From})
	}
	for _, o := range s.StockOuts {
		add(event{Kind: trigger.Stocked, Item: o.SKU, At: o.From})
		if !o.To.IsZero() {
			add(event{Kind: trigger.Stocked, Item: o.SKU, Amount: 9, At: o.To})
		}
	}
	for i, u := range s.Users {
		m := time.Month(1 + i%12)
		c := trigger.Customer{Zone: zones[i%len(zones)], Channels: []string{"mail", "push", "sms"}[:1+i%3], Dates: map[string]trigger.Date{"birthday": {Year: 1970 + i%40, Month: m, Day: 1 + i%28}}}
		if i%7 == 0 {
			c.Dates["birthday"] = trigger.Date{Year: 1996, Month: 2, Day: 29}
		}
		y.users[u.ID] = c
		if i%5 == 0 {
			y.gone[u.ID] = 100 + i
		}
	}
	week := 7 * 24 * time.Hour
	y.opt = options{
		Channels: []trigger.Channel{
			{Name: "mail", Caps: []trigger.Cap{{N: 2, Days: 1}}},
			{Name: "push", Caps: []trigger.Cap{{N: 1, Window: 8 * time.Hour}}, Quiet: trigger.Quiet{From: 12 * time.Hour, To: 14 * time.Hour}},
			{Name: "sms", Caps: []trigger.Cap{{N: 1, Days: 7}, {N: 3, Days: 30}}, Quiet: trigger.Quiet{From: 19 * time.Hour, To: 9 * time.Hour}},
		},
		Caps: []trigger.Cap{{N: 2, Days: 1}, {N: 5, Days: 7}, {N: 1, Window: time.Hour}}, Quiet: trigger.Quiet{From: 21 * time.Hour, To: 150 * time.Minute},
		Zones: time.LoadLocation, Explore: .2, HoldOut: .05, Seed: 9, ExcludeFor: 12 * time.Hour,
		Triggers: []trigger.Trigger{
			{Name: "browse", When: trigger.BrowseAbandoned, Delay: 90 * time.Minute, CoolDown: 20 * time.Hour, Excludes: []string{"cart", "sale"}},
			{Name: "cart", When: trigger.CartAbandoned, Delay: time.Hour, CoolDown: 72 * time.Hour, Priority: 5},
			{Name: "sale", When: trigger.PriceDropped, MinDrop: -1, CoolDown: week, Priority: 1},
			{Name: "back", When: trigger.BackInStock, CoolDown: week, Priority: 2, Channels: []string{"push", "mail"}},
			{Name: "first", When: trigger.FirstOrder, Delay: 24 * time.Hour, BestHour: true},
			{Name: "birthday", When: trigger.Anniversary, Date: "birthday", Priority: 9, BestHour: true},
			{Name: "pay", When: trigger.OnPayDay, PayDay: trigger.PayDay{Weeks: 2, First: trigger.Date{Year: 2024, Month: 1, Day: 5}}, Excludes: []string{"season"}},
			{Name: "season", When: trigger.OnSeason, Season: trigger.Season{Unit: trigger.Weeks, First: trigger.Date{Year: 2024, Month: 1, Day: 1}, Values: []float64{1, 1, 2, 1}}, CoolDown: 10 * 24 * time.Hour},
		},
	}
	return y
}

// planner returns a new one that knows the customers.
func (y *year) planner() *planner {
	p := promised(trigger.New(y.opt))
	for id, c := range y.users {
		must(p.Set(id, c))
	}
	return p
}

// set applies what customers say on a day.
func (y *year) set(p *planner, day int) {
	for id, on := range y.gone {
		if on == day {
			c := y.users[id]
			c.Channels = []string{"mail"}
			must(p.Set(id, c))
		}
	}
}

// violations looks at messages by calendars and clocks of package time alone, and tells how
// many break which rule.
func (y *year) violations(ms []message) map[string]int {
	bad := map[string]int{}
	of := map[string][]message{}
	slices.SortStableFunc(ms, func(a, b message) int { return a.At.Compare(b.At) })
	for _, m := range ms {
		of[m.User] = append(of[m.User], m)
	}
	channel := func(name string) trigger.Channel {
		return y.opt.Channels[slices.IndexFunc(y.opt.Channels, func(c trigger.Channel) bool { return c.Name == name })]
	}
	rule := func(name string) trigger.Trigger {
		return y.opt.Triggers[slices.IndexFunc(y.opt.Triggers, func(c trigger.Trigger) bool { return c.Name == name })]
	}
	quiet := func(q trigger.Quiet, at time.Time) bool {
		h, m, s := at.Clock()
		w := time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second + time.Duration(at.Nanosecond())
		if q.From > q.To {
			return w >= q.From || w < q.To
		}
		return w >= q.From && w < q.To
	}
	for user, sent := range of {
		loc := promised(time.LoadLocation(y.users[user].Zone))
		date := func(m message) int64 {
			yy, mm, dd := m.At.In(loc).Date()
			return time.Date(yy, mm, dd, 0, 0, 0, 0, time.UTC).Unix() / 86400
		}
		capped := func(caps []trigger.Cap, sent []message) {
			for i, m := range sent {
				for _, c := range caps {
					n := 0
					for _, x := range sent[:i+1] {
						if c.Days > 0 && date(m)-date(x) < int64(c.Days) || c.Window > 0 && m.At.Sub(x.At) < c.Window {
							n++
						}
					}
					if n > c.N {
						bad["cap"]++
					}
				}
			}
		}
		capped(y.opt.Caps, sent)
		for _, ch := range y.opt.Channels {
			capped(ch.Caps, slices.DeleteFunc(slices.Clone(sent), func(m message) bool { return m.Channel != ch.Name }))
		}
		for i, m := range sent {
			local := m.At.In(loc)
			if quiet(y.opt.Quiet, local) || quiet(channel(m.Channel).Quiet, local) {
				bad["quiet"]++
			}
			on := int(m.At.Sub(y.begin) / (24 * time.Hour))
			if day, ok := y.gone[user]; !slices.Contains(y.users[user].Channels, m.Channel) || ok && on > day && m.Channel != "mail" {
				bad["consent"]++
			}
			for _, x := range sent[:i] {
				d := m.At.Sub(x.At)
				if m.Trigger == x.Trigger && d < rule(m.Trigger).CoolDown {
					bad["cool-down"]++
				}
				if (slices.Contains(rule(m.Trigger).Excludes, x.Trigger) || slices.Contains(rule(x.Trigger).Excludes, m.Trigger)) && d < y.opt.ExcludeFor {
					bad["exclusion"]++
				}
			}
		}
	}
	return bad
}

// concurrently runs the year with goroutines that add the events of a day, shuffled, twice
// some and a third of them too late, while others let time pass. What goes out is collected
// from all of them, and some is answered.
func (y *year) concurrently(ps ...*planner) (all []message) {
	var mu sync.Mutex
	r := rand.New(rand.NewPCG(1, 2))
	var late []event
	for day := range y.days {
		for _, p := range ps {
			y.set(p, day)
		}
		events := append(late, y.events[day]...)
		late = nil
		r.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		if n := len(events); n > 3 {
			events, late = append(slices.Clone(events[:n-n/3]), events[0]), slices.Clone(events[n-n/3:])
		}
		var wg sync.WaitGroup
		for w := range 3 {
			wg.Add(2)
			go func() {
				defer wg.Done()
				for i := w; i < len(events); i += 3 {
					for _, p := range ps {
						must(p.Add(events[i]))
					}
				}
			}()
			go func() {
				defer wg.Done()
				for h := w; h <= 24; h += 2 {
					asOf := y.begin.AddDate(0, 0, day).Add(time.Duration(h) * time.Hour)
					for _, p := range ps {
						got, err := p.Advance(nil, asOf)
						if err != nil && !errors.Is(err, trigger.ErrRange) { // another goroutine was faster
							panic(err)
						}
						for i, m := range got {
							if i%3 == 0 {
								must(p.Add(event{Kind: trigger.Responded, User: m.User, Name: m.Channel, Sent: m.At, At: m.At.Add(time.Minute)}))
							}
						}
						mu.Lock()
						all = append(all, got...)
						mu.Unlock()
					}
				}
			}()
		}
		wg.Wait()
	}
	return all
}

// A year of the shop, six goroutines at a time: no cap, no quiet hour, no exclusion, no
// cool-down and no consent is broken; and for each guard taken out, and for two planners
// that do not know of each other, the same checker says so.
func TestYear(t *testing.T) {
	y := newYear(t)
	p := y.planner()
	ms := y.concurrently(p)
	used := map[string]int{}
	for _, m := range ms {
		used[m.Trigger]++
		used[m.Channel]++
	}
	for _, r := range y.opt.Triggers {
		if used[r.Name] < 20 {
			t.Errorf("only %d messages of %s", used[r.Name], r.Name)
		}
	}
	t.Logf("%d messages: %v; %+v", len(ms), used, p.Stats())
	if bad := y.violations(ms); len(bad) > 0 {
		t.Errorf("broken: %v", bad)
	}
	y.days = 90 // enough to break every rule
	for i, guard := range []string{"cap", "quiet", "exclusion", "cool-down"} {
		p := y.planner()
		trigger.Unguard(p, i == 0, i == 1, i == 2, i == 3)
		if bad := y.violations(y.concurrently(p)); bad[guard] == 0 {
			t.Errorf("without the guard of %s nothing is broken, this test shows nothing: %v", guard, bad)
		}
	}
	if bad := y.violations(y.concurrently(y.planner(), y.planner())); bad["cap"] == 0 || bad["cool-down"] == 0 {
		t.Errorf("two planners break nothing together, this test shows nothing: %v", bad)
	}
}

// Replayed, the year gives the same bytes: at any GOMAXPROCS, with the events of a step in
// any order and from many goroutines, stored and read in between, and in other steps the
// same messages.
func TestReplay(t *testing.T) {
	y := newYear(t)
	run := func(procs, workers int, seed uint64, hours int) (string, []byte) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
		p, r := y.planner(), rand.New(rand.NewPCG(seed, 1))
		var out []message
		promised(p.Advance(nil, y.begin))
		for day := range 120 {
			y.set(p, day)
			events := slices.Clone(y.events[day])
			r.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
			var wg sync.WaitGroup
			for w := range workers {
				wg.Add(1)
				go func() {
					defer wg.Done()
					for i := w; i < len(events); i += workers {
						must(p.Add(events[i]))
					}
				}()
			}
			wg.Wait()
			for h := hours; h <= 24; h += hours {
				out = promised(p.Advance(out, y.begin.AddDate(0, 0, day).Add(time.Duration(h)*time.Hour)))
			}
			if day == 60 {
				q := promised(trigger.New(y.opt))
				must(q.UnmarshalBinary(promised(p.MarshalBinary())))
				if seed > 1 {
					p = q
				}
			}
		}
		var log strings.Builder
		for _, m := range out {
			fmt.Fprintln(&log, m.User, m.Trigger, m.Channel, m.At, m.Due, m.Since, m.Items, m.Explored)
		}
		return log.String(), promised(p.MarshalBinary())
	}
	log, state := run(1, 1, 1, 24)
	if len(log) < 1000 {
		t.Fatal("hardly a message")
	}
	for _, c := range [][4]int{{1, 8, 2, 24}, {8, 8, 3, 24}, {8, 3, 4, 1}, {2, 1, 1, 8}} {
		again, bytesAgain := run(c[0], c[1], uint64(c[2]), c[3])
		if again != log {
			t.Errorf("%v: other messages", c)
		}
		if !bytes.Equal(bytesAgain, state) {
			t.Errorf("%v: other bytes", c)
		}
	}
}
