package tree_test

import (
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/tree"
)

// near fails unless got is want to 1e-9.
func near(t *testing.T, name string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers, want %d", name, len(got), len(want))
	}
	for i := range got {
		if !testkit.Close(got[i], want[i], 1e-9, 1e-9) {
			t.Fatalf("%s: number %d is %g, want %g", name, i, got[i], want[i])
		}
	}
}

// without leaves out the base, the last of the d+1 numbers of each output, and of matrices the last
// line.
func without(v []float64, d int, matrix bool) []float64 {
	var out []float64
	for i, x := range v {
		at := i % (d + 1)
		if matrix {
			if line := i / (d + 1) % (d + 1); at == d || line == d {
				continue
			}
		} else if at == d {
			continue
		}
		out = append(out, x)
	}
	return out
}

// TestSHAPGolden compares both kinds of values and the interactions with shap and with
// LightGBM.
func TestSHAPGolden(t *testing.T) {
	var golden struct {
		Cases []struct {
			Name                                       string
			Trees                                      [][]tree.Node
			Rows, Background                           [][]*float64
			Outputs                                    int
			Average                                    bool
			Values, Base, Interventional, Interactions []float64
		}
	}
	testkit.Golden(t, "shap.json", &golden)
	for _, c := range golden.Cases {
		t.Run(c.Name, func(t *testing.T) {
			for _, nodes := range c.Trees {
				for i := range nodes {
					if nodes[i].Column >= 0 && c.Outputs == 1 && !c.Average {
						nodes[i].Values = nil
					}
				}
			}
			m, err := tree.Assemble(c.Trees, tree.AssembleOptions{Columns: len(c.Rows[0]), Outputs: c.Outputs, Average: c.Average})
			if err != nil {
				t.Fatal(err)
			}
			rows, d := unfilled(c.Rows), len(c.Rows[0])
			// Few rows are explained by quadrature and pairs, many by tables.
			var many [][]float64
			for range 40 {
				many = append(many, rows...)
			}
			x, err := tree.NewSHAP(bg, m, tree.SHAPOptions{})
			if err != nil {
				t.Fatal(err)
			}
			near(t, "base", x.Base(), c.Base)
			one, err := x.Values(bg, nil, rows[:1])
			if err != nil {
				t.Fatal(err)
			}
			near(t, "values of one row", without(one, d, false), c.Values[:c.Outputs*d])
			all, err := x.Values(bg, nil, many)
			if err != nil {
				t.Fatal(err)
			}
			near(t, "values", without(all[:len(c.Values)/d*(d+1)], d, false), c.Values)
			if c.Interactions != nil {
				got, err := x.Interactions(bg, nil, rows)
				if err != nil {
					t.Fatal(err)
				}
				near(t, "interactions", without(got, d, true), c.Interactions)
			}
			if c.Background == nil {
				return
			}
			x, err = tree.NewSHAP(bg, m, tree.SHAPOptions{Background: unfilled(c.Background)})
			if err != nil {
				t.Fatal(err)
			}
			all, err = x.Values(bg, nil, many)
			if err != nil {
				t.Fatal(err)
			}
			for i, v := range without(all[:len(c.Interventional)/d*(d+1)], d, false) { // shap sums these in float32
				testkit.Near(t, "interventional value", v, c.Interventional[i], 1e-6)
			}
		})
	}
}

// TestSHAPReference: the numbers of Lundberg's example, worked out by hand and by shap 0.51.0.
func TestSHAPReference(t *testing.T) {
	rows := [][]float64{{0, 0}, {0, 1}, {1, 0}, {1, 1}}
	values := func(rows [][]float64, y []float64, opt tree.SHAPOptions, row []float64) []float64 {
		t.Helper()
		m, err := tree.FitCART(bg, rows, y, tree.CARTOptions{MaxDepth: 2})
		if err != nil {
			t.Fatal(err)
		}
		x, err := tree.NewSHAP(bg, m, opt)
		if err != nil {
			t.Fatal(err)
		}
		v, err := x.Values(bg, nil, [][]float64{row})
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	y := []float64{0, 10, 20, 50}
	near(t, "(1,1)", values(rows, y, tree.SHAPOptions{}, rows[3]), []float64{17.5, 12.5, 20})
	near(t, "(0,0)", values(rows, y, tree.SHAPOptions{}, rows[0]), []float64{-12.5, -7.5, 20})
	m, err := tree.FitCART(bg, rows, y, tree.CARTOptions{})
	if err != nil {
		t.Fatal(err)
	}
	x, err := tree.NewSHAP(bg, m, tree.SHAPOptions{})
	if err != nil {
		t.Fatal(err)
	}
	pairs, err := x.Interactions(bg, nil, rows[3:])
	if err != nil {
		t.Fatal(err)
	}
	near(t, "interactions", pairs, []float64{15, 2.5, 0, 2.5, 10, 0, 0, 0, 20})
	six := [][]float64{{0, 0}, {0, 0}, {0, 1}, {1, 0}, {1, 1}, {1, 1}}
	y = []float64{0, 0, 12, 20, 50, 50}
	near(t, "six rows", values(six, y, tree.SHAPOptions{}, rows[3]), []float64{18.5, 9.5, 22})
	near(t, "six rows", values(six, y, tree.SHAPOptions{}, rows[1]), []float64{-18.5, 8.5, 22})
	near(t, "against six rows", values(six, y, tree.SHAPOptions{Background: six}, rows[3]), []float64{16, 12, 22})
	near(t, "against six rows", values(six, y, tree.SHAPOptions{Background: six}, rows[1]), []float64{-17.5, 7.5, 22})
}
