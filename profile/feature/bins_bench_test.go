package feature_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"strconv"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/profile/feature"
)

// BenchmarkFitBins: optbinning's OptimalBinning(monotonic_trend="ascending") of one such column stands beside it.
func BenchmarkFitBins(b *testing.B) {
	const n = 100_000
	r := rng.New(1, 0, 0)
	rows, y := make([][]float64, n), make([]bool, n)
	for i := range rows {
		x := r.Normal()
		rows[i], y[i] = []float64{x}, r.Normal()+x > 1
	}
	for name, m := range map[string]feature.BinMethod{"width": feature.EqualWidth, "count": feature.EqualCount, "monotone": feature.Monotone} {
		measure(b, "method="+name+"/rows=100k", n, func() error {
			_, err := feature.FitBins(context.Background(), rows, y, feature.BinOptions{Method: m})
			return err
		})
	}
}

// BenchmarkMonotone: 50 columns of 20,000 rows, with AISLE_LONG=1 of a million, 400 MB, drawn by the law
// of docs/peers/bins.py, where the OptimalBinning of optbinning, a column after another, stands beside it,
// from a generator of our own. IV is the sum of the information values:
//
//	AISLE_LONG=1 go test -run XXX -bench Monotone -benchtime 1x -cpu 1 ./profile/feature
func BenchmarkMonotone(b *testing.B) {
	n, d := 20_000, 50
	if os.Getenv("AISLE_LONG") != "" {
		n = 1_000_000
	}
	r := rng.New(1, 0, 0)
	all := make([]float64, n*d)
	rows, y := make([][]float64, n), make([]bool, n)
	for i := range rows {
		rows[i] = all[i*d : (i+1)*d : (i+1)*d]
		z := float32(r.Normal())
		y[i] = z+float32(r.Normal()) > 1
		for j := range rows[i] {
			x := z*float32(j%5+1)/5 + float32(r.Normal())*float32(1+j%3)
			if rows[i][j] = float64(x); j%4 == 3 {
				rows[i][j] = math.Floor(float64(8 * x))
			}
		}
	}
	b.Run(fmt.Sprintf("rows=%dk/columns=%d", n/1000, d), func(b *testing.B) {
		var value float64
		for b.Loop() {
			bins, err := feature.FitBins(context.Background(), rows, y, feature.BinOptions{Method: feature.Monotone})
			if err != nil {
				b.Fatal(err)
			}
			value = 0
			for _, c := range bins.Result() {
				value += c.InformationValue
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n*d*b.N), "ns/item")
		b.ReportMetric(value, "IV")
	})
}

func BenchmarkRelevances(b *testing.B) {
	const n, d = 20_000, 20
	rows, y := benchRows(n, d), make([]float64, n)
	for i := range y {
		y[i] = float64(i % 2)
	}
	measure(b, "rows=20k/columns=20", n*d, func() error {
		_, err := feature.Relevances(context.Background(), rows, y, feature.SelectorOptions{})
		return err
	})
}

func BenchmarkEncoder(b *testing.B) {
	const n = 20_000
	cells, y := make([][]string, n), make([]float64, n)
	for i := range cells {
		cells[i], y[i] = []string{strconv.Itoa(i * 31 % 500)}, float64(i%2)
	}
	opt := feature.EncoderOptions{Method: feature.TargetMean}
	measure(b, "op=fit/rows=20k", n, func() error {
		_, err := feature.FitEncoder(context.Background(), cells, y, opt)
		return err
	})
	e, err := feature.FitEncoder(context.Background(), cells, y, opt)
	if err != nil {
		b.Fatal(err)
	}
	measure(b, "op=transform/rows=20k", n, func() error { _, err := e.Transform(nil, cells); return err })
}
