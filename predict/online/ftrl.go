package online

import (
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/rng"
)

// FTRLOptions configures NewFTRL.
type FTRLOptions struct {
	// Alpha is α of the rate α/(β+√Σg²) of each weight: the most important setting. In [1e-9, 1e9]; 0 means .1.
	Alpha float64
	// Beta is β, >= 0; 0 means 1, negative none.
	Beta float64
	// L1 keeps weights at 0 until the evidence for them is above it, in units of summed gradients: what
	// was met a few times says nothing, and frames compress well. >= 0; 0 means none.
	L1 float64
	// L2 shrinks weights, >= 0; 0 means none.
	L2 float64
	// MinRate is where the rate of a weight stops to fall, below Alpha/Beta: what then comes counts the
	// same for ever, and old examples fade, for streams that drift. 0 means that it falls for ever.
	MinRate float64
	// Loss is Logistic or Squared.
	Loss Loss
	// Negatives is the share of the examples of label 0 that are learnt from, each counted 1/Negatives
	// times, so that probabilities stay those of the stream (McMahan et al., 6.2): in (0, 1]; 0 means 1. Which
	// ones is drawn by Seed and the number of the example. The progressive loss is of all.
	Negatives float64
	// Seed is that of the draws of Negatives.
	Seed uint64
	// NoIntercept leaves out the constant, which no penalty holds down.
	NoIntercept bool
	// NoScale takes values as they are. Otherwise each is divided by the greatest |x| that its feature has had so
	// far, so that a price in cents learns as one in thousands does (Ross, Mineiro and Langford 2013, in its
	// simplest form); of values 0 and 1 there is no difference. A single value far beyond the others makes all
	// others small for ever: cut numbers that visitors can choose before they are added.
	NoScale bool
}

func (o FTRLOptions) withDefaults() FTRLOptions {
	o.Alpha = check.Default(o.Alpha, .1)
	o.Beta = check.OrOff(o.Beta, 1)
	o.Negatives = check.Default(o.Negatives, 1)
	return o
}

// validate wants defaults filled in.
func (o *FTRLOptions) validate(where string) error {
	var c check.Options
	c.Require(o.Alpha >= 1e-9 && o.Alpha <= maxValue, "Alpha", o.Alpha, "in [1e-9, 1e9]")
	for _, f := range []struct {
		name string
		x    float64
	}{{"Beta", o.Beta}, {"L1", o.L1}, {"L2", o.L2}} {
		c.Require(f.x >= 0 && f.x <= maxValue, f.name, f.x, "in [0, 1e9]")
	}
	c.Require(o.MinRate >= 0 && (o.MinRate == 0 || o.MinRate*o.Beta < o.Alpha && o.MinRate >= 1e-9 && check.Finite(o.MinRate)), "MinRate", o.MinRate, "0, or in [1e-9, Alpha/Beta)")
	c.Require(o.Loss == Logistic || o.Loss == Squared, "Loss", int(o.Loss), "Logistic or Squared")
	c.Require(o.Negatives > 0 && o.Negatives <= 1, "Negatives", o.Negatives, "in (0, 1]")
	return c.Err(where)
}

// coordinate is the state of one weight: z and n of the paper, the weight that they make, and the greatest
// |x| so far, 0 before the first.
type coordinate struct{ z, n, w, top float64 }

// scaled is the value that the weight counts.
func (c *coordinate) scaled(x float64) float64 {
	if c.top == 1 || c.top == 0 {
		return x
	}
	return x / c.top
}

// FTRL is logistic regression (or least squares) that learns from a stream of examples, one at a time,
// by FTRL-Proximal (McMahan et al. 2013, algorithm 1). Each weight has a rate of its own, which falls with the
// gradients it has seen: a rare feature learns quickly still when the common ones have settled. With
// gradient g = weight·(p-y)·x, x scaled by the greatest |x| of its feature so far,
//
//	σ = (√(n+g²)-√n)/α,  z += g-σw,  n += g²
//	w = 0 where |z| <= L1, -(z - sgn(z)·L1)/((β+√n)/α + L2) otherwise
//
// A learner belongs to one goroutine; Snapshot gives the weights to any number of readers. The order of
// examples matters; the same examples in the same order make the same bytes. 32 bytes a weight.
type FTRL struct {
	space *Space
	opt   FTRLOptions
	cap   float64 // of n, for MinRate; +Inf: none
	cells []coordinate
	bias  coordinate
	drawn uint64 // examples of label 0 so far
	told  Progressive
}

// NewFTRL makes a learner that knows nothing. ErrEmpty (no space), ErrOption.
func NewFTRL(s *Space, opt FTRLOptions) (*FTRL, error) {
	if s == nil || s.bits == 0 {
		return nil, fmt.Errorf("online: NewFTRL: space: %w", ErrEmpty)
	}
	opt = opt.withDefaults()
	if err := opt.validate("online: NewFTRL"); err != nil {
		return nil, err
	}
	m := &FTRL{space: s, opt: opt, cells: make([]coordinate, 1<<s.bits)}
	m.finish()
	return m, nil
}

// finish derives from the options where n stops.
func (m *FTRL) finish() {
	m.cap = math.Inf(1)
	if m.opt.MinRate > 0 {
		root := m.opt.Alpha/m.opt.MinRate - m.opt.Beta
		m.cap = root * root
	}
}

// step moves a weight by a gradient.
func (m *FTRL) step(c *coordinate, g, l1, l2 float64) {
	was, n := math.Sqrt(c.n), min(c.n+float64(g*g), m.cap)
	root := math.Sqrt(n)
	sigma := (root - was) / m.opt.Alpha
	c.z += g - float64(sigma*c.w)
	c.n = n
	c.set(m.opt.Alpha, m.opt.Beta, root, l1, l2)
}

// set derives the weight from z and the root of n.
func (c *coordinate) set(alpha, beta, root, l1, l2 float64) {
	switch d := (beta+root)/alpha + l2; {
	case d == 0: // gradients too small to square
		c.w = 0
	case c.z > l1:
		c.w = (l1 - c.z) / d
	case c.z < -l1:
		c.w = (-l1 - c.z) / d
	default:
		c.w = 0
	}
}

// score is the linear predictor.
func (m *FTRL) score(x example, _ []float32) float64 {
	s := m.bias.w + x.offset
	for i := range x.cells {
		c := &x.cells[i]
		w := &m.cells[c.index]
		s += float64(w.w * w.scaled(c.value))
	}
	return s
}

// maxSlope is the slope of a loss beyond which squares of gradients leave the finite numbers.
const maxSlope = 1e120

// Learn predicts the label of a row, then learns it, and returns the prediction made before. A label is
// 0 or 1 (Logistic) or any number (Squared), a weight 0 to 1e9; 1 is usual, 0 learns nothing.
// Nothing is learnt on an error: ErrRange, what is wrong with the row, ErrMismatch for a row
// of another space, ErrDiverged. O(features); it allocates nothing but the room for crosses of a new row.
func (m *FTRL) Learn(r *Row, y, weight float64) (float64, error) {
	return learn("FTRL.Learn", m, r, y, weight)
}

// widen takes values that are the greatest of their features so far into the scales, and reports whether there are such. What
// was predicted is told from the scales before: a server had no others.
func (m *FTRL) widen(x example) bool {
	if m.opt.NoScale {
		return false
	}
	wider := false
	for i := range x.cells {
		w := &m.cells[x.cells[i].index]
		if v := math.Abs(x.cells[i].value); v > w.top {
			w.top, wider = v, wider || w.w != 0
		}
	}
	return wider
}

// learn makes the step.
func (m *FTRL) learn(x example, y, weight float64) (score, mean float64, ok bool) {
	score = m.score(x, nil)
	mean = m.opt.Loss.mean(score)
	if y == 0 && m.opt.Negatives < 1 {
		m.drawn++
		if rng.Unit(rng.Hash(m.opt.Seed, m.drawn)) >= m.opt.Negatives {
			return score, mean, check.Finite(score)
		}
		weight /= m.opt.Negatives
	}
	g := weight * (mean - y)
	if !(math.Abs(g) <= maxSlope) {
		return score, mean, false
	}
	if m.widen(x) {
		g = weight * (m.opt.Loss.mean(m.score(x, nil)) - y)
	}
	for i := range x.cells {
		c := &x.cells[i]
		w := &m.cells[c.index]
		m.step(w, float64(g*w.scaled(c.value)), m.opt.L1, m.opt.L2)
	}
	if !m.opt.NoIntercept {
		m.step(&m.bias, g, 0, 0)
	}
	return score, mean, true
}

// Predict returns the prediction of a row, a probability or a mean, and learns nothing. Any number of
// readers may call it at once, each with a row of its own, while nobody learns. It allocates nothing.
func (m *FTRL) Predict(r *Row) (float64, error) { return predicted("FTRL.Predict", m, r) }

// Progressive returns how good predictions were so far.
func (m *FTRL) Progressive() Progressive {
	if m == nil {
		return Progressive{}
	}
	return m.told
}

// Space returns the space of its rows.
func (m *FTRL) Space() *Space {
	if m == nil {
		return nil
	}
	return m.space
}

// Weight returns the weight of a feature, which counts the scaled value, and the state that it comes from: z,
// and n, the sum of squared gradients. What shares its place shares them. ErrRange for a namespace that there is not.
func (m *FTRL) Weight(namespace, name string) (w, z, n float64, err error) {
	if !m.made() {
		return 0, 0, 0, fmt.Errorf("online: FTRL.Weight: %w", ErrEmpty)
	}
	at, err := m.space.Place(namespace, name)
	if err != nil {
		return 0, 0, 0, err
	}
	c := m.cells[at]
	return c.w, c.z, c.n, nil
}

// Intercept returns the constant.
func (m *FTRL) Intercept() float64 {
	if m == nil {
		return 0
	}
	return m.bias.w
}

// NonZero returns how many weights are not 0.
func (m *FTRL) NonZero() int {
	if m == nil {
		return 0
	}
	n := 0
	for i := range m.cells {
		if m.cells[i].w != 0 {
			n++
		}
	}
	return n
}

// Snapshot returns the weights of now, for readers. It copies 4 bytes a weight: a millisecond for a
// million, so a server takes one each second rather than each example. nil for a learner that
// no constructor made.
func (m *FTRL) Snapshot() *Snapshot {
	if !m.made() {
		return nil
	}
	w := make([]float32, len(m.cells))
	for i := range w {
		w[i] = float32(m.cells[i].scaled(m.cells[i].w)) // of the value as it is
	}
	return &Snapshot{space: m.space, loss: m.opt.Loss, base: m.bias.w, table: table{data: w}}
}

func (m *FTRL) made() bool          { return m != nil && m.space != nil }
func (m *FTRL) over() *Space        { return m.space }
func (m *FTRL) loss() Loss          { return m.opt.Loss }
func (m *FTRL) count() *Progressive { return &m.told }
func (m *FTRL) scratch() int        { return 0 }
func (m *FTRL) steps(n int) int     { return 16 * (1 + n) }

func (m *FTRL) clone() Learner {
	c := *m
	c.cells = slices.Clone(m.cells)
	return &c
}

func (m *FTRL) become(other Learner) { *m = *other.(*FTRL) }

// AppendBinary appends the frame of m to dst. ErrEmpty for a learner that no constructor made.
func (m *FTRL) AppendBinary(dst []byte) ([]byte, error) {
	if !m.made() {
		return dst, fmt.Errorf("online: FTRL.AppendBinary: %w", ErrEmpty)
	}
	var w codec.Writer
	m.space.put(&w)
	o := &m.opt
	for _, x := range []float64{o.Alpha, o.Beta, o.L1, o.L2, o.MinRate, o.Negatives} {
		w.Float64(x)
	}
	w.Int(int(o.Loss))
	w.Uint64(o.Seed)
	w.Bool(o.NoIntercept)
	w.Bool(o.NoScale)
	w.Uint64(m.drawn)
	m.told.put(&w)
	w.Float64(m.bias.z)
	w.Float64(m.bias.n)
	state := make([]float64, 0, 3*len(m.cells))
	for _, c := range m.cells {
		state = append(state, c.z, c.n, c.top)
	}
	w.Float64s(state)
	return w.AppendFrame(dst, codec.KindFTRL, 1), nil
}

// MarshalBinary returns the frame of m: 24 bytes a weight, zeros too; compress it.
func (m *FTRL) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary decodes a frame; m is unchanged when it fails, and goes on learning where the
// other stopped when it does not. Payload of version 1:
//
//	space    int bits in [1, 28]; u64 seed; []text namespaces, distinct, 1 to 256;
//	         int crosses, and of each two ints, numbers of namespaces, ascending, distinct
//	f64 ×6   Alpha, Beta, L1, L2, MinRate, Negatives, as NewFTRL takes them, defaults filled in
//	int      Loss
//	u64      Seed
//	bool ×2  NoIntercept, NoScale
//	u64      examples that draws were made for
//	i64      examples >= 0
//	f64 ×5   the other sums of Progressive, finite
//	f64 ×2   z and n of the constant, finite, n >= 0
//	[]f64    z, n and greatest |x| of each weight, 3·2^bits, z and n the same, |x| 0 to 1e18 (of crosses), 0 with NoScale
//
// Anything else and bytes left over are ErrCorrupt, a newer version is ErrVersion, a frame of
// something else ErrMismatch.
func (m *FTRL) UnmarshalBinary(data []byte) error {
	const where = "online: FTRL.UnmarshalBinary"
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindFTRL, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	d := FTRL{space: getSpace(r)}
	o := &d.opt
	for _, x := range []*float64{&o.Alpha, &o.Beta, &o.L1, &o.L2, &o.MinRate, &o.Negatives} {
		*x = r.Float64()
	}
	o.Loss, o.Seed, o.NoIntercept, o.NoScale, d.drawn = Loss(r.Int()), r.Uint64(), r.Bool(), r.Bool(), r.Uint64()
	d.told.get(r)
	if r.Err() == nil && o.validate("") != nil {
		r.Fail("has options that there are not")
	}
	d.finish()
	d.bias = d.state(r, r.Float64(), r.Float64(), 0, 0, 0)
	if state := r.Float64s(); r.Err() == nil && len(state) == 3<<d.space.bits {
		d.cells = make([]coordinate, len(state)/3)
		for i := range d.cells {
			d.cells[i] = d.state(r, state[3*i], state[3*i+1], state[3*i+2], o.L1, o.L2)
		}
	} else {
		r.Fail("has another number of weights")
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*m = d
	return nil
}

// state returns the coordinate of what a frame says, its weight derived.
func (m *FTRL) state(r *codec.Reader, z, n, top, l1, l2 float64) coordinate {
	c := coordinate{z: z, n: n, top: top}
	ok := check.Finite(z) && n >= 0 && n <= min(m.cap, math.MaxFloat64) && !math.Signbit(n)
	if !ok || !(top >= 0 && top <= maxValue*maxValue) || math.Signbit(top) || m.opt.NoScale && top != 0 {
		r.Fail("has a state that there is not")
		return coordinate{}
	}
	c.set(m.opt.Alpha, m.opt.Beta, math.Sqrt(n), l1, l2)
	if !check.Finite(c.w) {
		r.Fail("has a weight that is not finite")
	}
	return c
}
