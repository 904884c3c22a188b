package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/examples/internal/report"
	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/experiment"
	"github.com/aislekit/aisle/metrics/kpi"
)

// effect is what a campaign did to the chance to buy within its window.
type effect struct {
	Name    string
	Effect  metrics.Effect
	Balance experiment.SRM
	Planted float64 // mean of the true effects; NaN if unknown
	Profit  *metrics.Effect
}

// measured are the experiments and the key figures.
type measured struct {
	Currency string
	Audits   []*audited
	Pooled   *effect // over the campaigns whose arms are in balance
	Groups   parts   // over the campaigns before the cut, customers not gone
	Worth    economics
	Chosen   []int   // clusters that answered the earlier campaigns
	Clear    bool    // the earlier campaigns prove that those pay
	Aimed    *effect // the last campaign, among those chosen by the earlier ones
	Others   *effect
	Placebo  *effect // two halves of an audience that nobody addressed
}

// buyersWithin returns the customers with an order in [from, to).
func buyersWithin(orders []settled, from, to time.Time) map[string]bool {
	out := make(map[string]bool)
	for i := range orders {
		o := &orders[i].Order
		if o.User != "" && !o.At.Before(from) && o.At.Before(to) {
			out[o.User] = true
		}
	}
	return out
}

// compare turns two arms into an effect. planned are the shares of control and
// treatment, nil for equal ones.
func compare(name string, control, treated metrics.Proportion, planted metrics.Moments, planned []float64) (*effect, error) {
	e := &effect{Name: name, Planted: math.NaN()}
	var err error
	if e.Effect, err = metrics.CompareProportions(control, treated, metrics.CompareOptions{}); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if e.Balance, err = experiment.SampleRatio([]int64{control.N(), treated.N()}, planned); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if planted.N() > 0 {
		e.Planted, err = planted.Mean()
	}
	return e, err
}

// measure says what each campaign did, which groups answered those before the
// cut, and whether the last one bears that choice out: it began at the cut, so
// nothing of it was known.
func measure(ctx context.Context, rec *records, seg *segmented, campaigns []campaign, opt options) (*measured, error) {
	out := &measured{Currency: rec.Currency}
	if len(campaigns) == 0 {
		return out, nil
	}
	all, err := rec.Ledger.Settle(time.Time{})
	if err != nil {
		return nil, err
	}
	sound, earlier, err := out.audit(ctx, rec, seg, campaigns, salesOf(rec, all.Orders, all.Refunds), opt)
	if err != nil {
		return nil, err
	}
	cost := campaigns[0].Cost
	for i := range campaigns {
		if campaigns[i].Cost != cost {
			cost = 0 // no common profit of a contact
		}
	}
	if out.Pooled, err = effectOf("all campaigns together", sound, nil, cost); err != nil || out.Pooled == nil {
		return out, err
	}
	last := &campaigns[len(campaigns)-1]
	if out.Worth, err = worth(earlier, last.Cost); err != nil {
		return nil, err
	}
	if err := out.choose(earlier, seg); err != nil {
		return nil, err
	}
	a := out.Audits[len(out.Audits)-1]
	if last.Start.Before(rec.Cut) || len(out.Chosen) == 0 || a.Balance.Alarm {
		return out, nil
	}
	chosen := func(x *contact) bool { return slices.Contains(out.Chosen, x.Group) && !x.Gone }
	if out.Aimed, err = effectOf(last.Name+": customers we would have chosen", a.Contacts, chosen, last.Cost); err != nil {
		return nil, err
	}
	out.Others, err = effectOf(last.Name+": all others", a.Contacts, func(x *contact) bool { return !chosen(x) }, last.Cost)
	return out, err
}

// audit looks at each campaign and returns the customers of all whose lot was fair, and
// of those before the cut who are not gone.
func (m *measured) audit(ctx context.Context, rec *records, seg *segmented, campaigns []campaign, sales []sale, opt options) (sound, earlier []contact, err error) {
	for i := range campaigns {
		c := &campaigns[i]
		cs, twice, err := c.contacts(rec, seg, sales)
		if err != nil {
			return nil, nil, err
		}
		a, err := audit(ctx, c, cs, twice, sound, seg, opt)
		if err != nil {
			return nil, nil, err
		}
		m.Audits = append(m.Audits, a)
		if a.Balance.Alarm {
			continue
		}
		sound = append(sound, cs...)
		if c.Start.Before(rec.Cut) {
			for k := range cs {
				if !cs[k].Gone {
					earlier = append(earlier, cs[k])
				}
			}
		}
	}
	return sound, earlier, nil
}

// choose says which groups to address, as the campaigns before the cut tell.
func (m *measured) choose(earlier []contact, seg *segmented) error {
	names := make([]string, seg.Model.K())
	for g := range names {
		names[g] = seg.clusterName(g)
	}
	var err error
	if m.Groups, err = breakdown(earlier, names, func(x *contact) int { return x.Group }, &m.Worth); err != nil {
		return err
	}
	slices.SortStableFunc(m.Groups.Rows, func(a, b slice) int { return cmp.Compare(b.Effect.Estimate, a.Effect.Estimate) })
	for _, g := range m.Groups.Rows {
		if g.Verdict == repeat {
			m.Chosen, m.Clear = append(m.Chosen, g.Key), true
		}
	}
	if !m.Clear {
		// Nothing is proven: the better half, if it promises anything, is where to
		// look on. A group that a message drives away is never chosen.
		for i, g := range m.Groups.Rows {
			if i < (len(m.Groups.Rows)+1)/2 && g.Effect.Estimate > 0 {
				m.Chosen = append(m.Chosen, g.Key)
			}
		}
	}
	slices.Sort(m.Chosen)
	return nil
}

// effectOf measures the customers that who selects; nil without any to compare.
func effectOf(name string, cs []contact, who func(*contact) bool, cost int64) (*effect, error) {
	var some []contact
	for i := range cs {
		if who == nil || who(&cs[i]) {
			some = append(some, cs[i])
		}
	}
	control, treated, planted, err := split(some, nil, bought)
	if err != nil {
		return nil, err
	}
	e, err := compare(name, control, treated, planted, nil)
	if errors.Is(err, metrics.ErrUndefined) {
		return nil, nil
	}
	if err != nil || cost == 0 {
		return e, err
	}
	p, _, err := profitOf(some, cost)
	if errors.Is(err, metrics.ErrUndefined) {
		return e, nil
	}
	e.Profit = &p
	return e, err
}

func hasAll(names, want []string) bool {
	for _, w := range want {
		if !slices.Contains(names, w) {
			return false
		}
	}
	return true
}

// placebo compares the two halves of an audience over a time in which nobody
// was addressed: an honest measurement finds nothing.
func placebo(rec *records, t *targeted, window time.Duration) (*effect, error) {
	all, err := rec.Ledger.Settle(time.Time{})
	if err != nil {
		return nil, err
	}
	within := buyersWithin(all.Orders, rec.Cut, rec.Cut.Add(window))
	var a, b metrics.Proportion
	for _, id := range t.Control {
		a.Add(within[id])
	}
	for _, id := range t.Target {
		b.Add(within[id])
	}
	return compare(fmt.Sprintf("no message at all, %s to %s", date(rec.Cut), date(rec.Cut.Add(window))), a, b, metrics.Moments{}, []float64{t.Share, 1 - t.Share})
}

func interval(e *effect) string {
	return fmt.Sprintf("%+.1f to %+.1f", 100*e.Effect.Low, 100*e.Effect.High)
}

// month is the key figures of one calendar month.
type month struct {
	From      time.Time
	Counts    kpi.Counts
	Customers *kpi.Customers[string]
	Whole     bool // the log covers all of it
}

// kpis adds up the key figures of every month of the log.
func kpis(rec *records) ([]month, error) {
	all, err := rec.Ledger.Settle(time.Time{})
	if err != nil {
		return nil, err
	}
	first := time.Date(rec.Start.Year(), rec.Start.Month(), 1, 0, 0, 0, 0, time.UTC)
	var out []month
	for m := first; m.Before(rec.End); m = m.AddDate(0, 1, 0) {
		out = append(out, month{From: m, Customers: &kpi.Customers[string]{}, Whole: !m.Before(rec.Start) && !m.AddDate(0, 1, 0).After(rec.End)})
	}
	at := func(t time.Time) *month {
		k := (t.Year()-first.Year())*12 + int(t.Month()) - int(first.Month())
		if k < 0 || k >= len(out) {
			return nil
		}
		return &out[k]
	}
	seen := make(map[string]bool)
	for i := range all.Orders { // by time
		o := &all.Orders[i]
		m := at(o.Order.At)
		if m == nil {
			continue
		}
		units, err := o.Order.Units()
		if err != nil {
			return nil, err
		}
		c := kpi.Counts{Orders: 1, Units: units, Revenue: o.Paid}
		if u := o.Order.User; u != "" {
			if !seen[u] {
				seen[u], c.NewCustomers = true, 1
			}
			if err := m.Customers.Add(u, o.Paid); err != nil {
				return nil, err
			}
		}
		if err := m.Counts.Add(c); err != nil {
			return nil, err
		}
	}
	for i := range all.Refunds {
		if m := at(all.Refunds[i].At); m != nil {
			if err := m.Counts.Add(kpi.Counts{Refunds: all.Refunds[i].Amount}); err != nil {
				return nil, err
			}
		}
	}
	for i := range out {
		out[i].Counts.Buyers = out[i].Customers.Buyers()
	}
	return out, nil
}

// kpiSection reports the key figures month by month.
func kpiSection(months []month, currency string) report.Section {
	t := report.Table{Caption: "Key figures by month", Columns: []string{"month", "orders", "known buyers", "new", "revenue", "refunded", "average order", "pieces an order", "bought again next month"}}
	plot := report.Plot{Kind: report.Lines, Title: "Revenue by month, before refunds", Desc: "A line over the months of the log.", YName: currency, Zero: true, Series: []report.Series{{Name: "revenue"}}}
	best, bestAt := int64(-1), 0
	for i := range months {
		m := &months[i]
		again := "–"
		if i+1 < len(months) && months[i+1].Whole {
			again = percent(m.Customers.RepurchaseRate(months[i+1].Customers).Float())
		}
		name := m.From.Format("Jan 2006")
		if !m.Whole {
			name += " (part)"
		}
		t.Rows = append(t.Rows, []string{
			name, count(m.Counts.Orders), count(m.Counts.Buyers), count(m.Counts.NewCustomers), whole(float64(m.Counts.Revenue), currency),
			percent(m.Counts.RefundRate().Float()), whole(m.Counts.AOV().Float(), currency), decimal(m.Counts.UnitsPerOrder().Float(), 1), again,
		})
		plot.Labels = append(plot.Labels, m.From.Format("Jan 06"))
		y := float64(m.Counts.Revenue) / 100
		if !m.Whole {
			y = math.NaN()
		}
		plot.Series[0].Y = append(plot.Series[0].Y, y)
		if m.Whole && m.Counts.Revenue > best {
			best, bestAt = m.Counts.Revenue, i
		}
	}
	s := report.Section{
		Title: "How the shop is doing", Plots: []report.Plot{plot}, Tables: []report.Table{t},
		Meaning: "These are the months of the log.",
		Action:  "Watch “bought again next month”: it moves before revenue does.",
		Terms:   []report.Term{{Word: "Average order", Meaning: "revenue before refunds divided by orders."}, {Word: "Bought again next month", Meaning: "of the month's known buyers, the share with another order in the month after."}},
	}
	if best >= 0 {
		s.Meaning = fmt.Sprintf("The best month was %s with %s of revenue.", months[bestAt].From.Format("January 2006"), whole(float64(best), currency))
	}
	return s
}
