package ranking_test

import (
	"errors"
	"math"
	"testing"

	"github.com/aislekit/aisle/metrics/ranking"
)

func TestListOverlap(t *testing.T) {
	for _, c := range []struct {
		a, b           []int
		k, shared      int
		share, jaccard float64
	}{
		{[]int{1, 2, 3, 4}, []int{3, 1, 9}, 3, 2, 2. / 3, .5},
		{[]int{1, 2, 3, 4}, []int{3, 1, 9}, 2, 1, .5, 1. / 3},
		{[]int{1, 2, 3, 4}, []int{3, 1, 9}, 9, 2, 2. / 3, .4},
		{nil, []int{3}, 5, 0, 0, 0},
		{[]int{5, 6}, []int{6, 5}, 2, 2, 1, 1},
	} {
		o, err := ranking.ListOverlap(c.a, c.b, c.k)
		must(t, err)
		if o.Shared != c.shared || o.Share != c.share || o.Jaccard != c.jaccard {
			t.Errorf("%v and %v at %d: %+v", c.a, c.b, c.k, o)
		}
	}
	for name, x := range map[string]struct{ got, want error }{
		"k 0":          {second(ranking.ListOverlap([]int{1}, []int{1}, 0)), ranking.ErrOption},
		"no reference": {second(ranking.ListOverlap([]int{1}, nil, 3)), ranking.ErrUndefined},
		"twice":        {second(ranking.ListOverlap([]int{1, 1}, []int{1}, 3)), ranking.ErrDuplicate},
		"twice there":  {second(ranking.ListOverlap([]int{1}, []int{2, 2}, 3)), ranking.ErrDuplicate},
		"EPC k 0":      {second(ranking.EPCAt([]int{1}, nil, nil, 1, 0)), ranking.ErrOption},
		"EPC users 0":  {second(ranking.EPCAt([]int{1}, nil, nil, 0, 1)), ranking.ErrOption},
		"EPC empty":    {second(ranking.EPCAt([]int{}, nil, nil, 1, 1)), ranking.ErrUndefined},
		"EPC twice":    {second(ranking.EPCAt([]int{1, 1}, nil, nil, 1, 2)), ranking.ErrDuplicate},
		"EPC popular":  {second(ranking.EPCAt([]int{1}, nil, map[int]int64{1: 9}, 8, 1)), ranking.ErrRange},
		"EPC NaN":      {second(ranking.EPCAt([]int{1}, map[int]float64{1: math.NaN()}, nil, 8, 1)), ranking.ErrNotFinite},
	} {
		if !errors.Is(x.got, x.want) {
			t.Errorf("%s: %v, want %v", name, x.got, x.want)
		}
	}
}

func TestEPC(t *testing.T) {
	pop := map[int]int64{1: 8, 2: 2}
	w2, w3 := 1/math.Log2(3), .5
	all := ok[float64](t)(ranking.EPCAt([]int{1, 2, 3, 4}, nil, pop, 10, 3))
	relNear(t, "EPC", all, (.2+.8*w2+1*w3)/(1+w2+w3), 1e-15)
	hits := ok[float64](t)(ranking.EPCAt([]int{1, 2, 3, 4}, map[int]float64{2: 1, 3: 0, 4: 5}, pop, 10, 3))
	relNear(t, "EPC of hits", hits, .8*w2/(1+w2+w3), 1e-15)
}
