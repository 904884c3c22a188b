package predict_test

import (
	"context"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict"
)

// TestPriceElasticityPeers: the regressions of statsmodels and linearmodels on dummies, to 1e-8.
func TestPriceElasticityPeers(t *testing.T) {
	var want struct {
		Rows                                           [][]float64
		OLS, Panel, IV, Poisson, Cross, One, NoPeriods []float64
		First                                          float64
	}
	testkit.Golden(t, "price.json", &want)
	rows := func(cost, counts bool) (out []predict.PriceRow[int]) {
		for _, r := range want.Rows {
			x := predict.PriceRow[int]{Product: int(r[0]), Period: int(r[1]), Price: r[2], Quantity: r[4]}
			if cost {
				x.Cost = r[3]
			}
			if counts {
				x.Quantity = r[5]
			}
			out = append(out, x)
		}
		return out
	}
	type options = predict.PriceOptions[int]
	near := func(name string, got predict.PriceEstimate, want []float64) {
		t.Helper()
		for i, v := range []float64{got.Value, got.StdErr, got.Low, got.High}[:min(4, len(want))] {
			testkit.Near(t, name+": "+[]string{"value", "standard error", "low", "high"}[i], v, want[i], 1e-8)
		}
	}
	pooled := func(rows []predict.PriceRow[int], opt options) predict.PriceEstimate {
		return promised(promised(predict.PriceElasticity(context.Background(), rows, opt)).Elasticity(""))
	}
	ols := pooled(rows(false, false), options{})
	near("OLS", ols, want.OLS)
	near("no instrument", pooled(rows(true, false), options{NoInstrument: true}), want.OLS)
	near("PanelOLS", ols, want.Panel[:1])
	iv := pooled(rows(true, false), options{})
	near("IV2SLS", iv, want.IV)
	testkit.Near(t, "first stage", iv.FirstStage, want.First, 1e-6*want.First)
	near("Poisson", pooled(rows(false, true), options{Counts: true}), want.Poisson)
	near("no periods", pooled(rows(false, false), options{NoPeriods: true}), want.NoPeriods)
	m := promised(predict.PriceElasticity(context.Background(), rows(false, false), options{Cross: [][2]int{{3, 4}}}))
	near("with a pair", promised(m.Elasticity("")), want.Cross)
	near("the pair", promised(m.Cross(3, 4)), want.Cross[4:])
	var one []predict.PriceRow[int]
	for _, r := range rows(false, false) {
		if r.Product == 7 {
			one = append(one, r)
		}
	}
	e := pooled(one, options{})
	near("one product", e, want.One)
	if !math.IsNaN(e.FirstStage) || e.Products != 1 {
		t.Errorf("%+v", e)
	}
}
