package feature

import (
	"cmp"
	"context"
	"encoding"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/vec"
)

// SelectorOptions configures FitSelector and Relevances.
type SelectorOptions struct {
	// Names of the columns. Default "column 0", ….
	Names []string
	// By is what columns are kept by, the largest first. Default ByGain.
	By Criterion
	// Keep is how many columns are kept at most. Default 0: all that tell anything.
	Keep int
	// MaxCorrelation leaves out a column whose correlation with a better one that is
	// kept is larger, either way, in (0, 1]. Default 0: none is left out.
	MaxCorrelation float64
	// MRMR keeps, one after another, the column whose Gain less the mean of its mutual
	// information with those kept is the largest; By is not read.
	// Peng, Long, Ding (2005), the difference form.
	MRMR bool
	// LeakAUC is the AUC, of each class against the others and in either direction,
	// beyond which a column is held to know the target, in (.5, 1]; of a target of more
	// than 32 values, the rank correlation. Few rows are in order by chance: a class counts
	// only where it and the others each have at least 10 rows and, of more than two
	// classes, 1 % of those where the column has a value; the rank correlation where there are 10 such rows.
	// Default .999.
	LeakAUC float64
	// KeepLeaks keeps such columns. By default they are left out.
	KeepLeaks bool
	// Bins is the number of bins of gains and χ², 2 … 250. Default 10.
	Bins int
}

func (o SelectorOptions) withDefaults() SelectorOptions {
	o.LeakAUC = check.Default(o.LeakAUC, .999)
	o.Bins = check.Default(o.Bins, 10)
	return o
}

// validate names every bad field at once; where is the function that was given them.
func (o SelectorOptions) validate(where string) error {
	var c check.Options
	c.Require(int(o.By) < measures, "By", o.By, "a Criterion")
	c.Require(o.Keep >= 0, "Keep", o.Keep, ">= 0")
	c.Require(o.MaxCorrelation >= 0 && o.MaxCorrelation <= 1, "MaxCorrelation", o.MaxCorrelation, "in [0, 1]")
	c.Require(o.LeakAUC > .5 && o.LeakAUC <= 1, "LeakAUC", o.LeakAUC, "in (.5, 1]")
	c.Require(o.Bins >= 2 && o.Bins <= 250, "Bins", o.Bins, "2 … 250")
	return c.Err(where)
}

// Selector keeps some columns. It is immutable and safe for concurrent use.
type Selector struct {
	names []string
	kept  []int
}

// FitSelector chooses columns of rows, n×d, by what they tell about y, as Relevances
// measures it: those that are undefined, tell nothing (a constant has a gain of 0) or leak are left out. Equal
// columns: the first. ErrUndefined if no column is left; other errors, order of rows and
// cost as of Relevances, and a pass over the rows for each pair that is compared.
func FitSelector(ctx context.Context, rows [][]float64, y []float64, opt SelectorOptions) (*Selector, error) {
	const where = "feature: FitSelector"
	opt = opt.withDefaults()
	if err := opt.validate(where); err != nil {
		return nil, err
	}
	all, edges, err := relevances(ctx, rows, y, opt)
	if err != nil {
		if ctx.Err() == nil {
			err = fmt.Errorf("%s: %w", where, err)
		}
		return nil, err
	}
	by := opt.By
	if opt.MRMR {
		by = ByGain
	}
	s := &Selector{}
	var order []int
	for j := range all {
		s.names = append(s.names, all[j].Column)
		if by.of(&all[j]) > 0 && (opt.KeepLeaks || !all[j].Leak) {
			order = append(order, j)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(by.of(&all[b]), by.of(&all[a])) })
	if opt.Keep == 0 {
		opt.Keep = len(order)
	}
	p := picker{rows: rows, all: all, edges: edges, opt: opt}
	if s.kept, err = p.pick(ctx, order); err != nil {
		return nil, err
	}
	if len(s.kept) == 0 {
		return nil, fmt.Errorf("%s: no column tells anything without a leak: %w", where, ErrUndefined)
	}
	slices.Sort(s.kept)
	return s, nil
}

// picker goes through the columns from the best.
type picker struct {
	rows  [][]float64
	all   []Relevance
	edges [][]float64
	opt   SelectorOptions
	codes map[int][]uint8 // bins of columns that were compared, for MRMR
}

// pick returns the columns that stay, best first.
func (p *picker) pick(ctx context.Context, order []int) ([]int, error) {
	var kept []int
	shared := make(map[int]float64) // mutual information with those kept, summed
	p.codes = make(map[int][]uint8)
	for len(order) > 0 && len(kept) < p.opt.Keep {
		best := 0
		if p.opt.MRMR && len(kept) > 0 {
			top := math.Inf(-1)
			for k, j := range order {
				if ctx.Err() != nil {
					return nil, context.Cause(ctx)
				}
				shared[j] += p.information(j, kept[len(kept)-1])
				if v := p.all[j].Gain - shared[j]/float64(len(kept)); v > top {
					best, top = k, v
				}
			}
		}
		j := order[best]
		order = slices.Delete(order, best, best+1)
		kept = append(kept, j)
		if p.opt.MaxCorrelation == 0 {
			continue
		}
		left := order[:0]
		for _, o := range order {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			if r := p.correlation(j, o); !(math.Abs(r) > p.opt.MaxCorrelation+1e-12) {
				left = append(left, o)
			}
		}
		order = left
	}
	return kept, nil
}

// correlation is that of two columns over the rows that have both.
func (p *picker) correlation(a, b int) float64 {
	var xs, ys []float64
	for _, r := range p.rows {
		if x, y := r[a], r[b]; !math.IsNaN(x) && !math.IsNaN(y) {
			xs, ys = append(xs, x), append(ys, y)
		}
	}
	return correlation(xs, ys)
}

// binsOf returns the bin of every row in column j.
func (p *picker) binsOf(j int) []uint8 {
	if p.codes[j] == nil {
		c := binned{edges: p.edges[j]}
		out := make([]uint8, len(p.rows))
		for i, r := range p.rows {
			out[i] = uint8(c.bin(r[j]))
		}
		p.codes[j] = out
	}
	return p.codes[j]
}

// information is the mutual information of the bins of two columns, in bits.
func (p *picker) information(a, b int) float64 {
	table := make([][]int64, len(p.edges[a])+2)
	for k := range table {
		table[k] = make([]int64, len(p.edges[b])+2)
	}
	y := p.binsOf(b)
	for i, x := range p.binsOf(a) {
		table[x][y[i]]++
	}
	r, err := Association(table)
	if err != nil {
		return 0 // no rows: they share nothing
	}
	return r.Gain
}

// Kept returns the columns that Transform keeps, ascending.
func (s *Selector) Kept() []int {
	if s == nil {
		return nil
	}
	return slices.Clone(s.kept)
}

// Names returns their names.
func (s *Selector) Names() []string {
	if s == nil {
		return nil
	}
	var out []string
	for _, j := range s.kept {
		out = append(out, s.names[j])
	}
	return out
}

// Transform appends to dst the kept columns of rows; the new rows share one array. A row
// of another length is ErrShape, ±Inf ErrNotFinite; dst is then returned as it was.
func (s *Selector) Transform(dst, rows [][]float64) ([][]float64, error) {
	if err := made("feature: Selector.Transform", s != nil && len(s.names) > 0); err != nil {
		return dst, err
	}
	if err := width(rows, len(s.names)); err != nil {
		return dst, fmt.Errorf("feature: Selector.Transform: %w", err)
	}
	out := vec.Rows(len(rows), len(s.kept))
	for i, r := range rows {
		for k, j := range s.kept {
			out[i][k] = r[j]
		}
	}
	return append(dst, out...), nil
}

var (
	_ encoding.BinaryAppender    = (*Selector)(nil)
	_ encoding.BinaryMarshaler   = (*Selector)(nil)
	_ encoding.BinaryUnmarshaler = (*Selector)(nil)
)

// AppendBinary appends the binary form of s to dst, canonical. A selector that was not
// fitted is ErrEmpty, and dst is returned as it was.
func (s *Selector) AppendBinary(dst []byte) ([]byte, error) {
	if err := made("feature: Selector.AppendBinary", s != nil && len(s.names) > 0); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Strings(s.names)
	w.Int(len(s.kept))
	for _, j := range s.kept {
		w.Int(j)
	}
	return w.AppendFrame(dst, codec.KindSelector, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (s *Selector) MarshalBinary() ([]byte, error) { return s.AppendBinary(nil) }

// UnmarshalBinary replaces s. Payload of version 1, little-endian, lists after their
// length:
//
//	[]str  names of the columns, at least one
//	int    number of columns kept, at least one; then each, ascending, below the number of names
//
// Any other length or value is ErrCorrupt, a frame of another type ErrMismatch, a
// newer version ErrVersion; s is then unchanged.
func (s *Selector) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("feature: Selector.UnmarshalBinary", s); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindSelector, 1)
	if err != nil {
		return fmt.Errorf("feature: Selector.UnmarshalBinary: %w", err)
	}
	x := Selector{names: r.Strings()}
	n := r.Int()
	if r.Err() == nil && (len(x.names) == 0 || n == 0) {
		r.Fail("has no columns")
	}
	for range n {
		j := r.Int()
		if r.Err() == nil && (j >= len(x.names) || len(x.kept) > 0 && j <= x.kept[len(x.kept)-1]) {
			r.Fail("keeps a column that is none")
		}
		if r.Err() != nil {
			break
		}
		x.kept = append(x.kept, j)
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("feature: Selector.UnmarshalBinary: %w", err)
	}
	*s = x
	return nil
}
