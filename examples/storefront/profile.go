package main

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/aislekit/aisle/examples/internal/report"
	"github.com/aislekit/aisle/profile"
)

// profiled is what is known of every customer at one moment.
type profiled struct {
	At       time.Time
	Currency string
	Table    *profile.Table[string]
	RFM      []profile.RFM[string]
	Everyone *profile.Individual
	Bought   map[string][]time.Time // when each customer ordered, ascending
	Orders   []settled              // before At, those of unknown customers too
	Refunds  []refund
	Known    int // orders with a customer

	// Where tastes were planted: of customers with five orders or more, the share
	// whose favourite category came out as their planted one.
	Judged, Right, Near int
}

// profileAt builds the profile of every customer as of a moment, from what was
// known then: later orders, events and refunds leave no trace. columns, if not
// nil, asks for the columns of an earlier table.
func profileAt(rec *records, at time.Time, columns []string) (*profiled, error) {
	b, err := profile.NewBuilder[string, string](profile.BuilderOptions{AsOf: at, Currency: rec.Currency, HalfLife: 180 * day, Windows: []int{30, 90}})
	if err != nil {
		return nil, err
	}
	s, err := rec.Ledger.Settle(at)
	if err != nil {
		return nil, err
	}
	p := &profiled{At: at, Currency: rec.Currency, Bought: make(map[string][]time.Time), Orders: s.Orders, Refunds: s.Refunds}
	for i := range rec.Accounts {
		if a := &rec.Accounts[i]; !a.Registered.IsZero() {
			if err := b.AddUser(&profile.User[string]{ID: a.ID, Registered: a.Registered}); err != nil {
				return nil, err
			}
		}
	}
	for i := range s.Orders {
		o := &s.Orders[i].Order
		if o.User == "" {
			continue
		}
		p.Known++
		if err := b.AddOrder(o); err != nil {
			return nil, err
		}
		p.Bought[o.User] = append(p.Bought[o.User], o.At)
	}
	for i := range s.Refunds {
		if s.Refunds[i].User == "" {
			continue
		}
		if err := b.AddRefund(&s.Refunds[i]); err != nil {
			return nil, err
		}
	}
	for i := range rec.Events {
		if err := b.Add(&rec.Events[i]); err != nil {
			return nil, err
		}
	}
	if p.Table, err = b.Table(profile.TableOptions{Columns: columns, Labels: 64}); err != nil {
		return nil, err
	}
	if p.RFM, err = b.RFM(); err != nil {
		return nil, err
	}
	p.Everyone, err = b.Population()
	return p, err
}

// checkTastes compares favourite categories with planted ones. taste gives the
// planted share of each category, by name, of a customer.
func (p *profiled) checkTastes(taste func(user string) map[string]float64) {
	const prefix = "category="
	orders := p.Table.Column("orders")
	for i, row := range p.Table.Rows {
		if row[orders] < 5 {
			continue
		}
		best, share := "", 0.0
		for c, name := range p.Table.Names {
			if len(name) > len(prefix) && name[:len(prefix)] == prefix && row[c] > share {
				best, share = name[len(prefix):], row[c]
			}
		}
		want := taste(p.Table.IDs[i])
		if best == "" || want == nil {
			continue
		}
		better := 0
		for _, x := range want {
			if x > want[best] {
				better++
			}
		}
		p.Judged++
		if better == 0 {
			p.Right++
		}
		if better < 3 {
			p.Near++
		}
	}
}

// section reports on the profiles of all customers.
func (p *profiled) section() report.Section {
	all := p.Everyone
	var top []profile.RFM[string]
	top = append(top, p.RFM...)
	slices.SortFunc(top, func(a, b profile.RFM[string]) int {
		return cmp.Or(cmp.Compare(b.Monetary, a.Monetary), cmp.Compare(a.User, b.User))
	})
	total, best := int64(0), int64(0)
	once := 0
	for i, r := range top {
		total += r.Monetary
		if i < (len(top)+9)/10 {
			best += r.Monetary
		}
		if r.Frequency == 1 {
			once++
		}
	}
	s := report.Section{
		Title: "Who the customers are",
		Meaning: fmt.Sprintf("On %s the shop knew %s customers, of whom %s had bought; the best tenth of them brought %s of the money.",
			date(p.At), count(len(p.Table.IDs)), count(len(p.RFM)), percent(float64(best)/float64(max(total, 1)))),
		Action: fmt.Sprintf("%s of the buyers bought only once: a second order is the cheapest growth there is, so give first-time buyers a reason to come back.", percent(float64(once)/float64(len(p.RFM)))),
		Terms:  []report.Term{{Word: "Profile", Meaning: "one row of numbers for each customer: how long ago, how often and for how much they bought, what they looked at and what they like. It holds only what was known on that day."}},
		Figures: []report.Figure{
			{Label: "customers", Value: count(len(p.Table.IDs))},
			{Label: "buyers", Value: count(len(p.RFM))},
			{Label: "orders of known customers", Value: count(all.Orders), Note: fmt.Sprintf("of %s orders", count(len(p.Orders)))},
			{Label: "paid so far", Value: whole(float64(all.Paid), p.Currency), Note: "refunded " + whole(float64(all.Refunded), p.Currency)},
			{Label: "numbers known of each", Value: count(len(p.Table.Names))},
		},
	}
	if p.Judged > 0 {
		s.Checks = []report.Check{
			{What: "favourite category (customers of five orders or more)", Planted: count(p.Judged) + " customers", Found: fmt.Sprintf("right for %s", percent(float64(p.Right)/float64(p.Judged)))},
			{What: "favourite category is among the planted top three", Planted: count(p.Judged) + " customers", Found: fmt.Sprintf("for %s", percent(float64(p.Near)/float64(p.Judged))), Verdict: report.Mark(float64(p.Near) > .7*float64(p.Judged))},
		}
	}
	var a report.Table
	a.Caption, a.Columns = "What customers care for", []string{"category", "share of attention"}
	for _, x := range all.Affinities {
		if x.Dimension == profile.Category && len(a.Rows) < 8 {
			a.Rows = append(a.Rows, []string{x.Label, percent(x.Share)})
		}
	}
	if len(a.Rows) > 0 {
		s.Tables = append(s.Tables, a)
	}
	t := report.Table{Caption: "The five most valuable customers", Columns: []string{"customer", "orders", "spent, net", "days since last order"}}
	for _, r := range top[:min(5, len(top))] {
		t.Rows = append(t.Rows, []string{r.User, count(r.Frequency), whole(float64(r.Monetary), p.Currency), decimal(r.Recency, 0)})
	}
	s.Tables = append(s.Tables, t)
	return s
}
