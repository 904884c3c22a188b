package ranking

import (
	"fmt"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// Gain says what a hit of relevance g is worth in NDCG. scikit-learn's ndcg_score takes
// GainLinear, most papers on search GainExponential; the default here is GainBinary.
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

// Measure names one measure of a ranked list.
type Measure uint8

// The measures of a ranked list; Cutoff states their definitions.
const (
	Precision Measure = iota
	Recall
	HitRate
	MAP
	MRR
	NDCG
	AUC
	RBP
	RPrecision
	measures int = iota
)

var measureNames = [measures]string{"precision", "recall", "hitrate", "map", "mrr", "ndcg", "auc", "rbp", "rprecision"}

// String returns the lower-case name, "ndcg".
func (m Measure) String() string {
	if int(m) < measures {
		return measureNames[m]
	}
	return fmt.Sprintf("Measure(%d)", uint8(m))
}

// Options configures a Tally or a Dense: the conventions of ranking measures. Published tables
// differ in them; the presets TREC, Liang2018, LightGCN, NCF and LensKit are
// named after the source whose numbers they reproduce.
type Options struct {
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
func TREC(k ...int) Options {
	return Options{K: k, AP: APByTruth, Gain: GainLinear}
}

// Liang2018 is the protocol of Liang et al. (2018), also of EASE and of the
// iALS revisit: recall over min(k, T), binary NDCG. Default cut-offs 20, 50, 100.
func Liang2018(k ...int) Options {
	if len(k) == 0 {
		k = []int{20, 50, 100}
	}
	return Options{K: k, Recall: RecallByMinK}
}

// LightGCN is the protocol of He et al. (2020) and BARS: recall over T, binary
// NDCG. Default cut-off 20.
func LightGCN(k ...int) Options {
	if len(k) == 0 {
		k = []int{20}
	}
	return Options{K: k}
}

// NCF is the protocol of He et al. (2017): one held-out item ranked among
// negatives sampled items (99 in the paper), hit rate and NDCG at 10. Biased:
// see Options.SampledNegatives.
func NCF(negatives int, k ...int) Options {
	if len(k) == 0 {
		k = []int{10}
	}
	return Options{K: k, SampledNegatives: negatives}
}

// LensKit is the convention of LensKit for Python: precision over the list's
// length, recall over min(k, T), average precision over min(T, length), the
// clipped discount, and patience 0.85 for rank-biased precision.
func LensKit(k ...int) Options {
	return Options{
		K: k, Precision: PrecisionByLength, Recall: RecallByMinK, AP: APByLength,
		Discount: DiscountLog2Clipped, Persistence: 0.85,
	}
}

const maxCutoff = 1 << 20

func (o Options) withDefaults() Options {
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

// validate reports every bad field; where names the function in the error.
func (o Options) validate(where string) error {
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

func (o Options) same(opt Options) bool {
	return slices.Equal(o.K, opt.K) && o.Precision == opt.Precision && o.Recall == opt.Recall && o.AP == opt.AP && o.Gain == opt.Gain &&
		o.Discount == opt.Discount && o.Persistence == opt.Persistence && o.Candidates == opt.Candidates &&
		o.SampledNegatives == opt.SampledNegatives && o.KeepUsers == opt.KeepUsers
}
