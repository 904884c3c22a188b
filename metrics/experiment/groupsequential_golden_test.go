package experiment_test

import (
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/experiment"
)

func TestGroupSequentialGolden(t *testing.T) {
	var g struct {
		Alpha float64
		Cases []struct {
			Spending     string
			Fractions, Z []float64
		}
		Published struct{ OBF, Pocock []float64 }
	}
	testkit.Golden(t, "groupseq.json", &g)
	for _, c := range g.Cases {
		o := experiment.GroupSequentialOptions{Alpha: g.Alpha}
		if c.Spending == "pocock" {
			o.Spending = experiment.SpendPocock
		}
		s := ok[*experiment.GroupSequential](t)(experiment.NewGroupSequential(c.Fractions, o))
		for i, l := range s.Looks() {
			testkit.Near(t, c.Spending, l.Z, c.Z[i], 1e-6)
		}
		// Over all looks the chance of a false alarm is alpha.
		p, _, err := s.Power(0)
		if err != nil {
			t.Fatal(err)
		}
		testkit.Near(t, "type I error", p, s.Looks()[len(c.Z)-1].Spent, 1e-9)
	}
	five := []float64{.2, .4, .6, .8, 1}
	for o, want := range map[experiment.GroupSequentialOptions][]float64{{}: g.Published.OBF, {Spending: experiment.SpendPocock}: g.Published.Pocock} {
		s := ok[*experiment.GroupSequential](t)(experiment.NewGroupSequential(five, o))
		for i, l := range s.Looks() {
			testkit.Near(t, "published bound", l.Z, want[i], 1.5e-4) // four digits from memory; the cases above are exact
			relNear(t, "nominal", l.Nominal, infer.NormalTwoSided(l.Z), 1e-12)
		}
		one := ok[*experiment.GroupSequential](t)(experiment.NewGroupSequential(five, experiment.GroupSequentialOptions{Alpha: .025, OneSided: true, Spending: o.Spending}))
		for i, l := range one.Looks() {
			testkit.Near(t, "published bound, one-sided", l.Z, want[i], 1.5e-4)
		}
		// The design with its inflated sample has the power it was made for.
		r := ok[float64](t)(s.Inflation(.9))
		p, fraction, err := s.Power((infer.NormalQuantile(.975) + infer.NormalQuantile(.9)) * math.Sqrt(r))
		if err != nil || r < 1 || r > 1.25 || fraction >= 1 {
			t.Errorf("inflation %v, expected fraction %v, %v", r, fraction, err)
		}
		testkit.Near(t, "power", p, .9, 1e-7)
	}
	// A single look is the usual test.
	s := ok[*experiment.GroupSequential](t)(experiment.NewGroupSequential([]float64{1}, experiment.GroupSequentialOptions{}))
	testkit.Near(t, "single look", s.Looks()[0].Z, 1.959963984540054, 1e-12)
	testkit.Near(t, "inflation", ok[float64](t)(s.Inflation(.8)), 1, 1e-4)
	for z, want := range map[float64]bool{1.95: false, 1.97: true, -2: true} {
		if got, err := s.Reject(0, metrics.Effect{Statistic: z}); got != want || err != nil {
			t.Errorf("z %v: %v, %v", z, got, err)
		}
	}
}
