package offer_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/segment/offer"
)

// Where offers are for all lines, or no two for one, the search looks at sums of lines, and its
// bound is sharper: the combination is still the first of the best, as by trying all.
func TestMergedLines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var offers []anOffer
		var names []string
		apart := rapid.Bool().Draw(t, "apart")
		for i := range rapid.IntRange(1, 9).Draw(t, "offers") {
			x := drawn(t, string(rune('p'+i)), names)
			if x.Items = nil; apart {
				x.Items = [][]string{{"a", "b"}, {"c"}}[i%2]
			}
			x.Each = false
			offers, names = append(offers, x), append(names, x.ID)
		}
		opt := offer.Options{Currency: "EUR", PerOrder: max(rapid.IntRange(-3, 3).Draw(t, "per order"), 0), Budget: max(rapid.Int64Range(-60, 60).Draw(t, "budget of all"), 0), Points: offer.PointsOptions{Per: 5}}
		o := cart()
		for i := range rapid.IntRange(1, 5).Draw(t, "lines") {
			o.Lines = append(o.Lines, line{Item: string(rune('a' + i%3)), Quantity: rapid.Int64Range(1, 3).Draw(t, "quantity"), Price: rapid.Int64Range(0, 60).Draw(t, "price")})
		}
		slices.SortStableFunc(o.Lines, func(a, b line) int {
			return cmp.Or(strings.Compare(a.Item, b.Item), cmp.Compare(a.Price, b.Price), cmp.Compare(a.Quantity, b.Quantity))
		})
		q := promised(bookOf(opt, offers...).Price(o, nil))
		checkQuote(t, q)
		want, points, ids := oracle(offers, opt, o)
		got, gotPoints := "", int64(0)
		for _, k := range q.Applied {
			got += q.Verdicts[k].Offer
			gotPoints += q.Verdicts[k].Points
		}
		if q.Discount != want || got != ids || gotPoints != points || !q.Exact {
			t.Fatalf("%s takes %d off and gives %d points, exact %v; want %s, %d, %d", got, q.Discount, gotPoints, q.Exact, ids, want, points)
		}
		opt.Nodes = -1
		if greedy := promised(bookOf(opt, offers...).Price(o, nil)); greedy.Discount > want || greedy.Bound < want {
			t.Fatalf("greedy %d, bound %d, best %d", greedy.Discount, greedy.Bound, want)
		}
	})
}

// Offers that share a part of their lines are not looked at in sums, also where they are for as
// many: what the first takes off a is missing to the second.
func TestSharedLines(t *testing.T) {
	b := bookOf(offer.Options{}, anOffer{ID: "x", Percent: 50, Items: []string{"a", "b"}, Priority: 1}, anOffer{ID: "y", Steps: []offer.Step{{From: 160, Off: 90}}, Items: []string{"a", "c"}})
	q := promised(b.Price(cart(100, 80, 100), nil))
	checkQuote(t, q)
	if q.Discount != 90 || len(q.Applied) != 1 || !q.Exact { // 50 and 40 by x leave 150 to y
		t.Errorf("%v", q.Verdicts)
	}
	if q := promised(b.Price(cart(120, 20, 100), nil)); q.Discount != 160 { // 70 by x leave 160 to y
		t.Errorf("%v", q.Verdicts)
	}
}

// A hundred offers for all lines, of which not dozens apply at once, need few nodes.
func TestManyOffers(t *testing.T) {
	var offers []anOffer
	for i := range 100 {
		x := anOffer{ID: fmt.Sprintf("%03d", i), Priority: i % 3, Group: []string{"", "platform", "shop"}[i%3]}
		switch i % 4 {
		case 0:
			x.Off, x.MinSpend = int64(100+i), int64(1_000*i)
		case 1:
			x.Percent, x.Most = float64(1+i%20), 5_000
		case 2:
			x.Every, x.Off = 30_000, 4_000
		case 3:
			x.Times = 2
		}
		offers = append(offers, x)
	}
	b := bookOf(offer.Options{Nodes: 1_500, Points: offer.PointsOptions{Per: 100}}, offers...)
	for _, price := range []int64{2_000, 5_000, 10_000, 15_000} {
		q := promised(b.Price(cart(price, price/2, price/3), nil))
		checkQuote(t, q)
		if !q.Exact {
			t.Errorf("orders of %d: %d off, of at most %d", price, q.Discount, q.Bound)
		}
	}
}

// Many lines share what cannot be halved as few do: by the largest remainders, whatever order
// these come in.
func TestLargestRemaindersOfMany(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(25, 200).Draw(t, "lines")
		step, most := rapid.Int64Range(0, 40).Draw(t, "step"), rapid.Int64Range(1, 900).Draw(t, "most")
		prices := make([]int64, n)
		o := cart()
		for i := range prices { // rising, alike or mixed
			prices[i] = (int64(i)*step + 7) % most
			o.Lines = append(o.Lines, line{Item: fmt.Sprintf("%03d", i), Quantity: 1, Price: prices[i]})
		}
		off := rapid.Int64Range(1, 90_000).Draw(t, "off")
		q := promised(bookOf(offer.Options{}, anOffer{ID: "x", Off: off}).Price(o, nil))
		checkQuote(t, q)
		for i, want := range share(q.Discount, prices) {
			if q.Lines[i].Discount != want {
				t.Fatalf("line %d of %v gives %d of %d, want %d", i, prices, q.Lines[i].Discount, q.Discount, want)
			}
		}
	})
}
