package recommend

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// SourcePinned names what a Pin put into an answer. It has no score.
const SourcePinned = "pinned"

// Cap lets at most Max items of each value of an attribute into an answer: two of
// a brand, three of a category. An item with several values counts for each of
// them; items without a value are not capped.
//
// Under caps an answer is what a walk from the best eligible item down keeps,
// when it takes every item that breaks no cap, until K are taken: pinned items
// first, then source by source. It is shorter than min(K, eligible) only when
// every item left would break a cap. With one cap on an attribute of one value
// each, no answer could be longer or better; with several caps another choice
// could be longer, at the price of leaving better items out.
type Cap struct {
	Attribute string
	Max       int // >= 1
}

// Pin asks for an item at a fixed place of the answer. Pins are subject to all
// filters and caps, in the order of their positions: a pinned item that is not
// eligible is left out and its place is filled as usual. When the answer ends
// before the place, the pin moves up to its end; a place after K is none.
type Pin[I ID] struct {
	Item     I
	Position int // 1 is the first
}

// Boost changes the scores of the items that it means, in every source, before
// they are ranked: Multiply first, then Add. A negative score is divided by
// Multiply, so that a factor above 1 always raises and one below 1 always lowers.
// What a sparse source knows nothing about stays unknown.
type Boost struct {
	Set   *ItemSet // the items, or
	Where *Rule    // the items for which the rule holds; with both, those in both

	Multiply float32 // >= 0 and finite; 0 means 1
	Add      float32 // >= 0 and finite, on the scale of the source's scores
}

// validatePolicy checks caps, pins, boosts and rules.
func (r *Request[U, I]) validatePolicy(s *state[U, I]) error {
	const where = "Engine.Recommend"
	if !r.sound() {
		return r.complain()
	}
	for k, x := range r.Caps {
		if !s.view.knows(x.Attribute) {
			return fmt.Errorf("recommend: Engine.Recommend: Caps[%d]: attribute %q: %w", k, x.Attribute, ErrUnknownID)
		}
	}
	for k, b := range r.Boosts {
		if b.Set != nil && b.Set.Size() != s.items {
			return fmt.Errorf("recommend: Engine.Recommend: Boosts[%d] is a set of %d items, the catalogue has %d: %w", k, b.Set.Size(), s.items, ErrMismatch)
		}
		if b.Where != nil {
			if err := s.view.check(b.Where, where); err != nil {
				return err
			}
		}
	}
	if r.Where != nil {
		return s.view.check(r.Where, where)
	}
	return nil
}

// sound checks the fields of caps, pins and boosts without a cost.
func (r *Request[U, I]) sound() bool {
	for _, x := range r.Caps {
		if x.Max < 1 {
			return false
		}
	}
	for k, p := range r.Pins {
		if p.Position < 1 {
			return false
		}
		for _, o := range r.Pins[:k] {
			if o.Position == p.Position || o.Item == p.Item {
				return false
			}
		}
	}
	for _, b := range r.Boosts {
		if !(b.Multiply >= 0) || !check.Finite(float64(b.Multiply)) || !(b.Add >= 0) || !check.Finite(float64(b.Add)) || b.Set == nil && b.Where == nil {
			return false
		}
	}
	return true
}

// complain names every field that is not sound.
func (r *Request[U, I]) complain() error {
	var c check.Options
	for k, x := range r.Caps {
		c.Require(x.Max >= 1, fmt.Sprintf("Caps[%d].Max", k), x.Max, "at least 1")
	}
	for k, p := range r.Pins {
		c.Require(p.Position >= 1, fmt.Sprintf("Pins[%d].Position", k), p.Position, "at least 1")
		for j, o := range r.Pins[:k] {
			c.Require(o.Position != p.Position && o.Item != p.Item, fmt.Sprintf("Pins[%d]", k), p, fmt.Sprintf("an item and a position other than Pins[%d]'s", j))
		}
	}
	for k, b := range r.Boosts {
		check.NonNegative(&c, fmt.Sprintf("Boosts[%d].Multiply", k), b.Multiply)
		check.NonNegative(&c, fmt.Sprintf("Boosts[%d].Add", k), b.Add)
		c.Require(b.Set != nil || b.Where != nil, fmt.Sprintf("Boosts[%d]", k), "no items", "Set or Where")
	}
	return c.Err("recommend: Engine.Recommend")
}

// capState counts what a request has taken of each value of an attribute.
type capState struct {
	base, more *attribute
	join       []int32 // code of more → code here
	counts     []int32
	max        int32
}

// startCaps readies the counts of a request.
func (s *state[U, I]) startCaps(w *scratch[I], caps []Cap) {
	w.caps = slices.Grow(w.caps[:0], len(caps))[:len(caps)] // with the memory of earlier requests
	for k, x := range caps {
		c := &w.caps[k]
		c.base, c.more, c.join = s.view.base.attrs[x.Attribute], nil, nil
		n := 0
		if c.base != nil {
			n = len(c.base.values)
		}
		if s.view.more != nil {
			c.more, c.join = s.view.more.attrs[x.Attribute], s.join[x.Attribute]
			if c.more != nil {
				n += len(c.more.values)
			}
		}
		c.counts = slices.Grow(c.counts[:0], n)[:n]
		clear(c.counts)
		c.max = int32(min(x.Max, len(w.free)*64))
	}
}

// keep takes item i out of what is free, and with it everything that a cap now
// forbids.
func (s *state[U, I]) keep(w *scratch[I], i int32) {
	w.free.drop(i)
	for k := range w.caps {
		c := &w.caps[k]
		if int(i) < s.items {
			if c.base != nil {
				for _, code := range c.base.codesOf(i) {
					c.count(w.free, s.items, code)
				}
			}
		} else if c.more != nil {
			for _, code := range c.more.codesOf(i - int32(s.items)) {
				c.count(w.free, s.items, c.join[code])
			}
		}
	}
}

func (c *capState) count(free indexSet, items int, code int32) {
	if c.counts[code]++; c.counts[code] != c.max {
		return
	}
	first := int32(0)
	if c.base != nil {
		if first = int32(len(c.base.values)); code < first {
			c.base.sets[code].removeFrom(free, 0)
		}
	}
	if c.more == nil {
		return
	}
	for k, to := range c.join {
		if to == code {
			c.more.sets[k].removeFrom(free, items)
		}
	}
}

// joinCodes maps the values of more to codes after those of base, equal values to
// equal codes.
func joinCodes(base, more *Catalogue) map[string][]int32 {
	join := make(map[string][]int32, len(more.attrs))
	for name, m := range more.attrs {
		b := base.attrs[name]
		codes := make([]int32, len(m.values))
		for k, v := range m.values {
			codes[k] = int32(k)
			if b == nil {
				continue
			}
			if code, ok := b.codes[v]; ok {
				codes[k] = code
			} else {
				codes[k] = int32(len(b.values) + k)
			}
		}
		join[name] = codes
	}
	return join
}

// boost leaves the boosted scores of w.scan in w.boosted, and makes them what is
// ranked. from is the score below which an item is unknown.
func (s *state[U, I]) boost(w *scratch[I], boosts []Boost, from float32) {
	n := s.items + len(s.arrivals)
	w.boosted = slices.Grow(w.boosted[:0], n)[:n]
	copy(w.boosted, w.scan.scores)
	for k := range boosts {
		b := &boosts[k]
		s.meant(w, b)
		factor := check.Default(b.Multiply, 1)
		for at, word := range w.mark {
			for ; word != 0; word &= word - 1 {
				i := at<<6 + trailing(word)
				if i >= n {
					break
				}
				v := w.boosted[i]
				if !(v >= from) {
					continue
				}
				if v < 0 {
					v /= factor
				} else {
					v *= factor
				}
				w.boosted[i] = min(max(v+b.Add, from), math.MaxFloat32) // known it stays, and a number
			}
		}
	}
	w.scan.scores = w.boosted
}

// meant leaves the free items of a boost in w.mark.
func (s *state[U, I]) meant(w *scratch[I], b *Boost) {
	copy(w.mark, w.free)
	if b.Set != nil {
		w.mark.and(b.Set.set.Words()) // no arrival is a member
	}
	if b.Where != nil {
		part := w.rule.at(0, len(w.mark))
		s.view.eval(part, b.Where, &w.rule, 1)
		w.mark.and(part)
	}
}

// pinned is an accepted pin.
type pinned struct {
	position int
	item     int32
}

func comparePinned(a, b pinned) int { return cmp.Compare(a.position, b.position) }

// pin accepts the pins that are eligible, in the order of their positions.
func (s *state[U, I]) pin(w *scratch[I], req *Request[U, I], info *Info) {
	w.pins = w.pins[:0]
	for _, p := range req.Pins {
		if i := s.of(p.Item); i < 0 {
			info.UnknownPins++
		} else if p.Position <= req.K {
			w.pins = append(w.pins, pinned{p.Position, i})
		}
	}
	slices.SortFunc(w.pins, comparePinned)
	kept := w.pins[:0]
	for _, p := range w.pins {
		if w.free.has(p.item) {
			s.keep(w, p.item)
			kept = append(kept, p)
		}
	}
	w.pins = kept
	info.Pinned = len(kept)
}

// placePins moves the pins into the answer that begins at start.
func (s *state[U, I]) placePins(w *scratch[I], dst []Recommendation[I], start int) []Recommendation[I] {
	if len(w.pins) == 0 {
		return dst
	}
	from := len(dst) - 1 // last item without a pin
	others := len(dst) - start
	for range w.pins {
		dst = append(dst, Recommendation[I]{})
	}
	j := len(w.pins) - 1
	for p := len(dst) - start; p >= 1; p-- {
		if j >= 0 && min(w.pins[j].position, others+j+1) == p {
			dst[start+p-1] = Recommendation[I]{Item: s.id(w.pins[j].item), Source: SourcePinned}
			j--
		} else {
			dst[start+p-1] = dst[from]
			from--
		}
		dst[start+p-1].Rank = p
	}
	return dst
}

// firstAsk is how many items choose looks at first under caps.
func firstAsk(n, size int) int { return min(2*min(n, size)+16, size) }

// choose leaves in w.top the best n free items of w.scan that no cap forbids, and
// frees them no more.
func (s *state[U, I]) choose(w *scratch[I], n int, from float32) {
	size := s.items + len(s.arrivals)
	h := &w.heap
	if len(w.caps) == 0 {
		h.Reset(n)
		w.scan.top(h, w.free, size, from)
		w.top = h.AppendSorted(w.top[:0])
		for _, it := range w.top {
			w.free.drop(it.ID)
		}
		return
	}
	w.top = w.top[:0]
	for ask := firstAsk(n, size); n > 0; ask *= 2 {
		ask = min(ask, size)
		h.Reset(ask)
		w.scan.top(h, w.free, size, from)
		w.batch = h.AppendSorted(w.batch[:0])
		for _, it := range w.batch {
			if n > 0 && w.free.has(it.ID) {
				s.keep(w, it.ID)
				w.top = append(w.top, it)
				n--
			}
		}
		if len(w.batch) < ask || ask == size {
			return
		}
	}
}
