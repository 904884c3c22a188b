package profile

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"sort"
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
	// HalfLife, KindWeights and PriceBands are as in BuilderOptions; PriceBands are required for PriceBand.
	HalfLife    time.Duration
	KindWeights map[Kind]float64
	PriceBands  []int64
}

// NewAffinity returns the shares of labels in what a customer likes, as the columns category=<label> and
// the like of Builder.Table and equal to them to the last bit, as a Feature: so with a half-life or with
// weights of its own, or several half-lives beside each other. What is older than the newest record
// by 96 half-lives or more may be left out. A customer costs 32 bytes for each label and stretch of 32
// half-lives. Bad options are ErrOption.
func NewAffinity(opt AffinityOptions) (Feature, error) {
	b := BuilderOptions{AsOf: time.Unix(0, 0), HalfLife: opt.HalfLife, KindWeights: opt.KindWeights, PriceBands: opt.PriceBands}.withDefaults()
	if err := b.validate("profile: NewAffinity"); err != nil {
		return nil, err
	}
	var c check.Options
	c.Require(int(opt.Dimension) < dimensions, "Dimension", opt.Dimension, "one of the constants")
	c.Require(opt.Dimension != PriceBand || len(opt.PriceBands) > 0, "PriceBands", "none", "bounds, for PriceBand")
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
		if f.weight[k] = b.KindWeights[k]; f.weight[k] > 0 { // 0 is that of kinds not named
			weights = append(weights, fmt.Sprintf("%v:%v", k, f.weight[k]))
		}
	}
	f.settings = fmt.Sprintf("%s/%v/%v/%s/%v/%q", f.name, f.dim, b.HalfLife, strings.Join(weights, ","), f.bands, f.labels)
	return f, nil
}

// affinity keeps rows of four words, ascending by the first two: a block of the fader, the key of a label,
// the sum of its weights in the block.
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
			state = f.put(state, []int64{int64(block), int64(textKey(label)), int64(sum.hi), int64(sum.lo)})
		}
	})
	return state
}

// compareRows orders rows.
func compareRows(a, b []int64) int {
	return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]))
}

// put adds a row to the one of its block and key, unless it is too old.
func (f *affinity) put(state, row []int64) []int64 {
	at := affinityRow * sort.Search(len(state)/affinityRow, func(i int) bool { return compareRows(state[i*affinityRow:], row) >= 0 })
	if at == len(state) || compareRows(state[at:], row) != 0 {
		return f.young(slices.Insert(state, at, row...))
	}
	addRow(state[at:], row)
	return state
}

// addRow adds the sum of a row to that of one of the same block and key.
func addRow(to, row []int64) {
	sum := fixed{uint64(to[2]), uint64(to[3])}.add(fixed{uint64(row[2]), uint64(row[3])})
	to[2], to[3] = int64(sum.hi), int64(sum.lo)
}

// young drops the rows that the newest one makes too old.
func (f *affinity) young(state []int64) []int64 {
	old := 0
	for state[old] < state[len(state)-affinityRow]-keptBlocks {
		old += affinityRow
	}
	return slices.Delete(state, 0, old)
}

// Merge takes the rows of both in order, in one pass: a robot has many labels.
func (f *affinity) Merge(state, other []int64) []int64 {
	if len(state) == 0 || len(other) == 0 {
		return append(state, other...)
	}
	out := make([]int64, 0, len(state)+len(other))
	for len(state) > 0 && len(other) > 0 {
		order := compareRows(state, other)
		if order <= 0 {
			out, state = append(out, state[:affinityRow]...), state[affinityRow:]
		} else {
			out = append(out, other[:affinityRow]...)
		}
		if order == 0 {
			addRow(out[len(out)-affinityRow:], other)
		}
		if order >= 0 {
			other = other[affinityRow:]
		}
	}
	return f.young(append(append(out, state...), other...))
}

func (f *affinity) Valid(state []int64) bool {
	if len(state)%affinityRow != 0 {
		return false
	}
	for i := 0; i < len(state); i += affinityRow {
		x := state[i : i+affinityRow]
		if x[1] == 0 || x[0] < math.MinInt32 || x[0] > math.MaxInt32 || x[0] < state[len(state)-affinityRow]-keptBlocks || x[2]|x[3] == 0 ||
			i > 0 && compareRows(state[i-affinityRow:], x) >= 0 {
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
		if s[0] < int64(fade.oldest) {
			continue
		}
		sum := fade.now(int32(s[0]), fixed{uint64(s[2]), uint64(s[3])})
		part[s[1]], total = part[s[1]].add(sum), total.add(sum)
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
