package recommend

import (
	"cmp"
	"fmt"
	"iter"
	"math"
	"slices"
	"sort"
	"strconv"

	"github.com/aislekit/aisle/internal/bitset"
	"github.com/aislekit/aisle/internal/check"
)

// Fact says that an item has a value of an attribute: brand acme, category tea,
// colour red. An item may have several values of one attribute, one fact each.
type Fact[I ID] struct {
	Item      I      // its id
	Attribute string // not empty
	Value     string // any, the empty one too
	// Number is read instead of Value where the attribute is one of
	// CatalogueOptions.Bands: a price, a weight, an age in days.
	Number float64
}

// CatalogueOptions configures NewCatalogue.
type CatalogueOptions struct {
	// Bands cuts numeric attributes at ascending edges. The item's value is then
	// the name of its band: with edges 10 and 50, "[-Inf,10)", "[10,50)" or
	// "[50,+Inf)", as BandName writes them.
	Bands map[string][]float64
}

// BandName returns the value of the attribute for a number: the name of the band
// between two edges that it falls in, the lower edge included.
func BandName(edges []float64, number float64) string {
	k := sort.Search(len(edges), func(k int) bool { return edges[k] > number })
	lo, hi := math.Inf(-1), math.Inf(1)
	if k > 0 {
		lo = edges[k-1]
	}
	if k < len(edges) {
		hi = edges[k]
	}
	name := func(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
	return "[" + name(lo) + "," + name(hi) + ")"
}

// Catalogue is what is known about the items besides who took them: for each
// pair of attribute and value the set of items that have it. Rules, caps and
// price bands of an Engine are answered from it. Immutable, safe for concurrent
// use.
//
// Memory: 8 bytes a fact, or 1 bit an item for values of more than 1 item in 32.
type Catalogue struct {
	origin
	n     int
	bands map[string][]float64
	attrs map[string]*attribute

	// Unknown counts the facts about items outside the index, which were left
	// out.
	Unknown int
}

// attribute is one attribute of all items.
type attribute struct {
	codes   map[string]int32 // value → code, codes ascending by value
	values  []string
	ptr     []int32 // item → its codes
	of      []int32
	sets    []postings // of each code
	numbers []float64  // of each item, NaN where unknown; nil without bands
}

// postings is a set of items: a bitmap or, for rare values, a list.
type postings struct {
	bits indexSet
	list []int32
}

// NewCatalogue collects the facts about the items of an index, in any order;
// facts that come twice count once.
//
// Errors: ErrOption (bands that are not ascending and finite), ErrRange (a fact
// without attribute, or without value where there is no number), ErrNotFinite (a
// number), ErrDuplicate (two numbers of one item and attribute).
func NewCatalogue[I ID](items *Index[I], facts iter.Seq[Fact[I]], opt CatalogueOptions) (*Catalogue, error) {
	const where = "recommend: NewCatalogue"
	if items == nil {
		return nil, fmt.Errorf("%s: items: %w", where, ErrEmpty)
	}
	var c check.Options
	for name, edges := range opt.Bands {
		ok := name != "" && len(edges) > 0
		for k, e := range edges {
			ok = ok && check.Finite(e) && (k == 0 || e > edges[k-1])
		}
		c.Require(ok, fmt.Sprintf("Bands[%q]", name), edges, "a name and ascending finite edges")
	}
	if err := c.Err(where); err != nil {
		return nil, err
	}
	bands := make(map[string][]float64, len(opt.Bands))
	for name, edges := range opt.Bands {
		bands[name] = slices.Clone(edges)
	}
	made, err := newCatalogue(items.Len(), items.Of, facts, bands, where)
	if err == nil {
		made.origin = items.of.ofItems()
	}
	return made, err
}

// codedFact is a fact by index of its item and code of its value.
type codedFact struct{ item, code int32 }

// newCatalogue is NewCatalogue over n items that index finds, -1 for unknown ids:
// those of a dataset, or those that joined. Values get their codes in ascending
// order, so that equal facts in any order give equal catalogues.
func newCatalogue[I ID](n int, index func(I) int32, facts iter.Seq[Fact[I]], bands map[string][]float64, where string) (*Catalogue, error) {
	c := &Catalogue{n: n, bands: bands, attrs: map[string]*attribute{}}
	found := map[string][]codedFact{}
	attr := func(name string) *attribute {
		a := c.attrs[name]
		if a == nil {
			a = &attribute{codes: map[string]int32{}}
			c.attrs[name] = a
		}
		return a
	}
	for name := range bands {
		a := attr(name)
		a.numbers = make([]float64, n)
		for i := range a.numbers {
			a.numbers[i] = math.NaN()
		}
	}
	if facts == nil {
		facts = func(func(Fact[I]) bool) {}
	}
	k := -1
	for f := range facts {
		k++
		i := index(f.Item)
		if i < 0 {
			c.Unknown++
			continue
		}
		if f.Attribute == "" {
			return nil, fmt.Errorf("%s: fact %d about item %v has no attribute: %w", where, k, f.Item, ErrRange)
		}
		a := attr(f.Attribute)
		if a.numbers != nil {
			if !check.Finite(f.Number) {
				return nil, fmt.Errorf("%s: fact %d: %s of item %v is %v: %w", where, k, f.Attribute, f.Item, f.Number, ErrNotFinite)
			}
			if old := a.numbers[i]; old == old && old != f.Number {
				return nil, fmt.Errorf("%s: fact %d: %s of item %v is %v and %v: %w", where, k, f.Attribute, f.Item, old, f.Number, ErrDuplicate)
			}
			a.numbers[i] = f.Number
			f.Value = BandName(bands[f.Attribute], f.Number)
		}
		if f.Value == "" {
			return nil, fmt.Errorf("%s: fact %d: %s of item %v has no value: %w", where, k, f.Attribute, f.Item, ErrRange)
		}
		code, ok := a.codes[f.Value]
		if !ok {
			code = int32(len(a.values))
			a.codes[f.Value] = code
			a.values = append(a.values, f.Value)
		}
		found[f.Attribute] = append(found[f.Attribute], codedFact{i, code})
	}
	for name, a := range c.attrs {
		a.finish(n, found[name])
	}
	return c, nil
}

// finish sorts values and facts, so that their order leaves no trace.
func (a *attribute) finish(n int, facts []codedFact) {
	old := slices.Clone(a.values)
	slices.Sort(a.values)
	for k, v := range a.values {
		a.codes[v] = int32(k)
	}
	for k := range facts {
		facts[k].code = a.codes[old[facts[k].code]]
	}
	slices.SortFunc(facts, func(a, b codedFact) int { return cmp.Or(cmp.Compare(a.item, b.item), cmp.Compare(a.code, b.code)) })
	facts = slices.Compact(facts)
	a.ptr, a.of = make([]int32, n+1), make([]int32, len(facts))
	for k, f := range facts {
		a.of[k] = f.code
		a.ptr[f.item+1]++
	}
	for i := range n {
		a.ptr[i+1] += a.ptr[i]
	}
	a.index(n)
}

// index makes the sets from the codes of each item.
func (a *attribute) index(n int) {
	lists := make([][]int32, len(a.values))
	for i := range n {
		for _, code := range a.of[a.ptr[i]:a.ptr[i+1]] {
			lists[code] = append(lists[code], int32(i))
		}
	}
	a.sets = make([]postings, len(a.values))
	for code, list := range lists {
		if len(list) > n/32 {
			bits := newIndexSet(n)
			bits.addAll(list)
			a.sets[code].bits = bits
		} else {
			a.sets[code].list = slices.Clip(list)
		}
	}
}

// of item i; nil for items beyond the catalogue.
func (a *attribute) codesOf(i int32) []int32 {
	if int(i)+1 >= len(a.ptr) {
		return nil
	}
	return a.of[a.ptr[i]:a.ptr[i+1]]
}

// addTo adds the set, shifted up by base items, to dst.
func (p *postings) addTo(dst indexSet, base int) {
	for _, i := range p.list {
		dst.add(i + int32(base))
	}
	if base == 0 {
		dst.or(p.bits)
		return
	}
	for w, word := range p.bits {
		for ; word != 0; word &= word - 1 {
			dst.add(int32(base + w<<6 + trailing(word)))
		}
	}
}

// removeFrom removes the set, shifted up by base items, from dst.
func (p *postings) removeFrom(dst indexSet, base int) {
	for _, i := range p.list {
		dst.drop(i + int32(base))
	}
	if base == 0 {
		dst.andNot(p.bits)
		return
	}
	for w, word := range p.bits {
		for ; word != 0; word &= word - 1 {
			dst.drop(int32(base + w<<6 + trailing(word)))
		}
	}
}

// Size returns the number of items.
func (c *Catalogue) Size() int {
	c = orZero(c)
	return c.n
}

// Attributes returns the names of the attributes, ascending.
func (c *Catalogue) Attributes() []string {
	c = orZero(c)
	names := make([]string, 0, len(c.attrs))
	for name := range c.attrs {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Values returns the values of an attribute with the number of items that have
// each, ascending by value. ErrUnknownID for an attribute nobody has.
func (c *Catalogue) Values(name string) (values []string, items []int, err error) {
	if c = orZero(c); c.n == 0 {
		return nil, nil, fmt.Errorf("recommend: Catalogue.Values: items: %w", ErrEmpty)
	}
	a := c.attrs[name]
	if a == nil {
		return nil, nil, unknownAttribute("Catalogue.Values", name)
	}
	items = make([]int, len(a.values))
	for _, code := range a.of {
		items[code]++
	}
	return slices.Clone(a.values), items, nil
}

func unknownAttribute(where, name string) error {
	return fmt.Errorf("recommend: %s: attribute %q: %w", where, name, ErrUnknownID)
}

// Select returns the items for which the rule holds. ErrUnknownID for an
// attribute nobody has; a value nobody has is an empty set.
func (c *Catalogue) Select(rule Rule) (*ItemSet, error) {
	if c = orZero(c); c.n == 0 {
		return nil, fmt.Errorf("recommend: Catalogue.Select: items: %w", ErrEmpty)
	}
	var v ruleView
	v.base = c
	if err := v.check(&rule, "Catalogue.Select"); err != nil {
		return nil, err
	}
	var e ruleScratch
	words := newIndexSet(c.n)
	v.eval(words, &rule, &e, 0)
	s := ItemSetFunc(c.n, func(i int32) bool { return words.has(i) })
	s.origin = c.origin
	return s, nil
}

// Between returns the items whose number, of an attribute with bands, is in
// [lo, hi). ErrUnknownID for an attribute without numbers.
func (c *Catalogue) Between(name string, lo, hi float64) (*ItemSet, error) {
	if c = orZero(c); c.n == 0 {
		return nil, fmt.Errorf("recommend: Catalogue.Between: items: %w", ErrEmpty)
	}
	a := c.attrs[name]
	if a == nil || a.numbers == nil {
		return nil, fmt.Errorf("recommend: Catalogue.Between: attribute %q has no numbers: %w", name, ErrUnknownID)
	}
	s := bitset.New(c.n)
	for i, x := range a.numbers {
		if x >= lo && x < hi {
			s.Add(int32(i))
		}
	}
	return &ItemSet{c.origin, s}, nil
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
