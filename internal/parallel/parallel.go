package parallel

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// mostWorkers is what Workers allows where there are fewer processors: enough to test
// any order of goroutines, and no more than memory for each is to be had for.
const mostWorkers = 64

// Workers returns n, or GOMAXPROCS for n <= 0. It is never above 64 and GOMAXPROCS,
// since scratch memory is made for each: a wrong number in a configuration must not
// cost more than a right one.
func Workers(n int) int {
	most := runtime.GOMAXPROCS(0)
	if n <= 0 {
		return most
	}
	return min(n, max(most, mostWorkers))
}

// Scratch returns how many workers For starts for n elements in blocks of size: as
// many pieces of scratch memory are enough.
func Scratch(n, size, workers int) int { return max(min(Workers(workers), Blocks(n, size)), 1) }

// Blocks returns the number of blocks of the given size that cover n; 0 for
// n <= 0. size must be > 0.
func Blocks(n, size int) int {
	if size <= 0 {
		panic(fmt.Sprintf("parallel: block size is %d, want > 0", size))
	}
	if n <= 0 {
		return 0
	}
	return (n-1)/size + 1
}

// For calls fn(worker, lo, hi) for every block [lo, hi) of [0, n), at most
// workers at a time, blocks handed out in order as workers become free. worker
// is in [0, workers) and never runs twice at once, so it may index scratch
// memory. workers <= 0 means GOMAXPROCS.
//
// For stops early when fn fails and returns the error of the lowest-numbered
// failing block; because blocks are handed out in order, that is the same block
// at any number of workers. When ctx ends it returns context.Cause(ctx). A panic
// in fn is raised again on the caller's goroutine, where the host can recover
// it, and wins over errors; with several workers the value is a string that
// holds the original value and the worker's stack.
func For(ctx context.Context, n, size, workers int, fn func(worker, lo, hi int) error) error {
	if n <= 0 {
		return context.Cause(ctx)
	}
	blocks := Blocks(n, size)
	workers = min(Workers(workers), blocks)
	if workers == 1 {
		for b := range blocks {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			lo := b * size
			if err := fn(0, lo, lo+min(size, n-lo)); err != nil {
				return err
			}
		}
		return context.Cause(ctx)
	}
	r := &run{first: blocks}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			defer r.caught()
			for !r.failed.Load() && ctx.Err() == nil {
				b := int(r.next.Add(1)) - 1
				if b >= blocks {
					return
				}
				lo := b * size
				if err := fn(w, lo, lo+min(size, n-lo)); err != nil {
					r.fail(b, err)
				}
			}
		}()
	}
	wg.Wait()
	if r.fault != nil {
		panic(r.fault)
	}
	if r.err != nil {
		return r.err
	}
	return context.Cause(ctx)
}

// run is what the workers of one For share.
type run struct {
	next   atomic.Int64
	failed atomic.Bool // nobody begins another block

	mu    sync.Mutex
	first int // lowest failing block
	err   error
	fault any // of a worker that panicked
}

// fail keeps the error of the lowest block.
func (r *run) fail(b int, err error) {
	r.mu.Lock()
	if b < r.first {
		r.first, r.err = b, err
	}
	r.mu.Unlock()
	r.failed.Store(true)
}

// caught is deferred by a worker: a panic is kept with its stack, for the goroutine that
// called For to raise again.
func (r *run) caught() {
	if p := recover(); p != nil {
		r.mu.Lock()
		if r.fault == nil {
			r.fault = fmt.Sprintf("%v\n\nworker stack:\n%s", p, debug.Stack())
		}
		r.mu.Unlock()
		r.failed.Store(true)
	}
}

// Reduce computes part(lo, hi) for every block and folds the parts with merge
// in block order, starting from the first part. It returns the zero T for
// n <= 0.
func Reduce[T any](ctx context.Context, n, size, workers int, part func(lo, hi int) (T, error), merge func(acc, next T) T) (T, error) {
	var zero T
	if n <= 0 {
		return zero, context.Cause(ctx)
	}
	parts := make([]T, Blocks(n, size))
	err := For(ctx, n, size, workers, func(_, lo, hi int) error {
		p, err := part(lo, hi)
		parts[lo/size] = p
		return err
	})
	if err != nil {
		return zero, err
	}
	acc := parts[0]
	for _, p := range parts[1:] {
		acc = merge(acc, p)
	}
	return acc, nil
}
