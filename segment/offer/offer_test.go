package offer_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/segment/offer"
)

type (
	book      = offer.Book[string, string]
	order     = offer.Order[string, string]
	line      = offer.Line[string]
	anOffer   = offer.Offer[string]
	prospect  = offer.Prospect[string, string]
	ledger    = offer.Ledger[string]
	till      = offer.Till[string, string]
	redeemed  = offer.Redemption[string]
	codeTable = map[string]int64
)

var (
	bg   = context.Background()
	noon = time.Date(2026, 11, 11, 12, 0, 0, 0, time.UTC) // a Wednesday
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func promised[T any](x T, err error) T {
	must(err)
	return x
}

func bookOf(opt offer.Options, offers ...anOffer) *book {
	if opt.Currency == "" {
		opt.Currency = "EUR"
	}
	return promised(offer.New[string](offers, opt))
}

// cart is an order of lines "item", each one unit at a price.
func cart(prices ...int64) *order {
	o := &order{User: "ann", At: noon, Currency: "EUR"}
	for i, p := range prices {
		o.Lines = append(o.Lines, line{Item: string(rune('a' + i)), Quantity: 1, Price: p})
	}
	return o
}

// Each kind of offer by hand.
func TestKinds(t *testing.T) {
	steps := []offer.Step{{From: 30_000, Off: 4_000}, {From: 60_000, Off: 10_000}}
	for _, c := range []struct {
		name  string
		offer anOffer
		order *order
		want  int64
		parts []int64
	}{
		{"amount off", anOffer{Off: 500}, cart(1_000, 2_000), 500, []int64{167, 333}},
		{"amount off, more than there is", anOffer{Off: 5_000}, cart(1_000, 2_000), 3_000, []int64{1_000, 2_000}},
		{"percent", anOffer{Percent: 10}, cart(1_005), 101, nil}, // 100.5, half up
		{"percent below half", anOffer{Percent: 10}, cart(1_004), 100, nil},
		{"percent with maximum", anOffer{Percent: 20, Most: 300}, cart(1_000, 2_000), 300, []int64{100, 200}},
		{"all of it", anOffer{Percent: 100}, cart(1_000, 1), 1_001, []int64{1_000, 1}},
		{"percent of four decimals", anOffer{Percent: 33.3333}, cart(3_000_000), 999_999, nil},
		{"every 300 minus 40, below", anOffer{Every: 30_000, Off: 4_000}, cart(29_999), 0, nil},
		{"every 300 minus 40, once", anOffer{Every: 30_000, Off: 4_000}, cart(30_000), 4_000, nil},
		{"every 300 minus 40, three times", anOffer{Every: 30_000, Off: 4_000}, cart(50_000, 40_000), 12_000, nil},
		{"every 300 minus 40, twice at most", anOffer{Every: 30_000, Off: 4_000, Most: 8_000}, cart(50_000, 40_000), 8_000, nil},
		{"tiers, below", anOffer{Steps: steps}, cart(29_999), 0, nil},
		{"tiers, first", anOffer{Steps: steps}, cart(59_999), 4_000, nil},
		{"tiers, last", anOffer{Steps: steps}, cart(90_000), 10_000, nil},
		{"each unit", anOffer{Off: 50, Each: true}, &order{User: "a", At: noon, Currency: "eur", Lines: []line{{Item: "a", Quantity: 3, Price: 100}, {Item: "b", Quantity: 2, Price: 20}}}, 190, []int64{150, 40}},
		{"one item", anOffer{Percent: 50, Items: []string{"b"}}, cart(1_000, 2_000), 1_000, []int64{0, 1_000}},
		{"minimum spend not met", anOffer{Off: 100, MinSpend: 3_001}, cart(1_000, 2_000), 0, nil},
		{"minimum spend of its own lines", anOffer{Off: 100, MinSpend: 2_000, Items: []string{"b"}}, cart(1_000, 2_000), 100, []int64{0, 100}},
		{"gift", anOffer{Off: 100}, cart(0, 0), 0, nil},
		{"gift beside goods", anOffer{Off: 100}, cart(0, 500), 100, []int64{0, 100}},
		{"largest amounts", anOffer{Percent: 50}, cart(math.MaxInt64-1, 1), math.MaxInt64/2 + 1, nil},
		{"each unit, beyond int64", anOffer{Off: math.MaxInt64, Each: true}, &order{User: "a", At: noon, Currency: "EUR", Lines: []line{{Item: "a", Quantity: 9, Price: 7}}}, 63, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.offer.ID = "x"
			q, err := bookOf(offer.Options{}, c.offer).Price(c.order, nil)
			if err != nil {
				t.Fatal(err)
			}
			checkQuote(t, q)
			if q.Discount != c.want || !q.Exact || q.Bound != c.want {
				t.Errorf("discount %d, want %d (exact %v, bound %d)", q.Discount, c.want, q.Exact, q.Bound)
			}
			for l, part := range c.parts {
				if q.Lines[l].Discount != part {
					t.Errorf("line %d: %d, want %d", l, q.Lines[l].Discount, part)
				}
			}
		})
	}
}

// checkQuote asks for the laws of money: lines add up to their order, parts to what offers
// give, nothing is below zero, and whatever comes back adds up to what was paid.
func checkQuote(t interface{ Fatalf(string, ...any) }, q *offer.Quote) {
	var sum offer.PricedLine
	for i, l := range q.Lines {
		if l.List-l.Discount-l.Paid != l.Net || min(l.List, l.Discount, l.Paid, l.Net, l.Points, l.Earned) < 0 {
			t.Fatalf("line %d: %+v", i, l)
		}
		sum.List, sum.Discount, sum.Paid, sum.Net = sum.List+l.List, sum.Discount+l.Discount, sum.Paid+l.Paid, sum.Net+l.Net
		sum.Points, sum.Earned = sum.Points+l.Points, sum.Earned+l.Earned
		parts := int64(0)
		for k := range q.Applied {
			parts += q.Parts[k*len(q.Lines)+i]
		}
		if parts != l.Discount {
			t.Fatalf("line %d: parts of %d, discount %d", i, parts, l.Discount)
		}
	}
	if sum != (offer.PricedLine{List: q.List, Discount: q.Discount, Paid: q.Paid, Net: q.Net, Points: q.PointsUsed, Earned: q.PointsEarned}) {
		t.Fatalf("lines add up to %+v, quote %+v", sum, *q)
	}
	for k, at := range q.Applied {
		part := int64(0)
		for l := range q.Lines {
			part += q.Parts[k*len(q.Lines)+l]
		}
		if v := q.Verdicts[at]; !v.Applied || v.Discount != part || v.Discount == 0 && v.Points == 0 {
			t.Fatalf("verdict %+v, parts %d", v, part)
		}
	}
	if q.Discount > q.Bound || q.Exact != (q.Discount == q.Bound) {
		t.Fatalf("discount %d, bound %d, exact %v", q.Discount, q.Bound, q.Exact)
	}
}

// Any part of an order comes back in any steps, and in the end exactly what was paid.
func TestReturn(t *testing.T) {
	b := bookOf(offer.Options{Points: offer.PointsOptions{Per: 7, Lot: 10, Worth: 3}}, anOffer{ID: "x", Off: 777}, anOffer{ID: "y", Percent: 7}, anOffer{ID: "z", Times: 2.5})
	var l ledger
	must(l.Add(redeemed{User: "ann", At: noon.Add(-time.Hour), Earned: 1_000}))
	rapid.Check(t, func(t *rapid.T) {
		o := cart()
		for range rapid.IntRange(1, 5).Draw(t, "lines") {
			o.Lines = append(o.Lines, line{Item: "i", Quantity: rapid.Int64Range(1, 7).Draw(t, "quantity"), Price: rapid.Int64Range(0, 900).Draw(t, "price")})
		}
		o.Points = rapid.Int64Range(0, 1_200).Draw(t, "points")
		q := promised(b.Price(o, &l))
		checkQuote(t, q)
		var all offer.Return
		for i := range q.Lines {
			for done := int64(0); done < q.Lines[i].Quantity; {
				n := rapid.Int64Range(0, q.Lines[i].Quantity-done).Draw(t, "units")
				r, err := q.Return(i, done, n)
				if err != nil || min(r.Money, r.Points, r.Earned, r.Discount) < 0 {
					t.Fatal(r, err)
				}
				all.Money, all.Points, all.Earned, all.Discount = all.Money+r.Money, all.Points+r.Points, all.Earned+r.Earned, all.Discount+r.Discount
				done += n
			}
			if _, err := q.Return(i, q.Lines[i].Quantity, 1); !errors.Is(err, offer.ErrRange) {
				t.Fatal("one unit more than there is came back")
			}
		}
		if all.Money != q.Net || all.Points != q.PointsUsed || all.Earned != q.PointsEarned || all.Discount != q.Discount {
			t.Fatalf("%+v came back of %+v", all, q)
		}
	})
}

// share is the method of largest remainders by big numbers and repeated search.
func share(total int64, weights []int64) []int64 {
	sum := new(big.Int)
	for _, w := range weights {
		sum.Add(sum, big.NewInt(w))
	}
	out, rest := make([]int64, len(weights)), make([]*big.Int, len(weights))
	if sum.Sign() == 0 {
		return out
	}
	left := total
	for i, w := range weights {
		q, r := new(big.Int).QuoRem(new(big.Int).Mul(big.NewInt(total), big.NewInt(w)), sum, new(big.Int))
		out[i], rest[i] = q.Int64(), r
		left -= out[i]
	}
	for ; left > 0; left-- {
		best := -1
		for i, r := range rest {
			if r != nil && (best < 0 || r.Cmp(rest[best]) > 0) {
				best = i
			}
		}
		out[best]++
		rest[best] = nil
	}
	return out
}

func TestLargestRemainder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		big := rapid.SampledFrom([]int64{5, 1_000, 1 << 40, math.MaxInt64 / 8}).Draw(t, "largest")
		prices := rapid.SliceOfN(rapid.Int64Range(0, big), 1, 8).Draw(t, "prices")
		off := rapid.Int64Range(1, big).Draw(t, "off")
		q := promised(bookOf(offer.Options{}, anOffer{ID: "x", Off: off}).Price(cart(prices...), nil))
		checkQuote(t, q)
		for i, want := range share(q.Discount, prices) {
			if q.Lines[i].Discount != want {
				t.Fatalf("line %d of %v gives %d of %d, want %d", i, prices, q.Lines[i].Discount, q.Discount, want)
			}
		}
	})
}

// oracle is the best combination by trying all of them, in order of application, with its own
// arithmetic; it knows no bound and no layers.
func oracle(offers []anOffer, opt offer.Options, o *order) (discount, points int64, ids string) {
	sorted := slices.Clone(offers)
	slices.SortFunc(sorted, func(a, b anOffer) int {
		switch {
		case (a.Times > 0) != (b.Times > 0):
			if a.Times > 0 {
				return 1
			}
			return -1
		case a.Priority != b.Priority:
			return b.Priority - a.Priority
		}
		return strings.Compare(a.ID, b.ID)
	})
	n := len(sorted)
	discount = -1
	for mask := range 1 << n {
		take := bits.Reverse64(uint64(1<<n-1-mask)) >> (64 - n) // the earliest offers first
		if n == 0 {
			take = 0
		}
		d, p, ok := tried(sorted, take, opt, o)
		if ok && (d > discount || d == discount && p > points) {
			discount, points, ids = d, p, ""
			for i := range sorted {
				if take>>i&1 == 1 {
					ids += sorted[i].ID
				}
			}
		}
	}
	return discount, points, ids
}

// tried applies the offers in take, and refuses combinations against the rules or with an
// offer that gives nothing.
func tried(offers []anOffer, take uint64, opt offer.Options, o *order) (discount, points int64, ok bool) {
	if opt.PerOrder > 0 && bits.OnesCount64(take) > opt.PerOrder {
		return 0, 0, false
	}
	rest := make([]int64, len(o.Lines))
	for i, l := range o.Lines {
		rest[i] = l.Price * l.Quantity
	}
	for i, x := range offers {
		if take>>i&1 == 0 {
			continue
		}
		for j, y := range offers {
			if j != i && take>>j&1 == 1 && (x.Alone || x.Group != "" && x.Group == y.Group || slices.Contains(x.Excludes, y.ID)) {
				return 0, 0, false
			}
		}
		base, each := int64(0), make([]int64, len(rest))
		weights := make([]int64, len(rest))
		for l := range rest {
			if len(x.Items) == 0 || slices.Contains(x.Items, o.Lines[l].Item) {
				base += rest[l]
				weights[l] = rest[l]
				each[l] = min(x.Off*o.Lines[l].Quantity, rest[l])
			}
		}
		d := int64(0)
		switch {
		case base < x.MinSpend:
		case x.Times > 0:
			p := new(big.Rat).Mul(big.NewRat(base, opt.Points.Per), new(big.Rat).Sub(new(big.Rat).SetFloat64(x.Times), big.NewRat(1, 1)))
			whole := new(big.Int).Quo(p.Num(), p.Denom()).Int64()
			if whole == 0 {
				return 0, 0, false
			}
			points += whole
			continue
		case x.Every > 0:
			d = base / x.Every * x.Off
		case x.Each:
			weights = each
			for _, e := range each {
				d += e
			}
		case x.Off > 0:
			d = min(x.Off, base)
		case x.Percent > 0:
			d = (base*int64(x.Percent) + 50) / 100
		default:
			for _, s := range x.Steps {
				if base >= s.From {
					d = s.Off
				}
			}
		}
		if x.Most > 0 {
			d = min(d, x.Most)
		}
		if d == 0 || x.Budget > 0 && d > x.Budget || opt.Budget > 0 && discount+d > opt.Budget {
			return 0, 0, false
		}
		discount += d
		for l, part := range share(d, weights) {
			rest[l] -= part
		}
	}
	return discount, points, true
}

// drawn draws an offer; whole percentages and halves so that the oracle is exact.
func drawn(t *rapid.T, id string, others []string) anOffer {
	x := anOffer{ID: id, Priority: rapid.IntRange(0, 2).Draw(t, "priority")}
	switch rapid.IntRange(0, 5).Draw(t, "kind") {
	case 0:
		x.Off = rapid.Int64Range(1, 60).Draw(t, "off")
	case 1:
		x.Percent = float64(rapid.IntRange(1, 100).Draw(t, "percent"))
	case 2:
		x.Off = rapid.Int64Range(1, 20).Draw(t, "off")
		x.Every = x.Off + rapid.Int64Range(0, 60).Draw(t, "every")
	case 3:
		x.Off, x.Each = rapid.Int64Range(1, 20).Draw(t, "off"), true
	case 4:
		x.Steps = []offer.Step{{From: 30, Off: rapid.Int64Range(1, 10).Draw(t, "off")}, {From: rapid.Int64Range(40, 90).Draw(t, "from"), Off: rapid.Int64Range(11, 40).Draw(t, "off")}}
	case 5:
		x.Times = 1 + float64(rapid.IntRange(1, 6).Draw(t, "halves"))/2
	}
	if x.Times == 0 && rapid.IntRange(0, 3).Draw(t, "has most") == 0 {
		x.Most = rapid.Int64Range(1, 30).Draw(t, "most")
	}
	if rapid.IntRange(0, 2).Draw(t, "has minimum") == 0 {
		x.MinSpend = rapid.Int64Range(1, 90).Draw(t, "minimum")
	}
	x.Items = rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c"}), 0, 2, func(s string) string { return s }).Draw(t, "items")
	if rapid.IntRange(0, 3).Draw(t, "has budget") == 0 {
		x.Budget = rapid.Int64Range(1, 40).Draw(t, "budget")
	}
	x.Alone = rapid.IntRange(0, 7).Draw(t, "alone") == 0
	x.Group = rapid.SampledFrom([]string{"", "", "g", "h"}).Draw(t, "group")
	if len(others) > 0 && rapid.IntRange(0, 3).Draw(t, "excludes") == 0 {
		x.Excludes = []string{rapid.SampledFrom(others).Draw(t, "excluded")}
	}
	return x
}

// The best combination is that of trying all, to the offer.
func TestBestCombination(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var offers []anOffer
		var names []string
		for i := range rapid.IntRange(0, 7).Draw(t, "offers") {
			id := string(rune('p' + i))
			offers = append(offers, drawn(t, id, names))
			names = append(names, id)
		}
		opt := offer.Options{Currency: "EUR", PerOrder: rapid.IntRange(0, 3).Draw(t, "per order"), Points: offer.PointsOptions{Per: 5}}
		if rapid.IntRange(0, 2).Draw(t, "has budget") == 0 {
			opt.Budget = rapid.Int64Range(1, 60).Draw(t, "budget of all")
		}
		o := cart()
		for i := range rapid.IntRange(1, 4).Draw(t, "lines") {
			o.Lines = append(o.Lines, line{Item: string(rune('a' + i%3)), Quantity: rapid.Int64Range(1, 3).Draw(t, "quantity"), Price: rapid.Int64Range(0, 50).Draw(t, "price")})
		}
		q := promised(bookOf(opt, offers...).Price(o, nil))
		checkQuote(t, q)
		sorted := *o // units that cannot be halved go by item, price and quantity
		sorted.Lines = slices.Clone(o.Lines)
		slices.SortStableFunc(sorted.Lines, func(a, b line) int {
			return cmp.Or(strings.Compare(a.Item, b.Item), cmp.Compare(a.Price, b.Price), cmp.Compare(a.Quantity, b.Quantity))
		})
		want, points, ids := oracle(offers, opt, &sorted)
		got, gotPoints := "", int64(0)
		for _, k := range q.Applied {
			got += q.Verdicts[k].Offer
			gotPoints += q.Verdicts[k].Points
		}
		if q.Discount != want || got != ids || gotPoints != points || !q.Exact {
			t.Fatalf("%s takes %d off and gives %d points, exact %v; want %s, %d, %d", got, q.Discount, gotPoints, q.Exact, ids, want, points)
		}
		// Without a search the first come are taken, and the bound says what is missed at most.
		opt.Nodes = -1
		greedy := promised(bookOf(opt, offers...).Price(o, nil))
		checkQuote(t, greedy)
		if greedy.Discount > want || greedy.Bound < want {
			t.Fatalf("greedy %d, bound %d, best %d", greedy.Discount, greedy.Bound, want)
		}
		// Lines in another order cost the same, and so do offers given in another order.
		slices.Reverse(o.Lines)
		slices.Reverse(offers)
		opt.Nodes = 0
		again := promised(bookOf(opt, offers...).Price(o, nil))
		if again.Discount != want || !reflect.DeepEqual(again.Applied, q.Applied) {
			t.Fatalf("permuted: %d, want %d", again.Discount, want)
		}
	})
}

// A search without end is cut, says so, and stays below its bound; the same at every call.
func TestCutSearch(t *testing.T) {
	var offers []anOffer
	for i := range 40 {
		offers = append(offers, anOffer{ID: fmt.Sprintf("%02d", i), Percent: 3 + float64(i%7), MinSpend: int64(2_000 + 97*i), Priority: i % 5})
	}
	o := cart(3_100, 1_700, 900, 555)
	b := bookOf(offer.Options{}, offers...)
	q := promised(b.Price(o, nil))
	checkQuote(t, q)
	if q.Exact || q.Bound <= q.Discount {
		t.Errorf("exact %v, bound %d, discount %d", q.Exact, q.Bound, q.Discount)
	}
	if again := promised(b.Price(o, nil)); !reflect.DeepEqual(q, again) {
		t.Error("another answer")
	}
	if less := promised(bookOf(offer.Options{Nodes: -1}, offers...).Price(o, nil)); less.Discount > q.Discount {
		t.Errorf("searching lost: %d, %d without", q.Discount, less.Discount)
	}
}

// 10⁵ lines add up, in bounded work.
func TestManyLines(t *testing.T) {
	var offers []anOffer
	for i := range 6 {
		offers = append(offers, anOffer{ID: string(rune('a' + i)), Percent: 5 + float64(i), MinSpend: int64(1000 * i)})
	}
	o := cart()
	for i := range 100_000 {
		o.Lines = append(o.Lines, line{Item: "x", Quantity: 1 + int64(i%3), Price: int64(i % 977)})
	}
	checkQuote(t, promised(bookOf(offer.Options{}, offers...).Price(o, nil)))
}

// Every rule closes an offer where it should, says which it was, and nowhere else.
func TestEligibility(t *testing.T) {
	shanghai := time.FixedZone("shop", 8*3600)
	for _, c := range []struct {
		name   string
		offer  anOffer
		change func(*order)
		field  string // "" applies
		words  string
	}{
		{"open", anOffer{}, nil, "", `"x" takes 1.00 EUR off.`},
		{"not yet", anOffer{From: noon.Add(1)}, nil, "From", "not valid yet"},
		{"from on", anOffer{From: noon}, nil, "", ""},
		{"over", anOffer{Until: noon}, nil, "Until", "any more"},
		{"before until", anOffer{Until: noon.Add(1)}, nil, "", ""},
		{"weekday", anOffer{Weekdays: []time.Weekday{time.Wednesday}}, nil, "", ""},
		{"other weekday", anOffer{Weekdays: []time.Weekday{time.Tuesday}}, nil, "Weekdays", "day of the week"},
		{"weekday of the shop's clock", anOffer{Weekdays: []time.Weekday{time.Thursday}}, func(o *order) { o.At = noon.Add(4 * time.Hour) }, "", ""},
		{"day of month", anOffer{MonthDays: []int{11}}, nil, "", ""},
		{"other day of month", anOffer{MonthDays: []int{-1, 18}}, nil, "MonthDays", ""},
		{"last of February", anOffer{MonthDays: []int{-1}}, func(o *order) { o.At = time.Date(2028, 2, 29, 3, 0, 0, 0, shanghai) }, "", ""},
		{"not the last of February", anOffer{MonthDays: []int{-1}}, func(o *order) { o.At = time.Date(2028, 2, 28, 3, 0, 0, 0, shanghai) }, "MonthDays", ""},
		{"date", anOffer{Dates: []time.Time{time.Date(2026, 11, 11, 23, 0, 0, 0, time.FixedZone("far", -11*3600))}}, nil, "", ""},
		{"other date", anOffer{Dates: []time.Time{time.Date(2026, 11, 12, 0, 0, 0, 0, time.UTC)}}, nil, "Dates", "not valid on this day."},
		{"channel", anOffer{Channels: []string{"app", "web"}}, func(o *order) { o.Channel = "web" }, "", ""},
		{"other channel", anOffer{Channels: []string{"app"}}, func(o *order) { o.Channel = "web" }, "Channels", "channel"},
		{"first", anOffer{First: true}, func(o *order) { o.First = true }, "", ""},
		{"not first", anOffer{First: true}, nil, "First", "first order"},
		{"segment", anOffer{Segments: []string{"vip", "new"}}, func(o *order) { o.Segments = []string{"north", "new"} }, "", ""},
		{"no segment", anOffer{Segments: []string{"vip"}}, nil, "Segments", "segments"},
		{"tier", anOffer{Tiers: []string{"gold"}}, func(o *order) { o.Tier = "gold" }, "", ""},
		{"other tier", anOffer{Tiers: []string{"gold"}}, func(o *order) { o.Tier = "silver" }, "Tiers", "tier"},
		{"category", anOffer{Categories: []string{"tea"}}, func(o *order) { o.Lines[0].Categories = []string{"food", "tea"} }, "", ""},
		{"brand", anOffer{Brands: []string{"acme"}}, func(o *order) { o.Lines[0].Brand = "acme" }, "", ""},
		{"no item", anOffer{Items: []string{"z"}}, nil, "Items", "nothing in this order"},
		{"minimum", anOffer{MinSpend: 3_300}, nil, "MinSpend", `"x" needs 23.00 EUR more.`},
		{"code", anOffer{Codes: codeTable{"ONE": 1}}, func(o *order) { o.Codes = []string{"no", "ONE"} }, "", ""},
		{"no code", anOffer{Codes: codeTable{"ONE": 1}}, nil, "Codes", "needs a code"},
		{"code used", anOffer{Codes: codeTable{"USED": 1}}, func(o *order) { o.Codes = []string{"USED"} }, "Codes", ""},
		{"code used, may be again", anOffer{Codes: codeTable{"USED": 2}}, func(o *order) { o.Codes = []string{"USED"} }, "", ""},
		{"code without limit", anOffer{Codes: codeTable{"USED": -1}}, func(o *order) { o.Codes = []string{"USED"} }, "", ""},
		{"customer had it", anOffer{PerCustomer: 1}, nil, "PerCustomer", "as often"},
		{"another customer", anOffer{PerCustomer: 1}, func(o *order) { o.User = "bob" }, "", ""},
		{"all used", anOffer{Uses: 1}, nil, "Uses", ""},
		{"one left", anOffer{Uses: 2}, nil, "", ""},
		{"no budget", anOffer{Budget: -1}, nil, "Budget", "budget"},
		{"budget used", anOffer{Budget: 700}, nil, "Budget", ""},
		{"budget for less than it takes", anOffer{Budget: 799}, nil, "Budget", ""},
		{"budget just enough", anOffer{Budget: 800}, nil, "", ""},
		{"held out", anOffer{HoldOut: 1}, nil, "HoldOut", "measured"},
		{"held out, but not open to the customer either", anOffer{HoldOut: 1, First: true}, nil, "First", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var l ledger
			must(l.Add(redeemed{User: "ann", Offer: "x", Code: "USED", At: noon, Discount: 700}))
			c.offer.ID, c.offer.Off = "x", 100
			b := bookOf(offer.Options{Zone: shanghai}, c.offer)
			o := cart(1_000)
			if c.change != nil {
				c.change(o)
			}
			q := promised(b.Price(o, &l))
			v := q.Verdicts[0]
			if v.Field != c.field || v.Applied != (c.field == "") || q.Discount != map[bool]int64{true: 100}[v.Applied] {
				t.Errorf("%+v", v)
			}
			if !strings.Contains(v.String(), c.words) || !strings.HasSuffix(v.String(), ".") {
				t.Errorf("%q", v.String())
			}
		})
	}
}

// Why one of two offers does not apply.
func TestVerdicts(t *testing.T) {
	for _, c := range []struct {
		name string
		opt  offer.Options
		a, b anOffer // b loses
		want string
	}{
		{"group", offer.Options{}, anOffer{Off: 200, Group: "g"}, anOffer{Off: 100, Group: "g"}, `"b" does not go with "a", which is taken.`},
		{"alone", offer.Options{}, anOffer{Off: 200, Alone: true}, anOffer{Off: 100}, `"b" does not go with "a", which is taken.`},
		{"excludes", offer.Options{}, anOffer{Off: 200}, anOffer{Off: 100, Excludes: []string{"a"}}, `"b" does not go with "a", which is taken.`},
		{"campaign", offer.Options{}, anOffer{Off: 200, Campaign: "spring"}, anOffer{Off: 100, Excludes: []string{"spring"}}, `"b" does not go with "a", which is taken.`},
		{"one an order", offer.Options{PerOrder: 1}, anOffer{Off: 200}, anOffer{Off: 100}, `"b" would be one offer too many for an order.`},
		{"budget of all", offer.Options{Budget: 250}, anOffer{Off: 200}, anOffer{Off: 100}, `"b" has not enough of its budget left.`},
		{"nothing left", offer.Options{}, anOffer{Off: 9_000}, anOffer{Off: 100}, `"b" has nothing in this order to take anything off.`},
		{"below a tier after another", offer.Options{}, anOffer{Off: 200}, anOffer{Steps: []offer.Step{{From: 900, Off: 100}}}, `"b" needs 1.00 EUR more.`},
		{"below every", offer.Options{}, anOffer{Off: 200}, anOffer{Off: 7, Every: 2_000}, `"b" needs 12.00 EUR more.`},
		{"better without", offer.Options{}, anOffer{Percent: 90, MinSpend: 950}, anOffer{Off: 100, Priority: 1}, `"b" is left out: the offers taken are better without it.`},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.a.ID, c.b.ID = "a", "b"
			q := promised(bookOf(c.opt, c.a, c.b).Price(cart(1_000), nil))
			checkQuote(t, q)
			for _, v := range q.Verdicts {
				if v.Offer == "b" && v.String() != c.want || v.Offer == "a" && !v.Applied {
					t.Errorf("%s", v)
				}
			}
		})
	}
}

// A hint keeps what it promises: with so much more in the cart the order saves so much more.
func TestHints(t *testing.T) {
	b := bookOf(offer.Options{}, anOffer{ID: "full", Every: 30_000, Off: 4_000})
	hints := promised(b.Hints(cart(27_700), nil))
	if len(hints) != 1 || hints[0].String() != "23.00 EUR more to save 40.00 EUR" {
		t.Errorf("%v", hints)
	}
	rapid.Check(t, func(t *rapid.T) {
		var offers []anOffer
		for i := range rapid.IntRange(1, 5).Draw(t, "offers") {
			offers = append(offers, drawn(t, string(rune('p'+i)), nil))
		}
		o := cart(rapid.SliceOfN(rapid.Int64Range(0, 60), 1, 3).Draw(t, "prices")...)
		b := bookOf(offer.Options{Points: offer.PointsOptions{Per: 5}}, offers...)
		now := promised(b.Price(o, nil))
		for _, h := range promised(b.Hints(o, nil)) {
			of := offers[slices.IndexFunc(offers, func(x anOffer) bool { return x.ID == h.Offer })]
			at := slices.IndexFunc(o.Lines, func(l line) bool { return len(of.Items) == 0 || slices.Contains(of.Items, l.Item) })
			more := cart()
			more.Lines = slices.Clone(o.Lines)
			more.Lines[at].Price += h.Missing
			if then := promised(b.Price(more, nil)); then.Discount-now.Discount != h.Gain || h.Missing <= 0 || h.Gain <= 0 {
				t.Fatalf("%s by %s: saved %d before, %d then", h, h.Offer, now.Discount, then.Discount)
			}
		}
	})
}

// The hold-out is a share of customers, the same whoever asks and when, one for a campaign.
func TestHoldOut(t *testing.T) {
	b := bookOf(offer.Options{Seed: 3}, anOffer{ID: "x", Off: 1, HoldOut: .3, Campaign: "c"}, anOffer{ID: "y", Off: 1, HoldOut: .3, Campaign: "c"}, anOffer{ID: "z", Off: 1, HoldOut: .3},
		anOffer{ID: "more", Off: 1, HoldOut: .6, Campaign: "c"}, anOffer{ID: "nobody", Off: 1}, anOffer{ID: "all", Off: 1, HoldOut: 1})
	n, both := 0, 0
	for i := range 20_000 {
		user := fmt.Sprint("u", i)
		out := map[string]bool{}
		for _, id := range []string{"x", "y", "z", "more", "nobody", "all"} {
			out[id] = promised(b.HeldOut(user, id))
		}
		if out["x"] != out["y"] || out["x"] && !out["more"] || out["nobody"] || !out["all"] {
			t.Fatalf("%s: %v", user, out)
		}
		if out["x"] {
			n++
			if out["z"] {
				both++
			}
		}
	}
	if math.Abs(float64(n)/20_000-.3) > .015 || math.Abs(float64(both)/float64(n)-.3) > .03 {
		t.Errorf("%d held out, %d of them of another offer too", n, both)
	}
	o := cart(100)
	for i := range 200 {
		o.User = fmt.Sprint("u", i)
		q := promised(b.Price(o, nil))
		for _, v := range q.Verdicts {
			if v.Applied == promised(b.HeldOut(o.User, v.Offer)) {
				t.Fatalf("%s: %s", o.User, v)
			}
		}
	}
	if _, err := b.HeldOut("u", "none"); !errors.Is(err, offer.ErrUnknownID) {
		t.Error(err)
	}
}

// Points are earned on what is paid in money, with multiples added up, pay in whole lots, and
// are shared out.
func TestPoints(t *testing.T) {
	opt := offer.Options{Zone: time.FixedZone("shop", 8*3600), Points: offer.PointsOptions{Per: 100, Lot: 100, Worth: 150, MaxShare: 50, Days: 30}}
	b := bookOf(opt, anOffer{ID: "double", Times: 2}, anOffer{ID: "a", Times: 3.5, Items: []string{"a"}})
	var l ledger
	must(l.Add(redeemed{User: "ann", At: noon, Earned: 1_000}))
	o := cart(6_000, 3_950)
	o.Points = 9_999
	q := promised(b.Price(o, &l))
	checkQuote(t, q)
	// 1,000 points would pay 15.00, half of 99.50 is more.
	if q.PointsUsed != 1_000 || q.Paid != 1_500 || q.Net != 8_450 {
		t.Errorf("%+v", q)
	}
	// 84 usual ones, as many more, and 2.5 times those of the 50.95 paid for a.
	if a := q.Lines[0].Net; q.PointsEarned != 84+84+a*25/1_000 {
		t.Errorf("%d points earned, of %d", q.PointsEarned, a)
	}
	if want := time.Date(2026, 12, 12, 0, 0, 0, 0, opt.Zone); !q.Expires.Equal(want) {
		t.Errorf("expire at %v, want %v", q.Expires, want)
	}
	o.Points = 99
	if q := promised(b.Price(o, &l)); q.PointsUsed != 0 {
		t.Errorf("%d points of less than a lot", q.PointsUsed)
	}
	small := cart(310)
	small.Points = 1_000
	if q := promised(b.Price(small, &l)); q.PointsUsed != 100 || q.Paid != 150 { // half of 3.10
		t.Errorf("%d points paid %d", q.PointsUsed, q.Paid)
	}
	if q := promised(b.Price(o, nil)); q.PointsUsed != 0 {
		t.Error("points that nobody knows of")
	}
}

// Expected cost and gain, by hand and against a simulation of two arms in whole numbers.
func TestExpect(t *testing.T) {
	e, err := offer.Response{Base: .1, With: .2, Margin: 4_000, Discount: 1_000, Contact: 50}.Expect()
	if err != nil || math.Abs(e.Cost-250) > 1e-9 || math.Abs(e.Gain-150) > 1e-9 || math.Abs(e.BreakEven-.15) > 1e-12 {
		t.Errorf("%+v, %v", e, err)
	}
	if e, _ = (offer.Response{Base: .5, With: .5, Margin: 100, Discount: 200}).Expect(); !math.IsNaN(e.BreakEven) || e.Gain >= 0 {
		t.Errorf("%+v", e)
	}
	rapid.Check(t, func(t *rapid.T) {
		// Of 100 alike customers so many buy in either arm.
		base, with := rapid.IntRange(0, 100).Draw(t, "base"), rapid.IntRange(0, 100).Draw(t, "with")
		r := offer.Response{
			Base: float64(base) / 100, With: float64(with) / 100, Margin: rapid.Int64Range(-500, 5_000).Draw(t, "margin"),
			Discount: rapid.Int64Range(0, 6_000).Draw(t, "discount"), Contact: rapid.Int64Range(0, 90).Draw(t, "contact"),
		}
		gain := int64(with)*(r.Margin-r.Discount) - int64(base)*r.Margin - 100*r.Contact
		e := promised(r.Expect())
		if math.Abs(100*e.Gain-float64(gain)) > 1e-6*(1+math.Abs(float64(gain))) || math.Abs(100*e.Cost-float64(int64(with)*r.Discount+100*r.Contact)) > 1e-6*(1+100*e.Cost) {
			t.Fatalf("%+v of %+v", e, r)
		}
		if r.Margin > r.Discount && !math.IsNaN(e.BreakEven) && e.BreakEven > 0 {
			r.With = e.BreakEven
			if again := promised(r.Expect()); math.Abs(again.Gain) > 1e-6 {
				t.Fatalf("gain %v at the break-even of %+v", again.Gain, r)
			}
		}
	})
}

// Candidates are what pricing with each offer alone says, for those who may have it.
func TestPropose(t *testing.T) {
	b := bookOf(
		offer.Options{Points: offer.PointsOptions{Per: 100, Lot: 100, Worth: 100}},
		anOffer{ID: "coupon", Off: 500, Codes: codeTable{"secret": 1}, Contact: 20}, anOffer{ID: "gold", Percent: 20, Tiers: []string{"gold"}},
		anOffer{ID: "points", Times: 3}, anOffer{ID: "lot", Off: 400, HoldOut: .5}, anOffer{ID: "spent", Off: 300, Budget: 200},
	)
	var ps []prospect
	for i := range 1_000 {
		o := cart(2_000 + int64(i))
		o.User, o.Lines[0].Cost = fmt.Sprint(i), 900
		if i%2 == 0 {
			o.Tier = "gold"
		}
		with := []float64{.3, .4, math.NaN(), .2, .9}
		if i%3 == 0 {
			with[2] = .25
		}
		ps = append(ps, prospect{Order: *o, Base: .1, With: with})
	}
	c := promised(b.Propose(bg, ps, nil))
	row := 0
	for i, p := range ps {
		for k := range 5 {
			margin, amount := p.Order.Lines[0].Price-900, p.Order.Lines[0].Price
			cost := []int64{520, (amount*20 + 50) / 100, (amount*2/100 + 99) / 100 * 100, 400, 300}[k]
			contact := []int64{20, 0, 0, 0, 0}[k]
			if k == 1 && i%2 == 1 || k == 2 && i%3 > 0 || k == 3 && promised(b.HeldOut(p.Order.User, "lot")) || k == 4 {
				continue
			}
			want := p.With[k]*float64(margin-cost+contact) - .1*float64(margin) - float64(contact)
			if row >= len(c.User) || int(c.User[row]) != i || int(c.Offer[row]) != k || c.Cost[row] != cost || math.Abs(c.Value[row]-want) > 1e-6 {
				t.Fatalf("row %d: want user %d, offer %d, cost %d, value %v; %d %d %d %v", row, i, k, cost, want, c.User[row], c.Offer[row], c.Cost[row], c.Value[row])
			}
			row++
		}
	}
	if row != len(c.User) || row < 2_000 {
		t.Errorf("%d rows, want %d", len(c.User), row)
	}
}

// What is kept goes together, priority first, and nothing that could stay is dropped.
func TestSettle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var offers []anOffer
		var names []string
		for i := range rapid.IntRange(1, 6).Draw(t, "offers") {
			offers = append(offers, drawn(t, string(rune('p'+i)), names))
			names = append(names, offers[i].ID)
		}
		b := bookOf(offer.Options{Points: offer.PointsOptions{Per: 5}}, offers...)
		var c offer.Candidates
		var rows []int
		for i := range rapid.IntRange(0, 20).Draw(t, "rows") {
			c.User, c.Offer = append(c.User, int32(rapid.IntRange(0, 2).Draw(t, "user"))), append(c.Offer, int32(rapid.IntRange(0, len(offers)-1).Draw(t, "offer")))
			c.Value = append(c.Value, float64(rapid.IntRange(0, 3).Draw(t, "value")))
			rows = append(rows, i)
		}
		rows = rapid.Permutation(rows).Draw(t, "order")
		kept := promised(b.Settle(&c, rows))
		apart := func(i, j int) bool {
			x, y := offers[c.Offer[i]], offers[c.Offer[j]]
			return c.User[i] == c.User[j] && (c.Offer[i] == c.Offer[j] || x.Alone || y.Alone || x.Group != "" && x.Group == y.Group ||
				slices.Contains(x.Excludes, y.ID) || slices.Contains(y.Excludes, x.ID))
		}
		first := func(i, j int) bool {
			x, y := offers[c.Offer[i]], offers[c.Offer[j]]
			return x.Priority > y.Priority || x.Priority == y.Priority && c.Value[i] >= c.Value[j]
		}
		for i := range c.User {
			if slices.Contains(kept, i) {
				if slices.ContainsFunc(kept, func(j int) bool { return i != j && apart(i, j) }) {
					t.Fatalf("row %d stays beside one it does not go with: %v", i, kept)
				}
			} else if !slices.ContainsFunc(kept, func(j int) bool { return apart(i, j) && first(j, i) }) {
				t.Fatalf("row %d was dropped for nothing: %v", i, kept)
			}
		}
	})
}
