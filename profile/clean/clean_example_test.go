package clean_test

import (
	"cmp"
	"fmt"
	"time"

	"github.com/aislekit/aisle/profile"
	"github.com/aislekit/aisle/profile/clean"
)

func ExampleLedger() {
	at := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	var l clean.Ledger[string, string]
	l.AddOrder(&profile.Order[string, string]{
		ID: "A", User: "ann", At: at, Currency: "EUR",
		Lines: []profile.OrderLine[string]{{Item: "boots", Quantity: 2, Price: 5000}},
	})
	// One pair comes back, then the whole order is cancelled.
	l.AddRefund(&profile.Refund[string, string]{ID: "r1", OrderID: "A", At: at.AddDate(0, 0, 3), Currency: "EUR", Amount: 5000})
	l.AddRefund(&profile.Refund[string, string]{ID: "r2", OrderID: "A", At: at.AddDate(0, 0, 9), Currency: "EUR", Cancel: true})
	for _, until := range []time.Time{at.AddDate(0, 0, 1), at.AddDate(0, 0, 5), {}} {
		s, _ := l.Settle(until)
		fmt.Println(profile.Money{Minor: s.Totals[0].Net(), Currency: "EUR"}, s.Orders[0].Cancelled)
	}
	// Output:
	// 100.00 EUR false
	// 50.00 EUR false
	// 0.00 EUR true
}

func ExampleDedupe() {
	d, _ := clean.NewDedupe[string](clean.DedupeOptions[float64]{Window: time.Minute, Policy: clean.KeepLast, Compare: cmp.Compare[float64]})
	at := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	d.Add("sensor", at, 1.5)
	d.Add("sensor", at.Add(20*time.Second), 1.5)
	d.Add("sensor", at.Add(40*time.Second), 2.5)
	d.Add("sensor", at.Add(time.Hour), 9)
	for _, s := range d.All() {
		fmt.Println(s.Key, s.At.Format(time.TimeOnly), s.Value)
	}
	r := d.Result()
	fmt.Println(r.Kept, "kept,", r.Conflicts, "conflict")
	// Output:
	// sensor 12:00:40 2.5
	// sensor 13:00:00 9
	// 2 kept, 1 conflict
}

func ExampleCleaner() {
	c, _ := clean.NewCleaner[string, int](clean.CleanerOptions[string]{AsOf: time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC)})
	e := profile.Event[string, int]{User: "ann", Kind: profile.View, At: time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC), Brand: "ＡＣＭＥ "}
	fmt.Printf("%q %q\n", c.Event(1, &e), e.Brand)
	e.At = e.At.AddDate(1, 0, 0)
	fmt.Printf("%q\n", c.Event(2, &e))
	// Output:
	// "" "acme"
	// "future"
}

func ExampleQuality() {
	var monday, tuesday clean.Quality
	monday.Field("price", clean.Kept)
	monday.Keep(time.Date(2024, 5, 6, 9, 0, 0, 0, time.UTC))
	tuesday.Field("price", clean.Missing)
	tuesday.Reject(17, clean.Missing)
	if err := monday.Merge(&tuesday); err != nil {
		fmt.Println(err)
	}
	fmt.Print(monday.Result())
	// Output:
	// rows 2, kept 1
	// rejected missing        1 (rows [17])
	// field    price          50.0 % complete, 1 missing, 0 malformed
	// from 2024-05-06T09:00:00Z to 2024-05-06T09:00:00Z
}

func ExampleParser() {
	p, _ := clean.NewParser(nil, clean.ParserOptions{Layouts: []string{"2/1/2006 15:04"}, Zone: time.FixedZone("UTC+8", 8*3600)})
	t, err := p.Time("ordered", "31/5/2024 07:30")
	fmt.Println(t, err)
	_, err = p.Int("quantity", "a dozen")
	fmt.Println(err)
	// Output:
	// 2024-05-30 23:30:00 +0000 UTC <nil>
	// clean: field quantity: "a dozen" is no whole number: value out of range
}

func ExampleParseMoney() {
	m, _ := clean.ParseMoney("￥１，２３４．５", clean.MoneyFormat{Symbols: map[string]string{"¥": "CNY"}})
	fmt.Println(m, m.Minor)
	// Output: 1234.50 CNY 123450
}

func ExampleRates() {
	r, _ := clean.NewRates("EUR", map[string]float64{"USD": 0.92})
	m, _ := r.Convert(profile.Money{Minor: 1999, Currency: "USD"})
	fmt.Println(m)
	// Output: 18.39 EUR
}

func ExampleOutliers() {
	prices := []float64{10, 11, 12, 12, 13, 14, 990}
	o, _ := clean.FitOutliers(prices, clean.OutlierOptions{Method: clean.MAD})
	fmt.Println(o.Flag(nil, prices))
	fmt.Println(o.Clip(prices), o.Degenerate())
	// Output:
	// [false false false false false false true]
	// 1 false
}
