package supply

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/moments"
)

// ABCOptions configures ABC.
type ABCOptions struct {
	A float64 // share of the total value that class A makes up, in (0, 1); default 0.8
	B float64 // share that A and B make up together, above A and at most 1; default 0.95
}

// ABCItem is a product with its value and class.
type ABCItem[K ID] struct {
	ID         K       // of the product
	Value      float64 // as given
	Share      float64 // of the total of positive values
	Cumulative float64 // share of this and all before it
	Class      byte    // 'A', 'B', 'C', or '-' for a negative value
}

// ABC sorts products by value, highest first and ties by id, and classes them by
// their part of the total: a product is A as long as those before it make up
// less than the cut A, so the first product always is and the one that crosses a
// cut belongs to the higher class. Products of no value are C. Negative values
// (more returned than sold) are set aside at the end with class '-'.
//
// Errors: ErrShape for lengths that differ, ErrEmpty, ErrNotFinite, ErrDuplicate
// for an id given twice, ErrOption, and ErrUndefined when no value is positive.
func ABC[K ID](ids []K, values []float64, opt ABCOptions) ([]ABCItem[K], error) {
	const where = "supply: ABC"
	opt.A, opt.B = check.Default(opt.A, 0.8), check.Default(opt.B, 0.95)
	var c check.Options
	c.Require(opt.A > 0 && opt.A < 1, "A", opt.A, "in (0, 1)")
	c.Require(opt.B > opt.A && opt.B <= 1, "B", opt.B, "in (A, 1]")
	if err := c.Err(where); err != nil {
		return nil, err
	}
	if err := check.Len("values", len(values), len(ids)); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("%s: no products: %w", where, ErrEmpty)
	}
	if err := check.Slice("values", values); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	out := make([]ABCItem[K], len(ids))
	for i, id := range ids {
		out[i] = ABCItem[K]{ID: id, Value: values[i]}
	}
	slices.SortFunc(out, func(a, b ABCItem[K]) int {
		return cmp.Or(cmp.Compare(b.Value, a.Value), cmp.Compare(a.ID, b.ID))
	})
	seen := make(map[K]bool, len(ids))
	total := 0.0
	for _, it := range out {
		if seen[it.ID] {
			return nil, fmt.Errorf("%s: id %v is given twice: %w", where, it.ID, ErrDuplicate)
		}
		seen[it.ID] = true
		total += max(it.Value, 0)
	}
	if !(total > 0) || math.IsInf(total, 0) {
		return nil, fmt.Errorf("%s: positive values add up to %v: %w", where, total, ErrUndefined)
	}
	sum := 0.0
	for i := range out {
		it := &out[i]
		before := sum / total
		sum += max(it.Value, 0)
		it.Share, it.Cumulative = max(it.Value, 0)/total, min(sum/total, 1)
		it.Class = opt.class(it.Value, before)
	}
	return out, nil
}

// class returns the class of a value, given the share of those before it.
func (o ABCOptions) class(value, before float64) byte {
	const slack = 1e-12 // .5+.3 reaches .8
	switch {
	case value < 0:
		return '-'
	case value == 0:
		return 'C'
	case before < o.A-slack:
		return 'A'
	case before < o.B-slack:
		return 'B'
	}
	return 'C'
}

// XYZOptions configures XYZ.
type XYZOptions struct {
	X float64 // highest coefficient of variation of class X, > 0; default 0.5
	Y float64 // highest of class Y, above X; default 1
}

// XYZ classes a demand series by how predictable it is: its coefficient of
// variation, standard deviation (ddof 1) over mean. A series of mean 0 is Z, its
// cv +Inf. The unit of demand does not matter, however small. Errors: ErrEmpty for fewer
// than two periods, ErrNotFinite, ErrRange for negative demand or one above 1e15, ErrOption.
func XYZ(series []float64, opt XYZOptions) (class byte, cv float64, err error) {
	const where = "supply: XYZ"
	opt.X, opt.Y = check.Default(opt.X, 0.5), check.Default(opt.Y, 1)
	var c check.Options
	check.Positive(&c, "X", opt.X)
	c.Require(opt.Y > opt.X && check.Finite(opt.Y), "Y", opt.Y, "above X")
	if err := c.Err(where); err != nil {
		return 0, math.NaN(), err
	}
	if len(series) < 2 {
		return 0, math.NaN(), fmt.Errorf("%s: %d periods, want at least 2: %w", where, len(series), ErrEmpty)
	}
	for i, x := range series {
		if !(x >= 0 && x <= check.MaxAmount) {
			return 0, math.NaN(), check.Amount(where, fmt.Sprintf("series[%d]", i), x)
		}
	}
	// In units of a power of two near the largest, which costs no digit, no square
	// underflows that counts.
	_, exp := math.Frexp(slices.Max(series))
	var m moments.Welford
	for i, x := range series {
		if err := m.Add(math.Ldexp(x, -exp)); err != nil {
			return 0, math.NaN(), fmt.Errorf("%s: series[%d]: %w", where, i, err)
		}
	}
	if m.Mean() == 0 {
		return 'Z', math.Inf(1), nil
	}
	variance, err := m.Variance()
	if err != nil {
		return 0, math.NaN(), fmt.Errorf("%s: %w", where, err)
	}
	cv = math.Sqrt(variance) / m.Mean()
	switch {
	case cv <= opt.X:
		return 'X', cv, nil
	case cv <= opt.Y:
		return 'Y', cv, nil
	}
	return 'Z', cv, nil
}
