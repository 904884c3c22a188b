package feature

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/vec"
)

// EncodeMethod says what an Encoder makes of the levels of a column.
type EncodeMethod uint8

// The methods of an Encoder, each with what a level not seen in the fit becomes.
const (
	OneHot        EncodeMethod = iota // a column a level, 1 in that of the row's; not seen: all 0
	Ordinal                           // the number of the level, from 0, ascending or as Levels says; not seen: -1
	Hashing                           // Buckets columns, 1 in that of the level's hash; every level has one
	TargetMean                        // (sum of y + Smoothing · mean of y) / (rows + Smoothing) of the level; not seen: mean of y
	LevelCount                        // the rows of the level; not seen: 0
	encodeMethods = int(LevelCount) + 1
)

// EncoderOptions configures FitEncoder and EncodeOutOfFold.
type EncoderOptions struct {
	Method EncodeMethod // default OneHot
	// Methods overrides Method for single columns, by name. Default none.
	Methods map[string]EncodeMethod
	// Names of the columns, for messages, Methods and Levels. Default "column 0", ….
	Names []string
	// Levels fixes the levels of single columns and their order, by name; any other
	// level is as one not seen. Default those of the fit, ascending.
	Levels map[string][]string
	// Buckets is the number of columns of Hashing, 1 … 1<<20. Default 32.
	Buckets int
	// Smoothing is how many rows of the overall mean TargetMean adds to each level,
	// finite. Default 10, negative means 0.
	Smoothing float64
	// MinCount makes levels of fewer rows in the fit as if not seen. >= 0, default 0.
	MinCount int
	// MaxLevels is how many levels OneHot keeps, the most frequent, ties by name; the
	// others are as if not seen. Default 1000, negative means all.
	MaxLevels int
}

func (o EncoderOptions) withDefaults() EncoderOptions {
	o.Buckets = check.Default(o.Buckets, 32)
	o.Smoothing = check.OrOff(o.Smoothing, 10)
	if o.MaxLevels = check.Default(o.MaxLevels, 1000); o.MaxLevels < 0 {
		o.MaxLevels = math.MaxInt
	}
	return o
}

// validate names every bad field at once; where is the function that was given them.
func (o EncoderOptions) validate(where string) error {
	var c check.Options
	c.Require(int(o.Method) < encodeMethods, "Method", o.Method, "an EncodeMethod")
	c.Require(o.Buckets > 0 && o.Buckets <= 1<<20, "Buckets", o.Buckets, "1 … 1<<20")
	c.Require(check.Finite(o.Smoothing), "Smoothing", o.Smoothing, "finite")
	c.Require(o.MinCount >= 0, "MinCount", o.MinCount, ">= 0")
	for n := range o.Methods {
		c.Require(int(o.Methods[n]) < encodeMethods, "Methods["+n+"]", o.Methods[n], "an EncodeMethod")
		c.Require(o.Names == nil || slices.Contains(o.Names, n), "Methods["+n+"]", n, "one of Names")
	}
	for n, levels := range o.Levels {
		sorted := slices.Sorted(slices.Values(levels))
		c.Require(len(slices.Compact(sorted)) == len(levels), "Levels["+n+"]", len(levels), "no level twice")
		c.Require(o.Names == nil || slices.Contains(o.Names, n), "Levels["+n+"]", n, "one of Names")
	}
	return c.Err(where)
}

// Encoder makes numbers of categories. It is immutable and safe for concurrent use.
// The empty string is missing: a level like another where the fit has seen it, else as
// one not seen.
type Encoder struct {
	columns []encoded
	buckets int
}

// encoded is one column of an Encoder.
type encoded struct {
	name   string
	method EncodeMethod
	levels []string       // in order; none of Hashing
	values []float64      // of TargetMean and LevelCount, one a level
	unseen float64        // of TargetMean
	index  map[string]int // of levels
}

// FitEncoder fits an encoder to cells, n×d, the strings of n rows; y, the target of each
// row, is read by TargetMean only and may be nil otherwise. The same rows in any order
// give the same encoder to the last bit. No rows is ErrEmpty, ragged ones or a y of
// another length ErrShape, a y that is NaN or infinite ErrNotFinite, a sum beyond float64
// ErrOverflow. Rows that were in the fit must not be encoded by TargetMean for the
// training of a model: each would carry its own target. EncodeOutOfFold is for those.
// Micci-Barreca (2001), A preprocessing scheme for high-cardinality categorical attributes.
func FitEncoder(ctx context.Context, cells [][]string, y []float64, opt EncoderOptions) (*Encoder, error) {
	opt = opt.withDefaults()
	if err := opt.validate("feature: FitEncoder"); err != nil {
		return nil, err
	}
	e, err := fitEncoder(ctx, cells, y, opt, nil, 0)
	if err != nil && ctx.Err() == nil {
		return nil, fmt.Errorf("feature: FitEncoder: %w", err)
	}
	return e, err
}

// EncodeOutOfFold appends to dst the encoded training rows and returns the encoder of all
// of them for later rows. Row i, of fold folds[i], is encoded by what the rows of other
// folds say of targets: no row sees its own target or that of its fold. Levels, which of them are
// rare and how many rows they have, none of which tells of targets, are those of all rows, so that
// training and later rows agree. Fold numbers are any integers, at least two different ones,
// else ErrOption. Errors are those of FitEncoder; dst is then returned as it was. Cost: a
// fit and a fit for each fold.
func EncodeOutOfFold(ctx context.Context, dst [][]float64, cells [][]string, y []float64, folds []int, opt EncoderOptions) ([][]float64, *Encoder, error) {
	const where = "feature: EncodeOutOfFold"
	opt = opt.withDefaults()
	if err := opt.validate(where); err != nil {
		return dst, nil, err
	}
	all, err := fitEncoder(ctx, cells, y, opt, nil, 0)
	if err == nil {
		err = check.Len("folds", len(folds), len(cells))
	}
	var ids []int
	if err == nil {
		if ids = slices.Compact(slices.Sorted(slices.Values(folds))); len(ids) < 2 {
			err = fmt.Errorf("folds name %d fold, want two: %w", len(ids), ErrOption)
		}
	}
	others := opt
	others.MinCount = 0 // all says which levels are rare; fewer rows would make more of them so
	var out [][]float64
	if err == nil {
		out = vec.Rows(len(cells), all.width())
	}
	for k := 0; err == nil && k < len(ids); k++ {
		var part *Encoder
		if part, err = fitEncoder(ctx, cells, y, others, folds, ids[k]); err != nil {
			break
		}
		for i, f := range folds {
			if f == ids[k] {
				all.row(out[i], cells[i], part)
			}
		}
	}
	if err != nil {
		if ctx.Err() == nil {
			err = fmt.Errorf("%s: %w", where, err)
		}
		return dst, nil, err
	}
	return append(dst, out...), all, nil
}

// levelSum is what a level needs: its rows, and their targets to be summed in
// ascending order, so that no order of rows shows.
type levelSum struct {
	n int
	y []float64
}

// fitEncoder fits to the rows that are not of fold, to all where folds is nil.
func fitEncoder(ctx context.Context, cells [][]string, y []float64, opt EncoderOptions, folds []int, fold int) (*Encoder, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	names, err := cellNames(cells, opt.Names)
	if err != nil {
		return nil, err
	}
	e := &Encoder{buckets: opt.Buckets, columns: make([]encoded, len(names))}
	if y != nil {
		if err := check.Len("y", len(y), len(cells)); err != nil {
			return nil, err
		}
		if err := check.Slice("y", y); err != nil {
			return nil, err
		}
	}
	for j, name := range names {
		m := opt.Method
		if own, ok := opt.Methods[name]; ok {
			m = own
		}
		e.columns[j] = encoded{name: name, method: m}
		if m == TargetMean {
			if err := check.Len("y", len(y), len(cells)); err != nil {
				return nil, err
			}
		}
		if m == Hashing {
			continue
		}
		seen := make(map[string]*levelSum)
		for i, row := range cells {
			if i%4096 == 0 && ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			if folds != nil && folds[i] == fold {
				continue
			}
			s := seen[row[j]]
			if s == nil {
				s = new(levelSum)
				seen[row[j]] = s
			}
			if s.n++; m == TargetMean {
				s.y = append(s.y, y[i])
			}
		}
		if err := e.columns[j].fit(seen, opt); err != nil {
			return nil, fmt.Errorf("column %q: %w", name, err)
		}
	}
	return e, nil
}

// cellNames checks the shape of cells and returns the names of their columns.
func cellNames(cells [][]string, names []string) ([]string, error) {
	if len(cells) == 0 || len(cells[0]) == 0 {
		return nil, fmt.Errorf("no rows or no columns: %w", ErrEmpty)
	}
	d := len(cells[0])
	if names == nil {
		for j := range d {
			names = append(names, fmt.Sprintf("column %d", j))
		}
	}
	if err := check.Len("Names", len(names), d); err != nil {
		return nil, err
	}
	if c, err := NewColumns(names); c == nil {
		return nil, err
	}
	return names, cellWidth(cells, d)
}

// cellWidth checks that rows of strings have d columns.
func cellWidth(cells [][]string, d int) error {
	for i, r := range cells {
		if len(r) != d {
			return fmt.Errorf("row %d has %d columns, want %d: %w", i, len(r), d, ErrShape)
		}
	}
	return nil
}

// fit chooses the levels of a column among those seen, and their values.
func (c *encoded) fit(seen map[string]*levelSum, opt EncoderOptions) error {
	if fixed, ok := opt.Levels[c.name]; ok {
		c.levels = slices.Clone(fixed)
	} else {
		for level := range seen {
			c.levels = append(c.levels, level)
		}
		slices.Sort(c.levels)
	}
	count := func(level string) int {
		if s := seen[level]; s != nil {
			return s.n
		}
		return 0
	}
	if opt.MinCount > 0 {
		c.levels = slices.DeleteFunc(c.levels, func(level string) bool { return count(level) < opt.MinCount })
	}
	if c.method == OneHot && len(c.levels) > opt.MaxLevels {
		slices.SortStableFunc(c.levels, func(a, b string) int { return cmp.Compare(count(b), count(a)) })
		c.levels = slices.Sorted(slices.Values(c.levels[:opt.MaxLevels]))
	}
	c.setIndex()
	switch c.method {
	case LevelCount:
		for _, level := range c.levels {
			c.values = append(c.values, float64(count(level)))
		}
	case TargetMean:
		return c.targets(seen, opt.Smoothing)
	}
	return nil
}

// setIndex makes the map from levels to their numbers.
func (c *encoded) setIndex() {
	c.index = make(map[string]int, len(c.levels))
	for k, level := range c.levels {
		c.index[level] = k
	}
}

// targets computes the smoothed mean of y of each level and of all, rare and unlisted
// levels included in the latter.
func (c *encoded) targets(seen map[string]*levelSum, smoothing float64) error {
	var all []float64
	for _, s := range seen {
		all = append(all, s.y...)
	}
	sum, err := ascendingSum(all)
	if err != nil {
		return err
	}
	c.unseen = sum / float64(len(all))
	for _, level := range c.levels {
		s := seen[level]
		if s == nil {
			c.values = append(c.values, c.unseen)
			continue
		}
		own, err := ascendingSum(s.y)
		if err != nil {
			return err
		}
		v := (own + smoothing*c.unseen) / (float64(s.n) + smoothing)
		if !check.Finite(v) {
			return fmt.Errorf("level %q: mean of the target: %w", level, ErrOverflow)
		}
		c.values = append(c.values, v)
	}
	return nil
}

// ascendingSum sorts xs and sums it, ErrOverflow beyond float64.
func ascendingSum(xs []float64) (float64, error) {
	slices.Sort(xs)
	sum := 0.
	for _, x := range xs {
		sum += x
	}
	if !check.Finite(sum) {
		return 0, fmt.Errorf("sum of the target: %w", ErrOverflow)
	}
	return sum, nil
}

// Names returns the columns that Transform makes: "<column>=<level>" of OneHot,
// "<column>#<bucket>" of Hashing, "<column>" of the others.
func (e *Encoder) Names() []string {
	if e == nil {
		return nil
	}
	var out []string
	for _, c := range e.columns {
		switch c.method {
		case OneHot:
			for _, level := range c.levels {
				out = append(out, c.name+"="+level)
			}
		case Hashing:
			for b := range e.buckets {
				out = append(out, fmt.Sprintf("%s#%d", c.name, b))
			}
		default:
			out = append(out, c.name)
		}
	}
	return out
}

// width is the number of columns that Transform makes.
func (e *Encoder) width() int {
	n := 0
	for _, c := range e.columns {
		switch c.method {
		case OneHot:
			n += len(c.levels)
		case Hashing:
			n += e.buckets
		default:
			n++
		}
	}
	return n
}

// Transform appends to dst the encoded rows of cells; the new rows share one array. A
// row of another length than in the fit is ErrShape, and dst is then returned as it was.
// Cost: a look-up a cell.
func (e *Encoder) Transform(dst [][]float64, cells [][]string) ([][]float64, error) {
	if err := made("feature: Encoder.Transform", e != nil && len(e.columns) > 0); err != nil {
		return dst, err
	}
	if err := cellWidth(cells, len(e.columns)); err != nil {
		return dst, fmt.Errorf("feature: Encoder.Transform: %w", err)
	}
	out := vec.Rows(len(cells), e.width())
	for i, row := range cells {
		e.row(out[i], row, e)
	}
	return append(dst, out...), nil
}

// row encodes one row into dst, zeroed before: the levels and their counts by e, the
// values of TargetMean by from.
func (e *Encoder) row(dst []float64, cells []string, from *Encoder) {
	at := 0
	for j := range e.columns {
		c, level := &e.columns[j], cells[j]
		k, ok := c.index[level]
		switch c.method {
		case OneHot:
			if ok {
				dst[at+k] = 1
			}
			at += len(c.levels)
		case Hashing:
			dst[at+int(rng.Hash(rng.HashString(c.name), rng.HashString(level))%uint64(e.buckets))] = 1
			at += e.buckets
		case Ordinal:
			if dst[at] = -1; ok {
				dst[at] = float64(k)
			}
			at++
		case LevelCount:
			if ok {
				dst[at] = c.values[k]
			}
			at++
		default:
			f := &from.columns[j]
			if dst[at] = f.unseen; ok {
				if k, ok := f.index[level]; ok {
					dst[at] = f.values[k]
				}
			}
			at++
		}
	}
}
