package uplift_test

import (
	"context"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/predict/uplift"
)

// trial are n customers of d columns, half of them treated, of whom the first column says whom the treatment helps.
func trial(n, d int) uplift.Data {
	r := rng.New(1, 31, 0)
	out := uplift.Data{Propensities: []float64{.5, .5}}
	for range n {
		row := make([]float64, d)
		for j := range row {
			row[j] = r.Normal()
		}
		arm, p := r.Intn(2), .2
		if row[1] > 0 {
			p += .1
		}
		if arm == 1 && row[0] > 0 {
			p += .15
		}
		out.Rows, out.Treatment, out.Outcome = append(out.Rows, row), append(out.Treatment, arm), append(out.Outcome, label(r.Bool(p)))
	}
	return out
}

// BenchmarkFitForest beside causalml 0.18.0, UpliftRandomForestClassifier(n_estimators=100, max_depth=8, min_samples_leaf=100, n_reg=10, max_features=14,
// evaluationFunction="KL") on rows drawn alike: testdata/bench.py.
func BenchmarkFitForest(b *testing.B) {
	d := trial(20000, 20)
	for b.Loop() {
		get(uplift.FitForest(bg, d, uplift.ForestOptions{Trees: 100, Sample: .632, Try: 14, Tree: uplift.TreeOptions{Criterion: uplift.KL, MaxDepth: 8, Honest: -1}}))
	}
}

func BenchmarkFitTree(b *testing.B) {
	d := trial(20000, 20)
	for b.Loop() {
		get(uplift.FitTree(bg, d, uplift.TreeOptions{Criterion: uplift.KL, MaxDepth: 6}))
	}
}

func BenchmarkForestEffects(b *testing.B) {
	d := trial(20000, 20)
	f := get(uplift.FitForest(bg, d, uplift.ForestOptions{Trees: 100})).Forest
	var dst []float64
	for b.Loop() {
		dst = get(f.Effects(dst[:0], d.Rows))
	}
	b.ReportMetric(float64(b.N)*20000/b.Elapsed().Seconds(), "rows/s")
}

// Learners of constants: what is left is the work around them.
func BenchmarkLearners(b *testing.B) {
	d := trial(20000, 20)
	constant := func(_ context.Context, _ [][]float64, y, _ []float64) (uplift.Predict, error) {
		sum := 0.0
		for _, x := range y {
			sum += x / float64(len(y))
		}
		return each(func([]float64) float64 { return sum }), nil
	}
	for name, fit := range fits {
		b.Run("kind="+name, func(b *testing.B) {
			for b.Loop() {
				get(fit(bg, d, constant, uplift.Options{}))
			}
		})
	}
}

func BenchmarkAssign(b *testing.B) {
	r := rng.New(1, 32, 0)
	effects := make([]float64, 200000)
	for i := range effects {
		effects[i] = r.Normal()
	}
	for b.Loop() {
		get(uplift.Assign(effects, 3, uplift.AssignOptions{Costs: []float64{0, .1, .3}, Budget: 5000}))
	}
}

func BenchmarkScores(b *testing.B) {
	d := trial(20000, 20)
	s := get(uplift.ScoresIPW(d))
	policy := make([]int, 20000)
	effects := make([]float64, 20000)
	for i, row := range d.Rows {
		if effects[i] = row[0]; row[0] > 0 {
			policy[i] = 1
		}
	}
	b.Run("what=gain", func(b *testing.B) {
		for b.Loop() {
			get(s.Gain(policy, nil, uplift.ValueOptions{}))
		}
	})
	b.Run("what=harmed", func(b *testing.B) {
		for b.Loop() {
			get(s.Harmed(1, effects, uplift.HarmOptions{}))
		}
	})
}

func BenchmarkFitPolicyTree(b *testing.B) {
	s := get(uplift.ScoresIPW(trial(20000, 20)))
	for b.Loop() {
		get(uplift.FitPolicyTree(bg, s, uplift.PolicyTreeOptions{}))
	}
}
