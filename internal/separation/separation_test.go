package separation_test

import (
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/separation"
	"github.com/aislekit/aisle/internal/testkit"
)

// The six points of the definitions: scikit-learn's documentation prints the same.
func TestSixPoints(t *testing.T) {
	p := separation.New([]float64{1, 2, 1, 4, 1, 0, 10, 2, 10, 4, 10, 0}, 6, 2, 2, []int32{0, 0, 0, 1, 1, 1})
	if c := p.Centre; c[0] != 1 || c[1] != 2 || c[2] != 10 || c[3] != 2 || p.Size[0] != 3 || p.Size[1] != 3 {
		t.Errorf("centres %v, sizes %v", c, p.Size)
	}
	testkit.Near(t, "Calinski-Harabasz", p.CalinskiHarabasz(), 30.375, 1e-12)
	testkit.Near(t, "Davies-Bouldin", p.DaviesBouldin(), 8./27, 1e-12)
}

func TestUndefined(t *testing.T) {
	for _, c := range []struct {
		name   string
		x      []float64
		k      int
		label  []int32
		ch, db bool // defined
	}{
		{"one cluster", []float64{1, 2, 3}, 1, []int32{0, 0, 0}, false, false},
		{"singletons", []float64{1, 2, 3}, 3, []int32{0, 1, 2}, false, false},
		{"all on their centroids", []float64{1, 1, 2, 2}, 2, []int32{0, 0, 1, 1}, false, true},
		{"one centroid", []float64{1, 3, 1, 3}, 2, []int32{0, 0, 1, 1}, true, false},
	} {
		p := separation.New(c.x, len(c.x), 1, c.k, c.label)
		if ch, db := p.CalinskiHarabasz(), p.DaviesBouldin(); math.IsNaN(ch) == c.ch || math.IsNaN(db) == c.db || math.IsInf(ch, 0) || math.IsInf(db, 0) {
			t.Errorf("%s: %v, %v", c.name, ch, db)
		}
	}
	// The centroid of rows far from 0 keeps their digits.
	p := separation.New([]float64{1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16}, 4, 1, 1, make([]int32, 4))
	if p.Centre[0] != 1e9+10 {
		t.Errorf("centre %v", p.Centre[0])
	}
}
