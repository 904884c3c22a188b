package recommend

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/topk"
)

const (
	heldUsers   = 512 // users of whom entries are hidden, at most
	heldFewest  = 200 // and at least: of fewer, chance decides
	heldEntries = 5   // one of so many entries of theirs
	heldTop     = 20  // length of the lists
)

// heldOut is a part of the entries that defaults are chosen on, where several are as good as
// one another by all that a rule can count: the fit sees the rest.
type heldOut struct {
	rest   *Interactions
	users  []int32
	hidden [][]int32 // of each user, ascending
}

// holdOut hides a fifth of the entries of users spread over x, drawn by x alone. It is not ok
// where too few have entries enough.
func (x *Interactions) holdOut() (h heldOut, ok bool) {
	var able []int32
	for u := range x.Users() {
		if x.users.RowLen(u) >= heldEntries {
			able = append(able, int32(u))
		}
	}
	if len(able) < heldFewest {
		return h, false
	}
	n := min(len(able), heldUsers)
	hide := map[int32][]int32{}
	for k := range n {
		u := able[k*len(able)/n]
		cols, _ := x.users.Row(int(u))
		cols = slices.Clone(cols)
		rng.New(0, 0x68656c64, uint64(u)).Shuffle(len(cols), func(a, b int) { cols[a], cols[b] = cols[b], cols[a] })
		cols = cols[:len(cols)/heldEntries]
		slices.Sort(cols)
		hide[u] = cols
		h.users, h.hidden = append(h.users, u), append(h.hidden, cols)
	}
	plain := &Interactions{users: x.users} // without the events, which a fit of sets does not read
	h.rest = plain.Select(func(u, k int) bool {
		cols := hide[int32(u)]
		if cols == nil {
			return true
		}
		items, _ := x.users.Row(u)
		_, hidden := slices.BinarySearch(cols, items[k])
		return !hidden
	})
	return h, true
}

// gain judges a list of scores for the n-th user: its NDCG among the items that the rest has
// not for the user.
func (h *heldOut) gain(n int, scores []float32, best *topk.Heap, list []topk.Item) (float64, []topk.Item) {
	best.Reset(heldTop)
	known, _ := h.rest.users.Row(int(h.users[n]))
	k, worst := 0, float32(math.Inf(-1))
	for i, s := range scores {
		if k < len(known) && known[k] == int32(i) {
			k++
			continue
		}
		if s > worst {
			if best.Push(int32(i), s); best.Full() {
				worst = best.Worst().Score
			}
		}
	}
	list = best.AppendSorted(list[:0])
	got, most := 0.0, 0.0
	for p, it := range list {
		if _, hit := slices.BinarySearch(h.hidden[n], it.ID); hit {
			got += 1 / math.Log2(float64(p+2))
		}
	}
	for p := range min(len(h.hidden[n]), heldTop) {
		most += 1 / math.Log2(float64(p+2))
	}
	return got / most, list
}

// choose returns the best of so many settings, of which the first stays unless another is better
// by more than the standard error of the difference. score fills in what each setting gives the
// n-th user, on worker w.
func (h *heldOut) choose(ctx context.Context, settings, workers int, score func(w, n int, gains []float64) error) (int, error) {
	gains := make([]float64, len(h.users)*settings)
	err := parallel.For(ctx, len(h.users), 4, workers, func(w, lo, hi int) error {
		for n := lo; n < hi; n++ {
			if err := score(w, n, gains[n*settings:(n+1)*settings]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	users := float64(len(h.users))
	means := make([]float64, settings)
	for k, g := range gains {
		means[k%settings] += g / users
	}
	best := 0
	for s := range means {
		if cmp.Compare(means[s], means[best]) > 0 {
			best = s
		}
	}
	d := means[best] - means[0]
	variance := 0.0
	for n := range h.users {
		e := gains[n*settings+best] - gains[n*settings] - d
		variance += float64(e * e)
	}
	if d <= math.Sqrt(variance/(users-1)/users) {
		return 0, nil
	}
	return best, nil
}
