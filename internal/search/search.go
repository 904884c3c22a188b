package search

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/rng"
)

// A Knob is one setting that Run may vary: a range and how to put a value of it
// into an options struct. A choice among n things is an Integer knob from 0 to
// n-1, each of which is as likely.
//
// Set is called on a copy of the base options, knob after knob, so it may look at
// what the knobs before it have set (a range within a range, a setting that only
// one choice uses). It must not write through slices, maps or pointers that the
// copy shares with base.
type Knob[O any] struct {
	Name      string
	Low, High float64 // both included
	Log       bool    // search on a logarithmic scale; Low must be > 0
	Integer   bool    // whole numbers; Low and High must be whole
	Set       func(o *O, value float64)

	Get     func(o O) float64 // the value in o, NaN for none in the range; nil where it cannot be told
	If      func(o O) bool    // whether the knob counts for o, as the knobs before it have set it; nil: always
	Late    bool              // Halving leaves it as in base until the ranges are sampled
	Doubles bool              // more costs more and may help: Halving doubles it in the best settings; as Late
}

// at returns the value at position p in [0, 1].
func (k *Knob[O]) at(p float64) float64 {
	low, high := k.Low, k.High
	if k.Integer { // the ends get as much room as the others
		low, high = low-0.5, high+0.5
	}
	v := low*(1-p) + high*p
	if k.Log {
		v = math.Exp(math.Log(low)*(1-p) + math.Log(high)*p)
	}
	if k.Integer {
		v = math.Round(v)
	}
	return min(max(v, k.Low), k.High)
}

// place returns the position of a value, clipped to [0, 1]; NaN where there is none.
func (k *Knob[O]) place(v float64) float64 {
	low, high := k.Low, k.High
	if k.Integer {
		low, high = low-0.5, high+0.5
	}
	if k.Log {
		low, v, high = math.Log(low), math.Log(v), math.Log(high) // of v <= 0: NaN or -Inf
	}
	u := (v - low) / (high - low)
	if low == high {
		u = 0.5
	}
	if math.IsInf(v, 0) || v != v {
		return math.NaN()
	}
	return min(max(u, 0), 1)
}

// check reports a knob that cannot be turned.
func (k *Knob[O]) check(c *check.Options) {
	ok := check.Finite(k.Low) && check.Finite(k.High) && k.Low <= k.High && k.Set != nil && (!k.Log || k.Low > 0)
	c.Require(ok, "knob "+k.Name, fmt.Sprintf("[%v, %v]", k.Low, k.High), "a finite range (Log: above 0) and a Set function")
	whole := math.Trunc(k.Low) == k.Low && math.Trunc(k.High) == k.High && max(-k.Low, k.High) <= 1<<50
	c.Require(!ok || !k.Integer || whole, "knob "+k.Name, fmt.Sprintf("[%v, %v]", k.Low, k.High), "whole numbers below 2⁵⁰ (Integer)")
}

// choice tells whether the values may be things without an order: a few whole numbers.
func (k *Knob[O]) choice() bool { return k.Integer && !k.Log && k.High-k.Low < 9 }

// points returns how many values of a grid of n points a knob differ.
func (k *Knob[O]) points(n int) int {
	if k.Integer {
		n = int(min(float64(n), k.High-k.Low+1))
	}
	if k.Low == k.High {
		return 1
	}
	return n
}

// grid returns the position of point d of g, in [0, g).
func (k *Knob[O]) grid(d, g int) float64 {
	switch {
	case g == 1:
		return 0.5
	case k.Integer && float64(g) == k.High-k.Low+1: // each number
		low, v, high := k.Low-0.5, k.Low+float64(d), k.High+0.5
		if k.Log {
			low, v, high = math.Log(low), math.Log(v), math.Log(high)
		}
		return (v - low) / (high - low)
	}
	return float64(d) / float64(g-1)
}

// maxGrid is the largest number of combinations Grid takes on without a Budget.
const maxGrid = 1 << 20

// minFidelity bounds Lowest, and so the number of rungs.
const minFidelity = 1e-6

// Method says how Run picks the next settings.
type Method int

const (
	// Random draws from the ranges (Bergstra and Bengio 2012); default.
	Random Method = iota
	// Grid takes every combination of GridPoints equally spaced values, or of all
	// values of an Integer knob that has fewer; at most 2²⁰ of them unless there is a
	// Budget.
	Grid
	// Halving, successive halving, judges settings cheaply and the better third of them
	// again at three times the fidelity, up to the full judgement that base had first
	// (Jamieson and Talwalkar 2016; Li et al. 2020). See ladder.
	Halving
	// Bayesian models the score by a Gaussian process (Matérn 5/2) and takes the
	// settings with the largest expected improvement (Snoek et al. 2012).
	Bayesian
)

// Options configures Run.
type Options struct {
	Method     Method
	Trials     int           // settings tried at the most; default 30. Grid has its own number
	Budget     time.Duration // no new trial begins after this long; 0 means no limit
	GridPoints int           // values a knob for Grid; default 3
	Lowest     float64       // fidelity of the first judgement for Halving, in (0, 1]; default 1/9
	Starts     [][]float64   // settings that Halving tries first, a value a knob, NaN for one left to base; may lie outside the ranges
	Seed       uint64
}

// Trial is one evaluation.
type Trial[O any] struct {
	Options  O
	Values   []float64 // one a knob, in order, NaN where it was left to base; nil for the base
	Fidelity float64   // in (0, 1]; 1 is the full evaluation
	Score    float64   // NaN when Err is set
	Err      error
}

// Result is the outcome of Run.
type Result[O any] struct {
	Best   Trial[O] // the best trial of fidelity 1; of the highest fidelity when the budget ended before
	At     int      // where it stands in Trials; -1 for none
	Trials []Trial[O]

	Stopped bool // by the Budget, before all trials were made
}

// Run looks for the settings with the highest score. evaluate fits and judges
// one options struct on validation data, never on test data; fidelity tells it how
// thorough to be (a share of iterations or of users) and is 1 but for Halving. A
// trial that returns an error is kept with its error and does not stop the search.
// The first trial is base itself, unless the method is Grid.
//
// Trials run one after the other on the caller's goroutine, so evaluate may use
// all processors. Their sequence depends on seed and scores only; with a Budget
// the number of trials depends on the clock.
//
// where is what errors begin with, "tune: Search". They are ErrOption (knobs or
// options), ErrEmpty (no trial succeeded) with the error of the first, and
// context.Cause(ctx), with what was found so far.
func Run[O any](ctx context.Context, where string, base O, knobs []Knob[O], evaluate func(ctx context.Context, o O, fidelity float64) (float64, error), opt Options) (*Result[O], error) {
	opt.Trials = check.Default(opt.Trials, 30)
	opt.GridPoints = check.Default(opt.GridPoints, 3)
	opt.Lowest = check.Default(opt.Lowest, 1.0/9)
	var c check.Options
	c.Require(opt.Method >= Random && opt.Method <= Bayesian, "Method", int(opt.Method), "Random … Bayesian")
	check.Positive(&c, "Trials", opt.Trials)
	c.Require(opt.Method != Halving || opt.Trials <= maxGrid, "Trials", opt.Trials, "at most 2²⁰ for Halving, which compares each with all before")
	c.Require(opt.Lowest >= minFidelity && opt.Lowest <= 1, "Lowest", opt.Lowest, "in [1e-6, 1]")
	check.NonNegative(&c, "Budget", int64(opt.Budget))
	check.Positive(&c, "GridPoints", opt.GridPoints)
	c.Require(len(knobs) > 0, "knobs", len(knobs), "at least one")
	for i, s := range opt.Starts {
		c.Require(len(s) == len(knobs), fmt.Sprintf("Starts[%d]", i), len(s), fmt.Sprintf("%d values, one a knob", len(knobs)))
		for k, v := range s[:min(len(s), len(knobs))] {
			ok := v != v || check.Finite(v) && (!knobs[k].Integer || v == math.Trunc(v))
			c.Require(ok, fmt.Sprintf("Starts[%d][%d]", i, k), v, "a finite number, whole where the knob is Integer, or NaN")
		}
	}
	c.Require(evaluate != nil, "evaluate", "nil", "a function")
	grid := 1.0
	for i := range knobs {
		knobs[i].check(&c)
		grid *= float64(max(knobs[i].points(opt.GridPoints), 1))
	}
	c.Require(opt.Method != Grid || opt.Budget > 0 || !(grid > maxGrid), "GridPoints", fmt.Sprintf("%d, %.3g combinations", opt.GridPoints, grid), "2²⁰ combinations at most, or a Budget")
	if err := c.Err(where); err != nil {
		return nil, err
	}
	t := &run[O]{ctx: ctx, where: where, base: base, knobs: knobs, evaluate: evaluate, opt: opt, out: &Result[O]{}}
	if opt.Budget > 0 {
		t.deadline = time.Now().Add(opt.Budget)
	}
	switch opt.Method {
	case Random:
		for n := 0; n < opt.Trials && t.try(t.random(n)); n++ {
		}
	case Grid:
		t.grid()
	case Halving:
		t.halve()
	case Bayesian:
		for n := 0; n < opt.Trials && t.try(t.improve(n)); n++ {
		}
	}
	return t.finish()
}

// run is a search under way.
type run[O any] struct {
	ctx      context.Context
	where    string
	base     O
	knobs    []Knob[O]
	evaluate func(ctx context.Context, o O, fidelity float64) (float64, error)
	opt      Options
	deadline time.Time
	out      *Result[O]
	points   [][]float64 // positions of the trials; nil for base
}

// try evaluates the settings at a position (nil: base) in full and reports whether to
// go on.
func (t *run[O]) try(p []float64) bool {
	if !t.judge(t.values(p), 1) {
		return false
	}
	t.points = append(t.points, p)
	return true
}

// judge evaluates settings by their values (nil: base) and reports whether it did.
func (t *run[O]) judge(values []float64, fidelity float64) bool {
	if t.ctx.Err() != nil {
		return false
	}
	if !t.deadline.IsZero() && len(t.out.Trials) > 0 && time.Now().After(t.deadline) {
		t.out.Stopped = true
		return false
	}
	r := Trial[O]{Fidelity: fidelity}
	r.Options, r.Values = t.apply(values)
	r.Score, r.Err = t.evaluate(t.ctx, r.Options, fidelity)
	if r.Err == nil && !check.Finite(r.Score) {
		r.Err = fmt.Errorf("score is %v: %w", r.Score, check.ErrNotFinite)
	}
	if r.Err != nil {
		r.Score = math.NaN()
	}
	t.out.Trials = append(t.out.Trials, r)
	return true
}

// values returns those of a position, nil for that of base.
func (t *run[O]) values(p []float64) []float64 {
	if p == nil {
		return nil
	}
	out := make([]float64, len(p))
	for i := range t.knobs {
		out[i] = t.knobs[i].at(p[i])
	}
	return out
}

// apply turns the knobs to the values that are given, NaN for one that is left alone, and
// returns the settings and the values of those that counted.
func (t *run[O]) apply(values []float64) (o O, turned []float64) {
	o = t.base
	if values == nil {
		return o, nil
	}
	turned = make([]float64, len(values))
	for i := range t.knobs {
		k := &t.knobs[i]
		if turned[i] = math.NaN(); values[i] == values[i] && (k.If == nil || k.If(o)) {
			turned[i] = values[i]
			k.Set(&o, values[i])
		}
	}
	return o, turned
}

// random returns the n-th random position, nil for the first.
func (t *run[O]) random(n int) []float64 {
	if n == 0 {
		return nil
	}
	return t.draw(uint64(n))
}

// draw returns the n-th position of the seed's stream, one coordinate a knob.
func (t *run[O]) draw(n uint64) []float64 {
	r := rng.New(t.opt.Seed, 0x74756e65, n)
	p := make([]float64, len(t.knobs))
	for i := range p {
		p[i] = r.Float64()
	}
	return p
}

// grid tries every combination, the last knob turning fastest.
func (t *run[O]) grid() {
	digits := make([]int, len(t.knobs))
	for {
		p := make([]float64, len(digits))
		for i, d := range digits {
			p[i] = t.knobs[i].grid(d, t.knobs[i].points(t.opt.GridPoints))
		}
		_, turned := t.apply(t.values(p))
		again := false // a knob that does not count has been turned
		for i, d := range digits {
			again = again || d > 0 && turned[i] != turned[i]
		}
		if !again && !t.try(p) {
			return
		}
		i := len(digits) - 1
		for ; i >= 0; i-- {
			if digits[i]++; digits[i] < t.knobs[i].points(t.opt.GridPoints) {
				break
			}
			digits[i] = 0
		}
		if i < 0 {
			return
		}
	}
}

// finish returns what was found: the best of the trials of highest fidelity, the
// earliest of equals.
func (t *run[O]) finish() (*Result[O], error) {
	t.out.At = -1
	for i, r := range t.out.Trials {
		if r.Err != nil {
			continue
		}
		if t.out.At < 0 || r.Fidelity > t.out.Best.Fidelity || r.Fidelity == t.out.Best.Fidelity && r.Score > t.out.Best.Score {
			t.out.At, t.out.Best = i, r
		}
	}
	if t.ctx.Err() != nil {
		return t.out, context.Cause(t.ctx)
	}
	if t.out.At < 0 { // of one trial at least: the first is always made
		return t.out, fmt.Errorf("%s: no trial succeeded, the first: %w: %w", t.where, t.out.Trials[0].Err, check.ErrEmpty)
	}
	return t.out, nil
}
