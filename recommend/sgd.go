package recommend

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

// What the models trained by sampled gradient steps share: BPR, WARP, LMF, FM and, in
// part, MF and SVDPP. The blocks that run side by side are those of sgdgrid.go.

// requireSGD checks the fields that all models trained by SGD have.
func requireSGD(c *check.Options, factors, epochs int, rate, decay, regularization float64) {
	c.Require(factors > 0 && factors <= maxFactors, "Factors", factors, fmt.Sprintf("in [1, %d]", maxFactors))
	c.Require(epochs > 0 && epochs <= maxFoldWork, "Epochs", epochs, fmt.Sprintf("in [1, %d]", maxFoldWork))
	check.Positive(c, "Rate", rate)
	c.Require(decay >= 0 && decay <= 1, "Decay", decay, "at most 1")
	check.NonNegative(c, "Regularization", regularization)
	c.Require(rate*regularization < 1, "Rate·Regularization", rate*regularization, "below 1")
}

// sgdSchedule is how long to descend and how fast.
type sgdSchedule struct {
	name     string // of the fit, for errors
	epochs   int
	rate     float64
	decay    float64 // the rate of the last epoch is (1-decay)·rate
	loss     bool    // step returns losses
	progress func(Progress)
}

// rateOf returns the learning rate of epoch e, from 0.
func (s *sgdSchedule) rateOf(e int) float32 {
	return float32(s.rate * (1 - s.decay*float64(e)/float64(max(s.epochs-1, 1))))
}

// report looks for divergence after epoch e and calls back.
func (s *sgdSchedule) report(e int, loss float64, vectors ...[]float32) error {
	for _, v := range vectors {
		if check.Slice32("", v) != nil {
			return fmt.Errorf("recommend: %s: epoch %d: values that are not finite, try a smaller Rate: %w", s.name, e+1, ErrDiverged)
		}
	}
	if s.progress != nil {
		if !s.loss {
			loss = math.NaN()
		}
		s.progress(Progress{Iteration: e + 1, Iterations: s.epochs, Loss: loss})
	}
	return nil
}

// startSpread is the length of first vectors of models for implicit feedback.
const startSpread = 0.1

// haste returns by what to multiply the learning rate of a sampled loss, in [1, 4]:
// enough/(√a + √b)².
// A pass grows what the vectors know of a pattern by about the rate times the
// pattern's singular value, and patterns begin at about √a + √b, a and b the mean
// numbers of entries of a user and of an item (see noiseEdge). Where that is small
// the vectors would still be near their start at the end, and only the biases
// learned.
func haste(x *Interactions, enough float64) float64 {
	users, items := x.occupied() // others get no steps at all
	n := float64(x.Len())
	edge := math.Sqrt(n/float64(users)) + math.Sqrt(n/float64(items))
	return min(max(enough/(edge*edge), 1), 4)
}

// sigmoid returns 1/(1+e⁻ˣ).
func sigmoid(x float32) float32 { return float32(1 / (1 + math.Exp(-float64(x)))) }

// softplus returns ln(1+eˣ).
func softplus(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }

// sgdRule is how a sampled loss moves vectors; models keep it to fold users in.
type sgdRule struct {
	epochs         int
	rate, decay    float64
	regularization float64
	samples        int // negatives or trials a step
	seed           uint64
}

// Passes over a history: as many as the fit made, unless they add up to more than
// foldSteps steps; foldEpochs at the least. With the items fixed a vector
// settles soon.
const (
	foldEpochs = 20
	foldSteps  = 2000
)

// passes leaves in dst the vector that step makes of the history, starting from
// t.from: step is called for every item of positive weight, pass after pass, with
// the items of the history in t.has. The same history gives the same vector.
func (s *sgdRule) passes(t *foldScratch, dst []float32, q Query, step func(i int32, w, rate float32)) error {
	n := 0
	for k := range q.Items {
		w := q.Weight(k)
		if !(w >= 0) || math.IsInf(float64(w), 0) {
			return ErrRange
		}
		if w > 0 {
			n++
		}
	}
	if n == 0 {
		return ErrEmpty
	}
	clear(dst)
	copy(dst, t.from)
	t.rand.Reset(s.seed, 0x666f6c64, 0)
	t.has.addAll(q.Items)
	defer t.has.dropAll(q.Items)
	plan := sgdSchedule{epochs: min(s.epochs, max(foldEpochs, foldSteps/n)), rate: s.rate, decay: s.decay}
	for e := range plan.epochs {
		rate := plan.rateOf(e)
		for k, i := range q.Items {
			if w := q.Weight(k); w > 0 {
				step(i, w, rate)
			}
		}
	}
	if check.Slice32("", dst) != nil {
		return ErrDiverged
	}
	return nil
}

func (s *sgdRule) put(w *codec.Writer) {
	w.Int(s.epochs)
	w.Float64(s.rate)
	w.Float64(s.decay)
	w.Float64(s.regularization)
	w.Int(s.samples)
	w.Uint64(s.seed)
}

// maxFoldWork bounds epochs and samples of a decoded rule, so that hostile bytes
// cannot make a query run for ever.
const maxFoldWork = 1 << 16

func getRule(r *codec.Reader) sgdRule {
	s := sgdRule{epochs: r.Int(), rate: r.Float64(), decay: r.Float64(), regularization: r.Float64(), samples: r.Int(), seed: r.Uint64()}
	if s.epochs < 1 || s.epochs > maxFoldWork || s.samples < 1 || s.samples > maxFoldWork {
		r.Fail("has a setting out of range")
	}
	if !(s.rate > 0) || !(s.decay >= 0 && s.decay <= 1) || !(s.regularization >= 0) || !(s.rate*s.regularization < 1) {
		r.Fail("has a setting out of range")
	}
	return s
}

// appendSampled and openSampled are the binary form of the models with a rule.
func appendSampled(dst []byte, kind uint16, m *latent, s *sgdRule) []byte {
	var w codec.Writer
	m.put(&w)
	s.put(&w)
	m.origin.put(&w)
	return w.AppendFrame(dst, kind, 1)
}

func openSampled[T any](m *T, data []byte, kind uint16, name string) (d *latent, rule sgdRule, err error) {
	r, err := open(m, data, kind, 1)
	if err != nil {
		return nil, rule, fmt.Errorf("recommend: %s.UnmarshalBinary: %w", name, err)
	}
	d, rule = getLatent(r), getRule(r)
	d.origin = getOrigin(r)
	if err := r.Done(); err != nil {
		return nil, rule, fmt.Errorf("recommend: %s.UnmarshalBinary: %w", name, err)
	}
	return d, rule, nil
}
