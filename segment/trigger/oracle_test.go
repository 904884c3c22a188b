package trigger_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/segment/trigger"
)

// tick is what times of the oracle are multiples of.
const tick = 5 * time.Minute

// wish is a message that waits in the oracle.
type wish struct {
	waits       bool
	cause       time.Time
	first, next time.Time
	items       []string
}

// slow runs events tick by tick, one customer after the other, and asks of every tick
// whether a message may go out, by looking at all that went out before.
func slow(opt options, loc *time.Location, users []string, events []event, end time.Time) (out []message) {
	for _, user := range users {
		var sent []message
		wishes := make([]wish, len(opt.Triggers))
		date := func(at time.Time) int64 {
			y, m, d := at.In(loc).Date()
			return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400
		}
		quiet := func(at time.Time) bool {
			h, m, _ := at.In(loc).Clock()
			w := time.Duration(h)*time.Hour + time.Duration(m)*time.Minute
			q := opt.Quiet
			return q.From < q.To && w >= q.From && w < q.To || q.From > q.To && (w >= q.From || w < q.To)
		}
		full := func(caps []trigger.Cap, channel string, at time.Time) bool {
			for _, c := range caps {
				n := 0
				for _, m := range sent {
					if (channel == "" || m.Channel == channel) && (c.Days > 0 && date(m.At) > date(at)-int64(c.Days) || c.Window > 0 && m.At.After(at.Add(-c.Window))) {
						n++
					}
				}
				if n >= c.N {
					return true
				}
			}
			return false
		}
		last := func(name string) (at time.Time, ok bool) {
			for _, m := range sent {
				if m.Trigger == name {
					at, ok = m.At, true
				}
			}
			return at, ok
		}
		for now := events[0].At; !now.After(end); now = now.Add(tick) {
			var here []event
			for _, e := range events {
				if e.User == user && e.At.Equal(now) && !slices.Contains(here, e) {
					here = append(here, e)
				}
			}
			slices.SortFunc(here, func(a, b event) int { return int(a.Kind) - int(b.Kind) })
			for _, e := range here {
				for i, r := range opt.Triggers {
					w := &wishes[i]
					if w.waits && slices.Contains(r.Cancel, e.Kind) {
						w.waits = false
					}
					arms := r.When == trigger.BrowseAbandoned && e.Kind == trigger.Viewed || r.When == trigger.CartAbandoned && e.Kind == trigger.Carted || r.When == trigger.OnEvent && e.Kind == trigger.Happened && e.Name == r.Event
					void := slices.ContainsFunc(here, func(x event) bool { return x.Kind < e.Kind && slices.Contains(r.Cancel, x.Kind) })
					at, any := last(r.Name)
					if !arms || void || any && now.Before(at.Add(r.CoolDown)) {
						continue
					}
					if !w.waits || r.When != trigger.OnEvent {
						w.cause, w.first, w.next = now, now.Add(r.Delay), now.Add(r.Delay)
					}
					if !w.waits {
						w.items, w.waits = nil, true
					}
					if e.Item != "" {
						w.items = slices.DeleteFunc(w.items, func(x string) bool { return x == e.Item })
						w.items = append([]string{e.Item}, w.items...)
						w.items = w.items[:min(len(w.items), 5)]
					}
				}
			}
			for {
				best := -1
				for i, w := range wishes {
					if w.waits && !w.next.After(now) && (best < 0 || opt.Triggers[i].Priority > opt.Triggers[best].Priority || opt.Triggers[i].Priority == opt.Triggers[best].Priority && w.first.Before(wishes[best].first)) {
						best = i
					}
				}
				if best < 0 {
					break
				}
				r, w := opt.Triggers[best], &wishes[best]
				drop := now.After(w.first.Add(r.Expire))
				if at, any := last(r.Name); any && now.Before(at.Add(r.CoolDown)) {
					drop = true
				}
				for _, x := range opt.Triggers {
					if at, any := last(x.Name); any && (slices.Contains(x.Excludes, r.Name) || slices.Contains(r.Excludes, x.Name)) && now.Before(at.Add(opt.ExcludeFor)) {
						drop = true
					}
				}
				channel := opt.Channels[slices.IndexFunc(opt.Channels, func(c trigger.Channel) bool { return c.Name == r.Channels[0] })]
				blocked := func(at time.Time) bool {
					return quiet(at) || full(opt.Caps, "", at) || full(channel.Caps, channel.Name, at)
				}
				if w.waits = !drop; drop {
					continue
				}
				if w.next = now; blocked(now) {
					for blocked(w.next) && !w.next.After(w.first.Add(r.Expire)) {
						w.next = w.next.Add(tick)
					}
					w.waits = !w.next.After(w.first.Add(r.Expire))
					continue
				}
				sent = append(sent, message{User: user, Trigger: r.Name, Channel: channel.Name, At: now, Items: w.items})
				w.waits = false
			}
		}
		out = append(out, sent...)
	}
	slices.SortStableFunc(out, func(a, b message) int { return a.At.Compare(b.At) })
	return out
}

// The planner says what the slow oracle says, over both changes of the clock, however the
// events are shuffled, repeated and cut into steps.
func TestOracleProp(t *testing.T) {
	kinds := []trigger.Kind{trigger.Viewed, trigger.Carted, trigger.Ordered, trigger.Happened, trigger.Staged}
	berlin := promised(time.LoadLocation("Europe/Berlin"))
	rapid.Check(t, func(t *rapid.T) {
		span := func(name string, lo, hi int) time.Duration {
			return time.Duration(rapid.IntRange(lo, hi).Draw(t, name)) * tick
		}
		caps := func(name string) (out []trigger.Cap) {
			for range rapid.IntRange(0, 2).Draw(t, name) {
				if c := (trigger.Cap{N: rapid.IntRange(1, 3).Draw(t, "N")}); rapid.Bool().Draw(t, "days") {
					c.Days = rapid.IntRange(1, 2).Draw(t, "Days")
					out = append(out, c)
				} else {
					c.Window = span("Window", 1, 200)
					out = append(out, c)
				}
			}
			return out
		}
		opt := options{
			Channels: []trigger.Channel{{Name: "mail", Caps: caps("mail")}, {Name: "push", Caps: caps("push")}}, Caps: caps("all"),
			Quiet: trigger.Quiet{From: span("From", 0, 287), To: span("To", 0, 287)}, ExcludeFor: span("ExcludeFor", 1, 200), Zones: time.LoadLocation, Zone: "Europe/Berlin",
		}
		n := rapid.IntRange(1, 4).Draw(t, "triggers")
		for i := range n {
			r := trigger.Trigger{
				Name: fmt.Sprint("t", i), When: rapid.SampledFrom([]trigger.When{trigger.BrowseAbandoned, trigger.CartAbandoned, trigger.OnEvent}).Draw(t, "When"),
				Delay: span("Delay", 0, 40), CoolDown: span("CoolDown", 0, 200), Expire: span("Expire", 1, 400), Priority: rapid.IntRange(0, 2).Draw(t, "Priority"),
				Cancel: rapid.SliceOfN(rapid.SampledFrom(kinds[2:]), 0, 2).Draw(t, "Cancel"), Channels: []string{rapid.SampledFrom([]string{"mail", "push"}).Draw(t, "channel")}, Event: "e",
			}
			if r.When == trigger.OnEvent { // what arms it does not cancel it
				r.Cancel = slices.DeleteFunc(r.Cancel, func(k trigger.Kind) bool { return k == trigger.Happened })
			}
			if r.Cancel = append([]trigger.Kind{}, r.Cancel...); i > 0 && rapid.Bool().Draw(t, "excludes") {
				r.Excludes = []string{fmt.Sprint("t", rapid.IntRange(0, i-1).Draw(t, "other"))}
			}
			opt.Triggers = append(opt.Triggers, r)
		}
		begin := rapid.SampledFrom([]time.Time{at("2024-03-30 12:00"), at("2024-10-26 12:00"), at("2024-06-01")}).Draw(t, "begin")
		users := []string{"a", "b"}
		var events []event
		for k := range rapid.IntRange(1, 30).Draw(t, "events") {
			e := event{Kind: rapid.SampledFrom(kinds).Draw(t, "kind"), User: rapid.SampledFrom(users).Draw(t, "user"), At: begin.Add(span("at", 0, 600))}
			switch e.Kind {
			case trigger.Happened:
				e.Name = rapid.SampledFrom([]string{"e", "f"}).Draw(t, "name")
			case trigger.Staged:
				e.Name = fmt.Sprint("stage", k)
			default:
				e.Item = fmt.Sprint("item", k)
			}
			events = append(events, e)
		}
		slices.SortStableFunc(events, func(a, b event) int { return a.At.Compare(b.At) })
		end := begin.Add(1000 * tick)
		if one := map[string]bool{}; slices.ContainsFunc(events, func(e event) bool { // the order of what one customer does at once is not the oracle's business
			key := e.User + e.At.String() + e.Kind.String()
			twice := one[key]
			one[key] = true
			return twice
		}) {
			t.Skip("two of a kind at once")
		}
		want := text(slow(opt, berlin, users, events, end))
		p := promised(trigger.New(opt))
		for _, u := range users {
			must(p.Set(u, trigger.Customer{Channels: []string{"mail", "push"}}))
		}
		mixed := rapid.Permutation(append(slices.Clone(events), events[:len(events)/3]...)).Draw(t, "order")
		steps := rapid.SliceOfN(rapid.IntRange(0, 1000), 0, 5).Draw(t, "steps")
		slices.Sort(steps)
		var got []message
		now := begin
		for _, step := range append(steps, 1000) {
			until := begin.Add(time.Duration(step) * tick)
			for _, e := range mixed {
				if e.At.After(now) && !e.At.After(until) || now.Equal(begin) && e.At.Equal(begin) {
					must(p.Add(e))
				}
			}
			got = promised(p.Advance(got, until))
			now = until
		}
		if text(got) != want {
			t.Fatalf("got  %s\nwant %s\n%+v", text(got), want, opt)
		}
	})
}
