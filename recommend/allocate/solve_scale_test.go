//go:build unix

package allocate_test

import (
	"context"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend/allocate"
)

// marketplace is a shop of n items with a skew of popularity: every user has a number of
// candidates, stock is there for about two users in three, the popular items are
// the scarce ones, and a budget pays for nine in ten of what stock allows.
func marketplace(users, n, each int, seed uint64) ([]allocate.Proposal, []allocate.Offer, allocate.Options) {
	g := rng.New(seed, 3, 0)
	offers := make([]allocate.Offer, n)
	quality := make([]float64, n)
	budget := 0.0
	for o := range offers {
		amount := int64(100 + g.Intn(400))
		stock := int64(float64(users) / float64(n) * 2 / 3 * (.5 + g.Float64()))
		offers[o] = allocate.Offer{Stock: stock, Uses: []allocate.Use{{0, amount}}}
		budget += .9 * float64(stock*amount)
		quality[o] = .5 + g.Float64()
	}
	cand := make([]allocate.Proposal, 0, users*each)
	seen := make([]int32, n)
	for u := range users {
		taste := .5 + g.Float64()
		for k := 0; k < each; {
			x := g.Float64()
			o := int(x * x * float64(n)) // the first are popular
			if seen[o] == int32(u)+1 {
				continue
			}
			seen[o] = int32(u) + 1
			k++
			cand = append(cand, allocate.Proposal{int32(u), int32(o), taste * quality[o] * g.Exp()})
		}
	}
	return cand, offers, allocate.Options{Limits: []int64{int64(budget)}}
}

// TestSolveScale is the row "allocation" of what the module promises of speed: a
// million users, 50 candidates each, 10,000 items, in under a minute and 4 GiB, within 1 %
// of the dual bound, nothing over its limit.
//
//	AISLE_LONG=1 go test -v -run SolveScale ./recommend/allocate
func TestSolveScale(t *testing.T) {
	testkit.Long(t)
	const users = 1_000_000
	cand, offers, opt := marketplace(users, users/100, 50, 1)
	opt.Gap = .009
	debug.FreeOSMemory()
	before, start := userTime(t), time.Now()
	plan, err := allocate.Solve(context.Background(), cand, offers, opt)
	if err != nil {
		t.Fatal(err)
	}
	wall, cpu := time.Since(start), userTime(t)-before
	t.Logf("gap %.5f, value %.0f, %d chosen; %.1f s, %.1f CPU s, peak %s", plan.Gap(), plan.Value, len(plan.Chosen), wall.Seconds(), cpu.Seconds(), peak())
	taken, used, last := make([]int64, len(offers)), int64(0), int32(-1)
	for _, c := range plan.Chosen {
		if c.User <= last || !slices.Contains(cand[50*c.User:50*c.User+50], c) {
			t.Fatalf("user %d of %v has had an offer, or it was not proposed", last, c)
		}
		last = c.User
		taken[c.Offer]++
		used += offers[c.Offer].Uses[0].Amount
	}
	for o, n := range taken {
		if n > offers[o].Stock || n != plan.Taken[o] {
			t.Fatalf("offer %d: %d of %d, by Taken %d", o, n, offers[o].Stock, plan.Taken[o])
		}
	}
	if used > opt.Limits[0] || used != plan.Used[0] {
		t.Fatalf("%d used of %d, by Used %d", used, opt.Limits[0], plan.Used[0])
	}
	if plan.Gap() > .01 {
		t.Errorf("gap %v", plan.Gap())
	}
}

func userTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano())
}

// peak is the largest resident set of the process, where the system says so.
func peak() string {
	status, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	line, _, _ := strings.Cut(rest, "\n")
	return strings.TrimSpace(line)
}
