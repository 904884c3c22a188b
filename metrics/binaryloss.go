package metrics

import (
	"encoding"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ encoding.BinaryAppender    = (*BinaryLoss)(nil)
	_ encoding.BinaryUnmarshaler = (*BinaryLoss)(nil)
)

// BinaryLossOptions configures a BinaryLoss.
type BinaryLossOptions struct {
	Bins    int     // equal-width bins of the calibration error; default 10
	Epsilon float64 // probabilities are clipped to [Epsilon, 1−Epsilon] in the log; default 2^−52, as in scikit-learn
}

func (o BinaryLossOptions) withDefaults() BinaryLossOptions {
	o.Bins = check.Default(o.Bins, 10)
	o.Epsilon = check.Default(o.Epsilon, 0x1p-52)
	return o
}

func (o BinaryLossOptions) validate(where string) error {
	var c check.Options
	c.Require(o.Bins >= 1 && o.Bins <= 1<<20, "Bins", o.Bins, "in [1, 1048576]")
	c.Require(o.Epsilon > 0 && o.Epsilon < 0.5, "Epsilon", o.Epsilon, "in (0, 0.5)")
	return c.Err(where)
}

// BinaryLoss accumulates how well predicted probabilities match what happened:
// log-loss, Brier score and calibration. Make one with NewBinaryLoss; the zero
// value has the default options. It is not safe for concurrent use; Merge is exact up to rounding.
type BinaryLoss struct {
	opt     BinaryLossOptions
	n       int64
	clipped int64
	weight  float64
	log     float64 // Σ w·loss
	square  float64 // Σ w·(p−y)²
	bins    []lossBin
}

type lossBin struct {
	Weight, P, Y float64 // sums
}

// NewBinaryLoss returns an empty accumulator. Bad options are ErrOption.
func NewBinaryLoss(opt BinaryLossOptions) (*BinaryLoss, error) {
	opt = opt.withDefaults()
	if err := opt.validate("metrics: NewBinaryLoss"); err != nil {
		return nil, err
	}
	return &BinaryLoss{opt: opt, bins: make([]lossBin, opt.Bins)}, nil
}

func (b *BinaryLoss) ensure() {
	if b.bins == nil {
		b.opt = BinaryLossOptions{}.withDefaults()
		b.bins = make([]lossBin, b.opt.Bins)
	}
}

// Add adds one prediction p of probability for what happened. ErrRange unless
// p is in [0, 1]; the state is then unchanged.
func (b *BinaryLoss) Add(actual bool, p float64) error { return b.AddWeighted(actual, p, 1) }

// AddWeighted is Add with a weight; a weight of 0 counts as absent. ErrRange
// also for a negative or infinite weight, ErrOverflow beyond float64.
func (b *BinaryLoss) AddWeighted(actual bool, p, weight float64) error {
	if err := check.Receiver("metrics: BinaryLoss.AddWeighted", b); err != nil {
		return err
	}
	if !(p >= 0 && p <= 1) {
		return fmt.Errorf("metrics: BinaryLoss.AddWeighted: probability is %v, want in [0, 1]: %w", p, ErrRange)
	}
	if !(weight >= 0) || math.IsInf(weight, 1) {
		return fmt.Errorf("metrics: BinaryLoss.AddWeighted: weight is %v, want finite and >= 0: %w", weight, ErrRange)
	}
	if weight == 0 {
		return nil
	}
	b.ensure()
	y := 0.0
	if actual {
		y = 1
	}
	loss, clipped := logLoss(actual, p, b.opt.Epsilon)
	total, sum := b.weight+weight, b.log+weight*loss
	if !check.Finite(total) || !check.Finite(sum) {
		return fmt.Errorf("metrics: BinaryLoss.AddWeighted: weights up to %v: %w", weight, ErrOverflow)
	}
	if clipped {
		b.clipped++
	}
	b.weight, b.log, b.square = total, sum, b.square+weight*(p-y)*(p-y)
	b.n++
	bin := &b.bins[min(int(p*float64(len(b.bins))), len(b.bins)-1)]
	bin.Weight += weight
	bin.P += weight * p
	bin.Y += weight * y
	return nil
}

// logLoss returns −ln of the clipped probability of what happened, and whether
// p had to be clipped.
func logLoss(actual bool, p, eps float64) (float64, bool) {
	q := min(max(p, eps), 1-eps)
	if !actual && q == 1 { // eps is so small that 1−eps is 1
		return -math.Log(eps), true
	}
	if actual {
		return -math.Log(q), q != p
	}
	return -math.Log1p(-q), q != p
}

// Merge adds the predictions of other. ErrMismatch for other options or a merge
// with itself, ErrOverflow beyond int64 and float64; b is then unchanged.
func (b *BinaryLoss) Merge(other *BinaryLoss) error {
	if err := check.Merge("metrics: BinaryLoss.Merge", b, other); err != nil {
		return err
	}
	if other.bins == nil {
		return nil // a zero value: nothing seen
	}
	b.ensure()
	if b.opt != other.opt {
		return fmt.Errorf("metrics: BinaryLoss.Merge: merge of states with options %+v and %+v: %w", b.opt, other.opt, ErrMismatch)
	}
	n, err := check.AddInt64(b.n, other.n)
	if err != nil || !check.Finite(b.weight+other.weight) || !check.Finite(b.log+other.log) {
		return fmt.Errorf("metrics: BinaryLoss.Merge: sums: %w", ErrOverflow)
	}
	b.n = n
	b.clipped += other.clipped
	b.weight += other.weight
	b.log += other.log
	b.square += other.square
	for i, x := range other.bins {
		b.bins[i].Weight += x.Weight
		b.bins[i].P += x.P
		b.bins[i].Y += x.Y
	}
	return nil
}

// BinaryLossResult holds the measures. Those that have no value for the data
// are NaN, as stated.
type BinaryLossResult struct {
	N                 int64            // predictions
	Clipped           int64            // probabilities that had to be clipped for the log
	LogLoss           float64          // −mean ln of the probability given to what happened
	Brier             float64          // mean (p−y)²
	ECE               float64          // Σ over bins of share·|mean p − mean y|
	CalibrationRatio  float64          // Σp/Σy: above 1 means too optimistic; NaN without a positive
	NormalizedEntropy float64          // log-loss over that of always predicting the base rate; NaN with one class
	BaseRate          float64          // mean y
	Bins              []CalibrationBin // ascending, without the empty ones
}

// CalibrationBin is a non-empty bin of the reliability diagram.
type CalibrationBin struct {
	Low, High float64 // of p, [Low, High), the last including 1
	Weight    float64 // of the predictions in it
	Predicted float64 // mean p
	Observed  float64 // mean y
}

// Result returns the measures; ErrUndefined when empty.
func (b *BinaryLoss) Result() (BinaryLossResult, error) {
	if err := check.Receiver("metrics: BinaryLoss.Result", b); err != nil {
		return BinaryLossResult{}, err
	}
	if b.n == 0 {
		return BinaryLossResult{}, undefined("BinaryLoss.Result: no predictions")
	}
	r := BinaryLossResult{
		N: b.n, Clipped: b.clipped, LogLoss: b.log / b.weight, Brier: b.square / b.weight,
		CalibrationRatio: math.NaN(), NormalizedEntropy: math.NaN(),
	}
	var p, y float64
	k := float64(len(b.bins))
	for i, x := range b.bins {
		if x.Weight == 0 {
			continue
		}
		p += x.P
		y += x.Y
		r.ECE += math.Abs(x.P - x.Y)
		r.Bins = append(r.Bins, CalibrationBin{float64(i) / k, float64(i+1) / k, x.Weight, x.P / x.Weight, x.Y / x.Weight})
	}
	r.ECE /= b.weight
	r.BaseRate = y / b.weight
	if y > 0 {
		r.CalibrationRatio = p / y
	}
	if q := r.BaseRate; q > 0 && q < 1 {
		r.NormalizedEntropy = r.LogLoss / -(q*math.Log(q) + (1-q)*math.Log1p(-q))
	}
	return r, nil
}

// LogLoss returns the log-loss (natural logarithm, mean over the weights) of probabilities p and the number of them that
// were clipped to [2^−52, 1−2^−52]. weights may be nil. ErrRange for a
// probability outside [0, 1]. For calibration and merging use BinaryLoss.
func LogLoss(actual []bool, p, weights []float64) (loss float64, clipped int64, err error) {
	if err := lossInput("LogLoss", actual, p, weights); err != nil {
		return math.NaN(), 0, err
	}
	const eps = 0x1p-52
	var sum, total float64
	if weights == nil {
		// One logarithm for 16 rows: the product of 16 probabilities of at least
		// 2^−52 is far above the smallest float64, and its rounding, 16 units in
		// the last place, is no more than that of 16 added logarithms.
		for lo := 0; lo < len(p); lo += 16 {
			hi := min(lo+16, len(p))
			prod := 1.0
			for i, x := range p[lo:hi] {
				q := min(max(x, eps), 1-eps)
				if q != x {
					clipped++
				}
				if !actual[lo+i] {
					q = 1 - q
				}
				prod *= q
			}
			sum -= math.Log(prod)
		}
		return sum / float64(len(p)), clipped, nil
	}
	for i, x := range p {
		w := weights[i]
		if w == 0 {
			continue
		}
		l, c := logLoss(actual[i], x, eps)
		if c {
			clipped++
		}
		sum += w * l
		total += w
	}
	return sum / total, clipped, nil
}

// Brier returns the mean of (p−y)². weights may be nil.
func Brier(actual []bool, p, weights []float64) (float64, error) {
	if err := lossInput("Brier", actual, p, weights); err != nil {
		return math.NaN(), err
	}
	var sum, total float64
	for i, x := range p {
		w := 1.0
		if weights != nil {
			w = weights[i]
		}
		if actual[i] {
			x = 1 - x
		}
		sum += w * x * x
		total += w
	}
	return sum / total, nil
}

// lossInput checks labels, probabilities and optional weights of equal length: the
// error names the row.
func lossInput(what string, actual []bool, p, weights []float64) error {
	if len(actual) == 0 {
		return fmt.Errorf("metrics: %s: no rows: %w", what, ErrEmpty)
	}
	if err := check.Len("p", len(p), len(actual)); err != nil {
		return fmt.Errorf("metrics: %s: %w", what, err)
	}
	if err := check.Weights("weights", weights, len(actual)); err != nil {
		return fmt.Errorf("metrics: %s: %w", what, err)
	}
	for i, x := range p {
		if !(x >= 0 && x <= 1) {
			return fmt.Errorf("metrics: %s: p[%d] is %v, want in [0, 1]: %w", what, i, x, ErrRange)
		}
	}
	return nil
}

// AppendBinary appends the binary form.
func (b *BinaryLoss) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("metrics: BinaryLoss.AppendBinary", b); err != nil {
		return nil, err
	}
	b.ensure()
	var w codec.Writer
	w.Float64(b.opt.Epsilon)
	w.Int64(b.n)
	w.Int64(b.clipped)
	w.Float64(b.weight)
	w.Float64(b.log)
	w.Float64(b.square)
	flat := make([]float64, 0, 3*len(b.bins))
	for _, x := range b.bins {
		flat = append(flat, x.Weight, x.P, x.Y)
	}
	w.Float64s(flat)
	return w.AppendFrame(dst, codec.KindBinaryLoss, 1), nil
}

// MarshalBinary returns the binary form.
func (b *BinaryLoss) MarshalBinary() ([]byte, error) { return b.AppendBinary(nil) }

// UnmarshalBinary replaces the state, options included. Payload of version 1, little-endian:
//
//	f64    Epsilon
//	i64    predictions, >= 0
//	i64    clipped ones, at most all
//	3×f64  sums of weight, of weight times −ln, of weight times (p−y)²
//	[]f64  of each bin: sums of weight, of weight times p, of weight times y
//
// Options must be valid and sums finite and >= 0.
// Any other length or value is ErrCorrupt, a newer version ErrVersion; the state is
// then unchanged.
func (b *BinaryLoss) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("metrics: BinaryLoss.UnmarshalBinary", b); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindBinaryLoss, 1)
	if err != nil {
		return fmt.Errorf("metrics: BinaryLoss.UnmarshalBinary: %w", err)
	}
	got := BinaryLoss{
		opt: BinaryLossOptions{Epsilon: r.Float64()}, n: r.Int64(), clipped: r.Int64(),
		weight: r.Float64(), log: r.Float64(), square: r.Float64(),
	}
	flat := r.Float64s()
	got.opt.Bins = len(flat) / 3
	if len(flat)%3 != 0 || got.opt.validate("") != nil || got.n < 0 || got.clipped < 0 || got.clipped > got.n {
		r.Fail("options or counts")
	}
	for _, x := range append(flat[:len(flat):len(flat)], got.weight, got.log, got.square) {
		if !(x >= 0) || math.IsInf(x, 1) {
			r.Fail("a sum is negative or not finite")
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("metrics: BinaryLoss.UnmarshalBinary: %w", err)
	}
	for i := 0; i < len(flat); i += 3 {
		got.bins = append(got.bins, lossBin{flat[i], flat[i+1], flat[i+2]})
	}
	*b = got
	return nil
}
