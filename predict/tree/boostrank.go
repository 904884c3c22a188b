package tree

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/parallel"
)

// ranking are the losses of pairs of rows of one query (Burges, MSR-TR-2010-82).
type ranking struct {
	lambda     bool
	truncation int
	queries    [][2][]int32 // training and validation rows of each, in an order of their content
	inverse    []float64    // 1 / ideal DCG of the training rows of each query, 0 where it has none
}

// newRanking parts the rows by query.
func newRanking(b *booster) (*ranking, error) {
	if b.opt.Groups == nil {
		return nil, fmt.Errorf("option Groups is nil, want a query for each row: %w", ErrEmpty)
	}
	r := &ranking{lambda: b.opt.Loss == LossLambdaMART, truncation: b.opt.Truncation}
	place := map[int]int{}
	for part, rows := range [2][]int32{b.train, b.valid} {
		for _, i := range rows {
			q, ok := place[b.opt.Groups[i]]
			if !ok {
				q = len(r.queries)
				place[b.opt.Groups[i]] = q
				r.queries = append(r.queries, [2][]int32{})
			}
			r.queries[q][part] = append(r.queries[q][part], i)
		}
	}
	pairs := false
	for _, q := range r.queries {
		labels := make([]float64, 0, len(q[0]))
		for _, i := range q[0] {
			labels = append(labels, b.y[i])
		}
		slices.SortFunc(labels, func(x, y float64) int { return cmp.Compare(y, x) })
		ideal := 0.0
		for k, y := range labels[:min(len(labels), r.truncation)] {
			ideal += gainOf(y) * discount(k)
		}
		pairs = pairs || len(labels) > 0 && labels[0] != labels[len(labels)-1]
		r.inverse = append(r.inverse, 0)
		if ideal > 0 {
			r.inverse[len(r.inverse)-1] = 1 / ideal
		}
	}
	if !pairs {
		return nil, fmt.Errorf("no query has rows of different relevance: %w", ErrUndefined)
	}
	return r, nil
}

func gainOf(y float64) float64                   { return math.Exp2(y) - 1 }
func discount(rank int) float64                  { return 1 / math.Log2(float64(rank)+2) }
func (*ranking) link() LinkKind                  { return LinkIdentity }
func (*ranking) renews() float64                 { return 0 }
func (*ranking) start(*booster, []float64) error { return nil }

// gradients adds up the pairs of each query. Rows of equal margin rank by relevance, the lowest first, then by
// what they hold: not by where they stood.
func (r *ranking) gradients(ctx context.Context, b *booster) error {
	return parallel.For(ctx, len(r.queries), 16, b.opt.Workers, func(_, lo, hi int) error {
		meter := parallel.NewMeter(ctx)
		for q := lo; q < hi; q++ {
			if err := r.query(b, q, meter); err != nil {
				return err
			}
		}
		return nil
	})
}

// sorted returns rows by falling margin. Where rows are drawn, those that are alike in all come by
// what they are drawn by.
func (b *booster) sorted(rows []int32) []int32 {
	out := slices.Clone(rows)
	slices.SortFunc(out, func(i, j int32) int {
		c := cmp.Or(cmp.Compare(b.margin[j], b.margin[i]), cmp.Compare(b.y[i], b.y[j]))
		if c == 0 {
			c = cmp.Or(slices.Compare(b.rows[i], b.rows[j]), cmp.Compare(b.weight(i), b.weight(j)))
		}
		if c == 0 && b.ids != nil {
			c = cmp.Compare(b.ids[i], b.ids[j])
		}
		return c
	})
	return out
}

// query sets the gradients of one query.
func (r *ranking) query(b *booster, q int, meter *parallel.Meter) error {
	rows := b.sorted(r.queries[q][0])
	for _, i := range rows {
		b.g[i], b.h[i] = 0, 0
	}
	sum := 0.0
	for x, i := range rows {
		if r.lambda && x >= r.truncation {
			break
		}
		if err := meter.Did(4 * (len(rows) - x)); err != nil {
			return err
		}
		for y := x + 1; y < len(rows); y++ {
			j := rows[y]
			if b.y[i] == b.y[j] {
				continue
			}
			up, down := i, j
			if b.y[i] < b.y[j] {
				up, down = j, i
			}
			apart := b.margin[up] - b.margin[down]
			w := 1.0
			if r.lambda {
				w = math.Abs(gainOf(b.y[i])-gainOf(b.y[j])) * math.Abs(discount(x)-discount(y)) * r.inverse[q]
				if b.margin[rows[0]] != b.margin[rows[len(rows)-1]] {
					w /= .01 + math.Abs(apart) // pairs far apart matter less
				}
			}
			p := 1 / (1 + math.Exp(apart))
			b.g[up] -= w * p
			b.g[down] += w * p
			b.h[up] += w * p * (1 - p)
			b.h[down] += w * p * (1 - p)
			sum += 2 * w * p
		}
	}
	// Queries of many pairs do not count for more than their logarithm.
	norm := 1.0
	if r.lambda && sum > 0 {
		norm = math.Log2(1+sum) / sum
	}
	for _, i := range rows {
		b.g[i] *= norm * b.weight(i)
		b.h[i] *= norm * b.weight(i)
	}
	return nil
}

// mean is 1 − NDCG of the queries for LossLambdaMART, and the mean loss of their pairs otherwise.
func (r *ranking) mean(ctx context.Context, b *booster, rows []int32) (float64, error) {
	part := 0
	if len(b.valid) > 0 && len(rows) > 0 && rows[0] == b.valid[0] {
		part = 1
	}
	values := make([]float64, len(r.queries))
	counts := make([]float64, len(r.queries))
	meter := parallel.NewMeter(ctx)
	for q := range r.queries {
		var err error
		if values[q], counts[q], err = r.judge(b, b.sorted(r.queries[q][part]), meter); err != nil {
			return 0, err
		}
	}
	n := exactSum(len(counts), func(q int) float64 { return counts[q] })
	if n == 0 {
		return 0, nil
	}
	return exactSum(len(values), func(q int) float64 { return values[q] }) / n, nil
}

// judge returns the loss of the rows of a query, which are sorted, and how often it counts.
func (r *ranking) judge(b *booster, rows []int32, meter *parallel.Meter) (value, count float64, err error) {
	if r.lambda {
		ideal := slices.Clone(rows)
		slices.SortFunc(ideal, func(i, j int32) int { return cmp.Compare(b.y[j], b.y[i]) })
		got, best := 0.0, 0.0
		for k := range rows[:min(len(rows), r.truncation)] {
			got += gainOf(b.y[rows[k]]) * discount(k)
			best += gainOf(b.y[ideal[k]]) * discount(k)
		}
		if best == 0 {
			return 0, 0, meter.Did(16 * len(rows))
		}
		return 1 - got/best, 1, meter.Did(16 * len(rows))
	}
	for x, i := range rows {
		if err := meter.Did(4 * (len(rows) - x)); err != nil {
			return 0, 0, err
		}
		for _, j := range rows[x+1:] {
			if b.y[i] == b.y[j] {
				continue
			}
			apart := b.margin[i] - b.margin[j]
			if b.y[i] < b.y[j] {
				apart = -apart
			}
			value += max(-apart, 0) + math.Log1p(math.Exp(-math.Abs(apart)))
			count++
		}
	}
	return value, count, nil
}
