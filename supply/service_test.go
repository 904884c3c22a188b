package supply_test

import (
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply"
)

func TestService(t *testing.T) {
	s := must(supply.NewService(supply.ServiceOptions{AsOf: at(30)}))
	for _, k := range []supply.Ticket{
		{Opened: at(0), Replied: at(0).Add(time.Hour), Resolved: at(1), Contacts: 1},
		{Opened: at(0), Replied: at(0).Add(2 * time.Hour), Resolved: at(2), Contacts: 2},
		{Opened: at(0), Replied: at(0).Add(2 * time.Hour), Resolved: at(2), Reopened: at(4), Contacts: 1},
		{Opened: at(0), Replied: at(0).Add(2 * time.Hour), Resolved: at(2), Reopened: at(14), Contacts: 1}, // after the window
		{Opened: at(0), Resolved: at(3)},                // contacts not recorded
		{Opened: at(27), Resolved: at(28), Contacts: 1}, // too fresh to judge
		{Opened: at(20)},                                // never answered
	} {
		ok(t, s.AddTicket(k))
	}
	for i := range 100 { // 50 promoters, 30 passive, 20 detractors
		score := 9 + i%2
		if i >= 80 {
			score = i % 7
		} else if i >= 50 {
			score = 7 + i%2
		}
		ok(t, s.AddSurvey(supply.NPS, score))
	}
	ok(t, s.AddInvited(supply.NPS, 400), s.AddSurvey(supply.CSAT, 5), s.AddSurvey(supply.CSAT, 4), s.AddSurvey(supply.CSAT, 1), s.AddSurvey(supply.CES, 7), s.AddSurvey(supply.CES, 4),
		s.AddSold(10, 40, 1000), s.AddReturn(supply.Return{Orders: 1, Units: 3, Value: 50, Reason: "size"}), s.AddReturn(supply.Return{Units: 1, Value: 50, Reason: "broken"}), s.AddReturn(supply.Return{Orders: 1, Units: 1, Reason: "late"}))
	r := must(s.Result())
	testkit.Near(t, "NPS", r.NPS.Value, 30, 1e-12)
	testkit.Near(t, "NPS SE", r.NPS.SE, 7.81, 5e-3)
	testkit.Near(t, "NPS response", r.NPS.Response.OrNaN(), .25, 1e-12)
	testkit.Near(t, "CSAT", r.CSAT.Value, 10./3, 1e-12)
	testkit.Near(t, "CES", r.CES.Value, 5.5, 1e-12)
	for _, c := range []struct {
		name string
		got  supply.Ratio
		want supply.Ratio
	}{
		{"satisfied", r.Satisfied, supply.Ratio{Num: 2, Den: 3}},
		{"resolved", r.Resolved, supply.Ratio{Num: 6, Den: 7}},
		{"reopened", r.Reopened, supply.Ratio{Num: 2, Den: 6}},
		{"first contact", r.FirstContact, supply.Ratio{Num: 2, Den: 4}},
		{"by order", r.ReturnsByOrder, supply.Ratio{Num: 2, Den: 10}},
		{"by unit", r.ReturnsByUnit, supply.Ratio{Num: 5, Den: 40}},
		{"by value", r.ReturnsByValue, supply.Ratio{Num: 100, Den: 1000}},
	} {
		if c.got != c.want {
			t.Errorf("%s is %v, want %v", c.name, c.got, c.want)
		}
	}
	if r.Backlog != 1 || r.Unjudged != 2 || r.FirstResponse.Done != 4 || r.FirstResponse.Open != 1 || r.BacklogAge.Max != 10*day {
		t.Errorf("%+v", r)
	}
	if !slices.Equal(r.Reasons, []supply.ReturnReason{{Name: "size", Orders: 1, Units: 3, Value: 50}, {Name: "broken", Units: 1, Value: 50}, {Name: "late", Orders: 1, Units: 1}}) {
		t.Errorf("reasons %v", r.Reasons)
	}
	// Never answered: nothing is known but that it takes longer.
	n := must(supply.NewService(supply.ServiceOptions{AsOf: at(30)}))
	ok(t, n.AddTicket(supply.Ticket{Opened: at(1)}))
	if r := must(n.Result()); r.FirstResponse.P50 != supply.Beyond || r.FirstResponse.Mean != supply.Beyond || !math.IsNaN(r.NPS.Value) {
		t.Errorf("%+v", r)
	}
}

// A solution counts as one of the first contact once it has held for the window.
func TestServiceFirstContact(t *testing.T) {
	const window = 7 * day
	solved := at(10)
	for _, c := range []struct {
		name     string
		asOf     time.Time
		contacts int
		reopened time.Time
		want     supply.Ratio
		unjudged int64
	}{
		{"held", at(30), 1, time.Time{}, supply.Ratio{Num: 1, Den: 1}, 0},
		{"held for just the window", solved.Add(window), 1, time.Time{}, supply.Ratio{Num: 1, Den: 1}, 0},
		{"a moment less", solved.Add(window - 1), 1, time.Time{}, supply.Ratio{}, 1},
		{"reopened at the end of the window", at(30), 1, solved.Add(window), supply.Ratio{Den: 1}, 0},
		{"reopened a moment later", at(30), 1, solved.Add(window + 1), supply.Ratio{Num: 1, Den: 1}, 0},
		{"two contacts", at(30), 2, time.Time{}, supply.Ratio{Den: 1}, 0},
		{"contacts not recorded", at(30), 0, time.Time{}, supply.Ratio{}, 1},
	} {
		s := must(supply.NewService(supply.ServiceOptions{AsOf: c.asOf}))
		ok(t, s.AddTicket(supply.Ticket{Opened: at(9), Resolved: solved, Reopened: c.reopened, Contacts: c.contacts}))
		if r := must(s.Result()); r.FirstContact != c.want || r.Unjudged != c.unjudged || r.Resolved != (supply.Ratio{Num: 1, Den: 1}) {
			t.Errorf("%s: %v, %d not judged", c.name, r.FirstContact, r.Unjudged)
		}
	}
}

// Mean and standard error of each survey, by hand.
func TestServiceSurveys(t *testing.T) {
	for _, c := range []struct {
		name      string
		kind      supply.Survey
		scores    []int
		invited   int64
		value, se float64
		response  supply.Ratio
	}{
		{"CSAT", supply.CSAT, []int{1, 5, 5, 3}, 8, 3.5, math.Sqrt(11) / 4, supply.Ratio{Num: 4, Den: 8}},
		{"CES", supply.CES, []int{7, 1}, 0, 4, math.Sqrt(18) / 2, supply.Ratio{Num: 2}},
		{"NPS of one promoter", supply.NPS, []int{9}, 1, 100, 0, supply.Ratio{Num: 1, Den: 1}},
		{"NPS of the three kinds", supply.NPS, []int{10, 8, 7, 6}, 4, 0, math.Sqrt(20000) / 4, supply.Ratio{Num: 4, Den: 4}},
	} {
		s := must(supply.NewService(supply.ServiceOptions{AsOf: at(1)}))
		for _, v := range c.scores {
			ok(t, s.AddSurvey(c.kind, v))
		}
		ok(t, s.AddInvited(c.kind, c.invited))
		r := must(s.Result())
		got := []supply.Score{r.CSAT, r.NPS, r.CES}[c.kind]
		if got.N != int64(len(c.scores)) || got.Response != c.response {
			t.Errorf("%s: %+v", c.name, got)
		}
		testkit.Near(t, c.name, got.Value, c.value, 1e-12)
		testkit.Near(t, c.name+" SE", got.SE, c.se, 1e-12)
		for i, other := range []supply.Score{r.CSAT, r.NPS, r.CES} {
			if i != int(c.kind) && (other.N != 0 || !math.IsNaN(other.Value) || !math.IsNaN(other.SE)) {
				t.Errorf("%s: survey %d has %+v", c.name, i, other)
			}
		}
	}
}

// The zero value has no end of observation: nothing can be added to it, merged or written
// that could not be read back.
func TestServiceZero(t *testing.T) {
	var a supply.Service
	_, marshal := a.MarshalBinary()
	_, result := a.Result()
	for name, err := range map[string]error{
		"AddReturn": a.AddReturn(supply.Return{Orders: 1, Units: 2}), "AddSold": a.AddSold(4, 8, 120), "AddSurvey": a.AddSurvey(supply.NPS, 9),
		"AddInvited": a.AddInvited(supply.NPS, 9), "AddTicket": a.AddTicket(supply.Ticket{Opened: at(1)}), "Merge": a.Merge(new(supply.Service)),
		"MarshalBinary": marshal, "Result": result,
	} {
		if !errors.Is(err, supply.ErrEmpty) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
