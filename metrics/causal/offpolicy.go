package causal

import (
	"encoding"
	"errors"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/moments"
	"github.com/aislekit/aisle/metrics"
)

var (
	_ encoding.BinaryAppender    = (*OffPolicy)(nil)
	_ encoding.BinaryUnmarshaler = (*OffPolicy)(nil)
)

// OffPolicyOptions configures an OffPolicy.
type OffPolicyOptions struct {
	Clip   float64 // largest weight of the clipped estimator, > 0; default 10
	Switch float64 // largest weight with which the switch estimator trusts the reward, > 0; default 10
}

func (o OffPolicyOptions) withDefaults() OffPolicyOptions {
	o.Clip = check.Default(o.Clip, 10)
	o.Switch = check.Default(o.Switch, 10)
	return o
}

func (o OffPolicyOptions) validate(where string) error {
	var c check.Options
	check.Positive(&c, "Clip", o.Clip)
	check.Positive(&c, "Switch", o.Switch)
	return c.Err(where)
}

// OffPolicy accumulates what a new policy would have earned, from the log of an
// old one that chose at random: who was shown what with which probability, and
// what came of it. Make one with NewOffPolicy. It is not safe for concurrent
// writers.
type OffPolicy struct {
	opt             OffPolicyOptions
	w               moments.Joint // w·r, w, r, min(w, Clip)·r
	m               moments.Joint // model value, doubly robust, switch, r; of records with a model
	clipped, beyond int64
	max             float64
}

// NewOffPolicy returns an empty accumulator.
func NewOffPolicy(opt OffPolicyOptions) (*OffPolicy, error) {
	opt = opt.withDefaults()
	if err := opt.validate("causal: NewOffPolicy"); err != nil {
		return nil, err
	}
	return &OffPolicy{opt: opt}, nil
}

// Add adds a logged decision: the reward of the chosen action, the probability
// with which the old policy chose it, and the one with which the new policy
// would have. A propensity of 0 for a chosen action cannot be and is ErrRange,
// as is any probability outside [0, 1]; ErrNotFinite for a bad reward.
func (p *OffPolicy) Add(reward, propensity, target float64) error {
	if err := check.Receiver("causal: OffPolicy.Add", p); err != nil {
		return err
	}
	return p.add(reward, propensity, target, nil)
}

// AddModel is Add for a decision with a reward model: predicted is its reward
// of the chosen action, value its mean reward under the new policy, Σ_a π(a)·q(a)
// over all actions. The model must not have been fitted on this record. The
// direct, doubly robust and switch estimators need a model in every record.
func (p *OffPolicy) AddModel(reward, propensity, target, predicted, value float64) error {
	if err := check.Receiver("causal: OffPolicy.AddModel", p); err != nil {
		return err
	}
	return p.add(reward, propensity, target, &[2]float64{predicted, value})
}

// maxWeighted bounds weights: the square of one decision must not fill the range of float64, or
// nothing could be added after it.
const maxWeighted = 1e150

// add takes a record with the model's prediction for the action taken and its value
// of the new policy, or nil without a model.
func (p *OffPolicy) add(reward, propensity, target float64, model *[2]float64) error {
	if !(propensity > 0 && propensity <= 1) {
		return fmt.Errorf("causal: OffPolicy: propensity is %v, want in (0, 1]: %w", propensity, ErrRange)
	}
	if !(target >= 0 && target <= 1) {
		return fmt.Errorf("causal: OffPolicy: target probability is %v, want in [0, 1]: %w", target, ErrRange)
	}
	if p.opt.Clip == 0 {
		return fmt.Errorf("causal: OffPolicy: not made by NewOffPolicy: %w", ErrOption)
	}
	w := target / propensity
	if check.Finite(reward) && (math.Abs(w*reward) >= maxWeighted || w >= maxWeighted) {
		return fmt.Errorf("causal: OffPolicy: %w", check.Private("reward", -1, nil, reward, fmt.Errorf("want it, its weight and their product below 1e150: %w", ErrOverflow)))
	}
	got := *p
	if err := got.w.Add(w*reward, w, reward, math.Min(w, p.opt.Clip)*reward); err != nil {
		return fmt.Errorf("causal: OffPolicy: %w", check.Private("reward", -1, nil, reward, err))
	}
	if w > p.opt.Clip {
		got.clipped++
	}
	if w > p.opt.Switch {
		got.beyond++
	}
	got.max = math.Max(got.max, w)
	if model != nil {
		q, v := model[0], model[1]
		dr := v + w*(reward-q)
		sw := v
		if w <= p.opt.Switch {
			sw = dr
		}
		if err := got.m.Add(v, dr, sw, reward); err != nil {
			return fmt.Errorf("causal: OffPolicy: model %v and %v: %w", q, v, err)
		}
	}
	*p = got
	return nil
}

// Merge adds the records of other. ErrMismatch for other options or a merge
// with itself.
func (p *OffPolicy) Merge(other *OffPolicy) error {
	if err := check.Merge("causal: OffPolicy.Merge", p, other); err != nil {
		return err
	}
	if p.opt != other.opt {
		return fmt.Errorf("causal: OffPolicy.Merge: options %+v and %+v: %w", p.opt, other.opt, ErrMismatch)
	}
	r := *p
	if err := r.w.Merge(other.w); err != nil {
		return fmt.Errorf("causal: OffPolicy.Merge: %w", err)
	}
	if err := r.m.Merge(other.m); err != nil {
		return fmt.Errorf("causal: OffPolicy.Merge: %w", err)
	}
	r.clipped += other.clipped
	r.beyond += other.beyond
	r.max = math.Max(r.max, other.max)
	*p = r
	return nil
}

// WarnWeights is set when importance weights do not average 1.
const (
	WarnWeights  metrics.Warning = "the weights do not average 1: propensities are wrong, or the old policy never tried some actions"
	WarnFewUnits metrics.Warning = "the effective sample is below 100: do not trust the interval"
)

// OffPolicyEstimate is the value of the new policy by one estimator.
type OffPolicyEstimate struct {
	Name     string           // of the estimator
	Value    float64          // mean reward of the new policy
	SE       float64          // of Value
	Interval metrics.Interval // of Value
	Gain     metrics.Effect   // of the new policy over the logged one, on the absolute scale, from the same records
}

// OffPolicyResult holds all estimates. Those that need a model are missing
// without one.
type OffPolicyResult struct {
	N          int64              // records
	ESS        float64            // effective sample size (Σw)²/Σw²: as many records of the new policy would tell as much
	MeanWeight float64            // should be 1 up to chance
	MaxWeight  float64            // largest weight of a record
	Clipped    int64              // records whose weight was clipped
	Switched   int64              // records in which the switch estimator trusts the model alone
	Logged     float64            // mean reward of the old policy
	IPS        OffPolicyEstimate  // inverse propensity weighting: the mean of w·reward
	SNIPS      OffPolicyEstimate  // IPS over the mean weight
	ClippedIPS OffPolicyEstimate  // IPS with weights of at most Clip
	DM         *OffPolicyEstimate // direct method: the model alone
	DR         *OffPolicyEstimate // doubly robust
	SwitchDR   *OffPolicyEstimate // DR, the model alone where the weight is above Switch
	Warnings   []metrics.Warning  // WarnWeights, WarnFewUnits
}

// Result returns the estimates with normal intervals; level 0 means 0.95.
//
//	IPS         mean(w·r), w = target/propensity: unbiased, spread grows with w
//	SNIPS       Σw·r/Σw: small bias, less spread; the one to read first without a model
//	clipped IPS mean(min(w, Clip)·r): biased towards 0
//	DM          mean(value): as good as the model
//	DR          mean(value + w·(r − predicted)): unbiased if either is right (Dudík, Langford and Li 2011)
//	switch DR   DR where w <= Switch, DM elsewhere (Wang, Agarwal and Dudík 2017)
//
// ErrUndefined below two records or if all weights are 0.
func (p *OffPolicy) Result(level float64) (OffPolicyResult, error) {
	if err := check.Receiver("causal: OffPolicy.Result", p); err != nil {
		return OffPolicyResult{}, err
	}
	level, err := infer.Level(level)
	if err != nil {
		return OffPolicyResult{}, fmt.Errorf("causal: OffPolicy.Result: %w", err)
	}
	if p.w.N() < 2 {
		return OffPolicyResult{}, undefined("OffPolicy.Result: %d records", p.w.N())
	}
	if err := errors.Join(p.w.Underflow(), p.m.Underflow()); err != nil {
		return OffPolicyResult{}, fmt.Errorf("causal: OffPolicy.Result: %w", err)
	}
	n, w, r := float64(p.w.N()), p.w.Mean(1), p.w.Mean(2)
	if w == 0 {
		return OffPolicyResult{}, undefined("OffPolicy.Result: the new policy takes none of the logged actions")
	}
	varW := p.w.Cov(1, 1)
	res := OffPolicyResult{N: p.w.N(), ESS: n * w * w / (w*w + p.w.Products(1, 1)/n), MeanWeight: w, MaxWeight: p.max, Clipped: p.clipped, Switched: p.beyond, Logged: r}
	if math.Abs(w-1) > 4*math.Sqrt(varW/n)+1e-9 {
		res.Warnings = append(res.Warnings, WarnWeights)
	}
	if res.ESS < 100 {
		res.Warnings = append(res.Warnings, WarnFewUnits)
	}
	z := infer.NormalQuantile((1 + level) / 2)
	// value has gradient g over the means of m, gain has d.
	estimate := func(name string, m *moments.Joint, value float64, g, d [moments.MaxVars]float64) OffPolicyEstimate {
		se := math.Sqrt(m.Quad(g[:]...) / n)
		e := metrics.Effect{
			Estimate: value - r, SE: math.Sqrt(m.Quad(d[:]...) / n), N: m.N(), NA: m.N(), NB: m.N(), MeanA: r, MeanB: value,
			Method: name + ", paired with the logged rewards",
		}
		if e.SE > 0 {
			e.Infer(level, math.Inf(1))
		} else {
			// The policies agree on every record.
			e.Level, e.DF, e.Low, e.High, e.Statistic, e.PValue = level, math.Inf(1), e.Estimate, e.Estimate, math.NaN(), math.NaN()
		}
		return OffPolicyEstimate{name, value, se, metrics.Interval{Low: value - z*se, High: value + z*se}, e}
	}
	s := p.w.Mean(0) / w
	res.IPS = estimate("IPS", &p.w, p.w.Mean(0), [moments.MaxVars]float64{1}, [moments.MaxVars]float64{1, 0, -1})
	res.SNIPS = estimate("SNIPS", &p.w, s, [moments.MaxVars]float64{1 / w, -s / w}, [moments.MaxVars]float64{1 / w, -s / w, -1})
	res.ClippedIPS = estimate("clipped IPS", &p.w, p.w.Mean(3), [moments.MaxVars]float64{0, 0, 0, 1}, [moments.MaxVars]float64{0, 0, -1, 1})
	if p.m.N() == p.w.N() {
		for i, dst := range [3]**OffPolicyEstimate{&res.DM, &res.DR, &res.SwitchDR} {
			var g, d [moments.MaxVars]float64
			g[i], d[i], d[3] = 1, 1, -1
			e := estimate([3]string{"DM", "DR", "switch DR"}[i], &p.m, p.m.Mean(i), g, d)
			*dst = &e
		}
	}
	return res, nil
}

// AppendBinary appends the binary form.
func (p *OffPolicy) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("causal: OffPolicy.AppendBinary", p); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Float64(p.opt.Clip)
	w.Float64(p.opt.Switch)
	p.w.Write(&w, 4)
	p.m.Write(&w, 4)
	w.Int64(p.clipped)
	w.Int64(p.beyond)
	w.Float64(p.max)
	return w.AppendFrame(dst, codec.KindOffPolicy, 1), nil
}

// MarshalBinary returns the binary form.
func (p *OffPolicy) MarshalBinary() ([]byte, error) { return p.AppendBinary(nil) }

// UnmarshalBinary replaces options and state. Payload of version 1, little-endian:
//
//	f64    Clip
//	f64    Switch
//	i64    records
//	…      for i of weight·reward, weight, reward, clipped weight·reward: f64 first value,
//	       f64 mean less the first, f64 products of deviations with i, i+1, …
//	i64    records with a model
//	…      for i of its value, doubly robust, switch, reward the same
//	i64    clipped weights
//	i64    weights beyond Switch
//	f64    largest weight, >= 0
//
// Options must be valid, numbers finite, squares and the mean weight >= 0, and no count
// above that of the records. Any other length or value is ErrCorrupt, a newer version
// ErrVersion; options and state are then unchanged.
func (p *OffPolicy) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("causal: OffPolicy.UnmarshalBinary", p); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindOffPolicy, 1)
	if err != nil {
		return fmt.Errorf("causal: OffPolicy.UnmarshalBinary: %w", err)
	}
	got := OffPolicy{opt: OffPolicyOptions{r.Float64(), r.Float64()}, w: moments.ReadJoint(r, 4), m: moments.ReadJoint(r, 4), clipped: r.Int64(), beyond: r.Int64(), max: r.Float64()}
	if got.opt.validate("") != nil || got.m.N() > got.w.N() || got.clipped < 0 || got.clipped > got.w.N() || got.beyond < 0 || got.beyond > got.w.N() ||
		!(got.max >= 0) || !check.Finite(got.max) || got.w.Mean(1) < 0 {
		r.Fail("options, counts or weights are invalid")
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("causal: OffPolicy.UnmarshalBinary: %w", err)
	}
	*p = got
	return nil
}
