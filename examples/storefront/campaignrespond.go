package main

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/causal"
)

// response says whether those who a score says would answer did.
type response struct {
	Learnt  bool // from earlier campaigns
	Curves  causal.UpliftCurves
	Gain    metrics.Effect // additional buyers per customer beyond choice by lot, mean over all sizes of audience
	Buckets []causal.UpliftBucket
	Planted []float64 // mean by bucket
	Top     metrics.Effect
	TopTrue float64
	X       []float64 // share addressed
	Found   []float64 // extra buyers up to it, per customer of the campaign
	True    []float64
}

// respond asks whether a simple score finds those who answer: how the customer's
// group answered earlier campaigns, times how lately the customer bought. Of the
// campaign itself it knows nothing. Before the first campaign it is the second
// factor alone.
func respond(ctx context.Context, cs, earlier []contact, opt options) (*response, error) {
	r := &response{Learnt: len(earlier) > 0}
	answer, err := answers(cs, earlier)
	if err != nil {
		return nil, err
	}
	n := len(cs)
	y, score, treated, ids := make([]float64, n), make([]float64, n), make([]bool, n), make([]uint64, n)
	for i := range cs {
		x := &cs[i]
		x.Score = x.Fresh
		if r.Learnt {
			x.Score *= answer[x.Group]
		}
		if x.Bought {
			y[i] = 1
		}
		score[i], treated[i], ids[i] = x.Score, x.Treated, uint64(i)
	}
	if r.Curves, err = causal.Uplift(y, treated, score); errors.Is(err, metrics.ErrUndefined) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	// The area is one of buyers times customers; divided twice by the customers it
	// is a share of them.
	if _, r.Gain, err = causal.UpliftIntervals(ctx, y, treated, score, ids, causal.UpliftBootOptions{Seed: opt.Seed}); err != nil {
		return nil, err
	}
	r.Gain.Estimate, r.Gain.Low, r.Gain.High, r.Gain.SE = r.Gain.Estimate/float64(n), r.Gain.Low/float64(n), r.Gain.High/float64(n), r.Gain.SE/float64(n)
	if r.Buckets, err = causal.UpliftBuckets(y, treated, score, min(10, n), metrics.CompareOptions{}); err != nil {
		return nil, err
	}
	if r.Top, err = causal.UpliftAt(y, treated, score, .3, false, metrics.CompareOptions{}); err != nil {
		return nil, err
	}
	r.compare(cs)
	return r, nil
}

// answers returns by how much a message raised the share of buyers in each group, in the
// campaigns before; empty where there were none.
func answers(cs, earlier []contact) (map[int]float64, error) {
	answer := make(map[int]float64)
	if len(earlier) == 0 {
		return answer, nil
	}
	all, _, err := differenceIn(earlier, nil)
	if err != nil {
		return nil, err
	}
	for i := range cs {
		g := cs[i].Group
		if _, ok := answer[g]; ok {
			continue
		}
		d, n, err := differenceIn(earlier, func(x *contact) bool { return x.Group == g && !x.Gone })
		if err != nil {
			return nil, err
		}
		// A small group says little of its own and is drawn to the mean.
		answer[g] = (d*float64(n) + all*100) / float64(n+100)
	}
	return answer, nil
}

// compare sets what was planted beside the tenths and the curve of the score.
func (r *response) compare(cs []contact) {
	n := len(cs)
	byScore := slices.Clone(cs)
	slices.SortStableFunc(byScore, func(a, b contact) int { return cmp.Compare(b.Score, a.Score) })
	for k := range r.Buckets {
		r.Planted = append(r.Planted, meanPlanted(byScore[k*n/len(r.Buckets):(k+1)*n/len(r.Buckets)]))
	}
	r.TopTrue = meanPlanted(byScore[:(3*n+9)/10])
	// The curve at every fortieth; a point of it ends a run of equal scores.
	sum, done := 0.0, 0
	const steps = 40
	r.X, r.Found, r.True = []float64{0}, []float64{0}, []float64{0}
	at := 0
	for _, p := range r.Curves.Points {
		seen := int(p.Treated + p.Control)
		for ; done < seen; done++ {
			sum += byScore[done].Planted
		}
		if seen*steps < (at+1)*n {
			continue
		}
		at = seen * steps / n
		r.X = append(r.X, float64(seen)/float64(n))
		r.Found = append(r.Found, p.Uplift/float64(n))
		r.True = append(r.True, sum/float64(n))
	}
}

// meanPlanted is the mean of the planted effects.
func meanPlanted(cs []contact) float64 {
	sum := 0.0
	for i := range cs {
		sum += cs[i].Planted
	}
	return sum / float64(max(len(cs), 1))
}

// differenceIn returns the plain difference of the shares of buyers, 0 where an
// arm is empty, and how many customers it stands on.
func differenceIn(cs []contact, who func(*contact) bool) (float64, int64, error) {
	control, treated, _, err := split(cs, who, bought)
	if err != nil || control.N() == 0 || treated.N() == 0 {
		return 0, 0, err
	}
	a, _ := control.Rate()
	b, _ := treated.Rate()
	return b - a, control.N() + treated.N(), nil
}
