package predict

import (
	"encoding"
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
	_ Persistent = (*Multinomial)(nil)
	_ Persistent = (*NaiveBayes)(nil)
	_ Persistent = (*BayesModel)(nil)
	_ Persistent = (*VennAbers)(nil)
	_ Persistent = (*MLP)(nil)
	_ Persistent = (*Neighbors)(nil)
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
	case codec.KindMultinomial:
		return new(Multinomial)
	case codec.KindNaiveBayes:
		return new(NaiveBayes)
	case codec.KindBayesModel:
		return new(BayesModel)
	case codec.KindNearest:
		return new(Neighbors)
	case codec.KindMLP:
		return new(MLP)
	case codec.KindVennAbers:
		return new(VennAbers)
	}
	return nil
}

// WriteModel writes the frame of m to w and returns the number of bytes. Frames
// may follow each other in one stream: a model, then its calibrator. Errors:
// ErrEmpty for a nil w or m, ErrMismatch for a state that ReadModel could not tell, such as a Labeler, the
// error of m.MarshalBinary or of w.
func WriteModel(w io.Writer, m Persistent) (int64, error) {
	return codec.WriteState("predict: WriteModel", w, m, func(k codec.Kind) bool { return empty(k) != nil })
}

// ReadModel reads one frame from r, whichever model, calibrator or accumulator of
// this package it holds, and stops at its end. Memory grows with bytes received.
// Errors: ErrCorrupt, ErrVersion or ErrMismatch (a frame of something else)
// wrapped, ErrEmpty for a nil r; io.EOF when r is at its end already.
func ReadModel(r io.Reader) (Persistent, error) {
	return codec.ReadState("predict: ReadModel", r, empty)
}

// optional turns the empty slice, the encoding of nil, back into nil.
func optional[T any](s []T) []T {
	if len(s) == 0 {
		return nil
	}
	return s
}
