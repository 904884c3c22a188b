package forecast

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
)

// SeasonIndexOptions configures SeasonIndex. The zero value is factors.
type SeasonIndexOptions struct {
	// Additive gives what is added in each place of the season; the default is factors, for
	// which all values must be above 0.
	Additive bool
	// Robust keeps single periods, such as a promotion, out of the index: it is that of a robust STL,
	// for factors of the logarithms, in which the season may change slowly, on average over all its
	// cycles. The default are means of distances from a moving average.
	Robust bool
}

// SeasonIndex returns what is usual in each place of a season of the given length, the place of
// y[0] first: factors with mean 1, or with Additive amounts with mean 0. It is the classical
// decomposition: the mean distance from a centred moving average over a season. 1.3 in November says
// that November sells 30 % more than a month on average. Missing periods, NaN, are bridged by lines
// for the average and left out of the means. O(n), Robust that of Decompose.
//
// Errors: ErrRange for a season below 2 or beyond 65536, for values beyond 1e100, and for factors
// of values that are not positive; ErrEmpty; ErrNotFinite; ErrUndefined where the series is
// shorter than two seasons, Robust no longer than two, or a place was never observed; context.Cause(ctx). Source: Hyndman and
// Athanasopoulos, Forecasting, 3rd ed., 3.4 (as statsmodels' seasonal_decompose).
func SeasonIndex(ctx context.Context, y []float64, season int, opt SeasonIndexOptions) ([]float64, error) {
	const where = "forecast: SeasonIndex"
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if season < 2 || season > maxSeason {
		return nil, fmt.Errorf("%s: season is %d, want 2 to %d: %w", where, season, maxSeason, ErrRange)
	}
	if _, err := checkSeries(where, y); err != nil {
		return nil, err
	}
	for t, v := range y {
		if !opt.Additive && v <= 0 {
			return nil, fmt.Errorf("%s: y[%d] is not positive, which factors want: %w", where, t, ErrRange)
		}
	}
	if len(y) < 2*season {
		return nil, fmt.Errorf("%s: %d periods are no two seasons of %d: %w", where, len(y), season, ErrUndefined)
	}
	var index []float64
	if opt.Robust {
		var err error
		if index, err = robustIndex(ctx, where, y, season, !opt.Additive); err != nil {
			return nil, err
		}
	} else {
		index = seasonIndex(y, bridged(y), season, !opt.Additive)
	}
	if check.Slice("", index) != nil {
		return nil, fmt.Errorf("%s: a place of the season of %d was never observed between others: %w", where, season, ErrUndefined)
	}
	return index, nil
}

// robustIndex is SeasonIndex by robust STL. A place that was never observed is NaN.
func robustIndex(ctx context.Context, where string, y []float64, m int, factors bool) ([]float64, error) {
	x := slices.Clone(y)
	for t, v := range x {
		if factors {
			x[t] = math.Log(v)
		}
	}
	d, err := decompose(ctx, where, x, DecomposeOptions{Seasons: []int{m}, Robust: true})
	if err != nil {
		return nil, err
	}
	index, mean := make([]float64, m), 0.0
	for p := range index {
		n := 0.0
		for t := p; t < len(y); t += m {
			if v := d.seasonal[0][t]; y[t] == y[t] {
				n++
				index[p] += (v - index[p]) / n
			}
		}
		if n == 0 {
			index[p] = math.NaN()
		}
		if factors {
			index[p] = math.Exp(index[p])
		}
		mean += index[p] / float64(m)
	}
	for p := range index {
		if factors {
			index[p] /= mean
		} else {
			index[p] -= mean
		}
	}
	return index, nil
}

// bridged returns a copy of y in which missing periods lie on the line between their neighbours,
// those at the ends being as the nearest observed one.
func bridged(y []float64) []float64 {
	out := append([]float64(nil), y...)
	last := -1
	for t, v := range y {
		if v != v {
			continue
		}
		from := v
		if last >= 0 {
			from = y[last]
		}
		for i := last + 1; i < t; i++ {
			out[i] = from + (v-from)*float64(i-last)/float64(t-last)
		}
		last = t
	}
	for i := last + 1; i < len(y) && last >= 0; i++ {
		out[i] = y[last]
	}
	return out
}

// seasonIndex is SeasonIndex of a checked series and its bridged copy; NaN of a place that was
// not observed where the moving average is known.
func seasonIndex(y, whole []float64, m int, factors bool) []float64 {
	sum, count := make([]float64, m), make([]float64, m)
	half := m / 2
	window := 0.0 // of the m periods from t-half on
	for t := range whole[:m] {
		window += whole[t]
	}
	for t := half; t+half < len(whole); t++ {
		if t > half {
			window += whole[t+m-half-1] - whole[t-half-1]
		}
		trend := window / float64(m)
		if m%2 == 0 { // the two ends count half
			trend += (whole[t+half] - whole[t-half]) / (2 * float64(m))
		}
		if v := y[t]; v == v {
			if factors {
				sum[t%m] += v / trend
			} else {
				sum[t%m] += v - trend
			}
			count[t%m]++
		}
	}
	mean := 0.0
	for p := range sum {
		sum[p] /= count[p]
		mean += sum[p] / float64(m)
	}
	for p := range sum {
		if factors {
			sum[p] /= mean
		} else {
			sum[p] -= mean
		}
	}
	return sum
}

// seasonal tests whether the autocorrelation of the series, without gaps, at lag m is more than
// what 90 % of series without a season of m show, given those at the lags before (as statsforecast's
// AutoTheta).
func seasonal(y []float64, m int) bool {
	if m < 4 || len(y) < 2*m {
		return false
	}
	mean, power := 0.0, 0.0
	for _, v := range y {
		mean += v / float64(len(y))
	}
	for _, v := range y {
		power += (v - mean) * (v - mean)
	}
	if power == 0 {
		return false
	}
	squares, r := 0.0, 0.0
	for lag := 1; lag <= m; lag++ {
		r = 0
		for t := lag; t < len(y); t++ {
			r += (y[t] - mean) * (y[t-lag] - mean)
		}
		if r /= power; lag < m {
			squares += r * r
		}
	}
	return math.Abs(r) > infer.NormalQuantile(.95)*math.Sqrt((1+2*squares)/float64(len(y)))
}
