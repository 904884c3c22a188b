package testkit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"
)

// Cancel is a long call that a test cancels.
type Cancel struct {
	Name string
	// Do makes the call, and calls Start between its data and the call; size 1 takes some ten milliseconds, and the work grows with it.
	Do func(ctx context.Context, size int) error
	// Looks is how many looks at the context there are at least at size 1: work between two
	// looks is so bounded by counting, not by a clock.
	Looks int
}

// Cancels checks that each call looks at its context as often as it says, and stops at the
// look that tells it to, or a few later. With AISLE_LONG it makes them at 30 times the size
// on one processor and prints the longest processor time between two looks instead.
func Cancels(t *testing.T, calls []Cancel) {
	t.Helper()
	if os.Getenv("AISLE_LONG") != "" {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
		fmt.Println("| call | seconds | looks | longest without a look, ms | between |")
		fmt.Println("| --- | ---: | ---: | ---: | --- |")
		for _, c := range calls {
			looks, start := TimedLooks(0, true, ProcessorTime), ProcessorTime()
			if err := c.Do(looks, 30); err != nil {
				t.Errorf("%s: %v", c.Name, err)
			}
			took := ProcessorTime() - start
			longest, where := looks.Longest()
			fmt.Printf("| %s | %.1f | %d | %.0f | %s |\n", c.Name, took.Seconds(), looks.Count(), float64(longest)/float64(time.Millisecond), where)
		}
		return
	}
	for _, c := range calls {
		looks := NewLooks(0, true)
		if err := c.Do(looks, 1); err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		if looks.Count() < c.Looks {
			t.Errorf("%s looks %d times, want at least %d", c.Name, looks.Count(), c.Looks)
		}
		half := NewLooks(looks.Count()/2+1, false)
		if err := c.Do(half, 1); !errors.Is(err, context.Canceled) {
			t.Errorf("%s, told to stop: %v", c.Name, err)
		}
		if late := half.Count() - looks.Count()/2 - 1; late > 8+runtime.GOMAXPROCS(0) {
			t.Errorf("%s looks %d times more after it was told to stop", c.Name, late)
		}
	}
}
