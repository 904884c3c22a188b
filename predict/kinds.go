package predict

import "github.com/aislekit/aisle/internal/codec"

// Kinds of frames. Never reuse a number.
const (
	kindLogistic = codec.KindPredict + 1 + iota
	kindLinear
	kindGram
	kindSigmoid
	kindIsotonic
	kindIsotonicBuckets
)
