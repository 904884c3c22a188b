package recommend_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend"
)

// recpackGolden is written by testdata/golden_recpack.py.
type recpackGolden struct {
	Items            int
	Sessions         [][]int32
	Ordered, Queries [][]int32 // items ascending
	Rules            []struct {
		Steps      int
		Similarity []float64
	}
	STAN []struct {
		L1, L2, L3 float64
		Scores     []float64
	}
}

// The peer divides by the number of sessions with the item, Markov by the weight
// of its transitions: rows are compared as shares of their sum.
func TestMarkovGoldenRecpack(t *testing.T) {
	var g recpackGolden
	testkit.Golden(t, "recpack.json", &g)
	s, err := recommend.SequencesFromRows(g.Items, g.Sessions)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range g.Rules {
		t.Run(fmt.Sprintf("steps=%d", c.Steps), func(t *testing.T) {
			m, err := recommend.FitMarkov(context.Background(), s, recommend.MarkovOptions{Neighbors: g.Items, Steps: c.Steps, Backoff: -1, Remember: -1})
			if err != nil {
				t.Fatal(err)
			}
			got := make([]float32, g.Items)
			for j := range int32(g.Items) {
				row := c.Similarity[int(j)*g.Items : (int(j)+1)*g.Items]
				sum := 0.0
				for _, v := range row {
					sum += v
				}
				if sum == 0 {
					continue
				}
				// Only the latest event has a say.
				if err := m.Score(got, recommend.Query{User: recommend.Stranger, Items: []int32{(j + 1) % int32(g.Items), j}}); err != nil {
					t.Fatal(err)
				}
				for i, v := range row {
					if math.Abs(float64(got[i])-v/sum) > 1e-6 {
						t.Errorf("P(%d | %d) = %v, want %v", i, j, got[i], v/sum)
					}
				}
			}
		})
	}
}

// The peer gives the shared event itself no vote, so items of the query are left
// out, and its similarities differ by a factor of the query: shares are compared.
// All sessions have their items in one order, as the peer reads "the last shared
// item" in the neighbour and STAN in the running session.
func TestSTANGoldenRecpack(t *testing.T) {
	var g recpackGolden
	testkit.Golden(t, "recpack.json", &g)
	s, err := recommend.SequencesFromRows(g.Items, g.Ordered)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range g.STAN {
		t.Run(fmt.Sprintf("%v,%v,%v", c.L1, c.L2, c.L3), func(t *testing.T) {
			m, err := recommend.FitSessionKNN(context.Background(), s, recommend.SessionKNNOptions{
				Neighbors: len(g.Sessions), PositionDecay: c.L1, Length: 0.5, AgeDecay: c.L2, DistanceDecay: c.L3,
				StepDecay: -1, IDF: -1, MatchIDF: -1, Remind: -1, Match: 1, Before: 1,
			})
			if err != nil {
				t.Fatal(err)
			}
			got := make([]float32, g.Items)
			for k, q := range g.Queries {
				if err := m.Score(got, recommend.Query{User: recommend.Stranger, Items: q}); err != nil {
					t.Fatal(err)
				}
				want := append([]float64(nil), c.Scores[k*g.Items:(k+1)*g.Items]...)
				for _, i := range q {
					got[i], want[i] = 0, 0
				}
				a, b := 0.0, 0.0
				for i := range got {
					a += float64(got[i])
					b += want[i]
				}
				if !(a > 0 && b > 0) {
					t.Fatalf("query %v: sums %v and %v", q, a, b)
				}
				for i := range got {
					if math.Abs(float64(got[i])/a-want[i]/b) > 1e-6 {
						t.Errorf("query %v item %d: share %v, want %v", q, i, float64(got[i])/a, want[i]/b)
					}
				}
			}
		})
	}
}
