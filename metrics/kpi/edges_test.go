package kpi

import (
	"math"
	"testing"
)

func TestGrowthEdges(t *testing.T) {
	for _, c := range []struct {
		start, end int64
		want       float64
	}{
		{-10, -5, .5},
		{-10, -20, -1},
		{-10, 10, 2},
		{10, 5, -.5},
		{math.MinInt64, math.MaxInt64, 2},
		{math.MaxInt64, math.MinInt64, -2},
		{1, math.MinInt64, math.NaN()},
	} {
		got := Growth(c.start, c.end).Float()
		if math.IsNaN(c.want) {
			if !(got < 0) && !math.IsNaN(got) {
				t.Errorf("%d to %d: %v", c.start, c.end, got)
			}
			continue
		}
		if math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%d to %d: %v, want %v", c.start, c.end, got, c.want)
		}
	}
	if got := (Counts{Revenue: math.MinInt64, Refunds: 5}).NetRevenue(); got != math.MinInt64 {
		t.Errorf("net revenue wrapped to %d", got)
	}
}
