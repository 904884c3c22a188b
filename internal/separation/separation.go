package separation

import "math"

// Partition is N rows of D columns in K clusters, each of which has a member.
type Partition struct {
	N, D, K int
	X       []float64 // N×D
	Label   []int32   // N, 0 … K-1
	Size    []int     // K
	Centre  []float64 // K×D, the centroids
}

// New computes sizes and centroids. It keeps x and label.
func New(x []float64, n, d, k int, label []int32) Partition {
	p := Partition{N: n, D: d, K: k, X: x, Label: label, Size: make([]int, k), Centre: make([]float64, k*d)}
	origin := make([]int, k) // sums are taken from the first member, against cancellation
	for i, a := range label {
		if p.Size[a] == 0 {
			origin[a] = i
		}
		p.Size[a]++
		o := p.Row(origin[a])
		for j, v := range p.Row(i) {
			p.Centre[int(a)*d+j] += v - o[j]
		}
	}
	for a := range k {
		for j, v := range p.Row(origin[a]) {
			p.Centre[a*d+j] = v + p.Centre[a*d+j]/float64(p.Size[a])
		}
	}
	return p
}

// Row returns row i.
func (p *Partition) Row(i int) []float64 { return p.X[i*p.D : (i+1)*p.D] }

// Centroid returns the centroid of cluster c.
func (p *Partition) Centroid(c int) []float64 { return p.Centre[c*p.D : (c+1)*p.D] }

// Comparable reports whether an index can exist: 2 <= K < N.
func (p *Partition) Comparable() bool { return p.K >= 2 && p.K < p.N }

// CalinskiHarabasz returns (B/(K−1)) / (W/(N−K)), the dispersion of centroids around
// the mean of all rows over that of rows around their centroids.
func (p *Partition) CalinskiHarabasz() float64 {
	if !p.Comparable() {
		return math.NaN()
	}
	between, within := p.dispersion()
	if within == 0 {
		return math.NaN()
	}
	return between / float64(p.K-1) / (within / float64(p.N-p.K))
}

// dispersion returns Σ over clusters of size·‖centroid−mean‖² and Σ ‖row−centroid‖².
func (p *Partition) dispersion() (between, within float64) {
	all := New(p.X, p.N, p.D, 1, make([]int32, p.N))
	for c := range p.K {
		between += float64(p.Size[c]) * Squared(p.Centroid(c), all.Centre)
	}
	for i, c := range p.Label {
		within += Squared(p.Row(i), p.Centroid(int(c)))
	}
	return between, within
}

// Dispersion returns the sum of both parts: that of all rows around their mean.
func (p *Partition) Dispersion() float64 {
	between, within := p.dispersion()
	return between + within
}

// DaviesBouldin returns the mean over clusters of max (sᵢ+sⱼ)/dᵢⱼ, where s is the
// mean distance of a cluster's rows to its centroid and d the distance between
// centroids.
func (p *Partition) DaviesBouldin() float64 {
	if !p.Comparable() {
		return math.NaN()
	}
	s := make([]float64, p.K)
	for i, c := range p.Label {
		s[c] += math.Sqrt(Squared(p.Row(i), p.Centroid(int(c))))
	}
	for c := range s {
		s[c] /= float64(p.Size[c])
	}
	total := 0.0
	for i := range p.K {
		worst := 0.0
		for j := range p.K {
			if i == j {
				continue
			}
			d := math.Sqrt(Squared(p.Centroid(i), p.Centroid(j)))
			if d == 0 {
				return math.NaN()
			}
			worst = max(worst, (s[i]+s[j])/d)
		}
		total += worst
	}
	return total / float64(p.K)
}

// Squared returns Σ (x[j]-c[j])², summed in index order. The differences are taken
// before squaring, so that a large common offset costs no precision.
func Squared(x, c []float64) float64 {
	s := 0.0
	c = c[:len(x)]
	for j, v := range x {
		t := v - c[j]
		s += float64(t * t)
	}
	return s
}
