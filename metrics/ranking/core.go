package ranking

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/moments"
	"github.com/aislekit/aisle/metrics"
)

// Cutoff holds the means over users at one cut-off k. For one user let h be
// the hits among the first k, T the number of relevant items (relevance > 0).
type Cutoff struct {
	K          int     // the cut-off
	Precision  float64 // h/k
	Recall     float64 // h/T or h/min(k,T)
	HitRate    float64 // 1 if h > 0
	MAP        float64 // Σ over hits of precision at the hit's rank, over min(k,T) or T
	MRR        float64 // 1/rank of the first hit, 0 without one
	NDCG       float64 // discounted gain over that of the best possible list of length min(k,T)
	AUC        float64 // share of (relevant, other) pairs in right order; items outside the first k tie last and count ½; NaN without Candidates
	RBP        float64 // (1−p) Σ over hits of p^(rank−1)
	RPrecision float64 // hits among the first T, over T: the whole list counts, whatever k
}

// Result is what a ranking accumulator has seen.
type Result struct {
	Users            int64    // users in the means
	Skipped          int64    // users left out, having no relevant item
	Missing          int64    // users in the means without any recommendation; they score 0 (AUC ½: all items tie)
	SampledNegatives int      // 0: the whole catalogue was ranked
	Cutoffs          []Cutoff // one per cut-off, k rising
}

// At returns the means at cut-off k, false if k was not asked for.
func (r Result) At(k int) (Cutoff, bool) {
	for _, a := range r.Cutoffs {
		if a.K == k {
			return a, true
		}
	}
	return Cutoff{}, false
}

// Table returns the result with one row per cut-off.
func (r Result) Table() *metrics.Table {
	name := "k"
	if r.SampledNegatives > 0 {
		name = fmt.Sprintf("k (among %d sampled)", r.SampledNegatives)
	}
	t := metrics.NewTable(name, "precision", "recall", "hitrate", "map", "mrr", "ndcg", "auc", "rbp", "rprecision")
	for _, a := range r.Cutoffs {
		t.AddRow(a.K, a.Precision, a.Recall, a.HitRate, a.MAP, a.MRR, a.NDCG, a.AUC, a.RBP, a.RPrecision)
	}
	return t
}

// rankCore turns positions of hits into measures; Tally and Dense feed it.
type rankCore struct {
	opt      Options
	kmax     int
	discount []float64         // by position
	ideal    []float64         // ideal[n]: discounted gain of n unit hits
	stats    []moments.Moments // cut-off × metric
	users    int64
	skipped  int64
	missing  int64
	perUser  []float64 // user × cut-off × metric
	row      []float64 // scratch
	gains    []float64 // scratch: relevance by position
	best     []float64 // scratch: positive relevances
}

func newRankCore(where string, opt Options) (*rankCore, error) {
	opt = opt.withDefaults()
	if err := opt.validate(where); err != nil {
		return nil, err
	}
	c := &rankCore{opt: opt, kmax: opt.K[len(opt.K)-1]}
	c.ideal = []float64{0}
	c.stats = make([]moments.Moments, len(opt.K)*measures)
	c.row = make([]float64, len(c.stats))
	return c, nil
}

// defaultRankCore is the state of a zero accumulator.
func defaultRankCore() *rankCore {
	c, _ := newRankCore("", Options{}) // the defaults are valid
	return c
}

// grow extends the tables of discounts to n positions. They grow with the data,
// not with the largest cut-off, so that a decoded state costs what it holds.
func (c *rankCore) grow(n int) {
	for r := len(c.discount); r < n; r++ {
		x := float64(r + 2)
		if c.opt.Discount == DiscountLog2Clipped {
			x = float64(max(r+1, 2))
		}
		c.discount = append(c.discount, 1/math.Log2(x))
		c.ideal = append(c.ideal, c.ideal[r]+c.discount[r])
	}
}

func (c *rankCore) gain(g float64) float64 {
	switch c.opt.Gain {
	case GainLinear:
		return g
	case GainExponential:
		if g < .5 { // keep tiny relevances from vanishing
			return math.Expm1(g * math.Ln2)
		}
		return math.Exp2(g) - 1
	}
	return 1
}

// checkRelevance accepts finite relevances whose gain is finite as well.
func (c *rankCore) checkRelevance(g float64) error {
	if !check.Finite(g) {
		return fmt.Errorf("relevance is %v: %w", g, ErrNotFinite)
	}
	if g > 1000 && c.opt.Gain == GainExponential {
		return fmt.Errorf("relevance is %v, want <= 1000 with exponential gain: %w", g, ErrRange)
	}
	return nil
}

// pass is what one walk down a list has seen so far.
type pass struct {
	at                int // positions walked
	hits, misses      int
	dcg, ideal        float64 // discounted gain of the list and, unless gain is binary, of the best one
	precisions, first float64 // sum over hits of the precision at their rank; 1/rank of the first
	rbp, weight       float64 // rank-biased precision and what the next hit adds to it
	ordered           float64 // pairs of a hit above a miss
}

// walk goes down to cut-off k, or to where nothing more can count.
func (c *rankCore) walk(p *pass, k, relevant int) {
	binary := c.opt.Gain == GainBinary
	for ; p.at < k; p.at++ {
		r := p.at
		if !binary && r < relevant {
			p.ideal += c.gain(c.best[r]) * c.discount[r]
		}
		if r >= len(c.gains) {
			if binary || r >= relevant {
				p.at = k
				return
			}
			continue
		}
		if g := c.gains[r]; g > 0 {
			p.hits++
			p.dcg += c.gain(g) * c.discount[r]
			p.precisions += float64(p.hits) / float64(r+1)
			if p.hits == 1 {
				p.first = 1 / float64(r+1)
			}
			p.rbp += p.weight
		} else {
			p.misses++
			p.ordered += float64(p.hits)
		}
		p.weight *= c.opt.Persistence
	}
}

// negatives returns how many of the candidates of a user are not relevant, -1 where
// nobody says how many candidates there were.
func (c *rankCore) negatives(relevant int) (int, error) {
	switch {
	case c.opt.SampledNegatives > 0:
		return c.opt.SampledNegatives, nil
	case c.opt.Candidates > 0:
		if relevant > c.opt.Candidates {
			return 0, fmt.Errorf("%d relevant items among %d candidates: %w", relevant, c.opt.Candidates, ErrRange)
		}
		return c.opt.Candidates - relevant, nil
	}
	return -1, nil
}

// auc returns the share of pairs in right order, those below the list tied last;
// NaN without negatives.
func (p *pass) auc(relevant, negatives int) (float64, error) {
	if negatives <= 0 {
		return math.NaN(), nil
	}
	if p.misses > negatives {
		return 0, fmt.Errorf("list holds %d items that are not relevant, but only %d of the candidates are not: %w", p.misses, negatives, ErrRange)
	}
	truth := float64(relevant)
	return (p.ordered + (float64(p.hits)+truth)/2*float64(negatives-p.misses)) / (truth * float64(negatives)), nil
}

// denominators returns what precision, recall and average precision at k divide by,
// for a list of listLen items and so many relevant ones.
func (c *rankCore) denominators(k, listLen, relevant int) (precision, recall, ap float64) {
	cut := min(k, listLen)
	precision, recall, ap = float64(k), float64(relevant), float64(min(k, relevant))
	if c.opt.Precision == PrecisionByLength {
		precision = float64(max(cut, 1))
	}
	if c.opt.Recall == RecallByMinK {
		recall = float64(min(k, relevant))
	}
	switch c.opt.AP {
	case APByTruth:
		ap = float64(relevant)
	case APByLength:
		ap = float64(max(min(cut, relevant), 1))
	}
	return precision, recall, ap
}

// evaluate fills row, cut-off × measure, from c.gains (relevance by position, at
// least the first max(kmax, relevant) positions of the list) and c.best (positive
// relevances in any order; not read for binary gain).
func (c *rankCore) evaluate(row []float64, listLen, relevant int) error {
	c.grow(min(c.kmax, max(len(c.gains), relevant)))
	negatives, err := c.negatives(relevant)
	if err != nil {
		return err
	}
	if c.opt.Gain != GainBinary {
		slices.SortFunc(c.best, func(a, b float64) int { return cmp.Compare(b, a) })
	}
	early := 0 // hits among the first T
	for _, g := range c.gains[:min(relevant, len(c.gains))] {
		if g > 0 {
			early++
		}
	}
	p := pass{weight: 1 - c.opt.Persistence}
	for i, k := range c.opt.K {
		c.walk(&p, k, relevant)
		best := p.ideal
		if c.opt.Gain == GainBinary {
			best = c.ideal[min(k, relevant)]
		}
		auc, err := p.auc(relevant, negatives)
		if err != nil {
			return err
		}
		precision, recall, ap := c.denominators(k, listLen, relevant)
		out := row[i*measures : (i+1)*measures]
		out[Precision] = float64(p.hits) / precision
		out[Recall] = float64(p.hits) / recall
		out[HitRate] = float64(min(p.hits, 1))
		out[MAP] = p.precisions / ap
		out[MRR] = p.first
		out[NDCG] = p.dcg / best
		out[AUC] = auc
		out[RBP] = p.rbp
		out[RPrecision] = float64(early) / float64(relevant)
	}
	return nil
}

// commit evaluates and adds one user.
func (c *rankCore) commit(listLen, relevant int) error {
	if err := c.evaluate(c.row, listLen, relevant); err != nil {
		return err
	}
	c.users++
	if listLen == 0 {
		c.missing++
	}
	for i, x := range c.row {
		if x == x {
			// Measures are bounded, so Add cannot fail.
			_ = c.stats[i].Add(x)
		}
	}
	if c.opt.KeepUsers {
		c.perUser = append(c.perUser, c.row...)
	}
	return nil
}

// merge adds the users of other; nil is a state that has seen nothing.
func (c *rankCore) merge(where string, other *rankCore) error {
	if other == nil {
		return nil // a zero value: nothing seen
	}
	if !c.opt.same(other.opt) {
		return fmt.Errorf("ranking: %s: merge of states with other options: %w", where, ErrMismatch)
	}
	for i := range c.stats {
		_ = c.stats[i].Merge(other.stats[i])
	}
	c.users += other.users
	c.skipped += other.skipped
	c.missing += other.missing
	c.perUser = append(c.perUser, other.perUser...)
	return nil
}

// result returns the means; where names the method in errors.
func (c *rankCore) result(where string) (Result, error) {
	r := Result{Users: c.users, Skipped: c.skipped, Missing: c.missing, SampledNegatives: c.opt.SampledNegatives}
	if c.users == 0 {
		return r, undefined("%s: no user with a relevant item, %d skipped", where, c.skipped)
	}
	for ki, k := range c.opt.K {
		s := c.stats[ki*measures:]
		mean := func(m Measure) float64 { return s[m].Mean() }
		r.Cutoffs = append(r.Cutoffs, Cutoff{
			K: k, Precision: mean(Precision), Recall: mean(Recall), HitRate: mean(HitRate),
			MAP: mean(MAP), MRR: mean(MRR), NDCG: mean(NDCG), AUC: mean(AUC), RBP: mean(RBP), RPrecision: mean(RPrecision),
		})
	}
	return r, nil
}

func (c *rankCore) index(where string, m Measure, k int) (int, error) {
	ki := slices.Index(c.opt.K, k)
	if ki < 0 || int(m) >= measures {
		return 0, fmt.Errorf("ranking: %s: %v at %d was not asked for: %w", where, m, k, ErrOption)
	}
	return ki*measures + int(m), nil
}

func (c *rankCore) moments(where string, m Measure, k int) (metrics.Moments, error) {
	i, err := c.index(where, m, k)
	if err != nil {
		return metrics.Moments{}, err
	}
	return metrics.Moments(c.stats[i]), nil
}

func (c *rankCore) valuesOf(where string, m Measure, k int) ([]float64, error) {
	i, err := c.index(where, m, k)
	if err != nil {
		return nil, err
	}
	if !c.opt.KeepUsers {
		return nil, fmt.Errorf("ranking: %s: per-user values need KeepUsers: %w", where, ErrOption)
	}
	out := make([]float64, 0, c.users)
	for ; i < len(c.perUser); i += len(c.row) {
		out = append(out, c.perUser[i])
	}
	return out, nil
}
