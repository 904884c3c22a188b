package segment_test

import (
	"errors"
	"math"
	"testing"

	"github.com/aislekit/aisle/segment"
)

// moves counts n changes from one state to each other one.
func moves(t *testing.T, from segment.State, to map[segment.State]int) *segment.Transitions {
	t.Helper()
	x := new(segment.Transitions)
	for s, n := range to {
		for range n {
			if err := x.Add(from, s); err != nil {
				t.Fatal(err)
			}
		}
	}
	return x
}

// TestTransitionsFloor: counts of some, but fewer than MinAudience, are refused, and so are
// the shares of the state they come from; nobody and 50 are told.
func TestTransitionsFloor(t *testing.T) {
	x := moves(t, segment.Active, map[segment.State]int{segment.Active: 150, segment.Sleeping: 50, segment.Churned: 49})
	for _, c := range []struct {
		minAudience int
		to          segment.State
		n           int64
		count, rate error
	}{
		{0, segment.Active, 150, nil, segment.ErrPrivacy},
		{0, segment.Sleeping, 50, nil, segment.ErrPrivacy},
		{0, segment.Churned, 0, segment.ErrPrivacy, segment.ErrPrivacy},
		{0, segment.New, 0, nil, segment.ErrPrivacy},
		{49, segment.Churned, 49, nil, nil},
		{51, segment.Sleeping, 0, segment.ErrPrivacy, segment.ErrPrivacy},
		{-1, segment.Churned, 49, nil, nil},
	} {
		x.MinAudience = c.minAudience
		if n, err := x.Count(segment.Active, c.to); n != c.n || !errors.Is(err, c.count) {
			t.Errorf("at least %d, to %v: %d, %v", c.minAudience, c.to, n, err)
		}
		if r, err := x.Rate(segment.Active, c.to); !errors.Is(err, c.rate) || err == nil && r != float64(c.n)/249 || err != nil && r != 0 {
			t.Errorf("at least %d, to %v: %v, %v", c.minAudience, c.to, r, err)
		}
	}
	x.MinAudience = 70
	data, err := x.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	y := segment.Transitions{MinAudience: -1}
	if err := y.UnmarshalBinary(data); err != nil || y.MinAudience != -1 {
		t.Errorf("%+v, %v", y.MinAudience, err)
	}
	if err := y.Merge(x); err != nil || y.MinAudience != -1 {
		t.Errorf("%+v, %v", y.MinAudience, err)
	}
	if n, err := y.Count(segment.Active, segment.Churned); n != 98 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}

// TestDescribeClustersFloor: profiles of few rows are withheld, and the next larger one
// with them, so that the shares of the others do not tell the rest.
func TestDescribeClustersFloor(t *testing.T) {
	var rows [][]float64
	var labels []int32
	for c, n := range []int{9, 200, 80, 60} {
		for i := range n {
			rows, labels = append(rows, []float64{float64(c), float64(i % 7)}), append(labels, int32(c))
		}
	}
	profiles := func(minSize int) []segment.ClusterProfile {
		p, err := segment.DescribeClusters(rows, labels, nil, minSize)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	open := profiles(-1)
	for minSize, withheld := range map[int][]bool{0: {true, false, false, true}, 9: {false, false, false, false}, 70: {true, false, true, true}, 500: {true, true, true, true}} {
		for i, p := range profiles(minSize) {
			switch {
			case p.Cluster != i || errors.Is(p.Err, segment.ErrPrivacy) != withheld[i]:
				t.Errorf("at least %d, cluster %d: %+v", minSize, i, p)
			case withheld[i] && (p.Size != 0 || p.Share != 0 || !math.IsNaN(p.Spread) || p.Typical != -1 || p.Features != nil || p.String() != open[i].String()[:9]+": withheld, too few rows"):
				t.Errorf("at least %d, cluster %d tells: %+v, %q", minSize, i, p, p.String())
			case !withheld[i] && p.String() != open[i].String():
				t.Errorf("at least %d, cluster %d: %v, want %v", minSize, i, p, open[i])
			}
		}
	}
}
