package recommend

import (
	"runtime"
	"slices"
	"testing"
	"time"
)

// soakReport runs soak twice, a tenth of the time and then all of it, and
// compares the heaps left behind.
func soakReport(t *testing.T, length time.Duration) {
	heap := func() float64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return float64(m.HeapInuse) / (1 << 20)
	}
	base := heap()
	report := func(took []time.Duration, name string) {
		slices.Sort(took)
		if len(took) == 0 {
			t.Fatal("no request was answered")
		}
		t.Logf("%s: %d requests, p50 %v, p99 %v, max %v", name, len(took), took[len(took)/2], took[len(took)*99/100], took[len(took)-1])
	}
	report(soak(t, length/10, 100*time.Millisecond), "first tenth")
	first := heap()
	report(soak(t, length, 100*time.Millisecond), "all")
	all := heap()
	t.Logf("heap: %.1f MB at the start, %.1f after the first tenth, %.1f after all", base, first, all)
	if all > 2*first+64 {
		t.Errorf("the heap grew from %.1f to %.1f MB", first, all)
	}
}
