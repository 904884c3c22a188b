package causal_test

import (
	"errors"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/causal"
	"pgregory.net/rapid"
)

func TestQiniCausalMLGolden(t *testing.T) {
	var g struct {
		Cases []struct {
			Y, S, V    []float64
			T          []int
			Raw, Score float64
		}
	}
	testkit.Golden(t, "causalml.json", &g)
	for _, c := range g.Cases {
		q := ok[causal.QiniCausalML](t)(ok[causal.UpliftCurves](t)(causal.Uplift(c.Y, bools(c.T), c.S)).QiniCausalML())
		for i, v := range q.Values {
			testkit.Near(t, "curve", v, c.V[i+1], 1e-9)
		}
		relNear(t, "score", q.Score, c.Raw, 1e-10)
		relNear(t, "normalised score", q.Normalized, c.Score, 1e-10)
	}
}

// The example of the definitions by hand: the first two users are treated, so
// the curve is straight from 0 to its value of −1 at three users.
func TestQiniCausalMLReference(t *testing.T) {
	y, tr := []float64{1, 0, 1, 1, 0, 0}, []bool{true, true, false, true, false, false}
	q := ok[causal.QiniCausalML](t)(ok[causal.UpliftCurves](t)(causal.Uplift(y, tr, []float64{6, 5, 4, 3, 2, 1})).QiniCausalML())
	for i, want := range []float64{-1. / 3, -2. / 3, -1, -1, .5, 1} {
		testkit.Near(t, "curve", q.Values[i], want, 1e-15)
	}
	testkit.Near(t, "score", q.Score, -1.5/7-.5, 1e-15)
	testkit.Near(t, "normalised", q.Normalized, -1.5/7-.5, 1e-15)
	// With a small effect in all it exceeds 1.
	var s []float64
	y, tr = nil, nil
	for i := range 40 { // ten treated respond first, nine controls last
		x := 0.0
		if i < 20 && i%2 == 0 || i >= 20 && i < 38 && i%2 == 1 {
			x = 1
		}
		y, tr, s = append(y, x), append(tr, i%2 == 0), append(s, -float64(i))
	}
	q = ok[causal.QiniCausalML](t)(ok[causal.UpliftCurves](t)(causal.Uplift(y, tr, s)).QiniCausalML())
	if !(q.Normalized > 1) {
		t.Errorf("%+v", q)
	}
	if _, err := (causal.UpliftCurves{}).QiniCausalML(); !errors.Is(err, metrics.ErrUndefined) {
		t.Error(err)
	}
}

// The mean over users, one by one; scores that differ everywhere or tie.
func TestQiniCausalMLProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 30).Draw(t, "n")
		levels := rapid.IntRange(1, 40).Draw(t, "levels")
		y, s, tr := make([]float64, n), make([]float64, n), make([]bool, n)
		for i := range n {
			y[i], s[i], tr[i] = rapid.Float64Range(-5, 5).Draw(t, "y"), float64(rapid.IntRange(1, levels).Draw(t, "score")), rapid.Bool().Draw(t, "treated")
		}
		c, err := causal.Uplift(y, tr, s)
		if err != nil {
			return // one arm
		}
		q, err := c.QiniCausalML()
		if err != nil {
			t.Fatal(err)
		}
		// Known at 0 and from the first control on; straight between.
		at, v := []float64{0}, []float64{0}
		for _, p := range c.Points {
			if p.Control > 0 {
				at, v = append(at, float64(p.Treated+p.Control)), append(v, p.TreatedSum-p.CtrlSum*float64(p.Treated)/float64(p.Control))
			}
		}
		sum := 0.0
		for u := range n + 1 {
			for k := range at[1:] {
				if x := float64(u); x > at[k] && x <= at[k+1] {
					sum += v[k] + (v[k+1]-v[k])*(x-at[k])/(at[k+1]-at[k])
				}
			}
		}
		if want := sum/float64(n+1) - v[len(v)-1]/2; math.Abs(q.Score-want) > 1e-9*float64(n) {
			t.Fatalf("%v, want %v", q.Score, want)
		}
	})
}
