package clean_test

import (
	"errors"
	"fmt"
	"slices"
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
	c.Flush(cut)
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

// TestCleanerOptions: each option changes the verdict it is for.
func TestCleanerOptions(t *testing.T) {
	seen := func(opt clean.CleanerOptions[string], records ...event) (out []clean.Reason) {
		c, err := clean.NewCleaner[string, int](opt)
		if err != nil {
			t.Fatal(err)
		}
		for i := range records {
			out = append(out, c.Event(int64(i), &records[i]))
		}
		return out
	}
	at := cut.Add(-day)
	view := event{User: "a", Item: 1, Kind: profile.View, At: at}
	later := func(d time.Duration) event { e := view; e.At = at.Add(d); return e }
	nobody := view
	nobody.User = ""
	for name, c := range map[string]struct {
		opt     clean.CleanerOptions[string]
		records []event
		want    []clean.Reason
	}{
		"no moment of collection": {clean.CleanerOptions[string]{}, []event{later(1000 * day)}, []clean.Reason{clean.Kept}},
		"at that very moment":     {clean.CleanerOptions[string]{AsOf: at, Skew: -1}, []event{view, later(1)}, []clean.Reason{clean.Kept, clean.Future}},
		"skew":                    {clean.CleanerOptions[string]{AsOf: at, Skew: time.Hour}, []event{later(time.Hour), later(time.Hour + 1)}, []clean.Reason{clean.Kept, clean.Future}},
		"earliest":                {clean.CleanerOptions[string]{Earliest: at}, []event{view, later(-1)}, []clean.Reason{clean.Kept, clean.TooOld}},
		"nobody":                  {clean.CleanerOptions[string]{}, []event{nobody}, []clean.Reason{clean.Missing}},
		"nobody is a name":        {clean.CleanerOptions[string]{ZeroIsUser: true}, []event{nobody}, []clean.Reason{clean.Kept}},
		"same instant":            {clean.CleanerOptions[string]{}, []event{view, view, later(2)}, []clean.Reason{clean.Kept, clean.DuplicateRow, clean.Kept}},
		"within a second":         {clean.CleanerOptions[string]{Repeat: time.Second}, []event{view, later(time.Second), later(3 * time.Second)}, []clean.Reason{clean.Kept, clean.DuplicateRow, clean.Kept}},
		"repeats are wanted":      {clean.CleanerOptions[string]{Repeat: -1}, []event{view, view}, []clean.Reason{clean.Kept, clean.Kept}},
	} {
		if got := seen(c.opt, c.records...); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestCleanerRecords: what is wrong with orders and refunds, and in which order the
// reasons are asked for.
func TestCleanerRecords(t *testing.T) {
	good := func() *order {
		return &order{ID: "1", User: "a", At: cut.Add(-day), Currency: "EUR", Lines: []line{{Item: 1, Category: " ＳＨＯＥＳ", Quantity: 1, Price: 5}}}
	}
	c, err := clean.NewCleaner[string, int](clean.CleanerOptions[string]{AsOf: cut})
	if err != nil {
		t.Fatal(err)
	}
	for name, x := range map[string]struct {
		change func(*order)
		want   clean.Reason
	}{
		"good":        {func(*order) {}, clean.Kept},
		"no time":     {func(o *order) { o.At = time.Time{} }, clean.Missing},
		"no user":     {func(o *order) { o.User = "" }, clean.Missing},
		"test":        {func(o *order) { o.Test, o.ID = true, "" }, clean.TestRow},
		"no id":       {func(o *order) { o.ID = "" }, clean.Missing},
		"no currency": {func(o *order) { o.Currency = "" }, clean.Missing},
		"no lines":    {func(o *order) { o.Lines = nil }, clean.Missing},
		"no pieces":   {func(o *order) { o.Lines[0].Quantity = 0 }, clean.OutOfRange},
		"discount":    {func(o *order) { o.Discount = 6 }, clean.OutOfRange},
	} {
		o := good()
		x.change(o)
		if got := c.Order(1, o); got != x.want {
			t.Errorf("%s: %q, want %q", name, got, x.want)
		}
		if x.want == clean.Kept && o.Lines[0].Category != "shoes" {
			t.Errorf("category %q", o.Lines[0].Category)
		}
	}
	for name, x := range map[string]struct {
		r    refund
		want clean.Reason
	}{
		"named":           {refund{ID: "r", OrderID: "1", At: cut.Add(-day), Currency: "EUR", Amount: 1}, clean.Kept},
		"of an item":      {refund{ID: "r", User: "a", Item: 1, Quantity: 1, At: cut.Add(-day), Currency: "EUR", Amount: 1}, clean.Kept},
		"of nobody":       {refund{ID: "r", Item: 1, Quantity: 1, At: cut.Add(-day), Currency: "EUR"}, clean.Missing},
		"of the future":   {refund{ID: "r", OrderID: "1", At: cut.Add(day), Currency: "EUR"}, clean.Future},
		"without an id":   {refund{OrderID: "1", At: cut.Add(-day), Currency: "EUR"}, clean.OutOfRange},
		"of no currency":  {refund{ID: "r", OrderID: "1", At: cut.Add(-day)}, clean.OutOfRange},
		"negative pieces": {refund{ID: "r", OrderID: "1", At: cut.Add(-day), Currency: "EUR", Quantity: -1}, clean.OutOfRange},
	} {
		if got := c.Refund(1, &x.r); got != x.want {
			t.Errorf("refund %s: %q, want %q", name, got, x.want)
		}
	}
}

// TestCleanerAccount: rows from before the account are flagged, but for the skew.
func TestCleanerAccount(t *testing.T) {
	opened := cut.Add(-10 * day)
	c, err := clean.NewCleaner[string, int](clean.CleanerOptions[string]{
		Skew: time.Minute, Repeat: -1, Registered: func(u string) (time.Time, bool) { return opened, u == "new" },
	})
	if err != nil {
		t.Fatal(err)
	}
	for row, x := range []struct {
		user string
		at   time.Time
	}{{"new", opened.Add(-time.Minute)}, {"new", opened.Add(-time.Minute - 1)}, {"old", opened.Add(-day)}} {
		if got := c.Event(int64(row), &event{User: x.user, Kind: profile.View, At: x.at}); got != clean.Kept {
			t.Errorf("row %d: %q", row, got)
		}
	}
	if got := c.Quality().Result().Flagged; fmt.Sprint(got) != "[{before account 1 [1]}]" {
		t.Errorf("flagged %v", got)
	}
}
