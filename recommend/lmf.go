package recommend

import (
	"context"
	"fmt"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/sparse"
	"github.com/aislekit/aisle/internal/vec"
)

var (
	_ Persistent   = (*LMF)(nil)
	_ Meaner       = (*LMF)(nil)
	_ SparseScorer = (*LMF)(nil)
	_ OrderReader  = (*LMF)(nil)
	_ Similar      = (*LMF)(nil)
	_ SimilarUsers = (*LMF)(nil)
	_ Folder       = (*LMF)(nil)
	_ ItemVectors  = (*LMF)(nil)
)

// LMFOptions configures FitLMF.
type LMFOptions struct {
	Factors int // length of the vectors; default 64
	Epochs  int // passes over the entries; default 50

	// Rate is the learning rate η. Default 0.02, and up to four times as much where
	// vectors get few steps: times 100/(√a + √b)², a the mean number of entries of a
	// user and b that of an item.
	Rate           float64
	Decay          float64 // in [0, 1]: the rate falls evenly to (1-Decay)·Rate; default 0.9, negative means 0
	Regularization float64 // λ; default 0.01, negative means 0

	// Alpha turns a weight into the number of times an entry counts; default 1. The
	// rate Rate·Alpha·weight of a step is cut at 1, so that no weight, however
	// large, throws the vectors away.
	Alpha     float64
	Negatives int // items without entry drawn for each entry; default 5

	Seed    uint64 // of start vectors and draws
	Workers int    // goroutines; default GOMAXPROCS. No influence on the result

	Loss     bool           // report the mean loss of an epoch's samples in Progress
	Progress func(Progress) // called after each epoch, on the caller's goroutine
}

func (o LMFOptions) withDefaults(x *Interactions) LMFOptions {
	o.Factors = check.Default(o.Factors, 64)
	o.Epochs = check.Default(o.Epochs, 50)
	o.Rate = check.Default(o.Rate, 0.02*haste(x, 100))
	o.Decay = check.OrOff(o.Decay, 0.9)
	o.Regularization = check.OrOff(o.Regularization, 0.01)
	o.Alpha = check.Default(o.Alpha, 1)
	o.Negatives = check.Default(o.Negatives, 5)
	return o
}

func (o LMFOptions) validate() error {
	var c check.Options
	requireSGD(&c, o.Factors, o.Epochs, o.Rate, o.Decay, o.Regularization)
	check.Positive(&c, "Alpha", o.Alpha)
	c.Require(o.Negatives > 0 && o.Negatives <= maxFoldWork, "Negatives", o.Negatives, fmt.Sprintf("in [1, %d]", maxFoldWork))
	return c.Err("recommend: FitLMF")
}

// LMF is logistic matrix factorisation (Johnson 2014): the probability that user
// u takes item i is p_ui = σ(s_ui), s_ui = b_u + b_i + x_u·y_i, and the fit
// minimises
//
//	-Σ_{(u,i)∈S} α·w_ui·ln p_ui - Σ_{(u,j) drawn} ln(1 - p_uj) + λ/2·(‖x‖² + ‖y‖² + b²)
//
// where Negatives items j without entry are drawn for each entry and the penalty
// is paid at each step by the vectors it moves. A score is s_ui, the logit of a
// probability among the pairs shown to the fit: raise it by what the negatives
// left out are worth before taking it for one in the world. Entries of weight 0
// count as none. Strangers are folded in by steps on their vector and bias alone,
// the same ones each time. Items without entries are never drawn and have the zero
// vector and the lowest b of the others, as in BPR. Immutable, safe for concurrent use.
type LMF struct {
	latent
	rule  sgdRule
	alpha float64
}

// FitLMF fits the model. Draws, order and reproducibility are those of FitBPR.
//
// Cost an epoch: O(entries·f·(1+Negatives)), f the number of factors, spread over
// Workers. Memory: 4·f bytes a user and an item, 16 bytes an entry.
//
// Errors: ErrEmpty, ErrOption, ErrRange (a negative weight), ErrDiverged
// (vectors that are not finite), and context.Cause(ctx).
func FitLMF(ctx context.Context, x *Interactions, opt LMFOptions) (*LMF, error) {
	if err := x.checkImplicit("FitLMF"); err != nil {
		return nil, err
	}
	opt = opt.withDefaults(x)
	if err := opt.validate(); err != nil {
		return nil, err
	}
	x = x.positives()
	m := &LMF{rule: sgdRule{opt.Epochs, opt.Rate, opt.Decay, opt.Regularization, opt.Negatives, opt.Seed}, alpha: opt.Alpha}
	if err := m.start(ctx, x, opt.Factors, startSpread, opt.Seed); err != nil {
		return nil, err
	}
	m.userBias = make([]float32, x.Users())
	scratch := newPairScratch(x, opt.Workers)
	step := func(w int, c *sgdCell, rate float32) float64 {
		return m.cell(x.users, c, &scratch[w], rate, opt.Loss)
	}
	s := sgdSchedule{"FitLMF", opt.Epochs, opt.Rate, opt.Decay, opt.Loss, opt.Progress}
	g := newGrid(x.users, opt.Seed, opt.Workers)
	if err := g.descend(ctx, s, step, m.x, m.y, m.bias, m.userBias); err != nil {
		return nil, err
	}
	m.settle(g.seen)
	return m, nil
}

// rateOf returns the rate of the step for an entry of weight w.
func (m *LMF) rateOf(w, rate float32) float32 {
	return float32(min(float64(rate)*m.alpha*float64(w), 1))
}

// cell takes the steps of a cell.
func (m *LMF) cell(entries *sparse.CSR, c *sgdCell, t *pairScratch, rate float32, wantLoss bool) float64 {
	f := m.factors
	keep := 1 - float32(rate*float32(m.rule.regularization))
	loss := 0.0
	for k := range c.users {
		u, pos := c.run(k)
		x := m.x[int(u)*f : int(u)*f+f]
		bias := &m.userBias[u]
		// step moves the logit of item i by rate towards 1 (sign 1) or 0 (sign -1).
		step := func(i int32, sign, rate float32) {
			y := m.y[int(i)*f : int(i)*f+f]
			s := float32(sign * (*bias + m.bias[i] + vec.Dot(x, y)))
			a := float32(sign * float32(rate*sigmoid(-s)))
			if wantLoss {
				loss += softplus(float64(-s))
			}
			vec.RowStep(x, y, a, keep)
			*bias = float32(keep**bias) + a
			m.bias[i] = float32(keep*m.bias[i]) + a
		}
		for _, p := range pos {
			i := entries.Col[p]
			t.has.add(i)
		}
		for _, p := range pos {
			step(entries.Col[p], 1, m.rateOf(entries.Val[p], rate))
			if len(pos) == len(c.items) {
				continue // no negative in this block
			}
			for range m.rule.samples {
				step(draw(c.items, t.has, c.rand), -1, rate)
			}
		}
		for _, p := range pos {
			i := entries.Col[p]
			t.has.drop(i)
		}
	}
	return loss
}

// fold takes LMF steps on dst and a bias alone.
func (m *LMF) fold(t *foldScratch, dst []float32, q Query) (float32, error) {
	bias := t.fromBias
	err := m.rule.passes(t, dst, q, func(i int32, w, rate float32) {
		keep := 1 - float32(rate*float32(m.rule.regularization))
		for n := range m.rule.samples + 1 {
			sign, r := float32(-1), rate
			if n == 0 {
				sign, r = 1, m.rateOf(w, rate)
			} else if len(q.Items) >= m.drawable() {
				break
			} else {
				i = m.drawAny(t)
			}
			y := m.latent.ItemVector(int(i))
			a := float32(sign * float32(r*sigmoid(-float32(sign*(m.mean+bias+m.bias[i]+vec.Dot(dst, y))))))
			t.shrink(dst, keep)
			vec.Axpy(a, y, dst)
			bias = t.fromBias + float32(keep*(bias-t.fromBias)) + a
		}
	})
	return bias, err
}

// Meaning says what a score stands for.
func (*LMF) Meaning() string {
	return "log-odds-like preference, comparable within one user only"
}

// SparseScores is false: 0 is a score like any other.
func (*LMF) SparseScores() bool { return false }

// ReadsOrder is false: the history is a set.
func (*LMF) ReadsOrder() bool { return false }

// Score writes b_u + b_i + x_u·y_i for every item. Vector and bias are those of
// q.User where the fit knew the user, and the fold-in of the history otherwise;
// ErrEmpty when there is neither, ErrRange for a weight that is negative or not
// finite.
func (m *LMF) Score(dst []float32, q Query) error {
	m = orZero(m)
	return m.score(dst, q, m)
}

// FoldIn writes into dst the vector of a user with that history: the steps of
// the fit with all items fixed, from a vector of zeros. nil weights mean 1 each.
// Cost: that of 2000 entries of the fit at most, or of 20 for each item of longer
// histories. ErrEmpty, ErrShape, ErrRange.
func (m *LMF) FoldIn(dst []float32, items []int32, weights []float32) error {
	m = orZero(m)
	return m.foldIn("LMF.FoldIn", dst, items, weights, m)
}

// What the scan of scan.go asks of a model of vectors.

func (m *LMF) self() Model { return m }

func (m *LMF) queryVector(buf []float32, q Query) ([]float32, float32, error) {
	return m.vectorOf(buf, q, m)
}

// AppendBinary appends the frame of m to dst.
func (m *LMF) AppendBinary(dst []byte) ([]byte, error) {
	if m == nil || m.Items() == 0 {
		return dst, errUnfitted("LMF")
	}
	var w codec.Writer
	m.put(&w)
	m.rule.put(&w)
	w.Float64(m.alpha)
	m.origin.put(&w)
	return w.AppendFrame(dst, codec.KindLMF, 1), nil
}

// MarshalBinary returns the frame of m.
func (m *LMF) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary decodes a frame; m is unchanged when it fails. It must not run
// beside other uses of m. Payload of
// version 1, in the words of Persistent:
//
//	vectors  with biases of users
//	rule
//	f64      α, finite and > 0
//
// Anything else and bytes left over are ErrCorrupt, a newer version is ErrVersion, a
// frame of something else ErrMismatch.
func (m *LMF) UnmarshalBinary(data []byte) error {
	r, err := open(m, data, codec.KindLMF, 1)
	if err != nil {
		return fmt.Errorf("recommend: LMF.UnmarshalBinary: %w", err)
	}
	d, rule, alpha := getLatent(r), getRule(r), r.Float64()
	if !(alpha > 0) || !check.Finite(alpha) || d.userBias == nil && len(d.x) > 0 {
		r.Fail("has a setting out of range")
	}
	d.origin = getOrigin(r)
	if err := r.Done(); err != nil {
		return fmt.Errorf("recommend: LMF.UnmarshalBinary: %w", err)
	}
	m.set(d)
	m.rule, m.alpha = rule, alpha
	return nil
}
