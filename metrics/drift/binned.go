package drift

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/drift"
	"github.com/aislekit/aisle/metrics"
)

// Warnings of drift.
const (
	WarnEmptyReferenceBin metrics.Warning = "a bin of the reference is empty: its share was taken as 0.0001"
	WarnOutside           metrics.Warning = "values outside the range of the reference: they count in the outer bins"
)

// Binned counts the values of one metric or feature in bins fixed by a reference
// sample, so that later windows can be compared with it. Make one with NewBinned
// and one for each window with Empty. Merge is exact. It is not safe for
// concurrent use.
type Binned struct {
	edges   []float64 // inner edges, ascending; bin i holds values in (edges[i-1], edges[i]]
	low     float64   // range of the reference
	high    float64
	counts  []int64
	n       int64
	outside int64
}

// NewBinned returns the counts of a reference sample in at most bins bins that
// hold equally many of its values (ties can make them fewer; a column of few
// distinct values gets one bin each). bins 0 means 10. ErrOption unless bins is
// in [2, 1000], ErrEmpty, ErrNotFinite, ErrUndefined for a constant reference.
func NewBinned(reference []float64, bins int) (*Binned, error) {
	bins = check.Default(bins, 10)
	if bins < 2 || bins > 1000 {
		return nil, fmt.Errorf("drift: NewBinned: bins is %d, want in [2, 1000]: %w", bins, ErrOption)
	}
	if len(reference) == 0 {
		return nil, fmt.Errorf("drift: NewBinned: no reference: %w", ErrEmpty)
	}
	if err := check.Slice("reference", reference); err != nil {
		return nil, fmt.Errorf("drift: NewBinned: %w", err)
	}
	xs := slices.Clone(reference)
	slices.Sort(xs)
	b := &Binned{low: xs[0], high: xs[len(xs)-1], edges: drift.Edges(xs, bins)}
	if len(b.edges) == 0 {
		return nil, undefined("NewBinned: the reference is constant")
	}
	b.counts = make([]int64, len(b.edges)+1)
	for _, x := range xs {
		if err := b.Add(x); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// BinnedByEdges returns empty counts over the given inner edges, ascending: bin i
// holds values above edges[i−1] up to edges[i]. ErrOption otherwise.
func BinnedByEdges(edges []float64) (*Binned, error) {
	b := &Binned{edges: slices.Clone(edges), counts: make([]int64, len(edges)+1), low: math.Inf(-1), high: math.Inf(1)}
	if !b.valid() || len(edges) == 0 || len(edges) > 999 {
		return nil, fmt.Errorf("drift: BinnedByEdges: %d edges, want 1 to 999 ascending finite numbers: %w", len(edges), ErrOption)
	}
	return b, nil
}

func (b *Binned) valid() bool {
	for i, e := range b.edges {
		if !check.Finite(e) || i > 0 && e <= b.edges[i-1] {
			return false
		}
	}
	return true
}

// Empty returns empty counts over the same bins, for the next window.
func (b *Binned) Empty() *Binned {
	if b == nil {
		return nil
	}
	return &Binned{edges: b.edges, low: b.low, high: b.high, counts: make([]int64, len(b.counts))}
}

// ready refuses nil and the zero value, which has no bins.
func (b *Binned) ready(where string) error {
	if b == nil || len(b.counts) == 0 {
		return fmt.Errorf("%s: not made by NewBinned or BinnedByEdges: %w", where, ErrEmpty)
	}
	return nil
}

// Add adds a value. ErrNotFinite for NaN; infinities count in the outer bins.
func (b *Binned) Add(x float64) error {
	if err := b.ready("drift: Binned.Add"); err != nil {
		return err
	}
	if math.IsNaN(x) {
		return fmt.Errorf("drift: Binned.Add: value is NaN: %w", ErrNotFinite)
	}
	b.counts[sort.SearchFloat64s(b.edges, x)]++
	b.n++
	if x < b.low || x > b.high {
		b.outside++
	}
	return nil
}

// N returns the number of values.
func (b *Binned) N() int64 {
	if b == nil {
		return 0
	}
	return b.n
}

// Counts returns a copy of the counts by bin.
func (b *Binned) Counts() []int64 {
	if b == nil {
		return nil
	}
	return slices.Clone(b.counts)
}

// Edges returns a copy of the inner edges.
func (b *Binned) Edges() []float64 {
	if b == nil {
		return nil
	}
	return slices.Clone(b.edges)
}

// Merge adds the values of other, which must have the same bins (else
// ErrMismatch). ErrOverflow leaves b unchanged.
func (b *Binned) Merge(other *Binned) error {
	if err := check.Merge("drift: Binned.Merge", b, other); err != nil {
		return err
	}
	if err := b.ready("drift: Binned.Merge"); err != nil {
		return err
	}
	if !b.same(other) {
		return fmt.Errorf("drift: Binned.Merge: merge of other bins: %w", ErrMismatch)
	}
	n, err := check.AddInt64(b.n, other.n)
	if err != nil {
		return fmt.Errorf("drift: Binned.Merge: %w", err)
	}
	b.n, b.outside = n, b.outside+other.outside
	for i, c := range other.counts {
		b.counts[i] += c
	}
	return nil
}

func (b *Binned) same(o *Binned) bool {
	return slices.Equal(b.edges, o.edges) && b.low == o.low && b.high == o.high
}

// Comparison says how far a window has moved from its reference.
type Comparison struct {
	PSI           float64           // population stability index; rules of thumb: 0.1 watch, 0.25 act
	Threshold     float64           // PSI that chance alone exceeds with probability Level, given the two sizes (Yurdakul 2018)
	JS            float64           // Jensen–Shannon distance in [0, 1], the square root of the divergence in bits; scipy's jensenshannon is in nats by default
	KS            float64           // largest distance of the cumulative shares at the edges
	PKS           float64           // p-value of KS by the asymptotic distribution; conservative, as values are binned
	NReference, N int64             // values of the reference and of the window
	Alarm         bool              // PSI is above 0.1 and above Threshold, and Pearson's statistic of the same counts is beyond chance at Level, too: small windows with empty bins raise PSI alone
	Warnings      []metrics.Warning // WarnEmptyReferenceBin, WarnOutside
}

// Level is the false-alarm rate behind Comparison.Threshold.
const Level = 0.001

// DriftFrom compares a window with the reference over the same bins: PSI =
// Σ(a−e)·ln(a/e) with e the shares of the reference and a those of the window,
// empty bins floored at 0.0001. ErrMismatch for other bins, ErrUndefined when
// either is empty.
func (b *Binned) DriftFrom(reference *Binned) (Comparison, error) {
	if err := b.ready("drift: Binned.DriftFrom"); err != nil {
		return Comparison{}, err
	}
	if reference == nil || !b.same(reference) {
		return Comparison{}, fmt.Errorf("drift: Binned.DriftFrom: drift from other bins: %w", ErrMismatch)
	}
	d, err := CompareCounts(reference.counts, b.counts)
	if err == nil && b.outside > 0 {
		d.Warnings = append(d.Warnings, WarnOutside)
	}
	return d, err
}

// CompareCounts is Binned.DriftFrom for counts of the caller, over bins or
// categories in a fixed order (KS is meaningful for ordered bins only). ErrShape,
// ErrRange for negative counts, ErrUndefined without counts or with one bin.
func CompareCounts(reference, window []int64) (Comparison, error) {
	c, err := drift.Compare(reference, window, Level)
	if err != nil {
		return Comparison{}, fmt.Errorf("drift: CompareCounts: %w", err)
	}
	d := Comparison{PSI: c.PSI, Threshold: c.Threshold, JS: c.JS, KS: c.KS, PKS: c.PKS, NReference: c.NReference, N: c.N, Alarm: c.Alarm}
	if c.EmptyBin {
		d.Warnings = append(d.Warnings, WarnEmptyReferenceBin)
	}
	return d, nil
}

// AppendBinary appends the binary form.
func (b *Binned) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("drift: Binned.AppendBinary", b); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Float64s(b.edges)
	w.Float64(b.low)
	w.Float64(b.high)
	w.Int64s(b.counts)
	w.Int64(b.outside)
	return w.AppendFrame(dst, codec.KindBins, 1), nil
}

// MarshalBinary returns the binary form.
func (b *Binned) MarshalBinary() ([]byte, error) { return b.AppendBinary(nil) }

// UnmarshalBinary replaces b. Payload of version 1, little-endian:
//
//	[]f64      inner edges, ascending, finite, fewer than 1000
//	2×f64      range of the reference, low <= high
//	[]i64      counts by bin, one more than edges, each >= 0, sum within int64
//	i64        values outside the range, at most all
//
// A zero value has neither edges nor counts. Any other length or value is ErrCorrupt, a newer version ErrVersion, another kind
// ErrMismatch; b is then unchanged.
func (b *Binned) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("drift: Binned.UnmarshalBinary", b); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindBins, 1)
	if err != nil {
		return fmt.Errorf("drift: Binned.UnmarshalBinary: %w", err)
	}
	got := Binned{edges: r.Float64s(), low: r.Float64(), high: r.Float64(), counts: r.Int64s(), outside: r.Int64()}
	if r.Err() == nil {
		ok := got.valid() && got.low <= got.high && len(got.edges) < 1000 &&
			(len(got.counts) == len(got.edges)+1 && len(got.edges) > 0 || len(got.counts) == 0 && len(got.edges) == 0)
		for _, c := range got.counts {
			if c < 0 {
				ok = false
				break
			}
			if got.n, err = check.AddInt64(got.n, c); err != nil {
				ok = false
				break
			}
		}
		if !ok || got.outside < 0 || got.outside > got.n {
			r.Fail("has no bins and counts that belong together")
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("drift: Binned.UnmarshalBinary: %w", err)
	}
	*b = got
	return nil
}
