package online

import (
	"fmt"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
)

// ffmFit is what pyFFM learns from rows, some passes in their order: see testdata/golden_ffm.py.
type ffmFit struct {
	Regression         bool
	Rate, L2, Constant float64
	Factors            int
	Levels             [][]int
	Values             [][]float64
	Labels             []float64   // ±1, or any of a regression
	Scores             []float64   // of each row of each pass before it is learnt
	Start, Vectors     [][]float64 // of each feature those for each field, one after another
	Weights            []float64
}

// Field-aware machines that start from the vectors of pyFFM predict and end as they do there, but for rounding to float32.
func TestFieldFMGolden(t *testing.T) {
	var g struct{ Fits []ffmFit }
	testkit.Golden(t, "fieldfm.json", &g)
	names := []string{"f0", "f1", "f2", "f3"}
	s, err := NewSpace(SpaceOptions{Bits: 12, Namespaces: names})
	if err != nil {
		t.Fatal(err)
	}
	for k, fit := range g.Fits {
		opt := FMOptions{Rate: fit.Rate, L2: fit.L2, Factors: fit.Factors}
		if fit.Regression {
			opt.Loss = Squared
		}
		m, err := newMachine("", s, opt, len(names))
		if err != nil {
			t.Fatal(err)
		}
		each := len(fit.Weights) / len(names) // levels of a field
		at := func(level int) []float32 {
			p, err := s.Place(names[level/each], fmt.Sprint(level))
			if err != nil {
				t.Fatal(err)
			}
			return m.at(uint32(p))
		}
		for level, v := range fit.Start {
			for i, x := range v {
				at(level)[1+i] = float32(x)
			}
		}
		row := s.Row()
		for step, want := range fit.Scores {
			i := step % len(fit.Labels)
			row.Reset()
			for f, level := range fit.Levels[i] {
				row.Add(names[f], fmt.Sprint(level), fit.Values[i][f])
			}
			y := fit.Labels[i]
			if !fit.Regression {
				y = (1 + y) / 2
			}
			x, err := row.read(s)
			if err != nil {
				t.Fatal(err)
			}
			score, _, ok := m.learn(x, y, 1)
			if !ok || math.Abs(score-want) > 1e-5 {
				t.Fatalf("fit %d, step %d: score %v, want %v", k, step, score, want)
			}
		}
		testkit.Near(t, "constant", m.base, fit.Constant, 1e-5)
		for level, v := range fit.Vectors {
			testkit.Near(t, fmt.Sprint("weight of ", level), float64(at(level)[0]), fit.Weights[level], 1e-5)
			for i, x := range v {
				testkit.Near(t, fmt.Sprint("vectors of ", level), float64(at(level)[1+i]), x, 1e-5)
			}
		}
	}
}
