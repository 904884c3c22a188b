package parallel

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
)

// ending is a context that ends at a look.
type ending struct {
	context.Context
	looks atomic.Int64
	end   int64
}

func (e *ending) Err() error {
	if n := e.looks.Add(1); e.end > 0 && n >= e.end {
		return context.Canceled
	}
	return nil
}

func TestMeter(t *testing.T) {
	ctx := &ending{Context: context.Background()}
	m := NewMeter(ctx)
	for range 10 * meterWork / 8 {
		if err := m.Did(8); err != nil {
			t.Fatal(err)
		}
	}
	if n := ctx.looks.Load(); n != 10 {
		t.Errorf("%d looks in 10 times meterWork steps", n)
	}
	ctx.end = 11
	if err := m.Did(meterWork); !errors.Is(err, context.Canceled) {
		t.Errorf("at the end: %v", err)
	}
}

// The sort of slices at any number of workers; stopped anywhere, nothing is lost.
func TestSortFunc(t *testing.T) {
	type pair struct{ key, at int }
	byKey := func(a, b pair) int { return cmp.Compare(a.key, b.key) }
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 2, 1000, sortRun, sortRun + 1, 3*sortRun + 5, 9*sortRun + 7} {
		s := make([]pair, n)
		for k := range s {
			s[k] = pair{r.IntN(n/3 + 1), k}
		}
		want := slices.Clone(s)
		slices.SortStableFunc(want, byKey)
		for _, workers := range []int{1, 4} {
			got := slices.Clone(s)
			if err := SortFunc(context.Background(), got, workers, byKey); err != nil || !slices.Equal(got, want) {
				t.Fatalf("%d elements on %d workers differ from slices.SortStableFunc, %v", n, workers, err)
			}
		}
		for end := int64(1); end < 40 && n > 1000; end += 13 {
			ctx := &ending{Context: context.Background(), end: end}
			got := slices.Clone(s)
			if err := SortFunc(ctx, got, 2, byKey); err == nil && !slices.Equal(got, want) || err != nil && !errors.Is(err, context.Canceled) {
				t.Fatalf("%d elements, ended at look %d: %v", n, end, err)
			}
			slices.SortFunc(got, func(a, b pair) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.at, b.at)) })
			if !slices.Equal(got, want) {
				t.Fatalf("%d elements, ended at look %d: some are lost", n, end)
			}
		}
	}
}
