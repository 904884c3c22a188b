package profile_test

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"time"

	"github.com/aislekit/aisle/profile"
)

// The whole way: text → clean records → settled orders → one row for each user.
func Example() {
	now := time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC)
	cleaner, _ := profile.NewCleaner[string, string](profile.CleanOptions[string]{Now: now})
	parser, _ := profile.NewParser(cleaner.Quality(), profile.ParserOptions{Money: profile.MoneyFormat{Currency: "EUR"}})

	var ledger profile.Ledger[string, string]
	for row, f := range [][]string{
		{"1", "ann", "2024-05-01 10:00:00", "boots", "89.90"},
		{"2", "ann", "2024-05-20 10:00:00", "socks", "1,005.00"},
		{"3", "bob", "2024-05-25", "boots", "89.90"},
		{"4", "", "2024-05-25", "boots", "89.90"},
		{"5", "bob", "2024-05-32", "boots", "89.90"},
	} {
		at, err := parser.Time("time", f[2])
		price, err2 := parser.Money("price", f[4])
		if err != nil || err2 != nil {
			cleaner.Quality().Reject(int64(row), profile.Malformed)
			continue
		}
		o := profile.Order[string, string]{
			ID: f[0], User: f[1], Time: at, Currency: price.Currency,
			Lines: []profile.OrderLine[string]{{Item: f[3], Category: f[3], Quantity: 1, Price: price.Minor}},
		}
		if cleaner.Order(int64(row), &o) == profile.Kept {
			ledger.AddOrder(&o)
		}
	}
	ledger.AddRefund(&profile.Refund[string, string]{ID: "r1", OrderID: "2", Time: now.AddDate(0, 0, -2), Currency: "EUR", Amount: 100500})

	settled, _ := ledger.Settle(now)
	builder, _ := profile.NewBuilder[string, string](profile.BuilderOptions{CutOff: now})
	for i := range settled.Orders {
		builder.AddOrder(&settled.Orders[i].Order)
	}
	for i := range settled.Refunds {
		builder.AddRefund(&settled.Refunds[i])
	}
	table, _ := builder.Table(profile.TableOptions{Columns: []string{"recency_days", "orders_30d", "net", "refund_rate"}})
	fmt.Println(table.Names)
	for i, id := range table.IDs {
		fmt.Printf("%s %.3g\n", id, table.Rows[i])
	}
	report := cleaner.Quality().Result()
	fmt.Println(report.Kept, "of", report.Rows, "rows kept;", report.Count(profile.Missing), "missing,", report.Count(profile.Malformed), "malformed")
	// Output:
	// [recency_days orders_30d net refund_rate]
	// ann [11.6 1 8.99e+03 0.918]
	// bob [7 1 8.99e+03 0]
	// 3 of 5 rows kept; 1 missing, 1 malformed
}

func ExampleBuilder() {
	cut := time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC)
	opt := profile.BuilderOptions{CutOff: cut, HalfLife: 10 * 24 * time.Hour}
	monday, _ := profile.NewBuilder[int, int](opt)
	tuesday, _ := profile.NewBuilder[int, int](opt)
	monday.Add(&profile.Event[int, int]{User: 7, Item: 1, Kind: profile.View, Time: cut.AddDate(0, 0, -20), Category: "books"})
	tuesday.Add(&profile.Event[int, int]{User: 7, Item: 2, Kind: profile.Cart, Time: cut.AddDate(0, 0, -10), Category: "toys"})
	tuesday.Add(&profile.Event[int, int]{User: 7, Item: 2, Kind: profile.View, Time: cut, Category: "toys"}) // too late
	if err := monday.Merge(tuesday); err != nil {
		fmt.Println(err)
	}
	p, _ := monday.Individual(7)
	for _, a := range p.Affinities {
		fmt.Printf("%v=%s %.2f %.2f\n", a.Dimension, a.Label, a.Weight, a.Share)
	}
	fmt.Println("late:", monday.Late())
	// Output:
	// category=toys 1.50 0.86
	// category=books 0.25 0.14
	// late: 1
}

func ExampleBuilder_RFM() {
	cut := time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC)
	b, _ := profile.NewBuilder[string, int](profile.BuilderOptions{CutOff: cut})
	for i, days := range []int{40, 12} {
		b.AddOrder(&profile.Order[string, int]{
			ID: fmt.Sprint(i), User: "ann", Time: cut.AddDate(0, 0, -days), Currency: "EUR",
			Lines: []profile.OrderLine[int]{{Item: 1, Quantity: 2, Price: 950}},
		})
	}
	rows, _ := b.RFM()
	fmt.Println(rows[0].User, rows[0].Recency, rows[0].Frequency, rows[0].Monetary)
	// Output: ann 12 2 3800
}

func ExampleBuilder_Population() {
	cut := time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC)
	b, _ := profile.NewBuilder[string, int](profile.BuilderOptions{CutOff: cut})
	b.AddUser(&profile.User[string]{ID: "ann", Registered: cut.AddDate(-1, 0, 0)})
	b.Add(&profile.Event[string, int]{User: "bob", Kind: profile.Search, Time: cut.AddDate(0, 0, -1)})
	all, _ := b.Population()
	fmt.Println(all.Users, all.Events[profile.Search], all.Registered.Format(time.DateOnly))
	// Output: 2 1 2023-06-01
}

func ExampleTable() {
	t := profile.Table[string]{IDs: []string{"ann", "bob"}, Names: []string{"orders", "net"}, Rows: [][]float64{{3, 900}, {1, 250}}}
	net, _ := t.Values("net")
	fmt.Println(t.Row("bob"), t.Column("net"), net)
	// Output: 1 1 [900 250]
}

func ExampleLedger() {
	at := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	var l profile.Ledger[string, string]
	l.AddOrder(&profile.Order[string, string]{
		ID: "A", User: "ann", Time: at, Currency: "EUR",
		Lines: []profile.OrderLine[string]{{Item: "boots", Quantity: 2, Price: 5000}},
	})
	// One pair comes back, then the whole order is cancelled.
	l.AddRefund(&profile.Refund[string, string]{ID: "r1", OrderID: "A", Time: at.AddDate(0, 0, 3), Currency: "EUR", Amount: 5000})
	l.AddRefund(&profile.Refund[string, string]{ID: "r2", OrderID: "A", Time: at.AddDate(0, 0, 9), Currency: "EUR", Cancel: true})
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
	d, _ := profile.NewDedupe[string](profile.DedupeOptions[float64]{Window: time.Minute, Policy: profile.KeepLast, Compare: cmp.Compare[float64]})
	at := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	d.Add("sensor", at, 1.5)
	d.Add("sensor", at.Add(20*time.Second), 1.5)
	d.Add("sensor", at.Add(40*time.Second), 2.5)
	d.Add("sensor", at.Add(time.Hour), 9)
	for _, s := range d.All() {
		fmt.Println(s.Key, s.Time.Format(time.TimeOnly), s.Value)
	}
	r := d.Result()
	fmt.Println(r.Kept, "kept,", r.Conflicts, "conflict")
	// Output:
	// sensor 12:00:40 2.5
	// sensor 13:00:00 9
	// 2 kept, 1 conflict
}

func ExampleCleaner() {
	c, _ := profile.NewCleaner[string, int](profile.CleanOptions[string]{Now: time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC)})
	e := profile.Event[string, int]{User: "ann", Kind: profile.View, Time: time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC), Brand: "ＡＣＭＥ "}
	fmt.Printf("%q %q\n", c.Event(1, &e), e.Brand)
	e.Time = e.Time.AddDate(1, 0, 0)
	fmt.Printf("%q\n", c.Event(2, &e))
	// Output:
	// "" "acme"
	// "future"
}

func ExampleQuality() {
	var monday, tuesday profile.Quality
	monday.Field("price", profile.Kept)
	monday.Keep(time.Date(2024, 5, 6, 9, 0, 0, 0, time.UTC))
	tuesday.Field("price", profile.Missing)
	tuesday.Reject(17, profile.Missing)
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
	p, _ := profile.NewParser(nil, profile.ParserOptions{Layouts: []string{"2/1/2006 15:04"}, Zone: time.FixedZone("UTC+8", 8*3600)})
	t, err := p.Time("ordered", "31/5/2024 07:30")
	fmt.Println(t, err)
	_, err = p.Int("quantity", "a dozen")
	fmt.Println(err)
	// Output:
	// 2024-05-30 23:30:00 +0000 UTC <nil>
	// profile: field quantity: "a dozen" is no whole number: value out of range
}

func ExampleMoney() {
	m, _ := profile.ParseMoney("￥１，２３４．５", profile.MoneyFormat{Symbols: map[string]string{"¥": "CNY"}})
	fmt.Println(m, m.Minor)
	// Output: 1234.50 CNY 123450
}

func ExampleRates() {
	r, _ := profile.NewRates("EUR", map[string]float64{"USD": 0.92})
	m, _ := r.Convert(profile.Money{Minor: 1999, Currency: "USD"})
	fmt.Println(m)
	// Output: 18.39 EUR
}

func ExampleOutliers() {
	prices := []float64{10, 11, 12, 12, 13, 14, 990}
	o, _ := profile.FitOutliers(prices, profile.OutlierOptions{Method: profile.MAD})
	fmt.Println(o.Flag(nil, prices))
	fmt.Println(o.Clip(prices), o.Degenerate())
	// Output:
	// [false false false false false false true]
	// 1 false
}

func ExampleScaler() {
	rows := [][]float64{{1, 5}, {3, 5}}
	s, _ := profile.FitScaler(context.Background(), rows, profile.ScalerOptions{})
	out, _ := s.Transform(nil, rows)
	fmt.Println(out, "constant columns:", s.Constant())
	// Output: [[-1 0] [1 0]] constant columns: [1]
}

func ExampleImputer() {
	rows := [][]float64{{1, 10}, {math.NaN(), 20}, {5, 30}}
	p, _ := profile.FitImputer(context.Background(), rows, profile.ImputerOptions{Names: []string{"gap", "net"}, Method: profile.Median, Indicators: true})
	out, _ := p.Transform(nil, rows, nil)
	fmt.Println(p.Names(), out)
	// Output: [gap net gap_missing] [[1 10 0] [3 20 1] [5 30 0]]
}

func ExampleColumns() {
	c, _ := profile.NewColumns([]string{"net"})
	for _, x := range []float64{1, 2, 2, 15, math.NaN()} {
		c.Add([]float64{x})
	}
	s := c.Result()[0]
	fmt.Println(s.Count, s.Missing, s.Mean, s.Median, s.Mode)
	// Output: 4 1 5 2 2
}

func ExampleMoments() {
	var m profile.Moments
	for _, x := range []float64{4, 7, 13, 16} {
		m.Add(1e9 + x)
	}
	fmt.Println(m.Count(), m.Variance())
	// Output: 4 30
}

func ExampleGroupBy() {
	var g profile.GroupBy[string]
	g.Add("web", 10)
	g.Add("shop", 30)
	g.Add("web", 20)
	for _, r := range g.Result() {
		fmt.Println(r.Key, r.Count(), r.Mean())
	}
	// Output:
	// shop 1 30
	// web 2 15
}

func ExampleDecayed() {
	d, _ := profile.NewDecayed(24 * time.Hour)
	at := time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)
	d.Add(at, 4)
	d.Add(at.Add(24*time.Hour), 1)
	fmt.Println(d.Value(at.Add(24*time.Hour)), d.Value(at.Add(48*time.Hour)))
	// Output: 3 1.5
}
