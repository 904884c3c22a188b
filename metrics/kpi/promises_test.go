package kpi_test

import (
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/kpi"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestPromises(t *testing.T) {
	var types []func() any
	for _, f := range frames() {
		types = append(types, func() any { return f.Fill(t) })
	}
	activity := func() *kpi.Activity[string] {
		a := got(kpi.NewActivity[string](kpi.Calendar{Location: time.UTC}))
		done(t, a.Start("anna", day(1)), a.Add("anna", day(2)), a.Add("anna", day(4)), a.Add("bert", day(2)), a.Add("bert", day(3)))
		return a
	}
	for i, f := range frames() { // days: the churn of weeks needs more history
		if _, ok := f.Fill(t).(*kpi.Activity[string]); ok {
			types[i] = func() any { return activity() }
		}
	}
	calendar := kpi.Calendar{Period: kpi.PeriodWeek, Location: time.FixedZone("shop", 3600)}
	steps := kpi.FunnelOptions{Steps: []string{"view", "cart", "buy"}, Window: 48 * time.Hour}
	units := []metrics.Proportion{proportion(1, 10), proportion(9, 10), proportion(4, 20), proportion(0, 15)}
	retention := func() kpi.RetentionTable {
		return got(activity().Retention(kpi.RetentionOptions{MinAudience: -1, Periods: 2, AsOf: day(9)}))
	}
	testkit.Promises{
		Funcs: map[string]any{
			"Decompose": kpi.Decompose, "FitRatePrior": kpi.FitRatePrior, "FitRatePriorMoments": kpi.FitRatePriorMoments, "Growth": kpi.Growth,
			"NewActivity": kpi.NewActivity[string], "NewCube": kpi.NewCube[string, kpi.Counts], "NewFunnel": kpi.NewFunnel,
			"NewFunnelBuilder": kpi.NewFunnelBuilder[string], "Retention": kpi.Retention[string], "ShareOf": kpi.ShareOf,
		},
		Types: append(
			types,
			func() any { c := calendar; return &c },
			func() any { p := kpi.PeriodMonth; return &p },
			func() any { return &kpi.RatePrior{Alpha: 2, Beta: 30} },
			func() any { r := retention(); return &r },
		),
		Zero: []string{"Counts", "Engagement", "Social", "Customers", "Activity", "Calendar", "Period"},
		Args: map[string]func() []any{
			"Decompose":           func() []any { return []any{[]float64{100, .1, 30}, []float64{120, .09, 33}, kpi.DecomposeShapley} },
			"FitRatePrior":        func() []any { return []any{units} },
			"FitRatePriorMoments": func() []any { return []any{units} },
			"Growth":              func() []any { return []any{int64(10), int64(12)} },
			"NewActivity":         func() []any { return []any{calendar} },
			"NewCube": func() []any {
				return []any{kpi.CubeOptions[string, kpi.Counts]{Merge: (*kpi.Counts).Merge, New: func() *kpi.Counts { return &kpi.Counts{} }, MaxCells: 9}}
			},
			"NewFunnel":        func() []any { return []any{steps} },
			"NewFunnelBuilder": func() []any { return []any{steps} },
			"ShareOf":          func() []any { return []any{int64(1), int64(4)} },

			"Activity.Active": func() []any { return []any{2, day(1), day(9)} },
			"Activity.Churn": func() []any {
				return []any{kpi.ChurnOptions{From: day(3), AsOf: day(9), Factor: 2, Quantile: .9, MinGaps: 1}}
			},
			"Activity.Flows":  func() []any { return []any{day(1), day(9)} },
			"Activity.Forget": func() []any { return []any{"anna"} },
			"Activity.Retention": func() []any {
				return []any{kpi.RetentionOptions{MinAudience: -1, Kind: kpi.RetentionBracket, Periods: 2, AsOf: day(9), Brackets: [][2]int{{1, 7}}}}
			},
			"Activity.Stickiness": func() []any { return []any{7, day(9)} },
			"Cube.RollUp":         func() []any { return []any{func(c cell) cell { return cell{Channel: c.Channel} }} },
			"Counts.Add":          func() []any { return []any{kpi.Counts{Impressions: 100, Clicks: 3, Revenue: 999}} },
			"Counts.Fill":         func() []any { return []any{[]string{"Clicks", "Orders"}} },
			"Engagement.Add":      func() []any { return []any{kpi.Engagement{Impressions: 100, Likes: 3}} },
			"Engagement.Fill":     func() []any { return []any{[]string{"Likes"}} },
			"Social.Add":          func() []any { return []any{kpi.Social{Views: 100, Orders: 3}} },
			"Social.Fill":         func() []any { return []any{[]string{"Orders"}} },
			"Funnel.AddUser":      func() []any { return []any{[]kpi.FunnelEvent{{0, day(1)}, {1, day(2)}}} },
			"RatePrior.Smooth":    func() []any { return []any{metrics.NewRatio(1, 4)} },
		},
		NaN: map[string]string{"RatePrior.Mean": "NaN for the zero value and where a field is not finite, as its comment says"},
		Settles: map[string]string{
			"Funnel.Table":         "a table without rows, which can be written",
			"RetentionTable.Table": "a table with the row of all alone, which can be written",
		},
	}.Check(t)
}

func proportion(successes, n int64) metrics.Proportion {
	return got(metrics.NewProportion(successes, n))
}
