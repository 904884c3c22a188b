package modeltest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/aislekit/aisle/predict/modeltest"
)

// nearest is a learner of somebody's own: the label of the row whose first column is nearest.
type nearest struct{ rows, y []float64 }

func (m *nearest) Predict(dst []float64, rows [][]float64) ([]float64, error) {
	for _, row := range rows {
		at := 0
		for i, x := range m.rows {
			if (x-row[0])*(x-row[0]) < (m.rows[at]-row[0])*(m.rows[at]-row[0]) {
				at = i
			}
		}
		dst = append(dst, m.y[at])
	}
	return dst, nil
}

var own = modeltest.Case{
	Fit: func(ctx context.Context, d modeltest.Data) (modeltest.Fitted, error) {
		if err := context.Cause(ctx); err != nil {
			return modeltest.Fitted{}, err
		}
		if len(d.Rows) == 0 || len(d.Rows) != len(d.Y) {
			return modeltest.Fitted{}, errors.New("no rows, or not a label for each")
		}
		m := new(nearest)
		for i, row := range d.Rows {
			m.rows, m.y = append(m.rows, row[0]), append(m.y, d.Y[i])
		}
		return modeltest.Fitted{Predict: m.Predict}, nil
	},
}

// In a test file of your own, TestNearestConformance is all there is to write. Here the checks say what the learner lacks.
func Example() {
	TestNearestConformance := func(t *testing.T) { modeltest.Run(t, own) }
	_ = TestNearestConformance

	for _, k := range modeltest.Checks() {
		var r recorder
		if k.Run(&r, own); r.failed.Load() {
			fmt.Println(k.Name+":", k.Says)
		}
	}
	// Output:
	// missing: rows of missing values are answered, or refused by a learner that does not read them
	// permuted: rows in another order give the same model
	// bad input: no rows, lengths that do not agree, infinite values, labels that are none and weights below 0 are refused
	// bad rows: rows of another width are refused, and leave dst as it was
}

// A learner is handed on as plain functions.
func ExampleCase() {
	c := modeltest.Case{
		Fit: func(ctx context.Context, d modeltest.Data) (modeltest.Fitted, error) {
			mean := 0.0
			for _, y := range d.Y {
				mean += y / float64(len(d.Y))
			}
			return modeltest.Fitted{Predict: func(dst []float64, rows [][]float64) ([]float64, error) {
				for range rows {
					dst = append(dst, mean)
				}
				return dst, nil
			}}, ctx.Err()
		},
		Skip: map[string]string{"learns": "it is the mean of all"},
	}
	m, err := c.Fit(context.Background(), modeltest.Data{Rows: [][]float64{{1}, {2}}, Y: []float64{3, 4}})
	if err != nil {
		panic(err)
	}
	p, err := m.Predict(nil, [][]float64{{5}})
	fmt.Println(p, err)
	// Output: [3.5] <nil>
}

func ExampleChecks() {
	var k modeltest.Check = modeltest.Checks()[0]
	fmt.Println(k.Name)
	// Output: finite
}
