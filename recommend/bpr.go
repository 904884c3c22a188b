package recommend

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/sparse"
	"github.com/aislekit/aisle/internal/vec"
)

var (
	_ Persistent   = (*BPR)(nil)
	_ Meaner       = (*BPR)(nil)
	_ SparseScorer = (*BPR)(nil)
	_ OrderReader  = (*BPR)(nil)
	_ Similar      = (*BPR)(nil)
	_ SimilarUsers = (*BPR)(nil)
	_ Folder       = (*BPR)(nil)
	_ ItemVectors  = (*BPR)(nil)
)

// BPROptions configures FitBPR.
type BPROptions struct {
	Factors int // length of the vectors; default 64
	Epochs  int // passes over the entries; default 100

	// Rate is the learning rate η. Default 0.05, and up to four times as much where
	// vectors get few steps: times 64/(√a + √b)², a the mean number of entries of a
	// user and b that of an item.
	Rate           float64
	Decay          float64 // in [0, 1]: the rate falls evenly to (1-Decay)·Rate; default 0.9, negative means 0
	Regularization float64 // λ; default 0.02, negative means 0

	// Candidates is the number of items drawn for a negative, the one with the
	// highest score being taken: dynamic negative sampling (Zhang et al. 2013).
	// Default 1: uniform, as published. More makes harder negatives, which helps
	// the top of the lists and wants more Regularization.
	Candidates int

	Seed    uint64 // of start vectors and draws
	Workers int    // goroutines; default GOMAXPROCS. No influence on the result

	Loss     bool           // report the mean loss of an epoch's samples in Progress
	Progress func(Progress) // called after each epoch, on the caller's goroutine
}

func (o BPROptions) withDefaults(x *Interactions) BPROptions {
	o.Factors = check.Default(o.Factors, 64)
	o.Epochs = check.Default(o.Epochs, 100)
	o.Rate = check.Default(o.Rate, 0.05*haste(x, 64))
	o.Decay = check.OrOff(o.Decay, 0.9)
	o.Regularization = check.OrOff(o.Regularization, 0.02)
	o.Candidates = check.Default(o.Candidates, 1)
	return o
}

func (o BPROptions) validate() error {
	var c check.Options
	requireSGD(&c, o.Factors, o.Epochs, o.Rate, o.Decay, o.Regularization)
	c.Require(o.Candidates > 0 && o.Candidates <= maxFoldWork, "Candidates", o.Candidates, fmt.Sprintf("in [1, %d]", maxFoldWork))
	return c.Err("recommend: FitBPR")
}

// BPR is matrix factorisation for a pairwise loss, Bayesian personalised
// ranking (Rendle et al. 2009). For a user u with item i and without item j it
// minimises, over triples drawn at random,
//
//	-ln σ(s_ui - s_uj) + λ/2·(‖x_u‖² + ‖y_i‖² + ‖y_j‖² + b_i² + b_j²),  s_ui = b_i + x_u·y_i
//
// by stochastic gradient steps. Entries of weight 0 count as none, other weights
// as 1. A score is s_ui; only its order means something. Strangers are folded in
// by steps on their vector alone, the same ones each time. Items without entries are
// never drawn: they have the zero vector and the lowest b of the others, which puts
// them behind all but what the user is far from. Immutable, safe for concurrent use.
type BPR struct {
	latent
	rule sgdRule
}

// FitBPR fits the model. Each epoch takes one step for every entry, in a random
// order that does not depend on Workers; the negative comes from a random part
// of the catalogue that changes from epoch to epoch (see Gemulla et al. 2011 for
// the scheme), so the steps run in parallel and the same seed gives the same
// bytes.
//
// Cost an epoch: O(entries·f·(2+Candidates)), f the number of factors, spread
// over Workers. Memory: 4·f bytes a user and an item, 16 bytes an entry.
//
// Errors: ErrEmpty, ErrOption, ErrRange (a negative weight), ErrDiverged
// (vectors that are not finite), and context.Cause(ctx).
func FitBPR(ctx context.Context, x *Interactions, opt BPROptions) (*BPR, error) {
	if err := x.checkImplicit("FitBPR"); err != nil {
		return nil, err
	}
	opt = opt.withDefaults(x)
	if err := opt.validate(); err != nil {
		return nil, err
	}
	x = x.positives()
	m := &BPR{rule: sgdRule{opt.Epochs, opt.Rate, opt.Decay, opt.Regularization, opt.Candidates, opt.Seed}}
	if err := m.start(ctx, x, opt.Factors, startSpread, opt.Seed); err != nil {
		return nil, err
	}
	scratch := newPairScratch(x, opt.Workers)
	step := func(w int, c *sgdCell, rate float32) float64 {
		return m.cell(x.users, c, &scratch[w], rate, opt.Loss)
	}
	s := sgdSchedule{"FitBPR", opt.Epochs, opt.Rate, opt.Decay, opt.Loss, opt.Progress}
	g := newGrid(x.users, opt.Seed, opt.Workers)
	if err := g.descend(ctx, s, step, m.x, m.y, m.bias); err != nil {
		return nil, err
	}
	m.settle(g.seen)
	return m, nil
}

// pairScratch is the memory of a worker: the set of the user's items.
type pairScratch struct{ has indexSet }

func newPairScratch(x *Interactions, workers int) []pairScratch {
	s := make([]pairScratch, parallel.Workers(workers))
	for w := range s {
		s[w].has = newIndexSet(x.Items())
	}
	return s
}

// cell takes the steps of a cell.
func (m *BPR) cell(entries *sparse.CSR, c *sgdCell, t *pairScratch, rate float32, wantLoss bool) float64 {
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
			j, sj := m.hardest(x, c.items, t.has, c.rand)
			yj := m.y[int(j)*f : int(j)*f+f]
			margin := m.bias[i] + vec.Dot(x, yi) - sj
			g := sigmoid(-margin)
			if wantLoss {
				loss += softplus(float64(-margin))
			}
			a := float32(rate * g)
			vec.PairStep(x, yi, yj, a, keep)
			m.bias[i] = float32(keep*m.bias[i]) + a
			m.bias[j] = float32(keep*m.bias[j]) - a
		}
		for _, p := range pos {
			i := entries.Col[p]
			t.has.drop(i)
		}
	}
	return loss
}

// hardest draws items outside has, which must leave some, and returns the one
// with the highest score.
func (m *BPR) hardest(x []float32, items []int32, has indexSet, r *rng.Stream) (j int32, score float32) {
	f := m.factors
	score = float32(math.Inf(-1))
	for range m.rule.samples {
		i := draw(items, has, r)
		if s := m.bias[i] + vec.Dot(x, m.y[int(i)*f:int(i)*f+f]); s > score {
			j, score = i, s
		}
	}
	return j, score
}

// draw returns a random item outside has.
func draw(items []int32, has indexSet, r *rng.Stream) int32 {
	for {
		if i := items[r.Intn(len(items))]; !has.has(i) {
			return i
		}
	}
}

// fold takes BPR steps on dst alone.
func (m *BPR) fold(t *foldScratch, dst []float32, q Query) (float32, error) {
	f := m.factors
	err := m.rule.passes(t, dst, q, func(i int32, _, rate float32) {
		if len(q.Items) >= m.drawable() {
			return
		}
		best, sj := int32(0), float32(math.Inf(-1))
		for range m.rule.samples {
			j := m.drawAny(t)
			if s := m.bias[j] + vec.Dot(dst, m.latent.ItemVector(int(j))); s > sj {
				best, sj = j, s
			}
		}
		a := float32(rate * sigmoid(sj-m.bias[i]-vec.Dot(dst, m.y[int(i)*f:int(i)*f+f])))
		t.shrink(dst, 1-float32(rate*float32(m.rule.regularization)))
		vec.Axpy(a, m.latent.ItemVector(int(i)), dst)
		vec.Axpy(-a, m.latent.ItemVector(int(best)), dst)
	})
	return t.fromBias, err
}

// Meaning says what a score stands for.
func (*BPR) Meaning() string {
	return "log-odds-like preference, comparable within one user only"
}

// SparseScores is false: 0 is a score like any other.
func (*BPR) SparseScores() bool { return false }

// ReadsOrder is false: the history is a set.
func (*BPR) ReadsOrder() bool { return false }

// Score writes b_i + x_u·y_i for every item. The vector is that of q.User where
// the fit knew the user, and the fold-in of the history otherwise; ErrEmpty when
// there is neither, ErrRange for a weight that is negative or not finite.
func (m *BPR) Score(dst []float32, q Query) error {
	m = orZero(m)
	return m.score(dst, q, m)
}

// FoldIn writes into dst the vector of a user with that history: the steps of
// the fit with all items fixed, from a vector of zeros. nil weights mean 1 each.
// Cost: at most 2000 steps, or 20 for each item of longer histories. ErrEmpty,
// ErrShape, ErrRange.
func (m *BPR) FoldIn(dst []float32, items []int32, weights []float32) error {
	m = orZero(m)
	return m.foldIn("BPR.FoldIn", dst, items, weights, m)
}

// What the scan of scan.go asks of a model of vectors.

func (m *BPR) self() Model { return m }

func (m *BPR) queryVector(buf []float32, q Query) ([]float32, float32, error) {
	return m.vectorOf(buf, q, m)
}

// AppendBinary appends the frame of m to dst.
func (m *BPR) AppendBinary(dst []byte) ([]byte, error) {
	if m == nil || m.Items() == 0 {
		return dst, errUnfitted("BPR")
	}
	return appendSampled(dst, codec.KindBPR, &m.latent, &m.rule), nil
}

// MarshalBinary returns the frame of m.
func (m *BPR) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary decodes a frame; m is unchanged when it fails. It must not run
// beside other uses of m. Payload of
// version 1, in the words of Persistent:
//
//	vectors
//	rule
//
// Anything else and bytes left over are ErrCorrupt, a newer version is ErrVersion, a
// frame of something else ErrMismatch.
func (m *BPR) UnmarshalBinary(data []byte) error {
	d, rule, err := openSampled(m, data, codec.KindBPR, "BPR")
	if err != nil {
		return err
	}
	m.set(d)
	m.rule = rule
	return nil
}
