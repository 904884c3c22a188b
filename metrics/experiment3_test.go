package metrics

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"testing"

	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"pgregory.net/rapid"
)

func TestAssigner(t *testing.T) {
	weights := []float64{50, 0, 30, 20}
	a := ok[*Assigner](t)(NewAssigner("spring mail", weights))
	other := ok[*Assigner](t)(NewAssigner("autumn mail", weights))
	const n = 200_000
	var counts, numbered [4]int64
	var both [4][4]int64
	for i := range n {
		id := "user-" + strconv.Itoa(i)
		x, y := a.Arm(id), other.Arm(id)
		if x != a.Arm(id) {
			t.Fatal("not deterministic")
		}
		counts[x]++
		both[x][y]++
		numbered[a.ArmID(uint64(i))]++
	}
	for name, c := range map[string][4]int64{"names": counts, "numbers": numbered} {
		r := ok[SRM](t)(SampleRatio(c[:], weights))
		if r.PValue < 1e-4 || r.Alarm || c[1] != 0 {
			t.Errorf("%s: %v, p %v", name, c, r.PValue)
		}
	}
	// Experiments of other salts are independent: χ² of the table.
	chi := 0.0
	for i := range both {
		for j := range both {
			if e := n * weights[i] * weights[j] / 1e4; e > 0 {
				d := float64(both[i][j]) - e
				chi += d * d / e
			}
		}
	}
	if p := infer.ChiSquaredUpper(chi, 8); p < 1e-4 {
		t.Errorf("two experiments depend on one another: p %v", p)
	}
	// Pinned: users must never move.
	var got []int
	for i := range 12 {
		got = append(got, a.Arm(fmt.Sprint("u", i)))
	}
	if want := []int{3, 2, 2, 3, 0, 2, 0, 0, 2, 0, 2, 0}; !slices.Equal(got, want) {
		t.Errorf("arms %v, want %v", got, want)
	}
	for name, x := range map[string]struct {
		salt    string
		weights []float64
		want    error
	}{
		"no salt":  {"", weights, ErrEmpty},
		"no arms":  {"x", nil, ErrEmpty},
		"negative": {"x", []float64{1, -1}, ErrRange},
		"NaN":      {"x", []float64{1, math.NaN()}, ErrNotFinite},
	} {
		if _, err := NewAssigner(x.salt, x.weights); !errors.Is(err, x.want) {
			t.Errorf("%s: %v, want %v", name, err, x.want)
		}
	}
}

func testOptions() ExperimentOptions {
	return ExperimentOptions{Arms: []string{"none", "mail"}, Outcomes: 2, Metrics: []ExperimentMetric{
		{Name: "spend", Outcome: 0},
		{Name: "buyers", Kind: MetricConversion, Outcome: 0, Scale: ScaleRelative},
		{Name: "spend per visit", Kind: MetricRatio, Outcome: 0, Per: 1},
		{Name: "spend, adjusted", Outcome: 0, CUPED: true},
		{Name: "per visit, adjusted", Kind: MetricRatio, Outcome: 0, Per: 1, CUPED: true},
		{Name: "capped", Outcome: 0, Cap: .9},
	}}
}

func TestExperimentMerge(t *testing.T) {
	testkit.Laws[*Experiment[int]]{
		Empty: func() *Experiment[int] { return ok[*Experiment[int]](t)(NewExperiment[int](testOptions())) },
		Add: func(t *rapid.T) func(*Experiment[int]) {
			u, kind, arm := rapid.IntRange(0, 12).Draw(t, "user"), rapid.IntRange(0, 2).Draw(t, "kind"), rapid.IntRange(0, 1).Draw(t, "arm")
			x := float64(rapid.IntRange(0, 100).Draw(t, "x"))
			return func(e *Experiment[int]) {
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
		Merge: func(a, b *Experiment[int]) error { return a.Merge(b) },
		Result: func(e *Experiment[int]) []float64 {
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
		Other: func() *Experiment[int] {
			o := testOptions()
			o.Arms[1] = "letter"
			return ok[*Experiment[int]](t)(NewExperiment[int](o))
		},
	}.Check(t)
}

// The assembler gives what the parts give.
func TestExperimentParts(t *testing.T) {
	e := ok[*Experiment[int]](t)(NewExperiment[int](testOptions()))
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
	got := ok[ExperimentResult](t)(e.Result())
	if got.Crossovers != 1 || got.Unassigned != 1 || got.Users[0] != int64(len(spend[0])) || got.SRMErr != nil {
		t.Errorf("%+v", got)
	}
	c := ok[CUPEDEffect](t)(CompareCUPED(cuped[0], cuped[1], CompareOptions{}))
	q := ok[CUPEDEffect](t)(CompareCUPEDRatios(ratio[0], ratio[1], CompareOptions{}))
	w := ok[WinsorEffect](t)(CompareWinsorized(spend[0], spend[1], WinsorOptions{Quantile: .9}))
	for i, want := range map[int]Effect{0: w.Raw, 3: c.Effect, 4: q.Effect, 5: w.Effect} {
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
	segs, het, err := e.ResultBy(func(u int) string { return []string{"even", "odd"}[u%2] })
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
	n := func(_ *Experiment[int], err error) error { return err }
	with := func(f func(*ExperimentOptions)) error {
		o := testOptions()
		f(&o)
		return n(NewExperiment[int](o))
	}
	e := ok[*Experiment[int]](t)(NewExperiment[int](testOptions()))
	_, empty := e.Result()
	_, _, emptyBy := e.ResultBy(func(int) string { return "" })
	for name, x := range map[string]struct{ got, want error }{
		"one arm":       {with(func(o *ExperimentOptions) { o.Arms = o.Arms[:1] }), ErrOption},
		"weights":       {with(func(o *ExperimentOptions) { o.Weights = []float64{1} }), ErrOption},
		"outcomes":      {with(func(o *ExperimentOptions) { o.Outcomes = 0 }), ErrOption},
		"metrics":       {with(func(o *ExperimentOptions) { o.Metrics = nil }), ErrOption},
		"outcome":       {with(func(o *ExperimentOptions) { o.Metrics[0].Outcome = 2 }), ErrOption},
		"cap and CUPED": {with(func(o *ExperimentOptions) { o.Metrics[3].Cap = .9 }), ErrOption},
		"CUPED of rate": {with(func(o *ExperimentOptions) { o.Metrics[1].CUPED = true }), ErrOption},
		"arm":           {e.Assign(1, 2), ErrRange},
		"add outcome":   {e.Add(1, 2, 1), ErrRange},
		"add NaN":       {e.Add(1, 0, math.NaN()), ErrNotFinite},
		"pre NaN":       {e.AddPre(1, 0, math.Inf(1)), ErrNotFinite},
		"zero value":    {(&Experiment[int]{}).Assign(1, 0), ErrRange},
		"empty":         {empty, ErrEmpty},
		"empty by":      {emptyBy, ErrEmpty},
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
	r := ok[ExperimentResult](t)(e.Result())
	for _, x := range r.Rows {
		if !errors.Is(x.Err, ErrUndefined) || !math.IsNaN(x.Adjusted) {
			t.Errorf("%+v", x)
		}
	}
}

// The e-mail experiment of Kevin Hillstrom, from the raw file to corrected
// answers, against statsmodels.
func TestHillstrom(t *testing.T) {
	type row struct {
		Metric, Arm                  string
		Estimate, P, Low, High, Holm float64
	}
	var g struct {
		All, Old, New []row
		SRM           struct {
			Counts  []int64
			Chi2, P float64
		}
		Interaction struct{ Q, P float64 }
		Uplift      struct{ Score float64 }
	}
	data := testkit.ReadShared(t, "hillstrom", "hillstrom.csv.gz")
	testkit.Golden(t, "hillstrom.json", &g)
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	col := map[string]int{}
	for i, h := range rows[0] {
		col[h] = i
	}
	arms := []string{"No E-Mail", "Mens E-Mail", "Womens E-Mail"}
	const visit, conversion, spend = 0, 1, 2
	o := ExperimentOptions{Arms: arms, Outcomes: 3, Metrics: []ExperimentMetric{
		{Name: "visit", Kind: MetricConversion, Outcome: visit},
		{Name: "conversion", Kind: MetricConversion, Outcome: conversion},
		{Name: "spend", Outcome: spend},
		{Name: "spend_cuped", Outcome: spend, CUPED: true},
		{Name: "spend_capped", Outcome: spend, Cap: .999},
		{Name: "spend_per_visit", Kind: MetricRatio, Outcome: spend, Per: visit},
	}}
	e := ok[*Experiment[int]](t)(NewExperiment[int](o))
	half := ok[*Experiment[int]](t)(NewExperiment[int](o))
	newbie := make([]bool, len(rows))
	var y, score []float64
	var treated []bool
	for u, r := range rows[1:] {
		num := func(name string) float64 {
			x, err := strconv.ParseFloat(r[col[name]], 64)
			if err != nil {
				t.Fatal(err)
			}
			return x
		}
		x := e
		if u%2 == 0 {
			x = half
		}
		arm := slices.Index(arms, r[col["segment"]])
		newbie[u] = num("newbie") == 1
		if err := errors.Join(x.Assign(u, arm), x.Add(u, visit, num("visit")), x.Add(u, conversion, num("conversion")),
			x.Add(u, spend, num("spend")), x.AddPre(u, spend, num("history"))); err != nil {
			t.Fatal(err)
		}
		if arm != 1 {
			y, score, treated = append(y, num("visit")), append(score, num("history")), append(treated, arm == 2)
		}
	}
	if err := e.Merge(half); err != nil {
		t.Fatal(err)
	}
	check := func(name string, got ExperimentResult, want []row) {
		for i, w := range want {
			x := got.Rows[i]
			if x.Metric != w.Metric || x.Arm != w.Arm || x.Err != nil {
				t.Fatalf("%s: row %d: %+v, want %+v", name, i, x, w)
			}
			at := name + " " + w.Metric + " " + w.Arm
			relNear(t, at, x.Effect.Estimate, w.Estimate, 1e-9)
			relNear(t, at+" low", x.Effect.Low, w.Low, 1e-7)
			relNear(t, at+" high", x.Effect.High, w.High, 1e-7)
			relNear(t, at+" p", x.Effect.PValue, w.P, 1e-7)
			relNear(t, at+" Holm", x.Adjusted, w.Holm, 1e-7)
		}
	}
	all := ok[ExperimentResult](t)(e.Result())
	check("all", all, g.All)
	if !slices.Equal(all.Users, g.SRM.Counts) || all.SRM.Alarm {
		t.Errorf("users %v, %+v", all.Users, all.SRM)
	}
	relNear(t, "SRM", all.SRM.ChiSquared, g.SRM.Chi2, 1e-12)
	relNear(t, "SRM p", all.SRM.PValue, g.SRM.P, 1e-9)
	segs, het, err := e.ResultBy(func(u int) string { return map[bool]string{false: "old", true: "new"}[newbie[u]] })
	if err != nil {
		t.Fatal(err)
	}
	check("new", segs[0].Result, g.New)
	check("old", segs[1].Result, g.Old)
	// Row 4 is spend of the men's mail.
	relNear(t, "interaction", het[4].Q, g.Interaction.Q, 1e-7)
	relNear(t, "interaction p", het[4].PValue, g.Interaction.P, 1e-7)
	u := ok[UpliftCurves](t)(Uplift(y, treated, score))
	relNear(t, "Qini", u.Qini.Normalized, g.Uplift.Score, 1e-9)
}
