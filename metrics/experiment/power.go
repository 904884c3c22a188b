package experiment

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
)

// PowerMethod is the variance behind the power of a test of two proportions.
type PowerMethod uint8

// Methods. They differ by a few users in ten thousand.
const (
	PowerPooled   PowerMethod = iota // pooled under no effect, unpooled under the effect: R's power.prop.test
	PowerUnpooled                    // unpooled under both
	PowerArcsine                     // Cohen's h, variance-stabilised: statsmodels' proportion_effectsize
)

// PowerOptions configures the functions that plan an experiment.
type PowerOptions struct {
	Alpha    float64     // chance of a false alarm, in (0, 1); default 0.05
	Power    float64     // chance to find the effect, for sample sizes and detectable effects, in (Alpha, 1); default 0.8
	Ratio    float64     // users in treatment per user in control, > 0; default 1
	OneSided bool        // test one side only; default two-sided
	Method   PowerMethod // of proportions; default PowerPooled
	Normal   bool        // means: use z instead of the noncentral t
}

func (o PowerOptions) withDefaults() PowerOptions {
	o.Alpha = check.Default(o.Alpha, 0.05)
	o.Power = check.Default(o.Power, 0.8)
	o.Ratio = check.Default(o.Ratio, 1)
	return o
}

func (o PowerOptions) validate(where string) error {
	var c check.Options
	c.Require(o.Alpha > 0 && o.Alpha < 1, "Alpha", o.Alpha, "in (0, 1)")
	c.Require(o.Power > o.Alpha && o.Power < 1, "Power", o.Power, "in (Alpha, 1)")
	check.Positive(&c, "Ratio", o.Ratio)
	c.Require(o.Method <= PowerArcsine, "Method", o.Method, "pooled, unpooled or arcsine")
	return c.Err(where)
}

// z returns the quantiles of the test and of the power.
func (o PowerOptions) z() (alpha, power float64) {
	a := o.Alpha
	if !o.OneSided {
		a /= 2
	}
	return -infer.NormalQuantile(a), infer.NormalQuantile(o.Power)
}

// SampleSize is how many users an experiment needs.
type SampleSize struct {
	N                         float64 // users in control before rounding up
	Control, Treatment, Total int64   // rounded up per arm
}

func (o PowerOptions) size(where string, n float64) (SampleSize, error) {
	a, b := math.Ceil(n), math.Ceil(n*o.Ratio)
	if !(a+b < 1<<62) {
		return SampleSize{}, undefined("%s: the effect is too small for any sample", where)
	}
	return SampleSize{n, int64(a), int64(b), int64(a) + int64(b)}, nil
}

// Days returns how many whole days the experiment must run if perDay new users
// arrive a day and share of them takes part. ErrRange unless perDay > 0 and
// share is in (0, 1], ErrEmpty for a size without users. Round up to whole weeks: days of a week differ.
func (s SampleSize) Days(perDay, share float64) (int, error) {
	if !(perDay > 0) || math.IsInf(perDay, 1) || !(share > 0 && share <= 1) {
		return 0, fmt.Errorf("experiment: SampleSize.Days: %v users a day, share %v, want > 0 and in (0, 1]: %w", perDay, share, ErrRange)
	}
	if s.Total <= 0 {
		return 0, fmt.Errorf("experiment: SampleSize.Days: a sample of %d users: %w", s.Total, ErrEmpty)
	}
	d := math.Ceil(float64(s.Total) / (perDay * share))
	if d > 1<<31-1 {
		return 0, fmt.Errorf("experiment: SampleSize.Days: %v days: %w", d, ErrOverflow)
	}
	return int(d), nil
}

func rates(where string, ps ...float64) error {
	for _, p := range ps {
		if !(p > 0 && p < 1) {
			return fmt.Errorf("experiment: %s: rate is %v, want in (0, 1): %w", where, p, ErrRange)
		}
	}
	return nil
}

// SampleSizeProportions returns how many users show the difference of the
// conversion rates pA and pB with the power of o. With PowerPooled,
//
//	n = (z_α·√(p̄q̄(1+1/r)) + z_β·√(pA·qA + pB·qB/r))²/(pB−pA)²
//
// per control arm, r = Ratio. ErrRange for rates outside (0, 1), ErrUndefined
// for equal rates.
func SampleSizeProportions(pA, pB float64, opt PowerOptions) (SampleSize, error) {
	const where = "SampleSizeProportions"
	opt = opt.withDefaults()
	if err := opt.validate("experiment: " + where); err != nil {
		return SampleSize{}, err
	}
	if err := rates(where, pA, pB); err != nil {
		return SampleSize{}, err
	}
	if pA == pB {
		return SampleSize{}, undefined(where + ": the rates are equal")
	}
	za, zb := opt.z()
	null, alt, d := opt.proportion(pA, pB)
	x := (za*null + zb*alt) / d
	return opt.size(where, x*x)
}

// proportion returns the standard deviations under no effect and under the
// effect, for one user in control and Ratio in treatment, and the distance.
func (o PowerOptions) proportion(pA, pB float64) (null, alt, d float64) {
	r := o.Ratio
	bar := (pA + r*pB) / (1 + r)
	null = math.Sqrt(bar * (1 - bar) * (1 + 1/r))
	alt = math.Sqrt(pA*(1-pA) + pB*(1-pB)/r)
	d = math.Abs(pB - pA)
	switch o.Method {
	case PowerUnpooled:
		null = alt
	case PowerArcsine:
		null = math.Sqrt(1 + 1/r)
		alt = null
		d = math.Abs(CohenH(pA, pB))
	}
	return null, alt, d
}

// CohenH returns 2·asin√pB − 2·asin√pA, the effect size of two proportions; NaN for a rate
// outside [0, 1].
func CohenH(pA, pB float64) float64 { return 2*math.Asin(math.Sqrt(pB)) - 2*math.Asin(math.Sqrt(pA)) }

// PowerProportions returns the chance that a test with nA and nB users finds
// the difference of the rates pA and pB, on either side of a two-sided test: for no
// difference that is Alpha. SampleSizeProportions and DetectableProportion, as is usual,
// count the near tail only, which matters below a power of .3 or so. Ratio and Power
// of o are not used.
func PowerProportions(pA, pB, nA, nB float64, opt PowerOptions) (float64, error) {
	const where = "PowerProportions"
	opt.Ratio, opt.Power = 1, 0
	opt = opt.withDefaults()
	opt.Power = (1 + opt.Alpha) / 2
	if err := opt.validate("experiment: " + where); err != nil {
		return math.NaN(), err
	}
	if err := rates(where, pA, pB); err != nil {
		return math.NaN(), err
	}
	if err := units(where, nA, nB); err != nil {
		return math.NaN(), err
	}
	opt.Ratio = nB / nA
	za, _ := opt.z()
	null, alt, d := opt.proportion(pA, pB)
	p := infer.NormalCDF((d*math.Sqrt(nA) - za*null) / alt)
	if !opt.OneSided {
		p += infer.NormalCDF((-d*math.Sqrt(nA) - za*null) / alt)
	}
	return p, nil
}

func units(where string, ns ...float64) error {
	for _, n := range ns {
		if !(n >= 1) || math.IsInf(n, 1) {
			return fmt.Errorf("experiment: %s: an arm of %v users, want >= 1: %w", where, n, ErrRange)
		}
	}
	return nil
}

// DetectableProportion returns the smallest rise pB − pA over the rate pA that
// nA users in control and Ratio·nA in treatment find with the power of o.
// ErrUndefined if no rise up to rate 1 can be found.
func DetectableProportion(pA, nA float64, opt PowerOptions) (float64, error) {
	const where = "DetectableProportion"
	opt = opt.withDefaults()
	if err := opt.validate("experiment: " + where); err != nil {
		return math.NaN(), err
	}
	if err := rates(where, pA); err != nil {
		return math.NaN(), err
	}
	if err := units(where, nA); err != nil {
		return math.NaN(), err
	}
	za, zb := opt.z()
	enough := func(pB float64) bool {
		null, alt, d := opt.proportion(pA, pB)
		return d*math.Sqrt(nA)-za*null >= zb*alt
	}
	if !enough(1) {
		return math.NaN(), undefined(where+": %v users find no rise of rate %v", nA, pA)
	}
	d := bisect(0, 1-pA, func(d float64) bool { return enough(pA + d) })
	return d, nil
}

// bisect returns the smallest x in [lo, hi] for which ok holds, ok(hi) given
// and ok monotone.
func bisect(lo, hi float64, ok func(float64) bool) float64 {
	for range 300 {
		mid := lo + (hi-lo)/2
		if mid <= lo || mid >= hi {
			break
		}
		if ok(mid) {
			hi = mid
		} else {
			lo = mid
		}
	}
	return hi
}

// PowerMeans returns the chance that a t test with nA and nB users finds a
// difference delta of means with standard deviation sd in both arms: by the
// noncentral t distribution with nA+nB−2 degrees of freedom, or by the normal
// with o.Normal. A two-sided test counts both tails, so that for no difference the power
// is Alpha. Ratio and Power of o are not used.
func PowerMeans(delta, sd, nA, nB float64, opt PowerOptions) (float64, error) {
	const where = "PowerMeans"
	opt.Ratio, opt.Power = 1, 0
	opt = opt.withDefaults()
	opt.Power = (1 + opt.Alpha) / 2
	if err := opt.validate("experiment: " + where); err != nil {
		return math.NaN(), err
	}
	if err := means(where, delta, sd); err != nil {
		return math.NaN(), err
	}
	if err := units(where, nA, nB); err != nil {
		return math.NaN(), err
	}
	if nA+nB < 3 && !opt.Normal {
		return math.NaN(), undefined(where+": a t test of %v and %v users has no degree of freedom", nA, nB)
	}
	return opt.powerMeans(math.Abs(delta)/sd/math.Sqrt(1/nA+1/nB), nA+nB-2), nil
}

// powerMeans is the power at noncentrality ncp >= 0.
func (o PowerOptions) powerMeans(ncp, df float64) float64 {
	if o.Normal {
		za, _ := o.z()
		p := infer.NormalCDF(ncp - za)
		if !o.OneSided {
			p += infer.NormalCDF(-ncp - za)
		}
		return p
	}
	a := o.Alpha
	if !o.OneSided {
		a /= 2
	}
	t := -infer.StudentQuantile(a, df)
	p := noncentralT(-t, df, -ncp)
	if !o.OneSided {
		p += noncentralT(-t, df, ncp)
	}
	return p
}

func means(where string, delta, sd float64) error {
	if !check.Finite(delta) || !check.Finite(sd) {
		return fmt.Errorf("experiment: %s: difference %v, standard deviation %v: %w", where, delta, sd, ErrNotFinite)
	}
	if sd <= 0 {
		return fmt.Errorf("experiment: %s: standard deviation is %v, want > 0: %w", where, sd, ErrRange)
	}
	return nil
}

// SampleSizeMeans returns how many users show a difference delta of means with
// standard deviation sd in both arms. With o.Normal that is
//
//	n = (1 + 1/r)·sd²·(z_α + z_β)²/delta²
//
// per control arm, r = Ratio; otherwise the solution of PowerMeans for n.
// ErrUndefined for delta 0.
func SampleSizeMeans(delta, sd float64, opt PowerOptions) (SampleSize, error) {
	const where = "SampleSizeMeans"
	opt = opt.withDefaults()
	if err := opt.validate("experiment: " + where); err != nil {
		return SampleSize{}, err
	}
	if err := means(where, delta, sd); err != nil {
		return SampleSize{}, err
	}
	if delta == 0 {
		return SampleSize{}, undefined(where + ": the difference is 0")
	}
	za, zb := opt.z()
	f := 1 + 1/opt.Ratio
	x := (za + zb) * sd / delta
	n := f * x * x
	if opt.Normal || !check.Finite(n) {
		return opt.size(where, n)
	}
	// The t test needs a few users more than the z test, never fewer.
	d := math.Abs(delta) / sd
	enough := func(n float64) bool {
		return opt.powerMeans(d*math.Sqrt(n/f), n*(1+opt.Ratio)-2) >= opt.Power
	}
	lo := 3 / (1 + opt.Ratio)
	hi := math.Max(n, 2*lo) + 1
	for !enough(hi) {
		if hi *= 2; hi > 1e300 {
			return SampleSize{}, undefined(where + ": no sample reaches the power")
		}
	}
	return opt.size(where, bisect(lo, hi, enough))
}

// SampleSizeLehr returns 16·variance/delta² users per arm, the rule of thumb
// (Lehr 1992) for a first guess: two equal arms, a two-sided test at 5 %, power
// 80 %, known variance. 16 stands for 2·(1.96 + 0.84)² = 15.7, so it asks for
// 2 % more than the normal formula. For rates take variance p̄·(1−p̄), p̄ the mean
// of both; for means sd². ErrRange for a variance that is not above 0,
// ErrNotFinite, ErrUndefined for delta 0. Decide by SampleSizeProportions or
// SampleSizeMeans.
func SampleSizeLehr(variance, delta float64) (SampleSize, error) {
	const where = "SampleSizeLehr"
	if !check.Finite(variance) || !check.Finite(delta) {
		return SampleSize{}, fmt.Errorf("experiment: %s: variance %v, difference %v: %w", where, variance, delta, ErrNotFinite)
	}
	if variance <= 0 {
		return SampleSize{}, fmt.Errorf("experiment: %s: variance is %v, want > 0: %w", where, variance, ErrRange)
	}
	if delta == 0 {
		return SampleSize{}, undefined(where + ": the difference is 0")
	}
	x := 4 * math.Sqrt(variance) / delta
	return PowerOptions{Ratio: 1}.size(where, x*x)
}

// DetectableMean returns the smallest difference of means that nA users in
// control and Ratio·nA in treatment find with the power of o.
func DetectableMean(sd, nA float64, opt PowerOptions) (float64, error) {
	const where = "DetectableMean"
	opt = opt.withDefaults()
	if err := opt.validate("experiment: " + where); err != nil {
		return math.NaN(), err
	}
	if err := means(where, 0, sd); err != nil {
		return math.NaN(), err
	}
	if err := units(where, nA, nA*opt.Ratio); err != nil {
		return math.NaN(), err
	}
	za, zb := opt.z()
	se := sd * math.Sqrt((1+1/opt.Ratio)/nA)
	df := nA*(1+opt.Ratio) - 2
	if opt.Normal {
		return (za + zb) * se, nil
	}
	if df < 1 {
		return math.NaN(), undefined(where+": a t test of %v users has no degree of freedom", df+2)
	}
	hi := za + zb + 1
	for !(opt.powerMeans(hi, df) >= opt.Power) {
		if hi *= 2; hi > 1e150 {
			return math.NaN(), undefined(where + ": no difference reaches the power")
		}
	}
	return se * bisect(0, hi, func(x float64) bool { return opt.powerMeans(x, df) >= opt.Power }), nil
}

// noncentralT returns P(T <= t) for T = (Z + ncp)/S, S = √(χ²/df), by
// integrating P(Z <= t·s − ncp) over the density of S.
func noncentralT(t, df, ncp float64) float64 {
	if df > 1e8 {
		return infer.NormalCDF(t - ncp)
	}
	lg, _ := math.Lgamma(df / 2)
	norm := math.Ln2 + df/2*math.Log(df/2) - lg
	sd := 1 / math.Sqrt(2*df)
	mode := math.Sqrt(math.Max(df-1, 0) / df)
	lo, hi := math.Max(0, mode-10*sd), mode+12*sd
	f := func(s float64) float64 {
		if s <= 0 {
			return 0
		}
		return math.Exp(norm+(df-1)*math.Log(s)-df*s*s/2) * infer.NormalCDF(t*s-ncp)
	}
	// Pieces short enough for the step of the normal at s = ncp/t as well.
	return math.Min(infer.Integrate(lo, hi, 64, f), 1)
}
