package supplysql

import (
	"compress/gzip"
	"encoding/csv"
	"io"
	"math"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/shop"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply"
)

// The synthetic shop: orders by region and carrier, tickets by topic, refunds by reason.
func TestShop(t *testing.T) {
	s := must(shop.Simulate(shop.Config{Seed: 19, Users: 250, Items: 60, Days: 150, Browse: -1}))
	d := data{asOf: s.End}
	at := map[string]*shop.Order{}
	arrived := map[string]time.Time{}
	price := map[string]int64{}
	for i := range s.Orders {
		o := &s.Orders[i]
		at[o.ID] = o
		if !o.Cancelled.IsZero() {
			d.orders = append(d.orders, order{Delivery: supply.Delivery{Placed: o.Time, Cancelled: true, Region: o.Region}, category: o.Device})
		}
		for _, l := range o.Lines {
			price[o.ID] += l.Total()
		}
	}
	truth := func(ok bool) supply.Check {
		if ok {
			return supply.Pass
		}
		return supply.Fail
	}
	for _, x := range s.Deliveries {
		o := order{Delivery: supply.Delivery{Placed: at[x.Order].Time, Shipped: x.Shipped, Delivered: x.Delivered, Promised: x.Promised, Region: x.Region, Ordered: int64(x.Ordered)}, carrier: x.Carrier, category: at[x.Order].Device}
		if !x.Delivered.IsZero() {
			o.Received, o.RightAddress, o.Undamaged = int64(x.Arrived), truth(x.RightAddress), truth(!x.Damaged)
			arrived[x.Order] = x.Delivered
			d.sales = append(d.sales, sale{x.Delivered, 1, int64(x.Ordered), price[x.Order]})
		}
		d.orders = append(d.orders, o)
	}
	for _, k := range s.Tickets {
		d.tickets = append(d.tickets, ticket{supply.Ticket{Opened: k.Opened, Replied: k.FirstResponse, Resolved: k.Resolved, Reopened: k.Reopened, Contacts: k.Contacts}, k.Topic})
	}
	first := map[string]bool{}
	for _, r := range s.Refunds {
		sold := arrived[r.Order]
		if sold.IsZero() || r.Time.Before(sold) || r.Time.After(s.End) {
			continue // cancelled before it came
		}
		x := supply.Return{Sold: sold, At: r.Time, Units: int64(r.Quantity), Value: r.Amount, Reason: r.Reason}
		if !first[r.Order] {
			first[r.Order], x.Orders = true, 1
		}
		d.returns = append(d.returns, x)
	}
	db := tables(t, d)
	refused, total := fulfilment(t, db, d)
	desk, back := service(t, db, d), returned(t, db, d)
	if refused > 0 || total.Orders < 100 || desk.Tickets < 10 || len(back.Reasons) < 2 {
		t.Errorf("%d refused, %d orders, %d tickets, reasons %v: too few to tell", refused, total.Orders, desk.Tickets, back.Reasons)
	}
}

// records reads a table of public data as rows by the names of their columns.
func records(t *testing.T, path string) []map[string]string {
	t.Helper()
	f := must(os.Open(path))
	defer func() { ok(t, f.Close()) }()
	r := csv.NewReader(must(gzip.NewReader(f)))
	r.LazyQuotes, r.FieldsPerRecord = true, -1
	head := must(r.Read())
	var out []map[string]string
	for {
		row, err := r.Read()
		if err == io.EOF {
			return out
		}
		ok(t, err)
		m := make(map[string]string, len(head))
		for i, name := range head {
			if i < len(row) {
				m[name] = row[i]
			}
		}
		out = append(out, m)
	}
}

// when reads a time; an empty one has not happened.
func when(t *testing.T, layout, s string) time.Time {
	t.Helper()
	if s == "" {
		return time.Time{}
	}
	return must(time.Parse(layout, s))
}

func whole(t *testing.T, s string) int64 {
	t.Helper()
	x, err := strconv.ParseFloat(s, 64)
	ok(t, err)
	return int64(math.Round(x))
}

// cents reads an amount as minor units.
func cents(t *testing.T, s string) int64 {
	t.Helper()
	x, err := strconv.ParseFloat(s, 64)
	ok(t, err)
	return int64(math.Round(100 * x))
}

func latest(ts ...time.Time) (out time.Time) {
	for _, t := range ts {
		if t.After(out) {
			out = t
		}
	}
	return out
}

// 9,999 orders of Olist: fulfilment by state and month; approval and delivery as answer and
// solution; what was shipped and cancelled all the same as returns.
func TestOlist(t *testing.T) {
	dir := testkit.Shared(t, "data/olist-partial")
	state := map[string]string{}
	for _, c := range records(t, dir+"/olistcustomerdataset.csv.gz") {
		state[c["customer_id"]] = c["customer_state"]
	}
	const layout = "1/2/2006 15:04"
	var d data
	rows := records(t, dir+"/olist_orders_dataset.csv.gz")
	for _, r := range rows {
		o := order{category: r["order_status"], Delivery: supply.Delivery{
			Placed: when(t, layout, r["order_purchase_timestamp"]), Shipped: when(t, layout, r["order_delivered_carrier_date"]),
			Delivered: when(t, layout, r["order_delivered_customer_date"]), Promised: when(t, layout, r["order_estimated_delivery_date"]),
			Cancelled: r["order_status"] == "canceled" || r["order_status"] == "unavailable", Region: state[r["customer_id"]],
		}}
		approved := when(t, layout, r["order_approved_at"])
		d.asOf = latest(d.asOf, o.Placed, o.Shipped, o.Delivered, approved)
		d.orders = append(d.orders, o)
		if !approved.Before(o.Placed) || approved.IsZero() {
			k := supply.Ticket{Opened: o.Placed, Replied: approved, Resolved: o.Delivered, Contacts: 1}
			if k.Resolved.Before(k.Opened) {
				k.Resolved = time.Time{}
			}
			d.tickets = append(d.tickets, ticket{k, r["order_status"]})
		}
		if !o.Shipped.IsZero() {
			d.sales = append(d.sales, sale{o.Shipped, 1, 1, 100})
			if o.Cancelled {
				back := supply.Return{Sold: o.Shipped, At: latest(o.Shipped, o.Delivered), Orders: 1, Units: 1, Value: 100, Reason: r["order_status"]}
				d.returns = append(d.returns, back)
			}
		}
	}
	census(t, "olist-partial", d)
}

// 6,000 order lines of DataCo: fulfilment by market, shipping mode and category; lines that
// were cancelled or suspected of fraud as returns.
func TestDataCo(t *testing.T) {
	dir := testkit.Shared(t, "data/dataco-sample")
	const layout = "1/2/2006 15:04"
	var d data
	for _, r := range records(t, dir+"/dataco_sample_6000.csv.gz") {
		placed := when(t, layout, r["order date (DateOrders)"])
		took, promised := whole(t, r["Days for shipping (real)"]), whole(t, r["Days for shipment (scheduled)"])
		o := order{carrier: r["Shipping Mode"], category: r["Category Name"], Delivery: supply.Delivery{
			Placed: placed, Shipped: when(t, layout, r["shipping date (DateOrders)"]), Delivered: placed.AddDate(0, 0, int(took)), Promised: placed.AddDate(0, 0, int(promised)),
			Cancelled: r["Delivery Status"] == "Shipping canceled", Region: r["Market"], Ordered: whole(t, r["Order Item Quantity"]), Received: whole(t, r["Order Item Quantity"]),
		}}
		d.asOf = latest(d.asOf, o.Delivered, o.Shipped)
		d.orders = append(d.orders, o)
		k := supply.Ticket{Opened: placed, Replied: o.Shipped, Resolved: o.Delivered, Contacts: 1}
		if status := r["Order Status"]; status == "PENDING" || status == "ON_HOLD" {
			k.Resolved = time.Time{}
		}
		d.tickets = append(d.tickets, ticket{k, r["Order Status"]})
		value := cents(t, r["Order Item Total"])
		d.sales = append(d.sales, sale{placed, 1, o.Ordered, value})
		if o.Cancelled {
			d.returns = append(d.returns, supply.Return{Sold: placed, At: o.Delivered, Orders: 1, Units: o.Ordered, Value: value, Reason: r["Order Status"]})
		}
	}
	census(t, "dataco-sample", d)
}

// 9,994 order lines of Superstore: order to shipment by region, mode and category. No promise
// and no delivery is recorded; a shipment counts as both answer and delivery.
func TestSuperstore(t *testing.T) {
	dir := testkit.Shared(t, "data/superstore")
	const layout = "2006-01-02"
	var d data
	for _, r := range records(t, dir+"/sample_superstore.csv.gz") {
		units := whole(t, r["quantity"])
		o := order{carrier: r["ship_mode"], category: r["sub_category"], Delivery: supply.Delivery{
			Placed: when(t, layout, r["order_date"]), Shipped: when(t, layout, r["ship_date"]), Delivered: when(t, layout, r["ship_date"]), Region: r["region"], Ordered: units, Received: units,
		}}
		o.Promised = o.Placed.AddDate(0, 0, map[string]int{"Same Day": 0, "First Class": 2, "Second Class": 4, "Standard Class": 5}[o.carrier])
		d.asOf = latest(d.asOf, o.Shipped)
		d.orders = append(d.orders, o)
		d.tickets = append(d.tickets, ticket{supply.Ticket{Opened: o.Placed, Replied: o.Shipped, Resolved: o.Shipped, Contacts: 1}, r["segment"]})
		d.sales = append(d.sales, sale{o.Placed, 1, units, cents(t, r["sales"])})
	}
	census(t, "superstore", d)
}

// census compares all reports of a source and prints what docs quote of them: of the first 300
// records, or of all with AISLE_LONG=1 go test -v ./examples/internal/supplysql.
func census(t *testing.T, name string, d data) {
	t.Helper()
	if os.Getenv("AISLE_LONG") == "" {
		d.orders, d.tickets, d.sales, d.returns = d.orders[:300], d.tickets[:300], nil, nil // of all else a little is enough
	}
	db := tables(t, d)
	refused, f := fulfilment(t, db, d)
	s, r := service(t, db, d), returned(t, db, d)
	h := func(x time.Duration) float64 { return x.Hours() / 24 }
	t.Logf("%s: %d orders, %d cancelled, %d refused, %d open, %d overdue; on time %.4f, OTIF %.4f; days to ship %.2f (P90 %.2f), in transit %.2f (P90 %.2f), in all %.2f (P50 %.2f, P90 %.2f, P95 %.2f)",
		name, f.Orders, f.Cancelled, refused, f.Open, f.Overdue, f.OnTime.OrNaN(), f.OTIF.OrNaN(), h(f.OrderToShip.Mean), h(f.OrderToShip.P90), h(f.ShipToDeliver.Mean), h(f.ShipToDeliver.P90), h(f.OrderToDelivery.Mean), h(f.OrderToDelivery.P50), h(f.OrderToDelivery.P90), h(f.OrderToDelivery.P95))
	t.Logf("%s: %d tickets, backlog %d of ages %v; days to the answer %.2f (P90 %.2f); returns by order %.4f, by value %.4f, expected within the window %.4f; reasons %v",
		name, s.Tickets, s.Backlog, s.AgedBacklog, h(s.FirstResponse.Mean), h(s.FirstResponse.P90), r.ReturnsByOrder.OrNaN(), r.ReturnsByValue.OrNaN(), r.ExpectedByOrder, r.Reasons)
}
