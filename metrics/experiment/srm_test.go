package experiment_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/experiment"
)

func TestSampleRatioReference(t *testing.T) {
	for _, c := range []struct {
		counts  []int64
		weights []float64
		chi, p  float64
		chiTol  float64
		alarm   bool
	}{
		{[]int64{9463, 7681}, nil, 185.2266, 3.5e-42, 5e-5, true},
		{[]int64{5100, 4900}, []float64{1, 1}, 4.0, 0.0455, 1e-12, false},
		{[]int64{821588, 815482}, []float64{0.5, 0.5}, 22.774, 1.82e-6, 1e-3, true},
		{[]int64{5100, 0, 4900}, []float64{0.5, 0, 0.5}, 4.0, 0.0455, 1e-12, false}, // an arm without weight is no degree of freedom
	} {
		r, err := experiment.SampleRatio(c.counts, c.weights)
		if err != nil {
			t.Fatal(err)
		}
		testkit.Near(t, "χ²", r.ChiSquared, c.chi, c.chiTol)
		if !testkit.Close(r.PValue, c.p, 0, 0.02) || r.DF != 1 || r.Alarm != c.alarm {
			t.Errorf("%v: %+v, want p %v", c.counts, r, c.p)
		}
	}
	r, err := experiment.SampleRatio([]int64{500, 3, 500}, []float64{1, 0, 1})
	if err != nil || !r.Alarm || !slices.Contains(r.Warnings, experiment.WarnUnplannedArm) {
		t.Errorf("users in an arm of weight 0: %+v, %v", r, err)
	}
}

func TestSampleRatioBadInput(t *testing.T) {
	srm := func(_ experiment.SRM, err error) error { return err }
	for name, c := range map[string]struct{ got, want error }{
		"SRM no arms":         {srm(experiment.SampleRatio(nil, nil)), metrics.ErrEmpty},
		"SRM one arm":         {srm(experiment.SampleRatio([]int64{4}, nil)), metrics.ErrUndefined},
		"SRM no users":        {srm(experiment.SampleRatio([]int64{0, 0}, nil)), metrics.ErrUndefined},
		"SRM lengths":         {srm(experiment.SampleRatio([]int64{1, 2}, []float64{1})), metrics.ErrShape},
		"SRM negative weight": {srm(experiment.SampleRatio([]int64{1, 2}, []float64{1, -1})), metrics.ErrRange},
		"SRM negative count":  {srm(experiment.SampleRatio([]int64{1, -2}, nil)), metrics.ErrRange},
		"SRM counts overflow": {srm(experiment.SampleRatio([]int64{math.MaxInt64, 1}, nil)), metrics.ErrOverflow},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
}
