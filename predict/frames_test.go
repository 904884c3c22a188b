package predict_test

import (
	"context"
	"encoding"
	"math"
	"strconv"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict"
)

// number is x as JSON can hold it.
func number(x float64) any {
	if math.IsNaN(x) {
		return "NaN"
	}
	return x
}

func numbers(xs []float64) []any {
	out := make([]any, len(xs))
	for i, x := range xs {
		out[i] = number(x)
	}
	return out
}

// numericOnly are the fields that a linear model does not use.
var numericOnly = []string{".terms.schema.kinds: all columns are numeric", ".terms.schema.levels: all columns are numeric"}

var iteratedOnly = []string{".iterated.terms.schema.kinds: all columns are numeric", ".iterated.terms.schema.levels: all columns are numeric"}

// spread are rows with a constant column, of which a fit warns.
var spread = [][]float64{{1, 0, 3}, {2, 1, 3}, {3, 0, 3}, {4, 1, 3}, {5, 0, 3}, {6, 1, 3}, {7, 1, 3}, {8, 0, 3}}

func coefficients(cs ...predict.Coefficient) []any {
	out := make([]any, len(cs))
	for i, c := range cs {
		out[i] = []any{c.Name, number(c.Value), number(c.StdErr)}
	}
	return out
}

func filledGram(t testing.TB) *predict.Gram {
	t.Helper()
	g := new(predict.Gram)
	for i, row := range [][]float64{{1, 2}, {2, -1}, {4, 3}, {5, 5}} {
		if err := g.Add(row, []float64{2, 1, 6, 9}[i], float64(1+i%2)); err != nil {
			t.Fatal(err)
		}
	}
	return g
}

// filledBayes has a column of each kind.
func filledBayes() *predict.NaiveBayes {
	b := promised(predict.NewNaiveBayes(predict.NaiveBayesOptions{
		Classes: 2, Alpha: .5, Smoothing: 1e-6, Priors: []float64{.25, .75}, Counts: []int{1}, Binary: []int{2},
		Columns: append(predict.Numbers("age", "orders", "member"), predict.Column{Name: "city", Kind: predict.Categorical, Levels: []string{"a", "b"}}),
	}))
	for i, row := range [][]float64{{1, 2, 0, 1}, {2, 3, 1, 0}, {4, 1, 1, 1}, {7, 5, 1, 0}, {3, 2, 0, 0}, {5, 1, 1, 1}} {
		if err := b.Add(row, i%2, float64(1+i%3)); err != nil {
			panic(err)
		}
	}
	return b
}

func TestFrames(t *testing.T) { testkit.Frames(t, "predict", frames()) }

// frames are one state of each kind.
func frames() []testkit.Frame {
	ctx := context.Background()
	return []testkit.Frame{
		{
			Kind: codec.KindModelSchema,
			Fill: func(testing.TB) encoding.BinaryMarshaler { return promised(predict.NewSchema(shopColumns())) },
			Values: func(_ testing.TB, state any) any {
				s := state.(*predict.Schema)
				columns := make([]predict.Column, s.Len())
				for j := range columns {
					columns[j] = s.Column(j)
				}
				return map[string]any{"columns": columns, "hash": strconv.FormatUint(s.Hash(), 16)}
			},
			Zero: []string{".levels[]: numeric columns have none, nor has one of codes alone"},
		},
		{
			Kind: codec.KindPriceModel,
			Fill: func(testing.TB) encoding.BinaryMarshaler { return prices() },
			Values: func(t testing.TB, state any) any {
				m := state.(*predict.PriceModel[int])
				return []any{
					testkit.Plain(promised(m.Elasticity("0"))), testkit.Plain(promised(m.Product(2))), testkit.Plain(promised(m.Cross(0, 1))),
					m.Products(), m.Categories(), m.LeftOut(), m.Warnings(),
				}
			},
			Zero: []string{".of[].why: all have an answer", ".pooled[].why: all have an answer", ".cross[].why: all have an answer"},
		},
		{
			Kind: codec.KindLogistic,
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				m, err := predict.FitLogistic(ctx, spread, bought, predict.LogisticOptions{StdErrors: true, Names: []string{"visits", "newsletter", "shops"}})
				if err != nil {
					t.Fatal(err)
				}
				return m
			},
			Values: func(t testing.TB, state any) any {
				m := state.(*predict.Logistic)
				prob, err := m.Prob(nil, spread)
				if err != nil {
					t.Fatal(err)
				}
				reasons, err := m.Reasons([]float64{1, 1, 3}, 0)
				if err != nil {
					t.Fatal(err)
				}
				return map[string]any{
					"coefficients": coefficients(append(m.Coefficients(), m.Intercept())...),
					"objective":    m.Objective(), "iterations": m.Iterations(), "converged": m.Converged(), "warnings": m.Warnings(),
					"baseline": m.Baseline(), "prob": numbers(prob), "reasons": reasons,
				}
			},
			Zero: numericOnly,
		},
		{
			Kind: codec.KindLinear,
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				y := []float64{1, 2, 2, 4, 5, 5, 7, 9}
				m, err := predict.FitLinear(ctx, spread, y, predict.LinearOptions{Names: []string{"visits", "newsletter", "shops"}})
				if err != nil {
					t.Fatal(err)
				}
				return m
			},
			// Mean of columns, target and counts serve inference at the fit only: the
			// bytes themselves are compared.
			Values: func(t testing.TB, state any) any {
				m := state.(*predict.Linear)
				y, err := m.Predict(nil, spread)
				if err != nil {
					t.Fatal(err)
				}
				return map[string]any{
					"coefficients": coefficients(append(m.Coefficients(), m.Intercept())...),
					"rsquared":     m.RSquared(), "warnings": m.Warnings(), "predict": numbers(y),
				}
			},
			Zero: numericOnly,
		},
		{
			Kind: codec.KindConformalScores,
			Fill: func(testing.TB) encoding.BinaryMarshaler {
				return promised(predict.FitConformal([]float64{.5, .25, -1, 2, 1}, []int{2, 1, 2, 1, -3}))
			},
			Values: func(_ testing.TB, state any) any {
				c := state.(*predict.Conformal)
				return map[string]any{"medians": []any{promised(c.Quantile(.5, -3)), promised(c.Quantile(.5, 1)), promised(c.Quantile(.6, 2))}}
			},
			Zero: []string{".start[]: the first group begins at 0"},
		},
		{
			Kind: codec.KindCrossConformal,
			Fill: func(testing.TB) encoding.BinaryMarshaler {
				return promised(predict.FitCrossConformal([]predict.Fold{{Test: []int{0, 1}}, {Test: []int{2, 3}}}, []float64{1, 2, 3, 4}, []float64{1.5, 1, 5, 2}))
			},
			Values: func(t testing.TB, state any) any {
				low, high, err := state.(*predict.CrossConformal).Interval([]float64{10, 20}, .7)
				if err != nil {
					t.Fatal(err)
				}
				return map[string]any{"low": low, "high": high}
			},
			Zero: []string{".fold[]: the first fold is 0"},
		},
		{
			Kind: codec.KindBeta,
			Fill: func(testing.TB) encoding.BinaryMarshaler {
				return &predict.BetaCalibrator{A: 1.5, B: .25, C: -.5, Converged: true}
			},
			Values: func(_ testing.TB, state any) any {
				c := state.(*predict.BetaCalibrator)
				return map[string]any{"a": c.A, "b": c.B, "c": c.C, "converged": c.Converged, "prob": c.Prob(nil, []float64{0, .3, 1})}
			},
		},
		{
			Kind: codec.KindSVM,
			Fill: func(testing.TB) encoding.BinaryMarshaler {
				return promised(predict.FitSVM(ctx, spread, bought, predict.SVMOptions{MaxIter: 1, Names: []string{"visits", "newsletter", "shops"}}))
			},
			Values: func(_ testing.TB, state any) any {
				m := state.(*predict.SVM)
				return map[string]any{
					"coefficients": coefficients(append(m.Coefficients(), m.Intercept())...), "objective": m.Objective(), "converged": m.Converged(), "warnings": m.Warnings(),
				}
			},
			Zero: append([]string{".iterated.terms.mean: unused", ".iterated.terms.stdErr: there are none", ".iterated.converged: so that there is a warning"}, iteratedOnly...),
		},
		{
			Kind: codec.KindPoisson,
			Fill: func(testing.TB) encoding.BinaryMarshaler {
				return promised(predict.FitPoisson(ctx, spread, []float64{1, 0, 2, 4, 1, 5, 7, 3}, predict.PoissonOptions{StdErrors: true, Names: []string{"visits", "newsletter", "shops"}}))
			},
			Values: func(_ testing.TB, state any) any {
				m := state.(*predict.Poisson)
				return map[string]any{
					"coefficients": coefficients(append(m.Coefficients(), m.Intercept())...), "objective": m.Objective(), "converged": m.Converged(), "warnings": m.Warnings(),
				}
			},
			Zero: append([]string{".iterated.terms.mean: unused"}, iteratedOnly...),
		},
		{
			Kind: codec.KindMultinomial,
			Fill: func(testing.TB) encoding.BinaryMarshaler {
				return promised(predict.FitMultinomial(ctx, spread, []int{0, 1, 2, 2, 1, 0, 2, 1}, predict.MultinomialOptions{Names: []string{"visits", "newsletter", "shops"}}))
			},
			Values: func(_ testing.TB, state any) any {
				m := state.(*predict.Multinomial)
				return map[string]any{
					"coefficients": coefficients(append(m.Coefficients(1), m.Intercept(2))...), "objective": m.Objective(), "iterations": m.Iterations(), "converged": m.Converged(), "warnings": m.Warnings(),
				}
			},
			Zero: []string{".schema.kinds: all columns are numeric", ".schema.levels: all columns are numeric", ".coef[]: of a constant column"},
		},
		{
			Kind: codec.KindNaiveBayes,
			Fill: func(testing.TB) encoding.BinaryMarshaler { return filledBayes() },
			Values: func(_ testing.TB, state any) any {
				m := promised(state.(*predict.NaiveBayes).Result())
				return map[string]any{"len": state.(*predict.NaiveBayes).Len(), "prob": numbers(promised(m.Prob(nil, [][]float64{{1, 2, 0, 1}})))}
			},
			Zero: []string{".counts: part of laws once there are rows", ".binary: part of laws once there are rows", ".laws[]: 0 is normal", ".first[]: categorical columns have levels", ".second[]: only normal columns have squares", ".levels[]: only categorical columns have levels", ".schema.levels[]: numeric columns have none"},
		},
		{
			Kind: codec.KindBayesModel,
			Fill: func(testing.TB) encoding.BinaryMarshaler { return promised(filledBayes().Result()) },
			Values: func(_ testing.TB, state any) any {
				return map[string]any{"score": numbers(promised(state.(*predict.BayesModel).Score(nil, [][]float64{{1, 2, 0, 1}, {2, 1, 1, math.NaN()}})))}
			},
			Zero: []string{".sums.counts: as in NaiveBayes", ".sums.binary: as in NaiveBayes", ".sums.laws[]: as in NaiveBayes", ".sums.first[]: as in NaiveBayes", ".sums.second[]: as in NaiveBayes", ".sums.levels[]: as in NaiveBayes", ".sums.schema.levels[]: as in NaiveBayes", ".first[]: categorical columns have levels", ".second[]: counts have one number", ".levels[]: only categorical columns have levels", ".base[]: none"},
		},
		{
			Kind: codec.KindNearest,
			Fill: func(testing.TB) encoding.BinaryMarshaler {
				return promised(predict.FitNeighbors(ctx, spread, []float64{1, 2, 1, 0, 2, 1, 2, 1}, predict.NeighborsOptions{K: 2, Classes: 3, Distance: true, Manhattan: true, Standardize: true, Names: []string{"visits", "newsletter", "shops"}}))
			},
			Values: func(_ testing.TB, state any) any {
				m := state.(*predict.Neighbors)
				return map[string]any{"len": m.Len(), "prob": numbers(promised(m.Prob(nil, [][]float64{{2.5, 1, 3}, {8, 0, 3}})))}
			},
			Zero: []string{".schema.kinds: all columns are numeric", ".schema.levels: all columns are numeric", ".rows[]: as given", ".y[]: a label", ".x[]: as rows", ".tree.order[]: the first row", ".tree.from[]: the first row", ".tree.box[]: as rows"},
		},
		{
			Kind: codec.KindMLP,
			Fill: func(testing.TB) encoding.BinaryMarshaler {
				rows, y := shops(60, 5, 1)
				return promised(predict.FitMLP(ctx, rows, y, predict.MLPOptions{Columns: []predict.Column{{Name: "x"}, {Name: "id", Kind: predict.Categorical, Levels: []string{"a", "b", "c", "d", "e"}}}, Hidden: []int{3}, Embedding: 2, Patience: 1, LearningRate: .1}))
			},
			Values: func(_ testing.TB, state any) any {
				m := state.(*predict.MLP)
				return map[string]any{"epochs": m.Epochs(), "loss": m.Loss(), "converged": m.Converged(), "predict": numbers(promised(m.Predict(nil, [][]float64{{1, 2}, {-1, 9}})))}
			},
			Zero: []string{".classes: amounts", ".levels[]: numeric columns have none", ".mean[]: of a categorical column", ".schema.levels[]: numeric columns have none", ".schema.kinds[]: 0 is numeric"},
		},
		{
			Kind: codec.KindVennAbers,
			Fill: func(testing.TB) encoding.BinaryMarshaler {
				return promised(predict.FitVennAbers([]float64{1, 2, 2, 3, 4}, []bool{false, true, false, true, false}, []float64{1, 2, 1, 1, 3}))
			},
			Values: func(_ testing.TB, state any) any {
				v := state.(*predict.VennAbers)
				p0, p1 := v.Interval(2.5)
				return map[string]any{"p0": p0, "p1": p1, "prob": v.Prob(nil, []float64{0, 1, 2, 9})}
			},
		},
		{
			Kind: codec.KindGram,
			Fill: func(t testing.TB) encoding.BinaryMarshaler { return filledGram(t) },
			Values: func(t testing.TB, state any) any {
				g := state.(*predict.Gram)
				m, err := g.Fit(predict.LinearOptions{})
				if err != nil {
					t.Fatal(err)
				}
				return map[string]any{
					"len": g.Len(), "coefficients": coefficients(append(m.Coefficients(), m.Intercept())...), "rsquared": m.RSquared(),
				}
			},
			Zero: []string{".diff: scratch of Add and Merge"},
		},
		{
			Kind: codec.KindSigmoid,
			Fill: func(testing.TB) encoding.BinaryMarshaler {
				return &predict.SigmoidCalibrator{A: -1.5, B: 0.25, Converged: true}
			},
			Values: func(_ testing.TB, state any) any {
				c := state.(*predict.SigmoidCalibrator)
				return map[string]any{"a": c.A, "b": c.B, "converged": c.Converged, "prob": c.Prob(nil, []float64{-2, 0, 1})}
			},
		},
		{
			Kind: codec.KindIsotonic,
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				f, err := predict.FitIsotonic([]float64{1, 2, 3, 4, 5}, []bool{false, true, false, true, true}, []float64{1, 2, 1, 1, 3})
				if err != nil {
					t.Fatal(err)
				}
				return f
			},
			Values: func(_ testing.TB, state any) any {
				f := state.(*predict.Isotonic)
				x, y := f.Knots()
				return map[string]any{"x": x, "y": y, "at": f.Prob(nil, []float64{0, 1.5, 2.5, 9})}
			},
		},
		{
			Kind: codec.KindIsotonicBuckets,
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				b, err := predict.NewIsotonicBuckets(-1, 3, 8)
				if err != nil {
					t.Fatal(err)
				}
				for i, s := range []float64{-2, -0.4, 0.1, 0.2, 1.7, 2.9, 4} {
					if err := b.Add(s, i%2 == 0); err != nil {
						t.Fatal(err)
					}
				}
				return b
			},
			Values: func(t testing.TB, state any) any {
				f, err := state.(*predict.IsotonicBuckets).Result()
				if err != nil {
					t.Fatal(err)
				}
				x, y := f.Knots()
				return map[string]any{"x": x, "y": y}
			},
		},
		{
			Kind: codec.KindLabeler,
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				l := fill(t, map[string][]float64{"ann": {0, 20.5, 20.5, 45}, "bob": {10, 95}, "cy": {28, 33}})
				if err := l.Until("cy", at(40.25).Add(7)); err != nil {
					t.Fatal(err)
				}
				return l
			},
			Values: func(t testing.TB, state any) any {
				l := state.(*predict.Labeler[string])
				labels, err := l.Purchase(predict.Windows{AsOf: at(30), Gap: 2 * day, Horizon: 8 * day})
				if err != nil {
					t.Fatal(err)
				}
				censored, err := l.Purchase(predict.Windows{AsOf: at(30), Horizon: 65 * day})
				if err != nil {
					t.Fatal(err)
				}
				silence, err := l.InactivityPeriod(at(100))
				if err != nil {
					t.Fatal(err)
				}
				return map[string]any{"users": l.Len(), "labels": labels, "censored": censored, "silence_hours": silence.Hours()}
			},
		},
	}
}
