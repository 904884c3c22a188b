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
	// Err is ErrPrivacy where the profile is withheld, since the cluster has fewer rows
	// than asked for, or all withheld ones together would have: then Size and Share are
	// 0, Spread is NaN, Typical -1 and Features empty.
	Err error
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
	var opt check.Options
	opt.Require(minSize >= -1, "minSize", minSize, "> 0, or -1 for no floor")
	if err := opt.Err("segment: DescribeClusters"); err != nil {
		return nil, err
	}
	l, err := newLabelled(rows, labels)
	if err != nil {
		return nil, fmt.Errorf("segment: DescribeClusters: %w", err)
	}
	if names == nil {
		for j := range l.D {
			names = append(names, fmt.Sprintf("column %d", j))
		}
	}
	if err := check.Len("names", len(names), l.D); err != nil {
		return nil, fmt.Errorf("segment: DescribeClusters: %w", err)
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
	withholdClusters(out, check.Floor(minSize))
	return out, nil
}

// withholdClusters empties the profiles about few rows, and of as many more that the total
// does not tell their size.
func withholdClusters(out []ClusterProfile, least int64) {
	sizes := make([]int64, len(out))
	for i, o := range out {
		sizes[i] = int64(o.Size)
	}
	for i, withheld := range check.Withhold(least, sizes) {
		if withheld {
			out[i] = ClusterProfile{Cluster: out[i].Cluster, Spread: math.NaN(), Typical: -1, Err: fmt.Errorf("segment: DescribeClusters: cluster %d: %w", out[i].Cluster, ErrPrivacy)}
		}
	}
}

// String sums the cluster up in one line: size, and the three columns that set
// it apart most; of a withheld one that it is.
func (c ClusterProfile) String() string {
	if c.Err != nil {
		return fmt.Sprintf("cluster %d: withheld, too few rows", c.Cluster)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "cluster %d: %d rows (%.1f %%)", c.Cluster, c.Size, 100*c.Share)
	for _, f := range c.Features[:min(3, len(c.Features))] {
		fmt.Fprintf(&b, ", %s %.4g against %.4g (%+.1f sd)", f.Name, f.Mean, f.Overall, f.Z)
	}
	return b.String()
}
