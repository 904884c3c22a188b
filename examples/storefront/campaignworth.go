package main

import (
	"math"

	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/decision"
	"github.com/aislekit/aisle/metrics/experiment"
)

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
	Gain      decision.Incremental
	ROI       float64
	ROIRange  metrics.Interval
	Verdict   verdict
	More      int64 // as in slice
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
		m.BreakEven, err = decision.BreakEvenRate(m.Contact, m.Margin)
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
	if m.Gain, err = decision.IncrementalOf(gross, m.Spent); err != nil {
		return err
	}
	m.ROI, m.ROIRange = m.Gain.PerCost-1, metrics.Interval{Low: m.Gain.PerCostRange.Low - 1, High: m.Gain.PerCostRange.High - 1}
	for _, q := range a.Questions {
		if q.Name == "bought" {
			if a.Additional, err = decision.IncrementalOf(q.Effect, m.Spent); err != nil {
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
