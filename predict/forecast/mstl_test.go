package forecast_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/forecast"
)

// STL and MSTL, robust and not, against statsmodels.
func TestDecomposeGolden(t *testing.T) {
	var g struct {
		Y     []float64
		Cases []struct {
			Seasons, Windows []int
			Robust           bool
			Trend            []float64
			Season           [][]float64
		}
	}
	testkit.Golden(t, "stl.json", &g)
	if len(g.Cases) != 4 {
		t.Fatalf("%d cases", len(g.Cases))
	}
	for _, c := range g.Cases {
		opt := forecast.DecomposeOptions{Seasons: c.Seasons, Robust: c.Robust}
		if len(c.Windows) > 0 {
			opt.Windows = c.Windows
		}
		d := fitted(forecast.Decompose(bg, g.Y, opt))
		trend, rest := d.Trend(nil), d.Remainder(nil)
		if !slices.Equal(d.Seasons(nil), c.Seasons) {
			t.Errorf("seasons %v", d.Seasons(nil))
		}
		name := fmt.Sprint(c.Seasons, c.Robust)
		for i, want := range c.Trend {
			testkit.Near(t, name+" trend", trend[i], want, 1e-8)
			sum := trend[i] + rest[i]
			for k := range c.Season {
				v := d.Season(nil, k)[i]
				testkit.Near(t, name+" season", v, c.Season[k][i], 1e-8)
				sum += v
			}
			testkit.Near(t, name+" sum", sum, g.Y[i], 1e-9)
		}
	}
}

// A planted season comes back as its index, with gaps and outliers, and is carried on.
func TestSeasonIndexPlanted(t *testing.T) {
	r := rng.New(1, 0, 0)
	shape := []float64{.7, .9, 1, 1.1, 1.2, 1.5, .6}
	y := make([]float64, 140)
	for i := range y {
		y[i] = 100*shape[i%7] + 2*r.Normal()
	}
	y[30], y[31], y[77], y[100] = math.NaN(), math.NaN(), math.NaN(), 900
	opt := forecast.DecomposeOptions{Seasons: []int{7}, Robust: true}
	for p, x := range fitted(forecast.SeasonIndex(bg, y, 7, forecast.SeasonIndexOptions{Robust: true})) {
		testkit.Near(t, "index", x, shape[p], .03)
	}
	for p, x := range fitted(forecast.SeasonIndex(bg, y, 7, forecast.SeasonIndexOptions{Robust: true, Additive: true})) {
		testkit.Near(t, "amount", x, 100*(shape[p]-1), 3)
	}
	m := fitted(forecast.FitSTL(bg, y, forecast.STLOptions{Decompose: opt, Rest: forecast.With(forecast.FitMean, forecast.MeanOptions{Window: 28})}))
	q := fitted(m.Quantiles(nil, 7, []float64{.5}))
	for i, f := range fitted(m.Forecast(nil, 7)) {
		testkit.Near(t, "forecast", f, 100*shape[i], 8)
		testkit.Near(t, "median", q[i], f, 1e-9)
	}
	for name, c := range map[string]struct {
		y    []float64
		opt  forecast.DecomposeOptions
		want error
	}{
		"short":   {y[:14], opt, forecast.ErrUndefined},
		"no":      {y, forecast.DecomposeOptions{}, forecast.ErrOption},
		"twice":   {y, forecast.DecomposeOptions{Seasons: []int{7, 7}}, forecast.ErrOption},
		"even":    {y, forecast.DecomposeOptions{Seasons: []int{7}, Windows: []int{8}}, forecast.ErrOption},
		"missing": {make([]float64, 0), opt, forecast.ErrUndefined},
	} {
		if d, err := forecast.Decompose(bg, c.y, c.opt); !errors.Is(err, c.want) || d != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Harmonics by the formula, for seasons that are not whole, and after thousands of cycles.
func TestAppendFourier(t *testing.T) {
	for _, period := range []int{0, 1, 5, 100, 1 << 20} {
		x := fitted(forecast.AppendFourier(nil, period, 365.25, 3))
		for k := 1; k <= 3; k++ {
			a := 2 * math.Pi * float64(k) * math.Mod(float64(period), 1461) / 365.25 // four years are whole
			testkit.Near(t, "sin", x[2*k-2], math.Sin(a), 1e-9)
			testkit.Near(t, "cos", x[2*k-1], math.Cos(a), 1e-9)
		}
	}
}

// A rest of one's own that returns other than it was asked for is refused.
func TestSTLShape(t *testing.T) {
	rest := func(context.Context, forecast.Series) (forecast.Forecaster, error) { return scant{}, nil }
	m := fitted(forecast.FitSTL(bg, sales(), forecast.STLOptions{Decompose: forecast.DecomposeOptions{Seasons: []int{4}}, Rest: rest}))
	kept := []float64{7}
	if f, err := m.Forecast(kept, 3); !errors.Is(err, forecast.ErrShape) || len(f) != 1 {
		t.Errorf("means: %v, %v", f, err)
	}
	if q, err := m.Quantiles(kept, 3, []float64{.1, .9}); !errors.Is(err, forecast.ErrShape) || len(q) != 1 {
		t.Errorf("quantiles: %v, %v", q, err)
	}
}

// scant returns one value, however many are asked for.
type scant struct{}

func (scant) Forecast(dst []float64, _ int) ([]float64, error) { return append(dst, 1), nil }

func (scant) Quantiles(dst []float64, _ int, _ []float64) ([]float64, error) {
	return append(dst, 1), nil
}
