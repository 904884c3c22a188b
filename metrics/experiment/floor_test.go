package experiment_test

import (
	"errors"
	"testing"
	"time"

	"github.com/aislekit/aisle/metrics/experiment"
)

// TestResultByFloor: a segment of few users, in all or in an arm, is withheld, with the next
// larger one where the others would tell it, and takes no part in the comparison.
func TestResultByFloor(t *testing.T) {
	run, err := experiment.New[int](experiment.Options{Arms: []string{"none", "mail"}, Outcomes: 1, Metrics: []experiment.Metric{{Name: "spend"}}})
	if err != nil {
		t.Fatal(err)
	}
	of := map[int]string{}
	for s, n := range map[string]int{"islands": 20, "north": 400, "south": 300, "west": 130} {
		for range n {
			u := len(of)
			of[u] = s
			if err := errors.Join(run.Assign(u, len(of)%2), run.Add(u, 0, float64(u*7919%13))); err != nil {
				t.Fatal(err)
			}
		}
	}
	by := func(minAudience int) ([]experiment.SegmentResult, []*experiment.Heterogeneity) {
		out, het, err := run.ResultBy(func(u int) string { return of[u] }, minAudience)
		if err != nil || len(out) != 4 || len(het) != 1 {
			t.Fatalf("%v, %v, %v", out, het, err)
		}
		return out, het
	}
	for minAudience, want := range map[int][4]bool{0: {true, false, false, true}, 10: {}, -1: {}, 1000: {true, true, true, true}} {
		out, het := by(minAudience)
		told := 0
		for i, s := range out {
			if errors.Is(s.Err, experiment.ErrPrivacy) != want[i] || want[i] && s.Result.Users != nil || !want[i] && len(s.Result.Rows) != 1 {
				t.Errorf("at least %d: %+v", minAudience, s)
			}
			if !want[i] {
				told++
			}
		}
		if told < 2 != (het[0] == nil) || het[0] != nil && len(het[0].Effects) != told {
			t.Errorf("at least %d: %d told, %+v", minAudience, told, het[0])
		}
	}
	if _, _, err := run.ResultBy(func(u int) string { return of[u] }, -2); !errors.Is(err, experiment.ErrOption) {
		t.Error(err)
	}
}

// A row of a Timed Run is about those whose window is over: a segment of many of whom few
// are that far is withheld.
func TestResultByFloorTimed(t *testing.T) {
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	run, err := experiment.New[int](experiment.Options{Arms: []string{"none", "mail"}, Outcomes: 1, Timed: true, Metrics: []experiment.Metric{{Name: "spend", Window: 7 * 24 * time.Hour}}})
	if err != nil {
		t.Fatal(err)
	}
	of := map[int]string{}
	for s, late := range map[string]int{"new": 4, "old": 150, "west": 150} { // how many of 150 an arm came early
		for k := range 300 {
			u, at := len(of), start
			if k >= 2*late {
				at = start.AddDate(0, 0, 9)
			}
			of[u] = s
			if err := errors.Join(run.AssignAt(u, k%2, at), run.AddAt(u, 0, float64(u*7919%13), at.Add(time.Hour))); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := run.AsOf(start.AddDate(0, 0, 10)); err != nil {
		t.Fatal(err)
	}
	out, _, err := run.ResultBy(func(u int) string { return of[u] }, 0)
	if err != nil || len(out) != 3 {
		t.Fatalf("%v, %v", out, err)
	}
	for i, want := range []bool{true, true, false} { // old goes with new, which the total would tell
		if errors.Is(out[i].Err, experiment.ErrPrivacy) != want {
			t.Errorf("%s: %v", out[i].Segment, out[i].Err)
		}
	}
}
