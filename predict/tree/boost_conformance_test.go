package tree_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"sync"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/predict/tree"
)

// learner is what the suite asks of a fit: FitBoost with some options, or a model of the
// caller's in its place.
type learner struct {
	name string
	opt  tree.BoostOptions
	// label makes the label of a row out of its margin.
	label func(r *rng.Stream, m float64) float64
	// draws: rows are drawn, so that weights are not rows that come so often.
	draws bool
}

func learners() []learner {
	binary := func(r *rng.Stream, m float64) float64 { return b2f(r.Bool(1 / (1 + math.Exp(-m)))) }
	amount := func(r *rng.Stream, m float64) float64 { return m + r.Normal() }
	count := func(r *rng.Stream, m float64) float64 { return float64(r.Poisson(math.Exp(m / 2))) }
	return []learner{
		{"logistic", tree.BoostOptions{}, binary, false},
		{"logistic, by level", tree.BoostOptions{LevelWise: true, L1: .5}, binary, false},
		{"logistic, drawn", tree.BoostOptions{RowShare: .6, ColumnShare: .5}, binary, true},
		{"squared", tree.BoostOptions{Loss: tree.LossSquared}, amount, false},
		{"quantile", tree.BoostOptions{Loss: tree.LossQuantile, Quantile: .3}, amount, false},
		{"poisson", tree.BoostOptions{Loss: tree.LossPoisson}, count, false},
		{"tweedie", tree.BoostOptions{Loss: tree.LossTweedie}, count, false},
		{"softmax", tree.BoostOptions{Loss: tree.LossSoftmax}, func(r *rng.Stream, m float64) float64 {
			return b2f(m > 0) + b2f(m+r.Normal() > 1)
		}, false},
		{"pairwise", tree.BoostOptions{Loss: tree.LossPairwise}, amount, true},
		{"lambdamart", tree.BoostOptions{Loss: tree.LossLambdaMART}, func(r *rng.Stream, m float64) float64 {
			return min(4, max(0, math.Round(m+1+r.Normal())))
		}, true},
	}
}

// TestBoostConformance: what holds for every loss: permuted rows and any number of workers give the same
// bytes, weights are rows that come so often, the binary form keeps all, unseen categories and
// missing values are answered, a cancelled fit is none, and readers may be many.
func TestBoostConformance(t *testing.T) {
	for _, l := range learners() {
		t.Run(l.name, func(t *testing.T) {
			rows, margin := mixed(500, 11)
			r := rng.New(11, 5, 0)
			n := len(rows)
			y, groups, weights := make([]float64, n), make([]int, n), make([]float64, n)
			for i, m := range margin {
				y[i], groups[i], weights[i] = l.label(r, m), i/10, 1
			}
			opt := l.opt
			opt.Iterations, opt.MinRows, opt.Categorical, opt.Leaves = 4, 5, []int{3}, 8
			ranks := opt.Loss == tree.LossPairwise || opt.Loss == tree.LossLambdaMART
			fit := func(order []int32, workers int) *tree.Ensemble {
				o := opt
				o.Workers = workers
				var x [][]float64
				var labels []float64
				for _, i := range order {
					x, labels = append(x, rows[i]), append(labels, y[i])
					if ranks {
						o.Groups = append(o.Groups, groups[i])
					}
				}
				return must(tree.FitBoost(bg, x, labels, o))
			}
			plain := make([]int32, n)
			for i := range plain {
				plain[i] = int32(i)
			}
			m := fit(plain, 1)
			frame := must(m.MarshalBinary())
			if !bytes.Equal(frame, must(fit(r.Perm(n), 2).MarshalBinary())) {
				t.Error("permuted rows give other bytes")
			}
			var back tree.Ensemble
			if err := back.UnmarshalBinary(frame); err != nil || !bytes.Equal(frame, must(back.MarshalBinary())) {
				t.Errorf("the binary form does not come back: %v", err)
			}
			if !l.draws {
				var often []int32
				for i := range n {
					weights[i] = float64(r.Intn(3))
					for range int(weights[i]) {
						often = append(often, int32(i))
					}
				}
				o := opt
				o.Weights = weights
				a, b := must(fit(often, 1).Margins(nil, rows)), must(must(tree.FitBoost(bg, rows, y, o)).Margins(nil, rows))
				for i := range a {
					if math.Abs(a[i]-b[i]) > 1e-3 {
						t.Fatalf("margin %g with weights, %g with rows that come so often", b[i], a[i])
					}
				}
			}
			strange := [][]float64{{math.NaN(), math.NaN(), math.NaN(), math.NaN(), math.NaN()}, {0, 0, 0, 1e9, 0}, {math.Inf(1), math.Inf(-1), 0, -1, 0}}
			want := must(m.Margins(nil, append(strange, rows...)))
			for _, v := range want {
				if math.IsNaN(v) || math.IsInf(v, 0) {
					t.Fatal("a margin is not finite")
				}
			}
			var readers sync.WaitGroup
			for range 4 {
				readers.Add(1)
				go func() {
					defer readers.Done()
					got, err := back.Margins(nil, append(append([][]float64(nil), strange...), rows...))
					if err != nil || len(got) != len(want) || got[0] != want[0] || got[len(got)-1] != want[len(want)-1] {
						t.Error("another reader sees other margins")
					}
				}()
			}
			readers.Wait()
			ctx, stop := context.WithCancelCause(bg)
			reason := errors.New("enough")
			o := opt
			o.Progress = func(tree.Progress) { stop(reason) }
			if ranks {
				o.Groups = groups
			}
			if got, err := tree.FitBoost(ctx, rows, y, o); !errors.Is(err, reason) || got != nil {
				t.Errorf("a cancelled fit returns %v", err)
			}
		})
	}
}

// TestBoostNoiseCategory: a category of 100,000 levels that mean nothing costs at most .002 of held-out AUC: by
// default, where only levels of ten rows and more have bins, and where every level may have one. With AISLE_LONG
// there are so many rows that levels have some ten of them by default, too.
//
//	AISLE_LONG=1 go test -v -timeout 0 -run BoostNoiseCategory ./predict/tree
func TestBoostNoiseCategory(t *testing.T) {
	type noise struct {
		levels, rows int
		least, most  float64 // MinCategory, loss of AUC
	}
	cases := []noise{{300, 6000, 0, .002}, {100_000, 6000, 0, .002}, {100_000, 6000, 3, .002}}
	if os.Getenv("AISLE_LONG") != "" {
		cases = append(cases, noise{100_000, 2_400_000, 0, .002})
	}
	const trials = 2
	for _, c := range cases {
		lost := 0.0
		for trial := range uint64(trials) {
			rows, margin := mixed(c.rows, 20+trial)
			y := labels(margin, 20+trial)
			r := rng.New(trial, 9, 0)
			with := make([][]float64, c.rows)
			for i, x := range rows {
				with[i] = append(append([]float64(nil), x...), float64(r.Intn(c.levels)))
			}
			cut := c.rows / 2
			opt := tree.BoostOptions{Categorical: []int{3}, Iterations: 50, MinCategory: c.least}
			without := auc(must(must(tree.FitBoost(bg, rows[:cut], y[:cut], opt)).Margins(nil, rows[cut:])), y[cut:])
			opt.Categorical = []int{3, 5}
			lost += without - auc(must(must(tree.FitBoost(bg, with[:cut], y[:cut], opt)).Margins(nil, with[cut:])), y[cut:])
		}
		lost /= trials
		t.Logf("%d levels, %d rows, bins from %v on: %.4f of AUC are lost", c.levels, c.rows, c.least, lost)
		if lost > c.most {
			t.Errorf("%d levels, %d rows, bins from %v on: %.4f of AUC are lost", c.levels, c.rows, c.least, lost)
		}
	}
}
