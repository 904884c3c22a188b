package segment_test

import (
	"errors"
	"math"
	"testing"

	"github.com/aislekit/aisle/segment"
)

// Money and growth are sums and counts over all rows and both moments; a group that has few now,
// or had few before, is not told about, nor the one that its money could be worked out from.
func TestProfileClusters(t *testing.T) {
	var rows [][]float64
	var labels, before []int32
	var money []int64
	for i := range 400 {
		l := int32(i % 4)
		rows, labels, money = append(rows, []float64{float64(l), 1}), append(labels, l), append(money, int64(i))
	}
	for i := range 300 {
		before = append(before, int32(i%3))
	}
	opt := segment.ProfileOptions{Groups: []string{"a", "b"}, Money: money, Before: before}
	got, err := segment.ProfileClusters(rows, labels, opt)
	must(err)
	for c, p := range got {
		sum := int64(0)
		for i, v := range money {
			if labels[i] == int32(c) {
				sum += v
			}
		}
		if p.Err != nil || p.Cluster != c || p.Size != 100 || p.Money != sum || math.Abs(p.MoneyShare-float64(sum)/79800) > 1e-15 {
			t.Errorf("%d: %+v", c, p)
		}
		if c < 3 && (p.Before != 100 || p.Growth != 0) || c == 3 && (p.Before != 0 || !math.IsNaN(p.Growth)) {
			t.Errorf("%d: %d before, growth %v", c, p.Before, p.Growth)
		}
	}
	if got[0].Name != "a" || got[1].Name != "b" || got[2].Name != "" {
		t.Errorf("names %q %q %q", got[0].Name, got[1].Name, got[2].Name)
	}
	opt.Before = append(before, 3, 3, 3)
	got, err = segment.ProfileClusters(rows, labels, opt)
	must(err)
	withheld := 0
	for _, p := range got {
		if p.Err != nil {
			withheld++
			if !errors.Is(p.Err, segment.ErrPrivacy) || p.Money != 0 || p.Before != 0 || p.Size != 0 {
				t.Errorf("tells of three who were there before: %+v", p)
			}
		}
	}
	if withheld < 2 || got[3].Err == nil {
		t.Errorf("%d withheld, want the group of three and another", withheld)
	}
	for name, c := range map[string]struct {
		opt  segment.ProfileOptions
		want error
	}{
		"money of others": {segment.ProfileOptions{Money: money[1:]}, segment.ErrShape},
		"money too much":  {segment.ProfileOptions{Money: append([]int64{math.MaxInt64, 1}, money[2:]...)}, segment.ErrOverflow},
		"negative label":  {segment.ProfileOptions{Before: []int32{0, -1}}, segment.ErrRange},
		"columns":         {segment.ProfileOptions{Columns: []string{"x"}}, segment.ErrShape},
		"floor":           {segment.ProfileOptions{MinSize: -2}, segment.ErrOption},
	} {
		if _, err := segment.ProfileClusters(rows, labels, c.opt); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whether money overflows does not depend on the order of rows.
func TestProfileClustersWideMoney(t *testing.T) {
	rows := [][]float64{{1}, {2}, {3}, {4}}
	const most, least = math.MaxInt64, math.MinInt64
	for _, c := range []struct {
		money  []int64
		labels []int32
		want   error
		sum    int64 // of the first cluster
	}{
		{[]int64{most, 1, -1, 0}, []int32{0, 0, 0, 0}, nil, most},
		{[]int64{most, -1, 1, 0}, []int32{0, 0, 0, 0}, nil, most},
		{[]int64{least, -1, 1, 0}, []int32{0, 0, 0, 0}, nil, least},
		{[]int64{most, most, least, least}, []int32{0, 0, 0, 0}, nil, -2},
		{[]int64{most, 1, 0, 0}, []int32{0, 0, 0, 0}, segment.ErrOverflow, 0},
		{[]int64{least, -1, 0, 0}, []int32{0, 0, 0, 0}, segment.ErrOverflow, 0},
		{[]int64{most, most, least, least}, []int32{0, 0, 1, 1}, segment.ErrOverflow, 0},
		{[]int64{most, least, most, least}, []int32{0, 0, 1, 1}, nil, -1},
		{[]int64{most, 0, 1, 0}, []int32{0, 0, 1, 1}, segment.ErrOverflow, 0},
	} {
		got, err := segment.ProfileClusters(rows, c.labels, segment.ProfileOptions{Money: c.money, MinSize: -1})
		if !errors.Is(err, c.want) || err == nil && got[0].Money != c.sum {
			t.Errorf("%v of %v: %v, want %d, %v", c.money, c.labels, err, c.sum, c.want)
		}
	}
}
