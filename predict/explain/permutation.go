package explain

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/rng"
)

// PermutationOptions configures Permutation.
type PermutationOptions struct {
	// Groups are columns that are shuffled together, such as those that were made of one
	// field; nil: each column by itself.
	Groups [][]int
	// Repeats is how many times each group is shuffled; 0 means 10, at least 2.
	Repeats int
	// Level of the intervals; 0 means .95.
	Level float64
	// Seed of the shuffles.
	Seed uint64
}

func (o PermutationOptions) withDefaults(d int) PermutationOptions {
	o.Repeats = check.Default(o.Repeats, 10)
	o.Level = check.Default(o.Level, .95)
	if o.Groups == nil {
		for j := range d {
			o.Groups = append(o.Groups, []int{j})
		}
	}
	return o
}

func (o PermutationOptions) validate(where string, d int) error {
	var c check.Options
	c.Require(o.Repeats >= 2 && o.Repeats <= 10000, "Repeats", o.Repeats, "2 … 10000")
	c.Require(o.Level > 0 && o.Level < 1, "Level", o.Level, "between 0 and 1")
	c.Require(len(o.Groups) > 0, "Groups", len(o.Groups), "at least one")
	for g, columns := range o.Groups {
		c.Require(len(columns) > 0, fmt.Sprintf("Groups[%d]", g), columns, "columns")
		for k, j := range columns {
			c.Require(j >= 0 && j < d && !slices.Contains(columns[:k], j), fmt.Sprintf("Groups[%d][%d]", g, k), j, "a column, once")
		}
	}
	return c.Err(where)
}

// Importance is what the score loses when a group of columns is shuffled.
type Importance struct {
	Columns   []int     // that were shuffled together
	Mean      float64   // of the losses: score − score after shuffling
	StdErr    float64   // of Mean, over the repeats
	Low, High float64   // interval of Mean, by Student's t over the repeats
	Losses    []float64 // one a repeat; the r-th of all groups come from the same shuffle
}

// Importances is what Permutation finds.
type Importances struct {
	Score  float64      // of the rows as they are
	Level  float64      // of the intervals
	Groups []Importance // in the order of Groups
}

// Permutation measures how much a model relies on its columns: by how much a score falls when
// the values of a group of columns are dealt to other rows, all of a group together. score
// judges predictions of all rows, in their order, and is better the higher it is; it closes over
// the labels: func(p []float64) (float64, error) { return metrics.AUC(y, p, nil) }. Rows should have taken no part in the fit.
//
// Repeat r shuffles all groups in the same way, so that losses of two groups can be compared
// pair by pair (Importances.Difference). Intervals tell how well the mean over shuffles is known
// on these rows, not what other rows would say. Columns that go together share their
// importance or hide it: put them into one group.
//
// Cost: (1 + groups·Repeats)·n predictions. The order of rows matters for the shuffles.
// Errors: ErrEmpty, ErrShape, ErrNotFinite, ErrOption, those of f and score, context.Cause(ctx).
func Permutation(ctx context.Context, f Func, rows [][]float64, score func(predictions []float64) (float64, error), opt PermutationOptions) (*Importances, error) {
	const where = "explain: Permutation"
	d, err := table(where, f, rows)
	if err != nil {
		return nil, err
	}
	if score == nil {
		return nil, fmt.Errorf("%s: score is nil: %w", where, ErrEmpty)
	}
	o := opt.withDefaults(d)
	if err := o.validate(where, d); err != nil {
		return nil, err
	}
	a, n := newAsker(ctx, where, f, d), len(rows)
	judge := func(p []float64) (float64, error) {
		s, err := score(p)
		if err == nil && !check.Finite(s) {
			err = fmt.Errorf("%v: %w", s, ErrNotFinite)
		}
		if err != nil {
			return 0, fmt.Errorf("%s: score: %w", where, err)
		}
		return s, nil
	}
	p, err := a.predict(nil, n, func(i int, row []float64) { copy(row, rows[i]) })
	if err != nil {
		return nil, err
	}
	out := &Importances{Level: o.Level, Groups: make([]Importance, len(o.Groups))}
	if out.Score, err = judge(slices.Clone(p)); err != nil {
		return nil, err
	}
	for r := range o.Repeats {
		from := rng.New(o.Seed, 0, uint64(r)).Perm(n)
		for g, columns := range o.Groups {
			p, err = a.predict(p[:0], n, func(i int, row []float64) {
				copy(row, rows[i])
				for _, j := range columns {
					row[j] = rows[from[i]][j]
				}
			})
			if err != nil {
				return nil, err
			}
			s, err := judge(slices.Clone(p))
			if err != nil {
				return nil, err
			}
			out.Groups[g].Losses = append(out.Groups[g].Losses, out.Score-s)
		}
	}
	for g := range out.Groups {
		m := &out.Groups[g]
		m.Columns = slices.Clone(o.Groups[g])
		m.Mean, m.StdErr, m.Low, m.High = spread(m.Losses, o.Level)
	}
	return out, nil
}

// Difference returns by how much more group a loses than group b, pair by pair, with
// its interval. Errors: ErrEmpty for nil and the zero value, ErrRange for a group that there
// is not or a Level that is none, ErrShape for losses that are no pairs.
func (m *Importances) Difference(a, b int) (mean, low, high float64, err error) {
	const where = "explain: Importances.Difference"
	if m == nil || len(m.Groups) == 0 {
		return 0, 0, 0, fmt.Errorf("%s: no groups: %w", where, ErrEmpty)
	}
	if err := column(where, "a", a, len(m.Groups)); err != nil {
		return 0, 0, 0, err
	}
	if err := column(where, "b", b, len(m.Groups)); err != nil {
		return 0, 0, 0, err
	}
	if !(m.Level > 0 && m.Level < 1) {
		return 0, 0, 0, fmt.Errorf("%s: Level is %v, want between 0 and 1: %w", where, m.Level, ErrRange)
	}
	x, y := m.Groups[a].Losses, m.Groups[b].Losses
	if len(x) != len(y) || len(x) < 2 {
		return 0, 0, 0, fmt.Errorf("%s: %d and %d losses, want the same, at least 2: %w", where, len(x), len(y), ErrShape)
	}
	d := make([]float64, len(x))
	for i := range d {
		d[i] = x[i] - y[i]
	}
	mean, _, low, high = spread(d, m.Level)
	return mean, low, high, nil
}

// spread is the mean of at least two values with its standard error and interval.
func spread(xs []float64, level float64) (mean, se, low, high float64) {
	n := float64(len(xs))
	for _, x := range xs {
		mean += x / n
	}
	for _, x := range xs {
		se += (x - mean) * (x - mean)
	}
	se = math.Sqrt(se / (n - 1) / n)
	half := se * infer.StudentQuantile((1+level)/2, n-1)
	return mean, se, mean - half, mean + half
}
