package predict_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"

	"github.com/aislekit/aisle/predict"
	"github.com/aislekit/aisle/predict/modeltest"
	"github.com/aislekit/aisle/predict/online"
	"github.com/aislekit/aisle/predict/tree"
)

// state is what models of the library have.
type state[M any] interface {
	*M
	MarshalBinary() ([]byte, error)
	UnmarshalBinary(data []byte) error
}

// conforming completes a case by a fit of the library: predict is a method of the model.
func conforming[M any, P state[M]](c modeltest.Case, fit func(ctx context.Context, d modeltest.Data) (P, error), answer func(P) func([]float64, [][]float64) ([]float64, error)) modeltest.Case {
	fitted := func(m P, err error) (modeltest.Fitted, error) {
		if err != nil {
			return modeltest.Fitted{}, err
		}
		return modeltest.Fitted{Predict: answer(m), State: m}, nil
	}
	c.Fit = func(ctx context.Context, d modeltest.Data) (modeltest.Fitted, error) { return fitted(fit(ctx, d)) }
	c.Decode = func(data []byte) (modeltest.Fitted, error) {
		m := P(new(M))
		return fitted(m, m.UnmarshalBinary(data))
	}
	return c
}

// classified fits on labels of true and false.
func classified[M any](fit func(ctx context.Context, d modeltest.Data, y []bool) (M, error)) func(ctx context.Context, d modeltest.Data) (M, error) {
	return func(ctx context.Context, d modeltest.Data) (M, error) {
		y := make([]bool, len(d.Y))
		for i, v := range d.Y {
			if v != 0 && v != 1 {
				var none M
				return none, fmt.Errorf("y[%d] is %g: %w", i, v, predict.ErrRange)
			}
			y[i] = v == 1
		}
		return fit(ctx, d, y)
	}
}

// labelled fits on labels 0, 1, ….
func labelled[M any](fit func(ctx context.Context, d modeltest.Data, y []int) (M, error)) func(ctx context.Context, d modeltest.Data) (M, error) {
	return func(ctx context.Context, d modeltest.Data) (M, error) {
		y := make([]int, len(d.Y))
		for i, v := range d.Y {
			y[i] = int(v)
			if float64(y[i]) != v {
				var none M
				return none, fmt.Errorf("y[%d] is %g: %w", i, v, predict.ErrRange)
			}
		}
		return fit(ctx, d, y)
	}
}

// streaming is a learner of predict/online.
type streaming[M any] interface {
	state[M]
	online.Learner
}

// streamed completes a case by a learner that takes one row after the other, each number under the name of its column, and
// column 4, which holds codes, each code under its own.
func streamed[M any, P streaming[M]](c modeltest.Case, learner func(*online.Space) (P, error)) modeltest.Case {
	c.Ordered, c.Categorical = true, true
	c.Skip = map[string]string{"bad rows": "features have names, rows no width"}
	space, err := online.NewSpace(online.SpaceOptions{Bits: 10, Namespaces: []string{"number", "code"}})
	if err != nil {
		panic(err)
	}
	take := func(r *online.Row, row []float64) {
		r.Reset()
		for j, x := range row {
			if j == 4 && x == x {
				r.Add("code", strconv.FormatFloat(x, 'g', -1, 64), 1)
			} else {
				r.Add("number", strconv.Itoa(j), x)
			}
		}
	}
	return conforming(c, func(ctx context.Context, d modeltest.Data) (P, error) {
		m, err := learner(space)
		if err != nil {
			return nil, err
		}
		if len(d.Y) != len(d.Rows) {
			return nil, predict.ErrShape
		}
		var rows online.Rows
		r := space.Row()
		for i, row := range d.Rows {
			if len(row) != len(d.Rows[0]) {
				return nil, predict.ErrShape
			}
			take(r, row)
			if err := rows.Add(r, d.Y[i], 1); err != nil {
				return nil, err
			}
		}
		_, err = online.Fit(ctx, m, &rows, nil, online.FitOptions{Epochs: 5, InOrder: true})
		return m, err
	}, func(m P) func([]float64, [][]float64) ([]float64, error) {
		s := m.Snapshot()
		return func(dst []float64, rows [][]float64) ([]float64, error) {
			r, out := s.Space().Row(), dst
			for _, row := range rows {
				take(r, row)
				p, err := s.Predict(r)
				if err != nil {
					return dst, err
				}
				out = append(out, p)
			}
			return out, nil
		}
	})
}

// conformance are the learners of the package and of its families, a line each.
func conformance() map[string]modeltest.Case {
	logistic := func(opt predict.LogisticOptions) func(ctx context.Context, d modeltest.Data) (*predict.Logistic, error) {
		return classified(func(ctx context.Context, d modeltest.Data, y []bool) (*predict.Logistic, error) {
			opt.Weights = d.Weights
			return predict.FitLogistic(ctx, d.Rows, y, opt)
		})
	}
	linear := func(opt predict.LinearOptions) func(ctx context.Context, d modeltest.Data) (*predict.Linear, error) {
		return func(ctx context.Context, d modeltest.Data) (*predict.Linear, error) {
			opt.Weights = d.Weights
			return predict.FitLinear(ctx, d.Rows, d.Y, opt)
		}
	}
	boost := func(opt tree.BoostOptions) func(ctx context.Context, d modeltest.Data) (*tree.Ensemble, error) {
		return func(ctx context.Context, d modeltest.Data) (*tree.Ensemble, error) {
			o := opt
			o.Iterations, o.Leaves, o.MinRows = 20, 8, 5
			o.Weights, o.Categorical, o.Groups = d.Weights, d.Categorical, d.Groups
			return tree.FitBoost(ctx, d.Rows, d.Y, o)
		}
	}
	cart := func(opt tree.CARTOptions) func(ctx context.Context, d modeltest.Data) (*tree.Ensemble, error) {
		return func(ctx context.Context, d modeltest.Data) (*tree.Ensemble, error) {
			o := opt
			o.MaxDepth, o.MinCategory, o.Weights, o.Categorical = 4, -1, d.Weights, d.Categorical // rows of a category are counted, not weighed
			return tree.FitCART(ctx, d.Rows, d.Y, o)
		}
	}
	forest := func(opt tree.ForestOptions) func(ctx context.Context, d modeltest.Data) (*tree.Ensemble, error) {
		return func(ctx context.Context, d modeltest.Data) (*tree.Ensemble, error) {
			o := opt
			o.Trees, o.Weights, o.Categorical = 10, d.Weights, d.Categorical
			r, err := tree.FitForest(ctx, d.Rows, d.Y, o)
			if err != nil {
				return nil, err
			}
			return r.Ensemble, nil
		}
	}
	prob := func(m *predict.Logistic) func([]float64, [][]float64) ([]float64, error) { return m.Prob }
	line := func(m *predict.Linear) func([]float64, [][]float64) ([]float64, error) { return m.Predict }
	trees := func(m *tree.Ensemble) func([]float64, [][]float64) ([]float64, error) { return m.Predict }
	reads := modeltest.Case{Missing: true, Categorical: true}
	with := func(change func(c *modeltest.Case)) modeltest.Case {
		c := reads
		change(&c)
		return c
	}
	classes := func(n int, weighted float64) modeltest.Case {
		return with(func(c *modeltest.Case) { c.Classes, c.Weighted = n, weighted })
	}
	several := func(c modeltest.Case) modeltest.Case { c.Classes = 3; return c }
	bayes := func(opt predict.NaiveBayesOptions) func(ctx context.Context, d modeltest.Data) (*predict.BayesModel, error) {
		return labelled(func(ctx context.Context, d modeltest.Data, y []int) (*predict.BayesModel, error) {
			o := opt
			o.Weights = d.Weights
			return predict.FitNaiveBayes(ctx, d.Rows, y, o)
		})
	}
	return map[string]modeltest.Case{
		"multinomial": conforming(several(modeltest.Case{Weighted: 1e-6}), labelled(func(ctx context.Context, d modeltest.Data, y []int) (*predict.Multinomial, error) {
			return predict.FitMultinomial(ctx, d.Rows, y, predict.MultinomialOptions{Weights: d.Weights})
		}), func(m *predict.Multinomial) func([]float64, [][]float64) ([]float64, error) { return m.Prob }),
		"multinomial, L1": conforming(several(modeltest.Case{Weighted: 1e-4}), labelled(func(ctx context.Context, d modeltest.Data, y []int) (*predict.Multinomial, error) {
			return predict.FitMultinomial(ctx, d.Rows, y, predict.MultinomialOptions{Weights: d.Weights, L1: 1, L2: .1})
		}), func(m *predict.Multinomial) func([]float64, [][]float64) ([]float64, error) { return m.Prob }),
		"MLP": conforming(several(modeltest.Case{Ordered: true}), func(ctx context.Context, d modeltest.Data) (*predict.MLP, error) {
			return predict.FitMLP(ctx, d.Rows, d.Y, predict.MLPOptions{Classes: 3, Epochs: 15, Hidden: []int{8}, Weights: d.Weights})
		}, func(m *predict.MLP) func([]float64, [][]float64) ([]float64, error) { return m.Prob }),
		"neighbours": conforming(several(modeltest.Case{Weighted: 1e-9}), func(ctx context.Context, d modeltest.Data) (*predict.Neighbors, error) {
			return predict.FitNeighbors(ctx, d.Rows, d.Y, predict.NeighborsOptions{K: 15, Classes: 3, Weights: d.Weights})
		}, func(m *predict.Neighbors) func([]float64, [][]float64) ([]float64, error) { return m.Prob }),
		"neighbours, amounts": conforming(modeltest.Case{Weighted: 1e-9}, func(ctx context.Context, d modeltest.Data) (*predict.Neighbors, error) {
			return predict.FitNeighbors(ctx, d.Rows, d.Y, predict.NeighborsOptions{K: 15, Weights: d.Weights, Distance: true, Standardize: true})
		}, func(m *predict.Neighbors) func([]float64, [][]float64) ([]float64, error) { return m.Predict }),
		"naive Bayes":  conforming(several(modeltest.Case{Weighted: 1e-6}), bayes(predict.NaiveBayesOptions{}), func(m *predict.BayesModel) func([]float64, [][]float64) ([]float64, error) { return m.Prob }),
		"Huber":        conforming(modeltest.Case{Weighted: 1e-6}, linear(predict.LinearOptions{Huber: 1.35}), line),
		"logistic":     conforming(modeltest.Case{Classes: 2, Weighted: 1e-6}, logistic(predict.LogisticOptions{}), prob),
		"logistic, L1": conforming(modeltest.Case{Classes: 2, Weighted: 1e-4}, logistic(predict.LogisticOptions{L1: 1}), prob),
		"linear":       conforming(modeltest.Case{Weighted: 1e-9}, linear(predict.LinearOptions{}), line),
		"lasso":        conforming(modeltest.Case{Weighted: 1e-6}, linear(predict.LinearOptions{L1: 1}), line),
		"SVM": conforming(modeltest.Case{Classes: 2, Scores: true, Weighted: 1e-6}, classified(func(ctx context.Context, d modeltest.Data, y []bool) (*predict.SVM, error) {
			return predict.FitSVM(ctx, d.Rows, y, predict.SVMOptions{Weights: d.Weights})
		}), func(m *predict.SVM) func([]float64, [][]float64) ([]float64, error) { return m.Score }),
		"poisson": conforming(modeltest.Case{Counts: true, Weighted: 1e-6}, func(ctx context.Context, d modeltest.Data) (*predict.Poisson, error) {
			return predict.FitPoisson(ctx, d.Rows, d.Y, predict.PoissonOptions{Weights: d.Weights})
		}, func(m *predict.Poisson) func([]float64, [][]float64) ([]float64, error) { return m.Predict }),

		"boosting":           conforming(classes(2, 1e-3), boost(tree.BoostOptions{}), trees),
		"boosting, classes":  conforming(classes(3, 1e-3), boost(tree.BoostOptions{Loss: tree.LossSoftmax}), trees),
		"boosting, amounts":  conforming(classes(0, 1e-3), boost(tree.BoostOptions{Loss: tree.LossSquared}), trees),
		"boosting, quantile": conforming(classes(0, 1e-3), boost(tree.BoostOptions{Loss: tree.LossQuantile}), trees),
		"boosting, drawn":    conforming(classes(2, 0), boost(tree.BoostOptions{RowShare: .7, ColumnShare: .7}), trees),
		"boosting, counts": conforming(with(func(c *modeltest.Case) { c.Counts, c.Weighted = true, 1e-3 }),
			boost(tree.BoostOptions{Loss: tree.LossPoisson}), trees),
		"boosting, monotone": conforming(with(func(c *modeltest.Case) { c.Classes, c.Weighted, c.Monotone = 2, 1e-3, true }),
			boost(tree.BoostOptions{Monotone: []int{1, 0, 0, 0, 0}}), trees),
		"LambdaMART": conforming(with(func(c *modeltest.Case) { c.Groups = true }), boost(tree.BoostOptions{Loss: tree.LossLambdaMART}), trees),
		"pairwise":   conforming(with(func(c *modeltest.Case) { c.Groups = true }), boost(tree.BoostOptions{Loss: tree.LossPairwise}), trees),

		"FTRL": streamed(modeltest.Case{Classes: 2}, func(s *online.Space) (*online.FTRL, error) { return online.NewFTRL(s, online.FTRLOptions{}) }),
		"FTRL, amounts": streamed(modeltest.Case{}, func(s *online.Space) (*online.FTRL, error) {
			return online.NewFTRL(s, online.FTRLOptions{Loss: online.Squared})
		}),
		"FM": streamed(modeltest.Case{Classes: 2}, func(s *online.Space) (*online.FM, error) { return online.NewFM(s, online.FMOptions{}) }),
		"FM, amounts": streamed(modeltest.Case{}, func(s *online.Space) (*online.FM, error) {
			return online.NewFM(s, online.FMOptions{Loss: online.Squared})
		}),
		"field-aware FM": streamed(modeltest.Case{Classes: 2}, func(s *online.Space) (*online.FieldFM, error) {
			return online.NewFieldFM(s, online.FMOptions{})
		}),

		"CART":             conforming(classes(2, 1e-9), cart(tree.CARTOptions{Classes: 2}), trees),
		"CART, classes":    conforming(classes(3, 1e-9), cart(tree.CARTOptions{Classes: 3}), trees),
		"CART, amounts":    conforming(classes(0, 1e-9), cart(tree.CARTOptions{}), trees),
		"forest":           conforming(classes(2, 0), forest(tree.ForestOptions{Classes: 2}), trees),
		"forest, amounts":  conforming(classes(0, 0), forest(tree.ForestOptions{}), trees),
		"forest, extremes": conforming(classes(3, 0), forest(tree.ForestOptions{Classes: 3, Extremely: true}), trees),
	}
}

// TestConformance runs what every learner promises (package modeltest) over those of the package and its families.
func TestConformance(t *testing.T) {
	for name, c := range conformance() {
		t.Run(name, func(t *testing.T) { modeltest.Run(t, c) })
	}
}
