package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/aislekit/aisle/examples/internal/report"
	"github.com/aislekit/aisle/predict"
	"github.com/aislekit/aisle/profile"
	"github.com/aislekit/aisle/profile/feature"
	"github.com/aislekit/aisle/segment"
)

// segmented groups the customers of a profile in three ways.
type segmented struct {
	Currency string

	// By value: recency, frequency and money of buyers.
	Names   []string // of the value segments
	Of      map[string]string
	Sizes   []int
	Money   []int64
	Grid    [5][5]float64 // buyers by recency and frequency score
	Silence time.Duration // after which a customer counts as lost

	// By stage of life, of all customers.
	States map[string]segment.State
	Stages [segment.NumStates]int

	// By likeness.
	Model    *segment.KMeans
	Columns  []string
	prepare  func(t *profile.Table[string]) ([][]float64, error)
	Clusters map[string]int
	Profiles []segment.ClusterProfile
	Choices  segment.KChoices
	ByTaste  bool

	// Against planted truth, where there is one.
	Truth *segmentTruth
}

// segments scores value, stage of life and likeness.
func segments(ctx context.Context, p *profiled, opt options) (*segmented, error) {
	s := &segmented{Currency: p.Currency, Of: make(map[string]string), States: make(map[string]segment.State), Clusters: make(map[string]int)}
	if err := s.value(p); err != nil {
		return nil, err
	}
	if err := s.life(p); err != nil {
		return nil, err
	}
	if err := s.likeness(ctx, p, opt); err != nil {
		return nil, err
	}
	return s, nil
}

// value scores recency, frequency and money of the buyers and names their segments.
func (s *segmented) value(p *profiled) error {
	n := len(p.RFM)
	recency, frequency, spent := make([]float64, n), make([]float64, n), make([]float64, n)
	for i, r := range p.RFM {
		recency[i], frequency[i], spent[i] = r.Recency, float64(r.Frequency), float64(r.Monetary)
	}
	fit, err := segment.FitRFM(recency, frequency, spent, 5)
	if err != nil {
		return err
	}
	scores, err := fit.ScoreAll(nil, recency, frequency, spent)
	if err != nil {
		return err
	}
	m := segment.DefaultMap()
	s.Names = m.Names()
	s.Sizes, s.Money = make([]int, len(s.Names)), make([]int64, len(s.Names))
	for i, score := range scores {
		k, err := m.Segment(score)
		if err != nil {
			return err
		}
		s.Sizes[k]++
		s.Money[k] += p.RFM[i].Monetary
		s.Of[p.RFM[i].User] = s.Names[k]
		s.Grid[score.R-1][score.F-1]++
	}
	return nil
}

// life finds the silence after which a customer counts as lost, and with it the
// stage of life of each.
func (s *segmented) life(p *profiled) error {
	var l predict.Labeler[string]
	for _, id := range p.Table.IDs {
		for _, at := range p.Bought[id] {
			if err := l.Add(id, at); err != nil {
				return err
			}
		}
	}
	silence, err := l.InactivityPeriod(p.At)
	if err != nil {
		return err
	}
	s.Silence = silence.Round(day)
	cycle, err := segment.NewLifecycle(segment.LifecycleOptions{Sleep: s.Silence / 2, Churn: s.Silence})
	if err != nil {
		return err
	}
	for _, id := range p.Table.IDs {
		var b segment.Purchases
		if at := p.Bought[id]; len(at) > 0 {
			b.First, b.Last = at[0], at[len(at)-1]
			if len(at) > 1 {
				b.Previous = at[len(at)-2]
			}
		}
		state, err := cycle.State(b, p.At)
		if err != nil {
			return fmt.Errorf("customer %s: %w", id, err)
		}
		s.States[id] = state
		s.Stages[state]++
	}
	return nil
}

// likeness clusters buyers: by taste where products have categories, else by how
// they buy.
func (s *segmented) likeness(ctx context.Context, p *profiled, opt options) error {
	for _, name := range p.Table.Names {
		if strings.HasPrefix(name, "category=") {
			s.Columns = append(s.Columns, name)
		}
	}
	method := feature.MinMax
	if s.ByTaste = len(s.Columns) > 2; !s.ByTaste {
		s.Columns = []string{"recency_days", "orders", "units", "net", "order_value", "basket_size", "gap_days"}
		method = feature.ZScale
	}
	all, err := s.shaped(p.Table)
	if err != nil {
		return err
	}
	var rows [][]float64
	var ids []string
	for i, id := range p.Table.IDs {
		if len(p.Bought[id]) > 0 {
			rows, ids = append(rows, all[i]), append(ids, id)
		}
	}
	finish, err := s.preparation(ctx, rows, method)
	if err != nil {
		return err
	}
	s.prepare = func(t *profile.Table[string]) ([][]float64, error) {
		rows, err := s.shaped(t)
		if err != nil {
			return nil, err
		}
		return finish(rows)
	}
	if rows, err = finish(rows); err != nil {
		return err
	}
	labels, err := s.cluster(ctx, rows, opt)
	if err != nil {
		return err
	}
	for i, id := range ids {
		s.Clusters[id] = int(labels[i])
	}
	return s.describe(ctx, p, ids, labels)
}

// shaped takes the columns that tell buyers apart from a table, in shapes in which a
// distance means likeness: roots of shares, logarithms of amounts.
func (s *segmented) shaped(t *profile.Table[string]) ([][]float64, error) {
	shape := func(x float64) float64 { return math.Copysign(math.Log1p(math.Abs(x)), x) }
	if s.ByTaste {
		shape = math.Sqrt
	}
	sub, err := t.Select(s.Columns...)
	if err != nil {
		return nil, err
	}
	for _, row := range sub.Rows {
		for c := range row {
			row[c] = shape(row[c])
		}
	}
	return sub.Rows, nil
}

// preparation learns from rows how gaps are filled and columns are brought to one
// scale, and returns what does so. Tastes are shares already and stay on their own.
func (s *segmented) preparation(ctx context.Context, rows [][]float64, method feature.ScaleMethod) (func([][]float64) ([][]float64, error), error) {
	fill, err := feature.FitImputer(ctx, rows, feature.ImputerOptions{Method: feature.Mean, Names: s.Columns})
	if err != nil {
		return nil, err
	}
	var scale *feature.Scaler
	if method == feature.ZScale {
		full, err := fill.Transform(nil, rows, nil)
		if err != nil {
			return nil, err
		}
		if scale, err = feature.FitScaler(ctx, full, feature.ScalerOptions{Method: method, Names: s.Columns}); err != nil {
			return nil, err
		}
	}
	return func(rows [][]float64) ([][]float64, error) {
		full, err := fill.Transform(nil, rows, nil)
		if err != nil || scale == nil {
			return full, err
		}
		return scale.Transform(nil, full)
	}, nil
}

// cluster groups the rows into as many groups as tell apart best.
func (s *segmented) cluster(ctx context.Context, rows [][]float64, opt options) ([]int32, error) {
	var err error
	s.Choices, err = segment.ChooseK(ctx, rows, segment.ChooseKOptions{
		Min: 3, Max: 9, References: -1, Sample: 1500,
		KMeans: segment.KMeansOptions{Restarts: 8, Seed: opt.Seed},
	})
	if err != nil {
		return nil, err
	}
	k, err := s.Choices.BySilhouette()
	if errors.Is(err, segment.ErrUndefined) { // a handful of buyers
		k, err = s.Choices[0].K, nil
	}
	if err != nil {
		return nil, err
	}
	s.Model = s.Choices[slices.IndexFunc(s.Choices, func(c segment.KChoice) bool { return c.K == k })].Model
	return s.Model.Assign(nil, rows)
}

// describe says what sets each group apart, in the columns as they are.
func (s *segmented) describe(ctx context.Context, p *profiled, ids []string, labels []int32) error {
	natural, err := p.Table.Select(s.Columns...)
	if err != nil {
		return err
	}
	var plain [][]float64
	for _, id := range ids {
		plain = append(plain, natural.Rows[natural.Row(id)])
	}
	meanOf, err := feature.FitImputer(ctx, plain, feature.ImputerOptions{Names: s.Columns})
	if err != nil {
		return err
	}
	if plain, err = meanOf.Transform(nil, plain, nil); err != nil {
		return err
	}
	s.Profiles, err = segment.DescribeClusters(plain, labels, s.Columns, 0)
	return err
}

// assign returns the cluster of each customer of another table, -1 for those
// without the columns.
func (s *segmented) assign(t *profile.Table[string]) (map[string]int, error) {
	rows, err := s.prepare(t)
	if err != nil {
		return nil, err
	}
	labels, err := s.Model.Assign(nil, rows)
	if err != nil {
		return nil, err
	}
	out := make(map[string]int, len(labels))
	for i, id := range t.IDs {
		out[id] = int(labels[i])
	}
	return out, nil
}

// clusterName says what sets a cluster apart.
func (s *segmented) clusterName(k int) string {
	for _, c := range s.Profiles {
		if c.Cluster != k || c.Err != nil {
			continue
		}
		var parts []string
		for _, f := range c.Features {
			if len(parts) == 2 || math.Abs(f.Z) < .3 {
				break
			}
			name := strings.TrimPrefix(f.Name, "category=")
			switch {
			case s.ByTaste && f.Z > 0:
				parts = append(parts, name)
			case s.ByTaste:
			case f.Z > 0:
				parts = append(parts, highLow[name][0])
			default:
				parts = append(parts, highLow[name][1])
			}
		}
		if len(parts) == 0 {
			parts = []string{"a bit of everything"}
		}
		return strings.Join(parts, " and ")
	}
	return "group " + fmt.Sprint(k+1)
}

// plain gives a column a name for people.
func plain(column string) string {
	window := ""
	for _, w := range []string{"_30d", "_90d", "_365d"} {
		if s, ok := strings.CutSuffix(column, w); ok {
			column, window = s, ", last "+strings.Trim(w, "_d")+" days"
		}
	}
	if n, ok := plainNames[column]; ok {
		return n + window
	}
	return strings.ReplaceAll(column, "_", " ") + window
}

var plainNames = map[string]string{
	"recency_days": "time since the last order", "tenure_days": "time since the first order", "log_purchases": "number of orders", "purchases": "orders",
	"mean_gap_days": "usual pause between orders", "overdue": "silent for longer than usual", "single": "bought only once", "active_days_ago": "time since the last visit or order", "units": "pieces bought",
	"paid": "money paid", "net": "money paid less refunds", "order_value": "average order", "basket_size": "pieces per order", "gap_days": "pause between orders", "orders": "number of orders",
	"refund_rate": "share refunded", "events": "visits and clicks", "view": "products looked at", "cart": "products put into the cart",
}

// highLow names what much and little of a column means.
var highLow = map[string][2]string{
	"recency_days": {"last bought long ago", "bought lately"}, "orders": {"order often", "few orders"}, "units": {"many pieces", "few pieces"}, "net": {"spend much", "spend little"},
	"order_value": {"large orders", "small orders"}, "basket_size": {"many pieces an order", "few pieces an order"}, "gap_days": {"long pauses between orders", "short pauses between orders"},
}

var valueAdvice = map[string]string{
	"champions": "thank them, show new things first", "high value": "service and new things first, no vouchers", "loyal": "points and previews", "potential loyalists": "offer membership",
	"new customers": "welcome, help with the second order", "promising": "a small voucher", "need attention": "a limited offer", "about to sleep": "remind them of what they looked at",
	"at risk": "win back personally", "cannot lose": "call them", "can't lose": "call them", "hibernating": "one good reason to return", "lost": "spend little",
}

// section reports on the three groupings.
func (s *segmented) section() report.Section {
	buyers, money := 0, int64(0)
	for k := range s.Sizes {
		buyers += s.Sizes[k]
		money += s.Money[k]
	}
	values := report.Table{Caption: "Value segments", Columns: []string{"segment", "buyers", "share", "share of money", "what to do"}}
	for k, name := range s.Names {
		values.Rows = append(values.Rows, []string{name, count(s.Sizes[k]), percent(float64(s.Sizes[k]) / float64(buyers)), percent(float64(s.Money[k]) / float64(max(money, 1))), valueAdvice[name]})
	}
	how := "by how they buy"
	if s.ByTaste {
		how = "by taste"
	}
	out := report.Section{
		Title: "Groups of customers",
		Meaning: fmt.Sprintf("Customers fall into %d value segments, six stages of life and %d groups that are alike %s; someone silent for %.0f days is probably gone.",
			len(s.Names), len(s.Profiles), how, days(s.Silence)),
		Action: "Address each segment as its row in the first table says; one message for everybody is wasted on most.",
		Terms: []report.Term{
			{Word: "Recency, frequency, money (RFM)", Meaning: "how long ago, how often and for how much someone bought, each as a score from 1 to 5."},
			{Word: "Score", Meaning: "5 is the best fifth of the buyers. Buyers with equal numbers share a score, so a column of the picture can be empty."},
			{Word: "Stage of life", Meaning: "prospect (never bought), new, active, sleeping, churned (gone) or reactivated (came back)."},
		},
		Figures: []report.Figure{
			{Label: "silence that means gone", Value: decimal(days(s.Silence), 0) + " days", Note: "twice the pause that nine of ten returns stay below"},
			{Label: "active now", Value: count(s.Stages[segment.Active] + s.Stages[segment.New] + s.Stages[segment.Reactivated])},
			{Label: "sleeping or gone", Value: count(s.Stages[segment.Sleeping] + s.Stages[segment.Churned])},
		},
		Plots:  []report.Plot{s.gridPlot()},
		Tables: []report.Table{values, s.stageTable(), s.clusterTable()},
	}
	if s.Truth != nil {
		s.Truth.report(&out, len(s.Profiles))
	}
	return out
}

// stageTable counts customers by stage of life.
func (s *segmented) stageTable() report.Table {
	stages := report.Table{Caption: "Stage of life of all customers", Columns: []string{"stage", "customers"}}
	play := segment.DefaultPlaybook()
	stages.Columns = append(stages.Columns, "usual action on entering")
	for st, n := range s.Stages {
		stages.Rows = append(stages.Rows, []string{segment.State(st).String(), count(n), strings.Join(play.Actions(nil, segment.Active, segment.State(st)), ", ")})
	}
	return stages
}

// clusterTable lists the groups of alike buyers.
func (s *segmented) clusterTable() report.Table {
	clusters := report.Table{Caption: "Groups of alike buyers", Columns: []string{"group", "buyers", "share"}}
	for _, c := range s.Profiles {
		if c.Err != nil { // too few buyers to publish anything about
			clusters.Rows = append(clusters.Rows, []string{"a small group", "–", "–"})
			continue
		}
		clusters.Rows = append(clusters.Rows, []string{s.clusterName(c.Cluster), count(c.Size), percent(c.Share)})
	}
	return clusters
}

// gridPlot draws the buyers by recency and frequency.
func (s *segmented) gridPlot() report.Plot {
	grid := report.Plot{
		Kind: report.Grid, Title: "Buyers by recency and frequency", Desc: "A grid of five by five cells: rows are how recently, columns how often customers bought; each cell holds the number of buyers.",
		XName: "how often they buy →", YName: "bought",
	}
	for f := 1; f <= 5; f++ {
		grid.Labels = append(grid.Labels, fmt.Sprint(f))
	}
	for r := 4; r >= 0; r-- {
		name := fmt.Sprint(r + 1)
		switch r {
		case 4:
			name = "just now"
		case 0:
			name = "long ago"
		}
		grid.Series = append(grid.Series, report.Series{Name: name, Y: s.Grid[r][:]})
	}
	return grid
}
