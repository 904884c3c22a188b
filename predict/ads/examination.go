package ads

import (
	"context"
	"encoding"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/ids"
	"github.com/aislekit/aisle/internal/solve"
)

var (
	_ encoding.BinaryAppender    = (*Examination)(nil)
	_ encoding.BinaryMarshaler   = (*Examination)(nil)
	_ encoding.BinaryUnmarshaler = (*Examination)(nil)
)

// ExaminationOptions configures FitExamination.
type ExaminationOptions[K comparable] struct {
	// Features of a key, and the Learner of its rate of clicks from them: regression-EM, for many
	// keys of few impressions. Both or neither.
	Features func(key K) []float64
	Learner  Learner // see Features
	MaxIter  int     // bound of the EM steps; default 2000, with a Learner 200
	// Tol is the change of the logarithm of any parameter, > 0, at which the fit has converged;
	// default 1e-8, with a Learner 1e-6.
	Tol float64
}

func (o ExaminationOptions[K]) withDefaults() ExaminationOptions[K] {
	if o.Learner != nil {
		o.MaxIter, o.Tol = check.Default(o.MaxIter, 200), check.Default(o.Tol, 1e-6)
	}
	o.MaxIter, o.Tol = check.Default(o.MaxIter, 2000), check.Default(o.Tol, 1e-8)
	return o
}

func (o ExaminationOptions[K]) validate(where string) error {
	var c check.Options
	c.Require((o.Features == nil) == (o.Learner == nil), "Learner", o.Learner != nil, "a function exactly where Features is one")
	check.Positive(&c, "MaxIter", o.MaxIter)
	check.Positive(&c, "Tol", o.Tol)
	return c.Err(where)
}

// Examination is how probable it is that somebody looks at each position. It is immutable and safe for
// concurrent use; make one with FitExamination or NewExamination.
type Examination struct {
	theta      []float64
	se         []float64 // relative; nil where nobody knows
	loglik     float64
	iterations int
	converged  bool
}

// NewExamination returns the examination of positions that are known, each in (0, 1], at most
// 4096. ErrEmpty, ErrRange, ErrTooLarge.
func NewExamination(positions []float64) (*Examination, error) {
	const where = "ads: NewExamination"
	if len(positions) == 0 {
		return nil, fmt.Errorf("%s: positions: %w", where, ErrEmpty)
	}
	if len(positions) > maxPositions {
		return nil, fmt.Errorf("%s: %d positions, want at most 4096: %w", where, len(positions), ErrTooLarge)
	}
	for k, p := range positions {
		if !(p > 0 && p <= 1) {
			return nil, fmt.Errorf("%s: positions[%d] is %v, want in (0, 1]: %w", where, k, p, ErrRange)
		}
	}
	return &Examination{theta: slices.Clone(positions), converged: true}, nil
}

// FitExamination tells how much of a position's clicks is owed to the position and how much to
// what was shown there, by the model
//
//	P(click) = examination of the position · click rate of the key
//
// with maximum likelihood by EM (Richardson, Dominowska and Ragno, WWW 2007; Wang et al., Position
// bias estimation for unbiased learning to rank, WSDM 2018, for regression-EM). It does not matter by what rule
// keys came to their positions, as long as enough of them were seen at several. The
// share of clicks of each position does not tell it where good ads stand on top.
//
// A factor that all positions have in common cannot be told from the rates: the position that
// is looked at most has 1.
//
// The order of keys does not matter. Errors: ErrOption; ErrEmpty without impressions;
// ErrUndefined for a position that was never shown or never clicked, and for positions that no
// key which was clicked has in common with the others (not with a Learner, which compares keys by
// their features); ErrShape and ErrNotFinite for Features; ErrDiverged for a Learner that answers no
// probability, and its own errors; context.Cause(ctx). Cost: O(cells) a step; some tens of steps; O(positions³) for the errors.
func FitExamination[K comparable](ctx context.Context, clicks *Clicks[K], opt ExaminationOptions[K]) (*Examination, error) {
	const where = "ads: FitExamination"
	opt = opt.withDefaults()
	if err := opt.validate(where); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if clicks.Impressions() == 0 {
		return nil, fmt.Errorf("%s: no impressions: %w", where, ErrEmpty)
	}
	f, keys, err := newBias(clicks, opt.Learner == nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	f.ctx = ctx
	if f.features, err = newFeatured(opt.Learner, f.keys, func(i int) []float64 { return opt.Features(keys[i]) }); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	x, err := f.start()
	if err != nil {
		return nil, stopped(ctx, where, err)
	}
	e := &Examination{}
	if e.loglik, e.iterations, e.converged, err = fixpoint(ctx, x, len(x), opt.MaxIter, opt.Tol, f.step); err != nil {
		return nil, stopped(ctx, where, err)
	}
	if !check.Finite(e.loglik) { // a Learner that answers 0 for a key that was clicked
		return nil, fmt.Errorf("%s: log-likelihood is %v: %w", where, e.loglik, ErrDiverged)
	}
	e.theta = x[:f.positions:f.positions]
	e.se = f.errors(x)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return e, nil
}

// stopped is err about where, or the cause that ctx gives.
func stopped(ctx context.Context, where string, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return fmt.Errorf("%s: %w", where, err)
}

// seenCell is one cell of the likelihood.
type seenCell struct {
	key, position  int32
	shown, clicked float64
}

// bias is the likelihood of the examination model. Parameters are the examination of the
// positions and then the rates of the keys.
type bias struct {
	ctx                context.Context
	positions, keys    int
	cells              []seenCell // by key, then position
	shownAt, clickedAt []float64  // by position
	shownOf, clickedOf []float64  // by key
	features           *featured
	looked             []float64 // by key: expected impressions with a rate that counts
	best               int       // the position that has 1
}

// newBias counts, and refuses what no examination can be told from. Keys are in their natural order
// where they have one, so that the order of impressions does not matter.
func newBias[K comparable](clicks *Clicks[K], connected bool) (*bias, []K, error) {
	f := &bias{keys: clicks.keys.Len()}
	compare, err := ids.Order[K]()
	perm := make([]int32, f.keys)
	for i := range perm {
		perm[i] = int32(i)
	}
	if err == nil {
		slices.SortFunc(perm, func(a, b int32) int { return compare(clicks.keys.Key(a), clicks.keys.Key(b)) })
	}
	for _, row := range clicks.cells {
		f.positions = max(f.positions, len(row))
	}
	f.shownAt, f.clickedAt = make([]float64, f.positions), make([]float64, f.positions)
	f.shownOf, f.clickedOf, f.looked = make([]float64, f.keys), make([]float64, f.keys), make([]float64, f.keys)
	keys := make([]K, f.keys)
	for k, i := range perm {
		keys[k] = clicks.keys.Key(i)
		for p, t := range clicks.cells[i] {
			if t.shown == 0 {
				continue
			}
			n, c := float64(t.shown), float64(t.clicked)
			f.cells = append(f.cells, seenCell{int32(k), int32(p), n, c})
			f.shownAt[p], f.clickedAt[p] = f.shownAt[p]+n, f.clickedAt[p]+c
			f.shownOf[k], f.clickedOf[k] = f.shownOf[k]+n, f.clickedOf[k]+c
		}
	}
	for p, n := range f.shownAt {
		if n == 0 {
			return nil, nil, fmt.Errorf("position %d was never shown: %w", p, ErrUndefined)
		}
		if f.clickedAt[p] == 0 {
			return nil, nil, fmt.Errorf("position %d was never clicked: %w", p, ErrUndefined)
		}
	}
	if p := f.apart(); connected && p >= 0 {
		return nil, nil, fmt.Errorf("nothing that was clicked was shown both at position %d and at those before: %w", p, ErrUndefined)
	}
	return f, keys, nil
}

// apart returns the first position that no chain of keys with clicks joins to position 0, or -1.
func (f *bias) apart() int {
	root := make([]int32, f.positions)
	for p := range root {
		root[p] = int32(p)
	}
	find := func(p int32) int32 {
		for root[p] != p {
			root[p] = root[root[p]]
			p = root[p]
		}
		return p
	}
	for i := 1; i < len(f.cells); i++ {
		if a, b := &f.cells[i-1], &f.cells[i]; a.key == b.key && f.clickedOf[a.key] > 0 {
			if x, y := find(a.position), find(b.position); x < y {
				root[y] = x
			} else {
				root[x] = y
			}
		}
	}
	for p := range root {
		if find(int32(p)) != 0 {
			return p
		}
	}
	return -1
}

// start solves the model as if clicks were rare, P(click) a rate: then what is shown where, times
// one factor by position and one by key, has to add up to the clicks, and that converges in
// a few rounds to what is nearly the answer.
func (f *bias) start() ([]float64, error) {
	x := make([]float64, f.positions+f.keys)
	theta, gamma := x[:f.positions], x[f.positions:]
	for p := range theta {
		theta[p] = 1
	}
	sums := make([]float64, max(f.positions, f.keys))
	for round := range 200 {
		if f.ctx.Err() != nil {
			return nil, context.Cause(f.ctx)
		}
		clear(sums)
		for _, c := range f.cells {
			sums[c.key] += c.shown * theta[c.position]
		}
		if f.features != nil {
			if round == 10 {
				break
			}
			if err := f.features.fit(f.ctx, gamma, f.clickedOf, sums); err != nil {
				return nil, err
			}
		} else {
			for i := range gamma {
				gamma[i] = f.clickedOf[i] / sums[i]
			}
		}
		clear(sums)
		for _, c := range f.cells {
			sums[c.position] += c.shown * gamma[c.key]
		}
		moved, top := 0.0, 0.0
		for p := range theta {
			if !(sums[p] > 0) {
				return nil, fmt.Errorf("rates of 0 at position %d, which was clicked: %w", p, ErrDiverged)
			}
			sums[p] = f.clickedAt[p] / sums[p]
			top = max(top, sums[p])
		}
		for p := range theta {
			if sums[p] == top {
				f.best = p
			}
			moved = max(moved, math.Abs(sums[p]/top/theta[p]-1))
			theta[p] = sums[p] / top
		}
		if moved < 1e-6 {
			break
		}
	}
	for i := range gamma {
		gamma[i] = min(gamma[i], 1-1e-9)
	}
	return x, nil
}

// step is one step of EM, see fixpoint. A position whose examination is 1 keeps it.
func (f *bias) step(dst, x []float64) (loglik float64, err error) {
	theta, gamma := x[:f.positions], x[f.positions:]
	newTheta, newGamma := dst[:f.positions], dst[f.positions:]
	clear(newTheta)
	clear(f.looked)
	for _, c := range f.cells {
		t, g := theta[c.position], gamma[c.key]
		none := max(1-t*g, math.SmallestNonzeroFloat64)
		rest := c.shown - c.clicked
		newTheta[c.position] += c.clicked + rest*t*(1-g)/none
		f.looked[c.key] += c.clicked + rest*g*(1-t)/none
		if rest > 0 {
			loglik += rest * math.Log(none)
		}
		if c.clicked > 0 {
			loglik += c.clicked * math.Log(t*g)
		}
	}
	for p := range newTheta {
		newTheta[p] = min(newTheta[p]/f.shownAt[p], 1)
	}
	newTheta[f.best] = 1
	if f.features != nil {
		return loglik, f.features.fit(f.ctx, newGamma, f.looked, f.shownOf)
	}
	for i := range newGamma {
		newGamma[i] = min(f.looked[i]/f.shownOf[i], 1)
	}
	return loglik, nil
}

// errors returns the relative standard error of each position by the expected information, rates
// of keys taken as unknown (with a Learner too, which is careful); nil where there is too little of it.
func (f *bias) errors(x []float64) []float64 {
	theta, gamma, n := x[:f.positions], x[f.positions:], f.positions
	info, row := make([]float64, n*n), make([]float64, n)
	for i := 0; i < len(f.cells); {
		from, key, sum := i, f.cells[i].key, 0.0
		for ; i < len(f.cells) && f.cells[i].key == key; i++ {
			c := &f.cells[i]
			p := theta[c.position] * gamma[key]
			w := c.shown * p / max(1-p, 1e-12)
			row[i-from], sum = w, sum+w
			info[int(c.position)*n+int(c.position)] += w
		}
		cells, weights := f.cells[from:i], row[:i-from]
		for a, w := range weights {
			for b, v := range weights {
				if w > 0 && v > 0 {
					info[int(cells[a].position)*n+int(cells[b].position)] -= w * v / sum
				}
			}
		}
	}
	for p := range n { // the one that has 1 is known
		info[f.best*n+p], info[p*n+f.best] = 0, 0
	}
	info[f.best*n+f.best] = 1
	if !solve.Cholesky64(info, n) {
		return nil
	}
	se := make([]float64, n)
	for p := range n {
		if f.ctx.Err() != nil {
			return nil
		}
		clear(row)
		row[p] = 1
		solve.SolveCholesky64(info, n, row)
		if se[p] = math.Sqrt(row[p]); !check.Finite(se[p]) {
			return nil
		}
	}
	se[f.best] = 0
	return se
}

// Positions returns the examination of each position, relative to the largest, for
// AuctionOptions.Examination.
func (e *Examination) Positions() []float64 {
	if e == nil {
		return nil
	}
	return slices.Clone(e.theta)
}

// SE returns the standard error of each position, 0 for that which has 1; nil where it is not
// known: an examination that was given, or too few clicks.
func (e *Examination) SE() []float64 {
	if e == nil || e.se == nil {
		return nil
	}
	out := slices.Clone(e.se)
	for p := range out {
		out[p] *= e.theta[p]
	}
	return out
}

// Report returns the log-likelihood of the fit, the steps it took, and whether it converged; an
// examination that was given has 0, 0 and true.
func (e *Examination) Report() (loglik float64, iterations int, converged bool) {
	if e == nil {
		return 0, 0, false
	}
	return e.loglik, e.iterations, e.converged
}

// Trials returns the trials of each key for FitRates: its clicks, and the impressions that were
// looked at, Σ shown·examination, so that rates mean the same wherever something was shown. ErrEmpty for an
// examination that no constructor made and for no impressions; ErrUnknownID for a position beyond
// those that are known.
func (e *Examination) Trials(clicks *Clicks[Path]) ([]Trials, error) {
	const where = "ads: Examination.Trials"
	if e == nil || len(e.theta) == 0 {
		return nil, fmt.Errorf("%s: no examination: %w", where, ErrEmpty)
	}
	if clicks.Impressions() == 0 {
		return nil, fmt.Errorf("%s: no impressions: %w", where, ErrEmpty)
	}
	out := make([]Trials, clicks.keys.Len())
	for i, row := range clicks.cells {
		out[i].Path = clicks.keys.Key(int32(i))
		for p, t := range row {
			if t.shown == 0 {
				continue
			}
			if p >= len(e.theta) {
				return nil, fmt.Errorf("%s: position %d of %d: %w", where, p, len(e.theta), ErrUnknownID)
			}
			out[i].N += float64(t.shown) * e.theta[p]
			out[i].S += float64(t.clicked)
		}
		out[i].N = max(out[i].N, out[i].S) // by chance there may be more clicks than should be
	}
	return out, nil
}

// AppendBinary appends the binary form of e to dst. ErrEmpty for one that no constructor made.
func (e *Examination) AppendBinary(dst []byte) ([]byte, error) {
	if e == nil || len(e.theta) == 0 {
		return dst, fmt.Errorf("ads: Examination.AppendBinary: no examination: %w", ErrEmpty)
	}
	var w codec.Writer
	w.Float64s(e.theta)
	w.Float64s(e.se)
	w.Float64(e.loglik)
	w.Int(e.iterations)
	w.Bool(e.converged)
	return w.AppendFrame(dst, codec.KindExamination, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (e *Examination) MarshalBinary() ([]byte, error) { return e.AppendBinary(nil) }

// UnmarshalBinary replaces e. Payload of version 1, little-endian:
//
//	[]f64  examination by position, 1 to 4096 of them, each in (0, 1]
//	[]f64  relative standard errors, none or as many, finite and >= 0
//	f64    log-likelihood, finite, <= 0; int steps; bool converged
//
// Another kind of frame is ErrMismatch, a newer version ErrVersion, all else ErrCorrupt; e is
// then unchanged.
func (e *Examination) UnmarshalBinary(data []byte) error {
	const where = "ads: Examination.UnmarshalBinary"
	if err := check.Receiver(where, e); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindExamination, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	d := Examination{theta: r.Float64s(), se: r.Float64s(), loglik: r.Float64(), iterations: r.Int(), converged: r.Bool()}
	bad := len(d.theta) == 0 || len(d.theta) > maxPositions || len(d.se) != 0 && len(d.se) != len(d.theta) || !check.Finite(d.loglik) || d.loglik > 0
	for _, t := range d.theta {
		bad = bad || !(t > 0 && t <= 1)
	}
	for _, s := range d.se {
		bad = bad || !(s >= 0 && check.Finite(s))
	}
	if bad {
		r.Fail("has an examination that cannot be")
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*e = d
	return nil
}
