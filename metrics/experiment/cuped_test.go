package experiment_test

import (
	"errors"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/experiment"
)

// Users without a pre-period stay in the test, unadjusted; a covariate without
// variance changes nothing.
func TestCUPEDMissing(t *testing.T) {
	var a, b experiment.CUPED
	var ma, mb metrics.Moments
	for i := range 30 {
		y := float64(i%7) + float64(i)/10
		for arm, c := range []*experiment.CUPED{&a, &b} {
			y := y + float64(arm*i%3)
			if err := errors.Join(c.Add(y, 5), []*metrics.Moments{&ma, &mb}[arm].Add(y)); err != nil {
				t.Fatal(err)
			}
		}
	}
	plain := ok[metrics.Effect](t)(metrics.CompareMeans(ma, mb, metrics.CompareOptions{Scale: metrics.ScaleRelative}))
	e := ok[experiment.CUPEDEffect](t)(experiment.CompareCUPED(a, b, metrics.CompareOptions{Scale: metrics.ScaleRelative}))
	if e.Theta != 0 || !testkit.Close(e.SE, plain.SE, 0, 1e-12) || !testkit.Close(e.PValue, plain.PValue, 0, 1e-9) || e.Reduction != 0 {
		t.Errorf("constant covariate: %+v, want %+v", e, plain)
	}
	// Imputing the pooled mean by hand.
	var c, d, ci, di experiment.CUPED
	pool := 0.0
	xs := [2][]float64{{1, 4, 2, 8, 5}, {3, 3, 9, 7}}
	for _, x := range xs {
		for _, v := range x {
			pool += v / 9
		}
	}
	for i, arm := range []*experiment.CUPED{&c, &d} {
		by := []*experiment.CUPED{&ci, &di}[i]
		for j, x := range xs[i] {
			y := 2*x + float64(j%2) + float64(i)
			if err := errors.Join(arm.Add(y, x), by.Add(y, x)); err != nil {
				t.Fatal(err)
			}
		}
		for j := range 3 + i {
			if err := errors.Join(arm.AddMissing(float64(4+j)), by.Add(float64(4+j), pool)); err != nil {
				t.Fatal(err)
			}
		}
	}
	got := ok[experiment.CUPEDEffect](t)(experiment.CompareCUPED(c, d, metrics.CompareOptions{}))
	if got.MissingA != 3 || got.MissingB != 4 || got.N != 16 {
		t.Errorf("%+v", got)
	}
	want := ok[experiment.CUPEDEffect](t)(experiment.CompareCUPED(ci, di, metrics.CompareOptions{}))
	if !testkit.Close(got.Theta, want.Theta, 1e-12, 1e-12) || !testkit.Close(got.SE, want.SE, 1e-12, 1e-12) || !testkit.Close(got.Estimate, want.Estimate, 1e-12, 1e-12) {
		t.Errorf("missing %+v, imputed %+v", got, want)
	}
}
