package predict_test

import (
	"context"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/predict"
)

// dumpEnv names a directory of raw dumps to fit instead of data made here, so
// that another tool can be timed on the same numbers: dense.x.f64 (rows of 50)
// and dense.y.u8; sparse.ptr.i64, sparse.idx.i32 (100,000 columns of ones) and
// sparse.y.u8. docs/benchmarks.md shows how they are written.
const dumpEnv = "AISLE_LOGISTIC_DATA"

func dump[T any](b *testing.B, name string, width int) []T {
	raw, err := os.ReadFile(filepath.Join(os.Getenv(dumpEnv), name))
	if err != nil {
		b.Fatal(err)
	}
	out := make([]T, len(raw)/width)
	if _, err := binary.Decode(raw, binary.LittleEndian, out); err != nil {
		b.Fatal(err)
	}
	return out
}

func dumpedLabels(b *testing.B, name string) []bool {
	raw := dump[uint8](b, name, 1)
	y := make([]bool, len(raw))
	for i, v := range raw {
		y[i] = v == 1
	}
	return y
}

// benchDense is the problem of the peers' script: normal columns, labels of
// known coefficients and two terms no linear model has.
func benchDense(b *testing.B, n, d int) ([][]float64, []bool) {
	rows := make([][]float64, n)
	if os.Getenv(dumpEnv) != "" {
		flat := dump[float64](b, "dense.x.f64", 8)
		for i := range rows {
			rows[i] = flat[i*d : i*d+d]
		}
		return rows, dumpedLabels(b, "dense.y.u8")
	}
	r := rng.New(7, 0, 0)
	flat, y, w := make([]float64, n*d), make([]bool, n), make([]float64, d)
	for j := range w {
		w[j] = 2 * r.Normal() / math.Sqrt(float64(d))
	}
	for i := range rows {
		x := flat[i*d : i*d+d]
		s := -1.4
		for j := range x {
			x[j] = r.Normal()
			s += w[j] * x[j]
		}
		s += 0.8*x[0]*x[1] + 0.6*math.Abs(x[2])
		rows[i], y[i] = x, r.Bool(predict.Sigmoid(s))
	}
	return rows, y
}

// benchSparse is the other: ones in Zipf columns, drawn with repetition.
func benchSparse(b *testing.B, n, d, draws int) (*predict.SparseRows, []bool) {
	if os.Getenv(dumpEnv) != "" {
		return &predict.SparseRows{Cols: d, Ptr: dump[int64](b, "sparse.ptr.i64", 8), Index: dump[int32](b, "sparse.idx.i32", 4)},
			dumpedLabels(b, "sparse.y.u8")
	}
	r := rng.New(7, 1, 0)
	cdf, w, total := make([]float64, d), make([]float64, d), 0.0
	for j := range cdf {
		total += math.Pow(float64(j)+10, -1.05)
		cdf[j], w[j] = total, 0.5*r.Normal()
	}
	s, y := &predict.SparseRows{Cols: d, Ptr: []int64{0}}, make([]bool, n)
	idx := make([]int32, draws)
	for i := range n {
		z := -0.8
		for k := range idx {
			j, _ := slices.BinarySearch(cdf, r.Float64()*total)
			idx[k] = int32(min(j, d-1))
		}
		slices.Sort(idx)
		for _, j := range slices.Compact(slices.Clone(idx)) {
			s.Index = append(s.Index, j)
			z += w[j]
		}
		s.Ptr = append(s.Ptr, int64(len(s.Index)))
		y[i] = r.Bool(predict.Sigmoid(z))
	}
	return s, y
}

func BenchmarkFitLogistic(b *testing.B) {
	run := func(b *testing.B, fit func() (*predict.Logistic, error)) {
		b.ReportAllocs()
		var m *predict.Logistic
		for b.Loop() {
			var err error
			if m, err = fit(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(m.Objective(), "objective")
		b.ReportMetric(float64(m.Iterations()), "iterations")
	}
	ctx := context.Background()
	b.Run("rows=200k/columns=50", func(b *testing.B) {
		rows, y := benchDense(b, 200_000, 50)
		run(b, func() (*predict.Logistic, error) { return predict.FitLogistic(ctx, rows, y, predict.LogisticOptions{}) })
	})
	b.Run("rows=200k/columns=100k/entries=30", func(b *testing.B) {
		s, y := benchSparse(b, 200_000, 100_000, 30)
		run(b, func() (*predict.Logistic, error) {
			return predict.FitLogisticSparse(ctx, s, y, predict.LogisticOptions{})
		})
	})
	rows, y := planted(20000, 20, 1)
	for _, c := range []struct {
		name string
		o    predict.LogisticOptions
	}{{"l2", predict.LogisticOptions{}}, {"l1", predict.LogisticOptions{L1: 5}}} {
		b.Run("rows=20k/columns=20/penalty="+c.name, func(b *testing.B) {
			run(b, func() (*predict.Logistic, error) { return predict.FitLogistic(ctx, rows, y, c.o) })
		})
	}
	s := compress(rows)
	s.Cols = 10000
	for _, c := range []struct {
		name string
		o    predict.LogisticOptions
	}{{"l2", predict.LogisticOptions{}}, {"l1", predict.LogisticOptions{L1: 5}}} {
		b.Run("rows=20k/columns=10k/entries=20/penalty="+c.name, func(b *testing.B) {
			run(b, func() (*predict.Logistic, error) { return predict.FitLogisticSparse(ctx, s, y, c.o) })
		})
	}
}

func BenchmarkProb(b *testing.B) {
	rows, y := planted(1000, 20, 1)
	m, err := predict.FitLogistic(context.Background(), rows, y, predict.LogisticOptions{})
	if err != nil {
		b.Fatal(err)
	}
	dst := make([]float64, 0, len(rows))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Prob(dst, rows); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkScoreSparse(b *testing.B) {
	rows, y := planted(20_000, 20, 1)
	s := compress(rows)
	s.Cols = 10_000
	m, err := predict.FitLogisticSparse(context.Background(), s, y, predict.LogisticOptions{MaxIter: 2})
	if err != nil {
		b.Fatal(err)
	}
	dst := make([]float64, 0, len(rows))
	measure(b, "rows=20k/entries=20", len(rows), func() error { _, err := m.ProbSparse(dst, s); return err })
}
