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
	if got, all := string(written(t, &to)), string(written(t, &want)); got != all || to.Len() != 3 || from.Len() != 0 {
		t.Errorf("%d events moved, %d left; bytes %q, want %q", to.Len(), from.Len(), got, all)
	}
}

// Merged budgets have spent what both had.
func TestMergeSpent(t *testing.T) {
	budget := func(spent int64) *limit.Budget[string] {
		b, err := limit.NewBudget[string](100)
		if err != nil {
			t.Fatal(err)
		}
		if ok, err := b.Reserve("k", spent, 1); !ok || err != nil {
			t.Fatal(ok, err)
		}
		if err := b.Commit("k", spent); err != nil {
			t.Fatal(err)
		}
		return b
	}
	a := budget(30)
	if err := a.Merge(budget(50)); err != nil {
		t.Fatal(err)
	}
	if amount, spent, held := a.State(); amount != 200 || spent != 80 || held != 0 {
		t.Errorf("%d, %d spent, %d held, want 200, 80 and 0", amount, spent, held)
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
