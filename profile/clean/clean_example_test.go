package clean_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/aislekit/aisle/profile"
	"github.com/aislekit/aisle/profile/clean"
)

// Orders judged, matched with what came back, and counted.
func Example() {
	asOf := time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC)
	orders := []profile.Order[string, string]{
		{ID: "1", User: "ann", At: asOf.AddDate(0, 0, -40), Currency: "EUR", Lines: []profile.OrderLine[string]{{Item: "boots", Quantity: 2, Price: 1250}}},
		{ID: "2", User: "bob", At: asOf.AddDate(0, 0, 9), Currency: "EUR", Lines: []profile.OrderLine[string]{{Item: "socks", Quantity: 1, Price: 999}}},
	}
	program := func() error {
		cleaner, err := clean.NewCleaner[string, string](clean.CleanerOptions[string]{AsOf: asOf})
		if err != nil {
			return err
		}
		var ledger clean.Ledger[string, string]
		for row := range orders {
			if cleaner.Order(int64(row), &orders[row]) == clean.Kept {
				if _, err := ledger.AddOrder(&orders[row]); err != nil {
					return err
				}
			}
		}
		settled, err := ledger.Settle(asOf)
		if err != nil {
			return err
		}
		fmt.Println(len(settled.Orders), cleaner.Quality().Result())
		return nil
	}
	if err := program(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 1 rows 2, kept 1
	// rejected future         1 (rows [1])
	// field    time           100.0 % complete, 0 missing, 0 malformed
	// field    user           100.0 % complete, 0 missing, 0 malformed
	// from 2024-04-22T00:00:00Z to 2024-04-22T00:00:00Z
}

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
	var cell *clean.FieldError // what stood there is not for logs
	if errors.As(err, &cell) {
		fmt.Println(cell.Field, cell.Value)
	}
	// Output:
	// 2024-05-30 23:30:00 +0000 UTC <nil>
	// clean: Parser.Int: field quantity: no whole number: value out of range
	// quantity a dozen
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

func ExampleCanonical() {
	fmt.Printf("%q %q\n", clean.Canonical("  Ｎｉｋｅ　 Air\u200b "), clean.FoldWidth("￥１２"))
	kind, err := clean.ParseKind(" ＶＩＥＷ")
	fmt.Println(kind, err)
	// Output:
	// "nike air" "¥12"
	// view <nil>
}

func ExampleRule() {
	bounds, _ := clean.NewBounds(1, 100)
	for _, action := range []clean.Action{clean.Flag, clean.Clip, clean.Drop} {
		c, _ := clean.NewCleaner[string, int](clean.CleanerOptions[string]{Rules: map[string]clean.Rule{"quantity": {Bounds: bounds, Action: action}}})
		o := profile.Order[string, int]{
			ID: "1", User: "ann", At: time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC), Currency: "EUR",
			Lines: []profile.OrderLine[int]{{Item: 7, Quantity: 9999, Price: 100}},
		}
		why := c.Order(1, &o)
		result := c.Quality().Result()
		fmt.Printf("%q %d %v\n", why, o.Lines[0].Quantity, result.Flagged)
	}
	// Output:
	// "" 9999 [{outlier 1 [1]}]
	// "" 100 [{outlier 1 [1]}]
	// "outlier" 9999 []
}

func ExampleFieldQuality() {
	var q clean.Quality
	q.Field("price", clean.Kept)
	q.Field("price", clean.Malformed)
	q.Reject(17, clean.Malformed)
	r := q.Result()
	field := r.Fields[0]
	share, err := field.Completeness()
	why := r.Rejected[0]
	fmt.Println(field.Name, share, err, why.Reason, why.First)
	// Output: price 0.5 <nil> malformed [17]
}

func ExampleSettlement() {
	at := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	var l clean.Ledger[string, string]
	for _, item := range []string{"boots", "socks"} { // a log with one row a line
		l.AddLine(&profile.Order[string, string]{
			ID: "A", User: "ann", At: at, Currency: "EUR", Lines: []profile.OrderLine[string]{{Item: item, Quantity: 1, Price: 1000}},
		})
	}
	l.AddRefund(&profile.Refund[string, string]{ID: "r", User: "ann", Item: "socks", Quantity: 1, Amount: 1000, At: at.Add(time.Hour), Currency: "EUR"})
	s, _ := l.Settle(time.Time{})
	order := s.Orders[0]
	total := s.Totals[0]
	fmt.Println(order.Paid, order.Net(), total.Net(), s.Refunds[0].OrderID)
	// Output: 2000 1000 1000 A
}

func ExampleLedger_Merge() {
	at := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	o := &profile.Order[string, int]{ID: "A", User: "ann", At: at, Currency: "EUR", Lines: []profile.OrderLine[int]{{Item: 7, Quantity: 1, Price: 1000}}}
	var monday, tuesday clean.Ledger[string, int]
	first, _ := monday.AddOrder(o)
	again, _ := monday.AddOrder(o)
	tuesday.AddRefund(&profile.Refund[string, int]{ID: "r", OrderID: "A", At: at.Add(24 * time.Hour), Currency: "EUR", Amount: 400})
	data, _ := tuesday.MarshalBinary() // sent from elsewhere

	var sent clean.Ledger[string, int]
	fmt.Println(sent.UnmarshalBinary(data), monday.Merge(&sent))
	s, _ := monday.Settle(time.Time{})
	fmt.Println(first == clean.Fresh, again == clean.Duplicate, s.Totals[0].Net())
	// Output:
	// <nil> <nil>
	// true true 600
}

func ExampleDedupe_MarshalBinary() {
	opt := clean.DedupeOptions[string]{
		Compare: cmp.Compare[string],
		Append:  func(dst []byte, v string) ([]byte, error) { return append(dst, v...), nil },
		Parse:   func(data []byte) (string, error) { return string(data), nil },
	}
	at := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	shard, _ := clean.NewDedupe[int](opt)
	shard.Add(7, at, "boots")
	data, err := shard.MarshalBinary()
	fmt.Println(err)

	all, _ := clean.NewDedupe[int](opt)
	all.Add(7, at.Add(time.Hour), "boots")
	sent, _ := clean.NewDedupe[int](opt)
	fmt.Println(sent.UnmarshalBinary(data), all.Merge(sent))
	r := all.Result()
	kept := all.All()
	fmt.Println(r.Duplicates, kept[0].At.Hour(), kept[0].Value)
	// Output:
	// <nil>
	// <nil> <nil>
	// 1 12 boots
}

func ExampleMonitor() {
	edges, err := clean.BinEdges([]float64{1, 2, 3, 4, 5, 6, 7, 8}, 4)
	if err != nil {
		fmt.Println(err)
		return
	}
	bounds, err := clean.NewBounds(0, 1000)
	if err != nil {
		fmt.Println(err)
		return
	}
	reference, err := clean.NewMonitor(clean.MonitorOptions{
		Columns: []clean.Column{
			{Name: "price", Edges: edges, Bounds: bounds, Complete: .9},
			{Name: "channel", Text: true, Categories: []string{"app", "web"}, Closed: true, Valid: .9},
			{Name: "order", Text: true, Unique: true},
		},
		Stale: 48 * time.Hour, Level: .01, MaxKeys: 1_000_000,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	window := reference.Empty()
	at := time.Date(2025, 6, 2, 0, 0, 0, 0, time.UTC)
	for k := range 800 {
		when := at.Add(time.Duration(k) * time.Hour)
		if err := reference.Add(when, []float64{float64(k%8) + 1}, []string{[]string{"app", "web"}[k%2], fmt.Sprint(k)}); err != nil {
			fmt.Println(err)
			return
		}
		// Since the release the price is missing in half of the rows, and every order comes twice.
		price := float64(k%8) + 1
		if k%2 == 0 {
			price = math.NaN()
		}
		if err := window.Add(when, []float64{price}, []string{[]string{"app", "web"}[k%2], fmt.Sprint(k / 2)}); err != nil {
			fmt.Println(err)
			return
		}
	}
	window.Quality().Reject(801, clean.Missing)
	var f clean.Finding
	r, err := window.Result(context.Background(), reference, at.AddDate(0, 0, 34))
	for _, f = range (clean.MonitorResult{Findings: r.Findings}).Alarms() {
		fmt.Printf("%s %s: %.2f, limit %.2f\n", f.Column, f.Test, f.Value, f.Limit)
	}
	fmt.Println(r.Quality.Rows, "rows", err)
	// Output:
	// price complete: 0.50, limit 0.90
	// price drift: 4.60, limit 0.04
	// order unique: 0.50, limit 1.00
	// 801 rows <nil>
}
