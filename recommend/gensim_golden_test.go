package recommend

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
)

// gensimGolden is written by testdata/golden_gensim.py.
type gensimGolden struct {
	Factors int
	Cases   []struct {
		Negatives    int
		V, C, DV, DC [][]float32 // of two words next to each other and the only negative
	}
	Groups, Items int
	Sequences     [][]int32
	Purity        []float64
}

// A sentence of two words is the pairs (second, first) and (first, second), each
// against the only item that can be drawn. Steps are compared over the rate, which
// is small; gensim looks the logistic function up in a table of steps of 0.012, which
// leaves up to 0.003 in each of the samples of a step.
func TestItem2VecGoldenGensim(t *testing.T) {
	var g gensimGolden
	testkit.Golden(t, "gensim.json", &g)
	const rate = 0.001
	for n, c := range g.Cases {
		v, o := slices.Concat(c.V...), slices.Concat(c.C...)
		s := &skipGram{v: slices.Clone(v), c: slices.Clone(o), f: g.Factors}
		for _, pair := range [][2]int32{{1, 0}, {0, 1}} {
			center := s.v[int(pair[0])*g.Factors : (int(pair[0])+1)*g.Factors]
			s.step(center, pair[1], 1, rate)
			for range c.Negatives {
				s.step(center, 2, -1, rate)
			}
		}
		for _, p := range []struct {
			name        string
			got, before []float32
			want        [][]float32
		}{{"vector", s.v, v, c.DV}, {"context", s.c, o, c.DC}} {
			want := slices.Concat(p.want...)
			if len(want) != 3*g.Factors {
				t.Fatalf("case %d: %d values", n, len(want))
			}
			for k := range want {
				if step := (p.got[k] - p.before[k]) / rate; math.Abs(float64(step-want[k])) > 0.04 {
					t.Errorf("case %d: %s[%d] moves by %v, want %v", n, p.name, k, step, want[k])
				}
			}
		}
	}
}

// The nearest neighbours of fits are of the item's group as often as those of
// the peer, 0.03 less at the most, in the mean over five seeds.
func TestItem2VecQualityGensim(t *testing.T) {
	if testkit.Race {
		t.Skip("a comparison of quality over seeds: what it fits runs elsewhere")
	}
	var g gensimGolden
	testkit.Golden(t, "gensim.json", &g)
	s, err := SequencesFromRows(g.Items, g.Sequences)
	if err != nil {
		t.Fatal(err)
	}
	want, got := 0.0, 0.0
	for seed, p := range g.Purity {
		want += p / float64(len(g.Purity))
		m, err := FitItem2Vec(context.Background(), s, Item2VecOptions{Factors: 16, Subsample: -1, Seed: uint64(seed)})
		if err != nil {
			t.Fatal(err)
		}
		same, all := 0, 0
		for i := range int32(g.Items) {
			near, err := m.AppendSimilar(nil, i, 5)
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range near {
				all++
				if int(o.Item-i)%g.Groups == 0 {
					same++
				}
			}
		}
		got += float64(same) / float64(all) / float64(len(g.Purity))
	}
	t.Logf("share of neighbours of the item's group: %.3f, the peer's %.3f", got, want)
	if got < want-0.03 {
		t.Errorf("share of neighbours of the item's group is %.3f, the peer's %.3f", got, want)
	}
}
