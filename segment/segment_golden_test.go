package segment_test

import (
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment"
)

type goldenFile struct {
	Rows  [][]float64 `json:"rows"`
	Cases map[string]struct {
		Start      [][]float64 `json:"start"`
		Tol        float64     `json:"tol"`
		MaxIter    int         `json:"max_iter"`
		Weights    []float64   `json:"weights"`
		Centers    [][]float64 `json:"centers"`
		Inertia    float64     `json:"inertia"`
		Iterations int         `json:"iterations"`
		Labels     []int32     `json:"labels"`
	} `json:"cases"`
	Scores struct {
		Silhouette, CH, DB float64
		Samples            []float64
	} `json:"scores"`
	Quantiles struct{ Values, Q5, Q7 []float64 } `json:"quantiles"`
	Qcut      struct {
		Values []float64
		Level  []int
	} `json:"qcut"`
}

// The second column lies around 1e6, where scikit-learn's own arithmetic (it
// subtracts means first) keeps about 1e-9: hence the tolerances.
func TestFitKMeansGolden(t *testing.T) {
	var g goldenFile
	testkit.Golden(t, "sklearn.json", &g)
	if len(g.Cases) != 5 {
		t.Fatalf("%d cases", len(g.Cases))
	}
	for name, c := range g.Cases {
		t.Run(name, func(t *testing.T) {
			tol := c.Tol
			if tol == 0 {
				tol = -1
			}
			m, err := segment.FitKMeans(bg, g.Rows, segment.KMeansOptions{Centers: c.Start, Tol: tol, MaxIter: c.MaxIter, Weights: c.Weights})
			if err != nil {
				t.Fatal(err)
			}
			for j, row := range m.Centers() {
				for q, v := range row {
					if !testkit.Close(v, c.Centers[j][q], 1e-8, 1e-12) {
						t.Errorf("centre %d column %d = %v, want %v", j, q, v, c.Centers[j][q])
					}
				}
			}
			if !testkit.Close(m.Inertia(), c.Inertia, 0, 1e-9) {
				t.Errorf("inertia %v, want %v", m.Inertia(), c.Inertia)
			}
			if m.Iterations() != c.Iterations {
				t.Errorf("%d iterations, want %d", m.Iterations(), c.Iterations)
			}
			if want := c.MaxIter != 3; m.Converged() != want {
				t.Errorf("converged is %v", m.Converged())
			}
			labels, err := m.Assign(nil, g.Rows)
			if err != nil {
				t.Fatal(err)
			}
			for i := range labels {
				if labels[i] != c.Labels[i] {
					t.Errorf("row %d has label %d, want %d", i, labels[i], c.Labels[i])
				}
			}
		})
	}
}

func TestClusterScoresGolden(t *testing.T) {
	var g goldenFile
	testkit.Golden(t, "sklearn.json", &g)
	labels := g.Cases["plain"].Labels
	mean, each, err := segment.Silhouette(bg, g.Rows, labels)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "silhouette", mean, g.Scores.Silhouette, 1e-9)
	for i := range each {
		testkit.Near(t, "silhouette of a row", each[i], g.Scores.Samples[i], 1e-8)
	}
	ch, err := segment.CalinskiHarabasz(g.Rows, labels)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "Calinski-Harabasz", ch, g.Scores.CH, 1e-6)
	db, err := segment.DaviesBouldin(g.Rows, labels)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "Davies-Bouldin", db, g.Scores.DB, 1e-9)
}

func TestFitCutsGolden(t *testing.T) {
	var g goldenFile
	testkit.Golden(t, "sklearn.json", &g)
	for levels, want := range map[int][]float64{5: g.Quantiles.Q5, 7: g.Quantiles.Q7} {
		c, err := segment.FitCuts(g.Quantiles.Values, levels)
		if err != nil {
			t.Fatal(err)
		}
		got := c.Points()
		if len(got) != len(want) || len(want) == 0 {
			t.Fatalf("%d cuts, want %d", len(got), len(want))
		}
		for i := range want {
			testkit.Near(t, "quantile", got[i], want[i], 1e-12)
		}
	}
	c, err := segment.FitCuts(g.Qcut.Values, 5)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range g.Qcut.Values {
		if got := c.Level(v); got != g.Qcut.Level[i] {
			t.Errorf("value %v has level %d, want %d", v, got, g.Qcut.Level[i])
		}
	}
}
