package main

import (
	"context"
	"fmt"
	"testing"

	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/predict"
	"github.com/aislekit/aisle/profile/feature"
)

// TestPipelineInCrossValidation wires a feature.Pipeline into predict.CrossValidate by plain functions: it is fitted anew
// on the training rows of each fold. The category is another one in every row and tells nothing; target encoding fitted on all
// rows would find the target in it.
func TestPipelineInCrossValidation(t *testing.T) {
	const n = 600
	var rows [][]float64
	var cells [][]string
	var y []float64
	var bought []bool
	ids := make([]int, n)
	for i := range n {
		ids[i] = i
		rows = append(rows, []float64{float64(i % 10)})
		cells = append(cells, []string{fmt.Sprint("customer ", i)})
		yes := i*7919%101 < 5*(i%10)+25
		bought = append(bought, yes)
		y = append(y, map[bool]float64{true: 1}[yes])
	}
	ctx := context.Background()
	folds, err := predict.KFold(ids, 4, 1)
	if err != nil {
		t.Fatal(err)
	}
	type fitted struct {
		pipeline *feature.Pipeline
		model    *predict.Logistic
	}
	scores, err := predict.CrossValidate(ctx, folds, func(ctx context.Context, train []int) (fitted, error) {
		inner := make([]int, len(train))
		for k := range inner {
			inner[k] = k % 5
		}
		x, p, err := feature.FitPipeline(ctx, predict.Pick(rows, train), predict.Pick(cells, train), predict.Pick(y, train), feature.PipelineOptions{
			Encode: &feature.EncoderOptions{Method: feature.TargetMean}, Folds: inner, Scale: &feature.ScalerOptions{},
		})
		if err != nil {
			return fitted{}, err
		}
		m, err := predict.FitLogistic(ctx, x, predict.Pick(bought, train), predict.LogisticOptions{})
		return fitted{p, m}, err
	}, func(f fitted, test []int) (float64, error) {
		x, err := f.pipeline.Transform(nil, predict.Pick(rows, test), predict.Pick(cells, test))
		if err != nil {
			return 0, err
		}
		p, err := f.model.Prob(nil, x)
		if err != nil {
			return 0, err
		}
		return metrics.AUC(predict.Pick(bought, test), p, nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	mean := 0.
	for _, s := range scores {
		mean += s / float64(len(scores))
	}
	// The number alone, without a model, sets what can be reached.
	alone := make([]float64, n)
	for i := range alone {
		alone[i] = rows[i][0]
	}
	reach, err := metrics.AUC(bought, alone, nil)
	if err != nil {
		t.Fatal(err)
	}
	if mean < reach-.05 || mean > reach+.05 {
		t.Errorf("AUC %.3f over %v, the number alone has %.3f", mean, scores, reach)
	}
}
