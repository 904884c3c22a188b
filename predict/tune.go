package predict

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/moments"
	"github.com/aislekit/aisle/internal/search"
)

// Knob is one setting that Tune may vary: a range and how to put a value of it
// into an options struct. A choice among n things is an Integer knob from 0 to
// n-1, each of which is as likely.
//
// Set is called on a copy of the base options, knob after knob, so it may look at
// what the knobs before it have set. It must not write through slices, maps or
// pointers that the copy shares with base.
type Knob[O any] struct {
	Name      string                    // for messages
	Low, High float64                   // both included, finite
	Log       bool                      // search on a logarithmic scale; Low must be > 0
	Integer   bool                      // whole numbers; Low and High must be whole
	Set       func(o *O, value float64) // required

	// Get returns the value in o, NaN for none, so that TuneHalving finds settings near base;
	// nil where it cannot be told. If says whether the knob counts for o, as those before it
	// have set it, so that none is turned in vain; nil: always. Late leaves it as in
	// base until the ranges are sampled; Doubles too, and doubles it then in the best
	// settings: more costs more and may help.
	Get     func(o O) float64
	If      func(o O) bool
	Late    bool
	Doubles bool
}

// TuneMethod says how Tune picks the next settings.
type TuneMethod int

const (
	// TuneRandom draws from the ranges (Bergstra and Bengio 2012); default.
	TuneRandom TuneMethod = iota
	// TuneGrid takes every combination of GridPoints equally spaced values, or of all
	// values of an Integer knob that has fewer; at most 2²⁰ of them unless there is a
	// Budget.
	TuneGrid
	// TuneHalving, successive halving, judges settings at a low fidelity, the better third
	// of them again at three times it, up to the full judgement that base has before all
	// others. Settings are Starts, then an even sample of the ranges, then what a model
	// of the scores takes for better than the best; every third of those is judged in
	// full at once (Li et al. 2020; Falkner et al. 2018). A longer search begins with the
	// trials of a shorter one.
	TuneHalving
	// TuneBayesian models the score by a Gaussian process (Matérn 5/2) and takes the
	// settings with the largest expected improvement (Snoek et al. 2012).
	TuneBayesian
)

// TuneOptions configures Tune: the options of recommend/tune, under the same names.
type TuneOptions struct {
	Method     TuneMethod    // default TuneRandom
	Trials     int           // settings tried at the most, > 0, for TuneHalving up to 2²⁰; default 30. TuneGrid has its own number
	Budget     time.Duration // no new trial begins after this long, >= 0; 0 means no limit
	GridPoints int           // values a knob for TuneGrid, > 0; default 3
	Lowest     float64       // fidelity of the first judgement for TuneHalving, in [1e-6, 1]; default 1/9
	Starts     [][]float64   // settings that TuneHalving tries first, a finite value a knob, maybe outside its range; NaN leaves one to base
	Seed       uint64        // of the draws; 0 is a seed
}

// Trial is one setting that Tune tried.
type Trial[O any] struct {
	Options  O         // as evaluate got them
	Values   []float64 // one a knob, in order, NaN where it was left to base; nil for base itself
	Fidelity float64   // in (0, 1]; 1 is the full evaluation
	Scores   []float64 // as evaluate returned them, one a fold; nil when Err is set
	Score    float64   // their mean, NaN when Err is set
	StdErr   float64   // of Score, from the spread of Scores; NaN for a single one
	Err      error     // of evaluate, or what is wrong with its scores
}

// TuneResult is the outcome of Tune.
type TuneResult[O any] struct {
	Best    Trial[O]   // the best trial of fidelity 1, base of equals; of the highest fidelity when the budget ended before
	Trials  []Trial[O] // in the order they were made; with TuneHalving several for some settings
	Stopped bool       // by the Budget, before all Trials
}

// Tune looks for the settings with the highest mean score. evaluate fits and judges
// one options struct, as a rule by CrossValidate, and returns one score a fold: higher
// is better, so negate a loss. fidelity tells it how thorough to be (a share of the
// folds or of the rows) and is 1 but for TuneHalving. A trial that returns an error is
// kept with its error and does not stop the search. The first trial is base itself, judged
// in full, unless the method is TuneGrid; of equal scores the first wins. The winner's score
// flatters it: confirm it on rows that took no part.
//
// The same search as in recommend/tune: equal knobs, options and scores give equal
// trials. They run one after the other on the caller's goroutine, so evaluate may use
// all processors. Their sequence depends on seed and scores only; with a Budget the
// number of trials depends on the clock.
//
// To judge a list of settings, turn one knob over their positions, by TuneGrid with
// as many GridPoints.
//
// Errors: ErrOption (knobs or options), ErrEmpty (no trial succeeded) with the error of
// the first trial, and context.Cause(ctx), with what was found so far. The error of a
// trial is ErrEmpty for no scores, ErrNotFinite for one that is not finite, or
// that of evaluate.
func Tune[O any](ctx context.Context, base O, knobs []Knob[O], evaluate func(ctx context.Context, o O, fidelity float64) ([]float64, error), opt TuneOptions) (*TuneResult[O], error) {
	turn := make([]search.Knob[O], len(knobs))
	for i, k := range knobs {
		turn[i] = search.Knob[O](k)
	}
	var scores []foldScores // of the trials, in order
	var judge func(ctx context.Context, o O, fidelity float64) (float64, error)
	if evaluate != nil {
		judge = func(ctx context.Context, o O, fidelity float64) (float64, error) {
			folds, err := evaluate(ctx, o, fidelity)
			var s foldScores
			if err == nil {
				s, err = summarise(folds)
			}
			scores = append(scores, s)
			return s.mean, err
		}
	}
	found, err := search.Run(ctx, "predict: Tune", base, turn, judge, search.Options{
		Method: search.Method(opt.Method), Trials: opt.Trials, Budget: opt.Budget, GridPoints: opt.GridPoints,
		Lowest: opt.Lowest, Starts: opt.Starts, Seed: opt.Seed,
	})
	if found == nil {
		return nil, err
	}
	out := &TuneResult[O]{Trials: make([]Trial[O], len(found.Trials)), Stopped: found.Stopped}
	for i, t := range found.Trials {
		s := scores[i]
		out.Trials[i] = Trial[O]{Options: t.Options, Values: t.Values, Fidelity: t.Fidelity, Scores: s.folds, Score: t.Score, StdErr: s.stdErr, Err: t.Err}
		if i == found.At {
			out.Best = out.Trials[i]
		}
	}
	return out, err
}

// foldScores are the scores of one trial.
type foldScores struct {
	folds        []float64
	mean, stdErr float64
}

// summarise copies the scores of the folds and takes their mean and its error.
func summarise(folds []float64) (foldScores, error) {
	s := foldScores{mean: math.NaN(), stdErr: math.NaN()}
	if len(folds) == 0 {
		return s, fmt.Errorf("scores: %w", ErrEmpty)
	}
	var m moments.Welford
	for i, x := range folds {
		if err := m.Add(x); err != nil {
			return s, fmt.Errorf("scores[%d]: %w", i, err)
		}
	}
	s.folds, s.mean = slices.Clone(folds), m.Mean()
	if variance, err := m.Variance(); err == nil {
		s.stdErr = math.Sqrt(variance / float64(len(folds)))
	}
	return s, nil
}
