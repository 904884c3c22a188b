package forecast

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// AnalogueOptions configures FitAnalogues.
type AnalogueOptions struct {
	// Horizon is how many periods are forecast; default 1.
	Horizon int
	// Neighbors is how many of the nearest launches count; default 10.
	Neighbors int
	// Trust is how many periods of its own weigh as much for the level of the new article as
	// its analogues do; default 4.
	Trust float64
}

func (o AnalogueOptions) withDefaults() AnalogueOptions {
	o.Horizon = check.Default(o.Horizon, 1)
	o.Neighbors = check.Default(o.Neighbors, 10)
	o.Trust = check.Default(o.Trust, 4)
	return o
}

func (o AnalogueOptions) validate(where string) error {
	var c check.Options
	c.Require(o.Horizon >= 1 && o.Horizon <= MaxHorizon, "Horizon", o.Horizon, fmt.Sprintf("1 to %d", MaxHorizon))
	check.Positive(&c, "Neighbors", o.Neighbors)
	check.Positive(&c, "Trust", o.Trust)
	return c.Err(where)
}

// FitAnalogues forecasts a new article from the launches of others: launched are series from their
// first period on, with attributes in Fixed, and article is the new one, with the same attributes
// and the periods that it has had, none before its launch. The curve is the mean of the nearest
// launches in standardised attributes, with weights that fall with distance; what the article has
// sold so far moves its level by the ratio to what they had sold by then, drawn to 1. A launch
// that is too short for a period does not count there. Quantiles are those of the curves around
// their mean, in proportion to the level. Censored and missing periods are left out. Y may be empty.
//
// The model is a *Path. O(launches·attributes + Neighbors·Horizon). Errors: ErrOption; ErrEmpty
// without launches; ErrShape for other attributes; ErrNotFinite, ErrRange, also for negative values;
// ErrUndefined where no launch reaches a period; context.Cause(ctx).
func FitAnalogues(ctx context.Context, launched []Series, article Series, opt AnalogueOptions) (*Path, error) {
	const where = "forecast: FitAnalogues"
	o := opt.withDefaults()
	if err := o.validate(where); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err := checkPanel(where, launched); err != nil {
		return nil, err
	}
	if _, err := article.check(where); err != nil && !isEmpty(err) {
		return nil, err
	}
	for i, s := range append(slices.Clone(launched), article) {
		name := fmt.Sprintf("%s: series %d", where, i)
		if len(s.Fixed) != len(article.Fixed) {
			return nil, fmt.Errorf("%s: %d attributes, the article has %d: %w", name, len(s.Fixed), len(article.Fixed), ErrShape)
		}
		if err := nonNegative(name, s.Y); err != nil {
			return nil, err
		}
		if err := check.Slice("Fixed", s.Fixed); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	near, weights := nearest(launched, article.Fixed, o.Neighbors)
	curves := make([][]float64, len(near))
	for k, i := range near {
		curves[k] = launched[i].Demand(nil)
	}
	// The level of the article against that of its analogues so far.
	own, theirs, seen := 0.0, 0.0, 0.0
	for t, v := range article.Demand(nil) {
		if mean, ok := meanAt(curves, weights, t); ok && v == v {
			own, theirs, seen = own+v, theirs+mean, seen+1
		}
	}
	ratio := 1.0
	if theirs > 0 {
		ratio = min((seen*own/theirs+o.Trust)/(seen+o.Trust), 1e100) // so that means are finite
	}
	m := &Path{}
	for h := range o.Horizon {
		t := len(article.Y) + h
		mean, ok := meanAt(curves, weights, t)
		if !ok {
			return nil, fmt.Errorf("%s: no launch reaches period %d: %w", where, t, ErrUndefined)
		}
		m.mean = append(m.mean, ratio*mean)
		m.errors = append(m.errors, spreadAt(curves, weights, t, mean, ratio))
	}
	return m, nil
}

// nearest are the launches with the nearest attributes, in units of their standard deviations, and
// weights that halve at the distance of the middle one. Ties go by place.
func nearest(launched []Series, fixed []float64, count int) ([]int, []float64) {
	d := make([]float64, len(launched))
	for j, x := range fixed {
		mean, square := 0.0, 0.0
		for i, s := range launched {
			mean += (s.Fixed[j] - mean) / float64(i+1)
		}
		for _, s := range launched {
			square += (s.Fixed[j] - mean) * (s.Fixed[j] - mean) / float64(len(launched))
		}
		for i, s := range launched {
			if square > 0 {
				d[i] += (s.Fixed[j] - x) * (s.Fixed[j] - x) / square
			}
		}
	}
	order := make([]int, len(launched))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(d[a], d[b]) })
	order = order[:min(count, len(order))]
	middle := d[order[len(order)/2]]
	weights := make([]float64, len(order))
	for k, i := range order {
		weights[k] = 1
		if middle > 0 {
			weights[k] = math.Exp2(-d[i] / middle)
		}
	}
	return order, weights
}

// meanAt is the weighted mean of the curves at a period, false where none reaches it.
func meanAt(curves [][]float64, weights []float64, t int) (float64, bool) {
	sum, weight := 0.0, 0.0
	for k, y := range curves {
		if t < len(y) && y[t] == y[t] {
			sum += weights[k] * y[t]
			weight += weights[k]
		}
	}
	return sum / weight, weight > 0
}

// spreadAt are 199 quantiles of the curves around their mean at a period by weight, times ratio,
// ascending.
func spreadAt(curves [][]float64, weights []float64, t int, mean, ratio float64) []float64 {
	type point struct{ v, w float64 }
	var points []point
	total := 0.0
	for k, y := range curves {
		if t < len(y) && y[t] == y[t] {
			points = append(points, point{y[t], weights[k]})
			total += weights[k]
		}
	}
	slices.SortStableFunc(points, func(a, b point) int { return cmp.Compare(a.v, b.v) })
	out := make([]float64, 0, poolSize)
	k, upTo := 0, points[0].w/total
	for i := range poolSize {
		p := float64(i+1) / (poolSize + 1)
		for upTo < p && k+1 < len(points) {
			k++
			upTo += points[k].w / total
		}
		out = append(out, ratio*(points[k].v-mean)+0)
	}
	return out
}
