package trigger_test

import (
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment/trigger"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestPromises(t *testing.T) {
	quiet := trigger.Quiet{From: 21 * time.Hour, To: 8 * time.Hour}
	caps := []trigger.Cap{{N: 3, Days: 7}, {N: 5, Window: time.Hour}}
	day := trigger.Date{Year: 2024, Month: 2, Day: 10}
	opt := options{
		Triggers: []trigger.Trigger{
			{Name: "cart", When: trigger.CartAbandoned},
			{
				Name: "all", When: trigger.OnDates, Delay: time.Hour, Cancel: []trigger.Kind{trigger.Ordered}, CoolDown: time.Hour, Expire: time.Hour, Priority: 1, Excludes: []string{"cart"},
				Channels: []string{"mail"}, BestHour: true, HoldOut: .1, MaxItems: 3, MinDrop: .1, Within: time.Hour, From: "a", To: "b", Event: "e", Date: "d", Dates: []trigger.Date{day},
				PayDay: trigger.PayDay{Day: 1}, Season: trigger.Season{Values: []float64{1}}, MinIndex: 1.5, Lead: 1, Clock: time.Hour,
			},
		},
		Channels: []trigger.Channel{{Name: "mail", Caps: caps, Quiet: quiet}}, Caps: caps, Quiet: quiet, ExcludeFor: time.Hour, Zone: "Europe/Berlin", Zones: time.LoadLocation,
		Fill: func(*message) bool { return true }, HoldOut: .1, Held: true, Explore: .1, Strength: 5, Grace: time.Hour, Seed: 1, MaxCustomers: 10, MaxItems: 10, MaxEvents: 10, MaxLooks: 5,
	}
	testkit.Promises{
		Funcs: map[string]any{"New": trigger.New[string, string], "NewBusiness": trigger.NewBusiness},
		Types: []func() any{
			func() any { return busy() },
			func() any { x := trigger.Ordered; return &x },
			func() any { x := trigger.OnSeason; return &x },
		},
		Zero: []string{"Kind", "When"},
		Args: map[string]func() []any{
			"New": func() []any { return []any{opt} },
			"NewBusiness": func() []any {
				return []any{trigger.BusinessOptions{Holidays: map[string][]trigger.Date{"x": {day}}, Workdays: []trigger.Date{day}}}
			},
			"Planner.Add":         func() []any { return []any{view("z", "tea", "2024-04-01")} },
			"Planner.Advance":     func() []any { return []any{make([]message, 1, 4), at("2024-06-01")} },
			"Planner.Retune":      func() []any { return []any{busyOptions()} },
			"Planner.Forget":      func() []any { return []any{"z"} },
			"Planner.ForgetItems": func() []any { return []any{[]string{"tea", "vase"}} },
			"Planner.Rate":        func() []any { return []any{"z", "mail"} },
			"Planner.Set": func() []any {
				return []any{"z", trigger.Customer{Zone: "Asia/Tokyo", Channels: []string{"mail"}, Dates: map[string]trigger.Date{"birthday": day}, Bought: true}}
			},
			"Planner.Waiting":      func() []any { return []any{make([]trigger.Planned, 1), "z"} },
			"Planner.AppendBinary": func() []any { return []any{[]byte{}} },
		},
	}.Check(t)
}
