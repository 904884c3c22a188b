//go:build linux

package recommend_test

import (
	"context"
	"reflect"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/testkit"
)

// usedBy returns the processor time of the process or of the thread that calls.
func usedBy(t *testing.T, who int) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(who, &u); err != nil {
		t.Skip(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// A fit that may use two goroutines leaves most of its work to them, where there are many items
// and where there are few, which blocks of hundreds of items would leave to one. Processor time
// tells on a busy machine and on one processor, too.
func TestFitsShareTheirWork(t *testing.T) {
	const thread = 1 // RUSAGE_THREAD
	// The share of the work on the goroutine that called, and the work in all: nobody waits for less.
	most, least := 0.85, 5*time.Millisecond
	runtime.LockOSThread() // the thread runs no other goroutine then
	defer runtime.UnlockOSThread()
	type size struct{ users, items, texts int }
	sizes := []size{{1500, 1200, 6000}, {4000, 200, 4000}}
	if testkit.Race { // loops in Go, such as those of one panel of EASE, take long beside kernels
		most, least, sizes = 0.93, 25*time.Millisecond, []size{{2000, 200, 2000}}
	}
	for _, d := range sizes {
		x, s, titles := largeData(t, d.users, d.items, 16, d.texts)
		judged := 0
		for _, f := range fitters(t, x, s, titles) {
			opt := reflect.New(f.opt).Elem()
			opt.Set(f.base)
			workers := opt.FieldByName("Workers")
			if !workers.IsValid() { // counts in one pass
				continue
			}
			workers.SetInt(2)
			all, own := usedBy(t, syscall.RUSAGE_SELF), usedBy(t, thread)
			if err := f.fit(context.Background(), opt); err != nil {
				t.Fatalf("%s: %v", f.name, err)
			}
			all, own = usedBy(t, syscall.RUSAGE_SELF)-all, usedBy(t, thread)-own
			if all < least {
				continue
			}
			judged++
			if own.Seconds() > most*all.Seconds() {
				t.Errorf("%s of %d items does %v of %v on the goroutine that called", f.name, d.items, own, all)
			}
		}
		if judged < 10 {
			t.Errorf("%d fits of %d items took long enough to tell", judged, d.items)
		}
	}
}
