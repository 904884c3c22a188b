package predict_test

import (
	"context"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict"
)

// TestCancels: every fit that takes a context looks at it. With AISLE_LONG=1 it prints the
// table of docs/coverage.md.
func TestCancels(t *testing.T) {
	r := rng.New(1, 0, 0)
	data := func(n, d int) (rows [][]float64, y []bool, v []float64) {
		for i := range n {
			row := make([]float64, d)
			sum := 0.0
			for j := range row {
				row[j] = r.Normal()
				sum += row[j] / float64(j+1)
			}
			rows, y, v = append(rows, row), append(y, r.Bool(predict.Sigmoid(sum))), append(v, sum+float64(i%3))
		}
		return rows, y, v
	}
	sparse := func(n int) (*predict.SparseRows, []bool) {
		s, y := &predict.SparseRows{Cols: 5000}, make([]bool, n)
		for i := range y {
			at := int32(r.Intn(4000))
			if err := s.AddRow([]int32{at, at + 1 + int32(r.Intn(900))}, nil); err != nil {
				t.Fatal(err)
			}
			y[i] = r.Bool(.3)
		}
		return s, y
	}
	testkit.Cancels(t, []testkit.Cancel{
		{Name: "predict.PriceElasticity", Looks: 3, Do: func(ctx context.Context, size int) error {
			rows, _ := market{products: 40, weeks: 10 * size, elasticity: -2, noise: .3, spread: .3}.rows(1)
			testkit.Start(ctx)
			_, err := predict.PriceElasticity(ctx, rows, predict.PriceOptions[int]{})
			return err
		}},
		{Name: "predict.FitLinear", Looks: 3, Do: func(ctx context.Context, size int) error {
			rows, _, v := data(5000*size, 40)
			testkit.Start(ctx)
			_, err := predict.FitLinear(ctx, rows, v, predict.LinearOptions{})
			return err
		}},
		{Name: "predict.FitLinear, L1", Looks: 5, Do: func(ctx context.Context, size int) error {
			rows, _, v := data(300*size, 120)
			testkit.Start(ctx)
			_, err := predict.FitLinear(ctx, rows, v, predict.LinearOptions{L1: 5})
			return err
		}},
		{Name: "predict.FitLinear, Huber", Looks: 10, Do: func(ctx context.Context, size int) error {
			rows, _, v := data(2000*size, 20)
			testkit.Start(ctx)
			_, err := predict.FitLinear(ctx, rows, v, predict.LinearOptions{Huber: 1.35})
			return err
		}},
		{Name: "predict.FitMultinomial", Looks: 10, Do: func(ctx context.Context, size int) error {
			rows, _, v := data(2000*size, 20)
			label := make([]int, len(v))
			for i, x := range v {
				if label[i] = i % 2; x > 1 {
					label[i] = 2
				}
			}
			testkit.Start(ctx)
			_, err := predict.FitMultinomial(ctx, rows, label, predict.MultinomialOptions{})
			return err
		}},
		{Name: "predict.FitMLP", Looks: 20, Do: func(ctx context.Context, size int) error {
			rows, _, v := data(1000*size, 20)
			testkit.Start(ctx)
			_, err := predict.FitMLP(ctx, rows, v, predict.MLPOptions{Epochs: 5})
			return err
		}},
		{Name: "predict.FitNeighbors", Looks: 10, Do: func(ctx context.Context, size int) error {
			rows, _, v := data(20_000*size, 5)
			testkit.Start(ctx)
			_, err := predict.FitNeighbors(ctx, rows, v, predict.NeighborsOptions{})
			return err
		}},
		{Name: "predict.FitNaiveBayes", Looks: 5, Do: func(ctx context.Context, size int) error {
			rows, _, v := data(20_000*size, 20)
			label := make([]int, len(v))
			for i := range label {
				label[i] = i % 3
			}
			testkit.Start(ctx)
			_, err := predict.FitNaiveBayes(ctx, rows, label, predict.NaiveBayesOptions{})
			return err
		}},
		{Name: "predict.FitSVM", Looks: 10, Do: func(ctx context.Context, size int) error {
			rows, y, _ := data(2000*size, 20)
			testkit.Start(ctx)
			_, err := predict.FitSVM(ctx, rows, y, predict.SVMOptions{})
			return err
		}},
		{Name: "predict.FitPoisson", Looks: 10, Do: func(ctx context.Context, size int) error {
			rows, y, _ := data(2000*size, 20)
			count := make([]float64, len(y))
			for i := range y {
				if y[i] {
					count[i] = float64(i % 3)
				}
			}
			testkit.Start(ctx)
			_, err := predict.FitPoisson(ctx, rows, count, predict.PoissonOptions{})
			return err
		}},
		{Name: "predict.FitLogistic, dense", Looks: 20, Do: func(ctx context.Context, size int) error {
			rows, y, _ := data(5000*size, 40)
			testkit.Start(ctx)
			_, err := predict.FitLogistic(ctx, rows, y, predict.LogisticOptions{StdErrors: true, Standardize: true})
			return err
		}},
		{Name: "predict.FitLogistic, 600 columns", Looks: 20, Do: func(ctx context.Context, size int) error {
			rows, y, _ := data(300*size, 600)
			testkit.Start(ctx)
			_, err := predict.FitLogistic(ctx, rows, y, predict.LogisticOptions{MaxIter: 10})
			return err
		}},
		{Name: "predict.FitLogistic, L1", Looks: 20, Do: func(ctx context.Context, size int) error {
			rows, y, _ := data(3000*size, 40)
			testkit.Start(ctx)
			_, err := predict.FitLogistic(ctx, rows, y, predict.LogisticOptions{L1: 5})
			return err
		}},
		{Name: "predict.FitLogisticSparse", Looks: 20, Do: func(ctx context.Context, size int) error {
			s, y := sparse(10_000 * size)
			testkit.Start(ctx)
			_, err := predict.FitLogisticSparse(ctx, s, y, predict.LogisticOptions{MaxIter: 20})
			return err
		}},
		{Name: "predict.FitSVMSparse", Looks: 20, Do: func(ctx context.Context, size int) error {
			s, y := sparse(5000 * size)
			testkit.Start(ctx)
			_, err := predict.FitSVMSparse(ctx, s, y, predict.SVMOptions{MaxIter: 5})
			return err
		}},
	})
}
