package predict_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aislekit/aisle/predict"
	"pgregory.net/rapid"
)

func TestKFoldProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 40).Draw(t, "n")
		k := rapid.IntRange(2, n).Draw(t, "k")
		ids := make([]string, n)
		y := make([]bool, n)
		for i := range ids {
			ids[i] = fmt.Sprint("user", i*7)
			y[i] = rapid.Bool().Draw(t, "y")
		}
		folds, err := predict.KFold(ids, k, 3)
		if err != nil {
			t.Fatal(err)
		}
		home := checkFolds(t, folds, n, k, ids)
		perm := rapid.Permutation(seq(n)).Draw(t, "perm")
		again, err := predict.KFold(predict.Pick(ids, perm), k, 3)
		if err != nil {
			t.Fatal(err)
		}
		for id, f := range checkFolds(t, again, n, k, predict.Pick(ids, perm)) {
			if home[id] != f {
				t.Fatal("the order of rows moves them between folds")
			}
		}
		strat, err := predict.StratifiedKFold(ids, y, k, 3)
		pos := 0
		for _, v := range y {
			if v {
				pos++
			}
		}
		if pos < k || n-pos < k {
			if !errors.Is(err, predict.ErrUndefined) {
				t.Fatalf("%d positive rows, %d folds: %v", pos, k, err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		checkFolds(t, strat, n, k, ids)
		for _, f := range strat {
			c := 0
			for _, i := range f.Test {
				if y[i] {
					c++
				}
			}
			if c < pos/k || c > (pos+k-1)/k {
				t.Fatalf("%d of %d positive rows in a fold of %d", c, pos, k)
			}
		}
	})
}

// checkFolds checks that every row is tested once and trained on otherwise, and
// that sizes are even; it returns the fold of each id.
func checkFolds(t *rapid.T, folds []predict.Fold, n, k int, ids []string) map[string]int {
	home := make(map[string]int)
	if len(folds) != k {
		t.Fatalf("%d folds", len(folds))
	}
	for f, fold := range folds {
		if len(fold.Test) < n/k || len(fold.Test) > (n+k-1)/k || len(fold.Test)+len(fold.Train) != n {
			t.Fatalf("fold of %d + %d rows", len(fold.Train), len(fold.Test))
		}
		if !slices.IsSorted(fold.Train) || !slices.IsSorted(fold.Test) {
			t.Fatal("not ascending")
		}
		for _, i := range fold.Test {
			if _, ok := home[ids[i]]; ok || slices.Contains(fold.Train, i) {
				t.Fatal("tested twice or trained on")
			}
			home[ids[i]] = f
		}
	}
	return home
}

func TestGroupKFoldProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		groups := rapid.SliceOfN(rapid.Int32Range(-5, 5), 1, 40).Draw(t, "groups")
		distinct := slices.Clone(groups)
		slices.Sort(distinct)
		distinct = slices.Compact(distinct)
		k := rapid.IntRange(2, 5).Draw(t, "k")
		folds, err := predict.GroupKFold(groups, k, 1)
		if len(distinct) < k {
			if !errors.Is(err, predict.ErrOption) {
				t.Fatal(err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		home := make(map[int32]int)
		tested := 0
		for f, fold := range folds {
			tested += len(fold.Test)
			if len(fold.Test) == 0 || len(fold.Test)+len(fold.Train) != len(groups) {
				t.Fatal("sizes")
			}
			for _, i := range fold.Test {
				if h, ok := home[groups[i]]; ok && h != f {
					t.Fatal("a group in two folds")
				}
				home[groups[i]] = f
			}
			for _, i := range fold.Train {
				if h, ok := home[groups[i]]; ok && h == f {
					t.Fatal("a group on both sides")
				}
			}
		}
		if tested != len(groups) {
			t.Fatal("not every row is tested")
		}
		perm := rapid.Permutation(seq(len(groups))).Draw(t, "perm")
		again, _ := predict.GroupKFold(predict.Pick(groups, perm), k, 1)
		for f, fold := range again {
			for _, i := range fold.Test {
				if home[groups[perm[i]]] != f {
					t.Fatal("the order of rows moves groups")
				}
			}
		}
	})
}

func TestTimeFoldsProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		days := rapid.SliceOfN(rapid.IntRange(0, 20), 1, 40).Draw(t, "days")
		times := make([]time.Time, len(days))
		for i, d := range days {
			times[i] = at(float64(d))
		}
		k := rapid.IntRange(1, 4).Draw(t, "k")
		gap := time.Duration(rapid.IntRange(0, 3).Draw(t, "gap")) * day
		folds, err := predict.TimeFolds(times, k, gap)
		if err != nil {
			if !errors.Is(err, predict.ErrUndefined) {
				t.Fatal(err)
			}
			return
		}
		if len(folds) != k {
			t.Fatal(len(folds))
		}
		var last time.Time
		for _, f := range folds {
			first, end := times[f.Test[0]], times[f.Test[0]]
			for _, i := range f.Test {
				if times[i].Before(first) {
					first = times[i]
				}
				if times[i].After(end) {
					end = times[i]
				}
			}
			if !first.After(last) && !last.IsZero() {
				t.Fatal("stretches overlap")
			}
			last = end
			train := make(map[int]bool)
			for _, i := range f.Train {
				train[i] = true
			}
			for i := range times {
				early := times[i].Before(first) && !times[i].After(first.Add(-gap))
				if early != train[i] {
					t.Fatalf("row at %v, test from %v, gap %v: trained on %v", times[i], first, gap, train[i])
				}
			}
		}
		perm := rapid.Permutation(seq(len(times))).Draw(t, "perm")
		again, err := predict.TimeFolds(predict.Pick(times, perm), k, gap)
		if err != nil {
			t.Fatal(err)
		}
		for f := range folds {
			got := predict.Pick(perm, again[f].Test)
			slices.Sort(got)
			if !slices.Equal(got, folds[f].Test) {
				t.Fatal("the order of rows matters")
			}
		}
	})
}

func TestSplitBad(t *testing.T) {
	if _, err := predict.KFold([]int{1, 2, 1}, 2, 0); !errors.Is(err, predict.ErrDuplicate) {
		t.Error(err)
	}
	for _, k := range []int{-1, 0, 1, 4} {
		if _, err := predict.KFold([]int{1, 2, 3}, k, 0); !errors.Is(err, predict.ErrOption) {
			t.Errorf("k = %d: %v", k, err)
		}
	}
	if _, err := predict.StratifiedKFold([]int{1, 2}, []bool{true}, 2, 0); !errors.Is(err, predict.ErrShape) {
		t.Error(err)
	}
	if _, err := predict.TimeFolds([]time.Time{at(0), {}}, 1, 0); !errors.Is(err, predict.ErrRange) {
		t.Error(err)
	}
	if _, err := predict.TimeFolds([]time.Time{at(0), at(1)}, 0, -1); !errors.Is(err, predict.ErrOption) {
		t.Error(err)
	}
	if _, err := predict.TimeFolds(nil, 2, 0); !errors.Is(err, predict.ErrUndefined) {
		t.Error(err)
	}
}
