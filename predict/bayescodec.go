package predict

import (
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

// AppendBinary appends the accumulator as one frame. Errors: ErrEmpty for a nil receiver and one that NewNaiveBayes
// did not make.
func (b *NaiveBayes) AppendBinary(dst []byte) ([]byte, error) {
	const where = "predict: NaiveBayes.AppendBinary"
	if err := check.Receiver(where, b); err != nil {
		return dst, err
	}
	if b.classes == 0 {
		return dst, notFitted(where)
	}
	var w codec.Writer
	b.put(&w)
	return w.AppendFrame(dst, codec.KindNaiveBayes, 1), nil
}

// put writes the payload.
func (b *NaiveBayes) put(w *codec.Writer) {
	w.Int(b.classes)
	w.Float64(b.alpha)
	w.Float64(b.smoothing)
	w.Float64s(b.priors)
	w.Bool(b.schema.n > 0)
	if b.schema.n == 0 {
		for _, list := range [][]int{b.counts, b.binary} {
			w.Int(len(list))
			for _, j := range list {
				w.Int(j)
			}
		}
		return
	}
	putSchema(w, &b.schema)
	laws := make([]byte, len(b.laws))
	for j, l := range b.laws {
		laws[j] = byte(l)
	}
	w.Bytes(laws)
	w.Int64(b.rows)
	w.Float64s(b.weight)
	w.Float64s(b.first)
	w.Float64s(b.second)
	for j, l := range b.laws {
		if l == bayesLevels {
			w.Float64s(b.levels[j])
		}
	}
}

// MarshalBinary is AppendBinary to a new slice.
func (b *NaiveBayes) MarshalBinary() ([]byte, error) { return b.AppendBinary(nil) }

// UnmarshalBinary replaces b. Payload of version 1, little-endian:
//
//	int     K classes, 2 … 65536
//	f64     Alpha, finite and > 0
//	f64     Smoothing, finite and >= 0
//	[]f64   K priors, > 0, or none
//	bool    whether the columns are known; if not, twice an int n and n ints, Counts and Binary, and no more
//	[]byte  the frame of the Schema, of d columns
//	[]byte  d laws: 0 normal, 1 count, 2 binary, 3 categorical, the last where the schema says so
//	int64   rows of positive weight
//	[]f64   K weights, >= 0
//	[]f64   K·d means, sums and weights of what is not 0, class after class, finite
//	[]f64   K·d sums of squares, finite and >= 0; 0 but for normal columns
//	[]f64   of each categorical column L·K weights, level after level, >= 0; L that of the schema where it has levels
//
// Any other length or value is ErrCorrupt, a newer version ErrVersion, a frame of
// another kind ErrMismatch; b is then unchanged.
func (b *NaiveBayes) UnmarshalBinary(data []byte) error {
	const where = "predict: NaiveBayes.UnmarshalBinary"
	if err := check.Receiver(where, b); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindNaiveBayes, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	next := getBayes(r)
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*b = next
	return nil
}

// getBayes reads what put has written.
func getBayes(r *codec.Reader) (b NaiveBayes) {
	b = NaiveBayes{classes: r.Int(), alpha: r.Float64(), smoothing: r.Float64(), priors: optional(r.Float64s())}
	opt := NaiveBayesOptions{Classes: b.classes, Alpha: b.alpha, Smoothing: b.smoothing, Priors: b.priors}
	if r.Err() == nil && opt.validate("") != nil {
		r.Fail("options")
	}
	known := r.Bool()
	if r.Err() != nil {
		return b
	}
	b.weight = make([]float64, b.classes)
	if !known {
		for _, list := range []*[]int{&b.counts, &b.binary} {
			n := r.Int()
			for range n {
				if r.Err() != nil {
					return b
				}
				*list = append(*list, r.Int())
			}
		}
		opt.Counts, opt.Binary = b.counts, b.binary
		if _, err := NewNaiveBayes(opt); r.Err() == nil && err != nil {
			r.Fail("columns of Counts and Binary")
		}
		return b
	}
	frame, laws := r.Bytes(), r.Bytes()
	b.rows, b.weight, b.first, b.second = r.Int64(), r.Float64s(), r.Float64s(), r.Float64s()
	if r.Err() == nil && (b.schema.UnmarshalBinary(frame) != nil || len(laws) != b.schema.n) {
		r.Fail("schema")
	}
	if r.Err() == nil {
		b.getLaws(r, laws)
	}
	return b
}

// getLaws reads the sums by level, and checks all sums against the laws.
func (b *NaiveBayes) getLaws(r *codec.Reader, laws []byte) {
	n := b.schema.n
	if len(b.weight) != b.classes || len(b.first) != n*b.classes || len(b.second) != len(b.first) || b.rows < 0 {
		r.Fail("lengths")
		return
	}
	b.laws, b.levels = make([]bayesLaw, n), make([][]float64, n)
	total := 0.0
	for _, w := range b.weight {
		if !(w >= 0) || math.Signbit(w) {
			r.Fail("weights")
		}
		total += w
	}
	if !check.Finite(total) || (b.rows > 0) != (total > 0) {
		r.Fail("weights")
	}
	for j, l := range laws {
		b.laws[j] = bayesLaw(l)
		if b.laws[j] > bayesLevels || (b.laws[j] == bayesLevels) != (b.schema.kind(j) == Categorical) {
			r.Fail("laws")
			return
		}
		if b.laws[j] == bayesLevels {
			b.levels[j] = optional(r.Float64s())
			known := b.schema.levels[j]
			if k := len(b.levels[j]); k%b.classes != 0 || k/b.classes > maxLevels || known != nil && k != len(known)*b.classes {
				r.Fail("levels")
			}
			for _, v := range b.levels[j] {
				if !(v >= 0) || !check.Finite(v) || math.Signbit(v) {
					r.Fail("levels")
					return
				}
			}
		}
		for y := range b.classes {
			f, s := b.first[y*n+j], b.second[y*n+j]
			switch {
			case !check.Finite(f) || !check.Finite(s) || !(s >= 0) || math.Signbit(s):
				r.Fail("sums")
			case b.laws[j] != bayesNormal && (s != 0 || !(f >= 0)), b.laws[j] == bayesLevels && f != 0, b.laws[j] == bayesBinary && f > b.weight[y]*(1+1e-9):
				r.Fail("sums")
			}
		}
		if r.Err() != nil {
			return
		}
	}
}

// AppendBinary appends the model as one frame. Errors: ErrEmpty for a model that
// was not fitted.
func (m *BayesModel) AppendBinary(dst []byte) ([]byte, error) {
	if !m.fitted() {
		return dst, notFitted("predict: BayesModel.AppendBinary")
	}
	var w codec.Writer
	m.sums.put(&w)
	return w.AppendFrame(dst, codec.KindBayesModel, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (m *BayesModel) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary replaces m. Payload of version 1: that of NaiveBayes, of which Result can make a model.
//
// Any other length or value is ErrCorrupt, a newer version ErrVersion, a frame of
// another kind ErrMismatch; m is then unchanged.
func (m *BayesModel) UnmarshalBinary(data []byte) error {
	const where = "predict: BayesModel.UnmarshalBinary"
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindBayesModel, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	sums := getBayes(r)
	var next *BayesModel
	if r.Err() == nil {
		if next, err = sums.Result(); err != nil {
			r.Fail("sums of no model")
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*m = *next
	return nil
}

// finite reports whether the scores can be evaluated.
func (m *BayesModel) finite() bool {
	for _, x := range append(slices.Clone(m.levels), m.prior, m.first, m.second, m.base) {
		if check.Slice("", x) != nil {
			return false
		}
	}
	return true
}
