package limit_test

import (
	"testing"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/limit"
)

// What is moved is in order under its new groups, without what is too old, and counted.
func TestMove(t *testing.T) {
	var from limit.Counts[string]
	for _, e := range []struct {
		group int32
		at    int64
	}{{0, 10}, {0, 100}, {1, 100}, {0, 110}} {
		if err := from.Add("u", e.group, e.at); err != nil {
			t.Fatal(err)
		}
	}
	to := limit.Counts[string]{Keep: 20}
	from.Move(&to, []int32{2, 0})
	want := limit.Counts[string]{Keep: 20}
	for _, e := range []struct {
		group int32
		at    int64
	}{{0, 100}, {2, 100}, {2, 110}} {
		if err := want.Add("u", e.group, e.at); err != nil {
			t.Fatal(err)
		}
	}
	if got, all := string(written(t, &to)), string(written(t, &want)); got != all || len(held(&to, "u", limit.All)) != 3 || len(held(&from, "u", limit.All)) != 0 {
		t.Errorf("bytes %q, want %q", got, all)
	}
}

// written returns the bytes of counts.
func written(t *testing.T, c *limit.Counts[string]) []byte {
	var w codec.Writer
	if err := c.Write(&w); err != nil {
		t.Fatal(err)
	}
	return w.AppendFrame(nil, codec.KindTriggers, 1)
}
