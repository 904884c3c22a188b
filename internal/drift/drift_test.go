package drift_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/drift"
	"github.com/aislekit/aisle/internal/testkit"
)

// Shares .1 .2 .4 .2 .1 against .15 .25 .3 .2 .1 have a PSI of .0601986.
func TestPSI(t *testing.T) {
	d, err := drift.Compare([]int64{100, 200, 400, 200, 100}, []int64{150, 250, 300, 200, 100}, .001)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "PSI", d.PSI, .0601986, 5e-8)
	testkit.Near(t, "KS", d.KS, .1, 1e-12)
	if d.Alarm || d.EmptyBin {
		t.Errorf("%+v", d)
	}
	// An empty bin of the reference counts as 1e-4: .5·ln(.5/1e-4) and the like.
	if d, err = drift.Compare([]int64{10, 0}, []int64{5, 5}, .001); err != nil || !d.EmptyBin || d.PSI < 4 || d.PSI > 5 {
		t.Errorf("%+v %v", d, err)
	}
	for want, counts := range map[error][2][]int64{
		check.ErrShape: {{1, 2}, {1}}, check.ErrRange: {{1, -1}, {1, 1}}, check.ErrUndefined: {{1, 1}, {0, 0}}, check.ErrOverflow: {{1 << 62, 1 << 62}, {1, 1}},
	} {
		if _, err := drift.Compare(counts[0], counts[1], .001); !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
	}
}

func TestEdges(t *testing.T) {
	for _, c := range []struct{ in, want []float64 }{
		{[]float64{1, 2, 3, 4}, []float64{1, 2, 3}},
		{[]float64{0, 7, 7, 7, 7, 7, 7, 7}, []float64{0}},
		{[]float64{5, 5}, nil},
		{nil, nil},
	} {
		if got := drift.Edges(c.in, 4); !slices.Equal(got, c.want) {
			t.Errorf("%v: %v, want %v", c.in, got, c.want)
		}
	}
}

func TestKS(t *testing.T) {
	if d, p := drift.KS([]float64{1, 2, 3}, []float64{4, 5}); d != 1 || p > .3 {
		t.Error(d, p)
	}
	if d, p := drift.KS([]float64{1, 1, 2}, []float64{1, 1, 2}); d != 0 || p != 1 {
		t.Error(d, p)
	}
}
