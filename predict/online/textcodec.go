package online

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

// put writes how texts become features.
func (a *alphabet) put(w *codec.Writer) {
	w.Bool(a.own())
	w.Int(a.grams)
	w.Int(a.bits)
}

// getAlphabet reads what put wrote.
func getAlphabet(r *codec.Reader) alphabet {
	a := alphabet{foreign: r.Bool(), grams: r.Int(), bits: r.Int()}
	if a.grams < 1 || a.grams > maxGrams || a.bits < minBits || a.bits > maxBits {
		r.Fail("has features that there are not")
	}
	return a
}

// getPlaces reads places in use, ascending.
func (a *alphabet) getPlaces(r *codec.Reader) []uint32 {
	numbers := r.Int32s()
	places := make([]uint32, len(numbers))
	for i, p := range numbers {
		if p < 0 || int64(p) >= 1<<a.bits || i > 0 && p <= numbers[i-1] {
			r.Fail("has a place out of its order or range")
			return nil
		}
		places[i] = uint32(p)
	}
	return places
}

func putPlaces(w *codec.Writer, places []uint32) {
	numbers := make([]int32, len(places))
	for i, p := range places {
		numbers[i] = int32(p)
	}
	w.Int32s(numbers)
}

// AppendBinary appends the frame of m to dst. Tokens of the caller are not encoded: see WithTokens. ErrEmpty for a model that
// no fit made.
func (m *Text) AppendBinary(dst []byte) ([]byte, error) {
	if m == nil || !m.made() {
		return dst, fmt.Errorf("online: Text.AppendBinary: %w", ErrEmpty)
	}
	var w codec.Writer
	m.put(&w)
	w.Float64(m.bias)
	putPlaces(&w, m.places)
	w.Float64s(m.weight)
	w.Bool(m.idf != nil)
	if m.idf != nil {
		w.Float64s(m.idf)
	}
	return w.AppendFrame(dst, codec.KindText, 1), nil
}

// MarshalBinary returns the frame of m: 12 or 20 bytes a feature.
func (m *Text) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary decodes a frame; m is unchanged when it fails. Payload of version 1:
//
//	bool   the fit had Tokens of the caller
//	int    Grams, 1 to 5
//	int    Bits, 8 to 26
//	f64    constant, finite
//	[]i32  places in use, ascending, in [0, 2^Bits)
//	[]f64  their weights, finite
//	bool   of tf-idf, and then
//	[]f64  the idf of each place, above 0, finite
//
// Anything else and bytes left over are ErrCorrupt, a newer version is ErrVersion, a frame of something else ErrMismatch.
func (m *Text) UnmarshalBinary(data []byte) error {
	const where = "online: Text.UnmarshalBinary"
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindText, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	d := Text{alphabet: getAlphabet(r), bias: r.Float64()}
	d.places, d.weight = d.getPlaces(r), r.Float64s()
	if r.Bool() {
		d.idf = append([]float64{}, r.Float64s()...)
	}
	if !check.Finite(d.bias) || len(d.weight) != len(d.places) || check.Slice("", d.weight) != nil {
		r.Fail("has weights that there are not")
	}
	if d.idf != nil && (len(d.idf) != len(d.places) || slices.ContainsFunc(d.idf, func(x float64) bool { return !(x > 0 && x <= math.MaxFloat64) })) {
		r.Fail("has an idf that there is not")
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	d.finish()
	*m = d
	return nil
}

// AppendBinary appends the frame of c to dst. Tokens of the caller are not encoded: see WithTokens. ErrEmpty for an accumulator
// that no constructor made.
func (c *TextCounts) AppendBinary(dst []byte) ([]byte, error) {
	if c == nil || !c.made() {
		return dst, fmt.Errorf("online: TextCounts.AppendBinary: %w", ErrEmpty)
	}
	var w codec.Writer
	c.put(&w)
	w.Float64(c.smoothing)
	w.Float64(c.texts[0])
	w.Float64(c.texts[1])
	places := slices.Sorted(maps.Keys(c.counts))
	putPlaces(&w, places)
	flat := make([]float64, 0, 2*len(places))
	for _, p := range places {
		n := c.counts[p]
		flat = append(flat, n[0], n[1])
	}
	w.Float64s(flat)
	return w.AppendFrame(dst, codec.KindTextCounts, 1), nil
}

// MarshalBinary returns the frame of c: 20 bytes a feature.
func (c *TextCounts) MarshalBinary() ([]byte, error) { return c.AppendBinary(nil) }

// UnmarshalBinary decodes a frame; c is unchanged when it fails, and goes on counting where the other stopped when it does not.
// Payload of version 1:
//
//	bool    made with Tokens of the caller
//	int     Grams, 1 to 5
//	int     Bits, 8 to 26
//	f64     Smoothing, above 0, at most 1e9
//	f64 ×2  texts of each class, 0 to 1e18
//	[]i32   places in use, ascending, in [0, 2^Bits)
//	[]f64   counts of each in the two classes, 0 to 1e18, one above 0
//
// Anything else and bytes left over are ErrCorrupt, a newer version is ErrVersion, a frame of something else ErrMismatch.
func (c *TextCounts) UnmarshalBinary(data []byte) error {
	const where = "online: TextCounts.UnmarshalBinary"
	if err := check.Receiver(where, c); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindTextCounts, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	d := TextCounts{alphabet: getAlphabet(r), smoothing: r.Float64(), texts: [2]float64{r.Float64(), r.Float64()}}
	places, flat := d.getPlaces(r), r.Float64s()
	count := func(x float64) bool { return x >= 0 && x <= maxCount && !math.Signbit(x) }
	ok := d.smoothing > 0 && d.smoothing <= maxValue && count(d.texts[0]) && count(d.texts[1]) && len(flat) == 2*len(places)
	if !ok {
		r.Fail("has counts that there are not")
	}
	d.counts = make(map[uint32][2]float64, len(places))
	for i := 0; i < len(places) && r.Err() == nil; i++ {
		a, b := flat[2*i], flat[2*i+1]
		if !count(a) || !count(b) || a == 0 && b == 0 {
			r.Fail("has a count that there is not")
		}
		d.counts[places[i]] = [2]float64{a, b}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*c = d
	return nil
}
