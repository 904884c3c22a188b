package segment

import "github.com/aislekit/aisle/internal/codec"

// Kinds of binary frames. A number is never reused.
const (
	kindKMeans      = codec.KindSegment + 1
	kindKMeansStep  = codec.KindSegment + 2
	kindRFM         = codec.KindSegment + 3
	kindTransitions = codec.KindSegment + 4
	kindAudience    = codec.KindSegment + 5
)
