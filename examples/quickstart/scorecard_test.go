package main

import (
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/metrics/decision"
	"github.com/aislekit/aisle/supply/scorecard"
)

// A tree of one level without scales is what metrics/decision computes, to 1e-12: both stand on the
// same arithmetic, and no KPI tree may change it on the way.
func TestScorecardEqualsDecision(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n, d := rapid.IntRange(2, 6).Draw(r, "alternatives"), rapid.IntRange(2, 5).Draw(r, "KPIs")
		x := make([][]float64, n)
		for i := range x {
			x[i] = rapid.SliceOfN(rapid.Float64Range(.5, 100), d, d).Draw(r, "row")
		}
		lower := rapid.SliceOfN(rapid.Bool(), d, d).Draw(r, "lower")
		upper := rapid.SliceOfN(rapid.SampledFrom([]float64{1, 2, 3, 5, 1. / 2, 1. / 4}), d*d, d*d).Draw(r, "judgements")
		judgements := make([][]float64, d)
		for i := range judgements {
			judgements[i] = make([]float64, d)
			for j := range d {
				switch judgements[i][j] = 1; {
				case i < j:
					judgements[i][j] = upper[i*d+j]
				case i > j:
					judgements[i][j] = 1 / upper[j*d+i]
				}
			}
		}
		root := scorecard.KPI{Name: "all", Judgements: judgements}
		for j := range d {
			k := scorecard.KPI{Name: fmt.Sprint(j)}
			if lower[j] {
				k.Direction = scorecard.LowerIsBetter
			}
			root.Children = append(root.Children, k)
		}
		ahp, err := decision.AnalyticHierarchy(judgements)
		if err != nil {
			r.Fatal(err)
		}
		entropy := func() ([]float64, error) { return decision.EntropyWeights(x, lower, decision.EntropyMinMax) }
		shares := func() ([]float64, error) { return decision.EntropyWeights(x, lower, decision.EntropyShare) }
		critic := func() ([]float64, error) { return decision.CRITIC(x, lower) }
		for objective, weigh := range map[scorecard.Objective]func() ([]float64, error){
			scorecard.NoObjective: nil, scorecard.ObjectiveEntropy: entropy, scorecard.ObjectiveShares: shares, scorecard.ObjectiveCRITIC: critic,
		} {
			for _, mix := range []scorecard.Mix{scorecard.Additive, scorecard.Multiplicative} {
				weights, err := ahp.Weights, error(nil)
				if weigh != nil {
					if weights, err = weigh(); err == nil {
						if mix == scorecard.Additive {
							weights, err = decision.CombineWeights(ahp.Weights, weights, .3)
						} else {
							weights, err = decision.MultiplyWeights(ahp.Weights, weights)
						}
					}
				}
				for method, score := range map[scorecard.Method]func() ([]float64, error){
					scorecard.TOPSIS:         func() ([]float64, error) { return decision.TOPSIS(x, weights, lower) },
					scorecard.GreyRelational: func() ([]float64, error) { return decision.GreyRelation(x, weights, lower, 0) },
				} {
					var want []float64
					wantErr := err
					if err == nil {
						want, wantErr = score()
					}
					card, cardErr := scorecard.New(root, scorecard.Options{Method: method, Objective: objective, Mix: mix, Share: .3})
					if cardErr != nil {
						r.Fatal(cardErr)
					}
					e, gotErr := card.Evaluate(x)
					if (gotErr == nil) != (wantErr == nil) || errors.Is(gotErr, scorecard.ErrUndefined) != errors.Is(wantErr, decision.ErrUndefined) {
						r.Fatalf("method %v, objective %v: %v, decision %v", method, objective, gotErr, wantErr)
					}
					if gotErr != nil {
						continue
					}
					for j := range weights {
						if diff := e.Weights[j] - weights[j]; diff > 1e-12 || diff < -1e-12 {
							r.Fatalf("objective %v, mix %v: weights %v, decision %v", objective, mix, e.Weights, weights)
						}
					}
					for i := range want {
						if diff := e.Scores[i] - want[i]; diff > 1e-12 || diff < -1e-12 {
							r.Fatalf("method %v, objective %v: scores %v, decision %v", method, objective, e.Scores, want)
						}
					}
				}
			}
		}
		// Fuzzy evaluation of given memberships.
		rows := make([][]float64, d)
		for j := range rows {
			a := rapid.Float64Range(0, 1).Draw(r, "membership")
			rows[j] = []float64{a, (1 - a) / 2, 1 - a - (1-a)/2}
		}
		for op := range decision.FuzzyBoundedSum + 1 {
			want, err := decision.FuzzyEvaluate(rows, ahp.Weights, op)
			if err != nil {
				r.Fatal(err)
			}
			card, err := scorecard.New(root, scorecard.Options{Operator: scorecard.Operator(op)})
			if err != nil {
				r.Fatal(err)
			}
			got, err := card.Comprehensive(rows)
			if err != nil {
				r.Fatal(err)
			}
			for g := range want {
				if diff := got[g] - want[g]; diff > 1e-12 || diff < -1e-12 {
					r.Fatalf("operator %v: %v, decision %v", op, got, want)
				}
			}
		}
	})
}
