package tune

import (
	"context"
	"time"

	"github.com/aislekit/aisle/internal/search"
)

// Knob is one setting that Search may vary: a range and how to put a value of it
// into an options struct. A choice among n things is an Integer knob from 0 to
// n-1, each of which is as likely.
//
// Set is called on a copy of the base options, knob after knob, so it may look at
// what the knobs before it have set (a range within a range, a setting that only
// one choice uses). It must not write through slices, maps or pointers that the
// copy shares with base.
type Knob[O any] struct {
	Name      string                    // for messages
	Low, High float64                   // both included, finite
	Log       bool                      // search on a logarithmic scale; Low must be > 0
	Integer   bool                      // whole numbers; Low and High must be whole
	Set       func(o *O, value float64) // required

	// Get returns the value in o, NaN for none, so that Halving finds settings near base;
	// nil where it cannot be told. If says whether the knob counts for o, as those before it
	// have set it, so that none is turned in vain; nil: always. Late leaves it as in
	// base until the ranges are sampled; Doubles too, and doubles it then in the best
	// settings: more costs more and may help.
	Get     func(o O) float64
	If      func(o O) bool
	Late    bool
	Doubles bool
}

// Method says how Search picks the next settings.
type Method int

const (
	// Random draws from the ranges (Bergstra and Bengio 2012); default.
	Random Method = iota
	// Grid takes every combination of GridPoints equally spaced values, or of all
	// values of an Integer knob that has fewer; at most 2²⁰ of them unless there is a
	// Budget.
	Grid
	// Halving, successive halving, judges settings at a low fidelity, the better third
	// of them again at three times it, up to the full judgement that base has before all
	// others. Settings are Starts, then an even sample of the ranges, then what a model
	// of the scores takes for better than the best; every third of those is judged in
	// full at once (Li et al. 2020; Falkner et al. 2018). A longer search begins with the
	// trials of a shorter one.
	Halving
	// Bayesian models the score by a Gaussian process (Matérn 5/2) and takes the
	// settings with the largest expected improvement (Snoek et al. 2012).
	Bayesian
)

// Options configures Search.
type Options struct {
	Method     Method        // default Random
	Trials     int           // settings tried at the most, > 0, for Halving up to 2²⁰; default 30. Grid has its own number
	Budget     time.Duration // no new trial begins after this long, >= 0; 0 means no limit
	GridPoints int           // values a knob for Grid, > 0; default 3
	Lowest     float64       // fidelity of the first judgement for Halving, in [1e-6, 1]; default 1/9
	Starts     [][]float64   // settings that Halving tries first, a finite value a knob, maybe outside its range; NaN leaves one to base
	Seed       uint64        // of the draws; 0 is a seed
}

// Trial is one evaluation.
type Trial[O any] struct {
	Options  O         // as evaluate got them
	Values   []float64 // one a knob, in order, NaN where it was left to base; nil for base itself
	Fidelity float64   // in (0, 1]; 1 is the full evaluation
	Score    float64   // NaN when Err is set
	Err      error     // of evaluate, or ErrNotFinite for its score
}

// Result is the outcome of Search.
type Result[O any] struct {
	Best    Trial[O]   // the best trial of fidelity 1, base of equals; of the highest fidelity when the budget ended before
	Trials  []Trial[O] // in the order they were made; with Halving several for some settings
	Stopped bool       // by the Budget, before all Trials
}

// Search looks for the settings with the highest score. evaluate fits and judges
// one options struct on validation data, never on test data; fidelity tells it how
// thorough to be (a share of iterations or of users) and is 1 but for Halving. A
// trial that returns an error is kept with its error and does not stop the search.
// The first trial is base itself, judged in full, unless the method is Grid: the best is
// never below it.
//
// Trials run one after the other on the caller's goroutine, so evaluate may use
// all processors. Their sequence depends on seed and scores only; with a Budget
// the number of trials depends on the clock.
//
// Errors: ErrOption (knobs or options), ErrEmpty (no trial succeeded) with the error
// of the first trial, and context.Cause(ctx), with what was found so far. A score that
// is not finite makes its trial ErrNotFinite.
func Search[O any](ctx context.Context, base O, knobs []Knob[O], evaluate func(ctx context.Context, o O, fidelity float64) (float64, error), opt Options) (*Result[O], error) {
	turn := make([]search.Knob[O], len(knobs))
	for i, k := range knobs {
		turn[i] = search.Knob[O](k)
	}
	found, err := search.Run(ctx, "tune: Search", base, turn, evaluate, search.Options{
		Method: search.Method(opt.Method), Trials: opt.Trials, Budget: opt.Budget, GridPoints: opt.GridPoints,
		Lowest: opt.Lowest, Starts: opt.Starts, Seed: opt.Seed,
	})
	if found == nil {
		return nil, err
	}
	out := &Result[O]{Best: Trial[O](found.Best), Stopped: found.Stopped}
	for _, t := range found.Trials {
		out.Trials = append(out.Trials, Trial[O](t))
	}
	return out, err
}
