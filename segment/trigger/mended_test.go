package trigger_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aislekit/aisle/segment/trigger"
)

func happened(user, name, when string) event {
	return event{Kind: trigger.Happened, User: user, Name: name, At: at(when)}
}

// A frame is read under shorter and longer caps than those that wrote it.
func TestOtherCaps(t *testing.T) {
	capped := func(days int) options {
		return options{Triggers: []trigger.Trigger{{Name: "a", When: trigger.OnEvent, Event: "x", Expire: -1}}, Caps: []trigger.Cap{{N: 2, Days: days}}}
	}
	for _, days := range [][2]int{{1, 1}, {1, 300}, {300, 1}, {300, 366}} {
		p := fresh(capped(days[0]), "u")
		for _, day := range []string{"2023-09-01", "2024-03-01", "2024-03-03"} {
			must(p.Add(happened("u", "x", day)))
		}
		promised(p.Advance(nil, at("2024-03-05")))
		other := fresh(capped(days[1]))
		if err := other.UnmarshalBinary(promised(p.MarshalBinary())); err != nil {
			t.Errorf("caps of %d days read under %d: %v", days[0], days[1], err)
			continue
		}
		must(other.Add(happened("u", "x", "2024-03-06")))
		want := ""
		if days[1] == 1 {
			want = "u a mail 03-06T00:00"
		}
		if got := text(promised(other.Advance(nil, at("2024-03-06")))); got != want {
			t.Errorf("caps of %d days read under %d: got %q, want %q", days[0], days[1], got, want)
		}
	}
}

// Nothing is remembered of messages that count for no cap.
func TestNoCaps(t *testing.T) {
	opt := options{Triggers: []trigger.Trigger{{Name: "a", When: trigger.OnEvent, Event: "x"}}}
	size := func(messages int) int {
		p := fresh(opt, "u")
		for i := range messages {
			must(p.Add(event{Kind: trigger.Happened, User: "u", Name: "x", At: at("2024-03-01").Add(time.Duration(i) * time.Second)}))
		}
		promised(p.Advance(nil, at("2024-03-02")))
		if got := p.Stats().Messages; got != int64(messages) {
			t.Fatalf("%d messages, want %d", got, messages)
		}
		return len(promised(p.MarshalBinary()))
	}
	if few, many := size(100), size(1100); few != many {
		t.Errorf("a frame of %d bytes after 100 messages, of %d after 1100", few, many)
	}
}

// Days that have run out start again when options or a frame's reader have more.
func TestMoreDays(t *testing.T) {
	dates := func(days ...string) options {
		var list []trigger.Date
		for _, x := range days {
			y, m, d := at(x).Date()
			list = append(list, trigger.Date{Year: y, Month: m, Day: d})
		}
		return options{Channels: mail, Triggers: []trigger.Trigger{{Name: "d", When: trigger.OnDates, Dates: list}}}
	}
	const want = "u d mail 06-01T10:00"
	for _, how := range []string{"Retune", "UnmarshalBinary"} {
		p := fresh(dates("2024-03-01"), "u")
		promised(p.Advance(nil, at("2024-01-01")))
		promised(p.Advance(nil, at("2024-03-01 11:00")))
		more := dates("2024-03-01", "2024-06-01")
		if how == "Retune" {
			must(p.Retune(more))
		} else {
			q := fresh(more)
			must(q.UnmarshalBinary(promised(p.MarshalBinary())))
			p = q
		}
		if got := text(promised(p.Advance(nil, at("2025-01-01")))); got != want {
			t.Errorf("%s: got %q, want %q", how, got, want)
		}
	}
}

// Items beyond MaxItems wait, too, in case the newer ones are withdrawn.
func TestWithdrawMany(t *testing.T) {
	items := strings.Fields("a b c d e f g")
	p := fresh(options{Triggers: []trigger.Trigger{{Name: "cart", When: trigger.CartAbandoned, Delay: time.Hour}, {Name: "sale", When: trigger.PriceDropped, Delay: time.Hour}}}, "u", "v")
	minute := func(kind trigger.Kind, user, item string, i int) event {
		return event{Kind: kind, User: user, Item: item, At: at("2024-03-01 10:00").Add(time.Duration(i) * time.Minute)}
	}
	for i, x := range items {
		for _, e := range []event{minute(trigger.Carted, "u", x, 10+i), minute(trigger.Viewed, "v", x, 1), minute(trigger.Priced, "", x, 0), minute(trigger.Priced, "", x, 10+i)} {
			if e.Kind == trigger.Priced {
				e.Amount, e.User = 1000-int64(e.At.Minute())*10, ""
			}
			must(p.Add(e))
		}
		if i > 0 {
			must(p.Add(minute(trigger.Uncarted, "u", x, 20+i)))
			must(p.Add(minute(trigger.Ordered, "v", x, 20+i)))
		}
	}
	if got, want := text(promised(p.Advance(nil, at("2024-03-02")))), "v sale mail 03-01T11:10 a; u cart mail 03-01T11:16 a"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The best hour is none at which every channel of the message is silent.
func TestBestHourByChannel(t *testing.T) {
	night := trigger.Quiet{From: 9 * time.Hour, To: 8 * time.Hour} // all but one hour
	for _, c := range []struct {
		name     string
		channels []trigger.Channel
		only     []string
		want     string
	}{
		{"one", []trigger.Channel{{Name: "mail", Quiet: night}}, nil, "u b mail 03-02T08:00 x"},
		{"two", []trigger.Channel{{Name: "mail", Quiet: night}, {Name: "push"}}, nil, "u b push 03-01T10:00 x"},
		{"two, but one of the trigger", []trigger.Channel{{Name: "mail", Quiet: night}, {Name: "push"}}, []string{"mail"}, "u b mail 03-02T08:00 x"},
	} {
		p := fresh(options{Channels: c.channels, Triggers: []trigger.Trigger{{Name: "b", When: trigger.BrowseAbandoned, BestHour: true, Expire: -1, Channels: c.only}}}, "u")
		must(p.Add(view("u", "x", "2024-03-01 10:00")))
		if got := text(promised(p.Advance(nil, at("2024-03-03")))); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// A share of a price is compared exactly.
func TestMinDropExact(t *testing.T) {
	for _, c := range []struct {
		drop     float64
		old, new int64
		told     bool
	}{
		{.07, 10_000, 9_300, true},
		{.07, 10_000, 9_301, false},
		{.29, 100, 71, true},
		{.57, 100, 43, true},
		{.57, 100, 44, false},
		{.05, 1 << 62, 1<<62 - 1<<62/20 - 1, true},
		{.05, 1 << 62, 1<<62 - 1<<62/20 + 1, false},
	} {
		p := fresh(options{Triggers: []trigger.Trigger{{Name: "sale", When: trigger.PriceDropped, MinDrop: c.drop}}}, "u")
		for _, e := range []event{priced("x", c.old, "2024-03-01"), view("u", "x", "2024-03-02"), priced("x", c.new, "2024-03-03")} {
			must(p.Add(e))
		}
		if got := len(promised(p.Advance(nil, at("2024-03-04")))) == 1; got != c.told {
			t.Errorf("MinDrop %v, %d to %d: told %v, want %v", c.drop, c.old, c.new, got, c.told)
		}
	}
}

// What Grace plans anew waits as long as Expire says from there on.
func TestGraceExpire(t *testing.T) {
	p := fresh(options{Triggers: []trigger.Trigger{{Name: "b", When: trigger.BrowseAbandoned}}, Grace: time.Hour}, "u")
	must(p.Add(view("u", "a", "2024-03-01 20:00")))
	promised(p.Advance(nil, at("2024-03-01 19:00")))
	got := promised(p.Advance(nil, at("2024-03-10 09:00")))
	if want := "u b mail 03-10T09:00 a"; text(got) != want || !got[0].Due.Equal(at("2024-03-10 09:00")) {
		t.Errorf("got %q, want %q, due then", text(got), want)
	}
}

// Errors about a customer's record are the same each time and do not print it.
func TestPrivateErrors(t *testing.T) {
	p := fresh(options{Triggers: []trigger.Trigger{{Name: "b", When: trigger.BrowseAbandoned}}})
	for name, c := range map[string]trigger.Customer{
		"zone": {Zone: "Secret/Place"}, "channel": {Channels: []string{"Secret"}}, "dates": {Dates: map[string]trigger.Date{"Secret": {}, "": {Year: 2000, Month: 1, Day: 1}, "b": {}, "c": {}}},
	} {
		first := p.Set("u", c)
		if first == nil || strings.Contains(first.Error(), "Secret") {
			t.Errorf("%s: %v", name, first)
		}
		for range 20 {
			if again := p.Set("u", c); again.Error() != first.Error() {
				t.Errorf("%s: %v, and then %v", name, first, again)
			}
		}
	}
	if err := p.Add(event{Kind: trigger.Responded, User: "u", Name: "Secret", At: at("2024-01-01"), Sent: at("2024-01-01")}); !errors.Is(err, trigger.ErrUnknownID) || strings.Contains(err.Error(), "Secret") {
		t.Error(err)
	}
	if _, err := trigger.NewBusiness(trigger.BusinessOptions{Weekend: []time.Weekday{9}}); !errors.Is(err, trigger.ErrOption) || !strings.HasPrefix(err.Error(), "trigger: NewBusiness: ") {
		t.Error(err)
	}
}
