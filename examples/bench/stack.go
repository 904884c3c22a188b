package bench

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/aislekit/aisle/internal/solve"
	"github.com/aislekit/aisle/recommend"
)

const (
	stackUsers  = 4000 // whose held-out entries are learned from, at most
	stackFewest = 200  // users who have to have entries enough
	stackShare  = 5    // one entry of so many is held out
	stackGroups = 50   // users to learn of, at least
	stackRidge  = 1e-3 // pull of weights of features of variance 1 towards where they start
	stackList   = 20   // length of the lists that weights are compared by
)

// stackHeldOut is a part of the training data that weights are learned on; the parts see the rest.
type stackHeldOut struct {
	rest   *recommend.Interactions
	users  []int
	hidden [][]int32 // of each user, ascending
}

// holdOutForStack hides a fifth of the entries of every user who has enough, as a test part does: with those
// of some users alone, items would be about as popular in the rest as in the whole, and what is
// learned of popularity would not be what holds there. Users spread over x are learned from. It is not ok where too
// few have entries enough.
func holdOutForStack(x *recommend.Interactions, seed uint64) (*stackHeldOut, bool) {
	var able []int
	hide := make([][]int32, x.Users())
	for u := range x.Users() {
		items, _ := x.Row(u)
		if len(items) < stackShare {
			continue
		}
		items = slices.Clone(items)
		r := rand.New(rand.NewPCG(seed, uint64(u)|1<<41))
		r.Shuffle(len(items), func(a, b int) { items[a], items[b] = items[b], items[a] })
		hide[u] = items[:len(items)/stackShare]
		slices.Sort(hide[u])
		able = append(able, u)
	}
	if len(able) < stackFewest {
		return nil, false
	}
	h := &stackHeldOut{}
	for k, n := 0, min(len(able), stackUsers); k < n; k++ {
		u := able[k*len(able)/n]
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
// 0 and 1). Where what four fifths of the groups say is better than start on the last fifth, by NDCG, all
// are learned from; else, and where there are too few groups, it returns start. It orders the groups anew.
func learnStack(ctx context.Context, groups []stackGroup, start []float64, seed uint64) ([]float64, error) {
	if len(groups) < stackGroups {
		return start, nil
	}
	r := rand.New(rand.NewPCG(seed, 0x57ac))
	r.Shuffle(len(groups), func(a, b int) { groups[a], groups[b] = groups[b], groups[a] })
	cut := len(groups) * 4 / 5
	weights, err := mostLikely(ctx, groups[:cut], start)
	if err != nil {
		return nil, err
	}
	var scores []float64
	gain := 0.0
	for k := range groups[cut:] {
		g := &groups[cut+k]
		scores = g.scores(scores, weights)
		gain += g.gain(scores)
		scores = g.scores(scores, start)
		gain -= g.gain(scores)
	}
	if gain <= 0 {
		return start, nil
	}
	return mostLikely(ctx, groups, start)
}

// mostLikely returns the weights of the largest mean likelihood, less the pull of stackRidge, by L-BFGS. The
// search has each feature in units of its root mean square.
func mostLikely(ctx context.Context, groups []stackGroup, start []float64) ([]float64, error) {
	width := len(start)
	unit, rows := make([]float64, width), 0
	for k := range groups {
		f := groups[k].features
		for at, v := range f {
			unit[at%width] += float64(v) * float64(v)
		}
		rows += len(f) / width
	}
	from, weights, slope := make([]float64, width), make([]float64, width), make([]float64, width)
	for a := range unit {
		if unit[a] = math.Sqrt(unit[a] / float64(rows)); unit[a] == 0 {
			unit[a] = 1
		}
		from[a] = start[a] * unit[a]
	}
	var scores []float64
	found, err := solve.LBFGS(ctx, from, func(grad, x []float64) (float64, error) {
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		loss, each := 0.0, 1/float64(len(groups))
		for a, v := range x {
			weights[a] = v / unit[a]
			grad[a] = stackRidge * (v - from[a])
			loss += float64(stackRidge / 2 * (v - from[a]) * (v - from[a]))
		}
		for k := range groups {
			scores = groups[k].scores(scores, weights)
			loss -= float64(each * groups[k].slope(slope, scores))
			for a, d := range slope {
				grad[a] -= float64(each * d / unit[a])
			}
		}
		return loss, nil
	}, solve.LBFGSOptions{MaxIter: 100, Tol: 1e-6})
	if err != nil {
		return nil, err
	}
	for a, v := range found.X {
		weights[a] = v / unit[a]
	}
	return weights, nil
}

// slope returns the logarithm of the likelihood and writes its gradient, the mean of the features of what was
// held out less that of the softmax. It replaces the scores.
func (g *stackGroup) slope(gradient, scores []float64) float64 {
	width := len(gradient)
	clear(gradient)
	highest, total, own := slices.Max(scores), 0.0, 0.0
	for _, c := range g.taken {
		own += scores[c] / float64(len(g.taken))
	}
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
	return own - highest - math.Log(total)
}
