package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/decision"
	"github.com/aislekit/aisle/metrics/experiment"
	"github.com/aislekit/aisle/profile"
	"github.com/aislekit/aisle/segment"
)

// preWindow is how far back spending before a campaign is looked at.
const preWindow = 90 * day

// campaign is an experiment: who was treated, who was left alone by lot.
type campaign struct {
	Name       string
	Start, End time.Time
	Cost       int64 // of a message, minor units
	Treated    []string
	Control    []string
	Sent       map[string]bool  // customers a message went out to
	Coupons    map[string]int64 // discount given, by order that used the coupon
	// Planted, if known, is the true effect on the chance to buy of a customer.
	Planted map[string]float64
}

// contact is one customer of a campaign: what was known at its start and what
// happened in its window. Money is in minor units, after refunds.
type contact struct {
	ID       string
	Treated  bool
	Group    int // -1: of none
	Stage    segment.State
	Gone     bool
	Fresh    float64 // 1 for an order just now, towards 0 with time
	Score    float64 // see respond
	Planted  float64 // true effect on the chance to buy
	Visited  bool
	Clicked  bool
	Bought   bool
	Redeemed bool
	Revenue  float64
	Margin   float64 // revenue less cost of goods
	Discount float64 // given by coupon, already off Revenue and Margin
	PreSpend float64 // revenue and margin of the preWindow
	PreGain  float64
}

// sale is what one order of a known customer brought.
type sale struct {
	User            string
	ID              string
	Time            time.Time
	Revenue, Margin float64
	Kept            float64 // share that was not refunded
}

// salesOf returns the orders of known customers with what became of them.
func salesOf(rec *records, orders []settled, refunds []refund) []sale {
	back := kept(orders, refunds)
	var out []sale
	for i := range orders {
		o := &orders[i]
		if o.Order.User == "" {
			continue
		}
		x := sale{User: o.Order.User, ID: o.Order.ID, Time: o.Order.At, Revenue: float64(o.Net()), Kept: 1}
		if o.Paid > 0 {
			x.Kept = x.Revenue / float64(o.Paid)
		}
		x.Margin = x.Revenue
		for _, l := range o.Order.Lines {
			if p := rec.product(l.Item); p != nil && !o.Cancelled {
				x.Margin -= float64(l.Quantity*p.Cost) * share(back, o.Order.ID, l.Item)
			}
		}
		out = append(out, x)
	}
	return out
}

// contacts joins a campaign with what its customers did. A customer found in
// both arms belongs to neither and is counted.
func (c *campaign) contacts(rec *records, seg *segmented, sales []sale) ([]contact, int, error) {
	at, err := profileAt(rec, c.Start, nil)
	if err != nil {
		return nil, 0, err
	}
	// A table has the columns that occur by then; ask for those of the model.
	if !hasAll(at.Table.Names, seg.Columns) {
		if at, err = profileAt(rec, c.Start, seg.Columns); err != nil {
			return nil, 0, err
		}
	}
	// Who is in which group is read off the profile at the start of the campaign:
	// what a campaign itself changed must not choose who counts.
	group, err := seg.assign(at.Table)
	if err != nil {
		return nil, 0, err
	}
	cycle, err := segment.NewLifecycle(segment.LifecycleOptions{Sleep: seg.Silence / 2, Churn: seg.Silence})
	if err != nil {
		return nil, 0, err
	}
	enrol := func(id string, treated bool) (contact, error) { return c.enrol(id, treated, at, group, seg, cycle) }
	out, row, twice, err := c.enrolled(enrol)
	if err != nil {
		return nil, 0, err
	}
	c.happened(out, row, sales, rec.Events)
	out = slices.DeleteFunc(out, func(x contact) bool { return twice[x.ID] })
	return out, len(twice), nil
}

// enrolled returns the customers of both arms, the row of each, and who is in both.
func (c *campaign) enrolled(enrol func(id string, treated bool) (contact, error)) (out []contact, row map[string]int, twice map[string]bool, err error) {
	row, twice = make(map[string]int), make(map[string]bool)
	for arm, ids := range [][]string{c.Control, c.Treated} {
		for _, id := range ids {
			if k, ok := row[id]; ok {
				twice[id] = twice[id] || out[k].Treated != (arm == 1)
				continue
			}
			x, err := enrol(id, arm == 1)
			if err != nil {
				return nil, nil, nil, err
			}
			row[id] = len(out)
			out = append(out, x)
		}
	}
	return out, row, twice, nil
}

// enrol returns what is known of a customer at the start.
func (c *campaign) enrol(id string, treated bool, at *profiled, group map[string]int, seg *segmented, cycle *segment.Lifecycle) (contact, error) {
	x := contact{ID: id, Treated: treated, Group: -1, Planted: math.NaN(), Gone: true}
	if c.Planted != nil {
		x.Planted = c.Planted[id]
	}
	if k, ok := group[id]; ok {
		x.Group = k
	}
	var b segment.Purchases
	if when := at.Bought[id]; len(when) > 0 {
		b.First, b.Last = when[0], when[len(when)-1]
		if len(when) > 1 {
			b.Previous = when[len(when)-2]
		}
		silent := c.Start.Sub(b.Last)
		x.Gone = silent >= seg.Silence
		x.Fresh = math.Exp(-float64(silent) / float64(seg.Silence))
	}
	var err error
	if x.Stage, err = cycle.State(b, c.Start); err != nil {
		return x, fmt.Errorf("customer %s: %w", id, err)
	}
	return x, nil
}

// happened adds what the customers did in the window, and spent before it. row is the
// place of each in out.
func (c *campaign) happened(out []contact, row map[string]int, sales []sale, events []event) {
	for i := range sales {
		s := &sales[i]
		k, ok := row[s.User]
		if !ok {
			continue
		}
		x := &out[k]
		switch {
		case !s.Time.Before(c.Start) && s.Time.Before(c.End):
			x.Bought = true
			x.Revenue += s.Revenue
			x.Margin += s.Margin
			if d, ok := c.Coupons[s.ID]; ok {
				x.Redeemed = true
				x.Discount += float64(d) * s.Kept
			}
		case s.Time.Before(c.Start) && !s.Time.Before(c.Start.Add(-preWindow)):
			x.PreSpend += s.Revenue
			x.PreGain += s.Margin
		}
	}
	for i := range events {
		e := &events[i]
		if k, ok := row[e.User]; ok && !e.At.Before(c.Start) && e.At.Before(c.End) {
			out[k].Visited = true
			out[k].Clicked = out[k].Clicked || e.Kind == profile.Click
		}
	}
	for i := range out { // an order is a visit, whatever the logs lost
		out[i].Visited = out[i].Visited || out[i].Bought
	}
}

// split counts those of whom yes holds in both arms, of the customers that who
// selects.
func split(cs []contact, who, yes func(*contact) bool) (control, treated metrics.Proportion, planted metrics.Moments, err error) {
	for i := range cs {
		x := &cs[i]
		if who != nil && !who(x) {
			continue
		}
		arm := &control
		if x.Treated {
			arm = &treated
		}
		arm.Add(yes(x))
		if !math.IsNaN(x.Planted) {
			err = errors.Join(err, planted.Add(x.Planted))
		}
	}
	return control, treated, planted, err
}

func bought(x *contact) bool { return x.Bought }

// audited is one campaign, measured.
type audited struct {
	Campaign   *campaign
	Contacts   []contact
	Twice      int
	Balance    experiment.SRM
	Before     metrics.Effect // spending before the campaign: must not differ
	Sent       int
	Treated    int
	Clicked    int
	Redeemed   int
	Planted    float64
	Questions  []question
	Reduction  float64 // of variance by the adjustment for earlier spending
	Cap        float64
	Capped     int64
	Money      economics
	Groups     parts
	Stages     parts
	Response   *response
	Additional decision.Incremental // buyers
}

// audit measures a campaign. earlier are the customers of campaigns before it.
func audit(ctx context.Context, c *campaign, cs []contact, twice int, earlier []contact, seg *segmented, opt options) (*audited, error) {
	a := &audited{Campaign: c, Contacts: cs, Twice: twice}
	fail := func(err error) (*audited, error) { return nil, fmt.Errorf("campaign %s: %w", c.Name, err) }
	control, treated, planted, err := split(cs, nil, bought)
	if err != nil {
		return fail(err)
	}
	a.Planted = math.NaN()
	if planted.N() > 0 {
		a.Planted, _ = planted.Mean()
	}
	if a.Balance, err = experiment.SampleRatio([]int64{control.N(), treated.N()}, nil); err != nil {
		return fail(err)
	}
	for i := range cs {
		x := &cs[i]
		if !x.Treated {
			continue
		}
		a.Treated++
		if c.Sent[x.ID] {
			a.Sent++
		}
		if x.Clicked {
			a.Clicked++
		}
		if x.Redeemed {
			a.Redeemed++
		}
	}
	if err := a.ask(); err != nil {
		return fail(err)
	}
	if err := a.count(); err != nil {
		return fail(err)
	}
	groups := make([]string, seg.Model.K())
	for g := range groups {
		groups[g] = seg.clusterName(g)
	}
	if a.Groups, err = breakdown(cs, groups, func(x *contact) int { return x.Group }, &a.Money); err != nil {
		return fail(err)
	}
	stages := make([]string, segment.NumStates)
	for s := range stages {
		stages[s] = segment.State(s).String()
	}
	if a.Stages, err = breakdown(cs, stages, func(x *contact) int { return int(x.Stage) }, &a.Money); err != nil {
		return fail(err)
	}
	if a.Response, err = respond(ctx, cs, earlier, opt); err != nil {
		return fail(err)
	}
	return a, nil
}
