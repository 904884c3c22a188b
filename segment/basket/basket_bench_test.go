package basket_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/segment/basket"
)

// The baskets of the benchmarks: sparse ones draw 1 to 19 times from items by Zipf's law, so
// that a few are in many baskets and most in few; dense ones hold one of two or three values
// of each of 24 attributes, some of them nearly always the same.
var markets = []struct {
	name    string
	baskets int
	dense   bool
	least   basket.Fraction
}{
	{"sparse", 88_000, false, basket.Fraction{Num: 1, Den: 1000}},
	{"sparse", 1_000_000, false, basket.Fraction{Num: 1, Den: 1000}},
	{"dense", 88_000, true, basket.Fraction{Num: 1, Den: 10}},
	{"dense", 1_000_000, true, basket.Fraction{Num: 1, Den: 5}},
}

func market(n int, dense bool) [][]int {
	r := rng.New(uint64(n), 88, 0)
	const items = 16_000
	sums, sum := make([]float64, items), 0.
	for x := range sums {
		sum += 1 / float64(x+20)
		sums[x] = sum
	}
	rows := make([][]int, n)
	for i := range rows {
		if dense {
			for a := range 24 {
				value := 0
				if r.Bool(.1 + .04*float64(a%12)) {
					value = 1 + r.Intn(2)
				}
				rows[i] = append(rows[i], 3*a+value)
			}
			continue
		}
		for range 1 + r.Intn(19) {
			x, _ := slices.BinarySearch(sums, sum*r.Float64())
			rows[i] = append(rows[i], x)
		}
	}
	return rows
}

// With AISLE_BASKETS=<folder> each set of baskets is written there, a basket a line, for the
// peers.
func BenchmarkMine(b *testing.B) {
	for _, m := range markets {
		b.Run(fmt.Sprintf("baskets=%s/n=%d", m.name, m.baskets), func(b *testing.B) {
			rows := market(m.baskets, m.dense)
			store := fill(rows)
			if dir := os.Getenv("AISLE_BASKETS"); dir != "" {
				write(filepath.Join(dir, fmt.Sprintf("%s-%d.txt", m.name, m.baskets)), rows)
			}
			b.ReportAllocs()
			sets := 0
			for b.Loop() {
				s, err := basket.Mine(bg, store, basket.MineOptions{MinSupport: m.least})
				must(err)
				sets = s.Len()
			}
			b.ReportMetric(float64(sets), "sets")
		})
	}
}

func write(path string, rows [][]int) {
	f, err := os.Create(path)
	must(err)
	w := bufio.NewWriter(f)
	for _, r := range rows {
		for _, x := range r {
			fmt.Fprint(w, x, " ")
		}
		fmt.Fprintln(w)
	}
	must(w.Flush())
	must(f.Close())
}

func BenchmarkBasketsAdd(b *testing.B) {
	rows := market(88_000, false)
	b.ReportAllocs()
	for b.Loop() {
		fill(rows)
	}
}

func BenchmarkRules(b *testing.B) {
	s, err := basket.Mine(bg, fill(market(88_000, false)), basket.MineOptions{MinSupport: basket.Fraction{Num: 1, Den: 1000}})
	must(err)
	b.ReportAllocs()
	for b.Loop() {
		promised(s.Rules(bg, basket.RuleOptions{}))
	}
}
