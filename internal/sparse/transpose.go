package sparse

import (
	"context"

	"github.com/aislekit/aisle/internal/parallel"
)

// Transpose returns the Cols×Rows transpose, by counting sort: O(entries).
func (m *CSR) Transpose() *CSR { return m.TransposeOn(1) }

// TransposeOn is Transpose spread over workers; <= 0 means GOMAXPROCS. The result
// is the same at any number. Memory, while it runs: 4 bytes a column, and with
// several workers at most a byte an entry more.
func (m *CSR) TransposeOn(workers int) *CSR {
	t, _ := m.TransposeUntil(context.Background(), workers) // which does not end
	return t
}

// TransposeUntil is TransposeOn that stops when ctx ends, with context.Cause(ctx).
func (m *CSR) TransposeUntil(ctx context.Context, workers int) (*CSR, error) {
	return m.transpose(ctx, listForm{}, m.runs(workers), workers)
}

// runs returns into how many runs of rows a transposition is best cut: more than
// there are workers, because equal weight is not equal time, but not so many that
// the counts of a run are work.
func (m *CSR) runs(workers int) int {
	if workers = parallel.Workers(workers); workers == 1 {
		return 1
	}
	return max(1, min(4*min(workers, 1<<10), len(m.Col)/(4*m.Cols+1<<13)))
}

// listForm says how transpose writes its rows.
type listForm struct {
	order, place []int32
	first        int32
	codes        *valueCodes
}

// transpose makes row order[r] of m, or r when order is nil, column r of the
// result. Into place, unless nil, it writes for each entry of m how many come
// before it in its row of the result, and first more. With codes the result has
// no values of its own: its columns are coded.
//
// The rows are cut into that many runs of equal weight. Each run counts its entries by
// column; what the runs before it counted tells where it has to write.
func (m *CSR) transpose(ctx context.Context, form listForm, runs, workers int) (*CSR, error) {
	order, place, first, codes := form.order, form.place, form.first, form.codes
	t := &CSR{Rows: m.Cols, Cols: m.Rows, Ptr: make([]int64, m.Cols+1), Col: make([]int32, len(m.Col))}
	if codes == nil {
		t.Val = make([]float32, len(m.Val))
	}
	cuts := m.cuts(order, runs)
	used := make([][]int32, runs) // entries of each row of t before those still to come
	err := parallel.For(ctx, runs, 1, workers, func(_, run, _ int) error {
		n, meter := make([]int32, m.Cols), parallel.NewMeter(ctx)
		for r := cuts[run]; r < cuts[run+1]; r++ {
			cols, _ := m.Row(at(order, r))
			if err := meter.Did(len(cols)); err != nil {
				return err
			}
			for _, c := range cols {
				n[c]++
			}
		}
		used[run] = n
		return nil
	})
	if err != nil {
		return nil, err
	}
	total := t.Ptr[1:]
	for _, n := range used {
		for c, own := range n {
			n[c] = int32(total[c])
			total[c] += int64(own)
		}
	}
	for c := range m.Cols {
		t.Ptr[c+1] += t.Ptr[c]
	}
	err = parallel.For(ctx, runs, 1, workers, func(_, run, _ int) error {
		n, ptr, meter := used[run], t.Ptr, parallel.NewMeter(ctx)
		for r := cuts[run]; r < cuts[run+1]; r++ {
			i := at(order, r)
			cols, vals := m.Row(i)
			if err := meter.Did(4 * len(cols)); err != nil {
				return err
			}
			for k, c := range cols {
				p := ptr[c] + int64(n[c])
				n[c]++
				if codes == nil {
					t.Col[p], t.Val[p] = int32(r), vals[k]
				} else {
					t.Col[p] = codes.code(int32(r), vals[k])
				}
			}
			if place != nil {
				place := place[m.Ptr[i]:m.Ptr[i+1]]
				for k, c := range cols {
					place[k] = n[c] - 1 + first
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return t, nil
}

// cuts returns where runs of rows, taken in order, begin, and the number of rows.
// The runs hold the same number of entries but for what is left of a row.
func (m *CSR) cuts(order []int32, runs int) []int {
	cuts := make([]int, runs+1)
	r, seen := 0, int64(0)
	for k := range cuts {
		for ; r < m.Rows && seen < int64(len(m.Col))*int64(k)/int64(runs); r++ {
			seen += int64(m.RowLen(at(order, r)))
		}
		cuts[k] = r
	}
	cuts[runs] = m.Rows
	return cuts
}

// at returns order[r], or r when there is no order.
func at(order []int32, r int) int {
	if order == nil {
		return r
	}
	return int(order[r])
}

// byLength returns the rows, longest first, equal lengths by ascending number, and
// the place of each row in that order.
func (m *CSR) byLength() (order, rank []int32) {
	longest := 0
	for r := range m.Rows {
		longest = max(longest, m.RowLen(r))
	}
	next := make([]int32, longest+2) // by longest minus length, plus 1: rows; then the place of the next
	for r := range m.Rows {
		next[longest-m.RowLen(r)+1]++
	}
	for n := range longest {
		next[n+1] += next[n]
	}
	order, rank = make([]int32, m.Rows), make([]int32, m.Rows)
	for r := range m.Rows {
		n := longest - m.RowLen(r)
		order[next[n]], rank[r] = int32(r), next[n]
		next[n]++
	}
	return order, rank
}
