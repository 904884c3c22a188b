package trigger_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment/trigger"
)

// Half of the customers answer by push in the evening, the others by mail in the morning,
// whatever the hour or channel else is. Most messages find that out, a given share is drawn.
func TestResponse(t *testing.T) {
	const explore = .2
	p := fresh(options{
		Channels: []trigger.Channel{{Name: "mail"}, {Name: "push"}, {Name: "sms"}}, Quiet: trigger.Quiet{From: 22 * time.Hour, To: 6 * time.Hour}, Explore: explore, Strength: 3, Seed: 2,
		Triggers: []trigger.Trigger{{Name: "b", When: trigger.BrowseAbandoned, BestHour: true}},
	})
	const users, days = 60, 150
	for u := range users {
		must(p.Set(fmt.Sprint(u), trigger.Customer{Channels: []string{"mail", "push", "sms"}}))
	}
	begin := at("2024-01-01")
	channels, hours, late, drawn, all := 0, 0, 0, 0, 0
	for day := range days {
		today := begin.AddDate(0, 0, day)
		for u := range users {
			must(p.Add(event{Kind: trigger.Viewed, User: fmt.Sprint(u), Item: "tea", At: today.Add(time.Hour)}))
		}
		for _, m := range promised(p.Advance(nil, today.Add(24*time.Hour))) {
			var u int
			fmt.Sscan(m.User, &u)
			channel, hour := "mail", 8
			if u%2 == 0 {
				channel, hour = "push", 20
			}
			rate := .02
			if m.Channel == channel {
				rate += .3
			}
			if m.At.Hour() == hour {
				rate += .3
			}
			if rng.Unit(rng.Hash(uint64(u), uint64(day))) < rate {
				must(p.Add(event{Kind: trigger.Responded, User: m.User, Name: m.Channel, Sent: m.At, At: m.At.Add(time.Minute)}))
				must(p.Add(event{Kind: trigger.Responded, User: m.User, Name: m.Channel, Sent: m.At, At: m.At.Add(time.Hour)})) // once more tells nothing
			}
			all++
			if m.Explored {
				drawn++
			}
			if day < days/2 || m.Explored {
				continue
			}
			late++
			if m.Channel == channel {
				channels++
			}
			if m.At.Hour() == hour {
				hours++
			}
		}
	}
	if s := float64(channels) / float64(late); s < .9 {
		t.Errorf("%.2f of the messages not drawn go by the channel that is answered", s)
	}
	if s := float64(hours) / float64(late); s < .75 {
		t.Errorf("%.2f of the messages not drawn go at the hour that is answered", s)
	}
	// Channel and hour are drawn each for itself, and one of three channels: the share of
	// messages with one of them drawn is 1 − (1−.2)².
	if s := float64(drawn) / float64(all); s < .33 || s > .39 {
		t.Errorf("%.3f of the messages are drawn, want about %.2f", s, 1-(1-explore)*(1-explore))
	}
	if a, b := promised(p.Rate("0", "push")), promised(p.Rate("0", "sms")); !(a > b && a < 1 && b > 0) {
		t.Errorf("rates %v by push, %v by sms", a, b)
	}
}

// The rate is the mean of Beta posteriors, by hand.
func TestRate(t *testing.T) {
	p := fresh(options{Channels: []trigger.Channel{{Name: "mail"}, {Name: "push"}}, Strength: 4, Triggers: []trigger.Trigger{{Name: "b", When: trigger.BrowseAbandoned, Channels: []string{"mail"}}}}, "u", "v")
	for i, u := range []string{"u", "u", "u", "v"} {
		when := at("2024-03-01").Add(time.Duration(i) * time.Hour)
		must(p.Add(event{Kind: trigger.Viewed, User: u, Item: "a", At: when}))
		promised(p.Advance(nil, when))
		if i == 0 {
			must(p.Add(event{Kind: trigger.Responded, User: u, Name: "mail", Sent: when, At: when.Add(time.Minute)}))
		}
	}
	promised(p.Advance(nil, at("2024-03-02")))
	all := 1.5 / 5            // one of four, by Jeffreys
	mail := (1 + 4*all) / 8   // drawn towards all
	push := (0 + 4*all) / 4   // nothing was sent
	user := (1 + 4*mail) / 7  // one of three
	other := (0 + 4*mail) / 5 // none of one
	for _, c := range []struct {
		user, channel string
		want          float64
	}{{"u", "mail", user}, {"v", "mail", other}, {"u", "push", push}} {
		if got := promised(p.Rate(c.user, c.channel)); !testkit.Close(got, c.want, 0, 1e-12) {
			t.Errorf("%s by %s: %v, want %v", c.user, c.channel, got, c.want)
		}
	}
}

// load returns a planner in use and a step of it: a view, and an hour now and then.
func load(users int) func() {
	p := promised(trigger.New(trigger.Options[int64, int64]{
		Channels: []trigger.Channel{{Name: "mail", Caps: []trigger.Cap{{N: 1, Days: 1}}}, {Name: "push"}}, Caps: []trigger.Cap{{N: 5, Days: 7}},
		Quiet: trigger.Quiet{From: 21 * time.Hour, To: 8 * time.Hour}, Explore: .1, HoldOut: .1,
		Triggers: []trigger.Trigger{
			{Name: "browse", When: trigger.BrowseAbandoned, Delay: time.Hour, CoolDown: 24 * time.Hour, BestHour: true},
			{Name: "cart", When: trigger.CartAbandoned, Delay: time.Hour, Priority: 1},
			{Name: "sale", When: trigger.PriceDropped},
			{Name: "pay", When: trigger.OnPayDay, PayDay: trigger.PayDay{Day: 1}},
		},
	}))
	for u := range users {
		must(p.Set(int64(u), trigger.Customer{Channels: []string{"mail", "push"}}))
	}
	now := at("2024-01-01")
	dst := make([]trigger.Message[int64, int64], 0, users)
	n := uint64(0)
	return func() {
		n++
		kind := trigger.Viewed
		if n%5 == 0 {
			kind = trigger.Carted
		}
		must(p.Add(trigger.Event[int64, int64]{Kind: kind, User: int64(rng.Mix(n) % uint64(users)), Item: int64(n % 97), At: now}))
		if now = now.Add(10 * time.Second); n%100 == 0 {
			dst = promised(p.Advance(dst[:0], now))
		}
	}
}

// In steady state an event costs no memory.
func TestAllocations(t *testing.T) {
	if testkit.Race {
		t.Skip("allocations mean nothing under the race detector")
	}
	step := load(50)
	for range 200_000 {
		step()
	}
	if n := testing.AllocsPerRun(20_000, step); n != 0 {
		t.Errorf("%v allocations an event", n)
	}
}

func BenchmarkEvents(b *testing.B) {
	for _, users := range []int{1000, 100_000} {
		b.Run(fmt.Sprintf("customers=%d", users), func(b *testing.B) {
			step := load(users)
			b.ReportAllocs()
			for b.Loop() {
				step()
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
