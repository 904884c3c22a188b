package ads

import (
	"context"
	"encoding"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ encoding.BinaryAppender    = (*Delay)(nil)
	_ encoding.BinaryMarshaler   = (*Delay)(nil)
	_ encoding.BinaryUnmarshaler = (*Delay)(nil)
)

// DelayOptions configures FitDelay.
type DelayOptions[K comparable] struct {
	// Edges part the time since the click, ascending, each > 0; in each part actions of those who will
	// act come at a rate of its own. None: one rate, the exponential law of Chapelle (2014).
	Edges []time.Duration
	// Features of a key, and the Learner of its rate of actions from them. Both or neither.
	Features func(key K) []float64
	Learner  Learner // see Features
	MaxIter  int     // bound of the EM steps; default 2000, with a Learner 200
	// Tol is the change of the logarithm of any parameter, > 0, at which the fit has converged;
	// default 1e-8, with a Learner 1e-6.
	Tol float64
}

func (o DelayOptions[K]) withDefaults() DelayOptions[K] {
	if o.Learner != nil {
		o.MaxIter, o.Tol = check.Default(o.MaxIter, 200), check.Default(o.Tol, 1e-6)
	}
	o.MaxIter, o.Tol = check.Default(o.MaxIter, 2000), check.Default(o.Tol, 1e-8)
	return o
}

func (o DelayOptions[K]) validate(where string) error {
	var c check.Options
	c.Require((o.Features == nil) == (o.Learner == nil), "Learner", o.Learner != nil, "a function exactly where Features is one")
	check.Positive(&c, "MaxIter", o.MaxIter)
	check.Positive(&c, "Tol", o.Tol)
	c.Require(len(o.Edges) <= 1000, "Edges", len(o.Edges), "at most 1000")
	for i, e := range o.Edges {
		c.Require(e > 0 && (i == 0 || e > o.Edges[i-1]), fmt.Sprintf("Edges[%d]", i), e, "above 0 and those before")
	}
	return c.Err(where)
}

// Delay is how long actions take after their click. It is immutable and safe for concurrent
// use; make one with FitDelay.
type Delay struct {
	edges      []float64 // seconds; the first part begins at 0
	hazards    []float64 // actions a second of those who will act, by part
	loglik     float64
	iterations int
	converged  bool
}

// FitDelay tells those who will not act from those who have not done so yet, by the model
//
//	P(action within t of the click) = rate of the key · (1 − exp(−∫₀ᵗ hazard))
//
// with maximum likelihood by EM (Chapelle, Modeling delayed feedback in display advertising, KDD
// 2014, equations 4 to 9, here with the hazard constant in parts). To wait until all actions have come
// would be to learn from old clicks only; to count those of young clicks as they stand makes rates
// too low, by most for what was started last.
//
// The tail is what the law has it to be: with Edges clicks should be watched beyond the last of them. The order
// of keys does not matter. Errors: ErrOption; ErrEmpty without clicks; ErrUndefined without an action; ErrShape
// and ErrNotFinite for Features; ErrDiverged for a Learner that answers no probability, and its own
// errors; context.Cause(ctx). Cost: O(cells) a step; some tens of steps.
func FitDelay[K comparable](ctx context.Context, actions *Actions[K], opt DelayOptions[K]) (*Delay, error) {
	const where = "ads: FitDelay"
	opt = opt.withDefaults()
	if err := opt.validate(where); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if actions.Clicked() == 0 {
		return nil, fmt.Errorf("%s: no clicks: %w", where, ErrEmpty)
	}
	d := &Delay{edges: []float64{0}}
	for _, e := range opt.Edges {
		d.edges = append(d.edges, e.Seconds())
	}
	f, keys := newWaiting(actions, d.edges)
	if f.acted == 0 {
		return nil, fmt.Errorf("%s: no action: %w", where, ErrUndefined)
	}
	f.ctx = ctx
	var err error
	if f.features, err = newFeatured(opt.Learner, len(keys), func(i int) []float64 { return opt.Features(keys[i]) }); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	x := f.start()
	if d.loglik, d.iterations, d.converged, err = fixpoint(ctx, x, len(keys), opt.MaxIter, opt.Tol, f.step); err != nil {
		return nil, stopped(ctx, where, err)
	}
	if !check.Finite(d.loglik) { // a Learner that answers 0 for a key with actions
		return nil, fmt.Errorf("%s: log-likelihood is %v: %w", where, d.loglik, ErrDiverged)
	}
	d.hazards = slices.Clone(x[len(keys):])
	for b, h := range d.hazards {
		if !check.Finite(h) {
			return nil, fmt.Errorf("%s: hazard of part %d is %v: %w", where, b, h, ErrDiverged)
		}
	}
	return d, nil
}

// waiting is the likelihood of the delay model. Parameters are the rates of the keys and then the
// hazards of the parts.
type waiting struct {
	ctx        context.Context
	edges      []float64
	keys       []waitingKey
	clicks, of []float64 // by key: clicks, and expected actions
	acted      float64   // actions of all
	actedIn    []float64 // by part
	timeActed  []float64 // by part: time that those who acted spent in it before
	time       []float64 // by part: the same with those who will
	features   *featured
}

// waitingKey is what is known of one key: actions, and those who wait, by how long.
type waitingKey struct {
	acted float64
	open  []lapse
}

// lapse is n clicks after which a time has passed, in seconds.
type lapse struct{ n, seconds float64 }

// newWaiting reads the counts, keys in their natural order, and adds up what does not change.
func newWaiting[K comparable](actions *Actions[K], edges []float64) (*waiting, []K) {
	perm := actions.sorted()
	f := &waiting{edges: edges}
	f.keys, f.clicks, f.of = make([]waitingKey, len(perm)), make([]float64, len(perm)), make([]float64, len(perm))
	f.actedIn, f.timeActed, f.time = make([]float64, len(edges)), make([]float64, len(edges)), make([]float64, len(edges))
	keys := make([]K, len(perm))
	for k, i := range perm {
		keys[k] = actions.keys.Key(i)
		r := &actions.rows[i]
		for _, h := range r.delays {
			l := h.lapse()
			f.keys[k].acted += l.n
			f.actedIn[part(edges, l.seconds)] += l.n
			spend(f.timeActed, edges, l, l.n)
		}
		for _, h := range r.open {
			f.keys[k].open = append(f.keys[k].open, h.lapse())
			f.clicks[k] += float64(h.n)
		}
		f.acted += f.keys[k].acted
		f.clicks[k] += f.keys[k].acted
	}
	return f, keys
}

// part returns the part of the edges, of which the first is 0, that a time lies in.
func part(edges []float64, seconds float64) int {
	b := len(edges) - 1
	for b > 0 && seconds <= edges[b] {
		b--
	}
	return b
}

// spend adds the time that weight clicks spent in each part.
func spend(time, edges []float64, l lapse, weight float64) {
	for b := range edges {
		end := l.seconds
		if b+1 < len(edges) {
			end = min(end, edges[b+1])
		}
		if end <= edges[b] {
			return
		}
		time[b] += weight * (end - edges[b])
	}
}

// start takes what is there for all, and the hazards of those who acted.
func (f *waiting) start() []float64 {
	x := make([]float64, len(f.keys)+len(f.edges))
	for k := range f.keys {
		x[k] = min(2*f.keys[k].acted/f.clicks[k], .5)
		if f.features != nil {
			x[k] = min(2*f.acted/sum(f.clicks), .5)
		}
	}
	hazards := x[len(f.keys):]
	for b := range hazards {
		hazards[b] = f.actedIn[b] / max(f.timeActed[b], 1e-9)
	}
	return x
}

func sum(xs []float64) (s float64) {
	for _, x := range xs {
		s += x
	}
	return s
}

// cumulated is the integral of the hazards up to a time.
func cumulated(edges, hazards []float64, seconds float64) (s float64) {
	for b := range edges {
		end := seconds
		if b+1 < len(edges) {
			end = min(end, edges[b+1])
		}
		if end <= edges[b] {
			break
		}
		s += hazards[b] * (end - edges[b])
	}
	return s
}

// step is one step of EM, see fixpoint.
func (f *waiting) step(dst, x []float64) (loglik float64, err error) {
	n := len(f.keys)
	hazards, newHazards := x[n:], dst[n:]
	copy(f.time, f.timeActed)
	for k := range f.keys {
		rate := x[k]
		f.of[k] = f.keys[k].acted
		if f.of[k] > 0 {
			loglik += f.of[k] * math.Log(rate)
		}
		for _, l := range f.keys[k].open {
			left := math.Exp(-cumulated(f.edges, hazards, l.seconds))
			none := max(1-rate+rate*left, math.SmallestNonzeroFloat64)
			will := rate * left / none // who has not acted, but will
			f.of[k] += l.n * will
			spend(f.time, f.edges, l, l.n*will)
			loglik += l.n * math.Log(none)
		}
	}
	for b := range hazards {
		newHazards[b] = f.actedIn[b] / max(f.time[b], 1e-9)
		if f.actedIn[b] > 0 {
			loglik += f.actedIn[b] * math.Log(hazards[b])
		}
		loglik -= hazards[b] * f.timeActed[b]
	}
	if f.features != nil {
		return loglik, f.features.fit(f.ctx, dst[:n], f.of, f.clicks)
	}
	for k := range f.keys {
		dst[k] = min(f.of[k]/f.clicks[k], 1)
	}
	return loglik, nil
}

// Share returns the probability that an action which comes at all has come a time after the click,
// in [0, 1]; below 1 for ever where in the last part none came. 0 for a Delay that FitDelay has not made, and before the click.
func (d *Delay) Share(after time.Duration) float64 {
	if d == nil || after <= 0 {
		return 0
	}
	return -math.Expm1(-cumulated(d.edges, d.hazards, after.Seconds()))
}

// Report returns the log-likelihood of the fit, in densities of seconds, the steps it took, and
// whether it converged.
func (d *Delay) Report() (loglik float64, iterations int, converged bool) {
	if d == nil {
		return 0, 0, false
	}
	return d.loglik, d.iterations, d.converged
}

// Trials returns the trials of each key for FitRates: its actions so far, and as many clicks as
// these would be of if all had been waited for. S/N is the rate of the key that is most likely by the law of d. ErrEmpty for a Delay
// that FitDelay has not made and for no clicks.
func (d *Delay) Trials(actions *Actions[Path]) ([]Trials, error) {
	const where = "ads: Delay.Trials"
	if d == nil || len(d.hazards) == 0 {
		return nil, fmt.Errorf("%s: no delay: %w", where, ErrEmpty)
	}
	if actions.Clicked() == 0 {
		return nil, fmt.Errorf("%s: no clicks: %w", where, ErrEmpty)
	}
	f, keys := newWaiting(actions, d.edges)
	out := make([]Trials, len(keys))
	for k := range keys {
		out[k] = Trials{Path: keys[k], S: f.keys[k].acted}
		out[k].N = f.trials(k, d.hazards)
	}
	return out, nil
}

// trials returns the clicks of key k that count. With S actions, S/N solves the likelihood
// equation of the rate r: N = S + Σ n·F·(1−r)/(1−rF) over those who wait, F being the share that
// would have acted.
func (f *waiting) trials(k int, hazards []float64) float64 {
	key := &f.keys[k]
	count := func(r float64) float64 {
		n := key.acted
		for _, l := range key.open {
			left := math.Exp(-cumulated(f.edges, hazards, l.seconds))
			n += l.n * (1 - left) * (1 - r) / max(1-r*(1-left), 1e-300)
		}
		return n
	}
	if key.acted == 0 {
		return count(0)
	}
	lo, hi := 0.0, 1.0 // count falls with r, so that r·count(r) − S has one root
	for range 100 {
		r := (lo + hi) / 2
		if r*count(r) < key.acted {
			lo = r
		} else {
			hi = r
		}
	}
	return max(count(hi), key.acted)
}

// AppendBinary appends the binary form of d to dst. ErrEmpty for a Delay that FitDelay has not made.
func (d *Delay) AppendBinary(dst []byte) ([]byte, error) {
	if d == nil || len(d.hazards) == 0 {
		return dst, fmt.Errorf("ads: Delay.AppendBinary: no delay: %w", ErrEmpty)
	}
	var w codec.Writer
	w.Float64s(d.edges)
	w.Float64s(d.hazards)
	w.Float64(d.loglik)
	w.Int(d.iterations)
	w.Bool(d.converged)
	return w.AppendFrame(dst, codec.KindDelay, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (d *Delay) MarshalBinary() ([]byte, error) { return d.AppendBinary(nil) }

// UnmarshalBinary replaces d. Payload of version 1, little-endian:
//
//	[]f64  edges of the parts in seconds, 1 to 1001, ascending strictly from 0, finite
//	[]f64  hazards, as many, finite and >= 0, one above 0
//	f64    log-likelihood, finite; int steps; bool converged
//
// Another kind of frame is ErrMismatch, a newer version ErrVersion, all else ErrCorrupt; d is
// then unchanged.
func (d *Delay) UnmarshalBinary(data []byte) error {
	const where = "ads: Delay.UnmarshalBinary"
	if err := check.Receiver(where, d); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindDelay, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	v := Delay{edges: r.Float64s(), hazards: r.Float64s(), loglik: r.Float64(), iterations: r.Int(), converged: r.Bool()}
	bad := len(v.edges) == 0 || len(v.edges) > 1001 || len(v.hazards) != len(v.edges) || !check.Finite(v.loglik)
	for b, e := range v.edges {
		bad = bad || !check.Finite(e) || b == 0 && e != 0 || b > 0 && e <= v.edges[b-1]
	}
	top := 0.0
	for _, h := range v.hazards {
		bad = bad || !(h >= 0 && check.Finite(h))
		top = max(top, h)
	}
	if bad || !(top > 0) {
		r.Fail("has a delay that cannot be")
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*d = v
	return nil
}
