package profile_test

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/aislekit/aisle/profile"
	"github.com/aislekit/aisle/profile/clean"
)

// Records of a shop, and one row of numbers for each user.
func Example() {
	asOf := time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC)
	orders := []profile.Order[string, int]{
		{ID: "1", User: "ann", At: asOf.AddDate(0, 0, -40), Currency: "EUR", Lines: []profile.OrderLine[int]{{Item: 7, Quantity: 2, Price: 1250}}},
		{ID: "2", User: "ann", At: asOf.AddDate(0, 0, -9), Currency: "EUR", Lines: []profile.OrderLine[int]{{Item: 8, Quantity: 1, Price: 999}}},
		{ID: "3", User: "bob", At: asOf.AddDate(0, 0, -3), Currency: "EUR", Lines: []profile.OrderLine[int]{{Item: 7, Quantity: 1, Price: 1250}}},
	}
	program := func() error {
		b, err := profile.NewBuilder[string, int](profile.BuilderOptions{AsOf: asOf})
		if err != nil {
			return err
		}
		for i := range orders {
			if err := b.AddOrder(&orders[i]); err != nil {
				return err
			}
		}
		table, err := b.Table(profile.TableOptions{Columns: []string{"recency_days", "orders_30d", "net"}})
		if err != nil {
			return err
		}
		fmt.Println(table.IDs, table.Rows) // one row for each user, ids ascending
		return nil
	}
	if err := program(); err != nil {
		fmt.Println(err)
	}
	// Output: [ann bob] [[9 1 3499] [3 1 1250]]
}

// The whole way: text → clean records → settled orders → one row for each user.
func Example_raw() {
	now := time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC)
	cleaner, _ := clean.NewCleaner[string, string](clean.CleanerOptions[string]{AsOf: now})
	parser, _ := clean.NewParser(cleaner.Quality(), clean.ParserOptions{Money: clean.MoneyFormat{Currency: "EUR"}})

	var ledger clean.Ledger[string, string]
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
			cleaner.Quality().Reject(int64(row), clean.Malformed)
			continue
		}
		o := profile.Order[string, string]{
			ID: f[0], User: f[1], At: at, Currency: price.Currency,
			Lines: []profile.OrderLine[string]{{Item: f[3], Category: f[3], Quantity: 1, Price: price.Minor}},
		}
		if cleaner.Order(int64(row), &o) == clean.Kept {
			ledger.AddOrder(&o)
		}
	}
	ledger.AddRefund(&profile.Refund[string, string]{ID: "r1", OrderID: "2", At: now.AddDate(0, 0, -2), Currency: "EUR", Amount: 100500})

	settled, _ := ledger.Settle(now)
	builder, _ := profile.NewBuilder[string, string](profile.BuilderOptions{AsOf: now})
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
	fmt.Println(report.Kept, "of", report.Rows, "rows kept;", report.Count(clean.Missing), "missing,", report.Count(clean.Malformed), "malformed")
	// Output:
	// [recency_days orders_30d net refund_rate]
	// ann [11.6 1 8.99e+03 0.918]
	// bob [7 1 8.99e+03 0]
	// 3 of 5 rows kept; 1 missing, 1 malformed
}

func ExampleBuilder() {
	cut := time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC)
	opt := profile.BuilderOptions{AsOf: cut, HalfLife: 10 * 24 * time.Hour}
	monday, _ := profile.NewBuilder[int, int](opt)
	tuesday, _ := profile.NewBuilder[int, int](opt)
	monday.Add(&profile.Event[int, int]{User: 7, Item: 1, Kind: profile.View, At: cut.AddDate(0, 0, -20), Category: "books"})
	tuesday.Add(&profile.Event[int, int]{User: 7, Item: 2, Kind: profile.Cart, At: cut.AddDate(0, 0, -10), Category: "toys"})
	tuesday.Add(&profile.Event[int, int]{User: 7, Item: 2, Kind: profile.View, At: cut, Category: "toys"}) // too late
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
	b, _ := profile.NewBuilder[string, int](profile.BuilderOptions{AsOf: cut})
	for i, days := range []int{40, 12} {
		b.AddOrder(&profile.Order[string, int]{
			ID: fmt.Sprint(i), User: "ann", At: cut.AddDate(0, 0, -days), Currency: "EUR",
			Lines: []profile.OrderLine[int]{{Item: 1, Quantity: 2, Price: 950}},
		})
	}
	rows, _ := b.RFM()
	fmt.Println(rows[0].User, rows[0].Recency, rows[0].Frequency, rows[0].Monetary)
	// Output: ann 12 2 3800
}

func ExampleBuilder_Population() {
	cut := time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC)
	b, _ := profile.NewBuilder[string, int](profile.BuilderOptions{AsOf: cut})
	b.AddUser(&profile.User[string]{ID: "ann", Registered: cut.AddDate(-1, 0, 0)})
	b.Add(&profile.Event[string, int]{User: "bob", Kind: profile.Search, At: cut.AddDate(0, 0, -1)})
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

func ExampleMoments() {
	var m profile.Moments
	for _, x := range []float64{4, 7, 13, 16, math.NaN()} {
		m.Add(1e15 + x)
	}
	variance, err := m.Variance()
	fmt.Println(m.N(), m.Missing(), variance, err)
	// Output: 4 1 30 <nil>
}

func ExampleGroupBy() {
	var g profile.GroupBy[string]
	g.Add("web", 10)
	g.Add("shop", 30)
	g.Add("web", 20)
	for _, r := range g.Result() {
		mean, _ := r.Mean()
		fmt.Println(r.Key, r.N(), mean)
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

// customer shows that ids may be of a named type.
type customer string

func total[K profile.ID](rows []profile.RFM[K]) (sum int64) {
	for _, r := range rows {
		sum += r.Monetary
	}
	return sum
}

func ExampleID() {
	asOf := time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC)
	b, _ := profile.NewBuilder[customer, uint32](profile.BuilderOptions{AsOf: asOf})
	o := profile.Order[customer, uint32]{
		ID: "1", User: "ann", At: asOf.AddDate(0, 0, -1), Currency: "EUR",
		Lines: []profile.OrderLine[uint32]{{Item: 7, Quantity: 2, Price: 1250, Discount: 500}},
	}
	fmt.Println(o.Validate(), b.AddOrder(&o))
	r := profile.Refund[customer, uint32]{ID: "r", OrderID: "1", User: "ann", At: o.At.Add(time.Hour), Currency: "EUR", Amount: 700}
	fmt.Println(r.Validate(), b.AddRefund(&r))
	rows, _ := b.RFM()
	fmt.Println(total(rows))
	// Output:
	// <nil> <nil>
	// <nil> <nil>
	// 1300
}

func ExampleBuilder_Individual() {
	asOf := time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC)
	b, _ := profile.NewBuilder[string, int](profile.BuilderOptions{AsOf: asOf, PriceBands: []int64{1000, 5000}})
	b.AddOrder(&profile.Order[string, int]{
		ID: "1", User: "ann", At: asOf.AddDate(0, 0, -30), Currency: "GBP",
		Lines: []profile.OrderLine[int]{{Item: 7, Category: "boots", Brand: "acme", Quantity: 1, Price: 5000}},
	})
	ann, err := b.Individual("ann")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(ann.Orders, profile.Money{Minor: ann.Paid, Currency: ann.Currency})
	for _, a := range ann.Affinities { // an order weighs 5, half of it after 30 days
		if d := a.Dimension; d == profile.PriceBand || d == profile.Category {
			fmt.Println(d, a.Label, a.Weight)
		}
	}
	// Output:
	// 1 50.00 GBP
	// category boots 2.5
	// price_band 2 2.5
}

func ExampleMoney() {
	price := profile.Money{Minor: 1999, Currency: "JPY"}
	more, _ := price.Add(profile.Money{Minor: 1, Currency: "JPY"})
	_, err := price.Add(profile.Money{Minor: 1, Currency: "EUR"})
	fmt.Println(more, profile.MinorDigits("JPY"), profile.MinorDigits("KWD"), err)
	// Output: 2000 JPY 0 3 profile: Money.Add: JPY and EUR: states do not match
}

func ExampleKind() {
	for k := profile.View; k.Valid(); k++ {
		fmt.Print(k, " ")
	}
	// Output: view click search cart favorite share rate comment purchase return
}

func ExampleBuilder_MarshalBinary() {
	asOf := time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC)
	shard, _ := profile.NewBuilder[string, int](profile.BuilderOptions{AsOf: asOf})
	shard.AddUser(&profile.User[string]{ID: "ann", Registered: asOf.AddDate(0, 0, -10)})
	data, _ := shard.MarshalBinary() // sent from elsewhere

	var got profile.Builder[string, int]
	if err := got.UnmarshalBinary(data); err != nil {
		fmt.Println(err)
		return
	}
	all, _ := profile.NewBuilder[string, int](profile.BuilderOptions{AsOf: asOf})
	fmt.Println(all.Merge(&got))
	table, _ := all.Table(profile.TableOptions{Columns: []string{"tenure_days"}})
	fmt.Println(table.Rows)
	// Output:
	// <nil>
	// [[10]]
}

// Whose record is at fault stands in the error, not in its text.
func ExampleFieldError() {
	b, _ := profile.NewBuilder[string, int](profile.BuilderOptions{AsOf: time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC)})
	_, err := b.Individual("jane.doe@example.com")
	var record *profile.FieldError
	fmt.Println(errors.As(err, &record), record.ID)
	fmt.Println(err)
	// Output:
	// true jane.doe@example.com
	// profile: Builder.Individual: user: unknown id
}
