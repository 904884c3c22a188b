package causal

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/metrics"
)

// UpliftPoint is one point of an uplift curve: the users with the highest
// scores, down to and with Score. Users with equal scores are never parted.
type UpliftPoint struct {
	Score               float64 // the lowest so far
	Treated, Control    int64   // users of both arms so far
	TreatedSum, CtrlSum float64 // outcomes of both arms so far
	Qini                float64 // TreatedSum − CtrlSum·Treated/Control; TreatedSum alone while Control is 0
	Uplift              float64 // (TreatedSum/Treated − CtrlSum/Control)·(Treated+Control), an empty arm counting as 0
	OneArm              bool    // only one arm so far: the value compares with nothing
}

// UpliftArea sums up a curve. Areas are trapezoids over the number of users.
// QiniCausalML sums the same values up by the convention of causalml.
type UpliftArea struct {
	Area    float64 // under the curve
	Random  float64 // under the straight line to its last point
	PerHead float64 // (Area − Random)/users: what the order of the scores is worth. It grows with the number of users, as the curve does: divide by it again to compare data sets
	Perfect float64 // area of the best order; NaN unless outcomes are 0 and 1

	// (Area − Random)/(Perfect − Random), the score of scikit-uplift; NaN unless
	// outcomes are 0 and 1: there is no perfect order for revenue. 1 is
	// perfect, 0 random.
	Normalized float64
}

// UpliftCurves holds the Qini and the uplift curve of a score.
type UpliftCurves struct {
	Points           []UpliftPoint     // by falling score; the origin is left out
	Qini, Uplift     UpliftArea        // the two curves summed up
	Treated, Control int64             // users of each arm
	Binary           bool              // all outcomes are 0 or 1
	Warnings         []metrics.Warning // WarnOneArm
}

// WarnOneArm is set when the users of the highest scores are all of one arm.
const WarnOneArm metrics.Warning = "the curve starts with users of one arm only"

// Uplift computes the curves of a score that says whom to treat: y are the
// outcomes (0/1, or amounts of any sign), treated the arms of a randomised
// experiment, score the model's. Conventions are those of scikit-uplift: a prefix
// of one arm is worth what its treated brought, areas are trapezoids over users
// and are normalised by a perfect order. Other packages differ in all three, so
// compare numbers of one convention only; QiniCausalML has that of causalml.
//
// ErrEmpty, ErrShape and ErrNotFinite as named; ErrUndefined if an arm is
// empty. Cost O(n log n).
func Uplift(y []float64, treated []bool, score []float64) (UpliftCurves, error) {
	if err := checkUplift("Uplift", y, treated, score); err != nil {
		return UpliftCurves{}, err
	}
	m := parallel.NewMeter(context.Background()) // which never ends
	cells, binary, _ := upliftCells(m, byScore(y, treated, score), y, treated, score)
	return newUpliftCurves(m, "Uplift", cells, binary)
}

// upliftCell is a set of users with one score.
type upliftCell struct {
	score  float64
	nt, nc int64
	yt, yc float64
}

func (c *upliftCell) add(y float64, treated bool) {
	if treated {
		c.nt++
		c.yt += y
	} else {
		c.nc++
		c.yc += y
	}
}

func checkUplift(where string, y []float64, treated []bool, score []float64) error {
	if len(y) == 0 {
		return fmt.Errorf("causal: %s: no users: %w", where, ErrEmpty)
	}
	for _, err := range []error{check.Len("treated", len(treated), len(y)), check.Len("score", len(score), len(y)), check.Slice("y", y), check.Slice("score", score)} {
		if err != nil {
			return fmt.Errorf("causal: %s: %w", where, err)
		}
	}
	return nil
}

// byScore returns the indices by falling score; equal scores by outcome and
// arm, so that sums do not depend on the order of the input.
func byScore(y []float64, treated []bool, score []float64) []int32 {
	order, _ := byScoreUntil(context.Background(), y, treated, score, 1)
	return order
}

// byScoreUntil is byScore that stops when ctx ends.
func byScoreUntil(ctx context.Context, y []float64, treated []bool, score []float64, workers int) ([]int32, error) {
	order := make([]int32, len(y))
	for i := range order {
		order[i] = int32(i)
	}
	err := parallel.SortFunc(ctx, order, workers, func(i, j int32) int {
		switch {
		case score[i] > score[j]:
			return -1
		case score[i] < score[j]:
			return 1
		case y[i] > y[j]:
			return -1
		case y[i] < y[j]:
			return 1
		case treated[i] != treated[j] && treated[i]:
			return -1
		case treated[i] != treated[j]:
			return 1
		}
		return int(i - j)
	})
	return order, err
}

// upliftCells returns the counts and sums of each distinct score, in the order of byScore,
// and whether all outcomes are 0 or 1.
func upliftCells(m *parallel.Meter, order []int32, y []float64, treated []bool, score []float64) (cells []upliftCell, binary bool, err error) {
	binary = true
	for _, i := range order {
		if err := m.Did(16); err != nil {
			return nil, false, err
		}
		if n := len(cells); n == 0 || cells[n-1].score != score[i] {
			cells = append(cells, upliftCell{score: score[i]})
		}
		cells[len(cells)-1].add(y[i], treated[i])
		binary = binary && (y[i] == 0 || y[i] == 1)
	}
	return cells, binary, nil
}

// newUpliftCurves makes the curves of cells by falling score.
func newUpliftCurves(m *parallel.Meter, where string, cells []upliftCell, binary bool) (UpliftCurves, error) {
	r := UpliftCurves{Points: make([]UpliftPoint, 0, len(cells)), Binary: binary}
	var all upliftCell
	for _, c := range cells {
		if err := m.Did(16); err != nil {
			return UpliftCurves{}, err
		}
		all.nt, all.nc, all.yt, all.yc = all.nt+c.nt, all.nc+c.nc, all.yt+c.yt, all.yc+c.yc
		p := UpliftPoint{Score: c.score, Treated: all.nt, Control: all.nc, TreatedSum: all.yt, CtrlSum: all.yc, OneArm: all.nt == 0 || all.nc == 0}
		p.Qini, p.Uplift = all.values()
		r.Points = append(r.Points, p)
	}
	if all.nt == 0 || all.nc == 0 {
		return UpliftCurves{}, undefined("%s: an arm is empty (%d treated, %d control)", where, all.nt, all.nc)
	}
	if !check.Finite(all.yt) || !check.Finite(all.yc) {
		return UpliftCurves{}, fmt.Errorf("causal: %s: outcomes sum to %v and %v: %w", where, all.yt, all.yc, ErrOverflow)
	}
	r.Treated, r.Control = all.nt, all.nc
	if r.Points[0].OneArm {
		r.Warnings = append(r.Warnings, WarnOneArm)
	}
	perfectQini, perfectUplift := math.NaN(), math.NaN()
	if binary {
		// Treated responders, treated others, control responders, control others.
		tr, to := upliftCell{nt: int64(all.yt), yt: all.yt}, upliftCell{nt: all.nt - int64(all.yt)}
		cr, co := upliftCell{nc: int64(all.yc), yc: all.yc}, upliftCell{nc: all.nc - int64(all.yc)}
		perfectQini, _ = areas([]upliftCell{tr, {nt: to.nt, nc: co.nc}, cr})
		if cr.nc > to.nt {
			_, perfectUplift = areas([]upliftCell{tr, co, cr, to})
		} else {
			_, perfectUplift = areas([]upliftCell{tr, co, to, cr})
		}
	}
	q, u := areas(cells)
	n := float64(all.nt) + float64(all.nc)
	lastQ, lastU := all.values()
	r.Qini = newUpliftArea(q, lastQ*n/2, perfectQini, n)
	r.Uplift = newUpliftArea(u, lastU*n/2, perfectUplift, n)
	for _, p := range r.Points {
		if !check.Finite(p.Qini) || !check.Finite(p.Uplift) {
			return UpliftCurves{}, fmt.Errorf("causal: %s: outcomes of %d users: %w", where, p.Treated+p.Control, ErrOverflow)
		}
	}
	return r, nil
}

// values returns the Qini and the uplift value of the users of c.
func (c *upliftCell) values() (qini, uplift float64) {
	nt, nc := float64(c.nt), float64(c.nc)
	qini = c.yt
	if nc > 0 {
		qini -= c.yc * (nt / nc)
		uplift -= c.yc / nc
	}
	if nt > 0 {
		uplift += c.yt / nt
	}
	return qini, uplift * (nt + nc)
}

// areas returns the areas under both curves of cells by falling score.
func areas(cells []upliftCell) (qini, uplift float64) {
	var c upliftCell
	var q0, u0 float64
	for i := range cells {
		d := &cells[i]
		if d.nt+d.nc == 0 {
			continue
		}
		c.nt, c.nc, c.yt, c.yc = c.nt+d.nt, c.nc+d.nc, c.yt+d.yt, c.yc+d.yc
		q1, u1 := c.values()
		h := float64(d.nt+d.nc) / 2
		qini += h * (q0 + q1)
		uplift += h * (u0 + u1)
		q0, u0 = q1, u1
	}
	return qini, uplift
}

func newUpliftArea(area, random, perfect, n float64) UpliftArea {
	a := UpliftArea{Area: area, Random: random, PerHead: (area - random) / n, Perfect: perfect, Normalized: math.NaN()}
	if perfect > random {
		a.Normalized = (area - random) / (perfect - random)
	}
	return a
}

// UpliftAt returns the effect of the treatment among the users with the highest
// scores, share of them in (0, 1], by Welch's t test. Users that tie with the
// last one are all taken, so the answer does not depend on the order of rows.
// With perArm the share is taken of each arm, otherwise of all users.
//
// Where a test is not possible on the absolute scale (all outcomes equal, one
// user in an arm) the Effect has an Estimate and NaN for the rest. ErrUndefined
// if an arm is empty.
func UpliftAt(y []float64, treated []bool, score []float64, share float64, perArm bool, opt metrics.CompareOptions) (metrics.Effect, error) {
	const where = "UpliftAt"
	if !(share > 0 && share <= 1) {
		return metrics.Effect{}, fmt.Errorf("causal: %s: share is %v, want in (0, 1]: %w", where, share, ErrRange)
	}
	if err := checkUplift(where, y, treated, score); err != nil {
		return metrics.Effect{}, err
	}
	order := byScore(y, treated, score)
	var arms [2]metrics.Moments
	take := func(idx []int32) error {
		n := int(share*float64(len(idx)) + 1e-9)
		for r, i := range idx {
			if r >= n && (n == 0 || score[i] != score[idx[n-1]]) {
				break
			}
			a := &arms[0]
			if treated[i] {
				a = &arms[1]
			}
			if err := a.Add(y[i]); err != nil {
				return fmt.Errorf("causal: %s: user %d: %w", where, i, err)
			}
		}
		return nil
	}
	if !perArm {
		if err := take(order); err != nil {
			return metrics.Effect{}, err
		}
	} else {
		for _, arm := range [2]bool{false, true} {
			if err := take(slices.DeleteFunc(slices.Clone(order), func(i int32) bool { return treated[i] != arm })); err != nil {
				return metrics.Effect{}, err
			}
		}
	}
	e, err := meansOrDifference(arms[0], arms[1], opt)
	if err != nil {
		return metrics.Effect{}, fmt.Errorf("causal: %s: best %v of users: %w", where, share, err)
	}
	return e, nil
}

// UpliftBucket is one of several parts of the users by falling score.
type UpliftBucket struct {
	From, To         float64        // highest and lowest score
	Treated, Control int64          // users of each arm
	Effect           metrics.Effect // as that of UpliftAt; its Estimate is NaN where Err is set
	Err              error          // why there is no effect: an arm is missing
}

// UpliftBuckets cuts the users by falling score into equal parts (deciles for
// 10) and returns the effect of the treatment in each: a good score has its
// effects fall. Bounds of parts may cut through equal scores; rows of equal
// score then stand in an order of their own, not that of the input. ErrRange
// unless 1 <= parts <= users.
func UpliftBuckets(y []float64, treated []bool, score []float64, parts int, opt metrics.CompareOptions) ([]UpliftBucket, error) {
	const where = "UpliftBuckets"
	if err := checkUplift(where, y, treated, score); err != nil {
		return nil, err
	}
	if parts < 1 || parts > len(y) {
		return nil, fmt.Errorf("causal: %s: %d parts of %d users: %w", where, parts, len(y), ErrRange)
	}
	opt, err := opt.Resolve("causal: " + where)
	if err != nil {
		return nil, err
	}
	order := byScore(y, treated, score)
	out := make([]UpliftBucket, parts)
	// The first n mod parts buckets have one user more, as numpy.array_split.
	size, more := len(y)/parts, len(y)%parts
	at := 0
	for b := range out {
		n := size
		if b < more {
			n++
		}
		var arms [2]metrics.Moments
		for _, i := range order[at : at+n] {
			a := &arms[0]
			if treated[i] {
				a = &arms[1]
			}
			if err := a.Add(y[i]); err != nil {
				return nil, fmt.Errorf("causal: %s: user %d: %w", where, i, err)
			}
		}
		u := UpliftBucket{From: score[order[at]], To: score[order[at+n-1]], Treated: arms[1].N(), Control: arms[0].N()}
		if u.Effect, u.Err = meansOrDifference(arms[0], arms[1], opt); u.Err != nil {
			u.Effect = metrics.Effect{Estimate: math.NaN(), SE: math.NaN(), Low: math.NaN(), High: math.NaN(), PValue: math.NaN(), NA: arms[0].N(), NB: arms[1].N()}
		}
		out[b] = u
		at += n
	}
	return out, nil
}

// meansOrDifference is CompareMeans, but where that has no test it still tells
// the difference on the absolute scale.
func meansOrDifference(a, b metrics.Moments, opt metrics.CompareOptions) (metrics.Effect, error) {
	e, err := metrics.CompareMeans(a, b, opt)
	if err == nil || opt.Scale != metrics.ScaleAbsolute || a.N() == 0 || b.N() == 0 || !errors.Is(err, ErrUndefined) {
		return e, err
	}
	nan := math.NaN()
	ma, _ := a.Mean()
	mb, _ := b.Mean()
	return metrics.Effect{
		Estimate: mb - ma, SE: nan, Low: nan, High: nan, Level: opt.Level, Statistic: nan, DF: nan, PValue: nan,
		Method: "difference of means, no test possible", N: a.N() + b.N(), NA: a.N(), NB: b.N(), MeanA: ma, MeanB: mb, Warnings: []metrics.Warning{metrics.WarnZeroVarianceArm},
	}, nil
}
