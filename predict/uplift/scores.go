package uplift

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
)

// An Estimate is a mean with its interval. Where customers come in several rows, they count as one each
// (Bell and McCaffrey 2002); the interval is Student's.
type Estimate struct {
	Value     float64 // the mean
	StdErr    float64 // of Value
	Low, High float64 // the interval
	Level     float64 // of the interval
}

// Scores holds, for each row and arm, a number whose mean over rows is the mean outcome if all of them
// had that arm. Whom a policy gives which arm is judged by the mean of the scores that it picks.
type Scores struct {
	// Arms is the number of arms, control included.
	Arms int
	// Values holds Arms numbers for each row of Data; NaN for rows of weight 0. They are not to be changed.
	Values []float64

	e   []float64 // propensities, Arms numbers a row of the study
	cut float64   // what fitted ones were cut to; 0: none were
	s   *study
}

// gamma returns the doubly robust scores of the rows idx.
func (f *fitter) gamma(mu, e []float64, idx []int32) ([]float64, error) {
	out := make([]float64, f.n*f.arms)
	for _, k := range idx {
		for a := range f.arms {
			at := int(k)*f.arms + a
			out[at] = mu[at]
			if f.arm[k] == a {
				out[at] += (f.y[k] - mu[at]) / e[at]
			}
			if !check.Finite(out[at]) || math.Abs(out[at]) > maxSize*maxSize/1e60 {
				return nil, fmt.Errorf("%s: the score of row %d in arm %d is %v: %w", f.where, f.from[k], a, out[at], ErrOverflow)
			}
		}
	}
	return out, nil
}

// score makes Scores of all rows.
func (f *fitter) score(mu, e []float64) (*Scores, error) {
	g, err := f.gamma(mu, e, f.except(-1, -1))
	if err != nil {
		return nil, err
	}
	out := &Scores{Arms: f.arms, Values: f.scatter(g, f.arms), e: e, s: f.study}
	if f.e == nil && f.opt.Propensity != nil {
		out.cut = f.opt.MinPropensity
	}
	return out, nil
}

// ScoresDR returns doubly robust scores of data that a policy is to be judged on, which no model behind the
// policy has seen: those of FitDR, with models of the outcome fitted across the folds of d.
//
// Cost: Arms fits of the outcome for each fold, and those of propensities. Errors: those of FitS.
func ScoresDR(ctx context.Context, d Data, learner Learner, opt Options) (*Scores, error) {
	f, err := newFitter(ctx, "uplift: ScoresDR", d, learner, opt)
	if err != nil {
		return nil, err
	}
	mu, e, err := f.nuisances(-1)
	if err != nil {
		return nil, err
	}
	return f.score(mu, e)
}

// ScoresIPW returns scores without a model of the outcome: y/e in the arm that a row has had and 0 elsewhere.
// Propensities are those of d, or the shares of the arms. The spread of y/e is large where outcomes lie far from 0, and so are the
// intervals; ScoresDR with a learner of nothing but the mean takes that away.
//
// Errors: ErrEmpty, ErrShape, ErrNotFinite, ErrRange, ErrUndefined for an arm that nobody is in, ErrOverflow.
func ScoresIPW(d Data) (*Scores, error) {
	none := func(context.Context, [][]float64, []float64, []float64) (Predict, error) { return nil, nil }
	f, err := newFitter(context.Background(), "uplift: ScoresIPW", d, none, Options{Folds: -1})
	if err != nil {
		return nil, err
	}
	e := make([]float64, f.n*f.arms)
	if err := f.propensity(e, f.except(-1, -1), -1, -1); err != nil {
		return nil, err
	}
	return f.score(make([]float64, f.n*f.arms), e)
}

// ready refuses what no function of this package has made.
func (m *Scores) ready(where string) error {
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	if m.s == nil || len(m.Values) != m.s.given*m.s.arms || m.Arms != m.s.arms {
		return fmt.Errorf("%s: no scores: %w", where, ErrEmpty)
	}
	return nil
}

// Effects returns what a treatment adds for each row: its score less that of control, the pseudo-outcomes of
// FitDR; NaN for rows of weight 0. ErrEmpty, ErrRange for an arm that is no treatment.
func (m *Scores) Effects(arm int) ([]float64, error) {
	const where = "uplift: Scores.Effects"
	if err := m.ready(where); err != nil {
		return nil, err
	}
	if arm < 1 || arm >= m.Arms {
		return nil, fmt.Errorf("%s: arm is %d, want 1 … %d: %w", where, arm, m.Arms-1, ErrRange)
	}
	out := make([]float64, m.s.given)
	for i := range out {
		out[i] = m.Values[i*m.Arms+arm] - m.Values[i*m.Arms]
	}
	return out, nil
}

// Average returns the average effect of a treatment against control with its interval; level 0 means
// .95. ErrEmpty, ErrRange, ErrUndefined for fewer than two customers.
func (m *Scores) Average(arm int, level float64) (Estimate, error) {
	const where = "uplift: Scores.Average"
	if err := m.ready(where); err != nil {
		return Estimate{}, err
	}
	if arm < 1 || arm >= m.Arms {
		return Estimate{}, fmt.Errorf("%s: arm is %d, want 1 … %d: %w", where, arm, m.Arms-1, ErrRange)
	}
	level, err := infer.Level(level)
	if err != nil {
		return Estimate{}, fmt.Errorf("%s: %w", where, err)
	}
	return m.s.estimate(where, level, nil, func(i int) float64 { return m.Values[i*m.Arms+arm] - m.Values[i*m.Arms] })
}

// estimate returns the weighted mean of what rows of Data have, over those that in takes, nil for all, with its
// interval. Sums are taken in the order of the study.
func (s *study) estimate(where string, level float64, in func(i int) bool, value func(i int) float64) (Estimate, error) {
	sum, weight := 0.0, 0.0
	for k, i := range s.from {
		if in == nil || in(int(i)) {
			w := s.weight(int32(k))
			sum += w * value(int(i))
			weight += w
		}
	}
	if !(weight > 0) {
		return Estimate{}, fmt.Errorf("%s: no rows: %w", where, ErrUndefined)
	}
	mean := sum / weight
	var shares []float64
	square, part, share := 0.0, 0.0, 0.0
	flush := func() {
		if share > 0 {
			shares = append(shares, share)
			square += part * part
		}
		part, share = 0, 0
	}
	for k, i := range s.from {
		if k > 0 && (s.group == nil || s.group[k] != s.group[k-1]) {
			flush()
		}
		if in == nil || in(int(i)) {
			w := s.weight(int32(k)) / weight
			part += w * (value(int(i)) - mean)
			share += w
		}
	}
	flush()
	g := float64(len(shares))
	if g < 2 {
		return Estimate{}, fmt.Errorf("%s: rows of %v customers, want 2 at least: %w", where, g, ErrUndefined)
	}
	factor, df := infer.ClusterLaw(shares)
	out := Estimate{Value: mean, StdErr: math.Sqrt(square * g / (g - 1) * factor), Level: level}
	if !check.Finite(mean) || !check.Finite(out.StdErr) {
		return Estimate{}, fmt.Errorf("%s: mean %v, standard error %v: %w", where, mean, out.StdErr, ErrOverflow)
	}
	half := infer.StudentQuantile((1+level)/2, df) * out.StdErr
	out.Low, out.High = mean-half, mean+half
	return out, nil
}
