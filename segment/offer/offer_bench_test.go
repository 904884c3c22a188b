package offer_test

import (
	"fmt"
	"testing"

	"github.com/aislekit/aisle/segment/offer"
)

func BenchmarkPrice(b *testing.B) {
	for _, c := range []struct{ offers, lines int }{{10, 5}, {100, 5}, {10, 1_000}, {10, 100_000}} {
		b.Run(fmt.Sprintf("offers=%d/lines=%d", c.offers, c.lines), func(b *testing.B) {
			var offers []anOffer
			for i := range c.offers {
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
			book := bookOf(offer.Options{Points: offer.PointsOptions{Per: 100}}, offers...)
			o := cart()
			for i := range c.lines {
				o.Lines = append(o.Lines, line{Item: fmt.Sprint(i), Quantity: 1 + int64(i%3), Price: 500 + int64(i%977)})
			}
			b.ReportAllocs()
			for b.Loop() {
				promised(book.Price(o, nil))
			}
		})
	}
}

func BenchmarkTill(b *testing.B) {
	register := promised(offer.NewTill(market(), new(ledger)))
	o := cart(300, 400)
	o.Codes = []string{"THREE"}
	b.ReportAllocs()
	for b.Loop() {
		must(register.Release(promised(register.Reserve(o)).ID))
	}
}

func BenchmarkPropose(b *testing.B) {
	ps := make([]prospect, 10_000)
	for i := range ps {
		ps[i] = prospect{Order: *basketOf(), Base: .1, With: []float64{.2, .2, .2, .2, .2}}
		ps[i].Order.User = fmt.Sprint(i)
	}
	book := shelf()
	b.ReportAllocs()
	for b.Loop() {
		promised(book.Propose(bg, ps, nil))
	}
	b.ReportMetric(float64(len(ps)*b.N)/b.Elapsed().Seconds(), "prospects/s")
}
