package feature

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/moments"
	"github.com/aislekit/aisle/internal/vec"
)

// ImputeMethod says what stands in for a missing value (NaN).
type ImputeMethod uint8

// The methods of an Imputer. A fit knows training rows only: the mean of scikit-learn's
// SimpleImputer, but LastObservation instead of a forward fill over all rows, which would
// cross from one user to the next.
const (
	Mean            ImputeMethod = iota
	Median                       // of type 7
	Mode                         // the smallest of the most frequent values
	Constant                     // ImputerOptions.Value
	GroupMean                    // mean of the row's group, of the column where the group has none
	LastObservation              // the value in the latest earlier row of the group, Value before there is one
	GroupMedian                  // as GroupMean, of type 7
	GroupMode                    // as GroupMean, the smallest of the most frequent values
	imputeMethods   = int(GroupMode) + 1
)

// ImputerOptions configures FitImputer.
type ImputerOptions struct {
	Method ImputeMethod // default Mean
	// Methods overrides Method for single columns, by name. Default none.
	Methods map[string]ImputeMethod
	// Names of the columns, for messages and Methods. Default "column 0", ….
	Names []string
	// Value is what Constant fills in, LastObservation before the first
	// observation, and any method with AllMissing. Finite, default 0.
	Value float64
	// AllMissing fills a column that has no value in the fit with Value. By
	// default that is ErrUndefined.
	AllMissing bool
	// Indicators appends one column for each column with a missing value in the
	// fit: 1 where the value was missing, else 0, named "<column>_missing".
	Indicators bool
	// Groups gives the group of each row of the fit, for GroupMean, GroupMedian and
	// GroupMode: as many as rows.
	Groups []string
}

// grouped reports whether m fills in what the row's group has in the fit.
func (m ImputeMethod) grouped() bool { return m == GroupMean || m == GroupMedian || m == GroupMode }

// needsGroups reports whether m looks at the group of a row at all.
func (m ImputeMethod) needsGroups() bool { return m.grouped() || m == LastObservation }

// methods returns the methods that are asked for.
func (o *ImputerOptions) methods() []ImputeMethod {
	return append(slices.Sorted(maps.Values(o.Methods)), o.Method)
}

func (o ImputerOptions) validate(where string) error {
	var c check.Options
	c.Require(int(o.Method) < imputeMethods, "Method", o.Method, "an ImputeMethod")
	c.Require(check.Finite(o.Value), "Value", o.Value, "finite")
	for n := range o.Methods {
		c.Require(int(o.Methods[n]) < imputeMethods, "Methods["+n+"]", o.Methods[n], "an ImputeMethod")
		c.Require(o.Names == nil || slices.Contains(o.Names, n), "Methods["+n+"]", n, "one of Names")
	}
	return c.Err(where)
}

// Imputer fills missing values. It is immutable and safe for concurrent use.
type Imputer struct {
	names  []string
	method []ImputeMethod
	fill   []float64
	groups []map[string]float64 // what stands in by group, where the method needs it
	marked []int                // columns with an indicator
}

// FitImputer fits an imputer to rows, n×d, with NaN for missing. The same rows in
// any order give the same imputer to the last bit. No rows is ErrEmpty, ragged
// ones ErrShape, ±Inf ErrNotFinite, a column without any value ErrUndefined unless
// AllMissing, a mean that float64 cannot hold ErrOverflow. Fit it on training rows
// only.
func FitImputer(ctx context.Context, rows [][]float64, opt ImputerOptions) (*Imputer, error) {
	const where = "feature: FitImputer"
	if err := opt.validate(where); err != nil {
		return nil, err
	}
	c, err := columnsOf(ctx, rows, opt.Names)
	var p *Imputer
	if err == nil {
		p, err = c.imputer(ctx, rows, &opt)
	}
	if err != nil {
		if ctx.Err() == nil {
			err = fmt.Errorf("%s: %w", where, err)
		}
		return nil, err
	}
	return p, nil
}

// Imputer is FitImputer from an accumulator, which knows no groups: GroupMean, GroupMedian
// and GroupMode are ErrOption; opt.Names is ignored.
func (c *Columns) Imputer(opt ImputerOptions) (*Imputer, error) {
	const where = "feature: Columns.Imputer"
	if err := made(where, c != nil && len(c.names) > 0); err != nil {
		return nil, err
	}
	opt.Names = c.names
	err := opt.validate(where)
	if err == nil && slices.ContainsFunc(opt.methods(), ImputeMethod.grouped) {
		err = fmt.Errorf("%s: a method of groups, which are not kept: %w", where, ErrOption)
	}
	if err != nil {
		return nil, err
	}
	if c.rows == 0 {
		return nil, fmt.Errorf("%s: no rows: %w", where, ErrEmpty)
	}
	p, err := c.imputer(context.Background(), nil, &opt)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	return p, nil
}

// imputer fits every column by its method; rows are read by those of groups alone.
func (c *Columns) imputer(ctx context.Context, rows [][]float64, opt *ImputerOptions) (*Imputer, error) {
	d := len(c.names)
	p := &Imputer{names: slices.Clone(c.names), method: make([]ImputeMethod, d), fill: make([]float64, d), groups: make([]map[string]float64, d)}
	for j := range c.names {
		q, err := c.describe(ctx, j)
		if err != nil {
			return nil, err
		}
		if err := p.fit(j, q, rows, opt); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// fit chooses what stands in for missing values of column j, which s describes.
func (p *Imputer) fit(j int, s ColumnResult, rows [][]float64, opt *ImputerOptions) (err error) {
	m := opt.Method
	if own, ok := opt.Methods[s.Name]; ok {
		m = own
	}
	p.method[j] = m
	switch m {
	case Median, GroupMedian:
		p.fill[j] = s.Median
	case Mode, GroupMode:
		p.fill[j] = s.Mode
	case Constant, LastObservation:
		p.fill[j] = opt.Value
	default:
		p.fill[j] = s.Mean
	}
	if m.grouped() {
		if err := check.Len("Groups", len(opt.Groups), len(rows)); err != nil {
			return err
		}
		if p.groups[j], err = m.byGroup(rows, j, opt.Groups); err != nil {
			return fmt.Errorf("column %q: %w", s.Name, err)
		}
	}
	if s.Count == 0 && m != Constant && m != LastObservation {
		if !opt.AllMissing {
			return fmt.Errorf("column %q has no value: %w", s.Name, ErrUndefined)
		}
		p.fill[j] = opt.Value
	}
	if math.IsNaN(p.fill[j]) {
		return fmt.Errorf("column %q: float64 cannot hold the squares behind its mean: %w", s.Name, ErrOverflow)
	}
	if opt.Indicators && s.Missing > 0 {
		p.marked = append(p.marked, j)
	}
	return nil
}

// byGroup returns the mean, median or mode of column j in each group that has values
// there; values are taken in ascending order, whatever the order of rows.
func (m ImputeMethod) byGroup(rows [][]float64, j int, groups []string) (map[string]float64, error) {
	values := make(map[string][]float64)
	for i, r := range rows {
		if !math.IsNaN(r[j]) {
			values[groups[i]] = append(values[groups[i]], r[j]+0) // -0 becomes 0
		}
	}
	out := make(map[string]float64, len(values))
	for _, g := range slices.Sorted(maps.Keys(values)) {
		xs := values[g]
		slices.Sort(xs)
		switch m {
		case GroupMedian:
			out[g] = infer.Quantile(xs, .5)
		case GroupMode:
			out[g] = mode(xs)
		default:
			state, err := moments.Of(xs)
			if err != nil {
				return nil, check.Private("group", -1, g, nil, err)
			}
			out[g] = state.Mean()
		}
	}
	return out, nil
}

// Names returns the names of the columns that Transform gives, indicators last.
func (p *Imputer) Names() []string {
	if p == nil {
		return nil
	}
	out := slices.Clone(p.names)
	for _, j := range p.marked {
		out = append(out, p.names[j]+"_missing")
	}
	return out
}

// Transform appends to dst a copy of rows without NaN; the new rows share one
// array. groups gives the group of each row (a user, for LastObservation, with
// rows in order of time); it may be nil where no method needs it, and makes one
// group for LastObservation then. A row of another length is ErrShape, ±Inf
// ErrNotFinite; dst is then returned as it was.
func (p *Imputer) Transform(dst, rows [][]float64, groups []string) ([][]float64, error) {
	if err := made("feature: Imputer.Transform", p != nil && len(p.names) > 0); err != nil {
		return dst, err
	}
	if err := width(rows, len(p.names)); err != nil {
		return dst, fmt.Errorf("feature: Imputer.Transform: %w", err)
	}
	if groups != nil || slices.ContainsFunc(p.method, ImputeMethod.grouped) {
		if err := check.Len("groups", len(groups), len(rows)); err != nil {
			return dst, fmt.Errorf("feature: Imputer.Transform: %w", err)
		}
	}
	d := len(p.names)
	out := vec.Rows(len(rows), d+len(p.marked))
	last := make(map[string][]float64) // by group, NaN where nothing was seen
	for i, r := range rows {
		group := ""
		if groups != nil {
			group = groups[i]
		}
		var seen []float64
		if slices.Contains(p.method, LastObservation) {
			if seen = last[group]; seen == nil {
				seen = slices.Repeat([]float64{math.NaN()}, d)
				last[group] = seen
			}
		}
		for j, x := range r {
			if !math.IsNaN(x) {
				if seen != nil {
					seen[j] = x
				}
				out[i][j] = x
				continue
			}
			fill := p.fill[j]
			if own, ok := p.groups[j][group]; ok {
				fill = own
			}
			if p.method[j] == LastObservation && !math.IsNaN(seen[j]) {
				fill = seen[j]
			}
			out[i][j] = fill
		}
		for k, j := range p.marked {
			if math.IsNaN(r[j]) {
				out[i][d+k] = 1
			}
		}
	}
	return append(dst, out...), nil
}
