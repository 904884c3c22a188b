package attribution

import (
	"context"
	"math"
	"math/bits"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/moments"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/metrics"
)

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

// ShapleyOptions configures Paths.Shapley.
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

// ShapleyResult is the result of Paths.Shapley.
type ShapleyResult struct {
	Exact    bool              // over all subsets of channels, not over samples
	Channels []ShapleyCredit   // by name
	Warnings []metrics.Warning // reasons to read it with care
}

// Shapley shares conversions and revenue out by Shapley value (1953): the mean,
// over all orders in which the channels could be added, of what a channel adds.
// Paths count as sets of channels; neither order nor repeats matter. Values are
// scaled to the conversions and the revenue there were; revenue is shared in
// proportion to what the conversions of a set brought (ShapleyConversions) or to
// the revenue per path (ShapleyRate). Exact results cost O(2ⁿ·n) for ShapleyRate.
// Samples depend on Seed alone. ErrUndefined without a conversion, ErrOption for
// bad options.
func (a *Paths) Shapley(ctx context.Context, opt ShapleyOptions) (*ShapleyResult, error) {
	if err := check.Receiver("attribution: Paths.Shapley", a); err != nil {
		return nil, err
	}
	var c check.Options
	c.Require(opt.Value <= ShapleyRate, "Value", uint8(opt.Value), "ShapleyConversions or ShapleyRate")
	c.Require(opt.Samples >= 0, "Samples", opt.Samples, ">= 0")
	if err := c.Err("attribution: Paths.Shapley"); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	total := a.total
	if total.conversions == 0 {
		return nil, undefined("Paths.Shapley: no conversion")
	}
	names, rs := a.routes()
	out := &ShapleyResult{Exact: true, Channels: make([]ShapleyCredit, len(names))}
	for i, n := range names {
		out.Channels[i].Channel = n
	}
	if opt.Value == ShapleyConversions {
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
	if len(names) <= maxExactShapley && opt.Samples == 0 {
		err = g.exact(ctx, out)
	} else {
		out.Exact = false
		err = g.sample(ctx, out, check.Default(opt.Samples, 2000), opt.Seed)
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

// newCoalitions joins the paths of rs over the same set of n channels.
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
func (g *coalitions) exact(ctx context.Context, out *ShapleyResult) error {
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
func (g *coalitions) sample(ctx context.Context, out *ShapleyResult, samples int, seed uint64) error {
	const stage = 0x5a9
	holds := make([][]int32, g.n) // sets that a channel is in
	for i, s := range g.sets {
		for _, c := range s.members {
			holds[c] = append(holds[c], int32(i))
		}
	}
	left := make([]int32, len(g.sets))
	seen := make([]moments.Welford, g.n)
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
			_ = seen[c].Add(x) // a difference of rates: nothing overflows
		}
	}
	for c := range g.n {
		x := &out.Channels[c]
		x.Conversions = seen[c].Mean()
		x.Revenue /= float64(samples)
		v, _ := seen[c].Variance() // NaN of one sample
		x.SE = math.Sqrt(v / float64(samples))
	}
	return nil
}
