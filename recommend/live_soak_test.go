package recommend

import (
	"slices"
	"testing"
	"time"
)

// soakReport runs soak and reports latencies, and the live heap over time: it
// must not grow once the bounds of LiveOptions are reached.
func soakReport(t *testing.T, length time.Duration) {
	took, heaps := soak(t, length, 100*time.Millisecond)
	slices.Sort(took)
	if len(took) == 0 || len(heaps) < 5 {
		t.Fatalf("%d requests, %d looks at the heap", len(took), len(heaps))
	}
	t.Logf("latest %d requests: p50 %v, p99 %v, max %v", len(took), took[len(took)/2], took[len(took)*99/100], took[len(took)-1])
	t.Logf("heap in MB: %.1f", heaps)
	half := len(heaps) / 2
	if before, after := slices.Max(heaps[:half]), slices.Max(heaps[half:]); after > 1.5*before+8 {
		t.Errorf("the heap grew from %.1f to %.1f MB", before, after)
	}
}
