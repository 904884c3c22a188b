package reorder

import (
	"cmp"
	"math"
	"slices"
)

// maxNodes bounds the branch and bound of whole units.
const maxNodes = 1 << 18

// option is a quantity of a product and what it costs above its best at the prices of the limits.
type option struct{ q, gap float64 }

// whole rounds quantities to the best whole ones within the limits, and reports whether that is proven. With prices λ a choice q costs
// the dual value plus Σ gapᵢ(qᵢ) plus λ·(what is left of the limits), so that only options with gaps below the distance of the best
// choice so far from the dual value can be in a better one.
func (l *limited) whole(q, prices []float64) ([]float64, bool) {
	n := len(q)
	free := l.at(prices)
	priced := func(i int, x float64) float64 {
		c := l.cost(i, x)
		for r, p := range prices {
			c += p * l.uses[i][r] * x
		}
		return c
	}
	bound := 0.0
	for i := range n {
		bound += priced(i, free[i])
	}
	for r, p := range prices {
		bound -= p * l.limits[r]
	}
	best, cost := l.fill(q), 0.0
	for i := range n {
		cost += l.cost(i, best[i])
	}
	slack := 1e-12 * (math.Abs(bound) + math.Abs(cost))
	if cost-bound <= slack {
		return best, true
	}
	options := make([][]option, n)
	for i := range n {
		least := priced(i, free[i])
		for _, dir := range []float64{-1, 1} {
			for x := free[i] + min(dir, 0); x >= 0; x += dir { // below free[i], then from it up
				gap := priced(i, x) - least
				if gap > cost-bound+slack {
					break
				}
				if options[i] = append(options[i], option{x, max(gap, 0)}); len(options[i]) > 4096 {
					return best, false
				}
			}
		}
		if len(options[i]) == 0 {
			return best, false
		}
		slices.SortFunc(options[i], func(a, b option) int { return cmp.Or(cmp.Compare(a.gap, b.gap), cmp.Compare(a.q, b.q)) })
	}
	b := bounded{l: l, options: options, prices: prices, bound: bound, best: best, cost: cost, slack: slack, now: make([]float64, n)}
	// What later products need at least, so that hopeless branches end early.
	b.least = make([][]float64, n+1)
	b.least[n] = make([]float64, len(l.limits))
	for i := n - 1; i >= 0; i-- {
		low := options[i][0].q
		for _, o := range options[i] {
			low = min(low, o.q)
		}
		b.least[i] = slices.Clone(b.least[i+1])
		for r, u := range l.uses[i] {
			b.least[i][r] += u * low
		}
	}
	b.left = make([][]float64, n+1)
	for i := range b.left {
		b.left[i] = slices.Clone(l.limits)
	}
	b.search(0, 0)
	return b.best, b.nodes <= maxNodes
}

// fill rounds down and then adds the units that save most for what they use of the limits that are left.
func (l *limited) fill(q []float64) []float64 {
	out, left := make([]float64, len(q)), slices.Clone(l.limits)
	for i, x := range q {
		out[i] = math.Floor(x + 1e-9)
		for r, u := range l.uses[i] {
			left[r] -= u * out[i]
		}
	}
	for range 16 * len(q) {
		pick, most := -1, 0.0
		for i, u := range l.uses {
			share, fits := 0.0, true
			for r := range u {
				fits = fits && u[r] <= left[r]+1e-9*l.limits[r]
				share = max(share, u[r]/l.limits[r])
			}
			if save := l.cost(i, out[i]) - l.cost(i, out[i]+1); fits && save > 0 && save/max(share, 1e-300) > most {
				pick, most = i, save/max(share, 1e-300)
			}
		}
		if pick < 0 {
			break
		}
		out[pick]++
		for r, u := range l.uses[pick] {
			left[r] -= u
		}
	}
	return out
}

// bounded is the state of a branch and bound over the options of each product.
type bounded struct {
	l       *limited
	options [][]option
	prices  []float64
	least   [][]float64 // of each limit that products from i on need
	left    [][]float64 // of each limit, before product i
	bound   float64
	best    []float64
	cost    float64
	slack   float64
	now     []float64
	nodes   int
}

// search chooses for product i and after, gap above the dual value so far.
func (b *bounded) search(i int, gap float64) {
	if b.nodes++; b.nodes > maxNodes {
		return
	}
	if i == len(b.options) {
		cost := b.bound + gap // and what is paid for what is left over
		for r, p := range b.prices {
			cost += p * b.left[i][r]
		}
		if cost < b.cost-b.slack {
			b.best, b.cost = slices.Clone(b.now), cost
		}
		return
	}
	for _, o := range b.options[i] {
		if b.bound+gap+o.gap >= b.cost-b.slack {
			return // the others have larger gaps
		}
		fits := true
		for r, u := range b.l.uses[i] {
			b.left[i+1][r] = b.left[i][r] - u*o.q
			fits = fits && b.left[i+1][r]-b.least[i+1][r] >= -1e-9*b.l.limits[r]
		}
		if fits {
			b.now[i] = o.q
			b.search(i+1, gap+o.gap)
		}
	}
}
