package predict_test

import (
	"bytes"
	"context"
	"io"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// promised is a value that needs no error handled: what it makes is fixed.
func promised[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

func TestPromises(t *testing.T) {
	ctx := context.Background()
	rows, y := overlapping()
	amounts := make([]float64, len(rows))
	for i, r := range rows {
		amounts[i] = 2*r[0] - r[1] + float64(i%3)
	}
	sparse := func() *predict.SparseRows {
		s := &predict.SparseRows{Cols: 3}
		for i, r := range rows {
			if err := s.AddRow([]int32{0, int32(1 + i%2)}, []float64{r[0] + 1, r[1]}); err != nil {
				panic(err)
			}
		}
		return s
	}
	folds := func() []predict.Fold {
		return []predict.Fold{{Train: []int{0, 1, 2}, Test: []int{3}}, {Train: []int{3, 2}, Test: []int{0, 1}}}
	}
	fit := func(context.Context, []int) (float64, error) { return 1, nil }
	costs := predict.Costs{TruePositive: -3, FalsePositive: 1, TrueNegative: .5, FalseNegative: 2}
	options := predict.LogisticOptions{
		Weights: amountsOf(len(rows), 2), Offset: amountsOf(len(rows), 0), Names: []string{"visits", "pages"}, ClassWeights: [2]float64{1, 2},
		Progress: func(predict.Progress) {},
	}
	bayes := predict.NaiveBayesOptions{
		Classes: 2, Alpha: .5, Smoothing: 1e-6, Priors: []float64{.25, .75}, Counts: []int{1}, Binary: []int{2}, Weights: amountsOf(4, 1), ClassWeights: []float64{1, 2},
		Columns: append(predict.Numbers("age", "orders", "member"), predict.Column{Name: "city", Kind: predict.Categorical, Levels: []string{"a", "b"}}),
	}
	windows := predict.Windows{AsOf: at(30), Observation: 90 * day, Gap: day, Horizon: 5 * day, End: at(46)}
	knobs := []predict.Knob[predict.LinearOptions]{{Name: "L2", Low: .1, High: 10, Log: true, Set: func(o *predict.LinearOptions, v float64) { o.L2 = v }}}
	labeler := func() any {
		return fill(t, map[string][]float64{"ann": {0, 20.5, 45}, "bob": {10, 28}, "cy": {28, 33}})
	}
	model := func() *predict.Logistic {
		return promised(predict.FitLogistic(ctx, rows, y, predict.LogisticOptions{StdErrors: true}))
	}
	frame := func() []byte {
		var b bytes.Buffer
		_, err := predict.WriteModel(&b, model())
		return promised(b.Bytes(), err)
	}
	testkit.Promises{
		Funcs: map[string]any{
			"FitSVM": predict.FitSVM, "FitSVMSparse": predict.FitSVMSparse, "FitPoisson": predict.FitPoisson, "FitMultinomial": predict.FitMultinomial, "FitVennAbers": predict.FitVennAbers, "FitNeighbors": predict.FitNeighbors, "FitMLP": predict.FitMLP,
			"NewNaiveBayes": predict.NewNaiveBayes, "FitNaiveBayes": predict.FitNaiveBayes,
			"Average": predict.Average, "AverageLogits": predict.AverageLogits, "AverageRanks": predict.AverageRanks, "Bag": predict.Bag[float64], "FitStack": predict.FitStack,
			"ChooseRows": predict.ChooseRows[string], "ClassScores": predict.ClassScores, "CorrectClassSampling": predict.CorrectClassSampling, "CorrectPrior": predict.CorrectPrior,
			"EstimatePrior": predict.EstimatePrior, "FitBeta": predict.FitBeta, "FitConformal": predict.FitConformal, "FitCrossConformal": predict.FitCrossConformal,
			"IntervalScores": predict.IntervalScores, "Reliability": predict.Reliability,
			"BestThreshold": predict.BestThreshold, "CorrectSampling": predict.CorrectSampling, "CrossPredict": predict.CrossPredict[float64],
			"CrossValidate": predict.CrossValidate[float64], "FitIsotonic": predict.FitIsotonic, "FitIsotonicValues": predict.FitIsotonicValues,
			"FitLinear": predict.FitLinear, "FitLogistic": predict.FitLogistic, "FitLogisticSparse": predict.FitLogisticSparse,
			"FitSigmoid": predict.FitSigmoid, "GroupKFold": predict.GroupKFold[string], "GroupTimeFolds": predict.GroupTimeFolds[string],
			"Leaks": predict.Leaks[string], "LearningCurve": predict.LearningCurve[float64], "PurgedKFold": predict.PurgedKFold, "StratifiedGroupKFold": predict.StratifiedGroupKFold[string], "KFold": predict.KFold[string],
			"NewIsotonicBuckets": predict.NewIsotonicBuckets, "NewSchema": predict.NewSchema, "Numbers": predict.Numbers, "Pick": predict.Pick[float64], "ReadModel": predict.ReadModel,
			"Sigmoid": predict.Sigmoid, "StratifiedKFold": predict.StratifiedKFold[string], "TimeFolds": predict.TimeFolds,
			"PriceElasticity": predict.PriceElasticity[int], "Tune": predict.Tune[predict.LinearOptions], "WriteModel": predict.WriteModel,
		},
		Types: []func() any{
			func() any { return model() },
			func() any { return promised(predict.FitLinear(ctx, rows, amounts, predict.LinearOptions{})) },
			func() any { return filledGram(t) },
			func() any { return &predict.SigmoidCalibrator{A: -1.5, B: .25} },
			func() any {
				return promised(predict.FitIsotonic([]float64{1, 2, 3, 4}, []bool{false, true, false, true}, nil))
			},
			func() any {
				b := promised(predict.NewIsotonicBuckets(0, 1, 4))
				return promised(b, b.Add(.3, true))
			},
			labeler,
			func() any { return promised(predict.FitSVM(ctx, rows, y, predict.SVMOptions{})) },
			func() any {
				return promised(predict.FitPoisson(ctx, rows, countsOf(len(rows)), predict.PoissonOptions{}))
			},
			func() any { return promised(predict.FitConformal([]float64{.1, .5, .2}, []int{0, 1, 0})) },
			func() any {
				return promised(predict.FitCrossConformal([]predict.Fold{{Test: []int{0, 1}}, {Test: []int{2, 3}}}, []float64{1, 2, 3, 4}, []float64{1.5, 1, 5, 2}))
			},
			func() any { return &predict.BetaCalibrator{A: 1, B: 2, C: .5} },
			func() any {
				return promised(predict.FitMultinomial(ctx, rows, classesOf(len(rows)), predict.MultinomialOptions{}))
			},
			func() any { return filledBayes() },
			func() any {
				return promised(predict.FitMLP(ctx, rows, amountsOf(len(rows), 0), predict.MLPOptions{Classes: 3, Epochs: 2, Hidden: []int{2}, Validation: .3}))
			},
			func() any {
				return promised(predict.FitNeighbors(ctx, rows, amountsOf(len(rows), 0), predict.NeighborsOptions{Classes: 3}))
			},
			func() any { return promised(filledBayes().Result()) },
			func() any {
				return promised(predict.FitVennAbers([]float64{1, 2, 3, 4}, []bool{false, true, false, true}, nil))
			},
			func() any {
				return &predict.Nested[predict.LinearOptions]{
					Knobs: knobs, Search: predict.TuneOptions{Trials: 2, GridPoints: 2},
					Evaluate: func(_ context.Context, o predict.LinearOptions, _ []int, _ float64) ([]float64, error) {
						return []float64{-o.L2}, nil
					},
					Score: func(_ context.Context, o predict.LinearOptions, _ predict.Fold) (float64, error) { return -o.L2, nil },
				}
			},
			func() any { return &predict.Leak{Kind: "score", AUC: 1} },
			func() any { return sparse() },
			func() any { return promised(predict.NewSchema(shopColumns())) },
			func() any { return promised(promised(predict.NewSchema(shopColumns())).Bind(shopColumns())) },
			func() any { return promised(model().Bind(predict.Numbers("x1", "x0"))) },
			func() any { c := costs; return &c },
			func() any { return prices() },
			func() any { e := promised(prices().Elasticity("0")); return &e },
		},
		Zero: []string{"BetaCalibrator", "Gram", "Labeler", "SigmoidCalibrator", "SparseRows", "Costs", "PriceEstimate"},
		Args: map[string]func() []any{
			"BestThreshold": func() []any {
				return []any{[]float64{.1, .7, .4}, []bool{false, true, true}, []float64{1, 2, 1}, costs}
			},
			"CorrectSampling": func() []any { return []any{[]float64{.5}, []float64{.1, 1}, .25} },
			"CrossPredict": func() []any {
				return []any{ctx, 4, folds(), fit, func(dst []float64, m float64, test []int) ([]float64, error) {
					return append(dst, make([]float64, len(test))...), nil
				}}
			},
			"CrossValidate": func() []any {
				return []any{ctx, folds(), fit, func(m float64, test []int) (float64, error) { return m, nil }}
			},
			"FitIsotonic":       func() []any { return []any{[]float64{.1, .7, .4}, []bool{false, true, true}, []float64{1, 2, 1}} },
			"FitIsotonicValues": func() []any { return []any{[]float64{.1, .7, .4}, []float64{2, 3, 5}, []float64{1, 2, 1}} },
			"FitLinear": func() []any {
				return []any{ctx, rows, amounts, predict.LinearOptions{Weights: options.Weights, Offset: options.Offset, Names: options.Names, L2: .5, Huber: 1.5, Progress: options.Progress}}
			},
			"FitLogistic":        func() []any { return []any{ctx, rows, y, options} },
			"FitLogisticSparse":  func() []any { return []any{ctx, sparse(), y, predict.LogisticOptions{L1: .1}} },
			"FitSigmoid":         func() []any { return []any{[]float64{.1, .7, .4}, []bool{false, true, true}, []float64{1, 2, 1}} },
			"GroupKFold":         func() []any { return []any{[]string{"a", "b", "a", "c"}, 2, uint64(1)} },
			"KFold":              func() []any { return []any{[]string{"a", "b", "d", "c"}, 2, uint64(1)} },
			"NewIsotonicBuckets": func() []any { return []any{0., 1., 10} },
			"GroupTimeFolds": func() []any {
				return []any{[]string{"a", "b", "a", "b", "a", "b"}, []time.Time{at(0), at(0), at(10), at(10), at(20), at(20)}, 2, day, uint64(1)}
			},
			"Leaks": func() []any {
				return []any{ctx, predict.LeakCheck[string]{
					Names: options.Names, Rows: rows[:4], Y: []bool{true, false, true, false}, Scores: []float64{1, 2, 3, 4}, Threshold: .9, Folds: folds(), Groups: []string{"a", "b", "a", "c"},
					At: []time.Time{at(1), at(2), at(3), at(4)}, Known: [][]time.Time{{at(1), at(1)}, {at(1), at(1)}, {at(1), at(4)}, {at(1), at(1)}}, Rebuilt: rows[1:5],
				}}
			},
			"LearningCurve": func() []any {
				return []any{ctx, folds(), []float64{.5, 1}, uint64(1), fit, func(m float64, test []int) (float64, error) { return m, nil }}
			},
			"Nested.Run":  func() []any { return []any{ctx, folds()} },
			"PurgedKFold": func() []any { return []any{[]time.Time{at(0), at(10), at(20), at(30), at(40), at(50)}, 2, day, day} },
			"StratifiedGroupKFold": func() []any {
				return []any{[]string{"a", "b", "d", "c", "a"}, []bool{true, false, true, false, true}, 2, uint64(1)}
			},
			"NewSchema": func() []any { return []any{shopColumns()} },
			"Numbers":   func() []any { return []any{[]string{"a", "b"}} },
			"Pick":      func() []any { return []any{[]float64{1, 2, 3, 4}, []int{0, 2}} },
			"ReadModel": func() []any { return []any{io.Reader(bytes.NewReader(frame()))} },
			"StratifiedKFold": func() []any {
				return []any{[]string{"a", "b", "d", "c"}, []bool{true, false, true, false}, 2, uint64(1)}
			},
			"TimeFolds": func() []any { return []any{[]time.Time{at(0), at(10), at(20), at(30), at(40), at(50)}, 2, day} },
			"Tune": func() []any {
				judge := func(_ context.Context, o predict.LinearOptions, _ float64) ([]float64, error) {
					return []float64{-o.L2, 1 - o.L2}, nil
				}
				return []any{ctx, predict.LinearOptions{}, knobs, judge, predict.TuneOptions{Trials: 4, GridPoints: 2}}
			},
			"WriteModel": func() []any { return []any{io.Writer(io.Discard), predict.Persistent(model())} },

			"Binding.Row":   func() []any { return []any{[]float64{9}, []float64{1, 2, 3, 4}} },
			"Bound.Predict": func() []any { return []any{[]float64{1, 2}} },
			"Bound.Score":   func() []any { return []any{[]float64{1, 2}} },
			"Linear.Bind":   func() []any { return []any{predict.Numbers("x1", "x0")} },
			"Logistic.Bind": func() []any { return []any{predict.Numbers("x1", "x0")} },
			"Schema.Bind":   func() []any { return []any{shopColumns()} },
			"ChooseRows": func() []any {
				return []any{[]string{"a", "b", "c"}, []float64{.1, .7, .4}, predict.Capacity{Rows: 2, Budget: 9, Cost: []float64{1, 2, 3}, Value: []float64{2, 2, 3}, UseLeast: true, Least: .1}}
			},
			"ClassScores":          func() []any { return []any{[]float64{9}, [][]float64{{.5, .5}, {.1, .9}}, []int{0, 1}} },
			"CorrectClassSampling": func() []any { return []any{[]float64{.5}, []float64{.1, 1}, [2]float64{.25, .5}} },
			"CorrectPrior":         func() []any { return []any{[]float64{.5}, []float64{.1, 1}, .25, .5} },
			"EstimatePrior":        func() []any { return []any{[]float64{.1, .7}, .25} },
			"FitBeta": func() []any {
				return []any{[]float64{.1, .7, .4, .8}, []bool{false, true, true, false}, []float64{1, 2, 1, 1}}
			},
			"FitConformal": func() []any { return []any{[]float64{.1, .7, .4}, []int{0, 1, 1}} },
			"FitCrossConformal": func() []any {
				return []any{[]predict.Fold{{Train: []int{2}, Test: []int{0, 1}}, {Train: []int{1}, Test: []int{2, 3}}}, []float64{1, 2, 3, 4}, []float64{1.5, 1, 5, 2}}
			},
			"IntervalScores":          func() []any { return []any{[]float64{9}, []float64{1, 2}, []float64{3, 3}, []float64{2, 5}} },
			"Reliability":             func() []any { return []any{[]float64{.1, .7, .4, .8}, []bool{false, true, true, false}, 2, .9} },
			"BetaCalibrator.Prob":     func() []any { return []any{[]float64{9}, []float64{.5, .75}} },
			"Conformal.Interval":      func() []any { return []any{1., 2., .6, 0} },
			"Conformal.Quantile":      func() []any { return []any{.6, 0} },
			"Conformal.PValue":        func() []any { return []any{.5, 0, uint64(1), uint64(2)} },
			"Conformal.Set":           func() []any { return []any{[]int{9}, []float64{.5, .75}, .6, 0} },
			"Conformal.SetByClass":    func() []any { return []any{[]int{9}, []float64{.5, .75}, .6} },
			"CrossConformal.Interval": func() []any { return []any{[]float64{1, 2}, .7} },
			"Average":                 func() []any { return []any{[]float64{9}, [][]float64{{1, 2}, {3, 4}}, []float64{1, 2}} },
			"AverageLogits":           func() []any { return []any{[]float64{9}, [][]float64{{.1, .2}, {.3, .4}}, []float64{1, 2}} },
			"AverageRanks":            func() []any { return []any{[]float64{9}, [][]float64{{1, 2}, {3, 4}}, []float64{1, 2}} },
			"Bag":                     func() []any { return []any{ctx, 4, predict.BagOptions{Models: 2, Share: .5}, fit} },
			"FitStack":                func() []any { return []any{[][]float64{{1, 2}, {3, 4}}, []float64{1, 3}} },
			"FitSVM": func() []any {
				return []any{ctx, rows, y, predict.SVMOptions{C: 2, Bias: 2, Weights: options.Weights, Offset: options.Offset, ClassWeights: options.ClassWeights, Names: options.Names, Progress: options.Progress}}
			},
			"FitSVMSparse": func() []any {
				return []any{ctx, compress(rows), y, predict.SVMOptions{C: 2, Bias: 2, Weights: options.Weights, Offset: options.Offset, ClassWeights: options.ClassWeights, Names: options.Names, Progress: options.Progress}}
			},
			"FitPoisson": func() []any {
				return []any{ctx, rows, countsOf(len(rows)), predict.PoissonOptions{L2: 1, Weights: options.Weights, Offset: options.Offset, Names: options.Names, Progress: options.Progress}}
			},
			"FitMultinomial": func() []any {
				return []any{ctx, rows, classesOf(len(rows)), predict.MultinomialOptions{
					Classes: 3, L1: .1, L2: .5, Weights: options.Weights, Offset: amountsOf(3*len(rows), 0), Names: options.Names, ClassWeights: []float64{1, 2, 1}, Progress: options.Progress,
				}}
			},
			"FitMLP": func() []any {
				return []any{ctx, rows, amountsOf(len(rows), 0), predict.MLPOptions{
					Columns: predict.Numbers("a", "b"), Classes: 3, Hidden: []int{2, 2}, Embedding: 2, Batch: 4, Epochs: 2, Validation: .3, Patience: 1, Weights: options.Weights, ClassWeights: []float64{1, 2, 1}, Offset: amountsOf(3*len(rows), 0),
					Progress: options.Progress,
				}}
			},
			"MLP.Bind":    func() []any { return []any{predict.Numbers("x1", "x0")} },
			"MLP.Predict": func() []any { return []any{[]float64{9}, [][]float64{{1, 2}, {3, 4}}} },
			"MLP.Prob":    func() []any { return []any{[]float64{9}, [][]float64{{1, 2}, {3, 4}}} },
			"FitNeighbors": func() []any {
				return []any{ctx, rows, amountsOf(len(rows), 0), predict.NeighborsOptions{K: 2, Classes: 3, Weights: options.Weights, Names: options.Names}}
			},
			"Neighbors.Bind":    func() []any { return []any{predict.Numbers("x1", "x0")} },
			"Neighbors.Predict": func() []any { return []any{[]float64{9}, [][]float64{{1, 2}, {3, 4}}} },
			"Neighbors.Prob":    func() []any { return []any{[]float64{9}, [][]float64{{1, 2}, {3, 4}}} },
			"FitVennAbers":      func() []any { return []any{[]float64{.1, .7, .4}, []bool{false, true, true}, []float64{1, 2, 1}} },
			"NewNaiveBayes":     func() []any { return []any{bayes} },
			"FitNaiveBayes": func() []any {
				return []any{ctx, [][]float64{{1, 2, 0, 1}, {2, 3, 1, 0}, {4, 1, 1, 1}, {7, 5, 1, 0}}, []int{0, 1, 1, 0}, bayes}
			},
			"NaiveBayes.Add":           func() []any { return []any{[]float64{1, 2, 0, 1}, 1, 2.} },
			"BayesModel.Bind":          func() []any { return []any{bayes.Columns} },
			"BayesModel.Predict":       func() []any { return []any{[]int{9}, [][]float64{{1, 2, 0, 1}}} },
			"BayesModel.Prob":          func() []any { return []any{[]float64{9}, [][]float64{{1, 2, 0, 1}}} },
			"BayesModel.Score":         func() []any { return []any{[]float64{9}, [][]float64{{1, 2, 0, 1}}} },
			"Multinomial.Bind":         func() []any { return []any{predict.Numbers("x1", "x0")} },
			"Multinomial.Predict":      func() []any { return []any{[]int{9}, [][]float64{{1, 2}, {3, 4}}} },
			"Multinomial.Prob":         func() []any { return []any{[]float64{9}, [][]float64{{1, 2}, {3, 4}}} },
			"Multinomial.Score":        func() []any { return []any{[]float64{9}, [][]float64{{1, 2}, {3, 4}}} },
			"Multinomial.Coefficients": func() []any { return []any{1} },
			"Multinomial.Intercept":    func() []any { return []any{1} },
			"Bound.Append":             func() []any { return []any{[]float64{9}, []float64{1, 2}} },
			"SVM.Bind":                 func() []any { return []any{predict.Numbers("x1", "x0")} },
			"SVM.Score":                func() []any { return []any{[]float64{9}, [][]float64{{1, 2}, {3, 4}}} },
			"SVM.ScoreSparse":          func() []any { return []any{[]float64{9}, compress([][]float64{{1, 2}, {3, 4}})} },
			"Poisson.Bind":             func() []any { return []any{predict.Numbers("x1", "x0")} },
			"Poisson.Predict":          func() []any { return []any{[]float64{9}, [][]float64{{1, 2}, {3, 4}}} },
			"Gram.Add":                 func() []any { return []any{[]float64{1, 2}, 3., 1.} },
			"Gram.Fit":                 func() []any { return []any{predict.LinearOptions{L2: 1, Names: []string{"a", "b"}}} },
			"IsotonicBuckets.Add":      func() []any { return []any{.5, true} },
			"Labeler.Churn":            func() []any { return []any{windows} },
			"Labeler.Features":         func() []any { return []any{windows} },
			"Labeler.InactivityPeriod": func() []any { return []any{at(50)} },
			"Labeler.Purchase":         func() []any { return []any{windows} },
			"Linear.Predict":           func() []any { return []any{[]float64{9}, [][]float64{{1, 2}, {3, 4}}} },
			"Logistic.Prob":            func() []any { return []any{[]float64{9}, [][]float64{{1, 2}, {3, 4}}} },
			"Logistic.ProbSparse": func() []any {
				return []any{[]float64{9}, &predict.SparseRows{Cols: 2, Ptr: []int64{0, 1}, Index: []int32{1}, Value: []float64{2}}}
			},
			"Logistic.Reasons": func() []any { return []any{[]float64{1, 2}, 1} },
			"Logistic.Score":   func() []any { return []any{[]float64{9}, [][]float64{{1, 2}, {3, 4}}} },
			"Logistic.ScoreSparse": func() []any {
				return []any{[]float64{9}, &predict.SparseRows{Cols: 2, Ptr: []int64{0, 1}, Index: []int32{1}, Value: []float64{2}}}
			},
			"PriceElasticity": func() []any {
				rows, _ := market{products: 3, weeks: 6, elasticity: -2, noise: .1}.rows(1)
				return []any{ctx, rows, predict.PriceOptions[int]{Cross: [][2]int{{1, 2}}, NoInstrument: true, Counts: true, Level: .9}}
			},
			"PriceModel.Cross":      func() []any { return []any{0, 1} },
			"PriceModel.Elasticity": func() []any { return []any{"0"} },
			"PriceModel.Product":    func() []any { return []any{2} },
			"PriceEstimate.Price":   func() []any { return []any{5., .2, 6., 20.} },
			"SparseRows.AddRow":     func() []any { return []any{[]int32{0, 2}, []float64{1, 2}} },
		},
		NaN: map[string]string{
			"Poisson.Coefficients":     "standard errors that were not asked for",
			"Poisson.Intercept":        "as Coefficients",
			"SVM.Coefficients":         "there are no standard errors",
			"Multinomial.Coefficients": "there are no standard errors",
			"Multinomial.Intercept":    "as Coefficients",
			"VennAbers.At":             "NaN of NaN",
			"VennAbers.Interval":       "NaN of NaN",
			"VennAbers.Prob":           "NaN of NaN",
			"Bound.Append":             "what is not finite comes back",
			"SVM.Intercept":            "as Coefficients",
			"Poisson.Predict":          "+Inf beyond float64",
			"BetaCalibrator.Prob":      "NaN of NaN, and of a nil calibrator",
			"ChooseRows":               "the threshold where nobody is chosen",
			"Conformal.Interval":       "infinite where no promise can be made",
			"Conformal.Quantile":       "as Interval",
			"CrossConformal.Interval":  "infinite where the rows are too few for the level",
			"CrossPredict":             "a row in no test set",
			"Nested.Run":               "settings and scores of single folds as Tune has them",
			"LearningCurve":            "standard errors of a single fold",
			"Tune":                     "base as it was given, and scores of trials that failed",
			"Sigmoid":                  "NaN of NaN",
			"Binding.Row":              "as it stands in the row, and for codes that are none",
			"Bound.Predict":            "of a row that is not finite or of another width, and of a nil Bound",
			"Bound.Score":              "as Predict",
			"Isotonic.At":              "NaN of NaN, and without knots",
			"Isotonic.Prob":            "as At",
			"SigmoidCalibrator.Prob":   "NaN of NaN, and of a nil calibrator",
			"Linear.RSquared":          "where y does not vary, and before a fit",
			"PriceElasticity":          "fields of rows that are left out",
			"PriceModel.Cross":         "the first stage, without an instrument",
			"PriceModel.Elasticity":    "as Cross",
			"PriceModel.Product":       "as Cross",
			"PriceEstimate.Price":      "as Cross, and a bound that is infinite",
		},
		Settles: map[string]string{
			"Pick": "panics like a slice, as its comment says",
			"Tune": "gives back what was found so far",
		},
	}.Check(t)
}

func amountsOf(n int, from float64) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = from + float64(i%3)
	}
	return out
}

func countsOf(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = float64(i * i % 4)
	}
	return out
}

func classesOf(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i % 3
	}
	return out
}
