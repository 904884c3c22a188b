package forecast

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/solve"
)

// ReconcileMethod is a way to make forecasts of sums agree with those of their parts.
type ReconcileMethod int

// Ways to reconcile.
const (
	// MinTShrink is the minimum-trace combination by the covariance of the errors, shrunk to
	// its diagonal as much as its noise asks for (Wickramasuriya, Athanasopoulos and Hyndman
	// 2019; Schäfer and Strimmer 2005). Needs Residuals.
	MinTShrink ReconcileMethod = iota
	// MinTVariance is that by the variances alone, from Residuals or Variances.
	MinTVariance
	// MinTStruct takes the number of bottom series for the variance of a node.
	MinTStruct
	// MinTOLS takes all variances for equal.
	MinTOLS
	// BottomUp adds up the bottom series.
	BottomUp
	// TopDown splits the forecast of each root by Shares, or without them by those of the
	// forecasts below it, level by level.
	TopDown
	// MiddleOut keeps the forecasts of the nodes Depth below the roots of a tree, adds up
	// above and splits below as TopDown does.
	MiddleOut
)

// ReconcileOptions configures NewReconciler. The zero value is MinTShrink, which needs Residuals.
type ReconcileOptions struct {
	// Method is how; default MinTShrink.
	Method ReconcileMethod
	// Residuals are past errors of the forecasts: Residuals[i] those of node i, the same
	// periods in all, NaN where there is none. MinTShrink uses the periods that all nodes
	// have, at least three of them.
	Residuals [][]float64
	// Variances are those of the errors of the nodes, > 0, for MinTVariance without Residuals.
	Variances []float64
	// Shares are what each bottom series, in the order of Hierarchy.Bottom, makes up of its
	// root, for TopDown: at least 0, and not all 0 below a root. They are scaled to 1 below each.
	Shares []float64
	// Depth is that of MiddleOut, 0 for the roots; what ends above it is kept.
	Depth int
	// NonNegative sets bottom series below 0 to 0, and adds up again.
	NonNegative bool
}

// maxDense bounds the nodes that are sums, and for MinTShrink all nodes, since matrices of them
// are solved.
const maxDense = 4096

// validate refuses what the method lacks, and numbers that are none.
func (o ReconcileOptions) validate(where string, h *Hierarchy) error {
	var c check.Options
	c.Require(o.Method >= MinTShrink && o.Method <= MiddleOut, "Method", int(o.Method), "a method of this package")
	c.Require(o.Depth >= 0 && o.Depth <= maxNodes, "Depth", o.Depth, "at least 0")
	c.Require(o.Method != MiddleOut || h.parent != nil, "Method", int(o.Method), "one for groups, which have no middle")
	if err := c.Err(where); err != nil {
		return err
	}
	if o.Method == MinTShrink || o.Method == MinTVariance && o.Variances == nil {
		if err := check.Len("Residuals", len(o.Residuals), len(h.sums)); err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
	}
	for i, x := range o.Residuals {
		if err := check.Len(fmt.Sprintf("Residuals[%d]", i), len(x), len(o.Residuals[0])); err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
		if err := checkColumn(where, fmt.Sprintf("Residuals[%d]", i), x); err != nil {
			return err
		}
	}
	if o.Variances != nil {
		if err := h.finiteNodes(where, "Variances", o.Variances); err != nil {
			return err
		}
		for i, v := range o.Variances {
			if !(v > 0) {
				return fmt.Errorf("%s: Variances[%d] is %v, want > 0: %w", where, i, v, ErrRange)
			}
		}
	}
	if o.Shares != nil {
		if err := check.Len("Shares", len(o.Shares), len(h.bottom)); err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
		if err := check.Weights("Shares", o.Shares, len(h.bottom)); err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
	}
	return nil
}

// Reconciler makes forecasts of all nodes of a hierarchy coherent. See NewReconciler. It is
// immutable and safe for concurrent readers.
type Reconciler struct {
	h           *Hierarchy
	method      ReconcileMethod
	shares      []float64 // of the bottom series in their roots
	depth       int
	nonNegative bool
	children    [][]int   // of each node of a tree, for TopDown and MiddleOut
	tops        []int     // nodes whose forecasts are kept there, and split
	upper       []int     // nodes that are sums
	spread      []float64 // W·C', nodes × sums: what a contradiction moves
	factor      []float64 // Cholesky factor of C·W·C'
}

// NewReconciler prepares the reconciliation of forecasts of the nodes of h. MinT moves them as
// little as it can, as their errors' covariance W measures it: ŷ − W·C'(C·W·C')⁻¹·C·ŷ, where C·ŷ
// are the contradictions, each sum less its parts.
//
// Cost of MinT: sums³/3 + sums²·nodes (MinTShrink nodes²·sums, and nodes²·periods for W), at most
// 4096 sums, and of MinTShrink nodes; of the others the entries of the sums. Errors: ErrEmpty for
// nil, ErrOption, ErrShape, ErrNotFinite, ErrRange; ErrUndefined for Residuals without spread or of
// fewer than three periods, or Shares that are 0 below a root; context.Cause(ctx).
func NewReconciler(ctx context.Context, h *Hierarchy, opt ReconcileOptions) (*Reconciler, error) {
	const where = "forecast: NewReconciler"
	if h.Nodes() == 0 {
		return nil, fmt.Errorf("%s: no hierarchy: %w", where, ErrEmpty)
	}
	if err := opt.validate(where, h); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	r := &Reconciler{h: h, method: opt.Method, depth: opt.Depth, nonNegative: opt.NonNegative}
	switch opt.Method {
	case BottomUp:
		return r, nil
	case MiddleOut:
		r.layOut()
		return r, nil
	case TopDown:
		r.layOut()
		return orNil(r, r.share(where, opt.Shares))
	}
	r.upper = h.upper()
	if len(r.upper) > maxDense || opt.Method == MinTShrink && len(h.sums) > maxDense {
		return nil, fmt.Errorf("%s: %d sums of %d nodes, want at most %d: %w", where, len(r.upper), len(h.sums), maxDense, ErrRange)
	}
	if len(r.upper) == 0 {
		return r, nil
	}
	if opt.Method == MinTShrink {
		w, err := shrunk(ctx, where, opt.Residuals)
		if err != nil {
			return nil, err
		}
		return orNil(r, r.prepare(ctx, where, func(dst []float64, i int) { copy(dst, w[i*len(h.sums):(i+1)*len(h.sums)]) }))
	}
	variance, err := r.variances(where, opt)
	if err != nil {
		return nil, err
	}
	return orNil(r, r.prepare(ctx, where, func(dst []float64, i int) {
		clear(dst)
		dst[i] = variance[i]
	}))
}

// orNil returns nothing beside an error.
func orNil(r *Reconciler, err error) (*Reconciler, error) {
	if err != nil {
		return nil, err
	}
	return r, nil
}

// share scales the shares below each root to 1.
func (r *Reconciler) share(where string, shares []float64) error {
	if shares == nil {
		return nil
	}
	r.shares = slices.Clone(shares)
	for _, i := range r.tops {
		sum := 0.0
		for _, b := range r.h.sums[i] {
			sum += shares[b]
		}
		if !(sum > 0) {
			return fmt.Errorf("%s: Shares below node %d add up to %v: %w", where, i, sum, ErrUndefined)
		}
		for _, b := range r.h.sums[i] {
			r.shares[b] = shares[b] / sum
		}
	}
	return nil
}

// roots are the nodes that are part of none: those without a parent, or the total.
func (r *Reconciler) roots() (out []int) {
	if r.h.parent == nil {
		return []int{0}
	}
	for i, p := range r.h.parent {
		if p < 0 {
			out = append(out, i)
		}
	}
	return out
}

// variances are the diagonal of W.
func (r *Reconciler) variances(where string, opt ReconcileOptions) ([]float64, error) {
	out := make([]float64, len(r.h.sums))
	for i := range out {
		switch {
		case opt.Method == MinTOLS:
			out[i] = 1
		case opt.Method == MinTStruct:
			out[i] = float64(len(r.h.sums[i]))
		case opt.Variances != nil:
			out[i] = opt.Variances[i]
		default:
			n := 0.0
			for _, e := range opt.Residuals[i] {
				if e == e {
					n++
					out[i] += (e*e - out[i]) / n
				}
			}
		}
	}
	// A node that was never off keeps its forecast unless nothing else can move.
	largest := slices.Max(out)
	if !(largest > 0) {
		return nil, fmt.Errorf("%s: Residuals are all 0 or missing: %w", where, ErrUndefined)
	}
	for i := range out {
		out[i] = max(out[i]/largest, 2e-8)
	}
	return out, nil
}

// shrunk is the covariance of the errors, its correlations shrunk towards 0.
func shrunk(ctx context.Context, where string, residuals [][]float64) ([]float64, error) {
	n := len(residuals)
	var whole []int
	for t := range residuals[0] {
		ok := true
		for i := range residuals {
			ok = ok && residuals[i][t] == residuals[i][t]
		}
		if ok {
			whole = append(whole, t)
		}
	}
	periods := len(whole)
	if periods < 3 {
		return nil, fmt.Errorf("%s: Residuals of %d periods that all nodes have, want 3: %w", where, periods, ErrUndefined)
	}
	// Standardised by node; one that is never off has correlations of 0.
	z, sd := make([]float64, n*periods), make([]float64, n)
	for i, x := range residuals {
		mean := 0.0
		for k, t := range whole {
			mean += (x[t] - mean) / float64(k+1)
		}
		square := 0.0
		for _, t := range whole {
			square += (x[t] - mean) * (x[t] - mean)
		}
		sd[i] = math.Sqrt(square / float64(periods-1))
		for k, t := range whole {
			if sd[i] > 0 {
				z[i*periods+k] = (x[t] - mean) / sd[i]
			}
		}
	}
	if !(slices.Max(sd) > 0) {
		return nil, fmt.Errorf("%s: Residuals never vary: %w", where, ErrUndefined)
	}
	// The intensity: the variance of the correlations by their squares.
	w := make([]float64, n*n)
	noise, squares := make([]float64, n), make([]float64, n)
	err := parallel.For(ctx, n, 8, 0, func(_, lo, hi int) error {
		for i := lo; i < hi; i++ {
			a := z[i*periods : (i+1)*periods]
			for j := range n {
				b := z[j*periods : (j+1)*periods]
				sum, sq := 0.0, 0.0
				for k, v := range a {
					p := v * b[k]
					sum += p
					sq += p * p
				}
				w[i*n+j] = sum / float64(periods-1)
				if j != i {
					mean := sum / float64(periods)
					noise[i] += sq - float64(periods)*mean*mean
					squares[i] += w[i*n+j] * w[i*n+j]
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var num, den float64
	for i := range noise {
		num += noise[i]
		den += squares[i]
	}
	t := float64(periods)
	lambda := 1.0
	if den > 0 {
		lambda = min(max(num*t/((t-1)*(t-1)*(t-1))/den, 0), 1)
	}
	// In units of the largest, so that no square is lost.
	largest := slices.Max(sd)
	for i := range n {
		for j := range n {
			c := w[i*n+j] * (1 - lambda)
			if i == j {
				c = 1
			}
			w[i*n+j] = c * (sd[i] / largest) * (sd[j] / largest)
			if i == j {
				w[i*n+j] = max(w[i*n+j], 2e-8)
			}
		}
	}
	return w, nil
}

// prepare computes W·C' and the factor of C·W·C'; row writes a row of W.
func (r *Reconciler) prepare(ctx context.Context, where string, row func(dst []float64, i int)) error {
	n, k := len(r.h.sums), len(r.upper)
	r.spread, r.factor = make([]float64, n*k), make([]float64, k*k)
	err := parallel.For(ctx, n, 16, 0, func(_, lo, hi int) error {
		w := make([]float64, n)
		for i := lo; i < hi; i++ {
			row(w, i)
			for c, u := range r.upper {
				v := w[u]
				for _, b := range r.h.sums[u] {
					v -= w[r.h.bottom[b]]
				}
				r.spread[i*k+c] = v
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for a, u := range r.upper {
		for c := range k {
			v := r.spread[u*k+c]
			for _, b := range r.h.sums[u] {
				v -= r.spread[r.h.bottom[b]*k+c]
			}
			r.factor[a*k+c] = v
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if !solve.Cholesky64(r.factor, k) {
		return fmt.Errorf("%s: errors of the nodes have no regular covariance: %w", where, ErrUndefined)
	}
	return nil
}

// Apply appends coherent forecasts of all nodes, given one forecast each for one period; means,
// samples of one draw and what else adds up. Quantiles do not add up: see Quantiles. Errors:
// ErrEmpty for nil, ErrShape, ErrNotFinite, ErrRange; ErrUndefined where TopDown has to split by
// forecasts that add up to 0 or are negative.
func (r *Reconciler) Apply(dst, base []float64) ([]float64, error) {
	const where = "forecast: Reconciler.Apply"
	if r == nil || r.h == nil {
		return dst, fmt.Errorf("%s: not made: %w", where, ErrEmpty)
	}
	if err := r.h.finiteNodes(where, "base", base); err != nil {
		return dst, err
	}
	bottom, err := r.bottom(where, base)
	if err != nil {
		return dst, err
	}
	return r.h.sum(dst, bottom), nil
}

// bottom are the reconciled bottom series.
func (r *Reconciler) bottom(where string, base []float64) ([]float64, error) {
	out := make([]float64, len(r.h.bottom))
	for b, i := range r.h.bottom {
		out[b] = base[i]
	}
	switch r.method {
	case BottomUp:
	case TopDown, MiddleOut:
		if err := r.split(where, out, base); err != nil {
			return nil, err
		}
	default:
		k := len(r.upper)
		gap := make([]float64, k)
		for c, u := range r.upper {
			gap[c] = base[u]
			for _, b := range r.h.sums[u] {
				gap[c] -= base[r.h.bottom[b]]
			}
		}
		if k > 0 {
			solve.SolveCholesky64(r.factor, k, gap)
		}
		for b, i := range r.h.bottom {
			for c, g := range gap {
				out[b] -= r.spread[i*k+c] * g
			}
		}
	}
	if r.nonNegative {
		for b := range out {
			out[b] = max(out[b], 0)
		}
	}
	return out, nil
}

// split hands the forecasts of the roots, or of the nodes at a depth, down to the bottom.
func (r *Reconciler) split(where string, out, base []float64) error {
	h := r.h
	if r.method == TopDown && r.shares != nil {
		for _, i := range r.tops {
			for _, b := range h.sums[i] {
				out[b] = base[i] * r.shares[b]
			}
		}
		return nil
	}
	if h.parent == nil { // the total, by the forecasts of the bottom series
		return divide(where, 0, base[0], h.bottom, base, func(i int, v float64) { out[h.sums[i][0]] = v })
	}
	queue := slices.Clone(r.tops)
	value := slices.Clone(base)
	for k := 0; k < len(queue); k++ {
		i := queue[k]
		if len(r.children[i]) == 0 {
			out[h.sums[i][0]] = value[i]
			continue
		}
		if err := divide(where, i, value[i], r.children[i], base, func(j int, v float64) { value[j] = v }); err != nil {
			return err
		}
		queue = append(queue, r.children[i]...)
	}
	return nil
}

// layOut finds the children of a tree's nodes and the nodes that are split: those at the depth of
// MiddleOut, or the roots, and what ends above.
func (r *Reconciler) layOut() {
	r.children = make([][]int, len(r.h.parent))
	for i, p := range r.h.parent {
		if p >= 0 {
			r.children[p] = append(r.children[p], i)
		}
	}
	r.tops = r.roots()
	if r.method != MiddleOut {
		return
	}
	for left, down := r.depth, true; left > 0 && down; left-- {
		down = false
		var next []int
		for _, i := range r.tops {
			if len(r.children[i]) == 0 {
				next = append(next, i)
				continue
			}
			next, down = append(next, r.children[i]...), true
		}
		r.tops = next
	}
}

// divide splits a value among parts in proportion to their forecasts; 0 is split into zeros.
func divide(where string, node int, value float64, parts []int, base []float64, put func(i int, v float64)) error {
	sum := 0.0
	for _, i := range parts {
		if base[i] < 0 {
			return fmt.Errorf("%s: base[%d] is negative and cannot be a share: %w", where, i, ErrUndefined)
		}
		sum += base[i]
	}
	if sum == 0 && value != 0 {
		return fmt.Errorf("%s: the parts of node %d are forecast as 0: %w", where, node, ErrUndefined)
	}
	for _, i := range parts {
		v := 0.0
		if sum > 0 {
			v = value * (base[i] / sum)
		}
		put(i, v)
	}
	return nil
}

// maxSamples bounds the numbers that Samples appends.
const maxSamples = 1 << 26

// Samples appends coherent draws of all nodes for one period, node by node of each draw: base plus
// the errors of one past period of all nodes at once, so that what goes wrong together does so in
// the draws, reconciled. residuals are as in ReconcileOptions; periods that some node lacks are
// left out. The same seed gives the same draws. Errors: those of Apply, ErrRange for draws below 1
// or too many, ErrUndefined without a period that all nodes have. Source: Panagiotelis et al.,
// Probabilistic forecast reconciliation, 2023.
func (r *Reconciler) Samples(dst, base []float64, residuals [][]float64, draws int, seed uint64) ([]float64, error) {
	const where = "forecast: Reconciler.Samples"
	if r == nil || r.h == nil {
		return dst, fmt.Errorf("%s: not made: %w", where, ErrEmpty)
	}
	n := len(r.h.sums)
	if draws < 1 || draws > maxSamples/n {
		return dst, fmt.Errorf("%s: %d draws of %d nodes, want 1 to %d: %w", where, draws, n, maxSamples/n, ErrRange)
	}
	if err := r.h.finiteNodes(where, "base", base); err != nil {
		return dst, err
	}
	if err := (ReconcileOptions{Residuals: residuals, Method: MinTShrink}).validate(where, r.h); err != nil {
		return dst, err
	}
	var whole []int
	for t := range residuals[0] {
		if !slices.ContainsFunc(residuals, func(x []float64) bool { return x[t] != x[t] }) {
			whole = append(whole, t)
		}
	}
	if len(whole) == 0 {
		return dst, fmt.Errorf("%s: no period of residuals that all nodes have: %w", where, ErrUndefined)
	}
	from := rng.New(seed, 0x44, 1)
	out := dst
	row := make([]float64, n)
	for range draws {
		t := whole[from.Intn(len(whole))]
		for i := range row {
			row[i] = base[i] + residuals[i][t]
		}
		bottom, err := r.bottom(where, row)
		if err != nil {
			return dst, err
		}
		out = r.h.sum(out, bottom)
	}
	return out, nil
}

// Quantiles appends quantiles of each node, node by node, from 2,000 coherent draws of Samples:
// those of a sum are of the sum of draws, not the sum of quantiles. probs lie in (0, 1). Errors:
// those of Samples, ErrRange for probs.
func (r *Reconciler) Quantiles(dst, base []float64, residuals [][]float64, probs []float64, seed uint64) ([]float64, error) {
	const where, draws = "forecast: Reconciler.Quantiles", 2000
	if r == nil || r.h == nil {
		return dst, fmt.Errorf("%s: not made: %w", where, ErrEmpty)
	}
	if err := checkQuantiles(where, 1, probs); err != nil {
		return dst, err
	}
	n := len(r.h.sums)
	samples, err := r.Samples(nil, base, residuals, min(draws, maxSamples/n), seed)
	if err != nil {
		return dst, err
	}
	column := make([]float64, len(samples)/n)
	for i := range n {
		for k := range column {
			column[k] = samples[k*n+i]
		}
		slices.Sort(column)
		for _, p := range probs {
			dst = append(dst, infer.Quantile(column, p))
		}
	}
	return dst, nil
}
