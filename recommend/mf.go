package recommend

import (
	"context"
	"fmt"
	"math"
	"sort"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/moments"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/solve"
	"github.com/aislekit/aisle/internal/sparse"
	"github.com/aislekit/aisle/internal/vec"
)

var (
	_ Persistent   = (*MF)(nil)
	_ Meaner       = (*MF)(nil)
	_ SparseScorer = (*MF)(nil)
	_ OrderReader  = (*MF)(nil)
	_ Similar      = (*MF)(nil)
	_ SimilarUsers = (*MF)(nil)
	_ Folder       = (*MF)(nil)
	_ ItemVectors  = (*MF)(nil)
)

// MFOptions configures FitMF. Rate and penalties are for ratings of standard
// deviation 1, to which the fit scales the data: they mean the same for one to
// five stars and for a hundred points.
type MFOptions struct {
	Factors            int     // length of the vectors; default 64
	Epochs             int     // passes over the ratings; default 60, with Alternating 15
	Rate               float64 // learning rate η of SGD; default 0.01
	Decay              float64 // in [0, 1]: the rate falls evenly to (1-Decay)·Rate; default 0.9, negative means 0
	Regularization     float64 // λ of the vectors; default 0.05, with Alternating 0.08; negative means 0
	BiasRegularization float64 // λ of the biases; default 0.02, negative means 0

	// Alternating solves users and items in turn by exact least squares, in place
	// of stochastic gradient descent: fewer and dearer passes, no learning rate.
	Alternating bool

	// Min and Max bound what Predict returns; both 0 means the range of the
	// ratings.
	Min, Max float64

	Seed    uint64 // of start vectors and order
	Workers int    // goroutines; default GOMAXPROCS. No influence on the result

	Loss     bool           // report the mean squared error in Progress
	Progress func(Progress) // called after each epoch, on the caller's goroutine
}

func (o MFOptions) withDefaults() MFOptions {
	if o.Alternating {
		o.Epochs = check.Default(o.Epochs, 15)
		o.Regularization = check.Default(o.Regularization, 0.08)
	}
	o.Factors = check.Default(o.Factors, 64)
	o.Epochs = check.Default(o.Epochs, 60)
	o.Rate = check.Default(o.Rate, 0.01)
	o.Decay = check.OrOff(o.Decay, 0.9)
	o.Regularization = check.OrOff(o.Regularization, 0.05)
	o.BiasRegularization = check.OrOff(o.BiasRegularization, 0.02)
	return o
}

func (o MFOptions) validate() error {
	var c check.Options
	requireSGD(&c, o.Factors, o.Epochs, o.Rate, o.Decay, o.Regularization)
	check.NonNegative(&c, "BiasRegularization", o.BiasRegularization)
	c.Require(o.Rate*o.BiasRegularization < 1, "Rate·BiasRegularization", o.Rate*o.BiasRegularization, "below 1")
	requireBounds(&c, o.Min, o.Max)
	return c.Err("recommend: FitMF")
}

func requireBounds(c *check.Options, lo, hi float64) {
	c.Require(lo == 0 && hi == 0 || lo < hi && check.Finite(lo) && check.Finite(hi) && math.Abs(lo) <= math.MaxFloat32 && math.Abs(hi) <= math.MaxFloat32,
		"Min, Max", fmt.Sprintf("%v, %v", lo, hi), "Min < Max, or both 0")
}

// MF is matrix factorisation with biases for explicit ratings (Koren, Bell and
// Volinsky 2009). It predicts r̂_ui = μ + b_u + b_i + x_u·y_i, μ being the mean
// rating, and minimises
//
//	Σ_{(u,i) rated} (r_ui - r̂_ui)² + λ·(‖x_u‖² + ‖y_i‖²) + λ_b·(b_u² + b_i²)
//
// over ratings scaled to standard deviation 1, so that a vector is penalised once
// for each of its ratings. The weights of the entries are the ratings; any
// number within ±1e30 will do, 0 and negative ones too. Score writes r̂ without bounds, to rank
// by; Predict keeps it within them. Strangers are folded in by solving for their
// vector and bias exactly. Immutable, safe for concurrent use.
//
// MF tells how people would rate what they take, not what they will take, and its
// lists are no lists of what to show: the items that few took and liked come first.
// On ml-100k (ua, test ratings of 4 and 5) they find .099 of the test items among 20,
// Alternating .040, Popular .213 and ALS .439; where all ratings are equal nothing is
// learned. For lists take ALS, EASE, ItemKNN or FM with FMRanking on the same entries
// with weight 1, and Predict to show or to filter by an expected rating.
type MF struct {
	latent
	ridge  ratingRidge
	lo, hi float32
}

// ratingRidge are the penalties in the scale of the ratings.
type ratingRidge struct{ vector, bias float64 }

// FitMF fits the model.
//
// Cost an epoch: O(entries·f) by SGD, O(entries·f² + (users+items)·f³)
// Alternating, f the number of factors, spread over Workers. Memory: 4·f bytes a
// user and an item; 8 bytes an entry by SGD, a transpose of x Alternating. The
// scheme of the SGD is that of FitBPR.
//
// Errors: ErrEmpty, ErrOption, ErrRange (a rating beyond ±1e30), ErrDiverged
// (vectors that are not finite: lower Rate, or raise Regularization), and
// context.Cause(ctx).
func FitMF(ctx context.Context, x *Interactions, opt MFOptions) (*MF, error) {
	opt = opt.withDefaults()
	if err := opt.validate(); err != nil {
		return nil, err
	}
	scale, err := scaleRatings(x, "FitMF")
	if err != nil {
		return nil, err
	}
	m := &MF{}
	if err := m.startRatings(ctx, x, opt.Factors, opt.Seed); err != nil {
		return nil, err
	}
	m.mean = float32(scale.mean)
	m.lo, m.hi = scale.bounds(opt.Min, opt.Max)
	if opt.Alternating {
		err = m.alternate(ctx, x, scale, opt)
	} else {
		err = m.descend(ctx, x, scale, opt)
	}
	if err != nil {
		return nil, err
	}
	m.ridge = ratingRidge{opt.Regularization * scale.deviation, opt.BiasRegularization}
	scale.restore(&m.latent)
	return m, nil
}

// ratingScale takes ratings to mean 0 and standard deviation 1.
type ratingScale struct {
	mean, deviation float64
	min, max        float64
}

// scaleRatings checks that x holds ratings within ±1e30 and returns their scale.
func scaleRatings(x *Interactions, where string) (ratingScale, error) {
	if x == nil || x.Users() == 0 || x.Items() == 0 || x.Len() == 0 {
		return ratingScale{}, fmt.Errorf("recommend: %s: ratings: %w", where, ErrEmpty)
	}
	s := ratingScale{deviation: 1, min: math.Inf(1), max: math.Inf(-1)}
	var spread moments.Welford
	for k, v := range x.users.Val {
		r := float64(v)
		if !(v >= -mostWeight && v <= mostWeight) {
			u := sort.Search(x.Users(), func(u int) bool { return x.users.Ptr[u+1] > int64(k) })
			return ratingScale{}, fmt.Errorf("recommend: %s: rating of user %d item %d is %v, want within ±1e30: %w", where, u, x.users.Col[k], v, ErrRange)
		}
		s.min, s.max = min(s.min, r), max(s.max, r)
		if err := spread.Add(r); err != nil {
			return ratingScale{}, fmt.Errorf("recommend: %s: ratings: %w", where, err)
		}
	}
	s.mean = spread.Mean()
	variance, err := spread.PopulationVariance()
	if err != nil {
		return ratingScale{}, fmt.Errorf("recommend: %s: ratings: %w", where, err)
	}
	// A spread of rounding errors is none: then nothing is to be learned, and what the
	// descent makes of it may not be more than such errors either.
	const tiny = math.SmallestNonzeroFloat32 * (1 << 40)
	switch d, none := math.Sqrt(variance), 1e-6*math.Abs(s.mean); {
	case d > none && d >= tiny:
		s.deviation = d
	case s.mean != 0:
		s.deviation = max(none, tiny)
	}
	return s, nil
}

// of returns a rating on the scale of the fit.
func (s *ratingScale) of(r float32) float32 { return float32((float64(r) - s.mean) / s.deviation) }

func (s *ratingScale) bounds(lo, hi float64) (float32, float32) {
	if lo == 0 && hi == 0 {
		lo, hi = s.min, s.max
	}
	return float32(lo), float32(hi)
}

// restore takes a fit on scaled ratings to the scale of the ratings.
func (s *ratingScale) restore(m *latent) {
	root := float32(math.Sqrt(s.deviation))
	vec.Scale(root, m.x)
	vec.Scale(root, m.y)
	vec.Scale(float32(s.deviation), m.bias)
	vec.Scale(float32(s.deviation), m.userBias)
}

// startRatings is start with biases of users; items nobody rated have no vector.
func (m *latent) startRatings(ctx context.Context, x *Interactions, f int, seed uint64) error {
	if err := m.start(ctx, x, f, ratingSpread, seed); err != nil {
		return err
	}
	m.userBias = make([]float32, x.Users())
	for i, n := range x.ItemCounts() {
		if n == 0 {
			clear(m.ItemVector(i))
		}
	}
	return nil
}

// ratingSpread is the length of first vectors of models for ratings.
const ratingSpread = 0.3

// descend fits by SGD on scaled ratings.
func (m *MF) descend(ctx context.Context, x *Interactions, scale ratingScale, opt MFOptions) error {
	s := sgdSchedule{"FitMF", opt.Epochs, opt.Rate, opt.Decay, opt.Loss, opt.Progress}
	ridge := ratingRidge{opt.Regularization, opt.BiasRegularization}
	step := func(_ int, c *sgdCell, rate float32) float64 { return m.cell(x.users, c, &scale, ridge, rate) }
	return newGrid(x.users, opt.Seed, opt.Workers).descend(ctx, s, step, m.x, m.y, m.bias, m.userBias)
}

// cell takes the steps of a cell and returns the sum of squared errors, in the
// scale of the ratings.
func (m *MF) cell(entries *sparse.CSR, c *sgdCell, scale *ratingScale, ridge ratingRidge, rate float32) float64 {
	f := m.factors
	keep, keepBias := 1-float32(rate*float32(ridge.vector)), 1-float32(rate*float32(ridge.bias))
	sum := 0.0
	for k := range c.users {
		u, pos := c.run(k)
		x := m.x[int(u)*f : int(u)*f+f]
		bias := m.userBias[u]
		for _, p := range pos {
			i := entries.Col[p]
			y := m.y[int(i)*f : int(i)*f+f]
			e := scale.of(entries.Val[p]) - bias - m.bias[i] - vec.Dot(x, y)
			sum += float64(e * e)
			a := float32(rate * e)
			vec.RowStep(x, y, a, keep)
			bias = float32(keepBias*bias) + a
			m.bias[i] = float32(keepBias*m.bias[i]) + a
		}
		m.userBias[u] = bias
	}
	return sum * scale.deviation * scale.deviation
}

// alternate fits by alternating least squares on scaled ratings.
func (m *MF) alternate(ctx context.Context, x *Interactions, scale ratingScale, opt MFOptions) error {
	s := sgdSchedule{name: "FitMF", epochs: opt.Epochs, loss: opt.Loss, progress: opt.Progress}
	ridge := ratingRidge{opt.Regularization, opt.BiasRegularization}
	z := make([]float32, x.Len())
	for p, v := range x.users.Val {
		z[p] = scale.of(v)
	}
	rows := &sparse.CSR{Rows: x.Users(), Cols: x.Items(), Ptr: x.users.Ptr, Col: x.users.Col, Val: z}
	cols, err := rows.TransposeUntil(ctx, opt.Workers)
	if err != nil {
		return err
	}
	for e := range opt.Epochs {
		if err := ridge.half(ctx, rows, biased{m.x, m.userBias}, biased{m.y, m.bias}, m.factors, opt.Workers); err != nil {
			return err
		}
		if err := ridge.half(ctx, cols, biased{m.y, m.bias}, biased{m.x, m.userBias}, m.factors, opt.Workers); err != nil {
			return err
		}
		loss := 0.0
		if opt.Loss {
			var err error
			loss, err = parallel.Reduce(ctx, x.Users(), 1024, opt.Workers, func(lo, hi int) (float64, error) {
				sum := 0.0
				for u := lo; u < hi; u++ {
					items, vals := rows.Row(u)
					for k, i := range items {
						e := float64(vals[k] - m.userBias[u] - m.bias[i] - vec.Dot(m.latent.UserVector(u), m.latent.ItemVector(int(i))))
						sum += e * e
					}
				}
				return sum, nil
			}, func(a, b float64) float64 { return a + b })
			if err != nil {
				return err
			}
			loss *= scale.deviation * scale.deviation / float64(x.Len())
		}
		if err := s.report(e, loss, m.x, m.y, m.bias, m.userBias); err != nil {
			return err
		}
	}
	return nil
}

// lsScratch is the memory of a least-squares problem of vec.Pad(f) unknowns.
type lsScratch struct {
	a, chol, b []float32
	raw        []float32 // gathered rows, zero behind f
}

func newLSScratch(f int) *lsScratch {
	fp := vec.Pad(f)
	return &lsScratch{make([]float32, fp*fp), make([]float32, 16*fp), make([]float32, fp), make([]float32, lsRows*fp)}
}

const lsRows = 64 // rows gathered before they are added to the matrix

// biased are vectors of one length with a bias each.
type biased struct{ v, bias []float32 }

// ratingRow is the problem of one row: its entries, the mean that its ratings are
// taken from, and the vectors of all columns. With centred the penalty is on the
// distance from what the solution holds at first.
type ratingRow struct {
	cols    []int32
	vals    []float32 // nil: 1 each
	mean    float32
	src     biased
	centred bool
}

// half solves all rows of m, dst, against the vectors and biases of its columns,
// src. Rows without entries stay as they are.
func (o ratingRidge) half(ctx context.Context, m *sparse.CSR, dst, src biased, f, workers int) error {
	scratch := make([]*lsScratch, parallel.Scratch(m.Rows, 64, workers))
	return parallel.For(ctx, m.Rows, 64, workers, func(w, lo, hi int) error {
		if scratch[w] == nil {
			scratch[w] = newLSScratch(f + 1)
		}
		for r := lo; r < hi; r++ {
			cols, vals := m.Row(r)
			if len(cols) == 0 {
				continue
			}
			var ok bool
			if dst.bias[r], ok = o.solve(scratch[w], dst.v[r*f:r*f+f], ratingRow{cols: cols, vals: vals, src: src}); !ok {
				return fmt.Errorf("recommend: FitMF: row %d has no solution, raise Regularization: %w", r, ErrDiverged)
			}
		}
		return nil
	})
}

// solve writes into x, and returns, the vector and the bias that minimise
//
//	Σ_k (vals_k - mean - srcBias_k - b - x·src_k)² + n·(vector·‖x‖² + bias·b²)
//
// over the n columns, the bias being one more factor. The right side is added up in a unit near the
// largest residual, a power of two, as products of ratings and vectors near 1e30 or 1e-30 are
// none of float32.
func (o ratingRidge) solve(t *lsScratch, x []float32, row ratingRow) (float32, bool) {
	cols := row.cols
	f, fp := len(x), len(t.b)
	clear(t.a)
	clear(t.b)
	n := float64(len(cols))
	for k := range fp {
		switch {
		case k < f:
			t.a[k*fp+k] = float32(o.vector * n)
		case k == f:
			t.a[k*fp+k] = float32(o.bias * n)
		default:
			t.a[k*fp+k] = 1
		}
	}
	residual := func(k int) float32 {
		return weightAt(row.vals, k) - row.mean - row.src.bias[cols[k]]
	}
	most := float32(0)
	for k := range cols {
		most = max(most, residual(k), -residual(k))
	}
	_, unit := math.Frexp(float64(most))
	unit = min(max(unit, -126), 126)
	down, up := float32(math.Ldexp(1, -unit)), float32(math.Ldexp(1, unit))
	if row.centred {
		vec.Scale(down, x)
		vec.Axpy(float32(o.vector*n), x, t.b[:f])
	}
	for lo := 0; lo < len(cols); lo += lsRows {
		rows := min(lsRows, len(cols)-lo)
		for k := range rows {
			i := int(cols[lo+k])
			raw := t.raw[k*fp : k*fp+f+1]
			copy(raw, row.src.v[i*f:i*f+f])
			raw[f] = 1
			vec.Axpy(residual(lo+k)*down, raw, t.b[:f+1])
		}
		vec.Syrk(t.a, fp, 0, fp, t.raw, t.raw, fp, rows)
	}
	// Without penalties the matrix may be singular: then a little of one, in the
	// units of the vectors, which are those of the ratings.
	trace := 0.0
	for k := range f {
		trace += float64(t.a[k*fp+k]) - o.vector*n
	}
	tiny := float32(1e-6 * n)
	t.a[f*fp+f] += tiny
	if trace > 0 {
		tiny = float32(1e-6 * trace)
	}
	for k := range f {
		t.a[k*fp+k] += tiny
	}
	if !solve.Cholesky32(t.a, fp, t.chol) {
		return 0, false
	}
	solve.SolveCholesky32(t.a, fp, t.b)
	vec.Scale(up, t.b)
	copy(x, t.b)
	return t.b[f], check.Slice32("", t.b) == nil
}

// fold solves for the vector and the bias of a history of ratings.
func (m *MF) fold(t *foldScratch, dst []float32, q Query) (float32, error) {
	if t.ls == nil {
		t.ls = newLSScratch(m.factors + 1)
	}
	row := ratingRow{cols: q.Items, vals: q.Weights, mean: m.mean, src: biased{m.y, m.bias}}
	if t.from != nil {
		t.rated = t.rated[:0]
		for k, i := range q.Items {
			t.rated = append(t.rated, q.Weight(k)-t.fromBias-vec.Dot(t.from, m.latent.ItemVector(int(i))))
		}
		row.vals = t.rated
	}
	b, ok := m.ridge.solve(t.ls, dst, row)
	if !ok {
		return 0, ErrDiverged
	}
	if t.from != nil {
		vec.Axpy(1, t.from, dst)
		b += t.fromBias
	}
	return b, nil
}

// Meaning says what a score stands for.
func (*MF) Meaning() string {
	return "expected rating before it is cut to the scale"
}

// SparseScores is false: 0 is a score like any other.
func (*MF) SparseScores() bool { return false }

// ReadsOrder is false: the history is a set.
func (*MF) ReadsOrder() bool { return false }

// Score writes the prediction of every item, without bounds. The vector is that
// of q.User where the fit knew the user, and the fold-in of the history, the
// weights being ratings, otherwise. ErrEmpty when there is neither, ErrRange for
// a rating that is not finite.
func (m *MF) Score(dst []float32, q Query) error {
	m = orZero(m)
	return m.score(dst, q, m)
}

// Predict returns the rating that user gives item, within the bounds. A user the
// fit did not know, Stranger for one, gets what the item gets on average.
// ErrUnknownID for an item out of range.
func (m *MF) Predict(user, item int32) (_ float32, err error) {
	m = orZero(m)
	defer about(&err, "MF.Predict")
	return m.predict(user, item, m.lo, m.hi)
}

func (m *latent) predict(user, item int32, lo, hi float32) (float32, error) {
	if uint32(item) >= uint32(m.Items()) {
		return 0, noItem(item, m.Items())
	}
	r := m.mean + m.bias[item]
	if user >= 0 && int(user) < m.Users() {
		r += m.userBias[user] + vec.Dot(m.UserVector(int(user)), m.ItemVector(int(item)))
	}
	return min(max(r, lo), hi), nil
}

// FoldIn writes into dst the vector of a user who gave these ratings, solved
// exactly against the items; the user's bias, which goes with it, is in Score. nil
// weights mean 1 each. ErrEmpty, ErrShape, ErrRange.
func (m *MF) FoldIn(dst []float32, items []int32, ratings []float32) error {
	m = orZero(m)
	return m.foldIn("MF.FoldIn", dst, items, ratings, m)
}

// What the scan of scan.go asks of a model of vectors.

func (m *MF) self() Model { return m }

func (m *MF) queryVector(buf []float32, q Query) ([]float32, float32, error) {
	return m.vectorOf(buf, q, m)
}

// AppendBinary appends the frame of m to dst.
func (m *MF) AppendBinary(dst []byte) ([]byte, error) {
	if m == nil || m.Items() == 0 {
		return dst, errUnfitted("MF")
	}
	var w codec.Writer
	m.put(&w)
	putRatings(&w, m.ridge, m.lo, m.hi)
	m.origin.put(&w)
	return w.AppendFrame(dst, codec.KindMF, 1), nil
}

// MarshalBinary returns the frame of m.
func (m *MF) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary decodes a frame; m is unchanged when it fails. It must not run
// beside other uses of m. Payload of
// version 1, in the words of Persistent:
//
//	vectors  with biases of users
//	f64      penalty of vectors, finite and >= 0
//	f64      penalty of biases, the same
//	f32      lower bound of ratings, finite
//	f32      upper bound, not below it
//
// Anything else and bytes left over are ErrCorrupt, a newer version is ErrVersion, a
// frame of something else ErrMismatch.
func (m *MF) UnmarshalBinary(data []byte) error {
	r, err := open(m, data, codec.KindMF, 1)
	if err != nil {
		return fmt.Errorf("recommend: MF.UnmarshalBinary: %w", err)
	}
	d := getLatent(r)
	ridge, lo, hi := getRatings(r, d)
	d.origin = getOrigin(r)
	if err := r.Done(); err != nil {
		return fmt.Errorf("recommend: MF.UnmarshalBinary: %w", err)
	}
	m.set(d)
	m.ridge, m.lo, m.hi = ridge, lo, hi
	return nil
}

func putRatings(w *codec.Writer, o ratingRidge, lo, hi float32) {
	w.Float64(o.vector)
	w.Float64(o.bias)
	w.Float32(lo)
	w.Float32(hi)
}

func getRatings(r *codec.Reader, d *latent) (o ratingRidge, lo, hi float32) {
	o, lo, hi = ratingRidge{r.Float64(), r.Float64()}, r.Float32(), r.Float32()
	if !(o.vector >= 0 && o.bias >= 0 && lo <= hi) || !check.Finite(o.vector) || !check.Finite(o.bias) ||
		!check.Finite(float64(lo)) || !check.Finite(float64(hi)) || d.userBias == nil && len(d.x) > 0 {
		r.Fail("has a setting out of range")
	}
	return o, lo, hi
}
