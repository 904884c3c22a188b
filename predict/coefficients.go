package predict

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/aislekit/aisle/internal/check"
)

// Coefficient is one coefficient of a linear model.
type Coefficient struct {
	Name   string  // of the column; "intercept" for the constant term
	Value  float64 // per unit of the column as given
	StdErr float64 // NaN where it was not asked for or does not exist
}

// Reason is the part of one column in a score. The contributions of all columns and
// Baseline add up to the score.
type Reason struct {
	Name         string  // of the column
	Column       int     // its index
	Value        float64 // in the row asked about
	Mean         float64 // over the training rows; 0 for a model fitted on sparse rows
	Contribution float64 // the coefficient times (Value - Mean)
}

// terms is what the linear models have in common: the sum b + w·x, its
// columns, and what is doubtful about it.
type terms struct {
	schema    Schema
	coef      []float64
	intercept float64
	mean      []float64 // weighted column means of the training rows; nil: not known
	stdErr    []float64 // of coef and, last, the intercept; nil: none
	warnings  []string
}

func (t *terms) name(column int) string { return t.schema.name(column) }

// stdErrOf returns the standard error of a column, or of the intercept for
// column len(coef).
func (t *terms) stdErrOf(column int) float64 {
	if t.stdErr == nil {
		return math.NaN()
	}
	return t.stdErr[column]
}

func (t *terms) constant() Coefficient {
	return Coefficient{Name: "intercept", Value: t.intercept, StdErr: t.stdErrOf(len(t.coef))}
}

func (t *terms) coefficients() []Coefficient {
	out := make([]Coefficient, len(t.coef))
	for j, v := range t.coef {
		out[j] = Coefficient{Name: t.name(j), Value: v, StdErr: t.stdErrOf(j)}
	}
	return out
}

func (t *terms) warn(text string) { t.warnings = append(t.warnings, text) }

// warnColumns reports columns at fault, naming the first few.
func (t *terms) warnColumns(columns []int, what string) {
	const few = 5
	if len(columns) == 0 {
		return
	}
	var names []string
	for _, j := range columns[:min(len(columns), few)] {
		names = append(names, t.name(j))
	}
	text := fmt.Sprintf("%d of %d columns %s: %s", len(columns), len(t.coef), what, strings.Join(names, ", "))
	if len(columns) > few {
		text += ", …"
	}
	t.warn(text)
}

// finite reports whether the sum can be evaluated.
func (t *terms) finite() bool { return check.Slice("", t.coef) == nil && check.Finite(t.intercept) }

// score returns b + w·row, or what is wrong with the row.
func (t *terms) score(row []float64) (float64, error) {
	if len(row) != len(t.coef) || len(row) == 0 {
		return 0, fmt.Errorf("%d columns, want %d: %w", len(row), len(t.coef), ErrShape)
	}
	s := t.intercept
	for j, v := range row {
		s += t.coef[j] * v
	}
	// A NaN times a zero coefficient is NaN, and infinities that cancel are, too:
	// one look at the sum finds every value that is not finite.
	if !check.Finite(s) {
		if err := check.Slice("column", row); err != nil {
			return 0, err
		}
		return 0, fmt.Errorf("score is %v: %w", s, ErrNotFinite)
	}
	return s, nil
}

// reasons returns what each column adds to the score of row beyond that of the
// average training row, as Logistic.Reasons does.
func (t *terms) reasons(row []float64, k int) []Reason {
	var out []Reason
	for j, v := range row {
		mean := 0.0
		if t.mean != nil {
			mean = t.mean[j]
		}
		if c := t.coef[j] * (v - mean); c != 0 {
			out = append(out, Reason{Name: t.name(j), Column: j, Value: v, Mean: mean, Contribution: c})
		}
	}
	slices.SortStableFunc(out, func(a, b Reason) int {
		switch x, y := math.Abs(a.Contribution), math.Abs(b.Contribution); {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return a.Column - b.Column
	})
	if k > 0 && len(out) > k {
		out = out[:k:k]
	}
	return out
}

// checkNames reports a list of names that does not fit the number of columns, or
// that has one name twice: reasons and coefficients could not be told apart.
func checkNames(names []string, columns int) error {
	if names == nil {
		return nil
	}
	if err := check.Len("Names", len(names), columns); err != nil {
		return err
	}
	seen := make(map[string]int, columns)
	for j, s := range names {
		if k, ok := seen[s]; ok {
			return fmt.Errorf("names: Names[%d] and Names[%d] are both %q: %w", k, j, s, ErrDuplicate)
		}
		seen[s] = j
	}
	return nil
}
