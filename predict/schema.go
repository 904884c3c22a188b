package predict

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/aislekit/aisle/internal/rng"
)

// ColumnKind says what the numbers of a column mean.
type ColumnKind uint8

const (
	// Numeric columns hold amounts: order and distance count.
	Numeric ColumnKind = iota
	// Categorical columns hold codes 0, 1, …: positions in Column.Levels where those are
	// known. Neither order nor distance means anything.
	Categorical
)

// Column describes one column of the rows of a model.
type Column struct {
	Name string     // not empty, and of no other column
	Kind ColumnKind // Numeric by default
	// Levels names the codes of a categorical column: code k is Levels[k]. They are
	// distinct. Nil where they are not known; a numeric column has none.
	Levels []string
}

// Numbers describes numeric columns of the given names.
func Numbers(names ...string) []Column {
	out := make([]Column, len(names))
	for j, name := range names {
		out[j].Name = name
	}
	return out
}

// Schema says which columns a model reads, in which order: names, kinds and levels. Each
// model of this package and its families has one and stores it with itself; Bind finds its
// columns in the caller's, once. It is immutable and safe for concurrent use. The zero
// value has no columns.
type Schema struct {
	n     int      // columns
	names []string // nil: x0, x1, …
	kinds []ColumnKind
	// levels by column; nil with kinds nil: all are numeric
	levels [][]string
}

// maxColumns is the largest number of columns of a model.
const maxColumns = math.MaxInt32

// NewSchema returns the schema of the columns, which it copies. Errors: ErrEmpty for none,
// or for a column without a name, ErrDuplicate for a name or a level that comes twice,
// ErrOption for an unknown kind and for levels of a numeric column; they name the column.
func NewSchema(columns []Column) (*Schema, error) {
	const where = "predict: NewSchema"
	if err := checkColumns(where, columns); err != nil {
		return nil, err
	}
	names := make([]string, len(columns))
	s := &Schema{n: len(columns)}
	for j, c := range columns {
		names[j] = c.Name
		if c.Kind != Numeric && s.kinds == nil {
			s.kinds, s.levels = make([]ColumnKind, s.n), make([][]string, s.n)
		}
		if c.Kind != Numeric {
			s.kinds[j], s.levels[j] = c.Kind, optional(slices.Clone(c.Levels))
		}
	}
	s.names = named(names)
	return s, nil
}

// checkColumns reports what is wrong with a list of columns.
func checkColumns(where string, columns []Column) error {
	if len(columns) == 0 {
		return fmt.Errorf("%s: columns: %w", where, ErrEmpty)
	}
	seen := make(map[string]int, len(columns))
	for j, c := range columns {
		if c.Name == "" {
			return fmt.Errorf("%s: columns[%d] has no name: %w", where, j, ErrEmpty)
		}
		if k, ok := seen[c.Name]; ok {
			return fmt.Errorf("%s: columns[%d] and columns[%d] are both %q: %w", where, k, j, c.Name, ErrDuplicate)
		}
		seen[c.Name] = j
		if c.Kind > Categorical {
			return fmt.Errorf("%s: columns[%d], %q, is of kind %d: %w", where, j, c.Name, c.Kind, ErrOption)
		}
		if c.Kind == Numeric && len(c.Levels) > 0 {
			return fmt.Errorf("%s: columns[%d], %q, is numeric and has levels: %w", where, j, c.Name, ErrOption)
		}
		levels := make(map[string]bool, len(c.Levels))
		for k, l := range c.Levels {
			if levels[l] {
				return fmt.Errorf("%s: columns[%d], %q, has level %d twice: %w", where, j, c.Name, k, ErrDuplicate)
			}
			levels[l] = true
		}
	}
	return nil
}

// named returns nil for the names that columns have without any, so that equal schemas
// are equal bytes.
func named(names []string) []string {
	for j, name := range names {
		if name != defaultName(j) {
			return names
		}
	}
	return nil
}

func defaultName(column int) string { return "x" + strconv.Itoa(column) }

// numeric is the schema of n numeric columns, whose names were checked.
func numeric(names []string, n int) Schema {
	return Schema{n: n, names: named(slices.Clone(names))}
}

func (s *Schema) name(column int) string {
	if s.names == nil {
		return defaultName(column)
	}
	return s.names[column]
}

func (s *Schema) kind(column int) ColumnKind {
	if s.kinds == nil {
		return Numeric
	}
	return s.kinds[column]
}

// Len returns the number of columns.
func (s *Schema) Len() int {
	if s == nil {
		return 0
	}
	return s.n
}

// Column returns a copy of column j, and nothing for one outside of [0, Len).
func (s *Schema) Column(j int) Column {
	if s == nil || j < 0 || j >= s.n {
		return Column{}
	}
	c := Column{Name: s.name(j), Kind: s.kind(j)}
	if c.Kind != Numeric {
		c.Levels = slices.Clone(s.levels[j])
	}
	return c
}

// Hash is a number that schemas of the same columns in the same order share, and others,
// but for one in 2⁶⁴, do not: it is for logs and for comparing a model with what serves it. It
// is the same in all versions and on all machines, and 0 for no columns.
func (s *Schema) Hash() uint64 {
	if s == nil || s.n == 0 {
		return 0
	}
	h := rng.Hash(0x5c3a, uint64(s.n))
	for _, name := range s.names {
		h = rng.Hash(h, rng.HashString(name))
	}
	for j, kind := range s.kinds {
		h = rng.Hash(h, uint64(kind), uint64(len(s.levels[j])))
		for _, l := range s.levels[j] {
			h = rng.Hash(h, rng.HashString(l))
		}
	}
	return h
}

// Bind finds the columns of the schema by name among the caller's, which may stand in
// another order and be more. Codes of categorical columns are translated: levels may stand
// in another order, and one that the schema does not know becomes NaN, a missing value. A
// caller that names no levels has the codes of the schema. Check once, then let
// Binding.Row fill the rows, or Bind the model itself.
//
// Errors name the column: ErrMismatch for one that is missing or of another kind, and for
// levels where the schema knows none; ErrEmpty for a schema without columns; otherwise as
// NewSchema.
func (s *Schema) Bind(columns []Column) (*Binding, error) {
	const where = "predict: Schema.Bind"
	if s.Len() == 0 {
		return nil, fmt.Errorf("%s: the schema has no columns: %w", where, ErrEmpty)
	}
	return s.bind(where, columns)
}

// bind is Bind under the name of the caller's method.
func (s *Schema) bind(where string, columns []Column) (*Binding, error) {
	if err := checkColumns(where, columns); err != nil {
		return nil, err
	}
	index := make(map[string]int, len(columns))
	for k, c := range columns {
		index[c.Name] = k
	}
	b := &Binding{width: len(columns)}
	for j := range s.n { // grows as columns are found: a schema may be far wider than the caller
		k, ok := index[s.name(j)]
		if !ok {
			return nil, fmt.Errorf("%s: column %q is missing%s: %w", where, s.name(j), s.stranger(columns), ErrMismatch)
		}
		have := columns[k]
		if have.Kind != s.kind(j) {
			return nil, fmt.Errorf("%s: column %q is %s, want %s: %w", where, have.Name, kindName(have.Kind), kindName(s.kind(j)), ErrMismatch)
		}
		b.at = append(b.at, int32(k))
		if len(have.Levels) == 0 { // nil, or what JSON makes of it
			continue
		}
		if s.levels[j] == nil {
			return nil, fmt.Errorf("%s: column %q has levels, and the model knows codes only: %w", where, have.Name, ErrMismatch)
		}
		if slices.Equal(have.Levels, s.levels[j]) {
			continue
		}
		if b.codes == nil {
			b.codes = make([][]float64, s.n)
		}
		b.codes[j] = translation(have.Levels, s.levels[j])
	}
	return b, nil
}

// translation returns for each of the levels given its position in those wanted, NaN for none.
func translation(given, wanted []string) []float64 {
	position := make(map[string]int, len(wanted))
	for k, l := range wanted {
		position[l] = k
	}
	out := make([]float64, len(given))
	for k, l := range given {
		out[k] = math.NaN()
		if p, ok := position[l]; ok {
			out[k] = float64(p)
		}
	}
	return out
}

// stranger names, for the error of a missing column, the first of the caller's that the
// schema does not know: as a rule the same one under a new name.
func (s *Schema) stranger(columns []Column) string {
	if s.n > 1<<16 {
		return ""
	}
	known := make(map[string]bool, s.n)
	for j := range s.n {
		known[s.name(j)] = true
	}
	for _, c := range columns {
		if !known[c.Name] {
			return fmt.Sprintf(" (%q is unknown)", c.Name)
		}
	}
	return ""
}

func kindName(k ColumnKind) string {
	if k == Categorical {
		return "categorical"
	}
	return "numeric"
}

// Binding says where the columns of a model stand in the caller's rows. It is immutable and
// safe for concurrent use.
type Binding struct {
	at    []int32 // column of the caller, by column of the schema
	width int     // of the caller's rows
	codes [][]float64
}

// Width returns the number of columns of the caller's rows.
func (b *Binding) Width() int {
	if b == nil {
		return 0
	}
	return b.width
}

// Columns returns, for each column of the schema, which of the caller's it is.
func (b *Binding) Columns() []int {
	if b == nil {
		return nil
	}
	out := make([]int, len(b.at))
	for j, k := range b.at {
		out[j] = int(k)
	}
	return out
}

// Row appends to dst the values of row, the caller's, in the order of the schema. It checks
// nothing but that the row is as wide as was bound, where another one gives NaN. Where the levels of
// the caller are not those of the schema, an unknown level and a code that is none give NaN, too; otherwise codes
// stay as they are. It allocates nothing where dst has room.
func (b *Binding) Row(dst, row []float64) []float64 {
	if b == nil {
		return dst
	}
	if len(row) != b.width {
		for range b.at {
			dst = append(dst, math.NaN())
		}
		return dst
	}
	for j, k := range b.at {
		v := row[k]
		if b.codes != nil && b.codes[j] != nil {
			v = translate(b.codes[j], v)
		}
		dst = append(dst, v)
	}
	return dst
}

// translate returns the code that v, one of the caller's, has in the schema.
func translate(codes []float64, v float64) float64 {
	if !(v >= 0 && v < float64(len(codes))) || v != math.Trunc(v) {
		return math.NaN()
	}
	return codes[int(v)]
}

// Bound is a model whose columns were found in the caller's: its methods
// cost no check, and those of a linear model no allocation. It is immutable and safe for concurrent use.
type Bound struct {
	width     int
	at        []int32
	coef      []float64
	intercept float64
	mean      func(score float64) float64 // nil: the score itself

	rows *Binding                           // of a model that is no sum; nil for a linear one
	all  func(dst, row []float64) []float64 // what such a model says of a row in its own order
}

// columns returns the schema of a model, nil without columns.
func (t *terms) columns() *Schema {
	if t.schema.n == 0 {
		return nil
	}
	s := t.schema
	return &s
}

// bind makes a Bound of the terms.
func (t *terms) bind(where string, columns []Column, mean func(float64) float64) (*Bound, error) {
	if len(t.coef) == 0 {
		return nil, notFitted(where)
	}
	b, err := t.schema.bind(where, columns)
	if err != nil {
		return nil, err
	}
	return &Bound{width: b.width, at: b.at, coef: slices.Clone(t.coef), intercept: t.intercept, mean: mean}, nil
}

// bindAll makes a Bound of a model with many answers to a row.
func (s *Schema) bindAll(where string, columns []Column, all func(dst, row []float64) []float64) (*Bound, error) {
	if s.Len() == 0 {
		return nil, notFitted(where)
	}
	b, err := s.bind(where, columns)
	if err != nil {
		return nil, err
	}
	return &Bound{width: b.width, rows: b, all: all}, nil
}

// Append appends what the model predicts for a row of the columns that were bound: the
// probability of each class of a model of several, else what Predict has. A row of another width appends nothing.
// The values of the row pass through dst: with room for them and the answer it allocates nothing, but by the model itself.
func (b *Bound) Append(dst, row []float64) []float64 {
	switch {
	case b == nil || len(row) != b.width || b.width == 0:
		return dst
	case b.all == nil:
		return append(dst, b.Predict(row))
	}
	at := len(dst)
	dst = b.rows.Row(dst, row)
	end := len(dst)
	dst = b.all(dst, dst[at:end:end])
	return append(dst[:at], dst[end:]...)
}

// Score returns the linear predictor b + w·x of a row of the columns that were bound,
// bit for bit that of the model's own Score. A value that is not finite gives one that is not
// finite, and a row of another width, a model that is no sum, or a Bound that Bind did not make, NaN.
func (b *Bound) Score(row []float64) float64 {
	if b == nil || len(row) != b.width || b.width == 0 || b.all != nil {
		return math.NaN()
	}
	s := b.intercept
	for j, c := range b.coef {
		s += c * row[b.at[j]]
	}
	return s
}

// Predict returns what the model predicts for a row, as Score has it for the linear
// predictor: the probability of true, the amount; of a model of several classes that of the class 1.
func (b *Bound) Predict(row []float64) float64 {
	if b != nil && b.all != nil {
		switch all := b.Append(nil, row); len(all) {
		case 0:
			return math.NaN()
		case 1:
			return all[0]
		default:
			return all[1]
		}
	}
	s := b.Score(row)
	if b != nil && b.mean != nil {
		s = b.mean(s)
	}
	return s
}
