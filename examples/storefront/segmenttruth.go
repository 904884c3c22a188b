package main

import (
	"errors"
	"fmt"
	"math"

	"github.com/aislekit/aisle/examples/internal/report"
	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/segment"
)

type segmentTruth struct {
	Segments int
	ARI      float64 // of clusters against planted segments, all buyers
	ARIOften float64 // customers of five orders or more
	Stages   [segment.NumStates][5]int
	Agree    int // customers whose state fits the planted one
	Judged   int
}

// stateNames of the planted life cycle, in the order of segmentTruth.Stages.
var stateNames = [5]string{"unregistered", "prospect", "new", "active", "churned"}

// compare sets the groups against the planted ones: segment and state give the
// truth of a customer, the state as an index of stateNames.
func (s *segmented) compare(p *profiled, planted func(user string) int, state func(user string) int, segments int) (err error) {
	t := &segmentTruth{Segments: segments}
	var a, b, a5, b5 []int
	for _, id := range p.Table.IDs {
		t.Stages[s.States[id]][state(id)]++
		if c, ok := s.Clusters[id]; ok {
			a, b = append(a, c), append(b, planted(id))
			if len(p.Bought[id]) >= 5 {
				a5, b5 = append(a5, c), append(b5, planted(id))
			}
		}
	}
	if t.ARI, err = adjustedRand(b, a); err != nil {
		return err
	}
	if t.ARIOften, err = adjustedRand(b5, a5); err != nil {
		return err
	}
	for st, row := range t.Stages {
		for truth, n := range row {
			fits := false
			switch segment.State(st) {
			case segment.Prospect:
				fits = truth == 1
			case segment.New:
				fits = truth == 2 || truth == 3
			case segment.Active, segment.Reactivated:
				fits = truth == 3 || truth == 2
			case segment.Churned:
				fits = truth == 4
			default: // sleeping: may be either
				continue
			}
			t.Judged += n
			if fits {
				t.Agree += n
			}
		}
	}
	s.Truth = t
	return nil
}

// adjustedRand is the agreement of groups with planted ones beyond chance, NaN where
// there is nobody to compare.
func adjustedRand(planted, groups []int) (float64, error) {
	r, err := metrics.CompareLabels(planted, groups)
	if errors.Is(err, metrics.ErrEmpty) {
		return math.NaN(), nil
	}
	return r.ARI, err
}

// report adds to the section how stages and groups agree with the planted ones.
func (t *segmentTruth) report(out *report.Section, groups int) {
	cross := report.Table{Caption: "Stage found (rows) against planted state (columns)", Columns: []string{"stage", "prospect", "new", "active", "churned"}}
	for st := range t.Stages {
		row := []string{segment.State(st).String()}
		for k := 1; k < 5; k++ {
			row = append(row, count(t.Stages[st][k]))
		}
		cross.Rows = append(cross.Rows, row)
	}
	out.Tables = append(out.Tables, cross)
	agree := float64(t.Agree) / float64(max(t.Judged, 1))
	sleepers := t.Stages[segment.Sleeping]
	out.Checks = []report.Check{
		{What: "life-cycle state (all but sleeping, which may be either)", Planted: count(t.Judged) + " customers", Found: percent(agree) + " agree", Verdict: report.Mark(agree > .7)},
		{What: "sleeping customers that have left for good", Planted: fmt.Sprintf("%d of %d", sleepers[4], sleepers[3]+sleepers[4]), Found: "not to be told by silence alone"},
		{What: "groups by likeness", Planted: fmt.Sprint(t.Segments, " segments"), Found: fmt.Sprint(groups, " groups")},
		{What: "agreement of groups with planted segments (1 = same, 0 = chance)", Planted: "1", Found: fmt.Sprintf("%.2f; %.2f for five orders or more", t.ARI, t.ARIOften), Verdict: report.Mark(t.ARIOften > .3)},
	}
	out.Terms = append(out.Terms, report.Term{Word: "Agreement", Meaning: "the adjusted Rand index: of all pairs of customers, how much more often than by chance both groupings agree on whether the two belong together."})
}
