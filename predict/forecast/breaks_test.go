package forecast_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/forecast"
)

// The breaks of ruptures' Pelt at the same penalty.
func TestFindBreaksGolden(t *testing.T) {
	var g struct {
		Cases []struct {
			Y       []float64
			Penalty float64
			Size    int
			Breaks  []int
		}
	}
	testkit.Golden(t, "breaks.json", &g)
	for i, c := range g.Cases {
		noise := fitted(forecast.FindBreaks(bg, c.Y, forecast.BreakOptions{Outlier: -1})).Noise
		b := fitted(forecast.FindBreaks(bg, c.Y, forecast.BreakOptions{Penalty: c.Penalty / noise / noise, MinLength: c.Size, Outlier: -1}))
		var at []int
		for _, x := range b.Breaks {
			at = append(at, x.At)
		}
		if !slices.Equal(at, c.Breaks) {
			t.Errorf("case %d: %v, want %v", i, at, c.Breaks)
		}
	}
	if len(g.Cases) != 18 {
		t.Errorf("%d cases", len(g.Cases))
	}
}

// Against all ways to cut a short series.
func TestFindBreaksExact(t *testing.T) {
	r := rng.New(8, 0, 0)
	for k := range 400 {
		n := 6 + r.Intn(7)
		y := make([]float64, n)
		for i := range y {
			y[i] = r.Normal() + 3*float64(r.Intn(2))
		}
		opt := forecast.BreakOptions{Penalty: .3 + 3*r.Float64(), MinLength: 1 + k%4, Outlier: -1}
		b := fitted(forecast.FindBreaks(bg, y, opt))
		cost := func(mask int) float64 {
			total, start := -opt.Penalty*b.Noise*b.Noise, 0
			for i := 1; i <= n; i++ {
				if i < n && mask>>(i-1)&1 == 0 {
					continue
				}
				if i-start < opt.MinLength {
					return math.Inf(1)
				}
				mean := 0.0
				for _, v := range y[start:i] {
					mean += v / float64(i-start)
				}
				for _, v := range y[start:i] {
					total += (v - mean) * (v - mean)
				}
				total += opt.Penalty * b.Noise * b.Noise
				start = i
			}
			return total
		}
		best, found := math.Inf(1), 0
		for mask := range 1 << (n - 1) {
			best = min(best, cost(mask))
		}
		for _, x := range b.Breaks {
			found |= 1 << (x.At - 1)
		}
		testkit.Near(t, "cost", cost(found), best, 1e-9)
	}
}

// Noise has few breaks, a planted one is found where it is, a spike is an outlier and no break,
// and a season is neither.
func TestFindBreaksPlanted(t *testing.T) {
	r := rng.New(2, 0, 0)
	alarms, hits := 0, 0
	for range 200 {
		y := make([]float64, 104)
		for i := range y {
			y[i] = 20 + 3*r.Normal()
		}
		if len(fitted(forecast.FindBreaks(bg, y, forecast.BreakOptions{})).Breaks) > 0 {
			alarms++
		}
		for i := 70; i < len(y); i++ {
			y[i] += 9
		}
		y[30] += 60
		b := fitted(forecast.FindBreaks(bg, y, forecast.BreakOptions{}))
		if len(b.Outliers) > 0 && b.Outliers[0].At == 30 && math.Abs(float64(b.Since()-70)) <= 2 && b.Breaks[len(b.Breaks)-1].After > 25 {
			hits++
		}
	}
	if alarms > 12 || hits < 185 {
		t.Errorf("%d of 200 false alarms, %d of 200 breaks found", alarms, hits)
	}
	var y, counts []float64
	for i := range 120 {
		level := 50.0
		if i >= 80 {
			level = 90
		}
		y = append(y, level+25*math.Sin(2*math.Pi*float64(i)/12)+r.Normal())
		counts = append(counts, float64(r.Poisson(level)))
	}
	y[5] = math.NaN()
	for name, c := range map[string]struct {
		y   []float64
		opt forecast.BreakOptions
	}{"season": {y, forecast.BreakOptions{Season: 12}}, "counts": {counts, forecast.BreakOptions{Root: true}}} {
		b := fitted(forecast.FindBreaks(bg, c.y, c.opt))
		if len(b.Breaks) == 0 || math.Abs(float64(b.Since()-80)) > 3 || b.Breaks[len(b.Breaks)-1].Shift < 2 {
			t.Errorf("%s: %+v", name, b)
		}
	}
	if b := fitted(forecast.FindBreaks(bg, []float64{3, 3, 3, 3, 3, 3}, forecast.BreakOptions{})); len(b.Breaks)+len(b.Outliers) > 0 {
		t.Errorf("a constant breaks: %+v", b)
	}
	if _, err := forecast.FindBreaks(bg, []float64{-1, 2}, forecast.BreakOptions{Root: true}); !errors.Is(err, forecast.ErrRange) {
		t.Errorf("root of a negative value: %v", err)
	}
}

// What repeats exactly has no breaks and no outliers, whatever rounding leaves of it; a step and a
// spike on top are found.
func TestFindBreaksOfRounding(t *testing.T) {
	for _, root := range []bool{false, true} {
		y := make([]float64, 96)
		for i := range y {
			y[i] = 1000.1 + 300.7*math.Sin(2*math.Pi*float64(i%12)/12)
		}
		opt := forecast.BreakOptions{Season: 12, Root: root}
		if b := fitted(forecast.FindBreaks(bg, y, opt)); len(b.Breaks)+len(b.Outliers) > 0 || b.Noise != 0 {
			t.Errorf("root %t: %+v", root, b)
		}
		y[40] += 500
		for i := 70; i < len(y); i++ {
			y[i] += 200
		}
		b := fitted(forecast.FindBreaks(bg, y, opt))
		if b.Since() != 70 || len(b.Outliers) != 1 || b.Outliers[0].At != 40 {
			t.Errorf("root %t: %+v", root, b)
		}
	}
}
