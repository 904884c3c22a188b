package metrics_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"slices"
	"strconv"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics/causal"
	"github.com/aislekit/aisle/metrics/experiment"
)

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
	data := testkit.ReadShared(t, "data", "hillstrom", "hillstrom.csv.gz")
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
	o := experiment.Options{Arms: arms, Outcomes: 3, Metrics: []experiment.Metric{
		{Name: "visit", Kind: experiment.Proportion, Outcome: visit},
		{Name: "conversion", Kind: experiment.Proportion, Outcome: conversion},
		{Name: "spend", Outcome: spend},
		{Name: "spend_cuped", Outcome: spend, CUPED: true},
		{Name: "spend_capped", Outcome: spend, Cap: .999},
		{Name: "spend_per_visit", Kind: experiment.Ratio, Outcome: spend, Per: visit},
	}}
	e := ok[*experiment.Run[int]](t)(experiment.New[int](o))
	half := ok[*experiment.Run[int]](t)(experiment.New[int](o))
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
	check := func(name string, got experiment.Result, want []row) {
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
	all := ok[experiment.Result](t)(e.Result())
	check("all", all, g.All)
	if !slices.Equal(all.Users, g.SRM.Counts) || all.SRM.Alarm {
		t.Errorf("users %v, %+v", all.Users, all.SRM)
	}
	relNear(t, "SRM", all.SRM.ChiSquared, g.SRM.Chi2, 1e-12)
	relNear(t, "SRM p", all.SRM.PValue, g.SRM.P, 1e-9)
	segs, het, err := e.ResultBy(func(u int) string { return map[bool]string{false: "old", true: "new"}[newbie[u]] }, 0)
	if err != nil {
		t.Fatal(err)
	}
	check("new", segs[0].Result, g.New)
	check("old", segs[1].Result, g.Old)
	// Row 4 is spend of the men's mail.
	relNear(t, "interaction", het[4].Q, g.Interaction.Q, 1e-7)
	relNear(t, "interaction p", het[4].PValue, g.Interaction.P, 1e-7)
	u := ok[causal.UpliftCurves](t)(causal.Uplift(y, treated, score))
	relNear(t, "Qini", u.Qini.Normalized, g.Uplift.Score, 1e-9)
}
