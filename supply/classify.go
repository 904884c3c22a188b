package supply

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// ABCOptions configures ABC.
type ABCOptions struct {
	A float64 // share of the total value that class A makes up, default 0.8
	B float64 // share that A and B make up together, default 0.95
}

// ABCItem is a product with its value and class.
type ABCItem[K ID] struct {
	ID         K
	Value      float64
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
func ABC[K ID](ids []K, values []float64, opts ABCOptions) ([]ABCItem[K], error) {
	const where = "supply: ABC"
	opts.A, opts.B = check.Default(opts.A, 0.8), check.Default(opts.B, 0.95)
	var e check.Options
	e.Require(opts.A > 0 && opts.A < 1, "A", opts.A, "in (0, 1)")
	e.Require(opts.B > opts.A && opts.B <= 1, "B", opts.B, "in (A, 1]")
	if err := e.Err(where); err != nil {
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
		const slack = 1e-12 // .5+.3 reaches .8
		switch {
		case it.Value < 0:
			it.Class = '-'
		case it.Value == 0:
			it.Class = 'C'
		case before < opts.A-slack:
			it.Class = 'A'
		case before < opts.B-slack:
			it.Class = 'B'
		default:
			it.Class = 'C'
		}
	}
	return out, nil
}

// XYZOptions configures XYZ.
type XYZOptions struct {
	X float64 // highest coefficient of variation of class X, default 0.5
	Y float64 // highest of class Y, default 1
}

// XYZ classes a demand series by how predictable it is: its coefficient of
// variation, standard deviation (ddof 1) over mean. A series of mean 0 is Z, its
// cv +Inf. Errors: ErrEmpty for fewer than two periods, ErrNotFinite, ErrRange
// for negative demand, ErrOption.
func XYZ(series []float64, opts XYZOptions) (class byte, cv float64, err error) {
	const where = "supply: XYZ"
	opts.X, opts.Y = check.Default(opts.X, 0.5), check.Default(opts.Y, 1)
	var e check.Options
	check.Positive(&e, "X", opts.X)
	e.Require(opts.Y > opts.X && check.Finite(opts.Y), "Y", opts.Y, "above X")
	if err := e.Err(where); err != nil {
		return 0, math.NaN(), err
	}
	if len(series) < 2 {
		return 0, math.NaN(), fmt.Errorf("%s: %d periods, want at least 2: %w", where, len(series), ErrEmpty)
	}
	mean, m2 := 0.0, 0.0
	for i, x := range series {
		if err := amount(where, fmt.Sprintf("series[%d]", i), x); err != nil {
			return 0, math.NaN(), err
		}
		dx := x - mean
		mean += dx / float64(i+1)
		m2 += dx * (x - mean)
	}
	if mean == 0 {
		return 'Z', math.Inf(1), nil
	}
	cv = math.Sqrt(m2/float64(len(series)-1)) / mean
	switch {
	case cv <= opts.X:
		return 'X', cv, nil
	case cv <= opts.Y:
		return 'Y', cv, nil
	}
	return 'Z', cv, nil
}
