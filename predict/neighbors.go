package predict

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

// NeighborsOptions configures FitNeighbors. The zero value is the mean of the five nearest rows.
type NeighborsOptions struct {
	// K is the number of neighbours, > 0; 0 means 5. Where there are fewer rows all count.
	K int
	// Classes, if not 0, says that y are labels 0 … Classes-1, 2 … 65536 of them.
	Classes int
	// Distance weighs neighbours by one over their distance; where some lie at distance 0 only these count.
	Distance bool
	// Manhattan takes the sum of the absolute differences for the distance, not the root of their squares.
	Manhattan bool
	// Standardize divides each column by its weighted standard deviation. Without it columns should be of similar size.
	Standardize bool
	// Weights, if not nil, holds one weight >= 0 a row: it counts as so many neighbours, the last one in part.
	// Rows of weight 0 count as absent.
	Weights []float64
	// Names names the columns; nil means x0, x1, ….
	Names []string
}

func (o NeighborsOptions) withDefaults() NeighborsOptions {
	o.K = check.Default(o.K, 5)
	return o
}

// validate reports every bad field for d columns; Weights are for the fit to check.
func (o NeighborsOptions) validate(where string, d int) error {
	var c check.Options
	check.Positive(&c, "K", o.K)
	c.Require(o.Classes == 0 || o.Classes >= 2 && o.Classes <= maxClasses, "Classes", o.Classes, "2 … 65536, or 0")
	if err := c.Err(where); err != nil {
		return err
	}
	if err := checkNames(o.Names, d); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	return nil
}

// Neighbors predicts by the rows that are most like a new one. It is immutable and safe for concurrent use. The zero value
// answers every call with an error, except UnmarshalBinary.
type Neighbors struct {
	schema    Schema
	k         int
	classes   int // 0: amounts
	distance  bool
	manhattan bool
	scale     []float64 // of each column; nil: 1
	rows      []float64 // n×d, as given, in ascending order of their content
	y         []float64
	weight    []float64

	x    []float64 // rows divided by scale
	tree kdtree
}

// FitNeighbors keeps the rows, an n×d matrix, with their outcomes y, amounts or, with Classes, labels. Answers are exact: the K
// nearest rows, by a k-d tree. Where more rows than are wanted lie as far as the last one, they share what is left of K by their weights; equal rows are joined into one. So the
// order of the rows does not matter, to the bit, and none of them is preferred by it. Cost n·d·log n; an answer costs some K + d·log n for few columns and n·d for many. Memory 16·n·d bytes.
//
// Errors: ErrEmpty, ErrShape, ErrNotFinite, ErrRange for a label that is none and magnitudes above 1e150, ErrOption, ErrDuplicate
// (names), ErrOverflow, or context.Cause(ctx).
func FitNeighbors(ctx context.Context, rows [][]float64, y []float64, opt NeighborsOptions) (*Neighbors, error) {
	const where = "predict: FitNeighbors"
	n, d, err := checkMatrix(ctx, "rows", rows, 0)
	if err != nil {
		return nil, wrap(where, err)
	}
	if err := check.Len("y", len(y), n); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	opt = opt.withDefaults()
	if err := opt.validate(where, d); err != nil {
		return nil, err
	}
	if err := check.Weights("Weights", opt.Weights, n); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	s := sample{weight: opt.Weights}
	var order []int
	for i, v := range y {
		if err := checkValue(v); err != nil {
			return nil, fmt.Errorf("%s: %w", where, badValue("y", i, v))
		}
		if err := checkValue(s.weightOf(i)); err != nil {
			return nil, fmt.Errorf("%s: %w", where, badValue("Weights", i, s.weightOf(i)))
		}
		if opt.Classes > 0 && !(v >= 0 && v < float64(opt.Classes) && v == math.Trunc(v)) {
			return nil, fmt.Errorf("%s: %w", where, check.Private("y", int64(i), nil, v, fmt.Errorf("want 0 … %d: %w", opt.Classes-1, ErrRange)))
		}
		if s.keep(i) {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(compareRows(rows[a], rows[b]), cmp.Compare(y[a]+0, y[b]+0), cmp.Compare(s.weightOf(a), s.weightOf(b)))
	})
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	m := &Neighbors{schema: numeric(opt.Names, d), k: opt.K, classes: opt.Classes, distance: opt.Distance, manhattan: opt.Manhattan}
	for _, i := range order {
		if k := len(m.y) - 1; k >= 0 && m.y[k] == y[i] && compareRows(m.rows[k*d:], rows[i]) == 0 {
			m.weight[k] += s.weightOf(i)
			continue
		}
		for _, v := range rows[i] {
			m.rows = append(m.rows, v+0)
		}
		m.y, m.weight = append(m.y, y[i]+0), append(m.weight, s.weightOf(i))
	}
	if opt.Standardize {
		m.standardize()
	}
	if check.Slice("", m.scale) != nil || check.Slice("", m.weight) != nil {
		return nil, fmt.Errorf("%s: weights or squares: %w", where, ErrOverflow)
	}
	m.plant(ctx)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return m, nil
}

// standardize sets scale to the weighted standard deviations, 1 for a column that does not vary.
func (m *Neighbors) standardize() {
	d := m.schema.n
	m.scale = make([]float64, d)
	for j := range d {
		mean, square, total := 0.0, 0.0, 0.0
		for i, w := range m.weight {
			e := m.rows[i*d+j] - mean
			total += w
			mean += e * (w / total)
			square += w * e * (m.rows[i*d+j] - mean)
		}
		if m.scale[j] = math.Sqrt(square / total); !(m.scale[j] > 0) {
			m.scale[j] = 1
		}
	}
}

// plant makes what the answers are found by, or part of it where ctx has ended.
func (m *Neighbors) plant(ctx context.Context) {
	d := m.schema.n
	m.x = slices.Clone(m.rows)
	for i := range m.x {
		if m.scale != nil {
			m.x[i] /= m.scale[i%d]
		}
	}
	m.tree = newKDTree(ctx, m.x, d)
}

func (m *Neighbors) fitted() bool { return m != nil && len(m.y) > 0 }

// Classes returns the number of classes, 0 for a model of amounts.
func (m *Neighbors) Classes() int {
	if m == nil {
		return 0
	}
	return m.classes
}

// Len returns the number of distinct rows that are kept.
func (m *Neighbors) Len() int {
	if m == nil {
		return 0
	}
	return len(m.y)
}

// Columns returns the number of columns the model expects.
func (m *Neighbors) Columns() int { return m.Schema().Len() }

// Schema returns the columns of the model, nil for one that was not fitted.
func (m *Neighbors) Schema() *Schema {
	if !m.fitted() {
		return nil
	}
	s := m.schema
	return &s
}

// Bind finds the columns of the model among the caller's, as Schema.Bind does, with its
// errors. Bound.Append of a row appends its probabilities, or its amount.
func (m *Neighbors) Bind(columns []Column) (*Bound, error) {
	return m.Schema().bindAll("predict: Neighbors.Bind", columns, func(dst, row []float64) []float64 {
		s := m.search()
		return m.answer(dst, row, s)
	})
}

// search is the scratch of answers.
func (m *Neighbors) search() *nearest {
	return &nearest{want: float64(m.k), weight: m.weight, manhattan: m.manhattan, query: make([]float64, m.schema.n)}
}

// answer appends the mean of the neighbours of a row, or the share of each class among them.
func (m *Neighbors) answer(dst, row []float64, s *nearest) []float64 {
	for j, v := range row {
		if s.query[j] = v; m.scale != nil {
			s.query[j] = v / m.scale[j]
		}
	}
	m.tree.find(m.x, s)
	at := len(dst)
	for range max(1, m.classes) {
		dst = append(dst, 0)
	}
	first, last := s.found[0].distance, s.found[len(s.found)-1].distance
	sure, tied := 0.0, 0.0
	for _, f := range s.found {
		if f.distance < last {
			sure += m.weight[f.row]
		} else {
			tied += m.weight[f.row]
		}
	}
	share, total := math.Min(1, (s.want-sure)/tied), 0.0
	for _, f := range s.found {
		w := m.weight[f.row]
		if f.distance == last {
			w *= share
		}
		if m.distance && f.distance > first { // one over the distance, in units of the nearest one's
			by := first / f.distance
			if !m.manhattan {
				by = math.Sqrt(by)
			}
			if w *= by; w == 0 {
				break
			}
		}
		if total += w; m.classes > 0 {
			dst[at+int(m.y[f.row])] += w
		} else {
			dst[at] += (m.y[f.row] - dst[at]) * (w / total)
		}
	}
	if m.classes > 0 {
		for c := range dst[at:] {
			dst[at+c] /= total
		}
	}
	return dst
}

// Predict appends the mean of the neighbours of each row to dst or, with Classes, their most frequent class, the lowest of equal ones.
// On an error, ErrShape, ErrNotFinite or ErrRange naming the row, ErrEmpty for a model that was not fitted, it returns dst as given.
func (m *Neighbors) Predict(dst []float64, rows [][]float64) ([]float64, error) {
	const where = "predict: Neighbors.Predict"
	if m.Classes() == 0 {
		return m.each(where, dst, rows, itself)
	}
	return m.each(where, dst, rows, labelOf)
}

// Prob appends the share of each class among the neighbours of each row to dst, Classes numbers a row. Otherwise it is
// like Predict; ErrMismatch for a model of amounts.
func (m *Neighbors) Prob(dst []float64, rows [][]float64) ([]float64, error) {
	const where = "predict: Neighbors.Prob"
	if m.fitted() && m.classes == 0 {
		return dst, fmt.Errorf("%s: fitted on amounts: %w", where, ErrMismatch)
	}
	return m.each(where, dst, rows, itself)
}

// each appends what of makes of the answer to each row.
func (m *Neighbors) each(where string, dst []float64, rows [][]float64, of func(z []float64) []float64) ([]float64, error) {
	if !m.fitted() {
		return dst, notFitted(where)
	}
	out, s := dst, m.search()
	for i, row := range rows {
		if len(row) != m.schema.n {
			return dst, fmt.Errorf("%s: rows[%d]: %d columns, want %d: %w", where, i, len(row), m.schema.n, ErrShape)
		}
		if err := checkRow("rows", i, row, m.schema.n); err != nil {
			return dst, fmt.Errorf("%s: %w", where, err)
		}
		at := len(out)
		out = m.answer(out, row, s)
		out = append(out[:at], of(out[at:])...)
	}
	return out, nil
}

// AppendBinary appends the model as one frame. Errors: ErrEmpty for a model that
// was not fitted.
func (m *Neighbors) AppendBinary(dst []byte) ([]byte, error) {
	if !m.fitted() {
		return dst, notFitted("predict: Neighbors.AppendBinary")
	}
	var w codec.Writer
	putSchema(&w, &m.schema)
	w.Int(m.k)
	w.Int(m.classes)
	w.Bool(m.distance)
	w.Bool(m.manhattan)
	w.Float64s(m.scale)
	w.Float64s(m.rows)
	w.Float64s(m.y)
	w.Float64s(m.weight)
	return w.AppendFrame(dst, codec.KindNearest, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (m *Neighbors) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary replaces m. Payload of version 1, little-endian:
//
//	[]byte  the frame of the Schema, of d numeric columns
//	int     K, > 0
//	int     classes, 0 or 2 … 65536
//	bool    whether neighbours are weighed by distance
//	bool    whether distances are Manhattan's
//	[]f64   d scales, finite and > 0, or none; values over them are finite
//	[]f64   n·d values, magnitudes up to 1e150, n > 0; rows ascend, and equal ones by outcome
//	[]f64   n outcomes, magnitudes up to 1e150, or labels
//	[]f64   n weights, > 0, of a finite sum
//
// Any other length or value is ErrCorrupt, a newer version ErrVersion, a frame of
// another kind ErrMismatch; m is then unchanged.
func (m *Neighbors) UnmarshalBinary(data []byte) error {
	const where = "predict: Neighbors.UnmarshalBinary"
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindNearest, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	frame := r.Bytes()
	next := Neighbors{k: r.Int(), classes: r.Int(), distance: r.Bool(), manhattan: r.Bool(), scale: optional(r.Float64s()), rows: r.Float64s(), y: r.Float64s(), weight: r.Float64s()}
	n, opt := len(next.y), NeighborsOptions{K: next.k, Classes: next.classes}
	switch {
	case r.Err() != nil:
	case next.schema.UnmarshalBinary(frame) != nil || next.schema.kinds != nil:
		r.Fail("schema")
	case opt.validate("", next.schema.n) != nil:
		r.Fail("options")
	case n == 0 || len(next.weight) != n || len(next.rows)%n != 0 || len(next.rows)/n != next.schema.n || next.scale != nil && len(next.scale) != next.schema.n:
		r.Fail("lengths")
	case !next.sound():
		r.Fail("values")
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	next.plant(context.Background())
	*m = next
	return nil
}

// sound reports whether values are what a fit keeps.
func (m *Neighbors) sound() bool {
	d, total := m.schema.n, 0.0
	for _, v := range m.scale {
		if !(v > 0) || !check.Finite(v) {
			return false
		}
	}
	for i, w := range m.weight {
		v := m.y[i]
		total += w
		if !(w > 0) || !check.Finite(total) || checkValue(v) != nil || v == 0 && math.Signbit(v) {
			return false
		}
		if m.classes > 0 && !(v >= 0 && v < float64(m.classes) && v == math.Trunc(v)) {
			return false
		}
		for j, x := range m.rows[i*d : i*d+d] {
			if checkValue(x) != nil || x == 0 && math.Signbit(x) || m.scale != nil && !check.Finite(x/m.scale[j]) {
				return false
			}
		}
		if i > 0 && cmp.Or(compareRows(m.rows[(i-1)*d:i*d], m.rows[i*d:i*d+d]), cmp.Compare(m.y[i-1], v)) >= 0 {
			return false
		}
	}
	return true
}
