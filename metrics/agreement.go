package metrics

import (
	"cmp"
	"encoding"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/separation"
)

var (
	_ encoding.BinaryAppender    = (*Agreement)(nil)
	_ encoding.BinaryUnmarshaler = (*Agreement)(nil)
)

// Agreement counts how two partitions of the same rows overlap: clusters against
// known classes, or the segments of this month against those of the last. Labels
// are any integers; their names do not matter. The zero value is empty and ready.
// Merge is exact. It is not safe for concurrent use.
type Agreement struct {
	pairs map[[2]int]int64
	n     int64
}

// Add adds a row with its class and its cluster; 2^63−1 of them stay as they are.
func (a *Agreement) Add(class, cluster int) {
	if a == nil || a.n == math.MaxInt64 {
		return
	}
	if a.pairs == nil {
		a.pairs = map[[2]int]int64{}
	}
	a.pairs[[2]int{class, cluster}]++
	a.n++
}

// Merge adds the rows of other. ErrMismatch for a merge with itself, ErrOverflow
// beyond int64.
func (a *Agreement) Merge(other *Agreement) error {
	if err := check.Merge("metrics: Agreement.Merge", a, other); err != nil {
		return err
	}
	n, err := check.AddInt64(a.n, other.n)
	if err != nil {
		return fmt.Errorf("metrics: Agreement.Merge: %w", err)
	}
	if a.pairs == nil {
		a.pairs = make(map[[2]int]int64, len(other.pairs))
	}
	for k, c := range other.pairs {
		a.pairs[k] += c
	}
	a.n = n
	return nil
}

// AgreementResult holds the measures. All are 1 for equal partitions.
type AgreementResult struct {
	N                 int64   // rows
	Classes, Clusters int     // how many of each
	ARI               float64 // adjusted Rand index (Hubert and Arabie 1985): 0 expected by chance, may be negative
	AMI               float64 // mutual information adjusted for chance (Vinh, Epps and Bailey 2010), arithmetic mean
	NMI               float64 // normalised mutual information, arithmetic mean; not adjusted: grows with the number of clusters
	Homogeneity       float64 // 1 if every cluster holds one class only
	Completeness      float64 // 1 if every class is in one cluster only
	VMeasure          float64 // harmonic mean of the two (Rosenberg and Hirschberg 2007), equal to NMI
	Purity            float64 // share of rows in the majority class of their cluster; 1 for one cluster a row
	MutualInformation float64 // in nats
}

// Result returns the measures. ErrUndefined without rows. The cost is a sort of the
// pairs of class and cluster that occur and, for AMI, at most 2,000 steps for every pair of
// a distinct class size and a distinct cluster size; it does not grow with the number of
// rows.
func (a *Agreement) Result() (AgreementResult, error) {
	if err := check.Receiver("metrics: Agreement.Result", a); err != nil {
		return AgreementResult{}, err
	}
	if a.n == 0 {
		return AgreementResult{}, undefined("Agreement.Result: no rows")
	}
	rows, cols := map[int]int64{}, map[int]int64{}
	major := map[int]int64{}
	keys := a.sorted()
	var both float64 // pairs of rows together in both
	for _, k := range keys {
		c := a.pairs[k]
		rows[k[0]] += c
		cols[k[1]] += c
		major[k[1]] = max(major[k[1]], c)
		both += choose2(c)
	}
	n := float64(a.n)
	x, y := sizes(rows), sizes(cols)
	out := AgreementResult{N: a.n, Classes: len(x), Clusters: len(y)}
	var inX, inY, hx, hy, mi, pure float64
	for _, s := range x {
		inX += choose2(s)
		hx -= float64(s) / n * math.Log(float64(s)/n)
	}
	for _, s := range y {
		inY += choose2(s)
		hy -= float64(s) / n * math.Log(float64(s)/n)
	}
	for _, m := range major {
		pure += float64(m) // integers: the order does not matter
	}
	for _, k := range keys {
		c := float64(a.pairs[k])
		mi += c / n * (math.Log(c) + math.Log(n) - math.Log(float64(rows[k[0]])) - math.Log(float64(cols[k[1]])))
	}
	mi = max(mi, 0)
	out.MutualInformation, out.Purity = mi, pure/n
	ratio := func(num, den float64) float64 {
		if den <= 0 {
			return 1 // nothing to disagree about
		}
		return min(num/den, 1)
	}
	out.Homogeneity, out.Completeness = ratio(mi, hx), ratio(mi, hy)
	out.NMI = ratio(mi, (hx+hy)/2)
	out.VMeasure = out.NMI
	if trivial(len(x), len(y), a.n) {
		out.ARI, out.AMI = 1, 1
		return out, nil
	}
	expected := inX / (n * (n - 1) / 2) * inY
	if d := (inX+inY)/2 - expected; d != 0 {
		out.ARI = (both - expected) / d
	} else {
		out.ARI = 1
	}
	emi := expectedMutual(x, y, a.n)
	den := (hx+hy)/2 - emi
	// The limit of the quotient where both sides vanish, with the sign kept.
	if math.Abs(den) < 1e-15 {
		den = math.Copysign(1e-15, den)
	}
	out.AMI = (mi - emi) / den
	return out, nil
}

// trivial reports whether both partitions are one block, or both singletons.
func trivial(x, y int, n int64) bool {
	return x == y && (x == 1 || int64(x) == n)
}

func choose2(n int64) float64 { return float64(n) * float64(n-1) / 2 }

func sizes(m map[int]int64) []int64 {
	out := make([]int64, 0, len(m))
	for _, s := range m {
		out = append(out, s)
	}
	slices.Sort(out)
	return out
}

func (a *Agreement) sorted() [][2]int {
	keys := make([][2]int, 0, len(a.pairs))
	for k := range a.pairs {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(p, q [2]int) int {
		if c := cmp.Compare(p[0], q[0]); c != 0 {
			return c
		}
		return cmp.Compare(p[1], q[1])
	})
	return keys
}

// expectedMutual is the mean mutual information of random partitions with the
// given sizes: Σ over sizes a, b and overlaps k of D(k)/N times the hypergeometric
// probability of k, where D(k) = k·ln(k/μ) + μ − k, μ = ab/N. The terms μ − k add up to
// nothing and make all others positive, so that nothing cancels. Equal sizes are taken
// together.
func expectedMutual(x, y []int64, n int64) float64 {
	type group struct {
		size, times float64
	}
	groups := func(s []int64) []group {
		var out []group
		for i, v := range s {
			if i == 0 || v != s[i-1] {
				out = append(out, group{float64(v), 0})
			}
			out[len(out)-1].times++
		}
		return out
	}
	var emi float64
	for _, a := range groups(x) {
		for _, b := range groups(y) {
			emi += a.times * b.times * expectedDeviance(a.size, b.size, float64(n)) / float64(n)
		}
	}
	return emi
}

// expectedDeviance returns the mean of D(k) over the overlaps of a random part of size
// a with one of size b among n rows. It looks where the probability is, within 12 standard
// deviations of the mean, and where these are long at every eighth of one: a sum of
// equally spaced values of something so smooth is its integral to the last digit.
func expectedDeviance(a, b, n float64) float64 {
	mean := a * (b / n)
	sd := math.Sqrt(mean * (1 - a/n) * (1 - b/n))
	lo, hi := max(0, a+b-n), min(a, b)
	p := func(k float64) float64 { return math.Exp(infer.LogHypergeometric(k, a, n-a, b)) }
	var sum float64
	if sd > 64 {
		step := math.Floor(sd / 8)
		for k := math.Floor(mean - 12*sd); k < mean+12*sd; k += step {
			sum += p(k) * infer.Deviance(k, mean)
		}
		return sum * step
	}
	mode := min(max(math.Floor((a+1)*((b+1)/(n+2))), lo), hi)
	top := p(mode)
	for k, q := mode, top; q > top*1e-20; k++ {
		sum += q * infer.Deviance(k, mean)
		q *= (a - k) * (b - k) / ((k + 1) * (n - a - b + k + 1)) // 0 beyond the last
	}
	for k, q := mode, top; k > lo; k-- {
		if q *= k * (n - a - b + k) / ((a - k + 1) * (b - k + 1)); q <= top*1e-20 {
			break
		}
		sum += q * infer.Deviance(k-1, mean)
	}
	return sum
}

// CompareLabels returns how well clusters agree with classes, row by row: an
// Agreement of slices. ErrEmpty, ErrShape.
func CompareLabels(classes, clusters []int) (AgreementResult, error) {
	if len(classes) == 0 {
		return AgreementResult{}, fmt.Errorf("metrics: CompareLabels: no rows: %w", ErrEmpty)
	}
	if err := check.Len("clusters", len(clusters), len(classes)); err != nil {
		return AgreementResult{}, fmt.Errorf("metrics: CompareLabels: %w", err)
	}
	var a Agreement
	for i, c := range classes {
		a.Add(c, clusters[i])
	}
	return a.Result()
}

// Separation says how well clusters are set apart in space, without known
// classes. An index that does not exist is NaN, as in package segment, whose
// CalinskiHarabasz and DaviesBouldin return ErrUndefined instead: take those beside
// a fit of that package, which also has the silhouette.
type Separation struct {
	CalinskiHarabasz float64 // variance between over within clusters, more is better; NaN if all rows are at their centre
	DaviesBouldin    float64 // mean likeness to the closest other cluster, less is better; NaN if two centres coincide
}

// SeparationOf measures the clusters of rows x (n×d) given by labels (any
// integers) by the indices of Caliński and Harabasz (1974) and of Davies and
// Bouldin (1979), Euclidean. Cost O(n·d + k²·d). ErrUndefined unless there are at
// least two clusters and more rows than clusters; ErrEmpty, ErrShape,
// ErrNotFinite, ErrOverflow.
func SeparationOf(x [][]float64, labels []int) (Separation, error) {
	n, d, err := check.Matrix("x", x)
	if err == nil {
		err = check.Len("labels", len(labels), n)
	}
	if err != nil {
		return Separation{}, fmt.Errorf("metrics: SeparationOf: %w", err)
	}
	names := slices.Clone(labels)
	slices.Sort(names)
	names = slices.Compact(names)
	flat, dense := make([]float64, 0, n*d), make([]int32, n)
	for i, row := range x {
		at, _ := slices.BinarySearch(names, labels[i])
		flat, dense[i] = append(flat, row...), int32(at)
	}
	p := separation.New(flat, n, d, len(names), dense)
	if !p.Comparable() {
		return Separation{}, undefined("SeparationOf: %d clusters of %d rows", len(names), n)
	}
	out := Separation{CalinskiHarabasz: p.CalinskiHarabasz(), DaviesBouldin: p.DaviesBouldin()}
	if math.IsInf(out.CalinskiHarabasz, 0) || math.IsInf(out.DaviesBouldin, 0) || !check.Finite(p.Dispersion()) {
		return Separation{}, fmt.Errorf("metrics: SeparationOf: squared distances: %w", ErrOverflow)
	}
	return out, nil
}

// AppendBinary appends the binary form.
func (a *Agreement) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("metrics: Agreement.AppendBinary", a); err != nil {
		return nil, err
	}
	var w codec.Writer
	keys := a.sorted()
	w.Int(len(keys))
	for _, k := range keys {
		w.Int64(int64(k[0]))
		w.Int64(int64(k[1]))
		w.Int64(a.pairs[k])
	}
	return w.AppendFrame(dst, codec.KindAgreement, 1), nil
}

// MarshalBinary returns the binary form.
func (a *Agreement) MarshalBinary() ([]byte, error) { return a.AppendBinary(nil) }

// UnmarshalBinary replaces the state. Payload of version 1, little-endian:
//
//	i64    number of pairs of class and cluster
//	…      for each i64 class, i64 cluster, i64 rows, >= 1, ascending by class, then cluster
//
// Any other length or value is ErrCorrupt, a newer version ErrVersion; the state is
// then unchanged.
func (a *Agreement) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("metrics: Agreement.UnmarshalBinary", a); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindAgreement, 1)
	if err != nil {
		return fmt.Errorf("metrics: Agreement.UnmarshalBinary: %w", err)
	}
	got := Agreement{pairs: map[[2]int]int64{}}
	n := r.Int()
	var last [2]int64
	for i := 0; i < n && r.Err() == nil; i++ {
		k, c := [2]int64{r.Int64(), r.Int64()}, r.Int64()
		if r.Err() != nil {
			break
		}
		key := [2]int{int(k[0]), int(k[1])}
		if got.n, err = check.AddInt64(got.n, c); err != nil || c < 1 || i > 0 && (k[0] < last[0] || k[0] == last[0] && k[1] <= last[1]) ||
			int64(key[0]) != k[0] || int64(key[1]) != k[1] {
			r.Fail("has labels out of order or counts out of range")
			break
		}
		got.pairs[key] = c
		last = k
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("metrics: Agreement.UnmarshalBinary: %w", err)
	}
	*a = got
	return nil
}
