package profile

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/vec"
)

// Label is what is to be predicted of a user at a moment: the value came to be known
// after AsOf.
type Label[U ID] struct {
	User  U         // of whom
	AsOf  time.Time // features are of what lies before it
	Value float64   // such as 1 where he bought in the month after; finite
}

// Training is features beside labels: Rows[i] is what was known of Labels[i].User before
// Labels[i].AsOf. All Rows share one array.
type Training[U ID] struct {
	Labels []Label[U]  // as they were given
	Names  []string    // of the columns
	Rows   [][]float64 // len(Labels) × len(Names); NaN throughout for a user of whom nothing was known
	Known  []bool      // of whom anything was known
	Schema *Schema     // for TableOptions.Schema of the Builder that serves; nil where nobody was known
}

// JoinOptions configures JoinLabels.
type JoinOptions struct {
	Builder BuilderOptions // AsOf must be zero, the moments are those of the labels; Rolling is not read
	Table   TableOptions   // the columns
}

// JoinLabels joins labels with features, each as of the moment of its label: nothing at or
// after it enters, whatever the order of log and labels. Rows are in the order of labels; users may have several, at
// several moments. Without Columns and Schema the columns are those that the labelled users have at the last moment.
//
// ErrEmpty for no log or no labels, or nobody known at the last moment, ErrOption for a bad
// option, ErrNotFinite, ErrRange or ErrDuplicate for a label, ErrMismatch for orders of two currencies, be it at two moments, those of Builder.AddAll for a record and of
// Builder.Table for columns. ctx is looked at for each moment. Cost: for each moment one pass over the records of the users that are labelled
// then.
func JoinLabels[U, I ID](ctx context.Context, log *Log[U, I], labels []Label[U], opt JoinOptions) (*Training[U], error) {
	const where = "profile: JoinLabels"
	if log == nil || len(labels) == 0 {
		return nil, fmt.Errorf("%s: no log or no labels: %w", where, ErrEmpty)
	}
	if !opt.Builder.AsOf.IsZero() {
		return nil, fmt.Errorf("%s: AsOf is set, the moments are those of the labels: %w", where, ErrOption)
	}
	opt.Builder.Rolling = false
	if s := opt.Table.Schema; s != nil && opt.Builder.Currency == "" {
		opt.Builder.Currency = s.currency
	}
	order, err := sortLabels(labels)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	byUser := make(map[U][]logged[U, I])
	for _, l := range labels {
		byUser[l.User] = nil
	}
	for _, r := range log.list() {
		if list, ok := byUser[r.user]; ok {
			byUser[r.user] = append(list, r)
		}
	}
	out := &Training[U]{Labels: slices.Clone(labels), Known: make([]bool, len(labels))}
	for end := len(order); end > 0; { // the last moment first, which fixes the columns
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		begin := end - 1
		for begin > 0 && labels[order[begin-1]].AsOf.Equal(labels[order[end-1]].AsOf) {
			begin--
		}
		opt.Builder.AsOf = labels[order[begin]].AsOf
		t, err := tableOf(byUser, labels, order[begin:end], opt)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", where, err)
		}
		if t != nil { // the money of all moments is of one currency
			opt.Builder.Currency = t.Schema.currency
		}
		if out.Rows == nil {
			if t == nil && opt.Table.Columns == nil && opt.Table.Schema == nil {
				return nil, fmt.Errorf("%s: nobody is known at the last moment: %w", where, ErrEmpty)
			}
			if t != nil {
				out.Names, out.Schema = t.Names, t.Schema
				opt.Table = TableOptions{Columns: t.Names}
			} else {
				out.Names = opt.Table.names()
			}
			out.Rows = vec.Rows(len(labels), len(out.Names))
		}
		out.fill(t, order[begin:end])
		if t != nil && out.Schema == nil {
			out.Schema = t.Schema
		}
		end = begin
	}
	if out.Schema != nil {
		out.Schema.currency = opt.Builder.Currency // which an earlier moment may have told
	}
	return out, nil
}

// sortLabels checks labels and returns their places by moment.
func sortLabels[U ID](labels []Label[U]) ([]int, error) {
	order := make([]int, len(labels))
	type moment struct {
		user U
		at   int64
	}
	seen := make(map[moment]bool, len(labels))
	for i, l := range labels {
		order[i] = i
		if err := check.Time("AsOf", l.AsOf); err != nil {
			return nil, fmt.Errorf("label %d: %w", i, err)
		}
		if !check.Finite(l.Value) {
			return nil, check.Private("label Value", int64(i), l.User, l.Value, ErrNotFinite)
		}
		if m := (moment{l.User, l.AsOf.UnixNano()}); seen[m] {
			return nil, check.Private("label", int64(i), l.User, nil, ErrDuplicate)
		} else {
			seen[m] = true
		}
	}
	slices.SortFunc(order, func(x, y int) int {
		return cmp.Or(labels[x].AsOf.Compare(labels[y].AsOf), cmp.Compare(x, y))
	})
	return order, nil
}

// tableOf is the table of the users of some labels at their moment, nil where nobody is known.
func tableOf[U, I ID](byUser map[U][]logged[U, I], labels []Label[U], at []int, opt JoinOptions) (*Table[U], error) {
	b, err := NewBuilder[U, I](opt.Builder)
	if err != nil {
		return nil, err
	}
	for _, i := range at {
		for _, r := range byUser[labels[i].User] {
			if err := r.to(b); err != nil {
				return nil, err
			}
		}
	}
	if len(b.sorted()) == 0 {
		return nil, nil
	}
	return b.Table(opt.Table)
}

// fill copies the rows of a table to those of its labels.
func (t *Training[U]) fill(table *Table[U], at []int) {
	for _, i := range at {
		k := table.Row(t.Labels[i].User)
		if t.Known[i] = k >= 0; t.Known[i] {
			copy(t.Rows[i], table.Rows[k])
			continue
		}
		for j := range t.Rows[i] {
			t.Rows[i][j] = over(0, 0)
		}
	}
}
