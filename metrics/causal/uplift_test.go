package causal_test

import (
	"context"
	"errors"
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/causal"
)

func TestUpliftReference(t *testing.T) {
	y, tr := []float64{1, 0, 1, 1, 0, 0}, []bool{true, true, false, true, false, false}
	c := ok[causal.UpliftCurves](t)(causal.Uplift(y, tr, []float64{6, 5, 4, 3, 2, 1}))
	// The definitions print the origin 0 first.
	want := []float64{1, 1, -1, -1, .5, 1}
	for i, p := range c.Points {
		testkit.Near(t, "Qini", p.Qini, want[i], 1e-15)
	}
	testkit.Near(t, "area", c.Qini.Area, 1, 1e-15)
	testkit.Near(t, "random", c.Qini.Random, 3, 1e-15)
	testkit.Near(t, "perfect", c.Qini.Perfect, 9.5, 1e-15)
	testkit.Near(t, "normalised", c.Qini.Normalized, -.307692, 5e-7)
	testkit.Near(t, "per head", c.Qini.PerHead, -2.0/6, 1e-15)
	testkit.Near(t, "uplift area", c.Uplift.Area, 1, 1e-15)
	if !slices.Contains(c.Warnings, causal.WarnOneArm) || !c.Points[1].OneArm || c.Points[2].OneArm {
		t.Errorf("one arm only is not told: %+v", c)
	}
	c = ok[causal.UpliftCurves](t)(causal.Uplift([]float64{0, 1}, []bool{true, false}, []float64{.1, .3}))
	testkit.Near(t, "degenerate uplift", c.Uplift.Normalized, 0, 1e-15)
	testkit.Near(t, "degenerate Qini", c.Qini.Normalized, 1, 1e-15)
	// Revenue has no perfect order.
	c = ok[causal.UpliftCurves](t)(causal.Uplift([]float64{0, 12.5, -3}, []bool{true, false, true}, []float64{.1, .3, 0}))
	if c.Binary || !math.IsNaN(c.Qini.Perfect) || !math.IsNaN(c.Uplift.Normalized) || math.IsNaN(c.Qini.PerHead) {
		t.Errorf("%+v", c)
	}
}

func TestUpliftGolden(t *testing.T) {
	type curve struct {
		X, V                 []float64
		Area, Perfect, Score float64
	}
	var g struct {
		Cases []struct {
			Y, T         []int
			S            []float64
			Qini, Uplift curve
			At           []struct {
				K, Overall float64
				ByGroup    float64 `json:"by_group"`
			}
			Buckets struct {
				NT     []int64 `json:"n_treatment"`
				NC     []int64 `json:"n_control"`
				Uplift []float64
			}
		}
	}
	testkit.Golden(t, "uplift.json", &g)
	for _, c := range g.Cases {
		y, tr := floats(c.Y), bools(c.T)
		r := ok[causal.UpliftCurves](t)(causal.Uplift(y, tr, c.S))
		for i, p := range r.Points {
			testkit.Near(t, "users", float64(p.Treated+p.Control), c.Qini.X[i+1], 0)
			testkit.Near(t, "Qini", p.Qini, c.Qini.V[i+1], 1e-11)
			testkit.Near(t, "uplift", p.Uplift, c.Uplift.V[i+1], 1e-11)
		}
		for name, x := range map[string]struct {
			got  causal.UpliftArea
			want curve
		}{"Qini": {r.Qini, c.Qini}, "uplift": {r.Uplift, c.Uplift}} {
			relNear(t, name+" area", x.got.Area, x.want.Area, 1e-12)
			relNear(t, name+" perfect", x.got.Perfect, x.want.Perfect, 1e-12)
			relNear(t, name+" score", x.got.Normalized, x.want.Score, 1e-10)
		}
		for _, a := range c.At {
			testkit.Near(t, "uplift@k", ok[metrics.Effect](t)(causal.UpliftAt(y, tr, c.S, a.K, false, metrics.CompareOptions{})).Estimate, a.Overall, 1e-12)
			testkit.Near(t, "uplift@k by arm", ok[metrics.Effect](t)(causal.UpliftAt(y, tr, c.S, a.K, true, metrics.CompareOptions{})).Estimate, a.ByGroup, 1e-12)
		}
		if len(c.Buckets.NT) > 0 {
			b := ok[[]causal.UpliftBucket](t)(causal.UpliftBuckets(y, tr, c.S, len(c.Buckets.NT), metrics.CompareOptions{}))
			for i, x := range b {
				if x.Treated != c.Buckets.NT[i] || x.Control != c.Buckets.NC[i] {
					t.Errorf("bucket %d: %+v", i, x)
				}
				if x.Err == nil {
					testkit.Near(t, "bucket", x.Effect.Estimate, c.Buckets.Uplift[i], 1e-12)
				}
			}
		}
	}
}

// Permuted rows and other worker counts give the same bytes.
func TestUpliftOrder(t *testing.T) {
	r := rng.New(5, 0, 0)
	n := 400
	y, tr, s, ids := make([]float64, n), make([]bool, n), make([]float64, n), make([]uint64, n)
	for i := range y {
		y[i], tr[i], s[i], ids[i] = float64(r.Intn(9))/7, r.Bool(.5), float64(r.Intn(30)), uint64(i)
	}
	run := func() (causal.UpliftCurves, metrics.Effect, metrics.Effect) {
		c := ok[causal.UpliftCurves](t)(causal.Uplift(y, tr, s))
		q, u, err := causal.UpliftIntervals(context.Background(), y, tr, s, ids, causal.UpliftBootOptions{Replicates: 50, Seed: 3})
		if err != nil {
			t.Fatal(err)
		}
		return c, q, u
	}
	c0, q0, _ := run()
	testkit.AtGOMAXPROCS(t, func() []byte {
		_, q, u := run()
		return []byte(q.String() + u.String())
	})
	r.Shuffle(n, func(i, j int) {
		y[i], y[j] = y[j], y[i]
		tr[i], tr[j] = tr[j], tr[i]
		s[i], s[j] = s[j], s[i]
		ids[i], ids[j] = ids[j], ids[i]
	})
	c1, q1, _ := run()
	if !reflect.DeepEqual(c0.Points, c1.Points) || !testkit.Close(q1.SE, q0.SE, 0, 1e-12) {
		t.Errorf("the order of rows matters: SE %v, %v", q0.SE, q1.SE)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	why := errors.New("enough")
	cancel(why)
	if _, _, err := causal.UpliftIntervals(ctx, y, tr, s, nil, causal.UpliftBootOptions{}); !errors.Is(err, why) {
		t.Errorf("cancel: %v", err)
	}
}

// Scores that are bin bounds give the exact curves, and the same replicates.
func TestUpliftHistogramExact(t *testing.T) {
	h := ok[*causal.UpliftHistogram](t)(causal.NewUpliftHistogram(causal.UpliftHistogramOptions{Min: 0, Max: 16, Bins: 16, Replicates: 40, Seed: 7}))
	r := rng.New(6, 0, 0)
	var y, s []float64
	var tr []bool
	for i := range 300 {
		y, s, tr = append(y, float64(r.Intn(2))), append(s, float64(r.Intn(16))), append(tr, r.Bool(.4))
		if err := h.Add(uint64(i), tr[i], y[i], s[i]); err != nil {
			t.Fatal(err)
		}
	}
	a, b := ok[causal.UpliftCurves](t)(causal.Uplift(y, tr, s)), ok[causal.UpliftCurves](t)(h.Result())
	if !reflect.DeepEqual(a, b) {
		t.Errorf("exact %+v\nbinned %+v", a.Qini, b.Qini)
	}
	q, u, err := causal.UpliftIntervals(context.Background(), y, tr, s, nil, causal.UpliftBootOptions{Replicates: 40, Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	hq, hu, err := h.Intervals(0)
	if err != nil || !reflect.DeepEqual(q, hq) || !reflect.DeepEqual(u, hu) {
		t.Errorf("%v\n%v\n%v\n%v\n%v", q, hq, u, hu, err)
	}
}

func TestUpliftBadInput(t *testing.T) {
	c := func(_ causal.UpliftCurves, err error) error { return err }
	e := func(_ metrics.Effect, err error) error { return err }
	b := func(_ []causal.UpliftBucket, err error) error { return err }
	h := func(_ *causal.UpliftHistogram, err error) error { return err }
	i := func(_, _ metrics.Effect, err error) error { return err }
	y, tr, s := []float64{1, 0, 1, 0}, []bool{true, false, true, false}, []float64{1, 2, 3, 4}
	bg, nan := context.Background(), math.NaN()
	small := ok[*causal.UpliftHistogram](t)(causal.NewUpliftHistogram(causal.UpliftHistogramOptions{}))
	for name, x := range map[string]struct{ got, want error }{
		"empty":            {c(causal.Uplift(nil, nil, nil)), metrics.ErrEmpty},
		"lengths":          {c(causal.Uplift(y, tr[:2], s)), metrics.ErrShape},
		"scores":           {c(causal.Uplift(y, tr, s[:1])), metrics.ErrShape},
		"NaN outcome":      {c(causal.Uplift([]float64{nan}, tr[:1], s[:1])), metrics.ErrNotFinite},
		"NaN score":        {c(causal.Uplift(y[:1], tr[:1], []float64{nan})), metrics.ErrNotFinite},
		"one arm":          {c(causal.Uplift(y, []bool{true, true, true, true}, s)), metrics.ErrUndefined},
		"overflow":         {c(causal.Uplift([]float64{1e308, 0, 1e308, 0}, tr, s)), metrics.ErrOverflow},
		"share 0":          {e(causal.UpliftAt(y, tr, s, 0, false, metrics.CompareOptions{})), metrics.ErrRange},
		"share NaN":        {e(causal.UpliftAt(y, tr, s, nan, false, metrics.CompareOptions{})), metrics.ErrRange},
		"one in the share": {e(causal.UpliftAt(y, tr, s, .25, false, metrics.CompareOptions{})), metrics.ErrUndefined},
		"parts 0":          {b(causal.UpliftBuckets(y, tr, s, 0, metrics.CompareOptions{})), metrics.ErrRange},
		"parts 5":          {b(causal.UpliftBuckets(y, tr, s, 5, metrics.CompareOptions{})), metrics.ErrRange},
		"level":            {b(causal.UpliftBuckets(y, tr, s, 2, metrics.CompareOptions{Level: 7})), metrics.ErrOption},
		"few replicates":   {i(causal.UpliftIntervals(bg, y, tr, s, nil, causal.UpliftBootOptions{Replicates: 3})), metrics.ErrOption},
		"ids":              {i(causal.UpliftIntervals(bg, y, tr, s, []uint64{1}, causal.UpliftBootOptions{})), metrics.ErrShape},
		"bins":             {h(causal.NewUpliftHistogram(causal.UpliftHistogramOptions{Bins: -1})), metrics.ErrOption},
		"range":            {h(causal.NewUpliftHistogram(causal.UpliftHistogramOptions{Min: 1, Max: 1})), metrics.ErrOption},
		"memory":           {h(causal.NewUpliftHistogram(causal.UpliftHistogramOptions{Bins: 1 << 20, Replicates: 10_000})), metrics.ErrOption},
		"add NaN":          {small.Add(0, true, nan, 0), metrics.ErrNotFinite},
		"zero histogram":   {(&causal.UpliftHistogram{}).Add(0, true, 1, 0), metrics.ErrOption},
		"no data":          {c(small.Result()), metrics.ErrUndefined},
		"no replicates":    {i(small.Intervals(0)), metrics.ErrUndefined},
	} {
		if !errors.Is(x.got, x.want) {
			t.Errorf("%s: %v, want %v", name, x.got, x.want)
		}
	}
	got := ok[[]causal.UpliftBucket](t)(causal.UpliftBuckets(y, tr, s, 4, metrics.CompareOptions{}))
	if got[0].Err == nil || !math.IsNaN(got[0].Effect.Estimate) {
		t.Errorf("a part with one arm: %+v", got[0])
	}
}
