package segment

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/moments"
	"github.com/aislekit/aisle/internal/rng"
)

// ChooseKOptions configures ChooseK.
type ChooseKOptions struct {
	Min, Max   int           // numbers of clusters to try, 1 <= Min <= Max; default 2 to 10
	References int           // uniform data sets for the gap statistic; default 10; negative: no gap
	Sample     int           // rows for the exact silhouette, of more a sample; default 20,000; negative: no exact silhouette
	KMeans     KMeansOptions // of each fit, with its K set; Centers and Weights must be empty
}

func (o ChooseKOptions) withDefaults() ChooseKOptions {
	o.Min = check.Default(o.Min, 2)
	o.Max = check.Default(o.Max, 10)
	o.References = check.OrOff(o.References, 10)
	o.Sample = check.OrOff(o.Sample, 20_000)
	o.KMeans = o.KMeans.withDefaults()
	return o
}

func (o *ChooseKOptions) validate() error {
	var c check.Options
	check.Positive(&c, "Min", o.Min)
	c.Require(o.Max >= o.Min, "Max", o.Max, fmt.Sprintf("at least Min = %d", o.Min))
	c.Require(o.KMeans.Centers == nil, "KMeans.Centers", "given", "none")
	c.Require(o.KMeans.Weights == nil, "KMeans.Weights", "given", "none")
	check.Positive(&c, "KMeans.Restarts", o.KMeans.Restarts)
	check.Positive(&c, "KMeans.MaxIter", o.KMeans.MaxIter)
	check.NonNegative(&c, "KMeans.Tol", o.KMeans.Tol)
	return c.Err("segment: ChooseK")
}

// KChoice is one row of the comparison: a number of clusters and its scores. A
// score that is not defined, or was switched off, is NaN.
type KChoice struct {
	K                    int     // number of clusters
	Model                *KMeans // the fit
	Inertia              float64 // of the fit; less is better, and always less for more clusters
	Silhouette           float64 // exact, on a sample where there are more rows; more is better
	SimplifiedSilhouette float64 // more is better
	CalinskiHarabasz     float64 // more is better
	DaviesBouldin        float64 // less is better
	BIC                  float64 // of round normal clusters of one variance; less is better
	Gap, GapSE           float64 // log inertia below that of uniform data, and its standard error
}

// KChoices is the comparison of several numbers of clusters, ascending by K.
type KChoices []KChoice

// ChooseK fits k-means for each K from Min to Max and scores the partitions. K
// beyond the number of distinct rows is left out; if none remains it is
// ErrRange. The scores seldom agree: look at the table, and at what the clusters
// mean, before believing one of them.
//
// The gap statistic compares with References data sets drawn uniformly from the
// box that the columns span, each fitted the same way: with it, ChooseK costs
// References+1 times as much.
func ChooseK(ctx context.Context, rows [][]float64, opt ChooseKOptions) (KChoices, error) {
	opt = opt.withDefaults()
	if err := opt.validate(); err != nil {
		return nil, err
	}
	p, err := newPoints(rows, nil)
	if err != nil {
		return nil, fmt.Errorf("segment: ChooseK: %w", err)
	}
	top := p.distinct(opt.Max)
	if top < opt.Min {
		return nil, fmt.Errorf("segment: ChooseK: Min is %d, but the rows hold only %d distinct points: %w", opt.Min, top, ErrRange)
	}
	fit := func(q *points, k int) (*KMeans, error) {
		ko := opt.KMeans
		ko.K = k
		m, err := fitPoints(ctx, q, &ko)
		if err != nil && ctx.Err() == nil {
			err = fmt.Errorf("segment: ChooseK: K = %d: %w", k, err)
		}
		return m, err
	}
	var out KChoices
	for k := opt.Min; k <= min(opt.Max, top); k++ {
		m, err := fit(p, k)
		if err != nil {
			return nil, err
		}
		c := KChoice{K: k, Model: m, Inertia: m.inertia, BIC: m.bic(p.n)}
		if err := c.score(ctx, p, &opt); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	if opt.References == 0 {
		return out, nil
	}
	logs := make([][]float64, len(out))
	for b := range opt.References {
		u := p.uniform(opt.KMeans.Seed, uint64(b))
		for i := range out {
			m, err := fit(u, out[i].K)
			if err != nil {
				return nil, err
			}
			logs[i] = append(logs[i], math.Log(m.inertia))
		}
	}
	for i := range out {
		out[i].Gap, out[i].GapSE = gap(out[i].Inertia, logs[i])
	}
	return out, nil
}

// bic is the criterion of Pelleg and Moore (X-means, 2000), to be minimised as Schwarz has it:
// −2·ln likelihood + parameters·ln n of round normal clusters that share one variance. NaN
// where the rows leave no variance to estimate.
func (m *KMeans) bic(n int) float64 {
	rows, d := float64(n), float64(m.d)
	variance := m.inertia / (d * (rows - float64(m.k)))
	if !(variance > 0) || math.IsInf(variance, 0) {
		return math.NaN()
	}
	log := -.5*float64(rows*d*math.Log(2*math.Pi*variance)) - .5*d*(rows-float64(m.k))
	for _, w := range m.weights {
		if w > 0 {
			log += float64(w * math.Log(w/rows))
		}
	}
	return -2*log + float64(float64(m.k)*(d+1)*math.Log(rows))
}

// gap returns how far the logarithm of an inertia lies below those of the reference
// data, and the standard error of that with the simulation error √(1+1/B) taken in
// (Tibshirani, Walther and Hastie 2001, step 3). NaN where an inertia is 0.
func gap(inertia float64, logs []float64) (gap, se float64) {
	var m moments.Welford
	for _, v := range logs {
		if m.Add(v) != nil {
			return math.NaN(), math.NaN()
		}
	}
	variance, err := m.PopulationVariance()
	gap = m.Mean() - math.Log(inertia)
	if err != nil || !check.Finite(gap) {
		return math.NaN(), math.NaN()
	}
	return gap, math.Sqrt(variance) * math.Sqrt(1+1/float64(len(logs)))
}

// score fills the scores of one partition, except the gap.
func (c *KChoice) score(ctx context.Context, p *points, opt *ChooseKOptions) error {
	nan := math.NaN()
	c.Silhouette, c.SimplifiedSilhouette, c.CalinskiHarabasz, c.DaviesBouldin, c.Gap, c.GapSE = nan, nan, nan, nan, nan, nan
	l := c.Model.partition(p, nil)
	if l.comparable() != nil {
		return nil
	}
	c.SimplifiedSilhouette, c.CalinskiHarabasz, c.DaviesBouldin = l.simplified(), l.CalinskiHarabasz(), l.DaviesBouldin()
	if opt.Sample == 0 {
		return nil
	}
	if p.n > opt.Sample {
		s := rng.New(opt.KMeans.Seed, stageSample, 0)
		pick := s.Perm(p.n)[:opt.Sample]
		if l = c.Model.partition(p, pick); l.comparable() != nil {
			return nil
		}
	}
	mean, _, err := l.silhouette(ctx, opt.KMeans.Workers)
	c.Silhouette = mean
	return err
}

const (
	stageSample  = 0x73616d70
	stageUniform = 0x756e6966
)

// partition labels p, or the picked points of it, by nearest centre.
func (m *KMeans) partition(p *points, pick []int32) *labelled {
	n := p.n
	if pick != nil {
		n = len(pick)
	}
	x := make([]float64, 0, n*p.d)
	label := make([]int32, n)
	used := make([]int32, m.k)
	for i := range n {
		at := i
		if pick != nil {
			at = int(pick[i])
		}
		x = append(x, p.row(at)...)
		j, _, _ := m.tiles.nearest2(p.row(at))
		label[i] = int32(j)
		used[j] = 1
	}
	k := int32(0)
	for j, u := range used {
		used[j] = k
		k += u
	}
	for i, j := range label {
		label[i] = used[j]
	}
	return partition(x, n, p.d, int(k), label)
}

// uniform draws as many points from the box that p spans.
func (p *points) uniform(seed, b uint64) *points {
	low, high := append([]float64(nil), p.row(0)...), append([]float64(nil), p.row(0)...)
	for i := range p.n {
		for j, v := range p.row(i) {
			low[j], high[j] = min(low[j], v), max(high[j], v)
		}
	}
	s := rng.New(seed, stageUniform, b)
	u := &points{n: p.n, d: p.d, x: make([]float64, p.n*p.d)}
	for i := range u.x {
		j := i % p.d
		u.x[i] = low[j] + s.Float64()*(high[j]-low[j])
	}
	return u
}

// best returns the K of highest score, lowest K among equals.
func (c KChoices) best(method, name string, score func(*KChoice) float64) (int, error) {
	k, high := 0, math.Inf(-1)
	for i := range c {
		if s := score(&c[i]); s > high {
			k, high = c[i].K, s
		}
	}
	if k == 0 {
		return 0, fmt.Errorf("segment: KChoices.%s: no K has a %s: %w", method, name, ErrUndefined)
	}
	return k, nil
}

// BySilhouette returns the K of highest exact silhouette or, if that was
// switched off, simplified silhouette.
func (c KChoices) BySilhouette() (int, error) {
	if k, err := c.best("BySilhouette", "silhouette", func(c *KChoice) float64 { return c.Silhouette }); err == nil {
		return k, nil
	}
	return c.best("BySilhouette", "silhouette", func(c *KChoice) float64 { return c.SimplifiedSilhouette })
}

// ByCalinskiHarabasz returns the K of highest Calinski-Harabasz index.
func (c KChoices) ByCalinskiHarabasz() (int, error) {
	return c.best("ByCalinskiHarabasz", "Calinski-Harabasz index", func(c *KChoice) float64 { return c.CalinskiHarabasz })
}

// ByDaviesBouldin returns the K of lowest Davies-Bouldin index.
func (c KChoices) ByDaviesBouldin() (int, error) {
	return c.best("ByDaviesBouldin", "Davies-Bouldin index", func(c *KChoice) float64 { return -c.DaviesBouldin })
}

// ByBIC returns the K of lowest BIC: how many round clusters of one size explain the rows. Of
// many rows in clusters of other shapes it takes too many.
func (c KChoices) ByBIC() (int, error) {
	return c.best("ByBIC", "BIC", func(c *KChoice) float64 { return -c.BIC })
}

// ByElbow returns the K where the curve of inertia lies farthest below the line
// from its first to its last point. It needs three values of K and an inertia
// that falls, else it is ErrUndefined.
func (c KChoices) ByElbow() (int, error) {
	if len(c) < 3 || !(c[0].Inertia > c[len(c)-1].Inertia) {
		return 0, fmt.Errorf("segment: KChoices.ByElbow: an elbow needs three values of K and a falling inertia: %w", ErrUndefined)
	}
	first, last := c[0], c[len(c)-1]
	return c.best("ByElbow", "elbow", func(c *KChoice) float64 {
		x := float64(c.K-first.K) / float64(last.K-first.K)
		return 1 - x - (c.Inertia-last.Inertia)/(first.Inertia-last.Inertia)
	})
}

// ByGap returns the lowest K whose gap is at least that of K+1 less its standard
// error (Tibshirani, Walther and Hastie 2001), ErrUndefined if there is none.
func (c KChoices) ByGap() (int, error) {
	for i := 0; i+1 < len(c); i++ {
		if c[i].Gap >= c[i+1].Gap-c[i+1].GapSE {
			return c[i].K, nil
		}
	}
	return 0, fmt.Errorf("segment: KChoices.ByGap: the gap still rises at the largest K, or was not computed: %w", ErrUndefined)
}
