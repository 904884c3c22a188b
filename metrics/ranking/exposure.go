package ranking

import (
	"encoding"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/moments"
)

var (
	_ encoding.BinaryAppender    = (*Exposure)(nil)
	_ encoding.BinaryUnmarshaler = (*Exposure)(nil)
)

// Exposure accumulates how recommendation lists treat groups of items: popular
// and long tail, own and foreign suppliers, new and old. Make one with
// NewExposure. It is not safe for concurrent writers.
type Exposure struct {
	group  []int32 // of each item
	size   []int64 // items of each group
	counts []exposureCounts
	lists  int64
	mark   []int64 // last list, from 1, in which the item was seen: scratch
	rel    []int64
	stamp  int64
}

type exposureCounts struct {
	recommended, candidates int64
	hits, relevant          int64
	discounted              float64
}

// NewExposure returns an empty accumulator for items 0…len(group)−1, each in
// the group given, numbered from 0. ErrEmpty for no items, ErrRange for a
// negative group or one of 2^20 and more.
func NewExposure(group []int32) (*Exposure, error) {
	if len(group) == 0 {
		return nil, fmt.Errorf("ranking: NewExposure: no items: %w", ErrEmpty)
	}
	e := &Exposure{group: slices.Clone(group), mark: make([]int64, len(group)), rel: make([]int64, len(group))}
	for i, g := range group {
		if g < 0 || g >= 1<<20 {
			return nil, fmt.Errorf("ranking: NewExposure: group of item %d is %d, want in [0, 2^20): %w", i, g, ErrRange)
		}
		for int(g) >= len(e.size) {
			e.size = append(e.size, 0)
		}
		e.size[g]++
	}
	e.counts = make([]exposureCounts, len(e.size))
	return e, nil
}

// ready refuses nil and the zero value, which knows no items.
func (e *Exposure) ready(where string) error {
	if e == nil || len(e.group) == 0 {
		return fmt.Errorf("%s: not made by NewExposure: %w", where, ErrEmpty)
	}
	return nil
}

// Add adds one list: the items recommended, best first and cut to the length
// shown, the held-out relevant items, and the items that could not be
// recommended because the user had them already. ErrRange for an unknown item,
// ErrDuplicate for an item twice in the list, ErrMismatch for a recommended item
// among those seen; nothing changes after an error.
func (e *Exposure) Add(recommended, relevant, seen []int32) error {
	if err := e.ready("ranking: Exposure.Add"); err != nil {
		return err
	}
	n := int32(len(e.group))
	for k, list := range [3][]int32{recommended, relevant, seen} {
		for _, i := range list {
			if i < 0 || i >= n {
				return fmt.Errorf("ranking: Exposure.Add: %s item %d, want in [0, %d): %w", [3]string{"recommended", "relevant", "seen"}[k], i, n, ErrRange)
			}
		}
	}
	// Two stamps a list: seen, then recommended.
	e.stamp += 2
	was, now := e.stamp-1, e.stamp
	for _, i := range seen {
		e.mark[i] = was
	}
	for _, i := range recommended {
		switch e.mark[i] {
		case was:
			return fmt.Errorf("ranking: Exposure.Add: item %d was recommended and is among the seen: %w", i, ErrMismatch)
		case now:
			return fmt.Errorf("ranking: Exposure.Add: item %d twice in a list: %w", i, ErrDuplicate)
		}
		e.mark[i] = now
	}
	for g, size := range e.size {
		e.counts[g].candidates += size
	}
	for _, i := range seen {
		if e.mark[i] == was {
			e.counts[e.group[i]].candidates--
			e.mark[i] = 0
		}
	}
	for rank, i := range recommended {
		c := &e.counts[e.group[i]]
		c.recommended++
		c.discounted += 1 / math.Log2(float64(rank)+2)
	}
	for _, i := range relevant {
		if e.rel[i] == now {
			continue
		}
		e.rel[i] = now
		c := &e.counts[e.group[i]]
		c.relevant++
		if e.mark[i] == now {
			c.hits++
		}
	}
	e.lists++
	return nil
}

// Merge adds the lists of other, which must have the same items and groups,
// else ErrMismatch.
func (e *Exposure) Merge(other *Exposure) error {
	if err := check.Merge("ranking: Exposure.Merge", e, other); err != nil {
		return err
	}
	if err := e.ready("ranking: Exposure.Merge"); err != nil {
		return err
	}
	if !slices.Equal(e.group, other.group) {
		return fmt.Errorf("ranking: Exposure.Merge: items in other groups: %w", ErrMismatch)
	}
	e.lists += other.lists
	for g, c := range other.counts {
		d := &e.counts[g]
		d.recommended += c.recommended
		d.candidates += c.candidates
		d.hits += c.hits
		d.relevant += c.relevant
		d.discounted += c.discounted
	}
	return nil
}

// GroupExposure is how one group of items was treated.
type GroupExposure struct {
	Group       int     // its number
	Items       int64   // items in it
	Recommended int64   // places in lists
	Share       float64 // of the exposure, discounted by 1/log₂(rank+1)
	RSP         float64 // places per candidate: the chance of an item that could be shown
	REO         float64 // hits per relevant item: the chance of an item that should be shown; NaN without any
}

// ExposureResult compares the groups. PopRSP and PopREO (Zhu, Wang and Caverlee
// 2020) are the population standard deviation over groups by the mean of RSP
// and REO: 0 is equal treatment. NaN for a mean of 0 or a group without value.
type ExposureResult struct {
	Lists          int64           // lists seen
	Groups         []GroupExposure // by number, those without items left out
	PopRSP, PopREO float64         // spread of RSP and of REO over the groups; 0 is equal treatment
	Unknown        []int           // groups without a relevant item: they leave PopREO undefined unless left out by you
}

// Result returns the exposure of every group. Groups without items have no
// value and are left out. ErrEmpty without lists.
func (e *Exposure) Result() (ExposureResult, error) {
	if err := e.ready("ranking: Exposure.Result"); err != nil {
		return ExposureResult{}, err
	}
	if e.lists == 0 {
		return ExposureResult{}, fmt.Errorf("ranking: Exposure.Result: no lists: %w", ErrEmpty)
	}
	r := ExposureResult{Lists: e.lists}
	total := 0.0
	for _, c := range e.counts {
		total += c.discounted
	}
	var rsp, reo []float64
	for g, c := range e.counts {
		if e.size[g] == 0 {
			continue
		}
		x := GroupExposure{
			Group: g, Items: e.size[g], Recommended: c.recommended, Share: c.discounted / total,
			RSP: float64(c.recommended) / float64(c.candidates), REO: float64(c.hits) / float64(c.relevant),
		}
		if c.relevant == 0 {
			r.Unknown = append(r.Unknown, g)
		}
		r.Groups = append(r.Groups, x)
		rsp, reo = append(rsp, x.RSP), append(reo, x.REO)
	}
	r.PopRSP, r.PopREO = relativeSpread(rsp), relativeSpread(reo)
	return r, nil
}

// relativeSpread is population standard deviation by mean.
func relativeSpread(xs []float64) float64 {
	m, err := moments.Of(xs)
	if err != nil || m.N() < 2 || m.Mean() == 0 {
		return math.NaN()
	}
	v, err := m.PopulationVariance()
	if err != nil {
		return math.NaN()
	}
	return math.Sqrt(v) / m.Mean()
}

// AppendBinary appends the binary form.
func (e *Exposure) AppendBinary(dst []byte) ([]byte, error) {
	if err := e.ready("ranking: Exposure.AppendBinary"); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Int32s(e.group)
	w.Int64(e.lists)
	for _, c := range e.counts {
		for _, x := range [4]int64{c.recommended, c.candidates, c.hits, c.relevant} {
			w.Int64(x)
		}
		w.Float64(c.discounted)
	}
	return w.AppendFrame(dst, codec.KindExposure, 1), nil
}

// MarshalBinary returns the binary form.
func (e *Exposure) MarshalBinary() ([]byte, error) { return e.AppendBinary(nil) }

// UnmarshalBinary replaces e. Payload of version 1, little-endian:
//
//	[]i32            group of each item, at least one, in [0, 2^20)
//	i64              lists, >= 0
//	4×i64, f64       of each group: places, candidates, hits and relevant items, each
//	                 >= 0, and the discounted places
//
// Any other length or value is ErrCorrupt, a newer version ErrVersion, another kind
// ErrMismatch; e is then unchanged.
func (e *Exposure) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("ranking: Exposure.UnmarshalBinary", e); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindExposure, 1)
	if err != nil {
		return fmt.Errorf("ranking: Exposure.UnmarshalBinary: %w", err)
	}
	group, lists := r.Int32s(), r.Int64()
	if err := r.Err(); err != nil {
		return fmt.Errorf("ranking: Exposure.UnmarshalBinary: %w", err)
	}
	// A group number may promise more than the frame holds.
	if most := slices.Max(append([]int32{0}, group...)); int64(most)*40 > int64(len(data)) {
		r.Fail("a group number is beyond the counts")
		return fmt.Errorf("ranking: Exposure.UnmarshalBinary: %w", r.Err())
	}
	got, err := NewExposure(group)
	if err != nil {
		r.Fail("items are missing or in bad groups")
		return fmt.Errorf("ranking: Exposure.UnmarshalBinary: %w", r.Err())
	}
	got.lists = lists
	for g := range got.counts {
		c := exposureCounts{r.Int64(), r.Int64(), r.Int64(), r.Int64(), r.Float64()}
		if c.recommended < 0 || c.candidates < c.recommended || c.hits < 0 || c.hits > c.recommended || c.relevant < c.hits || !(c.discounted >= 0) || !check.Finite(c.discounted) || lists < 0 {
			r.Fail("counts of a group contradict one another")
		}
		got.counts[g] = c
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("ranking: Exposure.UnmarshalBinary: %w", err)
	}
	*e = *got
	return nil
}
