package uplift

import (
	"fmt"
	"math"
)

// Criterion says what a split of an uplift tree makes large.
type Criterion uint8

// Criteria. The first three are distances between the outcomes of each treatment and of control, summed up over the treatments
// (Rzepakowski and Jaroszewicz 2012), the mean over both sides less that of the node.
const (
	// Euclidean is 2·(m_t − m_c)², of any outcome: for labels the squared distance of both classes.
	Euclidean Criterion = iota
	// KL is the Kullback–Leibler divergence in bits, of outcomes in [0, 1].
	KL
	// ChiSquared is (m_t − m_c)²/m_c + (m_t − m_c)²/(1 − m_c), of outcomes in [0, 1].
	ChiSquared
	// CTS, contextual treatment selection, is the mean outcome of the best arm, control among them, of any outcome (Zhao,
	// Fang and Simchi-Levi 2017): what giving each side its best arm would bring. It is never normalised.
	CTS
)

// String returns the criterion's name.
func (c Criterion) String() string {
	switch c {
	case Euclidean:
		return "Euclidean"
	case KL:
		return "KL"
	case ChiSquared:
		return "ChiSquared"
	case CTS:
		return "CTS"
	}
	return fmt.Sprintf("Criterion(%d)", uint8(c))
}

// tiny keeps divergences finite where a rate is 0 or 1, as causalml does.
const tiny = 1e-6

// distance is that of the outcome of a treatment from that of control.
func (c Criterion) distance(t, control float64) float64 {
	switch c {
	case KL:
		q := min(max(control, tiny), 1-tiny)
		out := 0.0
		if t > 0 {
			out += t * math.Log2(t/q)
		}
		if t < 1 {
			out += (1 - t) * math.Log2((1-t)/(1-q))
		}
		return out
	case ChiSquared:
		d := t - control
		return d*d/max(control, tiny) + d*d/max(1-control, tiny)
	}
	d := t - control
	return 2 * d * d
}

// of returns what a node with these mean outcomes has.
func (c Criterion) of(means []float64) float64 {
	if c == CTS {
		best := means[0]
		for _, m := range means[1:] {
			best = max(best, m)
		}
		return best
	}
	sum := 0.0
	for _, m := range means[1:] {
		sum += c.distance(m, means[0])
	}
	return sum
}

// impurity is what the normalisation takes of a distribution over two values: entropy in bits for KL, Gini for the others.
func (c Criterion) impurity(p float64) float64 {
	if c != KL {
		return 2 * p * (1 - p)
	}
	return -plog(p) - plog(1-p)
}

func plog(p float64) float64 {
	if p <= 0 {
		return 0
	}
	return p * math.Log2(p)
}

// alpha is how much of the normalisation is of all treatments together rather than of each.
const alpha = .5

// norm is what a gain is divided by (Rzepakowski and Jaroszewicz 2012, section 3.5): large for splits that part the arms themselves,
// as a column that knows who was treated would, and for those into many alike. node and left hold the weight in each arm.
func (c Criterion) norm(node, left []float64) float64 {
	treated, treatedLeft := 0.0, 0.0
	for a, w := range node[1:] {
		treated += w
		treatedLeft += left[a+1]
	}
	all := treated + node[0]
	toLeft := left[0] / node[0] // of control
	out := alpha * c.impurity(treated/all) * c.distance(treatedLeft/treated, toLeft)
	out += node[0]/all*c.impurity(toLeft) + .5
	for a, w := range node[1:] {
		share := left[a+1] / w
		out += (1-alpha)*c.impurity(w/(w+node[0]))*c.distance(share, toLeft) + w/all*c.impurity(share)
	}
	return out
}
