package offer_test

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/segment/offer"
)

// reservedOrder is an open reservation of a model of the till.
type reservedOrder struct {
	offer.Reservation
	order *order
}

// model is what a till should be: what was committed, and what is held as if it were.
type model struct {
	log  []redeemed
	open []reservedOrder
}

func (m *model) ledger(held bool) *ledger {
	l := new(ledger)
	for _, r := range m.log {
		must(l.Add(r))
	}
	for _, x := range m.open {
		for _, k := range x.Quote.Applied {
			v := x.Quote.Verdicts[k]
			r := redeemed{User: x.order.User, Offer: v.Offer, At: x.order.At, Discount: v.Discount}
			if v.Offer == "code" {
				r.Code = x.order.Codes[0]
			}
			if held {
				must(l.Add(r))
			}
		}
	}
	return l
}

// given is what an offer has given by the log and did not get back.
func (m *model) given(offer string) (sum int64) {
	for _, r := range m.log {
		if r.Offer == offer && r.Refund {
			sum -= r.Discount
		} else if r.Offer == offer {
			sum += r.Discount
		}
	}
	return sum
}

// shortBook is a book of other limits at every call, also below what was given already.
func shortBook(t *rapid.T) *book {
	draw := func(name string, from, to int64) int64 { return rapid.Int64Range(from, to).Draw(t, name) }
	return bookOf(
		offer.Options{Budget: draw("budget of all", -1, 400), Points: offer.PointsOptions{Per: 10, Lot: 10, Worth: 10}},
		anOffer{ID: "code", Off: 70, Codes: codeTable{"ONE": 1, "THREE": 3}, Priority: 3},
		anOffer{ID: "once", Off: 60, PerCustomer: draw("per customer", 0, 2), Priority: 2, Budget: draw("budget", -1, 200)},
		anOffer{ID: "few", Off: 50, Uses: draw("uses", 0, 4), Priority: 1},
		anOffer{ID: "money", Percent: 7, Budget: draw("budget", -1, 150)},
		anOffer{ID: "double", Times: 2, PerCustomer: 1},
	)
}

// Whatever is reserved, committed, released and refunded, and however budgets change when the
// till starts anew, it gives what the book gives by a ledger of all of it.
func TestTillModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, m := shortBook(t), model{}
		register := promised(offer.NewTill[string, string](b, nil))
		take := func() (x reservedOrder, ok bool) {
			if len(m.open) == 0 {
				return x, false
			}
			k := rapid.IntRange(0, len(m.open)-1).Draw(t, "which")
			x = m.open[k]
			m.open = slices.Delete(m.open, k, k+1)
			return x, true
		}
		for i := range rapid.IntRange(0, 25).Draw(t, "steps") {
			switch rapid.IntRange(0, 7).Draw(t, "what") {
			default:
				o := cart(rapid.Int64Range(0, 600).Draw(t, "price"), rapid.Int64Range(0, 300).Draw(t, "price"))
				o.User, o.At = rapid.SampledFrom([]string{"ann", "bob"}).Draw(t, "user"), noon.Add(time.Duration(i)*time.Hour)
				o.Points = rapid.Int64Range(0, 100).Draw(t, "points")
				o.Codes = rapid.SampledFrom([][]string{nil, {"ONE"}, {"THREE"}}).Draw(t, "codes")
				want, got := promised(b.Price(o, m.ledger(true))), promised(register.Reserve(o))
				checkQuote(t, got.Quote)
				for k, v := range got.Quote.Verdicts { // the model holds no points, on which those of an offer depend
					if w := want.Verdicts[k]; v.Offer != "double" && (v.Applied != w.Applied || v.Discount != w.Discount) {
						t.Fatalf("the till gives %v, the book %v", got.Quote.Verdicts, want.Verdicts)
					}
				}
				m.open = append(m.open, reservedOrder{got, o})
			case 4:
				if x, ok := take(); ok {
					m.log = append(m.log, promised(register.Commit(x.ID))...)
				}
			case 5:
				if x, ok := take(); ok {
					must(register.Release(x.ID))
				}
			case 6:
				r := redeemed{User: "ann", Offer: rapid.SampledFrom([]string{"code", "once", "money", "none"}).Draw(t, "offer"), At: noon, Refund: true}
				r.Discount = rapid.Int64Range(0, 80).Draw(t, "back")
				if fits := r.Discount <= m.given(r.Offer); fits != (register.Add(r) == nil) {
					t.Fatalf("%d back of %d", r.Discount, m.given(r.Offer))
				} else if fits {
					m.log = append(m.log, r)
				}
			case 7:
				b, m.open = shortBook(t), nil
				register = promised(offer.NewTill(b, register.Ledger()))
			}
		}
		if !bytes.Equal(promised(register.Ledger().MarshalBinary()), promised(m.ledger(false).MarshalBinary())) {
			t.Fatal("another ledger")
		}
	})
}

// A budget that was lowered below what had been given gets nothing to spend from a refund
// until less than that is given.
func TestLoweredBudget(t *testing.T) {
	for name, opt := range map[string]offer.Options{"of the offer": {}, "of all": {Budget: 50}} {
		x := anOffer{ID: "x", Off: 10}
		if opt.Budget == 0 {
			x.Budget = 50
		}
		var l ledger
		must(l.Add(redeemed{User: "ann", Offer: "x", At: noon, Discount: 100}))
		register := promised(offer.NewTill(bookOf(opt, x), &l))
		for _, step := range []struct{ back, want int64 }{{0, 0}, {20, 0}, {30, 0}, {9, 0}, {1, 10}} {
			must(register.Add(redeemed{User: "ann", Offer: "x", At: noon, Discount: step.back, Refund: true}))
			if q := promised(register.Price(cart(1_000))); q.Discount != step.want {
				t.Errorf("budget %s: %d given after %d came back, want %d", name, q.Discount, step.back, step.want)
			}
		}
	}
}

// An offer of points is not used up where points pay so much that it gives none, and says so.
func TestPointsForNothing(t *testing.T) {
	b := bookOf(offer.Options{Points: offer.PointsOptions{Per: 10, Lot: 1, Worth: 10}}, anOffer{ID: "off", Off: 50}, anOffer{ID: "double", Times: 2, PerCustomer: 1})
	var l ledger
	must(l.Add(redeemed{User: "ann", At: noon.Add(-1), Earned: 1_000}))
	register := promised(offer.NewTill(b, &l))
	for _, paid := range []int64{95, 94} { // all of it, and all but 10
		o := cart(1_000)
		o.Points = paid
		res := promised(register.Reserve(o))
		checkQuote(t, res.Quote)
		entries := promised(register.Commit(res.ID))
		if got := slices.ContainsFunc(entries, func(r redeemed) bool { return r.Offer == "double" }); got != (paid == 94) || fmt.Sprint(res.Quote.Applied) != map[bool]string{true: "[0 1]", false: "[0]"}[got] {
			t.Errorf("%d points paid: %+v", paid, entries)
		}
		if v := res.Quote.Verdicts[1]; paid == 95 && v.String() != `"double" earns no point more on what is paid in money.` {
			t.Errorf("%s", v)
		}
	}
}

// Points that would expire after the last moment that there is never do: the order can be
// committed.
func TestExpiryBeyondTime(t *testing.T) {
	b := bookOf(offer.Options{Points: offer.PointsOptions{Per: 10, Days: 36_500}})
	o := cart(1_000)
	o.At = time.Date(2262, 1, 1, 0, 0, 0, 0, time.UTC)
	register := promised(offer.NewTill[string, string](b, nil))
	if entries := promised(register.Commit(promised(register.Reserve(o)).ID)); len(entries) != 1 || !entries[0].Expires.IsZero() {
		t.Errorf("%+v", entries)
	}
}

// Points that an open reservation holds are not there for another one, and are again once it is
// released.
func TestPointsHeld(t *testing.T) {
	var l ledger
	must(l.Add(redeemed{User: "ann", At: noon.Add(-1), Earned: 100}))
	register := promised(offer.NewTill(bookOf(offer.Options{Points: offer.PointsOptions{Lot: 1, Worth: 1}}), &l))
	o := cart(1_000)
	o.Points = 70
	var last offer.Reservation
	for i, want := range []int64{70, 30, 0} {
		res := promised(register.Reserve(o))
		if res.Quote.PointsUsed != want {
			t.Errorf("reservation %d holds %d points, want %d", i, res.Quote.PointsUsed, want)
		}
		if i == 1 {
			last = res
		}
	}
	must(register.Release(last.ID))
	if q := promised(register.Price(o)); q.PointsUsed != 30 {
		t.Errorf("%d points, want the 30 released", q.PointsUsed)
	}
}

// The largest orders earn what fits, also by the largest multiples.
func TestLargestPoints(t *testing.T) {
	b := bookOf(offer.Options{Points: offer.PointsOptions{Per: 1}}, anOffer{ID: "x", Times: 1_000})
	for _, price := range []int64{math.MaxInt64, math.MaxInt64 / 999, math.MaxInt64 / 1_001} {
		q := promised(b.Price(cart(price), nil))
		checkQuote(t, q)
		if want := new(big.Int).Mul(big.NewInt(price), big.NewInt(1_000)); want.IsInt64() && q.PointsEarned != want.Int64() || !want.IsInt64() && q.PointsEarned != math.MaxInt64 {
			t.Errorf("%d points of %d", q.PointsEarned, price)
		}
	}
}
