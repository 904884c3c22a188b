package clean_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aislekit/aisle/profile"
	"github.com/aislekit/aisle/profile/clean"
)

const day = 24 * time.Hour

var cut = time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC)

type (
	event  = profile.Event[string, int]
	order  = profile.Order[string, int]
	line   = profile.OrderLine[int]
	refund = profile.Refund[string, int]
)

func TestCleaner(t *testing.T) {
	price, err := clean.NewBounds(0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	pages, err := clean.NewBounds(0, 50)
	if err != nil {
		t.Fatal(err)
	}
	c, err := clean.NewCleaner[string, int](clean.CleanerOptions[string]{
		AsOf: cut, Repeat: time.Minute,
		Registered: func(u string) (time.Time, bool) { return cut.Add(-10 * day), u == "new" },
		Rules:      map[string]clean.Rule{"price": {price, clean.Drop}, "pages": {pages, clean.Clip}},
	})
	if err != nil {
		t.Fatal(err)
	}
	at := cut.Add(-day)
	events := []struct {
		e    event
		want clean.Reason
	}{
		{event{User: "a", Item: 1, Kind: profile.View, At: at, Category: " ＳＨＯＥＳ "}, clean.Kept},
		{event{User: "a", Item: 1, Kind: profile.View, At: at.Add(time.Second), Category: "shoes"}, clean.DuplicateRow},
		{event{User: "a", Item: 1, Kind: profile.View, At: at.Add(2 * time.Second), Category: "boots"}, clean.ConflictRow},
		{event{User: "a", Item: 1, Kind: profile.View, At: at.Add(2 * time.Hour)}, clean.Kept},
		{event{User: "a", Item: 2, Kind: profile.View, At: at, Pages: 900}, clean.Kept},
		{event{Item: 1, Kind: profile.View, At: at}, clean.Missing},
		{event{User: "a", Kind: profile.View}, clean.Missing},
		{event{User: "a", Kind: 0, At: at}, clean.OutOfRange},
		{event{User: "a", Kind: profile.View, At: cut.Add(4 * time.Minute)}, clean.Kept},
		{event{User: "a", Kind: profile.View, At: cut.Add(6 * time.Minute)}, clean.Future},
		{event{User: "a", Kind: profile.View, At: time.UnixMilli(1717200000)}, clean.TooOld},
		{event{User: "new", Kind: profile.View, At: cut.Add(-11 * day)}, clean.Kept},
	}
	for i := range events {
		if got := c.Event(int64(i), &events[i].e); got != events[i].want {
			t.Errorf("event %d: %q, want %q", i, got, events[i].want)
		}
	}
	if events[0].e.Category != "shoes" || events[4].e.Pages != 50 {
		t.Errorf("not canonical or not clipped: %+v %+v", events[0].e, events[4].e)
	}
	o := order{ID: "1", User: "a", At: at, Currency: "EUR", Lines: []line{{Quantity: 1, Price: 5000}}}
	if got := c.Order(100, &o); got != clean.Outlier {
		t.Errorf("order: %q", got)
	}
	o.Test = true
	if got := c.Order(101, &o); got != clean.TestRow {
		t.Errorf("order: %q", got)
	}
	r := refund{ID: "1", User: "a", At: at, Currency: "EUR", Amount: -5, OrderID: "1"}
	if got := c.Refund(102, &r); got != clean.OutOfRange {
		t.Errorf("refund: %q", got)
	}
	s := c.Quality().Result()
	if s.Rows != 15 || s.Kept != 5 || s.Count(clean.Outlier) != 1 || s.Count(clean.Missing) != 2 {
		t.Errorf("report\n%v", s)
	}
	want := []clean.ReasonCount{{clean.BeforeAccount, 1, []int64{11}}, {clean.Outlier, 1, []int64{4}}}
	if fmt.Sprint(s.Flagged) != fmt.Sprint(want) {
		t.Errorf("flagged %v, want %v", s.Flagged, want)
	}
	if age, err := s.Age(cut); err != nil || age != -4*time.Minute {
		t.Errorf("age %v %v", age, err)
	}
	c.Forget(cut)
	if got := c.Event(200, &event{User: "a", Kind: profile.Click, At: at}); got != clean.LateRow {
		t.Errorf("after Forget: %q", got)
	}
	if _, err := clean.NewCleaner[string, int](clean.CleanerOptions[string]{Rules: map[string]clean.Rule{"what": {price, clean.Drop}}}); !errors.Is(err, clean.ErrOption) {
		t.Error(err)
	}
	if _, err := clean.NewCleaner[string, int](clean.CleanerOptions[string]{Rules: map[string]clean.Rule{"price": {}}}); !errors.Is(err, clean.ErrOption) {
		t.Error(err)
	}
}
