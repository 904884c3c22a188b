package segment

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/moments"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/solve"
)

// StabilityOptions configures Stability.
type StabilityOptions struct {
	Resamples  int     // bootstrap samples, 1 to 10,000; default 30
	References int     // data sets without groups of either kind, 1 to 10,000; default 20; negative: none
	Least      float64 // mean ARI below which groups are called arbitrary, 0 < Least <= 1; default 0.6
	Seed       uint64  // of all draws, 0 included
}

// maxResamples bounds a bootstrap; beyond it nothing is learnt.
const maxResamples = 10_000

func (o StabilityOptions) withDefaults() StabilityOptions {
	o.Resamples = check.Default(o.Resamples, 30)
	o.References = check.OrOff(o.References, 20)
	o.Least = check.Default(o.Least, .6)
	return o
}

func (o *StabilityOptions) validate() error {
	var c check.Options
	c.Require(o.Resamples >= 1 && o.Resamples <= maxResamples, "Resamples", o.Resamples, fmt.Sprintf("1 to %d", maxResamples))
	c.Require(o.References >= 0 && o.References <= maxResamples, "References", o.References, fmt.Sprintf("1 to %d", maxResamples))
	c.Require(o.Least > 0 && o.Least <= 1, "Least", o.Least, "in (0, 1]")
	return c.Err("segment: Stability")
}

// StabilityResult says how far groups are there, rather than made by the method.
type StabilityResult struct {
	ARI     float64 // mean adjusted Rand index of the groups of a resample and those of all rows: 1 is the same, 0 chance
	SD      float64 // standard deviation over resamples; 0 for one
	Chance  float64 // p-value: how often data without groups part as well; NaN without References
	Warning string  // "" or why the groups are arbitrary, in words
}

// Stability clusters bootstrap samples of rows and compares the groups with those of all
// rows (Hubert and Arabie's adjusted Rand index over the rows drawn). cluster returns the
// label of each row it is given; negative labels are noise. It is any method:
//
//	func(ctx context.Context, rows [][]float64) ([]int32, error) {
//		m, err := segment.FitKMeans(ctx, rows, segment.KMeansOptions{K: 5})
//		if err != nil {
//			return nil, err
//		}
//		return m.Assign(nil, rows)
//	}
//
// A method can also part a single cloud the same way each time. So it is run on References data
// sets drawn from a normal law with the covariance of the rows, and as many from the uniform law over the
// box they span: Chance is the larger of the two shares in which the inertia within groups is at most
// as large a part of the total (with the rows themselves counted in; Liu, Hayes, Nobel
// and Marron, SigClust, 2008). Warning is set where ARI is below Least or Chance above .05.
//
// The same seed gives the same result for permuted rows where cluster does; rows reach it
// in canonical order. Fewer than two groups in all rows is ErrUndefined, labels of another
// number than the rows ErrShape, no function ErrOption; errors of cluster are passed on, so
// give it rows enough: a resample holds some two thirds of the distinct ones.
// The cost is Resamples + 2·References + 1 calls.
func Stability(ctx context.Context, rows [][]float64, cluster func(ctx context.Context, rows [][]float64) ([]int32, error), opt StabilityOptions) (StabilityResult, error) {
	const where = "segment: Stability"
	opt = opt.withDefaults()
	if err := opt.validate(); err != nil {
		return StabilityResult{}, err
	}
	if cluster == nil {
		return StabilityResult{}, fmt.Errorf("%s: no function that clusters: %w", where, ErrOption)
	}
	p, err := newPoints(rows, nil)
	if err != nil {
		return StabilityResult{}, fmt.Errorf("%s: %w", where, err)
	}
	run := func(p *points) ([]int32, error) {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		labels, err := cluster(ctx, unflatten(p.x, p.n, p.d))
		if err == nil {
			err = check.Len("labels", len(labels), p.n)
		}
		if err != nil && ctx.Err() == nil {
			err = fmt.Errorf("%s: %w", where, err)
		}
		return labels, err
	}
	whole, err := run(p)
	if err != nil {
		return StabilityResult{}, err
	}
	if len(groupSizes(whole)) < 2 {
		return StabilityResult{}, fmt.Errorf("%s: fewer than two groups: %w", where, ErrUndefined)
	}
	var aris moments.Welford
	for b := range opt.Resamples {
		sample, drawn := p.resample(opt.Seed, uint64(b))
		labels, err := run(sample)
		if err != nil {
			return StabilityResult{}, err
		}
		if err := aris.Add(adjustedRand(whole, labels, drawn)); err != nil {
			return StabilityResult{}, fmt.Errorf("%s: %w", where, err)
		}
	}
	out := StabilityResult{ARI: aris.Mean(), Chance: math.NaN()}
	if v, err := aris.Variance(); err == nil {
		out.SD = math.Sqrt(v)
	}
	if opt.References > 0 {
		if out.Chance, err = chance(p, within2(p, whole), &opt, run); err != nil {
			return StabilityResult{}, err
		}
	}
	switch {
	case out.ARI < opt.Least:
		out.Warning = fmt.Sprintf("arbitrary groups: other samples of the same customers give others (ARI %.2f, want %.2f)", out.ARI, opt.Least)
	case out.Chance > .05:
		out.Warning = fmt.Sprintf("arbitrary groups: rows without any part as well (p = %.2f)", out.Chance)
	}
	return out, nil
}

const (
	stageResample = 0x72657361
	stageNormal   = 0x6e6f726d
)

// resample draws as many points as there are, with replacement, in canonical order; drawn
// says which.
func (p *points) resample(seed, b uint64) (*points, []int32) {
	s, times := rng.New(seed, stageResample, b), make([]int32, p.n)
	for range p.n {
		times[s.Intn(p.n)]++
	}
	out, drawn := &points{n: p.n, d: p.d}, make([]int32, 0, p.n)
	for i, c := range times {
		for range c {
			out.x = append(out.x, p.row(i)...)
			drawn = append(drawn, int32(i))
		}
	}
	return out, drawn
}

// groupSizes counts the rows of each label that is no noise.
func groupSizes(labels []int32) map[int32]int64 {
	size := make(map[int32]int64)
	for _, l := range labels {
		if l >= 0 {
			size[l]++
		}
	}
	return size
}

// adjustedRand compares labels of points drawn, each point once, with those of all. Noise is
// a group. All sums are of integers, so the order of maps does not matter.
func adjustedRand(whole, labels, drawn []int32) float64 {
	both, left, right, n := map[[2]int32]int64{}, map[int32]int64{}, map[int32]int64{}, int64(0)
	for q, i := range drawn {
		if q > 0 && drawn[q-1] == i {
			continue
		}
		a, b := max(whole[i], -1), max(labels[q], -1)
		both[[2]int32{a, b}]++
		left[a]++
		right[b]++
		n++
	}
	pairs := int64(0)
	for _, c := range both {
		pairs += c * (c - 1) / 2
	}
	of := func(sizes map[int32]int64) (sum int64) {
		for _, c := range sizes {
			sum += c * (c - 1) / 2
		}
		return sum
	}
	x, y, all := float64(of(left)), float64(of(right)), float64(n*(n-1)/2)
	expected := 0.0
	if all > 0 {
		expected = x / all * y
	}
	if d := (x+y)/2 - expected; d != 0 {
		return (float64(pairs) - expected) / d
	}
	return 1
}

// within2 is the part of the inertia that is within groups, noise left out; 1 if there is
// nothing to part.
func within2(p *points, labels []int32) float64 {
	number := make(map[int32]int32)
	var x []float64
	var label []int32
	for i, l := range labels {
		if l < 0 {
			continue
		}
		if _, ok := number[l]; !ok {
			number[l] = int32(len(number))
		}
		x, label = append(x, p.row(i)...), append(label, number[l])
	}
	if len(number) < 2 {
		return 1
	}
	groups, all := partition(x, len(label), p.d, len(number), label), partition(x, len(label), p.d, 1, make([]int32, len(label)))
	inside, total := 0.0, 0.0
	for i := range groups.N {
		inside += squared(groups.Row(i), groups.Centroid(int(label[i])))
		total += squared(groups.Row(i), all.Centroid(0))
	}
	if total == 0 {
		return 1
	}
	return inside / total
}

// chance is the p-value of a part of inertia, against the worse of two kinds of data
// without groups.
func chance(p *points, part float64, opt *StabilityOptions, run func(*points) ([]int32, error)) (float64, error) {
	factor := p.covariance()
	worst := 0.0
	for _, normal := range []bool{true, false} {
		asGood := 1
		for b := range opt.References {
			r := p.uniform(opt.Seed, uint64(b))
			if normal {
				r = p.normal(factor, opt.Seed, uint64(b))
			}
			labels, err := run(r)
			if err != nil {
				return 0, err
			}
			if within2(r, labels) <= part {
				asGood++
			}
		}
		worst = max(worst, float64(asGood)/float64(opt.References+1))
	}
	return worst, nil
}

// covariance returns the Cholesky factor of the points' covariance, a little widened so that
// it has one; of the variances alone where rounding leaves none.
func (p *points) covariance() []float64 {
	all := partition(p.x, p.n, p.d, 1, make([]int32, p.n))
	c, apart := make([]float64, p.d*p.d), make([]float64, p.d)
	for i := range p.n {
		for j, v := range p.row(i) {
			apart[j] = v - all.Centre[j]
		}
		for j, v := range apart {
			for q, u := range apart[j:] {
				c[j*p.d+j+q] += float64(v * u)
			}
		}
	}
	more := 1e-9*p.meanVariance() + math.SmallestNonzeroFloat64
	for j := range c {
		c[j] /= float64(p.n)
	}
	for j := range p.d {
		c[j*p.d+j] += more
	}
	diagonal := make([]float64, p.d*p.d)
	for j := range p.d {
		diagonal[j*p.d+j] = math.Sqrt(c[j*p.d+j])
	}
	if !solve.Cholesky64(c, p.d) {
		return diagonal
	}
	return c
}

// normal draws as many points from the normal law of this factor, around zero; what is farther
// out than rows may be is drawn in.
func (p *points) normal(factor []float64, seed, b uint64) *points {
	s, z := rng.New(seed, stageNormal, b), make([]float64, p.d)
	r := &points{n: p.n, d: p.d, x: make([]float64, p.n*p.d)}
	for i := range p.n {
		for j := range z {
			z[j] = s.Normal()
		}
		to := r.row(i)
		for j, v := range z { // Uᵀz
			for q, u := range factor[j*p.d+j : (j+1)*p.d] {
				to[j+q] += float64(v * u)
			}
		}
		for j, v := range to {
			to[j] = min(max(v, -maxAbs), maxAbs)
		}
	}
	return r
}
