package clean_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/profile/clean"
)

func TestLedger(t *testing.T) {
	var l clean.Ledger[string, int]
	at := cut.Add(-30 * day)
	buy := func(id, u string, days int, lines ...line) *order {
		return &order{ID: id, User: u, At: at.Add(time.Duration(days) * day), Currency: "EUR", Lines: lines}
	}
	must := func(v clean.Verdict, err error) clean.Verdict {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	a := buy("A", "u", 0, line{Item: 1, Quantity: 2, Price: 500}, line{Item: 2, Quantity: 1, Price: 0})
	must(l.AddOrder(a))
	swapped := *a
	swapped.Lines = []line{a.Lines[1], a.Lines[0]}
	if v := must(l.AddOrder(&swapped)); v != clean.Duplicate {
		t.Errorf("same content: %v", v)
	}
	must(l.AddOrder(buy("B", "u", 1, line{Item: 1, Quantity: 3, Price: 400})))
	if v := must(l.AddOrder(buy("B", "u", 2, line{Item: 1, Quantity: 9, Price: 400}))); v != clean.Conflict {
		t.Errorf("other content: %v", v)
	}
	must(l.AddLine(buy("C", "v", 3, line{Item: 5, Quantity: 1, Price: 100})))
	must(l.AddLine(buy("C", "v", 3, line{Item: 6, Quantity: 1, Price: 200})))
	test := buy("T", "v", 3, line{Item: 5, Quantity: 1, Price: 1})
	test.Test = true
	must(l.AddOrder(test))

	back := func(id, orderID string, days int, amount int64) *refund {
		return &refund{ID: id, OrderID: orderID, User: "u", At: at.Add(time.Duration(days) * day), Currency: "EUR", Amount: amount}
	}
	must(l.AddRefund(back("r1", "A", 4, 300)))
	must(l.AddRefund(back("r1", "A", 4, 300))) // sent twice
	must(l.AddRefund(back("r2", "A", 5, 900))) // 200 too much
	must(l.AddRefund(back("r3", "nowhere", 5, 70)))
	must(l.AddRefund(back("r4", "C", 2, 50))) // before its order
	cancel := back("r5", "C", 6, 0)
	cancel.Cancel = true
	must(l.AddRefund(cancel)) // the 250 left
	// Three pieces of item 1 without an order: at 400 apiece they are of B.
	must(l.AddRefund(&refund{ID: "r6", User: "u", Item: 1, Quantity: 2, Amount: 800, Currency: "EUR", At: at.Add(7 * day)}))
	wrong := back("r7", "B", 8, 10)
	wrong.Currency = "USD"
	must(l.AddRefund(wrong))

	s, err := l.Settle(time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("%+v", s.Totals)
	want := "[{Currency:EUR Orders:2 Cancelled:1 Paid:2500 Refunded:2100 Unmatched:70 Excess:200} {Currency:USD Orders:0 Cancelled:0 Paid:0 Refunded:0 Unmatched:10 Excess:0}]"
	if got != want {
		t.Errorf("totals %s\nwant   %s", got, want)
	}
	if s.DuplicateOrders != 1 || s.ConflictOrders != 1 || s.DuplicateRefunds != 1 || s.TestOrders != 1 || s.RefundsEarly != 1 || s.RefundsOver != 1 || s.RefundsUnmatched != 2 || s.RefundsCurrency != 1 {
		t.Errorf("counts %+v", s)
	}
	sum := int64(0)
	for _, r := range s.Refunds {
		sum += r.Amount
	}
	if sum != 2100 || s.Totals[0].Net() != 400 {
		t.Errorf("applied refunds sum to %d", sum)
	}
	early, err := l.Settle(at.Add(4*day + 1))
	if err != nil || early.Totals[0].Refunded != 350 || early.Totals[0].Paid != 2500 {
		t.Errorf("until day 4: %+v %v", early, err)
	}
	if _, err := l.AddLine(&order{ID: "C", User: "v", At: at, Currency: "USD", Lines: []line{{Quantity: 1}}}); !errors.Is(err, clean.ErrMismatch) {
		t.Error(err)
	}
	for name, r := range map[string]*refund{
		"negative":  {ID: "x", OrderID: "A", At: at, Currency: "EUR", Amount: -1},
		"no id":     {OrderID: "A", At: at, Currency: "EUR", Amount: 1},
		"of what":   {ID: "x", At: at, Currency: "EUR", Amount: 1},
		"no time":   {ID: "x", OrderID: "A", Currency: "EUR", Amount: 1},
		"anonymous": {ID: "x", Cancel: true, Quantity: 1, At: at, Currency: "EUR"},
	} {
		if _, err := l.AddRefund(r); !errors.Is(err, clean.ErrRange) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := l.Merge(&l); !errors.Is(err, clean.ErrMismatch) {
		t.Error(err)
	}
}

func TestLedgerProp(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		type call func(l *clean.Ledger[string, int]) error
		var calls []call
		n := rapid.IntRange(0, 25).Draw(r, "n")
		for range n {
			u := rapid.SampledFrom([]string{"u", "v"}).Draw(r, "user")
			at := cut.Add(time.Duration(rapid.IntRange(0, 9).Draw(r, "at")) * time.Hour)
			id := rapid.SampledFrom([]string{"1", "2", "3", "4"}).Draw(r, "id")
			q, p := rapid.Int64Range(1, 3).Draw(r, "q"), rapid.Int64Range(0, 3).Draw(r, "p")
			item := rapid.IntRange(1, 2).Draw(r, "item")
			o := &order{ID: id, User: u, At: at, Currency: "EUR", Lines: []line{{Item: item, Quantity: q, Price: p}}}
			switch rapid.IntRange(0, 3).Draw(r, "sort") {
			case 0:
				calls = append(calls, func(l *clean.Ledger[string, int]) error { _, err := l.AddOrder(o); return err })
			case 1:
				o.ID += "split"
				calls = append(calls, func(l *clean.Ledger[string, int]) error { _, err := l.AddLine(o); return err })
			default:
				b := &refund{ID: id + fmt.Sprint(q), OrderID: rapid.SampledFrom([]string{"", "1", "2split"}).Draw(r, "of"), User: u, At: at, Currency: "EUR", Amount: p, Item: item, Quantity: q}
				b.Cancel = b.OrderID != "" && p == 0
				calls = append(calls, func(l *clean.Ledger[string, int]) error { _, err := l.AddRefund(b); return err })
			}
		}
		var one clean.Ledger[string, int]
		parts := make([]clean.Ledger[string, int], 2)
		for _, c := range calls {
			if err := c(&one); err != nil {
				r.Fatal(err)
			}
		}
		for _, c := range rapid.Permutation(calls).Draw(r, "order") {
			if err := c(&parts[rapid.IntRange(0, 1).Draw(r, "part")]); err != nil {
				r.Fatal(err)
			}
		}
		shard, _ := parts[1].MarshalBinary()
		var sent clean.Ledger[string, int] // a shard from elsewhere
		if err := errors.Join(sent.UnmarshalBinary(shard), parts[0].Merge(&sent)); err != nil {
			r.Fatal(err)
		}
		whole, _ := one.MarshalBinary()
		if merged, _ := parts[0].MarshalBinary(); !bytes.Equal(whole, merged) {
			r.Fatal("one pass and merged shards have different bytes")
		}
		a, err := one.Settle(time.Time{})
		if err != nil {
			r.Fatal(err)
		}
		b, err := parts[0].Settle(time.Time{})
		if err != nil {
			r.Fatal(err)
		}
		if x, y := fmt.Sprintf("%+v", *a), fmt.Sprintf("%+v", *b); x != y {
			r.Fatalf("\n%s\n%s", x, y)
		}
		var refunded, applied int64
		for _, o := range a.Orders {
			if o.Refunded < 0 || o.Refunded > o.Paid || o.Cancelled && o.Refunded != o.Paid {
				r.Fatalf("order %+v", o)
			}
			refunded += o.Refunded
		}
		for _, b := range a.Refunds {
			applied += b.Amount
		}
		if refunded != applied {
			r.Fatalf("orders lost %d, refunds gave %d", refunded, applied)
		}
	})
}

// TestLedgerLines: an order in lines is put together of what is known, and a sum that
// does not hold is counted, not guessed.
func TestLedgerLines(t *testing.T) {
	var l clean.Ledger[string, int]
	add := func(user string, hours int, discount int64, x line) clean.Verdict {
		t.Helper()
		v, err := l.AddLine(&order{ID: "A", User: user, At: cut.Add(time.Duration(hours) * time.Hour), Currency: "EUR", Discount: discount, Lines: []line{x}})
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	add("v", 2, 0, line{Item: 2, Quantity: 1, Price: 300})
	add("v", 1, 0, line{Item: 1, Quantity: 1, Price: 200})
	s, err := l.Settle(time.Time{})
	if err != nil || len(s.Orders) != 1 || s.Orders[0].Paid != 500 || !s.Orders[0].Order.At.Equal(cut.Add(time.Hour)) || s.Orders[0].Order.Lines[0].Item != 1 {
		t.Fatalf("%+v, %v", s, err)
	}
	if early, err := l.Settle(cut.Add(2 * time.Hour)); err != nil || early.Orders[0].Paid != 200 {
		t.Errorf("before the second line: %+v, %v", early, err)
	}
	if v := add("u", 3, 50, line{Item: 3, Quantity: 1, Price: 100}); v != clean.Conflict {
		t.Errorf("another head: %v", v)
	}
	s, err = l.Settle(time.Time{})
	if err != nil || s.ConflictOrders != 1 || s.Orders[0].Order.User != "u" || s.Orders[0].Paid != 550 {
		t.Errorf("the head that sorts first: %+v, %v", s, err)
	}
	// A discount that the known lines do not cover yet.
	var part clean.Ledger[string, int]
	for hours, price := range []int64{40, 900} {
		o := &order{ID: "B", User: "u", At: cut.Add(time.Duration(hours) * time.Hour), Currency: "EUR", Lines: []line{{Item: 1, Quantity: 1, Price: price}}}
		o.Discount = 40
		if _, err := part.AddLine(o); err != nil {
			t.Fatal(err)
		}
	}
	if s, err := part.Settle(cut.Add(time.Hour)); err != nil || len(s.Orders) != 1 || s.Orders[0].Paid != 0 {
		t.Errorf("%+v, %v", s, err)
	}
	for range 3 { // more than an int64 holds
		if _, err := part.AddLine(&order{ID: "C", User: "u", At: cut, Currency: "EUR", Lines: []line{{Item: 1, Quantity: 1, Price: math.MaxInt64 / 2}}}); err != nil {
			t.Fatal(err)
		}
	}
	if s, err := part.Settle(time.Time{}); err != nil || s.Invalid != 1 || len(s.Orders) != 1 || s.Orders[0].Paid != 900 {
		t.Errorf("%+v, %v", s, err)
	}
	for _, id := range []string{"D", "E", "F"} {
		if _, err := part.AddOrder(&order{ID: id, User: "u", At: cut, Currency: "EUR", Lines: []line{{Item: 1, Quantity: 1, Price: math.MaxInt64 / 2}}}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := part.Settle(time.Time{}); !errors.Is(err, clean.ErrOverflow) {
		t.Errorf("total: %v", err)
	}
	var dollars clean.Ledger[string, int]
	if _, err := dollars.AddLine(&order{ID: "A", User: "v", At: cut, Currency: "USD", Lines: []line{{Item: 1, Quantity: 1}}}); err != nil {
		t.Fatal(err)
	}
	before, _ := l.MarshalBinary()
	for name, other := range map[string]*clean.Ledger[string, int]{"currency": &dollars, "self": &l, "nil": nil} {
		if err := l.Merge(other); !errors.Is(err, clean.ErrMismatch) {
			t.Errorf("merge %s: %v", name, err)
		}
	}
	if after, _ := l.MarshalBinary(); !bytes.Equal(before, after) {
		t.Error("a refused merge changed the ledger")
	}
	if err := new(clean.Ledger[int, int]).UnmarshalBinary(before); !errors.Is(err, clean.ErrMismatch) {
		t.Errorf("string users read as numbers: %v", err)
	}
}

// TestLedgerSpread: a refund without an order takes back the latest purchases first,
// those at its unit price before others, and no piece twice.
func TestLedgerSpread(t *testing.T) {
	var l clean.Ledger[string, int]
	for i, price := range []int64{300, 200, 300, 100} {
		o := &order{ID: string(rune('A' + i)), User: "u", At: cut.Add(time.Duration(i) * time.Hour), Currency: "EUR", Lines: []line{{Item: 7, Quantity: 2, Price: price}}}
		if _, err := l.AddOrder(o); err != nil {
			t.Fatal(err)
		}
	}
	for i, pieces := range []int64{3, 1, 1} {
		r := &refund{ID: fmt.Sprint("r", i), User: "u", Item: 7, Quantity: pieces, Amount: 300 * pieces, At: cut.Add(9 * time.Hour), Currency: "EUR"}
		if _, err := l.AddRefund(r); err != nil {
			t.Fatal(err)
		}
	}
	s, err := l.Settle(time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	// 300 apiece: both of C, both of A, then one of the latest at another price, D.
	got := map[string]int64{}
	for _, o := range s.Orders {
		got[o.Order.ID] = o.Refunded
	}
	if fmt.Sprint(got) != "map[A:600 B:0 C:600 D:200]" || s.Totals[0].Excess != 100 || s.RefundsOver != 1 || s.RefundsUnmatched != 0 {
		t.Errorf("%v, %+v", got, s)
	}
}

// TestLedgerCancel: a cancellation takes what refunds of the same moment left,
// whichever ID sorts first.
func TestLedgerCancel(t *testing.T) {
	for _, ids := range [][2]string{{"a", "b"}, {"b", "a"}} {
		var l clean.Ledger[string, int]
		_, err1 := l.AddOrder(&order{ID: "A", User: "u", At: cut, Currency: "EUR", Lines: []line{{Item: 7, Quantity: 2, Price: 300}}})
		_, err2 := l.AddRefund(&refund{ID: ids[0], OrderID: "A", At: cut.Add(day), Currency: "EUR", Amount: 50})
		_, err3 := l.AddRefund(&refund{ID: ids[1], OrderID: "A", At: cut.Add(day), Currency: "EUR", Amount: 600, Cancel: true})
		if err := errors.Join(err1, err2, err3); err != nil {
			t.Fatal(err)
		}
		s, err := l.Settle(time.Time{})
		if err != nil || !s.Orders[0].Cancelled || s.Orders[0].Net() != 0 || s.Totals[0].Excess != 0 || len(s.Refunds) != 2 || s.Refunds[1].Amount != 550 {
			t.Errorf("%v: %+v, %v", ids, s, err)
		}
	}
}
