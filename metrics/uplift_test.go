package metrics

import (
	"context"
	"errors"
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"pgregory.net/rapid"
)

func floats(xs []int) []float64 {
	out := make([]float64, len(xs))
	for i, x := range xs {
		out[i] = float64(x)
	}
	return out
}

func bools(xs []int) []bool {
	out := make([]bool, len(xs))
	for i, x := range xs {
		out[i] = x == 1
	}
	return out
}

func TestUpliftReference(t *testing.T) {
	y, tr := []float64{1, 0, 1, 1, 0, 0}, []bool{true, true, false, true, false, false}
	c := ok[UpliftCurves](t)(Uplift(y, tr, []float64{6, 5, 4, 3, 2, 1}))
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
	if !slices.Contains(c.Warnings, WarnOneArm) || !c.Points[1].OneArm || c.Points[2].OneArm {
		t.Errorf("one arm only is not told: %+v", c)
	}
	c = ok[UpliftCurves](t)(Uplift([]float64{0, 1}, []bool{true, false}, []float64{.1, .3}))
	testkit.Near(t, "degenerate uplift", c.Uplift.Normalized, 0, 1e-15)
	testkit.Near(t, "degenerate Qini", c.Qini.Normalized, 1, 1e-15)
	// Revenue has no perfect order.
	c = ok[UpliftCurves](t)(Uplift([]float64{0, 12.5, -3}, []bool{true, false, true}, []float64{.1, .3, 0}))
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
		r := ok[UpliftCurves](t)(Uplift(y, tr, c.S))
		for i, p := range r.Points {
			testkit.Near(t, "users", float64(p.Treated+p.Control), c.Qini.X[i+1], 0)
			testkit.Near(t, "Qini", p.Qini, c.Qini.V[i+1], 1e-11)
			testkit.Near(t, "uplift", p.Uplift, c.Uplift.V[i+1], 1e-11)
		}
		for name, x := range map[string]struct {
			got  UpliftArea
			want curve
		}{"Qini": {r.Qini, c.Qini}, "uplift": {r.Uplift, c.Uplift}} {
			relNear(t, name+" area", x.got.Area, x.want.Area, 1e-12)
			relNear(t, name+" perfect", x.got.Perfect, x.want.Perfect, 1e-12)
			relNear(t, name+" score", x.got.Normalized, x.want.Score, 1e-10)
		}
		for _, a := range c.At {
			testkit.Near(t, "uplift@k", ok[Effect](t)(UpliftAt(y, tr, c.S, a.K, false, CompareOptions{})).Estimate, a.Overall, 1e-12)
			testkit.Near(t, "uplift@k by arm", ok[Effect](t)(UpliftAt(y, tr, c.S, a.K, true, CompareOptions{})).Estimate, a.ByGroup, 1e-12)
		}
		if len(c.Buckets.NT) > 0 {
			b := ok[[]UpliftBucket](t)(UpliftBuckets(y, tr, c.S, len(c.Buckets.NT), CompareOptions{}))
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
	run := func() (UpliftCurves, Effect, Effect) {
		c := ok[UpliftCurves](t)(Uplift(y, tr, s))
		q, u, err := UpliftIntervals(context.Background(), y, tr, s, ids, UpliftBootOptions{Replicates: 50, Seed: 3})
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
	if _, _, err := UpliftIntervals(ctx, y, tr, s, nil, UpliftBootOptions{}); !errors.Is(err, why) {
		t.Errorf("cancel: %v", err)
	}
}

func TestUpliftHistogramMerge(t *testing.T) {
	o := UpliftHistogramOptions{Bins: 5, Replicates: 20, Seed: 9}
	testkit.Laws[*UpliftHistogram]{
		Empty: func() *UpliftHistogram { return ok[*UpliftHistogram](t)(NewUpliftHistogram(o)) },
		Add: func(t *rapid.T) func(*UpliftHistogram) {
			id, tr := rapid.Uint64Range(0, 50).Draw(t, "id"), rapid.Bool().Draw(t, "treated")
			y, s := rapid.Float64Range(-10, 10).Draw(t, "y"), rapid.Float64Range(-2, 2).Draw(t, "score")
			if rapid.Bool().Draw(t, "binary") {
				y = 1
			}
			return func(h *UpliftHistogram) {
				if err := h.Add(id, tr, y, s); err != nil {
					t.Fatal(err)
				}
			}
		},
		Merge: func(a, b *UpliftHistogram) error { return a.Merge(b) },
		Result: func(h *UpliftHistogram) []float64 {
			var out []float64
			for _, c := range h.cells {
				out = append(out, float64(c.nt), float64(c.nc), c.yt, c.yc)
			}
			return out
		},
		Tol: 1e-9,
		Other: func() *UpliftHistogram {
			return ok[*UpliftHistogram](t)(NewUpliftHistogram(UpliftHistogramOptions{Bins: 6}))
		},
	}.Check(t)
}

// Scores that are bin bounds give the exact curves, and the same replicates.
func TestUpliftHistogramExact(t *testing.T) {
	h := ok[*UpliftHistogram](t)(NewUpliftHistogram(UpliftHistogramOptions{Min: 0, Max: 16, Bins: 16, Replicates: 40, Seed: 7}))
	r := rng.New(6, 0, 0)
	var y, s []float64
	var tr []bool
	for i := range 300 {
		y, s, tr = append(y, float64(r.Intn(2))), append(s, float64(r.Intn(16))), append(tr, r.Bool(.4))
		if err := h.Add(uint64(i), tr[i], y[i], s[i]); err != nil {
			t.Fatal(err)
		}
	}
	a, b := ok[UpliftCurves](t)(Uplift(y, tr, s)), ok[UpliftCurves](t)(h.Result())
	if !reflect.DeepEqual(a, b) {
		t.Errorf("exact %+v\nbinned %+v", a.Qini, b.Qini)
	}
	q, u, err := UpliftIntervals(context.Background(), y, tr, s, nil, UpliftBootOptions{Replicates: 40, Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	hq, hu, err := h.Intervals(0)
	if err != nil || !reflect.DeepEqual(q, hq) || !reflect.DeepEqual(u, hu) {
		t.Errorf("%v\n%v\n%v\n%v\n%v", q, hq, u, hu, err)
	}
}

func TestPoissonWeight(t *testing.T) {
	var m Moments
	for i := range 200_000 {
		if err := m.Add(float64(poissonWeight(rng.Hash(1, uint64(i%1000)), i/1000))); err != nil {
			t.Fatal(err)
		}
	}
	testkit.Near(t, "mean", ok[float64](t)(m.Mean()), 1, .012)
	testkit.Near(t, "variance", ok[float64](t)(m.Variance()), 1, .02)
}

func TestUpliftBadInput(t *testing.T) {
	c := func(_ UpliftCurves, err error) error { return err }
	e := func(_ Effect, err error) error { return err }
	b := func(_ []UpliftBucket, err error) error { return err }
	h := func(_ *UpliftHistogram, err error) error { return err }
	i := func(_, _ Effect, err error) error { return err }
	y, tr, s := []float64{1, 0, 1, 0}, []bool{true, false, true, false}, []float64{1, 2, 3, 4}
	bg, nan := context.Background(), math.NaN()
	small := ok[*UpliftHistogram](t)(NewUpliftHistogram(UpliftHistogramOptions{}))
	for name, x := range map[string]struct{ got, want error }{
		"empty":            {c(Uplift(nil, nil, nil)), ErrEmpty},
		"lengths":          {c(Uplift(y, tr[:2], s)), ErrShape},
		"scores":           {c(Uplift(y, tr, s[:1])), ErrShape},
		"NaN outcome":      {c(Uplift([]float64{nan}, tr[:1], s[:1])), ErrNotFinite},
		"NaN score":        {c(Uplift(y[:1], tr[:1], []float64{nan})), ErrNotFinite},
		"one arm":          {c(Uplift(y, []bool{true, true, true, true}, s)), ErrUndefined},
		"overflow":         {c(Uplift([]float64{1e308, 0, 1e308, 0}, tr, s)), ErrOverflow},
		"share 0":          {e(UpliftAt(y, tr, s, 0, false, CompareOptions{})), ErrRange},
		"share NaN":        {e(UpliftAt(y, tr, s, nan, false, CompareOptions{})), ErrRange},
		"one in the share": {e(UpliftAt(y, tr, s, .25, false, CompareOptions{})), ErrUndefined},
		"parts 0":          {b(UpliftBuckets(y, tr, s, 0, CompareOptions{})), ErrRange},
		"parts 5":          {b(UpliftBuckets(y, tr, s, 5, CompareOptions{})), ErrRange},
		"level":            {b(UpliftBuckets(y, tr, s, 2, CompareOptions{Level: 7})), ErrOption},
		"few replicates":   {i(UpliftIntervals(bg, y, tr, s, nil, UpliftBootOptions{Replicates: 3})), ErrOption},
		"ids":              {i(UpliftIntervals(bg, y, tr, s, []uint64{1}, UpliftBootOptions{})), ErrShape},
		"bins":             {h(NewUpliftHistogram(UpliftHistogramOptions{Bins: -1})), ErrOption},
		"range":            {h(NewUpliftHistogram(UpliftHistogramOptions{Min: 1, Max: 1})), ErrOption},
		"memory":           {h(NewUpliftHistogram(UpliftHistogramOptions{Bins: 1 << 20, Replicates: 10_000})), ErrOption},
		"add NaN":          {small.Add(0, true, nan, 0), ErrNotFinite},
		"zero histogram":   {(&UpliftHistogram{}).Add(0, true, 1, 0), ErrOption},
		"no data":          {c(small.Result()), ErrUndefined},
		"no replicates":    {i(small.Intervals(0)), ErrUndefined},
	} {
		if !errors.Is(x.got, x.want) {
			t.Errorf("%s: %v, want %v", name, x.got, x.want)
		}
	}
	got := ok[[]UpliftBucket](t)(UpliftBuckets(y, tr, s, 4, CompareOptions{}))
	if got[0].Err == nil || !math.IsNaN(got[0].Effect.Estimate) {
		t.Errorf("a part with one arm: %+v", got[0])
	}
}
