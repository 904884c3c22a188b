package segment_test

import (
	"math"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestPromises(t *testing.T) {
	day := 24 * time.Hour
	now := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
	points := func() [][]float64 {
		return [][]float64{{0, 0}, {1, 0}, {0, 1}, {9, 9}, {8, 9}, {9, 8}, {0, 9}, {1, 9}, {0, 8}}
	}
	labels := []int32{0, 0, 0, 1, 1, 1, 2, 2, 2}
	recency, frequency, value := []float64{2, 90, 30, 200, 10}, []float64{12, 1, 4, 6, 2}, []float64{900, 20, 210, 500, 35}
	bought := segment.Purchases{First: now.Add(-200 * day), Previous: now.Add(-90 * day), Last: now.Add(-20 * day)}
	kmeans := func() *segment.KMeans {
		m, err := segment.FitKMeans(bg, points(), segment.KMeansOptions{K: 3})
		must(err)
		return m
	}
	rfm := func() *segment.RFM {
		m, err := segment.FitRFM(recency, frequency, value, 4)
		must(err)
		return m
	}
	choices := func() segment.KChoices {
		c, err := segment.ChooseK(bg, points(), segment.ChooseKOptions{Min: 2, Max: 4, References: 2})
		must(err)
		return c
	}
	profile := func() segment.ClusterProfile {
		p, err := segment.DescribeClusters(points(), labels, []string{"x", "y"}, -1)
		must(err)
		return p[0]
	}
	cuts := func() segment.Cuts {
		c, err := segment.NewCuts(1, 2, 5)
		must(err)
		return c
	}
	life := segment.LifecycleOptions{New: 30 * day, Gap: 120 * day, Sleep: 90 * day, Churn: 180 * day, Reactivated: 30 * day}
	tree := func() *segment.Dendrogram {
		d, err := segment.FitDendrogram(bg, points(), segment.DendrogramOptions{})
		must(err)
		return d
	}
	mixture := func() *segment.Mixture {
		m, err := segment.FitMixture(bg, points(), segment.MixtureOptions{K: 2})
		must(err)
		return m
	}
	testkit.Promises{
		Funcs: map[string]any{
			"CalinskiHarabasz": segment.CalinskiHarabasz, "ChooseK": segment.ChooseK, "DaviesBouldin": segment.DaviesBouldin, "DefaultMap": segment.DefaultMap,
			"DefaultMapRules": segment.DefaultMapRules, "DefaultPlaybook": segment.DefaultPlaybook, "DescribeClusters": segment.DescribeClusters, "FitCuts": segment.FitCuts,
			"NewMovement": segment.NewMovement, "Match": segment.Match, "ProfileClusters": segment.ProfileClusters, "FitPrototypes": segment.FitPrototypes, "DBSCAN": segment.DBSCAN, "Stability": segment.Stability, "FitMiniBatch": segment.FitMiniBatch, "FitMixture": segment.FitMixture,
			"FitDendrogram": segment.FitDendrogram, "FitDendrogramDistances": segment.FitDendrogramDistances,
			"FitRFMT": segment.FitRFMT, "NewBands": segment.NewBands, "FitKMeans": segment.FitKMeans, "FitRFM": segment.FitRFM, "NewCuts": segment.NewCuts, "NewKMeans": segment.NewKMeans, "NewKMeansStep": segment.NewKMeansStep,
			"NewLifecycle": segment.NewLifecycle, "NewMap": segment.NewMap, "NewRFM": segment.NewRFM, "Silhouette": segment.Silhouette, "SimplifiedSilhouette": segment.SimplifiedSilhouette,
		},
		Types: []func() any{
			func() any {
				customers, agents := officeDay()
				m, err := segment.Match(bg, customers, agents, func(customer, agent int) float64 { return float64(1 + (customer+agent)%3) }, segment.MatchOptions{})
				must(err)
				return m
			},
			func() any { return kmeans() },
			func() any {
				s, err := segment.NewKMeansStep([][]float64{{1, 2}, {8, 1}, {4, 9}})
				must(err)
				for _, r := range points() {
					must(s.Add(r, 1))
				}
				return s
			},
			func() any {
				m, err := rfm().WithTime(cuts())
				must(err)
				return m
			},
			func() any {
				p := &segment.Pareto{MinAudience: -1}
				for i := range int64(9) {
					must(p.Add(i * i))
				}
				return p
			},
			func() any {
				g := &segment.Gaps{Sleep: .7, Churn: .9, MinAudience: -1}
				must(g.Add([]time.Time{now.Add(-300 * day), now.Add(-270 * day)}, now))
				return g
			},
			func() any {
				b, err := segment.NewBands([]string{"a", "b", "c", "d"}, cuts())
				must(err)
				return b
			},
			func() any { return tree() },
			func() any {
				m, err := segment.FitPrototypes(bg, filledRows, filledWords, segment.PrototypesOptions{K: 2})
				must(err)
				return m
			},
			func() any {
				m := newMovement(3)
				must(m.AddLabels(1, []int32{0, 1, 2, -1}, []int32{1, 1, -1, 0}))
				return m
			},
			func() any { return mixture() },
			func() any { l := segment.LinkAverage; return &l },
			func() any { c := cuts(); return &c },
			func() any { c := choices(); return &c },
			func() any { p := profile(); return &p },
			func() any {
				l, err := segment.NewLifecycle(life)
				must(err)
				return l
			},
			func() any { return segment.DefaultMap() },
			func() any { return segment.DefaultPlaybook() },
			func() any {
				x := &segment.Transitions{MinAudience: -1}
				must(x.Add(1, 2))
				return x
			},
			func() any { return &segment.RFMScore{R: 5, F: 4, M: 3} },
			func() any { s := segment.State(1); return &s },
			func() any { return &segment.CellError{Cell: segment.RFMScore{R: 1, F: 1, M: 1}} },
		},
		Zero: []string{"Cuts", "Transitions", "RFMScore", "State", "CellError", "Linkage", "ClusterProfile", "KChoices", "Playbook", "RFM", "Pareto", "Gaps"},
		Args: map[string]func() []any{
			"Match": func() []any {
				customers, agents := officeDay()
				return []any{bg, customers, agents, func(customer, agent int) float64 { return float64(1 + (customer+agent)%3) }, segment.MatchOptions{Need: time.Minute, Exact: 100, Gap: .01}}
			},
			"CalinskiHarabasz": func() []any { return []any{points(), labels} },
			"ChooseK": func() []any {
				return []any{bg, points(), segment.ChooseKOptions{Min: 2, Max: 3, References: 2, Sample: 9}}
			},
			"DaviesBouldin":    func() []any { return []any{points(), labels} },
			"DescribeClusters": func() []any { return []any{points(), labels, []string{"x", "y"}, -1} },
			"FitCuts":          func() []any { return []any{frequency, 3} },
			"FitKMeans": func() []any {
				return []any{bg, points(), segment.KMeansOptions{K: 3, Weights: []float64{1, 1, 2, 1, 1, 1, 1, 1, 1}, Progress: func(segment.Progress) {}}}
			},
			"Dendrogram.CutCount":  func() []any { return []any{[]int32{7}, 3} },
			"Dendrogram.CutHeight": func() []any { return []any{[]int32{7}, 2.} },
			"FitDendrogram":        func() []any { return []any{bg, points(), segment.DendrogramOptions{Linkage: segment.LinkComplete}} },
			"DBSCAN":               func() []any { return []any{bg, points(), segment.DBSCANOptions{Radius: 1.5, MinRows: 3}} },
			"Stability": func() []any {
				return []any{bg, points(), byKMeans(3), segment.StabilityOptions{Resamples: 3, References: 2}}
			},
			"Movement.Add":       func() []any { return []any{int64(7), 1, 2} },
			"Movement.AddLabels": func() []any { return []any{int64(7), []int32{0, 1}, []int32{1, -1}} },
			"Movement.Count":     func() []any { return []any{int64(1), 0, 1} },
			"Movement.Rate":      func() []any { return []any{int64(1), 0, 1} },
			"NewMovement":        func() []any { return []any{4} },
			"ProfileClusters": func() []any {
				return []any{points(), labels, segment.ProfileOptions{
					Columns: []string{"x", "y"}, Groups: []string{"a", "b", "c"}, Money: []int64{1, 2, 3, 4, 5, 6, 7, 8, 9}, Before: []int32{0, 1, 2, 2}, MinSize: -1,
				}}
			},
			"FitPrototypes":     func() []any { return []any{bg, filledRows, filledWords, segment.PrototypesOptions{K: 2, Gamma: 1.5}} },
			"Prototypes.Assign": func() []any { return []any{[]int32{7}, filledRows, filledWords} },
			"FitMiniBatch": func() []any {
				return []any{bg, points(), segment.MiniBatchOptions{K: 3, Batch: 4, Weights: []float64{1, 1, 2, 1, 1, 1, 1, 1, 1}}}
			},
			"FitMixture":           func() []any { return []any{bg, points(), segment.MixtureOptions{K: 2}} },
			"Mixture.AppendShares": func() []any { return []any{[]float64{7}, []float64{1, 2}} },
			"Mixture.Assign":       func() []any { return []any{[]int32{7}, points()} },
			"FitDendrogramDistances": func() []any {
				return []any{bg, []float64{1, 2, 3, 4, 5, 6}, segment.DendrogramOptions{Linkage: segment.LinkAverage}}
			},
			"FitRFM":                 func() []any { return []any{recency, frequency, value, 4} },
			"FitRFMT":                func() []any { return []any{recency, frequency, value, []float64{7, 30, 0, 21, math.NaN()}, 4} },
			"RFM.WithTime":           func() []any { return []any{cuts()} },
			"RFM.ScoreT":             func() []any { return []any{25., 5., 300., 14.} },
			"RFM.ScoreAllT":          func() []any { return []any{nil, recency, frequency, value, []float64{7, 30, 0, 21, 8}} },
			"Pareto.Add":             func() []any { return []any{int64(700)} },
			"Pareto.TopShare":        func() []any { return []any{.2} },
			"Pareto.Needed":          func() []any { return []any{.8} },
			"Pareto.CutsByCustomers": func() []any { return []any{[]float64{.05, .2}} },
			"Pareto.CutsByMoney":     func() []any { return []any{[]float64{.5, .8}} },
			"Pareto.Tiers":           func() []any { return []any{cuts()} },
			"Gaps.Add":               func() []any { return []any{[]time.Time{bought.First, bought.Previous, bought.Last}, now} },
			"NewBands":               func() []any { return []any{[]string{"a", "b", "c", "d"}, cuts()} },
			"Bands.Name":             func() []any { return []any{.4} },
			"Bands.Label":            func() []any { return []any{[]int32{7}, []float64{.4, 3}} },
			"NewCuts":                func() []any { return []any{[]float64{1, 2, 5}} },
			"NewKMeans":              func() []any { return []any{[][]float64{{0, 0}, {9, 9}}} },
			"NewKMeansStep":          func() []any { return []any{[][]float64{{0, 0}, {9, 9}}} },
			"NewLifecycle":           func() []any { return []any{life} },
			"NewMap":                 func() []any { return []any{5, 5, 5, segment.DefaultMapRules()} },
			"NewRFM":                 func() []any { return []any{cuts(), cuts(), cuts()} },
			"Silhouette":             func() []any { return []any{bg, points(), labels} },
			"SimplifiedSilhouette":   func() []any { return []any{points(), labels} },
			"KMeans.Assign":          func() []any { return []any{[]int32{7}, points()} },
			"KMeans.Nearest":         func() []any { return []any{[]float64{1, 2}} },
			"KMeansStep.Add":         func() []any { return []any{[]float64{1, 2}, 1.} },
			"Lifecycle.Next":         func() []any { return []any{bought, now} },
			"Lifecycle.State":        func() []any { return []any{bought, now} },
			"Lifecycle.Timeline": func() []any {
				return []any{[]segment.Transition{{From: 1, To: 2, At: now}}, []time.Time{bought.First, bought.Previous, bought.Last}, bought.First, now}
			},
			"Map.Name":          func() []any { return []any{segment.RFMScore{R: 5, F: 4, M: 3}} },
			"Map.Segment":       func() []any { return []any{segment.RFMScore{R: 5, F: 4, M: 3}} },
			"RFM.Score":         func() []any { return []any{25., 5., 300.} },
			"RFM.ScoreAll":      func() []any { return []any{nil, recency, frequency, value} },
			"Transitions.Add":   func() []any { return []any{segment.State(1), segment.State(2)} },
			"Transitions.Count": func() []any { return []any{segment.State(1), segment.State(2)} },
			"Transitions.Rate":  func() []any { return []any{segment.State(1), segment.State(2)} },
		},
		NaN: map[string]string{
			"Matching.Gap":     "of a value or bound that Match cannot return",
			"Stability":        "Chance where no references were asked for",
			"ChooseK":          "measures that were not asked for, or are not defined for that many clusters",
			"ProfileClusters":  "as DescribeClusters; shares of no money, growth of what is new",
			"Pareto.Tiers":     "level 1, which has no cut below it",
			"DescribeClusters": "the deviation of a single row, and the spread of a withheld profile",
		},
		Settles: map[string]string{
			"Playbook.Actions": "gives dst back",
			"Playbook.OnEnter": "panics like an array for a state that is none, as its comment says",
			"Playbook.OnLeave": "panics like an array for a state that is none, as its comment says",
			"Playbook.WhileIn": "panics like an array for a state that is none, as its comment says",
			"CellError.Unwrap": "returns its own sentinel",
		},
	}.Check(t)
}
