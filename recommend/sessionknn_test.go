package recommend

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
)

// drawSequences returns a few short sequences with repeats, some empty, some of
// equal time.
func drawSequences(t *rapid.T) *Sequences {
	items := rapid.IntRange(1, 8).Draw(t, "items")
	rows := rapid.SliceOfN(rapid.SliceOfN(rapid.Int32Range(0, int32(items-1)), 0, 7), 1, 12).Draw(t, "rows")
	s, err := SequencesFromRows(items, append(rows, []int32{0}))
	if err != nil {
		t.Fatal(err)
	}
	if rapid.Bool().Draw(t, "timed") {
		s.times = rapid.SliceOfN(rapid.Int64Range(0, 5*86400e9), s.Len(), s.Len()).Draw(t, "times")
	}
	return s
}

func drawHistory(t *rapid.T, items int) Query {
	q := Query{User: Stranger, Items: rapid.SliceOfN(rapid.Int32Range(0, int32(items-1)), 1, 6).Draw(t, "history")}
	if rapid.Bool().Draw(t, "weighted") {
		q.Weights = rapid.SliceOfN(rapid.Float32Range(0.1, 3), len(q.Items), len(q.Items)).Draw(t, "weights")
	}
	return q
}

// slowSessions is the formula of the type's comment, session by session.
func slowSessions(s *Sequences, o SessionKNNOptions, q Query) []float64 {
	newest := make([]int, 0, s.Len())
	for k := range s.Len() {
		if len(s.Sequence(k)) > 0 {
			newest = append(newest, k)
		}
	}
	n := len(newest)
	has := func(k int, i int32) bool { return slices.Contains(s.Sequence(k), i) }
	idf := func(i int32, power float64) float64 {
		c := 0
		for _, k := range newest {
			if has(k, i) {
				c++
			}
		}
		return math.Pow(math.Log(float64(n+1)/float64(c)), power)
	}
	slices.SortFunc(newest, func(a, b int) int {
		if s.times != nil && s.times[a] != s.times[b] {
			return cmp.Compare(s.times[b], s.times[a])
		}
		return b - a
	})
	most := float32(0)
	for k := range q.Items {
		most = max(most, q.Weight(k))
	}
	event := func(d int) float64 { return float64(q.Weight(len(q.Items)-1-d) / most) }
	item := func(d int) int32 { return q.Items[len(q.Items)-1-d] }
	type neighbor struct {
		k, d int
		sim  float64
	}
	var near []neighbor
	for rank, k := range newest {
		nb := neighbor{k: k, d: -1}
		seen := map[int32]bool{}
		for d := range q.Items {
			i := item(d)
			if seen[i] || !has(k, i) {
				continue
			}
			seen[i] = true
			if nb.d < 0 {
				nb.d = d
			}
			nb.sim += event(d) * o.position(d, len(q.Items)) * idf(i, o.MatchIDF)
		}
		if nb.d < 0 {
			continue
		}
		distinct := map[int32]bool{}
		for _, i := range s.Sequence(k) {
			distinct[i] = true
		}
		nb.sim /= math.Pow(float64(len(distinct)), o.Length)
		if o.AgeDecay > 0 {
			age := float64(rank) / float64(n)
			if s.times != nil {
				age = float64(s.times[newest[0]]-s.times[k]) / 86400e9
			}
			nb.sim *= math.Exp(-age / o.AgeDecay)
		}
		near = append(near, nb)
	}
	near = near[:min(len(near), o.Sample)]
	slices.SortStableFunc(near, func(a, b neighbor) int { return cmp.Compare(b.sim, a.sim) })
	near = near[:min(len(near), o.Neighbors)]
	fade := func(d int, decay float64) float64 {
		if decay == 0 {
			return 1
		}
		return math.Exp(-float64(d) / decay)
	}
	out := make([]float64, s.items)
	for _, nb := range near {
		seq := s.Sequence(nb.k)
		at := 0
		for p, i := range seq {
			if i == item(nb.d) {
				at = p
			}
		}
		v := nb.sim * fade(nb.d, o.StepDecay)
		out[seq[at]] += v * o.Match * idf(seq[at], o.IDF)
		for i := range int32(s.items) {
			best, pos := math.MaxInt, -1
			for p, x := range seq {
				if d := p - at; x == i && d != 0 && (max(d, -d) < best || max(d, -d) == best && d > 0) {
					best, pos = max(d, -d), p
				}
			}
			if pos < 0 {
				continue
			}
			w := v * fade(best, o.DistanceDecay) * idf(i, o.IDF)
			if pos < at {
				w *= o.Before
			}
			out[i] += w
		}
	}
	best := slices.Max(out)
	if best == 0 {
		best = 1
	}
	for d := range q.Items {
		out[item(d)] += o.Remind * best * event(d) * math.Exp(-float64(d)/o.RemindDecay)
	}
	return out
}

func TestSessionKNNProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSequences(t)
		number := func(name string, values ...float64) float64 { return rapid.SampledFrom(values).Draw(t, name) }
		opt := SessionKNNOptions{
			// Ties at the cut would be broken by rounding, so nothing is cut by similarity here.
			Neighbors: 100, Sample: rapid.IntRange(1, 14).Draw(t, "sample"),
			Position:      PositionWeighting(rapid.IntRange(0, 5).Draw(t, "position")),
			PositionDecay: number("λ1", 0, 1), MatchIDF: number("matchidf", -1, 1), Length: number("length", -1, 0.5),
			AgeDecay: number("λ2", -1, 0.5), StepDecay: number("step", -1, 2), DistanceDecay: number("λ3", -1, 1.5),
			Before: number("before", -1, 0.5), Match: number("match", -1, 0.3), IDF: number("idf", -1, 1), Remind: number("remind", -1, 0.4),
		}
		m, err := FitSessionKNN(context.Background(), s, opt)
		if err != nil {
			t.Fatal(err)
		}
		q := drawHistory(t, s.items)
		got := make([]float32, s.items)
		if err := m.Score(got, q); err != nil {
			t.Fatal(err)
		}
		want := slowSessions(s, opt.withDefaults(), q)
		for i := range got {
			if math.Abs(float64(got[i])-want[i]) > 1e-4*max(1, want[i]) {
				t.Fatalf("item %d scores %v, want %v (all %v, %v)", i, got[i], want[i], got, want)
			}
		}
		// Reasons add up for histories with repeats too.
		for i := range got {
			reasons, err := m.AppendReasons(nil, q, int32(i), len(q.Items))
			if err != nil {
				t.Fatal(err)
			}
			sum := 0.0
			for _, r := range reasons {
				sum += float64(r.Contribution)
			}
			if math.Abs(sum-want[i]) > 1e-3*max(1, want[i]) {
				t.Fatalf("item %d: reasons %v add up to %v, want %v", i, reasons, sum, want[i])
			}
		}
	})
}

// The most similar sessions vote, ties to the newer.
func TestSessionKNNNeighbors(t *testing.T) {
	s, err := SequencesFromRows(6, [][]int32{{0, 1, 2}, {1, 3}, {0, 1, 4}, {0, 1, 5}})
	if err != nil {
		t.Fatal(err)
	}
	m, err := FitSessionKNN(context.Background(), s, SessionKNNOptions{Neighbors: 2, Remind: -1, Match: -1})
	if err != nil {
		t.Fatal(err)
	}
	got := make([]float32, 6)
	if err := m.Score(got, Query{User: Stranger, Items: []int32{0, 1}}); err != nil {
		t.Fatal(err)
	}
	if got[4] <= 0 || got[5] != got[4] || got[2] != 0 || got[3] != 0 {
		t.Errorf("scores %v, want votes of the last two sessions alone", got)
	}
}

// TestSessionKNNGolden compares the published settings with a small program of
// the papers' formulas; see testdata.
func TestSessionKNNGolden(t *testing.T) {
	var g struct {
		Items    int
		Sessions [][]int32
		Prefixes [][]int32
		SKNN     [][]float64
		VSKNN    [][]float64
		STAN     [][]float64
	}
	testkit.Golden(t, "sessionknn.json", &g)
	s, err := SequencesFromRows(g.Items, g.Sessions)
	if err != nil {
		t.Fatal(err)
	}
	plain := SessionKNNOptions{Neighbors: 12, StepDecay: -1, DistanceDecay: -1, IDF: -1, MatchIDF: -1, AgeDecay: -1, Remind: -1, Match: 1, Before: 1}
	sknn, vsknn, stan := plain, plain, plain
	sknn.Position, sknn.Length = EvenPositions, 0.5
	vsknn.Position, vsknn.Length, vsknn.IDF = LinearPositions, -1, 1
	stan.PositionDecay, stan.Length, stan.AgeDecay, stan.DistanceDecay = 1.04, 0.5, 0.4, 2.1
	for _, c := range []struct {
		name string
		opt  SessionKNNOptions
		want [][]float64
	}{{"S-KNN", sknn, g.SKNN}, {"V-SKNN", vsknn, g.VSKNN}, {"STAN", stan, g.STAN}} {
		t.Run(c.name, func(t *testing.T) {
			m, err := FitSessionKNN(context.Background(), s, c.opt)
			if err != nil {
				t.Fatal(err)
			}
			got := make([]float32, g.Items)
			for k, p := range g.Prefixes {
				if err := m.Score(got, Query{User: Stranger, Items: p}); err != nil {
					t.Fatal(err)
				}
				// Published similarities differ by a factor that is the same for all
				// sessions; compare shares.
				sum, all := 0.0, 0.0
				for i := range got {
					sum += float64(got[i])
					all += c.want[k][i]
				}
				for i := range got {
					if a, b := float64(got[i])/sum, c.want[k][i]/all; math.Abs(a-b) > 1e-5 {
						t.Errorf("prefix %v item %d: share %v, want %v", p, i, a, b)
					}
				}
			}
		})
	}
}

func TestSessionKNNOptions(t *testing.T) {
	s, _ := SequencesFromRows(3, [][]int32{{0, 1}})
	nan := math.NaN()
	_, err := FitSessionKNN(context.Background(), s, SessionKNNOptions{
		Neighbors: -1, Sample: -1, Position: 9, PositionDecay: -1, MatchIDF: nan, Length: nan, AgeDecay: nan, StepDecay: nan,
		DistanceDecay: nan, Before: nan, Match: 1e9, IDF: nan, Remind: math.Inf(1), RemindDecay: -1,
	})
	if !errors.Is(err, ErrOption) {
		t.Fatal(err)
	}
	for _, field := range []string{"Neighbors", "Sample", "Position", "PositionDecay", "MatchIDF", "Length", "AgeDecay", "StepDecay", "DistanceDecay", "Before", "Match", "IDF", "Remind", "RemindDecay"} {
		if !contains(err.Error(), field) {
			t.Errorf("error does not name %s: %v", field, err)
		}
	}
}

func TestOrderQueryWeights(t *testing.T) {
	s, _ := SequencesFromRows(3, [][]int32{{0, 1}, {1, 2}})
	knn, err := FitSessionKNN(context.Background(), s, SessionKNNOptions{})
	if err != nil {
		t.Fatal(err)
	}
	chain, err := FitMarkov(context.Background(), s, MarkovOptions{})
	if err != nil {
		t.Fatal(err)
	}
	dst := make([]float32, 3)
	for _, m := range []Model{knn, chain} {
		for _, bad := range []float32{-1, float32(math.NaN()), float32(math.Inf(1))} {
			if err := m.Score(dst, Query{User: Stranger, Items: []int32{0}, Weights: []float32{bad}}); !errors.Is(err, ErrRange) {
				t.Errorf("%T: weight %v: %v", m, bad, err)
			}
		}
		if err := m.Score(dst, Query{User: Stranger, Items: []int32{0, 1}, Weights: []float32{0, 0}}); !errors.Is(err, ErrEmpty) {
			t.Errorf("%T: weights 0: %v", m, err)
		}
	}
	if err := knn.Score(dst, Query{User: Stranger, Items: []int32{0, 1}, Weights: []float32{mostWeight, mostWeight}}); err != nil {
		t.Error(err)
	}
	for i, v := range dst {
		if math.IsInf(float64(v), 0) || math.IsNaN(float64(v)) {
			t.Errorf("item %d scores %v", i, v)
		}
	}
}

// clicks returns sessions in which item i is mostly followed by a few others.
func clicks(sessions, items int, seed uint64) *Sequences {
	rows := make([][]int32, sessions)
	for k := range rows {
		r := rng.New(seed, 2, uint64(k))
		u := r.Float64()
		i := int(u * u * u * float64(items))
		for range 2 + r.Poisson(2.5) {
			rows[k] = append(rows[k], int32(i))
			i = (i + 1 + int(r.Exp()*5)) % items
		}
	}
	s, err := SequencesFromRows(items, rows)
	if err != nil {
		panic(err)
	}
	return s
}

func BenchmarkSessionKNN(b *testing.B) {
	s := clicks(116_000, 17_000, 1)
	b.Run("fit/sessions=116k/items=17k", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := FitSessionKNN(context.Background(), s, SessionKNNOptions{}); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(s.Events())*float64(b.N)/b.Elapsed().Seconds(), "events/s")
	})
	b.Run("score/sessions=116k/items=17k", func(b *testing.B) {
		m, err := FitSessionKNN(context.Background(), s, SessionKNNOptions{})
		if err != nil {
			b.Fatal(err)
		}
		dst := make([]float32, s.Items())
		k := 0
		b.ReportAllocs()
		for b.Loop() {
			if err := m.Score(dst, s.Query(k)); err != nil {
				b.Fatal(err)
			}
			k = (k + 1) % s.Len()
		}
	})
}
