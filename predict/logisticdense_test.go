package predict

import (
	"context"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
)

// TestDenseMoments: mean and deviation are right to rounding when the first rows
// mislead about the centre, by weight or by value, and constant columns are
// found exactly.
func TestDenseMoments(t *testing.T) {
	const n, d = 3 * shiftRows, 5
	r := rng.New(1, 2, 3)
	rows, y, w, order := make([][]float64, n), make([]bool, n), make([]float64, n), make([]int32, n)
	for i := range rows {
		late := i >= shiftRows
		rows[i] = []float64{r.Normal(), 1e9 + r.Normal(), 0.1, 0, r.Normal()}
		w[i], y[i], order[i] = 1, i%2 == 0, int32(i)
		if late {
			rows[i][3] = 1 // constant among the first
			w[i] = 1e9
			rows[i][4] += 1e6 // far from the first, and nearly all the weight
		}
	}
	for _, c := range []struct {
		name string
		o    LogisticOptions
	}{{"centred", LogisticOptions{}}, {"no intercept", LogisticOptions{NoIntercept: true}}} {
		p, err := newDense(context.Background(), d, &sample{y: y, weight: w, order: order}, c.o.withDefaults(), source{row: func(_ []float64, i int) []float64 { return rows[i] }, ahead: 6})
		if err != nil {
			t.Fatal(err)
		}
		for j := range d {
			mean, square, total := 0.0, 0.0, 0.0
			for i, row := range rows {
				total += w[i]
				mean += (row[j] - mean) * (w[i] / total)
			}
			origin := mean
			if c.o.NoIntercept {
				origin = 0
			}
			for i, row := range rows {
				square += w[i] / total * (row[j] - origin) * (row[j] - origin)
				if got := p.x[i*p.stride+j]; got != row[j]-p.shift[j] && math.Abs(got-(row[j]-p.shift[j])) > 1e-15*(math.Abs(row[j])+math.Abs(p.shift[j])) {
					t.Fatalf("%s: [%d,%d] is %v, want %v", c.name, i, j, got, row[j]-p.shift[j])
				}
			}
			if math.Abs(p.mean[j]-mean) > 1e-12*math.Abs(mean)+1e-12 {
				t.Errorf("%s: mean of column %d is %v, want %v", c.name, j, p.mean[j], mean)
			}
			if j == 2 && !c.o.NoIntercept {
				if p.scale[j] != 0 {
					t.Errorf("a constant column has deviation %v", p.scale[j])
				}
				continue
			}
			if want := math.Sqrt(square); math.Abs(p.scale[j]-want) > 1e-9*want {
				t.Errorf("%s: deviation of column %d is %v, want %v", c.name, j, p.scale[j], want)
			}
		}
		if !c.o.NoIntercept {
			if m := math.Abs(p.mean[4] - p.shift[4]); m > 4*p.scale[4] {
				t.Errorf("shifted to %v from the mean, deviation %v", m, p.scale[4])
			}
		}
	}
}
