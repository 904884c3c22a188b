package segment_test

import (
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment"
)

// What runs once a row or a request allocates nothing.
func TestAllocations(t *testing.T) {
	if testkit.Race {
		t.Skip("counts mean nothing under the race detector")
	}
	m, err := segment.NewKMeans(six[:3])
	must(err)
	step := newStep(t, six[:3])
	rfm, err := segment.FitRFM([]float64{1, 2, 3}, []float64{1, 2, 3}, []float64{1, 2, 3}, 3)
	must(err)
	names, err := segment.NewMap(3, 3, 3, []segment.MapRule{{Segment: "all"}})
	must(err)
	cycle, err := segment.NewLifecycle(segment.LifecycleOptions{})
	must(err)
	var moves segment.Transitions
	bought := segment.Purchases{First: at(-90), Previous: at(-20), Last: at(-3)}
	timeline := make([]segment.Transition, 0, 16)
	laws, err := segment.FitMixture(bg, six, segment.MixtureOptions{K: 2})
	must(err)
	shares := make([]float64, 0, 2)
	for _, c := range []struct {
		name string
		run  func() error
	}{
		{"Mixture.AppendShares", func() error { _, err := laws.AppendShares(shares, six[4]); return err }},
		{"KMeans.Nearest", func() error { _, _, err := m.Nearest(six[4]); return err }},
		{"KMeansStep.Add", func() error { return step.Add(six[4], 1) }},
		{"RFM.Score", func() error { _, err := rfm.Score(2, 3, 1); return err }},
		{"Map.Name", func() error { _, err := names.Name(segment.RFMScore{R: 1, F: 2, M: 3}); return err }},
		{"Lifecycle.State", func() error { _, err := cycle.State(bought, at(0)); return err }},
		{"Lifecycle.Timeline", func() error {
			var err error
			timeline, err = cycle.Timeline(timeline[:0], []time.Time{at(0), at(20)}, at(-1), at(200))
			return err
		}},
		{"Transitions.Add", func() error { return moves.Add(segment.New, segment.Active) }},
	} {
		must(c.run())
		if n := testing.AllocsPerRun(100, func() { must(c.run()) }); n != 0 {
			t.Errorf("%s allocates %v times", c.name, n)
		}
	}
}
