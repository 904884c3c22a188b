package supply

import (
	"fmt"
	"time"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/ids"
)

// open starts decoding a frame of at most the version newest; name is that of the type.
func open(name string, data []byte, kind, newest uint16) (*codec.Reader, error) {
	r, err := codec.Open(data, kind, newest)
	if err != nil {
		return nil, fmt.Errorf("supply: %s.UnmarshalBinary: %w", name, err)
	}
	return r, nil
}

// done ends it: opt is the error of the decoded options.
func done(name string, r *codec.Reader, opt error) error {
	if opt != nil {
		r.Fail("has options that are not valid")
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("supply: %s.UnmarshalBinary: %w", name, err)
	}
	return nil
}

func encodeTime(w *codec.Writer, t time.Time) { w.Int64(t.UnixNano()) }

func decodeTime(r *codec.Reader) time.Time { return time.Unix(0, r.Int64()).UTC() }

// maxSum bounds a sum of quantities: no records of at most check.MaxAmount, nor of money times time, get
// there, and figures made of such sums are finite.
const maxSum = 1e100

// fits returns ErrOverflow where two sums together pass maxSum.
func fits(a, b float64) error {
	if a+b > maxSum {
		return fmt.Errorf("%g + %g: %w", a, b, ErrOverflow)
	}
	return nil
}

// decodeAmount reads a quantity or a sum of them: in [0, maxSum].
func decodeAmount(r *codec.Reader) float64 {
	x := r.Float64()
	if !(x >= 0 && x <= maxSum) {
		r.Fail("has a quantity that is negative, too large or not finite")
		return 0
	}
	return x
}

// decodeCount reads an int64 that may not be negative.
func decodeCount(r *codec.Reader) int64 {
	x := r.Int64()
	if x < 0 {
		r.Fail("has a negative count")
		return 0
	}
	return x
}

// decodeMark reads an instant that is known or not; an unknown one is 0.
func decodeMark(r *codec.Reader) (ns int64, has bool) {
	has, ns = r.Bool(), r.Int64()
	if !has && ns != 0 {
		r.Fail("has an instant that is marked as unknown")
	}
	return ns, has
}

func encodeTally(w *codec.Writer, m map[string]int64) {
	keys := sorted(m)
	w.Strings(keys)
	for _, k := range keys {
		w.Int64(m[k])
	}
}

func decodeTally(r *codec.Reader) map[string]int64 {
	m := map[string]int64{}
	keys := r.Strings()
	for i, k := range keys {
		if i > 0 && k <= keys[i-1] {
			r.Fail("has names out of order")
			return m
		}
		m[k] = decodeCount(r)
	}
	return m
}

// encodeIDs appends the class of the ids, so that a state of string ids is not read
// as one of numbers, and then the ids, which the caller has sorted.
func encodeIDs[K ID](w *codec.Writer, list []K) {
	w.Int(int(ids.ClassOf[K]()))
	ids.PutAscending(w, list)
}

// decodeIDs reads ids, which must ascend.
func decodeIDs[K ID](r *codec.Reader) []K {
	if got := r.Int(); r.Err() == nil && got != int(ids.ClassOf[K]()) {
		r.Fail("has ids of another type")
	}
	return ids.GetAscending[K](r)
}

// encodeAges appends upper ends of classes of age.
func encodeAges(w *codec.Writer, ages []time.Duration) {
	out := make([]int64, len(ages))
	for i, a := range ages {
		out[i] = int64(a)
	}
	w.Int64s(out)
}

// decodeAges reads them; without any, which no default leaves, it fails r.
func decodeAges(r *codec.Reader) (ages []time.Duration) {
	for _, a := range r.Int64s() {
		ages = append(ages, time.Duration(a))
	}
	if len(ages) == 0 {
		r.Fail("has no classes of age")
	}
	return ages
}
