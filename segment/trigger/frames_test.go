package trigger_test

import (
	"encoding"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment/trigger"
)

// busy is a planner in the middle of things: every field of its state holds something.
func busy() *planner {
	opt := options{
		Channels: []trigger.Channel{{Name: "mail"}, {Name: "push", Quiet: trigger.Quiet{From: time.Hour, To: 2 * time.Hour}}},
		Caps:     []trigger.Cap{{N: 4, Days: 1}},
		Quiet:    trigger.Quiet{From: 22 * time.Hour, To: 7 * time.Hour},
		HoldOut:  .2, Held: true, Explore: .3, Strength: 4, Seed: 15, Zone: "Europe/Berlin",
		Triggers: []trigger.Trigger{
			{Name: "browse", When: trigger.BrowseAbandoned, BestHour: true, CoolDown: time.Hour, Excludes: []string{"cart"}},
			{Name: "cart", When: trigger.CartAbandoned, Delay: time.Hour, Channels: []string{"push"}, Priority: 2},
			{Name: "sale", When: trigger.PriceDropped},
			{Name: "first", When: trigger.FirstOrder},
			{Name: "risk", When: trigger.StageChanged, To: "at risk"},
			{Name: "ask", When: trigger.OnEvent, Event: "delivered", Delay: 400 * time.Minute},
			{Name: "late", When: trigger.OnEvent, Event: "gift", Expire: -1},
			{Name: "birthday", When: trigger.Anniversary, Date: "birthday"},
			{Name: "dates", When: trigger.OnDates, Dates: []trigger.Date{{Year: 2024, Month: 12, Day: 24}}, BestHour: true},
			{Name: "back", When: trigger.BackInStock, Delay: time.Hour},
		},
	}
	p := fresh(opt, "v", "gone")
	must(p.Set("z", trigger.Customer{Zone: "America/New_York", Channels: []string{"push", "mail"}, Bought: true, Dates: map[string]trigger.Date{"birthday": {Year: 1990, Month: 3, Day: 4}}}))
	for _, e := range []event{
		priced("tea", 900, "2024-03-01"), stocked("vase", 0, "2024-03-01"), stocked("pot", 0, "2024-03-01"),
		view("z", "tea", "2024-03-01 13:00"), view("z", "vase", "2024-03-01 13:01"), view("v", "tea", "2024-03-01 13:00"), view("v", "tea", "2024-03-01 13:00"), view("gone", "tea", "2024-03-01 13:00"),
		of(trigger.Carted, "v", "tea", "2024-03-01 19:00"), of(trigger.Ordered, "v", "pan", "2024-03-01 19:30"), of(trigger.Uncarted, "z", "vase", "2024-03-01 14:00"),
		view("z", "tea", "2024-03-01 20:00"), of(trigger.Carted, "z", "tea", "2024-03-02 14:00"), priced("tea", 500, "2024-03-02 15:30"), staged("z", "active", "2024-03-01"), staged("z", "at risk", "2024-03-02 12:00"),
		view("z", "pot", "2024-03-01 13:05"), stocked("pot", 5, "2024-03-01 16:00"), stocked("pot", 0, "2024-03-01 16:30"), view("a", "tea", "2024-03-01 13:00"),
		{Kind: trigger.Happened, User: "v", Name: "gift", At: at("2024-03-01 23:30")},
		view("v", "tea", "2024-03-02 16:00"),
		{Kind: trigger.Happened, User: "z", Name: "delivered", At: at("2024-03-02 12:00")},
		stocked("vase", 9, "2024-03-02 15:00"),
	} {
		must(p.Add(e))
	}
	for _, m := range promised(p.Advance(nil, at("2024-03-02 13:00"))) {
		if !m.Held && m.User == "z" {
			must(p.Add(event{Kind: trigger.Responded, User: m.User, Name: m.Channel, Sent: m.At, At: at("2024-03-02 13:30")}))
		}
	}
	promised(p.Advance(nil, at("2024-03-02 15:45")))
	must(p.Forget("gone"))
	must(p.Add(view("z", "tea", "2024-03-05")))
	must(p.Add(event{Kind: trigger.Responded, User: "z", Name: "mail", Sent: at("2024-03-02 13:00"), At: at("2024-03-05")}))
	must(p.Add(priced("pan", 77, "2024-03-05")))
	return p
}

func frames() []testkit.Frame {
	return []testkit.Frame{{
		Kind: codec.KindTriggers,
		Fill: func(testing.TB) encoding.BinaryMarshaler { return busy() },
		Read: func(frame []byte) (any, error) {
			p := busy()
			return p, p.UnmarshalBinary(frame)
		},
		Values: func(t testing.TB, s any) any {
			p := s.(*planner)
			waiting := promised(p.Waiting(nil, "z"))
			mail, push := promised(p.Rate("z", "mail")), promised(p.Rate("z", "push"))
			before := p.Stats()
			// A copy goes on, so that what was kept shows in what comes.
			next := busy()
			must(next.UnmarshalBinary(promised(p.MarshalBinary())))
			return map[string]any{"Stats": before, "Waiting": waiting, "Mail": mail, "Push": push, "Next": text(promised(next.Advance(nil, at("2025-01-01"))))}
		},
		Zero: []string{
			".s.off: of tests", ".s.free: numbers that nobody has", ".s.spare: so are looks", ".s.opt: options are not stored", ".s.rules: nor are triggers", ".s.by: nor what they wait for",
			".s.stats.Customers: made by Stats", ".s.stats.Waiting: so is this", ".s.counts.Max: not set", ".s.zones[].clock: a cache",
		},
	}}
}

func TestFrames(t *testing.T) { testkit.Frames(t, "segment/trigger", frames()) }

func TestDamage(t *testing.T) { testkit.Damage(t, frames()) }

func FuzzUnmarshal(f *testing.F) { testkit.FuzzFrames(f, frames()) }
