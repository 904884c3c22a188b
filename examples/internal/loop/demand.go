package loop

import (
	"context"
	"slices"

	"github.com/aislekit/aisle/supply"
)

// demand is what an arm learns from: weekly units of each article, up to a week.
type demand struct {
	weeks     [][]float64
	corrected bool // for stock-outs
	everyday  bool // without what campaigns are expected to have brought
}

// correctWeeks is how many weeks are corrected at a time: few enough for one season.
const correctWeeks = 13

// pastDemand is the demand of the history.
func pastDemand(ctx context.Context, l *life, corrected bool) (*demand, error) {
	d := &demand{weeks: make([][]float64, Articles), corrected: corrected}
	return d, d.extend(ctx, l, HistoryWeeks)
}

// of is a copy for an arm to extend.
func (d *demand) of(arm Arm) *demand {
	out := &demand{corrected: d.corrected, everyday: arm == Loop || arm == Orders}
	for _, y := range d.weeks {
		out.weeks = append(out.weeks, slices.Clone(y))
	}
	return out
}

// extend adds the weeks up to one. Where demand is corrected, days on which an article ran out are
// the least that was wanted; they are corrected with correctWeeks around them, each stretch with a level
// of its own.
func (d *demand) extend(ctx context.Context, l *life, week int) error {
	from := len(d.weeks[0])
	if from == week {
		return nil
	}
	var series []supply.Series
	type piece struct{ article, from, to, start int } // weeks from to to, of a series that starts at start
	var pieces []piece
	for i := range d.weeks {
		for a := from; a < week; a += correctWeeks {
			b := min(a+correctWeeks, week)
			start := max(0, min(a, b-correctWeeks))
			s := supply.Series{}
			for day := 7 * start; day < 7*b; day++ {
				s.Sold = append(s.Sold, float64(l.sold[i][day]))
				there := 1.0
				if l.out[i][day] && d.corrected {
					there = 0
				}
				s.Available = append(s.Available, there)
			}
			pieces = append(pieces, piece{i, a, b, start})
			series = append(series, s)
		}
	}
	units := make([][]float64, len(series))
	for k := range series {
		units[k] = series[k].Sold
	}
	if d.corrected {
		u, err := supply.Unconstrain(ctx, series, supply.UnconstrainOptions{Season: 7, Bounds: true, MaxIter: 50, Workers: 1})
		if err != nil {
			return err
		}
		for k := range units {
			units[k] = u.Series[k].Units
		}
	}
	for k, p := range pieces {
		for t := p.from; t < p.to; t++ {
			sum := 0.0
			for _, v := range units[k][7*(t-p.start) : 7*(t-p.start)+7] {
				sum += v
			}
			d.weeks[p.article] = append(d.weeks[p.article], sum)
		}
	}
	if d.everyday {
		for _, t := range l.told {
			if t.expected == nil || t.week < from || t.week >= week {
				continue
			}
			for i, units := range t.expected {
				d.weeks[i][t.week] = max(0, d.weeks[i][t.week]-units)
			}
		}
	}
	return nil
}
