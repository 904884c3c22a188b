package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aislekit/aisle/examples/internal/report"
	"github.com/aislekit/aisle/segment"
	"github.com/aislekit/aisle/segment/audience"
)

// targeted is the audience of the next campaign.
type targeted struct {
	Rule       string
	Customers  int // that the rule was asked about
	Size       int
	Small      bool
	Why        string // if nobody is left
	Target     []string
	Control    []string
	Share      float64 // held out
	Example    string
	Explained  [][]string // clause, what is known, result
	Groups     []string   // clusters chosen for their response, if any
	Value      []string   // value segments chosen otherwise
	Parity     []audience.GroupRate
	ParityName string
}

// target chooses whom to address: customers of the groups that respond, who are
// not gone and would not buy anyway. A share of them is left alone so that the
// effect can be measured. groups holds cluster numbers; without any, value
// segments that are slipping away are taken.
func target(ctx context.Context, rec *records, now *profiled, seg *segmented, pred *predicted, groups []int, opt options) (*targeted, error) {
	ids := now.Table.IDs
	table, err := attributes(rec, now, seg, pred)
	if err != nil {
		return nil, err
	}
	t := &targeted{Customers: len(ids), Share: .3}
	rule := t.rule(seg, groups)
	program, err := audience.Compile(rule, table, audience.Options{AsOf: rec.Cut})
	if err != nil {
		return nil, err
	}
	chosen, err := program.Select(ctx)
	if err != nil {
		return nil, err
	}
	t.Size, t.Small, t.Why = len(chosen.IDs(nil)), chosen.Small(), chosen.Reason()
	if t.Size == 0 {
		return t, nil
	}
	if err := t.explain(program, ids, chosen.IDs(nil)[0]); err != nil {
		return nil, err
	}
	treat, control, err := audience.HoldOut(chosen, ids, t.Share, opt.Seed)
	if err != nil {
		return nil, err
	}
	for u := range treat.All {
		t.Target = append(t.Target, ids[u])
	}
	for u := range control.All {
		t.Control = append(t.Control, ids[u])
	}
	t.ParityName = "region"
	t.Parity, err = audience.Parity(chosen, table, t.ParityName, 0)
	return t, err
}

// attributes is what rules may ask of each customer.
func attributes(rec *records, now *profiled, seg *segmented, pred *predicted) (*audience.Attributes, error) {
	ids := now.Table.IDs
	table, err := audience.NewAttributes(len(ids))
	if err != nil {
		return nil, err
	}
	region := make(map[string]string, len(rec.Accounts))
	for _, a := range rec.Accounts {
		region[a.ID] = a.Region
	}
	group, value, stage, regions := make([]string, len(ids)), make([]string, len(ids)), make([]string, len(ids)), make([]string, len(ids))
	likely := make([]float64, len(ids))
	orders := make([][]time.Time, len(ids))
	for i, id := range ids {
		if c, ok := seg.Clusters[id]; ok {
			group[i] = seg.clusterName(c)
		}
		value[i], stage[i], regions[i], orders[i] = seg.Of[id], seg.States[id].String(), region[id], now.Bought[id]
		if orders[i] == nil {
			orders[i] = []time.Time{} // never, which is not the same as not known
		}
		likely[i] = pred.Purchase.Prob[id]
	}
	for _, err := range []error{
		table.AddTexts("group", group), table.AddTexts("value segment", value), table.AddTexts("stage", stage),
		table.AddTexts("region", regions), table.AddNumbers("probability to buy", likely), table.AddEvents("orders", orders),
	} {
		if err != nil {
			return nil, err
		}
	}
	return table, nil
}

// rule says whom to address: recent buyers who are not sure to buy anyway, of the groups
// given or of the value segments that slip away.
func (t *targeted) rule(seg *segmented, groups []int) audience.Rule {
	rules := []audience.Rule{audience.Frequency("orders", 365*day, 1, -1), audience.Compare("probability to buy", "<", .8)}
	if len(groups) > 0 {
		for _, g := range groups {
			t.Groups = append(t.Groups, seg.clusterName(g))
		}
		rules = append(rules, audience.In("group", t.Groups...), audience.Not(audience.In("stage", segment.Churned.String())))
	} else {
		t.Value = []string{"need attention", "about to sleep", "at risk", "cannot lose"}
		rules = append(rules, audience.In("value segment", t.Value...))
	}
	rule := audience.And(rules...)
	t.Rule = rule.String()
	return rule
}

// explain says why one customer is in.
func (t *targeted) explain(program *audience.Program, ids []string, user int32) error {
	x, err := program.Explain(user)
	if err != nil {
		return err
	}
	t.Example = ids[user]
	for _, c := range x.Deciding() {
		known := c.Value
		if v, err := strconv.ParseFloat(known, 64); err == nil {
			known = strconv.FormatFloat(v, 'g', 3, 64)
		}
		t.Explained = append(t.Explained, []string{c.Rule, known, map[audience.Truth]string{audience.True: "yes", audience.False: "no", audience.Unknown: "not known"}[c.Result]})
	}
	return nil
}

// section reports on the audience and how it was reached.
func (t *targeted) section() report.Section {
	whom := "they are slipping away (" + strings.Join(t.Value, ", ") + ")"
	if len(t.Groups) > 0 {
		whom = "their groups answered earlier campaigns (" + strings.Join(t.Groups, "; ") + "), they are not gone"
	}
	s := report.Section{
		Title: "Whom to address next",
		Meaning: fmt.Sprintf("Of %s customers, %s are worth a message: %s, and they are not sure to buy anyway.",
			count(t.Customers), count(t.Size), whom),
		Action: fmt.Sprintf("Write to %s of them and leave the other %s alone: only the difference between the two tells what the message did.", count(len(t.Target)), count(len(t.Control))),
		Terms:  []report.Term{{Word: "Hold-out", Meaning: "customers of the audience, drawn by lot, who get no message. They show what would have happened without it."}},
		Figures: []report.Figure{
			{Label: "audience", Value: count(t.Size)},
			{Label: "to be addressed", Value: count(len(t.Target))},
			{Label: "held out", Value: count(len(t.Control)), Note: percent(float64(len(t.Control))/float64(max(t.Size, 1))) + ", planned " + percent(t.Share)},
		},
		Tables: []report.Table{{Caption: "The rule", Columns: []string{"rule"}, Rows: [][]string{{t.Rule}}}},
	}
	if len(t.Explained) > 0 {
		s.Tables = append(s.Tables, report.Table{Caption: "Why customer " + t.Example + " is in", Columns: []string{"question", "known of the customer", "answer"}, Rows: t.Explained})
	}
	p := report.Table{Caption: "Is anybody left out? Share selected by " + t.ParityName, Columns: []string{t.ParityName, "customers", "selected"}}
	for _, g := range t.Parity {
		if g.Err == nil && !g.Small {
			p.Rows = append(p.Rows, []string{g.Group, count(g.Size), percent(g.Rate)})
		}
	}
	if len(p.Rows) > 1 {
		s.Tables = append(s.Tables, p)
	}
	if t.Why != "" {
		s.Notes = append(s.Notes, "Nobody is left: "+t.Why)
	} else if t.Small {
		s.Notes = append(s.Notes, "The audience is small: too few to measure, and too few to hide in.")
	}
	return s
}
