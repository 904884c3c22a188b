package basket_test

import (
	"runtime"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment/basket"
)

// What a search allocates, all that it has let go of included, is little more than the
// MaxMemory it goes through with: a process holds most of what growing leaves behind until
// the next collection.
func TestMineLeavesLittleBehind(t *testing.T) {
	if testkit.Race {
		t.Skip("counts are those of a plain build")
	}
	b := fill(market(20_000, false))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	promised(basket.Mine(bg, b, basket.MineOptions{MinCount: 20, Algorithm: basket.FPGrowth, MaxMemory: 20 << 20}))
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 25<<20 {
		t.Errorf("%d bytes allocated, want 25 MiB at most", got)
	}
}
