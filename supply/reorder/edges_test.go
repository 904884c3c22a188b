package reorder_test

import (
	"errors"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply/reorder"
)

// A stock of whole units cannot stop between two: the point is the smallest whole one
// whose expected shortage is small enough, found here by counting up.
func TestPointWhole(t *testing.T) {
	for _, mean := range []float64{.02, .3, 1, 2.5, 7, 40, 300} {
		for _, fill := range []float64{.5, .8, .95, .99, .9999} {
			for _, q := range []float64{1, 5, 12.5} {
				r, err := reorder.Point(reorder.PointOptions{Mean: mean, Lead: 1, Law: reorder.Poisson, FillRate: fill, Quantity: q})
				if err != nil {
					t.Fatal(err)
				}
				d, err := reorder.PoissonDemand(mean)
				if err != nil {
					t.Fatal(err)
				}
				want := 0.0
				for d.Loss(want) > (1-fill)*q {
					want++
				}
				if r.Point != want || reorder.FillRate(d, r.Point, q) < fill-1e-12 {
					t.Errorf("mean %v, fill rate %v, lots of %v: point %v, want %v", mean, fill, q, r.Point, want)
				}
			}
		}
	}
}

// Formulas of square roots hold for amounts of any size.
func TestLotScale(t *testing.T) {
	for _, s := range []float64{1e-300, 1e-200, 1e-120, 1, 1e120, 1e150} {
		// √(2·K·D/h) with all three scaled: Q scales by √s, the cost by s^1.5.
		l, err := reorder.EOQ(reorder.LotOptions{Demand: 1000 * s, OrderCost: 50 * s, HoldingCost: 2 * s, BackorderCost: 2 * s})
		if s == 1e-300 { // the cost is 1e-448: no float64
			if !errors.Is(err, reorder.ErrOverflow) || l != (reorder.Lot{}) {
				t.Errorf("%+v, %v", l, err)
			}
			continue
		}
		if err != nil || !testkit.Close(l.Quantity, math.Sqrt(1e5)*math.Sqrt(s), 0, 1e-12) || !testkit.Close(l.Owed, .5, 0, 1e-12) ||
			!testkit.Close(l.Interval, l.Quantity/(1000*s), 0, 1e-12) {
			t.Errorf("%g: %+v, %v", s, l, err)
		}
	}
	l, err := reorder.EOQ(reorder.LotOptions{Demand: 1e-200, OrderCost: 1e-200, HoldingCost: 1})
	if err != nil || !testkit.Close(l.Quantity, math.Sqrt2*1e-200, 0, 1e-12) || !testkit.Close(l.Cost, math.Sqrt2*1e-200, 0, 1e-12) {
		t.Errorf("%+v, %v", l, err)
	}
	d, err := reorder.NormalDemand(100, 20)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []float64{1e-320, 1e-3, 1e300, 1.7e308} {
		s, err := reorder.Newsvendor(d, c, c)
		if err == nil && (s.Ratio != .5 || s.Quantity != 100) || err != nil && !errors.Is(err, reorder.ErrOverflow) {
			t.Errorf("both cost %g: %+v, %v", c, s, err)
		}
	}
}

// The limits of the loss functions, and 0 where they are below every float64.
func TestUnitNormalLossLimits(t *testing.T) {
	inf := math.Inf(1)
	for _, c := range []struct{ z, first, second float64 }{
		{0, 1 / math.Sqrt(2*math.Pi), .25},
		{39, 0, 0},
		{41, 0, 0},
		{1e200, 0, 0},
		{inf, 0, 0},
		{-40, 40, (1600 + 1) / 2.},
		{-1e100, 1e100, 5e199},
		{-1e200, 1e200, inf},
		{-inf, inf, inf},
		{math.NaN(), math.NaN(), math.NaN()},
	} {
		first, second := reorder.UnitNormalLoss(c.z)
		if !testkit.Close(first, c.first, 0, 1e-14) || !testkit.Close(second, c.second, 0, 1e-14) {
			t.Errorf("%v: %v, %v, want %v, %v", c.z, first, second, c.first, c.second)
		}
	}
}

// A law that is nil is none: no figure, and no panic.
func TestNilLaw(t *testing.T) {
	for name, x := range map[string]float64{
		"CycleService": reorder.CycleService(nil, 1), "FillRate": reorder.FillRate(nil, 1, 1), "StockOutRisk": reorder.StockOutRisk(nil, 1),
	} {
		if !math.IsNaN(x) {
			t.Errorf("%s: %v", name, x)
		}
	}
	var p *reorder.Replenishment[int]
	if _, err := p.Line(1); !errors.Is(err, reorder.ErrEmpty) || p.Lines() != nil || p.Orders() != nil || p.Deliverable(1) != nil || p.AtRisk(0) != nil {
		t.Error("a nil plan plans", err)
	}
	if _, err := new(reorder.Replenishment[int]).Line(1); !errors.Is(err, reorder.ErrEmpty) {
		t.Error(err)
	}
}
