package offer_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment/offer"
)

// An id from before a restart commits nobody else's reservation, and ids fit a float64.
func TestOldReservation(t *testing.T) {
	b := bookOf(offer.Options{}, anOffer{ID: "x", Off: 10})
	old := map[uint64]bool{}
	for i := range 30 { // a till each, as after a restart
		register := promised(offer.NewTill[string, string](b, nil))
		var open []uint64
		for range 3 {
			o := cart(100)
			o.User, o.At = fmt.Sprint("user", i%7), noon.Add(time.Duration(i)*time.Second)
			id := promised(register.Reserve(o)).ID
			if id == 0 || id > 1<<53 {
				t.Fatalf("id %d", id)
			}
			open = append(open, id)
		}
		for id := range old {
			if _, err := register.Commit(id); !errors.Is(err, offer.ErrUnknownID) {
				t.Fatalf("an old id was committed: %v", err)
			}
			if err := register.Release(id); !errors.Is(err, offer.ErrUnknownID) {
				t.Fatalf("an old id was released: %v", err)
			}
		}
		for _, id := range open {
			promised(register.Commit(id))
			old[id] = true
		}
	}
}

// Proposals keep to both budgets by their money alone; points take nothing from them.
func TestProposeBudgets(t *testing.T) {
	points := offer.PointsOptions{Per: 1, Lot: 1, Worth: 1}
	for _, c := range []struct {
		name  string
		opt   offer.Options
		offer anOffer
		want  int
	}{
		{"left in the budget of all", offer.Options{Budget: 50}, anOffer{Off: 50}, 1},
		{"above the budget of all", offer.Options{Budget: 49}, anOffer{Off: 50}, 0},
		{"above the budget of the offer", offer.Options{Budget: 50}, anOffer{Off: 50, Budget: 49}, 0},
		{"points above the budget of the offer", offer.Options{Points: points}, anOffer{Times: 3, Budget: 10}, 1},
		{"points above the budget of all", offer.Options{Points: points, Budget: 10}, anOffer{Times: 3}, 1},
	} {
		c.offer.ID = "x"
		got := promised(bookOf(c.opt, c.offer).Propose(bg, []prospect{{Order: *cart(1_000), Base: .1, With: []float64{.2}}}, nil))
		if len(got.User) != c.want {
			t.Errorf("%s: %+v", c.name, got)
		}
		if q := promised(bookOf(c.opt, c.offer).Price(cart(1_000), nil)); len(q.Applied) != c.want {
			t.Errorf("%s: the price has %d offers", c.name, len(q.Applied))
		}
	}
}

// Texts of errors say the field and the row, and carry no customer's value.
func TestErrorsArePrivate(t *testing.T) {
	b := bookOf(offer.Options{}, anOffer{ID: "x", Off: 1})
	for field, change := range map[string]func(*line){
		"Quantity": func(l *line) { l.Quantity = -987 },
		"Price":    func(l *line) { l.Price = -987 },
		"Cost":     func(l *line) { l.Cost = -987 },
	} {
		o := cart(10, 20)
		change(&o.Lines[1])
		if _, err := b.Price(o, nil); !errors.Is(err, offer.ErrRange) || strings.Contains(err.Error(), "987") || !strings.Contains(err.Error(), field+" of row 1") {
			t.Errorf("%v", err)
		}
	}
	var l ledger
	must(l.Add(redeemed{User: "ann", At: noon, Earned: 9_223_372_036_854_775_807}))
	_, price := b.Price(cart(9_223_372_036_854_775_807, 10), nil)
	for _, err := range []error{price, l.Add(redeemed{User: "ann", At: noon, Earned: 4})} {
		if !errors.Is(err, offer.ErrOverflow) || strings.Contains(err.Error(), "807") {
			t.Errorf("%v", err)
		}
	}
	for field, r := range map[string]offer.Response{"Base": {Base: 9.87}, "With": {With: 9.87}, "Discount": {Discount: -987}, "Contact": {Contact: -987}} {
		if _, err := r.Expect(); !errors.Is(err, offer.ErrRange) || strings.Contains(err.Error(), "87") || !strings.Contains(err.Error(), field) {
			t.Errorf("%v", err)
		}
	}
}

// Who brings no points is priced without a look at the movements of points.
func TestPriceWithoutPoints(t *testing.T) {
	if testkit.Race {
		t.Skip("allocations differ")
	}
	b := bookOf(offer.Options{Points: offer.PointsOptions{Per: 10, Lot: 1, Worth: 1}}, anOffer{ID: "x", Off: 1})
	allocs := func(moves int) float64 {
		var l ledger
		for i := range moves {
			must(l.Add(redeemed{User: "ann", At: noon.Add(-time.Duration(i+1) * time.Hour), Earned: 1}))
		}
		return testing.AllocsPerRun(20, func() { promised(b.Price(cart(1_000), &l)) })
	}
	if few, many := allocs(1), allocs(300); few != many {
		t.Errorf("%v allocations with one movement, %v with 300", few, many)
	}
}
