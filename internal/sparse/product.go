package sparse

import (
	"context"

	"github.com/aislekit/aisle/internal/parallel"
)

// productBlock is the number of result rows handed to a worker at a time.
const productBlock = 16

// Acc is one row of a matrix product. Each worker owns one and uses it again for
// every row.
type Acc struct {
	Sum     []float32 // length Cols
	Touched []int32   // the columns reached, in order of first touch; nil when Dense
	Dense   bool      // too many columns to list: any of Sum may be non-zero

	seen []bool
}

func (a *Acc) reset() {
	if a.Dense {
		clear(a.Sum)
		return
	}
	for _, c := range a.Touched {
		a.Sum[c] = 0
		a.seen[c] = false
	}
	a.Touched = a.Touched[:0]
}

// Rows computes the rows of the product a·b one at a time and hands each to fn:
// row r is Σ_k a[r,k]·b[k,:], summed in ascending k, so its bits do not depend
// on workers. a.Cols must equal b.Rows. fn runs on several goroutines, never
// twice at once with the same worker number, and must not keep acc.
//
// Rows with much work use the dense accumulator alone: listing touched columns
// costs a branch an entry, and a full scan of the row afterwards is cheaper.
// Memory: 9 bytes a column and worker.
func Rows(ctx context.Context, a, b *CSR, workers int, fn func(worker, row int, acc *Acc) error) error {
	workers = parallel.Workers(workers)
	accs := make([]*Acc, parallel.Scratch(a.Rows, productBlock, workers))
	return parallel.For(ctx, a.Rows, productBlock, workers, func(w, lo, hi int) error {
		acc := accs[w]
		if acc == nil {
			acc = &Acc{Sum: make([]float32, b.Cols), seen: make([]bool, b.Cols)}
			accs[w] = acc
		}
		meter := parallel.NewMeter(ctx)
		for r := lo; r < hi; r++ {
			cols, vals := a.Row(r)
			work := 0
			for _, k := range cols {
				work += b.RowLen(int(k))
			}
			acc.Dense = work > b.Cols/8
			for n, k := range cols {
				bc, bv := b.Row(int(k))
				acc.add(vals[n], bc, bv)
			}
			err := fn(w, r, acc)
			acc.reset()
			if err == nil {
				err = meter.Did(work)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// add adds f times a sparse row to the sums, remembering which places it touched.
func (a *Acc) add(f float32, cols []int32, vals []float32) {
	sum := a.Sum
	vals = vals[:len(cols)]
	if a.Dense {
		for n, c := range cols {
			sum[c] += float32(f * vals[n])
		}
		return
	}
	for n, c := range cols {
		if !a.seen[c] {
			a.seen[c] = true
			a.Touched = append(a.Touched, c)
		}
		sum[c] += float32(f * vals[n])
	}
}
