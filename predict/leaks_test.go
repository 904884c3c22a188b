package predict_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/predict"
)

// honest are 400 rows of which three columns are noise, one is worth something, one is missing at
// random and one is a code of 40 levels.
func honest(seed uint64) (rows [][]float64, y []bool) {
	s := rng.New(seed, 1, 0)
	for range 400 {
		v := s.Bool(.3)
		useful := s.Normal()
		if v {
			useful += 2
		}
		missing := s.Normal()
		if s.Bool(.2) {
			missing = math.NaN()
		}
		rows = append(rows, []float64{s.Normal(), useful, missing, float64(s.Intn(40))})
		y = append(y, v)
	}
	return rows, y
}

func TestLeaksFeatures(t *testing.T) {
	ctx := context.Background()
	for seed := range uint64(20) {
		rows, y := honest(seed)
		found, err := predict.Leaks(ctx, predict.LeakCheck[string]{Rows: rows, Y: y})
		if err != nil || len(found) > 0 {
			t.Fatalf("seed %d: %v, %v: honest columns are no leak", seed, found, err)
		}
	}
	// Each kind of column that gives the label away, put in the place of the first.
	for name, leak := range map[string]func(i int, y bool, s *rng.Stream) float64{
		"the label":    func(_ int, y bool, _ *rng.Stream) float64 { return map[bool]float64{true: 1}[y] },
		"its opposite": func(_ int, y bool, s *rng.Stream) float64 { return s.Float64() - map[bool]float64{true: 1}[y] },
		"missing where false": func(_ int, y bool, s *rng.Stream) float64 {
			if y {
				return s.Normal()
			}
			return math.NaN()
		},
		"a code": func(_ int, y bool, s *rng.Stream) float64 {
			return float64(2*s.Intn(2) + map[bool]int{true: 1}[y]) // 1 and 3 are true
		},
	} {
		rows, y := honest(3)
		s := rng.New(4, 1, 0)
		for i := range rows {
			rows[i][0] = leak(i, y[i], s)
		}
		found, err := predict.Leaks(ctx, predict.LeakCheck[string]{Rows: rows, Y: y, Names: []string{"refunds", "b", "c", "d"}})
		if err != nil || len(found) != 1 || found[0].Kind != "feature" || found[0].Column != 0 || found[0].Name != "refunds" || found[0].AUC < .999 {
			t.Errorf("%s: %v, %v", name, found, err)
		} else if text := found[0].String(); !strings.Contains(text, `"refunds"`) {
			t.Errorf("%s: %s", name, text)
		}
	}
	rows, y := honest(5)
	scores := make([]float64, len(y))
	for i := range y {
		if scores[i] = rows[i][0]; y[i] {
			scores[i] -= 10
		}
	}
	found, err := predict.Leaks(ctx, predict.LeakCheck[string]{Scores: scores, Y: y})
	if err != nil || len(found) != 1 || found[0].Kind != "score" || found[0].AUC != 1 || found[0].Column != -1 {
		t.Errorf("scores: %v, %v", found, err)
	}
	// A threshold of one's own.
	found, err = predict.Leaks(ctx, predict.LeakCheck[string]{Rows: rows, Y: y, Threshold: .8})
	if err != nil || len(found) != 1 || found[0].Column != 1 {
		t.Errorf("a threshold of .8: %v, %v", found, err)
	}
}

func TestLeaksGroupsAndTimes(t *testing.T) {
	groups := []string{"a", "b", "a", "c", "d", "c"}
	folds := []predict.Fold{{Train: []int{0, 1, 2}, Test: []int{3, 4, 5}}, {Train: []int{0, 1, 3}, Test: []int{5, 2, 4}}}
	moments := []time.Time{at(5), at(5), at(5), at(9), at(9), at(9)}
	known, rows, rebuilt := make([][]time.Time, 6), make([][]float64, 6), make([][]float64, 6)
	for i := range known {
		known[i] = []time.Time{at(5), at(4), {}}
		rows[i] = []float64{1, math.NaN(), float64(i)}
		rebuilt[i] = slices.Clone(rows[i])
	}
	known[3][0], known[4][0], known[0][1] = at(9), at(9.5), at(6)
	rebuilt[2][2], rebuilt[5][2], rebuilt[1][1] = 2.5, 0, 3
	rebuilt[4][0] = 1 + 1e-12 // rounding
	found, err := predict.Leaks(context.Background(), predict.LeakCheck[string]{
		Folds: folds, Groups: groups, At: moments, Known: known, Rows: rows, Rebuilt: rebuilt, Names: []string{"paid", "city", "refunds"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []predict.Leak{
		{Kind: "group", Column: -1, Fold: 1, Rows: 2, First: 2},
		{Kind: "time", Column: 0, Name: "paid", Fold: -1, Rows: 1, First: 4},
		{Kind: "time", Column: 1, Name: "city", Fold: -1, Rows: 1, First: 0},
		{Kind: "rebuilt", Column: 1, Name: "city", Fold: -1, Rows: 1, First: 1},
		{Kind: "rebuilt", Column: 2, Name: "refunds", Fold: -1, Rows: 2, First: 2},
	}
	if !slices.Equal(found, want) {
		t.Errorf("found %v, want %v", found, want)
	}
	for _, l := range found {
		if l.String() == "" {
			t.Errorf("%+v says nothing", l)
		}
	}
}

func TestLeaksRefuse(t *testing.T) {
	rows, y := [][]float64{{1, 2}, {3, 4}}, []bool{true, false}
	type check = predict.LeakCheck[int]
	for name, c := range map[string]struct {
		check check
		is    error
	}{
		"nothing":           {check{}, predict.ErrEmpty},
		"labels alone":      {check{Y: y}, predict.ErrEmpty},
		"labels too few":    {check{Rows: rows, Y: y[:1]}, predict.ErrShape},
		"ragged":            {check{Rows: [][]float64{{1}, {1, 2}}, Y: y}, predict.ErrShape},
		"infinite":          {check{Rows: [][]float64{{1}, {math.Inf(1)}}, Y: y}, predict.ErrNotFinite},
		"a score of NaN":    {check{Scores: []float64{1, math.NaN()}, Y: y}, predict.ErrNotFinite},
		"one class":         {check{Rows: rows, Y: []bool{true, true}}, predict.ErrUndefined},
		"threshold":         {check{Rows: rows, Y: y, Threshold: 1.5}, predict.ErrOption},
		"the zero time":     {check{At: make([]time.Time, 2), Known: [][]time.Time{{at(1)}, {at(2)}}}, predict.ErrRange},
		"a row of no group": {check{Groups: []int{1, 2}, Folds: []predict.Fold{{Train: []int{0}, Test: []int{2}}}}, predict.ErrShape},
		"names too few":     {check{Rows: rows, Y: y, Names: []string{"a"}}, predict.ErrShape},
	} {
		if _, err := predict.Leaks(context.Background(), c.check); !errors.Is(err, c.is) {
			t.Errorf("%s: %v, want %v", name, err, c.is)
		}
	}
}
