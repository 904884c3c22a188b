package trigger_test

import (
	"encoding"
	"math"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment/trigger"
)

func busyOptions() options {
	return options{
		Channels: []trigger.Channel{{Name: "mail"}, {Name: "push", Quiet: trigger.Quiet{From: time.Hour, To: 2 * time.Hour}}},
		Caps:     []trigger.Cap{{N: 4, Days: 1}},
		Quiet:    trigger.Quiet{From: 22 * time.Hour, To: 7 * time.Hour},
		HoldOut:  .2, Held: true, Explore: .3, Strength: 4, Seed: 15, Zone: "Europe/Berlin", Zones: time.LoadLocation,
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
}

// busy is a planner in the middle of things: every field of its state holds something.
func busy() *planner {
	opt := busyOptions()
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
			".s.stats.Customers: made by Stats", ".s.stats.Waiting: so is this", ".s.counts.Max: not set", ".s.counts.floor: not used", ".s.counts.cut: not used", ".s.resumed: until time passes", ".s.zones[].clock: a cache",
		},
	}}
}

func TestFrames(t *testing.T) { testkit.Frames(t, "segment/trigger", frames()) }

func TestDamage(t *testing.T) { testkit.Damage(t, frames()) }

func FuzzUnmarshal(f *testing.F) { testkit.FuzzFrames(f, frames()) }

// What a payload must not bring.
func TestPayloads(t *testing.T) {
	num := func(n int) func(*codec.Writer) { return func(w *codec.Writer) { w.Int(n) } }
	long := func(n int64) func(*codec.Writer) { return func(w *codec.Writer) { w.Int64(n) } }
	bits := func(n uint64) func(*codec.Writer) { return func(w *codec.Writer) { w.Uint64(n) } }
	flag := func(b bool) func(*codec.Writer) { return func(w *codec.Writer) { w.Bool(b) } }
	word := func(s string) func(*codec.Writer) { return func(w *codec.Writer) { w.String(s) } }
	list := func(xs ...int64) func(*codec.Writer) { return func(w *codec.Writer) { w.Int64s(xs) } }
	row := func(xs ...int32) func(*codec.Writer) { return func(w *codec.Writer) { w.Int32s(xs) } }
	f := func(name string, put func(*codec.Writer)) testkit.Field { return testkit.Field{Name: name, Put: put} }
	const none, now = math.MinInt64, int64(1e18)
	opt := trigger.Options[int, int]{Triggers: []trigger.Trigger{{Name: "b", When: trigger.BrowseAbandoned}}, Channels: mail, MaxItems: 5, MaxCustomers: 5, MaxEvents: 5}
	tallies := make([]uint64, 24)
	hours := func(w *codec.Writer) {
		for _, x := range tallies {
			w.Uint64(x)
		}
	}
	fields := func() []testkit.Field {
		return []testkit.Field{
			f("class U", num('i')), f("class I", num('i')), f("channels", num(1)), f("mail", word("mail")), f("triggers", num(1)), f("b", word("b")), f("when", num(int(trigger.BrowseAbandoned))),
			f("started", flag(true)), f("clock", long(now)), f("stats", list(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)),
			f("items", num(2)), f("item 3", long(3)), f("good 3", list(100, now, none)), f("out 3", flag(false)), f("item 4", long(4)), f("good 4", list(0, none, now)), f("out 4", flag(true)),
			f("customers", num(1)), f("id", long(9)), f("zone", word("UTC")), f("bits", bits(1)), f("bought", flag(true)),
			f("dates", num(2)), f("date a", word("a")), f("day a", list(2000, 2, 29)), f("date b", word("b")), f("day b", list(2001, 1, 1)),
			f("stage", word("new")), f("staged", long(now)), f("last", list(none, none, now, none, none, now, none, none, now)),
			f("plan", list(now, now)), f("waits", flag(true)), f("times", list(now, 0, now, now+5)), f("plan items", row(1, 0)), f("drawn", flag(false)),
			f("looks", num(2)), f("look 0", list(0, now, 100)), f("priced 0", flag(true)), f("out of stock 0", flag(false)), f("look 1", list(1, now, 0)), f("priced 1", flag(false)), f("out of stock 1", flag(true)),
			f("answers", flag(true)), f("rates", bits(2<<32|1)), f("hours", hours), f("open", num(1)), f("message", list(now, 0)), f("answered", flag(true)),
			f("counts", func(w *codec.Writer) { w.Int(1); w.Int(9); w.Int(1); w.Int64(now); w.Int(0) }),
			f("events", num(2)), f("event 1", list(now, int64(trigger.Staged), 0, -1, 0, 0)), f("name 1", word("x")), f("event 2", list(now, int64(trigger.Viewed), 0, 1, 0, 0)), f("name 2", word("")),
			f("all", bits(2<<32|1)), f("all hours", hours),
		}
	}
	decode := func(frame []byte) error { return promised(trigger.New(opt)).UnmarshalBinary(frame) }
	testkit.Payload{Kind: codec.KindTriggers, Fields: fields(), Decode: decode}.Refuse(t, trigger.ErrCorrupt, map[string][]func(*codec.Writer){
		"clock": {long(none), long(math.MaxInt64)}, "started": {flag(false)}, "stats": {list(1), list(-1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), list()},
		"item 4": {long(3), long(2)}, "good 3": {list(-1, now, none), list(1, none, none), list(1, now), list(1, math.MaxInt64, none), list(1, now+1, none), list(1, none, now+1)}, "out 3": {flag(true)},
		"zone": {word("")}, "bits": {bits(2), bits(3)}, "date b": {word("a"), word("")}, "day a": {list(2001, 2, 29), list(0, 0, 0)},
		"stage": {word("")}, "staged": {long(none), long(none + 1), long(now + 1)}, "last": {list(none), list(none+1, none, now, none, none, now, none, none, now)},
		"plan": {list(none+1, now), list(now, math.MaxInt64), list(now), list(now, now+1), list(now+1, now)}, "times": {list(none, 0, now, now), list(now, 0, now, now-1), list(now, 0, now, math.MaxInt64), list(now, math.MaxInt64, now, now), list(now, 1, now, now), list(now+1, 0, now+1, now+1)},
		"plan items": {row(2), row(-1), row(0, 0)}, "look 0": {list(2, now, 100), list(-1, now, 100), list(0, none, 100), list(0, now, -1), list(0, now+1, 100)},
		"priced 0": {flag(false)}, "look 1": {list(0, now, 0)}, "rates": {bits(1<<32 | 2)}, "open": {num(0), num(17)}, "message": {list(none, 0), list(now+1, 0), list(now, 1), list(now, -1)},
		"counts": {func(w *codec.Writer) { w.Int(1); w.Int(9); w.Int(1); w.Int64(now); w.Int(1) }, func(w *codec.Writer) { w.Int(1); w.Int(9); w.Int(1); w.Int64(now + 1); w.Int(0) }, func(w *codec.Writer) { w.Int(1); w.Int(8); w.Int(1); w.Int64(now); w.Int(0) }},
		"event 1": {
			list(now+1, int64(trigger.Staged), 0, -1, 0, 0), list(now, 0, 0, -1, 0, 0), list(now, 10, 0, -1, 0, 0), list(now, int64(trigger.Staged), 1, -1, 0, 0), list(now, int64(trigger.Staged), -1, -1, 0, 0),
			list(now, int64(trigger.Staged), 0, 0, 0, 0), list(now, int64(trigger.Staged), 0, -1, 1, 0), list(now, int64(trigger.Staged), 0, -1, 0, 1), list(now, int64(trigger.Responded), 0, -1, 0, now),
			list(none, int64(trigger.Staged), 0, -1, 0, 0), list(now, 256+int64(trigger.Staged), 0, -1, 0, 0),
		},
		"name 1": {word("")}, "event 2": {list(now, int64(trigger.Viewed), 0, 2, 0, 0), list(now, int64(trigger.Viewed), 0, -1, 0, 0)}, "name 2": {word("x")}, "all": {bits(1)},
	})
	testkit.Payload{Kind: codec.KindTriggers, Fields: fields(), Decode: decode}.Refuse(t, trigger.ErrMismatch, map[string][]func(*codec.Writer){
		"class U": {num('s')}, "class I": {num('u')}, "channels": {num(2)}, "mail": {word("push")}, "triggers": {num(0)}, "b": {word("c")}, "when": {num(int(trigger.CartAbandoned)), num(0), num(200)},
	})
	testkit.Payload{Kind: codec.KindTriggers, Fields: fields(), Decode: decode}.Refuse(t, trigger.ErrTooLarge, map[string][]func(*codec.Writer){
		"items": {num(6)}, "customers": {num(6)}, "events": {num(6)},
	})
	testkit.Payload{Kind: codec.KindTriggers, Fields: fields(), Decode: decode}.Refuse(t, trigger.ErrUnknownID, map[string][]func(*codec.Writer){
		"zone": {word("Mars/Olympus")},
	})
	// A trigger of days has days and no items, and nothing waits before time has begun.
	dated := fields()
	for i := range dated {
		switch dated[i].Name {
		case "when":
			dated[i].Put = num(int(trigger.Anniversary))
		case "plan":
			dated[i].Put = list(10_000, now)
		case "times":
			dated[i].Put = list(now, 10_365, now, now+5)
		case "plan items":
			dated[i].Put = row()
		}
	}
	opt.Triggers = []trigger.Trigger{{Name: "b", When: trigger.Anniversary, Date: "a"}}
	testkit.Payload{Kind: codec.KindTriggers, Fields: dated, Decode: decode}.Refuse(t, trigger.ErrCorrupt, map[string][]func(*codec.Writer){
		"plan": {list(now, now), list(none+1, now), list(-now, now), list(10_000, now+1)}, "times": {list(now, now, now, now+5), list(now, -now, now, now+5)}, "plan items": {row(0)},
	})
}
