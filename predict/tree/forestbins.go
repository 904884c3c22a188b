package tree

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/hist"
	"github.com/aislekit/aisle/internal/parallel"
)

// Bins of a column: at most mostBins of values or categories, and one for missing ones.
const (
	mostBins   = 255
	missingBin = 255
	binSample  = 1 << 18 // rows that edges are found from
)

// bins is the columns of a lesson, cut into bins, each column by itself: a node looks at few
// of them.
type bins struct {
	code  [][]uint8   // by column and row
	edges [][]float64 // bin b of a column holds what is at most edges[b] and in no bin before
	names [][]int32   // categories of the bins; the bin after them is that of the rare ones
}

// newBins cuts the columns. Rows are in no order of their own, so that each k-th is a sample.
func newBins(ctx context.Context, l *lesson, workers int) (*bins, error) {
	b := &bins{make([][]uint8, l.d), make([][]float64, l.d), make([][]int32, l.d)}
	return b, parallel.For(ctx, l.d, 1, workers, func(_, j, _ int) error {
		code := make([]uint8, l.n)
		b.code[j] = code
		if l.coded[j] {
			b.categories(l, j)
			return nil
		}
		step := (l.n-1)/binSample + 1
		sample := make([]hist.Weighted, 0, l.n/step+1)
		for k := 0; k < l.n; k += step {
			if v := l.rows[k][j]; v == v {
				sample = append(sample, hist.Weighted{X: v + 0, W: 1})
			}
		}
		c := hist.Numbers(hist.Cuts(hist.Tally(sample, true), mostBins), false)
		b.edges[j] = c.Edges
		c.Fill(code, l.rows, j)
		for k := range code {
			code[k]-- // 0, the missing one, becomes the last
		}
		return nil
	})
}

// categories gives a bin to each of the most frequent categories of column j, one to the
// others together.
func (b *bins) categories(l *lesson, j int) {
	count := make(map[int32]int)
	for _, row := range l.rows {
		if v := row[j]; v == v {
			count[int32(v)]++
		}
	}
	names := make([]int32, 0, len(count))
	for name := range count {
		names = append(names, name)
	}
	slices.SortFunc(names, func(x, y int32) int { return cmp.Or(cmp.Compare(count[y], count[x]), cmp.Compare(x, y)) })
	names = names[:min(len(names), mostBins-1)]
	number := make(map[int32]uint8, len(names))
	for k, name := range names {
		number[name] = uint8(k)
	}
	b.names[j] = names
	for k, row := range l.rows {
		v := row[j]
		if v != v {
			b.code[j][k] = missingBin
			continue
		}
		at, ok := number[int32(v)]
		if !ok {
			at = uint8(len(names))
		}
		b.code[j][k] = at
	}
}

// threshold returns the cut between bin and next, the bins with rows on both sides of it, in
// the middle of those between them, and the last bin below.
func (b *bins) threshold(j int, bin, next uint8) (uint8, float64) {
	if next == missingBin { // all that is there on the left
		return missingBin - 1, math.MaxFloat64
	}
	at := uint8((int(bin) + int(next) - 1) / 2)
	return at, b.edges[j][at]
}

// words returns the categories of the bins in set as a set of Node.Categories.
func (b *bins) words(j int, set *[4]uint64) []uint32 {
	out := []uint32{}
	for k, name := range b.names[j] {
		if set[k>>6]>>(k&63)&1 == 0 {
			continue
		}
		for int(name>>5) >= len(out) {
			out = append(out, 0)
		}
		out[name>>5] |= 1 << (name & 31)
	}
	return out
}

// upTo returns the set of the bins 0 … bin.
func upTo(bin uint8) (set [4]uint64) {
	for k := range int(bin>>6) + 1 {
		set[k] = ^uint64(0)
	}
	if rest := bin & 63; rest < 63 {
		set[bin>>6] = 1<<(rest+1) - 1
	}
	return set
}
