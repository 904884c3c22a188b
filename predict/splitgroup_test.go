package predict_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/aislekit/aisle/predict"
	"pgregory.net/rapid"
)

// drawGroups are rows of few groups with labels, the true ones rare, and moments.
func drawGroups(t *rapid.T) (groups []string, y []bool, times []time.Time) {
	n := rapid.IntRange(12, 60).Draw(t, "n")
	for range n {
		groups = append(groups, string(rune('a'+rapid.IntRange(0, 11).Draw(t, "group"))))
		y = append(y, rapid.IntRange(0, 3).Draw(t, "y") == 0)
		times = append(times, at(float64(rapid.IntRange(0, 40).Draw(t, "day"))))
	}
	return groups, y, times
}

func TestStratifiedGroupKFoldProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		groups, y, _ := drawGroups(t)
		k := rapid.IntRange(2, 4).Draw(t, "k")
		folds, err := predict.StratifiedGroupKFold(groups, y, k, 3)
		if err != nil {
			if !errors.Is(err, predict.ErrUndefined) && !errors.Is(err, predict.ErrOption) {
				t.Fatal(err)
			}
			return
		}
		most, counts := map[string]int{}, make([]int, k)
		positive := 0
		for i, v := range y {
			if v {
				positive++
				most[groups[i]]++
			}
		}
		rare := 2*positive <= len(y)
		largest := map[string]int{}
		home := map[string]int{}
		tested := 0
		for f, fold := range folds {
			for _, i := range fold.Test {
				tested++
				if h, ok := home[groups[i]]; ok && h != f {
					t.Fatalf("group %s is in folds %d and %d", groups[i], h, f)
				}
				home[groups[i]] = f
				if y[i] == rare {
					counts[f]++
					largest[groups[i]]++
				}
			}
			if len(fold.Train)+len(fold.Test) != len(y) || !slices.IsSorted(fold.Test) || !slices.IsSorted(fold.Train) {
				t.Fatalf("fold %d has %d and %d rows of %d", f, len(fold.Train), len(fold.Test), len(y))
			}
		}
		top := 0
		for _, n := range largest {
			top = max(top, n)
		}
		if tested != len(y) || slices.Max(counts)-slices.Min(counts) > top {
			t.Fatalf("%d rows tested of %d; the rare label %v times a fold, at most %d in a group", tested, len(y), counts, top)
		}
		// Permuted rows fall into the same folds.
		perm := rapid.Permutation(indices(len(y))).Draw(t, "perm")
		again, err := predict.StratifiedGroupKFold(predict.Pick(groups, perm), predict.Pick(y, perm), k, 3)
		if err != nil {
			t.Fatal(err)
		}
		for f, fold := range again {
			for _, p := range fold.Test {
				if home[groups[perm[p]]] != f {
					t.Fatalf("permuted rows: group %s moves from fold %d to %d", groups[perm[p]], home[groups[perm[p]]], f)
				}
			}
		}
	})
}

func indices(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func TestGroupTimeFoldsProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		groups, _, times := drawGroups(t)
		k, gap := rapid.IntRange(2, 4).Draw(t, "k"), time.Duration(rapid.IntRange(0, 5).Draw(t, "gap"))*day
		folds, err := predict.GroupTimeFolds(groups, times, k, gap, 5)
		if err != nil {
			if !errors.Is(err, predict.ErrUndefined) && !errors.Is(err, predict.ErrOption) {
				t.Fatal(err)
			}
			return
		}
		for f, fold := range folds {
			first := times[fold.Test[0]]
			tested := map[string]bool{}
			for _, i := range fold.Test {
				tested[groups[i]] = true
				if times[i].Before(first) {
					first = times[i]
				}
			}
			for _, i := range fold.Train {
				if tested[groups[i]] || times[i].Add(gap).After(first) {
					t.Fatalf("fold %d trains on row %d: group tested %v, %v before the test", f, i, tested[groups[i]], first.Sub(times[i]))
				}
			}
		}
	})
}

// TestPurgedKFoldProp: every row is tested once, and a row is trained on exactly if the
// stretch that its label covers keeps clear of those that are tested, by the embargo afterwards.
func TestPurgedKFoldProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		_, _, times := drawGroups(t)
		k := rapid.IntRange(2, 4).Draw(t, "k")
		horizon, embargo := time.Duration(rapid.IntRange(0, 4).Draw(t, "horizon"))*day, time.Duration(rapid.IntRange(0, 4).Draw(t, "embargo"))*day
		folds, err := predict.PurgedKFold(times, k, horizon, embargo)
		if err != nil {
			if !errors.Is(err, predict.ErrUndefined) {
				t.Fatal(err)
			}
			return
		}
		seen := map[int]int{}
		for f, fold := range folds {
			test, train := map[int]bool{}, map[int]bool{}
			first, last := times[fold.Test[0]], times[fold.Test[0]]
			for _, i := range fold.Test {
				seen[i]++
				test[i] = true
				if times[i].Before(first) {
					first = times[i]
				}
				if times[i].After(last) {
					last = times[i]
				}
			}
			for _, i := range fold.Train {
				train[i] = true
			}
			for i, at := range times {
				before := !at.Add(horizon).After(first) && at.Before(first)
				after := at.After(last) && !at.Before(last.Add(horizon+embargo))
				if !test[i] && train[i] != (before || after) {
					t.Fatalf("fold %d, row %d: trained on %v, clear before %v, after %v", f, i, train[i], before, after)
				}
			}
		}
		if len(seen) != len(times) || len(folds) != k {
			t.Fatalf("%d of %d rows tested in %d folds", len(seen), len(times), len(folds))
		}
	})
}

func TestGroupFoldsRefuse(t *testing.T) {
	three := []time.Time{at(1), at(2), at(3)}
	for name, c := range map[string]struct {
		do func() error
		is error
	}{
		"labels of another number": {func() error { _, err := predict.StratifiedGroupKFold([]int{1, 2}, []bool{true}, 2, 0); return err }, predict.ErrShape},
		"fewer groups than folds": {func() error {
			_, err := predict.StratifiedGroupKFold([]int{1, 1}, []bool{true, false}, 2, 0)
			return err
		}, predict.ErrOption},
		"true rows in one group": {func() error {
			_, err := predict.StratifiedGroupKFold([]int{1, 1, 2, 2, 3}, []bool{true, false, false, false, false}, 2, 0)
			return err
		}, predict.ErrUndefined},
		"times of another number": {func() error { _, err := predict.GroupTimeFolds([]int{1, 2}, three, 2, 0, 0); return err }, predict.ErrShape},
		"negative gap":            {func() error { _, err := predict.GroupTimeFolds([]int{1, 2, 3}, three, 2, -1, 0); return err }, predict.ErrOption},
		"the zero time":           {func() error { _, err := predict.PurgedKFold([]time.Time{at(1), {}, at(3)}, 2, 0, 0); return err }, predict.ErrRange},
		"one fold":                {func() error { _, err := predict.PurgedKFold(three, 1, 0, 0); return err }, predict.ErrOption},
		"negative embargo":        {func() error { _, err := predict.PurgedKFold(three, 2, 0, -1); return err }, predict.ErrOption},
		"nothing left to train":   {func() error { _, err := predict.PurgedKFold(three, 2, 10*day, 0); return err }, predict.ErrUndefined},
		"one instant":             {func() error { _, err := predict.PurgedKFold([]time.Time{at(1), at(1)}, 2, 0, 0); return err }, predict.ErrUndefined},
	} {
		if err := c.do(); !errors.Is(err, c.is) {
			t.Errorf("%s: %v, want %v", name, err, c.is)
		}
	}
}
