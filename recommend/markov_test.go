package recommend

import (
	"context"
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/testkit"
)

// slowMarkov is the formula of the type's comment; nothing is cut.
func slowMarkov(s *Sequences, o MarkovOptions, q Query) (score []float64, known bool) {
	count := make([][]float64, s.items)
	total := make([]float64, s.items)
	for j := range count {
		count[j] = make([]float64, s.items)
	}
	for k := range s.Len() {
		seq := s.Sequence(k)
		for a := range seq {
			for b := a + 1; b < len(seq) && b-a <= o.Steps; b++ {
				count[seq[a]][seq[b]] += o.of(b - a)
				total[seq[a]] += o.of(b - a)
			}
		}
	}
	score = make([]float64, s.items)
	left := 1.0
	for k := len(q.Items) - 1; k >= 0; k-- {
		j := q.Items[k]
		if total[j] == 0 {
			continue
		}
		known = true
		gamma := max(o.Remember, o.Backoff/(total[j]+o.Backoff))
		for i := range score {
			score[i] += left * (1 - gamma) * float64(q.Weight(k)) * count[j][i] / total[j]
		}
		left *= gamma
	}
	return score, known
}

func TestMarkovProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSequences(t)
		opt := MarkovOptions{
			Steps: rapid.IntRange(1, 6).Draw(t, "steps"), Weighting: StepWeighting(rapid.IntRange(0, 3).Draw(t, "weighting")),
			Backoff: rapid.SampledFrom([]float64{-1, 0.5, 4}).Draw(t, "backoff"), Remember: rapid.SampledFrom([]float64{-1, 0.3}).Draw(t, "remember"),
		}
		m, err := FitMarkov(context.Background(), s, opt)
		if err != nil {
			t.Fatal(err)
		}
		q := drawHistory(t, s.items)
		want, known := slowMarkov(s, opt.withDefaults(), q)
		got := make([]float32, s.items)
		err = m.Score(got, q)
		if !known {
			if !errors.Is(err, ErrEmpty) {
				t.Fatalf("no transitions: %v", err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for i := range got {
			if math.Abs(float64(got[i])-want[i]) > 1e-5 {
				t.Fatalf("item %d scores %v, want %v", i, got[i], want[i])
			}
			sum += float64(got[i])
		}
		if q.Weights == nil && sum > 1+1e-5 {
			t.Fatalf("scores add up to %v", sum)
		}
	})
}

// A chain with little data must come near the transition matrix it was drawn
// from, and the best followers survive a cut.
func TestMarkovFollowers(t *testing.T) {
	s, err := SequencesFromRows(4, [][]int32{{0, 1}, {0, 1}, {0, 2}, {0, 2}, {0, 2}, {0, 3}, {3, 3}})
	if err != nil {
		t.Fatal(err)
	}
	m, err := FitMarkov(context.Background(), s, MarkovOptions{Steps: 1, Neighbors: 2, Backoff: -1, Remember: -1})
	if err != nil {
		t.Fatal(err)
	}
	next, err := m.AppendSimilar(nil, 0, 5)
	if err != nil || len(next) != 2 || next[0] != (Scored{2, 0.5}) || next[1].Item != 1 {
		t.Errorf("after 0 come %v, %v", next, err)
	}
	got := make([]float32, 4)
	if err := m.Score(got, Query{User: Stranger, Items: []int32{0, 3}}); err != nil || got[3] != 1 {
		t.Errorf("after 3 comes 3 again, got %v, %v", got, err)
	}
	if err := m.Score(got, Query{User: Stranger, Items: []int32{3, 1}}); err != nil || got[3] != 1 {
		t.Errorf("1 has no followers, so 3 has the say: %v, %v", got, err)
	}
}

func TestMarkovOptions(t *testing.T) {
	s, _ := SequencesFromRows(3, [][]int32{{0, 1}})
	_, err := FitMarkov(context.Background(), s, MarkovOptions{Neighbors: -1, Steps: -1, Weighting: 7, Backoff: math.NaN(), Remember: 1})
	if !errors.Is(err, ErrOption) {
		t.Fatal(err)
	}
	for _, field := range []string{"Neighbors", "Steps", "Weighting", "Backoff", "Remember"} {
		if !contains(err.Error(), field) {
			t.Errorf("error does not name %s: %v", field, err)
		}
	}
}

func TestMarkovSameBytes(t *testing.T) {
	testkit.AtGOMAXPROCS(t, func() []byte {
		m, err := FitMarkov(context.Background(), clicks(2000, 700, 3), MarkovOptions{Neighbors: 5})
		if err != nil {
			t.Fatal(err)
		}
		return mustMarshal(t, m)
	})
}

func BenchmarkFitMarkov(b *testing.B) {
	s := clicks(116_000, 17_000, 1)
	b.Run("sessions=116k/items=17k/steps=10", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := FitMarkov(context.Background(), s, MarkovOptions{}); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(s.Events())*float64(b.N)/b.Elapsed().Seconds(), "events/s")
	})
}
