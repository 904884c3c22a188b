package segment

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/aislekit/aisle/internal/check"
)

// FeatureProfile compares one column within a cluster to all rows.
type FeatureProfile struct {
	Name     string  // of the column
	Column   int     // its index
	Mean, SD float64 // within the cluster; SD is the sample standard deviation, NaN for one row
	Overall  float64 // mean of all rows
	Z        float64 // (Mean − Overall) / standard deviation of all rows; 0 if that is 0
}

// ClusterProfile describes one cluster.
type ClusterProfile struct {
	Cluster  int              // its label
	Size     int              // rows in it
	Share    float64          // of all rows
	Spread   float64          // root mean squared distance to the centroid
	Typical  int              // row nearest to the centroid, lowest index among equals
	Features []FeatureProfile // the most special first: descending |Z|, then by column

	// What ProfileOptions asked for, else zero.
	Name       string  // of the group
	Money      int64   // of all its rows, in minor units
	MoneyShare float64 // of the money of all rows; NaN if that is not positive
	Before     int     // rows that were in it before
	Growth     float64 // Size/Before − 1; NaN if none were

	hasMoney, hasBefore bool

	// Err is ErrPrivacy where the profile is withheld, since the cluster has fewer rows
	// than asked for, or all withheld ones together would have: then Size and Share are
	// 0, Spread is NaN, Typical -1 and Features empty.
	Err error
}

// ProfileOptions configures ProfileClusters. All fields may be left out.
type ProfileOptions struct {
	Columns []string // names of the columns; nil numbers them
	Groups  []string // names of labels 0, 1, …; those beyond are numbered
	Money   []int64  // of each row, in minor units, such as what a customer spent; nil leaves it out
	Before  []int32  // labels of an earlier moment, of as many rows as there were then; nil leaves growth out
	MinSize int      // rows below which a profile is withheld: 0 means 50, −1 no floor
}

// ProfileClusters is DescribeClusters with money, growth and names: who is in a group, what
// it brings, whether it grows, and what sets it apart, which ClusterProfile.String says in
// words. A profile is withheld where few rows are in the group, or were before.
//
// Groups and columns of another number are ErrShape, negative labels of Before ErrRange, money of a
// group or of all beyond int64 is ErrOverflow; else the errors are those of DescribeClusters.
func ProfileClusters(rows [][]float64, labels []int32, opt ProfileOptions) ([]ClusterProfile, error) {
	const where = "segment: ProfileClusters"
	if opt.Money != nil {
		if err := check.Len("Money", len(opt.Money), len(rows)); err != nil {
			return nil, fmt.Errorf("%s: %w", where, err)
		}
	}
	out, err := describe(where, rows, labels, opt.Columns, opt.MinSize)
	if err != nil {
		return nil, err
	}
	at := make(map[int32]int)
	for i, o := range out {
		at[int32(o.Cluster)] = i
		out[i].hasMoney, out[i].hasBefore = opt.Money != nil, opt.Before != nil
		if o.Cluster < len(opt.Groups) {
			out[i].Name = opt.Groups[o.Cluster]
		}
	}
	var all sum128
	sums := make([]sum128, len(out))
	for i, v := range opt.Money {
		all.add(v)
		sums[at[labels[i]]].add(v)
	}
	total, ok := all.int64()
	if !ok {
		return nil, fmt.Errorf("%s: Money of all rows: %w", where, ErrOverflow)
	}
	for i, s := range sums {
		if out[i].Money, ok = s.int64(); !ok {
			return nil, fmt.Errorf("%s: Money of cluster %d: %w", where, out[i].Cluster, ErrOverflow)
		}
	}
	for i, l := range opt.Before {
		if l < 0 {
			return nil, fmt.Errorf("%s: Before[%d] is %d, want >= 0: %w", where, i, l, ErrRange)
		}
		if c, ok := at[l]; ok {
			out[c].Before++
		}
	}
	for i := range out {
		o := &out[i]
		if o.hasMoney {
			o.MoneyShare = math.NaN()
			if total > 0 {
				o.MoneyShare = float64(o.Money) / float64(total)
			}
		}
		if o.hasBefore {
			o.Growth = math.NaN()
			if o.Before > 0 {
				o.Growth = float64(o.Size)/float64(o.Before) - 1
			}
		}
	}
	withholdClusters(where, out, check.Floor(opt.MinSize))
	return out, nil
}

// DescribeClusters says what makes each cluster special: its size and, for every
// column, how far its mean lies from that of all rows. names has one entry per
// column (nil numbers them); clusters without rows are left out. Give it the
// columns in the units people know, with the labels from scaled ones.
//
// Profiles of clusters of fewer than minSize rows (0 means 50) are withheld, see
// ClusterProfile.Err; -1 switches that off. Typical is a row, and so a person: it
// addresses, and is not to be published.
func DescribeClusters(rows [][]float64, labels []int32, names []string, minSize int) ([]ClusterProfile, error) {
	const where = "segment: DescribeClusters"
	out, err := describe(where, rows, labels, names, minSize)
	if err != nil {
		return nil, err
	}
	withholdClusters(where, out, check.Floor(minSize))
	return out, nil
}

// describe profiles every cluster, few rows or not.
func describe(where string, rows [][]float64, labels []int32, names []string, minSize int) ([]ClusterProfile, error) {
	var opt check.Options
	opt.Require(minSize >= -1, "minSize", minSize, "> 0, or -1 for no floor")
	if err := opt.Err(where); err != nil {
		return nil, err
	}
	l, err := newLabelled(rows, labels)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	if names == nil {
		for j := range l.D {
			names = append(names, fmt.Sprintf("column %d", j))
		}
	}
	if err := check.Len("names", len(names), l.D); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	all := partition(l.X, l.N, l.D, 1, make([]int32, l.N))
	m2, total := make([]float64, l.K*l.D), make([]float64, l.D)
	near := make([]float64, l.K)
	out := make([]ClusterProfile, l.K)
	for i := range near {
		near[i] = math.Inf(1)
	}
	for i := range l.N {
		c := int(l.Label[i])
		centre := l.Centre[c*l.D : (c+1)*l.D]
		for j, v := range l.Row(i) {
			a, b := v-centre[j], v-all.Centre[j]
			m2[c*l.D+j] += float64(a * a)
			total[j] += float64(b * b)
		}
		d := squared(l.Row(i), centre)
		out[c].Spread += d
		if d < near[c] {
			near[c], out[c].Typical = d, i
		}
		out[c].Cluster = int(labels[i])
	}
	for c := range out {
		o := &out[c]
		o.Size = l.Size[c]
		o.Share = float64(o.Size) / float64(l.N)
		o.Spread = math.Sqrt(o.Spread / float64(o.Size))
		for j := range l.D {
			f := FeatureProfile{Name: names[j], Column: j, Mean: l.Centre[c*l.D+j], SD: math.NaN(), Overall: all.Centre[j]}
			if o.Size > 1 {
				f.SD = math.Sqrt(m2[c*l.D+j] / float64(o.Size-1))
			}
			if total[j] > 0 {
				f.Z = (f.Mean - f.Overall) / math.Sqrt(total[j]/float64(l.N-1))
			}
			o.Features = append(o.Features, f)
		}
		slices.SortStableFunc(o.Features, func(a, b FeatureProfile) int { return cmp.Compare(math.Abs(b.Z), math.Abs(a.Z)) })
	}
	slices.SortFunc(out, func(a, b ClusterProfile) int { return cmp.Compare(a.Cluster, b.Cluster) })
	return out, nil
}

// withholdClusters empties the profiles about few rows, and of as many more that the total
// does not tell their size.
func withholdClusters(where string, out []ClusterProfile, least int64) {
	sizes, before := make([]int64, len(out)), make([]int64, len(out))
	for i, o := range out {
		sizes[i], before[i] = int64(o.Size), int64(o.Before)
	}
	for i, withheld := range check.Withhold(least, sizes, before) {
		if withheld {
			o := out[i]
			out[i] = ClusterProfile{Cluster: o.Cluster, Name: o.Name, Spread: math.NaN(), Typical: -1, Err: fmt.Errorf("%s: cluster %d: %w", where, o.Cluster, ErrPrivacy)}
		}
	}
}

// String sums the cluster up in one line: size, money and growth where they are known, and
// the three columns that set it apart most; of a withheld one that it is.
func (c ClusterProfile) String() string {
	name := c.Name
	if name == "" {
		name = fmt.Sprintf("cluster %d", c.Cluster)
	}
	if c.Err != nil {
		return name + ": withheld, too few rows"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d rows (%.1f %%)", name, c.Size, 100*c.Share)
	if c.hasMoney && c.Size > 0 {
		fmt.Fprintf(&b, ", %.0f each", float64(c.Money)/float64(c.Size))
		if !math.IsNaN(c.MoneyShare) {
			fmt.Fprintf(&b, " and %.1f %% of the money", 100*c.MoneyShare)
		}
	}
	switch {
	case !c.hasBefore:
	case c.Before == 0:
		b.WriteString(", new")
	case c.Growth == 0:
		b.WriteString(", as many as before")
	default:
		fmt.Fprintf(&b, ", %+.1f %% since %d", 100*c.Growth, c.Before)
	}
	for _, f := range c.Features[:min(3, len(c.Features))] {
		fmt.Fprintf(&b, ", %s %.4g against %.4g (%+.1f sd)", f.Name, f.Mean, f.Overall, f.Z)
	}
	return b.String()
}
