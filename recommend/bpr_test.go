package recommend

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/testkit"
)

// The steps of the fit are those of the paper, written down in float64.
func TestBPRStepProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &BPR{}
		stepProp(t, &m.latent, &m.rule, false,
			func(x *Interactions, c *sgdCell, s *pairScratch) { m.cell(x.users, c, s, 0.1, false) },
			func(s *slowFactors, x *Interactions, c *sgdCell, negative func() int32) {
				u, pos := c.run(0)
				if len(pos) == len(c.items) {
					return
				}
				lambda := m.rule.regularization
				for _, p := range pos {
					i := x.users.Col[p]
					j := negative()
					for n := 1; n < m.rule.samples; n++ { // the hardest, the first among equals
						if d := negative(); s.score(u, d) > s.score(u, j) {
							j = d
						}
					}
					g := 1 / (1 + math.Exp(s.score(u, i)-s.score(u, j)))
					xu, yi, yj := s.user(u), s.item(i), s.item(j)
					for k := range s.f {
						a, b, c := xu[k], yi[k], yj[k]
						xu[k] += 0.1 * (g*(b-c) - lambda*a)
						yi[k] += 0.1 * (g*a - lambda*b)
						yj[k] += 0.1 * (-g*a - lambda*c)
					}
					s.bias[i] += 0.1 * (g - lambda*s.bias[i])
					s.bias[j] += 0.1 * (-g - lambda*s.bias[j])
				}
			})
	})
}

// testSampled is what the models with sampled losses have in common: the loss
// falls, a stranger with a known user's history gets that user's lists, and
// options are checked.
func testSampled(t *testing.T, fit func(x *Interactions, progress func(Progress)) (Folder, error)) {
	t.Helper()
	x := groups(60, 48, 8, 3)
	var losses []float64
	m, err := fit(x, func(p Progress) { losses = append(losses, p.Loss) })
	if err != nil {
		t.Fatal(err)
	}
	if first, last := losses[0], losses[len(losses)-1]; !(last < 0.7*first) {
		t.Errorf("loss went from %v to %v", first, last)
	}
	r := NewRanker(m.(Model))
	own, all := 0, 0
	for u := range x.Users() - 1 {
		q := x.Query(u)
		q.User = Stranger
		top, err := r.AppendTop(nil, q, 3, Filter{Items: q.Items})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range top {
			all++
			if int(s.Item)%4 == u%4 {
				own++
			}
		}
	}
	if float64(own) < 0.8*float64(all) {
		t.Errorf("folded in, %d of %d recommendations are of the user's group", own, all)
	}
	v, again := make([]float32, m.Factors()), make([]float32, m.Factors())
	items, _ := x.Row(3)
	if err := errors.Join(m.FoldIn(v, items, nil), m.FoldIn(again, items, nil)); err != nil {
		t.Fatal(err)
	}
	for k := range v {
		if v[k] != again[k] {
			t.Fatal("folding in twice gives two vectors")
		}
	}
	everything := make([]int32, x.Items())
	for i := range everything {
		everything[i] = int32(i)
	}
	if err := m.FoldIn(v, everything, nil); err != nil {
		t.Errorf("a history of everything: %v", err)
	}
	for name, c := range map[string]struct {
		got, want error
	}{
		"no history":     {m.FoldIn(v, nil, nil), ErrEmpty},
		"no weight":      {m.FoldIn(v, []int32{1}, []float32{0}), ErrEmpty},
		"short vector":   {m.FoldIn(v[1:], []int32{1}, nil), ErrShape},
		"weights":        {m.FoldIn(v, []int32{1}, []float32{1, 1}), ErrShape},
		"unknown item":   {m.FoldIn(v, []int32{99}, nil), ErrRange},
		"negative":       {m.FoldIn(v, []int32{1}, []float32{-1}), ErrRange},
		"NaN":            {m.FoldIn(v, []int32{1}, []float32{float32(math.NaN())}), ErrRange},
		"infinite":       {m.FoldIn(v, []int32{1}, []float32{float32(math.Inf(1))}), ErrRange},
		"after a failed": {m.FoldIn(v, []int32{1}, nil), nil},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
}

func TestBPRLearns(t *testing.T) {
	for _, candidates := range []int{1, 5} {
		t.Run(fmt.Sprint("candidates=", candidates), func(t *testing.T) {
			testSampled(t, func(x *Interactions, progress func(Progress)) (Folder, error) {
				return FitBPR(context.Background(), x, BPROptions{Factors: 8, Candidates: candidates, Loss: true, Progress: progress})
			})
		})
	}
}

// Entries of weight 0 are as if they were not there.
func TestBPRZeroWeights(t *testing.T) {
	x, err := NewInteractions(3, 4, []int64{0, 2, 4, 5}, []int32{0, 1, 1, 2, 3}, []float32{1, 0, 1, 2, 0})
	if err != nil {
		t.Fatal(err)
	}
	y, err := NewInteractions(3, 4, []int64{0, 1, 3, 3}, []int32{0, 1, 2}, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err1 := FitBPR(context.Background(), x, BPROptions{Factors: 3})
	b, err2 := FitBPR(context.Background(), y, BPROptions{Factors: 3})
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	if string(mustMarshal(t, a)) != string(mustMarshal(t, b)) {
		t.Error("entries of weight 0 change the model")
	}
	if err := a.Score(make([]float32, 4), x.Query(2)); !errors.Is(err, ErrEmpty) {
		t.Errorf("a user of weight 0 alone: %v", err)
	}
}

func TestBPROptions(t *testing.T) {
	x := groups(10, 9, 2, 1)
	_, err := FitBPR(context.Background(), x, BPROptions{
		Factors: -1, Epochs: -2, Rate: math.NaN(), Decay: 2, Regularization: math.Inf(1), Candidates: -1,
	})
	if !errors.Is(err, ErrOption) {
		t.Fatal(err)
	}
	for _, field := range []string{"Factors", "Epochs", "Rate", "Decay", "Regularization", "Candidates"} {
		if !contains(err.Error(), field) {
			t.Errorf("error does not name %s: %v", field, err)
		}
	}
	if _, err := FitBPR(context.Background(), x, BPROptions{Rate: 2, Regularization: 1}); !errors.Is(err, ErrOption) {
		t.Errorf("a step that turns vectors round: %v", err)
	}
}

// Both hold far from zero.
func TestBPRSigmoid(t *testing.T) {
	for _, x := range []float64{-1000, -50, -3, -0.1, 0, 0.1, 3, 50, 1000} {
		testkit.Near(t, "sigmoid", float64(sigmoid(float32(x))), 1/(1+math.Exp(-float64(float32(x)))), 1e-6)
		want := x
		if x < 100 {
			want = math.Log1p(math.Exp(x))
		}
		testkit.Near(t, "softplus", softplus(x), want, 1e-12)
	}
}

func BenchmarkFitBPR(b *testing.B) {
	x := groups(10_000, 3_000, 40, 1)
	for _, candidates := range []int{1, 4} {
		b.Run(fmt.Sprintf("users=10k/entries=400k/factors=64/candidates=%d", candidates), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := FitBPR(context.Background(), x, BPROptions{Factors: 64, Epochs: 5, Candidates: candidates, Workers: 1}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(5*x.Len()*b.N), "ns/sample")
		})
	}
}

func BenchmarkBPRFoldIn(b *testing.B) {
	x := groups(2_000, 3_000, 20, 1)
	m, err := FitBPR(context.Background(), x, BPROptions{Factors: 64, Epochs: 2})
	if err != nil {
		b.Fatal(err)
	}
	v := make([]float32, 64)
	items, _ := x.Row(0)
	b.ReportAllocs()
	for b.Loop() {
		if err := m.FoldIn(v, items, nil); err != nil {
			b.Fatal(err)
		}
	}
}
