package main

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/examples/internal/report"
	"github.com/aislekit/aisle/internal/shop"
	"github.com/aislekit/aisle/profile/clean"
)

// dirtKind compares one kind of dirt with what was planted of it.
type dirtKind struct {
	Name           string
	Planted, Found int
}

// audit compares what was found of each raw line and visit with the dirt that was
// planted there.
func (c *cleaned) audit(s *shop.Shop, lines []clean.Reason, raw []shop.Event, planted []shop.RawEventTruth, events []clean.Reason) {
	for i := range s.Orders {
		for k := range s.Orders[i].Lines {
			c.TruePaid += s.Orders[i].Lines[k].Total()
		}
	}
	c.TrueNet = c.TruePaid
	for i := range s.Refunds {
		c.TrueNet -= s.Refunds[i].Amount
	}
	c.auditRows(lines, func(row int) (shop.Dirt, bool) { return s.Truth.RawLines[row].Dirt, true }, []plantedKind{
		{"line: repeated", shop.DirtDuplicate},
		{"line: repeated with other content", shop.DirtConflict},
		{"line: customer missing", shop.DirtNoUser},
		{"line: price missing", shop.DirtNoPrice},
		{"line: price wrong", shop.DirtPrice},
		{"line: quantity wrong", shop.DirtQuantity},
		{"line: in the future", shop.DirtFuture},
		{"line: before the account", shop.DirtEarly},
		{"line: no date", shop.DirtDate},
		{"line: unknown product", shop.DirtUnknownSKU},
		{"line: test order", shop.DirtTest},
		{"return: before its order", shop.DirtEarlyRefund},
		{"return: of too much", shop.DirtExcessRefund},
	})
	c.auditRows(events, func(row int) (shop.Dirt, bool) {
		_, act := eventKinds[raw[row].Kind]
		return planted[row].Dirt, act
	}, []plantedKind{
		{"event: repeated", shop.DirtDuplicate},
		{"event: customer missing", shop.DirtNoUser},
		{"event: in the future", shop.DirtFuture},
		{"event: before the account", shop.DirtEarly},
		{"event: unknown product", shop.DirtUnknownSKU},
		{"event: robot", shop.DirtBot},
	})
}

// plantedKind is one kind of dirt and its name in the report.
type plantedKind struct {
	name string
	dirt shop.Dirt
}

// auditRows counts, for each kind of dirt, the rows it was planted in and those of
// them that were found, and how many clean rows were found fault with. dirt returns
// what was planted in a row, and false for a row that does not count.
func (c *cleaned) auditRows(found []clean.Reason, dirt func(row int) (shop.Dirt, bool), kinds []plantedKind) {
	for _, k := range kinds {
		d := dirtKind{Name: k.name}
		for row, why := range found {
			if planted, counts := dirt(row); counts && planted&k.dirt != 0 {
				d.Planted++
				if why != "" {
					d.Found++
				}
			}
		}
		if d.Planted > 0 {
			c.Kinds = append(c.Kinds, d)
		}
	}
	for row, why := range found {
		if planted, counts := dirt(row); counts && planted == 0 {
			c.Clean++
			if why != "" {
				c.FalseAlarms++
			}
		}
	}
}

// section reports on the cleaning and, beside it, on what was planted.
func (c *cleaned) section() report.Section {
	planted, found := 0, 0
	t := report.Table{Caption: "Dirt by kind", Columns: []string{"kind", "planted", "found"}}
	for _, k := range c.Kinds {
		planted, found = planted+k.Planted, found+k.Found
		t.Rows = append(t.Rows, []string{k.Name, count(k.Planted), count(k.Found)})
	}
	alarms := float64(c.FalseAlarms) / float64(max(c.Clean, 1))
	off := float64(c.Net)/float64(c.TrueNet) - 1
	return report.Section{
		Title: "Cleaning the logs",
		Meaning: fmt.Sprintf("Of %s raw rows, %s order lines and %s visits were good enough to use; without cleaning, revenue would look like %s instead of %s.",
			count(c.Lines.Rows+c.Events.Rows), count(c.Lines.Kept), count(c.Events.Kept), whole(float64(c.RawSum), c.Currency), whole(float64(c.Net), c.Currency)),
		Action: "Have the largest kinds of dirt below mended where they arise: every rejected line is a purchase that nobody will be thanked for.",
		Terms: []report.Term{
			{Word: "Rejected", Meaning: "a row that was left out because it cannot be right, such as an order from next year."},
			{Word: "Net revenue", Meaning: "what customers paid less what was paid back to them."},
		},
		Figures: []report.Figure{
			{Label: "order lines read", Value: count(c.Lines.Rows), Note: percent(float64(c.Lines.Kept)/float64(c.Lines.Rows)) + " kept"},
			{Label: "visits and clicks read", Value: count(c.Events.Rows), Note: percent(float64(c.Events.Kept)/float64(c.Events.Rows)) + " kept"},
			{Label: "net revenue", Value: whole(float64(c.Net), c.Currency), Note: "paid " + whole(float64(c.Paid), c.Currency)},
			{Label: "customers repaired", Value: count(c.Repaired), Note: "found through other lines of the order"},
		},
		Checks: []report.Check{
			{What: "dirty records", Planted: count(planted), Found: fmt.Sprintf("%s (%s)", count(found), percent(float64(found)/float64(max(planted, 1)))), Verdict: report.Mark(float64(found) >= .97*float64(planted))},
			{What: "clean records rejected or flagged", Planted: "0 of " + count(c.Clean), Found: fmt.Sprintf("%s (%s)", count(c.FalseAlarms), percent(alarms)), Verdict: report.Mark(alarms < .01)},
			{What: "net revenue", Planted: whole(float64(c.TrueNet), c.Currency), Found: fmt.Sprintf("%s (%+.1f%%)", whole(float64(c.Net), c.Currency), 100*off), Verdict: report.Mark(math.Abs(off) < .04)},
		},
		Tables: []report.Table{t, reasons("Order lines rejected or flagged", "row ", 1, &c.Lines), reasons("Visits rejected or flagged", "row ", 1, &c.Events)},
	}
}
