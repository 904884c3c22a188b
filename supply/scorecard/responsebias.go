package scorecard

import (
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/moments"
	"github.com/aislekit/aisle/supply"
)

// ResponseBias says in what ways the answers may not be what people think, or not what all
// people think.
type ResponseBias struct {
	Response     supply.Ratio // responses of people invited
	Unanswered   supply.Ratio // answers not given, of those asked of respondents
	Extreme      supply.Ratio // answers at an end of the scale, of all
	StraightLine supply.Ratio // respondents who ticked the same everywhere, of those with three answers and more

	// Acquiescence is the mean, over questions that are reversed and those that are not, of the share
	// of answers above the middle of the scale less that below, as ticked: 0 where opinion
	// alone decides, 1 where people agree with everything. NaN unless both kinds were answered, as
	// agreement is then opinion as well.
	Acquiescence float64
	YeaSaying    supply.Ratio // respondents who agree with most of both kinds, of those who answered both

	// Mean is that of respondents' own means of keyed answers, Early and Late those of the waves: where
	// late respondents differ, those who never answered may differ more.
	Mean, Early, Late  float64 // NaN where there is none
	Difference         float64 // Late − Early
	DiffLow, DiffHigh  float64 // its interval (Welch); NaN below two respondents a wave, or where none varies
	EarlyN, LateN      int64
	Weighted           *WeightedMean // nil without Margins
	RespondentsCounted int64         // with at least one answer
}

// WeightedMean is the mean of responses weighed to known margins.
type WeightedMean struct {
	Mean         float64  // of keyed answers, weighted
	Low, High    float64  // its interval, of the effective number of responses; NaN below two
	Bias         float64  // unweighted mean − Mean
	DesignEffect float64  // number of responses over the effective one (Kish), >= 1
	Uncovered    []string // categories "margin: category" in which nobody answered; the others take their share
	Deviation    float64  // largest distance of a weighted share from its margin; 0 but for margins that contradict the responses
}

// Bias returns the signs of response bias, with intervals at the confidence level; 0 means
// 0.95.
//
// Responses are weighed to several margins by raking (Deming and Stephan 1940): in turn to
// each until all fit.
//
// Errors: ErrEmpty without a response that has an answer, ErrOption for a bad level,
// ErrOverflow.
func (q *Questionnaire) Bias(level float64) (ResponseBias, error) {
	const where = "scorecard: Questionnaire.Bias"
	var none ResponseBias
	if err := q.ready(where); err != nil {
		return none, err
	}
	level, err := infer.Level(level)
	if err != nil {
		return none, fmt.Errorf("%s: %w", where, err)
	}
	early, late := &q.waves[0], &q.waves[1]
	n := early.N() + late.N()
	if n == 0 {
		return none, fmt.Errorf("%s: no answers: %w", where, ErrEmpty)
	}
	var answers int64
	for _, x := range q.answered {
		answers += x
	}
	asked := float64(q.responses) * float64(len(q.questions))
	out := ResponseBias{
		Response:     supply.Ratio{Num: float64(q.responses), Den: float64(q.invited)},
		Unanswered:   supply.Ratio{Num: asked - float64(answers), Den: asked},
		Extreme:      supply.Ratio{Num: float64(q.extreme), Den: float64(answers)},
		StraightLine: supply.Ratio{Num: float64(q.lined), Den: float64(q.lineable)},
		Acquiescence: math.NaN(),
		YeaSaying:    supply.Ratio{Num: float64(q.yea), Den: float64(q.yeaable)},
		Early:        early.Mean(), Late: late.Mean(), EarlyN: early.N(), LateN: late.N(), RespondentsCounted: n,
		DiffLow: math.NaN(), DiffHigh: math.NaN(), Difference: math.NaN(),
	}
	if q.ticked[0] > 0 && q.ticked[1] > 0 {
		out.Acquiescence = (float64(q.above[0]-q.below[0])/float64(q.ticked[0]) + float64(q.above[1]-q.below[1])/float64(q.ticked[1])) / 2
	}
	both := *early
	if err := both.Merge(*late); err != nil {
		return none, fmt.Errorf("%s: %w", where, err)
	}
	out.Mean = both.Mean()
	if early.N() > 0 && late.N() > 0 {
		out.Difference = late.Minus(*early)
	}
	if early.N() > 1 && late.N() > 1 {
		a, err := early.Variance()
		if err != nil {
			return none, fmt.Errorf("%s: %w", where, err)
		}
		b, err := late.Variance()
		if err != nil {
			return none, fmt.Errorf("%s: %w", where, err)
		}
		na, nb := float64(early.N()), float64(late.N())
		if a+b > 0 {
			out.DiffLow, out.DiffHigh, _, _ = infer.Estimate(out.Difference, math.Sqrt(a/na+b/nb), 0, level, infer.WelchDF(a/na, na, b/nb, nb), 1)
		}
	}
	if q.cells != nil {
		if out.Weighted, err = q.rake(level, out.Mean); err != nil {
			return none, fmt.Errorf("%s: %w", where, err)
		}
	}
	return out, nil
}

// rake weighs the cells to the margins and returns the weighted mean.
func (q *Questionnaire) rake(level, plain float64) (*WeightedMean, error) {
	out := &WeightedMean{Low: math.NaN(), High: math.NaN()}
	var cells []*moments.Moments // in which somebody answered
	groups := make([][]int32, len(q.margins))
	var all float64
	for c := range q.cells {
		if q.cells[c].N() == 0 {
			continue
		}
		rest := c
		for k := len(q.margins) - 1; k >= 0; k-- {
			n := len(q.margins[k].categories)
			groups[k] = append(groups[k], int32(rest%n))
			rest /= n
		}
		cells = append(cells, &q.cells[c])
		all += float64(q.cells[c].N())
	}
	w := slices.Repeat([]float64{1}, len(cells))
	held := func(k int) []float64 { // weighted responses by category of margin k
		sums := make([]float64, len(q.margins[k].categories))
		for c, g := range groups[k] {
			sums[g] += w[c] * float64(cells[c].N())
		}
		return sums
	}
	targets := make([][]float64, len(q.margins))
	for k, m := range q.margins {
		held := held(k)
		targets[k] = make([]float64, len(m.shares))
		var covered float64
		for g, share := range m.shares {
			if held[g] > 0 {
				covered += share
			} else {
				out.Uncovered = append(out.Uncovered, m.name+": "+m.categories[g])
			}
		}
		for g, share := range m.shares {
			if held[g] > 0 {
				targets[k][g] = share / covered * all
			}
		}
	}
	for range 1000 {
		out.Deviation = 0
		for k := range q.margins {
			f := held(k)
			for g, target := range targets[k] {
				out.Deviation = max(out.Deviation, math.Abs(f[g]-target)/all)
				if f[g] > 0 {
					f[g] = target / f[g]
				}
			}
			for c, g := range groups[k] {
				w[c] *= f[g]
			}
		}
		if out.Deviation < 1e-12 {
			out.Deviation = 0
			break
		}
	}
	var sum, squares, mean, spread float64
	for c, x := range cells {
		n := float64(x.N())
		sum += w[c] * n
		squares += w[c] * w[c] * n
		mean += w[c] * n * x.Mean()
	}
	mean /= sum
	for c, x := range cells {
		ss, err := x.Squares()
		if err != nil {
			return nil, err
		}
		d := x.Mean() - mean
		spread += w[c] * (ss + float64(x.N())*d*d)
	}
	out.Mean, out.Bias = mean, plain-mean
	effective := sum / squares * sum
	out.DesignEffect = all / effective
	if effective > 1 {
		se := math.Sqrt(spread / sum / (effective - 1))
		out.Low, out.High, _, _ = infer.Estimate(mean, se, 0, level, effective-1, 1)
	}
	return out, nil
}
