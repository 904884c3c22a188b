package recommend

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/sparse"
)

// popularItems of the most popular items are in every row that withPopular makes: more than
// a list and the history that is left out of it mostly hold.
const popularItems = 256

// popularTimes is how much more of what is popular the models take, where popularity is all,
// than of what they learned: less leaves noise in sparse data, more what little there is to
// learn unheard.
const popularTimes = 5

// withPopular adds to each row of b, to the items there and to the most popular ones, their
// popularShares. Weights between items are 0 for pairs that never met, which where popularity
// is all says nothing against the pair: models of such weights stay behind a list of what is
// popular, the more so the sparser the data. Rows get up to 2 KiB longer; those of items
// without entries stay empty.
func (x *Interactions) withPopular(ctx context.Context, b *sparse.CSR) (*sparse.CSR, error) {
	byItem := x.byItem()
	share := x.popularShares(func(j int) []float32 {
		_, vals := b.Row(j)
		return vals
	})
	popular := make([]int32, b.Cols)
	for i := range popular {
		popular[i] = int32(i)
	}
	slices.SortStableFunc(popular, func(i, k int32) int { return cmp.Compare(share[k], share[i]) })
	popular = popular[:min(popularItems, len(popular))]
	popular = slices.DeleteFunc(popular, func(i int32) bool { return !(share[i] > 0) })
	slices.Sort(popular)
	size := sharedSize(b, byItem, popular)
	out := &sparse.CSR{Rows: b.Rows, Cols: b.Cols, Ptr: make([]int64, 1, b.Rows+1), Col: make([]int32, 0, size), Val: make([]float32, 0, size)}
	meter := parallel.NewMeter(ctx)
	for j := range b.Rows {
		cols, vals := b.Row(j)
		if err := meter.Did(len(cols) + len(popular)); err != nil {
			return nil, err
		}
		k, p := 0, 0
		for byItem.RowLen(j) > 0 && (k < len(cols) || p < len(popular)) {
			if k < len(cols) && (p == len(popular) || cols[k] <= popular[p]) {
				if p < len(popular) && cols[k] == popular[p] {
					p++
				}
				out.Col, out.Val = append(out.Col, cols[k]), append(out.Val, vals[k]+share[cols[k]])
				k++
				continue
			}
			if i := popular[p]; i != int32(j) {
				out.Col, out.Val = append(out.Col, i), append(out.Val, share[i])
			}
			p++
		}
		out.Ptr = append(out.Ptr, int64(len(out.Col)))
	}
	return out, nil
}

// sharedSize returns the number of elements of b with the popular items in each row of an item
// that has entries, but for the item itself: counted first, the rows are allocated once.
func sharedSize(b, byItem *sparse.CSR, popular []int32) int {
	among := make([]bool, b.Cols)
	for _, i := range popular {
		among[i] = true
	}
	size := 0
	for j := range b.Rows {
		if byItem.RowLen(j) == 0 {
			continue
		}
		cols, _ := b.Row(j)
		size += len(cols) + len(popular)
		if among[j] {
			size--
		}
		for _, i := range cols {
			if among[i] && int(i) != j {
				size--
			}
		}
	}
	return size
}

// popularShares returns popularTimes the sum of the sizes in the row of an entry, on average, divided
// among the items like their entries.
func (x *Interactions) popularShares(row func(j int) []float32) []float32 {
	byItem := x.byItem()
	mass, all := 0.0, float64(x.Len())
	for j := range byItem.Rows {
		sum := 0.0
		for _, v := range row(j) {
			sum += math.Abs(float64(v))
		}
		mass += sum * float64(byItem.RowLen(j)) / all
	}
	if !(mass > 0) { // nothing was learned
		mass = 1
	}
	share := make([]float32, byItem.Rows)
	for i := range share {
		share[i] = float32(popularTimes * mass * float64(byItem.RowLen(i)) / all)
	}
	return share
}
