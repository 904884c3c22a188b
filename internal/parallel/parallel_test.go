package parallel

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"
)

func TestForProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, size, workers := rapid.IntRange(-2, 300).Draw(t, "n"), rapid.IntRange(1, 70).Draw(t, "size"), rapid.IntRange(-1, 9).Draw(t, "workers")
		seen := make([]int32, max(n, 0))
		busy := make([]int32, max(Workers(workers), 1))
		err := For(context.Background(), n, size, workers, func(w, lo, hi int) error {
			if atomic.AddInt32(&busy[w], 1) != 1 {
				return errors.New("worker index runs twice at once")
			}
			if lo%size != 0 || hi != min(lo+size, n) {
				return fmt.Errorf("block [%d, %d)", lo, hi)
			}
			for i := lo; i < hi; i++ {
				atomic.AddInt32(&seen[i], 1)
			}
			atomic.AddInt32(&busy[w], -1)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range seen {
			if c != 1 {
				t.Fatalf("element %d visited %d times", i, c)
			}
		}
	})
}

// Sums of floats depend on order, so equal bits show an equal order.
func TestReduceSameBits(t *testing.T) {
	xs := make([]float64, 10007)
	for i := range xs {
		xs[i] = math.Sin(float64(i)) * math.Exp(float64(i%40))
	}
	sum := func(workers int) float64 {
		s, err := Reduce(context.Background(), len(xs), 64, workers, func(lo, hi int) (float64, error) {
			s := 0.0
			for _, x := range xs[lo:hi] {
				s += x
			}
			return s, nil
		}, func(a, b float64) float64 { return a + b })
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	want := sum(1)
	for _, p := range []int{1, 2, 8} {
		runtime.GOMAXPROCS(p)
		for _, w := range []int{0, 1, 3, 16} {
			if got := sum(w); math.Float64bits(got) != math.Float64bits(want) {
				t.Errorf("GOMAXPROCS %d, %d workers: %v, want %v", p, w, got, want)
			}
		}
	}
}

func TestReduceEmptyAndError(t *testing.T) {
	add := func(a, b int) int { return a + b }
	got, err := Reduce(context.Background(), 0, 8, 4, func(lo, hi int) (int, error) { return 1, nil }, add)
	if got != 0 || err != nil {
		t.Errorf("empty: %d, %v", got, err)
	}
	bad := errors.New("bad")
	got, err = Reduce(context.Background(), 100, 8, 4, func(lo, hi int) (int, error) {
		if lo == 48 {
			return 7, bad
		}
		return 1, nil
	}, add)
	if got != 0 || !errors.Is(err, bad) {
		t.Errorf("error: %d, %v", got, err)
	}
}

// Whatever the schedule, the error is that of the lowest failing block.
func TestLowestError(t *testing.T) {
	for round := range 200 {
		first := round % 37
		err := For(context.Background(), 40, 1, 8, func(_, lo, _ int) error {
			if lo < first {
				runtime.Gosched() // let later blocks fail earlier
				return nil
			}
			return fmt.Errorf("block %d", lo)
		})
		if err == nil || err.Error() != fmt.Sprintf("block %d", first) {
			t.Fatalf("got %v, want block %d", err, first)
		}
	}
}

func TestPanicReachesCaller(t *testing.T) {
	for _, workers := range []int{1, 4} {
		got := func() (p any) {
			defer func() { p = recover() }()
			_ = For(context.Background(), 100, 1, workers, func(_, lo, _ int) error {
				if lo == 13 {
					panic("thirteen")
				}
				return nil
			})
			return nil
		}()
		if got == nil || !strings.Contains(fmt.Sprint(got), "thirteen") {
			t.Errorf("%d workers: recovered %v", workers, got)
		}
	}
}

func TestCancel(t *testing.T) {
	why := errors.New("shop closes")
	for _, workers := range []int{1, 2, 8} {
		ctx, cancel := context.WithCancelCause(context.Background())
		var ran atomic.Int32
		err := For(ctx, 10000, 1, workers, func(_, lo, _ int) error {
			if ran.Add(1) == 5 {
				cancel(why)
			}
			return nil
		})
		if !errors.Is(err, why) {
			t.Errorf("%d workers: %v", workers, err)
		}
		if n := ran.Load(); n >= 10000 {
			t.Errorf("%d workers: all %d blocks ran after cancel", workers, n)
		}
		// Cancelled in the last block, before any, and with nothing to do.
		for _, n := range []int{0, 1} {
			if err := For(ctx, n, 1, workers, func(int, int, int) error { return nil }); !errors.Is(err, why) {
				t.Errorf("n = %d on an ended context: %v", n, err)
			}
		}
		if _, err := Reduce(ctx, 9, 2, workers, func(int, int) (int, error) { return 1, nil }, func(a, b int) int { return a + b }); !errors.Is(err, why) {
			t.Errorf("Reduce: %v", err)
		}
	}
}

func TestBlocks(t *testing.T) {
	for _, c := range [][3]int{{0, 5, 0}, {-3, 5, 0}, {1, 5, 1}, {5, 5, 1}, {6, 5, 2}, {math.MaxInt, 2, math.MaxInt/2 + 1}, {math.MaxInt, math.MaxInt, 1}} {
		if got := Blocks(c[0], c[1]); got != c[2] {
			t.Errorf("Blocks(%d, %d) = %d, want %d", c[0], c[1], got, c[2])
		}
	}
	// A block larger than the work must not overflow hi.
	if err := For(context.Background(), 10, math.MaxInt, 1, func(_, lo, hi int) error {
		if lo != 0 || hi != 10 {
			return fmt.Errorf("[%d, %d)", lo, hi)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	defer func() {
		if recover() == nil {
			t.Error("block size 0 accepted")
		}
	}()
	_ = For(context.Background(), 10, 0, 1, func(int, int, int) error { return nil })
}
