package attribution

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"

	"github.com/aislekit/aisle/metrics"
)

// RemovalEffect is what the Markov model says of a channel.
type RemovalEffect struct {
	ChannelCredit
	Effect        float64 // share of conversions lost without the channel; effects do not sum to 1
	RevenueEffect float64 // the same for revenue; NaN without revenue
}

// MarkovResult is the result of Paths.Markov.
type MarkovResult struct {
	Order      int               // touches that make a state
	States     int               // states of the chain besides start, conversion and null
	Conversion float64           // probability that a path converts
	Channels   []RemovalEffect   // by name
	Warnings   []metrics.Warning // WarnNoNullPaths
}

const (
	maxStates      = 1 << 16
	denseStates    = 128
	maxGaussSeidel = 1_000_000
)

// Markov shares conversions out by removal effect (Anderl et al. 2016): paths are
// taken for walks of a Markov chain of the given order, and the effect of a
// channel is the share of conversions lost when every touch of it ends the walk.
// Credit is proportional to the effect. Revenue has effects of its own, each
// conversion weighing what it brought. Probabilities come from solving the linear
// system, not from simulated walks: no noise, no channel without credit by
// chance. With order above 1 a state is the last so many touches; effects are
// still those of channels.
//
// Paths that did not convert are needed: without them the result carries
// WarnNoNullPaths. ErrUndefined without a conversion, ErrOption for an order
// outside [1, 8], ErrTooLarge above 65,536 states. Cost: one solution a channel.
func (a *Paths) Markov(ctx context.Context, order int) (*MarkovResult, error) {
	if err := check.Receiver("attribution: Paths.Markov", a); err != nil {
		return nil, err
	}
	if order < 1 || order > 8 {
		return nil, fmt.Errorf("attribution: Paths.Markov: order is %d, want in [1, 8]: %w", order, ErrOption)
	}
	total := a.total
	if total.conversions == 0 {
		return nil, undefined("Paths.Markov: no conversion")
	}
	names, rs := a.routes()
	chain, err := newChain(rs, order)
	if err != nil {
		return nil, err
	}
	out := &MarkovResult{Order: order, States: len(chain.channel), Channels: make([]RemovalEffect, len(names))}
	p, v, err := chain.value(ctx, -1)
	if err != nil {
		return nil, err
	}
	out.Conversion = p
	var sum, sumRevenue float64
	for c := range names {
		without, money, err := chain.value(ctx, int32(c))
		if err != nil {
			return nil, err
		}
		e := RemovalEffect{ChannelCredit: ChannelCredit{Channel: names[c]}, Effect: max(1-without/p, 0), RevenueEffect: math.NaN()}
		sum += e.Effect
		if total.revenue > 0 {
			e.RevenueEffect = max(1-money/v, 0)
			sumRevenue += e.RevenueEffect
		}
		out.Channels[c] = e
	}
	for i := range out.Channels {
		e := &out.Channels[i]
		e.Conversions = e.Effect / sum * float64(total.conversions)
		if total.revenue > 0 {
			e.Revenue = e.RevenueEffect / sumRevenue * float64(total.revenue)
		}
	}
	if total.nulls == 0 {
		out.Warnings = append(out.Warnings, WarnNoNullPaths)
	}
	return out, nil
}

// chain is an absorbing Markov chain. Row s holds the moves from state s; ends
// are kept as the probability of conversion and the expected revenue on leaving.
type chain struct {
	channel []int32 // last channel of each state
	start   []move
	rows    [][]move
	convert []float64
	revenue []float64
}

type move struct {
	to int32
	p  float64
}

// newChain counts the moves of the walks rs over states of the last order channels.
func newChain(rs []route, order int) (*chain, error) {
	type tally struct {
		to                      map[int32]float64
		total, convert, revenue float64
	}
	c := &chain{}
	index := map[string]int32{}
	start := &tally{to: map[int32]float64{}}
	var all []*tally
	var key []byte
	for _, r := range rs {
		n := float64(r.conversions) + float64(r.nulls)
		if n == 0 {
			continue
		}
		from := start
		for i, ch := range r.channels {
			key = key[:0]
			for _, x := range r.channels[max(0, i+1-order) : i+1] {
				key = binary.LittleEndian.AppendUint32(key, uint32(x))
			}
			s, ok := index[string(key)]
			if !ok {
				if len(all) >= maxStates {
					return nil, fmt.Errorf("attribution: Paths.Markov: more than %d states of order %d: %w", maxStates, order, ErrTooLarge)
				}
				s = int32(len(all))
				index[string(key)] = s
				c.channel = append(c.channel, ch)
				all = append(all, &tally{to: map[int32]float64{}})
			}
			from.to[s] += n
			from.total += n
			from = all[s]
		}
		from.total += n
		from.convert += float64(r.conversions)
		from.revenue += float64(r.revenue)
	}
	row := func(t *tally) []move {
		m := make([]move, 0, len(t.to))
		for s, n := range t.to {
			m = append(m, move{s, n / t.total})
		}
		slices.SortFunc(m, func(a, b move) int { return int(a.to) - int(b.to) })
		return m
	}
	c.start = row(start)
	for _, t := range all {
		c.rows = append(c.rows, row(t))
		c.convert = append(c.convert, t.convert/t.total)
		c.revenue = append(c.revenue, t.revenue/t.total)
	}
	return c, nil
}

// value returns the probability of conversion and the expected revenue of a walk
// that ends at every touch of the channel without (none: −1).
func (c *chain) value(ctx context.Context, without int32) (p, revenue float64, err error) {
	if ctx.Err() != nil {
		return 0, 0, context.Cause(ctx)
	}
	var x, y []float64
	if len(c.rows) <= denseStates {
		x, y = c.eliminate(without)
	} else if x, y, err = c.relax(ctx, without); err != nil {
		return 0, 0, err
	}
	for _, m := range c.start {
		p += m.p * x[m.to]
		revenue += m.p * y[m.to]
	}
	return p, revenue, nil
}

// eliminate solves (I−Q)x = convert and (I−Q)y = revenue over the states left.
// I−Q is an M-matrix, for which elimination needs no pivoting.
func (c *chain) eliminate(without int32) (x, y []float64) {
	n := len(c.rows)
	w := n + 2
	a := make([]float64, n*w)
	for i, row := range c.rows {
		r := a[i*w : i*w+w]
		r[i] = 1
		if c.channel[i] == without {
			continue
		}
		for _, m := range row {
			if c.channel[m.to] != without {
				r[m.to] -= m.p
			}
		}
		r[n], r[n+1] = c.convert[i], c.revenue[i]
	}
	for k := range n {
		pivot := a[k*w : k*w+w]
		for i := k + 1; i < n; i++ {
			r := a[i*w : i*w+w]
			f := r[k] / pivot[k]
			if f == 0 {
				continue
			}
			for j := k; j < w; j++ {
				r[j] -= f * pivot[j]
			}
		}
	}
	x, y = make([]float64, n), make([]float64, n)
	for k := n - 1; k >= 0; k-- {
		r := a[k*w : k*w+w]
		s, t := r[n], r[n+1]
		for j := k + 1; j < n; j++ {
			s -= r[j] * x[j]
			t -= r[j] * y[j]
		}
		x[k], y[k] = s/r[k], t/r[k]
	}
	return x, y
}

// relax solves the same by Gauss-Seidel sweeps, which rise to the solution from
// below because every state can end. It stops when what is left of the geometric
// series is below 1e-13 of the largest value.
func (c *chain) relax(ctx context.Context, without int32) (x, y []float64, err error) {
	n := len(c.rows)
	x, y = make([]float64, n), make([]float64, n)
	before := math.Inf(1)
	for sweep := range maxGaussSeidel {
		if sweep%64 == 0 && ctx.Err() != nil {
			return nil, nil, context.Cause(ctx)
		}
		var change, top, changeY, topY float64
		for i := n - 1; i >= 0; i-- {
			if c.channel[i] == without {
				continue
			}
			s, t, self := c.convert[i], c.revenue[i], 0.0
			for _, m := range c.rows[i] {
				if int(m.to) == i {
					self = m.p
					continue
				}
				s += m.p * x[m.to]
				t += m.p * y[m.to]
			}
			s, t = s/(1-self), t/(1-self)
			change, top = max(change, s-x[i]), max(top, s)
			changeY, topY = max(changeY, t-y[i]), max(topY, t)
			x[i], y[i] = s, t
		}
		relative := 0.0
		if top > 0 {
			relative = change / top
		}
		if topY > 0 {
			relative = max(relative, changeY/topY)
		}
		rate := min(relative/before, 1)
		if relative <= 1e-16 || sweep > 2 && relative*rate < 1e-13*(1-rate) {
			return x, y, nil
		}
		before = relative
	}
	return nil, nil, fmt.Errorf("attribution: Paths.Markov: %d sweeps: %w", maxGaussSeidel, ErrDiverged)
}
