package scorecard

import (
	"fmt"
	"math"
	"math/bits"

	"github.com/aislekit/aisle/internal/infer"
)

// QuestionResult is what one question does for the scale. All values are of keyed answers,
// reversed ones turned round.
type QuestionResult struct {
	Name           string  // of the question
	Answered       int64   // responses with an answer to it
	Mean, SD       float64 // on the scale of the answers; of the responses that count
	ItemTotal      float64 // correlation with the sum of all questions, itself included
	ItemRest       float64 // with the sum of the others; NaN for one that all answer alike, and where Pairwise makes no correlation of it
	AlphaIfDropped float64 // Cronbach's alpha without it; NaN where one question would be left
}

// QuestionnaireResult says how reliable a scale is.
type QuestionnaireResult struct {
	Responses int64 // all
	Complete  int64 // with every question answered
	Used      int64 // that count: Complete by Listwise, those of the pair with the fewest by Pairwise

	// Alpha is Cronbach's, k/(k−1)·(1 − Σ variances/variance of the sum), at most 1. By Pairwise each
	// covariance is of other responses, and where these differ much it may come out above 1: that is
	// warned of, and has no interval.
	Alpha        float64
	Low, High    float64          // its interval (Feldt 1965)
	Standardized float64          // alpha of standardised questions, k·r̄/(1+(k−1)·r̄); NaN where all answer one alike or they cancel out
	Questions    []QuestionResult // in their order
	Warnings     []string         // questions that go against the others: reversed, and not said so?
}

// Result returns reliability with an interval at the confidence level; 0 means 0.95. The interval takes the
// questions as parallel and normal; by Pairwise it counts the responses of the pair that has
// the fewest.
//
// Errors: ErrEmpty without responses, ErrOption for a bad level, ErrUndefined for one
// question, fewer than two responses that count for some pair, and where the sum does not
// vary.
func (q *Questionnaire) Result(level float64) (QuestionnaireResult, error) {
	const where = "scorecard: Questionnaire.Result"
	var none QuestionnaireResult
	if err := q.ready(where); err != nil {
		return none, err
	}
	level, err := infer.Level(level)
	if err != nil {
		return none, fmt.Errorf("%s: %w", where, err)
	}
	k := len(q.questions)
	switch {
	case q.responses == 0:
		return none, fmt.Errorf("%s: no responses: %w", where, ErrEmpty)
	case k == 1:
		return none, fmt.Errorf("%s: one question has nothing to agree with: %w", where, ErrUndefined)
	}
	out := QuestionnaireResult{Responses: q.responses, Complete: q.complete, Used: math.MaxInt64}
	cov := make([][]float64, k)
	for i := range cov {
		cov[i] = make([]float64, k)
	}
	at := 0
	for i := range k {
		for j := i; j < k; j++ {
			p := q.pairs[at]
			at++
			if p.n < 2 {
				return none, fmt.Errorf("%s: %d responses answer %q and %q, want 2: %w", where, p.n, q.questions[i].Name, q.questions[j].Name, ErrUndefined)
			}
			out.Used = min(out.Used, p.n)
			cov[i][j] = p.covariance()
			cov[j][i] = cov[i][j]
			if i == j {
				out.Questions = append(out.Questions, QuestionResult{
					Name: q.questions[i].Name, Answered: q.answered[i], SD: math.Sqrt(max(cov[i][i], 0)), Mean: float64(p.x)/float64(p.n) + float64(q.low),
				})
			}
		}
	}
	total, trace := sumOf(cov)
	if !(total > 1e-13*trace) { // rounding may leave a hair of nothing
		return none, fmt.Errorf("%s: the sum of the answers does not vary: %w", where, ErrUndefined)
	}
	out.Alpha = alpha(k, total, trace)
	df1 := float64(out.Used - 1)
	df2 := df1 * float64(k-1)
	if out.Low, out.High = math.NaN(), math.NaN(); out.Alpha <= 1+1e-12 {
		out.Alpha = min(out.Alpha, 1)
		out.Low = 1 - (1-out.Alpha)*infer.FQuantile((1+level)/2, df1, df2)
		out.High = 1 - (1-out.Alpha)*infer.FQuantile((1-level)/2, df1, df2)
	} else {
		out.Warnings = append(out.Warnings, fmt.Sprintf("alpha is %.3g, above 1: those who answer both of two questions differ from those who answer one; see Listwise", out.Alpha))
	}
	out.Standardized = standardized(cov)
	for i := range out.Questions {
		r := &out.Questions[i]
		var with float64
		for _, c := range cov[i] {
			with += c
		}
		rest := total - 2*with + cov[i][i]
		varies := rest > 1e-13*trace
		r.ItemTotal, r.ItemRest, r.AlphaIfDropped = correlation(with, cov[i][i], total), math.NaN(), math.NaN()
		if varies {
			r.ItemRest = correlation(with-cov[i][i], cov[i][i], rest)
		}
		if k > 2 && varies {
			r.AlphaIfDropped = alpha(k-1, rest, trace-cov[i][i])
		}
		if r.ItemRest < 0 {
			out.Warnings = append(out.Warnings, fmt.Sprintf("question %q goes against the others: is it reversed, and not said so, or the other way round?", r.Name))
		}
	}
	return out, nil
}

// correlation of two sums from their covariance and variances: NaN where one does not vary,
// and where covariances of different responses make none of it.
func correlation(cov, a, b float64) float64 {
	c := cov / math.Sqrt(a) / math.Sqrt(b)
	if !(math.Abs(c) <= 1+1e-9) {
		return math.NaN()
	}
	return min(max(c, -1), 1)
}

// covariance is exact until the last step: n·Σxy − Σx·Σy in 128 bits.
func (p pair) covariance() float64 {
	h1, l1 := bits.Mul64(uint64(p.n), uint64(p.xy))
	h2, l2 := bits.Mul64(uint64(p.x), uint64(p.y))
	sign := 1.0
	if h1 < h2 || h1 == h2 && l1 < l2 {
		h1, l1, h2, l2, sign = h2, l2, h1, l1, -1
	}
	low, borrow := bits.Sub64(l1, l2, 0)
	high, _ := bits.Sub64(h1, h2, borrow)
	d := math.Ldexp(float64(high), 64) + float64(low)
	return sign * d / float64(p.n) / float64(p.n-1)
}

// sumOf returns the sum of a covariance matrix, the variance of the sum, and its trace.
func sumOf(cov [][]float64) (total, trace float64) {
	for i, row := range cov {
		trace += row[i]
		for _, c := range row {
			total += c
		}
	}
	return total, trace
}

func alpha(k int, total, trace float64) float64 {
	return float64(k) / float64(k-1) * (1 - trace/total)
}

// standardized is alpha of questions of variance 1, NaN where one has none.
func standardized(cov [][]float64) float64 {
	var r float64
	k := float64(len(cov))
	for i, row := range cov {
		if !(row[i] > 0) {
			return math.NaN()
		}
		for j := range i {
			r += row[j] / math.Sqrt(row[i]*cov[j][j])
		}
	}
	r /= k * (k - 1) / 2
	if 1+(k-1)*r < 1e-12 { // they cancel out
		return math.NaN()
	}
	return k * r / (1 + (k-1)*r)
}
