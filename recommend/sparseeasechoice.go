package recommend

import (
	"context"

	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/topk"
)

// easeTrial is how many weights an item has where penalties are tried: what is best hardly depends
// on it, and the cost grows with its cube.
const easeTrial = 64

// easePenalties are what SparseEASE tries for L2 and Dropout, the rule first. A penalty that grows with
// how often an item was taken suits data of many entries, a large one what is bought by the way.
var easePenalties = []struct{ l2, dropout float64 }{{200, 0}, {50, 0}, {100, 0}, {500, 0}, {1000, 0}, {200, 0.5}, {500, 0.5}, {200, 0.7}}

// chosen returns o with the penalties that suit entries which the fit did not see. What items have in
// common is counted once for all; where MemoryLimit leaves no room for that, the rule stays.
func (o SparseEASEOptions) chosen(ctx context.Context, x *Interactions) (SparseEASEOptions, error) {
	h, ok, err := x.holdOut(ctx)
	if err != nil || !ok {
		return o, err
	}
	asked := o
	o.Neighbors, o.Progress = min(o.Neighbors, easeTrial), nil
	for range easePenalties { // what their weights take
		o.MemoryLimit -= 16 * int64(o.Neighbors) * int64(x.Items())
	}
	keep, err := coocRows("FitSparseEASE", h.rest, o.Neighbors, o.MemoryLimit)
	if err != nil {
		return asked, nil
	}
	c, err := cooccur(ctx, h.rest, o.UseWeights, keep, o.Workers)
	if err != nil {
		return o, err
	}
	var models []Model
	for _, p := range easePenalties {
		o.L2, o.Dropout = p.l2, p.dropout
		again := *c
		b, err := o.weights(ctx, &again)
		if err != nil {
			return o, err
		}
		models = append(models, &SparseEASE{itemWeights: itemWeights{users: x.Users(), reaches: b, near: b}})
	}
	n, err := h.bestOf(ctx, models, o.Workers)
	asked.L2, asked.Dropout = easePenalties[n].l2, easePenalties[n].dropout
	return asked, err
}

// bestOf returns the best of several models of the rest, the first unless another is better by
// more than chance.
func (h *heldOut) bestOf(ctx context.Context, models []Model, workers int) (int, error) {
	type scratch struct {
		scores []float32
		best   topk.Heap
		list   []topk.Item
	}
	each := make([]scratch, parallel.Workers(workers))
	return h.choose(ctx, len(models), workers, func(w, n int, gains []float64) (err error) {
		s := &each[w]
		s.scores = grown(s.scores, h.rest.Items())
		for k, m := range models {
			if err := m.Score(s.scores, h.rest.Query(int(h.users[n]))); err != nil {
				return err
			}
			gains[k], s.list = h.gain(n, s.scores, &s.best, s.list)
		}
		return nil
	})
}
