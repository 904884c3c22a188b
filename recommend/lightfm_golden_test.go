package recommend

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
)

// lightfmGolden is written by testdata/golden_lightfm.py.
type lightfmGolden struct {
	Users, Items, Factors int
	Rate                  float64
	Ptr                   []int64
	Col                   []int32
	X0, Y0, Bias0         []float32
	Trace                 [][3]int32
	Trials                []int
	X, Y, Bias            []float64
	Quality               struct {
		Users, Items, Factors int
		Ptr                   []int64
		Col                   []int32
		Held                  [][]int32
		WARP                  [][2]float64
	}
}

// The same steps from the same vectors. LightFM does not divide by ln(items-1), so
// the rate is larger by it here; the weight of the trial is ours.
func TestWARPGoldenLightFM(t *testing.T) {
	var g lightfmGolden
	testkit.Golden(t, "lightfm.json", &g)
	x, err := NewInteractions(g.Users, g.Items, g.Ptr, g.Col, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := &WARP{rule: sgdRule{rate: g.Rate, samples: 1}}
	m.factors, m.x, m.y, m.bias = g.Factors, slices.Clone(g.X0), slices.Clone(g.Y0), slices.Clone(g.Bias0)
	scratch := newPairScratch(x, 1)
	tr := sgdTrace{Trace: g.Trace}
	n := 0
	tr.replay(t, x, func(c *sgdCell) {
		rate := g.Rate * float64(rankWeight(g.Items, g.Trials[n])) * math.Log(float64(g.Items-1))
		n++
		if !(m.cell(x.users, c, &scratch[0], float32(rate)) > 0) {
			t.Fatalf("step %d: the peer saw a violation", n)
		}
	})
	sameVectors(t, "x", m.x, g.X, 5e-5)
	sameVectors(t, "y", m.y, g.Y, 5e-5)
	sameVectors(t, "bias", m.bias, g.Bias, 5e-5)
	if !moved(m.x, g.X0) || !moved(m.y, g.Y0) {
		t.Error("the trace hardly moves the vectors")
	}
	if most := slices.Max(g.Trials); most < 3 {
		t.Errorf("no more than %d trials", most)
	}
}

// The mean AUC of fits is that of the peer, 0.01 less at the most, on training
// entries and on those held out; see TestSampledQualityImplicit.
func TestWARPQualityLightFM(t *testing.T) {
	var g lightfmGolden
	testkit.Golden(t, "lightfm.json", &g)
	q := &g.Quality
	x, err := NewInteractions(q.Users, q.Items, q.Ptr, q.Col, nil)
	if err != nil {
		t.Fatal(err)
	}
	var want, got [2]float64
	for seed, p := range q.WARP {
		m, err := FitWARP(context.Background(), x, WARPOptions{Factors: q.Factors, Seed: uint64(seed)})
		if err != nil {
			t.Fatal(err)
		}
		a, b := meanAUC(t, m, x, q.Held)
		for k, v := range []float64{a, b} {
			got[k] += v / float64(len(q.WARP))
			want[k] += p[k] / float64(len(q.WARP))
		}
	}
	t.Logf("AUC on training and held entries: %.4f, the peer's %.4f", got, want)
	for k, name := range []string{"training", "held"} {
		if got[k] < want[k]-0.01 {
			t.Errorf("mean AUC on %s entries is %.4f, the peer's %.4f", name, got[k], want[k])
		}
	}
}
