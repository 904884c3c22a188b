package metrics

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"pgregory.net/rapid"
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
	p := ok[*OffPolicy](t)(NewOffPolicy(OffPolicyOptions{Clip: num("clip"), Switch: num("switch")}))
	r, w, tg, q, v := list("reward"), list("propensity"), list("target"), list("predicted"), list("value")
	for i := range r {
		if err := p.AddModel(r[i], w[i], tg[i], q[i], v[i]); err != nil {
			t.Fatal(err)
		}
	}
	got := ok[OffPolicyResult](t)(p.Result(0))
	relNear(t, "ESS", got.ESS, num("ess"), 1e-12)
	for name, e := range map[string]OffPolicyEstimate{"ips": got.IPS, "snips": got.SNIPS, "clip": got.ClippedIPS, "dm": *got.DM, "dr": *got.DR, "switch": *got.SwitchDR} {
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
	var ips, dr, sn Moments
	covered := 0
	const runs = 2000
	for range runs {
		p := ok[*OffPolicy](t)(NewOffPolicy(OffPolicyOptions{}))
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
		e := ok[OffPolicyResult](t)(p.Result(0))
		if err := errors.Join(ips.Add(e.IPS.Value), dr.Add(e.DR.Value), sn.Add(e.SNIPS.Value)); err != nil {
			t.Fatal(err)
		}
		if e.SNIPS.Interval.Low <= value && value <= e.SNIPS.Interval.High {
			covered++
		}
	}
	for name, m := range map[string]Moments{"IPS": ips, "DR": dr, "SNIPS": sn} {
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

func TestOffPolicyMerge(t *testing.T) {
	testkit.Laws[*OffPolicy]{
		Empty: func() *OffPolicy { return ok[*OffPolicy](t)(NewOffPolicy(OffPolicyOptions{Clip: 2})) },
		Add: func(t *rapid.T) func(*OffPolicy) {
			r, p, w := rapid.Float64Range(-5, 5).Draw(t, "reward"), rapid.Float64Range(.05, 1).Draw(t, "p"), rapid.Float64Range(0, 1).Draw(t, "target")
			m := rapid.Bool().Draw(t, "model")
			return func(o *OffPolicy) {
				err := o.Add(r, p, w)
				if m {
					err = o.AddModel(r, p, w, r/2, r/3)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		},
		Merge: func(a, b *OffPolicy) error { return a.Merge(b) },
		Result: func(o *OffPolicy) []float64 {
			out := testkit.Numbers(o.w.N(), o.m.N(), o.clipped, o.beyond, o.max)
			return append(out, append(joint(&o.w), joint(&o.m)...)...)
		},
		Tol:   1e-7,
		Other: func() *OffPolicy { return ok[*OffPolicy](t)(NewOffPolicy(OffPolicyOptions{})) },
	}.Check(t)
}

func TestFairnessGolden(t *testing.T) {
	var g struct {
		Fairness struct {
			Group, Actual, Predicted []int
			ParityDifference         float64 `json:"parity_difference"`
			ParityRatio              float64 `json:"parity_ratio"`
			OddsDifference           float64 `json:"odds_difference"`
			OddsRatio                float64 `json:"odds_ratio"`
			Opportunity              float64
		}
	}
	testkit.Golden(t, "policy.json", &g)
	f := g.Fairness
	var acc Fairness[int]
	for i, x := range f.Group {
		acc.Add(x, f.Actual[i] == 1, f.Predicted[i] == 1)
	}
	acc.Add(9, true, true)
	for i := range 40 {
		acc.Add(10, false, i%3 == 0)
	}
	r := ok[FairnessResult[int]](t)(acc.Result(0))
	if !slices.Equal(r.Unknown, []int{9, 10}) || len(r.Groups) != 6 || r.ComparedForSelection != 5 || r.ComparedForEqualizedOdds != 4 {
		t.Errorf("small groups and groups without positives are listed: %+v", r)
	}
	delete(acc.m, 10)
	r = ok[FairnessResult[int]](t)(acc.Result(0))
	relNear(t, "parity difference", r.ParityDifference, f.ParityDifference, 1e-12)
	relNear(t, "parity ratio", r.ParityRatio, f.ParityRatio, 1e-12)
	relNear(t, "odds difference", r.EqualizedOddsDifference, f.OddsDifference, 1e-12)
	relNear(t, "odds ratio", r.EqualizedOddsRatio, f.OddsRatio, 1e-12)
	relNear(t, "opportunity", r.EqualOpportunity, f.Opportunity, 1e-12)
}

func TestFairnessMerge(t *testing.T) {
	testkit.Laws[*Fairness[string]]{
		Empty: func() *Fairness[string] { return &Fairness[string]{} },
		Add: func(t *rapid.T) func(*Fairness[string]) {
			g, y, p := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "group"), rapid.Bool().Draw(t, "y"), rapid.Bool().Draw(t, "p")
			return func(f *Fairness[string]) { f.Add(g, y, p) }
		},
		Merge: func(a, b *Fairness[string]) error { return a.Merge(b) },
		Result: func(f *Fairness[string]) []float64 {
			var out []float64
			for _, g := range []string{"a", "b", "c"} {
				c := f.m[g]
				out = append(out, float64(c.TP), float64(c.FP), float64(c.FN), float64(c.TN))
			}
			return out
		},
	}.Check(t)
}

func TestExposureMerge(t *testing.T) {
	groups := []int32{0, 0, 1, 1, 1, 2}
	testkit.Laws[*Exposure]{
		Empty: func() *Exposure { return ok[*Exposure](t)(NewExposure(groups)) },
		Add: func(t *rapid.T) func(*Exposure) {
			perm := rapid.Permutation([]int32{0, 1, 2, 3, 4, 5}).Draw(t, "items")
			i, j := rapid.IntRange(0, 3).Draw(t, "i"), rapid.IntRange(3, 5).Draw(t, "j")
			rel := perm[i:min(i+2, 6)]
			return func(e *Exposure) {
				if err := e.Add(perm[:i], rel, perm[j:]); err != nil {
					t.Fatal(err)
				}
			}
		},
		Merge: func(a, b *Exposure) error { return a.Merge(b) },
		Result: func(e *Exposure) []float64 {
			out := testkit.Numbers(e.lists)
			for _, c := range e.counts {
				out = append(out, float64(c.recommended), float64(c.candidates), float64(c.hits), float64(c.relevant), c.discounted)
			}
			return out
		},
		Tol:   1e-12,
		Other: func() *Exposure { return ok[*Exposure](t)(NewExposure([]int32{1, 0, 1, 1, 1, 2})) },
	}.Check(t)
}

func TestExposureByHand(t *testing.T) {
	e := ok[*Exposure](t)(NewExposure([]int32{0, 0, 1, 1}))
	if err := errors.Join(e.Add([]int32{0, 2}, []int32{2, 2, 1}, []int32{1}), e.Add([]int32{1, 0}, []int32{1, 3}, nil)); err != nil {
		t.Fatal(err)
	}
	r := ok[ExposureResult](t)(e.Result())
	// Group 0: 3 places of 1+2 candidates, hits 1 of 2 relevant. Group 1: 1 of 4, hits 1 of 2.
	testkit.Near(t, "RSP 0", r.Groups[0].RSP, 1, 1e-15)
	testkit.Near(t, "RSP 1", r.Groups[1].RSP, .25, 1e-15)
	testkit.Near(t, "PopRSP", r.PopRSP, .375/.625, 1e-15)
	testkit.Near(t, "PopREO", r.PopREO, 0, 1e-15)
	testkit.Near(t, "share", r.Groups[1].Share, (1/math.Log2(3))/(2+2/math.Log2(3)), 1e-15)
	for name, err := range map[string]struct{ got, want error }{
		"unknown item":        {e.Add([]int32{4}, nil, nil), ErrRange},
		"negative relevant":   {e.Add(nil, []int32{-1}, nil), ErrRange},
		"twice":               {e.Add([]int32{1, 1}, nil, nil), ErrDuplicate},
		"recommended a known": {e.Add([]int32{1}, nil, []int32{1}), ErrMismatch},
	} {
		if !errors.Is(err.got, err.want) {
			t.Errorf("%s: %v, want %v", name, err.got, err.want)
		}
	}
	again := ok[ExposureResult](t)(e.Result())
	if again.Lists != 2 || again.Groups[0] != r.Groups[0] {
		t.Error("errors changed the state")
	}
	if err := e.Add([]int32{1}, nil, nil); err != nil {
		t.Errorf("after errors: %v", err)
	}
}

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
	testkit.Golden(t, "policy.json", &g)
	p := g.Paired
	ctx := context.Background()
	o := PairedOptions{Replicates: 40_000, Seed: 2}
	e := ok[Effect](t)(ComparePaired(ctx, p.A, p.B, o))
	testkit.Near(t, "p", e.PValue, p.P, 4*math.Sqrt(p.P/float64(o.Replicates))+1e-4)
	relNear(t, "SE", e.SE, p.SE, .02)
	testkit.Near(t, "low", e.Low, p.CI[0], .05*p.SE)
	testkit.Near(t, "high", e.High, p.CI[1], .05*p.SE)
	small := ok[Effect](t)(ComparePaired(ctx, p.SmallA, p.SmallB, o))
	testkit.Near(t, "exact p", small.PValue, p.Exact, 4*math.Sqrt(p.Exact/float64(o.Replicates)))
	testkit.AtGOMAXPROCS(t, func() []byte {
		e := ok[Effect](t)(ComparePaired(ctx, p.A, p.B, PairedOptions{Replicates: 300}))
		return []byte(e.String())
	})
	same := slices.Clone(p.A)
	same[3] += 1e-3
	all := ok[[]Effect](t)(CompareModels(ctx, [][]float64{p.A, p.B, same}, PairedOptions{Replicates: 1000}))
	one := ok[Effect](t)(ComparePaired(ctx, p.A, p.B, PairedOptions{Replicates: 1000}))
	testkit.Near(t, "Holm", all[0].PValue, math.Min(1, 2*one.PValue), 1e-15)
	if all[1].PValue < .5 {
		t.Errorf("one user of 60 moved: %v", all[1])
	}
	// With the detectable difference the z test has the power asked for.
	d := ok[float64](t)(DetectableDifference(p.A, p.B, PowerOptions{Power: .9}))
	dm, _ := MomentsOf(func() []float64 { x, _, _ := differences("", p.A, p.B); return x }())
	v, _ := dm.Variance()
	testkit.Near(t, "power", infer.NormalCDF(d/math.Sqrt(v/60)-infer.NormalQuantile(.975)), .9, 1e-12)
	cancelled, cancel := context.WithCancelCause(ctx)
	why := errors.New("enough")
	cancel(why)
	if _, err := ComparePaired(cancelled, p.A, p.B, o); !errors.Is(err, why) {
		t.Errorf("cancel: %v", err)
	}
}

func TestPolicyBadInput(t *testing.T) {
	ctx, nan := context.Background(), math.NaN()
	e := func(_ Effect, err error) error { return err }
	r := func(_ OffPolicyResult, err error) error { return err }
	p := ok[*OffPolicy](t)(NewOffPolicy(OffPolicyOptions{}))
	never := ok[*OffPolicy](t)(NewOffPolicy(OffPolicyOptions{}))
	if err := errors.Join(never.Add(1, .5, 0), never.Add(1, .5, 0)); err != nil {
		t.Fatal(err)
	}
	_, optErr := NewOffPolicy(OffPolicyOptions{Clip: -1})
	_, fairEmpty := (&Fairness[int]{}).Result(0)
	_, fairMin := (&Fairness[int]{}).Result(-1)
	_, noItems := NewExposure(nil)
	_, badGroup := NewExposure([]int32{-1})
	_, noLists := ok[*Exposure](t)(NewExposure([]int32{0})).Result()
	_, few := CompareModels(ctx, [][]float64{{1}}, PairedOptions{})
	_, flat := DetectableDifference([]float64{1, 2}, []float64{2, 3}, PowerOptions{})
	for name, x := range map[string]struct{ got, want error }{
		"clip":           {optErr, ErrOption},
		"propensity 0":   {p.Add(1, 0, .5), ErrRange},
		"propensity 2":   {p.Add(1, 2, .5), ErrRange},
		"propensity NaN": {p.Add(1, nan, .5), ErrRange},
		"target -1":      {p.Add(1, .5, -1), ErrRange},
		"reward NaN":     {p.Add(nan, .5, .5), ErrNotFinite},
		"model NaN":      {p.AddModel(1, .5, .5, nan, 0), ErrNotFinite},
		"zero value":     {(&OffPolicy{}).Add(1, .5, .5), ErrOption},
		"no records":     {r(p.Result(0)), ErrUndefined},
		"level":          {r(p.Result(1)), ErrOption},
		"never taken":    {r(never.Result(0)), ErrUndefined},
		"fairness empty": {fairEmpty, ErrEmpty},
		"fairness min":   {fairMin, ErrOption},
		"no items":       {noItems, ErrEmpty},
		"bad group":      {badGroup, ErrRange},
		"no lists":       {noLists, ErrEmpty},
		"one model":      {few, ErrEmpty},
		"constant":       {flat, ErrUndefined},
		"lengths":        {e(ComparePaired(ctx, []float64{1, 2}, []float64{1}, PairedOptions{})), ErrShape},
		"NaN score":      {e(ComparePaired(ctx, []float64{1, nan}, []float64{1, 2}, PairedOptions{})), ErrNotFinite},
		"equal models":   {e(ComparePaired(ctx, []float64{1, 2}, []float64{1, 2}, PairedOptions{})), ErrUndefined},
		"replicates":     {e(ComparePaired(ctx, []float64{1, 2}, []float64{1, 3}, PairedOptions{Replicates: 5})), ErrOption},
	} {
		if !errors.Is(x.got, x.want) {
			t.Errorf("%s: %v, want %v", name, x.got, x.want)
		}
	}
	// Wrong propensities and a small effective sample are told.
	bad := ok[*OffPolicy](t)(NewOffPolicy(OffPolicyOptions{}))
	for range 50 {
		if err := bad.Add(1, .5, .2); err != nil {
			t.Fatal(err)
		}
	}
	got := ok[OffPolicyResult](t)(bad.Result(0))
	if !slices.Contains(got.Warnings, WarnWeights) || !slices.Contains(got.Warnings, WarnFewUnits) || got.DM != nil {
		t.Errorf("%+v", got)
	}
}
