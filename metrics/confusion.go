package metrics

import (
	"encoding"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ encoding.BinaryAppender    = (*Confusion)(nil)
	_ encoding.BinaryUnmarshaler = (*Confusion)(nil)
)

// Confusion counts yes/no predictions against what happened. The zero value is
// empty and ready; the fields may be filled in directly: a negative one makes every
// measure ErrRange. Merge is exact.
type Confusion struct {
	TP, FP, FN, TN int64 // true and false positives, false and true negatives
}

// Add adds one prediction; a count of 2^63−1 stays there.
func (c *Confusion) Add(actual, predicted bool) {
	if c == nil {
		return
	}
	n := &c.TN
	switch {
	case actual && predicted:
		n = &c.TP
	case predicted:
		n = &c.FP
	case actual:
		n = &c.FN
	}
	if *n < math.MaxInt64 {
		*n++
	}
}

// AddScores adds a prediction "yes" for each score at or above threshold.
// ErrShape for different lengths, ErrNotFinite for a score that is
// NaN or infinite and a threshold that is NaN; c is then unchanged.
func (c *Confusion) AddScores(actual []bool, scores []float64, threshold float64) error {
	if err := check.Receiver("metrics: Confusion.AddScores", c); err != nil {
		return err
	}
	if err := check.Len("scores", len(scores), len(actual)); err != nil {
		return fmt.Errorf("metrics: Confusion.AddScores: %w", err)
	}
	if math.IsNaN(threshold) {
		return fmt.Errorf("metrics: Confusion.AddScores: threshold is NaN: %w", ErrNotFinite)
	}
	sum := *c
	for i, s := range scores {
		if !check.Finite(s) {
			return fmt.Errorf("metrics: Confusion.AddScores: scores[%d] is %v: %w", i, s, ErrNotFinite)
		}
		sum.Add(actual[i], s >= threshold)
	}
	*c = sum
	return nil
}

// Merge adds the predictions of other. ErrMismatch for a merge with itself,
// ErrOverflow beyond int64, ErrRange for a negative count; c is then unchanged.
func (c *Confusion) Merge(other *Confusion) error {
	if err := check.Merge("metrics: Confusion.Merge", c, other); err != nil {
		return err
	}
	for _, x := range []*Confusion{c, other} {
		if err := x.valid("Merge"); err != nil {
			return err
		}
	}
	var sum Confusion
	for _, f := range []struct {
		to   *int64
		a, b int64
	}{{&sum.TP, c.TP, other.TP}, {&sum.FP, c.FP, other.FP}, {&sum.FN, c.FN, other.FN}, {&sum.TN, c.TN, other.TN}} {
		x, err := check.AddInt64(f.a, f.b)
		if err != nil {
			return fmt.Errorf("metrics: Confusion.Merge: %w", err)
		}
		*f.to = x
	}
	*c = sum
	return nil
}

// quotient returns num/den of a valid table, at most 1.
func (c Confusion) quotient(what string, num, den float64) (float64, error) {
	if err := c.valid(what); err != nil {
		return math.NaN(), err
	}
	if den == 0 {
		return math.NaN(), undefined("Confusion: %s: 0/0", what)
	}
	return min(num/den, 1), nil
}

// valid is ErrRange for a table with a negative count.
func (c Confusion) valid(what string) error {
	if c.TP < 0 || c.FP < 0 || c.FN < 0 || c.TN < 0 {
		return fmt.Errorf("metrics: Confusion: %s: %+v has a negative count: %w", what, c, ErrRange)
	}
	return nil
}

// Precision returns TP/(TP+FP), ErrUndefined without a predicted positive, where
// scikit-learn warns and answers 0 (zero_division), as for Recall.
func (c Confusion) Precision() (float64, error) {
	return c.quotient("precision", float64(c.TP), float64(c.TP)+float64(c.FP))
}

// Recall returns TP/(TP+FN), ErrUndefined without an actual positive.
func (c Confusion) Recall() (float64, error) {
	return c.quotient("recall", float64(c.TP), float64(c.TP)+float64(c.FN))
}

// Specificity returns TN/(TN+FP), ErrUndefined without an actual negative.
func (c Confusion) Specificity() (float64, error) {
	return c.quotient("specificity", float64(c.TN), float64(c.TN)+float64(c.FP))
}

// Accuracy returns the share of right predictions, ErrUndefined when empty.
func (c Confusion) Accuracy() (float64, error) {
	right := float64(c.TP) + float64(c.TN)
	return c.quotient("accuracy", right, right+float64(c.FP)+float64(c.FN))
}

// BalancedAccuracy returns the mean of recall and specificity.
func (c Confusion) BalancedAccuracy() (float64, error) {
	r, err := c.Recall()
	if err != nil {
		return r, err
	}
	s, err := c.Specificity()
	return (r + s) / 2, err
}

// FBeta returns (1+β²)TP / ((1+β²)TP + β²FN + FP), the harmonic mean of
// precision and recall with recall weighing β² as much. It is defined as soon
// as there is a positive, predicted or actual. ErrRange unless β > 0.
func (c Confusion) FBeta(beta float64) (float64, error) {
	if !(beta > 0) || math.IsInf(beta, 1) {
		return math.NaN(), fmt.Errorf("metrics: Confusion.FBeta: beta is %v, want > 0: %w", beta, ErrRange)
	}
	// Divided by 1+β², or β² overflows.
	w := 1 / (1 + 1/beta/beta)
	return c.quotient("F", float64(c.TP), float64(c.TP)+w*float64(c.FN)+float64(c.FP)/(1+beta*beta))
}

// F1 returns FBeta(1).
func (c Confusion) F1() (float64, error) { return c.FBeta(1) }

// MCC returns the correlation of Matthews (1975) in [−1, 1]; 0 where a row or
// column of the table is empty, as is the convention. ErrUndefined when the
// whole table is.
func (c Confusion) MCC() (float64, error) {
	if err := c.valid("MCC"); err != nil {
		return math.NaN(), err
	}
	tp, fp, fn, tn := float64(c.TP), float64(c.FP), float64(c.FN), float64(c.TN)
	if tp+fp+fn+tn == 0 {
		return math.NaN(), undefined("Confusion.MCC: MCC of no predictions")
	}
	den := math.Sqrt(tp+fp) * math.Sqrt(tp+fn) * math.Sqrt(tn+fp) * math.Sqrt(tn+fn)
	if den == 0 {
		return 0, nil
	}
	return min(max((tp*tn-fp*fn)/den, -1), 1), nil
}

// ConfusionScores is the bulk form of a Confusion's measures.
type ConfusionScores struct {
	Precision, Recall, Specificity, Accuracy, BalancedAccuracy, F1, MCC float64 // as the methods of Confusion
}

// Scores returns all measures, with zeroDivision (0, 1 or NaN) in place of
// those that are undefined.
func (c Confusion) Scores(zeroDivision float64) ConfusionScores {
	or := func(x float64, err error) float64 {
		if err != nil {
			return zeroDivision
		}
		return x
	}
	return ConfusionScores{or(c.Precision()), or(c.Recall()), or(c.Specificity()), or(c.Accuracy()), or(c.BalancedAccuracy()), or(c.F1()), or(c.MCC())}
}

// AppendBinary appends the binary form. ErrRange for a negative count.
func (c *Confusion) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("metrics: Confusion.AppendBinary", c); err != nil {
		return nil, err
	}
	if err := c.valid("AppendBinary"); err != nil {
		return nil, err
	}
	var w codec.Writer
	for _, x := range []int64{c.TP, c.FP, c.FN, c.TN} {
		w.Int64(x)
	}
	return w.AppendFrame(dst, codec.KindConfusion, 1), nil
}

// MarshalBinary returns the binary form.
func (c *Confusion) MarshalBinary() ([]byte, error) { return c.AppendBinary(nil) }

// UnmarshalBinary replaces the state. Payload of version 1, little-endian:
//
//	4×i64  TP, FP, FN, TN, each >= 0
//
// Any other length or value is ErrCorrupt, a newer version ErrVersion; the state is
// then unchanged.
func (c *Confusion) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("metrics: Confusion.UnmarshalBinary", c); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindConfusion, 1)
	if err != nil {
		return fmt.Errorf("metrics: Confusion.UnmarshalBinary: %w", err)
	}
	got := Confusion{r.Int64(), r.Int64(), r.Int64(), r.Int64()}
	if got.TP < 0 || got.FP < 0 || got.FN < 0 || got.TN < 0 {
		r.Fail("negative count")
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("metrics: Confusion.UnmarshalBinary: %w", err)
	}
	*c = got
	return nil
}
