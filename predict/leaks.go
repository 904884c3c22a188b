package predict

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
)

// LeakCheck is what Leaks looks at: each check is made where the caller gives what it
// needs, and nil leaves it out. Groups of K are those that must not be on both sides of a
// fold, as a rule users.
type LeakCheck[K ID] struct {
	// Names names the columns of Rows; nil means x0, x1, ….
	Names []string
	// Rows are features, one row an entity; NaN is a missing value.
	Rows [][]float64
	// Y are the labels of Rows and of Scores.
	Y []bool
	// Scores are those of a model for the rows, of any scale: out of fold, or of a test part.
	Scores []float64
	// Threshold is the AUC, of one column or of Scores, in either direction, above which no
	// honest estimate lies; in [.5, 1], 0 means .999.
	Threshold float64
	// Folds and Groups, one a row, are checked for groups that are trained on and tested.
	Folds  []Fold
	Groups []K
	// At is the moment of each row, as of which its features must have been known; Known
	// says for each row and column when its value became known, the zero time where nobody
	// knows. Later than At is a leak.
	At    []time.Time
	Known [][]time.Time
	// Rebuilt are the same features, rebuilt of nothing but what was known at the moment of
	// each row. A column whose values differ by more than 1e-9 of them has seen the future.
	Rebuilt [][]float64
}

// Leak is one finding of Leaks.
type Leak struct {
	// Kind is "feature" (one column alone separates the labels), "score" (the model does),
	// "group" (groups on both sides of a fold), "time" (a column known after the moment of its
	// row) or "rebuilt" (a column that changes when it is rebuilt as of then).
	Kind   string
	Name   string  // of the column; empty for others
	Column int     // its index, -1 for none
	Fold   int     // of a group, -1 for none
	Rows   int     // rows at fault; for feature and score all rows
	First  int     // the first of them
	AUC    float64 // of feature and score, >= .5; 0 for others
}

// String says the finding in one line, without a value of any customer.
func (l Leak) String() string {
	switch l.Kind {
	case "feature":
		return fmt.Sprintf("column %d, %q, alone separates the labels: AUC %.4f", l.Column, l.Name, l.AUC)
	case "score":
		return fmt.Sprintf("the scores separate the labels: AUC %.4f", l.AUC)
	case "group":
		return fmt.Sprintf("fold %d tests %d rows, the first of them %d, of groups that it trains on", l.Fold, l.Rows, l.First)
	case "time":
		return fmt.Sprintf("column %d, %q, was known too late for %d rows, first for row %d", l.Column, l.Name, l.Rows, l.First)
	case "rebuilt":
		return fmt.Sprintf("column %d, %q, changes in %d rows, first in row %d, when it is rebuilt as of then", l.Column, l.Name, l.Rows, l.First)
	}
	return ""
}

// Leaks reports what looks like knowledge of the future or of the answer: none is no proof
// that there is no leak. Features of few distinct values, such as codes of a category, are also judged by the
// share of true rows of each value, and by where they are missing. Findings are ordered by
// kind as above, then by column or fold. Cost n·log n a column.
//
// Errors: ErrEmpty where nothing can be checked, ErrShape, ErrOption for a Threshold
// outside its range, ErrNotFinite for a score that is none or an infinite feature, ErrRange for a zero time in At,
// ErrUndefined where the labels are of one class, or context.Cause(ctx).
func Leaks[K ID](ctx context.Context, c LeakCheck[K]) ([]Leak, error) {
	const where = "predict: Leaks"
	threshold := check.Default(c.Threshold, .999)
	columns, err := c.validate(where, threshold)
	if err != nil {
		return nil, err
	}
	if c.Names == nil {
		for j := range columns {
			c.Names = append(c.Names, "x"+strconv.Itoa(j))
		}
	}
	var out []Leak
	add := func(l Leak) {
		if l.Column >= 0 {
			l.Name = c.Names[l.Column]
		}
		out = append(out, l)
	}
	if c.Rows != nil && c.Y != nil {
		column := make([]float64, len(c.Rows))
		for j := range columns {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			for i, row := range c.Rows {
				column[i] = row[j]
			}
			if auc := separation(column, c.Y); auc > threshold {
				add(Leak{Kind: "feature", Column: j, Fold: -1, Rows: len(c.Rows), AUC: auc})
			}
		}
	}
	if c.Scores != nil {
		auc := areaOf(c.Scores, c.Y)
		if auc = math.Max(auc, 1-auc); auc > threshold {
			add(Leak{Kind: "score", Column: -1, Fold: -1, Rows: len(c.Scores), AUC: auc})
		}
	}
	if c.Groups != nil && c.Folds != nil {
		c.overlaps(add)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	c.changed(columns, add)
	return out, nil
}

// validate checks shapes and returns the number of columns.
func (c LeakCheck[K]) validate(where string, threshold float64) (columns int, err error) {
	var o check.Options
	o.Require(threshold >= .5 && threshold <= 1, "Threshold", c.Threshold, ".5 … 1")
	if err := o.Err(where); err != nil {
		return 0, err
	}
	if (c.Y == nil || (c.Rows == nil && c.Scores == nil)) && (c.Folds == nil || c.Groups == nil) &&
		(c.At == nil || c.Known == nil) && (c.Rows == nil || c.Rebuilt == nil) {
		return 0, fmt.Errorf("%s: nothing to check: %w", where, ErrEmpty)
	}
	n := -1
	for _, part := range []struct {
		name string
		len  int
		is   bool
	}{
		{"Rows", len(c.Rows), c.Rows != nil},
		{"Y", len(c.Y), c.Y != nil},
		{"Scores", len(c.Scores), c.Scores != nil},
		{"Groups", len(c.Groups), c.Groups != nil},
		{"At", len(c.At), c.At != nil},
		{"Known", len(c.Known), c.Known != nil},
		{"Rebuilt", len(c.Rebuilt), c.Rebuilt != nil},
	} {
		switch {
		case !part.is:
		case n < 0:
			n = part.len
		case n != part.len:
			return 0, fmt.Errorf("%s: %s has %d rows, others %d: %w", where, part.name, part.len, n, ErrShape)
		}
	}
	if n == 0 {
		return 0, fmt.Errorf("%s: no rows: %w", where, ErrEmpty)
	}
	if columns, err = c.validateRows(where); err != nil {
		return 0, err
	}
	for f, fold := range c.Folds {
		for _, i := range slices.Concat(fold.Train, fold.Test) {
			if i < 0 || (c.Groups != nil && i >= n) {
				return 0, fmt.Errorf("%s: fold %d names row %d of %d: %w", where, f, i, n, ErrShape)
			}
		}
	}
	return columns, nil
}

// validateRows checks what stands in the rows, and returns the number of columns.
func (c LeakCheck[K]) validateRows(where string) (columns int, err error) {
	columns = -1
	for _, rows := range [][][]float64{c.Rows, c.Rebuilt} {
		for i, row := range rows {
			if columns < 0 {
				columns = len(row)
			}
			if len(row) != columns {
				return 0, fmt.Errorf("%s: row %d has %d columns, others %d: %w", where, i, len(row), columns, ErrShape)
			}
			for j, v := range row {
				if math.IsInf(v, 0) {
					return 0, fmt.Errorf("%s: %w", where, badValue(fmt.Sprintf("column %d", j), i, v))
				}
			}
		}
	}
	for i, row := range c.Known {
		if columns < 0 {
			columns = len(row)
		}
		if len(row) != columns {
			return 0, fmt.Errorf("%s: Known[%d] has %d columns, others %d: %w", where, i, len(row), columns, ErrShape)
		}
	}
	columns = max(columns, 0)
	if c.Names != nil {
		if err := checkNames(c.Names, columns); err != nil {
			return 0, fmt.Errorf("%s: %w", where, err)
		}
	}
	for i, t := range c.At {
		if t.IsZero() {
			return 0, fmt.Errorf("%s: At[%d] is the zero time: %w", where, i, ErrRange)
		}
	}
	for i, v := range c.Scores {
		if err := checkValue(v); err != nil {
			return 0, fmt.Errorf("%s: %w", where, badValue("Scores", i, v))
		}
	}
	if c.Y != nil && !slices.Contains(c.Y, true) || c.Y != nil && !slices.Contains(c.Y, false) {
		return 0, fmt.Errorf("%s: the labels are of one class: %w", where, ErrUndefined)
	}
	if c.Scores != nil && c.Y == nil {
		return 0, fmt.Errorf("%s: Scores without Y: %w", where, ErrShape)
	}
	return columns, nil
}

// overlaps finds groups on both sides of a fold.
func (c LeakCheck[K]) overlaps(add func(Leak)) {
	for f, fold := range c.Folds {
		train := make(map[K]bool)
		for _, i := range fold.Train {
			train[c.Groups[i]] = true
		}
		l := Leak{Kind: "group", Column: -1, Fold: f}
		for _, i := range fold.Test {
			if train[c.Groups[i]] {
				l.mark(i)
			}
		}
		if l.Rows > 0 {
			add(l)
		}
	}
}

// changed finds columns that were known too late, and columns that change when rebuilt.
func (c LeakCheck[K]) changed(columns int, add func(Leak)) {
	each := func(kind string, n int, bad func(i, j int) bool) {
		for j := range columns {
			l := Leak{Kind: kind, Column: j, Fold: -1}
			for i := range n {
				if bad(i, j) {
					l.mark(i)
				}
			}
			if l.Rows > 0 {
				add(l)
			}
		}
	}
	if c.At != nil {
		each("time", len(c.Known), func(i, j int) bool { return c.Known[i][j].After(c.At[i]) })
	}
	if c.Rows != nil {
		each("rebuilt", len(c.Rebuilt), func(i, j int) bool {
			a, b := c.Rows[i][j], c.Rebuilt[i][j]
			if math.IsNaN(a) || math.IsNaN(b) {
				return math.IsNaN(a) != math.IsNaN(b)
			}
			return math.Abs(a-b) > 1e-9*math.Max(math.Abs(a), math.Abs(b))
		})
	}
}

// mark counts a row at fault.
func (l *Leak) mark(i int) {
	if l.Rows == 0 || i < l.First {
		l.First = i
	}
	l.Rows++
}

// separation is the AUC of one column in its better direction: by its values, where they
// are few by the share of true rows of each, and by where it is missing.
func separation(x []float64, y []bool) float64 {
	n := len(x)
	missing := make([]float64, n)
	values := make([]float64, 0, n)
	labels := make([]bool, 0, n)
	for i, v := range x {
		if math.IsNaN(v) {
			missing[i] = 1
			continue
		}
		values, labels = append(values, v), append(labels, y[i])
	}
	best := .5
	take := func(auc float64) { best = math.Max(best, math.Max(auc, 1-auc)) } // NaN of one class stays out
	if len(values) < n {
		take(areaOf(missing, y))
	}
	// Few values stand for half the rows or more, or they say nothing of the column.
	if 2*len(values) < n {
		return best
	}
	if auc := areaOf(values, labels); !math.IsNaN(auc) {
		take(auc)
	}
	rates := make(map[float64][2]float64)
	for i, v := range values {
		r := rates[v]
		r[class(labels[i])]++
		rates[v] = r
		if len(rates) > min(64, n/50) { // with many values the shares would learn the labels by heart
			return best
		}
	}
	for i, v := range values {
		values[i] = rates[v][1] / (rates[v][0] + rates[v][1])
	}
	if auc := areaOf(values, labels); !math.IsNaN(auc) {
		take(auc)
	}
	return best
}

// areaOf is the AUC of scores: the share of pairs of a true and a false row in which the
// true one is higher, ties half. NaN for one class.
func areaOf(scores []float64, y []bool) float64 {
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	var area infer.Area
	for i := 0; i < len(order); {
		var n [2]float64
		for x := scores[order[i]]; i < len(order) && scores[order[i]] == x; i++ {
			n[class(y[order[i]])]++
		}
		area.Add(n[1], n[0])
	}
	return area.Value()
}
