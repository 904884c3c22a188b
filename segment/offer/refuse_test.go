package offer_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/segment/offer"
)

func TestRefuses(t *testing.T) {
	nan := math.NaN()
	for name, x := range map[string]anOffer{
		"no id": {ID: "", Off: 1}, "nothing given": {}, "percent of 0": {Percent: 0}, "percent of 101": {Percent: 101}, "negative percent": {Percent: -1}, "percent that is no number": {Percent: nan},
		"two things given": {Off: 1, Percent: 1}, "negative amount": {Off: -1}, "more off than every": {Off: 5, Every: 4}, "every without off": {Percent: 5, Every: 4}, "each of a percentage": {Percent: 5, Each: true},
		"tiers that fall": {Steps: []offer.Step{{From: 10, Off: 5}, {From: 20, Off: 5}}}, "tier above its threshold": {Steps: []offer.Step{{From: 10, Off: 11}}},
		"points once": {Times: 1}, "points that are no number": {Times: nan}, "window reversed": {Off: 1, From: noon, Until: noon.Add(-1)}, "empty window": {Off: 1, From: noon, Until: noon},
		"day 0": {Off: 1, MonthDays: []int{0}}, "day 32": {Off: 1, MonthDays: []int{32}}, "weekday 7": {Off: 1, Weekdays: []time.Weekday{7}}, "no date": {Off: 1, Dates: []time.Time{{}}},
		"hold-out below 0": {Off: 1, HoldOut: -.1}, "hold-out above 1": {Off: 1, HoldOut: 1.1}, "hold-out that is no number": {Off: 1, HoldOut: nan}, "negative uses": {Off: 1, Uses: -1}, "empty code": {Off: 1, Codes: codeTable{"": 1}},
	} {
		if name != "no id" {
			x.ID = "x"
		}
		if b, err := offer.New[string]([]anOffer{x}, offer.Options{Currency: "EUR"}); !errors.Is(err, offer.ErrOption) || b != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := offer.New[string]([]anOffer{{ID: "x", Off: 1}, {ID: "x", Off: 2}}, offer.Options{Currency: "EUR"}); !errors.Is(err, offer.ErrDuplicate) {
		t.Errorf("an id twice: %v", err)
	}
	if _, err := offer.New[string]([]anOffer{{ID: "x", Off: 1, Excludes: []string{"y"}}}, offer.Options{Currency: "EUR"}); !errors.Is(err, offer.ErrUnknownID) {
		t.Errorf("excludes nobody: %v", err)
	}
	b := bookOf(offer.Options{}, anOffer{ID: "x", Off: 1})
	for name, c := range map[string]struct {
		change func(*order)
		want   error
	}{
		"empty basket":     {func(o *order) { o.Lines = nil }, offer.ErrEmpty},
		"another currency": {func(o *order) { o.Currency = "USD" }, offer.ErrMismatch},
		"no currency":      {func(o *order) { o.Currency = "" }, offer.ErrRange},
		"negative price":   {func(o *order) { o.Lines[0].Price = -1 }, offer.ErrRange},
		"no units":         {func(o *order) { o.Lines[0].Quantity = 0 }, offer.ErrRange},
		"negative points":  {func(o *order) { o.Points = -1 }, offer.ErrRange},
		"line beyond":      {func(o *order) { o.Lines[0].Price, o.Lines[0].Quantity = math.MaxInt64/2+1, 2 }, offer.ErrOverflow},
		"sum beyond":       {func(o *order) { o.Lines[0].Price = math.MaxInt64 - 1 }, offer.ErrOverflow},
		"cost beyond":      {func(o *order) { o.Lines[0].Cost, o.Lines[1].Cost = math.MaxInt64, 1 }, offer.ErrOverflow},
	} {
		o := cart(100, 200)
		c.change(o)
		if q, err := b.Price(o, nil); !errors.Is(err, c.want) || q != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What one offer lacks is as little as can be: one unit less saves no more than now.
func TestHintIsLeast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := drawn(t, "x", nil)
		x.Items, x.Budget, x.HoldOut = nil, 0, 0
		o := cart(rapid.Int64Range(0, 120).Draw(t, "price"))
		b := bookOf(offer.Options{Points: offer.PointsOptions{Per: 5}}, x)
		now := promised(b.Price(o, nil)).Discount
		hints := promised(b.Hints(o, nil))
		least := int64(0)
		for more := int64(1); more <= 200 && least == 0; more++ {
			if promised(b.Price(cart(o.Lines[0].Price+more), nil)).Discount > now {
				least = more
			}
		}
		threshold := o.Lines[0].Price < x.MinSpend || x.Every > 0 || len(x.Steps) > 0
		switch {
		case x.Times > 0 || x.Percent > 0 || !threshold || least == 0: // a percentage of little is rounded away
			if len(hints) > 0 && hints[0].Missing <= 200 && least == 0 {
				t.Fatalf("%v, but 200 more save nothing", hints)
			}
		case len(hints) != 1 || hints[0].Missing != least:
			t.Fatalf("%v, but %d more save more", hints, least)
		}
	})
}
