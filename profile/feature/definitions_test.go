package feature_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile/feature"
)

// TestPlayTennis: gain, gain ratio, mutual information in nats and uncorrected χ² of all four
// columns (Quinlan 1986; scipy 1.15.3), by Association, and by Relevances of the rows as numbers.
func TestPlayTennis(t *testing.T) {
	var rows [][]float64
	var y []float64
	for i, tables := 0, [][][]int64{{{3, 2}, {0, 4}, {2, 3}}, {{4, 3}, {1, 6}}, {{2, 6}, {3, 3}}, {{2, 2}, {2, 4}, {1, 3}}}; i < len(tables); i++ {
		want := [][4]float64{{.246750, .156428, .171034, 3.546667}, {.151836, .151836, .105244, 2.8}, {.048127, .048849, .033359, .933333}, {.029223, .018773, .020256, .570370}}[i]
		a, err := feature.Association(tables[i])
		if err != nil {
			t.Fatal(err)
		}
		rows, y = rows[:0], y[:0]
		for x, classes := range tables[i] {
			for class, n := range classes {
				for range n {
					rows, y = append(rows, []float64{float64(x)}), append(y, float64(class))
				}
			}
		}
		r, err := feature.Relevances(context.Background(), rows, y, feature.SelectorOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for what, v := range map[string][3]float64{
			"gain": {a.Gain, r[0].Gain, want[0]}, "gain ratio": {a.GainRatio, r[0].GainRatio, want[1]},
			"nats": {a.Gain * math.Ln2, r[0].Gain * math.Ln2, want[2]}, "χ²": {a.ChiSquare, r[0].ChiSquare, want[3]},
		} {
			testkit.Near(t, fmt.Sprint(what, " of column ", i), v[0], v[2], 5e-7)
			testkit.Near(t, fmt.Sprint(what, " of rows, column ", i), v[1], v[2], 5e-7)
		}
	}
}

// TestMonotoneByHand: of eight values with 100 rows each, the bins of optbinning 1.0.0 and of brute
// force over all 128 ways.
func TestMonotoneByHand(t *testing.T) {
	var rows [][]float64
	var y []bool
	for x, events := range []int{10, 15, 12, 25, 40, 38, 60, 70} {
		for i := range 100 {
			rows, y = append(rows, []float64{float64(x + 1)}), append(y, i < events)
		}
	}
	for _, trend := range []int{0, 1} {
		b, err := feature.FitBins(context.Background(), rows, y, feature.BinOptions{Method: feature.Monotone, Trend: trend})
		if err != nil {
			t.Fatal(err)
		}
		r := b.Result()[0]
		testkit.Near(t, "IV", r.InformationValue, .970986, 5e-7)
		var cuts []float64
		for k, bin := range r.Bins[:len(r.Bins)-1] {
			if k > 0 {
				cuts = append(cuts, bin.Lo)
			}
			if k < 6 { // those are of the share without the event over that with it
				testkit.Near(t, fmt.Sprint("WOE of bin ", k), -bin.WOE, []float64{1.522770, 1.183000, .424157, -.227143, -1.079920, -1.521753}[k], 5e-7)
			}
		}
		if !slices.Equal(cuts, []float64{1.5, 3.5, 4.5, 6.5, 7.5}) {
			t.Errorf("cuts at %v", cuts)
		}
	}
}

// TestTargetMeanByHand: smoothing by two rows of the overall mean, which is what scikit-learn means
// by smooth=2; its "auto" and the sigmoid of category_encoders are other numbers.
func TestTargetMeanByHand(t *testing.T) {
	var cells [][]string
	var y []float64
	for i, c := range strings.Split("aaabbbbccd", "") {
		cells, y = append(cells, []string{c}), append(y, float64("1010010110"[i]-'0'))
	}
	e, err := feature.FitEncoder(context.Background(), cells, y, feature.EncoderOptions{Method: feature.TargetMean, Smoothing: 2})
	if err != nil {
		t.Fatal(err)
	}
	got, err := e.Transform(nil, [][]string{{"a"}, {"b"}, {"c"}, {"d"}})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "target means", got, [][]float64{{.6}, {1. / 3}, {.75}, {1. / 3}}, 1e-12)
}
