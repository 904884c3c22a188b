package predict_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/predict"
)

func TestSparseRowsBad(t *testing.T) {
	s := predict.SparseRows{Cols: 3}
	for _, c := range []struct {
		idx  []int32
		val  []float64
		want error
	}{
		{[]int32{0, 1}, []float64{1}, predict.ErrShape},
		{[]int32{3}, nil, predict.ErrRange},
		{[]int32{-1}, nil, predict.ErrRange},
		{[]int32{1}, []float64{math.NaN()}, predict.ErrNotFinite},
	} {
		if err := s.AddRow(c.idx, c.val); !errors.Is(err, c.want) || s.Len() != 0 || s.Index != nil {
			t.Errorf("%v: %v", c, err)
		}
	}
	if err := s.AddRow([]int32{2, 0}, nil); err != nil || s.Value != nil {
		t.Error("ones need no values")
	}
	if err := s.AddRow([]int32{2, 2, 1}, []float64{2, 3, 4}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(s.Index, []int32{0, 2, 1, 2}) || !slices.Equal(s.Value, []float64{1, 1, 4, 5}) || s.Len() != 2 {
		t.Errorf("%+v", s)
	}
	for name, bad := range map[string]*predict.SparseRows{
		"nil": nil, "empty": {Cols: 3},
		"no columns": {Ptr: []int64{0, 0}},
		"pointer":    {Cols: 3, Ptr: []int64{0, 5}, Index: []int32{1}},
		"descending": {Cols: 3, Ptr: []int64{0, 9, 1}, Index: []int32{1}},
		"order":      {Cols: 3, Ptr: []int64{0, 2}, Index: []int32{1, 1}},
		"column":     {Cols: 3, Ptr: []int64{0, 1}, Index: []int32{7}},
		"NaN":        {Cols: 3, Ptr: []int64{0, 1}, Index: []int32{1}, Value: []float64{math.NaN()}},
	} {
		if _, err := predict.FitLogisticSparse(context.Background(), bad, []bool{true}, predict.LogisticOptions{}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
