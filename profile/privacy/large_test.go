package privacy_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile/privacy"
)

// largeTable is n customers with five quasi-identifiers of ten levels each: a lattice of 100,000
// combinations, the largest whose optimum is found by default.
func largeTable(t testing.TB, n int) (rows [][]string, sensitive []string, hs []*privacy.Hierarchy) {
	h := hierarchy(t)
	r := rand.New(rand.NewPCG(7, 7))
	for range n {
		age, spend := 18+r.IntN(60), int(math.Exp(3+r.NormFloat64()))
		rows = append(rows, []string{
			strconv.Itoa(age), strconv.Itoa(spend), strconv.Itoa(r.IntN(400)),
			fmt.Sprintf("%09d", (r.IntN(9)*100+r.IntN(3))*1_000_000+r.IntN(1000)), fmt.Sprintf("9q8y%05d", r.IntN(4)*10_000+r.IntN(300)),
		})
		sensitive = append(sensitive, []string{"a", "b", "b", "c"}[r.IntN(4)])
	}
	double := func(first float64) (w []float64) {
		for range 8 {
			w = append(w, first)
			first *= 2
		}
		return w
	}
	eight := []int{8, 7, 6, 5, 4, 3, 2, 1}
	return rows, sensitive, []*privacy.Hierarchy{
		h(privacy.NewRanges(0, double(1)...)), h(privacy.NewRanges(0, double(4)...)), h(privacy.NewRanges(0, double(2)...)), h(privacy.NewPrefixes(false, eight...)), h(privacy.NewPrefixes(true, eight...)),
	}
}

// TestAnonymizeLargest finds the optimum of 100,000 combinations; the greedy walk beside it says
// that it is one. That it is the optimum, by looking at each of them by codes made here:
// AISLE_LONG=1 go test -v -run AnonymizeLargest ./profile/privacy.
func TestAnonymizeLargest(t *testing.T) {
	n := 400
	switch {
	case os.Getenv("AISLE_LONG") != "":
		n = 2000
	case testkit.Race:
		n = 60
	}
	rows, sensitive, hs := largeTable(t, n)
	for _, opt := range []privacy.AnonymizeOptions{
		{K: 5, MaxSuppressed: n / 20, Hierarchies: hs},
		{K: 3, MaxSuppressed: n / 20, Hierarchies: hs, Loss: privacy.ByGeneralLoss, Sensitive: sensitive, MinDistinct: 2, MaxCloseness: .45},
	} {
		began := time.Now()
		a, err := privacy.Anonymize(context.Background(), rows, opt)
		if err != nil {
			t.Fatal(err)
		}
		took := time.Since(began)
		opt.MaxNodes = 99_999
		g, err := privacy.Anonymize(context.Background(), rows, opt)
		if err != nil {
			t.Fatal(err)
		}
		loss := func(a *privacy.Anonymized) float64 {
			if opt.Loss == privacy.ByGeneralLoss {
				return a.GeneralLoss
			}
			return a.Discernibility
		}
		t.Logf("%d rows: loss %v at %v, %d suppressed, looked at %d of %d in %v; greedy %v at %v, looked at %d", n, loss(a), a.Levels, len(a.Suppressed), a.Looked, a.Nodes, took, loss(g), g.Levels, g.Looked)
		if a.Nodes != 100_000 || a.Greedy || !g.Greedy || loss(g) < loss(a)-1e-9 || a.K < opt.K {
			t.Errorf("%d nodes, greedy %v and %v, losses %v and %v", a.Nodes, a.Greedy, g.Greedy, loss(a), loss(g))
		}
		if os.Getenv("AISLE_LONG") == "" {
			continue
		}
		if best := exhaust(t, rows, opt); math.Abs(best-loss(a)) > 1e-9*best {
			t.Errorf("loss %v, the least of all combinations is %v", loss(a), best)
		}
	}
}

// exhaust looks at every combination by codes of the values at every level.
func exhaust(t testing.TB, rows [][]string, opt privacy.AnonymizeOptions) float64 {
	n, d := len(rows), len(opt.Hierarchies)
	code, like := make([][][]uint16, d), make([][]map[uint16]float64, d) // by column, level, row; how many first values a code stands for
	for j, h := range opt.Hierarchies {
		for level := range h.Height() + 1 {
			names, first := map[string]uint16{}, map[[2]uint16]bool{}
			codes, count := make([]uint16, n), map[uint16]float64{}
			for i := range rows {
				s, err := h.Generalize(rows[i][j], level)
				if err != nil {
					t.Fatal(err)
				}
				if _, ok := names[s]; !ok {
					names[s] = uint16(len(names))
				}
				codes[i] = names[s]
				base := codes[i]
				if level > 0 {
					base = code[j][0][i]
				}
				if key := [2]uint16{codes[i], base}; !first[key] {
					first[key] = true
					count[codes[i]]++
				}
			}
			code[j], like[j] = append(code[j], codes), append(like[j], count)
		}
	}
	values := slices.Compact(slices.Sorted(slices.Values(opt.Sensitive)))
	kind, share := make([]int, n), make([]float64, len(values))
	for i, v := range opt.Sensitive {
		kind[i] = slices.Index(values, v)
		share[kind[i]] += 1 / float64(n)
	}
	best := math.Inf(1)
	levels := make([]int, d)
	type class struct {
		rows  []int
		kinds [8]float64
	}
	for node := range 100_000 {
		for j, x := 0, node; j < d; j, x = j+1, x/10 {
			levels[j] = x % 10
		}
		classes := map[[5]uint16]*class{}
		for i := range rows {
			var key [5]uint16
			for j := range key {
				key[j] = code[j][levels[j]][i]
			}
			c := classes[key]
			if c == nil {
				c = &class{}
				classes[key] = c
			}
			c.rows = append(c.rows, i)
			c.kinds[kind[i]]++
		}
		loss, out := 0., 0
		for key, c := range classes {
			size, distinct, far := float64(len(c.rows)), 0, 0.
			for v, q := range share {
				if c.kinds[v] > 0 {
					distinct++
				}
				far += math.Abs(c.kinds[v]/size-q) / 2
			}
			bad := len(c.rows) < opt.K || distinct < opt.MinDistinct || opt.MaxCloseness > 0 && far > opt.MaxCloseness+1e-9
			if bad {
				out += len(c.rows)
			}
			switch {
			case opt.Loss == privacy.ByDiscernibility && bad:
				loss += size * float64(n)
			case opt.Loss == privacy.ByDiscernibility:
				loss += size * size
			case bad:
				loss += size / float64(n)
			default:
				for j, k := range key {
					if all := float64(len(like[j][0])); all > 1 {
						loss += size * (like[j][levels[j]][k] - 1) / (all - 1) / float64(n) / float64(d)
					}
				}
			}
		}
		if out <= opt.MaxSuppressed {
			best = min(best, loss)
		}
	}
	return best
}
