package recommend

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/sparse"
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

// holdOut hides a fifth of the entries of users spread over x, drawn by x alone; those of weight 0 are
// none here, as they are nothing that anybody took. It is not ok where too few have entries enough.
func (x *Interactions) holdOut(ctx context.Context) (h heldOut, ok bool, err error) {
	if ctx.Err() != nil {
		return h, false, context.Cause(ctx)
	}
	meter := parallel.NewMeter(ctx)
	taken := func(dst []int32, u int) []int32 {
		items, weights := x.users.Row(u)
		for k, i := range items {
			if weights[k] > 0 {
				dst = append(dst, i)
			}
		}
		return dst
	}
	var able, buf []int32
	for u := range x.Users() {
		if buf = taken(buf[:0], u); len(buf) >= heldEntries {
			able = append(able, int32(u))
		}
		if err := meter.Did(x.users.RowLen(u)); err != nil {
			return h, false, err
		}
	}
	if len(able) < heldFewest {
		return h, false, nil
	}
	n := min(len(able), heldUsers)
	for k := range n {
		u := able[k*len(able)/n]
		cols := taken(nil, int(u))
		rng.New(0, 0x68656c64, uint64(u)).Shuffle(len(cols), func(a, b int) { cols[a], cols[b] = cols[b], cols[a] })
		cols = cols[:len(cols)/heldEntries]
		slices.Sort(cols)
		h.users, h.hidden = append(h.users, u), append(h.hidden, cols)
	}
	m := &sparse.CSR{Rows: x.Users(), Cols: x.Items(), Ptr: make([]int64, 1, x.Users()+1), Col: make([]int32, 0, x.Len()), Val: make([]float32, 0, x.Len())}
	next := 0
	for u := range x.Users() {
		items, weights := x.users.Row(u)
		var hidden []int32
		if next < n && int(h.users[next]) == u {
			hidden = h.hidden[next]
			next++
		}
		for k, i := range items {
			if len(hidden) > 0 && hidden[0] == i {
				hidden = hidden[1:]
				continue
			}
			m.Col, m.Val = append(m.Col, i), append(m.Val, weights[k])
		}
		m.Ptr = append(m.Ptr, int64(len(m.Col)))
		if err := meter.Did(len(items)); err != nil {
			return h, false, err
		}
	}
	h.rest = &Interactions{users: m} // without the events, which a fit of sets does not read
	return h, true, nil
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
