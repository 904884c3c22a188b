package clean_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile/clean"
)

type outliersGolden struct {
	Sample []float64
	Bounds map[string][2]float64
}

func TestOutliersGolden(t *testing.T) {
	var g outliersGolden
	testkit.Golden(t, "outliers.json", &g)
	for name, opt := range map[string]clean.OutlierOptions{
		"iqr": {}, "z": {Method: clean.ZScore}, "mad": {Method: clean.MAD}, "quantile": {Method: clean.Quantile, Tail: 0.05},
	} {
		o, err := clean.FitOutliers(g.Sample, opt)
		if err != nil {
			t.Fatal(err)
		}
		lo, hi := o.Bounds()
		testkit.Near(t, name+" low", lo, g.Bounds[name][0], 1e-10)
		testkit.Near(t, name+" high", hi, g.Bounds[name][1], 1e-10)
	}
}

func TestOutliersActions(t *testing.T) {
	o, err := clean.NewBounds(0, 10)
	if err != nil {
		t.Fatal(err)
	}
	xs := []float64{-1, 0, 5, math.NaN(), 10, 11}
	if got := o.Flag(nil, xs); !slices.Equal(got, []bool{true, false, false, false, false, true}) {
		t.Errorf("Flag %v", got)
	}
	if got := o.Drop(nil, xs); len(got) != 4 {
		t.Errorf("Drop %v", got)
	}
	if n := o.Clip(xs); n != 2 || xs[0] != 0 || xs[5] != 10 || !math.IsNaN(xs[3]) {
		t.Errorf("Clip %d %v", n, xs)
	}
	flat, err := clean.FitOutliers([]float64{3, 3, 3, 3, 900}, clean.OutlierOptions{})
	if err != nil || !flat.Degenerate() || flat.Is(900) {
		t.Errorf("no spread: %+v %v", flat, err)
	}
}

func TestOutliersBadInput(t *testing.T) {
	inf := math.Inf(1)
	for name, c := range map[string]struct {
		xs   []float64
		opt  clean.OutlierOptions
		want error
	}{
		"one":     {[]float64{1}, clean.OutlierOptions{}, clean.ErrEmpty},
		"missing": {[]float64{1, math.NaN()}, clean.OutlierOptions{}, clean.ErrEmpty},
		"inf":     {[]float64{1, inf, 2}, clean.OutlierOptions{}, clean.ErrNotFinite},
		"tail":    {[]float64{1, 2}, clean.OutlierOptions{Tail: 0.7}, clean.ErrOption},
		"k":       {[]float64{1, 2}, clean.OutlierOptions{K: -1}, clean.ErrOption},
		"method":  {[]float64{1, 2}, clean.OutlierOptions{Method: 9}, clean.ErrOption},
	} {
		if _, err := clean.FitOutliers(c.xs, c.opt); !errors.Is(err, c.want) {
			t.Errorf("outliers %s: %v", name, err)
		}
	}
	if _, err := clean.NewBounds(2, 1); !errors.Is(err, clean.ErrOption) {
		t.Error(err)
	}
}

func TestOutliersOverflow(t *testing.T) {
	for name, xs := range map[string][]float64{"squares": {1e200, -1e200, 3}, "underflow": {1e-200, 2e-200}} {
		if o, err := clean.FitOutliers(xs, clean.OutlierOptions{Method: clean.ZScore}); o != nil || !errors.Is(err, clean.ErrOverflow) {
			t.Errorf("%s: %v, %v", name, o, err)
		}
	}
	var o clean.Outliers
	for name, lohi := range map[string][2]float64{"reversed": {2, 1}, "NaN": {math.NaN(), 1}} {
		var w codec.Writer
		w.Float64(lohi[0])
		w.Float64(lohi[1])
		w.Bool(false)
		if err := o.UnmarshalBinary(w.AppendFrame(nil, codec.KindOutliers, 1)); !errors.Is(err, clean.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
