package supply

import (
	"cmp"
	"encoding"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/infer"
)

var (
	_ encoding.BinaryAppender    = (*Complaints[string])(nil)
	_ encoding.BinaryMarshaler   = (*Complaints[string])(nil)
	_ encoding.BinaryUnmarshaler = (*Complaints[string])(nil)
)

// Complaints counts in how many texts of a product a term occurs, of complaints (bad reviews,
// reasons of returns) and of others apart, and finds the terms that complaints are about. Terms
// are the caller's: words, pairs of them, or codes of reasons; a term counts once a text.
//
// Merge shards freely: the result is exactly that of one pass. The zero value is ready. Memory
// is proportional to the pairs of a product and a term. Not safe for concurrent use.
type Complaints[K ID] struct {
	terms    map[string]int32
	names    []string // of the terms
	products map[K]*texts
	all      int64 // texts of all products
	serial   int64 // of the text being read
}

// maxTexts bounds the texts of a state, 2⁴⁰: so that the test of a term stays short, whose cost
// grows with the square root of their number.
const maxTexts = 1 << 40

// texts is what is known of one product; counts are of other texts and of complaints.
type texts struct {
	n     [2]int64
	terms map[int32]*termCount
}

type termCount struct {
	n    [2]int64
	last int64 // the serial of the last text with it
}

// product returns what is known of a product, a new record if need be.
func (c *Complaints[K]) product(id K) *texts {
	p := c.products[id]
	if p == nil {
		if c.products == nil {
			c.products, c.terms = map[K]*texts{}, map[string]int32{}
		}
		p = &texts{terms: map[int32]*termCount{}}
		c.products[id] = p
	}
	return p
}

// count returns the counts of a term of a product, new ones if need be.
func (c *Complaints[K]) count(p *texts, term string) *termCount {
	i, ok := c.terms[term]
	if !ok {
		i = int32(len(c.names))
		c.terms[term] = i
		c.names = append(c.names, term)
	}
	t := p.terms[i]
	if t == nil {
		t = &termCount{}
		p.terms[i] = t
	}
	return t
}

// Add records one text about a product by its terms, in any order, which are not kept; a text
// without terms counts, too. ErrOverflow beyond 2⁴⁰ texts.
func (c *Complaints[K]) Add(product K, complaint bool, terms []string) error {
	if err := check.Receiver("supply: Complaints.Add", c); err != nil {
		return err
	}
	kind := 0
	if complaint {
		kind = 1
	}
	if c.all >= maxTexts {
		return fmt.Errorf("supply: Complaints.Add: texts: %w", ErrOverflow)
	}
	c.all++
	p := c.product(product)
	p.n[kind]++
	c.serial++
	for _, term := range terms {
		if t := c.count(p, term); t.last != c.serial {
			t.last = c.serial
			t.n[kind]++
		}
	}
	return nil
}

// Merge adds the state of other, which is not changed. It fails with ErrMismatch where other is
// nil or the receiver, and with ErrOverflow, changing nothing, when there are more than 2⁴⁰ texts.
func (c *Complaints[K]) Merge(other *Complaints[K]) error {
	const where = "supply: Complaints.Merge"
	if err := check.Merge(where, c, other); err != nil {
		return err
	}
	if c.all > maxTexts-other.all { // no count is of more
		return fmt.Errorf("%s: texts: %w", where, ErrOverflow)
	}
	c.all += other.all
	for id, b := range other.products {
		a := c.product(id)
		a.n[0], a.n[1] = a.n[0]+b.n[0], a.n[1]+b.n[1]
		for i, t := range b.terms {
			to := c.count(a, other.names[i])
			to.n[0], to.n[1] = to.n[0]+t.n[0], to.n[1]+t.n[1]
		}
	}
	return nil
}

// ComplaintOptions configures Complaints.Terms.
type ComplaintOptions struct {
	// AgainstOthers compares the complaints of the product with those of all other products,
	// which finds what this one is blamed for. The default compares them with the other texts
	// of the same product, which finds what its buyers complain about.
	AgainstOthers bool

	// MinTexts is in how many texts, of both sides together, a term must occur to be judged;
	// default 3. It looks at no side, so p-values keep their meaning, and fewer terms
	// need less of a correction.
	MinTexts int

	// FalseDiscovery corrects for many terms by Benjamini and Hochberg, so that no more than
	// the given share of those found is expected to be chance. The default is Holm's: chance finds any with
	// no more than the given probability.
	FalseDiscovery bool

	Level float64 // of the intervals, in (0, 1); 0 means 0.95
}

func (o ComplaintOptions) withDefaults() ComplaintOptions {
	o.MinTexts = check.Default(o.MinTexts, 3)
	return o
}

// ComplaintTerm is a term and how much more often it occurs in complaints of a product.
type ComplaintTerm struct {
	Term       string // as the caller gave it
	Complaints Ratio  // of the product that have it, over all of the product
	Base       Ratio  // texts compared with that have it, over all of them

	// Lift is the ratio of the two shares, +Inf for a term of complaints only; Low and High
	// are its interval. See Complaints.Terms for how they are found.
	Lift, Low, High float64

	P        float64 // one-sided, of a share that is not larger in complaints
	Adjusted float64 // P corrected for all terms judged: found where it is below the caller's level
}

// IDs returns the products, ascending.
func (c *Complaints[K]) IDs() []K {
	if c == nil {
		return nil
	}
	return sorted(c.products)
}

// Terms returns all terms judged of a product, most surely over-represented first (by P, then
// lift, then term). For x of n complaints and y of m other texts with a term
//
//	Lift = (x/n) / (y/m)
//	P    = Σ_{i≥x} C(n,i) C(m,x+y−i) / C(n+m,x+y)
//
// the one-sided exact test of Fisher (1935), which holds for few counts. The interval is the
// mid-p one of the conditional law below ten texts on either side, and that of the
// score (Koopman 1984) from there on. Errors: ErrUnknownID for a product never added,
// ErrUndefined where either side has no text, ErrOption. Cost is that of the terms of the
// product, or of all pairs of a product and a term with AgainstOthers.
func (c *Complaints[K]) Terms(product K, opt ComplaintOptions) ([]ComplaintTerm, error) {
	const where = "supply: Complaints.Terms"
	if err := check.Receiver(where, c); err != nil {
		return nil, err
	}
	opt = opt.withDefaults()
	level, err := infer.Level(opt.Level)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	if opt.MinTexts < 1 {
		return nil, fmt.Errorf("%s: MinTexts is %d, want > 0: %w", where, opt.MinTexts, ErrOption)
	}
	p := c.products[product]
	if p == nil {
		return nil, fmt.Errorf("%s: product %v was never added: %w", where, product, ErrUnknownID)
	}
	n, m := p.n[1], p.n[0]
	base := make(map[int32]int64, len(p.terms))
	for i, t := range p.terms {
		base[i] = t.n[0]
	}
	if opt.AgainstOthers {
		m = 0
		for i := range p.terms {
			base[i] = 0
		}
		for id, other := range c.products { // whole numbers: in any order
			if id == product {
				continue
			}
			m += other.n[1]
			for i, t := range other.terms {
				if t.n[1] > 0 {
					base[i] += t.n[1]
				}
			}
		}
	}
	if n == 0 || m <= 0 {
		return nil, fmt.Errorf("%s: %d complaints and %d texts to compare with: %w", where, n, m, ErrUndefined)
	}
	var out []ComplaintTerm
	for i, y := range base {
		var x int64
		if t := p.terms[i]; t != nil {
			x = t.n[1]
		}
		if x+y >= int64(opt.MinTexts) {
			out = append(out, judge(c.names[i], x, n, y, m, level))
		}
	}
	slices.SortFunc(out, func(a, b ComplaintTerm) int {
		return cmp.Or(cmp.Compare(a.P, b.P), cmp.Compare(b.Lift, a.Lift), cmp.Compare(a.Term, b.Term))
	})
	adjust(out, opt.FalseDiscovery)
	return out, nil
}

// judge compares x of n complaints with y of m other texts.
func judge(term string, x, n, y, m int64, level float64) ComplaintTerm {
	t := infer.TwoRates{X: float64(y), N: float64(m), Y: float64(x), M: float64(n)}
	out := ComplaintTerm{
		Term: term, Complaints: Ratio{t.Y, t.M}, Base: Ratio{t.X, t.N},
		Lift: (t.Y / t.M) / (t.X / t.N), P: infer.FisherUpper(n+m, n, x+y, x),
	}
	if min(x, y) < 10 {
		out.Low, out.High = t.Small(infer.RiskRatio, level, .5)
	} else {
		out.Low, out.High = t.Score(infer.RiskRatio, level)
	}
	return out
}

// adjust corrects the p-values of all terms, which ascend: Holm (1979) down from the
// smallest, or Benjamini and Hochberg (1995) up from the largest.
func adjust(terms []ComplaintTerm, falseDiscovery bool) {
	n := len(terms)
	if falseDiscovery {
		least := 1.0
		for i := n - 1; i >= 0; i-- {
			least = min(least, terms[i].P*float64(n)/float64(i+1))
			terms[i].Adjusted = least
		}
		return
	}
	most := 0.0
	for i := range terms {
		most = min(1, max(most, terms[i].P*float64(n-i)))
		terms[i].Adjusted = most
	}
}

// AppendBinary appends the state to dst. Equal states give equal bytes.
func (c *Complaints[K]) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("supply: Complaints.AppendBinary", c); err != nil {
		return dst, err
	}
	var w codec.Writer
	names := sorted(c.terms)
	place := make([]int64, len(names))
	for i, name := range names {
		place[c.terms[name]] = int64(i)
	}
	w.Strings(names)
	ids := sorted(c.products)
	encodeIDs(&w, ids)
	for _, id := range ids {
		p := c.products[id]
		w.Int64(p.n[0])
		w.Int64(p.n[1])
		list := make([][3]int64, 0, len(p.terms))
		for i, t := range p.terms {
			list = append(list, [3]int64{place[i], t.n[0], t.n[1]})
		}
		slices.SortFunc(list, func(a, b [3]int64) int { return cmp.Compare(a[0], b[0]) })
		w.Int(len(list))
		for _, t := range list {
			w.Int64(t[0])
			w.Int64(t[1])
			w.Int64(t[2])
		}
	}
	return w.AppendFrame(dst, codec.KindComplaints, 1), nil
}

// MarshalBinary returns the state as bytes.
func (c *Complaints[K]) MarshalBinary() ([]byte, error) { return c.AppendBinary(nil) }

// UnmarshalBinary replaces c by what MarshalBinary wrote. Payload of version 1, little-endian:
//
//	[]string terms, ascending without repeats, each of a product
//	ids      int class (0 text, 1 signed, 2 unsigned numbers), int n, n ids of K ascending:
//	         length and bytes, or 8 bytes that fit K
//	per id   i64 other texts, i64 complaints, >= 0 and some, 2⁴⁰ of all ids at most; int n, and n terms: i64 place in
//	         the list, ascending, i64 other texts and i64 complaints with it, some, and no more
//	         than there are
//
// Any other length, order or value is ErrCorrupt, another kind of frame is ErrMismatch, a newer
// version ErrVersion; the receiver is then unchanged. A nil receiver is ErrEmpty.
func (c *Complaints[K]) UnmarshalBinary(data []byte) error {
	const name = "Complaints"
	if err := check.Receiver("supply: Complaints.UnmarshalBinary", c); err != nil {
		return err
	}
	r, err := open(name, data, codec.KindComplaints, 1)
	if err != nil {
		return err
	}
	n := Complaints[K]{names: r.Strings(), terms: map[string]int32{}, products: map[K]*texts{}}
	for i, term := range n.names {
		if i > 0 && term <= n.names[i-1] || len(n.names) > math.MaxInt32 {
			r.Fail("has terms out of order")
			break
		}
		n.terms[term] = int32(i)
	}
	used := make([]bool, len(n.names))
	for _, id := range decodeIDs[K](r) {
		p := &texts{n: [2]int64{decodeCount(r), decodeCount(r)}, terms: map[int32]*termCount{}}
		if p.n == [2]int64{} || p.n[0] > maxTexts || p.n[1] > maxTexts || p.n[0]+p.n[1] > maxTexts-n.all {
			r.Fail("has a product without texts, or more than fit")
			break
		}
		n.all += p.n[0] + p.n[1]
		last := int64(-1)
		for left := r.Int(); left > 0 && r.Err() == nil; left-- {
			at, t := r.Int64(), &termCount{n: [2]int64{decodeCount(r), decodeCount(r)}}
			if at <= last || at >= int64(len(n.names)) || t.n == [2]int64{} || t.n[0] > p.n[0] || t.n[1] > p.n[1] {
				r.Fail("has terms of a product out of order, or in more texts than there are")
				break
			}
			last, used[at] = at, true
			p.terms[int32(at)] = t
		}
		if r.Err() != nil {
			break
		}
		n.products[id] = p
	}
	if slices.Contains(used, false) {
		r.Fail("has terms of no product")
	}
	if err := done(name, r, nil); err != nil {
		return err
	}
	*c = n
	return nil
}
