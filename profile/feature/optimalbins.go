package feature

import (
	"cmp"
	"container/heap"
	"context"
	"math"
	"math/bits"
	"slices"
)

// groups are the different values of a column, ascending, with the rows below each.
type groups struct {
	x         []float64
	good, bad []int64 // rows of values before x[g]; one longer than x
}

// groupsOf sorts column j, and counts its missing values by class. The two classes are
// sorted apart and joined then, which leaves plain floats to be sorted.
func groupsOf(ctx context.Context, rows [][]float64, j int, y []bool) (*groups, [2]int64, error) {
	var missing [2]int64
	var of [2][]float64
	n := 0
	for _, is := range y {
		if is {
			n++
		}
	}
	of[0], of[1] = make([]float64, 0, len(y)-n), make([]float64, 0, n)
	for i, r := range rows {
		c := 0
		if y[i] {
			c = 1
		}
		if x := r[j]; math.IsNaN(x) {
			missing[c]++
		} else {
			of[c] = append(of[c], x+0) // -0 becomes 0
		}
	}
	for _, xs := range of {
		if err := sortFloats(ctx, xs); err != nil {
			return nil, missing, err
		}
	}
	out := &groups{good: []int64{0}, bad: []int64{0}}
	for a, b := 0, 0; a < len(of[0]) || b < len(of[1]); {
		x := math.Inf(1)
		if a < len(of[0]) {
			x = of[0][a]
		}
		if b < len(of[1]) {
			x = min(x, of[1][b])
		}
		for a < len(of[0]) && of[0][a] == x {
			a++
		}
		for b < len(of[1]) && of[1][b] == x {
			b++
		}
		out.x = append(out.x, x)
		out.bad, out.good = append(out.bad, int64(a)), append(out.good, int64(b))
	}
	return out, missing, nil
}

// rows counts those of groups lo … hi-1.
func (g *groups) rows(lo, hi int) int64 {
	return g.good[hi] - g.good[lo] + g.bad[hi] - g.bad[lo]
}

// at returns the value of rank i, from 0.
func (g *groups) at(i int64) float64 {
	lo, hi := 0, len(g.x)-1
	for lo < hi {
		if mid := (lo + hi) / 2; g.rows(0, mid+1) > i {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return g.x[lo]
}

// edges returns the values half way between the groups at cuts and those before.
func (g *groups) edges(cuts []int) []float64 {
	var out []float64
	for _, k := range cuts {
		x := g.x[k-1]/2 + g.x[k]/2
		if x <= g.x[k-1] {
			x = g.x[k]
		}
		out = append(out, x)
	}
	return out
}

// leaf is a leaf of the tree with its best split.
type leaf struct {
	lo, hi, cut int // groups lo … hi-1; cut 0: none
	gain        float64
}

// leaves is a heap of the largest gain, the leftmost among equals.
type leaves []leaf

func (h leaves) Len() int { return len(h) }
func (h leaves) Less(i, j int) bool {
	return h[i].gain > h[j].gain || h[i].gain == h[j].gain && h[i].lo < h[j].lo
}
func (h leaves) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *leaves) Push(x any)   { *h = append(*h, x.(leaf)) }
func (h *leaves) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	*h = (*h)[:last]
	return x
}

// tree grows a tree of at most k leaves, each of the given share of rows at least, always
// by the split that saves most impurity, and returns where it cuts, ascending.
func (g *groups) tree(k int, share float64) []int {
	least := max(1, int64(math.Ceil(share*float64(g.rows(0, len(g.x))))))
	var cuts []int
	h := &leaves{}
	if l := g.split(0, len(g.x), least); l.cut > 0 {
		heap.Push(h, l)
	}
	for h.Len() > 0 && len(cuts)+1 < k {
		l := heap.Pop(h).(leaf)
		cuts = append(cuts, l.cut)
		for _, part := range [][2]int{{l.lo, l.cut}, {l.cut, l.hi}} {
			if next := g.split(part[0], part[1], least); next.cut > 0 {
				heap.Push(h, next)
			}
		}
	}
	slices.Sort(cuts)
	return cuts
}

// split finds the cut of groups lo … hi-1 that saves most Gini impurity, times rows; the
// lowest among equals.
func (g *groups) split(lo, hi int, least int64) leaf {
	out := leaf{lo: lo, hi: hi}
	if lo >= hi || g.good[hi] == g.good[lo] || g.bad[hi] == g.bad[lo] {
		return out
	}
	square := func(a, b int) float64 {
		p, q := float64(g.good[b]-g.good[a]), float64(g.bad[b]-g.bad[a])
		return (p*p + q*q) / (p + q)
	}
	whole, best := square(lo, hi), math.Inf(-1)
	for cut := lo + 1; cut < hi; cut++ {
		if g.rows(lo, cut) < least || g.rows(cut, hi) < least {
			continue
		}
		if s := square(lo, cut) + square(cut, hi); s > best {
			best, out.cut, out.gain = s, cut, s-whole
		}
	}
	return out
}

// monotone joins the bins that cuts make, so that the share of good rows rises or falls and
// the information value is the largest. It returns the cuts that stay.
func (g *groups) monotone(cuts []int, opt BinOptions) []int {
	at := append(append([]int{0}, cuts...), len(g.x))
	if opt.Trend != 0 {
		keep, _ := g.join(at, opt.Trend, opt.Bins)
		return keep
	}
	up, rising := g.join(at, 1, opt.Bins)
	down, falling := g.join(at, -1, opt.Bins)
	if falling > rising {
		return down
	}
	return up
}

// join is the dynamic programme: best[b][i][j] is the largest information value of the
// start's bins before at[j] in b+1 bins, of which the last begins at at[i].
func (g *groups) join(at []int, trend, most int) ([]int, float64) {
	m := len(at) - 1
	most = min(most, m)
	goods, bads := float64(g.good[len(g.x)]), float64(g.bad[len(g.x)])
	count := func(i, j int) (good, bad int64) {
		return g.good[at[j]] - g.good[at[i]], g.bad[at[j]] - g.bad[at[i]]
	}
	// before says whether the bin k … i may stand before the bin i … j.
	before := func(k, i, j int) bool {
		g1, b1 := count(k, i)
		g2, b2 := count(i, j)
		hi1, lo1 := bits.Mul64(uint64(g1), uint64(b2)) // g1/b1 <= g2/b2 when rising
		hi2, lo2 := bits.Mul64(uint64(g2), uint64(b1))
		order := cmp.Or(cmp.Compare(hi1, hi2), cmp.Compare(lo1, lo2))
		return order*trend <= 0
	}
	size := m * (m + 1)
	best := make([]float64, most*size)
	from := make([]int, most*size)
	cell := func(b, i, j int) int { return b*size + i*(m+1) + j }
	top, end, bin := math.Inf(-1), 0, 0
	for b := range most {
		for i := range m {
			for j := i + 1; j <= m; j++ {
				here := cell(b, i, j)
				best[here] = math.Inf(-1)
				good, bad := count(i, j)
				if b == 0 != (i == 0) || (good == 0 || bad == 0) && j-i < m {
					continue
				}
				_, value := evidence(float64(good), float64(bad), goods, bads)
				if b == 0 {
					best[here] = value
				}
				for k := 0; b > 0 && k < i; k++ {
					if v := best[cell(b-1, k, i)] + value; v > best[here] && before(k, i, j) {
						best[here], from[here] = v, k
					}
				}
				if j == m && best[here] > top {
					top, end, bin = best[here], i, b
				}
			}
		}
	}
	var keep []int
	for i, j, b := end, m, bin; b > 0; b-- {
		keep = append(keep, at[i])
		i, j = from[cell(b, i, j)], i
	}
	slices.Reverse(keep)
	return keep, top
}
