package recommend

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/ids"
	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/topk"
)

var (
	_ Persistent   = (*CategoryPopular)(nil)
	_ Meaner       = (*CategoryPopular)(nil)
	_ SparseScorer = (*CategoryPopular)(nil)
	_ OrderReader  = (*CategoryPopular)(nil)
)

// RisingOptions configures FitRising.
type RisingOptions struct {
	Short time.Duration // half-life of what counts as now; default 2 days
	Long  time.Duration // half-life of what counts as usual, longer than Short; default 28 days
	// Shrinkage is the number of usual recent events added to both sides, so that a
	// handful of events is no trend; default 5, negative means 0.
	Shrinkage float64
	ByWeight  bool      // add up weights instead of counting entries
	AsOf      time.Time // the zero time means the latest entry; later entries are left out
}

func (o RisingOptions) withDefaults() RisingOptions {
	o.Short = check.Default(o.Short, 48*time.Hour)
	o.Long = check.Default(o.Long, 28*24*time.Hour)
	o.Shrinkage = check.OrOff(o.Shrinkage, 5)
	return o
}

func (o RisingOptions) validate() error {
	var c check.Options
	c.Require(o.Short > 0, "Short", o.Short, "> 0")
	c.Require(o.Long > o.Short, "Long", o.Long, "longer than Short")
	check.NonNegative(&c, "Shrinkage", o.Shrinkage)
	return c.Err("recommend: FitRising")
}

// FitRising scores items by how much more of late than usual they are taken:
//
//	score = (S + κ)/(E + κ),  E = L·ΣS/ΣL
//
// with S and L the item's entries decayed by the half-lives Short and Long, each
// entry counting 2^(-age/half-life), the sums over all items, and κ the
// Shrinkage. E is what S would be if the item kept its usual share of everything
// that happens, so a busy week of the whole shop raises nobody. 1 is as usual, 2
// twice that; an item without entries scores 0. The ratio of observed to expected
// counts with κ added to both is the posterior mean of a rate with a Gamma(κ, κ)
// prior.
//
// The result scores for everybody alike and has the form of a Popular. Cost: one
// pass. Errors: ErrEmpty (no entries, or none with times), ErrOption, ErrRange (a
// negative weight).
func FitRising(ctx context.Context, x *Interactions, opt RisingOptions) (*Popular, error) {
	opt = opt.withDefaults()
	if err := opt.validate(); err != nil {
		return nil, err
	}
	short, err := fitPopular(ctx, x, PopularOptions{HalfLife: opt.Short, ByWeight: opt.ByWeight, AsOf: opt.AsOf}, "FitRising")
	if err != nil {
		return nil, err
	}
	long, err := fitPopular(ctx, x, PopularOptions{HalfLife: opt.Long, ByWeight: opt.ByWeight, AsOf: opt.AsOf}, "FitRising")
	if err != nil {
		return nil, err
	}
	sumShort, sumLong := 0.0, 0.0
	for i, s := range short.scores {
		sumShort += float64(s)
		sumLong += float64(long.scores[i])
	}
	m := &Popular{origin: x.origin.ofItems(), users: x.Users(), scores: short.scores}
	for i, s := range m.scores {
		m.scores[i] = 0
		if l := float64(long.scores[i]); l > 0 && sumLong > 0 {
			if usual := l*(sumShort/sumLong) + opt.Shrinkage; usual > 0 {
				m.scores[i] = float32((float64(s) + opt.Shrinkage) / usual)
			}
		}
	}
	return m, nil
}

// NewRated scores items by the lower end of the Wilson interval of a rate: of
// clicks among impressions, of orders among visits, of good reviews among all.
// Unlike the plain rate it does not put one success out of one try first.
//
//	(p + z²/2n - z·√(p(1-p)/n + z²/4n²)) / (1 + z²/n),  p = positive/n, n = exposed
//
// with z the quantile of a two-sided confidence level in (0, 1); 0 means 0.95.
// Counts may be decayed and need not be whole. An item never exposed scores 0. The
// result scores for everybody alike and has the form of a Popular; Users is 0. It knows no
// ids: see Popular.Over.
//
// Errors: ErrShape (lengths), ErrEmpty, ErrOption (level), ErrRange (a count
// that is negative, not finite, or larger than its exposure), naming the item.
func NewRated(positive, exposed []float64, level float64) (*Popular, error) {
	level, err := infer.Level(level)
	if err != nil {
		return nil, fmt.Errorf("recommend: NewRated: %w", err)
	}
	if len(positive) != len(exposed) {
		return nil, fmt.Errorf("recommend: NewRated: %d positive counts, %d exposures: %w", len(positive), len(exposed), ErrShape)
	}
	if len(exposed) == 0 {
		return nil, fmt.Errorf("recommend: NewRated: items: %w", ErrEmpty)
	}
	m := &Popular{scores: make([]float32, len(exposed))}
	for i, n := range exposed {
		s := positive[i]
		if !(s >= 0 && s <= n) || math.IsInf(n, 0) {
			return nil, fmt.Errorf("recommend: NewRated: item %d: %v of %v: %w", i, s, n, ErrRange)
		}
		if n > 0 {
			m.scores[i] = float32(infer.WilsonLow(s/n, n, level))
		}
	}
	return m, nil
}

// CategoryPopular knows what is popular within each category. For a query it
// mixes the categories of the history:
//
//	score(i) = Σ_g P(g | history)·share of i in g·popularity of i / Σ_j share of j in g·popularity of j
//
// with P(g | history) the Taste of the Categories. AppendCategory lists one
// category. Immutable, safe for concurrent use.
type CategoryPopular struct {
	origin
	users   int
	cats    *Categories
	popular []float32
	total   []float64 // by category

	scratch sync.Pool // *[]float64
}

// FitCategoryPopular counts as FitPopular does, within the categories. Its errors
// are those of FitPopular, and ErrMismatch for categories of other items.
func FitCategoryPopular(ctx context.Context, x *Interactions, cats *Categories, opt PopularOptions) (*CategoryPopular, error) {
	all, err := fitPopular(ctx, x, opt, "FitCategoryPopular")
	if err != nil {
		return nil, err
	}
	if cats == nil || cats.Items() != x.Items() {
		if cats.Items() == 0 {
			return nil, fmt.Errorf("recommend: FitCategoryPopular: no categories: %w, %w", ErrEmpty, ErrMismatch)
		}
		return nil, fmt.Errorf("recommend: FitCategoryPopular: categories of %d items, want %d: %w", cats.Items(), x.Items(), ErrMismatch)
	}
	if !cats.same(x.origin) {
		return nil, fmt.Errorf("recommend: FitCategoryPopular: categories of another catalogue of %d items%s: %w", cats.Items(), ids.FirstItem(cats.known, x.known), ErrMismatch)
	}
	m := &CategoryPopular{origin: x.origin.ofItems(), users: x.Users(), cats: cats, popular: all.scores}
	m.prepare()
	return m, nil
}

func (m *CategoryPopular) prepare() {
	m.total = make([]float64, m.cats.Len())
	for i, p := range m.popular {
		own := m.cats.Of(int32(i))
		for _, g := range own {
			m.total[g] += float64(p) / float64(len(own))
		}
	}
}

// Users returns the number of users of the fit.
func (m *CategoryPopular) Users() int {
	m = orZero(m)
	return m.users
}

// Items returns the number of items.
func (m *CategoryPopular) Items() int {
	m = orZero(m)
	return len(m.popular)
}

// Meaning says what a score stands for.
func (*CategoryPopular) Meaning() string {
	return "popularity of the item as a share of its categories, weighted by those of the history"
}

// SparseScores is true: items of other categories score 0.
func (*CategoryPopular) SparseScores() bool { return true }

// ReadsOrder is false: the history is a set.
func (*CategoryPopular) ReadsOrder() bool { return false }

// Score writes the score of every item; ErrEmpty when no item of the history has
// a category, ErrRange for a weight that is negative or not finite.
func (m *CategoryPopular) Score(dst []float32, q Query) error {
	m = orZero(m)
	if err := checkQuery(dst, &q, len(m.popular)); err != nil {
		return err
	}
	t, ok := m.scratch.Get().(*[]float64)
	if !ok {
		taste := make([]float64, m.cats.Len())
		t = &taste
	}
	defer m.scratch.Put(t)
	taste := *t
	if err := m.cats.Taste(taste, q.Items, q.Weights); err != nil {
		return err
	}
	for g, n := range m.total {
		if n > 0 {
			taste[g] /= n
		}
	}
	for i, p := range m.popular {
		own := m.cats.Of(int32(i))
		s := 0.0
		for _, g := range own {
			s += taste[g] * float64(p) / float64(len(own))
		}
		dst[i] = float32(s)
	}
	return nil
}

// AppendCategory appends the k most popular items of a category, best first, with
// their popularity. Items nobody took are left out. ErrUnknownID for a category
// out of range. Cost: O(items).
func (m *CategoryPopular) AppendCategory(dst []Scored, category int32, k int) (_ []Scored, err error) {
	m = orZero(m)
	defer about(&err, "CategoryPopular.AppendCategory")
	if m.Items() == 0 {
		return dst, errUnfit
	}
	if uint32(category) >= uint32(m.cats.Len()) {
		return dst, fmt.Errorf("category %d, want in [0, %d): %w", category, m.cats.Len(), ErrUnknownID)
	}
	var h topk.Heap
	h.Reset(min(k, len(m.popular)))
	for i, p := range m.popular {
		for _, g := range m.cats.Of(int32(i)) {
			if g == category && p > 0 {
				h.Push(int32(i), p)
			}
		}
	}
	for _, it := range h.AppendSorted(nil) {
		dst = append(dst, Scored{it.ID, it.Score})
	}
	return dst, nil
}

// AppendBinary appends the frame of m to dst.
func (m *CategoryPopular) AppendBinary(dst []byte) ([]byte, error) {
	if m == nil || m.Items() == 0 {
		return dst, errUnfitted("CategoryPopular")
	}
	var w codec.Writer
	w.Int(m.users)
	w.Float32s(m.popular)
	w.Int(m.cats.n)
	w.Int32s(m.cats.ptr)
	w.Int32s(m.cats.cat)
	m.origin.put(&w)
	return w.AppendFrame(dst, codec.KindCategoryPopular, 1), nil
}

// MarshalBinary returns the frame of m.
func (m *CategoryPopular) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary decodes a frame; m is unchanged when it fails. It must not run
// beside other uses of m. Payload of
// version 1, in the words of Persistent:
//
//	int      users
//	[]f32    popularity of each item, finite and >= 0
//	int      categories, at least 1, at most 64 for each item and entry, and 1024
//	[]i32    pointers, items+1, ascending from 0
//	[]i32    categories of each item, ascending, within their number
//
// Anything else and bytes left over are ErrCorrupt, a newer version is ErrVersion, a
// frame of something else ErrMismatch.
func (m *CategoryPopular) UnmarshalBinary(data []byte) error {
	r, err := open(m, data, codec.KindCategoryPopular, 1)
	if err != nil {
		return fmt.Errorf("recommend: CategoryPopular.UnmarshalBinary: %w", err)
	}
	users, popular := r.Int(), r.Float32s()
	cats := &Categories{n: r.Int(), ptr: r.Int32s(), cat: r.Int32s()}
	if r.Err() == nil && !cats.valid() {
		r.Fail("holds broken categories")
	}
	if r.Err() == nil && (len(popular) == 0 || cats.Items() != len(popular)) {
		r.Fail("holds parts of different sizes")
	}
	for _, p := range popular {
		if !(p >= 0 && p <= math.MaxFloat32) {
			r.Fail("has a popularity out of range")
			break
		}
	}
	of := getOrigin(r)
	if err := r.Done(); err != nil {
		return fmt.Errorf("recommend: CategoryPopular.UnmarshalBinary: %w", err)
	}
	m.users, m.popular, m.cats = users, popular, cats
	m.scratch = sync.Pool{}
	m.prepare()
	m.origin = of
	return nil
}

// valid checks decoded categories; their number is backed by what was received.
func (c *Categories) valid() bool {
	items := len(c.ptr) - 1
	if items < 0 || c.ptr[0] != 0 || int(c.ptr[items]) != len(c.cat) || c.n < 1 || c.n > 1024+64*(items+len(c.cat)) {
		return false
	}
	for i := range items {
		if c.ptr[i] > c.ptr[i+1] || int(c.ptr[i+1]) > len(c.cat) {
			return false
		}
		last := int32(-1)
		for _, g := range c.cat[c.ptr[i]:c.ptr[i+1]] {
			if g <= last || int(g) >= c.n {
				return false
			}
			last = g
		}
	}
	return true
}
