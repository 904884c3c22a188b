package hist_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/hist"
	"github.com/aislekit/aisle/internal/rng"
)

// TestCuts: few values have bins of their own, many share them by weight, heavy ones stand alone.
func TestCuts(t *testing.T) {
	r := rng.New(1, 0, 0)
	for trial := range 200 {
		var values []hist.Weighted
		for range 1 + r.Intn(4000) {
			x := float64(r.Intn(3000)) / 8
			if r.Bool(.3) {
				x = 0
			}
			values = append(values, hist.Weighted{X: x * float64(1-2*r.Intn(2)), W: float64(1 + r.Intn(2))})
		}
		total := 0.0
		for _, v := range values {
			total += v.W
		}
		tally := hist.Tally(slices.Clone(values), false)
		if !slices.IsSortedFunc(tally, func(a, b hist.Weighted) int {
			if a.X < b.X {
				return -1
			}
			return 1
		}) {
			t.Fatal("not ascending, or a value twice")
		}
		bins := 2 + r.Intn(60)
		edges := hist.Cuts(tally, bins)
		if len(edges) > bins-1 || len(tally) <= bins && len(edges) != len(tally)-1 {
			t.Fatalf("trial %d: %d edges for %d values and %d bins", trial, len(edges), len(tally), bins)
		}
		c := hist.Numbers(edges, false)
		weight, count, heaviest := make([]float64, c.Bins()), make([]int, c.Bins()), make([]float64, c.Bins())
		for _, v := range tally {
			b := 1
			for b-1 < len(edges) && v.X > edges[b-1] {
				b++
			}
			if got := c.Bin(v.X); got != b {
				t.Fatalf("trial %d: %g lies in bin %d, want %d", trial, v.X, got, b)
			}
			weight[b] += v.W
			count[b]++
			heaviest[b] = max(heaviest[b], v.W)
		}
		for b, w := range weight {
			if count[b] > 1 && w-heaviest[b] > 2*total/float64(bins) {
				t.Fatalf("trial %d: bin %d of %d values weighs %g of %g with %d bins", trial, b, count[b], w, total, bins)
			}
		}
		if c.Bin(math.NaN()) != 0 || c.Bin(math.Inf(1)) != c.Bins()-1 || c.Bin(math.Inf(-1)) != 1 {
			t.Fatal("bins of what is no number")
		}
	}
}

// TestCategories: heavy codes have bins, others share one.
func TestCategories(t *testing.T) {
	codes := hist.Levels([]hist.Weighted{{-1, 9}, {0, 3}, {2, 5}, {7, 1}, {2e6, 5}, {math.MaxInt32, 9}}, 2, 10)
	if !slices.Equal(codes, []int32{2, 2e6, 0}) {
		t.Fatal(codes)
	}
	for _, codes := range [][]int32{codes, codes[:1]} {
		c := hist.Categories(codes, false)
		for b, code := range codes {
			if c.Bin(float64(code)) != b+2 {
				t.Errorf("code %d lies in bin %d", code, c.Bin(float64(code)))
			}
		}
		for _, x := range []float64{-1, 7, 1e12, math.Inf(1)} {
			if c.Bin(x) != 1 {
				t.Errorf("%g lies in bin %d, want that of all others", x, c.Bin(x))
			}
		}
	}
}

// drawn makes a matrix of numbers, few and many, and of categories, few and very many.
func drawn(t *testing.T, r *rng.Stream, n int) *hist.Matrix {
	t.Helper()
	var columns []hist.Column
	for j := range 11 {
		switch {
		case j == 3 || j == 9:
			codes := make([]int32, 300*(j-2)/7+20)
			for k := range codes {
				codes[k] = int32(2 * k)
			}
			columns = append(columns, hist.Categories(codes, true))
		default:
			var edges []float64
			for k := range 1 + 23*j {
				edges = append(edges, float64(k))
			}
			columns = append(columns, hist.Numbers(edges, true))
		}
	}
	rows := make([][]float64, n)
	for i := range rows {
		for range columns {
			x := float64(r.Intn(700)) - .5*float64(r.Intn(2))
			if r.Bool(.1) {
				x = math.NaN()
			}
			rows[i] = append(rows[i], x)
		}
	}
	m, err := hist.NewMatrix(context.Background(), rows, columns, 2)
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		for j := range columns {
			if m.Bin(int32(i), j) != columns[j].Bin(rows[i][j]) {
				t.Fatalf("row %d, column %d: bin %d", i, j, m.Bin(int32(i), j))
			}
		}
	}
	return m
}

// TestSums: histograms are sums by bin, with one worker or more, in any order, at the ends of the
// range; a parent less one child is the other; Part parts.
func TestSums(t *testing.T) {
	r := rng.New(2, 0, 0)
	for _, n := range []int{1, 50, 20000} {
		m := drawn(t, r, n)
		q := hist.NewQuantum(n, 3, 2)
		rows, sums := r.Perm(n), make([]int64, n)
		first, second := make([]float64, n), make([]float64, n)
		for k, i := range rows {
			first[i], second[i] = 3*(2*r.Float64()-1), 2*r.Float64()
			if n > 50 && r.Bool(.9) {
				first[i], second[i] = 3, 2 // all at the end of the range
			}
			sums[k] = q.Pack(first[i], second[i])
		}
		want := make(hist.Hist, 2*m.Total())
		for j := range m.Columns {
			for i := range n {
				b := m.Offsets[j] + m.Bin(int32(i), j)
				want[2*b] += int64(math.RoundToEven(first[i] / q.First))
				want[2*b+1] += int64(math.RoundToEven(second[i] / q.Second))
			}
		}
		got := make(hist.Hist, len(want))
		for _, workers := range []int{1, 3} {
			if err := m.Add(context.Background(), got, rows, sums, m.NewScratch(workers)); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%d rows, %d workers: other sums", n, workers)
			}
		}
		for j := range m.Columns {
			left := make([]bool, m.Columns[j].Bins())
			for b := range left {
				left[b] = r.Bool(.5)
			}
			before, otherRows, otherSums := slices.Clone(rows), make([]int32, n), make([]int64, n)
			l := m.Part(rows, sums, j, left, otherRows, otherSums)
			copy(rows[l:], otherRows[l:])
			copy(sums[l:], otherSums[l:])
			var wanted []int32
			for side := range 2 {
				for _, i := range before {
					if left[m.Bin(i, j)] == (side == 0) {
						wanted = append(wanted, i)
					}
				}
			}
			slices.Reverse(wanted[l:])
			if !slices.Equal(rows, wanted) {
				t.Fatalf("%d rows, column %d: other parts", n, j)
			}
			for k, i := range rows {
				if sums[k] != q.Pack(first[i], second[i]) {
					t.Fatalf("sums did not move with their rows")
				}
			}
			a, b := make(hist.Hist, len(want)), make(hist.Hist, len(want))
			scratch := m.NewScratch(1)
			if m.Add(context.Background(), a, rows[:l], sums[:l], scratch) != nil || m.Add(context.Background(), b, rows[l:], sums[l:], scratch) != nil {
				t.Fatal("no sums")
			}
			rest := slices.Clone(want)
			rest.Less(a)
			if !slices.Equal(rest, b) {
				t.Fatal("a parent less a child is not the other")
			}
		}
	}
}

// TestSearchNumber: the split of a column is that of a slow oracle over all edges and both ways for
// missing values.
func TestSearchNumber(t *testing.T) {
	r := rng.New(3, 0, 0)
	for trial := range 500 {
		c := hist.Numbers([]float64{1, 2, 3, 4}, true)
		var rows [][]float64
		var g, h []float64
		n := 2 + r.Intn(30)
		for range n {
			x := float64(1 + r.Intn(5))
			if trial%2 == 0 && r.Bool(.3) {
				x = math.NaN()
			}
			rows, g, h = append(rows, []float64{x}), append(g, r.Normal()), append(h, r.Float64())
		}
		m, err := hist.NewMatrix(context.Background(), rows, []hist.Column{c}, 1)
		if err != nil {
			t.Fatal(err)
		}
		q := hist.NewQuantum(n, 6, 1)
		order, sums := make([]int32, n), make([]int64, n)
		for i := range order {
			order[i], sums[i] = int32(i), q.Pack(g[i], h[i])
		}
		all := make(hist.Hist, 2*m.Total())
		if err := m.Add(context.Background(), all, order, sums, m.NewScratch(1)); err != nil {
			t.Fatal(err)
		}
		s := hist.Search{Rules: hist.Rules{L1: float64(trial%3) * .3, L2: 1, MinH: .5}, Unit1: q.First, Unit2: q.Second}
		node := s.Total(m, all)
		best := hist.Split{Column: -1}
		s.Column(&best, m, all, 0, node, 0, hist.Free)
		want := 0.0
		for bin := 1; bin <= 5; bin++ {
			for side := range 2 {
				var l hist.Stat
				for i, x := range rows {
					if x[0] <= float64(bin) || math.IsNaN(x[0]) && side == 1 {
						l.G += g[i]
						l.H += h[i]
					}
				}
				rest := hist.Stat{G: node.G - l.G, H: node.H - l.H}
				if l.H >= .5 && rest.H >= .5 {
					want = max(want, s.Score(l, hist.Free)+s.Score(rest, hist.Free)-s.Score(node, hist.Free))
				}
			}
		}
		if want > 1e-6 && math.Abs(best.Gain-want) > 1e-5*(1+want) {
			t.Fatalf("trial %d: gain %g, want %g", trial, best.Gain, want)
		}
	}
}

// TestSearchNoise: of what sorting levels that mean nothing gains, next to nothing is left, be they few or
// many, be most of them too thin to be told apart; levels that mean something keep theirs.
func TestSearchNoise(t *testing.T) {
	r := rng.New(4, 0, 0)
	for _, c := range []struct{ levels, each, thin int }{{20, 20, 0}, {300, 20, 0}, {5000, 20, 0}, {5000, 9, 10}} {
		levels := c.levels
		codes := make([]int32, levels)
		for k := range codes {
			codes[k] = int32(k)
		}
		n := c.each * levels
		left := [2]float64{}
		for planted := range 2 {
			for range 5 {
				rows, order, sums := make([][]float64, n), make([]int32, n), make([]int64, n)
				q := hist.NewQuantum(n, 8, 1)
				for i := range rows {
					code := r.Intn(levels)
					g := r.Normal()
					if planted == 1 {
						g += .5 * float64(1-2*(code%2))
					}
					rows[i], order[i], sums[i] = []float64{float64(code)}, int32(i), q.Pack(g, 1)
				}
				m, err := hist.NewMatrix(context.Background(), rows, []hist.Column{hist.Categories(codes, false)}, 1)
				if err != nil {
					t.Fatal(err)
				}
				h := make(hist.Hist, 2*m.Total())
				if err := m.Add(context.Background(), h, order, sums, m.NewScratch(1)); err != nil {
					t.Fatal(err)
				}
				s := hist.Search{Rules: hist.Rules{L2: 1, MinH: 1, Smooth: 10, Noise: 1, Thin: float64(c.thin)}, Unit1: q.First, Unit2: q.Second}
				best := hist.Split{Column: -1}
				s.Column(&best, m, h, 0, s.Total(m, h), 0, hist.Free)
				left[planted] += best.Gain / 5
			}
		}
		// Noise gains .64 a level; the planted shift of a half, a quarter a row.
		if left[0] > 4+.08*float64(levels) || left[1] < .15*float64(n) && c.thin == 0 {
			t.Errorf("%d levels: a gain of %g is left where there is nothing, of %g where there is something", levels, left[0], left[1])
		}
	}
}
