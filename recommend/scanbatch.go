package recommend

import (
	"math"
	"math/bits"
	"slices"

	"github.com/aislekit/aisle/internal/topk"
	"github.com/aislekit/aisle/internal/vec"
)

// Many users against one model of vectors: a tile of users is held against panels
// of items, and of each product only one bit leaves the registers, whether it may
// reach what the user's list asks for now. The few that may are scored again as
// scan scores them, so the lists are those of scan to the last bit.

const (
	tileUsers  = 8 * vec.PanelUsers // users answered at once: the items are read once for all of them
	tilePanels = 4                  // panels between two looks at the thresholds
)

// itemPack is the items of a model cut into panels, longest vectors first, so
// that thresholds rise early and what is too short for a list is not multiplied.
type itemPack struct {
	y, bias []float32 // of the model
	factors int
	depth   int // factors, and one more for the bias

	panels []float32 // panel by panel, depth × PanelItems
	ids    []int32   // of the columns; -1 behind the last item
	longest,
	highest []float64 // of a panel: its largest norm and bias
	maxBias float64 // largest magnitude
}

// packItems returns nil where packing gains nothing: without vectors, or vectors
// that are not finite.
func packItems(vs vectorScorer) *itemPack {
	if vs == nil || !vec.Fast() {
		return nil
	}
	y, bias, f := vs.itemVectors()
	order := vs.byNorm()
	if order == nil || len(order.ids) == 0 {
		return nil
	}
	n := len(order.ids)
	p := &itemPack{y: y, bias: bias, factors: f, depth: f, maxBias: order.maxBias}
	if bias != nil {
		p.depth++
	}
	const width = vec.PanelItems
	count := (n + width - 1) / width
	p.panels = make([]float32, count*p.depth*width)
	p.ids = make([]int32, count*width)
	p.longest, p.highest = make([]float64, count), make([]float64, count)
	for at := range p.ids {
		panel, j := at/width, at%width
		if at >= n {
			p.ids[at] = -1
			continue
		}
		i := int(order.ids[at])
		p.ids[at] = int32(i)
		dst := p.panels[panel*p.depth*width+j:]
		for k, v := range y[i*f : i*f+f] {
			dst[k*width] = v
		}
		p.longest[panel] = max(p.longest[panel], order.norms[at])
		if bias != nil {
			b := float64(bias[i])
			dst[f*width] = bias[i]
			if j == 0 || b > p.highest[panel] {
				p.highest[panel] = b
			}
		}
	}
	return p
}

// of reports whether s scores by the vectors of p.
func (p *itemPack) of(s *scan) bool {
	return p != nil && s.scores == nil && len(s.v) == p.factors && len(s.y) == len(p.y) && &s.y[0] == &p.y[0]
}

// tileUser is a user of a tile: what the arguments of scan.top are to one.
type tileUser struct {
	s    *scan
	h    *topk.Heap
	free indexSet
	n    int
	from float32

	norm   float64 // of s.v
	margin float64 // by how much a product may fall short of the score it stands for
}

// tile is the scratch of a worker.
type tile struct {
	users     []tileUser
	few       []tileUser // whom the panels do not pay for
	packed    []float32  // groups of PanelUsers vectors, depth × PanelUsers
	threshold []float32
	masks     []uint32
}

func (t *tile) reset() { t.users, t.few = t.users[:0], t.few[:0] }

// add puts a user into t, whose scan is ready and whose heap has been reset.
func (t *tile) add(p *itemPack, u tileUser) {
	free := 0
	for _, word := range u.free {
		free += bits.OnesCount64(word)
	}
	// A long list, or one from few items, meets too many hits.
	if free < len(p.ids)/8 || u.h.Cap() > len(p.ids)/32 || !u.measure(p.longest[0], p.maxBias, p.depth) {
		t.few = append(t.few, u)
		return
	}
	t.users = append(t.users, u)
}

// measure sets norm and margin. It returns false where a score could leave
// float32, so that nothing can be said about it.
func (u *tileUser) measure(longest, maxBias float64, terms int) bool {
	u.norm = math.Sqrt(vec.Norm2(u.s.v))
	reach := u.norm*longest + maxBias + math.Abs(float64(u.s.base))
	// Two sums are each within γ·Σ|terms| of the true one, γ = n·2⁻²⁴/(1-n·2⁻²⁴),
	// and what underflows is below the constant.
	n := float64(terms+8) * 0x1p-24
	u.margin = 2*n/(1-n)*reach + 1e-37
	return reach < math.MaxFloat32/4
}

// top fills the heaps of all users as scan.top does.
func (t *tile) top(p *itemPack) {
	for _, u := range t.few {
		u.s.top(u.h, u.free, u.n, u.from)
	}
	for len(t.users)%vec.PanelUsers != 0 {
		t.users = append(t.users, tileUser{})
	}
	groups := len(t.users) / vec.PanelUsers
	if groups == 0 {
		return
	}
	t.pack(p)
	const width, wide = vec.PanelItems, vec.PanelUsers
	panelSize := p.depth * width
	t.masks = slices.Grow(t.masks[:0], tilePanels*wide)[:tilePanels*wide]
	// One call stays short of what would hold up the collector.
	step := max(1, min(tilePanels, 1<<18/(panelSize*wide)))
	for lo := 0; lo < len(p.longest); lo += step {
		hi := min(lo+step, len(p.longest))
		for g := range groups {
			users := t.users[g*wide : g*wide+wide]
			thresholds := t.threshold[g*wide : g*wide+wide]
			if !p.canReach(users, lo, hi) {
				continue
			}
			masks := t.masks[:(hi-lo)*wide]
			vec.PanelAbove(masks, p.panels[lo*panelSize:hi*panelSize], t.packed[g*p.depth*wide:(g+1)*p.depth*wide], thresholds, p.depth)
			for at, m := range masks {
				if m == 0 {
					continue
				}
				u := at % wide
				ids := p.ids[(lo+at/wide)*width:]
				for ; m != 0; m &= m - 1 {
					users[u].offer(p, ids[bits.TrailingZeros32(m)])
				}
				thresholds[u] = users[u].wanted()
			}
		}
	}
	for k := range t.users {
		if u := &t.users[k]; u.s != nil {
			u.finish()
		}
	}
}

// finish offers the items that have scores but no vectors in the model.
func (u *tileUser) finish() {
	rows := u.s.rows()
	for i := rows; i < u.n; i++ {
		if v := u.s.tail[i-rows]; u.free.has(int32(i)) && v >= u.s.threshold {
			u.keep(int32(i), v)
		}
	}
}

// pack lays out the vectors of the users in groups and sets the thresholds.
func (t *tile) pack(p *itemPack) {
	const wide = vec.PanelUsers
	t.packed = slices.Grow(t.packed[:0], len(t.users)*p.depth)[:len(t.users)*p.depth]
	clear(t.packed)
	t.threshold = slices.Grow(t.threshold[:0], len(t.users))[:len(t.users)]
	for k := range t.users {
		u := &t.users[k]
		if u.s == nil { // behind the last user
			t.threshold[k] = float32(math.Inf(1))
			continue
		}
		dst := t.packed[k/wide*p.depth*wide+k%wide:]
		for j, v := range u.s.v {
			dst[j*wide] = v
		}
		if p.bias != nil {
			dst[p.factors*wide] = 1
		}
		u.s.threshold = u.from
		t.threshold[k] = u.wanted()
	}
}

// wanted returns what a product must reach to be worth a second look.
func (u *tileUser) wanted() float32 {
	if u.h.Full() && u.h.Cap() == 0 {
		return float32(math.Inf(1))
	}
	w := float64(u.s.threshold) - float64(u.s.base) - u.margin
	return math.Nextafter32(float32(w), float32(math.Inf(-1)))
}

// offer scores item i as scan does and keeps it if it is free and good enough.
func (u *tileUser) offer(p *itemPack, i int32) {
	if i < 0 || !u.free.has(i) {
		return
	}
	f := p.factors
	score := vec.Dot(u.s.v, p.y[int(i)*f:int(i)*f+f])
	if p.bias != nil {
		score += u.s.base + p.bias[i]
	}
	if score >= u.s.threshold {
		u.keep(i, score)
	}
}

func (u *tileUser) keep(i int32, score float32) {
	u.h.Push(i, score)
	if u.h.Full() {
		// Items do not come in order of index: an equal score may still displace.
		u.s.threshold = max(u.s.threshold, u.h.Worst().Score)
	}
}

// canReach reports whether a panel of lo to hi can still help one of the users:
// no product is larger than the product of the norms.
func (p *itemPack) canReach(users []tileUser, lo, hi int) bool {
	longest, highest := p.longest[lo], 0.0 // norms descend
	if p.bias != nil {
		highest = slices.Max(p.highest[lo:hi])
	}
	for k := range users {
		u := &users[k]
		if u.s != nil && u.norm*longest+highest+float64(u.s.base)+u.margin >= float64(u.s.threshold) {
			return true
		}
	}
	return false
}
