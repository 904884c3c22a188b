package metrics

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/rng"
)

// RemovalEffect is what the Markov model says of a channel.
type RemovalEffect struct {
	ChannelCredit
	Effect        float64 // share of conversions lost without the channel; effects do not sum to 1
	RevenueEffect float64 // the same for revenue; NaN without revenue
}

// MarkovAttribution is the result of Attribution.Markov.
type MarkovAttribution struct {
	Order      int
	States     int     // states of the chain besides start, conversion and null
	Conversion float64 // probability that a path converts
	Channels   []RemovalEffect
	Warnings   []Warning
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
func (a *Attribution) Markov(ctx context.Context, order int) (*MarkovAttribution, error) {
	if order < 1 || order > 8 {
		return nil, fmt.Errorf("metrics: Attribution: Markov: order is %d, want in [1, 8]: %w", order, ErrOption)
	}
	total := a.total
	if total.conversions == 0 {
		return nil, undefined("Attribution: Markov: no conversion")
	}
	names, rs := a.routes()
	chain, err := newChain(rs, order)
	if err != nil {
		return nil, err
	}
	out := &MarkovAttribution{Order: order, States: len(chain.channel), Channels: make([]RemovalEffect, len(names))}
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
					return nil, fmt.Errorf("metrics: Attribution: Markov: more than %d states of order %d: %w", maxStates, order, ErrTooLarge)
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
	return nil, nil, fmt.Errorf("metrics: Attribution: Markov: %d sweeps: %w", maxGaussSeidel, ErrDiverged)
}

// ShapleyValue says what a set of channels is worth.
type ShapleyValue uint8

const (
	// ShapleyConversions: the conversions that happened over no other channels
	// (Zhao, Mahboobi and Bagheri 2018). Each conversion is then shared equally
	// by the channels on its path, which makes the exact value cheap for any
	// number of channels.
	ShapleyConversions ShapleyValue = iota

	// ShapleyRate: the conversion rate of the paths over no other channels, which
	// takes the paths that did not convert into account. Credit may be negative.
	ShapleyRate
)

// ShapleyOptions are the settings of Attribution.Shapley.
type ShapleyOptions struct {
	Value ShapleyValue // default ShapleyConversions

	// Samples is the number of random orders of channels, each taken forwards and
	// backwards, for ShapleyRate. Default 0: exact over all subsets up to 20
	// channels, 2000 samples above.
	Samples int
	Seed    uint64 // of the samples
}

const maxExactShapley = 20

// ShapleyCredit is the Shapley value of a channel.
type ShapleyCredit struct {
	ChannelCredit
	SE float64 // standard error of Conversions from sampling; 0 where exact
}

// ShapleyAttribution is the result of Attribution.Shapley.
type ShapleyAttribution struct {
	Exact    bool
	Channels []ShapleyCredit
	Warnings []Warning
}

// Shapley shares conversions and revenue out by Shapley value (1953): the mean,
// over all orders in which the channels could be added, of what a channel adds.
// Paths count as sets of channels; neither order nor repeats matter. Values are
// scaled to the conversions and the revenue there were; revenue is shared in
// proportion to what the conversions of a set brought (ShapleyConversions) or to
// the revenue per path (ShapleyRate). Exact results cost O(2ⁿ·n) for ShapleyRate.
// Samples depend on Seed alone. ErrUndefined without a conversion, ErrOption for
// bad options.
func (a *Attribution) Shapley(ctx context.Context, o ShapleyOptions) (*ShapleyAttribution, error) {
	var bad check.Options
	bad.Require(o.Value <= ShapleyRate, "Value", uint8(o.Value), "ShapleyConversions or ShapleyRate")
	bad.Require(o.Samples >= 0, "Samples", o.Samples, ">= 0")
	if err := bad.Err("metrics: Attribution: Shapley"); err != nil {
		return nil, err
	}
	total := a.total
	if total.conversions == 0 {
		return nil, undefined("Attribution: Shapley: no conversion")
	}
	names, rs := a.routes()
	out := &ShapleyAttribution{Exact: true, Channels: make([]ShapleyCredit, len(names))}
	for i, n := range names {
		out.Channels[i].Channel = n
	}
	if o.Value == ShapleyConversions {
		for _, r := range rs {
			set := distinctChannels(r.channels)
			for _, c := range set {
				out.Channels[c].Conversions += float64(r.conversions) / float64(len(set))
				out.Channels[c].Revenue += float64(r.revenue) / float64(len(set))
			}
		}
		return out, nil
	}
	g := newCoalitions(len(names), rs)
	var err error
	if len(names) <= maxExactShapley && o.Samples == 0 {
		err = g.exact(ctx, out)
	} else {
		out.Exact = false
		err = g.sample(ctx, out, check.Default(o.Samples, 2000), o.Seed)
	}
	if err != nil {
		return nil, err
	}
	// Efficiency: the values sum to the overall rate, which is scaled to counts.
	paths := float64(total.conversions) + float64(total.nulls)
	negative := false
	for i := range out.Channels {
		c := &out.Channels[i]
		c.Conversions *= paths
		c.SE *= paths
		c.Revenue *= paths
		negative = negative || c.Conversions < 0
	}
	if total.nulls == 0 {
		out.Warnings = append(out.Warnings, WarnNoNullPaths)
	}
	if negative {
		out.Warnings = append(out.Warnings, WarnNegativeCredit)
	}
	return out, nil
}

// distinctChannels returns the channels of a path without repeats, ascending.
func distinctChannels(path []int32) []int32 {
	set := slices.Clone(path)
	slices.Sort(set)
	return slices.Compact(set)
}

// coalitions are the distinct sets of channels on paths.
type coalitions struct {
	n    int
	sets []coalition
}

type coalition struct {
	members                 []int32
	conversions, n, revenue float64
}

func newCoalitions(n int, rs []route) *coalitions {
	g := &coalitions{n: n}
	for _, r := range rs {
		g.sets = append(g.sets, coalition{distinctChannels(r.channels), float64(r.conversions), float64(r.conversions) + float64(r.nulls), float64(r.revenue)})
	}
	slices.SortStableFunc(g.sets, func(a, b coalition) int { return slices.Compare(a.members, b.members) })
	k := 0
	for i, s := range g.sets {
		if i > 0 && slices.Equal(s.members, g.sets[k-1].members) {
			last := &g.sets[k-1]
			last.conversions, last.n, last.revenue = last.conversions+s.conversions, last.n+s.n, last.revenue+s.revenue
			continue
		}
		g.sets[k] = s
		k++
	}
	g.sets = g.sets[:k]
	return g
}

func rate(x, n float64) float64 {
	if n == 0 {
		return 0 // nobody came over these channels alone: they are worth nothing
	}
	return x / n
}

// exact fills in the values from the table of all subsets.
func (g *coalitions) exact(ctx context.Context, out *ShapleyAttribution) error {
	size := 1 << g.n
	conv, n, rev := make([]float64, size), make([]float64, size), make([]float64, size)
	for _, s := range g.sets {
		mask := 0
		for _, c := range s.members {
			mask |= 1 << c
		}
		conv[mask], n[mask], rev[mask] = s.conversions, s.n, s.revenue
	}
	for c := range g.n { // sums over subsets
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		for m := range size {
			if m>>c&1 == 1 {
				conv[m] += conv[m^1<<c]
				n[m] += n[m^1<<c]
				rev[m] += rev[m^1<<c]
			}
		}
	}
	for m := range size {
		conv[m], rev[m] = rate(conv[m], n[m]), rate(rev[m], n[m])
	}
	// weight[k] = k!(n−k−1)!/n! = 1/(n·C(n−1, k))
	weight := make([]float64, g.n)
	choose := 1.0
	for k := range weight {
		weight[k] = 1 / (float64(g.n) * choose)
		choose *= float64(g.n-1-k) / float64(k+1)
	}
	for c := range g.n {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		x := &out.Channels[c]
		for m := range size {
			if m>>c&1 == 0 {
				w := weight[bits.OnesCount(uint(m))]
				x.Conversions += w * (conv[m|1<<c] - conv[m])
				x.Revenue += w * (rev[m|1<<c] - rev[m])
			}
		}
	}
	return nil
}

// sample estimates the values over random orders and their reverses.
func (g *coalitions) sample(ctx context.Context, out *ShapleyAttribution, samples int, seed uint64) error {
	const stage = 0x5a9
	holds := make([][]int32, g.n) // sets that a channel is in
	for i, s := range g.sets {
		for _, c := range s.members {
			holds[c] = append(holds[c], int32(i))
		}
	}
	left := make([]int32, len(g.sets))
	mean, m2 := make([]float64, g.n), make([]float64, g.n)
	pair := make([]float64, g.n)
	for t := range samples {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		perm := rng.New(seed, stage, uint64(t)).Perm(g.n)
		clear(pair)
		for range 2 {
			for i, s := range g.sets {
				left[i] = int32(len(s.members))
			}
			var conv, n, rev, vc, vr float64
			for _, c := range perm {
				for _, i := range holds[c] {
					if left[i]--; left[i] == 0 {
						conv, n, rev = conv+g.sets[i].conversions, n+g.sets[i].n, rev+g.sets[i].revenue
					}
				}
				nc, nr := rate(conv, n), rate(rev, n)
				pair[c] += (nc - vc) / 2
				out.Channels[c].Revenue += (nr - vr) / 2
				vc, vr = nc, nr
			}
			slices.Reverse(perm)
		}
		for c, x := range pair {
			d := x - mean[c]
			mean[c] += d / float64(t+1)
			m2[c] += d * (x - mean[c])
		}
	}
	for c := range g.n {
		x := &out.Channels[c]
		x.Conversions = mean[c]
		x.Revenue /= float64(samples)
		x.SE = math.NaN()
		if samples > 1 {
			x.SE = math.Sqrt(m2[c] / float64(samples-1) / float64(samples))
		}
	}
	return nil
}
