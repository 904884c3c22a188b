package experiment

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/metrics"
)

// WinsorOptions configures CompareWinsorized.
type WinsorOptions struct {
	metrics.CompareOptions
	Quantile float64 // (type 7, as in NumPy) of the values of all arms together, above which they are capped, in (0, 1]; default 0.99
	Positive bool    // take the quantile of the values above 0 only: most users spend nothing
}

func (o WinsorOptions) withDefaults() WinsorOptions {
	o.Quantile = check.Default(o.Quantile, 0.99)
	return o
}

func (o WinsorOptions) validate(where string) error {
	var c check.Options
	c.Require(o.Quantile > 0 && o.Quantile <= 1, "Quantile", o.Quantile, "in (0, 1]")
	return c.Err(where)
}

// WinsorEffect is an Effect on capped values; report the cap with it.
type WinsorEffect struct {
	metrics.Effect
	Cap                float64        // larger values were lowered to this
	CappedA, CappedB   int64          // how many
	RemovedA, RemovedB float64        // how much in all
	Raw                metrics.Effect // the same comparison without a cap
}

// CompareWinsorized compares revenue per user, where a few large orders would
// otherwise decide. Values above a quantile (type 7) of both arms together are
// lowered to it; one cap for both arms, found without looking at which user is
// in which, keeps the comparison fair. The effect is that on capped values,
// which is not the effect on revenue: Raw is. For data that does not fit in
// memory take the Cap of a sample and feed min(value, cap) to Moments.
//
// ErrNotFinite for bad values; errors of CompareMeans.
func CompareWinsorized(a, b []float64, opt WinsorOptions) (WinsorEffect, error) {
	const where = "CompareWinsorized"
	var err error
	if opt.CompareOptions, err = opt.Resolve("experiment: " + where); err != nil {
		return WinsorEffect{}, err
	}
	opt = opt.withDefaults()
	if err := opt.validate("experiment: " + where); err != nil {
		return WinsorEffect{}, err
	}
	limit, err := winsorCap(where, opt.Quantile, opt.Positive, a, b)
	if err != nil {
		return WinsorEffect{}, err
	}
	r := WinsorEffect{Cap: limit}
	var raw, capped [2]metrics.Moments
	for i, xs := range [2][]float64{a, b} {
		n, removed := [2]*int64{&r.CappedA, &r.CappedB}[i], [2]*float64{&r.RemovedA, &r.RemovedB}[i]
		for _, x := range xs {
			y := math.Min(x, limit)
			if y < x {
				*n++
				*removed += x - y
			}
			for _, err := range [2]error{raw[i].Add(x), capped[i].Add(y)} {
				if err != nil {
					return WinsorEffect{}, fmt.Errorf("experiment: %s: %w", where, err)
				}
			}
		}
	}
	if r.Raw, err = metrics.CompareMeans(raw[0], raw[1], opt.CompareOptions); err != nil {
		return WinsorEffect{}, fmt.Errorf("experiment: %s: %w", where, err)
	}
	if r.Effect, err = metrics.CompareMeans(capped[0], capped[1], opt.CompareOptions); err != nil {
		return WinsorEffect{}, fmt.Errorf("experiment: %s: below the cap %v: %w", where, limit, err)
	}
	r.Method = fmt.Sprintf("Welch t, values capped at %s", capText(limit))
	return r, nil
}

// winsorCap is the quantile of all values together.
func winsorCap(where string, q float64, positive bool, arms ...[]float64) (float64, error) {
	var all []float64
	for i, xs := range arms {
		for j, x := range xs {
			if !check.Finite(x) {
				return math.NaN(), fmt.Errorf("experiment: %s: value %d of arm %d is %v: %w", where, j, i, x, ErrNotFinite)
			}
			if x > 0 || !positive {
				all = append(all, x)
			}
		}
	}
	if len(all) == 0 {
		return math.NaN(), undefined("%s: a quantile of no values", where)
	}
	slices.Sort(all)
	return infer.Quantile(all, q), nil
}

// capText writes a cap as the tables write numbers: whole ones in full.
func capText(x float64) string {
	if x == math.Trunc(x) && math.Abs(x) < 1e15 {
		return strconv.FormatFloat(x, 'f', -1, 64)
	}
	return strconv.FormatFloat(x, 'g', 6, 64)
}
