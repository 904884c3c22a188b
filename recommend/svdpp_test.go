package recommend

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/sparse"
	"github.com/aislekit/aisle/internal/testkit"
)

func TestSVDPP(t *testing.T) {
	conformRatings(t, func(x *Interactions, lo, hi float64, progress func(Progress)) (predictor, error) {
		return FitSVDPP(context.Background(), x, SVDPPOptions{
			Factors: 4, Epochs: 60, Rate: 0.03, Regularization: 0.02, Min: lo, Max: hi, Loss: true, Progress: progress,
		})
	})
}

// The updates of scikit-surprise, rating by rating, from its start and in its
// order: one user a batch.
func TestSVDPPGoldenSurprise(t *testing.T) {
	var g struct {
		Users, Items, Factors, Epochs int
		Rate, Regularization, Mean    float64
		Visits                        [][3]float64
		Plus                          struct {
			P0, Q0, Y0      []float32
			P, Q, Y, BU, BI []float64
		}
	}
	testkit.Golden(t, "surprise.json", &g)
	entries := []sparse.Entry{}
	for _, v := range g.Visits {
		entries = append(entries, sparse.Entry{Row: int32(v[0]), Col: int32(v[1]), Val: float32(v[2])})
	}
	csr, err := sparse.FromEntries(g.Users, g.Items, entries)
	if err != nil {
		t.Fatal(err)
	}
	m := &SVDPP{z: g.Plus.Y0, latent: latent{
		factors: g.Factors, x: g.Plus.P0, y: g.Plus.Q0, bias: make([]float32, g.Items), userBias: make([]float32, g.Users),
	}}
	fit := svdppFit{
		m: m, entries: csr, scale: ratingScale{mean: g.Mean, deviation: 1},
		ridge: ratingRidge{g.Regularization, g.Regularization}, workers: 1,
	}
	var order []int32
	for u := range g.Users {
		order = append(order, int32(u))
	}
	for range g.Epochs {
		if _, err := fit.epoch(context.Background(), order, float32(g.Rate), 1); err != nil {
			t.Fatal(err)
		}
	}
	for name, pair := range map[string]struct {
		got  []float32
		want []float64
	}{"p": {m.x, g.Plus.P}, "q": {m.y, g.Plus.Q}, "y": {m.z, g.Plus.Y}, "bu": {m.userBias, g.Plus.BU}, "bi": {m.bias, g.Plus.BI}} {
		if len(pair.got) != len(pair.want) || len(pair.got) == 0 {
			t.Fatalf("%d of %s, want %d", len(pair.got), name, len(pair.want))
		}
		for i := range pair.got {
			testkit.Near(t, fmt.Sprintf("%s[%d]", name, i), float64(pair.got[i]), pair.want[i], 1e-5)
		}
	}
}

// A batch of one user leaves what the published updates leave, with every z_j
// moved at every rating, in float64.
func TestSVDPPVisitProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		x, _ := ratings(rapid.IntRange(5, 12).Draw(t, "users"), rapid.IntRange(5, 30).Draw(t, "items"), 0.6, seed)
		f := rapid.IntRange(1, 20).Draw(t, "factors")
		m := &SVDPP{}
		_ = m.startRatings(context.Background(), x, f, seed)
		r := rng.New(seed, 5, 5)
		m.z = make([]float32, len(m.y))
		for k := range m.z {
			m.z[k] = float32(r.Normal())
		}
		s := slowCopy(&m.latent)
		z := slowCopy(&latent{factors: f, y: m.z})
		fit := svdppFit{m: m, entries: x.users, scale: ratingScale{mean: 3, deviation: 2}, ridge: ratingRidge{0.2, 0.3}, workers: 1}
		order := r.Perm(x.Users())
		if _, err := fit.epoch(context.Background(), order, 0.1, 1); err != nil {
			t.Fatal(err)
		}
		for _, u := range order {
			items, vals := x.Row(int(u))
			root := 1 / math.Sqrt(float64(len(items)))
			for k, i := range items {
				e := (float64(vals[k])-3)/2 - s.score(u, i)
				sum := make([]float64, f)
				for _, j := range items {
					for d := range f {
						sum[d] += root * z.item(j)[d]
					}
				}
				for d := range f {
					e -= sum[d] * s.item(i)[d]
				}
				s.bias[i] += 0.1 * (e - 0.3*s.bias[i])
				s.userBias[u] += 0.1 * (e - 0.3*s.userBias[u])
				for d := range f {
					a, b := s.user(u)[d], s.item(i)[d]
					s.user(u)[d] += 0.1 * (e*b - 0.2*a)
					s.item(i)[d] += 0.1 * (e*(a+sum[d]) - 0.2*b)
					for _, j := range items {
						z.item(j)[d] += 0.1 * (e*root*b - 0.2*z.item(j)[d])
					}
				}
			}
		}
		s.check(t, &m.latent)
		z.x, z.bias, z.userBias = nil, nil, nil
		z.check(t, &latent{factors: f, y: m.z})
	})
}

// Batches larger than a user change little.
func TestSVDPPBatches(t *testing.T) {
	train, _ := ratings(1000, 80, 0.4, 2)
	var got [2]float64
	for k, batch := range []int{1, svdppBatch(train.Len())} {
		scale, err := scaleRatings(train, "")
		if err != nil {
			t.Fatal(err)
		}
		m := &SVDPP{lo: -100, hi: 100}
		_ = m.startRatings(context.Background(), train, 4, 1)
		m.z = make([]float32, len(m.y))
		fit := svdppFit{m: m, entries: train.users, scale: scale, ridge: ratingRidge{0.02, 0.02}}
		loss := 0.0
		for e := range 40 {
			if loss, err = fit.epoch(context.Background(), rng.New(1, 2, uint64(e)).Perm(train.Users()), 0.01, batch); err != nil {
				t.Fatal(err)
			}
		}
		got[k] = math.Sqrt(loss / float64(train.Len()))
	}
	if got[0] > 0.4 || math.Abs(got[1]-got[0]) > 0.05*got[0] {
		t.Errorf("error %v user by user, %v in batches", got[0], got[1])
	}
}

func TestSVDPPOptions(t *testing.T) {
	x, _ := ratings(10, 9, 0.5, 1)
	_, err := FitSVDPP(context.Background(), x, SVDPPOptions{
		Factors: -1, Epochs: -2, Rate: math.NaN(), Decay: 2, Regularization: math.Inf(1), BiasRegularization: math.NaN(), Min: 2, Max: 1,
	})
	if !errors.Is(err, ErrOption) {
		t.Fatal(err)
	}
	for _, field := range []string{"Factors", "Epochs", "Rate", "Decay", "Regularization", "BiasRegularization", "Min, Max"} {
		if !contains(err.Error(), field) {
			t.Errorf("error does not name %s: %v", field, err)
		}
	}
	if _, err := FitSVDPP(context.Background(), x, SVDPPOptions{Rate: 10, Regularization: -1, BiasRegularization: -1}); !errors.Is(err, ErrDiverged) {
		t.Errorf("a rate of 10: %v", err)
	}
}

func BenchmarkFitSVDPP(b *testing.B) {
	x, _ := ratings(2_000, 1_000, 0.2, 1)
	b.Run("entries=320k/factors=64", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := FitSVDPP(context.Background(), x, SVDPPOptions{Epochs: 2, Workers: 1}); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(2*x.Len()*b.N), "ns/rating")
	})
}
