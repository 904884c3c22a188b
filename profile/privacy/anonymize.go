package privacy

import (
	"context"
	"fmt"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// Loss says which loss Anonymize makes least.
type Loss uint8

// The losses.
const (
	// ByDiscernibility is the sum of squares of the sizes of classes, and the number of all
	// rows for each suppressed row (Bayardo and Agrawal 2005).
	ByDiscernibility Loss = iota
	// ByGeneralLoss is the mean over cells of (values of the column told as one − 1)/(values
	// of the column − 1), 1 for each cell of a suppressed row (Iyengar 2002).
	ByGeneralLoss
	// ByPrecision is the mean over columns of level/height, whatever the rows are: one less
	// Prec (Sweeney 2002).
	ByPrecision
)

// AnonymizeOptions configures Anonymize.
type AnonymizeOptions struct {
	// K is how many rows at least share their values in all columns; >= 2.
	K int
	// MaxSuppressed is how many rows, those of smaller classes, may be left out for it.
	MaxSuppressed int
	// Hierarchies are those of the columns, one each.
	Hierarchies []*Hierarchy
	// Loss is made least; 0 is ByDiscernibility.
	Loss Loss
	// Sensitive is one value a row that classes must not give away: rows of classes that break
	// one of the next three are suppressed as those of small ones are. Default none.
	Sensitive []string
	// MinDistinct is how many sensitive values a class has at least: distinct l-diversity.
	// Default 0, no bound.
	MinDistinct int
	// MinEntropy is the least exp(entropy) of the sensitive values of a class, to 1e-9:
	// entropy l-diversity. Default 0, no bound.
	MinEntropy float64
	// MaxCloseness is the largest distance, to 1e-9, of the sensitive values of a class from those of
	// all rows, suppressed ones too: t-closeness, in (0, 1). Default 0, no bound.
	MaxCloseness float64
	// Ordered measures that distance by the order of values, which must all be numbers, as
	// Assessment.Ordered. By default every two values are equally far.
	Ordered bool
	// MaxNodes is up to how many combinations of levels the optimum is found; 0 means
	// 100000, at most 10 million. Beyond, the answer is that of a greedy walk.
	MaxNodes int
}

// Anonymized is a table in which every row that is left shares its columns with
// at least K−1 others.
type Anonymized struct {
	Rows       [][]string // as generalised, all cells Suppressed where the row is suppressed
	Levels     []int      // of the columns
	Suppressed []int      // numbers of the rows that are left out, ascending
	Classes    int        // groups of equal rows, without those
	K          int        // size of the smallest; 0 where all rows are suppressed

	// Distinct, Entropy and Closeness are those of the worst class that is left, as in
	// AnonymizeOptions; NaN, and 0 of Distinct, without Sensitive or without classes.
	Distinct           int
	Entropy, Closeness float64

	Discernibility float64 // as ByDiscernibility
	GeneralLoss    float64 // as ByGeneralLoss, 0 to 1
	Precision      float64 // 1 less ByPrecision, 1 to 0
	AverageClass   float64 // rows that are left over Classes; 0 without classes

	Greedy bool // found by a greedy walk: there may be a smaller loss
	Nodes  int  // combinations of levels that there are, at most MaxNodes+1 told
	Looked int  // for how many the classes were counted
}

// Anonymize generalises whole columns until K rows each are equal and at most
// MaxSuppressed rows are left out, with the least loss of all combinations of levels: the
// same as trying them all, since what cannot be better is left out (a combination below an
// infeasible one, and one above a bound on the loss). Of equal losses the one with fewer
// suppressed rows is taken, then the lowest levels from the first column on. A greedy
// walk, where there are more than MaxNodes, raises the column that leaves the fewest rows to suppress,
// and lowers what it can. Diversity and closeness of AnonymizeOptions are kept in the same way; where no
// combination keeps them, or the walk finds none, that is ErrPrivacy. rows are the quasi-identifiers alone, row by row, one cell a
// hierarchy. No rows are ErrEmpty, ragged ones and another number of Sensitive values ErrShape, a value that its hierarchy
// does not read ErrRange or ErrUnknownID, fewer rows than K ErrPrivacy. k-anonymity alone says nothing of
// what all K have in common: see Sensitive and Assess. Cost: nodes looked at × distinct rows.
func Anonymize(ctx context.Context, rows [][]string, opt AnonymizeOptions) (*Anonymized, error) {
	const where = "privacy: Anonymize"
	if err := opt.validate(where); err != nil {
		return nil, err
	}
	l, err := newLattice(ctx, rows, opt)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	if len(rows) < opt.K {
		return nil, fmt.Errorf("%s: %d rows, K is %d: %w", where, len(rows), opt.K, ErrPrivacy)
	}
	out := &Anonymized{Nodes: l.nodes, Greedy: l.nodes > l.limit}
	if out.Greedy {
		out.Levels, err = l.walk(ctx)
	} else {
		out.Levels, err = l.optimum(ctx)
	}
	if err != nil {
		return nil, err
	}
	if out.Levels == nil {
		return nil, fmt.Errorf("%s: no combination of levels keeps what is asked for with %d rows suppressed: %w", where, opt.MaxSuppressed, ErrPrivacy)
	}
	l.tell(out, rows)
	return out, nil
}

// validate reports every bad field.
func (o *AnonymizeOptions) validate(where string) error {
	var c check.Options
	c.Require(o.K >= 2, "K", o.K, ">= 2")
	c.Require(o.MaxSuppressed >= 0, "MaxSuppressed", o.MaxSuppressed, ">= 0")
	c.Require(o.Loss <= ByPrecision, "Loss", o.Loss, "one of the losses")
	c.Require(o.MaxNodes >= 0 && o.MaxNodes <= 10_000_000, "MaxNodes", o.MaxNodes, "0 to 10 million")
	c.Require(o.MinDistinct >= 0, "MinDistinct", o.MinDistinct, ">= 0")
	c.Require(o.MinEntropy >= 0 && check.Finite(o.MinEntropy), "MinEntropy", o.MinEntropy, ">= 0")
	c.Require(o.MaxCloseness >= 0 && o.MaxCloseness < 1, "MaxCloseness", o.MaxCloseness, "0, or in (0, 1)")
	c.Require(o.Sensitive != nil || o.MinDistinct == 0 && o.MinEntropy == 0 && o.MaxCloseness == 0 && !o.Ordered, "Sensitive", "nil", "given, for bounds on it")
	c.Require(len(o.Hierarchies) > 0, "Hierarchies", "empty", "one a column")
	for j, h := range o.Hierarchies {
		c.Require(h != nil && h.tell != nil, fmt.Sprintf("Hierarchies[%d]", j), "nil", "a hierarchy")
	}
	return c.Err(where)
}

// tell fills in the table at its levels and what it has lost.
func (l *lattice) tell(out *Anonymized, rows [][]string) {
	out.Looked = l.looked // without the look that fills in the classes again
	s := l.look(out.Levels)
	out.Discernibility, out.GeneralLoss, out.Precision = s.discernibility, s.general, 1-s.precision
	out.Classes, out.K = s.classes, s.smallest
	out.Distinct, out.Entropy, out.Closeness = s.distinct, s.entropy, s.closeness
	if s.classes > 0 {
		out.AverageClass = float64(len(rows)-s.suppressed) / float64(s.classes)
	}
	for i := range rows {
		row := make([]string, len(l.columns))
		small := l.bad[l.class[l.of[i]]]
		if small {
			out.Suppressed = append(out.Suppressed, i)
		}
		for j := range row {
			if row[j] = Suppressed; !small {
				c := &l.columns[j]
				row[j] = c.names[out.Levels[j]][c.code[out.Levels[j]][l.distinct[l.of[i]][j]]]
			}
		}
		out.Rows = append(out.Rows, row)
	}
	slices.Sort(out.Suppressed)
}
