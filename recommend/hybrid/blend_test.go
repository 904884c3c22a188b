package hybrid_test

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/hybrid"
)

// TestBlendFormulas: by hand, on four items.
func TestBlendFormulas(t *testing.T) {
	nan := float32(math.NaN())
	a := &tableModel{users: [][]float32{{2, 4, 4, 0}}, items: 4}
	b := &tableModel{users: [][]float32{{1, -1, nan, 3}}, items: 4}
	constant := &tableModel{users: [][]float32{{7, 7, 7, 7}}, items: 4}
	silent := &tableModel{items: 4}
	clicks := &tableModel{users: [][]float32{{-2, 0, 4, 1}}, items: 4, sparse: true}
	za := func(s float64) float64 { return (s - 2.5) / math.Sqrt(2.75) } // mean 2.5, variance 2.75
	for name, c := range map[string]struct {
		model recommend.Model
		want  [4]float64
	}{
		"min-max":           {mustBlend(t, []hybrid.Weighted{{a, 0}}, hybrid.BlendOptions{}), [4]float64{.5, 1, 1, 0}},
		"min-max, sparse":   {mustBlend(t, []hybrid.Weighted{{clicks, 0}}, hybrid.BlendOptions{}), [4]float64{0, 0, 1, .25}},
		"min-max, NaN":      {mustBlend(t, []hybrid.Weighted{{b, 0}}, hybrid.BlendOptions{}), [4]float64{.5, 0, 0, 1}},
		"weighted":          {mustBlend(t, []hybrid.Weighted{{a, 3}, {b, 1}}, hybrid.BlendOptions{}), [4]float64{.5, .75, .75, .25}},
		"silent part":       {mustBlend(t, []hybrid.Weighted{{silent, 5}, {a, 2}}, hybrid.BlendOptions{}), [4]float64{.5, 1, 1, 0}},
		"constant part":     {mustBlend(t, []hybrid.Weighted{{constant, 1}, {a, 1}}, hybrid.BlendOptions{}), [4]float64{.25, .5, .5, 0}},
		"z-score":           {mustBlend(t, []hybrid.Weighted{{a, 0}}, hybrid.BlendOptions{Normalize: hybrid.ZScore}), [4]float64{za(2), za(4), za(4), za(0)}},
		"z-score, constant": {mustBlend(t, []hybrid.Weighted{{constant, 0}}, hybrid.BlendOptions{Normalize: hybrid.ZScore}), [4]float64{}},
		"rank share":        {mustBlend(t, []hybrid.Weighted{{a, 0}}, hybrid.BlendOptions{Normalize: hybrid.RankShare}), [4]float64{1. / 3, 2.5 / 3, 2.5 / 3, 0}},
		"rank, minus zero":  {mustBlend(t, []hybrid.Weighted{{&tableModel{users: [][]float32{{0, float32(math.Copysign(0, -1)), -1, 5}}, items: 4}, 0}}, hybrid.BlendOptions{Normalize: hybrid.RankShare}), [4]float64{.5, .5, 0, 1}},
		"rank, constant":    {mustBlend(t, []hybrid.Weighted{{constant, 0}}, hybrid.BlendOptions{Normalize: hybrid.RankShare}), [4]float64{}},
		"raw":               {mustBlend(t, []hybrid.Weighted{{a, 1}, {clicks, 3}}, hybrid.BlendOptions{Normalize: hybrid.Raw}), [4]float64{-1, 1, 4, .75}},
		"rrf":               {mustRRF(t, []hybrid.Weighted{{a, 0}, {b, 2}}, hybrid.RRFOptions{}), [4]float64{1./63 + 2./62, 1./61 + 2./63, 1. / 62, 1./64 + 2./61}},
		"rrf, depth":        {mustRRF(t, []hybrid.Weighted{{a, 0}, {clicks, 0}}, hybrid.RRFOptions{K: 1, Depth: 2}), [4]float64{0, 1. / 2, 1./3 + 1./2, 1. / 3}},
	} {
		dst := []float32{9, 9, 9, 9}
		if err := c.model.Score(dst, recommend.Query{User: 0}); err != nil {
			t.Fatal(name, err)
		}
		for i := range dst {
			testkit.Near(t, name, float64(dst[i]), c.want[i], 1e-6)
		}
	}
	// Two silent parts are silence.
	for name, m := range map[string]recommend.Model{"blend": mustBlend(t, []hybrid.Weighted{{silent, 1}, {silent, 2}}, hybrid.BlendOptions{}), "rrf": mustRRF(t, []hybrid.Weighted{{silent, 1}}, hybrid.RRFOptions{})} {
		if err := m.Score(make([]float32, 4), recommend.Query{User: 0}); !errors.Is(err, recommend.ErrEmpty) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := m.(recommend.Explainer).AppendReasons(nil, recommend.Query{User: 0}, 0, 1); !errors.Is(err, recommend.ErrEmpty) {
			t.Errorf("%s: reasons: %v", name, err)
		}
	}
}

// slowFusion is the oracle for blends and RRF.
func slowFusion(parts []*tableModel, weights []float64, norm int, k float64, depth int, q recommend.Query) []float64 {
	n := parts[0].items
	out, total := make([]float64, n), 0.0
	for p, m := range parts {
		s32 := make([]float32, n)
		if m.Score(s32, q) != nil {
			continue
		}
		s := make([]float64, n)
		lowest := math.Inf(1)
		for i, v := range s32 {
			s[i] = float64(v)
			if v == v {
				lowest = min(lowest, s[i])
			}
		}
		total += weights[p]
		if norm < 0 { // RRF
			var order []int
			for i := range s {
				if s[i] == s[i] && (!m.sparse || s[i] > 0) {
					order = append(order, i)
				}
			}
			slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(s[b], s[a]) })
			for r, i := range order[:min(len(order), depth)] {
				out[i] += weights[p] / (k + float64(r) + 1)
			}
			continue
		}
		for i := range s {
			if s[i] != s[i] {
				s[i] = lowest
			}
			if norm == int(hybrid.MinMax) && m.sparse {
				s[i] = max(s[i], 0)
			}
		}
		if math.IsInf(lowest, 1) {
			continue
		}
		lo, hi := slices.Min(s), slices.Max(s)
		if norm == int(hybrid.MinMax) && m.sparse {
			lo = 0
		}
		mean, square := 0.0, 0.0
		for _, v := range s {
			mean += v / float64(n)
		}
		for _, v := range s {
			square += (v - mean) * (v - mean) / float64(n)
		}
		for i, v := range s {
			var x float64
			switch hybrid.Normalization(norm) {
			case hybrid.Raw:
				x = v
			case hybrid.MinMax:
				x = (v - lo) / (hi - lo)
			case hybrid.ZScore:
				x = (v - mean) / math.Sqrt(square)
			case hybrid.RankShare:
				for j, u := range s {
					if j != i && u < v {
						x++
					} else if j != i && u == v {
						x += .5
					}
				}
				x /= float64(n - 1)
			}
			if hi == lo && norm != int(hybrid.Raw) {
				x = 0
			}
			out[i] += weights[p] * x
		}
	}
	if norm < 0 {
		return out
	}
	for i := range out {
		out[i] /= total
	}
	return out
}

func TestBlendProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 30).Draw(t, "items")
		g := rng.New(rapid.Uint64().Draw(t, "seed"), 0, 0)
		var parts []*tableModel
		var weighted []hybrid.Weighted
		var weights []float64
		answers := false
		for range rapid.IntRange(1, 3).Draw(t, "parts") {
			m := &tableModel{items: n, sparse: rapid.Bool().Draw(t, "sparse")}
			kind := rapid.IntRange(0, 3).Draw(t, "kind")
			if kind == 0 || kind == 1 {
				row := make([]float32, n)
				for i := range row {
					row[i] = float32(g.Intn(7) - 2)
					if kind == 1 && g.Bool(.2) {
						row[i] = float32(math.NaN())
					}
				}
				m.users = append(m.users, row)
			}
			if kind == 2 {
				for range n {
					row := make([]float32, n)
					for i := range row {
						row[i] = float32(g.Intn(3))
					}
					m.linear = append(m.linear, row)
				}
			}
			answers = answers || kind < 3
			parts = append(parts, m)
			weights = append(weights, float64(rapid.IntRange(1, 4).Draw(t, "weight")))
			weighted = append(weighted, hybrid.Weighted{m, float32(weights[len(weights)-1])})
		}
		q := recommend.Query{User: 0, Items: []int32{int32(g.Intn(n))}, Weights: []float32{2}}
		if n > 1 {
			q.Items, q.Weights = append(q.Items, (q.Items[0]+1)%int32(n)), append(q.Weights, 3)
		}
		check := func(name string, m recommend.Model, norm int, k float64, depth int, exact bool) {
			want := slowFusion(parts, weights, norm, k, depth, q)
			got := make([]float32, n)
			err := m.Score(got, q)
			if !answers {
				if !errors.Is(err, recommend.ErrEmpty) {
					t.Fatalf("%s: %v", name, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			explained := true
			for _, p := range parts {
				if p.Score(make([]float32, n), q) == nil && p.linear == nil {
					explained = false
				}
			}
			for i := range got {
				if !testkit.Close(float64(got[i]), want[i], 1e-5, 1e-5) {
					t.Fatalf("%s: score of item %d is %v, want %v", name, i, got[i], want[i])
				}
				if !explained || !exact {
					continue
				}
				reasons, err := m.(recommend.Explainer).AppendReasons(nil, q, int32(i), 5)
				if err != nil {
					t.Fatal(err)
				}
				sum := 0.0
				for _, r := range reasons {
					sum += float64(r.Contribution)
				}
				// A part whose contributions to an item are all 0 has nothing to
				// divide its share by.
				positive := true
				for _, p := range parts {
					s := make([]float32, n)
					if p.Score(s, q) == nil && s[i] == 0 {
						positive = false
					}
				}
				if positive && !testkit.Close(sum, want[i], 1e-5, 1e-5) {
					t.Fatalf("%s: reasons of item %d add up to %v, score is %v", name, i, sum, want[i])
				}
			}
		}
		for norm := hybrid.MinMax; norm <= hybrid.Raw; norm++ {
			b, err := hybrid.NewBlend(weighted, hybrid.BlendOptions{Normalize: norm})
			if err != nil {
				t.Fatal(err)
			}
			check("blend", b, int(norm), 0, 0, norm == hybrid.Raw || norm == hybrid.RankShare)
		}
		depth := rapid.IntRange(1, n+2).Draw(t, "depth")
		f, err := hybrid.NewRRF(weighted, hybrid.RRFOptions{Depth: depth, K: 10})
		if err != nil {
			t.Fatal(err)
		}
		check("rrf", f, -1, 10, depth, true)
	})
}

// TestBlendLinearReasons: under MinMax and ZScore contributions differ from the
// score by the same constant for every item.
func TestBlendLinearReasons(t *testing.T) {
	x := groups(60, 48, 8, 3)
	als, err := recommend.FitALS(context.Background(), x, recommend.ALSOptions{Factors: 8, Iterations: 5})
	if err != nil {
		t.Fatal(err)
	}
	knn, err := recommend.FitItemKNN(context.Background(), x, recommend.ItemKNNOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, norm := range []hybrid.Normalization{hybrid.MinMax, hybrid.ZScore} {
		b := mustBlend(t, []hybrid.Weighted{{als, 2}, {knn, 1}}, hybrid.BlendOptions{Normalize: norm})
		q := x.Query(5)
		scores := make([]float32, x.Items())
		if err := b.Score(scores, q); err != nil {
			t.Fatal(err)
		}
		var first float64
		for i := range scores {
			reasons, err := b.AppendReasons(nil, q, int32(i), 100)
			if err != nil {
				t.Fatal(err)
			}
			offset := float64(scores[i])
			for _, r := range reasons {
				offset -= float64(r.Contribution)
			}
			if i == 0 {
				first = offset
			}
			testkit.Near(t, "offset", offset, first, 1e-4)
		}
	}
}

// Whether a blend is sparse depends on its parts and on what it makes of them.
func TestBlendSparseScores(t *testing.T) {
	x := groups(60, 48, 8, 3)
	als, err := recommend.FitALS(context.Background(), x, recommend.ALSOptions{Factors: 8, Iterations: 5})
	if err != nil {
		t.Fatal(err)
	}
	knn, err := recommend.FitItemKNN(context.Background(), x, recommend.ItemKNNOptions{})
	if err != nil {
		t.Fatal(err)
	}
	text := groupTitles(t, 48)
	parts := []hybrid.Weighted{{als, 2}, {knn, 1}, {text, 1}}
	for name, c := range map[string]struct {
		model recommend.Model
		want  bool
	}{
		"sparse parts": {mustBlend(t, []hybrid.Weighted{{knn, 1}, {text, 1}}, hybrid.BlendOptions{}), true},
		"als":          {mustBlend(t, parts, hybrid.BlendOptions{}), false},
		"ranks":        {mustBlend(t, []hybrid.Weighted{{knn, 1}}, hybrid.BlendOptions{Normalize: hybrid.RankShare}), false},
		"rrf":          {mustRRF(t, parts, hybrid.RRFOptions{}), true},
	} {
		if got := c.model.(recommend.SparseScorer).SparseScores(); got != c.want {
			t.Errorf("%s: SparseScores is %v", name, got)
		}
	}
}

func TestBlendBadInput(t *testing.T) {
	a, b := &tableModel{items: 4}, &tableModel{items: 5}
	nan := float32(math.NaN())
	for name, c := range map[string]struct {
		parts []hybrid.Weighted
		want  error
	}{
		"none":             {nil, recommend.ErrOption},
		"nil model":        {[]hybrid.Weighted{{nil, 1}}, recommend.ErrOption},
		"negative weight":  {[]hybrid.Weighted{{a, -1}}, recommend.ErrOption},
		"NaN weight":       {[]hybrid.Weighted{{a, nan}}, recommend.ErrOption},
		"other catalogues": {[]hybrid.Weighted{{a, 1}, {b, 1}}, recommend.ErrMismatch},
	} {
		if m, err := hybrid.NewBlend(c.parts, hybrid.BlendOptions{}); !errors.Is(err, c.want) || m != nil {
			t.Errorf("%s: blend: %v", name, err)
		}
		if m, err := hybrid.NewRRF(c.parts, hybrid.RRFOptions{}); !errors.Is(err, c.want) || m != nil {
			t.Errorf("%s: rrf: %v", name, err)
		}
	}
	for _, n := range []hybrid.Normalization{-1, hybrid.Raw + 1} {
		if _, err := hybrid.NewBlend([]hybrid.Weighted{{a, 1}}, hybrid.BlendOptions{Normalize: n}); !errors.Is(err, recommend.ErrOption) {
			t.Errorf("normalization %d: %v", n, err)
		}
	}
	for name, o := range map[string]hybrid.RRFOptions{"K": {K: -1}, "K NaN": {K: math.NaN()}, "Depth": {Depth: -1}} {
		if _, err := hybrid.NewRRF([]hybrid.Weighted{{a, 1}}, o); !errors.Is(err, recommend.ErrOption) {
			t.Errorf("%s: %v", name, err)
		}
	}
	failing := &failingModel{tableModel{items: 4}}
	for name, m := range map[string]recommend.Model{"blend": mustBlend(t, []hybrid.Weighted{{failing, 1}}, hybrid.BlendOptions{}), "rrf": mustRRF(t, []hybrid.Weighted{{failing, 1}}, hybrid.RRFOptions{})} {
		if err := m.Score(make([]float32, 4), recommend.Query{User: 0}); !errors.Is(err, errFailing) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := m.(recommend.Similar).AppendSimilar(nil, 0, 1); !errors.Is(err, recommend.ErrEmpty) {
			t.Errorf("%s: similar without any part that can: %v", name, err)
		}
		if _, err := m.(recommend.Similar).AppendSimilar(nil, 4, 1); !errors.Is(err, recommend.ErrUnknownID) {
			t.Errorf("%s: similar to nothing: %v", name, err)
		}
	}
}

func BenchmarkBlend(b *testing.B) {
	g := rng.New(1, 0, 0)
	var parts []hybrid.Weighted
	for range 2 {
		row := make([]float32, 30_000)
		for i := range row {
			row[i] = float32(g.Normal())
		}
		parts = append(parts, hybrid.Weighted{Model: &tableModel{users: [][]float32{row}, items: len(row)}})
	}
	dst := make([]float32, 30_000)
	for name, m := range map[string]recommend.Model{"minmax": mustBlend(b, parts, hybrid.BlendOptions{}), "rank": mustBlend(b, parts, hybrid.BlendOptions{Normalize: hybrid.RankShare}), "rrf": mustRRF(b, parts, hybrid.RRFOptions{})} {
		b.Run("items=30k/parts=2/by="+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := m.Score(dst, recommend.Query{User: 0}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
