package codec

// Kinds of frames. A number is never reused. Each package owns a range of 256.
const (
	KindRecommend uint16 = 0x0100
	KindProfile   uint16 = 0x0200
	KindSegment   uint16 = 0x0300
	KindPredict   uint16 = 0x0400
	KindMetrics   uint16 = 0x0500
	KindSupply    uint16 = 0x0600
)

// Parts of the range of recommend that belong to its families.
const (
	KindANN    = KindRecommend + 0x80
	KindBandit = KindRecommend + 0x81
)
