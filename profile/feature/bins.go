package feature

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/vec"
)

// BinMethod says where the edges of the bins of a column lie.
type BinMethod uint8

// The methods of Bins. The last two look at the class, and put edges half way between
// neighbouring values.
const (
	EqualWidth BinMethod = iota // at equal distances between the smallest and the largest value
	EqualCount                  // at the quantiles of type 7; equal edges are one
	TreeBins                    // of a decision tree by Gini impurity, grown best first
	Monotone                    // of the largest information value among those whose share of true rises, or falls, from bin to bin
	binMethods = int(Monotone) + 1
)

// BinOptions configures FitBins.
type BinOptions struct {
	Method BinMethod // default EqualWidth
	// Methods overrides Method for single columns, by name. Default none.
	Methods map[string]BinMethod
	// Names of the columns, for messages and Methods. Default "column 0", ….
	Names []string
	// Bins is the largest number of bins, without that of missing values, 2 … 10,000.
	// Default 10.
	Bins int
	// Start is the number of bins that Monotone starts from and joins, those of
	// TreeBins, 2 … 100. Default 20.
	Start int
	// MinShare is the share of the values that a bin of TreeBins, and of the start of
	// Monotone, has at least, below .5. Default .05, negative means 0.
	MinShare float64
	// Trend is the direction of Monotone: 1 rising, -1 falling. Default 0: that of the
	// larger information value, rising where they are equal.
	Trend int
	// WOE makes Transform return weights of evidence, not numbers of bins.
	WOE bool
}

func (o BinOptions) withDefaults() BinOptions {
	o.Bins = check.Default(o.Bins, 10)
	o.Start = check.Default(o.Start, 20)
	o.MinShare = check.OrOff(o.MinShare, .05)
	return o
}

func (o BinOptions) validate() error {
	var c check.Options
	c.Require(int(o.Method) < binMethods, "Method", o.Method, "a BinMethod")
	c.Require(o.Bins >= 2 && o.Bins <= 10_000, "Bins", o.Bins, "2 … 10,000")
	c.Require(o.Start >= 2 && o.Start <= 100, "Start", o.Start, "2 … 100")
	c.Require(o.MinShare >= 0 && o.MinShare < .5, "MinShare", o.MinShare, "in [0, .5)")
	c.Require(o.Trend >= -1 && o.Trend <= 1, "Trend", o.Trend, "-1, 0 or 1")
	for n := range o.Methods {
		c.Require(int(o.Methods[n]) < binMethods, "Methods["+n+"]", o.Methods[n], "a BinMethod")
		c.Require(o.Names == nil || slices.Contains(o.Names, n), "Methods["+n+"]", n, "one of Names")
	}
	return c.Err("feature: FitBins")
}

// supervised reports whether the fit looks at the class.
func (o *BinOptions) supervised() bool {
	if o.WOE || o.Method >= TreeBins {
		return true
	}
	for _, m := range o.Methods {
		if m >= TreeBins {
			return true
		}
	}
	return false
}

// Bins cuts columns of numbers into bins. A bin holds its lower edge, not its upper one;
// the first and the last go on for ever. Missing values (NaN) have a bin of their own
// behind the others. It is immutable and safe for concurrent use.
type Bins struct {
	columns []binned
	woe     bool
}

// binned is one column of Bins.
type binned struct {
	name      string
	method    BinMethod
	edges     []float64 // between bins, ascending
	good, bad []int64   // rows of the fit, the bin of missing values last
	woe       []float64 // of each bin, NaN where undefined
	value     float64   // information value, NaN where undefined
}

// Bin is one bin of a column.
type Bin struct {
	Lo, Hi    float64 // values in [Lo, Hi); NaN without a bound, and both where Missing
	Missing   bool    // the bin of NaN
	Good, Bad int64   // rows of the fit with y true and false
	WOE       float64 // ln of the share of Good over that of Bad, see Evidence; NaN where one class has no rows
}

// BinResult describes the bins of one column.
type BinResult struct {
	Column           string  // as given to FitBins
	InformationValue float64 // of all bins, see Evidence; NaN where undefined
	Bins             []Bin   // ascending, that of missing values last
}

// FitBins fits bins to rows, n×d, with NaN for missing; y[i] says whether row i is of the
// class looked for (good, in the words of Evidence). It may be nil where neither method nor
// WOE need it; all rows are then Bad. The same rows in any order give the same bins to the
// last bit. A column without values, or of one value, has one bin.
//
// Monotone is exact: dynamic programming over all ways to join neighbours of the start,
// of which each bin has rows of both classes; O(Start³·Bins).
//
// No rows is ErrEmpty, ragged ones or y of another length ErrShape, ±Inf ErrNotFinite, y
// of one class, where it is needed, ErrUndefined. Cost: a sort of each column. Breiman et
// al. (1984), CART; Navas-Palencia (2020), Optimal binning.
func FitBins(ctx context.Context, rows [][]float64, y []bool, opt BinOptions) (*Bins, error) {
	opt = opt.withDefaults()
	if err := opt.validate(); err != nil {
		return nil, err
	}
	b, err := fitBins(ctx, rows, y, opt)
	if err != nil && ctx.Err() == nil {
		return nil, fmt.Errorf("feature: FitBins: %w", err)
	}
	return b, err
}

// fitBins is FitBins without its name in errors.
func fitBins(ctx context.Context, rows [][]float64, y []bool, opt BinOptions) (*Bins, error) {
	names, err := rowNames(ctx, rows, opt.Names)
	if err != nil {
		return nil, err
	}
	if y == nil {
		y = make([]bool, len(rows))
	}
	if err := check.Len("y", len(y), len(rows)); err != nil {
		return nil, err
	}
	oneClass := !slices.Contains(y, !y[0])
	b := &Bins{columns: make([]binned, len(names)), woe: opt.WOE}
	for j, name := range names {
		c := &b.columns[j]
		c.name, c.method = name, opt.Method
		if own, ok := opt.Methods[name]; ok {
			c.method = own
		}
		if oneClass && (opt.WOE || c.method >= TreeBins) {
			return nil, fmt.Errorf("column %q: rows of one class only: %w", name, ErrUndefined)
		}
		if err := c.fit(ctx, rows, j, y, opt); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// fit puts the edges of column j and counts its rows.
func (c *binned) fit(ctx context.Context, rows [][]float64, j int, y []bool, opt BinOptions) error {
	xs, missing, err := groupsOf(ctx, rows, j, y)
	if err != nil {
		return err
	}
	switch c.method {
	case EqualWidth:
		c.edges = equalWidth(xs.x, opt.Bins)
	case EqualCount:
		c.edges = equalCount(xs, opt.Bins)
	case TreeBins:
		c.edges = xs.edges(xs.tree(opt.Bins, opt.MinShare))
	case Monotone:
		c.edges = xs.edges(xs.monotone(xs.tree(opt.Start, opt.MinShare), opt))
	}
	k := len(c.edges) + 1
	c.good, c.bad = make([]int64, k+1), make([]int64, k+1)
	for g := range xs.x {
		at := c.bin(xs.x[g])
		c.good[at] += xs.good[g+1] - xs.good[g]
		c.bad[at] += xs.bad[g+1] - xs.bad[g]
	}
	c.good[k], c.bad[k] = missing[1], missing[0]
	c.weigh()
	return nil
}

// weigh computes weights of evidence from the counts; NaN where a class has no rows.
func (c *binned) weigh() {
	var err error
	if c.woe, c.value, err = Evidence(c.good, c.bad); err != nil {
		c.woe, c.value = slices.Repeat([]float64{math.NaN()}, len(c.good)), math.NaN()
	}
}

// bin returns the number of the bin of x.
func (c *binned) bin(x float64) int {
	if math.IsNaN(x) {
		return len(c.edges) + 1
	}
	k, _ := slices.BinarySearchFunc(c.edges, x, func(edge, x float64) int {
		if edge <= x {
			return -1
		}
		return 1
	})
	return k
}

// equalWidth returns the inner edges of k bins of equal width.
func equalWidth(xs []float64, k int) []float64 {
	var out []float64
	for i := 1; i < k && len(xs) > 1; i++ {
		lo, hi := xs[0], xs[len(xs)-1]
		x := lo + float64(i)*((hi-lo)/float64(k))
		if math.IsInf(hi-lo, 0) {
			x = infer.Between(lo, hi, float64(i)/float64(k))
		}
		if x > lo && x <= hi && (len(out) == 0 || x > out[len(out)-1]) {
			out = append(out, x)
		}
	}
	return out
}

// equalCount returns the inner edges of k bins of about equally many rows.
func equalCount(xs *groups, k int) []float64 {
	n := xs.rows(0, len(xs.x))
	var out []float64
	for i := 1; i < k && len(xs.x) > 1; i++ {
		h := float64(n-1) * float64(i) / float64(k)
		at := int64(h)
		x := infer.Between(xs.at(at), xs.at(min(at+1, n-1)), h-float64(at))
		if x > xs.x[0] && x < xs.x[len(xs.x)-1] && (len(out) == 0 || x > out[len(out)-1]) {
			out = append(out, x)
		}
	}
	return out
}

// rowNames checks the shape and values of rows and returns the names of their columns.
func rowNames(ctx context.Context, rows [][]float64, names []string) ([]string, error) {
	if len(rows) == 0 || len(rows[0]) == 0 {
		return nil, fmt.Errorf("no rows or no columns: %w", ErrEmpty)
	}
	d := len(rows[0])
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
	for lo := 0; lo < len(rows); lo += 4096 {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err := width(rows[lo:min(lo+4096, len(rows))], d); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// Result describes every column and changes nothing.
func (b *Bins) Result() []BinResult {
	if b == nil || len(b.columns) == 0 {
		return nil
	}
	out := make([]BinResult, len(b.columns))
	for j, c := range b.columns {
		out[j] = BinResult{Column: c.name, InformationValue: c.value, Bins: make([]Bin, len(c.good))}
		for k := range c.good {
			nan := math.NaN()
			one := Bin{Lo: nan, Hi: nan, Missing: k > len(c.edges), Good: c.good[k], Bad: c.bad[k], WOE: c.woe[k]}
			if k > 0 && !one.Missing {
				one.Lo = c.edges[k-1]
			}
			if k < len(c.edges) {
				one.Hi = c.edges[k]
			}
			out[j].Bins[k] = one
		}
	}
	return out
}

// Transform appends to dst a copy of rows with the number of the bin, from 0, instead of
// each value, or with the bin's weight of evidence where BinOptions.WOE says so; the new
// rows share one array. A missing value has the number behind the last, and the weight 0
// where the fit had none missing. A row of another length is ErrShape, ±Inf ErrNotFinite;
// dst is then returned as it was.
func (b *Bins) Transform(dst, rows [][]float64) ([][]float64, error) {
	if err := made("feature: Bins.Transform", b != nil && len(b.columns) > 0); err != nil {
		return dst, err
	}
	if err := width(rows, len(b.columns)); err != nil {
		return dst, fmt.Errorf("feature: Bins.Transform: %w", err)
	}
	out := vec.Rows(len(rows), len(b.columns))
	for i, r := range rows {
		for j, x := range r {
			c := &b.columns[j]
			k := c.bin(x)
			if out[i][j] = float64(k); b.woe {
				out[i][j] = c.woe[k]
			}
		}
	}
	return append(dst, out...), nil
}
