package experiment

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
	"pgregory.net/rapid"
)

func testOptions() Options {
	return Options{Arms: []string{"none", "mail"}, Outcomes: 2, Metrics: []Metric{
		{Name: "spend", Outcome: 0},
		{Name: "buyers", Kind: Proportion, Outcome: 0, Scale: metrics.ScaleRelative},
		{Name: "spend per visit", Kind: Ratio, Outcome: 0, Per: 1},
		{Name: "spend, adjusted", Outcome: 0, CUPED: true},
		{Name: "per visit, adjusted", Kind: Ratio, Outcome: 0, Per: 1, CUPED: true},
		{Name: "capped", Outcome: 0, Cap: .9},
	}}
}

func TestExperimentMerge(t *testing.T) {
	testkit.Laws[*Run[int]]{
		Empty: func() *Run[int] { return ok[*Run[int]](t)(New[int](testOptions())) },
		Add: func(t *rapid.T) func(*Run[int]) {
			u, kind, arm := rapid.IntRange(0, 12).Draw(t, "user"), rapid.IntRange(0, 2).Draw(t, "kind"), rapid.IntRange(0, 1).Draw(t, "arm")
			x := float64(rapid.IntRange(0, 100).Draw(t, "x"))
			return func(e *Run[int]) {
				var err error
				switch kind {
				case 0:
					err = e.Assign(u, arm)
				case 1:
					err = e.Add(u, arm, x)
				default:
					err = e.AddPre(u, arm, x)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		},
		Merge: func(a, b *Run[int]) error { return a.Merge(b) },
		Result: func(e *Run[int]) []float64 {
			var out []float64
			for u := range 13 {
				i, ok := e.index[u]
				if !ok {
					out = append(out, -9)
					continue
				}
				out = append(out, float64(e.arm[i]), e.sums[2*i], e.sums[2*i+1], e.pre[2*i], e.pre[2*i+1])
				if e.known[i] {
					out = append(out, 1)
				}
			}
			r, err := e.Result()
			if err != nil {
				return out
			}
			out = append(out, float64(r.Crossovers), float64(r.Unassigned), float64(r.Users[0]), float64(r.Users[1]))
			for _, x := range r.Rows {
				out = append(out, x.Effect.Estimate, x.Effect.PValue, x.Adjusted, x.Cap, x.Theta)
			}
			return out
		},
		Tol: 1e-9,
		Other: func() *Run[int] {
			o := testOptions()
			o.Arms[1] = "letter"
			return ok[*Run[int]](t)(New[int](o))
		},
	}.Check(t)
}

// The assembler gives what the parts give.
func TestExperimentParts(t *testing.T) {
	e := ok[*Run[int]](t)(New[int](testOptions()))
	r := rng.New(4, 0, 0)
	var spend [2][]float64
	var cuped [2]CUPED
	var ratio [2]CUPEDRatio
	for u := range 300 {
		arm := r.Intn(2)
		pre, x, visits := float64(r.Intn(30)), float64(r.Intn(40)+5*arm)*float64(r.Intn(2)), float64(1+r.Intn(4))
		err := errors.Join(e.Add(u, 0, x/2), e.Add(u, 1, visits), e.Assign(u, arm), e.Add(u, 0, x/2), e.Assign(u, arm))
		if u%5 > 0 {
			err = errors.Join(err, e.AddPre(u, 0, pre), e.AddPre(u, 1, 2), cuped[arm].Add(x, pre), ratio[arm].Add(x, visits, pre, 2))
		} else {
			err = errors.Join(err, cuped[arm].AddMissing(x), ratio[arm].AddMissing(x, visits))
		}
		if err != nil {
			t.Fatal(err)
		}
		spend[arm] = append(spend[arm], x)
	}
	// A user in two arms and one in none leave no trace but their count.
	if err := errors.Join(e.Assign(900, 0), e.Assign(900, 1), e.Add(900, 0, 1e6), e.Add(901, 0, 1e6)); err != nil {
		t.Fatal(err)
	}
	got := ok[Result](t)(e.Result())
	if got.Crossovers != 1 || got.Unassigned != 1 || got.Users[0] != int64(len(spend[0])) || got.SRMErr != nil {
		t.Errorf("%+v", got)
	}
	c := ok[CUPEDEffect](t)(CompareCUPED(cuped[0], cuped[1], metrics.CompareOptions{}))
	q := ok[CUPEDEffect](t)(CompareCUPEDRatios(ratio[0], ratio[1], metrics.CompareOptions{}))
	w := ok[WinsorEffect](t)(CompareWinsorized(spend[0], spend[1], WinsorOptions{Quantile: .9}))
	for i, want := range map[int]metrics.Effect{0: w.Raw, 3: c.Effect, 4: q.Effect, 5: w.Effect} {
		row := got.Rows[i]
		if row.Err != nil {
			t.Fatal(row.Err)
		}
		relNear(t, row.Metric, row.Effect.Estimate, want.Estimate, 1e-9)
		relNear(t, row.Metric+" SE", row.Effect.SE, want.SE, 1e-9)
		relNear(t, row.Metric+" p", row.Effect.PValue, want.PValue, 1e-7)
	}
	if got.Rows[5].Cap != w.Cap || got.Rows[3].Theta != c.Theta && !testkit.Close(got.Rows[3].Theta, c.Theta, 0, 1e-9) {
		t.Errorf("%+v", got.Rows)
	}
	var text bytes.Buffer
	if err := got.Table().WriteText(&text); err != nil || bytes.Count(text.Bytes(), []byte("\n")) != 8 {
		t.Errorf("%v\n%s", err, text.String())
	}
	segs, het, err := e.ResultBy(func(u int) string { return []string{"even", "odd"}[u%2] }, -1)
	if err != nil || len(segs) != 2 || segs[0].Segment != "even" || len(het) != 6 {
		t.Fatalf("%v %v", segs, err)
	}
	if n := segs[0].Result.Users[0] + segs[1].Result.Users[0]; n != got.Users[0] {
		t.Errorf("segments hold %d control users, want %d", n, got.Users[0])
	}
	a, b := segs[0].Result.Rows[0].Effect, segs[1].Result.Rows[0].Effect
	z := (a.Estimate - b.Estimate) / math.Hypot(a.SE, b.SE)
	relNear(t, "interaction", het[0].PValue, infer.NormalTwoSided(z), 1e-9)
}

func TestExperimentAssemblerBadInput(t *testing.T) {
	n := func(_ *Run[int], err error) error { return err }
	with := func(f func(*Options)) error {
		o := testOptions()
		f(&o)
		return n(New[int](o))
	}
	e := ok[*Run[int]](t)(New[int](testOptions()))
	_, empty := e.Result()
	_, _, emptyBy := e.ResultBy(func(int) string { return "" }, 0)
	for name, x := range map[string]struct{ got, want error }{
		"one arm":       {with(func(o *Options) { o.Arms = o.Arms[:1] }), metrics.ErrOption},
		"weights":       {with(func(o *Options) { o.Weights = []float64{1} }), metrics.ErrOption},
		"outcomes":      {with(func(o *Options) { o.Outcomes = 0 }), metrics.ErrOption},
		"metrics":       {with(func(o *Options) { o.Metrics = nil }), metrics.ErrOption},
		"outcome":       {with(func(o *Options) { o.Metrics[0].Outcome = 2 }), metrics.ErrOption},
		"cap and CUPED": {with(func(o *Options) { o.Metrics[3].Cap = .9 }), metrics.ErrOption},
		"CUPED of rate": {with(func(o *Options) { o.Metrics[1].CUPED = true }), metrics.ErrOption},
		"arm":           {e.Assign(1, 2), metrics.ErrRange},
		"add outcome":   {e.Add(1, 2, 1), metrics.ErrRange},
		"add NaN":       {e.Add(1, 0, math.NaN()), metrics.ErrNotFinite},
		"pre NaN":       {e.AddPre(1, 0, math.Inf(1)), metrics.ErrNotFinite},
		"zero value":    {(&Run[int]{}).Assign(1, 0), metrics.ErrEmpty},
		"empty":         {empty, metrics.ErrEmpty},
		"empty by":      {emptyBy, metrics.ErrEmpty},
	} {
		if !errors.Is(x.got, x.want) {
			t.Errorf("%s: %v, want %v", name, x.got, x.want)
		}
	}
	if len(e.users) != 0 {
		t.Error("errors changed the state")
	}
	// One arm empty: rows tell why, the rest stands.
	if err := errors.Join(e.Assign(1, 0), e.Assign(2, 0), e.Add(1, 0, 5)); err != nil {
		t.Fatal(err)
	}
	r := ok[Result](t)(e.Result())
	for _, x := range r.Rows {
		if !errors.Is(x.Err, metrics.ErrUndefined) || !math.IsNaN(x.Adjusted) {
			t.Errorf("%+v", x)
		}
	}
}
