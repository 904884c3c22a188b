package main

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/examples/internal/report"
	"github.com/aislekit/aisle/metrics"
)

// campaign is an experiment: who was treated, who was left alone by lot.
type campaign struct {
	Name       string
	Start, End time.Time
	Cost       int64 // of a message, minor units
	Treated    []string
	Control    []string
	// Planted, if known, is the true effect on the chance to buy of a customer.
	Planted map[string]float64
}

// effect is what a campaign did to the chance to buy within its window.
type effect struct {
	Name    string
	Effect  metrics.Effect
	Balance metrics.SRM
	Planted float64 // mean of the true effects; NaN if unknown
}

// measured are the experiments and the key figures.
type measured struct {
	Campaigns []effect
	Pooled    *effect
	Groups    []groupEffect
	Chosen    []int   // clusters that answered the earlier campaigns
	Aimed     *effect // the last campaign, among those chosen by the earlier ones
	Others    *effect
	Placebo   *effect // two halves of an audience that nobody addressed
}

// groupEffect is the effect on one cluster over the campaigns before the cut.
type groupEffect struct {
	Cluster int
	effect
}

// buyersWithin returns the customers with an order in [from, to).
func buyersWithin(orders []settled, from, to time.Time) map[string]bool {
	out := make(map[string]bool)
	for i := range orders {
		o := &orders[i].Order
		if o.User != "" && !o.Time.Before(from) && o.Time.Before(to) {
			out[o.User] = true
		}
	}
	return out
}

// arms counts the buyers of both arms among the customers that who selects.
func (c *campaign) arms(bought map[string]bool, who func(string) bool) (control, treated metrics.Proportion, planted metrics.Moments, err error) {
	for _, u := range c.Treated {
		if who == nil || who(u) {
			treated.Add(bought[u])
			if c.Planted != nil {
				err = errors.Join(err, planted.Add(c.Planted[u]))
			}
		}
	}
	for _, u := range c.Control {
		if who == nil || who(u) {
			control.Add(bought[u])
			if c.Planted != nil {
				err = errors.Join(err, planted.Add(c.Planted[u]))
			}
		}
	}
	return control, treated, planted, err
}

// compare turns two arms into an effect. planned are the shares of control and
// treatment, nil for equal ones.
func compare(name string, control, treated metrics.Proportion, planted metrics.Moments, planned []float64) (*effect, error) {
	e := &effect{Name: name, Planted: math.NaN()}
	var err error
	if e.Effect, err = metrics.CompareProportions(control, treated, metrics.CompareOptions{}); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if e.Balance, err = metrics.SampleRatio([]int64{control.N(), treated.N()}, planned); err != nil {
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
func measure(rec *records, seg *segmented, campaigns []campaign) (*measured, error) {
	all, err := rec.Ledger.Settle(time.Time{})
	if err != nil {
		return nil, err
	}
	out := &measured{}
	var control, treated metrics.Proportion
	var planted metrics.Moments
	type arms struct {
		control, treated metrics.Proportion
		planted          metrics.Moments
	}
	groups := make([]arms, seg.Model.K())
	// Who is in which group is read off the profile at the start of each campaign:
	// what a campaign itself changed must not choose who counts.
	member := make([]map[string]int, len(campaigns))
	gone := make([]map[string]bool, len(campaigns))
	for i := range campaigns {
		c := &campaigns[i]
		bought := buyersWithin(all.Orders, c.Start, c.End)
		a, b, p, err := c.arms(bought, nil)
		if err != nil {
			return nil, err
		}
		e, err := compare(c.Name, a, b, p, nil)
		if err != nil {
			return nil, err
		}
		out.Campaigns = append(out.Campaigns, *e)
		if err := errors.Join(control.Merge(&a), treated.Merge(&b), planted.Merge(&p)); err != nil {
			return nil, err
		}
		at, err := profileAt(rec, c.Start, nil)
		if err != nil {
			return nil, err
		}
		// A table has the columns that occur by then; ask for those of the model.
		if at.Table.Column(seg.Columns[0]) < 0 || !hasAll(at.Table.Names, seg.Columns) {
			if at, err = profileAt(rec, c.Start, seg.Columns); err != nil {
				return nil, err
			}
		}
		if member[i], err = seg.assign(at.Table); err != nil {
			return nil, err
		}
		gone[i] = make(map[string]bool)
		for id, when := range at.Bought {
			gone[i][id] = c.Start.Sub(when[len(when)-1]) >= seg.Silence
		}
		if !c.Start.Before(rec.Cut) {
			continue
		}
		for g := range groups {
			a, b, p, err := c.arms(bought, func(u string) bool {
				k, ok := member[i][u]
				return ok && k == g && !gone[i][u]
			})
			if err != nil {
				return nil, err
			}
			if err := errors.Join(groups[g].control.Merge(&a), groups[g].treated.Merge(&b), groups[g].planted.Merge(&p)); err != nil {
				return nil, err
			}
		}
	}
	if len(campaigns) == 0 {
		return out, nil
	}
	if out.Pooled, err = compare("all campaigns together", control, treated, planted, nil); err != nil {
		return nil, err
	}
	for g := range groups {
		e, err := compare(seg.clusterName(g), groups[g].control, groups[g].treated, groups[g].planted, nil)
		if errors.Is(err, metrics.ErrUndefined) {
			continue // nobody of the group was there yet
		}
		if err != nil {
			return nil, err
		}
		out.Groups = append(out.Groups, groupEffect{g, *e})
	}
	slices.SortStableFunc(out.Groups, func(a, b groupEffect) int { return cmp.Compare(b.Effect.Estimate, a.Effect.Estimate) })
	// Groups above the median answer; a group that a message drives away never does.
	for i, g := range out.Groups {
		if i < (len(out.Groups)+1)/2 && g.Effect.Estimate > 0 {
			out.Chosen = append(out.Chosen, g.Cluster)
		}
	}
	slices.Sort(out.Chosen)

	last := len(campaigns) - 1
	c := &campaigns[last]
	if c.Start.Before(rec.Cut) || len(out.Chosen) == 0 {
		return out, nil
	}
	bought := buyersWithin(all.Orders, c.Start, c.End)
	for _, want := range []bool{true, false} {
		a, b, p, err := c.arms(bought, func(u string) bool {
			k, ok := member[last][u]
			return (ok && slices.Contains(out.Chosen, k) && !gone[last][u]) == want
		})
		if err != nil {
			return nil, err
		}
		name := c.Name + ": customers we would have chosen"
		if !want {
			name = c.Name + ": all others"
		}
		e, err := compare(name, a, b, p, nil)
		if err != nil {
			return nil, err
		}
		if want {
			out.Aimed = e
		} else {
			out.Others = e
		}
	}
	return out, nil
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
	c := campaign{Treated: t.Target, Control: t.Control}
	a, b, p, err := c.arms(buyersWithin(all.Orders, rec.Cut, rec.Cut.Add(window)), nil)
	if err != nil {
		return nil, err
	}
	return compare(fmt.Sprintf("no message at all, %s to %s", date(rec.Cut), date(rec.Cut.Add(window))), a, b, p, []float64{t.Share, 1 - t.Share})
}

func (m *measured) section() report.Section {
	t := report.Table{Caption: "Effect on the chance to buy within the campaign", Columns: []string{"campaign", "customers", "bought without", "bought with", "difference", "95% interval"}}
	add := func(e *effect) {
		if e != nil {
			t.Rows = append(t.Rows, []string{e.Name, count(e.Effect.N), percent(e.Effect.MeanA), percent(e.Effect.MeanB), points(e.Effect.Estimate), interval(e)})
		}
	}
	for i := range m.Campaigns {
		add(&m.Campaigns[i])
	}
	add(m.Pooled)
	add(m.Aimed)
	add(m.Others)
	add(m.Placebo)
	s := report.Section{Title: "Did it work?", Tables: []report.Table{t},
		Terms: []report.Term{{Word: "95% interval", Meaning: "the range in which the true effect lies, if such a calculation is right 95 times in 100. If it contains 0, chance alone may explain the difference."},
			{Word: "Points", Meaning: "percentage points: from 20% to 23% is +3 points."}}}
	if m.Pooled == nil {
		s.Meaning = "The file holds no campaign; the two halves of the audience, to whom nothing was sent, differ by no more than chance: the measurement invents no effect."
		if m.Placebo == nil {
			s.Meaning = "The file holds no campaign, and too few customers to measure one."
		} else if m.Placebo.Effect.Significant() {
			s.Meaning = "The file holds no campaign, yet the two halves of the audience, to whom nothing was sent, differ by more than chance usually does; one time in twenty that happens."
		}
		s.Action = "Run the next campaign with the hold-out of the section before, and read its effect here."
		return s
	}
	s.Meaning = fmt.Sprintf("A message raised the chance to buy within two weeks by %s (from %s to %s); the true effect lies between %s.",
		points(m.Pooled.Effect.Estimate), percent(m.Pooled.Effect.MeanA), percent(m.Pooled.Effect.MeanB), interval(m.Pooled))
	s.Action = "Send the next message to the groups that answered and spare the others: for some, a message changes nothing or even puts them off."
	for _, e := range append(slices.Clone(m.Campaigns), *m.Pooled) {
		s.Checks = append(s.Checks, report.Check{What: "effect of " + e.Name, Planted: points(e.Planted), Found: points(e.Effect.Estimate) + " (" + interval(&e) + ")",
			Verdict: report.Mark(e.Planted >= e.Effect.Low && e.Planted <= e.Effect.High)})
	}
	if m.Aimed != nil {
		s.Checks = append(s.Checks,
			report.Check{What: "held-out campaign, customers chosen by earlier ones", Planted: points(m.Aimed.Planted), Found: points(m.Aimed.Effect.Estimate) + " (" + interval(m.Aimed) + ")", Verdict: report.Mark(m.Aimed.Planted > m.Others.Planted)},
			report.Check{What: "held-out campaign, all others", Planted: points(m.Others.Planted), Found: points(m.Others.Effect.Estimate) + " (" + interval(m.Others) + ")"})
	}
	g := report.Table{Caption: "Who answers? Effect by group, campaigns before the cut, customers not gone", Columns: []string{"group", "customers", "difference", "95% interval", "planted", "chosen"}}
	plot := report.Plot{Kind: report.Bars, Title: "Effect by group", Desc: "Bars of the measured and the planted effect of each group.", Percent: true,
		Series: []report.Series{{Name: "measured"}, {Name: "planted"}}}
	for i := range m.Groups {
		e := &m.Groups[i]
		chosen := ""
		if slices.Contains(m.Chosen, e.Cluster) {
			chosen = "yes"
		}
		g.Rows = append(g.Rows, []string{e.Name, count(e.Effect.N), points(e.Effect.Estimate), interval(&e.effect), points(e.Planted), chosen})
		plot.Labels = append(plot.Labels, e.Name)
		plot.Series[0].Y = append(plot.Series[0].Y, e.Effect.Estimate)
		plot.Series[1].Y = append(plot.Series[1].Y, e.Planted)
	}
	s.Tables = append(s.Tables, g)
	s.Plots = append(s.Plots, plot)
	for _, e := range m.Campaigns {
		if e.Balance.Alarm {
			s.Notes = append(s.Notes, e.Name+": the two arms are of unlikely sizes; find out why before believing the effect.")
		}
	}
	return s
}

func interval(e *effect) string {
	return fmt.Sprintf("%+.1f to %+.1f", 100*e.Effect.Low, 100*e.Effect.High)
}

// month is the key figures of one calendar month.
type month struct {
	From      time.Time
	Counts    metrics.Counts
	Customers *metrics.Customers[string]
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
		out = append(out, month{From: m, Customers: &metrics.Customers[string]{}, Whole: !m.Before(rec.Start) && !m.AddDate(0, 1, 0).After(rec.End)})
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
		m := at(o.Order.Time)
		if m == nil {
			continue
		}
		units, err := o.Order.Units()
		if err != nil {
			return nil, err
		}
		c := metrics.Counts{Orders: 1, Units: units, Revenue: o.Paid}
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
		if m := at(all.Refunds[i].Time); m != nil {
			if err := m.Counts.Add(metrics.Counts{Refunds: all.Refunds[i].Amount}); err != nil {
				return nil, err
			}
		}
	}
	for i := range out {
		out[i].Counts.Buyers = out[i].Customers.Buyers()
	}
	return out, nil
}

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
		t.Rows = append(t.Rows, []string{name, count(m.Counts.Orders), count(m.Counts.Buyers), count(m.Counts.NewCustomers), whole(float64(m.Counts.Revenue), currency),
			percent(m.Counts.RefundRate().Float()), whole(m.Counts.AOV().Float(), currency), decimal(m.Counts.UnitsPerOrder().Float(), 1), again})
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
	s := report.Section{Title: "How the shop is doing", Plots: []report.Plot{plot}, Tables: []report.Table{t},
		Meaning: "These are the months of the log.",
		Action:  "Watch “bought again next month”: it moves before revenue does.",
		Terms:   []report.Term{{Word: "Average order", Meaning: "revenue before refunds divided by orders."}, {Word: "Bought again next month", Meaning: "of the month's known buyers, the share with another order in the month after."}}}
	if best >= 0 {
		s.Meaning = fmt.Sprintf("The best month was %s with %s of revenue.", months[bestAt].From.Format("January 2006"), whole(float64(best), currency))
	}
	return s
}
