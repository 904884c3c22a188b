package shop

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/aislekit/aisle/examples/backend/store"
	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/kpi"
	"github.com/aislekit/aisle/supply/reorder"
)

// KPI are the figures of a span.
type KPI struct {
	From      time.Time `json:"from"`
	To        time.Time `json:"to"`
	Days      []KPIDay  `json:"days"`
	Visitors  int64     `json:"visitors"`
	Orders    int64     `json:"orders"`
	Buyers    int64     `json:"buyers"`
	Units     int64     `json:"units"`
	Revenue   int64     `json:"revenue"`
	Refunds   int64     `json:"refunds"`
	Margin    int64     `json:"margin"`
	CVR       *float64  `json:"conversion"`  // orders by sessions
	AOV       *float64  `json:"order_value"` // minor units
	ARPU      *float64  `json:"revenue_per_visitor"`
	Repeat    *float64  `json:"repeat"`    // share of buyers with two orders and more
	Abandoned *float64  `json:"abandoned"` // carts
	Refunded  *float64  `json:"refunded"`  // share of revenue
}

// KPIDay are the figures of one UTC day.
type KPIDay struct {
	Day      string `json:"day"`
	Visitors int64  `json:"visitors"`
	Orders   int64  `json:"orders"`
	Revenue  int64  `json:"revenue"`
}

// cell is what is gathered for a span or a day.
type cell struct {
	counts            kpi.Counts
	customers         kpi.Customers[string]
	visitors, buyers  map[string]bool
	sessions, carts   map[string]bool
	purchases, bought map[string]int64 // revenue by order; carts that were ordered
	buyer             map[string]string
}

func newCell() *cell {
	return &cell{
		visitors: map[string]bool{}, buyers: map[string]bool{}, sessions: map[string]bool{}, carts: map[string]bool{}, purchases: map[string]int64{},
		bought: map[string]int64{}, buyer: map[string]string{},
	}
}

// add takes an event in. A visit is a session, or a customer's day where none is told.
func (c *cell) add(e store.Event, item store.Item) {
	session := e.Session
	if session == "" {
		session = "\x00" + e.Customer + e.At.Format(time.DateOnly)
	}
	c.visitors[e.Customer], c.sessions[session] = true, true
	switch e.Kind {
	case "cart":
		c.carts[session] = true
	case store.KindOrder:
		purchase := e.Purchase
		if purchase == "" {
			purchase = "\x00" + e.ID
		}
		c.purchases[purchase] += e.Amount
		c.buyer[purchase] = e.Customer
		c.buyers[e.Customer] = true
		c.counts.Units += e.Quantity
		c.counts.Revenue += e.Amount
		c.counts.GrossMargin += e.Amount - e.Quantity*item.Cost
		if c.carts[session] {
			c.bought[session] = 1
		}
	case "return":
		c.counts.Refunds += e.Amount
	}
}

// done fills in what is counted at the end.
func (c *cell) done() error {
	c.counts.Visitors, c.counts.Sessions, c.counts.Orders = int64(len(c.visitors)), int64(len(c.sessions)), int64(len(c.purchases))
	c.counts.Buyers, c.counts.Carts, c.counts.CartOrders = int64(len(c.buyers)), int64(len(c.carts)), int64(len(c.bought))
	for purchase, revenue := range c.purchases {
		if err := c.customers.Add(c.buyer[purchase], revenue); err != nil {
			return err
		}
	}
	return c.counts.Fill("Visitors", "Sessions", "Orders", "Buyers", "Carts", "CartOrders", "Units", "Revenue", "Refunds", "GrossMargin")
}

// KPI counts the log of [from, to): what it says is what the store holds now.
func (s *Shop) KPI(ctx context.Context, from, to time.Time) (KPI, error) {
	all, days := newCell(), map[string]*cell{}
	items := s.itemsNow()
	for e, err := range s.store.EventsBetween(ctx, "", from, to) {
		if err != nil {
			return KPI{}, fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		day := e.At.UTC().Format(time.DateOnly)
		if days[day] == nil {
			days[day] = newCell()
		}
		all.add(e, items[e.Item])
		days[day].add(e, items[e.Item])
	}
	if err := all.done(); err != nil {
		return KPI{}, fmt.Errorf("shop: kpi: %w", err)
	}
	c := &all.counts
	out := KPI{
		From: from, To: to, Visitors: c.Visitors, Orders: c.Orders, Buyers: c.Buyers, Units: c.Units, Revenue: c.Revenue, Refunds: c.Refunds, Margin: c.GrossMargin,
		CVR: ratio(metrics.NewRatio(c.Orders, c.Sessions)), AOV: ratio(c.AOV()), ARPU: ratio(c.ARPU()), Repeat: ratio(all.customers.RepeatPurchaseRate()),
		Abandoned: ratio(c.CartAbandonment()), Refunded: ratio(metrics.NewRatio(c.Refunds, c.Revenue)),
	}
	for day := from.UTC().Truncate(24 * time.Hour); day.Before(to); day = day.AddDate(0, 0, 1) {
		row := KPIDay{Day: day.Format(time.DateOnly)}
		if d := days[row.Day]; d != nil {
			if err := d.done(); err != nil {
				return KPI{}, fmt.Errorf("shop: kpi: %w", err)
			}
			row.Visitors, row.Orders, row.Revenue = d.counts.Visitors, d.counts.Orders, d.counts.Revenue
		}
		out.Days = append(out.Days, row)
	}
	return out, nil
}

func ratio(r metrics.Ratio) *float64 {
	v, err := r.Value()
	if err != nil {
		return nil
	}
	return &v
}

// StockLine is the plan of one item.
type StockLine struct {
	Item     string   `json:"item"`
	Title    string   `json:"title"`
	Stock    int64    `json:"stock"`
	OnOrder  int64    `json:"on_order"`
	Sold     int64    `json:"sold"`  // pieces in the last 28 days
	Daily    float64  `json:"daily"` // forecast, pieces a day
	Point    float64  `json:"point"` // reorder point, what to order now
	Quantity float64  `json:"quantity"`
	Risk     float64  `json:"risk"` // that the stock does not last until what is ordered next comes
	Cover    *float64 `json:"cover"`
	Reorder  bool     `json:"reorder"`
}

// StockPlan says what to order: the mean and the scatter of the last four weeks as
// forecast, 95 % of the cycles without a stock-out, reviewed once a day.
func (s *Shop) StockPlan(ctx context.Context) ([]StockLine, error) {
	const span = 28
	to := s.opt.Clock().UTC()
	from := to.AddDate(0, 0, -span)
	sold := map[string]*[span]float64{}
	for e, err := range s.store.EventsBetween(ctx, store.KindOrder, from, to.Add(time.Minute)) {
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		if sold[e.Item] == nil {
			sold[e.Item] = new([span]float64)
		}
		sold[e.Item][min(span-1, int(e.At.Sub(from).Hours()/24))] += float64(e.Quantity)
	}
	items, err := s.store.Items(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if len(items) == 0 {
		return nil, nil
	}
	stocks, lines := make([]reorder.Stock[string], len(items)), make([]StockLine, len(items))
	for i, x := range items {
		var days [span]float64
		if d := sold[x.ID]; d != nil {
			days = *d
		}
		sum, squares := 0., 0.
		for _, d := range days {
			sum += d
		}
		for _, d := range days {
			squares += (d - sum/span) * (d - sum/span)
		}
		stocks[i] = reorder.Stock[string]{
			ID: x.ID, Forecast: []float64{sum / span}, SD: math.Sqrt(squares / (span - 1)), OnHand: float64(x.Stock), OnOrder: float64(x.OnOrder), Lead: x.LeadDays,
		}
		lines[i] = StockLine{Item: x.ID, Title: x.Title, Stock: x.Stock, OnOrder: x.OnOrder, Sold: int64(sum), Daily: sum / span}
	}
	plan, err := reorder.Plan(stocks, reorder.PlanOptions{Review: 1})
	if err != nil {
		return nil, fmt.Errorf("shop: stock plan: %w", err)
	}
	for i := range lines {
		p, err := plan.Line(lines[i].Item)
		if err != nil {
			return nil, fmt.Errorf("shop: stock plan: %w", err)
		}
		l := &lines[i]
		l.Point, l.Quantity, l.Risk, l.Reorder, l.Cover = p.Point, p.Quantity, p.Risk, p.Reorder, finite(p.Cover)
	}
	return lines, nil
}
