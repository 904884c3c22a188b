package ads

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"math/bits"
	"slices"
	"sync"
	"time"

	"github.com/aislekit/aisle/internal/check"
)

// Ad is what an advertiser books: others call it a campaign or a line item. It has one bid, one
// budget and one target, and one or more creatives.
type Ad struct {
	ID         string   // not empty, each once
	Advertiser string   // for smoothed rates and AuctionOptions.PerAdvertiser
	Categories []string // of pages on which it may stand, any of them; none: all pages
	// Target says to whom it is shown: to whom any of the clauses fits; none: everybody.
	Target    []Clause
	Creatives []string // at least one, each once
	Amount    int64    // bid, see Bid
	Pricing   Pricing  // what Amount is for; default CPC
	Quality   float64  // factor of the score, >= 0; 0: 1
	Reserve   int64    // least price, >= 0
	// Budget is what it may cost in all, at most 1e15; 0: no bound, negative: nothing, it is not shown. Never more is charged.
	Budget   int64
	From, To time.Time // when it runs, To excluded; zero: without an end. Pacing needs both, and a Budget
	Pace     Pace      // how the budget is spread from From to To; default PaceNone
	Caps     []Cap     // how often one user may see it
}

// Clause is terms that must all hold.
type Clause []Term

// Term is about one field of a Query, such as region or segment. Numbers are banded by the
// caller. As in the rules of package segment/audience, what is missing is unknown: neither the
// term nor, with Not, its contrary holds.
type Term struct {
	Field string   // not empty
	In    []string // some value of the field is one of these
	Not   bool     // no value of the field is
}

// Cap is at most N impressions within Per, for one user.
type Cap struct {
	N   int           // >= 1
	Per time.Duration // from the first of them; > 0, at most 1098 days
}

// Value is one value of a field; a field may have several.
type Value struct {
	Field, Value string // such as region, north; Field is not empty
}

// Query is what is known of a page and whoever sees it.
type Query struct {
	Categories []string // of the page, such as "sport" and "sport/shoes"
	Values     []Value  // in any order
}

// Catalogue finds the ads that may stand on a page, by an inverted index of their targets: each
// clause is filed under the values of the one of its terms that the fewest clauses share, and the rest of
// its terms is looked at only where that one holds (a form of the index of Whang et al., Indexing
// Boolean expressions, VLDB 2009, for clauses in disjunctive normal form). It is immutable and safe for concurrent
// use: With makes the next one, Server.Swap puts it in use. Make one with NewCatalogue.
//
// Memory: some 100 bytes an ad and 20 a term and value, beside the ads.
type Catalogue struct {
	ads    []Ad
	index  map[string]int32
	by     []int32 // advertiser of each ad, numbered
	values map[Value]int32
	fields map[string]int32
	posts  [][]int32 // by value: clauses, ascending
	always []int32   // clauses without a term that could be filed
	owner  []int32   // ad of each clause
	first  []int32   // first of the terms of each clause, and the end
	terms  []term
	ids    []int32   // values of the terms
	pool   sync.Pool // *lookup
}

// term is a Term with numbers.
type term struct {
	field, lo, hi int32 // of ids
	not           bool
}

// lookup is the memory of one query.
type lookup struct {
	values, fields []uint64 // bits
	found          []uint64 // bits of ads
	touched        []int32  // values that are set
}

// maxTerms bounds the clauses of an ad and the terms of a clause.
const maxTerms = 1000

// NewCatalogue returns a catalogue of ads, of which it keeps a copy, ordered by ID. No ads are
// a catalogue, too. Errors: ErrEmpty for an ad without ID or creative, ErrDuplicate, ErrRange, ErrNotFinite, ErrTooLarge
// for more than 1000 clauses, terms or values, with the ad in the text. Cost: O(n log n).
func NewCatalogue(ads []Ad) (*Catalogue, error) {
	const where = "ads: NewCatalogue"
	c := &Catalogue{ads: slices.Clone(ads), index: make(map[string]int32, len(ads)), values: map[Value]int32{}, fields: map[string]int32{}}
	slices.SortStableFunc(c.ads, func(a, b Ad) int { return cmp.Compare(a.ID, b.ID) })
	by := map[string]int32{}
	for i := range c.ads {
		a := &c.ads[i]
		if err := a.check(); err != nil {
			return nil, fmt.Errorf("%s: ad %q: %w", where, a.ID, err)
		}
		if _, twice := c.index[a.ID]; twice {
			return nil, fmt.Errorf("%s: ad %q comes twice: %w", where, a.ID, ErrDuplicate)
		}
		a.copySlices()
		c.index[a.ID] = int32(i)
		n, ok := by[a.Advertiser]
		if !ok {
			n = int32(len(by))
			by[a.Advertiser] = n
		}
		c.by = append(c.by, n)
	}
	c.file()
	return c, nil
}

// copySlices makes the ad independent of the caller's.
func (a *Ad) copySlices() {
	a.Categories, a.Creatives, a.Caps, a.Target = slices.Clone(a.Categories), slices.Clone(a.Creatives), slices.Clone(a.Caps), slices.Clone(a.Target)
	for i, clause := range a.Target {
		a.Target[i] = slices.Clone(clause)
		for k := range clause {
			a.Target[i][k].In = slices.Clone(clause[k].In)
		}
	}
}

// check refuses what no ad can be.
func (a *Ad) check() error {
	bid := Bid{Amount: a.Amount, Pricing: a.Pricing, Quality: a.Quality, Reserve: a.Reserve}
	if err := bid.check(0); err != nil {
		return err
	}
	bad := func(field, want string, err error) error { return fmt.Errorf("%s: want %s: %w", field, want, err) }
	switch {
	case a.ID == "":
		return bad("ID", "one", ErrEmpty)
	case len(a.Creatives) == 0:
		return bad("Creatives", "at least one", ErrEmpty)
	case a.Budget > maxBid:
		return bad("Budget", "at most 1e15", ErrRange)
	case a.Pace > PacePID:
		return bad("Pace", "PaceNone, PaceBucket or PacePID", ErrRange)
	case !a.From.IsZero() && check.Time("From", a.From) != nil || !a.To.IsZero() && check.Time("To", a.To) != nil:
		return bad("From and To", "years from 1678 to 2262", ErrRange)
	case !a.To.IsZero() && !a.To.After(a.From):
		return bad("To", "after From", ErrRange)
	case a.Pace != PaceNone && (a.Budget == 0 || a.From.IsZero() || a.To.IsZero()):
		return bad("Pace", "a Budget, From and To beside it", ErrRange)
	case len(a.Target) > maxTerms || len(a.Creatives) > maxTerms || len(a.Categories) > maxTerms:
		return bad("Target, Creatives, Categories", "at most 1000", ErrTooLarge)
	}
	for _, list := range [][]string{a.Creatives, a.Categories} {
		s := slices.Sorted(slices.Values(list))
		for i, x := range s {
			if x == "" || i > 0 && s[i-1] == x {
				return bad("Creatives, Categories", "names, each once", ErrDuplicate)
			}
		}
	}
	for i, clause := range a.Target {
		if len(clause) > maxTerms {
			return bad(fmt.Sprintf("Target[%d]", i), "at most 1000 terms", ErrTooLarge)
		}
		for k, t := range clause {
			if t.Field == "" || len(t.In) == 0 {
				return bad(fmt.Sprintf("Target[%d][%d]", i, k), "a field and values", ErrEmpty)
			}
			if len(t.In) > maxTerms {
				return bad(fmt.Sprintf("Target[%d][%d].In", i, k), "at most 1000", ErrTooLarge)
			}
		}
	}
	return checkCaps(a.Caps)
}

func checkCaps(caps []Cap) error {
	for i, x := range caps {
		if x.N < 1 || x.N > 1<<20 || x.Per <= 0 || x.Per > maxElapsed {
			return fmt.Errorf("%s[%d] is %d in %v, want from 1 to 2^20 within 1098 days: %w", "Caps", i, x.N, x.Per, ErrRange)
		}
	}
	return nil
}

// number returns the number of a value, a new one for a new value.
func (c *Catalogue) number(v Value) int32 {
	n, ok := c.values[v]
	if !ok {
		n = int32(len(c.values))
		c.values[v] = n
		if _, ok := c.fields[v.Field]; !ok {
			c.fields[v.Field] = int32(len(c.fields))
		}
	}
	return n
}

// file numbers clauses, terms and values, and makes the index. The categories of an ad are one
// more term of each of its clauses, of the field "".
func (c *Catalogue) file() {
	var uses []int32 // by value: positive terms
	for i := range c.ads {
		a := &c.ads[i]
		clauses := a.Target
		if len(clauses) == 0 {
			clauses = []Clause{nil}
		}
		for _, clause := range clauses {
			if len(a.Categories) > 0 {
				clause = append(slices.Clip(clause), Term{In: a.Categories})
			}
			c.owner, c.first = append(c.owner, int32(i)), append(c.first, int32(len(c.terms)))
			for _, t := range clause {
				x := term{lo: int32(len(c.ids)), not: t.Not}
				for _, v := range t.In {
					n := c.number(Value{t.Field, v})
					c.ids = append(c.ids, n)
					for int(n) >= len(uses) {
						uses = append(uses, 0)
					}
					if !t.Not {
						uses[n]++
					}
				}
				x.field, x.hi = c.fields[t.Field], int32(len(c.ids))
				c.terms = append(c.terms, x)
			}
		}
	}
	c.first = append(c.first, int32(len(c.terms)))
	c.posts = make([][]int32, len(c.values))
	for k := range c.owner {
		best, least := -1, int64(math.MaxInt64)
		terms := c.terms[c.first[k]:c.first[k+1]]
		for i, t := range terms {
			sum := int64(0)
			for _, v := range c.ids[t.lo:t.hi] {
				sum += int64(uses[v])
			}
			if !t.not && sum < least {
				best, least = i, sum
			}
		}
		if best < 0 {
			c.always = append(c.always, int32(k))
			continue
		}
		terms[0], terms[best] = terms[best], terms[0] // the one that is filed needs no second look
		for _, v := range c.ids[terms[0].lo:terms[0].hi] {
			if p := c.posts[v]; len(p) == 0 || p[len(p)-1] != int32(k) {
				c.posts[v] = append(p, int32(k))
			}
		}
	}
}

// Len returns the number of ads.
func (c *Catalogue) Len() int {
	if c == nil {
		return 0
	}
	return len(c.ads)
}

// Ad returns the ad of a number, and whether there is one. Its slices must not be changed.
func (c *Catalogue) Ad(number int32) (Ad, bool) {
	if number < 0 || int(number) >= c.Len() {
		return Ad{}, false
	}
	return c.ads[number], true
}

// Index returns the number of an ad, -1 for none.
func (c *Catalogue) Index(id string) int32 {
	if c == nil {
		return -1
	}
	if i, ok := c.index[id]; ok {
		return i
	}
	return -1
}

// With returns a catalogue in which the ads of put stand in the place of those with the same
// ID, or beside the others, and those of drop, which need not exist, are gone. c stays as it is. Errors are those
// of NewCatalogue, and ErrEmpty for a Catalogue that it has not made. Cost: that of NewCatalogue.
func (c *Catalogue) With(put []Ad, drop []string) (*Catalogue, error) {
	if c == nil || c.index == nil {
		return nil, fmt.Errorf("ads: Catalogue.With: no catalogue: %w", ErrEmpty)
	}
	next := make(map[string]Ad, len(c.ads)+len(put))
	for _, a := range c.ads {
		next[a.ID] = a
	}
	for _, id := range drop {
		delete(next, id)
	}
	seen := map[string]bool{}
	for _, a := range put {
		if seen[a.ID] {
			return nil, fmt.Errorf("ads: Catalogue.With: ad %q comes twice: %w", a.ID, ErrDuplicate)
		}
		seen[a.ID] = true
		next[a.ID] = a
	}
	return NewCatalogue(slices.Collect(maps.Values(next)))
}

// AppendMatches appends the numbers of the ads that may stand on the page and whose target fits,
// ascending. Budgets, caps and times are not looked at: that is done by Server. ErrRange for a value without field; ErrEmpty for a Catalogue that
// NewCatalogue has not made; then dst is as it came. No allocation in steady state. Cost: the clauses filed under the values of the query, and a pass over
// one bit an ad.
func (c *Catalogue) AppendMatches(dst []int32, q Query) ([]int32, error) {
	const where = "ads: Catalogue.AppendMatches"
	if c == nil || c.index == nil {
		return dst, fmt.Errorf("%s: no catalogue: %w", where, ErrEmpty)
	}
	for i := range q.Values {
		if q.Values[i].Field == "" {
			return dst, fmt.Errorf("%s: Values[%d] has no field: %w", where, i, ErrRange)
		}
	}
	l, _ := c.pool.Get().(*lookup)
	if l == nil {
		l = &lookup{make([]uint64, len(c.values)/64+1), make([]uint64, len(c.fields)/64+1), make([]uint64, len(c.ads)/64+1), nil}
	}
	defer c.pool.Put(l)
	for _, name := range q.Categories {
		c.set(l, Value{"", name})
	}
	for _, v := range q.Values {
		c.set(l, v)
	}
	for _, v := range l.touched {
		c.collect(l, c.posts[v], 1)
	}
	c.collect(l, c.always, 0)
	for w, word := range l.found {
		for ; word != 0; word &= word - 1 {
			dst = append(dst, int32(w*64+bits.TrailingZeros64(word)))
		}
		l.found[w] = 0
	}
	for _, v := range l.touched {
		l.values[v/64] = 0
	}
	l.touched = l.touched[:0]
	clear(l.fields)
	return dst, nil
}

// set marks a value of the query, and its field as known.
func (c *Catalogue) set(l *lookup, v Value) {
	if f, ok := c.fields[v.Field]; ok {
		l.fields[f/64] |= 1 << (f % 64)
	}
	if n, ok := c.values[v]; ok && l.values[n/64]>>(n%64)&1 == 0 {
		l.values[n/64] |= 1 << (n % 64)
		l.touched = append(l.touched, n)
	}
}

// collect marks the ads of those clauses whose terms hold, from the term skip on.
func (c *Catalogue) collect(l *lookup, clauses []int32, skip int32) {
	for _, k := range clauses {
		ad := c.owner[k]
		if l.found[ad/64]>>(ad%64)&1 == 0 && c.holds(l, c.terms[c.first[k]+skip:c.first[k+1]]) {
			l.found[ad/64] |= 1 << (ad % 64)
		}
	}
}

// holds reports whether all of the terms are true of the query; those about a field that it
// does not have are not.
func (c *Catalogue) holds(l *lookup, terms []term) bool {
	for i := range terms {
		t := &terms[i]
		hit := false
		for _, v := range c.ids[t.lo:t.hi] {
			if l.values[v/64]>>(v%64)&1 != 0 {
				hit = true
				break
			}
		}
		if hit == t.not || t.not && l.fields[t.field/64]>>(t.field%64)&1 == 0 {
			return false
		}
	}
	return true
}
