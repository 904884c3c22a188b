package metrics_test

import (
	"errors"
	"math"
	"testing"

	"github.com/aislekit/aisle/metrics"
)

// What lies beyond float64 and int64 is an error, not an infinity or a count that wrapped.
func TestEndsOfRange(t *testing.T) {
	full := func() metrics.Proportion { return proportion(3, math.MaxInt64) }
	p := full()
	if p.Add(true); p != full() {
		t.Errorf("%d of %d", p.Successes(), p.N())
	}
	heavy := func() *metrics.BinaryLoss {
		b := got(metrics.NewBinaryLoss(metrics.BinaryLossOptions{}))
		must(t, b.AddWeighted(true, .7, 1.5e308))
		return b
	}
	many := func() *metrics.Fairness[string] { // more members than an int64 counts, in two cells
		f := &metrics.Fairness[string]{}
		f.Add("a", true, true)
		f.Add("a", false, true)
		for range 62 {
			g := &metrics.Fairness[string]{}
			must(t, g.Merge(f))
			must(t, f.Merge(g))
		}
		return f
	}
	tiny := []float64{0, 1e-200, 0}
	effect := metrics.Effect{Scale: metrics.ScaleRatio, MeanA: 1e-300, MeanB: 1e300, Estimate: 7}
	for name, err := range map[string]error{
		"loss":     heavy().Merge(heavy()),
		"scale":    second(metrics.RMSSE([]float64{1}, []float64{2}, tiny, 1)),
		"forecast": second(metrics.ScoreForecast([]float64{1}, []float64{2}, tiny, 1)),
		"groups":   second(many().Result(0)),
	} {
		if !errors.Is(err, metrics.ErrOverflow) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := effect.Rescale(1, 1); !errors.Is(err, metrics.ErrUndefined) || effect.Estimate != 7 || effect.Warnings != nil {
		t.Errorf("%v, %+v", err, effect)
	}
	b := got(metrics.NewBinaryLoss(metrics.BinaryLossOptions{Epsilon: 1e-300})) // 1−1e-300 is 1
	must(t, b.Add(false, 1))
	if r := got(b.Result()); math.Abs(r.LogLoss-300*math.Ln10) > 1e-9 || r.Clipped != 1 {
		t.Errorf("%+v", r)
	}
}
