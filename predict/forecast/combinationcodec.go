package forecast

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

// AppendBinary appends the combination as one frame. ErrEmpty for one of nothing, ErrMismatch
// where a model has no binary form or models within models are deeper than four.
func (m *Combination) AppendBinary(dst []byte) ([]byte, error) {
	const where = "forecast: Combination.AppendBinary"
	if m == nil || len(m.models) == 0 {
		return dst, errUnfitted(where)
	}
	var w codec.Writer
	w.Int(len(m.models))
	for _, f := range m.models {
		if err := putModel(&w, where, f); err != nil {
			return dst, err
		}
	}
	w.Float64s(m.weights)
	w.Strings(m.names)
	w.Float64(m.narrow[0])
	w.Float64(m.narrow[1])
	w.Bool(m.nonNegative)
	w.Strings(m.warnings)
	return w.AppendFrame(dst, codec.KindCombination, 3), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (m *Combination) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary replaces m. Payload of version 3, little-endian:
//
//	int      models, at least 1; of each
//	[]byte   frame of a model of this package, in which models are three deep at most
//	[]f64    weights in [0, 1] that sum up to 1 but for rounding, as many; none for the median
//	[]string names of the methods, as many or none
//	2 f64    factors of the spread at the 80 % interval, in (0, 1], and the 95 % one, from it to 1.5, or both 0 for 1
//	bool     means and quantiles are cut at 0
//	[]string warnings
//
// Version 2 has no factor above 1, and they may descend; version 1 ends with the weights. The frame of an Auto, which
// FitAuto made once, is read, too: its names, the frame of a combination of as many with weights, factors and bool.
// Anything else is ErrCorrupt, a newer version ErrVersion, another kind ErrMismatch; m is then unchanged.
func (m *Combination) UnmarshalBinary(data []byte) error {
	const where = "forecast: Combination.UnmarshalBinary"
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	return m.read(where, data, maxDepth)
}

// read is UnmarshalBinary of a combination in which models are so deep at most.
func (m *Combination) read(where string, data []byte, depth int) error {
	if codec.KindOf(data) == codec.KindAuto {
		return m.readAuto(where, data, depth)
	}
	r, err := codec.Open(data, codec.KindCombination, 3)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	var d Combination
	n := r.Int()
	if r.Err() == nil && n < 1 {
		r.Fail("models")
	}
	for i := 0; i < n && r.Err() == nil; i++ {
		d.models = append(d.models, getModel(r, depth))
	}
	d.weights = r.Float64s()
	if r.Err() == nil && len(d.weights) == 0 {
		d.weights = nil
	}
	if r.Err() == nil && d.weights != nil {
		sum := 0.0
		for _, w := range d.weights {
			if !(w >= 0 && w <= 1) || math.Signbit(w) {
				r.Fail("weights")
			}
			sum += w
		}
		if len(d.weights) != n || !(math.Abs(sum-1) <= 1e-6) {
			r.Fail("weights")
		}
	}
	if r.Version > 1 {
		d.names = noneNil(r.Strings())
		d.getSpread(r)
		d.warnings = noneNil(r.Strings())
		if r.Err() == nil && d.names != nil && len(d.names) != n {
			r.Fail("names")
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*m = d
	return nil
}

// getSpread reads factors, and whether 0 is the least.
func (m *Combination) getSpread(r *codec.Reader) {
	m.narrow = [2]float64{r.Float64(), r.Float64()}
	m.nonNegative = r.Bool()
	least, most := math.SmallestNonzeroFloat64, 1.0 // of older versions
	if r.Version > 2 {
		least, most = m.narrow[0], mostWiden // else quantiles would not ascend
	}
	none := math.Float64bits(m.narrow[0]) == 0 && math.Float64bits(m.narrow[1]) == 0
	if r.Err() == nil && !none && (!(m.narrow[0] > 0 && m.narrow[0] <= 1) || !(m.narrow[1] >= least && m.narrow[1] <= most)) {
		r.Fail("spread")
	}
}

// readAuto reads the frame that FitAuto's models had before they were combinations.
func (m *Combination) readAuto(where string, data []byte, depth int) error {
	r, err := codec.Open(data, codec.KindAuto, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	names, frame := r.Strings(), r.Bytes()
	var d Combination
	if r.Err() == nil && (codec.KindOf(frame) != codec.KindCombination || d.read(where, frame, depth) != nil || d.weights == nil || d.names != nil || len(d.models) != len(names)) {
		r.Fail("methods")
	}
	d.names = names
	d.getSpread(r)
	if r.Err() == nil && d.narrow[0] == 0 {
		r.Fail("spread")
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*m = d
	return nil
}

func noneNil(x []string) []string {
	if len(x) == 0 {
		return nil
	}
	return x
}

// maxDepth is how many models may hold each other at most: frames within frames have an end.
const maxDepth = 4

// depth is how many models within f hold others, itself counted.
func depth(f Forecaster) int {
	deepest := 0
	switch m := f.(type) {
	case *Combination:
		for _, x := range m.models {
			deepest = max(deepest, depth(x))
		}
	case *Conformal:
		deepest = depth(m.model)
	case *STL:
		deepest = depth(m.rest)
	default:
		return 0
	}
	return deepest + 1
}

// putModel writes the frame of a model that another one holds.
func putModel(w *codec.Writer, where string, model Forecaster) error {
	p, ok := model.(Persistent)
	if !ok {
		return fmt.Errorf("%s: %T has no binary form: %w", where, model, ErrMismatch)
	}
	if depth(model) >= maxDepth {
		return fmt.Errorf("%s: %T holds models within models, want %d deep at most: %w", where, model, maxDepth, ErrMismatch)
	}
	frame, err := p.MarshalBinary()
	if err != nil {
		return err
	}
	if empty(codec.KindOf(frame)) == nil {
		return fmt.Errorf("%s: %T is none that can be held: %w", where, model, ErrMismatch)
	}
	w.Bytes(frame)
	return nil
}

// getModel reads what putModel has written into a holder in which models are so deep at most.
func getModel(r *codec.Reader, depth int) Forecaster {
	frame := r.Bytes()
	if r.Err() != nil {
		return nil
	}
	var m Forecaster
	err := error(nil)
	switch kind := codec.KindOf(frame); kind {
	case codec.KindCombination, codec.KindAuto:
		c := new(Combination)
		if m, err = c, ErrCorrupt; depth > 1 {
			err = c.read("", frame, depth-1)
		}
	case codec.KindConformal:
		c := new(Conformal)
		if m, err = c, ErrCorrupt; depth > 1 {
			err = c.read("", frame, depth-1)
		}
	case codec.KindSTL:
		c := new(STL)
		if m, err = c, ErrCorrupt; depth > 1 {
			err = c.read("", frame, depth-1)
		}
	default:
		m, err = codec.DecodeState("", frame, empty)
	}
	if err != nil {
		r.Fail("model")
		return nil
	}
	return m
}
