//go:build unix

package recommend_test

import (
	"context"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/testkit"
)

// TestCancelLatency prints, for every fit and every loop over users, how long it may go
// on after a cancel: the longest processor time between two looks at the context, on one
// worker, at 150,000 titles, or 50,000 users, 20,000 items and 2 million entries. The table of
// docs/serving.md is its output:
//
//	AISLE_LONG=1 go test -count=1 -timeout 120m -v -run CancelLatency ./recommend
//
// AISLE_CANCEL=FitTFIDF,FitSLIM measures these alone.
func TestCancelLatency(t *testing.T) {
	if os.Getenv("AISLE_LONG") == "" {
		t.Skip("AISLE_LONG is not set")
	}
	x, s, titles := largeData(t, 50_000, 20_000, 40, 150_000)
	fmt.Println("| what | seconds | looks | longest without a look, ms | between |")
	fmt.Println("| --- | --- | --- | --- | --- |")
	loops := longLoops(t, x, titles)
	for _, f := range largeFits(t, x, s, titles) {
		opt := reflect.New(f.opt).Elem()
		for field, v := range map[string]int64{"Workers": 1, "Iterations": 2, "Epochs": 2} {
			if k := opt.FieldByName(field); k.IsValid() {
				k.SetInt(v)
			}
		}
		loops = append(loops, longLoop{f.name, func() func(ctx context.Context) error {
			return func(ctx context.Context) error { return f.fit(ctx, opt) }
		}})
	}
	for _, l := range loops {
		if only := os.Getenv("AISLE_CANCEL"); only != "" && !strings.Contains(","+only+",", ","+l.name+",") {
			continue
		}
		run := l.ready()
		runtime.GC() // what came before is not its work
		looks, start := testkit.TimedLooks(0, true, processorTime), processorTime()
		if err := run(looks); err != nil {
			t.Errorf("%s: %v", l.name, err)
		}
		took := processorTime() - start
		longest, where := looks.Longest()
		fmt.Printf("| `%s` | %.1f | %d | %.0f | %s |\n", l.name, took.Seconds(), looks.Count(), longest.Seconds()*1e3, where)
	}
}

// processorTime is what the process has used of the processors, whatever runs beside it.
func processorTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
