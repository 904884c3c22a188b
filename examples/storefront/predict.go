package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/aislekit/aisle/examples/internal/report"
	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/predict"
	"github.com/aislekit/aisle/profile"
	"github.com/aislekit/aisle/profile/feature"
)

// predicted is what customers will probably do, and how far that could be
// trusted on a time the models had not seen.
type predicted struct {
	Cut      time.Time
	Purchase *propensity // buys within the horizon
	Churn    *propensity // buys nothing for long; nil where the log is too short
}

// propensity is one model with its test.
type propensity struct {
	What     string
	Horizon  time.Duration
	Trained  []time.Time // cuts it learnt from
	Rows     int
	Tested   int
	AUC      float64
	Recency  float64 // AUC of the plain rule "bought last, buys first" (or the reverse)
	Lift     float64 // of the best tenth
	Loss     metrics.BinaryLossResult
	Drivers  []predict.Coefficient // by weight, standardised
	Prob     map[string]float64    // at the cut
	Boosted  bool                  // trees answer, which did better before the cut than the logistic model
	Held     [2]float64            // log-loss of both on the last cut learnt from, by a fit to those before; 0 for none
	Linear   float64               // log-loss of the logistic model on the time tested
	Example  string                // a customer, with the reasons
	Reasons  []predict.Reason
	Ceiling  float64 // AUC of one who knows the truth; NaN unless planted
	Gone     float64 // AUC of the churn model against planted departure; NaN unless planted
	Warnings []string
}

// predictions learns from earlier cuts, whose outcome lies before the cut where
// we stand, and is tested on what happened after it.
func predictions(ctx context.Context, rec *records, now *profiled, silence time.Duration) (*predicted, error) {
	l, err := orderTimes(rec)
	if err != nil {
		return nil, err
	}
	out := &predicted{Cut: rec.Cut}
	out.Purchase, err = fitPropensity(ctx, rec, now, l, "purchase", rec.Horizon)
	if err != nil {
		return nil, err
	}
	// Longer silences than the log can show cannot be tested.
	after := rec.End.Sub(rec.Cut)
	if silence = min(silence, after.Truncate(day)); silence >= rec.Horizon*3/2 {
		if out.Churn, err = fitPropensity(ctx, rec, now, l, "churn", silence); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// orderTimes holds when each known customer ordered, of which the outcomes of any
// time window are read.
func orderTimes(rec *records) (*predict.Labeler[string], error) {
	var l predict.Labeler[string]
	all, err := rec.Ledger.Settle(time.Time{})
	if err != nil {
		return nil, err
	}
	for i := range all.Orders {
		if o := &all.Orders[i].Order; o.User != "" {
			if err := l.Add(o.User, o.At); err != nil {
				return nil, err
			}
		}
	}
	return &l, nil
}

// labelsAt returns who did what was to be foretold within some windows.
type labelsAt func(predict.Windows) (*predict.Labels[string], error)

// fitPropensity learns one yes/no outcome from earlier cuts and is tested on what
// happened after the cut.
func fitPropensity(ctx context.Context, rec *records, now *profiled, l *predict.Labeler[string], what string, horizon time.Duration) (*propensity, error) {
	f := &propensity{What: what, Horizon: horizon, Ceiling: math.NaN(), Gone: math.NaN()}
	label := labelsAt(l.Purchase)
	if what == "churn" {
		label = l.Churn
	}
	columns := propensityColumns(rec)
	rows, y, names, latest, err := f.history(rec, label, columns)
	if err != nil {
		return nil, err
	}
	test, err := label(predict.Windows{AsOf: rec.Cut, Horizon: horizon, End: rec.End})
	if err != nil {
		return nil, err
	}
	atCut, err := now.Table.Select(columns...)
	if err != nil {
		return nil, err
	}
	testRows, _, err := features(test, atCut)
	if err != nil {
		return nil, err
	}
	rows, testRows, names, err = prepared(ctx, rows, testRows, names)
	if err != nil {
		return nil, err
	}
	model, err := predict.FitLogistic(ctx, rows, y, predict.LogisticOptions{L2: 10, Names: names})
	if err != nil {
		return nil, err
	}
	prob, err := model.Prob(nil, testRows)
	if err != nil {
		return nil, err
	}
	f.Rows, f.Tested, f.Warnings = len(rows), len(prob), model.Warnings()
	f.Drivers = strongest(model.Coefficients(), 6)
	if f.Linear, _, err = metrics.LogLoss(test.Y, prob, nil); err != nil {
		return nil, err
	}
	trees, err := f.boosted(ctx, rows, y, names, latest)
	if err != nil {
		return nil, err
	}
	if trees != nil {
		if prob, err = trees.prob(testRows); err != nil {
			return nil, err
		}
		if f.Drivers, err = trees.drivers(ctx, testRows, names, 6); err != nil {
			return nil, err
		}
	}
	if err := f.judge(test, atCut, prob); err != nil {
		return nil, err
	}
	best := 0
	f.Prob = make(map[string]float64, len(prob))
	for i, id := range test.Users {
		f.Prob[id] = prob[i]
		if prob[i] > prob[best] {
			best = i
		}
	}
	f.Example = test.Users[best]
	if trees != nil {
		f.Reasons, err = trees.reasons(ctx, testRows[best], names, 4)
		return f, err
	}
	f.Reasons, err = model.Reasons(testRows[best], 4)
	return f, err
}

// propensityColumns are the columns of a profile that are learnt from: those of visits
// only where the shop has a log of them.
func propensityColumns(rec *records) []string {
	columns := []string{
		"recency_days", "active_days_ago", "units", "paid", "paid_90d", "net",
		"order_value", "basket_size", "refund_rate",
	}
	if len(rec.Events) > 0 {
		columns = append(columns, "events", "events_30d", "events_90d", "view", "view_30d", "cart", "cart_30d")
	}
	return columns
}

// history returns the rows to learn from, their outcomes and the names of their
// columns: customers at up to four earlier cuts, each a horizon before the next, those of the latest
// first.
func (f *propensity) history(rec *records, label labelsAt, columns []string) (rows [][]float64, y []bool, names []string, latest int, err error) {
	for k := 1; k <= 4; k++ {
		at := rec.Cut.Add(-time.Duration(k) * f.Horizon)
		if at.Sub(rec.Start) < 90*day && k > 1 {
			break
		}
		labels, err := label(predict.Windows{AsOf: at, Horizon: f.Horizon, End: rec.Cut})
		if k > 1 && errors.Is(err, predict.ErrEmpty) {
			break
		} else if err != nil {
			return nil, nil, nil, 0, err
		}
		p, err := profileAt(rec, at, columns)
		if err != nil {
			return nil, nil, nil, 0, err
		}
		x, n, err := features(labels, p.Table)
		if err != nil {
			return nil, nil, nil, 0, err
		}
		rows, y, names = append(rows, x...), append(y, labels.Y...), n
		if k == 1 {
			latest = len(rows)
		}
		f.Trained = append(f.Trained, at)
	}
	return rows, y, names, latest, nil
}

// prepared fills gaps, takes logarithms and brings columns to one scale, as the
// training rows alone say.
func prepared(ctx context.Context, rows, testRows [][]float64, names []string) (train, test [][]float64, filled []string, err error) {
	fill, err := feature.FitImputer(ctx, rows, feature.ImputerOptions{Method: feature.Median, Names: names, Indicators: true, AllMissing: true})
	if err != nil {
		return nil, nil, nil, err
	}
	even := func(rows [][]float64) ([][]float64, error) {
		out, err := fill.Transform(nil, rows, nil)
		for _, r := range out {
			for c := range r {
				r[c] = math.Copysign(math.Log1p(math.Abs(r[c])), r[c])
			}
		}
		return out, err
	}
	if train, err = even(rows); err != nil {
		return nil, nil, nil, err
	}
	if test, err = even(testRows); err != nil {
		return nil, nil, nil, err
	}
	scale, err := feature.FitScaler(ctx, train, feature.ScalerOptions{Names: fill.Names()})
	if err != nil {
		return nil, nil, nil, err
	}
	if train, err = scale.Transform(nil, train); err != nil {
		return nil, nil, nil, err
	}
	test, err = scale.Transform(nil, test)
	return train, test, fill.Names(), err
}

// judge holds the probabilities against what happened, beside the plain rule that
// who bought last buys first.
func (f *propensity) judge(test *predict.Labels[string], atCut *profile.Table[string], prob []float64) error {
	var err error
	if f.AUC, err = metrics.AUC(test.Y, prob, nil); err != nil {
		return err
	}
	plain := make([]float64, len(prob))
	recency := atCut.Column("recency_days")
	for i, id := range test.Users {
		plain[i] = -atCut.Rows[atCut.Row(id)][recency]
		if f.What == "churn" {
			plain[i] = -plain[i]
		}
	}
	if f.Recency, err = metrics.AUC(test.Y, plain, nil); err != nil {
		return err
	}
	if f.Lift, err = metrics.LiftAt(test.Y, prob, nil, .1); err != nil {
		return err
	}
	loss, err := metrics.NewBinaryLoss(metrics.BinaryLossOptions{})
	if err != nil {
		return err
	}
	for i := range prob {
		if err := loss.Add(test.Y[i], prob[i]); err != nil {
			return err
		}
	}
	f.Loss, err = loss.Result()
	return err
}

// features joins the timing features of the labels with columns of a profile of
// the same moment.
func features(labels *predict.Labels[string], t *profile.Table[string]) ([][]float64, []string, error) {
	names := append([]string{}, labels.Names...)
	var take []int
	for c, n := range t.Names {
		if n != "recency_days" { // is among the labels' own
			names, take = append(names, n), append(take, c)
		}
	}
	rows := make([][]float64, len(labels.Users))
	for i, id := range labels.Users {
		k := t.Row(id)
		if k < 0 {
			return nil, nil, fmt.Errorf("customer %s has no profile", id)
		}
		rows[i] = append(make([]float64, 0, len(names)), labels.Rows[i]...)
		for _, c := range take {
			rows[i] = append(rows[i], t.Rows[k][c])
		}
	}
	return rows, names, nil
}

// strongest returns the k coefficients of largest size.
func strongest(c []predict.Coefficient, k int) []predict.Coefficient {
	var out []predict.Coefficient
	used := make([]bool, len(c))
	for range min(k, len(c)) {
		best := -1
		for i := range c {
			if !used[i] && (best < 0 || math.Abs(c[i].Value) > math.Abs(c[best].Value)) {
				best = i
			}
		}
		used[best] = true
		out = append(out, c[best])
	}
	return out
}

// ceiling measures one who knows the truth: score gives the planted inclination
// of a customer to buy after the cut, gone whether the customer had left.
func (p *predicted) ceiling(rec *records, score func(user string) float64, gone func(user string) bool) error {
	l, err := orderTimes(rec)
	if err != nil {
		return err
	}
	labels, err := l.Purchase(predict.Windows{AsOf: p.Cut, Horizon: p.Purchase.Horizon, End: rec.End})
	if err != nil {
		return err
	}
	best := make([]float64, len(labels.Users))
	for i, id := range labels.Users {
		best[i] = score(id)
	}
	if p.Purchase.Ceiling, err = metrics.AUC(labels.Y, best, nil); err != nil {
		return err
	}
	if p.Churn == nil {
		return nil
	}
	var left []bool
	var prob []float64
	for _, id := range labels.Users {
		if x, ok := p.Churn.Prob[id]; ok {
			left, prob = append(left, gone(id)), append(prob, x)
		}
	}
	p.Churn.Gone, err = metrics.AUC(left, prob, nil)
	return err
}

// section reports on both forecasts; what was planted stands beside it where known.
func (p *predicted) section() report.Section {
	f := p.Purchase
	s := report.Section{
		Title: "What customers will do",
		Meaning: fmt.Sprintf("For %s buyers the shop can say how likely each is to buy within %.0f days: of the tenth it holds most likely, %.1f times as many bought as on average.",
			count(f.Tested), days(f.Horizon), f.Lift),
		Action: "Sort customers by this probability: spend attention where it is in the middle, since those at the top buy anyway and those at the bottom hardly ever.",
		Terms: []report.Term{
			{Word: "Held-out time", Meaning: fmt.Sprintf("the models learnt only from what was known before %s; what happened later was used to mark their answers.", date(p.Cut))},
			{Word: "AUC", Meaning: "how well a score sorts: the chance that someone who did buy had a higher score than someone who did not. 0.5 is guessing, 1 is perfect."},
			{Word: "Calibration", Meaning: "whether probabilities can be taken at their word: of a hundred customers with 30%, about thirty should buy."},
			{Word: "Odds", Meaning: "those who will for each who will not: at odds of 2 two of three buy. A factor of 1 changes nothing."},
		},
	}
	t := report.Table{Caption: "Models on held-out time", Columns: []string{"outcome", "by", "rows learnt from", "customers tested", "happened", "predicted", "AUC", "AUC of last purchase alone", "log-loss against base rate"}}
	for _, f := range []*propensity{p.Purchase, p.Churn} {
		if f == nil {
			continue
		}
		name := fmt.Sprintf("buys within %.0f days", days(f.Horizon))
		if f.What == "churn" {
			name = fmt.Sprintf("buys nothing for %.0f days", days(f.Horizon))
		}
		t.Rows = append(t.Rows, []string{name, f.by(), count(f.Rows), count(f.Tested), percent(f.Loss.BaseRate), percent(f.Loss.BaseRate * f.Loss.CalibrationRatio), decimal(f.AUC, 3), decimal(f.Recency, 3), decimal(f.Loss.NormalizedEntropy, 3)})
		s.Figures = append(s.Figures, report.Figure{Label: name, Value: percent(f.Loss.BaseRate) + " did", Note: fmt.Sprintf("foretold: %s", percent(f.Loss.BaseRate*f.Loss.CalibrationRatio))})
		plot := report.Plot{Kind: report.Lines, Title: "Taken at its word: " + name, Desc: "Line of observed against predicted share; the dashed diagonal is perfect.", XName: "predicted", YName: "happened", Percent: true, Zero: true}
		line := report.Series{Name: "model"}
		ideal := report.Series{Name: "perfect", Dashed: true}
		for _, b := range f.Loss.Bins {
			plot.X = append(plot.X, b.Predicted)
			line.Y = append(line.Y, b.Observed)
			ideal.Y = append(ideal.Y, b.Predicted)
		}
		plot.Series = []report.Series{line, ideal}
		s.Plots = append(s.Plots, plot)
		s.Notes = append(s.Notes, f.Warnings...)
	}
	s.Tables = append(s.Tables, t)
	if f.Boosted {
		s.Notes = append(s.Notes, fmt.Sprintf("Boosted trees answer, since on the last time learnt from they told more than the logistic model (log-loss %s against %s); on the time tested it is %s against %s.",
			decimal(f.Held[1], 4), decimal(f.Held[0], 4), decimal(f.Loss.LogLoss, 4), decimal(f.Linear, 4)))
	}
	s.Tables = append(s.Tables, f.whyTable(), f.driverTable())
	off := math.Abs(f.Loss.CalibrationRatio - 1)
	if f.Ceiling == f.Ceiling {
		s.Checks = []report.Check{
			{What: fmt.Sprintf("sorting buyers of the next %.0f days (AUC)", days(f.Horizon)), Planted: "AUC " + decimal(f.Ceiling, 3) + " for one who knows the truth", Found: decimal(f.AUC, 3), Verdict: report.Mark(f.AUC > .7)},
			{What: "how many will buy", Planted: percent(f.Loss.BaseRate), Found: percent(f.Loss.BaseRate * f.Loss.CalibrationRatio), Verdict: report.Mark(off < .15)},
		}
		if p.Churn != nil {
			s.Checks = append(s.Checks, report.Check{What: "who has left for good (AUC against planted departures)", Planted: "1", Found: decimal(p.Churn.Gone, 3), Verdict: report.Mark(p.Churn.Gone > .75)})
		}
	}
	if off > .1 {
		s.Notes = append(s.Notes, fmt.Sprintf("Buying changed between the time learnt from and the time tested (a season, a campaign): %s was expected and %s happened. The order of customers holds; the level needs the latest data.",
			percent(f.Loss.BaseRate*f.Loss.CalibrationRatio), percent(f.Loss.BaseRate)))
	}
	return s
}

// whyTable lists what makes one customer the most likely.
func (f *propensity) whyTable() report.Table {
	why := report.Table{Caption: fmt.Sprintf("Why customer %s is the most likely buyer (%s)", f.Example, percent(f.Prob[f.Example])), Columns: []string{"reason", "moves the odds by a factor of"}}
	for _, r := range f.Reasons {
		why.Rows = append(why.Rows, []string{featureName(r.Name), decimal(math.Exp(r.Contribution), 2)})
	}
	return why
}

// driverTable lists what moves the model most.
func (f *propensity) driverTable() report.Table {
	drivers := report.Table{Caption: "What moves the purchase model most", Columns: []string{"what is known of a customer", "effect on the odds of a typical step up"}}
	if f.Boosted {
		drivers.Columns[1] = "typical effect on the odds, up or down"
	}
	for _, c := range f.Drivers {
		drivers.Rows = append(drivers.Rows, []string{featureName(c.Name), fmt.Sprintf("× %.2f", math.Exp(c.Value))})
	}
	return drivers
}

// featureName names a column of features for people.
func featureName(s string) string {
	missing := strings.HasSuffix(s, "_missing")
	s = strings.TrimSuffix(s, "_missing")
	s = plain(s)
	if missing {
		s += " not known"
	}
	return s
}
