package forecast

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/parallel"
)

// BreakOptions configures FindBreaks.
type BreakOptions struct {
	// Penalty is what one more break costs, in variances of the noise; default 4·ln n, at which
	// a series without breaks has none nineteen times in twenty.
	Penalty float64
	// MinLength is the least number of observed periods between breaks; default 4.
	MinLength int
	// Outlier is how many standard deviations of the noise a period lies off its neighbours to
	// be an outlier, which no break is made of; default 5, negative for none.
	Outlier float64
	// Season is the number of periods after which the series repeats: what repeats is no break.
	// 0 and 1: none. Without two seasons of data none is taken out.
	Season int
	// Root looks at square roots, as suits counts, whose noise grows with their level. Values
	// must not be negative then.
	Root bool
}

func (o BreakOptions) withDefaults() BreakOptions {
	o.MinLength = check.Default(o.MinLength, 4)
	o.Outlier = check.OrOff(o.Outlier, 5)
	o.Season = check.Default(o.Season, 1)
	return o
}

func (o BreakOptions) validate(where string) error {
	var c check.Options
	c.Require(o.Penalty >= 0 && check.Finite(o.Penalty), "Penalty", o.Penalty, "finite and >= 0")
	c.Require(o.MinLength >= 1 && o.MinLength <= maxPeriods, "MinLength", o.MinLength, "at least 1")
	c.Require(o.Outlier >= 0 && check.Finite(o.Outlier), "Outlier", o.Outlier, "finite")
	c.Require(o.Season >= 1 && o.Season <= maxSeason, "Season", o.Season, fmt.Sprintf("1 to %d", maxSeason))
	return c.Err(where)
}

// Break is a period from which on a series has another level.
type Break struct {
	At            int     // the first period of the new level
	Before, After float64 // mean of the observed periods since the break before, and until the next, outliers apart
	Shift         float64 // change in standard deviations of the noise, of square roots under Root
}

// Outlier is a period that stands alone.
type Outlier struct {
	At              int     // the period
	Value, Expected float64 // what came, and the median of its neighbours
}

// Breaks is what FindBreaks has found, in order of time.
type Breaks struct {
	Breaks   []Break   // from which periods on the level was another
	Outliers []Outlier // periods that stand alone
	Noise    float64   // standard deviation within a level, of square roots under Root
}

// FindBreaks says where a series broke: from which period on its level was another one, and which
// periods stand alone. Means of segments are fitted by least squares with a penalty for each
// break, exactly, by PELT. The noise is measured by the differences of neighbours, which breaks
// do not move. Missing periods belong to no segment.
//
// O(n) where breaks come again and again, O(n²) at worst. Errors: ErrOption; ErrEmpty without an
// observed period; ErrNotFinite; ErrRange, also for a negative value with Root. Source: Killick,
// Fearnhead and Eckley, Optimal detection of changepoints with a linear computational cost, 2012.
func FindBreaks(ctx context.Context, y []float64, opt BreakOptions) (*Breaks, error) {
	const where = "forecast: FindBreaks"
	o := opt.withDefaults()
	if err := o.validate(where); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	observed, err := checkSeries(where, y)
	if err != nil {
		return nil, err
	}
	if o.Root {
		if err := nonNegative(where, y); err != nil {
			return nil, err
		}
	}
	at, x := make([]int, 0, observed), make([]float64, 0, observed)
	for t, v := range withoutSeason(y, o.Season) {
		if v == v {
			if o.Root {
				v = math.Sqrt(max(v, 0))
			}
			at, x = append(at, t), append(x, v)
		}
	}
	rounding := o.rounding(y)
	out := &Breaks{}
	if s := noise(x); s > rounding {
		out.Noise = s
	}
	out.outliers(y, x, at, max(o.Outlier*out.Noise, rounding), o)
	penalty := o.Penalty
	if penalty == 0 {
		penalty = 4 * math.Log(float64(max(len(x), 3)))
	}
	unit := max(out.Noise, rounding)
	unit = max(unit*unit, math.SmallestNonzeroFloat64)
	cuts, err := pelt(ctx, x, penalty*unit, o.MinLength)
	if err != nil {
		return nil, err
	}
	out.levels(y, x, at, cuts)
	return out, nil
}

// rounding is what taking out the season leaves of a series that repeats exactly: it is no noise.
func (o BreakOptions) rounding(y []float64) float64 {
	if o.Season < 2 {
		return 0
	}
	top := 0.0
	for _, v := range y {
		if v == v {
			top = max(top, math.Abs(v))
		}
	}
	left := 1e-15 * top * (8 + float64(len(y))/float64(o.Season))
	if o.Root {
		left = math.Sqrt(left)
	}
	return left
}

// withoutSeason takes out the season: of each place the median distance from the centred mean of a
// season, which a break spoils for few cycles.
func withoutSeason(y []float64, season int) []float64 {
	if season < 2 || len(y) < 2*season+1 {
		return y
	}
	full := bridged(y)
	sum := make([]float64, len(y)+1)
	for t, v := range full {
		sum[t+1] = sum[t] + v
	}
	places := make([][]float64, season)
	half := season / 2
	for t := half; t+half < len(y); t++ {
		if y[t] != y[t] {
			continue
		}
		mean := (sum[t+half+1] - sum[t-half]) / float64(season)
		if season%2 == 0 { // the two ends are of one place and count half
			mean -= (full[t-half] + full[t+half]) / 2 / float64(season)
		}
		places[t%season] = append(places[t%season], y[t]-mean)
	}
	shape, level := make([]float64, season), 0.0
	for p, x := range places {
		if len(x) > 0 {
			shape[p] = medianOf(x)
		}
		level += shape[p] / float64(season)
	}
	out := make([]float64, len(y))
	for t, v := range y {
		out[t] = v - (shape[t%season] - level)
	}
	return out
}

// noise is the standard deviation by the median absolute difference of neighbours, or where most
// are equal by the mean square.
func noise(x []float64) float64 {
	if len(x) < 2 {
		return 0
	}
	d := make([]float64, len(x)-1)
	square := 0.0
	for i := range d {
		d[i] = math.Abs(x[i+1] - x[i])
		square += d[i] * d[i] / float64(len(d))
	}
	if m := medianOf(d); m > 0 {
		return m / (.6744897501960817 * math.Sqrt2)
	}
	return math.Sqrt(square / 2)
}

// outliers sets periods that stand off both the three before and the three behind to the median
// of those, and lists them; off is how far that is.
func (b *Breaks) outliers(y, x []float64, at []int, off float64, opt BreakOptions) {
	if opt.Outlier == 0 || len(x) < 5 {
		return
	}
	clean := slices.Clone(x)
	side := func(lo, hi int) float64 { return medianOf(slices.Clone(x[max(lo, 0):min(hi, len(x))])) }
	for i, v := range x {
		far := true
		if i > 0 {
			far = far && math.Abs(v-side(i-3, i)) > off
		}
		if i+1 < len(x) {
			far = far && math.Abs(v-side(i+1, i+4)) > off
		}
		if !far || i+1 == len(x) && i > 0 { // the last may be the first of a new level
			continue
		}
		clean[i] = medianOf(slices.Concat(x[max(i-3, 0):i], x[i+1:min(i+4, len(x))]))
		expected := clean[i]
		if opt.Root {
			expected *= expected
		} else {
			expected += y[at[i]] - v // the season again
		}
		b.Outliers = append(b.Outliers, Outlier{At: at[i], Value: y[at[i]], Expected: expected})
	}
	copy(x, clean)
}

// pelt returns the first values of the segments but the first, at least size values each.
func pelt(ctx context.Context, x []float64, penalty float64, size int) ([]int, error) {
	n := len(x)
	mean := 0.0
	for i, v := range x {
		mean += (v - mean) / float64(i+1)
	}
	sum, square := make([]float64, n+1), make([]float64, n+1)
	for i, v := range x {
		sum[i+1], square[i+1] = sum[i]+(v-mean), square[i]+(v-mean)*(v-mean)
	}
	cost := func(i, j int) float64 {
		s := sum[j] - sum[i]
		return max(square[j]-square[i]-s*s/float64(j-i), 0)
	}
	penalty = max(penalty, 1e-15*float64(n)*square[n]) // what rounding leaves of a cost is no gain
	best, from := make([]float64, n+1), make([]int, n+1)
	for j := 1; j <= n; j++ {
		best[j] = math.Inf(1)
	}
	best[0] = -penalty
	meter := parallel.NewMeter(ctx)
	open := []int{0}
	until := make([]int, n+1) // the end from which on a start that has lost is out, 0: it has not
	for j := size; j <= n; j++ {
		if err := meter.Did(len(open) + 1); err != nil {
			return nil, err
		}
		for _, i := range open {
			if c := best[i] + cost(i, j) + penalty; c < best[j] && j-i >= size {
				best[j], from[j] = c, i
			}
		}
		kept := open[:0]
		// A start that has lost to a break at j never wins again where j may be a start, too: size later.
		for _, i := range open {
			if until[i] == 0 && j-i >= size && best[i]+cost(i, j) > best[j] {
				until[i] = j + size
			}
			if until[i] == 0 || j+1 < until[i] {
				kept = append(kept, i)
			}
		}
		open = kept
		if next := j - size + 1; next >= size {
			open = append(open, next)
		}
	}
	var cuts []int
	for j := n; j > 0 && from[j] > 0; j = from[j] {
		cuts = append(cuts, from[j])
	}
	slices.Reverse(cuts)
	return cuts, nil
}

// levels writes the breaks with the means of the periods as they were given.
func (b *Breaks) levels(y, x []float64, at, cuts []int) {
	ends := append(slices.Clone(cuts), len(x))
	start := 0
	alone := map[int]bool{}
	for _, o := range b.Outliers {
		alone[o.At] = true
	}
	mean := func(lo, hi int) (given, seen float64) {
		n := 0.0
		for i := lo; i < hi; i++ {
			seen += x[i] / float64(hi-lo)
			if !alone[at[i]] {
				n++
				given += (y[at[i]] - given) / n
			}
		}
		return given, seen
	}
	for k, cut := range cuts {
		before, a := mean(start, cut)
		after, c := mean(cut, ends[k+1])
		shift := (c - a) / b.Noise
		if b.Noise == 0 {
			shift = math.Inf(1)
			if c < a {
				shift = math.Inf(-1)
			}
		}
		b.Breaks = append(b.Breaks, Break{At: at[cut], Before: before, After: after, Shift: shift})
		start = cut
	}
}

// Since returns the first period of the present level: that of the last break, 0 without any and
// for nil. What came before it tells little of what comes.
func (b *Breaks) Since() int {
	if b == nil || len(b.Breaks) == 0 {
		return 0
	}
	return b.Breaks[len(b.Breaks)-1].At
}
