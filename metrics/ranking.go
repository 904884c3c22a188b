package metrics

import (
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/moments"
)

// Gain says what a hit of relevance g is worth in NDCG.
type Gain uint8

// The gains in use. They agree when every relevance is 0 or 1.
const (
	GainBinary      Gain = iota // 1 for g > 0
	GainLinear                  // g
	GainExponential             // 2^g − 1 (Burges et al. 2005)
)

// RecallDenominator says by what the number of hits is divided.
type RecallDenominator uint8

// Denominators of recall. They agree for users with at most k relevant items.
const (
	RecallByTruth RecallDenominator = iota // number of relevant items T
	RecallByMinK                           // min(k, T), so that 1 can always be reached
)

// APDenominator says by what the sum of precisions is divided in average precision.
type APDenominator uint8

// Denominators of average precision.
const (
	APByMinK   APDenominator = iota // min(k, T)
	APByTruth                       // T
	APByLength                      // min(T, length of the list cut at k)
)

// PrecisionDenominator says by what the number of hits is divided.
type PrecisionDenominator uint8

// Denominators of precision. They differ only for lists shorter than k.
const (
	PrecisionByK      PrecisionDenominator = iota // k: a model that abstains is not rewarded
	PrecisionByLength                             // min(k, length of the list)
)

// Discount says how much a hit at rank r (from 1) counts in NDCG.
type Discount uint8

// Discounts.
const (
	DiscountLog2        Discount = iota // 1/log2(r+1) (Järvelin and Kekäläinen 2002, as all but one library have it)
	DiscountLog2Clipped                 // 1/log2(max(r, 2)): ranks 1 and 2 weigh the same (LensKit)
)

// RankingMetric names one measure of a ranked list.
type RankingMetric uint8

// The measures of a ranked list; RankingAt states their definitions.
const (
	RankPrecision RankingMetric = iota
	RankRecall
	RankHitRate
	RankMAP
	RankMRR
	RankNDCG
	RankAUC
	RankRBP
	RankRPrecision
	rankMetrics int = iota
)

var rankNames = [rankMetrics]string{"precision", "recall", "hitrate", "map", "mrr", "ndcg", "auc", "rbp", "rprecision"}

// String returns the lower-case name, "ndcg".
func (m RankingMetric) String() string {
	if int(m) < rankMetrics {
		return rankNames[m]
	}
	return fmt.Sprintf("RankingMetric(%d)", uint8(m))
}

// RankingOptions states the conventions of ranking measures. Published tables
// differ in them; the presets TREC, Liang2018, LightGCN, NCF and LensKit are
// named after the source whose numbers they reproduce.
type RankingOptions struct {
	K         []int                // cut-offs; default 10 and 20; sorted and made unique
	Precision PrecisionDenominator // default PrecisionByK
	Recall    RecallDenominator    // default RecallByTruth
	AP        APDenominator        // default APByMinK
	Gain      Gain                 // default GainBinary
	Discount  Discount             // default DiscountLog2

	// Persistence of rank-biased precision, in (0, 1). Default 0.8
	// (Moffat and Zobel 2008).
	Persistence float64

	// Candidates is the number of items each list was chosen from, needed for
	// AUC only. 0 leaves AUC out (NaN).
	Candidates int

	// SampledNegatives is stated in the result when the lists rank not the
	// catalogue but the relevant items among that many sampled others. Such
	// numbers are biased (Krichene and Rendle 2020) and comparable only with
	// numbers of the same protocol. It also sets Candidates for AUC to
	// T + SampledNegatives for each user.
	SampledNegatives int

	// KeepUsers keeps every measure of every user, for paired tests: 9 float64
	// per user and cut-off.
	KeepUsers bool
}

// TREC is the convention of trec_eval and ranx: recall and average precision
// over all relevant items, NDCG with linear gain.
func TREC(k ...int) RankingOptions {
	return RankingOptions{K: k, AP: APByTruth, Gain: GainLinear}
}

// Liang2018 is the protocol of Liang et al. (2018), also of EASE and of the
// iALS revisit: recall over min(k, T), binary NDCG. Default cut-offs 20, 50, 100.
func Liang2018(k ...int) RankingOptions {
	if len(k) == 0 {
		k = []int{20, 50, 100}
	}
	return RankingOptions{K: k, Recall: RecallByMinK}
}

// LightGCN is the protocol of He et al. (2020) and BARS: recall over T, binary
// NDCG. Default cut-off 20.
func LightGCN(k ...int) RankingOptions {
	if len(k) == 0 {
		k = []int{20}
	}
	return RankingOptions{K: k}
}

// NCF is the protocol of He et al. (2017): one held-out item ranked among
// negatives sampled items (99 in the paper), hit rate and NDCG at 10. Biased:
// see RankingOptions.SampledNegatives.
func NCF(negatives int, k ...int) RankingOptions {
	if len(k) == 0 {
		k = []int{10}
	}
	return RankingOptions{K: k, SampledNegatives: negatives}
}

// LensKit is the convention of LensKit for Python: precision over the list's
// length, recall over min(k, T), average precision over min(T, length), the
// clipped discount, and patience 0.85 for rank-biased precision.
func LensKit(k ...int) RankingOptions {
	return RankingOptions{
		K: k, Precision: PrecisionByLength, Recall: RecallByMinK, AP: APByLength,
		Discount: DiscountLog2Clipped, Persistence: 0.85,
	}
}

const maxCutoff = 1 << 20

func (o RankingOptions) withDefaults() RankingOptions {
	if len(o.K) == 0 {
		o.K = []int{10, 20}
	} else {
		o.K = slices.Clone(o.K)
		slices.Sort(o.K)
		o.K = slices.Compact(o.K)
	}
	o.Persistence = check.Default(o.Persistence, 0.8)
	return o
}

func (o RankingOptions) validate(where string) error {
	var c check.Options
	for _, k := range o.K {
		c.Require(k > 0 && k <= maxCutoff, "K", k, "in [1, 1048576]")
	}
	c.Require(o.Precision <= PrecisionByLength, "Precision", o.Precision, "a PrecisionDenominator")
	c.Require(o.Recall <= RecallByMinK, "Recall", o.Recall, "a RecallDenominator")
	c.Require(o.AP <= APByLength, "AP", o.AP, "an APDenominator")
	c.Require(o.Gain <= GainExponential, "Gain", o.Gain, "a Gain")
	c.Require(o.Discount <= DiscountLog2Clipped, "Discount", o.Discount, "a Discount")
	c.Require(o.Persistence > 0 && o.Persistence < 1, "Persistence", o.Persistence, "in (0, 1)")
	check.NonNegative(&c, "Candidates", o.Candidates)
	check.NonNegative(&c, "SampledNegatives", o.SampledNegatives)
	return c.Err(where)
}

func (o RankingOptions) same(p RankingOptions) bool {
	return slices.Equal(o.K, p.K) && o.Precision == p.Precision && o.Recall == p.Recall && o.AP == p.AP && o.Gain == p.Gain &&
		o.Discount == p.Discount && o.Persistence == p.Persistence && o.Candidates == p.Candidates &&
		o.SampledNegatives == p.SampledNegatives && o.KeepUsers == p.KeepUsers
}

// RankingAt holds the means over users at one cut-off k. For one user let h be
// the hits among the first k, T the number of relevant items (relevance > 0).
type RankingAt struct {
	K          int
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

// RankingResult is what a ranking accumulator has seen.
type RankingResult struct {
	Users            int64 // users in the means
	Skipped          int64 // users left out, having no relevant item
	Missing          int64 // users in the means without any recommendation; they score 0 (AUC ½: all items tie)
	SampledNegatives int   // 0: the whole catalogue was ranked
	Cutoffs          []RankingAt
}

// At returns the means at cut-off k, false if k was not asked for.
func (r RankingResult) At(k int) (RankingAt, bool) {
	for _, a := range r.Cutoffs {
		if a.K == k {
			return a, true
		}
	}
	return RankingAt{}, false
}

// Table returns the result with one row per cut-off.
func (r RankingResult) Table() *Table {
	name := "k"
	if r.SampledNegatives > 0 {
		name = fmt.Sprintf("k (among %d sampled)", r.SampledNegatives)
	}
	t := NewTable(name, "precision", "recall", "hitrate", "map", "mrr", "ndcg", "auc", "rbp", "rprecision")
	for _, a := range r.Cutoffs {
		t.AddRow(a.K, a.Precision, a.Recall, a.HitRate, a.MAP, a.MRR, a.NDCG, a.AUC, a.RBP, a.RPrecision)
	}
	return t
}

// rankCore turns positions of hits into measures; Ranking and DenseRanking feed it.
type rankCore struct {
	opt      RankingOptions
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

func newRankCore(where string, o RankingOptions) (*rankCore, error) {
	o = o.withDefaults()
	if err := o.validate(where); err != nil {
		return nil, err
	}
	c := &rankCore{opt: o, kmax: o.K[len(o.K)-1]}
	c.ideal = []float64{0}
	c.stats = make([]moments.Moments, len(o.K)*rankMetrics)
	c.row = make([]float64, len(c.stats))
	return c, nil
}

// defaultRankCore is the state of a zero accumulator.
func defaultRankCore() *rankCore {
	c, _ := newRankCore("", RankingOptions{}) // the defaults are valid
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

// evaluate fills row from c.gains (relevance by position, at least the first
// max(kmax, relevant) positions of the list) and c.best (positive relevances in
// any order; not read for binary gain).
func (c *rankCore) evaluate(row []float64, listLen, relevant int) error {
	c.grow(min(c.kmax, max(len(c.gains), relevant)))
	truth := float64(relevant)
	negatives := -1
	switch {
	case c.opt.SampledNegatives > 0:
		negatives = c.opt.SampledNegatives
	case c.opt.Candidates > 0:
		negatives = c.opt.Candidates - relevant
		if negatives < 0 {
			return fmt.Errorf("%d relevant items among %d candidates: %w", relevant, c.opt.Candidates, ErrRange)
		}
	}
	if c.opt.Gain != GainBinary {
		slices.SortFunc(c.best, func(a, b float64) int {
			switch {
			case a > b:
				return -1
			case a < b:
				return 1
			}
			return 0
		})
	}
	rHits := 0
	for _, g := range c.gains[:min(relevant, len(c.gains))] {
		if g > 0 {
			rHits++
		}
	}
	hits, misses := 0, 0
	var dcg, ideal, ap, rr, rbp, ordered float64
	weight := 1 - c.opt.Persistence
	r := 0
	for ki, k := range c.opt.K {
		for ; r < k; r++ {
			if c.opt.Gain != GainBinary && r < relevant {
				ideal += c.gain(c.best[r]) * c.discount[r]
			}
			if r >= len(c.gains) {
				if c.opt.Gain == GainBinary || r >= relevant {
					r = k
					break
				}
				continue
			}
			if g := c.gains[r]; g > 0 {
				hits++
				dcg += c.gain(g) * c.discount[r]
				ap += float64(hits) / float64(r+1)
				if hits == 1 {
					rr = 1 / float64(r+1)
				}
				rbp += weight
			} else {
				misses++
				ordered += float64(hits)
			}
			weight *= c.opt.Persistence
		}
		h := float64(hits)
		out := row[ki*rankMetrics : (ki+1)*rankMetrics]
		cut := min(k, listLen)
		pd := float64(k)
		if c.opt.Precision == PrecisionByLength {
			pd = float64(max(cut, 1))
		}
		rd := truth
		if c.opt.Recall == RecallByMinK {
			rd = float64(min(k, relevant))
		}
		ad := float64(min(k, relevant))
		switch c.opt.AP {
		case APByTruth:
			ad = truth
		case APByLength:
			ad = float64(max(min(cut, relevant), 1))
		}
		best := ideal
		if c.opt.Gain == GainBinary {
			best = c.ideal[min(k, relevant)]
		}
		hit := 0.0
		if hits > 0 {
			hit = 1
		}
		auc := math.NaN()
		if negatives > 0 {
			if misses > negatives {
				return fmt.Errorf("list holds %d items that are not relevant, but only %d of the candidates are not: %w", misses, negatives, ErrRange)
			}
			auc = (ordered + (h+truth)/2*float64(negatives-misses)) / (truth * float64(negatives))
		}
		out[RankPrecision] = h / pd
		out[RankRecall] = h / rd
		out[RankHitRate] = hit
		out[RankMAP] = ap / ad
		out[RankMRR] = rr
		out[RankNDCG] = dcg / best
		out[RankAUC] = auc
		out[RankRBP] = rbp
		out[RankRPrecision] = float64(rHits) / truth
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

func (c *rankCore) merge(what string, o *rankCore) error {
	if o == nil {
		return nil // a zero value: nothing seen
	}
	if !c.opt.same(o.opt) {
		return fmt.Errorf("metrics: %s: merge of states with other options: %w", what, ErrMismatch)
	}
	for i := range c.stats {
		_ = c.stats[i].Merge(o.stats[i])
	}
	c.users += o.users
	c.skipped += o.skipped
	c.missing += o.missing
	c.perUser = append(c.perUser, o.perUser...)
	return nil
}

func (c *rankCore) result() (RankingResult, error) {
	r := RankingResult{Users: c.users, Skipped: c.skipped, Missing: c.missing, SampledNegatives: c.opt.SampledNegatives}
	if c.users == 0 {
		return r, undefined("ranking: no user with a relevant item, %d skipped", c.skipped)
	}
	for ki, k := range c.opt.K {
		s := c.stats[ki*rankMetrics:]
		mean := func(m RankingMetric) float64 { return s[m].Mean() }
		r.Cutoffs = append(r.Cutoffs, RankingAt{
			K: k, Precision: mean(RankPrecision), Recall: mean(RankRecall), HitRate: mean(RankHitRate),
			MAP: mean(RankMAP), MRR: mean(RankMRR), NDCG: mean(RankNDCG), AUC: mean(RankAUC), RBP: mean(RankRBP), RPrecision: mean(RankRPrecision),
		})
	}
	return r, nil
}

func (c *rankCore) index(m RankingMetric, k int) (int, error) {
	ki := slices.Index(c.opt.K, k)
	if ki < 0 || int(m) >= rankMetrics {
		return 0, fmt.Errorf("metrics: ranking: %v at %d was not asked for: %w", m, k, ErrOption)
	}
	return ki*rankMetrics + int(m), nil
}

func (c *rankCore) moments(m RankingMetric, k int) (Moments, error) {
	i, err := c.index(m, k)
	if err != nil {
		return Moments{}, err
	}
	return Moments(c.stats[i]), nil
}

func (c *rankCore) users1(m RankingMetric, k int) ([]float64, error) {
	i, err := c.index(m, k)
	if err != nil {
		return nil, err
	}
	if !c.opt.KeepUsers {
		return nil, fmt.Errorf("metrics: ranking: per-user values need KeepUsers: %w", ErrOption)
	}
	out := make([]float64, 0, c.users)
	for ; i < len(c.perUser); i += len(c.row) {
		out = append(out, c.perUser[i])
	}
	return out, nil
}

func (c *rankCore) appendBinary(dst []byte) []byte {
	var w codec.Writer
	w.Int(len(c.opt.K))
	for _, k := range c.opt.K {
		w.Int(k)
	}
	for _, b := range []uint8{uint8(c.opt.Precision), uint8(c.opt.Recall), uint8(c.opt.AP), uint8(c.opt.Gain), uint8(c.opt.Discount)} {
		w.Int(int(b))
	}
	w.Float64(c.opt.Persistence)
	w.Int(c.opt.Candidates)
	w.Int(c.opt.SampledNegatives)
	w.Bool(c.opt.KeepUsers)
	w.Int64(c.users)
	w.Int64(c.skipped)
	w.Int64(c.missing)
	for i := range c.stats {
		c.stats[i].Write(&w)
	}
	w.Float64s(c.perUser)
	return w.AppendFrame(dst, codec.KindRanking, 1)
}

func decodeRankCore(data []byte) (*rankCore, error) {
	r, err := codec.Open(data, codec.KindRanking, 1)
	if err != nil {
		return nil, fmt.Errorf("metrics: ranking: %w", err)
	}
	var o RankingOptions
	n := r.Int()
	if n < 1 || n > len(data)/8 {
		r.Fail("number of cut-offs")
	}
	for i := 0; i < n && r.Err() == nil; i++ {
		o.K = append(o.K, r.Int())
		if i > 0 && o.K[i] <= o.K[i-1] {
			r.Fail("cut-offs do not ascend")
		}
	}
	small := func() uint8 {
		x := r.Int()
		if x > math.MaxUint8 {
			r.Fail("enumeration")
		}
		return uint8(x)
	}
	o.Precision, o.Recall, o.AP = PrecisionDenominator(small()), RecallDenominator(small()), APDenominator(small())
	o.Gain, o.Discount = Gain(small()), Discount(small())
	o.Persistence = r.Float64()
	if !(o.Persistence > 0) {
		r.Fail("persistence")
	}
	o.Candidates, o.SampledNegatives, o.KeepUsers = r.Int(), r.Int(), r.Bool()
	users, skipped, missing := r.Int64(), r.Int64(), r.Int64()
	if users < 0 || skipped < 0 || missing < 0 || missing > users {
		r.Fail("user counts")
	}
	if r.Err() != nil {
		return nil, fmt.Errorf("metrics: ranking: %w", r.Err())
	}
	c, err := newRankCore("metrics: ranking", o)
	if err != nil {
		return nil, fmt.Errorf("%v: %w", err, ErrCorrupt)
	}
	c.users, c.skipped, c.missing = users, skipped, missing
	for i := range c.stats {
		c.stats[i] = moments.Read(r)
		if got := c.stats[i].N(); got > users || got < users && i%rankMetrics != int(RankAUC) {
			r.Fail("a measure's count")
		}
	}
	c.perUser = r.Float64s()
	want := int64(0)
	if o.KeepUsers {
		want = users
	}
	if int64(len(c.perUser)) != want*int64(len(c.row)) {
		r.Fail("number of per-user values")
	}
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("metrics: ranking: %w", err)
	}
	return c, nil
}
