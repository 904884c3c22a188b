package segment_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment"
)

type modelsGolden struct {
	Rows     [][]float64
	Mixtures map[string]struct {
		Weights            []float64
		Means, Covariances [][]float64
		Likelihood, BIC    float64
		Shares             [][]float64
	}
	Scans []struct {
		Radius  float64
		MinRows int `json:"min_rows"`
		Labels  []int32
		Core    []int
	}
}

// Where EM ends does not depend on how it began, if it ends at the same top: components are
// matched by their means.
func TestMixtureGolden(t *testing.T) {
	var g modelsGolden
	testkit.Golden(t, "models.json", &g)
	for name, w := range g.Mixtures {
		m, err := segment.FitMixture(bg, g.Rows, segment.MixtureOptions{K: 4, Full: name == "full", Tol: 1e-13, MaxIter: 2000, Restarts: 5})
		must(err)
		if !testkit.Close(m.LogLikelihood(), w.Likelihood, 0, 1e-9) || !testkit.Close(m.BIC(), w.BIC, 0, 1e-9) || !m.Converged() {
			t.Errorf("%s: log likelihood %v, want %v; BIC %v, want %v", name, m.LogLikelihood(), w.Likelihood, m.BIC(), w.BIC)
		}
		match := make([]int, 4)
		for j, mean := range m.Means() {
			for i, other := range w.Means {
				if euclidean(mean, other) < euclidean(mean, w.Means[match[j]]) {
					match[j] = i
				}
			}
			i := match[j]
			near := func(what string, got, want []float64) {
				for q, v := range got {
					if !testkit.Close(v, want[q], 1e-5, 1e-5) {
						t.Errorf("%s: %s %d of component %d is %v, want %v", name, what, q, j, v, want[q])
					}
				}
			}
			near("mean", mean, w.Means[i])
			near("covariance", m.Covariances()[j], w.Covariances[i])
			near("weight", m.Weights()[j:j+1], w.Weights[i:i+1])
		}
		for i, want := range w.Shares {
			got, err := m.AppendShares(nil, g.Rows[i])
			must(err)
			for j, v := range got {
				if !testkit.Close(v, want[match[j]], 1e-6, 0) {
					t.Errorf("%s: share %d of row %d is %v, want %v", name, j, i, v, want[match[j]])
				}
			}
		}
	}
}

// Cores and noise are scikit-learn's, and so are the clusters but for borders between two.
func TestDBSCANGolden(t *testing.T) {
	var g modelsGolden
	testkit.Golden(t, "models.json", &g)
	for _, w := range g.Scans {
		got, err := segment.DBSCAN(bg, g.Rows, segment.DBSCANOptions{Radius: w.Radius, MinRows: w.MinRows})
		must(err)
		var cores []int
		var a, b []int32
		for i, c := range got.Core {
			if c {
				cores = append(cores, i)
				a, b = append(a, got.Labels[i]), append(b, w.Labels[i])
			}
			if (got.Labels[i] < 0) != (w.Labels[i] < 0) {
				t.Errorf("row %d is %d, want %d", i, got.Labels[i], w.Labels[i])
			}
		}
		if !slices.Equal(cores, w.Core) || !same(a, b) || len(cores) == 0 {
			t.Errorf("radius %v: cores differ", w.Radius)
		}
	}
}

// A slow scan by the definition, with the rule for borders: the nearest core, of equally near
// ones the first by coordinates. Rows lie on a grid, where much ties.
func TestDBSCANOracleProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rng.New(rapid.Uint64().Draw(t, "seed"), 0, 0)
		rows := make([][]float64, rapid.IntRange(1, 150).Draw(t, "n"))
		side := 4 + r.Intn(20)
		for i := range rows {
			rows[i] = []float64{float64(r.Intn(side)), float64(r.Intn(side)), r.Float64() * float64(len(rows)%2)}
		}
		opt := segment.DBSCANOptions{Radius: 1 + r.Float64(), MinRows: 1 + r.Intn(6)}
		got, err := segment.DBSCAN(bg, rows, opt)
		must(err)
		core := make([]bool, len(rows))
		for i := range rows {
			count := 0
			for j := range rows {
				if euclidean(rows[i], rows[j]) <= opt.Radius {
					count++
				}
			}
			core[i] = count >= opt.MinRows
		}
		want := make([]int, len(rows))
		for i := range want {
			want[i] = -1
		}
		var flood func(i, c int)
		flood = func(i, c int) {
			want[i] = c
			for j := range rows {
				if core[j] && want[j] < 0 && euclidean(rows[i], rows[j]) <= opt.Radius {
					flood(j, c)
				}
			}
		}
		for i := range rows {
			if core[i] && want[i] < 0 {
				flood(i, i)
			}
		}
		for i := range rows {
			at := -1
			for j := range rows {
				if d := euclidean(rows[i], rows[j]); !core[i] && core[j] && d <= opt.Radius && (at < 0 || d < euclidean(rows[i], rows[at]) ||
					d == euclidean(rows[i], rows[at]) && slices.Compare(rows[j], rows[at]) < 0) {
					at = j
				}
			}
			if at >= 0 {
				want[i] = want[at]
			}
		}
		highest := int32(-1)
		for i, l := range got.Labels {
			if (l < 0) != (want[i] < 0) || l > highest+1 {
				t.Fatalf("row %d is %d, want %d", i, l, want[i])
			}
			highest = max(highest, l)
		}
		if !slices.Equal(core, got.Core) || !same(got.Labels, want) || got.Clusters != int(highest)+1 {
			t.Fatalf("labels %v, want %v", got.Labels, want)
		}
	})
}

// Rows in another order are in the same clusters, with the same cores and noise, numbered by
// their lowest row: on a grid, where borders lie as near to one cluster as to another.
func TestDBSCANPermutedProp(t *testing.T) {
	borders := 0
	testkit.Until(t, "a border", func() bool { return borders > 0 }, func(t *rapid.T) {
		r := rng.New(rapid.Uint64().Draw(t, "seed"), 0, 0)
		rows := make([][]float64, rapid.IntRange(2, 300).Draw(t, "n"))
		side := 6 + r.Intn(20)
		for i := range rows {
			rows[i] = []float64{float64(r.Intn(side)), float64(r.Intn(side))}
		}
		opt := segment.DBSCANOptions{Radius: 1 + r.Float64(), MinRows: 3 + r.Intn(5), Workers: 1 + r.Intn(3)}
		want, err := segment.DBSCAN(bg, rows, opt)
		must(err)
		order := r.Perm(len(rows))
		shuffled := make([][]float64, len(rows))
		for i, j := range order {
			shuffled[i] = rows[j]
		}
		got, err := segment.DBSCAN(bg, shuffled, opt)
		must(err)
		number, next := map[int32]int32{-1: -1}, int32(0) // of the clusters of rows, by the lowest row of shuffled
		for i, j := range order {
			l, known := number[want.Labels[j]]
			if !known {
				l, number[want.Labels[j]] = next, next
				next++
			}
			if got.Labels[i] != l || got.Core[i] != want.Core[j] {
				t.Fatalf("row %d, %v, is %d, want %d; core %v, want %v", i, shuffled[i], got.Labels[i], l, got.Core[i], want.Core[j])
			}
			if l >= 0 && !want.Core[j] {
				borders++
			}
		}
		if got.Clusters != want.Clusters {
			t.Fatalf("%d clusters, want %d", got.Clusters, want.Clusters)
		}
	})
}

// Two arcs, which no centres could part, are two clusters.
func TestDBSCANShapes(t *testing.T) {
	for seed := range testkit.Seeds(10) {
		r := rng.New(seed, 0, 0)
		var rows [][]float64
		var truth []int32
		for i := range 2000 {
			a := math.Pi * r.Float64()
			x, y := math.Cos(a), math.Sin(a)
			if i%2 == 1 {
				x, y = 1-x, .5-y
			}
			rows = append(rows, []float64{x + .05*r.Normal(), y + .05*r.Normal()})
			truth = append(truth, int32(i%2))
		}
		got, err := segment.DBSCAN(bg, rows, segment.DBSCANOptions{Radius: .12, MinRows: 8})
		must(err)
		if ari := adjustedRand(got.Labels, truth); ari < .8 {
			t.Errorf("seed %d: ARI %.3f, %d clusters", seed, ari, got.Clusters)
		}
	}
}

// Planted groups come back, the same for rows in another order and any number of processors.
func TestModelsPlanted(t *testing.T) {
	for seed := range testkit.Seeds(10) {
		rows, truth := planted(seed, 3000, 6, 5, .6)
		order := rng.New(seed, 0, 9).Perm(len(rows))
		shuffled := make([][]float64, len(rows))
		for i, j := range order {
			shuffled[i] = rows[j]
		}
		type model interface {
			Assign([]int32, [][]float64) ([]int32, error)
			MarshalBinary() ([]byte, error)
		}
		for name, fit := range map[string]func([][]float64) (model, error){
			"mini-batch": func(r [][]float64) (model, error) {
				return segment.FitMiniBatch(bg, r, segment.MiniBatchOptions{K: 6, Seed: seed})
			},
			"diagonal": func(r [][]float64) (model, error) {
				return segment.FitMixture(bg, r, segment.MixtureOptions{K: 6, Seed: seed, Restarts: 4})
			},
			"full": func(r [][]float64) (model, error) {
				return segment.FitMixture(bg, r, segment.MixtureOptions{K: 6, Seed: seed, Full: true, Restarts: 4})
			},
		} {
			m, err := fit(rows)
			must(err)
			got, err := m.Assign(nil, rows)
			must(err)
			if ari := adjustedRand(got, truth); ari < .8 {
				t.Errorf("seed %d, %s: ARI %.3f", seed, name, ari)
			}
			other, err := fit(shuffled)
			must(err)
			a, _ := m.MarshalBinary()
			b, _ := other.MarshalBinary()
			if !slices.Equal(a, b) {
				t.Errorf("seed %d, %s: rows in another order give another model", seed, name)
			}
			if seed == 0 {
				testkit.AtGOMAXPROCS(t, func() []byte {
					m, err := fit(rows)
					must(err)
					b, err := m.MarshalBinary()
					must(err)
					return b
				})
			}
		}
	}
}

// Mini-batches end near what k-means finds from the same seed, and weights count as rows.
func TestMiniBatch(t *testing.T) {
	rows, _ := planted(5, 6000, 8, 6, 2)
	whole, err := segment.FitKMeans(bg, rows, segment.KMeansOptions{K: 8, Restarts: 5})
	must(err)
	for seed := range uint64(5) {
		m, err := segment.FitMiniBatch(bg, rows, segment.MiniBatchOptions{K: 8, Batch: 512, Seed: seed, Tol: -1})
		must(err)
		if m.Inertia() > 1.1*whole.Inertia() || m.Iterations() != 120 || m.Converged() {
			t.Errorf("seed %d: inertia %v of k-means' %v, %d batches", seed, m.Inertia(), whole.Inertia(), m.Iterations())
		}
	}
	weights := make([]float64, len(rows))
	for i := range weights {
		weights[i] = float64(i % 2)
	}
	m, err := segment.FitMiniBatch(bg, rows, segment.MiniBatchOptions{K: 3, Weights: weights})
	must(err)
	if w := m.Weights(); w[0]+w[1]+w[2] != 3000 {
		t.Errorf("weights %v", w)
	}
	if _, err := segment.FitMiniBatch(bg, [][]float64{{1}, {1}, {2}}, segment.MiniBatchOptions{K: 3}); !errors.Is(err, segment.ErrRange) {
		t.Errorf("more clusters than points: %v", err)
	}
}

// A column that depends on the others has no full covariance, unless variance is added.
func TestMixtureSingular(t *testing.T) {
	rows := [][]float64{{1, 2}, {2, 4}, {3, 6}, {4, 8}, {7, 14}}
	if _, err := segment.FitMixture(bg, rows, segment.MixtureOptions{K: 1, Full: true, Variance: -1}); !errors.Is(err, segment.ErrUndefined) {
		t.Errorf("a singular covariance: %v", err)
	}
	m, err := segment.FitMixture(bg, rows, segment.MixtureOptions{K: 1, Full: true})
	must(err)
	if c := m.Covariances()[0]; !testkit.Close(c[0], 4.24+1e-6, 1e-12, 0) || !testkit.Close(c[1], 8.48, 1e-12, 0) || c[1] != c[2] {
		t.Errorf("covariance %v", c)
	}
	far, err := m.AppendShares([]float64{9}, []float64{1e140, -1e140})
	must(err)
	if fmt.Sprint(far) != "[9 1]" {
		t.Errorf("shares of a row far from all: %v", far)
	}
}

// What lies in dst beyond the shares is the caller's; there is room enough where they fit, in
// more columns than the stack holds too.
func TestMixtureCanary(t *testing.T) {
	for _, d := range []int{1, 5, 64, 65, 100} {
		r := rng.New(uint64(d), 0, 0)
		rows := make([][]float64, 50)
		for i := range rows {
			for range d {
				rows[i] = append(rows[i], r.Normal())
			}
		}
		for _, full := range []bool{false, true} {
			m, err := segment.FitMixture(bg, rows, segment.MixtureOptions{K: 2, Full: full, Variance: .1})
			must(err)
			want, err := m.AppendShares(nil, rows[0])
			must(err)
			for _, spare := range []int{2, 2 * d, 300} {
				dst := make([]float64, 1+spare)
				for i := range dst {
					dst[i] = -7
				}
				got, err := m.AppendShares(dst[:1], rows[0])
				must(err)
				if &got[0] != &dst[0] || len(got) != 3 || !slices.Equal(got[1:], want) {
					t.Errorf("%d columns, room for %d: %v, want %v after -7, in place", d, spare, got, want)
				}
				dst[1], dst[2] = -7, -7
				if slices.Max(dst) != -7 {
					t.Errorf("%d columns, room for %d: writes beyond what it appends", d, spare)
				}
			}
		}
	}
}

// Where the solve gives Inf − Inf, a row is as far from all as where it gives Inf.
func TestMixtureFar(t *testing.T) {
	r := rng.New(1, 0, 0)
	var rows [][]float64
	for range 200 {
		a, b, c := r.Normal(), r.Normal(), r.Normal()
		rows = append(rows, []float64{1e-140 * a, 1e138 * (a + b), 1e138 * (a + b + c)})
	}
	m, err := segment.FitMixture(bg, rows, segment.MixtureOptions{K: 1, Full: true, Variance: -1})
	must(err)
	for _, x := range []float64{1e140, -1e140, 1e100} {
		if got, err := m.AppendShares(nil, []float64{x, 0, 0}); err != nil || !slices.Equal(got, m.Weights()) {
			t.Errorf("shares of %g: %v, %v, want the weights %v", x, got, err, m.Weights())
		}
	}
}

// The search for cores looks at its context as it goes, though no row has a neighbour to
// count: boxes of so many columns all come near.
func TestDBSCANLooks(t *testing.T) {
	r := rng.New(1, 0, 0)
	rows := make([][]float64, 800)
	for i := range rows {
		for range 64 {
			rows[i] = append(rows[i], r.Normal())
		}
	}
	ctx := &looks{Context: bg}
	_, err := segment.DBSCAN(ctx, rows, segment.DBSCANOptions{Radius: 7, Workers: 1})
	must(err)
	if n := ctx.n.Load(); n < 40 { // 13 of them between blocks
		t.Errorf("%d looks in 2·800² distances of 64 columns", n)
	}
}

// looks counts how often a context is looked at.
type looks struct {
	context.Context
	n atomic.Int64
}

func (l *looks) Err() error { l.n.Add(1); return l.Context.Err() }
