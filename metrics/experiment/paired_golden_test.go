package experiment

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
)

func TestPairedGolden(t *testing.T) {
	var g struct {
		Paired struct {
			A, B   []float64
			P, SE  float64
			CI     [2]float64
			SmallA []float64 `json:"small_a"`
			SmallB []float64 `json:"small_b"`
			Exact  float64
		}
	}
	testkit.Golden(t, "paired.json", &g)
	p := g.Paired
	ctx := context.Background()
	o := PairedOptions{Replicates: 40_000, Seed: 2}
	e := ok[metrics.Effect](t)(ComparePaired(ctx, p.A, p.B, o))
	testkit.Near(t, "p", e.PValue, p.P, 4*math.Sqrt(p.P/float64(o.Replicates))+1e-4)
	relNear(t, "SE", e.SE, p.SE, .02)
	testkit.Near(t, "low", e.Low, p.CI[0], .05*p.SE)
	testkit.Near(t, "high", e.High, p.CI[1], .05*p.SE)
	small := ok[metrics.Effect](t)(ComparePaired(ctx, p.SmallA, p.SmallB, o))
	testkit.Near(t, "exact p", small.PValue, p.Exact, 4*math.Sqrt(p.Exact/float64(o.Replicates)))
	testkit.AtGOMAXPROCS(t, func() []byte {
		e := ok[metrics.Effect](t)(ComparePaired(ctx, p.A, p.B, PairedOptions{Replicates: 300}))
		return []byte(e.String())
	})
	same := slices.Clone(p.A)
	same[3] += 1e-3
	all := ok[[]metrics.Effect](t)(CompareModels(ctx, [][]float64{p.A, p.B, same}, PairedOptions{Replicates: 1000}))
	one := ok[metrics.Effect](t)(ComparePaired(ctx, p.A, p.B, PairedOptions{Replicates: 1000}))
	testkit.Near(t, "Holm", all[0].PValue, math.Min(1, 2*one.PValue), 1e-15)
	if all[1].PValue < .5 {
		t.Errorf("one user of 60 moved: %v", all[1])
	}
	// With the detectable difference the z test has the power asked for.
	d := ok[float64](t)(DetectableDifference(p.A, p.B, PowerOptions{Power: .9}))
	dm, _ := metrics.MomentsOf(func() []float64 { x, _, _ := differences("", p.A, p.B); return x }())
	v, _ := dm.Variance()
	testkit.Near(t, "power", infer.NormalCDF(d/math.Sqrt(v/60)-infer.NormalQuantile(.975)), .9, 1e-12)
	cancelled, cancel := context.WithCancelCause(ctx)
	why := errors.New("enough")
	cancel(why)
	if _, err := ComparePaired(cancelled, p.A, p.B, o); !errors.Is(err, why) {
		t.Errorf("cancel: %v", err)
	}
}
