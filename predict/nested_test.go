package predict_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/predict"
)

// accuracy is the share of rows that a guess made of the seed and the row gets right.
func accuracy(seed int, y []bool, rows []int) float64 {
	right := 0.0
	for _, i := range rows {
		if rng.Hash(uint64(seed), uint64(i))&1 == 1 == y[i] {
			right++
		}
	}
	return right / float64(len(rows))
}

// TestNestedIsHonest: a hundred settings that guess: the search over all rows flatters the best
// of them, the nested search says one half.
func TestNestedIsHonest(t *testing.T) {
	ctx := context.Background()
	const n = 300
	s := rng.New(1, 1, 0)
	y := make([]bool, n)
	for i := range y {
		y[i] = s.Bool(.5)
	}
	folds := promised(predict.KFold(indices(n), 5, 1))
	type setting struct{ seed int }
	knobs := []predict.Knob[setting]{{Name: "seed", Low: 0, High: 99, Integer: true, Set: func(o *setting, v float64) { o.seed = int(v) }}}
	search := predict.TuneOptions{Method: predict.TuneGrid, GridPoints: 100}
	flattered := promised(predict.Tune(ctx, setting{}, knobs, func(_ context.Context, o setting, _ float64) ([]float64, error) {
		return predict.CrossValidate(ctx, folds, func(context.Context, []int) (int, error) { return o.seed, nil },
			func(m int, rows []int) (float64, error) { return accuracy(m, y, rows), nil })
	}, search))
	nested := promised(predict.Nested[setting]{
		Knobs: knobs, Search: search,
		Evaluate: func(_ context.Context, o setting, train []int, _ float64) ([]float64, error) {
			return []float64{accuracy(o.seed, y, train)}, nil
		},
		Score: func(_ context.Context, o setting, f predict.Fold) (float64, error) {
			return accuracy(o.seed, y, f.Test), nil
		},
	}.Run(ctx, folds))
	if flattered.Best.Score < .55 {
		t.Errorf("the best of 100 guesses scores %.3f: the test shows nothing", flattered.Best.Score)
	}
	if math.Abs(nested.Score-.5) > .06 || len(nested.Scores) != 5 || len(nested.Chosen) != 5 || !(nested.StdErr > 0) {
		t.Errorf("nested: %.3f ± %.3f of %v", nested.Score, nested.StdErr, nested.Scores)
	}
}

func TestLearningCurve(t *testing.T) {
	ctx := context.Background()
	folds := promised(predict.KFold(indices(50), 5, 1))
	last := map[int]map[int]bool{} // rows of the share before, by fold
	calls := 0
	points, err := predict.LearningCurve(ctx, folds, []float64{.1, .5, 1}, 7, func(_ context.Context, train []int) (int, error) {
		f := calls / 3
		rows := map[int]bool{}
		for _, i := range train {
			rows[i] = true
			if !slices.Contains(folds[f].Train, i) {
				t.Errorf("fold %d trains on row %d", f, i)
			}
		}
		for i := range last[f] {
			if !rows[i] {
				t.Errorf("fold %d: row %d is not in the larger share", f, i)
			}
		}
		last[f] = rows
		calls++
		return len(train), nil
	}, func(m int, rows []int) (float64, error) { return float64(100*m + len(rows)), nil })
	if err != nil {
		t.Fatal(err)
	}
	for k, want := range []predict.CurvePoint{
		{Share: .1, Rows: 4, Train: 404, Test: 410},
		{Share: .5, Rows: 20, Train: 2020, Test: 2010},
		{Share: 1, Rows: 40, Train: 4040, Test: 4010},
	} {
		if points[k] != want {
			t.Errorf("point %d is %+v, want %+v", k, points[k], want)
		}
	}
	broken := errors.New("broken")
	fit := func(context.Context, []int) (int, error) { return 0, nil }
	score := func(int, []int) (float64, error) { return 0, nil }
	for name, c := range map[string]struct {
		do func() error
		is error
	}{
		"shares that do not ascend": {func() error {
			_, err := predict.LearningCurve(ctx, folds, []float64{.5, .5}, 0, fit, score)
			return err
		}, predict.ErrOption},
		"a share above 1": {func() error { _, err := predict.LearningCurve(ctx, folds, []float64{1.5}, 0, fit, score); return err }, predict.ErrOption},
		"no share":        {func() error { _, err := predict.LearningCurve(ctx, folds, nil, 0, fit, score); return err }, predict.ErrEmpty},
		"no function":     {func() error { _, err := predict.LearningCurve(ctx, folds, []float64{1}, 0, fit, nil); return err }, predict.ErrOption},
		"a score of NaN": {func() error {
			_, err := predict.LearningCurve(ctx, folds, []float64{1}, 0, fit, func(int, []int) (float64, error) { return math.NaN(), nil })
			return err
		}, predict.ErrNotFinite},
		"an error of fit": {func() error {
			_, err := predict.LearningCurve(ctx, folds, []float64{1}, 0, func(context.Context, []int) (int, error) { return 0, broken }, score)
			return err
		}, broken},
	} {
		if err := c.do(); !errors.Is(err, c.is) {
			t.Errorf("%s: %v, want %v", name, err, c.is)
		}
	}
}

// TestPipelineInFold: labels are pure noise and the only feature is a category of many levels
// whose codes become the mean label of the level. Fitted on all rows the encoder gives the
// labels away; refitted inside the fold by the caller's function it gives nothing.
func TestPipelineInFold(t *testing.T) {
	ctx := context.Background()
	const n = 600
	s := rng.New(9, 1, 0)
	level, y := make([]int, n), make([]bool, n)
	for i := range y {
		level[i], y[i] = s.Intn(200), s.Bool(.5)
	}
	encoder := func(rows []int) map[int]float64 {
		sum, count := map[int]float64{}, map[int]float64{}
		for _, i := range rows {
			count[level[i]]++
			if y[i] {
				sum[level[i]]++
			}
		}
		for l := range count {
			sum[l] /= count[l]
		}
		return sum
	}
	type pipeline struct {
		encode map[int]float64
		model  *predict.Logistic
	}
	features := func(encode map[int]float64, rows []int) [][]float64 {
		out := make([][]float64, len(rows))
		for k, i := range rows {
			v, ok := encode[level[i]]
			if !ok {
				v = .5
			}
			out[k] = []float64{v}
		}
		return out
	}
	auc := func(rows func(train []int) []int) float64 {
		scores, err := predict.CrossPredict(ctx, n, promised(predict.KFold(indices(n), 5, 2)), func(ctx context.Context, train []int) (pipeline, error) {
			encode := encoder(rows(train))
			m, err := predict.FitLogistic(ctx, features(encode, train), predict.Pick(y, train), predict.LogisticOptions{})
			return pipeline{encode, m}, err
		}, func(dst []float64, p pipeline, test []int) ([]float64, error) {
			return p.model.Score(dst, features(p.encode, test))
		})
		if err != nil {
			t.Fatal(err)
		}
		wins, pairs := 0.0, 0.0
		for i := range y {
			for j := range y {
				if y[i] && !y[j] {
					pairs++
					if scores[i] > scores[j] {
						wins++
					} else if scores[i] == scores[j] {
						wins += .5
					}
				}
			}
		}
		return wins / pairs
	}
	if leaky, fair := auc(func([]int) []int { return indices(n) }), auc(func(train []int) []int { return train }); leaky < .7 || math.Abs(fair-.5) > .08 {
		t.Errorf("AUC %.3f with the encoder outside of the folds, %.3f inside", leaky, fair)
	}
}

func ExampleNested() {
	ctx := context.Background()
	rows, y := overlapping()
	ids := indices(len(y))
	folds := func(rows []int) []predict.Fold { // of the rows of ids given
		inner, err := predict.StratifiedKFold(rows, predict.Pick(y, rows), 2, 1)
		if err != nil {
			panic(err)
		}
		for f := range inner {
			inner[f] = predict.Fold{Train: predict.Pick(rows, inner[f].Train), Test: predict.Pick(rows, inner[f].Test)}
		}
		return inner
	}
	judge := func(ctx context.Context, o predict.LogisticOptions, folds []predict.Fold) ([]float64, error) {
		return predict.CrossValidate(ctx, folds, func(ctx context.Context, train []int) (*predict.Logistic, error) {
			return predict.FitLogistic(ctx, predict.Pick(rows, train), predict.Pick(y, train), o)
		}, func(m *predict.Logistic, test []int) (float64, error) {
			p, err := m.Prob(nil, predict.Pick(rows, test))
			right := 0.0
			for k, i := range test {
				if (p[k] > .5) == y[i] {
					right++
				}
			}
			return right / float64(len(test)), err
		})
	}
	var found *predict.NestedResult[predict.LogisticOptions]
	found, err := predict.Nested[predict.LogisticOptions]{
		Knobs:  []predict.Knob[predict.LogisticOptions]{{Name: "L2", Low: .01, High: 100, Log: true, Set: func(o *predict.LogisticOptions, v float64) { o.L2 = v }}},
		Search: predict.TuneOptions{Trials: 5},
		Evaluate: func(ctx context.Context, o predict.LogisticOptions, train []int, _ float64) ([]float64, error) {
			return judge(ctx, o, folds(train))
		},
		Score: func(ctx context.Context, o predict.LogisticOptions, f predict.Fold) (float64, error) {
			s, err := judge(ctx, o, []predict.Fold{f})
			if err != nil {
				return 0, err
			}
			return s[0], nil
		},
	}.Run(ctx, folds(ids))
	if err != nil {
		panic(err)
	}
	fmt.Println(len(found.Scores), "outer folds, each with its own search:", found.Score > .4)
	// Output:
	// 2 outer folds, each with its own search: true
}

func ExampleLearningCurve() {
	rows, y := overlapping()
	folds, err := predict.KFold(indices(len(y)), 2, 1)
	if err != nil {
		panic(err)
	}
	var points []predict.CurvePoint
	points, err = predict.LearningCurve(context.Background(), folds, []float64{.5, 1}, 1, func(ctx context.Context, train []int) (*predict.Logistic, error) {
		return predict.FitLogistic(ctx, predict.Pick(rows, train), predict.Pick(y, train), predict.LogisticOptions{})
	}, func(m *predict.Logistic, rows_ []int) (float64, error) {
		p, err := m.Prob(nil, predict.Pick(rows, rows_))
		loss := 0.0
		for k, i := range rows_ {
			if !y[i] {
				p[k] = 1 - p[k]
			}
			loss -= math.Log(p[k]) / float64(len(rows_))
		}
		return -loss, err
	})
	if err != nil {
		panic(err)
	}
	fmt.Printf("from %.0f to %.0f rows\n", points[0].Rows, points[1].Rows)
	// Output:
	// from 15 to 30 rows
}

func ExampleLeaks() {
	found, err := predict.Leaks(context.Background(), predict.LeakCheck[string]{
		Names:  []string{"visits", "refunded"},
		Rows:   [][]float64{{3, 0}, {1, 1}, {4, 0}, {1, 0}, {5, 1}},
		Y:      []bool{true, false, true, true, false},
		Folds:  []predict.Fold{{Train: []int{0, 1, 2}, Test: []int{3, 4}}},
		Groups: []string{"ann", "bob", "cy", "ann", "dora"},
	})
	if err != nil {
		panic(err)
	}
	var l predict.Leak
	for _, l = range found {
		fmt.Println(l)
	}
	// Output:
	// column 1, "refunded", alone separates the labels: AUC 1.0000
	// fold 0 tests 1 rows, the first of them 3, of groups that it trains on
}

func ExampleStratifiedGroupKFold() {
	users := []string{"ann", "ann", "bob", "cy", "cy", "dora"}
	y := []bool{true, false, false, true, false, false}
	folds, err := predict.StratifiedGroupKFold(users, y, 2, 0)
	if err != nil {
		panic(err)
	}
	for _, f := range folds {
		fmt.Println(f.Test)
	}
	// Output:
	// [0 1 2]
	// [3 4 5]
}

func ExampleGroupTimeFolds() {
	users := []string{"ann", "bob", "ann", "bob", "ann", "bob"}
	folds, err := predict.GroupTimeFolds(users, []time.Time{at(0), at(0), at(10), at(10), at(20), at(20)}, 2, 5*day, 0)
	if err != nil {
		panic(err)
	}
	for _, f := range folds {
		fmt.Println(f.Train, f.Test)
	}
	// Output:
	// [0] [3]
	// [1 3] [4]
}

func ExamplePurgedKFold() {
	times := []time.Time{at(0), at(1), at(2), at(3), at(4), at(5)}
	folds, err := predict.PurgedKFold(times, 3, day, day)
	if err != nil {
		panic(err)
	}
	for _, f := range folds {
		fmt.Println(f.Train, f.Test)
	}
	// Output:
	// [3 4 5] [0 1]
	// [0 1 5] [2 3]
	// [0 1 2 3] [4 5]
}
