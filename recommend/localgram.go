package recommend

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/sparse"
	"github.com/aislekit/aisle/internal/topk"
	"github.com/aislekit/aisle/internal/vec"
)

// cooccurrence is the Gram matrix of the items, scaled to a unit diagonal and
// cut to the largest elements of each row. It poses, for one target item after
// the other, the regression problem over the items that go with it most.
type cooccurrence struct {
	cos  *sparse.CSR // row i: cosines of item i with the items most like it, all > 0
	size []float64   // G[i, i], the squared norms
}

// coocKeep is the number of elements a row of the Gram matrix keeps, memory
// allowing: beyond it, quality no longer grew on any data set tried.
const coocKeep = 2000

// coocRows returns how many elements a row can keep within limit bytes when each
// target has n candidates, or ErrTooLarge. An element takes 12 bytes where it is
// found and 8 in the matrix; what regress needs later is less. The scaled copies
// of x take 24 bytes an entry.
func coocRows(where string, x *Interactions, n int, limit int64) (int, error) {
	items := int64(x.Items())
	n = min(n, x.Items())
	fixed := 24*int64(x.Len()) + 80*items
	need := fixed + 20*items*int64(n)
	if need > limit {
		return 0, fmt.Errorf("recommend: %s: %d candidates for each of %d items need %d bytes, MemoryLimit is %d: %w", where, n, items, need, limit, ErrTooLarge)
	}
	return int(min((limit-fixed)/(20*items), max(coocKeep, int64(n)), items)), nil
}

// cooccur computes the matrix from the entries of x, keep elements a row.
func cooccur(ctx context.Context, x *Interactions, weights bool, keep, workers int) (*cooccurrence, error) {
	m := unitWeights(x.users, weights)
	c := &cooccurrence{size: make([]float64, x.Items())}
	for p, i := range m.Col {
		c.size[i] += float64(m.Val[p]) * float64(m.Val[p])
	}
	for p, i := range m.Col {
		if m.Val[p] > 0 {
			m.Val[p] = float32(float64(m.Val[p]) / math.Sqrt(c.size[i]))
		}
	}
	if weights { // sizes in the units of the penalties
		largest := 0.0
		for _, v := range x.users.Val {
			largest = max(largest, float64(v))
		}
		for i := range c.size {
			c.size[i] *= largest * largest
		}
	}
	byItem, err := m.TransposeUntil(ctx, workers)
	if err != nil {
		return nil, err
	}
	c.cos, err = sparse.Pairs{W: byItem}.Top(ctx, keep, workers)
	return c, err
}

// localProblem is the regression of a target on a few items, and the memory a
// worker needs for it. Behind the candidates everything is padded to a multiple
// of 16 with an identity.
type localProblem struct {
	items []int32   // candidates, ascending
	np    int       // vec.Pad(len(items))
	a     []float32 // np×np: cosines among the candidates, ones on the diagonal
	b     []float32 // np: cosines with the target
	y     []float32 // np: the solution goes here

	place []int32 // by item: 1 + its position in items, or 0
	heap  topk.Heap
	best  []topk.Item
	tmp   []float32
}

// pose fills t with the problem of target over at most n candidates: those
// whose weight alone would lower the squared error most under a penalty.
// Elements of the Gram matrix that were cut count as 0.
func (c *cooccurrence) pose(t *localProblem, target, n int, penalty func(j int32) float64) {
	if t.place == nil {
		t.place = make([]int32, len(c.size))
	}
	cols, vals := c.cos.Row(target)
	t.heap.Reset(n)
	for k, j := range cols {
		g := c.size[j]
		t.heap.Push(j, float32(float64(vals[k])*float64(vals[k])*g/(g+penalty(j))))
	}
	t.best = t.heap.AppendSorted(t.best[:0])
	t.items = t.items[:0]
	for _, it := range t.best {
		t.items = append(t.items, it.ID)
	}
	slices.Sort(t.items)
	t.np = vec.Pad(len(t.items))
	t.a = grown(t.a, t.np*t.np)
	t.b = grown(t.b, t.np)
	t.y = grown(t.y, t.np)
	clear(t.a)
	clear(t.b)
	clear(t.y)
	for k, j := range t.items {
		t.place[j] = int32(k + 1)
	}
	for k, j := range cols {
		if p := t.place[j]; p > 0 {
			t.b[p-1] = vals[k]
		}
	}
	for k, j := range t.items {
		jc, jv := c.cos.Row(int(j))
		for e, o := range jc {
			if p := int(t.place[o]) - 1; p >= 0 { // an element may be kept in one row only
				t.a[k*t.np+p] = jv[e]
				t.a[p*t.np+k] = jv[e]
			}
		}
	}
	for k := range t.np {
		t.a[k*t.np+k] = 1
	}
	for _, j := range t.items {
		t.place[j] = 0
	}
}

// regress solves the problems of all items and returns the weights B, column i
// holding those of target i. solve leaves in t.y the solution in units of
// cosines: the weight of item j for target i is y·√(G[i,i]/G[j,j]). progress is
// called now and then on the caller's goroutine. c is used up.
func (c *cooccurrence) regress(ctx context.Context, n, workers int, progress func(Progress), penalty func(j int32) float64, solve func(t *localProblem, target int)) (*sparse.CSR, error) {
	items := len(c.size)
	workers = parallel.Workers(workers)
	scratch := make([]localProblem, workers)
	found := make([][]topk.Item, items)
	step := max(1024, (items+99)/100)
	for lo := 0; lo < items; lo += step {
		part := min(step, items-lo)
		err := parallel.For(ctx, part, 4, workers, func(w, from, to int) error {
			t := &scratch[w]
			for i := lo + from; i < lo+to; i++ {
				c.pose(t, i, n, penalty)
				if len(t.items) == 0 {
					continue
				}
				solve(t, i)
				out := make([]topk.Item, 0, len(t.items))
				for k, j := range t.items {
					if v := float32(float64(t.y[k]) * math.Sqrt(c.size[i]/c.size[j])); v != 0 {
						out = append(out, topk.Item{ID: j, Score: v})
					}
				}
				found[i] = slices.Clip(out)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if progress != nil {
			progress(Progress{Iteration: lo/step + 1, Iterations: (items + step - 1) / step, Loss: math.NaN()})
		}
	}
	c.cos = nil // make room
	b, err := fromTop(ctx, found, items, workers)
	if err != nil {
		return nil, err
	}
	return b.TransposeUntil(ctx, workers)
}

// grown returns s with length n; the content is undefined.
func grown(s []float32, n int) []float32 {
	if cap(s) < n {
		return make([]float32, n)
	}
	return s[:n]
}

// fromTop builds a matrix from the best columns of each row.
func fromTop(ctx context.Context, found [][]topk.Item, cols, workers int) (*sparse.CSR, error) {
	m := &sparse.CSR{Rows: len(found), Cols: cols, Ptr: make([]int64, len(found)+1)}
	for r, items := range found {
		m.Ptr[r+1] = m.Ptr[r] + int64(len(items))
	}
	m.Col, m.Val = make([]int32, m.Ptr[m.Rows]), make([]float32, m.Ptr[m.Rows])
	err := parallel.For(ctx, len(found), 256, workers, func(_, lo, hi int) error {
		for r := lo; r < hi; r++ {
			items := found[r]
			slices.SortFunc(items, func(a, b topk.Item) int { return int(a.ID) - int(b.ID) })
			for k, it := range items {
				m.Col[m.Ptr[r]+int64(k)], m.Val[m.Ptr[r]+int64(k)] = it.ID, it.Score
			}
			found[r] = nil
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return m, nil
}
