package check_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/check"
)

func TestWithhold(t *testing.T) {
	for name, c := range map[string]struct {
		floor  int64
		counts [][]int64
		want   []bool
	}{
		"none":             {50, [][]int64{{50, 60}}, []bool{false, false}},
		"one and the next": {50, [][]int64{{9, 200, 80, 0}}, []bool{true, false, true, false}},
		"two that suffice": {50, [][]int64{{30, 200, 20}}, []bool{true, false, true}},
		"all":              {50, [][]int64{{9, 3}}, []bool{true, true}},
		"second column":    {50, [][]int64{{90, 100, 110}, {3, 60, 70}}, []bool{true, true, false}},
		"no floor":         {1, [][]int64{{1, 2}}, []bool{false, false}},
		"empty":            {50, [][]int64{{}}, []bool{}},
	} {
		if got := check.Withhold(c.floor, c.counts...); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	if check.Floor(0) != 50 || check.Floor(-1) != 1 || check.Floor(7) != 7 {
		t.Error(check.Floor(0), check.Floor(-1), check.Floor(7))
	}
}

// No row that is told is small, nor is what is left of the total, unless nothing is told.
func TestWithholdProp(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		counts := rapid.SliceOfN(rapid.Int64Range(0, 12), 1, 8).Draw(r, "counts")
		floor := rapid.Int64Range(1, 6).Draw(r, "floor")
		left, told := int64(0), false
		for i, w := range check.Withhold(floor, counts) {
			if w {
				left += counts[i]
			} else if told = told || counts[i] > 0; check.Few(counts[i], floor) {
				r.Fatalf("%d is told", counts[i])
			}
		}
		if told && check.Few(left, floor) {
			r.Fatalf("%v: %d are left", counts, left)
		}
	})
}
