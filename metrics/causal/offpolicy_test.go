package causal_test

import (
	"errors"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/causal"
)

func TestOffPolicyGolden(t *testing.T) {
	var g struct{ Policy map[string]any }
	testkit.Golden(t, "policy.json", &g)
	list := func(k string) []float64 {
		var out []float64
		for _, x := range g.Policy[k].([]any) {
			out = append(out, x.(float64))
		}
		return out
	}
	num := func(k string) float64 { return g.Policy[k].(float64) }
	p := ok[*causal.OffPolicy](t)(causal.NewOffPolicy(causal.OffPolicyOptions{Clip: num("clip"), Switch: num("switch")}))
	r, w, tg, q, v := list("reward"), list("propensity"), list("target"), list("predicted"), list("value")
	for i := range r {
		if err := p.AddModel(r[i], w[i], tg[i], q[i], v[i]); err != nil {
			t.Fatal(err)
		}
	}
	got := ok[causal.OffPolicyResult](t)(p.Result(0))
	relNear(t, "ESS", got.ESS, num("ess"), 1e-12)
	for name, e := range map[string]causal.OffPolicyEstimate{"ips": got.IPS, "snips": got.SNIPS, "clip": got.ClippedIPS, "dm": *got.DM, "dr": *got.DR, "switch": *got.SwitchDR} {
		relNear(t, name, e.Value, num(name+"_value"), 1e-12)
		relNear(t, name+" SE", e.SE, num(name+"_se"), 1e-10)
		relNear(t, name+" gain", e.Gain.Estimate, e.Value-got.Logged, 1e-12)
	}
	relNear(t, "gain SE", got.DR.Gain.SE, num("dr_gain_se"), 1e-10)
	if len(got.Warnings) != 0 {
		t.Error(got.Warnings)
	}
}

// Averaged over many logs IPS and DR meet the true value; DM with a wrong model
// does not.
func TestOffPolicyUnbiased(t *testing.T) {
	truth := [3]float64{.2, .5, .8}
	base, target := [3]float64{.5, .3, .2}, [3]float64{.1, .2, .7}
	model := [3]float64{.5, .5, .5}
	value, mv := 0.0, 0.0
	for a := range truth {
		value += target[a] * truth[a]
		mv += target[a] * model[a]
	}
	r := rng.New(1, 2, 3)
	var ips, dr, sn metrics.Moments
	covered := 0
	const runs = 2000
	for range runs {
		p := ok[*causal.OffPolicy](t)(causal.NewOffPolicy(causal.OffPolicyOptions{}))
		for range 300 {
			u, a := r.Float64(), 0
			for u > base[a] && a < 2 {
				u -= base[a]
				a++
			}
			y := 0.0
			if r.Bool(truth[a]) {
				y = 1
			}
			if err := p.AddModel(y, base[a], target[a], model[a], mv); err != nil {
				t.Fatal(err)
			}
		}
		e := ok[causal.OffPolicyResult](t)(p.Result(0))
		if err := errors.Join(ips.Add(e.IPS.Value), dr.Add(e.DR.Value), sn.Add(e.SNIPS.Value)); err != nil {
			t.Fatal(err)
		}
		if e.SNIPS.Interval.Low <= value && value <= e.SNIPS.Interval.High {
			covered++
		}
	}
	for name, m := range map[string]metrics.Moments{"IPS": ips, "DR": dr, "SNIPS": sn} {
		v, _ := m.Variance()
		mean, _ := m.Mean()
		if d := math.Abs(mean - value); d > 4*math.Sqrt(v/runs)+.002 {
			t.Errorf("%s: %v, want %v", name, mean, value)
		}
	}
	vi, _ := ips.Variance()
	vd, _ := dr.Variance()
	if vd >= vi {
		t.Errorf("variance of DR %v, of IPS %v", vd, vi)
	}
	if c := float64(covered) / runs; c < .93 || c > .97 {
		t.Errorf("intervals cover in %v", c)
	}
}
