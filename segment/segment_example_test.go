package segment_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/aislekit/aisle/segment"
)

func at(days int) time.Time {
	return time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, days)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// The program of the package's documentation.
func Example() {
	days, orders, spent := []float64{2, 90, 30, 200, 10}, []float64{12, 1, 4, 6, 1}, []float64{900, 20, 210, 500, 35}
	rfm, err := segment.FitRFM(days, orders, spent, 5)
	must(err)
	names := segment.DefaultMap()
	for i := range days {
		score, err := rfm.Score(days[i], orders[i], spent[i])
		must(err)
		name, err := names.Name(score)
		must(err)
		fmt.Println(score, name)
	}
	// Output:
	// 555 champions
	// 211 hibernating
	// 333 need attention
	// 144 at risk
	// 412 promising
}

// Where most customers bought once, the levels of frequency divide the others.
func ExampleRFM_Reached() {
	orders := append(make([]float64, 0, 20), 2, 2, 3)
	for len(orders) < 20 {
		orders = append(orders, 1)
	}
	rfm, err := segment.FitRFM(orders, orders, orders, 5)
	must(err)
	two, err := rfm.Score(0, 2, 1)
	must(err)
	_, f, _ := rfm.Reached()
	fmt.Println("two orders are level", two.F, "of", f, "reached")
	// Output: two orders are level 2 of 3 reached
}

func ExampleFitKMeans() {
	rows := [][]float64{{1, 2}, {1, 4}, {1, 0}, {10, 2}, {10, 4}, {10, 0}}
	m, err := segment.FitKMeans(context.Background(), rows, segment.KMeansOptions{Centers: [][]float64{{1, 4}, {10, 4}}})
	must(err)
	labels, err := m.Assign(nil, rows)
	must(err)
	fmt.Println(m.Centers(), m.Inertia(), labels, m.Converged())
	// Output:
	// [[1 2] [10 2]] 16 [0 0 0 1 1 1] true
}

func ExampleFitCuts() {
	c, err := segment.FitCuts([]float64{5, 10, 20, 40, 80, 160, 320, 640}, 4)
	must(err)
	fmt.Println(c.Points(), c.Level(5), c.Level(60), c.Level(1000))
	// Output:
	// [17.5 60 200] 1 2 4
}

func ExampleFitRFM() {
	days := []float64{2, 90, 30, 200, 10}
	orders := []float64{12, 1, 4, 6, 1}
	spent := []float64{900, 20, 210, 500, 35}
	rfm, err := segment.FitRFM(days, orders, spent, 5)
	must(err)
	names := segment.DefaultMap()
	scores, err := rfm.ScoreAll(nil, days, orders, spent)
	must(err)
	for _, s := range scores {
		name, err := names.Name(s)
		must(err)
		fmt.Println(s, name)
	}
	// Output:
	// 555 champions
	// 211 hibernating
	// 333 need attention
	// 144 at risk
	// 412 promising
}

func ExampleNewMap() {
	_, err := segment.NewMap(2, 2, 1, []segment.MapRule{
		{Segment: "recent", R: segment.Span{Min: 2, Max: 2}},
		{Segment: "frequent", F: segment.Span{Min: 2, Max: 2}},
	})
	fmt.Println(err)
	var cell *segment.CellError
	fmt.Println(errors.As(err, &cell), cell.Cell, cell.Segments)
	// Output:
	// segment: NewMap: cell R=1 F=1 M=1 is in no segment: result is undefined
	// cell R=2 F=2 M=1 is in segments recent, frequent: duplicate
	// true 111 []
}

func ExampleLifecycle() {
	l, err := segment.NewLifecycle(segment.LifecycleOptions{})
	must(err)
	p := segment.Purchases{First: at(-300), Previous: at(-160), Last: at(-10)}
	s, err := l.State(p, at(0))
	must(err)
	next, _, err := l.Next(p, at(0))
	must(err)
	fmt.Println(s, "until", next.At.Format(time.DateOnly), "then", next.To)
	// Output:
	// reactivated until 2026-06-21 then active
}

func ExampleLifecycle_Timeline() {
	l, err := segment.NewLifecycle(segment.LifecycleOptions{})
	must(err)
	events, err := l.Timeline(nil, []time.Time{at(0), at(20), at(140)}, at(-1), at(200))
	must(err)
	for _, e := range events {
		fmt.Println(e.At.Format(time.DateOnly), e.From, "→", e.To)
	}
	// Output:
	// 2026-06-01 prospect → new
	// 2026-07-01 new → active
	// 2026-09-19 active → sleeping
	// 2026-10-19 sleeping → reactivated
	// 2026-11-18 reactivated → active
}

func ExampleTransitions() {
	t := segment.Transitions{MinAudience: -1} // not for the public
	for _, to := range []segment.State{segment.Active, segment.Active, segment.Sleeping, segment.Active} {
		must(t.Add(segment.Active, to))
	}
	rate, err := t.Rate(segment.Active, segment.Sleeping)
	must(err)
	stayed, err := t.Count(segment.Active, segment.Active)
	must(err)
	fmt.Println(stayed, rate)
	// Output:
	// 3 0.25
}

func ExamplePlaybook() {
	b := segment.DefaultPlaybook()
	b.OnEnter(segment.Sleeping, "ask why")
	fmt.Printf("%q\n", b.Actions(nil, segment.Active, segment.Sleeping))
	// Output:
	// ["wake-up reminder" "ask why"]
}

func ExampleFitKMeans_progress() {
	rows := [][]float64{{1, 2}, {1, 4}, {1, 0}, {10, 2}, {10, 4}, {10, 0}}
	_, err := segment.FitKMeans(context.Background(), rows, segment.KMeansOptions{
		Centers:  [][]float64{{1, 4}, {10, 4}},
		Progress: func(p segment.Progress) { fmt.Println(p.Iteration, p.Moved, p.Shift) },
	})
	must(err)
	// Output:
	// 1 6 8
	// 2 0 0
}

// How well labels separate rows, whoever gave them.
func ExampleSilhouette() {
	rows := [][]float64{{1, 2}, {1, 4}, {1, 0}, {10, 2}, {10, 4}, {10, 0}}
	labels := []int32{0, 0, 0, 1, 1, 1}
	exact, each, err := segment.Silhouette(context.Background(), rows, labels)
	must(err)
	simple, err := segment.SimplifiedSilhouette(rows, labels)
	must(err)
	ch, err := segment.CalinskiHarabasz(rows, labels)
	must(err)
	db, err := segment.DaviesBouldin(rows, labels)
	must(err)
	fmt.Printf("silhouette %.3f (first row %.2f), simplified %.3f, Calinski-Harabasz %.3f, Davies-Bouldin %.3f\n", exact, each[0], simple, ch, db)
	// Output:
	// silhouette 0.713 (first row 0.78), simplified 0.855, Calinski-Harabasz 30.375, Davies-Bouldin 0.296
}

// Cut points that people agreed on, instead of quantiles.
func ExampleNewRFM() {
	days, err := segment.NewCuts(30, 90)
	must(err)
	orders, err := segment.NewCuts(1, 4)
	must(err)
	rfm, err := segment.NewRFM(days, orders, segment.Cuts{}) // money does not count
	must(err)
	score, err := rfm.Score(12, 6, 250)
	must(err)
	fmt.Println(score)
	// Output:
	// 331
}

// The default segments with one of them cut in two.
func ExampleDefaultMapRules() {
	rules := segment.DefaultMapRules()
	rules[0].M = segment.Span{Min: 1, Max: 4} // champions
	rules = append(rules, segment.MapRule{Segment: "best of all", R: rules[0].R, F: rules[0].F, M: segment.Span{Min: 5, Max: 5}})
	names, err := segment.NewMap(5, 5, 5, rules)
	must(err)
	name, err := names.Name(segment.RFMScore{R: 5, F: 5, M: 5})
	must(err)
	fmt.Println(len(names.Names()), name)
	// Output:
	// 12 best of all
}

func ExampleDescribeClusters() {
	rows := [][]float64{{1, 20}, {2, 30}, {1, 25}, {9, 400}, {11, 380}}
	m, err := segment.FitKMeans(context.Background(), rows, segment.KMeansOptions{Centers: [][]float64{rows[0], rows[3]}})
	must(err)
	labels, err := m.Assign(nil, rows)
	must(err)
	clusters, err := segment.DescribeClusters(rows, labels, []string{"orders", "spent"}, -1) // five rows, not for the public
	must(err)
	for _, c := range clusters {
		fmt.Println(c)
		for _, f := range c.Features { // the most special first
			fmt.Printf("  %s: %.1f ± %.1f\n", f.Name, f.Mean, f.SD)
		}
	}
	// Output:
	// cluster 0: 3 rows (60.0 %), spent 25 against 171 (-0.7 sd), orders 1.333 against 4.8 (-0.7 sd)
	//   spent: 25.0 ± 5.0
	//   orders: 1.3 ± 0.6
	// cluster 1: 2 rows (40.0 %), spent 390 against 171 (+1.1 sd), orders 10 against 4.8 (+1.1 sd)
	//   spent: 390.0 ± 14.1
	//   orders: 10.0 ± 1.4
}

func ExampleChooseK() {
	var rows [][]float64
	for _, x := range []float64{0, 10, 30} {
		for i := range 10 {
			rows = append(rows, []float64{x + 0.1*float64(i)})
		}
	}
	table, err := segment.ChooseK(context.Background(), rows, segment.ChooseKOptions{Max: 5, References: -1})
	must(err)
	k, err := table.BySilhouette()
	must(err)
	fmt.Println("best:", k)
	for _, c := range table[:3] {
		fmt.Printf("%d clusters: inertia %.0f, silhouette %.2f\n", c.K, c.Inertia, c.Silhouette)
	}
	// Output:
	// best: 3
	// 2 clusters: inertia 502, silhouette 0.84
	// 3 clusters: inertia 2, silhouette 0.97
	// 4 clusters: inertia 2, silhouette 0.83
}

func ExampleKMeansStep() {
	centers := [][]float64{{0}, {5}}
	shards := [][]float64{{1, 2, 9}, {3, 10, 11}}
	for range 3 {
		total, err := segment.NewKMeansStep(centers)
		must(err)
		for _, shard := range shards {
			part, err := segment.NewKMeansStep(centers)
			must(err)
			for _, x := range shard {
				must(part.Add([]float64{x}, 1))
			}
			must(total.Merge(part))
		}
		centers, _, err = total.Next()
		must(err)
	}
	m, err := segment.NewKMeans(centers) // for the parties to label their rows with
	must(err)
	j, distance, err := m.Nearest([]float64{9})
	must(err)
	fmt.Println(centers, j, distance)
	// Output:
	// [[2] [10]] 1 1
}

func ExampleFieldError() {
	rfm, err := segment.FitRFM([]float64{1, 2}, []float64{1, 2}, []float64{1, 2}, 2)
	must(err)
	_, err = rfm.Score(3, math.Inf(1), 20)
	var field *segment.FieldError
	if errors.As(err, &field) {
		fmt.Println(field.Field, field.Value)
	}
	// Output: frequency +Inf
}

// A tree of shops by their daily sales, cut into three groups, and where sales differ by
// less than 2.
func ExampleFitDendrogram() {
	sales := [][]float64{{10, 11}, {10, 12}, {30, 31}, {31, 31}, {90, 80}}
	tree, err := segment.FitDendrogram(context.Background(), sales, segment.DendrogramOptions{Linkage: segment.LinkAverage})
	if err != nil {
		panic(err)
	}
	var last segment.Merge = tree.Merges()[tree.Rows()-2]
	three, _ := tree.CutCount(nil, 3)
	near, _ := tree.CutHeight(nil, 2)
	fmt.Println(three, near, last.Size)

	var linkage segment.Linkage = segment.LinkComplete
	tree, err = segment.FitDendrogramDistances(context.Background(), []float64{1, 5, 4}, segment.DendrogramOptions{Linkage: linkage})
	if err != nil {
		panic(err)
	}
	fmt.Println(linkage, tree.Merges())
	// Output:
	// [0 0 1 1 2] [0 0 1 1 2] 5
	// complete [{0 1 1 2} {2 3 5 3}]
}

// Soft groups say how sure they are: 5 lies between two.
func ExampleFitMixture() {
	rows := [][]float64{{0}, {1}, {2}, {1}, {8}, {9}, {10}, {9}}
	var m *segment.Mixture
	m, err := segment.FitMixture(context.Background(), rows, segment.MixtureOptions{K: 2})
	if err != nil {
		panic(err)
	}
	labels, _ := m.Assign(nil, rows)
	shares, _ := m.AppendShares(nil, []float64{5})
	fmt.Printf("%v %.2f\n", labels, shares)
	// Output:
	// [1 1 1 1 0 0 0 0] [0.50 0.50]
}

func ExampleFitMiniBatch() {
	rows := [][]float64{{0}, {1}, {2}, {1}, {8}, {9}, {10}, {9}}
	m, err := segment.FitMiniBatch(context.Background(), rows, segment.MiniBatchOptions{K: 2, Batch: 4})
	if err != nil {
		panic(err)
	}
	fmt.Println(m.Weights(), m.Inertia())
	// Output:
	// [4 4] 4
}

func ExampleDBSCAN() {
	rows := [][]float64{{0}, {1}, {2}, {1}, {8}, {9}, {10}, {9}, {40}}
	var r segment.DBSCANResult
	r, err := segment.DBSCAN(context.Background(), rows, segment.DBSCANOptions{Radius: 1, MinRows: 3})
	if err != nil {
		panic(err)
	}
	fmt.Println(r.Clusters, r.Labels)
	// Output:
	// 2 [0 0 0 0 1 1 1 1 -1]
}

// Two groups that are there, and two that a long cloud was cut into.
func ExampleStability() {
	two := func(ctx context.Context, rows [][]float64) ([]int32, error) {
		m, err := segment.FitKMeans(ctx, rows, segment.KMeansOptions{K: 2})
		if err != nil {
			return nil, err
		}
		return m.Assign(nil, rows)
	}
	var groups, cloud [][]float64
	for i := range 200 {
		x := float64(i) / 200
		groups = append(groups, []float64{math.Round(x)*5 + math.Mod(x*17, 1), math.Mod(x*13, 1)})
		cloud = append(cloud, []float64{x * 5, math.Mod(x*13, 1)})
	}
	var result segment.StabilityResult
	for _, rows := range [][][]float64{groups, cloud} {
		result, _ = segment.Stability(context.Background(), rows, two, segment.StabilityOptions{})
		fmt.Printf("%.1f %q\n", result.ARI, result.Warning)
	}
	// Output:
	// 1.0 ""
	// 0.9 "arbitrary groups: rows without any part as well (p = 0.57)"
}

// Groups in words: size, money, growth, and what sets them apart.
func ExampleProfileClusters() {
	rows := [][]float64{{2, 9}, {4, 11}, {3, 10}, {40, 1}, {60, 2}, {50, 1}, {50, 1}}
	profiles, err := segment.ProfileClusters(rows, []int32{0, 0, 0, 1, 1, 1, 1}, segment.ProfileOptions{
		Columns: []string{"days since", "orders"},
		Groups:  []string{"regulars", "sleepers"},
		Money:   []int64{9000, 12000, 9000, 700, 1300, 500, 1500},
		Before:  []int32{0, 0, 0, 0, 1, 1},
		MinSize: -1,
	})
	if err != nil {
		panic(err)
	}
	for _, p := range profiles {
		fmt.Println(p)
	}
	// Output:
	// regulars: 3 rows (42.9 %), 10000 each and 88.2 % of the money, -25.0 % since 4, orders 10 against 5 (+1.1 sd), days since 3 against 29.86 (-1.0 sd)
	// sleepers: 4 rows (57.1 %), 1000 each and 11.8 % of the money, +100.0 % since 2, orders 1.25 against 5 (-0.8 sd), days since 50 against 29.86 (+0.8 sd)
}

// Two months of groups; -1 is nobody's: not yet a customer, or gone.
func ExampleMovement() {
	m, err := segment.NewMovement(2)
	if err != nil {
		panic(err)
	}
	m.MinAudience = -1 // a handful of customers, for the example
	_ = m.AddLabels(202607, []int32{0, 0, 0, 1, -1}, []int32{0, 0, 1, segment.Outside, 0})
	stayed, _ := m.Rate(202607, 0, 0)
	lost, _ := m.Count(202607, 1, segment.Outside)
	fmt.Printf("%.2f stayed, %d lost\n", stayed, lost)
	// Output:
	// 0.67 stayed, 1 lost
}

// Customers by what they spend and how they came.
func ExampleFitPrototypes() {
	spent := [][]float64{{10}, {12}, {11}, {90}, {95}, {88}}
	came := [][]string{{"web", "new"}, {"web", "new"}, {"app", "new"}, {"app", "member"}, {"app", "member"}, {"app", "new"}}
	m, err := segment.FitPrototypes(context.Background(), spent, came, segment.PrototypesOptions{K: 2})
	if err != nil {
		panic(err)
	}
	labels, _ := m.Assign(nil, spent, came)
	for _, i := range []int{0, 3} {
		fmt.Println(m.Centers()[labels[i]], m.Modes()[labels[i]])
	}
	// Output:
	// [11] [web new]
	// [91] [app member]
}
