package predict

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/ids"
)

// StratifiedGroupKFold is GroupKFold with the rarer label spread over the folds as evenly
// as the groups allow: of two folds the numbers of its rows differ by at most those
// of one group. Groups are dealt by their rows of the rarer label, most first, then by all their rows,
// ties by hash, to the fold with the fewest of them. Errors: ErrOption unless 2 <= k <= the
// number of groups, ErrShape, and ErrUndefined where a fold would have one class only, as it
// must where fewer than k groups have it.
func StratifiedGroupKFold[K ID](groups []K, y []bool, k int, seed uint64) ([]Fold, error) {
	const where = "predict: StratifiedGroupKFold"
	if len(y) != len(groups) {
		return nil, fmt.Errorf("%s: %d labels for %d rows: %w", where, len(y), len(groups), ErrShape)
	}
	positive := 0
	for _, v := range y {
		positive += class(v)
	}
	rare := 2*positive <= len(y)
	home, err := dealGroups(where, groups, k, seed, func(i int) int { return class(y[i] == rare) })
	if err != nil {
		return nil, err
	}
	fold := make([]int, len(groups))
	counts := make([][2]int, k)
	for i, id := range groups {
		fold[i] = home[id]
		counts[fold[i]][class(y[i])]++
	}
	for f, c := range counts {
		if c[0] == 0 || c[1] == 0 {
			return nil, fmt.Errorf("%s: fold %d would have %d rows that are true and %d false: %w", where, f, c[1], c[0], ErrUndefined)
		}
	}
	return foldsOf(fold, k), nil
}

// dealGroups deals the groups to k folds: those with the most rare rows first, to the fold
// with the fewest of these; among equals by all rows.
func dealGroups[K ID](where string, groups []K, k int, seed uint64, rare func(i int) int) (map[K]int, error) {
	type group struct {
		id         K
		key        uint64
		rare, rows int
	}
	index := make(map[K]int)
	var gs []group
	for i, id := range groups {
		g, ok := index[id]
		if !ok {
			g = len(gs)
			index[id] = g
			gs = append(gs, group{id: id, key: ids.Seeded(id, seed)})
		}
		gs[g].rows++
		gs[g].rare += rare(i)
	}
	if err := checkFolds(where, len(gs), k); err != nil {
		return nil, err
	}
	slices.SortFunc(gs, func(a, b group) int {
		return cmp.Or(cmp.Compare(b.rare, a.rare), cmp.Compare(b.rows, a.rows), cmp.Compare(a.key, b.key), cmp.Compare(a.id, b.id))
	})
	rareIn, rowsIn := make([]int, k), make([]int, k)
	home := make(map[K]int, len(gs))
	for _, g := range gs {
		best := 0
		for f := range k {
			fewer := cmp.Compare(rowsIn[f], rowsIn[best])
			if g.rare > 0 {
				fewer = cmp.Or(cmp.Compare(rareIn[f], rareIn[best]), fewer)
			}
			if fewer < 0 {
				best = f
			}
		}
		rareIn[best] += g.rare
		rowsIn[best] += g.rows
		home[g.id] = best
	}
	return home, nil
}

// GroupTimeFolds parts rows by time and by group at once, for several rows a user over
// time where the model will meet users it has not seen: fold f tests the groups of part f
// on stretch f+1 of k+1 stretches of time, as TimeFolds cuts them, and trains on what the
// other groups did at least gap before the first instant of that stretch. No group is on
// both sides, and no label that looks ahead by at most gap reaches into the test. Groups are
// dealt as by GroupKFold. Where users stay, and only time goes on, TimeFolds is right.
//
// Errors: ErrOption unless 2 <= k <= the number of groups and gap >= 0, ErrShape, ErrRange
// for a zero time, ErrUndefined if the instants are too few or a side of a fold is empty.
func GroupTimeFolds[K ID](groups []K, times []time.Time, k int, gap time.Duration, seed uint64) ([]Fold, error) {
	const where = "predict: GroupTimeFolds"
	if len(times) != len(groups) {
		return nil, fmt.Errorf("%s: %d times for %d rows: %w", where, len(times), len(groups), ErrShape)
	}
	var c check.Options
	c.Require(gap >= 0, "gap", gap, ">= 0")
	if err := c.Err(where); err != nil {
		return nil, err
	}
	home, err := dealGroups(where, groups, k, seed, func(int) int { return 0 })
	if err != nil {
		return nil, err
	}
	order, start, err := stretches(where, times, k+1)
	if err != nil {
		return nil, err
	}
	folds := make([]Fold, k)
	for f := range folds {
		last := times[order[start[f+1]]].Add(-gap)
		for pos, i := range order[:start[f+2]] {
			switch tested := home[groups[i]] == f; {
			case tested && pos >= start[f+1]:
				folds[f].Test = append(folds[f].Test, i)
			case !tested && pos < start[f+1] && !times[i].After(last):
				folds[f].Train = append(folds[f].Train, i)
			}
		}
	}
	if err := sortFolds(where, folds); err != nil {
		return nil, err
	}
	return folds, nil
}

// PurgedKFold parts rows by time into k stretches, each of which is tested once, and
// trains on both sides of it: on rows whose label, which looks ahead by horizon, ends
// before the first tested instant, and on those that begin embargo after the last tested label
// has ended (López de Prado, Advances in Financial Machine Learning, 2018, chapter 7). It
// uses more of few rows than TimeFolds does, and asks that the past can be learnt from the
// future: confirm with TimeFolds. Rows of one instant stay together.
//
// Errors: ErrOption unless k >= 2, horizon >= 0 and embargo >= 0, ErrRange for a zero time,
// ErrUndefined if the instants are too few or nothing is left to train on.
func PurgedKFold(times []time.Time, k int, horizon, embargo time.Duration) ([]Fold, error) {
	const where = "predict: PurgedKFold"
	var c check.Options
	c.Require(k >= 2 && k < math.MaxInt32, "k", k, ">= 2")
	c.Require(horizon >= 0, "horizon", horizon, ">= 0")
	c.Require(embargo >= 0, "embargo", embargo, ">= 0")
	if err := c.Err(where); err != nil {
		return nil, err
	}
	if len(times) < k {
		return nil, fmt.Errorf("%s: %d rows for %d folds: %w", where, len(times), k, ErrUndefined)
	}
	order, start, err := stretches(where, times, k)
	if err != nil {
		return nil, err
	}
	folds := make([]Fold, k)
	for f := range folds {
		lo, hi := start[f], start[f+1]
		before := times[order[lo]].Add(-horizon)
		after := times[order[hi-1]].Add(horizon).Add(embargo)
		for pos, i := range order {
			switch {
			case pos >= lo && pos < hi:
				folds[f].Test = append(folds[f].Test, i)
			case pos < lo && !times[i].After(before), pos >= hi && !times[i].Before(after):
				folds[f].Train = append(folds[f].Train, i)
			}
		}
	}
	if err := sortFolds(where, folds); err != nil {
		return nil, err
	}
	return folds, nil
}

// sortFolds puts the rows of folds in order and reports a side without rows.
func sortFolds(where string, folds []Fold) error {
	for f := range folds {
		slices.Sort(folds[f].Train)
		slices.Sort(folds[f].Test)
		if len(folds[f].Train) == 0 || len(folds[f].Test) == 0 {
			return fmt.Errorf("%s: fold %d has %d rows to train on and %d to test: %w", where, f, len(folds[f].Train), len(folds[f].Test), ErrUndefined)
		}
	}
	return nil
}
