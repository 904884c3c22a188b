package predict

import (
	"encoding"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/ids"
)

var (
	_ encoding.BinaryAppender    = (*PriceModel[string])(nil)
	_ encoding.BinaryMarshaler   = (*PriceModel[string])(nil)
	_ encoding.BinaryUnmarshaler = (*PriceModel[string])(nil)
)

// AppendBinary appends the binary form to dst. ErrEmpty for a model that nothing made.
func (m *PriceModel[K]) AppendBinary(dst []byte) ([]byte, error) {
	if err := m.ready("predict: PriceModel.AppendBinary"); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Int(int(ids.ClassOf[K]()))
	ids.PutAscending(&w, m.products)
	putAnswers(&w, m.of)
	w.Strings(m.categories)
	putAnswers(&w, m.pooled)
	w.Int(len(m.pairs))
	for _, pair := range m.pairs {
		for _, id := range pair {
			i, _ := slices.BinarySearch(m.products, id)
			w.Int(i)
		}
	}
	putAnswers(&w, m.cross)
	w.Int(m.left)
	w.Strings(m.warnings)
	return w.AppendFrame(dst, codec.KindPriceModel, 1), nil
}

// MarshalBinary returns the binary form.
func (m *PriceModel[K]) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary replaces m by what MarshalBinary wrote. Payload of version 1, little-endian:
//
//	int     class of the ids: 0 strings, 1 signed, 2 unsigned numbers; that of K
//	ids     n, the products, > 0, and their ids, ascending
//	n ×     answer of each product
//	[]text  categories, c > 0, ascending
//	c ×     answer of each category
//	int     pairs, then for each the places of its two products, different, no pair twice
//	…       answer of each pair
//	int     rows left out
//	[]text  warnings
//
// where an answer is a text, why there is none, and, if that is empty,
//
//	4 f64   value, standard error, low, high: finite, low <= value <= high, error >= 0
//	f64     degrees of freedom, > 0
//	int     rows, > 0
//	int     products, > 0
//	f64     F of the first stage, >= 0, +Inf or NaN
//	f64     share of its own, in [0, 1]
//
// Another class of ids or kind of frame is ErrMismatch, what no model holds ErrCorrupt, a newer
// version ErrVersion; m is then unchanged.
func (m *PriceModel[K]) UnmarshalBinary(data []byte) error {
	const where = "predict: PriceModel.UnmarshalBinary"
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindPriceModel, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	if class := r.Int(); r.Err() == nil && class != int(ids.ClassOf[K]()) {
		return fmt.Errorf("%s: ids of class %d, want %d: %w", where, class, ids.ClassOf[K](), ErrMismatch)
	}
	var d PriceModel[K]
	if d.products = ids.GetAscending[K](r); r.Err() == nil && len(d.products) == 0 {
		r.Fail("has no products")
	}
	d.of = getAnswers(r, len(d.products))
	d.categories = r.Strings()
	for i, name := range d.categories {
		if i > 0 && name <= d.categories[i-1] {
			r.Fail("has categories out of order")
		}
	}
	if r.Err() == nil && (len(d.categories) == 0 || len(d.categories) > len(d.products)) {
		r.Fail("has no categories, or more than products")
	}
	d.pooled = getAnswers(r, len(d.categories))
	n, seen := r.Int(), make(map[[2]K]bool)
	for i := 0; i < n && r.Err() == nil; i++ {
		a, b := r.Int(), r.Int()
		if r.Err() != nil {
			break
		}
		if a == b || a < 0 || b < 0 || max(a, b) >= len(d.products) {
			r.Fail("has a pair of no products")
			break
		}
		pair := [2]K{d.products[a], d.products[b]}
		if seen[pair] {
			r.Fail("has a pair twice")
			break
		}
		seen[pair] = true
		d.pairs = append(d.pairs, pair)
	}
	d.cross = getAnswers(r, len(d.pairs))
	d.left, d.warnings = r.Int(), r.Strings()
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*m = d
	return nil
}

func putAnswers(w *codec.Writer, answers []priceAnswer) {
	for _, a := range answers {
		w.String(a.why)
		if a.why == "" {
			for _, x := range [...]float64{a.Value, a.StdErr, a.Low, a.High, a.DF} {
				w.Float64(x)
			}
			w.Int(a.Rows)
			w.Int(a.Products)
			w.Float64(a.FirstStage)
			w.Float64(a.Own)
		}
	}
}

// getAnswers reads n answers, and fails r for what no fit gives.
func getAnswers(r *codec.Reader, n int) []priceAnswer {
	var out []priceAnswer
	for i := 0; i < n && r.Err() == nil; i++ {
		a := priceAnswer{why: r.String()}
		if a.why == "" {
			var v [5]float64
			for k := range v {
				v[k] = r.Float64()
			}
			a.Value, a.StdErr, a.Low, a.High, a.DF = v[0], v[1], v[2], v[3], v[4]
			a.Rows, a.Products, a.FirstStage, a.Own = r.Int(), r.Int(), r.Float64(), r.Float64()
			if r.Err() != nil {
				break
			}
			if check.Slice("answer", v[:]) != nil || !(a.Low <= a.Value && a.Value <= a.High && a.StdErr >= 0 && a.DF > 0) || a.Rows == 0 || a.Products == 0 ||
				a.FirstStage < 0 || math.IsNaN(a.FirstStage) && math.Float64bits(a.FirstStage) != math.Float64bits(math.NaN()) ||
				!(a.Own >= 0 && a.Own <= 1) || math.Signbit(a.StdErr) || math.Signbit(a.Own) {
				r.Fail("has an answer that cannot be")
			}
		}
		out = append(out, a)
	}
	return out
}
