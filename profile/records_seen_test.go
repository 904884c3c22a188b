package profile_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/aislekit/aisle/profile"
)

// TestAddAll: a Log gives the bytes of its records one by one, with labels that fall on one place of the caches, late
// events among the blocks, and again after reading and after Advance.
func TestAddAll(t *testing.T) {
	words := []string{"", "a", "b", "abba", "acca", "adda", "aXXa", "q", strings.Repeat("a", 33)}
	for seed := range uint64(12) {
		r := rand.New(rand.NewPCG(seed, 1))
		word := func() string { return words[r.IntN(len(words))] }
		at := func() time.Time { return cut.Add(-time.Duration(r.Int64N(int64(100*day))) + 8*day) }
		log := &profile.Log[string, int]{}
		for i := range 40 + 60*int(seed) {
			e := event{User: fmt.Sprint("u", r.IntN(20)), Kind: profile.Kind(1 + r.IntN(10)), At: at(), Item: r.IntN(5), Category: word(), Brand: word()}
			switch r.IntN(5) {
			case 0:
				e.Dwell = time.Duration(r.Int64N(1e12))
			case 1:
				e.Position = int32(r.IntN(9))
			case 2:
				e.Pages = int32(r.IntN(9))
			case 3:
				e.Query, e.Channel, e.Campaign, e.Device = word()+"  "+word(), word(), word(), word()
			}
			e.Rating, e.Sentiment = float64(r.IntN(11)), -float64(r.IntN(11))
			log.Events = append(log.Events, e)
			if i%9 == 0 {
				log.Orders = append(log.Orders, order{ID: fmt.Sprint(i), User: e.User, At: at(), Currency: "EUR", Test: i%2 == 0, Lines: []line{{Item: 1, Quantity: 2, Price: 5, Category: word(), Brand: word()}}})
				log.Refunds = append(log.Refunds, refund{ID: fmt.Sprint(i), OrderID: "o", User: e.User, At: at(), Currency: "EUR", Amount: 3})
				log.Users = append(log.Users, user{ID: e.User, Registered: at(), Region: word(), At: at()})
			}
		}
		opt := profile.BuilderOptions{Rolling: seed%2 == 0, Features: promised(profile.Features([]int{7}, "base", "distinct"))}
		all, single := newBuilder(t, opt), newBuilder(t, opt)
		for range 2 {
			var errs []error
			errs = append(errs, all.AddAll(log))
			for i := range log.Refunds {
				errs = append(errs, single.AddRefund(&log.Refunds[i]), single.AddOrder(&log.Orders[i]), single.AddUser(&log.Users[i]))
			}
			for i := range log.Events {
				errs = append(errs, single.Add(&log.Events[len(log.Events)-1-i]))
			}
			x, y := promised(all.MarshalBinary()), promised(single.MarshalBinary())
			if err := errors.Join(errs...); err != nil || !bytes.Equal(x, y) || all.Late() != single.Late() || all.Late() == 0 {
				t.Fatalf("seed %d: %v, late %d and %d, bytes equal: %v", seed, err, all.Late(), single.Late(), bytes.Equal(x, y))
			}
			all = newBuilder(t, opt)
			if err := all.UnmarshalBinary(x); err != nil {
				t.Fatal(err)
			}
			if opt.Rolling {
				if err := errors.Join(all.Advance(all.AsOf().AddDate(0, 0, 3)), single.Advance(single.AsOf().AddDate(0, 0, 3))); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// seen is a Feature that keeps nothing and remembers the records.
type seen struct{ records []profile.Record }

func (*seen) Name() string      { return "seen" }
func (*seen) Days() []int       { return nil }
func (*seen) Columns() []string { return nil }

func (f *seen) Add(state []int64, r *profile.Record) []int64 {
	f.records = append(f.records, *r)
	return state
}

func (*seen) Merge(state, _ []int64) []int64                               { return state }
func (*seen) Result(dst []float64, _ [][]int64, _ profile.Clock) []float64 { return dst }
func (*seen) Valid(state []int64) bool                                     { return len(state) == 0 }

// TestRecords: a Feature sees every field of its source, and zero, or NaN, where the source has none.
func TestRecords(t *testing.T) {
	at := time.Date(1969, 12, 30, 23, 30, 0, 0, time.UTC)
	f := new(seen)
	b := newBuilder(t, profile.BuilderOptions{Zone: promised(time.LoadLocation("Europe/Rome")), Features: []profile.Feature{f}})
	err := errors.Join(
		b.Add(&event{User: "ann", Item: 7, Kind: profile.Rate, At: at, Category: "c", Brand: "b", Dwell: 5, Position: 3, Pages: 2, Rating: 4, Sentiment: .5, Query: "q", Channel: "ch", Campaign: "ca", Device: "d", Extra: map[string]string{"k": "v"}}),
		b.Add(&event{User: "ann", Kind: profile.Comment, At: at, Rating: 4, Sentiment: .5}),
		b.AddOrder(&order{ID: "o", User: "ann", At: at, Currency: "EUR", Discount: 10, Channel: "ch", Campaign: "ca", Device: "d", Lines: []line{
			{Item: 7, Category: "c", Brand: "b", Quantity: 2, Price: 50, Discount: 5}, {Item: 8, Quantity: 1, Price: 0},
		}}),
		b.AddRefund(&refund{ID: "r", OrderID: "o", User: "ann", At: at, Currency: "EUR", Amount: 20, Item: 7, Quantity: 1}),
	)
	if err != nil {
		t.Fatal(err)
	}
	nan := math.NaN()
	want := []profile.Record{
		{Source: profile.FromEvent, Kind: profile.Rate, Item: 7, Category: "c", Brand: "b", Query: "q", Channel: "ch", Campaign: "ca", Device: "d", Dwell: 5, Position: 3, Pages: 2, Rating: 4, Sentiment: nan, Extra: map[string]string{"k": "v"}},
		{Source: profile.FromEvent, Kind: profile.Comment, Rating: nan, Sentiment: .5},
		{Source: profile.FromOrder, Kind: profile.Purchase, Channel: "ch", Campaign: "ca", Device: "d", Rating: nan, Sentiment: nan, Quantity: 3, Discount: 15, Money: 85, Lines: 2},
		{Source: profile.FromLine, Kind: profile.Purchase, Item: 7, Category: "c", Brand: "b", Channel: "ch", Campaign: "ca", Device: "d", Rating: nan, Sentiment: nan, Quantity: 2, Price: 50, Discount: 5, Money: 95},
		{Source: profile.FromLine, Kind: profile.Purchase, Item: 8, Channel: "ch", Campaign: "ca", Device: "d", Rating: nan, Sentiment: nan, Quantity: 1},
		{Source: profile.FromRefund, Kind: profile.Return, Item: 7, Rating: nan, Sentiment: nan, Quantity: 1, Money: 20},
	}
	if len(f.records) != len(want) {
		t.Fatalf("%d records", len(f.records))
	}
	for i, r := range f.records {
		if !r.At.Equal(at) || r.Clock.Nanos() != at.UnixNano() || r.Clock.Day() != -1 || r.Clock.Time().Hour() != 0 {
			t.Errorf("record %d is of %v, day %d, %v", i, r.At, r.Clock.Day(), r.Clock.Time())
		}
		r.At, r.Clock = want[i].At, want[i].Clock
		if got, want := fmt.Sprintf("%+v", r), fmt.Sprintf("%+v", want[i]); got != want {
			t.Errorf("record %d is\n%s, want\n%s", i, got, want)
		}
	}
}
