package recommend_test

import (
	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/hybrid"
)

func init() {
	recommend.Blended = func(a recommend.Model, wa float32, b recommend.Model, wb float32) (recommend.Model, error) {
		return hybrid.NewBlend([]hybrid.Weighted{{Model: a, Weight: wa}, {Model: b, Weight: wb}}, hybrid.BlendOptions{})
	}
}
