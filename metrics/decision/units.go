package decision

import (
	"container/heap"
	"context"
	"fmt"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/parallel"
)

// UnitPlan says how many units of budget to give to which channel.
type UnitPlan struct {
	Units    []int   // by channel
	Response float64 // of all channels
}

const (
	maxUnitCells = 1 << 24
	maxUnitWork  = 1 << 31
)

// AllocateUnits splits a budget of whole units (1,000 yuan, a slot, a coupon) over
// channels exactly: response[i][u] is what channel i returns for u units, u from
// 0 up to the most it can take. Curves of any shape are allowed. Concave ones
// (each unit adds no more than the one before) are solved by taking the best next
// unit, ties to the lowest channel, in O(units·log channels); others by dynamic
// programming in O(channels·units²), refused as ErrTooLarge beyond about 2·10⁹
// steps. Units that would not add to the response are not spent.
//
// ErrEmpty without channels or for an empty response, ErrNotFinite, ErrRange for
// negative units.
func AllocateUnits(ctx context.Context, units int, response [][]float64) (*UnitPlan, error) {
	if len(response) == 0 {
		return nil, fmt.Errorf("decision: AllocateUnits: no channels: %w", ErrEmpty)
	}
	if units < 0 {
		return nil, fmt.Errorf("decision: AllocateUnits: units is %d, want >= 0: %w", units, ErrRange)
	}
	concave := true
	for i, r := range response {
		if len(r) == 0 {
			return nil, fmt.Errorf("decision: AllocateUnits: response[%d]: %w", i, ErrEmpty)
		}
		if err := check.Slice(fmt.Sprintf("response[%d]", i), r); err != nil {
			return nil, fmt.Errorf("decision: AllocateUnits: %w", err)
		}
		for u := 2; u < len(r) && u <= units; u++ {
			concave = concave && r[u]-r[u-1] <= r[u-1]-r[u-2]
		}
	}
	plan := &UnitPlan{Units: make([]int, len(response))}
	var err error
	if concave {
		err = plan.greedy(ctx, units, response)
	} else {
		err = plan.dynamic(ctx, units, response)
	}
	if err != nil {
		return nil, err
	}
	for i, u := range plan.Units {
		plan.Response += response[i][u]
	}
	return plan, nil
}

// greedy gives one unit after the other to the channel that gains most by it, which
// is best where no curve rises faster than before.
func (p *UnitPlan) greedy(ctx context.Context, units int, response [][]float64) error {
	var h unitHeap
	offer := func(i int) (nextUnit, bool) {
		u := p.Units[i]
		if u+1 >= len(response[i]) {
			return nextUnit{}, false
		}
		gain := response[i][u+1] - response[i][u]
		return nextUnit{i, gain}, gain > 0
	}
	for i := range response {
		if n, ok := offer(i); ok {
			h = append(h, n)
		}
	}
	heap.Init(&h)
	for k := 0; k < units && len(h) > 0; k++ {
		if k&0xffff == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		i := h[0].channel
		p.Units[i]++
		if n, ok := offer(i); ok {
			h[0] = n
			heap.Fix(&h, 0)
		} else {
			heap.Pop(&h)
		}
	}
	return nil
}

type nextUnit struct {
	channel int
	gain    float64
}

type unitHeap []nextUnit

func (h unitHeap) Len() int { return len(h) }
func (h unitHeap) Less(i, j int) bool {
	return h[i].gain > h[j].gain || h[i].gain == h[j].gain && h[i].channel < h[j].channel
}
func (h unitHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *unitHeap) Push(x any)   { *h = append(*h, x.(nextUnit)) }
func (h *unitHeap) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	*h = (*h)[:last]
	return x
}

// dynamic finds the best plan of curves of any shape: best[b] is what the channels so
// far return for b units at most, took how many of them the last one gets.
func (p *UnitPlan) dynamic(ctx context.Context, units int, response [][]float64) error {
	most := 0
	for _, r := range response {
		most = min(most+len(r)-1, units)
	}
	n := most + 1
	work := 0.0
	for _, r := range response {
		work += float64(n) * float64(min(len(r), n))
	}
	if float64(n)*float64(len(response)) > maxUnitCells || work > maxUnitWork {
		return fmt.Errorf("decision: AllocateUnits: %d units over %d channels that are not concave: %w", units, len(response), ErrTooLarge)
	}
	best := make([]float64, n) // by units used at most
	next := make([]float64, n)
	took := make([]int32, n*len(response))
	m := parallel.NewMeter(ctx)
	for i, r := range response {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		for b := range n {
			if err := m.Did(1 + min(b, len(r))); err != nil {
				return err
			}
			top, at := best[b]+r[0], 0
			for u := 1; u < len(r) && u <= b; u++ {
				if v := best[b-u] + r[u]; v > top {
					top, at = v, u
				}
			}
			next[b], took[i*n+b] = top, int32(at)
		}
		best, next = next, best
	}
	b := n - 1
	for i := len(response) - 1; i >= 0; i-- {
		p.Units[i] = int(took[i*n+b])
		b -= p.Units[i]
	}
	return nil
}
