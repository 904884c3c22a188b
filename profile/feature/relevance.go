package feature

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/parallel"
)

// Relevance says how much one column tells about a target, over the rows where the column
// has a value. What is undefined, such as the correlation of a constant, is NaN. Gains, χ² and
// InformationValue are of the column cut at its quantiles,
// or into its values where there are no more of them than bins, missing ones a bin of their own.
type Relevance struct {
	Column           string  // as in SelectorOptions.Names
	Missing          int64   // rows without a value
	Pearson          float64 // correlation
	Spearman         float64 // of ranks, ties sharing theirs
	AUC              float64 // of the larger of two classes over the other; NaN unless there are two
	F, FP            float64 // ANOVA between the classes, its probability
	Gain             float64 // bits: the mutual information of bins and classes
	GainRatio        float64 // Gain over the entropy of the bins
	GiniGain         float64 // Gini impurity saved
	ChiSquare        float64 // of bins and classes
	ChiSquareP       float64 // its probability
	InformationValue float64 // see Evidence; NaN unless there are two classes
	Leak             bool    // it separates a class from the others, or orders y, beyond SelectorOptions.LeakAUC
}

// Criterion says which number of a Relevance a Selector goes by.
type Criterion uint8

// The criteria of a Selector; of correlations the absolute value counts.
const (
	ByGain Criterion = iota
	ByGainRatio
	ByGini
	ByPearson
	BySpearman
	ByF
	ByChiSquare
	ByInformationValue
	measures = int(ByInformationValue) + 1
)

// of returns the number that m goes by.
func (m Criterion) of(r *Relevance) float64 {
	return [measures]float64{r.Gain, r.GainRatio, r.GiniGain, math.Abs(r.Pearson), math.Abs(r.Spearman), r.F, r.ChiSquare, r.InformationValue}[m]
}

// xy is a value with its target and class.
type xy struct {
	x, y  float64
	class int32
}

// target is y with its classes.
type target struct {
	y       []float64
	classes []int32
	values  int  // number of classes
	whole   bool // a class is a value of y
}

// maxClasses is the number of different values up to which each is a class.
const maxClasses = 32

// targetOf takes each of at most 32 different values of y as a class, else its bins.
func targetOf(y []float64, bins int) (*target, error) {
	if err := check.Slice("y", y); err != nil {
		return nil, err
	}
	out := &target{y: y, classes: make([]int32, len(y))}
	values := slices.Compact(slices.Sorted(slices.Values(y)))
	if out.whole = len(values) <= maxClasses; out.whole {
		for i, v := range y {
			k, _ := slices.BinarySearch(values, v)
			out.classes[i] = int32(k)
		}
		out.values = len(values)
		return out, nil
	}
	c := binned{edges: quantileEdges(slices.Sorted(slices.Values(y)), bins)}
	for i, v := range y {
		out.classes[i] = int32(c.bin(v))
	}
	out.values = len(c.edges) + 1
	return out, nil
}

// quantileEdges returns the inner edges of k bins of ascending values: of about equally many
// rows, or one bin for each value where there are no more than k of them.
func quantileEdges(xs []float64, k int) []float64 {
	var values, out []float64
	for i, x := range xs {
		if i == 0 || x != xs[i-1] {
			if values = append(values, x); len(values) > k {
				break
			}
		}
	}
	if len(values) <= k {
		return values[min(1, len(values)):]
	}
	for i := 1; i < k; i++ {
		x := infer.Quantile(xs, float64(i)/float64(k))
		if x > xs[0] && (len(out) == 0 || x > out[len(out)-1]) {
			out = append(out, x)
		}
	}
	return out
}

// Relevances measures every column of rows, n×d with NaN for missing, against y, a number
// a row. Each of at most 32 different values of y is a class; more are cut at their
// quantiles. The same rows in any order give the same bits. opt.Names, Bins and LeakAUC
// are read. No rows is ErrEmpty, ragged ones or y of another length ErrShape, ±Inf and a y
// that is NaN ErrNotFinite. Cost: a sort a column, columns in parallel.
func Relevances(ctx context.Context, rows [][]float64, y []float64, opt SelectorOptions) ([]Relevance, error) {
	const where = "feature: Relevances"
	opt = opt.withDefaults()
	if err := opt.validate(where); err != nil {
		return nil, err
	}
	out, _, err := relevances(ctx, rows, y, opt)
	if err != nil && ctx.Err() == nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	return out, err
}

// relevances also returns the edges of the bins of every column.
func relevances(ctx context.Context, rows [][]float64, y []float64, opt SelectorOptions) ([]Relevance, [][]float64, error) {
	names, err := rowNames(ctx, rows, opt.Names)
	if err != nil {
		return nil, nil, err
	}
	if err := check.Len("y", len(y), len(rows)); err != nil {
		return nil, nil, err
	}
	t, err := targetOf(y, opt.Bins)
	if err != nil {
		return nil, nil, err
	}
	out, edges := make([]Relevance, len(names)), make([][]float64, len(names))
	scratch := make([][]xy, parallel.Scratch(len(names), 1, 0))
	err = parallel.For(ctx, len(names), 1, 0, func(worker, j, _ int) error {
		pairs, missing := scratch[worker][:0], make([]int64, t.values)
		for i, r := range rows {
			if i%(1<<16) == 0 && ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if x := r[j]; math.IsNaN(x) {
				missing[t.classes[i]]++
			} else {
				pairs = append(pairs, xy{x + 0, y[i], t.classes[i]})
			}
		}
		slices.SortFunc(pairs, func(a, b xy) int {
			if a.x != b.x {
				return cmp.Compare(a.x, b.x)
			}
			return cmp.Compare(a.y, b.y)
		})
		scratch[worker] = pairs
		out[j], edges[j] = t.relevance(pairs, missing, opt)
		out[j].Column = names[j]
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	return out, edges, nil
}

// relevance measures pairs, ascending, so that the sums are those of any order of rows.
func (t *target) relevance(pairs []xy, missing []int64, opt SelectorOptions) (Relevance, []float64) {
	var r Relevance
	for _, k := range missing {
		r.Missing += k
	}
	xs, ys := make([]float64, len(pairs)), make([]float64, len(pairs))
	for i, p := range pairs {
		xs[i], ys[i] = p.x, p.y
	}
	edges := quantileEdges(xs, opt.Bins)
	r.Pearson = correlation(xs, ys)
	r.F, r.FP = t.anova(pairs)
	t.table(&r, pairs, missing, edges)
	separated := t.separate(&r, pairs)
	r.Spearman = correlation(averageRanks(xs, xs), averageRanks(slices.Sorted(slices.Values(ys)), ys))
	if !t.whole {
		if separated = math.NaN(); len(pairs) >= leakRows {
			separated = math.Abs(r.Spearman)
		}
	}
	r.Leak = separated > opt.LeakAUC
	return r, edges
}

// averageRanks returns the rank of each of xs, ties sharing theirs, among sorted.
func averageRanks(sorted, xs []float64) []float64 {
	rank := make([]float64, len(sorted)) // of the value at each place
	for i := 0; i < len(sorted); {
		k := i + 1
		for k < len(sorted) && sorted[k] == sorted[i] {
			k++
		}
		for m := i; m < k; m++ {
			rank[m] = float64(i+k-1) / 2
		}
		i = k
	}
	out := make([]float64, len(xs))
	for i, x := range xs {
		k := i
		if sorted[i] != x {
			k, _ = slices.BinarySearch(sorted, x)
		}
		out[i] = rank[k]
	}
	return out
}

// correlation is that of Pearson, NaN where one side does not vary or float64 cannot
// hold the squares. Both sides are scaled by their largest deviation first.
func correlation(xs, ys []float64) float64 {
	centre := func(xs []float64) (mean, size float64) {
		n := float64(len(xs))
		for _, x := range xs {
			mean += x / n
		}
		for _, x := range xs {
			size = max(size, math.Abs(x-mean))
		}
		return mean, size
	}
	mx, sx := centre(xs)
	my, sy := centre(ys)
	if len(xs) < 2 || slices.Min(xs) == slices.Max(xs) || slices.Min(ys) == slices.Max(ys) {
		return math.NaN()
	}
	var xx, yy, both float64
	for i := range xs {
		a, b := (xs[i]-mx)/sx, (ys[i]-my)/sy
		xx, yy, both = xx+a*a, yy+b*b, both+a*b
	}
	r := both / math.Sqrt(xx) / math.Sqrt(yy)
	if !check.Finite(r) {
		return math.NaN()
	}
	return max(-1, min(1, r))
}

// anova is the F test of the means of the classes, about the middle value: far from 0, as
// instants are, means about 0 would lose the digits in which they differ.
func (t *target) anova(pairs []xy) (f, p float64) {
	state := make([]classSum, t.values)
	base := 0.
	if len(pairs) > 0 {
		base = pairs[len(pairs)/2].x
	}
	for _, q := range pairs {
		state[q.class].n++
		state[q.class].mean += q.x - base
	}
	for k := range state {
		state[k].mean /= max(1, state[k].n)
	}
	for _, q := range pairs {
		d := q.x - base - state[q.class].mean
		state[q.class].squares += d * d
	}
	return anovaF(state)
}

// classSum is what ANOVA needs of a class.
type classSum struct{ n, mean, squares float64 }

// anovaF returns the ratio of the mean squares between and within classes with its
// probability, NaN where classes, or rows beyond one a class, are too few or nothing varies.
func anovaF(classes []classSum) (f, p float64) {
	var n, sum, within, between, k float64
	for _, c := range classes {
		n, within = n+c.n, within+c.squares
		if c.n > 0 {
			k++
		}
	}
	for _, c := range classes {
		sum += c.n / n * c.mean
	}
	for _, c := range classes {
		between += c.n * (c.mean - sum) * (c.mean - sum)
	}
	f = between / (k - 1) / (within / (n - k))
	if k < 2 || n <= k || within == 0 || !check.Finite(f) {
		return math.NaN(), math.NaN()
	}
	x := (n - k) / (n - k + (k-1)*f)
	return f, infer.BetaCDF((n-k)/2, (k-1)/2, x)
}

// table fills in what the table of bins and classes says.
func (t *target) table(r *Relevance, pairs []xy, missing []int64, edges []float64) {
	cells := make([][]int64, len(edges)+2)
	for b := range cells {
		cells[b] = make([]int64, t.values)
	}
	at := 0
	for _, p := range pairs {
		for at < len(edges) && p.x >= edges[at] {
			at++
		}
		cells[at][p.class]++
	}
	copy(cells[len(edges)+1], missing)
	nan := math.NaN()
	r.InformationValue = nan
	a, err := Association(cells)
	if err != nil {
		r.Gain, r.GainRatio, r.GiniGain, r.ChiSquare, r.ChiSquareP = nan, nan, nan, nan, nan
		return
	}
	r.Gain, r.GainRatio, r.GiniGain, r.ChiSquare, r.ChiSquareP = a.Gain, a.GainRatio, a.GiniGain, a.ChiSquare, a.P
	if t.values != 2 || !t.whole {
		return
	}
	good, bad := make([]int64, len(cells)), make([]int64, len(cells))
	for b := range cells {
		bad[b], good[b] = cells[b][0], cells[b][1]
	}
	if _, iv, err := Evidence(good, bad); err == nil {
		r.InformationValue = iv
	}
}

// leakRows and leakShare are how many rows, and which share of those with a value, tell that
// a column knows the target: an extreme row or two are in order by chance.
const leakRows, leakShare = 10, .01

// separate fills in the AUC and returns the largest of each class against the others, in
// either direction, both of enough rows; NaN where there is none.
func (t *target) separate(r *Relevance, pairs []xy) float64 {
	r.AUC = math.NaN()
	if !t.whole {
		return math.NaN()
	}
	sums, n, tie := make([]float64, t.values), make([]float64, t.values), make([]float64, t.values)
	for i := 0; i < len(pairs); {
		k := i
		for ; k < len(pairs) && pairs[k].x == pairs[i].x; k++ {
			tie[pairs[k].class]++
		}
		for c := range tie {
			sums[c] += tie[c] * float64(i+k-1) / 2
			n[c] += tie[c]
			tie[c] = 0
		}
		i = k
	}
	most, enough := math.NaN(), float64(leakRows)
	if t.values > 2 { // of two classes the rare one is what is asked for
		enough = max(enough, leakShare*float64(len(pairs)))
	}
	for c := range n {
		if rest := float64(len(pairs)) - n[c]; n[c] > 0 && rest > 0 {
			auc := (sums[c] - n[c]*(n[c]-1)/2) / (n[c] * rest)
			if t.values == 2 && c == 1 {
				r.AUC = auc
			}
			if side := max(auc, 1-auc); min(n[c], rest) >= enough && !(side <= most) {
				most = side
			}
		}
	}
	return most
}
