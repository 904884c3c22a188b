package ranking_test

import (
	"errors"
	"testing"

	"github.com/aislekit/aisle/metrics/ranking"
)

// Zero values work with default options, are the identity of Merge, and merging
// nil is an error.
func TestZeroValues(t *testing.T) {
	var r, r2 ranking.Tally[string]
	var d ranking.Dense
	var y, y2 ranking.Beyond[string]
	for name, x := range map[string]struct{ got, want error }{
		"tally":        {r.AddSet([]string{"a"}, []string{"a"}), nil},
		"tally merge":  {r.Merge(&r2), nil},
		"tally nil":    {r.Merge(nil), ranking.ErrMismatch},
		"dense":        {d.Add([]int32{0}, []int32{0}), ranking.ErrRange},
		"dense empty":  {d.Add(nil, nil), nil},
		"beyond":       {y.Add([]string{"a"}), nil},
		"beyond merge": {y.Merge(&y2), nil},
		"beyond nil":   {y.Merge(nil), ranking.ErrMismatch},
	} {
		if !errors.Is(x.got, x.want) {
			t.Errorf("%s: %v, want %v", name, x.got, x.want)
		}
	}
	must(t, r2.Merge(&r))
	must(t, y2.Merge(&y))
	if x, err := r2.Result(); err != nil || x.Users != 1 || len(x.Cutoffs) != 2 {
		t.Errorf("%+v, %v", x, err)
	}
	if x, err := y2.Result(); err != nil || x.Lists != 1 {
		t.Errorf("%+v, %v", x, err)
	}
}
