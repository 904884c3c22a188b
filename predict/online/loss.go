package online

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

// Loss is what a learner minimises.
type Loss int

const (
	Logistic Loss = iota // labels 0 and 1, predictions are probabilities; the default
	Squared              // any labels, predictions are means; scale labels to about 1, as a step is about the rate whatever it misses
)

// checkLabel refuses a label that the loss does not know, and weights.
func (l Loss) checkLabel(y, weight float64) error {
	if l == Logistic && y != 0 && y != 1 {
		return fmt.Errorf("label is %v, want 0 or 1: %w", y, ErrRange)
	}
	if l == Squared && !(math.Abs(y) <= maxValue) {
		return fmt.Errorf("label is %v, want within ±%g: %w", y, maxValue, ErrRange)
	}
	if !(weight >= 0 && weight <= maxValue) {
		return fmt.Errorf("weight is %v, want 0 to %g: %w", weight, maxValue, ErrRange)
	}
	return nil
}

// mean turns a score into a prediction.
func (l Loss) mean(score float64) float64 {
	if l == Squared {
		return score
	}
	return sigmoid(score)
}

// sigmoid is 1/(1+e^-x) without overflow.
func sigmoid(x float64) float64 {
	if x >= 0 {
		return 1 / (1 + math.Exp(-x))
	}
	e := math.Exp(x)
	return e / (1 + e)
}

// of returns the loss of a label at a score and prediction. A probability that was rounded to 1 still
// has the loss of its score.
func (l Loss) of(y, score, mean float64) float64 {
	if l == Squared {
		return float64((y - mean) * (y - mean))
	}
	if y == 0 {
		score = -score
	}
	if score < 0 {
		return -score + math.Log1p(math.Exp(score))
	}
	return math.Log1p(math.Exp(-score))
}

// Progressive says how good the predictions were that Learn made before it learnt: an honest
// estimate for the stream as a whole, as each example was unseen (Blum, Kalai and Langford 1999); not so from the
// second pass of Fit on. All but Examples are sums times the weights.
type Progressive struct {
	Examples  int64   // of weight above 0
	Weight    float64 // of weights
	Loss      float64 // of losses: of logs (natural), or squared differences
	Predicted float64 // of predictions
	Observed  float64 // of labels
	Squares   float64 // of squared labels
}

// Mean returns the mean loss, NaN where nothing was learnt.
func (p Progressive) Mean() float64 { return p.Loss / p.Weight }

// Calibration returns the sum of predictions over that of labels: 1.05 where 5 % too many clicks were
// predicted. NaN where no label was above 0.
func (p Progressive) Calibration() float64 {
	if !(p.Observed > 0) {
		return math.NaN()
	}
	return p.Predicted / p.Observed
}

// Base returns the mean loss of who predicts the mean label of all of these examples each time: the
// entropy of the click rate, or the variance. What is not below it has learnt nothing. NaN where
// nothing was learnt.
func (p Progressive) Base(loss Loss) float64 {
	mean := p.Observed / p.Weight
	if loss == Squared {
		return max(0, p.Squares/p.Weight-float64(mean*mean))
	}
	if mean == 0 || mean == 1 {
		return 0
	}
	return -float64(mean*math.Log(mean)) - float64((1-mean)*math.Log1p(-mean))
}

// Since returns what came after an earlier state of the same learner, whose rates of the last hour
// say more about it than those of its life. Up to rounding.
func (p Progressive) Since(earlier Progressive) Progressive {
	return Progressive{
		p.Examples - earlier.Examples, p.Weight - earlier.Weight, p.Loss - earlier.Loss,
		p.Predicted - earlier.Predicted, p.Observed - earlier.Observed, p.Squares - earlier.Squares,
	}
}

// add counts an example.
func (p *Progressive) add(loss, mean, y, weight float64) {
	p.Examples++
	p.Weight += weight
	p.Loss += float64(weight * loss)
	p.Predicted += float64(weight * mean)
	p.Observed += float64(weight * y)
	p.Squares += float64(weight * float64(y*y))
}

func (p *Progressive) put(w *codec.Writer) {
	w.Int64(p.Examples)
	for _, x := range []float64{p.Weight, p.Loss, p.Predicted, p.Observed, p.Squares} {
		w.Float64(x)
	}
}

// get reads what put wrote.
func (p *Progressive) get(r *codec.Reader) {
	p.Examples = r.Int64()
	ok := p.Examples >= 0
	for _, x := range []*float64{&p.Weight, &p.Loss, &p.Predicted, &p.Observed, &p.Squares} {
		*x = r.Float64()
		ok = ok && check.Finite(*x)
	}
	if !ok || p.Weight < 0 || p.Squares < 0 {
		r.Fail("has a progressive loss that there is not")
	}
}
