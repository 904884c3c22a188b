package causal

import (
	"cmp"
	"encoding"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/ids"
	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/metrics"
)

var (
	_ encoding.BinaryAppender    = (*DiffInDiff[string])(nil)
	_ encoding.BinaryUnmarshaler = (*DiffInDiff[string])(nil)
)

// DiffInDiff accumulates outcomes of treated and untreated units (shops,
// regions, customers) before and after a campaign that had no random control.
// It answers under the assumption that without the campaign both groups would
// have changed by as much: test that on the past by moving the start back in
// time, where the effect must be nil. The zero value is empty and ready. It is
// not safe for concurrent writers; memory is one map entry per unit.
type DiffInDiff[U cmp.Ordered] struct {
	m map[U]didUnit
}

type didUnit struct {
	treated, control bool // both: found in both groups
	n                [2]int64
	sum              [2]float64 // before, after
}

// group is 1 of the treated, 0 of the others, for a unit that is not in both.
func (x didUnit) group() int {
	if x.treated {
		return 1
	}
	return 0
}

// Add adds one observation of a unit, as of a week. A unit told once as treated
// and once as not is excluded and counted. ErrNotFinite for a bad value.
func (d *DiffInDiff[U]) Add(unit U, treated, after bool, y float64) error {
	if err := check.Receiver("causal: DiffInDiff.Add", d); err != nil {
		return err
	}
	p := 0
	if after {
		p = 1
	}
	x := d.m[unit]
	x.n[p]++
	x.sum[p] += y
	if unit != unit {
		return fmt.Errorf("causal: DiffInDiff.Add: a unit that does not equal itself: %w", ErrNotFinite)
	}
	if !check.Finite(y) || !check.Finite(x.sum[p]) {
		return fmt.Errorf("causal: DiffInDiff.Add: value or sum of %w", check.Private("unit", -1, unit, y, ErrNotFinite))
	}
	x.treated, x.control = x.treated || treated, x.control || !treated
	if d.m == nil {
		d.m = map[U]didUnit{}
	}
	d.m[unit] = x
	return nil
}

// Merge adds the observations of other. ErrMismatch for a merge with itself.
func (d *DiffInDiff[U]) Merge(other *DiffInDiff[U]) error {
	if err := check.Merge("causal: DiffInDiff.Merge", d, other); err != nil {
		return err
	}
	next := make(map[U]didUnit, len(d.m)+len(other.m))
	maps.Copy(next, d.m)
	for u, y := range other.m {
		x := next[u]
		x.treated, x.control = x.treated || y.treated, x.control || y.control
		for p := range x.n {
			x.n[p] += y.n[p]
			x.sum[p] += y.sum[p]
			if !check.Finite(x.sum[p]) {
				return fmt.Errorf("causal: DiffInDiff.Merge: sums of %w", check.Private("unit", -1, u, nil, ErrOverflow))
			}
		}
		next[u] = x
	}
	d.m = next
	return nil
}

// Forget removes a unit with all observations, and reports whether there was one; a state stored
// before has it still.
func (d *DiffInDiff[U]) Forget(unit U) bool {
	if d == nil {
		return false
	}
	_, ok := d.m[unit]
	delete(d.m, unit)
	return ok
}

// AppendBinary appends the binary form. ErrOption for units that are neither
// strings nor integers.
func (d *DiffInDiff[U]) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("causal: DiffInDiff.AppendBinary", d); err != nil {
		return dst, err
	}
	var w codec.Writer
	keys := slices.SortedFunc(maps.Keys(d.m), cmp.Compare[U])
	if _, err := ids.PutSorted(&w, keys); err != nil {
		return nil, fmt.Errorf("causal: DiffInDiff.AppendBinary: %w", err)
	}
	for _, k := range keys {
		x := d.m[k]
		w.Bool(x.treated)
		w.Bool(x.control)
		for p := range x.n {
			w.Int64(x.n[p])
			w.Float64(x.sum[p])
		}
	}
	return w.AppendFrame(dst, codec.KindDiffInDiff, 1), nil
}

// MarshalBinary returns the binary form.
func (d *DiffInDiff[U]) MarshalBinary() ([]byte, error) { return d.AppendBinary(nil) }

// UnmarshalBinary replaces the state. Payload of version 1, little-endian:
//
//	i64    number of units
//	…      their names, ascending: strings with their length, integers in 8 bytes
//	…      for each bool seen as treated, bool seen as not, and, before and after, i64 the
//	       number of observations, >= 0, and f64 their sum, finite
//
// A unit has an observation and a group. Any other length or value is ErrCorrupt, a newer version ErrVersion; the state is
// then unchanged.
func (d *DiffInDiff[U]) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("causal: DiffInDiff.UnmarshalBinary", d); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindDiffInDiff, 1)
	if err != nil {
		return fmt.Errorf("causal: DiffInDiff.UnmarshalBinary: %w", err)
	}
	list, err := ids.GetSorted[U](r)
	if err != nil {
		return fmt.Errorf("causal: DiffInDiff.UnmarshalBinary: %w", err)
	}
	got := DiffInDiff[U]{m: make(map[U]didUnit, len(list.Keys()))}
	for _, k := range list.Keys() {
		x := didUnit{treated: r.Bool(), control: r.Bool()}
		for p := range x.n {
			x.n[p], x.sum[p] = r.Int64(), r.Float64()
			if x.n[p] < 0 || !check.Finite(x.sum[p]) || x.n[p] == 0 && x.sum[p] != 0 {
				r.Fail("a unit is not counts and finite sums")
			}
		}
		if x.n[0] == 0 && x.n[1] == 0 || !x.treated && !x.control {
			r.Fail("a unit has no observation or no group")
		}
		if r.Err() != nil {
			break
		}
		got.m[k] = x
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("causal: DiffInDiff.UnmarshalBinary: %w", err)
	}
	*d = got
	return nil
}

// Excluded returns the number of units found in both groups.
func (d *DiffInDiff[U]) Excluded() int64 {
	if d == nil {
		return 0
	}
	var n int64
	for _, x := range d.m {
		if x.treated && x.control {
			n++
		}
	}
	return n
}

// Result returns
//
//	(T after − T before) − (C after − C before)
//
// over the means of all observations, with a standard error clustered by unit
// (Bertrand, Duflo and Mullainathan 2004) and a factor of G/(G−1) in each group of
// G units. Interval and p-value take critical values and Welch's degrees of freedom
// corrected for units with unequal numbers of observations (Bell and McCaffrey
// 2002). MeanA is what the treated would have been without the campaign, T before +
// (C after − C before), and the relative and ratio scales divide by it. NA and NB
// count units.
//
// ErrUndefined if a group has no observation before or after, fewer than two
// units or, together, no variance.
func (d *DiffInDiff[U]) Result(opt metrics.CompareOptions) (metrics.Effect, error) {
	const where = "DiffInDiff.Result"
	if err := check.Receiver(where, d); err != nil {
		return metrics.Effect{}, err
	}
	opt, err := opt.Resolve("causal: " + where)
	if err != nil {
		return metrics.Effect{}, err
	}
	g, err := d.groups()
	if err != nil {
		return metrics.Effect{}, err
	}
	mean := g.mean
	without := mean[1][0] + mean[0][1] - mean[0][0]
	e := metrics.Effect{
		Scale: opt.Scale, Estimate: mean[1][1] - without, N: g.units[0] + g.units[1], NA: g.units[0], NB: g.units[1], MeanA: without, MeanB: mean[1][1],
		Method: "difference in differences, clustered by unit",
	}
	if err := e.Rescale(0, 0); err != nil {
		return metrics.Effect{}, fmt.Errorf("causal: %s: %w", where, err)
	}
	// Gradient of the effect over the four means.
	grad := [2][2]float64{{1, -1}, {-1, 1}}
	if opt.Scale != metrics.ScaleAbsolute {
		// With W the mean without the campaign and r = T after/W, the derivative
		// over W is −r/|W| on either side of 0.
		r := mean[1][1] / without
		s := math.Abs(without)
		grad = [2][2]float64{{r / s, -r / s}, {-r / s, 1 / s}}
	}
	q := g.spread(grad)
	fixed, df := g.law(grad, q)
	e.SE = math.Sqrt(q[0] + q[1])
	if !(e.SE > 0) {
		return metrics.Effect{}, undefined(where + ": the units do not vary")
	}
	if opt.Scale != metrics.ScaleAbsolute && math.Abs(without) < 3*math.Sqrt(g.base) {
		e.Warnings = append(e.Warnings, metrics.WarnNoisyBaseline)
	}
	root := math.Sqrt((fixed[0] + fixed[1]) / (q[0] + q[1]))
	if !check.Finite(root) {
		return metrics.Effect{}, undefined(where + ": a group has one unit only in each period")
	}
	e.Level, e.DF = opt.Level, infer.WelchDF(fixed[0], df[0]+1, fixed[1], df[1]+1)
	e.Low, e.High, e.Statistic, e.PValue = infer.Estimate(e.Estimate, e.SE, e.Scale.Null(), e.Level, e.DF, root)
	if min(g.units[0], g.units[1]) < 20 {
		e.Warnings = append(e.Warnings, metrics.WarnFewClusters)
	}
	return e, nil
}

// didGroups is the two groups, untreated and treated, by period, before and after.
type didGroups struct {
	mean, total [2][2]float64 // of observations
	units       [2]int64
	list        []didUnit // ascending by name, so that sums do not depend on the order of arrival
	base        float64   // squared standard error of the mean without the campaign, of spread
}

// groups sums the units up, without those found in both groups. ErrUndefined if a
// group has no observation before or after, or fewer than two units.
func (d *DiffInDiff[U]) groups() (g didGroups, err error) {
	for _, u := range slices.SortedFunc(maps.Keys(d.m), cmp.Compare[U]) {
		x := d.m[u]
		if x.treated && x.control {
			continue
		}
		i := x.group()
		g.units[i]++
		g.list = append(g.list, x)
		for p := range x.n {
			g.total[i][p] += float64(x.n[p])
			g.mean[i][p] += x.sum[p]
		}
	}
	for i := range g.mean {
		for p := range g.mean[i] {
			if g.total[i][p] == 0 || g.units[i] < 2 {
				return g, undefined("DiffInDiff.Result: the %s have %d units and %v observations %s", [2]string{"untreated", "treated"}[i], g.units[i], g.total[i][p], [2]string{"before", "after"}[p])
			}
			g.mean[i][p] /= g.total[i][p]
			if !check.Finite(g.mean[i][p]) {
				return g, fmt.Errorf("causal: DiffInDiff.Result: means: %w", ErrOverflow)
			}
		}
	}
	return g, nil
}

// spread returns the part of each group in the variance clustered by unit of a
// contrast of the four means, and sets base.
func (g *didGroups) spread(grad [2][2]float64) (q [2]float64) {
	for _, x := range g.list {
		i := x.group()
		in, w := 0.0, 0.0
		for p := range x.n {
			dev := (x.sum[p] - float64(x.n[p])*g.mean[i][p]) / g.total[i][p]
			in += grad[i][p] * dev
			w += [2][2]float64{{-1, 1}, {1, 0}}[i][p] * dev
		}
		q[i] += in * in
		g.base += w * w
	}
	for i := range q {
		q[i] *= float64(g.units[i]) / float64(g.units[i]-1)
	}
	return q
}

// law returns the parts q of the variance corrected for units with unequal numbers
// of observations, and the degrees of freedom they are worth (Bell and McCaffrey).
func (g *didGroups) law(grad [2][2]float64, q [2]float64) (fixed, df [2]float64) {
	for i := range q {
		var shares [3][]float64 // of the group's observations in each unit: before, after, mean
		for _, x := range g.list {
			if x.group() != i {
				continue
			}
			b, f := float64(x.n[0])/g.total[i][0], float64(x.n[1])/g.total[i][1]
			shares = [3][]float64{append(shares[0], b), append(shares[1], f), append(shares[2], (b+f)/2)}
		}
		// Each period adds to the variance by its squared gradient and Σw².
		var right, seen float64
		for p := range 2 {
			s2 := 0.0
			for _, w := range shares[p] {
				s2 += w * w
			}
			f, _ := infer.ClusterLaw(shares[p])
			right += grad[i][p] * grad[i][p] * s2
			seen += grad[i][p] * grad[i][p] * s2 / f
		}
		_, df[i] = infer.ClusterLaw(shares[2])
		fixed[i] = q[i] * right / seen
	}
	return fixed, df
}
