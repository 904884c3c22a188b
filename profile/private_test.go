package profile_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/aislekit/aisle/profile"
)

// No error about a record prints whose it is, or what it holds; a FieldError tells.
func TestPrivate(t *testing.T) {
	const who, id = "jane.doe@example.com", "order-4711-of-jane"
	b := newBuilder(t, profile.BuilderOptions{Currency: "EUR"})
	good := func(change func(o *order)) *order {
		o := &order{ID: id, User: who, At: cut.Add(-day), Currency: "EUR", Lines: []line{{Item: 1, Quantity: 1, Price: 123454321}}}
		change(o)
		return o
	}
	back := func(change func(r *refund)) *refund {
		r := &refund{ID: id, OrderID: "x", User: who, At: cut.Add(-day), Currency: "EUR", Amount: 123454321}
		change(r)
		return r
	}
	full := newBuilder(t, profile.BuilderOptions{Currency: "EUR"})
	feed(t, full, []record{{order: good(func(o *order) { o.Lines[0].Price = 1<<59 - 1 })}})
	other := newBuilder(t, profile.BuilderOptions{Currency: "EUR"})
	feed(t, other, []record{{order: good(func(o *order) { o.Lines[0].Price = 1<<59 - 1 })}})
	for name, err := range map[string]error{
		"negative price":  b.AddOrder(good(func(o *order) { o.Lines[0].Price = -123454321 })),
		"no pieces":       b.AddOrder(good(func(o *order) { o.Lines[0].Quantity = 0 })),
		"discount":        b.AddOrder(good(func(o *order) { o.Discount = 223454321 })),
		"overflow":        b.AddOrder(good(func(o *order) { o.Lines[0].Quantity = math.MaxInt64 })),
		"no lines":        b.AddOrder(good(func(o *order) { o.Lines = nil })),
		"currency":        b.AddOrder(good(func(o *order) { o.Currency = "jane" })),
		"old":             b.AddOrder(good(func(o *order) { o.At = time.Date(1234, 5, 6, 0, 0, 0, 0, time.UTC) })),
		"sums":            full.AddOrder(good(func(o *order) {})),
		"merge":           full.Merge(other),
		"negative refund": b.AddRefund(back(func(r *refund) { r.Amount = -123454321 })),
		"cancel":          b.AddRefund(back(func(r *refund) { r.Amount, r.Cancel = 0, true })),
		"refund sums":     full.AddRefund(back(func(r *refund) { r.Amount = 1 << 60 })),
		"rating":          b.Add(&event{User: who, Kind: profile.Rate, At: cut.Add(-day), Rating: 123454321}),
		"individual":      func() error { _, err := b.Individual(who); return err }(),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		for _, secret := range []string{"jane", "4711", "123454321", "223454321", "1234-05-06"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s prints %s: %v", name, secret, err)
			}
		}
		var f *profile.FieldError
		if !errors.As(err, &f) || f.ID+f.Value == "" {
			t.Errorf("%s: %v holds nothing", name, err)
		}
	}
}
