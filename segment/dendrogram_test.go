package segment_test

import (
	"cmp"
	"context"
	"errors"
	"math"
	"runtime"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment"
)

var linkages = []segment.Linkage{segment.LinkWard, segment.LinkSingle, segment.LinkComplete, segment.LinkAverage}

func euclidean(a, b []float64) float64 {
	sum := 0.0
	for j := range a {
		sum += (a[j] - b[j]) * (a[j] - b[j])
	}
	return math.Sqrt(sum)
}

// pairs is scipy's pdist.
func pairs(rows [][]float64) (out []float64) {
	for i := range rows {
		for j := i + 1; j < len(rows); j++ {
			out = append(out, euclidean(rows[i], rows[j]))
		}
	}
	return out
}

func TestLinkageGolden(t *testing.T) {
	var g struct {
		Rows  [][]float64
		Cases map[string]struct {
			Merges [][4]float64
			Five   []int32
			Height float64
			Below  []int32
		}
	}
	testkit.Golden(t, "linkage.json", &g)
	if len(g.Cases) != len(linkages) {
		t.Fatalf("%d cases", len(g.Cases))
	}
	for _, l := range linkages {
		c := g.Cases[l.String()]
		ofRows, err := segment.FitDendrogram(bg, g.Rows, segment.DendrogramOptions{Linkage: l})
		must(err)
		ofDistances, err := segment.FitDendrogramDistances(bg, pairs(g.Rows), segment.DendrogramOptions{Linkage: l})
		must(err)
		for name, d := range map[string]*segment.Dendrogram{"rows": ofRows, "distances": ofDistances} {
			for i, m := range d.Merges() {
				if w := c.Merges[i]; m.A != int(w[0]) || m.B != int(w[1]) || !testkit.Close(m.Height, w[2], 0, 1e-12) || m.Size != int(w[3]) {
					t.Errorf("%v of %s: merge %d is %v, want %v", l, name, i, m, w)
				}
			}
			five, err := d.CutCount(nil, 5)
			must(err)
			below, err := d.CutHeight(nil, c.Height)
			must(err)
			if !slices.Equal(five, c.Five) || !slices.Equal(below, c.Below) {
				t.Errorf("%v of %s: cuts differ", l, name)
			}
		}
	}
}

// The reference numbers of six points.
func TestLinkageReference(t *testing.T) {
	rows := [][]float64{{0, 0}, {0, 1}, {3, 0}, {3, 2}, {10, 0}, {10, 5}}
	for l, want := range map[segment.Linkage][]float64{
		segment.LinkWard: {1, 2, 4.301163, 5, 14.171568}, segment.LinkSingle: {1, 2, 3, 5, 7},
		segment.LinkComplete: {1, 2, 3.605551, 5, 11.180340}, segment.LinkAverage: {1, 2, 3.232527, 5, 9.062344},
	} {
		d, err := segment.FitDendrogram(bg, rows, segment.DendrogramOptions{Linkage: l})
		must(err)
		for i, m := range d.Merges() {
			if !testkit.Close(m.Height, want[i], 5e-7, 0) {
				t.Errorf("%v: height %d is %v, want %v", l, i, m.Height, want[i])
			}
		}
	}
}

// slowLinkage merges the nearest two of all clusters, again and again, by the definition of
// the linkage over rows: O(n³) and more.
func slowLinkage(rows [][]float64, l segment.Linkage) (heights []float64, cut map[int][]int) {
	var groups [][]int
	for i := range rows {
		groups = append(groups, []int{i})
	}
	apart := func(a, b []int) float64 {
		low, high, sum := math.Inf(1), 0.0, 0.0
		for _, i := range a {
			for _, j := range b {
				d := euclidean(rows[i], rows[j])
				low, high, sum = min(low, d), max(high, d), sum+d
			}
		}
		switch l {
		case segment.LinkSingle:
			return low
		case segment.LinkComplete:
			return high
		case segment.LinkAverage:
			return sum / float64(len(a)*len(b))
		}
		mean := func(g []int) []float64 {
			m := make([]float64, len(rows[0]))
			for _, i := range g {
				for j, v := range rows[i] {
					m[j] += v / float64(len(g))
				}
			}
			return m
		}
		na, nb := float64(len(a)), float64(len(b))
		return math.Sqrt(2*na*nb/(na+nb)) * euclidean(mean(a), mean(b))
	}
	cut = map[int][]int{}
	for {
		label := make([]int, len(rows))
		for c, g := range groups {
			for _, i := range g {
				label[i] = c
			}
		}
		cut[len(groups)] = label
		if len(groups) == 1 {
			return heights, cut
		}
		best, a, b := math.Inf(1), 0, 0
		for i := range groups {
			for j := i + 1; j < len(groups); j++ {
				if d := apart(groups[i], groups[j]); d < best {
					best, a, b = d, i, j
				}
			}
		}
		heights = append(heights, best)
		groups[a] = append(groups[a], groups[b]...)
		groups = slices.Delete(groups, b, b+1)
	}
}

// same tells whether two labellings are one partition.
func same[A, B comparable](a []A, b []B) bool {
	to, from := map[A]B{}, map[B]A{}
	for i := range a {
		x, seen := to[a[i]]
		y, been := from[b[i]]
		if seen && x != b[i] || been && y != a[i] || seen != been {
			return false
		}
		to[a[i]], from[b[i]] = b[i], a[i]
	}
	return true
}

func TestLinkageOracleProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rng.New(rapid.Uint64().Draw(t, "seed"), 0, 0)
		rows := make([][]float64, rapid.IntRange(1, 40).Draw(t, "n"))
		for i := range rows {
			rows[i] = make([]float64, 1+len(rows)%4)
			for j := range rows[i] {
				rows[i][j] = r.Normal()
			}
		}
		for _, l := range linkages {
			heights, cut := slowLinkage(rows, l)
			d, err := segment.FitDendrogram(bg, rows, segment.DendrogramOptions{Linkage: l})
			must(err)
			all := []*segment.Dendrogram{d}
			if len(rows) > 1 {
				e, err := segment.FitDendrogramDistances(bg, pairs(rows), segment.DendrogramOptions{Linkage: l})
				must(err)
				all = append(all, e)
			}
			for _, d := range all {
				for i, m := range d.Merges() {
					if !testkit.Close(m.Height, heights[i], 0, 1e-9) {
						t.Fatalf("%v: height %d is %v, want %v", l, i, m.Height, heights[i])
					}
				}
				for k := 1; k <= len(rows); k++ {
					got, err := d.CutCount(nil, k)
					must(err)
					if !same(got, cut[k]) {
						t.Fatalf("%v: %d clusters are %v, want %v", l, k, got, cut[k])
					}
					if next := int32(0); !slices.ContainsFunc(got, func(c int32) bool { bad := c > next; next = max(next, c+1); return bad }) && int(next) == k {
						continue
					}
					t.Fatalf("%v: %v is not numbered by the lowest row", l, got)
				}
			}
		}
	})
}

// On a grid nearly all distances tie: rows in another order still give the same partition at
// each cut, and equal rows are never parted.
func TestDendrogramTiesProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rng.New(rapid.Uint64().Draw(t, "seed"), 0, 0)
		side := rapid.IntRange(1, 6).Draw(t, "side")
		rows := make([][]float64, rapid.IntRange(2, 90).Draw(t, "n"))
		for i := range rows {
			rows[i] = []float64{float64(r.Intn(side)), float64(r.Intn(side)), float64(r.Intn(2))}
		}
		order := r.Perm(len(rows))
		shuffled := make([][]float64, len(rows))
		for i, j := range order {
			shuffled[i] = rows[j]
		}
		distinct := len(slices.CompactFunc(slices.SortedFunc(slices.Values(rows), slices.Compare[[]float64]), slices.Equal[[]float64]))
		for _, l := range linkages {
			opt := segment.DendrogramOptions{Linkage: l}
			a, err := segment.FitDendrogram(bg, rows, opt)
			must(err)
			b, err := segment.FitDendrogram(bg, shuffled, opt)
			must(err)
			if _, err := a.CutCount(nil, distinct+1); !errors.Is(err, segment.ErrRange) {
				t.Fatalf("%v: parts equal rows: %v", l, err)
			}
			for k := 1; k <= distinct; k++ {
				x, err := a.CutCount(nil, k)
				must(err)
				y, err := b.CutCount(nil, k)
				must(err)
				back := make([]int32, len(y))
				for i, j := range order {
					back[j] = y[i]
				}
				if !same(x, back) {
					t.Fatalf("%v: %d clusters: %v, and of rows in another order %v", l, k, x, back)
				}
			}
			if !slices.IsSortedFunc(a.Merges(), func(p, q segment.Merge) int { return cmp.Compare(p.Height, q.Height) }) {
				t.Fatalf("%v: heights do not ascend", l)
			}
		}
	})
}

// Planted groups come back, with every linkage that can and any number of processors.
func TestDendrogramPlanted(t *testing.T) {
	for seed := range testkit.Seeds(10) {
		rows, truth := planted(seed, 400, 6, 5, .6)
		for _, l := range []segment.Linkage{segment.LinkWard, segment.LinkComplete, segment.LinkAverage} {
			d, err := segment.FitDendrogram(bg, rows, segment.DendrogramOptions{Linkage: l})
			must(err)
			got, err := d.CutCount(nil, 6)
			must(err)
			if ari := adjustedRand(got, truth); ari < .8 {
				t.Errorf("seed %d, %v: ARI %.3f", seed, l, ari)
			}
		}
	}
	rows, _ := planted(3, 700, 4, 8, 2)
	for _, l := range linkages {
		testkit.AtGOMAXPROCS(t, func() []byte {
			d, err := segment.FitDendrogram(bg, rows, segment.DendrogramOptions{Linkage: l})
			must(err)
			b, err := d.MarshalBinary()
			must(err)
			return b
		})
	}
}

// planted draws k groups of unequal size around centres, with this noise.
func planted(seed uint64, n, k, d int, noise float64) (rows [][]float64, truth []int32) {
	r := rng.New(seed, 1, 0)
	centres := make([]float64, k*d)
	for i := range centres {
		centres[i] = 3 * r.Normal()
	}
	for range n {
		c := min(r.Intn(k), r.Intn(k+1))
		row := make([]float64, d)
		for j := range row {
			row[j] = centres[c*d+j] + noise*r.Normal()
		}
		rows, truth = append(rows, row), append(truth, int32(c))
	}
	return rows, truth
}

// adjustedRand is Hubert and Arabie's index, from its contingency table.
func adjustedRand(a, b []int32) float64 {
	both, left, right := map[[2]int32]float64{}, map[int32]float64{}, map[int32]float64{}
	for i := range a {
		both[[2]int32{a[i], b[i]}]++
		left[a[i]]++
		right[b[i]]++
	}
	two := func(n float64) float64 { return n * (n - 1) / 2 }
	s, x, y := 0.0, 0.0, 0.0
	for _, n := range both {
		s += two(n)
	}
	for _, n := range left {
		x += two(n)
	}
	for _, n := range right {
		y += two(n)
	}
	e := x * y / two(float64(len(a)))
	return (s - e) / ((x+y)/2 - e)
}

// What needs more memory than allowed is refused before any is taken.
func TestDendrogramMemory(t *testing.T) {
	rows := make([][]float64, 60_000)
	flat := make([]float64, len(rows))
	for i := range rows {
		flat[i] = float64(i % 50)
		rows[i] = flat[i : i+1]
	}
	if _, err := segment.FitDendrogram(bg, rows, segment.DendrogramOptions{Linkage: segment.LinkAverage}); !errors.Is(err, segment.ErrTooLarge) {
		t.Errorf("14 GB of distances: %v", err)
	}
	for _, l := range linkages {
		if _, err := segment.FitDendrogram(bg, rows[:100], segment.DendrogramOptions{Linkage: l, MaxBytes: 5000}); !errors.Is(err, segment.ErrTooLarge) {
			t.Errorf("%v in 5,000 bytes: %v", l, err)
		}
	}
	if _, err := segment.FitDendrogramDistances(bg, flat[:4950], segment.DendrogramOptions{MaxBytes: 30_000}); !errors.Is(err, segment.ErrTooLarge) {
		t.Errorf("4,950 distances in 30,000 bytes: %v", err)
	}
	if d, err := segment.FitDendrogram(bg, rows[:1], segment.DendrogramOptions{}); err != nil || d.Rows() != 1 || len(d.Merges()) != 0 {
		t.Errorf("one row: %v", err)
	}
	ctx, cancel := context.WithCancel(bg)
	cancel()
	if _, err := segment.FitDendrogram(ctx, rows[:5000], segment.DendrogramOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// MaxBytes holds: what is reserved in all, let alone at once, stays below what is said to be
// needed.
func TestDendrogramMaxBytes(t *testing.T) {
	if testkit.Race {
		t.Skip("sizes mean nothing under the race detector")
	}
	rows, _ := planted(1, 4000, 5, 16, 1)
	const need = 24 * 4000 * (16 + 6)
	for _, l := range []segment.Linkage{segment.LinkWard, segment.LinkSingle} {
		if _, err := segment.FitDendrogram(bg, rows, segment.DendrogramOptions{Linkage: l, MaxBytes: need - 1}); !errors.Is(err, segment.ErrTooLarge) {
			t.Errorf("%v: one byte too few: %v", l, err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := segment.FitDendrogram(bg, rows, segment.DendrogramOptions{Linkage: l, MaxBytes: need})
		runtime.ReadMemStats(&after)
		must(err)
		if took := after.TotalAlloc - before.TotalAlloc; took > need {
			t.Errorf("%v: %d bytes, MaxBytes is %d", l, took, need)
		}
	}
}
