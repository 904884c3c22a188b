package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/causal"
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
	var out []contact
	row := make(map[string]int)
	twice := make(map[string]bool)
	for arm, ids := range [][]string{c.Control, c.Treated} {
		for _, id := range ids {
			if k, ok := row[id]; ok {
				twice[id] = twice[id] || out[k].Treated != (arm == 1)
				continue
			}
			x := contact{ID: id, Treated: arm == 1, Group: -1, Planted: math.NaN(), Gone: true}
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
			if x.Stage, err = cycle.State(b, c.Start); err != nil {
				return nil, 0, fmt.Errorf("customer %s: %w", id, err)
			}
			row[id] = len(out)
			out = append(out, x)
		}
	}
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
	for i := range rec.Events {
		e := &rec.Events[i]
		if k, ok := row[e.User]; ok && !e.At.Before(c.Start) && e.At.Before(c.End) {
			out[k].Visited = true
			out[k].Clicked = out[k].Clicked || e.Kind == profile.Click
		}
	}
	for i := range out { // an order is a visit, whatever the logs lost
		out[i].Visited = out[i].Visited || out[i].Bought
	}
	out = slices.DeleteFunc(out, func(x contact) bool { return twice[x.ID] })
	return out, len(twice), nil
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

// values returns an amount of each customer by arm.
func values(cs []contact, of func(*contact) float64) (control, treated []float64) {
	for i := range cs {
		if v := of(&cs[i]); cs[i].Treated {
			treated = append(treated, v)
		} else {
			control = append(control, v)
		}
	}
	return control, treated
}

// question is one thing asked of a campaign.
type question struct {
	Name     string
	Money    bool
	Effect   metrics.Effect // absolute
	Lift     metrics.Effect // relative; zero if undefined
	HasLift  bool
	Adjusted float64 // p-value, corrected for all questions
	Asked    bool    // one of the questions; otherwise another way to the same answer
	Decides  bool    // the question that was to decide, alone and so without correction
}

// verdict says what a measurement is good for.
type verdict int

const (
	undecided verdict = iota
	repeat            // it pays
	stop              // it does not
)

// slice is the effect on the chance to buy among some of the customers.
type slice struct {
	Name      string
	Key       int
	Effect    metrics.Effect
	Planted   float64 // NaN if unknown
	BreakEven float64 // effect from which on it pays
	Adjusted  float64 // p-value of no effect, corrected for the number of parts
	Pays      float64 // p-value of an effect that just pays, corrected likewise
	Verdict   verdict
	More      int64 // customers beyond these to decide, if undecided; -1: not to be said
}

// parts are the customers of a campaign by one property.
type parts struct {
	Rows   []slice
	Differ *experiment.Heterogeneity // nil below two parts
}

// economics are what a campaign cost and what a buyer is worth. Minor units.
type economics struct {
	Message   float64 // per contact
	Discount  float64 // given per buyer who was addressed
	Margin    float64 // of a buyer, before the discount
	Contact   float64 // message and discount, per contact
	BreakEven float64 // effect on the chance to buy from which on it pays
	Spent     float64 // in all
	Profit    metrics.Effect
	Adjusted  bool // Profit allows for what customers brought before
	Gain      metrics.Incremental
	ROI       float64
	ROIRange  metrics.Interval
	Verdict   verdict
	More      int64 // as in slice
}

// response says whether those who a score says would answer did.
type response struct {
	Learnt  bool // from earlier campaigns
	Curves  causal.UpliftCurves
	Gain    metrics.Effect // additional buyers per customer beyond choice by lot, mean over all sizes of audience
	Buckets []causal.UpliftBucket
	Planted []float64 // mean by bucket
	Top     metrics.Effect
	TopTrue float64
	X       []float64 // share addressed
	Found   []float64 // extra buyers up to it, per customer of the campaign
	True    []float64
}

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
	Additional metrics.Incremental // buyers
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

// ask compares the arms in everything that was asked before the campaign.
func (a *audited) ask() error {
	relative := metrics.CompareOptions{Scale: metrics.ScaleRelative}
	rate := func(name string, yes func(*contact) bool) error {
		x, y, _, err := split(a.Contacts, nil, yes)
		if err != nil {
			return err
		}
		q := question{Name: name, Asked: true}
		if q.Effect, err = metrics.CompareProportions(x, y, metrics.CompareOptions{}); errors.Is(err, metrics.ErrUndefined) {
			return nil // nobody or everybody did: nothing to compare
		} else if err != nil {
			return err
		}
		if q.Lift, err = metrics.CompareProportions(x, y, relative); err == nil {
			q.HasLift = true
		} else if !errors.Is(err, metrics.ErrUndefined) {
			return err
		}
		a.Questions = append(a.Questions, q)
		return nil
	}
	if err := errors.Join(rate("visited the shop", func(x *contact) bool { return x.Visited }), rate("bought", bought)); err != nil {
		return err
	}
	revenue := func(x *contact) float64 { return x.Revenue }
	without, with := values(a.Contacts, revenue)
	capped, err := experiment.CompareWinsorized(without, with, experiment.WinsorOptions{})
	if err != nil {
		return err
	}
	a.Cap, a.Capped = capped.Cap, capped.CappedA+capped.CappedB
	main := question{Name: "revenue per customer, largest capped", Money: true, Effect: capped.Effect, Asked: true}
	plainly := question{Name: "revenue per customer, as it is", Money: true, Effect: capped.Raw}
	if lift, err := experiment.CompareWinsorized(without, with, experiment.WinsorOptions{CompareOptions: relative}); err == nil {
		main.Lift, main.HasLift, plainly.Lift, plainly.HasLift = lift.Effect, true, lift.Raw, true
	} else if !errors.Is(err, metrics.ErrUndefined) {
		return err
	}
	a.Questions = append(a.Questions, main, plainly)
	x, y, err := adjusted(a.Contacts, revenue, func(x *contact) float64 { return x.PreSpend })
	if err != nil {
		return err
	}
	e, err := experiment.CompareCUPED(x, y, metrics.CompareOptions{})
	if err != nil {
		return err
	}
	if a.Reduction = e.Reduction; e.SE < e.Unadjusted.SE {
		q := question{Name: "revenue per customer, less what earlier spending explains", Money: true, Effect: e.Effect}
		if lift, err := experiment.CompareCUPED(x, y, relative); err == nil {
			q.Lift, q.HasLift = lift.Effect, true
		} else if !errors.Is(err, metrics.ErrUndefined) {
			return err
		}
		a.Questions = append(a.Questions, q)
	}
	profit := question{Name: "profit: revenue less goods and message", Money: true, Decides: true}
	if profit.Effect, _, err = profitOf(a.Contacts, a.Campaign.Cost); err != nil {
		return err
	}
	a.Questions = append(a.Questions, profit)
	// Lots were drawn after this money was spent: a difference here is bad luck.
	var before [2]metrics.Moments
	without, with = values(a.Contacts, func(x *contact) float64 { return x.PreSpend })
	if before[0], err = metrics.MomentsOf(without); err != nil {
		return err
	}
	if before[1], err = metrics.MomentsOf(with); err != nil {
		return err
	}
	if a.Before, err = metrics.CompareMeans(before[0], before[1], metrics.CompareOptions{}); err != nil {
		return err
	}
	var p []float64
	for _, q := range a.Questions {
		if q.Asked {
			p = append(p, q.Effect.PValue)
		}
	}
	if p, err = experiment.AdjustPValues(p, experiment.Holm); err != nil {
		return err
	}
	for i := range a.Questions {
		if a.Questions[i].Adjusted = math.NaN(); a.Questions[i].Asked {
			a.Questions[i].Adjusted, p = p[0], p[1:]
		}
	}
	return nil
}

// adjusted holds both arms with what was known before.
func adjusted(cs []contact, y, before func(*contact) float64) (control, treated experiment.CUPED, err error) {
	for i := range cs {
		arm := &control
		if cs[i].Treated {
			arm = &treated
		}
		err = errors.Join(err, arm.Add(y(&cs[i]), before(&cs[i])))
	}
	return control, treated, err
}

// worth says what a contact cost and what a buyer brought.
func worth(cs []contact, message int64) (economics, error) {
	m := economics{Message: float64(message), Contact: float64(message), BreakEven: math.NaN()}
	treated, buyers, margin, discount := 0, 0, 0.0, 0.0
	for i := range cs {
		x := &cs[i]
		if !x.Treated {
			continue
		}
		treated++
		discount += x.Discount
		if x.Bought {
			buyers++
			margin += x.Margin + x.Discount
		}
	}
	m.Spent = m.Message*float64(treated) + discount
	if treated > 0 {
		m.Contact = m.Spent / float64(treated)
	}
	if buyers > 0 {
		m.Margin, m.Discount = margin/float64(buyers), discount/float64(buyers)
	}
	var err error
	if m.Margin > 0 {
		m.BreakEven, err = metrics.BreakEvenRate(m.Contact, m.Margin)
	}
	return m, err
}

// profitOf compares what a contact brought, the message paid. It allows for what
// customers brought before if that makes it surer.
func profitOf(cs []contact, message int64) (profit metrics.Effect, allows bool, err error) {
	x, y, err := adjusted(cs, func(x *contact) float64 {
		if x.Treated {
			return x.Margin - float64(message)
		}
		return x.Margin
	}, func(x *contact) float64 { return x.PreGain })
	if err != nil {
		return profit, false, err
	}
	e, err := experiment.CompareCUPED(x, y, metrics.CompareOptions{})
	if err != nil {
		return profit, false, err
	}
	// Which of the two is narrower does not depend on which looks better.
	if e.SE < e.Unadjusted.SE {
		return e.Effect, true, nil
	}
	return e.Unadjusted, false, nil
}

// count turns the effect into money.
func (a *audited) count() error {
	var err error
	if a.Money, err = worth(a.Contacts, a.Campaign.Cost); err != nil {
		return err
	}
	m := &a.Money
	if m.Profit, m.Adjusted, err = profitOf(a.Contacts, a.Campaign.Cost); err != nil {
		return err
	}
	// What came in before the campaign's own cost, over that cost.
	gross := m.Profit
	gross.Estimate, gross.Low, gross.High = gross.Estimate+m.Contact, gross.Low+m.Contact, gross.High+m.Contact
	if m.Gain, err = metrics.IncrementalOf(gross, m.Spent); err != nil {
		return err
	}
	m.ROI, m.ROIRange = m.Gain.PerCost-1, metrics.Interval{Low: m.Gain.PerCostRange.Low - 1, High: m.Gain.PerCostRange.High - 1}
	for _, q := range a.Questions {
		if q.Name == "bought" {
			if a.Additional, err = metrics.IncrementalOf(q.Effect, m.Spent); err != nil {
				return err
			}
		}
	}
	switch {
	case m.Profit.Low > 0:
		m.Verdict = repeat
	case m.Profit.High < 0:
		m.Verdict = stop
	default:
		// A profit as large as the cost is worth finding.
		nA, nB := float64(m.Profit.NA), float64(m.Profit.NB)
		m.More = -1
		if m.Contact > 0 {
			n, err := experiment.SampleSizeMeans(m.Contact, m.Profit.SE*math.Sqrt(nA*nB/(nA+nB)), experiment.PowerOptions{})
			if err != nil {
				return err
			}
			m.More = max(n.Total-m.Profit.N, 0)
		}
	}
	return nil
}

// breakdown measures the effect in each part of the customers, says whether the
// parts differ, and for whom the campaign pays: where the effect is above what
// the message and the discounts of those who buy cost, the worth of a buyer taken
// from the whole campaign.
func breakdown(cs []contact, names []string, key func(*contact) int, m *economics) (parts, error) {
	var out parts
	for k, name := range names {
		control, treated, planted, err := split(cs, func(x *contact) bool { return key(x) == k }, bought)
		if err != nil {
			return out, err
		}
		if control.N() < 10 || treated.N() < 10 {
			continue // nothing can be said of a handful
		}
		p := slice{Name: name, Key: k, Planted: math.NaN(), BreakEven: math.NaN()}
		if p.Effect, err = metrics.CompareProportions(control, treated, metrics.CompareOptions{}); errors.Is(err, metrics.ErrUndefined) {
			continue
		} else if err != nil {
			return out, err
		}
		if planted.N() > 0 {
			p.Planted, _ = planted.Mean()
		}
		if m.Margin > 0 {
			if p.BreakEven, err = metrics.BreakEvenRate(m.Message+m.Discount*p.Effect.MeanB, m.Margin); err != nil {
				return out, err
			}
		}
		out.Rows = append(out.Rows, p)
	}
	var effects []metrics.Effect
	var no, pays []float64
	for _, p := range out.Rows {
		effects = append(effects, p.Effect)
		no = append(no, p.Effect.PValue)
		x := 1.0
		if !math.IsNaN(p.BreakEven) {
			x = math.Erfc(math.Abs(p.Effect.Estimate-p.BreakEven) / p.Effect.SE / math.Sqrt2)
		}
		pays = append(pays, x)
	}
	if len(out.Rows) == 0 {
		return out, nil
	}
	no, err := experiment.AdjustPValues(no, experiment.Holm)
	if err != nil {
		return out, err
	}
	if pays, err = experiment.AdjustPValues(pays, experiment.Holm); err != nil {
		return out, err
	}
	for i := range out.Rows {
		p := &out.Rows[i]
		p.Adjusted, p.Pays = no[i], pays[i]
		switch {
		case p.Pays < .05 && p.Effect.Estimate > p.BreakEven:
			p.Verdict = repeat
		case p.Pays < .05:
			p.Verdict = stop
		default:
			// Enough to tell an effect that just pays from one that pays twice.
			p.More = -1
			n, err := experiment.SampleSizeProportions(p.Effect.MeanA+p.BreakEven, p.Effect.MeanA+2*p.BreakEven, experiment.PowerOptions{})
			if err == nil {
				p.More = max(n.Total-p.Effect.N, 0)
			} // a rate of 0 or beyond 1: not to be said
		}
	}
	if len(effects) > 1 {
		h, err := experiment.CompareSegments(effects, experiment.Holm)
		if err != nil {
			return out, err
		}
		out.Differ = &h
	}
	return out, nil
}

// respond asks whether a simple score finds those who answer: how the customer's
// group answered earlier campaigns, times how lately the customer bought. Of the
// campaign itself it knows nothing. Before the first campaign it is the second
// factor alone.
func respond(ctx context.Context, cs, earlier []contact, opt options) (*response, error) {
	r := &response{Learnt: len(earlier) > 0}
	answer := make(map[int]float64)
	if r.Learnt {
		all, _, err := differenceIn(earlier, nil)
		if err != nil {
			return nil, err
		}
		for i := range cs {
			g := cs[i].Group
			if _, ok := answer[g]; ok {
				continue
			}
			d, n, err := differenceIn(earlier, func(x *contact) bool { return x.Group == g && !x.Gone })
			if err != nil {
				return nil, err
			}
			// A small group says little of its own and is drawn to the mean.
			answer[g] = (d*float64(n) + all*100) / float64(n+100)
		}
	}
	n := len(cs)
	y, score, treated, ids := make([]float64, n), make([]float64, n), make([]bool, n), make([]uint64, n)
	for i := range cs {
		x := &cs[i]
		x.Score = x.Fresh
		if r.Learnt {
			x.Score *= answer[x.Group]
		}
		if x.Bought {
			y[i] = 1
		}
		score[i], treated[i], ids[i] = x.Score, x.Treated, uint64(i)
	}
	var err error
	if r.Curves, err = causal.Uplift(y, treated, score); errors.Is(err, metrics.ErrUndefined) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	// The area is one of buyers times customers; divided twice by the customers it
	// is a share of them.
	if _, r.Gain, err = causal.UpliftIntervals(ctx, y, treated, score, ids, causal.UpliftBootOptions{Seed: opt.Seed}); err != nil {
		return nil, err
	}
	r.Gain.Estimate, r.Gain.Low, r.Gain.High, r.Gain.SE = r.Gain.Estimate/float64(n), r.Gain.Low/float64(n), r.Gain.High/float64(n), r.Gain.SE/float64(n)
	if r.Buckets, err = causal.UpliftBuckets(y, treated, score, min(10, n), metrics.CompareOptions{}); err != nil {
		return nil, err
	}
	if r.Top, err = causal.UpliftAt(y, treated, score, .3, false, metrics.CompareOptions{}); err != nil {
		return nil, err
	}
	byScore := slices.Clone(cs)
	slices.SortStableFunc(byScore, func(a, b contact) int { return cmp.Compare(b.Score, a.Score) })
	for k := range r.Buckets {
		r.Planted = append(r.Planted, meanPlanted(byScore[k*n/len(r.Buckets):(k+1)*n/len(r.Buckets)]))
	}
	r.TopTrue = meanPlanted(byScore[:(3*n+9)/10])
	// The curve at every fortieth; a point of it ends a run of equal scores.
	sum, done := 0.0, 0
	const steps = 40
	r.X, r.Found, r.True = []float64{0}, []float64{0}, []float64{0}
	at := 0
	for _, p := range r.Curves.Points {
		seen := int(p.Treated + p.Control)
		for ; done < seen; done++ {
			sum += byScore[done].Planted
		}
		if seen*steps < (at+1)*n {
			continue
		}
		at = seen * steps / n
		r.X = append(r.X, float64(seen)/float64(n))
		r.Found = append(r.Found, p.Uplift/float64(n))
		r.True = append(r.True, sum/float64(n))
	}
	return r, nil
}

func meanPlanted(cs []contact) float64 {
	sum := 0.0
	for i := range cs {
		sum += cs[i].Planted
	}
	return sum / float64(max(len(cs), 1))
}

// differenceIn returns the plain difference of the shares of buyers, 0 where an
// arm is empty, and how many customers it stands on.
func differenceIn(cs []contact, who func(*contact) bool) (float64, int64, error) {
	control, treated, _, err := split(cs, who, bought)
	if err != nil || control.N() == 0 || treated.N() == 0 {
		return 0, 0, err
	}
	a, _ := control.Rate()
	b, _ := treated.Rate()
	return b - a, control.N() + treated.N(), nil
}
