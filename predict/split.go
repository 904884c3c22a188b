package predict

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/ids"
	"golang.org/x/exp/constraints"
)

// ID is what may identify a row, a user or a group.
type ID interface{ ~string | constraints.Integer }

// Fold is one way to part rows: indices to train on and indices to test on,
// each ascending.
type Fold struct {
	Train []int // rows to learn from
	Test  []int // rows to judge on
}

// KFold parts rows into k folds of sizes that differ by at most one; every row
// is tested once. Which fold a row falls in depends on the hashes of the ids
// and on seed, not on the order of rows. ids must be distinct: rows that share
// a user go to GroupKFold. Memory is 8·n·k bytes, for every fold lists its rows. Errors: ErrOption unless 2 <= k <= len(ids),
// ErrDuplicate.
func KFold[K ID](ids []K, k int, seed uint64) ([]Fold, error) {
	return kfold("predict: KFold", ids, nil, k, seed)
}

// StratifiedKFold is KFold with the positive rows, and so the negative ones,
// spread evenly over the folds: their number per fold differs by at most one.
// Errors: as KFold, ErrShape, and ErrUndefined unless each class has k rows.
func StratifiedKFold[K ID](ids []K, y []bool, k int, seed uint64) ([]Fold, error) {
	const where = "predict: StratifiedKFold"
	if len(y) != len(ids) {
		return nil, fmt.Errorf("%s: %d labels for %d ids: %w", where, len(y), len(ids), ErrShape)
	}
	n := 0
	for _, v := range y {
		n += class(v)
	}
	if k >= 2 && (n < k || len(y)-n < k) {
		return nil, fmt.Errorf("%s: %d rows are true and %d false, want at least %d each: %w", where, n, len(y)-n, k, ErrUndefined)
	}
	return kfold(where, ids, y, k, seed)
}

// checkFolds reports a number of folds that n rows or groups cannot fill.
func checkFolds(where string, n, k int) error {
	var c check.Options
	c.Require(k >= 2 && k <= n, "k", k, fmt.Sprintf("2 … %d", n))
	return c.Err(where)
}

// kfold deals the rows to folds in the order of their hashes, one class after the
// other where there are labels.
func kfold[K ID](where string, rows []K, y []bool, k int, seed uint64) ([]Fold, error) {
	if err := checkFolds(where, len(rows), k); err != nil {
		return nil, err
	}
	order := make([]int, len(rows))
	keys := make([]uint64, len(rows))
	for i, id := range rows {
		order[i], keys[i] = i, ids.Seeded(id, seed)
	}
	slices.SortFunc(order, func(a, b int) int {
		if y != nil && y[a] != y[b] {
			return class(y[b]) - class(y[a])
		}
		return cmp.Or(cmp.Compare(keys[a], keys[b]), cmp.Compare(rows[a], rows[b]))
	})
	seen := make(map[K]int, len(rows))
	for i, id := range rows {
		if j, ok := seen[id]; ok {
			return nil, fmt.Errorf("%s: %w", where, check.Private("id", int64(i), id, nil, fmt.Errorf("that of row %d, use GroupKFold: %w", j, ErrDuplicate)))
		}
		seen[id] = i
	}
	fold := make([]int, len(rows))
	for pos, i := range order {
		fold[i] = pos % k // classes follow each other, so both are dealt evenly
	}
	return foldsOf(fold, k), nil
}

// foldsOf turns the test fold of each row, -1 for none, into folds.
func foldsOf(fold []int, k int) []Fold {
	out := make([]Fold, k)
	for f := range out {
		for i, g := range fold {
			if g == f {
				out[f].Test = append(out[f].Test, i)
			} else {
				out[f].Train = append(out[f].Train, i)
			}
		}
	}
	return out
}

// GroupKFold parts rows into k folds such that no group, say a user, is in two
// of them. Groups are dealt, largest first, ties by hash, to the fold with the
// fewest rows. Errors: ErrOption unless 2 <= k <= the number of groups.
func GroupKFold[K ID](groups []K, k int, seed uint64) ([]Fold, error) {
	home, err := dealGroups("predict: GroupKFold", groups, k, seed, func(int) int { return 0 })
	if err != nil {
		return nil, err
	}
	fold := make([]int, len(groups))
	for i, id := range groups {
		fold[i] = home[id]
	}
	return foldsOf(fold, k), nil
}

// TimeFolds parts rows by time: the rows are cut into k+1 stretches of about
// equal numbers, and fold f trains on what lies before stretch f+1 and tests on
// that stretch. Rows less than gap before the first tested instant are in
// neither, so that a label which looks ahead by at most gap never meets the
// test. Rows of one instant stay together. Errors: ErrOption unless k >= 1 and
// gap >= 0, ErrRange for a zero time, ErrUndefined if the instants are too few
// or the gap leaves nothing to train on.
func TimeFolds(times []time.Time, k int, gap time.Duration) ([]Fold, error) {
	const where = "predict: TimeFolds"
	var c check.Options
	c.Require(k >= 1 && k < math.MaxInt32, "k", k, ">= 1")
	c.Require(gap >= 0, "gap", gap, ">= 0")
	if err := c.Err(where); err != nil {
		return nil, err
	}
	if len(times) <= k {
		return nil, fmt.Errorf("%s: %d rows for %d folds: %w", where, len(times), k, ErrUndefined)
	}
	order, start, err := stretches(where, times, k+1)
	if err != nil {
		return nil, err
	}
	folds := make([]Fold, k)
	for f := range folds {
		first := times[order[start[f+1]]].Add(-gap)
		for pos, i := range order {
			switch {
			case pos >= start[f+1] && pos < start[f+2]:
				folds[f].Test = append(folds[f].Test, i)
			case pos < start[f+1] && (gap == 0 || !times[i].After(first)):
				folds[f].Train = append(folds[f].Train, i)
			}
		}
		if len(folds[f].Train) == 0 {
			return nil, fmt.Errorf("%s: no row lies %v before fold %d: %w", where, gap, f, ErrUndefined)
		}
		slices.Sort(folds[f].Train)
		slices.Sort(folds[f].Test)
	}
	return folds, nil
}

// stretches cuts the rows, ordered by time, into stretches of about equal numbers, each
// of which begins with a new instant; start has one more than there are.
func stretches(where string, times []time.Time, stretches int) (order, start []int, err error) {
	n := len(times)
	order = make([]int, n)
	for i, t := range times {
		if t.IsZero() {
			return nil, nil, fmt.Errorf("%s: times[%d] is the zero time: %w", where, i, ErrRange)
		}
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(times[a].Compare(times[b]), a-b) })
	start = make([]int, stretches+1)
	start[stretches] = n
	for s := 1; s < stretches; s++ {
		at := max(int(int64(n)*int64(s)/int64(stretches)), start[s-1]+1)
		for at > 0 && at < n && times[order[at]].Equal(times[order[at-1]]) {
			at++
		}
		if at >= n {
			return nil, nil, fmt.Errorf("%s: %d rows of too few instants for %d stretches: %w", where, n, stretches, ErrUndefined)
		}
		start[s] = at
	}
	return order, start, nil
}

// Pick returns xs[i] for each i of index: the part of the rows, labels or
// weights that a fold names. It panics like a slice for an index out of range.
func Pick[T any](xs []T, index []int) []T {
	out := make([]T, len(index))
	for k, i := range index {
		out[k] = xs[i]
	}
	return out
}
