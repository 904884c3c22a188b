package main

import (
	"errors"
	"math"

	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/decision"
	"github.com/aislekit/aisle/metrics/experiment"
)

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
			if p.BreakEven, err = decision.BreakEvenRate(m.Message+m.Discount*p.Effect.MeanB, m.Margin); err != nil {
				return out, err
			}
		}
		out.Rows = append(out.Rows, p)
	}
	if len(out.Rows) == 0 {
		return out, nil
	}
	return out, out.decide()
}

// decide corrects the p-values of the parts for their number, says where it pays and
// whether the parts differ.
func (p *parts) decide() error {
	var effects []metrics.Effect
	var no, pays []float64
	for _, r := range p.Rows {
		effects = append(effects, r.Effect)
		no = append(no, r.Effect.PValue)
		x := 1.0
		if !math.IsNaN(r.BreakEven) {
			x = math.Erfc(math.Abs(r.Effect.Estimate-r.BreakEven) / r.Effect.SE / math.Sqrt2)
		}
		pays = append(pays, x)
	}
	no, err := experiment.AdjustPValues(no, experiment.Holm)
	if err != nil {
		return err
	}
	if pays, err = experiment.AdjustPValues(pays, experiment.Holm); err != nil {
		return err
	}
	for i := range p.Rows {
		r := &p.Rows[i]
		r.Adjusted, r.Pays = no[i], pays[i]
		switch {
		case r.Pays < .05 && r.Effect.Estimate > r.BreakEven:
			r.Verdict = repeat
		case r.Pays < .05:
			r.Verdict = stop
		default:
			// Enough to tell an effect that just pays from one that pays twice.
			r.More = -1
			n, err := experiment.SampleSizeProportions(r.Effect.MeanA+r.BreakEven, r.Effect.MeanA+2*r.BreakEven, experiment.PowerOptions{})
			if err == nil {
				r.More = max(n.Total-r.Effect.N, 0)
			} // a rate of 0 or beyond 1: not to be said
		}
	}
	if len(effects) > 1 {
		h, err := experiment.CompareSegments(effects, experiment.Holm)
		if err != nil {
			return err
		}
		p.Differ = &h
	}
	return nil
}
