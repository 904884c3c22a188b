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

// screenData is counts and measures of two classes, as float32.
func screenData(n, d int) (rows [][]float32, classes []int) {
	r := rng.New(20260101, 0, 0)
	all := make([]float32, n*d)
	rows, classes = make([][]float32, n), make([]int, n)
	for i := range rows {
		rows[i] = all[i*d : (i+1)*d : (i+1)*d]
		if r.Float64() < .2 {
			classes[i] = 1
		}
		for j := range rows[i] {
			x := math.Abs(r.Normal() + float64(classes[i]*(j%7))/50)
			if j%2 == 0 {
				x = math.Floor(4 * x)
			}
			rows[i][j] = float32(x)
		}
	}
	return rows, classes
}

// screenBins are bins of equal count from a sample of 10,000 rows.
func screenBins(b testing.TB, rows [][]float32, names []string) *feature.Bins {
	var sample [][]float64
	for _, r := range rows[:min(10_000, len(rows))] {
		row := make([]float64, len(r))
		for j, x := range r {
			row[j] = float64(x)
		}
		sample = append(sample, row)
	}
	bins, err := feature.FitBins(context.Background(), sample, nil, feature.BinOptions{Method: feature.EqualCount, Names: names})
	if err != nil {
		b.Fatal(err)
	}
	return bins
}

// BenchmarkScreen: f_classif and chi2 of scikit-learn, and mutual_info_score of columns cut by
// numpy.searchsorted, stand beside it (docs/benchmarks.md). AISLE_LONG=1 takes 200 columns and a
// million rows, 800 MB.
func BenchmarkScreen(b *testing.B) {
	n, d := 20_000, 200
	if os.Getenv("AISLE_LONG") != "" {
		n = 1_000_000
	}
	rows, classes := screenData(n, d)
	names := make([]string, d)
	for j := range names {
		names[j] = "x" + strconv.Itoa(j)
	}
	for _, binned := range []bool{false, true} {
		opt := feature.ScreenOptions{Names: names, Classes: 2}
		if binned {
			opt.Bins = screenBins(b, rows, names)
		}
		measure(b, fmt.Sprintf("bins=%v/rows=%dk/columns=%d", binned, n/1000, d), n*d, func() error {
			s, err := feature.NewScreen(opt)
			if err == nil {
				err = s.AddAll32(context.Background(), rows, classes)
			}
			if err == nil && len(s.Result()) != d {
				b.Fatal("columns")
			}
			return err
		})
	}
}
