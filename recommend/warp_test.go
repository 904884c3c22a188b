package recommend

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
)

// slowFactors is a model in float64, to write steps of papers down in.
type slowFactors struct {
	f                    int
	x, y, bias, userBias []float64
}

func slowCopy(m *latent) *slowFactors {
	wide := func(v []float32) []float64 {
		out := make([]float64, len(v))
		for i, a := range v {
			out[i] = float64(a)
		}
		return out
	}
	return &slowFactors{m.factors, wide(m.x), wide(m.y), wide(m.bias), wide(m.userBias)}
}

func (s *slowFactors) user(u int32) []float64 { return s.x[int(u)*s.f : int(u+1)*s.f] }
func (s *slowFactors) item(i int32) []float64 { return s.y[int(i)*s.f : int(i+1)*s.f] }
func (s *slowFactors) score(u, i int32) float64 {
	r := s.bias[i]
	if len(s.userBias) > 0 {
		r += s.userBias[u]
	}
	for k, a := range s.user(u) {
		r += a * s.item(i)[k]
	}
	return r
}

// check compares the model with s after a cell.
func (s *slowFactors) check(t *rapid.T, m *latent) {
	for name, pair := range map[string]struct {
		got  []float32
		want []float64
	}{"x": {m.x, s.x}, "y": {m.y, s.y}, "bias": {m.bias, s.bias}, "user bias": {m.userBias, s.userBias}} {
		for i, v := range pair.got {
			if math.Abs(float64(v)-pair.want[i]) > 2e-4*(1+math.Abs(pair.want[i])) {
				t.Fatalf("%s[%d] is %v, want %v", name, i, v, pair.want[i])
			}
		}
	}
}

// stepProp runs fast over an epoch of a random small model, cell by cell, and
// compares with slow, which gets a copy of the cell's random stream.
func stepProp(t *rapid.T, m *latent, rule *sgdRule, userBias bool, fast func(x *Interactions, c *sgdCell, s *pairScratch), slow func(s *slowFactors, x *Interactions, c *sgdCell, negative func() int32)) {
	seed := rapid.Uint64().Draw(t, "seed")
	x := groups(rapid.IntRange(2, 20).Draw(t, "users"), rapid.IntRange(9, 40).Draw(t, "items"), 2, seed)
	*rule = sgdRule{
		epochs: 1, rate: 0.1, regularization: rapid.Float64Range(0, 0.5).Draw(t, "lambda"),
		samples: rapid.IntRange(1, 4).Draw(t, "samples"),
	}
	_ = m.start(context.Background(), x, rapid.IntRange(1, 20).Draw(t, "factors"), startSpread, seed)
	r := rng.New(seed, 9, 9)
	if userBias {
		m.userBias = make([]float32, x.Users())
	}
	for _, v := range [][]float32{m.x, m.y, m.bias, m.userBias} {
		for i := range v {
			v[i] = float32(r.Normal())
		}
	}
	for p := range x.users.Val {
		x.users.Val[p] = float32(1 + r.Intn(3))
	}
	scratch := newPairScratch(x, 1)
	_, err := newGrid(x.users, seed, 1).epoch(context.Background(), 0, func(_ int, c *sgdCell) float64 {
		stream := *c.rand
		want := slowCopy(m)
		user := int32(0)
		copied := *c
		copied.rand = &stream
		for k := range c.users {
			var pos []int64
			user, pos = c.run(k)
			one := sgdCell{gridCell: &gridCell{users: []int32{user}, ends: []int32{int32(len(pos))}, pos: pos}, items: c.items}
			slow(want, x, &one, func() int32 {
				for {
					if i := c.items[stream.Intn(len(c.items))]; !x.Has(int(user), i) {
						return i
					}
				}
			})
		}
		fast(x, c, &scratch[0])
		want.check(t, m)
		return 0
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range scratch[0].has {
		if w != 0 {
			t.Fatal("the set of the user's items was not emptied")
		}
	}
}

func TestWARPStepProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &WARP{}
		stepProp(t, &m.latent, &m.rule, false,
			func(x *Interactions, c *sgdCell, s *pairScratch) { m.cell(x.users, c, s, 0.1) },
			func(s *slowFactors, x *Interactions, c *sgdCell, negative func() int32) {
				u, pos := c.run(0)
				if len(pos) == len(c.items) {
					return
				}
				for _, p := range pos {
					i := x.users.Col[p]
					for trial := 1; trial <= m.rule.samples; trial++ {
						j := negative()
						if s.score(u, j) <= s.score(u, i)-1 {
							continue
						}
						n := float64(x.Items() - 1)
						a := 0.1 * math.Log(max(math.Floor(n/float64(trial)), 1)) / math.Log(n)
						keep := 1 - 0.1*m.rule.regularization
						xu, yi, yj := s.user(u), s.item(i), s.item(j)
						for k := range s.f {
							b, c, d := xu[k], yi[k], yj[k]
							xu[k], yi[k], yj[k] = keep*b+a*(c-d), keep*c+a*b, keep*d-a*b
						}
						s.bias[i] = keep*s.bias[i] + a
						s.bias[j] = keep*s.bias[j] - a
						break
					}
				}
			})
	})
}

func TestLMFStepProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &LMF{alpha: rapid.Float64Range(0.2, 5).Draw(t, "alpha")}
		stepProp(t, &m.latent, &m.rule, true,
			func(x *Interactions, c *sgdCell, s *pairScratch) { m.cell(x.users, c, s, 0.1, false) },
			func(s *slowFactors, x *Interactions, c *sgdCell, negative func() int32) {
				u, pos := c.run(0)
				for _, p := range pos {
					i := x.users.Col[p]
					for n := range m.rule.samples + 1 {
						g := min(1, 0.1*m.alpha*float64(x.users.Val[p])) / (1 + math.Exp(s.score(u, i)))
						if n > 0 {
							if len(pos) == len(c.items) {
								break
							}
							i = negative()
							g = -0.1 / (1 + math.Exp(-s.score(u, i)))
						}
						keep := 1 - 0.1*m.rule.regularization
						xu, yi := s.user(u), s.item(i)
						for k := range s.f {
							xu[k], yi[k] = keep*xu[k]+g*yi[k], keep*yi[k]+g*xu[k]
						}
						s.bias[i] = keep*s.bias[i] + g
						s.userBias[u] = keep*s.userBias[u] + g
					}
				}
			})
	})
}

func TestWARPLearns(t *testing.T) {
	testSampled(t, func(x *Interactions, progress func(Progress)) (Folder, error) {
		return FitWARP(context.Background(), x, WARPOptions{Factors: 8, Loss: true, Progress: progress})
	})
}

func TestLMFLearns(t *testing.T) {
	testSampled(t, func(x *Interactions, progress func(Progress)) (Folder, error) {
		return FitLMF(context.Background(), x, LMFOptions{Factors: 8, Rate: 0.05, Loss: true, Progress: progress})
	})
}

func TestRankWeight(t *testing.T) {
	testkit.Near(t, "first trial", float64(rankWeight(1001, 1)), 1, 1e-7)
	testkit.Near(t, "tenth", float64(rankWeight(1001, 10)), 2.0/3, 1e-7)
	for _, c := range [][2]int{{1, 1}, {2, 1}, {3, 5}, {1001, 2000}} {
		testkit.Near(t, fmt.Sprint(c), float64(rankWeight(c[0], c[1])), 0, 0)
	}
}

func TestSampledOptions(t *testing.T) {
	x := groups(10, 9, 2, 1)
	_, err1 := FitWARP(context.Background(), x, WARPOptions{Factors: -1, Epochs: -2, Rate: math.NaN(), Decay: 2, Regularization: math.Inf(1), MaxTrials: -1})
	_, err2 := FitLMF(context.Background(), x, LMFOptions{Factors: -1, Epochs: -2, Rate: -1, Decay: 2, Regularization: math.NaN(), Negatives: -1, Alpha: -1})
	for k, err := range []error{err1, err2} {
		if !errors.Is(err, ErrOption) {
			t.Fatal(err)
		}
		for _, field := range append([]string{"Factors", "Epochs", "Rate", "Decay", "Regularization"}, [][]string{{"MaxTrials"}, {"Negatives", "Alpha"}}[k]...) {
			if !contains(err.Error(), field) {
				t.Errorf("error does not name %s: %v", field, err)
			}
		}
	}
}

func BenchmarkFitWARP(b *testing.B) {
	x := groups(10_000, 3_000, 40, 1)
	b.Run("users=10k/entries=400k/factors=64", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := FitWARP(context.Background(), x, WARPOptions{Epochs: 5, Workers: 1}); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(5*x.Len()*b.N), "ns/sample")
	})
}

func BenchmarkFitLMF(b *testing.B) {
	x := groups(10_000, 3_000, 40, 1)
	b.Run("users=10k/entries=400k/factors=64/negatives=5", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := FitLMF(context.Background(), x, LMFOptions{Epochs: 5, Workers: 1}); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(6*5*x.Len()*b.N), "ns/sample")
	})
}
