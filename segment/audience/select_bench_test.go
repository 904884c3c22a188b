package audience_test

import (
	"fmt"
	"math"
	"os"
	"testing"
	"time"

	"github.com/aislekit/aisle/segment/audience"
)

// Thirty clauses over numbers, texts and instants, some of each missing.
const thirty = `n0 >= 0.1 and n1 < 0.9 and n2 between 0.05 and 0.95 and not n3 > 0.85 and n4 != 0 and n5 <= 0.9
	and t0 in {"v00", "v01", "v02", "v03", "v04", "v05", "v06", "v07", "v08", "v09", "v10", "v11", "v12", "v13", "v14", "v15"}
	and not t1 in {"v00", "v01", "v02"} and (t2 = "v05" or t2 = "v06" or n0 > 0.3) and not t3 = "v31"
	and last(seen0) < 300d and last(seen1) >= 10d and (last(seen0) >= 30d or last(seen1) < 60d or n1 < .5)
	and ((n2 > .5 and n3 < .4) or (n4 > .2 and n5 > .1) or (t0 = "v00" and t1 = "v09"))
	and n0 is known and not n5 is missing and (n1 > .2 or n2 < .8) and (n3 >= .05 or t2 in {"v01", "v02", "v03", "v04"})
	and n4 between .01 and .99`

// uniform is a number in [0, 2²⁴) for a row of a column; the peer computes the same.
func uniform(row, column int) uint64 {
	return uint64(row+1) * uint64(2*column+1) * 0x9e3779b97f4a7c15 >> 40
}

// BenchmarkThirty counts an audience of thirty clauses, and, where nothing can be skipped,
// of thirty alternatives of which each adds some. With AISLE_LONG=1 it is of ten million
// users and takes 2 GB.
func BenchmarkThirty(b *testing.B) {
	n := 1_000_000
	if os.Getenv("AISLE_LONG") != "" {
		n = 10_000_000
	}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	table, err := audience.NewAttributes(n)
	must(err)
	numbers, texts, times := make([]float64, n), make([]string, n), make([]time.Time, n)
	words := make([]string, 32)
	for i := range words {
		words[i] = fmt.Sprintf("v%02d", i)
	}
	for c := range 6 {
		for u := range n {
			if h := uniform(u, c); h%20 == 0 {
				numbers[u] = math.NaN()
			} else {
				numbers[u] = float64(h) / (1 << 24)
			}
		}
		must(table.AddNumbers(fmt.Sprint("n", c), numbers))
	}
	for c := range 4 {
		for u := range n {
			texts[u] = words[uniform(u, 10+c)%32]
		}
		must(table.AddTexts(fmt.Sprint("t", c), texts))
	}
	for c := range 2 {
		for u := range n {
			if h := uniform(u, 20+c); h%20 == 0 {
				times[u] = time.Time{}
			} else {
				times[u] = now.Add(-time.Duration(h*400*86400>>24) * time.Second)
			}
		}
		must(table.AddTimes(fmt.Sprint("seen", c), times))
	}
	rule, err := audience.ParseText(thirty)
	must(err)
	var any []audience.Rule
	for k := range 30 {
		low := float64(k) / 40
		any = append(any, audience.Between(fmt.Sprint("n", k%6), low, low+.003))
	}
	for _, c := range []struct {
		name string
		rule audience.Rule
	}{{"op=all", rule}, {"op=any", audience.Or(any...)}} {
		p, err := audience.Compile(c.rule, table, audience.Options{AsOf: now})
		must(err)
		members := 0
		measure(b, fmt.Sprintf("%s/clauses=30/users=%d", c.name, n), n, func() error {
			a, err := p.Select(bg)
			if err == nil {
				members, err = a.Count()
			}
			return err
		})
		b.Logf("%s: %d members", c.name, members)
	}
}
