package clean_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/profile"
	"github.com/aislekit/aisle/profile/clean"
)

// shopRecords are n orders of two lines and a refund for every fifth.
func shopRecords(n int) (orders []order, refunds []refund) {
	r := rng.New(1, 0, 0)
	for i := range n {
		user, at := fmt.Sprint("u", r.Intn(n/4)), cut.Add(time.Duration(i)*time.Minute)
		o := order{ID: fmt.Sprint("o", i), User: user, At: at, Currency: "EUR", Lines: []line{
			{Item: r.Intn(500), Category: "shoes", Quantity: 1 + int64(r.Intn(3)), Price: int64(r.Intn(9000))},
			{Item: r.Intn(500), Category: "books", Quantity: 1, Price: int64(r.Intn(3000))},
		}}
		orders = append(orders, o)
		switch {
		case i%10 == 0:
			refunds = append(refunds, refund{ID: fmt.Sprint("r", i), OrderID: o.ID, User: user, At: at.Add(day), Currency: "EUR", Amount: 500})
		case i%5 == 0:
			refunds = append(refunds, refund{ID: fmt.Sprint("r", i), User: user, Item: o.Lines[0].Item, Quantity: 1, At: at.Add(day), Currency: "EUR", Amount: o.Lines[0].Price})
		}
	}
	return orders, refunds
}

func fill(orders []order, refunds []refund) (*clean.Ledger[string, int], error) {
	var l clean.Ledger[string, int]
	for i := range orders {
		if _, err := l.AddOrder(&orders[i]); err != nil {
			return nil, err
		}
	}
	for i := range refunds {
		if _, err := l.AddRefund(&refunds[i]); err != nil {
			return nil, err
		}
	}
	return &l, nil
}

func BenchmarkLedger(b *testing.B) {
	const n = 10_000
	orders, refunds := shopRecords(n)
	measure(b, "op=add/orders=10k", n, func() error { _, err := fill(orders, refunds); return err })
	l, err := fill(orders, refunds)
	if err != nil {
		b.Fatal(err)
	}
	measure(b, "op=settle/orders=10k", n, func() error { _, err := l.Settle(time.Time{}); return err })
	data, err := l.MarshalBinary()
	if err != nil {
		b.Fatal(err)
	}
	measure(b, "op=encode/orders=10k", n, func() error { _, err := l.AppendBinary(nil); return err })
	measure(b, "op=decode/orders=10k", n, func() error { return new(clean.Ledger[string, int]).UnmarshalBinary(data) })
}

func BenchmarkCleaner(b *testing.B) {
	const n = 10_000
	orders, _ := shopRecords(n)
	bounds, err := clean.NewBounds(0, 8000)
	if err != nil {
		b.Fatal(err)
	}
	measure(b, "record=order/rows=10k", n, func() error {
		c, err := clean.NewCleaner[string, int](clean.CleanerOptions[string]{Rules: map[string]clean.Rule{"price": {Bounds: bounds}}})
		if err != nil {
			return err
		}
		for i := range orders {
			c.Order(int64(i), &orders[i])
		}
		return nil
	})
	measure(b, "record=event/rows=10k", n, func() error {
		c, err := clean.NewCleaner[string, int](clean.CleanerOptions[string]{Repeat: time.Second})
		if err != nil {
			return err
		}
		for i := range orders {
			e := event{User: orders[i].User, Item: i % 500, Kind: profile.View, At: orders[i].At, Category: "shoes"}
			c.Event(int64(i), &e)
		}
		return nil
	})
}

func BenchmarkRates(b *testing.B) {
	r, err := clean.NewRates("EUR", map[string]float64{"USD": .92})
	if err != nil {
		b.Fatal(err)
	}
	measure(b, "op=convert", 1, func() error {
		_, err := r.Convert(profile.Money{Minor: 1999, Currency: "USD"})
		return err
	})
}

// TestAllocs: what is asked for every row does not allocate once names are known.
func TestAllocs(t *testing.T) {
	r, err := clean.NewRates("EUR", map[string]float64{"USD": .92})
	if err != nil {
		t.Fatal(err)
	}
	bounds, _ := clean.NewBounds(0, 10)
	c, err := clean.NewCleaner[string, int](clean.CleanerOptions[string]{Repeat: -1, Rules: map[string]clean.Rule{"pages": {Bounds: bounds, Action: clean.Drop}}})
	if err != nil {
		t.Fatal(err)
	}
	e := event{User: "a", Kind: profile.View, At: cut, Category: "shoes"}
	q := c.Quality()
	for name, f := range map[string]func(){
		"Rates.Convert":  func() { _, _ = r.Convert(profile.Money{Minor: 1999, Currency: "USD"}) },
		"Outliers.Is":    func() { _ = bounds.Is(3) },
		"Quality.Keep":   func() { q.Keep(cut) },
		"Quality.Field":  func() { q.Field("user", clean.Kept) },
		"Quality.Reject": func() { q.Reject(1, clean.Missing) },
		"Cleaner.Event":  func() { c.Event(1, &e) },
		"Canonical":      func() { _ = clean.Canonical("running shoes") },
		"FoldWidth":      func() { _ = clean.FoldWidth("running shoes") },
	} {
		for range 20 {
			f() // ten examples of a reason are kept
		}
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
