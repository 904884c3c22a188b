package loop

import (
	"context"
	"math"
	"slices"

	"github.com/aislekit/aisle/predict"
	"github.com/aislekit/aisle/predict/forecast"
	"github.com/aislekit/aisle/predict/uplift"
)

// outlook is what an arm believes of an article: weekly means from a week on, and the
// standard deviation of a week's demand as a share of its mean.
type outlook struct {
	from  int
	means []float64
	cv    []float64 // by week, as means
	last  float64   // correlation of the errors of neighbouring weeks
}

// at returns the means and standard deviations from a week on.
func (o outlook) at(week int) (means, sds []float64) {
	k := min(week-o.from, len(o.means)-1)
	means = o.means[k:]
	for j, m := range means {
		sds = append(sds, m*o.cv[k+j])
	}
	return means, sds
}

// horizon is how many weeks ahead arms look: the longest lead time, a review, and a refit.
const horizon = 20

// foresee fits weekly demand of an article up to a week: seasons of a year on a level, counts with
// a spread of their own. How far one week strays is what past weeks did.
func foresee(ctx context.Context, y []float64, week int) (outlook, error) {
	return fitOutlook(ctx, forecast.Series{Y: y}, week, forecast.RegressionOptions{Log: true, Seasons: []float64{52.18}, Harmonics: []int{2}})
}

// fitOutlook is the outlook of a regression.
func fitOutlook(ctx context.Context, s forecast.Series, week int, opt forecast.RegressionOptions) (outlook, error) {
	m, err := forecast.FitRegression(ctx, s, opt)
	if err != nil {
		return outlook{}, err
	}
	o := outlook{from: week}
	if o.means, err = m.Forecast(nil, horizon); err != nil {
		return outlook{}, err
	}
	fitted, err := m.Fitted(nil)
	if err != nil {
		return outlook{}, err
	}
	ss, cross, before := 0.0, 0.0, 0.0
	for t, v := range s.Y {
		d := v/max(fitted[t], 1e-9) - 1
		if s.Censored != nil && s.Censored[t] {
			d = max(d, 0)
		}
		ss += d * d / float64(len(s.Y)-5)
		cross += d * before / float64(len(s.Y)-5)
		before = d
	}
	if ss > 0 {
		o.last = min(max(cross/ss, 0), 1)
	}
	for range o.means {
		o.cv = append(o.cv, math.Sqrt(ss))
	}
	return o, nil
}

// truth is the outlook of the oracle.
func truth(w *World, article, week int) outlook {
	o := outlook{from: week}
	noise := Noise * w.Variation.Noise
	for t := week; t < min(week+horizon, HistoryWeeks+Weeks); t++ {
		m := 0.0
		for day := 7 * t; day < 7*t+7; day++ {
			m += w.Mean(article, day)
		}
		o.means = append(o.means, m)
		o.cv = append(o.cv, math.Sqrt(1/m+noise*noise))
	}
	return o
}

// effects is what a shop has learned from its pilots: the expected units of each customer told
// of each article, and how sure it is of the average.
type effects struct {
	of     [][]float64 // by customer, then article
	rel    float64     // standard error of the average, relative
	proven bool        // the interval of the average is above 0
}

// features are what is known of a customer and an article that may bear on the answer: the
// segment, whether it is one that buys much of the category, and the price.
func features(w *World, customer, article int) []float64 {
	x := make([]float64, 24)
	g := w.Segment[customer]
	cell := 2 * g
	if slices.Contains(w.Prefers[g], w.Category[article]) {
		cell++
	}
	x[cell] = 1
	x[12+cell] = min(1, TypicalPrice/w.Price[article])
	return x
}

// learnUplift learns effects from the pilots. What was asked for while an article had run out says
// too little of either arm, and is left out.
func learnUplift(ctx context.Context, l *life) (effects, error) {
	d := uplift.Data{Propensities: []float64{.5, .5}}
	for _, t := range l.told {
		for k, u := range t.customers {
			if t.held == nil || l.ranOut(t.articles[k], t.week) {
				continue
			}
			arm := 1
			if t.held[k] {
				arm = 0
			}
			d.Rows = append(d.Rows, features(l.w, u, t.articles[k]))
			d.Treatment = append(d.Treatment, arm)
			d.Outcome = append(d.Outcome, t.bought[k])
			d.IDs = append(d.IDs, uint64(u))
		}
	}
	learner := func(ctx context.Context, rows [][]float64, y, weights []float64) (uplift.Predict, error) {
		m, err := predict.FitLinear(ctx, rows, y, predict.LinearOptions{L2: 20, Weights: weights, Workers: 1})
		if err != nil {
			return nil, err
		}
		return m.Predict, nil
	}
	m, err := uplift.FitDR(ctx, d, learner, uplift.Options{Folds: 3})
	if err != nil {
		return effects{}, err
	}
	average := m.Averages[0]
	e := effects{rel: average.StdErr / max(average.Value, 1e-9), proven: average.Low > 0}
	rows := make([][]float64, Articles)
	for u := range Customers {
		for i := range rows {
			rows[i] = features(l.w, u, i)
		}
		of, err := m.Effects(ctx, nil, rows)
		if err != nil {
			return effects{}, err
		}
		for i := range of {
			of[i] = max(0, of[i])
		}
		e.of = append(e.of, of)
	}
	return e, nil
}

// trueEffects are those of the oracle.
func trueEffects(w *World) effects {
	e := effects{proven: w.Variation.Effect > 0}
	for u := range Customers {
		of := make([]float64, Articles)
		for i := range of {
			of[i] = w.Uplift(u, i)
		}
		e.of = append(e.of, of)
	}
	return e
}
