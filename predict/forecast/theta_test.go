package forecast_test

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/forecast"
)

// The four models against statsforecast: its squares are never fewer, and where they are as few the
// forecasts are the same. Its simplex stops early where θ is free.
func TestThetaGolden(t *testing.T) {
	var g struct {
		Cases []struct {
			Name              string
			Y                 []float64
			Season            int
			Mean              map[string][]float64
			Loss              map[string]float64
			Additive, Factors []float64
		}
	}
	testkit.Golden(t, "theta.json", &g)
	if len(g.Cases) != 3 {
		t.Fatalf("%d cases", len(g.Cases))
	}
	for _, c := range g.Cases {
		for model, want := range c.Mean {
			m := fitted(forecast.FitTheta(bg, c.Y, forecast.ThetaOptions{Model: model, Season: c.Season}))
			for i, f := range fitted(m.Forecast(nil, len(want))) {
				tol := 1e-3
				if model != "STM" && model != "DSTM" {
					tol = 2e-2
				}
				testkit.Near(t, c.Name+" "+model, f, want[i], tol*slices.Max(want))
			}
			if c.Season > 1 {
				continue
			}
			loss, size := 0.0, 0.0
			for i, e := range fitted(m.Residuals(nil)) {
				if size += math.Abs(c.Y[i]) / float64(len(c.Y)); i >= 3 {
					loss += e * e
				}
			}
			if loss > c.Loss[model]*size*(1+1e-9) {
				t.Errorf("%s %s: Σe² %v, statsforecast %v", c.Name, model, loss, c.Loss[model]*size)
			}
		}
		for additive, want := range map[bool][]float64{true: c.Additive, false: c.Factors} {
			if len(want) == 0 {
				continue
			}
			got := fitted(forecast.SeasonIndex(bg, c.Y, c.Season, forecast.SeasonIndexOptions{Additive: additive}))
			for i := range want {
				testkit.Near(t, c.Name+" season", got[i], want[i], 1e-9)
			}
		}
	}
	// AirPassengers 1949 and 1950, standard and optimised; θ is hardly told by 24 months.
	for model, want := range map[string][]float64{"STM": {140.2320, 140.7173, 141.2025, 141.6877}, "OTM": {140.0961, 140.4468, 140.7974, 141.1480}} {
		m := fitted(forecast.FitTheta(bg, sales(), forecast.ThetaOptions{Model: model}))
		for i, f := range fitted(m.Forecast(nil, 4)) {
			testkit.Near(t, model, f, want[i], map[string]float64{"STM": 2e-3, "OTM": .11}[model])
		}
	}
}

// Appending is running on: what was fitted, a missing period and the season keep their places.
func TestThetaAppend(t *testing.T) {
	y := append(append(sales(), sales()...), sales()...)
	m := fitted(forecast.FitTheta(bg, y, forecast.ThetaOptions{Season: 12}))
	want := fitted(m.Forecast(nil, 5))
	moved := fitted(m.Append([]float64{math.NaN(), math.NaN()}))
	for i, f := range fitted(moved.Forecast(nil, 3)) {
		testkit.Near(t, "after missing periods", f, want[i+2], 1e-9)
	}
	one := fitted(fitted(m.Append([]float64{120})).(forecast.Appender).Append([]float64{130}))
	two := fitted(fitted(m.Append([]float64{120, 130})).Forecast(nil, 14))
	for i, f := range fitted(one.Forecast(nil, 14)) {
		testkit.Near(t, "in two steps", f, two[i], 1e-9)
	}
}

func TestThetaRefuses(t *testing.T) {
	if m, err := forecast.FitTheta(bg, []float64{1, 2, 3}, forecast.ThetaOptions{}); !errors.Is(err, forecast.ErrUndefined) || m != nil {
		t.Errorf("three values: %v", err)
	}
	if m, err := forecast.FitTheta(bg, sales(), forecast.ThetaOptions{Model: "XTM"}); !errors.Is(err, forecast.ErrOption) || m != nil {
		t.Errorf("unknown model: %v", err)
	}
	flat := fitted(forecast.FitTheta(bg, []float64{5, 5, 5, 5, 5, 5, 5, 5}, forecast.ThetaOptions{Season: 4}))
	testkit.Near(t, "constant", fitted(flat.Forecast(nil, 1))[0], 5, 1e-9)
	none := fitted(forecast.FitTheta(bg, make([]float64, 9), forecast.ThetaOptions{}))
	if f := fitted(none.Forecast(nil, 1)); f[0] != 0 {
		t.Errorf("zeros: %v", f)
	}
	for name, c := range map[string]struct {
		y      []float64
		season int
		want   error
	}{
		"one season": {sales()[:13], 12, forecast.ErrUndefined},
		"zero":       {append(sales(), 0), 12, forecast.ErrRange},
		"season 1":   {sales(), 1, forecast.ErrRange},
	} {
		if x, err := forecast.SeasonIndex(bg, c.y, c.season, forecast.SeasonIndexOptions{}); !errors.Is(err, c.want) || x != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestThetaHostile: a frame of a state from which forecasts would be infinite is refused.
func TestThetaHostile(t *testing.T) {
	frame := fitted(theta().MarshalBinary())
	tail := len(frame) - 4 - 8*5 // level, mean, intercept, slope, variance, checksum
	for k := range 5 {
		bad := slices.Clone(frame)
		binary.LittleEndian.PutUint64(bad[tail+8*k:], math.Float64bits(1e308))
		if err := new(forecast.Theta).UnmarshalBinary(testkit.Refit(bad)); !errors.Is(err, forecast.ErrCorrupt) {
			t.Errorf("number %d: %v", k, err)
		}
	}
}
