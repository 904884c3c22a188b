package explain_test

import (
	"context"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/explain"
)

var bg = context.Background()

// must returns a value whose making cannot fail.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// each makes a Func of a formula.
func each(f func(x []float64) float64) explain.Func {
	return func(dst []float64, rows [][]float64) ([]float64, error) {
		for _, row := range rows {
			dst = append(dst, f(row))
		}
		return dst, nil
	}
}

// wavy is the function of the golden file.
func wavy(x []float64) float64 { return 2*x[0] + math.Sin(3*x[1]) + x[0]*x[1] + .5*x[2]*x[2] }

func near(t *testing.T, what string, got, want []float64, tol float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers, want %d: %v, %v", what, len(got), len(want), got, want)
	}
	for i := range got {
		if !(math.Abs(got[i]-want[i]) <= tol) {
			t.Fatalf("%s[%d] is %v, want %v", what, i, got[i], want[i])
		}
	}
}

// TestGolden: grids, partial dependence and ICE of scikit-learn, ALE of PyALE, and
// the means over 300 shuffles of scikit-learn within four standard errors.
func TestGolden(t *testing.T) {
	var g struct {
		Rows             [][]float64
		Grid, Mean       []float64
		ICE              [][]float64
		FewGrid          []float64 `json:"few_grid"`
		FewMean          []float64 `json:"few_mean"`
		Grid2            [][]float64
		Mean2            []float64
		Y, Importances   []float64
		SE               []float64 `json:"importances_se"`
		Edges, ALE, ALE2 []float64
		Edges2           [][]float64
	}
	testkit.Golden(t, "explain.json", &g)
	f := each(wavy)

	one := must(explain.PartialDependence(bg, f, g.Rows, []int{0}, explain.DependenceOptions{Points: 12, Individual: true}))
	near(t, "grid", one.Grid[0], g.Grid, 1e-12)
	near(t, "mean", one.Mean, g.Mean, 1e-12)
	for i, want := range g.ICE {
		near(t, "curve", one.Individual[i], want, 1e-12)
	}
	few := must(explain.PartialDependence(bg, f, g.Rows, []int{2}, explain.DependenceOptions{Points: 12}))
	near(t, "few values", few.Grid[0], g.FewGrid, 0)
	near(t, "their means", few.Mean, g.FewMean, 1e-12)
	two := must(explain.PartialDependence(bg, f, g.Rows, []int{0, 1}, explain.DependenceOptions{Points: 4, Low: .1, High: .9}))
	near(t, "grid of two", append(two.Grid[0], two.Grid[1]...), append(g.Grid2[0], g.Grid2[1]...), 1e-12)
	near(t, "means of two", two.Mean, g.Mean2, 1e-12)

	ale := must(explain.ALE(bg, f, g.Rows, 1, explain.ALEOptions{Edges: [][]float64{g.Edges}}))
	near(t, "ale", ale.Values, g.ALE, 1e-12)
	both := must(explain.ALE2(bg, f, g.Rows, [2]int{0, 1}, explain.ALEOptions{Edges: g.Edges2}))
	near(t, "ale of two", both.Values, g.ALE2, 1e-12)

	loss := func(p []float64) (float64, error) {
		s := 0.0
		for i, y := range g.Y {
			s -= (p[i] - y) * (p[i] - y) / float64(len(p))
		}
		return s, nil
	}
	imp := must(explain.Permutation(bg, f, g.Rows, loss, explain.PermutationOptions{Repeats: 500, Seed: 3}))
	for j, m := range imp.Groups {
		if d := math.Abs(m.Mean - g.Importances[j]); d > 4*math.Hypot(m.StdErr, g.SE[j]) {
			t.Errorf("importance %d is %v ± %v, want %v", j, m.Mean, m.StdErr, g.Importances[j])
		}
	}
}
