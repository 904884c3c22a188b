package experiment

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/moments"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/metrics"
)

// PairedOptions configures ComparePaired and CompareModels.
type PairedOptions struct {
	Replicates int        // of bootstrap and randomisation each, 100 to 10⁷; default 5000
	Level      float64    // of the interval, in (0, 1); default 0.95
	Seed       uint64     // of both; 0 is a seed
	Workers    int        // default GOMAXPROCS; results do not depend on it
	Correction Correction // of CompareModels; default Holm
}

func (o PairedOptions) withDefaults() PairedOptions {
	o.Replicates = check.Default(o.Replicates, 5000)
	o.Level = check.Default(o.Level, 0.95)
	return o
}

func (o PairedOptions) validate(where string) error {
	var c check.Options
	c.Require(o.Replicates >= 100 && o.Replicates <= 10_000_000, "Replicates", o.Replicates, "in [100, 10⁷]")
	c.Require(o.Level > 0 && o.Level < 1, "Level", o.Level, "in (0, 1)")
	c.Require(o.Correction <= BenjaminiYekutieli, "Correction", o.Correction, "a Correction")
	check.NonNegative(&c, "Workers", o.Workers)
	return c.Err(where)
}

// ComparePaired compares two models on the same users: a and b are the per-user
// values of one measure, as Ranking.PerUser returns them, a of the model to
// beat. The interval of the mean difference is that of the percentile
// bootstrap over users; the p-value that of Fisher's randomisation test, which
// flips the sign of each user's difference at random, counted with the data
// itself as one of the replicates, so never 0. Same seed, same result.
//
// ErrShape, ErrNotFinite, and ErrUndefined below two users or if the
// differences do not vary beyond rounding. Cost O(users·replicates).
func ComparePaired(ctx context.Context, a, b []float64, opt PairedOptions) (metrics.Effect, error) {
	const where = "ComparePaired"
	opt = opt.withDefaults()
	if err := opt.validate("experiment: " + where); err != nil {
		return metrics.Effect{}, err
	}
	d, m, err := differences(where, a, b)
	if err != nil {
		return metrics.Effect{}, err
	}
	n := len(d)
	obs := math.Abs(m.Mean())
	means := make([]float64, opt.Replicates)
	far := make([]bool, opt.Replicates)
	err = parallel.For(ctx, opt.Replicates, 8, opt.Workers, func(_, lo, hi int) error {
		meter := parallel.NewMeter(ctx)
		for r := lo; r < hi; r++ {
			s := rng.New(opt.Seed, 0, uint64(r))
			sum := 0.0
			for i := range n {
				if i%1024 == 0 {
					if err := meter.Did(4096); err != nil { // a draw and a jump in memory
						return err
					}
				}
				sum += d[s.Intn(n)]
			}
			means[r] = sum / float64(n)
			s.Reset(opt.Seed, 1, uint64(r))
			sum = 0
			var bits uint64
			for i, x := range d {
				if i%64 == 0 {
					if err := meter.Did(64); err != nil {
						return err
					}
					bits = s.Uint64()
				}
				if bits&1 == 1 {
					x = -x
				}
				bits >>= 1
				sum += x
			}
			// Equal up to rounding counts as equally far.
			far[r] = math.Abs(sum/float64(n)) >= obs*(1-1e-12)
		}
		return nil
	})
	if err != nil {
		return metrics.Effect{}, err
	}
	count := 1
	for _, f := range far {
		if f {
			count++
		}
	}
	slices.Sort(means)
	boot, err := moments.Of(means)
	if err != nil {
		return metrics.Effect{}, fmt.Errorf("experiment: %s: %w", where, err)
	}
	variance, err := boot.Variance()
	if err != nil {
		return metrics.Effect{}, fmt.Errorf("experiment: %s: %w", where, err)
	}
	ma, err := moments.Of(a)
	if err != nil {
		return metrics.Effect{}, fmt.Errorf("experiment: %s: a: %w", where, err)
	}
	tail := (1 - opt.Level) / 2
	e := metrics.Effect{
		Estimate: m.Mean(), SE: math.Sqrt(variance), Low: infer.Quantile(means, tail), High: infer.Quantile(means, 1-tail), Level: opt.Level,
		DF: math.Inf(1), PValue: float64(count) / float64(opt.Replicates+1), Method: "paired bootstrap interval, randomisation test",
		N: int64(n), NA: int64(n), NB: int64(n), MeanA: ma.Mean(),
	}
	e.MeanB = e.MeanA + e.Estimate
	e.Statistic = e.Estimate / e.SE
	return e, nil
}

// differences returns b−a of every user and their moments: ErrShape, ErrNotFinite,
// ErrUndefined below two users or where they do not vary beyond rounding.
func differences(where string, a, b []float64) ([]float64, moments.Moments, error) {
	for _, err := range []error{check.Len("b", len(b), len(a)), check.Slice("a", a), check.Slice("b", b)} {
		if err != nil {
			return nil, moments.Moments{}, fmt.Errorf("experiment: %s: %w", where, err)
		}
	}
	d := make([]float64, len(a))
	vary := false // by more than the rounding of the values leaves: .4-.1 is not .5-.2
	for i := range d {
		d[i] = b[i] - a[i]
		vary = vary || math.Abs(d[i]-d[0]) > 0x1p-51*(max(math.Abs(a[i]), math.Abs(b[i]))+max(math.Abs(a[0]), math.Abs(b[0])))
	}
	m, err := moments.Of(d)
	if err != nil {
		return nil, moments.Moments{}, fmt.Errorf("experiment: %s: %w", where, err)
	}
	v, err := m.Variance()
	if err != nil {
		return nil, moments.Moments{}, fmt.Errorf("experiment: %s: differences: %w", where, err)
	}
	if v == 0 || !vary {
		return nil, moments.Moments{}, undefined("%s: the differences of %d users do not vary", where, m.N())
	}
	return d, m, nil
}

// CompareModels compares each of the models with the first on the same users,
// as ComparePaired, and corrects the p-values for their number. scores[m] are
// the per-user values of model m. ErrEmpty below two models. A model whose
// values differ from the first by a constant is ErrUndefined.
func CompareModels(ctx context.Context, scores [][]float64, opt PairedOptions) ([]metrics.Effect, error) {
	if len(scores) < 2 {
		return nil, fmt.Errorf("experiment: CompareModels: %d models, want at least 2: %w", len(scores), ErrEmpty)
	}
	var out []metrics.Effect
	for m, s := range scores[1:] {
		e, err := ComparePaired(ctx, scores[0], s, opt)
		if err != nil {
			return nil, fmt.Errorf("experiment: CompareModels: model %d: %w", m+1, err)
		}
		out = append(out, e)
	}
	return AdjustEffects(out, opt.Correction)
}

// DetectableDifference returns the smallest mean difference between two models
// that a test over as many users as given would find with the power of o, from
// the spread of the per-user differences: (z_α + z_β)·sd/√n. A difference below
// it that is "not significant" says nothing. Errors are those of ComparePaired.
func DetectableDifference(a, b []float64, opt PowerOptions) (float64, error) {
	const where = "DetectableDifference"
	opt = opt.withDefaults()
	if err := opt.validate("experiment: " + where); err != nil {
		return math.NaN(), err
	}
	_, m, err := differences(where, a, b)
	if err != nil {
		return math.NaN(), err
	}
	v, err := m.Variance()
	if err != nil {
		return math.NaN(), fmt.Errorf("experiment: %s: %w", where, err)
	}
	za, zb := opt.z()
	d := (za + zb) * math.Sqrt(v/float64(m.N()))
	if !check.Finite(d) {
		return math.NaN(), undefined("%s: no difference is large enough for an Alpha of %v", where, opt.Alpha)
	}
	return d, nil
}
