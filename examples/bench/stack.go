package bench

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/aislekit/aisle/recommend"
)

const (
	stackUsers  = 4000 // of whom entries are held out, at most: every eighth where there are many, half of a few
	stackFewest = 200  // users who have to have entries enough
	stackShare  = 5    // one entry of so many is held out
	stackGroups = 50   // users to learn of, at least
	stackPasses = 12
	stackList   = 20 // length of the lists that passes are compared by
)

// stackHeldOut is a part of the training data that weights are learned on; the parts see the rest.
type stackHeldOut struct {
	rest   *recommend.Interactions
	users  []int
	hidden [][]int32 // of each user, ascending
}

// holdOutForStack hides a fifth of the entries of users spread over x. It is not ok where too few have
// entries enough.
func holdOutForStack(x *recommend.Interactions, seed uint64) (*stackHeldOut, bool) {
	var able []int
	for u := range x.Users() {
		if items, _ := x.Row(u); len(items) >= stackShare {
			able = append(able, u)
		}
	}
	if len(able) < stackFewest {
		return nil, false
	}
	h := &stackHeldOut{}
	n := min(max(len(able)/8, min(len(able)/2, 1000)), stackUsers)
	hide := make([][]int32, x.Users())
	for k := range n {
		u := able[k*len(able)/n]
		items, _ := x.Row(u)
		items = slices.Clone(items)
		r := rand.New(rand.NewPCG(seed, uint64(u)|1<<41))
		r.Shuffle(len(items), func(a, b int) { items[a], items[b] = items[b], items[a] })
		hide[u] = items[:len(items)/stackShare]
		slices.Sort(hide[u])
		h.users, h.hidden = append(h.users, u), append(h.hidden, hide[u])
	}
	h.rest = x.Select(func(u, k int) bool {
		if hide[u] == nil {
			return true
		}
		items, _ := x.Row(u)
		_, hidden := slices.BinarySearch(hide[u], items[k])
		return !hidden
	})
	return h, true
}

// stackGroup is what there is to learn of one user.
type stackGroup struct {
	features []float32 // candidates × weights, the best of the sum first
	taken    []int     // candidates that are held out
	want     int       // entries that are held out, candidates or not
}

// scores writes what weights make of the candidates.
func (g *stackGroup) scores(dst, weights []float64) []float64 {
	dst = dst[:0]
	for at := 0; at < len(g.features); at += len(weights) {
		dst = append(dst, product(weights, g.features[at:at+len(weights)]))
	}
	return dst
}

func product(a []float64, b []float32) float64 {
	sum := 0.0
	for k, v := range a {
		sum += float64(v * float64(b[k]))
	}
	return sum
}

// gain is the NDCG of a list by these scores.
func (g *stackGroup) gain(scores []float64) float64 {
	got, most := 0.0, 0.0
	for _, c := range g.taken {
		place := 0
		for d, s := range scores {
			if s > scores[c] || s == scores[c] && d < c {
				place++
			}
		}
		if place < stackList {
			got += 1 / math.Log2(float64(place+2))
		}
	}
	for place := range min(stackList, g.want) {
		most += 1 / math.Log2(float64(place+2))
	}
	return got / most
}

// learnStack returns the weights by which what was held out comes first: those of the softmax over the
// candidates of a user, of which each that was held out is to have an equal share (ListNet, Cao et al. 2007, of labels
// 0 and 1), by steps of AdaGrad from start on four fifths of the groups. The best of start and of all passes, by NDCG on the
// last fifth, is kept; start, where there are too few groups. It orders the groups anew.
func learnStack(ctx context.Context, groups []stackGroup, start []float64, seed uint64) ([]float64, error) {
	if len(groups) < stackGroups {
		return start, nil
	}
	r := rand.New(rand.NewPCG(seed, 0x57ac))
	r.Shuffle(len(groups), func(a, b int) { groups[a], groups[b] = groups[b], groups[a] })
	cut := len(groups) * 4 / 5
	var scores []float64
	judge := func(weights []float64) (sum float64) {
		for k := range groups[cut:] {
			scores = groups[cut+k].scores(scores, weights)
			sum += groups[cut+k].gain(scores)
		}
		return sum
	}
	weights, squares, gradient := slices.Clone(start), make([]float64, len(start)), make([]float64, len(start))
	best, kept := judge(start), start
	for range stackPasses {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		for _, k := range r.Perm(cut) {
			scores = groups[k].scores(scores, weights)
			groups[k].slope(gradient, scores)
			for a, d := range gradient {
				squares[a] += float64(d * d)
				weights[a] += 0.09 * d / (math.Sqrt(squares[a]) + 1e-9)
			}
		}
		if gain := judge(weights); gain > best {
			best, kept = gain, slices.Clone(weights)
		}
	}
	return kept, nil
}

// slope writes the gradient of the logarithm of the likelihood, the mean of the features of what was
// held out less that of the softmax, and replaces the scores.
func (g *stackGroup) slope(gradient, scores []float64) {
	width := len(gradient)
	clear(gradient)
	highest, total := slices.Max(scores), 0.0
	for c, s := range scores {
		scores[c] = math.Exp(s - highest)
		total += scores[c]
	}
	for c := range scores {
		scores[c] /= -total
	}
	for _, c := range g.taken {
		scores[c] += 1 / float64(len(g.taken))
	}
	for c, d := range scores {
		for a, v := range g.features[c*width : (c+1)*width] {
			gradient[a] += float64(d * float64(v))
		}
	}
}
