package segment_test

import (
	"context"
	"errors"
	"fmt"
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
	var t segment.Transitions
	for _, to := range []segment.State{segment.Active, segment.Active, segment.Sleeping, segment.Active} {
		must(t.Add(segment.Active, to))
	}
	rate, err := t.Rate(segment.Active, segment.Sleeping)
	must(err)
	fmt.Println(t.Count(segment.Active, segment.Active), rate)
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
