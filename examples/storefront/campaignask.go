package main

import (
	"errors"
	"math"

	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/experiment"
)

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

// ask compares the arms in everything that was asked before the campaign.
func (a *audited) ask() error {
	if err := errors.Join(a.askRate("visited the shop", func(x *contact) bool { return x.Visited }), a.askRate("bought", bought)); err != nil {
		return err
	}
	if err := a.askRevenue(); err != nil {
		return err
	}
	var err error
	profit := question{Name: "profit: revenue less goods and message", Money: true, Decides: true}
	if profit.Effect, _, err = profitOf(a.Contacts, a.Campaign.Cost); err != nil {
		return err
	}
	a.Questions = append(a.Questions, profit)
	// Lots were drawn after this money was spent: a difference here is bad luck.
	var before [2]metrics.Moments
	without, with := values(a.Contacts, func(x *contact) float64 { return x.PreSpend })
	if before[0], err = metrics.MomentsOf(without); err != nil {
		return err
	}
	if before[1], err = metrics.MomentsOf(with); err != nil {
		return err
	}
	if a.Before, err = metrics.CompareMeans(before[0], before[1], metrics.CompareOptions{}); err != nil {
		return err
	}
	return a.correct()
}

// relative asks for an effect as a share of what happens without.
var relative = metrics.CompareOptions{Scale: metrics.ScaleRelative}

// askRate compares the shares of customers of whom yes holds.
func (a *audited) askRate(name string, yes func(*contact) bool) error {
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

// askRevenue compares revenue: the largest capped, as it is, and less what earlier
// spending explains where that makes it surer.
func (a *audited) askRevenue() error {
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
	return nil
}

// correct raises the p-values for the number of questions asked.
func (a *audited) correct() error {
	var p []float64
	for _, q := range a.Questions {
		if q.Asked {
			p = append(p, q.Effect.PValue)
		}
	}
	p, err := experiment.AdjustPValues(p, experiment.Holm)
	if err != nil {
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
