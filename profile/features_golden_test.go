package profile_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile"
)

type textLog = profile.Log[string, string]

// each calls f for the rows of a table, which reads a cell by the name of its column.
func each(t *testing.T, f func(row int, cell func(name string) string), parts ...string) {
	t.Helper()
	in := csv.NewReader(bytes.NewReader(testkit.ReadShared(t, parts...)))
	in.ReuseRecord = true
	head, err := in.Read()
	if err != nil {
		t.Fatal(err)
	}
	at := make(map[string]int)
	for j, name := range head {
		at[name] = j
	}
	var row []string
	cell := func(name string) string { return row[at[name]] }
	for i := 0; ; i++ {
		if row, err = in.Read(); err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		f(i, cell)
	}
}

// number reads a decimal as whole numbers of its 1/unit.
func number(t *testing.T, s string, unit float64) int64 {
	t.Helper()
	x, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return int64(math.RoundToEven(x * unit))
}

func moment(t *testing.T, s string, zone *time.Location) time.Time {
	t.Helper()
	at, err := time.ParseInLocation(time.DateTime, s, zone)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// orders collects lines by order.
type orders struct {
	log *textLog
	at  map[string]int
}

func (o *orders) add(id, user, channel string, at time.Time, l profile.OrderLine[string]) {
	i, ok := o.at[id]
	if !ok {
		if o.at == nil {
			o.at = make(map[string]int)
		}
		i = len(o.log.Orders)
		o.at[id] = i
		o.log.Orders = append(o.log.Orders, profile.Order[string, string]{ID: id, User: user, At: at, Currency: "XXX", Channel: channel})
	}
	x := &o.log.Orders[i]
	if at.Before(x.At) {
		x.At = at
	}
	x.Lines = append(x.Lines, l)
}

// retailLog is a tenth of the customers of online-retail; cancelled rows are refunds.
func retailLog(t *testing.T) *textLog {
	log := &textLog{}
	list := orders{log: log}
	zone := location(t, "Europe/London")
	each(t, func(row int, cell func(string) string) {
		user := cell("CustomerID")
		if user == "" || user[len(user)-1] != '7' {
			return
		}
		q, price, at := number(t, cell("Quantity"), 1), number(t, cell("UnitPrice"), 1000), moment(t, cell("InvoiceDate"), zone)
		switch id := cell("InvoiceNo"); {
		case id[0] == 'C' && q < 0:
			log.Refunds = append(log.Refunds, profile.Refund[string, string]{
				ID: fmt.Sprint(row), User: user, At: at, Currency: "XXX", Amount: -q * price, Item: cell("StockCode"), Quantity: -q,
			})
		case id[0] != 'C' && q > 0:
			list.add(id, user, "", at, profile.OrderLine[string]{Item: cell("StockCode"), Quantity: q, Price: price})
		}
	}, "data", "online-retail", "online_retail.csv.gz")
	return log
}

// journeyLog is a third of the households of completejourney; what they did not pay is a discount.
func journeyLog(t *testing.T) *textLog {
	category, brand := map[string]string{}, map[string]string{}
	each(t, func(_ int, cell func(string) string) {
		category[cell("product_id")], brand[cell("product_id")] = cell("product_category"), cell("brand")
	}, "data", "completejourney", "products.csv.gz")
	log := &textLog{}
	list := orders{log: log}
	each(t, func(_ int, cell func(string) string) {
		id, err := strconv.Atoi(cell("household_id"))
		if err != nil {
			t.Fatal(err)
		}
		q, paid := number(t, cell("quantity"), 1), number(t, cell("sales_value"), 100)
		if id%3 != 1 || q <= 0 {
			return
		}
		price := (paid + number(t, cell("retail_disc"), 100) + number(t, cell("coupon_disc"), 100) + q - 1) / q
		item := cell("product_id")
		list.add(cell("basket_id"), fmt.Sprintf("%04d", id), "", moment(t, cell("transaction_timestamp"), time.UTC), profile.OrderLine[string]{
			Item: item, Category: category[item], Brand: brand[item], Quantity: q, Price: price, Discount: price*q - paid,
		})
	}, "data", "completejourney", "transactions_sample.csv.gz")
	return log
}

// olistLog is the thousand orders of olist-partial; what was not delivered is given back a day later.
func olistLog(t *testing.T) *textLog {
	category, state, person, off := map[string]string{}, map[string]string{}, map[string]string{}, map[string]bool{}
	zone := location(t, "America/Sao_Paulo")
	each(t, func(_ int, cell func(string) string) { category[cell("product_id")] = cell("product_category_name") }, "data", "olist-partial", "olist_products_dataset_full.csv.gz")
	each(t, func(_ int, cell func(string) string) {
		state[cell("customer_id")], person[cell("customer_id")] = cell("customer_state"), cell("customer_unique_id")
	}, "data", "olist-partial", "joined1k_customers.csv.gz")
	type head struct {
		customer string
		at       time.Time
	}
	heads := map[string]head{}
	each(t, func(_ int, cell func(string) string) {
		id := cell("order_id")
		heads[id] = head{cell("customer_id"), moment(t, cell("order_purchase_timestamp"), zone)}
		off[id] = cell("order_status") == "canceled" || cell("order_status") == "unavailable"
	}, "data", "olist-partial", "joined1k_orders.csv.gz")
	log := &textLog{}
	list := orders{log: log}
	each(t, func(_ int, cell func(string) string) {
		h := heads[cell("order_id")]
		item := cell("product_id")
		list.add(cell("order_id"), person[h.customer], state[h.customer], h.at, profile.OrderLine[string]{
			Item: item, Category: category[item], Brand: cell("seller_id"), Quantity: 1, Price: number(t, cell("price"), 100),
		})
	}, "data", "olist-partial", "joined1k_order_items.csv.gz")
	for i := range log.Orders {
		if o := &log.Orders[i]; off[o.ID] {
			paid := promised(o.Paid())
			log.Refunds = append(log.Refunds, profile.Refund[string, string]{ID: o.ID, OrderID: o.ID, User: o.User, At: o.At.Add(day), Currency: "XXX", Amount: paid})
		}
	}
	return log
}

// shoppersLog makes events of the sessions of online-shoppers, 43 minutes apart, of 97 users in turn,
// and returns a vector for each item.
func shoppersLog(t *testing.T) (*textLog, map[uint64][]float32) {
	log, vectors := &textLog{}, map[uint64][]float32{}
	start := time.Date(2017, 1, 1, 0, 0, 0, 0, time.UTC)
	each(t, func(i int, cell func(string) string) {
		at, user, item := start.Add(time.Duration(i)*43*time.Minute), fmt.Sprintf("%02d", i%97), fmt.Sprint("p", i)
		real := func(name string) float64 {
			x, err := strconv.ParseFloat(cell(name), 64)
			if err != nil {
				t.Fatal(err)
			}
			return x
		}
		whole := func(name string) int32 { return int32(real(name)) }
		dwell := func(name string) time.Duration { return time.Duration(real(name)*1000+.5) * time.Millisecond }
		add := func(k int, kind profile.Kind, e profile.Event[string, string]) {
			e.User, e.Kind, e.At = user, kind, at.Add(time.Duration(k)*time.Minute)
			log.Events = append(log.Events, e)
		}
		type E = profile.Event[string, string]
		add(0, profile.View, E{
			Category: cell("VisitorType"), Channel: "t" + cell("TrafficType"), Device: "os" + cell("OperatingSystems"),
			Dwell: dwell("Administrative_Duration"), Pages: whole("Administrative"),
		})
		if n := whole("ProductRelated"); n > 0 {
			add(1, profile.Click, E{Item: item, Category: cell("VisitorType"), Dwell: dwell("ProductRelated_Duration"), Position: n})
		}
		if n := whole("Informational"); n > 0 {
			add(2, profile.Search, E{Query: cell("Month") + " " + cell("VisitorType"), Pages: n})
		}
		if real("PageValues") > 0 {
			add(3, profile.Cart, E{})
		}
		if cell("Weekend") == "TRUE" {
			add(4, profile.Rate, E{Rating: float64(int(real("PageValues")*100)) / 100})
		}
		if real("SpecialDay") > 0 {
			add(5, profile.Comment, E{Sentiment: real("SpecialDay") - .5})
		}
		if cell("Revenue") == "TRUE" {
			log.Orders = append(log.Orders, profile.Order[string, string]{
				ID: item, User: user, At: at.Add(6 * time.Minute), Currency: "XXX",
				Lines: []profile.OrderLine[string]{{Item: item, Quantity: 1, Price: 100 * (1 + int64(whole("Administrative")))}},
			})
		}
		vectors[profile.ItemKey(item)] = []float32{float32(real("BounceRates")), float32(10 * real("ExitRates")), float32(real("SpecialDay"))}
	}, "data", "online-shoppers", "online_shoppers_intention.csv.gz")
	return log, vectors
}

// TestFeaturesGolden compares every column, those of every Builder, of Features, affinities and an
// embedding, with what polars makes of the same rows: how many customers have a value, the sum, and
// a sum weighted by the place of the customer.
func TestFeaturesGolden(t *testing.T) {
	var g struct {
		Shops map[string]struct {
			Users   int
			Columns map[string][3]float64
		}
	}
	testkit.Golden(t, "features.json", &g)
	asOf := func(zone string, y int, m time.Month, d int) time.Time {
		return time.Date(y, m, d, 0, 0, 0, 0, location(t, zone))
	}
	shoppers, vectors := shoppersLog(t)
	for name, c := range map[string]struct {
		log   *textLog
		asOf  time.Time
		bands []int64
		life  int
	}{
		"retail":   {retailLog(t), asOf("Europe/London", 2011, 11, 10), nil, 30},
		"journey":  {journeyLog(t), asOf("America/New_York", 2017, 11, 15), []int64{100, 300, 1000}, 45},
		"olist":    {olistLog(t), asOf("America/Sao_Paulo", 2018, 8, 1), []int64{5000, 20000}, 30},
		"shoppers": {shoppers, asOf("UTC", 2017, 12, 1), []int64{200, 500}, 10},
	} {
		vec := promised(profile.NewEmbedding(profile.EmbeddingOptions{Name: "vec", Dim: 3, HalfLife: 20 * day, Vector: func(r *profile.Record) []float32 { return vectors[r.Item] }}))
		b := promised(profile.NewBuilder[string, string](profile.BuilderOptions{
			AsOf: c.asOf, Zone: c.asOf.Location(), HalfLife: time.Duration(c.life) * day, PriceBands: c.bands,
			Features: append(promised(profile.Features([]int{7, 30, 90})), vec),
		}))
		if err := b.AddAll(c.log); err != nil {
			t.Fatal(err)
		}
		want := g.Shops[name]
		names := make([]string, 0, len(want.Columns))
		for column := range want.Columns {
			names = append(names, column)
		}
		table := promised(b.Table(profile.TableOptions{Columns: names}))
		if len(table.IDs) != want.Users {
			t.Errorf("%s: %d users, want %d", name, len(table.IDs), want.Users)
		}
		for j, column := range table.Names {
			var got [3]float64
			for i, r := range table.Rows {
				if !math.IsNaN(r[j]) {
					got[0]++
					got[1] += r[j]
					got[2] += r[j] * float64(1+i%7)
				}
			}
			for k, w := range want.Columns[column] {
				if !testkit.Close(got[k], w, 1e-12, 1e-9) {
					t.Errorf("%s: %s[%d] is %v, want %v", name, column, k, got[k], w)
				}
			}
		}
		complete(t, name, b, want.Columns)
	}
}

// complete sees that no column of the Builder is left without a golden number, but one whose values
// are all 0; trends are of both signs and may sum up to 0.
func complete[V any](t *testing.T, name string, b *profile.Builder[string, string], golden map[string]V) {
	t.Helper()
	table := promised(b.Table(profile.TableOptions{}))
	for j, column := range table.Names {
		sum := 0.
		for _, r := range table.Rows {
			if !math.IsNaN(r[j]) {
				sum += math.Abs(r[j])
			}
		}
		if _, ok := golden[column]; !ok && sum > 0 && !strings.HasPrefix(column, "trend_") {
			t.Errorf("%s: %s has no golden number", name, column)
		}
	}
}
