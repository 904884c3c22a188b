package profile

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/aislekit/aisle/internal/check"
)

// AffinityOptions configures NewAffinity.
type AffinityOptions struct {
	// Dimension is what the affinities are about.
	Dimension Dimension
	// Labels are those of the dimension that become columns, <Name>=<label>. Required, none twice.
	Labels []string
	// Name begins the columns and tells the feature from others. Default the name of the dimension with
	// "affinity_" before it.
	Name string
	// HalfLife, KindWeights and PriceBands are as in BuilderOptions.
	HalfLife    time.Duration
	KindWeights map[Kind]float64
	PriceBands  []int64
}

// NewAffinity returns the shares of labels in what a customer likes, as the columns category=<label> and
// the like of Builder.Table and equal to them to the last bit, as a Feature: so with a half-life or with
// weights of its own, or several half-lives beside each other. What is older than the newest record
// by 128 half-lives or more may be left out. A customer costs 32 bytes for each label and stretch of 32
// half-lives. Bad options are ErrOption.
func NewAffinity(opt AffinityOptions) (Feature, error) {
	b := BuilderOptions{AsOf: time.Unix(0, 0), HalfLife: opt.HalfLife, KindWeights: opt.KindWeights, PriceBands: opt.PriceBands}.withDefaults()
	if err := b.validate(); err != nil {
		return nil, fmt.Errorf("profile: NewAffinity: %w", err)
	}
	var c check.Options
	c.Require(int(opt.Dimension) < dimensions, "Dimension", opt.Dimension, "one of the constants")
	c.Require(len(opt.Labels) > 0, "Labels", opt.Labels, "at least one")
	for i, l := range opt.Labels {
		c.Require(l != "" && !slices.Contains(opt.Labels[:i], l), fmt.Sprintf("Labels[%d]", i), l, "a label of its own")
	}
	if err := c.Err("profile: NewAffinity"); err != nil {
		return nil, err
	}
	if opt.Name == "" {
		opt.Name = "affinity_" + opt.Dimension.String()
	}
	f := &affinity{
		dim: opt.Dimension, name: opt.Name, labels: slices.Clone(opt.Labels), bands: b.PriceBands,
		fade: fader{life: int64(max(b.HalfLife, 0)), oldest: math.MinInt32},
	}
	var weights []string
	for _, k := range slices.Sorted(maps.Keys(b.KindWeights)) {
		f.weight[k] = b.KindWeights[k]
		weights = append(weights, fmt.Sprintf("%v:%v", k, f.weight[k]))
	}
	f.settings = fmt.Sprintf("%s/%v/%v/%s/%v/%q", f.name, f.dim, b.HalfLife, strings.Join(weights, ","), f.bands, f.labels)
	return f, nil
}

// affinity keeps rows of four words, ascending by the first two: the key of a label, a block of the fader,
// the sum of the weights in it.
type affinity struct {
	name, settings string
	dim            Dimension
	labels         []string
	weight         [kinds + 1]float64
	bands          []int64
	fade           fader
}

const affinityRow = 4

func (f *affinity) Name() string { return f.settings }
func (*affinity) Days() []int    { return nil }

func (f *affinity) Columns() []string {
	var out []string
	for _, l := range f.labels {
		out = append(out, f.name+"="+l)
	}
	return out
}

// labelsOf calls put for each label of the dimension that a record carries.
func (f *affinity) labelsOf(r *Record, put func(label string)) {
	once := r.Source == FromEvent || r.Source == FromOrder
	switch item := r.Source == FromEvent || r.Source == FromLine; {
	case f.dim == Category && item:
		put(r.Category)
	case f.dim == Brand && item:
		put(r.Brand)
	case f.dim == PriceBand && r.Source == FromLine && len(f.bands) > 0:
		put(bandName(f.bands, r.Price))
	case f.dim == Term && r.Source == FromEvent:
		for word := range strings.SplitSeq(r.Query, " ") {
			put(word)
		}
	case f.dim == Channel && once:
		put(r.Channel)
	case f.dim == Campaign && once:
		put(r.Campaign)
	case f.dim == Device && once:
		put(r.Device)
	}
}

// Add weighs by the moment of the record alone, never by a cut-off.
func (f *affinity) Add(state []int64, r *Record) []int64 {
	if r.Source == FromRefund {
		return state
	}
	block, sum := f.fade.term(f.weight[r.Kind], r.At.UnixNano())
	if sum.zero() {
		return state
	}
	f.labelsOf(r, func(label string) {
		if label != "" {
			state = f.put(state, int64(textKey(label)), int64(block), sum)
		}
	})
	return state
}

// newest is the last block of a state.
func (*affinity) newest(state []int64) int64 {
	last := int64(math.MinInt64)
	for i := 1; i < len(state); i += affinityRow {
		last = max(last, state[i])
	}
	return last
}

// put adds a sum to its row, unless it is too old, and drops what its block makes too old.
func (f *affinity) put(state []int64, key, block int64, sum fixed) []int64 {
	n, last := 0, f.newest(state)
	if len(state) > 0 && block < last-embeddingBlocks {
		return state
	}
	for n < len(state) && (state[n] < key || state[n] == key && state[n+1] < block) {
		n += affinityRow
	}
	if n == len(state) || state[n] != key || state[n+1] != block {
		state = slices.Insert(state, n, key, block, 0, 0)
	}
	sum = fixed{uint64(state[n+2]), uint64(state[n+3])}.add(sum)
	state[n+2], state[n+3] = int64(sum.hi), int64(sum.lo)
	if block > last {
		for i := 0; i < len(state); {
			if state[i+1] < block-embeddingBlocks {
				state = slices.Delete(state, i, i+affinityRow)
			} else {
				i += affinityRow
			}
		}
	}
	return state
}

func (f *affinity) Merge(state, other []int64) []int64 {
	for ; len(other) > 0; other = other[affinityRow:] {
		state = f.put(state, other[0], other[1], fixed{uint64(other[2]), uint64(other[3])})
	}
	return state
}

func (f *affinity) Valid(state []int64) bool {
	if len(state)%affinityRow != 0 {
		return false
	}
	last := f.newest(state)
	for i := 0; i < len(state); i += affinityRow {
		x := state[i : i+affinityRow]
		if x[0] == 0 || x[1] < math.MinInt32 || x[1] > math.MaxInt32 || x[1] < last-embeddingBlocks || x[2]|x[3] == 0 ||
			i > 0 && (x[0] < state[i-affinityRow] || x[0] == state[i-affinityRow] && x[1] <= state[i-affinityRow+1]) {
			return false
		}
	}
	return true
}

// Result weighs as Builder.loves does.
func (f *affinity) Result(dst []float64, states [][]int64, at Clock) []float64 {
	fade := newFader(f.fade.life, at.at)
	part, total := make(map[int64]fixed), fixed{}
	for s := states[0]; len(s) > 0; s = s[affinityRow:] {
		if s[1] < int64(fade.oldest) {
			continue
		}
		sum := fade.now(int32(s[1]), fixed{uint64(s[2]), uint64(s[3])})
		part[s[0]], total = part[s[0]].add(sum), total.add(sum)
	}
	for _, l := range f.labels {
		x := math.NaN()
		if !total.zero() {
			x = part[int64(textKey(l))].float() / total.float()
		}
		dst = append(dst, x)
	}
	return dst
}
