package forecast

import (
	"encoding"
	"fmt"
	"io"
	"math"

	"github.com/aislekit/aisle/internal/codec"
)

// Persistent is a Forecaster with a binary form: a frame with kind, version, length and checksum
// (see docs/format.md). Equal models have equal bytes.
type Persistent interface {
	Forecaster
	encoding.BinaryAppender
	encoding.BinaryMarshaler
	encoding.BinaryUnmarshaler
}

// empty returns a new model of the kind, to be decoded into; nil for a kind that is no model of
// this package.
func empty(kind codec.Kind) Persistent {
	switch kind {
	case codec.KindNaive:
		return new(Naive)
	case codec.KindMean:
		return new(Mean)
	case codec.KindETS:
		return new(ETS)
	case codec.KindTheta:
		return new(Theta)
	case codec.KindARIMA:
		return new(ARIMA)
	case codec.KindIntermittent:
		return new(Intermittent)
	case codec.KindConformal:
		return new(Conformal)
	case codec.KindCombination, codec.KindAuto:
		return new(Combination)
	case codec.KindPath:
		return new(Path)
	case codec.KindEffects:
		return new(Regression)
	case codec.KindSTL:
		return new(STL)
	}
	return nil
}

// WriteModel writes the frame of m to w and returns the number of bytes. Frames may follow each
// other in one stream. Errors: ErrEmpty for a nil w or m, ErrMismatch for a model that ReadModel
// could not tell, the error of m.MarshalBinary or of w.
func WriteModel(w io.Writer, m Persistent) (int64, error) {
	return codec.WriteState("forecast: WriteModel", w, m, func(k codec.Kind) bool { return empty(k) != nil })
}

// ReadModel reads one frame from r, whichever model of this package it holds, and stops at its
// end. Memory grows with bytes received. Errors: ErrCorrupt, ErrVersion or ErrMismatch (a frame of
// something else) wrapped, ErrEmpty for a nil r; io.EOF when r is at its end already.
func ReadModel(r io.Reader) (Persistent, error) {
	return codec.ReadState("forecast: ReadModel", r, empty)
}

func errUnfitted(where string) error { return fmt.Errorf("%s: not fitted: %w", where, ErrEmpty) }

// variance reports whether x can be a variance in a frame: finite and not negative, or the NaN
// that says there is none.
func variance(x float64) bool {
	return x >= 0 && x <= math.MaxFloat64 || math.Float64bits(x) == missing
}

// checkAppended refuses new periods behind n old ones that no series may have.
func checkAppended(where string, n int, y []float64) error {
	if len(y) == 0 {
		return fmt.Errorf("%s: no periods: %w", where, ErrEmpty)
	}
	if n+len(y) > maxPeriods {
		return fmt.Errorf("%s: %d periods behind %d, want at most %d: %w", where, len(y), n, maxPeriods, ErrRange)
	}
	for t, v := range y {
		if math.IsInf(v, 0) {
			return fmt.Errorf("%s: y[%d] is infinite: %w", where, t, ErrNotFinite)
		}
		if math.Abs(v) > maxValue {
			return fmt.Errorf("%s: y[%d] is beyond ±%g: %w", where, t, maxValue, ErrRange)
		}
	}
	return nil
}
