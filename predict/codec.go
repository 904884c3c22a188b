package predict

import (
	"encoding"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/aislekit/aisle/internal/codec"
)

// Persistent is a state with a binary form: a frame with kind, version, length and
// checksum (see docs/format.md). Equal states have equal bytes.
type Persistent interface {
	encoding.BinaryAppender
	encoding.BinaryMarshaler
	encoding.BinaryUnmarshaler
}

var (
	_ Persistent = (*Logistic)(nil)
	_ Persistent = (*Linear)(nil)
	_ Persistent = (*Gram)(nil)
	_ Persistent = (*SigmoidCalibrator)(nil)
	_ Persistent = (*Isotonic)(nil)
	_ Persistent = (*IsotonicBuckets)(nil)
	_ Persistent = (*Labeler[string])(nil)
	_ Persistent = (*Schema)(nil)
	_ Persistent = (*SVM)(nil)
	_ Persistent = (*Poisson)(nil)
	_ Persistent = (*Conformal)(nil)
	_ Persistent = (*CrossConformal)(nil)
	_ Persistent = (*BetaCalibrator)(nil)
)

// empty returns a new state of the kind, to be decoded into; nil for a kind that
// ReadModel does not know. A Labeler is not among them, for the type of its ids
// must be known first.
func empty(kind codec.Kind) Persistent {
	switch kind {
	case codec.KindLogistic:
		return new(Logistic)
	case codec.KindLinear:
		return new(Linear)
	case codec.KindGram:
		return new(Gram)
	case codec.KindSigmoid:
		return new(SigmoidCalibrator)
	case codec.KindIsotonic:
		return new(Isotonic)
	case codec.KindIsotonicBuckets:
		return new(IsotonicBuckets)
	case codec.KindSVM:
		return new(SVM)
	case codec.KindPoisson:
		return new(Poisson)
	case codec.KindModelSchema:
		return new(Schema)
	case codec.KindConformalScores:
		return new(Conformal)
	case codec.KindCrossConformal:
		return new(CrossConformal)
	case codec.KindBeta:
		return new(BetaCalibrator)
	}
	return nil
}

// WriteModel writes the frame of m to w and returns the number of bytes. Frames
// may follow each other in one stream: a model, then its calibrator. Errors:
// ErrEmpty for a nil w or m, ErrMismatch for a state that ReadModel could not tell, such as a Labeler, the
// error of m.MarshalBinary or of w.
func WriteModel(w io.Writer, m Persistent) (int64, error) {
	if w == nil || m == nil {
		return 0, fmt.Errorf("predict: WriteModel: w or m is nil: %w", ErrEmpty)
	}
	data, err := m.MarshalBinary()
	if err != nil {
		return 0, err
	}
	if kind, ok := frameKind(data); !ok {
		return 0, fmt.Errorf("predict: WriteModel: frame kind %#x is none that ReadModel knows: %w", kind, ErrMismatch)
	}
	n, err := w.Write(data)
	return int64(n), err
}

// ReadModel reads one frame from r, whichever model, calibrator or accumulator of
// this package it holds, and stops at its end. Memory grows with bytes received.
// Errors: ErrCorrupt, ErrVersion or ErrMismatch (a frame of something else)
// wrapped, ErrEmpty for a nil r; io.EOF when r is at its end already.
func ReadModel(r io.Reader) (Persistent, error) {
	if r == nil {
		return nil, fmt.Errorf("predict: ReadModel: r is nil: %w", ErrEmpty)
	}
	data, err := codec.ReadFrame(r)
	if err == io.EOF {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("predict: ReadModel: %w", err)
	}
	kind, ok := frameKind(data)
	if !ok {
		return nil, fmt.Errorf("predict: ReadModel: frame kind %#x is no model: %w", kind, ErrMismatch)
	}
	m := empty(kind)
	if err := m.UnmarshalBinary(data); err != nil {
		return nil, err
	}
	return m, nil
}

// frameKind returns the kind of a frame and whether ReadModel knows it.
func frameKind(frame []byte) (codec.Kind, bool) {
	if len(frame) < 6 {
		return 0, false
	}
	kind := binary.LittleEndian.Uint16(frame[4:])
	return kind, empty(kind) != nil
}

// optional turns the empty slice, the encoding of nil, back into nil.
func optional[T any](s []T) []T {
	if len(s) == 0 {
		return nil
	}
	return s
}
