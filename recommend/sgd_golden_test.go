package recommend

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
)

// sgdTrace is a run of single steps from given vectors: the vectors after it, and
// user, taken item and drawn item of each step.
type sgdTrace struct {
	Rate, Regularization float64
	Weight               float32
	Trace                [][3]int32
	X, Y, Bias           []float64
	UserBias             []float64 `json:"user_bias"`
}

// sgdGolden is written by testdata/golden_sgd.py.
type sgdGolden struct {
	Users, Items, Factors int
	Ptr                   []int64
	Col                   []int32
	X0, Y0, Bias0         []float32
	UserBias0             []float32 `json:"user_bias0"`
	BPR, LMF              []sgdTrace
	Quality               struct {
		Users, Items, Factors int
		Ptr                   []int64
		Col                   []int32
		Held                  [][]int32
		BPR, LMF              [][2]float64 // AUC on the training and on the held entries, by seed
	}
}

// replay takes the steps of a trace by cell, one at a time: the negative of the
// trace is the only one there is to draw.
func (tr *sgdTrace) replay(t *testing.T, x *Interactions, cell func(c *sgdCell)) {
	t.Helper()
	for n, s := range tr.Trace {
		u, i, j := s[0], s[1], s[2]
		p := x.users.Find(int(u), i)
		if p < 0 || x.Has(int(u), j) {
			t.Fatalf("step %d: user %d, item %d, negative %d does not fit the entries", n, u, i, j)
		}
		cell(&sgdCell{
			gridCell: &gridCell{users: []int32{u}, ends: []int32{1}, pos: []int64{int64(p)}},
			items:    []int32{i, j},
			rand:     rng.New(1, 2, uint64(n)),
		})
	}
}

func sameVectors(t *testing.T, name string, got []float32, want []float64, tol float64) {
	t.Helper()
	if len(got) != len(want) || len(want) == 0 {
		t.Fatalf("%s: %d values, want %d", name, len(got), len(want))
	}
	for k, w := range want {
		if math.Abs(float64(got[k])-w) > tol {
			t.Fatalf("%s[%d] = %v, want %v", name, k, got[k], w)
		}
	}
}

func moved(got, start []float32) bool {
	for k := range got {
		if math.Abs(float64(got[k]-start[k])) > 0.05 {
			return true
		}
	}
	return false
}

func TestBPRGoldenImplicit(t *testing.T) {
	var g sgdGolden
	testkit.Golden(t, "sgd.json", &g)
	x, err := NewInteractions(g.Users, g.Items, g.Ptr, g.Col, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tr := range g.BPR {
		t.Run(fmt.Sprintf("rate=%v/lambda=%v", tr.Rate, tr.Regularization), func(t *testing.T) {
			m := &BPR{rule: sgdRule{rate: tr.Rate, regularization: tr.Regularization, samples: 1}}
			m.factors, m.x, m.y, m.bias = g.Factors, slices.Clone(g.X0), slices.Clone(g.Y0), slices.Clone(g.Bias0)
			scratch := newPairScratch(x, 1)
			tr.replay(t, x, func(c *sgdCell) { m.cell(x.users, c, &scratch[0], float32(tr.Rate), false) })
			sameVectors(t, "x", m.x, tr.X, 2e-5)
			sameVectors(t, "y", m.y, tr.Y, 2e-5)
			sameVectors(t, "bias", m.bias, tr.Bias, 2e-5)
			if !moved(m.x, g.X0) || !moved(m.y, g.Y0) {
				t.Error("the trace hardly moves the vectors")
			}
		})
	}
}

func TestLMFGoldenImplicit(t *testing.T) {
	var g sgdGolden
	testkit.Golden(t, "sgd.json", &g)
	for _, tr := range g.LMF {
		t.Run(fmt.Sprintf("rate=%v/lambda=%v/weight=%v", tr.Rate, tr.Regularization, tr.Weight), func(t *testing.T) {
			weights := make([]float32, len(g.Col))
			for k := range weights {
				weights[k] = tr.Weight
			}
			x, err := NewInteractions(g.Users, g.Items, g.Ptr, g.Col, weights)
			if err != nil {
				t.Fatal(err)
			}
			m := &LMF{rule: sgdRule{rate: tr.Rate, regularization: tr.Regularization, samples: 1}, alpha: 1}
			m.factors, m.x, m.y = g.Factors, slices.Clone(g.X0), slices.Clone(g.Y0)
			m.bias, m.userBias = slices.Clone(g.Bias0), slices.Clone(g.UserBias0)
			scratch := newPairScratch(x, 1)
			tr.replay(t, x, func(c *sgdCell) { m.cell(x.users, c, &scratch[0], float32(tr.Rate), false) })
			sameVectors(t, "x", m.x, tr.X, 1e-4)
			sameVectors(t, "y", m.y, tr.Y, 1e-4)
			sameVectors(t, "bias", m.bias, tr.Bias, 1e-4)
			sameVectors(t, "user bias", m.userBias, tr.UserBias, 1e-4)
			if !moved(m.x, g.X0) || !moved(m.y, g.Y0) {
				t.Error("the trace hardly moves the vectors")
			}
		})
	}
}

// Fits cannot be compared number by number; they must separate what a user took
// from what not at least as well as those of the peer, given the same entries,
// factors, and settings of the same meaning. Tolerance 0.01 in mean AUC over five
// seeds each, on the training entries and on those held out.
func TestSampledQualityImplicit(t *testing.T) {
	if testkit.Race {
		t.Skip("a comparison of quality over seeds: what it fits runs elsewhere")
	}
	var g sgdGolden
	testkit.Golden(t, "sgd.json", &g)
	q := &g.Quality
	x, err := NewInteractions(q.Users, q.Items, q.Ptr, q.Col, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		peer [][2]float64
		fit  func(seed uint64) (Model, error)
	}{
		{"bpr", q.BPR, func(seed uint64) (Model, error) {
			return FitBPR(context.Background(), x, BPROptions{Factors: q.Factors, Rate: 0.05, Decay: -1, Regularization: 0.02, Epochs: 100, Seed: seed})
		}},
		{"lmf", q.LMF, func(seed uint64) (Model, error) {
			return FitLMF(context.Background(), x, LMFOptions{Factors: q.Factors, Rate: 0.05, Epochs: 150, Negatives: 5, Seed: seed})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var want, got [2]float64
			for seed, p := range c.peer {
				want[0] += p[0] / float64(len(c.peer))
				want[1] += p[1] / float64(len(c.peer))
				m, err := c.fit(uint64(seed))
				if err != nil {
					t.Fatal(err)
				}
				a, b := meanAUC(t, m, x, q.Held)
				got[0] += a / float64(len(c.peer))
				got[1] += b / float64(len(c.peer))
			}
			t.Logf("AUC on training and held entries: %.4f, the peer's %.4f", got, want)
			for k, name := range []string{"training", "held"} {
				if got[k] < want[k]-0.01 {
					t.Errorf("mean AUC on %s entries is %.4f, the peer's %.4f", name, got[k], want[k])
				}
			}
		})
	}
}

// meanAUC returns the share of pairs of a taken item and one never taken that m
// puts in order, over the users: for the entries of x and for those held out.
func meanAUC(t *testing.T, m Model, x *Interactions, held [][]int32) (training, out float64) {
	t.Helper()
	scores := make([]float32, x.Items())
	var sums, users [2]float64
	for u := range x.Users() {
		if err := m.Score(scores, x.Query(u)); err != nil {
			t.Fatal(err)
		}
		own, _ := x.Row(u)
		for k, taken := range [][]int32{own, held[u]} {
			right, pairs := 0.0, 0.0
			for _, i := range taken {
				for j, s := range scores {
					if x.Has(u, int32(j)) || k == 1 && slices.Contains(held[u], int32(j)) {
						continue
					}
					pairs++
					if scores[i] > s {
						right++
					} else if scores[i] == s {
						right += 0.5
					}
				}
			}
			if pairs > 0 {
				sums[k] += right / pairs
				users[k]++
			}
		}
	}
	return sums[0] / users[0], sums[1] / users[1]
}
