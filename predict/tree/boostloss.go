package tree

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/parallel"
)

// Loss is what FitBoost minimises.
type Loss uint8

// The losses, of a margin m and a label y.
const (
	LossLogistic   Loss = iota // log(1+e^m) − y·m, y 0 or 1; predicts probabilities
	LossSquared                // (y−m)²/2; predicts means
	LossQuantile               // of |y−m|, weighted by the level above and by the rest below; predicts quantiles
	LossPoisson                // e^m − y·m, y >= 0; predicts means
	LossTweedie                // e^((2−p)m)/(2−p) − y·e^((1−p)m)/(1−p), y >= 0; predicts means
	LossSoftmax                // −log of the probability of class y
	LossPairwise               // log(1+e^−(m−m')) over pairs of a query, the first more relevant
	LossLambdaMART             // the same, each pair by what its exchange would cost of NDCG
	losses
)

// String returns the name of the loss.
func (l Loss) String() string {
	if l < losses {
		return [...]string{"logistic", "squared", "quantile", "poisson", "tweedie", "softmax", "pairwise", "lambdamart"}[l]
	}
	return fmt.Sprintf("Loss(%d)", uint8(l))
}

// loss is one way to learn.
type loss interface {
	link() LinkKind
	// start sets the best margins without a tree.
	start(b *booster, base []float64) error
	// gradients sets b.g and b.h, weights included, of the training rows.
	gradients(ctx context.Context, b *booster) error
	// mean is the mean loss of rows.
	mean(ctx context.Context, b *booster, rows []int32) (float64, error)
	// renews returns the quantile of what is left that a leaf takes for its output, 0 for that of
	// the gradients.
	renews() float64
}

// newLoss checks the labels of the training and validation rows and returns the loss and its outputs.
func newLoss(b *booster) (loss, int, error) {
	whole, low, high := false, math.Inf(-1), math.Inf(1)
	switch b.opt.Loss {
	case LossLogistic:
		whole, low, high = true, 0, 1
	case LossSoftmax:
		whole, low, high = true, 0, maxOutputs-1
		if b.opt.Classes > 0 {
			high = float64(b.opt.Classes - 1)
		}
	case LossPoisson, LossTweedie:
		low = 0
	case LossLambdaMART:
		whole, low, high = true, 0, 31
	}
	if b.opt.Groups != nil && len(b.opt.Groups) != len(b.rows) {
		return nil, 0, fmt.Errorf("option Groups has %d entries, want %d: %w", len(b.opt.Groups), len(b.rows), ErrShape)
	}
	top := 0.0
	for _, rows := range [2][]int32{b.train, b.valid} {
		for _, i := range rows {
			if y := b.y[i]; y < low || y > high || whole && y != math.Trunc(y) {
				return nil, 0, fmt.Errorf("y[%d] is no label of loss %v: %w", i, b.opt.Loss, ErrRange)
			}
			top = max(top, b.y[i])
		}
	}
	switch b.opt.Loss {
	case LossSoftmax:
		classes := max(b.opt.Classes, int(top)+1)
		if classes < 2 {
			return nil, 0, fmt.Errorf("y holds class 0 only: %w", ErrUndefined)
		}
		if b.opt.Classes == 0 && classes > maxClasses { // ids that were taken for classes would ask for a margin each
			return nil, 0, fmt.Errorf("y goes up to %g, set Classes where there are more than %d: %w", top, maxClasses, ErrTooLarge)
		}
		return softmax{classes}, classes, nil
	case LossPairwise, LossLambdaMART:
		r, err := newRanking(b)
		return r, 1, err
	}
	return pointwise{b.opt.Loss, b.opt.Quantile, b.opt.Power}, 1, nil
}

// pointwise are losses of one margin and one label.
type pointwise struct {
	kind            Loss
	quantile, power float64
}

func (p pointwise) link() LinkKind {
	switch p.kind {
	case LossLogistic:
		return LinkLogit
	case LossPoisson, LossTweedie:
		return LinkLog
	}
	return LinkIdentity
}

func (p pointwise) renews() float64 {
	if p.kind == LossQuantile {
		return p.quantile
	}
	return 0
}

// start is the margin of the weighted mean, or the quantile of the labels.
func (p pointwise) start(b *booster, base []float64) error {
	if p.kind == LossQuantile {
		b.margin = make([]float64, len(b.rows))
		base[0] = b.quantile(b.train, p.quantile, 0)
		return nil
	}
	n := len(b.train)
	weight := exactSum(n, func(k int) float64 { return b.weight(b.train[k]) })
	mean := exactSum(n, func(k int) float64 { return b.weight(b.train[k]) * b.y[b.train[k]] }) / weight
	switch p.kind {
	case LossLogistic:
		if !(mean > 0 && mean < 1) {
			return fmt.Errorf("y is %g for all training rows: %w", mean, ErrUndefined)
		}
		base[0] = math.Log(mean / (1 - mean))
	case LossPoisson, LossTweedie:
		if !(mean > 0) {
			return fmt.Errorf("y is 0 for all training rows: %w", ErrUndefined)
		}
		base[0] = math.Log(mean)
	default:
		base[0] = mean
	}
	return nil
}

// steeper is how much steeper than it is the curve of the Poisson loss is taken to be, so that a step
// stays in reach: e to LightGBM's poisson_max_delta_step.
var steeper = math.Exp(.7)

// gradients are the first two derivatives by the margin.
func (p pointwise) gradients(ctx context.Context, b *booster) error {
	return parallel.For(ctx, len(b.train), 4096, b.opt.Workers, func(_, lo, hi int) error {
		for _, i := range b.train[lo:hi] {
			m, y, w := b.margin[i], b.y[i], b.weight(i)
			switch p.kind {
			case LossLogistic:
				q := 1 / (1 + math.Exp(-m))
				b.g[i], b.h[i] = w*(q-y), w*q*(1-q)
			case LossQuantile:
				b.g[i], b.h[i] = w*(1-p.quantile), w
				if m < y {
					b.g[i] = -w * p.quantile
				}
			case LossPoisson:
				e := math.Exp(m)
				b.g[i], b.h[i] = w*(e-y), w*e*steeper
			case LossTweedie:
				lower, upper := math.Exp((1-p.power)*m), math.Exp((2-p.power)*m)
				b.g[i] = w * (upper - y*lower)
				b.h[i] = w * ((2-p.power)*upper - (1-p.power)*y*lower)
			default:
				b.g[i], b.h[i] = w*(m-y), w
			}
		}
		return nil
	})
}

// mean leaves out what depends on the label only.
func (p pointwise) mean(ctx context.Context, b *booster, rows []int32) (float64, error) {
	return b.meanOf(ctx, rows, func(i int32) float64 {
		m, y := b.margin[i], b.y[i]
		switch p.kind {
		case LossLogistic:
			return max(m, 0) + math.Log1p(math.Exp(-math.Abs(m))) - y*m
		case LossQuantile:
			if m < y {
				return p.quantile * (y - m)
			}
			return (1 - p.quantile) * (m - y)
		case LossPoisson:
			return math.Exp(m) - y*m
		case LossTweedie:
			return math.Exp((2-p.power)*m)/(2-p.power) - y*math.Exp((1-p.power)*m)/(1-p.power)
		}
		return (y - m) * (y - m) / 2
	})
}

// softmax is the loss of several classes.
type softmax struct{ classes int }

func (softmax) link() LinkKind  { return LinkSoftmax }
func (softmax) renews() float64 { return 0 }

// start is the logarithm of each class's share.
func (s softmax) start(b *booster, base []float64) error {
	n := len(b.train)
	weight := exactSum(n, func(k int) float64 { return b.weight(b.train[k]) })
	present := 0
	for c := range base {
		part := exactSum(n, func(k int) float64 {
			if int(b.y[b.train[k]]) == c {
				return b.weight(b.train[k])
			}
			return 0
		})
		if part > 0 {
			present++
		}
		base[c] = math.Log(max(part/weight, 1e-15)) // a class without rows is all but impossible
	}
	if present < 2 {
		return fmt.Errorf("all training rows are of one class: %w", ErrUndefined)
	}
	return nil
}

// gradients takes k/(k−1) of the diagonal of the Hessian, which is right for two classes
// (Friedman 2001).
func (s softmax) gradients(ctx context.Context, b *booster) error {
	k := s.classes
	factor := float64(k) / float64(k-1)
	return parallel.For(ctx, len(b.train), 1+4096/k, b.opt.Workers, func(_, lo, hi int) error {
		for _, i := range b.train[lo:hi] {
			at := int(i) * k
			p := b.g[at : at+k]
			softmaxOf(p, b.margin[at:at+k])
			w := b.weight(i)
			for c, q := range p {
				b.h[at+c] = w * factor * q * (1 - q)
				if c == int(b.y[i]) {
					q--
				}
				p[c] = w * q
			}
		}
		return nil
	})
}

// softmaxOf sets p to the probabilities of the margins and returns the logarithm of the sum of
// their exponentials.
func softmaxOf(p, margin []float64) float64 {
	top := math.Inf(-1)
	for _, m := range margin {
		top = max(top, m)
	}
	sum := 0.0
	for c, m := range margin {
		p[c] = math.Exp(m - top)
		sum += p[c]
	}
	for c := range p {
		p[c] /= sum
	}
	return top + math.Log(sum)
}

func (s softmax) mean(ctx context.Context, b *booster, rows []int32) (float64, error) {
	return b.meanOf(ctx, rows, func(i int32) float64 {
		margin := b.margin[int(i)*s.classes : (int(i)+1)*s.classes]
		return softmaxOf(make([]float64, s.classes), margin) - margin[int(b.y[i])]
	})
}
