package supply

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/survive"
)

// UnconstrainOptions configures Unconstrain.
type UnconstrainOptions struct {
	// Season is a number of periods after which demand repeats, 7 for days of the week,
	// at most 10,000; default 1: none. Its factors are those of all series together, so call
	// by category where categories have seasons of their own.
	Season int

	// Promoted says, by series and element, in which periods there was a promotion; it has
	// one factor for all series. nil, here or for a series, is none.
	Promoted [][]bool

	// Trend lets each series grow or shrink at a rate of its own.
	Trend bool

	// Bounds says that it is not known when stock ran out: sales of a period with
	// Available below 1 are a lower bound of its demand, whatever the share. By default
	// Available is the share of the period's demand that could be served, and sales are those of it.
	Bounds bool

	Level   float64 // of the intervals, in (0, 1); default .95
	MaxIter int     // steps, > 0; default 200
	Workers int     // goroutines; default GOMAXPROCS. No influence on the result
}

func (o UnconstrainOptions) withDefaults() UnconstrainOptions {
	o.Season = check.Default(o.Season, 1)
	o.Level = check.Default(o.Level, 0.95)
	o.MaxIter = check.Default(o.MaxIter, 200)
	return o
}

// validate checks every field; Promoted is checked with the series.
func (o UnconstrainOptions) validate() error {
	var c check.Options
	c.Require(o.Season >= 1 && o.Season <= 10_000, "Season", o.Season, "1 to 10,000")
	c.Require(o.Level > 0 && o.Level < 1, "Level", o.Level, "in (0, 1)")
	check.Positive(&c, "MaxIter", o.MaxIter)
	return c.Err("supply: Unconstrain")
}

// Unconstrained is demand as it would have been with enough in stock.
type Unconstrained struct {
	Series []UnconstrainedSeries // in the order given

	// Season holds the factor of each place of the season, on average 1, and Promotion that
	// of promotions, 1 where none was seen.
	Season    []float64
	Promotion float64

	Iterations int  // steps taken
	Converged  bool // by the last of them nothing moved by more than 1e-5, relative
}

// UnconstrainedSeries is the demand of one product.
type UnconstrainedSeries struct {
	// Units is the demand of each period: what was sold where everything could be, else what
	// is to be expected given what was sold.
	Units []float64

	// Mean is the demand of a period on average over the series, Low and High its
	// interval. NaN where no period was seen in stock: nothing is known then.
	Mean, Low, High float64

	// Idle is the share of periods in which nobody wants any, beyond those that chance leaves
	// without; 0 unless demand is lumpy. Dispersion is what the demand of the others varies beyond
	// chance: with m their mean, their variance is m + Dispersion·m²; 0 is Poisson.
	Idle, Dispersion float64
}

// Unconstrain estimates demand from sales that stock-outs have cut short, in Sold and
// Available of the series (as [Demand.Series] gives them with Keep; Available left out is 1
// throughout, other fields are not read). Sales alone, or the periods without a stock-out
// alone, are too low where it was high demand that emptied the shelf.
//
// Demand of a period is negative binomial, its mean a level of the product times trend,
// season and promotion, its dispersion the product's own; where that is likelier, a share of the periods
// is without any demand. These are estimates of maximum likelihood, by expectation and maximisation: the unseen part of a period has the
// expectation that the seen part leaves it, which is more than usual where much was sold
// early; a bound of n units that of a demand of at least n (Dempster, Laird and Rubin,
// JRSS B 39, 1977; for sales and demand Vulcano, van Ryzin and Ratliff, Operations Research
// 60, 2012). Factors follow in turn from the completed demand. Intervals are of the likelihood, with
// the variance of the scores that were seen, which holds where the law does not; they take
// factors as known.
//
// What was never seen cannot be told. Bounds of lumpy demand, where many periods are without any, need
// stock whose level varies, at times to more than a lump takes: where it is the same low level day by day, or a
// unit or two, how large lumps are is not in the data, and the estimate may be off by a third and more, to
// either side. Where all sales are bounds, and the periods in stock sold nothing, the law is taken for Poisson, which
// is the least of them. And a trend or season that options leave out is taken for chance: where shelves run empty
// at its height, demand comes out too low (−8 % of a fivefold trend at 20 % of days; sales −25 %).
//
// Errors: ErrOption, ErrEmpty without series or periods, ErrShape, ErrNotFinite and ErrRange
// with series and period, context.Cause(ctx). Running out of steps is none: see
// Converged. The result does not depend on Workers or the order of
// series. Cost: some 50 steps over all periods.
func Unconstrain(ctx context.Context, series []Series, opt UnconstrainOptions) (*Unconstrained, error) {
	const where = "supply: Unconstrain"
	opt = opt.withDefaults()
	if err := opt.validate(); err != nil {
		return nil, err
	}
	if len(series) == 0 {
		return nil, fmt.Errorf("%s: no series: %w", where, ErrEmpty)
	}
	if opt.Promoted != nil && len(opt.Promoted) != len(series) {
		return nil, fmt.Errorf("%s: Promoted has %d series, want %d: %w", where, len(opt.Promoted), len(series), ErrShape)
	}
	fits := make([]seen, len(series))
	for i, s := range series {
		var promoted []bool
		if opt.Promoted != nil {
			promoted = opt.Promoted[i]
		}
		if err := fits[i].read(s, promoted, opt); err != nil {
			return nil, fmt.Errorf("%s: series[%d]: %w", where, i, err)
		}
	}
	order := canonical(fits)
	out := &Unconstrained{Season: make([]float64, opt.Season), Promotion: 1}
	for c := range out.Season {
		out.Season[c] = 1
	}
	for out.Iterations < opt.MaxIter && !out.Converged {
		shapes := out.Iterations < 4 || out.Iterations%8 == 0 // they settle soon, and cost the most
		err := parallel.For(ctx, len(fits), 16, opt.Workers, func(_, lo, hi int) error {
			for i := lo; i < hi; i++ {
				fits[i].step(out, shapes, opt)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		out.Iterations++
		moved := out.factors(fits, order, opt)
		for i := range fits {
			moved = max(moved, fits[i].moved)
		}
		out.Converged = moved < 1e-5
	}
	out.Series = make([]UnconstrainedSeries, len(fits))
	err := parallel.For(ctx, len(fits), 16, opt.Workers, func(_, lo, hi int) error {
		for i := lo; i < hi; i++ {
			out.Series[i] = fits[i].result(out, opt)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// seen is what was seen of one product, and its fit.
type seen struct {
	sold     []float64
	share    []float64 // of the period that was seen; bound where its sales are a lower bound
	first    int       // place of the first element in the season
	promoted []bool
	watched  float64 // sum of shares
	plain    bool    // Poisson: only bounds have units, which say nothing of another law
	level    float64 // demand of a period with factors 1, in the middle of the series
	slope    float64 // of its logarithm, over the series
	law      survive.Counts
	whole    []float64
	moved    float64 // by how much the last step moved the level, relative
}

// bound marks a period of which only a lower bound of demand is known.
const bound = -1

// read checks a series and takes it in.
func (f *seen) read(s Series, promoted []bool, opt UnconstrainOptions) error {
	n := len(s.Sold)
	if n == 0 {
		return fmt.Errorf("no periods: %w", ErrEmpty)
	}
	if s.Available != nil && len(s.Available) != n {
		return fmt.Errorf("%s has %d periods, want %d: %w", "Available", len(s.Available), n, ErrShape)
	}
	if promoted != nil && len(promoted) != n {
		return fmt.Errorf("%s has %d periods, want %d: %w", "Promoted", len(promoted), n, ErrShape)
	}
	if s.First < 0 {
		return fmt.Errorf("%s is %d, want >= 0: %w", "First", s.First, ErrRange)
	}
	f.sold, f.first, f.promoted = s.Sold, s.First%opt.Season, promoted
	f.share, f.whole = make([]float64, n), make([]float64, n)
	units, least := 0.0, 0.0
	for i, x := range s.Sold {
		if !(x >= 0 && x <= check.MaxAmount) {
			return check.Amount("period", fmt.Sprintf("Sold[%d]", i), x)
		}
		a := 1.0
		if s.Available != nil {
			if a = s.Available[i]; !(a >= 0 && a <= 1) {
				err := ErrRange
				if !check.Finite(a) {
					err = ErrNotFinite
				}
				return fmt.Errorf("%s[%d] is %v, want 0 to 1: %w", "Available", i, a, err)
			}
		}
		if a < 1 && (opt.Bounds || a == 0) { // sold though out of stock: more was wanted, no less
			a = bound
		}
		f.share[i] = a
		if a > 0 {
			f.watched += a
			units += x
		} else {
			least += x
		}
	}
	if f.watched > 0 {
		f.level = units / f.watched
	}
	f.law.Shape = 10
	if units == 0 && least > 0 && f.watched > 0 {
		f.plain, f.law.Shape, f.level = true, math.Inf(1), least/float64(n)
	}
	return nil
}

// factor is what the season, a promotion and the trend make of period i.
func (f *seen) factor(out *Unconstrained, i int) float64 {
	x := out.Season[(f.first+i)%len(out.Season)]
	if f.promoted != nil && f.promoted[i] {
		x *= out.Promotion
	}
	if f.slope != 0 {
		x *= math.Exp(f.slope * f.time(i))
	}
	return x
}

// time is the place of period i in the series, from -1/2 to 1/2.
func (f *seen) time(i int) float64 {
	return (float64(i)+.5)/float64(len(f.sold)) - .5
}

// expected is the demand of a period given what was seen of it.
func (f *seen) expected(i int, mean float64) float64 {
	law := f.law
	switch a := f.share[i]; {
	case a == 1:
		return f.sold[i]
	case a == bound:
		return law.Beyond(f.sold[i], mean)
	default:
		return f.sold[i] + law.Unseen(f.sold[i], mean*a, mean*(1-a))
	}
}

// logLik is the log-likelihood of what was seen of a period.
func (f *seen) logLik(law survive.Counts, i int, mean float64) float64 {
	if a := f.share[i]; a != bound {
		return law.Log(f.sold[i], mean*a)
	}
	return math.Log(max(law.Least(f.sold[i], mean), 1e-300))
}

// weight is that of a period in the score of the level, shape/(shape+μ).
func (f *seen) weight(mean float64) float64 {
	if math.IsInf(f.law.Shape, 1) {
		return 1
	}
	return f.law.Shape / (f.law.Shape + mean/(1-f.law.Idle))
}

// busy is the chance that a period is not idle, given what was seen of it.
func (f *seen) busy(i int, mean float64) float64 {
	if f.share[i] != bound {
		return f.law.Busy(f.sold[i], mean*f.share[i])
	}
	if f.sold[i] > 0 {
		return 1
	}
	return 1 - f.law.Idle
}

// step completes demand and moves the level, the trend and, if asked, the shape.
func (f *seen) step(out *Unconstrained, shape bool, opt UnconstrainOptions) {
	if f.level == 0 || f.watched == 0 {
		return
	}
	before := f.level
	if shape && !f.plain {
		f.reshape(out)
	}
	// Scores of level and slope, Σ w·(D-q·μ)·(1, t), and their information; μ is the mean of
	// periods that are not idle, q the chance that this one is not.
	var s0, s1, h00, h01, h11 float64
	for i := range f.sold {
		mean := f.level * f.factor(out, i)
		f.whole[i] = f.expected(i, mean)
		w, t := f.weight(mean), f.time(i)
		usual := f.busy(i, mean) * mean / (1 - f.law.Idle)
		s0 += w * (f.whole[i] - usual)
		s1 += w * (f.whole[i] - usual) * t
		h00 += w * usual
		h01 += w * usual * t
		h11 += w * usual * t * t
	}
	level, slope := s0/h00, 0.0
	if det := h00*h11 - h01*h01; opt.Trend && len(f.sold) > 2 && det > 1e-9*h00*h11 {
		level, slope = (h11*s0-h01*s1)/det, (h00*s1-h01*s0)/det
	}
	f.level *= math.Exp(min(max(level, -1), 1))
	f.slope = min(max(f.slope+min(max(slope, -1), 1), -20), 20)
	f.moved = math.Abs(f.level-before)/before + math.Abs(slope)
}

// reshape finds the shape, and the share of idle periods, of maximum likelihood at the present
// means. Idle periods have to be likelier by ln(n)/2, as Schwarz's criterion asks (Annals of
// Statistics 6, 1978).
func (f *seen) reshape(out *Unconstrained) {
	means := f.whole // scratch: step fills it anew
	none, all := 0, 0
	for i := range means {
		means[i] = f.level * f.factor(out, i)
		if f.share[i] == 1 {
			all++
			if f.sold[i] == 0 {
				none++
			}
		}
	}
	total := func(law survive.Counts) float64 {
		sum := 0.0
		for i, mean := range means {
			sum += f.logLik(law, i, mean)
		}
		return sum
	}
	shapeOf := func(idle float64) (survive.Counts, float64) {
		x, best := golden(math.Log(.02), maxLogShape, .02, func(x float64) float64 {
			return total(survive.Counts{Shape: math.Exp(x), Idle: idle})
		})
		if x > maxLogShape-.1 {
			return survive.Counts{Shape: math.Inf(1), Idle: idle}, best
		}
		return survive.Counts{Shape: math.Exp(x), Idle: idle}, best
	}
	plain, best := shapeOf(0)
	if 10*none > all { // as many as lumpy demand has at least
		lumpy := f.law
		gain := 0.0
		if lumpy.Idle == 0 {
			lumpy.Shape = 2 // not that of plain, whose zeros leave none to idle periods
		}
		for range 3 { // one after the other
			idle, _ := golden(0, .995, .002, func(x float64) float64 { return total(survive.Counts{Shape: lumpy.Shape, Idle: x}) })
			lumpy, gain = shapeOf(idle)
		}
		if gain-best > math.Log(float64(all))/2 {
			f.law = lumpy
			return
		}
	}
	f.law = plain
}

// golden maximises f between lo and hi to a tolerance, by golden section.
func golden(lo, hi, tol float64, f func(float64) float64) (x, best float64) {
	const ratio = 0.6180339887498949
	a, b := hi-ratio*(hi-lo), lo+ratio*(hi-lo)
	fa, fb := f(a), f(b)
	for hi-lo > tol {
		if fa >= fb {
			hi, b, fb = b, a, fa
			a = hi - ratio*(hi-lo)
			fa = f(a)
		} else {
			lo, a, fa = a, b, fb
			b = lo + ratio*(hi-lo)
			fb = f(b)
		}
	}
	return (lo + hi) / 2, max(fa, fb)
}

// maxLogShape is that of a law which is Poisson for all that can be seen.
const maxLogShape = 9.2

// canonical orders series by what they hold, so that sums over them do not depend on how the
// caller orders them.
func canonical(fits []seen) []int {
	order := make([]int, len(fits))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		f, g := &fits[a], &fits[b]
		c := cmp.Or(cmp.Compare(f.first, g.first), slices.Compare(f.sold, g.sold), slices.Compare(f.share, g.share))
		if c != 0 {
			return c
		}
		return slices.CompareFunc(f.promoted, g.promoted, func(x, y bool) int {
			switch {
			case x == y:
				return 0
			case y:
				return -1
			}
			return 1
		})
	})
	return order
}

// factors moves those of the season and of promotions to what the completed demand says, by
// iterative proportional fitting with the weights of the level, and tells by how much, relative.
func (u *Unconstrained) factors(fits []seen, order []int, opt UnconstrainOptions) float64 {
	moved := 0.0
	if opt.Season > 1 {
		whole, mean := make([]float64, opt.Season), make([]float64, opt.Season)
		for _, k := range order {
			f := &fits[k]
			if f.level == 0 || f.watched == 0 {
				continue
			}
			for i := range f.sold {
				c := (f.first + i) % opt.Season
				m := f.level * f.factor(u, i)
				w := f.weight(m)
				whole[c] += w * f.whole[i]
				mean[c] += w * f.busy(i, m) * m / (1 - f.law.Idle)
			}
		}
		sum := 0.0
		for c := range u.Season {
			if mean[c] > 0 {
				ratio := max(whole[c]/mean[c], 1e-6)
				moved = max(moved, math.Abs(ratio-1))
				u.Season[c] *= ratio
			}
			sum += u.Season[c]
		}
		scale := sum / float64(opt.Season)
		for c := range u.Season {
			u.Season[c] /= scale
		}
		for k := range fits {
			fits[k].level *= scale
		}
	}
	whole, mean := 0.0, 0.0
	for _, k := range order {
		f := &fits[k]
		if f.level == 0 || f.watched == 0 {
			continue
		}
		for i, p := range f.promoted {
			if p {
				m := f.level * f.factor(u, i)
				w := f.weight(m)
				whole += w * f.whole[i]
				mean += w * f.busy(i, m) * m / (1 - f.law.Idle)
			}
		}
	}
	if mean > 0 {
		ratio := max(whole/mean, 1e-6)
		moved = max(moved, math.Abs(ratio-1))
		u.Promotion *= ratio
	}
	return moved
}

// result is the answer for one series.
func (f *seen) result(out *Unconstrained, opt UnconstrainOptions) UnconstrainedSeries {
	nan := math.NaN()
	r := UnconstrainedSeries{Units: make([]float64, len(f.sold)), Mean: nan, Low: nan, High: nan}
	copy(r.Units, f.sold)
	if f.watched == 0 {
		r.Idle, r.Dispersion = nan, nan
		return r
	}
	if f.level == 0 { // nothing sold: the exact bound of a Poisson law
		exposure := 0.0
		for i, a := range f.share {
			if a != bound {
				exposure += a * f.factor(out, i)
			}
		}
		r.Mean, r.Low, r.High = 0, 0, -math.Log((1-opt.Level)/2)/exposure
		return r
	}
	sum := 0.0
	for i := range f.sold {
		mean := f.level * f.factor(out, i)
		sum += mean
		r.Units[i] = f.expected(i, mean)
	}
	r.Mean = sum / float64(len(f.sold))
	r.Idle, r.Dispersion = f.law.Idle, 1/f.law.Shape
	half := infer.NormalQuantile((1+opt.Level)/2) * f.logSE(out)
	r.Low, r.High = r.Mean*math.Exp(-half), r.Mean*math.Exp(half)
	return r
}

// logSE is the standard error of the logarithm of the level: the sandwich of the
// information of level, shape and idle share, by differences, and of the scores of the periods.
func (f *seen) logSE(out *Unconstrained) float64 {
	const h = 1e-3
	free := []int{0} // level, shape, idle
	if !math.IsInf(f.law.Shape, 1) {
		free = append(free, 1)
	}
	if f.law.Idle > 0 {
		free = append(free, 2)
	}
	var info, scores [3][3]float64
	for i := range f.sold {
		mean := f.level * f.factor(out, i)
		at := func(p, q int, dp, dq float64) float64 {
			var d [3]float64
			d[p] += dp
			d[q] += dq
			law := survive.Counts{Shape: f.law.Shape * math.Exp(d[1]), Idle: f.law.Idle * math.Exp(d[2])}
			return f.logLik(law, i, mean*math.Exp(d[0]))
		}
		var s [3]float64
		mid := at(0, 0, 0, 0)
		for a, p := range free {
			up, down := at(p, p, h, 0), at(p, p, -h, 0)
			s[a] = (up - down) / (2 * h)
			info[a][a] -= (up - 2*mid + down) / (h * h)
			for b, q := range free[:a] {
				info[a][b] -= (at(p, q, h, h) - at(p, q, h, -h) - at(p, q, -h, h) + at(p, q, -h, -h)) / (4 * h * h)
				info[b][a] = info[a][b]
				scores[a][b] += s[a] * s[b]
				scores[b][a] = scores[a][b]
			}
			scores[a][a] += s[a] * s[a]
		}
	}
	x, ok := firstOfInverse(info, len(free))
	if !ok { // the shape cannot be told: that of the level alone
		return math.Sqrt(scores[0][0]) / info[0][0]
	}
	v := 0.0
	for a := range free {
		for b := range free {
			v += x[a] * scores[a][b] * x[b]
		}
	}
	return math.Sqrt(max(v, 0))
}

// firstOfInverse is the first row of the inverse of the leading n×n block of a matrix, which
// has to be positive definite.
func firstOfInverse(m [3][3]float64, n int) (x [3]float64, ok bool) {
	x[0] = 1
	for i := range n {
		if !(m[i][i] > 0) {
			return x, false
		}
		for k := i + 1; k < n; k++ {
			by := m[k][i] / m[i][i]
			for j := i; j < n; j++ {
				m[k][j] -= by * m[i][j]
			}
			x[k] -= by * x[i]
		}
	}
	for i := n - 1; i >= 0; i-- {
		for j := i + 1; j < n; j++ {
			x[i] -= m[i][j] * x[j]
		}
		x[i] /= m[i][i]
	}
	return x, true
}
