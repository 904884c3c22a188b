package online

import (
	"fmt"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

// FMOptions configures NewFM and NewFieldFM.
type FMOptions struct {
	// Factors is the length of a vector, in [1, 1024]; 0 means 8, of NewFieldFM 4.
	Factors int
	// Rate is the rate η at which weights start, > 0; 0 means .05, of NewFieldFM .2. Each falls with the root of 1
	// and the sum of its squared gradients (AdaGrad).
	Rate float64
	// L2 shrinks the weights and vectors of the features of a row whenever one is learnt, >= 0; 0 means 2e-5,
	// negative none.
	L2 float64
	// Spread is how far vectors start from 0, > 0; 0 means .1, of NewFieldFM 1: from uniform draws in ±Spread·√(3/Factors),
	// of NewFieldFM in [0, Spread/√Factors), as libffm has it.
	Spread float64
	// Normalize scales each row to length 1, so that rows of many features teach and are scored as those
	// of few (instance-wise normalisation, Juan et al. 2016). NewFieldFM always does.
	Normalize bool
	// Loss is Logistic or Squared.
	Loss Loss
	// NoIntercept leaves out the constant, which no penalty holds down.
	NoIntercept bool
	// Seed is that of the first vectors.
	Seed uint64
}

const maxFactors = 1024

// withDefaults fills in what is left out, for field-aware vectors or plain ones.
func (o FMOptions) withDefaults(fields bool) FMOptions {
	factors, rate, spread := 8, .05, .1
	if fields {
		factors, rate, spread, o.Normalize = 4, .2, 1, true
	}
	o.Factors = check.Default(o.Factors, factors)
	o.Rate = check.Default(o.Rate, rate)
	o.L2 = check.OrOff(o.L2, 2e-5)
	o.Spread = check.Default(o.Spread, spread)
	return o
}

// validate wants defaults filled in.
func (o *FMOptions) validate(where string) error {
	var c check.Options
	c.Require(o.Factors >= 1 && o.Factors <= maxFactors, "Factors", o.Factors, fmt.Sprintf("in [1, %d]", maxFactors))
	c.Require(o.Rate >= 1e-9 && o.Rate <= 1e3, "Rate", o.Rate, "in [1e-9, 1e3]")
	c.Require(o.L2 >= 0 && o.L2 <= 1e3, "L2", o.L2, "in [0, 1e3]")
	c.Require(o.Spread >= 1e-9 && o.Spread <= 1e3, "Spread", o.Spread, "in [1e-9, 1e3]")
	c.Require(o.Loss == Logistic || o.Loss == Squared, "Loss", int(o.Loss), "Logistic or Squared")
	return c.Err(where)
}

// FM is a factorisation machine (Rendle 2010) that learns from a stream: a weight and a vector a feature,
// the score being
//
//	w₀ + Σ wᵢzᵢ + Σ_{i<j} vᵢ·vⱼ zᵢzⱼ
//
// so that it learns which users like which ads from pairs that were never seen together, where a linear
// model needs each pair as a cross. Each number has a rate of its own (AdaGrad): with gradient g, h += g²,
// it moves by -Rate·g/√h, h from 1. O(features·Factors) an example.
//
// It learns well in several passes, by Fit; in one pass FTRL with crosses may be ahead. A learner belongs to one goroutine;
// Snapshot gives the weights to any number of readers. The order of examples matters; the same examples in
// the same order make the same bytes. 8·(1+Factors) bytes a weight.
type FM struct{ m machine }

// NewFM makes a machine that knows nothing. ErrEmpty (no space), ErrOption (also for a space with Crosses, which
// its vectors learn, and for more than 2^29 numbers).
func NewFM(s *Space, opt FMOptions) (*FM, error) {
	m, err := newMachine("online: NewFM", s, opt, 1)
	if err != nil {
		return nil, err
	}
	return &FM{m}, nil
}

// Learn predicts the label of a row, then learns it, and returns the prediction made before; as that of FTRL.
func (f *FM) Learn(r *Row, y, weight float64) (float64, error) {
	return learn("FM.Learn", f, r, y, weight)
}

// Predict returns the prediction of a row, a probability or a mean; as that of FTRL.
func (f *FM) Predict(r *Row) (float64, error) { return predicted("FM.Predict", f, r) }

// Progressive returns how good predictions were so far.
func (f *FM) Progressive() Progressive { return f.of().progressive() }

// Space returns the space of its rows.
func (f *FM) Space() *Space {
	if f == nil {
		return nil
	}
	return f.m.space
}

// Snapshot returns the weights of now, for readers. It copies 4·(1+Factors) bytes a weight. nil for a
// learner that no constructor made.
func (f *FM) Snapshot() *Snapshot {
	if !f.made() {
		return nil
	}
	return f.m.snapshot()
}

// AppendBinary appends the frame of f to dst. ErrEmpty for a learner that no constructor made.
func (f *FM) AppendBinary(dst []byte) ([]byte, error) {
	if !f.made() {
		return dst, fmt.Errorf("online: FM.AppendBinary: %w", ErrEmpty)
	}
	var w codec.Writer
	f.m.put(&w)
	return w.AppendFrame(dst, codec.KindOnlineFM, 1), nil
}

// MarshalBinary returns the frame of f: 8·(1+Factors) bytes a weight.
func (f *FM) MarshalBinary() ([]byte, error) { return f.AppendBinary(nil) }

// UnmarshalBinary decodes a frame; f is unchanged when it fails, and goes on learning where the other
// stopped when it does not. Payload of version 1:
//
//	space    as of FTRL, without crosses
//	f64 ×3   Rate, L2, Spread, as NewFM takes them, defaults filled in
//	int      Loss
//	bool     NoIntercept
//	u64      Seed
//	i64      examples >= 0
//	f64 ×5   the other sums of Progressive, finite
//	f64 ×2   constant and its sum of squares, finite, the latter >= 1
//	table    as of Snapshot, of one vector a place
//	[]f32    the sums of squares of its numbers, finite, >= 1
//
// Anything else and bytes left over are ErrCorrupt, a newer version is ErrVersion, a frame of
// something else ErrMismatch.
func (f *FM) UnmarshalBinary(data []byte) error {
	const where = "online: FM.UnmarshalBinary"
	if err := check.Receiver(where, f); err != nil {
		return err
	}
	return f.m.decode(where, data, codec.KindOnlineFM, false)
}

// of is the machine, nil of nil.
func (f *FM) of() *machine {
	if f == nil {
		return nil
	}
	return &f.m
}

func (f *FM) made() bool          { return f != nil && f.m.made() }
func (f *FM) over() *Space        { return f.m.space }
func (f *FM) loss() Loss          { return f.m.opt.Loss }
func (f *FM) count() *Progressive { return &f.m.told }
func (f *FM) scratch() int        { return f.m.factors }
func (f *FM) steps(n int) int     { return f.m.steps(n) }

func (f *FM) score(x example, room []float32) float64 { return f.m.score(x, room) }

func (f *FM) learn(x example, y, weight float64) (score, mean float64, ok bool) {
	return f.m.learn(x, y, weight)
}

func (f *FM) clone() Learner { return &FM{f.m.copy()} }

func (f *FM) become(other Learner) { *f = *other.(*FM) }
