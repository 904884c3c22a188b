package segment

import (
	"context"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/vec"
)

// condensed holds the distances of n clusters, each pair once: (0,1), (0,2), …, (1,2), …
type condensed struct {
	n int
	d []float64
}

// at returns where the distance of i < j stands.
func (c *condensed) at(i, j int) int { return c.from(i) + j }

// from is what is to be added to j to get where the distance of i < j stands.
func (c *condensed) from(i int) int { return i*(2*c.n-i-1)/2 - i - 1 }

// distances measures all pairs of points.
func (p *points) distances(ctx context.Context) (*condensed, error) {
	c := &condensed{n: p.n, d: make([]float64, p.n*(p.n-1)/2)}
	return c, parallel.For(ctx, p.n, 16, 0, func(_, lo, hi int) error {
		for i := lo; i < hi; i++ {
			x, to := p.row(i), c.d[c.from(i)+i+1:][:p.n-i-1]
			for j := range to {
				to[j] = math.Sqrt(squared(x, p.row(i+1+j)))
			}
		}
		return nil
	})
}

// link is the dendrogram of any distances; c is used up.
func (c *condensed) link(ctx context.Context, linkage Linkage) ([]joint, error) {
	if linkage == LinkSingle {
		return c.spanningTree(ctx)
	}
	return c.chain(ctx, linkage)
}

// chain merges by a chain of nearest neighbours (Murtagh 1983): from any cluster to its
// nearest, from there on, until two are each other's nearest. For these linkages merging
// others first brings neither nearer to anything, so the order does not matter. The new
// cluster takes the place of the first of the two; distances follow by Lance and Williams.
func (c *condensed) chain(ctx context.Context, linkage Linkage) ([]joint, error) {
	if linkage == LinkWard { // works on squares
		for i, x := range c.d {
			c.d[i] = float64(x * x)
		}
	}
	meter := parallel.NewMeter(ctx)
	size, active := make([]float64, c.n), make([]int32, c.n)
	for i := range active {
		size[i], active[i] = 1, int32(i)
	}
	tree, chain := make([]joint, 0, c.n-1), make([]int, 0, c.n)
	for len(tree) < c.n-1 {
		if len(chain) == 0 {
			chain = append(chain, int(active[0]))
		}
		tip, before, best := chain[len(chain)-1], -1, math.Inf(1)
		if len(chain) > 1 {
			before = chain[len(chain)-2]
			best = c.d[c.at(min(tip, before), max(tip, before))]
		}
		near := c.nearest(tip, before, best, active)
		if err := meter.Did(4 * len(active)); err != nil {
			return nil, err
		}
		if near != before {
			chain = extend(chain, near)
			continue
		}
		chain = chain[:len(chain)-2]
		a, b := min(tip, near), max(tip, near)
		height := c.d[c.at(a, b)]
		at, _ := slices.BinarySearch(active, int32(b))
		active = slices.Delete(active, at, at+1)
		c.join(a, b, height, linkage, size, active)
		if linkage == LinkWard {
			height = math.Sqrt(height)
		}
		tree = append(tree, joint{height, int32(a), int32(b)})
	}
	return tree, nil
}

// extend puts a cluster at the end of a chain. Rounding of what was merged may lead back
// into it where distances tie: then the chain goes on from there.
func extend(chain []int, near int) []int {
	if at := slices.Index(chain, near); at >= 0 {
		return chain[:at+1]
	}
	return append(chain, near)
}

// nearest returns the first of the active clusters that is nearer to tip than best, which
// is how near before is; that one if there is none.
func (c *condensed) nearest(tip, before int, best float64, active []int32) int {
	near := before
	own, _ := slices.BinarySearch(active, int32(tip))
	for _, j := range active[:own] {
		if x := c.d[c.at(int(j), tip)]; x < best {
			best, near = x, int(j)
		}
	}
	row := c.from(tip)
	for _, j := range active[own+1:] {
		if x := c.d[row+int(j)]; x < best {
			best, near = x, int(j)
		}
	}
	return near
}

// join puts b, which is active no more, into a: the distances of a become those of both
// together.
func (c *condensed) join(a, b int, apart float64, linkage Linkage, size []float64, active []int32) {
	na, nb := size[a], size[b]
	size[a] = na + nb
	share := nb / (na + nb)
	for _, k := range active {
		j := int(k)
		if j == a {
			continue
		}
		to := &c.d[c.at(min(a, j), max(a, j))]
		other := c.d[c.at(min(b, j), max(b, j))]
		switch linkage {
		case LinkComplete:
			*to = max(*to, other)
		case LinkAverage:
			*to += float64(share * (other - *to))
		case LinkWard:
			nj := size[j]
			*to = max(0, (float64((na+nj)**to)+float64((nb+nj)*other)-float64(nj*apart))/(na+nb+nj))
		}
	}
}

// spanningTree is single linkage (Prim): the edges of a minimum spanning tree are its
// merges.
func (c *condensed) spanningTree(ctx context.Context) ([]joint, error) {
	meter := parallel.NewMeter(ctx)
	near, from := make([]float64, c.n), make([]int32, c.n) // of those outside: nearest inside
	outside := make([]int32, c.n-1)
	for i := range outside {
		outside[i] = int32(i + 1)
		near[i+1] = math.Inf(1)
	}
	tree, tip := make([]joint, 0, c.n-1), 0
	for len(outside) > 0 {
		best, at := math.Inf(1), 0
		for q, k := range outside {
			j := int(k)
			if x := c.d[c.at(min(tip, j), max(tip, j))]; x < near[j] {
				near[j], from[j] = x, int32(tip)
			}
			if near[j] < best {
				best, at = near[j], q
			}
		}
		tip = int(outside[at])
		tree = append(tree, joint{best, from[tip], int32(tip)})
		outside = slices.Delete(outside, at, at+1)
		if err := meter.Did(4 * len(outside)); err != nil {
			return nil, err
		}
	}
	return tree, nil
}

// chunk is how many clusters are measured at a time: their tiles stay in the first cache.
const chunk = 256

// herd holds centroids of clusters in tiles, so that one can be measured from all. Slots
// of what has been merged or taken are closed (+Inf, infinitely far) and are swept out
// when half of them are; the order of the others never changes.
type herd struct {
	d      int
	x      []float64 // slots×d: centroids
	tiles  []float64 // the same as the kernel wants them
	leaf   []int32   // of each slot, the first point in it; -1 is closed
	open   int
	out    [chunk]float64
	number [1]int32
}

func newHerd(p *points) *herd {
	h := &herd{d: p.d, x: slices.Clone(p.x), leaf: make([]int32, p.n), open: p.n}
	for i := range h.leaf {
		h.leaf[i] = int32(i)
	}
	h.tiles = vec.SetTiles(make([]float64, 0, (p.n+3)&^3*p.d), h.x, p.d)
	return h
}

// row is the centroid of slot i.
func (h *herd) row(i int) []float64 { return h.x[i*h.d : (i+1)*h.d : (i+1)*h.d] }

// put writes what row has become into the tiles.
func (h *herd) put(i int) {
	tile := h.tiles[i&^3*h.d:]
	for q, v := range h.row(i) {
		tile[4*q+i&3] = v
	}
}

// closeSlot takes slot i out.
func (h *herd) closeSlot(i int) {
	h.leaf[i] = -1
	h.open--
	tile := h.tiles[i&^3*h.d:]
	for q := range h.d {
		tile[4*q+i&3] = math.Inf(1)
	}
}

// sweep tells whether half of the slots are closed, and closes the gaps if so; move is
// told where each open slot goes, in order.
func (h *herd) sweep(move func(from, to int)) bool {
	if 2*h.open > len(h.leaf) {
		return false
	}
	to := 0
	for i, l := range h.leaf {
		if l >= 0 {
			copy(h.row(to), h.row(i))
			h.leaf[to] = l
			move(i, to)
			to++
		}
	}
	h.leaf, h.x = h.leaf[:to], h.x[:to*h.d]
	h.tiles = vec.SetTiles(h.tiles[:0], h.x, h.d)
	return true
}

// measure gives the squared distances of x to slots from … from+chunk−1.
func (h *herd) measure(x []float64, from int) []float64 {
	to := min(from+chunk, len(h.leaf))
	tiles := h.tiles[from*h.d : (to+3)&^3*h.d]
	out := h.out[:(to-from+3)&^3]
	vec.Distances64(out, x, h.d, h.number[:], tiles)
	return out[:to-from]
}

// wardChain is the chain of nearest neighbours over centroids: Ward's distance follows from
// them and the sizes, so that no other distances need be held. Cost is about 3n searches.
func wardChain(ctx context.Context, p *points) ([]joint, error) {
	meter := parallel.NewMeter(ctx)
	h, size := newHerd(p), make([]float64, p.n)
	for i := range size {
		size[i] = 1
	}
	tree, chain := make([]joint, 0, p.n-1), make([]int, 0, p.n)
	moved := make([]int, p.n)
	for len(tree) < p.n-1 {
		if len(chain) == 0 {
			chain = append(chain, slices.IndexFunc(h.leaf, func(l int32) bool { return l >= 0 }))
		}
		tip, before := chain[len(chain)-1], -1
		if len(chain) > 1 {
			before = chain[len(chain)-2]
		}
		near, best := h.nearestWard(tip, before, size)
		if err := meter.Did(len(h.leaf) * (p.d/4 + 1)); err != nil {
			return nil, err
		}
		if near != before {
			chain = extend(chain, near)
			continue
		}
		chain = chain[:len(chain)-2]
		a, b := min(tip, near), max(tip, near)
		tree = append(tree, joint{math.Sqrt(best), h.leaf[a], h.leaf[b]})
		share, x := size[b]/(size[a]+size[b]), h.row(a)
		for q, v := range h.row(b) {
			x[q] += float64(share * (v - x[q]))
		}
		size[a] += size[b]
		h.put(a)
		h.closeSlot(b)
		if h.sweep(func(from, to int) { size[to], moved[from] = size[from], to }) {
			for i, s := range chain {
				chain[i] = moved[s]
			}
		}
	}
	return tree, nil
}

// nearestWard returns the slot that Ward's distance puts nearest to tip, before if that is
// as near, else the first, and the squared distance. Most slots are passed over by
// what the distance would be at the least, that of a cluster of one, less some ulps.
func (h *herd) nearestWard(tip, before int, size []float64) (near int, best float64) {
	x, own := h.row(tip), size[tip]
	near, best = before, math.Inf(1)
	if before >= 0 {
		best = wardApart(own, size[before], squared(x, h.row(before)))
	}
	least := 2 * own / (own + 1) * (1 - 4e-15)
	cut := best / least
	for from := 0; from < len(h.leaf); from += chunk {
		for i, v := range h.measure(x, from) {
			if v > cut || from+i == tip {
				continue
			}
			if v = wardApart(own, size[from+i], v); v < best {
				near, best, cut = from+i, v, v/least
			}
		}
	}
	return near, best
}

// wardApart is Ward's squared distance of two clusters of a and b rows, the same bits either
// way round: distances along a chain must fall.
func wardApart(a, b, squared float64) float64 { return 2 * (a * b) / (a + b) * squared }

// spanningTree is single linkage of points (Prim), measuring from each as it is reached.
func spanningTree(ctx context.Context, p *points) ([]joint, error) {
	meter := parallel.NewMeter(ctx)
	h := newHerd(p)
	near, from := make([]float64, p.n), make([]int32, p.n)
	for i := range near {
		near[i] = math.Inf(1)
	}
	tree := make([]joint, 0, p.n-1)
	x, tip := p.row(0), int32(0)
	h.closeSlot(0)
	for h.open > 0 {
		best, at := math.Inf(1), 0
		for lo := 0; lo < len(h.leaf); lo += chunk {
			for i, v := range h.measure(x, lo) {
				i += lo
				if v < near[i] {
					near[i], from[i] = v, tip
				}
				if near[i] < best {
					best, at = near[i], i
				}
			}
		}
		if err := meter.Did(len(h.leaf) * (p.d/4 + 1)); err != nil {
			return nil, err
		}
		tree = append(tree, joint{math.Sqrt(best), from[at], h.leaf[at]})
		tip = h.leaf[at]
		x = p.row(int(tip))
		near[at] = math.Inf(1)
		h.closeSlot(at)
		h.sweep(func(i, to int) { near[to], from[to] = near[i], from[i] })
	}
	return tree, nil
}
