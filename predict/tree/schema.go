package tree

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"sync"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/predict"
)

// description is what is told of the columns of a model beside its trees.
type description struct {
	names       []string // nil: x0, x1, …
	categorical []int
	levels      [][]string // by column; nil: not known
}

// check reports names, categories or levels that are not those of so many columns.
func (d description) check(columns int) error {
	if err := checkNames(d.names, columns); err != nil {
		return err
	}
	coded := make(map[int]bool, len(d.categorical))
	for k, j := range d.categorical {
		if j < 0 || j >= columns {
			return fmt.Errorf("option Categorical[%d] is %d of %d columns: %w", k, j, columns, ErrRange)
		}
		coded[j] = true
	}
	if d.levels != nil {
		if err := check.Len("Levels", len(d.levels), columns); err != nil {
			return err
		}
	}
	for j, levels := range d.levels {
		if levels != nil && !coded[j] {
			return fmt.Errorf("option Levels[%d] is of a column that Categorical does not list: %w", j, ErrOption)
		}
		seen := make(map[string]bool, len(levels))
		for k, l := range levels {
			if seen[l] {
				return fmt.Errorf("option Levels[%d][%d] %q: %w", j, k, l, ErrDuplicate)
			}
			seen[l] = true
		}
	}
	return nil
}

// described is the description of a model that was fitted.
func (e *Ensemble) described() (d description) {
	s := e.schema
	if s == nil {
		for j := range e.splitByCategory() {
			d.categorical = append(d.categorical, int(j))
		}
		slices.Sort(d.categorical)
		return d
	}
	d.names, d.levels = e.Names(), make([][]string, e.columns)
	for j := range e.columns {
		if c := s.Column(j); c.Kind == predict.Categorical {
			d.categorical, d.levels[j] = append(d.categorical, j), c.Levels
		}
	}
	return d
}

// splitByCategory returns the columns that splits read as categories.
func (e *Ensemble) splitByCategory() map[int32]bool {
	coded := map[int32]bool{}
	for _, c := range e.tests {
		coded[c.column] = true
	}
	return coded
}

// tells reports whether a description says what the trees, which split some columns by category, do not say themselves.
func (d description) tells(split map[int32]bool) bool {
	told := slices.ContainsFunc(d.levels, func(l []string) bool { return l != nil })
	for j, name := range d.names {
		told = told || name != unnamed(j)
	}
	for _, j := range d.categorical {
		told = told || !split[int32(j)]
	}
	return told
}

// columnsOf returns the columns of a description, those that trees split by category included.
func (e *Ensemble) columnsOf(d description) []predict.Column {
	out := e.plainColumns(e.splitByCategory())
	for j, name := range d.names {
		out[j].Name = name
	}
	for _, j := range d.categorical {
		out[j].Kind = predict.Categorical
		if d.levels != nil {
			out[j].Levels = d.levels[j]
		}
	}
	return out
}

// plainColumns are columns without names, categories where trees split by them.
func (e *Ensemble) plainColumns(split map[int32]bool) []predict.Column {
	out := make([]predict.Column, e.columns)
	for j := range out {
		out[j].Name = unnamed(j)
		if split[int32(j)] {
			out[j].Kind = predict.Categorical
		}
	}
	return out
}

// unnamed is the name of a column that has none.
func unnamed(column int) string { return "x" + strconv.Itoa(column) }

// describe settles the schema of a model whose trees are complete.
func (a *assembler) describe() error {
	if !a.told.tells(a.splitByCategory()) {
		return nil
	}
	var err error
	a.schema, err = predict.NewSchema(a.columnsOf(a.told))
	return err
}

// readSchema takes the schema of a frame, for a model whose trees are complete, and reports one that does not fit
// them or says nothing.
func (e *Ensemble) readSchema(frame []byte) bool {
	if len(frame) == 0 {
		return true
	}
	s := new(predict.Schema)
	if len(frame) < e.columns || s.UnmarshalBinary(frame) != nil || s.Len() != e.columns { // names or kinds are a byte a column at least
		return false
	}
	split := e.splitByCategory()
	for j := range split {
		if s.Column(int(j)).Kind != predict.Categorical {
			return false
		}
	}
	e.schema = s
	return e.described().tells(split)
}

// Schema returns the columns that the model reads: their names, x0, x1, … where they have none; which of them
// hold categories, those that were said to and those that trees split by; and the levels behind the codes
// where they are known. It is nil for a model that was not fitted.
func (e *Ensemble) Schema() *predict.Schema {
	switch {
	case e == nil || len(e.base) == 0:
		return nil
	case e.schema != nil:
		return e.schema
	}
	s, _ := predict.NewSchema(e.plainColumns(e.splitByCategory())) // names that differ
	return s
}

// Bind finds the columns of the model among the caller's, as predict.Schema.Bind does, with its errors: checked
// once, rows cost no check. ErrEmpty for a model that was not fitted.
func (e *Ensemble) Bind(columns []predict.Column) (*Bound, error) {
	const where = "tree: Ensemble.Bind"
	if err := e.fitted(where); err != nil {
		return nil, err
	}
	b, err := e.Schema().Bind(columns)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	return &Bound{e: e, columns: b}, nil
}

// Bound is a model whose columns were found in the caller's: Margins and Predict cost no check and, where dst
// has room, no allocation. It is immutable and safe for concurrent use.
type Bound struct {
	e       *Ensemble
	columns *predict.Binding
}

// boundRows are rows in the order of a model.
var boundRows = sync.Pool{New: func() any { return new([]float64) }}

// Margins appends to dst the margins of a row of the columns that were bound, one an output, bit for bit those
// that Ensemble.Margins has for it. Levels that the model does not know are missing values, as predict.Binding.Row
// has them. A row of another width has margins of NaN; a Bound that Bind did not make appends nothing.
func (b *Bound) Margins(dst, row []float64) []float64 {
	if b == nil || b.e == nil {
		return dst
	}
	e := b.e
	if len(row) != b.columns.Width() {
		for range e.base {
			dst = append(dst, math.NaN())
		}
		return dst
	}
	own := boundRows.Get().(*[]float64)
	s := scratches.Get().(*scratch)
	*own = b.columns.Row((*own)[:0], row)
	s.sized(e)
	dst = e.one(s, dst, *own)
	s.free()
	boundRows.Put(own)
	return dst
}

// Predict appends to dst the predictions of a row, its margins through the link. Otherwise it is like Margins.
func (b *Bound) Predict(dst, row []float64) []float64 {
	out := b.Margins(dst, row)
	if len(out) > len(dst) {
		b.e.through(out[len(dst):])
	}
	return out
}

// with returns the description of a model that is boosted further under options that say d: names that it lacks,
// categories and levels are added, and others than its own are ErrMismatch.
func (own description) with(d description) (description, error) {
	if d.names == nil {
		d.names = own.names
	}
	for j, name := range d.names {
		if own.names == nil && name != unnamed(j) || own.names != nil && name != own.names[j] {
			return d, fmt.Errorf("other names: %w", ErrMismatch)
		}
	}
	d.levels = slices.Clone(d.levels)
	for _, j := range own.categorical {
		if !slices.Contains(d.categorical, j) {
			return d, fmt.Errorf("categories in column %d, which Categorical does not list: %w", j, ErrMismatch)
		}
		if own.levels == nil || own.levels[j] == nil {
			continue
		}
		if d.levels == nil {
			d.levels = make([][]string, len(own.levels))
		}
		if d.levels[j] == nil {
			d.levels[j] = own.levels[j]
		}
		if !slices.Equal(d.levels[j], own.levels[j]) {
			return d, fmt.Errorf("other levels of column %d: %w", j, ErrMismatch)
		}
	}
	return d, nil
}

// named gives the one column of a name without letters, which older frames and files of other tools may have, a name.
func named(names []string) []string {
	j := slices.Index(names, "")
	if j < 0 {
		return names
	}
	names = slices.Clone(names)
	names[j] = unnamed(j)
	for k := 0; k < len(names); k++ {
		if k != j && names[k] == names[j] {
			names[j], k = names[j]+"_", -1
		}
	}
	return names
}
