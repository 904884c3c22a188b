package drift_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/drift"
	"github.com/aislekit/aisle/internal/rng"
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

// A window of the same law rarely raises an alarm, however small it is and however many bins
// it leaves empty; one of another law does.
func TestSmallWindows(t *testing.T) {
	const runs, level = 2000, .01
	draw := func(r *rng.Stream, bins, n, skip int) []int64 {
		h := make([]int64, bins)
		for range n {
			h[skip+r.Intn(bins-skip)]++
		}
		return h
	}
	for _, bins := range []int{5, 10, 20} {
		for _, n := range []int{10, 20, 50, 100} {
			alarms, floored := 0, 0
			for run := range runs {
				r := rng.New(3, uint64(bins*1000+n), uint64(run))
				d, err := drift.Compare(draw(r, bins, 2000, 0), draw(r, bins, n, 0), level)
				if err != nil {
					t.Fatal(err)
				}
				if d.Alarm {
					alarms++
				}
				if d.PSI > drift.Watch && d.PSI > d.Threshold {
					floored++
				}
			}
			if limit := level*runs + 4*math.Sqrt(level*runs); float64(alarms) > limit {
				t.Errorf("%d bins, %d values: %d of %d alarms", bins, n, alarms, runs)
			}
			if bins == 20 && n == 20 && floored < runs/2 {
				t.Errorf("PSI alone raised %d of %d alarms: the test would not see a fault", floored, runs)
			}
		}
		r := rng.New(4, uint64(bins), 0)
		if d, err := drift.Compare(draw(r, bins, 2000, 0), draw(r, bins, 50, (bins+1)/2), level); err != nil || !d.Alarm {
			t.Errorf("%d bins: half of them empty: %+v, %v", bins, d, err)
		}
	}
}
