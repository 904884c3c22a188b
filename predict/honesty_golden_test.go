package predict_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict"
)

// honestyGolden is testdata/honesty.json; infinite bounds are strings there.
type honestyGolden struct {
	Conformal struct {
		Y, Predicted, New []float64
		Groups, NewGroups []int
		Levels            []struct {
			Level           float64
			Split, Mondrian []any
		}
	}
	Sets struct {
		P, New [][]float64
		Y      []int
		Levels []struct {
			Level          float64
			Split, ByClass [][]int
		}
	}
	Cross struct {
		Y, Predicted []float64
		Fold         []int
		ByFold       [][]float64
		Levels       []struct {
			Level    float64
			Interval []any
		}
	}
	Beta []struct {
		Name        string
		P, At, Prob []float64
		ABC         []float64
		Y           []int
	}
	Prior struct {
		P, Corrected    []float64
		Trained, Actual float64
	}
}

// bound is a number of the golden file, infinite or not.
func bound(x any) float64 {
	switch x {
	case "Inf":
		return math.Inf(1)
	case "-Inf":
		return math.Inf(-1)
	}
	return x.(float64)
}

func sameBound(a, b float64) bool { return a == b || math.Abs(a-b) < 1e-9 }

func TestConformalGolden(t *testing.T) {
	var g honestyGolden
	testkit.Golden(t, "honesty.json", &g)
	scores := promised(predict.IntervalScores(nil, g.Conformal.Predicted, g.Conformal.Predicted, g.Conformal.Y))
	split, mondrian := promised(predict.FitConformal(scores, nil)), promised(predict.FitConformal(scores, g.Conformal.Groups))
	for _, l := range g.Conformal.Levels {
		for k, v := range g.Conformal.New {
			lo, hi, err := split.Interval(v, v, l.Level, 0)
			if err != nil || !sameBound(lo, bound(l.Split[2*k])) || !sameBound(hi, bound(l.Split[2*k+1])) {
				t.Errorf("split %v, row %d: [%v, %v], %v, want %v", l.Level, k, lo, hi, err, l.Split[2*k:2*k+2])
			}
			lo, hi, err = mondrian.Interval(v, v, l.Level, g.Conformal.NewGroups[k])
			if err != nil || !sameBound(lo, bound(l.Mondrian[2*k])) || !sameBound(hi, bound(l.Mondrian[2*k+1])) {
				t.Errorf("by group %v, row %d: [%v, %v], %v, want %v", l.Level, k, lo, hi, err, l.Mondrian[2*k:2*k+2])
			}
		}
	}
	alphas := promised(predict.ClassScores(nil, g.Sets.P, g.Sets.Y))
	sets, byClass := promised(predict.FitConformal(alphas, nil)), promised(predict.FitConformal(alphas, g.Sets.Y))
	members := func(in []int) (out []int) {
		for k, v := range in {
			if v == 1 {
				out = append(out, k)
			}
		}
		return out
	}
	for _, l := range g.Sets.Levels {
		for k, p := range g.Sets.New {
			if got, err := sets.Set(nil, p, l.Level, 0); err != nil || !slices.Equal(got, members(l.Split[k])) {
				t.Errorf("set %v, row %d: %v, %v, want %v", l.Level, k, got, err, members(l.Split[k]))
			}
			if got, err := byClass.SetByClass(nil, p, l.Level); err != nil || !slices.Equal(got, members(l.ByClass[k])) {
				t.Errorf("set by class %v, row %d: %v, %v, want %v", l.Level, k, got, err, members(l.ByClass[k]))
			}
		}
	}
	folds := make([]predict.Fold, len(g.Cross.ByFold[0]))
	for i, f := range g.Cross.Fold {
		folds[f].Test = append(folds[f].Test, i)
	}
	cross := promised(predict.FitCrossConformal(folds, g.Cross.Predicted, g.Cross.Y))
	for _, l := range g.Cross.Levels {
		for k, mu := range g.Cross.ByFold {
			lo, hi, err := cross.Interval(mu, l.Level)
			if err != nil || !sameBound(lo, bound(l.Interval[2*k])) || !sameBound(hi, bound(l.Interval[2*k+1])) {
				t.Errorf("CV+ %v, row %d: [%v, %v], %v, want %v", l.Level, k, lo, hi, err, l.Interval[2*k:2*k+2])
			}
		}
	}
}

// TestBetaGolden: betacal keeps a single coefficient below 0 as it comes, which none of
// these cases has.
func TestBetaGolden(t *testing.T) {
	var g honestyGolden
	testkit.Golden(t, "honesty.json", &g)
	for _, c := range g.Beta {
		b, err := predict.FitBeta(c.P, bools(c.Y), nil)
		if err != nil || !b.Converged {
			t.Fatalf("%s: %+v, %v", c.Name, b, err)
		}
		if strings.HasPrefix(c.Name, "a ") && b.A != 0 || strings.HasPrefix(c.Name, "b ") && b.B != 0 {
			t.Errorf("%s: %+v", c.Name, b)
		}
		near(t, c.Name, []float64{b.A, b.B, b.C}, c.ABC, 1e-6)
		near(t, c.Name+" by betacal, whose search stops early", b.Prob(nil, c.At), c.Prob, 5e-3)
	}
}

func TestPriorGolden(t *testing.T) {
	var g honestyGolden
	testkit.Golden(t, "honesty.json", &g)
	got := promised(predict.EstimatePrior(g.Prior.P, g.Prior.Trained))
	near(t, "actual", []float64{got}, []float64{g.Prior.Actual}, 1e-9)
	near(t, "corrected", promised(predict.CorrectPrior(nil, g.Prior.P[:20], g.Prior.Trained, got)), g.Prior.Corrected, 1e-9)
}
