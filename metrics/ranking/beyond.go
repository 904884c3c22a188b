package ranking

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/moments"
)

// BeyondOptions configures a Beyond.
type BeyondOptions[I comparable] struct {
	K int // only the first K of each list count; default 10

	// Items is the number of items that could have been recommended, for
	// coverage, Gini, serendipity and the long tail. 0 means the number of
	// items in Popularity; without either those measures are NaN.
	Items int

	// Popularity is the number of training users of each item, for novelty,
	// popularity, long tail and serendipity, which are NaN without it. Items
	// not in it have popularity 0. The map is not kept.
	Popularity map[I]int64

	// Users is the number of training users, for novelty (NaN without it).
	Users int64

	// Tail is the share of the items, the least popular ones, that make up the
	// long tail; default 0.8. Items as popular as the last item of the head
	// belong to the head, so that the cut does not depend on order.
	Tail float64
}

func (o BeyondOptions[I]) withDefaults() BeyondOptions[I] {
	o.K = check.Default(o.K, 10)
	o.Tail = check.Default(o.Tail, 0.8)
	if o.Items == 0 {
		o.Items = len(o.Popularity)
	}
	return o
}

func (o BeyondOptions[I]) validate(where string) error {
	var c check.Options
	c.Require(o.K > 0 && o.K <= maxCutoff, "K", o.K, "in [1, 1048576]")
	c.Require(o.Items >= len(o.Popularity), "Items", o.Items, fmt.Sprintf(">= the %d items of Popularity", len(o.Popularity)))
	check.NonNegative(&c, "Users", o.Users)
	c.Require(o.Tail > 0 && o.Tail < 1, "Tail", o.Tail, "in (0, 1)")
	for i, n := range o.Popularity {
		if n < 0 || o.Users > 0 && n > o.Users {
			c.Require(false, "Popularity", fmt.Sprintf("%d for item %v", n, i), "in [0, Users]")
			break
		}
	}
	return c.Err(where)
}

// Beyond accumulates what accuracy does not show: how much of the catalogue is
// recommended and how evenly, how novel and how different between users the
// lists are. Make one with NewBeyond; the zero value has the default options.
// Merge is exact up to rounding. It is not safe for concurrent use. Memory is one
// map entry per item. The binary form holds options, popularity and lists.
type Beyond[I comparable] struct {
	opt   BeyondOptions[I] // Popularity replaced by info
	known bool             // popularity given
	info  map[I]itemInfo
	cold  itemInfo // of items without popularity
	shown map[I]exposure

	lists, empty          int64
	novelty, pop, tail    moments.Moments // per list
	tailCount, serendipic moments.Moments
}

type itemInfo struct {
	pop  int64
	bits float64 // −log2 of the share of users, items without users counting as 1
	tail bool
	rank float64 // popularity rank from 1, ties averaged
}

type exposure struct {
	n    int64
	norm float64 // Σ 1/√length over the lists that hold the item
}

// NewBeyond returns an empty accumulator. Bad options are ErrOption.
func NewBeyond[I comparable](opt BeyondOptions[I]) (*Beyond[I], error) {
	opt = opt.withDefaults()
	if err := opt.validate("ranking: NewBeyond"); err != nil {
		return nil, err
	}
	b := &Beyond[I]{opt: opt, known: opt.Popularity != nil, shown: map[I]exposure{}}
	b.opt.Popularity = nil
	if b.known {
		b.describe(opt.Popularity)
	}
	return b, nil
}

func (b *Beyond[I]) ensure() {
	if b.shown == nil {
		b.opt, b.shown = BeyondOptions[I]{}.withDefaults(), map[I]exposure{}
	}
}

// describe fills info and cold: ranks by popularity with ties averaged, and which items
// are the long tail.
func (b *Beyond[I]) describe(popularity map[I]int64) {
	o := b.opt
	counts := make([]int64, 0, len(popularity))
	for _, n := range popularity {
		counts = append(counts, n)
	}
	slices.SortFunc(counts, func(x, y int64) int { return cmp.Compare(y, x) })
	all := max(o.Items, len(counts)) // items beyond counts have popularity 0 and are last
	cut := int64(math.MaxInt64)
	// Rounding (1−0.8)·10 up to 3 would be a float accident: hence the slack.
	if head := int(math.Ceil((1-o.Tail)*float64(o.Items) - 1e-9)); head > len(counts) {
		cut = 0
	} else if head > 0 {
		cut = counts[head-1]
	}
	rank := map[int64]float64{}
	for i := 0; i < len(counts); {
		j := i
		for j < len(counts) && counts[j] == counts[i] {
			j++
		}
		end := j
		if counts[i] == 0 {
			end = all
		}
		rank[counts[i]] = float64(i+1+end) / 2
		i = j
	}
	if _, ok := rank[0]; !ok && all > len(counts) {
		rank[0] = float64(len(counts)+1+all) / 2
	}
	at := func(n int64) itemInfo {
		r, ok := rank[n]
		if !ok {
			r = float64(all)
		}
		x := itemInfo{pop: n, bits: math.NaN(), tail: n < cut, rank: r}
		if o.Users > 0 {
			x.bits = -math.Log2(float64(max(n, 1)) / float64(o.Users))
		}
		return x
	}
	b.info = make(map[I]itemInfo, len(popularity))
	for i, n := range popularity {
		b.info[i] = at(n)
	}
	b.cold = at(0)
}

// Add adds the list of one user. An item twice in it is ErrDuplicate; the state
// is then unchanged. An empty list counts for user coverage only.
func (b *Beyond[I]) Add(recommended []I) error {
	if err := check.Receiver("ranking: Beyond.Add", b); err != nil {
		return err
	}
	return b.add(recommended, nil, false)
}

// AddRelevant is Add with the user's relevant items, for serendipity.
func (b *Beyond[I]) AddRelevant(recommended []I, relevance map[I]float64) error {
	if err := check.Receiver("ranking: Beyond.AddRelevant", b); err != nil {
		return err
	}
	for i, g := range relevance {
		if !check.Finite(g) {
			return fmt.Errorf("ranking: Beyond.AddRelevant: relevance of item %v is %v: %w", i, g, ErrNotFinite)
		}
	}
	return b.add(recommended, relevance, true)
}

// add counts one list, of which judged says whether relevance tells what was relevant.
func (b *Beyond[I]) add(recommended []I, relevance map[I]float64, judged bool) error {
	if err := noDuplicates(recommended); err != nil {
		return fmt.Errorf("ranking: Beyond.Add: %w", err)
	}
	b.ensure()
	if len(recommended) > b.opt.K {
		recommended = recommended[:b.opt.K]
	}
	b.lists++
	if len(recommended) == 0 {
		b.empty++
		return nil
	}
	n := float64(len(recommended))
	norm := 1 / math.Sqrt(n)
	var bits, pop, tail, ser float64
	for r, i := range recommended {
		e := b.shown[i]
		e.n++
		e.norm += norm
		b.shown[i] = e
		if !b.known {
			continue
		}
		x, ok := b.info[i]
		if !ok {
			x = b.cold
		}
		bits += x.bits
		pop += float64(x.pop)
		if x.tail {
			tail++
		}
		if relevance[i] > 0 {
			// Chance to be shown at this rank against the chance by popularity alone.
			ser += max(x.rank-float64(r+1), 0) / float64(b.opt.Items)
		}
	}
	if b.known {
		// Bounded sums of checked counts: Add cannot fail.
		if b.opt.Users > 0 {
			_ = b.novelty.Add(bits / n)
		}
		_ = b.pop.Add(pop / n)
		_ = b.tail.Add(tail / n)
		_ = b.tailCount.Add(tail)
		if judged {
			_ = b.serendipic.Add(ser / float64(b.opt.K))
		}
	}
	return nil
}

// noDuplicates reports an item that is twice in the list, short lists without a map.
func noDuplicates[I comparable](list []I) error {
	if len(list) <= 24 {
		for j, x := range list {
			if i := slices.Index(list[:j], x); i >= 0 {
				return fmt.Errorf("item %v is at ranks %d and %d of the list: %w", x, i+1, j+1, ErrDuplicate)
			}
		}
		return nil
	}
	seen := make(map[I]int, len(list))
	for j, x := range list {
		if i, ok := seen[x]; ok {
			return fmt.Errorf("item %v is at ranks %d and %d of the list: %w", x, i+1, j+1, ErrDuplicate)
		}
		seen[x] = j
	}
	return nil
}

// Merge adds the lists of other, which must have equal options and popularity
// (else ErrMismatch).
func (b *Beyond[I]) Merge(other *Beyond[I]) error {
	if err := check.Merge("ranking: Beyond.Merge", b, other); err != nil {
		return err
	}
	if other.shown == nil {
		return nil // a zero value: nothing seen
	}
	p, q := b.opt, other.opt
	if b.shown == nil {
		p = p.withDefaults()
	}
	if p.K != q.K || p.Items != q.Items || p.Users != q.Users || p.Tail != q.Tail || b.known != other.known ||
		!maps.EqualFunc(b.info, other.info, func(x, y itemInfo) bool { return x.pop == y.pop }) {
		return fmt.Errorf("ranking: Beyond.Merge: merge of states with other options: %w", ErrMismatch)
	}
	b.ensure()
	b.lists += other.lists
	b.empty += other.empty
	for i, e := range other.shown {
		x := b.shown[i]
		b.shown[i] = exposure{x.n + e.n, x.norm + e.norm}
	}
	_ = b.novelty.Merge(other.novelty)
	_ = b.pop.Merge(other.pop)
	_ = b.tail.Merge(other.tail)
	_ = b.tailCount.Merge(other.tailCount)
	_ = b.serendipic.Merge(other.serendipic)
	return nil
}

// BeyondResult holds the measures; those for which the options or the data give
// no value are NaN.
type BeyondResult struct {
	Lists           int64   // users asked for
	Distinct        int64   // distinct items recommended
	UserCoverage    float64 // share of lists that are not empty
	Coverage        float64 // distinct items over the catalogue
	Gini            float64 // of exposure over the whole catalogue: 0 all items equally often, towards 1 few items only; metrics.Gini judges a score
	Entropy         float64 // of exposure in nats, −Σ p ln p
	Novelty         float64 // mean over lists of the mean of −log2(share of users who had the item); bits
	ARP             float64 // average recommendation popularity: mean over lists of the mean number of training users
	APLT            float64 // mean share of long-tail items in a list
	ACLT            float64 // mean number of long-tail items in a list
	Serendipity     float64 // mean over lists of AddRelevant of Σ max(popularity rank − rank, 0)/items over hits, over K
	Personalization float64 // 1 − mean cosine overlap of the lists of two users; NaN below two non-empty lists
}

// Result returns the measures; ErrUndefined without lists. Empty lists are left
// out of the means over lists. The cost is a sort of the item counts.
func (b *Beyond[I]) Result() (BeyondResult, error) {
	if err := check.Receiver("ranking: Beyond.Result", b); err != nil {
		return BeyondResult{}, err
	}
	if b.lists == 0 {
		return BeyondResult{}, undefined("Beyond.Result: no lists")
	}
	mean := func(m moments.Moments) float64 { return m.Mean() }
	nan := math.NaN()
	r := BeyondResult{
		Lists: b.lists, Distinct: int64(len(b.shown)), UserCoverage: float64(b.lists-b.empty) / float64(b.lists),
		Coverage: nan, Gini: nan, Entropy: nan, Novelty: mean(b.novelty), ARP: mean(b.pop), APLT: mean(b.tail), ACLT: mean(b.tailCount),
		Serendipity: mean(b.serendipic), Personalization: nan,
	}
	// Sums run over sorted values: a map's order would change the last digits.
	counts := make([]int64, 0, len(b.shown))
	norms := make([]float64, 0, len(b.shown))
	var total int64
	for _, e := range b.shown {
		counts = append(counts, e.n)
		norms = append(norms, e.norm)
		total += e.n
	}
	slices.Sort(counts)
	slices.Sort(norms)
	if total > 0 {
		r.Entropy = 0
		for _, n := range counts {
			p := float64(n) / float64(total)
			r.Entropy -= p * math.Log(p)
		}
		if items := max(b.opt.Items, len(counts)); b.opt.Items > 0 {
			r.Coverage = float64(len(counts)) / float64(items)
			unseen := items - len(counts)
			sum := 0.0
			for i, n := range counts {
				sum += float64(2*(unseen+i+1)-items-1) * float64(n)
			}
			r.Gini = sum / (float64(items) * float64(total))
		}
	} else if b.opt.Items > 0 {
		r.Coverage = 0
	}
	if n := float64(b.lists - b.empty); n >= 2 {
		same := 0.0
		for _, x := range norms {
			same += x * x
		}
		r.Personalization = 1 - (same-n)/(n*(n-1))
	}
	return r, nil
}

// IntraListDiversity returns the mean distance over all pairs of a list.
// distance must be symmetric and finite (else ErrNotFinite); cost O(n²).
// ErrUndefined below two items.
func IntraListDiversity[I comparable](recommended []I, distance func(a, b I) float64) (float64, error) {
	if distance == nil {
		return math.NaN(), fmt.Errorf("ranking: IntraListDiversity: distance is nil: %w", ErrOption)
	}
	if len(recommended) < 2 {
		return math.NaN(), undefined("IntraListDiversity: %d items", len(recommended))
	}
	if err := noDuplicates(recommended); err != nil {
		return math.NaN(), fmt.Errorf("ranking: IntraListDiversity: %w", err)
	}
	sum := 0.0
	for j, b := range recommended {
		for _, a := range recommended[:j] {
			d := distance(a, b)
			if !check.Finite(d) {
				return math.NaN(), fmt.Errorf("ranking: IntraListDiversity: distance of %v and %v is %v: %w", a, b, d, ErrNotFinite)
			}
			sum += d
		}
	}
	n := float64(len(recommended))
	return sum / (n * (n - 1) / 2), nil
}

// CalibrationKL returns how far the mix of categories in a list is from that in
// the user's history (Steck 2018): KL(p‖q̃) in nats, p the history, q the list,
// q̃ = (1−alpha)·q + alpha·p. Both are weights per category of the same length
// and are normalised here. alpha 0 means the paper's 0.01. 0 is perfect.
//
// ErrShape for different lengths, ErrRange for a negative weight or an alpha
// outside (0, 1), ErrNotFinite, and ErrUndefined when either has no weight.
func CalibrationKL(history, list []float64, alpha float64) (float64, error) {
	alpha = check.Default(alpha, 0.01)
	if !(alpha > 0 && alpha < 1) {
		return math.NaN(), fmt.Errorf("ranking: CalibrationKL: alpha is %v, want in (0, 1): %w", alpha, ErrRange)
	}
	if err := check.Len("list", len(list), len(history)); err != nil {
		return math.NaN(), fmt.Errorf("ranking: CalibrationKL: %w", err)
	}
	var sp, sq float64
	for i := range history {
		for _, x := range [2]float64{history[i], list[i]} {
			if !check.Finite(x) {
				return math.NaN(), fmt.Errorf("ranking: CalibrationKL: weight of category %d is %v: %w", i, x, ErrNotFinite)
			}
			if x < 0 {
				return math.NaN(), fmt.Errorf("ranking: CalibrationKL: weight of category %d is %v, want >= 0: %w", i, x, ErrRange)
			}
		}
		sp += history[i]
		sq += list[i]
	}
	if sp == 0 || sq == 0 {
		return math.NaN(), undefined("CalibrationKL: weights of the history sum to %v, of the list to %v", sp, sq)
	}
	kl := 0.0
	for i := range history {
		p, q := history[i]/sp, list[i]/sq
		if p > 0 {
			kl += p * math.Log(p/((1-alpha)*q+alpha*p))
		}
	}
	// A perfect match may round below 0.
	return max(kl, 0), nil
}
