package modeltest

import (
	"context"
	"encoding"
	"runtime/debug"
	"slices"
	"sync"
	"testing"
)

// Data is what a learner is fitted on. A fit must not change it, nor keep it.
type Data struct {
	Rows    [][]float64 // one row a case, all as wide; missing values are NaN
	Y       []float64   // a label 0, 1, …, an amount, a count >= 0, or a relevance 0 … 4
	Weights []float64   // one a row, whole numbers >= 0; nil: all 1
	Groups  []int       // of each row the query that it belongs to; nil without Case.Groups
	// Categorical lists the columns that hold codes 0, 1, …; nil without Case.Categorical.
	Categorical []int
}

// Fitted is a fitted model.
type Fitted struct {
	// Predict appends to dst for each row its prediction, one number, or one for each class of more than two. It
	// is called by many at once.
	Predict func(dst []float64, rows [][]float64) ([]float64, error)
	// State is the binary form; nil: the learner has none, and is known by its predictions.
	State encoding.BinaryMarshaler
}

// A Case is a learner under test: how it is fitted, and what is special about it. The zero value of every field but Fit
// is a regression that reads numbers alone, and gives the same bytes for permuted rows.
type Case struct {
	// Fit fits the learner. It is called many times, with bad data, too, which it must refuse.
	Fit func(ctx context.Context, d Data) (Fitted, error)
	// Decode reads the binary form of a Fitted. Nil: what a frame keeps is not checked.
	Decode func(data []byte) (Fitted, error)
	// Data, if not nil, makes the rows in place of the planted ones: about n of them, those of another
	// seed of the same kind. Column 0 is the one of Monotone.
	Data func(n int, seed uint64) Data

	// Classes is the number of classes: 2 (a prediction is the probability of class 1) or more (one
	// for each). 0: y are amounts.
	Classes int
	// Scores says that predictions are scores that rise with what is asked, in no unit.
	Scores bool
	// Counts says that y are counts and predictions are >= 0.
	Counts bool
	// Groups says that rows are ranked within queries, by scores.
	Groups bool
	// Categorical and Missing say that the learner reads categories and missing values. Without Missing it
	// refuses a fit on NaN.
	Categorical, Missing bool
	// Weighted says that it takes weights, and that whole ones are rows that come so often: how far predictions
	// may differ, as a share of their standard deviation. 0: it takes none.
	Weighted float64
	// Monotone says that Fit asks for predictions that do not fall with column 0.
	Monotone bool
	// Ordered says that the order of rows matters, as it does to online learners.
	Ordered bool
	// Permuted is how far predictions may differ where rows come in another order, as a share of their standard
	// deviation. 0: not at all, nor does a byte.
	Permuted float64
	// Skip names the checks that do not apply, each with the reason, which the skipped
	// subtest gives. A name of no check fails Run.
	Skip map[string]string
}

// A Check is one property that every learner has.
type Check struct {
	Name string // of the subtest
	Says string // what the learner must do
	run  func(t testing.TB, s *subject)
}

// Run makes the check of a learner, whatever Case.Skip says, and reports to t. A panic of the learner is
// reported as the failure of the check.
func (k Check) Run(t testing.TB, c Case) {
	t.Helper()
	if k.run == nil {
		t.Fatal("modeltest: a Check that is none of Checks")
	}
	k.guarded(t, newSubject(t, c))
}

// Checks returns all checks, in the order of Run.
func Checks() []Check { return slices.Clone(checks) }

var checks = []Check{
	{"finite", "predictions are appended, finite, one a row or class; probabilities in [0, 1] that sum to 1, counts >= 0", checkFinite},
	{"learns", "rows that it has not seen are told apart better than by chance", checkLearns},
	{"monotone", "predictions do not fall with column 0, where that was asked", checkMonotone},
	{"missing", "rows of missing values are answered, or refused by a learner that does not read them", checkMissing},
	{"unseen", "categories that were never seen, and codes that are none, are answered", checkUnseen},
	{"same bytes", "at GOMAXPROCS 1, 2 and 8 the model is the same", checkSameBytes},
	{"permuted", "rows in another order give the same model", checkPermuted},
	{"weights", "whole weights are rows that come so often", checkWeights},
	{"absent", "rows of weight 0 count as absent", checkAbsent},
	{"round trip", "a decoded model is the model, and damaged bytes are refused", checkRoundTrip},
	{"readers", "many readers at once get what one gets", checkReaders},
	{"bad input", "no rows, lengths that do not agree, infinite values, labels that are none and weights below 0 are refused", checkBadInput},
	{"bad rows", "rows of another width are refused, and leave dst as it was", checkBadRows},
	{"cancel", "a fit whose context has ended returns its cause", checkCancel},
	{"data kept", "the data are not changed, and the model does not change with them", checkDataKept},
}

// Run runs all checks of a learner as subtests of t.
func Run(t *testing.T, c Case) {
	t.Helper()
	s := newSubject(t, c)
	for _, k := range checks {
		t.Run(k.Name, func(t *testing.T) {
			if why, skip := c.Skip[k.Name]; skip {
				t.Skip(why)
			}
			k.guarded(t, s)
		})
	}
	for name := range c.Skip {
		if !slices.ContainsFunc(checks, func(k Check) bool { return k.Name == name }) {
			t.Errorf("Skip names %q, which is no check", name)
		}
	}
}

// guarded runs the check, and reports a panic of the learner as its failure, so that the other checks still have
// their say.
func (k Check) guarded(t testing.TB, s *subject) {
	t.Helper()
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("the learner panics: %v\n%s", p, debug.Stack())
		}
	}()
	k.run(t, s)
}

// subject is a case with its data, and the model fitted on them, made when first asked for.
type subject struct {
	Case
	train, test Data
	once        sync.Once
	m           Fitted
	err         error
}

func newSubject(t testing.TB, c Case) *subject {
	t.Helper()
	if c.Fit == nil {
		t.Fatal("modeltest: Case.Fit is nil")
	}
	s := &subject{Case: c}
	if s.Data == nil {
		s.Data = s.planted
	}
	s.train, s.test = s.Data(300, 1), s.Data(300, 2)
	return s
}

// model returns the model fitted on the training data.
func (s *subject) model(t testing.TB) Fitted {
	t.Helper()
	s.once.Do(func() { s.m, s.err = s.Fit(context.Background(), s.train) })
	if s.err != nil {
		t.Fatalf("the fit fails: %v", s.err)
	}
	if s.m.Predict == nil {
		t.Fatal("Fitted.Predict is nil")
	}
	return s.m
}

// fit fits on other data.
func (s *subject) fit(t testing.TB, d Data) Fitted {
	t.Helper()
	m, err := s.Fit(context.Background(), d)
	if err != nil {
		t.Fatalf("the fit fails: %v", err)
	}
	return m
}

// width is how many numbers a prediction has.
func (s *subject) width() int {
	if s.Classes > 2 {
		return s.Classes
	}
	return 1
}
