package recommend_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/aislekit/aisle/recommend"
)

func TestFunc(t *testing.T) {
	m, err := recommend.NewFunc(2, 3, func(dst []float32, q recommend.Query) error {
		for i := range dst {
			dst[i] = float32(i) * float32(q.User)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	top, err := recommend.NewRanker(m).AppendTop(nil, recommend.Query{User: 1}, 2, recommend.Filter{})
	if err != nil || !slices.Equal(top, []recommend.Scored{{Item: 2, Score: 2}, {Item: 1, Score: 1}}) {
		t.Errorf("%v, %v", top, err)
	}
	if err := m.Score(make([]float32, 2), recommend.Query{}); !errors.Is(err, recommend.ErrShape) {
		t.Errorf("shape: %v", err)
	}
	if _, err := recommend.NewFunc(1, -1, nil); !errors.Is(err, recommend.ErrOption) {
		t.Errorf("bad options: %v", err)
	}
}
