package lifetime_test

import (
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/lifetime"
)

func TestMain(m *testing.M) { testkit.Main(m) }

type weeks = lifetime.Weeks

func TestPromises(t *testing.T) {
	one := customer{Repeats: 2, AgeAtLast: 30, Age: 39, Value: 20}
	options := lifetime.FitOptions{MaxIter: 100, Workers: 1, Progress: func(lifetime.Progress) {}}
	fit := func() []any { return []any{bg, few(), options} }
	stored := get(get(lifetime.FitBGNBD(bg, few(), lifetime.FitOptions{})).MarshalBinary())
	model := func() *lifetime.Model[weeks] {
		m := new(lifetime.Model[weeks])
		must(m.UnmarshalBinary(stored))
		return m
	}
	known := func() *lifetime.Model[weeks] { return get(lifetime.NewBGNBD[weeks](.25, 4, .8, 2.5)) }
	money := func() *lifetime.GammaGamma { return get(lifetime.NewGammaGamma(6.25, 3.74, 15.44)) }
	clv := lifetime.CLVOptions[weeks]{Steps: 3, Step: 4, Discount: .01, Margin: .5, Replicates: 20, Level: .8, Workers: 1}
	_, coxRows, coxLasted, coxEnded := remissions()
	remission := func() *lifetime.Survival[weeks] { s, _, _, _ := remissions(); return s }
	// So small that two hundred samples of it take no time, whatever the machine.
	tiny, little := new(lifetime.Summary[weeks]), new(lifetime.Spend)
	for i := range 40 {
		must(tiny.Add([]customer{{Age: 30}, {Repeats: 1, AgeAtLast: 5, Age: 30}, {Repeats: 3, AgeAtLast: 25, Age: 30}, {Repeats: 6, AgeAtLast: 12, Age: 30}}[i%4]))
		must(little.Add(1+i%2, float64(20+i%3*9)))
	}
	testkit.Promises{
		Funcs: map[string]any{
			"Convert":       lifetime.Convert[lifetime.Days, weeks],
			"FitBGNBD":      lifetime.FitBGNBD[weeks],
			"FitMBGNBD":     lifetime.FitMBGNBD[weeks],
			"NewBGNBD":      lifetime.NewBGNBD[weeks],
			"NewMBGNBD":     lifetime.NewMBGNBD[weeks],
			"FitParetoNBD":  lifetime.FitParetoNBD[weeks],
			"FitBGBB":       lifetime.FitBGBB[weeks],
			"NewBGBB":       lifetime.NewBGBB[weeks],
			"NewParetoNBD":  lifetime.NewParetoNBD[weeks],
			"FitGammaGamma": lifetime.FitGammaGamma,
			"NewGammaGamma": lifetime.NewGammaGamma,
			"FitCox":        lifetime.FitCox[weeks],
			"FitHazard":     lifetime.FitHazard,
			"FitCovariates": lifetime.FitCovariates[weeks],
			"NewOrders":     lifetime.NewOrders[string, weeks],
			"CLV":           lifetime.CLV[weeks],
			"CLVIntervals":  lifetime.CLVIntervals[weeks],
			"WinBack":       lifetime.WinBack[weeks],
			"FitSBG":        lifetime.FitSBG,
			"NewSBG":        lifetime.NewSBG,
		},
		Types: []func() any{
			func() any { return few() },
			func() any { return model() },
			func() any { return get(model().Round(bg, few())) },
			func() any { return amounts() },
			func() any { return ordered() },
			func() any { return remission() },
			func() any { c := get(remission().Result(0)); return &c },
			func() any { return get(lifetime.FitCox(bg, coxRows, coxLasted, coxEnded, lifetime.CoxOptions{})) },
			func() any { return &won()[0] },
			func() any { return months() },
			func() any { return attributedFew() },
			func() any { return get(lifetime.NewGammaGamma(6.25, 3.74, 15.44)) },
			func() any { return contracts() },
			func() any { return get(lifetime.NewSBG(.7, 1.2)) },
		},
		Zero: []string{"Summary", "Round", "Spend", "Tenures", "Orders", "WinBackRow", "Survival", "SurvivalCurve"},
		Args: map[string]func() []any{
			"FitCox": func() []any {
				return []any{bg, coxRows, coxLasted, coxEnded, lifetime.CoxOptions{Names: []string{"6-MP"}, MaxIter: 50, Progress: func(lifetime.Progress) {}}}
			},
			"FitHazard": func() []any {
				rows, lasted, ended := monthly()
				return []any{bg, rows, lasted, ended, lifetime.HazardOptions{Names: []string{"yearly"}, CLogLog: true, MaxIter: 20, Progress: func(lifetime.Progress) {}}}
			},
			"FitCovariates": func() []any {
				cs, rows := withColumn()
				return []any{bg, known(), cs, rows, lifetime.CovariateOptions{Names: []string{"app"}, MaxIter: 3, Workers: 1, Progress: func(lifetime.Progress) {}}}
			},
			"Hazard.At":              func() []any { return []any{[]float64{1}, 2} },
			"Hazard.Alive":           func() []any { return []any{[]float64{1}, 2} },
			"Covariates.For":         func() []any { return []any{[]float64{1}} },
			"Survival.Add":           func() []any { return []any{3., true} },
			"Survival.Result":        func() []any { return []any{.9} },
			"SurvivalCurve.Alive":    func() []any { return []any{7.} },
			"SurvivalCurve.Quantile": func() []any { return []any{.5} },
			"Cox.HazardRatio":        func() []any { return []any{[]float64{1}} },
			"Cox.Alive":              func() []any { return []any{[]float64{1}, 7.} },
			"Cox.Baseline":           func() []any { return []any{7.} },
			"NewOrders":              func() []any { return []any{7} },
			"CLV":                    func() []any { return []any{known(), money(), one, clv} },
			"CLVIntervals": func() []any {
				return []any{bg, lifetime.CLVBase[weeks]{Model: known(), Amounts: money(), Orders: tiny, Spend: little}, []customer{one}, clv}
			},
			"WinBack": func() []any {
				return []any{bg, known(), money(), []customer{one}, lifetime.WinBackOptions[weeks]{
					Horizon: 52, Margin: .3, Cost: 1, Response: .1, Capacity: 5, AsOf: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC), Uplift: func(int) float64 { return .1 },
				}}
			},
			"Orders.Add":               func() []any { return []any{"ann", time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC), int64(500)} },
			"Orders.Forget":            func() []any { return []any{"ann"} },
			"Orders.Customers":         func() []any { return []any{time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)} },
			"Convert":                  func() []any { return []any{2.} },
			"FitBGNBD":                 fit,
			"FitMBGNBD":                fit,
			"NewBGNBD":                 func() []any { return []any{.25, 4., .8, 2.5} },
			"NewMBGNBD":                func() []any { return []any{.5, 6., .9, 1.6} },
			"FitParetoNBD":             fit,
			"FitBGBB":                  func() []any { return []any{bg, yearly(), options} },
			"NewBGBB":                  func() []any { return []any{1.2, .75, .66, 2.8} },
			"NewParetoNBD":             func() []any { return []any{.5, 10., .6, 11.} },
			"FitGammaGamma":            func() []any { return []any{bg, amounts(), options} },
			"NewGammaGamma":            func() []any { return []any{6., 4., 15.} },
			"FitSBG":                   func() []any { return []any{bg, contracts(), options} },
			"NewSBG":                   func() []any { return []any{.7, 1.2} },
			"Spend.Add":                func() []any { return []any{3, 22.5} },
			"GammaGamma.Round":         func() []any { return []any{bg, amounts()} },
			"GammaGamma.LogLikelihood": func() []any { return []any{3, 22.5} },
			"GammaGamma.Expected":      func() []any { return []any{3, 22.5} },
			"Tenures.AddTenure":        func() []any { return []any{3, true} },
			"Tenures.AddCohort":        func() []any { return []any{[]int64{100, 80, 70}} },
			"SBG.Round":                func() []any { return []any{bg, contracts()} },
			"SBG.Survival":             func() []any { return []any{4} },
			"SBG.Retention":            func() []any { return []any{4} },
			"SBG.DERL":                 func() []any { return []any{4, .1} },
			"Summary.Add":              func() []any { return []any{one} },
			"Model.Round":              func() []any { return []any{bg, few()} },
			"Model.LogLikelihood":      func() []any { return []any{one} },
			"Model.Alive":              func() []any { return []any{one} },
			"Model.Expected":           func() []any { return []any{one, 39.} },
			"Model.ExpectedNew":        func() []any { return []any{39.} },
			"Model.Prob":               func() []any { return []any{2, 39.} },
			"Model.ProbGiven":          func() []any { return []any{one, 2, 39.} },
			"Model.NextOrder":          func() []any { return []any{one, .5} },
		},
		NaN: map[string]string{
			"Survival.Result":   "bounds where nobody is left",
			"Hazard.Report":     "standard errors of columns that part the cases",
			"Covariates.Report": "standard errors of parameters that run off",
			"Cox.Report":        "standard errors of columns that part the cases",
			"Cox.Concordance":   "no pair of which it is known who ended first",
			"Convert":           "what is not finite stays so",
			"GammaGamma.Report": "standard errors of laws that were given",
			"SBG.Report":        "standard errors of laws that were given",
			"Model.Report":      "standard errors of parameters that run off, and of laws that were given",
		},
	}.Check(t)
}
