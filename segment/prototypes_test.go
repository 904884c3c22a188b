package segment_test

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment"
)

// The best of kmodes' starts, for numbers with categories and for categories alone.
func TestPrototypesGolden(t *testing.T) {
	var g struct {
		Rows       [][]float64
		Categories [][]string
		Gamma      float64
		Labels     []int32
		Cost       float64
		Centers    [][]float64
		Modes      [][]string
		ModesCost  float64 `json:"modes_cost"`
	}
	testkit.Golden(t, "prototypes.json", &g)
	m, err := segment.FitPrototypes(bg, g.Rows, g.Categories, segment.PrototypesOptions{K: 3, Gamma: g.Gamma, Restarts: 20})
	must(err)
	got, err := m.Assign(nil, g.Rows, g.Categories)
	must(err)
	if !testkit.Close(m.Cost(), g.Cost, 0, 1e-9) || !same(got, g.Labels) || !m.Converged() {
		t.Errorf("cost %v, want %v", m.Cost(), g.Cost)
	}
	for i, l := range got {
		other := g.Labels[i]
		if !slices.Equal(m.Modes()[l], g.Modes[other]) || euclidean(m.Centers()[l], g.Centers[other]) > 1e-9 {
			t.Fatalf("cluster %d is %v %v, want %v %v", l, m.Centers()[l], m.Modes()[l], g.Centers[other], g.Modes[other])
		}
	}
	modes, err := segment.FitPrototypes(bg, nil, g.Categories, segment.PrototypesOptions{K: 3, Gamma: 1, Restarts: 20})
	must(err)
	if modes.Cost() > g.ModesCost {
		t.Errorf("k-modes: cost %v, kmodes finds %v", modes.Cost(), g.ModesCost)
	}
}

// Planted groups that neither half tells alone come back, the same for rows in another order.
func TestPrototypesPlanted(t *testing.T) {
	for seed := range testkit.Seeds(10) {
		r := rng.New(seed, 0, 0)
		var rows [][]float64
		var categories [][]string
		var truth []int32
		for range 600 {
			c := r.Intn(4)
			row := []float64{6*float64(c/2) + r.Normal(), r.Normal()}
			words := []string{[]string{"tea", "milk"}[c%2], []string{"web", "app"}[c%2], []string{"a", "b", "c"}[r.Intn(3)]}
			if r.Bool(.05) {
				words[0] = "rice"
			}
			rows, categories, truth = append(rows, row), append(categories, words), append(truth, int32(c))
		}
		order := r.Perm(len(rows))
		other, words := make([][]float64, len(rows)), make([][]string, len(rows))
		for i, j := range order {
			other[i], words[i] = rows[j], categories[j]
		}
		opt := segment.PrototypesOptions{K: 4, Gamma: 3, Seed: seed}
		m, err := segment.FitPrototypes(bg, rows, categories, opt)
		must(err)
		got, err := m.Assign(nil, rows, categories)
		must(err)
		if ari := adjustedRand(got, truth); ari < .8 {
			t.Errorf("seed %d: ARI %.3f", seed, ari)
		}
		n, err := segment.FitPrototypes(bg, other, words, opt)
		must(err)
		a, _ := m.MarshalBinary()
		b, _ := n.MarshalBinary()
		if !slices.Equal(a, b) {
			t.Errorf("seed %d: rows in another order give another model", seed)
		}
	}
}

func TestPrototypesRules(t *testing.T) {
	rows, words := [][]float64{{1}, {1}, {5}}, [][]string{{"a"}, {"a"}, {"b"}}
	m, err := segment.FitPrototypes(bg, rows, words, segment.PrototypesOptions{K: 2})
	must(err)
	if w := m.Weights(); m.Cost() != 0 || w[0]+w[1] != 3 || !testkit.Close(m.Gamma(), .9428090415820634, 1e-15, 0) {
		t.Errorf("cost %v, weights %v, gamma %v", m.Cost(), w, m.Gamma())
	}
	for name, c := range map[string]struct {
		rows  [][]float64
		words [][]string
		k     int
		want  error
	}{
		"nothing":      {nil, nil, 1, segment.ErrEmpty},
		"more than":    {rows, words, 3, segment.ErrRange},
		"other length": {rows, words[:2], 1, segment.ErrShape},
		"ragged":       {rows, [][]string{{"a"}, {}, {"b"}}, 1, segment.ErrShape},
		"no columns":   {nil, [][]string{{}, {}}, 1, segment.ErrEmpty},
		"no clusters":  {rows, words, 0, segment.ErrOption},
	} {
		if _, err := segment.FitPrototypes(bg, c.rows, c.words, segment.PrototypesOptions{K: c.k}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := m.Assign(nil, rows, words[:1]); !errors.Is(err, segment.ErrShape) {
		t.Errorf("rows without categories: %v", err)
	}
	if got, err := m.Assign(nil, [][]float64{{4}}, [][]string{{"never seen"}}); err != nil || m.Centers()[got[0]][0] != 5 {
		t.Errorf("an unknown category: %v, %v", got, err)
	}
}

// Memory does not grow with K times the number of categories, and the start looks at its
// context for each cluster.
func TestPrototypesMemory(t *testing.T) {
	const n, k = 2000, 400
	var words [][]string
	for i := range n {
		words = append(words, []string{fmt.Sprint(i)})
	}
	var before, after runtime.MemStats
	ctx := &looks{Context: bg}
	runtime.ReadMemStats(&before)
	m, err := segment.FitPrototypes(ctx, nil, words, segment.PrototypesOptions{K: k, Restarts: 1, MaxIter: 3})
	runtime.ReadMemStats(&after)
	must(err)
	if took := after.TotalAlloc - before.TotalAlloc; took > 100*n && !testkit.Race {
		t.Errorf("%d bytes for %d rows", took, n)
	}
	if ctx.n.Load() < k {
		t.Errorf("%d looks for %d clusters", ctx.n.Load(), k)
	}
	if m.K() != k {
		t.Errorf("%d clusters, want %d", m.K(), k)
	}
}
