package trigger_test

import (
	"fmt"
	"time"

	"github.com/aislekit/aisle/segment/trigger"
)

// A cart is abandoned on Friday night; what was looked at costs less on Monday.
func Example() {
	p, err := trigger.New(trigger.Options[string, string]{
		Triggers: []trigger.Trigger{
			{Name: "cart", When: trigger.CartAbandoned, Delay: 2 * time.Hour, CoolDown: 72 * time.Hour, Priority: 1, Cancel: []trigger.Kind{trigger.Ordered}},
			{Name: "sale", When: trigger.PriceDropped, MinDrop: .1, Excludes: []string{"cart"}},
		},
		Channels: []trigger.Channel{{Name: "mail"}, {Name: "sms", Caps: []trigger.Cap{{N: 1, Days: 7}}}},
		Caps:     []trigger.Cap{{N: 1, Days: 1}},
		Quiet:    trigger.Quiet{From: 21 * time.Hour, To: 8 * time.Hour},
		Zones:    time.LoadLocation,
		Fill: func(m *trigger.Message[string, string]) bool {
			if m.Trigger == "sale" {
				m.Offer = "now 20 % less"
			}
			return true
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	friday := time.Date(2024, 3, 1, 18, 30, 0, 0, time.UTC)
	if err := p.Set("ann", trigger.Customer{Zone: "Europe/Paris", Channels: []string{"mail"}}); err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range []trigger.Event[string, string]{
		{Kind: trigger.Priced, Item: "teapot", Amount: 2500, At: friday.Add(-time.Hour)},
		{Kind: trigger.Carted, User: "ann", Item: "teapot", At: friday},
		{Kind: trigger.Priced, Item: "teapot", Amount: 2000, At: friday.AddDate(0, 0, 3)},
	} {
		if err := p.Add(e); err != nil {
			fmt.Println(err)
			return
		}
	}
	waiting, err := p.Advance(nil, friday)
	fmt.Println(len(waiting), err)
	var plans []trigger.Planned
	plans, err = p.Waiting(plans, "ann")
	fmt.Println(plans[0].Trigger, plans[0].At.Format("Mon 15:04"), err)

	messages, err := p.Advance(nil, friday.AddDate(0, 0, 7))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range messages {
		fmt.Printf("%s %s %v %s %q\n", m.At.Format("Mon 15:04"), m.Channel, m.Items, m.Reason, m.Offer)
	}
	stats := p.Stats()
	fmt.Println(stats.Messages, "messages")
	fmt.Println(p.ForgetItems([]string{"teapot"})) // sold out for good
	// Output:
	// 0 <nil>
	// cart Fri 21:30 <nil>
	// Sat 08:00 mail [teapot] This is still in your cart. ""
	// Mon 19:30 mail [teapot] What you looked at is on sale. "now 20 % less"
	// 2 messages
	// <nil>
}

// Days come from tables: a holiday of the shop's country, pay day, and a season as a forecast
// tells it.
func ExampleNewBusiness() {
	dates := []trigger.Date{{Year: 2024, Month: time.February, Day: 10}, {Year: 2024, Month: time.February, Day: 11}, {Year: 2025, Month: time.January, Day: 29}}
	var business *trigger.Business
	business, err := trigger.NewBusiness(trigger.BusinessOptions{Holidays: map[string][]trigger.Date{"spring festival": dates}})
	if err != nil {
		fmt.Println(err)
		return
	}
	friday := trigger.Date{Year: 2024, Month: time.February, Day: 9}
	fmt.Println(business.Add(friday, 1), business.Holiday(dates[0]))

	months := trigger.Season{Unit: trigger.Months, First: trigger.Date{Year: 2024, Month: time.January, Day: 1}, Values: []float64{.8, .8, .9, 1, 1.1, 1.3, 1.3, 1.1, .9, .9, .9, 1}}
	p, err := trigger.New(trigger.Options[int, int]{
		Business: business,
		Channels: []trigger.Channel{{Name: "mail"}},
		Triggers: []trigger.Trigger{
			{Name: "new year", When: trigger.OnDates, Holiday: "spring festival", Lead: 3},
			{Name: "wages", When: trigger.OnPayDay, PayDay: trigger.PayDay{Day: 25, Before: true}},
			{Name: "summer", When: trigger.OnSeason, Season: months},
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := p.Set(7, trigger.Customer{Channels: []string{"mail"}}); err != nil {
		fmt.Println(err)
		return
	}
	begin := time.Date(2024, 1, 20, 0, 0, 0, 0, time.UTC)
	var messages []trigger.Message[int, int]
	for _, asOf := range []time.Time{begin, begin.AddDate(0, 5, 0)} {
		if messages, err = p.Advance(messages, asOf); err != nil {
			fmt.Println(err)
			return
		}
	}
	for _, m := range messages {
		fmt.Println(m.At.Format("2006-01-02 15:04"), m.Trigger)
	}
	// Output:
	// {2024 February 12} spring festival
	// 2024-01-25 10:00 wages
	// 2024-02-07 10:00 new year
	// 2024-02-23 10:00 wages
	// 2024-03-25 10:00 wages
	// 2024-04-25 10:00 wages
	// 2024-05-24 10:00 wages
	// 2024-06-01 10:00 summer
}

// The values that a forecast expects of the coming periods, divided by their mean, are a season.
func Example_forecast() {
	forecast := []float64{210, 190, 240, 260, 310, 420, 450, 380, 250, 220, 200, 230} // units by month, from January on
	mean := 0.0
	for _, x := range forecast {
		mean += x / float64(len(forecast))
	}
	season := trigger.Season{Unit: trigger.Months, First: trigger.Date{Year: 2024, Month: time.January, Day: 1}}
	for _, x := range forecast {
		season.Values = append(season.Values, x/mean)
	}
	p, err := trigger.New(trigger.Options[string, string]{
		Channels: []trigger.Channel{{Name: "mail"}},
		Triggers: []trigger.Trigger{{Name: "summer", When: trigger.OnSeason, Season: season, Lead: 7}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := p.Set("ann", trigger.Customer{Channels: []string{"mail"}}); err != nil {
		fmt.Println(err)
		return
	}
	var messages []trigger.Message[string, string]
	for _, asOf := range []time.Time{time.Date(2024, 1, 20, 0, 0, 0, 0, time.UTC), time.Date(2024, 12, 31, 0, 0, 0, 0, time.UTC)} {
		if messages, err = p.Advance(messages, asOf); err != nil {
			fmt.Println(err)
			return
		}
	}
	for _, m := range messages {
		fmt.Println(m.At.Format("2006-01-02 15:04"), m.Trigger)
	}
	// Output: 2024-05-25 10:00 summer
}

// Whoever answers by one channel is written to by it.
func ExamplePlanner_Rate() {
	p, err := trigger.New(trigger.Options[string, string]{
		Triggers: []trigger.Trigger{{Name: "browse", When: trigger.BrowseAbandoned}},
		Channels: []trigger.Channel{{Name: "mail"}, {Name: "push"}},
		Strength: 2,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, u := range []string{"ann", "bob"} {
		if err := p.Set(u, trigger.Customer{Channels: []string{"mail", "push"}}); err != nil {
			fmt.Println(err)
			return
		}
	}
	day := time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)
	var messages []trigger.Message[string, string]
	for range 4 {
		day = day.AddDate(0, 0, 1)
		for _, u := range []string{"ann", "bob"} {
			_ = p.Add(trigger.Event[string, string]{Kind: trigger.Viewed, User: u, Item: "tea", At: day})
		}
		if messages, err = p.Advance(messages[:0], day); err != nil {
			fmt.Println(err)
			return
		}
		for _, m := range messages {
			if m.User == "ann" { // bob never answers
				_ = p.Add(trigger.Event[string, string]{Kind: trigger.Responded, User: m.User, Name: m.Channel, Sent: m.At, At: m.At.Add(time.Minute)})
			}
			fmt.Println(day.Day(), m.User, m.Channel)
		}
	}
	rate, err := p.Rate("ann", "mail")
	fmt.Printf("%.2f %v\n", rate, err)
	// Output:
	// 2 ann mail
	// 2 bob push
	// 3 ann mail
	// 3 bob mail
	// 4 ann mail
	// 4 bob mail
	// 5 ann mail
	// 5 bob mail
	// 0.64 <nil>
}

func ExampleWhen_String() {
	var when trigger.When = trigger.PriceDropped
	var kind trigger.Kind = trigger.Ordered
	fmt.Println(when, "|", kind)
	// Output: price dropped | ordered
}
