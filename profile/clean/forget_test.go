package clean_test

import (
	"bytes"
	"cmp"
	"strings"
	"testing"
	"time"

	"github.com/aislekit/aisle/profile"
	"github.com/aislekit/aisle/profile/clean"
)

// A ledger that forgot a user has the bytes of one that never knew him.
func TestLedgerForget(t *testing.T) {
	fill := func(with string) *clean.Ledger[string, int] {
		var l clean.Ledger[string, int]
		for _, u := range []string{"ann", "bob"} {
			if !strings.Contains(with, u) {
				continue
			}
			o := &order{ID: u + "1", User: u, At: cut, Currency: "EUR", Lines: []line{{Item: 1, Quantity: 1, Price: 500}}}
			if _, err := l.AddOrder(o); err != nil {
				t.Fatal(err)
			}
			s := &order{ID: "shared", User: u, At: cut, Currency: "EUR", Lines: []line{{Item: 2, Quantity: 1, Price: 100}}}
			if _, err := l.AddLine(s); err != nil {
				t.Fatal(err)
			}
			for _, r := range []*refund{
				{ID: u + "r1", OrderID: u + "1", User: u, At: cut.Add(day), Currency: "EUR", Amount: 5},
				{ID: u + "r2", OrderID: u + "1", At: cut.Add(day), Currency: "EUR", Amount: 5}, // names nobody
				{ID: u + "r3", User: u, Item: 1, Quantity: 1, At: cut.Add(day), Currency: "EUR", Amount: 5},
			} {
				if _, err := l.AddRefund(r); err != nil {
					t.Fatal(err)
				}
			}
		}
		return &l
	}
	l, want := fill("ann bob"), fill("bob")
	if !l.Forget("ann") || l.Forget("ann") || l.Forget("nobody") {
		t.Error("Forget does not say whether there was anything")
	}
	got, _ := l.MarshalBinary()
	if b, _ := want.MarshalBinary(); !bytes.Equal(got, b) || bytes.Contains(got, []byte("ann")) {
		t.Errorf("left: %q\nwant  %q", got, b)
	}
	if !l.Forget("bob") {
		t.Error("bob")
	}
	got, _ = l.MarshalBinary()
	if b, _ := new(clean.Ledger[string, int]).MarshalBinary(); !bytes.Equal(got, b) {
		t.Errorf("left of nobody: %q", got)
	}
	if (*clean.Ledger[string, int])(nil).Forget("ann") {
		t.Error("a nil ledger forgot somebody")
	}
	if _, err := (*clean.Ledger[string, int])(nil).Settle(time.Time{}); err == nil {
		t.Error("a nil ledger settled")
	}
}

func TestDedupeForget(t *testing.T) {
	type key struct{ User, Item string }
	d, err := clean.NewDedupe[key](clean.DedupeOptions[int]{Compare: cmp.Compare[int], Window: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	for i, k := range []key{{"ann", "a"}, {"ann", "b"}, {"bob", "a"}, {"ann", "a"}} {
		if _, err := d.Add(k, cut.Add(time.Duration(i)*time.Hour), i); err != nil {
			t.Fatal(err)
		}
	}
	if !d.Forget(key{"ann", "a"}) || d.Forget(key{"ann", "a"}) || d.Len() != 2 {
		t.Errorf("%d groups left", d.Len())
	}
	isAnn := func(k key) bool { return k.User == "ann" }
	if !d.ForgetFunc(isAnn) || d.ForgetFunc(isAnn) {
		t.Error("ForgetFunc does not say whether there was anything")
	}
	if r := d.Result(); r.Records != 1 || r.Kept != 1 || len(d.All()) != 1 || d.All()[0].Key.User != "bob" {
		t.Errorf("%+v, %+v", r, d.All())
	}
	var none *clean.Dedupe[key, int]
	if none.Forget(key{}) || none.ForgetFunc(isAnn) {
		t.Error("nil")
	}
}

func TestCleanerForget(t *testing.T) {
	c, err := clean.NewCleaner[string, int](clean.CleanerOptions[string]{Repeat: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	see := func() clean.Reason {
		return c.Event(1, &profile.Event[string, int]{User: "ann", Item: 1, Kind: profile.View, At: cut})
	}
	if see() != clean.Kept || see() != clean.DuplicateRow {
		t.Fatal("a repeated event passes")
	}
	if !c.Forget("ann") || c.Forget("ann") || see() != clean.Kept {
		t.Error("what ann did is remembered")
	}
}

// A refund that names an order of one user and another user is applied, and counted.
func TestSettleUser(t *testing.T) {
	var l clean.Ledger[string, int]
	if _, err := l.AddOrder(&order{ID: "1", User: "a", At: cut, Currency: "EUR", Lines: []line{{Item: 1, Quantity: 1, Price: 500}}}); err != nil {
		t.Fatal(err)
	}
	for id, user := range map[string]string{"r1": "b", "r2": "a", "r3": ""} {
		if _, err := l.AddRefund(&refund{ID: id, OrderID: "1", User: user, At: cut.Add(day), Currency: "eur", Amount: 5}); err != nil {
			t.Fatal(err)
		}
	}
	s, err := l.Settle(time.Time{})
	if err != nil || s.RefundsUser != 1 || s.Totals[0].Refunded != 15 || s.RefundsUnmatched != 0 {
		t.Errorf("%+v, %v", s, err)
	}
}

// Codes of currencies in any case are one currency, everywhere; what is no code is
// refused.
func TestCurrencyCase(t *testing.T) {
	var l clean.Ledger[string, int]
	o := &order{ID: "A", User: "u", At: cut, Currency: "EUR", Lines: []line{{Item: 1, Quantity: 1, Price: 100}}}
	again := *o
	again.Currency = "eur"
	if _, err := l.AddOrder(o); err != nil {
		t.Fatal(err)
	}
	if v, err := l.AddOrder(&again); v != clean.Duplicate || err != nil {
		t.Errorf("%v, %v", v, err)
	}
	for _, code := range []string{"EUR", "eUr"} {
		if _, err := l.AddLine(&order{ID: "B", User: "u", At: cut, Currency: code, Lines: []line{{Item: 1, Quantity: 1, Price: 100}}}); err != nil {
			t.Error(err)
		}
	}
	if _, err := l.AddRefund(&refund{ID: "r", OrderID: "A", At: cut.Add(day), Currency: "eur", Amount: 100}); err != nil {
		t.Fatal(err)
	}
	s, err := l.Settle(time.Time{})
	if err != nil || len(s.Totals) != 1 || s.Totals[0].Net() != 200 || s.RefundsCurrency != 0 {
		t.Errorf("%+v, %v", s, err)
	}
	c, err := clean.NewCleaner[string, int](clean.CleanerOptions[string]{})
	if err != nil {
		t.Fatal(err)
	}
	for code, want := range map[string]clean.Reason{"eur": clean.Kept, "€": clean.OutOfRange, "EURO": clean.OutOfRange, "": clean.Missing} {
		o := *o
		o.Currency = code
		if why := c.Order(1, &o); why != want || want == clean.Kept && o.Currency != "EUR" {
			t.Errorf("%q: %q, currency %q", code, why, o.Currency)
		}
	}
	rates, err := clean.NewRates("eur", map[string]float64{"jpy": .0062})
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{"jpy", "JPY"} {
		if m, err := rates.Convert(profile.Money{Minor: 1000, Currency: code}); err != nil || m.String() != "6.20 EUR" {
			t.Errorf("%s: %v, %v", code, m, err)
		}
	}
	for name, units := range map[string]map[string]float64{"twice": {"jpy": 1, "JPY": 1}, "no code": {"€": 1}} {
		if _, err := clean.NewRates("EUR", units); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
