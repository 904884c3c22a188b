package profile

import (
	"fmt"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// Neighbor is how often an item occurs together with something.
type Neighbor struct {
	Target int   // its place among NeighborsOptions.Targets; any other number for what is none of them
	Count  int64 // of baskets, sessions, users that have both; below 0 is 0
}

// NeighborsOptions configures NewNeighbors.
type NeighborsOptions struct {
	// Name begins the columns and tells the feature from others. Required.
	Name string
	// Days are the lengths of the windows, as of Features. Default none.
	Days []int
	// Targets are what becomes columns: items, categories, attributes, nodes of a graph, none twice. Required.
	Targets []string
	// Neighbors returns what an item (see ItemKey) occurs together with. It is called by Add of every
	// Builder with the feature, and its result is not kept. Required.
	Neighbors func(item uint64) []Neighbor
}

// NewNeighbors returns what the items of a customer occur together with, as the caller counted it: by
// recommend.Cooccurrence, a rule, a graph of attributes. Each event and order line with an item adds
// its neighbours; columns for all time and each window are
//
//	<Name>_count       all co-occurrences of his items
//	<Name>=<target>    share of those with a target
//
// so customers who bought different things that go with the same ones are near each other. A
// customer costs 8·(1+len(Targets)) bytes in each window. Bad options are ErrOption.
func NewNeighbors(opt NeighborsOptions) (Feature, error) {
	var c check.Options
	opt.Days, opt.Targets = slices.Clone(opt.Days), slices.Clone(opt.Targets)
	requireDays(&c, opt.Days)
	c.Require(opt.Name != "", "Name", opt.Name, "a name")
	c.Require(len(opt.Targets) > 0, "Targets", "none", "at least one")
	c.Require(opt.Neighbors != nil, "Neighbors", "nil", "a function")
	for i, x := range opt.Targets {
		c.Require(x != "" && !slices.Contains(opt.Targets[:i], x), fmt.Sprintf("Targets[%d]", i), x, "a name of its own")
	}
	if err := c.Err("profile: NewNeighbors"); err != nil {
		return nil, err
	}
	f := &sums{name: fmt.Sprintf("%s/%q", opt.Name, opt.Targets), days: opt.Days, width: 1 + len(opt.Targets), columns: []string{opt.Name + "_count"}}
	for _, x := range opt.Targets {
		f.columns = append(f.columns, opt.Name+"="+x)
	}
	f.add = func(s []int64, r *Record) {
		if r.Item == 0 || r.Source == FromRefund {
			return
		}
		for _, n := range opt.Neighbors(r.Item) {
			count := max(n.Count, 0)
			s[0] = saturate(s[0], count)
			if n.Target >= 0 && n.Target < len(opt.Targets) {
				s[1+n.Target] = saturate(s[1+n.Target], count)
			}
		}
	}
	f.value = func(s []int64, _ Clock) []float64 {
		out := []float64{float64(s[0])}
		for _, n := range s[1:] {
			out = append(out, ratio(n, s[0]))
		}
		return out
	}
	return f, nil
}
