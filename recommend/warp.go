package recommend

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/sparse"
	"github.com/aislekit/aisle/internal/vec"
)

var (
	_ Persistent   = (*WARP)(nil)
	_ Meaner       = (*WARP)(nil)
	_ SparseScorer = (*WARP)(nil)
	_ OrderReader  = (*WARP)(nil)
	_ Similar      = (*WARP)(nil)
	_ SimilarUsers = (*WARP)(nil)
	_ Folder       = (*WARP)(nil)
	_ ItemVectors  = (*WARP)(nil)
)

// WARPOptions configures FitWARP.
type WARPOptions struct {
	Factors        int     // length of the vectors; default 64
	Epochs         int     // passes over the entries; default 50
	Rate           float64 // learning rate η; default 0.05
	Decay          float64 // in [0, 1]: the rate falls evenly to (1-Decay)·Rate; default 0.9, negative means 0
	Regularization float64 // λ; default 0.1, negative means 0
	MaxTrials      int     // negatives drawn at the most to find one that scores too high; default 20

	Seed    uint64 // of start vectors and draws
	Workers int    // goroutines; default GOMAXPROCS. No influence on the result

	Loss     bool           // report the mean loss of an epoch's samples in Progress
	Progress func(Progress) // called after each epoch, on the caller's goroutine
}

func (o WARPOptions) withDefaults() WARPOptions {
	o.Factors = check.Default(o.Factors, 64)
	o.Epochs = check.Default(o.Epochs, 50)
	o.Rate = check.Default(o.Rate, 0.05)
	o.Decay = check.OrOff(o.Decay, 0.9)
	o.Regularization = check.OrOff(o.Regularization, 0.1)
	o.MaxTrials = check.Default(o.MaxTrials, 20)
	return o
}

func (o WARPOptions) validate() error {
	var c check.Options
	requireSGD(&c, o.Factors, o.Epochs, o.Rate, o.Decay, o.Regularization)
	c.Require(o.MaxTrials > 0 && o.MaxTrials <= maxFoldWork, "MaxTrials", o.MaxTrials, fmt.Sprintf("in [1, %d]", maxFoldWork))
	return c.Err("recommend: FitWARP")
}

// WARP is matrix factorisation for the weighted approximate-rank pairwise loss
// (Weston, Bengio and Usunier 2011): for an entry (u, i) it draws items that u
// does not have until one of them, j, comes within 1 of i or above,
// s_uj > s_ui - 1. Found at trial t, the rank of i is about r = ⌊(items-1)/t⌋, and
// the step goes down
//
//	ln(max(r, 1))/ln(items-1)·(1 - s_ui + s_uj) + λ/2·(‖x_u‖² + ‖y_i‖² + ‖y_j‖² + b_i² + b_j²)
//
// With none found in MaxTrials there is no step. (Dividing by ln(items-1), the
// largest weight, is not in the paper; it lets Rate and Regularization mean the
// same in small and large catalogues.) Where BPR lowers the mean rank, WARP cares for the top of the
// list. Entries of weight 0 count as none, other weights as 1. A score is
// s_ui = b_i + x_u·y_i; only its order means something. Strangers are folded in by
// steps on their vector alone, the same ones each time. Items without entries are never
// drawn nor counted and have the zero vector and the lowest b of the others, as in BPR.
// Immutable, safe for concurrent use.
type WARP struct {
	latent
	rule sgdRule
}

// FitWARP fits the model. Draws, order and reproducibility are those of FitBPR.
//
// Cost an epoch: O(entries·f·t), f the number of factors, t the mean number of
// trials, which grows towards MaxTrials as the fit proceeds, spread over Workers.
// Memory: 4·f bytes a user and an item, 16 bytes an entry.
//
// Errors: ErrEmpty, ErrOption, ErrRange (a negative weight), ErrDiverged
// (vectors that are not finite: lower Rate), and context.Cause(ctx).
func FitWARP(ctx context.Context, x *Interactions, opt WARPOptions) (*WARP, error) {
	opt = opt.withDefaults()
	if err := opt.validate(); err != nil {
		return nil, err
	}
	if err := x.checkImplicit("FitWARP"); err != nil {
		return nil, err
	}
	x = x.positives()
	m := &WARP{rule: sgdRule{opt.Epochs, opt.Rate, opt.Decay, opt.Regularization, opt.MaxTrials, opt.Seed}}
	if err := m.start(ctx, x, opt.Factors, startSpread, opt.Seed); err != nil {
		return nil, err
	}
	scratch := newPairScratch(x, opt.Workers)
	g := newGrid(x.users, opt.Seed, opt.Workers)
	m.drawn = g.seen // for rankWeight; settle has the last word
	step := func(w int, c *sgdCell, rate float32) float64 { return m.cell(x.users, c, &scratch[w], rate) }
	s := sgdSchedule{"FitWARP", opt.Epochs, opt.Rate, opt.Decay, opt.Loss, opt.Progress}
	if err := g.descend(ctx, s, step, m.x, m.y, m.bias); err != nil {
		return nil, err
	}
	m.settle(g.seen)
	return m, nil
}

// rankWeight returns the weight of a violation found at that trial, at most 1.
// The draws of a cell are a sample of the whole catalogue, so the rank is one
// among all items.
func rankWeight(items, trial int) float32 {
	return float32(math.Log(float64(max((items-1)/trial, 1))) / math.Log(float64(max(items-1, 2))))
}

// cell takes the steps of a cell.
func (m *WARP) cell(entries *sparse.CSR, c *sgdCell, t *pairScratch, rate float32) float64 {
	f := m.factors
	keep := 1 - float32(rate*float32(m.rule.regularization))
	loss := 0.0
	for k := range c.users {
		u, pos := c.run(k)
		if len(pos) == len(c.items) {
			continue // no negative in this block
		}
		x := m.x[int(u)*f : int(u)*f+f]
		for _, p := range pos {
			i := entries.Col[p]
			t.has.add(i)
		}
		for _, p := range pos {
			i := entries.Col[p]
			yi := m.y[int(i)*f : int(i)*f+f]
			worst := m.bias[i] + vec.Dot(x, yi) - 1
			for trial := 1; trial <= m.rule.samples; trial++ {
				j := draw(c.items, t.has, c.rand)
				yj := m.y[int(j)*f : int(j)*f+f]
				hinge := m.bias[j] + vec.Dot(x, yj) - worst
				if !(hinge > 0) {
					continue
				}
				w := rankWeight(m.drawable(), trial)
				loss += float64(w) * float64(hinge)
				a := float32(rate * w)
				vec.PairStep(x, yi, yj, a, keep)
				m.bias[i] = float32(keep*m.bias[i]) + a
				m.bias[j] = float32(keep*m.bias[j]) - a
				break
			}
		}
		for _, p := range pos {
			i := entries.Col[p]
			t.has.drop(i)
		}
	}
	return loss
}

// fold takes WARP steps on dst alone.
func (m *WARP) fold(t *foldScratch, dst []float32, q Query) (float32, error) {
	return 0, m.rule.passes(t, dst, q, func(i int32, _, rate float32) {
		if len(q.Items) >= m.drawable() {
			return
		}
		worst := m.bias[i] + vec.Dot(dst, m.latent.ItemVector(int(i))) - 1
		for trial := 1; trial <= m.rule.samples; trial++ {
			j := m.drawAny(t)
			if !(m.bias[j]+vec.Dot(dst, m.latent.ItemVector(int(j))) > worst) {
				continue
			}
			a := float32(rate * rankWeight(m.drawable(), trial))
			vec.Scale(1-float32(rate*float32(m.rule.regularization)), dst)
			vec.Axpy(a, m.latent.ItemVector(int(i)), dst)
			vec.Axpy(-a, m.latent.ItemVector(int(j)), dst)
			break
		}
	})
}

// Meaning says what a score stands for.
func (*WARP) Meaning() string {
	return "log-odds-like preference, comparable within one user only"
}

// SparseScores is false: 0 is a score like any other.
func (*WARP) SparseScores() bool { return false }

// ReadsOrder is false: the history is a set.
func (*WARP) ReadsOrder() bool { return false }

// Score writes b_i + x_u·y_i for every item. The vector is that of q.User where
// the fit knew the user, and the fold-in of the history otherwise; ErrEmpty when
// there is neither, ErrRange for a weight that is negative or not finite.
func (m *WARP) Score(dst []float32, q Query) error {
	m = orZero(m)
	return m.score(dst, q, m)
}

// FoldIn writes into dst the vector of a user with that history: the steps of
// the fit with all items fixed, from a vector of zeros. nil weights mean 1 each.
// Cost: at most 2000 steps, or 20 for each item of longer histories. ErrEmpty,
// ErrShape, ErrRange.
func (m *WARP) FoldIn(dst []float32, items []int32, weights []float32) error {
	m = orZero(m)
	return m.foldIn("WARP.FoldIn", dst, items, weights, m)
}

// What the scan of scan.go asks of a model of vectors.

func (m *WARP) self() Model { return m }

func (m *WARP) queryVector(buf []float32, q Query) ([]float32, float32, error) {
	return m.vectorOf(buf, q, m)
}

// AppendBinary appends the frame of m to dst.
func (m *WARP) AppendBinary(dst []byte) ([]byte, error) {
	if m == nil || m.Items() == 0 {
		return dst, errUnfitted("WARP")
	}
	return appendSampled(dst, codec.KindWARP, &m.latent, &m.rule), nil
}

// MarshalBinary returns the frame of m.
func (m *WARP) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary decodes a frame; m is unchanged when it fails. It must not run
// beside other uses of m. Payload of
// version 1, in the words of Persistent:
//
//	vectors
//	rule
//
// Anything else and bytes left over are ErrCorrupt, a newer version is ErrVersion, a
// frame of something else ErrMismatch.
func (m *WARP) UnmarshalBinary(data []byte) error {
	d, rule, err := openSampled(m, data, codec.KindWARP, "WARP")
	if err != nil {
		return err
	}
	m.set(d)
	m.rule = rule
	return nil
}
